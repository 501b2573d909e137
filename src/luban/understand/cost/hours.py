"""Hours, tools and energy of orders, as the states, steps of work and meters say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.units import convert
from luban.understand.cost.event import ShopEvent
from luban.understand.cost.money import exact
from luban.understand.cost.words import BACKWARDS, OF_NO_UNIT, OTHER_UNIT

__all__ = ["Span", "energy_events", "hours_of", "machine_spans", "work_events"]

_HOUR: Final = 3_600_000_000
_STEP: Final = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that a work unit was given to an order [µs UTC]. seq: the fact that says so."""

    seq: int
    unit: str
    order: str
    start: int
    end: int
    state: str
    rework: bool
    measured: bool


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
                span = Span(row["seq"], unit, row["order"], row["time"], after["time"], row["state"], again, True)
                found.append(span)
    known = {(one.unit, one.order) for one in found}
    for row in steps:
        if row["end"] and row["end"] > row["time"] and (row["subject"], row["order"]) not in known:
            again = row["operation"] in rework
            found.append(Span(row["seq"], row["subject"], row["order"], row["time"], row["end"], "", again, False))
    return found


def work_events(
    spans: Iterable[Span], steps: Iterable[Mapping[str, Any]], rework: Collection[str], hourly: Collection[str]
) -> list[ShopEvent]:
    """Machine hours of spans; labour hours and tools of steps of work.

    hourly  tools that are priced by the hour; the others by the piece
    """
    found = [
        ShopEvent(
            one.seq, one.end, "machine", hours_of(one.end - one.start), one.order, of=one.unit, state=one.state,
            rework=one.rework, part=1,
        )
        for one in spans
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


def energy_events(
    meters: Sequence[Mapping[str, Any]], spans: Sequence[Span], units: Mapping[str, str], notes: dict[str, Decimal]
) -> list[ShopEvent]:
    """Energy of work units, shared among the orders of each interval by time; the rest is on no order.

    meters  facts of the stream `meter`; a meter belongs to the work unit before the colon of its name
    units   unit of the price by medium, e.g. kWh
    notes   what was left out is added here: sentence → quantity
    """
    by_unit: dict[str, list[Span]] = {}
    for span in spans:
        by_unit.setdefault(span.unit, []).append(span)
    found: list[ShopEvent] = []
    for row, start, amount in _intervals(meters, notes):
        unit = row["subject"].partition(":")[0]
        if unit not in by_unit:
            _note(notes, OF_NO_UNIT, amount)
            continue
        try:
            quantity = exact(convert(float(amount), row["measured_in"], units.get(row["medium"], row["measured_in"])))
        except InputError:
            _note(notes, OTHER_UNIT, amount)
            continue
        inside = [
            (span, min(span.end, row["time"]) - max(span.start, start))
            for span in by_unit[unit]
            if span.start < row["time"] and span.end > start
        ]
        # where orders ran side by side, their times add up to more than the interval
        whole, given = Decimal(max(row["time"] - start, sum(length for _, length in inside))), Decimal(0)
        for part, (span, length) in enumerate(inside, start=10):
            share = (quantity * length / whole).quantize(_STEP)
            given += share
            at = min(span.end, row["time"])
            found.append(
                ShopEvent(row["seq"], at, "energy", share, span.order, of=row["medium"], rework=span.rework, part=part)
            )
        if quantity > given:
            found.append(ShopEvent(row["seq"], row["time"], "energy", quantity - given, of=row["medium"], part=9))
    return found


def _intervals(
    meters: Sequence[Mapping[str, Any]], notes: dict[str, Decimal]
) -> Iterable[tuple[Mapping[str, Any], int, Decimal]]:
    last: dict[str, Mapping[str, Any]] = {}
    for row in sorted(meters, key=lambda one: (one["time"], one["seq"])):
        if row["interval"] is not None and row["start"] is not None and row["start"] < row["time"]:
            amount, start = exact(row["interval"]), row["start"]
        elif row["register"] is not None:
            before = last.get(row["subject"])
            last[row["subject"]] = row
            if before is None or before["time"] >= row["time"]:
                continue
            amount, start = exact(row["register"]) - exact(before["register"]), before["time"]
        else:
            continue
        if amount < 0:
            _note(notes, BACKWARDS, -amount)
        elif amount:
            yield row, start, amount


def _note(notes: dict[str, Decimal], text: str, amount: Decimal) -> None:
    notes[text] = notes.get(text, Decimal(0)) + amount
