"""Postings as facts: what is posted says what the books say, at every instant and after every correction."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.understand.cost import Chart, CostBook, PriceList, cost_book, posted_books, to_post
from luban.understand.cost.posted import SOURCE
from tests.understand.cost.chance import DRAWN_DEMANDS, DRAWN_PRICES, events_of, facts_drawn
from tests.understand.cost.hand_book import DEMANDS, EVENTS, PRICES

_CHART = Chart.default()
Rows = list[dict[str, Any]]


def _post(
    rows: Rows, book: CostBook, *, chart: Chart = _CHART, currency: str = "CNY", closed: int | None = None
) -> Rows:
    """The facts with those of one run more."""
    new = to_post(book.entries, posted_books(rows, book.digits), chart, currency, book.digits, closed=closed)
    more = [dict(zip(new, cells, strict=True)) for cells in zip(*new.values(), strict=True)]
    return [*rows, *({"seq": len(rows) + at, "source": SOURCE} | one for at, one in enumerate(more))]


def _agree(rows: Rows, book: CostBook, chart: Chart = _CHART) -> None:
    posted = posted_books(rows, book.digits)
    wip = chart.number("wip")
    for time in [None, *sorted({one.time for one in book.events})]:
        expected: dict[str, int] = {}
        for role, amount in book.balances(time).items():
            expected[chart.number(role)] = expected.get(chart.number(role), 0) + amount
        found = posted.balances(time)
        assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}
        assert sum(found.values()) == 0
        assert posted.by_order(wip, time) == book.in_progress(time)


def test_what_is_posted_is_the_hand_book_and_a_second_run_has_nothing() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    rows = _post([], book)
    _agree(rows, book)
    assert _post(rows, book) == rows
    assert len({row["subject"] for row in rows}) == len(book.entries)
    assert posted_books(rows, 2).lines[0].of == {"item": "bar", "lot": "B1"}


def test_a_corrected_fact_posts_a_reversal_and_the_new_entry() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    rows = _post([], book)
    right = [replace(one, seq=99, quantity=D("1.5")) if one.seq == 15 else one for one in EVENTS]  # M2: 1.5 h, not 1.2
    fixed = cost_book(right, DEMANDS, PRICES)
    both = _post(rows, fixed)
    assert both[: len(rows)] == rows
    # the wrong fact's entry goes, the right one's comes; what rests on it is turned round and posted anew
    assert {row["subject"] for row in both[len(rows) :]} == {"J15/2", "J99", "J19/2", "J19/3", "J21/2", "J21/3"}
    turned = {(row["account"], row["text"]): row["amount"] for row in both if row["subject"] == "J15/2"}
    assert turned == {
        ("510101", "reversal of machine order=B element=machine"): 96.0,
        ("5001", "reversal of machine order=B element=machine"): -96.0,
        ("510104", "reversal of machine order=B element=overhead"): 19.2,
        ("5001", "reversal of machine order=B element=overhead"): -19.2,
    }
    _agree(both, fixed)
    assert _post(both, fixed) == both
    back = _post(both, book)  # the correction was wrong: all is as it was, and nothing was taken back
    _agree(back, book)
    assert {row["subject"] for row in back[len(both) :]} == {"J99/2", "J15/3", "J19/4", "J19/5", "J21/4", "J21/5"}


def test_closed_books_stay_as_they_were() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    rows = _post([], book)
    fixed = cost_book([replace(one, quantity=D("1.5")) if one.seq == 15 else one for one in EVENTS], DEMANDS, PRICES)
    closed = 18_000_000
    both = _post(rows, fixed, closed=closed)
    before, after = posted_books(rows, 2), posted_books(both, 2)
    assert after.balances(closed - 1) == before.balances(closed - 1)
    assert {k: v for k, v in after.balances().items() if v} == {
        _CHART.number(role): amount for role, amount in fixed.balances().items() if amount
    }
    assert _post(both, fixed, closed=closed) == both
    assert _post(both, fixed, closed=closed + 1_000_000) == both


def test_new_accounts_take_over_what_the_old_ones_held() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    rows = _post([], book)
    chart = Chart.default({"finished": ("1410", "Goods")})
    moved = _post(rows, book, chart=chart)
    _agree(moved, book, chart)
    assert posted_books(moved, 2).balances()["1405"] == 0


def test_postings_of_others_are_left_alone_and_a_forged_one_is_refused() -> None:
    book = cost_book(EVENTS, DEMANDS, PRICES)
    other = {"seq": -1, "source": "erp", "time": 0, "subject": "J1", "account": "1", "amount": 5.0, "currency": "CNY",
             "text": None}  # fmt: skip
    rows = _post([other], book)
    _agree(rows, book)
    with pytest.raises(InputError, match="does not add up"):
        posted_books([*rows, other | {"seq": 10**6, "source": SOURCE}], 2)
    odd = [other | {"seq": at, "source": SOURCE, "subject": "J1/x", "amount": amount, "text": "it's"}
           for at, amount in ((-2, 1.0), (-3, -1.0))]  # fmt: skip
    assert posted_books(odd, 2).lines[0].of == {}


def test_the_ledger_gives_back_what_was_posted(tmp_path: Path) -> None:
    events = [replace(one, lot="B 2'") if one.lot == "B2" else one for one in EVENTS]
    book = cost_book(events, DEMANDS, PRICES)
    new = to_post(book.entries, posted_books([], 2), _CHART, "CNY", 2)
    with LedgerWriter(tmp_path) as writer:
        assert writer.append("posting", new, source=SOURCE).accepted == len(new["time"])
    rows = Ledger(tmp_path).table("posting").to_pylist()
    _agree(rows, book)
    assert {one.of.get("lot") for one in posted_books(rows, 2).lines} >= {"B 2'", "S1"}
    assert _post(rows, book) == rows


@settings(max_examples=40, deadline=None)
@given(facts_drawn, facts_drawn, st.sampled_from([0, 2, 3]))
def test_posted_books_are_the_books_whatever_was_posted_before(
    facts: list[dict[str, object]], others: list[dict[str, object]], digits: int
) -> None:
    rows: Rows = []
    for drawn in (facts, others, facts):
        book = cost_book(events_of(drawn), DRAWN_DEMANDS, PriceList(DRAWN_PRICES), digits=digits)
        rows = _post(rows, book)
        _agree(rows, book)
        assert _post(rows, book) == rows
