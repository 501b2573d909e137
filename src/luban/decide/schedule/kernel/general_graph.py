"""Search over the machines' sequences, compiled: a change is judged by what it moves, and nothing else is looked at.

For problems without pools, batches and longest waits. Starts are longest paths in the graph of route and machine
predecessors, with setups, calendars, lags and transport on its arcs; after a change they are put right from the changed
operations on, in the order of time. A flow of cost rates backwards along what binds tells where a change may pay.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from luban.decide.schedule.kernel.decode import (
    BEGUN,
    CALENDAR,
    DEADLINE,
    DUE,
    FAMILY,
    FIRST,
    FIXED,
    JOB,
    KIND,
    LAG,
    LAST,
    MODE,
    MODE_END,
    MOVES,
    NEVER,
    OFFSET,
    READY,
    RELEASE,
    STATE_FAMILY,
    TABLE,
    Reals,
    Shop,
    Table,
    open_from,
    price_of,
    setup_of,
    worked_to,
)
from luban.decide.schedule.kernel.general_order import asked, draw, less, levels_of
from luban.decide.schedule.kernel.general_rules import pop, push

__all__ = [
    "AFTER",
    "BEGIN",
    "FAR",
    "FRESH",
    "LATE",
    "LOGGED",
    "LOOKS",
    "LOW",
    "ON",
    "ONE",
    "RANK",
    "ROUNDS",
    "SET_FROM",
    "SET_TO",
    "SPAN",
    "SPENT",
    "STALE",
    "STAMP",
    "STEP",
    "STOP",
    "TAKEN",
    "TRIED",
    "URGENT",
    "WORK",
    "ZERO",
    "Graph",
    "anneal",
    "attempt",
    "bound_by",
    "by_route",
    "call",
    "follower",
    "foresee",
    "job_cost",
    "job_figures",
    "later",
    "longest",
    "passes",
    "pick",
    "place_near",
    "place_on",
    "relax",
    "restore",
    "revert",
    "settle_graph",
    "spread",
    "store",
    "stream",
    "timed",
    "transfer",
    "weigh",
]

# columns of Graph.node
ON, BEGIN, STOP, AFTER, SPENT, SET_FROM, SET_TO, WORK, LATE, LOW, RANK = range(11)
# cells of Graph.mind
STAMP, LOGGED, STEP, SPAN, FRESH, STALE, LOOKS, ROUNDS, TAKEN, TRIED, URGENT = range(11)
FAR = 2**54
ZERO, ONE = np.int64(0), np.int64(1)


class Graph(NamedTuple):
    """Sequences, times, and room to try changes.

    node     [O, 11] machine, start, end, family after, setup time, setup span, time, break of a fixed start, earliest
             start, place on the machine
    paid     [O, 2] setup cost, energy cost
    seq      operations of each machine in turn, from Shop.machine[:, OFFSET] on; count [M] how many
    keys, ids, queued   heap of operations to be put right
    log, log_paid, seen   rows as they were before the change under trial
    flow     [O, levels + 2] cost of a tick's delay, that of late jobs alone last; urgent: operations with the latter
    soft     slack below which a job counts as nearly late [tick]
    figures  [2, 10] of the present schedule and of the one under trial, as `measure`
    values   [3, levels + 1] present, trial, best
    scale    [levels + 1] usual size of a change
    keep     [O, 3] machine, place, earliest start in the best schedule
    mind     counters
    """

    node: Table
    paid: Reals
    seq: Table
    count: Table
    keys: Table
    ids: Table
    queued: Table
    log: Table
    log_paid: Reals
    seen: Table
    flow: Reals
    figures: Reals
    values: Reals
    scale: Reals
    guess: Reals
    soft: Reals
    urgent: Table
    keep: Table
    mind: Table


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def by_route(shop: Shop, g: Graph, op: int, machine: int) -> int:
    """Earliest start by route and earliest start of its own."""
    job = shop.op[op, JOB]
    if op == shop.job[job, FIRST]:
        return max(shop.job[job, RELEASE], g.node[op, LOW])
    ready = g.node[op - 1, STOP] + shop.op[op - 1, LAG]
    if shop.flag[MOVES] != 0:
        ready += shop.move[g.node[op - 1, ON], machine]
    return max(ready, g.node[op, LOW])


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def timed(
    shop: Shop, op: int, machine: int, free: int, before: int, route: int, work: int
) -> tuple[int, int, int, int, int]:
    """Setup time, setup start and end, start and end of an operation after what its machine did before."""
    calendar = shop.machine[machine, CALENDAR]
    setup = setup_of(shop, machine, before, op)
    if calendar < 0:
        start = max(route, free + setup)
        return setup, free, free + setup, start, start + work
    begun = ended = free
    if setup > 0:
        begun = open_from(shop, calendar, free, setup)
        ended = worked_to(shop, calendar, begun, setup) if begun < NEVER else FAR
    start = open_from(shop, calendar, max(route, ended), work)
    end = worked_to(shop, calendar, start, work) if start < NEVER else FAR
    return setup, begun, ended, min(start, FAR), min(end, FAR)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def job_figures(shop: Shop, job: int, end: int, sign: float, figures: Reals) -> None:
    """Adds (1) or takes away (-1) what a job's end counts in the figures; not the makespan."""
    figures[0] += sign * max(0, end - shop.job[job, DEADLINE])
    if shop.job[job, KIND] != 0:
        return
    figures[4] += sign * (end - shop.job[job, RELEASE])
    if shop.job[job, DUE] != NEVER:
        late = end - shop.job[job, DUE]
        if late > 0:
            figures[2] += sign * shop.weight[job] * late
            figures[3] += sign
        else:
            figures[9] -= sign * shop.weight[job] * late


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def job_cost(shop: Shop, job: int, end: int, prices: Reals, level: int) -> float:
    """What a job's end costs on a level (0: what is broken), without the makespan."""
    if level == 0:
        return float(max(0, end - shop.job[job, DEADLINE]))
    if shop.job[job, KIND] != 0:
        return 0.0
    total, row = prices[level - 1, 3] * end, prices[level - 1]
    if shop.job[job, DUE] != NEVER:
        late = end - shop.job[job, DUE]
        total += row[1] * shop.weight[job] * late + row[2] if late > 0 else -row[8] * shop.weight[job] * late
    return total


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def relax(shop: Shop, g: Graph, op: int, hours: float, figures: Reals) -> int:
    """Puts an operation's times right; 0: nothing new, 1: another end, 2: another family after, 3: both, 4: else."""
    row = g.node[op]
    machine, rank = row[ON], row[RANK]
    offset, fixed = shop.machine[machine, OFFSET], shop.op[op, FIXED]
    free, before = shop.machine[machine, READY], shop.machine[machine, STATE_FAMILY]
    if rank > 0:
        previous = g.seq[offset + rank - 1]
        free, before = max(free, g.node[previous, STOP]), g.node[previous, AFTER]
    route = by_route(shop, g, op, machine)
    family, table, late = shop.op[op, FAMILY], shop.machine[machine, TABLE], ZERO
    after = family if family >= 0 else before
    setup, begun, ended, start, end = timed(shop, op, machine, free, before, route, row[WORK])
    if fixed != NEVER:
        if fixed < 0:
            start = g.node[g.seq[offset + rank - 1], STOP] if rank > 0 else fixed
            if op > shop.job[shop.op[op, JOB], FIRST]:
                start = max(start, route)
        late, start = max(ZERO, start - fixed), fixed
        end = worked_to(shop, shop.machine[machine, CALENDAR], start, row[WORK])
    if end >= FAR:
        return 8
    cost = energy = 0.0
    if table >= 0 and family >= 0 and fixed >= 0:
        cost = shop.setup_cost[table, before if before >= 0 else shop.setup_time.shape[1] - 1, family]
    if setup == 0:
        begun = ended = start
    if hours > 0.0 and shop.power[machine] > 0.0:
        calendar = shop.machine[machine, CALENDAR]
        energy = price_of(shop, calendar, start, end) + price_of(shop, calendar, begun, ended)
        energy *= hours * shop.power[machine]
    same = row[BEGIN] == start and row[STOP] == end and row[AFTER] == after and row[SPENT] == setup
    if same and row[LATE] == late and g.paid[op, 0] == cost and g.paid[op, 1] == energy and row[SET_FROM] == begun:
        return 0
    if g.seen[op] != g.mind[STAMP]:
        g.seen[op] = g.mind[STAMP]
        at = g.mind[LOGGED]
        g.mind[LOGGED] = at + 1
        g.log[at, 11] = op
        for k in range(11):
            g.log[at, k] = row[k]
        g.log_paid[at, 0], g.log_paid[at, 1] = g.paid[op, 0], g.paid[op, 1]
    figures[0] += late - row[LATE]
    if setup != row[SPENT] or cost != g.paid[op, 0]:
        figures[5] += (1.0 if setup > 0 or cost > 0 else 0.0) - (1.0 if row[SPENT] > 0 or g.paid[op, 0] > 0 else 0.0)
        figures[6] += setup - row[SPENT]
        figures[7] += cost - g.paid[op, 0]
    figures[8] += energy - g.paid[op, 1]
    job = shop.op[op, JOB]
    if op == shop.job[job, LAST] - 1 and row[STOP] != end:
        job_figures(shop, job, row[STOP], -1.0, figures)
        job_figures(shop, job, end, 1.0, figures)
        if shop.job[job, KIND] == 0:
            if end >= figures[1]:
                figures[1] = end
            elif row[STOP] >= figures[1]:
                g.mind[STALE] = 1
    code = (1 if row[STOP] != end else 0) + (2 if row[AFTER] != after else 0)
    row[BEGIN], row[STOP], row[AFTER], row[SPENT], row[LATE] = start, end, after, setup, late
    row[SET_FROM], row[SET_TO] = begun, ended
    g.paid[op, 0], g.paid[op, 1] = cost, energy
    return code if code > 0 else 4


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def call(g: Graph, op: int, key: int, size: int) -> int:
    """Puts an operation on the heap; the heap's new size."""
    if g.queued[op] != 0:
        return size
    g.queued[op] = 1
    return push(g.keys, g.ids, size, key, op)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def longest(shop: Shop, g: Graph) -> float:
    """The makespan."""
    end = 0
    for job in range(shop.job.shape[0]):
        if shop.job[job, KIND] == 0:
            end = max(end, g.node[shop.job[job, LAST] - 1, STOP])
    return float(end)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def spread(shop: Shop, g: Graph, size: int, hours: float, figures: Reals) -> bool:
    """Puts right all that a change moves; False where it runs in a circle."""
    looks, limit = 0, 6 * g.node.shape[0] + 100
    node, keys, ids, queued, seq, count, seen, log = g.node, g.keys, g.ids, g.queued, g.seq, g.count, g.seen, g.log
    ops, jobs, machines, setups = shop.op, shop.job, shop.machine, shop.setup_time
    simple, stamp = shop.flag[BEGUN] != 0 and hours == 0.0, g.mind[STAMP]
    g.mind[STALE] = 0
    while size > 0 or looks == limit:
        op = ids[0]
        if looks < limit:
            size = pop(keys, ids, size)
            queued[op] = 0
        looks += 1
        if looks > limit:
            for k in range(size):
                queued[ids[k]] = 0
            g.mind[LOOKS] += looks
            return False
        machine, rank, job = node[op, ON], node[op, RANK], ops[op, JOB]
        offset, last = machines[machine, OFFSET], op + 1 == jobs[job, LAST]
        if simple:
            start = max(
                jobs[job, RELEASE] if op == jobs[job, FIRST] else node[op - 1, STOP] + ops[op - 1, LAG], node[op, LOW]
            )
            free, before = machines[machine, READY], machines[machine, STATE_FAMILY]
            if rank > 0:
                previous = seq[offset + rank - 1]
                free, before = max(free, node[previous, STOP]), node[previous, AFTER]
            family, table, setup = ops[op, FAMILY], machines[machine, TABLE], ZERO
            if table >= 0 and family >= 0:
                setup = setups[table, before if before >= 0 else setups.shape[1] - 1, family]
            start = max(start, free + setup)
            end, old = start + node[op, WORK], node[op, STOP]
            code = 1 if end != old else 0
            if table >= 0:
                if setup != node[op, SPENT] or free != node[op, SET_FROM] or start != node[op, BEGIN]:
                    code = relax(shop, g, op, hours, figures)
                elif code == 0:
                    continue
            elif code == 0 and start == node[op, BEGIN]:
                continue
            if table < 0:
                if seen[op] != stamp:
                    seen[op] = stamp
                    at = g.mind[LOGGED]
                    g.mind[LOGGED] = at + 1
                    log[at, 11] = op
                    for k in range(9):
                        log[at, k] = node[op, k]
                    g.log_paid[at, 0] = g.log_paid[at, 1] = 0.0
                node[op, BEGIN] = node[op, SET_FROM] = node[op, SET_TO] = start
                node[op, STOP], node[op, AFTER] = end, family if family >= 0 else before
                if last and end != old:
                    job_figures(shop, job, old, -1.0, figures)
                    job_figures(shop, job, end, 1.0, figures)
                    if jobs[job, KIND] == 0:
                        if end >= figures[1]:
                            figures[1] = end
                        elif old >= figures[1]:
                            g.mind[STALE] = 1
        else:
            code = relax(shop, g, op, hours, figures)
        if code == 8:
            looks = limit
        if code == 0 or code == 4 or code == 8:
            continue
        if rank + 1 < count[machine]:
            following = seq[offset + rank + 1]
            if queued[following] == 0:
                queued[following] = 1
                size = push(keys, ids, size, 2 * node[following, BEGIN], following)
        if code != 2 and not last and queued[op + 1] == 0:
            queued[op + 1] = 1
            size = push(keys, ids, size, 2 * node[op + 1, BEGIN], op + 1)
    g.mind[LOOKS] += looks
    if g.mind[STALE] != 0:
        figures[1] = longest(shop, g)
    return True


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def transfer(shop: Shop, g: Graph, op: int, machine: int, rank: int, work: int) -> None:
    """Takes an operation out of its machine's list and puts it into a place of a list."""
    old, at = g.node[op, ON], g.node[op, RANK]
    if machine == old and rank == at:
        return
    offset, new = shop.machine[old, OFFSET], shop.machine[machine, OFFSET]
    stop = rank if machine == old and rank > at else g.count[old] - 1
    if machine == old and rank < at:
        stop = at
    for k in range(at, stop):
        other = g.seq[offset + k + 1]
        g.seq[offset + k] = other
        g.node[other, RANK] = k
    if machine != old:
        g.count[old] -= 1
        g.count[machine] += 1
    since = g.count[machine] - 1 if machine != old else (max(rank, at))
    for k in range(since, rank, -1):
        other = g.seq[new + k - 1]
        g.seq[new + k] = other
        g.node[other, RANK] = k
    g.seq[new + rank] = op
    g.node[op, ON], g.node[op, RANK], g.node[op, WORK] = machine, rank, work


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def follower(shop: Shop, g: Graph, machine: int, rank: int) -> int:
    """The operation at a place of a machine's list; -1."""
    return g.seq[shop.machine[machine, OFFSET] + rank] if 0 <= rank < g.count[machine] else -1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def attempt(shop: Shop, g: Graph, op: int, machine: int, rank: int, work: int, low: int, hours: float) -> bool:
    """Makes a change and puts times right; the trial figures tell what it is worth. False: it cannot be."""
    g.mind[STAMP] += 1
    g.mind[LOGGED] = 0
    for k in range(10):
        g.figures[1, k] = g.figures[0, k]
    old, at, begin, size = g.node[op, ON], g.node[op, RANK], g.node[op, BEGIN], ZERO
    left = follower(shop, g, old, at + 1)
    transfer(shop, g, op, machine, rank, work)
    g.node[op, LOW] = low
    behind, ahead = follower(shop, g, machine, rank + 1), follower(shop, g, machine, rank - 1)
    key = 2 * begin
    if behind >= 0 and (machine != old or rank < at):
        key = min(key, 2 * g.node[behind, BEGIN] - 1)
    if ahead >= 0 and (machine != old or rank > at):
        key = max(key, 2 * g.node[ahead, BEGIN] + 1)
    size = call(g, op, key, size)
    if left >= 0:
        size = call(g, left, 2 * g.node[left, BEGIN], size)
    if behind >= 0:
        size = call(g, behind, 2 * g.node[behind, BEGIN], size)
    if shop.flag[MOVES] != 0 and op + 1 < shop.job[shop.op[op, JOB], LAST]:
        size = call(g, op + 1, 2 * g.node[op + 1, BEGIN], size)
    return spread(shop, g, size, hours, g.figures[1])


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def revert(shop: Shop, g: Graph, op: int, machine: int, rank: int, work: int, low: int) -> None:
    """Undoes `attempt`: the operation's old machine, place, time and earliest start."""
    for at in range(g.mind[LOGGED]):
        other = g.log[at, 11]
        for k in range(9):
            g.node[other, k] = g.log[at, k]
        g.paid[other, 0], g.paid[other, 1] = g.log_paid[at, 0], g.log_paid[at, 1]
    transfer(shop, g, op, machine, rank, work)
    g.node[op, LOW] = low


