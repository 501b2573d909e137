"""The floor as books and bookings show it, and the plan of what is left to do.

Times of a plan are those of the books: a minute of the shop is a tick, as long as a minute lasts in the story.

Reads   Fact(state), files of a MES, plant folder    Writes  nothing
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from luban.core.time import DAY, MINUTE
from luban.plant import Plant

__all__ = [
    "MOVE",
    "OBJECTIVE",
    "Clock",
    "Floor",
    "Lot",
    "Planned",
    "dispatch",
    "laid",
    "planned",
    "problem_of",
    "rows_in",
]

MOVE: Final = 200
"""Planned time between two operations [min of the shop]."""
OBJECTIVE: Final = "tardiness + 0.2*flow_time"
"""What a plan is to be good at."""
_LEAST: Final = 0.1
_AHEAD: Final = 21
_OUTSIDE: Final = 5 * 24 * 60  # planned stay at the plater [min]


@dataclass(frozen=True, slots=True)
class Clock:
    """The shop's time and the books' time.

    shop, wall  one instant in both [µs UTC];  scale  shop time an hour of the books holds [1]
    """

    shop: int
    wall: int
    scale: float

    def shop_at(self, wall: int) -> int:
        """The shop's clock at a time of the books [µs UTC]."""
        return self.shop + round((wall - self.wall) * self.scale)

    def wall_at(self, shop: int) -> int:
        """When an instant of the shop is in the books [µs UTC]."""
        return self.wall + round((shop - self.shop) / self.scale)

    @property
    def tick(self) -> int:
        """A minute of the shop [µs of the books]."""
        return max(1, round(MINUTE / self.scale))


@dataclass(slots=True)
class Lot:
    """An order that has arrived and not left.

    place      pool, moving, queue, machine, outside;  operation  the next one, or the one that runs
    since      it is so [µs UTC of the shop], None where that is not known
    """

    order: str
    item: str
    quantity: int
    place: str
    operation: str
    unit: str = ""
    due: int | None = None
    since: int | None = None


