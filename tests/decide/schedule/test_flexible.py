"""The flexible job shop engine against exhaustive truth (CP-SAT), published optima, and its own promises."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ortools.sat.python import cp_model

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.flexible import FlexibleEngine, load_bound
from luban.decide.schedule.kernel.flexible import insert, place, refresh
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.read import read_problem
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


def test_brandimarte_mk01_is_solved() -> None:
    p = read_problem(Path(__file__).parent / "data" / "mk01.txt")
    found = engine(p).advance(50_000_000)
    assert found is not None
    assert_kept(found)
    assert found.makespan == 40


def test_the_path_does_not_depend_on_the_slices() -> None:
    p = random_shop(7, jobs=12, machines=5)
    whole, cut = engine(p, 3), engine(p, 3)
    whole.bound = cut.bound = 0.0
    whole._control[5] = cut._control[5] = 0
    whole.advance(12_000_000)
    last = None
    while cut._control[0] < whole._control[0]:
        last = cut.advance(1) or last
    assert last is not None
    assert (whole._state.at == cut._state.at).all()
    assert (whole._state.machine == cut._state.machine).all()
    assert whole._best.makespan == last.makespan


def test_another_seed_takes_another_path() -> None:
    p = random_shop(7, jobs=12, machines=5)
    one, other = engine(p, 1), engine(p, 2)
    one.advance(500_000)
    other.advance(500_000)
    assert (one._state.at != other._state.at).any()


def test_a_move_that_closes_a_cycle_is_refused_and_undone() -> None:
    shop = Builder("two")
    shop.machine("a")
    shop.machine("b")
    for job, route in (("x", "ab"), ("y", "ba")):
        shop.job(job)
        for machine in route:
            shop.operation(job, {machine: 3})
    p = shop.problem()
    search = engine(p)
    state, given = search._state, search._shop
    assert place(given, state, np.array([0, 2, 1, 3]), np.array([0, 1, 2, 3])) == 6
    kept = [getattr(state, field).copy() for field in state._fields[:9]]
    # x first: a, b; before it on b comes y. y's second, put before x's first on a, would wait for itself through x's b
    assert insert(given, state, 3, 3, 0)
    assert refresh(given, state) == 12
    assert insert(given, state, 3, 3, 1)
    assert refresh(given, state) == 6
    assert insert(given, state, 1, 1, 0)
    assert refresh(given, state) == 12
    assert not insert(given, state, 3, 3, 0)
    assert insert(given, state, 1, 1, 1)
    assert refresh(given, state) == 6
    assert all(
        np.array_equal(np.sort(a), np.sort(getattr(state, f))) for a, f in zip(kept, state._fields, strict=False)
    )


def test_an_offered_schedule_is_taken_up_and_not_told_again() -> None:
    p = random_shop(5, jobs=10)
    giver, taker = engine(p, 1), engine(p, 2)
    good = giver.advance(3_000_000)
    assert good is not None
    taker.offer(good)
    told = taker.advance(1)
    assert told is None or told.makespan < good.makespan
    assert taker._best.makespan <= good.makespan


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_is_one(seed: int) -> None:
    p = random_shop(seed + 50, jobs=4, machines=3, release=9)
    assert load_bound(p) <= optimum(p)


def test_the_bound_counts_sets_of_machines() -> None:
    shop = Builder("sets")
    for machine in "abc":
        shop.machine(machine)
    for j in range(5):
        shop.job(f"j{j}", release=2)
        shop.operation(f"j{j}", {"a": 4, "b": 4})
        shop.operation(f"j{j}", {"c": 1})
    # 20 of work on two machines, after the release and before one tick on c: 2 + 10 + 1
    assert load_bound(shop.problem()) == 13


def test_many_operations_need_no_quadratic_memory() -> None:
    p = random_shop(1, jobs=900, machines=30)
    search = engine(p)
    found = search.advance(5_000_000)
    assert found is not None
    assert_kept(found)
    assert found.makespan < 1.5 * search.bound


def test_other_problems_are_refused() -> None:
    p = random_shop(1)
    with pytest.raises(InputError):
        FlexibleEngine(p, Objective.parse("tardiness"), 0, one_after_another(p))
