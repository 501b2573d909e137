"""Ctrl-C while a thread works: some libraries take the signal for themselves and raise it in the thread that called."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from luban.core.errors import LubanError

__all__ = ["handed_on"]

T = TypeVar("T")


def handed_on(work: Callable[..., T]) -> Callable[..., T]:
    """The same work for a thread: an interrupt that reaches it goes on to the process, whom it was meant for.

    polars takes SIGINT while it collects; a KeyboardInterrupt out of a thread would end an event loop in the middle of
    whatever it does, and nobody else would hear of the signal.
    Raises   LubanError in place of the interrupt
    Example  await asyncio.to_thread(handed_on(read), ledger)
    """

    @wraps(work)
    def worked(*given: Any, **named: Any) -> T:
        try:
            return work(*given, **named)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            raise LubanError("This did not work; the server's log says why.") from None

    return worked
