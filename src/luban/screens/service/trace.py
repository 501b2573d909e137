"""The trace of a plant to the screens: one graph for all who ask, read in the background and kept in step.

Reads   Fact(genealogy, movement, operation, measurement, event)
Writes  Fact(event) of kind `recall` through the screens' spool
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import InputError, LedgerBusyError
from luban.core.interrupts import handed_on
from luban.core.time import now
from luban.ledger import Ledger
from luban.screens.service.books import Books, Record
from luban.screens.service.view import PlantView
from luban.understand.trace import STREAMS, Condition, Match, Trace, same, windows_asked
from luban.understand.trace.gs1 import Gs1, parse_gs1
from luban.understand.trace.records import GENEALOGY, KINDS

__all__ = ["NOT_READ", "NO_LOT", "TraceBooks", "as_scanned"]

log = logging.getLogger(__name__)

NOT_READ: Final = "the facts of trace are being read"
NO_LOT: Final = "no fact names this lot"

_STEP: Final = 2.0  # between looks at the books [s]
_IDLE: Final = 1800.0  # until a graph that nobody asks for is let go [s]
_MOST: Final = 20_000_000  # facts of use that are held, the newest
_SHOWN: Final = 12
_PART: Final = 200_000  # names that are searched at once
_SEARCH: Final = 0.3  # a search for names ends after it [s]
_LONG: Final = {
    "8018": 18,
    "414": 13,
    "8003": 0,
    "8004": 0,
    "254": 0,
}  # identifiers of more digits; 0: up to a separator
_FIXED: Final = {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}


class TraceBooks(Books):
    """Everything that pages and REST may ask about lots. Safe from any thread.

    view    the plant
    record  takes acts with their facts; without it nothing can be written
    most    facts of use that are held at most; of more, the newest
    idle    after so long without a question the graph is let go [s]
    """

    def __init__(
        self, view: PlantView, record: Record | None = None, *, most: int = _MOST, idle: float = _IDLE
    ) -> None:
        super().__init__(view, record)
        self._most, self._idle = most, idle
        self._lock = threading.RLock()
        self._state = threading.Lock()
        self._catching = threading.Lock()
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._trace: Trace | None = None
        self._asked = 0.0
        self._seen = self._version = 0
        self._hidden: dict[str, int] = {}
        self.since: int | None = None
        """Facts of use from then on are held, where there are too many; else None [µs UTC]."""

    @property
    def reading(self) -> bool:
        """The facts are still being read, or nobody has asked yet."""
        return not self._ready.is_set()

    @property
    def seen(self) -> int:
        """Newest seq that the graph rests on; 0 while it is being read."""
        return self._seen if self._ready.is_set() else 0

    @property
    def version(self) -> int:
        """Another number whenever facts of trace came in or were corrected; 0 while they are being read."""
        return self._version if self._ready.is_set() else 0

    @contextmanager
    def asked(self, patience: float = 5.0) -> Iterator[Trace]:
        """The graph, to be asked by one thread at a time; begins to read it where that is not done.

        patience  how long to wait for it [s]
        Raises    LedgerBusyError while the facts are being read
        """
        self._asked = time.monotonic()
        self._begin()
        if not self._ready.wait(patience):
            raise LedgerBusyError(NOT_READ, hint="ask again in a moment")
        with self._lock:
            trace = self._trace
            if trace is None:
                raise LedgerBusyError(NOT_READ, hint="ask again in a moment")
            yield trace

    def stop(self) -> None:
        """End the reading beside."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    # ------------------------------------------------------------------ keeping step

    def _begin(self) -> None:
        with self._state:
            if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_set():
                self._thread = threading.Thread(target=self._follow, name="luban trace", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        while not self._stop.is_set():
            with self._state:
                if self._ready.is_set() and time.monotonic() - self._asked > self._idle:
                    self._ready.clear()
                    self._trace, self._thread = None, None
                    return
            try:
                handed_on(self.catch_up)()
            except Exception:
                log.exception("the facts of trace could not be read; they are tried again")
            self._stop.wait(_STEP)

    def catch_up(self) -> None:
        """Take in what came into the books since; read all anew after a correction."""
        with self._catching:
            self._catch_up()

    def _catch_up(self) -> None:
        ledger = self.view.ledger
        head = ledger.head
        if self._trace is not None and head <= self._seen:
            return
        hidden = {stream: len(ledger.superseded(stream, as_of=head)) for stream in STREAMS}
        over = self._trace is not None and len(self._trace.graph) > self._most * 5 // 4
        if self._trace is None or hidden != self._hidden or over:
            since = _since(ledger, self._most, head)
            made = Trace(partners=self.view.plant.customers)
            for stream in STREAMS:
                made.add(stream, _facts(ledger, stream, 0, head, since))
            made.examine()
            with self._lock:
                self._trace, self._hidden, self._seen, self.since = made, hidden, head, since
                self._version += 1
            self._ready.set()
            return
        fresh = {stream: _facts(ledger, stream, self._seen, head, None) for stream in STREAMS}
        with self._lock:
            for stream, rows in fresh.items():
                self._trace.add(stream, rows)
            self._trace.as_of = self._seen = head
            self._version += any(rows.num_rows for rows in fresh.values())

    # ------------------------------------------------------------------ finding

    def told(self) -> dict[str, Any]:
        """What is held: counts of lots and facts, doubts, the newest fact; only `reading` while it is being read."""
        try:
            with self.asked(0.5) as trace:
                return {
                    "reading": False, "lots": len(trace.lots), "uses": len(trace.graph), "movements": len(trace.moves),
                    "steps": len(trace.steps), "doubts": len(trace.doubts), "as_of": trace.as_of, "since": self.since,
                    "bytes": trace.graph.nbytes + trace.lots.nbytes,
                }  # fmt: skip
        except LedgerBusyError:
            return {"reading": True}

    def suggest(self, text: str, limit: int = _SHOWN) -> list[str]:
        """Names of lots that begin with the text, then those that hold it."""
        text = text.strip()
        if not text:
            return []
        with self.asked() as trace:
            lots, known = trace.lots, len(trace.lots)
        first: list[str] = []
        inside: list[str] = []
        until = time.monotonic() + _SEARCH
        for low in range(0, known, _PART):
            names = lots.array(np.arange(low, min(low + _PART, known)))
            first += names.filter(pc.starts_with(names, text, ignore_case=True)).slice(0, limit).to_pylist()
            if len(inside) < 2 * limit:
                inside += names.filter(pc.match_substring(names, text, ignore_case=True)).slice(0, limit).to_pylist()
            if len(first) >= limit or time.monotonic() > until:
                break
        return list(dict.fromkeys(first + inside))[:limit]

    def find(self, text: str) -> str:
        """The lot that was typed or scanned. Raises InputError where no fact names it."""
        wanted = as_scanned(text)
        with self.asked() as trace:
            for name in wanted:
                if trace.lots.id(name) >= 0:
                    return name
        near = self.suggest(wanted[0]) if wanted else []
        if len(near) == 1 and wanted and near[0].lower() == wanted[0].lower():
            return near[0]
        raise InputError(NO_LOT, came=text.strip(), expected=", ".join(near[:5]), hint="look at its spelling")

    def names(self, what: str) -> list[str]:
        """Names of tools, persons, units, orders, operations, items in steps of work, or of gauges; at most 500."""
        with self.asked() as trace:
            ids = np.unique((trace.looks if what == "gauge" else trace.steps)[what])
            return sorted(name for name in trace.labels.array(ids[ids >= 0][:500]).to_pylist() if name)

    def same(
        self,
        named: Mapping[str, str],
        *,
        alarm: str = "",
        signal: str = "",
        low: float | None = None,
        high: float | None = None,
        margin: int = 0,
        since: int | None = None,
        until: int | None = None,
    ) -> Match:
        """Lots that ran under a condition.

        named         unit, order, operation, item, person, tool, gauge: those that are asked for
        alarm         code of an alarm, or a work unit: steps while it lasted
        signal        steps while it lay below `low` or above `high`
        margin        so much before and after such a time counts too [µs]
        since, until  steps that ran between [µs UTC]
        Raises        InputError: nothing is asked for, a name that no fact holds, no such alarm or time
        """
        last = now() if until is None else until
        windows = (
            windows_asked(self.view.ledger, alarm=alarm, signal=signal, low=low, high=high, margin=margin, since=since,
                          until=last)
            if alarm or signal else ()
        )  # fmt: skip
        asked = Condition(**{k: v for k, v in named.items() if v}, since=since, until=until, windows=windows)
        with self.asked() as trace:
            return same(trace, asked)


def as_scanned(text: str) -> list[str]:
    """Names that a typed or scanned text may stand for: itself, and what a GS1 identifier in it says.

    A scanner's symbology identifier (`]d2`, ISO/IEC 15424) is taken off, and a raw element string (GS1 General
    Specifications 7.8) is read.

    Example  as_scanned("]d201095211410123452120017")[-1] == "20017"
    """
    plain = re.sub(r"^\][A-Za-z][0-9A-Za-z]", "", text.strip()).strip("\x1d")
    found = [plain] if plain else []
    for given in (plain, _bracketed(plain)):
        try:
            one = parse_gs1(given) if given else None
        except InputError:
            continue
        if one is not None:
            found += _names(one)
    return list(dict.fromkeys(found))


def _names(one: Gs1) -> list[str]:
    return [name for name in (one.digital_link, one.element_string, one.serial, one.lot, one.key) if name]


def _bracketed(text: str) -> str:
    """A raw element string with its application identifiers in brackets; "" where it is none."""
    parts, at = [], 0
    while at < len(text):
        ai = next((own for own in _LONG if text.startswith(own, at)), text[at : at + 2])
        length = _LONG.get(ai, _FIXED.get(ai, 0))
        begin = at + len(ai)
        if length:
            end = begin + length
            if end > len(text):
                return ""
        elif ai in _LONG or ai in {"10", "21", "22", "30", "37"}:
            end = text.find("\x1d", begin)
            end = len(text) if end < 0 else end
        else:
            return ""
        parts.append(f"({ai}){text[begin:end]}")
        at = end + (text[end : end + 1] == "\x1d")
    return "".join(parts)


def _facts(ledger: Ledger, stream: str, after: int, head: int, since: int | None) -> pa.Table:
    """Facts of a stream with after < seq ≤ head, as the trace needs them."""
    frame = ledger.frame(stream, as_of=head, since=since if stream == "genealogy" else None)
    if after:
        frame = frame.filter(nw.col("seq") > after)
    if stream == "measurement":
        frame = frame.filter(~(nw.col("lot").is_null() & nw.col("serial").is_null()))
    needed = dict.fromkeys(column for column, _ in (KINDS.get(stream) or GENEALOGY).values())
    return pa.table(frame.select(*needed).sort("seq").collect("pyarrow").to_native())


def _since(ledger: Ledger, most: int, head: int) -> int | None:
    """From when on the newest so many facts of use are; None where there are no more."""
    frame = ledger.frame("genealogy", as_of=head)
    count = int(frame.select(nw.len()).collect("pyarrow").item())
    if count <= most:
        return None
    times = frame.select("time").collect("pyarrow")["time"].to_numpy()
    return int(np.partition(times, count - most)[count - most])
