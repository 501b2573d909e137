"""`luban health indicators`: signals in, stretches with their regimes, bearing lines and doubts out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.time import iso, parse_time
from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from luban.understand.health.indicators import UNSEEN

START = parse_time("2026-11-23T05:00:00Z")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, ["health", "indicators", *map(str, arguments)]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    """Two programs by turns, then program A shakes more, then a program that is new; load tells them apart too."""
    rng = np.random.default_rng(1)
    lines = ["time,program,vibration (mm/s),load (%)"]
    for k in range(3600):
        program = "C" if k >= 3240 else "AB"[k // 180 % 2]
        level = {"A": 1.4, "B": 2.6, "C": 2.6}[program] * (1.6 if program == "A" and k > 2520 else 1.0)
        load = {"A": 40, "B": 70, "C": 110}[program] + 2 * rng.normal()
        moment = iso(START + k * 10_000_000)
        lines.append(f"{moment},{program},{level + 0.1 * rng.normal():.3f},{load:.1f}")
    file = tmp_path / "mill.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.mark.parametrize(
    "how", [["--regime", "program"], ["--driven", "load", "--where", "program=A"], ["--driven", "load"]]
)
def test_a_program_is_compared_with_itself_alone(ask: Any, mill: Path, how: list[str]) -> None:
    """By the program's name, or by the load it runs at: the change is found in A, a new one is said, B is in order."""
    arguments = [mill, "--channel", "vibration", "--length", "5min", "--good", 80 if "--where" not in how else 40]
    told = json.loads(ask(*arguments, *how, "--json")[0])
    last = [one for one in told["channels"][0]["stretches"] if not one["unseen"]]
    scores = {one["start"]: one["scores"].get("rms", 0.0) for one in last}
    changed = [score for start, score in scores.items() if start > START + 25_300 * 1_000_000]
    assert max(changed) > 20
    assert max(abs(score) for start, score in scores.items() if start < START + 24_000 * 1_000_000) < 6
    new = [one for one in told["channels"][0]["stretches"] if one["unseen"]]
    assert bool(new) == ("--where" not in how)
    assert {one["regime"] for one in new} <= {"C", UNSEEN}


def test_a_bearing_shows_in_a_sampled_signal(ask: Any, tmp_path: Path) -> None:
    from luban.understand.health.indicators import Bearing
    from tests.understand.health.indicators.test_describe import ringing

    file = tmp_path / "shaker.csv"
    blows = ringing(Bearing(9, 7.94, 39.04).frequencies(1797)["outer race"], seconds=2.0)
    file.write_text("acceleration (m/s²)\n" + "\n".join(f"{value:.4f}" for value in blows), "utf-8")
    arguments = [file, "--rate", 12000, "--length", "500ms", "--speed", 1797, "--bearing", "9,7.94,39.04"]
    told = json.loads(ask(*arguments, "--band", "10-1000", "--json")[0])
    stretches = told["channels"][0]["stretches"]
    assert len(stretches) == 4
    assert all(one["values"]["outer race"] > 8 > one["values"]["inner race"] for one in stretches)
    assert stretches[0]["values"]["band 10-1000 Hz"] > 2
    out = tmp_path / "shaker.html"
    printed, _ = ask(*arguments, "--lang", "zh", "-o", out)
    assert "外圈" in printed
    assert "<svg" in out.read_text("utf-8")


def test_odd_data_is_told_and_the_rest_goes_on(ask: Any, tmp_path: Path) -> None:
    rows = [f"{iso(START + k * 1_000_000 + (3_600_000_000 if k > 700 else 0))},{k % 5},7" for k in range(1200)]
    file = tmp_path / "odd.csv"
    file.write_text("time,pressure,flat\n" + "\n".join(rows), "utf-8")
    told = json.loads(ask(file, "--length", "1min", "--json")[0])
    kinds = {(one["channel"], doubt["kind"]) for one in told["channels"] for doubt in one["doubts"]}
    assert kinds == {("pressure", "gap"), ("flat", "gap"), ("flat", "constant")}


def test_what_cannot_be_asked_is_said(ask: Any, mill: Path, tmp_path: Path) -> None:
    untimed = tmp_path / "untimed.csv"
    untimed.write_text("a\n" + "\n".join(str(k % 7) for k in range(50)), "utf-8")
    for arguments, said in (
        (["missing.csv"], "no such file"), ([untimed], "without times"), ([mill, "--channel", "torque"], "torque"),
        ([mill, "--bearing", "9,40"], "bearing"), ([mill, "--band", "wide"], "band"),
        ([mill, "--length", "0s"], "length"),
    ):  # fmt: skip
        _, told = ask(*arguments, code=WRONG)
        assert said in told
