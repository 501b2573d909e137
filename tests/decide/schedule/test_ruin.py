"""Ruin and recreate: every rule of every shop, never worse, and the same path however it is sliced."""

from __future__ import annotations

from benchmarks.factory import factory
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.ruin import RuinEngine
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import shops, witness

OBJECTIVES = ("tardiness > makespan", "makespan", "flow_time + 3*setup_time", "tardiness + energy_cost + earliness")


@settings(max_examples=120, deadline=None)
@given(problem=shops(max_jobs=6), text=st.sampled_from(OBJECTIVES), seed=st.integers(0, 99))
def test_what_it_finds_keeps_every_rule_and_is_better(problem: Problem, text: str, seed: int) -> None:
    objective = Objective.parse(text)
    try:
        first = first_schedule(problem, objective)
    except InputError:
        first = witness(problem)
    engine = RuinEngine(problem, objective, seed, first)
    found = engine.advance(3_000_000)
    if found is not None:
        assert find_faults(found) == ()
        assert objective.value(found) < objective.value(first)


def test_the_path_does_not_depend_on_slices() -> None:
    problem, objective = factory(5, orders=30, machines=8, load=1.4), Objective.parse("flow_time")
    first = first_schedule(problem, objective)
    ends = []
    for count in (1, 7):
        engine, best = RuinEngine(problem, objective, 3, first), first
        for _ in range(count):
            best = engine.advance(70_000_000 // count) or best
        ends.append(best)
    assert ends[0] is not first
    assert (ends[0].start == ends[1].start).all()


def test_it_betters_a_plant_with_due_dates_and_takes_up_what_is_offered() -> None:
    problem, objective = factory(5, orders=60, machines=8, load=1.4), Objective.parse("tardiness")
    first = first_schedule(problem, objective)
    engine = RuinEngine(problem, objective, 1, first)
    better = [found for _ in range(20) if (found := engine.advance(4_000_000)) is not None]
    assert objective.value(better[-1])[0] < 0.8 * objective.value(first)[0]
    other = RuinEngine(problem, objective, 2, first)
    other.offer(better[-1])
    later: Schedule | None = other.advance(4_000_000)
    assert later is None or objective.value(later) < objective.value(better[-1])
