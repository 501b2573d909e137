"""What else ran under the same condition."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.understand.trace import Condition, Trace, Window, alarm_windows, same, signal_windows, steps_of, trace_of


def add(trace: Trace, stream: str, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    trace.add(stream, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


@pytest.fixture
def trace() -> Trace:
    """Order M1 turned in one step, milled on two machines at a time; order M2 with another tool."""
    made = Trace()
    add(
        made, "operation", ("time", "end", "subject", "order", "operation", "person", "tool"),
        [
            (0, 10, "hall/lathe", "M1", "10", "li", "T1"),
            (10, 20, "hall/mill1", "M1", "20", "kim", "T2"),
            (10, 30, "hall/mill2", "M1", "20", "lee", "T3"),
            (40, 50, "hall/lathe", "M2", "10", "li", "T4"),
        ],
    )  # fmt: skip
    add(
        made, "genealogy", ("time", "subject", "input", "quantity", "order", "unit"),
        [
            (0, "A", "S", 1.0, "M1", "hall/lathe"), (15, "A", "X", 1.0, "M1", "hall/mill1"),
            (0, "B", "S", 1.0, "M1", "hall/lathe"), (25, "B", "X", 1.0, "M1", "hall/mill2"),
            (0, "C", "S", 1.0, "M1", "hall/lathe"), (40, "D", "S", 1.0, "M2", None),
        ],
    )  # fmt: skip
    add(made, "measurement", ("time", "subject", "serial", "gauge", "value"), [(60, "axle:d", "A", "caliper 7", 1.0)])
    return made


def names(trace: Trace, condition: Condition) -> dict[str, bool]:
    found = same(trace, condition)
    return dict(zip(trace.lots.array(found.lots).to_pylist(), found.certain.tolist(), strict=True))


def test_one_step_is_of_all_lots_of_the_order(trace: Trace) -> None:
    assert names(trace, Condition(tool="T1")) == {"A": True, "B": True, "C": True}
    assert names(trace, Condition(person="li")) == {"A": True, "B": True, "C": True, "D": True}
    assert names(trace, Condition(person="li", since=35)) == {"D": True}


def test_of_two_machines_the_facts_of_the_lot_decide_and_without_any_both_are_possible(trace: Trace) -> None:
    assert names(trace, Condition(tool="T2")) == {"A": True, "C": False}
    assert names(trace, Condition(unit="hall/mill2")) == {"B": True, "C": False}
    assert [(one.tool, one.certain) for one in steps_of(trace, "A")] == [("T1", True), ("T2", True)]
    assert [(one.tool, one.certain) for one in steps_of(trace, "C")] == [("T1", True), ("T2", False), ("T3", False)]


def test_a_folder_a_window_and_a_gauge(trace: Trace) -> None:
    assert set(names(trace, Condition(unit="hall"))) == {"A", "B", "C", "D"}
    assert names(trace, Condition(windows=(Window("hall/mill2", 22, 23),))) == {"B": True, "C": False}
    assert names(trace, Condition(windows=(Window("", 45, 46),))) == {"D": True}
    assert names(trace, Condition(gauge="caliper 7")) == {"A": True}


def test_a_name_that_no_fact_holds_is_said(trace: Trace) -> None:
    with pytest.raises(InputError, match="no fact names this tool"):
        same(trace, Condition(tool="T9"))
    with pytest.raises(InputError, match="no step of work ran there"):
        same(trace, Condition(unit="attic"))
    with pytest.raises(InputError, match="at least one thing"):
        Condition()


def test_times_of_alarms_and_of_a_signal_out_of_its_limits_come_from_the_books(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path) as writer:
        writer.append(
            "event", {"time": [5, 90], "subject": ["hall/mill2", "hall/lathe"], "kind": ["alarm"] * 2,
                      "end": [12, None], "code": ["hot", "hot"], "text": ["", ""]}, source="t",
        )  # fmt: skip
        writer.append(
            "signal", {"time": [0, 10, 20, 30], "subject": ["hall/mill1:temperature"] * 4, "quality": [0] * 4,
                       "value": [20.0, 90.0, 91.0, 20.0]}, source="t",
        )  # fmt: skip
        writer.append(
            "genealogy", {"time": [1], "subject": ["P"], "input": ["L"], "quantity": [2.0], "order": ["M"]}, source="t"
        )
    ledger = Ledger(tmp_path)
    assert alarm_windows(ledger, "hall/mill2", until=100) == (Window("hall/mill2", 5, 12),)
    assert alarm_windows(ledger, code="hot", until=100)[1] == Window("hall/lathe", 90, 100)
    assert signal_windows(ledger, "hall/mill1:temperature", high=80, since=0, until=100) == (
        Window("hall/mill1", 10, 30),
    )
    trace = trace_of(ledger)
    assert trace.lots.array(trace.graph.walk([trace.lots.id("L")]).nodes).to_pylist() == ["L", "P"]
    ledger.close()
