"""The tab of diagnosis in a real browser: the verdict with its evidence, a case that is named, what was learned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from luban.ledger import Ledger
from luban.loop.places import places
from luban.screens.service.health_diagnosis import RULES_FILE
from luban.understand.health.diagnosis import labels
from tests.screens.health_shop import LATHE, MILL, PRESS, seed, write
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]
RULES = '[[rule]]\nname = "shakes"\ncause = "worn bearing"\nwhen = "max(vibration, 4 h) > 3.5 mm/s"\nadvice = "look"\n'


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("diagnosis") / "plant")
    (folder / RULES_FILE).write_text(RULES, "utf-8")
    seed(folder)
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def test_a_case_is_opened_named_and_learned_from(site: Site, plant: Path):
    page = site.page()
    site.enter("li")
    page.goto(f"{site.url}/en/health?tab=diagnosis&of={MILL}")
    panel = page.locator("#lb-panel-diagnosis")
    expect(panel.get_by_text("Rules that hold")).to_be_visible()
    expect(panel.get_by_text("max(vibration, 4 h)").first).to_be_visible()
    panel.get_by_label("what was seen").fill("felt by hand")
    panel.get_by_role("button", name="Open a case").click()
    case = panel.locator(".lb-hcase[data-state=open]")
    expect(case).to_contain_text("felt by hand")
    case.get_by_label("cause found").fill("loose belt")
    case.get_by_role("button", name="Propose").click()
    expect(case).to_contain_text("proposed: loose belt (li)")
    case.get_by_label("cause found").fill("worn bearing")
    case.get_by_role("button", name="Name the cause").click()
    expect(panel.locator(".lb-hcase")).to_have_count(0)
    expect(panel.get_by_text("What was learned")).to_be_visible()
    expect(panel.get_by_text("This case was named worn bearing by li.")).to_be_visible()
    assert [(one.machine, one.cause, one.person) for one in labels(Ledger(places(plant).ledger))] == [
        (MILL, "worn bearing", "li")
    ]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_empty_states_roles_and_languages(site: Site):
    page = site.page()
    site.enter("wang")
    for machine, text in ((LATHE, "目前没有异常"), (PRESS, "没有")):
        page.goto(f"{site.url}/zh/health?tab=diagnosis&of={machine}")
        panel = page.locator("#lb-panel-diagnosis")
        expect(panel.get_by_text(re.compile(text)).first).to_be_visible()
        expect(panel.locator("button.lb-primary")).to_have_count(0)
    left = set(re.findall(r"[A-Za-z]{3,}", panel.inner_text()))
    assert left <= {"HTML", "PDF", "Excel", "Lathe", "Mill", "Saw", "Press"}
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.url}/ko/health?tab=diagnosis&of={MILL}")
    expect(page.locator("#lb-panel-diagnosis").get_by_text("max(vibration, 4 h)").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
