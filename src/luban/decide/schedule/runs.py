"""A schedule seen as runs on machines, and the open time of their calendars: what the checker counts with.

Shares no code with what searches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from luban.decide.schedule.problem import NEVER, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Flags", "Runs", "is_open", "mode_time", "opened", "pieces", "windows", "worked"]

Flags = NDArray[np.bool_]


class Runs:
    """A schedule seen as runs: an operation alone, or all operations of a batch on a machine.

    sound   [O] operations whose machine and times are usable
    run_of  [O] run of each, NONE where unsound; run arrays are in order of machine, start, end, start of the setup (who
            is set up goes before others of no length at that tick), first operation
    bearer  of each run: first member with a setup family, who carries its setup; NONE where there is none
    """

    def __init__(self, schedule: Schedule, sound: Flags) -> None:
        p = schedule.problem
        self.schedule, self.problem, self.sound = schedule, p, sound
        own = np.flatnonzero(sound)
        batch = schedule.batch[own]
        key = np.where(batch == NONE, -1 - own, batch)
        keys = np.stack([schedule.machine[own], key], 1)
        _, run = np.unique(keys, axis=0, return_inverse=True)
        run = run.reshape(-1)
        count = int(run.max(initial=-1)) + 1
        first = np.full(count, p.operation_count, np.int64)
        np.minimum.at(first, run, own)
        start = np.full(count, NEVER, np.int64)
        np.minimum.at(start, run, schedule.start[own])
        end = np.full(count, -NEVER, np.int64)
        np.maximum.at(end, run, schedule.end[own])
        setup = start.copy()
        carriers = own[schedule.setup_end[own] > schedule.setup_start[own]]
        np.minimum.at(setup, run[np.searchsorted(own, carriers)], schedule.setup_start[carriers])
        order = np.lexsort((first, setup, end, start, schedule.machine[first] if count else first))
        rank = np.empty(count, np.int64)
        rank[order] = np.arange(count)
        self.own, self.count = own, count
        self.run_of = np.full(p.operation_count, NONE, np.int64)
        self.run_of[own] = rank[run]
        self.first, self.start, self.end = first[order], start[order], end[order]
        self.machine = schedule.machine[self.first]
        self.family = self._lowest(p.family[own] != NONE, p.family)
        self.bearer = self._lowest(p.family[own] != NONE, np.arange(p.operation_count))
        carries = schedule.setup_end[own] > schedule.setup_start[own]
        self.setup_start = self._lowest(carries, schedule.setup_start, 0)
        self.setup_end = self._lowest(carries, schedule.setup_end, 0)
        self.began = np.zeros(count, np.bool_)
        np.logical_or.at(self.began, self.run_of[own], p.fixed_start[own] < 0)
        self.time = np.zeros(count, np.int64)
        np.maximum.at(self.time, self.run_of[own], mode_time(p, schedule.machine)[own])
        self.head = np.searchsorted(self.machine, self.machine)
        self.latest, self.last = self._before()

    def _lowest(self, chosen: Flags, values: Ints, empty: int = NONE) -> Ints:
        """Of each run: the value of its lowest operation among the chosen."""
        found = np.full(self.count, empty, np.int64)
        members = self.own[chosen][::-1]
        found[self.run_of[members]] = values[members]
        return found

    def _before(self) -> tuple[Ints, Ints]:
        """Of each run: latest end of the runs before it on its machine (-NEVER: none), and which run that is."""
        latest, last = np.full(self.count, -NEVER, np.int64), np.full(self.count, NONE, np.int64)
        for head in np.unique(self.head).tolist():
            tail = int(np.searchsorted(self.machine, self.machine[head], "right"))
            tops = np.maximum.accumulate(self.end[head:tail])
            leads = np.maximum.accumulate(np.where(self.end[head:tail] == tops, np.arange(head, tail), 0))
            latest[head + 1 : tail], last[head + 1 : tail] = tops[:-1], leads[:-1]
        return latest, last


def mode_time(p: Problem, machine: Ints) -> Ints:
    """[O] time on the machine given [tick]; -1 where it is not eligible."""
    time = np.full(p.operation_count, -1, np.int64)
    owner = np.repeat(np.arange(p.operation_count), np.diff(p.mode_first))
    fits = p.mode_machine == machine[owner]
    time[owner[fits]] = p.mode_time[fits]
    return time


def windows(p: Problem, calendar: int) -> tuple[Ints, Ints]:
    """Starts and ends of a calendar's open windows [tick]."""
    first, last = int(p.calendar_first[calendar]), int(p.calendar_first[calendar + 1])
    return p.window_start[first:last], p.window_end[first:last]


def worked(p: Problem, machine: Ints, start: Ints, end: Ints) -> Ints:
    """Open time of each machine's calendar within [start, end) [tick]; the whole span where work is not interrupted."""
    worked = end - start
    calendar = p.machine_calendar[machine]
    for c in np.flatnonzero(p.calendar_interrupts).tolist():
        own = np.flatnonzero(calendar == c)
        if own.size:
            worked[own] = opened(p, c, end[own]) - opened(p, c, start[own])
    return worked


def opened(p: Problem, calendar: int, time: Ints) -> Ints:
    """Open time before each moment [tick]."""
    starts, ends = windows(p, calendar)
    if not starts.size:
        return np.zeros(len(time), np.int64)
    past = np.concatenate([[0], np.cumsum(ends - starts)])
    at = np.searchsorted(starts, time, "right") - 1
    within = np.minimum(time, ends[at]) - starts[at]
    return np.where(at >= 0, past[at] + within, 0)


def is_open(p: Problem, machine: Ints, start: Ints, end: Ints) -> Flags:
    """[start, end) lies in one window of the machine's calendar."""
    found = np.ones(len(machine), np.bool_)
    calendar = p.machine_calendar[machine]
    for c in np.unique(calendar[calendar != NONE]).tolist():
        own = np.flatnonzero(calendar == c)
        starts, ends = windows(p, c)
        at = np.searchsorted(starts, start[own], "right") - 1
        found[own] = (at >= 0) & (end[own] <= ends[at]) if starts.size else False
    return found


def pieces(
    p: Problem, machines: Ints, operation: Ints, pool: Ints, amount: Ints, starts: Ints, ends: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """The holds of pools cut at the closures of the machines: operation, pool, amount, start, end of each piece."""
    start, end = starts[operation], ends[operation]
    calendar = p.machine_calendar[machines[operation]]
    interrupts = np.zeros(len(operation), np.bool_)
    interrupts[calendar != NONE] = p.calendar_interrupts[calendar[calendar != NONE]] != 0
    whole = np.flatnonzero(~interrupts)
    found = [(whole, start[whole], end[whole])]
    for c in np.unique(calendar[interrupts]).tolist():
        own = np.flatnonzero(calendar == c)
        opening, closing = windows(p, c)
        first = np.searchsorted(closing, start[own], "right")
        last = np.searchsorted(opening, end[own], "left")
        count = np.maximum(last - first, 0)
        hold = np.repeat(own, count)
        window = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
        found.append((hold, np.maximum(start[hold], opening[window]), np.minimum(end[hold], closing[window])))
    hold, start, end = (np.concatenate([part[at] for part in found]) for at in range(3))
    return operation[hold], pool[hold], amount[hold], start, end
