"""Acts of people as facts: who logged in, who changed what. Written through the spool like any other source.

Writes  Fact(event, kind="act")
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from luban.core.time import now
from luban.ledger import MasterData, Rows, Spool
from luban.screens.grants import Grants
from luban.screens.users import Act, Users

__all__ = ["ActLog", "grants_of", "users_of"]


class ActLog:
    """Appends acts to the ledger's spool; durable when `record` returns.

    spool_folder  the ledger's `spool` folder
    source        `screens` for the web server, `cli` for a command: one process at a time each
    """

    def __init__(self, spool_folder: Path, source: str = "screens") -> None:
        spool_folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._guard = (spool_folder / f"{source}.lock").open("a")
        fcntl.flock(self._guard, fcntl.LOCK_EX)
        self._spool = Spool(spool_folder, source)

    def record(self, act: Act, stream: str = "", rows: Rows | None = None) -> None:
        """Make one act durable, and the facts it brings with it."""
        row = {
            "time": [now()], "subject": [act.subject], "kind": ["act"], "code": [act.code], "text": [act.text],
            "person": [act.person or "unknown"],
        }  # fmt: skip
        with self._lock:
            if rows is not None:
                self._spool.put(stream, rows)
            self._spool.put("event", row)
            self._spool.flush()

    def note(self, stream: str, parts: Iterable[Rows]) -> None:
        """Make facts durable that a program found, without an act of a person."""
        with self._lock:
            for rows in parts:
                self._spool.put(stream, rows)
            self._spool.flush()

    def close(self) -> None:
        """Let another process write."""
        with self._lock:
            self._spool.close()
            self._guard.close()


@contextmanager
def users_of(folder: Path, source: str = "cli", also: Callable[[Act], None] | None = None) -> Iterator[Users]:
    """The users of a plant, with their acts going to its books."""
    from luban.screens.service import places

    log = ActLog(places(folder).spool, source)

    def record(act: Act) -> None:
        log.record(act)
        if also:
            also(act)

    master = MasterData(places(folder).ledger)
    try:
        yield Users(master, record)
    finally:
        master.close()
        log.close()


@contextmanager
def grants_of(folder: Path, source: str = "cli") -> Iterator[Grants]:
    """The grants of a plant, with what is done with them going to its books."""
    from luban.screens.service import places

    log = ActLog(places(folder).spool, source)
    master = MasterData(places(folder).ledger)
    try:
        yield Grants(master, log.record)
    finally:
        master.close()
        log.close()
