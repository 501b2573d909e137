"""What happened in a run, as the facts that a real plant would have written.

Reads the trace of a run    Writes Fact(state, count, operation, measurement, genealogy, meter, movement, event)

Only what a plant's own systems could know is written: no true size, no wear, no drawn life. The same run written
again in the same windows gives the same numbers (source, source_seq), so nothing is taken twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from luban.core.errors import InputError
from luban.core.time import MINUTE, iso
from luban.ledger import LedgerWriter
from luban.plant import Plant
from luban.twin.kernel.trace import Kind
from luban.twin.metered import MeterTree
from luban.twin.model import STATES
from luban.twin.names import Names
from luban.twin.run import Run
from luban.twin.traced import Doing, Ints, Reasons, Trace, held, uniform

__all__ = ["MAPPING", "WORDS", "FactWriter", "Realism", "write_facts"]

MAPPING: Final = "generic@1"
WORDS: Final = {
    "idle": "idle",
    "standby": "idle",
    "setup": "setup",
    "run": "running",
    "blocked": "waiting",
    "operator": "waiting",
    "down": "down",
    "maintenance": "planned_stop",
    "off": "off",
}
"""State of the model → word of `MAPPING`; the reason tells apart what one word holds."""

Columns: TypeAlias = dict[str, Any]

_STOPS: Final = tuple(STATES.index(state) for state in ("blocked", "operator", "down", "maintenance"))
_DOWN: Final = STATES.index("down")
_RECEIVED: Final = 2  # of a STOCK row
_EDGE: Final = {1: "planned", 2: "broke", 3: "commanded"}
_ORDER_NOTES: Final = {
    Kind.ORDERED: "order arrived",
    Kind.RELEASED: "order released",
    Kind.REWORKED: "order sent back",
    Kind.LATE: "queue time exceeded",
    Kind.FINISHED: "order finished",
    Kind.LOST: "order scrapped",
}


@dataclass(frozen=True, slots=True)
class Realism:
    """What goes wrong between a machine and the books: nothing by default; every draw is keyed by `seed`.

    reasonless   share of stops that reach the books without a reason [1]
    wrong_cause  share of failures with another failure's reason [1]
    skew         the clock of each machine is off by up to so much either way [µs]
    loss         share of facts that never arrive [1]
    late         share of facts that arrive with the next writing only [1]
    Raises       InputError
    """

    reasonless: float = 0.0
    wrong_cause: float = 0.0
    skew: int = 0
    loss: float = 0.0
    late: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("reasonless", "wrong_cause", "loss", "late"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name} is no share", came=str(getattr(self, name)), expected="0 to 1")
        if self.skew < 0:
            raise InputError("skew below zero", came=f"{self.skew} µs", expected="0 µs or more")


def write_facts(
    run: Run, plant: Plant | None, writer: LedgerWriter, *, source: str = "twin", realism: Realism | None = None
) -> dict[str, int]:
    """Write everything that a run has traced since the last look; returns facts taken by stream.

    run     made with trace="facts"
    plant   whose paths to use; None: paths are `model/machine`
    """
    return FactWriter(run, plant, writer, source=source, realism=realism).write()


class FactWriter:
    """Writes a run window by window; make it before the run's first step.

    source   who says it, in the books
    every    time between two readings of the meters [µs]
    Example  facts = FactWriter(run, plant, writer)
             for day in range(7):
                 run.to((day + 1) * DAY)
                 facts.write()
    """

    def __init__(
        self,
        run: Run,
        plant: Plant | None,
        writer: LedgerWriter,
        *,
        source: str = "twin",
        realism: Realism | None = None,
        every: int = 15 * MINUTE,
    ) -> None:
        model = run.model
        self.run, self.writer, self.source = run, writer, source
        self.names = Names(model, plant)
        self._realism = realism or Realism()
        self._meters = MeterTree(model, plant, self.names.machines, every, self._realism.seed)
        self._at = -1  # written up to here [µs after the start]
        self._seq = 0
        self._held: list[tuple[str, pa.Table]] = []
        self._pieces: dict[int, int] = {}  # of lots on the floor
        self._doing = Doing.nothing(len(model.machines))
        self._down: dict[tuple[int, int], int] = {}
        self._receipts = np.zeros(len(model.stocks), np.int64)
        self._units = pa.array([*self.names.machines, self.names.root], pa.string())  # the last one: no machine
        self._reasons = Reasons.of(model)
        draw = uniform(self._realism.seed, "clock", np.arange(len(model.machines)))
        self._clock = np.append(np.rint((2 * draw - 1) * self._realism.skew).astype(np.int64), 0)

    def write(self) -> dict[str, int]:
        """Write what was traced since the last call; returns facts taken by stream."""
        trace, now = self.run.take_trace(), self.run.now
        parts = self._held
        self._held = []
        for stream, columns in self._streams(trace, now):
            table = pa.table(columns)
            if table.num_rows:
                parts.append((stream, self._delivered(stream, self._numbered(table))))
        self._at = now
        receipts = self.writer.append_many([(stream, self.source, table) for stream, table in parts if len(table)])
        taken: dict[str, int] = {}
        for (stream, _), receipt in zip((p for p in parts if len(p[1])), receipts, strict=True):
            taken[stream] = taken.get(stream, 0) + receipt.accepted
        return taken

    def _streams(self, trace: Trace, now: int) -> Iterator[tuple[str, Columns]]:
        of = {kind: trace[trace["kind"] == kind] for kind in Kind}
        yield "state", self._states(trace)
        yield "count", self._counts(of[Kind.COUNT])
        yield "operation", self._operations(of[Kind.ENDED])
        yield "measurement", self._measurements(of[Kind.MEASURED])
        yield "genealogy", self._genealogy(of[Kind.RELEASED], of[Kind.STOCK])
        yield "movement", self._movements(trace)
        yield "meter", self._registers(trace, now)
        for columns in self._events(of, now):
            yield "event", columns

    # ---- on the way to the books

    def _numbered(self, table: pa.Table) -> pa.Table:
        numbers = np.arange(self._seq, self._seq + len(table), dtype=np.int64)
        self._seq += len(table)
        return table.append_column("source_seq", pa.array(numbers))

    def _delivered(self, stream: str, table: pa.Table) -> pa.Table:
        """What arrives now: some facts never do, some with the next writing."""
        realism = self._realism
        if not (realism.loss or realism.late):
            return table
        number = table["source_seq"].to_numpy()
        lost = uniform(realism.seed, "loss", number) < realism.loss
        late = ~lost & (uniform(realism.seed, "late", number) < realism.late)
        if late.any():
            self._held.append((stream, table.filter(pa.array(late))))
        return table.filter(pa.array(~lost & ~late))

    # ---- streams

    def _states(self, trace: Trace) -> Columns:
        changes = self._doing.take(trace)
        unit, code = changes["machine"], changes["state"]
        reason = self._reasons.why(unit, code, changes["cause"])
        realism, number = self._realism, np.arange(self._seq, self._seq + len(unit), dtype=np.int64)
        if realism.wrong_cause:
            wrong = (code == _DOWN) & (uniform(realism.seed, "cause", number) < realism.wrong_cause)
            reason = np.where(wrong, self._reasons.another(unit, changes["cause"]), reason)
        if realism.reasonless:
            mute = np.isin(code, _STOPS) & (uniform(realism.seed, "reason", number) < realism.reasonless)
            reason = np.where(mute, -1, reason)
        words = pa.array([WORDS[state] for state in STATES])
        return {
            "time": self._time(changes["time"], unit),
            "subject": self._unit(unit),
            "state": pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), words),
            "mapping": _same(MAPPING, len(unit)),
            "reason": _words(reason, self._reasons.words),
            **self._work(changes),
            "quality": np.zeros(len(unit), np.uint8),
        }

    def _counts(self, rows: Trace) -> Columns:
        rows = rows[(rows["a"] + rows["b"] + rows["x"]) > 0]
        return {
            "time": self._time(rows["time"], rows["machine"]),
            "subject": self._unit(rows["machine"]),
            "good": rows["a"].astype(float),
            "scrap": rows["b"].astype(float),
            "rework": rows["x"],
            **self._work(rows),
            "quality": np.zeros(len(rows), np.uint8),
        }

    def _operations(self, rows: Trace) -> Columns:
        return {
            "time": self._time(rows["y"].astype(np.int64), rows["machine"]),
            "subject": self._unit(rows["machine"]),
            **self._work(rows),
            "end": self._time(rows["time"], rows["machine"]),
            "good": rows["a"].astype(float),
            "scrap": rows["b"].astype(float),
        }

    def _measurements(self, rows: Trace) -> Columns:
        sizes = self.names.sizes
        pieces, which = np.unique(rows["b"], return_inverse=True)
        conditions = pa.array([json.dumps({"piece [1]": int(piece) + 1}) for piece in pieces], pa.string())
        return {
            "time": self._time(rows["time"], rows["machine"]),
            "subject": _words(rows["a"], [size.subject for size in sizes]),
            "value": rows["x"],
            "lot": self._lot(rows["lot"]),
            "unit": self._unit(rows["machine"]),
            "gauge": _words(rows["a"], [f"gauge {size.subject}" for size in sizes]),
            "conditions": conditions.take(pa.array(which)),
            "quality": np.zeros(len(rows), np.uint8),
        }

    def _genealogy(self, released: Trace, stock: Trace) -> Columns:
        """Material lots into order lots; each receipt of a stock begins a new material lot."""
        ids = [point.id for point in self.run.model.stocks]
        parts: list[tuple[Trace, Ints, float, int]] = []
        for r, route in enumerate(self.run.model.routes):
            for material, each in route.material.items():
                which = ids.index(material)
                rows = released[released["route"] == r]
                received = stock["time"][(stock["a"] == which) & (stock["b"] == _RECEIVED)]
                parts.append(
                    (rows, self._receipts[which] + np.searchsorted(received, rows["time"], "right"), each, which)
                )
        came = stock["a"][stock["b"] == _RECEIVED]
        self._receipts += np.bincount(came, minlength=len(ids))[: len(ids)]
        rows = np.concatenate([part[0] for part in parts]) if parts else released[:0]
        return {
            "time": self._time(rows["time"], rows["machine"]),
            "subject": self._lot(rows["lot"]),
            "input": pa.array(
                [f"{ids[which]}/{n:05d}" for _, numbers, _, which in parts for n in numbers], pa.string()
            ),
            "item": pa.array([ids[which] for part, _, _, which in parts for _ in part], pa.string()),
            "quantity": np.concatenate([part["a"] * each for part, _, each, _ in parts] or [np.zeros(0)]),
            "order": self._lot(rows["lot"]),
        }

    def _registers(self, trace: Trace, now: int) -> Columns:
        shown = list(self._meters.read(trace, now))
        which = np.repeat(np.arange(len(shown)), [len(one.marks) for one in shown])
        time = np.concatenate([one.marks for one in shown] or [np.zeros(0, np.int64)])
        machine = np.repeat(np.array([one.machine for one in shown], np.int64), [len(one.marks) for one in shown])
        return {
            "time": self._time(time, machine),
            "subject": _words(which, [one.subject for one in shown]),
            "medium": _words(which, [one.medium for one in shown]),
            "register": np.concatenate([one.register for one in shown] or [np.zeros(0)]),
            "measured_in": _words(which, [one.unit for one in shown]),
            "quality": np.zeros(len(time), np.uint8),
        }

    def _movements(self, trace: Trace) -> Columns:
        rows = trace[np.isin(trace["kind"], (Kind.RELEASED, Kind.ENDED, Kind.MOVED, Kind.FINISHED, Kind.LOST))]
        moved = rows[rows["kind"] == Kind.MOVED]
        pieces = self._pieces_of(rows)[rows["kind"] == Kind.MOVED]
        known = pieces > 0
        moved, pieces = moved[known], pieces[known]
        places = [*self.names.stations, self.names.root]
        return {
            "time": self._time(moved["time"], moved["machine"]),
            "subject": _words(moved["route"], self.names.items),
            "lot": self._lot(moved["lot"]),
            "origin": self._unit(moved["machine"]),
            "destination": _words(np.where(moved["a"] < 0, len(places) - 1, moved["a"]), places),
            "quantity": pieces.astype(float),
            "order": self._lot(moved["lot"]),
        }

    def _pieces_of(self, rows: Trace) -> Ints:
        """Pieces in the lot at each row: as released, then as the last operation left it."""
        order = np.argsort(rows["lot"], kind="stable")
        lots, said = rows["lot"][order], rows["kind"][order] != Kind.MOVED
        firsts = np.flatnonzero(np.diff(lots, prepend=lots[:1] - 1))
        amounts = np.where(said, rows["a"][order], 0)
        for first in firsts[~said[firsts]]:
            amounts[first] = self._pieces.get(int(lots[first]), 0)
        says = said.copy()
        says[firsts] = True
        found = np.empty(len(rows), np.int64)
        found[order] = amounts[held(says)]
        lasts = np.append(firsts[1:], len(rows)) - 1 if len(rows) else firsts
        gone = np.isin(rows["kind"][order], (Kind.FINISHED, Kind.LOST))
        for last in lasts:
            key = int(lots[last])
            if gone[last]:
                self._pieces.pop(key, None)
            else:
                self._pieces[key] = int(found[order[last]])
        return found

    def _events(self, of: Mapping[Kind, Trace], now: int) -> Iterator[Columns]:
        start = self.run.model.start
        if now > self._at:
            yield {
                "time": [start + max(self._at, 0)],
                "subject": [self.source],
                "kind": ["alive"],
                "end": pa.array([start + now]),
            }
        for kind, code in _ORDER_NOTES.items():
            rows = of[kind]
            yield {
                "time": self._time(rows["time"], rows["machine"]),
                "subject": self._lot(rows["lot"]),
                "kind": _same("note", len(rows)),
                "code": _same(code, len(rows)),
                "data": pa.array([json.dumps(self._of_order(kind, row)) for row in rows], pa.string()),
            }
        yield self._alarms(of[Kind.FAILED], of[Kind.REPAIRED])
        yield self._acts(of)

    def _of_order(self, kind: Kind, row: Any) -> dict[str, Any]:
        a, b = int(row["a"]), int(row["b"])
        said: dict[str, Any] = {"item": self.names.items[int(row["route"])]}
        if kind == Kind.ORDERED:
            return said | {"quantity": a} | ({"due": iso(self.run.model.start + b)} if b > 0 else {})
        if kind == Kind.RELEASED:
            return said | {"quantity": a}
        if kind == Kind.LATE:
            return said | {"beyond [s]": round(float(row["x"]), 6)}
        if kind == Kind.REWORKED:
            return said | {"to": self.names.operations[a]}
        return said | {"good": a, "scrap": b}

    def _alarms(self, failed: Trace, repaired: Trace) -> Columns:
        """An alarm each failure, told when it has ended."""
        begun = [(int(r["time"]), 0, int(r["machine"]), int(r["a"])) for r in failed]
        ended = [(int(r["time"]), 1, int(r["machine"]), int(r["a"])) for r in repaired]
        spans: list[tuple[int, int, int, int]] = []
        for time, end, machine, ordinal in sorted(begun + ended):
            if end:
                spans.append((self._down.pop((machine, ordinal), 0), time, machine, ordinal))
            else:
                self._down[machine, ordinal] = time
        table = np.array(spans, np.int64).reshape(-1, 4)
        names = [self.run.model.machines[m].failures[k].id for _, _, m, k in spans]
        return {
            "time": self._time(table[:, 0], table[:, 2]),
            "subject": self._unit(table[:, 2]),
            "kind": _same("alarm", len(spans)),
            "end": self._time(table[:, 1], table[:, 2]),
            "code": pa.array(names, pa.string()),
        }

    def _acts(self, of: Mapping[Kind, Trace]) -> Columns:
        """What people did at machines: edges changed, offsets corrected, service."""
        rows, codes, data = [], [], []
        for row in of[Kind.TOOL][of[Kind.TOOL]["time"] > 0]:  # the first edge is no change
            rows.append(row)
            codes.append("tool changed")
            data.append({"why": _EDGE[int(row["a"])], "cutting [s]": round(float(row["x"]), 3)})
        for row in of[Kind.CORRECTED]:
            size = self.names.sizes[int(row["a"])]
            rows.append(row)
            codes.append("offset corrected")
            data.append({"characteristic": size.subject, f"step [{size.what.unit}]": float(row["x"])})
        for row in of[Kind.MAINTAINED]:
            rows.append(row)
            codes.append("maintenance")
            data.append({"plan": self.run.model.machines[int(row["machine"])].maintenance[int(row["a"])].id})
        found = np.array(rows, of[Kind.TOOL].dtype)
        return {
            "time": self._time(found["time"], found["machine"]),
            "subject": self._unit(found["machine"]),
            "kind": _same("act", len(found)),
            "code": pa.array(codes, pa.string()),
            "data": pa.array([json.dumps(said, ensure_ascii=False) for said in data], pa.string()),
        }

    # ---- columns

    def _time(self, time: Ints, machine: Ints) -> Ints:
        """Instants by the clock of whoever says it [µs UTC]."""
        told: Ints = time + self.run.model.start + self._clock[machine]
        return told

    def _unit(self, machine: Ints) -> pa.Array:
        return pa.DictionaryArray.from_arrays(
            pa.array(np.where(machine < 0, len(self._units) - 1, machine).astype(np.int32)), self._units
        )

    def _lot(self, keys: Ints) -> pa.Array:
        """Names of lots; null for -1."""
        unique, where = np.unique(keys, return_inverse=True)
        names = [self.run.lot_name(int(key)) if key >= 0 else "" for key in unique]
        return _words(np.where(keys < 0, -1, where), names)

    def _work(self, rows: Trace | Mapping[str, Ints]) -> Columns:
        nothing = rows["lot"] < 0
        return {
            "order": self._lot(rows["lot"]),
            "operation": _words(np.where(nothing, -1, rows["step"]), self.names.operations),
            "item": _words(np.where(nothing, -1, rows["route"]), self.names.items),
        }


def _words(index: Ints, words: Sequence[str]) -> pa.Array:
    """Words by index, each kept once; null for -1."""
    codes = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(words), pa.string()))


def _same(word: str, count: int) -> pa.Array:
    return _words(np.zeros(count, np.int64), [word])
