"""`luban energy` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luban.screens.cli.main import run as run_it

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
    words = asked(files / "readings.csv", "--meters", files / "meters.csv", "--lang", language, "-o", out)
    assert run(words) == 0
    assert word in capsys.readouterr().out
    assert word in out.read_text("utf-8")


def test_more_below_than_came_in_is_a_no(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "readings.csv").write_text(READINGS.format(mill=68))
    assert run(asked(files / "readings.csv", "--meters", files / "meters.csv")) == 1
    assert "more below than came in" in capsys.readouterr().out


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
