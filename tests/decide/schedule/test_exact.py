"""The exact engine: published optima, every rule kept on random shops, and names where nothing is possible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.exact import ExactEngine, conflict, prove, require_possible
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.opening import Opening
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.read import read_objective, read_problem
from tests.decide.schedule.shops import FEATURES, shop, witness

DATA = Path(__file__).parent / "data"
GOALS = ["makespan", "tardiness > makespan", "setup_time > flow_time", "0.37*makespan + 1.9*setup_cost", "earliness"]


def small(seed: int) -> Problem:
    random = np.random.default_rng(seed)
    chosen = random.choice(FEATURES, random.integers(1, 8), replace=False)
    return shop(
        seed,
        jobs=int(random.integers(1, 5)),
        machines=int(random.integers(1, 4)),
        steps=int(random.integers(1, 4)),
        **dict.fromkeys(chosen.tolist(), True),
    )


@pytest.mark.parametrize(("name", "optimum"), [("ft06", 55), ("la01", 666), ("ft10", 930)])
def test_published_optima_are_proved(name: str, optimum: int) -> None:
    problem = read_problem(DATA / f"{name}.txt")
    engine = ExactEngine(problem, Objective(), 0, first_schedule(problem, Objective()))
    best = None
    for _ in range(400):
        best = engine.advance(engine.grain) or best
        if engine.proved:
            break
    assert engine.proved
    assert engine.bound == optimum
    assert best is not None
    assert best.makespan == optimum
    assert find_faults(best) == ()


@pytest.mark.parametrize("part", range(10))
def test_optima_of_random_shops_keep_every_rule_and_need_no_first_schedule(part: int) -> None:
    for seed in range(10 * part, 10 * part + 10):
        problem, objective = small(seed), Objective.parse(GOALS[seed % len(GOALS)])
        known = witness(problem)
        one, one_bound, one_status = prove(problem, objective, 20.0, 1, known)
        two, _, two_status = prove(problem, objective, 20.0, 1)
        assert (one_status, two_status) == ("optimal", "optimal")
        assert one is not None
        assert two is not None
        assert find_faults(one) == ()
        assert find_faults(two) == ()
        value = objective.value(one)
        assert value <= objective.value(known)
        assert value == pytest.approx(objective.value(two), rel=1e-6)
        assert one_bound <= value[0] + 1e-9


def test_another_machine_never_makes_the_optimum_worse() -> None:
    for seed in range(8):
        values = []
        for machines in (2, 3):
            builder = Builder("more")
            random = np.random.default_rng(seed)
            for machine in range(3):
                builder.machine(f"M{machine}")
            for job in range(4):
                builder.job(f"J{job}")
                for _ in range(3):
                    times = random.integers(1, 9, 3).tolist()
                    builder.operation(f"J{job}", {f"M{m}": times[m] for m in range(machines)})
            _, bound, status = prove(builder.problem(), Objective(), 20.0, 1)
            assert status == "optimal"
            values.append(bound)
        assert values[1] <= values[0]


def test_the_path_does_not_depend_on_the_slices() -> None:
    problem = read_problem(DATA / "la02.txt")
    first = first_schedule(problem, Objective())
    ends = []
    for slices in (1, 4):
        engine = ExactEngine(problem, Objective(), 3, first)
        for _ in range(6 * slices):
            engine.advance(20_000_000 // slices)
        ends.append((engine.bound, engine.proved))
    assert ends[0] == ends[1]


def test_what_is_not_modelled_is_declined_and_nothing_is_claimed() -> None:
    problem = shop(80, tariff=True, pools=True)
    engine = ExactEngine(problem, Objective.parse("energy_cost"), 0, witness(problem))
    if problem.machine_power.any():
        assert engine.advance(10**7) is None
        assert engine.declined
        assert not engine.proved


def test_a_conflict_names_the_deadlines() -> None:
    builder = Builder("tight")
    builder.machine("saw")
    for name, deadline in (("A", 6), ("B", 7), ("C", 100)):
        builder.job(name, deadline=deadline)
        builder.operation(name, {"saw": 4})
    named = " ".join(conflict(builder.problem()))
    assert "A ends by its deadline at tick 6" in named
    assert "B ends by its deadline at tick 7" in named
    assert "C" not in named
    with pytest.raises(InputError, match="no schedule keeps all limits"):
        require_possible(builder.problem())
    assert prove(builder.problem(), Objective(), 5.0, 1)[2] == "infeasible"


def test_a_conflict_names_the_longest_wait() -> None:
    builder = Builder("furnace")
    builder.machine("oven")
    builder.calendar("late", [(50, 90)])
    builder.machine("press", calendar="late")
    builder.job("A", deadline=70)
    builder.operation("A", {"oven": 5}, max_lag=3)
    builder.operation("A", {"press": 5})
    builder.job("B", deadline=49)
    builder.operation("B", {"oven": 45})
    assert conflict(builder.problem()) == ()
    builder.job("C", deadline=48)
    builder.operation("C", {"oven": 5})
    assert any("deadline" in said for said in conflict(builder.problem()))


def test_open_time_is_what_counting_ticks_says() -> None:
    builder = Builder("gaps")
    builder.calendar("gaps", [(0, 10), (20, 30), (50, 60)])
    builder.machine("saw", calendar="gaps")
    opening = Opening(builder.problem(), 0)
    ticks = [t for a, b in ((0, 10), (20, 30), (50, 60)) for t in range(a, b)]
    for work in (1, 5, 12, 25, 30):
        ends = {ticks[k]: ticks[k + work - 1] + 1 for k in range(len(ticks) - work + 1)}
        found = {
            start: start + work + piece.closed
            for piece in opening.pieces(work, work, 0, 60)
            for start in range(piece.low, piece.high + 1)
        }
        assert found == ends
        assert all(opening.finish(start, work) == end for start, end in ends.items())


def test_a_setup_is_where_the_machine_that_was_chosen_has_it() -> None:
    """An operation that two machines could do has a place for its setup on each; a shop with shifts and a setter."""
    folder = Path(__file__).parents[3] / "examples" / "tiny_workshop"
    problem, objective = read_problem(folder), read_objective(folder)
    assert objective is not None
    found, _, _ = prove(problem, objective, 60)
    assert found is not None
    assert find_faults(found) == ()
