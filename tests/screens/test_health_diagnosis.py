"""Diagnosis of a plant's machines: what is unusual now, cases that people name, what is learned and put on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import ConfigError, InputError
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.report.health_diagnosis import diagnosed_sheet, fleet_diagnosis_sheet
from luban.screens.report.sheet import sheet_html
from luban.screens.service import PlantView
from luban.screens.service.health import HealthBooks
from luban.screens.service.health_diagnosis import RULES_FILE, DiagnosisDesk
from luban.screens.users import Act
from luban.understand.book import entries
from tests.screens.health_shop import LATHE, MILL, PRESS, SAW, recorder, seed, write

RULES = """
[[rule]]
name = "shakes"
cause = "worn bearing"
when = "max(vibration, 2 h) > 3500 µm/s and not rise(temperature, 1 h) > 50 K"
machine = "jinan/*"
advice = "plan the bearing's exchange"

[[rule]]
name = "coolant"
cause = "no coolant"
when = "coolant < 2 bar"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("shop") / "plant")
    (folder / RULES_FILE).write_text(RULES, "utf-8")
    seed(folder)
    return folder


def desk(folder: Path, acts: list[Act] | None = None) -> DiagnosisDesk:
    return DiagnosisDesk(HealthBooks(PlantView(folder), recorder(folder, [] if acts is None else acts)))


def test_a_case_is_named_learned_and_known_the_next_time(shop: Path):
    acts: list[Act] = []
    own = desk(shop, acts)
    first = own.diagnosed(MILL)
    assert first.finding is not None
    assert first.signatures is None
    assert first.verdict is not None
    assert first.verdict.cause == "worn bearing"  # by the engineers' rule alone
    assert [one.rule for one in first.verdict.causes[0].rules] == ["shakes"]
    assert first.verdict.stands_out[0].signal == "vibration"
    assert first.skipped == {"coolant": "no signal of this name: coolant"}
    with pytest.raises(InputError, match="named by a cause"):
        own.name(MILL, "  ", person="li")
    case = own.name(MILL, " worn  bearing ", person="li", text="felt by hand")
    assert case == first.case
    # the case is open and named, with the verdict of the moment; what was learned is on record, with its data
    told = own.diagnosed(MILL)
    assert [(one.id, one.state, one.cause, one.person) for one in told.cases] == [(case, "named", "worn bearing", "li")]
    assert told.cases[0].verdict["stands_out"][0]["signal"] == "vibration"
    (record,) = [one for one in entries(own.books.view.ledger, "model") if one.code == "learn"]
    assert record.data["cases"] == {case: "worn bearing"}
    assert record.data["added"] == [case]
    assert set(record.data["baselines"]) == {MILL, LATHE}
    assert told.signatures is not None
    assert told.signatures.digest() == record.data["digest"]
    best = told.verdict.causes[0]
    assert (best.name, best.case, best.machine) == ("worn bearing", case, MILL)
    assert best.likeness is not None
    assert best.likeness > 0.5
    assert best.rules
    # nothing is learned anew without a change
    assert own.relearn(MILL, person="li", text="again") is None
    assert [act.code for act in acts] == ["case named", "diagnosis learned"]
    # another process reads the same from the record
    again = desk(shop).diagnosed(MILL)
    assert again.signatures is not None
    assert again.signatures.digest() == record.data["digest"]
    # a proposal changes no label; dismissed, the case is forgotten on record
    own.propose(MILL, "loose bolt", person="zhao", case=case)
    assert own.cases(MILL)[0].proposals[0].cause == "loose bolt"
    with pytest.raises(InputError, match="a reason is needed"):
        own.dismiss(MILL, person="li", text=" ", case=case)
    own.dismiss(MILL, person="li", text="a trial run", case=case)
    assert own.cases(MILL)[0].state == "dismissed"
    last = [one for one in entries(own.books.view.ledger, "model") if one.code == "learn"][-1]
    assert (last.data["cases"], last.data["removed"], last.data["before"]) == ({}, [case], record.data["digest"])
    sheet = diagnosed_sheet(own.diagnosed(MILL), words("en"), "Mill")
    assert "shakes" in sheet_html(sheet)
    assert "a trial run" in sheet_html(sheet)


def test_a_machine_that_is_well_has_no_verdict(shop: Path):
    own = desk(shop)
    told = own.diagnosed(LATHE)
    assert (told.finding, told.verdict, told.reason) == (None, None, "nothing is unusual now")
    with pytest.raises(InputError, match="no such case"):
        own.name(LATHE, "leak", person="li")
    with pytest.raises(InputError, match="no such case"):
        own.name(MILL, "leak", person="li", case="of another machine")
    assert own.diagnosed(PRESS).health is None
    with pytest.raises(InputError, match="no such machine"):
        own.diagnosed("jinan/none")
    with pytest.raises(InputError, match="nothing is unusual now"):
        own.open(LATHE, person="zhao")
    case = own.open(LATHE, person="zhao", text="a smell of oil")
    assert [(one.id, one.state, one.text, one.person) for one in own.cases(LATHE)] == [
        (case, "open", "a smell of oil", "")
    ]
    own.name(LATHE, "leak", person="li", case=case)
    assert own.cases(LATHE)[0].cause == "leak"
    assert own.diagnosed(SAW).verdict is None
    html = sheet_html(fleet_diagnosis_sheet([told, own.diagnosed(PRESS)], words("zh"), "x"), "zh")
    assert "nothing" not in html


def test_rules_that_cannot_be_read_say_where(tmp_path: Path):
    folder = write(tmp_path / "plant")
    LedgerWriter(places(folder).ledger).close()
    (folder / RULES_FILE).write_text('[[rule]]\nname = "a"\ncause = "b"\nwhen = "load >"\n', "utf-8")
    with pytest.raises(ConfigError) as raised:
        desk(folder).rules()
    assert raised.value.where.startswith(f"{RULES_FILE}:4")
