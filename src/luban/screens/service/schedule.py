"""The planner's desk: the plans of a plant, what may be done to one, and what one may ask of it.

Reads  plant folder with its orders, plans    Writes  plans, and an act in the books for each change
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from luban.core.errors import InputError, LubanError
from luban.core.time import to_datetime
from luban.decide.maintain import WorkOrder, work_orders
from luban.decide.schedule.objective import TERMS, Objective, figures
from luban.decide.schedule.problem import NEVER, ORDER, Problem
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import Plans, PlanState, fingerprint
from luban.plant import Plant, load
from luban.screens.i18n import words
from luban.screens.service import schedule_chart as charts
from luban.screens.service.schedule_offer import offers
from luban.screens.service.schedule_repair import Repairs
from luban.screens.service.schedule_stops import changed_stops, standing
from luban.screens.service.schedule_ways import clock, ways
from luban.screens.service.view import PlantView
from luban.screens.users import Act
from luban.screens.words import happened_word

__all__ = ["OBJECTIVES", "Desk", "summary"]

OBJECTIVES = (
    "tardiness > setup_time",
    "tardiness > makespan",
    "late > tardiness > makespan",
    "makespan",
    "flow_time",
    "setup_time > tardiness",
    "tardiness + 0.5*setup_time",
)
"""Objectives to choose from; any other can be written."""

_MOST_CHANGED = 5000
_VALUES: dict[tuple[str, str], list[float]] = {}


class Desk:
    """Everything that page and REST may do with plans. Safe from any thread.

    view    the plant; its folder is read anew where orders matter
    record  takes each act
    """

    def __init__(self, view: PlantView, record: Callable[[Act], None] = lambda _act: None) -> None:
        self.view = view
        self.plans = Plans(view.folder, lambda *told: record(Act(*told)))
        self.repairs = Repairs(view.folder, self.plans)
        self._plant: tuple[tuple[tuple[str, int, int], ...], Plant] | None = None
        self._text: tuple[tuple[str, int], bytes] | None = None

    # ------------------------------------------------------------ the plant and its plans

    def plant(self) -> Plant:
        """The plant as its folder is now, or as it was read at the start where the folder has errors."""
        files = [path for path in self.view.folder.iterdir() if path.suffix in {".toml", ".csv"}]
        seen = tuple(sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files))
        if self._plant is None or self._plant[0] != seen:
            try:
                self._plant = seen, load(self.view.folder)
            except LubanError:
                self._plant = seen, self.view.plant
        return self._plant[1]

    def objective(self) -> str:
        """What the plant's schedule.toml wants to be small; '' where it says nothing."""
        from luban.decide.schedule.read import read_objective

        try:
            return str(read_objective(self.view.folder) or "")
        except LubanError:
            return ""

    def orders(self) -> tuple[WorkOrder, ...]:
        """Work orders of maintenance as they stand."""
        return tuple(work_orders(self.view.ledger).values())

    def status(self) -> dict[str, Any]:
        """What can be planned, and which plans there are."""
        plant, orders = self.plant(), self.orders()
        seen = fingerprint(self.view.folder, plant)
        found, wrong = self.plans.look()
        plans = [summary(plan, plant, seen, orders) for plan in found]
        current = next((own for own in plans if own["published"]), plans[0] if plans else None)
        return {
            "orders": len(plant.orders), "routing": len(plant.routing),
            "objective": self.objective(), "objectives": list(OBJECTIVES),
            "terms": dict(TERMS), "plans": plans, "current": current["id"] if current else None,
            "unreadable": wrong,
        }  # fmt: skip

    def told(self, id_: str) -> dict[str, Any]:
        """A plan: what it is worth, whether it still fits the orders, what was done to it."""
        plan, plant = self.plans.get(id_), self.plant()
        return {
            **summary(plan, plant, fingerprint(self.view.folder, plant), self.orders()),
            "figures": _figures(plan.schedule), "locked": _named(plan, plan.locked),
            "stops": standing(plan.schedule, plan.made.get("stops") or ()),
            "history": [
                {"n": own.n, "at": own.at, "who": own.who, "act": own.act, "text": own.told.get("text", ""),
                 "undone": own.n in plan.redo}
                for own in plan.history
            ],
        }  # fmt: skip

    def chart(self, id_: str) -> dict[str, Any]:
        """What the Gantt is drawn from, with the machines that each operation can go to."""
        plan = self.plans.get(id_)
        p = plan.schedule.problem
        first, machines = p.mode_first.tolist(), p.mode_machine.tolist()
        able = [machines[a:b] for a, b in pairwise(first)]
        return {**charts.chart(plan, self.plant()), "eligible": able}

    def chart_text(self, id_: str) -> bytes:
        """The same as JSON; the newest few are kept, since every page of a plan asks for the same."""
        plan = self.plans.get(id_)
        if self._text is None or self._text[0] != (id_, plan.n):
            made = json.dumps(self.chart(id_), ensure_ascii=False, separators=(",", ":"))
            self._text = (id_, plan.n), made.encode()
        return self._text[1]

    def machines(self, plan: PlanState) -> list[dict[str, str]]:
        """Id, name and group of the machines of a plan."""
        return charts.names_of(plan.schedule.problem, self.plant())

    def load(self, id_: str, by: str = "day") -> dict[str, Any]:
        """Load of each machine by `day` or `shift`."""
        if by not in {"day", "shift"}:
            raise InputError("no such division of time", came=repr(by), expected="day or shift")
        return charts.load(self.plans.get(id_), self.plant(), by=by)

    def dispatch(self, id_: str, machine: str = "") -> dict[str, Any]:
        """What each machine (or one) works on, in order, from now on where the plan has begun."""
        from luban.decide.schedule.dispatch import dispatch_lists

        plan = self.plans.get(id_)
        return {"plan": id_, "lists": dispatch_lists(plan.schedule, machine or None)}

    # ------------------------------------------------------------ changes

    def preview(self, id_: str, operation: int, machine: int, start: int) -> dict[str, Any]:
        """What a move would bring, without making it. Raises InputError with the reason of a refusal."""
        plan = self.plans.get(id_)
        moved = self._moved(plan, operation, machine, start)
        return self._told_move(plan, moved, operation)

    def take(self, id_: str, operation: int, machine: int, start: int, *, version: int, who: str) -> dict[str, Any]:
        """Make a move; `version` is the line of the plan that it was chosen on. Raises InputError."""
        plan = _at(self.plans.get(id_), version)
        moved = self._moved(plan, operation, machine, start)
        told = self._told_move(plan, moved, operation)
        p = plan.schedule.problem
        text = f"{p.operations[operation]} → {p.machines[int(moved.machine[operation])]}"
        line = {"operation": operation, "machine": machine, "start": start}
        self.plans.edit(plan, moved, plan.locked, "moved", text, who=who, told=line)
        return told

    def lock(self, id_: str, operation: int, *, version: int, who: str, locked: bool | None = None) -> bool:
        """Lock an operation (a batch with all its members), or let it go; whether it is locked now."""
        plan = _at(self.plans.get(id_), version)
        _inside(plan.schedule.problem, operation)
        wanted = operation not in plan.locked if locked is None else locked
        if wanted == (operation in plan.locked):
            return wanted
        batch = int(plan.schedule.batch[operation])
        group = {operation} if batch < 0 else set(np.flatnonzero(plan.schedule.batch == batch).tolist())
        after = plan.locked | group if wanted else plan.locked - group
        name = plan.schedule.problem.operations[operation]
        self.plans.edit(plan, plan.schedule, frozenset(after), "locked" if wanted else "unlocked", name, who=who)
        return wanted

    def step(self, id_: str, act: str, *, who: str) -> str:
        """Undo or redo; says what it was."""
        plan = self.plans.step(self.plans.get(id_), {"undo": "undone", "redo": "redone"}[act], who=who)
        return str(plan.history[-1].told.get("text", ""))

    def publish(self, id_: str, *, who: str) -> None:
        """Make this the plan that the floor works by."""
        self.plans.publish(self.plans.get(id_), who=who)

    def _moved(self, plan: PlanState, operation: int, machine: int, start: int) -> Schedule:
        from luban.decide.schedule.move import move

        p = plan.schedule.problem
        _inside(p, operation)
        if not 0 <= machine < p.machine_count:
            raise InputError("no such machine in the plan", came=str(machine), expected=f"0 to {p.machine_count - 1}")
        try:
            return move(plan.schedule, operation, machine, start, locked=plan.locked, zone=self.view.plant.zone)
        except InputError as error:
            said = self._named(plan, error.message), self._named(plan, error.hint)
            raise InputError(said[0], came=error.came, hint=said[1]) from None

    def _told_move(self, plan: PlanState, moved: Schedule, operation: int) -> dict[str, Any]:
        old, p = plan.schedule, plan.schedule.problem
        changed = np.flatnonzero(
            (old.machine != moved.machine) | (old.start != moved.start) | (old.end != moved.end)
            | (old.setup_start != moved.setup_start) | (old.setup_end != moved.setup_end)
        )  # fmt: skip
        shifted = changed[(old.start != moved.start)[changed] | (old.machine != moved.machine)[changed]]
        before, after = charts.lateness(old), charts.lateness(moved)
        columns = (moved.machine, moved.start, moved.end, moved.setup_start, moved.setup_end)
        orders = [
            {"order": p.jobs[at], "before": int(before[at]), "after": int(after[at])}
            for at in np.flatnonzero(before != after).tolist()
        ]
        return {
            "plan": plan.id, "version": plan.n, "operation": operation, "name": p.operations[operation],
            "machine": int(moved.machine[operation]), "start": int(moved.start[operation]),
            "changes": [[int(at), *(int(own[at]) for own in columns)] for at in changed.tolist()],
            "shifted": len(set(shifted.tolist()) - {operation}), "orders": orders,
            "figures": _differences(_figures(old), _figures(moved)),
        }  # fmt: skip

    # ------------------------------------------------------------ questions

    def compare(self, id_: str, other: str) -> dict[str, Any]:
        """What differs from another plan: figures, orders that come earlier or later, operations that moved."""
        plan, base = self.plans.get(id_), self.plans.get(other)
        p, q = plan.schedule.problem, base.schedule.problem
        ghosts = charts.ghosts(plan, base)
        return {
            "plan": id_, "with": other,
            "figures": _differences(_figures(base.schedule), _figures(plan.schedule)),
            "orders": _order_changes(plan.schedule, base.schedule),
            "operations": [
                {"index": at, "operation": p.operations[at], "start": [start, int(plan.schedule.start[at])],
                 "machine": [p.machines[row], p.machines[int(plan.schedule.machine[at])]]}
                for at, row, start, _ in ghosts[:_MOST_CHANGED]
            ],
            "moved": len(ghosts), "only_here": sorted(set(p.jobs) - set(q.jobs)),
            "only_there": sorted(set(q.jobs) - set(p.jobs)), "ghosts": ghosts,
        }  # fmt: skip

    def why(self, id_: str, order: str) -> dict[str, Any]:
        """Why an order ends when it does: a chain of causes, each with its sentence."""
        from luban.decide.schedule.late import why_late

        plan = self.plans.get(id_)
        chain = why_late(plan.schedule, order)
        last = int(plan.schedule.problem.job_first[chain.job + 1]) - 1
        return {
            "order": chain.name, "begin": chain.begin, "end": chain.end,
            "due": None if chain.due >= NEVER else chain.due, "late": chain.lateness, "alone": chain.alone,
            "links": [
                {"operation": own.operation, "cause": own.cause, "start": own.start, "end": own.end,
                 "resource": own.resource, "others": list(own.others), "text": self._named(plan, own.text)}
                for own in chain.links
            ],
            "totals": chain.totals, "chain": charts.critical(plan.schedule, last),
        }  # fmt: skip

    def _named(self, plan: PlanState, text: str) -> str:
        """A sentence with the machines' names in place of their paths."""
        for own in self.machines(plan):
            if own["id"] in text and own["id"] != own["name"]:
                text = re.sub(rf"(?<![\w/]){re.escape(own['id'])}(?![\w/])", own["name"], text)
        return text

    def promise(self, id_: str, order: str, seconds: float = 3.0) -> dict[str, Any]:
        """What it would take to end an order in time; seconds of search for each way. Raises InputError."""
        return ways(self.view.folder, id_, order, seconds)

    # ------------------------------------------------------------ what happened

    def repair(self, id_: str, happened: Sequence[Mapping[str, Any]], *, version: int, now: int | None = None,
               seconds: float = 2.0, stability: float = 0.9) -> dict[str, Any]:  # fmt: skip
        """Ways to go on with a plan after something happened, from the least disturbance to the least cost.

        happened  as `events_of` takes it
        now       what begins before it stays [tick]; None: the clock's, or the beginning of a plan that is over
        Raises    InputError with the reason where there is no way
        """
        plan = _at(self.plans.get(id_), version)
        now = clock(plan) if now is None else now
        try:
            return self.repairs.find(plan, happened, now, seconds=seconds, stability=stability)
        except InputError as error:
            said = [self._named(plan, text) for text in (error.message, error.came, error.hint)]
            raise InputError(said[0], came=said[1], expected=error.expected, hint=said[2]) from None

    def offer(
        self, id_: str, order: Mapping[str, Any], *, now: int | None = None, seconds: float = 3.0
    ) -> dict[str, Any]:
        """By when a new order like one of the plan can be promised, and what each date costs. Raises InputError."""
        plan = self.plans.get(id_)
        return offers(self.view.folder, plan, order, clock(plan) if now is None else now, seconds)

    def take_repair(self, id_: str, repair: str, option: int, *, who: str, language: str = "en") -> str:
        """Make one of the ways a plan of its own, named by what happened; its id. Raises InputError."""
        plan = self.plans.get(id_)
        name = self.happened(plan, self.repairs.happened(repair), language)
        return self.repairs.take(plan, repair, option, name, who=who).id

    def happened(self, plan: PlanState, happened: Sequence[Mapping[str, Any]], language: str = "en") -> str:
        """What happened to a plan, in words."""
        p, say, zone = plan.schedule.problem, words(language), self.view.plant.zone

        def when(tick: int) -> str:
            return f"{to_datetime(p.start + tick * p.tick, zone):%m-%d %H:%M}" if p.tick else str(tick)

        return ", ".join(happened_word(say, own, lambda text: self._named(plan, text), when) for own in happened)


