"""Orders against their standard, and the variances added up by kind, input, item, order and week.

Only orders with nothing in progress are compared: of an order half done, what lies in progress would look like usage.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.plant import Plant
from luban.understand.cost import Card, StandardLine, Variance, standard_of, variance_of
from luban.understand.cost.facts import PlantCost
from luban.understand.cost.variance import KINDS

__all__ = ["BY", "Compared", "Group", "Line", "compared", "grouped", "standard_each", "week_of"]

BY: Final = ("kind", "input", "item", "order", "week")
"""What variances are added up by."""


@dataclass(frozen=True, slots=True)
class Line:
    """One variance of one order [minor units], above 0 where it cost more than the standard."""

    order: str
    item: str
    week: str
    kind: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The orders that can be compared with a standard, and those that cannot.

    variances  by order
    lines      all their lines
    items      item of each order; weeks: week in which its last good piece came out
    open       orders with something in progress, or without a good piece
    bare       orders whose item has no standard
    unpriced   inputs without a standard price, so not in the standard, by item
    """

    variances: Mapping[str, Variance]
    lines: tuple[Line, ...]
    items: Mapping[str, str]
    weeks: Mapping[str, str]
    open: tuple[str, ...]
    bare: tuple[str, ...]
    unpriced: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Variances that belong together [minor units].

    name      kind, input, item, order or week
    amount    sum of its lines
    over      sum of the lines above 0; under: of those below
    standard  what its orders should have cost; None where the lines are of a kind or an input
    orders    how many orders
    """

    name: str
    amount: int
    over: int
    under: int
    standard: int | None
    orders: int


def compared(
    cost: PlantCost, plant: Plant, orders: Collection[str] | None = None, last: Mapping[str, int] | None = None
) -> Compared:
    """The orders against the standard that held when their last good piece came out.

    orders  only these
    last    when that was, by order [µs UTC], where it is known already
    """
    last = _last_good(cost) if last is None else last
    find = _Standards(cost, plant)
    variances: dict[str, Variance] = {}
    lines: list[Line] = []
    items, weeks = {}, {}
    still, bare = [], []
    unpriced: dict[str, tuple[str, ...]] = {}
    for order, card in cost.book.cards.items():
        if orders is not None and order not in orders:
            continue
        if not card.good or card.open or order not in last:
            still.append(order)
            continue
        standard, missing = find(card.item, last[order])
        if missing:
            unpriced[card.item] = tuple(dict.fromkeys((*unpriced.get(card.item, ()), *missing)))
        if not standard:
            bare.append(order)
            continue
        found = variances[order] = variance_of(card, standard, digits=cost.book.digits)
        items[order], weeks[order] = card.item, week_of(last[order], plant.zone)
        lines += [Line(order, card.item, weeks[order], one.kind, one.name, one.amount) for one in found.lines]
    return Compared(variances, tuple(lines), items, weeks, tuple(still), tuple(bare), unpriced)


class _Standards:
    """Standards by item and time; prices and rates stand still between two of their starts, so few are worked out."""

    def __init__(self, cost: PlantCost, plant: Plant) -> None:
        self._prices, self._plant = cost.book.prices, plant
        starts = [one.start for one in plant.prices] + [one.start for one in plant.rates]
        self._starts = sorted({start for start in starts if start is not None})
        self._known: dict[tuple[str, int], tuple[tuple[StandardLine, ...], list[str]]] = {}

    def __call__(self, item: str, time: int) -> tuple[tuple[StandardLine, ...], list[str]]:
        key = item, bisect_right(self._starts, time)
        if key not in self._known:
            self._known[key] = standard_of(self._plant, self._prices, item, time)
        return self._known[key]


def _last_good(cost: PlantCost) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in cost.book.events:
        if event.kind == "complete" and event.quantity:
            found[event.order] = max(found.get(event.order, event.time), event.time)
    return found


def week_of(moment: int, zone: ZoneInfo) -> str:
    """The ISO week of a time, in the plant's zone.

    Example  week_of(0, ZoneInfo("UTC")) == "1970-W01"
    """
    year, week, _ = to_datetime(moment, zone).isocalendar()
    return f"{year}-W{week:02d}"


def grouped(
    found: Compared,
    by: str,
    *,
    kind: str = "",
    item: str = "",
    order: str = "",
    week: str = "",
    name: str | None = None,
) -> tuple[Group, ...]:
    """Variances added up; weeks in their order, all else with the largest deviation first.

    kind, item, order, week, name  only what fits; name: an input, or the kind where a variance has none
    Raises  InputError for something that they cannot be added up by
    """
    if by not in BY:
        raise InputError("variances cannot be added up by that", came=by, expected=", ".join(BY))
    if kind and kind not in KINDS:
        raise InputError("no such kind of variance", came=kind, expected=", ".join(KINDS))
    wanted = {"kind": kind, "item": item, "order": order, "week": week}
    sums: dict[str, list[int]] = {}
    orders: dict[str, set[str]] = {}
    for line in found.lines:
        if any(value and getattr(line, field) != value for field, value in wanted.items()):
            continue
        if name and (line.name or line.kind) != name:
            continue
        key = _key(by, line)
        parts = sums.setdefault(key, [0, 0])
        parts[line.amount < 0] += line.amount
        orders.setdefault(key, set()).add(line.order)
    groups = []
    for key, (over, under) in sums.items():
        whole = sum(found.variances[one].standard for one in orders[key]) if by not in ("kind", "input") else None
        groups.append(Group(key, over + under, over, under, whole, len(orders[key])))
    rank: Callable[[Group], tuple[int, str]] = (
        (lambda one: (0, one.name)) if by == "week" else (lambda one: (-abs(one.amount), one.name))
    )
    return tuple(sorted(groups, key=rank))


def _key(by: str, line: Line) -> str:
    found: str = (line.name or line.kind) if by == "input" else getattr(line, by)
    return found


def standard_each(
    cost: PlantCost, plant: Plant, cards: Sequence[Card], last: Mapping[str, int] | None = None
) -> dict[str, Decimal]:
    """What a good piece of these orders should have cost, by element [minor units]; {} where an order has no standard.

    Setting up counts once an order, so it is shared by that order's good pieces.
    """
    last = _last_good(cost) if last is None else last
    find = _Standards(cost, plant)
    sums: dict[str, Decimal] = {}
    good = Decimal(0)
    for card in cards:
        if not card.good or card.order not in last:
            continue
        standard, _ = find(card.item, last[card.order])
        if not standard:
            return {}
        good += card.good
        add = partial(_add, sums)
        for line in standard:
            value = (line.quantity * card.good + line.setup) * line.price
            add(line.element, value)
            add("overhead", value * line.overhead)
    scale = Decimal(10) ** cost.book.digits
    return {element: value * scale / good for element, value in sums.items() if value} if good else {}


def _add(sums: dict[str, Decimal], element: str, value: Decimal) -> None:
    sums[element] = sums.get(element, Decimal(0)) + value
