"""Machines, stations, people, calendars: there, able, with times that can be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from luban.core.time import DAY
from luban.plant.complaint import did_you_mean, listing
from luban.twin.check.flaw import Flaw, step_name as _at
from luban.twin.model import Model

__all__ = ["RULES_OF_MACHINES"]


def _members(model: Model) -> Iterator[Flaw]:
    members: dict[str, set[str]] = {own.id: set() for own in model.stations}
    for machine in model.machines:
        members.setdefault(machine.station, set()).add(machine.id)
    used = {step.station for route in model.routes for step in route.steps}
    for station in model.stations:
        if not members[station.id]:
            batch = any(step.batch for route in model.routes for step in route.steps if step.station == station.id)
            what = "a batch station without machines" if batch else "a station without machines"
            yield Flaw(f"station {station.id}", what, "none", "at least one machine", warning=station.id not in used)
    known = [own.id for own in model.machines]
    for route in model.routes:
        for step in route.steps:
            for name in step.machines:
                if name in members.get(step.station or "", ()):
                    continue
                if name in known:
                    came, expected = f"{name} of another station", listing(sorted(members.get(step.station or "", ())))
                    yield Flaw(_at(route, step), "a machine that is not of the step's station", came, expected)
                else:
                    hint = did_you_mean(name, known)
                    yield Flaw(_at(route, step), "unknown machine", repr(name), listing(known), hint)


def _step_times(model: Model) -> Iterator[Flaw]:
    for route in model.routes:
        for step in route.steps:
            times = {"": step.time} | {f" on {name}": own for name, own in step.machines.items() if own is not None}
            for on, time in times.items():
                if time.mean <= 0:
                    yield Flaw(_at(route, step), f"a step that takes no time{on}", "0 s", "a time above 0")
            if step.factor is not None and step.factor.mean <= 0:
                yield Flaw(_at(route, step), "a factor of nothing", "0", "above 0")
            if (step.setup_time or 0) < 0:
                yield Flaw(_at(route, step), "a negative setup time", f"{step.setup_time:g} s", "0 s or more")
            if not 0 <= step.sample <= 1 or not 0 <= step.scrap < 1:
                yield Flaw(_at(route, step), "no share", f"sample {step.sample:g}, scrap {step.scrap:g}", "0 to 1")


def _machine_times(model: Model) -> Iterator[Flaw]:
    for machine in model.machines:
        where = f"machine {machine.id}"
        if not machine.speed > 0:
            yield Flaw(where, "zero or negative speed factor", f"{machine.speed:g}", "above 0")
        if machine.load < 0 or machine.unload < 0:
            yield Flaw(where, "a negative time", f"load {machine.load:g} s, unload {machine.unload:g} s", "0 s or more")
        for failure in machine.failures:
            if failure.life.mean <= 0:
                yield Flaw(f"{where}, {failure.id}", "a failure that comes at once, for ever", "life 0", "above 0")
        for own in machine.maintenance:
            if own.clock != "command" and (own.every is None or own.every.mean <= 0):
                came = "never" if own.every is None else "0"
                yield Flaw(f"{where}, {own.id}", "maintenance without an interval", came, "every = above 0")
        if machine.tool is not None and machine.tool.life.mean <= 0:
            yield Flaw(where, "an edge that lasts no time", "0 s", "above 0")


def _other_times(model: Model) -> Iterator[Flaw]:
    for table in model.setups:
        for (before, after), seconds in [*table.times.items(), (("", "other"), table.other)]:
            if seconds < 0:
                came = f"{before or 'any'} → {after}: {seconds:g} s"
                yield Flaw(f"setup table {table.id}", "a negative setup time", came, "0 s or more")
    for arrival in model.arrivals:
        if arrival.interval.mean <= 0:
            yield Flaw(f"arrival {arrival.id}", "endless arrivals at one instant", "interval 0 s", "above 0")
    for order in model.orders:
        if order.quantity < 1:
            yield Flaw(f"order {order.id}", "an order of nothing", str(order.quantity), "1 or more")


def _pools(model: Model) -> Iterator[Flaw]:
    for pool in model.pools:
        if pool.size < 1 or pool.tends < 1 or not 0 <= pool.absence < 1:
            came = f"size {pool.size}, tends {pool.tends}, absence {pool.absence:g}"
            yield Flaw(f"pool {pool.id}", "a pool of nobody", came, "size and tends of 1 or more, absence below 1")


def _calendars(model: Model) -> Iterator[Flaw]:
    for own in model.calendars:
        where = f"calendar {own.id}"
        if not own.open:
            yield Flaw(where, "a calendar that never opens", "no open time", "at least one shift before the horizon")
            continue
        if any(start >= end for start, end in own.open) or any(a[1] > b[0] for a, b in pairwise(own.open)):
            yield Flaw(where, "open times out of order", "they overlap or end before they begin", "rising and apart")
            continue
        gaps = [b[0] - a[1] for a, b in pairwise(own.open)]
        missing = model.horizon - own.open[-1][1]
        if missing > 1.5 * max([3 * DAY, *gaps]):
            came = f"{own.open[-1][1] / DAY:.1f} days of {model.horizon / DAY:.1f}"
            yield Flaw(where, "a calendar shorter than the run", came, "open times up to the horizon", warning=True)


RULES_OF_MACHINES = (_members, _step_times, _machine_times, _other_times, _pools, _calendars)
