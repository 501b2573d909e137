"""Reading a ledger: any number of processes, also while one writes.

Truth is the segments named in the manifest plus the tail of the logs. Corrected facts are hidden as
of the asked moment; nothing that was ever acknowledged can be missed, and nothing is seen twice.
"""

from __future__ import annotations

import glob
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import InputError, IntegrityError, MissingServiceError
from luban.core.time import MINUTE
from luban.ledger.content import sorted_by, whole
from luban.ledger.manifest import Manifest, Snapshot
from luban.ledger.rollup import LAST, last_of, merge_last, merge_minutes, minutes_of, unpack_minutes
from luban.ledger.segment import SeriesFile, read_parquet
from luban.ledger.streams import stream as stream_of, streams
from luban.ledger.tail import Tail
from luban.ledger.verify import VerifyReport, verify

__all__ = ["ENGINES", "Ledger"]

ENGINES = ("duckdb", "polars", "spark", "arrow")
T = TypeVar("T")
_OPEN_FILES = 256
_PLAIN: dict[str, Any] = {"hive_partitioning": False}  # a folder named line=3 is no column


class Ledger:
    """A reader of the ledger in `folder`.

    engine  where `frame` computes by default: duckdb, polars, spark or arrow
    Raises  InputError where there is no ledger
    Example Ledger(folder).frame("state", subjects=["jinan/lathe01"]).collect()
    """

    def __init__(self, folder: Path | str, *, engine: str = "duckdb") -> None:
        self.folder = Path(folder)
        self.engine = engine
        self.manifest = Manifest(self.folder)
        self._tails: dict[str, Tail] = {}
        self._lock = threading.RLock()
        self._local = threading.local()
        self._last: tuple[str | None, pa.Table] | None = None
        self._open_series: dict[str, SeriesFile] = {}

    # ------------------------------------------------------------------ facts

    def frame(
        self,
        stream: str,
        *,
        subjects: Sequence[str] | None = None,
        since: int | None = None,
        until: int | None = None,
        as_of: int | None = None,
        seqs: Sequence[int] | None = None,
        corrected: bool = True,
        engine: str | None = None,
    ) -> nw.LazyFrame[Any]:
        """Facts of a stream as a lazy frame of the chosen engine.

        subjects   only these subjects
        since      facts with time ≥ since [µs UTC]
        until      facts with time < until [µs UTC]
        as_of      the books as they stood at this seq: later facts and corrections do not exist
        seqs       only these facts
        corrected  hide facts that a later one supersedes
        Frames of one thread and engine may be joined with each other and with `lift`. Collect a frame within
        two minutes: after that the writer may have replaced the files it reads by a larger one.
        """
        return self._retry(lambda: self._frame(stream, subjects, since, until, as_of, seqs, corrected, engine))

    def _frame(
        self,
        stream: str,
        subjects: Sequence[str] | None,
        since: int | None,
        until: int | None,
        as_of: int | None,
        seqs: Sequence[int] | None,
        corrected: bool,
        engine: str | None,
    ) -> nw.LazyFrame[Any]:
        engine = engine or self.engine
        snapshot, (tail, recent) = self._snapshot(stream, lambda tail: (tail.table(), tail.corrections))
        hidden = _superseded(snapshot, recent, as_of) if corrected else []
        files = self._files(snapshot, since, until, as_of, seqs)
        native = self._union(engine, stream, files, tail)
        frame = nw.from_native(native).lazy()
        conditions: list[nw.Expr] = []
        if subjects is not None:
            conditions.append(_among("subject", subjects))
        if since is not None:
            conditions.append(nw.col("time") >= since)
        if until is not None:
            conditions.append(nw.col("time") < until)
        if as_of is not None:
            conditions.append(nw.col("seq") <= as_of)
        if seqs is not None:
            conditions.append(_among("seq", seqs))
        if hidden:
            conditions.append(~nw.col("seq").is_in(hidden))
        found: nw.LazyFrame[Any] = frame.filter(*conditions) if conditions else frame
        return found

    def table(self, stream: str, **where: Any) -> pa.Table:
        """The same as an Arrow table in the stream's schema, in seq order."""
        where = {"engine": "duckdb"} | where

        def read() -> pa.Table:
            return pa.table(self.frame(stream, **where).sort("seq").collect("pyarrow").to_native())

        found = self._retry(read)
        return found.cast(stream_of(stream).schema)

    def lift(self, table: pa.Table, engine: str | None = None) -> nw.LazyFrame[Any]:
        """A small table of the caller's in the same engine, to be joined with `frame`."""
        frame: nw.LazyFrame[Any] = nw.from_native(self._lift(engine or self.engine, table)).lazy()
        return frame

    def fact(self, seq: int) -> dict[str, Any] | None:
        """One fact with its stream, or None."""
        for name in streams():
            found = self.table(name, seqs=[seq], corrected=False)
            if found.num_rows:
                return {"stream": name, **found.to_pylist()[0]}
        return None

    @property
    def head(self) -> int:
        """Newest seq; 0 for an empty ledger."""
        logs = [self._snapshot(name, lambda tail: tail.head)[1] for name in {w.stream for w in self.manifest.wals()}]
        return max([*logs, self.manifest.newest_seq()])  # in this order: a log sealed meanwhile is counted as sealed

    def superseded(self, stream: str, *, as_of: int | None = None) -> list[int]:
        """Seqs of the facts that later ones correct."""
        return _superseded(*self._snapshot(stream, lambda tail: tail.corrections), as_of)

    # ------------------------------------------------------------------ roll-ups

    def last_values(self, subjects: Sequence[str] | None = None) -> pa.Table:
        """Newest value of each signal: subject, time [µs UTC], value, text, quality, seq."""
        with self._lock:
            snapshot, live, recent, sealed = self._retry(self._last_parts)
            found = merge_last(sealed, live)
        stale = set(_superseded(snapshot, recent, None))
        if stale:
            found = self._replace_corrected(found, stale)
        return (
            found
            if subjects is None
            else found.filter(pc.is_in(found.column("subject"), pa.array(list(subjects), pa.string())))
        )

    def minutes(self, subject: str, since: int, until: int) -> pa.Table:
        """1-minute figures of one signal: minute, n, good, min, max, sum, first, last over its good samples.

        since, until  [µs UTC], widened to whole minutes
        """
        since, until = since - since % MINUTE, until + -until % MINUTE
        return self._retry(lambda: self._minutes(subject, since, until))

    def _minutes(self, subject: str, since: int, until: int) -> pa.Table:
        snapshot, (live, recent) = self._snapshot("signal", lambda tail: (tail.minutes(), tail.corrections))
        files = {s.minutes for s in snapshot.segments if s.minutes and s.time_max >= since and s.time_min < until}
        parts = [
            _only(unpack_minutes(self._series(name).read(subject)), subject, since, until) for name in sorted(files)
        ]
        parts.append(_only(live, subject, since, until))
        found = merge_minutes(pa.concat_tables(parts).unify_dictionaries().combine_chunks())
        return self._recount(found, subject, snapshot, recent, since, until)

    def trend(self, subject: str, since: int, until: int, points: int = 800) -> pa.Table:
        """What a chart of `points` pixels needs: time, value, quality; the lowest and highest of each pixel.

        A row without value breaks the line: the sample there was not good. Where nothing came there is no row.
        """
        width = max((until - since) // max(points, 1), 1)
        if width >= MINUTE:
            minutes = self.minutes(subject, since, until)
            low = pa.table({"time": minutes["minute"], "value": minutes["min"]})
            high = pa.table({"time": minutes["minute"], "value": minutes["max"]})
            both = sorted_by(pa.concat_tables([low, high]), "time")
            samples = both.append_column(
                "quality", pa.array(np.where(both["value"].is_valid(), 0, 64).astype(np.uint8))
            )
        else:
            samples = sorted_by(self.table("signal", subjects=[subject], since=since, until=until), "time")
            samples = samples.select(["time", "value", "quality"])
        return _per_pixel(samples, since, width)

    def verify(self, **options: Any) -> VerifyReport:
        """Recompute every hash, link and count; see `luban.ledger.verify`."""
        return verify(self.folder, **options)

    def close(self) -> None:
        """Close this thread's connections."""
        self.manifest.close()
        if hasattr(self._local, "duckdb"):
            self._local.duckdb.close()
            del self._local.duckdb

    # ------------------------------------------------------------------ inside

    def _retry(self, read: Callable[[], T]) -> T:
        """A file may be replaced between the manifest and the read: look again.

        Raises IntegrityError where it is gone for good
        """
        for left in reversed(range(20)):
            try:
                return read()
            except (FileNotFoundError, duckdb.IOException) as error:
                if left:
                    continue
                raise IntegrityError(
                    "a file of the books cannot be read",
                    came=str(error).splitlines()[0],
                    where=str(self.folder),
                    hint="luban ledger verify",
                ) from error
        raise AssertionError

    def _snapshot(self, stream: str, view: Callable[[Tail], T]) -> tuple[Snapshot, T]:
        """The files of a stream and a view of its tail, of one moment."""

        def read() -> tuple[Snapshot, T]:
            with self._lock:
                tail = self._tails.setdefault(stream, Tail(self.folder, stream_of(stream).schema))
                snapshot = self.manifest.snapshot(stream)
                tail.read(snapshot.wals)
                return snapshot, view(tail)

        return self._retry(read)

    def _files(
        self, snapshot: Snapshot, since: int | None, until: int | None, as_of: int | None, seqs: Sequence[int] | None
    ) -> list[str]:
        low = min(seqs, default=0) if seqs is not None else None
        high = max(seqs, default=0) if seqs is not None else as_of
        wanted = [
            s.file
            for s in snapshot.segments
            if (since is None or s.time_max >= since)
            and (until is None or s.time_min < until)
            and (high is None or s.seq_min <= high)
            and (low is None or s.seq_max >= low)
        ]
        return [str(self.folder / name) for name in dict.fromkeys(wanted)]

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """This thread's in-memory DuckDB; it holds nothing but views of the files."""
        if not hasattr(self._local, "duckdb"):
            self._local.duckdb = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
        return self._local.duckdb  # type: ignore[no-any-return]

    def _union(self, engine: str, stream: str, files: list[str], tail: pa.Table) -> Any:
        if engine == "duckdb":
            parts = [self.connection.read_parquet([glob.escape(f) for f in files], **_PLAIN)] if files else []
            parts += [self.connection.from_arrow(tail)] if tail.num_rows or not files else []
            return parts[0] if len(parts) == 1 else parts[0].union(parts[1])
        if engine == "arrow":
            schema = stream_of(stream).schema
            return pa.concat_tables([*(read_parquet(Path(f), schema) for f in files), tail]).unify_dictionaries()
        if engine == "polars":
            import polars as pl

            lazy = (
                [
                    pl.scan_parquet(files, glob=False, hive_partitioning=False).with_columns(
                        pl.col(pl.Categorical).cast(pl.String)
                    )
                ]
                if files
                else []
            )
            return pl.concat([*lazy, self._lift(engine, tail)])
        if engine == "spark":
            frame = self._lift(engine, tail)
            return frame if not files else self._spark().read.parquet(*files).select(*tail.column_names).unionAll(frame)
        raise InputError("unknown engine", came=repr(engine), expected=", ".join(ENGINES))

    def _lift(self, engine: str, table: pa.Table) -> Any:
        if engine == "duckdb":
            return self.connection.from_arrow(table)
        if engine == "arrow":
            return table
        plain = pa.table(
            [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns],
            names=table.column_names,
        )
        if engine == "polars":
            import polars as pl

            return pl.from_arrow(plain).lazy()
        if engine == "spark":
            small = [c.cast(pa.int16()) if c.type == pa.uint8() else c for c in plain.columns]
            return self._spark().createDataFrame(pa.table(small, names=plain.column_names))
        raise InputError("unknown engine", came=repr(engine), expected=", ".join(ENGINES))

    @staticmethod
    def _spark() -> Any:
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise MissingServiceError("PySpark is not installed", hint="pip install 'luban[spark]'") from error
        return SparkSession.builder.getOrCreate()

    def _last_parts(self) -> tuple[Snapshot, pa.Table, list[tuple[int, int]], pa.Table]:
        """Snapshot, last values of the logs, corrections in them, last values of the segments: of one moment."""
        snapshot, (live, recent) = self._snapshot("signal", lambda tail: (tail.last(), tail.corrections))
        if self._last is None or self._last[0] != snapshot.last:
            name = snapshot.last
            self._last = name, read_parquet(self.folder / name, LAST) if name else LAST.empty_table()
        return snapshot, live, recent, self._last[1]

    def _replace_corrected(self, found: pa.Table, stale: set[int]) -> pa.Table:
        wrong = pc.is_in(found.column("seq"), pa.array(sorted(stale), pa.int64()))
        subjects = found.filter(wrong).column("subject").to_pylist()
        if not subjects:
            return found
        again = sorted_by(self.table("signal", subjects=subjects), "subject", "time")
        return merge_last(found.filter(pc.invert(wrong)), last_of(again))

    def _series(self, name: str) -> SeriesFile:
        """An open roll-up file; replaced ones are forgotten with the oldest."""
        with self._lock:
            if name not in self._open_series:
                if len(self._open_series) >= _OPEN_FILES:
                    self._open_series.pop(next(iter(self._open_series)))
                self._open_series[name] = SeriesFile(self.folder / name)
            return self._open_series[name]

    def _recount(
        self,
        found: pa.Table,
        subject: str,
        snapshot: Snapshot,
        recent: Sequence[tuple[int, int]],
        since: int,
        until: int,
    ) -> pa.Table:
        """Minutes that a correction touches are counted again from the facts."""
        times = [t for c in snapshot.corrections if c.subject == subject for t in (c.old_time, c.new_time)]
        if recent:
            both = self.table("signal", seqs=[seq for pair in recent for seq in pair], corrected=False)
            times += both.filter(pc.equal(both.column("subject"), subject)).column("time").to_pylist()
        touched = sorted({t - t % MINUTE for t in times if since <= t < until})
        if not touched:
            return found
        again = [
            minutes_of(
                sorted_by(self.table("signal", subjects=[subject], since=m, until=m + MINUTE), "subject", "time")
            )
            for m in touched
        ]
        kept = found.filter(pc.invert(pc.is_in(found.column("minute"), pa.array(touched, pa.int64()))))
        return sorted_by(pa.concat_tables([kept, *again]).unify_dictionaries().combine_chunks(), "minute")


def _among(column: str, wanted: Sequence[Any]) -> nw.Expr:
    """No wanted value, no row: an empty list has no type to compare with."""
    return nw.col(column).is_in(list(wanted)) if len(wanted) else nw.col("seq").is_null()


def _superseded(snapshot: Snapshot, recent: Sequence[tuple[int, int]], as_of: int | None) -> list[int]:
    """Seqs that a correction hides, as of a seq."""
    pairs = [(c.new_seq, c.old_seq) for c in snapshot.corrections] + list(recent)
    return sorted({old for new, old in pairs if as_of is None or new <= as_of})


def _only(minutes: pa.Table, subject: str, since: int, until: int) -> pa.Table:
    """Rows of one subject within a window."""
    array = whole(minutes.column("subject"))
    code = pc.index(array.dictionary, subject).as_py()
    at = minutes.column("minute").to_numpy()
    keep = (array.indices.to_numpy(zero_copy_only=False) == code) & (at >= since) & (at < until)
    return minutes.filter(pa.array(keep))


def _per_pixel(samples: pa.Table, since: int, width: int) -> pa.Table:
    """First, lowest, highest and last sample of each pixel; every bad one stays as a break."""
    if not samples.num_rows:
        return samples
    time = samples.column("time").to_numpy()
    value = samples.column("value").fill_null(np.nan).to_numpy()
    good = (samples.column("quality").to_numpy() == 0) & np.isfinite(value)
    pixel = (time - since) // width
    starts = np.concatenate(([0], np.flatnonzero(np.diff(pixel)) + 1))
    ends = np.concatenate((starts[1:], [len(time)])) - 1
    order_low = np.lexsort((np.where(good, value, np.inf), pixel))
    order_high = np.lexsort((np.where(good, value, -np.inf), pixel))
    keep = np.unique(
        np.concatenate(
            (starts, ends, order_low[starts], order_high[ends], np.flatnonzero(np.diff(good.astype(int)) != 0))
        )
    )
    shown = samples.take(pa.array(keep))
    return shown.set_column(
        1, "value", pc.if_else(pa.array(good[keep]), shown.column("value"), pa.scalar(None, pa.float64()))
    )
