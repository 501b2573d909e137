"""A shop of two machines: a mill whose spindle current is read each five seconds, and a press with a power meter alone.

The mill makes shafts and gears by turns. In the last five hours single blows stand in its current while it makes gears:
means of five minutes hardly move. Its temperature is read once a minute.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luban.core.time import DAY, HOUR, MINUTE, SECOND, now
from luban.ledger import Intake, Ledger, LedgerWriter
from luban.loop.places import places
from luban.loop.retrofit import Retrofitting
from luban.plant import load
from tests.screens.works import ALWAYS, CELL, equipment, plant

__all__ = ["BLOWS", "GEAR", "MILL", "PRESS", "SHAFT", "seed", "write"]

MILL, PRESS, SHAFT, GEAR = "old/mill", "old/press", "shaft", "gear"
DAYS = 3.5
BLOWS = 5 * HOUR  # before the end

_SIGNALS = """
[[signal]]
id = "mill:current"
source = "cell"
address = "c"
unit = "A"
[[signal]]
id = "mill:temperature"
source = "cell"
address = "t"
unit = "°C"
[[signal]]
id = "press:power"
source = "cell"
address = "p"
unit = "kW"
[[retrofit]]
equipment = "press"
power = "press:power"
"""


def write(folder: Path) -> Path:
    """The folder, without a fact in its books."""
    folder.mkdir(parents=True, exist_ok=True)
    text = plant("old", "Old works", calendar="always") + ALWAYS + CELL
    text += equipment({"mill": "Mill", "press": "Press"}) + _SIGNALS
    (folder / "plant.toml").write_text(text, "utf-8")
    (folder / "items.csv").write_text("id,name,unit\nshaft,Shaft,piece\ngear,Gear,piece\n", "utf-8")
    return folder


def seed(folder: Path, *, until: int | None = None) -> int:
    """Three days and a half of the mill, ten hours of the press read from its power. Returns their end [µs UTC]."""
    end = (now() if until is None else until) // (10 * MINUTE) * 10 * MINUTE
    random = np.random.default_rng(7)
    with LedgerWriter(places(folder).ledger) as writer:
        _mill(writer, end, random)
        time = end - 10 * HOUR + np.arange(0, 10 * HOUR, 5 * SECOND)
        hour = np.arange(len(time)) * 5 / 3600
        on = (hour >= 1) & (hour < 9)
        power = np.where(on, 1.5, 0.05) + np.where(on & (np.arange(len(time)) * 5 % 60 >= 15), 4.0, 0.0)
        said(writer, "old/press:power", time, power * (1 + 0.01 * random.normal(size=len(time))))
        reading = Retrofitting(load(folder), Ledger(places(folder).ledger), places(folder).spool)
        reading.turn(end)
        reading.close()
        Intake(places(folder).spool, writer).drain()
    return end


def said(writer: LedgerWriter, signal: str, time: np.ndarray, values: np.ndarray) -> None:
    """Good values of a signal into the books."""
    count = len(time)
    writer.append(
        "signal",
        {"time": time.astype(np.int64).tolist(), "subject": [signal] * count, "value": np.round(values, 4).tolist(),
         "quality": [0] * count},
        source="cell",
    )  # fmt: skip


def _mill(writer: LedgerWriter, end: int, random: np.random.Generator) -> None:
    start = end - round(DAYS * DAY)
    time = np.arange(start, end, 5 * SECOND, dtype=np.int64)
    gear = (time - start) // (2 * HOUR) % 2 == 1
    current = np.where(gear, 24.0, 12.0) + random.normal(0, 0.6, len(time))
    blows = gear & (time >= end - BLOWS) & (np.arange(len(time)) % 40 == 0)
    said(writer, "old/mill:current", time, current + np.where(blows, 12.0, 0.0))
    minute = time % MINUTE == 0
    said(writer, "old/mill:temperature", time[minute], 30 + 0.4 * current[minute] + random.normal(0, 0.3, minute.sum()))
    change = np.flatnonzero(np.concatenate(([True], gear[1:] != gear[:-1])))
    count = len(change)
    writer.append(
        "state",
        {"time": time[change].tolist(), "subject": [MILL] * count, "state": ["running"] * count,
         "mapping": ["generic@1"] * count, "item": np.where(gear[change], GEAR, SHAFT).tolist(),
         "quality": [0] * count},
        source="cell",
    )  # fmt: skip
