"""Work orders of maintenance as stops of a schedule: which are taken, where they stand, and which cannot be.

Reads  Fact(event) of kind `workorder`, plant folder
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, MINUTE, now
from luban.decide.maintain import WorkOrder, stop_rows, windows, work_orders
from luban.decide.maintain.words import STOPS, STOPS_LEFT
from luban.decide.schedule.problem import MAINTENANCE, Problem
from luban.decide.schedule.schedule import Schedule
from luban.ledger import Ledger
from luban.loop.places import places
from luban.plant import Plant, load

__all__ = [
    "Stop", "Taken", "asking", "changed_stops", "orders_in", "plan_problem", "standing",
    "stops_in",
]  # fmt: skip

_WEEK: Final = 7 * DAY
_SAID: Final = {**STOPS, **STOPS_LEFT}


@dataclass(frozen=True, slots=True)
class Stop:
    """A work order as a plan takes it.

    order, task, machine, start, minutes  as the work order has them; start [µs UTC]
    how   key of STOPS, or of STOPS_LEFT where it is left out
    why   what the plan says against it; '' for nothing
    """

    order: str
    task: str
    machine: str
    start: int | None
    minutes: float
    how: str
    why: str = ""

    @property
    def taken(self) -> bool:
        """A stop of the plan."""
        return self.how in STOPS

    @property
    def text(self) -> str:
        """How it was taken, or why it was not."""
        return _SAID[self.how]

    def as_dict(self) -> dict[str, Any]:
        """For the plan's log and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"taken": self.taken}


@dataclass(frozen=True, slots=True)
class Taken:
    """A problem with its stops.

    problem  with the stops of work orders
    stops    every work order that asks for a stop, taken or left out
    """

    problem: Problem
    stops: tuple[Stop, ...]


def orders_in(folder: Path) -> tuple[WorkOrder, ...]:
    """Work orders in the books of a plant's folder; none where it has no books."""
    # a folder with nothing but people or grants is no books yet
    if not (places(folder).ledger / "manifest.sqlite").is_file():
        return ()
    ledger = Ledger(places(folder).ledger)
    try:
        return tuple(work_orders(ledger).values())
    finally:
        ledger.close()


def asking(orders: Iterable[WorkOrder]) -> list[WorkOrder]:
    """Those that ask for a stop: planned or released with a time, and those under way."""
    return [
        one for one in orders
        if (one.state in {"planned", "released"} and one.start is not None)
        or (one.state == "running" and one.begun is not None)
    ]  # fmt: skip


def plan_problem(
    folder: Path, orders: Iterable[WorkOrder] | None = None, *, at: int | None = None,
    shape: Callable[[Problem], Problem] = lambda problem: problem,
) -> Taken:  # fmt: skip
    """What a plant's folder asks for, with its work orders as stops.

    A stop that no plan can hold where it stands is placed after its begin; where that cannot be either it is left out:
    a work order never keeps a plant from having a plan.

    orders  None: those in the books
    at      now [µs UTC]; None: the clock
    shape   what is done to the problem before it is searched: what is locked
    Raises  InputError: what is wrong with the folder
    """
    from luban.decide.schedule.plant import plant_problem

    plant, at = load(folder), now() if at is None else at
    plain = plant_problem(folder)
    wanted = asking(orders_in(folder) if orders is None else orders)
    found = [_look(one, plant, plain, at) for one in wanted]
    kept = [stop for stop in found if stop.taken]
    if not kept:
        return Taken(plain, tuple(found))
    by_id = {one.id: one for one in wanted}

    def made(stops: Sequence[Stop]) -> Problem:
        rows = [_row(by_id[stop.order], stop, plant, at) for stop in stops]
        return plant_problem(folder, now=plain.start, stops=stop_rows(rows, plant.zone))

    def against(stops: Sequence[Stop]) -> str | None:
        try:
            return _hindered(shape(made(stops)))
        except InputError as error:
            return str(error)

    if against(kept) is None or _hindered(shape(plain)) is not None:
        return Taken(made(kept), tuple(found))
    sound: list[Stop] = []
    rank = ("running", "overrun", "fixed", "placed", "overdue")
    for stop in sorted(kept, key=lambda own: (rank.index(own.how), own.start or 0)):
        free = replace(stop, how="freed")
        why = against([*sound, stop])
        if why is None:
            sound.append(stop)
        elif stop.how not in {"running", "overrun"} and against([*sound, free]) is None:
            sound.append(free)
        else:
            found[found.index(stop)] = replace(stop, how="impossible", why=why)
    settled = {stop.order: stop for stop in sound}
    return Taken(made(sound) if sound else plain, tuple(settled.get(stop.order, stop) for stop in found))


