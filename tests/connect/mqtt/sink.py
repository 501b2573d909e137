"""A sink in memory, for looking at one driver without its collector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from luban.connect.wire import Driver, Sample, Value

__all__ = ["Heard", "running", "until"]


class Heard:
    """Keeps all that a driver says; notes outlive it when given to the next one."""

    def __init__(self, notes: dict[str, Any] | None = None) -> None:
        self.all: list[Sample] = []
        self.signs: list[int | None] = []
        self.losses: list[tuple[int, int, str, Sequence[str]]] = []
        self.rejected: list[tuple[str, bytes | str, str]] = []
        self.notes = {} if notes is None else notes

    def samples(self, samples: Sequence[Sample]) -> None:
        self.all += samples

    def alive(self, time: int | None = None) -> None:
        self.signs.append(time)

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        self.losses.append((start, end, reason, addresses))

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        self.rejected.append((address, payload, reason))

    def covered(self, start: int, end: int) -> None:
        raise AssertionError("a live wire proves itself")

    def facts(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:
        raise AssertionError("a wire has samples, not facts")

    def remember(self, key: str, value: Any) -> None:
        self.notes[key] = value

    def recall(self, key: str) -> Any:
        return self.notes.get(key)

    async def flush(self) -> None:
        await asyncio.sleep(0)

    def of(self, address: str) -> list[Sample]:
        return [sample for sample in self.all if sample.address == address]

    def values(self, address: str) -> list[Value]:
        return [sample.value for sample in self.of(address)]


@asynccontextmanager
async def running(driver: Driver, sink: Heard) -> AsyncIterator[asyncio.Task[None]]:
    """The driver with its link up; cancelled afterwards. Its error, if it fails, is raised."""
    task = asyncio.create_task(driver.run(sink))
    try:
        await until(lambda: bool(sink.signs) or task.done(), "no sign of life")
        if task.done():
            task.result()
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(met: Callable[[], bool], otherwise: str, within: float = 10, every: float = 0.01) -> None:
    """Wait for the condition, looking `every` so many seconds."""
    deadline = time.monotonic() + within
    while not met():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        await asyncio.sleep(every)
