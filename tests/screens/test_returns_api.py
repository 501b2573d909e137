"""Returns over REST: form, review, taking, revision, confirmation, own books; who may, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.returns import batch_of
from luban.screens.service import PlantView
from luban.screens.service.books import Books
from luban.screens.service.returns import ReturnsDesk, read_sent
from tests.rollup.returns.test_own import books, plant_of, readings, states
from tests.rollup.returns.world import ELEMENTS, firms
from tests.screens.green_mill import PEOPLE
from tests.screens.quality_shop import recorder
from tests.screens.rest import answering, own

URL = "/api/v1/returns"


def mill(folder: Path) -> Path:
    folder.mkdir(parents=True)
    plant_of(folder, 40)
    books(folder, meter=readings(), state=states()).close()
    return folder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with answering(mill(tmp_path_factory.mktemp("returns") / "plant"), PEOPLE) as made:
        yield made


def test_returns_are_for_engineers(client: Client) -> None:
    wang = own(client, "wang")
    for address in ("", "/values", "/form", "/form/file", "/own", "/vintages"):
        given = {"year": 2024, "unit": "f1"}
        assert client.get(f"{URL}{address}", params=given, headers=wang).status_code == 403, address
    assert client.post(f"{URL}/review", json={"rows": []}, headers=wang).status_code == 403


def test_form_review_and_own_return(client: Client) -> None:
    li = own(client, "li")
    form = client.get(f"{URL}/form", params={"language": "ko"}, headers=li).json()
    assert form["fields"][0]["name"] == "매출액"
    file = client.get(f"{URL}/form/file", params={"year": 2024, "language": "zh"}, headers=li)
    assert file.content[:2] == b"PK"
    sent = client.post(f"{URL}/review/file", params={"name": "r.xlsx"}, content=file.content, headers=li)
    assert sent.status_code == 400  # nobody has filled in which unit it is
    assert "unit" in sent.json()["title"]
    rows = [{"unit": "f1", "year": 2024, "values": {"revenue": 0.0, "staff": 12}, "about": {"industry": "C9999"}}]
    found = client.post(f"{URL}/review", json={"rows": rows}, headers=li).json()
    assert {(one["severity"], one["code"]) for one in found["findings"]} >= {
        ("error", "rule"),
        ("doubt", "unknown code"),
    }
    wrong = client.post(f"{URL}/review", json={"rows": [rows[0] | {"values": {"revenu": 1}}]}, headers=li)
    assert wrong.status_code == 400
    assert "revenue" in wrong.json()["hint"]
    told = client.get(f"{URL}/own", params={"year": 2024}, headers=li).json()
    assert next(one for one in told["lines"] if one["element"] == "nc_key_processes")["value"] == 33
    csv = "unit,year,revenue [亿元]\nf1,2024,x1\n".encode()
    found = client.post(f"{URL}/review/file", params={"name": "../../r.csv"}, content=csv, headers=li).json()
    assert [(one["code"], one["place"]) for one in found["findings"]] == [("not a number", "r.csv:2")]


def test_taking_is_an_engineers_and_needs_a_plant_that_writes(client: Client) -> None:
    wang, li = own(client, "wang"), own(client, "li")
    rows = {"rows": [{"unit": "f1", "year": 2024, "values": {"revenue": 5.0}}]}
    for url, body in ((URL, rows), (f"{URL}/confirmations", {"unit": "f1", "year": 2024}),
                      (f"{URL}/vintages", {"name": "one"})):  # fmt: skip
        assert client.post(url, json=body, headers=wang).status_code == 403
    assert client.post(URL, json=rows, headers=li).status_code == 501
    assert client.post(URL, json={"rows": []}, headers=li).status_code == 422
    assert client.get(URL, params={"year": 2024}).status_code == 401


def test_taken_queried_answered_confirmed_named(tmp_path: Path) -> None:
    folder = mill(tmp_path / "plant")
    desk = ReturnsDesk(Books(PlantView(folder), recorder(folder, [])))
    rows = firms(3, years=(2024,))
    assert desk.take(batch_of(rows, ELEMENTS), "li").new == 3 * len(ELEMENTS)
    query = desk.query("f001", 2024, "wang", "why?", "energy")
    with pytest.raises(InputError, match="no such question"):
        desk.answer("f001", 2024, query + 1000, "li", "so")
    with pytest.raises(InputError, match="an answer says something"):
        desk.answer("f001", 2024, query, "li", " ")
    desk.answer("f001", 2024, query, "li", "a furnace was sold")
    asked = desk.form("en", "f001", 2024)
    assert next(one for one in asked["fields"] if one["element"] == "staff")["value"] == rows[1]["staff"]
    assert asked["about"]["region"] == rows[1]["region"]
    desk.name("first", "wang")
    for taken in ("first", " first "):
        with pytest.raises(InputError, match="is there"):
            desk.name(taken, "wang")
    desk.confirm("f001", 2024, "li")
    with pytest.raises(InputError, match="nothing was returned"):
        desk.confirm("f001", 1999, "li")
    desk.state(2024, "staff", 260.0, "li", "payroll")
    assert desk.own(2024).line("staff").value == 260.0
    assert desk.take_own(2024, "f009", {"region": "CN/31"}, "li").new > 0


def test_a_file_that_is_sent_is_read_under_its_name_or_refused() -> None:
    plan, content = load_plan("mic2025"), b"unit,year,revenue\nf1,2024,x1\n"
    assert [read_sent(content, name, plan).findings[0].place for name in ("../../r.csv", "", "报表.csv")] == [
        "r.csv:2", "returns.csv:2", "报表.csv:2"
    ]  # fmt: skip
    for name in ("..", "a\0b.csv", "x" * 300):
        with pytest.raises(InputError, match="name"):
            read_sent(content, name, plan)
