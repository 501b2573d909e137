"""What it would take, and the price of a promise, on a plan small enough to know the answers."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.events import RushOrder
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.promise import promise, what_would_it_take
from luban.decide.schedule.schedule import Schedule

TARDINESS = Objective.parse("tardiness")


def day() -> Schedule:
    """A, B and C one after the other on the saw, which is open from 0 to 10 and from 20 on; C may use the mill."""
    shop = Builder("day")
    shop.calendar("shift", [(0, 10), (20, 200)])
    shop.machine("saw", calendar="shift")
    shop.machine("mill")
    for name, due, weight in (("A", 8, 1.0), ("B", 12, 2.0), ("C", 22, 1.0)):
        shop.job(name, due=due, weight=weight, release=1 if name == "A" else 6 if name == "C" else 0)
        shop.operation(name, {"saw": 4, "mill": 20} if name == "C" else {"saw": 4})
    problem = shop.problem()
    start = np.array([1, 5, 20])
    end = np.array([5, 9, 24])
    return Schedule(problem, np.array([0, 0, 0]), start, end, start, start, np.array([-1, -1, -1]))


def test_each_lever_is_a_plan_and_the_first_one_is_cheapest_in_time() -> None:
    levers = {lever.name: lever for lever in what_would_it_take(day(), "C", 14, 0, TARDINESS, longer=5, rounds=1_000)}
    assert set(levers) == {"gaps", "material", "overtime", "split", "priority"}
    assert levers["gaps"].end == 23  # it may wait over the closure
    assert not levers["gaps"].in_time
    assert (levers["overtime"].end, levers["overtime"].in_time) == (13, True)
    assert (levers["overtime"].price, levers["overtime"].overtime) == (0.0, 5.0)
    assert levers["priority"].in_time
    assert levers["priority"].price > 0
    assert levers["priority"].harmed
    assert find_faults(levers["priority"].schedule) == ()


def test_overtime_has_its_price_and_levers_that_change_nothing_are_left_out() -> None:
    priced = what_would_it_take(day(), "C", 14, 0, TARDINESS, longer=5, overtime_price=7.0, rounds=100)
    assert {lever.name: lever.price for lever in priced}["overtime"] == 35.0
    levers = {lever.name: lever for lever in what_would_it_take(day(), "B", 5, 0, TARDINESS, longer=5, rounds=500)}
    assert not {"material", "overtime"} & set(levers)  # B has waited for neither
    assert levers["priority"].end == 4


def test_halves_run_side_by_side() -> None:
    shop = Builder("two")
    for name in ("saw", "mill"):
        shop.machine(name)
    shop.job("A", due=5)
    shop.operation("A", {"saw": 8, "mill": 8})
    plan = Schedule.plain(shop.problem(), np.array([0]), np.array([0]))
    (first, *_) = what_would_it_take(plan, "A", 5, 0, TARDINESS, rounds=100)
    assert (first.name, first.end, first.in_time) == ("split", 4, True)
    assert first.schedule.problem.jobs == ("A", "A (2)")


def test_a_promise_without_harm_and_the_price_of_earlier_dates() -> None:
    order = RushOrder("N", [{"saw": 4}], due=9, weight=1.0)
    found = promise(day(), order, 0, TARDINESS, quotes=3, rounds=1_000)
    assert (found.harmless.end, found.harmless.price, found.harmless.harmed) == (28, 0.0, {})
    assert found.alone == 4
    ends, prices = [quote.end for quote in found.quotes], [quote.price for quote in found.quotes]
    assert ends == sorted(ends)
    assert prices == sorted(prices, reverse=True)
    assert found.quotes[-1] is found.harmless
    assert all(price >= 0 for price in found.price_a_tick)
    # before all: A and B are pushed by 4 each, C stays: A +1·(9-8), B is in time until 12 … 13
    first = found.quotes[0]
    assert first.end <= 5
    assert first.price >= 1
    dear = promise(day(), RushOrder("N", [{"saw": 4}], due=4, weight=90.0), 0, TARDINESS, quotes=3, rounds=1_000)
    assert dear.best.end < dear.harmless.end


def test_nothing_is_left_to_decide() -> None:
    with pytest.raises(InputError, match="nothing is left to decide"):
        what_would_it_take(day(), "A", 3, 2, TARDINESS)
