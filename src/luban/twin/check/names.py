"""Names: each once, and none that nothing has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from luban.plant.complaint import did_you_mean, listing
from luban.twin.check.flaw import Flaw, step_name as _at
from luban.twin.model import RULES, STATES, Failure, Maintenance, Model

__all__ = ["RULES_OF_NAMES"]

_RULE_KEYS = 8


def _duplicates(model: Model) -> Iterator[Flaw]:
    kinds: dict[str, Sequence[str]] = {
        "station": [own.id for own in model.stations],
        "machine": [own.id for own in model.machines],
        "route": [own.id for own in model.routes],
        "order": [own.id for own in model.orders],
        "arrival": [own.id for own in model.arrivals],
        "calendar": [own.id for own in model.calendars],
        "pool": [own.id for own in model.pools],
        "setup table": [own.id for own in model.setups],
        "stock": [own.id for own in model.stocks],
    }
    for kind, names in kinds.items():
        yield from _twice(f"{kind} %s", f"two {kind}s of one name", names)
    for route in model.routes:
        yield from _twice(f"route {route.id}, step %s", "two steps of one name", [step.id for step in route.steps])
    for machine in model.machines:
        names = [own.id for own in machine.failures] + [own.id for own in machine.maintenance]
        yield from _twice(f"machine {machine.id}, %s", "two failures or maintenances of one name", names)


def _twice(where: str, message: str, names: Sequence[str]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Flaw(where % name, message, repr(name), "each name once")
        seen.add(name)


def _references(model: Model) -> Iterator[Flaw]:
    stations = [own.id for own in model.stations]
    routes = [own.id for own in model.routes]
    calendars = [own.id for own in model.calendars]
    pools = [own.id for own in model.pools]
    setups = [own.id for own in model.setups]
    stocks = [own.id for own in model.stocks]
    asked: list[tuple[str, str, str | None, Sequence[str]]] = [
        ("transport", "pool", model.transport_pool, pools),
        ("transport", "calendar", model.transport_calendar, calendars),
    ]
    asked += [(f"pool {own.id}", "calendar", own.calendar, calendars) for own in model.pools]
    asked += [(f"setup table {own.id}", "pool", own.pool, pools) for own in model.setups]
    for machine in model.machines:
        where = f"machine {machine.id}"
        asked += [(where, "station", machine.station, stations), (where, "calendar", machine.calendar, calendars)]
        asked += [(where, "setup table", machine.setups, setups)]
        stops: tuple[Failure | Maintenance, ...] = (*machine.failures, *machine.maintenance)
        asked += [(f"{where}, {own.id}", "pool", own.pool, pools) for own in stops]
        failures = [own.id for own in machine.failures]
        asked += [
            (f"{where}, {own.id}", "failure", name, failures) for own in machine.maintenance for name in own.renews
        ]
    for route in model.routes:
        asked += [(f"route {route.id}", "stock", name, stocks) for name in route.material]
        for step in route.steps:
            asked += [
                (_at(route, step), "station", step.station, stations),
                (_at(route, step), "pool", step.pool, pools),
            ]
    asked += [(f"order {own.id}", "route", own.route, routes) for own in model.orders]
    asked += [(f"arrival {own.id}", "route", own.route, routes) for own in model.arrivals]
    asked += [("demand", "route", name, routes) for name, _, _ in (model.demand.mix if model.demand else ())]
    known: dict[int, set[str]] = {}
    for where, kind, name, names in asked:
        if name is not None and name not in known.setdefault(id(names), set(names)):
            expected = listing(names) or f"no {kind} is there"
            yield Flaw(where, f"unknown {kind}", repr(name), expected, did_you_mean(name, names))


def _rules(model: Model) -> Iterator[Flaw]:
    for station in model.stations:
        where = f"station {station.id}"
        for key in station.rule:
            if key not in RULES:
                yield Flaw(
                    where, "unknown key of a dispatch rule", repr(key), ", ".join(RULES), did_you_mean(key, RULES)
                )
        if len(station.rule) > _RULE_KEYS:
            yield Flaw(where, "too many keys of a dispatch rule", str(len(station.rule)), f"at most {_RULE_KEYS}")
        if "urgent" in station.rule and station.urgent is None:
            yield Flaw(where, "the key `urgent` without a time", "urgent = None", "(time before due, share)")
    for machine in model.machines:
        for state, watts in machine.power.items():
            if state not in STATES:
                hint = did_you_mean(state, STATES)
                yield Flaw(f"machine {machine.id}", "unknown state", repr(state), ", ".join(STATES), hint)
            elif watts < 0:
                yield Flaw(f"machine {machine.id}", f"negative power when {state}", f"{watts:g} W", "0 W or more")


RULES_OF_NAMES = (_duplicates, _references, _rules)
