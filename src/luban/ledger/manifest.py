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

from luban.core.errors import InputError, LedgerError

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


class Manifest:
    """Narrow SQL behind plain methods. One connection per thread."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._path = folder / "manifest.sqlite"
        self._local = threading.local()
        if not self._path.exists():
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
        db = self._db
        db.execute("BEGIN")
        try:
            segments = db.execute("SELECT * FROM segment WHERE stream = ? ORDER BY seq_min", (stream,)).fetchall()
            wals = db.execute("SELECT * FROM wal WHERE stream = ? ORDER BY id", (stream,)).fetchall()
            corrections = db.execute("SELECT * FROM correction WHERE stream = ? ORDER BY new_seq", (stream,)).fetchall()
        finally:
            db.execute("COMMIT")
        return Snapshot(
            tuple(Segment(*row) for row in segments),
            tuple(Wal(*row) for row in wals),
            tuple(Correction(*row) for row in corrections),
        )

    def segments(self) -> list[Segment]:
        """All segments in chain order."""
        return [Segment(*row) for row in self._db.execute("SELECT * FROM segment ORDER BY id")]

    def wals(self) -> list[Wal]:
        """All logs, oldest first."""
        return [Wal(*row) for row in self._db.execute("SELECT * FROM wal ORDER BY id")]

    def open_wal(self, stream: str, opened: int) -> Wal:
        """Enter a new log before its file exists."""
        with self._transaction() as db:
            cursor = db.execute("INSERT INTO wal (stream, opened) VALUES (?, ?)", (stream, opened))
            return Wal(int(cursor.lastrowid or 0), stream, opened)

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

    @property
    def _db(self) -> sqlite3.Connection:
        if not hasattr(self._local, "db"):
            db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            self._local.db = db
        return self._local.db  # type: ignore[no-any-return]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def _row(record: Segment | Correction) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)
