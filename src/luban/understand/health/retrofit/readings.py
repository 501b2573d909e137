"""Power as it is used: in order of time, each reading with how long it holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["Readings", "pulses_of", "readings_of"]

_MOST_AT_ONCE, _MOST_PIECES = 1_000_000, 10_000_000  # pieces: more is no counter
_LONGEST = 10.0  # usual steps that a reading holds at most
_JITTER, _EVEN = 0.25, 0.7  # of a usual step; share of steps so close to it, where a meter does not tell changes only


@dataclass(frozen=True, slots=True)
class Readings:
    """Power, in order of time, as it is used.

    time    [µs UTC], shape (n,)
    power   [unit of the meter]
    lasts   how long each holds [s]: until the next one, or for ten usual steps if that is missing
    step    usual time between readings [s]
    lost    time without a reading [s]
    excluded readings that were no numbers, or not later than the one before
    """

    time: Ints
    power: Floats
    lasts: Floats
    step: float
    lost: float
    excluded: int


def readings_of(
    time: Sequence[int] | Ints, power: Sequence[float] | Floats, *, longest: float | None = None
) -> Readings:
    """Readings in order, each with how long it holds.

    longest  how long a reading holds at most [s]; None: ten usual steps, or for ever where the meter tells changes only
    Raises   InputError: none left, numbers differ
    """
    stamps, values = np.asarray(time, np.int64), np.asarray(power, np.float64)
    if stamps.shape != values.shape or values.ndim != 1:
        raise InputError("power and times differ in number", came=f"{values.shape} and {stamps.shape}")
    good = np.isfinite(values) & (np.abs(values) < 1e100)
    stamps, values = stamps[good], values[good]
    rising = np.concatenate([[True], stamps[1:] > np.maximum.accumulate(stamps)[:-1]]) if len(stamps) else good[:0]
    stamps, values = stamps[rising], values[rising]
    if len(stamps) < 2:
        raise InputError("there is no power to read", came=f"{len(stamps)} readings", expected="two or more")
    steps = np.diff(stamps) / 1e6
    step = float(np.median(steps))
    if longest is None:
        even = float((np.abs(steps - step) <= _JITTER * step).mean()) >= _EVEN
        longest = _LONGEST * step if even else math.inf
        step = step if even else float(np.quantile(steps, 0.1))  # changes are told when they happen
    lasts = np.append(np.minimum(steps, longest), step)
    lost = float((steps - lasts[:-1]).sum())
    return Readings(stamps, values, lasts, step, lost, len(good) - len(stamps))


def pulses_of(time: Ints, level: Floats) -> Ints:
    """When a counter told pieces more, each piece once [µs UTC].

    time   of each reading, in order [µs UTC], shape (n,)
    level  what the counter showed; it rises by one a piece. Where it falls it was set back, and what it shows then is
           new; what is no number is passed over, shape (n,)
    Raises InputError: more than 10 million pieces, as where the column is no counter
    """
    known = np.isfinite(level)
    shown, moments = np.floor(level[known]), time[known]
    steps = np.diff(shown, prepend=shown[:1])
    steps = np.clip(np.where(steps < 0, shown, steps), 0, _MOST_AT_ONCE).astype(np.int64)
    if steps.sum() > _MOST_PIECES:
        raise InputError("a counter rises by one a piece", came=f"{steps.sum()} pieces",
                         expected=f"{_MOST_PIECES} or fewer")  # fmt: skip
    return np.repeat(moments, steps)
