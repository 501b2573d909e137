"""What stands in a plant's cost books, ready to be asked: an order, an item, a lot, and what a bar is made of.

Amounts are whole minor units of the plant's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from luban.core.errors import InputError
from luban.plant import Plant
from luban.screens.service.trace import as_scanned
from luban.understand.cost import (
    ELEMENTS,
    Card,
    Entry,
    ShopEvent,
    UnitCost,
    digits_of,
    posted_books,
    to_post,
    unit_cost,
)
from luban.understand.cost.facts import PlantCost

__all__ = ["CHARGES", "WAYS", "Charge", "CostView", "Made", "Opened", "Part", "Subject"]

CHARGES: Final = ("issue", "return", "machine", "labour", "tool", "energy")
"""Kinds of event that put cost into an order."""

WAYS: Final = ("carried by good pieces", "in progress", "moved to scrap", "lost with scrap", "settled after completion")
"""Where what was put into an order went."""

_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Made:
    """A lot, or a part of one, as an order made it.

    carried  value by element
    """

    item: str
    lot: str
    order: str
    time: int
    quantity: Decimal
    value: int
    carried: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a name stands for: an order, an item (all orders of it), or a lot that an order made."""

    kind: str
    name: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """One fact's part of a bar.

    seq       the fact
    kind      kind of the event
    of        item, work unit, person, tool or medium
    lot       lot of the item
    state     state of the work unit
    quantity  in `unit`; None for a share of something else
    came      order of this plant that made the lot
    """

    seq: int
    time: int
    kind: str
    order: str
    of: str
    lot: str
    state: str
    quantity: Decimal | None
    unit: str
    amount: int
    came: str


