"""Routes of the model: the plant's routing with what each [[step]] that matches lays over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luban.core.errors import InputError
from luban.core.units import parse_unit
from luban.plant.complaint import Complaint, Place, did_you_mean, listing, said
from luban.twin.distribution import Distribution
from luban.twin.load.read import Told
from luban.twin.load.settings import CharacteristicTable
from luban.twin.load.site import Site
from luban.twin.model import Batch, Branch, Characteristic, QueueLimit, Route, Step

__all__ = ["Planned", "plan_steps", "routes_of"]

_SIZES = ("noise", "setup_offset", "wear", "heat", "gauge")


@dataclass(slots=True)
class Planned:
    """One step to be made: where it may run and how long the routing plans, and what was said of it.

    units   work unit → (ideal cycle [s/piece], setup [s]); empty: a delay
    said    key → (value, table that says it)
    """

    item: str
    operation: str
    station: str | None
    units: dict[str, tuple[float, float]] = field(default_factory=dict)
    said: dict[str, tuple[Any, Told[Any]]] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """What was said of it, or the default."""
        return self.said[key][0] if key in self.said else default


def plan_steps(site: Site) -> dict[str, list[Planned]]:
    """The steps of each item in their order."""
    found: dict[str, dict[str, Planned]] = {item: {} for item in site.routed}
    for row in site.plant.routing:
        for unit in site.plant.units_of(row.unit):
            station = site.station_of[unit]
            step = found[row.item].setdefault(row.operation, Planned(row.item, row.operation, station))
            step.units[unit] = (row.ideal_cycle_s, row.setup_s)
    layers = [(own, _reach(site, own)) for own in site.told("step")]
    for own, _ in layers:
        if own.table.delay is not None:
            _delay(site, own, found)
    ordered = {item: _in_order(site, item, list(steps.values())) for item, steps in found.items()}
    for own, reach in layers:
        _lay(site, own, reach, ordered)
    return ordered


def _reach(site: Site, own: Told[Any]) -> set[str] | None:
    """Work units that a table is about; None: wherever."""
    if not own.table.at:
        return None
    path = site.place(own, "at")
    return set(site.plant.units_of(path)) if path is not None else set()


def _delay(site: Site, own: Told[Any], found: dict[str, dict[str, Planned]]) -> None:
    if not own.table.items or len(own.table.operations) != 1:
        site.complain(own, "delay", "a delay without its place", "", "items = […] and operations = [one]")
        return
    for item in site.items(own):
        operation = own.table.operations[0]
        if operation in found[item]:
            site.complain(
                own,
                "operations",
                "a delay where the routing has a machine",
                operation,
                f"an operation that {item} lacks",
            )
            continue
        found[item][operation] = Planned(item, operation, None, {}, {"delay": (own.table.delay, own)})


def _in_order(site: Site, item: str, steps: list[Planned]) -> list[Planned]:
    try:
        return sorted(steps, key=lambda step: float(step.operation))
    except ValueError:
        site.assume(f"operations of {item} are no numbers: they follow each other as the routing lists them")
        return steps


def _lay(site: Site, own: Told[Any], reach: set[str] | None, ordered: dict[str, list[Planned]]) -> None:
    table = own.table
    items = site.items(own) or list(ordered)
    matched = False
    for step in (step for item in items for step in ordered[item]):
        here = reach is None or bool(reach & set(step.units))
        if here and (not table.operations or step.operation in table.operations):
            matched = True
            step.said |= {
                key: (getattr(table, key), own)
                for key in table.model_fields_set - {"at", "items", "operations"}
                if key != "delay" or step.station is None
            }
    if not matched and reach != set():
        came = ", ".join([table.at, *table.items, *table.operations])
        key = "operations" if table.operations else "at"
        site.complain(own, key, "no step is meant by that", came, "an operation of the routing")


def routes_of(
    site: Site, planned: Mapping[str, list[Planned]], keys: Mapping[tuple[str, str], str]
) -> tuple[Route, ...]:
    """One route for each item that has a routing; `keys`: setup key of (item, operation)."""
    weights = {own.table.item: own.table.weight for own in site.told("product")}
    stocked = {own.table.item for own in site.told("stock")}
    sizes = _sizes(site, planned)
    return tuple(
        Route(
            item,
            tuple(_step(site, steps, place, keys, sizes) for place in range(len(steps))),
            weights.get(item, 0.0),
            {line.item: line.quantity for line in site.plant.bom if line.parent == item and line.item in stocked},
        )
        for item, steps in planned.items()
    )


def _step(
    site: Site,
    steps: list[Planned],
    place: int,
    keys: Mapping[tuple[str, str], str],
    sizes: Mapping[tuple[str, str], list[Characteristic]],
) -> Step:
    own = steps[place]
    pool = site.pool(own.said["pool"][1]) if own.get("pool") else None
    common: dict[str, Any] = {
        "factor": own.get("factor"),
        "sample": own.get("sample", 1.0),
        "branches": _branches(site, steps, own),
        "limit": _limit(site, steps, own),
        "pool": pool,
        "transport": own.get("transport"),
        "energy": own.get("energy", 0.0),
    }
    if own.station is None:
        return Step(own.operation, None, own.get("delay"), **common)
    own_time = own.get("time")
    cycles = {unit: Distribution.constant(cycle) for unit, (cycle, _) in own.units.items()}
    first = next(iter(cycles.values()))
    machines = {unit: None if own_time or cycle == first else cycle for unit, cycle in cycles.items()}
    if set(machines) == site.units(own.station) and not any(machines.values()):
        machines = {}
    batch = own.get("batch")
    return Step(
        own.operation,
        own.station,
        own_time or first,
        per=own.get("per", "piece") if own_time else "piece",
        machines=machines,
        setup=keys.get((own.item, own.operation), ""),
        setup_time=own.get("setup_time"),
        batch=Batch(batch.family, batch.maximum, batch.minimum, batch.measure, batch.max_wait) if batch else None,
        interval=own.get("interval"),
        per_interval=own.get("per_interval", "lot"),
        dedicate_to=_index(site, steps, own, "same_machine", own.get("same_machine") or None),
        scrap=own.get("scrap", 0.0),
        characteristics=tuple(sizes.get((own.item, own.operation), ())),
        **common,
    )


def _index(site: Site, steps: list[Planned], own: Planned, key: str, operation: str | None) -> int | None:
    """Place of an operation of the same route; None where none is named or after a complaint."""
    if operation is None:
        return None
    names = [step.operation for step in steps]
    if operation not in names:
        told = own.said[key][1]
        hint = did_you_mean(operation, names)
        site.complain(told, key, f"no operation of {own.item}", repr(operation), listing(names), hint)
        return None
    return names.index(operation)


def _branches(site: Site, steps: list[Planned], own: Planned) -> tuple[Branch, ...]:
    found = []
    for branch in own.get("branches", ()):
        ways: dict[str, int | None] = {"finish": None, "scrap": -1}
        to = ways[branch.to] if branch.to in ways else _index(site, steps, own, "branches", branch.to)
        found.append(Branch(branch.probability, to, branch.once))
    return tuple(found)


def _limit(site: Site, steps: list[Planned], own: Planned) -> QueueLimit | None:
    limit = own.get("limit")
    if limit is None:
        return None
    to = _index(site, steps, own, "limit", limit.to)
    known = limit.action in {"count", "scrap"}
    action = limit.action if known else _index(site, steps, own, "limit", limit.action)
    return None if to is None else QueueLimit(to, limit.within, "count" if action is None else action, limit.since)


# ---- sizes


def _sizes(site: Site, planned: Mapping[str, list[Planned]]) -> dict[tuple[str, str], list[Characteristic]]:
    """Characteristics of each (item, operation)."""
    found: dict[tuple[str, str], list[Characteristic]] = {}
    for own in site.told("characteristic"):
        path = site.place(own, "at")
        if path is None:
            continue
        units = set(site.plant.units_of(path))
        table, used = own.table, False
        for item in site.items(own) or list(planned):
            if f"{item}:{table.name}" not in site.plant.characteristics and table.lower is None:
                continue
            for step in planned[item]:
                if units & set(step.units) and (not table.operations or step.operation in table.operations):
                    size = _size(site, own, item)
                    used = True
                    if size is not None:
                        found.setdefault((item, step.operation), []).append(size)
        if not used:
            names = sorted({one.name for one in site.plant.characteristics.values()})
            site.complain(
                own, "name", "no item made there has that characteristic", repr(table.name), listing(names),
                did_you_mean(table.name, names) or "or give lower, upper and unit here",
            )  # fmt: skip
    return found


def _size(site: Site, own: Told[Any], item: str) -> Characteristic | None:
    table: CharacteristicTable = own.table
    limits = _limits(site, own, item)
    if limits is None:
        return None
    lower, upper, nominal, unit = limits
    amounts: dict[str, float] = {}
    for key in _SIZES:
        amount = getattr(table, key)
        try:
            amounts[key] = 0.0 if amount is None else amount.to(unit)
        except InputError as error:
            site.complaints.append(said(own.at(key), key, error))
            return None
    return Characteristic(
        f"{item}:{table.name}",
        unit,
        lower,
        upper,
        **amounts,
        heat_tau=table.heat_tau,
        cool_tau=table.cool_tau,
        sample_first=table.sample_first,
        sample_every=table.sample_every,
        correct_first=table.correct_first,
        correct_beyond=table.correct_beyond,
        correct_gain=table.correct_gain,
        rework_above=table.rework_above,
        rework_below=table.rework_below,
        rework_time=table.rework_time,
        cluster=(table.cluster_lots, table.cluster_pieces),
        nominal=nominal,
    )


def _limits(site: Site, own: Told[Any], item: str) -> tuple[float, float, float, str] | None:
    """(lower, upper) as deviations, nominal, unit."""
    table: CharacteristicTable = own.table
    known = site.plant.characteristics.get(f"{item}:{table.name}")
    if known is None:
        if table.lower is None or table.upper is None or not table.lower < table.upper:
            came = f"{table.lower} and {table.upper}"
            site.complain(own, "lower", "limits that are none", came, "lower < upper, both as deviations")
            return None
        return table.lower, table.upper, 0.0, parse_unit(table.unit).symbol if table.unit else ""
    if known.lower is None or known.upper is None:
        place = Place("characteristics.csv")
        site.complaints.append(
            Complaint(place, table.name, "a size of the twin needs both limits", item, "lower and upper")
        )
        return None
    nominal = (known.lower + known.upper) / 2 if known.nominal is None else known.nominal
    return known.lower - nominal, known.upper - nominal, nominal, known.unit
