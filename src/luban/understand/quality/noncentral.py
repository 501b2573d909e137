"""The noncentral t distribution, which exact intervals of one-sided indices and tolerance limits rest on.

Source: D. B. Owen (1968), Technometrics 10, 445-478.
"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["centrality", "noncentral_quantile", "noncentral_share"]

_LARGE = 1000.0


def noncentral_share(t: float, degrees: float, offset: float) -> float:
    """Probability of a value at or below t [1]; degrees of freedom above 0, noncentrality `offset`.

    Example  noncentral_share(0.0, 5, 0.0) == 0.5
    """
    if t < 0:
        return 1.0 - float(special.nctdtr(degrees, -offset, -t))
    return float(special.nctdtr(degrees, offset, t))


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
