"""What a client orders at a device side: whoever shows the device's values is asked before a written one is shown."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from luban.connect.wire import Value

__all__ = ["OnWrite", "ask"]

OnWrite = Callable[[str, Value], Awaitable[None] | None]  # (address, value); a LubanError refuses it


async def ask(on_write: OnWrite | None, address: str, value: Value) -> None:
    """Return if the value may be shown. Raises the LubanError of whoever refuses it."""
    if on_write is not None and inspect.isawaitable(done := on_write(address, value)):
        await done
