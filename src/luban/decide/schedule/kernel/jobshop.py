"""A job-shop solution as a graph: who runs before whom, heads and tails, and a topological order kept through moves.

Operations are numbers below `none`. Numbers from O up to `none` stand for the release of a job: an operation without
machine that ends at the release. `none` stands for nobody; its end and tail stay 0, so that no step needs a branch.

link   [4 (none + 1)] job's operation before, after, machine's before, after (uint32: an index that needs no sign check)
span   [4 (none + 1)] time, head with the own time (earliest end), tail with the own time, hash
place  [none + 1] position in `order`; those without one lie behind all
order  [O] a topological order
lasts  [J] last operation of each job
machine, tip   [O] machine of each operation, [M] room for `build`
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Graph", "Hashes", "Indices", "Ints", "build", "draw", "ends", "makespan", "relink", "settle"]


Indices = NDArray[np.uint32]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class Graph(NamedTuple):
    """The arrays of one solution."""

    link: Indices
    span: Ints
    place: Indices
    order: Indices
    lasts: Indices
    machine: Indices
    tip: Indices


@njit(cache=True, nogil=True)
def draw(state: Hashes, below: int) -> int:
    """Next random number in [0, below)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(((x >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32))


@njit(cache=True, nogil=True)
def makespan(span: Ints, lasts: Indices) -> int:
    """Largest end of the jobs' last operations."""
    top = np.int64(0)
    for i in range(lasts.size):
        end = span[4 * lasts[i] + 1]
        if end > top:
            top = end
    return top


@njit(cache=True, nogil=True)
def build(graph: Graph) -> int:
    """Machine sequences, heads and tails of the topological order; returns the makespan."""
    link, span, place, order, lasts, machine, tip = graph
    count = order.size
    none = place.size - 1
    tip[:] = none
    for i in range(count):
        x = order[i]
        place[x] = i
        m = machine[x]
        y = tip[m]
        link[4 * x + 2] = y
        link[4 * y + 3] = x
        link[4 * x + 3] = none
        tip[m] = x
        a = span[4 * link[4 * x] + 1]
        b = span[4 * y + 1]
        span[4 * x + 1] = max(a, b) + span[4 * x]
    for i in range(count - 1, -1, -1):
        x = order[i]
        a = span[4 * link[4 * x + 1] + 2]
        b = span[4 * link[4 * x + 3] + 2]
        span[4 * x + 2] = max(a, b) + span[4 * x]
    return makespan(span, lasts)


@njit(cache=True, nogil=True)
def ends(order: Indices, graph: Graph) -> Ints:
    """[O] earliest ends of the operations in a topological order; the graph's own solution stays as it is."""
    link, span, place, _, _, machine, tip = graph
    out = np.zeros(place.size, np.int64)
    out[order.size : place.size] = span[4 * order.size + 1 :: 4]
    free = np.zeros(tip.size, np.int64)
    for i in range(order.size):
        x = order[i]
        m = machine[x]
        out[x] = free[m] = max(out[link[4 * x]], free[m]) + span[4 * x]
    return out[: order.size]


@njit(cache=True, nogil=True)
def relink(
    u: int, v: int, side: int, link: Indices, place: Indices, order: Indices, mark: Ints, stamp: int, held: Indices
) -> int:
    """Moves u behind v (side 0) or before v (side 1) on its machine and mends the topological order.

    Between them in the order, only what hangs on u through its job has to go along (Nowicki and Smutnicki).
    """
    near, far = 2 + side, 3 - side
    job = np.int64(side)
    before = link[4 * u + near]
    first = link[4 * u + far]
    after = link[4 * v + far]
    link[4 * before + far] = first
    link[4 * first + near] = before
    link[4 * v + far] = u
    link[4 * u + near] = v
    link[4 * u + far] = after
    link[4 * after + near] = u
    step = np.int64(1) - 2 * side
    i = np.int64(place[u])
    end = np.int64(place[v])
    into = i
    count = np.int64(1)
    held[0] = u
    mark[u] = stamp
    follow = np.int64(place[link[4 * u + 1 - side]])
    alone = follow > end if side == 0 else follow < end or follow >= order.size
    looked = (end - i) * step
    if alone:
        while i != end:
            i += step
            x = order[i]
            order[into] = x
            place[x] = into
            into += step
    else:
        while i != end:
            i += step
            x = order[i]
            if mark[link[4 * x + job]] == stamp or mark[link[4 * x + near]] == stamp:
                mark[x] = stamp
                held[count] = x
                count += 1
            else:
                order[into] = x
                place[x] = into
                into += step
    for k in range(count):
        x = held[k]
        order[into] = x
        place[x] = into
        into += step
    return looked


@njit(cache=True, nogil=True)
def settle(link: Indices, span: Ints, order: Indices, low: int, high: int) -> None:
    """Heads from position low on, tails from position high down."""
    count = order.size
    for i in range(low, count):
        x = order[i]
        a = span[4 * link[4 * x] + 1]
        b = span[4 * link[4 * x + 2] + 1]
        span[4 * x + 1] = max(a, b) + span[4 * x]
    for i in range(high, -1, -1):
        x = order[i]
        a = span[4 * link[4 * x + 1] + 2]
        b = span[4 * link[4 * x + 3] + 2]
        span[4 * x + 2] = max(a, b) + span[4 * x]
