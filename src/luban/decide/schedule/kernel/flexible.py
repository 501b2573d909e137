"""A flexible job shop as a graph in arrays: heads, tails, and the removal and insertion of one operation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Ints", "Ranks", "Shop", "State", "blank", "insert", "place", "refresh"]

Ints = NDArray[np.int64]
Ranks = NDArray[np.uint32]


class Shop(NamedTuple):
    """What is given. O operations, J jobs, K modes, M machines; index O is "none", O + 1 + j job j's release.

    before         [O] the job's operation before, or its release
    after          [O] the job's operation after, or none
    release        [J] ticks
    mode_first     [O+1]; mode_machine, mode_time [K]
    room           [M+1] where the machine's row begins in State.row; a row has room for all it may take
    """

    before: Ints
    after: Ints
    release: Ints
    mode_first: Ints
    mode_machine: Ints
    mode_time: Ints
    room: Ints


class State(NamedTuple):
    """One schedule, first by operation, then by rank: the place in a topological order.

    machine, time      [O+1] of the chosen mode
    row, count, spot   operations of each machine in order [K]; how many [M]; an operation's index in its row [O+1]
    left, right        [O+1] operation before and after on the machine
    at, rank           [O] the topological order; [O+1+J] its inverse, none and releases standing for themselves
    mark, spare        [O+1] scratch
    job_before, left_of, job_after, right_of   [O] by rank, ranks: the links; unsigned, which compiles to half the work
    step               [O] by rank: time
    done               [O+1+J] by rank: earliest end [tick]
    rest               [O+1] by rank: longest path from the operation's start to the end of all [tick]
    """

    machine: Ints
    time: Ints
    row: Ints
    count: Ints
    spot: Ints
    left: Ints
    right: Ints
    at: Ints
    rank: Ints
    mark: Ints
    spare: Ints
    job_before: Ranks
    left_of: Ranks
    job_after: Ranks
    right_of: Ranks
    step: Ints
    done: Ints
    rest: Ints


def blank(shop: Shop) -> State:
    """A state of the right sizes; `place` fills it."""
    size, jobs, machines = len(shop.before), len(shop.release), len(shop.room) - 1
    rank = np.arange(size + 1 + jobs, dtype=np.int64)
    machine, time, spot, left, right, mark, spare = (np.zeros(size + 1, np.int64) for _ in range(7))
    row, count, at = np.zeros(len(shop.mode_time), np.int64), np.zeros(machines, np.int64), np.zeros(size, np.int64)
    before, left_of, after, right_of = (np.zeros(size, np.uint32) for _ in range(4))
    step, done, rest = np.zeros(size, np.int64), np.zeros(size + 1 + jobs, np.int64), np.zeros(size + 1, np.int64)
    done[size + 1 :] = shop.release
    return State(
        machine,
        time,
        row,
        count,
        spot,
        left,
        right,
        at,
        rank,
        mark,
        spare,
        before,
        left_of,
        after,
        right_of,
        step,
        done,
        rest,
    )


@njit(cache=True, nogil=True)
def refresh(shop: Shop, state: State) -> int:
    """All that goes by rank, from all that goes by operation; the makespan."""
    at, rank, done, rest, step = state.at, state.rank, state.done, state.rest, state.step
    job_before, left_of, job_after, right_of = state.job_before, state.left_of, state.job_after, state.right_of
    makespan, size = np.int64(0), np.uint64(len(at))
    for i in range(size):  # unsigned: signed indices are checked, which doubles the work
        x = np.uint64(at[i])
        a, b = np.uint64(rank[np.uint64(shop.before[x])]), np.uint64(rank[np.uint64(state.left[x])])
        job_before[i], left_of[i] = a, b
        job_after[i] = rank[np.uint64(shop.after[x])]
        right_of[i] = rank[np.uint64(state.right[x])]
        step[i] = state.time[x]
        done[i] = max(done[a], done[b]) + step[i]
        makespan = max(makespan, done[i])
    for k in range(np.uint64(1), size + np.uint64(1)):
        i = size - k
        rest[i] = max(rest[job_after[i]], rest[right_of[i]]) + step[i]
    return makespan


@njit(cache=True, nogil=True)
def place(shop: Shop, state: State, order: Ints, mode: Ints) -> int:
    """The schedule of a topological order of the jobs' operations and a mode for each; the makespan."""
    none = len(shop.before)
    state.count[:] = 0
    for i in range(none):
        x = order[i]
        machine = shop.mode_machine[mode[x]]
        base, spot = shop.room[machine], state.count[machine]
        state.machine[x] = machine
        state.time[x] = shop.mode_time[mode[x]]
        state.row[base + spot] = x
        state.spot[x] = spot
        state.left[x] = state.row[base + spot - 1] if spot > 0 else none
        state.right[x] = none
        if spot > 0:
            state.right[state.left[x]] = x
        state.count[machine] += 1
        state.at[i] = x
        state.rank[x] = i
    state.left[none] = state.right[none] = none
    return refresh(shop, state)


