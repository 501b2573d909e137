"""Dispatch lists: what each machine does next, in which order; and how much each machine is loaded, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.core.time import from_datetime, to_datetime
from luban.decide.schedule.floor import Windows, machine_runs
from luban.decide.schedule.problem import LIMIT, MAINTENANCE, NEVER, NONE, Floats, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Load", "Task", "dispatch_lists", "machine_load"]


@dataclass(frozen=True, slots=True)
class Task:
    """One line of a dispatch list; times are ticks.

    sequence      1 for the first of the machine's list; the members of a batch share theirs
    operation     index; order, operation_name: as people call them
    family        what the machine is set up for; '' where nothing is
    start, end    of processing; setup_start, setup_end: equal where there is no setup
    setup_from    family that the machine comes from; '' without a setup
    pools         who and what it needs, with units
    due           of the order, NEVER where it has none
    lateness      time by which the order ends after its due date; negative: before; 0 where it has none
    slack         time by which this operation may slip so that its order is still in time, if nothing waits afterwards;
                  NEVER where the order has no due date
    next_machine  of the order's next operation; '' after the last
    batch         runs together with its neighbours of the same number; NONE: alone
    fixed         its start is given
    """

    sequence: int
    operation: int
    order: str
    operation_name: str
    family: str
    start: int
    end: int
    setup_start: int
    setup_end: int
    setup_from: str
    pools: tuple[tuple[str, int], ...]
    due: int
    lateness: int
    slack: int
    next_machine: str
    batch: int
    fixed: bool
    maintenance: bool


def dispatch_lists(
    schedule: Schedule, machine: int | str | None = None, begin: int | None = None, end: int | None = None
) -> dict[str, tuple[Task, ...]]:
    """Machine → its list, in the order of work.

    machine     index or name; None: all
    begin, end  only what is worked or set up in [begin, end) [tick]; the sequence is counted from there
    Raises      InputError for an unknown machine
    """
    p = schedule.problem
    wanted = range(p.machine_count) if machine is None else [_machine(p, machine)]
    low, high = -NEVER if begin is None else begin, NEVER if end is None else end
    slack = _slacks(schedule)
    job_of = p.job_of.tolist()
    runs = machine_runs(schedule)
    lists = {}
    for at in wanted:
        family, rows = int(p.machine_family[at]), []
        sequence = 0
        for run in runs[at]:
            inside = (run.end > low or (run.end == run.start >= low)) and run.begin < high
            sequence += inside
            came = family
            for operation in run.operations:
                if p.family[operation] != NONE:
                    family = int(p.family[operation])
            if inside:
                rows += [_task(schedule, sequence, o, job_of[o], came, int(slack[o])) for o in run.operations]
        lists[p.machines[at]] = tuple(rows)
    return lists


def _machine(p: Problem, machine: int | str) -> int:
    if isinstance(machine, int) and 0 <= machine < p.machine_count:
        return machine
    if isinstance(machine, str) and machine in p.machines:
        return p.machines.index(machine)
    raise InputError("no machine of that name in the plan", came=repr(machine), expected=", ".join(p.machines[:8]))


def _task(s: Schedule, sequence: int, operation: int, job: int, came: int, slack: int) -> Task:
    p = s.problem
    start, end = int(s.start[operation]), int(s.end[operation])
    setup = int(s.setup_start[operation]), int(s.setup_end[operation])
    due, last = int(p.due[job]), int(p.job_first[job + 1]) - 1
    family = int(p.family[operation])
    needs = slice(*p.need_first[operation : operation + 2].tolist())
    pools = zip(p.need_pool[needs].tolist(), p.need_amount[needs].tolist(), strict=True)
    return Task(
        sequence=sequence,
        operation=operation,
        order=p.jobs[job],
        operation_name=p.operations[operation],
        family=p.families[family] if family != NONE else "",
        start=start,
        end=end,
        setup_start=setup[0] if setup[1] > setup[0] else start,
        setup_end=setup[1] if setup[1] > setup[0] else start,
        setup_from=p.families[came] if setup[1] > setup[0] and came != NONE else "",
        pools=tuple((p.pools[pool], amount) for pool, amount in pools),
        due=due,
        lateness=int(s.end[last]) - due if due < NEVER else 0,
        slack=slack,
        next_machine=p.machines[int(s.machine[operation + 1])] if operation < last else "",
        batch=int(s.batch[operation]),
        fixed=bool(p.fixed_start[operation] < NEVER),
        maintenance=bool(p.job_kind[job] == MAINTENANCE),
    )


def _slacks(s: Schedule) -> Ints:
    """[O] due - end - what the order still needs after it: work as planned, closures in it, lags and transport."""
    p = s.problem
    found = np.full(p.operation_count, NEVER, np.int64)
    length = (s.end - s.start).tolist()
    for job in np.flatnonzero(p.due < NEVER).tolist():
        first, last = int(p.job_first[job]), int(p.job_first[job + 1])
        left = 0
        for operation in range(last - 1, first - 1, -1):
            found[operation] = int(p.due[job]) - int(s.end[operation]) - left
            if operation > first:
                move = int(p.move[s.machine[operation - 1], s.machine[operation]]) if p.move.size else 0
                left += length[operation] + int(p.lag[operation - 1]) + move
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """How machines are loaded in each of D spans of time.

    edges   [D+1] ticks
    open    [M, D] open time [tick]
    work    [M, D] time worked on operations [tick]
    setup   [M, D] time worked on setups [tick]
    """

    machines: tuple[str, ...]
    edges: Ints
    open: Ints
    work: Ints
    setup: Ints

    @property
    def share(self) -> Floats:
        """[M, D] work and setups of the open time [1]; 0 where nothing is open."""
        shares: Floats = (self.work + self.setup) / np.maximum(self.open, 1)
        return shares


def machine_load(schedule: Schedule, zone: ZoneInfo | None = None, edges: Ints | None = None) -> Load:
    """The load of each machine per day of the plan.

    zone   whose midnights part the days; None: UTC. Where time is abstract, the plan is cut into ten equal spans
    edges  other borders [tick], rising
    """
    p = schedule.problem
    if edges is None:
        edges = _days(schedule, zone)
    windows = Windows(p)
    shape = (p.machine_count, len(edges) - 1)
    is_open, work, setup = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    low, high = int(edges[0]), int(edges[-1])
    for machine, runs in enumerate(machine_runs(schedule)):
        for at in range(shape[1]):
            is_open[machine, at] = windows.worked(machine, int(edges[at]), int(edges[at + 1]))
        for run in runs:
            for table, span in ((setup, (run.setup_start, run.setup_end)), (work, (run.start, run.end))):
                for at, a, b in _cut(edges, max(span[0], low), min(span[1], high)):
                    table[machine, at] += windows.worked(machine, a, b)
    return Load(p.machines, edges, is_open, work, setup)


def _cut(edges: Ints, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) at the edges: (span, from, to)."""
    while start < end:
        at = int(np.searchsorted(edges, start, side="right")) - 1
        until = min(end, int(edges[at + 1]))
        yield at, start, until
        start = until


def _days(s: Schedule, zone: ZoneInfo | None) -> Ints:
    """Midnights around the plan [tick]; a day that is not a whole number of ticks ends a tick later."""
    p = s.problem
    last = max(int(s.end[s.end < LIMIT].max(initial=1)), 1)
    if not p.tick:
        return np.unique(np.linspace(0, last, min(10, last) + 1).astype(np.int64))
    midnight = to_datetime(p.start, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [0]
    while edges[-1] < last:
        midnight += timedelta(days=1)
        edges.append(-(-(from_datetime(midnight) - p.start) // p.tick))
    return np.array(edges, np.int64)
