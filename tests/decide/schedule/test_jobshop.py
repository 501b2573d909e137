"""The job-shop engine: published optima, CP-SAT's optima on odd shops, and that cutting into slices changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from ortools.sat.python import cp_model

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.jobshop import JobShopEngine
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule

# Fisher and Thompson 1963, 6 x 6: optimum 55
_FT06 = """2 1 0 3 1 6 3 7 5 3 4 6
1 8 2 5 4 10 5 10 0 10 3 4
2 5 3 4 5 8 0 9 1 1 4 7
1 5 0 5 2 5 3 3 4 8 5 9
2 9 1 3 4 5 5 4 0 3 3 1
1 3 3 3 5 9 0 10 4 4 2 1"""


def _shop(jobs: list[list[tuple[int, int]]], release: list[int] | None = None) -> Problem:
    shop = Builder("shop")
    for machine in sorted({m for job in jobs for m, _ in job}):
        shop.machine(f"m{machine}")
    for number, job in enumerate(jobs):
        shop.job(f"j{number}", release=release[number] if release else 0)
        for machine, time in job:
            shop.operation(f"j{number}", {f"m{machine}": time})
    return shop.problem()


def _ft06() -> Problem:
    rows = [list(map(int, line.split())) for line in _FT06.splitlines()]
    return _shop([list(zip(row[::2], row[1::2], strict=True)) for row in rows])


def _one_by_one(problem: Problem) -> Schedule:
    """Jobs one after another: feasible and bad."""
    start, now = np.zeros(problem.operation_count, np.int64), 0
    for job in range(problem.job_count):
        now = max(now, int(problem.release[job]))
        for operation in range(int(problem.job_first[job]), int(problem.job_first[job + 1])):
            start[operation] = now
            now += int(problem.mode_time[operation])
    return Schedule.plain(problem, problem.mode_machine.copy(), start)


def _engine(problem: Problem, seed: int = 1) -> JobShopEngine:
    return JobShopEngine(problem, Objective(), seed, _one_by_one(problem))


def _search(engine: JobShopEngine, work: int, slices: int = 1) -> Schedule | None:
    best = None
    for _ in range(slices):
        best = engine.advance(work // slices) or best
    return best


def _assert_feasible(schedule: Schedule) -> None:
    p = schedule.problem
    for job in range(p.job_count):
        low, high = int(p.job_first[job]), int(p.job_first[job + 1])
        assert schedule.start[low] >= p.release[job]
        assert (schedule.start[low + 1 : high] >= schedule.end[low : high - 1]).all()
    assert (schedule.end - schedule.start == p.mode_time).all()
    for machine in range(p.machine_count):
        row = schedule.sequence(machine)
        assert (schedule.start[row[1:]] >= schedule.end[row[:-1]]).all()


def _optimum(problem: Problem) -> int:
    model, horizon = cp_model.CpModel(), int(problem.mode_time.sum() + problem.release.max())
    ends = [model.new_int_var(0, horizon, "") for _ in range(problem.operation_count)]
    top = model.new_int_var(0, horizon, "")
    rows: dict[int, list[cp_model.IntervalVar]] = {}
    for job in range(problem.job_count):
        before: cp_model.LinearExprT = int(problem.release[job])
        for x in range(int(problem.job_first[job]), int(problem.job_first[job + 1])):
            time = int(problem.mode_time[x])
            model.add(ends[x] - time >= before)
            model.add(top >= ends[x])
            before = ends[x]
            # a zero time on a machine may not lie inside another's run, which an interval of no length may
            rows.setdefault(int(problem.mode_machine[x]), []).append(
                model.new_interval_var(ends[x] - time, time, ends[x], "")
            )
    for row in rows.values():
        model.add_no_overlap(row)
    model.minimize(top)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return int(solver.objective_value)


def test_published_optimum() -> None:
    best = _search(_engine(_ft06()), 3_000_000)
    assert best is not None
    _assert_feasible(best)
    assert best.makespan == 55


@pytest.mark.parametrize("seed", range(12))
def test_odd_shops_are_solved(seed: int) -> None:
    random = np.random.default_rng(seed)
    jobs = [
        [(int(random.integers(3)), int(random.integers(0, 9))) for _ in range(random.integers(1, 7))] for _ in range(6)
    ]
    problem = _shop(jobs, [int(t) for t in random.integers(0, 12, 6)])
    engine = _engine(problem, seed)
    best = _search(engine, 4_000_000) or _one_by_one(problem)
    _assert_feasible(best)
    optimum = _optimum(problem)
    assert best.makespan == optimum
    assert engine.bound <= optimum


def test_slices_do_not_matter() -> None:
    whole, cut = _engine(_ft06(), 5), _engine(_ft06(), 5)
    a, b = _search(whole, 400_000), _search(cut, 400_000, slices=40)
    assert a is not None
    assert b is not None
    assert a.makespan == b.makespan
    assert (a.start == b.start).all()


def test_it_stops_when_optimal() -> None:
    problem = _shop([[(0, 5), (1, 2)], [(0, 5), (1, 2)], [(0, 5), (1, 2)]])
    engine = _engine(problem)
    best = _search(engine, 100_000)
    assert best is not None
    assert best.makespan == engine.bound == 17
    assert engine.proved
    assert engine.advance(10**12) is None


def test_an_offer_is_taken_up() -> None:
    problem = _ft06()
    other = _search(_engine(problem, 2), 3_000_000)
    assert other is not None
    engine = _engine(problem, 3)
    engine.offer(other)
    assert engine.advance(1_000) is None


def test_other_problems_are_refused() -> None:
    shop = Builder("flexible")
    shop.machine("a")
    shop.machine("b")
    shop.job("j")
    shop.operation("j", {"a": 1, "b": 2})
    problem = shop.problem()
    first = Schedule.plain(problem, np.array([0]), np.array([0]))
    with pytest.raises(InputError, match="job shop"):
        JobShopEngine(problem, Objective(), 1, first)
