"""Moving average chart: each point is the mean of the newest `span` subgroup means.

    M[i] = (x̄[i] + … + x̄[i−w+1]) / w,  variance σ²/w²·(1/n[i] + … + 1/n[i−w+1]);  the first points of what there is

Source  D. C. Montgomery, Introduction to Statistical Quality Control, 7th edition (2012), 9.3
"""

from __future__ import annotations

from collections.abc import Mapping
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
from luban.understand.quality.spc.scale import SCALE_OPTIONS, lines_around, means_of, option, scale_of

__all__ = ["MOVING_AVERAGE"]

_SPAN = 5
_LONGEST = 1000
_OPTIONS = {
    "span": "subgroups in the average, 2 … 1000; 5",
    "width": "distance of the limits from the centre [standard errors]; 3",
    **SCALE_OPTIONS,
}


class _Run:
    """memory: points seen (up to the span), means of the last span − 1 subgroups, 1/n of them; zeros before them."""

    def __init__(self, limits: Limits) -> None:
        self.centre = number(limits, "centre")
        self.sigma = number(limits, "sigma", above=0)
        self.width = number(limits, "width", above=0, default=WIDTH)
        self.span = _whole_span(number(limits, "span", least=2, default=_SPAN))
        self.memory: Floats = np.zeros(2 * self.span - 1)

    def advance(self, points: Points) -> tuple[Track, ...]:
        """One track: the moving average."""
        before, count = self.span - 1, len(points.sizes)
        seen = self.memory[0]
        means = np.concatenate((self.memory[1 : 1 + before], means_of(points)))
        inverse = np.concatenate((self.memory[1 + before :], 1.0 / points.sizes))
        taken: Any
        # from the oldest to the newest, the same order wherever the points are cut
        if count == 1:
            total, variance = _added(means.tolist()), _added(inverse.tolist())
            taken = min(float(seen) + 1.0, float(self.span))
        else:
            total, variance = np.zeros(count), np.zeros(count)
            for age in range(self.span):
                total = total + means[age : age + count]
                variance = variance + inverse[age : age + count]
            taken = np.minimum(seen + np.arange(1.0, count + 1), float(self.span))
        self.memory[0] = min(seen + count, float(self.span))
        self.memory[1 : 1 + before], self.memory[1 + before :] = means[count:], inverse[count:]
        lines = lines_around(self.centre, self.sigma * np.sqrt(variance) / taken, self.width)
        return (Track(np.full(count, total / taken), lines),)


def _added(numbers: list[float]) -> Any:
    total = 0.0
    for one in numbers:
        total += one
    return total


def _whole_span(value: float) -> int:
    if value != int(value) or not 2 <= value <= _LONGEST:
        raise InputError("the span of a moving average is not a whole number of points", came=f"{value:g}",
                         expected=f"2 … {_LONGEST}")  # fmt: skip
    return int(value)


def _fit(data: object, use: Bools, options: Mapping[str, Any]) -> Fit:
    scale = scale_of(data, use, options)
    span = _whole_span(option(options, "span", _SPAN))
    return Fit({**scale.parameters, "span": span, "width": option(options, "width", WIDTH)}, scale.notes)


MOVING_AVERAGE = Kind(
    name="moving_average", title="Moving average", panels=(PanelKind("moving average", WEIGHTED),),
    points=points_of_sample, one=one_group, fit=_fit, start=_Run, options=_OPTIONS,
)  # fmt: skip
