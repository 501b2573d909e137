"""The tail of a stream: facts in the logs that are not sealed yet, read on from where the last read ended.

Frames are kept as they lie on disk and decoded when somebody asks, and then only the columns asked for:
a screen that polls last values touches six columns of the newest frames, not the whole log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from luban.core.quality import Quality
from luban.ledger.content import sorted_by, whole
from luban.ledger.manifest import Wal
from luban.ledger.rollup import LAST, MINUTES, last_of, merge_last, merge_minutes, minutes_of
from luban.ledger.wal import decode, is_frame_at, read_frames

__all__ = ["Tail"]

_FOLD = 64  # decoded tables kept apart before they are folded into one
_MINUTES_OF = ["time", "subject", "value", "quality"]


@dataclass(slots=True)
class _Log:
    offset: int = 0
    head: int = 0
    newest: tuple[int, bytes] = (0, b"")  # place and head of the newest frame
    frames: list[bytes] = field(default_factory=list)
    corrections: list[tuple[int, int]] = field(default_factory=list)
    decoded: list[pa.Table] = field(default_factory=list)
    last: pa.Table = field(default_factory=LAST.empty_table)
    minutes: pa.Table = field(default_factory=MINUTES.empty_table)
    done: dict[str, int] = field(default_factory=dict)  # frames already in decoded, last, minutes

    def fresh(self, use: str) -> list[bytes]:
        """Frames that this use has not seen yet."""
        start = self.done.get(use, 0)
        self.done[use] = len(self.frames)
        return self.frames[start:]


class Tail:
    """Reads only what was appended since it looked last. Not shared between threads without a lock."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._logs: dict[int, _Log] = {}

    def read(self, wals: Sequence[Wal]) -> None:
        """Look at the logs. Raises FileNotFoundError where one has just been sealed."""
        self._logs = {wal.id: self._read_on(self._logs.get(wal.id, _Log()), self._folder / wal.file) for wal in wals}

    @property
    def head(self) -> int:
        """Newest seq in the logs; 0 if they are empty."""
        return max((log.head for log in self._logs.values()), default=0)

    @property
    def corrections(self) -> list[tuple[int, int]]:
        """(seq, superseded seq) of the corrections in the logs."""
        return [pair for log in self._logs.values() for pair in log.corrections]

    def table(self) -> pa.Table:
        """All facts of the logs."""
        for log in self._logs.values():
            log.decoded += [decode(frame).cast(self._schema) for frame in log.fresh("decoded")]
            if len(log.decoded) > _FOLD:
                log.decoded = [pa.concat_tables(log.decoded).unify_dictionaries().combine_chunks()]
        parts = [part for log in self._logs.values() for part in log.decoded]
        return pa.concat_tables(parts) if parts else self._schema.empty_table()

    def last(self) -> pa.Table:
        """Newest value of each signal in the logs."""
        return self._kept("last", LAST.names, _newest, merge_last)

    def minutes(self) -> pa.Table:
        """1-minute figures of the logs."""
        return self._kept(
            "minutes",
            _MINUTES_OF,
            lambda fresh: minutes_of(sorted_by(fresh, "subject", "time")),
            lambda *parts: merge_minutes(pa.concat_tables(parts).unify_dictionaries().combine_chunks()),
        )

    def _kept(
        self,
        use: str,
        columns: list[str],
        make: Callable[[pa.Table], pa.Table],
        merge: Callable[..., pa.Table],
    ) -> pa.Table:
        """A roll-up that is counted on from its last call."""
        for log in self._logs.values():
            frames = log.fresh(use)
            if frames:
                wanted = [self._schema.names.index(name) for name in self._schema.names if name in columns]
                fresh = pa.concat_tables([decode(frame, wanted) for frame in frames]).select(columns)
                setattr(log, use, merge(getattr(log, use), make(fresh.unify_dictionaries().combine_chunks())))
        parts: list[pa.Table] = [getattr(log, use) for log in self._logs.values()]
        if len(parts) == 1:
            return parts[0]
        return merge(*parts) if parts else make(self._schema.empty_table().select(columns))

    def _read_on(self, log: _Log, path: Path) -> _Log:
        if not is_frame_at(path, *log.newest):  # the writer cut off what it had not acknowledged
            log = _Log()
        seq, supersedes = self._schema.names.index("seq"), self._schema.names.index("supersedes")
        for frame in read_frames(path, log.offset):
            numbers = decode(frame.payload, [seq, supersedes])
            if numbers.column("supersedes").null_count < numbers.num_rows:
                found = numbers.filter(numbers.column("supersedes").is_valid())
                log.corrections += zip(found["seq"].to_pylist(), found["supersedes"].to_pylist(), strict=True)
            log.frames.append(frame.payload)
            log.newest = log.offset, frame.head
            log.offset, log.head = frame.end, frame.tag
        return log


def _newest(samples: pa.Table) -> pa.Table:
    time = samples.column("time").to_numpy()
    future = samples.column("quality").to_numpy() == int(Quality.FUTURE)
    if future.any() or not (np.diff(time) >= 0).all():
        return last_of(sorted_by(samples, "subject", "time"))
    # In time order the last write to a slot is the newest value of its signal.
    array = whole(samples.column("subject"))
    at = np.full(len(array.dictionary), -1)
    at[array.indices.to_numpy(zero_copy_only=False)] = np.arange(len(time))
    return sorted_by(samples.take(pa.array(at[at >= 0])).cast(LAST), "subject")
