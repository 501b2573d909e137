"""How far a recall has come: who was told, who answered, how much is accounted for.

Reads   Fact(event) of kind `recall`    Writes  nothing itself: `recall_row` makes the row of an entry
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.understand.book import entries, row

__all__ = ["RecallCase", "Told", "recall_cases", "recall_row"]

_CODES: Final = ("open", "notify", "answer", "close")


@dataclass(slots=True)
class Told:
    """One customer in a recall.

    quantity     affected that went there, as notified
    returned, destroyed, used  what the customer says became of it
    """

    customer: str
    orders: tuple[str, ...] = ()
    quantity: float = 0.0
    notified: int | None = None
    answered: int | None = None
    returned: float = 0.0
    destroyed: float = 0.0
    used: float = 0.0

    @property
    def accounted(self) -> float:
        """What the answers account for, no more than was affected."""
        return min(self.returned + self.destroyed + self.used, self.quantity)


@dataclass(slots=True)
class RecallCase:
    """A recall as its entries have it."""

    id: str
    suspects: tuple[str, ...] = ()
    reason: str = ""
    opened: int = 0
    closed: int | None = None
    told: dict[str, Told] = field(default_factory=dict)

    @property
    def quantity(self) -> float:
        """Affected quantity that left the plant, as notified."""
        return sum(one.quantity for one in self.told.values())

    @property
    def closure(self) -> float | None:
        """Share of the affected quantity that is accounted for [1]; None before anybody was told."""
        return sum(one.accounted for one in self.told.values()) / self.quantity if self.quantity > 0 else None

    @property
    def answered(self) -> float | None:
        """Share of the customers told that answered [1]."""
        told = [one for one in self.told.values() if one.notified is not None]
        return sum(one.answered is not None for one in told) / len(told) if told else None


def recall_row(
    id: str, code: str, *, person: str, text: str = "", data: Mapping[str, Any] | None = None, time: int | None = None  # noqa: A002
) -> dict[str, list[Any]]:  # fmt: skip
    """The row of an entry, as `luban.understand.book.row` makes it.

    code    open: data {suspects}; notify: {customer, orders, quantity}; answer: {customer, returned, destroyed, used};
            close
    Raises  InputError: unknown code, fields missing, a quantity below 0
    """
    data = dict(data or {})
    if code not in _CODES:
        raise InputError("a recall has no such entry", came=code, expected=", ".join(_CODES))
    needed = {"open": ("suspects",), "notify": ("customer", "quantity"), "answer": ("customer",)}.get(code, ())
    missing = [name for name in needed if not data.get(name) and data.get(name) != 0]
    wrong = [name for name in ("quantity", "returned", "destroyed", "used") if not float(data.get(name, 0)) >= 0]
    if missing or wrong:
        raise InputError(f"fields of a recall's {code}", came=", ".join(missing + wrong), expected=", ".join(needed))
    return row("recall", id, code, person=person, text=text, data=data, time=time)


def recall_cases(ledger: Ledger, *, as_of: int | None = None) -> dict[str, RecallCase]:
    """Recalls by id, as of a seq. An answer given again counts instead of the one before it."""
    found: dict[str, RecallCase] = {}
    for one in entries(ledger, "recall", as_of=as_of):
        case = found.setdefault(one.subject, RecallCase(one.subject, opened=one.time))
        if one.code == "open":
            case.suspects, case.reason, case.opened = tuple(one.data.get("suspects", ())), one.text, one.time
            case.closed = None
        elif one.code == "close":
            case.closed = one.time
        elif one.code in ("notify", "answer"):
            customer = str(one.data.get("customer", ""))
            told = case.told.setdefault(customer, Told(customer))
            if one.code == "notify":
                told.orders, told.notified = tuple(one.data.get("orders", ())), one.time
                told.quantity = float(one.data.get("quantity", 0.0))
            else:
                told.answered = one.time
                for name in ("returned", "destroyed", "used"):
                    setattr(told, name, float(one.data.get(name, 0.0)))
    return found
