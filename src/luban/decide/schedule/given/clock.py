"""From times as people write them to ticks: lengths, moments, shifts as windows, people by shift as levels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import DAY, SECOND, parse_time
from luban.decide.schedule.given.fields import Span, bare_number
from luban.decide.schedule.problem import LIMIT
from luban.plant.calendar import Calendar, ShiftPattern, parse_closed, parse_days, span

__all__ = ["Spans", "Tempo", "calendar_of", "levels_of", "merged", "open_spans"]

Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Tempo:
    """How times become ticks.

    start  tick 0 [µs UTC]
    tick   length of a tick [µs]; 0: time is abstract, numbers are ticks
    """

    start: int = 0
    tick: int = SECOND
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - immutable

    def length(self, span: Span) -> int:
        """Ticks of a length of time, rounded; at least 1 where it is above zero. Raises InputError."""
        if span.bare != (self.tick == 0):
            raise InputError(
                "a number without a unit of time" if span.bare else "a unit of time where all else is bare numbers",
                came=str(span),
                expected="90 min, or the unit in the header: time [min]",
            )
        if not self.tick:
            return _whole(span.value)
        ticks = round(span.value / self.tick)
        if ticks > LIMIT:
            raise InputError("a time beyond what can be scheduled", came=str(span), expected=f"at most {LIMIT} ticks")
        return max(ticks, 1) if span.value > 0 else ticks

    def at(self, moment: str, late: bool = False) -> int:
        """Tick of a moment; between two ticks the later one if `late`. Raises InputError."""
        number = bare_number(moment)
        if not self.tick:
            if number is None:
                raise InputError("a date where all else is bare numbers", came=moment, expected="a whole number")
            return _whole(number)
        return self.tick_of(self.moment(moment), late)

    def moment(self, moment: str) -> int:
        """µs UTC of a moment. Raises InputError."""
        if bare_number(moment) is not None and not re.fullmatch(r"\d{8}", moment):
            raise InputError("not a time", came=repr(moment), expected="ISO 8601, e.g. 2026-11-23T06:30")
        return parse_time(moment, self.zone)

    def tick_of(self, moment: int, late: bool = False) -> int:
        """Tick of µs UTC."""
        return -((self.start - moment) // self.tick) if late else (moment - self.start) // self.tick


def _whole(number: float) -> int:
    if number != int(number) or abs(number) > LIMIT:
        raise InputError(
            "not a whole number of ticks",
            came=f"{number:g}",
            expected=f"a whole number up to {LIMIT}, or one with its unit",
        )
    return int(number)


def open_spans(calendar: Calendar, tempo: Tempo, start: int, end: int) -> Spans:
    """Open windows of a calendar within [start, end) [tick]: shifts without their breaks, touching ones as one."""
    spans = []
    first, last = tempo.start + start * tempo.tick, tempo.start + end * tempo.tick
    for shift in calendar.shifts(tempo.zone, first, last):
        at = shift.start
        for begin, until in (*shift.breaks, (shift.end, shift.end)):
            spans.append((max(tempo.tick_of(at, late=True), start), min(tempo.tick_of(begin), end)))
            at = max(at, until)
    return merged(spans)


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans in order and apart; empty ones are dropped."""
    found: Spans = []
    for start, end in sorted(own for own in spans if own[0] < own[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def levels_of(always: int, shifts: Iterable[tuple[int, Spans]], start: int) -> list[tuple[int, int]]:
    """(from tick, units) steps of a pool: so many always, and more within spans."""
    change: dict[int, int] = {start: always}
    for size, spans in shifts:
        for begin, end in spans:
            change[begin] = change.get(begin, 0) + size
            change[end] = change.get(end, 0) - size
    level = 0
    found: list[tuple[int, int]] = []
    for tick in sorted(change):
        level += change[tick]
        if not found or level != found[-1][1]:
            found.append((tick, level))
    return found


def calendar_of(name: str, rows: Iterable[tuple[str, int, int, str, str]]) -> Calendar:
    """A calendar from shifts: days, start, end [min after midnight], breaks `10:00-10:15 | …`, closed days.

    Raises InputError where a text is no time, day or date.
    """
    patterns, closed = [], []
    for days, start, end, breaks, closures in rows:
        until = end if end > start else end + DAY // 60_000_000
        pauses = []
        for part in re.split(r"[|;]", breaks):
            if part.strip():
                first, _, last = part.partition("-")
                pauses.append(span(first.strip(), last.strip(), start))
        patterns.append(ShiftPattern(name, start, until, tuple(sorted(pauses)), parse_days(days)))
        closed += [parse_closed(part.strip()) for part in re.split(r"[|;]", closures) if part.strip()]
    return Calendar(name, tuple(patterns), tuple(closed), ())
