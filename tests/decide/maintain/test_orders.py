"""Work orders, spare parts, what is due, weeks and people: from entries of the book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, parse_time, to_datetime
from luban.decide.maintain import (
    Technician,
    WorkOrder,
    due_tasks,
    findings,
    known_order,
    lives_on_record,
    lives_table,
    orders_of,
    plan_row,
    share_out,
    shelves,
    spare_row,
    step_row,
    stop_rows,
    warnings_of,
    week_of,
    windows,
    work_orders,
)
from luban.decide.schedule import Schedule, solve
from luban.decide.schedule.plant import plant_problem
from luban.plant import load
from luban.understand.book import row
from luban.understand.health.diagnosis import labels
from tests.understand.shop import M1, M2, Shop

TASKS = """\
asset,task,part,policy,interval,clock,duration,skill,people,parts,checklist
cell/m1,spindle service,spindle,age,10h,,4h,mechanic,2,bearing x2,oil; noise
cell/m1,grease,,calendar,7d,,30min,,,,
cell/m1,look at spindle,,condition,,,1h,,,,
cell/m2,motor,,failure,,,2h,electrician,,,
"""
SPARES = "id,name,lead,order_at\nbearing,Bearing 6205,30d,\nseal,Seal,,1\n"


class Works(Shop):
    """The small shop with maintenance."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "maintenance.csv").write_text(TASKS, "utf-8")
        (folder / "spares.csv").write_text(SPARES, "utf-8")
        self.plant = load(folder)

    def put(self, rows: dict[str, list[Any]], at: int) -> None:
        n = len(rows["kind"])
        self._append("event", "screens", {**rows, "time": [at] * n})

    def plan(self, machine: str = M1, task: str = "spindle service", at: int = 0, **more: Any) -> str:
        made, rows = plan_row(self.ledger, self.plant, machine, task, person="li", **more)
        self.put(rows, at or self.at("08:00"))
        return made

    def step(self, name: str, code: str, at: int = 0, text: str = "", **data: Any) -> None:
        self.put(step_row(self.ledger, name, code, person="wang", text=text, data=data), at or self.at("08:10"))

    def done(self, begin: int, hours: float = 2.0, **finding: Any) -> str:
        name = self.plan(at=begin - HOUR, why=finding.pop("why", "age"))
        self.step(name, "begin", begin)
        if finding:
            self.step(name, "finding", begin, **finding)
        self.step(name, "finish", begin + round(hours * HOUR))
        return name


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path / "works")
    yield made
    made.close()


def test_an_order_from_plan_to_close(works: Works) -> None:
    name = works.plan(why="condition", start=works.at("09:00"))
    assert name == "WO-0001"
    one = known_order(works.ledger, name)
    assert (one.state, one.part, one.minutes, one.skill, one.people) == ("planned", "spindle", 240, "mechanic", 2)
    assert (one.parts, one.checklist, one.unanswered) == ({"bearing": 2}, ("oil", "noise"), ("oil", "noise"))
    works.step(name, "move", start=works.at("10:00"))
    works.step(name, "move", minutes=200.0)  # longer, where it stands
    moved = known_order(works.ledger, name)
    assert (moved.start, moved.minutes) == (works.at("10:00"), 200.0)
    works.step(name, "release")
    works.step(name, "begin", works.at("10:05"))
    works.step(name, "check", item="oil", ok=True)
    works.step(name, "check", item="noise", ok=False, text="rattles")
    works.step(name, "finding", text="cage broken", part="spindle", found="worn", cause="lubrication")
    works.step(name, "finish", works.at("13:00"), hours=6)
    with pytest.raises(InputError, match="cannot take this step"):
        works.step(name, "begin")
    works.step(name, "close")
    one = known_order(works.ledger, name)
    assert (one.state, one.hours, one.used, one.unanswered) == ("closed", 6, {"bearing": 2}, ())
    assert one.answers["noise"] == (False, "rattles")
    assert one.renewed == {"spindle"}
    assert [code for _, _, code, _ in one.history][:3] == ["plan", "move", "move"]
    (label,) = findings(works.ledger)
    assert (label.machine, label.part, label.found, label.cause, label.why) == (
        M1, "spindle", "worn", "lubrication", "condition",
    )  # fmt: skip
    assert orders_of(works.ledger, M2) == ()
    assert one.as_dict()["checklist"][1]["in_order"] is False


