"""The machining job shop of the examples: hidden parameters found again, the held-out weeks predicted."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.time import DAY
from luban.ledger import Ledger, LedgerWriter
from luban.twin.calibrate import Calibration, Validation, calibrate, validate
from luban.twin.facts import FactWriter
from luban.twin.load import Loaded, read_loaded
from luban.twin.run import Run

FOLDER = Path(__file__).parents[3] / "examples" / "c2_machining"
WEEK = 7 * DAY
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def hidden() -> Loaded:
    return read_loaded(FOLDER, days=17 * 7)


@pytest.fixture(scope="module")
def books(hidden: Loaded, tmp_path_factory) -> Ledger:
    folder = tmp_path_factory.mktemp("c2") / "ledger"
    run = Run(hidden.model, seed=3, trace="facts")
    with LedgerWriter(folder) as writer:
        facts = FactWriter(run, hidden.plant, writer)
        for week in range(16):
            run.to((week + 1) * WEEK)
            facts.write()
    return Ledger(folder)


@pytest.fixture(scope="module")
def found(hidden: Loaded, books: Ledger) -> Calibration:
    return calibrate(books, hidden.plant, hidden.model.start + 4 * WEEK, hidden.model.start + 12 * WEEK)


@pytest.fixture(scope="module")
def judged(found: Calibration, books: Ledger, hidden: Loaded) -> Validation:
    return validate(found, books, hidden.model.start + 16 * WEEK, replications=40)


def test_the_weeks_after_with_the_orders_that_came(judged: Validation) -> None:
    """What the calibration answers for: throughput within 5 %, mean and 90th percentile within 10 %."""
    assert all(j.close for j in judged.known), judged.verdict
    assert sum(j.inside for j in judged.known) >= len(judged.known) - 1, judged.verdict


def test_the_weeks_after_with_orders_drawn(judged: Validation) -> None:
    """Demand of four weeks is not known beforehand: its interval must say so."""
    assert sum(j.inside for j in judged.drawn) >= len(judged.drawn) - 1, judged.verdict


def test_people_are_told_apart_by_who_waits_for_whom(found: Calibration) -> None:
    pools = {pool.id: pool for pool in found.model.pools}
    assert pools["setters"].size == 6
    users = {m.rsplit("/", 1)[-1]: pool for m, pool in found.parts.people.operators.items()}
    assert len({users.get(f"L{i}") for i in range(1, 7)}) == 1
    assert len({users.get(f"M{i}") for i in range(1, 6)}) == 1
    assert users.get("L1") is None or users["L1"] != users.get("M1")
    assert "H1" not in users


def test_hours(found: Calibration, hidden: Loaded) -> None:
    """Furnaces finish what is in them after closing; moves pass in working hours only."""
    assert {unit.rsplit("/", 1)[-1] for unit in found.parts.hours.finishes} == {"H1", "T1"}
    assert found.parts.moves.working
    move = found.findings.of("move time", "plant")[0]
    assert move.value == pytest.approx(200 * 60, rel=0.08)
    assert found.parts.moves.default.kind == "exponential"


def test_release_and_demand(found: Calibration) -> None:
    assert found.parts.policy.times == ((0, 6 * 60),)
    ready = found.parts.policy.ready
    assert ready.at_once == pytest.approx(0.8, abs=0.12)
    rate = found.findings.of("orders a week")[0]
    assert rate.low < 6 * 22 < rate.high
    plating = found.findings.of("delay without machine")
    assert {f.where.split("/")[0] for f in plating} == {"J07", "J10"}
    assert all(f.low < 5 * 86400 < f.high for f in plating)


def test_setups_and_speeds(found: Calibration) -> None:
    tables = {table.id: table for table in found.model.setups}
    assert set(tables) == {"L1-L6", "M1-M5", "G1-G3"}
    same = found.findings.of("setup time", "L1-L6: same")[0]
    assert same.low < (20 + 25) * 60 < same.high
    assert tables["L1-L6"].extra is not None  # the wait for the first-article check is told from the setup
    assert tables["L1-L6"].extra.mean == pytest.approx(25 * 60, rel=0.35)
    speed = {f.where.rsplit("/", 1)[-1]: f.value for f in found.findings.of("speed factor")}
    assert speed["L6"] / speed["L1"] == pytest.approx(1.15, abs=0.06)
    assert speed["M5"] / speed["M3"] == pytest.approx(1.15, abs=0.06)


def test_rules(found: Calibration) -> None:
    """First come first served with a hot list now and then."""
    rules = {station.id: station.rule for station in found.model.stations}
    assert rules["L1-L6"][-1] == "fifo"
    share = found.findings.of("dispatch rule", "L1-L6")[0]
    assert share.value > 0.8
