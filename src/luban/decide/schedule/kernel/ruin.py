"""Ruin and recreate: some orders are taken out from an operation on and put back into gaps.

All other operations stay where they are: a plan changes only where that pays. Compiled, on the decoder's tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from luban.decide.schedule.kernel.decode import (
    COUNT,
    DONE,
    END,
    FIRST,
    FIXED,
    JOB,
    LAG,
    LEAD,
    MACHINE,
    MATE,
    MATES,
    MAX_LAG,
    MODE,
    MODE_END,
    NEVER,
    OFFSET,
    SETUP_END,
    START,
    Shop,
    State,
    measure,
    place_next,
    take_out,
    undo,
)

__all__ = ["Sketch", "copy_state", "ruin_and_recreate", "worth"]

LAST, RELEASE, DUE = 1, 2, 3
Table = NDArray[np.int64]
Reals = NDArray[np.float64]
ROOM = 96
"""Most operations that are out at a time."""


class Sketch(NamedTuple):
    """What the search knows besides the shop.

    start, machine  [O] of the old plan; start NEVER for what was not in it
    kept            [O] 1: its move counts as a disturbance
    chosen, low     [O] room: machine asked for, or -1; no start before
    wait            [O] zeros
    out             [O] room: 1 for what is taken out
    heap            [O] room
    jobs            [J] room: jobs of which something is out
    key             [J] room: their order
    weights         [10] of limits broken and of the figures, as one cost
    base            [J] cost of each job in the old plan; base[0] < 0: there is none
    prices          [3] of a disturbance, of one beyond the most, the most
    random          [1] state of the generator
    best            [6] value, cost, disturbances of the best; the same of the current one
    """

    start: Table
    machine: Table
    kept: Table
    chosen: Table
    low: Table
    wait: Table
    out: Table
    heap: Table
    jobs: Table
    key: Reals
    weights: Reals
    base: Reals
    prices: Reals
    random: Table
    best: Reals
    figures: Reals


@njit(cache=True, nogil=True)
def copy_state(source: State, target: State) -> None:
    """All of a state."""
    target.at[:] = source.at
    target.line[:] = source.line
    target.seq[:] = source.seq
    target.step[:] = source.step
    target.pool_time[:] = source.pool_time
    target.pool_free[:] = source.pool_free
    target.pool_count[:] = source.pool_count


@njit(cache=True, nogil=True)
def draw(sketch: Sketch, below: int) -> int:
    """A number in [0, below)."""
    sketch.random[0] = sketch.random[0] * 6364136223846793005 + 1442695040888963407
    return ((sketch.random[0] >> 33) & 0x3FFFFFFF) % below


@njit(cache=True, nogil=True)
def worth(shop: Shop, state: State, sketch: Sketch, hours: float, out: Reals) -> None:
    """out: value, cost and disturbances of a state."""
    measure(shop, state, hours, sketch.figures)
    cost = 0.0
    for k in range(sketch.weights.shape[0]):
        cost += sketch.weights[k] * sketch.figures[k]
    moved = 0
    for op in range(sketch.start.shape[0]):
        if sketch.kept[op] != 0:
            if state.at[op, START] != sketch.start[op] or state.at[op, MACHINE] != sketch.machine[op]:
                moved += 1
    out[0] = cost + sketch.prices[0] * moved + sketch.prices[1] * max(0.0, moved - sketch.prices[2])
    out[1], out[2] = cost, moved


@njit(cache=True, nogil=True)
def job_cost(shop: Shop, state: State, sketch: Sketch, job: int) -> float:
    """What a job costs by its end."""
    end = state.at[shop.job[job, LAST] - 1, END]
    late = end - shop.job[job, DUE]
    cost = sketch.weights[1] * end + sketch.weights[4] * (end - shop.job[job, RELEASE])
    return cost + sketch.weights[2] * shop.weight[job] * max(0, late) + sketch.weights[3] * (late > 0)


@njit(cache=True, nogil=True)
def costly(shop: Shop, state: State, sketch: Sketch) -> int:
    """The job that costs most of a few that are drawn."""
    count = shop.job.shape[0]
    found, most = draw(sketch, count), -1.0
    for _ in range(8):
        job = draw(sketch, count)
        cost = job_cost(shop, state, sketch, job)
        if sketch.prices[0] > 0.0:
            for op in range(shop.job[job, FIRST], shop.job[job, LAST]):
                if sketch.kept[op] != 0 and state.at[op, START] != sketch.start[op]:
                    cost += sketch.prices[0]
        if cost > most:
            found, most = job, cost
    return found


@njit(cache=True, nogil=True)
def worsened(shop: Shop, state: State, sketch: Sketch) -> int:
    """A job that costs more than in the old plan, drawn by how much; any where none does."""
    total = 0.0
    for job in range(shop.job.shape[0]):
        total += max(0.0, job_cost(shop, state, sketch, job) - sketch.base[job])
    left = total * (draw(sketch, 1 << 20) + 1.0) / 1048577.0
    for job in range(shop.job.shape[0]):
        left -= max(0.0, job_cost(shop, state, sketch, job) - sketch.base[job])
        if left <= 0.0 and total > 0.0:
            return job
    return draw(sketch, shop.job.shape[0])


@njit(cache=True, nogil=True)
def mark(shop: Shop, state: State, sketch: Sketch, seed: int, count: int) -> int:
    """Marks an operation and what follows it in its job, and so for its mates in batches; returns how many are marked.

    A negative count: something fixed or too much hangs on it.
    """
    first, queue = count, 1
    sketch.heap[sketch.heap.shape[0] - 1] = seed
    while queue > 0:
        op = sketch.heap[sketch.heap.shape[0] - queue]
        queue -= 1
        job = shop.op[op, JOB]
        while op > shop.job[job, FIRST] and shop.op[op - 1, MAX_LAG] != NEVER:
            op -= 1
        for each in range(op, shop.job[job, LAST]):
            if sketch.out[each] != 0 or shop.op[each, FIXED] != NEVER:
                continue
            if count >= ROOM:
                return -1
            sketch.out[each] = 1
            sketch.heap[count] = each
            count += 1
            lead = state.at[each, LEAD]
            if state.at[lead, MATES] < 2:
                continue
            mate = lead
            while mate >= 0:
                if shop.op[mate, FIXED] != NEVER:
                    return -1
                if sketch.out[mate] == 0:
                    queue += 1
                    if count + queue >= sketch.heap.shape[0]:
                        return -1
                    sketch.heap[sketch.heap.shape[0] - queue] = mate
                mate = state.at[mate, MATE]
    return count if count >= first else -1


@njit(cache=True, nogil=True)
def take_marked(shop: Shop, state: State, sketch: Sketch, count: int) -> None:
    """Takes out what is marked, the latest mate of a batch first."""
    k = count - 1
    while k >= 0:
        op = sketch.heap[k]
        if state.at[op, DONE] == 0:
            k -= 1
            continue
        lead = state.at[op, LEAD]
        mate = state.at[lead, MATE]
        take_out(shop, state, mate if mate >= 0 else lead, 0)


@njit(cache=True, nogil=True)
def put_back(shop: Shop, state: State, current: State, sketch: Sketch, job: int, stay: int) -> bool:
    """Puts what is out of a job into gaps, as early as may be.

    stay  1: where it was if it may; 2: where the old plan has it if it may
    """
    failed = -1
    while state.step[job] < shop.job[job, LAST]:
        op = state.step[job]
        asked = op != failed and (stay == 1 or (stay == 2 and sketch.start[op] != NEVER))
        last = op
        while last + 1 < shop.job[job, LAST] and shop.op[last, MAX_LAG] != NEVER:
            last += 1
        for each in range(op, last + 1):
            if asked and stay == 1:
                sketch.chosen[each], sketch.low[each] = current.at[each, MACHINE], current.at[each, START]
            elif asked and sketch.start[each] != NEVER:
                sketch.chosen[each], sketch.low[each] = sketch.machine[each], sketch.start[each]
        good = place_next(shop, state, job, sketch.chosen, sketch.low, sketch.wait, True)
        same = good
        for each in range(op, last + 1):
            if good and state.at[each, START] != sketch.low[each]:
                same = False
            sketch.chosen[each], sketch.low[each] = -1, 0
        if asked and not same:
            if good:
                undo(shop, state, op, last)
            state.step[job] = failed = op
        elif not good:
            return False
    return True


@njit(cache=True, nogil=True)
def ready_for(shop: Shop, state: State, op: int) -> int:
    """Earliest start of an operation by its route, transport not counted [tick]."""
    job = shop.op[op, JOB]
    if op == shop.job[job, FIRST]:
        return shop.job[job, RELEASE]
    return state.at[op - 1, END] + shop.op[op - 1, LAG]


@njit(cache=True, nogil=True)
def choose(shop: Shop, state: State, sketch: Sketch) -> int:
    """Marks an operation of a costly job and some that stand where it could be; returns how many."""
    luck = draw(sketch, 100)
    if luck < 50 and sketch.base[0] >= 0.0:
        job = worsened(shop, state, sketch)
    elif luck < 75:
        job = costly(shop, state, sketch)
    else:
        job = draw(sketch, shop.job.shape[0])
    first, last = shop.job[job, FIRST], shop.job[job, LAST]
    while first < last and shop.op[first, FIXED] != NEVER:
        first += 1
    if first == last:
        return 0
    seed = first + draw(sketch, last - first)
    if draw(sketch, 2) == 0:
        longest = -1
        for op in range(first, last):
            wait = state.at[op, START] - ready_for(shop, state, op)
            if wait > longest and shop.op[op, FIXED] == NEVER:
                seed, longest = op, wait
    if shop.op[seed, FIXED] != NEVER:
        return 0
    count = mark(shop, state, sketch, seed, 0)
    own = count
    more = draw(sketch, 7)
    for _ in range(more):
        if count <= 0 or count >= ROOM - 8:
            break
        op = sketch.heap[draw(sketch, own if draw(sketch, 2) == 0 else count)]
        mode = shop.op[op, MODE] + draw(sketch, shop.op[op, MODE_END] - shop.op[op, MODE])
        machine = shop.mode[mode, 0]
        offset, length = shop.machine[machine, OFFSET], state.line[machine, COUNT]
        low, high, when = 0, length, state.at[op, START]
        if draw(sketch, 3) != 0:
            ready = ready_for(shop, state, op)
            share = draw(sketch, 1024)
            when = ready + (((when - ready) * share) >> 10) * share // 1024
        while low < high:
            middle = (low + high) >> 1
            if state.at[state.seq[offset + middle], START] >= when:
                high = middle
            else:
                low = middle + 1
        at = low + draw(sketch, 5) - 3
        if 0 <= at < length:
            near = state.seq[offset + at]
            if sketch.out[near] == 0 and shop.op[near, FIXED] == NEVER:
                count = mark(shop, state, sketch, near, count)
    return count


@njit(cache=True, nogil=True)
def recreate(shop: Shop, state: State, current: State, sketch: Sketch, count: int) -> bool:
    """Puts back all that is out, job by job, in an order that is drawn; False where it cannot be."""
    jobs, rule, seed_first = 0, draw(sketch, 4), draw(sketch, 2) == 0
    for k in range(count):
        op = sketch.heap[k]
        job = shop.op[op, JOB]
        if op == shop.job[job, FIRST] or sketch.out[op - 1] == 0:
            known = False
            for each in range(jobs):
                known = known or sketch.jobs[each] == job
            if known:
                continue
            begin = op
            for each in range(shop.job[job, FIRST], op):
                if sketch.out[each] != 0:
                    begin = min(begin, each)
            state.step[job] = begin
            key = float(draw(sketch, 1 << 20))
            if rule == 0:
                key = float(current.at[begin, START])
            elif rule == 1:
                key = float(shop.job[job, DUE])
            elif rule == 2:
                key = -shop.weight[job]
            if seed_first and jobs == 0:
                key = -float(NEVER)
            at = jobs
            while at > 0 and sketch.key[at - 1] > key:
                sketch.key[at], sketch.jobs[at] = sketch.key[at - 1], sketch.jobs[at - 1]
                at -= 1
            sketch.key[at], sketch.jobs[at] = key, job
            jobs += 1
    share, old = (20, 50, 80, 95)[draw(sketch, 4)], sketch.prices[0] > 0.0 and draw(sketch, 2) == 0
    for k in range(jobs):
        stay = 0
        if draw(sketch, 100) < share:
            stay = 2 if old else 1
        if not put_back(shop, state, current, sketch, sketch.jobs[k], stay):
            return False
    for op in range(shop.op.shape[0]):
        if state.at[op, SETUP_END] > state.at[op, START]:
            return False
    return True


@njit(cache=True, nogil=True)
def ruin_and_recreate(
    shop: Shop,
    state: State,
    current: State,
    best: State,
    sketch: Sketch,
    hours: float,
    heat: float,
    rounds: int,
) -> None:
    """So many rounds; `state` is room, `current` and `best` are taken up and left.

    heat  a worse state is taken with probability exp(-more / heat)
    """
    found = np.zeros(3)
    for _ in range(rounds):
        count = choose(shop, state, sketch)
        good = count > 0
        if good:
            take_marked(shop, state, sketch, count)
            good = recreate(shop, state, current, sketch, count)
        touched = count != 0
        for op in range(sketch.out.shape[0]):
            sketch.out[op] = 0
        if good:
            worth(shop, state, sketch, hours, found)
            luck = -np.log((draw(sketch, 1 << 20) + 1.0) / 1048577.0) * heat
            good = found[0] <= sketch.best[3] + luck
        if good:
            sketch.best[3:6] = found
            copy_state(state, current)
            if found[0] < sketch.best[0]:
                sketch.best[0:3] = found
                copy_state(state, best)
        elif touched:
            copy_state(current, state)
