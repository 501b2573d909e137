"""Hours and tools of orders, as the states and steps of work say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from luban.norms import TimeElement, state_mapping
from luban.understand.cost.event import ShopEvent
from luban.understand.cost.money import exact

__all__ = ["Span", "hours_of", "machine_spans", "work_events"]

_NOT_BUSY: Final = (TimeElement.ADOT, TimeElement.PDOT)
_HOUR: Final = 3_600_000_000
_STEP: Final = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that a work unit was given to an order [µs UTC].

    seq   the fact that says so
    busy  its state is one of busy time; off, idle or stopped by plan it costs no hours
    """

    seq: int
    unit: str
    order: str
    start: int
    end: int
    state: str
    rework: bool
    measured: bool
    busy: bool = True


def hours_of(length: int) -> Decimal:
    """Microseconds as hours, to a billionth of an hour.

    Example hours_of(5_400_000_000) == Decimal("1.5")
    """
    return (Decimal(length) / _HOUR).quantize(_STEP)


def machine_spans(
    states: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]], rework: Collection[str]
) -> list[Span]:
    """Spans of work units on orders: by their states; by steps of work where no state names the order.

    states, steps  facts of the streams `state` and `operation`
    rework         names of operations and states that are rework
    """
    found: list[Span] = []
    by_unit: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(states, key=lambda one: (one["time"], one["seq"])):
        by_unit.setdefault(row["subject"], []).append(row)
    for unit, rows in by_unit.items():
        for row, after in pairwise(rows):
            if row["order"] and after["time"] > row["time"]:
                again = row["state"] in rework or (row["operation"] or "") in rework
                busy = state_mapping(row.get("mapping") or "generic@1").element(row["state"]) not in _NOT_BUSY
                span = Span(row["seq"], unit, row["order"], row["time"], after["time"], row["state"], again, True, busy)
                found.append(span)
    known = {(one.unit, one.order) for one in found}
    for row in steps:
        if row["end"] and row["end"] > row["time"] and (row["subject"], row["order"]) not in known:
            again = row["operation"] in rework
            found.append(Span(row["seq"], row["subject"], row["order"], row["time"], row["end"], "", again, False))
    return found


def work_events(
    spans: Iterable[Span],
    steps: Iterable[Mapping[str, Any]],
    rework: Collection[str],
    hourly: Collection[str],
    priced: Collection[str] = (),
) -> list[ShopEvent]:
    """Machine hours of spans; labour hours and tools of steps of work.

    Orders side by side on one work unit (a furnace load) share its time evenly, so that no hour counts twice.
    Of a machine's states those count that are busy time by ISO 22400-2 (production, setting up, delay), and those
    that a price names.
    hourly  tools that are priced by the hour; the others by the piece
    priced  states of machines that a price names
    """
    found = [
        ShopEvent(
            one.seq, one.end, "machine", hours, one.order, of=one.unit, state=one.state, rework=one.rework, part=1,
        )
        for one, hours in _shared(span for span in spans if span.busy or span.state in priced)
    ]  # fmt: skip
    for row in steps:
        again = row["operation"] in rework
        hours = hours_of(row["end"] - row["time"]) if row["end"] and row["end"] > row["time"] else Decimal(0)
        at = row["end"] or row["time"]
        if row["person"] and hours:
            found.append(
                ShopEvent(row["seq"], at, "labour", hours, row["order"], of=row["person"], rework=again, part=2)
            )
        pieces = exact(row["good"] or 0.0) + exact(row["scrap"] or 0.0)
        amount = hours if row["tool"] in hourly else pieces
        if row["tool"] and amount:
            found.append(ShopEvent(row["seq"], at, "tool", amount, row["order"], of=row["tool"], rework=again, part=3))
    return found


def _shared(spans: Iterable[Span]) -> list[tuple[Span, Decimal]]:
    """Each span with its hours; where several lie over each other, each has its share."""
    found: list[tuple[Span, Decimal]] = []
    by_unit: dict[str, list[Span]] = {}
    for span in spans:
        by_unit.setdefault(span.unit, []).append(span)
    for held in by_unit.values():
        held.sort(key=lambda one: (one.start, one.end))
        cluster: list[Span] = []
        end = 0
        for span in held:
            if cluster and span.start >= end:
                found += _of_cluster(cluster)
                cluster = []
            end = max(end, span.end) if cluster else span.end
            cluster.append(span)
        found += _of_cluster(cluster)
    return found


def _of_cluster(spans: Sequence[Span]) -> list[tuple[Span, Decimal]]:
    """Spans that hang together by lying over each other."""
    if len(spans) == 1:
        return [(spans[0], hours_of(spans[0].end - spans[0].start))]
    lengths = [Fraction(0)] * len(spans)
    for low, high in pairwise(sorted({edge for one in spans for edge in (one.start, one.end)})):
        over = [at for at, one in enumerate(spans) if one.start <= low and one.end >= high]
        for at in over:
            lengths[at] += Fraction(high - low, len(over))
    hours = [(Decimal(one.numerator) / one.denominator / _HOUR).quantize(_STEP) for one in lengths]
    return list(zip(spans, hours, strict=True))
