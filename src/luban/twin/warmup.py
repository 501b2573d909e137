"""Where a run that began empty begins to tell about the plant as it usually is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["Warmup", "mser"]

_LEAST_BATCHES = 20


@dataclass(frozen=True, slots=True)
class Warmup:
    """How much of a series to drop.

    points  values before the warm-up point; the best guess where none was found
    found   False: the series is too short or still drifts; `reason` says which
    """

    points: int
    found: bool
    reason: str = ""


def mser(series: Sequence[float] | NDArray[np.float64], batch: int = 5) -> Warmup:
    """Warm-up point by MSER-5: what is dropped makes the standard error of the rest's mean least.

    series  values at equal distances, best a mean over several runs
    batch   values a batch [1]; 5 by the source
    A point in the second half is none: the series has not settled, run longer. The last 5 batches are no candidates,
    a few values that happen to agree there would win.

    Raises  InputError on a value that is unknown or infinite
    Source  White 1997, doi 10.1177/003754979706900601; Hoad, Robinson, Davies 2010, doi 10.1057/jors.2009.87
    Example >>> mser([0.0] * 50 + [8.0, 12.0] * 100).points
            50
    """
    values = np.asarray(series, float)
    if not np.isfinite(values).all():
        raise InputError("a warm-up point needs a series without gaps", came="a value that is no number")
    count = len(values) // batch
    if count < _LEAST_BATCHES:
        needed = _LEAST_BATCHES * batch
        return Warmup(0, found=False, reason=f"too short: {len(values)} values, at least {needed} are needed")
    means = values[: count * batch].reshape(count, batch).mean(axis=1)
    means = means - means.mean()
    left = np.arange(count, 0, -1)
    total = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum(means[::-1] ** 2)[::-1]
    error = np.maximum(squares - total**2 / left, 0.0) / left.astype(float) ** 2
    best = int(np.argmin(error[: count - 5]))
    if best > count // 2:
        where = f"the best point is {best * batch} of {len(values)}, in the second half"
        return Warmup(best * batch, found=False, reason=f"too short: {where}; run at least twice as long")
    return Warmup(best * batch, found=True)
