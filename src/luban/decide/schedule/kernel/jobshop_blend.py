"""Between two job-shop solutions: distance, merges that keep what both agree on; and a bound on each machine."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from luban.decide.schedule.kernel.jobshop import Hashes, Indices, Ints, draw

__all__ = ["distance", "machine_bound", "merge"]


@njit(cache=True, nogil=True)
def merge(one: Indices, other: Indices, share: int, state: Hashes, taken: NDArray[np.int8], out: Indices) -> None:
    """A random order in which a stands before b wherever it does so in both; `share` of 1024 steps follow the first.

    Each step takes the first operation not yet taken of one of the two, so a merge of topological orders is one.
    """
    count = one.size
    taken[:] = 0
    i = np.int64(0)
    j = np.int64(0)
    for k in range(count):
        if draw(state, 1024) < share:
            while taken[one[i]] != 0:
                i += 1
            x = one[i]
        else:
            while taken[other[j]] != 0:
                j += 1
            x = other[j]
        taken[x] = 1
        out[k] = x


@njit(cache=True, nogil=True)
def distance(one: Indices, other: Indices, machine: Indices, first: Ints, rank: Ints, row: Ints) -> int:
    """Pairs on one machine that run in another order; first [M+1] are the machines' spans among operations by machine.

    Counts inversions by merging, n log n.
    """
    count = one.size
    for k in range(count):
        rank[other[k]] = k
    fill = first[:-1].copy()
    for k in range(count):
        x = one[k]
        m = machine[x]
        row[fill[m]] = rank[x]
        fill[m] += 1
    total = np.int64(0)
    room = np.empty(count, np.int64)
    for m in range(first.size - 1):
        low, high = first[m], first[m + 1]
        width = np.int64(1)
        while width < high - low:
            at = low
            while at < high:
                middle = min(at + width, high)
                end = min(at + 2 * width, high)
                i, j, k = at, middle, at
                while i < middle or j < end:
                    if j >= end or (i < middle and row[i] <= row[j]):
                        room[k] = row[i]
                        i += 1
                    else:
                        room[k] = row[j]
                        total += middle - i
                        j += 1
                    k += 1
                at = end
            row[low:high] = room[low:high]
            width *= 2
    return total


@njit(cache=True, nogil=True)
def machine_bound(head: Ints, time: Ints, tail: Ints) -> int:
    """Makespan of one machine with heads and tails where work may be interrupted: a lower bound (Carlier 1982).

    Jackson's rule: of those that have come, the longest tail first.
    """
    count = head.size
    by_head = np.argsort(head)
    left = time.copy()
    heap = np.empty(count, np.int64)
    size = np.int64(0)
    best = np.int64(0)
    now = np.int64(0)
    k = np.int64(0)
    while k < count or size > 0:
        if size == 0:
            now = max(now, head[by_head[k]])
        while k < count and head[by_head[k]] <= now:
            x = by_head[k]
            k += 1
            c = size
            size += 1
            while c > 0 and tail[heap[(c - 1) // 2]] < tail[x]:
                heap[c] = heap[(c - 1) // 2]
                c = (c - 1) // 2
            heap[c] = x
        x = heap[0]
        run = left[x]
        if k < count:
            run = min(run, head[by_head[k]] - now)
        now += run
        left[x] -= run
        if left[x] == 0:
            best = max(best, now + tail[x])
            size -= 1
            y = heap[size]
            c = np.int64(0)
            while 2 * c + 1 < size:
                d = 2 * c + 1
                if d + 1 < size and tail[heap[d + 1]] > tail[heap[d]]:
                    d += 1
                if tail[heap[d]] <= tail[y]:
                    break
                heap[c] = heap[d]
                c = d
            heap[c] = y
    return best
