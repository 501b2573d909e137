"""Peers of the trace benchmark: the same facts of use in DuckDB, SQLite, PostgreSQL and rustworkx, as whole numbers.

Each is built once, indexed as it likes it best, and answers with the set of lots reached. Numbers instead of names
spare the peers all text; ours answers with names.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["PEERS", "Peer"]

Ids = NDArray[np.int32]
_WALK = """
with recursive walk(node) as (
  {starts}
  union
  select e.{to} from walk w join edges e on e.{of} = w.node
) select {what} from walk
"""


class Peer(Protocol):
    """One other way to the same answers."""

    name: str

    def walk(self, start: int, *, back: bool) -> set[int]:
        """Lots that can be reached from one, itself included."""

    def count(self, starts: Ids) -> int:
        """How many lots can be reached from many."""


class Duck:
    """DuckDB in memory, two threads, facts in the order of the input with an index both ways."""

    name = "DuckDB recursive CTE"

    def __init__(self, source: Ids, target: Ids, _: Path) -> None:
        import duckdb

        self.db = duckdb.connect(config={"threads": 2})
        facts = pa.table({"source": source, "target": target})
        self.db.register("facts", facts)
        self.db.execute("create table edges as select * from facts").fetchall()
        self.db.execute("create index by_source on edges (source)").fetchall()
        self.db.execute("create index by_target on edges (target)").fetchall()

    def walk(self, start: int, *, back: bool) -> set[int]:
        of, to = ("target", "source") if back else ("source", "target")
        asked = _WALK.format(starts=f"select {start}::integer", of=of, to=to, what="node")
        return {row[0] for row in self.db.execute(asked).fetchall()}

    def count(self, starts: Ids) -> int:
        self.db.register("starts", pa.table({"node": starts}))
        asked = _WALK.format(starts="select node from starts", of="source", to="target", what="count(*)")
        return int(self.db.execute(asked).fetchall()[0][0])

    def close(self) -> None:
        self.db.close()


class Sqlite:
    """SQLite in a file, two covering indexes, 256 MiB of cache."""

    name = "SQLite recursive CTE"

    def __init__(self, source: Ids, target: Ids, folder: Path) -> None:
        self.db = sqlite3.connect(folder / "trace.sqlite")
        self.db.executescript("pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-262144;")
        self.db.execute("create table edges (source integer, target integer) strict")
        self.db.executemany("insert into edges values (?, ?)", zip(source.tolist(), target.tolist(), strict=True))
        self.db.execute("create index by_source on edges (source, target)")
        self.db.execute("create index by_target on edges (target, source)")
        self.db.execute("create temp table starts (node integer primary key)")
        self.db.commit()

    def walk(self, start: int, *, back: bool) -> set[int]:
        of, to = ("target", "source") if back else ("source", "target")
        return {
            row[0] for row in self.db.execute(_WALK.format(starts="values (?)", of=of, to=to, what="node"), (start,))
        }

    def count(self, starts: Ids) -> int:
        self.db.execute("delete from starts")
        self.db.executemany("insert into starts values (?)", ((one,) for one in starts.tolist()))
        asked = _WALK.format(starts="select node from starts", of="source", to="target", what="count(*)")
        return int(self.db.execute(asked).fetchall()[0][0])

    def close(self) -> None:
        self.db.close()


class Postgres:
    """PostgreSQL on a socket, two covering indexes, vacuumed, 1 GiB of shared buffers."""

    name = "PostgreSQL recursive CTE"

    def __init__(self, source: Ids, target: Ids, folder: Path) -> None:
        import psycopg

        self.folder = folder
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", "data", "--auth=trust", "--no-sync", "-U", "bench")
        settings = f"-c listen_addresses='' -k {folder} -c shared_buffers=1GB -c work_mem=256MB -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")
        self.db = psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True)
        self.db.execute("create table edges (source integer, target integer)")
        with self.db.cursor().copy("copy edges from stdin (format binary)") as copy:
            copy.set_types(["int4", "int4"])
            for row in zip(source.tolist(), target.tolist(), strict=True):
                copy.write_row(row)
        for sql in (
            "create index by_source on edges (source) include (target)",
            "create index by_target on edges (target) include (source)", "vacuum analyze edges",
            "create temp table starts (node integer)", "set jit = off",
        ):  # fmt: skip
            self.db.execute(sql)

    def _run(self, program: str, *arguments: str) -> None:
        found = shutil.which(program) or f"/usr/lib/postgresql/15/bin/{program}"
        subprocess.run([*self._as, found, *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def walk(self, start: int, *, back: bool) -> set[int]:
        of, to = ("target", "source") if back else ("source", "target")
        asked = _WALK.format(starts=f"values ({start}::integer)", of=of, to=to, what="node")
        return {row[0] for row in self.db.execute(asked, prepare=False).fetchall()}

    def count(self, starts: Ids) -> int:
        self.db.execute("delete from starts")
        with self.db.cursor().copy("copy starts from stdin") as copy:
            for one in starts.tolist():
                copy.write_row((one,))
        asked = _WALK.format(starts="select node from starts", of="source", to="target", what="count(*)")
        row = self.db.execute(asked).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        self.db.close()
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")


class Rustworkx:
    """rustworkx in memory: descendants and ancestors of its directed graph."""

    name = "rustworkx"

    def __init__(self, source: Ids, target: Ids, _: Path) -> None:
        import rustworkx

        self.rx: Any = rustworkx
        self.graph = rustworkx.PyDiGraph(multigraph=True)
        self.graph.add_nodes_from([None] * (1 + int(max(source.max(), target.max()))))
        self.graph.add_edges_from_no_data(list(zip(source.tolist(), target.tolist(), strict=True)))

    def walk(self, start: int, *, back: bool) -> set[int]:
        found: set[int] = set((self.rx.ancestors if back else self.rx.descendants)(self.graph, start))
        return found | {start}

    def count(self, starts: Ids) -> int:
        found: set[int] = set(starts.tolist())
        for start in starts.tolist():
            found |= self.rx.descendants(self.graph, start)
        return len(found)

    def close(self) -> None:
        del self.graph


@contextmanager
def opened(kind: Any, source: Ids, target: Ids) -> Iterator[Any]:
    """A peer with the facts in it, in a folder that goes away."""
    with TemporaryDirectory(prefix="trace", ignore_cleanup_errors=True) as folder:
        peer = kind(source, target, Path(folder))
        try:
            yield peer
        finally:
            peer.close()


PEERS = (Duck, Sqlite, Postgres, Rustworkx)
