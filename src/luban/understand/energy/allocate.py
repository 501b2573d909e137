"""Whose energy it was: by state, order, operation, item, lot and piece, to the last digit.

An amount that was read while the work unit stayed in one state is that state's: measured. One that was read
across states is shared by the time in each and by the power that the unit draws in it; the power is what was
measured in that state alone, else the non-negative least squares of the mixed readings, else the same for all.
What was shared so is marked, and the parts always add up to what the meter said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.norms import TimeElement, state_mapping
from luban.understand.energy.meters import HOUR, Consumed, Spell

__all__ = [
    "IDLE_RULES",
    "UNKNOWN",
    "Allocation",
    "OrderEnergy",
    "Part",
    "Stay",
    "allocate",
    "by_rule",
    "filled",
    "of_lots",
    "of_orders",
    "split",
    "stays_of",
]

IDLE_RULES = ("direct", "time", "apart")
"""How energy of no order comes to orders: by their own energy, by their time, or not at all."""

UNKNOWN = "unknown"
_DIGITS = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Stay:
    """A work unit in one state [µs UTC].

    element  time element of the state by the mapping of the fact
    """

    unit: str
    start: int
    end: int
    state: str
    element: TimeElement
    order: str = ""
    operation: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a stay drew.

    amount  [unit of the meter]
    shared  how much of it came by sharing and not by a reading of its own
    """

    stay: Stay
    amount: Decimal
    shared: Decimal


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a work unit drew, given to its stays.

    unit    equipment path
    parts   in the order of time
    powers  state → mean draw [unit of the meter per h], measured in it alone; missing where it never was
    meter   the meter it was read from; "" where it was shared over work units without a meter
    """

    unit: str
    measured_in: str
    parts: tuple[Part, ...]
    powers: Mapping[str, float]
    meter: str = ""

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum((part.amount for part in self.parts), Decimal(0))

    def by(self, field: str) -> dict[str, tuple[Decimal, Decimal]]:
        """(amount, shared of it) by state, order, operation or item; "" where there is none."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for part in self.parts:
            key = str(getattr(part.stay, field))
            amount, shared = found.get(key, (Decimal(0), Decimal(0)))
            found[key] = (amount + part.amount, shared + part.shared)
        return found


@dataclass(frozen=True, slots=True)
class OrderEnergy:
    """Energy of an order.

    direct   drawn while a unit was given to it
    idle     its share of what was drawn for no order
    shared   how much of direct came by sharing
    good     good pieces; None where nothing was counted
    """

    order: str
    direct: Decimal
    idle: Decimal
    shared: Decimal
    good: Decimal | None

    @property
    def total(self) -> Decimal:
        """Direct and idle."""
        return self.direct + self.idle

    @property
    def each(self) -> Decimal | None:
        """Per good piece: what was scrapped is carried by the good ones; None without a good piece."""
        return self.total / self.good if self.good else None


def stays_of(states: Iterable[Mapping[str, Any]], end: int) -> dict[str, tuple[Stay, ...]]:
    """Stays by work unit from `state` facts, the last of each until `end` [µs UTC].

    A state holds until the next fact of its unit; a mapping that is not known makes the time UNKNOWN.
    """
    by_unit: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(states, key=lambda one: (one["time"], one.get("seq") or 0)):
        by_unit.setdefault(row["subject"], []).append(row)
    found = {}
    for unit, rows in by_unit.items():
        times = [*(int(row["time"]) for row in rows), end]
        found[unit] = tuple(
            _stay(unit, row, low, min(high, end))
            for row, (low, high) in zip(rows, pairwise(times), strict=True)
            if min(high, end) > low
        )
    return found


def _stay(unit: str, row: Mapping[str, Any], start: int, end: int) -> Stay:
    element = state_mapping(row.get("mapping") or "generic@1").element(row["state"])
    names = [row.get(key) or "" for key in ("order", "operation", "item")]
    return Stay(unit, start, end, row["state"], element, *names)


