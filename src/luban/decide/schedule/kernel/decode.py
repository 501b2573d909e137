"""From an order of operations to times: a list decoder that keeps every rule of `problem` (R1-R6), compiled.

Operations are placed one by one, each as early as the rules allow: after what its machine holds already, or in an
earlier gap of it (`insert`). What is fixed is placed first. Operations bound by longest waits are placed together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "BATCH_FAMILY",
    "BEGUN",
    "BOUND",
    "CALENDAR",
    "CAPACITY",
    "CLOSED",
    "COUNT",
    "DEADLINE",
    "DONE",
    "DUE",
    "END",
    "FAMILY",
    "FAMILY_AFTER",
    "FAMILY_BEFORE",
    "FAULT",
    "FAULT_MACHINE",
    "FAULT_OPERATION",
    "FIRST",
    "FIXED",
    "FRONTIER",
    "JOB",
    "KIND",
    "LAG",
    "LAST",
    "LEAD",
    "MACHINE",
    "MATE",
    "MATES",
    "MAX_LAG",
    "MINUS",
    "MODE",
    "MODE_END",
    "MOVES",
    "NEED",
    "NEED_END",
    "NEVER",
    "NOTHING",
    "NOT_FIXED",
    "NO_TIME",
    "OFFSET",
    "ONE",
    "PLAIN",
    "READY",
    "RELEASE",
    "SETUP_END",
    "SETUP_POOL",
    "SETUP_START",
    "SIZE",
    "START",
    "STATE_FAMILY",
    "TABLE",
    "TRIES",
    "WORK",
    "YES",
    "ZERO",
    "Reals",
    "Shop",
    "State",
    "Table",
    "begin_for",
    "clash",
    "decode",
    "decode_plain",
    "first_after",
    "fit",
    "held",
    "hold",
    "join",
    "measure",
    "open_from",
    "open_run",
    "place",
    "place_chain",
    "place_fixed",
    "place_next",
    "pool_clash",
    "pool_cut",
    "pool_heal",
    "pool_step",
    "pool_take",
    "price_of",
    "put",
    "ready_at",
    "reset",
    "seek",
    "set_up_again",
    "setup_of",
    "spot",
    "take_out",
    "undo",
    "use",
    "window_after",
    "worked_to",
]

Table = NDArray[np.int64]
Reals = NDArray[np.float64]

NEVER = 2**60
NOTHING = -(2**61)
TRIES = 400
# numbers with a type of their own: a literal argument would have a function compiled once more
ZERO, ONE, MINUS, YES = np.int64(0), np.int64(1), np.int64(-1), np.bool_(True)

# columns of Shop.op
JOB, FAMILY, SIZE, BATCH_FAMILY, LAG, MAX_LAG, FIXED, MODE, MODE_END, NEED, NEED_END = range(11)
# columns of Shop.job
FIRST, LAST, RELEASE, DUE, DEADLINE, KIND = range(6)
# columns of Shop.machine
CALENDAR, TABLE, STATE_FAMILY, READY, CAPACITY, SETUP_POOL, OFFSET = range(7)
# columns of State.at
MACHINE, START, END, SETUP_START, SETUP_END, LEAD, MATE, MATES, FAMILY_BEFORE, FAMILY_AFTER, DONE, WORK = range(12)
# columns of State.line
COUNT, FRONTIER = range(2)
# cells of State.note
FAULT, FAULT_OPERATION, FAULT_MACHINE = range(3)
# cells of Shop.flag
PLAIN, MOVES, CLOSED, BOUND, BEGUN = range(5)
# kinds of faults: no time on any machine, a fixed start that cannot be
NO_TIME, NOT_FIXED = 1, 2


class Shop(NamedTuple):
    """A problem as few tables; the columns are named above."""

    op: Table
    job: Table
    weight: Reals
    mode: Table
    need: Table
    machine: Table
    power: Reals
    window: Table
    calendar: Table
    setup_time: Table
    setup_cost: Reals
    move: Table
    level_first: Table
    level: Table
    tariff_time: Table
    tariff_price: Reals
    fixed: Table
    flag: Table


class State(NamedTuple):
    """A schedule in the making: rows of operations, the machines' lists, each job's next step, the pools' profiles."""

    at: Table
    line: Table
    seq: Table
    step: Table
    pool_time: Table
    pool_free: Table
    pool_count: Table
    low: Table
    note: Table


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def window_after(shop: Shop, calendar: int, time: int) -> int:
    """First window of a calendar that ends after a time."""
    low, high = shop.calendar[calendar, 0], shop.calendar[calendar, 1]
    while low < high:
        middle = (low + high) >> 1
        if shop.window[middle, 1] > time:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def open_from(shop: Shop, calendar: int, time: int, work: int) -> int:
    """Earliest start from a time on at which so much work may begin; NEVER."""
    if calendar < 0:
        return time
    at, end = window_after(shop, calendar, time), shop.calendar[calendar, 1]
    if shop.calendar[calendar, 2] != 0:
        return NEVER if at == end else max(time, shop.window[at, 0])
    while at < end:
        start = max(time, shop.window[at, 0])
        if shop.window[at, 1] - start >= work:
            return start
        at += 1
    return NEVER


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def worked_to(shop: Shop, calendar: int, start: int, work: int) -> int:
    """End of work begun in open time; NEVER where the calendar does not hold it."""
    if calendar < 0 or shop.calendar[calendar, 2] == 0 or work == 0:
        return start + work
    low, end = window_after(shop, calendar, start), shop.calendar[calendar, 1]
    if low < end and shop.window[low, 1] - start >= work:
        return start + work
    if low == end:
        return NEVER
    target = shop.window[low, 2] + start - shop.window[low, 0] + work
    high = end
    while low < high:
        middle = (low + high) >> 1
        if shop.window[middle, 2] + shop.window[middle, 1] - shop.window[middle, 0] >= target:
            high = middle
        else:
            low = middle + 1
    return NEVER if low == end else shop.window[low, 0] + target - shop.window[low, 2]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def begin_for(shop: Shop, calendar: int, target: int, work: int) -> int:
    """A start such that no earlier one ends at or after the target."""
    if calendar < 0 or shop.calendar[calendar, 2] == 0:
        return target - work
    first = shop.calendar[calendar, 0]
    at = window_after(shop, calendar, target - 1)
    if at == shop.calendar[calendar, 1]:
        return target - work
    left = shop.window[at, 2] + max(0, target - shop.window[at, 0]) - work
    while at > first and shop.window[at, 2] >= left:
        at -= 1
    return shop.window[at, 0] + left - shop.window[at, 2]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pool_step(state: State, pool: int, time: int) -> int:
    """Last step of a pool's profile at or before a time."""
    low, high = 1, state.pool_count[pool]
    while low < high:
        middle = (low + high) >> 1
        if state.pool_time[pool, middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pool_clash(state: State, pool: int, start: int, end: int, amount: int) -> int:
    """End of the first stretch in [start, end) with too few free units; NOTHING where all is well."""
    at, count = pool_step(state, pool, start), state.pool_count[pool]
    while at < count and state.pool_time[pool, at] < end:
        if state.pool_free[pool, at] < amount:
            return state.pool_time[pool, at + 1] if at + 1 < count else NEVER
        at += 1
    return NOTHING


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pool_cut(state: State, pool: int, time: int) -> int:
    """A step of the profile that begins at a time, made where there is none."""
    at, count = pool_step(state, pool, time), state.pool_count[pool]
    if state.pool_time[pool, at] == time:
        return at
    times, free = state.pool_time[pool], state.pool_free[pool]
    for k in range(count, at + 1, -1):
        times[k], free[k] = times[k - 1], free[k - 1]
    times[at + 1], free[at + 1] = time, free[at]
    state.pool_count[pool] = count + 1
    return at + 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pool_heal(state: State, pool: int, at: int) -> None:
    """Takes out a step that changes nothing."""
    times, free = state.pool_time[pool], state.pool_free[pool]
    if at <= 0 or at >= state.pool_count[pool] or free[at] != free[at - 1]:
        return
    for k in range(at, state.pool_count[pool] - 1):
        times[k], free[k] = times[k + 1], free[k + 1]
    state.pool_count[pool] -= 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pool_take(state: State, pool: int, start: int, end: int, amount: int) -> None:
    """Takes units over [start, end); gives them back where the amount is negative."""
    first = pool_cut(state, pool, start)
    last = pool_cut(state, pool, end)
    for k in range(first, last):
        state.pool_free[pool, k] -= amount
    pool_heal(state, pool, last)
    pool_heal(state, pool, first)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def clash(shop: Shop, state: State, calendar: int, start: int, end: int, pool: int, amount: int) -> int:
    """End of the first stretch of worked time in [start, end) that lacks units of a pool; NOTHING."""
    if calendar < 0:
        return pool_clash(state, pool, start, end, amount)
    at, stop = window_after(shop, calendar, start), shop.calendar[calendar, 1]
    while at < stop and shop.window[at, 0] < end:
        found = pool_clash(state, pool, max(start, shop.window[at, 0]), min(end, shop.window[at, 1]), amount)
        if found != NOTHING:
            return found
        at += 1
    return NOTHING


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def hold(shop: Shop, state: State, calendar: int, start: int, end: int, pool: int, amount: int) -> None:
    """Takes units of a pool over the worked time of [start, end); gives them back where the amount is negative."""
    if start >= end:
        return
    if calendar < 0:
        pool_take(state, pool, start, end, amount)
        return
    at, stop = window_after(shop, calendar, start), shop.calendar[calendar, 1]
    while at < stop and shop.window[at, 0] < end:
        pool_take(state, pool, max(start, shop.window[at, 0]), min(end, shop.window[at, 1]), amount)
        at += 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def held(shop: Shop, state: State, op: int, need: int) -> int:
    """Units of a need that the run of an operation holds already, its own not counted."""
    most, mate, pool = 0, state.at[op, LEAD], shop.need[need, 0]
    while mate >= 0:
        if mate != op:
            for k in range(shop.op[mate, NEED], shop.op[mate, NEED_END]):
                if shop.need[k, 0] == pool:
                    most = max(most, shop.need[k, 1])
        mate = state.at[mate, MATE]
    return most


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def use(shop: Shop, state: State, op: int, sign: int) -> None:
    """Takes (1) or gives back (-1) what an operation adds to the needs of its run."""
    for k in range(shop.op[op, NEED], shop.op[op, NEED_END]):
        more = shop.need[k, 1] - held(shop, state, op, k)
        if more > 0:
            calendar = shop.machine[state.at[op, MACHINE], CALENDAR]
            hold(shop, state, calendar, state.at[op, START], state.at[op, END], shop.need[k, 0], sign * more)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def fit(
    shop: Shop, state: State, calendar: int, time: int, work: int, first: int, last: int, pool: int
) -> tuple[int, int]:
    """Earliest start and end of work from a time on, by calendar and pools."""
    while True:
        start = open_from(shop, calendar, time, work)
        if start >= NEVER:
            return NEVER, NEVER
        end = worked_to(shop, calendar, start, work)
        if end >= NEVER:
            return NEVER, NEVER
        time = NOTHING
        if work > 0:
            if pool >= 0:
                time = clash(shop, state, calendar, start, end, pool, ONE)
            for k in range(first, last):
                if time == NOTHING:
                    time = clash(shop, state, calendar, start, end, shop.need[k, 0], shop.need[k, 1])
        if time == NOTHING:
            return start, end
        if time >= NEVER:
            return NEVER, NEVER


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def setup_of(shop: Shop, machine: int, before: int, op: int) -> int:
    """Setup time of an operation on a machine in a family's state [tick]."""
    table, family = shop.machine[machine, TABLE], shop.op[op, FAMILY]
    if table < 0 or family < 0 or shop.op[op, FIXED] < 0:
        return 0
    return shop.setup_time[table, before if before >= 0 else shop.setup_time.shape[1] - 1, family]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def spot(shop: Shop, state: State, op: int, machine: int, work: int, low: int, at: int) -> tuple[int, int, int, int]:
    """Setup start and end, start and end of an operation at a place of a machine's list; NEVER where it cannot be."""
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    calendar, pool = shop.machine[machine, CALENDAR], shop.machine[machine, SETUP_POOL]
    free, before = shop.machine[machine, READY], shop.machine[machine, STATE_FAMILY]
    if at > 0:
        previous = state.seq[offset + at - 1]
        free, before = max(free, state.at[previous, END]), state.at[previous, FAMILY_AFTER]
    if shop.op[op, FIXED] < 0:
        free = shop.op[op, FIXED] if at == 0 else state.at[state.seq[offset + at - 1], END]
    following, place = -1, at
    if at < count and shop.machine[machine, TABLE] >= 0:
        while place < count and shop.op[state.seq[offset + place], FAMILY] < 0:
            place += 1
        if place < count:
            following = state.seq[offset + place]
    lent = following >= 0 and pool >= 0 and state.at[following, SETUP_END] > state.at[following, SETUP_START]
    if lent:
        hold(shop, state, calendar, state.at[following, SETUP_START], state.at[following, SETUP_END], pool, MINUS)
    setup = setup_of(shop, machine, before, op)
    begun = ended = max(free, low)
    good = True
    if setup > 0:
        begun, ended = fit(shop, state, calendar, free, setup, ZERO, ZERO, pool)
        good = ended < NEVER
    start = end = NEVER
    if good:
        first, last = shop.op[op, NEED], shop.op[op, NEED_END]
        start, end = fit(shop, state, calendar, max(ended, low), work, first, last, MINUS)
        good = end < NEVER
    if setup == 0:
        begun = ended = start
    if good and at < count:
        good = end <= state.at[state.seq[offset + at], START]
        if good and following >= 0:
            family = shop.op[op, FAMILY] if shop.op[op, FAMILY] >= 0 else before
            setup = setup_of(shop, machine, family, following)
            if setup > 0:
                since = end if place == at else state.at[state.seq[offset + place - 1], END]
                good = fit(shop, state, calendar, since, setup, ZERO, ZERO, pool)[1] <= state.at[following, START]
    if lent:
        hold(shop, state, calendar, state.at[following, SETUP_START], state.at[following, SETUP_END], pool, ONE)
    if not good:
        return NEVER, NEVER, NEVER, NEVER
    return begun, ended, start, end


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def first_after(shop: Shop, state: State, machine: int, time: int) -> int:
    """First place of a machine's list whose operation starts at or after a time."""
    offset = shop.machine[machine, OFFSET]
    low, high = 0, state.line[machine, COUNT]
    while low < high:
        middle = (low + high) >> 1
        if state.at[state.seq[offset + middle], START] >= time:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def seek(
    shop: Shop, state: State, op: int, machine: int, work: int, low: int, insert: bool
) -> tuple[int, int, int, int, int]:
    """Place in the machine's list where an operation starts first, with the times of `spot`."""
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    at = state.line[machine, FRONTIER]
    if insert:
        at = first_after(shop, state, machine, low)
    while at < count:
        room = state.at[state.seq[offset + at], START] - low
        if at > 0:
            room = min(room, state.at[state.seq[offset + at], START] - state.at[state.seq[offset + at - 1], END])
        if room >= work:
            begun, ended, start, end = spot(shop, state, op, machine, work, low, at)
            if end < NEVER:
                return at, begun, ended, start, end
        at += 1
    begun, ended, start, end = spot(shop, state, op, machine, work, low, at)
    return at, begun, ended, start, end


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def set_up_again(shop: Shop, state: State, machine: int, at: int) -> None:
    """After a change before a place of a machine's list: families from there on and the setup that follows."""
    if shop.machine[machine, TABLE] < 0:
        return
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    calendar, pool = shop.machine[machine, CALENDAR], shop.machine[machine, SETUP_POOL]
    before = state.at[state.seq[offset + at - 1], FAMILY_AFTER] if at > 0 else shop.machine[machine, STATE_FAMILY]
    while at < count:
        op = state.seq[offset + at]
        row = state.at[op]
        row[FAMILY_BEFORE] = before
        if shop.op[op, FAMILY] >= 0:
            if pool >= 0 and row[SETUP_END] > row[SETUP_START]:
                hold(shop, state, calendar, row[SETUP_START], row[SETUP_END], pool, MINUS)
            setup = setup_of(shop, machine, before, op)
            row[SETUP_START] = row[SETUP_END] = row[START]
            if setup > 0:
                free = shop.machine[machine, READY]
                if at > 0:
                    free = state.at[state.seq[offset + at - 1], END]
                row[SETUP_START], row[SETUP_END] = fit(shop, state, calendar, free, setup, ZERO, ZERO, pool)
                if pool >= 0:
                    hold(shop, state, calendar, row[SETUP_START], row[SETUP_END], pool, ONE)
            return
        row[FAMILY_AFTER] = before
        at += 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def put(
    shop: Shop, state: State, op: int, machine: int, at: int, begun: int, ended: int, start: int, end: int, work: int
) -> None:
    """Writes an operation into a place of a machine's list."""
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    for k in range(offset + count, offset + at, -1):
        state.seq[k] = state.seq[k - 1]
    state.seq[offset + at] = op
    state.line[machine, COUNT] = count + 1
    state.line[machine, FRONTIER] = at + 1
    before = shop.machine[machine, STATE_FAMILY]
    if at > 0:
        before = state.at[state.seq[offset + at - 1], FAMILY_AFTER]
    row, family = state.at[op], shop.op[op, FAMILY]
    row[MACHINE], row[START], row[END], row[SETUP_START], row[SETUP_END] = machine, start, end, begun, ended
    row[FAMILY_BEFORE], row[FAMILY_AFTER] = before, family if family >= 0 else before
    row[LEAD], row[MATE], row[MATES], row[DONE], row[WORK] = op, -1, 1, 1, work
    calendar, pool = shop.machine[machine, CALENDAR], shop.machine[machine, SETUP_POOL]
    if pool >= 0 and ended > begun:
        hold(shop, state, calendar, begun, ended, pool, ONE)
    use(shop, state, op, ONE)
    if at < count:
        set_up_again(shop, state, machine, at + 1)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def take_out(shop: Shop, state: State, op: int, frontier: int) -> None:
    """Undoes the latest `put` or `join`."""
    row = state.at[op]
    machine, lead = row[MACHINE], row[LEAD]
    calendar, pool = shop.machine[machine, CALENDAR], shop.machine[machine, SETUP_POOL]
    use(shop, state, op, MINUS)
    row[DONE] = 0
    if lead != op:
        state.at[lead, MATE] = row[MATE]
        state.at[lead, MATES] -= 1
        return
    if pool >= 0 and row[SETUP_END] > row[SETUP_START]:
        hold(shop, state, calendar, row[SETUP_START], row[SETUP_END], pool, MINUS)
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    at = first_after(shop, state, machine, row[START])
    while state.seq[offset + at] != op:
        at += 1
    for k in range(offset + at, offset + count - 1):
        state.seq[k] = state.seq[k + 1]
    state.line[machine, COUNT] = count - 1
    state.line[machine, FRONTIER] = frontier
    if at < count - 1:
        set_up_again(shop, state, machine, at)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def open_run(
    shop: Shop, state: State, op: int, machine: int, work: int, low: int, wait: int, insert: bool
) -> tuple[int, int, int]:
    """A run that an operation may join, with the run's start and end then; -1 where there is none."""
    offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
    at = max(0, state.line[machine, FRONTIER] - 1)
    if insert:
        at = min(at, first_after(shop, state, machine, low))
    for k in range(at, min(count, at + 64)):
        lead = state.seq[offset + k]
        if shop.op[lead, BATCH_FAMILY] != shop.op[op, BATCH_FAMILY] or shop.op[lead, FAMILY] != shop.op[op, FAMILY]:
            continue
        size, mate, free, needs = shop.op[op, SIZE], lead, True, shop.op[op, NEED_END] > shop.op[op, NEED]
        while mate >= 0:
            size += shop.op[mate, SIZE]
            needs = needs or shop.op[mate, NEED_END] > shop.op[mate, NEED]
            if shop.op[mate, FIXED] != NEVER:
                free = False
            if mate + 1 < shop.job[shop.op[mate, JOB], LAST] and state.at[mate + 1, DONE] != 0:
                free = False
            mate = state.at[mate, MATE]
        if size > shop.machine[machine, CAPACITY]:
            continue
        start, end, calendar = state.at[lead, START], state.at[lead, END], shop.machine[machine, CALENDAR]
        if low <= start and work <= state.at[lead, WORK]:
            free = True
            state.at[op, LEAD] = lead
            for need in range(shop.op[op, NEED], shop.op[op, NEED_END]):
                more = shop.need[need, 1] - held(shop, state, op, need)
                if more > 0 and clash(shop, state, calendar, start, end, shop.need[need, 0], more) != NOTHING:
                    free = False
            if free:
                return lead, start, end
            continue
        late = shop.op[op, MAX_LAG] != NEVER or needs or not free or k < count - 1 or low > start + wait
        if not late and shop.op[op, FIXED] == NEVER:
            start, end = fit(shop, state, calendar, max(low, start), max(work, state.at[lead, WORK]), ZERO, ZERO, MINUS)
            if end < NEVER:
                return lead, start, end
    return -1, NEVER, NEVER


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def join(shop: Shop, state: State, op: int, lead: int, start: int, end: int, work: int) -> None:
    """Lets an operation share a run."""
    row, head = state.at[op], state.at[lead]
    for k in range(DONE):
        row[k] = head[k]
    row[LEAD], row[MATES], row[WORK], row[DONE], row[MATE] = lead, 0, work, 1, head[MATE]
    head[MATE] = op
    head[MATES] += 1
    head[WORK] = max(head[WORK], work)
    if start != head[START] or end != head[END]:
        mate = lead
        while mate >= 0:
            moved = state.at[mate]
            if moved[SETUP_START] == moved[SETUP_END]:
                moved[SETUP_START] = moved[SETUP_END] = start
            moved[START], moved[END] = start, end
            mate = moved[MATE]
    row[SETUP_START] = row[SETUP_END] = start
    use(shop, state, op, ONE)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def ready_at(shop: Shop, state: State, op: int, machine: int) -> int:
    """Earliest start of an operation by its route alone [tick]."""
    job = shop.op[op, JOB]
    if op == shop.job[job, FIRST]:
        return shop.job[job, RELEASE]
    ready = state.at[op - 1, END] + shop.op[op - 1, LAG]
    if shop.flag[MOVES] != 0:
        ready += shop.move[state.at[op - 1, MACHINE], machine]
    return ready


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place(shop: Shop, state: State, op: int, chosen: int, low: int, wait: int, insert: bool) -> bool:
    """Places one operation on a machine (or, -1, where it ends first); False where no machine can take it."""
    best, place_at, run, mode = NEVER, ZERO, MINUS, MINUS
    best_begun = best_ended = best_start = ZERO
    first, last = shop.op[op, MODE], shop.op[op, MODE_END]
    batchable = shop.op[op, BATCH_FAMILY] >= 0
    for k in range(first, last):
        machine, work = shop.mode[k, 0], shop.mode[k, 1]
        if chosen >= 0 and machine != chosen and last - first > 1:
            continue
        if 0 < shop.machine[machine, CAPACITY] < shop.op[op, SIZE]:
            continue
        ready = max(low, ready_at(shop, state, op, machine))
        if batchable and shop.machine[machine, CAPACITY] > 0:
            lead, start, end = open_run(shop, state, op, machine, work, ready, wait, insert)
            if lead >= 0:
                if end < best:
                    best, best_start, run, mode = end, start, lead, k
                continue
        at, begun, ended, start, end = seek(shop, state, op, machine, work, ready, insert)
        if end < best or (end == best and mode >= 0 and work < shop.mode[mode, 1]):
            best, best_start, best_begun, best_ended, place_at, run, mode = end, start, begun, ended, at, -1, k
    if mode < 0:
        state.note[FAULT], state.note[FAULT_OPERATION] = NO_TIME, op
        state.note[FAULT_MACHINE] = chosen if chosen >= 0 else shop.mode[first, 0]
        return False
    if run >= 0:
        join(shop, state, op, run, best_start, best, shop.mode[mode, 1])
    else:
        put(shop, state, op, shop.mode[mode, 0], place_at, best_begun, best_ended, best_start, best, shop.mode[mode, 1])
    return True


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def undo(shop: Shop, state: State, first: int, last: int) -> None:
    """Takes out what is free of the operations first..last, which were placed last."""
    for op in range(last, first - 1, -1):
        if shop.op[op, FIXED] == NEVER and state.at[op, DONE] != 0:
            take_out(shop, state, op, max(0, state.line[state.at[op, MACHINE], FRONTIER] - 1))


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_chain(
    shop: Shop, state: State, first: int, last: int, chosen: Table, low: Table, wait: Table, insert: bool
) -> bool:
    """Places operations first..last, bound by longest waits, so that the waits hold; where they cannot, near it."""
    for op in range(first, last + 1):
        state.low[op] = low[op]
    for trial in range(TRIES):
        broken = -1
        for op in range(first, last + 1):
            if state.at[op, DONE] == 0:
                if not place(shop, state, op, chosen[op], state.low[op], wait[op], insert):
                    undo(shop, state, first, op - 1)
                    return False
            if op > first and state.at[op, START] > state.at[op - 1, END] + shop.op[op - 1, MAX_LAG]:
                if shop.op[op - 1, FIXED] == NEVER:
                    broken = op
                    break
        if broken < 0 or trial == TRIES - 1:
            for op in range(first, last + 1):
                if state.at[op, DONE] == 0:
                    if not place(shop, state, op, chosen[op], state.low[op], wait[op], insert):
                        return False
            return True
        target = state.at[broken, START]
        for op in range(broken - 1, first - 1, -1):
            if shop.op[op, FIXED] != NEVER:
                break
            machine = state.at[op, MACHINE]
            begin = begin_for(shop, shop.machine[machine, CALENDAR], target - shop.op[op, MAX_LAG], state.at[op, WORK])
            state.low[op] = max(state.low[op], begin)
            if trial > TRIES // 2:
                state.low[op] = max(state.low[op], state.at[op, START] + 1)
            target = max(state.low[op], state.at[op, START])
        undo(shop, state, first, broken)
    return True


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_next(shop: Shop, state: State, job: int, chosen: Table, low: Table, wait: Table, insert: bool) -> bool:
    """Places a job's next operation, with all that is bound to it by longest waits; passes over what is fixed."""
    op, end = state.step[job], shop.job[job, LAST]
    last = op
    if shop.flag[BOUND] != 0:
        while last + 1 < end and shop.op[last, MAX_LAG] != NEVER:
            last += 1
    state.step[job] = last + 1
    if last > op:
        return place_chain(shop, state, op, last, chosen, low, wait, insert)
    if state.at[op, DONE] != 0:
        return True
    return place(shop, state, op, chosen[op], low[op], wait[op], insert)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def reset(shop: Shop, state: State) -> None:
    """Empties a state."""
    for op in range(shop.op.shape[0]):
        state.at[op, DONE] = 0
    for machine in range(shop.machine.shape[0]):
        state.line[machine, COUNT] = state.line[machine, FRONTIER] = 0
    for job in range(shop.job.shape[0]):
        state.step[job] = shop.job[job, FIRST]
    state.note[FAULT] = 0
    for pool in range(state.pool_count.shape[0]):
        first, last = shop.level_first[pool], shop.level_first[pool + 1]
        state.pool_count[pool] = last - first
        for k in range(first, last):
            state.pool_time[pool, k - first], state.pool_free[pool, k - first] = shop.level[k, 0], shop.level[k, 1]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_fixed(shop: Shop, state: State) -> bool:
    """Places what has a fixed start, by start; False where one cannot be there."""
    for op in shop.fixed:
        when, good, first = shop.op[op, FIXED], False, shop.op[op, MODE]
        for k in range(first, shop.op[op, MODE_END]):
            machine, work = shop.mode[k, 0], shop.mode[k, 1]
            at = first_after(shop, state, machine, when)
            if shop.machine[machine, CAPACITY] > 0 and shop.op[op, BATCH_FAMILY] >= 0:
                lead, start, end = open_run(shop, state, op, machine, work, when, ZERO, YES)
                if lead >= 0 and start == when:
                    join(shop, state, op, lead, start, end, work)
                    good = True
                    break
            begun, ended, start, end = spot(shop, state, op, machine, work, when, at)
            if start == when:
                put(shop, state, op, machine, at, begun, ended, start, end, work)
                good = True
                break
        if not good:
            state.note[FAULT], state.note[FAULT_OPERATION] = NOT_FIXED, op
            state.note[FAULT_MACHINE] = shop.mode[first, 0]
            return False
    for machine in range(shop.machine.shape[0]):
        state.line[machine, FRONTIER] = 0
    return True


@njit(cache=True, nogil=True)
def decode(shop: Shop, state: State, order: Table, chosen: Table, low: Table, wait: Table, insert: bool) -> bool:
    """Places all operations: position by position, the next operation of the job that stands there.

    order    [O] operations; any order is one that routes allow, since a job's steps are taken in turn
    chosen   [O] machine, or -1: where it ends first
    low      [O] no start before [tick]
    wait     [O] how long an open run of a batch machine is held up for it at most [tick]
    insert   also earlier gaps of a machine are used
    False    an operation cannot be placed: state.note holds kind, operation, machine
    """
    reset(shop, state)
    if shop.fixed.shape[0] > 0 and not place_fixed(shop, state):
        return False
    for op in order:
        job = shop.op[op, JOB]
        if state.step[job] < shop.job[job, LAST]:
            if not place_next(shop, state, job, chosen, low, wait, insert):
                return False
    return True


@njit(cache=True, nogil=True)
def decode_plain(shop: Shop, order: Table, mode: Table, free: Table, step: Table, start: Table, end: Table) -> None:
    """As `decode` for a plain shop with a mode per operation, appending only; free [M] and step [J] are room."""
    for machine in range(free.shape[0]):
        free[machine] = 0
    for job in range(step.shape[0]):
        step[job] = shop.job[job, FIRST]
    for op in order:
        job = shop.op[op, JOB]
        here = step[job]
        step[job] = here + 1
        at = mode[here]
        machine = shop.mode[at, 0]
        begin = shop.job[job, RELEASE] if here == shop.job[job, FIRST] else end[here - 1]
        begin = max(begin, free[machine])
        start[here] = begin
        begin += shop.mode[at, 1]
        end[here] = begin
        free[machine] = begin


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def price_of(shop: Shop, calendar: int, start: int, end: int) -> float:
    """Tariff summed over the worked ticks of [start, end)."""
    total = 0.0
    at = stop = 0
    if calendar >= 0:
        at, stop = window_after(shop, calendar, start), shop.calendar[calendar, 1]
    steps = shop.tariff_time.shape[0]
    while start < end:
        begin, until = start, end
        if calendar >= 0 and at < stop:
            begin, until = max(start, shop.window[at, 0]), min(end, shop.window[at, 1])
            at += 1
            start = until
        else:
            start = end
        for k in range(steps):
            since = begin if k == 0 else max(begin, shop.tariff_time[k])
            to = until if k + 1 == steps else min(until, shop.tariff_time[k + 1])
            if to > since:
                total += (to - since) * shop.tariff_price[k]
    return total


@njit(cache=True, nogil=True)
def measure(shop: Shop, state: State, hours: float, out: Reals) -> None:
    """out[0]: ticks by which deadlines, fixed starts and longest waits are broken; then the figures of `TERMS`.

    hours  hours a tick; 0: no energy cost is asked for
    """
    for k in range(out.shape[0]):
        out[k] = 0.0
    for job in range(shop.job.shape[0]):
        first, last = shop.job[job, FIRST], shop.job[job, LAST]
        end = state.at[last - 1, END]
        out[0] += max(0, end - shop.job[job, DEADLINE])
        if shop.flag[BOUND] != 0 or shop.fixed.shape[0] > 0:
            for op in range(first, last):
                start = state.at[op, START]
                if shop.op[op, FIXED] >= 0:
                    out[0] += max(0, ready_at(shop, state, op, state.at[op, MACHINE]) - start)
                if op > first and shop.op[op - 1, MAX_LAG] != NEVER:
                    out[0] += max(0, start - state.at[op - 1, END] - shop.op[op - 1, MAX_LAG])
        if shop.job[job, KIND] != 0:
            continue
        out[1] = max(out[1], end)
        out[4] += end - shop.job[job, RELEASE]
        if shop.job[job, DUE] != NEVER:
            late = end - shop.job[job, DUE]
            if late > 0:
                out[2] += shop.weight[job] * late
                out[3] += 1.0
            else:
                out[9] -= shop.weight[job] * late
    for machine in range(shop.machine.shape[0]):
        table, before = shop.machine[machine, TABLE], shop.machine[machine, STATE_FAMILY]
        if table < 0 and hours == 0.0:
            continue
        offset, count = shop.machine[machine, OFFSET], state.line[machine, COUNT]
        calendar, power = shop.machine[machine, CALENDAR], shop.power[machine] * hours
        for k in range(offset, offset + count):
            op = state.seq[k]
            family = shop.op[op, FAMILY]
            if table >= 0 and family >= 0:
                if shop.op[op, FIXED] >= 0:
                    row = before if before >= 0 else shop.setup_time.shape[1] - 1
                    spent, paid = shop.setup_time[table, row, family], shop.setup_cost[table, row, family]
                    out[6] += spent
                    out[7] += paid
                    out[5] += 1.0 if spent > 0 or paid > 0 else 0.0
                before = family
            if power > 0.0:
                out[8] += power * price_of(shop, calendar, state.at[op, START], state.at[op, END])
                out[8] += power * price_of(shop, calendar, state.at[op, SETUP_START], state.at[op, SETUP_END])
