"""`luban protect`, `luban league`, `luban dependence`: files in, sheets out, in every language."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from tests.rollup.protect.worlds import firms

REGION = Path(__file__).parents[2] / "examples" / "region" / "returns.csv"


def ask(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = OK) -> str:
    told = run(None, [str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert told == code, err
    return out if code == OK else err


def write(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def returns(path: Path, drop: str = "") -> Path:
    world = firms(1).to_pylist()
    return write(path, [list(world[0]), *(list(one.values()) for one in world if one["unit"] != drop)])


def test_a_table_is_protected_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = returns(tmp_path / "now.csv"), tmp_path / "p.html"
    some = ("--element", "x", "--depth", "region=1,industry=3")
    told = json.loads(ask(capsys, "protect", file, *some, "--json"))
    hidden = [cell for cell in told["cells"] if cell["state"] != "published"]
    assert told["exposed"] == []
    assert 0 < len(hidden) < len(told["cells"])
    assert all(cell["value"] is None and cell["reason"] for cell in hidden)
    text = ask(capsys, "protect", file, *some, "--lang", "zh", "-o", out)
    for word in ("可以公布的内容", "被攻击者还原", "CN/11 北京", "会泄露另一保密数值"):
        assert word in text
    page = out.read_text("utf-8")
    assert "<svg" in page
    value = next(cell for cell in told["cells"] if cell["state"] == "published")["value"]
    assert f"{value:.2f}" in page
    hidden_units = {f"{one['x']:.6g}" for one in firms(1).to_pylist()}
    assert not any(one in page for one in hidden_units)


def test_a_later_vintage_is_protected_with_the_earlier_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, now = returns(tmp_path / "before.csv"), returns(tmp_path / "now.csv", drop="u9")
    alone = json.loads(ask(capsys, "protect", now, "--element", "x", "--json"))
    both = json.loads(ask(capsys, "protect", now, "--element", "x", "--since", before, "--json"))
    assert both["loss"]["complementary"] > alone["loss"]["complementary"]
    assert "would tell on a unit" in ask(capsys, "protect", now, "--element", "x", "--since", before)


def test_indicators_are_protected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = ("--indicator", "I01", "--by", "region,industry", "--year", "2020")
    told = json.loads(ask(capsys, "protect", REGION, *some, "--json"))
    hidden = [row for row in told["rows"] if row["reason"].startswith("withheld")]
    assert 0 < len(hidden) < len(told["rows"])
    assert all(row["value"] is row["numerator"] is None for row in hidden)
    text = ask(capsys, "protect", REGION, *some, "--lang", "ko", "-o", tmp_path / "i.xlsx")
    assert "보류: " in text


def test_bad_input_is_one_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = returns(tmp_path / "now.csv")
    for arguments, said in (
        (("protect", file, "--element", "revenue"), "no such column"),
        (("protect", file, "--element", "x", "--dominance", "3"), "no such rule"),
        (("protect", file, "--element", "x", "--by", "colour"), "no such dimension"),
        (("protect", file, "--element", "x", "--depth", "region"), "no such depth"),
        (("protect", tmp_path / "none.csv", "--element", "x"), "no such file"),
        (("protect", REGION, "--owner", "nobody"), "no such column"),
        (("protect", REGION, "--since", file), "only with --element"),
        (("league", file, "--value", "x", "--low", "x"), "an interval has two ends"),
        (("league", file, "--value", "x", "--better", "more"), "no such direction"),
        (("league", file, "--value", "x", "--own", "nobody"), "no such line"),
        (("league", REGION, "--indicator", "I08", "--by", "size"), "no such dimension"),
        (("dependence", tmp_path), "no such series"),
    ):
        assert said in ask(capsys, *arguments, code=WRONG)


def test_everything_withheld_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(
        tmp_path / "two.csv", [["unit", "region", "industry", "x"], ["a", "CN/11", "C34", 5], ["b", "CN/11", "C34", 7]]
    )
    assert "Nothing can be told" in ask(capsys, "protect", file, "--element", "x")


def test_a_league_has_no_rank_where_intervals_overlap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[list[Any]] = [
        ["plant", "yield", "low", "high"],
        ["a", 98, 97, 99],
        ["b", 97.5, 96.5, 98.5],
        ["c", 80, 79, 81],
        ["d", "", "", ""],
    ]
    file, out = write(tmp_path / "yields.csv", rows), tmp_path / "l.html"
    arguments = ("league", file, "--value", "yield", "--low", "low", "--high", "high")
    told = json.loads(ask(capsys, *arguments, "--json"))
    assert [(row["entry"]["name"], row["rank"], row["first"], row["last"]) for row in told["rows"]] == [
        ("a", None, 1, 2), ("b", None, 1, 2), ("c", 3, 3, 3)]  # fmt: skip
    assert [one["name"] for one in told["unranked"]] == ["d"]
    text = ask(capsys, *arguments, "--lang", "zh", "-o", out)
    assert "1-2" in text
    assert "名次" in text
    assert "<svg" in out.read_text("utf-8")


def test_a_league_of_an_indicator_and_of_an_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(ask(capsys, "league", REGION, "--indicator", "I08", "--json"))
    assert len(told["rows"]) + len(told["unranked"]) == 6
    weights = write(tmp_path / "w.csv", [["id", "weight", "low", "high"], ["q", 2, 0, 100], ["loss", 1, 6, 0]])
    parts = write(tmp_path / "p.csv", [["name", "q", "loss"], ["a", 90, 1], ["b", 50, 3], ["c", 60, ""]])
    made = json.loads(ask(capsys, "league", parts, "--index", weights, "--own", "a", "--json"))
    assert made["scores"]["c"]["value"] is None
    assert made["scores"]["a"]["value"] == pytest.approx(60 + 40 * (2 * 0.9 + 5 / 6) / 3)
    assert "loss" in ask(capsys, "league", parts, "--index", weights)
    assert made["place"]["reason"] == "fewer than 5 peers"  # two firms: no level of theirs is told
    open_ = json.loads(ask(capsys, "league", parts, "--index", weights, "--own", "a", "--public", "--json"))
    assert open_["place"]["percentile"] == 100.0


def test_dependence_is_that_of_the_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "wdi"
    folder.mkdir()
    rng = np.random.default_rng(1)
    codes = ["CHN", "DEU", *(f"A{one:02d}" for one in range(10))]
    for name, low, high in (("bm.gsr.royl.cd", 1e9, 2e9), ("bx.gsr.royl.cd", 1e9, 2e9), ("ny.gdp.mktp.cd", 1e12, 2e12),
                            ("gb.xpd.rsdv.gd.zs", 1, 3)):  # fmt: skip
        rows = [[code, year, float(rng.uniform(low, high))] for code in codes for year in (2019, 2020)]
        write(folder / f"{name}.csv", [["iso3", "year", "value"], *rows])
    told = json.loads(ask(capsys, "dependence", tmp_path, "--economy", "DEU", "--json"))
    assert [row["year"] for row in told["rows"]] == [2019, 2020]
    assert 0 < told["rows"][1]["dependence"]["value"] < 1
    assert told["place"]["n"] == 11
    assert "技术对外依存度" in ask(capsys, "dependence", tmp_path, "--lang", "zh", "-o", tmp_path / "d.pdf")
