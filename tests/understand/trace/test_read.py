"""Trace from files of any sane shape; mock recalls; how far a recall has come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.understand.trace import mock_recall, read_trace, recall, recall_cases, recall_row, steps_of
from luban.understand.trace.epcis import document_of
from tests.understand.trace.made_up import shop

USES = """Product lot;Component lot;Qty;Date;Work order;Machine
P1;S1;12,5;2026-11-16 08:00;M1;lathe
P1;B1;4;2026-11-16 08:05;M1;lathe
P2;S1;x;2026-11-16 09:00;M2;lathe
P3;;1;2026-11-16 09:00;M2;lathe
P4;S1;1;soon;M2;lathe
"""
MOVES = """item,lot,from,customer,quantity,time,order
axle,P1,store,ACME,3,2026-11-17 08:00,SO1
"""
STEPS = """machine,work order,operation,operator,tool,start,end
lathe,M1,10,li,T1,2026-11-16 07:00,2026-11-16 09:00
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("uses.csv", USES), ("moves.csv", MOVES), ("steps.csv", STEPS), ("notes.txt", "a\n1\n2\n")):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_a_folder_of_tables_with_bad_rows_said(folder: Path) -> None:
    found = read_trace(folder)
    assert found.rows == {"moves.csv": 1, "steps.csv": 1, "uses.csv": 2}
    assert [(one.where, one.reason) for one in found.excluded] == [
        ("uses.csv:4", "not a number"), ("uses.csv:5", "no lot is named"), ("uses.csv:6", "not a time"),
    ]  # fmt: skip
    called = recall(found.trace, ["S1"])
    assert [(one.customer, one.order, one.quantity) for one in called.deliveries()] == [("ACME", "SO1", 3.0)]
    assert [step.tool for step in steps_of(found.trace, "P1")] == ["T1"]


def test_chinese_heads_ordinals_and_no_quantity(tmp_path: Path) -> None:
    (tmp_path / "谱系.csv").write_text("谱系\n产品批次,原料批次\n甲,乙\n丙,甲\n", "utf-8")
    trace = read_trace(tmp_path / "谱系.csv").trace
    assert set(recall(trace, ["乙"]).names().to_pylist()) == {"甲", "乙", "丙"}


def test_an_epcis_document_is_a_source_too(tmp_path: Path) -> None:
    made = shop(5)
    path = tmp_path / "events.json"
    path.write_text(json.dumps(document_of(made.uses, made.moves, created=1)), "utf-8")
    found = read_trace(path)
    lot = made.uses[0]["input"]
    assert set(recall(found.trace, [lot]).names().to_pylist()) == set(recall(made.trace(), [lot]).names().to_pylist())


def test_files_that_make_no_trace(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table in this folder"):
        read_trace(tmp_path)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(InputError, match="no table of a trace"):
        read_trace(tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_mock_recalls_agree_both_ways_and_account_for_all(seed: int) -> None:
    for mock in mock_recall(shop(seed).trace(), 4, seed=seed):
        assert mock.recall in (1.0, None)
        assert mock.precision in (1.0, None)
        assert mock.accounted == pytest.approx(1.0)


def test_a_large_mock_recall_asks_a_share_of_the_lots() -> None:
    made = shop(3, orders=60)
    assert all(0 < mock.checked <= 6 for mock in mock_recall(made.trace(), 3, checks=4))


def test_a_recall_closes_as_answers_come(tmp_path: Path) -> None:
    rows = [
        recall_row("R1", "open", person="li", text="porous", data={"suspects": ["S1"]}, time=1),
        recall_row("R1", "notify", person="li", data={"customer": "north", "quantity": 6, "orders": ["SO1"]}, time=2),
        recall_row("R1", "notify", person="li", data={"customer": "south", "quantity": 4}, time=2),
        recall_row("R1", "answer", person="", data={"customer": "north", "returned": 5, "used": 1}, time=3),
        recall_row("R1", "answer", person="", data={"customer": "south", "destroyed": 9}, time=4),
        recall_row("R1", "answer", person="", data={"customer": "south", "destroyed": 2}, time=5),
    ]
    with LedgerWriter(tmp_path) as writer:
        for made in rows:
            writer.append("event", made, source="page")
    ledger = Ledger(tmp_path)
    case = recall_cases(ledger)["R1"]
    assert (case.suspects, case.quantity, case.closure, case.answered, case.closed) == (("S1",), 10.0, 0.8, 1.0, None)
    assert recall_cases(ledger, as_of=3)["R1"].closure == 0.0
    ledger.close()
    with pytest.raises(InputError, match="fields of a recall's notify"):
        recall_row("R1", "notify", person="li", data={"customer": "x", "quantity": -1})
    with pytest.raises(InputError, match="no such entry"):
        recall_row("R1", "forget", person="li")
