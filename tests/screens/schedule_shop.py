"""A shop with orders and a plan made by hand: what the planner's screens are tried on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import parse_time
from luban.decide.schedule.build import Builder
from luban.decide.schedule.floor import Windows
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NONE, Problem
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import Plans, fingerprint
from luban.plant import load
from tests.screens import twin_shop

ZONE = ZoneInfo("Asia/Shanghai")
START = parse_time("2026-01-05T06:00", ZONE)
MINUTE = 60_000_000
_SCHEDULE = """[schedule]
start = "2026-01-05T06:00"
tick = "1 min"
objective = "tardiness > setup_time"
"""
_ROUTES = {
    "shaft": (("turning", 70), ("milling", 60), ("grinding", 55), ("wash", 10)),
    "gear": (("turning", 60), ("milling", 75), ("wash", 10)),
    "flange": (("milling", 80), ("grinding", 40), ("wash", 10)),
}
_UNITS = {
    "turning": ("turning/lathe01", "turning/lathe02"),
    "milling": ("milling/mill01", "milling/mill02"),
    "grinding": ("grinding",),
    "wash": ("wash",),
}


def write(folder: Path, orders: int = 14, pace: int = 5) -> Path:
    """The twin's shop with orders in its folder; `pace`: days between the due dates of 28 orders."""
    twin_shop.write(folder)
    rows = "".join(f"{name},{item},{count},,{due},0\n" for name, item, count, due in _orders(orders, pace))
    (folder / "orders.csv").write_text("id,item,quantity,release,due,priority\n" + rows, "utf-8")
    (folder / "schedule.toml").write_text(_SCHEDULE, "utf-8")
    return folder


def _orders(count: int, pace: int) -> list[tuple[str, str, int, str]]:
    items = list(_ROUTES)
    return [
        (f"PO-{at + 101}", items[at % 3], 20 + 7 * (at % 5), f"2026-01-{6 + at * pace // 28:02}T{14 + at % 3}:00")
        for at in range(count)
    ]


def problem(orders: int = 14, pace: int = 5) -> Problem:
    """The same shop as arrays: two shifts with a break, setups by item, maintenance of a mill."""
    shop = Builder("jinan", START, MINUTE)
    days = [day for day in range(30) if day % 7 != 6]
    shop.calendar(
        "two", [w for day in days for w in ((day * 1440, day * 1440 + 240), (day * 1440 + 270, day * 1440 + 960))]
    )
    for units in _UNITS.values():
        for unit in units:
            shop.machine(f"jinan/{unit}", calendar="two", table="tools" if "/" in unit else "")
    for a in ("", *_ROUTES):
        for b in _ROUTES:
            if a != b:
                shop.setup("tools", a, b, 40)
    shop.job("service mill01", release=960, deadline=3 * 1440, maintenance=True)
    shop.operation("service mill01", {"jinan/milling/mill01": 120})
    for name, item, quantity, due in _orders(orders, pace):
        shop.job(name, due=(parse_time(due, ZONE) - START) // MINUTE)
        for at, (place, seconds) in enumerate(_ROUTES[item], 1):
            modes = {f"jinan/{unit}": max(1, seconds * quantity // 60) for unit in _UNITS[place]}
            shop.operation(name, modes, name=f"{name}/{at}0", family=item)
    return shop.problem()


def by_hand(p: Problem) -> Schedule:
    """Job by job in the order of their due dates, each operation on the machine where it ends first."""
    windows, count = Windows(p), p.operation_count
    out = {name: np.zeros(count, np.int64) for name in ("machine", "start", "end", "setup_start", "setup_end")}
    free, family = p.machine_ready.copy(), p.machine_family.copy()
    order = sorted(range(p.job_count), key=lambda job: (p.job_kind[job] == 0, p.due[job], job))
    for job in order:
        ready = int(p.release[job])
        for at in range(int(p.job_first[job]), int(p.job_first[job + 1])):
            best: Any = None
            for machine, time in p.modes(at):
                table, own = int(p.machine_table[machine]), int(p.family[at])
                setup = 0 if NONE in {table, own} else int(p.setup_time[table, family[machine], own])
                spent = windows.finish(machine, int(free[machine]), setup)
                start, end = windows.finish(machine, max(ready, spent[1]), time)
                spent = spent if setup else (start, start)
                best = min(filter(None, (best, (end, machine, start, spent))))
            end, machine, start, spent = best
            for name, value in zip(out, (machine, start, end, *spent), strict=True):
                out[name][at] = value
            free[machine] = ready = end
            family[machine] = p.family[at] if p.family[at] != NONE else family[machine]
    return Schedule(p, **out, batch=np.full(count, NONE))


def big(orders: int = 600, machines: int = 40) -> Problem:
    """A plan of thousands of bars, five operations an order."""
    rng = np.random.default_rng(4)
    shop = Builder("big", START, MINUTE)
    days = range(60)
    shop.calendar(
        "two", [w for day in days for w in ((day * 1440, day * 1440 + 240), (day * 1440 + 270, day * 1440 + 960))]
    )
    for at in range(machines):
        shop.machine(f"jinan/hall{at // 10 + 1}/m{at + 1:02}", calendar="two", table="t")
    for a in ("", *"abcdef"):
        for b in "abcdef":
            if a != b:
                shop.setup("t", a, b, 20)
    for at in range(orders):
        name = f"{'abcdef'[at % 6].upper()}-{at + 1:04}"
        shop.job(name, due=int(rng.integers(2, 22)) * 1440)
        for step in range(5):
            able = rng.choice(machines, 3, replace=False)
            modes = {f"jinan/hall{m // 10 + 1}/m{m + 1:02}": int(rng.integers(15, 120)) for m in able.tolist()}
            shop.operation(name, modes, name=f"{name}/{step + 1}0", family="abcdef"[at % 6])
    return shop.problem()


def seed(folder: Path, made: Problem, *, name: str = "", who: str = "li") -> str:
    """Keep the plan made by hand; its id."""
    schedule = by_hand(made)
    value = Objective.parse("tardiness > setup_time").value(schedule)
    told = {
        "objective": "tardiness > setup_time", "value": list(value), "bound": 0.0, "gap": None, "reason": "time",
        "seconds": 1.0, "seed": 0, "fingerprint": fingerprint(folder, load(folder)),
    }  # fmt: skip
    return Plans(folder).make(schedule, told | ({"name": name} if name else {}), who=who).id
