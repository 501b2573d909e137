"""Energy and its drivers, day by day or week by week by the plant's clock: what a baseline is fitted on.

Reads   what a meter came to, count facts, stays, values of signals    Writes  nothing
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.core.time import from_datetime, to_datetime
from luban.understand.energy.allocate import Stay
from luban.understand.energy.meters import Consumed
from luban.understand.quality.data import Floats, Ints

__all__ = ["KNOWN", "STEPS", "Steps", "energy_in", "mean_in", "pieces_in", "steps_of", "work_in"]

STEPS = {"day": 1, "week": 7}
"""Length of a step [day]."""

KNOWN = 0.95
"""Share of a step that must be metered; what is missing of the rest is filled up by its mean."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Whole steps.

    edges    [µs UTC], one more than there are steps
    energy   in each [unit of the meter]; NaN where less than `KNOWN` is metered
    known    share of each that is metered [0, 1]
    drivers  name → value of each; NaN where it is not known
    """

    edges: Ints
    energy: Floats
    known: Floats
    drivers: Mapping[str, Floats]

    def part(self, start: int, end: int) -> Steps:
        """The steps that lie within a window."""
        own = (self.edges[:-1] >= start) & (self.edges[1:] <= end)
        at = np.flatnonzero(own)
        edges = self.edges[at[0] : at[-1] + 2] if len(at) else self.edges[:1]
        drivers = {name: values[own] for name, values in self.drivers.items()}
        return Steps(edges, self.energy[own], self.known[own], drivers)


def steps_of(start: int, end: int, step: str, zone: ZoneInfo) -> Ints:
    """Edges of the whole steps within a window; weeks begin on Monday. Raises InputError: no such step, none fits."""
    if step not in STEPS:
        raise InputError("no such step", came=step, expected=", ".join(STEPS))
    first = to_datetime(start, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if from_datetime(first) < start:
        first += timedelta(days=1)
    if step == "week":
        first += timedelta(days=-first.weekday() % 7)
    edges = []
    while (at := from_datetime(first)) <= end:
        edges.append(at)
        first += timedelta(days=STEPS[step])
    if len(edges) < 2:
        raise InputError(f"not one whole {step} in the window", came=f"{(end - start) / 8.64e10:.1f} days")
    return np.array(edges, np.int64)


def energy_in(consumed: Consumed, edges: Ints) -> tuple[Floats, Floats]:
    """Energy of each step, filled up where nearly all is known, and the share that is."""
    amounts, known = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    for at, (low, high) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        amounts[at] = float(consumed.total(low, high))
        known[at] = 1 - sum(b - a for a, b in consumed.holes(low, high)) / (high - low)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known >= KNOWN, amounts / known, np.nan), known


def pieces_in(counts: Iterable[Mapping[str, Any]], edges: Ints, item: str = "") -> Floats:
    """Good pieces of each step: an order's are those that its last work unit counted.

    item  only of this item
    """
    rows = [row for row in counts if row["order"] and row["good"]]
    last: dict[str, tuple[int, str]] = {}
    for row in rows:
        last[row["order"]] = max(last.get(row["order"], (0, "")), (row["time"], row["subject"]))
    found, marks = np.zeros(len(edges) - 1), edges.tolist()
    for row in rows:
        at = bisect_right(marks, row["time"]) - 1
        if 0 <= at < len(found) and row["subject"] == last[row["order"]][1] and item in {"", row.get("item") or ""}:
            found[at] += float(Decimal(str(row["good"])))
    return found


def work_in(stays: Mapping[str, Sequence[Stay]], edges: Ints) -> Floats:
    """Hours in which work units were at work on orders, of each step."""
    found, marks = np.zeros(len(edges) - 1), edges.tolist()
    for stay in (one for own in stays.values() for one in own if one.order):
        at = max(0, bisect_right(marks, stay.start) - 1)
        while at < len(found) and marks[at] < stay.end:
            found[at] += max(0, min(stay.end, marks[at + 1]) - max(stay.start, marks[at])) / 3.6e9
            at += 1
    return found


def mean_in(times: Ints, values: Floats, edges: Ints, *, share: float = 0.5) -> Floats:
    """Mean of each step of values by the hour; NaN where fewer than `share` of its hours have one."""
    at = np.searchsorted(edges, times, "right") - 1
    good = (at >= 0) & (at < len(edges) - 1) & np.isfinite(values)
    count = np.bincount(at[good], minlength=len(edges) - 1)
    total = np.bincount(at[good], values[good], len(edges) - 1)
    hours = np.diff(edges) / 3.6e9
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= share * hours, total / count, np.nan)
