"""What every control chart gives: panels of points with limits, and the violations with the rule that each broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["Chart", "Panel", "Violation"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One plotted statistic of a chart.

    name    e.g. individual, moving range, mean, range, standard deviation, proportion, EWMA, T²
    unit    unit of the values; "1" for a share or a statistic without one
    values  shape (k,); nan where the statistic does not exist (the first moving range)
    centre, lower, upper  lines, shape (k,); nan where there is none
    sigma   standard error of the plotted statistic, shape (k,); nan where the rules do not use it
    """

    name: str
    unit: str
    values: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that fired.

    panel  index of the panel
    point  index of the point at which it fired (the last one of the pattern)
    rule   id of the rule, e.g. nelson_1, western_electric_4, beyond_limits
    first  index of the first point of the pattern
    side   +1 above or rising, -1 below or falling, 0 neither
    """

    panel: int
    point: int
    rule: str
    first: int
    side: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A control chart.

    kind        i_mr, xbar_r, xbar_s, p, np, c, u, laney_p, laney_u, ewma, cusum, moving_average, t2, mewma, …
    labels      name of each point, length k
    time        of each point [µs UTC], shape (k,); NO_TIME where unknown
    parameters  what the limits rest on (centre, sigma, size, …) with the phase they came from
    points      number of points used; `excluded` says what was left out and why
    phase       1: limits from these points; 2: limits frozen before
    out         points left out of the limits in phase 1 with the reason; they are still plotted
    notes       what a reader should know (small sample, unequal subgroups, ties)
    """

    kind: str
    characteristic: str
    labels: Sequence[str]
    time: Ints
    panels: tuple[Panel, ...]
    violations: tuple[Violation, ...]
    parameters: Mapping[str, Any]
    phase: int
    used: int
    excluded: tuple[Excluded, ...] = ()
    out: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = ""

    @property
    def in_control(self) -> bool:
        """No rule fired at a point that the limits rest on."""
        return not any(one.point not in self.out for one in self.violations)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST: numbers as lists, None where there is none."""

        def numbers(values: Floats) -> list[float | None]:
            return [float(value) if np.isfinite(value) else None for value in values]

        panels = [
            {
                "name": panel.name, "unit": panel.unit, "values": numbers(panel.values),
                "centre": numbers(panel.centre), "lower": numbers(panel.lower), "upper": numbers(panel.upper),
            }
            for panel in self.panels
        ]  # fmt: skip
        violations = [
            {
                "panel": self.panels[one.panel].name, "point": one.point, "label": self.labels[one.point],
                "rule": one.rule, "first": one.first, "side": one.side,
            }
            for one in self.violations
        ]  # fmt: skip
        return {
            "chart": self.kind, "characteristic": self.characteristic, "phase": self.phase,
            "in_control": self.in_control, "used": self.used, "excluded": [one.as_dict() for one in self.excluded],
            "left_out_of_limits": {self.labels[at]: why for at, why in self.out.items()},
            "parameters": dict(self.parameters), "labels": list(self.labels), "panels": panels,
            "violations": violations, "notes": list(self.notes), "source": self.source,
        }  # fmt: skip
