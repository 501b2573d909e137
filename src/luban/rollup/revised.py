"""Targets that were decided anew: the plan stays as it is printed, and beside it stands what is asked since.

Reads   a plan, the record of decisions    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from luban.norms.plans import Indicator, Item as Target, TargetPlan
from luban.rollup.minutes import Item

__all__ = ["Decided", "Revised", "decided_targets", "revised_plan"]

T = TypeVar("T", Indicator, Target)


@dataclass(frozen=True, slots=True)
class Decided:
    """A target that was decided anew.

    id, year          indicator or target of a programme, and year of the milestone
    printed, value    as the plan prints it, and as it was decided [its unit]
    item, on, person  of the decision;  seq  of it
    """

    id: str
    year: int
    printed: float
    value: float
    item: str
    on: date
    person: str
    seq: int


@dataclass(frozen=True, slots=True)
class Revised:
    """A decided target, and where things stand against it and against the printed one."""

    decided: Decided
    status: str
    status_printed: str


def decided_targets(plan: TargetPlan, agenda: Iterable[Item]) -> tuple[Decided, ...]:
    """What the last decision on each target of the plan asks, by id and year.

    A decision on an item takes the place of the one before on the same item: one that changes no target takes the
    change back. Of several items on one target, the newest decision holds.
    """
    found: dict[tuple[str, int], Decided] = {}
    for one in sorted(agenda, key=lambda own: own.decision):
        change = one.change
        if change is None or change.plan != plan.id:
            continue
        own = plan.indicators.get(change.id) or plan.items.get(change.id)
        stone = own.milestone(change.year) if own is not None else None
        if stone is None or stone.value is None:
            continue
        on, _, person, _ = [told for told in one.said if told[1] == "decision"][-1]
        found[change.id, change.year] = Decided(
            change.id, change.year, stone.value, change.value, one.id, on, person, one.decision
        )
    return tuple(found[key] for key in sorted(found))


def revised_plan(plan: TargetPlan, decided: Iterable[Decided]) -> TargetPlan:
    """The plan with the decided numbers in place of the printed ones, to judge by; its digest stays the printed one's.

    Example  revised_plan(plan, decided_targets(plan, minutes(ledger))).indicator("I08").milestone(2025)
    """
    asked = {(one.id, one.year): one.value for one in decided}

    def moved(items: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(_moved(one, asked) for one in items)

    programmes = tuple(replace(one, items=moved(one.items)) for one in plan.programmes)
    steps = tuple(replace(one, items=moved(one.items)) for one in plan.steps)
    indicators = {name: _moved(one, asked) for name, one in plan.indicators.items()}
    return replace(plan, indicators=indicators, programmes=programmes, steps=steps)


def _moved(own: T, asked: dict[tuple[str, int], float]) -> T:
    stones = tuple(
        replace(one, value=asked[own.id, one.year]) if (own.id, one.year) in asked else one for one in own.milestones
    )
    return own if stones == own.milestones else replace(own, milestones=stones)