@njit(cache=True, nogil=True)
def _join(state: State, none: int, u: int, w: int) -> None:
    if u != none:
        state.right[u] = w
    if w != none:
        state.left[w] = u


@njit(cache=True, nogil=True)
def _reorder(shop: Shop, state: State, v: int, u: int, w: int) -> bool:
    """Makes the topological order fit u before v before w, v detached. False: a cycle; nothing changes."""
    none = len(shop.before)
    at, rank, mark, spare = state.at, state.rank, state.mark, state.spare
    low = high = rank[v]
    later = u != none and rank[u] > low
    if later:
        high = rank[u]
    elif w != none and rank[w] < high:
        low = rank[w]
    else:
        return True
    moved = 0
    for i in range(low, high + 1):
        mark[at[i]] = 0
    mark[v] = 1
    if later:
        for i in range(low + 1, high + 1):
            x = at[i]
            a, b = shop.before[x], state.left[x]
            if (a < none and rank[a] >= low and mark[a] == 1) or (b != none and rank[b] >= low and mark[b] == 1):
                mark[x] = 1
        if mark[u] == 1:
            return False
    else:
        for i in range(high - 1, low - 1, -1):
            x = at[i]
            a, b = shop.after[x], state.right[x]
            if (a != none and rank[a] <= high and mark[a] == 1) or (b != none and rank[b] <= high and mark[b] == 1):
                mark[x] = 1
        if mark[w] == 1:
            return False
    first = 0 if later else 1
    for turn in range(2):
        for i in range(low, high + 1):
            if mark[at[i]] == (first if turn == 0 else 1 - first):
                spare[moved] = at[i]
                moved += 1
    for i in range(moved):
        at[low + i] = spare[i]
        rank[spare[i]] = low + i
    return True


@njit(cache=True, nogil=True)
def insert(shop: Shop, state: State, v: int, mode: int, index: int) -> bool:
    """Moves v to that mode's machine, before the index-th of the others there, and brings the order up to date.

    False where it would close a cycle; the state is then as before. Ends and tails are left to `refresh`.
    """
    none = len(shop.before)
    machine, target = state.machine[v], shop.mode_machine[mode]
    base, old = shop.room[target], state.spot[v]
    total = state.count[target] - (1 if machine == target else 0)

    skip = old if machine == target else total
    new_left = none if index == 0 else state.row[base + index - 1 + (index - 1 >= skip)]
    new_right = none if index == total else state.row[base + index + (index >= skip)]
    u, w = state.left[v], state.right[v]
    _join(state, none, u, w)
    state.left[v] = state.right[v] = none
    if not _reorder(shop, state, v, new_left, new_right):
        _join(state, none, u, v)
        _join(state, none, v, w)
        state.left[v], state.right[v] = u, w
        return False
    start = shop.room[machine]
    for i in range(old, state.count[machine] - 1):
        x = state.row[start + i + 1]
        state.row[start + i] = x
        state.spot[x] = i
    state.count[machine] -= 1
    for i in range(state.count[target], index, -1):
        x = state.row[base + i - 1]
        state.row[base + i] = x
        state.spot[x] = i
    state.row[base + index] = v
    state.spot[v] = index
    state.count[target] += 1
    state.machine[v] = target
    state.time[v] = shop.mode_time[mode]
    state.left[v], state.right[v] = new_left, new_right
    _join(state, none, new_left, v)
    _join(state, none, v, new_right)
    return True
