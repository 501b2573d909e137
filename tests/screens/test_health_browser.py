"""The health page in a real browser: the fleet, one machine, learning anew; every tab, keyboard, phone, languages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.ledger import Ledger
from luban.loop.places import places
from luban.screens.i18n import LANGUAGES, words
from luban.screens.web.health_frame import PANELS, tab_names
from luban.understand.book import entries
from tests.screens import health_shop as shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "how-to" / "health.png"
SHEET = "#lb-panel-machine .p-sheet"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("health") / "plant")
    shop.seed(folder)
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "viewer"}) as url:
        yield url


def opened(site: Site, query: str = "", user: str = "admin", language: str = "en") -> Page:
    """The health page."""
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{language}/health{query}")
    expect(page.locator(".lb-qtab").first).to_be_visible()
    return page


def test_the_fleet_leads_to_the_machine(site: Site):
    page = opened(site)
    rows = page.locator(".lb-hrows tbody tr")
    expect(rows).to_have_count(4)
    assert [row.get_attribute("data-machine") for row in rows.all()] == [shop.MILL, shop.LATHE, shop.SAW, shop.PRESS]
    mill = page.locator(f'tr[data-machine="{shop.MILL}"]')
    expect(mill).to_contain_text("unusual")
    expect(mill).to_contain_text("vibration")
    expect(mill).to_contain_text("% interval")
    expect(page.locator(f'tr[data-machine="{shop.SAW}"]')).to_contain_text("not enough data")
    expect(page.locator(f'tr[data-machine="{shop.PRESS}"]')).to_contain_text(
        "no signal tells of this machine's condition"
    )
    # by keyboard: the name is a button
    mill.locator("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(SHEET)).to_contain_text("Health: Mill")
    page.wait_for_function("location.search === '?tab=machine&of=jinan%2Fmill'")
    for said in (
        "How unusual it was",
        "What was unusual",
        "Remaining life until a limit of wear",
        "Last time: vibration",
    ):
        expect(page.locator(SHEET)).to_contain_text(said)
    # the channel behind it is drawn first
    drawn = page.locator(f"{SHEET} svg[aria-label]").evaluate_all("all => all.map((e) => e.getAttribute('aria-label'))")
    assert drawn[-3] == "vibration"
    page.locator("#lb-panel-machine select").select_option(shop.LATHE)
    expect(page.locator(SHEET)).to_contain_text("Health: Lathe")
    expect(page.locator(SHEET)).to_contain_text("Nothing was unusual")
    page.locator("#lb-panel-machine select").select_option(shop.PRESS)
    expect(page.locator("#lb-panel-machine")).to_contain_text("declare a signal with a unit or a range")
    page.locator("#lb-tab-machine").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#lb-tab-fleet")).to_be_focused()


def test_every_tab_that_is_there_opens(site: Site):
    page = opened(site, f"?of={shop.MILL}")
    tabs = [tab.get_attribute("data-tab") for tab in page.locator(".lb-qtab").all()]
    assert set(tabs) <= set(PANELS)
    for tab in tabs:
        page.click(f"#lb-tab-{tab}")
        expect(page.locator(f"#lb-panel-{tab}")).to_be_visible()
        expect(page.locator(f"#lb-panel-{tab} section, #lb-panel-{tab} aside").first).to_be_visible()
        expect(page.get_by_text("the server's log says why")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    for button in page.locator("button:visible").all():
        assert button.inner_text().strip() or button.get_attribute("aria-label")


def test_the_sheet_goes_out_as_a_file(site: Site):
    page = opened(site, f"?tab=machine&of={shop.MILL}")
    expect(page.locator(SHEET)).to_contain_text("Health: Mill")
    with page.expect_download() as waited:
        page.click('#lb-panel-machine .lb-links button:has-text("HTML")')
    assert "Last time: vibration" in Path(waited.value.path()).read_text("utf-8")
    page.click("#lb-tab-fleet")
    with page.expect_download() as waited:
        page.click('#lb-panel-fleet .lb-links button:has-text("Excel")')
    assert Path(waited.value.path()).read_bytes().startswith(b"PK")


def test_learning_anew_is_a_record_of_the_engineer(site: Site, plant: Path):
    page = opened(site, f"?tab=machine&of={shop.LATHE}", user="wang")
    expect(page.locator(SHEET)).to_contain_text("Health: Lathe")
    expect(page.get_by_text("Learn anew")).to_have_count(0)
    page = opened(site, f"?tab=machine&of={shop.LATHE}")
    expect(page.locator(SHEET)).to_contain_text("Health: Lathe")
    newest = int(Ledger(places(plant).ledger).last_values().column("time")[0].as_py())
    from luban.core.time import DAY, to_datetime
    from luban.screens.service import PlantView

    since = to_datetime(newest - 3 * DAY, PlantView(plant).plant.zone)
    page.fill("#lb-panel-machine input[type=datetime-local]", f"{since:%Y-%m-%dT%H:%M}")
    page.click('#lb-panel-machine .lb-tool:has-text("Learn anew")')
    expect(page.get_by_text("only with a reason")).to_be_visible()
    page.fill("#lb-panel-machine input[type=text]", "new spindle")
    page.click('#lb-panel-machine .lb-tool:has-text("Learn anew")')
    expect(page.get_by_text("It is on record")).to_be_visible()
    told = [one for one in entries(Ledger(places(plant).ledger), "model", shop.LATHE) if one.person == "admin"]
    assert told[0].text == "new spindle"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_page_speaks_the_language(site: Site, language: str):
    page = opened(site, language=language)
    expect(page.locator(".lb-qtab").first).to_have_text(tab_names(words(language))["fleet"])
    page.click(f'tr[data-machine="{shop.MILL}"]')
    expect(page.locator(SHEET)).to_contain_text("vibration")
    text = page.locator("#lb-panel-machine").inner_text()
    for english in ("Health", "unusual", "since", "Remaining", "regime", "limit", "Last time", "Learn", "failure"):
        assert english not in text, english


def test_a_phone_shows_it_without_scrolling_aside(site: Site):
    page = opened(site)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".lb-hrows tbody tr")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click(f'tr[data-machine="{shop.MILL}"]')
    expect(page.locator(SHEET)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.skipif(os.environ.get("LUBAN_UPDATE_SCREENSHOT") != "1", reason="only to draw the picture of the guide")
def test_picture_for_the_guide(site: Site):
    page = opened(site, f"?tab=machine&of={shop.MILL}")
    expect(page.locator(SHEET)).to_contain_text("Last time: vibration")
    page.set_viewport_size({"width": 1280, "height": 1150})
    page.screenshot(path=SCREENSHOT)
