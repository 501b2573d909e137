"""Store and forward: what a collector heard lies on disk until the ledger has it.

    collector ─ Spool ─▶ spool/SOURCE/*.spool ─ Intake ─▶ LedgerWriter

The files are the only link between the two, so they may be one process or two, and either may
die at any moment: what was flushed is delivered, and delivered once.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from luban.core import time as clock
from luban.core.errors import InputError
from luban.ledger.rows import Rows, prepare
from luban.ledger.streams import stream as stream_of
from luban.ledger.wal import FrameFile, decode_all, encode, read_frames
from luban.ledger.writer import LedgerWriter

__all__ = ["Intake", "Spool"]

_FILE_BYTES = 8 << 20
_SAFE = re.compile(r"[\w.\-]+\Z")


class Spool:
    """The collector's end, one per source.

    folder  the ledger's `spool` folder
    source  the source's id
    """

    def __init__(self, folder: Path | str, source: str) -> None:
        if not _SAFE.match(source):
            raise InputError("not a source id", came=repr(source), expected="letters, digits, '_', '-' or '.'")
        self.source = source
        self._folder = Path(folder) / source
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pending: list[tuple[str, pa.Table]] = []
        self._ready: tuple[pa.Buffer, int, int] | None = None  # frame to be written, its last number, parts in it
        self._next, self._file = self._take_up()

    @property
    def folder(self) -> Path:
        """Where this source's records lie; the collector keeps its memory beside them."""
        return self._folder

    @property
    def next_seq(self) -> int:
        """Number of the next fact put on disk: tells after a crash whether a flush had been completed."""
        return self._next

    @property
    def pending(self) -> int:
        """Rows put and not yet on disk."""
        return sum(table.num_rows for _, table in self._pending)

    @property
    def backlog(self) -> int:
        """Bytes on disk that the ledger has not taken yet (whole files only)."""
        return sum(path.stat().st_size for path in self._folder.glob("*.spool"))

    def put(self, stream: str, rows: Rows) -> None:
        """Take rows of one stream; on disk after `flush`. Raises InputError."""
        table = prepare(stream_of(stream), rows)
        if table.num_rows:
            self._pending.append((stream, table))

    def flush(self) -> None:
        """Make everything put so far durable. Raises DiskFullError: nothing was dropped, call again."""
        while self._pending:
            frame, newest, parts = self._ready = self._ready or self._frame()
            mark = self._file.size
            try:
                self._file.append(frame, newest)  # one frame: a crash leaves all of a flush or nothing
                self._file.sync()
            except BaseException:  # tried again as it is: the intake may have seen these numbers already
                self._file.cut(mark)
                raise
            self._next, self._ready = newest + 1, None
            del self._pending[:parts]
        if self._file.size > _FILE_BYTES:
            with contextlib.suppress(OSError):  # no room for a new file: stay with this one
                full, self._file = self._file, FrameFile(self._folder / f"{self._next:020d}.spool")
                full.close()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()

    def _frame(self) -> tuple[pa.Buffer, int, int]:
        number, named = self._next, []
        for stream, tables in self._grouped():
            table = pa.concat_tables(tables, promote_options="default").combine_chunks()
            numbers = np.arange(number, number + table.num_rows, dtype=np.int64)
            table = table.append_column("source_seq", pa.array(numbers))
            named.append(table.replace_schema_metadata({"stream": stream}))
            number += table.num_rows
        return encode(*named), number - 1, len(self._pending)

    def _grouped(self) -> list[tuple[str, list[pa.Table]]]:
        groups: dict[str, list[pa.Table]] = {}
        for stream, table in self._pending:
            groups.setdefault(stream, []).append(table)
        return list(groups.items())

    def _take_up(self) -> tuple[int, FrameFile]:
        """Go on behind the newest number on disk. A new count starts at the clock, so that it never meets an
        old one even where the folder was emptied: no source speaks a million facts a second for long.
        """
        number = clock.now()
        files = sorted(self._folder.glob("*.spool"))
        if not files:
            return number, FrameFile(self._folder / f"{number:020d}.spool")
        end, newest = 0, int(files[-1].stem) - 1
        for frame in read_frames(files[-1]):
            end, newest = frame.end, frame.tag
        return newest + 1, FrameFile(files[-1], end=end)


class Intake:
    """The ledger's end: moves whole records of all sources into the ledger."""

    def __init__(self, folder: Path | str, writer: LedgerWriter) -> None:
        self._folder, self._writer = Path(folder), writer
        self._offsets: dict[Path, int] = {}

    def drain(self, limit: int = 64 << 20) -> int:
        """Take what is there, up to `limit` bytes a call; returns facts accepted.

        A record that was delivered before a crash is delivered again and not taken twice.
        Raises DiskFullError: nothing is lost, call again.
        """
        parts: list[tuple[str, str, pa.Table]] = []
        offsets: dict[Path, int] = {}
        done: list[Path] = []
        size = 0
        for folder in sorted(path for path in self._folder.glob("*") if path.is_dir()):
            files = sorted(folder.glob("*.spool"))
            for path in files:
                start = self._offsets.get(path, 0)
                offsets[path] = start
                if path.stat().st_size > start and size < limit:
                    for frame in read_frames(path, start):
                        tables = decode_all(frame.payload)
                        parts += [(t.schema.metadata[b"stream"].decode(), folder.name, t) for t in tables]
                        offsets[path] = frame.end
                        size += len(frame.payload)
                if path != files[-1] and offsets[path] == path.stat().st_size:
                    done.append(path)
        accepted = self._append(_joined(parts)) if parts else 0
        self._offsets = {path: end for path, end in offsets.items() if path not in done}
        for path in done:
            path.unlink()
        return accepted

    def _append(self, parts: list[tuple[str, str, pa.Table]]) -> int:
        try:
            return sum(receipt.accepted for receipt in self._writer.append_many(parts))
        except InputError:
            return sum(self._append_or_refuse(*part) for part in parts)

    def _append_or_refuse(self, stream: str, source: str, table: pa.Table) -> int:
        """One source's bad record must not stop the others: it goes aside, and the books say so."""
        try:
            return self._writer.append(stream, table, source=source).accepted
        except InputError as error:
            number = table.column("source_seq")[0].as_py()
            aside = self._folder / source / "refused" / f"{stream}-{number}.arrow"
            aside.parent.mkdir(exist_ok=True)
            aside.write_bytes(encode(table))
            refusal = {
                "time": [clock.now()],
                "subject": [source],
                "kind": ["quarantine"],
                "code": ["refused by the books"],
                "text": [str(error)],
                "data": [json.dumps({"stream": stream, "rows": table.num_rows, "file": aside.name})],
            }
            self._writer.append("event", refusal, source="intake")
            return 0


def _joined(parts: list[tuple[str, str, pa.Table]]) -> list[tuple[str, str, Rows]]:
    """One table per stream and source: fewer, larger frames in the log."""
    groups: dict[tuple[str, str], list[pa.Table]] = {}
    for stream, source, rows in parts:
        groups.setdefault((stream, source), []).append(rows.replace_schema_metadata(None))
    return [
        (stream, source, pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks())
        for (stream, source), tables in groups.items()
    ]
