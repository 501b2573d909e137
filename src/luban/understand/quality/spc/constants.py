"""Constants of Shewhart charts, worked out by integral for any size, not typed from a table.

For a sample of n from a normal population with standard deviation 1: the range has mean d2 and standard deviation d3,
the standard deviation (n - 1) has mean c4.

Source  H. L. Harter, Tables of range and studentized range, Annals of Mathematical Statistics 31 (1960) 1122-1147;
        NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from luban.core.errors import InputError

__all__ = ["Constants", "c4", "constants", "d2", "d3"]

LARGEST = 1_000_000
"""Largest sample for which the range constants are worked out."""


@dataclass(frozen=True, slots=True)
class Constants:
    """Constants for subgroups of one size, all [1].

    size        n
    d2, d3      mean and standard deviation of the range [sigma]
    c4          mean of the standard deviation [sigma]
    a2, a3, a   distance of the limits of the mean in ranges, standard deviations and sigmas (width 3)
    d_lower, d_upper  limits of the range in ranges (D3, D4)
    b_lower, b_upper  limits of the standard deviation in standard deviations (B3, B4)
    """

    size: int
    d2: float
    d3: float
    c4: float
    a2: float
    a3: float
    a: float
    d_lower: float
    d_upper: float
    b_lower: float
    b_upper: float


def d2(size: int) -> float:
    """Mean range of `size` values [sigma], size 2 … 1,000,000, to 10 digits. InputError outside.

    Example  round(d2(5), 5) == 2.32593
    """
    return _range(_checked(size))[0]


def d3(size: int) -> float:
    """Standard deviation of the range of `size` values [sigma], size 2 … 1,000,000, to 10 digits.

    Example  round(d3(5), 5) == 0.86408
    """
    return _range(_checked(size))[1]


def c4(size: int) -> float:
    """Mean standard deviation (n - 1) of `size` values [sigma]: Γ(n/2) / Γ((n-1)/2) · √(2/(n-1)), size at least 2.

    Example  round(c4(5), 6) == 0.939986
    """
    if size < 2:
        raise InputError("one value has no standard deviation", came=str(size), expected="a size of at least 2")
    return _deviation(size)


def constants(size: int, *, decimals: int | None = None, width: float = 3.0) -> Constants:
    """All constants for one size.

    decimals  round each of them to so many decimals, as printed tables do; None: do not round
    width     distance of the limits from the centre [standard errors]

    Example  round(constants(5).d_upper, 3) == 2.114
    """
    mean, spread, bias = d2(size), d3(size), c4(size)
    root, left = math.sqrt(size), math.sqrt(max(1.0 - bias * bias, 0.0))
    exact = (
        mean, spread, bias, width / (mean * root), width / (bias * root), width / root,
        max(0.0, 1.0 - width * spread / mean), 1.0 + width * spread / mean,
        max(0.0, 1.0 - width * left / bias), 1.0 + width * left / bias,
    )  # fmt: skip
    return Constants(size, *(exact if decimals is None else (round(one, decimals) for one in exact)))


def _checked(size: int) -> int:
    if not 2 <= size <= LARGEST:
        expected = f"a size from 2 to {LARGEST:,}"
        raise InputError("no range constants for this size", came=str(size), expected=expected, hint="use xbar_s")
    return int(size)


@lru_cache(maxsize=4096)
def _deviation(size: int) -> float:
    if size > 300:  # the difference of two large logarithms would lose digits; Stirling's series does not
        one = 1.0 / (size - 1.0)
        return 1.0 + one * _polynomial(one, (-1 / 4, 1 / 32, 5 / 128, -21 / 2048, -399 / 8192))
    return math.exp(math.lgamma(size / 2) - math.lgamma((size - 1) / 2)) * math.sqrt(2.0 / (size - 1))


def _polynomial(at: float, factors: Sequence[float]) -> float:
    value = 0.0
    for factor in reversed(factors):
        value = value * at + factor
    return value


@lru_cache(maxsize=4096)
def _range(size: int) -> tuple[float, float]:
    """Mean and standard deviation of the range, from P(range > r) and its first two moments.

    P(range <= r) = n ∫ φ(x) [Φ(x + r) - Φ(x)]^(n-1) dx: trapezoids over the whole line (they converge exponentially
    there), Gauss-Legendre over r.
    """
    from scipy.special import ndtr

    reach = 2.0 * math.sqrt(2.0 * math.log(size)) + 9.0
    nodes, weights = np.polynomial.legendre.leggauss(160)
    ranges, weights = (nodes + 1.0) * (reach / 2), weights * (reach / 2)
    step = 1.0 / 48.0
    least = np.arange(-reach, 9.0, step)
    density = np.exp(-0.5 * least * least) * (size * step / math.sqrt(2.0 * math.pi))
    outside = ndtr(least)[None, :] + ndtr(-(least[None, :] + ranges[:, None]))
    inside = np.exp((size - 1) * np.log1p(-np.minimum(outside, 1.0 - 1e-16))) @ density
    beyond = 1.0 - np.minimum(inside, 1.0)
    mean = float(weights @ beyond)
    square = 2.0 * float(weights @ (ranges * beyond))
    return mean, math.sqrt(square - mean * mean)
