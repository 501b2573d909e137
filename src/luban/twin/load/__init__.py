"""A twin from a plant folder: plant.toml and its tables say what there is, twin.toml how it behaves by chance.

`load_twin` gives the model or the first thing that is wrong; `read_loaded` also what was assumed; `check_twin` lists
everything that is wrong, each with file and line.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.core.time import DAY, from_datetime, parse_time, to_datetime
from luban.plant import Complaint, Plant, check, load
from luban.plant.complaint import said
from luban.plant.schema import schema_of
from luban.twin.demand import draw_orders
from luban.twin.load.machines import flows_of, machines_of, pools_of, stations_of
from luban.twin.load.orders import arrivals_of, demand_of, known_orders, release_of, stocks_of
from luban.twin.load.read import FILE, TwinDraft, read_twin
from luban.twin.load.settings import TwinFile
from luban.twin.load.setups import setups_of
from luban.twin.load.shape import Setting, list_settings
from luban.twin.load.site import Site
from luban.twin.load.steps import plan_steps, routes_of
from luban.twin.model import Model

__all__ = ["Loaded", "Setting", "check_twin", "list_settings", "load_twin", "read_loaded", "twin_schema"]


_LONGEST = 36_500
"""Days that a model may reach."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model with the plant that it is of, and what was taken for granted because nobody said it."""

    model: Model
    plant: Plant
    assumptions: tuple[str, ...]


def load_twin(
    folder: str | Path,
    start: str | int | None = None,
    days: float | None = None,
    seed: int | None = None,
    per_day: float | str | None = None,
) -> Model:
    """The twin of a plant folder.

    start    time zero: a day or moment, or µs UTC; None: as twin.toml says, else the day of the earliest order
    days     how far calendars and orders reach [d]; None: as twin.toml says
    seed     draws the demand now, the same for every run; None: each run draws its own by its seed and replication
    per_day  another level of demand, by number [1/d] or by its name in [demand]
    Raises   ConfigError with the first complaint
    Example  >>> Run(load_twin("examples/c2_machining"), seed=1).to(7 * DAY).totals().finished
    """
    return read_loaded(folder, start, days, seed, per_day).model


def read_loaded(
    folder: str | Path,
    start: str | int | None = None,
    days: float | None = None,
    seed: int | None = None,
    per_day: float | str | None = None,
) -> Loaded:
    """As `load_twin`, with the plant and the assumptions."""
    path = Path(folder)
    plant, draft = load(path), read_twin(path)
    if draft.complaints:
        raise draft.complaints[0].error()
    loaded, complaints = _make(plant, draft, start, days, per_day)
    if complaints:
        raise complaints[0].error()
    if seed is not None:
        orders = (*loaded.model.orders, *draw_orders(loaded.model, seed))
        loaded = replace(loaded, model=replace(loaded.model, orders=orders, demand=None))
    return loaded


def check_twin(folder: str | Path) -> list[Complaint]:
    """Everything that is wrong with a plant folder and its twin.toml; empty if nothing is.

    Where the plant itself has complaints, what twin.toml says of it is not looked at.
    """
    path = Path(folder)
    found = check(path)
    draft = read_twin(path)
    found += draft.complaints
    if not found:
        plant = load(path)
        if draft.found or plant.orders:  # a folder without either is an office's, or not far yet: nothing can be run
            found += _make(plant, draft, None, None, None)[1]
    return sorted(dict.fromkeys(found), key=lambda own: (own.file, own.place.sheet, own.line, own.place.column))


def twin_schema() -> dict[str, Any]:
    """JSON Schema of twin.toml, for editors."""
    return schema_of(TwinFile)


def _make(
    plant: Plant, draft: TwinDraft, start: str | int | None, days: float | None, per_day: float | str | None
) -> tuple[Loaded, list[Complaint]]:
    wanted = draft.single["run"].table.days if days is None else days
    if not 0 < wanted <= _LONGEST:
        raise InputError("a run of no such length", came=f"{wanted:g} days", expected=f"above 0, at most {_LONGEST}")
    site = Site(plant, draft, 0, round(wanted * DAY))
    try:
        site.start = _start(plant, draft, start)
    except InputError as error:
        site.complaints.append(said(draft.single["run"].at("start"), "start", error))
    site.duplicates()
    if not draft.found:
        site.assume(f"no {FILE}: times are the routing's, without chance, failures, operators or moves")
    planned = plan_steps(site)
    tables, setups, keys = setups_of(site, planned)
    routes = routes_of(site, planned, keys)
    energy, transport = draft.single["energy"].table, draft.single["transport"]
    model = Model(
        id=plant.id,
        start=site.start,
        horizon=site.horizon,
        stations=stations_of(site),
        machines=machines_of(site, setups, _units(routes)),
        routes=routes,
        arrivals=arrivals_of(site),
        orders=known_orders(site),
        pools=pools_of(site),
        setups=tables,
        stocks=stocks_of(site),
        release=release_of(site),
        transport=transport.table.time,
        transport_pool=site.pool(transport),
        base_load=energy.base_load,
        base_parts=energy.parts,
        flows=flows_of(site),
        source=_fingerprint(plant, draft),
        transport_calendar=site.calendar(transport),
        demand=demand_of(site, per_day),
    )
    model = replace(model, calendars=site.calendars())
    if not (model.orders or model.arrivals or model.demand):
        site.assume("no orders and no demand: nothing will happen")
    return Loaded(model, plant, tuple(site.assumptions)), site.complaints


def _units(routes: Any) -> dict[str, str]:
    """Unit of the sizes that are made at each station."""
    return {step.station: size.unit for route in routes for step in route.steps for size in step.characteristics}


def _start(plant: Plant, draft: TwinDraft, start: str | int | None) -> int:
    """Time zero [µs UTC]."""
    wanted = draft.single["run"].table.start if start is None else start
    if isinstance(wanted, int):
        return wanted
    if wanted is not None:
        return parse_time(wanted, plant.zone)
    known = [moment for own in plant.orders.values() for moment in (own.release, own.due) if moment is not None]
    if not known:
        raise InputError("nobody says when the run begins", expected="start = '2026-01-05'", hint="there are no orders")
    day = to_datetime(min(known), plant.zone).date()
    return from_datetime(datetime.combine(day, time(), plant.zone))


def _fingerprint(plant: Plant, draft: TwinDraft) -> str:
    digest = hashlib.sha256(plant.fingerprint.encode())
    for path in sorted(draft.files, key=lambda own: own.name):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
