"""What a plant is asked to do against what it can do, before any run: utilisation of stations, machines and pools.

Means only: lots come at their mean rate, batches go full, work is shared among the eligible machines as evenly as it
can be, setups come as in a random order of the lots (first come first served); where the rule saves setups, only as
often as minimum runs allow. Rework at the machine and scrap are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from luban.twin.model import Calendar, Machine, Model, Route, SetupTable, Step

__all__ = ["Offered", "StationLoad", "offered_load", "route_rates", "share_open", "visits"]

_ROUNDS = 400
"""Rounds of evening out the work of a station over its machines."""


@dataclass(frozen=True, slots=True)
class StationLoad:
    """Load of one station.

    lots         lots started a day, batches counted by their lots [1/d]
    run, setup   machine time that processing and setups take [s/d]
    available    machine time that calendars, failures, maintenance and changes of edges leave [s/d]
    machines     machine → utilisation [1]
    saving       the rule saves setups: `setup` is what minimum runs allow at most, fewer may be enough
    """

    station: str
    lots: float
    run: float
    setup: float
    available: float
    machines: Mapping[str, float]
    saving: bool = False

    @property
    def utilisation(self) -> float:
        """Share of the available time that is asked for [1]."""
        return self._share(self.run + self.setup)

    @property
    def least(self) -> float:
        """The same with as few setups as the rule may reach [1]."""
        return self._share(self.run if self.saving else self.run + self.setup)

    def _share(self, asked: float) -> float:
        return asked / self.available if self.available > 0 else (np.inf if asked > 0 else 0.0)

    @property
    def busiest(self) -> tuple[str, float]:
        """The machine with the highest utilisation, and that."""
        return max(self.machines.items(), key=lambda own: own[1], default=("", 0.0))


@dataclass(frozen=True, slots=True)
class Offered:
    """Load of a whole plant: stations and pools by id; `pools` as utilisation [1]."""

    stations: Mapping[str, StationLoad]
    pools: Mapping[str, float]


@dataclass(slots=True)
class _Held:
    """Time for which units of each pool are held [s/d]."""

    time: dict[str, float] = field(default_factory=dict)

    def add(self, pool: str | None, seconds: float) -> None:
        if pool is not None:
            self.time[pool] = self.time.get(pool, 0.0) + seconds


class _Work(NamedTuple):
    """A step that lots of one route do: how often, and its time for one lot as a multiple of its mean time.

    rate   lots a day that do it [1/d]
    share  of a full batch that a lot takes [1]
    """

    step: Step
    rate: float
    pieces: float
    share: float

    @property
    def factor(self) -> float:
        """Multiple of the step's mean time that one lot takes [1]."""
        drawn = self.step.factor.mean if self.step.factor else 1.0
        return drawn * (self.pieces if self.step.per == "piece" else self.share)


def offered_load(model: Model) -> Offered:
    """Expected load of every station and pool.

    Example  >>> offered_load(model).stations["plant/milling"].utilisation
             0.86
    """
    open_share = {own.id: share_open(own, model.horizon) for own in model.calendars}
    rates = route_rates(model)
    held = _Held()
    work: dict[str, list[_Work]] = {own.id: [] for own in model.stations}
    for route in model.routes:
        rate, pieces = rates.get(route.id, (0.0, 1.0))
        if rate <= 0:
            continue
        for step, times in zip(route.steps, visits(route), strict=True):
            if step.station in work:
                work[step.station].append(_Work(step, rate * times * step.sample, pieces, _share(step, pieces, route)))
                move = step.transport or model.transport
                if move is not None:
                    held.add(model.transport_pool, rate * times * step.sample * move.mean)
    stations = {}
    tables = {own.id: own for own in model.setups}
    for station in model.stations:
        machines = [own for own in model.machines if own.station == station.id]
        saving = bool({"setup", "minrun"} & set(station.rule))
        own_tables = {name: own for name, own in tables.items() if any(one.setups == name for one in machines)}
        stations[station.id] = _station(station.id, machines, work[station.id], own_tables, open_share, held, saving)
    pools = {}
    for pool in model.pools:
        share = 1.0 if pool.calendar is None else open_share.get(pool.calendar, 0.0)
        there = 86_400.0 * share * pool.size * pool.tends * (1 - pool.absence)
        asked = held.time.get(pool.id, 0.0)
        pools[pool.id] = asked / there if there > 0 else (np.inf if asked > 0 else 0.0)
    return Offered(stations, pools)


def share_open(calendar: Calendar, horizon: int) -> float:
    """Share of the time up to the horizon in which a calendar is open [1]."""
    return sum(min(end, horizon) - start for start, end in calendar.open if start < horizon) / max(1, horizon)


