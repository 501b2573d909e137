"""The cost page's service and sheets: bars that add up to the hand-computed book, deviations, journal, in step."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal as D
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st
from openpyxl import load_workbook

from luban.core.errors import InputError, LedgerBusyError
from luban.core.time import HOUR
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.plant import Plant
from luban.screens.i18n import words
from luban.screens.report.cost_page import (
    deviation_rows,
    journal_file,
    unit_file,
    unit_rows,
    unit_sheet,
    variance_sheet,
)
from luban.screens.report.cost_pictures import Row, deviations_svg, waterfall_svg
from luban.screens.report.sheet import Figures, Grid, sheet_part
from luban.screens.service import PlantView
from luban.screens.service.cost import CostBooks
from luban.screens.service.cost_journal import Asked, entries, in_progress, trial
from luban.screens.service.cost_variance import compared, grouped, standard_each, week_of
from luban.screens.service.cost_view import CostView, Subject
from luban.screens.web.cost_tables import opened_table, orders_table
from luban.understand.cost import Chart, ShopEvent, cost_book, to_post, unit_cost
from luban.understand.cost.facts import PlantCost
from luban.understand.cost.posted import SOURCE, posted_books
from tests.screens.cost_shop import add, costed
from tests.understand.cost.chance import DRAWN_DEMANDS, DRAWN_PRICES, events_of, facts_drawn
from tests.understand.cost.cost_shop import SHIPPED, T0
from tests.understand.cost.hand_book import BALANCES

SAY = words("en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return costed(tmp_path / "plant")


@pytest.fixture
def books(folder: Path) -> Iterator[CostBooks]:
    made = CostBooks(PlantView(folder))
    yield made
    made.stop()
    made.view.ledger.close()


def test_every_bar_is_made_of_facts_that_add_up_to_the_hand_book(books: CostBooks) -> None:
    view = books.asked(60)
    order = view.find("A")
    unit = view.piece(order)
    assert (unit.good, unit.total) == (D(9), 62367)
    # put in, of that moved to scrap; the rest is what the 9 good pieces carried (tests/understand/cost/hand_book.py)
    for element, put, scrapped in (
        ("material", 25120, 2250), ("machine", 15750, 1575), ("labour", 9900, 990), ("energy", 621, 62),
        ("overhead", 4406, 428), ("tool", 2400, 0), ("rework", 4320, 0), ("scrap", 5155, 0),
    ):  # fmt: skip
        opened = view.opened(order, element)
        assert sum(one.amount for one in opened.charges) == opened.total == put, element
        expected = {"carried by good pieces": put - scrapped} | ({"moved to scrap": scrapped} if scrapped else {})
        assert opened.ways == expected
        assert unit.elements[element] * 9 == pytest.approx(put - scrapped)
    material = view.opened(order, "material").charges
    assert [(one.seq, one.of, one.lot, one.quantity, one.unit, one.amount) for one in material] == [
        (4, "bar", "B1", D(18), "kg", 22500), (12, "bar", "B2", D(2), "kg", 2620)
    ]  # fmt: skip
    with pytest.raises(InputError, match="no such element"):
        view.opened(order, "glue")


def test_orders_items_lots_and_scanned_names_are_found(books: CostBooks) -> None:
    view = books.asked(60)
    assert view.find(" shaft ") == Subject("item", "shaft", ("A", "C"))
    assert view.find("s1") == Subject("lot", "S1", ("A",))
    assert view.find("]d2010952110141234510S2").name == "S2"
    assert view.suggest("s") == ["shaft", "S1", "S2"]
    # four pieces carried 90.00 + 63.00 + 17.10 + 39.60 + 2.48 + 22.91
    lot = view.piece(view.find("S1"))
    assert (lot.good, lot.total, lot.elements["scrap"]) == (D(4), 23509, D("572.75"))
    with pytest.raises(InputError, match="of that name") as refused:
        view.find("fla")
    assert refused.value.expected == "flange"
    with pytest.raises(InputError, match="no good piece"):
        view.piece(view.find("C"))
    assert view.opened(view.find("C"), "material").ways == {"in progress": 5000}


def test_deviations_are_those_of_the_orders_that_are_done(books: CostBooks) -> None:
    view = books.asked(60)
    found = compared(view.cost, view.plant)
    assert (sorted(found.variances), found.open) == (["A", "B"], ("C",))
    # A as in tests/screens/test_cost_cli.py; B: 0.0889 h × 80 over, 1.1111 h of work that nobody booked under
    kinds = {one.name: one.amount for one in grouped(found, "kind")}
    assert kinds == {
        "rework": 4320, "labour efficiency": -4000, "material usage": 3625, "tool usage": 2400, "energy usage": 995,
        "machine rate": -750, "machine efficiency": 711, "overhead": 179, "material price": 120,
    }  # fmt: skip
    assert [one.name for one in grouped(found, "order")] == ["A", "B"]
    for by in ("kind", "input", "item", "order", "week"):
        assert sum(one.amount for one in grouped(found, by)) == 62517 + 28694 - 52144 - 31467
    assert [one.name for one in grouped(found, "input", kind="material usage", item="shaft")] == ["bar"]
    assert [one.name for one in grouped(found, "kind", name="works/hall/m2")] == ["machine efficiency"]
    assert week_of(T0, ZoneInfo("Asia/Shanghai")) == "2026-W39"
    # 1.9 kg × 12.50; 0.25 h × 60 + 0.5 h of setting up on 9 pieces
    each = standard_each(view.cost, view.plant, [view.cards["A"]])
    assert each["material"] == D(2375)
    assert each["machine"] == pytest.approx(D(1500 + 3000) - D(3000) * 8 / 9)
    with pytest.raises(InputError, match="added up"):
        grouped(found, "weather")


def test_a_lot_leads_to_the_order_that_made_it_and_bought_lots_have_their_price(folder: Path) -> None:
    with (folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("D,flange,2\n")
    add(folder, "movement", time=T0 + 13 * HOUR, subject="shaft", lot="S2", origin="store", quantity=1.0, order="D")
    books = CostBooks(PlantView(folder))
    view = books.asked(60)
    charge = view.opened(view.find("D"), "material").charges[0]
    assert (charge.of, charge.lot, charge.came, charge.amount) == ("shaft", "S2", "A", 38858 // 5 + 1)  # a fifth
    found = compared(view.cost, view.plant)
    sheet = variance_sheet(view, found, grouped(found, "kind"), "kind", SAY)
    bought = next(one for one in sheet.blocks if isinstance(one, Grid) and "Bought" in one.title)
    assert [(row[2], row[3], row[4], row[5], row[6]) for row in bought.rows[:1]] == [
        ("B2", "50", "13.1", "12.5", "+30.00")
    ]
    narrowed = variance_sheet(view, found, grouped(found, "order", kind="rework"), "order", SAY, only=("rework",))
    assert narrowed.subtitle == "only rework"
    assert next(one.rows[-1].value for one in narrowed.blocks if isinstance(one, Figures)) == "+43.20"
    books.stop()


def test_many_facts_fold_by_what_they_are_for_and_names_stay_text(folder: Path) -> None:
    name = "E'\"><script>x</script>"
    with (folder / "orders.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow((name, "flange", 50))
    for hour in range(20):
        add(folder, "movement", time=T0 + (14 + hour) * HOUR, subject="bar", lot="B1", origin="store",
            quantity=0.5 if hour else 30.0, order=name)  # fmt: skip
    add(folder, "movement", time=T0 + 40 * HOUR, subject="blank", lot="K1", origin="store", quantity=1.0, order=name)
    books = CostBooks(PlantView(folder))
    view = books.asked(60)
    order = view.find(name)
    opened = view.opened(order, "material")
    assert [(one.of, one.quantity, one.amount, len(one.charges)) for one in opened.parts()] == [
        ("bar", D("39.5"), 49375, 20), ("blank", D(1), 4000, 1)
    ]  # fmt: skip
    shown = opened_table(view, opened, SAY) + orders_table(view, SAY)
    assert shown.count("<details") == 2
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    books.stop()


def test_work_in_progress_keeps_its_peaks_when_it_is_thinned() -> None:
    events = [ShopEvent(n, n, "machine", D(1 + n % 7), order="A", of="M") for n in range(1, 6000)]
    events.append(ShopEvent(6000, 6000, "complete", D(9), order="A", lot="L"))
    book = cost_book(events, DRAWN_DEMANDS, DRAWN_PRICES)
    over = in_progress(CostView(PlantCost(book, Chart.default(), "CNY", {}, {}, {}), cast("Plant", None), 0))
    assert len(over.time) < 2500
    assert (int(over.value.max()), int(over.value[-1]), int(over.orders[-1])) == (book.cards["A"].total, 0, 0)


def test_the_journal_says_what_the_hand_book_says(books: CostBooks) -> None:
    view = books.asked(60)
    now_, then = trial(view), trial(view, T0 + 10 * HOUR)
    assert then.balances == {**BALANCES, "sold": SHIPPED, "idle": 170}
    assert (now_.difference, now_.wip, now_.cards, now_.open) == (0, 5250, 5250, {"C": 5250})
    newest = next((event.kind, event.seq, event.time) for event, _ in entries(view, Asked(text="c", role="wip")))
    assert newest == ("issue", 25, T0 + 11 * HOUR)
    assert {event.kind for event, _ in entries(view, Asked(kind="ship"))} == {"ship"}
    assert len(entries(view, Asked(since=T0 + 10 * HOUR, until=T0 + 10 * HOUR))) == 2
    assert [entry.id for _, entry in entries(view, Asked(text="j25"))] == ["J25"]
    for wrong in ({"role": "cash"}, {"kind": "theft"}, {"since": 2, "until": 1}):
        with pytest.raises(InputError):
            Asked(**wrong)  # type: ignore[arg-type]
    over = in_progress(view)
    assert (int(over.value.max()), over.value[-1], over.orders[-1]) == (55658, 5250, 1)
    content, _ = journal_file(view, Asked(text="C", kind="issue"), "csv", SAY)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["account"], D(row["amount"])) for row in rows if row["subject"] == "J25"] == [
        ("1403", D(-50)), ("5001", D(50)), ("510104", D("-2.5")), ("5001", D("2.5"))
    ]  # fmt: skip


def test_books_follow_facts_corrections_and_edited_prices(books: CostBooks, folder: Path) -> None:
    assert books.asked(60).cards["C"].open == 5250
    version = books.version
    add(folder, "event", time=T0, subject="works/hall/m1", kind="alarm", code="x")
    books.catch_up()
    assert books.version == version  # nothing that cost rests on
    add(folder, "movement", time=T0 + 12 * HOUR, subject="bar", lot="B1", origin="store", quantity=2.0, order="C")
    books.catch_up()
    assert books.asked().cards["C"].open == 7875
    wrong = books.view.ledger.table("movement").column("seq").to_pylist()[-1]
    add(folder, "movement", time=T0 + 12 * HOUR, subject="bar", lot="B1", origin="store", quantity=1.0, order="C",
        supersedes=wrong)  # fmt: skip
    books.catch_up()
    assert books.asked().cards["C"].open == 6562 + 1  # 50.00 + 12.50, and 5 % of each: 2.50 + 0.63
    prices = (folder / "prices.csv").read_text("utf-8")
    (folder / "prices.csv").write_text(prices.replace("material,bar,,,12.50", "material,bar,,,25"), "utf-8")
    books.catch_up()
    assert books.asked().cards["C"].open == 5 * 2500 + 625
    (folder / "prices.csv").write_text("kind,of,price\nmachine,hall/m9,60\n", "utf-8")
    books.catch_up()
    with pytest.raises(InputError) as refused:
        books.asked()
    assert "prices.csv" in refused.value.where
    (folder / "prices.csv").unlink()
    books.catch_up()
    with pytest.raises(InputError, match="no prices"):
        books.asked()
    books.stop()
    with pytest.raises(LedgerBusyError):
        CostBooks(books.view).asked(0.0)


def test_what_is_posted_is_told(books: CostBooks, folder: Path) -> None:
    view = books.asked(60)
    posted, left = view.to_post
    assert posted == 0
    assert left > 60
    rows: Any = to_post(view.cost.book.entries, posted_books((), 2), view.cost.chart, "CNY", 2)
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("posting", rows, source=SOURCE)
    books.catch_up()
    assert books.asked().to_post == (left, 0)


def test_pictures_say_what_the_numbers_say(books: CostBooks) -> None:
    view = books.asked(60)
    order = view.find("A")
    rows = unit_rows(view.piece(order), {"material": D(2375)}, 2, SAY)
    assert (rows[0].low, rows[-1].high, rows[0].mark) == (0.0, pytest.approx(6929.6667, abs=1e-3), 2375.0)
    assert all(one.high == after.low for one, after in pairwise(rows[:-1]))
    page, paper = waterfall_svg(rows, SAY, chosen="material"), waterfall_svg(rows, SAY, paper=True)
    assert page.count('role="button"') == len(rows) - 1
    assert page.count('aria-pressed="true"') == 1
    assert 'role="button"' not in paper
    # the sum's bar has the whole width less a margin, the scrap's its share of it
    assert 'width="99.00%"' in page
    assert f'width="{99 * 572.7778 / 6929.6667:.2f}%"' in page
    found = compared(view.cost, view.plant)
    groups = grouped(found, "kind")
    drawn = deviation_rows(groups, "kind", 2, SAY)
    assert [row.tone for row in drawn[:3]] == ["bad", "good", "bad"]
    assert drawn[0].note == "25 % so far"
    assert deviations_svg(drawn, SAY).count("<rect") == 2 * len(drawn)
    hostile = deviations_svg([Row('"><script>', "<b>", 0.0, 1.0, "1")], SAY)
    assert "<script" not in hostile
    assert "<b>" not in hostile


def test_sheets_in_every_language_and_kind_of_file(books: CostBooks) -> None:
    view = books.asked(60)
    order = view.find("A")
    for language, word in (("en", "above the standard"), ("zh", "高于标准"), ("ko", "표준 초과")):
        sheet = unit_sheet(view, order, compared(view.cost, view.plant, ["A"]), words(language))
        assert word in sheet_part(sheet)
        figures = next(one for one in sheet.blocks if isinstance(one, Figures))
        assert [one.value for one in figures.rows] == ["69.2967", "57.9375", "+11.3592", "9", "623.67"]
    assert unit_file(view, order, "material", "pdf", SAY)[0].startswith(b"%PDF")
    book = load_workbook(io.BytesIO(unit_file(view, order, "material", "xlsx", SAY)[0]))
    cells = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {25.4111, 251.2, 26.2, "issued to the order: bar B2"} <= cells
    book = load_workbook(io.BytesIO(journal_file(view, Asked(), "xlsx", SAY)[0]))
    cells = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert {"Trial balance", "J25", 556.58, 52.5} & cells >= {"J25", 52.5}


@settings(max_examples=200, deadline=None)
@given(facts_drawn, st.booleans())
def test_bars_add_up_whatever_happened(facts: Any, absorb: bool) -> None:
    """Of every order and element: what the facts put in went somewhere, and the pieces' part is what they carried."""
    book = cost_book(events_of(facts), DRAWN_DEMANDS, DRAWN_PRICES, absorb=absorb)
    cost = PlantCost(book, Chart.default(), "CNY", {}, {}, {})
    view = CostView(cost, cast("Plant", SimpleNamespace(items={})), 0)
    for order, card in book.cards.items():
        subject = Subject("order", order, (order,))
        carried = {}
        for element in ("material", "machine", "labour", "tool", "energy", "overhead", "rework", "scrap"):
            opened = view.opened(subject, element)
            assert sum(opened.ways.values()) == opened.total == sum(one.amount for one in opened.charges)
            assert opened.ways.get("in progress", 0) == card.wip.get(element, 0)
            if element != "scrap":
                assert opened.total == card.spent.get(element, 0)
                assert opened.ways.get("lost with scrap", 0) == 0
            carried[element] = opened.ways.get("carried by good pieces", 0) + opened.ways.get("lost with scrap", 0)
        assert view.opened(subject, "settled").total == card.settled
        if card.good:
            unit = unit_cost([card])
            for element, amount in carried.items():
                assert unit.elements.get(element, D(0)) * card.good == pytest.approx(D(amount))
    for name, parts in view.made.items():
        for one in parts:
            assert sum(one.carried.values()) == one.value, name


def test_a_read_only_ledger_is_enough(folder: Path) -> None:
    ledger = Ledger(places(folder).ledger)
    books = CostBooks(PlantView(folder, ledger=ledger))
    assert books.version == 0
    assert books.asked(60).currency == "CNY"
    assert not books.writable
    books.stop()
    ledger.close()
