"""`luban indicators` and its sheets: files in, values with intervals out, in three languages."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from luban.ledger import Ledger
from luban.rollup.check import check_frame
from luban.rollup.deflators import Deflators
from luban.rollup.drill import drill
from luban.rollup.indicators import indicators
from luban.screens.cli.output import OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.rollup_indicators import cell_name, drill_sheet, indicators_sheet
from luban.screens.report.sheet import sheet_html
from luban.screens.service import PlantView
from tests.rollup.firms import PLAN, frame

Run = Callable[..., tuple[int, str, str]]
REGION = Path(__file__).parents[2] / "examples" / "region"
HEAD = "unit,year,region,industry,above_scale,revenue,rd_spend,patents"


def written(folder: Path, *lines: str, name: str = "firms.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")
    return path


def test_a_file_in_values_out(run_cli: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "a,2020,CN/31,C3421,1,100,2,", "b,2020,CN/32,C3911,1,900,0,7", "b,2020,CN/31,C3911,1,1,1,")
    code, out, err = run_cli("indicators", path, "--only", "I01", "--json")
    assert code == OK, err
    told = json.loads(out)
    (row,) = told["rows"]
    assert (row["value"], row["n"]) == (2.0, 1)  # b stands in two regions and is left out
    assert told["problems"]["left_out"] == 2
    assert [one["unit"] for one in told["problems"]["found"] if one["severity"] == "error"] == ["b"]
    assert told["problems"]["share"]["two regions"] == pytest.approx(900 / 1001)
    assert re.fullmatch("[0-9a-f]{64}", told["definitions"]["I01"])


def test_by_region_as_a_workbook(run_cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "by.xlsx"
    code, text, err = run_cli(
        "indicators", REGION / "returns.csv", "--deflators", REGION / "deflators.csv", "--by", "region", "--only",
        "I07,I09", "--years", "2020", "-o", out, "--lang", "zh",
    )  # fmt: skip
    assert code == OK, err
    book = openpyxl.load_workbook(out)
    rows = list(book["2020"].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:7]][:2] == ["CN/31 上海", "CN/32 江苏"]
    assert isinstance(rows[1][2], int | float)
    assert "需核查" not in text


def test_one_taken_apart(run_cli: Run) -> None:
    code, out, err = run_cli(
        "indicators", REGION / "returns.csv", "--only", "I01", "--into", "unit", "--region", "CN/31", "--json"
    )
    assert code == OK, err
    told = json.loads(out)
    assert sum(part["numerator"] for part in told["parts"]) == told["whole"]["numerator"]
    assert len(told["parts"]) == told["whole"]["n"] > 20


def test_down_to_the_facts_of_an_office(run_cli: Run, tmp_path: Path) -> None:
    """From the books of the whole to the two facts of one firm."""
    office = tmp_path / "office"
    shutil.copytree(REGION, office)
    lines = (REGION / "returns.csv").read_text("utf-8").splitlines()
    few = [lines[0], *(line for line in lines[1:] if line.startswith("31-C33") and ",2020," in line)]
    (office / "few.csv").write_text("\n".join(few) + "\n", "utf-8")
    code, _, err = run_cli("returns", "take", office, office / "few.csv")
    assert code == OK, err
    asked = ("--only", "I01", "--years", "2020", "--json")
    code, out, err = run_cli("indicators", office, *asked, "--into", "unit")
    assert code == OK, err
    taken = json.loads(out)
    firm = taken["parts"][0]
    code, out, err = run_cli("indicators", office, *asked, "--unit", firm["key"])
    facts = json.loads(out)
    assert [one["value"] for one in facts] == pytest.approx([firm["numerator"], firm["denominator"]])
    kept = Ledger(PlantView(office).ledger.folder).fact(facts[0]["seq"])
    assert kept is not None
    assert (kept["subject"], kept["value"]) == (firm["key"], facts[0]["value"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--by", "owner"), "no such dimension"),
        (("--only", "I99"), "no such indicator"),
        (("--depth", "region=one"), "not a depth"),
        (("--years", "soon"), "not a year"),
        (("--into", "unit"), "one indicator is taken apart at a time"),
        (("--as-of", "3"), "no earlier state"),
        (("--unit", "a", "--only", "I01"), "a file has no facts"),
        (("--plan", "none"), "none"),
    ],
)
def test_bad_questions_are_answered(run_cli: Run, tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    path = written(tmp_path, "a,2020,CN/31,C3421,1,100,2,")
    code, _, err = run_cli("indicators", path, *more)
    assert code == WRONG
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("language", "said"), [("en", "of these figures"), ("zh", "取自本数据"), ("ko", "이 자료에서")]
)
def test_the_level_that_a_change_is_counted_from_is_said_to_be_of_the_facts(language: str, said: str) -> None:
    """The plan prints no level of 2015; growth of the second period is counted from 2020."""
    told = ((2015, 20.0, 100.0), (2020, 33.0, 150.0), (2025, 40.0, 150.0))
    rows = [
        {"unit": "a", "year": year, "value_added": added, "output": output, "staff": 4.0}
        for year, added, output in told
    ]
    flat = Deflators.of((("", year, 1.0) for year, *_ in told))
    found = (
        indicators(frame(*rows), PLAN, (), only=("I01", "I04", "I05"), deflators=flat).collect("pyarrow").to_native()
    )
    text = re.sub(r"<[^>]+>", "|", sheet_html(indicators_sheet(found, PLAN, words(language)), language))
    bases = [cell for cell in text.split("|") if said in cell]
    assert [re.findall(r"[\d.]+", cell)[:2] for cell in bases] == [["2015", "20.00"], ["2020", "8.250"]]
    few = indicators(frame(rows[1]), PLAN, (), only=("I04",)).collect("pyarrow").to_native()
    assert said not in sheet_html(indicators_sheet(few, PLAN, words(language)), language)


WASTE = {
    "en": ("with the stock of earlier years; by default", "of what was generated", "luban weights"),
    "zh": ("计入往年贮存量; 默认", "按当年产生量", "luban 自定权重"),
    "ko": ("과거 저장분 포함; 기본", "당년 발생량 기준", "luban 자체 가중치"),
}


@pytest.mark.parametrize("language", WASTE)
def test_both_readings_stand_side_by_side_the_plan_s_own_first(language: str) -> None:
    row = {"waste_generated": 90.0, "waste_utilised": 73.0, "waste_old_utilised": 10.0, "region": "CN/31"}
    first, second, weights = WASTE[language]
    for by in ((), ("region",)):
        found = indicators(frame(row), PLAN, by, {"region": 1}, only=("I03", "I12"), variants=True)
        sheet = indicators_sheet(found.collect("pyarrow").to_native(), PLAN, words(language), by=by)
        text = html.unescape(re.sub(r"<[^>]+>", "|", sheet_html(sheet, language)))
        told = [re.search(rf"\({re.escape(one)}\)[| \n]*(\d\d\.\d\d)", text) for one in (first, second)]
        assert [one and one[1] for one in told] == ["73.00", "81.11"]
        assert weights in text


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_sheets_speak_each_language(language: str) -> None:
    say = words(language)
    rows = frame(
        {"unit": "a", "year": 2019, "rd_spend": 1.0, "revenue": 100.0, "value_added": 2.0, "size": "large"},
        {"unit": "a", "rd_spend": 2.0, "revenue": 100.0, "size": "large"},
        {"unit": "b", "rd_spend": None, "revenue": 0.0, "size": "small"},
        {"unit": "c", "industry": "C3468", "revenue": 5.0, "size": "small"},
        {"unit": "d", "design_tools": 3.0, "revenue": 5.0, "size": "small"},
    )  # fmt: skip
    problems = check_frame(rows, PLAN)
    whole = indicators(rows, PLAN, ()).collect("pyarrow").to_native()
    by = indicators(rows, PLAN, ("size",), only=("I01",)).collect("pyarrow").to_native()
    taken = drill(rows, PLAN, "I01", 2020, by="size")
    pages = [
        sheet_html(indicators_sheet(whole, PLAN, say, problems=problems), language),
        sheet_html(indicators_sheet(by, PLAN, say, by=("size",)), language),
        sheet_html(drill_sheet(taken, PLAN, say, withheld=("small",)), language),
    ]
    assert cell_name("industry", "C34", say) in {
        "en": "C34 general-purpose machinery", "zh": "C34 通用设备制造业", "ko": "C34 범용 설비 제조업",
    }[language]  # fmt: skip
    if language != "en":
        for page in pages:
            body = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)
            body = html.unescape(body).replace(PLAN.digest[:16], "")
            left = set(re.findall(r"[A-Za-z]{3,}", body)) - {"luban", "mic", "CNY", "tce"}
            assert not left, left
