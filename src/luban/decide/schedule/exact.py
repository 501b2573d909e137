"""The exact engine: CP-SAT on the full rules, with a bound at every moment and a proof where it ends.

Levels of the objective are solved one after another, earlier ones held at their optimum. A round is one call of CP-SAT
with a limit in its deterministic time, so the path does not depend on the clock.
Source: OR-Tools CP-SAT, Perron and Didier 2024; lazy clause generation, Ohrimenko et al. 2009, doi
10.1007/s10601-008-9064-x.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from time import monotonic

import numpy as np
from ortools.sat.python.cp_model import FEASIBLE, INFEASIBLE, OPTIMAL, CpSolver

from luban.core.errors import InputError
from luban.decide.schedule.bound import lower_bound
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.model import ImpossibleError, Model, Scope, TooLargeError, horizon
from luban.decide.schedule.model_answer import hint, schedule_of
from luban.decide.schedule.model_machines import Machines
from luban.decide.schedule.model_pools import add_pools
from luban.decide.schedule.model_value import Level, levels, needs_costs
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, ORDER, Ints, Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["UNIT", "ExactEngine", "conflict", "make_solver", "prove", "require_possible"]

UNIT = 2e-9
"""CP-SAT's deterministic seconds in a unit of work: one of them takes about five seconds of a core."""

_OPERATIONS = 20_000
"""Most operations of an exact model."""


class ExactEngine:
    """Proof and bound for one problem and objective; on what it cannot model its bound stays as it began.

    seed     of CP-SAT
    first    any schedule that keeps the rules
    workers  threads of CP-SAT; with one, the same seed takes the same path

    Example  >>> engine = ExactEngine(problem, Objective(), 0, first)  # doctest: +SKIP
             >>> engine.advance(10**8); engine.bound, engine.proved
    """

    name = "exact"
    grain = 50_000_000

    def __init__(self, problem: Problem, objective: Objective, seed: int, first: Schedule, workers: int = 1) -> None:
        self.problem, self.objective, self.seed, self.workers = problem, objective, seed, workers
        self.bound = lower_bound(problem, objective)
        self.proved = False
        self.declined = ""
        self._best, self._value = first, objective.value(first)
        self._credit, self._limit = 0.0, 0.1
        self._steps: _Steps | None = None
        self._solver: CpSolver | None = None
        self._halted = False

    def advance(self, work: int) -> Schedule | None:
        """Runs the next round where the work given so far pays for the rounds before it."""
        if self.proved or self.declined:
            return None
        self._halted = False
        self._credit += work * UNIT
        if self._credit <= 0.0:
            return None
        spent, found = self._next(self._limit, inf)
        self._credit -= max(spent, 0.01)
        self._limit *= 2.0
        return found

    def offer(self, schedule: Schedule) -> None:
        """A schedule to beat."""
        value = self.objective.value(schedule)
        if value < self._value:
            self._best, self._value = schedule, value

    def halt(self) -> None:
        """Ends the running round."""
        self._halted = True
        if self._solver is not None:
            self._solver.stop_search()

    def _next(self, deterministic: float, seconds: float) -> tuple[float, Schedule | None]:
        """One call of CP-SAT: what it took, and a better schedule if it found one."""
        try:
            if self._steps is None:
                self._steps = _Steps(self.problem, self.objective, self._best)
        except TooLargeError as limit:
            self.declined = str(limit)
            return 0.0, None
        except ImpossibleError as where:
            self.declined = f"{self.problem.operations[where.operation]} has no place in the model"
            return 0.0, None
        steps = self._steps
        self._solver = make_solver(self.seed, self.workers, deterministic, seconds)
        found = None if self._halted else steps.solve(self._solver, self._best, self._value, self.bound)
        self.bound = max(self.bound, steps.bound)
        self.proved = steps.done
        if steps.level == 0:
            self.bound = min(self.bound, self.objective.value(found or self._best)[0])
        spent = steps.spent
        if found is None:
            return spent, None
        value = self.objective.value(found)
        if value >= self._value:
            return spent, None
        self._best, self._value = found, value
        return spent, found


