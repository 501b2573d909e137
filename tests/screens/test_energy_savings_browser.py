"""Per piece and savings in a real browser: a baseline tried, frozen, looked at, put aside; Chinese; a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens.savings_shop import saving
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saving(tmp_path_factory.mktemp("savings") / "plant")


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def test_a_baseline_is_tried_frozen_and_put_aside(site: Site) -> None:
    page = enter(site, "li", "en/energy?tab=savings")
    panel = page.locator("#lb-panel-savings")
    expect(panel).to_contain_text("No baseline is frozen.")
    panel.locator("[data-field=start]").fill("2026-08-24")
    panel.locator("[data-field=end]").fill("2026-10-23")
    panel.locator("[data-driver^=signal]").check()
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("Baseline on trial")
    expect(panel).to_contain_text("good pieces")
    expect(panel.locator(".p-plot").first).to_be_visible()
    panel.get_by_role("button", name="Freeze").click()
    expect(page.locator(".q-notification")).to_contain_text("say what is done about the energy")
    panel.get_by_label("what is done about the energy").fill("Compressor control")
    panel.locator("[data-field=act]").fill("2026-10-23")
    panel.get_by_role("button", name="Freeze").click()
    expect(panel.locator("tr[data-baseline=B-1]")).to_contain_text("frozen after the act")
    expect(panel).to_contain_text("A saving is shown")
    expect(panel).to_contain_text("Running sum of savings")
    panel.get_by_label("why it is put aside").fill("sold")
    panel.get_by_role("button", name="Put it aside").click()
    expect(panel.locator("tr[data-baseline=B-1]")).to_contain_text("put aside")
    with page.expect_download() as got:
        panel.get_by_role("button", name="Excel").first.click()
    assert got.value.suggested_filename == "savings-B-1.xlsx"


def test_per_piece_in_chinese_and_who_may_only_look(site: Site) -> None:
    page = enter(site, "wang", "zh/energy?tab=units&of=30d")
    panel = page.locator("#lb-panel-units")
    expect(panel).to_contain_text("单件能耗")
    expect(panel.locator(".p-plot").first).to_be_visible()
    page.locator("[data-tab=savings]").click()
    savings = page.locator("#lb-panel-savings")
    expect(savings.get_by_role("button", name="试一试")).to_be_visible()
    assert savings.get_by_role("button", name="冻结", exact=True).count() == 0


def test_a_phone(site: Site) -> None:
    page = enter(site, "wang", "ko/energy?tab=savings")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator("#lb-panel-savings [data-field=start]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-tab=units]").click()
    expect(page.locator("#lb-panel-units .p-plot").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
