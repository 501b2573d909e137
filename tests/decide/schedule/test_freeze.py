"""What is left of a plan at a moment: the plan's own rest must fit it, and nothing that was done may change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.freeze import freeze
from luban.decide.schedule.objective import figures
from luban.decide.schedule.problem import NEVER, NONE
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import FEATURES, shop, witness


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    share=st.floats(0, 1.1),
    horizon=st.sampled_from((0, 7, 30)),
    features=st.sets(st.sampled_from(FEATURES)),
)
def test_the_rest_of_a_plan_is_a_plan_of_the_rest(seed: int, share: float, horizon: int, features: set[str]) -> None:
    problem = shop(seed, jobs=5, **dict.fromkeys(features, True))
    plan = witness(problem)
    assert find_faults(plan) == ()
    now = int(plan.start.min() + share * (plan.end.max() - plan.start.min()))
    now = max(now, 0)
    left = freeze(problem, plan, now, horizon)
    rest = left.lower()
    if left.problem.operation_count:
        assert [str(fault) for fault in find_faults(rest)] == []
    again = left.lift(rest)
    for name in ("machine", "start", "end", "setup_start", "setup_end"):
        assert (getattr(again, name) == getattr(plan, name)).all(), name
    assert figures(again) == pytest.approx(figures(plan))
    begun = plan.start[left.operations] < now
    assert (left.problem.fixed_start[begun] == plan.start[left.operations][begun] - now).all()
    near = (plan.start[left.operations] < now + horizon) & ~begun
    assert (left.problem.fixed_start[near] < NEVER).all()


def plan() -> Schedule:
    made = Builder("line", start=1_000_000, tick=1_000)
    made.calendar("day", [(0, 20), (30, 90)])
    made.machine("saw", table="t", family="red", calendar="day")
    made.machine("mill")
    made.setup("t", "red", "blue", 4)
    made.setup("t", "blue", "red", 2)
    made.move("saw", "mill", 3)
    for job, family, due in (("A", "blue", 15), ("B", "red", NEVER)):
        made.job(job, due=due, release=1)
        made.operation(job, {"saw": 5}, family=family, lag=2)
        made.operation(job, {"mill": 6})
    machine, start, end = [0, 1, 0, 1], [5, 15, 12, 22], [10, 21, 17, 28]
    return Schedule(made.problem(), *map(np.array, (machine, start, end, [1, 15, 10, 22], [5, 15, 12, 22], [NONE] * 4)))


def test_time_begins_anew_and_what_has_ended_is_gone() -> None:
    whole = plan()
    left = freeze(whole.problem, whole, 11)
    p = left.problem
    assert p.operations == ("A/2", "B/1", "B/2")
    assert p.start == 1_000_000 + 11 * 1_000
    assert p.release.tolist() == [4, 0]  # saw 10, lag 2, move 3
    assert p.due.tolist() == [4, NEVER]
    assert p.window_start.tolist() == [-11, 19]
    assert (p.machine_family[0], p.machine_ready[0]) == (p.families.index("red"), 1)  # its setup has begun
    assert left.lower().start.tolist() == [4, 1, 11]


def test_what_runs_is_fixed_and_what_is_lost_begins_anew() -> None:
    whole = plan()
    left = freeze(whole.problem, whole, 14, locked=["B/2"])
    assert left.problem.fixed_start.tolist() == [NEVER, -2, 8]
    assert left.problem.fixed_machine.tolist() == [NONE, 0, 1]
    lost = freeze(whole.problem, whole, 14, stopped=[2])
    assert lost.problem.fixed_start.tolist() == [NEVER] * 3
    assert lost.problem.families[lost.problem.machine_family[0]] == "blue"  # as before its setup, which is lost too


def test_a_longest_wait_goes_on_after_its_operation_has_ended() -> None:
    made = Builder("wait")
    for name in ("saw", "mill"):
        made.machine(name)
    made.job("A")
    made.operation("A", {"saw": 5}, max_lag=6)
    made.operation("A", {"mill": 5})
    whole = Schedule.plain(made.problem(), np.array([0, 1]), np.array([0, 9]))
    left = freeze(whole.problem, whole, 7)
    assert left.problem.fixed_start.tolist() == [-7, NEVER]
    assert find_faults(left.lower()) == ()
    late = Schedule.plain(left.problem, np.array([0, 1]), np.array([-7, 5]))
    assert [fault.rule for fault in find_faults(late)] == ["R1"]


def test_an_unknown_operation_is_named() -> None:
    whole = plan()
    with pytest.raises(InputError, match="no operation of that name"):
        freeze(whole.problem, whole, 3, locked=["C/1"])
