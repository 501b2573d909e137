"""Tabu search on a flexible job shop: a critical operation is taken out and put back where it hurts least."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.flexible import Ints, Ranks, Shop, State, insert, refresh

__all__ = ["BEST", "CUTOFF", "ENDED", "FIELDS", "ITERATION", "LOW", "NOW", "RANDOM", "STALE", "TENURE", "draw", "tabu"]

ITERATION, NOW, BEST, STALE, CUTOFF, LOW, RANDOM, ENDED, TENURE = range(9)
"""Fields of `control`: iterations so far; makespan now, best of this run; iterations since; how many of those end the
run; bound at which it ends; random state; 1: ended; shortest tenure."""

FIELDS = 9

MOST = 16
"""Critical operations looked at in one iteration; of a longer path a random stretch of it."""


@njit(cache=True, nogil=True)
def draw(control: Ints, below: int) -> int:
    """A random number from 0 to below - 1 (xorshift64*, doi 10.1145/2845077)."""
    x = np.uint64(control[RANDOM])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    control[RANDOM] = np.int64(x)
    return np.int64((((x * np.uint64(2685821657736338717)) >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32))


@njit(cache=True, nogil=True)
def _path(state: State, control: Ints, path: Ints) -> int:
    """Ranks of a random critical path, last operation first; its length."""
    none, done, step = len(state.at), state.done, state.step
    found, i = 0, none
    for k in range(none):
        if done[k] == control[NOW]:
            found += 1
            if draw(control, found) == 0:
                i = k
    length = 0
    while i < none:
        path[length] = i
        length += 1
        start = done[i] - step[i]
        a, b = np.int64(state.job_before[i]), np.int64(state.left_of[i])
        by_job = a < none and done[a] == start
        by_machine = b != none and done[b] == start
        if by_job and by_machine:
            by_job = draw(control, 2) == 0
        i = a if by_job else (b if by_machine else none)
    return length


@njit(cache=True, nogil=True)
def _ends(job_before: Ranks, left_of: Ranks, step: Ints, done: Ints, low: int, floor: int) -> int:
    """Ends from a rank on; the latest, at least floor. Unsigned indices: signed ones are checked, which doubles it."""
    for i in range(np.uint64(low), np.uint64(len(step))):
        end = max(done[job_before[i]], done[left_of[i]]) + step[i]
        done[i] = end
        floor = max(floor, end)
    return floor


@njit(cache=True, nogil=True)
def _tails(job_after: Ranks, right_of: Ranks, step: Ints, rest: Ints, high: int) -> None:
    """Tails from a rank back."""
    for k in range(np.uint64(high + 1)):
        i = np.uint64(high) - k
        rest[i] = max(rest[job_after[i]], rest[right_of[i]]) + step[i]


@njit(cache=True, nogil=True)
def _reverses(row: Ints, base: int, old: int, index: int, none: int, arcs: Ints, iteration: int) -> bool:
    """Whether a move inside the machine turns an arc back that was turned lately."""
    v = row[base + old]
    for i in range(old + 1, index + 1):
        if arcs[(row[base + i] * none + v) % len(arcs)] > iteration:
            return True
    for i in range(index, old):
        if arcs[(v * none + row[base + i]) % len(arcs)] > iteration:
            return True
    return False


@njit(cache=True, nogil=True)
def _forbid(shop: Shop, state: State, v: int, mode: int, index: int, arcs: Ints, seats: Ints, until: int) -> None:
    """Before the move: what may not be undone until then."""
    none, machine, old = len(shop.before), state.machine[v], state.spot[v]
    for k in range(shop.mode_first[v], shop.mode_first[v + 1]):
        if shop.mode_machine[k] == machine:
            seats[k] = until
    if machine != shop.mode_machine[mode]:
        return
    base = shop.room[machine]
    for i in range(old + 1, index + 1):
        arcs[(v * none + state.row[base + i]) % len(arcs)] = until
    for i in range(index, old):
        arcs[(state.row[base + i] * none + v) % len(arcs)] = until


@njit(cache=True, nogil=True)
def _look(
    shop: Shop,
    state: State,
    control: Ints,
    path: Ints,
    length: int,
    done: Ints,
    rest: Ints,
    head: Ints,
    arcs: Ints,
    seats: Ints,
    choice: Ints,
) -> int:
    """Takes each operation of the path out and tries every useful place on every machine; work done.

    choice: makespan, path through the operation (and twice the work it adds), mode, index, operation, ties.
    All values are exact. Written in one piece: a call costs more than a look.
    """
    job_before, left_of, job_after, right_of = state.job_before, state.left_of, state.job_after, state.right_of
    step, row, rank, at, count, spot = state.step, state.row, state.rank, state.at, state.count, state.spot
    own_machine, known_rest = state.machine, state.rest
    mode_first, mode_machine, mode_time, room = shop.mode_first, shop.mode_machine, shop.mode_time, shop.room
    none, iteration, looked = len(at), control[ITERATION], 0
    clean = -1
    best, best_through, best_mode, best_index, best_v = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    ties, found = np.int64(0), False
    for n in range(length):
        here = path[n]
        v = at[here]
        u, w, time = left_of[here], right_of[here], step[here]
        left_of[here] = right_of[here] = none
        step[here] = 0
        if u != none:
            right_of[u] = w
        if w != none:
            left_of[w] = u
        floor = _ends(job_before, left_of, step, done, here, head[here])
        looked += none - here
        if not found or floor <= best:
            for i in range(here + 1, clean + 1):
                rest[i] = known_rest[i]
            _tails(job_after, right_of, step, rest, here)
            clean = here
            looked += here
            ready, after = done[here], rest[here]
            for mode in range(mode_first[v], mode_first[v + 1]):
                machine = mode_machine[mode]
                base, total = room[machine], count[machine]
                own = machine == own_machine[v]
                old = total
                if own:
                    old = spot[v]
                    total -= 1
                low, high = np.int64(0), total
                while low < high:
                    middle = (low + high) >> 1
                    if done[rank[np.uint64(row[np.uint64(base + middle + (middle >= old))])]] > ready:
                        high = middle
                    else:
                        low = middle + 1
                first = last = low
                while last < total and rest[rank[np.uint64(row[np.uint64(base + last + (last >= old))])]] > after:
                    last += 1
                looked += last - first + 12
                if last == first:
                    while (
                        first > 0
                        and rest[rank[np.uint64(row[np.uint64(base + first - 1 + (first - 1 >= old))])]] <= after
                    ):
                        first -= 1
                    if last > first:
                        i = first + draw(control, last - first + 1)
                        if own and i == old:
                            i = first if i != first else last
                        first = last = i
                banned = seats[mode] > iteration
                end = np.int64(0)
                if first > 0:
                    end = done[rank[np.uint64(row[np.uint64(base + first - 1 + (first - 1 >= old))])]]
                for i in range(first, last + 1):
                    x = none
                    if i < total:
                        x = rank[np.uint64(row[np.uint64(base + i + (i >= old))])]
                    through = max(ready, end) + mode_time[mode] + max(after, rest[x])
                    end = done[x]
                    if own and i == old:
                        continue
                    value = max(floor, through)
                    through += 2 * (mode_time[mode] - time)  # ties: less work in all leaves room for the rest
                    if found and (value > best or (value == best and through > best_through)):
                        continue
                    if value >= control[BEST] and (
                        banned or (own and _reverses(row, base, old, i, none, arcs, iteration))
                    ):
                        if found:
                            continue
                        ties += 1
                        if draw(control, ties) != 0:
                            continue
                    elif found and value == best and through == best_through:
                        ties += 1
                        if draw(control, ties) != 0:
                            continue
                    else:
                        ties, found = np.int64(1), True
                    best, best_through, best_mode, best_index, best_v = value, through, mode, i, v
        left_of[here], right_of[here], step[here] = u, w, time
        if u != none:
            right_of[u] = here
        if w != none:
            left_of[w] = here
    choice[0], choice[1], choice[2], choice[3], choice[4] = best, best_through, best_mode, best_index, best_v
    choice[5] = ties
    return looked


@njit(cache=True, nogil=True)
def tabu(
    shop: Shop,
    state: State,
    control: Ints,
    arcs: Ints,
    seats: Ints,
    path: Ints,
    done: Ints,
    rest: Ints,
    head: Ints,
    order: Ints,
    machine: Ints,
    work: int,
) -> int:
    """Searches until the run ends or the work is spent; returns the work done. Its best goes to order and machine."""
    none = len(shop.before)
    choice = np.zeros(6, np.int64)
    spent = 0
    while spent < work and control[ENDED] == 0:
        length = _path(state, control, path)
        offset = 0
        if length > MOST:
            offset = draw(control, length - MOST + 1)
            length = MOST
        top = 0
        for i in range(none):
            head[i] = top
            done[i], rest[i] = state.done[i], state.rest[i]
            top = max(top, done[i])
        part = path[offset : offset + length]
        spent += 4 * none + _look(shop, state, control, part, length, done, rest, head, arcs, seats, choice)
        control[ITERATION] += 1
        control[STALE] += 1
        if choice[5] == 0:
            control[ENDED] = 1
            break
        v, mode, index = choice[4], choice[2], choice[3]
        tenure = control[TENURE]
        until = control[ITERATION] + tenure + draw(control, tenure)
        _forbid(shop, state, v, mode, index, arcs, seats, until)
        if insert(shop, state, v, mode, index):
            control[NOW] = refresh(shop, state)
        if control[NOW] < control[BEST]:
            control[BEST], control[STALE] = control[NOW], 0
            for i in range(none):
                order[i] = state.at[i]
                machine[i] = state.machine[i]
        if control[STALE] >= control[CUTOFF] or control[BEST] <= control[LOW]:
            control[ENDED] = 1
    return spent
