"""The loop: next event, its consequences, then whatever they left to be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from luban.twin.kernel.heap import pop, push
from luban.twin.kernel.layout import (
    FAR,
    NOBODY,
    ONE,
    THREE,
    TWO,
    ZERO,
    Event,
    Phase,
    Stop,
    arrivals,
    book,
    calendar_machines,
    calendar_pools,
    calendars,
    clocks,
    corrections,
    events,
    instants,
    lots,
    machines,
    orders,
    pools,
    sizes,
    spans,
    stations,
    stocks,
    traces,
    work,
)
from luban.twin.kernel.lots import arrive, at_station, begin_move, delay_done, micro, new_lot, release, release_ready
from luban.twin.kernel.memory import entry, inlined
from luban.twin.kernel.operations import begin_run, dispatch, done, intake_open, make_room, setup_done, setup_granted
from luban.twin.kernel.pieces import advance, change_tool, count_out
from luban.twin.kernel.random import Purpose, run_key, sample
from luban.twin.kernel.resources import level, next_request, return_unit
from luban.twin.kernel.states import run_time, stop, unstop, wake, wake_station
from luban.twin.kernel.stops import (
    begin_maintenance,
    begin_repair,
    due,
    fail_calendar,
    fail_run,
    first_failures,
    first_maintenance,
    maintained,
    order_maintenance,
    repaired,
    try_maintenance,
)
from luban.twin.kernel.trace import Kind, note
from luban.twin.kernel.watch import expect_piece

__all__ = ["COMMANDS", "advance_run"]

COMMANDS = (
    "none",
    "begin",
    "release",
    "standby",
    "maintain",
    "change_tool",
    "correct",
    "start_batch",
    "look",
    "count",
    "release_ready",
    "watch",
    "gates",
)
"""What can be ordered between two windows; `look`: every station checks what it can start; `watch`: pieces that show
something are made when they are due, and not when somebody looks; `gates`: the instants of release are others now."""

_E_DONE, _E_ARRIVAL, _E_AT, _E_SETUP = (
    np.int64(Event.DONE),
    np.int64(Event.ARRIVAL),
    np.int64(Event.AT_STATION),
    np.int64(Event.SETUP_DONE),
)
_E_FAIL, _E_FAIL_RUN = np.int64(Event.FAIL_CALENDAR), np.int64(Event.FAIL_RUN)
_E_INTAKE = np.int64(Event.INTAKE_OPEN)
_E_REPAIRED, _E_DUE, _E_MAINTAINED = (
    np.int64(Event.REPAIRED),
    np.int64(Event.MAINTENANCE_DUE),
    np.int64(Event.MAINTENANCE_DONE),
)
_E_CALENDAR, _E_ORDER, _E_READY, _E_INSTANT = (
    np.int64(Event.CALENDAR),
    np.int64(Event.ORDER),
    np.int64(Event.READY),
    np.int64(Event.RELEASE_INSTANT),
)
_E_PIECE = np.int64(Event.PIECE)
_E_DELAY, _E_WAITED, _E_DEMAND, _E_REPLENISH = (
    np.int64(Event.DELAY_DONE),
    np.int64(Event.BATCH_WAITED),
    np.int64(Event.DEMAND),
    np.int64(Event.REPLENISH),
)
_OFF, _STANDBY = np.int64(Stop.OFF), np.int64(Stop.STANDBY)
_RUN, _WAIT_SETTER = np.int64(Phase.RUN), np.int64(Phase.WAIT_SETTER)
_P_ARRIVAL, _P_QUANTITY, _P_DUE, _P_READY = (
    np.int64(Purpose.ARRIVAL),
    np.int64(Purpose.QUANTITY),
    np.int64(Purpose.DUE),
    np.int64(Purpose.READY),
)
_P_DEMAND, _P_DEMAND_QUANTITY, _P_LEAD = (
    np.int64(Purpose.DEMAND),
    np.int64(Purpose.DEMAND_QUANTITY),
    np.int64(Purpose.LEAD),
)
_K_STOCK = np.int64(Kind.STOCK)


@njit
def _next_arrival(w: int, source: int) -> None:
    own = arrivals(w)[source]
    if 0 <= own.limit <= own.made:
        return
    which = own.first if own.made == 0 and own.first >= 0 else own.interval
    gap = sample(w, which, _P_ARRIVAL, source, own.made)
    push(w, clocks(w)[0].now + micro(gap), _E_ARRIVAL, source, ZERO)


@inlined
def _arrival(w: int, source: int) -> None:
    own = arrivals(w)[source]
    clock = clocks(w)[0]
    ordinal = own.made
    own.made = ordinal + 1
    quantity = max(1, int(round(sample(w, own.quantity, _P_QUANTITY, source, ordinal))))
    ready = clock.now
    if own.ready >= 0:
        ready += micro(sample(w, own.ready, _P_READY, source, ordinal))
    due_at = FAR
    if own.due >= 0:
        due_at = clock.now + micro(sample(w, own.due, _P_DUE, source, ordinal))
    key = ((source + 1) << 40) + ordinal
    arrive(w, new_lot(w, key, own.route, quantity, ready, due_at, own.priority, ZERO))
    _next_arrival(w, source)


@inlined
def _order(w: int, index: int) -> None:
    clock = clocks(w)[0]
    own = orders(w)[index]
    lot = new_lot(w, own.key, own.route, own.quantity, own.ready, own.due, own.priority, own.step)
    lots(w)[lot].arrival = own.arrival
    clock.next_order = index + 1
    if index + 1 < len(orders(w)) and orders(w)[index + 1].route >= 0:
        push(w, max(clock.now, orders(w)[index + 1].arrival), _E_ORDER, index + 1, 0)
    if own.step > 0:
        release(w, lot)
    else:
        arrive(w, lot)


@njit
def _turn(w: int, index: int) -> None:
    """A calendar opens or closes."""
    own = calendars(w)[index]
    now = clocks(w)[0].now
    if own.open:
        own.open = 0
        own.at += 1
        if own.at < own.end:
            push(w, spans(w)[own.at].start, _E_CALENDAR, index, ZERO)
    else:
        own.open = 1
        push(w, spans(w)[own.at].end, _E_CALENDAR, index, ZERO)
    if not own.open and own.at < own.end and spans(w)[own.at].start == now:
        return
    for place in range(own.pool, own.pool_end):
        level(w, calendar_pools(w)[place], own.open == 1)
    for place in range(own.machine, own.machine_end):
        machine = calendar_machines(w)[place]
        if own.open:
            unstop(w, machine, _OFF)
            try_maintenance(w, machine)
        else:
            stop(w, machine, _OFF)


@njit
def _book_stock(w: int, index: int, change: float, why: int) -> None:
    own = stocks(w)[index]
    span = float(clocks(w)[0].now - own.since)
    own.on_hand_time += max(own.level, 0.0) * span
    own.short_time += max(-own.level, 0.0) * span
    own.since = clocks(w)[0].now
    own.level += change
    note(w, _K_STOCK, NOBODY, NOBODY, NOBODY, NOBODY, index, why, own.level, 0.0)


@njit
def _review(w: int, index: int) -> None:
    own = stocks(w)[index]
    if own.level + own.ordered <= own.reorder:
        quantity = own.up_to - own.level - own.ordered
        own.ordered += quantity
        own.orders += 1
        lead = sample(w, own.lead, _P_LEAD, index, own.orders)
        push(w, clocks(w)[0].now + micro(lead), _E_REPLENISH, index, micro(quantity))
        note(w, _K_STOCK, NOBODY, NOBODY, NOBODY, NOBODY, index, ONE, own.level, quantity)


@njit
def _next_demand(w: int, index: int) -> None:
    own = stocks(w)[index]
    if own.interval >= 0:
        gap = sample(w, own.interval, _P_DEMAND, index, own.demands)
        push(w, clocks(w)[0].now + micro(gap), _E_DEMAND, index, ZERO)


@njit
def _demand(w: int, index: int) -> None:
    own = stocks(w)[index]
    quantity = sample(w, own.quantity, _P_DEMAND_QUANTITY, index, own.demands)
    own.demands += 1
    _book_stock(w, index, -quantity, THREE)
    _review(w, index)
    _next_demand(w, index)


@njit
def _replenish(w: int, index: int, micro: int) -> None:
    own = stocks(w)[index]
    quantity = micro * 1e-6
    own.ordered -= quantity
    _book_stock(w, index, quantity, TWO)
    _review(w, index)
    wake(w, THREE, ZERO)


@njit
def _grant(w: int, pool: int) -> None:
    pools(w)[pool].woken = 0
    machine_count = sizes(w)[0]
    failures_end = machine_count + sizes(w)[1]
    maintenance_end = failures_end + sizes(w)[2]
    while True:
        who = next_request(w, pool)
        if who < 0:
            return
        if who < machine_count:
            if machines(w)[who].phase == _WAIT_SETTER:
                setup_granted(w, who)
            else:
                begin_run(w, who)
        elif who < failures_end:
            begin_repair(w, who - machine_count)
        elif who < maintenance_end:
            begin_maintenance(w, who - failures_end)
        else:
            begin_move(w, who - maintenance_end)


@inlined
def _catch_up(w: int) -> None:
    """Does what the last event left to be done."""
    clock = clocks(w)[0]
    ring = work(w)
    while clock.work_count > 0:
        code = int(ring[clock.work_first])
        clock.work_first = (clock.work_first + 1) % len(ring)
        clock.work_count -= 1
        index = code >> 2
        kind = code & 3
        if kind == 0:
            stations(w)[index].woken = 0
            dispatch(w, index)
        elif kind == 1:
            _grant(w, index)
        elif kind == 2:
            stations(w)[index].room_woken = 0
            make_room(w, index)
        elif index == 0:
            release_ready(w)
        else:
            _review(w, index - 1)


@njit
def _piece(w: int, index: int, mark: int) -> None:
    """A piece that shows something is due, unless the machine has stood or does something else meanwhile."""
    machine = machines(w)[index]
    if machine.piece_mark != mark or machine.phase != _RUN or machine.paused_since >= 0 or machine.lot < 0:
        return
    before = clocks(w)[0].traced
    lot = int(machine.lot)
    while lot >= 0:
        item = lots(w)[lot]
        due_pieces = (run_time(w, index) - item.run_from) * item.quantity // max(1, item.cycle)
        advance(w, index, machine.lot, lot, min(item.quantity, due_pieces))
        if clocks(w)[0].traced > before:
            count_out(w, index, lot)
        lot = int(item.mate)
    expect_piece(w, index)


@inlined
def _handle(w: int, kind: int, a: int, b: int) -> None:
    clock = clocks(w)[0]
    if kind == _E_DONE:
        done(w, a)
    elif kind == _E_AT:
        if b == 1 and clock.transport_pool >= 0:
            return_unit(w, clock.transport_pool)
        at_station(w, a)
    elif kind == _E_ARRIVAL:
        _arrival(w, a)
    elif kind == _E_SETUP:
        setup_done(w, a)
    elif kind == _E_INTAKE:
        intake_open(w, a)
    elif kind == _E_DELAY:
        delay_done(w, a)
    elif kind == _E_WAITED:
        wake_station(w, a)
    elif kind == _E_FAIL:
        fail_calendar(w, a, b)
    elif kind == _E_FAIL_RUN:
        fail_run(w, a, b)
    elif kind == _E_REPAIRED:
        repaired(w, a)
    elif kind == _E_DUE:
        due(w, a, b)
    elif kind == _E_MAINTAINED:
        maintained(w, a)
    elif kind == _E_CALENDAR:
        _turn(w, a)
    elif kind == _E_ORDER:
        _order(w, a)
    elif kind == _E_READY:
        wake(w, THREE, ZERO)
    elif kind == _E_PIECE:
        _piece(w, a, b)
    elif kind == _E_INSTANT:
        if b == clock.gates:
            clock.gate = 1
            release_ready(w)
            clock.gate = 0
            clock.instant += 1
            if clock.instant < clock.instants:
                push(w, instants(w)[clock.instant], _E_INSTANT, ZERO, b)
    elif kind == _E_DEMAND:
        _demand(w, a)
    elif kind == _E_REPLENISH:
        _replenish(w, a, b)


@njit
def _begin(w: int, seed: int, replication: int) -> None:
    clock = clocks(w)[0]
    clock.key = run_key(seed, replication)
    for index in range(sizes(w)[7]):
        own = calendars(w)[index]
        if own.first < own.end and spans(w)[own.first].start <= 0:
            own.open = 1
            push(w, spans(w)[own.first].end, _E_CALENDAR, index, ZERO)
        elif own.first < own.end:
            push(w, spans(w)[own.first].start, _E_CALENDAR, index, ZERO)
        for place in range(own.pool, own.pool_end):
            level(w, calendar_pools(w)[place], own.open == 1)
        for place in range(own.machine, own.machine_end):
            if not own.open:
                machines(w)[calendar_machines(w)[place]].stop |= _OFF
    for index in range(sizes(w)[0]):
        unstop(w, index, ZERO)
        if machines(w)[index].tool >= 0:
            machines(w)[index].tools = -1
            change_tool(w, index, THREE)
    first_failures(w)
    first_maintenance(w)
    for index in range(sizes(w)[8]):
        _next_arrival(w, index)
    for index in range(sizes(w)[9]):
        _review(w, index)
        _next_demand(w, index)
    if len(orders(w)) > 0 and orders(w)[0].route >= 0:
        push(w, max(0, orders(w)[0].arrival), _E_ORDER, 0, 0)
    if clock.instants > 0:
        push(w, instants(w)[0], _E_INSTANT, ZERO, ZERO)


@njit
def _count(w: int) -> None:
    """Makes the pieces that are due by now on every running machine, and counts them."""
    for index in range(sizes(w)[0]):
        machine = machines(w)[index]
        if machine.phase == _RUN and machine.cascade < 2 and machine.lot >= 0:
            lot = int(machine.lot)
            while lot >= 0:
                item = lots(w)[lot]
                if item.cycle > 0:
                    ran = run_time(w, index) - item.run_from
                    share = min(1.0, max(0.0, ran / item.cycle))
                    advance(w, index, machine.lot, lot, int(share * item.quantity))
                    if clocks(w)[0].watch == 0:  # else a counter moves when a piece is done, not when somebody acts
                        count_out(w, index, lot)
                lot = int(item.mate)


@njit
def _command(w: int, command: int, a: int, b: int, x: float) -> None:
    clock = clocks(w)[0]
    if command == 1:
        _begin(w, a, b)
    elif command == 2:
        release(w, a)
    elif command == 3:
        if b:
            stop(w, a, _STANDBY)
        else:
            unstop(w, a, _STANDBY)
    elif command == 4:
        order_maintenance(w, a)
    elif command == 5:
        spent = change_tool(w, a, THREE)
        if machines(w)[a].lot >= 0:
            lots(w)[machines(w)[a].lot].extra += spent
    elif command == 6:
        corrections(w)[a * sizes(w)[5] + b].value += x
    elif command == 7:
        clock.force = a + 1
        dispatch(w, a)
        clock.force = 0
    elif command == 8:
        for index in range(sizes(w)[10]):
            wake_station(w, index)
    elif command == 9:
        _count(w)
    elif command == 10:
        clock.gate = 1
        release_ready(w)
        clock.gate = 0
    elif command == 11:
        clock.watch = 1
        for index in range(sizes(w)[0]):
            expect_piece(w, index)
    elif command == 12:
        clock.gates += 1
        clock.instant = 0
        while clock.instant < clock.instants and instants(w)[clock.instant] < clock.now:
            clock.instant += 1
        if clock.instant < clock.instants:
            push(w, instants(w)[clock.instant], _E_INSTANT, ZERO, clock.gates)


@njit
def _lacks(w: int) -> int:
    """Which array has no room left for the worst that one event can do; 0: none."""
    clock = clocks(w)[0]
    if clock.free_lots < 2:
        return 1
    if clock.planned + sizes(w)[11] > len(events(w)):
        return 2
    if clock.wanted and clock.traced + sizes(w)[12] > len(traces(w)):
        return 3
    if clock.booked + sizes(w)[13] > len(book(w)):
        return 4
    return 0


def _make(stamp: str) -> Callable[..., Any]:
    number = int(stamp[:12], 16) + 1

    def advance_run(w: int, until: int, most: int, command: int, a: int, b: int, x: float) -> int:
        """Applies the command, then runs to `until` [µs]; the reason why it came back (layout.Status).

        A lack of room found before the command was applied is its Status, later 16 more.
        """
        version = number  # the compiler's cache must know the sources
        clock = clocks(w)[0]
        clock.status = clock.paused = 0
        lack = _lacks(w)
        if lack:
            return lack
        if command > 0 and version > 0:
            _command(w, command, a, b, x)
            _catch_up(w)
            if clock.status == 5:
                return 5
        while clock.planned > 0 and events(w)[0].time <= until:
            lack = _lacks(w)
            if lack:
                return lack + 16
            if clock.events >= most:
                return 6
            time, kind, first, second = pop(w)
            clock.now = time
            clock.events += 1
            _handle(w, kind, first, second)
            _catch_up(w)
            if clock.status == 5:
                return 5
            if clock.paused:
                clock.paused = 0
                return 8
        clock.now = max(clock.now, until)
        return 0 if clock.planned > 0 else 7

    return advance_run


advance_run = entry(_make)
"""Compiled entry point: (w, until, most events, command, a, b, x) → status."""
