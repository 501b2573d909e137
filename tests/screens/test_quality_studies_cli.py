"""`luban capability`, `gauge`, `pareto`, `relations`: files in, sheets and documents out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.quality_capability import bins
from luban.screens.report.quality_words import chance, given, number, span
from tests.screens import quality_shop as shop
from tests.understand.quality.test_gauge_study import AIAG, MASTER

NIST = Path(__file__).parents[1] / "understand" / "quality" / "gauge_data"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, [str(one) for one in arguments]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.csv"
    rows = [list(map(float, line.split())) for line in AIAG.splitlines()]
    cells = [f"{part},{'ABC'[at // 3]},{value}" for at, row in enumerate(rows) for part, value in enumerate(row, 1)]
    file.write_text("part,operator,value [mm]\n" + "\n".join(cells) + "\n")
    return file


def test_capability_of_a_file_has_the_certified_figures(ask: Any, tmp_path: Path):
    file, report = NIST / "nist_strd_michelso.csv", tmp_path / "c.html"
    out, _ = ask(
        "capability", file, "--lower", 299.6, "--upper", 300.1, "--share", 0.9, "--json", "-o", report, code=NO
    )
    told = json.loads(out)
    by_name = {one["index"]: one for one in told["indices"]}
    assert by_name["Pp"]["value"] == pytest.approx(1.05471149907961, rel=1e-10)
    assert by_name["Cpk"]["value"] is None
    assert "not in control" in by_name["Cpk"]["withheld"]
    assert (told["used"], told["excluded"], told["in_control"]) == (100, [], False)
    assert told["tolerance"][0]["factor"] > 1.6
    page = report.read_text()
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "lower specification limit" in page


def test_bad_cells_are_listed_with_their_place(ask: Any, tmp_path: Path):
    file = tmp_path / "x.csv"
    values = np.round(np.random.default_rng(0).normal(10, 0.1, 60), 3).tolist()
    file.write_text("x\n" + "\n".join(["abc", *map(str, values), ""]))
    out, _ = ask("capability", file, "--lower", 9, "--upper", 11, "--value", "x")
    assert "x.csv:2" in out
    assert "abc" in out


def test_the_answer_is_no_below_what_is_wanted(ask: Any, tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("x\n" + "\n".join(map(str, np.random.default_rng(1).normal(10, 0.1, 60))))
    ask("capability", file, "--lower", 9, "--upper", 11, "--wanted", 1.33)
    ask("capability", file, "--lower", 9.9, "--upper", 10.1, "--wanted", 1.33, code=NO)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lower", "300.1", "--upper", "299"], "reversed"),
        ([], "no specification limit"),
        (["--lower", "1", "--family", "cauchy"], "no such family"),
        (["--lower", "1", "--method", "wild"], "no such way"),
        (["--lower", "1", "--order", "up"], "no such order"),
    ],
)
def test_wrong_questions_have_one_answer(ask: Any, arguments: list[str], message: str):
    _, err = ask("capability", NIST / "nist_strd_michelso.csv", *arguments, code=WRONG)
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
@pytest.mark.parametrize("ending", [".html", ".pdf", ".xlsx"])
def test_a_gauge_study_in_every_language_and_form(ask: Any, study: Path, language: str, ending: str):
    report = study.with_suffix(ending)
    out, _ = ask("gauge", study, "--lower", -4, "--upper", 4, "--lang", language, "-o", report)
    assert "0.30237" in out
    assert "94.6471" in out
    assert "22.68" in out  # of the tolerance
    assert words(language)("Sources of variation") in out
    assert report.read_bytes()[:4] in (b"<!do", b"%PDF", b"PK\x03\x04")


def test_the_ways_of_a_gauge_study(ask: Any, study: Path):
    told = json.loads(ask("gauge", study, "--method", "range", "--json")[0])
    assert told["ndc"] == 5
    assert told["unit"] == "mm"
    nested = json.loads(ask("gauge", study, "--method", "nested", "--json")[0])
    assert nested["method"] == "anova nested"
    _, err = ask("gauge", study, "--method", "guess", code=WRONG)
    assert "anova, range, nested" in err


def test_trials_side_by_side_are_the_same_study(ask: Any, study: Path):
    rows = [list(map(float, line.split())) for line in AIAG.splitlines()]
    lines = [
        f"{part},{who}," + ",".join(str(rows[3 * at + trial][part - 1]) for trial in range(3))
        for part in range(1, 11) for at, who in enumerate("ABC")
    ]  # fmt: skip
    study.write_text("part;appraiser;trial 1;trial 2;trial 3\n".replace(";", ",") + "\n".join(lines))
    told = json.loads(ask("gauge", study, "--json")[0])
    assert told["anova"][0]["ss"] == pytest.approx(88.36193444)


def test_bias_linearity_levels_and_agreement(ask: Any, tmp_path: Path):
    file = tmp_path / "l.csv"
    file.write_text("master,reading\n" + "\n".join(f"{ref},{v}" for ref, row in MASTER.items() for v in row.split()))
    told = json.loads(ask("gauge", file, "--study", "linearity", "--process", 16.5368, "--json", code=NO)[0])
    assert told["slope"]["value"] == pytest.approx(-0.131667, abs=1e-6)
    listed = json.loads(ask("gauge", file, "--study", "bias", "--json", code=NO)[0])
    assert [round(one["bias"], 6) for one in listed] == [0.491667, 0.125, 0.025, -0.291667, -0.616667]
    levels = json.loads(
        ask("gauge", NIST / "nist_mpc61_gauge_study.csv", "--study", "levels", "--repeats", 6, "--json")[0]
    )
    assert levels["levels"][1]["sd"] == pytest.approx(0.0467024613912)
    seen = tmp_path / "a.csv"
    seen.write_text(
        "part,A-1,A-2,B-1,B-2,standard\n1,ok,ok,ok,ok,ok\n2,bad,ok,bad,bad,bad\n3,ok,ok,ok,ok,ok\n4,bad,bad,,bad,bad\n"
    )
    _, err = ask("gauge", seen, "--study", "agreement", "--good", "ok", code=WRONG)
    assert "differ in number" in err
    seen.write_text(seen.read_text().replace(",,", ",bad,"))
    told = json.loads(ask("gauge", seen, "--study", "agreement", "--good", "ok", "--json", code=NO)[0])
    assert told["appraisers"] == ["A", "B"]
    assert told["verdicts"] == {"A": "bad", "B": "good"}


def test_differences_between_gauges_are_those_of_the_nist_table(ask: Any, tmp_path: Path):
    # NIST/SEMATECH e-Handbook 2.6.1: differences of five probes from the mean of all, on five wafers in the first run
    rows = (NIST / "nist_mpc61_gauge_study.csv").read_text().splitlines()
    file = tmp_path / "run1.csv"
    file.write_text("\n".join([rows[0], *(row for row in rows[1:] if row.startswith("1,"))]))
    asked = ("gauge", file, "--study", "differences", "--value", "average", "--json")
    told = json.loads(ask(*asked, code=NO)[0])
    assert {one["label"]: round(one["bias"], 4) for one in told}["2362"] == -0.0272


def test_a_master_over_time(ask: Any, tmp_path: Path):
    file = tmp_path / "m.csv"
    file.write_text("reading\n" + "\n".join(map(str, np.round(np.random.default_rng(3).normal(6, 0.1, 40), 3))))
    told = json.loads(ask("gauge", file, "--study", "stability", "--reference", 6.0, "--json")[0])
    assert told["stable"] is True
    assert told["bias"]["low"] < 0 < told["bias"]["high"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("part,operator,value\n1,A,1\n1,A,2\n", "one operator"),
        ("a,b\n1,2\n", "no column of the part"),
        ("part,operator,value\n1,A,x\n", "no"),
        ("part,operator,value\n1,A,1\n2,B,2\n", "no reading"),
    ],
)
def test_what_is_no_study_says_so(ask: Any, tmp_path: Path, text: str, message: str):
    file = tmp_path / "x.csv"
    file.write_text(text)
    _, err = ask("gauge", file, code=WRONG)
    assert message in err


def test_pareto_and_relations_of_a_file(ask: Any, tmp_path: Path):
    file = tmp_path / "d.csv"
    file.write_text("defect,pieces,machine\nburr,7,m1\nburr,5,m2\ndent,2,m1\n,1,m2\nscratch,x,m1\n")
    told = json.loads(ask("pareto", file, "--by", "defect", "--amount", "pieces", "--json")[0])
    assert [(one["name"], one["amount"]) for one in told["causes"]] == [("burr", 12), ("dent", 2), ("", 1)]
    assert (told["left_out"], told["unnamed"]) == (1, 1)
    out, _ = ask("pareto", file, "--by", "defect")
    assert "not said" in out
    draw = np.random.default_rng(0)
    rows = [
        f"{10 + at % 2 + draw.normal(0, 0.1):.3f},{'m1' if at % 2 else 'm2'},{draw.normal(20, 1):.2f}"
        for at in range(60)
    ]
    file.write_text("value,machine,temperature\n" + "\n".join(rows))
    told = json.loads(ask("relations", file, "--json")[0])
    assert told["strata"][0]["factor"] == "machine"
    assert told["strata"][0]["q"] < 1e-6
    assert told["correlations"][0]["other"] == "temperature"


def test_a_plants_books(ask: Any, tmp_path: Path):
    folder = shop.write(tmp_path / "plant")
    shop.seed(folder)
    with LedgerWriter(places(folder).ledger) as writer:
        counts = {
            "time": [1, 2], "subject": ["turning", "milling"], "good": [90.0, 99.0], "scrap": [10.0, 1.0],
            "rework": [0.0, 0.0], "item": ["shaft", "gear"], "quality": [0, 0],
        }  # fmt: skip
        writer.append("count", counts, source="c")
    told = json.loads(ask("capability", folder, "--characteristic", shop.WIDTH, "--group", "lot", "--json", code=NO)[0])
    assert (told["lower"], told["target"], told["upper"], told["unit"]) == (17.95, 18, 18.05, "mm")
    assert told["subgroups"] == 40
    scrap = json.loads(ask("pareto", folder, "--by", "subject", "--json")[0])
    assert scrap["causes"][0]["rate"] == pytest.approx(0.1)
    seen = json.loads(ask("relations", folder, "--characteristic", shop.DIAMETER, "--json")[0])
    assert any(one["other"] == "time [d]" for one in seen["correlations"])
    _, err = ask("capability", folder, code=WRONG)
    assert shop.DIAMETER in err


def test_numbers_as_text():
    assert [number(x) for x in (0.123456789, 1234.5678, 1.5e-9, 0.0, None, float("nan"))] == [
        "0.12346", "1234.6", "1.5000e-09", "0", "–", "–",
    ]  # fmt: skip
    assert (given(299.6), given(8.0), chance(0.00001), span(1, None)) == ("299.6", "8", "< 0.0001", "–")


def test_bins_hold_every_value_and_follow_the_gauges_step():
    draw = np.random.default_rng(0)
    for x in (draw.normal(size=500), np.round(draw.normal(size=500), 1), np.array([1.0, 1.0]), np.arange(3.0)):
        assert np.histogram(x, bins(x))[0].sum() == len(x)
    rounded = np.round(draw.normal(0, 1, 2000), 1)
    edges = bins(rounded)
    assert np.allclose((np.diff(edges) / 0.1) % 1, 0, atol=1e-6) or np.allclose(
        (np.diff(edges) / 0.1) % 1, 1, atol=1e-6
    )


def test_names_from_a_file_are_only_text_in_a_report(ask: Any, tmp_path: Path):
    file, report = tmp_path / "x.csv", tmp_path / "x.html"
    file.write_text("<script>alert(1)</script>\n" + "\n".join(map(str, np.random.default_rng(1).normal(10, 0.1, 60))))
    ask("capability", file, "--lower", 9, "--upper", 11, "-o", report)
    assert "<script>" not in report.read_text()
