"""Search over orders: small changes of the order of placing and of machines, judged by the decoder; compiled."""

from __future__ import annotations

from numba import njit

from luban.decide.schedule.kernel.decode import (
    BATCH_FAMILY,
    CAPACITY,
    COUNT,
    DUE,
    END,
    FAMILY,
    FIRST,
    JOB,
    KIND,
    LAG,
    LAST,
    LEAD,
    MACHINE,
    MODE,
    MODE_END,
    NEVER,
    OFFSET,
    SETUP_END,
    SETUP_START,
    START,
    Reals,
    Shop,
    State,
    Table,
    decode,
    measure,
)

__all__ = [
    "asked",
    "binding",
    "change",
    "cost_of",
    "draw",
    "improve_order",
    "less",
    "levels_of",
    "settle",
    "shift",
]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def draw(dice: Table, below: int) -> int:
    """A number in [0, below) (xorshift, Marsaglia 2003, doi 10.18637/jss.v008.i14)."""
    word = dice[0]
    word ^= word << 13
    word ^= (word >> 7) & 0x01FFFFFFFFFFFFFF
    word ^= word << 17
    dice[0] = word
    return ((word >> 20) & 0x7FFFFFFF) % below if below > 0 else 0


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def less(one: Reals, other: Reals) -> int:
    """-1, 0, 1: whether a value is below, equal to, above another, first level first."""
    for k in range(one.shape[0]):
        slack = 1e-9 * (abs(one[k]) + abs(other[k]))
        if one[k] < other[k] - slack:
            return -1
        if one[k] > other[k] + slack:
            return 1
    return 0


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def levels_of(figures: Reals, prices: Reals, value: Reals) -> None:
    """What is broken, then the priced levels, of figures."""
    value[0] = figures[0]
    for level in range(prices.shape[0]):
        total = 0.0
        for term in range(prices.shape[1]):
            total += prices[level, term] * figures[term + 1]
        value[level + 1] = total


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def asked(prices: Reals, term: int) -> bool:
    """Whether a figure has a price."""
    for level in range(prices.shape[0]):
        if prices[level, term] > 0.0:
            return True
    return False


@njit(cache=True, nogil=True)
def settle(shop: Shop, state: State, order: Table, spot_of: Table, rank: Table) -> None:
    """Writes each position's operation into the order, where each stands, and its place on its machine."""
    for job in range(shop.job.shape[0]):
        state.step[job] = shop.job[job, FIRST]
    for k in range(order.shape[0]):
        job = shop.op[order[k], JOB]
        op = state.step[job]
        state.step[job] = op + 1
        order[k] = op
        spot_of[op] = k
    for machine in range(shop.machine.shape[0]):
        for k in range(state.line[machine, COUNT]):
            rank[state.seq[shop.machine[machine, OFFSET] + k]] = k
    for op in range(order.shape[0]):
        if state.at[op, LEAD] != op:
            rank[op] = rank[state.at[op, LEAD]]


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def cost_of(shop: Shop, state: State, job: int, prices: Reals) -> float:
    """How much a job's end costs, roughly: what is late first, then what ends last."""
    end = state.at[shop.job[job, LAST] - 1, END]
    if shop.job[job, KIND] != 0:
        return max(0.0, end - shop.job[job, 4]) * 1e6
    late = max(0, end - shop.job[job, DUE]) if shop.job[job, DUE] != NEVER else 0
    total = max(0.0, end - shop.job[job, 4]) * 1e6
    for level in range(prices.shape[0]):
        found = prices[level, 1] * late * shop.weight[job] + prices[level, 2] * (1e3 / (1.0 + late) if late > 0 else 0)
        found += 1e-3 * prices[level, 0] * end + prices[level, 3] * (end - shop.job[job, 2])
        total += found if level == 0 else 1e-6 * found
    return total


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def binding(shop: Shop, state: State, op: int, order: Table, spot_of: Table, rank: Table) -> int:
    """What holds an operation up: its predecessor on the machine, in the route (op - 1), or by pools; -1: nothing."""
    start, machine = state.at[op, START], state.at[op, MACHINE]
    offset, here = shop.machine[machine, OFFSET], rank[op]
    before = state.seq[offset + here - 1] if here > 0 else -1
    by_route = op > shop.job[shop.op[op, JOB], FIRST]
    if before >= 0:
        end = state.at[before, END] + state.at[op, SETUP_END] - state.at[op, SETUP_START]
        if not by_route or end >= state.at[op - 1, END] + shop.op[op - 1, LAG]:
            if end >= start or state.at[op, SETUP_END] == start:
                return before
    if by_route and state.at[op - 1, END] + shop.op[op - 1, LAG] >= start:
        return op - 1
    for k in range(spot_of[op] - 1, max(-1, spot_of[op] - 200), -1):
        if state.at[order[k], END] == start:
            return order[k]
    return before if before >= 0 else (op - 1 if by_route else -1)


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def shift(order: Table, source: int, target: int) -> None:
    """Moves the entry of one position to another."""
    op = order[source]
    if source < target:
        for k in range(source, target):
            order[k] = order[k + 1]
    else:
        for k in range(source, target, -1):
            order[k] = order[k - 1]
    order[target] = op


