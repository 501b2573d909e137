"""The contract's other end for Modbus: the device of luban behind a cable, polled every 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.connect.modbus.address import parse
from luban.connect.modbus.device import ModbusDevice as Server
from luban.connect.wire import Value
from luban.core.quality import Quality
from luban.core.time import now
from tests.connect.cable import Cable
from tests.connect.contract import NotOnThisWire
from tests.outside import free_port


class ModbusDevice:
    type = "modbus"
    number = "input:0:float32"
    text = "holding:100:string[12]"
    counter = "holding:200:uint32"
    setpoint = "holding:300:float32"
    time_step = 1
    carries_time = False

    def __init__(self) -> None:
        self._server = Server([self.number, self.text, self.counter], writable={self.setpoint: None}, port=free_port())
        self._cable = Cable(self._server.port)
        self.settings: Mapping[str, Any] = {
            "url": f"modbus://127.0.0.1:{self._cable.port}",
            "interval": "20ms",
            "timeout": "500ms",
            "writable": [self.setpoint],
        }

    async def start(self) -> None:
        await self._server.start()
        await self._cable.mend()

    async def stop(self) -> None:
        await self._cable.cut()
        await self._server.stop()

    async def kill(self) -> None:
        await self._cable.cut()

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        """A register shows one value at a time: wait until somebody has read it, if somebody reads at all."""
        if quality is Quality.UNCERTAIN:
            raise NotOnThisWire("a register holds a value or an exception")
        if quality.is_bad:
            self._server.fail(address, 6 if quality is Quality.UNAVAILABLE else 4)
        else:
            self._server.set(address, value)
        moment = now()
        if self._cable.clients:
            await self._read(parse(address).place.start)
        return moment

    async def _read(self, start: int) -> None:
        self._server.requests.clear()
        for _ in range(200):
            if any(place.start <= start < place.end for place in self._server.requests):
                return
            await asyncio.sleep(0.005)

    async def cut(self) -> None:
        raise NotOnThisWire("a register keeps no history")

    async def mend(self) -> None:
        raise NotOnThisWire("a register keeps no history")

    async def corrupt(self) -> None:
        """The byte count of the next answer is wrong."""
        self._server.spoil(lambda answer: answer[:8] + b"\x7f" + answer[9:])

    async def unacknowledged(self) -> int:
        raise NotOnThisWire("nothing is acknowledged")


def device(folder: Path) -> ModbusDevice:
    return ModbusDevice()
