"""What a kind of chart must bring so that it can be drawn, frozen and fed one point at a time.

A kind is a record (`Kind`), no class to derive from. It says how limits are estimated (`fit`) and begins a `Run`:
the one way in which points become plotted values, both for a whole sample and for a single point on the line.

    run = kind.start(limits)          memory as at the first point
    tracks = run.advance(points)      any number of points; memory moves on

Whoever writes a run keeps one promise: cutting the points in pieces changes no bit of the tracks. Plus, minus, times,
divide and square root keep it in numpy and in a compiled loop alike; `exp`, `log`, `**` and numpy's own sums over
several points do not (numpy takes them in blocks), so sum in a loop of spc/kernel or a kernel of your own.
All that a run remembers is in `memory`: saving copies it, restoring writes it back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.quality.data import Counts, Floats, Ints, Sample
from luban.understand.quality.spc.limits import Limits

__all__ = [
    "DISTANCE",
    "LOCATION",
    "SHARE",
    "SPREAD",
    "SUM",
    "WEIGHTED",
    "Bools",
    "Fit",
    "Kind",
    "PanelKind",
    "Points",
    "Run",
    "Track",
    "finite_values",
    "one_count",
    "one_group",
    "one_value",
    "plain_array",
    "points_of_counts",
    "points_of_sample",
    "points_of_values",
]

Bools = NDArray[np.bool_]

LOCATION = "location"
"""Role of a panel: where the process lies, independent and about normal (individual, mean)."""
SPREAD = "spread"
"""Role of a panel: how much it scatters (moving range, range, standard deviation)."""
SHARE = "share"
"""Role of a panel: a share or a number of defects."""
WEIGHTED = "weighted"
"""Role of a panel: each value leans on those before it (EWMA, moving average)."""
SUM = "sum"
"""Role of a panel: a cumulated sum."""
DISTANCE = "distance"
"""Role of a panel: a distance from the centre of many characteristics (T², MEWMA)."""


class Points(NamedTuple):
    """Subgroups that a run takes in.

    values  measured values, shape (n,) or (n, characteristics); for counts the counts, shape (k,)
    starts  where each subgroup begins in `values`, then n; shape (k + 1,)
    sizes   pieces or area of each subgroup, shape (k,)
    """

    values: Floats
    starts: Ints
    sizes: Floats


class Track(NamedTuple):
    """Plotted values of one panel with their lines.

    values  shape (k,), contiguous; nan where the statistic does not exist
    lines   centre, lower, upper, sigma; shape (4, k), or (4, 1) where they are the same for all k; contiguous
    """

    values: Floats
    lines: Floats


class Run(Protocol):
    """Points becoming plotted values, in order.

    memory  all that is remembered from point to point, float64, shape (m,), changed in place; m may be 0
    """

    memory: Floats

    def advance(self, points: Points) -> tuple[Track, ...]:
        """Tracks of these points, one a panel; the memory moves on."""
        ...


class Fit(NamedTuple):
    """Estimates of phase I: what `start` needs, as JSON knows it, and what a reader should know."""

    parameters: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelKind:
    """A panel of a kind.

    name  as in `Panel`
    role  LOCATION, SPREAD, SHARE, WEIGHTED, SUM or DISTANCE: which rules apply
    unit  "" = the unit of the data; else this one ("1" for a share or a number)
    """

    name: str
    role: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of control chart.

    name     as in `CHARTS`
    title    for people
    panels   in the order of the tracks
    points   the points of a sample; InputError if this kind cannot take it
    one      one point from what arrives on the line: (value or values, size or None) -> Points; InputError if bad
    fit      (data, which subgroups to use, options) -> Fit; InputError with the reason where there is no estimate
    start    a run with these limits; InputError if a parameter is missing or impossible
    options  what `fit` takes: name -> meaning with unit and default
    own      a run for the very points that the limits rest on (phase 1), where its lines differ; None: as `start`
    """

    name: str
    title: str
    panels: tuple[PanelKind, ...]
    points: Callable[[Any], Points]
    one: Callable[[Any, float | None], Points]
    fit: Callable[[Any, Bools, Mapping[str, Any]], Fit]
    start: Callable[[Limits], Run]
    options: Mapping[str, str] = field(default_factory=dict)
    own: Callable[[Limits], Run] | None = None


