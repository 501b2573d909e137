"""The books prove that they are whole: every way to tamper shows."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ledger.conftest import T0, samples

from luban.core.errors import InputError, IntegrityError
from luban.ledger import Ledger, LedgerWriter, MasterData, export_ledger, import_ledger, verify


@pytest.fixture
def books(folder: Path) -> Path:
    """Three sealed segments of two streams and an open log."""
    with LedgerWriter(folder) as writer:
        for k in range(2):
            writer.append("signal", samples(20, start=T0 + k * 10**9), source="plc")
            writer.seal()
        state = {"time": [T0], "subject": ["p/m"], "state": ["running"], "mapping": ["generic@1"], "quality": [0]}
        writer.append("state", state, source="plc")
        writer.seal()
        writer.append("signal", samples(5, start=T0 + 10**10), source="plc")
    return folder


def execute(folder: Path, statement: str) -> None:
    db = sqlite3.connect(folder / "manifest.sqlite")
    with db:
        db.execute(statement)
    db.close()


def alter_a_value(folder: Path) -> None:
    path = folder / "segments" / "signal" / "00000001.parquet"
    table = pq.read_table(path, partitioning=None)
    values = table.column("value").to_pylist()
    values[3] += 0.001
    pq.write_table(table.set_column(table.column_names.index("value"), "value", pa.array(values)), path)


def alter_bytes_of_the_log(folder: Path) -> None:
    path = next(iter((folder / "wal").glob("signal-*")))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    path.write_bytes(bytes(data[:middle]) + bytes([data[middle] ^ 1]) + bytes(data[middle + 1 :]) + bytes(data))


TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "a value in a segment": (alter_a_value, "a fact was altered"),
    "a segment file removed": (lambda f: (f / "segments" / "state" / "00000003.parquet").unlink(), "cannot be read"),
    "a segment removed with its entry": (lambda f: execute(f, "DELETE FROM segment WHERE id = 2"), "does not follow"),
    "the row count in the manifest": (lambda f: execute(f, "UPDATE segment SET rows = 19 WHERE id = 1"), "altered"),
    "a hash in the manifest": (lambda f: execute(f, "UPDATE segment SET content = 'x' WHERE id = 1"), "altered"),
    "bytes of the log": (alter_bytes_of_the_log, "damaged log"),
    "the log removed": (lambda f: next(iter((f / "wal").glob("signal-*"))).unlink(), "missing"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_shows(books: Path, how: str) -> None:
    assert verify(books).ok
    act, message = TAMPERING[how]
    act(books)
    report = verify(books)
    assert not report.ok
    assert any(message in problem for problem in report.problems), report.problems


def test_a_rewritten_chain_misses_the_noted_head(books: Path, tmp_path: Path) -> None:
    head = verify(books).head
    other = tmp_path / "other"
    with LedgerWriter(other) as writer:
        writer.append("signal", samples(20, value=1.0), source="plc")
        writer.seal()
    assert verify(other).ok
    assert verify(books, head=head).ok
    assert "rewritten or cut" in verify(other, head=head).problems[0]


def test_export_and_import_lose_nothing(books: Path, tmp_path: Path) -> None:
    MasterData(books).put("user", "li", {"role": "viewer"}, who="admin")
    file = tmp_path / "books.luban"
    export_ledger(books, file)
    report = import_ledger(file, tmp_path / "again")
    assert report.ok
    before, after = Ledger(books), Ledger(tmp_path / "again")
    for stream in ("signal", "state"):
        assert before.table(stream).equals(after.table(stream))
    assert report.head == verify(books).head
    assert MasterData(tmp_path / "again").get("user", "li") == {"role": "viewer"}
    with LedgerWriter(tmp_path / "again") as writer:  # and the books go on, knowing what each source delivered
        assert writer.append("signal", {**samples(5), "source_seq": [1, 2, 3, 4, 5]}, source="plc").duplicates == 5


def test_an_altered_export_is_refused_and_leaves_nothing(books: Path, tmp_path: Path) -> None:
    file = tmp_path / "books.luban"
    alter_a_value(books)
    export_ledger(books, file)
    with pytest.raises(IntegrityError, match="a fact was altered"):
        import_ledger(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".import-*"))


def test_import_refuses_what_is_no_export(books: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("hello")
    with pytest.raises(InputError, match="not a ledger export"):
        import_ledger(tmp_path / "x.zip", tmp_path / "again")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("manifest.sqlite", b"")
        archive.writestr("../evil", b"")
    with pytest.raises(InputError, match="not a ledger export"):
        import_ledger(tmp_path / "evil.zip", tmp_path / "again")
    export_ledger(books, tmp_path / "good.zip")
    with pytest.raises(InputError, match="not empty"):
        import_ledger(tmp_path / "good.zip", books)
    with pytest.raises(InputError, match="exists"):
        export_ledger(books, tmp_path / "good.zip")


def test_a_copied_folder_is_a_backup(books: Path, tmp_path: Path) -> None:
    shutil.copytree(books, tmp_path / "copy")
    assert verify(tmp_path / "copy").ok


def test_master_data_keeps_every_revision(folder: Path) -> None:
    master = MasterData(folder)
    assert master.put("user", "li", {"role": "viewer"}, who="admin") == 1
    assert master.put("user", "li", {"role": "engineer"}, who="admin") == 2
    assert master.list("user") == {"li": {"role": "engineer"}}
    assert master.remove("user", "li", who="admin") == 3
    assert master.get("user", "li") is None
    assert master.list("user") == {}
    assert [r["document"] for r in master.history("user", "li")] == [{"role": "viewer"}, {"role": "engineer"}, None]
    master.close()
