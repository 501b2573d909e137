"""What a piece takes: energy, water, air and greenhouse gases per good piece, by order, product, state and day.

Reads   an energy account    Writes  nothing
Source  ISO 50006:2023 (energy performance indicators); ISO 20140-1:2019 (energy of a unit of production)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from luban.core.time import from_datetime, to_datetime
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.meters import Consumed, in_unit

__all__ = ["Amount", "Day", "Taking", "Where", "days_of", "gas_factor", "of_products", "takings", "where_it_went"]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Of one medium [unit].

    direct  drawn for the order; `idle` its share of what was drawn for none
    shared  how much of direct came by a rule and not by a reading of its own
    """

    unit: str
    direct: Decimal
    idle: Decimal
    shared: Decimal

    @property
    def total(self) -> Decimal:
        """Direct and idle."""
        return self.direct + self.idle


@dataclass(frozen=True)
class Taking:
    """What an order or a product took.

    name    the order, or the item
    item    what was made; "" where no fact says it
    orders  how many it stands for
    good    good pieces; None where nothing was counted
    media   medium → amount
    gas     [kgCO2e]; None where no medium of it has a factor
    """

    name: str
    item: str
    orders: int
    good: Decimal | None
    media: Mapping[str, Amount]
    gas: Decimal | None

    def each(self, medium: str) -> Decimal | None:
        """Per good piece [unit of the medium]; scrap is carried by the good ones."""
        amount = self.media.get(medium)
        return amount.total / self.good if amount is not None and self.good else None

    @property
    def gas_each(self) -> Decimal | None:
        """Per good piece [kgCO2e]."""
        return self.gas / self.good if self.gas is not None and self.good else None


@dataclass(frozen=True, slots=True)
class Where:
    """A work unit in a state: what it drew, for how long, and how much of it came by a rule."""

    unit: str
    state: str
    hours: float
    amount: Decimal
    shared: Decimal
    for_orders: Decimal


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the plant.

    start   [µs UTC]
    amount  of all that came in [unit of the account's medium]
    known   share of the day that was metered [0, 1]
    good    good pieces that were finished
    """

    start: int
    amount: Decimal
    known: float
    good: Decimal

    @property
    def each(self) -> Decimal | None:
        """Per good piece; None on a day without one, or half unknown."""
        return self.amount / self.good if self.good and self.known > 0.5 else None


def gas_factor(account: EnergyAccount, medium: str, unit: str) -> Decimal | None:
    """Mean factor of a medium over the window [kgCO2e/unit]; None where none is known."""
    lines = [line for line in account.carbon.lines if line.use.medium == medium]
    uses = {(line.use.year, line.use.unit): line.use.amount for line in lines}
    whole = sum((in_unit(used, own, unit) for (_, own), used in uses.items()), _ZERO)
    return sum((line.mass for line in lines), _ZERO) / whole if whole > 0 else None


def takings(account: EnergyAccount) -> tuple[Taking, ...]:
    """What each order took of each medium, in the order of their names."""
    media: dict[str, dict[str, Amount]] = defaultdict(dict)
    items: dict[str, str] = {}
    factors: dict[str, Decimal | None] = {}
    for medium, shares in account.shares.items():
        if not shares:
            continue
        unit = shares[0].measured_in
        factors[medium] = gas_factor(account, medium, unit)
        for one in account.orders_of(medium)[0]:
            media[one.order][medium] = Amount(unit, one.direct, one.idle, one.shared)
        for part in (part for share in shares for part in share.parts if part.stay.order and part.stay.item):
            items.setdefault(part.stay.order, part.stay.item)
    found = []
    for order, own in sorted(media.items()):
        gases = [amount.total * factor for medium, amount in own.items() if (factor := factors[medium]) is not None]
        gas = sum(gases, _ZERO) if gases else None
        found.append(Taking(order, items.get(order, ""), 1, account.good.get(order), own, gas))
    return tuple(found)


def of_products(orders: Iterable[Taking]) -> tuple[Taking, ...]:
    """The same by item; of an item only the orders whose good pieces are known count, so that each piece is right."""
    groups: dict[str, list[Taking]] = defaultdict(list)
    for one in orders:
        if one.good:
            groups[one.item].append(one)
    found = []
    for item, own in sorted(groups.items()):
        media: dict[str, Amount] = {}
        for medium in dict.fromkeys(medium for one in own for medium in one.media):
            amounts = [one.media[medium] for one in own if medium in one.media]
            unit = amounts[0].unit
            media[medium] = Amount(unit, *(
                sum((in_unit(getattr(amount, name), amount.unit, unit) for amount in amounts), _ZERO)
                for name in ("direct", "idle", "shared")
            ))  # fmt: skip
        gases = [one.gas for one in own if one.gas is not None]
        good = sum((one.good for one in own if one.good), _ZERO)
        found.append(Taking(item, item, len(own), good, media, sum(gases, _ZERO) if gases else None))
    return tuple(found)


def where_it_went(account: EnergyAccount, medium: str) -> tuple[Where, ...]:
    """Work units by state, most of the medium first."""
    found = []
    for one in account.shares.get(medium, ()):
        rows: dict[str, list[Any]] = defaultdict(lambda: [0, _ZERO, _ZERO, _ZERO])
        for part in one.parts:
            row = rows[part.stay.state]
            row[0] += part.stay.end - part.stay.start
            row[1] += part.amount
            row[2] += part.shared
            row[3] += part.amount if part.stay.order else _ZERO
        found += [Where(one.unit, state, row[0] / 3.6e9, *row[1:]) for state, row in rows.items()]
    return tuple(sorted(found, key=lambda one: (-one.amount, one.unit, one.state)))


def days_of(
    meters: Sequence[Consumed], counts: Iterable[Mapping[str, Any]], start: int, end: int, zone: ZoneInfo, unit: str
) -> tuple[Day, ...]:
    """The days of a window by the plant's clock, the first and last cut where it is cut.

    meters  that the medium comes in by; `unit` of the sums
    counts  `count` facts: an order's good pieces are those of its last work unit, on the day they came
    """
    rows = [row for row in counts if row["order"] and row["good"]]
    last: dict[str, tuple[int, str]] = {}
    for row in rows:
        last[row["order"]] = max(last.get(row["order"], (0, "")), (row["time"], row["subject"]))
    edges = _edges(start, end, zone)
    good = dict.fromkeys(edges[:-1], _ZERO)
    for row in rows:
        if row["subject"] == last[row["order"]][1] and start <= row["time"] < end:
            day = max(edge for edge in edges[:-1] if edge <= row["time"])
            good[day] += Decimal(str(row["good"]))
    found = []
    for low, high in pairwise(edges):
        amount, known = _ZERO, 0.0
        for one in meters:
            amount += in_unit(one.total(low, high), one.meter.unit, unit)
            known += 1 - sum(b - a for a, b in one.holes(low, high)) / (high - low)
        found.append(Day(low, amount, known / len(meters) if meters else 0.0, good[low]))
    return tuple(found)


def _edges(start: int, end: int, zone: ZoneInfo) -> list[int]:
    """Midnights by the clock within a window, with its ends [µs UTC]."""
    at = to_datetime(start, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [start]
    while (midnight := from_datetime(at := at + timedelta(days=1))) < end:
        edges.append(midnight)
    return [*edges, end]
