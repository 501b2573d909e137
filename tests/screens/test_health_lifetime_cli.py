"""`luban lifetime`: files in, sheets, documents and reports out; plans without a file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.health_lifetime import curve_svg, lifetime_sheet, paper_svg
from luban.screens.report.sheet import Grid, Note, sheet_html
from luban.understand.health.lifetime import life_study, lives
from tests.understand.health.lifetime.published import ALPHA, NIST_GROWTH, SHOCK, SHOCK_TEXT, VISITS


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, ["lifetime", *(str(one) for one in arguments)]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


@pytest.fixture
def shock(tmp_path: Path) -> Path:
    file = tmp_path / "shock.csv"
    rows = [one.split() for one in SHOCK_TEXT.replace("\n", " ").split(",")]
    cells = [f"{one[0]},{'F' if len(one) > 1 else 'S'},{'mode ' + one[1] if len(one) > 1 else ''}" for one in rows]
    file.write_text("distance [km],status,mode\n" + "\n".join(cells) + "\n")
    return file


def test_a_file_of_lives_has_the_published_figures(ask: Any, shock: Path, tmp_path: Path):
    out, _ = ask(shock, "--age", 10000, "--json", "-o", tmp_path / "r.html")
    told = json.loads(out)
    figures = {one["figure"]: one for one in told["figures"]}
    assert figures["shape"]["value"] == pytest.approx(3.160, abs=1e-3)
    assert figures["scale"]["value"] == pytest.approx(27719, abs=1)
    assert figures["R(10000)"]["low"] < figures["R(10000)"]["value"]
    assert (told["units"], told["failures"], told["unit"], told["excluded"]) == (38, 11, "km", [])
    assert [one["mode"] for one in told["modes"]] == ["mode 1", "mode 2"]
    assert told["families"][0]["family"] == "weibull"
    page = (tmp_path / "r.html").read_text()
    assert page.count("<svg") == 3  # the mark, the curve, the paper
    assert "27719" in page


@pytest.mark.parametrize("ending", ["pdf", "xlsx", "json"])
def test_every_kind_of_report_is_written(ask: Any, shock: Path, tmp_path: Path, ending: str):
    ask(shock, "-o", tmp_path / f"r.{ending}")
    assert (tmp_path / f"r.{ending}").stat().st_size > 1000


def test_lives_without_a_failure_say_what_they_show(ask: Any, tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("hours,status\n" + "100,S\n" * 10)
    out, _ = ask(file, code=NO)
    assert "no unit has failed" in out
    assert re.search(r"at least 333\.8", out)


def test_bad_rows_are_shown_and_bad_files_are_one_sentence(ask: Any, tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("hours,status\n5,F\n7,F\n9,maybe\n20,S\n")
    out, _ = ask(file)
    assert "x.csv:4" in out
    assert "nobody says whether it failed" in out
    _, wrong = ask(tmp_path / "none.csv", code=WRONG)
    assert "Traceback" not in wrong
    ask(file, "--family", "wiebull", code=WRONG)
    ask(file, "--share", 1.5, code=WRONG)
    ask(file, "--where", "hours", code=WRONG)
    ask(code=WRONG)
    ask(file, "--prove", 0.9, code=WRONG)


def test_growth_and_looks(ask: Any, tmp_path: Path):
    file = tmp_path / "g.csv"
    file.write_text("time [h]\n" + "\n".join(map(str, NIST_GROWTH)) + "\n")
    told = json.loads(ask(file, "--growth", "--end", 1500, "--json")[0])
    assert told["mtbf_unbiased"] == pytest.approx(310.234, abs=1e-3)
    assert "failures become rarer" in ask(file, "--growth", "--end", 1500)[0]
    file.write_text("time,failures\n62,12\n100,6\n187,15\n210,3\n350,18\n500,16\n")
    told = json.loads(ask(file, "--growth", "--count", "failures", "--json")[0])
    assert told["shape"] == pytest.approx(0.8136, abs=1e-4)
    ask(file, "--growth", "--life", "nothing", code=WRONG)


def test_plans(ask: Any):
    told = json.loads(ask("--prove", 0.9, "--confidence", 0.9, "--better", 0.99, "--json")[0])
    assert [one["units"] for one in told["plans"]] == [22, 38, 52]
    assert told["plans"][0]["passing"] == pytest.approx(0.99**22)
    out, _ = ask("--prove-mean", 500, "--better", 1000, "--confidence", 0.9, "--unit", "h")
    assert "1151.29" in out
    ask("--prove", 0.9, "--ratio", 2, code=WRONG)


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_sheets_speak_every_language(language: str):
    say = words(language)
    kept = {"km", "AICc", "BIC", "IEC", "Meeker", "Escobar", "luban", "life"}
    for one in (SHOCK, ALPHA, VISITS, lives(running=[5.0]), lives([5.0], [6.0])):
        shown = lifetime_sheet(life_study(one, ages=(100.0,)), say)
        told = [shown.title, shown.subtitle, *shown.provenance.values()]
        for block in shown.blocks:
            if isinstance(block, Note):
                told.append(block.text)
            if isinstance(block, Grid):
                told += [*block.heads, block.title, *(cell for row in block.rows for cell in row)]
        left = set(re.findall(r"[A-Za-z]{2,}", " ".join(told))) - kept
        assert not left, left
        assert sheet_html(shown, language)


def test_pictures_of_curves_that_hold_little():
    say = words("en")
    assert curve_svg(life_study(lives(running=[5.0])), say) == ""
    assert "<svg" in curve_svg(life_study(VISITS), say)
    assert "<svg" in paper_svg(life_study(VISITS, "normal"), say)
    assert paper_svg(life_study(lives([5.0], [6.0])), say) == ""


def test_a_file_that_names_no_running_unit_is_doubted(ask: Any, tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("hours,code\n5,1\n7,1\n9,0\n20,0\n")
    assert "every row counts as failed" in ask(file, "--life", "hours")[0]
