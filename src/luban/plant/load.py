"""Read a plant folder: `load` gives the plant or raises, `check` lists everything that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from luban.core.errors import ConfigError
from luban.core.time import parse_duration, parse_time
from luban.core.units import parse_unit
from luban.plant import settings
from luban.plant.calendar import Calendar, ExtraShift, ShiftPattern, parse_closed, parse_days, span
from luban.plant.checks import check_draft, how_often
from luban.plant.checks.actuators import interlock_of
from luban.plant.checks.alarms import alarm_name
from luban.plant.checks.energy import is_yes
from luban.plant.checks.maintenance import list_of, parts_of
from luban.plant.complaint import Complaint
from luban.plant.draft import Draft, Entry, read_draft
from luban.plant.model import (
    Actuator,
    AlarmRule,
    BomLine,
    Characteristic,
    CostPrice,
    CostRule,
    EnergyRule,
    Equipment,
    ExchangeRate,
    Inspection,
    Interlock,
    Item,
    KeyProcess,
    LeverRule,
    MaintenanceTask,
    MeterLine,
    MeterSwap,
    Operation,
    Order,
    Plant,
    Retrofit,
    RollupRule,
    Signal,
    Source,
    SparePart,
    TechnicianHours,
)
from luban.plant.trade import CodeLabel, Customer, KanbanLoop, Warranty
from luban.plant.tree import Node, tree

__all__ = ["check", "load"]


def check(folder: str | Path) -> list[Complaint]:
    """Everything that is wrong with a plant folder, in the order of files and lines; empty if nothing is."""
    return _checked(read_draft(Path(folder)))


def load(folder: str | Path) -> Plant:
    """The plant of a folder. Raises ConfigError with the first complaint."""
    draft = read_draft(Path(folder))
    complaints = _checked(draft)
    if complaints:
        raise complaints[0].error()
    return _build(draft)


def _checked(draft: Draft) -> list[Complaint]:
    found = [*draft.complaints, *check_draft(draft)]
    order = {path.name: position for position, path in enumerate(draft.files)}
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda c: (order.get(c.file, 99), c.place.sheet, c.line, c.place.column))


def _build(draft: Draft) -> Plant:
    if draft.plant is None or draft.kpi is None:
        raise ConfigError("a draft with complaints is no plant")
    root, mapping = draft.plant.table, draft.kpi.table.mapping
    equipment = _equipment(tree(draft), root)
    items = _items(draft)
    meters = {line.id: line for line in (_meter(v, root.id) for v in _values(draft, "meters"))}
    measured_in = {f"{v['item']}:{v['name']}": str(v["unit"]) for v in _values(draft, "characteristics")}
    signals: Mapping[str, Signal] = _by_id(
        _metered(_signal(entry, root.id, mapping, measured_in), meters) for entry in draft.signals
    )
    return Plant(
        id=root.id,
        name=root.name,
        enterprise=root.enterprise,
        zone=draft.zone,
        edition=draft.kpi.table.edition,
        coverage=draft.kpi.table.coverage,
        tolerance=draft.kpi.table.tolerance,
        equipment=MappingProxyType(equipment),
        signals=signals,
        sources=_by_id(_source(entry) for entry in draft.sources),
        calendars=_by_id(calendar(entry) for entry in draft.calendars),
        items=items,
        routing=tuple(
            Operation(v["item"], v["operation"], _full(root.id, v["unit"]), v["ideal_cycle_s"], v["setup_s"] or 0.0)
            for v in _values(draft, "routing")
        ),
        orders=_by_id(
            Order(v["id"], v["item"], v["quantity"], v["release"], v["due"], v["priority"] or 0.0)
            for v in _values(draft, "orders")
        ),
        bom=tuple(BomLine(v["parent"], v["item"], v["quantity"]) for v in _values(draft, "bom")),
        characteristics=MappingProxyType(
            {
                f"{v['item']}:{v['name']}": Characteristic(
                    v["item"], v["name"], v["unit"], v["nominal"], v["lower"], v["upper"]
                )
                for v in _values(draft, "characteristics")
            }
        ),
        fingerprint=_fingerprint(draft.files),
        inspections=tuple(_inspection(v) for v in _values(draft, "inspection")),
        alarms=tuple(_alarm(v, root.id) for v in _values(draft, "alarms")),
        maintenance=tuple(_maintenance(v, root.id) for v in _values(draft, "maintenance")),
        spares=_by_id(_spare(v) for v in _values(draft, "spares")),
        technicians=tuple(
            TechnicianHours(v["name"], list_of(v["skills"]), v["hours"]) for v in _values(draft, "technicians")
        ),
        prices=tuple(_price(v, root.id) for v in _values(draft, "prices")),
        rates=tuple(
            ExchangeRate(v["currency"], v["rate"], v["start"], v["source"] or "") for v in _values(draft, "rates")
        ),
        cost=_cost(draft),
        meters=tuple(meters.values()),
        meter_swaps=tuple(
            MeterSwap(v["meter"], v["time"], v["last"], v["first"] or 0.0) for v in _values(draft, "meter_swaps")
        ),
        energy=_energy(draft),
        rollup=_rollup(draft),
        retrofits=tuple(_retrofit(entry.table, root.id) for entry in draft.retrofits),
        actuators=_by_id(_actuator(entry.table, root.id, signals) for entry in draft.actuators),
        levers=_by_id(_lever(entry.table, root.id, signals) for entry in draft.levers),
        customers=MappingProxyType({v["place"]: _customer(v) for v in _values(draft, "customers")}),
        kanban=_by_id(
            KanbanLoop(v["id"], v["item"], v["place"], v["source"], v["quantity"], int(v["cards"]))
            for v in _values(draft, "kanban")
        ),
        codes=MappingProxyType({v["code"]: _code(v, root.id) for v in _values(draft, "codes")}),
        warranty=MappingProxyType({v["item"]: _warranty(v) for v in _values(draft, "warranty")}),
        key_processes=_by_id(
            KeyProcess(v["id"], _full(root.id, v["unit"]), v["name"] or "", v["since"])
            for v in _values(draft, "key_processes")
        ),
    )


def _customer(v: dict[str, Any]) -> Customer:
    return Customer(
        v["place"], v["name"] or v["place"], v["address"] or "", v["contact"] or "", v["language"] or ""
    )  # fmt: skip


def _code(v: dict[str, Any], plant: str) -> CodeLabel:
    return CodeLabel(v["code"], v["kind"], _full(plant, v["name"]) if v["kind"] == "machine" else v["name"])


def _warranty(v: dict[str, Any]) -> Warranty:
    """Months and days; the days are those of the Provisions on repair, replacement and return, 1995, articles 9, 10."""
    refund, replace = (
        int(v[name]) if v[name] is not None else usual for name, usual in (("refund", 7), ("replace", 15))
    )
    return Warranty(v["item"], int(v["months"] or 12), refund, replace)


def _inspection(v: dict[str, Any]) -> Inspection:
    every_us, every_pieces = how_often(v["every"] or "")
    return Inspection(
        v["item"], v["operation"] or "", v["characteristic"], v["method"] or "", v["gauge"] or "",
        int(v["pieces"] or 1), v["every"] or "", every_us, every_pieces, v["chart"] or "", v["reaction"] or "",
        v["hold"] or "",
    )  # fmt: skip


def _alarm(v: dict[str, Any], plant: str) -> AlarmRule:
    signal = f"{plant}/{v['signal']}"
    return AlarmRule(
        id=v["id"] or alarm_name(signal, v["condition"], v["limit"], v["word"]),
        signal=signal,
        condition=v["condition"],
        limit=v["limit"],
        word=v["word"] or "",
        other=f"{plant}/{v['other']}" if v["other"] else "",
        deadband=v["deadband"] or 0.0,
        on_delay_s=v["on_delay_s"] or 0.0,
        off_delay_s=v["off_delay_s"] or 0.0,
        window_s=v["window_s"],
        priority=v["priority"] or "low",
        latch=v["latch"] == "yes",
        watch_in=_words(v["watch_in"]),
        suppress_in=_words(v["suppress_in"]),
        cause=v["cause"] or "",
        consequence=v["consequence"] or "",
        action=v["action"] or "",
        response_s=v["response_s"],
    )


def _maintenance(v: dict[str, Any], plant: str) -> MaintenanceTask:
    asset, policy = _full(plant, v["asset"]), v["policy"] or "calendar"
    clock = v["clock"] or ("running" if policy == "age" else "calendar")
    every = None
    if v["interval"] is not None:
        every = int(v["interval"]) if clock == "pieces" else parse_duration(v["interval"])
    return MaintenanceTask(
        id=f"{asset}:{v['task']}",
        asset=asset,
        task=v["task"],
        part=v["part"] or "",
        policy=policy,
        every=every,
        clock=clock,
        duration=parse_duration(v["duration"]),
        skill=v["skill"] or "",
        people=int(v["people"] or 1),
        parts=parts_of(v["parts"]),
        checklist=list_of(v["checklist"]),
        planned_cost=v["planned_cost"],
        failure_cost=v["failure_cost"],
        failure_duration=parse_duration(v["failure_duration"]) if v["failure_duration"] else None,
        hour_cost=v["hour_cost"] or 0.0,
    )


def _spare(v: dict[str, Any]) -> SparePart:
    return SparePart(
        id=v["id"],
        name=v["name"] or v["id"],
        place=v["place"] or "",
        order_at=None if v["order_at"] is None else int(v["order_at"]),
        lot=int(v["lot"] or 1),
        lead=parse_duration(v["lead"]) if v["lead"] else None,
        price=v["price"],
    )


def _price(v: dict[str, Any], plant: str) -> CostPrice:
    of = v["of"] or ""
    if v["kind"] == "machine" and of:
        of = _full(plant, of)
    return CostPrice(
        v["kind"], of, v["price"], v["per"] or "", v["lot"] or "", v["state"] or "", v["basis"] or "", v["start"],
        v["currency"] or "",
    )  # fmt: skip


def _cost(draft: Draft) -> CostRule:
    table = settings.CostTable.model_validate({}) if draft.cost is None else draft.cost.table
    accounts = {v["role"]: (v["account"], v["name"] or v["role"]) for v in _values(draft, "accounts")}
    closed = parse_time(f"{table.closed}T00:00:00", draft.zone) if table.closed else None
    return CostRule(table.currency, table.scrap == "carried", tuple(table.rework), MappingProxyType(accounts), closed)


def _meter(v: dict[str, Any], plant: str) -> MeterLine:
    place = v["place"] or ""
    if place and place != plant and not place.startswith(f"{plant}/"):
        place = _full(plant, place)
    every = parse_duration(v["every"]) if v["every"] else None
    return MeterLine(
        v["id"], v["medium"], v["unit"], v["parent"] or "", is_yes(v["feeds"]), v["capacity"], v["rated"], v["error"],
        every, place, v["heat"],
    )  # fmt: skip


def _energy(draft: Draft) -> EnergyRule:
    table = settings.EnergyTable.model_validate({}) if draft.energy is None else draft.energy.table
    return EnergyRule(tuple(table.tariff), tuple(table.factors), table.region, table.idle)


def _rollup(draft: Draft) -> RollupRule:
    table = settings.RollupTable.model_validate({}) if draft.rollup is None else draft.rollup.table
    return RollupRule(table.plan, table.deflators)


def _retrofit(table: settings.RetrofitTable, plant: str) -> Retrofit:
    counter = f"{plant}/{table.counter}" if table.counter else ""
    cycle = parse_duration(table.cycle) if table.cycle else None
    return Retrofit(f"{plant}/{table.equipment}", f"{plant}/{table.power}", counter, cycle)


def _actuator(table: settings.ActuatorTable, plant: str, signals: Mapping[str, Signal]) -> Actuator:
    signal = signals[f"{plant}/{table.signal}"]
    read = map(interlock_of, table.interlock)
    return Actuator(
        signal.id, signal.source, table.address or signal.address, signal.unit, table.lower, table.upper,
        table.step or None, parse_duration(table.every) if table.every else 0, table.tolerance,
        parse_duration(table.settle), parse_duration(table.fresh), table.mode, table.approver,
        tuple(Interlock(f"{plant}/{name}", relation, value) for name, relation, value in read),
    )  # fmt: skip


def _lever(table: settings.LeverTable, plant: str, signals: Mapping[str, Signal]) -> LeverRule:
    kind, _, of = table.figure.partition(" ")
    figure = f"{kind} {_full(plant, of)}" if kind != "mean" or f"{plant}/{of}" in signals else table.figure
    every = 0 if table.every in {"", "shift"} else parse_duration(table.every)
    rest = MappingProxyType(dict(table.model_extra or {}))
    return LeverRule(table.id, table.mode, table.approver, every, table.every == "shift", figure if of else "", rest)


def _words(text: str | None) -> tuple[str, ...]:
    """The words of a cell, which semicolons separate."""
    return tuple(filter(None, (word.strip() for word in (text or "").split(";"))))


def _full(plant: str, path: str) -> str:
    """Full path of one below the plant; '.' is the plant itself."""
    return plant if path == "." else f"{plant}/{path}"


def _by_id(things: Iterable[Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType({thing.id: thing for thing in things})


def _values(draft: Draft, table: str) -> Iterable[dict[str, Any]]:
    return (row.values for row in draft.rows(table))


def _items(draft: Draft) -> MappingProxyType[str, Item]:
    return _by_id(Item(v["id"], v["name"] or v["id"], v["unit"] or "piece", v["lot"]) for v in _values(draft, "items"))


def _equipment(nodes: dict[str, Node], root: settings.PlantTable) -> dict[str, Equipment]:
    """Depth first from the plant, so that parents stand before children and inherit first."""
    children: dict[str, list[str]] = {}
    for path, node in nodes.items():
        if node.parent is not None:
            children.setdefault(node.parent, []).append(path)
    found: dict[str, Equipment] = {}
    waiting = [""]
    while waiting:
        path = waiting.pop()
        node = nodes[path]
        full = f"{root.id}/{path}" if path else root.id
        parent = None if node.parent is None else (f"{root.id}/{node.parent}" if node.parent else root.id)
        inherited = found[parent].calendar if parent is not None else root.calendar or None
        below = children.get(path, [])
        found[full] = Equipment(
            full,
            node.kind,
            node.name,
            parent,
            tuple(f"{root.id}/{child}" for child in below),
            node.calendar or inherited,
        )
        waiting += reversed(below)
    return found


def _signal(entry: Entry[settings.SignalTable], plant: str, mapping: str, measured_in: Mapping[str, str]) -> Signal:
    table = entry.table
    unit_path, _, name = table.id.rpartition(":")
    return Signal(
        id=f"{plant}/{table.id}",
        unit_path=f"{plant}/{unit_path}",
        name=name,
        source=table.source,
        address=table.address,
        unit=parse_unit(table.unit).symbol if table.unit else measured_in.get(table.characteristic, ""),
        range=(table.range[0], table.range[1]) if table.range else None,
        role=table.role,
        mapping=(table.mapping or mapping) if table.role == "state" else "",
        stuck_after=parse_duration(table.stuck_after) if table.stuck_after else None,
        enabled=table.enabled,
        where=str(entry.at()),
        characteristic=table.characteristic,
    )


def _metered(signal: Signal, meters: Mapping[str, MeterLine]) -> Signal:
    """The signal with what meters.csv says of it, where its register is a meter's."""
    if signal.role != "meter":
        return signal
    line = meters.get(signal.id)
    medium = line.medium if line is not None else "electricity"
    return replace(signal, medium=medium, every=(line.every if line is not None else None) or signal.every)


def _source(entry: Entry[settings.SourceTable]) -> Source:
    extra = dict(entry.table.model_extra or {})
    places = {key: str(entry.at(key)) for key in extra}
    return Source(entry.table.id, entry.table.type, MappingProxyType(extra), str(entry.at()), MappingProxyType(places))


def calendar(entry: Entry[settings.CalendarTable]) -> Calendar:
    """The calendar that a table describes. Raises InputError where a text in it is no time, day or date."""
    table = entry.table
    return Calendar(
        table.id,
        tuple(_pattern(shift, shift.days) for shift in table.shifts),
        tuple(parse_closed(text) for text in table.closed),
        tuple(ExtraShift(parse_closed(shift.date)[0], _pattern(shift, "Mon-Sun")) for shift in table.extra),
    )


def _pattern(shift: settings.ShiftTable | settings.ExtraShiftTable, days: str) -> ShiftPattern:
    start, end = span(shift.start, shift.end)
    breaks = tuple(sorted(span(b.start, b.end, start) for b in shift.breaks))
    return ShiftPattern(shift.name, start, end, breaks, parse_days(days))


def _fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda p: p.name):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
