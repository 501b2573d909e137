"""The noncentral t distribution, which exact intervals of one-sided indices and tolerance limits rest on.

Source: D. B. Owen (1968), Technometrics 10, 445-478.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from luban.understand.quality.data import Floats

__all__ = ["centrality", "noncentral_quantile", "noncentral_share"]

_LARGE, _REACH = 1000.0, 9.0


def noncentral_share(t: float, degrees: float, offset: float) -> float:
    """Probability of a value at or below t [1]; degrees of freedom above 0, noncentrality `offset`.

    By quadrature, over the normal part where the chi part varies slowly with it, else over the chi part: right to ten
    digits also where series fail, far out and for large noncentralities.
    Example  noncentral_share(0.0, 5, 0.0) == 0.5
    """
    if t == 0:
        return float(special.ndtr(-offset))
    if t < 0:
        return 1.0 - noncentral_share(-t, degrees, -offset)
    nodes, weight = _nodes()
    if t > np.sqrt(2 * degrees):
        # below zero the chi part is above the ratio for certain; the rest is smooth
        begin = float(np.clip(-offset, -_REACH, _REACH))
        z = (begin + _REACH) / 2 + nodes * (_REACH - begin) / 2
        above = special.gammaincc(degrees / 2, degrees * np.maximum((z + offset) / t, 0.0) ** 2 / 2)
        density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        return float(special.ndtr(-offset) + (weight * (_REACH - begin) / 2 * density * above).sum())
    low, high = np.sqrt(2 * special.gammaincinv(degrees / 2, np.array([1e-17, 1 - 1e-16])) / degrees)
    r = (low + high) / 2 + nodes * (high - low) / 2
    half = degrees / 2
    log_density = np.log(2) + half * np.log(half) - special.gammaln(half) + (degrees - 1) * np.log(r) - half * r * r
    return float((weight * (high - low) / 2 * np.exp(log_density) * special.ndtr(t * r - offset)).sum())


@cache
def _nodes() -> tuple[Floats, Floats]:
    at, weight = np.polynomial.legendre.leggauss(400)
    return at, weight


def noncentral_quantile(p: float, degrees: float, offset: float) -> float:
    """Value below which the probability is p, 0 < p < 1."""
    from scipy.optimize import brentq

    near = _near(p, degrees, offset)
    reach = 1.0 + abs(near) * 0.05
    low, high = near - reach, near + reach
    while noncentral_share(low, degrees, offset) > p:
        low -= reach
        reach *= 2
    while noncentral_share(high, degrees, offset) < p:
        high += reach
        reach *= 2
    return float(brentq(lambda t: noncentral_share(t, degrees, offset) - p, low, high, xtol=1e-12, rtol=1e-14))


def centrality(t: float, degrees: float, p: float) -> float:
    """Noncentrality at which a value of t or less has probability p, 0 < p < 1.

    Above 1,000 degrees of freedom by the normal, which is right to five digits there.
    """
    near = t - float(special.ndtri(p)) * np.sqrt(1 + t * t / (2 * degrees))
    if degrees > _LARGE:
        return float(near)
    from scipy.optimize import brentq

    reach = 4.0 + 4 * abs(t) / np.sqrt(degrees)
    return float(brentq(lambda at: noncentral_share(t, degrees, at) - p, near - reach, near + reach, xtol=1e-11))


def _near(p: float, degrees: float, offset: float) -> float:
    """A first guess by the normal."""
    q = float(special.ndtri(p))
    a = 1 - q * q / (2 * degrees)
    root = offset * offset - a * (offset * offset - q * q)
    if a <= 0.05 or root < 0:
        return offset
    return float((offset + np.sign(q) * np.sqrt(root)) / a)
