"""The general engine: optima found by trying all, and every feature and objective through the checker."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.general import GeneralEngine, by_sequences
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import FEATURES, shop


def best_of(problem: Problem, objective: Objective, work: int, seed: int = 0, slices: int = 4) -> Schedule:
    best = first_schedule(problem, objective)
    engine = GeneralEngine(problem, objective, seed, best)
    for _ in range(slices):
        found = engine.advance(work // slices)
        if found is not None:
            assert objective.value(found) < objective.value(best)
            best = found
    return best


def dated(seed: int, jobs: int, pool: bool) -> Problem:
    dice = np.random.default_rng(seed)
    made = Builder("dated")
    if pool:
        made.pool("crew", 1)
    made.machine("lathe")
    for number in range(jobs):
        made.job(f"J{number}", due=int(dice.integers(5, 40)), weight=float(dice.integers(1, 5)))
        made.operation(f"J{number}", {"lathe": int(dice.integers(1, 12))}, needs={"crew": 1} if pool else None)
    return made.problem()


@pytest.mark.parametrize("pool", [False, True])
def test_weighted_tardiness_on_one_machine_is_the_least_of_all_orders(pool: bool) -> None:
    objective = Objective.parse("tardiness")
    for seed in range(3):
        problem = dated(seed, 7, pool)
        time, due, weight = problem.mode_time, problem.due, problem.weight
        least = np.inf
        for order in permutations(range(7)):
            end = np.cumsum(time[list(order)])
            least = min(least, float((weight[list(order)] * np.maximum(0, end - due[list(order)])).sum()))
        assert by_sequences(problem) is not pool
        assert objective.value(best_of(problem, objective, 800_000)) == (least,)


def test_setups_then_makespan_reach_the_shortest_tour() -> None:
    dice = np.random.default_rng(5)
    table = dice.integers(1, 30, (7, 7))
    made = Builder("tour")
    made.machine("press", table="t")
    for after in range(7):
        made.setup("t", "", f"F{after}", int(table[after, after]))
        made.job(f"J{after}")
        made.operation(f"J{after}", {"press": 4}, family=f"F{after}")
        for before in range(7):
            if before != after:
                made.setup("t", f"F{before}", f"F{after}", int(table[before, after]))
    least = min(
        table[order[0], order[0]] + sum(table[a, b] for a, b in pairwise(order)) for order in permutations(range(7))
    )
    objective = Objective.parse("setup_time > makespan")
    assert objective.value(best_of(made.problem(), objective, 2_000_000)) == (float(least), float(least + 28))


def test_work_waits_for_cheap_power() -> None:
    made = Builder("tariff", tick=3_600_000_000)
    made.machine("furnace", power=10.0)
    made.tariff([(0, 0.3), (8, 0.1), (12, 0.3)])
    made.job("A")
    made.operation("A", {"furnace": 3})
    objective = Objective.parse("energy_cost")
    assert objective.value(best_of(made.problem(), objective, 200_000)) == pytest.approx((3.0,))


@pytest.mark.parametrize("text", ["makespan", "tardiness > setup_time", "energy_cost + 0.1*flow_time + earliness"])
def test_what_it_returns_is_better_and_passes_the_checker(text: str) -> None:
    objective = Objective.parse(text)
    for seed in range(300, 312):
        dice = np.random.default_rng(seed)
        chosen = {name: bool(dice.random() < 0.3) for name in FEATURES}
        problem = shop(seed, jobs=int(dice.integers(2, 6)), machines=int(dice.integers(1, 4)), **chosen)
        assert find_faults(best_of(problem, objective, 150_000, seed)) == ()


@pytest.mark.parametrize("pool", [False, True])
def test_the_same_seed_takes_the_same_path(pool: bool) -> None:
    objective, problem = Objective.parse("tardiness"), dated(9, 30, pool)
    one, other = (best_of(problem, objective, 600_000, seed=3) for _ in range(2))
    assert one.start.tolist() == other.start.tolist()


def test_a_better_schedule_is_taken_up() -> None:
    objective, problem = Objective.parse("tardiness"), dated(9, 30, False)
    first, better = first_schedule(problem, objective), best_of(problem, objective, 600_000)
    engine = GeneralEngine(problem, objective, 1, first)
    engine.offer(better)
    found = engine.advance(100_000)
    assert found is None or objective.value(found) < objective.value(better)
