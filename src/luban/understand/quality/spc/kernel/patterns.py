"""Compiled: rules in one pass over the points."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.understand.quality.data import Floats, Ints

__all__ = ["find_patterns"]


@njit(cache=True, nogil=True)
def _bits(word: int) -> int:
    count = 0
    while word:
        word &= word - 1
        count += 1
    return count


@njit(cache=True, nogil=True)
def _length(word: int) -> int:
    length = 0
    while word:
        word >>= 1
        length += 1
    return length


@njit(cache=True, nogil=True)
def _forget(memory: Ints) -> None:
    for rule in range(len(memory)):
        memory[rule, 0] = memory[rule, 1] = 0


@njit(cache=True, nogil=True)
def _longer(found: Ints) -> Ints:
    longer = np.empty((2 * len(found), 4), np.int64)
    for row in range(len(found)):
        for column in range(4):
            longer[row, column] = found[row, column]
    return longer


@njit(cache=True, nogil=True)
def find_patterns(
    values: Floats, lines: Floats, alone: Ints, table: Ints, sigmas: Floats, memory: Ints, last: Floats, start: int
) -> Ints:
    """Rules that fire, in order of points and then of rules; shape (m, 4): point, rule, first point, side.

    lines   centre, lower, upper, sigma; (4, k) or (4, 1)
    alone   1 where a point was left out of the limits, shape (k,) or (1,): it ends every pattern and begins none
    table   pattern, points, of, both for each rule, shape (r, 4); sigmas shape (r,)
    memory  two counters or words for each rule, shape (r, 2); last: the value before, nan if none, shape (1,)
    start   index of the first point
    """
    step = 1 if lines.shape[1] > 1 else 0
    each = 1 if len(alone) > 1 else 0
    found = np.empty((16, 4), np.int64)
    count = 0
    before = last[0]
    for at in range(len(values)):
        value = values[at]
        apart = alone[at * each] != 0
        if apart or np.isnan(value):
            _forget(memory)
            before = np.nan
            if np.isnan(value):
                continue
        centre, lower, upper, sigma = lines[0, at * step], lines[1, at * step], lines[2, at * step], lines[3, at * step]
        for rule in range(len(table)):
            pattern, points = table[rule, 0], table[rule, 1]
            side, reach = 0, 0  # reach: points of the pattern, 0 if it is not complete
            if pattern == 0:
                if value > upper:
                    side, reach = 1, 1
                elif value < lower:
                    side, reach = -1, 1
            elif pattern == 1 or pattern == 2:
                line = centre if pattern == 1 else before
                run = memory[rule, 0]
                if value > line:
                    run = max(run, 0) + 1
                elif value < line:
                    run = min(run, 0) - 1
                else:
                    run = 0
                memory[rule, 0] = run
                if abs(run) >= points - (pattern - 1):
                    side, reach = (1 if run > 0 else -1), points
            elif pattern == 3:
                way = 1 if value > before else -1 if value < before else 0
                run = 0 if way == 0 else memory[rule, 0] + 1 if way == -memory[rule, 1] else 1
                memory[rule, 0], memory[rule, 1] = run, way
                if run >= points - 1 and points > 1:
                    reach = points
            else:
                off = sigmas[rule] * sigma
                above, below = value > centre + off, value < centre - off
                if pattern == 4:
                    window = (1 << table[rule, 2]) - 1
                    memory[rule, 0] = ((memory[rule, 0] << 1) | (1 if above else 0)) & window
                    memory[rule, 1] = ((memory[rule, 1] << 1) | (1 if below else 0)) & window
                    if above or below:
                        word = memory[rule, 0] if above else memory[rule, 1]
                        if _bits(word) >= points:
                            side, reach = (1 if above else -1), _length(word)
                else:
                    fits = (above or below) if pattern == 6 else (value <= centre + off and value >= centre - off)
                    run = memory[rule, 0] + 1 if fits else 0
                    memory[rule, 0] = run
                    window = (1 << points) - 1
                    memory[rule, 1] = ((memory[rule, 1] << 1) | (1 if above else 0)) & window
                    if run >= points:
                        mixed = memory[rule, 1] != 0 and memory[rule, 1] != window
                        if mixed or table[rule, 3] == 0:
                            reach = points
            if reach:
                if count == len(found):
                    found = _longer(found)
                found[count, 0], found[count, 1] = start + at, rule
                found[count, 2], found[count, 3] = start + at - reach + 1, side
                count += 1
        if apart:
            _forget(memory)
            before = np.nan
        else:
            before = value
    last[0] = before
    return found[:count]
