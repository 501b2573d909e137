"""Indices of a process whose values follow another family than the normal: by its percentiles.

The distance from the median to a limit is compared with the distance to the percentile that 3 sigma of a normal
would reach (0.135 % and 99.865 %). Source: ISO 22514-2:2017, 7; intervals by samples drawn from the fitted family.
"""

from __future__ import annotations

import numpy as np

from luban.understand.quality.capability import words
from luban.understand.quality.capability.indices import Index, withheld
from luban.understand.quality.data import Floats, Sample
from luban.understand.quality.distributions import Fitted, fit, standard_fits

__all__ = ["fitted_indices"]

_SHARES = np.array([0.001349898031630095, 0.5, 0.9986501019683699])
_DRAWS, _SLOW_DRAWS, _LARGEST = 1000, 100, 1000


def fitted_indices(sample: Sample, law: Fitted, level: float = 0.95, seed: int = 1) -> tuple[Index, ...]:
    """Pp, Ppl, Ppu, Ppk of the fitted family, each with an interval from samples drawn from it.

    level  confidence of the intervals, 0 < level < 1
    seed   of the draws: the same seed gives the same interval
    """
    n = len(sample.values)
    points = law.quantile(_SHARES)
    drawn = _drawn(law, n, seed)
    value = _indices(points[None], sample.lower, sample.upper)
    spread = _indices(drawn, sample.lower, sample.upper)
    found = []
    for name, reason in (("Pp", words.NEEDS_BOTH), ("Ppl", words.NEEDS_LOWER), ("Ppu", words.NEEDS_UPPER), ("Ppk", "")):
        own, cloud = value[name], spread[name]
        if own is None or cloud is None:
            found.append(withheld(name, reason))
            continue
        ends = np.quantile(cloud, [(1 - level) / 2, (1 + level) / 2])
        told = words.BOOTSTRAP.format(n=len(drawn))
        found.append(Index(name, float(own[0]), float(ends[0]), float(ends[1]), told))
    return tuple(found)


def _indices(points: Floats, lower: float | None, upper: float | None) -> dict[str, Floats | None]:
    low, middle, high = points.T
    below = None if lower is None else (middle - lower) / (middle - low)
    above = None if upper is None else (upper - middle) / (high - middle)
    wide = None if lower is None or upper is None else (upper - lower) / (high - low)
    nearest = above if below is None else below if above is None else np.minimum(below, above)
    return {"Pp": wide, "Ppl": below, "Ppu": above, "Ppk": nearest}


def _drawn(law: Fitted, n: int, seed: int) -> Floats:
    """Percentiles of the family fitted to samples drawn from it, shape (draws, 3).

    Of a long record shorter samples are drawn, and their scatter is brought down by the root of the lengths.
    """
    family, size = law.family, min(n, _LARGEST)
    draw = np.random.default_rng(seed)
    slow = family.threshold or family.bent
    x = law.quantile(draw.random((_SLOW_DRAWS if slow else _DRAWS, size)))
    if slow:
        fits = [fit(row, family.name).law for row in x]
        points = np.stack([one.quantile(_SHARES) for one in fits if one is not None])
    else:
        place, width = standard_fits(family.law, np.log(x) if family.log else x, family.width)
        points = np.stack([Fitted(family, a, b).quantile(_SHARES) for a, b in zip(place, width, strict=True)])
    return np.asarray(law.quantile(_SHARES) + (points - law.quantile(_SHARES)) * np.sqrt(size / n))
