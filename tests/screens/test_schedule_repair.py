"""What happened, and how a plan goes on: options that are checked, taken as a plan, refused with a reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.build import Builder
from luban.decide.schedule.check import find_faults
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NONE
from luban.decide.schedule.schedule import Schedule
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.loop.plans import Plans
from luban.screens.service import PlantView
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_offer import offered
from luban.screens.service.schedule_repair import copied, mended
from tests.screens import schedule_shop

pytestmark = pytest.mark.timeout(400)  # the first search compiles

MILL = "jinan/milling/mill02"
DOWN = {"kind": "breakdown", "machine": MILL, "start": 420, "end": 780, "resume": True}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = schedule_shop.write(tmp_path / "plant")
    LedgerWriter(places(folder).ledger).close()
    schedule_shop.seed(folder, schedule_shop.problem(), name="Week 2")
    return Desk(PlantView(folder))


def test_a_breakdown_is_mended_and_taken(desk: Desk):
    old = desk.plans.get("P0001").schedule
    told = desk.repair("P0001", [DOWN], version=0, now=420, seconds=0.5)
    options = told["options"]
    assert [own["moved"] for own in options] == sorted(own["moved"] for own in options)
    assert [own["value"] for own in options] == sorted((own["value"] for own in options), reverse=True)
    assert told["before"] == list(Objective.parse(told["objective"]).value(old))
    made = desk.take_repair("P0001", told["id"], told["chosen"], who="li")
    plan, chosen = desk.plans.get(made), options[told["chosen"]]
    new, p = plan.schedule, plan.schedule.problem
    assert find_faults(new) == ()
    assert list(Objective.parse(told["objective"]).value(new)) == chosen["value"]
    begun = old.start < 420
    assert (new.start[begun] == old.start[begun]).all()
    mill = new.machine == p.machines.index(MILL)
    assert not (mill & (new.start >= 420) & (new.start < 780)).any(), "nothing begins where the machine is down"
    assert ((old.machine == p.machines.index(MILL)) & (old.start >= 420) & (old.start < 780)).any()
    moved = [at for at in range(p.operation_count) if (old.start[at], old.machine[at], old.end[at])
             != (new.start[at], new.machine[at], new.end[at])]  # fmt: skip
    assert [own[0] for own in chosen["changes"]] == moved
    assert plan.history[0].who == "li"
    assert plan.made["name"] == "Mill 2 down 01-05 13:00 to 01-05 19:00"
    assert plan.made["mended"]["plan"] == "P0001"
    assert desk.plans.get("P0001").n == 0, "the old plan stays as it is"
    assert desk.told(made)["stale"] is None
    # and it is a plan like any other
    desk.lock(made, 0, version=0, who="li")
    assert desk.step(made, "undo", who="li") == p.operations[0]


def test_what_is_locked_stays(desk: Desk):
    old = desk.plans.get("P0001").schedule
    later = np.flatnonzero((old.start > 700) & (old.machine != old.problem.machines.index(MILL)))
    locked = int(later[0])
    desk.lock("P0001", locked, version=0, who="li")
    told = desk.repair("P0001", [DOWN], version=1, now=420, seconds=0.3)
    assert told["unlocked"] == []
    for own in told["options"]:
        assert locked not in {change[0] for change in own["changes"]}
    made = desk.plans.get(desk.take_repair("P0001", told["id"], 0, who="li"))
    assert made.locked == {locked}


def test_late_material_and_a_new_order(desk: Desk):
    plan = desk.plans.get("P0001")
    last = int(plan.schedule.start[plan.schedule.problem.operations.index("PO-114/10")])
    happened: list[dict[str, Any]] = [
        {"kind": "material", "order": "PO-114", "ready": last + 700},
        {"kind": "rush", "name": "PO-999", "like": "PO-103", "size": 0.5, "due": 3000, "weight": 2.0},
    ]
    told = desk.repair("P0001", happened, version=0, now=60, seconds=0.3)
    made = desk.plans.get(desk.take_repair("P0001", told["id"], 0, who="li", language="zh"))
    p, s = made.schedule.problem, made.schedule
    assert find_faults(s) == ()
    assert s.start[p.operations.index("PO-114/10")] >= last + 700
    first, route = p.operations.index("PO-999/1"), plan.schedule.problem.operations.index("PO-103/10")
    assert p.modes(first) == [(machine, round(time / 2)) for machine, time in p.modes(route)]
    assert (p.due[-1], p.weight[-1], p.family[first]) == (3000, 2.0, p.family[route])
    assert "PO-999" in made.made["name"]
    assert "material" not in made.made["name"]


def people() -> Schedule:
    """Two orders side by side, each with one of two fitters."""
    shop = Builder("benches", schedule_shop.START, schedule_shop.MINUTE)
    shop.pool("fitters", 2)
    for at in "ab":
        shop.machine(at)
        shop.job(at.upper(), due=60)
        shop.operation(at.upper(), {at: 60}, needs={"fitters": 1})
    start, end = np.zeros(2, np.int64), np.full(2, 60)
    return Schedule(shop.problem(), np.arange(2), start, end, start, start, np.full(2, NONE))


def test_with_a_fitter_away_one_waits(tmp_path: Path):
    plan = Plans(tmp_path).make(people(), {"objective": "tardiness"}, who="li")
    away = {"kind": "people", "pool": "fitters", "start": 0, "end": 100, "missing": 1}
    told = mended(plan, [away], 0, rounds=200)
    assert told["options"][-1]["value"] == [60.0], "one after the other"
    assert told["late"] == 0
    assert told["options"][-1]["late"] == 1


@pytest.mark.parametrize(
    ("happened", "now", "said"),
    [
        ({**DOWN, "machine": "lathe"}, 0, "unknown machine"),
        ({**DOWN, "end": 420}, 0, "it ends before it begins, or is over"),
        ({"kind": "material", "order": "PO-101", "ready": 900}, 600, "its material is there: the order has begun"),
        ({"kind": "rush", "name": "PO-101", "like": "PO-102"}, 0, "an order of that name is in the plan"),
        ({"kind": "rush", "name": "new", "like": "PO-1"}, 0, "no such order in the plan"),
        ({"kind": "flood"}, 0, "nothing that can happen"),
        (DOWN, -1, "the plan begins later"),
    ],
)
def test_a_refusal_says_why(desk: Desk, happened: dict[str, Any], now: int, said: str):
    with pytest.raises(InputError, match=said):
        mended(desk.plans.get("P0001"), [happened], now, rounds=1)


def test_a_plan_that_changed_meanwhile_is_looked_at_again(desk: Desk):
    told = desk.repair("P0001", [DOWN], version=0, now=420, seconds=0.1)
    desk.lock("P0001", 0, version=0, who="wang")
    with pytest.raises(InputError, match="changed meanwhile"):
        desk.take_repair("P0001", told["id"], 0, who="li")
    with pytest.raises(InputError, match="changed meanwhile"):
        desk.repair("P0001", [DOWN], version=0, now=420)
    with pytest.raises(InputError, match="no such repair"):
        desk.take_repair("P0001", "77", 0, who="li")
    with pytest.raises(InputError, match="unknown machine"):  # what the process refuses comes through
        desk.repair("P0001", [{**DOWN, "machine": "lathe"}], version=1, now=420)
    again = desk.repair("P0001", [DOWN], version=1, now=420, seconds=0.1)
    with pytest.raises(InputError, match="no such option"):
        desk.take_repair("P0001", again["id"], 99, who="li")


def test_a_route_with_waits_is_not_copied():
    shop = Builder("paint", schedule_shop.START, schedule_shop.MINUTE)
    shop.machine("spray")
    shop.job("A")
    shop.operation("A", {"spray": 10}, lag=30)
    shop.operation("A", {"spray": 10})
    with pytest.raises(InputError, match="waits or batches"):
        copied(shop.problem(), {"kind": "rush", "name": "B", "like": "A"})


def one_machine() -> Schedule:
    """A and B, an hour each, one after the other, both due when they end."""
    shop = Builder("bench", schedule_shop.START, schedule_shop.MINUTE)
    shop.machine("saw")
    for name, due in (("A", 60), ("B", 120)):
        shop.job(name, due=due)
        shop.operation(name, {"saw": 60})
    start = np.array([0, 60])
    return Schedule(shop.problem(), np.zeros(2, np.int64), start, start + 60, start, start, np.full(2, NONE))


def test_a_date_is_harmless_or_has_its_price(tmp_path: Path):
    plan = Plans(tmp_path).make(one_machine(), {"objective": "tardiness"}, who="li")
    asked = {"name": "C", "like": "A", "size": 0.5, "due": 30, "weight": 1.0}
    told = offered(plan, asked, 0, rounds=200)
    assert told["alone"] == 30
    # before both it makes each 30 late, before B it makes B 30 late, after both nobody
    assert [(own["end"], own["price"], own["harmless"]) for own in told["quotes"]] == [
        (30, 60.0, False), (90, 30.0, False), (150, 0.0, True),
    ]  # fmt: skip
    assert [own["late"] for own in told["quotes"]] == [0, 60, 120]
    assert told["best"] == 0, "60 is less than 30 + 60 and 120"
    assert offered(plan, {**asked, "weight": 0.1}, 0, rounds=200)["best"] == 2
    with pytest.raises(InputError, match="no such order"):
        offered(plan, {**asked, "like": "Z"}, 0, rounds=1)


def test_no_date_moves_what_is_locked(tmp_path: Path):
    plans = Plans(tmp_path)
    plan = plans.make(one_machine(), {"objective": "tardiness"}, who="li", locked=[0])
    told = offered(plan, {"name": "C", "like": "A", "size": 0.5, "due": 30}, 0, rounds=200)
    assert [own["end"] for own in told["quotes"]] == [90, 150]
