"""The door: what no schedule can do is named, and nothing that can be done is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule import door
from luban.decide.schedule.build import Builder
from luban.decide.schedule.door import hindrances, require
from luban.decide.schedule.problem import NEVER, Problem
from tests.decide.schedule.shops import FEATURES, shop

DAY = [(0, 8), (24, 32)]


def saw(interrupts: bool = True, windows: list[tuple[int, int]] | None = None, **machine: Any) -> Builder:
    b = Builder("yard")
    b.calendar("day", DAY if windows is None else windows, interrupts)
    b.pool("crew", [(0, 2), (10, 1)])
    b.machine("saw", calendar="day", **machine)
    b.machine("mill")
    b.move("saw", "mill", 3)
    return b


def refused(b: Builder) -> str:
    with pytest.raises(InputError) as caught:
        require(b.problem())
    return str(caught.value)


def one(b: Builder, modes: dict[str, int], job: dict[str, Any] | None = None, **operation: Any) -> str:
    b.job("A", **job or {})
    b.operation("A", modes, place="routing.csv:7", **operation)
    return refused(b)


def test_operation_longer_than_any_opening() -> None:
    said = one(saw(interrupts=False), {"saw": 9})
    assert said == (
        "routing.csv:7: A/1 of order A cannot be done · came: saw: 9 ticks, but its longest opening is 8 ticks from "
        "tick 0 on and work may not be interrupted"
    )


def test_operation_that_fits_no_opening_after_its_release() -> None:
    assert "its longest opening is 2 ticks from tick 30 on" in one(saw(interrupts=False), {"saw": 3}, {"release": 30})


def test_machine_without_time() -> None:
    assert "came: saw: closed from tick 0 on" in one(saw(windows=[]), {"saw": 1})
    assert "came: saw: closed from tick 40 on" in one(saw(ready=40), {"saw": 1})


def test_not_enough_time_in_all() -> None:
    assert "saw: 17 ticks, but it is open for 16 ticks in all from tick 0 on" in one(saw(), {"saw": 17})


def test_calendar_ends_before_the_work() -> None:
    b = saw()
    for name in "ABC":
        b.job(name)
        b.operation(name, {"saw": 6})
    assert refused(b) == (
        "yard: saw has more work than its calendar has time · came: 18 ticks of work in 3 operations, A/1 and others · "
        "expected: at most 16 ticks, when it closes for good at tick 32 · hint: give its calendar more days, or plan "
        "fewer orders"
    )


def test_pool_is_never_large_enough() -> None:
    said = one(saw(), {"saw": 1}, needs={"crew": 3})
    assert said == (
        "routing.csv:7: A/1 of order A needs more of crew than there ever is · came: 3 · expected: at most 2"
    )


def test_pool_is_never_there_for_so_long() -> None:
    """Shifts of 8 with pauses of 16; what is always open does not stop for them, what has their calendar does."""
    b = Builder("furnace")
    b.calendar("shift", [(day * 24, day * 24 + 8) for day in range(30)])
    b.pool("crew", [step for day in range(30) for step in ((day * 24, 2), (day * 24 + 8, 0))])
    b.machine("furnace")
    b.machine("bench", calendar="shift")
    b.job("A", release=30)
    b.operation("A", {"bench": 20}, needs={"crew": 2})
    require(b.problem())
    b.operation("A", {"furnace": 9}, needs={"crew": 1}, place="routing.csv:8")
    assert refused(b) == (
        "routing.csv:8: A/2 of order A needs crew for longer than they are there · came: 1 for 9 ticks on furnace "
        "without a stop · expected: at most 8 ticks · hint: give furnace a calendar over which work waits, or crew "
        "longer shifts"
    )


def test_another_machine_or_a_shift_that_is_left_is_enough() -> None:
    b = Builder("furnace")
    b.calendar("whole", [(0, 30), (40, 60)], interrupts=False)
    b.pool("crew", [(0, 1), (8, 0), (16, 1), (26, 0), (44, 1), (54, 0)])
    b.machine("furnace")
    b.machine("kiln", calendar="whole")
    b.job("A", release=3)
    b.operation("A", {"furnace": 11, "kiln": 10}, needs={"crew": 1})
    require(b.problem())
    b.job("B", release=18)
    b.operation("B", {"kiln": 10}, needs={"crew": 1})
    require(b.problem())
    b.job("C", release=45)
    b.operation("C", {"kiln": 10}, needs={"crew": 1})
    assert "C/1 of order C needs crew for longer than they are there" in refused(b)


def test_fixed_operations_share_a_tool() -> None:
    b = saw()
    for name, machine in (("A", "saw"), ("B", "mill")):
        b.job(name)
        b.operation(name, {machine: 6}, fixed_start=12 if machine == "mill" else 24, needs={"crew": 1})
    require(b.problem())
    b.job("C")
    b.machine("lathe")
    b.operation("C", {"lathe": 4}, fixed_start=15, needs={"crew": 1})
    assert "fixed operations need more of crew at once than there is: B/1, C/1 · came: 2 at tick 15" in refused(b)


def test_fixed_machine_that_cannot_do_it() -> None:
    said = one(saw(), {"saw": 1}, fixed_machine="mill")
    assert said == "routing.csv:7: A/1 is fixed on a machine that cannot do it · came: mill · expected: saw"


def test_deadline_before_the_earliest_end() -> None:
    said = one(saw(), {"saw": 9}, {"deadline": 20})
    assert said == (
        "routing.csv:7: A cannot end by its deadline, even with every machine free · came: tick 20 · "
        "expected: tick 25 or later"
    )


def test_fixed_before_release_and_before_the_operation_before() -> None:
    assert "A/1 is fixed before its release · came: tick 2 · expected: tick 5 or later" in one(
        saw(), {"mill": 1}, {"release": 5}, fixed_start=2
    )
    b = saw()
    b.job("A")
    b.operation("A", {"mill": 6}, lag=1)
    b.operation("A", {"mill": 6}, fixed_start=6)
    assert "A/2 is fixed before the earliest end of A/1 · came: tick 6 · expected: tick 7 or later" in refused(b)


def test_fixed_in_closed_time() -> None:
    assert "saw: 2 ticks, fixed at tick 9, when it is closed" in one(saw(), {"saw": 2}, fixed_start=9)
    assert "saw: 3 ticks, fixed at tick 6, when it is closed" in one(saw(False), {"saw": 3}, fixed_start=6)
    assert "saw: fixed at tick 1, and it is free from tick 4" in one(saw(ready=4), {"saw": 1}, fixed_start=1)


def test_fixed_operations_overlap() -> None:
    b = saw()
    for name, start in (("A", -2), ("B", 3)):
        b.job(name)
        b.operation(name, {"saw": 6, "mill": 2}, fixed_start=start, fixed_machine="saw")
    assert refused(b) == (
        "yard: B/1 and A/1 are fixed on saw at the same time · came: tick 3 · expected: tick 6 or later"
    )


def test_fixed_operations_may_share_a_batch() -> None:
    b = Builder("oven")
    b.machine("oven", batch=2)
    for name in "AB":
        b.job(name)
        b.operation(name, {"oven": 6}, fixed_start=3, batch="hot")
    require(b.problem())


def test_batch_too_large() -> None:
    b = Builder("bakery")
    b.machine("oven", batch=4)
    assert "oven: a load of 5, and 4 fit" in one(b, {"oven": 2}, size=5)


def test_batch_with_two_setup_families() -> None:
    b = Builder("bakery")
    b.machine("oven", batch=4, table="clean")
    b.setup("clean", "rye", "wheat", 1)
    for name in ("rye", "wheat"):
        b.job(name)
        b.operation(name, {"oven": 2}, family=name, batch="bread")
    assert "wheat/1 and rye/1 may share a batch, but their setup families differ" in refused(b)


def test_family_without_length() -> None:
    b = saw(table="t")
    b.setup("t", "", "red", 2)
    said = one(b, {"saw": 0}, family="red")
    assert "A/1 has a setup family but no length · came: 0 on saw, family red" in said


def test_longest_wait_shorter_than_lag_and_way() -> None:
    b = saw()
    b.job("A")
    b.operation("A", {"saw": 1}, lag=2, max_lag=4)
    b.operation("A", {"mill": 1})
    assert refused(b) == (
        "yard: A/2 cannot follow A/1 in time · came: a longest wait of 4 ticks · "
        "expected: 5 ticks or more: lag 2 ticks, way 3 ticks"
    )


def test_machine_that_nobody_can_set_up() -> None:
    b = saw(table="t", setup_pool="night")
    b.pool("night", [(0, 0)])
    b.setup("t", "", "red", 2)
    assert "saw cannot be set up · came: nobody is ever in night" in one(b, {"saw": 1}, family="red")


def test_more_modes_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_MODES", 2)
    b = saw()
    for name in "AB":
        b.job(name)
        b.operation(name, {"saw": 1, "mill": 1})
    said = refused(b)
    assert "more pairs of operation and machine than can be scheduled · came: 4 · expected: at most 2" in said


def test_how_much_more_is_wrong_is_said() -> None:
    b = saw()
    for name in "ABC":
        b.job(name, deadline=3)
        b.operation(name, {"mill": 6})
    assert "hint: 2 more things cannot be done, e.g. B cannot end by its deadline" in refused(b)


def test_numbers_that_name_nothing() -> None:
    p = shop(1)
    wrong = np.array(p.mode_machine)
    wrong[0] = 99
    with pytest.raises(InputError, match="mode_machine names something that is not there"):
        require(replace(p, mode_machine=wrong))


@pytest.mark.parametrize("seed", range(120))
def test_what_can_be_done_is_not_refused(seed: int) -> None:
    """Every random shop has a schedule, so the door lets it in."""
    random = np.random.default_rng(seed)
    names = random.choice(FEATURES, random.integers(0, 12), replace=False).tolist()
    problem = shop(seed, jobs=5, machines=4, steps=4, **dict.fromkeys(names, True))
    assert [str(error) for error in hindrances(problem)] == []


def test_large_numbers_are_handled() -> None:
    """Ticks of a microsecond over a year are far beyond 32 bits."""
    b = Builder("long", tick=1)
    hour = 3_600_000_000
    b.calendar("day", [(day * 24 * hour, (day * 24 + 16) * hour) for day in range(365)])
    b.machine("saw", calendar="day")
    b.job("A", due=NEVER)
    b.operation("A", {"saw": 1000 * hour})
    require(b.problem())
    b.operation("A", {"saw": 5000 * hour})
    assert "A/2 of order A cannot be done · came: saw: 5000 h, but it is open for 4840 h in all" in refused(b)


def large() -> Problem:
    b = Builder("large")
    b.calendar("day", [(day * 96, day * 96 + 64) for day in range(600)], interrupts=False)
    for machine in range(40):
        b.machine(f"M{machine}", calendar="day")
    for job in range(5_000):
        b.job(f"J{job}")
        for step in range(10):
            b.operation(f"J{job}", {f"M{(job * 7 + step * 13 + k) % 40}": 5 + k for k in range(10)})
    return b.problem()


@pytest.mark.slow
def test_half_a_million_modes_are_looked_at_quickly() -> None:
    problem = large()
    before = time.process_time()
    require(problem)
    assert time.process_time() - before < 15
