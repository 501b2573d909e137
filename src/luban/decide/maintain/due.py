"""What maintenance is due when: by the calendar, by running time, by pieces, by condition, after a failure.

Reads   Fact(state, count), Fact(event) of kind `workorder`, the plant's maintenance.csv
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import pyarrow.compute as pc

from luban.core.time import DAY
from luban.decide.maintain.orders import WorkOrder, work_orders
from luban.ledger import Ledger
from luban.plant import MaintenanceTask, Plant
from luban.understand.kpi import tiles

__all__ = ["DUE", "Due", "Use", "due_tasks", "use_of"]

DUE: Final = ("overdue", "asked", "due", "coming", "unknown", "on condition", "at failure")
"""How a task stands, the most urgent first."""

_SOON: Final = 7 * DAY
_PACE: Final = 28 * DAY
_PRODUCING: Final = "APT"
_UNKNOWN: Final = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Use:
    """What a work unit did in a span.

    running  producing, within its shifts [µs]
    unknown  time of its shifts that nobody can account for [µs]
    pieces   made, scrap and rework included [piece]
    """

    running: int
    unknown: int
    pieces: float


@dataclass(frozen=True, slots=True)
class Due:
    """One task of one machine as it stands.

    state   of DUE
    last    when it was last done [µs UTC]; None: not on record
    next    when it is due [µs UTC], by the pace of the last four weeks for running time and pieces; None: not known
    used    since then, in the task's clock [µs or piece]; None where that is not known
    order   id of the open work order for it; ""
    asked   why its condition asks for it; ""
    note    of words.WARNINGS: first, unknown_use; ""
    """

    task: MaintenanceTask
    state: str
    last: int | None
    next: int | None
    used: float | None
    order: str = ""
    asked: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        own = {name: getattr(self, name) for name in ("state", "last", "next", "used", "order", "asked", "note")}
        task = self.task
        return {"machine": task.asset, "task": task.task, "part": task.part, "policy": task.policy, "every": task.every,
                "clock": task.clock} | own  # fmt: skip


def due_tasks(
    ledger: Ledger, plant: Plant, now: int, *, asked: Mapping[str, str] | None = None, as_of: int | None = None
) -> tuple[Due, ...]:  # fmt: skip
    """Every task of maintenance.csv with how it stands, the most urgent first.

    now    [µs UTC]
    asked  machine → why its health asks for the tasks whose policy is `condition`
    """
    orders = work_orders(ledger, as_of)
    first = _first_fact(ledger, as_of)
    found = [_due(ledger, plant, task, orders, now, first, (asked or {}).get(task.asset, ""), as_of)
             for task in plant.maintenance]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (DUE.index(one.state), one.next if one.next is not None else 1 << 62)))


def use_of(ledger: Ledger, plant: Plant, machine: str, start: int, end: int, as_of: int | None = None) -> Use:
    """What a machine did in [start, end) [µs UTC]."""
    if end <= start:
        return Use(0, 0, 0.0)
    spent = tiles(ledger, plant, start, end, [machine], as_of, now=end)
    spans = spent.group_by("element").aggregate([("duration", "sum")]).to_pylist()
    by_element = {row["element"]: int(row["duration_sum"]) for row in spans}
    counts = ledger.table("count", subjects=[machine], since=start, until=end, as_of=as_of)
    pieces = sum(float(pc.sum(counts[name]).as_py() or 0.0) for name in ("good", "scrap", "rework"))
    return Use(by_element.get(_PRODUCING, 0), by_element.get(_UNKNOWN, 0), pieces)


def _due(
    ledger: Ledger, plant: Plant, task: MaintenanceTask, orders: Mapping[str, WorkOrder], now: int, first: int | None,
    asked: str, as_of: int | None,
) -> Due:  # fmt: skip
    own = [one for one in orders.values() if one.machine == task.asset]
    done = [
        one.finished for one in own
        if one.finished is not None and (one.task == task.task or (task.part and task.part in one.renewed))
    ]  # fmt: skip
    last = max(done, default=None)
    order = next((one.id for one in own if one.open and one.state != "done" and one.task == task.task), "")
    if task.policy == "failure":
        return Due(task, "at failure", last, None, None, order)
    if task.policy == "condition":
        return Due(task, "asked" if asked else "on condition", last, now if asked else None, None, order, asked)
    since = last if last is not None else first
    note = "" if last is not None else "first"
    if since is None or task.every is None:
        return Due(task, "unknown", last, None, None, order, "", note)
    if task.clock == "calendar":
        return Due(task, _state(since + task.every, now), last, since + task.every, float(now - since), order, "", note)
    use = use_of(ledger, plant, task.asset, since, now, as_of)
    used = float(use.running) if task.clock == "running" else use.pieces
    begin = max(since, now - _PACE)
    lately = use_of(ledger, plant, task.asset, begin, now, as_of)
    amount = float(lately.running) if task.clock == "running" else lately.pieces
    if used >= task.every:
        return Due(task, "overdue", last, now, used, order, "", note)
    if amount <= 0:  # it did nothing lately, or nobody knows what
        return Due(task, "unknown", last, None, used, order, "", "unknown_use" if lately.unknown else note)
    left = now + round((task.every - used) * (now - begin) / amount)
    return Due(task, _state(left, now), last, left, used, order, "", note)


def _state(due: int, now: int) -> str:
    if due <= now:
        return "overdue"
    return "due" if due <= now + _SOON else "coming"


def _first_fact(ledger: Ledger, as_of: int | None) -> int | None:
    """When the books begin: the first state that a machine showed [µs UTC]."""
    times = ledger.frame("state", as_of=as_of).select(nw.col("time").min()).collect("pyarrow").to_arrow()
    value = times["time"][0].as_py() if len(times) else None
    return None if value is None else int(value)
