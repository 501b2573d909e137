"""`luban pilot`: studies, plants and lists in a terminal."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from luban.ledger import Intake, LedgerWriter
from luban.pilot.registry import Opened
from luban.screens.cli.main import run
from luban.screens.cli.output import INTERRUPTED, NO, OK, WRONG
from luban.screens.service import places
from tests.pilot.stub import EFFECTS, Stub
from tests.pilot.test_enrolled import made

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command in an empty working folder; `stub` is a pilot there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("luban.pilot.registry.open_pilot", lambda name: Opened(Stub(name=name), tmp_path, "x"))

    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        told = run(None, ["pilot", *(str(one) for one in arguments)])  # type: ignore[arg-type]
        out, err = capsys.readouterr()
        assert told == code, err
        return out, err

    return run_it


def test_a_study_tells_targets_waterfall_money_and_what_to_switch_off(ask: Any, tmp_path: Path) -> None:
    out, err = ask("stub", "--seeds", 6, "--workers", 1, "-o", tmp_path / "proof.html", code=NO)
    assert "-60." in out  # defects: eyes, factor 0.4
    assert "met 2025" in out
    assert "operating cost per good unit (conversion cost) is missed: wages are fixed" in out
    assert "harm: makes it worse, proposed to be switched off" in out
    assert "waterfall (sequential)" in out
    assert "against conventional" in out
    assert "seeds 1000 to 1005" in out
    assert "<svg" in (tmp_path / "proof.html").read_text("utf-8")
    assert str(tmp_path / ".luban" / "pilots" / "stub") in err


def test_without_what_harms_the_exit_code_is_well(ask: Any) -> None:
    out, _ = ask("stub", "--seeds", 6, "--workers", 1, "--without", "harm,rules", "--json")
    told = json.loads(out)
    assert {one["id"] for one in told["levers"] if one["on"]} == {"eyes", "cell"}
    change = next(one for one in told["changes"] if (one["metric"], one["arm"]) == ("defects", "luban"))
    assert change["share"]["low"] <= EFFECTS["eyes"][2] - 1 <= change["share"]["high"]


def test_quick_and_weeks_and_first_are_obeyed(ask: Any) -> None:
    told = json.loads(ask("stub", "--quick", "--weeks", 2, "--workers", 1, "--json", code=NO)[0])
    assert (told["days"], told["seeds"]) == (14.0, list(range(2000, 2005)))
    told = json.loads(ask("stub", "--quick", "--workers", 1, "--json", code=NO)[0])
    assert (told["days"], len(told["falls"][0]["parts"])) == (42.0, 4)
    told = json.loads(ask("stub", "--arms", "main", "--seeds", 5, "--workers", 1, "--json", code=NO)[0])
    assert [one["name"] for one in told["arms"]] == ["as is", "conventional", "luban", "luban and capital"]
    assert "left out in this study: sold; as is, high load" in told["notes"]
    told = json.loads(ask("stub", "--first", 0, "--seeds", 5, "--workers", 1, "--json", code=NO)[0])
    assert told["seeds"] == [0, 1, 2, 3, 4]


def test_an_interrupt_keeps_what_ran(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Stub.run

    def interrupted(self: Stub, arm: Any, seed: int, *, days: float | None = None) -> Any:
        if seed == 1002:
            raise KeyboardInterrupt
        return plain(self, arm, seed, days=days)

    monkeypatch.setattr(Stub, "run", interrupted)
    _, err = ask("stub", "--seeds", 6, "--workers", 1, code=INTERRUPTED)
    assert "what ran is kept" in err
    monkeypatch.undo()


def test_wrong_wishes_get_one_message(ask: Any) -> None:
    for arguments, said in (
        (("stub", "--levers", "magic"), "no such lever"),
        (("stub", "--method", "guess"), "no such split"),
        (("stub", "--arms", "few"), "no such choice"),
        (("stub", "--plant", EXAMPLE), "not both"),
        (("--enrol", "2026-01-01"), "whose books"),
        (("--plant", "nowhere"), "no such folder"),
        (("--plant", EXAMPLE, "--enrol", "2026-01-01"), "no books yet"),
    ):
        _, err = ask(*arguments, code=WRONG)
        assert said in err
        assert "Traceback" not in err


def test_any_plant_runs_by_its_twin(ask: Any, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".luban"))
    out, _ = ask("--plant", folder, "--seeds", 5, "--workers", 1)
    assert "operating cost per good unit (conversion cost) is not evaluable (luban): pilot.toml of the plant" in out
    assert "release: orders go to the floor as soon as they can already" in out
    assert (folder / ".luban" / "pilots" / "tiny" / "ledger").is_dir()


def test_a_plant_with_books_is_enrolled_and_judged_by_them(ask: Any, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    made(folder)
    when = f"{datetime.now(tz=UTC) + timedelta(days=1):%Y-%m-%dT%H:%M+00:00}"
    out, err = ask("--plant", folder, "--enrol", when, "--since", "2026-01-05")
    assert out.startswith("enrolled: levers on at")
    home = places(folder)
    with LedgerWriter(home.ledger) as writer:
        assert Intake(home.spool, writer).drain() == 1
    out, _ = ask("--plant", folder, "-o", tmp_path / "books.html", "--lang", "zh")
    assert "not evaluable" in out  # no day has passed since
    assert "<table" in (tmp_path / "books.html").read_text("utf-8")
    told = json.loads(ask("--plant", folder, "--json")[0])
    assert {one["verdict"] for one in told["targets"]} == {"not evaluable"}
    assert all(one["why"] for one in told["targets"])
    _, err = ask("--plant", folder, "--enrol", when, code=WRONG)
    assert "enrolled already" in err
    _, err = ask("--plant", folder, "--enrol", "soon", code=WRONG)
    assert "Traceback" not in err


def test_the_list_knows_all_classes(ask: Any) -> None:
    told = json.loads(ask("list", "--json")[0])
    assert [one["category"] for one in told] == ["C1", "C2", "C3", "C4", "C5", "C6"]
    assert "c2_machining" in ask("list")[0]
