"""The general engine: every rule of the problem, every objective."""

from __future__ import annotations

import math

import numpy as np

from luban.decide.schedule.construct import Bench
from luban.decide.schedule.kernel.decode import decode
from luban.decide.schedule.kernel.general_order import improve_order, settle
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NONE, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["GeneralEngine"]


class GeneralEngine:
    """Local search over the order in which operations are placed, and on which machines.

    Each change is judged by decoding the whole order under all rules, so that any problem and any objective will do.
    """

    name = "general"
    grain = 2_000_000
    proved = False

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        self.problem, self.objective = problem, objective
        self.bound = -math.inf
        self._bench = Bench(problem, objective)
        count, levels = problem.operation_count, len(objective.levels) + 1
        self._dice = np.array([0x9E3779B97F4A7C15 % 2**62 + 7919 * (seed + 1)], np.int64)
        self._genes = np.zeros((4, count), np.int64)
        self._trial, self._best = self._genes.copy(), self._genes.copy()
        self._places = np.zeros((2, count), np.int64)
        self._values = np.full((3, levels), np.inf)
        self._past = np.full((4096, levels), np.inf)
        self._count = np.array([0, 0, 20], np.int64)
        self._given = objective.value(first)
        self._taken: tuple[float, ...] = (math.inf,) * len(self._given)
        self._take(first)

    def advance(self, work: int) -> Schedule | None:
        """As `Engine`: some decodings; a unit is one operation looked at."""
        bench = self._bench
        decodes = max(1, work // max(1, 40 * self.problem.operation_count))
        found = improve_order(
            bench.shop,
            bench.state,
            bench.prices,
            bench.hours,
            bench.insert,
            self._dice,
            self._genes,
            self._trial,
            self._best,
            self._places,
            self._values,
            self._past,
            bench.figures,
            self._count,
            decodes,
        )
        if not found or self._values[2, 0] > 0:
            return None
        _decode(bench, self._best)
        best = bench.schedule()
        _decode(bench, self._genes)
        settle(bench.shop, bench.state, self._genes[0], self._places[0], self._places[1])
        value = self.objective.value(best)
        if value >= self._given:
            return None
        self._given = value
        return best

    def offer(self, schedule: Schedule) -> None:
        """As `Engine`: begins anew from a better schedule."""
        if self.objective.value(schedule) < self._given:
            self._given = self.objective.value(schedule)
            self._take(schedule)

    def halt(self) -> None:
        """As `Engine`: slices are short."""

    def _take(self, schedule: Schedule) -> None:
        genes = self._genes
        genes[0] = order_of(schedule)
        genes[1] = schedule.machine
        genes[2] = 0
        genes[3] = np.where(schedule.batch == NONE, 0, schedule.end - schedule.start)
        _decode(self._bench, genes)
        settle(self._bench.shop, self._bench.state, genes[0], self._places[0], self._places[1])
        value = self._bench.value()
        self._values[0] = value
        self._past[:] = value
        if value < tuple(self._values[2]):
            self._values[2] = value
            self._best[:] = genes


def _decode(bench: Bench, genes: Ints) -> bool:
    """Fills the bench's state from genes: order, machines, earliest starts, waits."""
    return bool(decode(bench.shop, bench.state, genes[0], genes[1], genes[2], genes[3], bench.insert))


def order_of(schedule: Schedule) -> Ints:
    """Operations by start; of equal starts the route's order."""
    count = np.arange(schedule.problem.operation_count)
    order: Ints = np.lexsort((count, schedule.end, schedule.start)).astype(np.int64)
    return order
