"""Pulses of work in a power signal: stretches above the level from which on the machine works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.understand.health.retrofit.readings import Readings
from luban.understand.quality.data import Floats, Ints

__all__ = ["Pulses", "find_pulses", "merged"]


_LONE = 3.0  # s that a reading lasts which may be a spike


@dataclass(frozen=True, slots=True)
class Pulses:
    """Stretches of work, in order.

    first, last  number of the first reading, and of the first after it, shape (n,)
    duration     [s]
    mean         power above idle, over time [unit of the meter]
    gap          to the next pulse [s]; of the last one infinity
    """

    first: Ints
    last: Ints
    duration: Floats
    mean: Floats
    gap: Floats

    def __len__(self) -> int:
        """Number of pulses."""
        return len(self.first)


def find_pulses(working: NDArray[np.bool_], readings: Readings, starts: Floats, base: float) -> Pulses:
    """Pulses where `working` is true; lone short readings of either kind between two of the other are not told.

    starts  when each reading begins [s]
    base    power at idle
    """
    power, lasts = readings.power, readings.lasts
    steady = working.copy()
    lone = np.flatnonzero((working[1:-1] != working[:-2]) & (working[:-2] == working[2:])) + 1
    lone = lone[lasts[lone] <= _LONE]
    steady[lone] = working[lone - 1]
    edges = np.diff(np.concatenate([[0], steady.astype(np.int8), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    spent = np.concatenate([[0.0], np.cumsum((power - base) * lasts)])
    total = np.concatenate([[0.0], np.cumsum(lasts)])
    duration = total[last] - total[first]
    mean = (spent[last] - spent[first]) / np.maximum(duration, 1e-9)
    ends = starts[last - 1] + lasts[last - 1] if len(last) else np.zeros(0)
    gap = np.append(starts[first[1:]] - ends[:-1], np.inf) if len(first) else np.zeros(0)
    return Pulses(first, last, duration, mean, gap)


def merged(pulses: Pulses, shortest: float) -> Pulses:
    """The same with pauses of at most `shortest` [s] taken as work: a dip that a meter sees now and then."""
    if not len(pulses):
        return pulses
    breaks = pulses.gap > shortest
    breaks[-1] = True
    first = np.flatnonzero(np.concatenate([[True], breaks[:-1]]))
    last = np.flatnonzero(breaks)
    within = np.where(breaks, 0.0, pulses.gap)
    duration = np.add.reduceat(pulses.duration + within, first)
    energy = np.add.reduceat(pulses.duration * pulses.mean, first)
    return Pulses(pulses.first[first], pulses.last[last], duration, energy / duration, pulses.gap[last])
