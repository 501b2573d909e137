"""The recall desk: cases opened from suspect lots, notices to customers, their answers, until all is accounted for.

Reads   Fact(event) of kind `recall`, the graph of trace
Writes  Fact(event) of kind `recall` through the screens' spool
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.screens.service.trace import TraceBooks
from luban.screens.users import Act
from luban.understand.trace import (
    Mock,
    Notice,
    Recall,
    RecallCase,
    Trace,
    mock_recall,
    recall,
    recall_cases,
    recall_row,
)

__all__ = ["BECAME", "RecallDesk", "case_document", "of_case"]

BECAME: Final = ("returned", "destroyed", "used")
"""What may have become of goods that a customer had."""

_MOST: Final = 10_000
_MOCKS: Final = 20


class RecallDesk:
    """Everything that may be asked and written about recalls of a plant. Safe from any thread."""

    def __init__(self, books: TraceBooks) -> None:
        self.books = books
        self._writing = threading.Lock()

    def cases(self) -> dict[str, RecallCase]:
        """Recalls by id, the newest first."""
        found = recall_cases(self.books.view.ledger)
        return dict(sorted(found.items(), key=lambda one: (one[1].closed is not None, -one[1].opened)))

    def case(self, id: str) -> RecallCase:  # noqa: A002
        """One recall. Raises InputError where there is no such one."""
        known = self.cases()
        if id not in known:
            raise InputError("no such recall", came=id, expected=", ".join(list(known)[:20]))
        return known[id]

    def suspects(self, text: str) -> tuple[str, ...]:
        """The lots of a list typed or scanned: one a line, or between commas or semicolons.

        Raises InputError: none is named, more than 10,000, a lot that no fact names
        """
        with self.books.asked() as trace:
            parts = [
                part.strip() for line in text.splitlines()
                for part in ([line] if trace.lots.id(line.strip()) >= 0 else re.split("[,;]", line)) if part.strip()
            ]  # fmt: skip
        return self._found(parts)

    def _found(self, names: Sequence[str]) -> tuple[str, ...]:
        if not names or len(names) > _MOST:
            raise InputError("a recall begins with suspect lots", came=str(len(names)), expected=f"1 to {_MOST:,}")
        return tuple(dict.fromkeys(self.books.find(name) for name in names))

    def affected(self, suspects: Sequence[str]) -> Recall:
        """What the suspect lots went into, with grades; ask of what it rests on only within `books.asked()`.

        Raises InputError for a lot that no fact names
        """
        with self.books.asked() as trace:
            return recall(trace, suspects)

    def mock(self, count: int, seed: int) -> tuple[Mock, ...]:
        """Draw lots and call each back, checked the other way round. Raises InputError where nothing was used."""
        if not 1 <= count <= _MOCKS:
            raise InputError("how many mock recalls?", came=str(count), expected=f"1 to {_MOCKS}")
        with self.books.asked() as trace:
            return mock_recall(trace, count, seed=seed)

    # ------------------------------------------------------------------ acts

    def open(self, suspects: Sequence[str], reason: str, *, person: str) -> str:
        """Open a case; its id.

        Raises InputError: no lots, one that no fact names, no reason
        """
        lots = self._found(list(suspects))
        if not reason.strip():
            raise InputError("a recall is opened with a reason")
        with self._writing:
            known = recall_cases(self.books.view.ledger)
            number = 1 + max((int(one[2:]) for one in known if one.startswith("R-") and one[2:].isdigit()), default=0)
            made = f"R-{number}"
            self._write(made, "open", person, reason.strip()[:500], {"suspects": list(lots)})
        return made

    def notify(self, id: str, customer: str, *, person: str) -> Notice:  # noqa: A002
        """Put on record that a customer was told, with what went there. Raises InputError: not a customer of it."""
        with self._writing:
            case = self._running(id)
            with self.books.asked() as trace:
                one = next((one for one in of_case(trace, case)[1] if one.customer == customer), None)
            if one is None:
                raise InputError("nothing of it went to this customer", came=customer)
            data = {"customer": customer, "orders": list(one.orders), "quantity": one.quantity}
            self._write(id, "notify", person, "", data)
            return one

    def answer(self, id: str, customer: str, became: Mapping[str, float], *, person: str, text: str = "") -> None:  # noqa: A002
        """What a customer says became of the goods; an answer given again counts instead of the one before it.

        became  returned, destroyed, used: quantities
        Raises  InputError: the customer was not told, more than was delivered, below 0
        """
        with self._writing:
            told = self._running(id).told.get(customer)
            if told is None or told.notified is None:
                raise InputError("this customer was not told yet", came=customer)
            amounts = {name: float(became.get(name, 0.0)) for name in BECAME}
            if not all(np.isfinite(one) and one >= 0 for one in amounts.values()):
                raise InputError("a quantity is a number of 0 or more", came=str(amounts))
            if sum(amounts.values()) > told.quantity * (1 + 1e-9):
                raise InputError(
                    "the answer accounts for more than was delivered", came=f"{sum(amounts.values()):g}",
                    expected=f"≤ {told.quantity:g}",
                )  # fmt: skip
            self._write(id, "answer", person, text[:500], {"customer": customer, **amounts})

    def close(self, id: str, text: str, *, person: str) -> None:  # noqa: A002
        """Close a case; with a reason where not all is accounted for.

        Raises InputError: customers not told, or something open and no reason
        """
        with self._writing:
            case = self._running(id)
            with self.books.asked() as trace:
                notices = of_case(trace, case)[1]
            missing = [one.customer for one in notices if one.customer not in case.told]
            if missing:
                raise InputError("customers are still to be told", came=", ".join(missing[:10]))
            if case.told and case.closure != 1 and not text.strip():
                raise InputError("not all is accounted for: a case is closed like that only with a reason")
            self._write(id, "close", person, text.strip()[:500], {"closure": case.closure})

    def _running(self, id: str) -> RecallCase:  # noqa: A002
        case = self.case(id)
        if case.closed is not None:
            raise InputError("this recall is closed", came=id)
        return case

    def _write(self, id: str, code: str, person: str, text: str, data: Mapping[str, Any]) -> None:  # noqa: A002
        rows = recall_row(id, code, person=person, text=text, data=data)
        self.books.write(Act(person, f"recall {code}", id, text), "event", rows)


def of_case(trace: Trace, case: RecallCase) -> tuple[Recall, tuple[Notice, ...]]:
    """What a case reaches by the books of now, and whom to tell. Raises InputError for a lot gone from them."""
    found = recall(trace, case.suspects)
    return found, found.notices()


def case_document(case: RecallCase) -> dict[str, Any]:
    """A case for REST."""
    told = [{name: getattr(one, name) for name in one.__slots__} | {"orders": list(one.orders),
             "accounted": one.accounted} for one in case.told.values()]  # fmt: skip
    return {
        "id": case.id, "suspects": list(case.suspects), "reason": case.reason, "opened": case.opened,
        "closed": case.closed, "quantity": case.quantity, "closure": case.closure, "answered": case.answered,
        "told": told,
    }  # fmt: skip
