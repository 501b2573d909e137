"""Ruin and recreate as an engine: any rule, any objective, many thousand small changes a second.

Each round takes a few orders out of the plan, from one of their operations on, and puts them back one by one into the
gaps that are there (Shaw 1998, doi 10.1007/3-540-49481-2_30; Schrimpf et al. 2000, doi 10.1006/jcph.1999.6413). All
else stays, so a round costs what its few operations cost and not the whole plan. Worse plans are taken with a
probability that falls and rises in cycles (simulated annealing).
"""

from __future__ import annotations

import math

import numpy as np

from luban.decide.schedule.construct import Bench
from luban.decide.schedule.kernel.decode import decode
from luban.decide.schedule.kernel.general_tables import empty_state, schedule_of
from luban.decide.schedule.kernel.ruin import Sketch, copy_state, ruin_and_recreate, worth
from luban.decide.schedule.objective import TERMS, Objective
from luban.decide.schedule.problem import NEVER, NONE, ORDER, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Ruin", "RuinEngine"]

_BROKEN = 1e7
_SLICE = 200
_FIRST_CYCLE, _LONGEST_CYCLE = 20_000, 400_000
_HEATS = (1.0, 0.1, 4.0, 0.3)
"""How warm cycles begin, in turn [cost of an order]."""


class Ruin:
    """A state of a problem that is changed by ruin and recreate.

    start, machine  [O] where operations are to stay if they can; start NEVER: nowhere
    kept            [O] 1: that it moves is a disturbance
    """

    def __init__(
        self, problem: Problem, objective: Objective, seed: int, start: Ints, machine: Ints, kept: Ints | None = None
    ) -> None:
        self.problem, self.objective = problem, objective
        self.bench = Bench(problem, objective)
        self.current, self.best = empty_state(problem), empty_state(problem)
        count, jobs = problem.operation_count, problem.job_count
        self.sketch = Sketch(
            start=np.array(start, np.int64),
            machine=np.array(machine, np.int64),
            kept=np.zeros(count, np.int64) if kept is None else np.array(kept, np.int64),
            chosen=np.full(count, NONE, np.int64),
            low=np.zeros(count, np.int64),
            wait=np.zeros(count, np.int64),
            out=np.zeros(count, np.int64),
            heap=np.zeros(max(count, 256), np.int64),
            jobs=np.zeros(jobs, np.int64),
            key=np.zeros(jobs),
            weights=np.zeros(1 + len(TERMS)),
            base=np.full(jobs, -1.0),
            prices=np.zeros(3),
            random=np.array([2 * seed + 1], np.int64),
            best=np.zeros(6),
            figures=np.zeros(1 + len(TERMS)),
        )

    def begin(self, order: Ints, machine: Ints, start: Ints) -> bool:
        """Places all anew: in an order, on machines (NONE: any), none before a start; False where it cannot."""
        b, wait = self.bench, np.zeros(len(order), np.int64)
        return bool(decode(b.shop, b.state, order, machine, start, wait, True))

    def take(self, weigh: bool = True) -> None:
        """Makes what is placed now the current and the best state, and (unless told not to) weighs objectives by it."""
        b, sketch = self.bench, self.sketch
        if weigh:
            value = b.value()
            sketch.weights[:] = 0.0
            sketch.weights[0] = _BROKEN
            for level, prices in enumerate(b.prices):
                share = 1.0 if level == 0 else 1e-3**level * (1 + value[1]) / (1 + value[1 + level])
                sketch.weights[1:] += prices * share
        found = np.zeros(3)
        worth(b.shop, b.state, sketch, b.hours, found)
        sketch.best[:3], sketch.best[3:] = found, found
        copy_state(b.state, self.current)
        copy_state(b.state, self.best)

    def weigh(self, disturbance: float, beyond: float = 0.0, most: float = 0.0) -> None:
        """Prices of a disturbance, and of each beyond the most; best and current state are weighed anew."""
        b, sketch = self.bench, self.sketch
        sketch.prices[:] = disturbance, beyond, most
        found = np.zeros(3)
        worth(b.shop, self.best, sketch, b.hours, found)
        sketch.best[:3] = found
        worth(b.shop, self.current, sketch, b.hours, found)
        sketch.best[3:] = found

    def go_back(self) -> None:
        """Goes on from the best state."""
        copy_state(self.best, self.current)
        self.sketch.best[3:] = self.sketch.best[:3]

    def search(self, rounds: int, heat: float) -> None:
        """So many rounds; `heat`: cost that is given away lightly."""
        b = self.bench
        copy_state(self.current, b.state)
        ruin_and_recreate(b.shop, b.state, self.current, self.best, self.sketch, b.hours, heat, rounds)

    def schedule(self) -> Schedule:
        """The best state."""
        return schedule_of(self.problem, self.best)

    @property
    def broken(self) -> bool:
        """The best state breaks a limit."""
        copy_state(self.best, self.bench.state)
        return self.bench.value()[0] > 0


class RuinEngine:
    """Ruin and recreate for the portfolio; strong on large shops with due dates.

    Each cycle of rounds begins at the best plan, warm, and cools down; cycles grow twice as long.
    """

    name = "ruin"
    grain = 2_000_000
    bound = -math.inf
    proved = False

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        self.problem, self.objective = problem, objective
        never = np.full(problem.operation_count, NEVER, np.int64)
        self._ruin = Ruin(problem, objective, seed, never, np.full(problem.operation_count, NONE, np.int64))
        self._given = objective.value(first)
        self._turns, self._round, self._cycle = 0, 0, _FIRST_CYCLE
        self._unit = 2_000 + 4 * problem.operation_count
        self._left = 0
        self._able = self._take(first)

    def advance(self, work: int) -> Schedule | None:
        """As `Engine`; a round counts as 2,000 units and 4 for each operation of the problem."""
        if not self._able:
            return None
        self._left += work
        while self._left >= self._unit * _SLICE:
            self._left -= self._unit * _SLICE
            self._turn()
        best = self._ruin.schedule()
        value = self.objective.value(best)
        if value >= self._given or self._ruin.broken:
            return None
        self._given = value
        return best

    def _turn(self) -> None:
        ruin = self._ruin
        if self._round >= self._cycle:
            self._turns, self._round = self._turns + 1, 0
            self._cycle = min(2 * self._cycle, _LONGEST_CYCLE)
            ruin.go_back()
        cold = 1 - self._round / self._cycle
        orders = max(1.0, float((self.problem.job_kind == ORDER).sum()))
        heat = _HEATS[self._turns % len(_HEATS)] * float(ruin.sketch.best[1]) / orders
        ruin.search(_SLICE, heat * cold**2)
        self._round += _SLICE

    def offer(self, schedule: Schedule) -> None:
        """As `Engine`: goes on from a better schedule."""
        value = self.objective.value(schedule)
        if value < self._given:
            self._given = value
            self._able = self._take(schedule) or self._able

    def halt(self) -> None:
        """As `Engine`: slices are short."""

    def _take(self, schedule: Schedule) -> bool:
        ruin, count = self._ruin, np.arange(self.problem.operation_count)
        order = np.lexsort((count, schedule.end, schedule.start)).astype(np.int64)
        if not ruin.begin(order, schedule.machine, schedule.start):
            return False
        ruin.take()
        return True
