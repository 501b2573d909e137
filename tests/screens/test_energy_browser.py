"""The energy page in a real browser: the tree and the readings behind it, the window, the load, a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens.energy_shop import metered
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return metered(tmp_path_factory.mktemp("energy") / "plant")


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def test_from_the_tree_to_the_readings_behind_it(site: Site) -> None:
    page = enter(site, "wang", "en/energy?of=all")
    panel = page.locator("#lb-panel-balance")
    flows = panel.locator(".lb-eflow").first
    expect(flows).to_contain_text("72.00 kWh")
    expect(flows.locator("[data-meter=mill-e]")).to_contain_text("501.5 kWh")
    flows.locator("[data-meter=lathe-e]").focus()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Readings of Lathe (lathe-e)")
    expect(panel.locator("#lb-efacts")).to_be_in_viewport()
    expect(panel).to_contain_text("Nothing about them is doubtful.")
    flows.locator("[data-meter=mill-e] rect").click()
    expect(panel.locator(".lb-edoubts")).to_contain_text("leaps from 290 to 791.5 kWh")
    panel.get_by_role("button", name="Readings around it").click()
    expect(panel.get_by_role("cell", name="791.5", exact=True)).to_be_visible()
    with page.expect_download() as got:
        panel.get_by_role("button", name="Excel").click()
    assert got.value.suggested_filename == "energy-balance.xlsx"
    page.get_by_label("window of time").select_option("day")
    expect(flows).to_contain_text("24.00 kWh")
    assert "of=day" in page.url


def test_load_by_band_of_a_meter_in_chinese(site: Site) -> None:
    page = enter(site, "li", "zh/energy?tab=load&of=all")
    panel = page.locator("#lb-panel-load")
    expect(panel).to_contain_text("最大需量")
    expect(panel.locator(".p-plot").first).to_contain_text("高峰时段")
    expect(panel).to_contain_text("504")
    panel.locator("select").nth(1).select_option("lathe-e")
    expect(panel.locator(".p-sheet")).to_contain_text("Lathe")


def test_whose_energy_it_was(site: Site) -> None:
    page = enter(site, "wang", "en/energy?tab=whose&of=all")
    panel = page.locator("#lb-panel-whose")
    expect(panel.locator("#lb-enames option")).to_have_count(4)  # two machines, two orders
    box = panel.locator("[data-field=whose]")
    box.fill("P-1")
    box.press("Enter")
    expect(panel.locator(".p-sheet")).to_contain_text("What lot P-1 took")
    expect(panel.locator(".p-sheet")).to_contain_text("5 of 20 of the lots of order A")
    box.fill("Lathe")
    panel.get_by_role("button", name="Show", exact=True).first.click()
    expect(panel.locator(".p-sheet")).to_contain_text("in production")
    box.fill("nobody")
    box.press("Enter")
    expect(panel).to_contain_text("no work unit, order or lot has this name: nobody")


def test_a_phone(site: Site) -> None:
    page = enter(site, "wang", "ko/energy?of=all")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator(".lb-eflow").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-tab=load]").click()
    expect(page.locator("#lb-panel-load .p-plot").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
