"""The one writer of a ledger: takes facts, makes them durable, seals logs into segments.

An append is durable when it returns: encoded, written to the stream's log, fsynced. Sealing sorts
closed logs into Parquet behind the writer's back; compaction merges small segment files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from luban.core import time as clock
from luban.core.errors import DiskFullError, InputError, IntegrityError, LedgerBusyError, LedgerError
from luban.ledger.content import chain_hash, content_hash, sorted_by
from luban.ledger.manifest import Correction, Manifest, Segment, Wal
from luban.ledger.reader import Ledger
from luban.ledger.rollup import (
    LAST,
    MINUTES,
    last_of,
    merge_last,
    merge_minutes,
    minutes_of,
    pack_minutes,
    unpack_minutes,
)
from luban.ledger.rows import Rows, complete, prepare
from luban.ledger.segment import SCHEMA_VERSION, read_parquet, write_parquet
from luban.ledger.seqset import SeqSet
from luban.ledger.streams import stream as stream_of
from luban.ledger.wal import FrameFile, decode, encode, read_frames

__all__ = ["LedgerWriter", "Receipt"]

_COMPACT_FILES = 8
_COMPACT_ROWS = 8_000_000
_GRACE = 2 * clock.MINUTE  # replaced files stay so long: a reader may be inside them
_WAITS = (OSError, DiskFullError, LedgerBusyError)  # sealing is tried again
_BEHIND = 4  # closed logs that may wait for the sealer


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one append.

    first_seq   seq of the first accepted fact; the others follow without a hole; 0 if none was accepted
    accepted    facts that are durable now
    duplicates  facts that the source had delivered before: not taken again
    """

    first_seq: int
    accepted: int
    duplicates: int


@dataclass(slots=True)
class _Open:
    wal: Wal
    file: FrameFile
    rows: int = 0


