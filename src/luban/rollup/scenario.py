"""What if an indicator grew faster or slower from now on? The chance of its milestones before and after.

Reads   series, a plan    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from luban.core.errors import InputError
from luban.rollup.forecast import Forecast, indicator_forecast
from luban.rollup.points import Point, ordered

if TYPE_CHECKING:
    from luban.norms.plans import TargetPlan

__all__ = ["Chance", "what_if"]


@dataclass(frozen=True, slots=True)
class Chance:
    """One milestone of one indicator, as the trend has it and as the scenario would.

    indicator, year  the milestone
    target           its value
    before, after    forecasts with their chance
    """

    indicator: str
    year: int
    target: float
    before: Forecast
    after: Forecast

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {"indicator": self.indicator, "year": self.year, "target": self.target,
                "before": self.before.as_dict(), "after": self.after.as_dict()}  # fmt: skip


def what_if(
    points: Mapping[str, Sequence[Point]],
    plan: TargetPlan,
    growth: Mapping[str, float],
    *,
    level: float = 0.8,
    seed: int = 1,
) -> tuple[Chance, ...]:
    """The milestones ahead of each indicator that has a slider, in the plan's order.

    growth  by id of the indicator: growth of the level behind it a year [1]; for points of change, points a year
    Both forecasts are drawn with the same shocks, so that the difference is the scenario's alone.
    Raises  InputError for an indicator that the plan does not have, a growth of -100 % or less
    """
    unknown = sorted(set(growth) - set(plan.indicators))
    if unknown:
        raise InputError("no such indicator", came=", ".join(unknown), expected=", ".join(plan.indicators))
    found = []
    for indicator in plan.indicators.values():
        series = ordered(points.get(indicator.id, ()), where=indicator.id)
        if indicator.id not in growth or not series:
            continue
        for milestone in indicator.milestones:
            if milestone.role == "observed" or milestone.value is None or milestone.year <= series[-1].year:
                continue
            drawn = partial(indicator_forecast, series, indicator, milestone, level=level, seed=seed)
            try:
                before = drawn()
            except InputError as error:  # one series that cannot be must not hide the others
                before = after = Forecast((), (), (), (), level, reason=error.message)
            else:
                after = drawn(growth=growth[indicator.id])
            found.append(Chance(indicator.id, milestone.year, milestone.value, before, after))
    return tuple(found)
