"""Tabular CUSUM: what lies more than k above the centre adds up, and what lies below it adds up apart.

    y[i] = (x̄[i] − centre) / (σ/√n[i]),  C⁺ = max(0, y − k + C⁺),  C⁻ = max(0, −y − k + C⁻),  a signal beyond h

Sums are in standard errors, so that subgroups of unequal size add up rightly; the lower sum is drawn below zero.
A head start (fast initial response) begins both sums at a share of h.

Source  E. S. Page, Biometrika 41 (1954) 100-115; head start: J. M. Lucas and R. B. Crosier, Technometrics 24 (1982)
        199-205, doi:10.1080/00401706.1982.10487759; NIST/SEMATECH e-Handbook 6.3.2.3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.spc.chart import Chart
from luban.understand.quality.spc.kind import (
    SUM,
    Bools,
    Fit,
    Kind,
    PanelKind,
    Points,
    Track,
    one_group,
    points_of_sample,
)
from luban.understand.quality.spc.limits import Limits, number
from luban.understand.quality.spc.scale import SCALE_OPTIONS, means_of, option, scale_of

__all__ = ["CUSUM", "Shift", "cusum_shifts"]

_REFERENCE, _INTERVAL = 0.5, 5.0
_OPTIONS = {
    "reference": "k, half the shift to be found [standard errors]; 0.5",
    "interval": "h, decision interval [standard errors]; 5",
    "head_start": "share of h at which both sums begin, 0 ≤ share < 1; 0",
    **SCALE_OPTIONS,
}


@dataclass(frozen=True, slots=True)
class Shift:
    """What a CUSUM says about a shift of the mean.

    side    +1 above, −1 below
    first   index of the first point after which the sum no longer fell to zero: the shift began about there
    signal  index of the point at which the sum passed h
    mean    estimate of the mean from then on [unit of the data]
    """

    side: int
    first: int
    signal: int
    mean: float


class _Run:
    """memory: C⁺, C⁻ [standard errors]."""

    def __init__(self, limits: Limits) -> None:
        self.centre = number(limits, "centre")
        self.sigma = number(limits, "sigma", above=0)
        self.reference = number(limits, "reference", least=0, default=_REFERENCE)
        self.interval = number(limits, "interval", above=0, default=_INTERVAL)
        share = number(limits, "head_start", least=0, default=0.0)
        if share >= 1:
            raise InputError("a head start reaches the decision interval", came=f"{share:g}", expected="0 ≤ share < 1")
        self.memory: Floats = np.full(2, share * self.interval)
        zero, none = 0.0, np.nan
        self._upper_lines = np.array([[zero], [none], [self.interval], [none]])
        self._lower_lines = np.array([[zero], [-self.interval], [none], [none]])

    def advance(self, points: Points) -> tuple[Track, ...]:
        """Two tracks: the upper sum, and the lower one as a negative number."""
        means = means_of(points)
        above, below = np.empty(len(means)), np.empty(len(means))
        up, down = self.memory.tolist()
        centre, sigma, reference = self.centre, self.sigma, self.reference
        for at, (mean, size) in enumerate(zip(means.tolist(), points.sizes.tolist(), strict=True)):
            y = (mean - centre) / sigma * sqrt(size)
            up, down = max(0.0, up + (y - reference)), max(0.0, down + (-y - reference))
            above[at], below[at] = up, 0.0 - down
        self.memory[:] = up, down
        return Track(above, self._upper_lines), Track(below, self._lower_lines)


def cusum_shifts(chart: Chart) -> tuple[Shift, ...]:
    """When each signal of a CUSUM began and what the mean has been since, one for each run beyond the interval.

    mean: centre ± σ/√n·(k + C/N), N points since the sum was zero (Montgomery 2012, 9.1.2), for subgroups of one size;
    of unequal sizes the last one is taken for n.
    Raises  InputError if the chart is no CUSUM
    """
    if chart.kind != "cusum":
        raise InputError("only a CUSUM tells when a shift began", came=chart.kind, expected="cusum")
    told: list[Shift] = []
    centre, sigma = float(chart.parameters["centre"]), float(chart.parameters["sigma"])
    reference = float(chart.parameters["reference"])
    root = sqrt(float(chart.parameters.get("size", 1)))
    for panel, side in ((chart.panels[0], 1), (chart.panels[1], -1)):
        sums = np.abs(panel.values)
        limit = float(np.nanmax(np.abs(panel.upper if side > 0 else panel.lower)))
        beyond = sums > limit
        for at in np.flatnonzero(beyond & ~np.concatenate(([False], beyond[:-1]))).tolist():
            quiet = np.flatnonzero(sums[:at] == 0)
            first = int(quiet[-1]) + 1 if quiet.size else 0
            off = sigma / root * (reference + float(sums[at]) / (at - first + 1))
            told.append(Shift(side, first, at, centre + side * off))
    return tuple(sorted(told, key=lambda one: one.signal))


def _fit(data: object, use: Bools, options: Mapping[str, Any]) -> Fit:
    scale = scale_of(data, use, options)
    parameters = {
        **scale.parameters,
        "reference": option(options, "reference", _REFERENCE),
        "interval": option(options, "interval", _INTERVAL),
        "head_start": option(options, "head_start", 0.0),
    }
    return Fit(parameters, scale.notes)


CUSUM = Kind(
    name="cusum", title="CUSUM", panels=(PanelKind("upper sum", SUM, "1"), PanelKind("lower sum", SUM, "1")),
    points=points_of_sample, one=one_group, fit=_fit, start=_Run, options=_OPTIONS,
)  # fmt: skip
