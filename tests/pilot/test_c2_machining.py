"""The machining job shop as a pilot: money by hand, the same chances, silent levers, and the twin's own figures."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, HOUR, MINUTE, from_datetime
from luban.pilot.assumptions import assumptions
from luban.pilot.c2_machining import open_pilot
from luban.pilot.c2_machining.plant import ordered, read_planned, usual_work
from luban.pilot.c2_machining.power import QUARTER, bill, prices, quarters, rested
from luban.pilot.c2_machining.settings import read_settings
from luban.pilot.money import YEAR
from luban.pilot.plan import COSTS, Arm, Figures
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES
from luban.twin.run import Run
from tests.loop.honest import HonestFloor

FOLDER = Path(__file__).parents[2] / "examples" / "c2_machining"
DAYS = 12.0
IDLE, STANDBY, RUN = (STATES.index(name) for name in ("idle", "standby", "run"))


@pytest.fixture(scope="module")
def as_is() -> Figures:
    return open_pilot(FOLDER).run(Arm(), 7, days=DAYS)


# ---- money


def test_wages_of_a_year_are_those_of_the_set() -> None:
    labour = read_settings(FOLDER).labour
    assert labour.year(labour.persons) == pytest.approx(34 * 75_463 * 1.35)
    # 75,463 x 1.35 / 2000 h x 1.5 / 60
    assert labour.on_top(1.0) == pytest.approx(1.27344, abs=1e-5)


def test_a_bill_by_hand() -> None:
    start = from_datetime(datetime(2026, 2, 2, tzinfo=ZoneInfo("Asia/Shanghai")))
    power = np.full(96, 100.0)
    power[40] = 180.0  # from 10:00 on, at peak
    own = bill("cn-example", power, start, 0)
    # an ordinary month, an hour a letter: valley, flat, peak, deep valley
    letters = "vvvvvvvvffppdffffpppppff"
    band = {"v": 0.28, "f": 0.70, "p": 1.295, "d": 0.14}
    assert own.work == pytest.approx(100 * sum(band[one] for one in letters) + 80 * 0.25 * 1.295)
    assert own.demand == pytest.approx(42 * 180 / 28)
    assert own.peak == 180.0


def test_demand_is_counted_month_by_month() -> None:
    start = from_datetime(datetime(2026, 1, 31, tzinfo=ZoneInfo("Asia/Shanghai")))
    power = np.concatenate([np.full(96, 50.0), np.full(96, 70.0)])
    assert bill("cn-example", power, start, 0).demand == pytest.approx(42 * (50 / 31 + 70 / 28))
    assert len(prices("cn-example", start, 0, DAY)) == 96


def test_standby_begins_after_the_wait_and_ends_with_the_idling() -> None:
    kind = Run(read_planned(FOLDER).model, trace="facts").take_trace().dtype
    rows = np.zeros(3, kind)
    rows["kind"], rows["machine"] = Kind.STATE, 2
    rows["time"], rows["a"] = [0, HOUR, 2 * HOUR], [IDLE, RUN, IDLE]
    found = rested(rows, {2: 10.0}, 0)
    assert [(int(row["time"] // MINUTE), int(row["a"])) for row in found] == [
        (0, IDLE), (10, STANDBY), (60, RUN), (120, IDLE), (130, STANDBY),
    ]  # fmt: skip
    assert len(rested(rows, {2: 61.0}, 0)) == 4  # the first hour is too short, the last one has no end
    assert int(rested(rows, {2: 10.0}, 30 * MINUTE)["time"][1]) == 40 * MINUTE


def test_power_of_a_site_where_nothing_runs_is_its_base_load() -> None:
    model = read_planned(FOLDER).model
    nothing = Run(model, trace="facts").take_trace()[:0]
    idle = sum(own.power.get("idle", 0.0) for own in model.machines) / 1000
    spans = [(2 * QUARTER, 3 * QUARTER + QUARTER // 2)]
    power = quarters(model, nothing, 0, 4 * QUARTER, spans)
    assert power == pytest.approx([idle + 20, idle + 20, idle + 57, idle + 20 + 18.5])
    assert quarters(model, nothing, 0, QUARTER, None) == pytest.approx([idle + 57])


def test_every_figure_of_the_file_has_words_a_unit_and_a_source() -> None:
    bare = [one.key for one in assumptions(FOLDER) if not one.source or "[" not in one.text]
    assert bare == []


# ---- runs


def test_as_is_is_the_twin_as_it_is(as_is: Figures) -> None:
    model = ordered(read_planned(FOLDER).model, 7, 25 * DAY, 1.0)
    run = Run(model, seed=7).to(25 * DAY)
    run.lots()
    lots = run.to(round((25 + DAYS) * DAY)).lots()
    assert as_is.cycle == pytest.approx(float((lots["finish"] - lots["arrival"]).mean()) / 1e6)
    assert as_is.defects == pytest.approx(
        (lots["scrap"].sum() + lots["rework"].sum()) / (lots["good"].sum() + lots["scrap"].sum())
    )
    assert set(as_is.costs) == set(COSTS)
    assert as_is.costs["labour"] == pytest.approx(34 * 75_463 * 1.35 * DAYS / YEAR)
    assert as_is.costs["levers"] == as_is.costs["measuring"] == 0


def test_equal_runs_are_equal_and_other_seeds_are_not(as_is: Figures) -> None:
    pilot = pickle.loads(pickle.dumps(open_pilot(FOLDER)))
    assert pilot.run(Arm(), 7, days=DAYS) == as_is
    assert pilot.run(Arm(), 8, days=DAYS).cycle != as_is.cycle


def test_levers_to_which_the_plant_does_not_answer_change_nothing(as_is: Figures) -> None:
    pilot = open_pilot(FOLDER)
    everything = frozenset(one.id for one in pilot.levers)
    silent = pilot.run(Arm(levers=everything, silent=True), 7, days=DAYS)
    assert silent.cycle == as_is.cycle
    assert silent.defects == as_is.defects
    assert silent.costs == pytest.approx(as_is.costs)


def test_nobody_who_decides_looks_behind_the_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Garbage over everything that is hidden, whenever a lever decides: the same figures to the last digit."""
    pilot = open_pilot(FOLDER)
    arm = Arm(levers=frozenset({"release", "dispatch", "furnace", "maintenance", "energy"}))
    figures = pilot.run(arm, 7, days=DAYS)
    floors = []

    def honest(*args: Any, **more: Any) -> HonestFloor:
        floors.append(HonestFloor(*args, **more))
        return floors[-1]

    monkeypatch.setattr("luban.pilot.c2_machining.shop.VirtualFloor", honest)
    assert pilot.run(arm, 7, days=DAYS) == figures
    assert floors[0].poisoned > 300


