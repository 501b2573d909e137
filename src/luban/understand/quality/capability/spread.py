"""The spread of a process: within subgroups and overall, with the degrees of freedom behind each.

Sources: ISO 22514-2:2017, 6; NIST/SEMATECH e-Handbook 6.3.2; P. B. Patnaik (1950), Biometrika 37, 78-87, for the
degrees of freedom of a mean range. The variance of a mean of overlapping moving ranges follows from the bivariate
normal: E|uv| = 2 su sv (sqrt(1 - r²) + r asin r) / π with r = -1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Sample
from luban.understand.quality.spc.constants import c4, d2, d3

__all__ = ["WITHIN", "Spread", "degrees_of", "measurable", "overall", "within"]

_LARGEST = 1e150

WITHIN = ("pooled", "rbar", "sbar", "mr")
"""Ways to the spread within subgroups: pooled variances, mean range, mean standard deviation, moving ranges."""

_TOUCHING = 4 / np.pi * (np.sqrt(0.75) + 0.5 * np.arcsin(0.5)) - 4 / np.pi  # covariance of neighbours [sigma²]


@dataclass(frozen=True, slots=True)
class Spread:
    """An estimate of a standard deviation.

    sigma    estimate [unit]
    degrees  degrees of freedom [1]: (sigma scale / true)² · degrees is (about) chi-square
    scale    brings the estimate onto that footing [1]; 1 where its square is free of bias
    """

    method: str
    sigma: float
    degrees: float
    scale: float = 1.0

    @property
    def root(self) -> float:
        """The estimate whose square is free of bias [unit]."""
        return self.sigma * self.scale


def measurable(values: Sequence[float] | Floats, where: str = "") -> Floats:
    """The values as numbers whose squares can be calculated with, shape (n,). Raises InputError otherwise."""
    x = np.asarray(values, np.float64)
    if len(x) and not float(np.abs(x).max()) < _LARGEST:
        came = f"{x[int(np.argmax(np.abs(x)))]:g}"
        raise InputError("the values are too large to calculate with", came=came, expected="below 1e150", where=where)
    return x


def overall(values: Floats) -> Spread:
    """Standard deviation of all values with n - 1 [unit]; n at least 2."""
    return Spread("overall", float(np.std(values, ddof=1)), float(len(values) - 1))


def within(sample: Sample, method: str = "") -> Spread | None:
    """Spread within subgroups; None where the sample cannot show it.

    method   one of WITHIN; by default pooled variances, or moving ranges where every subgroup has one value
    Raises   InputError for another method, and for one that does not fit the subgroups
    Example  within(subgroups([[1, 3], [5, 7]])).sigma == sqrt(2)
    """
    sizes = sample.sizes
    single = not bool((sizes > 1).any())
    method = method or ("mr" if single else "pooled")
    if method not in WITHIN:
        raise InputError("no such way to the spread within subgroups", came=method, expected=", ".join(WITHIN))
    if method == "mr":
        if not single:
            raise InputError("moving ranges need subgroups of one", came=f"subgroups of up to {int(sizes.max())}")
        return _moving(sample.values) if len(sample.values) >= 3 else None
    if single:
        return None
    return _pooled(sample) if method == "pooled" else _mean(sample, ranges=method == "rbar")


def degrees_of(variation: float) -> tuple[float, float]:
    """Degrees of freedom of an unbiased estimate of sigma with this squared coefficient of variation, and its scale.

    The estimate is taken as a multiple of a chi, both moments alike (Patnaik).
    Example  round(degrees_of(0.8525**2 / 1.12838**2)[0], 1) == 1.0: one range of two values
    """
    from scipy.optimize import brentq
    from scipy.special import gammaln

    wanted = 1 / np.sqrt(1 + variation)

    def gap(log_degrees: float) -> float:
        half = np.exp(log_degrees) / 2
        if half > 1e5:
            return float(1 - 1 / (8 * half) - wanted)
        return float(np.exp(gammaln(half + 0.5) - gammaln(half)) / np.sqrt(half) - wanted)

    if variation <= 0:
        return float("inf"), 1.0
    return float(np.exp(brentq(gap, np.log(1e-3), np.log(1e12), xtol=1e-12))), float(wanted)


def _sums(sample: Sample) -> tuple[Floats, Floats]:
    """Sum of squares about its mean, and range, of each subgroup."""
    values, starts = sample.values, sample.starts[:-1]
    means = np.add.reduceat(values, starts) / sample.sizes
    squares = np.add.reduceat((values - np.repeat(means, sample.sizes)) ** 2, starts)
    return squares, np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)


def _pooled(sample: Sample) -> Spread:
    squares, _ = _sums(sample)
    degrees = float((sample.sizes - 1).sum())
    return Spread("pooled", float(np.sqrt(squares.sum() / degrees)), degrees)


def _mean(sample: Sample, *, ranges: bool) -> Spread:
    """Subgroups weighted by how well each shows sigma, which is the plain mean where all have one size."""
    squares, reach = _sums(sample)
    total = weight_sum = 0.0
    for size in np.unique(sample.sizes[sample.sizes > 1]).tolist():
        own = sample.sizes == size
        if ranges:
            told, doubt = reach[own] / d2(size), (d3(size) / d2(size)) ** 2
        else:
            told, doubt = np.sqrt(squares[own] / (size - 1)) / c4(size), (1 - c4(size) ** 2) / c4(size) ** 2
        total += float(told.sum()) / doubt
        weight_sum += int(own.sum()) / doubt
    degrees, scale = degrees_of(1 / weight_sum)
    return Spread("rbar" if ranges else "sbar", total / weight_sum, degrees, scale)


def _moving(values: Floats) -> Spread:
    ranges = np.abs(np.diff(values))
    m = len(ranges)
    variation = (m * (2 - d2(2) ** 2) + 2 * (m - 1) * _TOUCHING) / (m * m * d2(2) ** 2)
    degrees, scale = degrees_of(float(variation))
    return Spread("mr", float(ranges.mean()) / d2(2), degrees, scale)
