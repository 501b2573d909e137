"""Spare parts on the shelf, worked out from what was counted, received, taken and ordered.

Reads   Fact(event) of kind `spare`
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from luban.core.time import DAY
from luban.decide.maintain.spares import stock_plan
from luban.ledger import Ledger
from luban.plant import Plant, SparePart
from luban.understand.book import Entry, entries

__all__ = ["Shelf", "fold_stock", "shelves"]

_COVERED = 0.95
_LEAST_TAKEN = 3
"""Parts taken before demand is worked out from them."""
_LEAST_SPAN = 28 * DAY
"""Time on record before that: three parts taken in an hour are no demand of thousands a year."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One spare part as it stands.

    on_hand    [piece]; None: it was never counted, so nobody knows
    ordered    [piece], not yet received
    order_at   order when on hand plus ordered falls to this; None: neither given nor known
    per_year   pieces taken a year, on record; None with fewer than 3 taken, or less than 28 days on record
    why        given, demand or "" : where order_at is from
    """

    item: str
    name: str
    on_hand: int | None
    ordered: int
    order_at: int | None
    per_year: float | None
    why: str

    @property
    def low(self) -> bool:
        """An order is due."""
        return self.on_hand is not None and self.order_at is not None and self.on_hand + self.ordered <= self.order_at

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"low": self.low}


def shelves(ledger: Ledger, plant: Plant, now: int, as_of: int | None = None) -> dict[str, Shelf]:
    """The shelf of each spare part of the plant.

    An order point that spares.csv does not give comes from what was taken and the time of delivery: the least that
    covers 95 % of demands.
    """
    book = entries(ledger, "spare", as_of=as_of)
    return fold_stock(book, plant.spares, now)


def fold_stock(book: Iterable[Entry], spares: Mapping[str, SparePart], now: int) -> dict[str, Shelf]:
    """Shelves from entries in their order."""
    on_hand: dict[str, int | None] = dict.fromkeys(spares)
    ordered = dict.fromkeys(spares, 0)
    taken: dict[str, int] = dict.fromkeys(spares, 0)
    first: dict[str, int] = {}
    for entry in book:
        item, count = entry.subject, int(entry.data.get("count", 0))
        if item not in spares:
            continue
        first.setdefault(item, entry.time)
        here = on_hand[item]
        if entry.code == "count":
            on_hand[item] = count
        elif entry.code == "receive":
            on_hand[item] = None if here is None else here + count  # a shelf that nobody counted stays unknown
            ordered[item] = max(0, ordered[item] - count)
        elif entry.code == "take":
            taken[item] += count
            on_hand[item] = None if here is None else max(0, here - count)
        elif entry.code == "order":
            ordered[item] += count
    return {
        item: _shelf(own, on_hand[item], ordered[item], taken[item], now - first.get(item, now))
        for item, own in spares.items()
    }


def _shelf(own: SparePart, on_hand: int | None, ordered: int, taken: int, span: int) -> Shelf:
    known = taken >= _LEAST_TAKEN and span >= _LEAST_SPAN
    per_year = taken / (span / DAY) * 365.25 if known else None
    order_at, why = own.order_at, "given" if own.order_at is not None else ""
    if order_at is None and per_year is not None and own.lead is not None:
        order_at = stock_plan(per_year / 365.25, own.lead / DAY, covered=_COVERED, lot=own.lot).order_at
        why = "demand"
    return Shelf(own.id, own.name, on_hand, ordered, order_at, per_year, why)
