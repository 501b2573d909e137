"""Runs go where power is cheap: against sums by hand and every possible moment tried, no due date lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.energy.shift import limits_of, risk_of, shift_load, with_tariff
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.objective import Objective, figures
from luban.decide.schedule.problem import NEVER, Problem
from luban.decide.schedule.schedule import Schedule

H = 3600
START = 1_767_571_200_000_000
PRICES = ((0, 0.28), (8, 0.7), (10, 1.3), (15, 0.7), (16, 1.4), (22, 0.7))
TARIFF = [(d * 24 * H + h * H, price) for d in range(-1, 7) for h, price in PRICES]
PLAN = Objective.parse("tardiness > flow_time")


def one_machine(due: int, *, hours: int = 2, release: int = 9, power: float = 10.0) -> Problem:
    """A saw, an order of some hours that may begin at nine."""
    shop = Builder("one", start=START, tick=1_000_000)
    shop.machine("saw", power=power)
    shop.job("A", due=due * H, release=release * H)
    shop.operation("A", {"saw": hours * H}, name="A/10")
    shop.tariff(TARIFF)
    return shop.problem()


def drawn(seed: int) -> Problem:
    """Three machines with all that makes moving hard: calendars of both kinds, setups, people, a furnace, waits."""
    g = np.random.default_rng(seed)
    shop = Builder(f"drawn {seed}", start=START, tick=1_000_000)
    shop.calendar("day", [(d * 24 * H + 6 * H, d * 24 * H + 22 * H) for d in range(7)], interrupts=bool(seed % 2))
    shop.pool("people", 2)
    shop.machine("mill", power=float(g.uniform(5, 30)), calendar="day", table="t", setup_pool="people")
    shop.machine("lathe", power=float(g.uniform(5, 30)), table="t")
    shop.machine("furnace", power=80.0, batch=3)
    for before, after, minutes in (("", "a", 10), ("", "b", 10), ("a", "b", 40), ("b", "a", 30)):
        shop.setup("t", before, after, minutes * 60)
    for j in range(7):
        shop.job(f"j{j}", due=int(g.integers(20, 70)) * H, release=int(g.integers(0, 8)) * H)
        for k in range(3):
            machine = ("mill", "lathe", "furnace")[int(g.integers(3))]
            batch = {"size": 1, "batch": "hot"} if machine == "furnace" else {}
            shop.operation(
                f"j{j}", {machine: 3 * H if batch else int(g.integers(1, 8)) * 1800}, name=f"j{j}/{k}",
                family="ab"[j % 2], needs={"people": 1} if machine == "lathe" else {},
                max_lag=30 * H if k == 0 else NEVER, lag=600, **batch,
            )  # fmt: skip
    shop.tariff(TARIFF)
    return shop.problem()


def test_one_run_goes_to_the_cheapest_hours_it_may_have() -> None:
    plan = first_schedule(one_machine(due=20), PLAN)
    found = shift_load(plan)
    # at nine: an hour at 0.7 and one at 1.3; by twenty o'clock the best two hours are 14 to 16: 1.3 + 0.7, or nine to
    # eleven again; 15 to 17 costs 0.7 + 1.4
    assert found.cost == pytest.approx((20.0, 20.0))
    assert found.moved == ()
    longer = shift_load(first_schedule(one_machine(due=32), PLAN))
    assert longer.cost == pytest.approx((20.0, 2 * 10 * 0.28))
    assert longer.bound == pytest.approx(longer.cost[1])
    assert longer.saved == pytest.approx(14.4)
    assert longer.share == pytest.approx(0.72)
    assert longer.bands == {0.28: (0, 20), 0.7: (10, 0), 1.3: (10, 0)}
    (moved,) = longer.moved
    assert (moved.machine, moved.operations, moved.before) == ("saw", ("A/10",), 9 * H)
    assert 24 * H <= moved.after <= 30 * H


def test_a_due_date_and_a_deadline_hold_and_what_is_late_gets_no_later() -> None:
    late = shift_load(first_schedule(one_machine(due=10), PLAN))
    assert late.late == (("A",), ("A",))
    assert late.moved == ()
    nothing_due = replace(one_machine(due=32), due=np.array([NEVER]))
    assert shift_load(first_schedule(nothing_due, PLAN)).moved == ()
    with_deadline = replace(one_machine(due=32), deadline=np.array([25 * H + 1800]))
    assert shift_load(first_schedule(with_deadline, PLAN)).after.end[0] <= 25 * H + 1800


def test_no_moment_of_three_runs_is_better_than_what_is_found() -> None:
    """Every half hour tried for each of three runs whose machines and order are given."""
    shop = Builder("three", start=START, tick=1_000_000)
    shop.machine("saw", power=20.0)
    shop.machine("drill", power=35.0)
    shop.job("A", due=29 * H, release=8 * H)
    shop.operation("A", {"saw": 3 * H}, name="A/10")
    shop.operation("A", {"drill": 2 * H}, name="A/20")
    shop.job("B", due=31 * H, release=8 * H)
    shop.operation("B", {"drill": 5 * H // 2}, name="B/10")
    shop.tariff(TARIFF)
    plan = first_schedule(shop.problem(), PLAN)
    p = plan.problem
    drill_first = int(plan.start[2]) < int(plan.start[1])
    best = np.inf
    for a, b, c in product(range(16, 62), repeat=3):
        x, y, z = a * 1800, b * 1800, c * 1800
        ordered = z + 5 * H // 2 <= y if drill_first else y + 2 * H <= z
        if y >= x + 3 * H and ordered and y + 2 * H <= 29 * H and z + 5 * H // 2 <= 31 * H:
            tried = Schedule.plain(p, plan.machine, np.array([x, y, z]))
            cost = _hourly(p, tried)
            best = min(best, cost)
    found = shift_load(plan)
    assert found.cost[1] <= best + 1e-9
    assert found.cost[1] >= found.bound - 1e-9
    assert found.cost[1] == pytest.approx(_hourly(p, found.after))


def _hourly(p: Problem, schedule: Schedule) -> float:
    """Energy cost minute by minute, with code of its own."""
    prices = np.repeat([price for (h, price), (n, _) in zip(PRICES, (*PRICES[1:], (24, 0.0)), strict=True)
                        for _ in range(n - h)], 60)  # fmt: skip
    total = 0.0
    for machine, start, end in zip(schedule.machine, schedule.start, schedule.end, strict=True):
        minutes = np.arange(start // 60, end // 60) % 1440
        total += float(p.machine_power[machine]) * float(prices[minutes].sum()) / 60
    return total


@pytest.mark.parametrize("seed", range(12))
def test_a_hard_plan_stays_sound_pays_no_more_and_loses_no_due_date(seed: int) -> None:
    plan = first_schedule(drawn(seed), PLAN)
    found = shift_load(plan, seconds=20, tries=2)
    p = plan.problem
    assert find_faults(found.after) == ()
    assert figures(found.after)[7] == pytest.approx(found.cost[1])
    assert sum(price * two[1] for price, two in found.bands.items()) == pytest.approx(found.cost[1])
    assert sum(price * two[0] for price, two in found.bands.items()) == pytest.approx(found.cost[0])
    assert found.bound - 1e-6 <= found.cost[1] <= found.cost[0]
    assert found.energy[1] == pytest.approx(found.energy[0])
    assert (found.after.completion <= limits_of(plan)).all()
    assert set(found.late[1]) <= set(found.late[0])
    assert (found.after.machine == plan.machine).all()
    assert all(found.after.sequence(m) == plan.sequence(m) for m in range(p.machine_count))


def test_plans_do_get_cheaper() -> None:
    shares = [shift_load(first_schedule(drawn(seed), PLAN), seconds=20, tries=0).share for seed in range(6)]
    assert np.mean(shares) > 0.1


def test_moves_by_chance_only_ever_help_and_come_out_the_same_again() -> None:
    plan = first_schedule(drawn(4), PLAN)
    none, some = shift_load(plan, seconds=20, tries=0), shift_load(plan, seconds=20, tries=6)
    assert some.cost[1] <= none.cost[1] + 1e-9
    assert (shift_load(plan, seconds=20, tries=6).after.start == some.after.start).all()


def test_the_scheduler_may_look_for_another_plan_first() -> None:
    shop = Builder("two", start=START, tick=1_000_000)
    shop.machine("old", power=30.0)
    shop.machine("new", power=8.0)
    shop.job("A", due=20 * H, release=9 * H)
    shop.operation("A", {"old": H, "new": 2 * H}, name="A/10")
    shop.tariff(TARIFF)
    plan = first_schedule(shop.problem(), PLAN)
    assert plan.problem.machines[int(plan.machine[0])] == "old"
    kept, searched = shift_load(plan), shift_load(plan, search=0.5)
    assert searched.searched
    assert searched.cost[1] < kept.cost[1]
    assert searched.late == ((), ())


def test_the_highest_demand_comes_down_where_it_is_paid_for() -> None:
    shop = Builder("peak", start=START, tick=1_000_000)
    for name in ("one", "two"):
        shop.machine(name, power=50.0)
        shop.job(name, due=12 * H)
        shop.operation(name, {name: 2 * H}, name=f"{name}/10")
    shop.tariff([(0, 1.0)])
    plan = first_schedule(shop.problem(), PLAN)
    flat = shift_load(plan)
    assert flat.peak == (100, 100)
    assert flat.moved == ()
    paid = shift_load(plan, demand_price=40.0)
    assert paid.peak == (100, 50)
    assert paid.demand_cost == (4000, 2000)
    assert paid.saved == pytest.approx(2000)
    assert paid.cost[0] == pytest.approx(paid.cost[1])


def test_what_has_begun_or_is_fixed_stays() -> None:
    plan = first_schedule(one_machine(due=32), PLAN)
    assert shift_load(plan, now=10 * H).moved == ()
    fixed = replace(one_machine(due=32), fixed_start=np.array([9 * H]))
    assert shift_load(first_schedule(fixed, PLAN)).moved == ()


def test_risk_is_the_saving_itself_where_nothing_is_by_chance() -> None:
    found = shift_load(first_schedule(drawn(1), PLAN), seconds=20, tries=0)
    sure = risk_of(found, spread=0.0, power_spread=0.0, courses=2)
    assert sure.saved == pytest.approx(found.cost[0] - found.cost[1])
    assert sure.late == 0
    chance = risk_of(found, courses=40)
    assert chance.low < chance.saved < chance.high
    assert chance == risk_of(found, courses=40)


def test_bad_input_is_said() -> None:
    plan = first_schedule(one_machine(due=32), PLAN)
    p = plan.problem
    with pytest.raises(InputError, match="no tariff"):
        shift_load(replace(plan, problem=with_tariff(p, [])))
    with pytest.raises(InputError, match="no machine has a power"):
        shift_load(replace(plan, problem=with_tariff(p, TARIFF, {"saw": 0.0})))
    with pytest.raises(InputError, match="unknown machine"):
        with_tariff(p, TARIFF, {"sew": 1.0})
    with pytest.raises(InputError, match="out of order"):
        with_tariff(p, TARIFF[::-1])
    with pytest.raises(InputError, match="breaks its own rules"):
        shift_load(replace(plan, start=plan.start - 5 * H, end=plan.end - 5 * H))
    measured = with_tariff(p, [(0, 0.5), (24 * H, 0.1)], {"saw": 4.0})
    assert shift_load(replace(plan, problem=measured)).cost == pytest.approx((4.0, 0.8))