def summary(plan: PlanState, plant: Plant, seen: str, orders: Sequence[WorkOrder] = ()) -> dict[str, Any]:
    """A plan in a line: its objective, what it is worth now and was when it was found, who made it and when, and what
    orders it does not know. The gap is that of now, against the bound of the search. `seen`: fingerprint of the folder;
    `orders`: work orders of maintenance.
    """  # fmt: skip
    made, p = plan.made, plan.schedule.problem
    value = _worth(plan)
    bound = made.get("bound")
    gap = made.get("gap") if not plan.undo else _gap(value, bound)
    last = plan.history[-1]
    return {
        "id": plan.id, "name": made.get("name", plan.id), "version": plan.n, "objective": made.get("objective", ""),
        "value": value, "found": made.get("value"), "bound": bound, "gap": gap,
        "proved": bool(made.get("proved")) and value == made.get("value"), "reason": made.get("reason", ""),
        "seconds": made.get("seconds"), "author": plan.history[0].who,
        "made": plan.history[0].at, "changed": last.at, "changed_by": last.who, "edits": len(plan.undo),
        "undo": len(plan.undo), "redo": len(plan.redo), "published": plan.published, "operations": p.operation_count,
        "tick": p.tick, "stale": _stale(plan, plant, seen, orders),
    }  # fmt: skip


