"""Append-only frame files: the write-ahead log of a stream and the spool of a collector.

A frame is a 24-byte head (magic, checksum, length, tag) and one Arrow IPC stream. A frame that was
not written whole is a torn tail: readers stop before it and the next writer cuts it off.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from luban.core.errors import DiskFullError, IntegrityError

__all__ = [
    "NO_ROOM",
    "Frame",
    "FrameFile",
    "decode",
    "decode_all",
    "encode",
    "is_frame_at",
    "read_frames",
    "sync_folder",
]

_MAGIC = b"LBF1"
_HEAD = struct.Struct("<4sIQq")
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame: its place in the file, its tag and its bytes."""

    end: int  # offset of the byte after the frame
    tag: int  # last seq in it (write-ahead log), last source_seq (spool)
    payload: bytes
    head: bytes  # its first bytes; the checksum in them tells it from any other frame


def encode(*tables: pa.Table) -> pa.Buffer:
    """Self-contained Arrow IPC streams one behind the other, lz4: they arrive together or not at all."""
    sink = pa.BufferOutputStream()
    for table in tables:
        with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
            writer.write_table(table)
    return sink.getvalue()


def decode(payload: bytes, columns: list[int] | None = None) -> pa.Table:
    """The table of one frame, or those columns of it."""
    options = pa.ipc.IpcReadOptions(included_fields=columns, use_threads=False)
    with pa.ipc.open_stream(pa.py_buffer(payload), options=options) as reader:
        return reader.read_all()


def decode_all(payload: bytes) -> list[pa.Table]:
    """Every table of one frame."""
    source = pa.BufferReader(payload)
    tables = []
    while source.tell() < len(payload):
        with pa.ipc.open_stream(source) as reader:
            tables.append(reader.read_all())
    return tables


def sync_folder(folder: Path) -> None:
    """Make new and renamed names in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_frames(path: Path, start: int = 0) -> Iterator[Frame]:
    """Whole frames from the offset on; ends at the end of the file or before a torn tail.

    Raises IntegrityError where a broken frame is followed by more whole ones: that is damage, not a torn tail.
    """
    with path.open("rb") as file:
        file.seek(start)
        offset = start
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            magic, checksum, length, tag = _HEAD.unpack(head)
            payload = file.read(length) if magic == _MAGIC else b""
            if magic != _MAGIC or len(payload) < length or zlib.crc32(payload, tag & 0xFFFFFFFF) != checksum:
                _refuse_damage(path, offset)
                return
            offset += _HEAD.size + length
            yield Frame(offset, tag, payload, head)


def is_frame_at(path: Path, offset: int, head: bytes) -> bool:
    """Whether the frame that was read there still lies there. Raises FileNotFoundError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(len(head)) == head


def _refuse_damage(path: Path, offset: int) -> None:
    """A torn tail is the last thing in its file; a valid frame after it means that bytes were altered."""
    rest = path.read_bytes()[offset + 1 :]
    found = rest.find(_MAGIC)
    while found >= 0:
        if len(rest) >= found + _HEAD.size:
            _, checksum, length, tag = _HEAD.unpack_from(rest, found)
            payload = rest[found + _HEAD.size : found + _HEAD.size + length]
            if len(payload) == length and zlib.crc32(payload, tag & 0xFFFFFFFF) == checksum:
                raise IntegrityError(
                    "damaged log",
                    where=f"{path.name} at byte {offset}",
                    came="a broken frame with whole frames behind it",
                    expected="whole frames up to a torn tail",
                    hint="keep the file, restore it from a backup or a standby",
                )
        found = rest.find(_MAGIC, found + 1)


class FrameFile:
    """The writing end of one frame file. Not shared between threads."""

    def __init__(self, path: Path, *, end: int | None = None) -> None:
        """Open for appending; `end` cuts the file there (a torn tail)."""
        self.path = path
        is_new = not path.exists()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if end is not None:
            os.ftruncate(self._handle, end)
        self._end = self._synced = os.lseek(self._handle, 0, os.SEEK_END)
        if is_new:
            sync_folder(path.parent)

    @property
    def size(self) -> int:
        """Bytes appended so far, durable or not."""
        return self._end

    def append(self, payload: pa.Buffer, tag: int) -> None:
        """Write one frame; it is durable after `sync`. Raises DiskFullError and leaves nothing half written."""
        head = _HEAD.pack(_MAGIC, zlib.crc32(payload, tag & 0xFFFFFFFF), payload.size, tag)
        try:
            _write_all(self._handle, head, payload)
        except OSError as error:
            self._undo(error, self._end)
        self._end += _HEAD.size + payload.size

    def sync(self) -> None:
        """Make all appended frames durable. Raises DiskFullError: what was not yet durable is cut off."""
        if self._synced == self._end:
            return
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            self._undo(error, self._synced)
        self._synced = self._end

    def cut(self, end: int) -> None:
        """Cut off what lies beyond `end`: it was not acknowledged."""
        os.ftruncate(self._handle, end)
        os.lseek(self._handle, end, os.SEEK_SET)
        self._end, self._synced = end, min(self._synced, end)

    def close(self) -> None:
        """Close without syncing."""
        os.close(self._handle)

    def _undo(self, error: OSError, end: int) -> None:
        self.cut(end)
        if error.errno in NO_ROOM:
            raise DiskFullError(
                "no room on the disk",
                where=str(self.path),
                hint="free space or move the ledger; nothing was acknowledged and nothing is lost at the source",
            ) from error
        raise error


def _write_all(handle: int, *parts: bytes | pa.Buffer) -> None:
    views = [memoryview(part) for part in parts]
    while views:
        written = os.writev(handle, views)
        while views and written >= len(views[0]):
            written -= len(views[0])
            views.pop(0)
        if views and written:
            views[0] = views[0][written:]
