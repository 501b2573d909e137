"""Capability and gauge studies on the quality page, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.core.time import now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from tests.screens import quality_shop as shop
from tests.screens.site import Site, served
from tests.understand.quality.test_gauge_study import AIAG

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


def aiag() -> list[tuple[str, str, float]]:
    """Part, appraiser and reading of the published study."""
    rows = [list(map(float, line.split())) for line in AIAG.splitlines()]
    return [(f"P{part}", "ABC"[at // 3], value) for at, row in enumerate(rows) for part, value in enumerate(row, 1)]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("studies") / "plant")
    shop.seed(folder)
    end = now()
    with LedgerWriter(places(folder).ledger) as writer:
        part, person, value = map(list, zip(*aiag(), strict=True))
        time = [end - (len(value) - at) * 1_000_000 for at in range(len(value))]
        rows = {
            "time": time, "subject": [shop.DEPTH] * len(value), "value": value, "serial": part, "person": person,
            "gauge": ["depth 3"] * len(value), "quality": [0] * len(value),
        }  # fmt: skip
        writer.append("measurement", rows, source="study")
        counts = {
            "time": [end - 2, end - 1], "subject": ["turning", "milling"], "good": [90.0, 99.0], "scrap": [10.0, 1.0],
            "rework": [0.0, 0.0], "item": ["shaft", "gear"], "quality": [0, 0],
        }  # fmt: skip
        writer.append("count", counts, source="counter")
    return folder


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "wang": "viewer"}) as url:
        yield url


def opened(site: Site, tab: str, of: str = "", language: str = "en") -> Page:
    page = site.page()
    site.enter("wang")
    page.goto(f"{site.url}/{language}/quality?tab={tab}&of={of}")
    return page


def test_capability_with_limits_refusal_and_reason(site: Site):
    page = opened(site, "capability", shop.DIAMETER)
    panel = page.locator("#lb-panel-capability")
    expect(panel.locator("svg.p-plot").first).to_be_visible()
    # the shop's diameters slip once and drift: nothing is forecast, and the reason stands beside each index
    cpk = panel.locator("tr", has_text="Cpk").first
    expect(cpk).to_contain_text("not in control")
    expect(panel.locator("tr", has_text="Ppk").first).to_contain_text("…")
    box = panel.get_by_label("Although not in control, because")
    box.fill("tool change at point 38, known")
    box.blur()
    expect(panel.get_by_text("tool change at point 38, known").first).to_be_visible()
    expect(cpk).not_to_contain_text("not in control")
    with page.expect_download() as held:
        panel.get_by_role("button", name="Excel").click()
    assert held.value.suggested_filename == "capability-shaft_diameter.xlsx"
    # what stood beside the values, and the causes of scrap
    panel.get_by_role("button", name="What goes with it").click()
    expect(panel.get_by_text("A relation is not a cause")).to_be_visible()
    panel.get_by_role("button", name="Causes of scrap").click()
    expect(panel.locator("tr", has_text="shaft").first).to_contain_text("90.91")


def test_a_pasted_gauge_study_has_the_published_figures(site: Site):
    page = opened(site, "gauge")
    panel = page.locator("#lb-panel-gauge")
    table = "part,operator,value\n" + "\n".join(f"{p},{o},{v}" for p, o, v in aiag())
    panel.locator("textarea").fill(table)
    panel.get_by_role("button", name="Work it out").click()
    row = panel.locator("tr", has_text="gauge R&R").first
    expect(row).to_contain_text("0.30237")
    expect(row).to_contain_text("27.86")
    expect(panel.get_by_text("94.6471").first).to_be_visible()
    panel.locator("textarea").fill("part,operator,value\n1,A,5\n1,A,6\n")
    panel.get_by_role("button", name="Work it out").click()
    expect(panel.get_by_role("alert")).to_contain_text("one operator")
    assert panel.locator("tr").count() == 0


def test_a_file_and_readings_of_the_books_give_the_same(site: Site, tmp_path: Path):
    page = opened(site, "gauge", shop.DEPTH)
    panel = page.locator("#lb-panel-gauge")
    file = tmp_path / "study.csv"
    file.write_text("part;operator;value\n" + "\n".join(f"{p};{o};{str(v).replace('.', ',')}" for p, o, v in aiag()))
    panel.locator("input[type=file]").set_input_files(file)
    expect(panel.locator("tr", has_text="gauge R&R").first).to_contain_text("0.30237")
    panel.get_by_role("button", name="readings in the books").click()
    panel.get_by_role("button", name="Work it out").click()
    expect(panel.get_by_text("Gauge study of flange:depth")).to_be_visible()
    expect(panel.locator("tr", has_text="gauge R&R").first).to_contain_text("0.30237")


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_the_panels_speak_the_language(site: Site, language: str):
    say = words(language)
    page = opened(site, "capability", shop.DIAMETER, language)
    panel = page.locator("#lb-panel-capability")
    expect(panel.get_by_text(say("Pieces beyond the limits"))).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1
