"""`luban doe`, its sheets in every language, and the wizard in a real browser: from a question to a verified gain."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from luban.core.time import HOUR, MINUTE, now
from luban.decide.improve.analysis import analyse
from luban.decide.improve.bayes import propose
from luban.decide.improve.design import Factor
from luban.decide.improve.plans import plan_design
from luban.decide.improve.project import Aim, charter, projects, verify
from luban.decide.improve.records import experiments
from luban.decide.improve.trials import read_trials
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.plant import load
from luban.screens.i18n import words
from luban.screens.report.quality_drawings import _lines, _round_levels
from luban.screens.report.quality_experiment import design_sheet, experiment_sheet, project_sheet, proposal_sheet
from luban.screens.report.sheet import Figures, Grid, Note, Sheet, sheet_html, sheet_pdf, sheet_xlsx
from luban.understand.book import row
from tests.screens import quality_shop as shop
from tests.screens.site import Site, served

Cli = Callable[..., tuple[int, str, str]]


def tread(path: Path) -> Path:
    """A bowl of two factors on a central composite, in their own units."""
    design = plan_design("ccf", (Factor("hot", 150, 250, "°C"), Factor("long", 2, 6, "h")), seed=1)
    noise = np.random.default_rng(0).normal(0, 0.1, len(design))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["run", "hot [°C]", "long [h]", "strength [MPa]", "cost"])
        for run, (a, b) in enumerate(design.settings.tolist()):
            y = 50 + 3 * a - 2 * a * a - (b - 0.5) ** 2 + noise[run]
            out.writerow([run + 1, 200 + 50 * a, 4 + 2 * b, round(y, 4), round(10 + 2 * a + b, 3)])
    return path


# ------------------------------------------------------------------ the command line


def test_a_plan_to_fill_in(run_cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "runs.xlsx"
    asked = ["-f", "hot=150:250 °C", "-f", "maker=A,B", "-f", "long=2:6 h", "-r", "strength [MPa]", "--seed", "4"]
    code, out, _ = run_cli("doe", "plan", *asked, "-o", file, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["kind"] == "2^3 full factorial"
    page = load_workbook(file)["runs"]
    heads = [cell.value for cell in page[1]]
    assert heads == ["order", "run", "hot [°C]", "maker", "long [h]", "strength [MPa]"]
    assert page.max_row == 9
    assert run_cli("doe", "plan", *asked, "--json")[1] == out  # the same seed, the same order
    code, out, _ = run_cli("doe", "plan", "-f", "a=0:1", "-f", "b=0:1", "-f", "c=0:1", "-f", "d=0:1", "-f", "e=0:1",
                           "--design", "fraction", "--runs", "8")  # fmt: skip
    assert "resolution III" in out
    assert "A = B·D" not in out


def test_runs_are_analysed_and_reported(run_cli: Cli, tmp_path: Path) -> None:
    file = tread(tmp_path / "runs.csv")
    code, out, _ = run_cli("doe", "analyse", file, "-r", "strength", "--reduce", "p", "--aim", "max", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["unit"] == "MPa"
    assert told["best"]["settings"]["hot"] == pytest.approx(200 + 50 * 0.75, abs=6)
    assert told["best"]["settings"]["long"] == pytest.approx(5, abs=0.4)
    assert told["best"]["spread"]["hot"][0] < 237.5 < told["best"]["spread"]["hot"][1]
    for ending in ("html", "pdf", "xlsx", "json"):
        report = tmp_path / f"report.{ending}"
        code, _, _ = run_cli("doe", file, "-r", "strength", "-o", report, "--lang", "zh")
        assert code == 0
        assert report.stat().st_size > 1000


def test_several_responses_and_the_next_trial(run_cli: Cli, tmp_path: Path) -> None:
    file = tread(tmp_path / "runs.csv")
    code, out, _ = run_cli("doe", "optimise", file, "--goal", "strength=max:40:52", "--goal", "cost=min:7:13", "--json")
    told = json.loads(out)
    assert code == 0
    assert 0 < told["desirability"] < 1
    assert told["predicted"]["cost"]["mean"] < 12
    code, out, _ = run_cli("doe", "next", file, "-r", "strength", "--limit", "cost<=11", "--json")
    (trial,) = json.loads(out)["trials"]
    assert code == 0
    assert trial["allowed"] > 0.3
    code, out, _ = run_cli("doe", "next", "-f", "x=0:1", "-f", "y=0:1", "--json")
    assert len(json.loads(out)["trials"]) == 5


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["plan"], "one factor at least"),
        (["plan", "-f", "x=5:1"], "reversed"),
        (["plan", "-f", "x"], "a factor cannot be read"),
        (["plan", "-f", "x=0:1", "-f", "x=0:2"], "same name"),
        (["plan", "-f", "x=0:1", "--design", "magic"], "design is not known"),
        (["analyse", "nowhere.csv"], "no such file"),
        (["analyse", "FILE", "-r", "beauty"], "no such column"),
        (["analyse", "FILE", "--model", "hot +"], "model cannot be read"),
        (["analyse", "FILE", "--model", "luck"], "a factor that the data have not"),
        (["analyse", "FILE", "--reduce", "guess"], "way to reduce"),
        (["analyse", "FILE", "--aim", "best"], "aim is not known"),
        (["optimise", "FILE"], "no goal"),
        (["optimise", "FILE", "--goal", "cost=min:9:1"], "reversed"),
        (["next", "FILE", "--limit", "cost"], "a limit cannot be read"),
        (["project", "nowhere"], "no such folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(run_cli: Cli, tmp_path: Path, arguments: list[str], part: str) -> None:
    file = tread(tmp_path / "runs.csv")
    code, _, err = run_cli("doe", *[str(file) if one == "FILE" else one for one in arguments])
    assert code == 2
    assert part in err
    assert "Traceback" not in err


# ------------------------------------------------------------------ sheets


def texts(sheet: Sheet) -> list[str]:
    found = [sheet.title, sheet.subtitle, *sheet.provenance]
    for block in sheet.blocks:
        if isinstance(block, Figures):
            found += [part for one in block.rows for part in (one.label, one.note)] + [block.title]
        elif isinstance(block, Grid):
            found += [*block.heads, block.title, *(cell for line in block.rows for cell in line)]
        elif isinstance(block, Note):
            found.append(block.text)
    return found


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_sheets_speak_the_language(tmp_path: Path, language: str) -> None:
    say = words(language)
    trials = read_trials(tread(tmp_path / "runs.csv"), responses=["strength"])
    factors = tuple(Factor(n) for n in "ABCDE")
    made = [
        experiment_sheet(analyse(trials, reduce="p", aim="max"), say),
        design_sheet(plan_design("fraction", factors, runs=8), say, why="main effects with the fewest runs"),
        proposal_sheet(propose(trials.factors, trials.settings, trials.responses["strength"]), trials.factors, say,
                       response="strength"),
    ]  # fmt: skip
    kept = {"cost", "strength", "hot", "long", "Intercept", "MPa", "luban", "csv", "runs", "III"}
    for sheet in made:
        for text in texts(sheet):
            assert set(re.findall(r"[A-Za-z]{2,}", text)) - kept == set() or "A·" in text or "AB" in text, text
        assert sheet_html(sheet, language)
        assert sheet_pdf(sheet, language).startswith(b"%PDF")
        assert sheet_xlsx(sheet)


# ------------------------------------------------------------------ the page


def local(at: int) -> str:
    """A time as an input of the page takes it, wall clock of Asia/Shanghai."""
    return datetime.fromtimestamp(at / 1e6 + 8 * 3600, UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture(scope="module")
def change() -> int:
    """When the shop's turning became better [µs UTC]."""
    return now() // MINUTE * MINUTE - HOUR


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory, change: int) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("doe") / "plant")
    chance = np.random.default_rng(3)
    values = np.concatenate([25 + 0.008 * chance.standard_normal(60), 25 + 0.002 * chance.standard_normal(50)])
    times = [change - 60 * MINUTE + i * MINUTE for i in range(110)]
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("measurement", shop.rows(shop.DIAMETER, times, values.tolist(), gauge="probe 1"), source="cmm")
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "operator", "zhao": "viewer"}) as url:
        yield url


