"""Machines of the model: what each [[machine]] that names it adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.plant.complaint import said as said_of
from luban.twin.distribution import Distribution
from luban.twin.load.fields import Amount
from luban.twin.load.read import Told
from luban.twin.load.settings import PowerTable
from luban.twin.load.site import FINISHES, Site
from luban.twin.model import STATES, Failure, Flow, Machine, Maintenance, Pool, Station, Tool

__all__ = ["flows_of", "machines_of", "pools_of", "residual", "stations_of", "waiting_for_spares"]

_POINTS = 1025


def pools_of(site: Site) -> tuple[Pool, ...]:
    """The pools."""
    return tuple(
        Pool(own.table.id, own.table.size, site.calendar(own), own.table.absence, own.table.tends)
        for own in site.told("pool")
    )


def stations_of(site: Site) -> tuple[Station, ...]:
    """The stations, each with its own rule or first come first served."""
    found = []
    for path in dict.fromkeys(site.station_of.values()):
        own = site.declared.get(path)
        if own is None:
            found.append(Station(path))
            continue
        table = own.table
        if "urgent" in table.rule and table.urgent_within is None:
            site.complain(own, "rule", "the key `urgent` without a time", "urgent", "urgent_within = …, e.g. 2 d")
        urgent = None if table.urgent_within is None else (table.urgent_within, table.urgent_share)
        found.append(Station(path, tuple(table.rule), table.buffer, table.location, urgent))
    return tuple(found)


def machines_of(site: Site, setups: Mapping[str, str], units: Mapping[str, str]) -> tuple[Machine, ...]:
    """Every work unit as a machine; `setups`: machine → setup table, `units`: station → unit of its sizes."""
    layers = [(path, own) for own in site.told("machine") if (path := site.place(own, "path")) is not None]
    for own in site.told("machine"):
        _refer(site, own)
    found = []
    for unit in site.machine_order():
        said: dict[str, tuple[Any, Told[Any]]] = {}
        for path, own in layers:
            if unit in site.plant.units_of(path):
                said |= {key: (getattr(own.table, key), own) for key in own.table.model_fields_set}
        found.append(_machine(site, unit, said, setups.get(unit), units.get(site.station_of[unit], "")))
    return tuple(found)


def flows_of(site: Site) -> tuple[Flow, ...]:
    """Other media that machines use."""
    units: dict[str, str] = {}
    always: dict[str, float] = {}
    rates: dict[str, dict[str, dict[str, float]]] = {}
    for own in site.told("flow"):
        table, path = own.table, site.place(own, "path")
        if units.setdefault(table.medium, table.unit) != table.unit:
            site.complain(own, "unit", "one medium in two units", table.unit, units[table.medium])
        if path is None:
            continue
        if table.path == ".":
            always[table.medium] = table.run
            continue
        by_state = {state: table.run if state == "run" else table.idle for state in STATES if state != "off"}
        rates.setdefault(table.medium, {}).update(dict.fromkeys(site.plant.units_of(path), by_state))
    return tuple(Flow(medium, unit, always.get(medium, 0.0), rates.get(medium, {})) for medium, unit in units.items())


def _refer(site: Site, own: Told[Any]) -> None:
    """Complains about names that nothing has."""
    for key, section in (("failures", "failure"), ("maintenance", "maintenance")):
        for name in getattr(own.table, key):
            site.named(section, own, key, name)
    site.named("tool", own, "tool", own.table.tool)
    site.named("setup", own, "setups", own.table.setups)


def _machine(
    site: Site, unit: str, said: Mapping[str, tuple[Any, Told[Any]]], setups: str | None, sized: str
) -> Machine:
    values = {key: value for key, (value, _) in said.items()}
    calendar = site.plant.equipment[unit].calendar
    if calendar is None:
        site.assume(f"{unit} has no calendar: it can always work")
    else:
        calendar += FINISHES if values.get("finishes") else ""
        site.calendars_used[calendar] = None
    tables = {
        section: {own.table.id: own for own in site.told(section)} for section in ("failure", "maintenance", "tool")
    }
    failures = [tables["failure"][name] for name in values.get("failures", ()) if name in tables["failure"]]
    planned = [tables["maintenance"][name] for name in values.get("maintenance", ()) if name in tables["maintenance"]]
    tool = tables["tool"].get(values.get("tool", ""))
    return Machine(
        unit,
        site.station_of[unit],
        speed=values.get("speed", 1.0),
        cascade=values.get("cascade", 0),
        load=values.get("load", 0.0),
        unload=values.get("unload", 0.0),
        calendar=calendar,
        power=_power(values.get("power")),
        setup=values.get("setup", ""),
        setups=setups,
        failures=tuple(_failure(site, own) for own in failures),
        maintenance=tuple(_maintenance(site, own, [one.table.id for one in failures]) for own in planned),
        tool=_tool(site, tool, sized) if tool else None,
    )


def _power(table: PowerTable | None) -> dict[str, float]:
    if table is None:
        return {}
    standby = table.idle if table.standby is None else table.standby
    found = {"idle": table.idle, "standby": standby, "run": table.run, "off": table.off}
    for state in ("setup", "blocked", "operator", "down", "maintenance"):
        own = getattr(table, state)
        other = standby if state in {"down", "maintenance"} else table.idle
        found[state] = other if own is None else own
    return found


def _failure(site: Site, own: Told[Any]) -> Failure:
    table = own.table
    repair = table.repair
    if table.spare_missing > 0:
        if table.spare_wait is None:
            site.complain(own, "spare_missing", "how long is not said", table.spare_missing, "spare_wait = …")
        else:
            repair = waiting_for_spares(repair, table.spare_missing, table.spare_wait)
    first = residual(table.life) if table.aged else None
    return Failure(table.id, table.life, repair, table.clock, first, site.pool(own))


def _maintenance(site: Site, own: Told[Any], failures: list[str]) -> Maintenance:
    table = own.table
    if table.every is None and table.clock != "command":
        site.complain(own, "every", "maintenance that never comes due", "no `every`", "every = …, or clock = 'command'")
    for name in table.renews:
        site.named("failure", own, "renews", name)
    renews = tuple(name for name in table.renews if name in failures)
    return Maintenance(table.id, table.duration, table.every, table.clock, table.first, site.pool(own), renews)


def _tool(site: Site, own: Told[Any], sized: str) -> Tool:
    table = own.table
    jump: Amount | None = table.jump
    deviation = 0.0
    if table.replace_at is not None and table.replace_at.kind != "constant":
        expected = "the same time or number of pieces for every edge"
        site.complain(own, "replace_at", "a planned change by chance", table.replace_at, expected)
    try:
        deviation = 0.0 if jump is None else jump.to(sized) if sized else jump.value
    except InputError as error:
        site.complaints.append(said_of(own.at("jump"), "jump", error))
    return Tool(
        life=table.life,
        change=table.change,
        cutting=table.cutting,
        replace_at=None if table.replace_at is None else table.replace_at.mean,
        breaks=table.breaks,
        jump=deviation,
        clock=table.clock,
    )


@cache
def residual(life: Distribution) -> Distribution:
    """What is left of a life that an observer finds under way: P(X > x) / mean is its density.

    Source  Cox, Renewal Theory (1962), section 5.2
    """
    if life.kind == "exponential" and life.shift == 0:
        return life
    age = np.concatenate([[0.0], _grid(life, 20_001)])
    alive = np.concatenate([[1.0], 1.0 - (np.arange(20_001) + 0.5) / 20_001])
    passed = np.concatenate([[0.0], np.cumsum(np.diff(age) * (alive[1:] + alive[:-1]) / 2)])
    knots = np.interp(np.linspace(0.0, 1.0, _POINTS), passed / passed[-1], age)
    return Distribution("empirical", tuple(float(value) for value in knots))


@cache
def waiting_for_spares(repair: Distribution, missing: float, wait: Distribution) -> Distribution:
    """Repairs of which a share waits for a part first."""
    count = 20_000
    times = _grid(repair, count)
    waits = np.round(count * missing).astype(int)
    # every so-manieth repair, paired with waits out of step with it (golden ratio)
    which = np.floor(np.arange(waits) / max(missing, 1e-12)).astype(int)
    place = np.argsort(np.modf(np.arange(waits) * 0.6180339887498949)[0])
    times[which[which < count]] += _grid(wait, int(waits))[np.argsort(place)][: (which < count).sum()]
    return Distribution.empirical(times, points=_POINTS)


def _grid(distribution: Distribution, count: int) -> NDArray[np.float64]:
    """Equally likely values, in order."""
    return np.asarray(distribution.quantile((np.arange(count) + 0.5) / count), float) * np.ones(count)
