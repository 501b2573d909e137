"""Energy of orders, as the energy books give it: by state and the power that a work unit draws in it.

The rules are those of `luban.understand.energy.allocate`; roll-over, replacement and doubtful readings are judged by
`luban.understand.energy.consumption`. The powers of states are those of each week of the plant's clock, so that a
new reading changes nothing of the weeks before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.norms import TimeElement
from luban.understand.cost.event import ShopEvent
from luban.understand.cost.hours import Span
from luban.understand.cost.words import BACKWARDS, BETWEEN, DOUBTFUL, NO_PRICE, OF_NO_UNIT, OTHER_UNIT
from luban.understand.energy.allocate import UNKNOWN, Part, Stay, allocate, by_rule, split, stays_of
from luban.understand.energy.consumption import consumption
from luban.understand.energy.meters import Consumed, Meter, Reading, Spell, Swap, in_unit
from luban.understand.energy.read import readings_of

__all__ = ["energy_events"]

_BUSY: Final = "on an order"
_AT_WORK: Final = {TimeElement.APT: 1.0, TimeElement.AUST: 1.0}
_NONE, _FIRST = 9, 10  # part of the event: energy of no order; that of the first stretch of an order


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Time in which neither the state nor the orders of a work unit change."""

    stay: Stay
    owners: tuple[tuple[str, bool], ...]


def energy_events(
    readings: Sequence[Mapping[str, Any]],
    states: Iterable[Mapping[str, Any]],
    spans: Iterable[Span],
    units: Mapping[str, str],
    notes: dict[str, Decimal],
    *,
    meters: Iterable[Meter] = (),
    swaps: Mapping[str, Sequence[Swap]] | None = None,
    zone: ZoneInfo | None = None,
) -> list[ShopEvent]:
    """Energy of work units on their orders; what was drawn for none is on no order.

    readings  facts of the stream `meter`
    states    facts of the stream `state`
    spans     stretches of time that work units were given to orders; orders side by side share evenly
    units     unit of the price by medium, e.g. kWh; "" for a price that names none; of the medium "" for all others
    notes     what was left out is added here: sentence → quantity
    meters    the meter tree; a meter that is not in it belongs to the work unit before the colon of its name
    swaps     replacements by meter
    zone      clock of the plant, by which weeks begin; UTC by default
    """
    by_unit: dict[str, list[Span]] = {}
    for span in spans:
        by_unit.setdefault(span.unit, []).append(span)
    said = readings_of([dict(row) for row in readings])
    latest = max((one[-1].time for one in said.values()), default=0)
    shop = _Shop(stays_of(states, latest), by_unit, zone or ZoneInfo("UTC"))
    consumed = _consumed(said, {one.id: one for one in meters}, swaps or {}, notes)
    found: list[ShopEvent] = []
    parents = {one.meter.parent for one in consumed.values() if not one.meter.feeds}
    own = {(one.meter.medium, one.meter.place): one for one in consumed.values() if not one.meter.feeds}
    for name, one in consumed.items():
        meter, seqs = one.meter, {reading.time: reading.seq for reading in said[name]}
        _doubted(one, notes)
        if name in parents:
            _between(one, [other for other in consumed.values() if other.meter.parent == name], notes)
            continue
        inside = [unit for unit in shop.units if unit.startswith(f"{meter.place}/")] if meter.place else []
        below = [unit for unit in inside if (meter.medium, unit) not in own]
        if meter.place not in shop.units and (meter.feeds or not below):
            _note(notes, OF_NO_UNIT, meter.medium, meter.unit, one.total())
        elif meter.medium not in units and "" not in units:
            _note(notes, NO_PRICE, meter.medium, meter.unit, one.total())
        elif not _converts(meter.unit, units.get(meter.medium) or meter.unit):
            _note(notes, OTHER_UNIT, meter.medium, meter.unit, one.total())
        elif meter.place in shop.units:
            found += shop.events(one, seqs, units.get(meter.medium) or meter.unit)
        else:
            others = [other for (medium, place), other in own.items() if medium == meter.medium and place in inside]
            found += shop.events_of_many(one, below, others, seqs, units.get(meter.medium) or meter.unit)
    return found


