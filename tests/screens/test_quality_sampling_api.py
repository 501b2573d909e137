"""REST of sampling and gauges: by role, from agreement to decision, a gauge that holds a lot and frees it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from luban.core.time import DAY, now
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act
from tests.screens import quality_shop as shop
from tests.screens.rest import answering, own

BASE = "/api/v1/quality"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop.write(tmp_path_factory.mktemp("sampling") / "plant")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    shop.measure(folder, shop.WIDTH, [18.0, 18.01], gauge="caliper 7", lot=["G-1", "G-2"])
    acts: list[Act] = []
    with answering(
        folder, shop.PEOPLE, acts=acts, books=lambda view: QualityBooks(view, shop.recorder(folder, acts))
    ) as made:
        yield made


def test_a_plan_with_its_curves(client: Client) -> None:
    asked: dict[str, Any] = {"lot": 1000, "aql": 1.0, "kind": "double", "found": [1, 3]}
    told = client.get(f"{BASE}/sampling/plan", params=asked, headers=own(client, "wang")).json()
    assert told["plan"]["stages"] == [{"size": 50, "accept": 0, "reject": 3}, {"size": 50, "accept": 3, "reject": 4}]
    assert told["decision"]["verdict"] == "reject"
    assert len(told["curves"]["accept"]) == 201
    wrong = client.get(f"{BASE}/sampling/plan", params=asked | {"aql": 1.1}, headers=own(client, "wang"))
    assert (wrong.status_code, wrong.json()["title"]) == (400, "the tables have no such AQL")
    assert client.get(f"{BASE}/sampling", headers=own(client, "part")).status_code == 403
    assert client.get(f"{BASE}/sampling").status_code == 401


def test_from_agreement_to_tightened_inspection(client: Client) -> None:
    engineer, operator, viewer = (own(client, name) for name in ("li", "zhao", "wang"))
    terms = {"supplier": "acme", "item": "bolt", "aql": 1.0}
    assert client.post(f"{BASE}/sampling/agree", json=terms, headers=operator).status_code == 403
    assert client.post(f"{BASE}/sampling/agree", json=terms, headers=engineer).json()["severity"] == "normal"
    lot: dict[str, Any] = {"supplier": "acme", "item": "bolt", "size": 1000, "found": 3}
    assert client.post(f"{BASE}/sampling/lots", json=lot | {"lot": "1"}, headers=viewer).status_code == 403
    for name in ("1", "2"):
        told = client.post(f"{BASE}/sampling/lots", json=lot | {"lot": name}, headers=operator)
        assert (told.status_code, told.json()["decision"]["verdict"]) == (201, "reject")
    again = client.post(f"{BASE}/sampling/lots", json=lot | {"lot": "2"}, headers=operator)
    assert (again.status_code, again.json()["title"]) == (400, "this lot is decided already")
    account = client.get(f"{BASE}/sampling", headers=viewer).json()[0]
    assert (account["severity"], account["switches"][-1]["rule"], len(account["lots"])) == ("tightened", "tighten", 2)
    change = {"supplier": "acme", "item": "bolt", "code": "permit", "permit": True}
    assert client.post(f"{BASE}/sampling/changes", json=change, headers=operator).status_code == 403
    assert client.post(f"{BASE}/sampling/changes", json=change, headers=engineer).json()["reduced_wished"] is True
    steady = {"supplier": "acme", "item": "bolt", "code": "steady", "steady": False}
    assert client.post(f"{BASE}/sampling/changes", json=steady, headers=operator).json()["steady"] is False
    nobody = client.post(f"{BASE}/sampling/lots", json=lot | {"item": "nut", "lot": "1"}, headers=operator)
    assert (nobody.status_code, nobody.json()["title"]) == (400, "nothing is agreed for this supplier and item")


def test_two_desks_that_enter_the_same_lot_at_once(client: Client) -> None:
    engineer, operator = own(client, "li"), own(client, "zhao")
    client.post(f"{BASE}/sampling/agree", json={"supplier": "twin", "item": "nut", "aql": 1.0}, headers=engineer)
    lot = {"supplier": "twin", "item": "nut", "size": 1000, "found": 0, "lot": "A"}
    codes: list[int] = []

    def enter() -> None:
        codes.append(client.post(f"{BASE}/sampling/lots", json=lot, headers=operator).status_code)

    desks = [threading.Thread(target=enter) for _ in range(3)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
    assert sorted(codes) == [201, 400, 400]


def test_a_gauge_holds_a_lot_and_frees_it(client: Client) -> None:
    engineer, operator, viewer = (own(client, name) for name in ("li", "zhao", "wang"))
    assert client.get(f"{BASE}/gauges", headers=viewer).json()["unregistered_gauges"] == {"caliper 7": 2}
    gauge = {"id": "caliper 7", "type": "caliper", "days": 30, "unit": "mm"}
    assert client.post(f"{BASE}/gauges", json=gauge, headers=operator).status_code == 403
    assert client.post(f"{BASE}/gauges", json=gauge, headers=engineer).json()["state"] == "never"
    told = client.get(f"{BASE}/gauges", headers=viewer).json()
    assert told["held_lots"] == ["G-1", "G-2"]
    assert {one["reason"] for one in told["affected"]} == {"never"}
    done: dict[str, Any] = {
        "id": "caliper 7",
        "certificate": "C1",
        "national": "NIM",
        "uncertainty": 0.01,
        "found": "in",
    }
    future = client.post(f"{BASE}/gauges/calibrations", json=done | {"time": now() + DAY}, headers=engineer)
    assert (future.status_code, future.json()["title"]) == (400, "a calibration lies in the future")
    made = client.post(f"{BASE}/gauges/calibrations", json=done, headers=engineer).json()
    assert (made["state"], made["chain"]["complete"]) == ("valid", True)
    assert client.get(f"{BASE}/gauges", headers=viewer).json()["held_lots"] == []
    served = client.post(f"{BASE}/gauges/service", json={"id": "caliper 7", "used": False}, headers=engineer)
    assert served.json()["state"] == "retired"
    assert client.get(f"{BASE}/gauges/one", params={"id": "x"}, headers=viewer).status_code == 400
