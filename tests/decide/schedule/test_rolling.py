"""The floor of a run as a problem, and a plan that rolls along it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE
from luban.decide.schedule import NEVER, Objective, Problem, Schedule, find_faults
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.from_twin import Assumed, Snapshot, snapshot
from luban.decide.schedule.rolling import Rolling, released_by_plan
from luban.twin.distribution import Distribution
from luban.twin.load import load_twin
from luban.twin.model import Batch, Calendar, LotOrder, Machine, Model, Pool, Route, SetupTable, Station, Step
from luban.twin.run import Run
from tests.twin.models import model

C2 = Path(__file__).parents[3] / "examples" / "c2_machining"
constant = Distribution.constant
H = 3600.0


@cache
def c2() -> Model:
    return load_twin(C2)


def plan(problem: Problem, objective: Objective, _: int) -> Schedule:
    return first_schedule(problem, objective)


def orders(*rows: tuple[str, int, int | None]) -> list[LotOrder]:
    return [LotOrder(f"{route}{place}", route, pieces, 0, due) for place, (route, pieces, due) in enumerate(rows)]


def shop(own: list[LotOrder], **machine: object) -> Model:
    """Two routes over one saw (an hour a piece) and one oven; setups of half an hour between them."""
    routes = [
        Route(name, (Step("saw", "saw", constant(H), per="piece", setup=name), Step("oven", "oven", constant(2 * H))))
        for name in ("red", "blue")
    ]
    table = SetupTable("paint", {("red", "blue"): 0.5 * H, ("blue", "red"): 0.5 * H})
    machines = [Machine("saw", "saw", setups="paint", setup="red", **machine), Machine("oven", "oven")]  # type: ignore[arg-type]
    more = {"calendars": [Calendar("day", tuple((day * DAY, day * DAY + 8 * HOUR) for day in range(40)))]}
    return model([Station("saw"), Station("oven")], machines, routes, orders=own, setups=[table], **more)


# ---- the floor as a problem


def test_what_is_under_way_ends_when_its_mean_time_is_over() -> None:
    run = Run(shop(orders(("red", 4, None), ("blue", 2, 9 * HOUR)))).to(90 * MINUTE)
    seen = snapshot(run)
    p = seen.problem
    assert seen.keys == (0, 1)
    assert seen.steps.tolist() == [0, 1, 0, 1]
    assert p.fixed_start.tolist()[:2] == [-90, NEVER]
    assert p.modes(0) == [(0, 240)]
    assert p.modes(2) == [(0, 120)]
    assert p.due.tolist() == [NEVER, 9 * 60 - 90]
    assert first_schedule(p, Objective()).end.tolist()[:2] == [150, 270]


def test_closures_lie_in_the_calendar_and_not_in_the_time_left() -> None:
    run = Run(shop(orders(("red", 10, None)), calendar="day")).to(7 * HOUR)
    p = snapshot(run).problem
    done = first_schedule(p, Objective())
    assert find_faults(done) == ()
    assert done.end[0] == 24 * 60 - 7 * 60 + 120
    later = snapshot(run.to(DAY + 30 * MINUTE)).problem
    assert later.modes(0) == [(0, 600)]
    assert first_schedule(later, Objective()).end[0] == 90


def test_setups_come_from_the_table_and_from_what_the_machine_stands_for() -> None:
    run = Run(shop(orders(("blue", 1, None), ("red", 1, None)))).to(10 * MINUTE)
    p = snapshot(run).problem
    names = {name: place for place, name in enumerate(p.families)}
    assert p.machine_family[0] == names["red"]
    assert p.setup_time[0, names["blue"], names["red"]] == 30
    assert p.setup_time[0, names["red"], names["red"]] == 0
    assert first_schedule(p, Objective()).end[0] == 90 - 10  # the setup under way is part of the operation


def test_lots_of_a_running_batch_come_out_of_it_and_the_oven_is_taken() -> None:
    bake = Step("bake", "oven", constant(3 * H), per="batch", batch=Batch("b", 2, 2))
    route = Route("loaf", (bake, Step("pack", "bench", constant(H))))
    machines = [Machine("oven", "oven"), Machine("bench", "bench")]
    own = orders(("loaf", 1, None), ("loaf", 1, None), ("loaf", 1, None))
    run = Run(model([Station("oven"), Station("bench")], machines, [route], orders=own)).to(HOUR)
    seen = snapshot(run)
    p = seen.problem
    assert p.machine_ready[0] == 120
    assert p.machine_batch[0] == 200
    assert sorted(p.release.tolist()) == [0, 120, 120]
    assert find_faults(first_schedule(p, Objective())) == ()


def test_an_order_of_the_pool_waits_for_its_material_and_for_monday() -> None:
    run = Run(c2(), seed=3).to(36 * DAY + 10 * HOUR)
    held, free = snapshot(run), snapshot(run, Assumed(free=True))
    pooled = np.array(held.pooled)
    assert pooled.any()
    assert (held.problem.release[pooled] >= 5 * 24 * 60).all()
    lots = {int(row["key"]): row for row in run.world["lots"]}
    for job in np.flatnonzero(free.pooled).tolist():
        ready = int(lots[free.keys[job]]["ready"]) - run.now
        assert free.problem.release[job] == max(0, -(-ready // MINUTE))


@pytest.mark.parametrize(
    "now", [26 * DAY + 6 * HOUR, 27 * DAY + 13 * HOUR + 40 * MINUTE, 33 * DAY, 38 * DAY + 19 * HOUR]
)
def test_the_reference_plant_can_be_planned_at_any_time(now: int) -> None:
    run = Run(c2(), seed=2).to(now)
    for assumed in (Assumed(), Assumed(free=True, people=False), Assumed(tick=5 * MINUTE)):
        seen = snapshot(run, assumed)
        assert len(seen.keys) == len(seen.pooled) == seen.problem.job_count > 100
        assert find_faults(first_schedule(seen.problem, Objective.parse("tardiness"))) == ()


def test_nothing_hidden_is_read() -> None:
    run = Run(c2(), seed=2).to(29 * DAY + 9 * HOUR)
    before = snapshot(run)
    world = run.world
    for name, fields in {
        "events": ("time",),
        "failures": ("limit", "born"),
        "machines": ("tool_life", "tool_used", "change"),
        "lots": ("cycle", "once"),
        "orders": ("arrival", "ready", "quantity"),
        "corrections": ("offset", "value"),
    }.items():
        for field in fields:
            world[name][field] = world[name][field] * 3 + 7
    _same(before, snapshot(run))


def _same(one: Snapshot, two: Snapshot) -> None:
    assert one.keys == two.keys
    for name in ("release", "due", "mode_time", "mode_machine", "fixed_start", "machine_ready", "setup_time", "lag"):
        assert np.array_equal(getattr(one.problem, name), getattr(two.problem, name)), name


def test_a_pool_counts_only_where_it_may_be_short() -> None:
    routes = [Route("r", (Step("1", "S", constant(H), pool="people"),))]
    machines = [Machine(f"S{place}", "S") for place in range(3)]
    own = orders(*[("r", 1, None)] * 5)
    for size, pools in ((2, ("people",)), (3, ())):
        run = Run(model([Station("S")], machines, routes, orders=own, pools=[Pool("people", size)])).to(10 * MINUTE)
        assert snapshot(run).problem.pools == pools
        assert find_faults(first_schedule(snapshot(run).problem, Objective())) == ()


# ---- the plan rolls


def test_it_puts_the_urgent_order_first_where_the_floor_would_not() -> None:
    own = orders(("red", 6, None), ("red", 6, 40 * HOUR), ("red", 2, 9 * HOUR))
    finish = {}
    for name in ("fifo", "plan"):
        run = Run(shop(own))
        if name == "plan":
            Rolling(every=HOUR, objective=Objective.parse("tardiness")).drive(run, 2 * DAY, plan)
        finish[name] = {int(row["key"]): int(row["finish"]) for row in run.to(2 * DAY).lots()}
    assert finish["fifo"][2] == 16 * HOUR
    assert finish["plan"][2] == 10 * HOUR
    assert finish["plan"][1] == 16 * HOUR


@pytest.mark.parametrize("dispatch", ["list", "priority", "strict"])
def test_all_lots_are_done_whatever_the_way_of_dispatch(dispatch: str) -> None:
    own = orders(*[("red" if place % 2 else "blue", 1 + place % 3, None) for place in range(12)])
    run = Run(shop(own, calendar="day"))
    tally = Rolling(every=4 * HOUR, dispatch=dispatch, near=4 * HOUR, loads=True).drive(run, 10 * DAY, plan)
    assert len(run.lots()) == 12
    assert tally.plans >= 5


def test_the_plan_releases_lots_and_only_those_whose_material_is_there() -> None:
    own = [replace(order, ready=place * 5 * HOUR) for place, order in enumerate(orders(*[("red", 1, None)] * 4))]
    run = Run(released_by_plan(shop(own)))
    tally = Rolling(every=HOUR, early=2 * HOUR).drive(run, 2 * DAY, plan)
    done = run.lots()
    assert tally.released == len(done) == 4
    released = np.sort(done["release"])
    assert (released >= np.arange(4) * 5 * HOUR).all()
    assert (released <= np.arange(4) * 5 * HOUR + HOUR).all()


def test_the_same_seed_gives_the_same_run() -> None:
    finishes = []
    for _ in range(2):
        run = Run(c2(), seed=4)
        run.to(26 * DAY)
        Rolling(every=8 * HOUR, work=100_000).drive(run, 27 * DAY, plan)
        finishes.append(run.lots()["finish"].tolist())
    assert finishes[0] == finishes[1]


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InputError, match="unknown way to dispatch"):
        Rolling(dispatch="guess")
    with pytest.raises(InputError, match="no such times"):
        Rolling(every=HOUR, look=2 * HOUR)
