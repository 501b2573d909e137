"""The energy books of a plant: meters, tree, whose it was, idling, bill and greenhouse gases over one window.

Reads  meter, state and count facts    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from luban.core.errors import InputError, UnitError
from luban.core.time import from_datetime, iso, to_datetime
from luban.norms.emissions import Factor
from luban.norms.tariffs import Tariff, in_force
from luban.understand.energy.allocate import Allocation, OrderEnergy, Part, Stay, of_orders
from luban.understand.energy.balance import Balance, balance
from luban.understand.energy.bill import Bill, bill
from luban.understand.energy.carbon import Carbon, Use, carbon
from luban.understand.energy.consumption import consumption
from luban.understand.energy.idle import Idle, idle_of
from luban.understand.energy.meters import Consumed, Doubt, Meter, Reading, Swap, in_unit
from luban.understand.energy.shared import shares_of

__all__ = ["EnergyAccount", "energy_account", "good_of"]


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """What was made of the facts.

    presumed  meters that no table describes: taken from their first reading, at the top of the tree
    allocations  electricity of work units
    shares    allocations by medium, electricity too
    orders    electricity of orders, and `apart`: what came to none [unit of the electricity meters of work units]
    bills     of each top meter of a medium that has a tariff
    good      order → good pieces
    rule      how energy of no order comes to orders
    readings  within the window
    unread    meters that nobody described, in a unit that is none
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
    shares: Mapping[str, tuple[Allocation, ...]]
    good: Mapping[str, Decimal]
    rule: str
    unread: tuple[Doubt, ...] = ()

    @property
    def drawn_in(self) -> str:
        """Unit of `allocations`, `orders` and `idle`; kWh where there is none."""
        return self.allocations[0].measured_in if self.allocations else "kWh"

    def orders_of(self, medium: str) -> tuple[tuple[OrderEnergy, ...], Decimal]:
        """What orders took of a medium, and what came to none [unit of its first allocation]."""
        return of_orders(_in_one_unit(self.shares.get(medium, ())), self.good, idle=self.rule)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """All that was left out, of meters, bills and factors."""
        return (
            *self.unread,
            *self.tree.doubts,
            *(doubt for one in self.bills for doubt in one.doubts),
            *self.carbon.doubts,
        )


def energy_account(
    readings: Mapping[str, Sequence[Reading]],
    *,
    meters: Iterable[Meter] = (),
    swaps: Mapping[str, Sequence[Swap]] | None = None,
    stays: Mapping[str, Sequence[Stay]] | None = None,
    good: Mapping[str, Decimal] | None = None,
    tariffs: Sequence[Tariff] = (),
    factors: Iterable[Factor] = (),
    own_factors: Iterable[Factor] = (),
    region: str = "CN",
    start: int | None = None,
    end: int | None = None,
    idle: str = "direct",
    zone: tzinfo = UTC,
) -> EnergyAccount:
    """Energy books over a window.

    stays       work unit → its stays; a meter whose `place` is one of them is allocated
    good        order → good pieces
    tariffs     of any media; of one medium the newest that holds counts
    own_factors  of the plant itself: they go before the others
    zone        whose years count, for the factor of each year
    start, end  [µs UTC]; from the first to the last reading by default
    Raises      InputError where there is no reading, or none within the window
    """
    known = {meter.id: meter for meter in meters}
    presumed = tuple(name for name in readings if name not in known)
    unread = []
    for name in presumed:
        try:
            known[name] = _presumed(name, readings[name])
        except UnitError as error:
            first, last = readings[name][0], readings[name][-1]
            text = f"{name} reads {error.came}, which is no unit"
            unread.append(Doubt(name, "unit", first.time, last.time, None, first.unit, text, first.seq))
    presumed = tuple(name for name in presumed if name in known)
    found = tuple(consumption(one, readings.get(one.id, ()), (swaps or {}).get(one.id, ())) for one in known.values())
    low, high = _window(found, start, end)
    tree = balance(found, low, high)
    shares = shares_of(found, stays or {}, low, high)
    drawn = _in_one_unit(shares.get("electricity", ()))
    orders, apart = of_orders(drawn, good or {}, idle=idle)
    tops = [one for one in found if not one.meter.parent]
    priced = in_force(tariffs)
    bills = tuple(
        bill(one, priced[one.meter.medium], low, high) for one in tops if one.meter.medium in priced and one.spells
    )
    uses = [
        Use(one.meter.medium, one.total(since, until), one.meter.unit, year, one.meter.heat)
        for one in tops
        for year, since, until in _years(low, high, zone)
        if one.within(since, until)
    ]
    gases = carbon(uses, factors, region=region, own=own_factors)
    pauses = tuple(pause for one in drawn for pause in idle_of(one))
    count = sum(low <= reading.time <= high for one in readings.values() for reading in one)
    return EnergyAccount(
        low, high, found, presumed, tree, drawn, orders, apart, pauses, bills, gases, count, shares, good or {}, idle,
        tuple(unread),
    )  # fmt: skip


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


def _in_one_unit(shares: Sequence[Allocation]) -> tuple[Allocation, ...]:
    """Allocations in the unit of the first of them."""
    return tuple(one if one.measured_in == shares[0].measured_in else _told_in(one, shares[0].measured_in)
                 for one in shares)  # fmt: skip


def _told_in(one: Allocation, unit: str) -> Allocation:
    parts = tuple(
        Part(part.stay, in_unit(part.amount, one.measured_in, unit), in_unit(part.shared, one.measured_in, unit))
        for part in one.parts
    )
    powers = {state: float(in_unit(Decimal(repr(power)), one.measured_in, unit)) for state, power in one.powers.items()}
    return Allocation(one.unit, unit, parts, powers, one.meter)


def _years(low: int, high: int, zone: tzinfo) -> Iterator[tuple[int, int, int]]:
    """(year, from, to) of the parts of a window [µs UTC]."""
    at = low
    while at < high:
        year = to_datetime(at).astimezone(zone).year
        until = min(high, from_datetime(datetime(year + 1, 1, 1, tzinfo=zone)))
        yield year, at, until
        at = until


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
