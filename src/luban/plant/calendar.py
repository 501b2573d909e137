"""Calendars: shifts as wall-clock times of a plant's zone, turned into µs UTC.

Two rules make wall-clock times certain when clocks change, and keep shifts that touch touching:
a time that happens twice is its first happening (fold=0); a time that never happens is moved forward to
the first instant that does. So 22:00-06:00 is 7 h long in the spring night and 9 h in the autumn night.
A shift belongs to the day on which it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import from_datetime, to_datetime

__all__ = [
    "Calendar",
    "ExtraShift",
    "Shift",
    "ShiftPattern",
    "instant",
    "parse_clock",
    "parse_closed",
    "parse_days",
    "span",
]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?\Z")
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift that really happens.

    day         the day it belongs to: the one on which it starts
    start, end  [µs UTC]
    breaks      planned breaks (start, end) [µs UTC]
    """

    name: str
    day: date
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]

    @property
    def planned(self) -> int:
        """Length without the breaks [µs]."""
        return self.end - self.start - sum(end - start for start, end in self.breaks)


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """A shift as the calendar says it, in minutes since midnight of the day it starts; beyond 1440 is the next day."""

    name: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    days: frozenset[int]  # 0 = Monday


@dataclass(frozen=True, slots=True)
class ExtraShift:
    """A shift on one day only."""

    day: date
    pattern: ShiftPattern


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is planned: the shifts of a week, the closed days (both ends included), and single shifts."""

    id: str
    patterns: tuple[ShiftPattern, ...]
    closed: tuple[tuple[date, date], ...]
    extra: tuple[ExtraShift, ...]

    def is_closed(self, day: date) -> bool:
        """No shift of the week starts on that day."""
        return any(first <= day <= last for first, last in self.closed)

    def shifts(self, zone: ZoneInfo, start: int, end: int) -> list[Shift]:
        """Shifts that meet [start, end) [µs UTC], whole, in order."""
        day = to_datetime(start, zone).date() - timedelta(days=2)
        last = to_datetime(end, zone).date() + timedelta(days=1)
        found: list[Shift] = []
        while day <= last:
            found += [shift for shift in self._on(day, zone) if shift.start < end and shift.end > start]
            day += timedelta(days=1)
        return sorted(found, key=lambda shift: shift.start)

    def _on(self, day: date, zone: ZoneInfo) -> Iterator[Shift]:
        patterns = [] if self.is_closed(day) else [p for p in self.patterns if day.weekday() in p.days]
        for pattern in [*patterns, *(extra.pattern for extra in self.extra if extra.day == day)]:
            start, end = instant(day, pattern.start, zone), instant(day, pattern.end, zone)
            breaks = tuple((instant(day, b, zone), instant(day, e, zone)) for b, e in pattern.breaks)
            if start < end:  # a shift may vanish in the hour that clocks skip
                yield Shift(pattern.name, day, start, end, tuple((b, e) for b, e in breaks if b < e))


def instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    """µs UTC of a wall-clock time, `minutes` after midnight of `day`."""
    days, rest = divmod(minutes, _DAY_MINUTES)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    late, early = from_datetime(wall), from_datetime(wall.replace(fold=1))
    if late <= early:  # it happens: once, or twice and `late` is the first
        return late
    # It never happens: late and early lie on either side of the change, which is found by halving.
    offset = to_datetime(early, zone).utcoffset()
    while late - early > 1:
        middle = (late + early) // 2
        if to_datetime(middle, zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late


def parse_clock(text: str) -> int:
    """Minutes since midnight of HH:MM; 24:00 is the end of the day. Raises InputError."""
    match = _CLOCK.match(text.strip())
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if match is None or int(match[2]) > 59 or minutes > _DAY_MINUTES:
        raise InputError("not a time of day", came=repr(text), expected="HH:MM from 00:00 to 24:00, e.g. 06:30")
    return minutes


def span(start: str, end: str, after: int = 0) -> tuple[int, int]:
    """(start, end) in minutes; an end not later than the start, or a start before `after`, is on the next day."""
    first, last = parse_clock(start), parse_clock(end)
    if first < after:
        first, last = first + _DAY_MINUTES, last + _DAY_MINUTES
    return first, last + _DAY_MINUTES if last <= first else last


def parse_days(text: str) -> frozenset[int]:
    """Weekdays (0 = Monday) of 'Mon-Fri', 'Sat', 'Mon,Wed', 'Fri-Mon'. Raises InputError."""
    found: set[int] = set()
    for part in text.split(","):
        ends = [DAYS.index(d) if (d := name.strip()[:3].title()) in DAYS else -1 for name in part.split("-")]
        if len(ends) > 2 or -1 in ends:
            raise InputError("not weekdays", came=repr(text), expected="Mon-Fri, Sat, or Mon,Wed")
        found |= {(ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1)}
    return frozenset(found)


def parse_closed(text: str) -> tuple[date, date]:
    """(first, last) of 'YYYY-MM-DD' or 'YYYY-MM-DD/YYYY-MM-DD'. Raises InputError."""
    expected = "YYYY-MM-DD (1900 to 2200), or first/last of a range"
    try:
        days = [date.fromisoformat(part.strip()) for part in text.split("/")]
    except ValueError:
        raise InputError("not a date", came=repr(text), expected=expected) from None
    if len(days) > 2 or days[0] > days[-1] or not 1900 <= days[0].year <= days[-1].year <= 2200:
        raise InputError("not a range of dates", came=repr(text), expected=expected)
    return days[0], days[-1]
