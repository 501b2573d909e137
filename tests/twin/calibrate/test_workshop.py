"""What a SimPy workshop wrote is found again: each parameter in its interval, the weeks after in theirs."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.ledger import Ledger
from luban.twin.calibrate import Calibration, calibrate, validate
from luban.twin.calibrate.evidence import share_interval
from tests.twin.calibrate import workshop as truth

END = truth.START + 56 * DAY


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return truth.write(truth.Workshop(1, 84), tmp_path_factory.mktemp("ws"))


@pytest.fixture(scope="module")
def found(written) -> Calibration:
    plant, books = written
    return calibrate(books, plant, truth.START, END)


def one(found: Calibration, what: str, where: str):
    (finding,) = found.findings.of(what, where)
    return finding


def step(found: Calibration, item: str, operation: str):
    route = next(route for route in found.model.routes if route.id == item)
    return next(step for step in route.steps if step.id == operation)


def test_routes(found: Calibration) -> None:
    paths = {route.id: [s.id for s in route.steps] for route in found.model.routes}
    assert paths == {item: [name for name, _ in route] for item, route in truth.ROUTES.items()}
    assert {s.id for s in found.model.stations} == {"t1+t2", "m1", "f1", "q1"}
    assert step(found, "B", "35").station is None
    assert all(one(found, "conformance", item).value == 1 for item in truth.ROUTES)
    assert step(found, "A", "20").branches[0].to == 0
    for item in "AC":
        rework = one(found, "rework", f"{item}/20")
        assert rework.low < truth.REWORK < rework.high
    sample = one(found, "sampling", "C/25")
    assert sample.low < truth.SAMPLE < sample.high
    assert step(found, "C", "25").sample == sample.value


def test_times_and_speeds(found: Calibration) -> None:
    for (item, operation), cycle in truth.CYCLE.items():
        assert step(found, item, operation).time.mean == pytest.approx(cycle, rel=0.035)
        assert step(found, item, operation).per == "piece"
    slow = one(found, "speed factor", "ws/turning/t2")
    assert slow.low < 1.2 < slow.high
    factor = step(found, "A", "10").factor
    assert factor.kind == "lognormal"
    assert factor.params[1] == pytest.approx(truth.FACTOR, abs=0.02)
    assert factor.mean == pytest.approx(1.0)
    load = one(found, "load time", "q1")
    assert load.value == pytest.approx(truth.INSPECT_LOT, rel=0.05)
    assert step(found, "B", "40").time.mean == pytest.approx(truth.INSPECT_PIECE, rel=0.05)
    for item in "AC":
        scrap = one(found, "scrap", f"{item}/20")
        assert scrap.low < truth.SCRAP < scrap.high


def test_setups(found: Calibration) -> None:
    (table,) = found.model.setups
    near, far = one(found, "setup time", "t1+t2: 2 pairs"), one(found, "setup time", "t1+t2: 4 pairs")
    assert near.low < truth.SETUP["near"] < near.high
    assert far.low < truth.SETUP["far"] < far.high
    assert table.times["A", "B"] == near.value
    assert table.times["C", "A"] == far.value
    assert table.times["A", "A"] == 0
    assert table.factor.params[1] == pytest.approx(truth.SETUP_SIGMA, abs=0.04)
    assert table.extra is None


def test_failures(found: Calibration) -> None:
    life = one(found, "time between failures (run time)", "t1+t2: spindle")
    assert life.low < truth.LIFE < life.high
    assert life.censored == 2
    repair = one(found, "repair time", "t1+t2: spindle")
    assert repair.low < truth.REPAIR < repair.high
    lathes = [m for m in found.model.machines if m.id.startswith("turning/")]
    assert [f.id for m in lathes for f in m.failures] == ["spindle", "spindle"]
    assert any(u.what == "failures" and "ws/m1" in u.where for u in found.findings.unknown)


def test_moves_are_told_from_waiting(found: Calibration) -> None:
    """Gaps between operations are two times the move on average: queueing must not pass for it."""
    move = one(found, "move time", "plant")
    assert move.low < truth.MOVE < move.high
    assert move.censored > 100
    gaps = [
        (b.start - a.end) / 1e6
        for case in found.parts.found.cases.values()
        for a, b in itertools.pairwise(case)
        if a.end and b.unit
    ]
    assert np.mean(gaps) > 1.5 * truth.MOVE
    delay = one(found, "delay without machine", "B/35")
    assert delay.low < truth.OUTSIDE < delay.high


def test_furnace(found: Calibration) -> None:
    batch = step(found, "A", "30").batch
    assert (batch.measure, round(batch.maximum), batch.minimum) == ("lot", truth.FURNACE_LOTS, 1)
    assert len({step(found, item, "30").batch.family for item in "ABC"}) == 1
    assert step(found, "A", "30").time.mean == pytest.approx(truth.FURNACE)
    assert step(found, "A", "30").per == "batch"


def test_rule_power_and_demand(found: Calibration) -> None:
    rules = {station.id: station.rule for station in found.model.stations}
    assert rules["t1+t2"] == ("edd",)
    lathe = next(m for m in found.model.machines if m.id == "turning/t1")
    expected = {"run" if word == "running" else word: watt for word, watt in truth.POWER.items()}
    assert lathe.power == pytest.approx(expected, rel=1e-3)
    rate = one(found, "orders a week", "plant")
    assert rate.low < 7 * truth.PER_DAY < rate.high
    for item, share in truth.MIX.items():
        mix = one(found, "share of orders", item)
        assert mix.low < share < mix.high
        assert one(found, "lot size", item).value == pytest.approx(truth.LOT[item], rel=0.08)
    assert found.model.release.kind == "push"


def test_says_what_it_could_not_see(found: Calibration) -> None:
    words = {(u.what, u.where) for u in found.findings.unknown}
    assert ("batch rule", "f1") in words
    assert ("operators", "plant") in words
    assert all(u.why and u.assumed and u.needs for u in found.findings.unknown)
    text = json.loads(found.to_json())
    assert len(text["findings"]) == len(found.findings.findings)
    assert "NaN" not in found.to_json()


@pytest.mark.slow
def test_the_weeks_after(found: Calibration, written) -> None:
    judged = validate(found, Ledger(written[1]), truth.START + 84 * DAY, replications=20)
    assert all(j.inside for j in judged.drawn + judged.known), judged.verdict
    assert all(j.close for j in judged.known), judged.verdict
    assert "within limits" in json.loads(judged.to_json())["verdict"]


def test_first_come_first_served_is_told_from_due_dates(tmp_path: Path) -> None:
    shop = truth.Workshop(5, 56, rule="fifo")
    plant, books = truth.write(shop, tmp_path)
    found = calibrate(books, plant, truth.START, END)
    rules = {station.id: station.rule for station in found.model.stations}
    assert rules["t1+t2"] == ("fifo",)


def test_books_with_holes(tmp_path: Path) -> None:
    """3 % of the facts never arrive, clocks are off by up to 20 s: said, and the estimates hold."""
    plant, books = truth.write(truth.Workshop(2, 56), tmp_path, loss=0.03, skew=20.0)
    found = calibrate(books, plant, truth.START, END)
    assert {route.id: [s.id for s in route.steps] for route in found.model.routes}["B"] == ["10", "30", "35", "40"]
    assert all(s.sample == 1.0 for route in found.model.routes for s in route.steps if s.id != "25")
    assert one(found, "conformance", "A").value < 1
    assert any(u.what == "clock of the machines" for u in found.findings.unknown)
    assert step(found, "A", "20").time.mean == pytest.approx(truth.CYCLE["A", "20"], rel=0.05)
    move = one(found, "move time", "plant")
    assert move.value == pytest.approx(truth.MOVE, rel=0.15)


def test_without_states_and_events(tmp_path: Path) -> None:
    """A plant that only books operations: setups and arrivals are not invented."""
    shop = truth.Workshop(3, 56)
    shop.states.clear()
    shop.events.clear()
    shop.meters.clear()
    plant, books = truth.write(shop, tmp_path)
    found = calibrate(books, plant, truth.START, END)
    words = {u.what for u in found.findings.unknown}
    assert {"processing apart from setup", "arrival of orders", "demand", "release"} <= words
    assert found.model.setups == ()
    assert found.model.arrivals == ()
    assert not any(machine.failures for machine in found.model.machines)


def test_bad_windows(written) -> None:
    plant, books = written
    with pytest.raises(InputError, match="no operation fact"):
        calibrate(books, plant, 0, DAY)
    with pytest.raises(InputError, match="empty window"):
        calibrate(books, plant, END, END)


def test_share_intervals_are_those_of_clopper_and_pearson() -> None:
    """Clopper, Pearson (1934): 0 of 10 → 0 … 0.308; 5 of 10 → 0.187 … 0.813."""
    assert share_interval(0, 10) == pytest.approx((0, 0.3085), abs=5e-4)
    assert share_interval(5, 10) == pytest.approx((0.1871, 0.8129), abs=5e-4)
    assert math.isclose(share_interval(10, 10)[1], 1)
