"""A plant with ninety days of readings by the hour, pieces, and an outside temperature: from day 60 on it saves 12 %.

Of a day 300 kWh come whatever is made, 5 with each piece and 8 with each degree under 15 °C.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from luban.core.time import DAY, HOUR, parse_time
from tests.screens.energy_shop import add, reading

__all__ = ["ACT", "DAYS", "FIRST", "SAVED", "saving"]

FIRST: Final = parse_time("2026-08-24T00:00:00+08:00")  # a Monday
DAYS: Final = 90
ACT: Final = FIRST + 60 * DAY
SAVED: Final = 0.12
_PLANT = """
[plant]
id = "jinan"
name = "Jinan gearbox works"
time_zone = "Asia/Shanghai"

[energy]
tariff = ["cn-example"]

[[equipment]]
path = "lathe"
name = "Lathe"

[[source]]
id = "weather"
type = "shdr"
url = "tcp://127.0.0.1:7879"

[[signal]]
id = "lathe:outside"
source = "weather"
address = "t"
unit = "°C"
"""
_METERS = """id,medium,unit,parent,rated,error,every,place
main,electricity,kWh,,200,0.005,1h,lathe
"""


def saving(folder: Path, *, share: float = SAVED) -> Path:
    """The folder with its books."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "meters.csv").write_text(_METERS, "utf-8")
    g = np.random.default_rng(7)
    warm = 16 + 9 * np.cos(2 * np.pi * np.arange(DAYS) / 90) + g.normal(0, 2, DAYS)
    pieces = np.where(np.arange(DAYS) % 7 == 6, 0, g.integers(20, 60, DAYS))
    energy = (300 + 5 * pieces + 8 * np.maximum(15 - warm, 0)) * (1 + g.normal(0, 0.015, DAYS))
    energy[60:] *= 1 - share
    register, rows, counts, signals = 1000.0, [], [], []
    for day in range(DAYS):
        for hour in range(24):
            time = FIRST + day * DAY + hour * HOUR
            rows.append(reading("main", time, round(register, 3)))
            register += float(energy[day]) / 24
            signals.append({"time": time, "subject": "jinan/lathe:outside", "value": float(warm[day]), "quality": 0})
        if pieces[day]:
            counts.append(_count(FIRST + day * DAY + 16 * HOUR, f"W{day // 7}", float(pieces[day])))
    rows.append(reading("main", FIRST + DAYS * DAY, round(register, 3)))
    add(folder, "meter", rows)
    add(folder, "count", counts)
    add(folder, "signal", signals)
    return folder


def _count(time: int, order: str, good: float) -> dict[str, Any]:
    return {"time": time, "subject": "jinan/lathe", "good": good, "scrap": 0.0, "rework": 0.0, "order": order,
            "item": "shaft", "quality": 0}  # fmt: skip
