"""Compiled: three indicators of a signal, how rare each is, and when that makes an alarm."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# mypy: disable-error-code="return-value, assignment"
from __future__ import annotations

import numpy as np
from numba import njit

from luban.understand.health.anomaly.kernel.memory import Memory
from luban.understand.quality.data import Floats, Ints

__all__ = ["watch"]

LEAST_TAIL = 0.05  # a tail index below this is a bounded tail; its exceedances would seem impossible
DAYS = 2  # of differences before the rhythm is judged: within a day they are too alike to tell what is rare
FLOOR = 1e-9  # of the range of the values remembered: what is smaller is rounding


@njit(cache=True, nogil=True)
def _value_gap(value: float, memory: Memory, seen: int) -> float:
    """Distance to the nearest value remembered; then remember this one."""
    order, recent = memory.order, memory.recent
    room = len(recent)
    held = min(seen, room)
    at = np.searchsorted(order[:held], value)
    gap = np.inf
    if at < held:
        gap = order[at] - value
    if at > 0:
        gap = min(gap, value - order[at - 1])
    if seen >= room:
        old = np.searchsorted(order[:held], recent[seen % room])
        order[old : held - 1] = order[old + 1 : held].copy()
        held -= 1
        at -= old < at
    order[at + 1 : held + 1] = order[at:held].copy()
    order[at] = value
    recent[seen % room] = value
    return gap


@njit(cache=True, nogil=True)
def _renew(line: Floats, apart: Floats, keep: int, pattern: int) -> None:
    """Move the newest values to the front, and add up the distances afresh: sums kept for ever lose digits."""
    line[:keep] = line[len(line) - keep :].copy()
    for lag in range(1, len(apart)):
        total = 0.0
        for back in range(pattern):
            apart_by = line[keep - 1 - back] - line[keep - 1 - back - lag]
            total += apart_by * apart_by
        apart[lag] = total


@njit(cache=True, nogil=True)
def _shape_gap(value: float, memory: Memory, seen: int, pattern: int) -> float:
    """Distance of the last `pattern` values to the nearest such pattern remembered that does not overlap; or inf."""
    line, apart = memory.line, memory.apart
    room = len(apart) - 1
    place = memory.counts[1]
    if place == len(line):
        place = room + pattern
        _renew(line, apart, place, pattern)
    line[place] = value
    reach = min(seen, room)
    for lag in range(1, reach + 1):
        off = value - line[place - lag]
        apart[lag] += off * off
    reach = min(reach, seen - pattern)
    gone = line[place - pattern] if reach > 0 else 0.0
    for lag in range(1, reach + 1):
        off = gone - line[place - pattern - lag]
        apart[lag] -= off * off
    memory.counts[1] = place + 1
    nearest = np.inf
    for lag in range(pattern, min(room, seen - pattern + 1) + 1):
        nearest = min(nearest, apart[lag])
    return np.sqrt(max(nearest, 0.0))


@njit(cache=True, nogil=True)
def _rhythm_gap(memory: Memory, seen: int, slot: int, day: int, short: int) -> float:
    """The short mean against the same hour of yesterday and a week ago, the nearer one; inf if neither is known."""
    recent, means, slots = memory.recent, memory.means, memory.slots
    room, week = len(recent), len(means)
    held = min(short, seen + 1)
    total = 0.0
    for back in range(held):
        total += recent[(seen - back) % room]
    mean = total / held
    gap = np.inf
    for before in (slot - day, slot - 7 * day):
        if before >= 0 and slots[before % week] == before:
            gap = min(gap, abs(mean - means[before % week]))
    means[slot % week] = mean
    slots[slot % week] = slot
    return gap


@njit(cache=True, nogil=True)
def _enter(top: Floats, value: float) -> None:
    """Put a value among the largest, if it is one."""
    at = len(top) - 1
    if value <= top[at]:
        return
    while at > 0 and top[at - 1] < value:
        top[at] = top[at - 1]
        at -= 1
    top[at] = value


@njit(cache=True, nogil=True)
def _rarity(value: float, history: Floats, top: Floats, held: int) -> float:
    """-log10 of the chance of a value at least as large, from the largest remembered [Weissman]; then remember it."""
    room, least = len(history), top[-1]
    kept = min(held, room)
    rarity = 0.0
    if kept >= 4 * len(top) and value > least:
        if least <= 0.0:
            rarity = np.log10(kept)
        else:
            index = 0.0
            for at in range(len(top) - 1):
                index += np.log(top[at] / least)
            index = max(index / (len(top) - 1), LEAST_TAIL)
            rarity = np.log10(kept / len(top)) + np.log10(value / least) / index
    gone = history[held % room]
    history[held % room] = value
    if held >= room and gone >= least:
        top[:] = -np.inf
        for at in range(room):
            _enter(top, history[at])
    else:
        _enter(top, value)
    return rarity


@njit(cache=True, nogil=True)
def _settle(memory: Memory, seen: int, refractory: int) -> tuple[int, float]:
    """(1 passed | 2 new level, median) of the values since the last alarm."""
    recent = memory.recent
    since = np.empty(refractory)
    for back in range(refractory):
        since[back] = recent[(seen - back) % len(recent)]
    level = np.median(since)
    return 2 if level < memory.bounds[2] or level > memory.bounds[4] else 1, level


@njit(cache=True, nogil=True)
def watch(
    values: Floats, slots: Ints, memory: Memory, rule: Ints, threshold: float
) -> tuple[Floats, Ints, Ints, Floats]:
    """Every value in turn.

    values     finite, shape (n,)
    slots      number of each value's time slot, 0 or more, shape (n,)
    rule       values in a pattern; slots in a day (0: no rhythm); values in a short mean; refractory; warm-up
    threshold  rarity from which on there is an alarm
    Returns    rarity of (value, shape, rhythm), shape (n, 3); what fired, -1 nothing, shape (n,); whether a stretch
               after an alarm ends here: 0 no, 1 it passed, 2 a new level; its median,
               or at an alarm the median before
    """
    pattern, day, short, refractory, warmup = rule
    count = len(values)
    rarities, fired = np.zeros((count, 3)), np.full(count, -1)
    ends, levels = np.zeros(count, np.int64), np.zeros(count)
    counts, bounds = memory.counts, memory.bounds
    gaps = np.empty(3)
    for at in range(count):
        value, seen = values[at], counts[0]
        bounds[0], bounds[1] = min(bounds[0], value), max(bounds[1], value)
        held = min(seen, len(memory.recent))
        alarmed = counts[3]
        ready = seen >= warmup and held > 0 and (alarmed < 0 or seen - alarmed >= refractory)
        if ready:  # before this value is among the others
            low, middle, high = memory.order[held // 100], memory.order[held // 2], memory.order[held - 1 - held // 100]
        gaps[0] = _value_gap(value, memory, seen)
        gaps[1] = _shape_gap(value, memory, seen, pattern)
        gaps[2] = _rhythm_gap(memory, seen, slots[at], day, short) if day > 0 else np.inf
        floor = FLOOR * (memory.order[min(held, len(memory.recent) - 1)] - memory.order[0])
        for one in range(3):
            if gaps[one] < np.inf:
                told = _rarity(gaps[one] + floor, memory.history[one], memory.tops[one], counts[4 + one])
                rarities[at, one] = told if one < 2 or counts[6] >= DAYS * day else 0.0
                counts[4 + one] += 1
        if alarmed >= 0 and seen - alarmed == refractory - 1:
            ends[at], levels[at] = _settle(memory, seen, refractory)
        first = -1
        for one in range(2, -1, -1):  # the plainest of those that are rare
            if rarities[at, one] >= threshold:
                first = one
        if ready and first >= 0:
            fired[at] = first
            counts[3] = seen
            bounds[2], bounds[3], bounds[4], bounds[5] = low, middle, high, value
            levels[at] = middle
        counts[0] = seen + 1
    return rarities, fired, ends, levels
