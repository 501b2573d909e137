"""The trace page in a real browser: a lot both ways by keyboard and mouse, and a recall until it is closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.ledger import Ledger
from luban.loop.places import places
from luban.understand.trace import recall_cases
from tests.screens.site import Site, served
from tests.screens.trace_shop import traced

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return traced(tmp_path_factory.mktemp("trace") / "plant")


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def test_a_lot_is_scanned_opened_filtered_and_handed_out(site: Site) -> None:
    page = enter(site, "wang", "en/trace")
    expect(page.locator(".lb-tlots")).to_contain_text("BOX-2")
    box = page.locator("[data-field=lot]")
    expect(box).to_be_focused()
    box.press_sequentially("]d2P")
    box.fill("BOX-2")
    box.press("Enter")
    picture = page.locator(".lb-tpicture")
    expect(picture.locator("[data-lot='G-9']")).to_be_visible()
    assert "of=BOX-2" in page.url
    expect(picture).to_contain_text("⚠ 30 piece")
    expect(picture).to_contain_text("customer:south 5")
    opener = picture.locator("[data-open='from|P-2']")
    opener.focus()
    page.keyboard.press("Enter")
    expect(picture.locator("[data-lot='S-2']")).to_be_visible()
    assert picture.locator("[data-lot='S-1']").count() == 0
    page.get_by_role("button", name="One level more").click()
    expect(picture.locator("[data-lot='S-1']")).to_be_visible()
    page.locator("[data-field=doubtful]").check()
    expect(page.locator(".lb-ttable tbody tr")).to_have_count(1)
    expect(page.locator(".lb-ttable")).to_contain_text("more was taken than there was")
    with page.expect_download() as got:
        page.get_by_role("button", name="EPCIS JSON").click()
    assert json.loads(got.value.path().read_text("utf-8"))["type"] == "EPCISDocument"
    picture.locator("[data-lot='G-9']").click()
    expect(page.locator(".lb-town")).to_contain_text("G-9")
    page.locator("summary").click()
    page.get_by_label("tool").select_option("T7")
    page.get_by_role("button", name="Search").click()
    page.locator(".lb-tlots [data-lot='P-1']").click()
    expect(page.locator(".lb-town")).to_contain_text("P-1")
    expect(page.locator(".lb-tplain")).to_contain_text("T7")
    box.fill("nothing")
    box.press("Enter")
    expect(page.locator("#lb-panel-explorer")).to_contain_text("no fact names this lot: nothing")


def test_a_recall_goes_to_its_close(site: Site, folder: Path) -> None:
    page = enter(site, "li", "zh/trace?tab=recall&of=S-1")
    panel = page.locator("#lb-panel-recall")
    expect(panel).to_contain_text("没有召回记录")
    form = panel.locator(".lb-tform")
    expect(form.locator("textarea")).to_have_value("S-1")
    form.locator("input").fill("裂纹")
    form.get_by_role("button", name="开立召回").click()
    north, south = (panel.locator(f"[data-customer='customer:{name}']") for name in ("north", "south"))
    for row in (north, south):
        row.get_by_role("button", name="已通知").click()
        expect(row.get_by_role("button", name="已答复")).to_be_visible()
    north.locator("[data-field=returned]").fill("3")
    north.get_by_role("button", name="已答复").click()
    expect(panel.locator("[data-case=R-1]")).to_contain_text("37.5 %")
    south.locator("[data-field=used]").fill("5")
    south.get_by_role("button", name="已答复").click()
    expect(panel.locator("[data-case=R-1]")).to_contain_text("100.0 %")
    panel.get_by_role("button", name="关闭召回").click()
    expect(panel.locator("[data-case=R-1]")).to_contain_text("已结案")
    ledger = Ledger(places(folder).ledger)
    case = recall_cases(ledger)["R-1"]
    ledger.close()
    assert (case.suspects, case.closure, case.closed is not None) == (("S-1",), 1.0, True)
    panel.get_by_role("button", name="试一试").click()
    expect(panel.get_by_role("heading", name="模拟召回")).to_have_count(2)


def test_a_viewer_on_a_phone_only_looks(site: Site) -> None:
    page = enter(site, "wang", "ko/trace?of=BOX-2")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator(".lb-town")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("[data-tab=recall]").click()
    expect(page.locator("#lb-panel-recall")).to_contain_text("모의 리콜")
    assert page.get_by_role("button", name="리콜 열기").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
