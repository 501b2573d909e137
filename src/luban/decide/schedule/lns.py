"""Large neighbourhood search: parts of a schedule are decided again by CP-SAT, under every rule of the problem.

The rest of the schedule stays; what runs after the part keeps its order and may shift. The size of the parts and the
way they are chosen follow what pays.
Source: Shaw 1998, doi 10.1007/3-540-49481-2_30; Godard, Laborie, Nuijten 2005 (partial order); Laborie and Godard 2007
(learning which neighbourhoods pay).
"""

from __future__ import annotations

from math import inf

import numpy as np
from ortools.sat.python.cp_model import FEASIBLE, INFEASIBLE, OPTIMAL, CpSolver

from luban.decide.schedule.exact import UNIT, make_solver
from luban.decide.schedule.model import ImpossibleError, Model, TooLargeError
from luban.decide.schedule.model_answer import hint, schedule_of
from luban.decide.schedule.model_machines import Machines
from luban.decide.schedule.model_pools import add_pools
from luban.decide.schedule.model_value import Level, levels, needs_costs
from luban.decide.schedule.neighbourhoods import KINDS, Field
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["LnsEngine"]

_LIMIT = 0.05
"""Deterministic seconds for one part."""

_BUILD = 1e-5
"""What building a model takes, for each operation in it [deterministic seconds]."""

_SIZES = 8, 400
"""Fewest and most free operations."""

_LARGEST = 2**58


class LnsEngine:
    """Improves a schedule part by part; works on any problem whose exact model exists.

    seed   same seed, same path
    first  where it begins

    Example  >>> engine = LnsEngine(problem, Objective.parse("tardiness"), 0, first)  # doctest: +SKIP
             >>> better = engine.advance(10**8)
    """

    name = "lns"
    grain = 20_000_000
    bound = -inf
    proved = False

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule) -> None:
        self.problem, self.objective, self.seed = problem, objective, seed
        self.random = np.random.default_rng([seed, 1998])
        self.field = Field(problem, objective, self.random)
        self.parts = 0
        self._now, self._value = first, objective.value(first)
        self._credit = 0.0
        self._sizes = dict.fromkeys(KINDS, 16.0)
        self._pay = dict.fromkeys(KINDS, 1.0)
        self._declined = 0
        self._solver: CpSolver | None = None
        self._halted = False

    def advance(self, work: int) -> Schedule | None:
        """Decides parts again until the work is spent; the best schedule where it is new."""
        self._halted = False
        self._credit += work * UNIT
        best = None
        while self._credit > 0.0 and not self._halted and self._declined < 50:
            found = self._part()
            best = found or best
        return best

    def offer(self, schedule: Schedule) -> None:
        """A better schedule to go on from."""
        value = self.objective.value(schedule)
        if value < self._value:
            self._now, self._value = schedule, value

    def halt(self) -> None:
        """Ends the running part."""
        self._halted = True
        if self._solver is not None:
            self._solver.stop_search()

    def _part(self) -> Schedule | None:
        """Chooses a part and solves it; a better schedule or None."""
        pay = np.array([self._pay[kind] for kind in KINDS])
        kind = KINDS[int(self.random.choice(len(KINDS), p=pay / pay.sum()))]
        part = self.field.choose(self._now, kind, round(self._sizes[kind]))
        self._credit -= 1e-8 * self.problem.operation_count + 6e-4
        self.parts += 1
        if part is None or part.free.size < 2:
            self._grow(kind, 0.95 if part is None else 1.1)
            return None
        self._credit -= _BUILD * (part.free.size + part.kept.size)
        try:
            model = Model(self.problem, self.field.scope(self._now, part))
            machines = Machines(model, costs=needs_costs(self.objective))
            add_pools(model, machines)
            goal = _goal(model, levels(model, machines, self.objective))
        except TooLargeError:
            self._declined += 1
            self._grow(kind, 0.8)
            return None
        except ImpossibleError:
            return None
        self._declined = 0
        return self._solve(kind, model, machines, goal)

    def _solve(self, kind: str, model: Model, machines: Machines, goal: Level) -> Schedule | None:
        domain = goal.variable.proto.domain
        domain[1] = min(int(domain[1]), goal.begun)
        if domain[0] >= domain[1]:
            return None
        model.cp.minimize(goal.variable)
        hint(model, machines, self._now)
        self._solver = make_solver(int(self.random.integers(2**31)), 1, _LIMIT, inf)
        self._solver.parameters.cp_model_probing_level = 0
        self._solver.parameters.symmetry_level = 0
        status = self._solver.solve(model.cp)
        spent = float(self._solver.response_proto.deterministic_time)
        self._credit -= spent
        if status in {OPTIMAL, INFEASIBLE}:
            self._grow(kind, 1.15 if spent < 0.3 * _LIMIT else 1.02)
        else:
            self._grow(kind, 0.9)
        found = schedule_of(model, machines, self._solver.value) if status in {OPTIMAL, FEASIBLE} else None
        value = self.objective.value(found) if found is not None else self._value
        gain = max(0.0, (self._value[0] - value[0]) / max(abs(self._value[0]), 1e-9)) + 1e-4 * (value < self._value)
        self._pay[kind] = max(0.05, 0.9 * self._pay[kind] + 100 * gain / max(spent, 0.002))
        if found is None or value > self._value:
            return None
        better = value < self._value
        self._now, self._value = found, value
        return found if better else None

    def _grow(self, kind: str, factor: float) -> None:
        most = min(_SIZES[1], self.problem.operation_count)
        self._sizes[kind] = min(max(self._sizes[kind] * factor, min(_SIZES[0], most)), float(most))


def _goal(model: Model, found: list[Level]) -> Level:
    """All levels as one value where the numbers allow it, else the first level."""
    total = found[0]
    for level in found[1:]:
        low, high = (int(t) for t in level.variable.proto.domain)
        low = max(low, 0)
        high = max(level.begun, min(high, 4 * level.begun + 1000))
        level.variable.proto.domain[0], level.variable.proto.domain[1] = low, high
        weight = high - low + 1
        domain = total.variable.proto.domain
        most = int(domain[1]) * weight + high
        if most > _LARGEST:
            return total
        joined = model.cp.new_int_var(int(domain[0]) * weight, most, "")
        model.cp.add(joined == weight * total.variable + level.variable)
        total = Level(joined, 1.0, 0.0, True, weight * total.begun + level.begun)
    return total