def opened(site: Site, language: str = "en", user: str = "admin") -> Page:
    page = site.page()
    site.enter(user)
    page.goto(f"{site.url}/{language}/quality?tab=experiment")
    expect(page.locator("#lb-panel-experiment")).to_be_visible()
    return page


def fill(page: Page, name: str, value: str) -> None:
    page.locator(f"[data-field='{name}']:visible").fill(value)


@pytest.mark.service
@pytest.mark.timeout(240)
def test_from_a_question_to_what_the_runs_say(site: Site, plant: Path) -> None:
    page = opened(site)
    panel = page.locator("#lb-panel-experiment")
    fill(page, "title", "Stronger glue")
    fill(page, "factors", "heat=150:250 °C\nmaker=A,B")
    fill(page, "responses", "strength [MPa]")
    panel.get_by_role("button", name="Propose a plan").click()
    expect(panel.locator(".p-sheet:visible h1")).to_have_text("Plan of an experiment")
    panel.get_by_role("button", name="Enter the plan").click()
    expect(panel.locator("[data-made='0']")).to_be_visible()
    for made in range(4):
        told = panel.locator(".lb-form b").inner_text()
        heat, maker = float(re.search(r"heat (\d+)", told)[1]), re.search(r"maker (\w)", told)[1]  # type: ignore[index]
        panel.locator("[data-result='strength']").fill(str(20 + (heat - 200) / 10 + (3 if maker == "B" else 0)))
        panel.get_by_role("button", name="Enter the result").click()
        expect(panel.locator(f"[data-made='{made + 1}']")).to_be_visible()
    expect(panel.locator(".p-sheet:visible h1").first).to_have_text("Experiment: strength [MPa]")
    expect(panel).to_contain_text("Best settings")
    with closing(Ledger(places(plant).ledger)) as ledger:
        (record,) = experiments(ledger)
    assert (record.title, len(record.made)) == ("Stronger glue", 4)
    assert {e.person for e in record.entries} == {"admin"}
    panel.get_by_role("button", name="Propose the next trial").click()
    panel.get_by_role("button", name="Add it to the plan").click()
    expect(panel).to_contain_text("4 of 5 runs")


