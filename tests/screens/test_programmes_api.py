"""Programmes over REST: tasks, what counts, decisions; who may, what is refused, and what the books say after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from luban.core.time import parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.norms.plans import load_plan
from luban.rollup.returns import batch_of, take
from luban.screens.service.programme_desk import ProgrammeDesk
from luban.screens.service.rollup import RollupBooks
from luban.screens.users import Act, Role
from tests.rollup.returns.world import ELEMENTS, firms
from tests.screens.quality_shop import recorder
from tests.screens.rest import answering, own

URL = "/api/v1/programmes"
PLAN = load_plan("mic2025")
PEOPLE = {
    "li": (Role.ENGINEER, ()), "wu": (Role.ADMIN, ()), "wang": (Role.PLANNER, ()), "part": (Role.ADMIN, ("office/a",)),
}  # fmt: skip
PAPER = {"name": "charter.pdf", "digest": hashlib.sha256(b"signed").hexdigest()}
ACTS: list[Act] = []


def office(folder: Path) -> Path:
    """Books with returns of six years; their first fact is that of a return."""
    folder.mkdir(parents=True)
    (folder / "plant.toml").write_text(
        '[plant]\nid = "office"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n', "utf-8"
    )
    with LedgerWriter(places(folder).ledger):
        pass
    ledger = Ledger(places(folder).ledger)
    taken = take(ledger, PLAN, batch_of(firms(6, years=tuple(range(2015, 2021))), ELEMENTS))
    ledger.close()
    with LedgerWriter(places(folder).ledger) as writer:
        for stream, rows in taken.parts():
            writer.append(stream, rows, source="returns")
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = office(tmp_path_factory.mktemp("programmes") / "office")
    record = recorder(folder, ACTS)
    with answering(folder, PEOPLE, rolled=lambda view: RollupBooks(view, record)) as made:
        yield made


class Person:
    """Somebody who asks and acts."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.head = client, own(client, name)

    def get(self, where: str = "", **given: Any) -> Any:
        answer = self.client.get(URL + where, params=given, headers=self.head)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, where: str, status: int = 201, **body: Any) -> Any:
        answer = self.client.post(URL + where, json=body, headers=self.head)
        assert answer.status_code == status, answer.text
        return answer.json()


def test_who_may(client: Client) -> None:
    for name in ("wang", "part"):
        head = own(client, name)
        for address in ("?year=2020", "/tasks", "/things", "/agenda", "/quotes"):
            assert client.get(URL + address, headers=head).status_code == 403, (name, address)
        for address in ("/tasks", "/escalations", "/agenda", "/decisions"):
            assert client.post(URL + address, json={}, headers=head).status_code == 403, (name, address)
    assert client.get(f"{URL}/tasks").status_code == 401


def test_a_task_from_taking_on_to_closing_and_back(client: Client) -> None:
    li = Person(client, "li")
    (name,) = li.put("/tasks", name="found the centre", owner="MIIT", due="2019-06-30", item="T13").values()
    assert name == "t-1"
    taken = li.put("/tasks", 400, name="again", owner="MIIT", due="2019-06-30", id=name)
    assert "in the books already" in taken["title"]
    assert li.put("/tasks", 400, name="x", owner="MIIT", due="2019-06-30", item="T99")["error"] == "InputError"
    assert li.put("/tasks", 422, name="x", owner="MIIT", due="30.6.2019")
    late = li.get("/tasks", today="2019-08-01")[0]
    assert (late["days_late"], late["before"], late["state"]) == (32, "owner's superior", "open")
    told = li.put("/escalations")
    assert [one["task"] for one in told] == [name]
    assert li.put("/escalations") == []
    acts = f"/tasks/{name}/acts"
    assert "how does it go" in li.put(acts, 400, act="report")["title"]
    assert "nothing closes" in li.put(acts, 400, act="close")["title"]
    assert "no fact" in str(li.put(acts, 400, act="close", facts=[10**9]))
    assert li.put(acts, 422, act="close", documents=[PAPER | {"digest": "00"}])
    assert "goes with a report" in li.put(acts, 400, act="drop", text="merged", facts=[1])["title"]
    moved = li.put(acts, act="move", text="the site came late", due="2031-01-01", owner="NDRC")
    assert (moved["due"], moved["owner"], moved["level"]) == ("2031-01-01", "NDRC", 0)
    assert "days_late" not in li.get("/tasks")[0]
    closed = li.put(acts, act="close", documents=[PAPER], facts=[1], text="opened")
    assert closed["state"] == "done"
    assert [(one["kind"], one["ref"]) for one in closed["evidence"]] == [("fact", "1"), ("document", "charter.pdf")]
    assert "not open" in li.put(acts, 400, act="move", text="x", due="2032-01-01")["title"]
    assert li.put(acts, act="reopen", text="another charter")["state"] == "open"
    assert li.put(acts, act="drop", text="merged")["state"] == "dropped"
    li.put("/tasks", name="of the ministry", owner="MIIT", due="2031-01-01", id="2026/17 b")
    assert li.put("/tasks/2026/17 b/acts", act="report", text="begun")["said"] == "begun"
    assert li.put("/tasks/t-99/acts", 400, act="report", text="x")["title"].startswith("no such task")
    assert {one.person for one in ACTS} == {"li"}
    assert {"task taken on", "tasks escalated", "task moved", "task closed", "task opened again", "task dropped"} <= {
        one.code for one in ACTS
    }


