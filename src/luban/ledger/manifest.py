"""The manifest: which files make up the ledger, in SQLite. Files without an entry do not exist.

The file layout of a ledger folder:

    manifest.sqlite   segments, open logs, corrections, what each source has delivered
    wal/              one open log per stream, and closed ones that wait for sealing
    segments/STREAM/  sealed Parquet, sorted by (subject, time)
    minutes/          1-minute roll-ups of the signal segments
    last/             last value of every signal at the last sealing
    spool/SOURCE/     what collectors hold until the ledger has it
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luban.core.errors import DiskFullError, InputError, IntegrityError, LedgerBusyError, LedgerError
from luban.ledger.wal import sync_folder

__all__ = ["Correction", "Manifest", "Segment", "Snapshot", "Wal"]

_VERSION = 1
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, stream TEXT NOT NULL, file TEXT NOT NULL, rows INTEGER NOT NULL,
    seq_min INTEGER NOT NULL, seq_max INTEGER NOT NULL, time_min INTEGER NOT NULL, time_max INTEGER NOT NULL,
    content TEXT NOT NULL, previous TEXT NOT NULL, chain TEXT NOT NULL,
    schema_version INTEGER NOT NULL, sealed INTEGER NOT NULL, minutes TEXT
) STRICT;
CREATE INDEX segment_stream ON segment (stream, seq_min);
CREATE TABLE wal (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, opened INTEGER NOT NULL) STRICT;
CREATE TABLE correction (
    stream TEXT NOT NULL, old_seq INTEGER NOT NULL, new_seq INTEGER NOT NULL,
    subject TEXT NOT NULL, old_time INTEGER NOT NULL, new_time INTEGER NOT NULL,
    PRIMARY KEY (stream, old_seq, new_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE taken (source TEXT PRIMARY KEY, intervals TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed run of facts; several may lie in one compacted file."""

    id: int
    stream: str
    file: str
    rows: int
    seq_min: int
    seq_max: int
    time_min: int  # [µs UTC]
    time_max: int  # [µs UTC]
    content: str
    previous: str
    chain: str
    schema_version: int
    sealed: int  # [µs UTC]
    minutes: str | None


@dataclass(frozen=True, slots=True)
class Wal:
    """One log file whose facts are not sealed yet."""

    id: int
    stream: str
    opened: int  # [µs UTC]

    @property
    def file(self) -> str:
        """Path below the ledger folder."""
        return f"wal/{self.stream}-{self.id:08d}.wal"


