"""A small shop whose machines tell of their condition: what the health page is tried on.

The mill's vibration rose before it failed four days ago, and it rises again; the lathe is well; the saw has said little
yet, and the press says nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luban.core.time import DAY, HOUR, MINUTE, SECOND, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.users import Act, Role
from tests.screens.quality_shop import recorder
from tests.screens.works import ALWAYS, CELL, equipment, plant

__all__ = ["ACTS", "LATHE", "MILL", "PEOPLE", "PRESS", "SAW", "recorder", "seed", "write"]

LATHE, MILL, SAW, PRESS = "jinan/lathe", "jinan/mill", "jinan/saw", "jinan/press"
PEOPLE = {
    "li": (Role.ENGINEER, []), "zhao": (Role.OPERATOR, []), "wang": (Role.VIEWER, []), "part": (Role.ENGINEER, [LATHE]),
}  # fmt: skip
ACTS: list[Act] = []
DAYS = 9
FAILED = 4 * DAY  # ago

_SIGNAL = """
[[signal]]
id = "{machine}:{name}"
source = "cell"
address = "{machine}_{name}"
unit = "{unit}"
"""
_NAMES = {"lathe": "Lathe", "mill": "Mill", "saw": "Saw", "press": "Press"}
_SIGNALS = {"load": "%", "temperature": "°C", "vibration": "mm/s"}
_ALARMS = (
    "id,signal,condition,limit,priority,cause,consequence,action,response_s\n"
    "mill-shakes,mill:vibration,high,5.5,high,bearing worn,spindle damaged,plan the bearing's exchange,86400\n"
)


def write(folder: Path) -> Path:
    """The folder of the shop, without a fact in its books."""
    folder.mkdir(parents=True, exist_ok=True)
    text = plant(calendar="always") + ALWAYS + CELL + equipment(_NAMES)
    for machine in ("lathe", "mill", "saw"):
        text += "".join(_SIGNAL.format(machine=machine, name=name, unit=unit) for name, unit in _SIGNALS.items())
    (folder / "plant.toml").write_text(text, "utf-8")
    (folder / "items.csv").write_text("id,name,unit\nshaft,Shaft,piece\ngear,Gear,piece\n", "utf-8")
    (folder / "alarms.csv").write_text(_ALARMS, "utf-8")
    return folder


def seed(folder: Path, *, until: int | None = None) -> int:
    """Nine days of the lathe and the mill, three hours of the saw. Returns their end [µs UTC]."""
    end = (now() if until is None else until) // MINUTE * MINUTE
    with LedgerWriter(places(folder).ledger) as writer:
        for number, (machine, span) in enumerate(((LATHE, DAYS * DAY), (MILL, DAYS * DAY), (SAW, 3 * HOUR))):
            _machine(writer, machine, end - span, end, np.random.default_rng(number))
    return end


def _machine(writer: LedgerWriter, machine: str, start: int, end: int, random: np.random.Generator) -> None:
    time = np.arange(start, end, MINUTE, dtype=np.int64)
    block = (time - start) // (2 * HOUR)
    gear = block % 2 == 1
    age = time - start
    failed = end - FAILED
    stands = (block % 6 == 5) & (age % (2 * HOUR) > 90 * MINUTE)
    down = np.zeros(len(time), np.bool_)
    if machine == MILL:
        down = (time >= failed) & (time < failed + 4 * HOUR)
    runs = ~stands & ~down
    load = np.where(gear, 62.0, 41.0) + random.normal(0, 2.0, len(time))
    warm = 24.0 + 0.25 * load + random.normal(0, 0.6, len(time))
    shake = 1.4 + 0.012 * load + random.normal(0, 0.12, len(time))
    if machine == MILL:
        shake += 3.0 * np.clip((time - (failed - 2 * DAY)) / (2 * DAY), 0, 1) * (time < failed)
        shake += 2.2 * np.clip((time - (end - 2 * DAY)) / (2 * DAY), 0, 1)
    for name, values in (("load", load), ("temperature", warm), ("vibration", shake)):
        said = np.round(np.where(runs, values, 0.0 if name == "load" else values * 0.5), 3)
        writer.append(
            "signal",
            {"time": time.tolist(), "subject": [f"{machine}:{name}"] * len(time), "value": said.tolist(),
             "quality": [0] * len(time)},
            source="cell",
        )  # fmt: skip
    words = np.where(down, "down", np.where(runs, "running", "idle"))
    items = np.where(gear, "gear", "shaft")
    change = np.flatnonzero(np.concatenate(([True], (words[1:] != words[:-1]) | (items[1:] != items[:-1]))))
    writer.append(
        "state",
        {"time": time[change].tolist(), "subject": [machine] * len(change), "state": words[change].tolist(),
         "mapping": ["generic@1"] * len(change), "item": items[change].tolist(), "quality": [0] * len(change)},
        source="cell",
    )  # fmt: skip
    alive = np.arange(start, end, 10 * SECOND * 30, dtype=np.int64)
    writer.append(
        "event",
        {"time": alive.tolist(), "end": (alive + 300 * SECOND).tolist(), "subject": ["cell"] * len(alive),
         "kind": ["alive"] * len(alive)},
        source="cell",
    )  # fmt: skip
