"""Facts that cannot be true are named, kept, and left out of totals with their amount."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from luban.understand.trace import Trace, balance_of, recall
from tests.understand.trace.made_up import Shop, affected, shop


def plain() -> Shop:
    made = Shop()
    made.receive("S1", "steel", 100, 0)
    made.receive("S2", "steel", 100, 5)
    made.use("S1", "A", 60, 10, "M1")
    made.receive("A", "axle", 6, 11, "M1")
    return made


def unknown(made: Shop) -> None:
    made.item["ghost"] = "steel"
    made.use("ghost", "A", 7, 10, "M1")


def early(made: Shop) -> None:
    made.use("S2", "A", 7, 4, "M1")


def over(made: Shop) -> None:
    made.use("S1", "C", 47, 20, "M2")


def itself(made: Shop) -> None:
    made.use("A", "A", 1, 20, "M2")


def circular(made: Shop) -> None:
    made.use("A", "C", 2, 20, "M2")
    made.use("C", "D", 2, 20, "M2")
    made.use("D", "C", 3, 20, "M2")


def nothing(made: Shop) -> None:
    made.use("S2", "A", -3, 20, "M2")


@pytest.mark.parametrize(
    ("fault", "code", "lot", "output", "excluded"),
    [
        (unknown, "unknown", "ghost", "A", 7), (early, "early", "S2", "A", 7), (over, "over", "S1", "C", 7),
        (itself, "circular", "A", "A", 1), (circular, "circular", "D", "C", 3), (nothing, "amount", "S2", "A", -3),
    ],
)  # fmt: skip
def test_each_is_named_with_its_amount(
    fault: Callable[[Shop], None], code: str, lot: str, output: str, excluded: float
) -> None:
    made = plain()
    fault(made)
    trace = made.trace()
    found = list(trace.doubts.rows())
    assert [(one.code, one.lot, one.output, one.excluded) for one in found] == [(code, lot, output, excluded)]
    assert found[0].reason
    balance = balance_of(trace, lot)
    assert balance.excluded == excluded
    assert balance.used == sum(u["quantity"] for u in made.uses if u["input"] == lot) - excluded


def test_two_parents_that_claim_one_serial() -> None:
    trace = Trace()
    uses = {
        "time": [1, 2, 2],
        "subject": ["P1", "P2", "P2"],
        "input": ["sn", "sn", "other"],
        "quantity": [1.0, 1.0, 1.0],
    }
    trace.add("genealogy", uses)
    trace.say_serial(["sn"])
    assert [(one.code, one.lot, one.output) for one in trace.doubts.rows()] == [("claimed", "sn", "P2")]
    found = recall(trace, ["sn"])
    assert dict(zip(found.names().to_pylist(), found.grades.tolist(), strict=True)) == {"sn": 0, "P1": 0, "P2": 2}


def test_more_out_than_there_was() -> None:
    made = plain()
    made.ship("A", 4, 20, "SO1", "customer:north")
    made.ship("A", 5, 21, "SO2", "customer:north")
    trace = made.trace()
    assert [(one.code, one.lot, one.excluded) for one in trace.doubts.rows()] == [("over_out", "A", 3.0)]
    assert {one.order: one.confidence for one in recall(trace, ["S1"]).deliveries()} == {
        "SO1": "certain", "SO2": "doubtful",
    }  # fmt: skip


def test_rework_that_comes_back_later_is_a_loop_and_no_doubt() -> None:
    made = plain()
    made.use("A", "R", 2, 20, "M2")
    made.use("R", "S1", 10, 30, "M3")
    trace = made.trace()
    assert len(trace.doubts) == 0
    assert [(set(loop.lots), loop.rework, loop.quantity) for loop in trace.doubts.loops] == [
        ({"S1", "A", "R"}, True, 10.0)
    ]


def test_an_issue_to_the_order_that_used_it_counts_once() -> None:
    made = plain()
    made.ship("S1", 60, 9, "M1")
    trace = made.trace()
    assert len(trace.doubts) == 0
    assert balance_of(trace, "S1").left == 40


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_what_only_a_doubtful_fact_reaches_is_still_listed_as_doubtful(seed: int) -> None:
    made = shop(seed)
    wrong = {made.seq + 1}
    lot = sorted(made.made)[seed % len(made.made)]
    left = made.stock[lot]
    made.use(lot, "late lot", left + 10**6, 10**6, "Mx")  # nearly all of it is beyond what there was
    trace = made.trace()
    assert [(one.code, one.seq) for one in trace.doubts.rows()] == [("over", *wrong)]
    said = next(use["quantity"] for use in made.uses if use["seq"] in wrong)
    wholly = said == trace.doubts.excluded[0]
    found = recall(trace, [lot], times=False)
    grades = dict(zip(found.names().to_pylist(), found.grades.tolist(), strict=True))
    sure = affected(made, [lot], without=wrong if wholly else set())
    assert {name for name, grade in grades.items() if grade == 0} == sure
    assert set(grades) == affected(made, [lot])


def test_pieces_are_told_from_lots_by_how_the_item_is_numbered() -> None:
    trace = Trace()
    rows = [(k, f"P{k}", f"sn{k}", 1.0, "motor") for k in range(20)] + [(30, "P30", "sn7", 1.0, "motor")]
    rows += [(k, f"P{k}", "glue", 1.0, "glue") for k in range(20)]
    names = ("time", "subject", "input", "quantity", "item")
    trace.add("genealogy", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    assert [(one.code, one.lot, one.output) for one in trace.doubts.rows()] == [("claimed", "sn7", "P30")]


def test_what_an_order_made_is_what_there_was_of_its_only_lot() -> None:
    trace = Trace()
    trace.add("operation", {
        "time": [0, 5], "end": [4, 9], "subject": ["a", "b"], "order": ["M", "M"], "operation": ["10", "20"],
        "good": [50.0, 48.0],
    })  # fmt: skip
    uses = {"time": [1, 20, 21], "subject": ["L", "X", "Y"], "input": ["S", "L", "L"], "quantity": [50.0, 30.0, 25.0]}
    trace.add("genealogy", uses | {"order": ["M", "N", "N"]})
    assert balance_of(trace, "L").had == 50.0
    assert [(one.code, one.lot, one.excluded) for one in trace.doubts.rows()] == [("over", "L", 5.0)]


def test_what_a_customer_sends_back_can_go_out_again() -> None:
    made = plain()
    made.ship("A", 6, 20, "SO1", "customer:north")
    row = {"time": 25, "seq": 99, "subject": "axle", "lot": "A", "origin": "customer:north", "destination": "store"}
    made.moves.append(row | {"quantity": 6.0, "order": None})
    made.ship("A", 6, 30, "SO2", "customer:south")
    trace = made.trace()
    assert len(trace.doubts) == 0
    assert balance_of(trace, "A").left == 0.0
    assert {one.order for one in recall(trace, ["S1"]).deliveries()} == {"SO1", "SO2"}
    assert [one.lot for one in recall(trace, ["S1"]).on_hand()] == ["S1"]


def test_a_fact_that_names_no_lot_is_counted_and_left_out() -> None:
    trace = Trace()
    trace.add("genealogy", {"time": [1, 2], "subject": ["P", "Q"], "input": ["", "S"], "quantity": [1.0, 1.0]})
    assert (trace.nameless, len(trace.graph)) == (1, 1)
