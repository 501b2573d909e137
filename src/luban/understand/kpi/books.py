"""What one look at the books needs: states, coverage, counts, shifts and the meaning of the words.

The state in force at the start of a window may be older than any fixed look-back, so the look-back grows until
every unit has one or the books end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Final
from weakref import WeakKeyDictionary

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import ConfigError
from luban.core.quality import Quality
from luban.core.time import DAY, now as clock
from luban.ledger import Ledger
from luban.norms import state_mapping
from luban.plant import Plant
from luban.understand.kpi.calendar import calendar
from luban.understand.kpi.coverage import coverage

__all__ = ["Books", "collect", "mapping_table", "open_books"]

_LOOK_BACK: Final = (DAY, 8 * DAY, 64 * DAY, None)
_LONG: Final = 8 * DAY  # few `alive` facts are longer
_NO_EVIDENCE: Final = pa.array([int(Quality.FUTURE), int(Quality.DUPLICATE)], pa.uint8())
_MAPPING: Final = pa.schema(
    [("mapping", pa.string()), ("state", pa.string()), ("element", pa.string()), ("failure", pa.int64())]
)
_EVENTS: Final = pa.schema(
    [
        ("subject", pa.string()),
        ("time", pa.int64()),
        ("end", pa.int64()),
        ("seq", pa.int64()),
        ("kind", pa.string()),
        ("code", pa.string()),
    ]
)
_COVERAGE: Final = pa.schema(
    [("subject", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("seq", pa.int64())]
)


# Unit and source → seq of the first state fact that the one has of the other; with the seq up to which this is known.
_WRITERS: WeakKeyDictionary[Ledger, tuple[int, dict[tuple[str, str], int]]] = WeakKeyDictionary()
_IN_FLIGHT: Final = 100_000  # facts of other streams may become visible a little after the head moved


@dataclass(frozen=True)
class Books:
    """Facts of some units in a window, as tables, as the ledger stood at `seq`.

    start, end  the window, cut at the present [µs UTC]
    states      state facts up to `end`, from the one in force at `start` on
    events      `alive` facts that matter for them
    gaps        `gap` facts of the same time
    writers     subject, source: who has ever written states of whom
    """

    ledger: Ledger
    plant: Plant
    units: tuple[str, ...]
    start: int
    end: int
    seq: int
    states: pa.Table
    events: pa.Table
    gaps: pa.Table
    writers: pa.Table
    shifts: pa.Table

    def lift(self, table: pa.Table) -> nw.LazyFrame[Any]:
        """A table in the engine that computes."""
        return self.ledger.lift(table, self.engine)

    @cached_property
    def engine(self) -> str:
        """A window's facts fit in memory: polars plans the same functions ten times faster, where it is installed."""
        return "polars" if self.ledger.engine == "duckdb" and find_spec("polars") else self.ledger.engine

    @cached_property
    def mapping(self) -> pa.Table:
        """mapping, state, element, failure of every word that occurs."""
        return mapping_table(self.states)

    @cached_property
    def coverage(self) -> pa.Table:
        """subject, start, end [µs UTC], seq: when somebody could have told."""
        gaps = self.lift(self.gaps) if self.gaps.num_rows else None
        found = collect(coverage(self.lift(self.events), self.lift(self.writers), gaps), _COVERAGE)
        return self._switched_off(found)

    @cached_property
    def counts(self) -> pa.Table:
        """Count facts in the window, and the last day before it: a count is spread back to the one before."""
        return self.ledger.table("count", subjects=self.units, since=self.start - DAY, until=self.end, as_of=self.seq)

    @cached_property
    def counted(self) -> frozenset[str]:
        """Units of which any count fact is known."""
        here = set(pc.unique(self.counts["subject"]).to_pylist())
        rest = [unit for unit in self.units if unit not in here]
        if rest:
            frame = self.ledger.frame("count", subjects=rest, as_of=self.seq)
            here |= set(frame.select("subject").unique().collect("pyarrow")["subject"].to_list())
        return frozenset(here)

    def frames(self) -> tuple[nw.LazyFrame[Any], ...]:
        """states, coverage, shifts, mapping: what the time ledger is made of."""
        return tuple(self.lift(t) for t in (self.states, self.coverage, self.shifts, self.mapping))

    def _switched_off(self, found: pa.Table) -> pa.Table:
        """Where every state signal of a unit is switched off, nothing is known after its last fact."""
        off = []
        for unit in self.units:
            signals = [s for s in self.plant.signals.values() if s.unit_path == unit and s.role == "state"]
            if signals and not any(s.enabled for s in signals):
                off.append(unit)
        for unit in off:
            mine = pc.equal(found["subject"], unit)
            last = pc.max(self.states.filter(pc.equal(self.states["subject"], unit))["time"]).as_py() or 0
            kept = found.filter(mine)
            kept = kept.set_column(2, "end", pc.min_element_wise(kept["end"], pa.scalar(last, pa.int64())))
            found = pa.concat_tables(
                [found.filter(pc.invert(mine)), kept.filter(pc.greater(kept["end"], kept["start"]))]
            )
        return found


