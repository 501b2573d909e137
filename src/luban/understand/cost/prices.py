"""Prices and rates with the time from which they hold: what a kilogram, an hour, a kilowatt-hour costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError

__all__ = ["BASES", "KINDS", "Price", "PriceList"]

KINDS: Final = ("material", "machine", "labour", "tool", "energy", "overhead", "scrap")
"""What a price is for. overhead: a share of the element `of`; scrap: what a scrapped piece of the item still brings."""
BASES: Final = ("", "actual", "standard")


@dataclass(frozen=True, slots=True)
class Price:
    """A price.

    kind   one of KINDS
    of     the item, work unit, person, tool, medium or, for overhead, cost element; "" holds for all of the kind
    price  money per `per`, 0 or more; overhead: share of the element, e.g. 0.15
    per    unit of the quantity: unit of the item, h, kWh, piece; for people
    lot    material: only this lot
    state  machine: only this state
    basis  actual, standard, or "" for both
    start  holds from then on [µs UTC]; None: always did
    """

    kind: str
    of: str
    price: Decimal
    per: str = ""
    lot: str = ""
    state: str = ""
    basis: str = ""
    start: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError("no such kind of price", came=self.kind, expected=", ".join(KINDS))
        if self.basis not in BASES:
            raise InputError("no such basis of a price", came=self.basis, expected="actual, standard or empty")
        if not self.price.is_finite() or self.price < 0:
            raise InputError("a price below zero", came=str(self.price), where=f"{self.kind} {self.of}")


class PriceList:
    """Prices, looked up by what is the most particular: the lot, then the state, then the name, then the kind.

    Of several that fit equally the one with the latest start holds; equal starts: the last one given.
    """

    def __init__(self, prices: Iterable[Price] = ()) -> None:
        """Sort the prices for looking up."""
        self.prices = tuple(prices)
        self._by: dict[tuple[str, str, str, str, str], list[Price]] = {}
        for one in self.prices:
            self._by.setdefault((one.kind, one.of, one.lot, one.state, one.basis), []).append(one)
        for held in self._by.values():
            held.sort(key=lambda one: -(1 << 62) if one.start is None else one.start)

    def find(
        self, kind: str, of: str, time: int, *, lot: str = "", state: str = "", basis: str = "actual"
    ) -> Price | None:
        """The price that holds at a time; None where there is none: unknown is not 0.

        A work unit without a price of its own takes that of its work center, and so on up its path.
        Example PriceList([Price("energy", "electricity", Decimal("0.8"))]).find("energy", "electricity", 0).price
        """
        for name in _names(kind, of):
            for one_lot, one_state in dict.fromkeys(((lot, state), (lot, ""), ("", state), ("", ""))):
                for one_basis in (basis, ""):
                    for price in reversed(self._by.get((kind, name, one_lot, one_state, one_basis), ())):
                        if price.start is None or price.start <= time:
                            return price
        return None


def _names(kind: str, of: str) -> list[str]:
    names = [of]
    if kind == "machine":
        while "/" in of:
            of = of.rpartition("/")[0]
            names.append(of)
    if kind not in ("material", "scrap"):
        names.append("")
    return list(dict.fromkeys(names))
