"""What else ran under the same condition."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.understand.trace import (
    Condition,
    Trace,
    Window,
    alarm_windows,
    same,
    signal_windows,
    steps_of,
    trace_of,
    windows_asked,
)


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


def test_a_gauge_with_more_asks_steps_as_well(trace: Trace) -> None:
    add(trace, "measurement", ("time", "subject", "serial", "gauge", "value"), [(60, "axle:d", "D", "caliper 7", 1.0)])
    assert names(trace, Condition(gauge="caliper 7")) == {"A": True, "D": True}
    assert names(trace, Condition(gauge="caliper 7", tool="T4")) == {"D": True}
    assert names(trace, Condition(gauge="caliper 7", windows=(Window("hall/mill1", 0, 90),))) == {"A": True}
    assert names(trace, Condition(gauge="caliper 7", tool="T3")) == {}


@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "a/b", "c"]), st.integers(0, 60), st.integers(1, 20)), min_size=1),
    st.lists(st.tuples(st.sampled_from(["a", "a/b", "c"]), st.integers(0, 60), st.integers(1, 20)), min_size=1),
)
@settings(max_examples=80, deadline=None)
def test_steps_in_any_of_many_windows_are_those_of_one_by_one(
    windows: list[tuple[str, int, int]], steps: list[tuple[str, int, int]]
) -> None:
    made = Trace()
    rows: list[tuple[object, ...]] = [
        (start, start + long, unit, f"M{n}") for n, (unit, start, long) in enumerate(steps)
    ]
    add(made, "operation", ("time", "end", "subject", "order"), rows)
    uses: list[tuple[object, ...]] = [(0, f"L{n}", "S", 1.0, f"M{n}") for n in range(len(steps))]
    add(made, "genealogy", ("time", "subject", "input", "quantity", "order"), uses)
    known = {unit for unit, *_ in steps}
    asked = tuple(
        Window(unit, start, start + long) for unit, start, long in windows
        if not unit or any(own == unit or own.startswith(f"{unit}/") for own in known)
    )  # fmt: skip
    if not asked:
        return
    wanted = {
        f"L{n}" for n, (unit, start, long) in enumerate(steps)
        if any((not one.unit or unit == one.unit or unit.startswith(f"{one.unit}/"))
               and start < one.end and start + long > one.start for one in asked)
    }  # fmt: skip
    assert set(names(made, Condition(windows=asked))) == wanted


def test_times_asked_for_are_widened_and_refused_where_there_are_none(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path) as writer:
        writer.append(
            "signal", {"time": [0, 10, 20, 30, 40], "subject": ["oven:temperature"] * 5, "quality": [0, 0, 128, 0, 0],
                       "value": [20.0, 90.0, 900.0, 20.0, 5.0]}, source="t",
        )  # fmt: skip
        writer.append("event", {"time": [100], "subject": ["oven"], "kind": ["alarm"], "end": [110], "code": ["hot"],
                                "text": [""]}, source="t")  # fmt: skip
    ledger = Ledger(tmp_path)
    out = {"signal": "oven:temperature", "until": 200}
    assert windows_asked(ledger, high=80, **out) == (Window("oven", 10, 20),)  # type: ignore[arg-type]
    assert windows_asked(ledger, high=80, low=10, margin=5, **out) == (  # type: ignore[arg-type]
        Window("oven", 5, 25), Window("oven", 35, 205),
    )  # fmt: skip
    assert windows_asked(ledger, alarm="hot", margin=1, until=200) == (Window("oven", 99, 111),)
    assert windows_asked(ledger, alarm="oven", until=200) == (Window("oven", 100, 110),)
    for wrong in ({"signal": "oven:temperature"}, {"signal": "oven:temperature", "high": 9000.0}, {"alarm": "cold"},
                  {"alarm": "hot", "margin": -1}, {"signal": "oven:temperature", "low": 9.0, "high": 1.0}):  # fmt: skip
        with pytest.raises(InputError):
            windows_asked(ledger, until=200, **wrong)  # type: ignore[arg-type]
    ledger.close()
