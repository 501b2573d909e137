"""Compiled: when a condition begins to hold and when it ends, with dead band and both delays."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# mypy: disable-error-code="return-value, assignment"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from luban.understand.quality.data import Floats, Ints

__all__ = [
    "ACTIVE", "END", "FIRST", "HIGH", "LATE", "LOW", "OUTSIDE", "RATE", "SILENT", "TRUE", "Memory", "new_memory",
    "watch",
]  # fmt: skip

HIGH, LOW, OUTSIDE, TRUE, RATE, SILENT = range(6)
ACTIVE, WAITING, SINCE, LAST, SEEN, LATE, FIRST, END, READY = range(9)
NOTHING, TO_RAISE, TO_RETURN = 0, 1, 2


class Memory(NamedTuple):
    """All that is remembered of one condition, as arrays.

    marks   active; what is waited for; since when; time of the last value, or of the clock; any seen; late ones;
            first and end of the values in the window; whether the window is full
    value   last value, shape (1,)
    times   times of the values in the window, oldest first
    values  those values
    """

    marks: Ints
    value: Floats
    times: Ints
    values: Floats


def new_memory(*, active: bool = False) -> Memory:
    """Nothing seen yet."""
    marks = np.zeros(9, np.int64)
    marks[ACTIVE] = int(active)
    return Memory(marks, np.array([np.nan]), np.zeros(64, np.int64), np.zeros(64))


@njit(cache=True, nogil=True)
def _holds(kind: int, limit: float, band: float, value: float, active: bool) -> int:
    """1 if the condition holds, 0 if not, -1 if nobody can say; while active, the dead band counts."""
    if np.isnan(value):
        return -1
    if kind == TRUE:
        return int(value != 0.0)
    inside = band if active else 0.0
    if kind == HIGH:
        return int(value > limit - inside)
    if kind == LOW:
        return int(value < limit + inside)
    if kind == OUTSIDE:
        return int(abs(value) > limit - inside)
    if limit > 0:  # rate: the change within the window
        return int(value > limit - inside)
    return int(value < limit + inside)


@njit(cache=True, nogil=True)
def _judge(marks: Ints, holds: int, time: int, on: int, off: int) -> int:
    """Take in whether the condition holds at a time; 1 raised, 0 returned, -1 nothing; when: in SINCE."""
    if holds < 0:
        marks[WAITING] = NOTHING
        return -1
    if holds == marks[ACTIVE]:
        marks[WAITING] = NOTHING
        return -1
    if marks[WAITING] == NOTHING:
        marks[WAITING] = TO_RAISE if holds else TO_RETURN
        marks[SINCE] = time
    delay = on if holds else off
    if time - marks[SINCE] >= delay:
        marks[ACTIVE] = holds
        marks[WAITING] = NOTHING
        marks[SINCE] += delay
        return holds
    return -1


@njit(cache=True, nogil=True)
def _expire(marks: Ints, before: int, on: int, off: int) -> int:
    """A delay that ran out before that time; 1 raised, 0 returned, -1 nothing; when: in SINCE."""
    if marks[WAITING] == NOTHING:
        return -1
    raising = marks[WAITING] == TO_RAISE
    delay = on if raising else off
    if marks[SINCE] + delay >= before:
        return -1
    marks[SINCE] += delay
    marks[ACTIVE] = int(raising)
    marks[WAITING] = NOTHING
    return int(raising)


@njit(cache=True, nogil=True)
def _slide(
    memory: Memory, before: int, limit: float, band: float, on: int, off: int, window: int,
    out_times: Ints, out_active: Ints, out_values: Floats, found: int,
) -> int:  # fmt: skip
    """Judge a rate at the moments at which an old value leaves the window; and the delays that run out meanwhile."""
    marks, times, values = memory.marks, memory.times, memory.values
    while True:
        following = marks[FIRST] + marks[READY]
        if following >= marks[END] or times[following] + window >= before:
            return found
        while following + 1 < marks[END] and times[following + 1] == times[following]:
            following += 1  # of values of one time the last one held
        marks[FIRST], marks[READY] = following, 1
        moment = times[following] + window
        told = _expire(marks, moment, on, off)
        if told >= 0:
            out_times[found], out_active[found], out_values[found] = marks[SINCE], told, memory.value[0]
            found += 1
        change = memory.value[0] - values[following]
        told = _judge(marks, _holds(RATE, limit, band, change, marks[ACTIVE] == 1), moment, on, off)
        if told >= 0:
            out_times[found], out_active[found], out_values[found] = marks[SINCE], told, memory.value[0]
            found += 1


@njit(cache=True, nogil=True)
def _change(memory: Memory, time: int, value: float, window: int) -> float:
    """Change of a value within the window; NaN while the window is not full."""
    marks = memory.marks
    if np.isnan(value):
        marks[FIRST], marks[END], marks[READY] = 0, 0, 0
        return np.nan
    memory.times[marks[END]], memory.values[marks[END]] = time, value
    marks[END] += 1
    while marks[FIRST] + 1 < marks[END] and memory.times[marks[FIRST] + 1] + window <= time:
        marks[FIRST] += 1
    if memory.times[marks[FIRST]] + window > time:
        return np.nan
    marks[READY] = 1
    return value - memory.values[marks[FIRST]]


@njit(cache=True, nogil=True)
def watch(
    kind: int, limit: float, band: float, on: int, off: int, window: int, until: int, times: Ints, values: Floats,
    memory: Memory, out_times: Ints, out_active: Ints, out_values: Floats,
) -> int:  # fmt: skip
    """How many changes were found; they stand in the three last arrays.

    on, off, window  [µs]
    until            the clock stands here [µs UTC], after the values; -1: not known
    times, values    shape (n,); NaN where the value is not known; a time before the last one counts as the last
    memory           has room for n more values in its window
    """
    marks = memory.marks
    found = 0
    for at in range(len(times) + 1):
        ended = at == len(times)
        if ended and until < 0:
            break
        time = until if ended else times[at]
        if marks[SEEN] and time < marks[LAST]:
            marks[LATE] += not ended
            time = marks[LAST]
        if kind == RATE:
            found = _slide(memory, time, limit, band, on, off, window, out_times, out_active, out_values, found)
        told = _expire(marks, time, on, off)
        if told >= 0:
            out_times[found], out_active[found], out_values[found] = marks[SINCE], told, memory.value[0]
            found += 1
        if ended:
            marks[LAST] = time
            break
        value = values[at]
        memory.value[0] = value
        marks[LAST], marks[SEEN] = time, 1
        if kind == SILENT:
            known = not np.isnan(value)
            told = _judge(marks, 0 if known else -1, time, on, 0)
            marks[WAITING] = TO_RAISE if known else NOTHING
            marks[SINCE] = time
        else:
            judged = _change(memory, time, value, window) if kind == RATE else value
            told = _judge(marks, _holds(kind, limit, band, judged, marks[ACTIVE] == 1), time, on, off)
        if told >= 0:
            out_times[found], out_active[found], out_values[found] = marks[SINCE], told, value
            found += 1
    return found
