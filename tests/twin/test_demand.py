"""Demand by chance: its figures are those asked for, and no draw depends on another order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.twin.demand import FIRST_KEY, draw_orders, week_levels
from luban.twin.distribution import Distribution
from luban.twin.model import Demand, Machine, Model, Route, Station, Step
from luban.twin.run import Run

WORKDAYS = tuple((day * DAY + 6 * HOUR, day * DAY + 22 * HOUR, day // 7) for day in range(2000) if day % 7 != 6)
DEMAND = Demand(
    per_day=22.0,
    mix=(
        ("a", 0.3, Distribution.lognormal(30, sigma=0.5)),
        ("b", 0.2, Distribution.constant(4)),
        ("c", 0.5, Distribution.lognormal(80, sigma=0.5)),
    ),
    days=WORKDAYS,
    level=Distribution.normal(1, 0.15),
    limits=(0.4, 1.8),
    due_days=12,
    delayed=0.2,
    delay=Distribution.exponential(2 * 86400),
)


def plant(days: int = 1000, demand: Demand | None = DEMAND) -> Model:
    routes = tuple(Route(name, (Step("10", "s", Distribution.constant(60)),)) for name in "abc")
    return Model("p", 0, days * DAY, (Station("s"),), (Machine("m", "s"),), routes, demand=demand)


def test_figures_are_those_asked_for() -> None:
    orders = draw_orders(plant(), seed=3)
    worked = sum(start < 1000 * DAY for start, _, _ in WORKDAYS)
    weeks = -(-1000 // 7)
    # each bound is 4 standard errors of the figure by theory
    mean = 22 * worked
    assert len(orders) == pytest.approx(mean, abs=4 * np.sqrt(mean + mean**2 * 0.15**2 / weeks))
    share = np.mean([order.route == "a" for order in orders])
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / len(orders)))
    pieces = np.array([order.quantity for order in orders if order.route == "a"])
    spread = 30 * np.sqrt(np.expm1(0.25))
    assert pieces.mean() == pytest.approx(30, abs=4 * spread / np.sqrt(len(pieces)))
    assert {order.quantity for order in orders if order.route == "b"} == {4}
    waits = np.array([order.ready - order.arrival for order in orders if order.ready is not None]) / DAY
    assert np.mean(waits > 0) == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(waits)))
    late = waits[waits > 0]
    assert late.mean() == pytest.approx(2, abs=4 * 2 / np.sqrt(len(late)))


def test_weeks_have_the_level_asked_for_and_days_are_poisson() -> None:
    levels = np.array(list(week_levels(DEMAND, seed=5).values()))
    assert levels.mean() == pytest.approx(1, abs=4 * 0.15 / np.sqrt(len(levels)))
    assert levels.std() == pytest.approx(0.15, rel=0.25)
    held = week_levels(replace(DEMAND, limits=(0.95, 1.05)), seed=5)
    assert list(held.values()) == list(np.clip(levels, 0.95, 1.05))
    steady = replace(DEMAND, level=None)
    days = np.bincount([order.arrival // DAY for order in draw_orders(plant(demand=steady), seed=5)], minlength=1000)
    worked = days[[start // DAY for start, _, _ in WORKDAYS if start < 1000 * DAY]]
    assert worked.var() / worked.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / len(worked)))


def test_orders_come_in_working_time_and_are_due_that_many_working_days_later() -> None:
    for order in draw_orders(plant(60)):
        day = order.arrival // DAY
        assert day % 7 != 6
        assert 6 * HOUR <= order.arrival % DAY < 22 * HOUR
        assert order.due is not None
        assert sum(day < own // DAY <= order.due // DAY for own, _, _ in WORKDAYS) == 12
        assert order.due % DAY == 22 * HOUR


def test_a_longer_run_or_a_higher_level_changes_no_order_that_was_there() -> None:
    few = {order.id: order for order in draw_orders(plant(60), seed=2)}
    longer = {order.id: order for order in draw_orders(plant(90), seed=2)}
    more = {order.id: order for order in draw_orders(plant(60, replace(DEMAND, per_day=26.0)), seed=2)}
    assert few.items() <= longer.items()
    assert few.items() <= more.items()
    assert len(more) > len(few)


def test_runs_differ_by_seed_and_replication_and_repeat_exactly() -> None:
    first = draw_orders(plant(30), 1, 0)
    assert draw_orders(plant(30), 1, 0) == first
    assert draw_orders(plant(30), 1, 1) != first != draw_orders(plant(30), 2, 0)
    assert len({order.key for order in first}) == len(first)
    assert min(order.key or 0 for order in first) >= FIRST_KEY


def test_a_run_meets_the_orders_of_its_replication() -> None:
    run = Run(plant(20), seed=4, replication=7).to(20 * DAY)
    drawn = draw_orders(plant(20), 4, 7)
    assert run.totals().arrived == len(drawn)
    names = {run.lot_name(int(key)) for key in run.lots()["key"]}
    assert names <= {order.id for order in drawn}
    assert len(names) > 0.9 * len(drawn)


def test_days_that_end_before_the_due_dates_are_named() -> None:
    with pytest.raises(InputError, match="due dates"):
        draw_orders(plant(30, replace(DEMAND, days=WORKDAYS[:30])))
    assert draw_orders(plant(30, None)) == ()
