"""The page of pilots in a browser: from the list to the runs in the books, a study begun, stopped and kept, a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.pilot.books import pilot_home, standing
from luban.pilot.proof import LUBAN, Proof
from tests.screens import pilot_shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pilot_shop.write(tmp_path_factory.mktemp("pilots"))


@pytest.fixture(scope="module")
def proof(folder: Path) -> Proof:
    return pilot_shop.proved(folder)


@pytest.fixture(scope="module")
def plant_url(folder: Path, proof: Proof) -> Iterator[str]:
    assert proof.seqs
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def test_from_the_list_to_a_run_in_the_books(site: Site, proof: Proof) -> None:
    page = enter(site, "wang", "en/pilot")
    card = page.locator("[data-pilot=c2_machining]")
    expect(card.locator("[data-metric=defects]")).to_contain_text("target of 2025 met")
    expect(page.locator("[data-pilot=plant]")).to_contain_text("it has no twin.toml")
    assert page.get_by_role("button", name="Run the study").count() == 0
    card.locator("[data-metric=defects]").click()
    runs = page.locator("#lb-panel-runs")
    expect(runs.locator(".lb-segments [aria-pressed=true]")).to_have_text("defect rate")
    cell = runs.get_by_role("button", name=f"luban, {proof.seeds[2]}: ")
    expect(cell).to_have_text(f"{proof.points[LUBAN]['defects'][2]:.3f}")
    cell.click()
    fact = page.locator("[data-fact]")
    expect(fact).to_contain_text(f"{proof.seqs[LUBAN][2]}")
    expect(fact).to_contain_text("rules of the road")
    page.get_by_role("button", name="Close").click()
    expect(fact).to_have_count(0)


def test_a_step_of_the_fall_opens_its_lever_and_the_report_comes_as_a_file(site: Site) -> None:
    page = enter(site, "li", "en/pilot?tab=proof&of=c2_machining")
    expect(page.locator("#lb-panel-proof")).to_contain_text("what binds: wages are fixed")
    with page.expect_download() as got:
        page.get_by_role("button", name="HTML").click()
    assert "production cycle" in Path(got.value.path()).read_text("utf-8")
    step = page.locator("[data-pick=harm]")
    step.focus()
    page.keyboard.press("Enter")
    card = page.locator("[data-lever=harm]")
    expect(card).to_contain_text("proposed to be switched off")
    expect(card).to_contain_text("lots are doubled")
    expect(card.get_by_role("button", name="Run the study again without it")).to_be_visible()


def test_a_study_is_begun_and_stopped_and_what_ran_is_kept(site: Site, folder: Path) -> None:
    page = enter(site, "li", "en/pilot?of=c3_pumps")
    page.locator("[data-field=seeds]").fill("100")
    page.get_by_role("button", name="Run the study").click()
    study = page.locator("[data-study]")
    expect(study).to_contain_text(" runs", timeout=120_000)
    study.get_by_role("button", name="Stop the study").click()
    expect(page.get_by_text("The study was stopped; what ran is kept")).to_be_visible(timeout=60_000)
    card = page.locator("[data-pilot=c3_pumps]")
    expect(card).to_contain_text("a study is not ended")
    kept = standing(pilot_home(folder, "c3_pumps"), "c3_pumps")
    assert kept.proof is None
    assert 0 < kept.done < kept.wanted


def test_a_plant_is_enrolled_and_says_what_is_missing(site: Site) -> None:
    page = enter(site, "li", "en/pilot?tab=books")
    panel = page.locator("#lb-panel-books")
    expect(panel).to_contain_text("This plant is not enrolled")
    panel.locator("[data-field=on]").fill("2099-03-02T06:00")
    panel.get_by_role("button", name="Enrol the plant").click()
    expect(panel).to_contain_text("not evaluable")
    expect(panel).to_contain_text("2099-03-02 06:00")
    expect(panel).to_contain_text("0 whole days of facts")


def test_every_tab_fits_a_phone(site: Site) -> None:
    page = enter(site, "wang", "zh/pilot")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator("[data-pilot=c2_machining]")).to_contain_text("达到 2025 年目标")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    told = {"proof": "目标的变化及区间", "levers": "建议关闭", "cost": "含制造费用的运营成本", "runs": "每次运行"}
    for tab, text in told.items():
        page.locator(f"#lb-tab-{tab}").click()
        expect(page.locator(f"#lb-panel-{tab}")).to_contain_text(text)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab
