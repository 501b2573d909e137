"""States of machines: every instant of a machine is in exactly one, and energy follows from it.

Work that is under way when a machine stops is not taken off the heap: each planned end remembers how long the machine
had been stopped in all when it was planned, and when it fires it waits for what has been added since. An end that fires
during a stop is parked until the machine works again.
"""

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
    Work,
    calendars,
    clocks,
    failures,
    lots,
    machine_power,
    machine_time,
    machines,
    stations,
    work,
)
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.trace import Kind, note
from luban.twin.kernel.watch import expect_piece

__all__ = [
    "available",
    "left",
    "park",
    "pauses",
    "run_time",
    "settle",
    "show",
    "stop",
    "unstop",
    "wake",
    "wake_station",
]

STATES = len(State)
_IDLE, _STANDBY, _SETUP, _RUN = (
    np.int64(State.IDLE),
    np.int64(State.STANDBY),
    np.int64(State.SETUP),
    np.int64(State.RUN),
)
_BLOCKED, _OPERATOR, _DOWN = np.int64(State.BLOCKED), np.int64(State.OPERATOR), np.int64(State.DOWN)
_MAINTENANCE, _OFF = np.int64(State.MAINTENANCE), np.int64(State.OFF)
_FREE, _BUSY, _SETTING, _HELD = (
    np.int64(Phase.FREE),
    np.int64(Phase.RUN),
    np.int64(Phase.SETUP),
    np.int64(Phase.BLOCKED),
)
_S_OFF, _S_DOWN, _S_MAINTENANCE, _S_STANDBY = (
    np.int64(Stop.OFF),
    np.int64(Stop.DOWN),
    np.int64(Stop.MAINTENANCE),
    np.int64(Stop.STANDBY),
)
_FAIL_RUN = np.int64(Event.FAIL_RUN)
_DONE, _SETUP_DONE, _INTAKE_OPEN = np.int64(Event.DONE), np.int64(Event.SETUP_DONE), np.int64(Event.INTAKE_OPEN)
_WORK_STATION = np.int64(Work.STATION)
_K_STATE = np.int64(Kind.STATE)


@inlined
def wake(w: int, kind: int, index: int) -> None:
    """Leaves work to be done after the present event."""
    clock = clocks(w)[0]
    ring = work(w)
    ring[(clock.work_first + clock.work_count) % len(ring)] = index * 4 + kind
    clock.work_count += 1


@inlined
def wake_station(w: int, index: int) -> None:
    """The station has to look whether something can start."""
    station = stations(w)[index]
    if station.woken == 0:
        station.woken = 1
        wake(w, _WORK_STATION, index)


@inlined
def run_time(w: int, index: int) -> int:
    """Processing time of the machine so far [µs]."""
    machine = machines(w)[index]
    done = machine_time(w)[index * STATES + _RUN]
    return done + (clocks(w)[0].now - machine.since if machine.state == _RUN else 0)


@inlined
def pauses(w: int, index: int) -> int:
    """Time in which the machine could not work although it was occupied or not, so far [µs]."""
    machine = machines(w)[index]
    return machine.paused + (clocks(w)[0].now - machine.paused_since if machine.paused_since >= 0 else 0)


@inlined
def _state(w: int, index: int) -> int:
    machine = machines(w)[index]
    stopped = machine.stop
    phase = machine.phase
    if stopped:
        if stopped & _S_OFF and ((phase == _FREE and machine.inside == 0) or calendars(w)[machine.calendar].interrupts):
            return _OFF
        if stopped & _S_DOWN:
            return _DOWN
        if stopped & _S_MAINTENANCE:
            return _MAINTENANCE
    if phase == _BUSY:
        return _RUN
    if phase == _FREE:
        if machine.inside > 0:
            return _RUN
        return _STANDBY if stopped & _S_STANDBY else _IDLE
    if phase == _SETTING:
        return _SETUP
    if phase == _HELD:
        return _BLOCKED
    return _OPERATOR


@njit
def _arm(w: int, index: int) -> None:
    """Plans the failures that running time brings, the earliest moment at which each can come."""
    machine = machines(w)[index]
    now = clocks(w)[0].now
    for place in range(machine.failures, machine.failures_end):
        failure = failures(w)[place]
        if failure.clock == 1 and failure.armed == 0 and failure.failed == 0:
            failure.armed = 1
            push(w, now + max(0, failure.limit - run_time(w, index)), _FAIL_RUN, place, failure.renewals)