@pytest.mark.service
@pytest.mark.timeout(240)
def test_a_project_whose_gain_the_facts_verify(site: Site, plant: Path, change: int) -> None:
    page = opened(site)
    panel = page.locator("#lb-panel-experiment")
    panel.get_by_role("button", name="Improvement projects").click()
    fill(page, "project-title", "Less scatter")
    fill(page, "project-of", shop.DIAMETER)
    fill(page, "project-from", local(change - 2 * HOUR))
    fill(page, "project-to", local(change))
    panel.get_by_role("button", name="Enter the charter").click()
    expect(panel.locator(".p-sheet:visible h1")).to_have_text("Less scatter")
    for phase in ("measure", "analyse", "improve"):
        if phase == "improve":
            fill(page, "project-since", local(change))
        panel.get_by_role("button", name=f"Go on to: {phase}").click()
        expect(panel.locator(".p-sheet:visible")).to_contain_text(phase)
    expect(panel.locator(".p-sheet:visible")).to_contain_text("better, verified")
    with closing(Ledger(places(plant).ledger)) as ledger:
        (project,) = projects(ledger)
        found = verify(ledger, load(plant), project)
    assert (found.gain.verdict, found.facts) == ("better", 110)
    expect(panel.locator(".p-sheet:visible")).to_contain_text("110")
    panel.get_by_role("button", name="Go on to: control").click()
    panel.get_by_role("button", name="Go on to: closed").click()
    expect(panel.get_by_role("button", name="Open again")).to_be_visible()


@pytest.mark.service
@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["zh", "ko"])
def test_a_viewer_reads_in_his_language_and_changes_nothing(site: Site, language: str) -> None:
    page = opened(site, language, "zhao")
    panel = page.locator("#lb-panel-experiment")
    expect(panel).to_contain_text(words(language)("An engineer plans experiments; operators enter results."))
    expect(panel.locator("textarea")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


def test_a_gain_in_words(tmp_path: Path) -> None:
    folder = shop.write(tmp_path / "plant")
    chance, change = np.random.default_rng(3), now() - HOUR
    values = np.concatenate([25 + 0.008 * chance.standard_normal(60), 25 + 0.002 * chance.standard_normal(50)])
    times = [change - 60 * MINUTE + i * MINUTE for i in range(110)]
    data: dict[str, Any] = charter("Less scatter", Aim(shop.DIAMETER, "spread"), change - 2 * HOUR, change)
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("measurement", shop.rows(shop.DIAMETER, times, values.tolist(), gauge="probe 1"), source="cmm")
        writer.append("event", row("project", "P-1", "define", person="li", data=data), source="screens")
        writer.append("event", row("project", "P-1", "improve", person="li", data={"since": change}), source="screens")
    with closing(Ledger(places(folder).ledger)) as ledger:
        (project,) = projects(ledger)
        found = verify(ledger, load(folder), project)
    sheet = project_sheet(project, found, words("en"))
    assert "better, verified" in [one.value for b in sheet.blocks if isinstance(b, Figures) for one in b.rows]
    assert sheet.provenance["facts used"] == "110"
    assert "经核实" in sheet_html(project_sheet(project, found, words("zh")), "zh")


def test_lines_of_equal_value_lie_where_they_should() -> None:
    """On the bowl x² + y² the line of 0.25 is the circle of radius 0.5, in pieces with gaps."""
    grid = np.linspace(-1, 1, 41)
    x, y = _lines(grid, grid, grid[:, None] ** 2 + grid[None, :] ** 2, 0.25)
    known = np.isfinite(x)
    np.testing.assert_allclose(np.hypot(x[known], y[known]), 0.5, atol=2e-3)
    assert known.sum() == 2 * (~known).sum() > 100
    assert _round_levels(0.13, 0.97) == [0.2, 0.4, 0.6, 0.8] or len(_round_levels(0.13, 0.97)) <= 9
    assert _round_levels(1.0, 1.0) == []
