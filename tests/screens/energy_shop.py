"""A small plant with a meter tree, three days of readings, orders and lots: what the energy page is tried on.

A lathe draws 8 kW while it runs, 2 kW idle; a mill has 3 kW around the clock; 1 kW of the plant has no meter. The lathe
runs from 08:00 to 16:00 each day in its zone, the first two days on order A, the third on B. Compressed air: 10 m³/h
into the hall, without a meter at the machines. One reading of the mill leaps and comes back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from luban.core.time import DAY, HOUR, parse_time
from luban.screens.users import Role
from tests.screens.works import append, equipment, plant

__all__ = ["DAYS", "LATHE", "MILL", "PEOPLE", "START", "add", "metered"]

LATHE, MILL = "jinan/hall/lathe", "jinan/hall/mill"
START: Final = parse_time("2026-11-23T00:00:00+08:00")  # a Monday
DAYS: Final = 3
PEOPLE = {
    "li": (Role.ENGINEER, []), "wang": (Role.VIEWER, []), "part": (Role.ENGINEER, [LATHE]),
}  # fmt: skip
_PLANT = (
    plant()
    + '\n[energy]\ntariff = ["cn-example"]\n'
    + equipment({"hall": "Hall 1"}, "work center")
    + equipment({"hall/lathe": "Lathe", "hall/mill": "Mill"})
)
_METERS = """id,medium,unit,parent,rated,error,every,place
jinan:electricity,electricity,kWh,,40,0.005,1h,
lathe-e,electricity,kWh,jinan:electricity,20,0.01,1h,hall/lathe
mill-e,electricity,kWh,jinan:electricity,20,0.01,1h,hall/mill
air,compressed air,m³,,50,,1h,hall
"""
_STEP = HOUR // 2


def add(folder: Path, stream: str, rows: list[dict[str, Any]]) -> None:
    """Write facts straight into the books."""
    append(folder, stream, rows, source="test")


def reading(meter: str, time: int, register: float, medium: str = "electricity", unit: str = "kWh") -> dict[str, Any]:
    """One fact of a register."""
    return {"time": time, "subject": meter, "medium": medium, "register": register, "measured_in": unit, "quality": 0}


def metered(folder: Path, *, readings: bool = True) -> Path:
    """The folder, with its books."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "meters.csv").write_text(_METERS, "utf-8")
    states, counts = [], []
    for day in range(DAYS):
        begin, order = START + day * DAY, "A" if day < 2 else "B"
        base = {"subject": LATHE, "mapping": "generic@1", "quality": 0}
        states += [
            base | {"time": begin, "state": "idle"}, base | {"time": begin + 8 * HOUR, "state": "running",
                                                              "order": order, "item": "shaft"},
            base | {"time": begin + 16 * HOUR, "state": "idle"},
        ]  # fmt: skip
        counts.append({"time": begin + 16 * HOUR, "subject": LATHE, "good": 10.0, "scrap": 1.0, "rework": 0.0,
                       "order": order, "item": "shaft", "quality": 0})  # fmt: skip
    add(folder, "state", states)
    add(folder, "count", counts)
    add(folder, "genealogy", [{"time": START + HOUR, "subject": lot, "input": "S-1", "item": "steel", "quantity": 1.0,
                               "order": "A"} for lot in ("P-1", "P-2")])  # fmt: skip
    add(folder, "movement", [
        {"time": START + 2 * DAY, "subject": "shaft", "lot": lot, "destination": "store", "quantity": quantity,
         "order": "A"} for lot, quantity in (("P-1", 5.0), ("P-2", 15.0))
    ])  # fmt: skip
    if readings:
        add(folder, "meter", _readings())
    return folder


def _readings() -> list[dict[str, Any]]:
    rows, lathe, mill, whole, air = [], 100.0, 200.0, 1000.0, 10.0
    for at in range(DAYS * 48 + 1):
        time = START + at * _STEP
        said = mill + 500 if at == 61 else mill
        rows += [
            reading("lathe-e", time, lathe), reading("mill-e", time, said), reading("jinan:electricity", time, whole),
            reading("air", time, air, "compressed air", "m³"),
        ]  # fmt: skip
        runs = 16 <= at % 48 < 32
        lathe += 4.0 if runs else 1.0
        mill += 1.5
        whole += (4.0 if runs else 1.0) + 2.0
        air += 5.0
    return rows
