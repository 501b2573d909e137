"""What a piece takes, to the screens: orders, products, states and days of a window.

Reads  Fact(meter, state, count)    Writes  nothing
"""

from __future__ import annotations

from dataclasses import dataclass

from luban.core.errors import UnitError
from luban.core.units import parse_unit
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.view import Range
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.units import Day, Taking, Where, days_of, of_products, takings, where_it_went

__all__ = ["UnitBooks", "unit_books"]


@dataclass(frozen=True)
class UnitBooks:
    """What a piece takes, over one window.

    medium  of `where` and `days`; `unit` of them
    """

    account: EnergyAccount
    medium: str
    unit: str
    orders: tuple[Taking, ...]
    products: tuple[Taking, ...]
    where: tuple[Where, ...]
    days: tuple[Day, ...]


def unit_books(books: EnergyBooks, span: Range, medium: str = "") -> UnitBooks:
    """What a piece took in a window.

    medium  of the states and days; electricity by default, or the first that work units took
    Raises  InputError: no readings in the window
    """
    account = books.account(span)
    held = [name for name, shares in account.shares.items() if shares]
    chosen = medium if medium in held else next((one for one in ("electricity", *held) if one in held), "electricity")
    unit = account.shares[chosen][0].measured_in if chosen in held else "kWh"
    tops = [
        one for one in account.meters
        if one.meter.medium == chosen and not one.meter.parent and _converts(one.meter.unit, unit)
    ]  # fmt: skip
    ledger = books.view.ledger
    counts = ledger.table("count", since=account.start, until=account.end, as_of=ledger.head).to_pylist()
    orders = takings(account)
    return UnitBooks(
        account, chosen, unit, orders, of_products(orders), where_it_went(account, chosen),
        days_of(tops, counts, account.start, account.end, books.view.plant.zone, unit),
    )  # fmt: skip


def _converts(unit: str, wanted: str) -> bool:
    try:
        return parse_unit(unit).converts_to(parse_unit(wanted))
    except UnitError:
        return False
