"""The maintenance tab in a real browser: a task that is due goes over the board to its close, all in the books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.decide.maintain import work_orders
from luban.ledger import Ledger
from luban.loop.places import places
from tests.screens.maintenance_shop import equipped
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return equipped(tmp_path_factory.mktemp("maintenance") / "plant")


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "zhao": "operator", "wang": "viewer"}) as url:
        yield url


def open_tab(site: Site, user: str, language: str = "en") -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{language}/health?tab=maintenance")
    expect(page.locator("[data-lane=done]")).to_be_visible()
    return page


def lane(page: Page, name: str) -> list[str]:
    return [one.inner_text() for one in page.locator(f"[data-lane={name}] .lb-mcard b").all()]


def test_a_task_goes_over_the_board_to_its_close(site: Site, folder: Path) -> None:
    page = open_tab(site, "li")
    expect(page.locator("[data-lane=due] .lb-mcard")).to_have_count(2)
    assert lane(page, "due") == ["grease", "spindle service"]  # the longest overdue first
    due = page.locator("[data-lane=due] .lb-mcard", has_text="spindle service")
    expect(due).to_contain_text("overdue")
    due.click()
    expect(page.locator(".lb-mplan [data-field=minutes]")).to_have_value("240")
    page.get_by_role("button", name="Plan", exact=True).click()
    card = page.locator("[data-lane=planned] .lb-mcard")
    expect(card).to_contain_text("WO-0001 · planned")
    assert lane(page, "due") == ["grease"]
    order = page.locator(".lb-morder")
    expect(order).to_contain_text("its age is reached")
    order.locator("[data-step=begin]").click()
    expect(page.locator("[data-lane=running] .lb-mcard")).to_contain_text("running")
    for item in ("oil", "noise"):
        order.locator(f"[data-item={item}]").get_by_role("button", name="in order", exact=True).click()
        expect(order.locator(f"[data-item={item}]")).to_have_count(0)
    order.locator("[data-field=text]").fill("cage cracked")
    order.locator("[data-field=cause]").fill("lubrication")
    order.locator("[data-step=finding]").click()
    expect(order).to_contain_text("cage cracked")
    order.locator("[data-field=hours]").fill("5")
    order.locator("[data-step=finish]").click()
    expect(page.locator("[data-lane=done] .lb-mcard")).to_contain_text("done")
    order.locator("[data-step=close]").click()
    expect(page.locator("[data-lane=done] .lb-mcard")).to_contain_text("signed off")
    expect(page.locator("#lb-panel-maintenance")).to_contain_text("bearing: 1 on the shelf, order at 2")
    ledger = Ledger(places(folder).ledger)
    (one,) = work_orders(ledger).values()
    ledger.close()
    assert (one.state, one.hours, one.used, one.findings[0].cause) == ("closed", 5, {"bearing": 2}, "lubrication")
    assert page.locator(".lb-morder").bounding_box() is not None


def test_a_card_is_drawn_to_the_next_lane(site: Site, folder: Path) -> None:
    page = open_tab(site, "li")
    page.locator("[data-lane=due] .lb-mcard", has_text="grease").drag_to(page.locator("[data-lane=planned]"))
    card = page.locator("[data-lane=planned] .lb-mcard", has_text="grease")
    expect(card).to_be_visible()
    card.drag_to(page.locator("[data-lane=running]"))
    expect(page.locator("[data-lane=running] .lb-mcard", has_text="grease")).to_be_visible()


def test_a_viewer_only_looks_and_other_languages_say_it_all(site: Site) -> None:
    page = open_tab(site, "wang", "zh")
    expect(page.locator("#lb-panel-maintenance")).to_contain_text("备件")
    assert page.locator(".lb-mplan").count() == 0
    page.locator(".lb-mcard", has_text="spindle service").click()
    expect(page.locator(".lb-morder")).to_contain_text("已关闭")
    assert page.locator(".lb-msteps").count() == 0


def test_on_a_phone_nothing_stands_out(site: Site) -> None:
    page = open_tab(site, "zhao", "ko")
    page.set_viewport_size({"width": 390, "height": 840})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")
