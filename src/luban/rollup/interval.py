"""Intervals of estimates from samples: means, ratios, shares, and what they changed by.

Reads and writes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from luban.rollup.cells import Ratio

__all__ = ["change_interval", "mean_interval", "ratio_interval", "share_interval"]

Floats = npt.NDArray[np.float64]
_NONE = 1e-12
"""Variance, of the square of what it belongs to, that is rounding and no spread."""


def _t(degrees: Floats, level: float) -> Floats:
    from scipy.special import ndtri, stdtrit

    tail = 0.5 + level / 2
    with np.errstate(invalid="ignore"):
        found = np.where(np.isfinite(degrees) & (degrees < 1e7), stdtrit(np.minimum(degrees, 1e7), tail), ndtri(tail))
    return np.asarray(found, np.float64)


def mean_interval(ratio: Ratio, level: float) -> tuple[Floats, Floats]:
    """Ends of the interval of a mean Σ w·x / Σ w [as the mean]; both the value itself where every unit was asked.

    Student's t on the units of the domain less its strata.
    """
    half = _half(ratio, level)
    return ratio.value - half, ratio.value + half


def ratio_interval(ratio: Ratio, level: float) -> tuple[Floats, Floats]:
    """Ends of the interval of a ratio of sums: on the scale of the logarithm where it is above zero.

    Sums over enterprises are skewed; there an interval around the logarithm covers nearer to its level.
    Source  Särndal, Swensson, Wretman: Model Assisted Survey Sampling (1992), 5.6 (the variance), delta method
    """
    low, high = mean_interval(ratio, level)
    above = ratio.sampled & (ratio.value > 0)
    relative = np.divide(_half(ratio, level), ratio.value, out=np.zeros(len(low)), where=above)
    factor = np.exp(np.minimum(relative, 700.0))
    return np.where(above, ratio.value / factor, low), np.where(above, ratio.value * factor, high)


def _half(ratio: Ratio, level: float) -> Floats:
    half: Floats = np.where(ratio.sampled, _t(ratio.degrees, level), 0.0) * np.sqrt(ratio.variance)
    # no spread among those asked does not tell of the others
    half[ratio.sampled & (ratio.variance <= _NONE * ratio.value**2)] = np.nan
    return half


def share_interval(ratio: Ratio, level: float) -> tuple[Floats, Floats]:
    """Ends of the interval of a share [1]: on the scale of the logit, so that it stays between 0 and 1.

    At 0 and at 1 the exact binomial bound of the units asked.
    Source  Korn and Graubard: Analysis of Health Surveys (1999), 2.4 and 3.2
    """
    p, low, high = ratio.value, ratio.value.copy(), ratio.value.copy()
    inner = ratio.sampled & (p > 0) & (p < 1)
    t = _t(ratio.degrees, level)
    logit = np.log(p[inner] / (1 - p[inner]))
    half = t[inner] * np.sqrt(ratio.variance[inner]) / (p[inner] * (1 - p[inner]))
    low[inner], high[inner] = 1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))
    edge = ratio.sampled & ((p == 0) | (p == 1))
    tail = ((1 - level) / 2) ** (1 / np.maximum(ratio.n[edge], 1))
    low[edge], high[edge] = np.where(p[edge] == 1, tail, 0.0), np.where(p[edge] == 0, 1 - tail, 1.0)
    return low, high


def change_interval(
    kind: str,
    now: Floats,
    then: Floats,
    variances: tuple[Floats, Floats, Floats],
    years: npt.NDArray[np.int64],
    degrees: Floats,
    level: float,
) -> tuple[Floats, Floats, Floats]:
    """Value and ends of a change against the base year.

    kind        "change in points": now − then; "cut": 100 · (1 − now / then) %; "average growth": % a year
    now, then   levels
    variances   of both, and their covariance
    years       between the two
    """
    own, old, shared = variances
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind == "change in points":
            spread, size = own + old - 2 * shared, now**2 + then**2
            half = _t(degrees, level) * np.sqrt(np.maximum(spread, 0))
            value = now - then
            low, high = value - half, value + half
        else:
            ratio = np.where((then > 0) & (now >= 0), now / then, np.nan)
            spread, size = own / now**2 + old / then**2 - 2 * shared / (now * then), np.ones(len(now))
            factor = np.exp(np.minimum(_t(degrees, level) * np.sqrt(np.maximum(spread, 0)), 700.0))
            value, low, high = (_changed(kind, one, years) for one in (ratio, ratio / factor, ratio * factor))
            if kind == "cut":
                low, high = high, low
        bare = np.isfinite(degrees) & (spread <= _NONE * size)  # of a sample: as in `_half`
    low, high = np.where(bare, np.nan, low), np.where(bare, np.nan, high)
    same = (years == 0) & np.isfinite(value)
    return np.where(same, 0.0, value), np.where(same, 0.0, low), np.where(same, 0.0, high)


def _changed(kind: str, ratio: Floats, years: npt.NDArray[np.int64]) -> Floats:
    if kind == "cut":
        return 100 * (1 - ratio)
    return np.where(years > 0, 100 * (ratio ** (1 / np.maximum(years, 1)) - 1), np.nan)
