"""`luban spc`: what it prints, writes, refuses, and how it ends; and the sheet that pages and downloads share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import LANGUAGES, words
from luban.screens.report.quality_spc import rule_sentence, spc_sheet
from luban.screens.report.sheet import Grid, Picture, sheet_html
from luban.understand.book import row
from luban.understand.quality.spc import RULES, control_chart, fit_limits
from tests.screens import quality_shop

Cli = Callable[..., tuple[int, str, str]]
DATA = Path(__file__).parents[1] / "understand" / "quality" / "spc" / "data"
CC1 = str(DATA / "dataplot_cc1_xbar.csv")


def told(run_cli: Cli, *arguments: str) -> dict[str, Any]:
    _, out, _ = run_cli("spc", *arguments, "--json")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize(
    ("file", "chart", "signals"),
    [
        ("dataplot_cc1_xbar", "xbar_r", ["20", "20"]), ("dataplot_ccp_p_chart", "p", ["14"]),
        ("dataplot_ccu_u_chart", "u", []), ("nist_6_3_3_1_c_chart", "c", ["24"]),
        ("nist_6_3_2_2_individuals", "i_mr", []),
    ],
)  # fmt: skip
def test_the_data_say_which_chart(file: str, chart: str, signals: list[str], run_cli: Cli) -> None:
    code, out, _ = run_cli("spc", str(DATA / f"{file}.csv"), "--rules", "limits", "--json")
    found = json.loads(out)
    assert found["chart"] == chart
    assert [one["label"] for one in found["violations"]] == signals
    assert code == (1 if signals else 0)
    assert found["used"] == len(found["labels"])
    assert found["excluded"] == []


def test_a_person_reads_state_limits_and_each_signal_with_its_rule(run_cli: Cli) -> None:
    code, out, _ = run_cli("spc", CC1)
    assert code == 1
    assert "out of control" in out
    assert re.search(r"mean +22\.544 +23\.726 +24\.908", out)
    assert re.search(r"20 +mean +25\.360 +nelson_1 +One point beyond a control limit +above", out)
    assert "source: dataplot_cc1_xbar.csv" in out


@pytest.mark.parametrize("kind", ["html", "pdf", "xlsx", "json"])
def test_a_report_is_written_in_each_form(kind: str, tmp_path: Path, run_cli: Cli) -> None:
    file = tmp_path / f"chart.{kind}"
    run_cli("spc", CC1, "-o", str(file), "--lang", "zh" if kind == "html" else "en")
    if kind == "html":
        text = file.read_text("utf-8")
        assert "均值-极差" in text
        assert text.count("<svg") >= 2
        assert "http://" not in text.replace("http://www.w3.org", "")
    elif kind == "pdf":
        assert file.read_bytes().startswith(b"%PDF")
    elif kind == "xlsx":
        assert "Signals" in openpyxl.load_workbook(file).sheetnames
    else:
        assert json.loads(file.read_text("utf-8"))["chart"] == "xbar_r"


def test_limits_are_frozen_by_a_person_and_judge_what_comes(tmp_path: Path, run_cli: Cli) -> None:
    limits = tmp_path / "limits.json"
    first = told(run_cli, CC1, "--trial", "--freeze", str(limits), "--person", "q.li", "--reason", "stable")
    assert len(first["left_out_of_limits"]) == 2
    assert first["in_control"]
    second = told(run_cli, CC1, "--limits", str(limits))
    assert second["phase"] == 2
    assert second["panels"][0]["upper"] == first["panels"][0]["upper"]
    assert not second["in_control"]
    code, _, err = run_cli("spc", CC1, "--freeze", str(limits))
    assert code == 2
    assert "person" in err


def test_a_point_is_left_out_with_its_reason(run_cli: Cli) -> None:
    found = told(run_cli, CC1, "--leave-out", "20=new coil", "--rules", "limits")
    assert found["left_out_of_limits"] == {"20": "new coil"}
    assert found["used"] == 19
    whole = told(run_cli, CC1, "--rules", "limits")
    assert found["panels"][1]["upper"][0] < whole["panels"][1]["upper"][0]  # the wide subgroup no longer counts
    assert "20" in {one["label"] for one in found["violations"]}  # and is still judged


def test_bad_cells_are_counted_with_their_place(tmp_path: Path, run_cli: Cli) -> None:
    file = tmp_path / "x.csv"
    values = [f"{value:.2f}" for value in np.random.default_rng(1).normal(10, 0.1, 30)]
    values[4], values[9] = "broken", ""
    file.write_text("piece,x\n" + "\n".join(f"{at},{value}" for at, value in enumerate(values, 1)) + "\n", "utf-8")
    found = told(run_cli, str(file), "--chart", "ewma", "--set", "weight=0.1")
    assert found["used"] == 28
    assert found["excluded"][0]["came"] == "broken"
    assert found["excluded"][0]["where"].endswith("x.csv:6")
    assert found["parameters"]["weight"] == 0.1


def test_average_run_lengths_stand_beside_the_chart(run_cli: Cli) -> None:
    found = told(run_cli, CC1, "--rules", "western_electric", "--arl")["average_run_lengths"]
    # the mean alone has 91.75 and 9.22 (Champ and Woodall 1987); the range of five signals once in 217.5 points
    assert [one["panels"] for one in found] == ["mean, range"] * len(found)
    assert 60 < found[0]["points"] < 1 / (1 / 91.75 + 1 / 217.5) + 5
    assert found[2]["points"] == pytest.approx(9.0, abs=0.1)
    _, out, _ = run_cli("spc", CC1, "--rules", "western_electric", "--arl")
    assert re.search(r"no shift: false signal +65\.4 +worked out", out)


def test_t2_names_the_characteristics_that_speak(tmp_path: Path, run_cli: Cli) -> None:
    rows = np.random.default_rng(3).multivariate_normal([10, 20], [[1, 0.9], [0.9, 1]], 40)
    rows[30] += [1.5, -1.5]
    file = tmp_path / "two.csv"
    file.write_text("length,width\n" + "\n".join(f"{a:.3f},{b:.3f}" for a, b in rows) + "\n", "utf-8")
    found = told(run_cli, str(file), "--chart", "t2", "--rules", "limits")
    assert [one["label"] for one in found["violations"]] == ["31"]
    assert {one["name"] for one in found["parts"]["31"]} == {"length", "width"}
    _, out, _ = run_cli("spc", str(file), "--chart", "t2", "--rules", "limits")
    assert "What the signals come from" in out
    assert "speaks" in out


def test_short_runs_of_two_products(tmp_path: Path, run_cli: Cli) -> None:
    random, file = np.random.default_rng(5), tmp_path / "runs.csv"
    names = ["A" if at // 6 % 2 == 0 else "B" for at in range(36)]
    lines = [f"{name},{(10 if name == 'A' else 25) + random.normal(0, 0.1):.3f}" for name in names]
    file.write_text("part,dia\n" + "\n".join(lines) + "\n", "utf-8")
    found = told(run_cli, str(file), "--product", "part", "--chart", "dnom", "--nominal", "A=10", "--nominal", "B=25")
    assert found["parameters"]["products"]["B"]["nominal"] == 25
    assert max(abs(value) for value in found["panels"][0]["values"]) < 1
    assert told(run_cli, str(file), "--product", "part")["chart"] == "z_mr"


def test_a_cusum_says_when_the_shift_began(tmp_path: Path, run_cli: Cli) -> None:
    file = tmp_path / "x.csv"
    random = np.random.default_rng(2)
    values = np.concatenate([random.normal(10, 1, 20), random.normal(12, 1, 10)])
    file.write_text("x\n" + "\n".join(f"{value:.2f}" for value in values) + "\n", "utf-8")
    setting = ("--chart", "cusum", "--set", "centre=10", "--set", "sigma=1", "--rules", "limits")
    (shift,) = told(run_cli, str(file), *setting)["shifts"]
    assert abs(shift["first"] - 20) <= 3
    assert shift["mean"] == pytest.approx(12, abs=0.6)


def test_a_plants_books_and_the_limits_frozen_for_them(tmp_path: Path, run_cli: Cli) -> None:
    folder = quality_shop.write(tmp_path / "shop")
    quality_shop.seed(folder)
    code, _, err = run_cli("spc", str(folder))
    assert code == 2
    assert "shaft:diameter (160 values)" in err
    found = told(run_cli, str(folder), "--characteristic", "shaft:diameter", "--rules", "limits")
    assert (found["chart"], found["used"], found["phase"]) == ("i_mr", 160, 1)
    assert "38" in {one["label"] for one in found["violations"]} or len(found["violations"]) > 0
    lots = told(run_cli, str(folder), "--characteristic", "gear:face width", "--group", "lot", "--rules", "limits")
    assert (lots["chart"], lots["used"]) == ("xbar_r", 40)
    assert "G-268" in {one["label"] for one in lots["violations"]}


def test_what_people_decided_on_the_page_holds_at_the_command_line(tmp_path: Path, run_cli: Cli) -> None:
    folder = quality_shop.write(tmp_path / "shop")
    quality_shop.seed(folder)
    subject = "gear:face width"
    first = told(run_cli, str(folder), "--characteristic", subject, "--group", "lot", "--rules", "limits")
    frozen = fit_limits("xbar_r", quality_shop.widths()[:20], width=2.0).as_dict()
    data = {"limits": {**frozen, "since": None}, "group": "lot", "rules": ["nelson_1", "nelson_2"]}
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("event", row("limits", subject, "freeze", person="q.li", text="20 lots", data=data), source="x")
    found = told(run_cli, str(folder), "--characteristic", subject)
    assert (found["phase"], found["chart"]) == (2, "xbar_r")
    assert found["parameters"]["rules"] == ["nelson_1", "nelson_2"]
    assert found["parameters"]["revision"] == 1
    assert found["panels"][0]["upper"][0] < first["panels"][0]["upper"][0]
    again = told(run_cli, str(folder), "--characteristic", subject, "--group", "lot", "--set", "width=3")
    assert again["phase"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.csv",), "no such file"), ((CC1, "--chart", "pie"), "no such chart"),
        ((CC1, "--rules", "nelson_9"), "no such rule"), ((CC1, "--set", "weight"), "not name=value"),
        ((CC1, "--set", "weight=0.2"), "no such option"), ((CC1, "--leave-out", "99=why"), "no such point"),
        ((CC1, "--limits", CC1), "cannot be read"), ((CC1, "--lang", "xx"), "no such language"),
        ((CC1, "-o", "chart.docx"), "no report of that kind"), ((CC1, "--order", "random"), "no such order"),
        ((CC1, "--nominal", "a=b"), "not a number"), ((CC1, "--rules", "none", "--arl"), "never signals"),
        ((CC1, "--chart", "dnom"), "names the product"), ((CC1, "--chart", "t2", "--value", "thickness"), "two char"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_message(arguments: tuple[str, ...], says: str, run_cli: Cli) -> None:
    code, _, err = run_cli("spc", *arguments)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


# ---------------------------------------------------------------- the sheet


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_signal_stands_in_the_table_and_the_drawing(language: str) -> None:
    values = np.random.default_rng(0).normal(10, 0.1, 60)
    values[20] += 0.6
    chart = control_chart("i_mr", values, rules="nelson")
    sheet = spc_sheet(chart, words(language))
    say = words(language)
    signals = next(block for block in sheet.blocks if isinstance(block, Grid) and block.title == say("Signals"))
    assert len(signals.rows) == len(chart.violations) > 0
    pictures = [block for block in sheet.blocks if isinstance(block, Picture)]
    assert len(pictures) == 2
    for at, picture in enumerate(pictures):
        fired = {one.point for one in chart.violations if one.panel == at}
        assert picture.svg.count("<title>") == len(fired)
    html = sheet_html(sheet, language)
    for one in chart.violations:
        assert rule_sentence(one.rule, say) in html
    if language != "en":
        assert "out of control" not in html


def test_every_rule_has_its_sentence_in_every_language() -> None:
    for language in LANGUAGES:
        say = words(language)
        for name in RULES:
            assert "{" not in rule_sentence(name, say)
            assert (rule_sentence(name, say) == RULES[name].sentence) == (language == "en")


def test_a_long_chart_stays_small() -> None:
    values = np.random.default_rng(0).normal(10, 0.1, 100_000)
    sheet = spc_sheet(control_chart("i_mr", values, rules="nelson"), words("en"))
    assert len(sheet_html(sheet)) < 3_000_000
    assert any("and" in getattr(block, "text", "") and "more" in getattr(block, "text", "") for block in sheet.blocks)
