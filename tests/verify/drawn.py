"""Series whose truth is known: days with noise that goes together, drivers, a season, an effect."""

from __future__ import annotations

import numpy as np

from luban.core.time import DAY
from luban.understand.quality.data import Floats
from luban.verify import Series, series

START = 1_767_225_600_000_000


def alike(g: np.random.Generator, count: int, rho: float) -> Floats:
    """Noise of size 1, each day like the one before."""
    drawn = g.normal(size=count + 60) * np.sqrt(1 - rho * rho)
    for at in range(1, len(drawn)):
        drawn[at] += rho * drawn[at - 1]
    return np.asarray(drawn[60:], np.float64)


def days(
    seed: int = 1, before: int = 40, after: int = 20, *, rho: float = 0.3, effect: float = 0.0, trend: float = 0.0
) -> Series:  # fmt: skip
    """A daily figure; the act is `moment(before)`."""
    g, day = np.random.default_rng(seed), np.arange(before + after)
    values = 100.0 + trend * day + alike(g, len(day), rho) + effect * (day >= before)
    return series(START + day * DAY, values, unit="kg")


def moment(before: int = 40) -> int:
    """When the act took effect."""
    return START + before * DAY
