"""The inspection tab in a real browser: values by keyboard, the verdict at once, a lot held and set free, devices."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from luban.core.time import now
from luban.ledger import Ledger, Spool
from luban.loop.places import places
from luban.screens.i18n import LANGUAGES, words
from luban.understand.quality.inspection import nonconformances, result_row
from tests.outside import free_port, require
from tests.screens import quality_shop as shop
from tests.screens.test_browser import ARGUMENTS, PASSWORD, SLOW, Site, wait_until_up

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

PLAN = """item,operation,characteristic,method,gauge,pieces,every,chart,reaction
shaft,,diameter,micrometer,micrometer 2,1,2min,,stop and call the setter
flange,,depth,depth gauge,,3,lot,,
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    require("chromium")
    folder = shop.write(tmp_path_factory.mktemp("inspection") / "plant")
    (folder / "inspection.csv").write_text(PLAN, "utf-8")
    shop.seed(folder)
    for name, role in (("admin", "admin"), ("wang", "viewer"), ("zhao", "operator")):
        add = [sys.executable, "-m", "luban", "users", "add", str(folder), name, "--role", role]
        subprocess.run(add, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    web = free_port()
    command = [sys.executable, "-m", "luban", "up", str(folder), "--port", str(web)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{web}"
        wait_until_up(url, process)
        yield url, folder
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said, said


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=require("chromium"), args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def site(plant: tuple[str, Path], browser: Browser) -> Iterator[Site]:
    expect.set_options(timeout=SLOW)
    context = browser.new_context(viewport={"width": 1440, "height": 1100}, color_scheme="light")
    made = Site(plant[0], context, [], [])
    yield made
    context.close()
    assert made.faults == []


def opened(site: Site, user: str = "zhao", language: str = "en") -> Page:
    page = site.page()
    site.log_in(page, user=user)
    page.goto(f"{site.url}/{language}/quality?tab=inspection")
    expect(page.locator(".lb-idue").first).to_be_visible()
    return page


def test_a_value_by_keyboard_alone_then_one_that_holds_its_lot(site: Site, plant: tuple[str, Path]) -> None:
    page = opened(site)
    page.locator('.lb-idue[data-of="shaft:diameter"]').click()
    expect(page.locator("[data-field=serial]")).to_be_focused()
    for text in ("S-77", "L-9", "jinan/turning", "micrometer 2", "25.001"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.locator('[data-verdict="good"]')).to_be_visible()
    expect(page.locator("[data-field=serial]")).to_be_focused()  # ready for the next piece
    assert page.locator("[data-field=lot]").input_value() == "L-9"  # the lot stays
    page.locator("[data-field=values]").fill("25,09")
    page.locator("[data-field=values]").press("Enter")
    verdict = page.locator('[data-verdict="bad"]')
    expect(verdict).to_contain_text("25.015")
    expect(verdict).to_contain_text("stop and call the setter")
    page.get_by_role("button", name="Open a non-conformance and hold the lot").click()
    row = page.locator('.lb-inc[data-id="NC-0001"]')
    expect(row).to_contain_text("held")
    expect(page.get_by_text("Before it can be closed")).to_be_visible()
    one = nonconformances(Ledger(places(plant[1]).ledger))["NC-0001"]
    assert (one.held, one.person, one.lots, len(one.facts)) == ({"L-9"}, "zhao", ("L-9",), 1)


def test_an_engineer_decides_and_the_lot_is_free(site: Site, plant: tuple[str, Path]) -> None:
    page = opened(site, "admin")
    page.locator('.lb-inc[data-id="NC-0001"]').click()
    page.locator("[data-field=text]").fill("customer agreed")
    page.get_by_label("Decision").select_option("use_as_is")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator('.lb-inc[data-id="NC-0001"]')).to_contain_text("decided")
    expect(page.get_by_text("No lot is held.")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("it cannot be closed yet")).to_be_visible()  # no cause, no action, no effect
    page.locator("[data-field=text]").fill("worn insert")
    page.get_by_role("button", name="Note it as the cause").click()
    expect(page.get_by_text("Cause: worn insert")).to_be_visible()
    assert nonconformances(Ledger(places(plant[1]).ledger))["NC-0001"].disposed == {"L-9": "use_as_is"}


def test_a_device_that_is_not_sure_asks_a_person(site: Site, plant: tuple[str, Path]) -> None:
    page = opened(site)
    spool = Spool(places(plant[1]).spool, "cam2")
    for piece, verdict, confidence in (("P1", "good", 0.99), ("P2", "scratch", 0.31)):
        made = result_row(piece, verdict, confidence, device="cam2", model="surface", version="4.1", time=now())
        spool.put("event", {name: own for name, own in made.items() if own[0] is not None})
    spool.flush()
    spool.close()
    waiting = page.locator(".lb-iresult", has_text="P2")
    expect(waiting).to_contain_text("31 %")
    waiting.get_by_role("button", name="good").click()
    expect(waiting).to_have_count(0)
    expect(page.get_by_text("Devices against people")).to_be_visible()


def test_a_viewer_may_look_and_not_enter(site: Site) -> None:
    page = opened(site, "wang")
    page.locator('.lb-idue[data-of="shaft:diameter"]').click()
    expect(page.get_by_text("Entering values needs the role operator.")).to_be_visible()
    expect(page.locator(".lb-ientry")).to_have_count(0)
    page.locator('.lb-inc[data-id="NC-0001"]').click()
    expect(page.locator(".lb-istep")).to_have_count(0)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_in_their_own_language_and_on_a_phone(site: Site, language: str) -> None:
    page = opened(site, "admin", language)
    page.set_viewport_size({"width": 390, "height": 840})
    page.locator('.lb-inc[data-id="NC-0001"]').click()
    say = words(language)
    for text in ("To be measured", "Enter values", "Lots that may not go on", "Non-conformances", "History"):
        assert say(text) != text
        expect(page.get_by_text(say(text)).first).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth + 1")
