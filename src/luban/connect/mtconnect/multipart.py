"""multipart/x-mixed-replace, cut into its parts while it arrives.

Source  MTConnect Standard Part 1, streaming of a sample request; RFC 2046 §5.1
"""

from __future__ import annotations

import re

from luban.core.errors import PayloadError

__all__ = ["Parts", "boundary_of"]

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_HEAD_LIMIT = 8192


def boundary_of(content_type: str) -> str | None:
    """The boundary that a Content-Type announces; None if it is not multipart."""
    found = _BOUNDARY.search(content_type)
    if "multipart" not in content_type.lower() or found is None:
        return None
    return found[1] or found[2]


class Parts:
    """Collects bytes and gives out each part once it is complete.

    boundary  as announced; some agents announce it with its two leading dashes
    limit     longest part accepted [bytes]
    """

    def __init__(self, boundary: str, limit: int) -> None:
        self._mark = b"--" + boundary.removeprefix("--").encode("latin-1")
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The parts completed by these bytes. Raises PayloadError if a part is too long or has no end."""
        self._held += data
        found = []
        while (part := self._next()) is not None:
            if part:
                found.append(part)
        return found

    def _next(self) -> bytes | None:
        """The next complete part, b'' if an empty one went by, None if more bytes are needed."""
        held = self._held
        start = held.find(self._mark)
        if start < 0:
            self._check(len(held))
            return None
        head_start = start + len(self._mark)
        head_end, gap = _head_end(held, head_start)
        if head_end < 0:
            if len(held) - head_start > _HEAD_LIMIT:
                raise PayloadError("part without an end of its header", came=bytes(held[:80]).decode("latin-1"))
            return None
        body = head_end + gap
        length = _LENGTH.search(bytes(held[head_start:head_end]).replace(b"\r", b""))
        if length is not None:
            end = body + int(length[1])
            self._check(int(length[1]))
        else:
            end = held.find(self._mark, body)
            if end < 0:
                self._check(len(held) - body)
                return None
        if len(held) < end:
            return None
        part = bytes(held[body:end]).strip()
        del held[:end]
        return part

    def _check(self, length: int) -> None:
        if length > self._limit:
            raise PayloadError("part too long", came=f"{length} bytes", expected=f"at most {self._limit}")


def _head_end(held: bytearray, start: int) -> tuple[int, int]:
    """(end of the part's header, length of the blank line), or (-1, 0)."""
    crlf, lf = held.find(b"\r\n\r\n", start), held.find(b"\n\n", start)
    if crlf >= 0 and (lf < 0 or crlf < lf):
        return crlf, 4
    return (lf, 2) if lf >= 0 else (-1, 0)
