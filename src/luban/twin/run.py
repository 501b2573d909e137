"""A run of a model: to a time, then look, then order something, then on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from luban.core.errors import InputError, LubanError
from luban.twin.kernel.become import become
from luban.twin.kernel.build import build
from luban.twin.kernel.layout import FAR, Phase, State, Status, Where
from luban.twin.kernel.trace import EVERYTHING, FLOOR
from luban.twin.model import Model

__all__ = ["BoundError", "DeadlockError", "Run", "Totals"]

_TRACES = {"none": 0, "lots": 0, "facts": EVERYTHING, "floor": FLOOR}
_MOST = 2_000_000_000
"""Events after which a run is taken for endless, unless the caller says otherwise."""
_SOURCE = 40
_ENDS = frozenset({int(Status.REACHED), int(Status.FINISHED), int(Status.PAUSED)})


class DeadlockError(LubanError):
    """Blocked machines wait for each other in a circle.

    holders  (machine, lot, station it waits for), in the order of waiting
    """

    def __init__(self, holders: list[tuple[str, str, str]]) -> None:
        self.holders = holders
        circle = " → ".join(f"{machine} holds {lot} for {station}" for machine, lot, station in holders)
        super().__init__(
            "the plant is deadlocked",
            came=circle,
            expected="room at one of these stations",
            hint="give a station of the circle a larger buffer, or cap the work in progress",
        )


class BoundError(LubanError):
    """More events than the run was allowed."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The books of a run from its beginning to `now`; a window's figure is the difference of two.

    machine_time    [µs], machines × STATES; each row sums to `now` exactly
    machine_energy  [µJ]
    wip_time        integral of lots on the floor [lot·µs] = sojourn + open_sojourn, exactly
    sojourn         release to finish, summed over finished lots [µs]
    open_sojourn    of lots still inside, since their release [µs]; route_open_sojourn: by route
    queue_time      integral of lots in queue, by station [lot·µs]
    station_wait    waiting of the lots that have started there [µs]
    """

    now: int
    events: int
    arrived: int
    released: int
    finished: int
    scrapped_lots: int
    good: int
    scrap: int
    rework: int
    wip: int
    pool: int
    wip_time: int
    sojourn: int
    open_sojourn: int
    route_open_sojourn: np.ndarray[Any, Any]
    violations: int
    pieces_inside: int
    machine_time: np.ndarray[Any, Any]
    machine_energy: np.ndarray[Any, Any]
    machine_lots: np.ndarray[Any, Any]
    machine_pieces: np.ndarray[Any, Any]
    machine_scrap: np.ndarray[Any, Any]
    machine_rework: np.ndarray[Any, Any]
    machine_setups: np.ndarray[Any, Any]
    failures: np.ndarray[Any, Any]
    maintenances: np.ndarray[Any, Any]
    queue_time: np.ndarray[Any, Any]
    queue_length: np.ndarray[Any, Any]
    station_wait: np.ndarray[Any, Any]
    station_starts: np.ndarray[Any, Any]
    stock_on_hand_time: np.ndarray[Any, Any]
    stock_short_time: np.ndarray[Any, Any]
    stock_level: np.ndarray[Any, Any]


class Run:
    """One run of a model.

    seed, replication  its random numbers; equal ones give the equal run, whatever decisions are taken
    trace              `none`, `lots` (finished lots only), `facts` (every kind of trace row), or `floor`: what those
                       who decide there are told, readings and new edges each at its own time
    most_events        bound on the events of the whole run
    characteristics    names `route/step/characteristic` in the order in which trace rows number them

    Example  >>> run = Run(model, seed=1).to(86_400_000_000)      # one day
             >>> run.totals().finished
    """

    def __init__(
        self, model: Model, *, seed: int = 1, replication: int = 0, trace: str = "lots", most_events: int = _MOST
    ) -> None:
        if trace not in _TRACES:
            raise InputError("unknown trace", came=repr(trace), expected=", ".join(_TRACES))
        from luban.twin.kernel.loop import COMMANDS, advance_run

        if model.demand is not None:
            from luban.twin.demand import draw_orders

            model = replace(model, orders=(*model.orders, *draw_orders(model, seed, replication)), demand=None)
        self.model = model
        self.seed, self.replication = seed, replication
        self._keep_lots = trace != "none"
        self._most = most_events
        self._advance = advance_run
        self._codes = {name: code for code, name in enumerate(COMMANDS)}
        self.world = build(model, wanted=_TRACES[trace])
        self._grow_lots(max(64, len(model.orders) // 8))
        world = self.world
        world["events"] = world.blank("events", 4 * int(world["sizes"][11]) + 1024)
        kept = max(65536, 4 * int(world["sizes"][12])) if _TRACES[trace] else 1
        world["traces"] = world.blank("traces", kept)
        world["book"] = world.blank("book", max(4096, 4 * int(world["sizes"][13])))
        self._books: list[np.ndarray[Any, Any]] = []
        self._traces: list[np.ndarray[Any, Any]] = []
        self._machine = {machine.id: number for number, machine in enumerate(model.machines)}
        self._station = {station.id: number for number, station in enumerate(model.stations)}
        self.characteristics = [
            f"{route.id}/{step.id}/{size.id}"
            for route in model.routes
            for step in route.steps
            for size in step.characteristics
        ]
        self._orders = {number if own.key is None else own.key: own.id for number, own in enumerate(model.orders)}
        self._watched, self._now, self._clock = trace == "floor", 0, world["clock"]
        self._go(0, "begin", seed, replication)
        if self._watched:
            self.order("watch")

    def machine(self, name: str) -> int:
        """Place of the machine in the model and in every array. Raises InputError for an unknown one."""
        if name not in self._machine:
            raise InputError("unknown machine", came=name, expected=", ".join(list(self._machine)[:8]))
        return self._machine[name]

    def station(self, name: str) -> int:
        """Place of the station in the model and in every array. Raises InputError for an unknown one."""
        if name not in self._station:
            raise InputError("unknown station", came=name, expected=", ".join(list(self._station)[:8]))
        return self._station[name]

    def order(self, command: str, a: int = 0, b: int = 0, x: float = 0.0) -> None:
        """Gives the kernel one order at the present time (`Control` says what each means)."""
        self._go(self.now, command, a, b, x)

    @property
    def now(self) -> int:
        """The run's clock [µs after the model's start]."""
        return self._now

    def to(self, until: int, *, pause: int = 0) -> Self:
        """Runs to that time [µs after the model's start], or until something of that kind was written down.

        pause  bits of kinds of trace rows (kernel.trace.mask)
        Raises DeadlockError, BoundError; InputError for a time in the past or beyond the model's horizon
        """
        if until < self.now:
            raise InputError("a run does not go back", came=f"{until} µs", expected=f"{self.now} µs or later")
        if until > self.model.horizon:
            raise InputError(
                "a run beyond the model's horizon",
                came=f"{until} µs",
                expected=f"at most {self.model.horizon} µs",
                hint="load the model for more days: its calendars and orders end there",
            )
        self._clock["pause"] = pause
        self._go(int(until))
        if not self._watched and self._clock["wanted"][0]:
            self.order("count")
        return self

    def become(self, model: Model) -> None:
        """From now on the plant has the parameters of another model of the same shape.

        Setups, times, rules, release, power, tools, sizes and sampling change; orders, calendars, the number of people
        and machines, lives that are drawn already and everything that has happened stay as they are. A setup or a run
        that has begun ends as it was drawn.
        Raises  InputError for a model with other machines, stations, routes, steps, failures or calendars
        """
        become(self.world, self.model, model)
        self.model = replace(model, orders=self.model.orders, demand=None)
        self.order("gates")
        self.order("release_ready" if not model.release.instants else "none")
        self.order("look")

    def _go(self, until: int, command: str = "none", a: int = 0, b: int = 0, x: float = 0.0) -> None:
        code = self._codes[command]
        while True:
            status = int(self._advance(self.world.address, until, self._most, code, a, b, x))
            self._now = int(self._clock["now"][0])
            if status in _ENDS:
                return
            if status >= 16 or status in {Status.DEADLOCK, Status.BOUND}:
                code, status = 0, status % 16
            if status == Status.DEADLOCK:
                raise DeadlockError(self._holders())
            if status == Status.BOUND:
                raise BoundError(
                    "the run was stopped: too many events",
                    came=f"{self._most} events by day {self.now / 86_400_000_000:.2f}",
                    hint="allow more, or look for a step that takes no time and comes back to itself",
                )
            self._relieve(status)

    def _relieve(self, status: int) -> None:
        world = self.world
        if status == Status.NEEDS_LOTS:
            self._grow_lots(2 * len(world["lots"]))
        elif status == Status.NEEDS_EVENTS:
            grown = world.blank("events", 2 * len(world["events"]))
            grown[: len(world["events"])] = world["events"]
            world["events"] = grown
        elif status == Status.NEEDS_TRACE:
            self._collect_trace()
        else:
            self._collect_book()

    def _grow_lots(self, size: int) -> None:
        world = self.world
        old = world["lots"] if int(world["clock"]["free_lots"][0]) or len(world["lots"]) > 1 else world["lots"][:0]
        sizes = world["sizes"]
        lots = world.blank("lots", size)
        lots[: len(old)] = old
        lots["next"][len(old) :] = np.arange(len(old) + 1, size + 1)
        lots["next"][size - 1] = world["clock"]["free_lot"][0]
        world["clock"]["free_lot"] = len(old)
        world["clock"]["free_lots"] += size - len(old)
        dedications = np.full(size * int(sizes[4]), -1, np.int64)
        dedications[: len(old) * int(sizes[4])] = world["dedications"][: len(old) * int(sizes[4])]
        requests = np.full(int(sizes[:3].sum()) + size, -1, np.int64)
        if len(old):
            requests[: len(world["requests"])] = world["requests"]
        world["lots"], world["dedications"], world["requests"] = lots, dedications, requests
        sizes[11] = 64 + 8 * int(sizes[0]) + 2 * int(sizes[1] + sizes[2]) + size
        if int(world["clock"]["wanted"][0]):
            sizes[12] += 8 * (size - len(old))
            if len(world["traces"]) > 1 and len(world["traces"]) < 4 * int(sizes[12]):
                self._collect_trace()
                world["traces"] = world.blank("traces", 8 * int(sizes[12]))
        sizes[13] = 64 + size
        if 1 < len(world["book"]) < 2 * int(sizes[13]):
            self._collect_book()
            world["book"] = world.blank("book", 4 * int(sizes[13]))

    def _collect_book(self) -> None:
        clock = self.world["clock"]
        if self._keep_lots:
            self._books.append(self.world["book"][: int(clock["booked"][0])].copy())
        clock["booked"] = 0

    def _collect_trace(self) -> None:
        clock = self.world["clock"]
        self._traces.append(self.world["traces"][: int(clock["traced"][0])].copy())
        clock["traced"] = 0

    def lots(self) -> np.ndarray[Any, Any]:
        """The lots finished since the last call, one row each: times [µs], pieces; due -1 where there is none."""
        self._collect_book()
        rows = np.concatenate(self._books) if self._books else self.world["book"][:0].copy()
        self._books = []
        rows["due"][rows["due"] == FAR] = -1
        return rows

    def take_trace(self) -> np.ndarray[Any, Any]:
        """The trace rows since the last call (`trace="facts"`), in the order in which they happened."""
        self._collect_trace()
        rows = self._traces[0] if len(self._traces) == 1 else np.concatenate(self._traces)
        self._traces = []
        return rows

    def lot_name(self, key: int) -> str:
        """Name of a lot: its order's id, or arrival and number."""
        source = key >> _SOURCE
        if source == 0:
            return self._orders.get(key, f"order-{key}")
        return f"{self.model.arrivals[source - 1].id}-{key - (source << _SOURCE):06d}"

    def _holders(self) -> list[tuple[str, str, str]]:
        world, model = self.world, self.model
        machines = world["machines"]
        at = int(world["clock"]["stuck"][0])
        seen: list[int] = []
        while at not in seen:
            seen.append(at)
            target = int(machines[at]["waiting"])
            at = next(
                number
                for number, row in enumerate(machines)
                if row["station"] == target and row["phase"] == Phase.BLOCKED
            )
        circle = seen[seen.index(at) :]
        return [
            (
                model.machines[number].id,
                self.lot_name(int(world["lots"][machines[number]["lot"]]["key"])),
                model.stations[int(machines[number]["waiting"])].id,
            )
            for number in circle
        ]

    def totals(self) -> Totals:
        """The books at this moment."""
        world = self.world
        clock = SimpleNamespace(**dict(zip(world["clock"].dtype.names or (), world["clock"][0].tolist(), strict=True)))
        model = self.model
        machines = world["machines"][: len(model.machines)]
        lots = world["lots"]
        inside = lots[lots["where"] >= Where.MOVING]
        by_route = np.zeros(len(model.routes), np.int64)
        np.add.at(by_route, inside["route"], clock.now - inside["release"])
        waiting = lots[lots["where"] >= Where.POOL]
        stations, stocks = world["stations"][: len(model.stations)], world["stocks"][: len(model.stocks)]
        times = world["machine_time"][: len(machines) * len(State)].reshape(len(machines), len(State)).copy()
        power = world["machine_power"][: len(machines) * len(State)].reshape(len(machines), len(State))
        since = clock.now - machines["since"]
        rows = np.arange(len(machines))
        times[rows, machines["state"]] += since
        energy = machines["energy"] + power[rows, machines["state"]] * since
        span = (clock.now - stocks["since"]).astype(float)
        failures = world["failures"][: int(world["sizes"][1])]
        maintenances = world["maintenances"][: int(world["sizes"][2])]
        return Totals(
            now=clock.now,
            events=clock.events,
            arrived=clock.arrived,
            released=clock.released,
            finished=clock.finished,
            scrapped_lots=clock.lost,
            good=clock.good,
            scrap=clock.scrap,
            rework=clock.reworked,
            wip=clock.wip,
            pool=clock.pool,
            wip_time=clock.wip_time + clock.wip * (clock.now - clock.wip_since),
            sojourn=clock.sojourn,
            open_sojourn=int((clock.now - inside["release"]).sum()),
            route_open_sojourn=by_route,
            violations=clock.late,
            pieces_inside=int(waiting["first_quantity"].sum()),
            machine_time=times,
            machine_energy=energy,
            machine_lots=machines["lots_done"].copy(),
            machine_pieces=machines["pieces"].copy(),
            machine_scrap=machines["scrap"].copy(),
            machine_rework=machines["reworked"].copy(),
            machine_setups=machines["setups_done"].copy(),
            failures=np.bincount(failures["machine"], weights=failures["count"], minlength=len(machines)).astype(int),
            maintenances=np.bincount(
                maintenances["machine"], weights=maintenances["count"], minlength=len(machines)
            ).astype(int),
            queue_time=stations["queue_time"] + stations["length"] * (clock.now - stations["queue_since"]),
            queue_length=stations["length"].copy(),
            station_wait=stations["wait"].copy(),
            station_starts=stations["starts"].copy(),
            stock_on_hand_time=stocks["on_hand_time"] + np.maximum(stocks["level"], 0) * span,
            stock_short_time=stocks["short_time"] + np.maximum(-stocks["level"], 0) * span,
            stock_level=stocks["level"].copy(),
        )
