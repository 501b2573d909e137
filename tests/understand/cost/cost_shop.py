"""The book worked out by hand, as a plant folder with a ledger of facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luban.core.time import HOUR
from luban.ledger import LedgerWriter

__all__ = ["SHIPPED", "T0", "shop_folder"]

T0 = 1_790_000_000_000_000
SHIPPED = 17632 + 7174
_TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[[equipment]]
path = "hall/m1"
[[equipment]]
path = "hall/m2"
"""
_TABLES = {
    "items": "id,name,unit\nshaft,Shaft,piece\nflange,Flange,piece\nbar,Bar,kg\nblank,Blank,piece\n",
    "bom": "parent,item,quantity\nshaft,bar,1.9\nflange,blank,1\n",
    "routing": "item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,hall/m1,900,1800\nflange,10,hall/m2,1000,\n",
    "orders": "id,item,quantity\nA,shaft,10\nB,flange,4\n",
    "prices": "kind,of,lot,state,price,per\nmaterial,bar,,,12.50,kg\nmaterial,bar,B2,,13.10,kg\n"
    "material,blank,,,40,piece\nmachine,hall/m1,,,60,h\nmachine,hall/m1,,setup,45,h\nmachine,hall/m2,,,80,h\n"
    "labour,,,,36,h\ntool,T1,,,8,edge\nenergy,electricity,,,0.85,kWh\noverhead,material,,,0.05,\n"
    "overhead,machine,,,0.20,\nscrap,shaft,,,1.50,piece\n",
}


def shop_folder(folder: Path) -> Path:
    """Write the plant and its facts; times are hours after T0."""
    (folder / "plant.toml").write_text(_TOML, "utf-8")
    for name, text in _TABLES.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        for stream, row in _facts():
            writer.append(stream, {name: [cell] for name, cell in row.items()}, source="test")
    return folder


def _facts() -> list[tuple[str, dict[str, Any]]]:
    return [
        _move(0, "bar", "B1", "", "store", 100),
        _move(0, "bar", "B2", "", "store", 50),
        _move(0, "blank", "K1", "", "store", 5),
        _move(0.5, "bar", "B1", "store", "", 18, "A"),
        _move(0.5, "blank", "K1", "store", "", 4, "B"),
        _state(1, "m1", "setup", "A"),
        _state(1.5, "m1", "producing", "A"),
        _state(3.75, "m1", "idle", None),
        _step(1, 3.75, "10", person="Li", good=4.0, scrap=1.0),
        _meter(1, 3.75, "m1", 7.3),
        _move(3.75, "shaft", "S1", "", "store", 4, "A"),
        _move(4, "bar", "B2", "store", "", 2, "A"),
        _state(5, "m1", "rework", "A"),
        _state(5.4, "m1", "idle", None),
        _step(5, 5.4, "rework", person="Li"),
        _step(5.4, None, "20", tool="T1", good=3.0),
        _move(5.5, "shaft", "S2", "", "store", 5, "A"),
        _state(6, "m2", "producing", "B"),
        _state(7.2, "m2", "idle", None),
        _meter(6, 7.2, "m2", 4.4),
        _move(7.5, "flange", "F1", "", "store", 4, "B"),
        _meter(8, 9, "m1", 2.0),
        _move(10, "shaft", "S1", "store", "customer:north", 3),
        _move(10, "flange", "F1", "store", "", 1),
    ]


def _at(hours: float) -> int:
    return T0 + round(hours * HOUR)


def _move(
    at: float, item: str, lot: str, origin: str, destination: str, quantity: float, order: str | None = None
) -> tuple[str, dict[str, Any]]:
    return "movement", {
        "time": _at(at), "subject": item, "lot": lot, "origin": origin or None, "destination": destination or None,
        "quantity": float(quantity), "order": order,
    }  # fmt: skip


def _state(at: float, unit: str, state: str, order: str | None) -> tuple[str, dict[str, Any]]:
    return "state", {
        "time": _at(at), "subject": f"works/hall/{unit}", "state": state, "mapping": "generic@1", "order": order,
        "quality": 0,
    }  # fmt: skip


def _step(start: float, end: float | None, operation: str, **rest: Any) -> tuple[str, dict[str, Any]]:
    return "operation", {
        "time": _at(start), "subject": "works/hall/m1", "order": "A", "operation": operation, "item": "shaft",
        "end": None if end is None else _at(end), **rest,
    }  # fmt: skip


def _meter(start: float, end: float, unit: str, energy: float) -> tuple[str, dict[str, Any]]:
    return "meter", {
        "time": _at(end), "subject": f"works/hall/{unit}:energy", "medium": "electricity", "interval": energy,
        "start": _at(start), "measured_in": "kWh", "quality": 0,
    }  # fmt: skip
