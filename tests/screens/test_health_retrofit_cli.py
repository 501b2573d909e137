"""`luban health retrofit`: a power meter's file in, states and pieces out, in three languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.time import iso, parse_time
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG

START = parse_time("2026-11-23T05:00:00Z")


@pytest.fixture
def press(tmp_path: Path) -> Path:
    """An hour off, then 300 cycles of 60 s with 15 s of loading; a label, a counter and a bad cell beside."""
    time = START + np.arange(0, 7 * 3600, 5, dtype=np.int64) * 1_000_000
    seconds = (time - START) / 1e6
    working = (seconds >= 3600) & (seconds < 3600 + 300 * 60)
    cutting = working & (seconds % 60 >= 15)
    power = np.where(seconds < 3600, 0.05, 1.5) + 4.0 * cutting
    count = np.clip((seconds - 3600) // 60, 0, 300).astype(int)
    rows = [
        f"{iso(int(t))};{f'{p:.2f}'.replace('.', ',')};{'running' if w else 'waiting'};{c}"
        for t, p, w, c in zip(time, power, working, count, strict=True)
    ]
    rows[100] = rows[100].replace(";0,05;", ";n/a;")
    file = tmp_path / "press.csv"
    file.write_text("time;power (kW);state;strokes\n" + "\n".join(rows), "utf-8")
    return file


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        assert run(None, ["health", "retrofit", *map(str, arguments)]) == code  # type: ignore[arg-type]
        told = capsys.readouterr()
        return told.out, told.err

    return run_it


def test_a_file_tells_states_pieces_and_how_far_a_label_agrees(ask: Any, press: Path) -> None:
    told = json.loads(ask(press, "--state", "state", "--power", "power (kW)", "--json")[0])
    assert told["pieces"] == 300
    assert told["agreement"] > 0.99
    assert told["unit"] == "kW"
    assert told["hours"]["off"] == pytest.approx(1.0, abs=0.02)
    assert told["cells_left_out"][0]["came"] == "n/a"


def test_a_counter_counts_and_power_tells_states_only(ask: Any, press: Path) -> None:
    told = json.loads(ask(press, "--counter", "strokes", "--power", "power", "--json")[0])
    assert (told["pieces"], told["pieces_low"], told["pieces_high"]) == (300, 300, 300)


@pytest.mark.parametrize(("language", "words"), [("en", "at work"), ("zh", "工作"), ("ko", "가공")])
def test_the_sheet_speaks_three_languages_and_is_a_file(
    ask: Any, press: Path, tmp_path: Path, language: str, words: str
) -> None:
    out = tmp_path / "press.html"
    told, _ = ask(press, "--power", "power", "--lang", language, "-o", out)
    assert words in told
    assert "<svg" in out.read_text("utf-8")


def test_what_cannot_be_read_is_said(ask: Any, press: Path, tmp_path: Path) -> None:
    two = tmp_path / "two.csv"
    two.write_text("time,a,b\n" + "\n".join(f"{iso(START + k * 1_000_000)},{k % 7},{k % 5}" for k in range(50)))
    untimed = tmp_path / "untimed.csv"
    untimed.write_text("power\n" + "\n".join(str(k % 7) for k in range(50)))
    for arguments, said in (
        (["missing.csv"], "no such file"), ([two], "which column is the power?"), ([untimed], "power without times"),
        ([press, "--power", "strength"], "strength"), ([press, "--power", "power", "--cycle", "soon"], "soon"),
    ):  # fmt: skip
        _, told = ask(*arguments, code=WRONG)
        assert said in told


def test_on_and_off_alone_is_exit_1(ask: Any, tmp_path: Path) -> None:
    file = tmp_path / "furnace.csv"
    rows = [f"{iso(START + k * 10_000_000)},{18 if 1000 < k < 4000 else 0}" for k in range(5000)]
    file.write_text("time,power\n" + "\n".join(rows), "utf-8")
    told, _ = ask(file, code=NO)
    assert "only on and off" in told
