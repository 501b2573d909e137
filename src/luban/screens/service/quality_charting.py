"""The chart of a characteristic as it stands: phase I on its newest points, or frozen limits revision by revision.

Reads  what `understand.quality.measured` took from the books
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.plant import Plant
from luban.screens.service.quality_limits import Frozen, Standing
from luban.understand.quality.data import Ints, Sample
from luban.understand.quality.inspection.due import plan_of
from luban.understand.quality.measured import Measured, measured
from luban.understand.quality.spc import CHARTS, Chart, Panel, Violation, control_chart, staged_chart
from luban.understand.quality.spc.charts import FEW

if TYPE_CHECKING:  # it brings scipy's distributions with it
    from luban.understand.quality.capability import Capability

__all__ = [
    "KINDS",
    "LEAD",
    "NEWEST",
    "RECENT",
    "USUAL_RULES",
    "Charted",
    "Wanted",
    "as_group",
    "capable",
    "charted",
    "cut",
    "keys_of",
    "offered",
    "part",
    "point_of",
    "read",
    "recent",
    "units_of",
    "usual",
]

KINDS = ("i_mr", "xbar_r", "xbar_s", "ewma", "cusum", "moving_average")
"""Charts of one characteristic that the page offers, of those there are."""

USUAL_RULES = ("nelson_1", "nelson_2", "nelson_3", "nelson_4")
"""What a chart is judged by where nobody chose: the tests that L. S. Nelson, Journal of Quality Technology 16 (1984)
237-239, has always applied; 5 and 6 are for an earlier warning, 7 and 8 for setting up."""

NEWEST = (25, 50, 100, 200, 500, 1000)
"""How many of the newest points the page offers to draw."""

RECENT = 25
"""Newest points whose signals decide how a characteristic is listed."""

LEAD = 100
"""Points before the drawn ones that are always read: patterns and charts with a memory begin there."""

_LEAST_FACTS = 5_000  # so many are always read
_LOT_SIZE = 10  # values that a lot is thought to hold at most, where only the newest are read
_MOST_SIZE = 100
_RANGE_SIZE = 8  # from larger subgroups on the range wastes too much: NIST/SEMATECH e-Handbook 6.3.2.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see; empty: what stands, or what is usual.

    kind    name of a chart
    group   single, lot, or how many values in a row make a point; None: what is usual
    rules   names; None: what is usual
    newest  how many points
    fresh   limits from these points even where some are frozen
    """

    kind: str = ""
    group: str | int | None = None
    rules: tuple[str, ...] | None = None
    newest: int = 100
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Charted:
    """A chart with what belongs to it.

    chart     of `own`, all of it; the page draws from `first` on
    own       the values charted, with their facts
    first     index of the first point to draw
    wanted    what was drawn: every field is filled in
    stages    where each revision of the limits begins (index) and the revision
    basis     points [first, end) that the limits in force rest on, where they are among these
    causes    index of a point → what was found
    out       index of a point left out of limits → why
    waiting   newest values whose subgroup is not full yet
    """

    chart: Chart
    own: Measured
    first: int
    wanted: Wanted
    stages: tuple[tuple[int, Frozen], ...] = ()
    basis: tuple[int, int] | None = None
    causes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    out: Mapping[int, str] = field(default_factory=dict)
    waiting: int = 0

    @property
    def signals(self) -> tuple[Violation, ...]:
        """Violations at the points that are drawn."""
        return tuple(one for one in self.chart.violations if one.point >= self.first)


def cut(made: Charted) -> Chart:
    """The chart of the drawn points alone, for paper."""
    chart, first = made.chart, made.first
    if not first:
        return replace(chart, out=dict(made.out))
    panels = tuple(
        Panel(
            one.name,
            one.unit,
            *(getattr(one, name)[first:] for name in ("values", "centre", "lower", "upper", "sigma")),
        )
        for one in chart.panels
    )
    moved = tuple(replace(one, point=one.point - first, first=max(0, one.first - first)) for one in made.signals)
    out = {at - first: why for at, why in made.out.items() if at >= first}
    used = len(chart.labels) - first if chart.phase == 2 else chart.used
    return replace(
        chart, labels=chart.labels[first:], time=chart.time[first:], panels=panels, violations=moved, out=out, used=used
    )


