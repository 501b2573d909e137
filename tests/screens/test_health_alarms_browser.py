"""The alarms tab in a real browser: alarms come by themselves, people act on them, and all is in the books."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.core.time import MINUTE, now
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.understand.book import entries
from tests.screens.health_shop import LATHE, MILL, write
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

LIST = (
    "id,signal,condition,limit,deadband,on_delay_s,priority,latch,cause,consequence,action,response_s\n"
    "overload,lathe:load,high,80,5,2,critical,,blunt tool,spindle trips,change the tool,300\n"
    "hot,lathe:temperature,high,60,2,0,medium,yes,,,,\n"
    "shakes,mill:vibration,high,5,0,0,low,,,,look at the bearing,\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write(tmp_path_factory.mktemp("alarms") / "plant")
    (made / "alarms.csv").write_text(LIST, "utf-8")
    at, end = now() - 20 * MINUTE, now() - 10 * MINUTE
    rows = [
        (at, f"{LATHE}:load", 90.0), (at, f"{LATHE}:temperature", 70.0), (at, f"{MILL}:vibration", 7.0),
        (end, f"{LATHE}:temperature", 50.0),
    ]  # fmt: skip
    told = {"time": [row[0] for row in rows], "subject": [row[1] for row in rows], "value": [row[2] for row in rows]}
    with LedgerWriter(places(made).ledger) as writer:
        writer.append("signal", told | {"quality": [0] * len(rows)}, source="cell")
    return made


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "zhao": "operator", "wang": "viewer"}) as url:
        yield url


def open_tab(site: Site, user: str, language: str = "en", of: str = "") -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{language}/health?tab=alarms&of={of}")
    expect(page.locator("#lb-alarm-list tbody tr").first).to_be_visible()
    return page


def rows(page: Page) -> list[str]:
    return [one.inner_text() for one in page.locator("#lb-alarm-list tbody tr .lb-alarm-name").all()]


def test_alarms_are_seen_acknowledged_shelved_and_kept_in_the_books(site: Site, folder: Path) -> None:
    page = open_tab(site, "zhao")
    expect(page.locator("#lb-alarm-list tbody tr")).to_have_count(3)
    assert rows(page) == ["overload", "hot", "shakes"]  # the most urgent first
    first = page.locator("#lb-alarm-list tbody tr").first
    expect(first).to_contain_text("critical")
    expect(first).to_contain_text("not acknowledged")
    expect(page.locator("[data-sound]")).to_have_attribute("data-sound", "off")
    page.locator("[data-act=open][data-alarm=overload]").focus()
    page.keyboard.press("Enter")
    detail = page.locator("#lb-alarm")
    expect(detail).to_contain_text("change the tool")
    expect(detail).to_contain_text("spindle trips")
    expect(detail.get_by_role("button", name="Take out of service")).to_have_count(0)  # an engineer's
    detail.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("tr[data-state=acknowledged]")).to_have_count(1)
    page.locator("[data-act=open][data-alarm=shakes]").click()
    expect(detail).to_contain_text("look at the bearing")
    detail.get_by_role("button", name="Shelve").click()
    expect(page.get_by_text("this needs a reason")).to_be_visible()
    detail.locator("[data-field=reason]").fill("bearing is ordered")
    detail.get_by_role("button", name="Shelve").click()
    expect(page.locator("#lb-alarm-list tbody tr")).to_have_count(2)
    page.get_by_label("Which alarms").first.select_option("shelved")
    expect(page.locator("#lb-alarm-list tbody tr")).to_have_count(1)
    expect(detail).to_contain_text("bearing is ordered")
    ledger = Ledger(places(folder).ledger)
    written = [(entry.subject, entry.code, entry.person) for entry in entries(ledger, "annunciation")]
    ledger.close()
    assert ("overload", "acknowledge", "zhao") in written
    assert ("shakes", "shelve", "zhao") in written
    assert sorted(one[0] for one in written if one[1] == "raise") == ["hot", "overload", "shakes"]


def test_an_engineer_takes_an_alarm_out_of_service_and_the_list_is_judged(site: Site) -> None:
    page = open_tab(site, "li", of=LATHE)
    expect(page.locator("[data-alarm=shakes]")).to_have_count(0)  # of the other machine
    page.locator("[data-act=open][data-alarm=hot]").click()
    detail = page.locator("#lb-alarm")
    expect(detail).to_contain_text("no action is written down")
    detail.locator("[data-field=reason]").fill("sensor broken")
    detail.get_by_role("button", name="Take out of service").click()
    expect(page.locator("[data-act=open][data-alarm=hot]")).to_have_count(0)
    page.get_by_role("button", name="Statistics").click()
    expect(page.get_by_text("Measures of the standard")).to_be_visible()
    page.get_by_role("button", name="Check the alarm list").click()
    expect(page.get_by_text("no action: what does not need one is no alarm")).to_be_visible()
    with page.expect_download() as given:
        page.get_by_role("button", name="Excel").click()
    assert given.value.suggested_filename == "alarm-list.xlsx"
    page.locator("[data-act=open][data-alarm=overload]").click()
    expect(detail).to_contain_text("blunt tool")  # the button of the alarm before is gone
    page.get_by_role("button", name="Look at the machine").click()
    expect(page.locator("#lb-panel-machine")).to_be_visible()
    page.click("#lb-tab-alarms")
    expect(page.locator("#lb-panel-alarms")).to_be_visible()
    expect(detail).to_contain_text("blunt tool")


def test_a_press_that_went_down_with_the_connection_is_made_again(site: Site) -> None:
    page = open_tab(site, "li")
    page.evaluate("""() => {
      const engine = window.socket.io.engine;
      engine.transport.ws.send = () => {};
      document.getElementById('lb-tab-machine').click();
      setTimeout(() => engine.close(), 50);
    }""")
    expect(page.locator("#lb-panel-machine")).to_be_visible()
    expect(page.locator("#lb-panel-alarms")).to_be_hidden()
    page.click("#lb-tab-alarms")
    expect(page.locator("#lb-panel-alarms")).to_be_visible()
    # what was opened since is left alone when the connection goes once more
    before = page.evaluate("window.socket.io.engine.id")
    page.evaluate("window.socket.io.engine.close()")
    page.wait_for_function("(id) => window.socket.connected && window.socket.io.engine.id !== id", arg=before)
    page.locator("#lb-tab-alarms").press("ArrowRight")
    expect(page.locator("#lb-panel-maintenance")).to_be_visible()
    expect(page.locator("#lb-tab-maintenance")).to_be_focused()


def test_a_viewer_only_looks_and_a_phone_holds_the_list(site: Site) -> None:
    page = open_tab(site, "wang", "zh")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("[data-act=acknowledge]")).to_have_count(0)
    page.locator("[data-act=open]").first.click()
    expect(page.locator("#lb-alarm dl")).to_be_visible()
    expect(page.locator("#lb-alarm button")).to_have_count(1)  # to the machine
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
