from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.ledger.conftest import T0, samples

from luban.core.errors import DiskFullError, InputError, IntegrityError, LedgerBusyError
from luban.ledger import Ledger, LedgerWriter


def values(folder: Path) -> list[float]:
    return Ledger(folder).table("signal").column("value").to_pylist()


def test_a_repeated_delivery_is_taken_once(writer: LedgerWriter, folder: Path) -> None:
    rows = {**samples(10), "source_seq": np.arange(100, 110)}
    assert writer.append("signal", rows, source="plc").accepted == 10
    overlap = {**samples(10), "source_seq": np.arange(105, 115)}
    receipt = writer.append("signal", overlap, source="plc")
    assert (receipt.accepted, receipt.duplicates) == (5, 5)
    assert writer.append("signal", rows, source="another").accepted == 10
    assert len(values(folder)) == 25


def test_a_repeated_delivery_is_taken_once_after_a_restart_and_after_sealing(folder: Path) -> None:
    rows = {**samples(10), "source_seq": np.arange(100, 110)}
    with LedgerWriter(folder) as writer:
        writer.append("signal", rows, source="plc")
    with LedgerWriter(folder) as writer:
        assert writer.append("signal", rows, source="plc").duplicates == 10
        writer.seal()
    with LedgerWriter(folder) as writer:
        assert writer.append("signal", rows, source="plc").duplicates == 10
        assert writer.append("signal", samples(1), source="plc").first_seq == 11


def test_out_of_order_numbers_fill_the_holes(writer: LedgerWriter) -> None:
    for numbers, accepted in (([5, 1, 5, 3], 3), ([2, 3, 4], 2), ([1, 2, 3, 4, 5], 0), ([6], 1)):
        rows = {**samples(len(numbers)), "source_seq": np.array(numbers)}
        assert writer.append("signal", rows, source="plc").accepted == accepted