class _Steps:
    """The levels of a model, solved in turn.

    level   the one being solved
    bound   of the first level
    done    every level is at its optimum
    spent   deterministic seconds of the last call
    """

    def __init__(self, problem: Problem, objective: Objective, best: Schedule | None) -> None:
        if problem.operation_count > _OPERATIONS:
            raise TooLargeError(f"{problem.operation_count} operations")
        self.problem, self.objective = problem, objective
        self.model = Model(problem, Scope.whole(problem, _limits(problem, objective, best)))
        self.machines = Machines(self.model, costs=needs_costs(objective))
        add_pools(self.model, self.machines)
        self.levels: list[Level] = levels(self.model, self.machines, objective)
        if self.model.cp.validate():
            raise TooLargeError("its numbers are beyond what CP-SAT counts")
        self.level, self.bound, self.done, self.infeasible, self.spent = 0, -inf, False, False, 0.0
        self._least = [int(level.variable.proto.domain[0]) for level in self.levels]
        self._most = [int(level.variable.proto.domain[1]) for level in self.levels]

    def solve(self, solver: CpSolver, best: Schedule | None, value: tuple[float, ...], bound: float) -> Schedule | None:
        """One call; a schedule that is better on this level, or None."""
        level, self.spent = self.levels[self.level], 0.0
        if self.level == 0:
            self._least[0] = max(self._least[0], _ceil(bound, level))
        if best is not None and not self._limit(value):
            self._close(value[self.level])
            return None
        cp = self.model.cp
        cp.clear_objective()
        cp.minimize(level.variable)
        if best is not None:
            hint(self.model, self.machines, best)
        status = solver.solve(cp)
        self.spent = float(solver.response_proto.deterministic_time)
        if status == INFEASIBLE:
            self.infeasible = best is None
            self._close(value[self.level] if best is not None else inf)
            return None
        limit = solver.response_proto.best_objective_bound
        if abs(limit) < 2**60:
            self._least[self.level] = max(self._least[self.level], round(limit))
        if self.level == 0:
            self.bound = max(self.bound, level.value(self._least[0]))
        if status not in {OPTIMAL, FEASIBLE}:
            return None
        found = schedule_of(self.model, self.machines, solver.value)
        if status == OPTIMAL:
            self._close(self.objective.value(found)[self.level])
        return found

    def _limit(self, value: tuple[float, ...]) -> bool:
        """Bounds of the levels' variables; False: nothing better is left on this level."""
        for at, level in enumerate(self.levels[: self.level + 1]):
            most = level.below(value[at], strictly=at == self.level)
            domain = level.variable.proto.domain
            most = min(most, self._most[at])
            if most < self._least[at]:
                return False
            domain[0], domain[1] = self._least[at], most
        return True

    def _close(self, value: float) -> None:
        """This level is at its optimum."""
        if self.level == 0:
            self.bound = value
        self.level += 1
        self.done = self.level == len(self.levels) or value == inf


def _limits(problem: Problem, objective: Objective, best: Schedule | None) -> Ints:
    """[J] when each job ends at the latest in any schedule that is not worse than the best one."""
    terms = {term for level in objective.levels for term, _ in level}
    regular = best is not None and not terms & {"earliness", "energy_cost"}
    until = np.full(problem.job_count, horizon(problem, regular=regular), np.int64)
    if best is None:
        return until
    value = objective.value(best)[0] + 1e-6
    orders = problem.job_kind == ORDER
    for term, price in objective.levels[0]:
        most = np.full(problem.job_count, float(NEVER))
        if term == "makespan":
            most[:] = value / price
        elif term == "flow_time":
            most = problem.release + value / price
        elif term == "tardiness":
            paid = (problem.due < NEVER) & (problem.weight > 0)
            most[paid] = problem.due[paid] + value / price / problem.weight[paid]
        until = np.where(orders, np.minimum(until, np.ceil(np.minimum(most, float(NEVER)))), until).astype(np.int64)
    return until


