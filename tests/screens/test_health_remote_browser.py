"""An expert from outside in a real browser, with a real clock: in by the link, sees one machine, is out in time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from luban.core.time import HOUR, SECOND
from luban.ledger import Ledger
from luban.loop.places import places
from luban.screens.acts import grants_of
from luban.screens.grants import Grant
from luban.understand.book import entries
from tests.screens import shop
from tests.screens.site import Site, opened, served

pytestmark = [pytest.mark.service, pytest.mark.alone, pytest.mark.timeout(240)]
# names of signals, states and files, which stay as they are
KEPT = (
    "Lathe|PDF|Excel|HTML|luban|spindle_load|spindle_speed|coolant|execution|parts|ACTIVE|READY|FEED_HOLD|INTERRUPTED"
    "|min|piece"
)
# from the moment at which a grant is over to the moment at which nothing is shown any more
ATMOST = 1.0


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "plant"
    shop.write_plant(folder, 1, 2)
    shop.seed(folder)
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "zhao": "operator"}) as url:
        yield url


@pytest.fixture
def expert(plant_url: str, browser: Browser) -> Iterator[Site]:
    """The expert's own window, which knows nobody of the plant."""
    with opened(browser, plant_url) as made:
        yield made


def given(plant: Path, url: str, length: int, *parts: str) -> tuple[Grant, str]:
    """A grant and its link, given at the command line: by another process than the one that serves."""
    with grants_of(plant) as grants:
        made, secret = grants.give(shop.LATHE, "Li, Spindle Ltd", length, parts, who="wang")
    return made, f"{url}/en/remote#{made.id}.{secret}"


def revoked(plant: Path, grant: Grant) -> float:
    """End it likewise; when that was done [s]."""
    with grants_of(plant) as grants:
        grants.revoke(grant.id, who="wang")
    return time.time()


def entered(expert: Site, link: str) -> Page:
    page = expert.page()
    page.goto(link)
    assert page.url.endswith("/en/remote")  # the secret is out of the address at once
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#lb-shown .p-sheet")).to_be_visible()
    return page


def test_the_link_of_the_page_lets_in_once_and_ends_by_one_press(site: Site, expert: Site, plant: Path):
    page = site.page()
    site.enter()
    page.goto(f"{site.url}/en/health?tab=remote&of={shop.LATHE}")
    page.locator("[data-field=expert]").fill("Li, Spindle Ltd")
    page.locator('input[data-part="note"]').check()
    page.get_by_role("button", name="Make the link").click()
    link = page.locator(".lb-link-once").input_value()
    assert link.startswith(f"{site.url}/en/remote#")
    seen = entered(expert, link)
    expect(seen.locator(".lb-plant")).to_have_text("Lathe 1")
    expect(page.locator('.lb-grant[data-state="open"]')).to_be_visible()
    seen.get_by_role("tab", name="Signals").click()
    expect(seen.locator("#lb-shown")).to_contain_text("spindle_load")
    seen.locator("select[name=signal]").select_option("coolant")
    expect(seen.locator("#lb-shown svg").first).to_be_visible()
    seen.get_by_role("tab", name="Alarms").click()
    expect(seen.locator("#lb-shown")).to_contain_text("no alarms")
    for hidden in ("lathe02", "Lathe 2", "mill01", "admin", "zhao"):
        assert hidden not in seen.content()
    seen.locator("#lb-note input[name=cause]").fill("spindle bearing")
    seen.locator("#lb-note textarea").fill("load swings at 0.3 Hz")
    seen.get_by_role("button", name="Leave it").click()
    expect(seen.locator("#lb-said")).to_contain_text("as from outside")
    with seen.expect_download() as download:
        seen.locator('a[data-kind="html"]').click()
    assert "Lathe 1" in Path(download.value.path()).read_text("utf-8")
    expect(page.get_by_text("may be the cause: spindle bearing")).to_be_visible()
    expect(page.get_by_text("outside: Li, Spindle Ltd").first).to_be_visible()
    begun = time.monotonic()
    page.get_by_role("button", name="End it now").click()
    seen.locator("#lb-over").wait_for()
    assert time.monotonic() - begun < ATMOST + 0.5  # the press itself takes its way through the page
    assert seen.locator("#lb-shown").count() == 0
    assert seen.context.request.get(f"{site.url}/en/remote/file?part=signals").status == 401
    again = expert.page()
    again.goto(link)
    again.get_by_role("button", name="Open").click()
    expect(again.locator("[role=alert]")).to_contain_text("does not open anything")
    codes = [one.code for one in entries(Ledger(places(plant).ledger), "grant", shop.LATHE)]
    assert codes[:2] == ["give", "open"]
    assert {"look", "note", "revoke", "refuse"} <= set(codes)


