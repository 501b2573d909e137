"""The energy books of a plant through their service, by hand: balance, load, bill, whose energy it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.screens.i18n import words
from luban.screens.reads import Reads
from luban.screens.report.energy_pictures import day_svg, flow_svg, load_svg
from luban.screens.report.energy_plant import balance_sheet, load_sheet
from luban.screens.report.energy_whose import whose_sheet
from luban.screens.report.sheet import Grid, sheet_html
from luban.screens.service import PlantView
from luban.screens.service.energy import NO_READING, EnergyBooks
from luban.screens.web import energy_window
from luban.screens.web.energy_balance import no_readings
from luban.understand.energy.books import energy_account
from luban.understand.energy.meters import Meter, Reading
from tests.screens.energy_shop import DAYS, LATHE, START, add, metered, reading

END = START + DAYS * DAY


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnergyBooks]:
    made = EnergyBooks(PlantView(metered(tmp_path_factory.mktemp("energy") / "plant")), fresh=0)
    yield made
    made.view.ledger.close()


def test_the_tree_and_what_no_meter_saw(books: EnergyBooks) -> None:
    """72 h: lathe 24 h · 8 + 48 h · 2 = 288, mill 216 kWh, both and 72 of nobody into the plant."""
    account = books.account(books.range("all"))
    (node,) = account.tree.nodes
    assert (node.supply, node.metered, node.remainder) == (576, 504, 72)
    assert node.verdict == "open"
    (doubt,) = account.tree.doubts
    assert (doubt.meter, doubt.kind, doubt.amount) == ("mill-e", "jump", Decimal("501.5"))
    assert account.tree.totals["compressed air"] == (720, "m³")
    air = {one.unit: one.total for one in account.shares["compressed air"]}
    assert air == {LATHE: 240}  # the only one at work in the hall, 24 of 72 h


def test_windows_end_with_the_newest_reading(books: EnergyBooks) -> None:
    zone = books.view.plant.zone
    assert [(books.range(text).start, books.range(text).end) for text in ("", "day", "all", "month", "2d")] == [
        (START, END), (END - DAY, END), (START, END), (START, END), (END - 2 * DAY, END),
    ]  # fmt: skip
    day = books.range("2026-11-24/2026-11-25")
    assert (day.start, day.end) == (START + DAY, START + 2 * DAY)
    assert books.range("", "2026-11-24T00:00", "2026-11-25T00:00").start == day.start
    last = books.range("last month")
    assert last.end - last.start == 31 * DAY
    for wrong in ("2026-11-25/2026-11-24", "nonsense"):
        with pytest.raises(InputError):
            books.range(wrong)
    assert str(zone) == "Asia/Shanghai"


def test_what_flowed_across_the_end_of_a_window_is_shared_by_time(books: EnergyBooks) -> None:
    """Read each half hour; up to 12:15 the lathe took 8 h · 2 + 4.25 h · 8 kWh."""
    account = books.account(books.range("", "2026-11-23T00:00", "2026-11-23T12:15"))
    assert {one.meter.id: one.total(account.start, account.end) for one in account.meters}["lathe-e"] == 50


def test_load_demand_and_bill(books: EnergyBooks) -> None:
    span = books.range("all")
    one = books.profile(span)
    assert (one.meter, one.unit, len(one.power)) == ("jinan:electricity", "kW", 288)
    assert max(one.power) == 12
    assert one.base == 6
    (bill,) = books.account(span).bills
    (peak,) = bill.demands
    assert (peak.power, peak.cost) == (12, 504)  # 42 a kW; read each half hour, so it is at least that
    assert sum(line.amount for line in bill.lines) == 576


def test_whose_energy_it_was(books: EnergyBooks) -> None:
    """A ran 16 h: 128 kWh; the lathe idled 32 h in the two days of A: 64 kWh, all of which come to it."""
    order = books.whose(order="A")
    (electricity, air) = order.rows
    assert (order.start, order.end) == (START, START + 2 * DAY)
    assert (electricity.direct, electricity.idle, electricity.shared) == (128, 64, 0)
    assert (air.medium, air.direct, air.shared) == ("compressed air", 160, 160)
    assert electricity.gas == pytest.approx(Decimal(192) * Decimal("0.5306"))
    lot = books.whose(lot="P-1")
    assert (lot.rows[0].total, lot.good) == (48, 5)  # 5 of 20 pieces
    assert lot.rows[0].total + books.whose(lot="P-2").rows[0].total == 192
    assert any("5 of 20" in rule for rule in lot.rules)
    machine = books.whose(books.range("all"), unit="hall/lathe")
    assert {state: amount for medium, state, amount, _ in machine.states if medium == "electricity"} == {
        "idle": 96, "running": 192,
    }  # fmt: skip
    for wrong in ({"order": "C"}, {"lot": "Q"}, {"unit": "hall/saw"}, {}, {"lot": "P-1", "order": "A"}):
        with pytest.raises(InputError):
            books.whose(**wrong)


def test_an_account_is_kept_until_readings_come_in(tmp_path: Path) -> None:
    folder = metered(tmp_path / "plant")
    books = EnergyBooks(PlantView(folder), fresh=0)
    first = books.account(books.range("all"))
    assert books.account(books.range("all")) is first
    add(folder, "meter", [reading("lathe-e", END + HOUR, 389.0)])
    span = books.range("all")
    assert span.end == END + HOUR
    assert books.account(span).meters[1].total() == 289
    wrong = books.view.ledger.table("meter", subjects=["lathe-e"])["seq"].to_pylist()[-1]
    add(folder, "meter", [reading("lathe-e", END + HOUR, 390.0) | {"supersedes": wrong}])
    assert books.account(span).meters[1].total() == 290
    rows = books.facts("lathe-e", END, END + HOUR)
    assert [row["register"] for row in rows] == [388, 389, 390]
    books.view.ledger.close()


def test_asking_whether_something_came_does_not_wait_for_the_books(tmp_path: Path) -> None:
    folder = metered(tmp_path / "plant")
    books = EnergyBooks(PlantView(folder), fresh=0)
    before = books.version
    add(folder, "meter", [reading("lathe-e", END + HOUR, 389.0)])
    deadline = time.monotonic() + 20
    while books.version == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert books.version != before
    assert books.version[1:] == before[1:]
    books.view.ledger.close()


def test_a_state_of_long_ago_still_holds(tmp_path: Path) -> None:
    folder = metered(tmp_path / "plant", readings=False)
    late = START + 400 * DAY
    add(folder, "meter", [reading("lathe-e", late + at * HOUR, 2.0 * at) for at in range(25)])
    books = EnergyBooks(PlantView(folder), fresh=0)
    account = books.account(books.range("day"))
    assert {(one.unit, one.state) for one in account.idle} == {(LATHE, "idle")}
    books.view.ledger.close()


def test_books_without_readings_say_so(tmp_path: Path) -> None:
    books = EnergyBooks(PlantView(metered(tmp_path / "plant", readings=False)), fresh=0)
    assert books.bounds is None
    with pytest.raises(InputError, match=NO_READING):
        books.range()
    books.view.ledger.close()
    assert "meters.csv" in no_readings(words("zh"))


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_sheets_and_pictures(books: EnergyBooks, language: str) -> None:
    say, span, zone = words(language), books.range("all"), books.view.plant.zone
    account = books.account(span)
    picture = flow_svg(account, "electricity", say, books.name)
    assert [f'data-meter="{name}"' in picture for name in ("jinan:electricity", "lathe-e", "mill-e", "air")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert "501.5" in picture  # the doubtful amount beside its meter
    assert 'class="p-f-doubt lb-erest"' in picture  # what no meter saw
    assert flow_svg(account, "steam", say, books.name) == ""
    sheet = balance_sheet(account, say, zone, "P", books.name)
    load = load_sheet(account, books.profile(span), say, zone, "P", "main")
    whose = whose_sheet(books.whose(lot="P-1"), say, zone, "P")
    for one in (sheet, load, whose):
        assert "<svg" in sheet_html(one, language) or one is whose
    waste = [block for block in load.blocks if isinstance(block, Grid)][-1]
    assert [row[0] for row in waste.rows] == [LATHE]
    profile = books.profile(span)
    assert load_svg(profile, say, zone).count("<path") > 4
    assert "<svg" in day_svg(profile, say, zone)


def test_the_picture_of_a_tree_with_a_roof_and_more_below_than_came_in() -> None:
    """main 90 and a roof of 15 feed hall 1 (60, of which 40 is metered below) and hall 2 (30, but 39 below)."""
    amounts = {"main": 90, "roof": 15, "hall 1": 60, "hall 2": 30, "a": 25, "b": 15, "c": 39}
    parents = {"roof": "main", "hall 1": "main", "hall 2": "main", "a": "hall 1", "b": "hall 1", "c": "hall 2"}
    meters = [Meter(name, "electricity", "kWh", parents.get(name, ""), feeds=name == "roof") for name in amounts]
    readings = {
        name: [Reading(0, register=Decimal(0), unit="kWh"), Reading(DAY, register=Decimal(amount), unit="kWh")]
        for name, amount in amounts.items()
    }
    account = energy_account(readings, meters=meters)
    picture = flow_svg(account, "electricity", words("en"), str)
    shown = [one.split("</g>")[0] for one in picture.split("<g ")[1:]]
    by_name = {one.split('data-meter="')[1].split('"')[0]: one for one in shown if "data-meter" in one}
    assert set(by_name) == set(amounts) - {"roof"}
    assert "105.0 kWh (with roof 15.00)" in by_name["main"]
    assert "9.00 kWh more below than came in" in by_name["hall 2"]
    assert 'class="p-f-bad"' in by_name["hall 2"]
    rests = [one for one in picture.split("<g>")[1:] if "not metered" in one]
    assert ["15.00 kWh" in rests[1] or "15.00 kWh" in rests[0], len(rests)] == [True, 2]
    heights = {name: float(one.split('height="')[1].split('"')[0]) for name, one in by_name.items()}
    assert heights["hall 1"] == pytest.approx(2 * heights["hall 2"], rel=0.01)
    assert heights["main"] == pytest.approx(heights["hall 1"] * 105 / 60, rel=0.01)


@pytest.mark.parametrize(("slow", "told"), [(0.5, 1), (0.0, 0)])
async def test_who_waits_for_a_long_window_is_told(monkeypatch: pytest.MonkeyPatch, slow: float, told: int) -> None:
    monkeypatch.setattr(energy_window, "_PATIENCE", 0.2)
    reads, said = Reads(1), list[str]()
    bench: Any = SimpleNamespace(reads=reads, alive=True, client=nullcontext(), say=words("zh"))

    def read() -> int:
        time.sleep(slow)
        return 7

    assert await energy_window.worked_out(bench, read, said.append) == 7
    assert await energy_window.worked_out(bench, read, None) == 7
    assert [len(said), all("正在计算" in one for one in said)] == [told, True]
    reads.close()