def _ceil(bound: float, level: Level) -> int:
    """Least scaled value that keeps a bound of the level's value."""
    if not level.exact or bound == -inf:
        return -(2**60)
    scaled = bound * level.scale - level.rest
    return round(scaled) if abs(scaled - round(scaled)) < 1e-6 * max(1.0, abs(scaled)) else int(scaled // 1)


def make_solver(seed: int, workers: int, deterministic: float, seconds: float) -> CpSolver:
    """A solver that proves machines fast; limits that are inf are none."""
    solver = CpSolver()
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.num_workers = workers
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is the caller's
    # without a linear relaxation and with the order of pairs deduced, machines are proved several times faster
    solver.parameters.linearization_level = 0
    solver.parameters.use_strong_propagation_in_disjunctive = True
    if deterministic < inf:
        solver.parameters.max_deterministic_time = deterministic
    if seconds < inf:
        solver.parameters.max_time_in_seconds = max(seconds, 0.01)
    return solver


def prove(
    problem: Problem,
    objective: Objective,
    seconds: float,
    workers: int = 2,
    first: Schedule | None = None,
    seed: int = 0,
) -> tuple[Schedule | None, float, str]:
    """CP-SAT alone on the whole problem: the best schedule found, the bound of the first level, and how it ended.

    seconds   wall time [s], all levels together
    workers   threads
    first     a schedule to begin with and to beat; None: one by rules
    status    `optimal`, `feasible`, `unknown`, `infeasible` (no schedule exists) or `declined: …` (cannot be modelled)

    Example  >>> prove(problem, Objective(), 10.0)[1:]  # doctest: +SKIP
             (930.0, 'optimal')
    """
    until = monotonic() + seconds
    if first is None:
        # what rules do not find may still exist
        with suppress(InputError):
            first = first_schedule(problem, objective, seed)
    try:
        steps = _Steps(problem, objective, first)
    except TooLargeError as limit:
        return first, lower_bound(problem, objective), f"declined: {limit}"
    except ImpossibleError:
        return (None, inf, "infeasible") if first is None else (first, lower_bound(problem, objective), "feasible")
    best, bound = first, lower_bound(problem, objective)
    value = objective.value(best) if best is not None else ()
    while not steps.done and monotonic() < until:
        solver = make_solver(seed, workers, inf, until - monotonic())
        found = steps.solve(solver, best, value, bound)
        if steps.infeasible:
            return None, inf, "infeasible"
        if found is not None and (best is None or objective.value(found) < value):
            best, value = found, objective.value(found)
        bound = max(bound, steps.bound)
    if best is None:
        return None, bound, "unknown"
    return best, min(bound, value[0]), "optimal" if steps.done else "feasible"


def conflict(problem: Problem, seconds: float = 10.0, workers: int = 1) -> tuple[str, ...]:
    """Limits that cannot hold together: sentences that name the orders and operations; empty: none were found.

    Deadlines, longest waits, fixed starts and fixed machines are looked at; all other rules are taken as given. The set
    is sufficient, not always the smallest.
    """
    try:
        model = Model(problem, Scope.whole(problem, horizon(problem), explain=True))
        machines = Machines(model, costs=False)
        add_pools(model, machines)
    except TooLargeError:
        return ()
    except ImpossibleError as where:
        return (f"{problem.operations[where.operation]} has no place on any of its machines",)
    said = {literal.index: text for literal, text in model.reasons}
    model.cp.add_assumptions([literal for literal, _ in model.reasons])
    solver = make_solver(0, workers, inf, seconds)
    if solver.solve(model.cp) != INFEASIBLE:
        return ()
    named = solver.sufficient_assumptions_for_infeasibility()
    return tuple(said[index] for index in named) or (
        "the calendars, pools and routes leave no room for all operations",
    )


def require_possible(problem: Problem, seconds: float = 10.0) -> None:
    """Raises InputError that names limits which cannot hold together, where CP-SAT proves so in time."""
    if not (problem.deadline < NEVER).any() and not (problem.max_lag < NEVER).any() and not problem.need_pool.size:
        return
    found = conflict(problem, seconds)
    if found:
        raise InputError(
            "no schedule keeps all limits",
            came="; ".join(found[:6]) + (f"; and {len(found) - 6} more" if len(found) > 6 else ""),
            where=problem.name,
            hint="relax one of them",
        )
