"""What flowed, by a meter that says it interval by interval."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from luban.understand.energy.meters import HOUR, Doubt, Meter, Reading, Spell
from luban.understand.energy.registers import plain, usual_step

__all__ = ["spells_of_intervals"]

_FASTER = 100
_ENOUGH = 8
_RUN = 4
_RUNS = 3  # what comes back more often is a standby, not a slip
_Found = tuple[list[Spell], list[Doubt]]


def spells_of_intervals(meter: Meter, readings: Sequence[Reading]) -> _Found:
    """Spells and doubts of interval readings (in the meter's unit, in the order of time)."""
    rows, doubts = _tiled(meter, readings)
    spells = []
    for (start, reading), factor in zip(rows, _other_unit(meter, rows), strict=True):
        amount = reading.interval or Decimal(0)
        said = f"{meter.id} says {plain(amount)} {meter.unit} in the interval"
        if factor == 1:
            spells.append(Spell(start, reading.time, amount))
            continue
        if amount < 0:
            kind, text = "backwards", f"{said}, less than nothing"
        elif factor == 0:
            kind, text = "jump", f"{said}, more than it can"
        else:
            kind, text = "unit", f"{said}: {'1000' if factor > 1 else '0.001'} times off, another unit?"
        doubts.append(Doubt(meter.id, kind, start, reading.time, amount, meter.unit, text, reading.seq))
    doubts += _gaps(meter, rows)
    return spells, doubts


def _tiled(meter: Meter, readings: Sequence[Reading]) -> tuple[list[tuple[int, Reading]], list[Doubt]]:
    """Readings with their starts, none over another."""
    usual = meter.every or usual_step([reading.time for reading in readings])
    rows: list[tuple[int, Reading]] = []
    doubts = []
    at: int | None = None
    for reading in readings:
        start, kind, text = reading.start, "", ""
        if start is None and at is not None and at < reading.time <= at + usual * 3 // 2:
            start = at
        if start is None:
            start, kind, text = reading.time, "order", f"{meter.id}: an interval that has no beginning"
        elif start >= reading.time:
            kind, text = "order", f"{meter.id}: an interval that ends before it begins"
        elif at is not None and start < at:
            kind, text = "overlap", f"{meter.id}: an interval over another one"
        if kind:
            low, high = sorted((start, reading.time))
            doubts.append(Doubt(meter.id, kind, low, high, reading.interval, meter.unit, text, reading.seq))
            if kind != "order" or reading.start is not None:
                continue
        else:
            rows.append((start, reading))
        at = reading.time
    return rows, doubts


def _other_unit(meter: Meter, rows: Sequence[tuple[int, Reading]]) -> npt.NDArray[np.float64]:
    """For each reading 1: fine, 0: cannot be; 1000 or 0.001: so many times too large or too small."""
    rates = np.array([float(r.interval or 0) / ((r.time - start) / HOUR) for start, r in rows])
    found = np.ones(len(rates))
    found[rates < 0] = 0.0
    sound = np.sort(rates[rates > 0])
    if meter.rated is not None:
        over = rates > 1.2 * float(meter.rated)
        found[over] = np.where(rates[over] / 1000 <= 1.2 * float(meter.rated), 1000.0, 0.0)
    elif len(sound) >= _ENOUGH:
        usual = float(np.median(sound))
        over = rates > _FASTER * usual
        within = sound[sound <= _FASTER * usual]
        found[over] = np.where(rates[over] / 1000 <= 2 * within[-1], 1000.0, 0.0)
    _too_small(rates, found)
    return found


def _too_small(rates: npt.NDArray[np.float64], found: npt.NDArray[np.float64]) -> None:
    """Runs that are the others in small: a thousandth at the middle and both ends, as varied: a standby is not."""
    good = rates[(found == 1) & (rates > 0)]
    if len(good) < _ENOUGH:
        return
    usual = float(np.median(good))
    small = (found == 1) & (rates < usual / 200) & (rates > 0)
    good = good[good >= usual / 200]
    at, runs = 0, []
    for tiny, run in groupby(small):
        length = len(list(run))
        if tiny and length >= _RUN:
            part = 1000 * rates[at : at + length]
            ratios = [np.quantile(part, q) / np.quantile(good, q) for q in (0.1, 0.5, 0.9)]
            varies = np.std(part) / np.mean(part) >= np.std(good) / np.mean(good) / 3
            if varies and all(0.4 < ratio < 2.5 for ratio in ratios):
                runs.append(slice(at, at + length))
        at += length
    if len(runs) <= _RUNS:
        for one in runs:
            found[one] = 0.001


def _gaps(meter: Meter, rows: Sequence[tuple[int, Reading]]) -> list[Doubt]:
    found = []
    for (_, one), (start, _) in pairwise(rows):
        if start > one.time:
            hours = plain(round(Decimal(start - one.time) / HOUR, 2))
            text = f"{meter.id}: nothing read for {hours} h"
            found.append(Doubt(meter.id, "gap", one.time, start, None, meter.unit, text))
    return found
