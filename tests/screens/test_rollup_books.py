"""What the page of indicators is told follows the returns, and the old state can be had."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from luban.core.time import from_datetime
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.norms.plans import load_plan
from luban.plant import load
from luban.rollup.programmes import Evidence, count_row, open_task
from luban.rollup.returns import batch_of, take
from luban.screens.i18n import words
from luban.screens.service import rollup
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


def value(books: RollupBooks, place: Place = Place()) -> float | None:  # noqa: B008 - a value
    rows = books.cell(place).to_pylist()
    return next(row["value"] for row in rows if row["indicator"] == "I01")


def test_a_return_that_comes_later_is_in_the_figure_and_the_old_one_can_be_had(folder: Path) -> None:
    written(folder, [firm(name, 2.0) for name in "abcdef"])
    books = books_of(folder)
    assert value(books) == 2.0
    head = books.view.ledger.head
    written(folder, [firm("a", 8.0)])
    assert value(books) == pytest.approx(3.0)
    assert value(books, Place("CN/31")) == pytest.approx(3.0)
    assert value(books, Place(as_of=head)) == 2.0


def test_the_review_follows_what_is_counted_and_the_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, [firm("a", 1.0)])
    books, plan, day = books_of(folder), load_plan(), date(2018, 1, 1)

    def put(row: dict[str, list[Any]]) -> None:
        with LedgerWriter(places(folder).ledger) as writer:
            writer.append("event", row, source="test")

    put(open_task(plan, "t", "list of parts", item="", owner="li", due=date(2026, 1, 5), person="li"))
    monkeypatch.setattr(rollup, "now", lambda: from_datetime(datetime(2026, 1, 5, 12, tzinfo=UTC)))
    assert books.review(Place(), 2020).late == ()
    monkeypatch.setattr(rollup, "now", lambda: from_datetime(datetime(2026, 1, 7, 12, tzinfo=UTC)))
    assert [one.days for one in books.review(Place(), 2020).late] == [2]
    paper = Evidence("document", "list.pdf", "a" * 64)
    put(count_row(plan, "T20", "works 1", person="li", day=day, evidence=[paper]))
    found = {one.item.id: one.value for one in books.review(Place(), 2020).items}
    assert found["T20"] == 1.0


ACT = '[[policy]]\nid = "{id}"\nname = "zone"\nindicator = "{indicator}"\ntreated = ["CN/31"]\nsince = {since}\n'


def test_acts_are_read_anew_and_a_bad_one_hides_nothing(folder: Path) -> None:
    years = [firm(name, 1.0 + at / 10) | {"year": 2014 + at} for name in "abcdef" for at in range(7)]
    written(folder, years)
    books, acts = books_of(folder), folder / "evaluation.toml"
    assert books.review(Place(), 2020).evaluations == ()
    acts.write_text(ACT.format(id="one", indicator="I01", since=2018), "utf-8")
    assert [one.policy.id for one in books.review(Place(), 2020).evaluations] == ["one"]
    told = (("one", "I01", 2018), ("two", "I99", 2018), ("three", "I01", 2014), ("four", "I01", "true"),
            ("one", "I01", 2018))  # fmt: skip
    acts.write_text("".join(ACT.format(id=name, indicator=one, since=when) for name, one, when in told), "utf-8")
    found = books.review(Place(), 2020)
    assert [one.policy.id for one in found.evaluations] == ["one"]
    assert found.inputs.notes == (
        "evaluation.toml [[policy]] 4 is not judged: since is of another kind: True",
        "evaluation.toml [[policy]] 5 is not judged: two acts of one id: one",
        "two is not judged: no such indicator in the plan: I99",
        "three is not judged: nothing is known of the time before the act: 2014",
    )
    for language in ("zh", "ko"):
        for one in found.inputs.notes:
            assert not {"judged", "such", "known", "kind", "acts"} & set(words(language)(one).split())
    acts.write_text("[[policy", "utf-8")
    assert books.review(Place(), 2020).inputs.notes[0].startswith(f"{acts} is not judged: not TOML")
