"""The books of a plant to the screens: what is read through its view, and acts that bring facts with them.

Writes  Fact(event) and facts of other streams through the screens' spool
"""

from __future__ import annotations

import time
from typing import Protocol

from luban.core.errors import LedgerBusyError, MissingServiceError
from luban.core.time import now
from luban.ledger import Rows
from luban.screens.service.view import PlantView
from luban.screens.users import Act

__all__ = ["Books", "Record"]

_PATIENCE = 5.0  # [s] until the ledger must have taken in what the spool holds


class Record(Protocol):
    """Makes an act durable, and the facts it brings with it."""

    def __call__(self, act: Act, stream: str = "", rows: Rows | None = None) -> None:
        """Durable when it returns."""


class Books:
    """What a page reads and writes. Safe from any thread.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    """

    def __init__(self, view: PlantView, record: Record | None = None) -> None:
        self.view = view
        self._record = record

    @property
    def writable(self) -> bool:
        """Whether acts can be written."""
        return self._record is not None

    def write(self, act: Act, stream: str, rows: Rows) -> int:
        """Make an act and its facts durable; returns the act's seq once the books show both.

        Raises  MissingServiceError (nothing can be written here), LedgerBusyError (the books are behind), InputError
        """
        if self._record is None:
            raise MissingServiceError("nothing can be written here", hint="start the plant")
        since, before = now(), self.view.ledger.head
        self._record(act, stream, rows)
        deadline = time.monotonic() + _PATIENCE
        while (seq := self._written(act, since, before)) is None:
            if time.monotonic() > deadline:
                raise LedgerBusyError("the books have not taken in what was written", hint="it is durable; look again")
            time.sleep(0.03)
        self._wrote()
        return seq

    def _wrote(self) -> None:
        """Something was written: what was kept of the books is read anew."""

    def _written(self, act: Act, since: int, before: int) -> int | None:
        """The act's seq: its facts stand before it, because a spool keeps its order."""
        if self.view.ledger.head <= before:
            return None
        found = self.view.ledger.table("event", subjects=[act.subject], since=since)
        rows = found.select(["seq", "kind", "code"]).to_pylist()
        return max((row["seq"] for row in rows if row["kind"] == "act" and row["code"] == act.code), default=None)
