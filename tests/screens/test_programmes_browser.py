"""Programmes in a real browser: a task closed on evidence, a centre in and out, a target decided by who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens.site import Site, served
from tests.screens.test_programmes_api import office

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def plant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = office(tmp_path_factory.mktemp("programmes") / "office")
    with served(folder, {"li": "engineer", "wu": "admin"}) as url:
        yield url


def enter(site: Site, user: str, language: str = "en") -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{language}/indicators?tab=programmes")
    expect(page.locator("#lb-panel-programmes .lb-ppart")).to_be_visible(timeout=60_000)
    return page


def test_a_task_is_late_and_closes_on_evidence_only(site: Site, tmp_path: Path) -> None:
    page = enter(site, "li")
    page.get_by_text("Take a task on").click()
    new, tasks, one = (page.locator(f"[data-part={name}]") for name in ("new-task", "tasks", "task"))
    for name, text in (("name", "found the centre"), ("owner", "MIIT"), ("due", "2019-06-30"), ("item", "T99")):
        new.locator(f"[data-field={name}]").fill(text)
    new.locator("[data-act=open]").click()
    expect(page.get_by_text("T99")).to_be_visible()  # the slip is named, and what was typed is still there
    new.locator("[data-field=item]").fill("T13")
    new.locator("[data-act=open]").click()
    expect(tasks).to_contain_text("now before: who steers the plan")
    page.get_by_role("button", name="Pass up what is late").click()
    expect(page.get_by_text("passed up: 1")).to_be_visible()
    one.locator("[data-field=text]").fill("it stands")
    one.locator("[data-act=close]").click()
    expect(page.get_by_text("nothing closes without evidence")).to_be_visible()
    expect(one.locator("[data-field=text]")).to_have_value("it stands")
    paper = tmp_path / "charter.pdf"
    paper.write_bytes(b"signed")
    one.locator("input[type=file]").set_input_files(paper)
    expect(one.locator("[data-part=papers]")).to_contain_text("charter.pdf")
    one.locator("[data-act=close]").click()
    expect(page.locator("[data-part=task-count]")).to_contain_text("0 open, 1 done")
    one.locator("[data-field=text]").fill("of another site")
    one.locator("[data-act=reopen]").click()
    expect(page.locator("[data-part=task-count]")).to_contain_text("1 late, 1 open")
    expect(tasks).not_to_contain_text("evidence: 1")  # what it was closed on proves it no more


def test_a_centre_is_put_in_and_taken_out(site: Site, tmp_path: Path) -> None:
    page = enter(site, "li", "zh")
    new, things = page.locator("[data-part=new-thing]"), page.locator("[data-part=things]")
    row = page.locator("#lb-panel-programmes .lb-ppart tr", has_text="T13")
    new.locator("[data-field=name]").fill("电池中心")
    new.locator("[data-field=day]").fill("2016-06-30")
    new.locator("[data-field=facts]").fill("1")
    new.locator("[data-act=count]").click()
    expect(things).to_contain_text("电池中心")
    expect(row).to_contain_text("1 家")
    things.get_by_role("button").click()
    out = page.locator("[data-part=out]")
    out.locator("[data-field=day]").fill("2018-01-01")
    out.locator("[data-act=withdraw]").click()
    expect(page.get_by_text("没有理由不能移出")).to_be_visible()
    out.locator("[data-field=why]").fill("关闭")
    out.locator("[data-act=withdraw]").click()
    expect(things).to_contain_text("自 2018-01-01 起移出：关闭")
    expect(row).to_contain_text("0 家")


def test_a_target_is_proposed_and_decided_by_who_may(site: Site) -> None:
    page = enter(site, "li")
    page.get_by_text("Put an item on the agenda").click()
    new, item = page.locator("[data-part=new-item]"), page.locator("[data-part=item]")
    new.get_by_role("button", name="I01 2025: 1.68 →").click()  # what the course so far proposes, with its reasons
    expect(new.locator("select")).to_have_value("I01:2025")
    expect(new.locator("[data-field=text]")).to_have_value(re.compile("met with a chance of 0%, 6 years known"))
    new.locator("[data-field=value]").fill("1.2")
    new.locator("select").select_option("")
    new.locator("[data-act=item]").click()
    expect(page.get_by_text("which target is to be another one?")).to_be_visible()
    new.locator("select").select_option("I01:2025")
    new.locator("[data-act=item]").click()
    expect(page.locator("[data-part=agenda]")).to_contain_text("proposed: I01 2025 → 1.2")
    expect(item.locator("[data-act=advice]")).to_be_visible()
    expect(item.locator("[data-act=adopt]")).to_have_count(0)
    page = enter(site, "wu")
    page.locator("[data-part=agenda] button").click()
    item = page.locator("[data-part=item]")
    expect(item.locator("[data-field=quotes]")).to_have_value("I01:2020")
    item.locator("[data-field=text]").fill("lowered")
    item.locator("[data-act=adopt]").click()
    decided = page.locator("#lb-panel-programmes .lb-ppart", has_text="Targets decided anew")
    expect(decided).to_contain_text("1.2 %", timeout=30_000)
    expect(page.locator("[data-part=said]")).to_contain_text("wu · lowered")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_table_names_documents_that_are_sent_with_it(site: Site, tmp_path: Path) -> None:
    page = enter(site, "li")
    table, paper = tmp_path / "factories.csv", tmp_path / "list.pdf"
    table.write_text("item,thing,day,region,document\nT20,works 1,2018-03-01,CN/31,list.pdf\n", "utf-8")
    paper.write_bytes(b"signed")
    part = page.locator("[data-part=table]")
    part.locator("[data-field=table] input[type=file]").set_input_files(table)
    expect(part.locator("[data-part=table-name]")).to_contain_text("factories.csv")
    part.locator("[data-act=take-table]").click()
    expect(page.get_by_text("a document that was not sent")).to_be_visible()
    part.locator("input[type=file]").last.set_input_files(paper)
    expect(part.locator("[data-part=papers]")).to_contain_text("list.pdf")
    part.locator("[data-act=take-table]").click()
    page.locator("[data-part=things]").locator("xpath=..").locator("select").select_option("T20")
    expect(page.locator("[data-part=things]")).to_contain_text("works 1")


def test_a_question_to_a_firm_is_answered(site: Site) -> None:
    site.enter("li")
    page = site.page()
    page.goto(f"{site.url}/en/indicators?tab=returns")
    panel = page.locator("#lb-panel-returns")
    expect(panel.locator("select[aria-label='unit'] option")).to_have_count(6, timeout=60_000)
    panel.locator("select[aria-label='unit']").select_option("f002")
    panel.get_by_role("button", name="The firm answers").click()
    expect(page.get_by_text("No question to this unit is open.")).to_be_visible()
    panel.locator("[data-field=text]").fill("why so much?")
    panel.get_by_role("button", name="Ask the firm").click()
    question = panel.locator("select[aria-label='open question']")
    expect(question).to_contain_text("why so much?", timeout=30_000)
    panel.locator("[data-field=text]").fill("a furnace was sold")
    panel.get_by_role("button", name="The firm answers").click()
    expect(question).not_to_contain_text("why so much?", timeout=30_000)
