"""The energy books of a plant: meters, tree, whose it was, idling, bill and greenhouse gases over one window.

Reads  meter, state and count facts    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from luban.core.errors import InputError
from luban.core.time import iso, to_datetime
from luban.norms.emissions import Factor
from luban.norms.tariffs import Tariff
from luban.understand.energy.allocate import Allocation, OrderEnergy, Stay, allocate, of_orders
from luban.understand.energy.balance import Balance, balance
from luban.understand.energy.bill import Bill, bill
from luban.understand.energy.carbon import Carbon, Use, carbon
from luban.understand.energy.consumption import consumption
from luban.understand.energy.idle import Idle, idle_of
from luban.understand.energy.meters import Consumed, Doubt, Meter, Reading, Swap

__all__ = ["EnergyAccount", "energy_account", "good_of"]


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """What was made of the facts.

    presumed  meters that no table describes: taken from their first reading, at the top of the tree
    orders    energy of orders, and `apart`: what came to none [unit of the electricity meters of work units]
    bills     of each top meter of the tariff's medium
    """

    start: int
    end: int
    meters: tuple[Consumed, ...]
    presumed: tuple[str, ...]
    tree: Balance
    allocations: tuple[Allocation, ...]
    orders: tuple[OrderEnergy, ...]
    apart: Decimal
    idle: tuple[Idle, ...]
    bills: tuple[Bill, ...]
    carbon: Carbon
    readings: int

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """All that was left out, of meters, bills and factors."""
        return (*self.tree.doubts, *(doubt for one in self.bills for doubt in one.doubts), *self.carbon.doubts)


def energy_account(
    readings: Mapping[str, Sequence[Reading]],
    *,
    meters: Iterable[Meter] = (),
    swaps: Mapping[str, Sequence[Swap]] | None = None,
    stays: Mapping[str, Sequence[Stay]] | None = None,
    good: Mapping[str, Decimal] | None = None,
    tariffs: Sequence[Tariff] = (),
    factors: Iterable[Factor] = (),
    region: str = "CN",
    start: int | None = None,
    end: int | None = None,
    idle: str = "direct",
) -> EnergyAccount:
    """Energy books over a window.

    stays       work unit → its stays; a meter whose `place` is one of them is allocated
    good        order → good pieces
    start, end  [µs UTC]; from the first to the last reading by default
    Raises      InputError where there is no reading, or none within the window
    """
    known = {meter.id: meter for meter in meters}
    presumed = tuple(name for name in readings if name not in known)
    for name in presumed:
        known[name] = _presumed(name, readings[name])
    found = tuple(consumption(one, readings.get(one.id, ()), (swaps or {}).get(one.id, ())) for one in known.values())
    low, high = _window(found, start, end)
    tree = balance(found, low, high)
    shares = tuple(
        allocate(one, (stays or {})[one.meter.place], low, high)
        for one in found
        if one.meter.place in (stays or {}) and one.meter.medium == "electricity"
    )
    orders, apart = of_orders(shares, good or {}, idle=idle)
    tops = [one for one in found if not one.meter.parent]
    bills = tuple(bill(one, tariffs, low, high) for one in tops if tariffs and one.meter.medium == tariffs[0].medium)
    year = to_datetime(high - 1).year
    uses = [Use(one.meter.medium, one.total(low, high), one.meter.unit, year, one.meter.heat) for one in tops]
    gases = carbon(uses, factors, region=region)
    pauses = tuple(pause for one in shares for pause in idle_of(one))
    count = sum(len(one) for one in readings.values())
    return EnergyAccount(low, high, found, presumed, tree, shares, orders, apart, pauses, bills, gases, count)


def good_of(counts: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Good pieces by order from `count` facts: those of its last unit, as each operation counts them anew."""
    by_unit: dict[tuple[str, str], Decimal] = {}
    last: dict[str, tuple[int, str]] = {}
    for row in counts:
        if row["order"]:
            key = (row["order"], row["subject"])
            by_unit[key] = by_unit.get(key, Decimal(0)) + Decimal(str(row["good"]))
            last[row["order"]] = max(last.get(row["order"], (0, "")), (row["time"], row["subject"]))
    return {order: by_unit[order, unit] for order, (_, unit) in last.items()}


def _presumed(name: str, readings: Sequence[Reading]) -> Meter:
    first = readings[0]
    if not first.unit:
        expected = "a column of units, a header such as register [kWh], or a table of meters"
        raise InputError("nobody says the unit of the meter", came=name, expected=expected)
    return Meter(name, first.medium or "electricity", first.unit)


def _window(found: Sequence[Consumed], start: int | None, end: int | None) -> tuple[int, int]:
    spells = [one.spells for one in found if one.spells]
    if not spells:
        raise InputError("no amount can be told from the readings", came=f"{len(found)} meters without two readings")
    low = min(one[0].start for one in spells) if start is None else start
    high = max(one[-1].end for one in spells) if end is None else end
    if high <= low:
        raise InputError("the window is empty", came=f"{iso(low)} to {iso(high)}")
    return low, high