def route_rates(model: Model) -> dict[str, tuple[float, float]]:
    """Route → (lots a day, mean pieces of a lot) of orders, streams and demand together.

    Work in progress counts only where nothing else comes: what is on the floor at the end weighs it up.
    """
    days = model.horizon / 86_400e6
    lots: dict[str, float] = {}
    pieces: dict[str, float] = {}

    def add(route: str, rate: float, quantity: float) -> None:
        lots[route] = lots.get(route, 0.0) + rate
        pieces[route] = pieces.get(route, 0.0) + rate * quantity

    steady = bool(model.arrivals or model.demand)
    for order in model.orders:
        if order.arrival < model.horizon and not (steady and order.step > 0):
            add(order.route, 1 / days, order.quantity)
    for own in model.arrivals:
        gap = own.interval.mean / 86_400
        rate = 1 / gap if gap > 0 else np.inf
        add(own.route, rate if own.limit is None else min(rate, own.limit / days), max(1.0, own.quantity.mean))
    if model.demand is not None:
        worked = sum(start < model.horizon for start, _, _ in model.demand.days)
        level = 1.0 if model.demand.level is None else model.demand.level.mean
        total = sum(share for _, share, _ in model.demand.mix)
        for route, share, quantity in model.demand.mix:
            rate = model.demand.per_day * level * worked / days * share / total
            add(route, rate, max(1.0, quantity.mean))
    return {route: (rate, pieces[route] / rate) for route, rate in lots.items() if rate > 0}


def visits(route: Route) -> NDArray[np.float64]:
    """Expected number of visits of a lot to each step of its route.

    A branch that a lot takes once at most is counted exactly where it is the only way back to its step.
    """
    count = len(route.steps)
    move = np.zeros((count, count))
    for place, step in enumerate(route.steps):
        left = 1.0
        for branch in step.branches:
            back = branch.to is not None and 0 <= branch.to <= place
            chance = branch.probability / (1 + branch.probability) if branch.once and back else branch.probability
            left -= chance
            if branch.to is not None and 0 <= branch.to < count:
                move[place, branch.to] += chance
        if place + 1 < count:
            move[place, place + 1] += max(0.0, left)
    first = np.zeros(count)
    first[:1] = 1.0
    try:
        return np.asarray(np.linalg.solve(np.eye(count) - move.T, first), float)
    except np.linalg.LinAlgError:
        return np.full(count, np.inf)


def _share(step: Step, pieces: float, route: Route) -> float:
    """Share of a full batch that a lot takes [1]."""
    if step.batch is None:
        return 1.0
    each = {"lot": 1.0, "piece": pieces, "weight": pieces * route.weight}[step.batch.measure]
    return min(1.0, max(each, 1e-12) / step.batch.maximum)


def _station(
    name: str,
    machines: list[Machine],
    work: list[_Work],
    tables: Mapping[str, SetupTable],
    open_share: Mapping[str, float],
    held: _Held,
    saving: bool,
) -> StationLoad:
    index = {own.id: place for place, own in enumerate(machines)}
    times = np.full((len(work), len(machines)), np.nan)
    for row, asked in enumerate(work):
        for machine in asked.step.machines or index:
            if machine in index:
                times[row, index[machine]] = asked.rate * _busy(asked, machines[index[machine]])
    there = np.array([86_400.0 * _there(own, open_share) for own in machines])
    able = ~np.isnan(times)
    setting = np.array([_setup_each(machines, work, row, tables) for row in range(len(work))])
    share = _even(np.where(able, times + setting[:, None], np.nan) if len(work) else times, there)
    run = np.where(able, share * np.nan_to_num(times), 0.0)
    pieces = np.array([own.rate * own.pieces for own in work]) @ share if work else 0.0 * there
    lots = np.array([own.rate for own in work]) @ share if work else 0.0 * there
    setup = np.array([_setups(own, work, share[:, place], tables, saving) for place, own in enumerate(machines)])
    for row, done in enumerate(work):
        held.add(done.step.pool, float(run[row].sum()))
    for place, own in enumerate(machines):
        table = tables.get(own.setups or "")
        held.add(table.pool if table else None, float(setup[place]))
        usage = {"run": float(run[:, place].sum()), "piece": float(pieces[place]), "lot": float(lots[place])}
        usage["cut"] = usage["run"] * (own.tool.cutting if own.tool else 0.0)
        there[place] -= _stops(own, usage, held)
    busy = run.sum(axis=0) + setup
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(busy > 0, np.where(there > 0, busy / there, np.inf), 0.0)
    return StationLoad(
        name,
        sum(own.rate for own in work),
        float(run.sum()),
        float(setup.sum()),
        float(np.maximum(there, 0.0).sum()),
        {own.id: float(used[place]) for place, own in enumerate(machines)},
        saving,
    )


def _busy(work: _Work, machine: Machine) -> float:
    """Time that one lot takes of the machine [s]."""
    step = work.step
    if machine.cascade and step.interval is not None:
        return step.interval.mean * {"piece": work.pieces, "batch": work.share}.get(step.per_interval, 1.0)
    own = step.machines.get(machine.id)
    time = own if own is not None else step.time
    return time.mean * work.factor * machine.speed + (machine.load + machine.unload) * work.share


