"""Intervals that keep their promise: as wide as the errors made on machines that a model had not seen.

Local split conformal: the width at a prediction is a quantile of the absolute errors at the nearest predictions, with
the correction for a finite number of machines. Sources: V. Vovk, A. Gammerman, G. Shafer (2005), Algorithmic Learning
in a Random World, ch. 2; J. Lei et al. (2018), JASA 113, 1094-1111.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from luban.understand.quality.data import Floats

__all__ = ["Errors", "collect", "failures_needed"]

_NEIGHBOURS = 0.2  # share of all errors
_LEAST = 60


def failures_needed(share: float) -> int:
    """Least number of failures that carries an interval of this coverage.

    Example  failures_needed(0.9) == 9
    """
    return math.ceil(share / (1 - share) - 1e-9)


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors on machines that the model had not seen.

    predicted  rising, shape (n,)
    size       absolute error of each, shape (n,)
    units      number of machines they come from
    """

    predicted: Floats
    size: Floats
    units: int

    def width(self, predicted: Floats, share: float) -> Floats:
        """Half width of the interval at each prediction, shape (m,); NaN where machines are too few for the share."""
        level = share * (1 + 1 / self.units) if self.units else 2.0
        if level > 1:
            return np.full(len(predicted), np.nan)
        window = min(len(self.size), max(_LEAST, int(_NEIGHBOURS * len(self.size))))
        at = np.searchsorted(self.predicted, predicted) - window // 2
        begin = np.clip(at, 0, len(self.size) - window)
        rank = min(window - 1, math.ceil(level * window) - 1)
        near = np.lib.stride_tricks.sliding_window_view(self.size, window)
        return np.array([np.partition(near[b], rank)[rank] for b in begin], np.float64)


def collect(predicted: Floats, true: Floats, units: int) -> Errors:
    """Errors in order of the predictions."""
    order = np.argsort(predicted, kind="stable")
    return Errors(predicted[order], np.abs(true - predicted)[order], units)
