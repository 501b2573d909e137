"""Lots on their way: arrived, released, moved, finished."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.heap import push
from luban.twin.kernel.layout import (
    FAR,
    NOBODY,
    ONE,
    THREE,
    ZERO,
    Event,
    Where,
    Work,
    book,
    branches,
    clocks,
    dedications,
    lots,
    materials,
    routes,
    rules,
    sizes,
    stations,
    steps,
    stocks,
)
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.queues import enqueue, rank
from luban.twin.kernel.random import Purpose, sample, stream, unit
from luban.twin.kernel.resources import demand_unit, open_end
from luban.twin.kernel.states import wake
from luban.twin.kernel.trace import Kind, note

__all__ = [
    "LOST",
    "aim",
    "arrive",
    "at_station",
    "begin_move",
    "delay_done",
    "draw",
    "go",
    "micro",
    "new_lot",
    "release",
    "release_ready",
    "room",
]

_POOL, _MOVING = np.int64(Where.POOL), np.int64(Where.MOVING)
_MACHINE, _DELAY, _NOWHERE = np.int64(Where.MACHINE), np.int64(Where.DELAY), np.int64(Where.NOWHERE)
_E_AT = np.int64(Event.AT_STATION)
_E_DELAY, _E_READY = np.int64(Event.DELAY_DONE), np.int64(Event.READY)
_W_RELEASE = np.int64(Work.RELEASE)
_P_TIME, _P_FACTOR = np.int64(Purpose.TIME), np.int64(Purpose.FACTOR)
_P_SAMPLE = np.int64(Purpose.SAMPLE)
_P_BRANCH, _P_TRANSPORT = np.int64(Purpose.BRANCH), np.int64(Purpose.TRANSPORT)
_K_ENDED, _K_MOVED, _K_ARRIVED = np.int64(Kind.ENDED), np.int64(Kind.MOVED), np.int64(Kind.ARRIVED)
_K_ORDERED, _K_RELEASED, _K_FINISHED = np.int64(Kind.ORDERED), np.int64(Kind.RELEASED), np.int64(Kind.FINISHED)
_K_LOST, _K_REWORKED = np.int64(Kind.LOST), np.int64(Kind.REWORKED)
LOST = -2
"""Target of a lot that is scrapped as a whole."""
_VISITS = 4096


@inlined
def draw(w: int, purpose: int, lot: int) -> int:
    """Key of a draw of the lot at its present visit."""
    item = lots(w)[lot]
    return stream(clocks(w)[0].key, purpose, item.key, item.visits)


@inlined
def micro(seconds: float) -> int:
    """Seconds as whole µs."""
    return int(round(seconds * 1e6))


@inlined
def new_lot(w: int, key: int, route: int, quantity: int, ready: int, due: int, priority: float, step: int) -> int:
    """A lot that has arrived; it is not on the floor yet."""
    clock = clocks(w)[0]
    lot = int(clock.free_lot)
    item = lots(w)[lot]
    clock.free_lot = item.next
    clock.free_lots -= 1
    clock.arrived += 1
    item.key = key
    item.arrival = clock.now
    item.ready = ready
    item.due = due
    item.priority = priority
    item.weight = routes(w)[route].weight
    item.route = route
    item.step = routes(w)[route].step + step
    item.start_step = step
    item.target = item.step
    item.quantity = quantity
    item.first_quantity = quantity
    item.scrap = item.reworked = item.visits = item.steps = item.late = item.hold = 0
    item.once = 0
    item.limit_step = item.machine = item.mate = -1
    width = sizes(w)[4]
    for slot in range(width):
        dedications(w)[lot * width + slot] = -1
    note(w, _K_ORDERED, NOBODY, key, route, item.step, quantity, due if due < FAR else ZERO, 0.0, 0.0)
    return lot


@inlined
def arrive(w: int, lot: int) -> None:
    """The lot goes into the release pool, or straight to the floor where nothing holds it back."""
    clock = clocks(w)[0]
    item = lots(w)[lot]
    route = routes(w)[item.route]
    plain = clock.release_kind == 0 and clock.instants == 0 and route.material_end == route.material
    if plain and item.ready <= clock.now and room(w, steps(w)[item.step].station):
        release(w, lot)
        return
    item.where = _POOL
    item.next = -1
    item.previous = clock.pool_last
    if clock.pool_last < 0:
        clock.pool_first = lot
    else:
        lots(w)[clock.pool_last].next = lot
    clock.pool_last = lot
    clock.pool += 1
    if item.ready > clock.now:
        push(w, item.ready, _E_READY, lot, ZERO)
    else:
        wake(w, _W_RELEASE, ZERO)


@njit
def _leave_pool(w: int, lot: int) -> None:
    clock = clocks(w)[0]
    item = lots(w)[lot]
    if item.previous < 0:
        clock.pool_first = item.next
    else:
        lots(w)[item.previous].next = item.next
    if item.next < 0:
        clock.pool_last = item.previous
    else:
        lots(w)[item.next].previous = item.previous
    clock.pool -= 1


@inlined
def _wip(w: int, change: int) -> None:
    clock = clocks(w)[0]
    clock.wip_time += clock.wip * (clock.now - clock.wip_since)
    clock.wip_since = clock.now
    clock.wip += change


@inlined
def release(w: int, lot: int) -> None:
    """The lot comes to the floor."""
    clock = clocks(w)[0]
    item = lots(w)[lot]
    if item.where == _POOL:
        _leave_pool(w, lot)
    route = routes(w)[item.route]
    for place in range(route.material, route.material_end):
        need = materials(w)[place]
        _issue(w, need.stock, need.quantity * item.quantity)
    item.release = clock.now
    clock.released += 1
    _wip(w, ONE)
    note(w, _K_RELEASED, NOBODY, item.key, item.route, item.step, item.quantity, ZERO, 0.0, 0.0)
    item.step -= 1
    item.target = item.step + 1
    _skip(w, lot)
    go(w, lot, False)


@njit
def _issue(w: int, index: int, quantity: float) -> None:
    stock = stocks(w)[index]
    span = float(clocks(w)[0].now - stock.since)
    stock.on_hand_time += max(stock.level, 0.0) * span
    stock.short_time += max(-stock.level, 0.0) * span
    stock.since = clocks(w)[0].now
    stock.level -= quantity
    wake(w, THREE, index + 1)


@njit
def _covered(w: int, lot: int) -> bool:
    item = lots(w)[lot]
    route = routes(w)[item.route]
    for place in range(route.material, route.material_end):
        need = materials(w)[place]
        if stocks(w)[need.stock].level < need.quantity * item.quantity:
            return False
    return True


@njit
def release_ready(w: int) -> None:
    """Releases what the plant's rule lets through."""
    clock = clocks(w)[0]
    if clock.release_kind == 2 or (clock.instants > 0 and clock.gate == 0):
        return
    while clock.pool > 0 and (clock.release_kind != 1 or clock.wip < clock.cap):
        best = -1
        lot = clock.pool_first
        while lot >= 0:
            item = lots(w)[lot]
            if item.ready <= clock.now and item.hold == 0 and _covered(w, lot) and room(w, steps(w)[item.step].station):
                if best < 0 or _sooner(w, lot, best):
                    best = lot
                if clock.release_kind == 0:
                    break
            lot = item.next
        if best < 0:
            break
        release(w, best)


