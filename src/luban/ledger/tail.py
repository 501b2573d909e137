"""The tail of a stream: facts in the logs that are not sealed yet, read on from where the last read ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from luban.core.quality import Quality
from luban.ledger.content import sorted_by
from luban.ledger.manifest import Wal
from luban.ledger.rollup import LAST, last_of, merge_last
from luban.ledger.wal import decode, read_frames

__all__ = ["Tail"]

_FOLD = 64  # tables kept apart before they are folded into one


@dataclass(slots=True)
class _Log:
    offset: int = 0
    head: int = 0
    inode: int = 0
    parts: list[pa.Table] = field(default_factory=list)
    last: pa.Table = field(default_factory=LAST.empty_table)
    counted: int = 0  # rows already in `last`


class Tail:
    """Reads only what was appended since it looked last. Not shared between threads without a lock."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._logs: dict[int, _Log] = {}

    @property
    def head(self) -> int:
        """Newest seq read."""
        return max((log.head for log in self._logs.values()), default=0)

    def read(self, wals: Sequence[Wal]) -> pa.Table:
        """All facts of the logs. Raises FileNotFoundError where one has just been sealed."""
        self._logs = {wal.id: self._logs.get(wal.id, _Log()) for wal in wals}
        for index, wal in enumerate(wals):
            self._read_on(self._logs[wal.id], self._folder / wal.file, newest=index == len(wals) - 1)
        parts = [part for log in self._logs.values() for part in log.parts]
        return pa.concat_tables(parts) if parts else self._schema.empty_table()

    def _read_on(self, log: _Log, path: Path, *, newest: bool) -> None:
        if not path.exists():
            if newest and not log.offset:
                return  # entered in the manifest, not written yet
            raise FileNotFoundError(path)
        if path.stat().st_size < log.offset:  # the writer cut off what it had not acknowledged
            log.offset, log.head, log.counted = 0, 0, 0
            log.parts, log.last = [], LAST.empty_table()
        for frame in read_frames(path, log.offset):
            log.parts.append(decode(frame.payload).cast(self._schema))
            log.offset, log.head = frame.end, frame.tag
        if len(log.parts) > _FOLD:
            log.parts = [pa.concat_tables(log.parts).unify_dictionaries().combine_chunks()]

    def last(self) -> pa.Table:
        """Newest value of each signal in the logs, counted on from the last call."""
        parts = []
        for log in self._logs.values():
            rows = sum(part.num_rows for part in log.parts)
            if rows > log.counted:
                fresh = pa.concat_tables(log.parts).slice(log.counted).select(LAST.names)
                log.last = merge_last(log.last, _newest(fresh.unify_dictionaries().combine_chunks()))
                log.counted = rows
            parts.append(log.last)
        return merge_last(*parts)


def _newest(samples: pa.Table) -> pa.Table:
    time = samples.column("time").to_numpy()
    future = samples.column("quality").to_numpy() == int(Quality.FUTURE)
    if future.any() or not (np.diff(time) >= 0).all():
        return last_of(sorted_by(samples, "subject", "time"))
    # In time order the last write to a slot is the newest value of its signal.
    subject = samples.column("subject").combine_chunks()
    array = subject.chunk(0) if isinstance(subject, pa.ChunkedArray) else subject
    at = np.full(len(array.dictionary), -1)
    at[array.indices.to_numpy(zero_copy_only=False)] = np.arange(len(time))
    found = samples.take(pa.array(at[at >= 0])).cast(LAST)
    return sorted_by(found, "subject")
