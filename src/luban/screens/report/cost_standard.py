"""Standard cost as a sheet: every item from what is bought to what is sold, and one item part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from luban import __version__
from luban.core.currency import digits_of
from luban.plant import Plant
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.cost import ELEMENTS, StandardCost
from luban.understand.cost.money import EXACT, exact

__all__ = ["standard_document", "standard_sheet"]

_NONE = "–"
_SHOWN = ("material", "machine", "labour", "overhead")


def standard_sheet(plant: Plant, rolled: Mapping[str, StandardCost], say: Words, name: str = "") -> Sheet:
    """Standard cost of all items, or of one with the parts in it."""
    digits = digits_of(plant.cost.currency) + 2
    whole = [one for one in rolled.values() if not one.missing]
    blocks: list[Block] = []
    if name:
        one = rolled[name]
        blocks.append(Figures((
            Figure(say("standard cost of one"), _money(one.total, digits), plant.cost.currency, "",
                   "doubt" if one.missing else ""),
            Figure(say("usual order"), _plain(one.lot) if one.lot else _NONE, say(_unit(plant, name)),
                   say("setting up is spread over it")),
        )))  # fmt: skip
        blocks.append(_parts(plant, rolled, name, digits, say))
    else:
        blocks.append(Figures((
            Figure(say("items"), f"{len(rolled):,}"),
            Figure(say("with a whole standard cost"), f"{len(whole):,}", "", "",
                   "good" if len(whole) == len(rolled) else "doubt"),
        )))  # fmt: skip
    shown = {name: rolled[name]} if name else rolled
    blocks.append(_items(plant, shown, digits, say))
    if missing := list(dict.fromkeys(text for one in shown.values() for text in one.missing)):
        named = ", ".join(say(text) for text in missing)
        blocks.append(Note(say("No standard price, so not in the standard: {names}", names=named), "doubt"))
    return Sheet(say("Standard cost"), plant.name, tuple(blocks), {"luban": __version__})


def standard_document(plant: Plant, rolled: Mapping[str, StandardCost], name: str = "") -> dict[str, Any]:
    """The same as JSON: money of the plant with six decimals."""
    shown = {name: rolled[name]} if name else rolled
    return {
        "currency": plant.cost.currency,
        "items": [
            {"item": one.item, "level": one.level, "lot": None if one.lot is None else _plain(one.lot),
             "total": f"{one.total:.6f}", "elements": _numbers(one.elements), "own": _numbers(one.own),
             "below": _numbers(one.below), "missing": list(one.missing)}
            for one in shown.values()
        ],
    }  # fmt: skip


def _items(plant: Plant, rolled: Mapping[str, StandardCost], digits: int, say: Words) -> Grid:
    ordered = sorted(rolled.values(), key=lambda one: (-one.level, one.item))
    rows = [
        (
            one.item, str(one.level) if one.level else say("bought"), _plain(one.lot) if one.lot else _NONE,
            *(_money(one.elements.get(element, Decimal(0)), digits) for element in _SHOWN),
            _money(sum(one.below.values(), Decimal(0)), digits), _money(one.total, digits),
            say("not whole") if one.missing else "",
        )
        for one in ordered
    ]  # fmt: skip
    heads = (
        say("item"), say("level"), say("usual order"), *(say(element) for element in _SHOWN),
        say("of it from its parts"), say("{currency} a piece", currency=plant.cost.currency), "",
    )  # fmt: skip
    tones = {at: "doubt" for at, one in enumerate(ordered) if one.missing}
    return Grid(heads, rows, say("Standard cost of items"), frozenset(range(2, 9)), tones)


def _parts(plant: Plant, rolled: Mapping[str, StandardCost], name: str, digits: int, say: Words) -> Grid:
    rows = [
        ("· " * depth + item, f"{quantity.normalize():f}", say(_unit(plant, item)), _money(rolled[item].total, digits),
         _money(EXACT.multiply(quantity, rolled[item].total), digits))
        for depth, item, quantity in _walk(plant, rolled, name, Decimal(1), 0)
    ]  # fmt: skip
    heads = (say("item"), say("for one"), say("unit"), say("each"), say("money"))
    return Grid(heads, rows, say("Part by part"), frozenset({1, 3, 4}))


def _walk(
    plant: Plant, rolled: Mapping[str, StandardCost], item: str, quantity: Decimal, depth: int
) -> Iterator[tuple[int, str, Decimal]]:
    yield depth, item, quantity
    for line in plant.bom:
        if line.parent == item and rolled[item].level:
            yield from _walk(plant, rolled, line.item, EXACT.multiply(quantity, exact(line.quantity)), depth + 1)


def _unit(plant: Plant, item: str) -> str:
    return plant.items[item].unit if item in plant.items else "piece"


def _numbers(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {element: f"{amounts[element]:.6f}" for element in ELEMENTS if amounts.get(element)}


def _money(amount: Decimal, digits: int) -> str:
    return f"{amount:,.{digits}f}"


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
