"""A small shop with measured values in its books: what the quality page is tried on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luban.core.time import DAY, MINUTE, now
from luban.ledger import LedgerWriter
from luban.loop.places import places

DIAMETER, WIDTH, BORE = "shaft:diameter", "gear:face width", "flange:bore"
UNIT = "jinan/turning"

_PLANT = """
[plant]
id = "jinan"
name = "Jinan gearbox works"
time_zone = "Asia/Shanghai"
calendar = "always"

[[calendar]]
id = "always"
shifts = [{ name = "A", start = "00:00", end = "00:00", days = "Mon-Sun" }]

[[equipment]]
path = "turning"
name = "Turning"

[[equipment]]
path = "milling"
name = "Milling"
"""
_ITEMS = "id,name,unit\nshaft,Shaft,piece\ngear,Gear,piece\nflange,Flange,piece\n"
_CHARACTERISTICS = """item,name,unit,nominal,lower,upper
shaft,diameter,mm,25,24.985,25.015
gear,face width,mm,18,17.95,18.05
flange,bore,mm,40,40,40.025
"""


def write(folder: Path) -> Path:
    """The folder of the shop, without a fact in its books."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "items.csv").write_text(_ITEMS, "utf-8")
    (folder / "characteristics.csv").write_text(_CHARACTERISTICS, "utf-8")
    return folder