def test_the_page_the_socket_and_rest_end_when_the_time_is_over(expert: Site, plant: Path, plant_url: str):
    made, link = given(plant, plant_url, 6 * SECOND, "signals")
    page = entered(expert, link)
    token = next(cookie["value"] for cookie in expert.context.cookies() if cookie["name"] == "luban_guest")
    asks, bearer = expert.context.request, {"Authorization": f"Bearer {token}"}
    assert asks.get(f"{plant_url}/api/v1/remote/machine", headers=bearer).status == 200
    # the page's own clock is taken from it: the server alone has to see to it
    page.evaluate("(() => { for (let id = setTimeout(() => 0); id; id -= 1) clearTimeout(id); })()")
    page.locator("#lb-over").wait_for(timeout=15_000)
    assert -0.1 < time.time() - made.expires / SECOND < ATMOST
    assert asks.get(f"{plant_url}/api/v1/remote/machine", headers=bearer).status == 401
    for path in ("machine", "file?part=signals"):
        assert asks.get(f"{plant_url}/en/remote/{path}").status == 401


def test_the_server_itself_shuts_the_socket_of_a_page_that_would_stay(expert: Site, plant: Path, plant_url: str):
    """A page of somebody who changed the script: it hears nothing any more."""
    made, link = given(plant, plant_url, HOUR, "signals")
    page = entered(expert, link)
    page.evaluate("""() => {
      window.shutAt = 0;
      const socket = new WebSocket(`ws://${location.host}/en/remote/live`);
      socket.onopen = () => socket.send(JSON.stringify({part: 'signals'}));
      socket.onmessage = () => { window.heardAt = Date.now(); };
      socket.onclose = (event) => { window.shutAt = Date.now(); window.code = event.code; };
    }""")
    page.wait_for_function("window.heardAt > 0")
    ended = revoked(plant, made)
    page.wait_for_function("window.shutAt > 0")
    assert page.evaluate("window.code") == 4401
    assert page.evaluate("window.heardAt") <= page.evaluate("window.shutAt")
    assert float(page.evaluate("window.shutAt")) / 1000 < ended + ATMOST


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_the_experts_page_speaks_the_language_and_fits_a_phone(
    browser: Browser, plant: Path, plant_url: str, language: str
):
    _, link = given(plant, plant_url, HOUR, "signals", "alarms", "workorders", "note")
    with opened(browser, plant_url, viewport={"width": 390, "height": 844}) as phone:
        page = phone.page()
        page.goto(link.replace("/en/", f"/{language}/"))
        page.locator("button[type=submit]").click()
        expect(page.locator("#lb-shown .p-sheet")).to_be_visible()
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            said = re.sub(KEPT, "", page.locator("#lb-main").inner_text())
            assert not re.findall(r"[A-Za-z]{3,}", said), said
            assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_operator_sees_who_is_in_and_lets_nobody_in(site: Site):
    page = site.page()
    site.enter("zhao")
    page.goto(f"{site.url}/en/health?tab=remote&of={shop.LATHE}")
    expect(page.get_by_role("heading", name="What was done")).to_be_visible()
    expect(page.locator(".lb-grant").first).to_be_visible()
    expect(page.get_by_role("button", name="Make the link")).to_have_count(0)
    expect(page.get_by_role("button", name="End it now")).to_have_count(0)
