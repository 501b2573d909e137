"""The portfolio: it ends as it should, says what it proved, and repeats itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.decide.schedule import Builder, Objective, find_faults, read_problem, solve
from luban.decide.schedule.portfolio import Progress
from tests.decide.schedule.shops import shop

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(("name", "optimum"), [("ft06", 55), ("la01", 666), ("la02", 655)])
def test_published_optima_are_proved(name: str, optimum: int) -> None:
    found = solve(read_problem(DATA / f"{name}.txt"), seconds=60)
    assert found.value == (optimum,)
    assert found.proved
    assert found.bound == optimum
    assert found.reason == "proved"
    assert found.gap == 0


@pytest.mark.slow
def test_ft10_is_proved() -> None:
    found = solve(read_problem(DATA / "ft10.txt"), seconds=150)
    assert (found.value, found.proved) == ((930,), True)


def test_the_log_only_gets_better_and_ends_with_the_answer() -> None:
    found = solve(read_problem(DATA / "ft10.txt"), seconds=2)
    values = [entry.value for entry in found.log]
    bounds = [entry.bound for entry in found.log]
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert found.log[0].engine == "first"
    assert found.log[-1].value == found.value == (found.schedule.makespan,)
    assert found.bound <= 930 <= found.value[0]


def test_the_same_seed_and_work_give_the_same_schedule_on_one_worker() -> None:
    for problem, goal in [
        (read_problem(DATA / "ft10.txt"), Objective()),
        (shop(3, setups=True, windows=True, jobs=6), Objective.parse("tardiness > setup_time")),
    ]:
        one, two = (solve(problem, goal, seconds=60, seed=5, workers=1, work=40_000_000) for _ in range(2))
        assert one.value == two.value
        assert (one.schedule.start == two.schedule.start).all()
        assert (one.schedule.machine == two.schedule.machine).all()


def test_it_ends_at_a_gap_when_asked_and_on_interrupt_with_the_best_so_far() -> None:
    problem = read_problem(DATA / "ft10.txt")
    wide = solve(problem, seconds=60, gap=0.5)
    assert wide.reason in {"gap", "proved"}
    assert wide.seconds < 30

    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    begun = time.monotonic()
    asked = solve(read_problem(DATA / "mk01.txt"), Objective.parse("flow_time"), seconds=120, stop=stop)
    assert asked.reason == "stopped"
    assert time.monotonic() - begun < 60
    assert find_faults(asked.schedule) == ()

    def press(progress: Progress) -> None:
        if progress.entry.seconds > 0:
            raise KeyboardInterrupt

    pressed = solve(problem, Objective.parse("flow_time"), seconds=120, on_progress=press)
    assert pressed.reason == "stopped"
    assert find_faults(pressed.schedule) == ()


def test_what_cannot_be_asked_is_refused() -> None:
    problem = read_problem(DATA / "ft06.txt")
    for wrong in ({"seconds": 0.0}, {"gap": -0.1}, {"workers": 3}):
        with pytest.raises(InputError, match="a search needs"):
            solve(problem, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not an objective"):
        Objective.parse("tardiness >")
    with pytest.raises(InputError, match="unknown term"):
        Objective.parse("lateness")


def test_a_plan_in_force_is_where_it_begins() -> None:
    problem = read_problem(DATA / "ft06.txt")
    best = solve(problem, seconds=60).schedule
    again = solve(problem, seconds=60, first=best)
    assert again.log[0].value == (55,)


def test_an_order_that_cannot_be_done_is_named() -> None:
    builder = Builder("closed")
    builder.calendar("week", [(0, 10), (20, 30)], interrupts=False)
    builder.machine("saw", calendar="week")
    builder.job("A")
    builder.operation("A", {"saw": 11})
    with pytest.raises(InputError, match="A/1") as caught:
        solve(builder.problem(), seconds=1)
    assert "saw" in str(caught.value)
