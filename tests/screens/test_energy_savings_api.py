"""Energy per piece and savings over REST: what comes back, who may freeze."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from luban.screens.service import PlantView
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.energy_savings import PIECES, SavingsDesk
from luban.screens.users import Role
from tests.screens.quality_shop import recorder
from tests.screens.rest import answering, own
from tests.screens.savings_shop import ACT, FIRST, SAVED, saving

PEOPLE = {"li": (Role.ENGINEER, []), "wang": (Role.VIEWER, []), "part": (Role.ENGINEER, ["jinan/lathe"])}
FIT = {"drivers": [PIECES, "signal jinan/lathe:outside"], "temperature": "signal jinan/lathe:outside",
       "start": "2026-08-24", "end": "2026-10-23"}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = saving(tmp_path_factory.mktemp("savings") / "plant")
    books = EnergyBooks(PlantView(folder), recorder(folder, []))
    desk = SavingsDesk(books)
    desk.freeze(desk.asked("", "day", FIT["drivers"], str(FIT["temperature"]), FIRST, ACT), "Valves", ACT, person="li")
    books.view.ledger.close()
    with answering(folder, PEOPLE) as made:
        yield made


def test_units_and_drivers(client: Client) -> None:
    said = own(client, "wang")
    told = client.get("/api/v1/energy/units", params={"window": "30d"}, headers=said).json()
    assert (told["medium"], told["unit"], len(told["days"])) == ("electricity", "kWh", 30)
    drivers = client.get("/api/v1/energy/drivers", headers=said).json()
    assert {"driver": "signal jinan/lathe:outside", "unit": "°C"} in drivers


def test_a_baseline_and_what_was_saved(client: Client) -> None:
    said = own(client, "wang")
    (kept,) = client.get("/api/v1/energy/baselines", headers=said).json()
    assert (kept["id"], kept["title"], kept["afterwards"], kept["act"]) == ("B-1", "Valves", True, ACT)
    told = client.get("/api/v1/energy/baselines/B-1", headers=said).json()
    assert told["savings"]["share_low"] < SAVED < told["savings"]["share_high"]
    assert len(told["steps"]["energy"]) == told["savings"]["periods"] == 30
    assert client.get("/api/v1/energy/baselines/B-9", headers=said).status_code == 400
    file = client.get("/api/v1/energy/baselines/B-1/file", params={"format": "pdf", "language": "ko"}, headers=said)
    assert file.content.startswith(b"%PDF")
    assert file.headers["content-disposition"] == 'attachment; filename="savings-B-1.pdf"'


def test_a_trial_writes_nothing_and_freezing_needs_an_engineer(client: Client) -> None:
    said = own(client, "wang")
    tried = client.post("/api/v1/energy/baselines/try", json=FIT, headers=said).json()
    assert tried["baseline"]["r2"] > 0.95
    freeze = FIT | {"title": "More", "act": "2026-10-23"}
    assert client.post("/api/v1/energy/baselines", json=freeze, headers=said).status_code == 403
    engineer = own(client, "li")
    assert client.post("/api/v1/energy/baselines", json=freeze, headers=engineer).status_code == 501  # it only reads
    early = freeze | {"act": "2026-10-01"}
    assert client.post("/api/v1/energy/baselines", json=early, headers=engineer).status_code == 400
    assert client.get("/api/v1/energy/baselines", headers=own(client, "part")).status_code == 403
    assert len(client.get("/api/v1/energy/baselines", headers=said).json()) == 1
