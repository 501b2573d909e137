"""REST of pilots: what was proved comes out as it was put in, who may begin a study, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from httpx import Client

from luban.core.time import DAY
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.pilot.enrolled import enrol
from luban.pilot.plan import TARGETS
from luban.pilot.proof import LUBAN, Proof
from luban.screens.service import PlantView
from luban.screens.service.pilot import PilotRun, Pilots
from luban.screens.users import Role
from tests.pilot.test_enrolled import BEFORE, made
from tests.screens import pilot_shop
from tests.screens.rest import answering, own

PILOTS = "/api/v1/pilots"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = pilot_shop.write(tmp_path_factory.mktemp("pilots") / "plant")
    LedgerWriter(places(made).ledger).close()
    return made


@pytest.fixture(scope="module")
def proof(folder: Path) -> Proof:
    return pilot_shop.proved(folder)


@pytest.fixture(scope="module")
def client(folder: Path, proof: Proof) -> Iterator[Client]:
    assert proof.seqs
    people: dict[str, tuple[Role, list[str]]] = {
        "eng": (Role.ENGINEER, []), "view": (Role.VIEWER, []), "part": (Role.ENGINEER, ["p/mill"]),
    }  # fmt: skip
    with answering(folder, people) as made:
        yield made


def test_a_proof_comes_out_as_it_was_put_in(client: Client, proof: Proof):
    viewer = own(client, "view")
    listed = {one["name"]: one for one in client.get(PILOTS, headers=viewer).json()}
    assert listed["c2_machining"]["seeds"] == 6
    assert listed["c2_machining"]["targets"]["defects"]["verdict"] == "met 2025"
    assert listed["plant"]["why"] == "it has no twin.toml: nothing can be run"
    found = client.get(f"{PILOTS}/c2_machining", headers=viewer).json()
    assert found == proof.as_dict()
    seq = proof.seqs[LUBAN][2]
    run = client.get(f"{PILOTS}/c2_machining/runs/{seq}", headers=viewer).json()
    assert (run["seed"], set(run["levers"])) == (proof.seeds[2], {"rules", "eyes", "harm"})
    assert 100 * run["figures"]["defects"] == pytest.approx(proof.points[LUBAN]["defects"][2])
    report = client.get(f"{PILOTS}/c2_machining/report?kind=html&language=zh", headers=viewer)
    assert report.headers["content-disposition"] == 'attachment; filename="c2_machining.html"'
    assert "生产周期" in report.text
    for language, kind, first in (("en", "pdf", b"%PDF"), ("ko", "xlsx", b"PK")):
        asked = f"{PILOTS}/c2_machining/report?kind={kind}&language={language}"
        assert client.get(asked, headers=viewer).content.startswith(first)


def test_who_may_and_what_is_refused(client: Client):
    viewer, part, engineer = (own(client, name) for name in ("view", "part", "eng"))
    studies = f"{PILOTS}/c2_machining/studies"
    assert client.post(studies, json={}, headers=viewer).status_code == 403
    assert client.get(PILOTS, headers=part).status_code == 403
    assert client.post(studies, json={}, headers=part).status_code == 403
    assert client.post(studies, json={"seeds": 1}, headers=engineer).status_code == 422
    none = client.post(f"{PILOTS}/plant/studies", json={}, headers=engineer)
    assert (none.status_code, none.json()["hint"]) == (400, "it has no twin.toml: nothing can be run")
    for asked in ("nonsense", "c3_pumps", "c2_machining/runs/1", "c2_machining/runs/999999", "studies/7"):
        answer = client.get(f"{PILOTS}/{asked}", headers=viewer)
        assert answer.status_code == 400, (asked, answer.text)
    assert client.get(f"{PILOTS}/studies", headers=viewer).json() == []


def test_a_plant_is_judged_by_its_own_books_once_it_is_enrolled(tmp_path: Path):
    plant, start = made(tmp_path)
    desk = Pilots(PlantView(tmp_path)).enrolling
    assert desk.as_dict() == {"enrolled": False, "targets": [], "notes": []}
    on = start + BEFORE * DAY
    with closing(Ledger(places(tmp_path).ledger)) as ledger:
        entry = enrol(ledger, plant, tmp_path.resolve().name, on=on, since=start, person="li", moment=on)
    with LedgerWriter(places(tmp_path).ledger) as writer:
        writer.append("event", entry, source="pilot")
    told = Pilots(PlantView(tmp_path)).enrolling.as_dict()
    assert (told["enrolled"], told["on"]) == (True, on)
    # the books took the state before in long after the levers went on: it could have been chosen to fit
    assert {one["metric"]: one["verdict"] for one in told["targets"]} == dict.fromkeys(TARGETS, "not evaluable")
    assert {one["why"] for one in told["targets"]} == {"the baseline was fixed after the act"}


def test_the_newer_proof_of_the_two_places_is_shown(
    folder: Path, proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pilots = Pilots(PlantView(folder))
    assert pilots.get("c2_machining").standing.proof == proof
    monkeypatch.chdir(tmp_path)
    newer = pilot_shop.proved(tmp_path, seeds=range(1000, 1003))
    found = pilots.get("c2_machining")
    assert found.standing.proof is not None
    assert found.standing.proof.made == newer.made > proof.made
    assert pilots.home("c2_machining").is_relative_to(tmp_path.resolve())


def test_books_that_cannot_be_read_are_said_and_the_others_stay(tmp_path: Path):
    plant = pilot_shop.write(tmp_path / "plant")
    pilot_shop.proved(plant, name="c3_pumps", seeds=range(1000, 1002))
    for file in (plant / ".luban" / "pilots" / "c3_pumps").rglob("*.*"):
        if file.is_file():
            file.write_bytes(b"{ no books")
    LedgerWriter(places(plant).ledger).close()
    found = {one.name: one for one in Pilots(PlantView(plant)).all()}
    assert found["c3_pumps"].problem == "the books of this pilot cannot be read"
    assert found["c3_pumps"].standing.proof is None
    assert not found["c2_machining"].problem


def test_a_study_is_followed_line_by_line_to_its_end():
    run = PilotRun("1", "li", "c2_machining", begun=0.0)
    assert run.left is None
    assert run.heard({"done": 3, "wanted": 12, "now": "as is, 1000"})
    assert (run.done, run.wanted, run.running) == (3, 12, True)
    assert run.left is not None
    assert run.left > 0
    run.state = "stopping"
    assert run.running
    assert not run.heard({"stopped": True})
    assert (run.state, run.running) == ("stopped", False)
    failed = PilotRun("2", "li", "c2_machining")
    assert not failed.heard({"error": {"message": "the run broke off"}})
    assert failed.as_dict()["error"] == {"message": "the run broke off"}