def recent(made: Charted) -> tuple[str, int]:
    """How a chart stands by its newest points: signals, few values or in control; and how many of them signal."""
    count = len(made.chart.labels)
    fired = {one.point for one in made.chart.violations if one.point not in made.out and one.point >= count - RECENT}
    if fired:
        return "signals", len(fired)
    return ("few values" if made.chart.used < FEW else "in control"), 0


def capable(made: Charted) -> Capability | None:
    """What the drawn points say of the process against the specification; None where there is none."""
    sample = part(made.own, made.first, len(made.own.sample)).sample
    if sample.lower is None and sample.upper is None:
        return None
    from luban.understand.quality.capability import capability

    return capability(sample)


def usual(ledger: Ledger, plant: Plant, subject: str, standing: Standing) -> Wanted:
    """How a characteristic is charted where nobody chose.

    As its limits were frozen; else as the inspection plan says; else by how it was measured.
    """
    own = standing.newest
    if own is not None:
        return Wanted(own.limits.kind, own.group, own.rules)
    plan = plan_of(plant, subject)
    if plan is not None and (plan.pieces > 1 or plan.chart):
        kind = plan.chart if plan.chart in CHARTS else ""
        group = plan.pieces if 1 < plan.pieces <= _MOST_SIZE else "single"
        return Wanted(kind, group, USUAL_RULES)
    lots = _column(ledger, subject, "lot")
    lots = lots[max(0, len(lots) - 500) :].to_pylist()
    named = [lot for lot in lots if lot]
    sizes = np.unique(named, return_counts=True)[1] if named else np.zeros(0)
    by_lot = len(named) == len(lots) and len(sizes) > 1 and 2 <= float(np.median(sizes)) <= 30
    return Wanted("", "lot" if by_lot else "single", USUAL_RULES)


def read(
    ledger: Ledger, plant: Plant, subject: str, group: str | int, newest: int = 100, unit: str = ""
) -> Measured:  # fmt: skip
    """The values of a characteristic; of very many only the newest, cut where a subgroup begins.

    newest  how many points are to be drawn
    unit    only of pieces that this work unit made
    """
    size = group if isinstance(group, int) else _LOT_SIZE if group == "lot" else 1
    most = max(_LEAST_FACTS, 2 * (newest + LEAD) * size)
    column = _column(ledger, subject, "time", unit)
    start = None
    if len(column) > most:
        times = np.sort(column.to_numpy(zero_copy_only=False))
        at = (len(column) - most) // size * size
        # the nearest place before it at which two values differ in time: [start, …) must not cut between equal ones
        while at and times[at - 1] == times[at]:
            at -= size
        start = int(times[at]) if at > 0 else None
    return measured(ledger, plant, subject, start, group=group, where={"unit": unit} if unit else None)


def units_of(ledger: Ledger, subject: str) -> tuple[str, ...]:
    """The work units whose pieces were measured, in the order of their names."""
    named = set(_column(ledger, subject, "unit").unique().to_pylist())
    return tuple(sorted(unit for unit in named if unit))


def _column(ledger: Ledger, subject: str, name: str, unit: str = "") -> pa.ChunkedArray:
    """One column of a characteristic's facts (of one work unit), in their order in the books."""
    frame = ledger.frame("measurement", subjects=[subject])
    if unit:
        frame = frame.filter(nw.col("unit") == unit)
    found = frame.select("seq", name).sort("seq")
    return found.collect("pyarrow").to_arrow()[name]


def keys_of(own: Measured) -> Ints:
    """Each point's name in the books: the seq of its first value, shape (k,)."""
    return own.seqs[own.sample.starts[:-1]]


def point_of(own: Measured, seq: int) -> int | None:
    """Index of the point that holds a fact; None where none does."""
    found = np.flatnonzero(own.seqs == seq)
    return int(np.searchsorted(own.sample.starts, found[0], side="right")) - 1 if len(found) else None


