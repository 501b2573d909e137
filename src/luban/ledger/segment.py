"""Sealed segments: Parquet files sorted by (subject, time), written whole or not at all."""

from __future__ import annotations

import bisect
import os
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from luban.ledger.wal import sync_folder

__all__ = ["SCHEMA_VERSION", "SeriesFile", "read_parquet", "write_parquet"]

SCHEMA_VERSION = 1
_ROW_GROUP = 1 << 16  # one subject of thousands touches one group
_SMALL_GROUP = 1 << 13  # roll-ups: a series of one subject is read again and again


def write_parquet(table: pa.Table, path: Path, *, small_groups: bool = False) -> None:
    """Durable and atomic: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    encodings = {f.name: "DELTA_BINARY_PACKED" for f in table.schema if pa.types.is_int64(f.type)}
    encodings |= {f.name: _float_encoding(table.column(f.name)) for f in table.schema if pa.types.is_float64(f.type)}
    try:
        with temporary.open("wb") as file:
            pq.write_table(
                table,
                file,
                compression="zstd",
                compression_level=1,
                row_group_size=_SMALL_GROUP if small_groups else _ROW_GROUP,
                use_dictionary=[name for name in table.column_names if name not in encodings],
                column_encoding=encodings,
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _float_encoding(column: pa.ChunkedArray) -> str:
    """Readings with few digits pack better as they are, continuous ones split by byte: try the first rows."""
    sample = column.slice(0, _ROW_GROUP).fill_null(0.0).to_numpy()
    split = np.ascontiguousarray(sample.view(np.uint8).reshape(-1, 8).T)
    plain_size, split_size = (len(pa.compress(part.tobytes(), "zstd", asbytes=True)) for part in (sample, split))
    return "PLAIN" if plain_size <= split_size else "BYTE_STREAM_SPLIT"


def read_parquet(path: Path, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """The file's rows in the types of the schema."""
    table = pq.read_table(path, columns=columns, partitioning=None, memory_map=True)
    return table.cast(pa.schema([schema.field(name) for name in table.column_names]))


class SeriesFile:
    """A Parquet file sorted by subject, kept open: one subject is read from the few row groups that can hold it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()  # one Parquet reader read by two threads at once corrupts the heap
        self._file = pq.ParquetFile(path, memory_map=True)
        meta = self._file.metadata
        column = meta.schema.to_arrow_schema().get_field_index("subject")
        groups = [meta.row_group(i).column(column).statistics for i in range(meta.num_row_groups)]
        self._low, self._high = [g.min for g in groups], [g.max for g in groups]

    def read(self, subject: str) -> pa.Table:
        """Rows of the groups that may hold the subject; the caller filters."""
        first = bisect.bisect_left(self._high, subject)
        last = bisect.bisect_right(self._low, subject)
        with self._lock:
            return self._file.read_row_groups(list(range(first, max(last, first))), use_threads=False)
