"""Recall against the slow way, over a thousand plants made up by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.trace import Trace, balance_of, contents, mock_recall, on_hand, recall, spread_of
from tests.understand.trace.made_up import Shop, affected, amounts, origins, shop


@pytest.mark.parametrize("part", range(4))
@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_recall_finds_all_that_is_affected_and_nothing_else(part: int, seed: int) -> None:
    made = shop(seed + part * 2**33)
    trace = made.trace()
    suspect = sorted(made.made)[seed % len(made.made)]
    found = recall(trace, [suspect])
    true = affected(made, [suspect])
    assert set(found.names().to_pylist()) == true
    shipped = [(m["lot"], m["order"], m["destination"] or "", m["quantity"]) for m in made.moves if m["origin"]]
    wanted = sorted(row for row in shipped if row[0] in true)
    assert sorted((one.lot, one.order, one.customer, one.quantity) for one in found.deliveries()) == wanted
    assert set(found.orders) == {row[1] for row in wanted}
    assert {order for notice in found.notices() for order in notice.orders} == set(found.orders)
    assert len(trace.doubts) == 0
    back = trace.graph.walk([trace.lots.id(suspect)], back=True).nodes
    assert set(trace.lots.array(back).to_pylist()) == origins(made, suspect)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_quantities_balance_and_equal_the_dense_equations(seed: int) -> None:
    made = shop(seed)
    trace = made.trace()
    for lot in sorted(made.made)[:4]:
        spread = spread_of(trace, lot)
        found = dict(zip(trace.lots.array(spread.nodes).to_pylist(), spread.amounts.tolist(), strict=True))
        assert found == pytest.approx(amounts(made, lot), abs=1e-8)
        assert abs(spread.gap) < 1e-7 * spread.total
        assert (spread.remains > -1e-8).all()
        assert balance_of(trace, lot).left == pytest.approx(made.stock[lot])
        for end in trace.lots.array(spread.nodes[1:3]).to_pylist():  # forward and back say the same
            held = next(one.quantity for one in contents(trace, end) if one.lot == lot)
            if not trace.doubts.loops:  # what goes round comes into a lot more than once
                assert held == pytest.approx(found[end], abs=1e-9)
            assert held <= spread.total * (1 + 1e-9)


def test_ten_thousand_moves_leave_receipts_less_issues_and_never_less_than_nothing() -> None:
    chance = np.random.default_rng(7)
    made, places = Shop(), ["store", "hall 1", "hall 2"]
    held: dict[tuple[str, str], float] = {}
    for number in range(10_000):
        if number < 50 or chance.random() < 0.2:
            lot = f"lot {chance.integers(200)}"
            made.receive(lot, "steel", q := float(chance.integers(1, 50)), number)
            held[lot, "store"] = held.get((lot, "store"), 0.0) + q
            continue
        full = [key for key, quantity in held.items() if quantity > 0]
        lot, place = full[int(chance.integers(len(full)))]
        q = float(chance.integers(1, int(held[lot, place]) + 1))
        to = places[int(chance.integers(3))] if chance.random() < 0.7 else None
        row = {"time": number, "seq": made._seq(), "subject": "steel", "lot": lot, "origin": place, "destination": to}
        made.moves.append(row | {"quantity": q, "order": None})
        held[lot, place] -= q
        if to:
            held[lot, to] = held.get((lot, to), 0.0) + q
    trace = made.trace()
    lots = np.arange(len(trace.lots), dtype=np.int32)
    found = {(one.lot, one.place): one.quantity for one in on_hand(trace, lots)}
    assert found == {key: quantity for key, quantity in held.items() if quantity > 0}
    assert not any(one.missing for one in on_hand(trace, lots))
    assert len(trace.doubts) == 0
    for lot in {key[0] for key in held}:
        assert balance_of(trace, lot).left == pytest.approx(sum(q for (own, _), q in held.items() if own == lot))


def test_material_of_a_part_that_was_taken_before_is_out_of_time() -> None:
    made = Shop()
    made.receive("old", "oil", 100, 0)
    made.receive("bad", "oil", 50, 20)
    made.use("old", "tank", 60, 1, "fill")
    made.receive("tank", "blend", 60, 1, "fill")
    made.use("tank", "early", 30, 5, "M1")
    made.use("bad", "tank", 40, 30, "fill")
    made.receive("tank", "blend", 40, 30, "fill")
    made.use("tank", "late", 30, 40, "M2")
    for lot, time in (("early", 6), ("late", 41)):
        made.receive(lot, "bottle", 30, time, "M1")
        made.ship(lot, 30, time + 1, f"SO {lot}", "customer:north")
    found = recall(made.trace(), ["bad"])
    assert {one.lot: one.confidence for one in found.deliveries()} == {"early": "out of time", "late": "certain"}
    plain = recall(made.trace(), ["bad"], times=False)
    assert {one.lot: one.confidence for one in plain.deliveries()} == {"early": "certain", "late": "certain"}


def test_what_left_in_a_container_is_on_the_list_and_what_was_unpacked_is_not() -> None:
    trace = Trace()
    rows = [
        (0, "bolt", "A", None, "store", 100.0, None),
        (1, "bolt", "A", "store", "BOX1", 40.0, None),
        (2, "bolt", "A", "store", "BOX2", 30.0, None),
        (3, "bolt", "A", "BOX2", "store", 30.0, None),
        (4, "box", "BOX1", "store", "customer:east", 1.0, "SO7"),
        (5, "box", "BOX2", "store", "customer:west", 1.0, "SO8"),
    ]
    names = ("time", "subject", "lot", "origin", "destination", "quantity", "order")
    trace.add("movement", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    found = recall(trace, ["A"]).deliveries()
    assert [(one.customer, one.order, one.quantity, one.container) for one in found] == [
        ("customer:east", "SO7", 40.0, "BOX1")
    ]


def test_a_lot_that_no_fact_names_is_said() -> None:
    with pytest.raises(InputError, match="no fact names this lot"):
        recall(shop(1).trace(), ["nothing"])
    with pytest.raises(InputError, match="0 or more"):
        mock_recall(shop(1).trace(), 1, seed=-1)


def first_times(trace: Trace, suspects: list[str]) -> dict[str, float]:
    """When something of the suspects could first be in each lot: all facts again and again until nothing changes."""
    view = trace.graph.view
    facts = [
        (trace.lots.name(int(view.columns["source"][k])), trace.lots.name(int(view.columns["target"][k])),
         int(view.columns["time"][k])) for k in range(view.edges) if not view.bad[k]
    ]  # fmt: skip
    there = dict.fromkeys(suspects, -np.inf)
    before: dict[str, float] = {}
    while before != there:
        before = dict(there)
        for source, target, time in facts:
            if there.get(source, np.inf) <= time < there.get(target, np.inf):
                there[target] = time
    return there


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_grades_by_time_are_those_of_the_slow_way(seed: int) -> None:
    chance = np.random.default_rng(seed)
    lots, n = [f"L{number}" for number in range(12)], int(chance.integers(4, 40))
    source = chance.integers(0, 11, n)
    target = np.array([chance.integers(one + 1, 12) for one in source])
    trace = Trace()
    trace.add("genealogy", {
        "time": chance.integers(0, 30, n), "subject": [lots[one] for one in target],
        "input": [lots[one] for one in source], "quantity": np.ones(n),
    })  # fmt: skip
    m = int(chance.integers(1, 8))
    out = chance.integers(0, 12, m)
    trace.add("movement", {
        "time": chance.integers(0, 40, m), "subject": ["x"] * m, "lot": [lots[one] for one in out],
        "origin": ["store"] * m, "destination": ["customer:a"] * m, "quantity": np.ones(m), "order": ["SO"] * m,
    })  # fmt: skip
    suspects = [trace.lots.name(one) for one in np.unique(chance.integers(0, len(trace.lots), 2)).tolist()]
    found, there = recall(trace, suspects), first_times(trace, suspects)
    grades = dict(zip(found.names().to_pylist(), found.grades.tolist(), strict=True))
    for lot in found.names().to_pylist()[: found.walk.sure]:
        assert grades[lot] == (0 if lot in there else 1), lot
    bad = set(trace.doubts.moves.tolist())
    for lot, row, grade in zip(
        trace.lots.array(found.delivered).to_pylist(), found.rows.tolist(), found.delivery_grades.tolist(), strict=True
    ):
        if row not in bad and grades[lot] < 2:
            assert grade == (1 if trace.moves["time"][row] < there.get(lot, np.inf) else 0)
