"""The general engine: every rule of the problem, every objective."""

from __future__ import annotations

import math

import numpy as np

from luban.decide.schedule.construct import Bench
from luban.decide.schedule.kernel.decode import decode
from luban.decide.schedule.kernel.general_graph import (
    FRESH,
    LOOKS,
    SPAN,
    Graph,
    anneal,
    restore,
)
from luban.decide.schedule.kernel.general_order import improve_order, settle
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["GeneralEngine", "by_sequences"]

HEAT = 0.1, 0.005
"""First and last temperature of a round of annealing [usual change of the value]."""

WARM, STAGE, SMALL = (1.0, 4.0, 16.0), 400_000, 500
"""Temperatures of the stages, how long a stage is [work], and up to how many operations there are such stages: a small
problem is searched through many times over, and each time from another distance."""

PLACE = [0, 10, 9]
"""Columns of a graph's node that `keep` holds: machine, place on it, earliest start."""


class GeneralEngine:
    """Local search under every rule of the problem, for any objective.

    Where sequences of the machines say all (no pools, batches, longest waits) it anneals over them and puts right only
    what a change moves; else it searches over the order in which operations are placed and decodes the whole.
    """

    name = "general"
    grain = 2_000_000
    proved = False

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        self.problem, self.objective = problem, objective
        self.bound = -math.inf
        dice = np.array([0x9E3779B97F4A7C15 % 2**62 + 7919 * (seed + 1)], np.int64)
        self._given = objective.value(first)
        self._search: _Sequences | _Orders
        bench = Bench(problem, objective)
        self._search = _Orders(bench, dice)
        if by_sequences(problem):
            graph = _Sequences(bench, dice)
            if graph.take(first):
                self._search = graph
                return
        self._search.take(first)

    def advance(self, work: int) -> Schedule | None:
        """As `Engine`: a unit is one operation looked at."""
        best = self._search.run(work)
        if best is None:
            return None
        value = self.objective.value(best)
        if value >= self._given:
            return None
        self._given = value
        return best

    def offer(self, schedule: Schedule) -> None:
        """As `Engine`: begins anew from a better schedule."""
        value = self.objective.value(schedule)
        if value < self._given:
            self._given = value
            self._search.take(schedule)

    def halt(self) -> None:
        """As `Engine`: slices are short."""


def by_sequences(problem: Problem) -> bool:
    """Whether the machines' sequences decide a schedule: no pools in use, no batches, no longest waits."""
    p = problem
    inner = np.ones(p.operation_count, bool)
    inner[p.job_first[1:] - 1] = False
    return bool(
        p.need_pool.size == 0
        and (p.machine_setup_pool == NONE).all()
        and (p.machine_batch == 0).all()
        and (p.max_lag[inner] == NEVER).all()
    )


