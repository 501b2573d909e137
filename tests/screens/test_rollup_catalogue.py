"""`luban programme fit`: tables in, the line cited out, in every language; what is barred is an answer of no."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.screens.cli.output import NO, OK, WRONG

Run = Callable[..., tuple[int, str, str]]
CATALOGUES = """catalogue,edition,since,line,stance,industry,region,words,text
转移,2018,2018-11-15,51-7,鼓励,C397,CN/51,,四川承接电子器件
淘汰,2011,2011-06-01,8,淘汰,C3130,,高炉,四百立方米以下高炉
"""
PROJECTS = {
    "a": "a,2020-01-01,C3971,CN/51/5101,芯片",
    "b": "b,2020-01-01,C3130,CN/13,一座高炉",
    "c": "c,2012-01-01,C39,CN/51,元件",
    "d": "d,2020-01-01,C39,CN/51,元件",
}


def files(folder: Path, *names: str) -> tuple[Path, Path]:
    (folder / "catalogues.csv").write_text(CATALOGUES, "utf-8")
    rows = [PROJECTS[name] for name in names or PROJECTS]
    (folder / "projects.csv").write_text("\n".join(["id,day,industry,region,text", *rows]), "utf-8")
    return folder / "projects.csv", folder / "catalogues.csv"


def test_each_project_with_the_edition_and_the_line(run_cli: Run, tmp_path: Path) -> None:
    code, out, err = run_cli("programme", "fit", *files(tmp_path), "--json")
    assert code == NO, err
    told = {(one["project"], one["catalogue"]): one for one in json.loads(out)}
    assert {key: one["fit"] for key, one in told.items() if one["fit"] != "not named"} == {
        ("a", "转移"): "encouraged", ("b", "淘汰"): "barred", ("c", "转移"): "no edition in force",
        ("d", "转移"): "unclear",
    }  # fmt: skip
    barred = told["b", "淘汰"]
    assert [(line["id"], line["place"]) for line in barred["lines"]] == [("8", "catalogues.csv:3")]
    assert (barred["edition"]["name"], barred["edition"]["since"]) == ("2011", "2011-06-01")
    code, _, _ = run_cli("programme", "fit", *files(tmp_path, "a", "c"))
    assert code == OK
    code, _, err = run_cli("programme", "fit", tmp_path / "projects.csv", tmp_path / "none.csv")
    assert (code, "none.csv" in err) == (WRONG, True)


@pytest.mark.parametrize(("language", "word"), [("en", "barred"), ("zh", "禁止或淘汰"), ("ko", "금지 또는 도태")])
def test_the_sheet_speaks_each_language(run_cli: Run, tmp_path: Path, language: str, word: str) -> None:
    page = tmp_path / "fit.html"
    _, out, err = run_cli("programme", "fit", *files(tmp_path), "--lang", language, "-o", page)
    assert word in out, err
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page.read_text("utf-8"), flags=re.DOTALL)
    assert "51-7 四川承接电子器件" in body
    left = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"\b[0-9a-f]{16}\b", "", body))) - {
        "luban",
        "csv",
        "projects",
        "catalogues",
    }
    assert language == "en" or not left
