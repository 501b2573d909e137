"""REST of inspection: by role, a value with its verdict, a device, a non-conformance to its disposition."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Client, Response

from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act
from tests.screens import quality_shop as shop
from tests.screens.rest import answering, own

BASE = "/api/v1/quality"
CHECK = {"statistic": "out", "subject": shop.DIAMETER}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = shop.write(tmp_path_factory.mktemp("inspection") / "plant")
    (folder / "inspection.csv").write_text("item,characteristic,every\nshaft,diameter,2h\n", "utf-8")
    shop.seed(folder)
    acts: list[Act] = []
    with answering(
        folder, shop.PEOPLE, acts=acts, books=lambda view: QualityBooks(view, shop.recorder(folder, acts))
    ) as made:
        yield made


def ask(client: Client, method: str, path: str, user: str = "zhao", body: Any = None) -> Response:
    return client.request(method, f"{BASE}{path}", headers=own(client, user), json=body)


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
