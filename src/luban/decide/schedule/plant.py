"""A problem from a plant folder: its routing, orders and calendars, and what schedule.toml adds.

An operation may be done by the work units of its routing rows; a group stands for all of its units, and a unit's own
row goes before its group's. It takes quantity x ideal cycle. The routing's setup time is paid when a unit comes from
another family; the family is the item (with the operation, where an item comes to a unit more than once) unless
[[step]] names one. Work waits over breaks and closures unless a machine or the schedule says `interrupts = false`. An
order's weight is 1 + its priority (1 / (1 - priority) below zero) unless [[order]] gives one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.core.time import MINUTE
from luban.decide.schedule.build import Builder
from luban.decide.schedule.given.clock import Tempo
from luban.decide.schedule.given.entries import Given, raise_all, read_schedule
from luban.decide.schedule.given.fields import Span
from luban.decide.schedule.given.settings import MaintenanceTable, ScheduleFile, ScheduleTable
from luban.decide.schedule.given.site import MachineGiven, Site
from luban.decide.schedule.problem import NEVER, Problem
from luban.plant import Plant, check, load
from luban.plant.complaint import Complaint, Place, did_you_mean, listing, said
from luban.plant.model import Order
from luban.plant.schema import schema_of
from luban.twin.load.read import Told

__all__ = ["check_schedule", "plant_problem", "schedule_schema"]


@dataclass(slots=True)
class _Step:
    """An operation of an item: units with seconds an item and setup."""

    item: str
    operation: str
    cycles: dict[str, float]
    setups: dict[str, float]
    family: str


def plant_problem(
    plant: str | Path | Plant,
    orders: Iterable[str] | None = None,
    now: int | str | None = None,
    tick: int | None = None,
    days: float | None = None,
    stops: Iterable[Mapping[str, str]] = (),
) -> Problem:
    """The problem of a plant: a job for each order (named by its id), an operation `order/operation`, machines by path.

    plant   its folder, or a Plant that was read (then without schedule.toml)
    orders  ids of those to schedule; None: all
    now     tick 0, as text or µs UTC; None: as schedule.toml says, else the clock
    tick    length of a tick [µs]; None: as schedule.toml says, else 1 s
    days    how far calendars reach [d]; None: as schedule.toml says, else as far as the work needs
    stops   more of [[maintenance]] than schedule.toml has, as text: machine, id, time, and start or earliest and
            latest; those of work orders come from `decide.maintain.stop_rows`
    Raises  InputError that tells everything that is wrong, with file and place
    """
    if isinstance(plant, Plant):
        model, given = plant, Given(plant.id, Told(ScheduleTable.model_validate({}), _nowhere))
    else:
        model, given = load(plant), read_schedule(Path(plant))
    if days is not None:
        table = given.schedule.table.model_copy(update={"days": days})
        given.schedule = Told(table, given.schedule.at)
    more = [Told(MaintenanceTable.model_validate(dict(one)), _work_order) for one in stops]
    given.lists["maintenance"] = [*given.told("maintenance"), *more]
    site, builder = _made(model, given, orders, now, tick)
    raise_all(given.complaints)
    return site.finish(builder)


def check_schedule(folder: str | Path) -> list[Complaint]:
    """Everything that is wrong with a plant folder and its schedule.toml; empty if nothing is.

    Where the plant itself has complaints, what schedule.toml says of it is not looked at.
    """
    found, given = check(folder), read_schedule(Path(folder))
    if found:
        found += given.complaints
    else:
        _made(load(folder), given, None, None, None)
        found = given.complaints
    return sorted(dict.fromkeys(found), key=lambda own: (own.file, own.place.sheet, own.line, own.place.column))


def _made(
    model: Plant, given: Given, orders: Iterable[str] | None, now: int | str | None, tick: int | None
) -> tuple[Site, Builder]:
    """Site and filled builder; what is wrong is noted with `given`, and then the builder is not complete."""
    tempo = Tempo(_start(given, model, now), tick or given.tick, model.zone)
    site = Site(given, tempo, calendars=dict(model.calendars))
    _units(site, model)
    site.tell_machines()
    wanted = _wanted(model, orders)
    steps = _steps(site, model)
    _default_setups(site, steps)
    builder = Builder(given.schedule.table.name or model.name, tempo.start, tempo.tick)
    jobs = {order.id: _job(site, order) for order in wanted}
    _tell_orders(site, model, jobs)
    locks = _locks(site, model, steps)
    work = {order.id: _operations(site, order, steps, locks) for order in wanted}
    if not given.complaints:
        site.fill(builder)
        for order, operations in work.items():
            builder.job(order, **jobs[order])
            for operation in operations:
                builder.operation(order, **operation)
        site.maintain(builder)
    return site, builder


def schedule_schema() -> dict[str, Any]:
    """JSON Schema of schedule.toml, for editors."""
    return schema_of(ScheduleFile)


def _nowhere(*_: str | int) -> Place:
    return Place("schedule.toml")


def _work_order(*_: str | int) -> Place:
    return Place("work orders")


def _start(given: Given, plant: Plant, now: int | str | None) -> int:
    tempo, said_start = Tempo(zone=plant.zone), given.schedule.table.start
    start = None
    if said_start is not None:
        try:
            start = tempo.moment(said_start)
        except InputError as error:
            given.complaints.append(said(given.schedule.at("start"), "start", error))
    if now is not None:
        return now if isinstance(now, int) else tempo.moment(now)
    return time.time_ns() // 1000 // MINUTE * MINUTE if start is None else start


def _units(site: Site, plant: Plant) -> None:
    """Machines by full path; schedule.toml names them, and groups, below the plant."""
    for path in plant.work_units:
        own = plant.equipment[path]
        site.machines[path] = MachineGiven(path, own.calendar or "", site.given.schedule.table.interrupts)
    for path in plant.equipment:
        units = list(plant.units_of(path))
        short = "." if path == plant.id else path.removeprefix(f"{plant.id}/")
        site.groups[short] = units
    for path in plant.equipment:
        site.groups[path] = list(plant.units_of(path))


def _wanted(plant: Plant, orders: Iterable[str] | None) -> list[Order]:
    if orders is None:
        return list(plant.orders.values())
    found = []
    for name in orders:
        if name not in plant.orders:
            hint = did_you_mean(name, plant.orders)
            raise InputError("unknown order", came=repr(name), expected=listing(plant.orders), hint=hint)
        found.append(plant.orders[name])
    return found


def _steps(site: Site, plant: Plant) -> dict[str, list[_Step]]:
    """Operations by item in the order of the routing; what lies nearest to a unit counts."""
    found: dict[str, dict[str, _Step]] = {}
    depth: dict[tuple[str, str, str], int] = {}
    for row in plant.routing:
        steps = found.setdefault(row.item, {})
        step = steps.setdefault(row.operation, _Step(row.item, row.operation, {}, {}, ""))
        near = len(plant.ancestry(row.unit))
        for unit in plant.units_of(row.unit):
            key = row.item, row.operation, unit
            if near >= depth.get(key, 0):
                depth[key] = near
                step.cycles[unit], step.setups[unit] = row.ideal_cycle_s, row.setup_s
    told = {(own.table.item, own.table.operation): own for own in site.given.told("step")}
    for (item, operation), own in told.items():
        if site.named(own, "item", item, found, "item", " of the routing"):
            site.named(own, "operation", operation, found[item], "operation", f" of {item}")
    for item, steps in found.items():
        for step in steps.values():
            visits = sum(bool(set(step.cycles) & set(other.cycles)) for other in steps.values())
            own_told = told.get((item, step.operation))
            step.family = own_told.table.family if own_told else ""
            step.family = step.family or (item if visits == 1 else f"{item}/{step.operation}")
    return {item: list(steps.values()) for item, steps in found.items()}


def _default_setups(site: Site, steps: Mapping[str, list[_Step]]) -> None:
    """A table a unit from the routing's setup times, for units without a table of their own; equal ones are shared."""
    times: dict[str, dict[str, int]] = {}
    for step in (step for own in steps.values() for step in own):
        for unit, seconds in step.setups.items():
            if not site.machines[unit].setups and seconds > 0:
                ticks = site.tempo.length(Span(seconds * 1e6))
                mine = times.setdefault(unit, {})
                mine[step.family] = max(ticks, mine.get(step.family, 0))
    tables: dict[tuple[tuple[str, int], ...], str] = {}
    for unit, own in times.items():
        name = tables.setdefault(tuple(sorted(own.items())), f"routing of {unit}")
        site.machines[unit].setups = name
        site.defaults.setdefault(name, own)


