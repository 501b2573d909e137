"""Partners, stock, scans and claims on the trace page in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.screens.site import Site, served
from tests.screens.test_trace_partners import steel
from tests.screens.trace_shop import traced

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = traced(tmp_path_factory.mktemp("desks") / "plant")
    (made / "kanban.csv").write_text("id,item,place,source,quantity,cards\nK1,gear,line,store,6,3\n", "utf-8")
    (made / "bom.csv").write_text("parent,item,quantity\nshaft,steel,5\n", "utf-8")
    (made / "orders.csv").write_text("id,item,quantity\nM9,shaft,9\n", "utf-8")
    (made / "codes.csv").write_text("code,kind,name\nMILL,machine,mill\n", "utf-8")
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


def test_a_partner_is_granted_shown_and_handed_a_view(site: Site, tmp_path: Path) -> None:
    page = enter(site, "li", "en/trace?tab=partners")
    panel = page.locator("#lb-panel-partners")
    form = panel.locator(".lb-tform").filter(has=page.locator("[data-field=partner]"))
    form.locator("[data-field=partner]").fill("customer:north")
    form.locator("[data-field=shows-made]").uncheck()
    form.get_by_role("button", name="Grant").click()
    expect(panel.locator("[data-partner='customer:north']")).to_contain_text("item · steps back: 1")
    expect(panel.locator("[data-field=seen]")).to_have_value("BOX-1")
    panel.get_by_role("button", name="See what it sees").click()
    expect(panel.locator(".lb-tpicture")).to_contain_text("P-1")
    expect(panel.locator(".lb-tpicture")).to_contain_text("# ")
    expect(panel.locator(".lb-sheet").first).to_contain_text("only a hash")
    expect(panel.locator(".lb-tpicture")).not_to_contain_text("S-1")
    with page.expect_download() as got:
        panel.get_by_role("button", name="Hand it over").click()
    assert "S-1" not in json.dumps(list(json.loads(got.value.path().read_text("utf-8"))["heads"]))
    expect(panel.locator("[data-partner='customer:north'] td").nth(3)).to_have_text("1")
    forged = steel()
    next(row for row in forged["records"] if row.get("lot") == "S-1")["fields"]["item"]["value"] = "gold"
    (tmp_path / "steel.json").write_text(json.dumps(forged), "utf-8")
    panel.locator("[data-field=from]").fill("steel works")
    panel.locator("input[type=file]").set_input_files(tmp_path / "steel.json")
    expect(panel).to_contain_text("Taken in, with 1 faults.")
    expect(panel).to_contain_text("item is not what the record was made with")
    panel.get_by_role("button", name="Check all hashes").click()
    expect(panel).to_contain_text("as it was handed over")


def test_lots_found_by_a_condition_go_to_the_recall_desk(site: Site) -> None:
    page = enter(site, "li", "en/trace")
    page.locator("summary").click()
    page.get_by_label("alarm: its code, or a work unit").fill("overheat")
    page.locator("[data-field=margin]").fill("5")
    page.get_by_label("person").select_option("chen")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#lb-panel-explorer")).to_contain_text("1 lots in 1 steps of work")
    page.get_by_role("button", name="To the recall desk").click()
    panel = page.locator("#lb-panel-recall")
    expect(panel.locator("[data-field=suspects]")).to_have_value("P-1")
    expect(panel.locator(".lb-tform input")).to_have_value(
        "alarm: its code, or a work unit overheat, minutes before and after 5, person chen"
    )
    expect(panel.locator(".lb-sheet").first).to_contain_text("customer:south")


def test_a_card_is_filled_and_a_move_of_too_much_refused(site: Site) -> None:
    page = enter(site, "li", "en/trace?tab=stock")
    panel = page.locator("#lb-panel-stock")
    loop = panel.locator("[data-loop=K1]")
    expect(loop).to_contain_text("0 of 3 full")
    loop.get_by_role("button", name="Fill a card").click()
    expect(loop).to_contain_text("1 of 3 full")
    for name, text in (("item", "gear"), ("lot", "G-1"), ("origin", "line"), ("quantity", "7")):
        panel.locator(f"[data-field=move-{name}]").fill(text)
    panel.get_by_role("button", name="Book it").click()
    expect(page.get_by_text("there is not so much of it at this place")).to_be_visible()
    panel.locator("[data-field=move-quantity]").fill("2")
    panel.get_by_role("button", name="Book it").click()
    expect(panel.locator("[data-field=move-lot]")).to_have_value("")
    panel.get_by_label("order").first.select_option("M9")
    expect(panel).to_contain_text("25 kg")
    panel.get_by_label("item").first.select_option("gear")
    row = panel.locator("tr").filter(has_text="line").filter(has=page.locator("[data-lot='G-1']"))
    expect(row).to_contain_text("4 piece")
    row.locator("[data-lot='G-1']").click()
    expect(page.locator(".lb-town")).to_contain_text("G-1")


def test_part_person_tool_and_machine_are_joined_by_a_scanner(site: Site) -> None:
    page = enter(site, "li", "en/trace?tab=scan")
    panel = page.locator("#lb-panel-scan")
    box = panel.locator("[data-field=scanned]")
    expect(panel).to_contain_text("Nothing was joined yet.")
    panel.get_by_label("the next part is new: its item").select_option("gearbox")

    def scan(code: str, sign: str) -> None:
        box.fill(code)
        box.press("Enter")
        expect(panel).to_contain_text(sign)

    scan("nothing", "part: nothing")
    panel.get_by_role("button", name="Begin anew").click()
    expect(panel.locator("[data-read=read-part]")).to_have_count(0)
    scan("]d2010952114101234521B-77", "part: B-77")
    scan("MILL", "work unit: jinan/mill")
    scan("chen", "person: chen")
    scan("T7", "tool: T7")
    scan("P-7", "nothing is named by this code · P-7")
    scan("G-1", "part: G-1")
    scan("G-1", "read twice: G-1")
    panel.get_by_role("button", name="Book it").click()
    expect(panel.locator("[data-lot='B-77']")).to_be_visible()
    expect(panel.locator("[data-read=read-machine]")).to_contain_text("jinan/mill")
    panel.locator("[data-lot='B-77']").click()
    expect(page.locator(".lb-tpicture [data-lot='G-1']")).to_be_visible()
    expect(page.locator(".lb-tplain")).to_contain_text("T7")


def test_a_claim_is_registered_decided_and_closed_with_a_reason(site: Site) -> None:
    page = enter(site, "li", "zh/trace?tab=claims")
    panel = page.locator("#lb-panel-claims")
    expect(panel).to_contain_text("没有索赔记录")
    for lot, fault in (("BOX-2", "异响"), ("BOX-1", "异响 40 Hz")):
        panel.locator("[data-field=claim-lot]").fill(lot)
        panel.locator("[data-field=claim-fault]").fill(fault)
        panel.get_by_role("button", name="登记", exact=True).click()
        expect(panel.locator("[data-claim]").first).to_contain_text(lot)
        expect(panel.locator("[data-field=claim-fault]")).to_have_value("")
    expect(panel).to_contain_text("客户可要求: 退货退款, 换货, 免费修理")
    panel.get_by_role("button", name="作出处置").click()
    expect(panel.locator("[data-claim=C-2]")).to_contain_text("已处置")
    expect(panel).to_contain_text("○ 货物已退回")
    panel.locator("[data-field=claim-why]").fill("客户自行报废")
    panel.get_by_role("button", name="关闭索赔").click()
    expect(panel.locator("[data-claim=C-2]")).to_contain_text("无据结案")
    panel.locator("[data-field=of]").fill("异响")
    panel.get_by_role("button", name="搜索").click()
    expect(panel.locator(".lb-sheet")).to_contain_text("P-1")
    panel.get_by_role("button", name="将首个批次转到召回台").click()
    expect(page.locator("#lb-panel-recall [data-field=suspects]")).to_have_value("P-1")
