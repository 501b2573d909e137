"""Earliest start and end of every operation where each has its machines to itself: what the door judges by.

Shares no code with what searches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.decide.schedule.problem import NEVER, NONE, Ints, Problem
from luban.decide.schedule.runs import Flags, is_open, windows

__all__ = ["Earliest", "earliest", "ends_at", "fixed_spans"]


@dataclass(frozen=True, slots=True)
class Earliest:
    """Arrays over the operations [tick].

    asked  earliest start that release and the operation before allow
    start  asked, or the given start
    end    earliest end on any machine; NEVER where there is none
    stuck  no machine can work it from `start` on, though the operation before can be done
    """

    asked: Ints
    start: Ints
    end: Ints
    stuck: Flags


def earliest(problem: Problem) -> Earliest:
    """Lower bounds of start and end, job by job, without setups and transport."""
    p, count = problem, problem.operation_count
    asked, start, end = np.zeros(count, np.int64), np.zeros(count, np.int64), np.full(count, NEVER, np.int64)
    stuck = np.zeros(count, np.bool_)
    length = np.diff(p.job_first)
    for step in range(int(length.max(initial=0))):
        own = p.job_first[:-1][length > step] + step
        known = np.ones(len(own), np.bool_)
        if step == 0:
            asked[own] = p.release[length > 0]
        else:
            known = end[own - 1] < NEVER
            asked[own] = np.where(known, end[own - 1] + p.lag[own - 1], 0)
        given = p.fixed_start[own] < NEVER
        start[own] = np.where(given, p.fixed_start[own], asked[own])
        own = own[known]
        count_of = p.mode_first[own + 1] - p.mode_first[own]
        mode = np.repeat(p.mode_first[own] - np.cumsum(count_of) + count_of, count_of) + np.arange(int(count_of.sum()))
        owner = np.repeat(own, count_of)
        np.minimum.at(end, owner, _mode_ends(p, owner, mode, start[owner]))
        stuck[own] = end[own] >= NEVER
    return Earliest(asked, start, end, stuck)


def _mode_ends(p: Problem, owner: Ints, mode: Ints, start: Ints) -> Ints:
    """Earliest end of each mode from a start on; NEVER where it cannot be."""
    machine, time = p.mode_machine[mode], p.mode_time[mode]
    given = p.fixed_start[owner] < NEVER
    begun = p.fixed_start[owner] < 0
    ready = p.machine_ready[machine]
    end = ends_at(p, machine, np.where(given, start, np.maximum(start, ready)), time, begun, given)
    fits = (p.machine_batch[machine] == 0) | (p.size[owner] <= p.machine_batch[machine])
    fits &= (p.fixed_machine[owner] == NONE) | (p.fixed_machine[owner] == machine)
    fits &= begun | ~given | (start >= ready)
    return np.where(fits, end, NEVER)


def ends_at(p: Problem, machine: Ints, start: Ints, time: Ints, begun: Flags, given: Flags) -> Ints:
    """Earliest end of work that may start from `start` on, or must start then (`given`) [tick]; NEVER: it has none."""
    end = start + time
    calendar = p.machine_calendar[machine]
    for c in np.unique(calendar[calendar != NONE]).tolist():
        own = np.flatnonzero((calendar == c) & (time > 0))
        starts, closes = windows(p, c)
        if not len(starts):
            end[own] = NEVER
            continue
        if p.calendar_interrupts[c]:
            end[own] = _waited(starts, closes, start[own], time[own])
        else:
            end[own] = _whole(starts, closes, start[own], time[own], begun[own])
        strict = own[given[own] & ~begun[own]]
        closed = ~is_open(p, machine[strict], start[strict], start[strict] + 1)
        if not p.calendar_interrupts[c]:
            closed |= end[strict] != start[strict] + time[strict]
        end[strict[closed]] = NEVER
    return end


def _waited(starts: Ints, closes: Ints, start: Ints, time: Ints) -> Ints:
    """End of work that waits over closures."""
    past = np.concatenate([[0], np.cumsum(closes - starts)])
    at = np.searchsorted(starts, start, "right") - 1
    worked = np.where(at >= 0, past[at] + np.minimum(start, closes[at]) - starts[at], 0)
    goal = worked + time
    window = np.searchsorted(past[1:], goal, "left")
    held = np.minimum(window, len(starts) - 1)
    return np.where(window < len(starts), starts[held] + goal - past[held], NEVER)


def _whole(starts: Ints, closes: Ints, start: Ints, time: Ints, begun: Flags) -> Ints:
    """End of work that lies in one window; what began before tick 0 needs only its rest from there on in one."""
    end = np.full(len(start), NEVER, np.int64)
    done = start + time
    rest = np.searchsorted(starts, np.maximum(start, 0), "right") - 1
    going = begun & ((done <= 0) | ((rest >= 0) & (done <= closes[rest])))
    end[going] = done[going]
    left = np.flatnonzero(~begun)
    window = np.maximum(np.searchsorted(starts, start[left], "right") - 1, 0)
    while left.size:
        ready = np.maximum(starts[window], start[left]) + time[left]
        fits = ready <= closes[window]
        end[left[fits]] = ready[fits]
        left, window = left[~fits], window[~fits] + 1
        inside = window < len(starts)
        left, window = left[inside], window[inside]
    return end


def fixed_spans(p: Problem) -> tuple[Ints, Ints, Ints, Ints]:
    """Operation, machine, start and end of what has a given start and one possible machine [tick]."""
    given = p.fixed_start < NEVER
    lone = (np.diff(p.mode_first) == 1) | (p.fixed_machine != NONE)
    own = np.flatnonzero(given & lone)
    owner = np.repeat(own, p.mode_first[own + 1] - p.mode_first[own])
    count = p.mode_first[own + 1] - p.mode_first[own]
    mode = np.repeat(p.mode_first[own] - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
    kept = (p.fixed_machine[owner] == NONE) | (p.fixed_machine[owner] == p.mode_machine[mode])
    owner, mode = owner[kept], mode[kept]
    start, machine = p.fixed_start[owner], p.mode_machine[mode]
    begun = p.fixed_start[owner] < 0
    end = ends_at(p, machine, start, p.mode_time[mode], begun, np.ones(len(owner), np.bool_))
    real = end < NEVER
    return owner[real], machine[real], start[real], end[real]
