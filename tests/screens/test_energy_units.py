"""What a piece takes, against sums by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from luban.core.time import DAY
from luban.screens.i18n import words
from luban.screens.report.energy_units import units_document, units_sheet
from luban.screens.report.sheet import Grid, Picture, sheet_html
from luban.screens.service import PlantView
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.energy_units import UnitBooks, unit_books
from tests.screens.energy_shop import LATHE, START, metered


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnergyBooks]:
    made = EnergyBooks(PlantView(metered(tmp_path_factory.mktemp("energy") / "plant")))
    yield made
    made.view.ledger.close()


@pytest.fixture(scope="module")
def found(books: EnergyBooks) -> UnitBooks:
    return unit_books(books, books.range("all"))


def test_orders_and_products_by_hand(found: UnitBooks) -> None:
    """Lathe: 64 kWh a day for its order, 32 idle; A has two days and 20 good pieces, B one and 10."""
    a, b = found.orders
    assert (a.name, a.item, a.good, b.good) == ("A", "shaft", 20, 10)
    assert (a.media["electricity"].direct, b.media["electricity"].direct) == (128, 64)
    assert (a.media["electricity"].idle, b.media["electricity"].idle) == (64, 32)
    assert a.each("electricity") == Decimal("9.6")
    assert b.each("electricity") == Decimal("9.6")
    assert a.media["compressed air"].total == 160  # 10 m³/h over 16 h at work; what flows at night comes to nobody
    assert a.each("compressed air") == 8
    (shaft,) = found.products
    assert (shaft.item, shaft.orders, shaft.good) == ("shaft", 2, 30)
    assert shaft.each("electricity") == Decimal("9.6")
    assert shaft.media["electricity"].total == 288


def test_gases_follow_the_factor_of_the_window(found: UnitBooks) -> None:
    (line,) = [one for one in found.account.carbon.lines if one.use.medium == "electricity"]
    (shaft,) = found.products
    assert shaft.gas is not None
    assert shaft.gas_each is not None
    assert float(shaft.gas) == pytest.approx(288 * float(line.factor.value), rel=1e-9)
    assert float(shaft.gas_each) == pytest.approx(9.6 * float(line.factor.value), rel=1e-9)


def test_states_add_up_to_what_the_machines_drew(found: UnitBooks) -> None:
    rows = {(one.unit, one.state): one for one in found.where}
    assert (rows[LATHE, "running"].amount, rows[LATHE, "running"].hours) == (192, 24)
    assert (rows[LATHE, "idle"].amount, rows[LATHE, "idle"].hours) == (96, 48)
    assert rows[LATHE, "running"].for_orders == 192
    assert rows[LATHE, "idle"].for_orders == 0
    assert sum(one.amount for one in found.where) == 288  # nobody says what the mill did


def test_days_hold_all_that_came_in(found: UnitBooks) -> None:
    assert [one.start for one in found.days] == [START + day * DAY for day in range(3)]
    assert [one.amount for one in found.days] == [192, 192, 192]
    assert [one.good for one in found.days] == [10, 10, 10]
    assert [one.each for one in found.days] == [Decimal("19.2")] * 3


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_sheet_says_it_in_every_language(found: UnitBooks, books: EnergyBooks, language: str) -> None:
    plant = books.view.plant
    sheet = units_sheet(found, words(language), plant.zone, plant.name)
    assert sum(isinstance(block, Picture) for block in sheet.blocks) == 2
    grids = [block for block in sheet.blocks if isinstance(block, Grid)]
    assert len(grids) == 3
    page = sheet_html(sheet, language)
    assert "9.6" in page
    assert ("good piece" in page) == (language == "en")


def test_another_medium_and_an_empty_one(books: EnergyBooks) -> None:
    air = unit_books(books, books.range("all"), "compressed air")
    assert (air.medium, air.unit) == ("compressed air", "m³")
    assert [one.amount for one in air.days] == [240] * 3
    assert unit_books(books, books.range("all"), "steam").medium == "electricity"
    document = units_document(air)
    assert Decimal(document["products"][0]["media"]["compressed air"]["each"]) == 8
