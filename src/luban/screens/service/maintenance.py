"""Maintenance as pages, REST and the command line ask for it: what is due, the week, orders, spare parts, advice.

Reads   Fact(state, count, event), the plant's maintenance.csv, spares.csv, technicians.csv
Writes  Fact(event) of kinds `workorder` and `spare`, through the screens' spool
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from luban.core.errors import InputError, LubanError, NotAllowedError
from luban.core.time import DAY, HOUR, from_datetime, now, to_datetime
from luban.decide.maintain import (
    Advice,
    Due,
    Lack,
    Prices,
    Shelf,
    Technician,
    WorkOrder,
    advise,
    due_tasks,
    known_order,
    lives_on_record,
    orders_of,
    plan_row,
    shelves,
    spare_row,
    step_row,
    warnings_of,
    week_of,
    windows,
    work_orders,
)
from luban.ledger import Ledger
from luban.plant import MaintenanceTask, Plant
from luban.screens.service.books import Books
from luban.screens.service.health import HealthBooks
from luban.screens.service.maintenance_price import current_plan, lost_output
from luban.screens.users import Act, Role
from luban.understand.health.lifetime import fit_life

__all__ = [
    "MaintenanceDesk",
    "Standing",
    "Week",
    "advice_of",
    "crew_of",
    "monday",
    "role_for",
    "standing_of",
    "task_of",
]

_TEXT = 500
_ACTING = threading.Lock()  # two people at once get two ids, and a step counts once
_LEAST = 3  # failures on record before a life is fitted


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the board.

    start, end  [µs UTC], Monday to Monday on the plant's wall clock
    orders      that stand in it, and those without a time
    lacks       what is missing for them
    """

    start: int
    end: int
    orders: tuple[WorkOrder, ...]
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything as it stands now."""

    due: tuple[Due, ...]
    orders: Mapping[str, WorkOrder]
    shelves: Mapping[str, Shelf]
    week: Week

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        return {
            "due": [one.as_dict() for one in self.due],
            "orders": [one.as_dict() for one in self.orders.values() if one.open],
            "shelves": [one.as_dict() for one in self.shelves.values()],
            "lacks": [{"what": one.key, "order": one.order, **one.given} for one in self.week.lacks],
        }


def crew_of(plant: Plant) -> list[Technician]:
    """The technicians of the plant."""
    return [Technician(one.name, frozenset(one.skills), min(one.hours, 168.0)) for one in plant.technicians]


def monday(plant: Plant, at: int, weeks: int = 0) -> tuple[int, int]:
    """The week that holds a moment, and so many later: (start, end) [µs UTC] on the plant's wall clock."""
    local = to_datetime(at, plant.zone)
    first = datetime(local.year, local.month, local.day, tzinfo=plant.zone) - timedelta(days=local.weekday())
    first += timedelta(weeks=weeks)
    return from_datetime(first), from_datetime(first + timedelta(days=7))


def standing_of(
    ledger: Ledger, plant: Plant, at: int, *, asked: Mapping[str, str] | None = None, as_of: int | None = None,
    weeks: int = 0,
) -> Standing:  # fmt: skip
    """How maintenance stands at a moment [µs UTC]."""
    orders = work_orders(ledger, as_of)
    stock = shelves(ledger, plant, at, as_of)
    start, end = monday(plant, at, weeks)
    held = week_of(list(orders.values()), start, end)
    lacks = warnings_of(held, stock, crew_of(plant))
    return Standing(
        due_tasks(ledger, plant, at, asked=asked, as_of=as_of), orders, stock, Week(start, end, held, lacks)
    )  # fmt: skip


def task_of(plant: Plant, name: str) -> MaintenanceTask:
    """A task by `machine:task`. Raises InputError for one that maintenance.csv does not have."""
    found = next((one for one in plant.maintenance if one.id == name), None)
    if found is None:
        expected = ", ".join(one.id for one in plant.maintenance[:8]) or "a row of maintenance.csv"
        raise InputError("no such maintenance task", came=name, expected=expected)
    return found


