"""The writer is killed at random: nothing acknowledged is lost, nothing is doubled after replay."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.ledger.conftest import T0, samples

from luban.core.errors import DiskFullError
from luban.ledger import Intake, Ledger, LedgerWriter, Spool

# One source counts up; each batch is acknowledged on stdout only after `append` returned.
WRITER = """
import sys
from luban.ledger import LedgerWriter
folder, batch = sys.argv[1], 50
with LedgerWriter(folder, seal_rows=1500) as writer:
    n = int(sys.argv[2])
    while True:
        n += 1
        rows = {"time": [n * 1000 + i for i in range(batch)], "subject": ["p/m:v"] * batch,
                "value": [float(n)] * batch, "quality": [0] * batch,
                "source_seq": [n * batch + i for i in range(batch)]}
        writer.append("signal", rows, source="plc")
        print(n, flush=True)
"""


def kill_at_random(folder: Path, start: int, rng: random.Random) -> int:
    """Start a writer after batch `start`, kill -9 it, return the last batch it acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(start)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    first = process.stdout.readline()
    time.sleep(rng.random() * 0.15)
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    lines = [line for line in (first + rest).split("\n")[:-1] if line]
    return int(lines[-1]) if lines else start


@pytest.mark.timeout(600)
def test_kill_9_at_random(folder: Path) -> None:
    """`LUBAN_KILL_ROUNDS=200` for the full claim; each round resends the last acknowledged batch too."""
    rounds = int(os.environ.get("LUBAN_KILL_ROUNDS", "12"))
    rng = random.Random(20_261_124)
    acknowledged = 0
    for _ in range(rounds):
        acknowledged = max(acknowledged, kill_at_random(folder, max(acknowledged - 1, 0), rng))
    numbers = Ledger(folder).table("signal").column("source_seq").to_numpy()
    assert len(numbers) == len(np.unique(numbers)), "a sample was doubled"
    assert set(range(50, (acknowledged + 1) * 50)) <= set(numbers.tolist()), "an acknowledged sample was lost"
    with LedgerWriter(folder) as writer:
        writer.seal()
    report = Ledger(folder).verify()
    assert report.ok, report.problems
    print(f"\n{rounds} rounds, {len(numbers)} samples, {report.segments} segments: 0 lost, 0 doubled")


@pytest.mark.timeout(900)
def test_a_death_at_any_step_on_the_disk(tmp_path: Path) -> None:
    """`LUBAN_CRASH_EVERY=1` for all of about 750 steps: each sync, write, rename, deletion and commit."""
    every = os.environ.get("LUBAN_CRASH_EVERY", "127")
    run = [sys.executable, "-m", "tests.ledger.crash_points", str(tmp_path), every]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300  # so many steps lived through


def test_a_flush_that_failed_goes_again_under_the_same_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LedgerWriter(folder) as writer:
        spool, intake = Spool(folder / "spool", "plc"), Intake(folder / "spool", writer)
        spool.put("signal", samples(3))
        sync = os.fdatasync

        def fail(handle: int) -> None:
            assert intake_once() == 3  # the intake is faster than the sync
            raise OSError(28, "No space left on device")

        def intake_once() -> int:
            monkeypatch.setattr(os, "fdatasync", sync)
            return intake.drain()

        monkeypatch.setattr(os, "fdatasync", fail)
        with pytest.raises(DiskFullError):
            spool.flush()
        spool.put("signal", samples(4, start=T0 + 10**9))
        spool.close()
        assert intake.drain() == 4
        assert Ledger(folder).table("signal").num_rows == 7


def test_what_was_spooled_arrives_once_though_both_ends_restart(folder: Path) -> None:
    expected = 0
    for _ in range(6):
        spool = Spool(folder / "spool", "plc")  # a collector that dies without closing
        for _burst in range(3):
            spool.put("signal", samples(40, start=1_000_000 + expected))
            expected += 40
            spool.flush()
        spool._file.close()
        with LedgerWriter(folder, seal_rows=100) as writer:
            intake = Intake(folder / "spool", writer)
            assert intake.drain() == 120
            assert intake.drain() == 0
            assert Intake(folder / "spool", writer).drain() == 0  # delivered again after a crash, not taken twice
    assert Ledger(folder).table("signal").num_rows == expected


def test_an_emptied_spool_folder_does_not_make_new_facts_look_old(folder: Path) -> None:
    for _ in range(2):
        spool = Spool(folder / "spool", "plc")
        spool.put("signal", samples(10))
        spool.close()
        with LedgerWriter(folder) as writer:
            assert Intake(folder / "spool", writer).drain() == 10
        for path in (folder / "spool" / "plc").iterdir():
            path.unlink()
        time.sleep(0.001)


def test_a_full_disk_keeps_what_was_put(small_disk: Path) -> None:
    spool = Spool(small_disk / "spool", "plc")
    rng = np.random.default_rng(3)
    put = 0

    def fill() -> None:
        nonlocal put
        while True:
            spool.put("signal", {**samples(2000), "value": rng.random(2000)})
            put += 2000
            spool.flush()

    with pytest.raises(DiskFullError):
        fill()
    assert spool.pending == 2000
    (small_disk / "ballast").unlink()
    spool.close()
    with LedgerWriter(small_disk.parent / "ledger") as writer:
        assert Intake(small_disk / "spool", writer).drain() == put


def test_one_bad_record_goes_aside_and_stops_nobody(folder: Path) -> None:
    bad, good = Spool(folder / "spool", "bad"), Spool(folder / "spool", "good")
    bad.put("signal", {**samples(2), "supersedes": [99, None]})
    good.put("signal", samples(3))
    for spool in (bad, good):
        spool.flush()
    with LedgerWriter(folder) as writer:
        intake = Intake(folder / "spool", writer)
        assert intake.drain() == 3
        bad.put("signal", samples(4))
        bad.close()
        assert intake.drain() == 4
    good.close()
    (event,) = Ledger(folder).table("event").to_pylist()
    assert (event["subject"], event["kind"]) == ("bad", "quarantine")
    assert "supersedes a fact that does not exist" in event["text"]
    assert len(list((folder / "spool" / "bad" / "refused").iterdir())) == 1
