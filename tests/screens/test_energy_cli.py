"""`luban energy` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luban.core.time import parse_time
from luban.ledger import LedgerWriter
from luban.screens.cli.main import run as run_it
from luban.screens.service import places
from luban.understand.energy.meters import HOUR
from tests.screens.energy_shop import metered

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "UTC"

[[equipment]]
path = "mill"
"""

METERS = (
    "id,medium,unit,parent,error\nmain,electricity,kWh,,0.005\nmill,electricity,kWh,main,0.01\ngas,natural gas,m³,,\n"
)
READINGS = """time,meter,register,unit
2026-11-23T00:00:00Z,main,1000.5,kWh
2026-11-23T01:00:00Z,main,1010.5,kWh
2026-11-23T00:00:00Z,mill,50,kWh
2026-11-23T01:00:00Z,mill,{mill},kWh
nonsense,mill,7,kWh
2026-11-23T00:00:00Z,gas,7,m³
2026-11-23T01:00:00Z,gas,9,m³
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "meters.csv").write_text(METERS)
    (tmp_path / "readings.csv").write_text(READINGS.format(mill=58))
    return tmp_path


def run(words: list[str]) -> int:
    return run_it(None, words)  # type: ignore[arg-type]


def asked(*words: object) -> list[str]:
    return ["energy", *map(str, words)]


def test_a_file_with_its_tree_tariff_and_gases(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = asked(files / "readings.csv", "--meters", files / "meters.csv", "--tariff", "cn-flat-example", "--json")
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["totals"]["electricity"] == {"amount": "10.0", "unit": "kWh"}
    assert (told["nodes"][0]["remainder"], told["nodes"][0]["verdict"]) == ("2.0", "open")
    assert told["bills"][0]["total"] == "7.00"
    assert [(one["meter"], one["kind"], one["amount"]) for one in told["doubts"]] == [("natural gas", "factor", "2")]
    assert [one["where"] for one in told["left_out"]] == ["readings.csv:6"]


@pytest.mark.parametrize(("language", "word"), [("en", "something is not metered"), ("zh", "未计量"), ("ko", "계량기")])
def test_the_sheet_in_three_languages(
    files: Path, capsys: pytest.CaptureFixture[str], language: str, word: str
) -> None:
    out = files / "energy.html"
    words = asked(files / "readings.csv", "--meters", files / "meters.csv", "--lang", language, "-o", out,
                  "--tariff", "cn-example")  # fmt: skip
    assert run(words) == 0
    assert word in capsys.readouterr().out
    page = out.read_text("utf-8")
    assert word in page
    assert "[CNY/kWh]" in page
    assert "[CNY/kW]" in page


def test_more_below_than_came_in_is_a_no(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "readings.csv").write_text(READINGS.format(mill=68))
    assert run(asked(files / "readings.csv", "--meters", files / "meters.csv")) == 1
    assert "more below than came in" in capsys.readouterr().out


def test_a_plant_with_its_meters_states_and_pieces(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand: mill draws 8 while running on A and 2 idle; 5 good pieces; gas 2 m³ · 0.04 GJ · 56.1."""
    folder = tmp_path / "plant"
    folder.mkdir()
    (folder / "plant.toml").write_text(PLANT)
    (folder / "meters.csv").write_text(
        "id,medium,unit,place,heat\nmill,electricity,kWh,p/mill,\ngas,natural gas,m³,,0.04\n"
    )
    start = parse_time("2026-11-23T00:00:00Z")
    base = {"medium": "electricity", "measured_in": "kWh", "quality": 0}
    gas = {"subject": "gas", "medium": "natural gas", "measured_in": "m³", "quality": 0}
    state = {"subject": "p/mill", "mapping": "generic@1", "quality": 0}
    with LedgerWriter(places(folder).ledger) as books:
        rows = [
            base | {"subject": "mill", "time": start + i * HOUR, "register": r} for i, r in enumerate((1.0, 9.0, 11.0))
        ]
        rows += [gas | {"time": start + i * HOUR, "register": r} for i, r in ((0, 7.0), (2, 9.0))]
        said = [
            state | {"time": start, "state": "running", "order": "A"},
            state | {"time": start + HOUR, "state": "idle"},
        ]
        made = {"subject": "p/mill", "time": start + HOUR, "good": 5.0, "scrap": 1.0, "rework": 0.0, "order": "A"}
        facts = [("meter", row) for row in rows] + [("state", row) for row in said] + [("count", made | {"quality": 0})]
        for stream, row in facts:
            books.append(stream, {name: [cell] for name, cell in row.items()}, source="test")
    assert run(asked(folder, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    (order,) = told["orders"]
    assert (float(order["direct"]), float(order["idle"]), float(order["each"])) == (8, 2, 2)
    assert told["idle"][0]["state"] == "idle"
    assert [float(one["kgCO2e"]) for one in told["carbon"]] == [5.306, 4.488]
    assert told["doubts"] == []


def test_wrong_questions(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        asked(files / "none.csv"),
        asked(files / "readings.csv", "--tariff", "x"),
        asked(files / "readings.csv", "--idle", "x"),
        asked(files / "readings.csv", "--factors", files / "none.toml"),
        asked(files),
    ):
        assert run(words) == 2, words
        assert "unexpected" not in capsys.readouterr().err


def test_whose_energy_it_was_and_by_which_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = metered(tmp_path / "plant")
    assert run(asked(folder, "--order", "A")) == 0
    said = capsys.readouterr().out
    assert "What order A took" in said
    assert "by their own energy" in said
    assert run(asked(folder, "--lot", "P-1", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [float(row["total"]) for row in told["rows"]] == [48, 40]
    assert run(asked(folder, "--unit", "hall/lathe", "--lang", "zh", "-o", tmp_path / "u.html")) == 0
    page = (tmp_path / "u.html").read_text("utf-8")
    assert "所依规则" in page
    assert "多个工作单元共用的计量表按其工作时间分摊" in page
    for wrong in (("--lot", "Q"), ("--order", "A", "--lot", "P-1"), ("--unit", "hall/saw")):
        assert run(asked(folder, *wrong)) == 2, wrong
        assert "unexpected" not in capsys.readouterr().err
    assert run(asked(tmp_path / "u.html", "--lot", "P-1")) == 2
    assert "a plant's books" in capsys.readouterr().err


def test_a_plants_own_tariff_counts_unless_another_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = metered(tmp_path / "plant")
    assert run(asked(folder, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["tariff"] for one in told["bills"]] == ["cn-example"]
    assert run(asked(folder, "--tariff", "cn-flat-example", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["tariff"], one["total"]) for one in told["bills"]] == [("cn-flat-example", "403.20")]
