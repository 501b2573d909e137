"""A planner's move: what gives way, what stays, what is refused; judged by the checker that shares no code with it."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.move import REFUSALS, move
from luban.decide.schedule.problem import NONE, Problem
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import shops, witness

SAID = [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text))) for text in REFUSALS.values()]


def line() -> Schedule:
    """Three jobs of two steps, on a saw and on either of two mills."""
    shop = Builder("line")
    for name in ("saw", "mill1", "mill2"):
        shop.machine(name)
    for name, release in (("A", 0), ("B", 0), ("C", 4)):
        shop.job(name, release=release, due=30, deadline=60)
        shop.operation(name, {"saw": 4})
        shop.operation(name, {"mill1": 6, "mill2": 8})
    return Schedule.plain(shop.problem(), np.array([0, 1, 0, 1, 0, 1]), np.array([0, 4, 4, 10, 8, 16]))


def test_what_follows_gives_way_to_the_right_and_nothing_else_moves():
    moved = move(line(), 1, 1, 7)  # A/2 begins 3 later on its mill
    assert moved.start.tolist() == [0, 7, 4, 13, 8, 19]
    assert find_faults(moved) == ()


def test_a_gap_stays_where_a_run_leaves():
    moved = move(line(), 3, 2, 9)  # B/2 goes to the other mill, which is slower: C/2 keeps its start
    assert moved.machine.tolist() == [0, 1, 0, 2, 0, 1]
    assert (moved.start[3], moved.end[3], moved.start[5]) == (9, 17, 16)


def test_in_the_first_half_of_another_run_it_goes_before_that_one():
    before = move(line(), 5, 1, 12)
    assert before.start.tolist() == [0, 4, 4, 18, 8, 12]
    after = move(line(), 5, 1, 13)
    assert after.start.tolist() == [0, 4, 4, 10, 8, 16]


@pytest.mark.parametrize(
    ("operation", "machine", "start", "locked", "said"),
    [
        (0, 1, 0, (), "A/1 cannot be done at mill1"),
        (1, 1, 3, (), "A/2 cannot start before tick 4: A/1 comes first"),
        (4, 0, 3, (), "C/1 cannot start before its release at tick 4"),
        (0, 0, -1, (), "A/1 cannot start before its release at tick 0"),
        (1, 1, 7, (1,), "A/2 is locked"),
        (2, 0, 0, (1,), "A/2 is locked at tick 4, and A/1 would not be done by then"),
        (5, 1, 55, (), "C/2 would end at tick 61, after its deadline"),
    ],
)
def test_a_refusal_says_why(operation: int, machine: int, start: int, locked: tuple[int, ...], said: str):
    with pytest.raises(InputError, match=re.escape(said)):
        move(line(), operation, machine, start, locked=locked)


def test_runs_flow_around_what_is_locked():
    assert move(line(), 1, 1, 7, locked=(3,)).start.tolist() == [0, 16, 4, 10, 8, 22]
    assert move(line(), 0, 0, 2, locked=(2,)).start.tolist() == [8, 16, 4, 10, 12, 22]


def test_setups_follow_the_new_order():
    shop = Builder("paint")
    shop.machine("booth", table="colours", family="red")
    for a, b, time in (("red", "blue", 5), ("blue", "red", 9)):
        shop.setup("colours", a, b, time)
    for name, family in (("A", "red"), ("B", "blue"), ("C", "red")):
        shop.job(name)
        shop.operation(name, {"booth": 3}, family=family)
    p = shop.problem()
    start, setup = np.array([0, 8, 20]), np.array([0, 3, 11])
    plan = Schedule(p, np.zeros(3), start, start + 3, setup, start, np.full(3, NONE))
    assert find_faults(plan) == ()
    moved = move(plan, 2, 0, 3)
    assert moved.start.tolist() == [0, 11, 3]
    assert (moved.setup_end - moved.setup_start).tolist() == [0, 5, 0]


def test_work_waits_over_a_closure():
    shop = Builder("shift")
    shop.calendar("day", [(0, 10), (20, 40)])
    shop.machine("saw", calendar="day")
    for name in ("A", "B"):
        shop.job(name)
        shop.operation(name, {"saw": 4})
    p = shop.problem()
    plan = Schedule.plain(p, np.zeros(2, np.int64), np.array([0, 4]))
    moved = move(plan, 0, 0, 6)
    assert list(zip(moved.start.tolist(), moved.end.tolist(), strict=True)) == [(8, 22), (4, 8)]
    assert move(plan, 1, 0, 12).start.tolist() == [0, 20]
    with pytest.raises(InputError, match="saw has no open time left for B/1"):
        move(plan, 1, 0, 50)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shops(max_jobs=6), st.data())
def test_whatever_is_taken_keeps_every_rule_and_whatever_is_refused_is_said(problem: Problem, data: st.DataObject):
    plan, refusals = witness(problem), []
    for _ in range(4):
        operation = data.draw(st.integers(0, problem.operation_count - 1))
        machine = data.draw(st.sampled_from([own for own, _ in problem.modes(operation)]))
        start = int(plan.start[operation]) + data.draw(st.integers(-30, 60))
        locked = data.draw(st.sets(st.integers(0, problem.operation_count - 1), max_size=2)) - {operation}
        try:
            moved = move(plan, operation, machine, start, locked=locked)
        except InputError as error:
            refusals.append(error.message)
            continue
        assert find_faults(moved) == ()
        assert moved.machine[operation] == machine
        for own in locked:
            assert (moved.machine[own], moved.start[own]) == (plan.machine[own], plan.start[own])
        gone = moved.start < plan.start
        gone[plan.batch == plan.batch[operation] if plan.batch[operation] != NONE else operation] = False
        assert not gone.any(), "nothing but the moved run goes to the left"
        plan = moved
    assert [said for said in refusals if not any(pattern.fullmatch(said) for pattern in SAID)] == []