def _worth(plan: PlanState) -> list[float] | None:
    """The objective's levels as the plan is now; what the search said where nothing was moved."""
    made = plan.made
    if not plan.undo or not made.get("objective"):
        return made.get("value")
    return _valued(plan)


def _valued(plan: PlanState) -> list[float]:
    key = plan.id, plan.history[-1].hash
    if key not in _VALUES:
        if len(_VALUES) > 500:
            _VALUES.clear()
        _VALUES[key] = list(Objective.parse(plan.made["objective"]).value(plan.schedule))
    return _VALUES[key]


def _gap(value: list[float] | None, bound: float | None) -> float | None:
    """As the search says it: how far above its bound; None where nothing is proven."""
    if not value or bound is None:
        return None
    if value[0] <= bound:
        return 0.0
    return (value[0] - bound) / abs(bound) if bound else None


def _stale(plan: PlanState, plant: Plant, seen: str, work: Sequence[WorkOrder]) -> dict[str, Any] | None:
    """What has changed since the plan was made, in the folder and in work orders of maintenance.

    None: nothing, or it was not made from the folder
    """
    known = plan.made.get("fingerprint")
    moved = changed_stops(plan.made["stops"], work) if plan.made.get("stops") is not None else []
    if not known or (known == seen and not moved):
        return None
    p = plan.schedule.problem
    planned = {name for at, name in enumerate(p.jobs) if p.job_kind[at] == ORDER}
    orders = set(plant.orders)
    return {"new": sorted(orders - planned), "gone": sorted(planned - orders), "stops": moved}


