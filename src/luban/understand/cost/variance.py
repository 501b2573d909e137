"""Why an order cost more or less than its standard: prices and rates, usage and efficiency, mix and yield.

Standard quantities are those of the good pieces made, so what scrap took shows as usage and efficiency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from luban.core.errors import InputError
from luban.understand.cost.money import EXACT, minor
from luban.understand.cost.state import Card

__all__ = ["KINDS", "StandardLine", "Variance", "VarianceLine", "variance_of"]

KINDS: Final = (
    "material price", "material usage", "material mix", "material yield", "machine rate", "machine efficiency",
    "labour rate", "labour efficiency", "tool price", "tool usage", "energy price", "energy usage", "overhead",
    "rework", "rounding",
)  # fmt: skip
"""Kinds of variance; of materials that stand in for each other, usage is told apart into mix and yield."""
_PAIRS: Final = {
    "machine": ("machine rate", "machine efficiency"), "labour": ("labour rate", "labour efficiency"),
    "tool": ("tool price", "tool usage"), "energy": ("energy price", "energy usage"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandardLine:
    """What one good piece should take of one input.

    element   material, machine, labour, tool or energy
    name      item, work unit, person, tool, medium; "" for whatever of the element was used
    quantity  for a piece, in the unit of the price
    price     standard price
    setup     once an order, e.g. hours of setting up
    group     materials of one group may stand in for each other (mix); "" for none
    overhead  overhead on it as a share
    also      machine: work units that may stand in for it; what they did counts here, at their own rates
    """

    element: str
    name: str
    quantity: Decimal
    price: Decimal
    setup: Decimal = Decimal(0)
    group: str = ""
    overhead: Decimal = Decimal(0)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VarianceLine:
    """One variance [minor units], above 0 where it cost more than the standard.

    kind  one of KINDS
    name  the input; "" for several
    """

    kind: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Variance:
    """An order against its standard [minor units]: standard + all lines = actual, to the last unit.

    good      good pieces that the standard is for
    standard  what they should have cost
    actual    what was put into the order
    """

    order: str
    good: Decimal
    standard: int
    actual: int
    lines: tuple[VarianceLine, ...]

    def by_kind(self) -> dict[str, int]:
        """Sum of each kind, in the order of KINDS, zeros left out."""
        sums = {kind: sum(one.amount for one in self.lines if one.kind == kind) for kind in KINDS}
        return {kind: amount for kind, amount in sums.items() if amount}


def variance_of(card: Card, standard: Sequence[StandardLine], *, digits: int = 2) -> Variance:
    """The variances of an order whose pieces are made.

    An input that the standard does not know counts in whole as usage at the price it was bought at.
    Raises  InputError where no good piece was made: there is nothing that the standard is for
    Source  Horngren, Datar, Rajan: Cost Accounting, ch. 7 (price, efficiency) and 14 (mix, yield)
    """
    if not card.good:
        raise InputError("no good piece to compare with the standard", came=card.order)
    used = _used(card, digits)
    sums: dict[tuple[str, str], Decimal] = {}
    _materials(used, standard, card.good, sums)
    for element, (rate, amount) in _PAIRS.items():
        _pair(used, [one for one in standard if one.element == element], element, card.good, (rate, amount), sums)
    planned = Decimal(0)
    loaded = Decimal(0)
    for line in standard:
        value = _need(line, card.good) * line.price
        planned += value
        loaded += value * line.overhead
    sums[("overhead", "")] = Decimal(card.spent.get("overhead", 0)).scaleb(-digits) - loaded
    sums[("rework", "")] = Decimal(card.spent.get("rework", 0)).scaleb(-digits)
    lines = [VarianceLine(kind, name, minor(amount, digits)) for (kind, name), amount in sums.items()]
    whole, actual = minor(planned + loaded, digits), sum(card.spent.values())
    rest = actual - whole - sum(one.amount for one in lines)
    kept = [one for one in (*lines, VarianceLine("rounding", "", rest)) if one.amount]
    kept.sort(key=lambda one: (KINDS.index(one.kind), one.name))
    return Variance(card.order, card.good, whole, actual, tuple(kept))


_Used: TypeAlias = dict[tuple[str, str], tuple[Decimal, Decimal]]
_Sums: TypeAlias = dict[tuple[str, str], Decimal]


def _used(card: Card, digits: int) -> _Used:
    """(quantity, money) by (element, name), states together, rework apart."""
    found: _Used = {}
    for (element, name, _), use in card.uses.items():
        quantity, value = found.get((element, name), (Decimal(0), Decimal(0)))
        found[element, name] = quantity + use.quantity, value + Decimal(use.value).scaleb(-digits)
    return found


def _need(line: StandardLine, good: Decimal) -> Decimal:
    return EXACT.multiply(line.quantity, good) + line.setup


def _materials(used: _Used, standard: Sequence[StandardLine], good: Decimal, sums: _Sums) -> None:
    lines = [one for one in standard if one.element == "material"]
    groups: dict[str, list[StandardLine]] = {}
    for line in lines:
        groups.setdefault(line.group or f"\0{line.name}", []).append(line)
    for members in groups.values():
        needs = [_need(one, good) for one in members]
        taken = [used.get(("material", one.name), (Decimal(0), Decimal(0))) for one in members]
        need, took = sum(needs, Decimal(0)), sum((quantity for quantity, _ in taken), Decimal(0))
        for line, own, (quantity, value) in zip(members, needs, taken, strict=True):
            due = took * own / need if need else Decimal(0)
            sums["material price", line.name] = value - quantity * line.price
            if not line.group:
                sums["material usage", line.name] = (quantity - own) * line.price
                continue
            sums["material mix", line.name] = (quantity - due) * line.price
            sums["material yield", line.name] = (due - own) * line.price
    known = {one.name for one in lines}
    for (element, name), (_, value) in used.items():
        if element == "material" and name not in known:
            sums["material usage", name] = value


def _pair(
    used: _Used, lines: Sequence[StandardLine], element: str, good: Decimal, kinds: tuple[str, str], sums: _Sums
) -> None:
    named = {one.name for one in lines}
    owner = {name: line.name for line in reversed(lines) for name in line.also if name not in named}
    known = named | owner.keys()
    for line in lines:
        fits = [
            held for (kind, name), held in used.items() if kind == element
            and (name == line.name or owner.get(name) == line.name or (not line.name and name not in known))
        ]  # fmt: skip
        quantity = sum((one for one, _ in fits), Decimal(0))
        sums[kinds[0], line.name] = sum((value for _, value in fits), Decimal(0)) - quantity * line.price
        sums[kinds[1], line.name] = (quantity - _need(line, good)) * line.price
    if "" not in named:
        for (kind, name), (_, value) in used.items():
            if kind == element and name not in known:
                sums[kinds[1], name] = value
