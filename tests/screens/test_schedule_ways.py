"""What it would take to end an order in time: levers that are tried, and what they cost the others."""

from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import Plans
from luban.screens.service.schedule_ways import ways, ways_of
from tests.screens import schedule_shop

pytestmark = pytest.mark.timeout(400)  # the first search compiles


def plan_of(folder: Path, due: int) -> Plans:
    """A and then B on a saw that is open for 10 of each 24 hours; B is due after `due` hours."""
    shop = Builder("saw", schedule_shop.START, 3_600_000_000)
    shop.calendar("day", [(24 * day, 24 * day + 10) for day in range(9)])
    shop.machine("jinan/turning/lathe01", calendar="day")
    for name, by in (("A", 90), ("B", due)):
        shop.job(name, due=by)
        shop.operation(name, {"jinan/turning/lathe01": 8})
    p = shop.problem()
    start, end = np.array([0, 8]), np.array([8, 30])
    plans = Plans(folder)
    plans.make(Schedule(p, np.zeros(2), start, end, start, start, np.full(2, -1)), {"objective": "tardiness"}, who="li")
    return plans


def test_going_first_is_enough_and_costs_nobody(tmp_path: Path):
    told = ways_of(plan_of(tmp_path, due=9).get("P0001"), "B", 0.5, 0)
    assert (told["late"], told["due"]) == (21, 9)
    found = {own["way"]: own for own in told["ways"]}
    assert (found["priority"]["late"], found["priority"]["end"], found["priority"]["harmed"]) == (0, 8, [])
    assert found["priority"]["moved"] == 1
    assert found["gaps"]["late"] > 0
    assert told["ways"][0]["late"] == 0, "what is enough comes first"


def test_what_is_locked_stays(tmp_path: Path):
    plans = plan_of(tmp_path, due=9)
    plan = plans.get("P0001")
    plans.edit(plan, plan.schedule, frozenset({0}), "locked", "A/1", who="li")
    found = {own["way"]: own for own in ways_of(plans.get("P0001"), "B", 0.5, 0)["ways"]}
    assert found["priority"]["late"] > 0, "A keeps its start"


def test_a_process_of_its_own_says_the_same_and_what_is_wrong(tmp_path: Path):
    plan_of(tmp_path, due=9)
    assert 8 in [own["end"] for own in ways(tmp_path, "P0001", "B", 0.5)["ways"]]
    with pytest.raises(InputError, match="no such plan"):
        ways(tmp_path, "P0002", "B", 0.5)
