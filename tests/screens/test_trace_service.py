"""Trace through its service and REST: one graph in step with the books, both ways of a lot, recalls to their close."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from luban.core.errors import InputError, LedgerBusyError
from luban.core.time import DAY, HOUR, UTC, now
from luban.screens.i18n import words
from luban.screens.report.sheet import Grid, Note
from luban.screens.report.trace_explorer import explorer_svg, explorer_table
from luban.screens.report.trace_notice import (
    customer_of,
    language_for,
    letter_sheet,
    letters,
    notice_list,
    printed,
    zipped,
)
from luban.screens.service import PlantView
from luban.screens.service.trace import TraceBooks, as_scanned
from luban.screens.service.trace_around import BACK, ON, Filter, around, filtered
from luban.screens.service.trace_files import epcis_of, newest
from luban.screens.service.trace_recall import RecallDesk
from luban.understand.trace import recall
from luban.understand.trace.epcis import check_document
from tests.screens.rest import answering, own
from tests.screens.trace_shop import LATHE, PEOPLE, add, recorder, traced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return traced(tmp_path / "plant")


@pytest.fixture
def books(folder: Path) -> Iterator[TraceBooks]:
    made = TraceBooks(PlantView(folder), recorder(folder, []))
    yield made
    made.stop()
    made.view.ledger.close()


def test_the_graph_keeps_step_with_the_books_and_with_corrections(books: TraceBooks, folder: Path) -> None:
    assert books.reading
    assert books.find(" P-1 ") == "P-1"
    before, version = books.told(), books.version
    add(folder, "event", {"time": [now()], "subject": [LATHE], "kind": ["alarm"], "code": ["cold"]})
    books.catch_up()
    assert books.version == version  # nothing of trace came
    fact = {"time": [now()], "subject": ["CRATE"], "input": ["BOX-1"], "quantity": [1.0], "item": ["gearbox"]}
    add(folder, "genealogy", fact)
    books.catch_up()
    assert books.told()["uses"] == before["uses"] + 1
    assert books.version > version
    with books.asked() as trace:
        assert [one.lot for one in around(trace, "CRATE", levels=2).spots] == ["CRATE", "BOX-1", "P-1", "G-1"]
    wrong = books.view.ledger.table("genealogy").column("seq").to_pylist()[-1]
    add(folder, "genealogy", fact | {"input": ["BOX-2"], "supersedes": [wrong]})
    books.catch_up()
    assert books.told()["uses"] == before["uses"] + 1  # read anew without the corrected fact
    with books.asked() as trace:
        assert [one.lot for one in around(trace, "CRATE").spots] == ["CRATE", "BOX-2"]


def test_too_many_facts_leave_the_oldest_out_and_an_idle_graph_is_let_go(folder: Path) -> None:
    few = TraceBooks(PlantView(folder), most=5, idle=0.0)
    with few.asked(60) as trace:
        assert (len(trace.graph), few.since is not None) == (5, True)
    done = threading.Event()
    for _ in range(100):
        if few.reading:
            break
        done.wait(0.05)
    assert few.reading
    assert few.seen == 0
    few.stop()
    with pytest.raises(LedgerBusyError), few.asked(0.01):  # nothing reads any more
        pass
    few.view.ledger.close()


def test_both_ways_level_by_level_with_quantities_and_doubts(books: TraceBooks) -> None:
    with books.asked() as trace:
        near = around(trace, "P-1")
        wide = around(trace, "P-1", opened={(ON, "BOX-2")})
        deep = around(trace, "BOX-2", levels=2)
        assert newest(trace)[0] == "BOX-2"
    shown = {(one.side, one.lot): (one.level, one.more) for one in near.spots}
    assert shown == {("", "P-1"): (0, 0), (BACK, "S-1"): (1, 0), (BACK, "S-2"): (1, 0), (ON, "BOX-1"): (1, 0),
                     (ON, "BOX-2"): (1, 0)}  # fmt: skip
    assert {one.lot: one.to for one in near.spots}["BOX-1"] == (("customer:north", 3.0),)
    assert {one.lot: one.open for one in wide.spots}["BOX-2"]
    uses = {(one.source, one.target): one for one in deep.links}
    assert set(uses) == {("P-1", "BOX-2"), ("P-2", "BOX-2"), ("G-9", "BOX-2"), ("S-1", "P-1"), ("S-2", "P-1"),
                         ("S-2", "P-2")}  # fmt: skip
    assert (uses["G-9", "BOX-2"].doubt, uses["G-9", "BOX-2"].excluded) == ("over", 10.0)  # 30 taken, 20 came
    assert (uses["S-2", "P-2"].quantity, uses["S-2", "P-2"].doubt, uses["S-2", "P-2"].level) == (20.0, "", 2)
    steel = filtered(deep, Filter(item="steel"))
    assert {one.far for one in steel.links} == {"S-1", "S-2"}
    assert {(one.source, one.target) for one in steel.way} == {("P-1", "BOX-2"), ("P-2", "BOX-2")}
    assert {one.lot for one in filtered(deep, Filter(doubtful=True)).spots} == {"BOX-2", "G-9"}
    assert {one.target for one in filtered(deep, Filter(unit=LATHE)).links} == {"P-1", "P-2"}


def test_a_node_with_many_lots_is_cut_with_its_count(books: TraceBooks, folder: Path) -> None:
    names = [f"C-{n}" for n in range(60)]
    add(folder, "genealogy", {"time": [now()] * 60, "subject": names, "input": ["BOX-1"] * 60, "quantity": [0.01] * 60})
    with books.asked() as trace:
        found = around(trace, "BOX-1")
    assert (len([one for one in found.spots if one.side == ON]), found.spots[0].more) == (25, 35)


def test_the_picture_and_the_table_say_doubts_without_colour(books: TraceBooks) -> None:
    with books.asked() as trace:
        found = around(trace, "BOX-2")
    for language, sentence in (("en", "more was taken than there was"), ("zh", "取用多于所有"), ("ko", "⚠")):
        say = words(language)
        picture = explorer_svg(found, say, {"gear": "piece"})
        assert "⚠ 30 piece" in picture
        assert picture.count('class="lb-tline lb-tdoubt"') == 1  # a broken line
        assert 'data-open="from|P-1"' in picture
        table = explorer_table(found, say, {}, UTC)
        assert sentence in table
        assert table.count("⚠") == 1
    nasty = around_named(books)
    assert "<script>" not in nasty


def around_named(books: TraceBooks) -> str:
    name = '<script>alert("x")</script>'
    with books.asked() as trace:
        trace.add("genealogy", {"time": [1], "subject": [name], "input": ["S-1"], "quantity": [1.0], "seq": [10**6]})
        found = around(trace, name)
    return explorer_svg(found, words("en"), {}) + explorer_table(found, words("en"), {}, UTC)


def test_what_was_typed_or_scanned_is_found(books: TraceBooks) -> None:
    assert as_scanned("]d201095211410123452120017")[-2:] == ["20017", "09521141012345"]
    assert "L7" in as_scanned("(01)09521141012345(10)L7")
    assert "AB" in as_scanned("]C101095211410123451126113010AB\x1d21X")
    assert as_scanned("P-1") == ["P-1"]
    assert books.suggest("box") == ["BOX-1", "BOX-2"]
    assert sorted(books.suggest("-1")) == ["BOX-1", "G-1", "P-1", "S-1"]
    with pytest.raises(InputError) as error:
        books.find("box")
    assert "BOX-1" in error.value.expected


def test_the_same_condition(books: TraceBooks, folder: Path) -> None:
    def lots(alarm: str = "", signal: str = "", high: float | None = None, **named: str) -> list[str]:
        match = books.same(named, alarm=alarm, signal=signal, high=high)
        with books.asked() as trace:
            return sorted(trace.lots.array(match.lots).to_pylist())

    assert lots(tool="T7") == ["P-1"]
    assert lots(person="sun") == ["P-2"]
    assert lots(alarm="overheat") == ["P-1", "P-2"]
    assert books.names("tool") == ["T7", "T8"]
    hot = f"{LATHE}:temperature"
    began = now() - DAY + HOUR
    add(folder, "signal", {"time": [began, began + 1], "subject": [hot] * 2, "value": [900.0, 20.0], "quality": [0, 0]})
    assert lots(signal=hot, high=870.0) == ["P-1", "P-2"]
    assert lots(signal=hot, high=870.0, person="sun") == ["P-2"]
    assert (books.names("gauge"), books.names("operation")) == ([], ["10"])
    for asked in ({}, {"tool": "T9"}, {"alarm": "nothing"}, {"signal": hot}, {"signal": hot, "high": "950"}):
        with pytest.raises(InputError):
            lots(**{k: float(v) if k == "high" else v for k, v in asked.items()})  # type: ignore[arg-type]


def test_a_list_of_suspects_may_hold_names_with_commas(books: TraceBooks, folder: Path) -> None:
    add(folder, "genealogy", {"time": [now()], "subject": ["A,1"], "input": ["S-1"], "quantity": [0.1]})
    books.catch_up()
    assert RecallDesk(books).suspects("A,1\nP-1, P-2;P-1") == ("A,1", "P-1", "P-2")


def test_the_epcis_document_is_valid_and_only_of_the_lot(books: TraceBooks) -> None:
    with books.asked() as trace:
        document = json.loads(epcis_of(trace, "BOX-1"))
    assert not check_document(document)
    text = json.dumps(document)
    assert "S-1" in text
    assert "P-2" not in text


def test_a_recall_from_its_opening_to_its_close(books: TraceBooks) -> None:
    desk = RecallDesk(books)
    assert desk.cases() == {}
    made = desk.open(desk.suspects("S-1"), "cracks", person="li")
    with books.asked() as trace:
        names = desk.affected(["S-1"]).names().to_pylist()
        assert trace.as_of
    assert sorted(names) == ["BOX-1", "BOX-2", "P-1", "S-1"]
    with pytest.raises(InputError, match="still to be told"):
        desk.close(made, "", person="li")
    with pytest.raises(InputError, match="not told yet"):
        desk.answer(made, "customer:north", {"returned": 1}, person="zhao")
    assert desk.notify(made, "customer:north", person="zhao").quantity == 3.0
    assert desk.notify(made, "customer:south", person="zhao").orders == ("SO2",)
    with pytest.raises(InputError, match="more than was delivered"):
        desk.answer(made, "customer:north", {"returned": 3, "used": 1}, person="zhao")
    desk.answer(made, "customer:north", {"returned": 2, "destroyed": 1}, person="zhao")
    case = desk.case(made)
    assert (case.closure, case.answered) == (3 / 8, 1 / 2)
    with pytest.raises(InputError, match="only with a reason"):
        desk.close(made, " ", person="li")
    desk.answer(made, "customer:south", {"used": 5}, person="zhao")
    desk.close(made, "", person="li")
    assert desk.case(made).closed is not None
    with pytest.raises(InputError, match="is closed"):
        desk.notify(made, "customer:north", person="zhao")
    assert desk.open(["S-2"], "again", person="li") == "R-2"
    assert {one.recall for one in desk.mock(3, 1)} == {1.0}
    for wrong in ("", "S-1\nnothing"):
        with pytest.raises(InputError):
            desk.suspects(wrong)


def test_every_customer_gets_a_letter_in_its_language(books: TraceBooks) -> None:
    customers = books.view.plant.customers
    with books.asked() as trace:
        found = recall(trace, ["S-1"])
        listed = notice_list(found, customers, words("en"), UTC)
        made = letters(found, customers, "en", UTC, sender="works", id="R-1", reason="cracks")
        north = next(one for one in found.notices() if one.customer == "customer:north")
        deliveries = [one for one in found.deliveries() if one.customer == "customer:north"]
    (grid,) = (one for one in listed.blocks if isinstance(one, Grid))
    assert [row[0] for row in grid.rows] == ["北方车辆厂", "customer:south"]
    assert "customer:south" in next(one.text for one in listed.blocks if isinstance(one, Note))
    assert sorted(made) == ["customer-north.pdf", "customer-south.pdf"]
    assert {name: language for name, (_, language) in made.items()} == {
        "customer-north.pdf": "zh", "customer-south.pdf": "en",
    }  # fmt: skip
    assert all(content.startswith(b"%PDF") for content in printed(made).values())
    assert zipped(printed(made)).startswith(b"PK")
    own = customer_of(customers, "customer:north")
    sheet = letter_sheet(north, deliveries, own, words(language_for(own, "en")), UTC, sender="works", reason="cracks")
    assert sheet.title == "产品召回通知"
    texts = [one.text for one in sheet.blocks if isinstance(one, Note)]
    assert "济南市" in texts
    assert "原因：cracks" in texts
    assert [row[0] for one in sheet.blocks if isinstance(one, Grid) for row in one.rows] == ["BOX-1", "BOX-1"]


def test_rest_with_roles(folder: Path) -> None:
    with answering(folder, PEOPLE) as client:
        li, zhao, wang, part = (own(client, name) for name in ("li", "zhao", "wang", "part"))
        base = "/api/v1/trace"
        assert client.get(f"{base}/lots?text=bo", headers=wang).json() == ["BOX-1", "BOX-2"]
        assert client.get(base, headers=wang).json()["uses"] == 8
        near = client.get(f"{base}/around?lot=BOX-2&levels=2&doubtful=true", headers=wang).json()
        assert [one["source"] for one in near["uses"]] == ["G-9"]
        told = client.get(f"{base}/lot?lot=BOX-1", headers=wang).json()
        assert {one["lot"] for one in told["from"]} == {"P-1", "G-1", "S-1", "S-2"}
        assert client.get(f"{base}/same?tool=T7", headers=wang).json()["lots"] == [{"lot": "P-1", "certain": True}]
        for kind, begins in (("xlsx", b"PK"), ("epcis", b"{"), ("html", b"<!")):
            got = client.get(f"{base}/file?lot=BOX-1&format={kind}&language=zh", headers=wang)
            assert got.content.startswith(begins)
        assert client.get(f"{base}/file?lot=nothing", headers=wang).status_code == 400
        assert client.get(f"{base}/affected?lot=S-2&lot=G-1", headers=wang).json()["orders"] == ["SO1", "SO2"]
        assert len(client.get(f"{base}/mock?count=2", headers=wang).json()) == 2
        assert client.get(base, headers=part).status_code == 403  # an account of one machine
        asked = {"suspects": ["S-1"], "reason": "cracks"}
        assert client.post(f"{base}/recalls", json=asked, headers=zhao).status_code == 403
        assert client.post(f"{base}/recalls", json=asked, headers=li).status_code == 501  # nothing is written here
        assert client.get(f"{base}/recalls", headers=wang).json() == []
        assert client.get(f"{base}/recalls/R-1", headers=wang).status_code == 400
