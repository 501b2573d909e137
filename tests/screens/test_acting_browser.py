"""The page of the loop with a real device: approved on a phone, written, read back, brought back, stopped, released."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, expect

from luban.connect.modbus.device import ModbusDevice
from luban.ledger import Ledger
from luban.loop.places import places
from luban.understand.book import entries
from tests.outside import free_port
from tests.screens.rest import PASSWORD
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

LOAD, SPEED = "input:0:float32", "holding:300:float32"
PLANT = """
[plant]
id = "p"
name = "Plant"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "mill"
name = "Mill"

[[source]]
id = "plc"
type = "modbus"
url = "modbus://127.0.0.1:{port}"
interval = "50ms"
writable = ["holding:300:float32"]

[[signal]]
id = "mill:load"
source = "plc"
address = "input:0:float32"
unit = "%"

[[signal]]
id = "mill:feed"
source = "plc"
address = "holding:300:float32"
unit = "mm/s"

[[actuator]]
signal = "mill:feed"
lower = 0
upper = 10
step = 4
mode = "confirm"
interlock = ["mill:load < 80"]
"""


@contextmanager
def machine(port: int) -> Iterator[ModbusDevice]:
    """A mill on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    device = ModbusDevice([LOAD], writable={SPEED: None}, port=port)
    asyncio.run_coroutine_threadsafe(device.start(), loop).result(10)
    try:
        yield device
    finally:
        asyncio.run_coroutine_threadsafe(device.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("acting")


@pytest.fixture(scope="module")
def device(folder: Path) -> Iterator[ModbusDevice]:
    port = free_port()
    (folder / "plant.toml").write_text(PLANT.format(port=port), encoding="utf-8")
    with machine(port) as made:
        made.set(LOAD, 20.0)
        made.set(SPEED, 2.0)
        yield made


@pytest.fixture(scope="module")
def plant_url(folder: Path, device: ModbusDevice) -> Iterator[str]:
    with served(folder, {"li": "engineer", "chen": "operator", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def token(site: Site, user: str) -> dict[str, str]:
    answer = site.context.request.post(f"{site.url}/api/v1/login", data={"user": user, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def ask(site: Site, user: str, value: float) -> APIResponse:
    data = {"actuator": "p/mill:feed", "value": value, "why": "faster"}
    return site.context.request.post(f"{site.url}/api/v1/acting/commands", headers=token(site, user), data=data)


def test_a_person_writes_sees_it_and_brings_it_back(site: Site, device: ModbusDevice) -> None:
    page = enter(site, "li", "en/loop?tab=actuators")
    one = page.locator("[data-actuator='p/mill:feed']")
    expect(one).to_contain_text("now at 2 mm/s")
    expect(one).to_contain_text("holds")
    page.locator("[data-field=value]").fill("5")
    page.locator("[data-field=why]").fill("chatter is low")
    page.get_by_role("button", name="Write").click()
    row = page.locator("#lb-panel-commands tr[data-command]").first
    expect(row).to_contain_text("done and read back")
    expect(row).to_contain_text("chatter is low")
    assert device.get(SPEED) == 5.0
    page.get_by_role("button", name="Bring back 2 mm/s").click()
    expect(page.locator("#lb-panel-commands")).to_contain_text("rolled back")
    assert device.get(SPEED) == 2.0
    page.locator("[data-field=value]").evaluate("box => { window.typedIn = box; }")
    page.locator("#lb-tab-actuators").click()
    expect(page.locator("[data-field=value]")).to_be_visible()
    page.locator("[data-field=value]").fill("9")
    page.get_by_role("button", name="Write").click()
    expect(page.locator("#lb-panel-commands")).to_contain_text("the change is larger than allowed")
    assert device.get(SPEED) == 2.0
    same = "window.typedIn === document.querySelector('[data-field=value]')"
    assert page.evaluate(same), "a field drawn anew loses what is typed in it, and what stood in it before is written"


def test_an_operator_asks_and_an_engineer_approves_on_a_phone(site: Site, device: ModbusDevice) -> None:
    page = enter(site, "li", "zh/loop?tab=commands")
    page.set_viewport_size({"width": 390, "height": 840})
    assert ask(site, "wang", 3.5).status == 403
    answer = ask(site, "chen", 3.5)
    assert (answer.status, answer.json()["state"]) == (201, "proposed")
    card = page.locator("#lb-panel-commands .lb-command", has_text="等待批准")
    expect(card).to_contain_text("3.5 mm/s")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("button", name="批准").click()
    row = page.locator("#lb-panel-commands tbody tr").first
    expect(row).to_contain_text("3.5 mm/s")
    expect(row).to_contain_text("已执行并回读确认")
    assert device.get(SPEED) == 3.5
    device.set(LOAD, 95.0)
    expect(enter(site, "li", "en/loop?tab=actuators").locator(".lb-lock")).to_contain_text("does not hold")
    assert ask(site, "li", 4).status == 201
    expect(page.locator("#lb-panel-commands tbody tr").first).to_contain_text("联锁条件不满足")
    device.set(LOAD, 20.0)


def test_one_click_stops_everything_until_an_engineer_releases_it(
    site: Site, folder: Path, device: ModbusDevice
) -> None:
    page = enter(site, "chen", "en")
    page.get_by_role("button", name="Stop all automation at once").click()
    expect(page.locator(".lb-stopped")).to_contain_text("by chen")
    other = enter(site, "li", "en/loop?tab=commands")
    expect(other.locator(".lb-stopcard")).to_contain_text("by chen")
    assert (ask(site, "li", 3.0).json()["state"], device.get(SPEED)) == ("refused", 3.5)
    other.locator(".lb-stopcard input").fill("looked at")
    other.get_by_role("button", name="Let it act again").click()
    expect(other.locator(".lb-stopcard")).to_have_count(0)
    expect(other.get_by_role("button", name="Stop all automation at once")).to_be_visible()
    ledger = Ledger(places(folder).ledger)
    codes = [(entry.code, entry.person) for entry in entries(ledger, "automation")]
    ledger.close()
    assert codes == [("stop", "chen"), ("release", "li")]


def test_a_viewer_only_looks(site: Site) -> None:
    page = enter(site, "wang", "ko/loop?tab=actuators")
    expect(page.locator("[data-actuator='p/mill:feed']")).to_be_visible()
    assert page.get_by_role("button", name="쓰기").count() == 0
    assert page.locator(".lb-stopper").count() == 0