def part(own: Measured, first: int, end: int) -> Measured:
    """Points [first, end)."""
    one = own.sample
    a, b = int(one.starts[first]), int(one.starts[end])
    sample = Sample(
        one.characteristic, one.unit, one.values[a:b], one.starts[first : end + 1] - a, one.labels[first:end],
        one.time[first:end], one.lower, one.target, one.upper, one.excluded, one.source,
    )  # fmt: skip
    factors = {name: values[a:b] for name, values in own.factors.items()}
    conditions = {name: values[a:b] for name, values in own.conditions.items()}
    return Measured(sample, own.seqs[a:b], own.times[a:b], factors, conditions, own.head)


def charted(whole: Measured, standing: Standing, wanted: Wanted) -> Charted:
    """The chart of these values. Raises InputError where there is none, with the reason.

    wanted  with its group and rules filled in (see `usual`)
    """
    size = wanted.group if isinstance(wanted.group, int) else 0
    sizes = whole.sample.sizes
    # the newest subgroup is a point once it is full
    waiting = int(sizes[-1]) if size and len(sizes) and sizes[-1] < size else 0
    end = len(sizes) - bool(waiting)
    wanted = replace(wanted, kind=wanted.kind or _kind(sizes))
    stages = standing.stages if not wanted.fresh and _fits(standing, wanted) else ()
    first = max(0, end - wanted.newest)
    # charts with a memory, and patterns, begin before what is drawn
    begin = 0 if stages else first
    own = part(whole, begin, end)
    if not len(own.sample):
        left_out = whole.sample.excluded
        came, why = (f"{len(left_out)} values left out", left_out[-1].reason) if left_out else ("", "")
        raise InputError("no point to chart yet", came=came, where=whole.sample.characteristic, hint=why)
    said = {at: why for seq, why in standing.out.items() if (at := point_of(own, seq)) is not None}
    causes: dict[int, tuple[str, ...]] = {}
    for seq, notes in standing.causes.items():
        if (at := point_of(own, seq)) is not None:
            causes[at] = (*causes.get(at, ()), *(note.text for note in notes))
    made = Charted(_one(own, wanted, said), own, 0, wanted) if not stages else _staged(own, stages, wanted)
    return replace(made, first=first - begin, causes=causes, out=said, waiting=waiting)


def _kind(sizes: Ints) -> str:
    most = int(sizes.max(initial=1))
    return "i_mr" if most == 1 else "xbar_r" if most <= _RANGE_SIZE else "xbar_s"


def _fits(standing: Standing, wanted: Wanted) -> bool:
    own = standing.newest
    return own is not None and own.limits.kind == wanted.kind and own.group == wanted.group


def _one(own: Measured, wanted: Wanted, out: Mapping[int, str]) -> Chart:
    return control_chart(wanted.kind, own.sample, rules=wanted.rules or (), out=dict(out))


def _staged(own: Measured, stages: tuple[Frozen, ...], wanted: Wanted) -> Charted:
    """Each point by the limits that were in force when it was measured; those before the first, by the first."""
    newest = stages[-1]
    chart = staged_chart(own.sample, [one.limits for one in stages], rules=wanted.rules or newest.rules)
    by_revision = {one.limits.revision: one for one in stages}
    begins = tuple((told["first"], by_revision[told["revision"]]) for told in chart.parameters["stages"])
    first, last = point_of(own, newest.first), point_of(own, newest.last)
    return Charted(chart, own, 0, wanted, begins, None if last is None else (first or 0, last + 1))


def offered() -> tuple[str, ...]:
    """Names of the charts that the page offers."""
    return tuple(name for name in KINDS if name in CHARTS)


def as_group(text: str) -> str | int | None:
    """A grouping from an address: single, lot or a number; None from nothing. Raises InputError."""
    if not text:
        return None
    if text in {"single", "lot"}:
        return text
    if text.isdigit() and 2 <= int(text) <= _MOST_SIZE:
        return int(text)
    raise InputError("no such grouping", came=text, expected=f"single, lot or 2 to {_MOST_SIZE}")
