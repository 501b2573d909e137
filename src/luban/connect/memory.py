"""What a collector must still know after its process died: one small file that is written before each flush.

Each line carries the spool's number that the flush will reach. After a crash a line counts only if the
spool got there, so memory and facts are of one moment: nothing is counted twice and nothing is skipped.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.core.errors import DiskFullError

__all__ = ["Memory", "merge"]

_COMPACT_AT = 4 << 20  # bytes


class Memory:
    """Lines of JSON objects, merged two levels deep in the order written.

    path     the file; None remembers nothing beyond the process
    reached  number that the spool gives next
    """

    def __init__(self, path: Path | None, reached: int) -> None:
        self.path = path
        self.state: dict[str, Any] = {}
        if path is None:
            return
        for line in _lines(path):
            if line.pop("n", 0) <= reached:
                merge(self.state, line)
        self._rewrite(path)

    def write(self, change: Mapping[str, Any], number: int) -> int:
        """Make the change durable for when the spool reaches the number; returns a mark for `cut`.

        Raises DiskFullError: nothing was written.
        """
        merge(self.state, change)
        if self.path is None:
            return 0
        data = (json.dumps({"n": number} | dict(change), separators=(",", ":")) + "\n").encode()
        return _append(self.path, data)

    def cut(self, mark: int) -> None:
        """Take back the line: the flush it belongs to did not succeed."""
        if self.path is not None and mark:
            os.truncate(self.path, mark)

    def settle(self) -> None:
        """The flush has succeeded: a good moment to make the file short again."""
        if self.path is not None and self.path.stat().st_size > _COMPACT_AT:
            self._rewrite(self.path)

    def _rewrite(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        data = (json.dumps({"n": 0} | self.state, separators=(",", ":")) + "\n").encode()
        try:
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _no_room(error, fresh) from error
        fresh.replace(path)


def _append(path: Path, data: bytes) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    mark = os.fstat(handle).st_size
    try:
        whole = os.write(handle, data) == len(data)
        if whole:
            os.fsync(handle)
    except OSError as error:
        os.ftruncate(handle, mark)
        raise _no_room(error, path) from error
    else:
        if not whole:
            os.ftruncate(handle, mark)
            raise _no_room(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), path)
    finally:
        os.close(handle)
    return mark


def _no_room(error: OSError, path: Path) -> OSError | DiskFullError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(
            "no room for the collector's memory", where=str(path), hint="free space; collecting goes on then"
        )
    return error


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    lines = []
    for line in path.read_bytes().splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:  # a torn tail
            break
    return lines


def merge(state: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Lay a change over a state: inner objects key by key, everything else whole."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(state.get(key), dict):
            state[key].update(value)
        else:
            state[key] = value
