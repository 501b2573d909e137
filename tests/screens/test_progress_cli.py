import json

import numpy as np
import pytest

from luban.norms.plans import load_plan
from luban.rollup.outlook import outlook
from luban.rollup.points import Point
from luban.rollup.reports import Report
from luban.screens.i18n import LANGUAGES, words
from luban.screens.report.rollup_progress import progress_sheet
from luban.screens.report.sheet import Grid, Picture, sheet_html, sheet_pdf, sheet_xlsx
from tests.rollup.progress.test_public import DATA

VALUES = """indicator,year,value
I08,2015,33
I08,2016,36.4
I08,2017,38.9
I08,2018,42.1
I08,2019,46.3
I08,2020,49.1
I11,2018,10
I11,2020,24
"""


@pytest.fixture
def values(tmp_path):
    file = tmp_path / "values.csv"
    file.write_text(VALUES)
    return file


def test_values_as_document_and_as_report(run_cli, values, tmp_path):
    code, out, _ = run_cli("progress", values, "--json", "-o", tmp_path / "r.xlsx")
    document = json.loads(out)
    lines = {(one["indicator"], one["year"]): one for one in document["lines"]}
    assert (code, len(lines), document["plan"]) == (0, 24, "mic2025")
    assert lines["I08", 2020]["progress"]["met"] is False
    assert lines["I11", 2020]["progress"]["status"] == "achieved"
    assert 0 <= lines["I08", 2025]["forecast"]["chance"] <= 1
    assert lines["I12", 2025]["progress"]["reason"]
    assert (tmp_path / "r.xlsx").read_bytes()[:2] == b"PK"


def test_a_scenario_moves_the_chance(run_cli, values):
    chances = []
    for rate in ("0.0", "0.08"):
        _, out, _ = run_cli("progress", values, "--what-if", f"I08={rate}", "--json")
        line = next(one for one in json.loads(out)["lines"] if (one["indicator"], one["year"]) == ("I08", 2025))
        chances.append(line["forecast"]["chance"])
    assert chances[0] < 0.2 < 0.8 < chances[1]


def test_what_cannot_be_is_named_and_hides_nothing(run_cli, tmp_path):
    file = tmp_path / "values.csv"
    more = "I06,2015,150\nI06,2016,160\nI06,2017,166\nI06,2018,181\nI06,2019,182\nI77,2019,1\n"
    file.write_text(VALUES + more)
    code, out, _ = run_cli("progress", file, "--json")
    found = json.loads(out)
    assert (code, found["unknown"]) == (0, ["I77"])
    reasons = {(one["indicator"], one["year"]): one["forecast"]["reason"] for one in found["lines"]}
    assert reasons["I06", 2025] == "values outside their limits"
    assert reasons["I08", 2025] == ""
    file.write_text("indicator,year,value\nI77,2019,1\n")
    code, _, err = run_cli("progress", file)
    assert (code, "no indicator of the plan" in err) == (2, True)


def test_public_series_are_called_what_they_are(run_cli):
    code, out, _ = run_cli("progress", DATA, "--json")
    found = json.loads(out)
    assert code == 0
    assert {one["proxy"] for one in found["lines"]} == {"water_va"}
    assert "wdi/sl.gdp.pcap.em.kd.csv" in found["missing"]["labour_productivity"]
    assert {one["kind"] for one in found["signals"]} >= {"repeated tail"}
    _, out, _ = run_cli("progress", DATA, "--lang", "en")
    assert "none of them is the indicator itself" in out
    code, _, err = run_cli("progress", DATA, "--economy", "KOR")
    assert (code, "nothing is known of this economy" in err) == (2, True)


@pytest.mark.parametrize(("arguments", "message"), [
    (["--plan", "nowhere"], "no such plan"), (["--what-if", "I08=much"], "not a rate"),
    (["--what-if", "I99=0.1"], "no such indicator"), (["--drivers", "I09"], "no industries"),
])  # fmt: skip
def test_a_wrong_question_is_refused(run_cli, values, arguments, message):
    code, _, err = run_cli("progress", values, *arguments)
    assert code == 2
    assert message in err


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_sheet_in_every_language(language):
    points = {"I08": [Point(2015 + n, v) for n, v in enumerate([33, 36.4, 38.9, 42.1, 46.3, 49.1])],
              "I11": [Point(2020, 24.0)]}  # fmt: skip
    reports = [Report("I08", 2021, 55.3, "%", "conflict"), Report("I08", 2021, 51.3, "%", "conflict")]
    sheet = progress_sheet(outlook(points, load_plan(), reports=reports, source="x"), words(language))
    assert sum(isinstance(one, Picture) for one in sheet.blocks) == 1
    html = sheet_html(sheet, language)
    assert "http" not in html.replace("http://www.w3.org", "")
    if language != "en":
        texts = [cell for block in sheet.blocks if isinstance(block, Grid) for row in block.rows for cell in row]
        assert not [one for one in texts if "value" in one or "needed" in one or "source" in one]
    assert sheet_xlsx(sheet)[:2] == b"PK"
    if language == "en":
        assert sheet_pdf(sheet, language)[:4] == b"%PDF"


def test_warnings_of_industries_and_of_cells(run_cli, tmp_path):
    rng = np.random.default_rng(1)
    quarters = tmp_path / "quarters.csv"
    use = [82 + rng.normal(0, 1) - 2 * max(n - 24, 0) for n in range(34)]
    both = (("C31", use), ("C26", use[:24] + use[:10]))
    rows = [f"{2016 + n // 4}Q{n % 4 + 1},{name},{x:.2f}" for name, some in both for n, x in enumerate(some)]
    quarters.write_text("\n".join(["period,industry,utilisation", *rows]))
    code, out, _ = run_cli("warnings", quarters, "--json")
    found = json.loads(out)
    assert {one["place"] for one in found["signals"]} == {"C31"}
    assert found["signals"][0]["when"] in {"2022Q2", "2022Q3", "2022Q4", "2023Q1"}
    assert found["false_alarms_of"] == "each series"
    assert found["false_alarms_together"] == pytest.approx(0.1)
    shown = " ".join(run_cli("warnings", quarters)[1].split())
    assert "about 5 % of series without any cause give a false alarm, at least one of these 2 in up to 10 %" in shown
    claims = tmp_path / "claims.csv"
    rows = [f"2025-{n + 1:02},{cell},{count}" for cell, last in (("CN/31 C34", 25), ("CN/32 C34", 6))
            for n, count in enumerate([5, 6, 4, 7, 5, 3, 6, 5, 4, 6, 5, 7, 5, last])]  # fmt: skip
    claims.write_text("\n".join(["period,cell,count", *rows]))
    code, out, _ = run_cli("warnings", claims)
    assert code == 1
    assert "CN/31 C34" in out
    assert "2025-14" in out
    assert "about 5 % of runs without any cause" in out
    code, _, err = run_cli("warnings", claims.with_name("none.csv"))
    assert (code, "none.csv" in err) == (2, True)
