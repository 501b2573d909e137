"""A small plant whose lots were made of each other: what the trace page is tried on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luban.core.time import DAY, HOUR, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.users import Role
from tests.screens.quality_shop import recorder
from tests.screens.works import CELL, equipment, plant

__all__ = ["LATHE", "PEOPLE", "add", "recorder", "traced"]

LATHE = "jinan/lathe"
PEOPLE = {
    "li": (Role.ENGINEER, []), "zhao": (Role.OPERATOR, []), "wang": (Role.VIEWER, []), "part": (Role.ENGINEER, [LATHE]),
}  # fmt: skip
_PLANT = plant() + equipment({"lathe": "Lathe", "mill": "Mill"}) + CELL
# steel S-1 and S-2 become shafts P-1 and P-2; with gears G-1 they become gearboxes; P-2 took more of G-9 than there was
_USES = (
    ("P-1", "S-1", "steel", 40.0, "M1", LATHE), ("P-1", "S-2", "steel", 10.0, "M1", LATHE),
    ("P-2", "S-2", "steel", 20.0, "M2", LATHE), ("BOX-1", "P-1", "shaft", 4.0, "A1", "jinan/mill"),
    ("BOX-1", "G-1", "gear", 8.0, "A1", "jinan/mill"), ("BOX-2", "P-1", "shaft", 6.0, "A2", "jinan/mill"),
    ("BOX-2", "P-2", "shaft", 3.0, "A2", "jinan/mill"), ("BOX-2", "G-9", "gear", 30.0, "A2", "jinan/mill"),
)  # fmt: skip
_MOVES = (
    ("steel", "S-1", None, "store", 60.0, None),
    ("steel", "S-2", None, "store", 60.0, None),
    ("gear", "G-1", None, "store", 20.0, None),
    ("gear", "G-9", None, "store", 20.0, None),
    ("gearbox", "BOX-1", None, "store", 4.0, "A1"),
    ("gearbox", "BOX-2", None, "store", 5.0, "A2"),
    ("gearbox", "BOX-1", "store", "customer:north", 3.0, "SO1"),
    ("gearbox", "BOX-2", "store", "customer:south", 5.0, "SO2"),
)


def add(folder: Path, stream: str, rows: dict[str, list[Any]]) -> None:
    """Write facts straight into the books."""
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append(stream, rows, source="erp")


def traced(folder: Path) -> Path:
    """The folder with four bought lots, two of shafts, two of gearboxes, and their deliveries."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "items.csv").write_text("id,name,unit\nsteel,Steel,kg\nshaft,Shaft,piece\ngear,Gear,piece\n"
                                      "gearbox,Gearbox,piece\n", "utf-8")  # fmt: skip
    (folder / "customers.csv").write_text("place,name,address,contact,language\ncustomer:north,北方车辆厂,"
                                          "济南市;历下区 1 号,王工,zh\n", "utf-8")  # fmt: skip
    begin = now() - DAY
    received, made, shipped = begin, begin + HOUR, begin + 3 * HOUR
    when = [received] * 4 + [made + HOUR] * 2 + [shipped] * 2
    item, lot, origin, place, quantity, order = (list(one) for one in zip(*_MOVES, strict=True))
    add(folder, "movement", {"time": when, "subject": item, "lot": lot, "origin": origin, "destination": place,
                             "quantity": quantity, "order": order})  # fmt: skip
    output, source, item, quantity, order, unit = (list(one) for one in zip(*_USES, strict=True))
    when = [made] * 3 + [made + HOUR // 2] * 5
    add(folder, "genealogy", {"time": when, "subject": output, "input": source, "item": item, "quantity": quantity,
                              "order": order, "unit": unit})  # fmt: skip
    add(folder, "operation", {
        "time": [made - HOUR // 2, made - HOUR // 2], "end": [made + HOUR, made + HOUR], "subject": [LATHE, LATHE],
        "order": ["M1", "M2"], "operation": ["10", "10"], "person": ["chen", "sun"], "tool": ["T7", "T8"],
    })  # fmt: skip
    add(folder, "event", {"time": [made - HOUR // 2], "end": [made], "subject": [LATHE], "kind": ["alarm"],
                          "code": ["overheat"]})  # fmt: skip
    return folder
