"""Sparkplug B for the contract suite: an edge node with one device and a real mosquitto."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.connect.mqtt.broker import BrokerSettings
from luban.connect.mqtt.session import Session
from luban.connect.sparkplug.device import EdgeDevice, Tag
from luban.connect.sparkplug.schema import DataType
from luban.connect.wire import Value
from luban.core.quality import Quality
from luban.core.time import now
from tests.connect.contract import NotOnThisWire
from tests.connect.mqtt.mosquitto import Mosquitto

_CODES = {Quality.GOOD: 192, Quality.UNCERTAIN: 64, Quality.BAD: 0}


class SparkplugDevice:
    type = "sparkplug"
    number = "hall/edge1/press01:Process/Number"
    text = "hall/edge1/press01:Process/Text"
    counter = "hall/edge1/press01:Process/Counter"
    setpoint = "hall/edge1/press01:Process/Speed"
    time_step = 1_000
    carries_time = True

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        tags = {
            "press01": {
                "Process/Number": Tag(DataType.Double, None, {"engUnit": "%"}),
                "Process/Text": Tag(DataType.String),
                "Process/Counter": Tag(DataType.UInt32),
                "Process/Speed": Tag(DataType.Float, 0.0),
            }
        }
        self.edge = EdgeDevice(self.broker.url, "hall", "edge1", tags)
        self.settings: Mapping[str, Any] = {
            "url": self.broker.url,
            "keepalive": "1s",
            "browse_time": "1s",
            "writable": [self.setpoint],
        }

    async def start(self) -> None:
        await asyncio.to_thread(self.broker.start)
        await self.edge.__aenter__()
        await asyncio.wait_for(self.edge.born.wait(), 10)

    async def stop(self) -> None:
        await self.edge.stop()
        await asyncio.to_thread(self.broker.stop)

    async def kill(self) -> None:
        await asyncio.to_thread(self.broker.kill)
        await self.edge.stop(abrupt=True)

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        name = address.partition(":")[2]
        at = now() if time is None else time
        if quality is Quality.UNAVAILABLE:
            return await self.edge.set("press01", name, None, at)
        properties = None if quality is Quality.GOOD else {"Quality": _CODES[quality]}
        return await self.edge.set("press01", name, value, at, properties)

    async def cut(self) -> None:
        raise NotOnThisWire("Sparkplug data are sent with qos 0; the store of an edge node is tested on its own")

    async def mend(self) -> None:
        raise NotOnThisWire("see cut")

    async def corrupt(self) -> None:
        settings = BrokerSettings.model_validate({"url": self.broker.url})
        async with Session(settings, "", clean=True) as session:
            await session.publish("spBv1.0/hall/DDATA/edge1/press01", b"\xff\xff no payload")

    async def unacknowledged(self) -> int:
        raise NotOnThisWire("data are sent with qos 0")


def device(folder: Path) -> SparkplugDevice:
    return SparkplugDevice(folder)