def test_a_task_of_another_plan_is_reported_once_and_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    li, desk_of = Person(client, "li"), ProgrammeDesk.of

    def of(books: RollupBooks) -> ProgrammeDesk:
        desk = desk_of(books)
        desk.plan = replace(desk.plan, id="other")
        return desk

    with monkeypatch.context() as patch:
        patch.setattr(ProgrammeDesk, "of", of)
        li.put("/tasks", name="of another plan", owner="MIIT", due="2031-01-01", id="other-1")
    told = li.put("/tasks/other-1/acts", act="report", text="begun")
    assert (told["plan"], told["said"]) == ("other", "begun")
    assert "in the books already" in li.put("/tasks", 400, name="x", owner="y", due="2031-01-01", id="other-1")["title"]


def test_late_is_what_is_late_where_the_office_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    li = Person(client, "li")
    for name in ("luban.screens.programmes_api.now", "luban.screens.service.programme_desk.now"):
        monkeypatch.setattr(name, lambda: parse_time("2030-06-30T17:00:00Z"))
    li.put("/tasks", name="of the day", owner="MIIT", due="2030-06-30", id="zone")
    assert [one["days_late"] for one in li.get("/tasks") if one["id"] == "zone"] == [1]
    assert "zone" in [one["task"] for one in li.put("/escalations")]


def test_a_table_is_taken_whole_or_not_at_all(client: Client) -> None:
    li = Person(client, "li")

    def send(text: str, status: int = 201) -> Any:
        answer = client.post(f"{URL}/file", params={"name": "t.csv"}, content=text.encode(), headers=li.head)
        assert answer.status_code == status, answer.text
        return answer.json()

    head = "id,item,name,owner,due\n"
    assert send(f"{head}a1,T18,list of parts,MIIT,2031-06-30\na2,,more,MIIT,2031-06-31\n", 400)["title"] == "not a date"
    assert send(f"{head}a1,T18,list of parts,MIIT,2031-06-30\n") == {"kind": "tasks", "entries": 1}
    assert "in the books already" in send(f"{head}a1,,again,MIIT,2031-06-30\n", 400)["title"]
    assert "was not sent" in send("item,thing,day,document\nT20,works,2018-03-01,list.pdf\n", 400)["title"]
    assert "what does the table hold" in send("a,b\n1,2\n", 400)["title"]
    proof = client.post(f"{URL}/file", params={"name": "proof.JSON"}, content=b"{}", headers=li.head)
    assert (proof.status_code, proof.json()["title"]) == (400, "what does the table hold?")
    assert [one["id"] for one in li.get("/tasks") if one["id"].startswith("a")] == ["a1"]


