"""`luban returns`: a form out and in, a review, a taking, a revision, a confirmation, vintages, tables out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from tests.rollup.returns.test_own import books, journal, moved, plant_of, readings, states
from tests.rollup.returns.world import firms

Ask = Callable[..., Any]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def run_it(*arguments: Any, code: int = OK) -> Any:
        told = run(None, ["returns", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert told == code, (out, err)
        return json.loads(out) if "--json" in arguments else (out, err)

    return run_it


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_from_a_file_to_a_vintage_and_back(ask: Ask, tmp_path: Path) -> None:
    rows = firms(8, years=(2015, 2019, 2020))
    rows[5]["value_added"] = -3.0
    file, office = written(tmp_path / "returns.csv", rows), tmp_path / "office"
    office.mkdir()
    found = ask("check", file, "--json", code=NO)
    (error,) = [one for one in found["findings"] if one["severity"] == "error"]
    assert (error["unit"], error["year"], error["rule"]) == ("f001", 2020, "value-added-not-negative")
    assert error["place"] == "returns.csv:7"
    report = tmp_path / "zh.html"
    ask("take", office, file, "--lang", "zh", "-o", report, code=NO)
    for word in ("returns.csv:7", "不满足规则", "增加值不为负"):
        assert word in report.read_text("utf-8")
    ask("vintage", office, "first", "--person", "wang")
    ask("vintage", office, "2020", "--person", "wang")  # a name that might be a seq
    for taken in ("first ", " 2020"):
        assert "is there" in ask("vintage", office, taken, code=WRONG)[1]
    written(file, [rows[5] | {"value_added": 900.0}])
    assert ask("take", office, file, "--json")["revised"] == 1
    for as_of, expected in (("", "900"), ("first", ""), ("2020", ""), ("first ", "")):
        table = tmp_path / "out.csv"
        ask("export", office, table, *(["--as-of", as_of] if as_of else []))
        told = {(row["unit"], row["year"]): row for row in csv.DictReader(table.read_text("utf-8").splitlines())}
        assert told["f001", "2020"]["value_added"] == expected
        assert len(told) == len(rows)
    ask("query", office, "f001", 2020, "value added was negative: why?", "--person", "wang")
    status = ask("status", office, "--json")
    (asked,) = [one for one in status["units"] if one["state"] == "queried"]
    ask("query", office, "f001", 2020, "a sign", "--answer", asked["queries"][0]["seq"])
    ask("confirm", office, "f001", 2020, "--person", "li")
    told = ask("status", office, "--json")
    (own,) = [one for one in told["units"] if one["state"] == "confirmed"]
    assert (own["unit"], own["person"], told["regions"][-1]["rate"]) == ("f001", "li", 1.0)


def test_a_text_of_a_return_is_no_formula_of_the_workbook(ask: Ask, tmp_path: Path) -> None:
    row = firms(1, years=(2020,))[0] | {"unit": "=1+1", "region": "http://example.org", "energy": "=NOW()"}
    file, office, out = written(tmp_path / "r.csv", [row]), tmp_path / "office", tmp_path
    office.mkdir()
    ask("take", office, file)
    for name, more in (("wide.xlsx", ()), ("long.xlsx", ("--long",))):
        ask("export", office, out / name, *more)
        (page,) = openpyxl.load_workbook(out / name).worksheets
        cells = [cell for row in page.iter_rows() for cell in row]
        assert "=1+1" in {cell.value for cell in cells}
        assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_plant_fills_its_own_return_and_the_form_comes_back(ask: Ask, tmp_path: Path) -> None:
    plant, form = plant_of(tmp_path), tmp_path / "mine.xlsx"
    books(plant, meter=readings(), state=states(), movement=moved(), posting=journal()).close()
    told = ask("fill", plant, 2024, "--state", "staff=260", "--document", "payroll 2024", "--form", form, "--json")
    lines = {one["element"]: one for one in told["lines"]}
    assert (lines["nc_key_processes"]["value"], lines["staff"]["value"]) == (33.0, 260.0)
    assert lines["staff"]["evidence"][-1] == {"document": "payroll 2024"}
    page = openpyxl.load_workbook(form).worksheets[0]
    filled = {page.cell(row, 1).value: page.cell(row, 5).value for row in range(1, page.max_row + 1)}
    assert filled["element:key_processes"] == 100
    report = tmp_path / "own.html"
    asked = (
        "fill",
        plant,
        2024,
        "--take",
        "--unit",
        "91310000",
        "--region",
        "CN/31/3101",
        "--lang",
        "zh",
        "-o",
        report,
    )
    out, _ = ask(*asked)
    assert "[1]" in out
    for word in ("没有账目数据可填此项", "其控制器最近一次通信在 131 天前", "payroll 2024"):
        assert word in report.read_text("utf-8")
    assert ask("status", plant, 2024, "--json")["units"][0]["unit"] == "91310000"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("form", "--form", "x.csv"), ".xlsx"),
        (("form", "--plan", "nothing"), "no such plan"),
        (("status", "nowhere"), "no books"),
        (("check", "nothing.csv"), "no such file"),
        (("form", "--level", "county"), "level"),
        (("form", "--year", "2024", "--form", "/nowhere/x.xlsx"), "could not be written"),
    ],
)
def test_a_wrong_question_is_told_and_not_traced(ask: Ask, arguments: tuple[str, ...], said: str) -> None:
    _, err = ask(*arguments, code=WRONG)
    assert said in err
    assert "Traceback" not in err


def test_the_form_is_listed(ask: Ask) -> None:
    out, _ = ask("form", "--lang", "zh")
    assert "主营业务收入" in out
    assert ask("form", "--json")["rules"]
