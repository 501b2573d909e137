"""First schedules: rules whose optimum is known, every feature through the checker, and errors that name the place."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import RULES, Bench, first_schedule, rule_schedule
from luban.decide.schedule.objective import Objective, figures
from luban.decide.schedule.problem import Problem
from tests.decide.schedule.shops import FEATURES, shop

MAKESPAN = Objective()


def one_machine(times: list[int], due: list[int] | None = None) -> Problem:
    made = Builder("one")
    made.machine("lathe")
    for number, time in enumerate(times):
        made.job(f"J{number}", **({"due": due[number]} if due else {}))
        made.operation(f"J{number}", {"lathe": time})
    return made.problem()


def any_shop(seed: int) -> Problem:
    dice = np.random.default_rng(seed)
    chosen = {name: bool(dice.random() < 0.35) for name in FEATURES}
    return shop(seed, jobs=int(dice.integers(2, 7)), machines=int(dice.integers(1, 5)), steps=4, **chosen)


def test_shortest_first_has_the_least_flow_time_on_one_machine() -> None:
    times = [7, 3, 9, 1, 4]
    least = sum(sum(sorted(times)[: k + 1]) for k in range(5))  # Smith 1956
    assert figures(rule_schedule(one_machine(times), "spt"))[3] == least


def test_earliest_due_date_is_never_late_where_nobody_need_be() -> None:
    problem = one_machine([3, 2, 4, 1], [10, 2, 9, 3])  # Jackson 1955
    assert figures(rule_schedule(problem, "edd"))[1] == 0
    assert figures(rule_schedule(problem, "lpt"))[1] > 0


def test_tardiness_cost_keeps_weight_before_length() -> None:
    made = Builder("weights")
    made.machine("lathe")
    for name, time, weight in (("long", 4, 9.0), ("short", 3, 1.0)):
        made.job(name, due=1, weight=weight)
        made.operation(name, {"lathe": time})
    assert rule_schedule(made.problem(), "atc").start.tolist() == [0, 4]


def test_setups_are_kept_together_by_the_rule_that_sees_them() -> None:
    made = Builder("colours")
    made.machine("press", table="t", family="red")
    made.setup("t", "red", "blue", 30)
    made.setup("t", "blue", "red", 30)
    for number, colour in enumerate(("blue", "red", "blue", "red")):
        made.job(f"J{number}", due=1)
        made.operation(f"J{number}", {"press": 5}, family=colour)
    found = rule_schedule(made.problem(), "atcs")
    assert figures(found)[4] == 1
    assert find_faults(found) == ()


@pytest.mark.parametrize("seed", range(40))
def test_every_first_schedule_passes_the_checker(seed: int) -> None:
    assert find_faults(first_schedule(any_shop(seed), MAKESPAN, seed)) == ()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_breaks_at_most_limits(rule: str) -> None:
    for seed in range(100, 106):
        problem = any_shop(seed)
        broken = {fault.rule for fault in find_faults(rule_schedule(problem, rule, seed))}
        assert broken <= {"R1", "R6"}


def test_no_wait_is_kept_by_moving_the_whole_job() -> None:
    made = Builder("no wait")
    made.machine("mix")
    made.machine("cast")
    for name, mix, cast in (("A", 2, 9), ("B", 2, 3)):
        made.job(name)
        made.operation(name, {"mix": mix}, max_lag=0)
        made.operation(name, {"cast": cast})
    found = first_schedule(made.problem(), MAKESPAN)
    assert found.makespan == 14
    assert (found.start[1::2] == found.end[::2]).all()


def test_an_oven_takes_what_fits_together() -> None:
    made = Builder("oven")
    made.machine("oven", batch=3)
    for number in range(6):
        made.job(f"J{number}")
        made.operation(f"J{number}", {"oven": 10}, batch="steel")
    assert first_schedule(made.problem(), MAKESPAN).makespan == 20


def test_an_earlier_gap_is_used_where_it_fits() -> None:
    made = Builder("gap")
    made.machine("lathe")
    for name, release, time in (("late", 10, 5), ("small", 0, 6), ("large", 0, 11)):
        made.job(name, release=release)
        made.operation(name, {"lathe": time})
    bench = Bench(made.problem(), MAKESPAN)
    assert bench.decode(np.array([0, 1, 2]), insert=True)
    assert bench.schedule().start.tolist() == [10, 0, 15]
    assert bench.decode(np.array([0, 1, 2]), insert=False)
    assert bench.schedule().start.tolist() == [10, 15, 21]


def refused(problem: Problem) -> str:
    with pytest.raises(InputError) as caught:
        first_schedule(problem, MAKESPAN)
    return str(caught.value)


def test_a_calendar_without_time_is_named() -> None:
    made = Builder("short")
    made.calendar("day", [(0, 8)], interrupts=False)
    made.machine("saw", calendar="day")
    made.job("PO-7")
    made.operation("PO-7", {"saw": 9})
    said = refused(made.problem())
    assert "PO-7" in said
    assert "PO-7/1" in said
    assert "saw" in said


def test_a_pool_that_is_too_small_is_named() -> None:
    made = Builder("crew")
    made.pool("crew", 1)
    made.machine("saw")
    made.job("PO-7")
    made.operation("PO-7", {"saw": 9}, needs={"crew": 2})
    assert "PO-7/1" in refused(made.problem())


def test_a_deadline_that_cannot_hold_is_named() -> None:
    made = Builder("deadline")
    made.machine("saw")
    made.job("PO-8", deadline=5)
    made.operation("PO-8", {"saw": 9})
    said = refused(made.problem())
    assert "PO-8" in said
    assert "deadline" in said


def test_fixed_starts_that_overlap_are_named() -> None:
    made = Builder("fixed")
    made.machine("saw")
    for name in ("A", "B"):
        made.job(name)
        made.operation(name, {"saw": 9}, fixed_start=3, fixed_machine="saw")
    assert "B/1" in refused(made.problem())


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match="unknown rule"):
        rule_schedule(one_machine([1]), "nonsense")
