"""Dispatching: no machine waits while it has work, and the highest priority goes first; from the start or the end."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.jobshop import Graph, Indices, Ints

__all__ = ["dispatch"]


@njit(cache=True, nogil=True)
def _push(keys: Ints, items: Ints, low: int, size: int, key: int, item: int) -> None:
    """Into the heap at low …, smallest key first."""
    c = size
    while c > 0:
        d = (c - 1) >> 1
        if keys[low + d] <= key:
            break
        keys[low + c] = keys[low + d]
        items[low + c] = items[low + d]
        c = d
    keys[low + c] = key
    items[low + c] = item


@njit(cache=True, nogil=True)
def _pop(keys: Ints, items: Ints, low: int, size: int) -> int:
    """The item with the smallest key of a heap of that size."""
    top = items[low]
    size -= 1
    key, item = keys[low + size], items[low + size]
    c = 0
    while 2 * c + 1 < size:
        d = 2 * c + 1
        if d + 1 < size and keys[low + d + 1] < keys[low + d]:
            d += 1
        if keys[low + d] >= key:
            break
        keys[low + c] = keys[low + d]
        items[low + c] = items[low + d]
        c = d
    keys[low + c] = key
    items[low + c] = item
    return top


@njit(cache=True, nogil=True)
def dispatch(graph: Graph, priority: Ints, first: Ints, side: int, out: Indices) -> None:
    """A topological order, built from the start (side 0) or from the end (side 1); first [M+1] as in `distance`."""
    link, span, place, order, _, machine, _ = graph
    count = order.size
    none = place.size - 1
    before, after = side, 1 - side
    machines = first.size - 1
    wait_key = np.empty(count, np.int64)
    wait = np.empty(count, np.int64)
    waiting = np.zeros(machines, np.int64)
    busy = np.zeros(machines, np.int8)
    touched = np.empty(machines, np.int64)
    noted = np.zeros(machines, np.int8)
    when = np.empty(none + 1, np.int64)
    what = np.empty(none + 1, np.int64)
    events = 0
    for x in range(count):
        y = np.int64(link[4 * x + before])
        if y >= count:
            # nothing before it: an event of the operation itself, coded below zero
            _push(when, what, 0, events, span[4 * y + 1] if side == 0 else 0, -1 - x)
            events += 1
    done = 0
    while events > 0:
        now = when[0]
        touches = 0
        while events > 0 and when[0] == now:
            x = _pop(when, what, 0, events)
            events -= 1
            if x < 0:
                come = -1 - x
            else:
                m = np.int64(machine[x])
                busy[m] = 0
                if noted[m] == 0:
                    noted[m] = 1
                    touched[touches] = m
                    touches += 1
                come = np.int64(link[4 * x + after])
            if come < count:
                m = np.int64(machine[come])
                _push(wait_key, wait, first[m], waiting[m], -priority[come], come)
                waiting[m] += 1
                if noted[m] == 0:
                    noted[m] = 1
                    touched[touches] = m
                    touches += 1
        for k in range(touches):
            m = touched[k]
            noted[m] = 0
            if busy[m] == 0 and waiting[m] > 0:
                x = _pop(wait_key, wait, first[m], waiting[m])
                waiting[m] -= 1
                busy[m] = 1
                out[done if side == 0 else count - 1 - done] = x
                done += 1
                _push(when, what, 0, events, now + span[4 * x], x)
                events += 1
