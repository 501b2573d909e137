"""The green account against a worked case in print, and every number against its facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import HOUR
from luban.ledger import Ledger
from luban.plant import load
from luban.understand.green import GreenAccount, green_account, statement_row, statements_of
from tests.understand.green.green_shop import END, PRINTED, SHIRTS, T0, add, factors_of, knit, state


def account(folder: Path, **more: int) -> GreenAccount:
    ledger = Ledger(folder / ".luban" / "ledger")
    try:
        return green_account(ledger, load(folder), factors_of(folder), **more)
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return knit(tmp_path_factory.mktemp("green"))


@pytest.fixture(scope="module")
def found(folder: Path) -> GreenAccount:
    return account(folder)


def test_the_footprint_is_the_one_in_print(found: GreenAccount) -> None:
    (one,) = found.footprints
    assert (one.item, one.good) == ("shirt", SHIRTS)
    assert one.footprint.total * SHIRTS == pytest.approx(PRINTED, rel=1e-6)
    by_stage = {stage: kg * SHIRTS for stage, kg in one.footprint.stages.items()}
    printed = {"material": 49_250, "transport": 20_500, "energy": 2_000, "shared energy": 1_000, "waste": 50}
    assert by_stage == pytest.approx(printed, rel=1e-6)
    # water is used and has no factor: it is named, with its amount, and in no sum
    assert [text.partition(":")[0] for text in one.missing] == ["water", "waste water", "hazardous-waste"]
    chem_b = next(line for line in one.footprint.lines if line.factor.name == "chem-b")
    assert (chem_b.measured, chem_b.amount) == (False, pytest.approx(500 / SHIRTS, rel=1e-6))
    assert 0.9 < one.footprint.measured < 1
    assert {facts.stream for facts in one.facts} == {"count", "genealogy", "meter", "movement"}


def test_scrap_is_carried_by_the_good_pieces(tmp_path: Path) -> None:
    (one,) = account(knit(tmp_path, scrap=2000.0)).footprints
    assert (one.good, one.scrap) == (10_000, 2_000)
    assert one.footprint.total * 10_000 == pytest.approx(PRINTED, rel=1e-6)


def test_water_is_counted_once(found: GreenAccount) -> None:
    water = found.water
    assert (water.fresh, water.circulating, water.recycled, water.discharged) == (100, 300, 20, 70)
    assert water.lost == 30
    assert water.reuse == pytest.approx(100 * 320 / 420)
    assert water.waste_reuse == pytest.approx(100 * 20 / 90)
    assert {line.meter: line.counted for line in water.lines}["dye"] is False
    # 100 and 70 of class 2 %, an even spread: 1.96·√((2² + 1.4²)/3)
    assert water.half == pytest.approx(1.959964 * ((4 + 1.96) / 3) ** 0.5, rel=1e-6)


def test_both_rates_of_utilisation_by_hand(found: GreenAccount) -> None:
    (scraps,) = found.waste.of("general")
    assert (scraps.opening, scraps.generated, scraps.utilised, scraps.utilised_old) == (40, 100, 90, 40)
    assert (scraps.disposed, scraps.closing, scraps.remainder) == (30, 20, 0)
    assert found.waste.rate() == pytest.approx(100 * 90 / 140)
    assert found.waste.rate("own") == pytest.approx(100 * 50 / 100)
    assert found.waste.rate(kind="hazardous") == 0
    assert found.waste.of("hazardous")[0].generated == 200


def test_numbers_by_hand_and_their_facts(folder: Path, found: GreenAccount) -> None:
    told = found.found
    # 7,500 kWh of 3.6 MJ over 29.3076 MJ/kgce
    assert told["figure:energy"].value == pytest.approx(7500 * 3.6 / 29.3076, rel=1e-4)
    assert told["figure:gases"].value == pytest.approx(3000)
    assert told["energy over pieces"].value == pytest.approx(7500 * 3.6 / 29.3076 / SHIRTS, rel=1e-4)
    assert told["waste water over pieces"].value == pytest.approx(70 / SHIRTS)
    assert told["solid waste utilised"].value == pytest.approx(100 * 90 / 140)
    assert told["energy over output value"].value is None
    assert told["energy over output value"].reason == "nobody has stated: output value"
    (facts,) = told["figure:gases"].facts
    ledger = Ledger(folder / ".luban" / "ledger")
    rows = [row for row in ledger.table("meter").to_pylist() if row["seq"] in facts.seqs]
    ledger.close()
    assert {row["subject"] for row in rows} == {"main", "gas"}
    assert len(facts.digest) == 64


def test_statements_hold_for_their_period(tmp_path: Path) -> None:
    knit(tmp_path)
    state(tmp_path, "output-value", 20.0, end=END + 100 * HOUR)
    state(tmp_path, "renewable-energy", 750.0)
    state(tmp_path, "site-area", 500.0)
    state(tmp_path, "floor-area", 400.0)
    found = account(tmp_path).found
    assert found["figure:output"].value == pytest.approx(10.0)
    assert "shared by time" in found["figure:output"].notes[0]
    assert found["energy over output value"].value == pytest.approx(7500 * 3.6 / 29.3076 / 10, rel=1e-4)
    assert found["renewable over all energy"].value == pytest.approx(10.0)
    assert found["floor over site area"].value == pytest.approx(0.8)
    assert found["output value over site"].value == pytest.approx(0.02)
    state(tmp_path, "output-value", 20.0, end=END - HOUR)
    late = account(tmp_path).found["figure:output"]
    assert (late.value, late.reason) == (None, "output value: stated for a period that does not cover the window")
    state(tmp_path, "output-value", 7.0)
    assert account(tmp_path).found["figure:output"].value == 7
    assert account(tmp_path).found == account(tmp_path).found


def test_the_books_as_they_stood(folder: Path) -> None:
    before = account(folder)
    state(folder, "site-area", 1.0)
    assert account(folder, as_of=before.as_of).found == before.found
    assert account(folder).stated.keys() == {"site-area"}


def test_what_cannot_be_stated_is_refused() -> None:
    ok = {"person": "li", "document": "report"}
    with pytest.raises(InputError, match="nothing of that name"):
        statement_row("site", 1.0, T0, END, **ok)
    with pytest.raises(InputError, match="period is empty"):
        statement_row("site-area", 1.0, END, T0, **ok)
    with pytest.raises(InputError, match="not a number"):
        statement_row("site-area", float("nan"), T0, END, **ok)
    with pytest.raises(InputError, match="names the document"):
        statement_row("site-area", 1.0, T0, END, person="li", document=" ")
    with pytest.raises(InputError, match="are the same"):
        statement_row("water-reuse", None, T0, END, person="li", baseline=1.0, leading=1.0)


def test_a_statement_that_does_not_read_as_one_is_passed_over(tmp_path: Path) -> None:
    knit(tmp_path)
    odd = ['{"value": "x", "start": 1, "end": 2}', "{}", "not json"]
    add(tmp_path, "event", {"time": [T0] * 3, "subject": ["site-area"] * 3, "kind": ["green"] * 3,
                            "code": ["state"] * 3, "data": odd})  # fmt: skip
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    assert statements_of(ledger) == ()
    ledger.close()


def test_a_plant_without_readings(tmp_path: Path) -> None:
    knit(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("plant.toml", "items.csv", "factors.toml"):
        (empty / name).write_text((tmp_path / name).read_text("utf-8"), "utf-8")
    add(empty, "count", {"time": [T0], "subject": ["mill/knit"], "good": [5.0], "scrap": [0.0], "rework": [0.0],
                         "order": ["A"], "item": ["shirt"], "quality": [0]})  # fmt: skip
    with pytest.raises(InputError, match="no meter readings"):
        account(empty)
    found = account(empty, start=T0, end=END)
    assert found.energy is None
    assert found.found["figure:energy"].reason == "the plant's books hold no meter readings of this window"
    (one,) = found.footprints
    assert "shirt: no meter gives energy to its orders" in one.missing
    assert found.found["products with a footprint"].value == 0
