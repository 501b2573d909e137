"""The inspection tab in a real browser: values by keyboard, the verdict at once, a lot held and set free, devices."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from luban.core.time import now
from luban.ledger import Ledger, Spool
from luban.loop.places import places
from luban.screens.i18n import LANGUAGES, words
from luban.understand.quality.inspection import nonconformances, result_row
from tests.screens import quality_shop as shop
from tests.screens.site import Site, opened, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

PLAN = """item,operation,characteristic,method,gauge,pieces,every,chart,reaction
shaft,,diameter,micrometer,micrometer 2,1,2min,,stop and call the setter
flange,,depth,depth gauge,,3,lot,,
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("inspection") / "plant")
    (folder / "inspection.csv").write_text(PLAN, "utf-8")
    shop.seed(folder)
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "viewer", "zhao": "operator"}) as url:
        yield url


@pytest.fixture
def site(plant_url: str, browser: Browser) -> Iterator[Site]:
    with opened(browser, plant_url, viewport={"width": 1440, "height": 1100}) as made:
        yield made


def inspection(site: Site, user: str = "zhao", language: str = "en") -> Page:
    page = site.page()
    site.enter(user)
    page.goto(f"{site.url}/{language}/quality?tab=inspection")
    expect(page.locator(".lb-idue").first).to_be_visible()
    return page


def test_a_value_by_keyboard_alone_then_one_that_holds_its_lot(site: Site, plant: Path) -> None:
    page = inspection(site)
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
    one = nonconformances(Ledger(places(plant).ledger))["NC-0001"]
    assert (one.held, one.person, one.lots, len(one.facts)) == ({"L-9"}, "zhao", ("L-9",), 1)


def test_an_engineer_decides_and_the_lot_is_free(site: Site, plant: Path) -> None:
    page = inspection(site, "admin")
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
    assert nonconformances(Ledger(places(plant).ledger))["NC-0001"].disposed == {"L-9": "use_as_is"}


def test_a_device_that_is_not_sure_asks_a_person(site: Site, plant: Path) -> None:
    page = inspection(site)
    spool = Spool(places(plant).spool, "cam2")
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
    page = inspection(site, "wang")
    page.locator('.lb-idue[data-of="shaft:diameter"]').click()
    expect(page.get_by_text("Entering values needs the role operator.")).to_be_visible()
    expect(page.locator(".lb-ientry")).to_have_count(0)
    page.locator('.lb-inc[data-id="NC-0001"]').click()
    expect(page.locator(".lb-istep")).to_have_count(0)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_in_their_own_language_and_on_a_phone(site: Site, language: str) -> None:
    page = inspection(site, "admin", language)
    page.set_viewport_size({"width": 390, "height": 840})
    page.locator('.lb-inc[data-id="NC-0001"]').click()
    say = words(language)
    for text in ("To be measured", "Enter values", "Lots that may not go on", "Non-conformances", "History"):
        assert say(text) != text
        expect(page.get_by_text(say(text)).first).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth + 1")