def open_books(
    ledger: Ledger,
    plant: Plant,
    start: int,
    end: int,
    units: Sequence[str],
    as_of: int | None = None,
    now: int | None = None,
) -> Books:
    """The books of those work units for [start, end) [µs UTC].

    as_of  the books as they stood at this seq; the newest if None
    now    nothing is said about later than this [µs UTC]; the clock's time if None
    """
    seq = ledger.head if as_of is None else as_of
    end = max(start, min(end, clock() if now is None else now))
    units = tuple(units)
    shifts = calendar({unit: plant.shifts(unit, start, end) for unit in units}, start, end)
    states = _states(ledger, units, start, end, seq)
    writers = _writers(ledger, units, seq)
    events = _events(ledger, writers, states, start, end, seq)
    alive = pc.equal(events["kind"], "alive")
    return Books(
        ledger,
        plant,
        units,
        start,
        end,
        seq,
        states,
        events.filter(alive),
        events.filter(pc.invert(alive)),
        writers,
        shifts,
    )


def mapping_table(states: pa.Table) -> pa.Table:
    """Elements of the words in use; a mapping that nobody knows leaves its words without one."""
    rows = []
    for pair in states.select(["mapping", "state"]).group_by(["mapping", "state"]).aggregate([]).to_pylist():
        try:
            meaning = state_mapping(pair["mapping"]).meaning(pair["state"])
        except ConfigError:
            continue
        if meaning is not None:
            rows.append(pair | {"element": meaning.element.value, "failure": int(meaning.failure)})
    return pa.Table.from_pylist(rows, schema=_MAPPING)


def collect(frame: nw.LazyFrame[Any], schema: pa.Schema) -> pa.Table:
    """The frame's rows as a table of that schema, whatever the engine calls its types."""
    found: pa.Table = frame.select(*schema.names).collect("pyarrow").to_native()
    return found.cast(schema)


def _states(ledger: Ledger, units: tuple[str, ...], start: int, end: int, seq: int) -> pa.Table:
    parts = [ledger.table("state", subjects=units, since=start, until=end, as_of=seq)]
    missing = list(units)
    until: int | None = start
    for look_back in _LOOK_BACK:
        if not missing:
            break
        since = None if look_back is None else start - look_back
        part = ledger.table("state", subjects=missing, since=since, until=until, as_of=seq)
        parts.append(part)
        evidence = part.filter(pc.invert(pc.is_in(part["quality"], _NO_EVIDENCE)))
        seen = set(pc.unique(evidence["subject"]).to_pylist())
        missing = [unit for unit in missing if unit not in seen]
        until = since
    return pa.concat_tables(parts).unify_dictionaries()


def _writers(ledger: Ledger, units: tuple[str, ...], seq: int) -> pa.Table:
    """Who has ever written states of whom; a corrected fact tells it as well. Old facts are looked at once."""
    known, first = _WRITERS.get(ledger, (0, {}))
    if seq > known:
        said = ledger.frame("state", as_of=seq, corrected=False).filter(nw.col("seq") > known - _IN_FLIGHT)
        schema = pa.schema([("subject", pa.string()), ("source", pa.string()), ("seq", pa.int64())])
        new = collect(said.group_by("subject", "source").agg(nw.col("seq").min()), schema)
        first = {(row["subject"], row["source"]): row["seq"] for row in new.to_pylist()} | first
        _WRITERS[ledger] = seq, first
    wanted = set(units)
    pairs = [pair for pair, since in first.items() if pair[0] in wanted and since <= seq]
    return pa.table(
        {
            "subject": pa.array([u for u, _ in pairs], pa.string()),
            "source": pa.array([s for _, s in pairs], pa.string()),
        }
    )


def _events(ledger: Ledger, writers: pa.Table, states: pa.Table, start: int, end: int, seq: int) -> pa.Table:
    """`alive` and `gap` facts from the oldest state in force on; what ended before cannot matter.

    Facts that began long before are asked for only where the others leave something open.
    """
    oldest = min(start, pc.min(states["time"]).as_py() or start)
    sources = pc.unique(writers["source"]).to_pylist()

    def told(since: int | None, until: int) -> pa.Table:
        frame = ledger.frame("event", subjects=sources, since=since, until=until, as_of=seq)
        return collect(frame.filter(nw.col("kind").is_in(["alive", "gap"]) & (nw.col("end") > oldest)), _EVENTS)

    found = told(oldest - _LONG, end)
    if all(_unbroken(found, source, oldest, end) for source in sources):
        return found
    return pa.concat_tables([told(None, oldest - _LONG), found])


def _unbroken(events: pa.Table, source: str, start: int, end: int) -> bool:
    """The source was heard from start to end [µs UTC], without a gap."""
    own = events.filter(pc.equal(events["subject"], source)).sort_by("time")
    if not own.num_rows or pc.any(pc.equal(own["kind"], "gap")).as_py():
        return False
    opens, closes = own["time"].to_numpy(), np.maximum.accumulate(own["end"].to_numpy())
    return bool(opens[0] <= start and closes[-1] >= end and np.all(opens[1:] <= closes[:-1]))
