"""The green factory over REST: who may ask, what comes back, files, a statement put on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from luban.core.errors import InputError
from luban.screens.service import PlantView
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.green import GreenDesk
from tests.screens.green_mill import PEOPLE, mill
from tests.screens.quality_shop import recorder
from tests.screens.rest import answering, own
from tests.understand.green.green_shop import PRINTED, SHIRTS

ALL = {"window": "all"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with answering(mill(tmp_path_factory.mktemp("green") / "plant"), PEOPLE) as made:
        yield made


def test_sheet_with_its_score_and_footprint(client: Client) -> None:
    told = client.get("/api/v1/green", params=ALL, headers=own(client, "wang")).json()
    score = told["score"]
    assert score["edition"] == "GB/T 36132-2025"
    assert 0 <= score["low"] < score["high"] <= 100, "what nobody knows is a gap"
    (shirt,) = told["footprints"]
    assert shirt["kgCO2e"] * SHIRTS == pytest.approx(PRINTED, rel=1e-6)
    old = client.get("/api/v1/green", params=ALL | {"edition": "2018"}, headers=own(client, "wang")).json()
    assert old["score"]["edition"] == "GB/T 36132-2018"


def test_evidence_names_the_facts(client: Client) -> None:
    rows = client.get("/api/v1/green/facts", params=ALL | {"name": "permits"}, headers=own(client, "wang")).json()
    assert [(row["stream"], row["person"]) for row in rows] == [("event", "li")]
    asked = ALL | {"name": "energy over pieces"}
    rows = client.get("/api/v1/green/facts", params=asked, headers=own(client, "wang")).json()
    assert {row["stream"] for row in rows} == {"meter", "count"}


def test_a_statement_is_an_engineers_and_needs_a_plant_that_writes(client: Client) -> None:
    said = {"name": "site-area", "value": 5200, "document": "land certificate 17", "window": "all"}
    assert client.post("/api/v1/green/statements", json=said, headers=own(client, "wang")).status_code == 403
    assert client.post("/api/v1/green/statements", json=said, headers=own(client, "li")).status_code == 501
    assert client.post("/api/v1/green/statements", json={"value": 1}, headers=own(client, "li")).status_code == 422


def test_a_statement_goes_into_the_sheet(tmp_path: Path) -> None:
    folder = mill(tmp_path / "plant")
    desk = GreenDesk(EnergyBooks(PlantView(folder), recorder(folder, [])))
    span = desk.books.range("all")
    seq = desk.state("site-area", 5200.0, span, person="li", document="land certificate 17")
    account, sheet = desk.sheet(span, "2025")
    stated = account.stated["site-area"]
    assert (stated.value, stated.person, stated.document) == (5200.0, "li", "land certificate 17")
    assert stated.seq < seq, "the act follows its fact"
    with pytest.raises(InputError):
        desk.state("nothing", 1.0, span, person="li")
    with pytest.raises(InputError):
        desk.evidence_of(account, sheet, "nothing")


def test_processes(client: Client) -> None:
    told = client.get("/api/v1/green/processes", params=ALL, headers=own(client, "wang")).json()
    assert [one["project"] for one in told["projects"]] == ["Scraps to felt"]
    assert len(told["signs"]) == 6


@pytest.mark.parametrize(
    ("what", "kind", "begin"),
    [("sheet", "html", b"<!doctype"), ("report", "html", b"<!doctype"), ("report", "pdf", b"%PDF"),
     ("processes", "html", b"<!doctype"), ("footprint", "xlsx", b"PK")],
)  # fmt: skip
def test_files(client: Client, what: str, kind: str, begin: bytes) -> None:
    asked = ALL | {"what": what, "format": kind, "item": "shirt", "language": "zh"}
    answer = client.get("/api/v1/green/file", params=asked, headers=own(client, "wang"))
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(begin)
    assert f"green-{what}.{kind}" in answer.headers["content-disposition"]


def test_strangers_and_accounts_of_a_part_get_nothing(client: Client) -> None:
    assert client.get("/api/v1/green").status_code == 401
    part = own(client, "part")
    for path in ("", "/file", "/facts?name=permits", "/processes"):
        assert client.get(f"/api/v1/green{path}", headers=part).status_code == 403
    assert client.post("/api/v1/green/statements", json={"name": "permits"}, headers=part).status_code == 403


def test_wrong_questions(client: Client) -> None:
    said = own(client, "wang")
    for path in ("?window=nonsense", "/facts?window=all&name=nobody", "/file?window=all&what=footprint&item=none"):
        answer = client.get(f"/api/v1/green{path}", headers=said)
        assert answer.status_code == 400, path
        assert answer.json()["title"]
    assert client.get("/api/v1/green?edition=1999", headers=said).status_code == 422
