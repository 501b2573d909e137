"""What energy costs: by band of the tariff, and for the highest demand of each month.

Each line of a month and band is rounded to the minor unit of its currency (fen, cent, won), halves up, as an invoice
is; nothing else is rounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from luban.core.currency import digits_of, minor
from luban.core.errors import InputError, UnitError
from luban.core.time import to_datetime
from luban.norms.tariffs import Tariff
from luban.understand.energy.meters import HOUR, Consumed, Doubt, Spell, in_unit

__all__ = ["Bill", "Demand", "Line", "bill"]

_MINUTE = HOUR // 60
_QUARTER = 15 * _MINUTE


@dataclass(frozen=True, slots=True)
class Line:
    """A month and band.

    amount  drawn [unit of the price]
    shared  how much of it was given to the band by time, because a reading reached over its edge
    cost    price · amount, rounded [currency]
    """

    month: str
    band: str
    amount: Decimal
    shared: Decimal
    price: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Demand:
    """The highest demand of a month.

    at     start of the window [µs UTC]
    power  mean over the window [kW]
    known  share of the energy that was read finely enough to tell; below 1 the demand is at least this
    cost   [currency]
    """

    month: str
    at: int
    power: Decimal
    known: float
    price: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What was drawn, priced.

    doubts  energy the tariff has no price for: named, with its amount, and in no line
    """

    tariff: Tariff
    lines: tuple[Line, ...]
    demands: tuple[Demand, ...]
    doubts: tuple[Doubt, ...]
    meter: str = ""

    @property
    def total(self) -> Decimal:
        """All lines and demands [currency]."""
        costs = [line.cost for line in self.lines] + [demand.cost for demand in self.demands]
        return sum(costs, Decimal(0))

    @property
    def amount(self) -> Decimal:
        """All that has a price [unit of the price]."""
        return sum((line.amount for line in self.lines), Decimal(0))