@njit
def _note_state(w: int, index: int) -> None:
    machine = machines(w)[index]
    why = machine.reason if machine.state == _DOWN or machine.state == _MAINTENANCE else -1
    if machine.lot < 0:
        note(w, _K_STATE, index, NOBODY, NOBODY, NOBODY, machine.state, why, 0.0, 0.0)
    else:
        item = lots(w)[machine.lot]
        note(w, _K_STATE, index, item.key, item.route, item.step, machine.state, why, 0.0, 0.0)


@njit
def show(w: int, index: int) -> None:
    """Books the time since the last change and takes on the state that now holds."""
    machine = machines(w)[index]
    new = _state(w, index)
    old = machine.state
    if new == old:
        return
    clock = clocks(w)[0]
    span = clock.now - machine.since
    place = index * STATES + old
    machine_time(w)[place] += span
    machine.energy += machine_power(w)[place] * span
    machine.since = clock.now
    machine.state = new
    if clock.wanted:
        _note_state(w, index)
    if new == _RUN and machine.failures_end > machine.failures:
        _arm(w, index)


@inlined
def available(w: int, index: int) -> bool:
    """Could start something now."""
    machine = machines(w)[index]
    free = machine.phase == _FREE and (machine.inside == 0 or machine.inside < machine.cascade)
    return free and machine.closed == 0 and machine.stop == 0 and machine.pending == 0


@njit
def settle(w: int, index: int) -> None:
    """Puts the machine on its station's list of available ones, or takes it off."""
    machine = machines(w)[index]
    able = available(w, index)
    if able == (machine.listed == 1):
        return
    station = stations(w)[machine.station]
    if able:
        machine.listed = 1
        machine.previous = station.idle_last
        machine.next = -1
        if station.idle_last < 0:
            station.idle_first = index
        else:
            machines(w)[station.idle_last].next = index
        station.idle_last = index
        station.idle += 1
        wake_station(w, machine.station)
        return
    machine.listed = 0
    if machine.previous < 0:
        station.idle_first = machine.next
    else:
        machines(w)[machine.previous].next = machine.next
    if machine.next < 0:
        station.idle_last = machine.previous
    else:
        machines(w)[machine.next].previous = machine.previous
    station.idle -= 1


@njit
def left(w: int, index: int, mark: int) -> int:
    """What a planned end that fires now during a stop of the machine still has to run after it [µs].

    mark  all stops of the machine when the end was planned
    """
    machine = machines(w)[index]
    return clocks(w)[0].now + machine.paused - mark - machine.paused_since


@njit
def park(w: int, index: int, lot: int) -> None:
    """The lot's end waits until the machine works again."""
    machine = machines(w)[index]
    lots(w)[lot].left = left(w, index, lots(w)[lot].paused)
    lots(w)[lot].parked = machine.parked
    machine.parked = lot


@njit
def _unpark(w: int, index: int) -> None:
    """The machine works again: plans the ends that came while it did not."""
    machine = machines(w)[index]
    now = clocks(w)[0].now
    if machine.setup_left >= 0:
        machine.pause_mark = machine.paused
        push(w, now + machine.setup_left, _SETUP_DONE, index, ZERO)
        machine.setup_left = -1
    if machine.intake_left >= 0:
        machine.intake_mark = machine.paused
        push(w, now + machine.intake_left, _INTAKE_OPEN, index, ZERO)
        machine.intake_left = -1
    lot = machine.parked
    machine.parked = -1
    while lot >= 0:
        lots(w)[lot].paused = machine.paused
        push(w, now + lots(w)[lot].left, _DONE, lot, ZERO)
        lot = lots(w)[lot].parked
    if clocks(w)[0].watch:
        expect_piece(w, index)


@njit
def _pause(w: int, index: int) -> None:
    machine = machines(w)[index]
    now = clocks(w)[0].now
    paused = machine.stop & _S_DOWN or (machine.stop & _S_OFF and calendars(w)[machine.calendar].interrupts)
    if paused and machine.paused_since < 0:
        machine.paused_since = now
    elif not paused and machine.paused_since >= 0:
        machine.paused += now - machine.paused_since
        machine.paused_since = -1
        _unpark(w, index)


@njit
def stop(w: int, index: int, bit: int) -> None:
    """The machine may not work for that reason."""
    machines(w)[index].stop |= bit
    _pause(w, index)
    show(w, index)
    settle(w, index)


@njit
def unstop(w: int, index: int, bit: int) -> None:
    """That reason is gone."""
    machines(w)[index].stop &= ~bit
    _pause(w, index)
    show(w, index)
    settle(w, index)