@dataclass(frozen=True, slots=True)
class Part:
    """Charges for the same thing: the same work unit in the same state, the same item, person, tool or medium."""

    kind: str
    of: str
    state: str
    unit: str
    charges: tuple[Charge, ...]

    @property
    def amount(self) -> int:
        """Sum of them [minor units]."""
        return sum(one.amount for one in self.charges)

    @property
    def quantity(self) -> Decimal | None:
        """Sum of their quantities in `unit`; None where they have none."""
        known = [one.quantity for one in self.charges if one.quantity is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.charges) else None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a bar is made of: the facts that put money in, and where the money went; both add up to the same.

    charges  in order of time
    total    what they put in
    ways     by one of WAYS, zeros left out
    """

    element: str
    charges: tuple[Charge, ...]
    total: int
    ways: Mapping[str, int]

    def parts(self) -> tuple[Part, ...]:
        """Charges for the same thing together, the largest first."""
        found: dict[tuple[str, str, str, str], list[Charge]] = {}
        for one in self.charges:
            found.setdefault((one.kind, one.of, one.state, one.unit), []).append(one)
        made = [Part(*key, tuple(rows)) for key, rows in found.items()]
        return tuple(sorted(made, key=lambda one: (-abs(one.amount), one.of, one.state)))


class CostView:
    """The books of one moment; nothing in it changes. Safe from any thread.

    cost    the books
    plant   the plant as its tables said
    seq     newest fact that they rest on
    posted  rows of the stream `posting`
    """

    def __init__(self, cost: PlantCost, plant: Plant, seq: int, posted: Sequence[Mapping[str, Any]] = ()) -> None:
        self.cost, self.plant, self.seq = cost, plant, seq
        self.digits = digits_of(cost.currency)
        self._posted = posted

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        return self.cost.currency

    @property
    def cards(self) -> Mapping[str, Card]:
        """Cost card of each order."""
        return self.cost.book.cards

    @cached_property
    def booked(self) -> tuple[tuple[ShopEvent, Entry], ...]:
        """Every event that came to a journal entry, in order of time."""
        outcomes = self.cost.book.outcomes
        found = ((event, outcomes[event.key].entry) for event in self.cost.book.events)
        return tuple((event, entry) for event, entry in found if entry is not None)

    @cached_property
    def by_order(self) -> Mapping[str, Sequence[tuple[ShopEvent, Entry]]]:
        """The same by the order that it concerns."""
        found: dict[str, list[tuple[ShopEvent, Entry]]] = {}
        for event, entry in self.booked:
            if event.order:
                found.setdefault(event.order, []).append((event, entry))
        return found

    @cached_property
    def made(self) -> Mapping[str, Sequence[Made]]:
        """Lots that orders made, by the lot's name."""
        found: dict[str, list[Made]] = {}
        outcomes = self.cost.book.outcomes
        for event, _ in self.booked:
            if event.kind == "complete":
                outcome = outcomes[event.key]
                for take in outcome.takes:
                    made = Made(take.item, take.lot, event.order, event.time, take.quantity, take.value,
                                outcome.carried)  # fmt: skip
                    found.setdefault(take.lot, []).append(made)
        return found

    @cached_property
    def last_good(self) -> Mapping[str, int]:
        """When the last good piece of each order came out [µs UTC]."""
        found: dict[str, int] = {}
        for event in self.cost.book.events:
            if event.kind == "complete" and event.quantity:
                found[event.order] = max(found.get(event.order, event.time), event.time)
        return found

    @cached_property
    def began(self) -> Mapping[str, int]:
        """When the first cost of each order was incurred [µs UTC]."""
        found: dict[str, int] = {}
        for event, _ in self.booked:
            if event.order and event.kind in CHARGES:
                found.setdefault(event.order, event.time)
        return found

    @cached_property
    def of_item(self) -> Mapping[str, tuple[str, ...]]:
        """Orders of each item."""
        found: dict[str, list[str]] = {}
        for card in self.cards.values():
            if card.item:
                found.setdefault(card.item, []).append(card.order)
        return {item: tuple(orders) for item, orders in sorted(found.items())}

    @cached_property
    def to_post(self) -> tuple[int, int]:
        """(lines posted, lines still to be posted so that the ledger says what the books say).

        Raises InputError where somebody else posted under our name
        """
        posted = posted_books(self._posted, self.digits)
        rows = to_post(self.cost.book.entries, posted, self.cost.chart, self.currency, self.digits,
                       closed=self.plant.cost.closed)  # fmt: skip
        return len(posted.lines), len(rows["time"])

    # ------------------------------------------------------------------ finding

    def find(self, text: str) -> Subject:
        """What was typed or scanned: an order, an item, or a lot or serial number.

        Raises InputError where nothing of that name has cost, with what is near it
        """
        for name in as_scanned(text):
            found = self._named(name)
            if found is not None:
                return found
        near = self.suggest(text)
        if len(near) == 1 and near[0].lower() == text.strip().lower():
            return self.find(near[0])
        raise InputError(
            "no order, item or lot of that name has cost", came=text.strip(), expected=", ".join(near[:5]),
            hint="look at its spelling",
        )  # fmt: skip

    def _named(self, name: str) -> Subject | None:
        if name in self.cards:
            return Subject("order", name, (name,))
        if name in self.of_item:
            return Subject("item", name, self.of_item[name])
        if name in self.made:
            return Subject("lot", name, tuple(dict.fromkeys(one.order for one in self.made[name])))
        return None

    def suggest(self, text: str, limit: int = _SHOWN) -> list[str]:
        """Orders, items and made lots whose names begin with the text, then those that hold it."""
        wanted = text.strip().lower()
        if not wanted:
            return []
        first: list[str] = []
        inside: list[str] = []
        for name in dict.fromkeys((*self.cards, *self.of_item, *self.made)):
            at = name.lower().find(wanted)
            if at == 0:
                first.append(name)
            elif at > 0 and len(inside) < limit:
                inside.append(name)
            if len(first) >= limit:
                break
        return (first + inside)[:limit]

    # ------------------------------------------------------------------ a piece, and what its cost is made of

    def cards_of(self, subject: Subject) -> list[Card]:
        """Cost cards of its orders."""
        return [self.cards[order] for order in subject.orders if order in self.cards]

    def piece(self, subject: Subject) -> UnitCost:
        """Cost of a good piece. Raises InputError where there is none yet."""
        if subject.kind != "lot":
            return unit_cost(self.cards_of(subject))
        parts = self.made[subject.name]
        quantity = sum((one.quantity for one in parts), Decimal(0))
        sums: dict[str, int] = {}
        for one in parts:
            for element, amount in one.carried.items():
                sums[element] = sums.get(element, 0) + amount
        elements = {name: sums[name] / quantity for name in ELEMENTS if sums.get(name)}
        return UnitCost(subject.orders, quantity, sum(one.value for one in parts), elements)

    def opened(self, subject: Subject, element: str) -> Opened:
        """The facts behind a bar. Raises InputError for what is no element of cost."""
        if element not in (*ELEMENTS, "settled"):
            raise InputError("no such element of cost", came=element, expected=", ".join((*ELEMENTS, "settled")))
        charges: list[Charge] = []
        ways = dict.fromkeys(WAYS, 0)
        for order in subject.orders:
            card = self.cards[order]
            here = self._settled(order) if element == "settled" else self._scrapped(order) if element == "scrap" else (
                self._charged(order, element)
            )  # fmt: skip
            charges += here
            put = sum(one.amount for one in here)
            if element == "settled":
                ways["settled after completion"] += put
                continue
            carried, held = card.carried.get(element, 0), card.wip.get(element, 0)
            settled = self._later(order, element)
            lost = card.lost if element == "scrap" else 0
            for way, amount in zip(
                WAYS, (carried, held, put - carried - held - settled - lost, lost, settled), strict=True
            ):
                ways[way] += amount
        charges.sort(key=lambda one: (one.time, one.seq))
        total = sum(one.amount for one in charges)
        return Opened(element, tuple(charges), total, {way: amount for way, amount in ways.items() if amount})

    def _charged(self, order: str, element: str) -> list[Charge]:
        found = []
        for event, entry in self.by_order.get(order, ()):
            if event.kind not in CHARGES:
                continue
            amount = _sum(entry, ("wip", "settlement"), element)
            if amount:
                found += self._by_lot(event, element, amount)
        return found

    def _by_lot(self, event: ShopEvent, element: str, amount: int) -> list[Charge]:
        """One charge; of an issue that took from several lots, one for each of them."""
        takes = self.cost.book.outcomes[event.key].takes
        sign = -1 if event.kind == "return" else 1
        if element == "material" and takes:
            return [
                self._charge(event, element, sign * one.value, lot=one.lot, quantity=sign * one.quantity)
                for one in takes
            ]
        return [self._charge(event, element, amount)]

    def _scrapped(self, order: str) -> list[Charge]:
        """What scrapped pieces had cost, less what they brought."""
        found = []
        for event, entry in self.by_order.get(order, ()):
            if event.kind == "complete" and event.scrap:
                amount = sum(
                    one.amount for one in entry.postings
                    if one.element == "scrap" and ((one.role == "wip" and one.amount > 0) or one.role == "loss")
                )  # fmt: skip
                found.append(self._charge(event, "scrap", amount, quantity=event.scrap))
        return found

    def _settled(self, order: str) -> list[Charge]:
        found = []
        for event, entry in self.by_order.get(order, ()):
            amount = _sum(entry, ("settlement",))
            if amount:
                found.append(self._charge(event, "settled", amount))
        return found

    def _later(self, order: str, element: str) -> int:
        """What of an element was settled when the order was closed, or after it."""
        return sum(_sum(entry, ("settlement",), element) for _, entry in self.by_order.get(order, ()))

    def _charge(
        self, event: ShopEvent, element: str, amount: int, *, lot: str = "", quantity: Decimal | None = None
    ) -> Charge:
        lot = lot or event.lot
        whole = element in (event.kind, "rework", "material", "scrap")
        came = self._from(event.item, lot) if event.kind in ("issue", "return") else ""
        return Charge(
            event.seq, event.time, event.kind, event.order, event.item or event.of, lot, event.state,
            (event.quantity if quantity is None else quantity) if whole else None, self._unit(event) if whole else "",
            amount, came,
        )  # fmt: skip

    def _from(self, item: str, lot: str) -> str:
        return next((one.order for one in self.made.get(lot, ()) if one.item == item), "")

    def _unit(self, event: ShopEvent) -> str:
        """Unit of an event's quantity, as its price or its item says."""
        if event.kind in ("machine", "labour"):
            return "h"
        if event.kind in ("issue", "return"):
            return self.plant.items[event.item].unit if event.item in self.plant.items else ""
        price = self.cost.book.prices.find(event.kind, event.of, event.time) if event.of else None
        return price.per if price is not None else ""


def _sum(entry: Entry, roles: Iterable[str], element: str | None = None) -> int:
    """What an entry posted to some accounts."""
    return sum(one.amount for one in entry.postings if one.role in roles and element in (None, one.element))
