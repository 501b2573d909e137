"""A problem and a schedule as the tables that the decoder works on."""

from __future__ import annotations

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.kernel.decode import (
    END,
    LEAD,
    MACHINE,
    MATES,
    NEVER,
    SETUP_END,
    SETUP_START,
    START,
    Shop,
    State,
)
from luban.decide.schedule.problem import NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["empty_state", "hours_of", "schedule_of", "tables_of"]


def tables_of(problem: Problem) -> Shop:
    """The problem's tables. Raises InputError where an operation is fixed to a machine that cannot do it."""
    p = problem
    first, last = p.mode_first[:-1].copy(), p.mode_first[1:].copy()
    for op in np.flatnonzero(p.fixed_machine != NONE).tolist():
        place = int(first[op]) + np.flatnonzero(p.mode_machine[first[op] : last[op]] == p.fixed_machine[op])
        if place.size == 0:
            raise InputError(
                "an operation is fixed to a machine that cannot do it",
                came=f"{p.operations[op]} on {p.machines[int(p.fixed_machine[op])]}",
                expected=", ".join(p.machines[m] for m, _ in p.modes(op)),
                where=p.places[op] if p.places else p.name,
            )
        first[op], last[op] = int(place[0]), int(place[0]) + 1
    lag = p.max_lag.copy()
    lag[p.job_first[1:] - 1] = NEVER
    op_table = np.stack(
        [
            p.job_of,
            p.family,
            p.size,
            p.batch_family,
            p.lag,
            lag,
            p.fixed_start,
            first,
            last,
            p.need_first[:-1],
            p.need_first[1:],
        ],
        1,
    )
    jobs = np.stack([p.job_first[:-1], p.job_first[1:], p.release, p.due, p.deadline, p.job_kind], 1)
    count = np.bincount(p.mode_machine, minlength=p.machine_count)
    machines = np.stack(
        [
            p.machine_calendar,
            p.machine_table,
            p.machine_family,
            p.machine_ready,
            p.machine_batch,
            p.machine_setup_pool,
            np.cumsum(count) - count,
        ],
        1,
    )
    fixed = np.flatnonzero(p.fixed_start != NEVER)
    longest = np.array([max((t for _, t in p.modes(op)), default=0) for op in fixed.tolist()], np.int64)
    fixed = fixed[np.lexsort((fixed, -longest, p.fixed_start[fixed]))]
    bound = bool((lag != NEVER).any())
    simple = not (p.machine_calendar != NONE).any() and not fixed.size and not p.move.any()
    flag = np.array([p.is_plain, p.move.any(), bool((p.machine_calendar != NONE).any()), bound, simple], np.int64)
    return Shop(
        op=_table(op_table),
        job=_table(jobs),
        weight=_reals(p.weight),
        mode=_table(np.stack([p.mode_machine, p.mode_time], 1)),
        need=_table(np.stack([p.need_pool, p.need_amount], 1)),
        machine=_table(machines),
        power=_reals(p.machine_power),
        window=_windows(p),
        calendar=_table(np.stack([p.calendar_first[:-1], p.calendar_first[1:], p.calendar_interrupts], 1)),
        setup_time=_table(p.setup_time),
        setup_cost=_reals(p.setup_cost),
        move=_table(p.move if p.move.size else np.zeros((1, 1), np.int64)),
        level_first=_table(p.level_first),
        level=_table(np.stack([p.level_time, p.level_size], 1)),
        tariff_time=_table(p.tariff_time),
        tariff_price=_reals(p.tariff_price),
        fixed=_table(fixed),
        flag=flag,
    )


def empty_state(problem: Problem) -> State:
    """Room for one schedule of the problem."""
    p = problem
    pools = len(p.pools)
    windows = int(np.diff(p.calendar_first).sum()) if p.calendar_first.size else 0
    uses = np.bincount(p.need_pool, minlength=pools) if pools else np.zeros(0, np.int64)
    setups = np.bincount(p.machine_setup_pool[p.machine_setup_pool != NONE], minlength=pools) if pools else uses
    levels = np.diff(p.level_first) if pools else uses
    on_machines = p.operation_count if setups.any() else 0
    room = int((levels + 2 * uses + 2 * on_machines * (setups > 0)).max(initial=0)) + 2 * windows + 8 if pools else 1
    return State(
        at=np.zeros((p.operation_count, 12), np.int64),
        line=np.zeros((p.machine_count, 2), np.int64),
        seq=np.zeros(len(p.mode_machine) + 1, np.int64),
        step=np.zeros(p.job_count, np.int64),
        pool_time=np.zeros((pools, room), np.int64),
        pool_free=np.zeros((pools, room), np.int64),
        pool_count=np.zeros(pools, np.int64),
        low=np.zeros(p.operation_count, np.int64),
        note=np.zeros(4, np.int64),
    )


def schedule_of(problem: Problem, state: State) -> Schedule:
    """The schedule that a state holds."""
    at = state.at
    lead = at[:, LEAD]
    alone = at[lead, MATES] < 2
    begun, ended = at[:, SETUP_START].copy(), at[:, SETUP_END].copy()
    for head in np.unique(lead[~alone]).tolist():
        members = np.flatnonzero(lead == head)
        begun[members], ended[members] = at[head, START], at[head, START]
        bearer = members[int(np.argmax(problem.family[members] != NONE))]
        begun[bearer], ended[bearer] = at[head, SETUP_START], at[head, SETUP_END]
    return Schedule(
        problem,
        at[:, MACHINE].copy(),
        at[:, START].copy(),
        at[:, END].copy(),
        begun,
        ended,
        np.where(alone, NONE, lead),
    )


def hours_of(problem: Problem) -> float:
    """Hours a tick where energy has a price, else 0."""
    if problem.tariff_time.size == 0 or problem.tick == 0 or not problem.machine_power.any():
        return 0.0
    return problem.tick / 3.6e9


def _table(values: Ints) -> Ints:
    return np.array(values, np.int64, order="C")


def _reals(values: object) -> np.ndarray:
    return np.array(values, np.float64, order="C")


def _windows(p: Problem) -> Ints:
    """Start, end and the open time of the calendar before it."""
    before = np.zeros(len(p.window_start), np.int64)
    length = p.window_end - p.window_start
    for first, last in zip(p.calendar_first[:-1].tolist(), p.calendar_first[1:].tolist(), strict=True):
        before[first:last] = np.cumsum(length[first:last]) - length[first:last]
    return _table(np.stack([p.window_start, p.window_end, before], 1))
