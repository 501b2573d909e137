"""Levels of power between which a machine goes to and fro: off, idle, work. Found without labels.

The power's density over its logarithm has a peak at each level at which the machine stays. Idle is the highest peak
from which work is entered and left directly, and at which the machine also stays for long: approach moves and light
cuts end with their program, waiting does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.understand.quality.data import Floats, Ints

__all__ = ["Level", "Levels", "find_levels"]

_Bools = NDArray[np.bool_]

_FLOOR = 0.02  # of the top: what is below counts as nothing
_TOP = 1.6
_BIN = 0.01  # of a natural logarithm
_SMOOTH = 0.03
_LEAST = 0.003  # of the time: what a level holds
_VALLEY = 0.6  # of the smaller peak: what lies between two levels is lower
_OFF = 0.3  # of the next level: off is lower
_ENTERED = 0.15  # of all ends and begins of work: those at idle; at a break a machine may go straight off
_LONG = (0.5, 0.2)  # of the longest stay at a level that may be idle: asked for first, and if there is none
_STAYS = 0.02  # of the longest stay at any level: light cuts are shorter
_MORE = 1.2  # of the power at idle: what work draws on average
_WORK = 0.005  # of the time: what work is at least


@dataclass(frozen=True, slots=True)
class Level:
    """A level of power.

    power  at its peak [unit of the meter]
    share  of the time near it [1]
    stay   length of the stay in which an average moment near it lies [s]
    """

    power: float
    share: float
    stay: float


@dataclass(frozen=True, slots=True)
class Levels:
    """What was found.

    found   every level, from the lowest
    idle    number of the idle level in `found`, −1: none is told from off
    off     the machine is off below this [unit]
    work    it works from this on [unit]; NaN: one level only
    clear   distance from idle to where work begins, in standard deviations of the readings near idle [1]
    """

    found: tuple[Level, ...]
    idle: int
    off: float
    work: float
    above: tuple[float, ...]
    clear: float


def find_levels(power: Floats, lasts: Floats) -> Levels:
    """Levels of readings and how long each holds [s], in order of time."""
    top = _weighted(power, lasts, 0.99)
    if not top > 0:
        return Levels((Level(0.0, 1.0, float(lasts.sum())),), -1, 0.0, math.nan, (), 0.0)
    scale = np.log(np.clip(power / top, _FLOOR, _TOP))
    edges = np.arange(math.log(_FLOOR) - _BIN / 2, math.log(_TOP) + _BIN, _BIN)
    density = _smooth(np.histogram(scale, edges, weights=lasts)[0] / lasts.sum())
    centres = edges[:-1] + _BIN / 2
    peaks = _peaks(density)
    bounds = [int(peaks[k] + density[peaks[k] : peaks[k + 1] + 1].argmin()) for k in range(len(peaks) - 1)]
    cuts = centres[bounds]
    place = np.searchsorted(cuts, scale, "right")
    stays = _stays(place, lasts, len(peaks))
    shares = np.bincount(place, lasts, minlength=len(peaks)) / lasts.sum()
    told = [
        Level(float(top * math.exp(centres[peak])) if centres[peak] > math.log(_FLOOR) + _BIN else 0.0, float(s), stay)
        for peak, s, stay in zip(peaks, shares, stays, strict=True)
    ]
    if len(told) < 2:
        return Levels(tuple(told), -1, 0.0, math.nan, (), 0.0)
    off = 1 if told[0].power < _OFF * told[1].power else 0  # levels that are off
    idle = _idle(told, place, power, lasts, off)
    work = top * math.exp(cuts[idle] if idle >= 0 else cuts[0])
    near = power[place == max(idle, 0)]
    base = told[max(idle, 0)].power
    spread = 1.4826 * float(np.median(np.abs(near - np.median(near)))) if len(near) else 0.0
    clear = (work - base) / max(spread, 1e-3 * top)
    above = tuple(float(cut) for cut in top * np.exp(cuts[max(idle, 0) + 1 :]))
    return Levels(tuple(told), idle, float(top * math.exp(cuts[0])) if off else 0.0, float(work), above, float(clear))


def _idle(told: list[Level], place: Ints, power: Floats, lasts: Floats, off: int) -> int:
    """The highest level that work leads to and from, and where stays are long; −1 if there is none."""
    candidates = range(off, len(told) - 1)
    longest = max((told[k].stay for k in candidates), default=0.0)
    ever = max(level.stay for level in told)
    for long in _LONG:
        for k in reversed(candidates):
            stays = told[k].stay >= max(long * longest, _STAYS * ever)
            if stays and _left_and_entered(told[k].power, place, power, lasts, k):
                return k
    return -1


def _left_and_entered(level: float, place: Ints, power: Floats, lasts: Floats, k: int) -> bool:
    """Whether work lies above a level, and begins and ends there."""
    above, near = place > k, place == k
    worked = float(lasts[above].sum())
    if worked < _WORK * lasts.sum() or float(power[above] @ lasts[above]) < _MORE * level * worked:
        return False
    leaves = np.flatnonzero(above[:-1] & ~above[1:]) + 1
    enters = np.flatnonzero(~above[:-1] & above[1:])
    ends = np.concatenate([_settled(near, leaves, 1), _settled(near, enters, -1)])
    return bool(len(ends)) and float(ends.mean()) >= _ENTERED


def _settled(near: _Bools, places: Ints, way: int) -> _Bools:
    """Whether one of the two readings after (or before) a change is near the level."""
    other = np.clip(places + way, 0, len(near) - 1)
    found: _Bools = near[places] | near[other]
    return found


def _peaks(density: Floats) -> list[int]:
    """Peaks that hold enough time and stand apart, from the lowest."""
    padded = np.concatenate([[-1.0], density, [-1.0]])
    peaks = [int(k) for k in np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))]
    peaks = [k for k in peaks if density[k] > 0]
    while True:
        merged = _lowest(density, peaks)
        if merged < 0:
            return peaks
        peaks.pop(merged)


def _lowest(density: Floats, peaks: list[int]) -> int:
    """The peak that should go: it is tiny, or not told from its neighbour by a valley; −1 if none."""
    for k in sorted(range(len(peaks)), key=lambda k: density[peaks[k]]):
        if len(peaks) == 1:
            return -1
        valleys = [
            density[min(peaks[k], peaks[n]) : max(peaks[k], peaks[n]) + 1].min() for n in (k - 1, k + 1)
            if 0 <= n < len(peaks)
        ]  # fmt: skip
        reach = round(2 * _SMOOTH / _BIN)
        mass = density[max(peaks[k] - reach, 0) : peaks[k] + reach + 1].sum()
        if max(valleys) > _VALLEY * density[peaks[k]] or mass < _LEAST:
            return k
    return -1


def _stays(place: Ints, lasts: Floats, count: int) -> list[float]:
    """Length of the stay [s] of an average moment at each level; a single reading elsewhere does not end a stay."""
    steady = place.copy()
    lone = np.flatnonzero((place[1:-1] != place[:-2]) & (place[:-2] == place[2:])) + 1
    steady[lone] = place[lone - 1]
    starts = np.flatnonzero(np.diff(steady, prepend=-1))
    lengths = np.add.reduceat(lasts, starts)
    own = steady[starts]
    return [
        float((lengths[own == k] ** 2).sum() / max(lengths[own == k].sum(), 1e-9)) if (own == k).any() else 0.0
        for k in range(count)
    ]


def _smooth(density: Floats) -> Floats:
    reach = round(4 * _SMOOTH / _BIN)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _BIN / _SMOOTH) ** 2)
    found: Floats = np.convolve(density, bell / bell.sum(), "same")
    return found


def _weighted(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order[min(np.searchsorted(total, share * total[-1]), len(values) - 1)]])
