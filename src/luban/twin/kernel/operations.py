"""Operations of machines: chosen, set up, run, ended, and blocked where there is no room to go."""

from __future__ import annotations

import numpy as np
from numba import njit

from luban.twin.kernel.heap import push
from luban.twin.kernel.layout import (
    NOBODY,
    ZERO,
    Event,
    Phase,
    Where,
    Work,
    clocks,
    dedications,
    eligibles,
    lots,
    machines,
    min_runs,
    routes,
    scratch,
    sizes,
    stations,
    steps,
    tables,
)
from luban.twin.kernel.lots import LOST, aim, go, micro, room
from luban.twin.kernel.memory import inlined
from luban.twin.kernel.pieces import advance, begin_pieces, count_out, end_pieces
from luban.twin.kernel.queues import may, measure, pick, setup_time, take
from luban.twin.kernel.random import Purpose, sample
from luban.twin.kernel.resources import demand_unit, return_unit
from luban.twin.kernel.states import available, left, park, pauses, run_time, settle, show, wake, wake_station
from luban.twin.kernel.stops import after_operation, try_maintenance
from luban.twin.kernel.trace import Kind, note
from luban.twin.kernel.watch import expect_piece

__all__ = ["begin_run", "dispatch", "done", "intake_open", "make_room", "setup_done", "setup_granted"]

_FREE, _WAIT_SETTER, _SETUP = np.int64(Phase.FREE), np.int64(Phase.WAIT_SETTER), np.int64(Phase.SETUP)
_WAIT_OPERATOR, _RUN, _BLOCKED = np.int64(Phase.WAIT_OPERATOR), np.int64(Phase.RUN), np.int64(Phase.BLOCKED)
_MACHINE = np.int64(Where.MACHINE)
_E_DONE, _E_SETUP, _E_INTAKE = np.int64(Event.DONE), np.int64(Event.SETUP_DONE), np.int64(Event.INTAKE_OPEN)
_W_ROOM, _W_RELEASE = np.int64(Work.ROOM), np.int64(Work.RELEASE)
_P_TIME, _P_FACTOR, _P_INTERVAL = np.int64(Purpose.TIME), np.int64(Purpose.FACTOR), np.int64(Purpose.INTERVAL)
_P_SETUP, _P_EXTRA = np.int64(Purpose.SETUP_FACTOR), np.int64(Purpose.SETUP_EXTRA)
_K_STARTED, _K_ENDED, _K_BEGUN = np.int64(Kind.STARTED), np.int64(Kind.ENDED), np.int64(Kind.BEGUN)
_K_LATE = np.int64(Kind.LATE)


@inlined
def _late(w: int, lot: int) -> int:
    """Books a broken queue-time limit; the step to go back to, -2 scrap, -1 go on."""
    item = lots(w)[lot]
    clock = clocks(w)[0]
    if item.limit_step != item.step:
        return -1
    beyond = clock.now - item.limit_at
    action = steps(w)[item.limit_from].limit_action
    item.limit_step = -1
    if beyond <= 0:
        return -1
    clock.late += 1
    item.late += 1
    note(w, _K_LATE, NOBODY, item.key, item.route, item.step, item.step, ZERO, beyond * 1e-6, 0.0)
    return action


@inlined
def dispatch(w: int, index: int) -> None:
    """Starts whatever the station's free machines can start."""
    station = stations(w)[index]
    machine = station.idle_first
    while machine >= 0 and station.length > 0:
        following = machines(w)[machine].next
        lot = pick(w, index, machine, NOBODY, 0.0)
        if lot >= 0:
            other = _better(w, index, machine, lot)
            take(w, lot)
            action = _late(w, lot)
            if station.buffer >= 0:
                _tell_room(w, index)
            if action != -1:
                _divert(w, lot, action)
                continue
            _fill(w, index, other, lot)
            _start(w, other, lot)
            machine = station.idle_first if other != machine else following
        else:
            machine = following
    if station.holds and station.length > 0 and station.idle == station.machines:
        _give_way(w, index)


