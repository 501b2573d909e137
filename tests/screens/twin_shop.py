"""A small machine shop with a twin.toml: what the twin's screens are tried on."""

from __future__ import annotations

from pathlib import Path

_PLANT = """
[plant]
id = "jinan"
name = "Jinan gearbox works"
time_zone = "Asia/Shanghai"
calendar = "two_shift"

[kpi]
mapping = "generic@1"

[[calendar]]
id = "two_shift"
shifts = [
  { name = "early", start = "06:00", end = "14:00", days = "Mon-Sat" },
  { name = "late", start = "14:00", end = "22:00", days = "Mon-Sat" },
]

[[equipment]]
path = "turning"
kind = "work center"
name = "Turning"

[[equipment]]
path = "turning/lathe01"
name = "Lathe 1"

[[equipment]]
path = "turning/lathe02"
name = "Lathe 2"

[[equipment]]
path = "milling"
kind = "work center"
name = "Milling"

[[equipment]]
path = "milling/mill01"
name = "Mill 1"

[[equipment]]
path = "milling/mill02"
name = "Mill 2"

[[equipment]]
path = "grinding"
name = "Grinder"

[[equipment]]
path = "wash"
name = "Washer"
"""

_ITEMS = "id,name,unit\nshaft,Shaft,piece\ngear,Gear,piece\nflange,Flange,piece\n"

_ROUTING = """item,operation,unit,ideal_cycle_s,setup_s
shaft,10,turning,70,0
shaft,20,milling,60,0
shaft,30,grinding,55,0
shaft,40,wash,10,0
gear,10,turning,60,0
gear,20,milling,75,0
gear,30,wash,10,0
flange,10,milling,80,0
flange,20,grinding,40,0
flange,30,wash,10,0
"""

_TWIN = """
[run]
start = "2026-01-05"
days = 60

[demand]
per_day = 23
week = "normal(1, sd=0.1)"
due_days = 2
levels = { high = 25 }

[transport]
time = "10 min"

[[product]]
item = "shaft"
share = 5
quantity = "triangular(20, 40, 60)"

[[product]]
item = "gear"
share = 3
quantity = "triangular(20, 40, 60)"

[[product]]
item = "flange"
share = 2
quantity = "triangular(20, 40, 60)"

[[pool]]
id = "setters"
size = 2

[[setup]]
id = "tools"
other = "40 min"
factor = "lognormal(1, cv=0.3)"
pool = "setters"

[[failure]]
id = "spindle"
life = "exponential(60 h)"
repair = "lognormal(2 h, cv=0.8)"

[[station]]
path = "turning"
rule = ["fifo"]

[[station]]
path = "milling"

[[machine]]
path = "turning"
setups = "tools"
failures = ["spindle"]
power = { idle = "1.5 kW", run = "6 kW" }

[[machine]]
path = "milling"
setups = "tools"
failures = ["spindle"]
power = { idle = "2 kW", run = "8 kW" }

[[machine]]
path = "grinding"
power = { idle = "1 kW", run = "5 kW" }

[[step]]
at = "turning"
factor = "lognormal(1, cv=0.15)"

[[step]]
at = "grinding"
scrap = 0.02
"""

SCENARIOS = """
["sorted by setup"]
rule = { turning = ["setup", "edd"], milling = ["setup", "edd"] }

["third mill"]
machines.milling = "+1"

["more orders"]
demand = 1.1
"""


def write(folder: Path) -> Path:
    """The folder of the shop, with scenarios."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("plant.toml", _PLANT),
        ("items.csv", _ITEMS),
        ("routing.csv", _ROUTING),
        ("twin.toml", _TWIN),
        ("scenarios.toml", SCENARIOS),
    ):
        (folder / name).write_text(text, "utf-8")
    return folder
