"""Large neighbourhood search: never worse, never unsound, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.exact import prove
from luban.decide.schedule.lns import LnsEngine
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from tests.decide.schedule.shops import FEATURES, shop, witness

GOALS = ["makespan", "tardiness > setup_time", "late > flow_time", "0.3*makespan + 1.9*setup_cost", "earliness"]


@pytest.mark.parametrize("seed", range(12))
def test_parts_of_random_shops_keep_every_rule_and_reach_the_optimum(seed: int) -> None:
    random = np.random.default_rng(seed + 100)
    chosen = random.choice(FEATURES, random.integers(1, 8), replace=False)
    problem = shop(seed, jobs=5, machines=3, steps=3, **dict.fromkeys(chosen.tolist(), True))
    objective = Objective.parse(GOALS[seed % len(GOALS)])
    engine, best = LnsEngine(problem, objective, seed, witness(problem)), witness(problem)
    for _ in range(2):
        found = engine.advance(10_000_000)
        if found is not None:
            assert find_faults(found) == ()
            assert objective.value(found) < objective.value(best)
            best = found
    optimum, _, status = prove(problem, objective, 10.0, 1, best)
    if status == "optimal" and optimum is not None:
        assert objective.value(best)[0] <= max(1.5 * objective.value(optimum)[0], objective.value(optimum)[0] + 30)


def painted(jobs: int) -> Problem:
    random = np.random.default_rng(5)
    builder = Builder("painted")
    colours = [f"c{number}" for number in range(4)]
    for before in colours:
        for after in colours:
            if before != after:
                builder.setup("t", before, after, int(random.integers(5, 30)))
    for machine in range(4):
        builder.machine(f"M{machine}", table="t")
    for job in range(jobs):
        release = int(random.integers(0, 20 * jobs))
        builder.job(f"J{job}", release=release, due=release + 300, weight=float(random.integers(1, 6)))
        for machine in random.permutation(4)[:3].tolist():
            builder.operation(f"J{job}", {f"M{machine}": int(random.integers(10, 60))}, family=colours[job % 4])
    return builder.problem()


def test_it_improves_on_the_first_schedule_where_setups_and_due_dates_pull_apart() -> None:
    problem, objective = painted(30), Objective.parse("tardiness > setup_time")
    first = first_schedule(problem, objective)
    found = LnsEngine(problem, objective, 0, first).advance(100_000_000)
    assert found is not None
    assert find_faults(found) == ()
    assert objective.value(found)[0] < 0.97 * objective.value(first)[0]


def test_the_path_does_not_depend_on_the_slices() -> None:
    problem, objective = painted(12), Objective.parse("tardiness")
    first = first_schedule(problem, objective)
    ends = []
    for slices in (1, 5):
        engine = LnsEngine(problem, objective, 2, first)
        best = first
        for _ in range(2 * slices):
            best = engine.advance(30_000_000 // slices) or best
        ends.append((engine.parts, objective.value(best)))
    assert ends[0] == ends[1]
    assert ends[0][0] > 5
