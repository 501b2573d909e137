"""The price of lost output: from the plan's loads where there is a plan, else as typed; always said which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.maintain import Prices, spare_hours
from luban.decide.schedule.build import Builder
from luban.decide.schedule.schedule import Schedule
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.loop.plans import Plans
from luban.plant import MaintenanceTask, Plant, load
from luban.screens.i18n import words
from luban.screens.service.maintenance_price import current_plan, lost_output
from luban.screens.service.schedule_chart import loads
from tests.screens import schedule_shop
from tests.screens.schedule_shop import MINUTE, START

LATHE, MILL = "jinan/turning/lathe01", "jinan/milling/mill01"


def made_plan() -> Schedule:
    """Four days: the mill works 9 of 10 open hours a day, the lathe half of them; a service of the lathe is no work."""
    shop = Builder("jinan", START, MINUTE)
    shop.calendar("day", [(day * 1440, day * 1440 + 600) for day in range(30)], interrupts=False)
    for unit in (LATHE, MILL):
        shop.machine(unit, calendar="day")
    starts = []
    for day in range(4):
        shop.job(f"A{day}")
        shop.operation(f"A{day}", {LATHE: 300})
        shop.operation(f"A{day}", {MILL: 240})
        shop.job(f"B{day}")
        shop.operation(f"B{day}", {MILL: 300})
        starts += [day * 1440, day * 1440 + 360, day * 1440]
    shop.job("service", maintenance=True)
    shop.operation("service", {LATHE: 120}, fixed_start=400)
    p = shop.problem()
    return Schedule.plain(p, np.array([p.modes(at)[0][0] for at in range(13)]), np.array([*starts, 400]))


def tasks(lathe: float, mill: float) -> tuple[MaintenanceTask, MaintenanceTask]:
    first = MaintenanceTask(f"{LATHE}:service", LATHE, "service", "spindle", "age", None, "running", 0, hour_cost=lathe)
    return first, replace(first, id=f"{MILL}:service", asset=MILL, hour_cost=mill)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = schedule_shop.write(tmp_path / "plant")
    LedgerWriter(places(made).ledger).close()
    return made


@pytest.fixture
def plant(folder: Path) -> Plant:
    return load(folder)


def test_loads_are_worked_time_of_orders_over_open_time() -> None:
    # begins at tick 0, ends at 600 of day 4: 40 open hours in a little over three days
    assert loads(made_plan()) == {LATHE: (pytest.approx(0.5), 40.0), MILL: (pytest.approx(0.9), 40.0)}
    shop = Builder("abstract")
    shop.machine("saw")
    shop.job("A")
    shop.operation("A", {"saw": 3})
    assert loads(Schedule.plain(shop.problem(), np.array([0]), np.array([0]))) == {}


def test_a_long_plan_counts_the_open_hours_of_a_week() -> None:
    shop = Builder("long", START, MINUTE)
    shop.machine("saw")
    for name, length in (("A", 60), ("B", 60)):
        shop.job(name)
        shop.operation(name, {"saw": length})
    plan = Schedule.plain(shop.problem(), np.array([0, 0]), np.array([0, 14 * 1440 - 60]))
    assert loads(plan)["saw"] == (pytest.approx(2 / (14 * 24)), pytest.approx(168.0))


def test_the_bottleneck_gives_the_price_and_the_rest_catches_up(folder: Path, plant: Plant) -> None:
    lathe, mill = tasks(20, 150)
    plant = replace(plant, maintenance=(lathe, mill))
    assert current_plan(folder) is None
    typed = lost_output(plant, lathe, None)
    assert (typed.hour, typed.spare, typed.reason.key) == (20, 0, "no_plan")
    plans = Plans(folder)
    plans.make(made_plan(), {}, who="li")
    newest = plans.make(made_plan(), {}, who="li").id
    plan = current_plan(folder)
    assert plan is not None
    assert plan.id == newest
    found = lost_output(plant, lathe, plan)
    assert (found.hour, found.reason.key) == (150, "from_last")
    assert found.spare == pytest.approx(0.4 * 40)
    assert lost_output(plant, mill, plan).spare == 0, "the bottleneck catches up nothing"
    plans.publish(plans.get("P0001"), who="li")
    plan = current_plan(folder)
    assert plan is not None
    assert plan.id == "P0001"
    said = lost_output(plant, lathe, plan)
    assert "published plan P0001" in said.reason.text
    assert "50 %" in said.reason.text
    assert "90 %" in said.reason.text
    assert said.source == "maintenance.csv, P0001"
    assert "P0001" in words("zh")(said.reason.sentence).format(**said.reason.given)


def test_where_the_plan_cannot_tell_the_typed_price_stays(folder: Path, plant: Plant) -> None:
    lathe, mill = tasks(20, 0)
    plan = Plans(folder).make(made_plan(), {}, who="li")
    own = lost_output(replace(plant, maintenance=(lathe, mill)), lathe, plan)
    assert (own.hour, own.spare, own.reason.key) == (20, 0, "no_price")
    other = replace(lathe, asset="jinan/wash", hour_cost=7)
    assert lost_output(plant, other, plan).reason.key == "not_in_plan"


def test_prices_charge_only_what_is_not_caught_up() -> None:
    own = Prices(failure=100, planned=50, hour=10, spare=16, failure_hours=20, planned_hours=6, inspection_hours=1)
    assert (own.of_failure, own.of_planned, own.of_inspection) == (100 + 10 * 4, 50, 0)
    assert own.as_dict()["spare"] == 16
    assert spare_hours(0.5, 0.9, 40) == pytest.approx(16)
    for wrong in ((0.9, 0.5, 40), (0.5, 0.9, -1), (0.0, 0.0, 1)):
        with pytest.raises(InputError):
            spare_hours(*wrong)
    with pytest.raises(InputError):
        own.changed(spare=-1)
