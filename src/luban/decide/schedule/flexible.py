"""The flexible job shop, makespan: tabu search by exact re-insertion, and path relinking over a small population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.decide.schedule.kernel.flexible import Ints, Shop, blank, place
from luban.decide.schedule.kernel.flexible_build import between, distance, greedy
from luban.decide.schedule.kernel.flexible_tabu import (
    BEST,
    CUTOFF,
    ENDED,
    FIELDS,
    ITERATION,
    LOW,
    NOW,
    RANDOM,
    STALE,
    TENURE,
    draw,
    tabu,
)
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["FlexibleEngine", "load_bound"]

_FEWEST, _MOST = 4, 30
"""Members of the population: at first, and at most; one more whenever a run ends at a member that is there."""

_IDLE = 8
"""Runs a member without a new best after which there is one member more."""

_PATIENCE = 2500
"""Iterations without a new best that end a run."""

_TENURE, _SPREAD = 5, 12
"""Shortest tenure of a run: at least so much, and at random up to so much more; and longer with more modes."""

_BLUR = 20
"""Noise on the greedy choices [%]."""

_LARGEST = 50_000_000
"""Operations x jobs up to which beginnings are built: 0.1 s."""

_ARCS = 1 << 20
_PAIRS = 60
_FORGOTTEN = 1000  # iterations: more than any tenure, so that a run begins without taboos
_SEED = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    order: Ints
    mode: Ints
    makespan: int


class FlexibleEngine:
    """Searches a plain flexible job shop for the least makespan; an engine as `engine.Engine` says.

    problem    `is_plain`; operations may have several modes
    objective  the makespan alone
    seed       same seed, same path
    first      where it begins; it builds its own beginnings too
    Raises     InputError for another problem or objective

    Source: neighbourhood of optimal insertions, Mastrolilli and Gambardella 2000,
    doi 10.1002/(SICI)1099-1425(200001/02)3:1<3::AID-JOS32>3.0.CO;2-Y; path relinking, González, Vela and Varela 2015,
    doi 10.1016/j.ejor.2015.02.009.
    """

    name = "flexible"
    grain = 4_000_000

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        if not (problem.is_plain and objective.is_makespan):
            raise InputError(
                "not a plain flexible job shop with the makespan as its objective",
                came=str(objective),
                expected="no setups, calendars, pools, batches, lags or limits",
                where=problem.name,
            )
        self.problem = problem
        self._shop = _shop_of(problem)
        self._state = blank(self._shop)
        self._control = np.zeros(FIELDS, np.int64)
        self._control[RANDOM] = ((seed + 1) * _SEED ^ 0xD1B54A32D192ED03) & 0x7FFFFFFFFFFFFFFF
        for _ in range(8):
            draw(self._control, 2)
        size = problem.operation_count
        self._arcs = np.zeros(min(size * size, _ARCS), np.int64)
        self._seats = np.zeros(len(problem.mode_time), np.int64)
        self._path = np.zeros(size + 1, np.int64)
        self._done = self._state.done.copy()
        self._rest = np.zeros(size + 1, np.int64)
        self._head = np.zeros(size, np.int64)
        self._order = np.zeros(size, np.int64)
        self._machine = np.zeros(size, np.int64)
        self.bound = float(load_bound(problem))
        self._control[LOW] = int(self.bound)
        self._choice = min(20, 2 * (len(problem.mode_time) // size - 1))
        self._may_build = size * problem.job_count <= _LARGEST
        self._members: list[_Member] = []
        self._room, self._idle = _FEWEST, 0
        self._running = False
        self._best = self._member_of(first)
        self._waiting = [self._best]
        if self._may_build and (built := self._built(0)).makespan < self._best.makespan:
            self._waiting = [built]

    @property
    def proved(self) -> bool:
        """The best is as short as the bound."""
        return self._best.makespan <= self.bound

    def advance(self, work: int) -> Schedule | None:
        """Searches for about that much work; the best where it is new. See `engine.Engine`."""
        before = self._best.makespan
        while work > 0 and not self.proved:
            if not self._running:
                self._begin()
                work -= 4 * self.problem.operation_count
            work -= tabu(
                self._shop,
                self._state,
                self._control,
                self._arcs,
                self._seats,
                self._path,
                self._done,
                self._rest,
                self._head,
                self._order,
                self._machine,
                work,
            )
            if self._control[BEST] < self._best.makespan:
                self._best, self._idle = self._found(), 0
            if self._control[ENDED]:
                self._end()
        return self._schedule_of(self._best) if self._best.makespan < before else None

    def offer(self, schedule: Schedule) -> None:
        """Takes a better schedule up as the next beginning."""
        if schedule.makespan < self._best.makespan:
            self._best = self._member_of(schedule)
            self._waiting.append(self._best)

    def halt(self) -> None:
        """Nothing to do: a slice is short."""

    def _begin(self) -> None:
        size, c = self.problem.operation_count, self._control
        order, mode = np.zeros(size, np.int64), np.zeros(size, np.int64)
        if self._waiting:
            order, mode = (part := self._waiting.pop()).order, part.mode
        elif len(self._members) >= self._room:
            i = draw(c, self._room)
            a, b = self._members[i], self._members[(i + 1 + draw(c, self._room - 1)) % self._room]
            between(c, 40 + draw(c, 21), a.order, a.mode, b.order, b.mode, order, mode)
        elif self._may_build:
            order, mode = (part := self._built(_BLUR)).order, part.mode
        else:
            order, mode = self._best.order, self._best.mode
        c[NOW] = c[BEST] = place(self._shop, self._state, order, mode)
        self._order[:], self._machine[:] = self._state.at, self._state.machine[:size]
        c[STALE], c[ENDED], c[CUTOFF] = 0, 0, _PATIENCE
        c[TENURE] = _TENURE + self._choice + draw(c, _SPREAD + self._choice)
        c[ITERATION] += _FORGOTTEN
        self._running = True

    def _end(self) -> None:
        self._running = False
        new, members = self._found(), self._members
        near = [distance(self._shop, new.order, new.mode, m.order, m.mode) for m in members]
        if not near or (len(members) < self._room and min(near) > 0):
            members.append(new)
            return
        same, worst = int(np.argmin(near)), max(range(len(near)), key=lambda k: members[k].makespan)
        twin = near[same] <= self.problem.operation_count // 50 + 1
        at = same if twin else worst
        if new.makespan <= members[at].makespan:
            members[at] = new
        self._idle += 1
        if len(members) == self._room < _MOST and (twin or self._idle >= _IDLE * self._room):
            self._room, self._idle = self._room + 1, 0

    def _built(self, blur: int) -> _Member:
        order, mode = np.zeros_like(self._order), np.zeros_like(self._order)
        greedy(self._shop, self._control, blur, order, mode)
        return _Member(order, mode, place(self._shop, self._state, order, mode))

    def _found(self) -> _Member:
        size = self.problem.operation_count
        mode = np.zeros(size, np.int64)
        _modes(self.problem, self._machine, mode)
        return _Member(self._order.copy(), mode, int(self._control[BEST]))

    def _member_of(self, schedule: Schedule) -> _Member:
        mode = np.zeros(self.problem.operation_count, np.int64)
        _modes(self.problem, schedule.machine, mode)
        # equal starts: a job's operations keep their order, also where they take no time
        order = np.lexsort((np.arange(len(mode)), schedule.end, schedule.start))
        return _Member(order, mode, schedule.makespan)

    def _schedule_of(self, member: _Member) -> Schedule:
        state = blank(self._shop)
        place(self._shop, state, member.order, member.mode)
        size = self.problem.operation_count
        machine = state.machine[:size]
        return Schedule.plain(self.problem, machine, state.done[state.rank[:size]] - state.time[:size])


def _modes(problem: Problem, machine: Ints, mode: Ints) -> None:
    owner = np.repeat(np.arange(problem.operation_count), np.diff(problem.mode_first))
    chosen = np.flatnonzero(problem.mode_machine == machine[owner])
    mode[owner[chosen]] = chosen


def _shop_of(problem: Problem) -> Shop:
    size = problem.operation_count
    before, after = np.arange(size, dtype=np.int64) - 1, np.arange(size, dtype=np.int64) + 1
    before[problem.job_first[:-1]] = size + 1 + np.arange(problem.job_count)
    after[problem.job_first[1:] - 1] = size
    counts = np.bincount(problem.mode_machine, minlength=problem.machine_count)
    room = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Shop(
        before,
        after,
        problem.release.copy(),
        problem.mode_first.copy(),
        problem.mode_machine.copy(),
        problem.mode_time.copy(),
        room,
    )


def load_bound(problem: Problem) -> int:
    """Lower bound on the makespan [tick]: every job alone; and what must be worked inside a set of machines.

    The operations that no machine outside a set may take need at least (least head + sum of least times + least tail)
    of it, shared by the set. Sets: those eligible for one operation, unions of two of them, and all machines.
    """
    least = np.minimum.reduceat(problem.mode_time, problem.mode_first[:-1])
    head, tail = np.zeros_like(least), np.zeros_like(least)
    for first, end, release in zip(
        problem.job_first[:-1].tolist(), problem.job_first[1:].tolist(), problem.release.tolist(), strict=True
    ):
        total = np.cumsum(least[first:end])
        head[first:end] = release + total - least[first:end]
        tail[first:end] = total[-1] - total
    bound = int((head + least + tail).max())
    eligible = np.zeros((problem.operation_count, problem.machine_count), bool)
    owner = np.repeat(np.arange(problem.operation_count), np.diff(problem.mode_first))
    eligible[owner, problem.mode_machine] = True
    for inside in _sets(eligible):
        own = ~eligible[:, ~inside].any(axis=1)
        if own.any():
            share = -(-int(least[own].sum()) // int(inside.sum()))
            bound = max(bound, int(head[own].min()) + share + int(tail[own].min()))
    return bound


def _sets(eligible: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    alone = np.unique(eligible, axis=0)
    pairs = [a | b for n, a in enumerate(alone) for b in alone[:n]] if len(alone) <= _PAIRS else []
    return [*alone, *pairs, np.ones(eligible.shape[1], bool)]
