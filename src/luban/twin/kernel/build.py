"""From a Model to the arrays of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.twin.distribution import KINDS, Distribution
from luban.twin.kernel.layout import ARRAYS, FAR, State
from luban.twin.kernel.memory import SLOTS
from luban.twin.model import RULES, STATES, Machine, Model, Step

__all__ = ["World", "build"]

_CLOCKS = {"calendar": 0, "run": 1, "piece": 2, "lot": 3, "command": 4}
_PER = {"lot": 0, "piece": 1, "batch": 0}
_MEASURE = {"lot": 0, "piece": 1, "weight": 2}
_MICRO = 1e6


class World:
    """The arrays of one run and the directory through which compiled code finds them."""

    def __init__(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        self._directory = np.zeros(2 * SLOTS, np.int64)
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._address = int(self._directory.ctypes.data)
        for name in ARRAYS:
            self[name] = arrays[name] if name in arrays else self.blank(name, 1)

    @staticmethod
    def blank(name: str, length: int) -> np.ndarray[Any, Any]:
        """A zeroed array of that name's type, at least one long."""
        return np.zeros(max(1, length), ARRAYS[name][1])

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        return self._arrays[name]

    def __setitem__(self, name: str, array: np.ndarray[Any, Any]) -> None:
        slot, kind = ARRAYS[name]
        if len(array) == 0:
            array = self.blank(name, 1)
        array = np.ascontiguousarray(array, kind)
        self._arrays[name] = array
        self._directory[slot] = array.ctypes.data
        self._directory[SLOTS + slot] = len(array)

    @property
    def address(self) -> int:
        """What compiled code is given."""
        return self._address


