"""The price of lost output, from what the plant's plan has its machines do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from luban.decide.maintain import Reason, spare_hours
from luban.decide.maintain.words import PRICED
from luban.loop.plans import Plans, PlanState
from luban.plant import MaintenanceTask, Plant
from luban.screens.service.schedule_chart import loads

__all__ = ["LostOutput", "current_plan", "lost_output"]

_MONEY = "CNY"


@dataclass(frozen=True, slots=True)
class LostOutput:
    """What an hour of stop loses.

    hour    of the plant's output [money/h]
    spare   of a stop that is caught up [h]
    source  where it is from
    reason  the same in a sentence
    """

    hour: float
    spare: float
    source: str
    reason: Reason


def current_plan(folder: Path) -> PlanState | None:
    """The published plan of a plant's folder, else its newest; None where it has none."""
    plans = Plans(folder).all()
    return next((own for own in plans if own.published), plans[0] if plans else None)


def lost_output(plant: Plant, task: MaintenanceTask, plan: PlanState | None) -> LostOutput:
    """What a stop of a task's machine loses.

    With a plan: an hour of the plant's output has the hour_cost of its bottleneck, and a machine that is less loaded
    catches up in a week what it has more than the bottleneck. Without one, or where the bottleneck has no price: the
    task's own hour_cost, for every hour.
    """
    if plan is None:
        return _typed(task, "no_plan")
    own = loads(plan.schedule)
    load, hours = own.get(task.asset, (0.0, 0.0))
    most = max((one for one, _ in own.values()), default=0.0)
    if task.asset not in own or most <= 0:
        return _typed(task, "not_in_plan", plan=plan.id, machine=_named(plant, task.asset))
    fullest = [name for name, (one, _) in own.items() if one >= most * (1 - 1e-9)]
    prices: dict[str, float] = {}
    for one in plant.maintenance:
        if one.asset in fullest and one.hour_cost > 0:
            prices[one.asset] = max(one.hour_cost, prices.get(one.asset, 0.0))
    if not prices:
        return _typed(task, "no_price", bottleneck=_named(plant, fullest[0]))
    bottleneck = task.asset if task.asset in prices else max(prices, key=lambda name: prices[name])
    spare = spare_hours(load, most, hours)
    key = "from_published" if plan.published else "from_last"
    reason = Reason(key, PRICED[key], {
        "plan": plan.id, "machine": _named(plant, task.asset), "load": f"{100 * load:.0f}",
        "bottleneck": _named(plant, bottleneck), "most": f"{100 * most:.0f}", "hour": f"{prices[bottleneck]:g}",
        "money": _MONEY, "spare": f"{spare:.1f}",
    })  # fmt: skip
    return LostOutput(prices[bottleneck], spare, f"maintenance.csv, {plan.id}", reason)


def _typed(task: MaintenanceTask, key: str, **given: str) -> LostOutput:
    told = {"hour": f"{task.hour_cost:g}", "money": _MONEY, **given}
    return LostOutput(task.hour_cost, 0.0, "maintenance.csv", Reason(key, PRICED[key], told))


def _named(plant: Plant, path: str) -> str:
    return plant.equipment[path].name if path in plant.equipment else path
