"""What decides in the field: by service reports, hour counters, readings and prices, never by what parts truly are.

Nothing here knows `fleet`: a mind is handed what was seen and answers. Policies are priced by
`decide.maintain`.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.decide.maintain.life import Life, life_of
from luban.decide.maintain.looking import Signs, by_signs
from luban.decide.maintain.policies import age, run_to_failure
from luban.decide.maintain.prices import Prices
from luban.decide.maintain.spares import stock_plan
from luban.understand.health.lifetime import fit_life, lives
from luban.understand.quality.data import Floats

__all__ = ["Diagnoser", "JobSeen", "Lived", "Servicing", "Watch", "best_ages", "choose_job", "learned_life", "stocks"]

_LEAST_CASES: Final = 3
_SURE: Final = 3.0  # times likelier than the next cause
_LEAST_FAILED: Final = 8
_SMOOTH: Final = 0.3  # of an exponential average of weekly readings
_STEP: Final = 0.8862  # standard deviation of one reading over the mean step between two, normal: sqrt(pi) / 2
_FIRST: Final = 6  # readings that a machine's own level is taken from
_STANDS_OUT: Final = 4.5  # standard errors
_USUAL: Final = 1.0  # scatters above the middle of the fleet that a sound machine may show
_LEAST_LEVELS: Final = 5
_THRESHOLDS: Final = np.linspace(0.0, 0.9, 10)
_WORTH: Final = 0.97  # a policy replaces run to failure if it costs at most that share


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job that waits for somebody to travel.

    id, region, kind  fault or planned;  known  since when [h];  work  it will take on site [h]
    price      of another hour of waiting [currency/h]
    """

    id: int
    region: int
    kind: str
    known: float
    work: float
    price: float = 0.0


def choose_job(jobs: Sequence[JobSeen], region: int, travel: float, local: float, *, rule: str) -> int:
    """The job that somebody in that region goes to next.

    rule     calls: faults in order of their calls, then the rest; nearest: the same, those of the region first;
             worth: the price of an hour over the hours that the job binds him, planned ones on the way
    Example  choose_job([JobSeen(7, 0, "fault", 1.0, 4.0)], 2, 3.0, 1.0, rule="calls") == 7
    """

    def rank(one: JobSeen) -> tuple[float, float, float]:
        near = one.region == region
        planned = float(one.kind != "fault")
        if rule == "calls":
            return planned, one.known, 0.0
        if rule == "nearest":
            return planned, float(not near), one.known
        binds = (local if near else travel) + one.work
        return (planned, float(not near) if planned else -one.price / binds, one.known)

    return min(jobs, key=rank).id


@dataclass
class Diagnoser:
    """Names causes of faults by their patterns, learned from service reports; some of those are wrong.

    cases  reported cause → patterns, each of shape (channels,), in units of their noise
    """

    cases: dict[int, list[Floats]] = field(default_factory=dict)

    def learn(self, pattern: Floats, reported: int) -> None:
        """A service report says what it was."""
        self.cases.setdefault(reported, []).append(pattern)

    def name(self, pattern: Floats) -> int:
        """Index of the cause; -1 where none is three times likelier than the next, or too few cases are known."""
        known = {cause: seen for cause, seen in self.cases.items() if len(seen) >= _LEAST_CASES}
        if not known:
            return -1
        middles = {cause: np.median(np.array(seen), axis=0) for cause, seen in known.items()}
        total = sum(map(len, known.values()))
        chance = {
            c: math.log(len(known[c]) / total) - float(np.sum((pattern - m) ** 2)) / 2 for c, m in middles.items()
        }
        first, *rest = sorted(chance, key=lambda cause: -chance[cause])
        if rest and chance[first] - chance[rest[0]] < math.log(_SURE):
            return -1
        return first


