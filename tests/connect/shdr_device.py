"""The device side of SHDR for the contract: the adapter, with a machine of three values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.connect.shdr.device import Adapter
from luban.connect.wire import Value
from luban.core.quality import Quality
from luban.core.time import MILLISECOND
from tests.connect.contract import NotOnThisWire
from tests.outside import free_port


class ShdrDevice:
    """The adapter, scripted."""

    type = "shdr"
    number, text, counter = "load", "execution", "parts"
    setpoint = ""
    time_step = 1
    carries_time = True

    def __init__(self) -> None:
        self._adapter = Adapter(port=free_port(), heartbeat=500 * MILLISECOND)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": self._adapter.url, "timeout": "2s", "listen": "300ms"}

    async def start(self) -> None:
        await self._adapter.start()

    async def stop(self) -> None:
        await self._adapter.stop()

    async def kill(self) -> None:
        await self._adapter.kill()

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        if quality is Quality.UNCERTAIN:
            raise NotOnThisWire("a value is there or UNAVAILABLE")
        word = "UNAVAILABLE" if value is None or quality.is_bad else str(value)
        return self._adapter.set(address, word, time=time)

    async def cut(self) -> None:
        raise NotOnThisWire("an adapter keeps nothing while nobody listens")

    async def mend(self) -> None:
        raise NotOnThisWire("an adapter keeps nothing while nobody listens")

    async def corrupt(self) -> None:
        self._adapter.send_raw(b"garbage without a pipe\n")

    async def unacknowledged(self) -> int:
        raise NotOnThisWire("nothing is acknowledged")


def device(folder: Path) -> ShdrDevice:
    return ShdrDevice()
