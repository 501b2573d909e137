"""The loop closed over a real wire: pieces off target, an offset written by itself, the mean back; what stops it."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from statistics import fmean

import pytest
from tests.outside import free_port

from luban.act.command import State
from luban.connect.modbus.device import ModbusDevice
from luban.core.time import now
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.standing import agreed
from luban.ledger import Ledger
from luban.loop.plant_loop import PlantLoop
from luban.loop.setting import AUTHOR
from luban.understand.book import entries, row

OFFSET, SIZE = "holding:300:float32", "input:10:float32"
BIAS, SIGMA = 14.0, 2.0
PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "lathe"
name = "Lathe"

[[source]]
id = "plc"
type = "modbus"
url = "modbus://127.0.0.1:{port}"
interval = "20ms"
writable = ["holding:300:float32"]

[[signal]]
id = "lathe:size"
source = "plc"
address = "input:10:float32"
unit = "µm"
role = "measurement"
characteristic = "shaft:size"

[[signal]]
id = "lathe:offset"
source = "plc"
address = "holding:300:float32"
unit = "µm"

[[actuator]]
signal = "lathe:offset"
lower = -30
upper = 30
mode = "{mode}"
"""
TABLES = {
    "items.csv": "id,name,unit\nshaft,Shaft,piece\n",
    "characteristics.csv": "item,name,unit,nominal,lower,upper\nshaft,size,µm,0,-25,25\n",
}


class Lathe:
    """Turns pieces: what is measured is the bias plus the offset plus chance. It obeys what is written to it."""

    def __init__(self, port: int) -> None:
        self.device = ModbusDevice([SIZE], writable={OFFSET: None}, port=port)
        self.sizes: list[float] = []
        self._chance = random.Random(1)

    async def turn(self, pieces: int) -> None:
        for _ in range(pieces):
            offset = float(self.device.get(OFFSET) or 0.0)  # type: ignore[arg-type]
            self.sizes.append(BIAS + offset + self._chance.gauss(0, SIGMA))
            self.device.set(SIZE, self.sizes[-1])
            await asyncio.sleep(0.06)


def made(folder: Path, port: int, mode: str) -> Path:
    (folder / "plant.toml").write_text(PLANT.format(port=port, mode=mode), encoding="utf-8")
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def agree(loop: PlantLoop) -> None:
    data = agreed("lathe:offset", "µm", 1.0, 0.0, Envelope(-30.0, 30.0), target=0.0)
    await loop.note("event", row("setpoint", "shaft:size", "agree", person="li", data=data), source="test")


async def settled(loop: PlantLoop, within: float = 20) -> None:
    deadline = asyncio.get_running_loop().time() + within
    while loop.actor is None or not any(c.attempts or not c.open for c in loop.actor.commands.values()):
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)


async def test_the_mean_comes_back_by_itself_and_every_step_is_in_the_books(tmp_path: Path) -> None:
    port = free_port()
    lathe = Lathe(port)
    async with lathe.device, PlantLoop(made(tmp_path, port, "automatic")) as loop:
        await agree(loop)
        await lathe.turn(40)
        await settled(loop)
        before = len(lathe.sizes)
        await lathe.turn(40)
        commands = list(loop.actor.commands.values()) if loop.actor else []
    first, later = lathe.sizes[:12], lathe.sizes[before + 5 :]  # nothing is set by fewer than 12
    assert fmean(first) == pytest.approx(BIAS, abs=3 * SIGMA / 12**0.5)
    assert abs(fmean(later)) < 4 * SIGMA / len(later) ** 0.5 + 1.0
    assert commands[0].state is State.CONFIRMED
    assert commands[0].author == AUTHOR
    assert commands[0].value == pytest.approx(-BIAS, abs=3.0)
    assert commands[0].plan["effects"]["deviation"]["before"][0] == pytest.approx(BIAS, abs=3.0)
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    story = [(e.code, e.data.get("command")) for e in entries(ledger, "setpoint", "shaft:size")]
    facts = ledger.table("measurement", subjects=["shaft:size"])
    ledger.close()
    assert story[:2] == [("agree", None), ("set", commands[0].id)]
    assert commands[0].facts["last_seq"] in facts.column("seq").to_pylist()


async def test_in_the_mode_confirm_it_waits_and_a_hand_at_the_machine_is_seen(tmp_path: Path) -> None:
    port = free_port()
    lathe = Lathe(port)
    async with lathe.device, PlantLoop(made(tmp_path, port, "confirm")) as loop:
        await agree(loop)
        await lathe.turn(30)
        await asyncio.sleep(1.5)
        assert loop.actor is not None
        (waiting,) = loop.actor.commands.values()
        assert waiting.state is State.PROPOSED
        await lathe.turn(10)
        await asyncio.sleep(1.0)
        assert len(loop.actor.commands) == 1  # one question at a time
        await loop.actor.withdraw(waiting.id, "li", "the setter does it")
        lathe.device.set(OFFSET, -14.0)
        await asyncio.sleep(0.3)
        await lathe.turn(30)
        await asyncio.sleep(1.5)
        # the values say that little is left to do, if anything
        assert all(abs(c.value + 14.0) < 4 for c in loop.actor.commands.values() if c.open)
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    last = entries(ledger, "setpoint", "shaft:size")[-1]
    ledger.close()
    assert (last.code, last.data["value"]) == ("set", -14.0)
    assert last.time <= now()