class Watch:
    """Weekly readings of many parts: whose level has risen above what it was when new, and by how much.

    kinds   of each part, shape (parts,);  limit  level at which a machine has to stop by the maker's word, until
            failures of the own fleet have shown it
    """

    def __init__(self, kinds: Floats, limit: float) -> None:
        parts = len(kinds)
        self._kinds, self._limit = kinds, limit
        self._count = np.zeros(parts, np.int64)
        self._first = np.zeros(parts)
        self._level = np.zeros(parts)
        self._noise = np.zeros(parts)
        self._last = np.zeros(parts)
        self._steps = np.zeros(parts, np.int64)
        self._new = np.zeros(parts, bool)
        self.levels: dict[int, list[float]] = {}

    def fresh(self, part: int) -> None:
        """It was changed, or somebody looked and found nothing: its own level is that of the next weeks."""
        self._count[part] = 0
        self._new[part] = True

    def hear(self, readings: Floats) -> None:
        """A week's readings, shape (parts,); NaN where none came."""
        came = np.isfinite(readings)
        new, known = came & (self._count == 0), came & (self._count > 0)
        step = np.abs(readings - self._last) * _STEP
        self._noise[known] += np.maximum(0.05, 1 / (self._steps[known] + 1)) * (step - self._noise)[known]
        self._steps[known] += 1
        self._level[new] = self._first[new] = readings[new]
        self._level[known] += _SMOOTH * (readings[known] - self._level[known])
        early = known & (self._count < _FIRST)
        self._first[early] += (readings[early] - self._first[early]) / (self._count[early] + 1)
        self._last[came] = readings[came]
        self._count[came] += 1

    @property
    def base(self) -> Floats:
        """What each shows when sound; of a part that nobody saw new, at most what is usual in the fleet."""
        found = self._first.copy()
        ready = self._count >= _FIRST
        if ready.any():
            middle = float(np.median(self._first[ready]))
            scatter = float(np.median(np.abs(self._first[ready] - middle))) * 1.4826
            old = ~self._new
            found[old] = np.minimum(found[old], middle + _USUAL * scatter)
        return found

    @property
    def rise(self) -> Floats:
        """How far each stands above that; 0 where it is not known yet."""
        return np.asarray(np.where(self._count >= _FIRST, self._level - self.base, 0.0))

    def stands_out(self) -> Floats:
        """Rise in standard errors of the difference [1], shape (parts,)."""
        steady = self._noise[self._noise > 0]
        noise = max(float(np.median(steady)) if steady.size else 1.0, 1e-9)
        return np.asarray(self.rise / (noise * math.sqrt(_SMOOTH / (2 - _SMOOTH) + 1 / _FIRST)))

    def failed(self, part: int, kind: int) -> None:
        """It has failed with a sign: its level tells what a level means for its kind."""
        if self._count[part] >= _FIRST and self.stands_out()[part] > _STANDS_OUT:
            self.levels.setdefault(kind, []).append(float(self._level[part]))

    def asked(self, share: Mapping[int, float]) -> list[int]:
        """Parts that should be changed: risen beyond chance, and by their kind's share of the way to failure.

        share  kind → of the way from its own level to that of failures [1]; kinds without are left alone
        """
        rise, out, base = self.rise, self.stands_out(), self.base
        found = []
        for part in np.flatnonzero(out > _STANDS_OUT).tolist():
            kind = int(self._kinds[part])
            seen = self.levels.get(kind, [])
            end = float(np.median(seen)) if len(seen) >= _LEAST_LEVELS else self._limit
            if kind in share and rise[part] >= share[kind] * (end - base[part]):
                found.append(part)
        return found


@dataclass
class Lived:
    """Lives of one kind of part by hour counters and service reports [running h]."""

    failed: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Servicing:
    """What follows from lives and prices for one kind of part.

    limit   age at which it is changed [running h]; inf: not by age
    share   of the rise at which it is changed [1]; None: not by its sign
    """

    limit: float
    share: float | None = None


def learned_life(lived: Lived) -> Life | None:
    """A Weibull through what has been lived; None below eight failures or where none fits."""
    if len(lived.failed) < _LEAST_FAILED:
        return None
    fit = fit_life(lives([max(x, 1.0) for x in lived.failed], [max(x, 1.0) for x in lived.running], unit="h"))
    if fit.reason:
        return None
    try:
        return life_of(fit)
    except InputError:
        return None


def best_ages(life: Life | None, prices: Prices, signs: Signs | None, *, every: float, lead: float) -> Servicing:
    """How to look after a kind of part: by its sign where there is one and that pays most, by age, or not at all.

    life   None: not known, so nothing is changed by age;  signs  None: nobody listens
    every  between readings, lead  from asking to the visit [running h]
    """
    if life is None:
        return Servicing(math.inf, 0.5 if signs else None)
    never, by_age = run_to_failure(life, prices).rate, age(life, prices)
    best, limit = never, math.inf
    if by_age.rate < _WORTH * best:
        best, limit = by_age.rate, by_age.interval
    if signs is None:
        return Servicing(limit)
    felt = by_signs(life, prices, signs, _THRESHOLDS, every=every, lead=lead)
    if felt.rate >= _WORTH * best:
        return Servicing(limit)
    return Servicing(math.inf, float(felt.interval))


def stocks(
    used: Sequence[int], days: float, lead: float, covered: float, holding: Sequence[float] = (), waiting: float = 0.0
) -> list[int]:
    """Pieces of each part to keep, by what was used in some days.

    used     of each part [piece];  lead  of delivery [h]
    covered  asked share of demand [1]; used without prices
    holding  of a piece an hour [currency/h];  waiting  of a machine an hour [currency/h]
    """
    found = []
    for at, count in enumerate(used):
        rate = max(count, 0.5) / (days * 24)
        if holding:
            plan = stock_plan(rate, lead, holding=holding[at], waiting=waiting)
        else:
            plan = stock_plan(rate, lead, covered=covered)
        found.append(plan.stock)
    return found
