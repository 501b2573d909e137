"""EWMA chart: each point leans on those before it, the newest with weight λ.

    z[i] = λ·x̄[i] + (1 − λ)·z[i−1],  z[0] = centre
    variance of z[i] = λ²·σ²/n[i] + (1 − λ)²·variance of z[i−1]

The variance is carried on from point to point, so that limits are exact for the first points and for subgroups of
unequal size. `growing` false draws them where they end up, as handbooks often do.

Source  S. W. Roberts, Technometrics 1 (1959) 239-250; J. M. Lucas and M. S. Saccucci, Technometrics 32 (1990) 1-12,
        doi:10.1080/00401706.1990.10484583; NIST/SEMATECH e-Handbook 6.3.2.4
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.spc.kind import (
    WEIGHTED,
    Bools,
    Fit,
    Kind,
    PanelKind,
    Points,
    Track,
    one_group,
    points_of_sample,
)
from luban.understand.quality.spc.limits import WIDTH, Limits, number
from luban.understand.quality.spc.scale import SCALE_OPTIONS, flag, lines_around, means_of, option, scale_of

__all__ = ["EWMA"]

_WEIGHT = 0.2
_OPTIONS = {
    "weight": "λ of the newest point [1], 0 < λ ≤ 1; 0.2",
    "width": "distance of the limits from the centre [standard errors]; 3",
    "growing": "limits that begin narrow with the variance of the first points; true",
    **SCALE_OPTIONS,
}


class _Run:
    """memory: z, variance of z [σ²]."""

    def __init__(self, limits: Limits) -> None:
        self.centre = number(limits, "centre")
        self.sigma = number(limits, "sigma", above=0)
        self.weight = number(limits, "weight", above=0, default=_WEIGHT)
        self.width = number(limits, "width", above=0, default=WIDTH)
        self.growing = flag(limits.parameters.get("growing", True), "growing")
        if self.weight > 1:
            raise InputError(
                "the weight of an EWMA is not in 0 … 1", came=f"{self.weight:g}", expected="0 < weight ≤ 1"
            )
        self.memory: Floats = np.array([self.centre, 0.0])

    def advance(self, points: Points) -> tuple[Track, ...]:
        """One track: the EWMA."""
        means = means_of(points)
        count = len(means)
        values, spreads = np.empty(count), np.empty(count)
        z, variance = self.memory.tolist()
        weight, keep = self.weight, 1.0 - self.weight
        final = weight / (2.0 - weight)
        for at, (mean, size) in enumerate(zip(means.tolist(), points.sizes.tolist(), strict=True)):
            z = weight * mean + keep * z
            variance = weight * weight / size + keep * keep * variance
            values[at] = z
            spreads[at] = sqrt(variance if self.growing else final / size)
        self.memory[:] = z, variance
        return (Track(values, lines_around(self.centre, self.sigma * spreads, self.width)),)


def _fit(data: object, use: Bools, options: Mapping[str, Any]) -> Fit:
    scale = scale_of(data, use, options)
    parameters = {
        **scale.parameters,
        "weight": option(options, "weight", _WEIGHT),
        "width": option(options, "width", WIDTH),
        "growing": flag(options.get("growing", True), "growing"),
    }
    return Fit(parameters, scale.notes)


EWMA = Kind(
    name="ewma", title="EWMA", panels=(PanelKind("EWMA", WEIGHTED),), points=points_of_sample, one=one_group, fit=_fit,
    start=_Run, options=_OPTIONS,
)  # fmt: skip