def _weight(priority: float) -> float:
    return 1 + priority if priority >= 0 else 1 / (1 - priority)


def _job(site: Site, order: Order) -> dict[str, Any]:
    release = 0 if order.release is None else max(site.tempo.tick_of(order.release, late=True), 0)
    due = NEVER if order.due is None else site.tempo.tick_of(order.due)
    site.latest = max(site.latest, release, due if due < NEVER else 0)
    return {"release": release, "due": due, "deadline": NEVER, "weight": _weight(order.priority)}


def _tell_orders(site: Site, plant: Plant, jobs: dict[str, dict[str, Any]]) -> None:
    for told in site.given.told("order"):
        table = told.table
        if not site.named(told, "id", table.id, plant.orders, "order") or table.id not in jobs:
            continue
        job = jobs[table.id]
        job["release"] = max(site.at(told, "release", late=True, otherwise=job["release"]), 0)
        job["due"] = site.at(told, "due", otherwise=job["due"])
        job["deadline"] = site.at(told, "deadline")
        job["weight"] = job["weight"] if table.weight is None else table.weight
        if job["deadline"] < job["release"]:
            site.complain(told, "deadline", "deadline before the release", table.deadline, "after its release")


def _locks(site: Site, plant: Plant, steps: Mapping[str, list[_Step]]) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for (order, operation), told in site.locks().items():
        if not site.named(told, "order", order, plant.orders, "order"):
            continue
        known = [step.operation for step in steps.get(plant.orders[order].item, ())]
        if not site.named(told, "operation", operation, known, "operation", f" of {plant.orders[order].item}"):
            continue
        machine = ""
        if told.table.machine:
            units = site.machines_of(told, "machine", told.table.machine)
            if len(units) != 1:
                if units:
                    site.complain(told, "machine", "a group where one machine is meant", told.table.machine, "a unit")
                continue
            machine = units[0]
        found[order, operation] = {"fixed_start": site.at(told, "start"), "fixed_machine": machine}
    return found


