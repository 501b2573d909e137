"""Why an order ends when it does: every stretch has its cause, and nothing is left over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.late import CAUSES, Chain, Delays, lateness_causes, said, why_late
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NONE, Problem
from luban.decide.schedule.schedule import Schedule
from tests.decide.schedule.shops import shops, witness


def scheduled(problem: Problem, rows: dict[str, tuple[str, int, int] | tuple[str, int, int, int, int]]) -> Schedule:
    """From operation → (machine, start, end[, setup start, setup end])."""
    table = [rows[name] for name in problem.operations]
    machine = np.array([problem.machines.index(row[0]) for row in table])
    start, end = (np.array([row[at] for row in table]) for at in (1, 2))
    setup = np.array([row[3:] if len(row) > 3 else (row[1], row[1]) for row in table])
    return Schedule(problem, machine, start, end, setup[:, 0], setup[:, 1], np.full(len(table), NONE))


def told(chain: Chain) -> list[tuple[str, int, int]]:
    return [(link.cause, link.start, link.end) for link in chain.links]


def tiles(chain: Chain) -> bool:
    at = chain.begin
    for link in chain.links:
        if link.start != at or link.end <= link.start:
            return False
        at = link.end
    return at == chain.end and sum(chain.totals.values()) == chain.end - chain.begin


def two(**job: int) -> Builder:
    shop = Builder("two")
    shop.machine("saw")
    shop.machine("mill")
    for name, due in (("A", 12), ("B", 8)):
        shop.job(name, due=due, **job)
        shop.operation(name, {"saw": 5})
        shop.operation(name, {"mill": 4})
    return shop


def test_it_waits_for_the_machine_that_works_on_an_order_due_earlier() -> None:
    plan = scheduled(
        two().problem(), {"B/1": ("saw", 0, 5), "B/2": ("mill", 5, 9), "A/1": ("saw", 5, 10), "A/2": ("mill", 10, 14)}
    )
    chain = why_late(plan, "A")
    assert told(chain) == [("machine", 0, 5), ("work", 5, 10), ("work", 10, 14)]
    assert chain.links[0].text == "A/1 waits: saw works on B/1, which is due earlier"
    assert (chain.lateness, chain.alone, chain.resources) == (2, 9, {"saw": 5})
    causes = lateness_causes(plan)
    assert causes.total == 3  # A by 2, B by 1, and B would be late even alone
    assert causes.causes == {"machine": 2.0, "route": 1.0}
    assert causes.resources == {"saw": 2.0}


def test_a_machine_kept_free_and_a_plan_that_dawdles_are_decisions() -> None:
    plan = scheduled(
        two().problem(), {"B/1": ("saw", 2, 7), "B/2": ("mill", 7, 11), "A/1": ("saw", 8, 13), "A/2": ("mill", 13, 17)}
    )
    assert told(why_late(plan, "A"))[:3] == [("kept", 0, 2), ("machine", 2, 7), ("choice", 7, 8)]
    assert told(why_late(plan, "B"))[0] == ("choice", 0, 2)


def test_setups_closures_moves_and_lags_have_their_own_stretch() -> None:
    shop = Builder("line")
    shop.calendar("day", [(0, 10), (20, 30), (40, 60)])
    shop.machine("saw")
    shop.machine("mill", calendar="day", table="mill", family="red")
    shop.setup("mill", "red", "blue", 3)
    shop.move("saw", "mill", 2)
    shop.job("A", release=1, due=10)
    shop.operation("A", {"saw": 5}, lag=1)
    shop.operation("A", {"mill": 9}, family="blue")
    plan = scheduled(shop.problem(), {"A/1": ("saw", 1, 6), "A/2": ("mill", 22, 41, 9, 22)})
    chain = why_late(plan, "A")
    assert told(chain) == [
        ("work", 1, 6), ("lag", 6, 7), ("move", 7, 9), ("setup", 9, 10), ("closed", 10, 20), ("setup", 20, 22),
        ("work", 22, 30), ("closed", 30, 40), ("work", 40, 41),
    ]  # fmt: skip
    assert chain.links[3].text == "mill is set up for A/2, from red to blue"
    assert chain.totals == {"closed": 20, "work": 14, "setup": 3, "move": 2, "lag": 1}
    assert chain.alone == 28  # 9 … 10 and 20 … 28
    causes = lateness_causes(plan).causes
    assert causes["release"] == 1
    assert causes["route"] == 17
    assert sum(causes.values()) == pytest.approx(31)


def test_who_holds_the_people_and_when_nobody_is_there() -> None:
    shop = Builder("people")
    for name in ("saw", "mill"):
        shop.machine(name)
    shop.pool("welder", [(0, 1), (20, 0), (30, 1)])
    for job, machine, length in (("A", "saw", 15), ("B", "mill", 10)):
        shop.job(job)
        shop.operation(job, {machine: length}, needs={"welder": 1})
    plan = scheduled(shop.problem(), {"A/1": ("saw", 0, 15), "B/1": ("mill", 30, 40)})
    chain = why_late(plan, "B")
    assert told(chain)[:2] == [("pool", 0, 15), ("pool", 15, 30)]
    assert chain.links[0].text.startswith("B/1 waits: welder is held by A/1")
    assert chain.links[1].text == "B/1 waits: nobody of welder is there"
    assert chain.resources == {"welder": 30}


def test_a_window_too_short_a_lock_and_a_limit() -> None:
    shop = Builder("oven")
    shop.calendar("day", [(0, 10), (20, 40)], interrupts=False)
    shop.machine("oven", calendar="day")
    shop.machine("press")
    shop.job("A")
    shop.operation("A", {"oven": 12})
    shop.job("B")
    shop.operation("B", {"press": 2}, fixed_start=7, fixed_machine="press")
    shop.job("C")
    shop.operation("C", {"press": 2}, max_lag=0)
    shop.operation("C", {"oven": 5})
    rows = {
        "A/1": ("oven", 20, 32), "B/1": ("press", 7, 9), "C/1": ("press", 30, 32), "C/2": ("oven", 32, 37),
    }  # fmt: skip
    plan = scheduled(shop.problem(), rows)
    assert told(why_late(plan, "A")) == [("closed", 0, 10), ("closed", 10, 20), ("work", 20, 32)]
    assert why_late(plan, "A").links[0].text == "A/1 waits: the open time left at oven is too short for it"
    assert told(why_late(plan, "B")) == [("locked", 0, 7), ("work", 7, 9)]
    assert told(why_late(plan, "C"))[:3] == [("kept", 0, 7), ("machine", 7, 9), ("limit", 9, 30)]


def test_an_order_in_progress_begins_where_it_began() -> None:
    shop = two()
    shop.job("C")
    shop.operation("C", {"saw": 9}, fixed_start=-4, fixed_machine="saw")
    rows = {
        "C/1": ("saw", -4, 5), "B/1": ("saw", 5, 10), "B/2": ("mill", 10, 14), "A/1": ("saw", 10, 15),
        "A/2": ("mill", 15, 19),
    }  # fmt: skip
    plan = scheduled(shop.problem(), rows)
    chain = why_late(plan, "C")
    assert (chain.begin, told(chain)) == (-4, [("work", -4, 5)])
    assert why_late(plan, "B").links[0].text == "B/1 waits: saw works on C/1, which is in progress"
    assert tiles(why_late(plan, "A"))


def test_an_unknown_order_is_named() -> None:
    plan = scheduled(
        two().problem(), {"B/1": ("saw", 0, 5), "B/2": ("mill", 5, 9), "A/1": ("saw", 5, 10), "A/2": ("mill", 10, 14)}
    )
    with pytest.raises(InputError, match="no order of that name"):
        why_late(plan, "X")


def test_time_is_said_as_people_say_it() -> None:
    assert said(two().problem(), 90) == "90"
    minute = Builder("m", tick=60_000_000)
    minute.machine("saw")
    minute.job("A")
    minute.operation("A", {"saw": 5})
    assert [said(minute.problem(), t) for t in (150, 45)] == ["2 h 30 min", "45 min"]


def test_each_cause_says_what_it_means() -> None:
    assert all(CAUSES.values())


@settings(max_examples=150, deadline=None)
@given(problem=shops(max_jobs=6))
def test_the_links_tile_the_time_of_every_order(problem: Problem) -> None:
    for plan in (witness(problem), first_plan(problem)):
        delays = Delays(plan)
        for job in range(problem.job_count):
            chain = delays.chain(job)
            assert tiles(chain)
            assert (chain.begin, chain.end) == (
                min(problem.release[job], plan.start[problem.job_first[job]]),
                plan.completion[job],
            )
            assert {link.cause for link in chain.links} <= set(CAUSES)
            worked = sum(link.length for link in chain.links if link.cause == "work")
            own = range(problem.job_first[job], problem.job_first[job + 1])
            assert worked >= sum(problem.mode_on(o, int(plan.machine[o])) for o in own if plan.start[o] >= 0)
            assert delays.critical(job)[0] == own[-1]
        causes = lateness_causes(plan)
        assert sum(causes.causes.values()) == pytest.approx(causes.total)


def first_plan(problem: Problem) -> Schedule:
    """A dense plan, so that orders wait for each other; the sparse one where a limit does not let the rules through."""
    try:
        return first_schedule(problem, Objective())
    except InputError:
        return witness(problem)
