"""Setup tables of the model and the key that each step is set up for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luban.plant.complaint import did_you_mean, listing
from luban.twin.load.read import Told
from luban.twin.load.site import Site
from luban.twin.load.steps import Planned
from luban.twin.model import SetupTable

__all__ = ["Setups", "setups_of"]

Setups = tuple[tuple[SetupTable, ...], dict[str, str], dict[tuple[str, str], str]]
"""Tables, machine → table, (item, operation) → key."""


def setups_of(site: Site, planned: Mapping[str, list[Planned]]) -> Setups:
    """The setup tables that twin.toml or else the routing describes."""
    own = _declared(site)
    keys: dict[tuple[str, str], str] = {}
    plain: dict[str, dict[str, float]] = {}
    for item, steps in planned.items():
        for step in steps:
            key = step.get("setup") or _key(step, steps)
            if any(unit in own for unit in step.units) or step.get("setup_time") is not None:
                keys[item, step.operation] = key
            for unit, (_, seconds) in step.units.items():
                if unit not in own and seconds > 0:
                    keys[item, step.operation] = key
                    plain.setdefault(unit, {})[key] = seconds
    if plain:
        site.assume("setups take the routing's planned time for every lot, also when the same item was made before")
    tables = [_routing_table(unit, times) for unit, times in plain.items()]
    used = {own[unit]: own_units(own, own[unit]) for unit in own}
    tables += [
        _table(site, told, {keys[item, step.operation] for item, steps in planned.items() for step in steps
                            if set(step.units) & used.get(told.table.id, set()) and (item, step.operation) in keys})
        for told in site.told("setup")
    ]  # fmt: skip
    return tuple(tables), {**own, **{unit: f"routing of {unit}" for unit in plain}}, keys


def own_units(own: Mapping[str, str], table: str) -> set[str]:
    """Machines of a table."""
    return {unit for unit, name in own.items() if name == table}


def _declared(site: Site) -> dict[str, str]:
    """Machine → id of its [[setup]]."""
    known = {told.table.id for told in site.told("setup")}
    found: dict[str, str] = {}
    for told in site.told("machine"):
        path = f"{site.plant.id}/{told.table.path}" if told.table.path != "." else site.plant.id
        if told.table.setups in known and path in site.plant.equipment:
            found |= dict.fromkeys(site.plant.units_of(path), told.table.setups)
    return found


def _key(step: Planned, steps: list[Planned]) -> str:
    """The item; with its operation where it comes to the station more than once."""
    visits = sum(other.station == step.station for other in steps)
    return step.item if visits == 1 else f"{step.item}/{step.operation}"


def _routing_table(unit: str, times: Mapping[str, float]) -> SetupTable:
    pairs = {("", key): seconds for key, seconds in times.items()} | {(key, key): s for key, s in times.items()}
    return SetupTable(f"routing of {unit}", pairs)


def _table(site: Site, told: Told[Any], keys: set[str]) -> SetupTable:
    table = told.table
    classes = {own.table.item: own.table.setup_class for own in site.told("product")}
    times: dict[tuple[str, str], float] = {}
    for before in sorted(keys):
        if table.same > 0:
            times[before, before] = table.same
        own = classes.get(before.partition("/")[0], "")
        for after in sorted(keys - {before}):
            if table.alike is not None and own and own == classes.get(after.partition("/")[0]):
                times[before, after] = table.alike
    for pair in site.told("setup_time"):
        if pair.table.setup == table.id:
            for key in ("before", "after"):
                name = getattr(pair.table, key)
                if name and name not in keys:
                    hint = did_you_mean(name, keys)
                    site.complain(pair, key, f"no key of setup {table.id}", repr(name), listing(sorted(keys)), hint)
            times[pair.table.before, pair.table.after] = pair.table.time
    for name in table.min_run:
        if name not in keys:
            hint = did_you_mean(name, keys)
            site.complain(told, "min_run", f"no key of setup {table.id}", repr(name), listing(sorted(keys)), hint)
    return SetupTable(
        table.id, times, table.other, table.factor, table.extra, site.pool(told), dict(table.min_run), table.hold
    )
