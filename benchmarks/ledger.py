"""The books under load: durable ingest beside readers, last values, a day of one signal, bytes a sample.

    python -m benchmarks.ledger [--quick] [--json] [--budget S]

The stream is 2,000 signals in batches of 20,000 rows, each batch one durable commit. Peers take the same
batches in the same run: SQLite (WAL, FULL), PostgreSQL COPY, a DuckDB file; peers run without readers
beside them, we run with two. Reads are timed in a reader process of their own.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing as mp
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.report import Reporter, arguments
from luban.core.time import DAY, MINUTE
from luban.ledger import Ledger, LedgerWriter

TAGS, BATCH = 2_000, 20_000
T0 = 1_750_000_000_000_000 // DAY * DAY
NAMES = [f"plant/area{i % 10}/machine{i % 100:03d}:signal{i:04d}" for i in range(TAGS)]
CODES = np.arange(BATCH) % TAGS
SUBJECT = pa.DictionaryArray.from_arrays(pa.array(CODES.astype(np.int32)), pa.array(NAMES))
QUALITY = np.zeros(BATCH, np.uint8)


class Feed:
    """Batches of a plant: each signal a random walk with three decimals, `step` µs between two of its samples."""

    def __init__(self, seed: int, step: int, start: int = T0) -> None:
        rng = np.random.default_rng(seed)
        self._values = [
            np.cumsum(rng.standard_normal((BATCH // TAGS, TAGS)), axis=0).round(3).ravel() for _ in range(16)
        ]
        self._step, self._start = step, start

    def batch(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(time, value) of batch k; signals are NAMES[CODES]."""
        rounds = BATCH // TAGS
        start = self._start + k * rounds * self._step
        return start + np.arange(BATCH) // TAGS * self._step, self._values[k % 16] + k


def rows(feed: Feed, k: int) -> dict[str, Any]:
    """Batch k as the ledger takes it."""
    moment, value = feed.batch(k)
    return {"time": moment, "subject": SUBJECT, "value": value, "quality": QUALITY}


# ---------------------------------------------------------------- readers


def reader(folder: Path, stop: Any, out: Any, pause: float) -> None:
    """Poll last values and a day of one signal until told to stop; send the latencies in ms."""
    ledger = Ledger(folder)
    spent: dict[str, list[float]] = {"last_value": [], "minute_series": []}
    ledger.last_values()
    k = 0
    while not stop.is_set():
        k += 1
        begin = time.perf_counter()
        ledger.last_values()
        middle = time.perf_counter()
        ledger.minutes(NAMES[k * 7 % TAGS], T0, T0 + DAY)
        end = time.perf_counter()
        spent["last_value"].append((middle - begin) * 1e3)
        spent["minute_series"].append((end - middle) * 1e3)
        stop.wait(pause)
    out.put(spent)


@contextlib.contextmanager
def readers(folder: Path, count: int, pause: float = 0.2) -> Iterator[dict[str, list[float]]]:
    """That many reader processes; their latencies are in the dict afterwards."""
    context = mp.get_context("spawn")
    stop, out = context.Event(), context.Queue()
    processes = [context.Process(target=reader, args=(folder, stop, out, pause)) for _ in range(count)]
    for process in processes:
        process.start()
    spent: dict[str, list[float]] = {}
    try:
        yield spent
    finally:
        stop.set()
        for _ in processes:
            for name, values in out.get(timeout=60).items():
                spent.setdefault(name, []).extend(values)
        for process in processes:
            process.join()


# ---------------------------------------------------------------- ours


def sustained(writer: LedgerWriter, feed: Feed, seconds: float) -> tuple[int, float, list[float]]:
    """As fast as it goes for that long, sealing included: (batches, seconds, commit latencies in ms)."""
    spent, begin, k = [], time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        mark = time.perf_counter()
        writer.append("signal", rows(feed, k), source="bench")
        spent.append((time.perf_counter() - mark) * 1e3)
        k += 1
    writer.seal()
    return k, time.perf_counter() - begin, spent