@dataclass(frozen=True, slots=True)
class Correction:
    """A fact that a later one supersedes."""

    stream: str
    old_seq: int
    new_seq: int
    subject: str
    old_time: int
    new_time: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one stream at one moment, oldest facts first."""

    segments: tuple[Segment, ...]
    wals: tuple[Wal, ...]
    corrections: tuple[Correction, ...]
    last: str | None = None  # the file of last values


class Manifest:
    """Narrow SQL behind plain methods. One connection per thread."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._folder, self._path = folder, folder / "manifest.sqlite"
        self._local = threading.local()
        if not self._path.exists() or not self._is_made():  # a crash while it was made leaves an empty one
            if not create:
                raise InputError(
                    "no ledger here",
                    where=str(folder),
                    expected="a folder with manifest.sqlite",
                    hint="luban up DIR starts one",
                )
            folder.mkdir(parents=True, exist_ok=True)
            with self._transaction() as db:
                for statement in _TABLES.split(";\n"):
                    if statement.strip():
                        db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('version', ?)", (str(_VERSION),))
        found = self.meta("version")
        if found != str(_VERSION):
            raise LedgerError(
                "ledger of another version",
                came=str(found),
                expected=str(_VERSION),
                where=str(self._path),
                hint="update luban",
            )

    def meta(self, key: str) -> str | None:
        """A named value."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Set a named value."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def snapshot(self, stream: str) -> Snapshot:
        """All files of a stream, read at one moment."""
        with self.one_moment() as db:
            segments = db.execute("SELECT * FROM segment WHERE stream = ? ORDER BY seq_min", (stream,)).fetchall()
            wals = db.execute("SELECT * FROM wal WHERE stream = ? ORDER BY id", (stream,)).fetchall()
            corrections = db.execute("SELECT * FROM correction WHERE stream = ? ORDER BY new_seq", (stream,)).fetchall()
            last = self.meta("last")
        return Snapshot(
            tuple(Segment(*row) for row in segments),
            tuple(Wal(*row) for row in wals),
            tuple(Correction(*row) for row in corrections),
            last,
        )

    @contextmanager
    def one_moment(self) -> Iterator[sqlite3.Connection]:
        """What is read inside is of one moment, whatever the writer does meanwhile."""
        db = self._db
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("COMMIT")

    def segments(self) -> list[Segment]:
        """All segments in chain order."""
        return [Segment(*row) for row in self._db.execute("SELECT * FROM segment ORDER BY id")]

    def segment(self, number: int) -> Segment | None:
        """One segment: compaction may have moved it since."""
        row = self._db.execute("SELECT * FROM segment WHERE id = ?", (number,)).fetchone()
        return Segment(*row) if row else None

    def segments_in(self, file: str) -> list[Segment]:
        """The segments that lie in one file."""
        return [Segment(*row) for row in self._db.execute("SELECT * FROM segment WHERE file = ? ORDER BY id", (file,))]

    def newest_seq(self) -> int:
        """Newest sealed seq; 0 if nothing is sealed."""
        return int(self._db.execute("SELECT coalesce(max(seq_max), 0) FROM segment").fetchone()[0])

    def corrections(self) -> list[Correction]:
        """All sealed corrections."""
        return [Correction(*row) for row in self._db.execute("SELECT * FROM correction")]

    def files(self) -> set[str]:
        """Every file that the manifest names."""
        with self.one_moment() as db:
            names = {name for row in db.execute("SELECT file, minutes FROM segment") for name in row}
            names |= {wal.file for wal in self.wals()} | {self.meta("last")}
        return {name for name in names if name}

    def wals(self) -> list[Wal]:
        """All logs, oldest first."""
        return [Wal(*row) for row in self._db.execute("SELECT * FROM wal ORDER BY id")]

    def open_wal(self, stream: str, opened: int) -> Wal:
        """Make the file of a new log, then enter it: a log that is entered and not there was sealed, or lost.

        A number is never used twice: a reader may still hold the file that had it.
        """
        with self._transaction() as db:
            newest = db.execute("SELECT coalesce(max(id), 0) FROM wal").fetchone()[0]
            wal = Wal(max(newest, int(self.meta("wal") or 0)) + 1, stream, opened)
            path = self._folder / wal.file
            path.unlink(missing_ok=True)  # a crash before the entry left it
            path.touch()
            sync_folder(path.parent)
            db.execute("INSERT INTO wal VALUES (?, ?, ?)", (wal.id, stream, opened))
            db.execute("INSERT OR REPLACE INTO meta VALUES ('wal', ?)", (str(wal.id),))
            return wal

    def seal(
        self,
        segment: Segment,
        wal: Wal | None,
        corrections: Sequence[Correction],
        taken: dict[str, list[tuple[int, int]]],
        last: str | None,
    ) -> None:
        """Replace a log by its segment in one transaction."""
        with self._transaction() as db:
            db.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(segment))
            if wal:
                db.execute("DELETE FROM wal WHERE id = ?", (wal.id,))
            db.executemany("INSERT OR IGNORE INTO correction VALUES (?, ?, ?, ?, ?, ?)", [_row(c) for c in corrections])
            db.executemany("INSERT OR REPLACE INTO taken VALUES (?, ?)", [(s, json.dumps(i)) for s, i in taken.items()])
            if last:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('last', ?)", (last,))

    def drop_wal(self, wal: Wal) -> None:
        """Forget an empty log."""
        with self._transaction() as db:
            db.execute("DELETE FROM wal WHERE id = ?", (wal.id,))

    def move(self, segments: Sequence[Segment], file: str, minutes: str | None) -> None:
        """The segments now lie in another file (compaction)."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE segment SET file = ?, minutes = ? WHERE id = ?", [(file, minutes, s.id) for s in segments]
            )

    def taken(self) -> dict[str, list[tuple[int, int]]]:
        """What each source had delivered at the last sealing, as intervals [low, high)."""
        return {
            source: [tuple(i) for i in json.loads(text)] for source, text in self._db.execute("SELECT * FROM taken")
        }

    def head(self) -> str:
        """Chain hash of the newest segment; the hash before the first one is the empty text's."""
        row = self._db.execute("SELECT chain FROM segment ORDER BY id DESC LIMIT 1").fetchone()
        return row[0] if row else ""

    def next_segment(self) -> int:
        """Id of the segment to come."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM segment").fetchone()[0])

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "db"):
            self._local.db.close()
            del self._local.db

    def _is_made(self) -> bool:
        return bool(self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone())

    @property
    def _db(self) -> sqlite3.Connection:
        if not hasattr(self._local, "db"):
            db = sqlite3.connect(self._path, timeout=30, isolation_level=None, factory=_Connection)
            db.path = self._path
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            self._local.db = db
        return self._local.db  # type: ignore[no-any-return]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise _named(error, self._path) from error


class _Connection(sqlite3.Connection):
    """Says in our words that the file is damaged, whatever is asked of it."""

    path = Path()

    def execute(self, *asked: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*asked)
        except sqlite3.DatabaseError as error:
            if _code(error) in _DAMAGED:
                raise _named(error, self.path) from error
            raise


_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _named(error: BaseException, path: Path) -> BaseException:
    """What SQLite says, in our words; any other error as it is."""
    code = _code(error)
    if code in _DAMAGED:
        return IntegrityError(
            "the manifest is damaged",
            came=str(error),
            where=str(path),
            expected="an SQLite file",
            hint="put back a copy of the ledger; sealed facts in segments/ are not touched by this",
        )
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return DiskFullError("no room on the disk", came=str(error), where=str(path), hint="free space on the disk")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerBusyError("another program holds the manifest", where=str(path), hint="end it")
    return error


def _row(record: Segment | Correction) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)
