"""Scans through their service and REST: codes, joins with their facts, refusals with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.screens.service import PlantView
from luban.screens.service.trace import TraceBooks, as_scanned
from luban.screens.service.trace_scan import ScanDesk
from luban.understand.trace import Named, steps_of
from tests.screens.rest import answering, own
from tests.screens.trace_shop import LATHE, PEOPLE, recorder, traced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = traced(tmp_path / "plant")
    (made / "codes.csv").write_text("code,kind,name\n0042,machine,lathe\n8004-X,tool,T8\n", "utf-8")
    return made


@pytest.fixture
def desk(folder: Path) -> Iterator[ScanDesk]:
    books = TraceBooks(PlantView(folder), recorder(folder, []))
    yield ScanDesk(books)
    books.stop()
    books.view.ledger.close()


def test_codes_of_labels_and_of_gs1_are_named(desk: ScanDesk) -> None:
    for code, kind, name in (
        ("0042", "machine", LATHE), ("lathe", "machine", LATHE), ("chen", "person", "chen"), ("T7", "tool", "T7"),
        ("M1", "order", "M1"), ("]C0P-1", "part", "P-1"), ("(01)09521141012345(21)P-1", "part", "P-1"),
    ):  # fmt: skip
        assert desk.identify(code) == Named(kind, name)
    assert "952114101X9" in as_scanned("]C18004952114101X9")
    assert desk.new_name("]d2010952114101234521B-77") == "B-77"
    assert desk.new_name("B-78") == "B-78"
    with pytest.raises(InputError, match="nothing is named"):
        desk.identify("P-99")


def test_a_join_is_one_event_with_its_facts(desk: ScanDesk) -> None:
    desk.join("B-77", LATHE, person="zhao", worker="chen", tool="T7", components=(("G-1", 2.0), ("P-1", 0.0),)[:1],
              new="gearbox")  # fmt: skip
    (entry,) = desk.latest()
    assert (entry.subject, entry.code, entry.person) == ("B-77", "join", "chen")
    assert (entry.data["machine"], entry.data["tool"], entry.data["components"]) == (
        LATHE, "T7", [{"lot": "G-1", "quantity": 2.0}],
    )  # fmt: skip
    with desk.books.asked() as trace:
        (step,) = steps_of(trace, "B-77")
        assert (step.unit, step.person, step.tool, step.item) == (LATHE, "chen", "T7", "gearbox")
        assert trace.lots.id("B-77") in trace.graph.walk([trace.lots.id("G-1")]).nodes
        assert trace.lots.id("G-1") in trace.graph.walk([trace.lots.id("B-77")], back=True).nodes
    with pytest.raises(InputError, match="this name is taken"):
        desk.join("B-77", LATHE, person="zhao", new="gearbox")
    with pytest.raises(InputError, match="not so much left"):
        desk.join("B-78", LATHE, person="zhao", new="gearbox", components=(("G-1", 11.0),))
    assert len(desk.latest()) == 1


def test_rest_refuses_what_stands_for_something_else(folder: Path) -> None:
    with answering(folder, PEOPLE) as client:
        wang, zhao = own(client, "wang"), own(client, "zhao")
        base = "/api/v1/trace/scans"
        assert client.get(f"{base}/code?code=0042", headers=wang).json() == {"kind": "machine", "name": LATHE}
        assert client.get(f"{base}/code?code=P-99", headers=wang).status_code == 400
        assert client.get(base, headers=wang).json() == []
        asked = {"part": "P-1", "machine": "0042", "person": "chen", "tool": "T7"}
        assert client.post(base, json=asked, headers=wang).status_code == 403
        assert client.post(base, json=asked, headers=zhao).status_code == 501  # nothing is written here
        told = client.post(base, json=asked | {"tool": "chen"}, headers=zhao)
        assert (told.status_code, "stands for something else" in told.text) == (400, True)
