"""A plant that prints nothing and knits shirts: example 1.2 of the GHG Protocol's scope 3 guidance as facts.

12,000 shirts took 5,000 kg cotton, 2,500 kg polymer and two chemicals of 500 kg, 5,000 kWh of electricity, 2,500 kWh of
gas and left 100 kg for landfill. The guidance prints 72,800 kg CO2e (version 1.0 of 2013, pages 26 to 28): energy
3,000, material 49,250, transport 20,500, waste 50. Its own distances and vehicle factors give 205,000 for transport,
ten times what it prints; the vehicle factors here are a tenth of those printed, so that its stages and sum hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luban.core.time import HOUR, parse_time
from luban.ledger import LedgerWriter
from luban.norms.emissions import Factor, read_factors
from luban.understand.green import statement_row

__all__ = ["END", "FACTORS", "PRINTED", "SHIRTS", "T0", "add", "factors_of", "knit", "state"]

T0 = parse_time("2026-03-01T00:00:00Z")
END = T0 + 100 * HOUR
PRINTED = 72_800.0
SHIRTS = 12_000
_PLANT = """
[plant]
id = "mill"
name = "Knitting mill"
time_zone = "UTC"

[[equipment]]
path = "knit"
name = "Knitting machine"
"""
_ITEMS = """id,name,unit
shirt,T-shirt,piece
cotton,Cotton,kg
polymer,Polymer,kg
chem-a,Chemical A,kg
chem-b,Chemical B,kg
waste:scraps,Scraps,kg
hazardous-waste:sludge,Sludge,t
"""
_METERS = """id,medium,unit,parent,error,place
main,electricity,kWh,,0.01,
knit,electricity,kWh,main,0.01,mill/knit
gas,natural gas,kWh,,0.01,
city,water,m³,,0.02,
dye,water,m³,city,0.02,
loop,circulating water,m³,,0.02,
back,recycled water,m³,,0.02,
sewer,waste water,m³,,0.02,
"""
# value per kg of bringing it here: kilometres times a tenth of the vehicle's factor
FACTORS = """start = 2013-01-01
reference = "GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013), example 1.2; illustrative"
unit = "kgCO2e/kg"
verified = true
[factor.grid]
medium = "electricity"
scope = 2
year = 2025
value = 0.5
unit = "kgCO2e/kWh"
[factor.gas]
medium = "natural gas"
scope = 1
year = 2025
value = 0.2
unit = "kgCO2e/kWh"
""" + "".join(
    f'[factor."{name}"]\nmedium = "{name}"\nscope = 3\nyear = 2025\nvalue = {value}\n'
    for name, value in {
        "cotton": 7.0, "polymer": 5.0, "chem-a": 2.0, "chem-b": 1.5, "cotton transport": 1000 * 0.001,
        "polymer transport": 2500 * 0.002, "chem-a transport": 800 * 0.005, "chem-b transport": 200 * 0.01,
        "waste:scraps": 0.5,
    }.items()
)  # fmt: skip
_READ = {
    "main": ("electricity", "kWh", 5000.0), "knit": ("electricity", "kWh", 4000.0),
    "gas": ("natural gas", "kWh", 2500.0), "city": ("water", "m³", 100.0), "dye": ("water", "m³", 60.0),
    "loop": ("circulating water", "m³", 300.0), "back": ("recycled water", "m³", 20.0),
    "sewer": ("waste water", "m³", 70.0),
}  # fmt: skip


def add(folder: Path, stream: str, rows: dict[str, list[Any]]) -> None:
    """Write facts into the books."""
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        writer.append(stream, rows, source="test")


def state(folder: Path, name: str, value: float | None, **more: Any) -> None:
    """Put a statement into the books."""
    given = {"document": "report 7"} | more
    add(
        folder, "event", statement_row(name, value, given.pop("start", T0), given.pop("end", END), person="li", **given)
    )


def factors_of(folder: Path) -> tuple[Factor, ...]:
    """The factors of the example."""
    return tuple(read_factors(folder / "factors.toml").values())


def knit(folder: Path, *, scrap: float = 0.0) -> Path:
    """The plant with its facts."""
    (folder / "plant.toml").write_text(_PLANT, "utf-8")
    (folder / "items.csv").write_text(_ITEMS, "utf-8")
    (folder / "bom.csv").write_text("parent,item,quantity\nshirt,cotton,0.5\nshirt,chem-b,0.0416666667\n", "utf-8")
    (folder / "meters.csv").write_text(_METERS, "utf-8")
    (folder / "factors.toml").write_text(FACTORS, "utf-8")
    names = [name for name in _READ for _ in range(2)]
    add(folder, "meter", {
        "time": [T0, END] * len(_READ), "subject": names, "medium": [_READ[name][0] for name in names],
        "register": [value for _, _, amount in _READ.values() for value in (1000.0, 1000.0 + amount)],
        "measured_in": [_READ[name][1] for name in names], "quality": [0] * len(names),
    })  # fmt: skip
    add(folder, "state", {"time": [T0], "subject": ["mill/knit"], "state": ["EXECUTE"], "mapping": ["packml@1"],
                          "order": ["A"], "item": ["shirt"], "quality": [0]})  # fmt: skip
    add(folder, "count", {"time": [END - HOUR], "subject": ["mill/knit"], "good": [SHIRTS - scrap], "scrap": [scrap],
                          "rework": [0.0], "order": ["A"], "item": ["shirt"], "quality": [0]})  # fmt: skip
    inputs = {"cotton": 5000.0, "polymer": 2500.0, "chem-a": 500.0}
    add(folder, "genealogy", {"time": [T0 + HOUR] * 3, "subject": ["L1"] * 3, "input": [f"{one}-1" for one in inputs],
                              "item": list(inputs), "quantity": list(inputs.values()), "order": ["A"] * 3})  # fmt: skip
    add(folder, "movement", {
        "time": [T0 - HOUR, T0 + HOUR, T0 + 2 * HOUR, T0 + 3 * HOUR, T0 + HOUR],
        "subject": ["waste:scraps"] * 4 + ["hazardous-waste:sludge"],
        "origin": [None, None, "yard", "yard", None],
        "destination": ["yard", "yard", "utilised:weaver", "disposed:landfill", "yard"],
        "quantity": [40.0, 100.0, 90.0, 30.0, 0.2],
    })  # fmt: skip
    return folder
