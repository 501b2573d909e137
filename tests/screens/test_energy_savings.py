"""The savings desk: a baseline fitted, frozen before the act, and the saving that was put in found again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.report.energy_savings import found_document, found_sheet, trial_sheet, verdict
from luban.screens.report.sheet import sheet_html
from luban.screens.service import PlantView
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.energy_savings import PIECES, WORK, SavingsDesk
from luban.understand.book import row
from luban.understand.energy.keep import baseline_document, baseline_of
from tests.screens.energy_shop import add, reading
from tests.screens.quality_shop import recorder
from tests.screens.savings_shop import ACT, DAYS, FIRST, SAVED, saving

OUTSIDE = "signal jinan/lathe:outside"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavingsDesk]:
    folder = saving(tmp_path_factory.mktemp("savings") / "plant")
    books = EnergyBooks(PlantView(folder), recorder(folder, []))
    yield SavingsDesk(books)
    books.view.ledger.close()


def test_the_drivers_of_a_plant_are_offered(desk: SavingsDesk) -> None:
    assert desk.drivers() == ((PIECES, ""), (WORK, "h"), (OUTSIDE, "°C"))
    assert [one.id for one in desk.meters()] == ["main"]


def test_a_trial_finds_what_was_put_in(desk: SavingsDesk) -> None:
    """300 kWh a day, 5 a piece, 8 a degree under 15 °C."""
    made = desk.trial(desk.asked("", "day", [PIECES, OUTSIDE], OUTSIDE, FIRST, ACT))
    terms = dict(zip([one.name for one in made.baseline.terms], made.baseline.coefficients, strict=True))
    assert len(made.steps.energy) == 60
    assert terms[PIECES] == pytest.approx(5, abs=0.2)
    below = next(one for one in made.baseline.terms if one.shape == "below")
    assert below.point == pytest.approx(15, abs=1.5)
    assert terms[below.name] == pytest.approx(8, abs=2)
    assert made.baseline.r2 > 0.95
    weeks = desk.trial(desk.asked("main", "week", [PIECES], "", FIRST, ACT))
    assert len(weeks.steps.energy) == 8  # whole weeks from a Monday on
    assert np.nansum(weeks.steps.energy) == pytest.approx(made.steps.energy[:56].sum())


def test_a_frozen_baseline_finds_the_saving_and_does_not_move(desk: SavingsDesk) -> None:
    asked = desk.asked("main", "day", [PIECES, OUTSIDE], OUTSIDE, FIRST, ACT)
    name = desk.freeze(asked, "Compressor control", ACT, person="li")
    assert name == "B-1"
    found = desk.found(name)
    assert found.found is not None
    assert found.found.low > 0
    assert found.found.share_low < SAVED < found.found.share_high
    assert found.found.share == pytest.approx(SAVED, abs=0.012)
    assert found.found.periods == DAYS - 60
    assert found.kept.afterwards  # the days of this plant are past
    tone, text = verdict(found, words("en"))
    assert tone == "doubt"
    assert "A saving is shown" in text
    assert "only after the act" in text
    before = found_document(found)
    add(desk.books.view.folder, "meter", [reading("other", FIRST, 1.0)])
    assert baseline_document(desk.one(name).baseline) == baseline_document(found.kept.baseline)
    assert found_document(desk.found(name))["savings"] == before["savings"]
    kept = baseline_of(baseline_document(found.kept.baseline))
    assert kept.expected(found.before.drivers, np.ones(60)) == pytest.approx(found.fitted, nan_ok=True)
    desk.retire(name, "the compressor was sold", person="li")
    assert desk.one(name).why == "the compressor was sold"
    with pytest.raises(InputError, match="already"):
        desk.retire(name, "again", person="li")


def test_where_nothing_was_saved_nothing_is_shown(tmp_path: Path) -> None:
    folder = saving(tmp_path / "plant", share=0.0)
    books = EnergyBooks(PlantView(folder), recorder(folder, []))
    desk = SavingsDesk(books)
    name = desk.freeze(desk.asked("", "day", [PIECES, OUTSIDE], OUTSIDE, FIRST, ACT), "Nothing", ACT, person="li")
    found = desk.found(name)
    assert found.found is not None
    assert not found.found.shown
    tone, text = verdict(found, words("en"))
    assert tone == "doubt"
    assert text.startswith("No saving is shown")
    assert "nothing below some" in text
    late = desk.freeze(desk.asked("", "day", [PIECES], "", FIRST, ACT), "Later", FIRST + 89 * DAY, person="li")
    assert desk.found(late).found is None
    assert "too few whole steps" in verdict(desk.found(late), words("en"))[1]
    books.view.ledger.close()


def test_a_gap_leaves_its_day_out_and_the_sheet_says_so(tmp_path: Path) -> None:
    folder = saving(tmp_path / "plant")
    desk = SavingsDesk(EnergyBooks(PlantView(folder)))
    meter = desk.meters()[0]
    whole = desk.steps(meter, "day", [PIECES, WORK], FIRST + HOUR, FIRST + 10 * DAY)
    assert len(whole.energy) == 9  # the first day is not whole
    assert whole.drivers[WORK].tolist() == [0.0] * 9
    assert (whole.known == 1).all()
    desk.books.view.ledger.close()


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_sheets_say_it_in_every_language(desk: SavingsDesk, language: str) -> None:
    say, zone = words(language), desk.books.view.plant.zone
    asked = desk.asked("", "day", [PIECES, OUTSIDE], OUTSIDE, FIRST, ACT)
    pages = [sheet_html(trial_sheet(desk.trial(asked), say, zone, "x", "main"), language)]
    pages += [sheet_html(found_sheet(desk.found(name), say, zone, "x", "main"), language) for name in desk.kept()]
    assert all(("expected" in page) == (language == "en") for page in pages)
    assert all("<svg" in page for page in pages)


def test_bad_input_is_said(desk: SavingsDesk) -> None:
    with pytest.raises(InputError, match="no such meter"):
        desk.asked("mane", "day", [], "", FIRST, ACT)
    with pytest.raises(InputError, match="not among the drivers"):
        desk.asked("", "day", [], OUTSIDE, FIRST, ACT)
    with pytest.raises(InputError, match="window is empty"):
        desk.asked("", "day", [], "", ACT, FIRST)
    good = desk.asked("", "day", [PIECES], "", FIRST, ACT)
    with pytest.raises(InputError, match="after the window"):
        desk.freeze(good, "x", ACT - DAY, person="li")
    with pytest.raises(InputError, match="what is done"):
        desk.freeze(good, " ", ACT, person="li")
    with pytest.raises(InputError, match="no such driver"):
        desk.trial(desk.asked("", "day", ["moon"], "", FIRST, ACT))
    with pytest.raises(InputError, match="no such step"):
        desk.trial(desk.asked("", "month", [], "", FIRST, ACT))
    with pytest.raises(InputError, match="no such baseline"):
        desk.one("B-99")


def test_an_entry_that_cannot_be_read_is_passed_over(desk: SavingsDesk) -> None:
    folder = desk.books.view.folder
    known = set(desk.kept())
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("event", row("baseline", "B-7", "freeze", person="x", data={"meter": "main"}), source="t")
    assert set(desk.kept()) == known
