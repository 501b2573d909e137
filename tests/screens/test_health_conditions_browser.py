"""Indicators and what a meter tells on the machine's tab in a real browser: the server works them out by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from luban.ledger import Ledger
from luban.loop.places import places
from luban.screens.i18n import words
from luban.understand.book import entries
from tests.screens import condition_shop as shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]

SHEET = "#lb-panel-machine .p-sheet"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("conditions") / "plant")
    shop.seed(folder)
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin"}) as url:
        yield url


def test_the_machine_tab_shows_indicators_for_each_regime_and_what_a_meter_tells(site: Site, plant: Path) -> None:
    site.enter("admin")
    page = site.page()
    page.goto(f"{site.url}/en/health?tab=machine&of={shop.MILL}")
    sheet = page.locator(SHEET)
    expect(sheet).to_contain_text("Condition indicators")
    for regime in (shop.SHAFT, shop.GEAR):
        drawing = page.locator(f'{SHEET} svg[aria-label="Indicators: current · regime {regime}"]')
        expect(drawing.locator("svg")).to_have_count(4)
        expect(drawing).to_contain_text("kurtosis")
    rows = page.locator(f"{SHEET} tr", has_text="current [A]")
    expect(rows).to_have_count(2)
    expect(page.locator(f"{SHEET} tr", has_text="temperature [°C]")).to_contain_text("a reading each 60 s")
    told = [
        one for one in entries(Ledger(places(plant).ledger), "model", shop.MILL) if one.data["what"] == "indicators"
    ]
    assert len(told) == 1  # the server put on record what it took as usual
    if os.environ.get("LUBAN_LOOK"):
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.locator(SHEET).screenshot(path=f"{os.environ['LUBAN_LOOK']}/mill.png")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if os.environ.get("LUBAN_LOOK"):
        page.locator(SHEET).screenshot(path=f"{os.environ['LUBAN_LOOK']}/phone.png")
    page.set_viewport_size({"width": 1280, "height": 1000})
    say = words("zh")
    page.goto(f"{site.url}/zh/health?tab=machine&of={shop.PRESS}")
    expect(page.locator(SHEET)).to_contain_text(say("levels last learned"))
    expect(page.locator(SHEET)).to_contain_text(say("Levels found in the power"))
    if os.environ.get("LUBAN_LOOK"):
        page.locator(SHEET).screenshot(path=f"{os.environ['LUBAN_LOOK']}/press.png")
