"""The live page in a real browser, on a running plant whose machines talk over real wires."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.connect.shdr.device import Adapter
from tests.outside import free_port
from tests.screens import shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "start" / "screenshot.png"
READY = '[data-figure][aria-busy="false"]'


@contextmanager
def talking_machines() -> Iterator[int]:
    """The lathes' adapter on a thread of its own; its port."""
    started = threading.Event()
    port: list[int] = []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with Adapter() as adapter:
            port.append(adapter.port)
            started.set()
            await shop.talk(adapter, seconds=600)

    task = loop.create_task(run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.gather(task, return_exceptions=True)))
    thread.start()
    started.wait(10)
    yield port[0]
    loop.call_soon_threadsafe(task.cancel)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def plant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("live") / "plant"
    with talking_machines() as port:
        shop.write_plant(folder, port, free_port())
        shop.seed(folder)
        with served(folder, {}) as url:
            yield url


def value_of(page: Page, signal_id: str) -> str:
    return page.locator(f'[data-id="{signal_id}"] .lb-value').inner_text()


def test_the_page_lives(site: Site):
    page = site.page()
    site.enter()
    page.goto(f"{site.url}/en?unit={shop.LATHE}")
    load = f"{shop.LATHE}:spindle_load"
    expect(page.locator(f'[data-id="{load}"] .lb-value')).not_to_have_text("")
    seen = set()
    deadline = time.monotonic() + 15
    while len(seen) < 5 and time.monotonic() < deadline:
        seen.add(value_of(page, load))
        page.wait_for_timeout(200)
    assert len(seen) >= 5, "the value does not move"
    age = page.locator(f'[data-id="{load}"] .lb-age').inner_text()
    assert float(age.split()[0]) < 10
    # state as a sign and a word, never colour alone
    row = page.locator(f'[data-id="{shop.LATHE}"]')
    expect(row.locator("svg.lb-icon")).to_be_visible()
    expect(row.locator(".lb-value")).to_contain_text("producing")
    expect(page.locator(f'[data-id="{shop.MILL}"] .lb-value')).to_contain_text("unknown")
    # the gap is hatched in the states, and its reason stands in the table
    page.click('.lb-segments button:has-text("1 h")')
    expect(page.locator('rect.lb-span[data-kind="unknown"]').first).to_be_visible()
    assert "url(" in page.locator('rect.lb-span[data-kind="unknown"]').first.evaluate("e => getComputedStyle(e).fill")
    expect(page.get_by_role("cell", name="connection lost")).to_be_visible()
    # figures come, and each opens down to facts
    oee = page.locator(f'{READY}[data-figure="oee"]')
    expect(oee.locator(".lb-number")).to_be_visible()
    page.click('[data-figure="availability"]')
    expect(page.get_by_text("How was this made?")).to_be_visible()
    made = page.locator(".lb-made")
    made.locator("summary", has_text="APT").first.click()
    made.locator("details details details > summary").first.click()
    expect(made.locator("[data-fact]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(made).not_to_be_visible()
    if os.environ.get("LUBAN_UPDATE_SCREENSHOT") == "1":
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(500)
        SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOT)


def test_the_trend_moves_at_ten_hertz(site: Site):
    page = site.page()
    site.log_in(page)
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    page.goto(f"{site.url}/en?unit={shop.LATHE}")
    canvas = page.locator("canvas")
    expect(canvas).to_be_visible()
    page.click('.lb-segments button:has-text("1 min")')
    page.wait_for_timeout(1500)
    frames.clear()
    first = canvas.evaluate("c => c.toDataURL()")
    page.wait_for_timeout(3000)
    pushes = [f for f in frames if '"push"' in f or "push" in f]
    assert len(pushes) >= 12, f"{len(pushes)} pushes in 3 s"
    assert canvas.evaluate("c => c.toDataURL()") != first
    assert max(map(len, pushes)) < 3000, "a push carries deltas, not the whole trend"


@pytest.mark.parametrize(("language", "word", "tag"), [("zh", "设备", "zh-CN"), ("ko", "설비", "ko-KR")])
def test_the_page_speaks_the_language(site: Site, language: str, word: str, tag: str):
    page = site.page()
    site.log_in(page)
    expect(page.locator(".lb-side h2")).to_have_text("Equipment")
    page.click(f'header a[lang="{language}"]')
    expect(page.locator(".lb-side h2")).to_have_text(word)
    assert page.locator("html").get_attribute("lang") == tag
    expect(page.locator(READY).first).to_be_visible()
    text = page.locator("main").inner_text()
    for english in (
        "producing",
        "unknown",
        "Where",
        "Gaps",
        "States",
        "withheld",
        "connected",
        "Log out",
        " min",
        " h",
    ):
        assert english not in text, english


def test_logging_out_in_one_tab_ends_the_other(site: Site):
    one, other = site.page(), site.page()
    site.log_in(one)
    expect(one.locator(".lb-side")).to_be_visible()
    other.goto(f"{site.url}/en")
    expect(other.locator(".lb-side")).to_be_visible()
    one.click("text=Log out")
    one.wait_for_url("**/en/login")
    other.wait_for_url("**/en/login")
    other.goto(f"{site.url}/en")
    assert other.url.endswith("/en/login")


def test_strangers_see_a_form_and_wrong_passwords_a_reason(site: Site):
    page = site.page()
    page.goto(f"{site.url}/en")
    assert page.url.endswith("/en/login")
    site.log_in(page, "zh", password="wrong horse")
    expect(page.locator("[role=alert]")).to_contain_text("用户或密码不正确")
    assert page.locator("input[name=user]").input_value() == "admin"


def test_the_tree_is_walked_by_keyboard(site: Site):
    page = site.page()
    site.log_in(page)
    tree = page.locator("[role=tree]")
    expect(tree).to_be_visible()
    tree.locator("[role=treeitem]").first.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("h1")).to_have_text("Lathe 1")
    expect(page.locator('[aria-selected="true"]')).to_have_attribute("data-id", shop.LATHE)
    assert f"unit={shop.LATHE.replace('/', '%2F')}" in page.url or f"unit={shop.LATHE}" in page.url
    for button in page.locator("button:visible").all():
        assert button.inner_text().strip() or button.get_attribute("aria-label")


@pytest.mark.parametrize("width", [820, 1440])
def test_nothing_runs_out_of_the_page(site: Site, width: int):
    page = site.page()
    page.set_viewport_size({"width": width, "height": 1000})
    site.enter()
    page.goto(f"{site.url}/en?unit={shop.LATHE}")
    expect(page.locator(READY).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
