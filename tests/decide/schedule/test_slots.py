"""Lot sizing with changeovers: a published optimum, brute force on tiny problems, and messages for what cannot be."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.slots import IDLE, LotSizing, plan_lots, read_psp

DATA = Path(__file__).parent / "data"


def test_the_published_optimum_is_proved() -> None:
    plan = plan_lots(read_psp(DATA / "pigment15a.psp"), 5.0)
    assert (plan.cost, plan.bound, plan.proved) == (1195, 1195, True)
    assert plan.setup_cost + plan.stock_cost == plan.cost


def tiny(seed: int, periods: int = 6, items: int = 3) -> LotSizing:
    random = np.random.default_rng(seed)
    demand = np.zeros((items, periods), np.int64)
    for period in range(periods):
        if random.random() < 0.7:
            demand[random.integers(items), period] = 1
    demand[0, -1] += demand.sum() == 0
    change = random.integers(1, 20, (items, items)).astype(float)
    np.fill_diagonal(change, 0)
    return LotSizing(f"tiny {seed}", demand, float(random.integers(0, 6)), change)


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_of_all_is_cheaper(seed: int) -> None:
    problem = tiny(seed)
    best = np.inf
    for items in itertools.product(range(IDLE, problem.items), repeat=problem.periods):
        made = np.array(items)
        try:
            best = min(best, sum(problem.cost(made)))
        except InputError:
            continue
    plan = plan_lots(problem, 5.0)
    assert plan.proved
    assert plan.cost == pytest.approx(best)
    assert sum(problem.cost(plan.items)) == pytest.approx(plan.cost)


def large() -> LotSizing:
    random = np.random.default_rng(1)
    demand = np.zeros((8, 60), np.int64)
    for period in range(4, 60):
        demand[random.integers(8), period] = 1
    change = random.integers(100, 200, (8, 8)).astype(float)
    np.fill_diagonal(change, 0)
    return LotSizing("large", demand, 10.0, change)


def test_annealing_plans_what_is_too_large_for_a_proof() -> None:
    problem = large()
    late = sum(problem.cost(np.array([IDLE] * 4 + problem.demand.argmax(axis=0)[4:].tolist())))
    plan = plan_lots(problem, 2.0)
    assert sum(problem.cost(plan.items)) == pytest.approx(plan.cost)
    assert plan.bound <= plan.cost < 0.7 * late


def test_more_due_than_periods_is_named() -> None:
    demand = np.zeros((2, 4), np.int64)
    demand[:, 0] = 1
    with pytest.raises(InputError, match="more is due than can be made") as error:
        LotSizing("two at once", demand, 1.0, np.zeros((2, 2)))
    assert error.value.came == "2 units due by period 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [("5\n", "not a lot-sizing file"), ("5 x", "not a lot-sizing file"), ("3 1\n0 0 1\n2\n", "the file ends early")],
)
def test_files_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "plan.psp"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_psp(path)


def test_a_plan_that_is_late_is_refused() -> None:
    problem = tiny(3)
    with pytest.raises(InputError, match="does not meet the demand"):
        problem.cost(np.full(problem.periods, IDLE, np.int64))
