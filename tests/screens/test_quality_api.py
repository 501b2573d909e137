"""REST of quality: by role and site, a chart with its signals, decisions with their reasons, files."""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from httpx import Client
from openpyxl import load_workbook

from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act
from luban.understand.quality.spc import control_chart
from tests.screens import quality_shop as shop
from tests.screens.rest import answering, own

BASE = "/api/v1/quality"


@pytest.fixture(scope="module")
def acts() -> list[Act]:
    return []


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, acts: list[Act]) -> Iterator[Client]:
    folder = shop.write(tmp_path_factory.mktemp("quality") / "plant")
    shop.seed(folder)
    with answering(
        folder, shop.PEOPLE, acts=acts, books=lambda view: QualityBooks(view, shop.recorder(folder, acts))
    ) as made:
        made.folder = folder  # type: ignore[attr-defined]
        yield made


def test_the_list_and_a_chart(client: Client):
    viewer = own(client, "wang")
    listed = client.get(f"{BASE}/characteristics", headers=viewer).json()
    assert [one["id"] for one in listed] == [shop.DIAMETER, shop.WIDTH, shop.HOLE, shop.BORE, shop.DEPTH]
    asked = {"of": shop.DIAMETER, "newest": 60, "rules": "nelson", "fresh": True}
    told = client.get(f"{BASE}/chart", params=asked, headers=viewer).json()
    batch = control_chart("i_mr", shop.diameters()[-60:], rules="nelson")
    wanted = {(one.panel, one.point, one.rule) for one in batch.violations}
    assert {(one["panel"], one["point"], one["rule"]) for one in told["marks"]} == wanted
    assert told["panels"][0]["values"] == shop.diameters()[-60:]
    assert told["panels"][1]["values"][0] is None
    assert (told["used"], told["phase"], told["excluded"]) == (60, 1, [])
    facts = client.get(f"{BASE}/chart/facts", params={"of": shop.DIAMETER, "point": told["keys"][0]}, headers=viewer)
    assert facts.json()[0]["serial"] == "S1100"


def test_decisions_by_role_with_reason(client: Client, acts: list[Act]):
    engineer, operator, viewer = (own(client, name) for name in ("li", "zhao", "wang"))
    point = client.get(f"{BASE}/chart", params={"of": shop.WIDTH}, headers=viewer).json()["keys"][28]
    said = {"of": shop.WIDTH, "point": int(point), "text": "nozzle bent"}
    assert client.post(f"{BASE}/points/cause", json=said, headers=viewer).status_code == 403
    assert client.post(f"{BASE}/points/cause", json=said, headers=operator).status_code == 201
    assert client.post(f"{BASE}/points/exclude", json=said, headers=operator).status_code == 403
    empty = client.post(f"{BASE}/points/exclude", json={**said, "text": " "}, headers=engineer)
    assert (empty.status_code, empty.json()["title"]) == (400, "a point is left out only with a reason")
    assert client.post(f"{BASE}/points/exclude", json=said, headers=engineer).json() == {"left_out": True}
    asked = {"of": shop.WIDTH, "reason": "39 lots"}
    assert client.post(f"{BASE}/limits/freeze", json=asked, headers=operator).status_code == 403
    assert client.post(f"{BASE}/limits/freeze", json=asked, headers=engineer).json() == {"revision": 1}
    told = client.get(f"{BASE}/limits", params={"of": shop.WIDTH}, headers=viewer).json()
    assert told["newest"]["limits"]["out"] == {"G-268": "nozzle bent"}
    assert told["newest"]["limits"]["person"] == "li"
    assert [one["code"] for one in told["history"]] == ["cause", "exclude", "freeze"]
    assert [act.code for act in acts if act.code.startswith("quality")] == [
        "quality cause", "quality exclude", "quality freeze",
    ]  # fmt: skip
    chart = client.get(f"{BASE}/chart", params={"of": shop.WIDTH, "language": "zh"}, headers=viewer).json()
    assert (chart["phase"], chart["out"], chart["causes"]) == (2, {"28": "nozzle bent"}, {"28": ["nozzle bent"]})
    taken = client.post(f"{BASE}/limits/withdraw", json={"of": shop.WIDTH, "reason": "test"}, headers=engineer)
    assert taken.status_code == 200


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"of": "shaft:colour"}, "no such characteristic"),
        ({"of": shop.DEPTH}, "no point to chart yet"),
        ({"of": shop.DIAMETER, "kind": "pie"}, "there is no such chart"),
        ({"of": shop.DIAMETER, "rules": "nelson_9"}, "there is no such rule"),
        ({"of": shop.DIAMETER, "group": "pairs"}, "no such grouping"),
        ({"of": shop.WIDTH, "kind": "i_mr"}, "this chart takes single values, not subgroups"),
    ],
)
def test_what_cannot_be_charted_says_why(client: Client, asked: dict[str, str], title: str):
    answer = client.get(f"{BASE}/chart", params=asked, headers=own(client, "wang"))
    assert (answer.status_code, answer.json()["title"]) == (400, title)


def test_strangers_and_parts_are_kept_out(client: Client):
    client.cookies.clear()
    assert client.get(f"{BASE}/characteristics").status_code == 401
    part = own(client, "part")
    client.cookies.clear()
    for path in ("characteristics", f"chart?of={shop.DIAMETER}", f"limits?of={shop.DIAMETER}"):
        assert client.get(f"{BASE}/{path}", headers=part).status_code == 403
    said = {"of": shop.DIAMETER, "point": 1, "text": "x"}
    assert client.post(f"{BASE}/points/exclude", json=said, headers=part).status_code == 403


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_chart_as_files(client: Client, language: str):
    viewer = own(client, "wang")
    asked = {"of": shop.WIDTH, "newest": 30, "language": language}
    html = client.get(f"{BASE}/chart/file", params=asked, headers=viewer)
    assert html.headers["content-disposition"] == 'attachment; filename="gear_face_width.html"'
    assert "G-268" in html.text
    assert "<script" not in html.text
    excel = client.get(f"{BASE}/chart/file", params={**asked, "format": "xlsx"}, headers=viewer)
    assert len(load_workbook(BytesIO(excel.content)).sheetnames) >= 2
    if language == "en":
        pdf = client.get(f"{BASE}/chart/file", params={**asked, "format": "pdf"}, headers=viewer)
        assert pdf.content.startswith(b"%PDF")


def test_a_value_that_comes_later_is_on_the_chart(client: Client):
    viewer, folder = own(client, "wang"), Path(client.folder)  # type: ignore[attr-defined]
    asked = {"of": shop.BORE}
    before = client.get(f"{BASE}/chart", params=asked, headers=viewer).json()
    shop.measure(folder, shop.BORE, [40.019])
    deadline = time.monotonic() + 5
    while (told := client.get(f"{BASE}/chart", params=asked, headers=viewer).json())["count"] == before["count"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert told["panels"][0]["values"][-1] == 40.019
    assert told["version"] != before["version"]
