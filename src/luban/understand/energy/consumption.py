"""From the facts of a meter to what it comes to.

Reads  meter facts    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from luban.core.errors import UnitError
from luban.understand.energy.intervals import spells_of_intervals
from luban.understand.energy.meters import Consumed, Doubt, Meter, Reading, Spell, Swap, in_unit
from luban.understand.energy.registers import spells_of_registers, usual_step

__all__ = ["consumption"]

_BAD = 64


def consumption(meter: Meter, readings: Sequence[Reading], swaps: Sequence[Swap] = ()) -> Consumed:
    """What the readings of one meter come to, exact, with all that was left out.

    readings  registers or intervals, in any order; of a register and an interval for one time the register counts
    swaps     replacements of the meter
    Example   consumption(Meter("m1", "electricity", "kWh"), readings).total()
    """
    doubts: list[Doubt] = []
    registers: list[Reading] = []
    intervals: list[Reading] = []
    for reading in sorted(readings, key=lambda one: (one.time, one.seq)):
        mine = _own(meter, reading, doubts)
        if mine is not None:
            (intervals if mine.register is None else registers).append(mine)
    spells, more = spells_of_registers(meter, registers, swaps)
    doubts += more
    others, more = spells_of_intervals(meter, _uncovered(intervals, spells))
    doubts += more
    doubts += _bridged(meter, spells)
    merged = tuple(sorted((*spells, *others), key=lambda spell: spell.start))
    return Consumed(meter, merged, tuple(sorted(doubts, key=lambda doubt: (doubt.start, doubt.end))))


def _own(meter: Meter, reading: Reading, doubts: list[Doubt]) -> Reading | None:
    """The reading in the meter's unit; None, with a doubt, where it cannot be one of this meter."""
    amount = reading.interval if reading.register is None else None
    start = reading.time if reading.start is None else min(reading.start, reading.time)
    unit, kind, text = reading.unit or meter.unit, "", ""
    if (reading.register is None) == (reading.interval is None):
        kind, text = "order", f"{meter.id}: a register and an interval, or neither"
    elif reading.medium and reading.medium != meter.medium:
        kind, text = "medium", f"{meter.id} reads {reading.medium}, which is not {meter.medium}"
    elif reading.quality >= _BAD:
        kind, text = "quality", f"{meter.id}: a reading of bad quality"
    elif reading.unit == meter.unit:
        return reading
    else:
        try:
            return replace(
                reading,
                register=None if reading.register is None else in_unit(reading.register, unit, meter.unit),
                interval=None if reading.interval is None else in_unit(reading.interval, unit, meter.unit),
                unit=meter.unit,
            )
        except UnitError:
            kind, text = "unit", f"{meter.id} reads {unit}, which is not {meter.unit}"
    doubts.append(Doubt(meter.id, kind, start, reading.time, amount, unit, text, reading.seq))
    return None


def _uncovered(intervals: list[Reading], spells: list[Spell]) -> list[Reading]:
    """Intervals that no register covers: one amount is never counted twice."""
    if not spells:
        return intervals
    step = usual_step([reading.time for reading in intervals])
    kept, at = [], 0
    for reading in intervals:
        start = reading.time - step if reading.start is None else reading.start
        while at < len(spells) and spells[at].end <= start:
            at += 1
        if at == len(spells) or spells[at].start >= reading.time:
            kept.append(reading)
    return kept


def _bridged(meter: Meter, spells: list[Spell]) -> list[Doubt]:
    """Gaps of a register: the amount counts, only when it flowed is not known; so nothing is left out."""
    return [
        Doubt(
            meter.id,
            "gap",
            spell.start,
            spell.end,
            None,
            meter.unit,
            f"{meter.id}: nothing read for {(spell.end - spell.start) / 3.6e9:.2f} h",
        )
        for spell in spells
        if spell.how == "bridged"
    ]
