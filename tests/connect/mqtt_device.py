"""MQTT for the contract suite: a JSON machine, a real mosquitto, and a cable between it and the driver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luban.connect.mqtt.device import JsonDevice
from luban.connect.wire import Value
from luban.core.quality import Quality
from luban.core.time import now
from tests.connect.mqtt.mosquitto import CountingCable, Mosquitto


class MqttDevice:
    type = "mqtt"
    number = "hall/press01/number#value"
    text = "hall/press01/text#value"
    counter = "hall/press01/counter#value"
    setpoint = "hall/press01/speed/set#value"
    time_step = 1
    carries_time = True

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.cable = CountingCable(self.broker.port)
        self.machine = JsonDevice(self.broker.url, "hall/press01", retain=True)
        self.settings: Mapping[str, Any] = {
            "url": self.cable.url,
            "client_id": "contract",
            "time_path": "time",
            "keepalive": "1s",
            "browse_filter": "hall/+/#",
            "browse_time": "1s",
            "writable": [self.setpoint],
            "read_back": {self.setpoint: "hall/press01/speed#value"},
        }

    async def start(self) -> None:
        await asyncio.to_thread(self.broker.start)
        await self.cable.mend()
        await self.machine.__aenter__()
        self.machine.repeat()
        await self.machine.sent()

    async def stop(self) -> None:
        await self.machine.stop()
        await self.cable.cut()
        await asyncio.to_thread(self.broker.stop)

    async def kill(self) -> None:
        await self.cable.cut()
        await asyncio.to_thread(self.broker.kill)
        await self.machine.stop()

    async def set(self, address: str, value: Value, *, time: int | None = None, quality: Quality = Quality.GOOD) -> int:
        name = address.split("/")[2].partition("#")[0]
        at = self.machine.set(name, None if quality >= Quality.BAD else value, now() if time is None else time)
        await self.machine.sent()
        return at

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def corrupt(self) -> None:
        self.machine.publish("hall/press01/number", b'{"time": "2026-11-24T06:30:00+08:00", "value": ')
        self.machine.publish("hall/press01/number", json.dumps(["no", "value"]).encode())
        await self.machine.sent()

    async def unacknowledged(self) -> int:
        return self.cable.published - self.cable.acknowledged


def device(folder: Path) -> MqttDevice:
    return MqttDevice(folder)
