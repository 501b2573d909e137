from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from luban.core.time import iso
from luban.screens import api
from luban.screens.service import PlantView
from luban.screens.service.health import HealthBooks
from luban.understand.book import entries
from tests.screens import health_shop as shop
from tests.screens.rest import answering, own

ROOT = "/api/v1/health"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shop.write(tmp_path_factory.mktemp("health") / "plant")
    shop.seed(folder)
    return folder


@pytest.fixture(scope="module")
def client(plant: Path) -> Iterator[Client]:
    def writing(view: PlantView) -> HealthBooks:
        return HealthBooks(view, shop.recorder(plant, shop.ACTS))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api, "HealthBooks", writing)
        with answering(plant, shop.PEOPLE, acts=shop.ACTS) as made:
            yield made


def test_machines_those_that_need_attention_first(client: Client):
    told = client.get(f"{ROOT}/machines", headers=own(client, "wang")).json()
    assert [one["machine"] for one in told] == [shop.MILL, shop.LATHE, shop.SAW, shop.PRESS]
    assert told[0]["state"] == "unusual"
    assert told[3]["withheld"] == "no signal tells of this machine's condition"


def test_an_account_of_a_part_sees_only_that(client: Client):
    part = own(client, "part")
    assert [one["machine"] for one in client.get(f"{ROOT}/machines", headers=part).json()] == [shop.LATHE]
    for path in ("machine", "machine/rows", "file"):
        assert client.get(f"{ROOT}/{path}", params={"machine": shop.MILL}, headers=part).status_code == 403
        assert client.get(f"{ROOT}/{path}", params={"machine": shop.LATHE}, headers=part).status_code == 200
    assert client.get(f"{ROOT}/file", headers=part).status_code == 403
    asked = {"machine": shop.MILL, "since": "2026-01-01", "reason": "x"}
    assert client.post(f"{ROOT}/learn", json=asked, headers=part).status_code == 403
    assert client.get(f"{ROOT}/machines").status_code == 401


def test_a_machine_with_its_rows(client: Client):
    wang = own(client, "wang")
    told = client.get(f"{ROOT}/machine", params={"machine": shop.MILL}, headers=wang).json()
    assert told["state"] == "unusual"
    assert told["findings"][-1]["parts"][0]["channel"] == "vibration"
    assert told["last_time"]["channels"][2]["name"] == "vibration"
    assert len(told["failures"]) == 1
    rows = client.get(f"{ROOT}/machine/rows", params={"machine": shop.MILL}, headers=wang).json()
    assert len(rows["time"]) == len(rows["strength"]) == len(rows["channels"]["load"]) == 1000
    assert set(rows["regimes"]) >= {"gear", "shaft"}
    missing = client.get(f"{ROOT}/machine", params={"machine": "jinan/drill"}, headers=own(client, "li"))
    assert missing.status_code == 400
    assert missing.json()["title"] == "no such machine"


@pytest.mark.parametrize(("kind", "begins"), [("html", b"<!doctype"), ("pdf", b"%PDF"), ("xlsx", b"PK")])
def test_files(client: Client, kind: str, begins: bytes):
    for machine in (shop.MILL, ""):
        asked = {"machine": machine, "format": kind, "language": "zh" if kind == "html" else "en"}
        answer = client.get(f"{ROOT}/file", params=asked, headers=own(client, "wang"))
        assert answer.status_code == 200
        assert answer.content.startswith(begins)


def test_an_engineer_has_it_learned_anew(client: Client, plant: Path):
    rows = client.get(f"{ROOT}/machine/rows", params={"machine": shop.LATHE}, headers=own(client, "wang")).json()
    asked = {"machine": shop.LATHE, "since": iso(rows["time"][-400]), "reason": "new spindle"}
    assert client.post(f"{ROOT}/learn", json=asked, headers=own(client, "zhao")).status_code == 403
    answer = client.post(f"{ROOT}/learn", json=asked, headers=own(client, "li"))
    assert answer.status_code == 200, answer.text
    newest = entries(PlantView(plant).ledger, "model", shop.LATHE)[-1]
    assert (newest.code, newest.person, newest.text) == ("fit", "li", "new spindle")
    told = client.get(f"{ROOT}/machine", params={"machine": shop.LATHE}, headers=own(client, "wang")).json()
    assert told["rows"] < 500
    assert told["record"]["since"] == newest.data["since"]
