"""Bytes off a TCP connection, cut into lines; a line that is too long is dropped, not kept."""

from __future__ import annotations

from luban.core.errors import PayloadError

__all__ = ["MULTILINE", "Lines", "Multiline"]

MULTILINE = "--multiline--"


class Lines:
    """Collects bytes and gives out each line once its newline is there.

    limit  longest line kept [bytes]
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | PayloadError]:
        """The lines completed by these bytes, without their ends; for one that is too long, a PayloadError."""
        found: list[bytes | PayloadError] = []
        *complete, rest = data.split(b"\n")
        for piece in complete:
            if self._skipping:
                self._skipping = False
            else:
                self._held += piece
                found.append(bytes(self._held).strip() if len(self._held) <= self._limit else self._too_long())
            self._held.clear()
        if not self._skipping:
            self._held += rest
            if len(self._held) > self._limit:
                found.append(self._too_long())
                self._held.clear()
                self._skipping = True
        return found

    def _too_long(self) -> PayloadError:
        return PayloadError(
            "line too long", came=bytes(self._held[:80]).decode("utf-8", "replace"), expected=f"{self._limit} bytes"
        )


class Multiline:
    """Puts together a value that spans lines: `…--multiline--ABCD` up to a line `--multiline--ABCD`.

    limit  longest value kept [characters]
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._end = ""
        self._held: list[str] = []
        self._length = 0

    def feed(self, line: str) -> str | None:
        """The complete line; None while its end is still to come. Raises PayloadError if it is too long."""
        if self._end:
            return self._go_on(line)
        start = line.find(MULTILINE)
        if start < 0:
            return line
        self._end, self._held, self._length = line[start:].strip(), [line[:start]], start
        return None

    def _go_on(self, line: str) -> str | None:
        if line.strip() == self._end:
            self._end = ""
            return self._held[0] + "\n".join(self._held[1:])
        self._length += len(line) + 1
        if self._length > self._limit:
            self._end = ""
            raise PayloadError("value too long", came=self._held[0][:80], expected=f"{self._limit} characters")
        self._held.append(line)
        return None
