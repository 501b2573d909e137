from __future__ import annotations

import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.ledger.conftest import T0, samples
from tests.outside import require

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.core.time import MINUTE, SECOND
from luban.ledger import Ledger, LedgerWriter

TAG = "p/m:tag0"


def test_no_ledger_is_said_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no ledger here"):
        Ledger(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_correction_hides_the_old_fact_and_as_of_brings_it_back(writer: LedgerWriter, folder: Path) -> None:
    writer.append("signal", samples(9), source="plc")
    ledger = Ledger(folder)
    for stage in ("in the log", "sealed"):
        if stage == "sealed":
            writer.seal()
        old = ledger.table("signal", subjects=[TAG]).to_pylist()[0]
        fix = {"time": [old["time"]], "subject": [TAG], "value": [old["value"] + 100], "quality": [0]}
        receipt = writer.append("signal", {**fix, "supersedes": [old["seq"]]}, source="li")
        now = ledger.table("signal", subjects=[TAG]).to_pylist()
        then = ledger.table("signal", subjects=[TAG], as_of=receipt.first_seq - 1).to_pylist()
        assert {r["value"] for r in now} - {r["value"] for r in then} == {old["value"] + 100}
        assert old in then
        assert old not in now
        assert ledger.fact(old["seq"]) == {"stream": "signal", **old}  # it stays in the books
    writer.seal()
    assert len(ledger.table("signal", subjects=[TAG])) == 3
    assert len(ledger.table("signal", subjects=[TAG], corrected=False)) == 5


@pytest.mark.parametrize("engine", ["duckdb", "polars", "arrow", pytest.param("spark", marks=pytest.mark.service)])
def test_every_engine_reads_the_same_facts(folder: Path, engine: str) -> None:
    if engine == "spark":
        require("java")
    with LedgerWriter(folder, seal_rows=20) as writer:
        for k in range(5):
            writer.append("signal", samples(15, start=T0 + k * MINUTE), source="plc")
        writer.append("signal", {**samples(1, value=7.0), "supersedes": [3]}, source="li")
        ledger = Ledger(folder)
        expected = ledger.table("signal", subjects=[TAG, "p/m:tag2"], since=T0 + 3 * SECOND, until=T0 + 3 * MINUTE)
        frame = ledger.frame(
            "signal", subjects=[TAG, "p/m:tag2"], since=T0 + 3 * SECOND, until=T0 + 3 * MINUTE, engine=engine
        )
        rows = frame.sort("seq").select("seq", "time", "subject", "value").collect().to_dict(as_series=False)
    assert {k: list(v) for k, v in rows.items()} == {
        name: expected.column(name).to_pylist() for name in ("seq", "time", "subject", "value")
    }


def test_unknown_engine_names_the_known_ones(writer: LedgerWriter, folder: Path) -> None:
    with pytest.raises(InputError, match="duckdb, polars, spark, arrow"):
        Ledger(folder).frame("signal", engine="excel")


def test_frames_of_one_thread_join_with_a_callers_table(writer: LedgerWriter, folder: Path) -> None:
    import pyarrow as pa

    writer.append("signal", samples(6), source="plc")
    ledger = Ledger(folder)
    limits = ledger.lift(pa.table({"subject": [TAG], "limit": [2.0]}))
    joined = ledger.frame("signal").join(limits, on="subject", how="inner").filter(nw.col("value") > nw.col("limit"))
    assert joined.select("value").collect().to_dict(as_series=False) == {"value": [3.0]}


def test_many_threads_and_a_writer_at_once(folder: Path) -> None:
    failures: list[BaseException] = []
    with LedgerWriter(folder, seal_rows=300) as writer:
        writer.append("signal", samples(30), source="plc")
        ledger, stop = Ledger(folder), threading.Event()

        def look() -> None:
            seen = 0
            try:
                while not stop.is_set():
                    rows = ledger.table("signal").num_rows
                    assert rows >= seen, "facts disappeared"
                    seen = rows
                    assert ledger.last_values().num_rows == 3
            except BaseException as error:
                failures.append(error)
            finally:
                ledger.close()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for k in range(60):
            writer.append("signal", samples(30, start=T0 + (k + 1) * MINUTE), source="plc")
        writer.seal()
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert ledger.table("signal").num_rows == 61 * 30


# ---------------------------------------------------------------- roll-ups against a plain count


def oracle(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """1-minute figures the slow way."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: (r["time"], r["seq"])):
        groups[row["subject"], row["time"] // MINUTE * MINUTE].append(row)
    figures = {}
    for key, members in groups.items():
        good = [r["value"] for r in members if r["quality"] == 0 and r["value"] is not None]
        figures[key] = {
            "n": len(members),
            "good": len(good),
            "min": min(good, default=None),
            "max": max(good, default=None),
            "sum": sum(good) if good else None,
            "first": good[0] if good else None,
            "last": good[-1] if good else None,
        }
    return figures


FACTS = st.lists(
    st.tuples(
        st.integers(0, 4 * 60),  # s
        st.sampled_from([TAG, "p/m:tag1"]),
        st.one_of(st.none(), st.integers(-9, 9).map(float)),
        st.sampled_from([0, 0, 0, int(Quality.STUCK), int(Quality.BAD)]),
        st.booleans(),  # corrects an earlier one
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(facts=FACTS, cuts=st.sets(st.integers(0, 39)), seed=st.integers(0, 9))
def test_minutes_and_last_values_equal_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, facts: list[Any], cuts: set[int], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger") / "l"
    rng = np.random.default_rng(seed)
    alive: list[int] = []
    with LedgerWriter(folder) as writer:
        for k, (second, subject, value, quality, corrects) in enumerate(facts):
            row = {"time": [T0 + second * SECOND], "subject": [subject], "value": [value], "quality": [quality]}
            if corrects and alive:
                row["supersedes"] = [alive.pop(int(rng.integers(len(alive))))]
            alive.append(writer.append("signal", row, source="plc").first_seq)
            if k in cuts:
                writer.seal()
        ledger = Ledger(folder)
        rows = ledger.table("signal").to_pylist()
        expected = oracle(rows)
        for subject in (TAG, "p/m:tag1"):
            found = ledger.minutes(subject, T0, T0 + 5 * MINUTE).to_pylist()
            keys = ("n", "good", "min", "max", "sum", "first", "last")
            got = {(subject, r["minute"]): {k: r[k] for k in keys} for r in found}
            assert got == {key: figures for key, figures in expected.items() if key[0] == subject}
        newest = {}
        for row in sorted(rows, key=lambda r: (r["time"], r["seq"])):
            newest[row["subject"]] = row["seq"]
        assert {r["subject"]: r["seq"] for r in ledger.last_values().to_pylist()} == newest


def test_a_future_stamp_does_not_stay_the_last_value(writer: LedgerWriter, folder: Path) -> None:
    writer.append("signal", samples(3, tags=1), source="plc")
    ahead = {**samples(1, start=T0 + 10**12, tags=1, value=99.0), "quality": [int(Quality.FUTURE)]}
    writer.append("signal", ahead, source="plc")
    for _ in range(2):
        assert Ledger(folder).last_values([TAG]).column("value").to_pylist() == [2.0]
        writer.seal()


def test_a_trend_keeps_each_pixels_extremes_and_breaks(writer: LedgerWriter, folder: Path) -> None:
    rows = samples(6000, step=SECOND // 100, tags=1, value=1.0)
    rows["value"][1234], rows["value"][4321] = 50.0, -50.0
    rows["quality"][3000:3010] = int(Quality.NO_COMMUNICATION)
    writer.append("signal", rows, source="plc")
    trend = Ledger(folder).trend(TAG, T0, T0 + MINUTE, 100)
    values = trend.column("value").to_pylist()
    assert {50.0, -50.0} <= set(values)
    assert None in values
    assert trend.num_rows < 450
    assert trend.column("time").to_pylist() == sorted(trend.column("time").to_pylist())
    long = Ledger(folder).trend(TAG, T0 - 10 * MINUTE, T0 + 1000 * MINUTE, 100)
    assert {50.0, -50.0} <= set(long.column("value").to_pylist())


READER = """
import sys
from luban.ledger import Ledger
ledger, seen, rounds = Ledger(sys.argv[1]), 0, 0
print("ready", flush=True)
while seen < int(sys.argv[2]):
    frame = ledger.frame("signal", engine="polars" if rounds % 2 else "duckdb")
    head, rows = ledger.head, ledger.table("signal").num_rows
    assert head >= seen and rows >= head, (seen, head, rows)
    assert ledger.last_values().num_rows == 3
    minutes = ledger.minutes("p/m:tag0", 0, 2**60)
    assert sum(minutes["n"].to_pylist()) * 3 >= rows, (rows, minutes)
    assert frame.collect().shape[0] >= seen
    seen, rounds = head, rounds + 1
"""


def test_a_reader_process_outlives_writers_that_seal_compact_and_restart(folder: Path) -> None:
    rounds, total = 12, 12 * 5 * 30
    with LedgerWriter(folder) as writer:
        writer.append("signal", samples(30), source="plc")
    run = [sys.executable, "-c", READER, str(folder), str(total + 30)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        for k in range(rounds):
            with LedgerWriter(folder) as writer:
                for i in range(5):
                    writer.append("signal", samples(30, start=T0 + (k * 5 + i + 1) * MINUTE), source="plc")
                    writer.seal()
        _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error


@pytest.mark.parametrize("name", ["line [1]*", "line=1", "läser 'q'"])
@pytest.mark.parametrize("engine", ["duckdb", "polars", "arrow"])
def test_any_folder_name_will_do(tmp_path: Path, name: str, engine: str) -> None:
    with LedgerWriter(tmp_path / name) as writer:
        writer.append("signal", samples(9), source="plc")
        writer.seal()
        writer.append("signal", samples(3), source="plc")
        assert Ledger(tmp_path / name).frame("signal", engine=engine).collect().shape == (12, 10)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "arrow"])
def test_asking_for_nothing_gives_nothing(writer: LedgerWriter, folder: Path, engine: str) -> None:
    ledger = Ledger(folder)
    for stage in range(3):
        for where in ({"subjects": []}, {"seqs": []}, {"since": T0, "until": T0 - 1}, {"as_of": 0}):
            assert ledger.frame("signal", engine=engine, **where).collect().shape[0] == 0
        assert ledger.last_values([]).num_rows == ledger.minutes(TAG, T0, T0 - MINUTE).num_rows == 0
        assert ledger.trend(TAG, T0, T0 - 1).num_rows == 0
        assert ledger.trend(TAG, T0 - 10**9, T0 + 10**9, 0).num_rows == (0 if stage == 0 else 2)
        assert (ledger.fact(99), ledger.verify().ok) == (None, True)
        if stage == 0:
            writer.append("signal", samples(9), source="plc")
        else:
            writer.seal()


def test_times_before_1970_and_numbers_that_are_none(writer: LedgerWriter, folder: Path) -> None:
    rows = {
        "time": [-61 * SECOND, -1, 0, 1, 9_300_000_000 * SECOND],
        "subject": [TAG] * 5,
        "value": [1.0, float("nan"), float("inf"), 2.0, 3.0],
        "quality": [0] * 5,
    }
    writer.append("signal", rows, source="plc")
    for _ in range(2):
        found = Ledger(folder).minutes(TAG, -2 * MINUTE, MINUTE).to_pylist()
        assert [(r["minute"] // MINUTE, r["n"], r["good"], r["sum"]) for r in found] == [
            (-2, 1, 1, 1.0),
            (-1, 1, 0, None),
            (0, 2, 1, 2.0),
        ]
        assert Ledger(folder).last_values().to_pylist()[0]["value"] == 3.0
        assert Ledger(folder).trend(TAG, -1, 1, 10)["value"].to_pylist() == [None, None]
        assert Ledger(folder).verify().problems == []
        writer.seal()


def test_one_bad_sample_draws_no_line(writer: LedgerWriter, folder: Path) -> None:
    writer.append("signal", {**samples(1, value=99.0), "quality": [int(Quality.BAD)]}, source="plc")
    assert Ledger(folder).trend(TAG, T0, T0 + SECOND, 10).to_pylist() == [{"time": T0, "value": None, "quality": 64}]


def test_as_of_follows_a_chain_of_corrections(folder: Path) -> None:
    with LedgerWriter(folder) as writer:
        seq = writer.append("signal", samples(1, value=0.0), source="plc").first_seq
        for k in range(1, 12):
            assert writer.append("signal", {**samples(1, value=float(k)), "supersedes": [seq]}, source="li").first_seq
            seq += 1
            if k % 2:
                writer.seal()  # and compacted
        ledger = Ledger(folder)
        for moment in range(1, 13):
            assert ledger.table("signal", as_of=moment)["value"].to_pylist() == [moment - 1.0]
        assert ledger.last_values()["value"].to_pylist() == ledger.minutes(TAG, T0, T0 + 1)["sum"].to_pylist() == [11.0]
        assert ledger.verify().problems == []


ASK_AT_ONCE = """
import sys, threading
from luban.ledger import Ledger
ledger = Ledger(sys.argv[1])
tags = [f"p/m:tag{i}" for i in range(40)]
alone = {tag: ledger.minutes(tag, 0, 2**60) for tag in tags}
wrong = []
def ask():
    for tag in tags * 10:
        try:
            if not ledger.minutes(tag, 0, 2**60).equals(alone[tag]):
                wrong.append(tag)
        except Exception as error:
            wrong.append(error)
threads = [threading.Thread(target=ask) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(wrong[:3] if wrong else 0)
"""


def test_threads_that_ask_for_minutes_at_once_get_what_one_gets(folder: Path) -> None:
    with LedgerWriter(folder) as writer:  # minutes of more than one row group
        writer.append("signal", samples(40_000, step=MINUTE // 40 + 1, tags=40), source="plc")
        writer.seal()
    done = subprocess.run([sys.executable, "-c", ASK_AT_ONCE, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # a process of its own: a heap that breaks ends it
