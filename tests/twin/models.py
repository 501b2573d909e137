"""Small plants whose long-run figures have a formula. Times in seconds; a mean service takes 1 s unless said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from luban.twin.distribution import Distribution
from luban.twin.model import (
    STATES,
    Arrival,
    Batch,
    Branch,
    Calendar,
    Characteristic,
    Failure,
    LotOrder,
    Machine,
    Maintenance,
    Model,
    Pool,
    QueueLimit,
    Release,
    Route,
    SetupTable,
    Station,
    Step,
    Stock,
)

HORIZON = 10**15
SECOND = 1_000_000

exponential = Distribution.exponential
constant = Distribution.constant


def model(stations: list[Station], machines: list[Machine], routes: list[Route], **more: Any) -> Model:
    """A model that begins at 2026-01-01T00:00Z."""
    start = 1_767_225_600_000_000
    more = {key: tuple(value) if isinstance(value, list) else value for key, value in more.items()}
    return Model("plant", start, HORIZON, tuple(stations), tuple(machines), tuple(routes), **more)


def _servers(station: str, count: int, **more: Any) -> list[Machine]:
    return [Machine(f"{station}{i}", station, **more) for i in range(count)]


def _stream(route: str, rate: float, **more: Any) -> Arrival:
    return Arrival(f"to {route}", route, exponential(1 / rate), **more)


def queue(rate: float, service: Distribution, servers: int = 1, **machine: Any) -> Model:
    """M/G/c: lots come at `rate` [1/s] to one queue."""
    route = Route("R", (Step("1", "S", service),))
    return model([Station("S")], _servers("S", servers, **machine), [route], arrivals=[_stream("R", rate)])


def crew(rate: float, machines: int, people: int) -> Model:
    """M/M/c whose servers are the people: there are more machines than they can tend."""
    route = Route("R", (Step("1", "S", exponential(1), pool="people"),))
    pools = [Pool("people", people)]
    return model([Station("S")], _servers("S", machines), [route], arrivals=[_stream("R", rate)], pools=pools)


def mm1(rho: float) -> Model:
    return queue(rho, exponential(1))


def mmc(servers: int, rho: float) -> Model:
    return queue(servers * rho, exponential(1), servers)


def priorities(rates: list[float], services: list[Distribution]) -> Model:
    """M/G/1 with classes; the first class goes before all others, work in progress is never interrupted."""
    names = [f"class{i}" for i in range(len(rates))]
    routes = [Route(name, (Step("1", "S", service),)) for name, service in zip(names, services, strict=True)]
    arrivals = [_stream(names[i], rate, priority=-float(i)) for i, rate in enumerate(rates)]
    return model([Station("S", ("hot", "fifo"))], _servers("S", 1), routes, arrivals=arrivals)


def tandem(rate: float, means: list[float], buffer: int | None = None) -> Model:
    """M/M/1 queues one after the other."""
    names = [f"S{i}" for i in range(len(means))]
    steps = tuple(Step(name, name, exponential(mean)) for name, mean in zip(names, means, strict=True))
    stations = [Station(name, buffer=None if i == 0 else buffer) for i, name in enumerate(names)]
    machines = [machine for name in names for machine in _servers(name, 1)]
    return model(stations, machines, [Route("R", steps)], arrivals=[_stream("R", rate)])


def circle(lots: int, stations: int) -> Model:
    """A closed line: more work than it can do, let in when fewer than `lots` are on the floor."""
    return replace(tandem(0.8, [1.0] * stations), release=Release("conwip", lots))


def jackson(rate: float, rework: float, sent_back: float) -> Model:
    """Two stations with feedback: after B a share `rework` goes back to A; after A a share `sent_back` repeats A."""
    steps = (
        Step("a", "A", exponential(1), branches=(Branch(sent_back, 0),)),
        Step("b", "B", exponential(1), branches=(Branch(rework, 0),)),
    )
    machines = [*_servers("A", 2), *_servers("B", 2)]
    return model([Station("A"), Station("B")], machines, [Route("R", steps)], arrivals=[_stream("R", rate)])


def interference(machines: int, life: float, repair: float, repairers: int = 1) -> Model:
    """M/M/r//N: machines fail by the calendar and wait for one of a few repairers."""
    failure = Failure("breaks", exponential(life), exponential(repair), clock="calendar", pool="crew")
    return model(
        [Station("S")], _servers("S", machines, failures=(failure,)), [Route("R", (Step("1", "S", constant(1)),))],
        pools=[Pool("crew", repairers)],
    )  # fmt: skip


def bulk(rate: float, minimum: int, maximum: int, mean: float = 1) -> Model:
    """M/M(a,b)/1: takes what is there, from `minimum` up to `maximum` lots together."""
    batch = Batch("f", maximum, minimum)
    return model(
        [Station("S")], _servers("S", 1), [Route("R", (Step("1", "S", exponential(mean), per="batch", batch=batch),))],
        arrivals=[_stream("R", rate)],
    )  # fmt: skip


def breakdowns(rate: float, service: Distribution, life: float, repair: Distribution) -> Model:
    """M/G/1 whose machine fails while it works and goes on after the repair."""
    return queue(rate, service, failures=(Failure("f", exponential(life), repair, clock="run"),))


