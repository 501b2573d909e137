"""How orders and lots stand while a cost book is made, and what was left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from luban.understand.cost.journal import Entry
from luban.understand.cost.money import EXACT, minor

__all__ = ["Card", "Doubt", "Outcome", "Stock", "Take", "Use", "part_of"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A fact, or part of one, that is in no total.

    seq, part  the event
    kind       no price, no rate, unknown lot, before produced, more than there was, unpriced lot, more back than issued
    about      item and lot, work unit, person, tool or medium
    quantity   quantity that was left out, in its unit
    amount     what it would have come to [minor units]; None where it is not known
    order      order it names
    """

    seq: int
    part: int
    kind: str
    about: str
    quantity: Decimal
    amount: int | None = None
    order: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """What came out of a lot, or went into it: quantity in the item's unit, value in minor units."""

    item: str
    lot: str
    quantity: Decimal
    value: int
    role: str


@dataclass(slots=True)
class Stock:
    """A lot on hand. priced: its value is known; opened: what it was made of in all."""

    role: str
    quantity: Decimal = Decimal(0)
    value: int = 0
    priced: bool = True

    def take(self, quantity: Decimal) -> int:
        """Value of a part of it, taken out; the last part takes what is left, so that none is lost."""
        last = quantity == self.quantity
        value = self.value if last else part_of(self.value, quantity, self.quantity)
        self.quantity -= quantity
        self.value -= value
        return value


@dataclass(slots=True)
class Use:
    """Quantity and value of one input of an order."""

    quantity: Decimal = Decimal(0)
    value: int = 0


@dataclass(slots=True)
class Card:
    """An order's cost card.

    order, item  the order and what it makes
    planned      pieces ordered; None where not known
    good, scrap  pieces so far
    wip          value in progress by element [minor units]
    spent        all that was put in by element
    carried      what good pieces carried into stock by element
    lost         scrap that no piece carries
    recovered    what scrapped pieces brought
    settled      what was left at closing or came after it
    closed       no more cost is taken
    uses         by (element, name, state): what went in; rework apart
    issued       by (item, lot): what was issued and not given back
    """

    order: str
    item: str
    planned: Decimal | None
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    wip: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    recovered: int = 0
    settled: int = 0
    closed: bool = False
    uses: dict[tuple[str, str, str], Use] = field(default_factory=dict)
    issued: dict[tuple[str, str], Use] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """Value in progress [minor units]."""
        return sum(self.wip.values())

    @property
    def total(self) -> int:
        """All that the order has cost so far, scrap recovered taken off [minor units]."""
        return sum(self.spent.values()) - self.recovered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the book made of one event.

    takes    what came out of lots, or went into them
    carried  of good pieces coming out: what they carry by element [minor units]; it adds up to their lot's value
    """

    entry: Entry | None
    doubts: tuple[Doubt, ...] = ()
    takes: tuple[Take, ...] = ()
    carried: Mapping[str, int] = field(default_factory=dict)


def part_of(value: int, part: Decimal, whole: Decimal) -> int:
    """Share of a value [minor units], rounded half away from zero."""
    return minor(EXACT.divide(EXACT.multiply(Decimal(value), part), whole), 0)
