"""`luban sampling`, `luban calibration`, their sheets, and the two panels in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from luban.core.time import DAY, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.report.quality_register import gauge_sheet, register_sheet
from luban.screens.report.quality_sampling import account_sheet, plan_sheet, sampling_sheet, variables_sheet
from luban.screens.report.sheet import Figures, Sheet, sheet_html, sheet_pdf, sheet_xlsx
from luban.understand.book import row
from luban.understand.quality.gauge_use import gauge_use
from luban.understand.quality.gauges import Gauge, calibration_data, chain, due_list, register, registered_data
from luban.understand.quality.sampling import (
    Risks,
    account,
    judge,
    judge_measured,
    standard_plan,
    variables_plan,
)
from tests.screens import quality_shop
from tests.screens.site import Site, served

Cli = Callable[..., tuple[int, str, str]]
LOTS = (
    "lot,size,found,supplier,item\nA1,1000,3,acme,bolt\nA2,1000,0,acme,bolt\nA3,1000,3,acme,bolt\nA4,1000,2,acme,bolt\n"
)
VALUES = "temperature\n197\n188\n184\n205\n201\n"


def figure(sheet: Sheet, label: str) -> str:
    found = [
        one.value for block in sheet.blocks if isinstance(block, Figures) for one in block.rows if one.label == label
    ]
    return found[0]


# ------------------------------------------------------------------ the command line


def test_a_plan_and_a_decision(run_cli: Cli) -> None:
    code, out, _ = run_cli("sampling", "--lot", "1000", "--aql", "1.0", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["plan"]["stages"] == [{"size": 80, "accept": 2, "reject": 3}]
    assert told["aoql"] == pytest.approx(0.0158, abs=2e-4)
    assert len(told["curves"]["accept"]) == len(told["curves"]["quality"]) > 100
    code, out, _ = run_cli("sampling", "--lot", "1000", "--aql", "1.0", "--found", "3")
    assert code == 1
    assert "reject the lot" in out
    code, out, _ = run_cli("sampling", "--lot", "1000", "--aql", "1.0", "--kind", "double", "--found", "1")
    assert code == 0
    assert "draw 50 more pieces" in out


def test_a_plan_of_own_risks(run_cli: Cli) -> None:
    _, out, _ = run_cli("sampling", "--good", "5", "--bad", "15", "--beta", "7.5", "--json")
    assert json.loads(out)["plan"]["stages"] == [{"size": 80, "accept": 7, "reject": 8}]
    _, out, _ = run_cli("sampling", "--good", "1", "--bad", "5", "--kind", "variables", "--sigma", "2", "--json")
    assert json.loads(out)["plan"]["size"] == 19


def test_a_table_of_lots_is_judged_and_switched(run_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "lots.csv"
    file.write_text(LOTS + "A5,x,1,acme,bolt\nA6,1000,-1,acme,bolt\nA1,1000,0,acme,bolt\n", "utf-8")
    code, out, _ = run_cli("sampling", file, "--aql", "1.0", "--json")
    told = json.loads(out)
    own = told["accounts"][0]
    assert code == 1
    assert (own["supplier"], own["item"], own["severity"]) == ("acme", "bolt", "tightened")
    assert [lot["accepted"] for lot in own["lots"]] == [False, True, False, False]
    assert own["switches"][-1]["lot"] == "A3"
    assert told["used"] == 4
    assert [(one["where"], one["reason"]) for one in told["excluded"]] == [
        ("lots.csv:6", "not a whole number of pieces"), ("lots.csv:7", "not a whole number of pieces"),
        ("lots.csv:8", "this lot is decided already: A1"),
    ]  # fmt: skip


def test_columns_may_be_called_otherwise_and_double_samples_stand_in_one_cell(run_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "lots.csv"
    file.write_text("批号;批量;bad\n1;1000;1+1\n2;1000;0\n3;1000;1\n", "utf-8")
    code, out, _ = run_cli("sampling", file, "--aql", "1.0", "--kind", "double", "--column", "found=bad", "--json")
    own = json.loads(out)["accounts"][0]
    assert code == 0
    assert [(lot["units"], lot["accepted"]) for lot in own["lots"]] == [(100, True), (50, True)]
    assert [one["lot"] for one in own["open"]] == ["3"]


def test_used_and_left_out_values_stand_on_the_decision(run_cli: Cli, tmp_path: Path) -> None:
    size = variables_plan(Risks(0.01, 0.30)).size
    file = tmp_path / "values.csv"
    file.write_text("x\n" + "".join(f"{200 + at % 5}\n" for at in range(size)) + "bad\n", "utf-8")
    asked = ["sampling", file, "--kind", "variables", "--good", "1", "--bad", "30", "--upper", "209"]
    code, out, _ = run_cli(*asked)
    assert code == 0
    assert re.search(rf"values used: {size}\b", out)
    assert "values left out: 1" in out
    told = json.loads(run_cli(*asked, "--json")[1])
    assert (told["used"], len(told["excluded"]), told["decision"]["verdict"]) == (size, 1, "accept")


def test_measured_values_are_judged(run_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "values.csv"
    file.write_text(VALUES, "utf-8")
    wanted = ["--kind", "variables", "--good", "1", "--bad", "30", "--upper", "209", "--json"]
    plan = variables_plan(Risks(0.01, 0.30))
    code, out, err = run_cli("sampling", file, *wanted)
    if plan.size == 5:
        assert json.loads(out)["decision"]["q_upper"] == pytest.approx(1.59, abs=0.01)
    else:
        assert code == 2
        assert "another number of values" in err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--lot", "1", "--aql", "1"], "at least 2"),
        (["--lot", "100", "--aql", "1.1"], "no such AQL"),
        (["--lot", "100"], "AQL is needed"),
        (["--aql", "1"], "size of the lot"),
        (["--lot", "100", "--aql", "1", "--level", "IV"], "level"),
        (["--lot", "100", "--aql", "1", "--severity", "hard"], "severity"),
        (["--lot", "100", "--aql", "1", "--kind", "triple"], "kind"),
        (["--lot", "100", "--aql", "1", "--found", "99"], "cannot be"),
        (["--good", "5"], "both qualities"),
        (["--good", "5", "--bad", "1"], "above the good"),
        (["--good", "1", "--bad", "5", "--aql", "1"], "either"),
        (["nothing.csv", "--aql", "1"], "no such file"),
        (["--lot", "100", "--aql", "1", "--lang", "fr"], "language"),
        (["--good", "1", "--bad", "5", "--kind", "variables", "--sigma", "-1"], "above 0"),
    ],
)
def test_wrong_questions_get_one_clear_answer(run_cli: Cli, arguments: list[str], part: str) -> None:
    code, _, err = run_cli("sampling", *arguments)
    assert code == 2
    assert part in err
    assert "Traceback" not in err


def test_a_table_without_its_columns_is_refused(run_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "lots.csv"
    file.write_text("a,b\n1,2\n", "utf-8")
    code, _, err = run_cli("sampling", file, "--aql", "1")
    assert code == 2
    assert "no column lot" in err


# ------------------------------------------------------------------ a plant's books


def seeded(folder: Path) -> Path:
    """A shop whose books hold a supplier on tightened inspection and a gauge that is overdue."""
    quality_shop.write(folder)
    moment = now()
    with LedgerWriter(places(folder).ledger) as writer:

        def note(kind: str, subject: str, code: str, data: dict[str, Any], time: int) -> None:
            writer.append("event", row(kind, subject, code, person="li", data=data, time=time), source="screens")

        note("sampling", "acme:bolt", "agree", {"aql": 1.0}, moment - 9 * DAY)
        for at in (1, 2):
            data = {"lot": f"A{at}", "size": 1000, "found": [3], "severity": "normal", "aql": 1.0}
            note("sampling", "acme:bolt", "lot", data, moment - (9 - at) * DAY)
        for name in ("caliper 7", "blocks"):
            note("gauge", name, "register", registered_data(type=name, days=30, unit="mm"), moment - 200 * DAY)
        own = Gauge("blocks", days=30)
        done = moment - 100 * DAY
        data = calibration_data(own, done, certificate="N1", national="NIM", uncertainty=0.0002, due=moment + 300 * DAY)
        note("gauge", "blocks", "calibrate", data, done)
        data = calibration_data(
            Gauge("caliper 7", days=30), done + DAY, certificate="C1", standard="blocks", uncertainty=0.01
        )
        note("gauge", "caliper 7", "calibrate", data, done + DAY)
        rows = quality_shop.rows("gear:face width", [moment - DAY], [18.0], gauge="caliper 7", lot=["G-9"])
        writer.append("measurement", rows, source="cmm")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(tmp_path_factory.mktemp("sampling") / "plant")


def test_a_plants_accounts(run_cli: Cli, shop: Path) -> None:
    code, out, _ = run_cli("sampling", shop)
    assert code == 0
    assert "tightened" in out
    code, out, _ = run_cli("sampling", shop, "--supplier", "acme", "--item", "bolt", "--json")
    told = json.loads(out)
    assert (told["severity"], told["lots_to_go"], told["switches"][-1]["rule"]) == ("tightened", 5, "tighten")
    code, _, err = run_cli("sampling", shop, "--supplier", "acme")
    assert code == 2
    assert "belong together" in err


def test_calibrations_due_and_lots_held(run_cli: Cli, shop: Path, tmp_path: Path) -> None:
    report = tmp_path / "gauges.html"
    code, out, _ = run_cli("calibration", shop, "--json", "-o", report)
    told = json.loads(out)
    assert code == 1
    assert told["held_lots"] == ["G-9"]
    assert [(one["gauge"]["id"], one["state"]) for one in told["due"]] == [
        ("caliper 7", "expired"),
        ("blocks", "valid"),
    ]
    assert "G-9" in report.read_text("utf-8")
    code, out, _ = run_cli("calibration", shop, "--gauge", "blocks")
    assert code == 0
    assert "NIM" in out
    code, _, err = run_cli("calibration", shop, "--gauge", "nothing")
    assert code == 2
    assert "no such gauge" in err


# ------------------------------------------------------------------ sheets


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_every_sheet_is_whole_in_every_language(language: str, shop: Path) -> None:
    from luban.ledger import Ledger

    say = words(language)
    double = standard_plan(1000, 1.0, kind="double", severity="reduced")
    variables = variables_plan(Risks(0.01, 0.3))
    decision = judge_measured(variables, [9.0 + 0.1 * at for at in range(variables.size)], lower=8)
    ledger = Ledger(places(shop).ledger)
    gauges = register(ledger)
    sheets = [
        plan_sheet(double, say, judge(double, [1])), sampling_sheet(standard_plan(40, 0.1), say),
        variables_sheet(variables, say, decision),
        account_sheet(account(ledger, "acme", "bolt"), say), account_sheet(account(ledger, "nobody", "bolt"), say),
        register_sheet(due_list(gauges, now()), gauge_use(ledger), say),
        gauge_sheet(gauges["caliper 7"], chain(gauges, "caliper 7", now()), "expired", say),
    ]  # fmt: skip
    ledger.close()
    kept = {"luban", "MIL", "STD", "Table", "III", "II", "AQL", "AOQL", "NIM", "acme", "bolt", "nobody", "caliper",
            "blocks", "mm", "gear", "face", "width", "JCGM", "UTC", "ISO"}  # fmt: skip
    for sheet in sheets:
        html = sheet_html(sheet, language)
        assert "{" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        if language != "en":
            text = re.sub(r"<(style|svg)[^>]*>.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
            left = {one for one in re.findall(r"[A-Za-z]{2,}", text) if one not in kept}
            assert not left, (sheet.title, left)
    assert sheet_xlsx(sheets[0]).startswith(b"PK")
    assert len(sheets[0].blocks) >= 5


def test_a_plan_on_paper() -> None:
    plan = standard_plan(1000, 1.0)
    sheet = plan_sheet(plan, words("en"))
    assert figure(sheet, "accepted in 10 % of lots") == "6.516"
    assert sheet_pdf(sheet).startswith(b"%PDF")


# ------------------------------------------------------------------ the page


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeded(tmp_path_factory.mktemp("desk") / "plant")


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "operator", "zhao": "viewer"}) as url:
        yield url


def opened(site: Site, tab: str, language: str = "en", user: str = "admin") -> Page:
    page = site.page()
    site.enter(user)
    page.goto(f"{site.url}/{language}/quality?tab={tab}")
    expect(page.locator(f"#lb-panel-{tab}")).to_be_visible()
    return page


def fill(page: Page, name: str, value: str) -> None:
    page.locator(f"input[data-field={name}]:visible").fill(value)


@pytest.mark.service
@pytest.mark.timeout(240)
def test_a_lot_from_agreement_to_decision(site: Site) -> None:
    page = opened(site, "sampling")
    panel = page.locator("#lb-panel-sampling")
    fill(page, "supplier", "zenith")
    fill(page, "item", "washer")
    panel.get_by_role("button", name="Open", exact=True).click()
    panel.get_by_label("Kind of sampling").select_option("double")
    panel.get_by_role("button", name="Agree", exact=True).click()
    fill(page, "lot", "Z1")
    fill(page, "size", "1000")
    panel.get_by_role("button", name="Show the plan").click()
    expect(panel.get_by_role("heading", name="Sampling plan · J")).to_be_visible()
    fill(page, "found", "1")
    panel.get_by_role("button", name="Enter what was found").click()
    expect(panel.locator("[data-verdict=next]")).to_contain_text("draw 50 more pieces")
    panel.get_by_role("button", name="Z1: draw 50 more").click()
    expect(panel.get_by_role("heading", name="Sampling plan · J")).to_be_visible()
    fill(page, "found", "9")
    panel.get_by_role("button", name="Enter what was found").click()
    expect(panel.locator("[data-verdict=reject]")).to_contain_text("reject the lot")
    expect(panel.get_by_text("Lots, the newest first")).to_be_visible()
    for name, kind, begins in (("PDF", "pdf", b"%PDF"), ("Excel", "xlsx", b"PK"), ("HTML", "html", b"<!doctype html>")):
        with page.expect_download() as held:
            panel.get_by_role("button", name=name, exact=True).click()
        assert held.value.suggested_filename == f"sampling.{kind}"
        assert Path(held.value.path()).read_bytes().startswith(begins)


@pytest.mark.service
@pytest.mark.timeout(240)
def test_who_may_not_is_not_offered_it_and_chinese_is_whole(site: Site) -> None:
    page = opened(site, "sampling", "zh", "zhao")
    panel = page.locator("#lb-panel-sampling")
    expect(panel.get_by_role("button", name="acme · bolt")).to_be_visible()
    panel.get_by_role("button", name="acme · bolt").click()
    expect(panel.get_by_text("加严").first).to_be_visible()
    assert panel.get_by_role("button", name="录入发现数").count() == 0
    assert panel.get_by_role("button", name="约定", exact=True).count() == 0


@pytest.mark.service
@pytest.mark.timeout(240)
def test_an_overdue_gauge_is_calibrated_and_frees_its_lot(site: Site, plant: Path) -> None:
    page = opened(site, "register")
    panel = page.locator("#lb-panel-register")
    expect(panel.get_by_text("G-9").first).to_be_visible()
    panel.get_by_label("Gauge", exact=True).select_option("caliper 7")
    expect(panel.get_by_role("heading", name="caliper 7")).to_be_visible()
    fill(page, "certificate", "C2")
    fill(page, "uncertainty", "0.01")
    fill(page, "standard", "blocks")
    panel.get_by_label("As it came in").select_option("in")
    panel.get_by_role("button", name="Enter", exact=True).click()
    expect(panel.get_by_text("calibrated and not yet due")).to_be_visible()
    panel.get_by_label("Gauge", exact=True).select_option("–")
    expect(panel.get_by_text("the next calibration found the gauge in tolerance")).to_be_visible()
