"""The dispatch lever of a running plant: its routes, the plan that the floor works by, the lists given since.

Reads   routing.csv, the published plan, decisions    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from luban.core.errors import InputError
from luban.core.time import MINUTE
from luban.decide.schedule.dispatch import dispatch_lists
from luban.loop.deciding.dispatch import Operation
from luban.loop.deciding.record import Decision, Stage
from luban.loop.deciding.relisting import Planned, Relisting
from luban.loop.hands import published
from luban.loop.plans import Plans, PlanState
from luban.loop.pricing import Pricing
from luban.plant import LeverRule, Plant

__all__ = ["Given", "dispatch_of", "lists_given", "routes_of"]

Given = Mapping[str, Sequence[tuple[str, str]]]
"""Machine → (order, operation) in the order in which people were told to take them."""

_NO_PLAN: Final[Mapping[str, Sequence[Planned]]] = {}


def routes_of(plant: Plant) -> dict[str, list[Operation]]:
    """Item → its operations in order, each with the machines that may do it."""
    found: dict[str, dict[str, Operation]] = {}
    for step in plant.routing:
        able = frozenset(one for one in plant.work_units if one == step.unit or one.startswith(f"{step.unit}/"))
        own = found.setdefault(step.item, {})
        known = own.get(step.operation)
        if known is None:
            station = plant.equipment[step.unit].parent if step.unit in plant.work_units else step.unit
            own[step.operation] = Operation(
                station or "", step.operation, f"{step.item}:{step.operation}", each=step.ideal_cycle_s / 60,
                machines=able, change=step.setup_s / 60,
            )  # fmt: skip
        else:
            own[step.operation] = Operation(
                known.station, known.operation, known.setup, each=known.each, machines=known.machines | able,
                change=known.change,
            )  # fmt: skip
    return {item: list(own.values()) for item, own in found.items()}


def lists_given(decisions: Iterable[Decision], plan: PlanState | None) -> dict[str, Decision]:
    """Machine → the newest dispatch decision that was carried out and is not older than the plan."""
    since = max((one.at for one in plan.history if one.act == "published"), default=0) if plan is not None else 0
    return {
        one.act.target: one for one in decisions
        if one.act.kind == "dispatch" and one.stage is Stage.DONE and one.since >= since
    }  # fmt: skip


def dispatch_of(
    rule: LeverRule, plant: Plant, plans: Plans, pricing: Pricing, decisions: Callable[[], Iterable[Decision]]
) -> Relisting:
    """The decider of dispatch lists.

    Settings  late_hour: what an hour of lateness of an order costs [money]; least_min: minutes that a list must win
    Raises    InputError without routing or orders
    """
    if not plant.routing or not plant.orders:
        raise InputError("needs routing.csv and orders.csv", where=rule.id)
    late = rule.settings.get("late_hour")
    read = _Plan(plans)

    def given() -> Given:
        found = lists_given(decisions(), published(plans))
        return {machine: [(str(own[0]), str(own[1])) for own in one.act.value or ()] for machine, one in found.items()}

    return Relisting(
        routes_of(plant), read, given=given, hour=pricing.hour, late_hour=None if late is None else float(late),
        least=float(rule.settings.get("least_min", 5.0)), every=rule.every or MINUTE,
    )  # fmt: skip


class _Plan:
    """What each machine does next by the published plan; worked out once a version."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._known: tuple[str, int] = ("", -1)
        self._lists: Mapping[str, Sequence[Planned]] = _NO_PLAN

    def __call__(self) -> Mapping[str, Sequence[Planned]]:
        own = published(self._plans)
        if own is None or own.schedule.problem.tick <= 0:
            return _NO_PLAN
        if self._known != (own.id, own.n):
            p = own.schedule.problem
            self._lists = {
                machine: [
                    Planned(one.order, one.operation_name.removeprefix(f"{one.order}/"), p.start + one.end * p.tick)
                    for one in tasks if not one.maintenance
                ]
                for machine, tasks in dispatch_lists(own.schedule).items()
            }  # fmt: skip
            self._known = own.id, own.n
        return self._lists
