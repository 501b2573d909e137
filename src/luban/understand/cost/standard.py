"""Standard cost rolled up along the bill of materials: from what is bought, level by level, to what is sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError
from luban.plant import BomLine, Plant
from luban.understand.cost.accounts import ELEMENTS
from luban.understand.cost.money import EXACT, exact
from luban.understand.cost.prices import PriceList
from luban.understand.cost.words import NO_LOT

__all__ = ["StandardCost", "roll_up", "routed_hours"]

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class StandardCost:
    """Standard cost of one of an item [money of the plant, exact].

    level     0 for what is bought, else one more than the highest part in it
    own       what this level adds, by element; of what is bought, its price as material
    below     what its parts bring from their levels, by element, what they cost as bought included
    lot       pieces over which setting up is spread; None: it is in no total
    missing   what has no standard price, or no lot size, here or below: the cost is not whole
    """

    item: str
    level: int
    own: Mapping[str, Decimal]
    below: Mapping[str, Decimal]
    lot: Decimal | None = None
    missing: tuple[str, ...] = ()

    @property
    def elements(self) -> dict[str, Decimal]:
        """By element over all levels, in the order of ELEMENTS, zeros left out."""
        both = {name: self.own.get(name, _ZERO) + self.below.get(name, _ZERO) for name in ELEMENTS}
        return {name: amount for name, amount in both.items() if amount}

    @property
    def total(self) -> Decimal:
        """Cost of one."""
        return sum(self.elements.values(), _ZERO)


@dataclass(slots=True)
class _Roll:
    """The tables by item, and what is worked out already."""

    plant: Plant
    prices: PriceList
    time: int
    parts: Mapping[str, Sequence[BomLine]]
    steps: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]]
    lots: Mapping[str, Decimal]
    fixed: frozenset[str]
    done: dict[str, StandardCost] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)


def roll_up(plant: Plant, prices: PriceList, time: int) -> dict[str, StandardCost]:
    """Standard cost of every item of the plant's tables, by item.

    What has a bill of materials or a routing is made: its parts at their own standard cost, hours of the routing at
    standard rates, labour for as many hours where labour has a price, overhead on each as the prices say. A made
    item with a standard price of its own (basis standard) is taken at that. The rest is bought.

    time    prices and rates that hold then [µs UTC]
    Raises  InputError where an item goes into itself
    Source  Horngren, Datar, Rajan: Cost Accounting, ch. 7 (standard cost of inputs); levels as in low-level coding
    """
    parts: dict[str, list[BomLine]] = {}
    for line in plant.bom:
        parts.setdefault(line.parent, []).append(line)
    fixed = frozenset(one.of for one in prices.prices if one.kind == "material" and one.basis == "standard")
    roll = _Roll(plant, prices, time, parts, routed_hours(plant), _lots(plant), fixed)
    names = [*plant.items, *parts, *(line.item for line in plant.bom), *(step.item for step in plant.routing)]
    for name in dict.fromkeys(names):
        _cost(roll, name)
    return roll.done


def _cost(roll: _Roll, item: str) -> StandardCost:
    if item in roll.done:
        return roll.done[item]
    if item in roll.path:
        ring = [*roll.path[roll.path.index(item) :], item]
        raise InputError("an item goes into itself", came=" → ".join(ring), where="bom")
    roll.path.append(item)
    made = (item in roll.parts or item in roll.steps) and item not in roll.fixed
    roll.done[item] = _made(roll, item) if made else _bought(roll, item)
    roll.path.pop()
    return roll.done[item]


def _bought(roll: _Roll, item: str) -> StandardCost:
    price = roll.prices.find("material", item, roll.time, basis="standard")
    if price is None:
        return StandardCost(item, 0, {}, {}, missing=(item,))
    return StandardCost(item, 0, {"material": price.price}, {})


def _made(roll: _Roll, item: str) -> StandardCost:
    own: dict[str, Decimal] = {}
    below: dict[str, Decimal] = {}
    missing: list[str] = []
    level = 1
    material = _ZERO
    for line in roll.parts.get(item, ()):
        part, quantity = _cost(roll, line.item), exact(line.quantity)
        level = max(level, part.level + 1)
        missing += part.missing
        for element, amount in part.elements.items():
            below[element] = below.get(element, _ZERO) + EXACT.multiply(quantity, amount)
        material += EXACT.multiply(quantity, part.total)
    lot = roll.lots.get(item)
    hours = _ZERO
    for unit, (cycle, setup) in roll.steps.get(item, {}).items():
        each = cycle + (EXACT.divide(setup, lot) if lot and setup else _ZERO)
        hours += each
        if setup and not lot:
            missing.append(NO_LOT.format(item=item))
        _add(roll, own, missing, "machine", unit, each)
    if hours and roll.prices.find("labour", "", roll.time, basis="standard") is not None:
        _add(roll, own, missing, "labour", "", hours)
    for element, amount in (("material", material), *list(own.items())):
        rule = roll.prices.find("overhead", element, roll.time, basis="standard")
        if rule is not None and amount:
            own["overhead"] = own.get("overhead", _ZERO) + EXACT.multiply(amount, rule.price)
    return StandardCost(item, level, own, below, lot, tuple(dict.fromkeys(missing)))


def _add(roll: _Roll, own: dict[str, Decimal], missing: list[str], element: str, name: str, quantity: Decimal) -> None:
    price = roll.prices.find(element, name, roll.time, basis="standard")
    if price is None:
        missing.append(name)
    else:
        own[element] = own.get(element, _ZERO) + EXACT.multiply(quantity, price.price)


def routed_hours(plant: Plant) -> dict[str, dict[str, tuple[Decimal, Decimal]]]:
    """(hours a piece, hours of setting up) by item and work unit; of several units that could, the first."""
    found: dict[str, dict[str, tuple[Decimal, Decimal]]] = {}
    seen: set[tuple[str, str]] = set()
    for step in plant.routing:
        if (step.item, step.operation) in seen:
            continue
        seen.add((step.item, step.operation))
        units = found.setdefault(step.item, {})
        cycle, setup = units.get(step.unit, (_ZERO, _ZERO))
        hours = [EXACT.divide(exact(value), Decimal(3600)) for value in (step.ideal_cycle_s, step.setup_s)]
        units[step.unit] = cycle + hours[0], setup + hours[1]
    return found


def _lots(plant: Plant) -> dict[str, Decimal]:
    """Usual size of an order: of items.csv, else the mean of the orders."""
    quantities: dict[str, list[Decimal]] = {}
    for order in plant.orders.values():
        quantities.setdefault(order.item, []).append(exact(order.quantity))
    found = {item: EXACT.divide(sum(held, _ZERO), Decimal(len(held))) for item, held in quantities.items()}
    return found | {item.id: exact(item.lot) for item in plant.items.values() if item.lot is not None}