@njit(cache=True, nogil=True)
def settle_graph(shop: Shop, g: Graph, hours: float) -> bool:
    """Times and figures of the sequences from nothing; False where sequences and routes run in a circle."""
    g.mind[STAMP] += 1
    g.mind[LOGGED] = 0
    size = ZERO
    for k in range(10):
        g.figures[0, k] = 0.0
    ops = g.node.shape[0]
    waits = np.zeros(ops, np.int64)
    for op in range(ops):
        first = op == shop.job[shop.op[op, JOB], FIRST]
        waits[op] = (0 if first else 1) + (1 if g.node[op, RANK] > 0 else 0)
        if waits[op] == 0:
            g.ids[size] = op
            size += 1
    done = ZERO
    for op in range(ops):
        g.node[op, BEGIN] = g.node[op, STOP] = g.node[op, SPENT] = g.node[op, LATE] = 0
        g.paid[op, 0] = g.paid[op, 1] = 0.0
    for job in range(shop.job.shape[0]):
        job_figures(shop, job, ZERO, 1.0, g.figures[0])
    while done < size:
        op = g.ids[done]
        done += 1
        relax(shop, g, op, hours, g.figures[0])
        following = follower(shop, g, g.node[op, ON], g.node[op, RANK] + 1)
        if following >= 0:
            waits[following] -= 1
            if waits[following] == 0:
                g.ids[size] = following
                size += 1
        if op + 1 < shop.job[shop.op[op, JOB], LAST]:
            waits[op + 1] -= 1
            if waits[op + 1] == 0:
                g.ids[size] = op + 1
                size += 1
    g.figures[0, 1] = longest(shop, g)
    return done == ops


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def bound_by(shop: Shop, g: Graph, op: int) -> int:
    """What holds an operation up: 1 its machine, 2 its route, 0 neither."""
    machine, rank = g.node[op, ON], g.node[op, RANK]
    route, freed = by_route(shop, g, op, machine), np.int64(-1)
    if rank > 0:
        freed = g.node[g.seq[shop.machine[machine, OFFSET] + rank - 1], STOP] + g.node[op, SPENT]
        if g.node[op, SPENT] > 0:
            freed = g.node[op, SET_TO]
    if freed >= route:
        return 1
    job = shop.op[op, JOB]
    if op == shop.job[job, FIRST] or route <= g.node[op, LOW]:
        return 0
    return 2


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def stream(shop: Shop, g: Graph, prices: Reals) -> None:
    """Cost of a tick's delay of each operation's end, by level, along what binds."""
    ops, levels = g.node.shape[0], g.flow.shape[1] - 1
    waits, size, done = np.zeros(ops, np.int64), ZERO, ZERO
    softness = 1.0 + g.soft[0]
    for op in range(ops):
        for level in range(levels + 1):
            g.flow[op, level] = 0.0
        job = shop.op[op, JOB]
        last = op == shop.job[job, LAST] - 1
        if last:
            end = g.node[op, STOP]
            for level in range(levels):
                rate = job_cost(shop, job, end + 1, prices, level) - job_cost(shop, job, end, prices, level)
                if level > 0 and shop.job[job, KIND] == 0 and end >= g.figures[0, 1]:
                    rate += prices[level - 1, 0]
                if level > 0 and prices[level - 1, 2] > 0.0 and shop.job[job, DUE] < end:
                    rate += prices[level - 1, 2] / (1.0 + end - shop.job[job, DUE])
                if rate > 0.0:
                    g.flow[op, levels] += rate
                if level > 0 and end <= shop.job[job, DUE] and shop.job[job, KIND] == 0:
                    near = np.exp((end - shop.job[job, DUE]) / softness)
                    rate = max(rate, prices[level - 1, 1] * shop.weight[job] * near)
                g.flow[op, level] = max(0.0, rate)
        waits[op] = (0 if last else 1) + (1 if g.node[op, RANK] + 1 < g.count[g.node[op, ON]] else 0)
        if waits[op] == 0:
            g.ids[size] = op
            size += 1
    while done < size:
        op = g.ids[done]
        done += 1
        before = follower(shop, g, g.node[op, ON], g.node[op, RANK] - 1)
        first = op == shop.job[shop.op[op, JOB], FIRST]
        bind = bound_by(shop, g, op)
        source = before if bind == 1 else op - 1
        if bind != 0:
            for level in range(levels + 1):
                g.flow[source, level] += g.flow[op, level]
        if before >= 0:
            waits[before] -= 1
            if waits[before] == 0:
                g.ids[size] = before
                size += 1
        if not first:
            waits[op - 1] -= 1
            if waits[op - 1] == 0:
                g.ids[size] = op - 1
                size += 1
    g.mind[URGENT] = 0
    for op in range(ops):
        if g.flow[op, levels] > 0.0:
            g.urgent[g.mind[URGENT]] = op
            g.mind[URGENT] += 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def weigh(shop: Shop, g: Graph, op: int, machine: int, end: int, prices: Reals) -> None:
    """Adds to the guess what another end of an operation does through its route."""
    job, old = shop.op[op, JOB], g.node[op, STOP]
    levels = g.guess.shape[0]
    if op == shop.job[job, LAST] - 1:
        for level in range(levels):
            g.guess[level] += job_cost(shop, job, end, prices, level) - job_cost(shop, job, old, prices, level)
            if level > 0 and prices[level - 1, 0] > 0.0 and shop.job[job, KIND] == 0:
                if end > g.figures[0, 1]:
                    g.guess[level] += prices[level - 1, 0] * (end - g.figures[0, 1])
                elif old >= g.figures[0, 1]:
                    g.guess[level] -= prices[level - 1, 0] * (old - end)
        return
    step = end + shop.op[op, LAG] - g.node[op + 1, BEGIN]
    if shop.flag[MOVES] != 0:
        step += shop.move[machine, g.node[op + 1, ON]]
    if step < 0:
        if bound_by(shop, g, op + 1) != 2:
            return
        step = max(step, end - old)
    for level in range(levels):
        g.guess[level] += step * g.flow[op + 1, level]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def foresee(shop: Shop, g: Graph, op: int, machine: int, rank: int, work: int, prices: Reals) -> None:
    """Guesses what a change is worth from the operations between the two places alone, into g.guess."""
    levels = g.guess.shape[0]
    for level in range(levels):
        g.guess[level] = 0.0
    old, at = g.node[op, ON], g.node[op, RANK]
    for part in range(2):
        if part == 1 and machine == old:
            break
        here = old if part == 0 else machine
        first, last = at, at
        if machine == old:
            first, last = min(at, rank), max(at, rank)
        elif part == 1:
            first, last = rank, rank
        else:
            last = at - 1
        offset = shop.machine[here, OFFSET]
        free, before = shop.machine[here, READY], shop.machine[here, STATE_FAMILY]
        if first > 0:
            previous = g.seq[offset + first - 1]
            free, before = max(free, g.node[previous, STOP]), g.node[previous, AFTER]
        spent, paid = 0, 0.0
        after = last + 1
        for k in range(first, last + 2):
            if k == last + 1:
                if machine != old:
                    after = at + 1 if part == 0 else rank
                other = follower(shop, g, here, after)
                if other < 0:
                    break
            elif machine == old:
                source = k
                if k == rank:
                    source = at
                elif rank > at:
                    source = k + 1
                else:
                    source = k - 1
                other = g.seq[offset + source]
            else:
                other = op
            length = work if other == op else g.node[other, WORK]
            setup, _, _, start, end = timed(shop, other, here, free, before, by_route(shop, g, other, here), length)
            family, table = shop.op[other, FAMILY], shop.machine[here, TABLE]
            if table >= 0 and family >= 0 and shop.op[other, FIXED] >= 0:
                paid += shop.setup_cost[table, before if before >= 0 else shop.setup_time.shape[1] - 1, family]
                paid -= g.paid[other, 0]
                spent += setup - g.node[other, SPENT]
            if k == last + 1:
                step = start - g.node[other, BEGIN]
                if step > 0 or bound_by(shop, g, other) == 1:
                    for level in range(levels):
                        g.guess[level] += step * g.flow[other, level]
                break
            weigh(shop, g, other, here, end, prices)
            free, before = end, family if family >= 0 else before
        for level in range(1, levels):
            g.guess[level] += prices[level - 1, 5] * spent + prices[level - 1, 6] * paid


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def pick(g: Graph, dice: Table) -> int:
    """An operation whose delay costs, or any."""
    if g.mind[URGENT] == 0 or draw(dice, 10) == 0:
        return draw(dice, g.node.shape[0])
    return g.urgent[draw(dice, g.mind[URGENT])]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_on(shop: Shop, g: Graph, op: int, machine: int, dice: Table) -> int:
    """A place on another machine that closes no circle; -1."""
    job, offset = shop.op[op, JOB], shop.machine[machine, OFFSET]
    since, until = -NEVER, NEVER
    if op > shop.job[job, FIRST]:
        since = g.node[op - 1, BEGIN]
    if op + 1 < shop.job[job, LAST]:
        until = g.node[op + 1, STOP]
    low, high = ZERO, g.count[machine]
    while low < high:
        middle = (low + high) >> 1
        if g.node[g.seq[offset + middle], STOP] > since:
            high = middle
        else:
            low = middle + 1
    first, high = low, g.count[machine]
    while low < high:
        middle = (low + high) >> 1
        if g.node[g.seq[offset + middle], BEGIN] >= until:
            high = middle
        else:
            low = middle + 1
    if low <= first:
        return first
    if draw(dice, 2) == 0:
        ready, high, last = by_route(shop, g, op, machine), low, low
        low = first
        while low < high:
            middle = (low + high) >> 1
            if g.node[g.seq[offset + middle], BEGIN] >= ready:
                high = middle
            else:
                low = middle + 1
        return min(last, max(first, low - 1 + draw(dice, 3)))
    return first + draw(dice, low - first + 1)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def place_near(shop: Shop, g: Graph, op: int, dice: Table) -> int:
    """Another place on its machine that closes no circle; -1."""
    machine, at = g.node[op, ON], g.node[op, RANK]
    offset, job, rank = shop.machine[machine, OFFSET], shop.op[op, JOB], at
    far = 1 if draw(dice, 2) == 0 else 2 + draw(dice, 8 if draw(dice, 4) > 0 else 60)
    back = draw(dice, 4) != 0
    want = -1
    if shop.machine[machine, TABLE] >= 0 and draw(dice, 2) == 0:
        far, want = 12, shop.op[op, FAMILY]
    if back:
        since = g.node[op - 1, BEGIN] if op > shop.job[job, FIRST] else -NEVER
        if draw(dice, 8) != 0:
            since = by_route(shop, g, op, machine)
        while rank > 0 and at - rank < far:
            other = g.seq[offset + rank - 1]
            if shop.op[other, JOB] == job:
                break
            if g.node[other, STOP] <= since:
                break
            rank -= 1
            if want >= 0 and rank > 0 and shop.op[g.seq[offset + rank - 1], FAMILY] == want:
                break
        return rank if rank < at else -1
    until = g.node[op + 1, STOP] if op + 1 < shop.job[job, LAST] else NEVER
    while rank + 1 < g.count[machine] and rank - at < far:
        other = g.seq[offset + rank + 1]
        if shop.op[other, JOB] == job or g.node[other, BEGIN] >= until:
            break
        rank += 1
        if want >= 0 and shop.op[other, FAMILY] == want:
            break
    return rank if rank > at else -1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def later(shop: Shop, g: Graph, op: int, dice: Table) -> int:
    """Another earliest start of an operation, for what is cheaper later."""
    row, job = g.node[op], shop.op[op, JOB]
    if row[LOW] > 0 and draw(dice, 2) == 0:
        return 0
    if shop.tariff_time.shape[0] > 0 and draw(dice, 2) == 0:
        for _ in range(4):
            when = shop.tariff_time[draw(dice, shop.tariff_time.shape[0])]
            if when > row[BEGIN]:
                return when
    if shop.job[job, DUE] != NEVER and op == shop.job[job, LAST] - 1:
        return max(ZERO, shop.job[job, DUE] - row[WORK])
    if op + 1 < shop.job[job, LAST] and draw(dice, 2) == 0:
        return max(ZERO, g.node[op + 1, BEGIN] - row[WORK])
    following = follower(shop, g, row[ON], row[RANK] + 1)
    if following >= 0 and draw(dice, 2) == 0:
        return max(ZERO, g.node[following, BEGIN] - row[WORK])
    return row[BEGIN] + 1 + draw(dice, 1 + 2 * row[WORK])


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def passes(g: Graph, change: Reals, heat: float, dice: Table, widen: float) -> bool:
    """Whether a change of value may be taken: by its first level that differs, and chance."""
    for level in range(change.shape[0]):
        size = abs(change[level])
        if size <= 1e-9 * (1.0 + abs(g.values[0, level])):
            continue
        if change[level] < 0.0:
            return True
        chance = (draw(dice, 1 << 30) + 1.0) / (1 << 30)
        return size <= -np.log(chance) * heat * widen * g.scale[level]
    return True


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def store(g: Graph) -> None:
    """Keeps the present sequences as the best."""
    for op in range(g.node.shape[0]):
        g.keep[op, 0], g.keep[op, 1], g.keep[op, 2] = g.node[op, ON], g.node[op, RANK], g.node[op, LOW]
    g.mind[FRESH] = 0


