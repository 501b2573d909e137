"""What happens in a shop and costs money: the events that a cost book is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from luban.core.errors import InputError

__all__ = ["KINDS", "Demand", "ShopEvent"]

KINDS: Final = (
    "receive", "issue", "machine", "labour", "tool", "energy", "complete", "return", "ship", "close"
)  # fmt: skip
"""Kinds of event, in the order in which those of one instant are taken."""


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """One event.

    seq       place in the ledger's order of the fact it rests on, unique with `part`; the later of one instant last
    time      when it was true [µs UTC]
    kind      one of KINDS: receive a bought lot; issue to an order; machine, labour: hours; tool, energy: use;
              complete: good pieces into stock and scrapped ones; return: material back from an order;
              ship: out of the plant; close: the order takes no more cost
    quantity  in the unit of the item, h, or the unit of the price; 0 or more
    order     production order; "" for time and energy on no order
    item      item received, issued, made, shipped
    lot       its lot; "" takes the oldest on hand
    scrap     complete: scrapped pieces
    of        machine: work unit; labour: person; tool: tool; energy: medium
    state     machine: state of the work unit
    rework    done again on pieces that were not good: shown as rework
    part      tells events of one fact apart
    """

    seq: int
    time: int
    kind: str
    quantity: Decimal = Decimal(0)
    order: str = ""
    item: str = ""
    lot: str = ""
    scrap: Decimal = Decimal(0)
    of: str = ""
    state: str = ""
    rework: bool = False
    part: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError("no such kind of event", came=self.kind, expected=", ".join(KINDS))
        for value in (self.quantity, self.scrap):
            if not value.is_finite() or value < 0:
                raise InputError("a quantity below zero", came=str(value), where=f"fact {self.seq}")

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from all others."""
        return self.seq, self.part

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Its place in time."""
        return self.time, KINDS.index(self.kind), self.seq, self.part


@dataclass(frozen=True, slots=True)
class Demand:
    """An order as it was placed.

    order     its number
    item      item made
    quantity  pieces ordered; None where it is not known
    """

    order: str
    item: str
    quantity: Decimal | None = None
