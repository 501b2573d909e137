"""What flowed, by the readings of a register: roll-over and replacement are exact, nonsense is named and left out.

A reading is doubted when no meter of that kind could have gone there from the one before: down, or faster than
what is rated (or than 20 times what nine readings of ten show). If the readings come back to where they were,
those between are left out and the amount across them counts; if not, only the step itself is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

import numpy as np

from luban.understand.energy.meters import HOUR, Doubt, Meter, Reading, Spell, Swap

__all__ = ["FACTORS", "plain", "spells_of_registers", "usual_step"]

FACTORS = (Decimal(1000), Decimal("0.001"))
_AHEAD = 32
_FASTER = 20
_ENOUGH = 8
_Found = tuple[list[Spell], list[Doubt]]


@dataclass(frozen=True, slots=True)
class _Row:
    time: int
    value: Decimal
    seq: int


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a meter can do."""

    meter: Meter
    fastest: Decimal | None

    def most(self, span: int) -> Decimal | None:
        return None if self.fastest is None else self.fastest * span / HOUR

    def usual(self, span: int) -> Decimal:
        """Three times what nine readings of ten show; what is rated; 0 where neither is known."""
        most = self.most(span)
        if most is None:
            return Decimal(0)
        return most if self.meter.rated is not None else most * 3 / _FASTER

    def fits(self, one: _Row, other: _Row) -> bool:
        return self.step(one.value, other.value, other.time - one.time) is not None

    def step(self, before: Decimal, after: Decimal, span: int) -> tuple[Decimal, str] | None:
        """The amount between two stands and how; None where the meter cannot have done it."""
        most = self.most(span)
        if after >= before:
            return (after - before, "measured") if most is None or after - before <= most else None
        size = self.meter.capacity
        if size is None or before > size:
            return None
        amount = size - before + after
        return (amount, "rolled over") if amount <= (size / 10 if most is None else most) else None


def spells_of_registers(meter: Meter, readings: Sequence[Reading], swaps: Sequence[Swap] = ()) -> _Found:
    """Spells and doubts of register readings (in the meter's unit, in the order of time)."""
    rows, doubts = _once(meter, readings)
    if not rows:
        return [], doubts
    judge = _Judge(meter, _fastest(meter, rows))
    gap = meter.every * 3 // 2 if meter.every else 3 * usual_step([row.time for row in rows])
    swaps = sorted((_told_apart(swap, rows) for swap in swaps), key=lambda swap: swap.time)
    spells: list[Spell] = []
    at, index = rows[0], 1
    while index < len(rows):
        row = rows[index]
        between = [swap for swap in swaps if at.time < swap.time <= row.time] if swaps else ()
        if between:
            _replaced(judge, at, row, between, spells, doubts)
            at, index = row, index + 1
            continue
        step = judge.step(at.value, row.value, row.time - at.time)
        if step is not None:
            how = "bridged" if step[1] == "measured" and row.time - at.time > gap else step[1]
            spells.append(Spell(at.time, row.time, step[0], how))
            at, index = row, index + 1
            continue
        back = _return(judge, at, rows, index)
        if back:
            doubts.extend(_named(judge, at, one) for one in rows[index:back])
            index = back
        else:
            doubts.append(_named(judge, at, row, lost=True))
            at, index = row, index + 1
    return spells, doubts


def _told_apart(swap: Swap, rows: Sequence[_Row]) -> Swap:
    """A replacement at the very moment of a reading comes after it where the reading is the old meter's."""
    at = bisect_left(rows, swap.time, key=lambda row: row.time)
    if at == len(rows) or rows[at].time != swap.time:
        return swap
    value = rows[at].value
    return replace(swap, time=swap.time + 1) if abs(value - swap.last) < abs(value - swap.first) else swap


def usual_step(times: Sequence[int]) -> int:
    """The middle time between readings [µs]; a year where there are too few to say."""
    steps = np.diff(np.asarray(times, dtype=np.int64))
    steps = steps[steps > 0]
    return int(np.median(steps)) if len(steps) else 365 * 24 * HOUR