def bill(consumed: Consumed, tariffs: Tariff | Sequence[Tariff], start: int, end: int) -> Bill:
    """Price what a meter drew from `start` to `end` [µs UTC].

    tariffs  one, or several that follow on each other: the first that has a band for a moment counts
             (`norms.tariffs.in_force` puts the newest first)
    Raises   InputError for another medium, no tariff, or tariffs of different currency, unit or clock
    """
    known = (tariffs,) if isinstance(tariffs, Tariff) else tuple(tariffs)
    first = _alike(consumed, known)
    zone = ZoneInfo(first.zone)
    amounts: dict[tuple[str, str, Decimal], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    gaps: dict[str, list[tuple[int, int, Decimal]]] = defaultdict(list)

    @lru_cache(maxsize=65_536)
    def place(quarter: int) -> tuple[str, str, Decimal]:
        moment = to_datetime(quarter, zone)
        for one in known:
            if band := one.band(moment):
                return moment.strftime("%Y-%m"), band, one.prices[band]
        return moment.strftime("%Y-%m"), "", Decimal(0)

    for spell in consumed.within(start, end):
        pieces = _cut(spell, _QUARTER)
        for (low, high, part), key in _together(pieces, [place(low - low % _QUARTER) for low, _, _ in pieces]):
            amount = in_unit(part, consumed.meter.unit, first.per)
            if not key[1]:
                gaps[key[0]].append((low, high, amount))
                continue
            amounts[key][0] += amount
            if (low, high) != (spell.start, spell.end):
                amounts[key][1] += amount
    lines = [
        Line(month, band, amount, shared, price, _money(amount * price, first.currency))
        for (month, band, price), (amount, shared) in sorted(amounts.items())
    ]
    doubts = [_gap(consumed, month, found, first.per) for month, found in sorted(gaps.items())]
    return Bill(first, tuple(lines), _demands(consumed, known, zone, start, end), tuple(doubts), consumed.meter.id)


def _alike(consumed: Consumed, known: Sequence[Tariff]) -> Tariff:
    if not known:
        raise InputError("no tariff", where=consumed.meter.id)
    first = known[0]
    for one in known:
        if one.medium != consumed.meter.medium:
            raise InputError("the tariff is for another medium", came=one.medium, expected=consumed.meter.medium)
        if (one.currency, one.per, one.zone) != (first.currency, first.per, first.zone):
            came = f"{one.id}: {one.currency}/{one.per}, {one.zone}"
            raise InputError("tariffs that do not follow on each other", came=came, expected=first.id)
    return first


def _cut(spell: Spell, size: int) -> list[tuple[int, int, Decimal]]:
    """(start, end, amount) of a spell by windows of `size`; they add up to it exactly."""
    pieces, at, given = [], spell.start, Decimal(0)
    while at < spell.end:
        high = min(spell.end, at - at % size + size)
        last = high == spell.end
        part = spell.amount - given if last else spell.amount * (high - at) / (spell.end - spell.start)
        pieces.append((at, high, part))
        given += part
        at = high
    return pieces


_Piece = tuple[int, int, Decimal]
_Key = tuple[str, str, Decimal]


def _together(pieces: Sequence[_Piece], keys: Sequence[_Key]) -> list[tuple[_Piece, _Key]]:
    """Neighbours of the same key as one."""
    found: list[tuple[_Piece, _Key]] = []
    for (low, high, part), key in zip(pieces, keys, strict=True):
        if found and found[-1][1] == key:
            (first, _, before), _ = found[-1]
            found[-1] = ((first, high, before + part), key)
        else:
            found.append(((low, high, part), key))
    return found


def _gap(consumed: Consumed, month: str, found: Sequence[_Piece], unit: str) -> Doubt:
    amount = sum((part for _, _, part in found), Decimal(0))
    text = f"{consumed.meter.id}: the tariff has no price for part of {month}"
    return Doubt(consumed.meter.id, "tariff", found[0][0], found[-1][1], amount, unit, text)


def _demands(consumed: Consumed, known: Sequence[Tariff], zone: ZoneInfo, start: int, end: int) -> tuple[Demand, ...]:
    """The highest demand of each month, at the price of the tariff that holds when it comes."""
    day_of = lru_cache(maxsize=65_536)(lambda at: to_datetime(at, zone).date())
    best: dict[str, tuple[Decimal, int, Tariff]] = {}
    fine: dict[str, Decimal] = defaultdict(Decimal)
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for tariff in (one for one in known if one.demand):
        size = tariff.demand_minutes * _MINUTE
        windows: dict[int, Decimal] = defaultdict(Decimal)
        for spell in consumed.within(start, end):
            for low, _, part in _cut(spell, size):
                window = low - low % size
                day = day_of(window)
                if next((one for one in known if one.holds(day)), None) is not tariff:
                    continue
                windows[window] += part
                whole[f"{day:%Y-%m}"] += part
                if spell.end - spell.start <= size:
                    fine[f"{day:%Y-%m}"] += part
        for window, amount in windows.items():
            month, power = f"{day_of(window):%Y-%m}", _power(consumed, amount, tariff)
            if month not in best or power > best[month][0]:
                best[month] = (power, window, tariff)
    found = []
    for month, (power, at, tariff) in sorted(best.items()):
        share = float(fine[month] / whole[month]) if whole[month] else 1.0
        found.append(Demand(month, at, power, share, tariff.demand, _money(power * tariff.demand, tariff.currency)))
    return tuple(found)


def _power(consumed: Consumed, amount: Decimal, tariff: Tariff) -> Decimal:
    """Mean over a window [kW]."""
    try:
        return in_unit(amount, consumed.meter.unit, "kWh") * 60 / tariff.demand_minutes
    except UnitError:
        raise InputError("demand is of energy", came=consumed.meter.unit, expected="kWh") from None


def _money(amount: Decimal, currency: str) -> Decimal:
    digits = digits_of(currency)
    return Decimal(minor(amount, digits)).scaleb(-digits)
