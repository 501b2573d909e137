"""Indicators out of single values: within their regime, learned once and on record, the same however they are read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import HOUR, MINUTE, SECOND
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.cli.main import run
from luban.screens.i18n import words
from luban.screens.report.health_print import printed_machine
from luban.screens.report.sheet import Grid, Picture, sheet_html
from luban.screens.service import PlantView, health as service
from luban.screens.service.health import HealthBooks
from luban.screens.users import Act
from luban.understand.book import entries
from luban.understand.health.machine.conditions import Conditions, every_of
from tests.screens import condition_shop as shop
from tests.screens.quality_shop import recorder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    folder = shop.write(tmp_path_factory.mktemp("conditions") / "plant")
    return folder, shop.seed(folder)


@pytest.fixture
def folder(made: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(service, "now", lambda: made[1] + 6 * MINUTE)
    return made[0]


def current(books: HealthBooks, *, read: bool = True) -> Conditions:
    return next(one for one in books.conditions(shop.MILL, read=read) if one.channel == "current")


def test_blows_that_means_hide_are_seen_in_their_regime_alone(folder: Path, made: tuple[Path, int]) -> None:
    told = current(HealthBooks(PlantView(folder)))
    assert told.every == 1
    assert set(told.track.regimes) == {shop.SHAFT, shop.GEAR}
    assert {regime for regime, _, _ in told.far} == {shop.GEAR}
    struck = told.track.start >= made[1] - shop.BLOWS
    gear = np.array([regime == shop.GEAR for regime in told.track.regimes])
    kurtosis = np.array([told.score(at, "kurtosis") for at in range(len(told.track))])
    assert kurtosis[gear & struck].min() > 6
    assert (np.abs(kurtosis[~(gear & struck)]) < 6).mean() > 0.99  # its chance is skewed: a few of 120 values pass
    # the figures are those of the values themselves
    at = int(np.flatnonzero(gear & ~struck)[-1])
    own = told.track.stretch(at)
    assert own.used == 120
    assert own.values["rms"] == pytest.approx(24.0, rel=0.01)
    assert own.values["kurtosis"] == pytest.approx(3.0, abs=1.5)
    seldom = next(one for one in HealthBooks(PlantView(folder)).conditions(shop.MILL, read=True) if one.unit == "°C")
    assert not len(seldom.track)
    assert seldom.reason == (
        "not enough data: a reading each 60 s, one each 10 s or more often is needed for indicators"
    )


def test_turn_by_turn_a_restart_and_late_facts_come_to_the_same(
    folder: Path, made: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[Act] = []
    whole = current(HealthBooks(PlantView(folder)))
    books = HealthBooks(PlantView(folder), recorder(folder, acts))
    assert books.conditions(shop.MILL) == ()
    assert books.keep(shop.MILL)  # what the watch rests on, first
    turns = 1
    while books.within.turn(shop.MILL, books.machine(shop.MILL), most=9_000):
        assert not books.keep_conditions(shop.MILL) or current(books, read=False).until
        turns += 1
    assert turns > 5
    piece = current(books, read=False)
    assert np.array_equal(piece.track.values, whole.track.values, equal_nan=True)
    assert piece.compared == whole.compared
    books.keep_conditions(shop.MILL)
    assert not books.keep_conditions(shop.MILL)
    found = [one for one in entries(books.view.ledger, "model", shop.MILL) if one.data["what"] == "indicators"]
    assert [(one.code, one.person, one.data["channels"]["current"]["every"]) for one in found] == [("fit", "", 1)]
    assert set(found[0].data["channels"]["current"]["usual"]) == {shop.SHAFT, shop.GEAR}
    # after a restart the record counts, and nothing is learned again
    monkeypatch.setattr("luban.screens.service.health_conditions.learn_conditions", lambda track: pytest.fail("again"))
    again = HealthBooks(PlantView(folder), recorder(folder, acts))
    assert current(again).compared == whole.compared
    # a blow that is told later changes its own stretch and what follows from it, no other
    late = made[1] - 10 * HOUR + 2 * SECOND
    before = current(again, read=False)
    with LedgerWriter(places(folder).ledger) as writer:
        shop.said(writer, "old/mill:current", np.array([late]), np.array([90.0]))
    monkeypatch.setattr(service, "now", lambda: made[1] + 16 * MINUTE)
    with LedgerWriter(places(folder).ledger) as writer:
        time = made[1] + np.arange(0, 10 * MINUTE, 5 * SECOND)
        shop.said(writer, "old/mill:current", time, np.full(len(time), 12.0))
    after = current(again)
    changed = np.flatnonzero((before.track.values[1:] != after.track.values[: len(before.track) - 1]).any(axis=1)) + 1
    assert before.track.start[changed].tolist() == [made[1] - 10 * HOUR]
    assert current(HealthBooks(PlantView(folder))).compared == after.compared


def test_the_sheet_has_panels_for_each_regime_in_every_language(folder: Path) -> None:
    books = HealthBooks(PlantView(folder))
    books.conditions(shop.MILL, read=True)
    for language in ("en", "zh", "ko"):
        say = words(language)
        sheet = printed_machine(books, shop.MILL, say)
        grid = next(one for one in sheet.blocks if isinstance(one, Grid) and one.title == say("Condition indicators"))
        assert [row[0] for row in grid.rows] == ["current [A]", "current [A]", "temperature [°C]"]
        assert "bad" in grid.tones.values()
        own = [one for one in sheet.blocks if isinstance(one, Picture) and "current" in one.title and "·" in one.title]
        assert len(own) == 2
        assert all(one.svg.count("<svg ") == 5 for one in own)
        page = sheet_html(sheet, language)
        if language != "en":
            for english in ("kurtosis", "crest", "usual", "not enough data", "stretches"):
                assert english not in page, english


def test_a_press_with_a_meter_alone_says_what_it_lacks_and_when_it_learned(folder: Path) -> None:
    books = HealthBooks(PlantView(folder))
    assert books.power(shop.MILL, read=True) is None
    assert books.power(shop.PRESS) is None
    look = books.power(shop.PRESS, read=True)
    assert look is not None
    assert look.entry is not None
    assert look.told is not None
    assert look.told.hours["running"] == pytest.approx(8.0, abs=0.1)
    for language in ("en", "zh", "ko"):
        page = sheet_html(printed_machine(books, shop.PRESS, words(language)), language)
        assert "5.4" in page  # kW at work
        if language != "en":
            for english in ("learned", "moved", "first time", "idle", "at work"):
                assert english not in page.replace("press:power", ""), english


def test_the_command_shows_both(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(None, ["health", str(folder), "--machine", "mill", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [len(one["stretches"]) > 400 for one in told["conditions"]] == [True, False]
    assert told["power"] is None
    run(None, ["health", str(folder), "--machine", "press", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["power"]["learning"]["code"] == "fit"
    assert told["power"]["newest_day"]["pieces"] == pytest.approx(480, abs=4)
    run(None, ["health", str(folder), "--machine", "mill"])
    assert "Condition indicators" in capsys.readouterr().out


def test_how_often_is_often_enough() -> None:
    assert every_of(np.array([59] * 9)) == (
        0, "not enough data: a reading each 10.2 s, one each 10 s or more often is needed for indicators"
    )  # fmt: skip
    assert every_of(np.array([60] * 9)) == (1, "")
    assert every_of(np.array([6000])) == (7, "")
    assert every_of(np.array([60_000])) == (12, "")
    assert every_of(np.array([600_000]))[1].startswith("1e+03 readings a second, 100 are taken")
    assert every_of(np.array([], np.int64))[0] == 0


def test_what_cannot_be_computed_says_why(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # learned so long ago that its rows are no longer looked at, and never recorded
    own = HealthBooks(PlantView(folder))
    health = own.machine(shop.MILL)
    assert health.learned is not None
    late = int(np.searchsorted(health.readings.time, health.learned.end)) + 1
    cut = replace(
        health, readings=health.readings.rows(slice(late, None)), regimes=health.regimes[late:], findings=(), wear=()
    )
    monkeypatch.setattr("luban.screens.service.health_conditions.newest_record", lambda *given: None)
    own.within.turn(shop.MILL, cut, most=None)
    told = current(own, read=False)
    assert told.reason == "the days taken as usual lie too far back to be read again: learn anew what is usual"
    assert len(told.track)
    assert not any(one.scores for one in told.compared)
    # a meter whose signal tells of no condition: power is shown all the same
    bare = tmp_path / "bare"
    shutil.copytree(folder, bare)
    (bare / "plant.toml").write_text((folder / "plant.toml").read_text("utf-8").replace('unit = "kW"\n', ""), "utf-8")
    run(None, ["health", str(bare), "--machine", "press"])
    shown = capsys.readouterr().out
    assert "no signal tells" in shown
    assert "levels last learned" in shown
