"""What the page of indicators is told: nothing of one firm, not by the whole either; figures follow the returns."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.norms.plans import load_plan
from luban.plant import load
from luban.rollup.returns import batch_of, take
from luban.screens.service.rollup import Place, RollupBooks

PLANT = '[plant]\nid = "office"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n'


def written(folder: Path, rows: list[dict[str, Any]]) -> None:
    with LedgerWriter(places(folder).ledger):
        pass
    ledger = Ledger(places(folder).ledger)
    taken = take(ledger, load_plan(), batch_of(rows, ["revenue", "rd_spend"], source="test"))
    ledger.close()
    with LedgerWriter(places(folder).ledger) as writer:
        for stream, columns in taken.parts():
            writer.append(stream, columns, source="returns")


def firm(name: str, spend: float) -> dict[str, Any]:
    return {"unit": name, "year": 2020, "region": "CN/31", "industry": "C3421", "above_scale": 1, "revenue": 100.0,
            "rd_spend": spend}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(PLANT, "utf-8")
    return tmp_path


def books_of(folder: Path) -> RollupBooks:
    held = SimpleNamespace(plant=load(folder), folder=folder, ledger=Ledger(places(folder).ledger))
    return RollupBooks(cast("Any", held))


def value(books: RollupBooks, *, protected: bool, region: str = "") -> tuple[float | None, str]:
    rows = books.cell(Place(region, protected=protected)).to_pylist()
    return next((row["value"], row["reason"]) for row in rows if row["indicator"] == "I01")


def test_two_firms_are_not_told_to_everybody_not_as_the_whole_either(folder: Path) -> None:
    written(folder, [firm("a", 1.0), firm("b", 3.0)])
    books = books_of(folder)
    assert value(books, protected=False) == (2.0, "")
    for region in ("", "CN/31"):
        told, reason = value(books, protected=True, region=region)
        assert told is None
        assert reason.startswith("withheld")


def test_a_return_that_comes_later_is_in_the_figure_and_the_old_one_can_be_had(folder: Path) -> None:
    written(folder, [firm(name, 2.0) for name in "abcdef"])
    books = books_of(folder)
    assert value(books, protected=True) == (2.0, "")
    head = books.view.ledger.head
    written(folder, [firm("a", 8.0)])
    assert value(books, protected=True)[0] == pytest.approx(3.0)
    before = books.cell(Place(as_of=head)).to_pylist()
    assert next(row["value"] for row in before if row["indicator"] == "I01") == 2.0