def test_steps_that_do_not_fit_are_refused(works: Works) -> None:
    name = works.plan(why="failure")
    refused: tuple[tuple[str, dict[str, Any]], ...] = (
        ("jump", {}), ("close", {}), ("finish", {}), ("cancel", {}), ("check", {"item": "oil", "ok": True}),
    )  # fmt: skip
    for code, data in refused:
        with pytest.raises(InputError):
            step_row(works.ledger, name, code, person="li", data=data)
    works.step(name, "begin")
    for code, data in (("check", {"item": "colour"}), ("finding", {"part": "spindle", "found": "tired"}),
                       ("finding", {"found": "worn"}), ("finish", {"used": {"bearing": 1.5}})):  # fmt: skip
        with pytest.raises(InputError):
            step_row(works.ledger, name, code, person="li", data=data)
    works.step(name, "finish")
    with pytest.raises(InputError, match="checklist"):
        works.step(name, "close")
    for item in ("oil", "noise"):
        works.step(name, "check", item=item, ok=True)
    with pytest.raises(InputError, match="finding"):
        works.step(name, "close")  # an order after a failure says what was found
    with pytest.raises(InputError, match="no such work order"):
        known_order(works.ledger, "WO-0009")
    for machine, task in (("works/cell/m9", "x"), (M1, " ")):
        with pytest.raises(InputError):
            works.plan(machine, task)
    other = works.plan(M1, "something else", minutes=15)
    works.step(other, "cancel", text="not needed")
    assert work_orders(works.ledger)[other].state == "cancelled"


def test_entries_that_do_not_fit_change_nothing(works: Works) -> None:
    name = works.plan()
    works.put(row("workorder", name, "close", person="x"), works.at("08:20"))
    works.put(row("workorder", "WO-0777", "begin", person="x"), works.at("08:21"))
    works.put(row("workorder", name, "dance", person="x"), works.at("08:22"))
    assert {key: one.state for key, one in work_orders(works.ledger).items()} == {name: "planned"}


def test_shelves_count_what_comes_and_goes(works: Works) -> None:
    now = works.at("08:00", "2026-03-31")
    assert shelves(works.ledger, works.plant, now)["bearing"].on_hand is None  # nobody counted
    works.put(spare_row(works.plant, "bearing", "count", 5, person="li"), works.at("08:00", "2026-03-01"))
    works.put(spare_row(works.plant, "bearing", "order", 4, person="li"), works.at("08:00"))
    works.put(spare_row(works.plant, "bearing", "receive", 1, person="li"), works.at("08:00"))
    works.done(works.at("08:00"))
    works.done(works.at("12:00"))
    shelf = shelves(works.ledger, works.plant, now)["bearing"]
    assert (shelf.on_hand, shelf.ordered, shelf.why) == (2, 3, "demand")
    assert shelf.per_year == pytest.approx(4 / 30 * 365.25)
    assert (
        shelf.order_at == 8
    )  # 4 on average in 30 days of delivery; of Poisson counts 97.9 % are at most 8, 94.9 % at most 7
    assert shelf.low
    soon = shelves(works.ledger, works.plant, works.at("08:01", "2026-03-01"))["bearing"]
    assert (soon.per_year, soon.order_at) == (None, None)  # four parts in a minute are no two million a year
    for item, code, count in (("nut", "count", 1), ("seal", "eat", 1), ("seal", "take", 0)):
        with pytest.raises(InputError):
            spare_row(works.plant, item, code, count, person="li")


def test_what_is_due(works: Works) -> None:
    begin, now = works.at("08:00"), works.at("09:00", "2026-03-12")
    days = [f"2026-03-{day:02d}" for day in range(2, 12)]
    works.states(*[fact for day in days for fact in ((f"{day}T08:00", "running"), (f"{day}T09:00", "off"))])
    works.alive((f"{days[0]}T08:00", "2026-03-12T09:00"))
    found = {one.task.task: one for one in due_tasks(works.ledger, works.plant, now, asked={M1: "vibration rises"})}
    # ten days of one hour running: the age of 10 h is reached; nothing was ever done
    assert (found["spindle service"].state, found["spindle service"].used) == ("overdue", 10 * HOUR)
    assert (found["grease"].state, found["grease"].note, found["grease"].next) == ("overdue", "first", begin + 7 * DAY)
    assert (found["look at spindle"].state, found["look at spindle"].asked) == ("asked", "vibration rises")
    assert found["motor"].state == "at failure"
    works.done(works.at("09:00", "2026-03-06"))  # five running hours since; ten a ten days from now
    spindle = next(one for one in due_tasks(works.ledger, works.plant, now) if one.task.part == "spindle")
    assert spindle.state == "due"
    assert spindle.used == 5 * HOUR
    assert spindle.next is not None
    assert spindle.next - now == pytest.approx(6 * DAY, rel=0.1)


