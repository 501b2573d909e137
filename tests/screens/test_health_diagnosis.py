"""Diagnosis of a plant's machines: what is unusual now, cases that people name, what is learned and put on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import HOUR
from luban.ledger import Ledger, LedgerWriter, Rows
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.report.health_diagnosis import diagnosed_sheet, fleet_diagnosis_sheet
from luban.screens.report.sheet import sheet_html
from luban.screens.service import PlantView, health_diagnosis
from luban.screens.service.health import HealthBooks
from luban.screens.service.health_diagnosis import RULES_FILE, DiagnosisDesk
from luban.screens.users import Act
from luban.understand.book import entries, row
from tests.screens.health_shop import FAILED, LATHE, MILL, PEOPLE, PRESS, SAW, recorder, seed, write
from tests.screens.rest import answering, own

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


def put(folder: Path, rows: Rows) -> None:
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("event", rows, source="screens")


def seed_end(folder: Path) -> int:
    return int(Ledger(places(folder).ledger).table("signal", subjects=[f"{MILL}:load"])["time"].to_pylist()[-1])


def desk(folder: Path, acts: list[Act] | None = None) -> DiagnosisDesk:
    return DiagnosisDesk(HealthBooks(PlantView(folder), recorder(folder, [] if acts is None else acts)))


def test_a_case_is_named_learned_and_known_the_next_time(shop: Path):
    acts: list[Act] = []
    mine = desk(shop, acts)
    first = mine.diagnosed(MILL)
    assert first.finding is not None
    assert first.signatures is None
    assert first.verdict is not None
    assert first.verdict.cause == "worn bearing"  # by the engineers' rule alone
    assert [one.rule for one in first.verdict.causes[0].rules] == ["shakes"]
    assert first.verdict.stands_out[0].signal == "vibration"
    assert first.skipped == {"coolant": "no signal of this name: coolant"}
    with pytest.raises(InputError, match="named by a cause"):
        mine.name(MILL, "  ", person="li")
    case = mine.name(MILL, " worn  bearing ", person="li", text="felt by hand")
    assert case == first.case
    # the case is open and named, with the verdict of the moment; what was learned is on record, with its data
    told = mine.diagnosed(MILL)
    assert [(one.id, one.state, one.cause, one.person) for one in told.cases] == [(case, "named", "worn bearing", "li")]
    assert told.cases[0].verdict["stands_out"][0]["signal"] == "vibration"
    (record,) = [one for one in entries(mine.books.view.ledger, "model") if one.code == "learn"]
    assert record.data["cases"] == {case: "worn bearing"}
    assert record.data["added"] == [case]
    assert set(record.data["baselines"]) == {MILL, LATHE}
    assert told.signatures is not None
    assert told.signatures.digest() == record.data["digest"]
    # the case is not held beside itself
    assert told.verdict.causes[0].likeness is None
    assert "no case" in told.verdict.causes[0].text or told.verdict.causes[0].rules
    assert told.waiting == 0
    # nothing is learned anew without a change
    assert mine.relearn(MILL, person="li", text="again") is None
    assert [act.code for act in acts] == ["case named", "diagnosis learned"]
    # another process reads the same from the record
    again = desk(shop).diagnosed(MILL)
    assert again.signatures is not None
    assert again.signatures.digest() == record.data["digest"]
    # a proposal changes no label; dismissed, the case is forgotten on record
    mine.propose(MILL, "loose bolt", person="zhao", case=case)
    assert mine.cases(MILL)[0].proposals[0].cause == "loose bolt"
    with pytest.raises(InputError, match="a reason is needed"):
        mine.dismiss(MILL, person="li", text=" ", case=case)
    mine.dismiss(MILL, person="li", text="a trial run", case=case)
    assert mine.cases(MILL)[0].state == "dismissed"
    last = [one for one in entries(mine.books.view.ledger, "model") if one.code == "learn"][-1]
    assert (last.data["cases"], last.data["removed"], last.data["before"]) == ({}, [case], record.data["digest"])
    # a work order of the failure four days ago found a cause: it waits until somebody learns from it
    failed = seed_end(shop) - FAILED
    found = {"machine": MILL, "part": "spindle", "found": "failed", "cause": "bearing seized"}
    put(shop, row("workorder", "WO-0001", "plan", person="li", data={"machine": MILL, "why": "failure"}, time=failed))
    put(shop, row("workorder", "WO-0001", "finding", person="li", data=found, time=failed + HOUR))
    assert mine.diagnosed(MILL).waiting == 1
    learned = mine.relearn(MILL, person="li", text="after the work order")
    assert learned is not None
    told = mine.diagnosed(MILL)
    assert told.waiting == 0
    best = next(one for one in told.verdict.causes if one.likeness is not None)
    assert (best.name, best.case, best.machine) == ("bearing seized", "WO-0001", MILL)
    assert best.likeness > 0.5
    assert best.evidence[0].signal == "vibration"
    assert "the rule" in told.verdict.notes[-1]  # the engineers' rule names another cause, and that is said
    sheet = diagnosed_sheet(told, words("en"), "Mill")
    assert "shakes" in sheet_html(sheet)
    assert "a trial run" in sheet_html(sheet)


def test_a_machine_that_is_well_has_no_verdict(shop: Path):
    mine = desk(shop)
    told = mine.diagnosed(LATHE)
    assert (told.finding, told.verdict, told.reason) == (None, None, "nothing is unusual now")
    with pytest.raises(InputError, match="no such case"):
        mine.name(LATHE, "leak", person="li")
    with pytest.raises(InputError, match="no such case"):
        mine.name(MILL, "leak", person="li", case="of another machine")
    assert mine.diagnosed(PRESS).health is None
    with pytest.raises(InputError, match="no such machine"):
        mine.diagnosed("jinan/none")
    with pytest.raises(InputError, match="nothing is unusual now"):
        mine.open(LATHE, person="zhao")
    case = mine.open(LATHE, person="zhao", text="a smell of oil")
    assert [(one.id, one.state, one.text, one.person) for one in mine.cases(LATHE)] == [
        (case, "open", "a smell of oil", "")
    ]
    mine.name(LATHE, "leak", person="li", case=case)
    assert mine.cases(LATHE)[0].cause == "leak"
    assert mine.diagnosed(SAW).verdict is None
    html = sheet_html(fleet_diagnosis_sheet([told, mine.diagnosed(PRESS)], words("zh"), "x"), "zh")
    assert "nothing" not in html


def test_two_cases_never_share_an_id(shop: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health_diagnosis, "now", lambda: 1_800_000_000_000_000)
    mine = desk(shop)
    case = mine.open(PRESS, person="zhao", text="it squeaks")
    assert case.startswith("press ")
    with pytest.raises(InputError, match="in the book already"):  # within the same minute
        mine.open(PRESS, person="li", text="it smells")
    # where two halls have a machine of that name, the path tells them apart
    monkeypatch.setattr(HealthBooks, "machines", lambda _: (PRESS, "jinan/hall2/press"))
    assert mine.open("jinan/press", person="zhao", text="again").startswith("jinan/press ")


def test_rules_that_cannot_be_read_say_where(tmp_path: Path):
    folder = write(tmp_path / "plant")
    LedgerWriter(places(folder).ledger).close()
    (folder / RULES_FILE).write_text('[[rule]]\nname = "a"\ncause = "b"\nwhen = "load >"\n', "utf-8")
    with pytest.raises(ConfigError) as raised:
        desk(folder).rules()
    assert raised.value.where.startswith(f"{RULES_FILE}:4")


def test_rest_answers_by_role_and_site(shop: Path):
    base = "/api/v1/health"
    with answering(shop, PEOPLE, health=lambda view: HealthBooks(view, recorder(shop, []))) as client:
        viewer, operator, engineer, part = (own(client, name) for name in ("wang", "zhao", "li", "part"))
        asked = {"machine": MILL}
        assert client.get(f"{base}/diagnosis", params=asked).status_code == 401
        told = client.get(f"{base}/diagnosis", params=asked, headers=viewer).json()
        assert told["verdict"]["causes"][0]["rules"][0]["rule"] == "shakes"
        assert told["verdict"]["causes"][0]["rules"][0]["where"].startswith(RULES_FILE)
        assert client.get(f"{base}/diagnosis", params=asked, headers=part).status_code == 403
        assert client.get(f"{base}/diagnosis", params={"machine": "x"}, headers=viewer).status_code in {400, 403}
        seen = {"act": "open", "machine": SAW, "text": "a cracked blade"}
        assert client.post(f"{base}/case", json=seen, headers=viewer).status_code == 403
        case = client.post(f"{base}/case", json=seen, headers=operator).json()["case"]
        cause = {"act": "propose", "machine": SAW, "case": case, "cause": "hard stock"}
        assert client.post(f"{base}/case", json=cause, headers=operator).json() == {"case": case}
        settle = {"act": "name", "machine": SAW, "case": case, "cause": "worn blade"}
        assert client.post(f"{base}/case/settle", json=settle, headers=operator).status_code == 403
        assert client.post(f"{base}/case/settle", json={**settle, "cause": " "}, headers=engineer).status_code == 400
        assert client.post(f"{base}/case/settle", json=settle, headers=engineer).json() == {"case": case}
        (one,) = client.get(f"{base}/diagnosis", params={"machine": SAW}, headers=viewer).json()["cases"]
        assert (one["state"], one["cause"], one["person"]) == ("named", "worn blade", "li")
        assert one["proposals"][0]["cause"] == "hard stock"
        learn = client.post(f"{base}/signatures", json={"machine": MILL, "reason": "again"}, headers=engineer)
        assert learn.status_code == 200
        assert client.post(f"{base}/signatures", json={"machine": MILL}, headers=operator).status_code == 403
