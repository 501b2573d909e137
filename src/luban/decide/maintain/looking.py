"""Looking: inspection under delay time, and replacement by condition, priced.

A defect can be seen for a while before it becomes a failure. How long is the delay time; what share of failures gives
a sign at all is stated, never assumed to be all of them.

Source  A. H. Christer, W. M. Waller, J. Opl. Res. Soc. 35 (1984) 401-406 (delay time); A. H. Christer, W. Wang,
        Int. J. Prod. Res. 30 (1992) (imperfect looks); J. M. van Noortwijk, RESS 94 (2009) 2-21 (gamma process)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.decide.maintain.life import Life
from luban.decide.maintain.policies import Curve
from luban.decide.maintain.prices import Prices
from luban.understand.quality.data import Floats

__all__ = ["Decay", "Signs", "by_decay", "by_signs", "inspection"]

_MANY_LOOKS = 60
_LIVES = 2000


def inspection(
    defects: float, delay: Life, prices: Prices, intervals: Floats, *, seen: float = 1.0
) -> Curve:  # fmt: skip
    """Look at fixed intervals, repair what is found before it fails.

    defects    defects that begin per unit of time [1/unit], > 0 (Poisson, independent of each other)
    delay      how long a defect lasts until the failure
    intervals  between looks [unit], > 0
    seen       chance that a look finds a defect that is there [1], 0 < seen ≤ 1
    Returns    costs with `planned` for a defect found, `failure` for one that was not, `inspection` for a look
    """
    if not (defects > 0 and 0 < seen <= 1):
        raise InputError("defects come, and a look finds some", came=f"{defects:g}, {seen:g}", where="inspection")
    t = np.asarray(intervals, np.float64)
    if not (t > 0).all():
        raise InputError("an interval between looks lies above zero", came=f"{t.min():g}")
    found_before = np.zeros_like(t)  # integral of the share left over the n-th interval after the begin, summed
    for n in range(1, 1 if seen >= 1 else _MANY_LOOKS):
        found_before += (1 - seen) ** n * (_lived(delay, (n + 1) * t) - _lived(delay, n * t))
    # of the defects of one interval: expected number found at a look, the rest fails
    found = seen * defects * (_lived(delay, t) + found_before)
    failures = defects * t - found
    stopped = prices.inspection_hours + prices.planned_hours * found + prices.failure_hours * failures
    cycle = t + stopped
    rates = (prices.of_inspection + prices.of_planned * found + prices.of_failure * failures) / cycle
    return Curve("inspection", t, rates, t / cycle, failures / cycle)


def _lived(life: Life, ages: Floats) -> Floats:
    return np.interp(ages, life.ages, life.lived)


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be felt of a failure before it happens.

    share        of failures that give a sign at all [1]
    begins       share of its life after which a part gives a sign [1], 0 ≤ begins < 1
    false_every  running time between alarms without cause [unit]; inf: none. Each costs an inspection
    source       what it rests on
    """

    share: float
    begins: float
    false_every: float = math.inf
    source: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.share <= 1 and 0 <= self.begins < 1 and self.false_every > 0):
            raise InputError("signs of a failure", came=f"{self.share:g}, {self.begins:g}", expected="shares of 1")


def by_signs(
    life: Life, prices: Prices, signs: Signs, thresholds: Floats, *, every: float, lead: float = 0.0, seed: int = 1
) -> Curve:  # fmt: skip
    """Replace when the sign has grown to a threshold: by a limit on what is felt, or on the remaining life.

    thresholds  how far the sign has grown from its begin (0) to the failure (1) when the stop is asked for [1]; this is
                also 1 minus the share of the time from sign to failure that is left
    every       time between looks, or between values of the sensor [unit], > 0
    lead        from asking to the stop: part, people, a gap in the schedule [unit]
    Method      renewal and reward over 2000 lives at equal shares, the same for every threshold
    """
    at = np.asarray(thresholds, np.float64)
    if not (every > 0 and lead >= 0 and ((at >= 0) & (at < 1)).all()):
        raise InputError("a threshold lies between 0 and 1, looks lie apart", came=f"{at}, {every:g}, {lead:g}")
    rng = np.random.default_rng(seed)
    lives = life.sample((np.arange(_LIVES) + 0.5) / _LIVES)
    felt = rng.permutation((np.arange(_LIVES) + 0.5) / _LIVES) < signs.share
    offset = rng.random(_LIVES) * every  # looks are not in step with the part's birth
    told = lives[None, :] * (signs.begins + (1 - signs.begins) * at[:, None])
    looked = np.ceil((told - offset) / every) * every + offset
    stop = np.maximum(looked, 0) + lead
    planned = felt[None, :] & (stop < lives[None, :])
    used = np.where(planned, stop, lives[None, :])
    false = used.mean(axis=1) / signs.false_every
    share = planned.mean(axis=1)
    hours = prices.planned_hours * share + prices.failure_hours * (1 - share) + prices.inspection_hours * false
    cycle = used.mean(axis=1) + hours
    cost = prices.of_planned * share + prices.of_failure * (1 - share)
    cost = cost + (prices.of_inspection + prices.visit) * (false + share)  # who comes looks first
    return Curve("condition", at, cost / cycle, used.mean(axis=1) / cycle, (1 - share) / cycle)


