"""Dispatching by priority rules: a run through time in which each free machine takes its most urgent operation."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.decode import (
    BATCH_FAMILY,
    CAPACITY,
    COUNT,
    DONE,
    DUE,
    END,
    FAMILY_AFTER,
    FIRST,
    JOB,
    LAST,
    MODE,
    MODE_END,
    NEVER,
    OFFSET,
    READY,
    RELEASE,
    START,
    STATE_FAMILY,
    TABLE,
    Reals,
    Shop,
    State,
    Table,
    place_fixed,
    place_next,
    ready_at,
    reset,
    setup_of,
)

__all__ = [
    "ATC",
    "ATCS",
    "BY_RELEASE",
    "CR",
    "EDD",
    "FIFO",
    "LPT",
    "LWKR",
    "MDD",
    "MWKR",
    "NUMBERS",
    "SLACK",
    "SPT",
    "WEDD",
    "WSPT",
    "dispatch",
    "place_next_again",
    "pop",
    "push",
    "urgency",
]

NUMBERS = {
    name: number
    for number, name in enumerate(
        (
            "spt",
            "lpt",
            "wspt",
            "fifo",
            "release",
            "edd",
            "wedd",
            "mwkr",
            "lwkr",
            "cr",
            "slack",
            "mdd",
            "atc",
            "atcs",
        )
    )
}
"""Numbers of the rules, as `dispatch` knows them."""

SPT, LPT, WSPT, FIFO, BY_RELEASE, EDD, WEDD, MWKR, LWKR, CR, SLACK, MDD, ATC, ATCS = range(14)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def push(times: Table, ids: Table, size: int, time: int, who: int) -> int:
    """Adds an event to a heap ordered by time, then number; its new size."""
    at = size
    while at > 0:
        up = (at - 1) >> 1
        if times[up] < time or (times[up] == time and ids[up] <= who):
            break
        times[at], ids[at] = times[up], ids[up]
        at = up
    times[at], ids[at] = time, who
    return size + 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pop(times: Table, ids: Table, size: int) -> int:
    """Takes the first event off (it has been read); the heap's new size."""
    size -= 1
    time, who, at = times[size], ids[size], 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        right = down + 1
        if right < size and (times[right] < times[down] or (times[right] == times[down] and ids[right] < ids[down])):
            down = right
        if times[down] > time or (times[down] == time and ids[down] >= who):
            break
        times[at], ids[at] = times[down], ids[down]
        at = down
    times[at], ids[at] = time, who
    return size


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def urgency(
    shop: Shop, rule: int, op: int, work: float, now: int, since: int, rest: Reals, setup: float, scale: Reals
) -> float:
    """Priority of an operation that waits for a machine: the smallest goes first.

    rest   [O, 3] work left with this operation, time from its end to the job's end, steps left
    scale  look-ahead k, mean time, look-ahead of setups, mean setup
    """
    job = shop.op[op, JOB]
    weight, due = max(shop.weight[job], 1e-9), shop.job[job, DUE]
    left = rest[op, 0]
    if rule == SPT:
        return work
    if rule == LPT:
        return -work
    if rule == WSPT:
        return work / weight
    if rule == FIFO:
        return since
    if rule == BY_RELEASE:
        return shop.job[job, RELEASE]
    if rule == EDD:
        return due
    if rule == WEDD:
        return due / weight
    if rule == MWKR:
        return -left
    if rule == LWKR:
        return left
    if rule == CR:
        return (due - now) / max(left, 1.0) if due >= now else (due - now) * weight
    if rule == SLACK:
        return (due - now - left) / rest[op, 2]
    if rule == MDD:
        return max(float(due), now + work + rest[op, 1])
    slack = max(0.0, due - now - work - rest[op, 1])
    value = np.log(weight / max(work, 1e-3)) - slack / (scale[0] * scale[1])
    if rule == ATCS:
        value -= setup / (scale[2] * scale[3])
    return -value


