"""What lies where: receipts less issues, never below 0, and cards of kanban loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.plant import KanbanLoop
from luban.understand.trace import Move, OnHand, Stores, Trace, cards_of, oldest_first, on_hand, picks_of, stock_of
from tests.understand.trace.made_up import shop

PLACES = ("store", "line", "dock", "hall/rack")
LOTS = tuple(f"L{number}" for number in range(8))


def facts(moves: list[Move]) -> Trace:
    """The moves as facts in the books."""
    trace = Trace()
    rows: dict[str, list[Any]] = {
        "time": list(range(len(moves))), "seq": list(range(len(moves))), "subject": [one.item for one in moves],
        "lot": [one.lot or None for one in moves], "origin": [one.origin or None for one in moves],
        "destination": [one.destination or None for one in moves], "quantity": [one.quantity for one in moves],
        "order": [None] * len(moves),
    }  # fmt: skip
    if moves:
        trace.add("movement", rows)
    return trace


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=4, deadline=None)
def test_stock_is_receipts_less_issues_and_never_below_nothing_in_10_000_random_moves(seed: int) -> None:
    chance = np.random.default_rng(seed)
    stores, booked = Stores(), []
    in_, out = dict.fromkeys(LOTS, 0), dict.fromkeys(LOTS, 0)
    refused = 0
    for _ in range(10_000):
        lot = LOTS[chance.integers(len(LOTS))]
        origin, to = (["", *PLACES][chance.integers(len(PLACES) + 1)] for _ in range(2))
        quantity = int(chance.integers(-1, 30))
        before = dict(stores.held)
        try:
            one = Move("axle", lot, origin, to, float(quantity))
            stores.move(one)
        except InputError:
            refused += 1
            assert stores.held == before
            assert quantity <= 0 or origin == to or quantity > before.get(("axle", lot, origin), 0.0)
            continue
        booked.append(one)
        in_[lot] += 0 if origin else quantity
        out[lot] += 0 if to else quantity
        assert stores.quantity("axle", lot, origin) >= 0.0
    assert 0 < refused < 10_000
    for lot in LOTS:
        assert sum(stores.quantity("axle", lot, place) for place in PLACES) == in_[lot] - out[lot]
    rows = stock_of(facts(booked))  # the same moves, read back from facts
    assert {(one.item, one.lot, one.place): one.quantity for one in rows} == stores.held
    assert not any(one.missing for one in rows)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_lots_that_are_used_up_are_left_out_and_all_others_are_as_asked_one_by_one(seed: int) -> None:
    made = shop(seed)
    trace = made.trace()
    rows = stock_of(trace)
    assert sorted(rows, key=lambda one: one.lot) == sorted(
        on_hand(trace, np.arange(len(trace.lots), dtype=np.int32)), key=lambda one: one.lot
    )
    left = {lot: stock for lot, stock in made.stock.items() if stock > 0}
    found = {one.lot: one.quantity for one in rows if one.quantity > 0}
    assert found == pytest.approx(left)


def test_what_was_taken_too_much_is_missing_and_counts_as_nothing() -> None:
    trace = facts([Move("axle", "A", "", "store", 5.0), Move("axle", "A", "store", "line", 7.0),
                   Move("oil", "", "", "tank", 10.0), Move("oil", "", "tank", "line", 4.0),
                   Move("oil", "", "line", "", 6.0)])  # fmt: skip
    assert stock_of(trace) == (
        OnHand("A", "axle", "line", 7.0, 0.0), OnHand("", "oil", "line", 0.0, 2.0),
        OnHand("A", "axle", "store", 0.0, 2.0), OnHand("", "oil", "tank", 6.0, 0.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [("axle", "A", "store", "line", 0.0), ("axle", "A", "", "", 1.0), ("axle", "A", "x", "x", 1.0),
     ("", "A", "x", "y", 1.0), ("axle", "A", "x", "y", float("nan")), ("axle", "A", "x", "y", float("inf"))],
)  # fmt: skip
def test_a_move_that_is_none_is_refused(wrong: tuple[str, str, str, str, float]) -> None:
    with pytest.raises(InputError):
        Move(*wrong)


def test_cards_of_a_loop_are_full_or_free_and_the_oldest_lot_comes_first() -> None:
    moves = [Move("axle", "NEW", "", "store", 30.0), Move("axle", "OLD", "", "store", 9.0),
             Move("axle", "OLD", "store", "line", 1.0)]  # fmt: skip
    trace = facts([moves[1], moves[0], moves[2]])
    rows = stock_of(trace)
    loops = [KanbanLoop("K", "axle", "line", "store", 20.0, 3), KanbanLoop("E", "bolt", "line", "store", 5.0, 2)]
    empty, one = cards_of(loops, rows)
    assert (one.loop.id, one.stock, one.full, one.free, one.short) == ("K", 1.0, 1, 2, True)
    assert (empty.full, empty.free, empty.short) == (0, 2, True)
    assert cards_of(loops[:1], [OnHand("A", "axle", "line", 90.0, 0.0)])[0].free == 0
    store = [row for row in rows if row.place == "store"]
    assert [row.lot for row in oldest_first(trace, store)] == ["OLD", "NEW"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=8),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 30), max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_picks_are_all_that_is_needed_as_far_as_it_is_there(held: list[tuple[str, int]], needs: dict[str, int]) -> None:
    rows = [OnHand(f"L{at}", item, "store", float(much), 0.0) for at, (item, much) in enumerate(held)]
    picks = picks_of(rows, {item: float(much) for item, much in needs.items()})
    for item, needed in needs.items():
        own = [one for one in picks if one.item == item]
        there = sum(one.quantity for one in own if one.lot)
        assert there == min(needed, sum(much for name, much in held if name == item))
        assert sum(one.quantity for one in own) == needed
    stock = {one.lot: one.quantity for one in rows}
    taken = [one for one in picks if one.lot]
    assert all(0 < one.quantity <= stock[one.lot] for one in taken)
    for item in "ab":  # a lot is touched only when those before it are taken whole
        own = [one for one in taken if one.item == item]
        assert all(one.quantity == stock[one.lot] for one in own[:-1])
    assert {one.item for one in picks} <= set(needs)
