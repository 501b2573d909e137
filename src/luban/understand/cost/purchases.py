"""Purchase price variance: what bought lots cost, against the standard price of their item."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from luban.understand.cost.book import CostBook
from luban.understand.cost.money import EXACT, minor

__all__ = ["Purchase", "purchases_of"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bought lot against its standard.

    seq, part  the event
    time       when it came [µs UTC]
    quantity   in the unit of the item
    paid       price in the plant's money, at the rate of its day
    standard   standard price at that time; None where none is listed
    amount     quantity × (paid − standard) [minor units], above 0 where it cost more; None without a standard
    """

    seq: int
    part: int
    time: int
    item: str
    lot: str
    quantity: Decimal
    paid: Decimal
    standard: Decimal | None
    amount: int | None


def purchases_of(book: CostBook) -> tuple[Purchase, ...]:
    """Bought lots in the order of time, as far as they have a price.

    Taken when a lot comes in, on all of it, and not when it is used: so a dear purchase shows at once. What is used
    shows as the material price variance of its order.
    Source  Horngren, Datar, Rajan: Cost Accounting, ch. 7 (price variances at the time of purchase)
    """
    found: list[Purchase] = []
    for one in book.events:
        if one.kind != "receive":
            continue
        price = book.prices.find("material", one.item, one.time, lot=one.lot)
        if price is None:
            continue
        listed = book.prices.find("material", one.item, one.time, basis="standard")
        standard = None if listed is None else listed.price
        amount = None
        if standard is not None:
            amount = minor(EXACT.multiply(one.quantity, EXACT.subtract(price.price, standard)), book.digits)
        found.append(
            Purchase(one.seq, one.part, one.time, one.item, one.lot, one.quantity, price.price, standard, amount)
        )
    return tuple(found)
