"""The books prove that they are whole: every way to tamper shows."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ledger.conftest import T0, samples

from luban.core.errors import DiskFullError, InputError, IntegrityError
from luban.ledger import Ledger, LedgerWriter, MasterData, export_ledger, import_ledger, verify
from luban.ledger.content import content_hash


@pytest.fixture
def books(folder: Path) -> Path:
    """Four sealed segments of two streams and an open log."""
    with LedgerWriter(folder) as writer:
        for k in range(2):
            writer.append("signal", samples(20, start=T0 + k * 10**9), source="plc")
            writer.seal()
        writer.append("signal", {**samples(1), "supersedes": [1]}, source="li")
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


def alter(folder: Path, pattern: str, column: str, value: object) -> None:
    path = min(folder.glob(pattern))
    table = pq.read_table(path, partitioning=None)
    values = [value, *table.column(column).to_pylist()[1:]]
    changed = pa.array(values, table.schema.field(column).type)
    pq.write_table(table.set_column(table.column_names.index(column), table.schema.field(column), changed), path)


def slip_in_a_fact(folder: Path) -> None:
    path = folder / "segments" / "signal" / "00000001.parquet"
    table = pq.read_table(path, partitioning=None)
    more = table.slice(0, 1).set_column(0, table.schema.field("seq"), pa.array([10**9]))
    pq.write_table(pa.concat_tables([table, more]), path)


TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "a value in a segment": (alter_a_value, "a fact was altered"),
    "a segment file removed": (lambda f: (f / "segments" / "state" / "00000004.parquet").unlink(), "cannot be read"),
    "a segment removed with its entry": (lambda f: execute(f, "DELETE FROM segment WHERE id = 2"), "does not follow"),
    "the row count in the manifest": (lambda f: execute(f, "UPDATE segment SET rows = 19 WHERE id = 1"), "altered"),
    "a hash in the manifest": (lambda f: execute(f, "UPDATE segment SET content = 'x' WHERE id = 1"), "altered"),
    "bytes of the log": (alter_bytes_of_the_log, "damaged log"),
    "a fact slipped in": (slip_in_a_fact, "21 facts in the file"),
    "a correction in the manifest removed": (lambda f: execute(f, "DELETE FROM correction"), "corrections"),
    "a correction in the manifest invented": (
        lambda f: execute(f, "INSERT INTO correction VALUES ('signal', 2, 41, 'p/m:tag1', 0, 0)"),
        "corrections",
    ),
    "times in the manifest": (lambda f: execute(f, "UPDATE segment SET time_max = 5 WHERE id = 1"), "its times"),
    "a 1-minute figure": (lambda f: alter(f, "minutes/*", "min", 7.0), "1-minute figures"),
    "a last value": (lambda f: alter(f, "last/00000003*", "value", 7.0), "last values"),
    "the last values removed": (lambda f: min(f.glob("last/00000003*")).unlink(), "cannot be read"),
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


def test_a_text_cannot_hide_where_another_ends() -> None:
    one, other = (pa.table({"seq": [1, 2], "text": texts}) for texts in (["a\0b", "c"], ["a", "b\0c"]))
    assert content_hash(one) != content_hash(other)


def test_the_writer_goes_on_while_the_books_are_exported_and_verified(folder: Path, tmp_path: Path) -> None:
    LedgerWriter(folder).close()
    stop = threading.Event()

    def write() -> None:
        with LedgerWriter(folder) as writer:
            for k in range(400):
                if stop.is_set():
                    return
                writer.append("signal", samples(20, start=T0 + k * 10**8), source="plc")
                writer.seal()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for k in range(6):
            export_ledger(folder, tmp_path / f"{k}.luban")
            assert import_ledger(tmp_path / f"{k}.luban", tmp_path / f"again{k}").ok
            assert verify(folder).problems == []
    finally:
        stop.set()
        thread.join()
    assert not list(folder.glob(".export-*"))


def test_a_damaged_export_or_one_with_more_in_it_is_refused(books: Path, tmp_path: Path) -> None:
    export_ledger(books, tmp_path / "good")
    data = bytearray((tmp_path / "good").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "good") as good, zipfile.ZipFile(tmp_path / "less", "w") as less:
        for name in good.namelist()[:-1]:
            less.writestr(name, good.read(name))
    shutil.copy(tmp_path / "good", tmp_path / "more")
    with zipfile.ZipFile(tmp_path / "more", "a") as more:
        more.writestr("spool/plc/1.spool", b"")
    for name, error in (("damaged", IntegrityError), ("less", IntegrityError), ("more", InputError)):
        with pytest.raises(error):
            import_ledger(tmp_path / name, tmp_path / "again")
        assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".import-*"))


def test_an_export_without_room_leaves_nothing(books: Path, small_disk: Path) -> None:
    with (small_disk / "rest").open("wb", buffering=0) as rest, contextlib.suppress(OSError):
        while True:
            rest.write(b"\0" * 4096)
    with pytest.raises(DiskFullError, match="no room for the export"):
        export_ledger(books, small_disk / "books.luban")
    assert not list(small_disk.glob("books*"))


@pytest.mark.parametrize("where", ["head", "page"])
def test_a_damaged_manifest_is_named_and_never_sqlites_own_error(books: Path, where: str) -> None:
    path = books / "manifest.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")
    data = bytearray(path.read_bytes())
    if where == "head":
        data[:100] = bytes(100)
    else:
        data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="manifest is damaged"):
        Ledger(books).manifest.snapshot("signal")
