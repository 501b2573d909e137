"""The cost page in a real browser: from a bar to its fact, from a deviation to its order, the journal, no prices."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens.cost_shop import costed
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return costed(tmp_path_factory.mktemp("cost") / "plant")


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"wang": "viewer"}) as url:
        yield url


def enter(site: Site, address: str) -> Page:
    site.enter("wang")
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def test_an_order_is_found_and_a_bar_opens_down_to_its_fact(site: Site) -> None:
    page = enter(site, "en/cost")
    panel = page.locator("#lb-panel-unit")
    expect(panel.locator("button[data-order=C]")).to_be_visible()
    box = page.locator("[data-field=of]")
    expect(box).to_be_focused()
    box.fill("s1")
    box.press("Enter")
    expect(panel).to_contain_text("a lot that an order made")
    box.fill("A")
    box.press("Enter")
    expect(panel.locator(".lb-cfigures")).to_contain_text("69.2967")
    assert "of=A" in page.url
    bar = panel.locator("[data-pick=material]")
    bar.focus()
    page.keyboard.press("Enter")
    opened = panel.locator("[data-opened=material]")
    expect(opened).to_contain_text("251.20 CNY = carried by good pieces 228.70 + moved to scrap 22.50")
    expect(bar).to_be_focused()
    expect(bar).to_have_attribute("aria-pressed", "true")
    opened.locator("[data-fact='12']").click()
    dialog = page.locator(".lb-cfact")
    expect(dialog).to_contain_text("movement of goods")
    expect(dialog.locator("dd", has_text="B2")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    panel.locator("[data-pick=scrap]").click()
    expect(panel.locator("[data-opened=scrap]")).to_contain_text("51.55")
    with page.expect_download() as got:
        panel.get_by_role("button", name="HTML").click()
    assert "What scrap is made of" in got.value.path().read_text("utf-8")


def test_a_deviation_leads_to_its_order_and_the_journal_is_narrowed_and_exported(site: Site) -> None:
    page = enter(site, "zh/cost?tab=variance")
    panel = page.locator("#lb-panel-variance")
    expect(panel.locator(".lb-cfigures")).to_contain_text("+76.00")
    panel.locator("[data-pick=rework]").click()
    expect(panel.get_by_role("button", name="不再只看 返工")).to_be_visible()
    expect(panel.locator(".lb-crow")).to_have_count(1)
    panel.locator("[data-pick=A]").click()
    expect(page.locator("#lb-panel-unit .lb-cfigures")).to_contain_text("69.2967")
    page.locator("[data-tab=journal]").click()
    journal = page.locator("#lb-panel-journal")
    expect(journal.locator(".lb-cfigures")).to_contain_text("52.50")
    journal.locator("[data-field=text]").fill("J25")
    expect(journal.locator(".lb-cjournal tbody tr")).to_have_count(4)
    with page.expect_download() as got:
        journal.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text("utf-8-sig"))))
    assert [Decimal(row["amount"]) for row in rows] == [Decimal(one) for one in ("-50", "50", "-2.5", "2.5")]
    journal.locator("[data-field=until]").fill("2026-09-22T08:30")
    expect(journal.locator(".lb-cfigures")).to_contain_text("0.00 CNY")
    expect(journal).to_contain_text("没有符合的分录")


def test_on_a_phone_and_until_there_are_prices(site: Site, folder: Path) -> None:
    page = enter(site, "ko/cost?of=A")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator("[data-pick=machine]")).to_be_visible()
    for tab in ("unit", "variance", "journal"):
        page.locator(f"[data-tab={tab}]").click()
        expect(page.locator(f"#lb-panel-{tab} .lb-cfigures")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    prices = folder / "prices.csv"
    kept = prices.read_text("utf-8")
    prices.unlink()
    page.locator("[data-tab=unit]").click()
    expect(page.locator("#lb-panel-unit")).to_contain_text("prices.csv")
    prices.write_text(kept.replace("machine,hall/m1,,,60", "machine,hall/m1,,,90"), "utf-8")
    expect(page.locator("[data-pick=machine]")).to_contain_text("22.")
