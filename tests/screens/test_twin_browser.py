"""The twin's page in a real browser: run, watch, compare, cancel; by role, language, light and width."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens import twin_shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "concepts" / "twin.png"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return twin_shop.write(tmp_path_factory.mktemp("twin") / "plant")


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "viewer"}) as url:
        yield url


def fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)


def test_scenarios_are_run_played_and_compared(site: Site):
    page = site.page()
    site.log_in(page)
    page.click('nav a:has-text("Twin")')
    expect(page.get_by_text("Nothing was run yet")).to_be_visible()
    expect(page.locator(".lb-twin-side .lb-table")).to_contain_text("tight")
    page.locator(".lb-pick", has_text="third mill").locator("input").check()
    page.locator(".lb-form select").first.select_option("rule")
    page.get_by_label("Where").select_option("milling")
    page.get_by_label("Value").fill("setup, edd")
    page.click("text=Add the change")
    expect(page.locator(".lb-changes li")).to_have_text("rule.milling = setup, edd×")
    fill(page, "Days", "40")
    fill(page, "Warm-up, days", "8")
    fill(page, "Runs of each", "6")
    page.click(".lb-main-button")
    floor = page.locator(".lb-floor[data-ready]")
    expect(floor).to_be_visible(timeout=90_000)
    # the comparison: three columns, an interval below each mean, a difference in words
    heads = page.locator(".lb-compared thead th")
    expect(heads).to_have_count(4)
    row = page.locator(".lb-compared tr", has_text="cycle time, mean")
    expect(row.locator("td").nth(1)).to_contain_text("faster (")
    expect(page.locator(".lb-compared tr", has_text="lots finished").first).to_contain_text("no difference shown")
    # the play: time passes, tiles have a shape besides their colour
    when = page.locator(".lb-when")
    before = when.inner_text()
    page.locator(".lb-stage").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    assert when.inner_text() != before
    tiles = page.locator(".lb-stage [data-machine]")
    expect(tiles).to_have_count(6)
    for tile in tiles.all():
        assert tile.locator(".lb-shape path, .lb-shape circle").count()
    page.keyboard.press("Space")
    page.wait_for_timeout(700)
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    paused = when.inner_text()
    page.wait_for_timeout(400)
    assert when.inner_text() == paused != before
    # the plant with a third mill has a tile more
    page.click('.lb-segments button:has-text("third mill")')
    expect(tiles).to_have_count(7)
    page.click('.lb-segments button:has-text("active")')
    assert page.locator(".lb-main svg[xmlns], .lb-main div[_echarts_instance_] svg").count() >= 4
    for button in page.locator("button:visible").all():
        assert button.inner_text().strip() or button.get_attribute("aria-label")
    page.click('.lb-segments button:has-text("as it is")')
    expect(tiles).to_have_count(6)
    page.keyboard.press("Home")
    if os.environ.get("LUBAN_UPDATE_SCREENSHOT") == "1":
        page.click('.lb-segments button:has-text("queue")')
        for _ in range(9):
            page.locator(".lb-stage").focus()
            page.keyboard.press("ArrowRight")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(800)
        page.screenshot(path=SCREENSHOT, clip={"x": 0, "y": 0, "width": 1440, "height": 1000})


def test_a_run_is_cancelled_and_a_wrong_value_is_said(site: Site):
    page = site.page()
    site.enter()
    page.goto(f"{site.url}/en/twin")
    fill(page, "Days", "59")
    fill(page, "Runs of each", "200")
    page.click(".lb-main-button")
    page.click("text=Cancel")
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    fill(page, "Runs of each", "1")
    page.click(".lb-main-button")
    expect(page.get_by_text("2 to 200 runs of each")).to_be_visible()
    page.locator(".lb-form select").first.select_option("machines")
    page.get_by_label("Where").select_option("wash")
    page.get_by_label("Value").fill("-4")
    page.click("text=Add the change")
    fill(page, "Runs of each", "2")
    page.click(".lb-main-button")
    expect(page.locator(".lb-notice[role=alert]")).to_contain_text("none would be left")


def test_a_viewer_looks_and_does_not_run(site: Site):
    page = site.page()
    site.enter("wang")
    page.goto(f"{site.url}/en/twin")
    expect(page.get_by_text("An engineer can run scenarios")).to_be_visible()
    expect(page.locator(".lb-main-button")).to_have_count(0)
    answer = page.request.post(
        f"{site.url}/api/v1/twin/runs", data={"scenarios": [{"name": "x"}]}, headers={"origin": site.url}
    )
    assert answer.status == 403
    assert page.request.get(f"{site.url}/api/v1/twin").status == 200
    site.faults.clear()


@pytest.mark.parametrize(("language", "word"), [("zh", "孪生"), ("ko", "트윈")])
def test_the_page_speaks_the_language(site: Site, language: str, word: str):
    page = site.page()
    site.enter()
    page.goto(f"{site.url}/{language}/twin")
    expect(page.locator("nav a[aria-current=page]").first).to_have_text(word)
    expect(page.locator(".lb-twin-side .lb-table")).to_be_visible()
    text = page.locator("main").inner_text()
    for english in ("Scenarios", "Expected", "Run", "Days", "Nothing", "fine", "tight"):
        assert english not in text, english


@pytest.mark.parametrize("width", [820, 1440])
def test_nothing_runs_out_of_the_page(site: Site, width: int):
    page = site.page()
    page.set_viewport_size({"width": width, "height": 1000})
    site.enter()
    page.goto(f"{site.url}/en/twin")
    expect(page.locator(".lb-twin-side .lb-table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_strangers_are_sent_to_the_form(site: Site):
    page = site.page()
    page.goto(f"{site.url}/twin")
    assert page.url.endswith("/login")
    assert page.request.get(f"{site.url}/api/v1/twin").status == 401