@dataclass
class Floor:
    """What lies where: as the MES told at first, then by its bookings and by what machines say they work on."""

    plant: Plant
    lots: dict[str, Lot]
    family: dict[str, str] = field(default_factory=dict)  # machine → item it is set up for
    down: dict[str, int] = field(default_factory=dict)  # machine → since when [µs UTC of the shop]

    @classmethod
    def told(cls, plant: Plant, lots: Iterable[Mapping[str, Any]]) -> Floor:
        """The floor as a MES tells it."""
        made = {
            one["order"]: Lot(
                one["order"], one["item"], one["quantity"], one["place"], one["operation"], one["unit"], one["due"],
                one["started"],
            )
            for one in lots
        }  # fmt: skip
        found = cls(plant, made)
        found.family = {lot.unit: lot.item for lot in made.values() if lot.unit}
        return found

    def route(self, item: str) -> dict[str, dict[str, float]]:
        """Operation → machine → seconds a piece, in the order of the routing."""
        found: dict[str, dict[str, float]] = {}
        for row in self.plant.routing:
            if row.item == item:
                for unit in self.plant.units_of(row.unit):
                    found.setdefault(row.operation, {})[unit] = row.ideal_cycle_s
        return found

    def booked(self, order: str, operation: str, good: int, at: int) -> None:
        """An operation has ended."""
        lot = self.lots.get(order)
        if lot is None:
            return
        steps = list(self.route(lot.item))
        after = [step for step in steps if step > operation]
        if not after or good <= 0:
            del self.lots[order]
            return
        lot.operation, lot.place, lot.unit, lot.quantity, lot.since = after[0], "moving", "", good, at

    def works(self, unit: str, state: str, order: str | None, at: int) -> None:
        """A machine says what it does."""
        if state == "down":
            self.down.setdefault(unit, at)
        else:
            self.down.pop(unit, None)
        lot = self.lots.get(order or "")
        if lot is not None and lot.unit != unit:
            lot.place, lot.unit, lot.since = "machine", unit, at
            self.family[unit] = lot.item

    def before(self, unit: str) -> list[Lot]:
        """Lots that wait for an operation that the machine can do."""
        return [
            lot for lot in self.lots.values()
            if lot.place == "queue" and unit in self.route(lot.item).get(lot.operation, ())
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan of what is left.

    schedule  tick 0 is the moment it was made;  at  that moment [µs UTC of the shop]
    """

    schedule: Any
    at: int

    def machine(self, unit: str) -> list[tuple[str, int]]:
        """What the machine does next, in order: `order/operation`, start [µs UTC of the shop]."""
        p = self.schedule.problem
        if unit not in p.machines:
            return []
        return [
            (p.operations[own], self.at + int(self.schedule.start[own]) * MINUTE)
            for own in self.schedule.sequence(p.machines.index(unit))
        ]


def problem_of(floor: Floor, clock: Clock, wall: int) -> Any:
    """What is left to do at a time of the books, as a scheduling problem."""
    from luban.decide.schedule.build import Builder

    plant, now = floor.plant, clock.shop_at(wall)
    shop = Builder(f"{plant.name}, what is left", wall, clock.tick)
    shop.calendar("shifts", _open(plant, now))
    busy = {lot.unit: _left(floor, lot, now) for lot in floor.lots.values() if lot.place == "machine"}
    setups = {(row.item, unit): row.setup_s for row in plant.routing for unit in plant.units_of(row.unit)}
    for unit in plant.work_units:
        own = {item: seconds for (item, other), seconds in setups.items() if other == unit and seconds}
        for after, seconds in own.items():
            for before in ("", *own):
                if before != after:
                    shop.setup(unit, before, after, round(seconds / 60))
        shop.machine(unit, calendar="shifts", table=unit if own else "", family=_family(floor, unit, own),
                     ready=busy.get(unit, 0))  # fmt: skip
    for lot in floor.lots.values():
        if lot.place != "pool":
            _say(shop, floor, lot, now, busy)
    return shop.problem()


def _family(floor: Floor, unit: str, own: Mapping[str, float]) -> str:
    family = floor.family.get(unit, "")
    return family if family in own else ""


def _say(shop: Any, floor: Floor, lot: Lot, now: int, busy: Mapping[str, int]) -> None:
    """The operations that are left of a lot; what a machine works on is behind it."""
    route = floor.route(lot.item)
    release = {"moving": MOVE // 2, "outside": _OUTSIDE // 2}.get(lot.place, 0)
    steps = [step for step in route if step >= lot.operation]
    if lot.place == "machine":
        release, steps = busy.get(lot.unit, 0) + MOVE, steps[1:]
    if not steps:
        return
    due = {} if lot.due is None else {"due": max(0, (lot.due - now) // MINUTE)}
    shop.job(lot.order, release=release, **due)
    for step in steps:
        modes = {unit: max(1, round(lot.quantity * cycle / 60)) for unit, cycle in route[step].items()}
        shop.operation(lot.order, modes, name=f"{lot.order}/{step}", family=lot.item, lag=MOVE)


def _left(floor: Floor, lot: Lot, now: int) -> int:
    """Planned time until the machine is done with the lot [min]."""
    cycle = floor.route(lot.item).get(lot.operation, {}).get(lot.unit, 60.0)
    total = lot.quantity * cycle / 60
    spent = 0.0 if lot.since is None else _worked(floor.plant, lot.since, now) / MINUTE
    return max(1, round(max(total - spent, _LEAST * total)))


def _worked(plant: Plant, start: int, end: int) -> int:
    return sum(max(0, min(b, end) - max(a, start)) for a, b in _shifts(plant, start, end))


def _shifts(plant: Plant, start: int, end: int) -> list[tuple[int, int]]:
    calendar = next(iter(plant.calendars.values()))
    return [(shift.start, shift.end) for shift in calendar.shifts(plant.zone, start, end)]


def _open(plant: Plant, now: int) -> list[tuple[int, int]]:
    """Open windows from now on [min]."""
    return [(max(0, (a - now) // MINUTE), (b - now) // MINUTE) for a, b in _shifts(plant, now, now + _AHEAD * DAY)]


def planned(problem: Any, seconds: float) -> Any:
    """A schedule that keeps dates and lets nothing lie."""
    from luban.decide.schedule import Objective, solve

    return solve(problem, Objective.parse(OBJECTIVE), seconds=seconds, workers=1).schedule


def laid(problem: Any, old: Any) -> Any:
    """An old plan's order on the floor as it is now: what has been done is left out, what is new comes last."""
    from luban.decide.schedule import Objective
    from luban.decide.schedule.problem import NEVER, NONE
    from luban.decide.schedule.ruin import Ruin

    known = {name: at for at, name in enumerate(old.problem.operations)}
    count = problem.operation_count
    start = np.full(count, NEVER // 2, np.int64)
    machine = np.full(count, NONE, np.int64)
    for at, name in enumerate(problem.operations):
        if (before := known.get(name)) is not None:
            start[at] = old.start[before]
            machine[at] = problem.machines.index(old.problem.machines[int(old.machine[before])])
    ruin = Ruin(problem, Objective.parse(OBJECTIVE), 0, start, machine)
    order = np.lexsort((np.arange(count), start)).astype(np.int64)
    ruin.begin(order, machine, np.zeros(count, np.int64))
    ruin.take()
    return ruin.schedule()


def rows_in(folder: Path, pattern: str, known: set[str]) -> list[dict[str, str]]:
    """Rows of files that are new since the last look, oldest file first."""
    found: list[dict[str, str]] = []
    for path in sorted(folder.glob(pattern)):
        if path.name not in known:
            known.add(path.name)
            with path.open(encoding="utf-8", newline="") as file:
                found += csv.DictReader(file)
    return found


def dispatch(plan: Planned, floor: Floor, units: Sequence[str], most: int = 3) -> dict[str, list[str]]:
    """For each machine the next operations whose lots lie before it, in the order of the plan."""
    found = {}
    for unit in units:
        there = {f"{lot.order}/{lot.operation}" for lot in floor.before(unit)}
        own = [name for name, _ in plan.machine(unit) if name in there][:most]
        if own:
            found[unit] = own
    return found
