"""A few threads for reads of the books, so that the event loop of the page never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from luban.core.interrupts import handed_on

__all__ = ["Reads"]

T = TypeVar("T")


class Reads:
    """Runs plain functions beside the event loop.

    workers  threads; each holds its own connection to the books
    """

    def __init__(self, workers: int = 4) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="luban-read")

    async def __call__(self, read: Callable[..., T], *given: Any, **named: Any) -> T:
        """The function's result."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(handed_on(read), *given, **named))

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)
