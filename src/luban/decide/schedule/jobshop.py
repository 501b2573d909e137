"""Job shop, makespan: tabu search on critical blocks, and a population whose members are merged.

Reads  Problem (plain, one mode an operation)    Writes  Schedule
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.decide.schedule.kernel.jobshop import Graph, build, ends
from luban.decide.schedule.kernel.jobshop_blend import distance, machine_bound, merge
from luban.decide.schedule.kernel.jobshop_dispatch import dispatch
from luban.decide.schedule.kernel.jobshop_tabu import BEST, IDLE, NOW, STUCK, WORK, Memory, tabu
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, Floats, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["JobShopEngine"]

_Order = NDArray[np.uint32]
_Member = tuple[int, _Order]

_FEW, _MANY = 8, 30
"""The population begins small, so that merging begins early; each one after it has twice as many members."""

_STALE = 3
"""Runs a member without a new member after which a population has nothing more to give."""

_CHAMPIONS = 6

_ALIKE = 100
"""Two solutions are alike where fewer than one pair in so many runs in another order."""

_PATIENCE = 12_500
"""Iterations without gain after which a run of the tabu search ends (Peng, Lü, Cheng 2015)."""

_HASTE = 6_000
"""The same for a run that would not enter the population as it stands."""

_SWINGS = 40
"""Dispatches without gain after which the search begins."""

_FEW_SWINGS = 5

_LARGE = 5_000
"""Operations above which a new start is a dispatch."""

_MERGED, _MIXED = 0.5, 0.3
"""Shares of starts that merge two orders step by step, that mix two times, and (the rest) that shake one solution."""


@dataclass
class _Swing:
    """Dispatches to and fro: what is urgent next, from which end, the last makespan, how many without gain."""

    priority: Ints
    side: int = 0
    value: int = 0
    idle: int = 0


class JobShopEngine:
    """Tabu search with path relinking on a plain job shop, least makespan.

    problem    plain, one mode an operation; a job may visit a machine more than once
    objective  the makespan alone
    seed       same seed, same path
    first      a schedule to begin from
    Raises     InputError for another problem or objective.
    Source     doi 10.1016/j.cor.2014.08.006 (TS/PR), 10.1016/j.cor.2005.12.002 (N7)
    """

    name = "jobshop"
    grain = 2_000_000

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        single = bool((np.diff(problem.mode_first) == 1).all())
        if not (problem.is_plain and single and objective.is_makespan):
            raise InputError(
                "not a plain job shop with the makespan as its objective",
                came=str(objective),
                expected="one machine an operation, no setups, calendars, pools, batches or limits",
                where=problem.name,
            )
        self._problem = problem
        self._random = np.random.default_rng(seed)
        self._graph = _graph(problem, self._random)
        self._memory = _memory(self._graph, problem.operation_count, int(self._random.integers(1, 2**63)))
        self._tenure = 16 + problem.job_count // max(problem.machine_count, 1)
        spans = np.bincount(problem.mode_machine, minlength=problem.machine_count)
        self._spans = np.concatenate([[0], np.cumsum(spans)])
        self._people: list[_Member] = []
        self._champions: list[_Member] = []
        self._room = _FEW
        self._stale = 0
        self._joined = False
        self._near = 1 + int((spans * (spans - 1)).sum()) // (2 * _ALIKE)
        self._best = _order_of(first)
        self._value = first.makespan
        self._told = self._value
        self.bound = float(_bound(problem))
        self._swing = _Swing(self._tails_of_jobs())
        self._begin(self._best)
        # what the first slices do not need is compiled here too, so that no later slice stops for it
        self._apart(self._best, self._between(self._best, self._best, 512))
        self._schedule()

    @property
    def proved(self) -> bool:
        """The best is as good as the bound."""
        return self._value <= self.bound

    def advance(self, work: int) -> Schedule | None:
        """Searches for about `work` units and returns its best where that is new, else None."""
        ctl = self._memory.ctl
        until = ctl[WORK] + work
        while not self.proved and ctl[WORK] < until:
            if self._swing.idle < _SWINGS:
                self._swing_once()
                continue
            left = until - ctl[WORK]
            tabu(self._graph, self._memory, int(self.bound), self._bar(), _PATIENCE, _HASTE, left, self._tenure)
            if ctl[BEST] < self._value:
                self._value, self._best = int(ctl[BEST]), self._memory.best.copy()
            if ctl[STUCK] == 2:
                self.bound = float(ctl[NOW])
            elif ctl[STUCK] or ctl[WORK] < until:
                self._settle_run()
        if self._value < self._told:
            self._told = self._value
            return self._schedule()
        return None

    def offer(self, schedule: Schedule) -> None:
        """A better schedule that somebody else found; it waits among the champions.

        Taken up at once, it would make two engines search in one place: no gain was seen at ten seconds.
        """
        value, order = schedule.makespan, _order_of(schedule)
        if value < self._value:
            self._value = self._told = value
            self._best = order
        self._champions = self._with(self._champions, _CHAMPIONS, value, order)

    def halt(self) -> None:
        """Nothing: slices are short."""

    def _swing_once(self) -> None:
        """One dispatch with the urgency the last one, from the other end, found; when they end, the search begins."""
        swing = self._swing
        order = self._swung(swing)
        if swing.value < self._value:
            self._value, self._best = swing.value, order
            swing.idle = 0
        if swing.idle >= _SWINGS or self.proved:
            swing.idle = _SWINGS
            self._begin(self._best)

    def _swung(self, swing: _Swing) -> _Order:
        graph = self._graph
        dispatch(graph, swing.priority, self._spans, swing.side, graph.order)
        order = graph.order.copy()
        swing.value = int(build(graph))
        swing.idle += 1
        swing.side = 1 - swing.side
        swing.priority = graph.span[(2 if swing.side == 0 else 1) : 4 * order.size : 4].copy()
        self._memory.ctl[WORK] += (5 + order.size.bit_length()) * order.size
        return order

    def _tails_of_jobs(self) -> Ints:
        p = self._problem
        before = np.concatenate([[0], np.cumsum(p.mode_time)])
        tails: Ints = before[p.job_first[1:]][p.job_of] - before[:-1]
        return tails

    def _begin(self, order: _Order) -> None:
        self._graph.order[:] = order
        ctl, memory = self._memory.ctl, self._memory
        now = build(self._graph)
        ctl[NOW] = ctl[BEST] = now
        ctl[IDLE] = ctl[STUCK] = 0
        memory.best[:] = order
        memory.keys[:] = 0
        ctl[WORK] += 2 * order.size

    def _settle_run(self) -> None:
        """A run of the tabu search is over: its best joins the population, the next start comes from it."""
        came = self._keep(int(self._memory.ctl[BEST]), self._memory.best.copy())
        self._stale = 0 if came else self._stale + 1
        if self._stale > _STALE * self._room:
            self._turn()
        pair = self._pair()
        if pair is None and len(self._people) >= self._room:
            self._turn()
            pair = self._pair()
        self._begin(self._child(*pair) if pair else self._anew())

    def _pair(self) -> tuple[_Order, _Order] | None:
        """Two members that are not alike; None while there is room for new ones, or where all are alike."""
        people = self._people
        for _ in range(10 if len(people) >= self._room else 0):
            i, j = self._random.choice(len(people), 2, replace=False).tolist()
            if self._apart(people[i][1], people[j][1]) > self._near:
                return people[i][1], people[j][1]
        return None

    def _turn(self) -> None:
        """A population has nothing more to give: the champions join it once; the next time a new one begins."""
        self._stale = 0
        self._joined = not self._joined and bool(self._champions)
        if self._joined:
            for value, order in self._champions:
                self._keep(value, order)
        else:
            self._champions = self._with(self._champions, _CHAMPIONS, *self._people[0])
            self._people = []
            self._room = min(2 * self._room, _MANY)

    def _bar(self) -> int:
        """The makespan that a run has to reach for its full time."""
        people = self._people
        if not people:
            return NEVER
        return people[-1][0] if len(people) >= self._room else people[0][0] + people[0][0] // 32

    def _keep(self, value: int, order: _Order) -> bool:
        """Whether a solution came into the population."""
        self._people = self._with(self._people, self._room, value, order)
        return any(theirs is order for _, theirs in self._people)

    def _with(self, group: list[_Member], room: int, value: int, order: _Order) -> list[_Member]:
        """A group with a solution in place of those alike, where it is better, or else of the worst."""
        alike = [k for k, (_, theirs) in enumerate(group) if self._apart(order, theirs) <= self._near]
        if any(group[k][0] <= value for k in alike):
            return group
        others = [one for k, one in enumerate(group) if k not in alike]
        return sorted([*others, (value, order)], key=lambda one: one[0])[:room]

    def _apart(self, one: _Order, other: _Order) -> int:
        room = np.empty((2, one.size), np.int64)
        return int(distance(one, other, self._graph.machine, self._spans, room[0], room[1]))

    def _child(self, one: _Order, other: _Order) -> _Order:
        """A start near one solution, or between two."""
        kind = self._random.random()
        if kind < _MERGED:
            return self._between(one, other, int(self._random.integers(300, 725)))
        key = self._middles(one)
        if kind < _MERGED + _MIXED:
            share = self._random.uniform(0.3, 0.7)
            return _by(share * key + (1 - share) * self._middles(other))
        return _by(key * self._random.uniform(0.9, 1.1, self._problem.job_count)[self._problem.job_of])

    def _middles(self, order: _Order) -> Floats:
        """[O] head less tail: grows along every arc."""
        graph = self._graph
        graph.order[:] = order
        build(graph)
        span = graph.span[: 4 * order.size]
        return (span[1::4] - span[2::4]) + graph.place[: order.size] * (0.5 / order.size)

    def _between(self, one: _Order, other: _Order, share: int) -> _Order:
        out = np.empty_like(one)
        merge(one, other, share, self._memory.state, np.zeros(one.size, np.int8), out)
        return out

    def _anew(self) -> _Order:
        """A start of its own.

        Jobs lie with their middles at one time, each a little faster or slower. Long as such a schedule is, few pairs
        run against the flow of the routes, and the search ends lower from there than from a good dispatch. Where it
        would take too long to come down, it is a few dispatches to and fro, urgent at random.
        """
        p = self._problem
        tails = self._tails_of_jobs()
        if tails.size > _LARGE:
            swing = _Swing((tails * self._random.uniform(0.5, 1.5, tails.size)).astype(np.int64))
            for _ in range(_FEW_SWINGS):
                order = self._swung(swing)
            return order
        job = p.job_of
        total = tails[p.job_first[:-1].clip(max=tails.size - 1)][job]
        return _by((total / 2 - tails) * self._random.uniform(0.8, 1.25, p.job_count)[job])

    def _schedule(self) -> Schedule:
        p = self._problem
        return Schedule.plain(p, p.mode_machine, ends(self._best, self._graph) - p.mode_time)


def _order_of(schedule: Schedule) -> _Order:
    return np.lexsort((np.arange(len(schedule.start)), schedule.end, schedule.start)).astype(np.uint32)


def _by(key: Floats) -> _Order:
    return np.argsort(key, kind="stable").astype(np.uint32)


def _graph(p: Problem, random: np.random.Generator) -> Graph:
    """Without a solution yet: routes, times and hashes."""
    count, jobs = p.operation_count, p.job_count
    none = count + jobs
    link = np.full((none + 1, 4), none, np.uint32)
    span = np.zeros((none + 1, 4), np.int64)
    number = np.arange(count)
    inner = np.ones(count, bool)
    filled = np.diff(p.job_first) > 0
    firsts, lasts = p.job_first[:-1][filled], p.job_first[1:][filled] - 1
    inner[firsts] = False
    link[number[inner], 0] = number[inner] - 1
    link[number[inner] - 1, 1] = number[inner]
    released = p.release[filled] > 0
    link[firsts[released], 0] = count + np.flatnonzero(filled)[released]
    span[:count, 0] = p.mode_time
    span[count:none, 0] = span[count:none, 1] = p.release
    span[:, 3] = random.integers(1, 2**62, none + 1)
    place = np.full(none + 1, count, np.uint32)
    machine = p.mode_machine.astype(np.uint32)
    tip = np.zeros(max(p.machine_count, 1), np.uint32)
    return Graph(
        link.reshape(-1), span.reshape(-1), place, number.astype(np.uint32), lasts.astype(np.uint32), machine, tip
    )


def _memory(graph: Graph, count: int, seed: int) -> Memory:
    room = 4 * count + 8
    return Memory(
        ctl=np.zeros(8, np.int64),
        state=np.array([seed], np.uint64),
        best=graph.order.copy(),
        keys=np.zeros(4096, np.uint64),
        until=np.zeros(4096, np.int64),
        seen=np.zeros(1 << 16, np.uint64),
        sign=np.zeros(1, np.uint64),
        mark=np.zeros(graph.place.size, np.int64),
        held=np.zeros(count + 1, np.uint32),
        ahead=np.zeros(count + 1, np.int64),
        path=np.zeros(count + 1, np.int64),
        moves=np.zeros((room, 3), np.int64),
        bound=np.zeros(room, np.int64),
    )


def _bound(p: Problem) -> int:
    """Longest job; and on each machine, what an interruptible schedule with the jobs' heads and tails takes."""
    time = p.mode_time
    before = np.concatenate([[0], np.cumsum(time)])
    job = p.job_of
    head = before[:-1] - before[p.job_first[:-1]][job] + p.release[job]
    tail = before[p.job_first[1:]][job] - before[1:]
    best = int((head + time + tail).max(initial=0))
    for machine in range(p.machine_count):
        own = np.flatnonzero(p.mode_machine == machine)
        if own.size:
            best = max(best, int(machine_bound(head[own], time[own], tail[own])))
    return best
