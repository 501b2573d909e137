"""The two machines of the workshop that need no server of their own, as a process.

    python -m luban.loop.workshop.machines --broker mqtt://127.0.0.1:1883 --drop DIR

A washing machine speaks JSON over MQTT (or, without a broker, drops files), its temperature is a recorded
one; its meter, that of the light and that of the hall count kWh. A packing table drops GBK files. What was sent
is noted in `--truth`, one JSON line a value.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib.resources import files
from itertools import count
from pathlib import Path

from luban.connect.mqtt.device import JsonDevice
from luban.connect.wire import Value
from luban.core.time import SECOND, iso, now

__all__ = ["main"]

_BASE = "workshop/wash01"
_CYCLE = 2.5  # s a part
_RUN, _IDLE = 6, 2  # parts washed, parts' time idle
_POWER = {"running": 6.0, "idle": 4.0}  # [kW] of the washing machine
_LIGHT = 1.0  # [kW]
_LOST = 0.003  # in cables, of what both draw


def temperatures() -> Iterator[float]:
    """The recorded temperatures, over and over."""
    text = files("luban.loop.workshop").joinpath("machine_temperature.csv").read_text("utf-8")
    values = [float(row["value"]) for row in csv.DictReader(text.splitlines())]
    while True:
        yield from values


class Meters:
    """Registers [kWh] of the washing machine, the light, and the hall that holds both."""

    def __init__(self) -> None:
        self.wash, self.light = 812.4, 96.2
        self._begin = self.wash + self.light

    def go_on(self, state: str, seconds: float) -> None:
        """So much time in a state has passed."""
        self.wash += _POWER[state] * seconds / 3600
        self.light += _LIGHT * seconds / 3600

    def shown(self) -> Iterator[tuple[str, float]]:
        """Name and register of each."""
        hall = 5_480.0 + (self.wash + self.light - self._begin) * (1 + _LOST)
        yield from (("energy", round(self.wash, 6)), ("light_energy", round(self.light, 6)))
        yield "hall_energy", round(hall, 6)


class Drop:
    """Files put into a folder whole: written aside, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, count(1)
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, kind: str, header: str, rows: list[str], encoding: str = "utf-8") -> None:
        """One new file of that kind."""
        path = self._folder / f"{kind}_{next(self._number):05d}.csv"
        part = path.with_suffix(".part")
        part.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
        part.rename(path)


async def wash(device: JsonDevice | None, drop: Drop, truth: Path) -> None:
    """Wash `_RUN` parts, stand idle, and so on; a temperature every quarter of a second."""
    recorded = temperatures()
    rows: list[str] = []
    begin = asyncio.get_running_loop().time()
    parts = 0
    meters, state = Meters(), "running"
    with truth.open("a", encoding="utf-8", buffering=1) as notes:

        def send(name: str, value: Value) -> None:
            at = now()
            if device is None:
                rows.append(f"{iso(at)},{_BASE}/{name},{value}")
            else:
                device.set(name, value, at)
            notes.write(json.dumps({"name": name, "time": at, "value": value}) + "\n")

        send("parts", 0)
        send("state", "running")
        for n in count(1):
            await asyncio.sleep(max(0.0, begin + n * 0.25 - asyncio.get_running_loop().time()))
            send("temperature", next(recorded))
            meters.go_on(state, 0.25)
            if n % 4 == 0:
                for name, register in meters.shown():
                    send(name, register)
            tick = n % round((_RUN + _IDLE) * _CYCLE / 0.25)
            if tick in {0, round(_RUN * _CYCLE / 0.25)}:
                state = "idle" if tick else "running"
                send("state", state)
            if tick and tick <= round(_RUN * _CYCLE / 0.25) and tick % round(_CYCLE / 0.25) == 0:
                parts += 1
                send("parts", parts)
            if rows and n % 8 == 0:
                drop.put("wash", "time,address,value", rows)
                rows.clear()


async def pack(drop: Drop) -> None:
    """18 s of running in which 18 boxes are claimed; a box needs 4 s. Then the table stands still."""
    begin = now()
    for n in count():
        at = now()
        running = at - begin < 18 * SECOND
        drop.put("states", "时间,状态", [f"{iso(at)},{'running' if running else 'idle'}"], "gbk")
        drop.put("counts", "时间,合格,报废", [f"{iso(at)},{1 if running and n else 0},0"], "gbk")
        await asyncio.sleep(max(0.0, (begin + (n + 1) * SECOND - now()) / SECOND))


async def run(broker: str, folder: Path, truth: Path) -> None:
    """Both machines until cancelled."""
    drop = Drop(folder)
    async with AsyncExitStack() as stack:
        device = await stack.enter_async_context(JsonDevice(broker, _BASE)) if broker else None
        await asyncio.gather(wash(device, drop, truth), pack(drop))


def main() -> None:
    """Run the machines until interrupted."""
    parser = argparse.ArgumentParser(description="Machines of the pilot workshop.")
    parser.add_argument("--broker", default="", help="mqtt://…; empty: the washing machine drops files")
    parser.add_argument("--drop", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    options = parser.parse_args()
    try:
        asyncio.run(run(options.broker, options.drop, options.truth))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
