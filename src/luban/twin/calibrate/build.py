"""The model put together from what was identified, and the plant's state at the end of the window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from luban.plant import Plant
from luban.twin.calibrate.arrivals import Demand
from luban.twin.calibrate.batches import Batches
from luban.twin.calibrate.dispatch import Rule
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.failures import Stops
from luban.twin.calibrate.flow import Moves
from luban.twin.calibrate.hours import Hours
from luban.twin.calibrate.observe import Observed
from luban.twin.calibrate.pools import Pools
from luban.twin.calibrate.release import Policy
from luban.twin.calibrate.routes import ItemRoute, Mined
from luban.twin.calibrate.setups import Setups, setup_key, station_has_several
from luban.twin.calibrate.times import Times
from luban.twin.distribution import Distribution
from luban.twin.model import (
    Arrival,
    Branch,
    Machine,
    Model,
    Release,
    Route,
    SetupTable,
    Station,
    Step,
)

__all__ = ["Parts", "build_model", "name_of"]

WEEK_S = 7 * 86400.0


@dataclass(slots=True)
class Parts:
    """Everything that was identified."""

    plant: Plant
    found: Observed
    hours: Hours
    mined: Mined
    times: Times
    setups: Setups
    stops: Stops
    people: Pools
    moves: Moves
    batches: Batches
    rules: dict[str, Rule]
    power: dict[str, dict[str, float]]
    policy: Policy
    demand: Demand | None
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    """(item, operation) → step of the item's route."""


def build_model(parts: Parts, evidence: Evidence, horizon: int) -> Model:
    """The model from the end of the window on, empty of lots, with arrivals as streams of chance."""
    start = parts.found.until
    calendars = parts.hours.calendars(start, horizon)
    rules = {name: parts.rules.get(name, Rule()) for name in parts.mined.stations}
    stations = tuple(Station(name, rule.keys, urgent=rule.urgent) for name, rule in rules.items())
    routes = tuple(_route(route, parts, evidence) for route in parts.mined.routes.values())
    machines = tuple(_machine(unit, parts) for unit in parts.found.machines)
    tables = tuple(_table(table, parts) for table in parts.setups.tables.values())
    instants = tuple(moment - start for moment in parts.policy.instants(parts.plant, start, start + horizon))
    return Model(
        f"{parts.plant.id} as seen",
        start,
        horizon,
        stations,
        machines,
        routes,
        arrivals=_arrivals(parts),
        calendars=calendars,
        pools=tuple(replace(pool, calendar=parts.hours.commonest) for pool in parts.people.pools),
        setups=tables,
        release=Release("push" if parts.policy.cap is None else "conwip", parts.policy.cap, instants),
        transport=parts.moves.default,
        transport_calendar=parts.hours.commonest if parts.moves.working else None,
        source="calibrated",
    )


def _table(table: SetupTable, parts: Parts) -> SetupTable:
    units = parts.mined.stations[table.id]
    return replace(
        table, pool=next((parts.people.setters[unit] for unit in units if unit in parts.people.setters), None)
    )


def name_of(unit: str, plant: Plant) -> str:
    """A machine's name in the model: its path below the plant."""
    return unit.removeprefix(f"{plant.id}/")


def _machine(unit: str, parts: Parts) -> Machine:
    station = parts.mined.station_of[unit]
    known = set(parts.setups.tables)
    return Machine(
        name_of(unit, parts.plant),
        station,
        speed=parts.times.speed.get(unit, 1.0),
        load=parts.times.load.get(unit, 0.0),
        calendar=parts.hours.id_of(unit),
        power=parts.power.get(unit, {}),
        setup=parts.setups.last.get(unit, "") if station in known else "",
        setups=station if station in known else None,
        failures=parts.stops.failures.get(unit, ()),
        maintenance=parts.stops.maintenance.get(unit, ()),
    )


def _route(route: ItemRoute, parts: Parts, evidence: Evidence) -> Route:
    """Steps of an item; a delay that no operation tells becomes a step of its own."""
    names: list[tuple[str, Distribution | None]] = []
    for at, name in enumerate(route.operations):
        if at:
            hidden = parts.moves.delays.get((route.item, route.operations[at - 1], name))
            if hidden is not None:
                names.append((f"before {name}", hidden))
        names.append((name, None))
    places = {name: at for at, (name, _) in enumerate(names)}
    parts.places |= {(route.item, name): at for name, at in places.items()}
    steps = [
        Step(name, None, hidden) if hidden is not None else _step(route, name, places, parts, evidence)
        for name, hidden in names
    ]
    return Route(route.item, tuple(steps), weight=parts.batches.weights.get(route.item, 0.0))


def _step(route: ItemRoute, name: str, places: dict[str, int], parts: Parts, evidence: Evidence) -> Step:
    key = (route.item, name)
    known = parts.times.steps.get(key)
    if known is None:
        evidence.miss(
            "processing time", "/".join(key), "no complete operation with a time", "none", "start and end of it"
        )
    counts = route.machines[name]
    station = parts.mined.station_of[max(counts, key=lambda unit: counts[unit])] if counts else None
    branches = tuple(
        Branch(b.probability, b.to if b.to is None or b.to < 0 else places[route.operations[b.to]])
        for b in route.branches.get(name, ())
    )
    several = station is not None and station_has_several(parts.mined, station)
    used = [unit for unit in counts if parts.mined.station_of[unit] == station]
    members = parts.mined.stations[station] if station else ()
    return Step(
        name,
        station,
        known.time if known else Distribution.constant(0.0),
        per=known.per if known else "lot",
        factor=known.factor if known else None,
        machines={} if len(used) == len(members) else {name_of(u, parts.plant): None for u in sorted(used)},
        setup=setup_key(*key, several) if station in parts.setups.tables else "",
        batch=parts.batches.rules.get(key),
        sample=route.sample.get(name, 1.0),
        branches=branches,
        pool=next((parts.people.operators[unit] for unit in used if unit in parts.people.operators), None),
        transport=parts.moves.to.get(station) if station else None,
        scrap=known.scrap if known else 0.0,
    )


def _arrivals(parts: Parts) -> tuple[Arrival, ...]:
    demand = parts.demand
    if demand is None:
        return ()
    due = None
    if demand.due:
        values = np.concatenate(list(demand.due.values()))
        due = Distribution.empirical(np.maximum(values, 0.0))
    ready = parts.policy.ready.distribution
    return tuple(
        Arrival(
            item,
            item,
            Distribution.exponential(WEEK_S / (demand.rate * share)),
            demand.quantity[item],
            due=due,
            ready=ready,
        )
        for item, share in demand.mix.items()
        if item in parts.mined.routes
    )
