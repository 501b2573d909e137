"""What is odd about a series or a set of reports: early warnings, each with its evidence.

A value repeated to the last digit, a straight line between surveys, a jump that the years around it do not know, two
values for one year, another population. A signal never changes a figure: it stands beside it.

Reads   a series    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from luban.rollup.points import Point, ordered

__all__ = ["KINDS", "Jump", "Signal", "jumps", "series_signals", "straight_years", "tail_length"]

KINDS: Final = (
    "repeated tail", "interpolated", "break", "conflict", "population", "overcapacity", "quality", "missing rows",
)  # fmt: skip
"""Kinds of signals."""

_SEEMS = 0.05  # chance of so long a tail, by how often values repeated before it
_ENDS = (0.0, 100.0)
_LEAST_STRAIGHT = 4
_SAME = 1e-9
_LEAST_STEPS = 4


@dataclass(frozen=True, slots=True)
class Signal:
    """One warning.

    kind      one of `KINDS`
    year      of the series; 0 where it has none
    text      the sentence
    evidence  figures it rests on, as text by name
    severity  note, doubt or alarm
    place     cell, industry or region; "" for the series itself
    period    number of the period within its series; -1 where years count
    """

    kind: str
    year: int
    text: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    severity: str = "doubt"
    place: str = ""
    period: int = -1

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Jump:
    """A step that stands out.

    before, year  the known years it lies between
    change        [unit]
    times         its distance from the usual step, in usual distances
    chance        share of random series whose largest step stands out as far, at most [1]
    """

    before: int
    year: int
    change: float
    times: float
    chance: float


def series_signals(points: Sequence[Point], population: str = "") -> tuple[Signal, ...]:
    """What is odd about one series, by year.

    population  who should be counted; a point that names another one is told
    Example     [s.kind for s in series_signals([Point(2016 + n, v) for n, v in enumerate([9, 8, 7.5, 7, 7, 7])])]
    """
    series = ordered(points)
    moving = series[: len(series) - tail_length(series)]
    found = [*_repeated(series), *_interpolated(series), *_breaks(moving), *_populations(series, population)]
    return tuple(sorted(found, key=lambda one: (one.year, one.kind)))


def tail_length(points: Sequence[Point]) -> int:
    """How many of the last values only repeat the one before them, where repeating is no habit of the series; else 0.

    A tail of m repeats counts where its chance under the earlier rate of repeats, (r + 1) / (n + 2) after Laplace, is
    at most 5 %: a series printed in whole numbers repeats by itself. At 0 and 100 a share stays by itself too.
    """
    values = [one.value for one in points]
    tail = 0
    while tail + 1 < len(values) and values[-1 - tail] == values[-2 - tail]:
        tail += 1
    before = len(values) - 1 - tail
    if not tail or before < 2 or values[-1] in _ENDS:
        return 0
    repeats = sum(a == b for a, b in pairwise(values[: before + 1]))
    share = (repeats + 1) / (before + 2)
    return tail if share**tail <= _SEEMS else 0


def straight_years(points: Sequence[Point]) -> tuple[int, ...]:
    """Years whose value lies on a straight line through its neighbours, four values or more in a row, and moving."""
    if len(points) < _LEAST_STRAIGHT:
        return ()
    years = np.array([one.year for one in points], np.float64)
    values = np.array([one.value for one in points])
    slopes = np.diff(values) / np.diff(years)
    size = max(float(np.abs(values).max()), 1e-300)
    same = (np.abs(np.diff(slopes)) <= _SAME * size) & (np.abs(slopes[1:]) > _SAME * size)
    inside: set[int] = set()
    begin = 0
    for at, flag in enumerate([*same.tolist(), False]):
        if flag:
            continue
        if at - begin >= _LEAST_STRAIGHT - 2:
            inside.update(int(year) for year in years[begin + 1 : at + 1])
        begin = at + 1
    return tuple(sorted(inside))


def jumps(points: Sequence[Point]) -> tuple[Jump, ...]:
    """Each step that stands out from the others and stays.

    Steps are divided by the root of their years. One stands out by how many times its distance from the median of the
    others exceeds their median distance from it. `chance` is how often the largest step of a random walk of that length
    (normal shocks, 6,000 draws) stands out as far: 1 %, 5 % or 20 %. Those at 20 % are worth a look, no more.
    """
    if len(points) < _LEAST_STEPS + 1:
        return ()
    years = np.array([one.year for one in points], np.float64)
    values = np.array([one.value for one in points])
    steps = np.diff(values) / np.sqrt(np.diff(years))
    limits = [float(np.interp(len(steps), _STEPS, column)) for column in zip(*_LIMITS, strict=True)]
    found = []
    for at in range(len(steps)):
        others = np.delete(steps, at)
        middle = float(np.median(others))
        usual = float(np.median(np.abs(others - middle)))
        times = abs(float(steps[at]) - middle) / usual if usual > 0 else 0.0
        chance = next((c for c, limit in zip(_CHANCES, limits, strict=True) if times > limit), None)
        if chance is not None and not _returns(values, at):
            change = float(values[at + 1] - values[at])
            found.append(Jump(int(years[at]), int(years[at + 1]), change, times, chance))
    return tuple(found)


_CHANCES = (0.01, 0.05, 0.20)
_STEPS = (4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 40)
_LIMITS = (
    (341.0, 65.7, 17.2), (48.1, 18.4, 8.3), (38.9, 17.2, 7.9), (20.3, 11.4, 6.6), (21.9, 11.5, 6.3), (14.5, 9.0, 5.7),
    (12.6, 8.3, 5.4), (10.2, 7.1, 5.0), (9.0, 6.6, 4.9), (7.8, 6.1, 4.8), (7.2, 5.9, 4.7),
)  # fmt: skip


def _returns(values: Any, at: int) -> bool:
    """Whether the step before or after takes most of the jump back: a slip of one year, not a break."""
    steps = np.diff(values)
    beside = [steps[place] for place in (at - 1, at + 1) if 0 <= place < len(steps)]
    return any(bool(steps[at] * other < 0 and abs(other) > 0.5 * abs(steps[at])) for other in beside)


def _repeated(series: tuple[Point, ...]) -> list[Signal]:
    tail = tail_length(series)
    if not tail:
        return []
    first, last = series[-1 - tail], series[-1]
    text = f"{first.year + 1} to {last.year} repeat the value of {first.year} to the last digit: carried forward?"
    return [Signal("repeated tail", last.year, text, {"value": f"{last.value:.10g}", "repeats": str(tail)})]


def _interpolated(series: tuple[Point, ...]) -> list[Signal]:
    years = straight_years(series)
    if not years:
        return []
    text = f"{len(years)} of {len(series)} values lie on straight lines: drawn between surveys?"
    return [Signal("interpolated", years[-1], text, {"years": ", ".join(map(str, years))})]


def _breaks(series: tuple[Point, ...]) -> list[Signal]:
    found = []
    sources = {one.year: one.source for one in series}
    for one in jumps(series):
        changed = sources[one.before] != sources[one.year]
        text = (
            f"{one.before} to {one.year}: a change of {one.change:.4g}, {one.times:.0f} times what is usual "
            f"(so far out in {100 * one.chance:.0f} % of random series): another method or source?"
        )
        evidence = {"change": f"{one.change:.6g}", "times": f"{one.times:.1f}", "chance": f"{one.chance:g}"}
        if changed:
            evidence |= {"before": sources[one.before], "after": sources[one.year]}
        severity = "doubt" if changed or one.chance <= 0.05 else "note"
        found.append(Signal("break", one.year, text, evidence, severity))
    return found


def _populations(series: tuple[Point, ...], population: str) -> list[Signal]:
    found, now = [], population
    for one in series:
        if one.population and now and one.population != now:
            text = f"{one.year} counts another population: {one.population}, before {now}"
            found.append(Signal("population", one.year, text, {"population": one.population, "before": now}))
        now = one.population or now
    return found
