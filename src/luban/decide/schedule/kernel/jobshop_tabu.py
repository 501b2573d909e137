"""Tabu search on a job-shop graph: moves within critical blocks (N7), estimated; past sequences are forbidden."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.jobshop import Graph, Hashes, Indices, Ints, draw, makespan, relink, settle

__all__ = ["BEST", "IDLE", "ITERATION", "NOW", "STUCK", "WORK", "Memory", "tabu"]

ITERATION, IDLE, NOW, BEST, WORK, STUCK = 0, 1, 2, 3, 4, 5
"""Slots of `ctl`: iterations ever, since the best; makespan now, best; work done; no move left (2: optimal)."""

_BASE = np.uint64(0x9E3779B97F4A7C15)


class Memory(NamedTuple):
    """What the search remembers, and its room.

    ctl, state, best   slots named above, random numbers, order of the best solution
    keys, until        sequences forbidden, and up to which iteration
    seen, sign         solutions visited, and the one at hand (hashes)
    mark … bound      room
    """

    ctl: Ints
    state: Hashes
    best: Indices
    keys: Hashes
    until: Ints
    seen: Hashes
    sign: Hashes
    mark: Ints
    held: Indices
    ahead: Ints
    path: Ints
    moves: Ints
    bound: Ints


@njit(cache=True, nogil=True)
def _judge(u: int, v: int, side: int, link: Indices, span: Ints, ahead: Ints, limit: int) -> tuple[int, np.uint64, int]:
    """Estimate of the makespan after moving u beyond v, and the hash of the sequence this makes; cut off at limit.

    Taillard (1994), Balas and Vazacopoulos (1998): heads and tails of the moved ones anew, all else as it is.
    """
    near, far = 2 + side, 3 - side
    job, next_job = np.int64(side), np.int64(1 - side)
    head, tail = 1 + side, 2 - side
    one = np.uint64(1)
    m1 = _BASE if side == 0 else one
    m2 = one if side == 0 else _BASE
    key = np.uint64(0)
    weight = one
    c = span[4 * link[4 * u + near] + head]
    x = link[4 * u + far]
    count = np.int64(0)
    while True:
        c = max(c, span[4 * link[4 * x + job] + head]) + span[4 * x]
        ahead[count] = c - span[4 * x]
        key = key * m1 + np.uint64(span[4 * x + 3]) * weight
        weight = weight * m2
        count += 1
        if x == v:
            break
        x = link[4 * x + far]
    key = key * m1 + np.uint64(span[4 * u + 3]) * weight
    c = max(c, span[4 * link[4 * u + job] + head])
    q = max(span[4 * link[4 * v + far] + tail], span[4 * link[4 * u + next_job] + tail]) + span[4 * u]
    top = c + q
    x = v
    looked = count
    while top <= limit:
        count -= 1
        q = max(q, span[4 * link[4 * x + next_job] + tail]) + span[4 * x]
        top = max(top, ahead[count] + q)
        if count == 0:
            break
        x = link[4 * x + near]
    return top, key, 2 * looked - count


@njit(cache=True, nogil=True)
def _quick(u: int, v: int, side: int, link: Indices, span: Ints, place: Indices) -> int:
    """Lower bound of the estimate of moving u beyond v within a critical block, or -1 where it may close a circle."""
    near, far = 2 + side, 3 - side
    job, next_job = np.int64(side), np.int64(1 - side)
    head, tail = 1 + side, 2 - side
    a = link[4 * u + next_job]
    if a == v:
        return np.int64(-1)
    apart = place[a] > place[v] if side == 0 else place[a] < place[v] or place[a] >= place[place.size - 1]
    if not apart:
        apart = span[4 * a + tail] < span[4 * v + tail] + span[4 * a]
        if not apart:
            apart = span[4 * a + head] > span[4 * v + head] - span[4 * v]
            if not apart:
                return np.int64(-1)
    first = link[4 * u + far]
    start = max(span[4 * link[4 * u + near] + head], span[4 * link[4 * first + job] + head])
    run = span[4 * v + head] - span[4 * u + head]
    return start + run + span[4 * u] + max(span[4 * a + tail], span[4 * link[4 * v + far] + tail])


@njit(cache=True, nogil=True)
def _forbid(u: int, v: int, side: int, link: Indices, span: Ints, keys: Hashes, until: Ints, when: int) -> None:
    """Forbids the sequence from u to v as it is."""
    far = 3 - side
    one = np.uint64(1)
    m1 = _BASE if side == 0 else one
    m2 = one if side == 0 else _BASE
    key = np.uint64(0)
    weight = one
    x = u
    while True:
        key = key * m1 + np.uint64(span[4 * x + 3]) * weight
        weight = weight * m2
        if x == v:
            break
        x = link[4 * x + far]
    slot = np.int64(key >> np.uint64(48)) & (keys.size - 1)
    keys[slot] = key
    until[slot] = when


@njit(cache=True, nogil=True)
def _arc(span: Ints, a: int, b: int) -> np.uint64:
    x = np.uint64(span[4 * a + 3]) * _BASE + np.uint64(span[4 * b + 3])
    x ^= x >> np.uint64(29)
    return x * np.uint64(0xBF58476D1CE4E5B9)


@njit(cache=True, nogil=True)
def _change(u: int, v: int, side: int, link: Indices, span: Ints) -> np.uint64:
    near, far = 2 + side, 3 - side
    a = link[4 * u + near]
    f = link[4 * u + far]
    b = link[4 * v + far]
    if side == 0:
        gone = _arc(span, a, u) + _arc(span, u, f) + _arc(span, v, b)
        come = _arc(span, a, f) + _arc(span, v, u) + _arc(span, u, b)
    else:
        gone = _arc(span, u, a) + _arc(span, f, u) + _arc(span, b, v)
        come = _arc(span, f, a) + _arc(span, u, v) + _arc(span, b, u)
    return come - gone


@njit(cache=True, nogil=True)
def tabu(
    graph: Graph, memory: Memory, target: int, bar: int, patience: int, haste: int, budget: int, tenure: int
) -> None:
    """Iterates until the makespan is `target`, `budget` is used up or for long nothing was gained.

    patience, haste   iterations without gain: where the best is at most `bar`, and where it is above
    """
    link, span, place, order, lasts, _, _ = graph
    ctl, state, best, keys, until, seen, sign, mark, held, ahead, path, moves, bound = memory
    count = order.size
    none = place.size - 1
    now = ctl[NOW]
    work = np.int64(0)
    moves_room = moves.shape[0]
    while ctl[IDLE] < (patience if ctl[BEST] <= bar else haste) and work < budget and ctl[BEST] > target:
        ctl[ITERATION] += 1
        ctl[IDLE] += 1
        it = ctl[ITERATION]
        # critical path, from its end
        ties = np.int64(0)
        x = none
        for i in range(lasts.size):
            if span[4 * lasts[i] + 1] == now:
                ties += 1
                if ties == 1 or draw(state, ties) == 0:
                    x = np.int64(lasts[i])
        length = np.int64(0)
        n_moves = np.int64(0)
        closed = True
        low = np.int64(2**62)
        low_at = np.int64(0)
        run = np.int64(1)
        path[0] = x
        while True:
            h = span[4 * x + 1] - span[4 * x]
            y = np.int64(none)
            same = False
            if h > 0:
                j = np.int64(link[4 * x])
                m = np.int64(link[4 * x + 2])
                by_machine = span[4 * m + 1] == h
                if by_machine and span[4 * j + 1] == h and j != m:
                    by_machine = draw(state, 2) == 0
                if by_machine:
                    y = m
                    same = True
                elif j < count:
                    y = j
            if same:
                path[run] = y
                run += 1
                x = y
                continue
            # the block path[run-1] … path[0] (in time order) ends here
            if run > 1:
                front = h > 0
                last = path[0]
                first = path[run - 1]
                rear = span[4 * last + 2] > span[4 * last]
                closed = closed and not front and not rear
                for kind in range(4):
                    if kind < 2:
                        if not (rear if kind == 0 else front):
                            continue
                        for i in range(run - 1):
                            if kind == 0:
                                u, v, side = path[i + 1], last, 0
                            else:
                                u, v, side = path[i], first, 1
                            q = _quick(u, v, side, link, span, place)
                            if q >= 0 and n_moves < moves_room:
                                moves[n_moves, 0] = u
                                moves[n_moves, 1] = v
                                moves[n_moves, 2] = side
                                bound[n_moves] = q
                                if q < low:
                                    low = q
                                    low_at = n_moves
                                n_moves += 1
                    else:
                        if not (front if kind == 2 else rear):
                            continue
                        skip = rear if kind == 2 else front
                        for i in range(1 if skip else 0, run - 1):
                            if kind == 2:
                                u, v, side = first, path[i], 0
                            else:
                                u, v, side = last, path[run - 1 - i], 1
                            if run == 2:
                                continue
                            q = _quick(u, v, side, link, span, place)
                            if q >= 0 and n_moves < moves_room:
                                moves[n_moves, 0] = u
                                moves[n_moves, 1] = v
                                moves[n_moves, 2] = side
                                bound[n_moves] = q
                                if q < low:
                                    low = q
                                    low_at = n_moves
                                n_moves += 1
            length += run
            if y == none:
                break
            run = 1
            path[0] = y
            x = y
        work += length + n_moves
        if n_moves == 0:
            ctl[STUCK] = 2 if closed else 1
            break
        # judge
        if low_at > 0:
            for k in range(3):
                moves[0, k], moves[low_at, k] = moves[low_at, k], moves[0, k]
            bound[0], bound[low_at] = bound[low_at], bound[0]
        found = np.int64(2**62)
        pick = np.int64(-1)
        ties = np.int64(0)
        for k in range(n_moves):
            if bound[k] > found:
                continue
            top, key, looked = _judge(moves[k, 0], moves[k, 1], moves[k, 2], link, span, ahead, found)
            work += looked
            if top > found:
                continue
            if top >= ctl[BEST]:
                slot = np.int64(key >> np.uint64(48)) & (keys.size - 1)
                if keys[slot] == key and until[slot] > it:
                    continue
                after_it = sign[0] + _change(moves[k, 0], moves[k, 1], moves[k, 2], link, span)
                if seen[np.int64(after_it >> np.uint64(40)) & (seen.size - 1)] == after_it:
                    continue
            if top < found:
                found = top
                pick = k
                ties = 1
            else:
                ties += 1
                if draw(state, ties) == 0:
                    pick = k
        if pick < 0:
            pick = draw(state, n_moves)
        u, v, side = moves[pick, 0], moves[pick, 1], moves[pick, 2]
        seen[np.int64(sign[0] >> np.uint64(40)) & (seen.size - 1)] = sign[0]
        sign[0] += _change(u, v, side, link, span)
        _forbid(u, v, side, link, span, keys, until, it + tenure + draw(state, tenure // 2))
        a, b = np.int64(place[u]), np.int64(place[v])
        work += relink(u, v, side, link, place, order, mark, it, held)
        settle(link, span, order, min(a, b), max(a, b))
        work += (count + max(a, b) - min(a, b)) // 2
        now = makespan(span, lasts)
        if now < ctl[BEST]:
            ctl[BEST] = now
            ctl[IDLE] = 0
            best[:] = order
    ctl[NOW] = now
    ctl[WORK] += work
