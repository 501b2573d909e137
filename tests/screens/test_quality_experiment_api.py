"""REST of experiments and projects: from a plan to an analysis, from a charter to a verified gain, by role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from httpx import Client

from luban.core.time import HOUR, MINUTE, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act
from tests.screens import quality_shop as shop
from tests.screens.rest import answering, own

BASE = "/api/v1/quality"


@pytest.fixture(scope="module")
def change() -> int:
    return now() // MINUTE * MINUTE - HOUR


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, change: int) -> Iterator[Client]:
    folder: Path = shop.write(tmp_path_factory.mktemp("doe") / "plant")
    chance = np.random.default_rng(3)
    values = np.concatenate([25 + 0.008 * chance.standard_normal(60), 25 + 0.002 * chance.standard_normal(50)])
    with LedgerWriter(places(folder).ledger) as writer:
        times = [change - 60 * MINUTE + i * MINUTE for i in range(110)]
        writer.append("measurement", shop.rows(shop.DIAMETER, times, values.tolist(), gauge="probe 1"), source="cmm")
    acts: list[Act] = []
    with answering(
        folder, shop.PEOPLE, acts=acts, books=lambda view: QualityBooks(view, shop.recorder(folder, acts))
    ) as made:
        yield made


def test_an_experiment_from_plan_to_next_trial(client: Client) -> None:
    li, zhao, wang = (own(client, name) for name in ("li", "zhao", "wang"))
    asked: dict[str, Any] = {"id": "E-1", "factors": ["heat=150:250 °C", "time=2:6 h"], "responses": ["y"],
                             "purpose": "optimise", "units": {"y": "MPa"}, "seed": 7}  # fmt: skip
    assert client.post(f"{BASE}/experiments", json=asked, headers=zhao).status_code == 403
    offer = client.post(f"{BASE}/experiments", json=asked | {"enter": False}, headers=li)
    assert offer.status_code == 200
    assert offer.json()["why"]
    assert client.get(f"{BASE}/experiments", headers=wang).json() == []
    made = client.post(f"{BASE}/experiments", json=asked, headers=li)
    assert made.status_code == 201
    assert client.post(f"{BASE}/experiments", json=asked, headers=li).status_code in (400, 409, 422)
    plan = made.json()
    assert plan["order"] == plan["waiting"]
    for run in plan["runs"]:
        a, b = (run["settings"]["heat"] - 200) / 50, (run["settings"]["time"] - 4) / 2
        y = 50 + 3 * a - 2 * a * a - (b - 0.5) ** 2 + 0.01 * (run["run"] % 3)
        body = {"id": "E-1", "run": run["run"], "values": {"y": y}}
        assert client.post(f"{BASE}/experiments/results", json=body, headers=wang).status_code == 403
        assert client.post(f"{BASE}/experiments/results", json=body, headers=zhao).status_code == 201
    told = client.get(f"{BASE}/experiments/analysis", params={"id": "E-1", "reduce": "p"}, headers=wang).json()
    assert told["best"]["settings"]["heat"] == pytest.approx(237.5, abs=2)
    assert told["best"]["settings"]["time"] == pytest.approx(5.0, abs=0.1)
    (trial,) = client.get(f"{BASE}/experiments/next", params={"id": "E-1"}, headers=wang).json()
    assert 150 <= trial["settings"]["heat"] <= 250
    assert client.post(f"{BASE}/experiments/closing", json={"id": "E-1"}, headers=li).json()["closed"] is True
    late = client.post(f"{BASE}/experiments/results", json={"id": "E-1", "run": 1, "values": {"y": 1}}, headers=zhao)
    assert late.status_code >= 400
    assert "closed" in late.text


@pytest.mark.parametrize(
    ("path", "params", "part"),
    [
        ("experiments/analysis", {"id": "nowhere"}, "no such experiment"),
        ("experiments/next", {"id": "nowhere"}, "no such experiment"),
    ],
)
def test_what_is_not_there_is_said(client: Client, path: str, params: dict[str, str], part: str) -> None:
    answer = client.get(f"{BASE}/{path}", params=params, headers=own(client, "wang"))
    assert 400 <= answer.status_code < 500
    assert part in answer.text


def test_strangers_and_parts_are_kept_out(client: Client) -> None:
    assert client.get(f"{BASE}/projects").status_code == 401
    assert client.get(f"{BASE}/projects", headers=own(client, "part")).status_code == 403


def test_a_project_is_verified_and_closes(client: Client, change: int) -> None:
    li = own(client, "li")
    body = {"id": "P-1", "title": "Less scatter", "of": shop.DIAMETER, "measure": "spread", "wanted": 0.004,
            "start": change - 2 * HOUR, "end": change}  # fmt: skip
    made = client.post(f"{BASE}/projects", json=body, headers=li).json()
    assert (made["phase"], made["found"]) == ("define", None)
    early = client.post(f"{BASE}/projects/phases", json={"id": "P-1", "phase": "closed"}, headers=li)
    assert early.status_code >= 400
    assert "not verified" in early.text
    step = {"id": "P-1", "phase": "improve", "text": "new tool holder", "since": change}
    found = client.post(f"{BASE}/projects/phases", json=step, headers=li).json()["found"]
    assert (found["gain"]["verdict"], found["reached"], found["facts"]) == ("better", True, 110)
    done = client.post(f"{BASE}/projects/phases", json={"id": "P-1", "phase": "closed"}, headers=li)
    assert done.json()["phase"] == "closed"
    (listed,) = client.get(f"{BASE}/projects", headers=own(client, "wang")).json()
    assert listed["found"]["gain"]["verdict"] == "better"