def _stops(machine: Machine, usage: Mapping[str, float], held: _Held) -> float:
    """Time that failures, maintenance and edges take which usage brings [s/d]; usage by clock, a day."""
    lost = 0.0
    for failure in machine.failures:
        if failure.clock in usage and failure.life.mean > 0:
            down = usage[failure.clock] * failure.repair.mean / failure.life.mean
            held.add(failure.pool, down)
            lost += down
    for own in machine.maintenance:
        if own.clock in usage and own.every is not None and own.every.mean > 0:
            down = usage[own.clock] * own.duration.mean / own.every.mean
            held.add(own.pool, down)
            lost += down
    tool = machine.tool
    if tool is not None:
        lasts = min(tool.replace_at or np.inf, tool.life.mean)
        lost += usage[tool.clock] * tool.change.mean / lasts if lasts > 0 else 0.0
    return float(lost)


def _there(machine: Machine, open_share: Mapping[str, float]) -> float:
    """Share of the time in which the machine can work [1]."""
    share = 1.0 if machine.calendar is None else open_share.get(machine.calendar, 0.0)
    for failure in machine.failures:
        if failure.clock == "calendar":
            share -= failure.repair.mean / max(1e-12, failure.life.mean + failure.repair.mean)
    for own in machine.maintenance:
        if own.clock == "calendar" and own.every is not None and own.every.mean > 0:
            share -= own.duration.mean / own.every.mean
    return max(0.0, share)


def _even(times: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of each row's work over the machines so that the most used one is used as little as can be.

    Work moves from machines above the station's mean to those below, a little in each round.
    """
    able = ~np.isnan(times)
    share = able / np.maximum(1, able.sum(axis=1, keepdims=True))
    if (able.sum(axis=1) <= 1).all() or not (there > 0).any():
        return np.asarray(share, float)
    cost = np.nan_to_num(times)
    for turn in range(_ROUNDS):
        used = (share * cost).sum(axis=0) / np.maximum(there, 1e-9)
        pull = np.exp(-(used - used.mean()) / max(used.max(), 1e-12) * (2.0 if turn < _ROUNDS // 2 else 0.5))
        share = share * pull
        share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-300)
    return np.asarray(share, float)


def _setups(
    machine: Machine,
    work: list[_Work],
    share: NDArray[np.float64],
    tables: Mapping[str, SetupTable],
    saving: bool,
) -> float:
    """Setup time a day when lots come in random order, or at best where the rule saves setups [s/d]."""
    table = tables.get(machine.setups or "")
    lots: dict[str, float] = {}
    fixed: dict[str, float] = {}
    for (step, rate, _, _), part in zip(work, share, strict=True):
        if step.setup and part > 0:
            starts = rate * part / (1.0 if step.batch is None else max(1.0, _lots_of(step)))
            lots[step.setup] = lots.get(step.setup, 0.0) + starts
            if step.setup_time is not None:
                fixed[step.setup] = step.setup_time
    total = sum(lots.values())
    if total <= 0:
        return 0.0
    seconds = 0.0
    for before, first in lots.items():
        for after, second in lots.items():
            own = fixed.get(after)
            run = table.min_run.get(after, 0) if table else 0
            seldom = 1.0 if not saving or before == after else 1 / run if run else 0.0
            time = _drawn(table, None if own is None else own * (before != after), before, after)
            seconds += first * second / total * seldom * time
    return seconds


def _drawn(table: SetupTable | None, fixed: float | None, before: str, after: str) -> float:
    """Mean of a setup as it is drawn [s]."""
    time = _table_time(table, before, after) if fixed is None else fixed
    factor = table.factor.mean if table and table.factor else 1.0
    extra = table.extra.mean if table and table.extra else 0.0
    return time * factor + (extra if time > 0 else 0.0)


def _setup_each(machines: list[Machine], work: list[_Work], row: int, tables: Mapping[str, SetupTable]) -> float:
    """Setup time a day of one row of work, were all rows mixed on one machine [s/d]: to share the work by."""
    step, rate = work[row].step, work[row].rate
    table = next((tables[own.setups] for own in machines if own.setups is not None and own.setups in tables), None)
    total = sum(own.rate for own in work if own.step.setup)
    if not step.setup or total <= 0:
        return 0.0
    return sum(
        rate * own.rate / total * _drawn(table, None, own.step.setup, step.setup) for own in work if own.step.setup
    )


def _lots_of(step: Step) -> float:
    """Lots of a full batch, where that is what is counted."""
    return step.batch.maximum if step.batch is not None and step.batch.measure == "lot" else 1.0


def _table_time(table: SetupTable | None, before: str, after: str) -> float:
    if table is None:
        return 0.0
    if (before, after) in table.times:
        return table.times[before, after]
    if before == after:
        return 0.0
    return table.times.get(("", after), table.other)
