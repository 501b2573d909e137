"""What people may do with a work order and a spare part: each step is checked against how it stands, then one row.

Reads   Fact(event) of kinds `workorder` and `spare`
Writes  nothing itself: the rows go through the act log of the screens
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from luban.core.errors import InputError
from luban.decide.maintain.orders import FITS, WorkOrder, known_order, next_id, work_orders
from luban.decide.maintain.words import FOUND
from luban.ledger import Ledger
from luban.plant import MaintenanceTask, Plant
from luban.plant.complaint import did_you_mean
from luban.understand.book import row

__all__ = ["REASONS", "SPARE_STEPS", "joined", "plan_row", "spare_row", "step_row"]

REASONS: Final = ("calendar", "age", "condition", "failure", "person")
"""Why a work order is planned."""
SPARE_STEPS: Final = ("count", "receive", "take", "order")
"""What is done to a spare part on the shelf."""
Row = dict[str, list[Any]]


def plan_row(
    ledger: Ledger, plant: Plant, machine: str, task: str, *, person: str, why: str = "person",
    start: int | None = None, minutes: float | None = None, part: str = "", text: str = "",
    checklist: Sequence[str] | None = None, case: str = "",
) -> tuple[str, Row]:  # fmt: skip
    """(id, row) that plans a work order; a task of maintenance.csv brings its part, length, skill, parts, checklist.

    machine  path of the work unit; task: of the table, or anything in words
    start    planned begin [µs UTC]; None: no time yet
    case     id of the case of diagnosis that it is made for
    Raises   InputError: no machine of that path, no task, an unknown reason, a length of nothing
    """
    if machine not in plant.work_units:
        hint = did_you_mean(machine, plant.work_units)
        raise InputError("unknown machine", came=repr(machine), expected="the path of a work unit", hint=hint)
    if not task.strip():
        raise InputError("a work order needs a machine and a task", came=repr(task))
    if why not in REASONS:
        raise InputError("unknown reason", came=why, expected=", ".join(REASONS))
    known = next((one for one in plant.maintenance if one.asset == machine and one.task == task), None)
    length = minutes if minutes is not None else known.duration / 60e6 if known else 60.0
    if not 0 < length <= 60 * 24 * 60:
        raise InputError("a work order takes some time", came=f"{length:g} min", expected="up to 60 days")
    made = next_id(work_orders(ledger))
    data = {
        "machine": machine, "task": task.strip(), "part": part or (known.part if known else ""), "why": why,
        "start": start, "minutes": length, **_needs(known),
    }  # fmt: skip
    if case:
        data["case"] = case
    if checklist is not None:
        data["checklist"] = [str(item) for item in checklist]
    return made, row("workorder", made, "plan", person=person, text=text, data=data)


def _needs(task: MaintenanceTask | None) -> dict[str, Any]:
    if task is None:
        return {"skill": "", "people": 1, "checklist": [], "parts": {}}
    return {
        "skill": task.skill, "people": task.people, "checklist": list(task.checklist), "parts": dict(task.parts),
    }  # fmt: skip


def step_row(
    ledger: Ledger, id: str, code: str, *, person: str, text: str = "", data: Mapping[str, Any] | None = None,  # noqa: A002
) -> Row:  # fmt: skip
    """The row of a step (with rows for spare parts that a finish takes), after a look at how the order stands.

    data    start, minutes (move), item, ok, text (check), part, found, cause (finding), hours, used (finish)
    Raises  InputError: unknown step or id, a step that does not fit now, what is missing
    Example step_row(ledger, "WO-0001", "finding", person="li", data={"part": "spindle", "found": "worn"})
    """
    one, given = known_order(ledger, id), dict(data or {})
    if code not in FITS:
        raise InputError("unknown step of a work order", came=repr(code), expected=", ".join(FITS))
    if one.state not in FITS[code]:
        expected = ", ".join(FITS[code])
        raise InputError("a work order cannot take this step now", came=f"{code}: {one.state}", expected=expected,
                         where=id)  # fmt: skip
    _fits(one, code, given, text)
    rows = row("workorder", id, code, person=person, text=text, data=given)
    if code == "finish":
        for item, count in given["used"].items():
            rows = joined(rows, row("spare", item, "take", person=person, text=id, data={"count": count, "order": id}))
    return rows


def _fits(one: WorkOrder, code: str, given: dict[str, Any], text: str) -> None:
    if code == "cancel" and not text.strip():
        raise InputError("a reason is needed", where=one.id)
    if code == "check" and given.get("item") not in one.checklist:
        raise InputError("a checklist item that there is not", came=repr(given.get("item")),
                         expected=", ".join(one.checklist) or "none")  # fmt: skip
    if code == "finding":
        given["machine"] = one.machine
        if not str(given.get("part", "")).strip() or given.get("found") not in FOUND:
            raise InputError("a finding needs a part and how it was found", came=str(given),
                             expected=", ".join(FOUND))  # fmt: skip
    if code == "finish":
        used = given.get("used", dict(one.parts))
        if any(int(count) != count or count < 0 for count in used.values()):
            raise InputError("a number of pieces", came=str(used), expected="whole numbers, 0 or more", where=one.id)
        given["used"] = {str(item): int(count) for item, count in used.items() if count}
        hours = given.get("hours")
        if hours is not None and not 0 <= float(hours) < 10_000:
            raise InputError("hours worked", came=str(hours), expected="0 or more", where=one.id)
    if code == "close":
        if one.unanswered:
            raise InputError("checklist items are open", came=", ".join(one.unanswered), where=one.id)
        if one.why in {"failure", "condition"} and not one.findings:
            raise InputError("a finding needs a part and how it was found", came="none", expected=", ".join(FOUND),
                             where=one.id, hint="what was found decides how alarms and lives are judged")  # fmt: skip


def spare_row(plant: Plant, item: str, code: str, count: int, *, person: str, text: str = "") -> Row:
    """The row of a spare part's step: counted (there are so many), received, taken, ordered.

    Raises  InputError: a part that spares.csv does not have, an unknown step, no whole number
    """
    if item not in plant.spares:
        raise InputError("a spare that nobody keeps", came=repr(item), expected="an id of spares.csv",
                         hint=did_you_mean(item, plant.spares))  # fmt: skip
    if code not in SPARE_STEPS:
        raise InputError("unknown step of a spare part", came=repr(code), expected=", ".join(SPARE_STEPS))
    if count < (0 if code == "count" else 1):
        raise InputError("a number of pieces", came=str(count), expected="1, 2, 3, …")
    return row("spare", item, code, person=person, text=text, data={"count": int(count)})


def joined(*rows: Row) -> Row:
    """Rows of several entries as one, in their order."""
    names = {name: None for one in rows for name in one}
    return {name: [value for one in rows for value in one[name]] for name in names}
