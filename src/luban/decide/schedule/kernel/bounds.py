"""Compiled parts of the bounds: earliest ends, heads and tails, one machine with interruptions allowed."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["FAR", "earliest_end", "heads_tails", "one_machine", "shares"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FAR = 2**60
"""No open time is left."""


@njit(cache=True, nogil=True)
def earliest_end(start: int, work: int, first: int, last: int, opens: Ints, closes: Ints, interrupts: int) -> int:
    """Earliest end of so much work begun at `start` or later, in the windows first … last-1 (none: always open)."""
    if first < 0 or work == 0:
        return start + work
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if closes[middle] > start:
            high = middle
        else:
            low = middle + 1
    left = work
    for window in range(low, last):
        begin = max(start, opens[window])
        room = closes[window] - begin
        if left <= room:
            return begin + left
        left = left - room if interrupts else work
    return FAR


@njit(cache=True, nogil=True)
def heads_tails(
    job_first: Ints,
    release: Ints,
    mode_first: Ints,
    mode_machine: Ints,
    mode_time: Ints,
    lag: Ints,
    move: Ints,
    fixed_start: Ints,
    ready: Ints,
    span_first: Ints,
    span_last: Ints,
    opens: Ints,
    closes: Ints,
    interrupts: Ints,
) -> tuple[Ints, Ints, Ints]:
    """[O] earliest start, earliest end, and least time from its end to the end of its job."""
    count = len(lag)
    head, end, tail = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    hop = np.zeros(count, np.int64)
    for job in range(len(release)):
        at = release[job]
        for o in range(job_first[job], job_first[job + 1]):
            if fixed_start[o] < FAR:
                at = fixed_start[o] if fixed_start[o] < 0 else max(at, fixed_start[o])
            best = FAR
            for k in range(mode_first[o], mode_first[o + 1]):
                m = mode_machine[k]
                if fixed_start[o] < 0 and not interrupts[m]:
                    # it began in the past, which has no opening hours
                    best = min(best, at + mode_time[k])
                    continue
                begin = at if fixed_start[o] < 0 else max(at, ready[m])
                found = earliest_end(begin, mode_time[k], span_first[m], span_last[m], opens, closes, interrupts[m])
                best = min(best, found)
            head[o], end[o] = at, best
            if o + 1 < job_first[job + 1]:
                hop[o] = lag[o]
                if move.size:
                    least = FAR
                    for k in range(mode_first[o], mode_first[o + 1]):
                        for n in range(mode_first[o + 1], mode_first[o + 2]):
                            least = min(least, move[mode_machine[k], mode_machine[n]])
                    hop[o] += least
                at = min(best + hop[o], FAR)
        for o in range(job_first[job + 1] - 2, job_first[job] - 1, -1):
            least = FAR
            for k in range(mode_first[o + 1], mode_first[o + 2]):
                least = min(least, mode_time[k])
            tail[o] = hop[o] + least + tail[o + 1]
    return head, end, tail


@njit(cache=True, nogil=True)
def one_machine(
    heads: Ints, times: Ints, keys: Ints, ready: int, first: int, last: int, opens: Ints, closes: Ints, least: int
) -> Ints:
    """Ends on one machine that may interrupt its work, of items in order of their heads.

    least 0: the waiting item with the largest key goes first (Jackson); 1: that with the least work left (SRPT).
    """
    count = len(heads)
    ends = np.full(count, FAR, np.int64)
    left = times.copy()
    heap = np.empty(count + 1, np.int64)
    size, arrived, done = 0, 0, 0
    at = ready
    window = first
    while done < count:
        if size == 0 and arrived < count:
            at = max(at, heads[arrived])
        while arrived < count and heads[arrived] <= at:
            item = arrived
            arrived += 1
            place = size
            size += 1
            rank = left[item] if least else -keys[item]
            while place > 0:
                above = (place - 1) // 2
                other = left[heap[above]] if least else -keys[heap[above]]
                if other <= rank:
                    break
                heap[place] = heap[above]
                place = above
            heap[place] = item
        until = heads[arrived] if arrived < count else FAR
        if first >= 0:
            while window < last and closes[window] <= at:
                window += 1
            if window == last:
                return ends
            if opens[window] > at:
                at = min(opens[window], until)
                if at == until:
                    continue
            until = min(until, closes[window])
        top = heap[0]
        spent = min(left[top], until - at)
        at += spent
        left[top] -= spent
        if left[top] > 0:
            continue
        ends[top] = at
        done += 1
        size -= 1
        item = heap[size]
        rank = left[item] if least else -keys[item]
        place = 0
        while True:
            below = 2 * place + 1
            if below >= size:
                break
            value = left[heap[below]] if least else -keys[heap[below]]
            if below + 1 < size:
                beside = left[heap[below + 1]] if least else -keys[heap[below + 1]]
                if beside < value:
                    below, value = below + 1, beside
            if value >= rank:
                break
            heap[place] = heap[below]
            place = below
        heap[place] = item
    return ends


@njit(cache=True, nogil=True)
def shares(mode_first: Ints, mode_machine: Ints, mode_time: Ints, base: Floats, rounds: int) -> float:
    """Lower bound on the largest base + load over machines when each operation may be split over its modes.

    Lagrangian of that linear programme with multiplicative weights; any round's value is a bound.
    """
    machines = len(base)
    weight = np.full(machines, 1.0 / machines)
    load = np.zeros(machines)
    best = 0.0
    for turn in range(rounds):
        load[:] = base
        value = 0.0
        for m in range(machines):
            value += weight[m] * base[m]
        for o in range(len(mode_first) - 1):
            chosen, least = -1, np.inf
            for k in range(mode_first[o], mode_first[o + 1]):
                price = weight[mode_machine[k]] * mode_time[k]
                if price < least:
                    chosen, least = k, price
            value += least
            load[mode_machine[chosen]] += mode_time[chosen]
        best = max(best, value)
        top = load.max()
        if top <= 0.0:
            break
        step = 1.0 / (1.0 + 0.25 * turn)
        total = 0.0
        for m in range(machines):
            weight[m] *= np.exp(step * (load[m] - value) / top)
            total += weight[m]
        weight /= total
    return best
