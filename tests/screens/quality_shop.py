"""A small shop with measured values in its books: what the quality page is tried on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from luban.core.time import MINUTE, SECOND, now
from luban.ledger import LedgerWriter, Rows
from luban.loop.places import places
from luban.screens.service.books import Record
from luban.screens.users import Act, Role
from tests.screens.works import ALWAYS, equipment, plant

PEOPLE = {
    "li": (Role.ENGINEER, []), "zhao": (Role.OPERATOR, []), "wang": (Role.VIEWER, []),
    "part": (Role.ADMIN, ["jinan/milling"]),
}  # fmt: skip
DIAMETER, WIDTH, BORE, DEPTH = "shaft:diameter", "gear:face width", "flange:bore", "flange:depth"
HOLE = "gear:bore"
COUNT = 160

_PLANT = plant(calendar="always") + ALWAYS + equipment({"turning": "Turning", "milling": "Milling"})
_ITEMS = "id,name,unit\nshaft,Shaft,piece\ngear,Gear,piece\nflange,Flange,piece\n"
_CHARACTERISTICS = """item,name,unit,nominal,lower,upper
shaft,diameter,mm,25,24.985,25.015
gear,face width,mm,18,17.95,18.05
gear,bore,mm,12,11.98,12.02
flange,bore,mm,40,40,40.025
flange,depth,mm,12,11.9,12.1
"""
# what the shop plans to measure
INSPECTION = """item,operation,characteristic,method,gauge,pieces,every,chart,reaction
shaft,,diameter,micrometer,micrometer 2,1,10,i_mr,Stop and call the setter
"""


def write(folder: Path) -> Path:
    """The folder of the shop, without a fact in its books."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "items.csv").write_text(_ITEMS, "utf-8")
    (folder / "characteristics.csv").write_text(_CHARACTERISTICS, "utf-8")
    (folder / "inspection.csv").write_text(INSPECTION, "utf-8")
    return folder


def diameters(count: int = COUNT, seed: int = 5) -> list[float]:
    """Turned diameters [mm]: steady, one slip, and a drift of tool wear at the end."""
    random = np.random.Generator(np.random.PCG64(seed))
    values = 25.0 + 0.0032 * random.standard_normal(count)
    values[37] += 0.0145
    values[-22:] += np.linspace(0.0, 0.011, 22)
    return [float(value) for value in np.round(values, 4)]


def widths(lots: int = 40, size: int = 5, seed: int = 11) -> list[list[float]]:
    """Milled widths by lot [mm]."""
    random = np.random.Generator(np.random.PCG64(seed))
    means = 18.002 + 0.0035 * random.standard_normal((lots, 1))
    means[28] += 0.031
    return [[float(v) for v in row] for row in np.round(means + 0.012 * random.standard_normal((lots, size)), 3)]


def seed(folder: Path, *, until: int | None = None) -> int:
    """Write the past: single diameters, widths in lots of five, three bores. Returns its end [µs UTC]."""
    end = (now() if until is None else until) - MINUTE
    with LedgerWriter(places(folder).ledger) as writer:
        values = diameters()
        time = [end - (len(values) - at) * 4 * MINUTE for at in range(len(values))]
        serial = [f"S{1000 + at}" for at in range(len(values))]
        told = rows(DIAMETER, time, values, gauge="micrometer 2", person="wang", serial=serial)
        writer.append("measurement", told, source="cmm")
        lots = widths()
        flat = [value for row in lots for value in row]
        time = [end - (len(lots) - at // 5) * 30 * MINUTE + at % 5 * MINUTE for at in range(len(flat))]
        lot = [f"G-{240 + at // 5}" for at in range(len(flat))]
        writer.append("measurement", rows(WIDTH, time, flat, gauge="caliper 7", person="zhao", lot=lot), source="cmm")
        bores = [40.011, 40.013, 40.012]
        time = [end - (3 - at) * 9 * MINUTE for at in range(3)]
        writer.append("measurement", rows(BORE, time, bores, gauge="bore gauge 1", person="zhao"), source="cmm")
        for unit, offset in (("jinan/milling", 0.004), ("jinan/turning", -0.004)):
            holes = [round(12 + offset + 0.001 * (at * 7 % 5 - 2), 4) for at in range(30)]
            time = [end - (30 - at) * 11 * MINUTE for at in range(30)]
            writer.append("measurement", rows(HOLE, time, holes, unit=unit), source="cmm")
    return end


def rows(
    subject: str, time: list[int], values: list[float], *, gauge: str = "", person: str = "",
    lot: list[str] | None = None, serial: list[str] | None = None, quality: int = 0, unit: str = "",
) -> dict[str, list[object]]:  # fmt: skip
    """Measurement facts as a writer takes them."""
    n = len(values)
    unit = unit or ("jinan/turning" if subject == DIAMETER else "jinan/milling")
    return {
        "time": list(time), "subject": [subject] * n, "value": list(values), "unit": [unit] * n,
        "gauge": [gauge or None] * n, "person": [person or None] * n, "lot": list(lot) if lot else [None] * n,
        "serial": list(serial) if serial else [None] * n, "quality": [quality] * n,
    }  # fmt: skip


def measure(folder: Path, subject: str, values: list[float], *, since: int | None = None, **named: object) -> int:
    """Append values that are measured now, or from `since` on, a second apart; returns the newest time [µs UTC]."""
    begin = now() if since is None else since
    time = [begin + at * SECOND for at in range(len(values))]
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("measurement", rows(subject, time, values, **named), source="cmm")  # type: ignore[arg-type]
    return time[-1]


def recorder(folder: Path, acts: list[Act]) -> Record:
    """Writes acts and their facts straight into the books, as the act log and the intake do together."""

    def record(act: Act, stream: str = "", rows: Rows | None = None) -> None:
        acts.append(act)
        told = {
            "time": [now()], "subject": [act.subject], "kind": ["act"], "code": [act.code], "text": [act.text],
            "person": [act.person],
        }  # fmt: skip
        with LedgerWriter(places(folder).ledger) as writer:
            if rows is not None:
                writer.append(stream, rows, source="screens")
            writer.append("event", told, source="screens")

    return record
