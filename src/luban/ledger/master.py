"""Master data that people change: users, sessions, settings. Every change is a new revision; none is overwritten."""

from __future__ import annotations

import builtins
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

from luban.core import time as clock

__all__ = ["MasterData"]

_TABLE = """
CREATE TABLE IF NOT EXISTS revision (
    kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL,
    document TEXT, who TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (kind, id, revision)
) STRICT, WITHOUT ROWID
"""


class MasterData:
    """Documents by (kind, id) in the ledger folder; safe to use from any thread and process.

    Example MasterData(folder).put("user", "li", {"role": "viewer"}, who="admin") == 1
    """

    def __init__(self, folder: Path | str) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            Path(folder) / "master.sqlite", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_TABLE)

    def put(self, kind: str, id: str, document: dict[str, Any], *, who: str) -> int:  # noqa: A002 - the field's name
        """Write a new revision; returns its number."""
        return self._write(kind, id, json.dumps(document, ensure_ascii=False, sort_keys=True), who)

    def remove(self, kind: str, id: str, *, who: str) -> int:  # noqa: A002
        """Write a revision that says the document is gone; its history stays."""
        return self._write(kind, id, None, who)

    def get(self, kind: str, id: str) -> dict[str, Any] | None:  # noqa: A002
        """The newest revision, or None."""
        rows = self._read(
            "SELECT document FROM revision WHERE kind = ? AND id = ? ORDER BY revision DESC LIMIT 1", (kind, id)
        )
        return json.loads(rows[0][0]) if rows and rows[0][0] else None

    def list(self, kind: str) -> dict[str, dict[str, Any]]:
        """Newest revision of each document of a kind, by id."""
        rows = self._read(
            "SELECT id, document, max(revision) FROM revision WHERE kind = ? GROUP BY id ORDER BY id", (kind,)
        )
        return {id_: json.loads(document) for id_, document, _ in rows if document}

    def history(self, kind: str, id: str) -> builtins.list[dict[str, Any]]:  # noqa: A002
        """All revisions, oldest first: revision, document (None: removed), who, at [µs UTC]."""
        rows = self._read(
            "SELECT revision, document, who, at FROM revision WHERE kind = ? AND id = ? ORDER BY revision", (kind, id)
        )
        return [
            {"revision": revision, "document": json.loads(document) if document else None, "who": who, "at": at}
            for revision, document, who, at in rows
        ]

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    def _read(self, statement: str, values: tuple[Any, ...]) -> builtins.list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _write(self, kind: str, id_: str, document: str | None, who: str) -> int:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                revision = self._db.execute(
                    "SELECT coalesce(max(revision), 0) + 1 FROM revision WHERE kind = ? AND id = ?", (kind, id_)
                ).fetchone()[0]
                self._db.execute(
                    "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)", (kind, id_, revision, document, who, clock.now())
                )
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        return int(revision)