@njit
def _give_way(w: int, index: int) -> None:
    """Every machine holds its setup for lots that do not come: the one that has waited longest lets go."""
    machine = machines(w)[stations(w)[index].idle_first]
    if machine.run_left > 0:
        machine.run_left = 0
        wake_station(w, index)


@njit
def _divert(w: int, lot: int, action: int) -> None:
    item = lots(w)[lot]
    item.target = LOST if action == -2 else routes(w)[item.route].step + action
    item.where = _MACHINE
    go(w, lot, False)


@inlined
def _better(w: int, index: int, machine: int, lot: int) -> int:
    """Another free machine that needs no setup for the lot, where this one does."""
    step = lots(w)[lot].step
    if stations(w)[index].plain or setup_time(w, machine, step) == 0:
        return machine
    other = stations(w)[index].idle_first
    while other >= 0:
        if other != machine and setup_time(w, other, step) == 0 and may(w, lot, other):
            return other
        other = machines(w)[other].next
    return machine


@inlined
def _fill(w: int, index: int, machine: int, lot: int) -> None:
    """Takes the mates of a batch out of the queue."""
    lots(w)[lot].mate = -1
    step = steps(w)[lots(w)[lot].step]
    if step.family < 0:
        return
    space = step.batch_max - measure(w, lot)
    last = lot
    while space > 0:
        mate = pick(w, index, machine, step.family, space)
        if mate < 0:
            return
        space -= measure(w, mate)
        take(w, mate)
        _late(w, mate)
        lots(w)[mate].mate = -1
        lots(w)[last].mate = mate
        last = mate


@inlined
def _start(w: int, index: int, head: int) -> None:
    """The machine takes the lot and its mates: setup first, then the run."""
    machine = machines(w)[index]
    clock = clocks(w)[0]
    wanted = steps(w)[lots(w)[head].step].setup
    count = 0
    lot = head
    while lot >= 0:
        item = lots(w)[lot]
        step = steps(w)[item.step]
        item.where = _MACHINE
        item.machine = index
        item.visits += 1
        item.started = clock.now
        item.made = item.step_scrap = item.step_rework = 0
        item.counted_good = item.counted_scrap = item.counted_rework = 0
        item.extra = 0
        if step.limit_to >= 0 and step.limit_end == 0:
            item.limit_step = step.limit_to
            item.limit_from = item.step
            item.limit_at = clock.now + step.within
        if step.dedicate >= 0:
            dedications(w)[lot * sizes(w)[4] + step.dedicate] = index
        note(w, _K_STARTED, index, item.key, item.route, item.step, item.quantity, ZERO, 0.0, 0.0)
        count += 1
        lot = item.mate
    if machine.plan_at < machine.plan_end:
        machine.plan_at += 1
    machine.lot = head
    if machine.cascade > 1:
        _close(w, index, head)
    change = setup_time(w, index, lots(w)[head].step)
    _count_run(w, index, wanted, count)
    machine.phase = _RUN
    if change == 0:
        if wanted > 0:
            machine.setup = wanted
        _ask_operator(w, index)
    else:
        pool = _plan_setup(w, index, head, change)
        if pool < 0 or demand_unit(w, pool, index):
            setup_granted(w, index)
        else:
            machine.phase = _WAIT_SETTER
            show(w, index)
    settle(w, index)


@inlined
def _count_run(w: int, index: int, wanted: int, lots_taken: int) -> None:
    machine = machines(w)[index]
    if machine.table < 0:
        return
    if wanted != machine.setup:
        table = tables(w)[machine.table]
        machine.run_left = min_runs(w)[table.min_run + wanted] if table.min_run >= 0 else 0
    if machine.run_left > 0:
        machine.run_left = max(0, machine.run_left - lots_taken)