def _consumed(
    said: Mapping[str, Sequence[Reading]],
    known: Mapping[str, Meter],
    swaps: Mapping[str, Sequence[Swap]],
    notes: dict[str, Decimal],
) -> dict[str, Consumed]:
    """What each meter comes to; one whose unit nobody knows is noted."""
    found: dict[str, Consumed] = {}
    for name, rows in said.items():
        try:
            meter = known.get(name) or _presumed(name, rows[0])
        except InputError:
            amount = sum((one.interval or Decimal(0) for one in rows), Decimal(0))
            _note(notes, OTHER_UNIT, rows[0].medium, rows[0].unit, amount)
            continue
        found[name] = consumption(meter, rows, swaps.get(name, ()))
    return found


def _converts(unit: str, wanted: str) -> bool:
    try:
        in_unit(Decimal(1), unit, wanted)
    except InputError:
        return False
    return True


def _presumed(name: str, first: Reading) -> Meter:
    return Meter(name, first.medium, first.unit, place=name.partition(":")[0])


@dataclass(frozen=True, slots=True)
class _Shop:
    """States and orders of the work units."""

    stays: Mapping[str, Sequence[Stay]]
    spans: Mapping[str, Sequence[Span]]
    zone: ZoneInfo

    @property
    def units(self) -> tuple[str, ...]:
        """Work units of which something is known."""
        return tuple(dict.fromkeys((*self.stays, *self.spans)))

    def events(self, one: Consumed, seqs: Mapping[int, int], wanted: str) -> list[ShopEvent]:
        """What the meter of a work unit saw, on its orders, week by week."""
        place = one.meter.place
        stays, spans = _Window(self.stays.get(place, ())), _Spans.of(self.spans.get(place, ()))
        found: list[ShopEvent] = []
        for _, group in groupby(one.spells, key=lambda spell: _week(spell.end, self.zone)):
            spells = tuple(group)
            start, end = spells[0].start, spells[-1].end
            stretches = _stretches(place, stays.until(start, end), spans.over(start, end), spells)
            parts = allocate(replace(one, spells=spells), [each.stay for each in stretches], start, end).parts
            found += _events(one, spells, list(zip(parts, stretches, strict=True)), seqs, wanted)
        return found

    def events_of_many(
        self, one: Consumed, places: Sequence[str], inside: Sequence[Consumed], seqs: Mapping[int, int], wanted: str
    ) -> list[ShopEvent]:
        """What the meter of a wider place saw beyond those inside it, on the units without one by their time at work.

        The rule is that of `luban.understand.energy.shared`, reading by reading.
        """
        stays = {place: _Window(self.stays.get(place, ())) for place in places}
        spans = {place: _Spans.of(self.spans.get(place, ())) for place in places}
        found: list[ShopEvent] = []
        for spell in one.spells:
            seen = (in_unit(other.total(spell.start, spell.end), other.meter.unit, one.meter.unit) for other in inside)
            rest = spell.amount - sum(seen, Decimal(0))
            if rest <= 0:
                continue
            stretches: list[_Stretch] = []
            for place in places:
                within = spans[place].over(spell.start, spell.end)
                stretches += _stretches(place, stays[place].until(spell.start, spell.end), within, [spell])
            busy = [each for each in stretches if each.stay.element in _AT_WORK]
            if busy:
                shares = by_rule(rest, [each.stay for each in busy], dict.fromkeys(places, _AT_WORK), one.meter.unit)
                parts = [part for share in shares for part in share.parts]
                pairs = list(zip(parts, busy, strict=True))
            else:
                nobody = _Stretch(replace(stretches[0].stay, state=UNKNOWN), ())
                pairs = [(Part(nobody.stay, rest, rest), nobody)]
            found += _events(one, [spell], pairs, seqs, wanted)
        return found


@dataclass(frozen=True, slots=True)
class _Spans:
    """Spans of a work unit in the order of their starts, with the latest end up to each."""

    spans: Sequence[Span]
    ends: Sequence[int]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> _Spans:
        held = sorted(spans, key=lambda span: (span.start, span.end))
        return cls(held, list(accumulate((span.end for span in held), max)))

    def over(self, start: int, end: int) -> list[Span]:
        """Those that lie over a window."""
        first, last = bisect_right(self.ends, start), bisect_left(self.spans, end, key=lambda span: span.start)
        return [span for span in self.spans[first:last] if span.end > start]


@dataclass(slots=True)
class _Window:
    """Stays of a work unit, asked for in the order of time."""

    stays: Sequence[Stay]
    first: int = 0

    def until(self, start: int, end: int) -> list[Stay]:
        """Those that lie in a window."""
        while self.first < len(self.stays) and self.stays[self.first].end <= start:
            self.first += 1
        found = []
        for at in range(self.first, len(self.stays)):
            if self.stays[at].start >= end:
                break
            found.append(self.stays[at])
        return found


