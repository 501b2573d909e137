"""Lower bounds: below published optima and below what any schedule is worth, and equal to them where they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.decide.schedule.bound import lower_bound
from luban.decide.schedule.build import Builder
from luban.decide.schedule.exact import prove
from luban.decide.schedule.objective import TERMS, Objective
from luban.decide.schedule.read import read_problem
from tests.decide.schedule.shops import FEATURES, shop, witness

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("name", "least", "optimum"), [("ft06", 52, 55), ("ft10", 808, 930), ("la01", 666, 666), ("mk01", 36, 40)]
)
def test_published_optima_are_not_passed(name: str, least: int, optimum: int) -> None:
    assert least <= lower_bound(read_problem(DATA / f"{name}.txt"), Objective()) <= optimum


@pytest.mark.parametrize("term", TERMS)
def test_no_optimum_of_a_random_shop_is_below_its_bound(term: str) -> None:
    random = np.random.default_rng(list(TERMS).index(term))
    for seed in range(30):
        chosen = random.choice(FEATURES, random.integers(0, 7), replace=False)
        problem = shop(seed, jobs=3, machines=2, steps=3, **dict.fromkeys(chosen.tolist(), True))
        objective = Objective.parse(term)
        found, bound, _ = prove(problem, objective, 5.0, 1, witness(problem))
        assert found is not None
        best = objective.value(found)[0]
        assert lower_bound(problem, objective) <= best + 1e-9
        assert bound <= best + 1e-9


def test_a_machine_that_is_closed_at_night_needs_another_day() -> None:
    builder = Builder("night")
    builder.calendar("day", [(0, 8), (24, 32), (48, 56)])
    builder.machine("saw", calendar="day")
    for number in range(4):
        builder.job(f"J{number}")
        builder.operation(f"J{number}", {"saw": 5})
    assert lower_bound(builder.problem(), Objective()) == 52


def test_setups_between_families_count() -> None:
    builder = Builder("paint")
    builder.machine("booth", table="colours", family="red")
    for colour, other in (("red", "blue"), ("blue", "red")):
        builder.setup("colours", colour, other, 7)
    for number, colour in enumerate(("red", "blue", "red", "blue")):
        builder.job(f"J{number}")
        builder.operation(f"J{number}", {"booth": 3}, family=colour)
    assert lower_bound(builder.problem(), Objective()) == 19
    assert lower_bound(builder.problem(), Objective.parse("setups")) == 1


def test_two_equal_machines_share_their_work() -> None:
    builder = Builder("pair")
    for name in ("left", "right"):
        builder.machine(name)
    for number in range(5):
        builder.job(f"J{number}")
        builder.operation(f"J{number}", {"left": 4, "right": 4})
    assert lower_bound(builder.problem(), Objective()) == 10


def test_an_empty_problem_has_the_bound_zero() -> None:
    assert lower_bound(Builder("none").problem(), Objective()) == 0
