"""The hand-computed shop with an order still open and one without a good piece: what the cost page is tried on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luban.core.time import HOUR
from luban.screens.users import Role
from tests.screens.works import append
from tests.understand.cost.cost_shop import T0, shop_folder

__all__ = ["PEOPLE", "add", "costed"]

PEOPLE = {"li": (Role.ENGINEER, []), "wang": (Role.VIEWER, []), "part": (Role.VIEWER, ["works/hall/m1"])}


def add(folder: Path, stream: str, **row: Any) -> None:
    """One fact straight into the books."""
    append(folder, stream, [row])


def costed(folder: Path) -> Path:
    """Orders A (10 shafts, one scrapped) and B (4 flanges) are done; C (6 shafts) took 4 kg of bar: 50.00 + 2.50."""
    folder.mkdir(parents=True, exist_ok=True)
    shop_folder(folder)
    with (folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("C,shaft,6\n")
    add(folder, "movement", time=T0 + 11 * HOUR, subject="bar", lot="B1", origin="store", quantity=4.0, order="C")
    return folder