def _operations(
    site: Site,
    order: Order,
    steps: Mapping[str, list[_Step]],
    locks: Mapping[tuple[str, str], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Words of Builder.operation for each operation of an order."""
    if order.item not in steps:
        message = f"order {order.id}: no routing for its item"
        place = Place("routing.csv")
        site.given.complaints.append(Complaint(place, "item", message, order.item, listing(steps)))
        return []
    told = {(own.table.item, own.table.operation): own for own in site.given.told("step")}
    found = []
    for step in steps[order.item]:
        try:
            modes = {unit: site.tempo.length(Span(order.quantity * cycle * 1e6)) for unit, cycle in step.cycles.items()}
        except InputError as error:
            site.given.complaints.append(said(Place("orders.csv"), f"quantity of {order.id}", error))
            return []
        site.work(modes)
        site.family(modes, step.family)
        words: dict[str, Any] = {
            "modes": modes,
            "name": f"{order.id}/{step.operation}",
            "family": step.family,
            "place": f"order {order.id}, operation {step.operation} of {order.item}",
        }
        own = told.get((order.item, step.operation))
        if own is not None:
            table = own.table
            words |= {
                "needs": site.hold(own, table.needs),
                "size": table.size,
                "batch": table.batch,
                "lag": site.length(own, "lag"),
                "max_lag": NEVER if table.longest_wait is None else site.length(own, "longest_wait"),
            }
        found.append(words | locks.get((order.id, step.operation), {}))
    return found
