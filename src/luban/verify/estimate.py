"""What a method found: an effect with its interval, and the course that was to be expected without the act.

Reads   nothing    Writes  nothing: a part of an outcome
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from luban.understand.quality.data import Floats, Ints
from luban.verify.serial import Mixture

__all__ = ["Course", "Estimate", "of_mixture"]


@dataclass(frozen=True, eq=False)
class Course:
    """What was measured in each period, and what was to be expected without the act.

    times     begin of each period [µs UTC];  measured, expected  [unit];  half  of the interval of one period
    after     whether the act was in effect
    """

    times: Ints
    measured: Floats
    expected: Floats
    half: Floats
    after: np.ndarray

    @property
    def running(self) -> Floats:
        """Sum of measured less expected since the act, after each later period [unit]."""
        summed: Floats = np.cumsum((self.measured - self.expected)[self.after])
        return summed


@dataclass(frozen=True, eq=False)
class Estimate:
    """An effect in one period, on the average of those after the act.

    effect, low, high  measured less expected, and its interval at `level` [unit]
    bound              it is smaller than this, whichever way, at 1 - level of error each side [unit]
    p                  probability of as large an effect by chance alone
    before, after      the figure on the average [unit];  expected  after, without the act
    n_before, n_after  periods (runs) it rests on
    rho                autocorrelation, on the average of what is likely [1]; NaN where there is none
    figures            further figures of the method by name, e.g. level and slope change
    """

    effect: float
    low: float
    high: float
    bound: float
    p: float
    level: float
    before: float
    after: float
    expected: float
    n_before: int
    n_after: int
    rho: float = math.nan
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    course: Course | None = None


def of_mixture(
    found: Mixture,
    level: float,
    *,
    before: float,
    after: float,
    n_before: int,
    n_after: int,
    rho: float = math.nan,
    figures: Mapping[str, float] | None = None,
    notes: tuple[str, ...] = (),
    course: Course | None = None,
) -> Estimate:
    """The estimate that a mixture comes to; fields as in `Estimate`."""
    low, high = found.interval(level)
    inner = found.interval(2 * level - 1) if level > 0.5 else (low, high)
    return Estimate(
        effect=found.mean, low=low, high=high, bound=max(abs(inner[0]), abs(inner[1])), p=found.p(), level=level,
        before=before, after=after, expected=after - found.mean, n_before=n_before, n_after=n_after, rho=rho,
        figures=dict(figures or {}), notes=notes, course=course,
    )  # fmt: skip
