"""A problem from a planner's tables: one CSV file of operations, a folder of CSV files, or a workbook.

Only the table of operations is needed. Without a table of machines, those named by operations are there, always open
or on the calendar where there is just one; without a table of orders, orders have no dates. Bare numbers without any
unit or date make an abstract problem.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from luban.core.errors import InputError
from luban.core.time import MINUTE
from luban.decide.schedule.build import Builder
from luban.decide.schedule.given.clock import Tempo, calendar_of
from luban.decide.schedule.given.entries import Given, raise_all, read_tables
from luban.decide.schedule.given.fields import Span, bare_number
from luban.decide.schedule.given.site import MachineGiven, Site
from luban.decide.schedule.problem import NEVER, Problem
from luban.plant.calendar import Calendar
from luban.plant.complaint import did_you_mean, said
from luban.twin.load.read import Told

__all__ = ["read_table_problem"]

Rows = dict[str, dict[str, list[Told[Any]]]]
"""Order → operation → its rows."""


def read_table_problem(path: Path, now: int | str | None = None) -> Problem:
    """The problem of a CSV file, a folder of CSV files or a workbook.

    now     tick 0, as text or µs UTC; None: as the settings say, else the earliest release, else the clock
    Raises  InputError that tells everything that is wrong, with file, row and column
    """
    given = read_tables(path)
    zone = _zone(given)
    tempo = Tempo(_start(given, zone, now), given.tick, zone) if _is_real(given) else Tempo(tick=0)
    site = Site(given, tempo, calendars=_calendars(given))
    rows = _rows(given)
    _machines(site)
    site.tell_machines()
    builder = Builder(given.schedule.table.name or path.stem, tempo.start, tempo.tick)
    orders = _orders(site, rows)
    routes = {order: _route(site, order, own) for order, own in rows.items()}
    locks = _locks(site, rows)
    work = {order: [_operation(site, locks, rows[order][name]) for name in route] for order, route in routes.items()}
    raise_all(given.complaints)
    site.fill(builder)
    for order, operations in work.items():
        builder.job(order, **orders.get(order, {}))
        for operation in operations:
            builder.operation(order, **operation)
    site.maintain(builder)
    raise_all(given.complaints)
    return site.finish(builder)


def _zone(given: Given) -> ZoneInfo:
    name = given.schedule.table.time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones())
        expected = "an IANA name, e.g. Asia/Shanghai"
        given.complaints.append(given.schedule.complaint("time_zone", "unknown time zone", repr(name), expected, hint))
        return ZoneInfo("UTC")


def _is_real(given: Given) -> bool:
    """Whether any time has a unit or is a date, or there are calendars: then all must."""
    if given.told("calendar") or given.told("tariff") or given.schedule.table.start or given.schedule.table.tick:
        return True
    for told in (own for entries in given.lists.values() for own in entries):
        for key in told.table.model_fields_set:
            value = getattr(told.table, key)
            if isinstance(value, Span) and not value.bare:
                return True
            if key in _MOMENTS and isinstance(value, str) and bare_number(value) is None:
                return True
            if key == "machine" and isinstance(value, dict) and any(own and not own.bare for own in value.values()):
                return True
    return False


_MOMENTS = {"release", "due", "deadline", "ready", "start", "earliest", "latest"}


def _start(given: Given, zone: ZoneInfo, now: int | str | None) -> int:
    """Tick 0 [µs UTC]."""
    if isinstance(now, int):
        return now
    tempo, told = Tempo(zone=zone), given.schedule
    if now is not None:
        return tempo.moment(now)
    if told.table.start is not None:
        try:
            return tempo.moment(told.table.start)
        except InputError as error:
            given.complaints.append(said(told.at("start"), "start", error))
            return 0
    found = []
    for own in given.told("order"):
        if own.table.release is not None and bare_number(own.table.release) is None:
            try:
                found.append(tempo.moment(own.table.release))
            except InputError:
                continue
    return min(found) if found else time.time_ns() // 1000 // MINUTE * MINUTE


def _calendars(given: Given) -> dict[str, Calendar]:
    rows: dict[str, list[Told[Any]]] = {}
    for told in given.told("calendar"):
        rows.setdefault(told.table.id, []).append(told)
    found = {}
    for name, group in rows.items():
        shifts = []
        for told in group:
            own = told.table
            shift = (own.days, own.start, own.end, own.breaks, own.closed)
            try:
                calendar_of(name, [shift])
            except InputError as error:
                given.complaints.append(said(told.at(), "", error))
                continue
            shifts.append(shift)
        found[name] = calendar_of(name, shifts)
    return found


def _rows(given: Given) -> Rows:
    found: Rows = {}
    for told in given.told("operation"):
        found.setdefault(told.table.order, {}).setdefault(told.table.operation, []).append(told)
    return found


def _machines(site: Site) -> None:
    """Those of the table of machines; without one, those that operations name, on the calendar if there is just one."""
    for told in site.given.told("machine"):
        name = told.table.id
        if name in site.machines:
            site.complain(told, "id", "a machine given twice", repr(name), "each machine once")
        site.machines[name] = MachineGiven(name, interrupts=site.given.schedule.table.interrupts)
        if told.table.group:
            site.groups.setdefault(told.table.group, []).append(name)
    if not site.given.told("machine"):
        calendar = next(iter(site.calendars)) if len(site.calendars) == 1 else ""
        interrupts = site.given.schedule.table.interrupts
        for told in site.given.told("operation"):
            for name in told.table.machine:
                site.machines.setdefault(name, MachineGiven(name, calendar, interrupts))


def _orders(site: Site, rows: Rows) -> dict[str, dict[str, Any]]:
    """Words of Builder.job by order."""
    found: dict[str, dict[str, Any]] = {}
    for told in site.given.told("order"):
        table = told.table
        if table.id in found:
            site.complain(told, "id", "an order given twice", repr(table.id), "each order once")
        if table.id not in rows and "operation" not in site.given.broken:
            site.complain(told, "id", "an order without operations", repr(table.id), "rows in the table of operations")
        release = site.at(told, "release", late=True, otherwise=0)
        due, deadline = site.at(told, "due"), site.at(told, "deadline")
        for key, end in (("due", due), ("deadline", deadline)):
            if end < release and table.release is not None:
                site.complain(told, key, f"{key} before its release", getattr(table, key), f"after {table.release}")
        weight = 1.0 if table.weight is None else table.weight
        found[table.id] = {"release": max(release, 0), "due": due, "deadline": deadline, "weight": weight}
    if found:
        for order, own in rows.items():
            site.named(next(iter(own.values()))[0], "order", order, found, "order")
    return found


def _route(site: Site, order: str, own: Mapping[str, list[Told[Any]]]) -> list[str]:
    """Operations of an order in turn: by the column `after` where it is given, else by row."""
    after = {}
    for name, rows in own.items():
        told = next((row for row in rows if row.table.after), None)
        if told is None:
            continue
        if told.table.after in own:
            after[name] = told.table.after
        else:
            site.named(told, "after", told.table.after, own, "operation", f" of order {order}")
    if not after:
        return list(own)
    following: dict[str, str] = {}
    for name, before in after.items():
        if before in following:
            expected = "one operation after another; split the order where routes part"
            came = f"{following[before]} and {name} after {before}"
            site.complain(own[name][0], "after", f"order {order} is no chain", came, expected)
        following[before] = name
    firsts = [name for name in own if name not in after]
    route: list[str] = []
    at = firsts[0] if firsts else next(iter(own))
    while at not in route:
        route.append(at)
        if at not in following:
            break
        at = following[at]
    else:
        cycle = " → ".join([*route[route.index(at) :], at])
        site.complain(own[at][0], "after", f"cyclic routing of order {order}", cycle, "an operation that comes first")
        return list(own)
    if len(route) < len(own):
        _broken(site, order, own, route, following)
    return route if len(route) == len(own) else list(own)


def _broken(
    site: Site, order: str, own: Mapping[str, list[Told[Any]]], route: list[str], following: Mapping[str, str]
) -> None:
    """Operations that the chain does not meet: a second beginning, or a cycle."""
    left = [name for name in own if name not in route]
    at, seen = left[0], []
    while at in following and at not in seen:
        seen.append(at)
        at = following[at]
    if at in seen:
        cycle = " → ".join([*seen[seen.index(at) :], at])
        site.complain(own[at][0], "after", f"cyclic routing of order {order}", cycle, "an operation that comes first")
    else:
        came = f"{route[0]} and {left[0]}"
        site.complain(own[left[0]][0], "after", f"order {order} has two first operations", came, "one chain")


def _locks(site: Site, rows: Rows) -> dict[tuple[str, str], dict[str, Any]]:
    """Words of Builder.operation by order and operation."""
    found = {}
    for (order, operation), told in site.locks().items():
        if site.named(told, "order", order, rows, "operation", " of order") and site.named(
            told, "operation", operation, rows[order], "operation", f" of order {order}"
        ):
            machine = told.table.machine
            if machine and not site.machines_of(told, "machine", machine):
                continue
            found[order, operation] = {"fixed_start": site.at(told, "start"), "fixed_machine": machine}
    return found


def _operation(
    site: Site, locks: Mapping[tuple[str, str], dict[str, Any]], rows: Iterable[Told[Any]]
) -> dict[str, Any]:
    """Words of Builder.operation: the first row says all, further ones add machines."""
    rows = list(rows)
    first, table = rows[0], rows[0].table
    modes: dict[str, int] = {}
    for told in rows:
        for name, own in told.table.machine.items():
            span = own or told.table.time
            if span is None:
                site.complain(told, "time", "no time", "", "a time, or one beside the machine: lathe-1 = 90 min")
                continue
            length = site.tried(told, "time" if own is None else "machine", partial(site.tempo.length, span), 1)
            for machine in site.machines_of(told, "machine", name):
                if machine in modes:
                    site.complain(told, "machine", "a machine given twice", repr(machine), "each machine once")
                modes[machine] = length
    if modes:
        site.work(modes)
    site.family(modes, table.family)
    found = {
        "modes": modes or {next(iter(site.machines), ""): 1},
        "name": f"{table.order}/{table.operation}",
        "family": table.family,
        "needs": site.hold(first, table.needs),
        "size": table.size,
        "batch": table.batch,
        "lag": site.length(first, "lag"),
        "max_lag": NEVER if table.longest_wait is None else site.length(first, "longest_wait"),
        "place": str(first.at()),
    }
    return found | locks.get((table.order, table.operation), {})
