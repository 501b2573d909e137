"""What runs found, as tidy tables: one row a figure, with its interval.

`Meter` turns a window of a run into figures; `Results` holds those of many runs (or batches) of one model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.twin.intervals import Interval, batch_means, spread, student_t
from luban.twin.model import STATES, Model

__all__ = ["PLANT", "RESULTS", "Comparison", "Meter", "Output", "Results"]

PLANT = "plant"
"""Subject of the figures of the whole plant."""
RESULTS = pa.schema(
    [
        ("name", pa.string()),
        ("subject", pa.string()),
        ("unit", pa.string()),
        ("mean", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n", pa.int64()),
        ("level", pa.float64()),
        ("note", pa.string()),
    ]
)
"""Columns of a table of results. Null where a figure is unknown; `note` says why. `n` is the number of known values."""

_LOTS = {
    "throughput": ("1/d", ""),
    "output": ("1/d", ""),
    "lost": ("1/d", ""),
    "wip": ("1", ""),
    "cycle_time_mean": ("s", "no lot finished"),
    "cycle_time_p50": ("s", "no lot finished"),
    "cycle_time_p90": ("s", "no lot finished"),
    "cycle_time_p95": ("s", "no lot finished"),
    "lead_time_mean": ("s", "no lot finished"),
    "on_time_share": ("1", "no lot with a due date finished"),
    "scrap_share": ("1", "no piece left the plant"),
    "rework_share": ("1", "no piece left the plant"),
}
"""Of a route and of the plant: unit, why it may be unknown. `throughput` counts finished lots, `output` good pieces;
cycle time runs from release, lead time from arrival."""
_WHOLE = {"late": "1", "energy": "kWh"}
_MACHINE = {**{f"{state}_share": "1" for state in STATES}, "energy": "kWh", "failures": "1", "maintenances": "1"}
_MACHINE |= {"setups": "1", "lots": "1"}
_STATION = {"queue": ("1", ""), "wait_mean": ("s", "no lot began there")}
_STOCK = {"on_hand": "1", "short": "1"}
_KWH = 3.6e12  # µJ


@dataclass(frozen=True, slots=True)
class Output:
    """One figure: what, of whom, in which unit, and why it may be unknown."""

    name: str
    subject: str
    unit: str
    unknown: str = ""


class Meter:
    """Figures of a window of a run, always the same ones in the same order for one model."""

    def __init__(self, model: Model) -> None:
        self._routes = len(model.routes)
        self._base_load = model.base_load
        self.outputs = tuple(_outputs(model))

    def read(self, before: Any, after: Any, lots: NDArray[Any]) -> NDArray[np.float64]:
        """Figures between two totals of a run; `lots` are those that left the plant between them. NaN: unknown."""
        span = float(after.now - before.now)
        inside = after.route_open_sojourn - before.route_open_sojourn
        parts = [self._lots(lots, span, inside.sum())]
        if self._routes == 1:
            parts *= 2
        else:
            parts += [self._lots(lots[lots["route"] == route], span, inside[route]) for route in range(self._routes)]
        time = (after.machine_time - before.machine_time) / span
        energy = (after.machine_energy - before.machine_energy) / _KWH
        whole = [after.violations - before.violations, energy.sum() + self._base_load * span / _KWH]
        machines = [*time.T, energy]
        machines += [getattr(after, name) - getattr(before, name) for name in _COUNTS]
        starts = (after.station_starts - before.station_starts).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            wait = (after.station_wait - before.station_wait) / starts / 1e6
        stations = [(after.queue_time - before.queue_time) / span, wait]
        stocks = [getattr(after, f"stock_{name}_time") - getattr(before, f"stock_{name}_time") for name in _STOCK]
        return np.concatenate([*parts, whole, *machines, *stations, *(stock / span for stock in stocks)])

    @staticmethod
    def _lots(lots: NDArray[Any], span: float, inside: int) -> NDArray[np.float64]:
        done = lots[lots["lost"] == 0] if lots["lost"].any() else lots
        found = np.full(len(_LOTS), np.nan)
        good, scrap, rework = (float(lots[name].sum()) for name in ("good", "scrap", "rework"))
        found[:3] = np.array([len(done), done["good"].sum(), len(lots) - len(done)]) * (DAY / span)
        found[3] = ((lots["finish"] - lots["release"]).sum() + inside) / span  # Little's law, exact in every window
        if len(done):
            cycle = (done["finish"] - done["release"]) / 1e6
            found[4] = cycle.mean()
            found[5:8] = np.quantile(cycle, (0.5, 0.9, 0.95))
            found[8] = (done["finish"] - done["arrival"]).mean() / 1e6
        dated = done["due"] >= 0
        if dated.any():
            found[9] = (done["finish"] <= done["due"])[dated].mean()
        if good + scrap > 0:
            found[10:] = scrap / (good + scrap), rework / (good + scrap)
        return found


_COUNTS = ("failures", "maintenances", "machine_setups", "machine_lots")


def _outputs(model: Model) -> Iterator[Output]:
    for subject in (PLANT, *(route.id for route in model.routes)):
        for name, (unit, unknown) in _LOTS.items():
            yield Output(name, subject, unit, unknown)
    for name, unit in _WHOLE.items():
        yield Output(name, PLANT, unit)
    for name, unit in _MACHINE.items():
        for machine in model.machines:
            yield Output(name, machine.id, unit)
    for name, (unit, unknown) in _STATION.items():
        for station in model.stations:
            yield Output(name, station.id, unit, unknown)
    for name, unit in _STOCK.items():
        for stock in model.stocks:
            yield Output(name, stock.id, unit)


@dataclass(frozen=True)
class Results:
    """Figures of the runs of one model.

    seed, until, warmup   what was run: the window is from `warmup` to `until` [µs after the model's start]
    samples               runs × outputs; NaN: unknown in that run
    kind                  `runs`, independent of one another, or `batches` of one run
    complete              False: stopped before all was run
    note                  what the reader should know besides
    """

    model: str
    seed: int
    until: int
    warmup: int
    outputs: tuple[Output, ...]
    samples: NDArray[np.float64]
    level: float = 0.95
    kind: str = "runs"
    complete: bool = True
    note: str = ""

    def values(self, name: str, subject: str = PLANT) -> NDArray[np.float64]:
        """One figure in every run.

        Raises  InputError if there is none of that name and subject
        """
        return self.samples[:, self._column(name, subject)]

    def interval(self, name: str, subject: str = PLANT) -> Interval:
        """One figure with its interval."""
        return student_t(self.values(name, subject), self.level)

    def table(self) -> pa.Table:
        """All figures, a row each, in the columns of RESULTS."""
        notes = [self._note(column) for column in range(len(self.outputs))]
        return _table(self.outputs, self.samples, self.level, notes)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        head = {name: getattr(self, name) for name in ("model", "seed", "until", "warmup", "level", "kind", "complete")}
        return {**head, "runs": len(self.samples), "note": self.note, "outputs": self.table().to_pylist()}

    def _column(self, name: str, subject: str) -> int:
        for column, output in enumerate(self.outputs):
            if (output.name, output.subject) == (name, subject):
                return column
        raise InputError(
            "the results do not have this figure",
            came=f"{name} of {subject}",
            expected=", ".join(sorted({output.name for output in self.outputs})),
        )

    def _note(self, column: int) -> str:
        values = self.samples[:, column]
        known = values[~np.isnan(values)]
        if len(known) == 0:
            return self.outputs[column].unknown
        if len(known) < len(values):
            return f"{self.outputs[column].unknown} in {len(values) - len(known)} of {len(values)} {self.kind}"
        if self.kind == "batches":
            found = batch_means(known, len(known), self.level)
            if not found.independent:
                return f"batches depend on each other (lag-1 {found.lag1:.2f}): too narrow, run longer"
        return ""


@dataclass(frozen=True)
class Comparison:
    """Two models that met the same chances: each one's results, and the second less the first, run by run."""

    a: Results
    b: Results

    def interval(self, name: str, subject: str = PLANT) -> Interval:
        """Difference b - a of one figure, with its interval."""
        return student_t(self.b.values(name, subject) - self.a.values(name, subject), self.a.level)

    def table(self) -> pa.Table:
        """Differences of all figures that both models have, in the columns of RESULTS and the means `a` and `b`."""
        column = {(output.name, output.subject): place for place, output in enumerate(self.a.outputs)}
        both = [
            (column[output.name, output.subject], place)
            for place, output in enumerate(self.b.outputs)
            if (output.name, output.subject) in column
        ]
        ours, theirs = (list(part) for part in zip(*both, strict=True)) if both else ([], [])
        a, b = self.a.samples[:, ours], self.b.samples[:, theirs]
        outputs = tuple(self.a.outputs[place] for place in ours)
        unknown = np.isnan(b - a)
        notes = [
            f"{output.unknown} in {missing} of {len(a)} pairs" if missing else ""
            for output, missing in zip(outputs, unknown.sum(axis=0), strict=True)
        ]
        table = _table(outputs, b - a, self.a.level, notes)
        for name, part in (("a", a), ("b", b)):
            table = table.append_column(name, _known(spread(part)[0]))
        return table

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {"a": self.a.as_dict(), "b": self.b.as_dict(), "differences": self.table().to_pylist()}


def _table(outputs: tuple[Output, ...], samples: NDArray[np.float64], level: float, notes: list[str]) -> pa.Table:
    mean, half, n = spread(samples, level)
    columns = [
        [output.name for output in outputs],
        [output.subject for output in outputs],
        [output.unit for output in outputs],
        _known(mean),
        _known(mean - half),
        _known(mean + half),
        n,
        [level] * len(outputs),
        notes,
    ]
    return pa.table([pa.array(part, kind.type) for part, kind in zip(columns, RESULTS, strict=True)], schema=RESULTS)


def _known(values: NDArray[np.float64]) -> pa.Array:
    return pa.array([None if math.isnan(value) else value for value in values.tolist()], pa.float64())