@njit(cache=True, nogil=True, no_cpython_wrapper=True, _nrt=False)
def change(
    shop: Shop,
    state: State,
    prices: Reals,
    dice: Table,
    order: Table,
    chosen: Table,
    low: Table,
    wait: Table,
    spot_of: Table,
    rank: Table,
) -> bool:
    """Makes one random change where it may help; False where it made none."""
    ops, jobs = shop.op.shape[0], shop.job.shape[0]
    job, most = draw(dice, jobs), -1.0
    for _ in range(4):
        other = draw(dice, jobs)
        cost = cost_of(shop, state, other, prices)
        if cost > most:
            job, most = other, cost
    op = shop.job[job, LAST] - 1
    if draw(dice, 8) == 0:
        op = draw(dice, ops)
    for _ in range(draw(dice, 3 * (shop.job[job, LAST] - shop.job[job, FIRST]) + 3)):
        before = binding(shop, state, op, order, spot_of, rank)
        if before < 0:
            break
        op = before
    machine, modes = state.at[op, MACHINE], shop.op[op, MODE_END] - shop.op[op, MODE]
    dated = asked(prices, 7) or asked(prices, 8)
    if dated and draw(dice, 4) == 0:
        if low[op] > 0 and draw(dice, 2) == 0:
            low[op] = 0
        else:
            room = state.at[op, END] - state.at[op, START]
            low[op] = state.at[op, START] + 1 + draw(dice, 1 + 4 * room)
            if asked(prices, 7) and shop.tariff_time.shape[0] > 0 and draw(dice, 2) == 0:
                k = draw(dice, shop.tariff_time.shape[0])
                low[op] = max(0, shop.tariff_time[k])
            elif shop.job[job, DUE] != NEVER and op == shop.job[job, LAST] - 1:
                low[op] = max(0, shop.job[job, DUE] - room)
        return True
    if shop.op[op, BATCH_FAMILY] >= 0 and shop.machine[machine, CAPACITY] > 1 and draw(dice, 4) == 0:
        room = state.at[op, END] - state.at[op, START]
        wait[op] = 0 if wait[op] > 0 else 1 + draw(dice, 2 * room + 1)
        return True
    if modes > 1 and draw(dice, 3) == 0:
        k = shop.op[op, MODE] + draw(dice, modes)
        chosen[op] = shop.mode[k, 0]
        return chosen[op] != machine
    offset, here, count = shop.machine[machine, OFFSET], rank[op], state.line[machine, COUNT]
    other = -1
    if shop.machine[machine, 1] >= 0 and shop.op[op, FAMILY] >= 0 and draw(dice, 3) == 0:
        for _ in range(8):
            k = max(0, here - 12) + draw(dice, 24)
            if k < count and k != here and shop.op[state.seq[offset + k], FAMILY] == shop.op[op, FAMILY]:
                other = state.seq[offset + k]
                break
    if other < 0 and here > 0:
        step = 1 + (draw(dice, 6) if draw(dice, 2) == 0 else 0)
        other = state.seq[offset + max(0, here - step)]
    if other < 0 or draw(dice, 6) == 0:
        other = order[max(0, spot_of[op] - 1 - draw(dice, 30))]
    if other == op or shop.op[other, JOB] == shop.op[op, JOB]:
        return False
    source, target = spot_of[op], spot_of[other]
    if target < source and draw(dice, 3) == 0:
        source, target = target, source
    shift(order, source, target)
    return True


@njit(cache=True, nogil=True)
def improve_order(
    shop: Shop,
    state: State,
    prices: Reals,
    hours: float,
    insert: bool,
    dice: Table,
    genes: Table,
    trial: Table,
    best: Table,
    places: Table,
    values: Reals,
    past: Reals,
    figures: Reals,
    count: Table,
    decodes: int,
) -> bool:
    """So many changes, accepted by late acceptance (Burke and Bykov 2017, doi 10.1016/j.ejor.2016.07.012).

    genes, trial, best  [4, O] order, machines, earliest starts, waits of the present, the tried and the best schedule
    places              [2, O] position in the order, place on the machine
    values              [3, levels + 1] of the present, the tried, the best
    past                [length, levels + 1] values that an equal or better one is accepted against
    count               [3] steps made, steps since the best, length of past in use
    True                the best is a new one
    """
    found = False
    for _ in range(decodes):
        for row in range(4):
            for k in range(genes.shape[1]):
                trial[row, k] = genes[row, k]
        if not change(
            shop, state, prices, dice, trial[0], trial[1], trial[2], trial[3], places[0], places[1]
        ) and not change(shop, state, prices, dice, trial[0], trial[1], trial[2], trial[3], places[0], places[1]):
            continue
        good = decode(shop, state, trial[0], trial[1], trial[2], trial[3], insert)
        if good:
            measure(shop, state, hours, figures)
            levels_of(figures, prices, values[1])
        slot = count[0] % count[2]
        count[0] += 1
        count[1] += 1
        accepted = good and (less(values[1], values[0]) <= 0 or less(values[1], past[slot]) <= 0)
        if accepted:
            for row in range(4):
                for k in range(genes.shape[1]):
                    genes[row, k] = trial[row, k]
            for k in range(values.shape[1]):
                values[0, k] = values[1, k]
            if less(values[0], values[2]) < 0:
                found = True
                count[1] = 0
                for row in range(4):
                    for k in range(genes.shape[1]):
                        best[row, k] = genes[row, k]
                for k in range(values.shape[1]):
                    values[2, k] = values[0, k]
        if less(values[0], past[slot]) < 0:
            for k in range(values.shape[1]):
                past[slot, k] = values[0, k]
        if count[1] > 200 * count[2]:
            count[1], count[2] = 0, min(past.shape[0], 2 * count[2])
            for row in range(4):
                for k in range(genes.shape[1]):
                    genes[row, k] = best[row, k]
            for k in range(values.shape[1]):
                values[0, k] = values[2, k]
                for j in range(past.shape[0]):
                    past[j, k] = values[2, k]
            accepted = False
        if not accepted:
            decode(shop, state, genes[0], genes[1], genes[2], genes[3], insert)
        settle(shop, state, genes[0], places[0], places[1])
    return found
