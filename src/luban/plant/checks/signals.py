"""Signals: of equipment and sources that exist, with units, ranges and mappings that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luban.core.errors import InputError
from luban.core.ids import split_signal
from luban.core.time import parse_duration
from luban.core.units import parse_unit
from luban.norms import mappings
from luban.plant.complaint import Complaint, did_you_mean, listing, said
from luban.plant.draft import Draft, Entry
from luban.plant.settings import SignalTable
from luban.plant.tree import Node, tree

__all__ = ["RULES"]


def _signals(draft: Draft) -> Iterator[Complaint]:
    nodes = tree(draft)
    sources = draft.named.get("source", set())
    plant = draft.plant.table.id if draft.plant else ""
    for entry in draft.signals:
        yield from _signal_place(entry, nodes, plant, draft.named.get("equipment", set()))
        table = entry.table
        if table.source not in sources:
            yield Complaint(
                entry.at("source"),
                "source",
                "unknown source",
                repr(table.source),
                listing(sorted(sources)) or "a [[source]]",
                did_you_mean(table.source, sources),
            )
        yield from _signal_values(entry)


def _signal_place(
    entry: Entry[SignalTable], nodes: dict[str, Node], plant: str, named: set[str]
) -> Iterator[Complaint]:
    try:
        path, _ = split_signal(entry.table.id)
    except InputError as error:
        yield said(entry.at("id"), "id", error)
        return
    if path in nodes or path in named:
        return
    hint = did_you_mean(path, [known for known in nodes if known])
    if path.removeprefix(f"{plant}/") in nodes:
        hint = f"paths are below the plant: leave out '{plant}/'"
    yield Complaint(entry.at("id"), "id", "unknown equipment", repr(path), "the path of an [[equipment]]", hint)


def _signal_values(entry: Entry[SignalTable]) -> Iterator[Complaint]:
    table = entry.table
    for key, parse in (("unit", parse_unit), ("stuck_after", parse_duration)):
        text = getattr(table, key)
        try:
            if text:
                parse(text)
        except InputError as error:
            yield said(entry.at(key), key, error)
    if table.range and (len(table.range) != 2 or not table.range[0] < table.range[1]):
        yield Complaint(entry.at("range"), "range", "not a range", repr(table.range), "[low, high] with low < high")


def _state_mappings(draft: Draft) -> Iterator[Complaint]:
    default = draft.kpi.table.mapping if draft.kpi else ""
    users: list[tuple[Entry[Any], str]] = [(entry, entry.table.mapping) for entry in draft.signals]
    if draft.kpi:
        users.append((draft.kpi, default))
    for entry, name in users:
        if name and name not in mappings():
            yield Complaint(
                entry.at("mapping"),
                "mapping",
                "unknown state mapping",
                repr(name),
                listing(mappings()),
                did_you_mean(name, mappings()),
            )
    for entry in draft.signals:
        if entry.table.role == "state" and not entry.table.mapping and not default:
            yield Complaint(
                entry.at("role"),
                "mapping",
                "a state signal without a mapping",
                entry.table.id,
                listing(mappings()),
                "name one here, or for all in [kpi]",
            )
        elif entry.table.role != "state" and entry.table.mapping:
            yield Complaint(
                entry.at("mapping"),
                "mapping",
                "a mapping where there is no state",
                f"role = {entry.table.role!r}",
                "role = 'state'",
            )


def _characteristics(draft: Draft) -> Iterator[Complaint]:
    units = {f"{row.values['item']}:{row.values['name']}": row.values["unit"] for row in draft.rows("characteristics")}
    for entry in draft.signals:
        named, role = entry.table.characteristic, entry.table.role
        if role == "measurement" and named not in units:
            yield Complaint(
                entry.at("characteristic" if named else "role"),
                "characteristic",
                "unknown characteristic" if named else "a measurement without a characteristic",
                repr(named) if named else entry.table.id,
                "item:name of the characteristics table",
                did_you_mean(named, units),
            )
        elif role == "measurement" and entry.table.unit and entry.table.unit != units[named]:
            yield Complaint(
                entry.at("unit"), "unit", "not the unit of its characteristic", repr(entry.table.unit), units[named],
                "leave it out: what the source names otherwise is converted",
            )  # fmt: skip
        elif role != "measurement" and named:
            yield Complaint(
                entry.at("characteristic"), "characteristic", "a characteristic where nothing is measured",
                f"role = {role!r}", "role = 'measurement'",
            )  # fmt: skip


def _addresses(draft: Draft) -> Iterator[Complaint]:
    first: dict[tuple[str, str], Entry[SignalTable]] = {}
    for entry in draft.signals:
        key = (entry.table.source, entry.table.address)
        if key in first:
            yield Complaint(
                entry.at("address"),
                "address",
                "an address mapped twice",
                f"{key[1]!r} of source {key[0]!r}",
                "one signal for one address",
                f"{first[key].table.id} at {first[key].at('address')} has it",
            )
        first.setdefault(key, entry)


RULES = (_signals, _state_mappings, _characteristics, _addresses)
