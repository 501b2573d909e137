"""Indicators of how large a signal is and how its values lie: from the values alone, in any order.

Names and formulas follow ISO 20816-1 (RMS, peak) and the usual condition monitoring set (ISO 13373-2): kurtosis is
m4/m2² (3 for normal noise), skewness m3/m2^1.5, both with the moments about the mean that divide by n.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from luban.understand.quality.data import Floats

__all__ = ["SHAPES", "shape_of"]

SHAPES: Final = (
    "mean", "rms", "standard deviation", "peak", "peak to peak", "crest factor", "shape factor", "impulse factor",
    "clearance factor", "kurtosis", "skewness",
)  # fmt: skip
"""Every indicator of `shape_of`, in its order."""

_FLAT = 1e-9  # of the largest value: a spread below this is rounding, and no moment can be told


def shape_of(values: Floats) -> dict[str, float]:
    """Indicators of values [their unit]; factors, kurtosis and skewness have the unit 1.

    values   finite numbers, shape (n,); of none, nothing is told
    returns  by names of SHAPES; what the values do not define is left out: no factors of zeros, no moments of a
             constant
    Example  shape_of(np.array([3.0, -4.0]))["rms"]  # sqrt(12.5)
    """
    if not len(values):
        return {}
    size = np.abs(values)
    peak, low, high = float(size.max()), float(values.min()), float(values.max())
    if peak == 0.0:
        return {"mean": 0.0, "rms": 0.0, "standard deviation": 0.0, "peak": 0.0, "peak to peak": 0.0}
    scaled = values / peak  # squares and fourth powers stay in range
    mean, square = float(scaled.mean()), float((scaled * scaled).mean())
    away = scaled - mean
    second = float((away * away).mean())
    rms, straight, root = peak * square**0.5, float(size.mean()), float(np.sqrt(size).mean()) ** 2
    told = {
        "mean": peak * mean,
        "rms": rms,
        "standard deviation": peak * second**0.5,
        "peak": peak,
        "peak to peak": high - low,
        "crest factor": peak / rms,
        "shape factor": rms / straight,
        "impulse factor": peak / straight,
        "clearance factor": peak / root,
    }
    if second > _FLAT**2:
        squares = away * away
        told["kurtosis"] = float((squares * squares).mean()) / second**2
        told["skewness"] = float((squares * away).mean()) / second**1.5
    return told