@njit(cache=True, nogil=True)
def restore(shop: Shop, g: Graph, hours: float) -> bool:
    """Goes back to the best sequences."""
    for machine in range(g.count.shape[0]):
        g.count[machine] = 0
    for op in range(g.node.shape[0]):
        machine, rank = g.keep[op, 0], g.keep[op, 1]
        g.node[op, ON], g.node[op, RANK], g.node[op, LOW] = machine, rank, g.keep[op, 2]
        g.seq[shop.machine[machine, OFFSET] + rank] = op
        g.count[machine] += 1
        for k in range(shop.op[op, MODE], shop.op[op, MODE_END]):
            if shop.mode[k, 0] == machine:
                g.node[op, WORK] = shop.mode[k, 1]
    return settle_graph(shop, g, hours)


@njit(cache=True, nogil=True)
def anneal(
    shop: Shop, g: Graph, prices: Reals, hours: float, heat_first: float, heat_last: float, dice: Table, looks: int
) -> bool:
    """Simulated annealing in rounds of growing length until so many operations have been looked at.

    True: the best is a new one (g.keep, g.values[2])
    """
    found, levels = False, g.guess.shape[0]
    change = np.zeros(levels)
    until = g.mind[LOOKS] + looks
    later_pays = hours > 0.0 or asked(prices, 8)
    while g.mind[LOOKS] < until:
        if g.mind[STEP] >= g.mind[SPAN]:
            g.mind[STEP] = 0
            g.mind[ROUNDS] += 1
            g.mind[SPAN] = min(2 * g.mind[SPAN], 1 << 40)
            if g.mind[FRESH] == 0:
                restore(shop, g, hours)
                levels_of(g.figures[0], prices, g.values[0])
        if g.mind[STEP] % 64 == 0:
            stream(shop, g, prices)
            g.mind[LOOKS] += g.node.shape[0] // 4
        heat = heat_first * (heat_last / heat_first) ** (g.mind[STEP] / g.mind[SPAN])
        g.mind[LOOKS] += 4
        op = pick(g, dice)
        old, at, work, low = g.node[op, ON], g.node[op, RANK], g.node[op, WORK], g.node[op, LOW]
        machine, rank, new_work, new_low = old, -1, work, low
        modes = shop.op[op, MODE_END] - shop.op[op, MODE]
        if later_pays and draw(dice, 4) == 0:
            new_low, rank = later(shop, g, op, dice), at
            if new_low == low:
                continue
        elif modes > 1 and draw(dice, 2) == 0:
            k = shop.op[op, MODE] + draw(dice, modes)
            machine, new_work = shop.mode[k, 0], shop.mode[k, 1]
            if machine == old:
                continue
            rank = place_on(shop, g, op, machine, dice)
        else:
            rank = place_near(shop, g, op, dice)
        if rank < 0:
            continue
        if new_low == low:
            foresee(shop, g, op, machine, rank, new_work, prices)
            g.mind[TRIED] += 1
            if not passes(g, g.guess, heat, dice, 2.0):
                if g.mind[TRIED] % 8 == 0:
                    g.mind[STEP] += 1
                continue
        g.mind[STEP] += 1
        good = attempt(shop, g, op, machine, rank, new_work, new_low, hours)
        if good:
            levels_of(g.figures[1], prices, g.values[1])
            first = True
            for level in range(levels):
                change[level] = g.values[1, level] - g.values[0, level]
                if first and abs(change[level]) > 1e-9 * (1.0 + abs(g.values[0, level])):
                    first = False
                    g.scale[level] *= (abs(change[level]) / g.scale[level]) ** 0.002
        if not good or not passes(g, change, heat, dice, 1.0):
            revert(shop, g, op, old, at, work, low)
            continue
        g.mind[TAKEN] += 1
        if g.mind[FRESH] != 0 and less(g.values[1], g.values[2]) > 0:
            revert(shop, g, op, old, at, work, low)
            store(g)
            attempt(shop, g, op, machine, rank, new_work, new_low, hours)
        for k in range(10):
            g.figures[0, k] = g.figures[1, k]
        for level in range(levels):
            g.values[0, level] = g.values[1, level]
        if less(g.values[0], g.values[2]) < 0:
            found = True
            g.mind[FRESH] = 1
            for level in range(levels):
                g.values[2, level] = g.values[0, level]
    if g.mind[FRESH] != 0:
        store(g)
        g.mind[FRESH] = 1
    return found
