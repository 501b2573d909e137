"""REST of studies: the figures of the books, by role, as JSON and as files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Role
from tests.screens import quality_shop as shop
from tests.screens.rest import answering, own
from tests.understand.quality.test_gauge_study import AIAG

BASE = "/api/v1/quality"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = shop.write(tmp_path_factory.mktemp("studies") / "plant")
    shop.seed(folder)
    with LedgerWriter(places(folder).ledger) as writer:
        counts = {
            "time": [1, 2], "subject": ["turning", "milling"], "good": [90.0, 99.0], "scrap": [10.0, 1.0],
            "rework": [0.0, 0.0], "item": ["shaft", "gear"], "quality": [0, 0],
        }  # fmt: skip
        writer.append("count", counts, source="c")
    people: dict[str, tuple[Role, list[str]]] = {"wang": (Role.VIEWER, []), "part": (Role.ADMIN, ["jinan/milling"])}
    with answering(folder, people, books=QualityBooks) as made:
        yield made


def log_in(client: Client, user: str = "wang") -> None:
    client.headers.pop("Authorization", None)
    client.headers.update(own(client, user))


def test_capability_of_the_books(client: Client):
    log_in(client)
    told = client.get(f"{BASE}/capability", params={"of": shop.WIDTH, "group": "lot"}).json()
    assert told["subgroups"] == 40
    assert told["in_control"] is False
    assert {one["index"]: one["value"] for one in told["indices"]}["Cpk"] is None
    again = client.get(f"{BASE}/capability", params={"of": shop.WIDTH, "group": "lot", "despite": "known"}).json()
    assert {one["index"]: one["value"] for one in again["indices"]}["Cpk"] > 0
    file = client.get(f"{BASE}/capability", params={"of": shop.WIDTH, "format": "pdf", "language": "zh"})
    assert file.content[:4] == b"%PDF"
    assert "luban.pdf" in file.headers["content-disposition"]


def test_relations_and_causes(client: Client):
    log_in(client)
    told = client.get(f"{BASE}/relations", params={"of": shop.DIAMETER}).json()
    assert told["looked_at"] >= 1
    causes = client.get(f"{BASE}/causes", params={"by": "subject"}).json()["causes"]
    assert [(one["name"], one["amount"]) for one in causes] == [("turning", 10), ("milling", 1)]


def test_a_gauge_study_of_a_table(client: Client):
    log_in(client)
    rows = [list(map(float, line.split())) for line in AIAG.splitlines()]
    cells = [f"{part},{'ABC'[at // 3]},{value}" for at, row in enumerate(rows) for part, value in enumerate(row, 1)]
    table = "part,operator,value\n" + "\n".join(cells)
    told = client.post(f"{BASE}/gauge-study", json={"table": table}).json()
    assert told["total_ss"] == pytest.approx(94.64711222)
    page = client.post(f"{BASE}/gauge-study", params={"format": "html", "language": "ko"}, json={"table": table})
    assert page.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("capability", {"of": "shaft:colour"}),
        ("capability", {"of": shop.DIAMETER, "family": "cauchy"}),
        ("causes", {"by": "colour"}),
        ("relations", {"of": shop.DIAMETER, "range": "soon"}),
    ],
)
def test_wrong_questions_are_answered(client: Client, path: str, asked: dict[str, str]):
    log_in(client)
    got = client.get(f"{BASE}/{path}", params=asked)
    assert got.status_code == 400
    assert got.json()["error"]


def test_who_may_ask(client: Client):
    client.headers.pop("Authorization", None)
    client.cookies.clear()
    assert client.get(f"{BASE}/causes").status_code == 401
    log_in(client, "part")
    assert client.get(f"{BASE}/capability", params={"of": shop.DIAMETER}).status_code == 403
    assert client.post(f"{BASE}/gauge-study", json={"table": "a\n1\n"}).status_code == 403
