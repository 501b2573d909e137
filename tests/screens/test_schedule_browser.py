"""The planner's page in a real browser: bars, drag, refusal, undo, lock, keys, compare; by role, language, width."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from luban.core.time import HOUR
from luban.decide.maintain import WorkOrder
from luban.loop.plans import Plans
from luban.screens.service.schedule_stops import plan_problem
from tests.screens import schedule_shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "how-to" / "schedule.png"
GANTT = ".lb-gantt"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return schedule_shop.write(tmp_path_factory.mktemp("schedule") / "plant")


@pytest.fixture(scope="module")
def plant_url(plant: Path) -> Iterator[str]:
    with served(plant, {"admin": "admin", "li": "planner", "wang": "viewer"}) as url:
        yield url


@pytest.fixture
def plan(plant: Path) -> str:
    """A plan of its own for each test."""
    return schedule_shop.seed(plant, schedule_shop.problem(), name="Week 2")


def open_plan(site: Site, plan: str, language: str = "en", user: str = "li") -> Page:
    page = site.page()
    site.enter(user)
    page.goto(f"{site.url}/{language}/schedule?plan={plan}")
    expect(page.locator(f'{GANTT}[data-ready="{plan}"]')).to_be_visible()
    page.wait_for_function(f"Number(document.querySelector('{GANTT}').dataset.bars) > 0")
    return page


def spot(page: Page, name: str) -> dict[str, Any]:
    """Where a bar is on the page: middle and width [px]."""
    found = page.evaluate(
        """name => { const g = document.querySelector('.lb-gantt').gantt, d = g.data, op = d.operations.indexOf(name);
        const row = g.line.get(d.machine[op]), box = g.canvas.getBoundingClientRect();
        const [a, b] = [g.x(d.bar[0][op]), g.x(d.bar[1][op])];
        return {x: box.left + (a + b) / 2, y: box.top + 40 + row.y - g.top + 15, wide: b - a, op,
          hour: g.scale * 3600000 / d.tick, machine: d.machine[op], start: d.bar[0][op]} }""",
        name,
    )
    return dict(found)


def drag(page: Page, name: str, hours: float, rows: float = 0) -> None:
    page.evaluate("window.scrollTo(0, 0)")
    at = spot(page, name)
    page.mouse.move(at["x"], at["y"])
    page.mouse.down()
    page.mouse.move(at["x"] + 10, at["y"], steps=2)
    page.mouse.move(at["x"] + hours * at["hour"], at["y"] + rows, steps=6)
    page.mouse.up()


def version(page: Page, wanted: int) -> None:
    expect(page.locator(f'{GANTT}[data-version="{wanted}"]')).to_be_visible()


def test_all_bars_are_drawn_and_a_drag_is_shown_taken_and_undone(site: Site, plan: str):
    page = open_plan(site, plan)
    assert page.locator(GANTT).get_attribute("data-bars") == "48"
    before = spot(page, "PO-105/20")
    drag(page, "PO-105/20", 5, -30)  # from mill 2 up to mill 1
    ask = page.locator(".lb-ask")
    expect(ask).to_contain_text("Move PO-105/20 to Mill 1")
    assert int(page.locator(GANTT).get_attribute("data-preview") or 0) >= 1
    assert spot(page, "PO-105/20")["start"] == before["start"], "nothing is changed before it is confirmed"
    page.click(".lb-take")
    version(page, 1)
    after = spot(page, "PO-105/20")
    assert (after["machine"], before["machine"]) == (2, 3)
    assert abs(after["start"] - before["start"] - 300) < 30
    page.get_by_label("Undo").click()
    version(page, 2)
    assert spot(page, "PO-105/20")["start"] == before["start"]
    page.locator(".lb-gantt-entry").focus()
    page.keyboard.press("Control+y")
    version(page, 3)
    page.keyboard.press("Control+z")
    version(page, 4)
    page.click(".lb-tabs button:has-text('History')")
    rows = page.locator(".lb-history-table tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.nth(3)).to_contain_text("moved PO-105/20")
    expect(rows.nth(3).locator("s")).to_have_count(1)


def test_a_drag_is_refused_with_its_reason(site: Site, plan: str):
    page = open_plan(site, plan)
    drag(page, "PO-105/20", -4)
    tip = page.locator(".lb-gantt-tip")
    expect(tip).to_contain_text("PO-105/20 cannot start before")
    expect(tip).to_contain_text("PO-105/10 comes first")
    expect(tip).to_have_attribute("role", "alert")
    drag(page, "PO-105/20", 0.2, 60)  # down to the grinder
    expect(tip).to_contain_text("PO-105/20 cannot be done at Grinder")
    assert page.locator(GANTT).get_attribute("data-version") == "0"
    assert page.locator(".lb-ask").count() == 0


def test_leaving_it_changes_nothing(site: Site, plan: str):
    page = open_plan(site, plan)
    drag(page, "PO-110/10", 3, 30)
    expect(page.locator(".lb-ask")).to_be_visible()
    page.click("text=Leave it")
    expect(page.locator(".lb-ask")).to_have_count(0)
    assert page.locator(GANTT).get_attribute("data-version") == "0"


def test_the_keyboard_walks_opens_locks_and_carries(site: Site, plan: str):
    page = open_plan(site, plan)
    page.locator(".lb-gantt-entry").focus()

    def here() -> str:
        return str(page.evaluate("document.activeElement.dataset.operation"))

    first = here()
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith(first)
    assert "due" in label
    page.keyboard.press("ArrowRight")
    second = here()
    assert second != first
    page.keyboard.press("ArrowLeft")
    assert here() == first
    page.keyboard.press("ArrowDown")
    assert here() not in {first, second}
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    box = page.evaluate(
        "(() => { const b = document.activeElement.getBoundingClientRect(); return [b.width, b.height] })()"
    )
    assert box[0] > 4
    assert box[1] > 10
    assert "solid" in page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    name = here()
    page.keyboard.press("Enter")
    expect(page.locator(".lb-panel h2")).to_have_text(name.partition("/")[0])
    expect(page.locator("aside .lb-panel").first).to_contain_text("Where the time went")
    page.keyboard.press("l")
    version(page, 1)
    expect(page.locator('.lb-steps button[aria-pressed="true"]')).to_have_count(1)
    page.keyboard.press("m")
    expect(page.locator(".lb-gantt-tip")).to_contain_text("unlock it first")
    page.keyboard.press("l")
    version(page, 2)
    page.keyboard.press("m")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".lb-ask button:focus")).to_have_count(1)  # the one that takes it
    page.keyboard.press("Enter")
    version(page, 3)
    scale = page.evaluate("document.querySelector('.lb-gantt').gantt.scale")
    page.locator(".lb-gantt-entry").focus()
    page.keyboard.press("+")
    assert page.evaluate("document.querySelector('.lb-gantt').gantt.scale") > scale
    page.keyboard.press("0")
    # Escape lets go of the focus, and so does the last bar
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") != "lb-gantt-focus"
    page.locator(".lb-gantt-entry").focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") != "lb-gantt-focus"


def test_the_wheel_zooms_around_the_pointer_and_a_drag_of_the_ground_pans(site: Site, plan: str):
    page = open_plan(site, plan)
    at = spot(page, "PO-110/10")
    page.mouse.move(at["x"], at["y"])
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(200)
    near = spot(page, "PO-110/10")
    assert near["wide"] > 1.5 * at["wide"]
    assert abs(near["x"] - at["x"]) < at["wide"]
    page.mouse.wheel(0, 400)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 200)
    page.keyboard.up("Shift")
    page.wait_for_timeout(200)
    assert spot(page, "PO-110/10")["x"] < near["x"]


def test_two_plans_are_compared(site: Site, plan: str, plant: Path):
    other = schedule_shop.seed(plant, schedule_shop.problem(), name="Before")
    page = open_plan(site, plan)
    drag(page, "PO-110/10", 3, 30)
    page.click(".lb-take")
    version(page, 1)
    page.get_by_label("Compare with").select_option(other)
    table = page.locator(".lb-moved tbody tr")
    expect(table.first).to_be_visible()
    expect(page.locator(GANTT)).to_have_attribute("data-ghosts", str(table.count()))  # comes after the table
    expect(page.locator(".lb-moved")).to_contain_text("PO-110/10")
    expect(page.locator(".lb-figures-compared")).to_contain_text("setup time")


@pytest.mark.timeout(400)  # the first search compiles
def test_load_late_orders_and_the_dispatch_list(site: Site, plan: str):
    page = open_plan(site, plan)
    busy = page.locator(".lb-load .lb-busy").first
    expect(busy).to_contain_text("▲")
    page.click(".lb-segments button:has-text('by shift')")
    expect(page.locator(".lb-load thead")).to_contain_text("01-05 early")
    drag(page, "PO-101/30", 33)
    expect(page.locator(".lb-ask")).to_contain_text("PO-101 becomes late")
    page.click(".lb-take")
    version(page, 1)
    page.click(".lb-segments button:has-text('Orders')")
    page.wait_for_timeout(200)
    page.locator(".lb-gantt-entry").focus()
    page.keyboard.press("Home")
    assert "▲" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    expect(page.locator(".lb-facts .lb-late")).to_contain_text("late")
    expect(page.locator(".lb-panel h3")).to_contain_text("Why late?")
    page.click("text=What would it take?")
    expect(page.locator(".lb-ways")).to_contain_text("it goes before others", timeout=200_000)
    expect(page.locator(".lb-ways li").first).to_contain_text("on time")
    page.click(".lb-tabs button:has-text('Dispatch list')")
    expect(page.locator(".lb-dispatch tbody tr").first).to_be_visible()
    excel = page.request.get(page.url.split("/en/")[0] + f"/api/v1/schedule/plans/{plan}/excel")
    assert excel.body()[:2] == b"PK"


@pytest.mark.timeout(400)  # the first search compiles
def test_a_breakdown_is_entered_and_a_way_to_go_on_taken(site: Site, plan: str, plant: Path):
    page = open_plan(site, plan)
    page.click(".lb-tabs button:has-text('What happened?')")
    form = page.locator("aside .lb-panel .lb-form")
    form.get_by_label("Machine").select_option(label="Mill 2")
    form.get_by_label("Known since").fill("2026-01-05T13:00")
    form.get_by_label("From").fill("2026-01-05T13:00")
    form.get_by_label("To", exact=True).fill("2026-01-05T12:00")
    go = form.locator(".lb-main-button")
    go.click()
    expect(page.locator(".lb-repair")).to_contain_text("it ends before it begins, or is over", timeout=200_000)
    form.get_by_label("To", exact=True).fill("2026-01-05T19:00")
    go.click()
    rows = page.locator(".lb-options tbody tr")
    expect(rows.first).to_be_visible(timeout=200_000)
    assert rows.count() >= 2, "what was, and one way at least"
    expect(rows.nth(1)).to_contain_text("%")
    expect(page.locator('.lb-options [aria-pressed="true"]')).to_have_count(1)
    assert int(page.locator(GANTT).get_attribute("data-ghosts") or 0) >= 1
    assert page.locator(GANTT).get_attribute("data-version") == "0"
    if folder := os.environ.get("LUBAN_SHOTS"):
        page.screenshot(path=Path(folder) / "happened.png", full_page=True)
    before = {own.id for own in Plans(plant).all()}
    page.click("text=Take it as a new plan")
    expect(page.locator(".lb-plans tr[aria-current]")).to_contain_text("Mill 2 down 01-05 13:00 to 01-05 19:00")
    (made,) = {own.id for own in Plans(plant).all()} - before
    expect(page.locator(f'{GANTT}[data-ready="{made}"]')).to_be_visible()
    assert Plans(plant).get(made).history[0].who == "li"
    page.click(".lb-tabs button:has-text('History')")
    expect(page.locator(".lb-history-table")).to_contain_text(f"({plan})")


@pytest.mark.timeout(400)  # the first search compiles
def test_dates_are_quoted_for_a_new_order(site: Site, plan: str):
    page = open_plan(site, plan)
    page.click(".lb-tabs button:has-text('What happened?')")
    form = page.locator("aside .lb-panel .lb-form")
    form.get_by_label("What happened?").select_option(label="an order is asked for: by when?")
    expect(form.get_by_label("New order")).to_be_visible()
    form.get_by_label("Known since").fill("2026-01-05T07:00")
    form.get_by_label("Due").fill("2026-01-05T12:00")
    form.locator(".lb-main-button").click()
    expect(page.locator(".lb-repair")).to_contain_text("a name for a new order")
    form.get_by_label("New order").fill("PO-900")
    form.get_by_label("Made like").select_option("PO-103")
    form.locator(".lb-main-button").click()
    expect(page.locator(".lb-offers")).to_contain_text("cheapest in all", timeout=200_000)
    expect(page.locator(".lb-offers li").last).to_contain_text("nobody else moves")
    if folder := os.environ.get("LUBAN_SHOTS"):
        page.screenshot(path=Path(folder) / "offers.png", full_page=True)
    assert page.locator(GANTT).get_attribute("data-version") == "0"


def test_a_viewer_looks_and_moves_nothing(site: Site, plan: str):
    page = open_plan(site, plan, user="wang")
    expect(page.get_by_text("A planner can search for plans")).to_be_visible()
    assert page.get_by_label("Undo").count() == 0
    assert page.get_by_text("What happened?").count() == 0
    drag(page, "PO-110/10", 3, 30)
    expect(page.locator(".lb-gantt-tip")).to_contain_text("your role looks")
    # and the server refuses what the page does not offer
    page.evaluate(
        "document.querySelector('.lb-gantt').gantt.emit('move', {operation: 3, machine: 1, start: 500, version: 0})"
    )
    page.evaluate("document.querySelector('.lb-gantt').gantt.emit('lock', {operation: 3})")
    page.evaluate("document.querySelector('.lb-gantt').gantt.emit('undo', {})")
    expect(page.get_by_text("A planner can change plans").first).to_be_visible()
    assert page.locator(GANTT).get_attribute("data-version") == "0"


def test_a_change_in_one_browser_is_seen_in_another(site: Site, plan: str):
    one, other = open_plan(site, plan), open_plan(site, plan, user="wang")
    one.locator(".lb-gantt-entry").focus()
    one.keyboard.press("l")
    version(one, 1)
    version(other, 1)


def test_a_plan_older_than_the_orders_says_so(site: Site, plan: str, plant: Path):
    file = plant / "orders.csv"
    text = file.read_text("utf-8")
    try:
        file.write_text(text.replace("PO-101,", "PO-901,"), "utf-8")
        page = open_plan(site, plan)
        expect(page.locator(".lb-notice").first).to_contain_text("search again")
        expect(page.locator(".lb-notice").first).to_contain_text("PO-901")
        expect(page.locator(".lb-plans .lb-old").first).to_contain_text("older than the orders")
    finally:
        file.write_text(text, "utf-8")


def test_stops_of_maintenance_are_named_and_explained(site: Site, plant: Path):
    order = WorkOrder("WO-0007", "jinan/turning/lathe01", "spindle service", state="released",
                      start=schedule_shop.START + 2 * HOUR, minutes=120)  # fmt: skip
    left = WorkOrder("WO-0008", "jinan/turning/lathe77", "grease", start=schedule_shop.START, minutes=30)
    taken = plan_problem(plant, [order, left], at=schedule_shop.START)
    told = {"objective": "tardiness", "value": [0.0], "stops": [own.as_dict() for own in taken.stops]}
    made = schedule_shop.by_hand(taken.problem)
    plan = Plans(plant).make(made, told, who="li").id
    page = open_plan(site, plan, "zh")
    expect(page.locator(".lb-notice").first).to_contain_text("WO-0007 spindle service, lathe01")
    expect(page.locator(".lb-notice").first).to_contain_text("未列入计划: WO-0008 grease (工厂中没有这台机器)")
    at = spot(page, "WO-0007 spindle service jinan/turning/lathe01")
    page.mouse.click(at["x"], at["y"])
    panel = page.locator(".lb-panel .lb-facts")
    expect(panel).to_contain_text("WO-0007 spindle service")
    expect(panel).to_contain_text("已下达：按其时间停机")
    label = page.evaluate("op => document.querySelector('.lb-gantt').gantt.told(op)[0]", at["op"])
    assert label == "WO-0007 spindle service"


@pytest.mark.parametrize(("language", "word"), [("zh", "排程"), ("ko", "일정")])
def test_the_page_speaks_the_language(site: Site, plan: str, language: str, word: str):
    page = open_plan(site, plan, language)
    expect(page.locator("nav a[aria-current=page]").first).to_have_text(word)
    page.locator(".lb-gantt-entry").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lb-panel h3").first).to_be_visible()
    text = page.locator("main").inner_text()
    for english in (
        "Plan",
        "Search",
        "Load",
        "Machines",
        "Orders",
        "Why",
        "weighted",
        "due",
        "late",
        "setup",
        "closed",
    ):
        assert english not in text, english
    drag(page, "PO-105/20", -4)
    said = {"zh": "不能在", "ko": "시작할 수 없습니다"}[language]
    expect(page.locator(".lb-gantt-tip")).to_contain_text(said)


@pytest.mark.parametrize("width", [820, 1440])
def test_nothing_runs_out_of_the_page(site: Site, plan: str, width: int):
    page = open_plan(site, plan)
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator("button:visible").all():
        assert button.inner_text().strip() or button.get_attribute("aria-label")


def test_three_thousand_bars(site: Site, plant: Path):
    """Drawn in full, and only what is seen once zoomed in; how long a frame takes is told, not judged."""
    big = schedule_shop.seed(plant, schedule_shop.big(), name="Big")
    page = open_plan(site, big)
    told = page.evaluate(
        """async () => { const g = document.querySelector('.lb-gantt').gantt; g.tall = 1400; g.measure(); g.fit();
        const spent = [], gaps = []; let last = performance.now(), bars = 0;
        for (let n = 0; n < 90; n += 1) { await new Promise(requestAnimationFrame);
          const now = performance.now(); gaps.push(now - last); last = now; spent.push(g.spent);
          bars = Math.max(bars, Number(g.element.dataset.bars)); g.pan(n % 20 < 10 ? 8 : -8, 0); }
        g.fit(); g.zoom(12); await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        const middle = list => list.sort((a, b) => a - b)[list.length >> 1];
        return {bars, draw: middle(spent), frame: middle(gaps), near: Number(g.element.dataset.bars)} }"""
    )
    sys.stdout.write(f"3000 bars: {told['draw']:.1f} ms to draw, {told['frame']:.1f} ms a frame\n")
    assert told["bars"] == 3000
    assert told["near"] < 600


def test_an_empty_shop_says_what_to_do(site: Site, plan: str, plant: Path):
    kept = plant / ".luban" / "plans"
    away = kept.with_name("plans_away")
    kept.rename(away)
    try:
        page = site.page()
        site.log_in(page, user="li")
        page.click('nav a:has-text("Schedule")')
        expect(page.get_by_text("14 orders wait for a plan")).to_be_visible()
        assert page.locator(GANTT).is_hidden()
    finally:
        away.rename(kept)
    assert Plans(plant).get(plan).id == plan


def test_a_search_is_followed_and_given_up(site: Site, plan: str):
    page = open_plan(site, plan)
    panel = page.locator(".lb-search")
    page.get_by_label("Seconds", exact=True).fill("")
    page.click(".lb-main-button")
    expect(page.get_by_text("Seconds and seed must be numbers.")).to_be_visible()
    page.get_by_label("Seconds", exact=True).fill("300")
    page.click(".lb-main-button")
    expect(panel.locator(".lb-progress")).to_be_visible()
    expect(page.locator(".lb-main-button")).to_be_disabled()
    panel.get_by_text("Give up").click()
    expect(panel).to_contain_text("Given up.")
    expect(page.locator(".lb-main-button")).to_be_enabled()
    assert page.locator(GANTT).get_attribute("data-ready") == plan


def test_strangers_are_sent_to_the_form(site: Site):
    page = site.page()
    page.goto(f"{site.url}/schedule")
    assert page.url.endswith("/login")
    assert page.request.get(f"{site.url}/api/v1/schedule").status == 401


@pytest.mark.skipif(os.environ.get("LUBAN_UPDATE_SCREENSHOT") != "1", reason="makes the picture of the how-to page")
def test_the_picture_of_the_how_to(site: Site, plant: Path):
    schedule_shop.write(plant, 60, 0)
    page = open_plan(site, schedule_shop.seed(plant, schedule_shop.problem(60, 0), name="Week 2"))
    at = spot(page, "PO-154/20")
    page.mouse.click(at["x"], at["y"])
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 700)
    expect(page.locator(".lb-causes").first).to_be_visible()
    page.wait_for_timeout(500)
    page.screenshot(path=SCREENSHOT, clip={"x": 0, "y": 0, "width": 1440, "height": 860})
