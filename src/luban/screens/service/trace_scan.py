"""Scans to the screens: what a code stands for, and what was read together booked as one event with its facts.

Reads   the nouns of the plant, the graph of trace, Fact(event) of kind `scan`
Writes  Fact(event) of kind `scan`, Fact(operation, genealogy, movement) through the screens' spool
"""

from __future__ import annotations

import threading
from typing import Final

from luban.core.errors import InputError
from luban.core.time import now
from luban.screens.service.trace import TraceBooks, as_scanned
from luban.screens.users import Act
from luban.understand.book import Entry, entries
from luban.understand.trace import Join, Named, check_join, identify, rows_of
from luban.understand.trace.gs1 import parse_gs1

__all__ = ["ScanDesk"]

_LISTED: Final = 20
_MINUTE: Final = 60_000_000


class ScanDesk:
    """Everything that may be asked and written at a work place with a scanner. Safe from any thread."""

    def __init__(self, books: TraceBooks) -> None:
        self.books = books
        self._writing = threading.Lock()

    def identify(self, code: str) -> Named:
        """What a code stands for. Raises InputError: nothing is named so, or several things are."""
        with self.books.asked() as trace:
            return identify(self.books.view.plant, trace, as_scanned(code))

    def new_name(self, code: str) -> str:
        """The name of a part that is born: of a GS1 identifier its serial number or lot, else what was read."""
        names = as_scanned(code)
        for name in names:
            try:
                one = parse_gs1(name)
            except InputError:
                continue
            return one.serial or one.lot or one.key
        return names[0] if names else code

    def item_of(self, part: str) -> str:
        """The item of a part; "" where no fact says it."""
        with self.books.asked() as trace:
            ids = trace.lots.ids([part])
            return trace.labels.name(int(trace.item_of(ids)[0]))

    def latest(self) -> list[Entry]:
        """What was joined last, the newest first; at most 20."""
        return list(entries(self.books.view.ledger, "scan"))[: -_LISTED - 1 : -1]

    def join(
        self, part: str, machine: str, *, person: str, worker: str = "", tool: str = "", order: str = "",
        operation: str = "", components: tuple[tuple[str, float], ...] = (), new: str = "",
        start: int | None = None, end: int | None = None,
    ) -> Join:  # fmt: skip
        """Book what was read together.

        person      who books it
        worker      who did the work, as read
        start, end  of the work [µs UTC]; else it ends now, and began a minute before
        Raises      InputError as `check_join`
        """
        last = now() if end is None else end
        one = Join(
            part, machine, last - _MINUTE if start is None else start, last, worker, tool, order, operation, components,
            new,
        )  # fmt: skip
        plant = self.books.view.plant
        with self._writing:
            self.books.catch_up()
            with self.books.asked() as trace:
                check_join(plant, trace, one)
                item = one.new or self.item_of(part)
                steps = {step.operation for step in plant.routing if step.item == item
                         and step.unit in plant.ancestry(machine)}  # fmt: skip
                rows = list(rows_of(one, trace, operation=steps.pop() if len(steps) == 1 else ""))
            for stream, columns in rows:
                self.books.write(Act(person, f"scan {stream}", part, machine), stream, columns)
            self.books.catch_up()
        return one