def stock(rate: float, reorder: int, up_to: int, lead: Distribution) -> Model:
    """(s, S) on single demands, back-ordered."""
    point = Stock("P", reorder, up_to, lead, initial=up_to, interval=exponential(1 / rate))
    return model(
        [Station("S")], _servers("S", 1), [Route("R", (Step("1", "S", constant(1)),))], stocks=[point]
    )  # fmt: skip


DAY = 24 * 3600 * SECOND


def anything(seed: int) -> Model:
    """A plant of whatever blocks chance puts together: three days of work for a few machines."""
    random = np.random.default_rng(seed)
    chance = lambda p: bool(random.random() < p)  # noqa: E731
    shifts = tuple((day * DAY + 6 * 3600 * SECOND, day * DAY + 22 * 3600 * SECOND) for day in range(4))
    calendars = [Calendar("shifts", shifts, interrupts=chance(0.5))]
    pools = [Pool("setters", 1, "shifts" if chance(0.3) else None), Pool("crew", 1), Pool("people", 3, "shifts", 0.1)]
    keys = ("red", "blue", "")
    table = SetupTable("changes", {("red", "blue"): 600.0, ("blue", "red"): 300.0}, 120.0, pool="setters")
    names = [f"S{i}" for i in range(int(random.integers(2, 5)))]
    forward = chance(0.4)  # a line with small buffers, that cannot deadlock; else free flow
    rules = (("fifo",), ("hot", "setup", "fifo"), ("edd",), ("cr",), ("spt",), ("slack", "lifo"), ("random",))
    stations = [
        Station(name, rules[random.integers(len(rules))], int(random.integers(1, 4)) if forward and i else None)
        for i, name in enumerate(names)
    ]
    failures = (
        Failure("run", exponential(4e4), exponential(1800), pool="crew" if chance(0.5) else None),
        Failure("calendar", exponential(9e4), constant(600), "calendar"),
        Failure("piece", Distribution.uniform(50, 900), exponential(900), "piece"),
    )
    maintenance = (
        Maintenance("lubricate", constant(900), constant(3e4), "calendar", pool="crew"),
        Maintenance("overhaul", constant(1200), constant(2e4), "run", renews=("run",)),
    )
    machines = [
        Machine(
            f"{name}.{k}", name, speed=float(random.uniform(0.8, 1.3)), load=30.0 if chance(0.3) else 0.0,
            calendar="shifts" if chance(0.3) else None, setups="changes" if chance(0.5) else None, setup="red",
            power={state: float(random.integers(1, 9000)) for state in STATES if chance(0.8)},
            failures=failures[: (failing := int(random.integers(0, 4)))],
            maintenance=maintenance[: int(random.integers(0, 3)) if failing else 1],
        )
        for name in names for k in range(int(random.integers(1, 4)))
    ]  # fmt: skip
    size = Characteristic("d", "mm", -3.0, 3.0, 1.0, gauge=0.2, sample_first=1, sample_every=4, rework_above=True)
    routes = []
    for number in range(int(random.integers(1, 4))):
        path = names if forward else list(random.choice(names, int(random.integers(2, 6))))
        steps = tuple(
            Step(
                f"{i}", name, Distribution.lognormal(float(random.uniform(60, 240)), cv=0.5),
                per="piece" if chance(0.3) else "lot",
                setup=keys[number % 3], sample=0.6 if chance(0.2) and not forward else 1.0,
                batch=Batch("heat", 4, 2, max_wait=3600.0) if chance(0.15) else None,
                branches=(Branch(0.1, 0, once=True), Branch(0.02, -1)) if i and not forward and chance(0.4) else (),
                limit=QueueLimit(i + 1, 900.0, "scrap" if chance(0.3) else "count")
                if i + 1 < len(path) and chance(0.3) else None,
                pool="people" if chance(0.2) else None, scrap=0.02 if chance(0.4) else 0.0,
                transport=exponential(120) if chance(0.4) else None, characteristics=(size,) if chance(0.3) else (),
                energy=float(random.integers(0, 5000)),
            )
            for i, name in enumerate(path)
        )  # fmt: skip
        if chance(0.3) and not forward:
            steps = (*steps, Step("away", None, exponential(3600)))
        routes.append(Route(f"R{number}", steps))
    arrivals = [
        _stream(route.id, 1 / float(random.uniform(900, 2400)), quantity=Distribution.uniform(1, 6),
                due=Distribution.uniform(3600, 90000), priority=float(i))
        for i, route in enumerate(routes)
    ]  # fmt: skip
    orders = [LotOrder(f"o{i}", routes[0].id, 3, i * SECOND, due=DAY) for i in range(3)]
    release = (Release(), Release("conwip", 12, rule=("edd",)), Release(instants=tuple(range(0, 4 * DAY, DAY // 2))))
    return model(
        stations, machines, routes, arrivals=arrivals, orders=orders, calendars=calendars, pools=pools, setups=[table],
        release=release[random.integers(3)],
    )  # fmt: skip