@njit
def _plan_setup(w: int, index: int, head: int, change: int) -> int:
    """Draws how long the setup takes; the pool that sets up, -1 nobody."""
    machine = machines(w)[index]
    pool = -1
    time = float(change)
    if machine.table >= 0:
        table = tables(w)[machine.table]
        pool = table.pool
        if table.factor >= 0:
            time *= sample(w, table.factor, _P_SETUP, lots(w)[head].key, lots(w)[head].visits)
        if table.extra >= 0:
            time += 1e6 * sample(w, table.extra, _P_EXTRA, lots(w)[head].key, lots(w)[head].visits)
    machine.change = int(round(time))
    machine.waiting = pool
    machine.setups_done += 1
    machine.setup_serial += 1
    return pool


@njit
def setup_granted(w: int, index: int) -> None:
    """Somebody sets up."""
    machine = machines(w)[index]
    machine.phase = _SETUP
    machine.pause_mark = pauses(w, index)
    push(w, clocks(w)[0].now + machine.change, _E_SETUP, index, ZERO)
    show(w, index)


@njit
def setup_done(w: int, index: int) -> None:
    """The setup has ended, unless the machine stood still meanwhile."""
    machine = machines(w)[index]
    if machine.paused_since >= 0:
        machine.setup_left = left(w, index, machine.pause_mark)
        return
    late = machine.paused - machine.pause_mark
    if late > 0:
        machine.pause_mark += late
        push(w, clocks(w)[0].now + late, _E_SETUP, index, ZERO)
        return
    if machine.waiting >= 0:
        return_unit(w, machine.waiting)
    machine.setup = steps(w)[lots(w)[machine.lot].step].setup
    _ask_operator(w, index)


@njit
def _ask_operator(w: int, index: int) -> None:
    machine = machines(w)[index]
    pool = steps(w)[lots(w)[machine.lot].step].pool
    machine.held = pool
    if pool < 0 or demand_unit(w, pool, index):
        begin_run(w, index)
    else:
        machine.phase = _WAIT_OPERATOR
        show(w, index)


@inlined
def _time(w: int, index: int, head: int) -> float:
    """Processing time of the lot or batch on the machine [s]."""
    item = lots(w)[head]
    step = steps(w)[item.step]
    distribution = step.time
    for place in range(step.eligible, step.eligible_end):
        if eligibles(w)[place].machine == index and eligibles(w)[place].time >= 0:
            distribution = eligibles(w)[place].time
    time = sample(w, distribution, _P_TIME, lots(w)[head].key, lots(w)[head].visits)
    if step.per == 1:
        pieces = 0
        lot = head
        while lot >= 0:
            pieces += lots(w)[lot].quantity
            lot = lots(w)[lot].mate
        time *= pieces
    if step.factor >= 0:
        time *= sample(w, step.factor, _P_FACTOR, lots(w)[head].key, lots(w)[head].visits)
    return time * machines(w)[index].speed


@njit
def begin_run(w: int, index: int) -> None:
    """Processing begins."""
    machine = machines(w)[index]
    head = machine.lot
    now = clocks(w)[0].now
    time = micro(_time(w, index, head))
    machine.phase = _RUN
    show(w, index)
    lot = head
    while lot >= 0:
        item = lots(w)[lot]
        item.cycle = time
        item.run_from = run_time(w, index) + machine.load
        begin_pieces(w, index, lot)
        lot = item.mate
    item = lots(w)[head]
    item.paused = pauses(w, index)
    if machine.cascade > 1:
        _enter_cascade(w, index, head, time)
        return
    machine.inside += 1
    push(w, now + machine.load + time + machine.unload, _E_DONE, head, ZERO)
    if clocks(w)[0].watch:
        note(w, _K_BEGUN, index, item.key, item.route, item.step, item.quantity, ZERO, 0.0, 0.0)
        expect_piece(w, index)