def test_what_counts_is_put_in_on_evidence_and_taken_out_with_a_reason(client: Client) -> None:
    li = Person(client, "li")
    day = {"day": "2016-08-01"}
    assert "without evidence" in li.put("/things", 400, item="T13", thing="battery", **day)["title"]
    assert "not followed so" in li.put("/things", 400, item="T22", thing="x", documents=[PAPER], **day)["title"]
    li.put("/things", item="T13", thing="battery", region="CN/11", documents=[PAPER], **day)
    li.put(
        "/parts", item="T18", part="bearing", source="maker", qualified=True, domestic=True, documents=[PAPER], **day
    )
    li.put("/parts", item="T18", part="chip", **day)
    assert "who can make it" in li.put("/parts", 400, item="T18", part="chip", **day)["title"]
    assert "by evidence" in li.put("/parts", 400, item="T18", part="chip", source="m", qualified=True, **day)["title"]
    li.put("/shown", item="T23", text="past the peak", reached=True, facts=[1], **day)
    li.put("/regions", region="CN/31", id="T20", year=2020, value=400)

    def stands() -> dict[str, Any]:
        told = li.get(year=2020)
        assert told["regions"][0]["gap"] == -600.0
        return {one["item"]: (one["value"], one["status"]) for one in told["programmes"]}

    found = stands()
    assert found["T13"] == (1.0, "missed")
    assert (found["T18"], found["T23"]) == ((50.0, "met"), (None, "met"))
    gone = {"day": "2018-01-01", "why": "closed"}
    assert (
        "without a reason" in li.put("/withdrawals", 400, item="T13", thing="battery", **(gone | {"why": " "}))["title"]
    )
    li.put("/withdrawals", item="T13", thing="battery", **gone)
    li.put("/withdrawals", item="T23", **gone)
    assert "nothing of this name" in li.put("/withdrawals", 400, item="T13", thing="battery", **gone)["title"]
    found = stands()
    assert (found["T13"][0], found["T23"][1]) == (0.0, "not evaluable")
    li.put("/things", item="T13", thing="battery", documents=[PAPER], day="2019-01-01")
    assert stands()["T13"][0] == 1.0
    assert [one["name"] for one in li.get("/things", item="T18")] == ["bearing", "chip"]


def test_a_target_is_proposed_by_an_engineer_and_decided_by_an_admin(client: Client) -> None:
    li, wu = Person(client, "li"), Person(client, "wu")
    lower = {"id": "I01", "year": 2025, "value": 1.2}
    (name,) = li.put("/agenda", code="item", text="spending follows sales", target=lower).values()
    assert "on the agenda already" in li.put("/agenda", 400, code="item", item=name, text="again")["title"]
    assert (
        "no target with a number"
        in li.put("/agenda", 400, code="item", text="x", target=lower | {"year": 2030})["title"]
    )
    li.put("/agenda", code="advice", item=name, text="half a point is enough")
    assert li.get("/agenda")["targets"] == []
    decided = {"item": name, "text": "lowered", "target": lower}
    assert li.client.post(f"{URL}/decisions", json=decided, headers=li.head).status_code == 403
    assert li.put("/agenda", 422, code="decision", item=name, text="lowered")
    assert "no such item" in wu.put("/decisions", 400, **(decided | {"item": "m-9"}))["title"]
    assert "no such item" in li.put("/agenda", 400, code="advice", text="x")["title"]
    assert wu.put("/decisions", 422, text="lowered")
    assert "quotes the indicator versions" in wu.put("/decisions", 400, **decided)["title"]
    assert "no value is known" in wu.put("/decisions", 400, quotes=["I01:1999"], **decided)["title"]
    wu.put("/decisions", quotes=["I01:2020"], **decided)
    li.put("/agenda", code="minutes", item=name, text="six of seven for it")
    (target,) = li.get("/agenda")["targets"]
    assert (target["id"], target["printed"], target["value"], target["person"]) == ("I01", 1.68, 1.2, "wu")
    (quoted,) = li.get("/quotes")
    assert (quoted["quote"]["indicator"], quoted["why"]) == ("I01", "")
    (item,) = li.get("/agenda")["items"]
    assert [code for _, code, _, _ in item["said"]] == ["item", "advice", "decision", "minutes"]
    assert client.get(f"/api/v1/facts/{item['decision']}", headers=li.head).json()["kind"] == "advice"
    assert client.get(f"/api/v1/facts/{item['decision']}", headers=own(client, "wang")).status_code == 403
    (revised,) = li.get(year=2020)["revised"]
    assert revised["decided"]["value"] == 1.2
    assert revised["status"]
    wu.put("/decisions", item=name, text="kept after all", quotes=["I01:2020"])
    assert li.get("/agenda")["targets"] == []
