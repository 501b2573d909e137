"""Commands over real wires: written, read back, refused by an interlock, held while the device is away, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from tests.connect.contract import DeviceUnderTest

from luban.act.command import Command, State
from luban.act.engine import Actor, Proposal
from luban.core.time import MINUTE
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop
from luban.understand.book import entries

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "m"
name = "M"

[[source]]
id = "plc"
type = "{type}"
{settings}

[[signal]]
id = "m:load"
source = "plc"
address = '{number}'
unit = "%"

[[signal]]
id = "m:speed"
source = "plc"
address = '{setpoint}'
unit = "rpm"

[[actuator]]
signal = "m:speed"
lower = 0
upper = 100
mode = "automatic"
settle = "3s"
interlock = ["m:load < 80"]
"""


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}' = {_toml(one)}" for key, one in value.items()) + "}"
    return f"'{value}'"


async def running(device: DeviceUnderTest, folder: Path) -> PlantLoop:
    settings = "\n".join(f"{key} = {_toml(value)}" for key, value in device.settings.items())
    text = PLANT.format(type=device.type, settings=settings, number=device.number, setpoint=device.setpoint)
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    loop = PlantLoop(folder)
    await loop.start()
    return loop


async def until(true: Callable[[], bool], what: Callable[[], object], within: float = 15) -> None:
    deadline = asyncio.get_running_loop().time() + within
    while not true():
        assert asyncio.get_running_loop().time() < deadline, what()
        await asyncio.sleep(0.02)


async def ended(one: Actor, name: str) -> Command:
    await until(lambda: not one.commands[name].open or one.commands[name].state is State.UNVERIFIED,
                lambda: one.commands[name])  # fmt: skip
    return one.commands[name]


def seen(one: Actor, signal: str) -> object:
    reading = one.situation().readings.get(signal)
    return None if reading is None else reading.value


def asked(value: float, life: int = MINUTE) -> Proposal:
    return Proposal("p/m:speed", value, "test", "luban", life=life)


@pytest.mark.parametrize("kind", ["opcua", "modbus", "mqtt", "sparkplug"])
async def test_a_command_on_a_real_wire(kind: str, tmp_path: Path) -> None:
    device: DeviceUnderTest = import_module(f"tests.connect.{kind}_device").device(tmp_path)
    await device.start()
    (tmp_path / "plant").mkdir()
    loop = await running(device, tmp_path / "plant")
    try:
        one = loop.actor
        assert one is not None
        await until(lambda: loop.collectors["plc"].state == "up", lambda: loop.collectors)
        await device.set(device.number, 20.0)
        await until(lambda: seen(one, "p/m:load") == 20.0, one.situation)
        done = await ended(one, (await one.propose(asked(42.0))).id)
        assert (done.state, done.told) == (State.CONFIRMED, 42.0), done
        refused = await one.propose(asked(142.0))
        assert refused.state is State.REFUSED
        await device.set(device.number, 95.0)
        await until(lambda: seen(one, "p/m:load") == 95.0, one.situation)
        held = await ended(one, (await one.propose(asked(43.0))).id)
        assert held.state is State.REFUSED
        assert "p/m:load is 95" in held.reason
        await one.stop("li", "test")
        assert (await one.propose(asked(44.0))).state is State.REFUSED
        await one.release("li")
    finally:
        await loop.stop()
        await device.stop()
    ledger = Ledger(tmp_path / "plant" / ".luban" / "ledger")
    told = [entry.code for entry in entries(ledger, "command", done.id)]
    ledger.close()
    assert told == ["propose", "approved", "sending", "confirmed"]


async def test_a_command_waits_for_a_device_that_is_away(tmp_path: Path) -> None:
    device: DeviceUnderTest = import_module("tests.connect.modbus_device").device(tmp_path)
    await device.start()
    (tmp_path / "plant").mkdir()
    loop = await running(device, tmp_path / "plant")
    try:
        one = loop.actor
        assert one is not None
        await until(lambda: loop.collectors["plc"].state == "up", lambda: loop.collectors)
        await device.set(device.number, 20.0)
        await until(lambda: seen(one, "p/m:load") == 20.0, one.situation)
        await device.kill()
        await until(lambda: loop.collectors["plc"].state == "down", lambda: loop.collectors)
        waiting = await one.propose(asked(42.0))
        late = await one.propose(asked(43.0, life=500_000))
        await asyncio.sleep(1.0)
        assert one.commands[waiting.id].state is State.APPROVED
        assert one.commands[late.id].state is State.EXPIRED
        await device.start()
        done = await ended(one, waiting.id)
        assert done.state is State.CONFIRMED, done
    finally:
        await loop.stop()
        await device.stop()