@dataclass(slots=True)
class _Batch:
    """What one append is going to write: nothing is written before every part has passed."""

    seq: int
    recorded: int = field(default_factory=clock.now)
    receipts: list[Receipt] = field(default_factory=list)
    numbers: list[tuple[str, np.ndarray]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    frames: list[tuple[str, pa.Buffer, int]] = field(default_factory=list)  # stream, payload, last seq
    seqs: dict[str, list[range]] = field(default_factory=dict)


class LedgerWriter:
    """Opens or creates the ledger in `folder` for writing. One at a time; a context manager.

    seal_rows   facts of a stream after which its log is sealed
    seal_after  age after which it is sealed [µs]
    Raises      LedgerBusyError if another writer holds the folder
    Example     with LedgerWriter(folder) as writer:
                    writer.append("note", {"time": [t], "subject": ["p/m"], …}, source="demo")
    """

    def __init__(self, folder: Path | str, *, seal_rows: int = 1_000_000, seal_after: int = clock.HOUR) -> None:
        self.folder = Path(folder)
        self._seal_rows, self._seal_after = seal_rows, seal_after
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = (self.folder / "writer.lock").open("a+")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock_file.close()
            raise LedgerBusyError(
                "another writer holds this ledger",
                where=str(self.folder),
                hint="stop the other `luban up`, or write through it",
            ) from None
        try:
            self._open_books()
        except BaseException:
            self._lock_file.close()
            raise

    def _open_books(self) -> None:
        for part in ("wal", "segments", "minutes", "last", "spool"):
            (self.folder / part).mkdir(exist_ok=True)
        self.manifest = Manifest(self.folder, create=True)
        self._lock = threading.RLock()
        self._taken_lock = threading.Lock()  # apart: an append that waits for the sealer holds the other one
        self._open: dict[str, _Open] = {}
        self._taken = {source: SeqSet(intervals) for source, intervals in self.manifest.taken().items()}
        self._seq = self.manifest.newest_seq()
        self._failure: BaseException | None = None
        self._closing = threading.Event()
        self._garbage: list[tuple[int, Path]] = []
        self._jobs: queue.Queue[Wal | None] = queue.Queue()
        self._sweep()
        closed = self._replay()
        self._sealer = threading.Thread(target=self._seal_jobs, name="luban-sealer", daemon=True)
        self._sealer.start()
        for wal in closed:
            self._jobs.put(wal)

    # ------------------------------------------------------------------ taking facts

    def append(self, stream: str, rows: Rows, *, source: str) -> Receipt:
        """Take facts of one stream; durable when it returns.

        rows    columns of the stream; `source_seq` makes a repeated delivery harmless, else it is counted on
        source  who says it
        Raises  InputError (nothing taken), DiskFullError (nothing taken, call again)
        """
        return self.append_many([(stream, source, rows)])[0]

    def append_many(self, parts: Sequence[tuple[str, str, Rows]]) -> list[Receipt]:
        """Take several (stream, source, rows) under one fsync per stream: all durable, or none taken."""
        tables = [(name, source, prepare(stream_of(name), rows)) for name, source, rows in parts]
        with self._lock:
            self._check_health()
            if self._closing.is_set():
                raise LedgerError("the ledger is closed for writing", where=str(self.folder))
            self._rotate_due({name for name, _, _ in tables})
            batch = _Batch(self._seq)
            for name, source, table in tables:
                self._take(batch, name, source, table)
            self._write(batch)
            self._seq = batch.seq
            with self._taken_lock:
                for source, numbers in batch.numbers:
                    self._taken.setdefault(source, SeqSet()).add(numbers)
            for name, rows in batch.rows.items():
                self._open[name].rows += rows
            return batch.receipts

    def seal(self) -> None:
        """Seal all open logs now and wait until it is done."""
        with self._lock:
            for name in list(self._open):
                self._close_log(name)
        with self._jobs.all_tasks_done:
            while self._jobs.unfinished_tasks and self._failure is None:
                self._jobs.all_tasks_done.wait(0.1)
        self._check_health()

    def close(self) -> None:
        """Let running seals finish and release the folder. Open logs stay and are taken up again."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            for log in self._open.values():
                log.file.close()
            self._open.clear()
        self._jobs.put(None)
        self._sealer.join()
        self._collect_garbage()
        self.manifest.close()
        self._lock_file.close()

    def __enter__(self) -> LedgerWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> int:
        """Newest seq."""
        return self._seq

    # ------------------------------------------------------------------ inside

    def _take(self, batch: _Batch, name: str, source: str, table: pa.Table) -> None:
        """Number the new facts of one part and make them ready for the stream's log."""
        taken = self._taken[source].copy() if source in self._taken else SeqSet()
        for other, numbers in batch.numbers:
            if other == source:
                taken.add(numbers)
        if "source_seq" not in table.column_names:
            counted = np.arange(taken.next, taken.next + table.num_rows, dtype=np.int64)
            table = table.append_column("source_seq", pa.array(counted))
        numbers = table.column("source_seq").to_numpy()
        fresh = taken.fresh(numbers)
        duplicates = int(len(numbers) - fresh.sum())
        if duplicates:
            table, numbers = table.filter(pa.array(fresh)), numbers[fresh]
        if not table.num_rows:
            batch.receipts.append(Receipt(0, 0, duplicates))
            return
        self._check_corrections(name, table, batch)
        whole = complete(stream_of(name), table, source=source, first_seq=batch.seq + 1, recorded=batch.recorded)
        batch.frames.append((name, encode(whole), batch.seq + whole.num_rows))
        batch.seqs.setdefault(name, []).append(range(batch.seq + 1, batch.seq + whole.num_rows + 1))
        batch.receipts.append(Receipt(batch.seq + 1, whole.num_rows, duplicates))
        batch.rows[name] = batch.rows.get(name, 0) + whole.num_rows
        batch.numbers.append((source, numbers))
        batch.seq += whole.num_rows

    def _write(self, batch: _Batch) -> None:
        """Write and sync the frames; on any failure none of them stays."""
        marks: dict[str, int] = {}
        seen = self._seq
        try:
            for name, payload, seq in batch.frames:
                file = self._log(name).file
                marks.setdefault(name, file.size)
                file.append(payload, seq)
                seen = seq
            for name in marks:
                self._open[name].file.sync()
        except BaseException:
            self._seq = seen  # a reader may have seen the whole frames: their numbers never mean anything else
            for name, mark in marks.items():
                self._open[name].file.cut(mark)
            raise

    def _check_corrections(self, name: str, table: pa.Table, batch: _Batch) -> None:
        if "supersedes" not in table.column_names:
            return
        old = table.column("supersedes").drop_null().to_numpy()
        wrong = old[(old < 1) | (old > batch.seq)]
        if len(wrong):
            raise InputError(
                f"a {name} fact supersedes a fact that does not exist",
                came=f"seq {int(wrong[0])}",
                expected=f"1 … {batch.seq}",
            )
        known = {seq for seqs in batch.seqs.get(name, []) for seq in old.tolist() if seq in seqs}
        wanted = sorted(set(old.tolist()) - known)
        if wanted:
            with contextlib.closing(Ledger(self.folder)) as books:
                found = books.table(name, seqs=wanted, corrected=False).column("seq").to_pylist()
            missing = sorted(set(wanted) - set(found))
            if missing:
                raise InputError(
                    f"no such {name} fact to supersede",
                    came=f"seq {missing[0]}",
                    hint=f"luban ledger at shows the {name} facts",
                )

    def _log(self, name: str) -> _Open:
        if name not in self._open:
            wal = self.manifest.open_wal(name, clock.now())
            self._open[name] = _Open(wal, FrameFile(self.folder / wal.file))
        return self._open[name]

    def _rotate_due(self, names: set[str]) -> None:
        for name in names & self._open.keys():
            log = self._open[name]
            if log.rows >= self._seal_rows or (log.rows and clock.now() - log.wal.opened >= self._seal_after):
                self._close_log(name)

    def _close_log(self, name: str) -> None:
        while self._jobs.qsize() >= _BEHIND:  # back-pressure, unless sealing waits for something itself
            self._check_health()
            time.sleep(0.005)
        log = self._open.pop(name)
        log.file.close()
        self._jobs.put(log.wal)

    def _check_health(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            if isinstance(failure, _WAITS):
                raise DiskFullError(
                    "sealing waits for the disk",
                    came=str(failure),
                    where=str(self.folder),
                    hint="free space on the disk",
                ) from failure
            raise LedgerError(
                "sealing failed", came=str(failure), where=str(self.folder), hint="luban ledger verify"
            ) from failure

    def _sweep(self) -> None:
        """Files without an entry do not exist: a crash left them, or they were replaced and a reader is inside."""
        named = self.manifest.files()
        for pattern in ("segments/*/*", "minutes/*", "wal/*", "last/*"):
            for path in self.folder.glob(pattern):
                if path.relative_to(self.folder).as_posix() in named:
                    continue
                if path.suffix == ".parquet":
                    self._garbage.append((path.stat().st_mtime_ns // 1000, path))
                else:
                    path.unlink()
        self._collect_garbage()

    def _replay(self) -> list[Wal]:
        """Take up the logs of the last run: numbers taken, newest seq, torn tails cut. Returns the closed ones."""
        wals = self.manifest.wals()
        newest = {wal.stream: wal.id for wal in wals}
        closed = []
        for wal in wals:
            path = self.folder / wal.file
            end = rows = 0
            if not path.exists():
                raise IntegrityError(
                    "a log with acknowledged facts is missing",
                    where=str(path),
                    hint="restore it from a backup; an empty file of that name gives its facts up",
                )
            for frame in read_frames(path):
                table = decode(frame.payload)
                source = table.column("source")[0].as_py()
                self._taken.setdefault(source, SeqSet()).add(table.column("source_seq").to_numpy())
                self._seq = max(self._seq, frame.tag)
                end, rows = frame.end, rows + table.num_rows
            if newest[wal.stream] == wal.id:
                self._open[wal.stream] = _Open(wal, FrameFile(path, end=end), rows)
            else:
                closed.append(wal)
        return closed

    # ------------------------------------------------------------------ sealing, in its own thread

    def _seal_jobs(self) -> None:
        while (wal := self._next_job()) is not None:
            try:
                while not self._try(lambda wal=wal: self._seal_one(wal)) and not self._closing.wait(1.0):  # type: ignore[misc]
                    pass
            finally:
                self._jobs.task_done()
            if self._jobs.empty():  # in quiet times only: facts first
                self._try(lambda wal=wal: self._compact(wal.stream))  # type: ignore[misc]
        self.manifest.close()
        self._jobs.task_done()

    def _next_job(self) -> Wal | None:
        while True:
            try:
                return self._jobs.get(timeout=60)
            except queue.Empty:
                self._try(lambda: None)  # garbage

    def _try(self, work: Callable[[], None]) -> bool:
        """False where the disk or the manifest would not: the log holds the facts and sealing is tried again."""
        try:
            self._collect_garbage()
            work()
        except _WAITS as error:
            self._failure = error
            return False
        except BaseException as error:  # noqa: BLE001 - raised by the writer's next call, never swallowed
            self._failure = error
        return True

    def _replaced(self, *files: str) -> None:
        """Note the moment on the file too: the next writer may be the one to delete it."""
        for path in (self.folder / file for file in files):
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)
                self._garbage.append((clock.now(), path))

    def _collect_garbage(self) -> None:
        due = [path for at, path in self._garbage if at < clock.now() - _GRACE]
        if due:
            named = self.manifest.files()  # what a crash left may have been made again since
            for path in due:
                if path.relative_to(self.folder).as_posix() not in named:
                    path.unlink(missing_ok=True)
            self._garbage = [(at, path) for at, path in self._garbage if path not in due]

    def _seal_one(self, wal: Wal) -> None:
        path = self.folder / wal.file
        schema = stream_of(wal.stream).schema
        frames = [decode(frame.payload) for frame in read_frames(path)]
        if not frames:
            self.manifest.drop_wal(wal)
            path.unlink(missing_ok=True)
            return
        table = pa.concat_tables(frames).unify_dictionaries().combine_chunks()
        if table.schema != schema:
            table = table.cast(schema)
        content = content_hash(table)
        seqs, times = table.column("seq").to_numpy(), table.column("time").to_numpy()
        number, previous = self.manifest.next_segment(), self.manifest.head()
        table = sorted_by(table, "subject", "time")
        name = f"segments/{wal.stream}/{number:08d}.parquet"
        write_parquet(table, self.folder / name)
        minutes = last = old_last = None
        if wal.stream == "signal":
            minutes = f"minutes/{number:08d}.parquet"
            write_parquet(pack_minutes(minutes_of(table)), self.folder / minutes, small_groups=True)
            old_last, last = self.manifest.meta("last"), f"last/{number:08d}.parquet"
            before = read_parquet(self.folder / old_last, LAST) if old_last else LAST.empty_table()
            write_parquet(merge_last(before, last_of(table)), self.folder / last)
        seq_min, seq_max = int(seqs.min()), int(seqs.max())
        chain = chain_hash(previous, wal.stream, table.num_rows, seq_min, seq_max, content)
        segment = Segment(
            number, wal.stream, name, table.num_rows, seq_min, seq_max, int(times.min()), int(times.max()),
            content, previous, chain, SCHEMA_VERSION, clock.now(), minutes,
        )  # fmt: skip
        corrections = self._corrections(wal.stream, table)
        sources = table.column("source").unique().to_pylist()
        with self._taken_lock:
            taken = {source: self._taken[source].intervals for source in sources}
        self.manifest.seal(segment, wal, corrections, taken, last)
        path.unlink(missing_ok=True)
        if old_last:
            self._replaced(old_last)

    def _corrections(self, name: str, table: pa.Table) -> list[Correction]:
        if table.column("supersedes").null_count == table.num_rows:
            return []
        new = table.filter(table.column("supersedes").is_valid()).select(["seq", "supersedes", "time"]).to_pylist()
        with contextlib.closing(Ledger(self.folder)) as books:
            old = books.table(name, seqs=[row["supersedes"] for row in new], corrected=False)
        by_seq = {row["seq"]: row for row in old.select(["seq", "subject", "time"]).to_pylist()}
        return [
            Correction(
                name,
                row["supersedes"],
                row["seq"],
                by_seq[row["supersedes"]]["subject"],
                by_seq[row["supersedes"]]["time"],
                row["time"],
            )
            for row in new
        ]

    def _compact(self, name: str) -> None:
        """Merge the newest run of small files of a stream into one."""
        segments = self.manifest.snapshot(name).segments
        sizes: dict[str, int] = {}
        for segment in segments:
            sizes[segment.file] = sizes.get(segment.file, 0) + segment.rows
        run: list[str] = []
        for file in reversed(sizes):  # files of one size class, newest first
            if run and sizes[file] > _COMPACT_FILES * max(sizes[f] for f in run):
                break
            run.append(file)
        if len(run) < _COMPACT_FILES or sum(sizes[f] for f in run[:_COMPACT_FILES]) > _COMPACT_ROWS:
            return
        chosen = [s for s in segments if s.file in set(run[:_COMPACT_FILES])]
        number = chosen[-1].id
        schema = stream_of(name).schema
        files = list(dict.fromkeys(s.file for s in chosen))
        merged = pa.concat_tables([read_parquet(self.folder / f, schema) for f in files]).unify_dictionaries()
        target, minutes = f"segments/{name}/{number:08d}-{len(chosen)}.parquet", None
        old_minutes = list(dict.fromkeys(s.minutes for s in chosen if s.minutes))
        if old_minutes:
            minutes = f"minutes/{number:08d}-{len(chosen)}.parquet"
        try:
            write_parquet(sorted_by(merged.combine_chunks(), "subject", "time"), self.folder / target)
            if minutes:
                parts = pa.concat_tables(
                    [unpack_minutes(read_parquet(self.folder / f, MINUTES)) for f in old_minutes]
                ).unify_dictionaries()
                packed = pack_minutes(merge_minutes(parts.combine_chunks()))
                write_parquet(packed, self.folder / minutes, small_groups=True)
            self.manifest.move(chosen, target, minutes)
        except BaseException:
            self._replaced(target, *([minutes] if minutes else []))  # half done: the next try has another name
            raise
        self._replaced(*files, *old_minutes)
