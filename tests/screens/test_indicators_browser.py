"""The page of indicators in a real browser: sums done by hand, down to a fact; a viewer is told of no firm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.norms.plans import load_plan
from luban.rollup.returns import read_returns, take, vintage_row
from luban.screens.service import PlantView
from luban.screens.service.releases import Releases
from luban.screens.service.rollup import RollupBooks
from tests.screens.rest import PASSWORD
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

PLANT = '[plant]\nid = "office"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n'
REGIONS = ("31", "32", "33")
YEARS = range(2015, 2021)
HEADS = ("unit", "year", "region", "industry", "size", "above_scale", "revenue", "rd_spend", "key_processes",
         "nc_key_processes")  # fmt: skip


def firms() -> list[tuple[str, int, str, str, str, int, float, float, int, int]]:
    """Five firms a region; of the last region one alone is in C38."""
    rows = []
    for r, region in enumerate(REGIONS):
        for k in range(5):
            industry = "C3829" if (region, k) == ("33", 0) else "C3421"
            for year in YEARS:
                revenue = 1000.0 * (k + 1) * (1 + 0.1 * (year - 2015)) * (1 + r)
                rows.append((
                    f"f{region}{k}", year, f"CN/{region}", industry, "small", 1, revenue, 0.01 * (k + 1) * revenue / 3,
                    10, min(10, k + r + (year - 2015)),
                ))  # fmt: skip
    return rows


def table(rows: list[tuple[object, ...]]) -> str:
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(HEADS)
    writer.writerows(rows)
    return held.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("office")
    (made / "plant.toml").write_text(PLANT, "utf-8")
    (made / "first.csv").write_text(table(list(firms())), "utf-8")
    with LedgerWriter(places(made).ledger):
        pass
    ledger = Ledger(places(made).ledger)
    plan = load_plan()
    taken = take(ledger, plan, read_returns(made / "first.csv", plan))
    ledger.close()
    with LedgerWriter(places(made).ledger) as writer:
        for stream, rows in taken.parts():
            writer.append(stream, rows, source="returns")
        writer.append("event", vintage_row("in May", 1_000_000, person="li"), source="test")
    with LedgerWriter(places(made).ledger) as writer:
        out = Releases(RollupBooks(PlantView(made))).make("in May", "li")[1]
        writer.append("event", out, source="test")
    return made


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def ratio(year: int, region: str = "") -> float:
    own = [row for row in firms() if row[1] == year and row[2].startswith(f"CN/{region}")]
    return 100 * sum(row[7] for row in own) / sum(row[6] for row in own)


def test_the_board_has_what_a_sum_by_hand_has_and_a_tile_opens_its_region(site: Site) -> None:
    page = enter(site, "li", "en/indicators")
    tile = page.locator("button[data-indicator=I01]")
    expect(tile).to_contain_text(f"{ratio(2020):.2f}", timeout=60_000)
    mean = sum(10.0 * row[9] for row in firms() if row[1] == 2020) / 15
    expect(page.locator("button[data-indicator=I08]")).to_contain_text(f"{mean:.2f}")
    expect(page.locator("button[data-indicator=I03]")).to_contain_text("–")  # one part is missing: withheld, no guess
    page.get_by_role("tab", name="Regions").click()
    shown = page.locator(".lb-tiles g[data-pick='CN/32']")
    expect(shown).to_contain_text("Jiangsu")
    shown.click()
    expect(tile).to_contain_text(f"{ratio(2020, '32'):.2f}")


def test_who_may_not_correct_is_told_the_release_and_of_no_firm(site: Site) -> None:
    page = enter(site, "wang", "en/indicators")
    expect(page.get_by_role("tab")).to_have_text(["Indicators", "Regions", "Where it comes from", "What if"])
    tile = page.locator("button[data-indicator=I01]")
    expect(tile).to_contain_text(f"{ratio(2020):.2f}", timeout=60_000)
    expect(page.locator(".lb-tbar label")).to_have_count(3)  # region, industry, release: no state of the books
    tile.click()
    page.get_by_role("button", name="by industry").click()
    alone = page.locator("tr:has([data-part=C38])")
    expect(alone).to_contain_text("withheld")
    expect(alone.locator("td").nth(3)).to_have_text("–")
    expect(page.get_by_role("button", name="by enterprise")).to_have_count(0)
    ask = site.context.request
    token = ask.post(f"{site.url}/api/v1/login", data={"user": "wang", "password": PASSWORD}).json()["token"]
    head = {"Authorization": f"Bearer {token}"}
    for address in (
        "indicators/review?year=2020", "indicators/bundle?year=2020", "indicators/I01/facts?year=2020&unit=f330",
        "returns?year=2020",
        "returns/values?unit=f330&year=2020", "returns/form?unit=f330&year=2020", "returns/own?year=2020", "facts/1",
    ):  # fmt: skip
        assert ask.get(f"{site.url}/api/v1/{address}", headers=head).status == 403, address


def test_an_engineer_sees_what_everybody_is_told(site: Site) -> None:
    page = enter(site, "li", "en/indicators?tab=origin&of=I01")
    expect(page.get_by_role("button", name="by enterprise")).to_be_visible(timeout=60_000)
    page.locator("#lb-panel-origin").get_by_label("as released").select_option("in May")
    expect(page.get_by_role("button", name="by enterprise")).to_have_count(0)
    expect(page.locator("#lb-panel-origin .lb-pfacts")).to_contain_text("in May")


def test_an_engineer_comes_down_to_the_facts_of_a_firm(site: Site) -> None:
    page = enter(site, "li", "zh/indicators?tab=origin&of=I01")
    page.get_by_role("button", name="按企业").click()
    row = page.locator(".lb-table tr", has_text="f324")
    expect(row).to_be_visible()
    row.get_by_role("button").click()
    fact = page.locator("[data-fact]")
    expect(fact).to_contain_text("15,000")  # revenue of 2020: 1000 · 5 · 1.5 · 2
    expect(fact).to_contain_text("250")  # R&D: 5 % of it, by 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_file_is_looked_through_taken_in_and_the_old_state_can_be_had_again(site: Site, tmp_path: Path) -> None:
    page = enter(site, "li", "en/indicators?tab=returns")
    page.locator("[data-field=text] input, input[data-field=text]").first.fill("before the revision")
    page.get_by_role("button", name="Name this state of the books").click()
    expect(page.locator("select[aria-label='state of the books'] option")).to_have_count(2, timeout=30_000)
    revised = [(*row[:7], 10 * row[7], *row[8:]) for row in firms() if row[1] == 2020 and row[0] == "f314"]
    file = tmp_path / "revised.csv"
    file.write_text(table([*revised, ("f310", 2020, "CN/31", "C3421", "small", 1, 0, 5, 10, 3)]), "utf-8")
    page.locator("input[type=file]").set_input_files(file)
    found = page.locator("[data-part=review]")
    expect(found).to_contain_text("revised.csv:3")  # the row with a revenue of nothing
    page.get_by_role("button", name="Take it into the books").click()
    expect(found).to_contain_text("revised", timeout=30_000)
    page.get_by_role("tab", name="Indicators", exact=True).click()
    tile = page.locator("button[data-indicator=I01]")
    expect(tile).not_to_contain_text(f"{ratio(2020):.2f}")
    page.locator("#lb-panel-board select[aria-label='state of the books']").select_option(index=1)
    expect(tile).to_contain_text(f"{ratio(2020):.2f}")


def test_a_slider_changes_the_chance_of_its_target(site: Site) -> None:
    page = enter(site, "li", "en/indicators?tab=scenario")
    slider = page.locator("input[type=range][data-indicator=I01]")
    slider.evaluate("(one) => { one.value = '0.15'; one.dispatchEvent(new Event('change', {bubbles: true})); }")
    row = page.locator("#lb-panel-scenario tr", has_text="I01")
    expect(row).to_contain_text("2025")
    expect(page.locator(".lb-slider", has_text="I01")).to_contain_text("+15.0 % a year")


def test_a_return_is_filled_in_on_the_page_and_a_slip_is_named_before_it_is_taken(site: Site) -> None:
    page = enter(site, "li", "zh/indicators?tab=returns")
    page.locator("[data-field=form-unit]").fill("f311")
    page.locator("[data-field=form-year]").fill("2020")
    page.get_by_role("button", name="打开报表").click()
    form = page.locator("[data-part=form]")
    expect(form.locator("[data-field=region]")).to_have_value("CN/31")
    expect(form.locator("[data-field=revenue]")).to_have_value("3000")
    form.locator("[data-field=nc_key_processes]").fill("12")  # more than there are key processes
    form.get_by_role("button", name="审核").click()
    expect(page.locator("[data-part=review]")).to_contain_text("12")
    form.locator("[data-field=nc_key_processes]").fill("10")
    form.get_by_role("button", name="审核").click()
    take_it = page.locator("[data-act=take]")
    expect(take_it).to_be_visible()
    take_it.click()
    expect(page.locator("[data-part=review]")).to_contain_text("报表已入账", timeout=30_000)
