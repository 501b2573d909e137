"""The models of `benchmarks.twin` in SimPy, salabim and Ciw; all count lots and keep their cycle times, nothing else.

SimPy twice. `documented`: as its guide and its machine-shop example say it, a process for each lot, `Resource` and
`FilterStore` for what is scarce. `by hand`: the least that SimPy needs, plain deques for the queues and one event where
somebody waits. salabim: by hand likewise, generators, monitors and trace off. Ciw: its own nodes and records.
Random numbers come from the standard library, the fastest for one at a time.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import simpy

from luban.twin.model import Model, Step

__all__ = ["Found", "ciw_mm1", "salabim_mm1", "simpy_mm1", "simpy_shop"]


@dataclass
class Found:
    """What a peer's run counted; `events` as luban's own are counted (see `benchmarks.twin`)."""

    arrived: int = 0
    operations: int = 0
    setups: int = 0
    failures: int = 0
    finished: int = 0
    cycle: float = 0.0
    by_route: dict[str, list[float]] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Orders that came + operations begun and ended + setups ended + failures and repairs."""
        return self.arrived + 2 * self.operations + self.setups + 2 * self.failures

    @property
    def cycle_mean(self) -> float:
        """Mean time from arrival to finish [s]."""
        return self.cycle / self.finished


def simpy_mm1(rho: float, until: float, seed: int, *, by_hand: bool = False) -> Found:
    """M/M/1, mean service 1 s."""
    env, draw, found = simpy.Environment(), random.Random(seed).expovariate, Found()
    resource = simpy.Resource(env)
    queue: deque[float] = deque()
    asleep: list[simpy.Event] = []

    def finished(came: float) -> None:
        found.operations += 1
        found.finished += 1
        found.cycle += env.now - came

    def lot() -> Iterator[simpy.Event]:
        came = env.now
        with resource.request() as turn:
            yield turn
            yield env.timeout(draw(1.0))
        finished(came)

    def machine() -> Iterator[simpy.Event]:
        while True:
            if not queue:
                asleep.append(env.event())
                yield asleep[0]
            came = queue.popleft()
            yield env.timeout(draw(1.0))
            finished(came)

    def source() -> Iterator[simpy.Event]:
        while True:
            yield env.timeout(draw(rho))
            found.arrived += 1
            if not by_hand:
                env.process(lot())
                continue
            queue.append(env.now)
            if asleep:
                asleep.pop().succeed()

    env.process(source())
    if by_hand:
        env.process(machine())
    env.run(until)
    return found


def salabim_mm1(rho: float, until: float, seed: int) -> Found:
    """M/M/1, mean service 1 s."""
    import salabim

    env = salabim.Environment(trace=False, yieldless=False, random_seed=None)
    draw, found = random.Random(seed).expovariate, Found()
    queue: deque[float] = deque()

    class Source(salabim.Component):  # type: ignore[misc]
        def process(self) -> Iterator[Any]:
            while True:
                yield self.hold(draw(rho))
                found.arrived += 1
                queue.append(env.now())
                if machine.ispassive():
                    machine.activate()

    class Machine(salabim.Component):  # type: ignore[misc]
        def process(self) -> Iterator[Any]:
            while True:
                if not queue:
                    yield self.passivate()
                came = queue.popleft()
                yield self.hold(draw(1.0))
                found.operations += 1
                found.finished += 1
                found.cycle += env.now() - came

    parts = [Source(skip_standby=True, suppress_trace=True), machine := Machine(skip_standby=True, suppress_trace=True)]
    for part in parts:
        part.status.monitor(False)
        part.mode.monitor(False)
    env.run(till=until)
    return found


