"""The health books: machines worked out from facts, learned once and on record, the same after a restart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.report.health_print import printed_fleet, printed_machine
from luban.screens.report.sheet import Grid, sheet_html
from luban.screens.service import PlantView, health as service
from luban.screens.service.health import GOOD_ROWS, HealthBooks
from luban.screens.service.health_fleet import in_order, row_document
from luban.screens.users import Act
from luban.understand.book import entries
from luban.understand.health.life import Histories, LifeEstimate
from luban.understand.health.machine import Readings
from tests.screens import health_shop as shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shop.write(tmp_path / "plant")


@pytest.fixture
def end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """When the books of the shop end, always at a full hour: windows are of the clock. It is six minutes later."""
    made = shop.seed(folder, until=now() // HOUR * HOUR)
    monkeypatch.setattr(service, "now", lambda: made + 6 * MINUTE)
    return made


@pytest.fixture
def books(folder: Path, end: int, acts: list[Act]) -> HealthBooks:
    assert end
    return HealthBooks(PlantView(folder), shop.recorder(folder, acts))


def test_the_fleet_begins_with_what_needs_attention(books: HealthBooks):
    rows = in_order(books.fleet())
    assert [row.machine for row in rows] == [shop.MILL, shop.LATHE, shop.SAW, shop.PRESS]
    states = [row_document(row)["state"] for row in rows]
    assert states == ["unusual", "in order", "learning", None]
    assert rows[3].reason == "no signal tells of this machine's condition"
    assert rows[2].reason.startswith("not enough data: 3")


def test_what_is_unusual_its_channel_and_what_is_left(books: HealthBooks, end: int):
    health = books.machine(shop.MILL)
    assert len(health.findings) == 2
    found = health.open
    assert found is not None
    assert found.parts[0][0] == "vibration"
    assert end - 2 * DAY < found.start < end - 1.5 * DAY
    wear = health.shortest
    assert wear is not None
    assert wear.limit.source == "mill-shakes"
    # a rise of 2.2 mm/s in two days; as a gear it is at 4.34 mm/s, and 5.5 is the limit
    truth = (5.5 - 4.344) / (2.2 / 48)
    assert wear.life.life == pytest.approx(truth, rel=0.25)
    failed = books.failures(shop.MILL)
    assert failed == ((end - shop.FAILED, end - shop.FAILED + 4 * HOUR),)
    last = books.last_time(shop.MILL)
    assert last is not None
    assert last.failure == end - shop.FAILED
    assert books.last_time(shop.LATHE) is None


def test_nothing_is_learned_again_without_a_record(folder: Path, books: HealthBooks, acts: list[Act]):
    before = books.machine(shop.MILL)
    assert books.model(shop.MILL) is None
    assert books.keep(shop.MILL)
    assert not books.keep(shop.MILL)
    told = entries(books.view.ledger, "model", shop.MILL)
    assert [(one.code, one.person) for one in told] == [("fit", "")]
    assert told[0].data["good"] == GOOD_ROWS
    assert told[0].data["channels"] == ["load", "temperature", "vibration"]
    assert acts[-1].person == "luban"
    restarted = HealthBooks(PlantView(folder), shop.recorder(folder, acts)).machine(shop.MILL)
    assert np.array_equal(restarted.strength, before.strength, equal_nan=True)
    assert restarted.findings == before.findings
    assert restarted.wear == before.wear


def test_an_engineer_has_it_learned_anew_with_a_reason(books: HealthBooks, end: int):
    books.keep(shop.MILL)
    with pytest.raises(InputError, match="only with a reason"):
        books.learn(shop.MILL, end - DAY, " ", person="li")
    with pytest.raises(InputError, match="still to come"):
        books.learn(shop.MILL, end + DAY, "bearing exchanged", person="li")
    with pytest.raises(InputError, match="no such machine"):
        books.learn("jinan/nothing", end - DAY, "bearing exchanged", person="li")
    since = end - 8 * DAY - 12 * HOUR
    books.learn(shop.MILL, since, "bearing exchanged", person="li")
    health = books.machine(shop.MILL)
    assert int(health.readings.time[0]) >= since - 5 * MINUTE
    assert len(health.readings) < 2500
    assert health.open is not None
    assert books.keep(shop.MILL)
    newest = books.model(shop.MILL)
    assert newest is not None
    assert (newest.person, newest.text) == ("li", "bearing exchanged")


def test_readings_that_come_and_readings_that_come_late(
    folder: Path, books: HealthBooks, end: int, monkeypatch: pytest.MonkeyPatch
):
    before = books.machine(shop.LATHE)

    def said(start: int, count: int, vibration: float) -> None:
        time = [start + n * MINUTE for n in range(count)]
        with LedgerWriter(places(folder).ledger) as writer:
            for name, value in (("load", 41.0), ("temperature", 34.2), ("vibration", vibration)):
                rows = {"time": time, "subject": [f"{shop.LATHE}:{name}"] * count, "value": [value] * count,
                        "quality": [0] * count}  # fmt: skip
                writer.append("signal", rows, source="cell")

    said(end, 60, 1.9)
    assert books.machine(shop.LATHE) is before  # the newest whole row is the same
    monkeypatch.setattr(service, "now", lambda: end + 63 * MINUTE)
    after = books.machine(shop.LATHE)
    assert len(after.readings) in {len(before.readings) + 11, len(before.readings) + 12}
    whole = len(before.strength) - 1  # the newest row may have been filled since
    assert np.array_equal(after.strength[:whole], before.strength[:whole], equal_nan=True)
    # a history that is given back later changes what was worked out
    said(end - 12 * DAY, 300, 1.9)
    monkeypatch.setattr(service, "now", lambda: end + 68 * MINUTE)
    assert len(books.machine(shop.LATHE).readings) > len(after.readings)


def test_life_is_learned_from_failures_of_the_same_kind_once_and_on_record(
    books: HealthBooks, monkeypatch: pytest.MonkeyPatch
):
    few = books.life(shop.LATHE)
    assert few is not None
    assert few.life is None
    assert few.reason.startswith("not enough data: 1 histories that end in a failure")
    assert books.keep_lives() == 0
    asked: list[tuple[Readings, ...]] = []

    class Model:
        used, horizon = 6, 300.0

        def at(self, running: Histories) -> tuple[LifeEstimate, ...]:
            assert len(running) == 1
            return (LifeEstimate(running.units[0], 1.0, 33.0, 20.0, 60.0, 0.9, 300.0, 6, "h"),)

    def learn(lives: tuple[Readings, ...]) -> Model:
        asked.append(lives)
        return Model()

    monkeypatch.setattr("luban.screens.service.health_lives.life_model", learn)
    failed = [int(books.machine(shop.LATHE).readings.time[at]) for at in range(200, 1200, 200)]
    kept = books._of(shop.LATHE)
    kept.failures = tuple((one, one + HOUR) for one in failed)
    assert books.life(shop.LATHE) is None  # a page does not wait for it
    assert books.keep_lives() == 1
    assert books.keep_lives() == 0
    assert len(asked) == 1
    lives = asked[0]
    assert [one.failed for one in lives if one.machine.startswith(shop.LATHE)] == [True] * 5 + [False]
    assert all(float(one.age[0]) < 0.2 for one in lives)
    told = books.life(shop.LATHE)
    assert told is not None
    assert (told.life, told.low, told.high) == (33.0, 20.0, 60.0)
    record = entries(books.view.ledger, "model", shop.LATHE)[-1]
    assert record.code == "life"
    assert record.data["machines"] == [shop.LATHE, shop.MILL, shop.SAW]
    assert len(record.data["lives"]) == 6
    row = next(row for row in books.fleet() if row.machine == shop.LATHE)
    assert row_document(row)["learned_life"]["life"] == 33.0
    assert "33.0" in sheet_html(printed_machine(books, shop.LATHE, words("en")))


def test_sheets_say_it_in_every_language(books: HealthBooks):
    for language in ("en", "zh", "ko"):
        say = words(language)
        sheet = printed_machine(books, shop.MILL, say)
        grids = {block.title for block in sheet.blocks if isinstance(block, Grid)}
        assert say("What was unusual") in grids
        page = sheet_html(sheet, language)
        assert "vibration" in page
        fleet = sheet_html(printed_fleet(books, say), language)
        assert fleet.index("Mill") < fleet.index("Lathe")
        if language != "en":
            for english in ("unusual", "regime", "remaining", "since", "standard deviations"):
                assert english not in page, english
                assert english not in fleet, english
    with pytest.raises(InputError, match="no signal tells"):
        printed_machine(books, shop.PRESS, words("en"))
