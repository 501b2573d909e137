"""When the plant works: its calendars, checked against what machines really did; learned where there is none."""

from __future__ import annotations

import bisect
from collections import defaultdict

import numpy as np

from luban.core.time import DAY, MINUTE, SECOND, to_datetime
from luban.plant import Plant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed
from luban.twin.model import Calendar

__all__ = ["Hours"]

_SLOT = 15 * MINUTE
_WEEK_SLOTS = 7 * DAY // _SLOT
Spans = list[tuple[int, int]]


class Hours:
    """Open hours of each machine.

    name      machine → id of its calendar; None: it never closes
    finishes  machines that end after closing time what they have begun
    """

    def __init__(self, found: Observed, plant: Plant, evidence: Evidence) -> None:
        self._plant = plant
        self._learned: dict[str, tuple[bool, ...]] = {}
        self._memory: dict[str, tuple[int, int, Spans, list[int]]] = {}
        self.name: dict[str, str | None] = {}
        self.finishes: set[str] = set()
        for unit in found.machines:
            self.name[unit] = self._decide(unit, found, evidence)
        self._at_closing(found, evidence)

    def _decide(self, unit: str, found: Observed, evidence: Evidence) -> str | None:
        planned = self._plant.place(unit).calendar
        spans = found.spans.get(unit)
        if not spans:
            return planned
        off = sum(span.end - span.start for span in spans if span.state == "off")
        begun = [visit.start for visit in found.at.get(unit, ())]
        open_ = self._planned(unit, found.since, found.until) if planned else []
        ends = [end for _, end in open_]
        outside = sum(not _inside(open_, m - MINUTE, m + MINUTE, bisect.bisect_left(ends, m - MINUTE)) for m in begun)
        if planned and outside <= 0.05 * len(begun):
            return planned
        if planned:
            why = f"{outside} of {len(begun)} operations begin outside calendar {planned}"
            assumed = "hours learned from its states" if off else "it never closes"
            evidence.miss("calendar", unit, why, assumed, "the machine's true calendar")
        if off <= 0.02 * (spans[-1].end - spans[0].start):
            return None
        pattern = self._learn(unit, found)
        for name, other in self._learned.items():
            if other == pattern:
                return name
        name = f"hours of {unit.rsplit('/', 1)[-1]}"
        self._learned[name] = pattern
        evidence.add(
            "calendar", unit, sum(pattern) / 4, unit="h/week", n=len(spans), method="time off, slot by slot of the week"
        )
        return name

    def _learn(self, unit: str, found: Observed) -> tuple[bool, ...]:
        """A slot of the week is open where the machine was off in fewer than half of the weeks."""
        off = np.zeros(_WEEK_SLOTS)
        seen = np.zeros(_WEEK_SLOTS)
        for span in found.spans[unit]:
            for slot in range(span.start // _SLOT, -(-span.end // _SLOT)):
                inside = min(span.end, (slot + 1) * _SLOT) - max(span.start, slot * _SLOT)
                place = self._place(slot * _SLOT)
                seen[place] += inside
                off[place] += inside if span.state == "off" else 0
        return tuple(bool(v) for v in off < 0.5 * np.maximum(seen, 1))

    def _place(self, moment: int) -> int:
        local = to_datetime(moment, self._plant.zone)
        return local.weekday() * 96 + local.hour * 4 + local.minute // 15

    def _at_closing(self, found: Observed, evidence: Evidence) -> None:
        """Does work stop at a closure, or is it finished first? Machine by machine."""
        for unit, own in found.at.items():
            if unit not in found.spans or self.name[unit] is None:
                continue
            stopped = over = 0
            for visit in own:
                if visit.end is None or not visit.spent:
                    continue
                closed = (visit.end - visit.start) / SECOND - self.between(unit, visit.start, visit.end)
                if closed > 60:
                    stopped += visit.spent.get("off", 0.0) > 0.5 * closed
                    over += 1
            if over:
                evidence.add_share("work stops at closing time", unit, stopped, over, "operations over a closure")
            if over and stopped * 2 < over:
                self.finishes.add(unit)

    def id_of(self, unit: str) -> str | None:
        """Calendar of the machine in the model."""
        name = self.name.get(unit)
        return f"{name}, work in hand is finished" if name and unit in self.finishes else name

    def _planned(self, unit: str, start: int, end: int) -> Spans:
        found: Spans = []
        for shift in self._plant.shifts(unit, start, end):
            at = shift.start
            for begin, until in [*shift.breaks, (shift.end, shift.end)]:
                if begin > at:
                    found.append((at, begin))
                at = max(at, until)
        return found

    def open(self, unit: str, start: int, end: int) -> Spans:
        """Open spans that meet [start, end), clipped, joined [µs UTC]."""
        name = self.name.get(unit)
        if name is None:
            return [(start, end)]
        if name in self._learned:
            pattern = self._learned[name]
            raw = [
                (slot * _SLOT, (slot + 1) * _SLOT)
                for slot in range(start // _SLOT, -(-end // _SLOT))
                if pattern[self._place(slot * _SLOT)]
            ]
        else:
            raw = self._planned(unit, start, end)
        joined: Spans = []
        for begin, until in ((max(a, start), min(b, end)) for a, b in raw):
            if begin >= until:
                continue
            if joined and joined[-1][1] >= begin:
                joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
            else:
                joined.append((begin, until))
        return joined

    def _known(self, unit: str, start: int, end: int) -> tuple[Spans, list[int]]:
        """Open spans around [start, end), kept per calendar."""
        key = self.name.get(unit) or ""
        if key not in self._memory or not (self._memory[key][0] <= start and end <= self._memory[key][1]):
            old = self._memory.get(key, (start, end, [], []))
            low, high = min(start, old[0]) - 60 * DAY, max(end, old[1]) + 60 * DAY
            spans = self.open(unit, low, high)
            self._memory[key] = low, high, spans, [span[1] for span in spans]
        return self._memory[key][2], self._memory[key][3]

    def between(self, unit: str, start: int, end: int) -> float:
        """Open seconds in [start, end); all of them where the place has no calendar."""
        if self.name.get(unit) is None:
            return max(0, end - start) / SECOND
        spans, ends = self._known(unit, start, end)
        return _inside(spans, start, end, bisect.bisect_right(ends, start)) / SECOND

    def after(self, unit: str, start: int, seconds: float) -> int:
        """Instant at which so many open seconds have passed since `start` [µs UTC]."""
        left = round(seconds * SECOND)
        if self.name.get(unit) is None:
            return start + left
        spans, ends = self._known(unit, start, start + 14 * DAY + 3 * left)
        for begin, end in spans[bisect.bisect_right(ends, start) :]:
            here = max(begin, start)
            if end - here >= left:
                return here + left
            left -= end - here
        return start + left

    def calendars(self, start: int, horizon: int) -> tuple[Calendar, ...]:
        """Calendars of the model, in µs after `start`."""
        units: dict[str, str] = {}
        for unit in self.name:
            name = self.id_of(unit)
            if name is not None:
                units.setdefault(name, unit)
        commonest = self.commonest
        if commonest is not None and commonest not in units:
            units[commonest] = next(unit for unit, name in self.name.items() if name == commonest)
        return tuple(
            Calendar(
                name,
                tuple((a - start, b - start) for a, b in self.open(unit, start, start + horizon)),
                unit not in self.finishes,
            )
            for name, unit in units.items()
        )

    @property
    def commonest(self) -> str | None:
        """Calendar of most machines."""
        counts: dict[str, int] = defaultdict(int)
        for name in self.name.values():
            if name is not None:
                counts[name] += 1
        return max(counts, key=lambda name: counts[name]) if counts else None


def _inside(spans: Spans, start: int, end: int, first: int = 0) -> int:
    total = 0
    for a, b in spans[first:]:
        if a >= end:
            break
        total += max(0, min(b, end) - max(a, start))
    return total
