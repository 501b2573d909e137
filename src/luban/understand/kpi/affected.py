"""Which shifts must be made again because facts came in late or were corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from luban.core.time import now as clock
from luban.ledger import Ledger
from luban.plant import Plant, Shift

__all__ = ["Window", "affected_windows"]

Span = tuple[int, int | None]  # [µs UTC], None: up to now


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One shift of one work unit; start and end in µs UTC."""

    unit: str
    start: int
    end: int
    shift: str


def affected_windows(ledger: Ledger, plant: Plant, since_seq: int, *, now: int | None = None) -> list[Window]:
    """Shifts of work units whose inputs changed after the fact `since_seq`.

    Reading only these again gives what reading everything again would give. A new state matters until the unit's
    next one; an `alive` interval or a `gap` matters from its start until the first state after its end; a count
    matters up to the next count, whose stretch it shortens; a correction matters wherever the old fact did as well.
    now  shifts that begin later are left out [µs UTC]; the clock's time if None
    """
    until = clock() if now is None else now
    changed: dict[str, list[Span]] = defaultdict(list)
    head = ledger.head
    for unit, span in _changes(ledger, since_seq, head):
        changed[unit].append(span)
    return sorted(
        Window(unit, shift.start, shift.end, f"{shift.name} {shift.day.isoformat()}")
        for unit, spans in changed.items()
        if unit in plant.equipment
        for shift in _shifts(plant, unit, spans, until)
    )


def _shifts(plant: Plant, unit: str, spans: list[Span], now: int) -> set[Shift]:
    found: set[Shift] = set()
    for start, end in spans:
        stop = now if end is None else min(end, now)
        if stop >= start:
            found.update(plant.shifts(unit, start, stop + 1))
    return found


def _changes(ledger: Ledger, since: int, head: int) -> Iterator[tuple[str, Span]]:
    """(work unit, span in which something may have changed)."""
    states = _new(ledger, "state", since, head)
    alive = [e for e in _new(ledger, "event", since, head) if e["kind"] in {"alive", "gap"} and e["end"]]
    writers = _writers(ledger, head)
    units = {row["subject"] for row in states} | {u for e in alive for u in writers.get(e["subject"], ())}
    times = _times(ledger, "state", units, head)
    for row in states:
        yield row["subject"], (row["time"], _next(times[row["subject"]], row["time"], "right"))
    for event in alive:
        for unit in writers.get(event["subject"], ()):
            yield unit, (event["time"], _next(times[unit], event["end"], "left"))
    before = _writers(ledger, since)
    for source in writers:
        for unit in writers[source] - before.get(source, set()):
            yield unit, (_first_alive(ledger, source, head), None)
    yield from _count_changes(ledger, since, head)


def _count_changes(ledger: Ledger, since: int, head: int) -> Iterator[tuple[str, Span]]:
    counts = _new(ledger, "count", since, head)
    units = {row["subject"] for row in counts}
    times, before = _times(ledger, "count", units, head), _times(ledger, "count", units, since)
    for unit in (unit for unit in units if not len(before[unit])):
        yield unit, (_first_state(ledger, unit, head), None)  # "no count is known" no longer holds, of any shift
    for row in counts:
        yield row["subject"], (row["time"], _next(times[row["subject"]], row["time"], "right"))


def _new(ledger: Ledger, stream: str, since: int, head: int) -> list[dict[str, Any]]:
    """Facts after `since`, and the facts that they correct."""
    frame = ledger.frame(stream, as_of=head, corrected=False).filter(nw.col("seq") > since)
    own = ["kind", "end"] if stream == "event" else []
    columns = ["subject", "time", "supersedes", *own]
    rows: list[dict[str, Any]] = frame.select(columns).collect("pyarrow").to_native().to_pylist()
    old = [row["supersedes"] for row in rows if row["supersedes"] is not None]
    if old:
        rows += ledger.table(stream, seqs=old, corrected=False).select(columns).to_pylist()
    return rows


def _writers(ledger: Ledger, head: int) -> dict[str, set[str]]:
    """Source → the units whose states it has ever written."""
    frame = ledger.frame("state", as_of=head, corrected=False).select("subject", "source").unique()
    found: dict[str, set[str]] = defaultdict(set)
    for row in frame.collect("pyarrow").to_native().to_pylist():
        found[row["source"]].add(row["subject"])
    return found


def _times(ledger: Ledger, stream: str, units: set[str], head: int) -> dict[str, np.ndarray[Any, Any]]:
    """Times of the facts of each unit, in order."""
    found: dict[str, Any] = {unit: np.empty(0, np.int64) for unit in units}
    if units:
        table = ledger.table(stream, subjects=sorted(units), as_of=head).select(["subject", "time"]).sort_by("time")
        subjects, times = np.array(table["subject"].to_pylist(), dtype=object), table["time"].to_numpy()
        for unit in units:
            found[unit] = times[subjects == unit]
    return found


def _next(times: np.ndarray[Any, Any], moment: int, side: str) -> int | None:
    """First time after `moment` (or at it, for side 'left'); None where there is none."""
    at = int(np.searchsorted(times, moment, "left" if side == "left" else "right"))
    return int(times[at]) if at < len(times) else None


def _first_alive(ledger: Ledger, source: str, head: int) -> int:
    alive = ledger.frame("event", subjects=[source], as_of=head).filter(nw.col("kind") == "alive")
    return _first(alive)


def _first_state(ledger: Ledger, unit: str, head: int) -> int:
    return _first(ledger.frame("state", subjects=[unit], as_of=head))


def _first(frame: nw.LazyFrame[Any]) -> int:
    """Time of the first fact; 0 where there is none."""
    found = frame.select(nw.col("time").min()).collect("pyarrow").to_native()["time"].to_pylist()
    return found[0] if found and found[0] is not None else 0
