"""Intervals on what a simulation found: over independent runs, over batches of one long run, over pairs of runs.

Student's t throughout; an unknown (NaN) is left out and lowers n, never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["Batches", "Interval", "batch_means", "paired", "spread", "student_t"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and where the true one lies at `level` [1]. `low`, `high` are NaN where fewer than 2 values are known."""

    mean: float
    low: float
    high: float
    n: int
    level: float

    @property
    def half(self) -> float:
        """Half the width [as the mean]."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Whether `value` lies within."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Batches:
    """An interval from batches of one long run, and whether the batches may be taken as independent.

    lag1         autocorrelation of neighbouring batches [1]; NaN for batches without spread
    independent  lag1 is below its one-sided 5 % limit of independent batches, 1.645/√k - 1/k
    """

    interval: Interval
    lag1: float
    independent: bool


def spread(samples: Floats, level: float = 0.95) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """(mean, half width, number of known values) of each column of runs × outputs."""
    if not 0 < level < 1:
        raise InputError("a level of confidence is a share", came=str(level), expected="above 0, below 1")
    from scipy.special import stdtrit

    known = ~np.isnan(samples)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, samples, 0.0).sum(axis=0) / n
        squares = (np.where(known, samples - mean, 0.0) ** 2).sum(axis=0)
        half = stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * np.sqrt(squares / (n - 1) / n)
    return np.where(n > 0, mean, np.nan), np.where(n > 1, half, np.nan), n


def student_t(values: Sequence[float] | Floats, level: float = 0.95) -> Interval:
    """Mean of independent values with its two-sided interval.

    Source   Student 1908, doi 10.2307/2331554
    Example  >>> round(student_t([9, 10, 11]).half, 3)  # t(2; 0.975) · 1 / √3
             2.484
    """
    mean, half, n = (float(part[0]) for part in spread(np.asarray(values, float)[:, None], level))
    return Interval(mean, mean - half, mean + half, int(n), level)


def paired(a: Sequence[float] | Floats, b: Sequence[float] | Floats, level: float = 0.95) -> Interval:
    """Mean of b - a over runs that met the same chances, with its interval.

    Raises  InputError if the runs do not pair up
    """
    if len(a) != len(b):
        raise InputError("only equal numbers of runs pair up", came=f"{len(a)} and {len(b)}")
    return student_t(np.asarray(b, float) - np.asarray(a, float), level)


def batch_means(series: Sequence[float] | Floats, batches: int = 20, level: float = 0.95) -> Batches:
    """Interval of the mean of one long, dependent series, from the means of equal batches of it.

    batches  [1]; what does not divide is left out at the beginning
    Raises   InputError if there are fewer than 2 batches, or fewer values than batches
    Source   Law, Simulation Modeling and Analysis, 5th ed., 9.5.3; limit of lag1: Bartlett 1946
    """
    values = np.asarray(series, float)
    if batches < 2 or len(values) < batches:
        raise InputError(
            "too few values for batches", came=f"{len(values)} values, {batches} batches", expected="2 or more batches"
        )
    means = values[len(values) % batches :].reshape(batches, -1).mean(axis=1)
    away = means - means.mean()
    total = float(away @ away)
    lag1 = float(away[1:] @ away[:-1]) / total if total > 0 else math.nan
    return Batches(student_t(means, level), lag1, not lag1 > 1.645 / math.sqrt(batches) - 1 / batches)