def _look(one: WorkOrder, plant: Plant, plain: Problem, at: int) -> Stop:
    """How an order would be taken if nothing stood against it."""
    begin = one.begun if one.state == "running" else one.start
    stop = Stop(one.id, one.task, one.machine, one.start, one.minutes, "placed")
    if one.machine not in plant.work_units:
        return replace(stop, how="machine", why=one.machine)
    if one.minutes <= 0:
        return replace(stop, how="length")
    given = [name for name, kind in zip(plain.jobs, plain.job_kind.tolist(), strict=True) if kind == MAINTENANCE]
    if any(name.startswith(f"{one.id} ") for name in given):
        return replace(stop, how="given")
    late = begin is not None and begin < at
    last = plain.start + int(plain.window_end.max()) * plain.tick if plain.window_end.size else None
    if last is not None and max(begin or 0, at if late else 0) >= last:
        return replace(stop, how="beyond")
    if one.state == "running":
        return replace(stop, how="overrun" if (begin or 0) + _length(one) <= at else "running")
    if late:
        return replace(stop, how="overdue")
    return replace(stop, how="fixed" if one.state == "released" else "placed")


def _row(one: WorkOrder, stop: Stop, plant: Plant, at: int) -> dict[str, Any]:
    """The stop as `windows` has it."""
    latest = None
    if stop.how in {"running", "overrun"}:
        begin = one.begun or at
        end = begin + _length(one) if stop.how == "running" else at + max(_length(one) // 4, MINUTE)
        one = replace(one, start=begin, minutes=-(-(end - begin) // MINUTE))
    elif stop.how == "fixed":
        one = replace(one, state="released")
    else:
        begin = max(one.start or at, at)
        one = replace(one, state="planned", start=begin)
        latest = None if stop.how == "freed" else begin + _WEEK
    return windows([one], latest={} if latest is None else {one.id: latest}, plant=plant.id)[0]


def _length(one: WorkOrder) -> int:
    return round(one.minutes * MINUTE)


def _hindered(problem: Problem) -> str | None:
    """What no schedule can do, the first thing."""
    from luban.decide.schedule.door import hindrances

    return next((str(error) for error in islice(hindrances(problem), 1)), None)


# ---------------------------------------------------------------- stops of a plan


def stops_in(problem: Problem, stops: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """Job of the problem → the stop that it is; a stop over several openings has a job for each."""
    found = {}
    care = np.flatnonzero(problem.job_kind == MAINTENANCE).tolist()
    for stop in stops:
        title = f"{stop['order']} {stop['task']} {stop['machine']}"
        found.update(
            {at: stop for at in care if problem.jobs[at] == title or problem.jobs[at].startswith(f"{title} (")}
        )
    return found


def standing(schedule: Schedule, stops: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each stop with where it lies in the plan: `begin` and `end` [tick], None where it is left out or is over."""
    told, p = [], schedule.problem
    kept = list(stops)
    where = stops_in(p, kept)
    for stop in kept:
        own = [at for at, other in where.items() if other is stop]
        mine = np.isin(p.job_of, own)
        told.append({
            **stop, "text": _SAID.get(str(stop["how"]), ""),
            "begin": int(schedule.start[mine].min()) if own else None,
            "end": int(schedule.end[mine].max()) if own else None,
        })  # fmt: skip
    return told


def changed_stops(stops: Sequence[Mapping[str, Any]], orders: Iterable[WorkOrder]) -> list[str]:
    """Work orders that a plan with these stops does not know as they are now: new, moved, or cancelled.

    One that was released, begun or done since is no change.
    """
    known = {str(stop["order"]): stop for stop in stops}
    by_id = {one.id: one for one in orders}
    fresh = [one.id for one in asking(by_id.values()) if one.id not in known]
    other = [
        name for name, stop in known.items()
        if (one := by_id.get(name)) is None or one.state == "cancelled"
        or (one.machine, one.start, one.minutes) != (stop["machine"], stop["start"], stop["minutes"])
    ]  # fmt: skip
    return sorted([*fresh, *other])
