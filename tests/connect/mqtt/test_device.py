"""The device side of MQTT: live values with the caller's time, and commands that somebody may refuse."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from luban.connect.mqtt.device import JsonDevice
from luban.connect.mqtt.session import Session
from luban.connect.wire import Value
from luban.core.errors import InputError
from luban.core.time import SECOND, parse_time
from tests.connect.mqtt.mosquitto import Mosquitto

pytestmark = pytest.mark.service
NOON = parse_time("2026-11-24T12:00:00Z")


async def heard(wire: Session, count: int) -> list[tuple[str, int, Any]]:
    """(name, time, value) of the next messages."""
    found: list[tuple[str, int, Any]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            batch = await wire.receive()
            wire.acknowledge(batch)
            for message in batch:
                body = json.loads(message.payload)
                found.append((message.topic.rpartition("/")[2], parse_time(body["time"]), body["value"]))
    return found


async def test_values_carry_the_time_of_whoever_sets_them(broker: Mosquitto, wire: Session) -> None:
    await wire.subscribe(["hall/press/+"], 1)
    async with JsonDevice(broker.url, "hall/press", clock=lambda: NOON) as press:
        assert press.set("load", 61.5, NOON - SECOND) == NOON - SECOND
        assert press.set("state", "ACTIVE") == NOON
        await asyncio.wait_for(press.sent(), 5)
        assert sorted(await heard(wire, 2)) == [("load", NOON - SECOND, 61.5), ("state", NOON, "ACTIVE")]


async def test_a_command_is_shown_once_it_is_allowed(broker: Mosquitto, wire: Session) -> None:
    asked: list[tuple[str, Value]] = []

    async def on_write(name: str, value: Value) -> None:
        asked.append((name, value))
        if value == 99:
            raise InputError("out of range")

    await wire.subscribe(["hall/press/+"], 1)
    async with JsonDevice(broker.url, "hall/press", on_write=on_write, clock=lambda: NOON) as press:
        press.set("ready", 1)
        await asyncio.wait_for(press.sent(), 5)
        assert await heard(wire, 1) == [("ready", NOON, 1)]
        for value in (b'{"value": 99}', b"nonsense", b'{"value": 40}'):
            await wire.publish("hall/press/speed/set", value, 1)
        assert await heard(wire, 1) == [("speed", NOON, 40)]
    assert asked == [("speed", 99), ("speed", 40)]
