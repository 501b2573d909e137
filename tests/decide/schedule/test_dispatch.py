"""Dispatch lists and loads against a plan small enough to count by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import from_datetime, parse_time
from luban.decide.schedule.build import Builder
from luban.decide.schedule.dispatch import dispatch_lists, machine_load
from luban.decide.schedule.problem import NEVER, NONE
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import shop, witness


def line(start: int = 0, tick: int = 0) -> Schedule:
    made = Builder("line", start=start, tick=tick)
    made.calendar("day", [(0, 20), (30, 90)])
    made.machine("saw", table="t", family="red", calendar="day")
    made.machine("oven", batch=4)
    made.pool("crew", 2)
    made.setup("t", "red", "blue", 4)
    made.setup("t", "blue", "red", 2)
    made.move("saw", "oven", 3)
    for job, family, due in (("A", "blue", 25), ("B", "red", NEVER)):
        made.job(job, due=due)
        made.operation(job, {"saw": 5}, family=family, lag=2, needs={"crew": 1})
        made.operation(job, {"oven": 6}, batch="hot")
    machine, start_, end = [0, 1, 0, 1], [5, 40, 12, 40], [10, 46, 17, 46]
    setups = [1, 40, 10, 40], [5, 40, 12, 40]
    return Schedule(made.problem(), *map(np.array, (machine, start_, end, *setups, [NONE, 7, NONE, 7])))


def test_a_list_says_what_a_machine_does_next() -> None:
    lists = dispatch_lists(line())
    assert [task.operation_name for task in lists["saw"]] == ["A/1", "B/1"]
    first, second = lists["saw"]
    assert (first.sequence, first.order, first.family, first.setup_from) == (1, "A", "blue", "red")
    assert (first.setup_start, first.setup_end, first.start, first.end) == (1, 5, 5, 10)
    assert (second.setup_from, second.pools, second.next_machine) == ("blue", (("crew", 1),), "oven")
    assert (first.due, first.lateness) == (25, 21)
    assert first.slack == 25 - 10 - 2 - 3 - 6
    assert (second.due, second.lateness, second.slack) == (NEVER, 0, NEVER)
    assert [(task.sequence, task.batch, task.next_machine) for task in lists["oven"]] == [(1, 7, ""), (1, 7, "")]


def test_a_list_of_a_shift_and_of_one_machine() -> None:
    assert [task.order for task in dispatch_lists(line(), "saw", begin=10, end=20)["saw"]] == ["B"]
    assert dispatch_lists(line(), 1, end=40) == {"oven": ()}
    with pytest.raises(InputError, match="no machine of that name"):
        dispatch_lists(line(), "mill")


def test_load_counts_open_time_work_and_setups() -> None:
    load = machine_load(line(), edges=np.array([0, 10, 30, 60]))
    assert load.open.tolist() == [[10, 10, 30], [10, 20, 30]]
    assert load.work.tolist() == [[5, 5, 0], [0, 0, 6]]
    assert load.setup.tolist() == [[4, 2, 0], [0, 0, 0]]
    assert load.share[0].tolist() == pytest.approx([0.9, 0.7, 0])


def test_days_end_at_the_midnights_of_the_plant() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = parse_time("2026-03-28T22:00:00", zone)
    plan = line(begin, 3_600_000_000)  # a tick is an hour; the night of the 29th has 23
    edges = machine_load(plan, zone).edges
    assert edges.tolist()[:3] == [0, 2, 25]
    assert [plan.when(tick, zone).hour for tick in edges[1:-1].tolist()] == [0] * (len(edges) - 2)  # type: ignore[union-attr]
    assert from_datetime(plan.when(0, zone)) == begin  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(20))
def test_lists_hold_every_operation_once_and_loads_all_the_work(seed: int) -> None:
    plan = witness(shop(seed, flexible=True, setups=True, interrupts=True, dues=True, moves=True))
    lists = dispatch_lists(plan)
    assert sorted(t.operation for tasks in lists.values() for t in tasks) == list(range(plan.problem.operation_count))
    for name, tasks in lists.items():
        assert [task.start for task in tasks] == sorted(task.start for task in tasks), name
    load = machine_load(plan)
    worked = [plan.problem.mode_on(o, int(m)) for o, m in enumerate(plan.machine)]
    assert load.work.sum() == sum(worked)
    assert (load.work + load.setup <= load.open).all()
