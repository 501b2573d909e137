"""The contract's other end for OPC UA: the device of luban, in a process, behind a cable."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from luban.connect.wire import Value
from luban.core.quality import Quality
from luban.core.time import now
from tests.connect.cable import Cable
from tests.connect.contract import DeviceUnderTest, NotOnThisWire
from tests.connect.opcua.ends import Ended, our_device
from tests.outside import free_port

_STATUS = {Quality.GOOD: 0, Quality.UNCERTAIN: 0x40000000, Quality.BAD: 0x80000000, Quality.UNAVAILABLE: 0x809B0000}
_TYPES = {"Number": "Double", "Text": "String", "Counter": "UInt32", "Setpoint": "Double"}
_numbers = count(1)


@cache
def shared_device() -> tuple[Ended, int]:
    """One device for all checks: starting a server takes seconds. Each check has values of its own."""
    port = free_port()
    script = Path(__file__).parent / "opcua" / "empty.json"
    process = our_device(port, "--script", str(script))
    process.begin()
    atexit.register(process.kill)
    return process, port


class _Device:
    type = "opcua"
    time_step = 1
    carries_time = True

    def __init__(self) -> None:
        self._process, port = shared_device()
        self._machine = f"Machine{next(_numbers)}"
        self._cable = Cable(port)
        self._made = False
        self.number, self.text, self.counter, self.setpoint = (self._address(name) for name in _TYPES)
        self.settings: Mapping[str, Any] = {
            "url": f"opc.tcp://127.0.0.1:{self._cable.port}",
            "security": "none",
            "publishing_interval": "100ms",
            "sampling_interval": "20ms",
            "keepalive": "500ms",
            "writable": [self.setpoint],
        }

    def _address(self, name: str) -> str:
        return f"nsu=urn:luban:device;s={self._machine}/{name}"

    async def start(self) -> None:
        if not self._made:
            for name, kind in _TYPES.items():
                unit = {"unit": "%"} if name == "Number" else {}
                track = {"path": f"{self._machine}/{name}", "type": kind, "writable": name == "Setpoint", **unit}
                await self._process.ask(add=track)
            self._made = True
        await self._cable.mend()

    async def stop(self) -> None:
        await self._cable.cut()

    async def kill(self) -> None:
        await self._cable.cut()

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        path = address.partition(";s=")[2]
        moment = now() if time is None else time
        answer = await self._process.ask(put=path, value=value, time=moment, status=_STATUS[quality])
        return int(answer["time"])

    async def cut(self) -> None:
        await self._cable.cut()

    async def mend(self) -> None:
        await self._cable.mend()

    async def corrupt(self) -> None:
        await self._process.ask(confuse=self.number.partition(";s=")[2])

    async def unacknowledged(self) -> int:
        raise NotOnThisWire("a server keeps its queue to itself")


def device(folder: Path) -> DeviceUnderTest:
    return _Device()