@inlined
def _interval(w: int, head: int) -> int:
    item = lots(w)[head]
    step = steps(w)[item.step]
    drawn = sample(w, step.interval, _P_INTERVAL, item.key, item.visits)
    return micro(drawn * (item.quantity if step.interval_per == 1 else 1))


@njit
def _close(w: int, index: int, head: int) -> None:
    """The entrance is closed for the interval of the lot just taken; its setup does not delay that."""
    machine = machines(w)[index]
    step = steps(w)[lots(w)[head].step]
    interval = _interval(w, head) if step.interval >= 0 else micro(_time(w, index, head))
    machine.closed = 1
    machine.intake_mark = machine.paused
    push(w, clocks(w)[0].now + interval, _E_INTAKE, index, ZERO)


@njit
def intake_open(w: int, index: int) -> None:
    """The entrance of a cascade machine opens again, unless the machine stood still meanwhile."""
    machine = machines(w)[index]
    if machine.paused_since >= 0:
        machine.intake_left = left(w, index, machine.intake_mark)
        return
    late = machine.paused - machine.intake_mark
    if late > 0:
        machine.intake_mark += late
        push(w, clocks(w)[0].now + late, _E_INTAKE, index, ZERO)
        return
    machine.closed = 0
    settle(w, index)


@njit
def _enter_cascade(w: int, index: int, head: int, time: int) -> None:
    """The lot is inside; its first piece begins when it is loaded and the lot before has left the entrance."""
    machine = machines(w)[index]
    item = lots(w)[head]
    interval = item.cycle if steps(w)[item.step].interval < 0 else _interval(w, head)
    begin = clocks(w)[0].now + machine.load
    if machine.inside > 0:
        begin = max(begin, machine.gate_at + item.paused - machine.gate_mark)
    machine.gate_at = begin + interval
    machine.gate_mark = item.paused
    machine.inside += 1
    push(w, begin + time + machine.unload, _E_DONE, head, ZERO)
    if machine.held >= 0:
        return_unit(w, machine.held)
    machine.phase = _FREE
    machine.lot = -1
    settle(w, index)
    if available(w, index) and stations(w)[machine.station].length > 0:
        wake_station(w, machine.station)
    show(w, index)


@inlined
def _free(w: int, index: int) -> None:
    """The machine has nothing to do with a lot any more."""
    machine = machines(w)[index]
    machine.phase = _FREE
    machine.lot = -1
    if machine.failures_end > machine.failures or machine.maintenance_end > machine.maintenance:
        after_operation(w, index)
        try_maintenance(w, index)
    settle(w, index)
    if available(w, index):
        if stations(w)[machine.station].buffer >= 0:
            _tell_room(w, machine.station)
        if stations(w)[machine.station].length > 0:
            wake_station(w, machine.station)
    show(w, index)


@inlined
def done(w: int, head: int) -> None:
    """An operation has ended, unless the machine stood still meanwhile or has rework and tool changes to make up."""
    item = lots(w)[head]
    index = int(item.machine)
    machine = machines(w)[index]
    if machine.paused_since >= 0:
        park(w, index, head)
        return
    late = machine.paused - item.paused
    if late > 0:
        item.paused += late
        push(w, clocks(w)[0].now + late, _E_DONE, head, ZERO)
        return
    lot = head
    while lot >= 0:
        advance(w, index, head, lot, lots(w)[lot].quantity)
        count_out(w, index, lot)
        lot = int(lots(w)[lot].mate)
    if item.extra > 0 and machine.cascade < 2:
        push(w, clocks(w)[0].now + item.extra, _E_DONE, head, ZERO)
        item.extra = 0
        return
    if machine.cascade < 2 and machine.held >= 0:
        return_unit(w, machine.held)
    machine.inside -= 1
    lot = head
    while lot >= 0:
        _end(w, index, lot)
        lot = int(lots(w)[lot].mate)
    if machine.cascade < 2:
        _unload(w, index)
        return
    lot = head
    while lot >= 0:
        following = int(lots(w)[lot].mate)
        go(w, lot, False)
        lot = following
    if machine.phase == _FREE:
        _free(w, index)
    else:
        show(w, index)


