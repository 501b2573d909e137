"""The green sheet in a real browser: score, evidence of a line, footprint, and a statement put on record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.screens.green_mill import mill
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def plant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(mill(tmp_path_factory.mktemp("green") / "plant"), {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def test_sheet_evidence_and_statement(site: Site) -> None:
    site.enter("li")
    page = site.page()
    page.goto(f"{site.url}/en/energy?tab=green&of=all")
    panel = page.locator("#lb-panel-green")
    line = panel.locator("tr", has=page.get_by_role("cell", name="rate of water reuse", exact=True))
    expect(line).to_contain_text("76.19")
    expect(line).to_contain_text("nobody has stated what the trade reaches")
    line.click()
    facts = panel.locator(".lb-gfacts tbody tr")
    expect(facts).to_have_count(8)
    expect(facts.first).to_contain_text("1000")

    form = panel.locator(".lb-gform")
    form.get_by_label("what", exact=True).select_option("water-reuse")
    form.get_by_label("document").fill("trade report 2025")
    form.get_by_label("baseline value").fill("50")
    form.get_by_label("leading value").fill("90")
    panel.get_by_role("button", name="Put on record").click()
    expect(line).to_contain_text("50.00 → 90.00")
    expect(line).to_contain_text("5.24 / 8.00")

    panel.get_by_label("what to show").select_option("footprint:shirt")
    expect(panel).to_contain_text("cotton transport")
    assert site.faults == []


def test_a_viewer_states_nothing_and_reads_chinese(site: Site) -> None:
    site.enter("wang")
    page = site.page()
    page.goto(f"{site.url}/zh/energy?tab=green&of=all")
    panel = page.locator("#lb-panel-green")
    expect(panel).to_contain_text("绿色工厂")
    expect(panel.locator(".lb-gform")).to_have_count(0)
    panel.locator("select").nth(2).select_option("report")
    expect(panel).to_contain_text("Scraps to felt")
    assert site.faults == []