class _Sequences:
    """Annealing over the machines' sequences."""

    def __init__(self, bench: Bench, dice: Ints) -> None:
        p = bench.problem
        ops, modes, levels = p.operation_count, len(p.mode_machine), len(bench.prices) + 1
        self.bench, self.dice = bench, dice
        self.graph = Graph(
            node=np.zeros((ops, 11), np.int64),
            paid=np.zeros((ops, 2)),
            seq=np.zeros(modes + 1, np.int64),
            count=np.zeros(p.machine_count, np.int64),
            keys=np.zeros(ops + 8, np.int64),
            ids=np.zeros(ops + 8, np.int64),
            queued=np.zeros(ops, np.int64),
            log=np.zeros((ops + 1, 12), np.int64),
            log_paid=np.zeros((ops + 1, 2)),
            seen=np.zeros(ops, np.int64),
            flow=np.zeros((ops, levels + 1)),
            figures=np.zeros((2, 10)),
            values=np.full((3, levels), np.inf),
            scale=np.zeros(levels),
            guess=np.zeros(levels),
            soft=np.array([2.0 * float(p.mode_time.mean())]),
            urgent=np.zeros(ops, np.int64),
            keep=np.zeros((ops, 3), np.int64),
            mind=np.zeros(11, np.int64),
        )
        self.graph.mind[SPAN] = max(4000, 4 * ops)
        self.good = self.graph.keep.copy()
        self.warm = WARM if ops <= SMALL else (1.0,)

    def take(self, schedule: Schedule) -> bool:
        """Begins from a schedule; False where its sequences run in a circle."""
        keep, bench, graph = self.graph.keep, self.bench, self.graph
        keep[:, 0] = schedule.machine
        keep[:, 2] = 0
        order = order_of(schedule)
        place = order[np.argsort(schedule.machine[order], kind="stable")]
        count = np.bincount(schedule.machine, minlength=bench.problem.machine_count)
        keep[place, 1] = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        if not self._begin():
            return False
        graph.values[2] = graph.values[0]
        self.good[:] = keep
        if graph.scale[0] == 0:
            graph.scale[:] = np.maximum(1.0, np.abs(graph.values[0]) / (10 * len(bench.problem.jobs)))
        return True

    def run(self, work: int) -> Schedule | None:
        """Anneals; the best where it is a new one that keeps all limits."""
        bench, graph = self.bench, self.graph
        found, until = False, int(graph.mind[LOOKS]) + work
        while graph.mind[LOOKS] < until:
            looks = int(graph.mind[LOOKS])
            warm = self.warm[looks // STAGE % len(self.warm)]
            ahead = min(until, (looks // STAGE + 1) * STAGE) - looks
            heat = [part * warm for part in HEAT]
            found |= bool(anneal(bench.shop, graph, bench.prices, bench.hours, *heat, self.dice, ahead))
        if not found or graph.values[2, 0] > 0:
            return None
        at_best = bool(graph.mind[FRESH])
        present = graph.node[:, PLACE].copy()
        if not restore(bench.shop, graph, bench.hours) or graph.figures[0, 0] > 0:
            graph.keep[:] = self.good
            self._begin()
            graph.values[2] = graph.values[0]
            return None
        self.good[:] = graph.keep
        best = self._schedule()
        if not at_best:
            graph.keep[:] = present
            sound = restore(bench.shop, graph, bench.hours)
            graph.keep[:] = self.good
            if not sound:
                restore(bench.shop, graph, bench.hours)
            graph.values[0] = self._value()
        return best

    def _schedule(self) -> Schedule:
        node = self.graph.node.copy()
        alone = np.full(len(node), NONE, np.int64)
        return Schedule(self.bench.problem, node[:, 0], node[:, 1], node[:, 2], node[:, 5], node[:, 6], alone)

    def _begin(self) -> bool:
        sound = bool(restore(self.bench.shop, self.graph, self.bench.hours))
        self.graph.values[0] = self._value()
        self.graph.mind[FRESH] = 0
        return sound

    def _value(self) -> tuple[float, ...]:
        figures = self.graph.figures[0]
        return (float(figures[0]), *(float(level) for level in self.bench.prices @ figures[1:]))


class _Orders:
    """Late acceptance over orders of placing."""

    def __init__(self, bench: Bench, dice: Ints) -> None:
        count, levels = bench.problem.operation_count, len(bench.prices) + 1
        self.bench, self.dice = bench, dice
        self.genes = np.zeros((4, count), np.int64)
        self.trial, self.best = self.genes.copy(), self.genes.copy()
        self.places = np.zeros((2, count), np.int64)
        self.values = np.full((3, levels), np.inf)
        self.past = np.full((4096, levels), np.inf)
        self.count = np.array([0, 0, 20], np.int64)

    def take(self, schedule: Schedule) -> bool:
        """Begins from a schedule."""
        genes = self.genes
        genes[0] = order_of(schedule)
        genes[1] = schedule.machine
        genes[2] = 0
        genes[3] = np.where(schedule.batch == NONE, 0, schedule.end - schedule.start)
        self._decode(genes)
        settle(self.bench.shop, self.bench.state, genes[0], self.places[0], self.places[1])
        value = self.bench.value()
        self.values[0] = value
        self.past[:] = value
        if value < tuple(self.values[2]):
            self.values[2] = value
            self.best[:] = genes
        return True

    def run(self, work: int) -> Schedule | None:
        """Some decodings; the best where it is a new one that keeps all limits."""
        bench = self.bench
        decodes = max(1, work // max(1, 40 * bench.problem.operation_count))
        found = improve_order(
            bench.shop,
            bench.state,
            bench.prices,
            bench.hours,
            bench.insert,
            self.dice,
            self.genes,
            self.trial,
            self.best,
            self.places,
            self.values,
            self.past,
            bench.figures,
            self.count,
            decodes,
        )
        if not found or self.values[2, 0] > 0:
            return None
        self._decode(self.best)
        best = bench.schedule()
        self._decode(self.genes)
        settle(bench.shop, bench.state, self.genes[0], self.places[0], self.places[1])
        return best

    def _decode(self, genes: Ints) -> bool:
        """Fills the bench's state from genes: order, machines, earliest starts, waits."""
        bench = self.bench
        return bool(decode(bench.shop, bench.state, genes[0], genes[1], genes[2], genes[3], bench.insert))


def order_of(schedule: Schedule) -> Ints:
    """Operations by start; of equal starts the route's order."""
    count = np.arange(schedule.problem.operation_count)
    order: Ints = np.lexsort((count, schedule.end, schedule.start)).astype(np.int64)
    return order
