"""Chances of so many nonconforming pieces in a sample, right to about 1e-14 for lots of any size.

Differences of logarithms of large factorials lose digits; here each chance is worked out around its own mean instead,
so that nothing large is subtracted.

Source  C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000): saddle-point expansion
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import gammaln, xlogy

from luban.understand.quality.data import Floats

__all__ = ["binomial", "hypergeometric", "poisson"]

_SERIES_FROM = 16.0
_NEAR = 0.1
_TERMS = 12
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def binomial(found: Floats, size: float | Floats, quality: Floats) -> Floats:
    """Chance of `found` nonconforming pieces among `size`, each nonconforming with chance `quality`.

    found, size, quality  broadcast against each other; found from 0 on, chances from 0 to 1
    Example  binomial(np.array(0.0), 2.0, np.array(0.1)) == 0.81
    """
    x, n, p = np.broadcast_arrays(np.asarray(found, np.float64), np.asarray(size, np.float64), quality)
    possible = (x >= 0) & (x <= n)
    inner = possible & (x > 0) & (x < n) & (p > 0) & (p < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        none = np.where(p < 1, np.exp(n * np.log1p(-np.minimum(p, 1.0))), (n == 0).astype(float))
        every = np.where(p > 0, np.exp(xlogy(n, p)), (n == 0).astype(float))
    made = np.where(x == 0, none, np.where(x == n, every, 0.0))
    k, m = np.where(inner, x, 1.0), np.where(inner, n, 2.0)
    share = np.where(inner, p, 0.5)
    log = _rest(m) - _rest(k) - _rest(m - k) - _away(k, m * share) - _away(m - k, m * (1 - share))
    middle = np.exp(log) * np.sqrt(m / (2 * math.pi * k * (m - k)))
    return np.asarray(np.where(inner, middle, np.where(possible, made, 0.0)))


def hypergeometric(found: Floats, size: float, bad: Floats, whole: float) -> Floats:
    """Chance of `found` nonconforming pieces in a sample drawn without putting back.

    size   pieces drawn
    bad    nonconforming pieces in the lot; whole: pieces in the lot
    Example  hypergeometric(np.array(1.0), 1.0, np.array(2.0), 4.0) == 0.5
    """
    x, b = np.broadcast_arrays(np.asarray(found, np.float64), np.asarray(bad, np.float64))
    possible = (x >= 0) & (x <= b) & (x <= size) & (size - x <= whole - b) & (b >= 0) & (b <= whole)
    k, b = np.where(possible, x, 0.0), np.where(possible, b, 0.0)
    if size >= whole:
        return np.where(possible & (x == b), 1.0, 0.0)
    share = np.asarray(size / whole)
    made = binomial(k, b, share) * binomial(size - k, whole - b, share) / binomial(np.asarray(size), whole, share)
    return np.asarray(np.where(possible, made, 0.0))


def poisson(found: Floats, mean: Floats) -> Floats:
    """Chance of `found` nonconformities where `mean` are expected.

    Example  poisson(np.array(0.0), np.array(0.0)) == 1.0
    """
    return np.asarray(np.exp(xlogy(found, mean) - mean - gammaln(np.asarray(found) + 1.0)))


def _rest(n: Floats) -> Floats:
    """What Stirling's formula leaves of log n!, for n from 1 on."""
    small = np.minimum(n, _SERIES_FROM)
    exact = gammaln(small + 1) - (small + 0.5) * np.log(small) + small - 0.5 * math.log(2 * math.pi)
    over = 1 / np.maximum(n, _SERIES_FROM)
    series = np.zeros_like(over)
    for term in reversed(_STIRLING):
        series = series * over**2 + term
    return np.asarray(np.where(n < _SERIES_FROM, exact, series * over))


def _away(x: Floats, mean: Floats) -> Floats:
    """X log(x / mean) + mean - x, without loss where x is near the mean; x and mean above 0."""
    ratio = (x - mean) / (x + mean)
    term = 2 * x * ratio
    series = (x - mean) * ratio
    for at in range(1, _TERMS):
        term = term * ratio**2
        series = series + term / (2 * at + 1)
    return np.asarray(np.where(np.abs(ratio) < _NEAR, series, x * np.log(x / mean) + mean - x))
