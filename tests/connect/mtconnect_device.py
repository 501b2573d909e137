"""The device side of MTConnect for the contract: the small agent, with a machine of three values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.connect.mtconnect.device import Agent
from luban.connect.wire import Value
from luban.core.quality import Quality
from tests.connect.contract import NotOnThisWire
from tests.outside import free_port

MODEL = b"""<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:2.3"><Devices>
<Device id="m1" uuid="m1" name="M1"><DataItems><DataItem id="avail" type="AVAILABILITY" category="EVENT"/></DataItems>
<Components><Controller id="c"><Components><Path id="p"><DataItems>
<DataItem id="load_id" name="load" type="LOAD" category="SAMPLE" units="PERCENT" nativeUnits="PERCENT"/>
<DataItem id="exec_id" name="execution" type="EXECUTION" category="EVENT"/>
<DataItem id="parts_id" name="parts" type="PART_COUNT" category="EVENT" subType="GOOD"/>
</DataItems></Path></Components></Controller></Components></Device></Devices></MTConnectDevices>"""


class MTConnectDevice:
    """The agent, scripted."""

    type = "mtconnect"
    number, text, counter = "load", "execution", "parts"
    setpoint = ""
    time_step = 1
    carries_time = True

    def __init__(self) -> None:
        self._agent = Agent(MODEL, port=free_port())
        self._kept: dict[str, tuple[str | None, int]] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": self._agent.url, "interval": "20ms", "heartbeat": "500ms", "timeout": "2s"}

    async def start(self) -> None:
        await self._agent.start()
        for address, (word, time) in self._kept.items():
            self._agent.set(address, word, time=time)

    async def stop(self) -> None:
        await self._agent.stop()

    async def kill(self) -> None:
        await self._agent.kill()

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        if quality is Quality.UNCERTAIN:
            raise NotOnThisWire("before version 2.5 a value is there or UNAVAILABLE")
        word = None if value is None or quality.is_bad else str(value)
        moment = self._agent.set(address, word, time=time)
        self._kept[address] = (word, moment)
        return moment

    async def cut(self) -> None:
        await self._agent.cut()

    async def mend(self) -> None:
        await self._agent.mend()

    async def corrupt(self) -> None:
        self._agent.spoil()

    async def unacknowledged(self) -> int:
        raise NotOnThisWire("nothing is acknowledged: the agent keeps a ring, whoever reads it")


def device(folder: Path) -> MTConnectDevice:
    return MTConnectDevice()