def plain(amount: Decimal) -> str:
    """A decimal without an exponent and without noughts at its end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _once(meter: Meter, readings: Sequence[Reading]) -> tuple[list[_Row], list[Doubt]]:
    rows: list[_Row] = []
    doubts = []
    for reading in readings:
        value = reading.register or Decimal(0)
        if rows and rows[-1].time == reading.time:
            if rows[-1].value != value:
                text = (
                    f"{meter.id}: two readings at one moment, {plain(rows[-1].value)} and {plain(value)} {meter.unit}"
                )
                amount = value - rows[-1].value
                doubts.append(
                    Doubt(meter.id, "twice", reading.time, reading.time, amount, meter.unit, text, reading.seq)
                )
            continue
        rows.append(_Row(reading.time, value, reading.seq))
    return rows, doubts


def _fastest(meter: Meter, rows: Sequence[_Row]) -> Decimal | None:
    if meter.rated is not None:
        return meter.rated * Decimal("1.2")
    values = np.array([float(row.value) for row in rows])
    hours = np.diff(np.array([row.time for row in rows], dtype=np.int64)) / HOUR
    rates = np.diff(values) / hours
    rates = rates[rates > 0]
    if len(rates) < _ENOUGH:
        return None
    return Decimal(repr(float(np.quantile(rates, 0.9)) * _FASTER))


def _replaced(
    judge: _Judge, at: _Row, row: _Row, swaps: Sequence[Swap], spells: list[Spell], doubts: list[Doubt]
) -> None:
    stands = [(at.value, swaps[0].last)]
    stands += [(one.first, other.last) for one, other in pairwise(swaps)]
    stands.append((swaps[-1].first, row.value))
    steps = [judge.step(before, after, row.time - at.time) for before, after in stands]
    meter = judge.meter
    if any(step is None for step in steps):
        last, before, after = plain(swaps[0].last), plain(at.value), plain(row.value)
        text = f"{meter.id}: replaced at {last} {meter.unit}, which does not fit {before} and {after}"
        amount = sum((after - before for before, after in stands), Decimal(0))
        doubts.append(Doubt(meter.id, "swap", at.time, row.time, amount, meter.unit, text, row.seq))
        return
    spells.append(Spell(at.time, row.time, sum((step[0] for step in steps if step), Decimal(0)), "replaced"))


def _return(judge: _Judge, at: _Row, rows: Sequence[_Row], index: int) -> int:
    """Index of the reading that goes on from `at`, those between being wrong; 0 where there is none."""
    row = rows[index]
    other = _factor(judge, at, row)
    ahead = len(rows) if other else min(len(rows), index + 1 + _AHEAD)
    for later in range(index + 1, ahead):
        if judge.fits(at, rows[later]) and (
            not judge.fits(rows[later - 1], rows[later]) or 2 * row.value > at.value > row.value
        ):
            return later
    # the meter speaks another unit to the end
    return len(rows) if other and all(_factor(judge, at, one) == other for one in rows[index:]) else 0


def _factor(judge: _Judge, at: _Row, row: _Row) -> Decimal | None:
    """What the reading would have to be multiplied by to fit; None if that does not help."""
    if row.value == 0 or at.value == 0:
        return None
    room = judge.usual(row.time - at.time)
    for factor in FACTORS:
        if -at.value / 100 <= row.value * factor - at.value <= room + at.value / 100:
            return factor
    return None


def _named(judge: _Judge, at: _Row, row: _Row, lost: bool = False) -> Doubt:
    meter, unit = judge.meter, judge.meter.unit
    before, after = plain(at.value), plain(row.value)
    factor = _factor(judge, at, row)
    if factor:
        kind, off = "unit", plain(1 / factor)
        likely = plain(row.value * factor)
        text = f"{meter.id} says {after} {unit} where {likely} would fit: {off} times off, another unit?"
    elif row.value < at.value:
        kind, text = "backwards", f"{meter.id} runs backwards: {before} and then {after} {unit}"
        if lost and 2 * row.value < at.value:
            text = f"{meter.id} goes from {before} to {after} {unit}: a replacement that is not on record?"
    else:
        kind, text = "jump", f"{meter.id} leaps from {before} to {after} {unit}"
    return Doubt(meter.id, kind, at.time, row.time, row.value - at.value, unit, text, row.seq)
