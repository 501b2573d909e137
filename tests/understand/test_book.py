"""The book: what was written is read back, in order, as of any moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.ledger import ENGINES, Ledger, LedgerWriter, streams
from luban.understand.book import KINDS, entries, row


@pytest.fixture
def writer(tmp_path: Path) -> LedgerWriter:
    return LedgerWriter(tmp_path)


def test_entries_come_back_in_order_and_as_of_then(tmp_path: Path, writer: LedgerWriter) -> None:
    writer.append("event", row("gauge", "c7", "register", person="li", data={"due": 5}, time=7), source="screens")
    writer.append("event", row("gauge", "c8", "register", person="li"), source="screens")
    writer.append(
        "event", row("gauge", "c7", "calibrate", person="", text="passed", data={"ü": [1.5, None]}), source="x"
    )
    writer.close()
    ledger = Ledger(tmp_path)
    assert [(e.seq, e.code, e.subject) for e in entries(ledger, "gauge")] == [
        (1, "register", "c7"), (2, "register", "c8"), (3, "calibrate", "c7")
    ]  # fmt: skip
    first, last = entries(ledger, "gauge", "c7")
    assert (first.time, first.person, dict(first.data), first.text) == (7, "li", {"due": 5}, "")
    assert (last.person, dict(last.data), last.text) == ("", {"ü": [1.5, None]}, "passed")
    assert entries(ledger, "gauge", "c7", as_of=2) == (first,)
    assert entries(ledger, "limits") == ()
    assert json.loads(json.dumps(first.as_dict()))["data"] == {"due": 5}


def test_every_engine_reads_the_same(tmp_path: Path, writer: LedgerWriter) -> None:
    for number in range(5):
        writer.append("event", row("limits", "a:b", "freeze", person="li", data={"n": number}), source="screens")
    writer.close()
    found = [entries(Ledger(tmp_path, engine=engine), "limits") for engine in ENGINES if engine != "spark"]
    assert len(found[0]) == 5
    assert all(one == found[0] for one in found)


def test_a_corrected_entry_shows_as_corrected(tmp_path: Path, writer: LedgerWriter) -> None:
    writer.append("event", row("project", "p1", "open", person="li", text="wrong"), source="screens")
    fixed = row("project", "p1", "open", person="li", text="right") | {"supersedes": [1]}
    writer.append("event", fixed, source="screens")
    writer.close()
    assert [e.text for e in entries(Ledger(tmp_path), "project")] == ["right"]
    assert [e.text for e in entries(Ledger(tmp_path), "project", as_of=1)] == ["wrong"]


@pytest.mark.parametrize(
    ("kind", "subject", "code", "data"),
    [
        ("holiday", "a", "b", {}),
        ("gauge", " ", "b", {}),
        ("gauge", "a", "", {}),
        ("gauge", "a", "b", {"x": float("nan")}),
        ("gauge", "a", "b", {"x": object()}),
    ],
)
def test_what_cannot_be_an_entry(kind: str, subject: str, code: str, data: dict[str, object]) -> None:
    with pytest.raises(InputError):
        row(kind, subject, code, person="li", data=data)


def test_unknown_kind_is_asked(tmp_path: Path, writer: LedgerWriter) -> None:
    writer.close()
    with pytest.raises(InputError, match="unknown kind"):
        entries(Ledger(tmp_path), "act")


def test_the_stream_names_every_kind() -> None:
    described = {column.name: column.description for column in streams()["event"].columns}["kind"]
    assert [kind for kind in KINDS if kind not in described] == []