def test_only_one_writer(writer: LedgerWriter, folder: Path) -> None:
    with pytest.raises(LedgerBusyError, match="another writer"):
        LedgerWriter(folder)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"subject": ["a"], "quality": [0]}, "missing: time"),
        ({"time": [1], "subject": ["a"], "quality": [0], "colour": [1]}, "unknown: colour"),
        ({"time": [1, 2], "subject": ["a"], "quality": [0]}, "differ in length"),
        ({"time": ["noon"], "subject": ["a"], "quality": [0]}, "signal.time does not fit"),
        ({"time": [1], "subject": [None], "quality": [0]}, "signal.subject is empty"),
        ({"time": [1], "subject": ["a"], "quality": [300]}, "signal.quality does not fit"),
        ({"time": [1], "subject": ["a"], "quality": [0], "supersedes": [7]}, "does not exist"),
    ],
)
def test_bad_rows_are_refused_whole(
    writer: LedgerWriter, folder: Path, rows: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        writer.append("signal", rows, source="plc")
    assert values(folder) == []
    assert writer.head == 0


def test_unknown_stream_names_the_known_ones(writer: LedgerWriter) -> None:
    with pytest.raises(InputError, match="expected: signal, state, count"):
        writer.append("signals", samples(1), source="plc")


def test_a_bad_part_takes_the_good_parts_with_it(writer: LedgerWriter, folder: Path) -> None:
    bad = {**samples(1), "supersedes": [99]}
    with pytest.raises(InputError):
        writer.append_many([("signal", "plc", samples(5)), ("signal", "plc", bad)])
    assert values(folder) == []
    assert writer.append("signal", samples(2), source="plc").first_seq == 1
    assert values(folder) == [0.0, 1.0]


def test_reads_are_the_same_before_and_after_sealing(folder: Path) -> None:
    with LedgerWriter(folder, seal_rows=100) as writer:
        for k in range(10):
            writer.append("signal", samples(60, start=T0 + k * 60_000_000), source="plc")
            assert len(values(folder)) == 60 * (k + 1)
        before = Ledger(folder).table("signal")
        writer.seal()
        after = Ledger(folder).table("signal")
        assert before.equals(after)
        assert Ledger(folder).manifest.snapshot("signal").wals == ()


def test_small_segments_are_compacted_and_still_verify(folder: Path) -> None:
    with LedgerWriter(folder) as writer:
        for k in range(20):
            writer.append("signal", samples(30, start=T0 + k * 30_000_000), source="plc")
            writer.seal()
        ledger = Ledger(folder)
        segments = ledger.manifest.segments()
        assert len(segments) == 20
        assert len({s.file for s in segments}) < 8
        assert len(values(folder)) == 600
        assert ledger.verify().ok
        assert ledger.minutes("p/m:tag0", T0, T0 + 600_000_000).column("n").to_pylist()[0] > 0
        assert sum(ledger.minutes("p/m:tag0", T0, T0 + 600_000_000).column("n").to_pylist()) == 200


def test_a_torn_tail_is_cut_and_the_rest_stays(folder: Path) -> None:
    with LedgerWriter(folder) as writer:
        writer.append("signal", samples(5), source="plc")
    (log,) = (folder / "wal").iterdir()
    with log.open("ab") as file:
        file.write(b"LBF1 half a fra")
    assert len(values(folder)) == 5
    with LedgerWriter(folder) as writer:
        writer.append("signal", samples(5, start=T0 + 10**9), source="plc")
    assert len(values(folder)) == 10
    assert Ledger(folder).verify().ok


def test_no_room_on_the_disk_takes_nothing_and_resumes(small_disk: Path) -> None:
    with LedgerWriter(small_disk / "ledger") as writer:
        accepted = 0
        rng = np.random.default_rng(7)

        def fill() -> None:
            nonlocal accepted
            while True:  # random values do not compress
                rows = {**samples(2000), "value": rng.random(2000)}
                accepted += writer.append("signal", rows, source="plc").accepted

        with pytest.raises(DiskFullError, match="nothing was acknowledged"):
            fill()
        assert Ledger(small_disk / "ledger").table("signal").num_rows == accepted
        (small_disk / "ballast").unlink()
        assert writer.append("signal", samples(2000), source="plc").first_seq == accepted + 1
    ledger = Ledger(small_disk / "ledger")
    assert ledger.table("signal").num_rows == accepted + 2000
    assert ledger.verify().ok


def test_arrow_tables_with_dictionaries_pass_through(writer: LedgerWriter, folder: Path) -> None:
    chunks = [pa.array(["a:x", "b:x"]).dictionary_encode(), pa.array(["c:x"]).dictionary_encode()]
    table = pa.table(
        {"time": pa.array([1, 2, 3]), "subject": pa.chunked_array(chunks), "quality": pa.array([0, 0, 0], pa.uint8())}
    )
    writer.append("signal", table, source="plc")
    assert Ledger(folder).table("signal").column("subject").to_pylist() == ["a:x", "b:x", "c:x"]


def test_a_log_number_is_never_used_twice(folder: Path) -> None:
    with LedgerWriter(folder) as writer:
        reader = Ledger(folder)
        for k in range(1, 4):  # the reader keeps what it knows of a log that is sealed behind its back
            writer.append("signal", samples(30 + k, start=T0 + k * 10**9), source="plc")
            assert reader.table("signal").num_rows == sum(30 + i for i in range(1, k + 1))
            assert reader.head == writer.head
            writer.seal()


def test_a_log_that_was_cut_and_written_again_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, reader_saw = os.fdatasync, []
    with LedgerWriter(folder) as writer:
        writer.append("signal", samples(5), source="plc")
        reader = Ledger(folder)

        def fail(handle: int) -> None:
            reader_saw.append(reader.table("signal").num_rows)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fdatasync", fail)
        with pytest.raises(DiskFullError):
            writer.append("signal", samples(3, value=1.0), source="plc")
        monkeypatch.setattr(os, "fdatasync", sync)
        receipt = writer.append("signal", samples(3, value=2.0), source="plc")  # as long as what was cut
        assert reader_saw == [8]
        assert receipt.first_seq == 9  # 6 to 8 have been seen
        assert reader.table("signal").column("value").to_pylist()[5:] == [2.0] * 3


def test_a_part_may_correct_an_earlier_part(writer: LedgerWriter, folder: Path) -> None:
    fix = {**samples(1, value=9.0), "supersedes": [2]}
    writer.append_many([("signal", "plc", samples(2)), ("signal", "li", fix)])
    assert values(folder) == [0.0, 9.0]


def test_threads_append_while_another_seals(folder: Path) -> None:
    with LedgerWriter(folder, seal_rows=200) as writer:

        def feed(source: str) -> None:
            for k in range(40):
                rows = {**samples(10, start=T0 + k * 10**7), "source_seq": range(k * 10, k * 10 + 10)}
                assert writer.append("signal", rows, source=source).accepted == 10

        threads = [threading.Thread(target=feed, args=(f"plc{i}",)) for i in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            writer.seal()
    facts = Ledger(folder).table("signal")
    assert facts.column("seq").to_pylist() == list(range(1, 1201))
    assert Ledger(folder).verify().problems == []


def test_a_lost_log_is_said_not_forgotten(folder: Path) -> None:
    with LedgerWriter(folder) as writer:
        writer.append("signal", samples(5), source="plc")
    (log,) = (folder / "wal").iterdir()
    log.rename(folder / "away")
    for _ in range(2):  # and the folder is free again
        with pytest.raises(IntegrityError, match="log with acknowledged facts is missing"):
            LedgerWriter(folder)
    with pytest.raises(IntegrityError, match="cannot be read"):
        Ledger(folder).table("signal")
    (folder / "away").rename(log)
    with LedgerWriter(folder) as writer:
        assert writer.head == 5


def test_a_ledger_whose_making_was_cut_short_is_made(folder: Path) -> None:
    folder.mkdir()
    sqlite3.connect(folder / "manifest.sqlite").execute("PRAGMA journal_mode = WAL").connection.close()
    with pytest.raises(InputError, match="no ledger here"):
        Ledger(folder)
    with LedgerWriter(folder) as writer:
        assert writer.append("signal", samples(1), source="plc").first_seq == 1


def test_sealing_waits_for_the_disk_says_so_and_goes_on(small_disk: Path) -> None:
    """The log still has room, its segment has not: facts are refused whole, none is lost, nothing hangs."""
    rng = np.random.default_rng(5)
    folder, accepted, refused = small_disk / "ledger", 0, 0
    with LedgerWriter(folder, seal_rows=10_000) as writer:
        deadline = time.monotonic() + 30
        while refused < 8 and time.monotonic() < deadline:
            try:
                rows = {**samples(2000, start=T0 + accepted * 10**6), "value": rng.random(2000)}
                accepted += writer.append("signal", rows, source="plc").accepted
            except DiskFullError:
                refused += 1
        assert refused == 8
        assert Ledger(folder).table("signal").num_rows == accepted
        (small_disk / "ballast").unlink()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                writer.seal()
                break
            except DiskFullError:
                time.sleep(0.05)
        assert writer.append("signal", samples(1), source="plc").accepted == 1
    assert Ledger(folder).manifest.snapshot("signal").segments
    assert Ledger(folder).table("signal").num_rows == accepted + 1
    assert Ledger(folder).verify().problems == []
