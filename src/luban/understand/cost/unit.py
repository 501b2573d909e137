"""What a piece cost and of what: the unit cost of an order or an item, step by step, and the standard beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError
from luban.plant import Plant
from luban.understand.cost.accounts import ELEMENTS
from luban.understand.cost.money import EXACT, exact
from luban.understand.cost.prices import PriceList
from luban.understand.cost.standard import StandardCost, roll_up, routed_hours
from luban.understand.cost.state import Card
from luban.understand.cost.variance import StandardLine

__all__ = ["UnitCost", "standard_of", "unit_cost"]

_BULK: Final = frozenset({"kg", "g", "t", "L", "l", "m3", "m³"})


@dataclass(frozen=True, slots=True)
class UnitCost:
    """Cost of one good piece.

    orders    orders it was made of
    good      good pieces of them
    total     what they cost in all [minor units]
    elements  cost a piece by element [minor units, exact], in the order of ELEMENTS, zeros left out
    """

    orders: tuple[str, ...]
    good: Decimal
    total: int
    elements: Mapping[str, Decimal]

    @property
    def each(self) -> Decimal:
        """Cost of one piece [minor units, exact to 60 digits]."""
        return EXACT.divide(Decimal(self.total), self.good)

    def steps(self) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """The waterfall: (element, from, to) [minor units a piece]; the last ends at the unit cost."""
        found, level = [], Decimal(0)
        for element, amount in self.elements.items():
            found.append((element, level, EXACT.add(level, amount)))
            level = EXACT.add(level, amount)
        return tuple(found)


def unit_cost(cards: Iterable[Card]) -> UnitCost:
    """Cost of a good piece of these orders: what good pieces carried, and scrap and rests that none carries.

    Of an order still in progress only what has left it counts.
    Raises  InputError where there is no good piece yet
    """
    listed = tuple(cards)
    good = sum((one.good for one in listed), Decimal(0))
    if not good:
        raise InputError("no good piece yet, so no cost of one", came=", ".join(one.order for one in listed))
    sums: dict[str, int] = {}
    for card in listed:
        for element, amount in card.carried.items():
            sums[element] = sums.get(element, 0) + amount
        sums["scrap"] = sums.get("scrap", 0) + card.lost
        sums["settled"] = sums.get("settled", 0) + card.settled
    elements = {
        element: EXACT.divide(Decimal(sums[element]), good) for element in (*ELEMENTS, "settled") if sums.get(element)
    }
    return UnitCost(tuple(one.order for one in listed), good, sum(sums.values()), elements)


def standard_of(plant: Plant, prices: PriceList, item: str, time: int) -> tuple[tuple[StandardLine, ...], list[str]]:
    """(standard of a piece, inputs that have no price) from bill of materials, routing and standard prices.

    A part that is made is taken at its standard cost, rolled up from its own parts, unless it has a standard price.
    Labour stands for as many hours as the routing, where labour has a price. Tools and energy have no standard
    quantity in a plant's tables, so what was used of them counts as usage.
    time  prices that hold then [µs UTC]
    """
    lines: list[StandardLine] = []
    missing: list[str] = []

    rolled: dict[str, StandardCost] = {}
    others = _others(plant, item)

    def add(element: str, name: str, quantity: Decimal, setup: Decimal = Decimal(0), group: str = "") -> None:
        price = prices.find(element, name, time, basis="standard")
        rule = prices.find("overhead", element, time, basis="standard")
        money = None if price is None else price.price
        part = rolled.get(name) if element == "material" else None
        if part is not None and part.level and not part.missing:
            money = part.total
        if money is None:
            missing.append(name or element)
            return
        share = Decimal(0) if rule is None else rule.price
        also = others.get(name, ()) if element == "machine" else ()
        lines.append(StandardLine(element, name, quantity, money, setup, group, share, also))

    bulk = _bulk(plant, item)
    parts = [line for line in plant.bom if line.parent == item]
    made = {line.parent for line in plant.bom} | {step.item for step in plant.routing}
    if any(line.item in made for line in parts):
        rolled = roll_up(plant, prices, time)
    for line in parts:
        add("material", line.item, exact(line.quantity), group=bulk.get(line.item, ""))
    steps = routed_hours(plant).get(item, {})
    for unit, (cycle, setup) in steps.items():
        add("machine", unit, cycle, setup)
    if steps and prices.find("labour", "", time, basis="standard") is not None:
        cycles, setups = zip(*steps.values(), strict=True)
        add("labour", "", sum(cycles, Decimal(0)), sum(setups, Decimal(0)))
    return tuple(lines), missing


def _bulk(plant: Plant, item: str) -> dict[str, str]:
    """Parts of an item that are weighed or poured, by their common unit."""
    units = {
        part.item: plant.items[part.item].unit
        for part in plant.bom
        if part.parent == item and part.item in plant.items and plant.items[part.item].unit in _BULK
    }
    counts: Sequence[str] = tuple(units.values())
    return {name: unit for name, unit in units.items() if counts.count(unit) > 1}


def _others(plant: Plant, item: str) -> dict[str, tuple[str, ...]]:
    """Work units that may do the operations of another one, by that one, the first of the routing."""
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for step in plant.routing:
        if step.item == item:
            found.setdefault(first.setdefault(step.operation, step.unit), []).append(step.unit)
    return {unit: tuple(dict.fromkeys(one for one in units if one != unit)) for unit, units in found.items()}