def _week(time: int, zone: ZoneInfo) -> tuple[int, int]:
    calendar = to_datetime(time - 1).astimezone(zone).isocalendar()
    return calendar.year, calendar.week


def _stretches(unit: str, stays: Sequence[Stay], spans: Sequence[Span], spells: Sequence[Spell]) -> list[_Stretch]:
    """The time of the spells, cut wherever a state, an order or a reading begins or ends."""
    start, end = spells[0].start, spells[-1].end
    edges = {start, end}
    cuts: list[Stay | Span | Spell] = [*stays, *spans, *spells]
    for one in cuts:
        edges.update((min(max(one.start, start), end), min(max(one.end, start), end)))
    found: list[_Stretch] = []
    held, at, state = list(spans), 0, 0
    active: list[Span] = []
    for low, high in pairwise(sorted(edges)):
        while at < len(held) and held[at].start <= low:
            active.append(held[at])
            at += 1
        active = [span for span in active if span.end > low]
        while state < len(stays) and stays[state].end <= low:
            state += 1
        owners = tuple(dict.fromkeys((span.order, span.rework) for span in active))
        if state < len(stays) and stays[state].start <= low:
            stay = replace(stays[state], start=low, end=high)
        else:
            element = TimeElement.APT if owners else TimeElement.UNKNOWN
            stay = Stay(unit, low, high, _BUSY if owners else UNKNOWN, element)
        found.append(_Stretch(stay, owners))
    return found


def _events(
    one: Consumed,
    spells: Sequence[Spell],
    parts: Sequence[tuple[Part, _Stretch]],
    seqs: Mapping[int, int],
    wanted: str,
) -> list[ShopEvent]:
    """One event for each stretch of an order within a reading, and one for what the reading had for none."""
    found: list[ShopEvent] = []
    at = 0
    for spell in spells:
        number, apart, seq = _FIRST, Decimal(0), seqs[spell.end]
        while at < len(parts) and parts[at][0].stay.start < spell.start:
            at += 1
        while at < len(parts) and parts[at][0].stay.start < spell.end:
            part, stretch = parts[at]
            at += 1
            amount = in_unit(part.amount, one.meter.unit, wanted)
            if not stretch.owners:
                apart += amount
                continue
            shares = [amount] if len(stretch.owners) == 1 else split(amount, [Fraction(1)] * len(stretch.owners))
            for (order, again), share in zip(stretch.owners, shares, strict=True):
                if not share:
                    continue
                time = part.stay.end
                event = ShopEvent(seq, time, "energy", share, order, of=one.meter.medium, rework=again, part=number)
                found.append(event)
                number += 1
        if apart:
            found.append(ShopEvent(seq, spell.end, "energy", apart, of=one.meter.medium, part=_NONE))
    return found


def _doubted(one: Consumed, notes: dict[str, Decimal]) -> None:
    """Amounts of doubtful readings, but for those that a later sound reading has made good.

    Of several that go from one sound reading the last says what is lost.
    """
    lost = {
        doubt.start: doubt for doubt in one.doubts
        if doubt.kind != "gap" and not one.within(doubt.start, max(doubt.end, doubt.start + 1))
    }  # fmt: skip
    for doubt in lost.values():
        text = BACKWARDS if doubt.kind == "backwards" else DOUBTFUL
        _note(notes, text, one.meter.medium, doubt.unit, abs(doubt.amount or Decimal(0)))


def _between(one: Consumed, below: Sequence[Consumed], notes: dict[str, Decimal]) -> None:
    """What a meter said and those below it did not."""
    if not one.spells:
        return
    start, end, unit = one.spells[0].start, one.spells[-1].end, one.meter.unit
    rest = one.total()
    for other in below:
        amount = in_unit(other.total(start, end), other.meter.unit, unit)
        rest += amount if other.meter.feeds else -amount
    if rest > 0:
        _note(notes, BETWEEN, one.meter.medium, unit, rest.quantize(Decimal("1e-9")))


def _note(notes: dict[str, Decimal], text: str, medium: str, unit: str, amount: Decimal) -> None:
    said = text.format(medium=medium, unit=unit)
    notes[said] = notes.get(said, Decimal(0)) + amount
