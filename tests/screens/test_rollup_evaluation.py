"""`luban evaluate`, `luban report`, `luban programme`: books and files in, sheets, bundles and entries out."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.norms.plans import load_plan
from luban.rollup.evaluation import Policy
from luban.rollup.programmes import Evidence, Task, Thing
from luban.rollup.review import inputs_of, review
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.rollup_programmes import item_sheet
from luban.screens.report.rollup_report import report_sheet
from luban.screens.report.sheet import Figures, Grid, Note, Sheet, sheet_html
from luban.screens.service.programmes import rows_of_file
from luban.screens.service.review import read_values, today_of
from tests.rollup.test_bundle import inputs

PLAN = load_plan("mic2025")
REGION = Path(__file__).parents[2] / "examples" / "region"

EACH = "+1.2 (a), +0.4 (b)"


def ask(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = OK) -> str:
    told = run(None, [str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert told == code, err or out
    return out + err if code else out


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """Twenty regions, one of them with a policy that brought 3 points."""
    own = [one for one in inputs().rows if one["region"]]
    file = tmp_path / "processes.csv"
    file.write_text("region,year,value\n" + "".join(f"{o['region']},{o['year']},{o['value']}\n" for o in own))
    return file


def test_one_act_on_a_file_of_values(capsys: pytest.CaptureFixture[str], values: Path, tmp_path: Path) -> None:
    act = ("--treated", "CN/13", "--since", 2018, "--indicator", "I08")
    told = json.loads(ask(capsys, "evaluate", values, *act, "--json"))
    assert (told["verdict"], told["method"]) == ("helped", "synthetic")
    assert told["low"] < 2.3 < told["high"]
    report = tmp_path / "act.html"
    assert "政策是否有效" in ask(capsys, "evaluate", values, *act, "--lang", "zh", "-o", report)
    assert "<svg" in report.read_text("utf-8")
    # of an indicator that no plan has, somebody must say which way is better
    other = ("evaluate", values, "--treated", "CN/13", "--since", 2018, "--better", "less")
    assert "made worse" in ask(capsys, *other, code=NO)
    assert "no such unit" in ask(capsys, "evaluate", values, "--treated", "CN/99", "--since", 2018, code=WRONG)
    assert "which act" in ask(capsys, "evaluate", values, "--indicator", "I08", code=WRONG)
    values.write_text(values.read_text().replace(",2016,", ",2016.5,", 1))
    assert "not a year" in ask(capsys, "report", values, "--indicator", "I08", code=WRONG)


def test_a_unit_of_measure_before_the_regions_is_no_region(values: Path) -> None:
    head, *rows = values.read_text().splitlines()
    values.write_text("\n".join([f"unit,{head}", *(f"%,{row}" for row in rows)]))
    found = read_values(values, indicator="I08")
    assert found is not None
    assert {one["region"] for one in found} == {row.split(",")[0] for row in rows}


def test_which_way_is_better_is_told_by_the_plan_of_the_folder(
    capsys: pytest.CaptureFixture[str], values: Path, tmp_path: Path
) -> None:
    shutil.copytree(Path(__file__).parents[2] / "examples" / "park_plan", tmp_path / "ours")
    file = tmp_path / "ours" / "indicators.toml"
    before, own = file.read_text("utf-8").split("[indicator.running]")
    file.write_text(before + "[indicator.running]" + own.replace('direction = "up"', 'direction = "down"', 1), "utf-8")
    lines = values.read_text().replace("region,year,value", "region,year,indicator,value").splitlines()
    cells = [one.split(",") for one in lines[1:]]
    told = tmp_path / "values.csv"
    told.write_text("\n".join([lines[0], *(f"{r},{y},running,{v}" for r, y, v in cells)]))
    act = ("evaluate", told, "--treated", "CN/13", "--since", 2018, "--json")
    # the file names its indicator, plant.toml or --plan the plan beside
    assert json.loads(ask(capsys, *act, "--plan", "ours", code=NO))["verdict"] == "made worse"
    values.unlink()
    plant = '[plant]\nid = "office"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n\n[rollup]\nplan = "ours"\n'
    (tmp_path / "plant.toml").write_text(plant, "utf-8")
    assert json.loads(ask(capsys, *act, code=NO))["verdict"] == "made worse"


def test_a_bundle_out_and_computed_anew(capsys: pytest.CaptureFixture[str], values: Path, tmp_path: Path) -> None:
    (tmp_path / "evaluation.toml").write_text(
        '[[policy]]\nid = "z"\nname = "zone"\nindicator = "I08"\ntreated = ["CN/13"]\nsince = 2018\n'
    )
    act = (tmp_path / "evaluation.toml").read_text()
    (tmp_path / "evaluation.toml").write_text(act + act.replace('"z"', '"y"').replace("CN/13", "CN/99"))
    said = "y 不予评价：数据中没有该单位：CN/99"
    assert said in ask(capsys, "report", values, "--indicator", "I08", "--lang", "zh")
    (tmp_path / "evaluation.toml").write_text(act.replace("CN/13", "CN/99"))
    assert "CN/99" in ask(capsys, "evaluate", values, "--indicator", "I08", code=WRONG)
    (tmp_path / "evaluation.toml").write_text(act)
    bundle = tmp_path / "review.zip"
    told = json.loads(ask(capsys, "evaluate", values, "--indicator", "I08", "--bundle", bundle, "--no-code", "--json"))
    assert re.fullmatch("[0-9a-f]{64}", told["sha256"])
    assert "the same, byte for byte" in ask(capsys, "evaluate", bundle)
    bundle.write_bytes(bundle.read_bytes()[:-40])
    assert "not a bundle" in ask(capsys, "evaluate", bundle, code=WRONG)


def test_tasks_things_and_decisions_in_books(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    measures = PLAN.tasks[2].measures
    (tmp_path / "list.pdf").write_text("signed")
    tables = {
        "tasks": "id,item,name,owner,due\n"
        + "".join(f"q{n},{measures[n].id},do {n},MIIT,2016-12-31\n" for n in range(3)),
        "things": "item,thing,day,region,document\nT20,works,2018-03-01,CN/31,list.pdf\n",
        "parts": "item,part,day,source,qualified,domestic,document\nT18,bearing,2016-01-01,maker,yes,yes,list.pdf\n"
        "T18,chip,2016-01-01,,,,\n",
        "targets": "region,id,year,value\nCN/31,T20,2020,400\n",
    }
    for kind, text in tables.items():
        (tmp_path / f"{kind}.csv").write_text(text)
        assert rows_of_file(tmp_path / f"{kind}.csv", PLAN, person="li")[0] == kind
        ask(capsys, "programme", "take", office, tmp_path / f"{kind}.csv")
    (tmp_path / "again.csv").write_text("id,item,name,owner,due\nq9,,new,li,2017-12-31\nq1,,other,li,2017-12-31\n")
    assert "in the books already" in ask(capsys, "programme", "take", office, tmp_path / "again.csv", code=WRONG)
    assert "nothing closes without evidence" in ask(capsys, "programme", "close", office, "q0", code=WRONG)
    ask(capsys, "programme", "close", office, "q0", "--document", tmp_path / "list.pdf")
    assert "q2: 182 days late" in ask(capsys, "programme", "escalate", office, "--today", "2017-07-01")
    told = json.loads(ask(capsys, "programme", office, "--year", 2020, "--today", "2017-07-01", "--json"))
    items = {one["item"]: one for one in told["programmes"]}
    assert (items["T18"]["value"], items["T18"]["status"], items["T20"]["value"]) == (50.0, "met", 1.0)
    assert [one["task"] for one in told["overdue"]] == ["q1", "q2"]
    assert told["regions"][0]["gap"] == -600.0
    board = ask(capsys, "programme", "board", office, "--year", 2035, "--lang", "zh")
    assert "第二步 · 2035" in board
    (line,) = [one for one in board.splitlines() if one.startswith("T28.5 ")]
    assert "全面实现" in line
    assert "定性" in line  # a step has no number: shown, never scored
    assert "没有来源" in ask(capsys, "programme", "board", office, "--item", "T18", "--year", 2020, "--lang", "zh")
    ask(capsys, "programme", "withdraw", office, "T20", "works", "closed", "--day", "2019-01-01")
    assert "nothing of this name" in ask(capsys, "programme", "withdraw", office, "T20", "work", "closed", code=WRONG)
    assert "withdrawn: closed" in ask(capsys, "programme", "board", office, "--item", "T20", "--year", 2020)
    event = next(one.id for some in PLAN.programmes for one in some.items if one.kind == "event")
    assert "by which evidence" in ask(capsys, "programme", "shown", office, event, "done", code=WRONG)
    paper = ("--document", tmp_path / "list.pdf", "--day", "2019-05-01", "--reached")
    ask(capsys, "programme", "shown", office, event, "a turning point", *paper)
    told = json.loads(ask(capsys, "programme", office, "--year", 2020, "--today", "2017-07-01", "--json"))
    assert next(one["status"] for one in told["programmes"] if one["item"] == event) == "met"
    assert "no such item" in ask(capsys, "programme", "decide", office, "m", "raise it", code=WRONG)
    ask(capsys, "programme", "decide", office, "m", "which target?", "--as", "item")
    assert "quotes the indicator versions" in ask(capsys, "programme", "decide", office, "m", "raise it", code=WRONG)
    ask(capsys, "programme", "reopen", office, "q0", "another list")
    made = ("programme", "open", office, "a catalogue", "--owner", "MIIT", "--due", "2018-01-01", "--item", "T18")
    assert "t-1" in ask(capsys, *made)
    assert "in the books already" in ask(capsys, *made, "--id", "t-1", code=WRONG)
    told = json.loads(ask(capsys, "programme", office, "--year", 2020, "--today", "2017-07-01", "--json"))
    assert [one["task"] for one in told["overdue"]] == ["q0", "q1", "q2"]
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="what does the table hold"):
        rows_of_file(tmp_path / "odd.csv", PLAN, person="li")


def test_today_is_where_the_office_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = tmp_path / "office"
    office.mkdir()
    (office / "plant.toml").write_text('[plant]\nid = "o"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n')
    ask(capsys, "programme", "open", office, "list", "--owner", "MIIT", "--due", "2030-06-30", "--item", "T18")
    monkeypatch.setattr("luban.screens.service.review.now", lambda: parse_time("2030-06-30T17:00:00Z"))
    told = json.loads(ask(capsys, "programme", "board", office, "--json"))
    assert [one["days"] for one in told["overdue"]] == [1]
    assert "1 days late: to owner" in ask(capsys, "programme", "escalate", office)
    assert (today_of(office), today_of(tmp_path)) == (date(2030, 7, 1), date(2030, 6, 30))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("31 days late: to owner's superior", "逾期 31 天：报"),
        (
            (
                f"what helped, taken everywhere, would add {EACH}, not to be added up, as a, b were in effect in the "
                "same places and years: weigh that before lowering it"
            ),
            "有效措施全面推行可再增 +1.2 (a), +0.4 (b)，但 a, b 在相同地区和年份同时生效",
        ),
        ("report.pdf was what it was closed on before", "report.pdf 是此前办结所依据的证据"),
    ],
)
def test_what_was_put_together_is_said_in_the_language(english: str, chinese: str) -> None:
    assert words("zh")(english).startswith(chinese)
    assert not re.search("late|superior|effect|before", words("zh")(english) + words("ko")(english))


def test_a_decision_quotes_a_value_that_is_computed_anew(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    office = tmp_path / "office"
    office.mkdir()
    for name in ("plant.toml", "deflators.csv"):
        shutil.copy(REGION / name, office / name)
    lines = (REGION / "returns.csv").read_text("utf-8").splitlines()
    few = [lines[0], *(one for one in lines[1:] if one.split(",")[3] in ("2015", "2020"))]
    few = few[:61]
    (tmp_path / "returns.csv").write_text("\n".join(few) + "\n", "utf-8")
    run(None, ["returns", "take", str(office), str(tmp_path / "returns.csv")])
    capsys.readouterr()
    for name in ("m", "lower", "n"):
        ask(capsys, "programme", "decide", office, name, "which target?", "--as", "item")
    ask(capsys, "programme", "decide", office, "m", "lower it", "--quote", "I08:2020")
    (one,) = json.loads(ask(capsys, "programme", "quotes", office, "--json"))
    assert (one["indicator"], one["why"]) == ("I08", "")
    decide = ("programme", "decide", office, "lower", "to what is to be had", "--quote", "I08:2020", "--target")
    assert "which target" in ask(capsys, *decide, "I08=20", code=WRONG)
    ask(capsys, *decide, "I08:2025=20")
    assert "20 %" in ask(capsys, "programme", "board", office)
    told = json.loads(ask(capsys, "report", office, "--json"))
    (quoted,) = told["agenda"][0]["quotes"]
    assert quoted["definition"] == PLAN.definition_digest("I08")
    assert quoted["vintage"] < told["vintage"]
    known = {(r["indicator"], r["year"]): r["value"] for r in told["indicators"] if not r["region"]}
    assert known["I08", 2020] == pytest.approx(quoted["value"], rel=1e-9)
    # by another plan than that of plant.toml, which has other definitions
    shutil.copytree(Path(str(PLAN.folder)), office / "other")
    file = office / "other" / "indicators.toml"
    before, own = file.read_text("utf-8").split("[indicator.I08.definition]")
    file.write_text(f"{before}[indicator.I08.definition]{own.replace('factor = 100', 'factor = 50', 1)}", "utf-8")
    ask(capsys, "programme", "decide", office, "n", "half", "--quote", "I08:2020", "--plan", "other")
    other = json.loads(ask(capsys, "programme", "quotes", office, "--plan", "other", "--json", code=NO))
    assert other[-1]["value"] == pytest.approx(quoted["value"] / 2)
    assert [bool(one["why"]) for one in other] == [True, True, False]
    assert next(one for one in told["programmes"] if one["item"] == "T22")["value"] > 0


def test_a_roadmap(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "road.csv"
    head = "id,name,start,end,readiness,aim,needs\n"
    file.write_text(head + "chip,chip,2016-01-01,2018-01-01,3,6,\ndrive,drive,2017-06-01,2019-06-01,4,8,chip\n")
    assert "drive begins 214 days before chip ends" in ask(capsys, "programme", "roadmap", file)
    file.write_text(head + "a,a,2016-01-01,2018-01-01,3,6,b\nb,b,2017-06-01,2019-06-01,4,8,a\n")
    assert "circle" in ask(capsys, "programme", "roadmap", file, code=WRONG)


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_no_english_is_left_on_a_report_in_another_language(language: str) -> None:
    made = inputs()
    rows = [*made.rows, *({"indicator": "I11", "region": "", "year": 2015 + n, "value": 5.0 * n} for n in range(4))]
    found = inputs_of(
        PLAN, 2020, made.today, rows=rows, policies=[*made.policies, Policy("h", "h", "I08", ("CN/30",), 2017)]
    )
    paper = Evidence("document", "1.pdf", "b" * 64)
    task = Task("t", PLAN.id, PLAN.tasks[0].measures[0].id, "1", "2", made.today.replace(year=2016), made.today)
    things = tuple(Thing("T20", str(n), made.today.replace(year=2018), evidence=(paper,)) for n in range(2))
    own = type(found)(
        **{**{n: getattr(found, n) for n in found.__dataclass_fields__}, "tasks": (task,), "things": things}
    )
    say, reviewed = words(language), review(own)
    sheets = [report_sheet(reviewed, say), *(item_sheet(PLAN, one, say) for one in reviewed.items)]
    for sheet in sheets:
        assert "None" not in sheet_html(sheet, language)
        assert language == "en" or not _english(sheet), _english(sheet)


def _english(sheet: Sheet) -> set[str]:
    kept = {"luban", "Statistics", "Canada", "Open", "SDG", "CN", "pdf", "zone", "mic"}
    texts = [sheet.title, sheet.subtitle, *sheet.provenance]
    for block in sheet.blocks:
        if isinstance(block, Grid):
            texts += [block.title, *block.heads, *(cell for row in block.rows for cell in row)]
        elif isinstance(block, Figures):
            texts += [text for one in block.rows for text in (one.label, one.value, one.note)]
        elif isinstance(block, Note):
            texts.append(block.text)
    return {word for text in texts for word in re.findall(r"[A-Za-z]{2,}", text)} - kept