def advice_of(ledger: Ledger, plant: Plant, name: str, at: int, *, folder: Path | None = None) -> Advice:
    """Policies of a task's part, from lives on record at every machine that has it and from the task's prices.

    folder  of the plant: lost output is priced from the loads of its plan, where it has one
    Raises  InputError: an unknown task, one without a part or prices, fewer than 3 failures on record
    """
    task = task_of(plant, name)
    if not task.part:
        raise InputError("that task makes no part new", came=name, hint="name the part in maintenance.csv")
    if task.failure_cost is None or task.planned_cost is None:
        raise InputError("prices of a failure and of a planned replacement are needed", came=name,
                         expected="planned_cost and failure_cost in maintenance.csv")  # fmt: skip
    alike = [one.asset for one in plant.maintenance if one.part == task.part]
    lives = lives_on_record(ledger, plant, task.part, at, machines=alike)
    if lives.failures < _LEAST:
        raise InputError("too few failures on record", came=f"{lives.failures:g}", expected=f"{_LEAST} or more",
                         where=task.part, hint="luban maintain FILE takes lives from elsewhere")  # fmt: skip
    planned = task.duration / HOUR
    failed = planned if task.failure_duration is None else task.failure_duration / HOUR
    lost = lost_output(plant, task, None if folder is None else current_plan(folder))
    prices = Prices(
        failure=task.failure_cost, planned=task.planned_cost, hour=lost.hour, spare=lost.spare, failure_hours=failed,
        planned_hours=planned, source=lost.source,
    )  # fmt: skip
    advice = advise(fit_life(lives), prices)
    return replace(advice, notes=(*advice.notes, lost.reason))


def role_for(code: str) -> Role:
    """Role that a step of a work order needs: what is planned is an engineer's, what is done an operator's."""
    return Role.ENGINEER if code in {"release", "close", "cancel", "move"} else Role.OPERATOR


class MaintenanceDesk:
    """What the maintenance tab and REST work with. Safe from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @property
    def ledger(self) -> Ledger:
        """The books."""
        return self.books.view.ledger

    @property
    def plant(self) -> Plant:
        """The plant as it is described now."""
        return self.books.view.plant

    def standing(self, weeks: int = 0, asked: Mapping[str, str] | None = None) -> Standing:
        """How it stands now; the board shows the week so many after this one."""
        return standing_of(self.ledger, self.plant, now(), asked=asked, weeks=weeks)

    def asked(self) -> dict[str, str]:
        """Machine → channels that are unusual now, for machines with a task that waits for its condition."""
        found = {}
        books = self.books
        for machine in {one.asset for one in self.plant.maintenance if one.policy == "condition"}:
            if isinstance(books, HealthBooks):
                try:
                    lasting = books.machine(machine).open
                except LubanError:  # nothing is known of its condition
                    continue
                if lasting is not None:
                    found[machine] = ", ".join(channel for channel, _ in lasting.parts[:3])
        return found

    def order(self, name: str) -> WorkOrder:
        """One work order. Raises InputError for an unknown one."""
        return known_order(self.ledger, name)

    def orders(self, machine: str) -> tuple[WorkOrder, ...]:
        """Work orders of a machine, the newest first."""
        return orders_of(self.ledger, machine)

    def advice(self, task: str) -> Advice:
        """Policies of a task's part."""
        return advice_of(self.ledger, self.plant, task, now(), folder=self.books.view.folder)

    def stops(self) -> list[dict[str, Any]]:
        """Stops for the scheduler: open orders with a time; a planned one may move within its week."""
        orders = [one for one in work_orders(self.ledger).values() if one.start is not None]
        latest = {one.id: (one.start or 0) + 7 * DAY for one in orders}
        return windows(orders, latest=latest, plant=self.plant.id)

    def plan(self, machine: str, task: str, *, person: str, **options: Any) -> str:
        """Plan a work order; its id."""
        text = str(options.pop("text", ""))[:_TEXT]
        with _ACTING:
            made, rows = plan_row(self.ledger, self.plant, machine, task, person=person, text=text, **options)
            self.books.write(Act(person, "workorder plan", made, f"{machine}: {task}"[:_TEXT]), "event", _filled(rows))
        return made

    def step(
        self, name: str, code: str, *, person: str, role: Role, text: str = "", data: Mapping[str, Any] | None = None
    ) -> WorkOrder:
        """One step on; how the order stands then.

        Raises  InputError: a step that does not fit; NotAllowedError: it needs another role
        """
        needed = role_for(code)
        if role < needed:
            raise NotAllowedError("this needs another role", came=role.name.lower(), expected=needed.name.lower())
        with _ACTING:
            rows = step_row(self.ledger, name, code, person=person, text=text[:_TEXT], data=data)
            self.books.write(Act(person, f"workorder {code}", name, text[:_TEXT]), "event", _filled(rows))
        return self.order(name)

    def spare(self, item: str, code: str, count: int, *, person: str, text: str = "") -> Shelf:
        """Count, receive, take or order a spare part; its shelf then."""
        rows = spare_row(self.plant, item, code, count, person=person, text=text[:_TEXT])
        self.books.write(Act(person, f"spare {code}", item, str(count)), "event", _filled(rows))
        return shelves(self.ledger, self.plant, now())[item]


def _filled(rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """The columns that hold something."""
    return {name: list(values) for name, values in rows.items() if any(value is not None for value in values)}
