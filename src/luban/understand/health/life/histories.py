"""Histories of machines of one kind: readings in order of time, and whether they end in a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["Flags", "Histories", "gather"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Histories:
    """Readings of machines of one kind, machine by machine, in order of time.

    units     name of each machine or of each of its lives, length k
    starts    where each begins in `time`, then n; shape (k + 1,)
    time      age in use at each reading [time_unit], rising within a machine, shape (n,)
    channels  names of the channels, length c
    values    readings, NaN where there is none, shape (n, c)
    ended     whether the history ends in a failure, shape (k,)
    excluded  readings that the source holds and that are not here
    """

    units: tuple[str, ...]
    starts: Ints
    time: Floats
    channels: tuple[str, ...]
    values: Floats
    ended: Flags
    time_unit: str = "cycles"
    excluded: tuple[Excluded, ...] = ()

    def __len__(self) -> int:
        """Number of machines."""
        return len(self.units)

    def spans(self) -> list[slice]:
        """The rows of each machine."""
        return [slice(int(a), int(b)) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def lives(self) -> Floats:
        """Age at the last reading of each machine [time_unit], shape (k,)."""
        return self.time[self.starts[1:] - 1]

    def remaining(self) -> Floats:
        """Time from each reading to the last one of its machine [time_unit], shape (n,)."""
        return np.repeat(self.lives(), np.diff(self.starts)) - self.time

    def part(self, chosen: Sequence[int] | Ints) -> Histories:
        """Some of the machines, by their positions."""
        spans = self.spans()
        rows = np.concatenate([np.arange(spans[i].start, spans[i].stop) for i in chosen] or [np.zeros(0, np.int64)])
        sizes = [spans[i].stop - spans[i].start for i in chosen]
        starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        names = tuple(self.units[i] for i in chosen)
        ended = self.ended[np.asarray(chosen, np.int64)]
        return Histories(
            names, starts, self.time[rows], self.channels, self.values[rows], ended, self.time_unit, self.excluded
        )

    def only(self, channels: Sequence[str]) -> Histories:
        """The same machines with these channels; one that is not there holds NaN."""
        at = {name: i for i, name in enumerate(self.channels)}
        empty = np.full(len(self.time), np.nan)
        columns = [self.values[:, at[name]] if name in at else empty for name in channels]
        values = np.column_stack(columns) if columns else np.zeros((len(self.time), 0))
        return Histories(
            self.units, self.starts, self.time, tuple(channels), values, self.ended, self.time_unit, self.excluded
        )


def gather(
    units: Sequence[object],
    time: Sequence[float] | Floats,
    channels: Mapping[str, Sequence[float] | Floats],
    *,
    ended: Mapping[str, bool] | bool = True,
    time_unit: str = "cycles",
) -> Histories:
    """Histories from rows in any order, one reading a row.

    units     machine of each row, or one of its lives if it was repaired, length n
    time      age in use [time_unit], length n
    channels  readings by name, each of length n; NaN is no reading
    ended     whether a history ends in a failure, by machine or for all
    Raises    InputError if columns differ in length or nothing is left
    Example   len(gather(["a", "a", "b"], [1, 2, 1], {"wear": [0.1, 0.2, 0.1]})) == 2
    """
    names = np.asarray([str(unit) for unit in units])
    when = np.asarray(time, np.float64)
    columns = [np.asarray(column, np.float64) for column in channels.values()]
    for name, column in zip(("time", *channels), (when, *columns), strict=True):
        if column.shape != names.shape:
            came = f"{column.shape[0] if column.ndim else 0} for {len(names)} rows"
            raise InputError("a column differs in length from the machines", came=came, where=name)
    values = np.column_stack(columns) if columns else np.zeros((len(names), 0))
    values = np.where(np.isfinite(values), values, np.nan)
    found, first, code = np.unique(names, return_index=True, return_inverse=True)
    rank = np.empty(len(found), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(found))
    unit = rank[code]
    order = np.lexsort((when, unit))
    bad = ~np.isfinite(when[order])
    again = np.zeros(len(order), np.bool_)
    again[1:] = (np.diff(unit[order]) == 0) & (np.diff(when[order]) == 0)
    excluded = []
    for i in np.flatnonzero(bad | again):
        reason = words.TIME_MISSING if bad[i] else words.TIME_DOUBLE
        excluded.append(Excluded(f"row {order[i] + 1}", "time", f"{when[order[i]]:g}", reason))
    order = order[~(bad | again)]
    if not len(order):
        raise InputError(
            "no reading of any machine is left", came=f"{len(names)} rows", expected="machine, time, values"
        )
    unit = unit[order]
    begins = np.flatnonzero(np.concatenate(([True], np.diff(unit) != 0)))
    labels = tuple(str(names[order[i]]) for i in begins)
    ends = np.array([ended if isinstance(ended, bool) else bool(ended.get(name, True)) for name in labels])
    starts = np.concatenate((begins, [len(order)])).astype(np.int64)
    return Histories(labels, starts, when[order], tuple(channels), values[order], ends, time_unit, tuple(excluded))