def paced(writer: LedgerWriter, feed: Feed, seconds: float) -> list[float]:
    """A batch each 100 ms (200,000 samples/s): commit latencies in ms, waiting behind included."""
    spent, begin = [], time.perf_counter()
    for k in range(int(seconds * 10)):
        due = begin + k * 0.1
        time.sleep(max(0.0, due - time.perf_counter()))
        writer.append("signal", rows(feed, k), source="bench")
        spent.append((time.perf_counter() - due) * 1e3)
    return spent


def size_of(folder: Path) -> int:
    """Bytes on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ---------------------------------------------------------------- peers


class Sqlite:
    """One table, one row a sample, index on (tag, time), WAL, synchronous=FULL."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.db = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE s (tag INTEGER, t INTEGER, v REAL, q INTEGER)")
        self.db.execute("CREATE INDEX s_tag ON s (tag, t)")

    def take(self, moment: np.ndarray, value: np.ndarray) -> None:
        self.db.execute("BEGIN")
        self.db.executemany(
            "INSERT INTO s VALUES (?, ?, ?, 0)", zip(CODES.tolist(), moment.tolist(), value.tolist(), strict=True)
        )
        self.db.execute("COMMIT")

    def last(self) -> int:
        return len(self.db.execute("SELECT tag, max(t), v FROM s GROUP BY tag").fetchall())

    def minutes(self, tag: int) -> int:
        text = "SELECT t / 60000000, count(*), min(v), max(v), sum(v) FROM s WHERE tag = ? GROUP BY 1 ORDER BY 1"
        return len(self.db.execute(text, (tag,)).fetchall())

    def close(self) -> None:
        self.db.close()


class DuckFile:
    """One table in a DuckDB file, insert from Arrow, commit per batch."""

    name = "DuckDB file"

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.db = duckdb.connect(str(folder / "peer.duckdb"), config={"threads": 2})
        self.db.execute("CREATE TABLE s (tag INTEGER, t BIGINT, v DOUBLE, q UTINYINT)")

    def take(self, moment: np.ndarray, value: np.ndarray) -> None:
        batch = pa.table({"tag": CODES.astype(np.int32), "t": moment, "v": value, "q": QUALITY})
        self.db.register("batch", batch)
        self.db.execute("INSERT INTO s SELECT * FROM batch")

    def last(self) -> int:
        return len(self.db.execute("SELECT tag, max(t), arg_max(v, t) FROM s GROUP BY tag").fetchall())

    def minutes(self, tag: int) -> int:
        text = "SELECT t // 60000000 AS m, count(*), min(v), max(v), sum(v) FROM s WHERE tag = ? GROUP BY m ORDER BY m"
        return len(self.db.execute(text, [tag]).fetchall())

    def close(self) -> None:
        self.db.close()


class Postgres:
    """A server of its own on a socket, COPY per batch, B-tree on (tag, t), fsync on."""

    name = "PostgreSQL COPY"

    def __init__(self, folder: Path) -> None:
        import psycopg

        self.folder = folder
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", "data", "--auth=trust", "--no-sync", "-U", "bench")
        options = f"-c listen_addresses='' -k {folder} -c shared_buffers=512MB"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        self.db = psycopg.connect(host=str(folder), user="bench", dbname="postgres")
        self.db.execute("CREATE TABLE s (tag int, t bigint, v double precision, q smallint)")
        self.db.execute("CREATE INDEX s_tag ON s (tag, t)")
        self.db.commit()

    def _run(self, program: str, *arguments: str) -> None:
        found = shutil.which(program) or f"/usr/lib/postgresql/15/bin/{program}"
        subprocess.run([*self._as, found, *arguments], cwd=self.folder, check=True, capture_output=True)

    def take(self, moment: np.ndarray, value: np.ndarray) -> None:
        text = io.StringIO()
        text.writelines(
            f"{c}\t{t}\t{v}\t0\n" for c, t, v in zip(CODES.tolist(), moment.tolist(), value.tolist(), strict=True)
        )
        with self.db.cursor() as cursor, cursor.copy("COPY s FROM STDIN") as copy:
            copy.write(text.getvalue())
        self.db.commit()

    def last(self) -> int:
        return len(self.db.execute("SELECT DISTINCT ON (tag) tag, t, v FROM s ORDER BY tag, t DESC").fetchall())

    def minutes(self, tag: int) -> int:
        text = "SELECT t / 60000000 m, count(*), min(v), max(v), sum(v) FROM s WHERE tag = %s GROUP BY m ORDER BY m"
        return len(self.db.execute(text, (tag,)).fetchall())

    def close(self) -> None:
        self.db.close()
        self._run("pg_ctl", "-D", "data", "-m", "fast", "stop")


