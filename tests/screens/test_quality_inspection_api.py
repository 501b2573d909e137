"""REST of inspection: by role, a value with its verdict, a device, a non-conformance to its disposition."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from httpx import Client, Response

from luban.ledger import MasterData
from luban.loop.places import places
from luban.screens.api import build_api
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act, Role, Users
from tests.outside import free_port
from tests.screens import quality_shop as shop

PASSWORD = "correct horse"
BASE = "/api/v1/quality"
CHECK = {"statistic": "out", "subject": shop.DIAMETER}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = shop.write(tmp_path_factory.mktemp("inspection") / "plant")
    (folder / "inspection.csv").write_text("item,characteristic,every\nshaft,diameter,2h\n", "utf-8")
    shop.seed(folder)
    acts: list[Act] = []
    master = MasterData(places(folder).ledger)
    users = Users(master, acts.append)
    for name, role, sites in (
        ("li", Role.ENGINEER, []), ("zhao", Role.OPERATOR, []), ("wang", Role.VIEWER, []),
        ("part", Role.ADMIN, ["jinan/milling"]),
    ):  # fmt: skip
        users.add(name, PASSWORD, role, sites, who="test")
    view, reads, port = PlantView(folder), Reads(2), free_port()
    app = build_api(view, users, reads, books=QualityBooks(view, shop.recorder(folder, acts)))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    with Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as made:
        yield made
    server.should_exit = True
    thread.join()
    reads.close()
    master.close()


def ask(client: Client, method: str, path: str, user: str = "zhao", body: Any = None) -> Response:
    token = client.post("/api/v1/login", json={"user": user, "password": PASSWORD}).json()["token"]
    return client.request(method, f"{BASE}{path}", headers={"Authorization": f"Bearer {token}"}, json=body)


def test_a_value_and_what_it_says(client: Client) -> None:
    asked = {
        "of": shop.DIAMETER,
        "values": [2.509],
        "unit": "cm",
        "lot": "L-9",
        "conditions": {"temperature [°C]": 21.5},
    }
    told = ask(client, "POST", "/measurements", body=asked)
    assert told.status_code == 201
    assert (told.json()["state"], told.json()["verdicts"][0]["value"]) == ("bad", pytest.approx(25.09))
    assert "nelson_1" in told.json()["signals"]
    (line,) = ask(client, "GET", "/inspection/plan").json()
    assert (line["subject"], line["state"]) == (shop.DIAMETER, "waiting")


def test_a_non_conformance_from_opening_to_its_disposition(client: Client) -> None:
    made = ask(
        client, "POST", "/nonconformances", body={"text": "too large", "subject": shop.DIAMETER, "lots": ["L-9"]}
    )
    assert (made.status_code, made.json()["state"]) == (201, "held")
    name = made.json()["id"]
    assert ask(client, "GET", "/inspection/held").json() == {"L-9": [name]}
    steps = f"/nonconformances/{name}/steps"
    concession = {"code": "dispose", "text": "agreed", "decision": "use_as_is"}
    assert ask(client, "POST", steps, body=concession).status_code == 403
    decided = ask(client, "POST", steps, "li", concession).json()
    assert (decided["held"], decided["disposed"]) == ([], {"L-9": "use_as_is"})
    ask(client, "POST", steps, body={"code": "action", "text": "new insert", "check": CHECK})
    ask(client, "POST", steps, body={"code": "done", "action": "A1"})
    checked = ask(client, "POST", f"/nonconformances/{name}/effect", body={"action": "A1"}).json()
    assert checked["actions"][0]["verdict"] == "unknown"
    early = ask(client, "POST", steps, "li", {"code": "close"})
    assert (early.status_code, "no cause is named" in early.text) == (400, True)
    assert [one["id"] for one in ask(client, "GET", "/nonconformances", "wang").json()] == [name]


def test_a_device_and_a_person(client: Client) -> None:
    known = {"device": "cam2", "model": "surface", "version": "4.1"}
    for piece, confidence, state in (("P1", 0.99, "accepted"), ("P2", 0.2, "queue")):
        told = ask(
            client,
            "POST",
            "/devices/results",
            body={"piece": piece, "verdict": "scratch", "confidence": confidence} | known,
        )
        assert (told.status_code, told.json()["state"]) == (201, state)
    (waiting,) = [one for one in ask(client, "GET", "/devices/queue").json() if one["why"] == "queue"]
    assert ask(client, "POST", f"/devices/results/{waiting['seq']}/review", body={"verdict": "good"}).status_code == 200
    (matrix,) = ask(client, "GET", "/devices/confusion?why=queue").json()
    assert (matrix["words"], matrix["table"], matrix["alarms"]["count"]) == (["good", "scratch"], [[0, 0], [1, 0]], 1)


@pytest.mark.parametrize(
    ("method", "path", "user", "body", "status"),
    [
        ("POST", "/measurements", "wang", {"of": shop.DIAMETER, "values": [25.0]}, 403),
        ("GET", "/nonconformances", "part", None, 403),
        ("POST", "/measurements", "zhao", {"of": "shaft:colour", "values": [1.0]}, 400),
        ("POST", "/measurements", "zhao", {"of": shop.DIAMETER, "values": []}, 422),
        ("POST", "/measurements", "zhao", {"of": shop.DIAMETER, "values": ["x"]}, 422),
        ("POST", "/measurements", "zhao", {"of": shop.DIAMETER, "values": [1.0], "unit": "kg"}, 400),
        ("GET", "/nonconformances/NC-9", "zhao", None, 400),
        ("POST", "/nonconformances", "zhao", {"text": "what"}, 400),
        ("POST", "/devices/results/1/review", "zhao", {"verdict": "good"}, 400),
        ("POST", "/devices/results", "zhao", {"piece": "P", "verdict": "good", "confidence": 93}, 422),
    ],
)  # fmt: skip
def test_what_is_refused(client: Client, method: str, path: str, user: str, body: Any, status: int) -> None:
    told = ask(client, method, path, user, body)
    assert told.status_code == status, told.text
    assert "Traceback" not in told.text