def ciw_mm1(rho: float, until: float, seed: int) -> Found:
    """M/M/1, mean service 1 s; Ciw keeps a record of every lot, which is its way to count."""
    import ciw

    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rho)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[1],
    )
    run = ciw.Simulation(network)
    run.simulate_until_max_time(until)
    records = run.get_all_records(only=["service"])
    cycle = sum(record.exit_date - record.arrival_date for record in records)
    return Found(run.nodes[0].number_of_individuals, len(records), finished=len(records), cycle=cycle)


@dataclass(eq=False, slots=True)
class _Machine:
    setups: dict[tuple[str, str], float]
    setup: str
    life: float
    failure: float
    repair: float


class _Deques:
    """A station by hand: the machine that has been idle longest, but one that is set up already where there is one."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self._idle: list[_Machine] = []
        self._waiting: deque[simpy.Event] = deque()

    def take(self, key: str) -> _Machine | simpy.Event:
        if self._idle:
            return self._idle.pop(next((i for i, machine in enumerate(self._idle) if machine.setup == key), 0))
        self._waiting.append(self._env.event())
        return self._waiting[-1]

    def give(self, machine: _Machine) -> None:
        if self._waiting:
            self._waiting.popleft().succeed(machine)
        else:
            self._idle.append(machine)


class _Stores:
    """The same with SimPy's FilterStore."""

    def __init__(self, env: simpy.Environment) -> None:
        self._store = simpy.FilterStore(env)

    def take(self, key: str) -> simpy.Event:
        if any(machine.setup == key for machine in self._store.items):
            return self._store.get(lambda machine: machine.setup == key)
        return self._store.get()

    def give(self, machine: _Machine) -> None:
        self._store.put(machine)


def simpy_shop(model: Model, until: float, seed: int, warmup: float = 0.0, *, by_hand: bool = False) -> Found:
    """A job shop as `benchmarks.twin.shop` says it: first come first served, setups, failures by running time."""
    env, chance, found = simpy.Environment(), random.Random(seed), Found()
    draw, lognormal = chance.expovariate, chance.lognormvariate
    kind = _Deques if by_hand else _Stores
    stations = {station.id: kind(env) for station in model.stations}
    tables = {table.id: dict(table.times) for table in model.setups}
    for own in model.machines:
        failure, repair = 1 / own.failures[0].life.mean, 1 / own.failures[0].repair.mean
        stations[own.station].give(_Machine(tables[str(own.setups)], own.setup, draw(failure), failure, repair))

    def lot(route: str, steps: list[tuple[_Deques | _Stores, str, float, float]]) -> Iterator[simpy.Event]:
        came = env.now
        for station, key, mu, sigma in steps:
            turn = station.take(key)
            machine: Any = turn if isinstance(turn, _Machine) else (yield turn)
            if machine.setup != key:
                yield env.timeout(machine.setups[machine.setup, key])
                machine.setup = key
                found.setups += 1
            left = lognormal(mu, sigma)
            while left > machine.life:
                left -= machine.life
                yield env.timeout(machine.life)
                found.failures += 1
                yield env.timeout(draw(machine.repair))
                machine.life = draw(machine.failure)
            machine.life -= left
            yield env.timeout(left)
            found.operations += 1
            station.give(machine)
        if env.now >= warmup:
            found.finished += 1
            found.cycle += env.now - came
            found.by_route.setdefault(route, []).append(env.now - came)

    def source(
        route: str, rate: float, steps: list[tuple[_Deques | _Stores, str, float, float]]
    ) -> Iterator[simpy.Event]:
        while True:
            yield env.timeout(draw(rate))
            found.arrived += 1
            env.process(lot(route, steps))

    def numbers(step: Step) -> tuple[_Deques | _Stores, str, float, float]:
        mean, sigma = step.time.params
        return stations[str(step.station)], step.setup, math.log(mean) - sigma**2 / 2, sigma

    routes = {route.id: [numbers(step) for step in route.steps] for route in model.routes}
    for arrival in model.arrivals:
        env.process(source(arrival.route, 1 / arrival.interval.mean, routes[arrival.route]))
    env.run(until)
    return found
