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
from luban.understand.cost.hours import energy_events, hours_of, machine_spans
from luban.understand.cost.prices import KINDS
from luban.understand.cost.words import (
    BACKWARDS,
    BY_BILL,
    BY_MACHINE,
    BY_STEPS,
    DOUBTS,
    NO_ORDER,
    OTHER_UNIT,
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


def test_energy_is_shared_by_time_and_bad_meters_are_named() -> None:
    states = [
        {"seq": 1, "subject": "u", "time": 0, "state": "run", "order": "A", "operation": None},
        {"seq": 2, "subject": "u", "time": 30, "state": "run", "order": "B", "operation": None},
        {"seq": 3, "subject": "u", "time": 40, "state": "idle", "order": None, "operation": None},
    ]
    spans = machine_spans(states, [], ())
    base = {"subject": "u:e", "medium": "electricity", "interval": None, "register": None, "start": None}
    meters = [
        base | {"seq": 4, "time": 50, "start": 0, "interval": 1.0, "measured_in": "MWh"},
        base | {"seq": 5, "time": 60, "start": 50, "interval": 7.0, "measured_in": "kg"},
        base | {"seq": 6, "time": 70, "register": 9.0, "measured_in": "kWh"},
        base | {"seq": 7, "time": 80, "register": 5.0, "measured_in": "kWh"},
    ]
    notes: dict[str, D] = {}
    found = energy_events(meters, spans, {"electricity": "kWh"}, notes)
    assert [(one.order, one.quantity, one.time) for one in found] == [("A", 600, 30), ("B", 200, 40), ("", 200, 50)]
    assert notes == {OTHER_UNIT: D(7), BACKWARDS: D(4)}
    assert hours_of(5_400_000_000) == D("1.5")


def test_words_of_tables_and_books_agree() -> None:
    assert set(ROLES) == set(ACCOUNT_ROLES)
    assert set(KINDS) == set(PRICE_KINDS)
    assert len(set(DOUBTS)) == 6


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


def test_orders_side_by_side_get_no_more_energy_than_the_meter_read() -> None:
    steps = [
        {"seq": at, "subject": "u", "time": 0, "end": 100, "order": order, "operation": "10"}
        for at, order in enumerate("AB", start=1)
    ]
    meter = {"seq": 4, "subject": "u:e", "medium": "electricity", "time": 100, "start": 0, "interval": 9.0,
             "measured_in": "kWh", "register": None}  # fmt: skip
    found = energy_events([meter], machine_spans([], steps, ()), {"electricity": "kWh"}, {})
    assert [(one.order, one.quantity) for one in found] == [("A", D("4.5")), ("B", D("4.5"))]
