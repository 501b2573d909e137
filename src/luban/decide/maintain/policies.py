"""Policies by age, by calendar, with minimal repair, and none: cost and availability by renewal and reward.

Long-run cost per unit of time is the mean cost of a cycle over its mean length; hours of stops belong to the length.

Source  R. E. Barlow, L. C. Hunter, Operations Research 8 (1960) 90-100, doi 10.1287/opre.8.1.90 (age; minimal repair);
        R. E. Barlow, F. Proschan, Mathematical Theory of Reliability (1965), chapters 3 and 4 (block);
        M. Xie, Reliability Engineering and System Safety 24 (1989) 281-291 (renewal function)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.maintain.life import Life
from luban.decide.maintain.prices import Prices
from luban.understand.quality.data import Floats

__all__ = ["Curve", "age", "block", "minimal_repair", "renewals", "run_to_failure"]

_RENEWAL_POINTS = 300
_RENEWAL_REACH = 3.0  # mean lives that block replacement is looked at for


@dataclass(frozen=True)
class Curve:
    """A policy over its interval.

    name          age, block, minimal_repair, run_to_failure, inspection, condition, group
    intervals     that it was worked out at [unit of the life]; inf: never
    rates         long-run cost at each [money/unit]
    available     share of time that the machine is not stopped for this part [1]
    failures      expected failures per unit of time at each [1/unit]
    """

    name: str
    intervals: Floats
    rates: Floats
    available: Floats
    failures: Floats

    @property
    def at(self) -> int:
        """Index of the cheapest interval; `never` where no other is cheaper by more than rounding."""
        best = int(np.nanargmin(self.rates))
        last = len(self.rates) - 1
        never = math.isinf(self.intervals[last]) and self.rates[last] <= self.rates[best] * (1 + 1e-6)
        return last if never else best

    @property
    def interval(self) -> float:
        """The cheapest interval [unit]; inf where none is cheaper than never."""
        return float(self.intervals[self.at])

    @property
    def rate(self) -> float:
        """Cost at the cheapest interval [money/unit]."""
        return float(self.rates[self.at])

    def rate_at(self, interval: float) -> float:
        """Cost at an interval, interpolated [money/unit]; beyond the grid that of its end."""
        finite = np.isfinite(self.intervals)
        if not math.isfinite(interval):
            return float(self.rates[-1])
        return float(np.interp(interval, self.intervals[finite], self.rates[finite]))


def run_to_failure(life: Life, prices: Prices) -> Curve:
    """Replace at failure only."""
    cycle = life.mean + prices.failure_hours
    one = np.array([1.0])
    rate, available = prices.of_failure / cycle, life.mean / cycle
    return Curve("run_to_failure", math.inf * one, rate * one, available * one, one / cycle)


def age(life: Life, prices: Prices) -> Curve:
    """Replace at failure or at that age, whichever comes first; never is the last interval.

    Example  age(weibull_life(2.5, 1000), Prices(5, 1)).interval is about 493
    """
    left, lived = life.left[1:], life.lived[1:]
    failed = 1 - left
    cycle = lived + prices.planned_hours * left + prices.failure_hours * failed
    rates = (prices.of_planned * left + prices.of_failure * failed) / cycle
    never = run_to_failure(life, prices)
    return _refined(
        Curve("age", *(np.append(a, b) for a, b in zip(
            (life.ages[1:], rates, lived / cycle, failed / cycle),
            (never.intervals, never.rates, never.available, never.failures), strict=True))),
        lambda t: _age_at(life, prices, t),
    )  # fmt: skip


def minimal_repair(life: Life, prices: Prices) -> Curve:
    """Renew at that interval; failures in between are repaired and leave the age as it is.

    For a Weibull the cheapest interval is scale · (planned / (repair · (shape - 1)))^(1 / shape), without stop times.
    """
    hazard, t = life.hazard[1:], life.ages[1:]
    sound = life.left[1:] > 1e-250
    hazard, t = hazard[sound], t[sound]
    cycle = t + prices.planned_hours + prices.hours_of_repair * hazard
    rates = (prices.of_planned + prices.of_repair * hazard) / cycle

    def exact(ages: Floats) -> Floats:
        h = -np.log(life.surviving(ages))
        return np.asarray((prices.of_planned + prices.of_repair * h)
                          / (ages + prices.planned_hours + prices.hours_of_repair * h))  # fmt: skip

    return _refined(Curve("minimal_repair", t, rates, t / cycle, hazard / cycle), exact)


def block(life: Life, prices: Prices) -> Curve:
    """Replace at fixed times and at failures in between; a part may be nearly new when its time comes."""
    t = np.linspace(0.0, _RENEWAL_REACH * life.mean, _RENEWAL_POINTS + 1)
    expected = renewals(life, t)[1:]
    t = t[1:]
    cycle = t + prices.planned_hours + prices.failure_hours * expected
    rates = (prices.of_planned + prices.of_failure * expected) / cycle
    never = run_to_failure(life, prices)
    return Curve("block", *(np.append(a, b) for a, b in zip(
        (t, rates, t / cycle, expected / cycle),
        (never.intervals, never.rates, never.available, never.failures), strict=True)))  # fmt: skip


def renewals(life: Life, times: Floats) -> Floats:
    """Expected failures up to each time where each failure is replaced at once: the renewal function [1].

    times  from 0 in equal steps [unit], shape (n + 1,)
    Method Riemann-Stieltjes sums at the middles of the steps (Xie 1989)
    """
    step = np.diff(times)
    if times[0] != 0 or len(step) < 2 or not np.allclose(step, step[0]):
        raise InputError("a renewal function needs equal steps from 0", came=f"{len(times)} times")
    failed = 1 - life.surviving(times)
    middle = 1 - life.surviving(0.5 * (times[1:] + times[:-1]))
    m = np.zeros(len(times))
    d = 1 - middle[0]
    for i in range(1, len(times)):
        # sum over steps before this one of (F at the middle of the gap) times the renewals of the step
        gained = np.diff(m[:i])
        m[i] = (failed[i] + float(middle[i - 1 : 0 : -1] @ gained) - middle[0] * m[i - 1]) / d
    return m


def _age_at(life: Life, prices: Prices, t: Floats) -> Floats:
    left = life.surviving(t)
    lived = np.interp(t, life.ages, life.lived)
    at = np.minimum(np.searchsorted(life.ages, t, "right") - 1, len(life.ages) - 2)
    a = life.ages[at]
    lived = life.lived[at] + (t - a) * (life.left[at] + 4 * life.surviving(0.5 * (a + t)) + left) / 6
    cycle = lived + prices.planned_hours * left + prices.failure_hours * (1 - left)
    return np.asarray((prices.of_planned * left + prices.of_failure * (1 - left)) / cycle)


def _refined(curve: Curve, exact: Callable[[Floats], Floats]) -> Curve:
    """With the cheapest interval found between the points of the grid."""
    at = curve.at
    if at in {0, len(curve.rates) - 1} or not math.isfinite(curve.intervals[at + 1]):
        return curve
    fine = np.linspace(curve.intervals[at - 1], curve.intervals[at + 1], 201)
    best = int(np.argmin(values := exact(fine)))
    intervals, rates = curve.intervals.copy(), curve.rates.copy()
    intervals[at], rates[at] = fine[best], values[best]
    return Curve(curve.name, intervals, rates, curve.available, curve.failures)