@dataclass(frozen=True, slots=True)
class Decay:
    """Wear as a gamma process: it only grows, by independent steps.

    per_unit  mean growth [level/unit], > 0
    spread    standard deviation of the growth over one unit of time [level/sqrt(unit)], > 0
    fails     level at which the part fails, > 0; found at once
    """

    per_unit: float
    spread: float
    fails: float

    def __post_init__(self) -> None:
        if not min(self.per_unit, self.spread, self.fails) > 0:
            raise InputError("growth, spread and limit lie above zero", came=f"{self}")

    def failed(self, time: Floats, level: float | None = None) -> Floats:
        """Chance that the level was passed by then [1], shape of time."""
        limit = self.fails if level is None else level
        shape = self.per_unit**2 / self.spread**2
        scale = self.spread**2 / self.per_unit
        with np.errstate(invalid="ignore"):
            return np.where(np.asarray(time) > 0, special.gammaincc(shape * np.maximum(time, 1e-300), limit / scale), 0)


def by_decay(
    decay: Decay, prices: Prices, limits: Floats, *, every: float, runs: int = 2000, seed: int = 1
) -> tuple[Curve, Floats]:  # fmt: skip
    """Measure the wear at fixed intervals, replace above a limit, and at failure.

    limits   levels for replacement [level], 0 < limit ≤ fails
    every    between measurements [unit]
    Returns  the curve over limits, and the half width of the 95 % interval of each cost that comes from simulating
    Method   renewal and reward over simulated cycles, the same random numbers for every limit
    """
    at = np.asarray(limits, np.float64)
    if not (every > 0 and ((at > 0) & (at <= decay.fails)).all()):
        raise InputError("a limit lies above zero and at most at the failure", came=f"{at}")
    shape = decay.per_unit**2 / decay.spread**2 * every
    scale = decay.spread**2 / decay.per_unit
    rng = np.random.default_rng(seed)
    steps = math.ceil(8 * decay.fails / (decay.per_unit * every) + 12)
    level = np.cumsum(rng.gamma(shape, scale, (runs, steps)), axis=1)
    before = np.concatenate([np.zeros((runs, 1)), level[:, :-1]], axis=1)
    fails = (level >= decay.fails).argmax(axis=1)
    rows = np.arange(runs)
    # where within its last interval a failing part failed: the level grows through it in proportion
    into = (decay.fails - before[rows, fails]) / (level[rows, fails] - before[rows, fails])
    death = (fails + into) * every
    z = float(special.ndtri(0.975))
    found: list[tuple[float, float, float, float]] = []
    for limit in at:
        first = (level >= limit).argmax(axis=1)
        planned = first < fails
        length = np.where(planned, (first + 1) * every, death)
        looks = np.where(planned, first + 1, fails)
        hours = np.where(planned, prices.planned_hours, prices.failure_hours) + looks * prices.inspection_hours
        cost = np.where(planned, prices.of_planned, prices.of_failure) + looks * prices.of_inspection
        cycle = length + hours
        rate = float(cost.mean() / cycle.mean())
        half = z * float((cost - rate * cycle).std(ddof=1)) / (math.sqrt(runs) * float(cycle.mean()))
        found.append((rate, float(length.mean() / cycle.mean()), float(1 - planned.mean()) / float(cycle.mean()), half))
    table = np.array(found).T
    return Curve("condition", at, table[0], table[1], table[2]), table[3]
