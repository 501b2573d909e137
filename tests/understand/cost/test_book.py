"""The cost book: the one that was worked out by hand to the fen, and what must hold of every book."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.cost import Demand, Price, PriceList, ShopEvent, cost_book, differences
from luban.understand.cost.book import CostBook
from tests.understand.cost.chance import DRAWN_DEMANDS, DRAWN_PRICES, events_of, facts_drawn
from tests.understand.cost.hand_book import BALANCES, DEMANDS, EVENTS, PRICES, WIP


def test_book_worked_out_by_hand() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    assert book.balances() == BALANCES
    for count, expected in WIP.items():
        assert book.in_progress(count * 1_000_000) == expected, count
    assert {key: held.value for key, held in book.stock.items() if held.value} == {
        ("bar", "B1"): 102500, ("bar", "B2"): 62880, ("blank", "K1"): 4000, ("shaft", "S1"): 5877,
        ("shaft", "S2"): 38858, ("flange", "F1"): 21520,
    }  # fmt: skip
    assert book.cards["A"].carried == {
        "material": 9000 + 13870, "machine": 6300 + 7875, "overhead": 1710 + 2268, "labour": 3960 + 4950,
        "energy": 248 + 311, "scrap": 2291 + 2864, "rework": 4320, "tool": 2400,
    }  # fmt: skip
    assert book.doubts == ()


def test_scrap_written_off_is_a_loss_and_leaves_the_pieces_alone() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES, absorb=False)
    assert book.balances()["loss"] == 5305 - 150
    assert "scrap" not in book.cards["A"].carried
    assert sum(book.balances().values()) == 0


def test_what_cannot_be_valued_is_named_and_in_no_total() -> None:
    events = (
        ShopEvent(1, 1, "receive", D(5), item="bar", lot="L1"),
        ShopEvent(2, 2, "receive", D(5), item="glue", lot="G1"),
        ShopEvent(3, 3, "issue", D(8), item="bar", lot="L1", order="A"),
        ShopEvent(4, 4, "issue", D(2), item="glue", lot="G1", order="A"),
        ShopEvent(5, 5, "issue", D(1), item="bar", lot="L9", order="A"),
        ShopEvent(6, 6, "issue", D(1), item="bar", lot="L2", order="A"),
        ShopEvent(7, 7, "receive", D(5), item="bar", lot="L2"),
        ShopEvent(8, 8, "machine", D(2), of="M7", order="A"),
        ShopEvent(9, 9, "return", D(9), item="bar", lot="L1", order="A"),
    )
    book = cost_book(events, (), [Price("material", "bar", D(2))])
    assert [(one.seq, one.kind, one.quantity, one.amount) for one in book.doubts] == [
        (2, "no price", D(5), None),
        (3, "more than there was", D(3), 600),
        (4, "unpriced lot", D(2), None),
        (5, "unknown lot", D(1), 200),
        (6, "before produced", D(1), 200),
        (8, "no price", D(2), None),
        (9, "more back than issued", D(4), None),
    ]
    assert book.balances() == {"material": 2000, "payable": -2000, "wip": 0}


def test_an_event_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="two events"):
        cost_book((EVENTS[0], EVENTS[0]))


def test_corrected_fact_redoes_only_what_rests_on_it() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    fixed = [replace(one, quantity=D("1.5")) if one.seq == 15 else one for one in EVENTS]  # M2 ran 1.5 h, not 1.2
    revised = book.revise(events=fixed)
    assert revised.touched == {("order", "B", ""), ("lot", "flange", "F1")}
    assert revised.outcomes == cost_book(fixed, DEMANDS, PRICES).outcomes
    adjusted = differences(book.entries, revised.entries, 99_000_000)
    assert {one.seq for one in adjusted} == {15, 19, 21}
    moved = {role: sum(p.amount for e in adjusted for p in e.postings if p.role == role) for role in
             ("machine", "overhead", "wip", "finished", "idle")}  # fmt: skip
    assert moved == {"machine": -2400, "overhead": -480, "wip": 0, "finished": 2160, "idle": 720}


def test_new_price_of_a_lot_reaches_the_pieces_made_of_it() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    dearer = PriceList([*PRICES, Price("material", "bar", D("13.60"), lot="B2")])
    revised = book.revise(prices=dearer)
    assert {node[1:] for node in revised.touched} == {("bar", "B2"), ("A", ""), ("shaft", "S1"), ("shaft", "S2")}
    assert revised.stock[("shaft", "S2")].value == 38858 + 100 + 5  # 2 kg at 0.50 more, and 5 % on them


# ---------------------------------------------------------------- what holds of every book


def _book(events: list[ShopEvent], absorb: bool, demands: tuple[Demand, ...] = DRAWN_DEMANDS) -> CostBook:
    return cost_book(events, demands, DRAWN_PRICES, absorb=absorb)


@settings(max_examples=120, deadline=None)
@given(facts_drawn, st.booleans())
def test_books_balance_and_progress_is_the_open_orders_at_every_instant(
    facts: list[dict[str, object]], absorb: bool
) -> None:
    events, demands = events_of(facts), (*DRAWN_DEMANDS, Demand("Z", "bar"))  # bar is made too: one role at all times
    full = _book(events, absorb, demands)
    for time in range(len(facts) // 2 + 1):
        then = _book([one for one in events if one.time <= time], absorb, demands)
        balances = full.balances(time)
        assert balances == then.balances()
        assert sum(balances.values()) == 0
        cards = {order: card.open for order, card in then.cards.items() if card.open}
        assert full.in_progress(time) == cards
        assert balances.get("wip", 0) == sum(cards.values())
        for role in ("material", "finished"):
            held = sum(one.value for one in then.stock.values() if one.role == role)
            assert balances.get(role, 0) == held
        assert all(one.quantity >= 0 for one in then.stock.values())
        for one in then.outcomes.values():
            assert sum(one.carried.values()) == (one.takes[0].value if one.carried else 0)
        for order, card in then.cards.items():
            made = [
                then.outcomes[one.key].carried for one in then.events if one.kind == "complete" and one.order == order
            ]
            assert sum(sum(one.values()) for one in made) == sum(card.carried.values())
            assert card.total == card.open + sum(card.carried.values()) + card.lost + card.settled


@settings(max_examples=120, deadline=None)
@given(facts_drawn, facts_drawn, st.data())
def test_a_revision_equals_a_new_book(
    facts: list[dict[str, object]], other: list[dict[str, object]], data: st.DataObject
) -> None:
    book = _book(events_of(facts), True)
    changed = list(facts)
    for place, one in enumerate(other[:3]):
        spot = data.draw(st.integers(0, len(changed)), label=f"spot {place}")
        changed[spot : spot + data.draw(st.integers(0, 1))] = [one]
    events = [replace(one, seq=1000 + one.seq) if one not in book.events else one for one in events_of(changed)]
    revised, fresh = book.revise(events=events), _book(events, True)
    assert revised.outcomes == fresh.outcomes
    assert revised.cards == fresh.cards
    assert revised.stock == fresh.stock
    assert (book.cards, book.stock) == (_book(events_of(facts), True).cards, _book(events_of(facts), True).stock)
    adjusted = (*book.entries, *differences(book.entries, revised.entries, 10**6))
    sums: dict[str, int] = {}
    for entry in adjusted:
        for one in entry.postings:
            sums[one.role] = sums.get(one.role, 0) + one.amount
    assert {k: v for k, v in sums.items() if v} == {k: v for k, v in fresh.balances().items() if v}
