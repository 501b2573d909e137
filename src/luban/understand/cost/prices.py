"""Prices and rates with the time from which they hold: what a kilogram, an hour, a kilowatt-hour costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError
from luban.understand.cost.money import EXACT
from luban.understand.cost.rates import Rates

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
    currency  ISO 4217 code of its money; "" for the plant's own
    """

    kind: str
    of: str
    price: Decimal
    per: str = ""
    lot: str = ""
    state: str = ""
    basis: str = ""
    start: int | None = None
    currency: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError("no such kind of price", came=self.kind, expected=", ".join(KINDS))
        if self.basis not in BASES:
            raise InputError("no such basis of a price", came=self.basis, expected="actual, standard or empty")
        if not self.price.is_finite() or self.price < 0:
            raise InputError("a price below zero", came=str(self.price), where=f"{self.kind} {self.of}")
        if self.currency and self.kind == "overhead":
            raise InputError("a share has no currency", came=self.currency, where=f"{self.kind} {self.of}")


class PriceList:
    """Prices, looked up by what is the most particular: the lot, then the state, then the name, then the kind.

    Of several that fit equally the one with the latest start holds; equal starts: the last one given.
    """

    def __init__(self, prices: Iterable[Price] = (), rates: Rates | None = None, currency: str = "") -> None:
        """Sort the prices for looking up.

        rates     of foreign money in the plant's own
        currency  the plant's own, ISO 4217
        """
        self.prices = tuple(prices)
        self.rates, self.currency = rates or Rates(), currency
        self._by: dict[tuple[str, str, str, str, str], list[Price]] = {}
        for one in self.prices:
            self._by.setdefault((one.kind, one.of, one.lot, one.state, one.basis), []).append(one)
        for held in self._by.values():
            held.sort(key=lambda one: -(1 << 62) if one.start is None else one.start)

    def find(
        self, kind: str, of: str, time: int, *, lot: str = "", state: str = "", basis: str = "actual"
    ) -> Price | None:
        """The price that holds at a time, in the plant's money; None where there is none: unknown is not 0.

        A work unit without a price of its own takes that of its work center, and so on up its path. A foreign price
        is worth what the rate of that time says; without a rate there is no price.
        Example PriceList([Price("energy", "electricity", Decimal("0.8"))]).find("energy", "electricity", 0).price
        """
        price = self._held(kind, of, time, lot, state, basis)
        if price is None or price.currency in ("", self.currency):
            return price
        rate = self.rates.find(price.currency, time)
        return None if rate is None else replace(price, price=EXACT.multiply(price.price, rate), currency="")

    def lacking(self, kind: str, of: str, time: int, *, lot: str = "", state: str = "") -> str:
        """Why `find` finds nothing: "no rate" for a foreign price without one, else "no price"."""
        return "no price" if self._held(kind, of, time, lot, state, "actual") is None else "no rate"

    def _held(self, kind: str, of: str, time: int, lot: str, state: str, basis: str) -> Price | None:
        particular = ((lot, state), (lot, ""), ("", state), ("", "")) if lot and state else (
            ((lot, state), ("", "")) if lot or state else (("", ""),)
        )  # fmt: skip
        for name in _names(kind, of):
            for one_lot, one_state in particular:
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
    if of and kind not in ("material", "scrap"):
        names.append("")
    return names
