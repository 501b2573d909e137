"""The first tab of the loop: what it sees and proposes, taken on a phone, done, undone, declined; stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from luban.core.time import HOUR, MINUTE, now
from luban.decide.maintain import work_orders
from luban.decide.schedule.build import Builder
from luban.decide.schedule.problem import NONE
from luban.decide.schedule.schedule import Schedule
from luban.ledger import Ledger, LedgerWriter
from luban.loop.deciding.record import Stage, fold_decisions
from luban.loop.places import places
from luban.loop.plans import Plans
from luban.understand.book import entries
from tests.screens.rest import PASSWORD
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

PLANT = """
[plant]
id = "p"
name = "Plant"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "mill"
name = "Mill"

[[equipment]]
path = "saw"
name = "Saw"

[[lever]]
id = "maintenance"
mode = "confirm"
approver = "operator"
figure = "scrap mill"

[[lever]]
id = "condition"
mode = "automatic"

[[lever]]
id = "dispatch"
mode = "confirm"
approver = "operator"
"""
TABLES = {
    "items.csv": "id,name,unit\nx,X,piece\ny,Y,piece\n",
    "routing.csv": "item,operation,unit,ideal_cycle_s,setup_s\nx,10,saw,60,0\nx,20,mill,60,0\ny,20,mill,60,0\n",
    "orders.csv": "id,item,quantity,release,due,priority\nA-1,x,30,,,\nA-2,y,30,,,\n",
}
TASKS = """\
asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist,planned_cost,failure_cost,failure_duration,hour_cost
mill,grease,,calendar,2d,,30min,,,,,,,,
mill,change oil,,calendar,3d,,1h,,,,,,,,
mill,wash,,calendar,5d,,1h,,,,,,,,
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("loop")
    (made / "plant.toml").write_text(PLANT, "utf-8")
    for name, text in (TABLES | {"maintenance.csv": TASKS}).items():
        (made / name).write_text(text, "utf-8")
    with LedgerWriter(places(made).ledger) as writer:
        told = {"time": [now() - HOUR], "subject": ["p/mill"], "state": ["running"], "mapping": ["generic@1"]}
        writer.append("state", told | {"quality": [0]}, source="cell")
    shop = Builder("p", now() // HOUR * HOUR, MINUTE)
    shop.machine("p/mill")
    for order in ("A-1", "A-2"):
        shop.job(order, due=100)
        shop.operation(order, {"p/mill": 90}, name=f"{order}/20")
    start = np.array([0, 90], np.int64)
    plan = Schedule(shop.problem(), np.zeros(2, np.int64), start, start + 90, start, start, np.full(2, NONE))
    plans = Plans(made)
    plans.publish(plans.make(plan, {"objective": "tardiness"}, who="li"), who="li")
    return made


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
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


def test_a_proposal_is_taken_on_a_phone_done_and_undone(site: Site, folder: Path) -> None:
    page = enter(site, "chen", "zh/loop")
    page.set_viewport_size({"width": 390, "height": 840})
    card = page.locator("[data-part=proposed] [data-decision]", has_text="grease")
    expect(card).to_contain_text("一周内到期", timeout=60_000)  # the plant has just started: it looks around first
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("button", name="采纳", exact=True).click()
    line = page.locator("[data-part=did] tr[data-decision]", has_text="grease")
    expect(line).to_contain_text("完成", timeout=30_000)
    expect(line).to_contain_text("无法评判")  # there are no facts from before to judge by
    ledger = Ledger(places(folder).ledger)
    (order,) = work_orders(ledger).values()
    assert (order.machine, order.task, order.why, order.state) == ("p/mill", "grease", "calendar", "planned")
    ask, head = site.context.request, token(site, "li")
    decisions = ask.get(f"{site.url}/api/v1/acting/decisions", headers=head).json()
    wash = next(one["id"] for one in decisions if one["target"] == "p/mill:wash")
    line.get_by_role("button", name="撤销").hover()
    page.mouse.down()  # a new line moves all others while the finger rests: what was pressed counts
    acts = f"{site.url}/api/v1/acting/decisions/{wash}/acts"
    assert ask.post(acts, headers=head, data={"act": "decline"}).status == 201
    expect(page.locator("[data-part=did] tr[data-decision]", has_text="wash")).to_be_visible()
    page.mouse.up()
    expect(line).to_contain_text("已撤销")
    assert work_orders(ledger)[order.id].state == "cancelled"
    ledger.close()


def test_a_list_by_what_is_there_is_given_taken_back_and_that_is_known(site: Site) -> None:
    page = enter(site, "chen", "en/loop")
    card = page.locator("[data-part=proposed] [data-decision]", has_text="Mill: next A-2 20, A-1 20")
    expect(card).to_contain_text("A-1 is not there yet: mill is done 30 min sooner if it takes A-2 first")
    expect(card).to_contain_text("not priced: what an hour of p/mill is worth is in neither")
    expect(page.locator("[data-part=list] li").first).to_contain_text("A-1 · 20")
    card.get_by_role("button", name="Take it").click()
    line = page.locator("[data-part=did] tr[data-decision]", has_text="Mill: next A-2")
    expect(line).to_contain_text("done")
    expect(page.locator("[data-part=list] li").first).to_contain_text("A-2 · 20")
    line.get_by_role("button", name="Undo").click()
    back = page.locator("[data-part=taken-back] li")
    expect(back.first).to_contain_text("taken back: Mill: next A-2 20, A-1 20")
    expect(page.locator("[data-part=list] li").first).to_contain_text("A-1 · 20")
    expect(back.last).to_contain_text("WO-0001"), "the work order that was undone is on the list too"
    back.first.get_by_role("button", name="I know").click()
    expect(back).to_have_count(1)
    page.reload()
    expect(back).to_have_count(1)


def test_the_loop_says_what_it_sees_and_what_comes_next_and_takes_a_no(site: Site, folder: Path) -> None:
    page = enter(site, "li", "en/loop")
    expect(page.locator("[data-part=sees]")).to_contain_text("1 of 2 machines produce")
    expect(page.locator("[data-part=levers] [data-lever=condition]")).to_contain_text("needs a vibration signal")
    expect(page.locator("[data-part=list] li").last).to_contain_text("A-2 · 20")
    card = page.locator("[data-part=proposed] [data-decision]", has_text="change oil")
    card.locator("[data-field=why]").fill("it was done on Friday")
    card.get_by_role("button", name="Decline").press("Enter")
    line = page.locator("[data-part=did] tr[data-decision]", has_text="change oil")
    expect(line).to_contain_text("declined: it was done on Friday")
    line.get_by_role("button", name="Mill: change oil").click()
    expect(page.locator(".lb-command", has_text="Decision D-")).to_contain_text("li")
    ledger = Ledger(places(folder).ledger)
    found = fold_decisions(entries(ledger, "decision"))
    ledger.close()
    told = {one.act.value["task"]: (one.stage, one.person) for one in found.values() if one.act.kind == "maintain"}
    lists = [(one.stage, one.noted) for one in found.values() if one.act.kind == "dispatch"]
    assert lists[0] == (Stage.UNDONE, "chen")
    assert told == {
        "grease": (Stage.UNDONE, "chen"), "change oil": (Stage.DECLINED, "li"), "wash": (Stage.DECLINED, "li"),
    }  # fmt: skip


def test_rest_shows_the_same_and_the_stop_holds(site: Site) -> None:
    ask, head = site.context.request, token(site, "li")
    address = f"{site.url}/api/v1/acting"
    decisions = ask.get(f"{address}/decisions", headers=head).json()
    assert {one["stage"] for one in decisions if one["kind"] == "maintain"} == {"undone", "declined"}
    name = next(one["id"] for one in decisions if one["kind"] == "maintain")
    assert ask.get(f"{address}/decisions/{name}", headers=head).json()["bound"] == "one work order; nothing stops by it"
    assert [one["id"] for one in ask.get(f"{address}/levers", headers=head).json()["levers"]] == [
        "set-point", "maintenance", "condition", "dispatch",
    ]  # fmt: skip
    assert ask.get(f"{address}/lists", headers=head).json()["p/mill"][-1]["order"] == "A-2"
    acts = f"{address}/decisions/{name}/acts"
    assert ask.post(acts, headers=token(site, "wang"), data={"act": "take"}).status == 403
    assert ask.post(acts, headers=head, data={"act": "take"}).status in {400, 409, 422}
    assert ask.post(f"{address}/stop", headers=head, data={"why": "drill"}).status == 201
    page = enter(site, "li", "ko/loop")
    expect(page.locator(".lb-stopcard")).to_be_visible()
    expect(page.locator("[data-part=did]")).not_to_contain_text("Undo")
    refused = ask.post(acts, headers=head, data={"act": "undo"})
    assert refused.status == 403
    assert ask.post(f"{address}/release", headers=head, data={"why": "done"}).status == 201