def _index(names: Iterable[str], what: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        if name in found:
            raise InputError(f"two {what} of one name", came=repr(name), expected="each name once")
        found[name] = len(found)
    return found


def _find(names: dict[str, int], name: str | None, what: str, where: str) -> int:
    if name is None:
        return -1
    try:
        return names[name]
    except KeyError:
        known = ", ".join(list(names)[:8])
        raise InputError(
            f"unknown {what}", came=repr(name), expected=known or f"no {what} is defined", where=where
        ) from None


def build(model: Model, *, wanted: int) -> World:
    """The arrays of a run of the model; `wanted` is the mask of trace kinds to be written."""
    return _Builder(model).world(wanted)


class _Builder:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.stations = _index((station.id for station in model.stations), "stations")
        self.machines = _index((machine.id for machine in model.machines), "machines")
        self.routes = _index((route.id for route in model.routes), "routes")
        self.pools = _index((pool.id for pool in model.pools), "pools")
        self.calendars = _index((calendar.id for calendar in model.calendars), "calendars")
        self.tables = _index((table.id for table in model.setups), "setup tables")
        self.stocks = _index((stock.id for stock in model.stocks), "stocks")
        self.setups = self._setup_keys()
        self.families: dict[tuple[str, str], int] = {}
        self.distributions: dict[Distribution, int] = {}
        self.knots: list[float] = []
        self.rules: list[int] = []
        self.plain = {station.id: station.rule == ("fifo",) for station in model.stations}
        self.slots = 0

    def _setup_keys(self) -> dict[str, int]:
        keys = {"": 0}
        for route in self.model.routes:
            for step in route.steps:
                keys.setdefault(step.setup, len(keys))
        for machine in self.model.machines:
            keys.setdefault(machine.setup, len(keys))
        for table in self.model.setups:
            for pair in table.times:
                for key in pair:
                    keys.setdefault(key, len(keys))
        return keys

    def draw(self, distribution: Distribution | None) -> int:
        """Index of a distribution; -1 none."""
        if distribution is None:
            return -1
        return self.distributions.setdefault(distribution, len(self.distributions))

    def world(self, wanted: int) -> World:
        model = self.model
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._routes(arrays)
        self._machines(arrays)
        self._sources(arrays)
        self._calendars(arrays)
        self._tables(arrays)
        self._stations(arrays)
        arrays["distributions"], arrays["knots"] = self._distributions()
        world = World(arrays)
        clock = world["clock"]
        clock["wanted"] = wanted
        clock["pool_first"] = clock["pool_last"] = clock["free_lot"] = clock["stuck"] = -1
        clock["cap"] = model.release.cap if model.release.cap is not None else np.iinfo(np.int64).max
        clock["release_kind"] = ("push", "conwip", "manual").index(model.release.kind)
        clock["instants"] = len(model.release.instants)
        clock["transport_pool"] = _find(self.pools, model.transport_pool, "pool", "transport_pool")
        clock["transport_calendar"] = _find(self.calendars, model.transport_calendar, "calendar", "transport_calendar")
        clock["release_rule"] = len(self.rules)
        world["rules"] = np.array([*self.rules, *(RULES.index(key) for key in model.release.rule), -1], np.int64)
        world["instants"] = np.array(model.release.instants, np.int64)
        world["work"] = world.blank("work", 4096 + 8 * (len(self.stations) + len(self.pools) + len(self.stocks)))
        world["family_total"] = world.blank("family_total", len(self.families))
        world["family_seen"] = world.blank("family_seen", len(self.families))
        world["scratch"] = world.blank("scratch", len(self.stations) + 1)
        self._sizes(world)
        return world

    def _sizes(self, world: World) -> None:
        model = self.model
        most = max([2 * round(order.quantity) for order in model.orders] or [1])
        most = max([most, *(4 * int(arrival.quantity.mean + 1) for arrival in model.arrivals)])
        sizes = world.blank("sizes", 16)
        sizes[:11] = [
            len(model.machines),
            sum(len(machine.failures) for machine in model.machines),
            sum(len(machine.maintenance) for machine in model.machines),
            len(self.setups),
            self.slots,
            len(world["characteristics"]) if self.characteristics else 0,
            0,
            len(model.calendars),
            len(model.arrivals),
            len(model.stocks),
            len(model.stations),
        ]
        sizes[11] = 64 + 8 * len(model.machines) + 2 * int(sizes[1] + sizes[2])
        sizes[12] = 256 + 16 * len(model.machines) + 4 * most * (2 + self.characteristics)
        sizes[13] = 64
        world["sizes"] = sizes

    def _distributions(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        rows = World.blank("distributions", len(self.distributions))
        for distribution, place in self.distributions.items():
            row = rows[place]
            row["kind"] = KINDS.index(distribution.kind)
            row["shift"] = distribution.shift
            if distribution.kind == "empirical":
                row["first"], row["count"] = len(self.knots), len(distribution.params)
                self.knots += distribution.params
            else:
                for name, value in zip(("p0", "p1", "p2"), distribution.params, strict=False):
                    row[name] = value
            if distribution.kind == "normal" and distribution.params[1] > 0:
                row["p2"] = _below_zero(distribution)
        return rows, np.array(self.knots, float)

    def _routes(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        routes = World.blank("routes", len(self.model.routes))
        steps: list[dict[str, Any]] = []
        self.branch_rows: list[dict[str, Any]] = []
        self.eligible_rows: list[dict[str, Any]] = []
        self.characteristic_rows: list[dict[str, Any]] = []
        materials: list[dict[str, Any]] = []
        for place, route in enumerate(self.model.routes):
            first = len(steps)
            bits = 0
            slots: dict[int, int] = {}
            for step in route.steps:
                if step.dedicate_to is not None:
                    slots.setdefault(step.dedicate_to, len(slots))
                bits += sum(branch.once for branch in step.branches)
            if bits > 62:
                raise InputError(
                    "too many `once` branches in one route", came=f"{bits} in {route.id}", expected="62 at most"
                )
            self.slots = max(self.slots, len(slots))
            bit = 0
            for number, step in enumerate(route.steps):
                row = self._step(step, f"route {route.id}, step {step.id}")
                row |= {"route": place, "index": number, "slot": slots.get(number, -1)}
                row["dedicate"] = slots[step.dedicate_to] if step.dedicate_to is not None else -1
                row["limit_to"] = first + step.limit.to if step.limit else -1
                row["branch"] = len(self.branch_rows)
                for branch in step.branches:
                    to = -2 if branch.to is None else branch.to
                    self.branch_rows.append(
                        {"probability": branch.probability, "to": to, "bit": bit if branch.once else -1}
                    )
                    bit += branch.once
                row["branch_end"] = len(self.branch_rows)
                if row["slot"] >= 0 and step.station is not None:
                    self.plain[step.station] = False
                steps.append(row)
            _rest(steps, first)
            routes[place]["weight"] = route.weight
            routes[place]["step"], routes[place]["step_end"] = first, len(steps)
            routes[place]["material"] = len(materials)
            for stock, quantity in route.material.items():
                materials.append(
                    {"stock": _find(self.stocks, stock, "stock", f"route {route.id}"), "quantity": quantity}
                )
            routes[place]["material_end"] = len(materials)
        self.characteristics = len(self.characteristic_rows)
        arrays["routes"] = routes
        arrays["steps"] = _rows("steps", steps)
        arrays["branches"] = _rows("branches", self.branch_rows)
        arrays["eligibles"] = _rows("eligibles", self.eligible_rows)
        arrays["characteristics"] = _rows("characteristics", self.characteristic_rows)
        arrays["materials"] = _rows("materials", materials)

    def _step(self, step: Step, where: str) -> dict[str, Any]:
        row: dict[str, Any] = {
            "station": _find(self.stations, step.station, "station", where),
            "time": self.draw(step.time),
            "factor": self.draw(step.factor),
            "per": _PER[step.per],
            "setup": self.setups[step.setup],
            "setup_time": -1 if step.setup_time is None else round(step.setup_time * _MICRO),
            "interval": self.draw(step.interval),
            "interval_per": _PER[step.per_interval],
            "sample": step.sample,
            "scrap": step.scrap,
            "pool": _find(self.pools, step.pool, "pool", where),
            "energy": round(step.energy * _MICRO),
            "within": round(step.limit.within * _MICRO) if step.limit else 0,
            "limit_action": _action(step),
            "limit_end": step.limit is not None and step.limit.since == "end",
            "family": -1,
            "batch_wait": -1,
        }
        move = step.transport if step.transport is not None else self.model.transport
        row["transport"] = -1 if move is None or move == Distribution.constant(0) else self.draw(move)
        mean = step.time.mean * (step.factor.mean if step.factor else 1.0)
        row["mean"], row["mean_piece"] = (0.0, mean) if step.per == "piece" else (mean, 0.0)
        row["eligible"] = len(self.eligible_rows)
        for machine, time in step.machines.items():
            number = _find(self.machines, machine, "machine", where)
            self.eligible_rows.append({"machine": number, "time": self.draw(time)})
        row["eligible_end"] = len(self.eligible_rows)
        row["characteristic"] = len(self.characteristic_rows)
        self.characteristic_rows += [_characteristic(size) for size in step.characteristics]
        row["characteristic_end"] = len(self.characteristic_rows)
        if step.batch is not None and step.station is not None:
            row["family"] = self.families.setdefault((step.station, step.batch.family), len(self.families))
            row["batch_measure"] = _MEASURE[step.batch.measure]
            row["batch_max"], row["batch_min"] = step.batch.maximum, step.batch.minimum
            if step.batch.max_wait is not None:
                row["batch_wait"] = round(step.batch.max_wait * _MICRO)
        if step.station is not None and (step.machines or step.batch is not None or step.setup):
            self.plain[step.station] = False
        return row

    def _machines(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        model = self.model
        machines = World.blank("machines", len(model.machines))
        power = np.zeros(max(1, len(model.machines)) * len(State), np.int64)
        failures: list[dict[str, Any]] = []
        maintenances: list[dict[str, Any]] = []
        renewals: list[int] = []
        tools: list[dict[str, Any]] = []
        for place, machine in enumerate(model.machines):
            where = f"machine {machine.id}"
            row = machines[place]
            row["speed"], row["cascade"] = machine.speed, machine.cascade
            row["load"], row["unload"] = round(machine.load * _MICRO), round(machine.unload * _MICRO)
            row["station"] = _find(self.stations, machine.station, "station", where)
            row["calendar"] = _find(self.calendars, machine.calendar, "calendar", where)
            row["table"] = _find(self.tables, machine.setups, "setup table", where)
            row["setup"] = self.setups[machine.setup]
            row["paused_since"] = row["lot"] = row["next"] = row["previous"] = row["blocked_next"] = -1
            row["setup_left"] = row["intake_left"] = row["parked"] = -1
            row["reason"] = row["held"] = row["waiting"] = row["tool"] = -1
            row["tool_life"] = 1.0
            for state, watts in machine.power.items():
                power[place * len(State) + STATES.index(state)] = round(watts)
            row["failures"] = len(failures)
            failures += [self._failure(machine, place, number) for number in range(len(machine.failures))]
            row["failures_end"] = len(failures)
            row["maintenance"] = len(maintenances)
            self._maintenance(machine, place, int(row["failures"]), maintenances, renewals)
            row["maintenance_end"] = len(maintenances)
            if machine.tool is not None:
                row["tool"] = len(tools)
                tool = machine.tool
                tools.append(
                    {
                        "life": self.draw(tool.life),
                        "change": self.draw(tool.change),
                        "cutting": tool.cutting,
                        "replace_at": tool.replace_at or 0.0,
                        "jump": tool.jump,
                        "breaks": tool.breaks,
                        "pieces": tool.clock == "piece",
                    }
                )
        arrays["machines"] = machines
        arrays["machine_power"] = power
        arrays["machine_time"] = np.zeros_like(power)
        arrays["failures"] = _rows("failures", failures)
        arrays["maintenances"] = _rows("maintenances", maintenances)
        arrays["renewals"] = np.array(renewals, np.int64)
        arrays["tools"] = _rows("tools", tools)
        arrays["corrections"] = World.blank("corrections", len(model.machines) * self.characteristics)
        arrays["corrections"]["cold"] = 1.0
        arrays["corrections"]["serial"] = -1

    def _failure(self, machine: Machine, place: int, number: int) -> dict[str, Any]:
        failure = machine.failures[number]
        return {
            "machine": place,
            "ordinal": number,
            "clock": _CLOCKS[failure.clock],
            "life": self.draw(failure.life),
            "repair": self.draw(failure.repair),
            "first": self.draw(failure.first or failure.life),
            "pool": _find(self.pools, failure.pool, "pool", f"failure {failure.id} of {machine.id}"),
        }

    def _maintenance(
        self, machine: Machine, place: int, first: int, rows: list[dict[str, Any]], renewals: list[int]
    ) -> None:
        names = _index((failure.id for failure in machine.failures), f"failures of {machine.id}")
        for number, own in enumerate(machine.maintenance):
            where = f"maintenance {own.id} of {machine.id}"
            clock = "command" if own.every is None else own.clock
            begin = len(renewals)
            renewals += [first + _find(names, name, "failure", where) for name in own.renews]
            rows.append(
                {
                    "machine": place,
                    "ordinal": number,
                    "clock": _CLOCKS[clock],
                    "duration": self.draw(own.duration),
                    "every": self.draw(own.every),
                    "first": self.draw(own.first or own.every),
                    "pool": _find(self.pools, own.pool, "pool", where),
                    "renew": begin,
                    "renew_end": len(renewals),
                }
            )

    def _sources(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        model = self.model
        arrays["arrivals"] = _rows(
            "arrivals",
            [
                {
                    "priority": own.priority,
                    "route": _find(self.routes, own.route, "route", f"arrival {own.id}"),
                    "interval": self.draw(own.interval),
                    "quantity": self.draw(own.quantity),
                    "first": self.draw(own.first),
                    "due": self.draw(own.due),
                    "ready": self.draw(own.ready),
                    "limit": -1 if own.limit is None else own.limit,
                }
                for own in model.arrivals
            ],
        )
        rows = [
            {
                "key": number if own.key is None else own.key,
                "arrival": own.arrival,
                "ready": own.arrival if own.ready is None else own.ready,
                "due": int(FAR) if own.due is None else own.due,
                "priority": own.priority,
                "route": _find(self.routes, own.route, "route", f"order {own.id}"),
                "quantity": own.quantity,
                "step": own.step,
            }
            for number, own in enumerate(model.orders)
        ]
        rows.sort(key=lambda row: row["arrival"])
        arrays["orders"] = _rows("orders", rows or [{"route": -1}])
        arrays["stocks"] = _rows(
            "stocks",
            [
                {
                    "level": own.initial,
                    "reorder": own.reorder,
                    "up_to": own.up_to,
                    "interval": self.draw(own.interval),
                    "quantity": self.draw(own.quantity),
                    "lead": self.draw(own.lead),
                }
                for own in model.stocks
            ],
        )

    def _calendars(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        model = self.model
        calendars = World.blank("calendars", len(model.calendars))
        spans: list[dict[str, Any]] = []
        machines: list[int] = []
        pools: list[int] = []
        for place, calendar in enumerate(model.calendars):
            row = calendars[place]
            row["interrupts"] = calendar.interrupts
            row["first"] = row["at"] = len(spans)
            spans += [{"start": start, "end": end} for start, end in calendar.open]
            row["end"] = len(spans)
            row["machine"], row["pool"] = len(machines), len(pools)
            machines += [number for number, own in enumerate(model.machines) if own.calendar == calendar.id]
            pools += [number for number, own in enumerate(model.pools) if own.calendar == calendar.id]
            row["machine_end"], row["pool_end"] = len(machines), len(pools)
        arrays["calendars"] = calendars
        arrays["spans"] = _rows("spans", spans)
        arrays["calendar_machines"] = np.array(machines, np.int64)
        arrays["calendar_pools"] = np.array(pools, np.int64)
        arrays["pools"] = _rows(
            "pools",
            [
                {
                    "size": pool.size,
                    "level": pool.size * pool.tends if pool.calendar is None else 0,
                    "tends": pool.tends,
                    "calendar": _find(self.calendars, pool.calendar, "calendar", f"pool {pool.id}"),
                    "absence": pool.absence,
                    "first": -1,
                    "last": -1,
                }
                for pool in model.pools
            ],
        )

    def _tables(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        keys = len(self.setups)
        rows: list[dict[str, Any]] = []
        times = np.zeros((len(self.model.setups), keys, keys), np.int64)
        runs: list[int] = []
        for place, table in enumerate(self.model.setups):
            grid = times[place]
            grid[:, :] = round(table.other * _MICRO)
            np.fill_diagonal(grid, 0)
            for pair in sorted(table.times, key=lambda pair: pair[0] != ""):
                source, target = pair
                seconds = round(table.times[pair] * _MICRO)
                if source == "":
                    own = grid[self.setups[target], self.setups[target]]
                    grid[:, self.setups[target]] = seconds
                    grid[self.setups[target], self.setups[target]] = own
                else:
                    grid[self.setups[source], self.setups[target]] = seconds
            first = len(runs) if table.min_run else -1
            if table.min_run:
                runs += [table.min_run.get(key, 0) for key in self.setups]
            rows.append(
                {
                    "first": place * keys * keys,
                    "factor": self.draw(table.factor),
                    "extra": self.draw(table.extra),
                    "pool": _find(self.pools, table.pool, "pool", f"setup table {table.id}"),
                    "min_run": first,
                    "hold": table.hold,
                }
            )
        arrays["tables"] = _rows("tables", rows)
        arrays["setup_times"] = times.reshape(-1)
        arrays["min_runs"] = np.array(runs, np.int64)

    def _stations(self, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
        stations = World.blank("stations", len(self.model.stations))
        for place, station in enumerate(self.model.stations):
            row = stations[place]
            own = [number for number, machine in enumerate(self.model.machines) if machine.station == station.id]
            row["machine"], row["machine_end"] = (own[0], own[-1] + 1) if own else (0, 0)
            row["first"] = row["last"] = row["idle_first"] = row["idle_last"] = -1
            row["blocked_first"] = row["blocked_last"] = -1
            row["buffer"] = -1 if station.buffer is None else station.buffer
            row["rule"] = len(self.rules)
            for key in station.rule:
                if key not in RULES:
                    raise InputError("unknown key of a dispatch rule", came=repr(key), expected=", ".join(RULES))
                self.rules.append(RULES.index(key))
            row["rule_end"] = len(self.rules)
            row["plain"] = self.plain[station.id]
            if station.urgent is not None:
                row["urgent"], row["urgent_share"] = round(station.urgent[0] * _MICRO), station.urgent[1]
            row["machines"] = len(own)
            holding = {table.id for table in self.model.setups if table.hold}
            row["holds"] = any(self.model.machines[number].setups in holding for number in own)
        arrays["stations"] = stations


def _rows(name: str, rows: Sequence[dict[str, Any]]) -> np.ndarray[Any, Any]:
    array = World.blank(name, len(rows))
    for place, row in enumerate(rows):
        for field, value in row.items():
            array[place][field] = value
    return array


def _rest(steps: list[dict[str, Any]], first: int) -> None:
    """Mean work from each step to the end of its route."""
    rest = rest_piece = 0.0
    for row in reversed(steps[first:]):
        rest += row["mean"]
        rest_piece += row["mean_piece"]
        row["rest"], row["rest_piece"] = rest, rest_piece


def _action(step: Step) -> int:
    if step.limit is None or step.limit.action == "count":
        return -1
    return -2 if step.limit.action == "scrap" else int(step.limit.action)


def _characteristic(size: Any) -> dict[str, Any]:
    return {
        "lower": size.lower,
        "upper": size.upper,
        "noise": size.noise,
        "setup_offset": size.setup_offset,
        "wear": size.wear,
        "heat": size.heat,
        "heat_tau": size.heat_tau,
        "cool_tau": size.cool_tau,
        "gauge": size.gauge,
        "beyond": -1.0 if size.correct_beyond is None else size.correct_beyond,
        "gain": size.correct_gain,
        "rework_time": size.rework_time,
        "cluster": size.cluster[0],
        "cluster_share": size.cluster[1],
        "first": size.sample_first,
        "every": size.sample_every,
        "correct_first": size.correct_first,
        "above": size.rework_above,
        "below": size.rework_below,
    }


def _below_zero(distribution: Distribution) -> float:
    from math import erfc, sqrt

    mean, sd = distribution.params
    return 0.5 * erfc(mean / sd / sqrt(2))
