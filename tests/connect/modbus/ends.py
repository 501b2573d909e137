"""Other ends of the wire: modbus-serial, an implementation that shares no code with ours, and our driver at work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from luban.connect.modbus import ModbusDriver, ModbusSettings
from tests.connect.opcua.ends import Ended, Heard, until
from tests.outside import NODE_MODULES, require

__all__ = ["Heard", "Polled", "Working", "listening", "peer", "until"]


def peer(ready: str, **options: int) -> Ended:
    """modbus-serial as a server (`serve=port`) or a client (`connect=port`)."""
    node = require("node", "modbus-serial")
    return Ended([node, str(NODE_MODULES.parent / "modbus_peer.js"), json.dumps(options)], ready)


class Working(ModbusDriver):
    """A driver whose end can be awaited."""

    ended: asyncio.Task[None]


class Polled(Heard):
    """A sink that keeps everything; a poll proves the link without saying when."""

    def alive(self, time: int | None = None) -> None:
        self.proved.append(time or 0)

    def last(self, address: str) -> Any:
        return self.of(address)[-1].value if self.of(address) else None


@asynccontextmanager
async def listening(url: str, *addresses: str, **settings: Any) -> AsyncIterator[tuple[Working, Polled]]:
    """A driver that polls, up."""
    asked = {"url": url, "interval": "20ms", "timeout": "300ms", **settings}
    driver, heard = Working(ModbusSettings.model_validate(asked), addresses), Polled()
    driver.ended = running = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: running.done() or heard.proved, 10, "never proved")
        if running.done():
            running.result()
        yield driver, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
