"""Meters, what they said, and what that comes to: the words of the energy books.

Amounts are decimals in the unit of the meter, so that sums of readings are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from luban.core.errors import InputError, UnitError
from luban.core.units import parse_unit

__all__ = ["HOUR", "Consumed", "Doubt", "Meter", "Reading", "Spell", "Swap", "exact", "in_unit", "merged"]

HOUR = 3_600_000_000
_DIGITS = 30  # before or after the point, of any number that a meter says


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter of the tree.

    medium    electricity, natural gas, steam, compressed air, water, a waste stream, …
    unit      unit of its amounts, e.g. kWh
    parent    the meter before it; "" for one that stands at the top
    feeds     it brings in beside its parent (a roof of cells, a tank): counts as supply of the parent's node
    capacity  where a register rolls over to 0, e.g. 1000000 [unit]; None: it never does
    rated     the most that can flow [unit/h]; None: judged by what it mostly reads
    error     class of the meter: greatest error as a share of the amount, e.g. 0.01 for class 1; None: not known
    every     reads so often [µs]; None: as it mostly does
    place     equipment path it measures; "" where it is no work unit
    heat      GJ per unit, for factors that are per heat, e.g. 0.0389 for m³ of a gas; None: not known
    """

    id: str
    medium: str
    unit: str
    parent: str = ""
    feeds: bool = False
    capacity: Decimal | None = None
    rated: Decimal | None = None
    error: float | None = None
    every: int | None = None
    place: str = ""
    heat: Decimal | None = None

    def __post_init__(self) -> None:
        parse_unit(self.unit)
        for name in ("capacity", "rated", "every", "heat"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise InputError(f"{name} of a meter is above 0", came=str(value), where=self.id)
        if self.error is not None and not 0 <= self.error < 1:
            raise InputError(
                "the class of a meter is a share", came=str(self.error), where=self.id, expected="e.g. 0.01"
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter said.

    time      when [µs UTC]; of an interval, its end
    register  the counter; None for an interval
    interval  what flowed from `start` to `time`; None for a register
    unit      unit of the number; "" for the meter's own
    quality   0 good, 1-63 uncertain, 64-255 bad
    seq       the fact it comes from; 0 where it comes from no ledger
    """

    time: int
    register: Decimal | None = None
    interval: Decimal | None = None
    start: int | None = None
    unit: str = ""
    quality: int = 0
    seq: int = 0
    medium: str = ""


@dataclass(frozen=True, slots=True)
class Swap:
    """A meter was replaced at `time`: the old one stood at `last`, the new one began at `first` [unit of the meter]."""

    time: int
    last: Decimal
    first: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spell:
    """An amount and when it flowed.

    how  measured; rolled over or replaced: as exact; bridged: known in sum over a gap, not when within it
    """

    start: int
    end: int
    amount: Decimal
    how: str = "measured"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something a meter said that is kept and not counted.

    kind    backwards, jump, unit, medium, quality, overlap, order, gap, swap or twice
    amount  what it would have added, as it was said [unit]; None where nobody knows
    text    in words
    """

    meter: str
    kind: str
    start: int
    end: int
    amount: Decimal | None
    unit: str
    text: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a meter comes to.

    spells  in the order of time, none over another
    doubts  what was left out
    """

    meter: Meter
    spells: tuple[Spell, ...]
    doubts: tuple[Doubt, ...]

    def total(self, start: int | None = None, end: int | None = None) -> Decimal:
        """Amount within the window [unit of the meter]; a spell that reaches out of it is shared by time."""
        return sum((spell.amount for spell in self.within(start, end)), Decimal(0))

    def within(self, start: int | None = None, end: int | None = None) -> tuple[Spell, ...]:
        """The spells of the window, cut at its ends by time."""
        first = 0 if start is None else max(0, bisect_right(self.spells, start, key=lambda spell: spell.start) - 1)
        found = []
        for spell in self.spells[first:]:
            if end is not None and spell.start >= end:
                break
            low = spell.start if start is None else max(spell.start, start)
            high = spell.end if end is None else min(spell.end, end)
            if high <= low:
                continue
            if (low, high) == (spell.start, spell.end):
                found.append(spell)
            else:
                part = spell.amount * (high - low) / (spell.end - spell.start)
                found.append(Spell(low, high, part, spell.how))
        return tuple(found)

    def holes(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Times of the window for which nothing is known."""
        found, at = [], start
        for spell in self.within(start, end):
            if spell.start > at:
                found.append((at, spell.start))
            at = spell.end
        return (*found, (at, end)) if at < end else tuple(found)


def exact(value: float | str | Decimal) -> Decimal:
    """A number as it is written: 0.1 is one tenth. Raises InputError for what is no number, or beyond 10³⁰."""
    try:
        made = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except ArithmeticError:
        raise InputError("not a number", came=str(value)) from None
    if not made.is_finite() or (made and abs(made.adjusted()) > _DIGITS):
        raise InputError("not a number", came=str(value))
    return made


def in_unit(amount: Decimal, unit: str, wanted: str) -> Decimal:
    """The amount in another unit, exact where a decimal can be. Raises UnitError where they do not convert."""
    if unit == wanted or not unit:
        return amount
    one, other = parse_unit(unit), parse_unit(wanted)
    if not one.converts_to(other):
        raise UnitError("the units do not convert", came=unit, expected=wanted)
    factor = Fraction(one.factor) / other.factor
    return amount * factor.numerator / factor.denominator


def merged(windows: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Windows put together where they touch, in the order of time."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(windows):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)
