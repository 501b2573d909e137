"""A log of alarms: each coming of an alarm with its going and its acknowledgement, from the books or from a file.

Reads  Fact(event, kind="annunciation" or "alarm")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.plant.checks.alarms import PRIORITIES
from luban.understand.book import Entry
from luban.understand.health.alarms import words
from luban.understand.health.alarms.states import Standing, step
from luban.understand.quality.data import NO_TIME, Excluded, Ints

__all__ = ["AlarmLog", "device_log", "log_of", "log_rows", "priority_of"]


@dataclass(frozen=True, slots=True)
class AlarmLog:
    """Comings of alarms in order of time.

    names      of the alarms, shape (k,)
    which      index of the alarm of each coming, shape (n,)
    raised     [µs UTC], rising, shape (n,)
    returned   [µs UTC]; NO_TIME while it lasts, shape (n,)
    seen       when a person acknowledged it [µs UTC]; NO_TIME if nobody did, shape (n,)
    priority   index into PRIORITIES, critical first; -1 not known, shape (n,)
    start, end the time that was watched [µs UTC]; the first and the last line where nobody says
    returns    the source says when alarms went
    sees       it says when they were acknowledged
    hidden     comings that were kept out of the list: shelved, suppressed, out of service
    """

    names: tuple[str, ...]
    which: Ints
    raised: Ints
    returned: Ints
    seen: Ints
    priority: Ints
    start: int
    end: int
    source: str = ""
    returns: bool = True
    sees: bool = True
    hidden: int = 0
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.raised)

    def between(self, start: int | None = None, end: int | None = None) -> AlarmLog:
        """Only what came in a span of time [µs UTC]. Raises InputError for a span that ends before it begins."""
        since, until = self.start if start is None else start, self.end if end is None else end
        if until < since:
            raise InputError("the span ends before it begins", came=f"{since} … {until} µs")
        keep = (self.raised >= since) & (self.raised <= until)
        parts = {name: getattr(self, name)[keep] for name in ("which", "raised", "returned", "seen", "priority")}
        return replace(self, **parts, start=since, end=until)


@dataclass(slots=True)
class _Open:
    """Rows of a log while it is made."""

    names: dict[str, int] = field(default_factory=dict)
    rows: list[list[int]] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)

    def begin(self, name: str, time: int, priority: int) -> None:
        at = self.names.setdefault(name, len(self.names))
        self.last[name] = len(self.rows)
        self.rows.append([at, time, NO_TIME, NO_TIME, priority])

    def mark(self, name: str, column: int, time: int) -> bool:
        """Note the going (2) or the acknowledgement (3) of its last coming; False where there is none open."""
        at = self.last.get(name)
        if at is None or self.rows[at][column] != NO_TIME:
            return False
        self.rows[at][column] = max(time, self.rows[at][1])
        return True


def log_rows(
    names: Sequence[str], rows: Sequence[Sequence[int]], *, start: int | None = None, end: int | None = None,
    source: str = "", returns: bool = True, sees: bool = True, hidden: int = 0,
    excluded: Sequence[Excluded] = (), notes: Sequence[str] = (),
) -> AlarmLog:  # fmt: skip
    """A log from rows (alarm, raised, returned, seen, priority) in any order."""
    table = np.array(rows, np.int64).reshape(-1, 5)
    table = table[np.argsort(table[:, 1], kind="stable")]
    known = table[:, 1:4][table[:, 1:4] != NO_TIME]
    first, last = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    return AlarmLog(
        names=tuple(names), which=table[:, 0].copy(), raised=table[:, 1].copy(), returned=table[:, 2].copy(),
        seen=table[:, 3].copy(), priority=table[:, 4].copy(), start=first if start is None else start,
        end=last if end is None else end, source=source, returns=returns, sees=sees, hidden=hidden,
        excluded=tuple(excluded), notes=tuple(notes),
    )  # fmt: skip


def log_of(entries: Iterable[Entry], *, start: int | None = None, end: int | None = None, source: str = "") -> AlarmLog:
    """The log of `annunciation` entries: what came into the list; comings while hidden are counted apart.

    start, end  the time to look at [µs UTC]; it begins with the first entry at the earliest, because nobody knows
                whether the list was kept before
    """
    made, standing, hidden = _Open(), dict[str, Standing](), 0
    first: int | None = None
    for entry in entries:
        first = entry.time if first is None else min(first, entry.time)
        before = standing.get(entry.subject) or Standing(entry.subject)
        after = standing[entry.subject] = step(before, entry.code, entry.time, person=entry.person, data=entry.data)
        if after.active and after.shown != before.shown and after.shown is not None:
            made.begin(entry.subject, after.shown, priority_of(after.priority))
        elif entry.code == "raise" and after.hidden and not before.active:
            hidden += 1
            made.last.pop(entry.subject, None)
        elif entry.code == "return" and before.active:
            made.mark(entry.subject, 2, entry.time)
        elif entry.code == "acknowledge":
            made.mark(entry.subject, 3, entry.time)
    start = first if start is None or first is None else max(start, first)
    log = log_rows(tuple(made.names), made.rows, source=source, hidden=hidden, start=start, end=end)
    return log.between(None, max(log.start, log.end))


def device_log(ledger: Ledger, *, start: int | None = None, end: int | None = None, source: str = "") -> AlarmLog:
    """The log of the alarms that devices sent: `event` facts of kind alarm."""
    frame = ledger.frame("event", since=start, until=None if end is None else end + 1)
    frame = frame.filter(nw.col("kind") == "alarm").select("seq", "time", "end", "subject", "code", "text")
    made = _Open()
    for one in frame.sort("seq").collect("pyarrow").to_arrow().to_pylist():
        told = one["code"] or one["text"] or ""
        made.begin(f"{one['subject']} {told}".strip(), one["time"], -1)
        made.rows[-1][2] = NO_TIME if one["end"] is None else one["end"]
    ended = any(row[2] != NO_TIME for row in made.rows)
    if start is not None and made.rows:
        start = max(start, min(row[1] for row in made.rows))  # before the first one nobody knows who listened
    notes = () if ended else (words.NO_RETURNS,)
    return log_rows(
        tuple(made.names), made.rows, start=start, end=end, source=source, returns=ended, sees=False, notes=notes
    )


def priority_of(text: str) -> int:
    """Index of a priority; -1 for another word.

    Example  priority_of("high") == 1
    """
    return PRIORITIES.index(text) if text in PRIORITIES else -1
