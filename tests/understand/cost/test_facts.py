"""From a ledger's facts to the book that was worked out by hand; what is taken by rule is said."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from luban.core.time import HOUR
from luban.ledger import Ledger, LedgerWriter
from luban.plant import load
from luban.plant.checks.cost import ACCOUNT_ROLES, PRICE_KINDS
from luban.understand.cost import ROLES
from luban.understand.cost.facts import PlantCost, plant_cost
from luban.understand.cost.hours import Span, hours_of, work_events
from luban.understand.cost.prices import KINDS
from luban.understand.cost.words import (
    BY_BILL,
    BY_MACHINE,
    BY_STEPS,
    DOUBTS,
    NO_MACHINE,
    NO_ORDER,
    STARTED,
    USED_AS_BOUGHT,
)
from tests.understand.cost.cost_shop import SHIPPED, T0, shop_folder
from tests.understand.cost.hand_book import BALANCES


def _cost(folder: Path, as_of: int | None = None) -> PlantCost:
    ledger = Ledger(folder / ".luban" / "ledger")
    try:
        return plant_cost(ledger, load(folder), as_of=as_of)
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop_folder(tmp_path_factory.mktemp("cost"))


def test_facts_make_the_book_worked_out_by_hand(folder: Path) -> None:
    found = _cost(folder)
    expected = {**BALANCES, "sold": SHIPPED, "idle": 170}  # the last flange was shipped, not taken inside
    assert found.book.balances() == expected
    assert found.book.doubts == ()
    assert (found.by_rule, found.left_out, found.currency) == ({}, {}, "CNY")
    assert [card.closed for card in found.book.cards.values()] == [True, True]


def test_books_as_they_stood(folder: Path) -> None:
    found = _cost(folder, as_of=5)
    assert found.book.in_progress() == {"A": 23625, "B": 16800}


def test_a_shop_that_books_only_counts_is_costed_by_rule(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    later = T0 + 100 * HOUR
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        writer.append("operation", {
            "time": [later], "subject": ["works/hall/m2"], "order": ["C"], "operation": ["10"], "item": ["flange"],
            "end": [later + 2 * HOUR], "good": [3.0], "scrap": [1.0],
        }, source="test")  # fmt: skip
    found = _cost(tmp_path)
    card = found.book.cards["C"]
    assert found.by_rule == {BY_STEPS: ("C",), BY_BILL: ("C",)}
    # four blanks are wanted, one is on hand: it is taken, three are missing
    assert card.spent == {"machine": 16000, "material": 4000, "overhead": 3200 + 200}
    assert [(one.kind, one.quantity, one.amount) for one in found.book.doubts] == [("more than there was", D(3), 12000)]


def test_without_receipts_material_is_bought_as_it_is_used(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    with (tmp_path / "bom.csv").open("a") as file:
        file.write("flange,screw,4\n")
    with (tmp_path / "items.csv").open("a") as file:
        file.write("screw,Screw,piece\n")
    with (tmp_path / "prices.csv").open("a") as file:
        file.write("material,screw,,,0.055,piece\n")
    found = _cost(tmp_path)
    assert found.by_rule == {BY_BILL: ("B",), USED_AS_BOUGHT: ("B",)}
    assert found.book.cards["B"].uses["material", "screw", ""].value == 88


def test_words_of_tables_and_books_agree() -> None:
    assert set(ROLES) == set(ACCOUNT_ROLES)
    assert set(KINDS) == set(PRICE_KINDS)
    assert len(set(DOUBTS)) == 7


def test_a_count_without_an_order_is_that_of_the_machine(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    start = T0 + 200 * HOUR
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        for hours, order in ((0, "D"), (2, None)):
            state = {"state": ["producing"], "mapping": ["generic@1"], "order": [order], "item": ["flange"],
                     "time": [start + hours * HOUR], "subject": ["works/hall/m2"], "quality": [0]}  # fmt: skip
            writer.append("state", state, source="test")
        for hours, item in ((1, "flange"), (2, "flange"), (1.5, "shaft"), (3, "flange")):
            count = {"time": [start + int(hours * HOUR)], "subject": ["works/hall/m2"], "good": [5.0], "scrap": [0.0],
                     "rework": [0.0], "item": [item], "quality": [0]}  # fmt: skip
            writer.append("count", count, source="test")
    found = _cost(tmp_path)
    assert found.book.cards["D"].good == 10
    assert found.by_rule[BY_MACHINE] == ("D",)
    assert found.left_out == {NO_ORDER: D(10)}


def test_orders_side_by_side_share_the_hours_of_their_furnace() -> None:
    spans = [
        Span(1, "heat/H1", "A", 0, 4 * HOUR, "", False, False), Span(2, "heat/H1", "B", 0, 2 * HOUR, "", False, False),
        Span(3, "heat/H1", "C", HOUR, 2 * HOUR, "", False, False),
        Span(4, "heat/H1", "A", 5 * HOUR, 6 * HOUR, "", False, False),
        Span(5, "heat/H2", "A", 0, HOUR, "", False, False),
    ]  # fmt: skip
    hours = {one.seq: one.quantity for one in work_events(spans, [], (), ())}
    third = D("0.333333333")
    assert hours == {1: D("2.5") + third, 2: D("0.5") + third, 3: third, 4: D(1), 5: D(1)}
    assert hours_of(5_400_000_000) == D("1.5")


def test_an_order_that_nobody_placed_has_the_pieces_of_its_first_operation(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    later = T0 + 100 * HOUR
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        for start, operation, good, scrap in ((0, "10", 8.0, 2.0), (5, "20", 3.0, 1.0)):
            writer.append("operation", {
                "time": [later + start * HOUR], "subject": ["works/hall/m2"], "order": ["C"], "operation": [operation],
                "item": ["gear"], "end": [later + (start + 1) * HOUR], "good": [good], "scrap": [scrap],
            }, source="test")  # fmt: skip
    found = _cost(tmp_path)
    card = found.book.cards["C"]
    assert (card.planned, card.good, card.scrap) == (10, 3, 3)
    assert found.by_rule[STARTED] == ("C",)
    # 80.00 and 20 %: a fifth of it is scrap, 19.20; the second hour makes 144.00 and 28.80, of which an eighth is
    # scrap, 21.60; 3 of the 7 pieces left carry three sevenths of 126.00, 25.20 and 40.80
    assert card.carried == {"machine": 5400, "overhead": 1080, "scrap": 1749}


def test_an_order_that_is_noted_as_finished_ends_with_the_operation_before_it(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    later = T0 + 100 * HOUR
    with (tmp_path / "items.csv").open("a") as file:
        file.write("gear,Gear,piece\n")
    with (tmp_path / "routing.csv").open("a") as file:
        file.write("gear,10,hall/m2,60,\ngear,20,hall/m2,60,\ngear,30,hall/m2,60,\n")  # sorting: of few lots only
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        for start, operation, good in ((0, "10", 9.0), (5, "20", 9.0)):
            writer.append("operation", {
                "time": [later + start * HOUR], "subject": ["works/hall/m2"], "order": ["C"], "operation": [operation],
                "item": ["gear"], "end": [later + (start + 1) * HOUR], "good": [good], "scrap": [10 - good],
            }, source="test")  # fmt: skip
        assert _cost(tmp_path).book.cards["C"].good == 0
        for at, code, data in ((0, "order released", '{"quantity": 11}'), (6, "order finished", '{"good": 9}'),
                               (6, "order finished", "no JSON")):  # fmt: skip
            note = {"time": [later + at * HOUR], "subject": ["C"], "kind": ["note"], "code": [code], "data": [data]}
            writer.append("event", note, source="test")
    card = _cost(tmp_path).book.cards["C"]
    assert (card.planned, card.good, card.scrap, card.closed, card.open) == (11, 9, 2, True, 0)
    assert card.carried.keys() == {"machine", "overhead", "scrap"}
    assert sum(card.carried.values()) + card.settled + card.lost == 19200


def test_hours_off_or_idle_cost_nothing_unless_a_price_names_the_state(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    start = T0 + 200 * HOUR
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        for hours, state in (
            (0, "producing"),
            (2, "off"),
            (10, "waiting"),
            (11, "planned_stop"),
            (12, "idle"),
            (13, "off"),
        ):
            row = {"state": [state], "mapping": ["generic@1"], "order": ["D"], "item": ["flange"], "quality": [0],
                   "time": [start + hours * HOUR], "subject": ["works/hall/m2"]}  # fmt: skip
            writer.append("state", row, source="test")
    assert _cost(tmp_path).book.cards["D"].spent["machine"] == 3 * 8000
    with (tmp_path / "prices.csv").open("a") as file:
        file.write("machine,hall/m2,,idle,5,h\n")
    assert _cost(tmp_path).book.cards["D"].spent["machine"] == 3 * 8000 + 500


def test_a_step_outside_the_plant_is_no_machine_time(tmp_path: Path) -> None:
    shop_folder(tmp_path)
    later = T0 + 100 * HOUR
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        writer.append("operation", {
            "time": [later], "subject": ["works"], "order": ["A"], "operation": ["plating"], "item": ["shaft"],
            "end": [later + 120 * HOUR],
        }, source="test")  # fmt: skip
    found = _cost(tmp_path)
    assert found.left_out == {NO_MACHINE: D(120)}
    assert {name for element, name, _ in found.book.cards["A"].uses if element == "machine"} == {"works/hall/m1"}
