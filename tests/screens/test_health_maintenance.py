"""Maintenance through its desk, REST and the command line: what is due, orders with roles, advice, stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from luban.core.errors import InputError, NotAllowedError
from luban.core.time import DAY, HOUR, now
from luban.decide.schedule.plant import plant_problem
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.health_maintenance import order_sheet, standing_sheet
from luban.screens.report.sheet import sheet_html, sheet_xlsx
from luban.screens.service import PlantView
from luban.screens.service.health import HealthBooks
from luban.screens.service.maintenance import MaintenanceDesk, monday
from luban.screens.users import Act, Role
from luban.understand.book import row
from tests.screens.health_shop import LATHE, MILL, PEOPLE, recorder
from tests.screens.maintenance_shop import SPINDLE, equipped
from tests.screens.rest import answering, own

WORKSHOP = Path(__file__).parents[2] / "examples" / "tiny_workshop"
LIVES = "hours,status\n" + "".join(f"{h},failed\n" for h in (410, 655, 702, 880, 930, 1010, 1105)) + "1200,running\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return equipped(tmp_path / "plant")


@pytest.fixture
def desk(folder: Path) -> Iterator[MaintenanceDesk]:
    books = HealthBooks(PlantView(folder), recorder(folder, []))
    yield MaintenanceDesk(books)
    books.view.ledger.close()


def test_what_is_due_is_planned_done_and_closed(desk: MaintenanceDesk) -> None:
    first = {one.task.id: one for one in desk.standing().due}
    assert first[SPINDLE].state == "overdue"  # seven days of twelve hours, 30 h asked
    start, _ = monday(desk.plant, now())
    made = desk.plan(LATHE, "spindle service", person="zhao", why="age", start=start + 9 * HOUR)
    standing = desk.standing()
    assert next(one for one in standing.due if one.task.id == SPINDLE).order == made
    assert [one.id for one in standing.week.orders] == [made]
    again = desk.plan(LATHE, "spindle service", person="zhao", start=start + 20 * HOUR)
    lacks = desk.standing().week.lacks
    assert [(one.key, one.order) for one in lacks] == [("spare", again)]  # three bearings, four asked for
    with pytest.raises(NotAllowedError):
        desk.step(made, "release", person="zhao", role=Role.OPERATOR)
    desk.step(made, "release", person="li", role=Role.ENGINEER)
    desk.step(made, "begin", person="zhao", role=Role.OPERATOR)
    for item in ("oil", "noise"):
        desk.step(made, "check", person="zhao", role=Role.OPERATOR, data={"item": item, "ok": True})
    finding = {"part": "spindle", "found": "worn", "cause": "lubrication"}
    desk.step(made, "finding", person="zhao", role=Role.OPERATOR, text="cage cracked", data=finding)
    desk.step(made, "finish", person="zhao", role=Role.OPERATOR, data={"hours": 5})
    one = desk.step(made, "close", person="li", role=Role.ENGINEER)
    assert (one.state, dict(one.used), set(one.renewed)) == ("closed", {"bearing": 2}, {"spindle"})
    after = desk.standing()
    shelf = after.shelves["bearing"]
    assert (shelf.on_hand, shelf.low) == (1, True)
    assert next(item for item in after.due if item.task.id == SPINDLE).state != "overdue"
    assert desk.orders(LATHE)[0].id in {made, again}
    assert desk.spare("bearing", "receive", 4, person="li").on_hand == 5
    stops = desk.stops()
    assert [(stop["machine"], "earliest" in stop) for stop in stops] == [("lathe", True)]


def test_people_who_plan_at_once_get_an_order_each(desk: MaintenanceDesk) -> None:
    other = MaintenanceDesk(desk.books)  # pages and REST have one each
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda at: (desk, other)[at % 2].plan(LATHE, f"task {at}", person="zhao"), range(4)))
        assert len(set(made)) == 4
        assert {desk.order(one).task for one in made} == {f"task {at}" for at in range(4)}

        def begin(person: str) -> bool:
            try:
                desk.step(made[0], "begin", person=person, role=Role.ENGINEER)
            except InputError:
                return False
            return True

        assert sorted(pool.map(begin, ("li", "wang", "zhao"))) == [False, False, True]


def test_sheets_say_it_in_every_language(desk: MaintenanceDesk) -> None:
    made = desk.plan(LATHE, "spindle service", person="zhao", text="noisy since Monday")
    standing = desk.standing()
    every = list(standing.orders.values())
    for language, word in (("en", "spindle service"), ("zh", "逾期"), ("ko", "기한")):
        say = words(language)
        sheet = standing_sheet(
            "Jinan", standing.due, every, standing.shelves, standing.week.lacks, say, desk.plant.zone
        )
        assert word in sheet_html(sheet, language)
        assert sheet_xlsx(sheet)[:2] == b"PK"
        assert "noisy since Monday" in sheet_html(order_sheet(desk.order(made), say, desk.plant.zone), language)


def test_advice_rests_on_lives_on_record(desk: MaintenanceDesk, folder: Path) -> None:
    with pytest.raises(InputError, match="no life"):
        desk.advice(SPINDLE)
    with pytest.raises(InputError, match="no such maintenance task"):
        desk.advice("jinan/lathe:paint")
    at = now() - 7 * DAY
    with LedgerWriter(places(folder).ledger) as writer:
        for number, day in enumerate((0.2, 1.2, 2.4, 3.4, 4.6, 5.8)):
            name, time = f"WO-{number + 1:04d}", at + round(day * DAY)
            data = {"machine": LATHE, "task": "spindle service", "part": "spindle", "why": "failure", "minutes": 60}
            for code, more in (("plan", data), ("begin", {}), ("finish", {})):
                writer.append(
                    "event", row("workorder", name, code, person="li", data=more, time=time), source="screens"
                )
    advice = desk.advice(SPINDLE)
    assert advice.prices.of_failure == 5000 + 150 * 20
    assert "there is no plan" in advice.notes[-1].text, "the price is said to be the typed one"
    assert 10 < advice.life.mean < 20  # twelve hours a day, a failure about every 1.1 days
    assert advice.best.name == "age"


def test_rest_and_its_roles(folder: Path) -> None:
    acts: list[Act] = []
    base = "/api/v1/maintenance"
    with answering(folder, PEOPLE, health=lambda view: HealthBooks(view, recorder(folder, acts))) as client:
        viewer, operator, engineer, part = (own(client, name) for name in ("wang", "zhao", "li", "part"))
        assert client.get(base).status_code == 401
        told = client.get(base, headers=viewer).json()
        assert {one["task"] for one in told["due"]} == {"spindle service", "grease", "look at spindle"}
        assert {one["machine"] for one in client.get(base, headers=part).json()["due"]} == {LATHE}
        order = {"machine": LATHE, "task": "spindle service", "start": now() + HOUR}
        assert client.post(f"{base}/orders", json=order, headers=viewer).status_code == 403
        made = client.post(f"{base}/orders", json=order, headers=operator).json()
        assert (made["id"], made["minutes"], made["parts"]) == ("WO-0001", 240, {"bearing": 2})
        other = client.post(f"{base}/orders", json={"machine": MILL, "task": "grease"}, headers=operator).json()["id"]
        assert client.get(f"{base}/orders/{other}", headers=part).status_code == 403

        def step(headers: dict[str, str], **body: Any) -> int:
            return client.post(f"{base}/orders/WO-0001/steps", json=body, headers=headers).status_code

        assert step(operator, code="release") == 403
        assert step(engineer, code="release") == 200
        assert step(operator, code="finish") == 400
        assert step(operator, code="begin") == 200
        assert step(operator, code="finding", part="spindle", found="tired") == 422
        assert step(operator, code="finding", part="spindle", found="failed", cause="crash") == 200
        assert step(operator, code="finish", hours=3.5) == 200
        assert step(engineer, code="close") == 400  # the checklist is open
        listed = client.get(f"{base}/orders", params={"machine": LATHE}, headers=part).json()
        assert listed[0]["findings"][0]["cause"] == "crash"
        spare = client.post(f"{base}/spares", json={"item": "bearing", "code": "order", "count": 4}, headers=operator)
        assert (spare.json()["on_hand"], spare.json()["ordered"]) == (1, 4)
        nut = {"item": "nut", "code": "take", "count": 1}
        assert client.post(f"{base}/spares", json=nut, headers=operator).status_code == 400
        assert client.get(f"{base}/stops", headers=part).status_code == 403
        assert client.get(f"{base}/stops", headers=viewer).json() == []  # what is done stops nothing
        assert client.get(f"{base}/advice", params={"task": SPINDLE}, headers=viewer).status_code == 400
        paper = client.get(f"{base}/file", params={"order": "WO-0001", "format": "html"}, headers=part)
        assert "crash" in paper.text
        assert client.get(f"{base}/file", params={"format": "xlsx"}, headers=viewer).content[:2] == b"PK"
    assert [act.code for act in acts][:3] == ["workorder plan", "workorder plan", "workorder release"]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> str:
        assert run(None, ["maintain", *(str(one) for one in arguments)]) == code  # type: ignore[arg-type]
        return capsys.readouterr().out

    return run_it


@pytest.mark.parametrize("shape", [0, -1, 0.001, 1e-300, 1e300, "nan"])
def test_a_life_that_no_part_has_is_refused(tmp_path: Path, ask: Any, shape: object) -> None:
    ask("--shape", shape, "--mean", 900, "--failure", 5, "--planned", 1, code=WRONG)
    table = tmp_path / "parts.csv"
    table.write_text(f"part,shape,mean,failure,planned\na,{shape},100,5,1\nb,2,1e308,5,1\nc,2,100,5,1\n")
    told = json.loads(ask(table, "--visit", 1, "--json"))
    assert list(told["ages"]) == ["c"]
    assert len(told["excluded"]) == 2


def test_the_command_prices_policies(tmp_path: Path, ask: Any) -> None:
    lives = tmp_path / "lives.csv"
    lives.write_text(LIVES)
    prices = ("--failure", 5000, "--planned", 1200, "--hour", 150, "--failure-hours", 20, "--planned-hours", 6)
    document = json.loads(ask(lives, *prices, "-o", tmp_path / "advice.html", "--json"))
    first = document["options"][0]
    assert first["policy"] == "age"
    assert first["rate_low"] < first["rate"] < first["rate_high"]
    assert document["what_would_change_it"]
    assert "<svg" in (tmp_path / "advice.html").read_text("utf-8")
    given = json.loads(ask("--shape", 2.5, "--mean", 887.264, "--failure", 5, "--planned", 1, "--json"))
    assert given["options"][0]["interval"] == pytest.approx(493, abs=1)
    assert "replace by condition" in ask(lives, *prices, "--signs", 0.7, "--inspection", 50, "--lead", 24)
    lives.write_text("cycles,status\n1000,failed\nbroken,failed\n2000,failed\n1500,failed\n900,running\n")
    odd = json.loads(ask(lives, "--failure", 10, "--planned", 2, "--json"))
    assert [one["came"] for one in odd["excluded"]] == ["broken"]
    assert any("no unit" in note for note in odd["notes"])
    paced = json.loads(ask(lives, "--failure", 10, "--planned", 2, "--pace", 20, "--json"))
    assert paced["life"]["mean"] == pytest.approx(odd["life"]["mean"] / 20)
    for wrong in ((lives,), ("--failure", 1, "--planned", 1), (lives, *prices, "--signs", 2),
                  (tmp_path / "none.csv", *prices), (lives, "--failure", -1, "--planned", 1)):  # fmt: skip
        ask(*wrong, code=WRONG)


def test_the_command_puts_parts_together(tmp_path: Path, ask: Any) -> None:
    table = tmp_path / "parts.csv"
    table.write_text("part,shape,mean,failure,planned\na,2.5,1000,10,2\nb,3,1500,12,3\nbad,-1,3,3,1\n")
    told = json.loads(ask(table, "--visit", 20, "--json", "-o", tmp_path / "parts.xlsx"))
    own = told["opportunity"]
    assert own["from_share_of_age"] < 1
    assert own["saved"] > own["saved_half_95"] > 0
    assert told["rhythm"]["rate"] < told["rhythm"]["apart"]
    assert [one["field"] for one in told["excluded"]] == ["bad"]
    assert "does not pay" in ask(table, "--visit", 0)
    ask("--visit", 5, code=WRONG)


def test_the_command_tells_how_a_plant_stands(folder: Path, ask: Any, desk: MaintenanceDesk) -> None:
    made = desk.plan(LATHE, "spindle service", person="zhao", start=now() + DAY)
    assert "spindle service" in ask(folder, code=NO)  # overdue
    assert json.loads(ask(folder, "--order", made, "--json"))["id"] == made
    stops = ask(folder, "--stops")
    assert f'id = "{made} spindle service"' in stops
    assert 'machine = "lathe"' in stops
    ask(folder, "--order", "WO-0999", code=WRONG)
    ask(folder, "--task", "lathe:spindle service", code=WRONG)  # no life on record


def test_the_scheduler_takes_the_stops() -> None:
    stops = [
        {"machine": "machining/lathe01", "id": "WO-0001 service", "time": "240 min", "start": "2026-11-17T08:00"},
        {"machine": "machining/mill01", "id": "WO-0002 grease", "time": "30 min", "earliest": "2026-11-17T08:00",
         "latest": "2026-11-19T08:00"},
    ]  # fmt: skip
    plain, stopped = plant_problem(WORKSHOP), plant_problem(WORKSHOP, stops=stops)
    names = set(stopped.jobs) - set(plain.jobs)
    assert {name.partition(" (")[0] for name in names} == {
        "WO-0001 service tiny/machining/lathe01", "WO-0002 grease tiny/machining/mill01",
    }  # fmt: skip
    with pytest.raises(InputError, match="work orders"):
        plant_problem(WORKSHOP, stops=[{"machine": "machining/lathe99", "id": "x", "time": "1 h"}])
