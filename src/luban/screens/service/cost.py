"""The cost books of a plant to the screens: worked out beside all else, and kept in step with facts and prices.

Reads   Fact(movement, genealogy, operation, state, count, meter, posting), the plant's tables    Writes  nothing
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Final

import narwhals as nw

from luban.core.errors import InputError, LedgerBusyError, LubanError
from luban.core.interrupts import handed_on
from luban.ledger import Ledger
from luban.plant import load
from luban.screens.service.books import Books, Record
from luban.screens.service.cost_view import CostView
from luban.screens.service.view import PlantView
from luban.understand.cost.facts import plant_cost

__all__ = ["NOT_READ", "NO_PRICES", "CostBooks"]

log = logging.getLogger(__name__)

NOT_READ: Final = "the cost books are being worked out"
NO_PRICES: Final = "the plant has no prices"

_STEP: Final = 2.0  # between looks at facts and tables [s]
_FRESH: Final = 1.0  # who asks waits so long for the newest books [s]
_PATIENCE: Final = 5.0  # for work that goes on at the end [s]
_PAUSE: Final = 10  # times as long as the books took is waited before they are worked out again
_LONGEST: Final = 600.0  # the longest of these pauses [s]


class CostBooks(Books):
    """Everything that pages and REST may ask about cost. Safe from any thread.

    The books are a function of the facts and the plant's tables. When somebody asks, both are looked at, at most every
    two seconds; what is new is worked out in a thread beside, and long work is not begun again at once. Tables that
    were edited are read again, so that a new price shows without a restart.
    """

    def __init__(self, view: PlantView, record: Record | None = None) -> None:
        super().__init__(view, record)
        self._state = threading.Lock()
        self._making = threading.Lock()
        self._ready = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._after = 0.0
        self._made: CostView | None = None
        self._error: LubanError | None = None
        self._seen = -1
        self._hidden: Mapping[str, int] = {}
        self._tables: tuple[tuple[str, int, int], ...] | None = None
        self._version = 0

    @property
    def version(self) -> int:
        """Another number whenever the books have become others; 0 while the first ones are being worked out."""
        return self._version if self._ready.is_set() else 0

    def asked(self, patience: float = 10.0) -> CostView:
        """The books; where working out the newest facts takes longer than a second, those before them.

        patience  how long to wait for the first ones [s]
        Raises    LedgerBusyError while they are being worked out; InputError where the plant has no prices, or a table
                  of it cannot be read
        """
        begun = self._look()
        if begun is not None:
            begun.join(min(_FRESH, patience))
        if not self._ready.wait(patience):
            raise LedgerBusyError(NOT_READ, hint="ask again in a moment")
        with self._state:
            error, made = self._error, self._made
        if made is None:
            raise error or LedgerBusyError(NOT_READ, hint="ask again in a moment")
        return made

    def stop(self) -> None:
        """Begin no more work, and wait a little for what goes on; it only reads, and ends with the process."""
        with self._state:
            self._ended, thread = True, self._thread
        if thread is not None:
            thread.join(_PATIENCE)

    # ------------------------------------------------------------------ keeping step

    def _look(self) -> threading.Thread | None:
        """Begin to look at facts and tables, where that is due and not going on; the thread that does it."""
        with self._state:
            going = self._thread is not None and self._thread.is_alive()
            if self._ended or going or time.monotonic() < self._after:
                return None
            thread = self._thread = threading.Thread(target=self._work, name="luban cost", daemon=True)
            thread.start()
            return thread

    def _work(self) -> None:
        begun = time.monotonic()
        try:
            handed_on(self.catch_up)()
        except Exception:
            log.exception("the cost books could not be worked out; it is tried again")
        took = time.monotonic() - begun
        self._after = time.monotonic() + max(_STEP, min(_PAUSE * took, _LONGEST))

    def catch_up(self) -> None:
        """Work the books out anew where facts that they rest on, or tables of the plant, have changed."""
        with self._making:
            ledger, tables = self.view.ledger, self._stamps()
            head = ledger.head
            if tables == self._tables and (head == self._seen or not self._touched(ledger, head)):
                self._seen = head
                return
            made: CostView | None = None
            error: LubanError | None = None
            try:
                made = self._work_out(ledger, head)
            except LubanError as raised:
                error = raised
            self._hidden = {name: len(ledger.superseded(name, as_of=head)) for name in _streams(made)} if made else {}
            self._seen, self._tables = head, tables
            with self._state:
                self._made, self._error = made, error
                self._version += 1
            self._ready.set()

    def _work_out(self, ledger: Ledger, head: int) -> CostView:
        plant = load(self.view.folder)
        if not plant.prices:
            raise InputError(
                NO_PRICES, where="prices.csv", expected="kind, of, price, per",
                hint="a line of it: machine,machining/lathe01,60,h",
            )  # fmt: skip
        posted = ledger.table("posting", as_of=head).to_pylist()
        return CostView(plant_cost(ledger, plant, as_of=head), plant, head, posted)

    def _stamps(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for path in self.view.folder.iterdir():
            if path.suffix in {".csv", ".toml", ".xlsx"}:
                told = path.stat()
                found.append((path.name, told.st_mtime_ns, told.st_size))
        return tuple(sorted(found))

    def _touched(self, ledger: Ledger, head: int) -> bool:
        """Whether facts came since that the books rest on, or some were corrected."""
        if self._made is None:
            return False  # without prices, or with a table that cannot be read, facts change nothing
        streams = _streams(self._made)
        if any(len(ledger.superseded(name, as_of=head)) != self._hidden[name] for name in streams):
            return True
        return any(_came(ledger, name, self._seen, head) for name in streams)


def _streams(made: CostView) -> tuple[str, ...]:
    """What the books rest on, and where they are posted."""
    return (*made.cost.facts, "posting")


def _came(ledger: Ledger, stream: str, after: int, head: int) -> bool:
    fresh = ledger.frame(stream, as_of=head).filter(nw.col("seq") > after)
    if stream == "event":  # of events only notes say something of orders
        fresh = fresh.filter(nw.col("kind") == "note")
    return bool(int(fresh.select(nw.len()).collect("pyarrow").item()))
