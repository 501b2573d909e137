"""Doing several things at one stop: fixed rhythms in step with each other, and opportunities as they come.

Source  R. Dekker, R. E. Wildeman, F. A. van der Duyn Schouten, Math. Methods of OR 45 (1997) 411-435 (economic
        dependence); R. E. Wildeman, R. Dekker, A. Smit, EJOR 99 (1997) 530-551 (multiples of a common interval)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.maintain.life import Life
from luban.decide.maintain.policies import minimal_repair
from luban.decide.maintain.prices import Prices
from luban.understand.quality.data import Floats

__all__ = ["Opportunity", "Part", "Rhythm", "opportunities", "rhythm"]

_MOST = 8  # times the common interval
_POINTS = 300


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is maintained: its life, and its prices without the visit that all share."""

    id: str
    life: Life
    prices: Prices


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Tasks in step with each other.

    interval  common interval [unit]
    times     task → every how many of it
    rate      cost of all tasks together with their visits [money/unit]
    apart     cost where each has its own best interval and its own visits [money/unit]
    alone     task → that interval [unit]
    """

    interval: float
    times: Mapping[str, int]
    rate: float
    apart: float
    alone: Mapping[str, float]


def rhythm(parts: Sequence[Part], visit: float) -> Rhythm:
    """The common interval and the multiples of it that cost least, where failures are repaired minimally.

    visit   cost of one stop whatever is done at it [money], ≥ 0; prices of the parts hold none
    Raises  InputError for no part, or where renewing none of them pays

    Worked out by looking at 300 common intervals; at each, every task takes its cheapest multiple up to 8.
    """
    _check(parts, visit)
    if any(part.prices.visit for part in parts):
        raise InputError("the visit is shared, so no part has its own", where="visit")
    curves = [minimal_repair(part.life, part.prices) for part in parts]
    own = [minimal_repair(part.life, part.prices.changed(visit=0.0, planned=part.prices.planned + visit))
           for part in parts]  # fmt: skip
    alone = {part.id: curve.interval for part, curve in zip(parts, own, strict=True)}
    shortest = min(curve.interval for curve in curves)
    longest = max(curve.interval for curve in own)
    base = np.geomspace(shortest / 4, longest, _POINTS)
    total = visit / base
    best: list[Floats] = []
    for curve in curves:
        at_multiples = np.array([[curve.rate_at(k * t) for t in base] for k in range(1, _MOST + 1)])
        best.append(at_multiples.argmin(axis=0) + 1)
        total = total + at_multiples.min(axis=0)
    # a visit is paid where any task has its turn; with a multiple of 1 among them that is every time
    lowest = np.min(best, axis=0)
    total = np.where(lowest == 1, total, math.inf)
    at = int(total.argmin())
    times = {part.id: int(k[at]) for part, k in zip(parts, best, strict=True)}
    return Rhythm(float(base[at]), times, float(total[at]), sum(curve.rate for curve in own), alone)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """Replacing more than what asked for it.

    share    of its own interval from which on a part is replaced when another one stops the machine [1]; 1: never
    rate     cost of all parts together [money/unit], with the half width of its 95 % interval
    visits   stops per unit of time [1/unit]
    shares, rates, halves  the whole curve
    saved    cost without opportunities minus this one [money/unit], with its half width (same random numbers)
    """

    share: float
    rate: float
    half: float
    visits: float
    shares: Floats
    rates: Floats
    halves: Floats
    saved: float
    saved_half: float


def opportunities(
    parts: Sequence[Part], intervals: Sequence[float], visit: float, *,
    shares: Sequence[float] = (0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1.0), horizon: float = 0.0, runs: int = 20, seed: int = 1,
) -> Opportunity:  # fmt: skip
    """From which age on a part is replaced too when another one stops the machine.

    intervals  age at which each part is replaced by itself [unit]; inf: at failure only
    horizon    length of one run [unit]; 40 times the longest mean life by default
    Method     simulation, the same lives for every share
    """
    _check(parts, visit)
    ages = np.asarray(intervals, np.float64)
    if len(ages) != len(parts) or not (ages > 0).all():
        raise InputError("an interval for each part", came=f"{list(intervals)}", expected=f"{len(parts)} above zero")
    if 1.0 not in shares:
        shares = (*shares, 1.0)
    length = horizon or 40 * max(part.life.mean for part in parts)
    means = np.array([part.life.mean for part in parts])
    due = np.where(np.isfinite(ages), ages, means)  # what "its own interval" is where there is none
    table = np.array([[_simulated(parts, ages, due * share, visit, length, seed, run) for run in range(runs)]
                      for share in shares])  # fmt: skip
    rates = table[:, :, 0].mean(axis=1)
    halves = 2.1 * table[:, :, 0].std(axis=1, ddof=1) / math.sqrt(runs)
    at = int(rates.argmin())
    base = list(shares).index(1.0)
    gain = table[base, :, 0] - table[at, :, 0]
    return Opportunity(
        float(shares[at]), float(rates[at]), float(halves[at]), float(table[at, :, 1].mean()), np.asarray(shares),
        rates, halves, float(gain.mean()), float(2.1 * gain.std(ddof=1) / math.sqrt(runs)),
    )  # fmt: skip


def _simulated(
    parts: Sequence[Part], ages: Floats, taken: Floats, visit: float, length: float, seed: int, run: int
) -> tuple[float, float]:  # fmt: skip
    """(cost per unit, stops per unit) of one run."""
    draws = [np.random.default_rng([seed, run, at]) for at in range(len(parts))]
    stock = [part.life.sample(rng.random(512)) for part, rng in zip(parts, draws, strict=True)]
    used = [0] * len(parts)

    def fresh(at: int) -> float:
        if used[at] == len(stock[at]):
            stock[at] = parts[at].life.sample(draws[at].random(512))
            used[at] = 0
        used[at] += 1
        return float(stock[at][used[at] - 1])

    n = len(parts)
    born = [0.0] * n
    ends = [fresh(at) for at in range(n)]
    now = cost = 0.0
    visits = 0
    while True:
        events = [min(ends[at], born[at] + ages[at]) for at in range(n)]
        now = min(events)
        if now >= length:
            return cost / length, visits / length
        visits += 1
        cost += visit
        first = events.index(now)
        for at in range(n):
            if at == first or now - born[at] >= taken[at]:
                failed = at == first and ends[at] <= now
                price = parts[at].prices
                cost += price.of_failure if failed else price.of_planned
                # lives lie in the order of replacements, so that another share meets the same ones
                born[at], ends[at] = now, now + fresh(at)


def _check(parts: Sequence[Part], visit: float) -> None:
    if not parts:
        raise InputError("no part to maintain", where="parts")
    if not 0 <= visit < math.inf:
        raise InputError("a visit costs 0 or more", came=f"{visit:g}", where="visit")
