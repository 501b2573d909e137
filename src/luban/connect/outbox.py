"""From memory to disk: one write at a time, in a thread, shared by all who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from luban.connect.memory import Memory, merge
from luban.connect.rows import Rows
from luban.core.errors import DiskFullError, InputError
from luban.core.time import SECOND

__all__ = ["Outbox", "SpoolLike"]

Columns = Mapping[str, Sequence[Any]]


class SpoolLike(Protocol):
    """What is needed of `luban.ledger.Spool`."""

    @property
    def next_seq(self) -> int:
        """Number of the next fact put on disk."""

    def put(self, stream: str, rows: Any) -> None:
        """Take rows; on disk after `flush`."""

    def flush(self) -> None:
        """Make everything put so far durable; DiskFullError drops nothing."""


class Outbox:
    """Writes what `gather` gives to the spool, with the memory that belongs to it.

    gather   new rows and the change of memory since the last call
    refused  told of columns that the stream's schema does not accept
    changed  told after each write: the error if there was no room, else None
    every    longest wait before a write [µs]
    """

    def __init__(
        self,
        spool: SpoolLike,
        memory: Memory,
        gather: Callable[[], tuple[Rows, dict[str, Any]]],
        refused: Callable[[str, Columns, InputError], None],
        changed: Callable[[DiskFullError | None], None],
        every: int,
    ) -> None:
        self.full: DiskFullError | None = None
        self.backlog = 0  # rows not yet on disk
        self._spool, self._memory = spool, memory
        self._gather, self._refused, self._changed = gather, refused, changed
        self._bad: list[tuple[str, Columns, InputError]] = []
        self.room = asyncio.Event()  # set while the disk takes what is written
        self.room.set()
        self._every = every / SECOND
        self._wake = asyncio.Event()
        self._waiters: list[asyncio.Future[None]] = []
        self._queue: list[tuple[str, Columns]] = []
        self._change: dict[str, Any] = {}
        self._put = 0  # rows that the spool holds in memory
        self._closing = False

    async def run(self) -> None:
        """Write every now and then until `close`."""
        while True:
            last = self._closing
            waiters, self._waiters = self._waiters, []
            self.full = await self._write()
            self.room.clear() if self.full else self.room.set()
            for bad in self._bad:
                self._refused(*bad)
            self._bad.clear()
            self._changed(self.full)
            for waiter in waiters:
                if not waiter.done():
                    _resolve(waiter, self.full)
            if last and not self._waiters:
                return
            if not self._waiters:
                await self._pause(1.0 if self.full else self._every)

    async def flush(self) -> None:
        """Return once all that was given so far is on disk. Raises DiskFullError."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        await waiter

    def close(self) -> None:
        """Let `run` write once more and end."""
        self._closing = True
        self._wake.set()

    async def _pause(self, seconds: float) -> None:
        if not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    async def _write(self) -> DiskFullError | None:
        rows, change = self._gather()
        fresh = rows.columns()
        self._queue += fresh
        self.backlog += sum(len(columns["time"]) for _, columns in fresh)
        merge(self._change, change)
        if not (self._queue or self._put or self._change):
            return None
        try:
            await asyncio.to_thread(self._commit)
        except DiskFullError as error:
            return error
        except OSError as error:
            return DiskFullError(
                "the spool cannot be written", came=str(error), hint="check the disk; nothing is lost meanwhile"
            )
        self.backlog = 0
        return None

    def _commit(self) -> None:
        while self._queue:
            stream, columns = self._queue[0]
            try:
                self._spool.put(stream, columns)
                self._put += len(columns["time"])
            except InputError as error:
                self._bad.append((stream, columns, error))
            self._queue.pop(0)
        mark = self._memory.write(self._change, self._spool.next_seq + self._put) if self._change else 0
        try:
            self._spool.flush()
        except BaseException:
            self._memory.cut(mark)
            raise
        self._put = 0
        self._change = {}
        self._memory.settle()


def _resolve(waiter: asyncio.Future[None], error: DiskFullError | None) -> None:
    if error is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(error)
