"""Small plants whose long-run figures have a formula. Times in seconds; a mean service takes 1 s unless said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from luban.twin.distribution import Distribution
from luban.twin.model import Arrival, Batch, Branch, Failure, Machine, Model, Pool, Release, Route, Station, Step, Stock

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