@njit
def _sooner(w: int, lot: int, best: int) -> bool:
    place = clocks(w)[0].release_rule
    while rules(w)[place] >= 0:
        key = rules(w)[place]
        mine = float(lots(w)[lot].arrival) if key == 6 else rank(w, key, lot, ZERO)
        theirs = float(lots(w)[best].arrival) if key == 6 else rank(w, key, best, ZERO)
        if mine != theirs:
            return mine < theirs
        place += 1
    return False


@inlined
def room(w: int, index: int) -> bool:
    """One more lot may set out for the station (-1: no station, always)."""
    if index < 0:
        return True
    station = stations(w)[index]
    return station.buffer < 0 or station.length + station.coming < station.buffer + station.idle


@inlined
def _skip(w: int, lot: int) -> None:
    """Moves the target over steps that only a sample of the lots does."""
    item = lots(w)[lot]
    end = routes(w)[item.route].step_end
    while item.target < end:
        share = steps(w)[item.target].sample
        if (
            share >= 1.0
            or unit(stream(clocks(w)[0].key, _P_SAMPLE, item.key, item.visits * _VISITS + item.target)) < share
        ):
            return
        if item.limit_step == item.target:
            item.limit_step = -1
        item.target += 1


@njit
def aim(w: int, lot: int) -> None:
    """Where the lot goes after the step that it has just done."""
    item = lots(w)[lot]
    step = steps(w)[item.step]
    first = routes(w)[item.route].step
    item.target = item.step + 1
    if item.quantity <= 0:
        item.target = LOST
        return
    if step.branch_end > step.branch:
        chance = unit(draw(w, _P_BRANCH, lot))
        for place in range(step.branch, step.branch_end):
            branch = branches(w)[place]
            if branch.bit >= 0 and (item.once >> branch.bit) & 1:
                continue
            if chance < branch.probability:
                if branch.bit >= 0:
                    item.once |= 1 << branch.bit
                item.target = (
                    LOST
                    if branch.to == -1
                    else (routes(w)[item.route].step_end if branch.to == -2 else first + branch.to)
                )
                if 0 <= item.target <= item.step:
                    note(w, _K_REWORKED, NOBODY, item.key, item.route, item.step, item.target, ZERO, 0.0, 0.0)
                break
            chance -= branch.probability
    if item.target >= 0:
        _skip(w, lot)


