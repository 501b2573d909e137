"""REST of cost: a piece, its bars, deviations, journal and files; and who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from tests.screens.cost_shop import PEOPLE, costed
from tests.screens.rest import answering, own


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with answering(costed(tmp_path_factory.mktemp("cost") / "plant"), PEOPLE) as made:
        yield made


@pytest.fixture
def ask(client: Client) -> Any:
    headers = own(client, "wang")

    def get(path: str, code: int = 200, **asked: Any) -> Any:
        answer = client.get(f"/api/v1/cost{path}", headers=headers, params=asked)
        assert answer.status_code == code, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer

    return get


def test_a_piece_and_what_its_bars_are_made_of(ask: Any) -> None:
    books = ask("")
    assert (books["currency"], books["minor_digits"], books["in_progress"]) == ("CNY", 2, {"C": 5250})
    assert sum(books["balances"].values()) == 0
    assert ask("/find", text="S") == ["shaft", "S1", "S2"]
    piece = ask("/piece", of="A")
    assert (piece["kind"], piece["good"], piece["total"], piece["each"]) == ("order", "9", 62367, "6929.666667")
    assert piece["standard"]["material"] == "2375.000000"
    assert ask("/piece", of="shaft")["not_compared"] == ["C"]
    bar = ask("/element", of="A", element="material")
    assert (bar["total"], bar["ways"], bar["count"]) == (
        25120, {"carried by good pieces": 22870, "moved to scrap": 2250}, 2,
    )  # fmt: skip
    first = bar["charges"][0]
    assert (first["seq"], first["lot"], first["quantity"], first["unit"], first["amount"]) == (
        4,
        "B1",
        "18",
        "kg",
        22500,
    )
    assert first["time"].endswith("+08:00")
    assert "no good piece" in ask("/piece", 400, of="C")["title"]
    assert ask("/piece", 400, of="gear")["title"] == "no order, item or lot of that name has cost"


def test_deviations_balances_and_journal(ask: Any) -> None:
    found = ask("/variances", by="item")
    assert (found["standard"], found["actual"], found["orders"]) == (83611, 91211, 2)
    assert [(one["name"], one["amount"]) for one in found["groups"]] == [("shaft", 10373), ("flange", -2773)]
    assert [one["name"] for one in ask("/variances", by="order", kind="rework")["groups"]] == ["A"]
    ask("/variances", 400, by="kind", kind="luck")
    held = ask("/balance")
    assert (held["difference"], held["in_progress"], held["cards"], held["open"]) == (0, 5250, 5250, {"C": 5250})
    assert ask("/balance", to="2026-09-22T08:30:00+08:00")["in_progress"] == 0
    journal = ask("/journal", text="j25", limit=1)
    assert journal["count"] == 1
    entry = journal["entries"][0]
    assert (entry["id"], entry["fact"], [one["amount"] for one in entry["postings"]]) == (
        "J25", 25, [-5000, 5000, -250, 250],
    )  # fmt: skip
    assert ask("/journal", limit=5, offset=1)["count"] == len(ask("/journal", limit=1000)["entries"])
    over = ask("/in-progress")
    assert (over["value"][-1], over["orders"][-1], len(over["time"])) == (5250, 1, len(over["value"]))


def test_files(ask: Any) -> None:
    piece = ask("/file", what="piece", of="A", element="scrap", format="html", language="zh")
    assert "单件成本" in piece.text
    assert piece.headers["content-disposition"] == 'attachment; filename="piece-A.html"'
    assert ask("/file", what="variances", format="xlsx").content.startswith(b"PK")
    assert ask("/file", what="journal", format="csv", of="C").text.count("J25") == 4
    ask("/file", 400, what="piece", of="nothing")


def test_who_may_ask(client: Client) -> None:
    assert client.get("/api/v1/cost").status_code == 401
    answer = client.get("/api/v1/cost", headers=own(client, "part"))
    assert (answer.status_code, answer.json()["title"]) == (403, "cost shows the whole plant")


def test_without_prices_the_answer_says_what_to_write(tmp_path: Path) -> None:
    folder = costed(tmp_path / "plant")
    (folder / "prices.csv").unlink()
    with answering(folder, PEOPLE) as client:
        answer = client.get("/api/v1/cost", headers=own(client, "wang"))
        assert (answer.status_code, answer.json()["title"]) == (400, "the plant has no prices")