def allocate(consumed: Consumed, stays: Sequence[Stay], start: int, end: int) -> Allocation:
    """Give what a meter said from `start` to `end` to the stays of its work unit.

    stays  in the order of time, none over another; time of no stay becomes one of state `unknown`
    The parts add up to the meter's total exactly.
    """
    unit = consumed.meter.place or consumed.meter.id
    whole = filled(unit, stays, start, end)
    pieces = _pieces(consumed.within(start, end), whole)
    alone, powers = _powers(pieces, whole)
    amounts = [Decimal(0)] * len(whole)
    shared = [Decimal(0)] * len(whole)
    for spell, within in pieces:
        if len({whole[index].state for index, _ in within}) == 1 and len(within) == 1:
            amounts[within[0][0]] += spell.amount
            continue
        weights = [Fraction(span) * Fraction(powers[whole[index].state]) for index, span in within]
        if not sum(weights):
            weights = [Fraction(span) for _, span in within]
        for (index, _), part in zip(within, split(spell.amount, weights), strict=True):
            amounts[index] += part
            shared[index] += part
    parts = tuple(Part(*one) for one in zip(whole, amounts, shared, strict=True))
    return Allocation(unit, consumed.meter.unit, parts, alone, consumed.meter.id)


def split(amount: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """An amount in parts by weight, to 9 places, that add up to it exactly (the heaviest takes what is left)."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise InputError("weights are not below 0, and one is above", came=", ".join(str(one) for one in weights))
    parts = []
    for weight in weights:
        share = Fraction(amount) * weight / whole
        parts.append((Decimal(share.numerator) / share.denominator).quantize(_DIGITS, ROUND_HALF_EVEN))
    heaviest = max(range(len(weights)), key=lambda index: weights[index])
    parts[heaviest] += amount - sum(parts, Decimal(0))
    return parts


def filled(unit: str, stays: Sequence[Stay], start: int, end: int) -> list[Stay]:
    """The stays of a work unit within a window [µs UTC], cut at its ends; time of none is one of state UNKNOWN."""
    found, at = [], start
    for stay in stays:
        low, high = max(stay.start, at), min(stay.end, end)
        if high <= low:
            continue
        if low > at:
            found.append(Stay(unit, at, low, UNKNOWN, TimeElement.UNKNOWN))
        found.append(Stay(stay.unit, low, high, stay.state, stay.element, stay.order, stay.operation, stay.item))
        at = high
    return [*found, Stay(unit, at, end, UNKNOWN, TimeElement.UNKNOWN)] if at < end else found


_Pieces = list[tuple[Spell, list[tuple[int, int]]]]


def _pieces(spells: Sequence[Spell], stays: Sequence[Stay]) -> _Pieces:
    """Each spell with (stay, time of it within the spell)."""
    found: _Pieces = []
    first = 0
    for spell in spells:
        while stays[first].end <= spell.start:
            first += 1
        within, index = [], first
        while index < len(stays) and stays[index].start < spell.end:
            stay = stays[index]
            within.append((index, min(stay.end, spell.end) - max(stay.start, spell.start)))
            index += 1
        found.append((spell, within))
    return found


def _powers(pieces: _Pieces, stays: Sequence[Stay]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean draw by state: measured alone, and with the best guess for the others."""
    names = sorted({stay.state for stay in stays})
    sums: dict[str, tuple[float, float]] = {}
    rows, drawn = [], []
    for spell, within in pieces:
        hours = dict.fromkeys(names, 0.0)
        for index, span in within:
            hours[stays[index].state] += span / HOUR
        held = [name for name in names if hours[name]]
        if len(held) == 1 and spell.how != "bridged":
            amount, time = sums.get(held[0], (0.0, 0.0))
            sums[held[0]] = (amount + float(spell.amount), time + hours[held[0]])
        rows.append([hours[name] for name in names])
        drawn.append(float(spell.amount))
    alone = {name: max(0.0, amount / time) for name, (amount, time) in sums.items()}
    rest = [name for name in names if name not in alone]
    return alone, alone | _guessed(names, rest, alone, np.array(rows), np.array(drawn))


def _guessed(
    names: Sequence[str], rest: Sequence[str], alone: Mapping[str, float], hours: Any, drawn: Any
) -> dict[str, float]:
    if not rest or not len(drawn):
        return dict.fromkeys(rest, 1.0)
    from scipy.optimize import nnls

    known = np.array([alone.get(name, 0.0) for name in names])
    columns = [names.index(name) for name in rest]
    mean = float(drawn.sum() / max(hours.sum(), 1e-12)) or 1.0
    if np.linalg.matrix_rank(hours[:, columns]) < len(rest):
        return dict.fromkeys(rest, mean)
    found, _ = nnls(hours[:, columns], drawn - hours @ known)
    return {name: float(value) for name, value in zip(rest, found, strict=True)}


def by_rule(
    amount: Decimal, stays: Sequence[Stay], rated: Mapping[str, Mapping[TimeElement, float]], measured_in: str
) -> tuple[Allocation, ...]:
    """Share what no meter saw over work units without a meter, by time in state and rated power: all of it shared.

    rated   unit → time element → power [kW]; an element that is not listed draws nothing
    Raises  InputError where none of them would draw anything
    """
    weights = [Fraction(rated.get(one.unit, {}).get(one.element, 0.0)) * (one.end - one.start) for one in stays]
    parts = [Part(stay, part, part) for stay, part in zip(stays, split(amount, weights), strict=True)]
    units = dict.fromkeys(stay.unit for stay in stays)
    return tuple(
        Allocation(unit, measured_in, tuple(part for part in parts if part.stay.unit == unit), {}) for unit in units
    )


def of_orders(
    allocations: Sequence[Allocation], good: Mapping[str, Decimal], *, idle: str = "direct"
) -> tuple[tuple[OrderEnergy, ...], Decimal]:
    """Energy by order, and what came to none: both add up to what was allocated.

    good  order → good pieces
    idle  one of IDLE_RULES: what comes to orders of the energy that was drawn for none, unit by unit
    """
    if idle not in IDLE_RULES:
        raise InputError("no such rule", came=idle, expected=", ".join(IDLE_RULES), where="idle")
    direct: dict[str, list[Decimal]] = {}
    left = Decimal(0)
    for one in allocations:
        own = one.by("order")
        none = own.pop("", (Decimal(0), Decimal(0)))[0]
        for order, (amount, shared) in own.items():
            sums = direct.setdefault(order, [Decimal(0), Decimal(0), Decimal(0)])
            sums[0] += amount
            sums[2] += shared
        weights = _idle_weights(one, own, idle)
        if none and sum(weights.values()) > 0:
            for order, part in zip(weights, split(none, list(weights.values())), strict=True):
                direct[order][1] += part
        else:
            left += none
    found = tuple(
        OrderEnergy(order, sums[0], sums[1], sums[2], good.get(order)) for order, sums in sorted(direct.items())
    )
    return found, left


def _idle_weights(one: Allocation, own: Mapping[str, tuple[Decimal, Decimal]], idle: str) -> dict[str, Fraction]:
    if idle == "direct":
        return {order: Fraction(max(Decimal(0), amount)) for order, (amount, _) in own.items()}
    if idle == "time":
        spans = dict.fromkeys(own, Fraction(0))
        for part in one.parts:
            if part.stay.order:
                spans[part.stay.order] += part.stay.end - part.stay.start
        return spans
    return {}


def of_lots(energy: Decimal, lots: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Energy of an order on its lots or pieces by their quantity; the parts add up to it exactly."""
    return dict(zip(lots, split(energy, [Fraction(quantity) for quantity in lots.values()]), strict=True))
