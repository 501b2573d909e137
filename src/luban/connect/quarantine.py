"""Bad messages: kept with their reason, but a flood of them does not flood the ledger."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

from luban.connect.rows import Rows
from luban.core.time import HOUR

__all__ = ["Quarantine", "packed"]

PAYLOAD_BYTES: Final = 4096
IN_FULL: Final = 100  # per reason and hour


@dataclass(slots=True)
class _Hour:
    start: int
    kept: int = 0
    more: int = 0


class Quarantine:
    """Counts every bad message; the first hundred per reason and hour are kept in full, the rest as one number."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.total = 0
        self._hours: dict[str, _Hour] = {}

    def take(self, rows: Rows, time: int, address: str, payload: bytes | str, reason: str) -> None:
        """One bad message."""
        self.total += 1
        hour = self._hours.get(reason)
        if hour is None or time - hour.start >= HOUR:
            if hour is not None:
                self._sum(rows, reason, hour, time)
            hour = self._hours[reason] = _Hour(time)
        if hour.kept >= IN_FULL:
            hour.more += 1
            return
        hour.kept += 1
        rows.event(
            time,
            self.source,
            "quarantine",
            code=reason,
            text=f"{address}: {reason}" if address else reason,
            data={"address": address} | packed(payload),
        )

    def close(self, rows: Rows, time: int, *, all_hours: bool = False) -> None:
        """Write the sums of hours that are over (of all, when the collector ends)."""
        for reason, hour in list(self._hours.items()):
            if all_hours or time - hour.start >= HOUR:
                self._sum(rows, reason, hour, time)
                del self._hours[reason]

    def _sum(self, rows: Rows, reason: str, hour: _Hour, time: int) -> None:
        if hour.more:
            text = f"{hour.more} more: {reason}"
            end = min(time, hour.start + HOUR)
            rows.event(hour.start, self.source, "quarantine", end=end, code=reason, text=text, data={"more": hour.more})


def packed(payload: bytes | str) -> dict[str, Any]:
    r"""The payload as JSON fields: text where it is text, else base64; cut at 4 kB with its whole length.

    Example packed(b"\xff") == {"payload": "/w==", "encoding": "base64"}
    """
    raw = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else payload
    cut = raw[:PAYLOAD_BYTES]
    whole: dict[str, Any] = {"bytes": len(raw)} if len(raw) > PAYLOAD_BYTES else {}
    try:
        text = cut.decode("utf-8")
    except UnicodeDecodeError as error:
        if whole and error.start > len(cut) - 4:  # the cut went through a character
            return {"payload": cut[: error.start].decode("utf-8")} | whole
        return {"payload": base64.b64encode(cut).decode(), "encoding": "base64"} | whole
    if text.isprintable() or all(c.isprintable() or c in "\r\n\t" for c in text):
        return {"payload": text} | whole
    return {"payload": base64.b64encode(cut).decode(), "encoding": "base64"} | whole
