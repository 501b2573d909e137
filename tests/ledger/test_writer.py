from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.ledger.conftest import T0, samples

from luban.core.errors import DiskFullError, InputError, LedgerBusyError
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
