"""What a machine does, from its power alone: run, idle, off, and pieces.

`learn_meter` finds the levels of one machine's power; `read_meter` turns power into states and counts by them. Nobody
labels anything. What power cannot tell is said: a furnace draws the same whether it holds or waits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.health.retrofit import words
from luban.understand.health.retrofit.levels import Level, Levels, find_levels
from luban.understand.health.retrofit.pulses import Pulses, find_pulses, merged
from luban.understand.health.retrofit.readings import Readings, readings_of
from luban.understand.health.retrofit.rows import Row, find_rows
from luban.understand.quality.data import Floats, Ints

__all__ = ["LEAST_HOURS", "Meter", "covered", "learn_meter", "learned", "rows_of", "working"]

LEAST_HOURS = 4.0
"""Hours of power from which levels are learned; a day with a start and an end of work is better."""
_CLEAR = 3.0  # standard deviations between idle and work
_BRIDGE = 2.5  # times the usual pause of a row
_MINOR = 10.0  # a shorter pause is no idling [s]
_PIECES = 10  # in all rows together
_COVERED = 0.5  # of the time at work: where rows hold less, pulses that look alike do so by chance
_MOVED = 0.15  # of a level


@dataclass(frozen=True, slots=True)
class Meter:
    """What was learned of one machine's power.

    levels  found in it
    step    time between readings while learning [s]
    hours   of power it rests on
    start, end  of these [µs UTC]
    """

    levels: Levels
    step: float
    hours: float
    start: int
    end: int

    @property
    def base(self) -> float:
        """Power at idle; at nothing where idle is not told from off."""
        return self.levels.found[max(self.levels.idle, 0)].power

    @property
    def on_only(self) -> bool:
        """Idle is not told from off, or from work: only on and off are seen."""
        return self.levels.idle < 0

    @property
    def tells(self) -> bool:
        """There is more than one level."""
        return math.isfinite(self.levels.work)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the power does not tell, in words."""
        if not self.tells:
            return (words.ONE_LEVEL,)
        found = [words.ON_ONLY] if self.on_only else []
        return tuple(found + ([words.CLOSE] if self.levels.clear < _CLEAR else []))

    def moved(self, other: Meter) -> bool:
        """Whether another learning finds idle elsewhere: a new machine, a new meter, another unit."""
        if not (self.tells and other.tells) or self.on_only != other.on_only:
            return self.tells != other.tells or self.on_only != other.on_only
        top, new = self.levels.work, other.levels.work
        return abs(other.base - self.base) > _MOVED * max(self.base, 0.1 * top) or abs(new - top) > 2 * _MOVED * top

    def save(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), allow_nan=True).encode()

    @classmethod
    def restore(cls, state: bytes) -> Meter:
        """Back from `save`. Raises InputError if the bytes are not such a state."""
        try:
            told = json.loads(state)
            levels = told.pop("levels")
            found = tuple(Level(**level) for level in levels.pop("found"))
            above = tuple(levels.pop("above"))
            return cls(levels=Levels(found=found, above=above, **levels), **told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError("this is not a learned meter", came=str(error)) from None


def learn_meter(time: Sequence[int] | Ints, power: Sequence[float] | Floats, *, longest: float | None = None) -> Meter:
    """Levels of one machine's power, from days on which it worked and waited.

    time     [µs UTC], shape (n,); readings come evenly, or when the power changes
    power    any unit, W, kW or A; what is not finite or not later than before is left out
    Raises   InputError: too few hours
    Example  learn_meter(time, kilowatts).levels.work  # from 4.4 kW on it works
    """
    return learned(readings_of(time, power, longest=longest))


def learned(readings: Readings) -> Meter:
    """As `learn_meter`, of readings."""
    hours = float(readings.lasts.sum()) / 3600
    if hours < LEAST_HOURS:
        raise InputError(words.SHORT.format(hours=f"{hours:.1f}", least=f"{LEAST_HOURS:g}"), came=f"{hours:.1f} h",
                         expected=f"{LEAST_HOURS:g} h or more")  # fmt: skip
    levels = find_levels(readings.power, readings.lasts)
    return Meter(levels, readings.step, hours, int(readings.time[0]), int(readings.time[-1]))


def rows_of(meter: Meter, readings: Readings) -> tuple[Pulses, tuple[Row, ...]]:
    """Pulses of work, and the rows of pieces among them."""
    began = (readings.time - readings.time[0]) / 1e6
    looks = [
        find_pulses(readings.power >= level, readings, began, meter.base)
        for level in (meter.levels.work, *meter.levels.above)
    ]
    rows = find_rows(looks, readings.step, strict=meter.on_only)
    enough = sum(row.pieces for row in rows) >= _PIECES and covered(looks[0], rows) >= _COVERED
    return looks[0], rows if enough else ()


def covered(pulses: Pulses, rows: Sequence[Row]) -> float:
    """Share of the time at work that lies in rows [1]."""
    inside = np.zeros(len(pulses), bool)
    for row in rows:
        inside |= (pulses.first < row.last) & (pulses.last > row.first)
    total = float(pulses.duration.sum())
    return float(pulses.duration[inside].sum()) / total if total else 0.0


def working(meter: Meter, readings: Readings, pulses: Pulses, rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Whether the machine works at each reading: at work, or in a pause that belongs to a row of pieces."""
    told = np.zeros(len(readings.power), bool)
    short = merged(pulses, _MINOR)
    for first, last in zip(short.first, short.last, strict=True):
        told[first:last] = True
    for row in rows:
        begin, end = np.searchsorted(pulses.first, row.first), np.searchsorted(pulses.last, row.last)
        for k in range(int(begin), min(int(end), len(pulses) - 1)):
            if pulses.gap[k] > _BRIDGE * row.gap or pulses.gap[k] > row.cycle:
                continue
            pause = slice(int(pulses.last[k]), int(pulses.first[k + 1]))
            if meter.on_only or bool((readings.power[pause] >= meter.levels.off).mean() > 0.5):  # fmt: skip
                told[pause] = True
    return told
