"""Failures and maintenance: when they come, who repairs, what they set back."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.heap import push
from luban.twin.kernel.layout import (
    NOBODY,
    ZERO,
    Event,
    Phase,
    State,
    Stop,
    clocks,
    failures,
    machines,
    maintenances,
    renewals,
    sizes,
)
from luban.twin.kernel.random import Purpose, sample
from luban.twin.kernel.resources import crew_end, demand_unit, return_unit
from luban.twin.kernel.states import run_time, settle, stop, unstop
from luban.twin.kernel.trace import Kind, note

__all__ = [
    "after_operation",
    "begin_maintenance",
    "begin_repair",
    "due",
    "fail_calendar",
    "fail_run",
    "first_failures",
    "first_maintenance",
    "maintained",
    "order_maintenance",
    "repaired",
    "try_maintenance",
]

_DOWN, _OFF, _MAINTENANCE = np.int64(Stop.DOWN), np.int64(Stop.OFF), np.int64(Stop.MAINTENANCE)
_FREE = np.int64(Phase.FREE)
_RUN = np.int64(State.RUN)
_E_FAIL_CALENDAR, _E_FAIL_RUN, _E_REPAIRED = (
    np.int64(Event.FAIL_CALENDAR),
    np.int64(Event.FAIL_RUN),
    np.int64(Event.REPAIRED),
)
_E_DUE, _E_MAINTAINED = np.int64(Event.MAINTENANCE_DUE), np.int64(Event.MAINTENANCE_DONE)
_P_LIFE, _P_FIRST, _P_REPAIR = np.int64(Purpose.LIFE), np.int64(Purpose.FIRST), np.int64(Purpose.REPAIR)
_P_EVERY, _P_MAINTENANCE = np.int64(Purpose.EVERY), np.int64(Purpose.MAINTENANCE)
_FIRST_MAINTENANCE = 1 << 20
_DEFERRED = 2
_K_FAILED, _K_REPAIRED = np.int64(Kind.FAILED), np.int64(Kind.REPAIRED)
_K_MAINTAINED, _K_END = np.int64(Kind.MAINTAINED), np.int64(Kind.MAINTAINED_END)
_CALENDAR, _RUNNING, _PIECE, _LOT, _COMMAND = 0, 1, 2, 3, 4


@njit
def _age(w: int, machine: int, clock: int) -> int:
    """What that clock of the machine shows [µs, pieces or lots]."""
    if clock == _RUNNING:
        return run_time(w, machine)
    own = machines(w)[machine]
    if clock == _PIECE:
        return own.pieces
    return own.lots_done if clock == _LOT else clocks(w)[0].now


@njit
def _life(w: int, distribution: int, clock: int, purpose: int, entity: int, ordinal: int) -> int:
    drawn = sample(w, distribution, purpose, entity, ordinal)
    return int(round(drawn * (1e6 if clock <= _RUNNING else 1.0)))


@njit
def _set_life(w: int, place: int, life: int) -> None:
    failure = failures(w)[place]
    failure.born = _age(w, failure.machine, failure.clock)
    failure.limit = failure.born + life
    if failure.clock == _CALENDAR:
        push(w, failure.limit, _E_FAIL_CALENDAR, place, failure.renewals)
    elif failure.clock == _RUNNING and machines(w)[failure.machine].state == _RUN and failure.armed == 0:
        failure.armed = 1
        push(w, clocks(w)[0].now + life, _E_FAIL_RUN, place, failure.renewals)


@njit
def _renew(w: int, place: int) -> None:
    failure = failures(w)[place]
    failure.renewals += 1
    failure.armed = 0
    _set_life(w, place, _life(w, failure.life, failure.clock, _P_LIFE, place, failure.renewals))


@njit
def first_failures(w: int) -> None:
    """Draws the first life of each failure."""
    for place in range(sizes(w)[1]):
        failure = failures(w)[place]
        _set_life(w, place, _life(w, failure.first, failure.clock, _P_FIRST, place, ZERO))


@njit
def _fail(w: int, place: int) -> None:
    failure = failures(w)[place]
    machine = machines(w)[failure.machine]
    failure.failed = 1
    failure.count += 1
    machine.down += 1
    machine.reason = failure.ordinal
    note(w, _K_FAILED, failure.machine, NOBODY, NOBODY, NOBODY, failure.ordinal, ZERO, 0.0, 0.0)
    stop(w, failure.machine, _DOWN)
    if failure.pool < 0 or demand_unit(w, failure.pool, sizes(w)[0] + place):
        begin_repair(w, place)


@njit
def begin_repair(w: int, place: int) -> None:
    """Somebody is there."""
    failure = failures(w)[place]
    length = _life(w, failure.repair, _CALENDAR, _P_REPAIR, place, failure.count)
    push(w, crew_end(w, failure.pool, failure.machine, length), _E_REPAIRED, place, ZERO)


@njit
def fail_calendar(w: int, place: int, renewal: int) -> None:
    """A failure by the calendar, unless maintenance renewed the part since; during maintenance it comes after it."""
    failure = failures(w)[place]
    if failure.renewals != renewal or failure.failed:
        return
    if machines(w)[failure.machine].stop & _MAINTENANCE:
        failure.armed = _DEFERRED
    else:
        _fail(w, place)


@njit
def fail_run(w: int, place: int, renewal: int) -> None:
    """The earliest moment of a failure by running time has come: it fails if the machine did run that long."""
    failure = failures(w)[place]
    if failure.renewals != renewal:
        return
    failure.armed = 0
    if failure.failed:
        return
    left = failure.limit - run_time(w, failure.machine)
    if left <= 0:
        _fail(w, place)
    elif machines(w)[failure.machine].state == _RUN:
        failure.armed = 1
        push(w, clocks(w)[0].now + left, _E_FAIL_RUN, place, renewal)


@njit
def repaired(w: int, place: int) -> None:
    """The repair is done, the part is new."""
    failure = failures(w)[place]
    failure.failed = 0
    if failure.pool >= 0:
        return_unit(w, failure.pool)
    machine = machines(w)[failure.machine]
    machine.down -= 1
    note(w, _K_REPAIRED, failure.machine, NOBODY, NOBODY, NOBODY, failure.ordinal, ZERO, 0.0, 0.0)
    _renew(w, place)
    if machine.down == 0:
        unstop(w, failure.machine, _DOWN)
        try_maintenance(w, failure.machine)


@njit
def _plan_maintenance(w: int, place: int, distribution: int, purpose: int) -> None:
    own = maintenances(w)[place]
    if own.clock == _COMMAND:
        return
    every = _life(w, distribution, own.clock, purpose, _FIRST_MAINTENANCE + place, own.count)
    counted = own.clock == _PIECE or own.clock == _LOT
    own.limit = every + (own.limit if counted else _age(w, own.machine, own.clock))
    if own.clock == _CALENDAR:
        push(w, own.limit, _E_DUE, place, own.count)


@njit
def first_maintenance(w: int) -> None:
    """Plans the first of each maintenance."""
    for place in range(sizes(w)[2]):
        _plan_maintenance(w, place, maintenances(w)[place].first, _P_FIRST)


@njit
def order_maintenance(w: int, place: int) -> None:
    """The maintenance is due."""
    own = maintenances(w)[place]
    if own.due == 0:
        own.due = 1
        machines(w)[own.machine].pending += 1
        settle(w, own.machine)
        try_maintenance(w, own.machine)


@njit
def due(w: int, place: int, count: int) -> None:
    """Due by the calendar, unless done since."""
    if maintenances(w)[place].count == count:
        order_maintenance(w, place)


@njit
def try_maintenance(w: int, index: int) -> None:
    """Begins what is due, if the machine is free and here."""
    machine = machines(w)[index]
    if (
        machine.pending == 0
        or machine.phase != _FREE
        or machine.inside > 0
        or machine.stop & (_DOWN | _OFF | _MAINTENANCE)
    ):
        return
    for place in range(machine.maintenance, machine.maintenance_end):
        own = maintenances(w)[place]
        if own.due:
            own.due = 0
            own.running = 1
            own.count += 1
            if own.clock == _CALENDAR:
                _plan_maintenance(w, place, own.every, _P_EVERY)
            machine.pending -= 1
            machine.reason = own.ordinal
            note(w, _K_MAINTAINED, index, NOBODY, NOBODY, NOBODY, own.ordinal, ZERO, 0.0, 0.0)
            stop(w, index, _MAINTENANCE)
            if own.pool < 0 or demand_unit(w, own.pool, sizes(w)[0] + sizes(w)[1] + place):
                begin_maintenance(w, place)
            return


@njit
def begin_maintenance(w: int, place: int) -> None:
    """Somebody is there."""
    own = maintenances(w)[place]
    length = _life(w, own.duration, _CALENDAR, _P_MAINTENANCE, place, own.count)
    push(w, crew_end(w, own.pool, own.machine, length), _E_MAINTAINED, place, ZERO)


@njit
def maintained(w: int, place: int) -> None:
    """The maintenance is done: its failures are new, the next one is planned."""
    own = maintenances(w)[place]
    own.running = 0
    if own.pool >= 0:
        return_unit(w, own.pool)
    note(w, _K_END, own.machine, NOBODY, NOBODY, NOBODY, own.ordinal, ZERO, 0.0, 0.0)
    for at in range(own.renew, own.renew_end):
        if failures(w)[renewals(w)[at]].failed == 0:
            _renew(w, renewals(w)[at])
    if own.clock != _CALENDAR:
        _plan_maintenance(w, place, own.every, _P_EVERY)
    unstop(w, own.machine, _MAINTENANCE)
    machine = machines(w)[own.machine]
    for at in range(machine.failures, machine.failures_end):
        if failures(w)[at].armed == _DEFERRED:
            failures(w)[at].armed = 0
            _fail(w, at)
    try_maintenance(w, own.machine)


@njit
def after_operation(w: int, index: int) -> None:
    """What counts pieces, lots or running time may have become due."""
    machine = machines(w)[index]
    for place in range(machine.failures, machine.failures_end):
        failure = failures(w)[place]
        if failure.clock == _PIECE and failure.failed == 0 and machine.pieces >= failure.limit:
            _fail(w, place)
    for place in range(machine.maintenance, machine.maintenance_end):
        own = maintenances(w)[place]
        counted = own.clock == _RUNNING or own.clock == _PIECE or own.clock == _LOT
        if counted and own.due == 0 and own.running == 0 and _age(w, index, own.clock) >= own.limit:
            own.due = 1
            machine.pending += 1
