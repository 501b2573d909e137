"""When the link was proved up: `alive` intervals that abut exactly, `gap` facts between them, link events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from luban.connect.rows import Rows

__all__ = ["Coverage", "Gap"]


@dataclass(slots=True)
class Gap:
    """An interval in which values may have been lost: from the last evidence to the first new one."""

    start: int
    end: int
    reason: str
    addresses: Sequence[str] = ()
    backfilled: int = 0
    note: str = ""
    recovered: list[tuple[int, int]] = field(default_factory=list)  # parts the peer's own record covers


class Coverage:
    """Evidence in, facts out.

    source  subject of the facts
    every   longest `alive` interval [µs]; a crash loses at most this much coverage that is not yet written
    """

    def __init__(self, source: str, every: int) -> None:
        self.source = source
        self.every = every
        self.start: int | None = None  # of the interval that is open
        self.last: int | None = None  # newest evidence, of this or an earlier link
        self.reason = ""  # why the last link ended

    @property
    def up(self) -> bool:
        """An interval is open."""
        return self.start is not None

    def prove(self, rows: Rows, time: int) -> Gap | None:
        """One more piece of evidence; returns the gap that it ends, if it is the first of a link."""
        if self.start is None:
            gap = Gap(self.last, time, self.reason) if self.last is not None and time > self.last else None
            self.start = self.last = max(time, self.last or time)
            rows.event(self.start, self.source, "link", code="up", text=f"{self.source} is delivering")
            return gap
        self.last = max(time, self.last or time)
        if self.last - self.start >= self.every:
            self._emit(rows, self.start, self.last)
            self.start = self.last
        return None

    def skip(self, rows: Rows, time: int, reason: str) -> Gap | None:
        """Too long without evidence although the link stood: nothing is claimed between the last and this one."""
        if self.start is None or self.last is None or time <= self.last:
            return None
        gap = Gap(self.last, time, reason)
        self.close(rows)
        self.start = self.last = time
        return gap

    def cut(self, rows: Rows, start: int, end: int) -> None:
        """Values were lost within the living link: nothing is claimed for that interval where it is still open."""
        if self.start is None or self.last is None or end <= self.start:
            return
        start, end = max(start, self.start), max(end, self.start)
        if start > self.start:
            self._emit(rows, self.start, start)
        self.start = end
        self.last = max(self.last, end)

    def lose(self, rows: Rows, time: int, reason: str, code: str) -> None:
        """The link has ended: close the interval at the last evidence and say so."""
        self.close(rows)
        self.reason = reason
        rows.event(time, self.source, "link", code=code, text=reason)

    def close(self, rows: Rows) -> None:
        """Write the open interval up to the last evidence."""
        if self.start is not None and self.last is not None and self.last > self.start:
            self._emit(rows, self.start, self.last)
        self.start = None

    def resume(self, rows: Rows, start: int | None, last: int, reason: str) -> None:
        """Go on after a restart: what was proved is written, the rest until the next evidence is a gap."""
        if start is not None and last > start:
            self._emit(rows, start, last)
        self.start, self.last, self.reason = None, last, reason

    def tell(self, rows: Rows, gap: Gap) -> None:
        """Write a gap fact and what was recovered of it."""
        for start, end in gap.recovered:
            rows.event(start, self.source, "alive", end=end, code="backfilled")
        data = {"reason": gap.reason, "backfilled": gap.backfilled, "addresses": list(gap.addresses)}
        if gap.note:
            data["note"] = gap.note
        rows.event(gap.start, self.source, "gap", end=gap.end, code="lost", text=gap.reason, data=data)

    def _emit(self, rows: Rows, start: int, end: int) -> None:
        rows.event(start, self.source, "alive", end=end)