def test_release_and_dispatch_halve_the_way_of_an_order() -> None:
    pilot = open_pilot(FOLDER)
    before = pilot.run(Arm(), 7, days=40.0)
    after = pilot.run(Arm(levers=frozenset({"release", "dispatch"})), 7, days=40.0)
    assert after.cycle < 0.75 * before.cycle  # the orders of the first weeks still carry the wait before it
    assert after.more["setup share"] < before.more["setup share"] + 1.0
    # what only runs down the orders that lay there is no output
    assert after.units == pytest.approx(before.units, rel=0.03)


def test_energy_is_saved_without_a_lot_that_goes_another_way(as_is: Figures) -> None:
    own = open_pilot(FOLDER).run(Arm(levers=frozenset({"energy"})), 7, days=DAYS)
    assert own.cycle == as_is.cycle
    saved = as_is.more["energy"] - own.more["energy"]
    # ten days at work, from 05:45 to 21:45, of 12; standby saves at most its 23.8 kW in the 15 hours of each
    compressor = 37 * (12 * 24 - 10 * 16)
    assert compressor < saved < compressor + 23.8 * 150


def test_orders_before_the_arm_begins_are_the_same_at_any_load() -> None:
    model = read_planned(FOLDER).model
    few, many = (ordered(model, 3, 25 * DAY, demand).orders for demand in (1.0, 1.3))
    early = [[own for own in orders if own.arrival < 25 * DAY] for orders in (few, many)]
    assert early[0] == early[1]
    assert len(many) > 1.2 * len(few)
    # more orders a day are the same ones and others besides
    assert {own.id for own in few} <= {own.id for own in many}


def test_work_of_today_by_hand() -> None:
    model = read_planned(FOLDER).model
    # the first of each lot, which is corrected, and then one in ten: 1 + 2 of 25, 1 of 5
    assert usual_work(model, {0: [25, 5]}) == (2, 4)


# ---- what is wrong is said


@pytest.mark.parametrize("arm", [Arm(levers=frozenset({"magic"})), Arm("lazy"), Arm(demand=0.0)])
def test_an_unknown_arm_is_refused(arm: Arm) -> None:
    with pytest.raises(InputError, match="no such arm"):
        open_pilot(FOLDER).run(arm, 1)


def test_a_window_beyond_the_model_is_refused() -> None:
    with pytest.raises(InputError, match="no such window"):
        open_pilot(FOLDER).run(Arm(), 1, days=400)


def test_a_folder_without_pilot_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_pilot(tmp_path)


def test_every_arm_names_levers_that_there_are() -> None:
    pilot = open_pilot(FOLDER)
    known = {one.id for one in pilot.levers}
    assert all(own.levers <= known for own in pilot.arms().values())
    assert [one.capital for one in pilot.levers] == sorted(one.capital for one in pilot.levers)
    assert set(pilot.binds) == {"cost", "cycle", "defects"}
    assert replace(Arm(), demand=1.2) != Arm()
