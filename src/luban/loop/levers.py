"""The levers of a running plant: which decider each id of `[[lever]]` stands for, and what it needs.

Reads   the plant, its plans, its books, what was decided    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE
from luban.ledger import Ledger
from luban.loop.deciding.due import DueMaintenance
from luban.loop.deciding.energy import Resting, StandbyRules
from luban.loop.deciding.floor import Decider
from luban.loop.deciding.maintenance import ConditionMaintenance
from luban.loop.deciding.record import Decision
from luban.loop.deciding.release import ReleaseWhenReady
from luban.loop.deciding.repairing import RepairPlan, Working
from luban.loop.flow import dispatch_of
from luban.loop.hands import published
from luban.loop.plans import Plans
from luban.loop.pricing import Pricing
from luban.loop.tariff import Electricity
from luban.loop.words import LEVERS, NO_WAIT, NOT_PRICED_LOOK
from luban.plant import LeverRule, Plant

__all__ = ["decider_of"]


def decider_of(
    rule: LeverRule, plant: Plant, ledger: Ledger, plans: Plans, folder: Path | None = None,
    decisions: Callable[[], Iterable[Decision]] = tuple,
) -> Decider:  # fmt: skip
    """The decider of a lever, by what its plant has.

    folder     of the plant, for tariffs of its own;  decisions  gives what was decided so far
    Raises  InputError: an unknown lever, or one that the plant has no data for, with what is missing
    """
    make = _MAKE.get(rule.id)
    if make is None:
        raise InputError("no such lever", came=rule.id, expected=", ".join(LEVERS))
    try:
        return make(_Has(rule, plant, ledger, plans, folder or Path(), decisions, Pricing(plant, ledger)))
    except (TypeError, ValueError) as error:
        raise InputError("a setting of the lever cannot be read", came=str(error), where=rule.id) from None


@dataclass(frozen=True, slots=True)
class _Has:
    """What a decider is made from."""

    rule: LeverRule
    plant: Plant
    ledger: Ledger
    plans: Plans
    folder: Path
    decisions: Callable[[], Iterable[Decision]]
    pricing: Pricing


def _repair(has: _Has) -> Decider:
    def working() -> Working | None:
        own = published(has.plans)
        if own is None:
            return None
        objective = str(own.made.get("objective") or "tardiness")
        return Working(own.id, own.n, own.schedule, objective, tuple(sorted(own.locked)))

    given = has.rule.settings
    late = given.get("late_hour")
    return RepairPlan(
        working, least=round(float(given.get("least_min", 10)) * MINUTE),
        expected=round(float(given.get("expected_h", 4)) * HOUR), seconds=float(given.get("seconds", 2.0)),
        stability=float(given.get("stability", 0.9)), late_hour=None if late is None else float(late),
    )  # fmt: skip


def _maintenance(has: _Has) -> Decider:
    if not has.plant.maintenance:
        raise InputError("needs maintenance.csv", where=has.rule.id)
    from luban.decide.maintain.due import due_tasks  # statistics of lives come with it: only where they are needed

    return DueMaintenance(lambda now: due_tasks(has.ledger, has.plant, now), price=has.pricing.maintenance)


def _condition(has: _Has) -> Decider:
    known = frozenset(one.unit_path for one in has.plant.signals.values() if one.name == "vibration")
    if not known:
        raise InputError("needs a vibration signal", where=has.rule.id)
    given = has.rule.settings
    return ConditionMaintenance(
        known, float(given.get("threshold", 0.5)), limit=float(given.get("limit", 4.5)), lever=has.rule.id,
        unpriced=NOT_PRICED_LOOK,
    )  # fmt: skip


def _release(has: _Has) -> Decider:
    if not any(one.release is not None for one in has.plant.orders.values()):
        raise InputError("needs release times in orders.csv", where=has.rule.id)
    given = has.rule.settings
    priced = "hour" in given and "usual" in given
    made = ReleaseWhenReady(by_rule=False, hour=float(given["hour"]) if priced else None,
                            usual=float(given.get("usual", 0.0)), unpriced=NO_WAIT)  # fmt: skip
    made.every = 15 * MINUTE
    return made


def _energy(has: _Has) -> Decider:
    given = has.rule.settings.get("machines")
    if not isinstance(given, Mapping) or not given:
        raise InputError("needs the powers of machines among its settings", where=has.rule.id)
    strange = [name for name in given if f"{has.plant.id}/{name}" not in has.plant.work_units]
    if strange:
        raise InputError("unknown work unit", came=", ".join(strange), where=has.rule.id)
    powers = {f"{has.plant.id}/{name}": Resting(**own) for name, own in given.items()}
    return StandbyRules(
        powers, least=float(has.rule.settings.get("least_min", 5.0)), price=Electricity(has.plant, has.folder).price
    )


def _quality(has: _Has) -> Decider:
    from luban.loop.sizes import quality_of  # learns causes: only where something is to be learnt

    return quality_of(has.rule, has.plant, has.pricing)


def _dispatch(has: _Has) -> Decider:
    return dispatch_of(has.rule, has.plant, has.plans, has.pricing, has.decisions)


_MAKE: Final[Mapping[str, Callable[[_Has], Decider]]] = {
    "repair": _repair, "maintenance": _maintenance, "condition": _condition, "release": _release, "energy": _energy,
    "quality": _quality, "dispatch": _dispatch,
}  # fmt: skip
