"""What is to be measured now: each line of the inspection plan against what the books hold.

Reads   Fact(measurement), Fact(count)
Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from luban.ledger import Ledger
from luban.plant import Inspection, Operation, Plant

__all__ = ["Due", "inspection_plan", "plan_of"]


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the plan and how it stands.

    last        newest measurement [µs UTC]; None: never measured
    due         when it falls due [µs UTC]; None where pieces or an event decide
    pieces_left pieces until it falls due; None where time or an event decides
    state       due, waiting, or asked: somebody must say when a lot or a run begins
    """

    plan: Inspection
    last: int | None
    due: int | None
    pieces_left: float | None
    state: str

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        return {
            "item": self.plan.item, "operation": self.plan.operation, "characteristic": self.plan.characteristic,
            "subject": self.plan.subject, "method": self.plan.method, "gauge": self.plan.gauge,
            "pieces": self.plan.pieces, "every": self.plan.every, "reaction": self.plan.reaction,
            "last": self.last, "due": self.due, "pieces_left": self.pieces_left, "state": self.state,
        }  # fmt: skip


def plan_of(plant: Plant, subject: str) -> Inspection | None:
    """The plan of a characteristic, `item:name`; the first line of the table where several operations have one."""
    return next((one for one in plant.inspections if one.subject == subject), None)


def inspection_plan(ledger: Ledger, plant: Plant, now: int, *, as_of: int | None = None) -> tuple[Due, ...]:
    """Every line of the plan with how it stands at `now` [µs UTC], what is due first, in the order of the table.

    A duration runs from the newest measurement, and falls due within the shifts of the operation's work units; pieces
    are counted from it by the count facts of the item; `shift` asks once in every shift; `lot` and `first` wait for a
    person. A line that was never measured is due.
    """
    subjects = sorted({one.subject for one in plant.inspections})
    if not subjects:
        return ()
    frame = ledger.frame("measurement", subjects=subjects, until=now + 1, as_of=as_of).group_by("subject")
    newest = {
        str(row["subject"]): int(row["time"])
        for row in frame.agg(nw.col("time").max()).collect("pyarrow").to_arrow().to_pylist()
    }
    made = [_stands(one, newest.get(one.subject), ledger, plant, now, as_of) for one in plant.inspections]
    return tuple(sorted(made, key=lambda one: ("due", "asked", "waiting").index(one.state)))


def _stands(plan: Inspection, last: int | None, ledger: Ledger, plant: Plant, now: int, as_of: int | None) -> Due:
    if plan.every in {"lot", "first"}:
        return Due(plan, last, None, None, "asked")
    if plan.every == "shift":
        begun = _shift(plan, plant, now)
        state = "waiting" if begun is None or (last is not None and last >= begun) else "due"
        return Due(plan, last, begun, None, state)
    if plan.every_us is not None:
        due = None if last is None else last + plan.every_us
        asked = (due is None or now >= due) and _working(plan, plant, now)
        return Due(plan, last, due, None, "due" if asked else "waiting")
    if last is None:
        return Due(plan, None, None, None, "due")
    left = (plan.every_pieces or 1) - _made(plan, ledger, plant, last, now, as_of)
    return Due(plan, last, None, left, "due" if left <= 0 else "waiting")


def _steps(plan: Inspection, plant: Plant) -> list[Operation]:
    return [s for s in plant.routing if s.item == plan.item and plan.operation in {"", s.operation}]


def _units(plan: Inspection, plant: Plant) -> list[str]:
    return sorted({unit for step in _steps(plan, plant) for unit in plant.units_of(step.unit)} or {plant.id})


def _shift(plan: Inspection, plant: Plant, now: int) -> int | None:
    """Begin of the shift in which the operation's units work now; None outside shifts."""
    begun = [shift.start for unit in _units(plan, plant) for shift in plant.shifts(unit, now, now + 1)]
    return max(begun, default=None)


def _working(plan: Inspection, plant: Plant, now: int) -> bool:
    """Whether a unit of the operation is in a shift, or none has a calendar that could say."""
    known = any(plant.place(unit).calendar for unit in _units(plan, plant))
    return not known or _shift(plan, plant, now) is not None


def _made(plan: Inspection, ledger: Ledger, plant: Plant, since: int, now: int, as_of: int | None) -> float:
    """Pieces of the item counted after `since` by the units of the operation; of its last one where it names none."""
    steps = _steps(plan, plant)
    if not plan.operation and steps:
        steps = [step for step in steps if step.operation == steps[-1].operation]
    units = sorted({unit for step in steps for unit in plant.units_of(step.unit)})
    if not units:
        return 0.0
    frame = ledger.frame("count", subjects=units, since=since + 1, until=now + 1, as_of=as_of)
    rows = frame.select("item", "operation", "good", "scrap", "rework").collect("pyarrow").to_arrow().to_pylist()
    its = [
        row for row in rows
        if row["item"] == plan.item and (row["operation"] is None or plan.operation in {"", row["operation"]})
    ]  # fmt: skip
    return float(sum(row["good"] + row["scrap"] + row["rework"] for row in its))
