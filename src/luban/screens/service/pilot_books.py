"""The plant itself as a pilot by its own books: enrolled before levers go on, judged by what comes after.

Reads   facts of the plant, its `pilot` entries    Writes  Fact(event) of the kind `pilot`, with the act of the person
"""

from __future__ import annotations

import threading
from typing import Any, Final

from luban.core.errors import InputError, LedgerBusyError
from luban.core.time import DAY, now
from luban.pilot.enrolled import FromBooks, enrol, enrolment, judge_enrolment
from luban.screens.service.books import Books
from luban.screens.users import Act

__all__ = ["BEFORE", "EnrolDesk"]

BEFORE: Final = 56
"""Days of the state before, where nobody says how many."""

_MOST: Final = 730
_STALE: Final = 60_000_000


class EnrolDesk:
    """Enrolment of one plant and what its books say. Safe from any thread; what was judged is kept for a minute."""

    def __init__(self, books: Books) -> None:
        self.books, self.view = books, books.view
        self.name = self.view.folder.resolve().name
        self._lock = threading.Lock()
        self._head, self._at = -1, 0
        self._found: FromBooks | None = None

    def judged(self) -> FromBooks | None:
        """What the facts since the levers went on say; None: the plant is not enrolled."""
        with self._lock:
            head, moment = self.view.ledger.head, now()
            if head != self._head and (self._found is None or moment - self._at > _STALE):
                own = enrolment(self.view.ledger, self.name)
                made = None if own is None else judge_enrolment(self.view.ledger, self.view.plant, own, until=moment)
                self._found, self._head, self._at = made, head, moment
            return self._found

    def enrol(self, person: str, *, on: int, days: float = BEFORE) -> FromBooks:
        """Fix the state before, from the facts that are there now.

        on      levers go on then [µs UTC], not before the present
        days    how many days before that make the state before
        Raises  InputError: enrolled already, a date that is over; MissingServiceError
        """
        if not 1 <= days <= _MOST:
            raise InputError("so many days are not looked back", came=f"{days:g}", expected=f"1 … {_MOST}")
        ledger = self.view.ledger
        made = enrol(ledger, self.view.plant, self.name, on=on, since=on - round(days * DAY), person=person)
        self.books.write(Act(person, "plant enrolled", self.name, str(made["text"][0])), "event", made)
        with self._lock:
            self._head, self._found = -1, None
        found = self.judged()
        if found is None:
            raise LedgerBusyError("the books have not taken in what was written", hint="it is durable; look again")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        found = self.judged()
        if found is None:
            return {"enrolled": False, "targets": [], "notes": []}
        own = found.enrolment
        targets = [
            {"metric": one.metric, "change": one.share.mean, "low": one.share.low, "high": one.share.high,
             "days": one.pairs, "verdict": one.verdict, "why": one.why}
            for one in found.changes
        ]  # fmt: skip
        return {
            "enrolled": True, "since": own.since, "fixed": own.fixed, "on": own.on, "targets": targets,
            "notes": list(found.notes),
        }  # fmt: skip
