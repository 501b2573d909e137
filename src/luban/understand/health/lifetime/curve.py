"""The share of units that outlive an age, without any family: Kaplan and Meier's curve, and Turnbull's.

Source  E. L. Kaplan, P. Meier, JASA 53 (1958) 457-481; B. W. Turnbull, JRSS B 38 (1976) 290-295;
        M. Greenwood's variance and its log-log interval: J. D. Kalbfleisch, R. L. Prentice (2002), 1.4
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.health.lifetime.lives import Lives
from luban.understand.health.lifetime.words import BOTH_SIDES, NEVER_HALF
from luban.understand.quality.data import Floats, Ints

__all__ = ["Curve", "CurveFigure", "kaplan_meier", "life_curve", "turnbull"]

_ROUNDS = 200_000
_STILL = 1e-9


@dataclass(frozen=True, slots=True)
class CurveFigure:
    """A life read off a curve: None where the curve or its band does not fall that far."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A falling step curve.

    method          Kaplan-Meier or Turnbull
    ages            where it steps [unit], shape (m,); of Turnbull the later end of each interval that holds failures
    since           the earlier end of it: the curve is not known in between; equal to ages for Kaplan-Meier
    surviving       share that outlives each age [1], shape (m,)
    low, high       pointwise interval [1]; nan where there is none
    failures        units that failed at each age (expected number for Turnbull), shape (m,)
    at_risk         units under observation just before, shape (m,); nan for Turnbull
    level           confidence of the interval [1]
    gap             Turnbull: how far the likelihood may still lie below its top [1]
    """

    method: str
    ages: Floats
    since: Floats
    surviving: Floats
    low: Floats
    high: Floats
    failures: Floats
    at_risk: Floats
    level: float
    gap: float = 0.0

    def at(self, age: float) -> float:
        """Share that outlives an age [1]. Example  kaplan_meier(lives([1.0, 2.0])).at(1.5) == 0.5"""
        at = int(np.searchsorted(self.ages, age, side="right"))
        return 1.0 if at == 0 else float(self.surviving[at - 1])

    def life(self, share: float) -> CurveFigure:
        """Age by which that share has failed [unit], with the interval that the band gives (Brookmeyer and Crowley)."""

        def crossed(curve: Floats) -> float | None:
            below = np.flatnonzero(curve <= 1 - share + 1e-12)
            return float(self.ages[below[0]]) if len(below) else None

        value = crossed(self.surviving)
        if self.method == "Turnbull":
            return CurveFigure(value, None, None, BOTH_SIDES if value is not None else NEVER_HALF)
        return CurveFigure(value, crossed(self.low), crossed(self.high), "" if value is not None else NEVER_HALF)


def life_curve(lives: Lives, level: float = 0.95) -> Curve:
    """Kaplan and Meier's curve where every failure has its moment, Turnbull's where some have not."""
    return kaplan_meier(lives, level) if lives.simple else turnbull(lives, level)


def kaplan_meier(lives: Lives, level: float = 0.95) -> Curve:
    """The product-limit curve of exact failures and running units, with late entries.

    Raises   InputError: a failure whose moment is not known; see turnbull
    Example  kaplan_meier(lives([6, 6, 6, 7], running=[6, 9])).surviving
    """
    if not lives.simple:
        raise InputError("some failures have no moment", where=lives.name, hint="turnbull() takes intervals")
    failed = lives.exact
    ages, where = np.unique(lives.low[failed], return_inverse=True)
    deaths = np.asarray(np.bincount(where, lives.count[failed], len(ages)), np.float64)
    order = np.sort(lives.low)
    ended = _sums(lives.low, lives.count)
    came = _sums(lives.entry, lives.count)
    at_risk = came[np.searchsorted(np.sort(lives.entry), ages, side="left")]  # came under observation before it
    at_risk = at_risk - ended[np.searchsorted(order, ages, side="left")]
    with np.errstate(divide="ignore", invalid="ignore"):
        surviving = np.asarray(np.cumprod(1 - deaths / at_risk), np.float64)
        spread = np.cumsum(deaths / (at_risk * (at_risk - deaths)))
        log = np.log(surviving)
        half = float(special.ndtri(0.5 + level / 2)) * np.sqrt(spread) / np.abs(log)
        low, high = np.exp(log * np.exp(half)), np.exp(log * np.exp(-half))
    return Curve("Kaplan-Meier", ages, ages, surviving, low, high, deaths, at_risk, level)


def _sums(ages: Floats, count: Floats) -> Floats:
    """Units with an age below the k-th smallest, k = 0 … n."""
    return np.concatenate(([0.0], np.cumsum(count[np.argsort(ages, kind="stable")])))


def turnbull(lives: Lives, level: float = 0.95) -> Curve:
    """The likeliest curve of lives known only within intervals.

    Mass can only lie where a left end is followed by a right end; it is found by self-consistency, and stops when no
    mass could raise the log-likelihood by more than 1e-9 of the units.

    Raises   InputError: units that came under observation late
    Example  turnbull(lives(between=[(0.5, 2.0), (1.0, 3.0)])).ages
    """
    if bool(lives.entry.any()):
        raise InputError("Turnbull's curve takes no units that came under observation late", where=lives.name)
    since, ages = _cells(lives)
    first, last, weight = _reach(lives, since, ages)
    mass, gap = _settled(first, last, weight, len(ages))
    total = weight.sum()
    held = (mass > 1e-7) & np.isfinite(ages)
    surviving = np.clip(1 - np.cumsum(mass), 0, 1)[held]
    nothing = np.full(int(held.sum()), np.nan)
    return Curve(
        "Turnbull", ages[held], since[held], surviving, nothing, nothing, mass[held] * total, nothing, level, gap
    )


def _settled(first: Ints, last: Ints, weight: Floats, cells: int) -> tuple[Floats, float]:
    """Masses by self-consistency, with every third step taken farther along its own direction (SQUAREM).

    Source  R. Varadhan, C. Roland, Scand. J. Statist. 35 (2008) 335-353
    """
    total = weight.sum()

    def step(mass: Floats) -> tuple[Floats, float, float]:
        sums = np.concatenate(([0.0], np.cumsum(mass)))
        held = np.maximum(sums[last] - sums[first], 1e-300)
        share = weight / held
        # what each cell gives to all rows that hold it: add where a row begins, take where it ends
        pull = np.bincount(first, share, cells + 1) - np.bincount(last, share, cells + 1)
        slope = np.cumsum(pull)[:-1] / total
        moved = mass * slope
        moved = np.where((moved < 1e-12) & (slope < 1 - 1e-4), 0.0, moved)
        return moved / moved.sum(), float(slope.max() - 1), float((weight * np.log(held)).sum())

    mass, gap = np.full(cells, 1 / cells), math.inf
    for _ in range(_ROUNDS // 3):
        once, gap, _ = step(mass)
        if gap < _STILL:
            break
        twice, _, value = step(once)
        way, turn = once - mass, twice - 2 * once + mass
        size = float(np.sqrt((way @ way) / max(float(turn @ turn), 1e-300)))
        far = mass + 2 * size * way + size**2 * turn
        far = np.where(mass > 0, np.maximum(far, 1e-3 * twice), 0.0)
        far /= far.sum()
        farther, _, there = step(far)
        mass = farther if there >= value else twice
    return mass, gap


def _cells(lives: Lives) -> tuple[Floats, Floats]:
    """The intervals that can hold mass: a left end whose next end is a right one; an exact life is one by itself."""
    exact = lives.exact
    lefts, rights = np.unique(lives.low[~exact]), np.unique(lives.high[~exact])
    points = np.unique(lives.low[exact])
    # order at one age: a right end closes before a left end opens, since rows are open at their left; an exact life
    # opens just before the right end of its own age
    marks = [(age, 2, age) for age in lefts] + [(age, 1, age) for age in rights]
    marks += [(age, 0, age) for age in points] + [(age, 1, age) for age in points]
    marks.sort()
    since, ages = [], []
    opened: tuple[float, int] | None = None
    for age, kind, _ in marks:
        if kind == 1:
            if opened is not None:
                since.append(opened[0])
                ages.append(age)
            opened = None
        else:
            opened = (age, kind)
    return np.array(since), np.array(ages)


def _reach(lives: Lives, since: Floats, ages: Floats) -> tuple[Ints, Ints, Floats]:
    """First cell and the one past the last that each kind of row holds, and the units of that kind."""
    exact = lives.exact
    last = np.searchsorted(ages, lives.high, side="right")
    point = since == ages
    # a cell lies in (low, high] where its earlier end is at or above low; a single point must lie above low
    key = np.where(point, np.nextafter(since, -np.inf), since)
    first = np.searchsorted(key, lives.low, side="left")
    at = np.searchsorted(ages, lives.low, side="left")
    first = np.where(exact, at, first)
    last = np.where(exact, at + 1, last)
    pairs, where = np.unique(np.stack((first, last), axis=1), axis=0, return_inverse=True)
    weight = np.asarray(np.bincount(where.ravel(), lives.count, len(pairs)), np.float64)
    return np.asarray(pairs[:, 0], np.int64), np.asarray(pairs[:, 1], np.int64), weight
