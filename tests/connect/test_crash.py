"""A collector that is killed again and again loses nothing and counts nothing twice."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from luban.connect.memory import Memory
from luban.core.time import SECOND
from luban.ledger import Intake, Ledger, LedgerWriter

BASE = 1_700_000_000 * SECOND
ROOT = Path(__file__).parents[2]


def life(folder: Path, last: int, sync: int, when: str) -> int:
    command = [sys.executable, "-m", "tests.connect.crashing_collector", str(folder), str(last), str(sync), when]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


def test_killed_at_every_kind_of_moment_totals_are_exact(tmp_path: Path) -> None:
    for sync, when in ((7, "before"), (8, "after"), (9, "before"), (10, "before")):
        assert life(tmp_path, 300, sync, when) == 9
        with LedgerWriter(tmp_path / "ledger") as writer:
            Intake(tmp_path / "spool", writer).drain()
    assert life(tmp_path, 300, 0, "") == 0
    with LedgerWriter(tmp_path / "ledger") as writer:
        Intake(tmp_path / "spool", writer).drain()
    ledger = Ledger(tmp_path / "ledger")
    signal = ledger.table("signal").sort_by("time")
    assert signal.column("value").to_pylist() == [float(n) for n in range(1, 301)]
    assert set(signal.column("quality").to_pylist()) == {0}
    counts = ledger.table("count").sort_by("time")
    assert counts.column("good").to_pylist() == [1.0] * 299  # the very first reading is the base
    events = ledger.table("event").to_pylist()
    assert len([e for e in events if e["kind"] == "gap"]) == 4
    spans = sorted((e["time"], e["end"]) for e in events if e["kind"] in {"alive", "gap"} and e["end"] > e["time"])
    assert all(a[1] == b[0] for a, b in pairwise(spans)), "between the first and the last moment all is alive or gap"


def test_memory_that_is_ahead_of_the_spool_does_not_count(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m", 10)
    memory.write({"t": {"a": 1}}, 12)
    memory.write({"t": {"a": 2, "b": 3}}, 15)
    assert Memory(tmp_path / "m", 14).state == {"t": {"a": 1}}


def test_a_torn_line_of_memory_is_left_out(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m", 10)
    memory.write({"t": {"a": 1}}, 12)
    mark = memory.write({"t": {"a": 2}}, 13)
    with (tmp_path / "m").open("r+b") as file:
        file.truncate(mark + 7)
    assert Memory(tmp_path / "m", 99).state == {"t": {"a": 1}}


def test_memory_is_made_short_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luban.connect.memory._COMPACT_AT", 500)
    memory = Memory(tmp_path / "m", 1)
    for n in range(100):
        memory.write({"t": {"a": n}, "e": n}, n + 2)
        memory.settle()
    assert (tmp_path / "m").stat().st_size < 1000
    assert Memory(tmp_path / "m", 101).state == {"t": {"a": 99}, "e": 99}


def test_a_write_taken_back(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m", 1)
    memory.write({"e": 1}, 2)
    memory.cut(memory.write({"e": 2}, 3))
    assert Memory(tmp_path / "m", 99).state == {"e": 1}
