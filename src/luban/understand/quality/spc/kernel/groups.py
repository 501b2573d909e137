"""Compiled: what a subgroup says, and moving ranges."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.understand.quality.data import Floats, Ints

__all__ = ["group_ranges", "group_sigmas", "moving_ranges"]


@njit(cache=True, nogil=True)
def moving_ranges(values: Floats, memory: Floats) -> Floats:
    """|each value - the one before|, shape (k,); memory[0] is the value before the first, nan if there is none."""
    before = memory[0]
    ranges = np.empty(len(values))
    for at in range(len(values)):
        ranges[at] = abs(values[at] - before)
        before = values[at]
    memory[0] = before
    return ranges


@njit(cache=True, nogil=True)
def group_ranges(values: Floats, starts: Ints) -> tuple[Floats, Floats]:
    """Mean and range of each subgroup, shape (k,) each; the range of one value is nan."""
    count = len(starts) - 1
    means, ranges = np.empty(count), np.empty(count)
    for group in range(count):
        first, last = starts[group], starts[group + 1]
        low = high = values[first]
        off = 0.0
        for at in range(first + 1, last):
            low, high = min(low, values[at]), max(high, values[at])
            off += values[at] - values[first]
        means[group] = values[first] + off / (last - first)
        ranges[group] = high - low if last - first > 1 else np.nan
    return means, ranges


@njit(cache=True, nogil=True)
def group_sigmas(values: Floats, starts: Ints) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n - 1) of each subgroup, shape (k,) each; the deviation of one value is nan."""
    count = len(starts) - 1
    means, sigmas = np.empty(count), np.empty(count)
    for group in range(count):
        first, last = starts[group], starts[group + 1]
        size = last - first
        off = 0.0
        for at in range(first + 1, last):
            off += values[at] - values[first]
        off /= size
        square = rest = 0.0
        for at in range(first, last):
            apart = (values[at] - values[first]) - off
            square += apart * apart
            rest += apart
        means[group] = values[first] + off
        sigmas[group] = np.sqrt(max(square - rest * rest / size, 0.0) / (size - 1)) if size > 1 else np.nan
    return means, sigmas
