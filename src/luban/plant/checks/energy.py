"""Meters: a tree of one medium each, places that exist, replacements of meters that are known; tariffs that load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from luban.core.errors import ConfigError, InputError, UnitError
from luban.core.time import parse_duration
from luban.core.units import parse_unit
from luban.norms.emissions import read_factors
from luban.norms.tariffs import Tariff, in_force, tariffs, tariffs_named
from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft
from luban.plant.tables import Row
from luban.plant.tree import tree

__all__ = ["RULES", "is_yes"]

_YES: Final = frozenset({"yes", "true", "1", "x", "是", "예"})
_NO: Final = frozenset({"no", "false", "0", "否", "아니오"})


def is_yes(cell: str | None) -> bool:
    """Whether a cell says yes."""
    return (cell or "").casefold() in _YES


def _cells(draft: Draft) -> Iterator[Complaint]:
    known = tree(draft)
    plant = draft.plant.table.id if draft.plant else ""
    for row in draft.rows("meters"):
        feeds, error, every, place = (row.values[name] for name in ("feeds", "error", "every", "place"))
        if feeds is not None and feeds.casefold() not in _YES | _NO:
            yield Complaint(row.at("feeds"), "feeds", "not a known word", repr(feeds), "yes, or empty")
        if error is not None and error >= 1:
            yield Complaint(row.at("error"), "error", "the class of a meter is a share", str(error), "e.g. 0.01")
        below = (place or "").removeprefix(f"{plant}/")
        if place not in (None, ".", plant) and below not in known:
            hint = did_you_mean(below, [path for path in known if path])
            yield Complaint(row.at("place"), "place", "unknown equipment", repr(place), "a path of the plant", hint)
        try:
            _ = parse_duration(every) if every else None
        except InputError as wrong:
            yield Complaint(row.at("every"), "every", wrong.message, repr(every), "e.g. 15min")


def _tree(draft: Draft) -> Iterator[Complaint]:
    rows: dict[str, Row] = {}
    for row in draft.rows("meters"):
        rows.setdefault(row.values["id"], row)
    for name, row in rows.items():
        parent = row.values["parent"]
        if parent is None:
            continue
        above = rows.get(parent)
        if above is None:
            yield Complaint(row.at("parent"), "parent", "no such meter", repr(parent), "an id of this table",
                            did_you_mean(parent, rows))  # fmt: skip
            continue
        one, other = row.values, above.values
        if one["medium"] != other["medium"]:
            came = f"{one['medium']} below {other['medium']}"
            yield Complaint(row.at("medium"), "medium", "a meter measures what the one before it does", came)
        elif not parse_unit(one["unit"]).converts_to(parse_unit(other["unit"])):
            yield Complaint(row.at("unit"), "unit", "the units do not convert", one["unit"], other["unit"])
        if _in_ring(name, rows):
            yield Complaint(row.at("parent"), "parent", "the meters stand in a ring", name)


def _in_ring(name: str, rows: Mapping[str, Row]) -> bool:
    seen, at = set(), rows[name].values["parent"]
    while at in rows and at not in seen:
        if at == name:
            return True
        seen.add(at)
        at = rows[at].values["parent"]
    return False


def _swapped(draft: Draft) -> Iterator[Complaint]:
    known = {row.values["id"] for row in draft.tables.get("meters", ())}
    for row in draft.rows("meter_swaps"):
        meter = row.values["meter"]
        if meter not in known:
            yield Complaint(row.at("meter"), "meter", "no such meter", repr(meter), "an id of meters.csv",
                            did_you_mean(meter, [one for one in known if one]))  # fmt: skip


def _registers(draft: Draft) -> Iterator[Complaint]:
    plant = draft.plant.table.id if draft.plant else ""
    units = {row.values["id"]: row.values["unit"] for row in draft.rows("meters")}
    for entry in draft.signals:
        unit, known = entry.table.unit, units.get(f"{plant}/{entry.table.id}")
        if entry.table.role != "meter":
            continue
        if not unit:
            yield Complaint(entry.at("role"), "unit", "nobody says the unit of the meter", entry.table.id, "e.g. kWh")
        elif known is not None and _converts(unit, known) is False:
            yield Complaint(entry.at("unit"), "unit", "the units do not convert", unit, known)


def _converts(unit: str, other: str) -> bool | None:
    """None where one of them is none: a complaint of its own."""
    try:
        return parse_unit(unit).converts_to(parse_unit(other))
    except UnitError:
        return None


def _norms(draft: Draft) -> Iterator[Complaint]:
    if draft.energy is None:
        return
    folder = draft.files[0].parent
    found: list[Tariff] = []
    for at, name in enumerate(draft.energy.table.tariff):
        try:
            found += tariffs_named(name, folder)
        except ConfigError as wrong:
            hint = did_you_mean(name, tariffs()) or wrong.hint or wrong.where
            yield Complaint(draft.energy.at("tariff", at), "tariff", wrong.message, wrong.came, wrong.expected, hint)
    try:
        in_force(found)
    except ConfigError as wrong:
        yield Complaint(draft.energy.at("tariff"), "tariff", wrong.message, wrong.came, wrong.expected, wrong.hint)
    for at, name in enumerate(draft.energy.table.factors):
        try:
            read_factors(folder / name)
        except ConfigError as wrong:
            place = draft.energy.at("factors", at)
            yield Complaint(place, "factors", wrong.message, wrong.came, wrong.expected, wrong.where)


RULES = (_cells, _tree, _swapped, _registers, _norms)
