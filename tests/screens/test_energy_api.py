"""Energy over REST: who may ask, what comes back, files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from tests.screens.energy_shop import PEOPLE, metered
from tests.screens.rest import answering, own


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = metered(tmp_path_factory.mktemp("energy") / "plant")
    with answering(folder, PEOPLE) as made:
        yield made


def test_account_load_and_readings(client: Client) -> None:
    said = own(client, "wang")
    account = client.get("/api/v1/energy", params={"window": "all"}, headers=said).json()
    assert account["totals"]["electricity"] == {"amount": "576.0", "unit": "kWh"}
    assert account["nodes"][0]["verdict"] == "open"
    known = client.get("/api/v1/energy/meters", headers=said).json()
    assert [one["name"] for one in known["meters"]] == ["electricity", "Lathe", "Mill", "Hall 1"]
    load = client.get("/api/v1/energy/load", params={"window": "all", "meter": "lathe-e", "step": "1h"}, headers=said)
    told = load.json()
    assert (len(told["power"]), max(told["power"]), told["peak"]["power"]) == (72, 8, 8)
    assert {"critical", "peak", "flat", "valley", "deep_valley"} >= set(told["bands"])
    asked = {"meter": "mill-e", "from": "2026-11-24T06:00", "to": "2026-11-24T07:00"}
    rows = client.get("/api/v1/energy/readings", params=asked, headers=said).json()
    assert [row["register"] for row in rows] == [290, 791.5, 293]


def test_whose(client: Client) -> None:
    said = own(client, "wang")
    found = client.get("/api/v1/energy/whose", params={"order": "A"}, headers=said).json()
    assert [(row["medium"], float(row["total"])) for row in found["rows"]] == [
        ("electricity", 192), ("compressed air", 160),
    ]  # fmt: skip
    answer = client.get("/api/v1/energy/whose", params={"order": "none"}, headers=said)
    assert (answer.status_code, answer.json()["title"]) == (400, "no state names this order")


def test_files(client: Client) -> None:
    said = own(client, "wang")
    kinds = [("account", "html", b"<!doctype"), ("balance", "pdf", b"%PDF"), ("load", "xlsx", b"PK")]
    for what, kind, begin in kinds:
        asked = {"what": what, "format": kind, "language": "zh", "window": "all"}
        answer = client.get("/api/v1/energy/file", params=asked, headers=said)
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(begin)
        assert f"energy-{what}.{kind}" in answer.headers["content-disposition"]


def test_strangers_and_accounts_of_a_part_get_nothing(client: Client) -> None:
    assert client.get("/api/v1/energy").status_code == 401
    said = own(client, "part")
    for path in ("", "/meters", "/load", "/whose?order=A", "/readings?meter=air", "/file"):
        assert client.get(f"/api/v1/energy{path}", headers=said).status_code == 403


def test_wrong_questions(client: Client) -> None:
    said = own(client, "wang")
    for path in (
        "?window=nonsense",
        "/load?meter=nobody",
        "/load?step=0s&window=all",
        "?from=2027-01-01&to=2026-01-01",
    ):
        answer = client.get(f"/api/v1/energy{path}", headers=said)
        assert answer.status_code in {200, 400}, path
        if answer.status_code == 400:
            assert answer.json()["title"]
    assert client.get("/api/v1/energy?window=nonsense", headers=said).status_code == 400
    assert client.get("/api/v1/energy/load?meter=nobody", headers=said).status_code == 400
