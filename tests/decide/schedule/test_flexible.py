"""The flexible job shop engine against exhaustive truth (CP-SAT), published optima, and its own promises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ortools.sat.python import cp_model

from luban.decide.schedule.build import Builder
from luban.decide.schedule.flexible import FlexibleEngine
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule


def random_shop(seed: int, jobs: int = 5, machines: int = 4, release: int = 0, zero: bool = False) -> Problem:
    rng = np.random.default_rng(seed)
    shop = Builder(f"random {seed}")
    for k in range(machines):
        shop.machine(f"m{k}")
    for j in range(jobs):
        shop.job(f"j{j}", release=int(rng.integers(0, release + 1)))
        for _ in range(int(rng.integers(1, 6))):
            some = rng.permutation(machines)[: int(rng.integers(1, machines + 1))]
            least = 0 if zero else 1
            shop.operation(f"j{j}", {f"m{k}": int(rng.integers(least, 10)) for k in some})
    return shop.problem()


def one_after_another(problem: Problem) -> Schedule:
    machine, start, now = [], [], int(problem.release.max(initial=0))
    for x in range(problem.operation_count):
        where, time = problem.modes(x)[-1]
        machine.append(where)
        start.append(now)
        now += time
    return Schedule.plain(problem, np.array(machine), np.array(start))


def engine(problem: Problem, seed: int = 0) -> FlexibleEngine:
    return FlexibleEngine(problem, Objective(), seed, one_after_another(problem))


def assert_kept(schedule: Schedule) -> None:
    """Route, machine, release and time of the mode."""
    p = schedule.problem
    for x in range(p.operation_count):
        assert schedule.end[x] - schedule.start[x] == p.mode_on(x, int(schedule.machine[x])) >= 0
    for j in range(p.job_count):
        now = int(p.release[j])
        for x in range(int(p.job_first[j]), int(p.job_first[j + 1])):
            assert schedule.start[x] >= now
            now = int(schedule.end[x])
    for k in range(p.machine_count):
        row = schedule.sequence(k)
        for x, y in pairwise(row):
            assert schedule.end[x] <= schedule.start[y]


def optimum(p: Problem) -> int:
    model, span = cp_model.CpModel(), cp_model.Domain(0, 10_000)
    top = model.new_int_var_from_domain(span, "top")
    rows: dict[int, list[cp_model.IntervalVar]] = {}
    for j in range(p.job_count):
        now: cp_model.LinearExprT = int(p.release[j])
        for x in range(int(p.job_first[j]), int(p.job_first[j + 1])):
            start, end = (model.new_int_var_from_domain(span, "") for _ in range(2))
            model.add(start >= now)
            chosen = []
            for machine, time in p.modes(x):
                here = model.new_bool_var("")
                rows.setdefault(machine, []).append(model.new_optional_interval_var(start, time, end, here, ""))
                chosen.append(here)
            model.add_exactly_one(chosen)
            now = end
        model.add(top >= now)
    for row in rows.values():
        model.add_no_overlap(row)
    model.minimize(top)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return int(solver.objective_value)


@pytest.mark.parametrize("seed", range(6))
def test_small_shops_are_solved_to_the_optimum(seed: int) -> None:
    p = random_shop(seed, release=12 if seed % 2 else 0, zero=seed > 3)
    search = engine(p, seed)
    found = search.advance(3_000_000)
    assert found is not None
    assert_kept(found)
    assert found.makespan == optimum(p) >= search.bound