_ONE_START: Ints = np.array([0, 1], np.int64)
_ONE_SIZE: Floats = np.ones(1)


def points_of_sample(data: object) -> Points:
    """Points of a `Sample` with subgroups of any size."""
    if not isinstance(data, Sample):
        raise InputError("this chart takes measured values", came=type(data).__name__, expected="Sample")
    values, count = plain_array(data.values), len(data)
    starts = np.require(data.starts, np.int64, ["C", "W"])
    single = len(values) == count
    return Points(values, starts, np.broadcast_to(1.0, count) if single else data.sizes.astype(np.float64))


def points_of_values(data: object) -> Points:
    """Points of a `Sample` whose subgroups hold one value each."""
    points = points_of_sample(data)
    if len(points.values) != len(points.sizes):
        raise InputError(
            "this chart takes single values, not subgroups", came=f"subgroups of up to {points.sizes.max():g}",
            expected="one value a subgroup", hint="use xbar_r or xbar_s",
        )  # fmt: skip
    return points


def points_of_counts(data: object) -> Points:
    """Points of `Counts`."""
    if not isinstance(data, Counts):
        raise InputError("this chart takes counts", came=type(data).__name__, expected="Counts")
    starts = np.arange(len(data.counts) + 1)
    return Points(plain_array(data.counts), starts, plain_array(data.sizes))


def one_value(value: Any, _size: float | None = None) -> Points:
    """One measured value as a point."""
    taken = finite_values(value)
    if taken.shape != (1,):
        raise InputError("this chart takes one value at a time", came=f"{taken.size} values")
    return Points(taken, _ONE_START, _ONE_SIZE)


def one_group(value: Any, _size: float | None = None) -> Points:
    """The measured values of one subgroup as a point."""
    taken = finite_values(value)
    if taken.ndim != 1 or not taken.size:
        raise InputError("a subgroup needs its values in one row", came=f"shape {taken.shape}")
    return Points(taken, np.array([0, taken.size], np.int64), np.array([float(taken.size)]))


def one_count(value: Any, size: float | None = None) -> Points:
    """A count in so many pieces, or so much area, as a point; size 1 if none is given."""
    taken = finite_values(value)
    wide = 1.0 if size is None else float(size)
    if taken.shape != (1,) or taken[0] < 0:
        raise InputError("a count is one number of at least 0", came=str(value)[:80])
    if not 0 < wide < np.inf:
        raise InputError("a size is above zero", came=f"{wide:g}")
    return Points(taken, _ONE_START, np.array([wide]))


def plain_array(values: Any) -> Floats:
    """Values as every compiled function takes them: one form of array, so that each is compiled once."""
    return np.require(values, np.float64, ["C", "W"])


def finite_values(value: Any) -> Floats:
    """A value or values as an array of at least one dimension. InputError: no numbers, or not finite."""
    many = isinstance(value, np.ndarray | Sequence) and not isinstance(value, str)
    if not many and not isinstance(value, (float, int, np.floating, np.integer)):
        raise InputError("a value is not a number", came=str(value)[:80])
    try:
        taken: Floats = np.array(value, np.float64, ndmin=1)
    except (TypeError, ValueError, OverflowError):
        raise InputError("a value is not a number", came=str(value)[:80]) from None
    # numpy's own test is slower for the few values of a subgroup
    finite = all(map(math.isfinite, taken.ravel().tolist())) if taken.size < 64 else bool(np.isfinite(taken).all())
    if not finite:
        raise InputError("a value is not a finite number", came=str(value)[:80], hint="leave it out and say why")
    return taken
