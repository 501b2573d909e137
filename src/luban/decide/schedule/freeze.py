"""What of a plan is left to decide at a moment: what has ended is gone, what runs and what is locked stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from luban.core.errors import InputError
from luban.decide.schedule.build import LOWEST
from luban.decide.schedule.handover import hand_on
from luban.decide.schedule.problem import NEVER, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Frozen", "freeze"]


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """The rest of a problem at a moment, and how it belongs to the whole.

    problem     what is left; its tick 0 is the moment
    whole       the problem it was cut from
    plan        the plan of `whole` that was followed until then
    now         the moment [tick of whole]
    operations  [O of problem] its operations in `whole`
    jobs        [J of problem] its jobs in `whole`
    """

    problem: Problem
    whole: Problem
    plan: Schedule
    now: int
    operations: Ints
    jobs: Ints

    def lower(self) -> Schedule:
        """The old plan for what is left; it may break rules of `problem` where those have changed."""
        s, o = self.plan, self.operations
        start = s.start[o] - self.now
        begun = s.setup_start[o] < self.now
        setup_start = np.where(begun, start, s.setup_start[o] - self.now)
        setup_end = np.where(begun, start, s.setup_end[o] - self.now)
        return Schedule(self.problem, s.machine[o], start, s.end[o] - self.now, setup_start, setup_end, s.batch[o])

    def lift(self, schedule: Schedule) -> Schedule:
        """A schedule of `problem` together with what was done before, as a schedule of `whole`."""
        o, now = self.operations, self.now
        machine, start, end, setup_start, setup_end, batch = (
            getattr(self.plan, name).copy() for name in ("machine", "start", "end", "setup_start", "setup_end", "batch")
        )
        shared = schedule.batch != NONE
        machine[o], start[o], end[o] = schedule.machine, schedule.start + now, schedule.end + now
        begun = (setup_start[o] < now) & (self.plan.machine[o] == schedule.machine) & (setup_end[o] <= start[o])
        begun &= schedule.setup_start == schedule.setup_end
        begun &= (self.plan.start[o] >= now) | (schedule.start < 0)  # not of what was lost and begins anew
        setup_start[o] = np.where(begun, setup_start[o], schedule.setup_start + now)
        setup_end[o] = np.where(begun, setup_end[o], schedule.setup_end + now)
        batch[o] = np.where(shared, schedule.batch + int(batch.max(initial=NONE)) + 1, NONE)
        lifted = Schedule(self.whole, machine, start, end, setup_start, setup_end, batch)
        return hand_on(self.plan, lifted, now)


def freeze(
    problem: Problem,
    plan: Schedule,
    now: int,
    horizon: int = 0,
    locked: Iterable[int | str] = (),
    stopped: Iterable[int] = (),
) -> Frozen:
    """What is left to decide at `now`.

    Operations that have ended go; their machine keeps their setup and their order may go on after lag and transport.
    Those in progress are fixed where they are and began before tick 0 of the rest. A setup that has begun is done: the
    machine is set up and free when it ends. An ended operation stays, fixed, only where the next one's start depends
    on it (a longest wait, or transport to one of several machines).

    problem  what the plan is of, or the same operations under changed calendars, pools and dates
    plan     followed until now; operations not planned yet start at NEVER there
    now      the moment [tick of problem]
    horizon  what begins before now + horizon keeps machine and start [tick]
    locked   further operations (index or name) that keep machine and start
    stopped  operations in progress that are lost, their setup too, and begin anew
    Raises   InputError for an unknown operation
    """
    p, s = problem, plan
    wanted = _indices(p, locked)
    anew = np.isin(np.arange(p.operation_count), list(stopped))
    done = (s.end <= now) & ~anew
    begun = (s.start < now) & ~done & ~anew
    fixed = begun | ((s.start < now + horizon) & ~done & ~anew) | (wanted & ~done & (s.start < NEVER))
    anchor = _anchors(p, done)
    kept = ~done | anchor
    o = np.flatnonzero(kept)
    job_of = p.job_of
    jobs = np.unique(job_of[o])
    rest = _cut(p, o, jobs)
    release = np.maximum(p.release[jobs] - now, 0)
    for at, job in enumerate(jobs.tolist()):
        first = int(p.job_first[job])
        before = first + int(kept[first : int(p.job_first[job + 1])].argmax()) - 1
        if before >= first:
            release[at] = max(int(release[at]), _ready(p, s, before) - now)
    keep_start, keep_machine = _shifted(p.fixed_start, now)[o], p.fixed_machine[o].copy()
    still = fixed[o] | anchor[o]
    keep_start = np.where(still, s.start[o] - now, np.where(anew[o], NEVER, keep_start))
    keep_machine = np.where(still, s.machine[o], keep_machine)
    family, ready = _set_up(p, s, now, done, anew)
    rest = replace(
        rest,
        start=p.start + now * p.tick,
        release=release,
        due=_shifted(p.due[jobs], now),
        deadline=_shifted(p.deadline[jobs], now),
        fixed_start=keep_start,
        fixed_machine=keep_machine,
        family=np.where(anchor[o], NONE, rest.family),
        batch_family=np.where(anchor[o], NONE, rest.batch_family),
        machine_family=family,
        machine_ready=ready,
        window_start=p.window_start - now,
        window_end=p.window_end - now,
        level_time=np.where(p.level_time <= LOWEST, p.level_time, p.level_time - now),
        tariff_time=p.tariff_time - now,
    )
    return Frozen(rest, p, s, now, o, jobs)


def _indices(p: Problem, locked: Iterable[int | str]) -> np.ndarray:
    """[O] which are named."""
    found = np.zeros(p.operation_count, bool)
    names = {name: at for at, name in enumerate(p.operations)}
    for one in locked:
        at = names.get(one, NONE) if isinstance(one, str) else int(one)
        if not 0 <= at < p.operation_count:
            raise InputError("no operation of that name in the plan", came=repr(one), where=p.name)
        found[at] = True
    return found


def _anchors(p: Problem, done: np.ndarray) -> np.ndarray:
    """[O] ended operations on which the start of the next one depends in a way that no release date can say."""
    found = np.zeros(p.operation_count, bool)
    last = np.flatnonzero(done[:-1] & ~done[1:] & (p.job_of[:-1] == p.job_of[1:]))
    for operation in last.tolist():
        found[operation] = p.max_lag[operation] < NEVER or (p.move.size > 0 and len(p.modes(operation + 1)) > 1)
    return found


def _ready(p: Problem, s: Schedule, before: int) -> int:
    """Earliest start of the operation after `before`, which has ended [tick]."""
    move = int(p.move[s.machine[before], p.modes(before + 1)[0][0]]) if p.move.size else 0
    return int(s.end[before]) + int(p.lag[before]) + move


def _shifted(times: Ints, now: int) -> Ints:
    return np.where(times < NEVER, times - now, NEVER)


def _set_up(p: Problem, s: Schedule, now: int, done: np.ndarray, anew: np.ndarray) -> tuple[Ints, Ints]:
    """[M] family that each machine is set up for at `now`, and when it is free.

    What is lost leaves no trace in the whole plan, nor does its setup: the machine counts as set up as before it.
    """
    family, ready = p.machine_family.copy(), np.maximum(p.machine_ready - now, 0)
    order = np.lexsort((s.end, s.start))
    for operation in order[done[order]].tolist():
        if p.family[operation] != NONE:
            family[s.machine[operation]] = p.family[operation]
    setting = (s.setup_start < now) & (s.start >= now) & (s.start < NEVER) & (s.setup_end > s.setup_start)
    for operation in np.flatnonzero(setting & ~done & ~anew).tolist():
        machine = int(s.machine[operation])
        family[machine] = p.family[operation]
        ready[machine] = max(int(ready[machine]), int(s.setup_end[operation]) - now)
    return family, ready


def _cut(p: Problem, operations: Ints, jobs: Ints) -> Problem:
    """The problem with these operations only; indices of machines, families and pools stay."""
    owner = np.searchsorted(jobs, p.job_of[operations])
    needs, need_first = _rows(p.need_first, operations)
    modes, mode_first = _rows(p.mode_first, operations)
    return replace(
        p,
        jobs=tuple(p.jobs[j] for j in jobs.tolist()),
        operations=tuple(p.operations[o] for o in operations.tolist()),
        places=tuple(p.places[o] for o in operations.tolist()) if p.places else (),
        job_kind=p.job_kind[jobs],
        job_first=np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(jobs)))]).astype(np.int64),
        release=p.release[jobs],
        due=p.due[jobs],
        deadline=p.deadline[jobs],
        weight=p.weight[jobs],
        family=p.family[operations],
        size=p.size[operations],
        batch_family=p.batch_family[operations],
        lag=p.lag[operations],
        max_lag=p.max_lag[operations],
        fixed_start=p.fixed_start[operations],
        fixed_machine=p.fixed_machine[operations],
        need_first=need_first,
        need_pool=p.need_pool[needs],
        need_amount=p.need_amount[needs],
        mode_first=mode_first,
        mode_machine=p.mode_machine[modes],
        mode_time=p.mode_time[modes],
    )


def _rows(first: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Rows of a ragged table that belong to the chosen owners, and where each owner's begin among them."""
    counts = (first[1:] - first[:-1])[chosen]
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.arange(int(begins[-1])) - np.repeat(begins[:-1], counts) + np.repeat(first[:-1][chosen], counts)
    return rows.astype(np.int64), begins
