"""`luban green`: a plant or a file of projects in, sheet, report, footprint and exit code out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from tests.screens.green_mill import PROJECT, mill
from tests.understand.green.green_shop import PRINTED, SHIRTS, state

Ask = Callable[..., tuple[str, str]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def run_it(*arguments: Any, code: int = OK) -> tuple[str, str]:
        told = run(None, [str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert told == code, (out, err)
        return out, err

    return run_it


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mill(tmp_path_factory.mktemp("green") / "plant")


def test_sheet_names_score_gaps_and_facts(ask: Ask, plant: Path):
    out, _ = ask("green", plant)
    for word in ("Green factory by GB/T 36132-2025", "not known", "shirt", "meter readings", "report 7"):
        assert word in out, word
    told = json.loads(ask("green", plant, "--json")[0])
    assert told["score"]["low"] < told["score"]["high"]
    assert json.loads(ask("green", plant, "--edition", "2018", "--json")[0])["score"]["edition"] == "GB/T 36132-2018"


def test_report_is_the_same_on_a_second_run(ask: Ask, plant: Path, tmp_path: Path):
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    one = ask("green", plant, "--report", "--json", "-o", first)[0].replace(str(first), "")
    two = ask("green", plant, "--report", "--json", "-o", second)[0].replace(str(second), "")
    assert one == two
    assert first.read_bytes() == second.read_bytes()
    assert "Scraps to felt" in first.read_text("utf-8")


def test_footprint_of_an_item(ask: Ask, plant: Path):
    told = json.loads(ask("green", plant, "--item", "shirt", "--json")[0])
    assert told["footprints"][0]["kgCO2e"] * SHIRTS == pytest.approx(PRINTED, rel=1e-6)
    out, _ = ask("green", plant, "--item", "shirt")
    for word in ("shirt", "cotton transport", "GHG Protocol"):
        assert word in out, word
    _, err = ask("green", plant, "--item", "sock", code=WRONG)
    assert "sock" in err


def test_facts_behind_a_number(ask: Ask, plant: Path):
    told = json.loads(ask("green", plant, "--evidence", "water-reuse", "--json")[0])
    assert len(told["facts"]) == 8
    assert {row["stream"] for row in told["facts"]} == {"meter"}
    assert "cotton-1" in ask("green", plant, "--evidence", "footprint:shirt")[0]
    _, err = ask("green", plant, "--evidence", "nothing", code=WRONG)
    assert "water-reuse" in err


def test_projects_of_the_plant_and_of_a_file(ask: Ask, plant: Path, tmp_path: Path):
    assert "Scraps to felt" in ask("green", plant, "--projects")[0]
    path = tmp_path / "own.toml"
    path.write_text(PROJECT, "utf-8")
    (one,) = json.loads(ask("green", path, "--json")[0])["projects"]
    assert one["project"] == "Scraps to felt"
    path.write_text(PROJECT.replace("moisture = 0.05", 'moisture = "wet"'), "utf-8")
    _, err = ask("green", path, code=WRONG)
    assert "moisture" in err


def test_a_statement_is_put_on_record(ask: Ask, tmp_path: Path):
    plant = mill(tmp_path / "plant")
    ask("green", plant, "--state", "site-area=5200", "--document", "land certificate 17")
    told = json.loads(ask("green", plant, "--json")[0])
    assert [(one["value"], one["document"]) for one in told["statements"] if one["name"] == "site-area"] == [
        (5200.0, "land certificate 17")
    ]
    for wrong in ("site-area", "site-area=large"):
        ask("green", plant, "--state", wrong, "--document", "x", code=WRONG)
    state(plant, "permits", 0.0, document="inspection 3")
    out, _ = ask("green", plant, code=NO)
    assert "not met" in out


def test_a_plant_without_books_is_told_how_to_get_them(ask: Ask, tmp_path: Path):
    folder = tmp_path / "plant"
    folder.mkdir()
    (folder / "plant.toml").write_text('[plant]\nid = "p"\nname = "P"\ntime_zone = "UTC"\n', "utf-8")
    _, err = ask("green", folder, code=WRONG)
    assert "luban up" in err