@inlined
def _end(w: int, index: int, lot: int) -> None:
    """Books the end of the lot's operation and decides where it goes."""
    item = lots(w)[lot]
    machine = machines(w)[index]
    end_pieces(w, index, lot)
    count_out(w, index, lot)
    good = item.made - item.step_scrap
    machine.energy += steps(w)[item.step].energy * item.made
    machine.lots_done += 1
    note(
        w, _K_ENDED, index, item.key, item.route, item.step, good, item.step_scrap, float(item.step_rework),
        float(item.started),
    )  # fmt: skip
    item.scrap += item.step_scrap
    item.reworked += item.step_rework
    item.quantity = good
    item.steps += 1
    step = steps(w)[item.step]
    if step.limit_to >= 0 and step.limit_end:
        item.limit_step = step.limit_to
        item.limit_from = item.step
        item.limit_at = clocks(w)[0].now + step.within
    aim(w, lot)


@njit
def _unload(w: int, index: int) -> bool:
    """The lots leave the machine, as far as there is room; True: it is free."""
    machine = machines(w)[index]
    while machine.lot >= 0:
        lot = int(machine.lot)
        following = int(lots(w)[lot].mate)
        if not go(w, lot, True):
            _block(w, index, steps(w)[lots(w)[lot].target].station)
            return False
        machine.lot = following
    _free(w, index)
    return True


@njit
def _block(w: int, index: int, target: int) -> None:
    """The machine keeps its lot until there is room at the target."""
    machine = machines(w)[index]
    station = stations(w)[target]
    if machine.phase == _BLOCKED and machine.waiting == target:
        return
    machine.phase = _BLOCKED
    machine.waiting = target
    machine.blocked_next = -1
    if station.blocked_last < 0:
        station.blocked_first = index
    else:
        machines(w)[station.blocked_last].blocked_next = index
    station.blocked_last = index
    show(w, index)
    if _stuck(w, target):
        clocks(w)[0].status = 5
        clocks(w)[0].stuck = index


@njit
def _stuck(w: int, target: int) -> bool:
    """Every machine that could make room, directly or in turn, is itself blocked."""
    clock = clocks(w)[0]
    clock.stamp += 1
    line = scratch(w)
    line[0] = target
    stations(w)[target].mark = clock.stamp
    count = 1
    at = 0
    while at < count:
        station = stations(w)[line[at]]
        at += 1
        for index in range(station.machine, station.machine_end):
            machine = machines(w)[index]
            if stations(w)[machine.station].mark != clock.stamp or machine.station != line[at - 1]:
                continue
            if machine.phase != _BLOCKED:
                return False
            if stations(w)[machine.waiting].mark != clock.stamp:
                stations(w)[machine.waiting].mark = clock.stamp
                line[count] = machine.waiting
                count += 1
    return True


@njit
def _tell_room(w: int, index: int) -> None:
    station = stations(w)[index]
    if station.room_woken == 0 and (station.blocked_first >= 0 or clocks(w)[0].pool > 0):
        station.room_woken = 1
        wake(w, _W_ROOM, index)


@njit
def make_room(w: int, index: int) -> None:
    """Blocked machines hand over what there is room for, first come first served; then the release pool."""
    station = stations(w)[index]
    while station.blocked_first >= 0 and room(w, index):
        machine = int(station.blocked_first)
        station.blocked_first = machines(w)[machine].blocked_next
        if station.blocked_first < 0:
            station.blocked_last = -1
        machines(w)[machine].waiting = -1
        _unload(w, machine)
    if clocks(w)[0].pool > 0:
        wake(w, _W_RELEASE, ZERO)
