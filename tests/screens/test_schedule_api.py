"""REST of the schedule: by role and site, a search from start to plan, moves and their refusals, downloads."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.users import Act, Role
from tests.screens import schedule_shop
from tests.screens.rest import answering, own

BASE = "/api/v1/schedule"
ACTS: list[Act] = []
DOWN = {"kind": "breakdown", "machine": "jinan/milling/mill02", "start": 420, "end": 780}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = schedule_shop.write(tmp_path_factory.mktemp("schedule") / "plant")
    LedgerWriter(places(folder).ledger).close()
    people: dict[str, tuple[Role, list[str]]] = {
        "li": (Role.PLANNER, []),
        "view": (Role.VIEWER, []),
        "operator": (Role.OPERATOR, []),
        "part": (Role.ADMIN, ["jinan/milling"]),
    }
    with answering(folder, people, acts=ACTS) as made:
        made.folder = folder  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def plan(client: Client) -> str:
    """A plan of its own for each test."""
    folder: Path = client.folder  # type: ignore[attr-defined]
    return f"{BASE}/plans/{schedule_shop.seed(folder, schedule_shop.problem())}"


def at(chart: dict[str, Any], name: str) -> int:
    return int(chart["operations"].index(name))


def test_a_move_is_shown_then_taken_then_undone(client: Client, plan: str):
    planner = own(client, "li")
    chart = client.get(f"{plan}/chart", headers=planner).json()
    operation = at(chart, "PO-105/20")
    asked = {"operation": operation, "machine": 2, "start": 700, "version": 0}
    told = client.post(f"{plan}/move", json=asked, headers=planner).json()
    assert told["name"] == "PO-105/20"
    assert client.get(f"{plan}/chart", headers=planner).json()["n"] == 0
    taken = client.post(f"{plan}/move", json={**asked, "take": True}, headers=planner).json()
    assert taken["changes"] == told["changes"]
    after = client.get(f"{plan}/chart", headers=planner).json()
    assert (after["n"], after["machine"][operation]) == (1, 2)
    late = client.post(f"{plan}/move", json={**asked, "take": True}, headers=planner)
    assert (late.status_code, late.json()["title"]) == (400, "the plan has changed meanwhile")
    assert "PO-105/20" in client.post(f"{plan}/undo", headers=planner).json()["undone"]
    again = client.get(f"{plan}/chart", headers=planner).json()
    assert (again["machine"], again["bar"]) == (chart["machine"], chart["bar"])
    assert client.post(f"{plan}/redo", headers=planner).status_code == 200
    assert client.post(f"{plan}/redo", headers=planner).json()["title"] == "nothing to redo"
    history = client.get(plan, headers=planner).json()["history"]
    assert [(line["act"], line["who"]) for line in history][1:] == [("moved", "li"), ("undone", "li"), ("redone", "li")]
    assert [act.code for act in ACTS if act.subject == plan[-5:]] == ["plan moved", "plan undone", "plan redone"]


@pytest.mark.parametrize(
    ("name", "machine", "start", "said"),
    [
        ("PO-101/10", 5, 0, "PO-101/10 cannot be done at Washer"),
        ("PO-101/20", 2, 0, "PO-101/20 cannot start before 2026-01-05 07:03: PO-101/10 comes first"),
        ("PO-101/10", 0, -5, "PO-101/10 cannot start before its release at 2026-01-05 06:00"),
        ("PO-101/10", 0, 10**9, "Lathe 1 has no open time left for PO-101/10"),
    ],
)
def test_a_refusal_says_why(client: Client, plan: str, name: str, machine: int, start: int, said: str):
    planner = own(client, "li")
    operation = at(client.get(f"{plan}/chart", headers=planner).json(), name)
    asked = {"operation": operation, "machine": machine, "start": start, "version": 0, "take": True}
    answer = client.post(f"{plan}/move", json=asked, headers=planner)
    assert (answer.status_code, answer.json()["title"]) == (400, said)
    assert client.get(plan, headers=planner).json()["version"] == 0


def test_a_locked_operation_stays(client: Client, plan: str):
    planner = own(client, "li")
    operation = at(client.get(f"{plan}/chart", headers=planner).json(), "PO-105/20")
    lock = {"operation": operation, "version": 0}
    assert client.post(f"{plan}/lock", json=lock, headers=planner).json()["locked"] is True
    assert client.get(plan, headers=planner).json()["locked"] == ["PO-105/20"]
    asked = {"operation": operation, "machine": 2, "start": 900, "version": 1}
    assert client.post(f"{plan}/move", json=asked, headers=planner).json()["title"] == "PO-105/20 is locked"


def test_questions(client: Client, plan: str):
    viewer = own(client, "view")
    status = client.get(BASE, headers=viewer).json()
    assert status["orders"] == 14
    assert "tardiness" in status["terms"]
    load = client.get(f"{plan}/load?by=shift", headers=viewer).json()
    assert [row["name"] for row in load["rows"]][:2] == ["Lathe 1", "Lathe 2"]
    lists = client.get(f"{plan}/dispatch?machine=jinan/wash", headers=viewer).json()["lists"]
    starts = [task["start"] for task in lists["jinan/wash"]]
    assert len(starts) == 14
    assert starts == sorted(starts)
    why = client.get(f"{plan}/why?order=PO-110", headers=viewer).json()
    assert sum(why["totals"].values()) == why["end"] - why["begin"]
    other = client.get(f"{plan}/compare?with={plan[-5:]}", headers=viewer).json()
    assert (other["moved"], other["orders"]) == (0, [])
    excel = client.get(f"{plan}/excel?language=zh", headers=viewer)
    assert excel.content[:2] == b"PK"
    assert f'filename="{plan[-5:]}.xlsx"' in excel.headers["content-disposition"]


def test_roles_and_sites(client: Client, plan: str):
    move = {"operation": 0, "machine": 0, "start": 0, "version": 0}
    changes = [
        ("post", f"{plan}/move", move), ("post", f"{plan}/lock", {"operation": 0, "version": 0}),
        ("post", f"{plan}/undo", None), ("post", f"{plan}/redo", None), ("post", f"{plan}/publish", None),
        ("post", f"{plan}/promise", {"order": "PO-101"}), ("post", f"{BASE}/runs", {}),
        ("post", f"{plan}/repair", {"happened": [DOWN], "version": 0}),
        ("post", f"{plan}/repair/1/take", {"option": 0}),
        ("post", f"{plan}/offer", {"name": "N", "like": "PO-101"}),
        ("post", f"{BASE}/runs/1/stop", None), ("delete", f"{BASE}/runs/1", None),
    ]  # fmt: skip
    for user in ("view", "operator", "part"):
        head = own(client, user)
        for method, url, body in changes:
            assert client.request(method, url, json=body, headers=head).status_code == 403, (user, url)
    part = own(client, "part")
    for path in ("", "/chart", "/load", "/dispatch", "/why?order=PO-101", "/compare?with=P0001", "/excel", "/pdf"):
        assert client.get(f"{plan}{path}", headers=part).status_code == 403, path
    for path in (BASE, f"{BASE}/plans", f"{BASE}/runs", f"{BASE}/runs/1"):
        assert client.get(path, headers=part).status_code == 403, path
        assert client.get(path).status_code == 401, path
    assert client.get(plan, headers=own(client, "view")).json()["version"] == 0


@pytest.mark.parametrize(
    "asked",
    [{"seconds": 0}, {"seconds": 1e9}, {"objective": "x" * 500}, {"seed": -1}, {"workers": 0}],
)
def test_what_is_not_acceptable_starts_nothing(client: Client, asked: dict[str, Any]):
    planner = own(client, "li")
    before = client.get(f"{BASE}/runs", headers=planner).json()
    assert client.post(f"{BASE}/runs", json=asked, headers=planner).status_code == 422
    wrong = client.post(f"{BASE}/runs", json={"objective": "speed"}, headers=planner)
    assert (wrong.status_code, wrong.json()["title"]) == (400, "unknown term of an objective")
    assert client.get(f"{BASE}/runs", headers=planner).json() == before


def wait(client: Client, id_: str, planner: dict[str, str], until: float = 400) -> dict[str, Any]:
    end = time.monotonic() + until
    while (found := client.get(f"{BASE}/runs/{id_}", headers=planner).json())["state"] in {"running", "stopping"}:
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return dict(found)


@pytest.mark.timeout(600)  # the first search compiles
def test_a_search_from_start_to_plan_and_its_stop(client: Client, plan: str):
    planner = own(client, "li")
    client.post(f"{plan}/lock", json={"operation": 1, "version": 0}, headers=planner)
    asked = {"objective": "tardiness > setup_time", "seconds": 2, "workers": 1, "locks_of": plan[-5:]}
    begun = client.post(f"{BASE}/runs", json=asked, headers=planner)
    assert begun.status_code == 202
    assert client.post(f"{BASE}/runs", json=asked, headers=planner).status_code == 409
    found = wait(client, begun.json()["id"], planner)
    assert found["state"] == "done", found["error"]
    made = client.get(f"{BASE}/plans/{found['plan']}", headers=planner).json()
    assert made["author"] == "li"
    assert made["value"] == found["value"]
    chart = client.get(f"{BASE}/plans/{found['plan']}/chart", headers=planner).json()
    # the plan by hand begins at the same instant as the search: its locked operation stays there
    mine = client.get(f"{plan}/chart", headers=planner).json()
    name = mine["operations"][1]
    here, there = at(chart, name), 1
    assert chart["locked"] == [here]
    instant = [own_["start"] + own_["bar"][0][way] * own_["tick"] for own_, way in ((chart, here), (mine, there))]
    assert instant[0] == instant[1]
    # a long search is stopped, and its best is kept
    long = client.post(f"{BASE}/runs", json={"seconds": 300, "workers": 1}, headers=planner).json()["id"]
    end = time.monotonic() + 200
    while client.get(f"{BASE}/runs/{long}", headers=planner).json()["phase"] != "solve":
        assert time.monotonic() < end
        time.sleep(0.1)
    client.post(f"{BASE}/runs/{long}/stop", headers=planner)
    stopped = wait(client, long, planner, 30)
    assert stopped["state"] == "done"
    kept = client.get(f"{BASE}/plans/{stopped['plan']}", headers=planner).json()
    assert kept["reason"] in {"stopped", "proved"}
    asked = {"order": "PO-101", "seconds": 0.3}
    told = client.post(f"{plan}/promise", json=asked, headers=planner, timeout=200).json()
    assert told["order"] == "PO-101"
    assert "priority" in {own_["way"] for own_ in told["ways"]}


@pytest.mark.timeout(400)  # the first search compiles
def test_a_repair_is_shown_then_taken_as_a_plan(client: Client, plan: str):
    planner = own(client, "li")
    asked = {"happened": [DOWN], "version": 0, "now": 420, "seconds": 0.3}
    told = client.post(f"{plan}/repair", json=asked, headers=planner, timeout=300).json()
    kept = [way["kept"] for way in told["options"]]
    assert kept == sorted(kept, reverse=True)
    assert "columns" not in told["options"][0]
    assert client.get(plan, headers=planner).json()["version"] == 0
    taken = client.post(f"{plan}/repair/{told['id']}/take", json={"option": 0, "language": "ko"}, headers=planner)
    assert taken.status_code == 201
    made = taken.json()
    assert (made["author"], made["value"], made["reason"]) == ("li", told["options"][0]["value"], "mended")
    assert "Mill 2 정지" in made["name"]
    chart = client.get(f"{BASE}/plans/{made['id']}/chart", headers=planner).json()
    for operation, machine, start, end in told["options"][0]["changes"]:
        assert (chart["machine"][operation], *(way[operation] for way in chart["bar"])) == (machine, start, end)
    assert ACTS[-1].code == "plan made"
    again = client.post(f"{plan}/repair/{told['id']}/take", json={"option": 9}, headers=planner)
    assert (again.status_code, again.json()["title"]) == (400, "no such option")
    wrong = client.post(f"{plan}/repair", json={**asked, "happened": [{**DOWN, "end": 0}]}, headers=planner)
    assert (wrong.status_code, wrong.json()["title"]) == (400, "it ends before it begins, or is over")
    for bad in ({"happened": []}, {"happened": [{"kind": "flood"}]}, {"now": -1}, {"seconds": 1000}):
        assert client.post(f"{plan}/repair", json={**asked, **bad}, headers=planner).status_code == 422, bad


@pytest.mark.timeout(400)  # the first search compiles
def test_dates_for_a_new_order(client: Client, plan: str):
    planner = own(client, "li")
    asked = {"name": "PO-900", "like": "PO-103", "size": 2, "due": 600, "now": 60, "seconds": 0.5}
    told = client.post(f"{plan}/offer", json=asked, headers=planner, timeout=300).json()
    ends = [quote["end"] for quote in told["quotes"]]
    prices = [quote["price"] for quote in told["quotes"]]
    assert ends == sorted(ends)
    assert prices == sorted(prices, reverse=True)
    assert min(ends) >= told["alone"]
    assert client.get(plan, headers=planner).json()["version"] == 0
    assert client.post(f"{plan}/offer", json={**asked, "size": 0}, headers=planner).status_code == 422
    wrong = client.post(f"{plan}/offer", json={**asked, "like": "PO-1"}, headers=planner)
    assert (wrong.status_code, wrong.json()["title"]) == (400, "no such order in the plan")