@njit(cache=True, nogil=True)
def dispatch(
    shop: Shop,
    state: State,
    rule: int,
    rest: Reals,
    scale: Reals,
    chosen: Table,
    low: Table,
    wait: Table,
    insert: bool,
    order: Table,
) -> bool:
    """Fills a state by a rule, non-delay, and tells in which order operations were placed; see `decode`.

    order  [O] filled; False where an operation cannot be placed (state.note)
    """
    reset(shop, state)
    if shop.fixed.shape[0] > 0 and not place_fixed(shop, state):
        return False
    ops, machines = shop.op.shape[0], shop.machine.shape[0]
    times, ids, size = np.empty(2 * ops + machines + 8, np.int64), np.empty(2 * ops + machines + 8, np.int64), 0
    queue, since, queued = (
        np.empty(shop.mode.shape[0] + 1, np.int64),
        np.zeros(ops, np.int64),
        np.zeros(machines, np.int64),
    )
    mode_of, load, busy = np.zeros(ops, np.int64), np.zeros(machines, np.int64), shop.machine[:, READY].copy()
    called, forced = np.zeros(machines, np.bool_), chosen.copy()
    placed = 0
    for job in range(shop.job.shape[0]):
        size = push(times, ids, size, shop.job[job, RELEASE], shop.job[job, FIRST])
    while size > 0:
        now, who = times[0], ids[0]
        size = pop(times, ids, size)
        if who < ops and state.at[who, DONE] != 0:
            job = shop.op[who, JOB]
            if not place_next(shop, state, job, chosen, low, wait, insert):
                return False
            for k in range(who, state.step[job]):
                order[placed] = k
                placed += 1
            if state.step[job] < shop.job[job, LAST]:
                size = push(times, ids, size, max(now, state.at[state.step[job] - 1, END]), state.step[job])
            continue
        if who < ops:
            best = np.inf
            for k in range(shop.op[who, MODE], shop.op[who, MODE_END]):
                machine = shop.mode[k, 0]
                if chosen[who] >= 0 and machine != chosen[who]:
                    continue
                guess = max(now, busy[machine]) + float(load[machine]) + shop.mode[k, 1]
                if guess < best:
                    best, mode_of[who] = guess, k
            machine = shop.mode[mode_of[who], 0]
            queue[shop.machine[machine, OFFSET] + queued[machine]] = who
            queued[machine] += 1
            since[who] = now
            load[machine] += shop.mode[mode_of[who], 1]
            if not called[machine]:
                called[machine] = True
                size = push(times, ids, size, max(now, busy[machine]), ops + machine)
            continue
        machine = who - ops
        called[machine] = False
        if queued[machine] == 0:
            continue
        offset, count, table = shop.machine[machine, OFFSET], state.line[machine, COUNT], shop.machine[machine, TABLE]
        family = shop.machine[machine, STATE_FAMILY]
        if count > 0:
            family = state.at[state.seq[offset + count - 1], FAMILY_AFTER]
        first, pick = np.inf, -1
        for k in range(queued[machine]):
            op = queue[offset + k]
            setup = float(setup_of(shop, machine, family, op)) if table >= 0 else 0.0
            work = float(shop.mode[mode_of[op], 1])
            value = urgency(shop, rule, op, work + setup, now, since[op], rest, setup, scale)
            if value < first or (value == first and op < queue[offset + pick]):
                first, pick = value, k
        op = queue[offset + pick]
        queued[machine] -= 1
        queue[offset + pick] = queue[offset + queued[machine]]
        load[machine] -= shop.mode[mode_of[op], 1]
        job = shop.op[op, JOB]
        forced[op] = machine
        if not place_next(shop, state, job, forced, low, wait, insert):
            forced[op] = chosen[op]
            if chosen[op] >= 0 or not place_next_again(shop, state, job, op, forced, low, wait, insert):
                return False
        order[placed] = op
        placed += 1
        end = state.at[op, END]
        busy[machine] = end if not insert or state.at[op, START] <= now else max(busy[machine], now)
        if shop.op[op, BATCH_FAMILY] >= 0 and shop.machine[machine, CAPACITY] > 1:
            busy[machine] = max(now, state.at[op, START]) if queued[machine] > 0 else end
        if queued[machine] > 0:
            called[machine] = True
            size = push(times, ids, size, max(now, busy[machine]), ops + machine)
        following = state.step[job]
        for k in range(op + 1, following):
            order[placed] = k
            placed += 1
        if following < shop.job[job, LAST]:
            ready = NEVER
            for k in range(shop.op[following, MODE], shop.op[following, MODE_END]):
                ready = min(ready, ready_at(shop, state, following, shop.mode[k, 0]))
            size = push(times, ids, size, max(now, ready) if not insert else ready, following)
    return True


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_next_again(
    shop: Shop, state: State, job: int, op: int, chosen: Table, low: Table, wait: Table, insert: bool
) -> bool:
    """Tries a job's step once more, on any machine."""
    state.step[job] = op
    return place_next(shop, state, job, chosen, low, wait, insert)
