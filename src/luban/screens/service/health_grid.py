"""Readings of a machine out of the books: five-minute means of its signals, whether it ran, and what it made.

Reads  Fact(signal, state)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.time import HOUR, MINUTE
from luban.ledger import Ledger
from luban.norms import TimeElement, state_mapping
from luban.plant import Plant, Signal
from luban.understand.health.machine import LEAST_GOOD, Readings
from luban.understand.quality.data import Floats, Ints

__all__ = ["STEP", "States", "channels_of", "failures_of", "first_reading", "late", "readings_of", "states_of"]

STEP: Final = 5 * MINUTE
"""Length of a row [µs]."""

_RAN: Final = 0.5  # share of a row that the machine ran, from which on the row is in operation [1]
_NAMED: Final = 0.8  # share of rows in operation whose item is known, from which on items are the regimes
_MOST_REGIMES: Final = 24


@dataclass(frozen=True, slots=True)
class States:
    """States of a machine in order of time."""

    time: Ints
    runs: np.ndarray[Any, np.dtype[np.bool_]]
    fails: np.ndarray[Any, np.dtype[np.bool_]]
    items: tuple[str, ...]


def channels_of(plant: Plant, machine: str) -> tuple[Signal, ...]:
    """The signals that tell of a machine's condition: plain values with a unit or a range."""
    return tuple(
        one for one in plant.signals.values()
        if one.unit_path == machine and one.role == "value" and one.enabled and (one.unit or one.range)
    )  # fmt: skip


def first_reading(ledger: Ledger, plant: Plant, machine: str) -> int | None:
    """When a channel of the machine was first read [µs UTC]; None if never."""
    signals = [one.id for one in channels_of(plant, machine)]
    if not signals:
        return None
    found = ledger.frame("signal", subjects=signals).select(nw.col("time").min()).collect("pyarrow").to_native()
    first: int | None = found.column("time")[0].as_py()
    return first


def late(ledger: Ledger, plant: Plant, machine: str, since: int, edge: int) -> bool:
    """Whether facts of this machine from before the edge came after this seq: what was worked out is stale."""
    signals = [one.id for one in channels_of(plant, machine)]
    for stream, subjects in (("signal", signals), ("state", [machine])):
        frame = ledger.frame(stream, subjects=subjects, until=edge, corrected=False).filter(nw.col("seq") > since)
        if frame.select("seq").head(1).collect("pyarrow").shape[0]:
            return True
    return False


def readings_of(
    ledger: Ledger, plant: Plant, machine: str, start: int, end: int, *, age: float = 0.0, labelled: bool | None = None
) -> Readings:
    """Rows of whole five minutes in [start, end) in which something was read.

    age       hours in operation before `start`
    labelled  whether items are the regimes; None: where they are known and few
    """
    signals = channels_of(plant, machine)
    first, last = start - start % STEP, end - end % STEP
    count = max((last - first) // STEP, 0)
    values = np.full((count, len(signals)), np.nan)
    for at, signal in enumerate(signals):
        if count:
            values[:, at] = _means(ledger, signal.id, first, last)
    time = first + np.arange(count, dtype=np.int64) * STEP
    states = states_of(ledger, machine, first, last)
    runs = _running(states, time) if len(states.time) else np.isfinite(values).any(axis=1)
    heard = np.isfinite(values).any(axis=1)
    items = _items(states, time)
    ages = age + np.cumsum(runs & heard) * (STEP / HOUR)
    regimes = _regimes(items, runs & heard) if labelled is None else items if labelled else None
    made = Readings(
        machine, time, ages, tuple(one.name for one in signals), tuple(one.unit for one in signals), values, regimes,
        runs & heard, None, "h", (), plant.id,
    )  # fmt: skip
    return made.rows(heard)


def failures_of(ledger: Ledger, machine: str) -> tuple[tuple[int, int | None], ...]:
    """When the machine's state became a failure, and when it was one no more [µs UTC]; None while it lasts."""
    states = states_of(ledger, machine, None, None)
    found: list[tuple[int, int | None]] = []
    began: int | None = None
    for at, fails in zip(states.time.tolist(), states.fails.tolist(), strict=True):
        if fails and began is None:
            began = at
        elif not fails and began is not None:
            found.append((began, at))
            began = None
    return tuple(found) if began is None else (*found, (began, None))


def _means(ledger: Ledger, signal: str, first: int, last: int) -> Floats:
    """Mean of the good samples of each row, nan without one; minutes count by their number of samples."""
    minutes = ledger.minutes(signal, first, last)
    at = (minutes.column("minute").to_numpy() - first) // STEP
    good = minutes.column("good").to_numpy().astype(np.float64)
    total = np.nan_to_num(minutes.column("sum").to_numpy(zero_copy_only=False).astype(np.float64))
    count = (last - first) // STEP
    inside = (at >= 0) & (at < count) & (good > 0)
    n = np.bincount(at[inside], good[inside], minlength=count)
    sums = np.bincount(at[inside], total[inside], minlength=count)
    return np.where(n > 0, sums / np.where(n > 0, n, 1.0), np.nan)


def states_of(ledger: Ledger, machine: str, first: int | None, last: int | None) -> States:
    """States of a machine from the one that held at `first` on, before `last` [µs UTC]; None: all."""
    frame = ledger.frame("state", subjects=[machine], until=last)
    rows = frame.select("time", "state", "mapping", "item").sort("time").collect("pyarrow").to_native().to_pylist()
    if first is not None:
        begun = [at for at, row in enumerate(rows) if row["time"] <= first]
        rows = rows[begun[-1] if begun else 0 :]
    element, fails = list[TimeElement](), list[bool]()
    for row in rows:
        mapping = state_mapping(row["mapping"])
        element.append(mapping.element(row["state"]))
        fails.append(mapping.is_failure(row["state"]))
    return States(
        np.array([row["time"] for row in rows], np.int64),
        np.array([one is TimeElement.APT for one in element], np.bool_), np.array(fails, np.bool_),
        tuple(row["item"] or "" for row in rows),
    )  # fmt: skip


def _running(states: States, time: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether the machine ran in at least half of each row."""
    edges = np.concatenate([states.time, [time[-1] + STEP if len(time) else 0]])
    ran = np.zeros(len(time))
    for at in np.flatnonzero(states.runs).tolist():
        begin, end = int(edges[at]), int(edges[at + 1])
        one, two = np.searchsorted(time, [begin - STEP + 1, end])
        share = np.minimum(time[one:two] + STEP, end) - np.maximum(time[one:two], begin)
        ran[one:two] += np.maximum(share, 0)
    told: np.ndarray[Any, np.dtype[np.bool_]] = ran >= _RAN * STEP
    return told


def _items(states: States, time: Ints) -> tuple[str, ...]:
    """The item that was made at the middle of each row."""
    at = np.searchsorted(states.time, time + STEP // 2, side="right") - 1
    return tuple(states.items[one] if one >= 0 else "" for one in at.tolist())


def _regimes(items: tuple[str, ...], taken: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[str, ...] | None:
    """Items as regimes where they are known and few; otherwise regimes are to be found."""
    own = [item for item, one in zip(items, taken.tolist(), strict=True) if one]
    known = [item for item in own if item]
    if not own or len(known) < _NAMED * len(own) or len(set(known)) > _MOST_REGIMES:
        return None
    if len(known) / len(set(known)) < LEAST_GOOD / 2:
        return None
    return items
