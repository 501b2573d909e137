"""`luban pilot` without a name: what it says of a morning and of the proof after it, in words and as one document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from luban.loop.story import Energy, Step, Story
from luban.screens.cli.output import NO, OK, Output
from luban.screens.cli.pilot_story import run_story

STEPS = (
    Step("drift", 1, "Thu 06:02", "L1 is off target", "The next piece is expected +9.0 µm off."),
    Step("write", 2, "Thu 06:58", "L1: written and read back", "The machine shows -9.0 µm.", "good"),
    Step("breakdown", 3, "Thu 07:23", "L4 stands still", "Its alarm: spindle.", "bad"),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the morning has happened already, and a proof that finds its targets missed."""

    async def told(*, seconds: float, heard: Callable[[Step], None], advance: Callable[[float], None]) -> Story:
        for step in STEPS:
            heard(step)
        advance(seconds)
        energy = (Energy("c2/heat/H1", 43.0, 0.0),)
        return Story(
            tmp_path / "wires",
            1,
            4,
            200.0,
            STEPS,
            {"signal": 5000},
            {"confirmed": 1},
            energy,
            missing=("no lot was traced",),
        )

    def study(say: Output, opened: Any, base: Path, asked: Any, out: Path | None, language: str) -> int:
        say.line(f"{opened.pilot.name}: proved, quick {asked.quick}, to {out}")
        return NO

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("luban.loop.story.tell_story", told)
    monkeypatch.setattr("luban.screens.cli.pilot_study.run_study", study)
    monkeypatch.setattr(
        "luban.pilot.registry.open_pilot", lambda name: SimpleNamespace(pilot=SimpleNamespace(name=name))
    )
    return tmp_path


def test_each_step_is_said_with_its_sign_and_what_was_not_seen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_story(Output(as_json=False), seconds=40, report=Path("report.html"), port=8080)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert code == NO  # that of the proof
    assert [line for line in lines if line.startswith("Thu")] == [
        "Thu 06:02 · L1 is off target", "Thu 06:58 + L1: written and read back", "Thu 07:23 ! L4 stands still",
    ]  # fmt: skip
    assert "5,000 facts in the books of wires" in lines
    assert "! not seen this time: no lot was traced" in lines
    assert "c2_machining: proved, quick True, to report.html" in lines
    assert "luban up wires --port 8080, then http://127.0.0.1:8080/en/loop" in err


def test_as_json_it_is_one_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_story(Output(as_json=True), seconds=40, report=None, port=8080) in (OK, NO)
    told = json.loads(capsys.readouterr().out)
    assert [step["kind"] for step in told["story"]["steps"]] == ["drift", "write", "breakdown"]
    assert told["story"]["ok"] is False
    assert told["story"]["energy"] == [{"machine": "c2/heat/H1", "energy": 43.0, "pieces": 0.0}]
    assert told["proof"] is None