def _at(plan: PlanState, version: int) -> PlanState:
    if plan.n != version:
        last = plan.history[-1]
        raise InputError(
            "the plan has changed meanwhile", came=f"{last.act} by {last.who}", hint="look at it again, then repeat"
        )
    return plan


def _inside(problem: Problem, operation: int) -> None:
    if not 0 <= operation < problem.operation_count:
        expected = f"0 to {problem.operation_count - 1}"
        raise InputError("no such operation in the plan", came=str(operation), expected=expected)


def _named(plan: PlanState, operations: frozenset[int]) -> list[str]:
    return [plan.schedule.problem.operations[at] for at in sorted(operations)]


def _figures(schedule: Schedule) -> dict[str, float]:
    return dict(zip(TERMS, (float(own) for own in figures(schedule)), strict=True))


def _differences(before: Mapping[str, float], after: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"figure": name, "before": before[name], "after": after[name]} for name in TERMS]


def _order_changes(here: Schedule, there: Schedule) -> list[dict[str, Any]]:
    place = {name: at for at, name in enumerate(there.problem.jobs)}
    late_here, late_there = charts.lateness(here), charts.lateness(there)
    found = []
    for at, name in enumerate(here.problem.jobs):
        to = place.get(name)
        if to is not None and late_here[at] != late_there[to]:
            found.append({"order": name, "before": int(late_there[to]), "after": int(late_here[at])})
    return found