@njit
def go(w: int, lot: int, ask: bool) -> bool:
    """The lot sets out for its target; False: there is no room there, and it stays."""
    item = lots(w)[lot]
    if item.target == LOST or item.target >= routes(w)[item.route].step_end:
        _finish(w, lot)
        return True
    station = steps(w)[item.target].station
    if ask and not room(w, station):
        return False
    came = item.machine
    item.step = item.target
    item.machine = -1
    step = steps(w)[item.step]
    if item.where == _MACHINE or item.where == _DELAY:
        note(w, _K_MOVED, came, item.key, item.route, item.step, station, ZERO, 0.0, 0.0)
    moving = step.transport >= 0 and (item.where == _MACHINE or item.where == _DELAY)
    item.where = _MOVING
    if station < 0:
        item.visits += 1
        item.where = _DELAY
        time = sample(w, step.time, _P_TIME, lots(w)[lot].key, lots(w)[lot].visits) * (
            item.quantity if step.per == 1 else 1
        )
        if step.factor >= 0:
            time *= sample(w, step.factor, _P_FACTOR, item.key, item.visits)
        item.started = clocks(w)[0].now
        push(w, clocks(w)[0].now + micro(time), _E_DELAY, lot, ZERO)
        return True
    stations(w)[station].coming += 1
    if not moving:
        at_station(w, lot)
    elif clocks(w)[0].transport_pool < 0 or demand_unit(w, clocks(w)[0].transport_pool, _requester(w, lot)):
        begin_move(w, lot)
    return True


@inlined
def _requester(w: int, lot: int) -> int:
    return sizes(w)[0] + sizes(w)[1] + sizes(w)[2] + lot


@njit
def begin_move(w: int, lot: int) -> None:
    """A vehicle is there, or none is needed."""
    time = sample(w, steps(w)[lots(w)[lot].step].transport, _P_TRANSPORT, lots(w)[lot].key, lots(w)[lot].visits)
    push(w, open_end(w, clocks(w)[0].transport_calendar, clocks(w)[0].now, micro(time)), _E_AT, lot, ONE)


@inlined
def at_station(w: int, lot: int) -> None:
    """The lot reaches the queue."""
    item = lots(w)[lot]
    station = steps(w)[item.step].station
    stations(w)[station].coming -= 1
    note(w, _K_ARRIVED, NOBODY, item.key, item.route, item.step, station, ZERO, 0.0, 0.0)
    enqueue(w, lot)


@njit
def delay_done(w: int, lot: int) -> None:
    """A step without machine has ended."""
    item = lots(w)[lot]
    item.steps += 1
    note(w, _K_ENDED, NOBODY, item.key, item.route, item.step, item.quantity, ZERO, 0.0, float(item.started))
    aim(w, lot)
    go(w, lot, False)


@inlined
def _finish(w: int, lot: int) -> None:
    clock = clocks(w)[0]
    item = lots(w)[lot]
    lost = item.target == LOST
    _wip(w, NOBODY)
    clock.sojourn += clock.now - item.release
    clock.finished += 1
    clock.lost += lost
    good = 0 if lost else item.quantity
    scrap = item.first_quantity - good
    clock.good += good
    clock.scrap += scrap
    clock.reworked += item.reworked
    note(
        w,
        _K_LOST if lost else _K_FINISHED,
        NOBODY,
        item.key,
        item.route,
        item.step,
        good,
        scrap,
        float(item.reworked),
        0.0,
    )
    row = book(w)[clock.booked]
    clock.booked += 1
    row.key = item.key
    row.arrival = item.arrival
    row.release = item.release
    row.finish = clock.now
    row.due = item.due
    row.priority = item.priority
    row.route = item.route
    row.source = item.key >> 40
    row.ordinal = item.key & ((1 << 40) - 1)
    row.quantity = item.first_quantity
    row.good = good
    row.scrap = scrap
    row.rework = item.reworked
    row.violations = item.late
    row.steps = item.steps
    row.lost = lost
    row.start_step = item.start_step
    item.where = _NOWHERE
    item.next = clock.free_lot
    clock.free_lot = lot
    clock.free_lots += 1
    if clock.pool > 0:
        wake(w, _W_RELEASE, ZERO)