def test_lives_between_renewals(works: Works) -> None:
    works.done(works.at("08:00"), hours=1, part="spindle", found="worn")
    works.done(works.at("09:00", "2026-03-05"), hours=1, part="spindle", found="failed", why="failure")
    works.done(works.at("09:00", "2026-03-08"), hours=1, part="spindle", found="sound")  # looked at, left in
    now = works.at("10:00", "2026-03-10")
    table = lives_table(works.ledger, works.plant, "spindle", now, clock="calendar")
    assert [(one.hours, one.failed) for one in table] == [(72, True), (120, False)]
    own = lives_on_record(works.ledger, works.plant, "spindle", now, clock="calendar")
    assert (own.failures, own.unit) == (1, "h")
    with pytest.raises(InputError):
        lives_on_record(works.ledger, works.plant, "belt", now)


def test_a_week_and_what_is_missing(works: Works) -> None:
    monday = parse_time("2026-03-02T00:00", works.plant.zone)
    works.put(spare_row(works.plant, "bearing", "count", 3, person="li"), monday)
    first, second = works.plan(start=works.at("08:00")), works.plan(start=works.at("12:00"))
    works.plan(M2, "motor", start=works.at("08:00", "2026-03-12"))
    week = week_of(list(work_orders(works.ledger).values()), monday, monday + 7 * DAY)
    assert [one.id for one in week] == [first, second]
    crew = [Technician("a", frozenset({"mechanic"}), 10.0), Technician("b", frozenset({"electrician"}), 40.0)]
    found = {one.key: one for one in warnings_of(week, shelves(works.ledger, works.plant, monday), crew)}
    assert (found["spare"].order, found["spare"].given) == (second, {"item": "bearing", "have": 1, "need": 2})
    assert found["hours"].given == {"skill": "mechanic", "need": 16.0, "have": 10.0}
    works.step(first, "release")
    stops = windows(list(work_orders(works.ledger).values()), latest={second: works.at("20:00")}, plant="works")
    assert stops[0]["start"] == works.at("08:00")
    assert (stops[1]["earliest"], stops[1]["latest"], stops[1]["machine"]) == (
        works.at("12:00"), works.at("20:00"), "cell/m1",
    )  # fmt: skip


def test_people_are_shared_out_as_well_as_can_be() -> None:
    """One who can do both must not be used up by what others could do."""
    orders = [WorkOrder("A", M1, "x", minutes=480, skill="mechanic"), WorkOrder("B", M1, "y", minutes=480)]
    crew = [Technician("both", frozenset({"mechanic"}), 8.0), Technician("plain", frozenset(), 8.0)]
    found = share_out(orders, crew)
    assert found.short == {}
    assert {(one.technician, one.order): one.hours for one in found.shares} == {("both", "A"): 8.0, ("plain", "B"): 8.0}
    assert share_out(orders, crew[1:]).short["mechanic"] == (8.0, 0.0)
    with pytest.raises(InputError):
        Technician("x", frozenset(), 200)


def test_findings_are_labels_of_diagnosis(works: Works) -> None:
    begin = works.at("09:00")
    works.done(begin, why="condition", part="spindle", found="worn", cause="lubrication")
    works.done(works.at("09:00", "2026-03-04"), why="condition", part="spindle", found="sound")
    (label,) = labels(works.ledger)
    assert (label.machine, label.cause, label.end) == (M1, "lubrication", begin)


def test_the_scheduler_leaves_the_stops_free(works: Works) -> None:
    (works.folder / "orders.csv").write_text("id,item,quantity\no1,g7,1200\no2,g7,1200\n", "utf-8")
    works.plant = load(works.folder)
    fixed, placed = (
        works.plan(M1, minutes=30, start=works.at("08:15")),
        works.plan(M2, "motor", start=works.at("08:00")),
    )
    works.step(fixed, "release")
    rows = windows(
        list(work_orders(works.ledger).values()), latest={placed: works.at("08:00", "2026-03-09")}, plant="works"
    )
    problem = plant_problem(works.plant, now="2026-03-02T08:00", stops=stop_rows(rows, works.plant.zone))
    found = solve(problem, seconds=1.0, workers=1)
    stops = {name: at for at, name in enumerate(problem.operations) if name.startswith("WO-")}
    assert {name[:7] for name in stops} == {fixed, placed}
    plan = found.schedule
    for name, at in stops.items():
        same = [
            other for other in range(len(problem.operations)) if other != at and plan.machine[other] == plan.machine[at]
        ]
        assert all(plan.end[other] <= plan.start[at] or plan.setup_start[other] >= plan.end[at]
                   or _waits(plan, other, at) for other in same), name  # fmt: skip
    first = next(at for name, at in stops.items() if name.startswith(fixed))
    assert plan.when(int(plan.start[first])) == to_datetime(works.at("08:15"))


def _waits(plan: Schedule, other: int, stop: int) -> bool:
    """Work that goes on after a stop takes as much longer."""
    return bool(plan.start[other] < plan.start[stop] and plan.end[other] > plan.end[stop])
