"""What happened in a process run, as the facts that its own systems would have written.

Reads a run    Writes Fact(signal, measurement, meter, state, movement, event)

Only what instruments, laboratory, meters and people show is written; compositions, fouling, stiction, bias and what
fails next stay in the run. The packing line's machine writes by the twin's own `FactWriter`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from luban.core.time import MINUTE
from luban.ledger import LedgerWriter
from luban.twin.process.coupled import CoupledRun
from luban.twin.process.layout import Code, Mode
from luban.twin.process.run import ProcessRun, ProcessTotals

__all__ = ["MAPPING", "WORDS", "ProcessFacts"]

MAPPING: Final = "generic@1"
WORDS: Final = {
    Mode.RUN: "running",
    Mode.STARTING: "setup",
    Mode.DOWN: "down",
    Mode.CLEANING: "planned_stop",
    Mode.FULL: "waiting",
}
"""What the plant does → word of `MAPPING`."""
UNITS: Final = ("process/reactor", "process/column")

Columns: TypeAlias = dict[str, Any]

_PUMPS = ("P101", "P201", "P202")
_METERS = (("steam", "t"), ("electricity", "kWh"), ("water", "m³"))
_CHANGES = {
    Code.TRIP: Mode.DOWN,
    Code.DOWN_END: Mode.STARTING,
    Code.STARTED: Mode.RUN,
    Code.CLEANING: Mode.CLEANING,
    Code.CLEANED: Mode.STARTING,
    Code.FULL: Mode.FULL,
}


class ProcessFacts:
    """Writes a run window by window; make it before the run's first step.

    run      a process alone, or with its packing line
    root     path of the plant, first part of every path
    source   who says it, in the books
    every    time between two readings of the meters [µs]; the run must be looked at least so often
    Example  >>> facts = ProcessFacts(run, "c1", writer)
             >>> for hour in range(24):
             ...     run.to((hour + 1) * HOUR)
             ...     facts.write()
    """

    def __init__(
        self,
        run: ProcessRun | CoupledRun,
        root: str,
        writer: LedgerWriter,
        *,
        source: str = "process",
        every: int = 15 * MINUTE,
    ) -> None:
        self.run, self.root, self.writer, self.source = run, root, writer, source
        self.process = run.process if isinstance(run, CoupledRun) else run
        self._every, self._seq, self._at = every, 0, 0
        self._before = self.process.totals()
        self._first = True
        self._read = 0

    def write(self) -> dict[str, int]:
        """Writes what happened since the last call; returns facts taken by stream."""
        parts = []
        for stream, columns in self._streams():
            table = pa.table(columns)
            if len(table):
                numbers = np.arange(self._seq, self._seq + len(table), dtype=np.int64)
                self._seq += len(table)
                parts.append((stream, self.source, table.append_column("source_seq", pa.array(numbers))))
        receipts = self.writer.append_many(parts)
        taken: dict[str, int] = {}
        for (stream, _, _), receipt in zip(parts, receipts, strict=True):
            taken[stream] = taken.get(stream, 0) + receipt.accepted
        self._at, self._first = self.process.now, False
        self._before = self.process.totals()
        return taken

    def _streams(self) -> Iterator[tuple[str, Columns]]:
        events = self.process.take_events()
        yield "signal", self._signals()
        yield "state", self._states(events)
        yield "measurement", self._results()
        if isinstance(self.run, CoupledRun):
            yield "measurement", self._bags(self.run)
        yield "meter", self._registers()
        yield "movement", self._movements(self.process.totals())
        yield "event", self._notes(events)

    def _time(self, times: Any) -> np.ndarray[Any, Any]:
        return self.process.start + np.asarray(times, np.int64)

    def _path(self, place: str) -> str:
        return f"{self.root}/{place}"

    def _signals(self) -> Columns:
        times, rows = self.process.take_readings()
        instruments = self.process.parameters.instruments
        names = pa.array([f"{self._path(i.place)}:{i.id}" for i in instruments])
        which = np.tile(np.arange(len(instruments), dtype=np.int32), len(times))
        return {
            "time": self._time(np.repeat(times, len(instruments))),
            "subject": pa.DictionaryArray.from_arrays(pa.array(which), names),
            "value": rows.ravel(),
            "quality": np.zeros(rows.size, np.uint8),
        }

    def _states(self, events: np.ndarray[Any, Any]) -> Columns:
        said = [
            (int(row["time"]), WORDS[_CHANGES[Code(int(row["code"]))]]) for row in events if row["code"] in _CHANGES
        ]
        if self._first:
            said.insert(0, (0, WORDS[Mode.RUN]))
        rows = [(time, unit, word) for time, word in said for unit in UNITS]
        return {
            "time": self._time([row[0] for row in rows]),
            "subject": pa.array([self._path(row[1]) for row in rows], pa.string()),
            "state": pa.array([row[2] for row in rows], pa.string()),
            "mapping": pa.array([MAPPING] * len(rows), pa.string()),
            "quality": np.zeros(len(rows), np.uint8),
        }

    def _results(self) -> Columns:
        """Laboratory results at the time of their issue; when the sample was taken is a condition."""
        results = self.process.results()
        new, self._read = results[self._read :], len(results)
        rows = [
            (result.issued, name, value, result.sampled)
            for result in new
            for name, value in (
                ("product:purity", result.top),
                ("product:by-product", result.by_product),
                ("bottoms:light share", result.bottom),
            )
        ]
        return {
            "time": self._time([row[0] for row in rows]),
            "subject": pa.array([row[1] for row in rows], pa.string()),
            "value": pa.array([row[2] for row in rows], pa.float64()),
            "unit": pa.array([self._path("process/column")] * len(rows), pa.string()),
            "gauge": pa.array(["laboratory"] * len(rows), pa.string()),
            "conditions": pa.array(
                [json.dumps({"sampled [µs UTC]": self.process.start + row[3]}) for row in rows], pa.string()
            ),
            "quality": np.zeros(len(rows), np.uint8),
        }

    def _bags(self, run: CoupledRun) -> Columns:
        pallets = run.take_pallets()
        weights = [run.weights(pallet) for pallet in pallets]
        counts = [len(w) for w in weights]
        grades = self.process.parameters.grades
        names = np.repeat([f"{grades[p.grade].id}:bag weight" for p in pallets], counts)
        lots = np.repeat([run.run.lot_name(p.key) for p in pallets], counts)
        return {
            "time": self._time(np.repeat([p.finish for p in pallets], counts)),
            "subject": pa.array(names.tolist(), pa.string()),
            "value": np.concatenate(weights) if weights else np.zeros(0),
            "lot": pa.array(lots.tolist(), pa.string()),
            "unit": pa.array([self._path("packing/packer")] * len(lots), pa.string()),
            "gauge": pa.array(["checkweigher"] * len(lots), pa.string()),
            "quality": np.zeros(len(lots), np.uint8),
        }

    def _registers(self) -> Columns:
        """Meters stand as they do now; one row where a quarter of an hour (`every`) has begun since the last look."""
        rows: list[tuple[str, str, float]] = []
        if self._first or self.process.now // self._every > self._at // self._every:
            now = self.process.totals()
            rows = [(medium, unit, getattr(now, medium)) for medium, unit in _METERS]
        return {
            "time": self._time([self.process.now] * len(rows)),
            "subject": pa.array([f"{self._path('process/utilities')}:{row[0]}" for row in rows], pa.string()),
            "medium": pa.array([row[0] for row in rows], pa.string()),
            "register": pa.array([row[2] for row in rows], pa.float64()),
            "measured_in": pa.array([row[1] for row in rows], pa.string()),
            "quality": np.zeros(len(rows), np.uint8),
        }

    def _movements(self, now: ProcessTotals) -> Columns:
        """What moved since the last look [kg]: feed in, product to the tank, off-spec and purge away."""
        mass = self.process.parameters.flowsheet.molar_mass
        before = self._before
        column, tank = self._path("process/column"), self._path("process/tank")
        rows = [
            ("feed", None, self._path("process/reactor"), now.fresh - before.fresh),
            ("product", column, tank, now.product - before.product),
            ("off-spec", column, None, now.diverted - before.diverted),
            ("purge", column, None, now.purge - before.purge),
        ]
        rows = [row for row in rows if row[3] > 0]
        return {
            "time": self._time([self.process.now] * len(rows)),
            "subject": pa.array([row[0] for row in rows], pa.string()),
            "origin": pa.array([row[1] for row in rows], pa.string()),
            "destination": pa.array([row[2] for row in rows], pa.string()),
            "quantity": pa.array([row[3] * mass for row in rows], pa.float64()),
        }

    def _notes(self, events: np.ndarray[Any, Any]) -> Columns:
        rows = [self._note(row) for row in events]
        told = [row for row in rows if row is not None]
        if self.process.now > self._at:
            told.append((self._at, self.source, "alive", self.process.now, None, None))
        return {
            "time": self._time([row[0] for row in told]),
            "subject": pa.array([row[1] for row in told], pa.string()),
            "kind": pa.array([row[2] for row in told], pa.string()),
            "end": pa.array([None if row[3] is None else self.process.start + row[3] for row in told], pa.int64()),
            "code": pa.array([row[4] for row in told], pa.string()),
            "data": pa.array([row[5] for row in told], pa.string()),
        }

    def _note(self, row: Any) -> tuple[int, str, str, int | None, str | None, str | None] | None:
        """An event as it is told: an alarm once it has ended, a stop without its hidden cause."""
        code, time = Code(int(row["code"])), int(row["time"])
        if code == Code.ALARM_END:
            instrument = self.process.parameters.instruments[int(row["x"])]
            subject = f"{self._path(instrument.place)}:{instrument.id}"
            data = json.dumps({"tag": instrument.tag, f"value [{instrument.unit}]": round(float(row["y"]), 4)})
            return int(row["since"]), subject, "alarm", time, "limit", data
        if code in {Code.PUMP_FAILED, Code.PUMP_REPAIRED}:
            pump = json.dumps({"pump": _PUMPS[int(row["x"])]})
            return time, self._path("process"), "alarm", None, code.name.lower().replace("_", " "), pump
        if code == Code.DIVERT:
            return time, self._path("process/column"), "act", None, "diverted" if row["x"] else "to product", None
        if code == Code.TRIP:
            return time, self._path("process/reactor"), "alarm", None, "trip", None
        return None