def peer_figures(make: Callable[[Path], Any], feed: Feed, batches: int) -> dict[str, float]:
    """The same batches into a peer, then the same two questions."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        peer = make(folder)
        try:
            begin = time.perf_counter()
            for k in range(batches):
                peer.take(*feed.batch(k))
            spent = time.perf_counter() - begin
            figures = {"ingest": batches * BATCH / spent, "last_value": timed(peer.last)}
            figures["minute_series"] = timed(lambda: peer.minutes(77))
        finally:
            peer.close()
        figures["bytes"] = size_of(folder) / (batches * BATCH)
        return figures


def timed(ask: Callable[[], Any], times: int = 5) -> float:
    """Median of a few calls [ms]."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - begin) * 1e3)
    return float(np.median(spent))


# ---------------------------------------------------------------- the run


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a figure."""
    options = arguments(__doc__ or "", argv, budget=30)
    seconds = 5.0 if options.quick else options.budget
    report = Reporter("ingest", options, ["pyarrow", "duckdb", "psycopg", "luban"])
    fast, minutely = Feed(options.seed, 10_000), Feed(options.seed, MINUTE)
    live = Feed(options.seed, 10_000, T0 + DAY)
    hours = 6 if options.quick else 24
    batches = hours * 60 * TAGS // BATCH  # a sample a minute of every signal
    peers: dict[str, dict[str, float]] = {}
    for make in (Sqlite, DuckFile, Postgres):
        try:
            peers[make.name] = peer_figures(make, minutely, batches)
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            report.say(f"{make.name}: not measured: {error}")

    def line(claim: str, case: str, ours: float, unit: str, **more: Any) -> None:
        for name, figures in peers.items():
            report.line(case, ours, unit, peer=figures[claim], peer_name=name, claim=claim, **more)

    with tempfile.TemporaryDirectory() as scratch:
        books = Path(scratch) / "fast"
        with LedgerWriter(books) as writer, readers(books, 2) as spent:
            taken, took, commits = sustained(writer, fast, seconds)
        case = f"durable, batches of {BATCH:,}, sealed, 2 readers"
        line("ingest", case, taken * BATCH / took, "samples/s", samples=taken * BATCH, commit_p99_ms=p(commits, 99))
        books = Path(scratch) / "day"
        with LedgerWriter(books) as writer:
            for k in range(batches):
                writer.append("signal", rows(minutely, k), source="bench")
            writer.seal()
        stored = size_of(books) / (batches * BATCH)
        with LedgerWriter(books) as writer, readers(books, 2) as spent:
            commits = paced(writer, live, seconds)
        case = "paced 200,000 samples/s, 2 readers: commit p99"
        report.line(case, p(commits, 99), "ms", claim="paced", p50_ms=p(commits, 50), worst_ms=p(commits, 100))
        for claim, case in (
            ("last_value", f"{TAGS:,} signals, beside the paced writer"),
            ("minute_series", f"one signal, {hours} h, beside the paced writer"),
        ):
            line(claim, case, p(spent[claim], 50), "ms", p95_ms=p(spent[claim], 95), reads=len(spent[claim]))
        line("bytes", f"{hours} h of {TAGS:,} signals, roll-ups included", stored, "bytes/sample")
    report.say(f"Peers hold the same {batches * BATCH:,} samples, with no writer and no reader beside them.")


def p(values: Sequence[float], share: float) -> float:
    """A percentile, to 0.1."""
    return round(float(np.percentile(values, share)), 1)


if __name__ == "__main__":
    main()
