"""A small shop with two hours in its books, a gap in them, and machines that go on talking SHDR."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

from luban.connect.shdr.device import Adapter
from luban.core.time import HOUR, MINUTE, SECOND, now
from luban.ledger import LedgerWriter
from luban.loop.places import places

CELL = "jinan/machining"
LATHE, LATHE2, MILL = f"{CELL}/lathe01", f"{CELL}/lathe02", f"{CELL}/mill01"

_TOML = """
[plant]
id = "jinan"
name = "Jinan gearbox works"
enterprise = "Luban Gear"
time_zone = "Asia/Shanghai"
calendar = "always"

[kpi]
mapping = "mtconnect-execution@1"

[[calendar]]
id = "always"
shifts = [
  {{ name = "A", start = "00:00", end = "08:00", days = "Mon-Sun" }},
  {{ name = "B", start = "08:00", end = "16:00", days = "Mon-Sun" }},
  {{ name = "C", start = "16:00", end = "00:00", days = "Mon-Sun" }},
]

[[equipment]]
path = "machining"
kind = "work center"
name = "Machining"
{machines}
[[source]]
id = "okuma"
type = "shdr"
url = "tcp://127.0.0.1:{port}"

[[source]]
id = "haas"
type = "shdr"
url = "tcp://127.0.0.1:{quiet_port}"
"""
_MACHINE = """
[[equipment]]
path = "machining/{id}"
name = "{name}"

[[signal]]
id = "machining/{id}:execution"
source = "{source}"
address = "{id}_exec"
role = "state"

[[signal]]
id = "machining/{id}:parts"
source = "{source}"
address = "{id}_parts"
unit = "piece"
role = "total_count"

[[signal]]
id = "machining/{id}:spindle_load"
source = "{source}"
address = "{id}_load"
unit = "%"
range = [0, 150]

[[signal]]
id = "machining/{id}:spindle_speed"
source = "{source}"
address = "{id}_speed"
unit = "1/min"

[[signal]]
id = "machining/{id}:coolant"
source = "{source}"
address = "{id}_coolant"
unit = "°C"
"""
_MACHINES = (("lathe01", "Lathe 1", "okuma"), ("lathe02", "Lathe 2", "okuma"), ("mill01", "Mill 1", "haas"))


def write_plant(folder: Path, port: int, quiet_port: int) -> None:
    """The folder of the shop: two lathes on one adapter, a mill on another."""
    folder.mkdir(parents=True, exist_ok=True)
    machines = "".join(_MACHINE.format(id=id_, name=name, source=source) for id_, name, source in _MACHINES)
    (folder / "plant.toml").write_text(_TOML.format(machines=machines, port=port, quiet_port=quiet_port), "utf-8")
    (folder / "items.csv").write_text("id,name,unit\ngear,Gear,piece\n", "utf-8")
    routing = "item,operation,unit,ideal_cycle_s,setup_s\n"
    for number, (id_, _, _) in enumerate(_MACHINES, 1):
        routing += f"gear,{number}0,machining/{id_},45,600\n"
    (folder / "routing.csv").write_text(routing, "utf-8")


def seed(folder: Path, *, until: int | None = None, hours: int = 2) -> int:
    """Write the past: states, counts, signals, proofs of life with a gap of three minutes. Returns its end [µs UTC]."""
    end = (now() if until is None else until) - 5 * SECOND
    start = end - hours * HOUR
    gap = (end - 40 * MINUTE, end - 37 * MINUTE)
    with LedgerWriter(places(folder).ledger) as writer:
        for number, (id_, _, source) in enumerate(_MACHINES):
            _seed_machine(writer, f"{CELL}/{id_}", source, start, end, gap if source == "okuma" else None, number)
        for source in ("okuma", "haas"):
            cut = end - 11 * MINUTE if source == "haas" else end
            spans = [(start, gap[0]), (gap[1], cut)] if source == "okuma" else [(start, cut)]
            writer.append("event", _alive(source, spans), source=source)
        told = {
            "time": [gap[0]], "subject": ["okuma"], "kind": ["gap"], "end": [gap[1]], "text": ["connection lost"],
            "data": ['{"reason": "connection lost", "backfilled": 0}'],
        }  # fmt: skip
        writer.append("event", told, source="okuma")
    return end


def _alive(source: str, spans: list[tuple[int, int]]) -> dict[str, list[object]]:
    rows = [(a, min(a + 10 * SECOND, end)) for begin, end in spans for a in range(begin, end, 10 * SECOND)]
    return {
        "time": [a for a, _ in rows], "end": [b for _, b in rows], "subject": [source] * len(rows),
        "kind": ["alive"] * len(rows),
    }  # fmt: skip


def _seed_machine(
    writer: LedgerWriter, unit: str, source: str, start: int, end: int, gap: tuple[int, int] | None, number: int
) -> None:
    def heard(t: int) -> bool:
        return (gap is None or not gap[0] <= t < gap[1]) and (source != "haas" or t < end - 11 * MINUTE)

    cycle = (
        ("ACTIVE", 26),
        ("READY", 3),
        ("ACTIVE", 21),
        ("INTERRUPTED", 4 + 2 * number),
        ("ACTIVE", 17),
        ("FEED_HOLD", 2),
    )
    t, at, states = start, number, []
    while t < end:
        word, minutes = cycle[at % len(cycle)]
        states.append((t, word))
        t, at = t + minutes * MINUTE, at + 1
    if gap:
        states.append((gap[1], "ACTIVE"))
    states = sorted(s for s in states if heard(s[0]))
    quality = [0] * len(states)
    writer.append(
        "state",
        {"time": [s[0] for s in states], "subject": [unit] * len(states), "state": [s[1] for s in states],
         "mapping": ["mtconnect-execution@1"] * len(states), "quality": quality},
        source=source,
    )  # fmt: skip
    words = [w for t in range(start, end, SECOND) if (w := _word(states, t)) is not None]
    running = [t for t, w in zip(range(start, end, SECOND), words, strict=False) if w == "ACTIVE" and heard(t)]
    made = running[:: 49 + 3 * number]
    scrap = [1.0 if at % 23 == 7 else 0.0 for at in range(len(made))]
    writer.append(
        "count",
        {"time": made, "subject": [unit] * len(made), "good": [1 - s for s in scrap], "scrap": scrap,
         "rework": [0.0] * len(made), "item": ["gear"] * len(made), "quality": [0] * len(made)},
        source=source,
    )  # fmt: skip
    _seed_signals(writer, unit, source, [t for t in range(start, end, 2 * SECOND) if heard(t)], states, number)


def _word(states: list[tuple[int, str]], t: int) -> str | None:
    before = [word for time, word in states if time <= t]
    return before[-1] if before else "READY"


def _seed_signals(
    writer: LedgerWriter, unit: str, source: str, times: list[int], states: list[tuple[int, str]], number: int
) -> None:
    starts = [time for time, _ in states]
    at = 0
    load, speed, coolant, quality = [], [], [], []
    for t in times:
        while at + 1 < len(starts) and starts[at + 1] <= t:
            at += 1
        active = states[at][1] == "ACTIVE"
        load.append(value_of("load", t, active, number))
        speed.append(value_of("speed", t, active, number))
        coolant.append(value_of("coolant", t, active, number))
        quality.append(3 if (t // MINUTE) % 37 == 5 else 0)
    for name, values, doubt in (
        ("spindle_load", load, [0] * len(times)),
        ("spindle_speed", speed, [0] * len(times)),
        ("coolant", coolant, quality),
    ):
        rows = {"time": times, "subject": [f"{unit}:{name}"] * len(times), "value": values, "quality": doubt}
        writer.append("signal", rows, source=source)


def value_of(name: str, t: int, active: bool, number: int) -> float:
    """What a machine shows at a time, without chance so that every run is the same."""
    s = t / SECOND
    if name == "load":
        wobble = 9 * math.sin(s / 7 + number) + 5 * math.sin(s / 1.9) + 3 * math.sin(s * 2.3)
        return round(max(0.0, 58 + wobble if active and s % 48 > 9 else 4 + abs(wobble) / 8), 2)
    if name == "speed":
        return round(2400 + 30 * math.sin(s / 5 + number) if active and s % 48 > 7 else 0.0, 1)
    return round(24 + 2.2 * math.sin(s / 900 + number) + (1.4 if active else 0) + 0.15 * math.sin(s / 11), 2)


async def talk(adapter: Adapter, *, seconds: float, period: float = 0.1) -> None:
    """The lathes live: values ten times a second, states and pieces as they go."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    parts = 400
    for id_ in ("lathe01", "lathe02"):
        adapter.set(f"{id_}_exec", "ACTIVE")
        adapter.set(f"{id_}_parts", str(parts))
    turn = 0
    while loop.time() < end:
        turn += 1
        for number, id_ in enumerate(("lathe01", "lathe02")):
            active = number == 0 or turn % 300 < 220
            for name in ("load", "speed", "coolant"):
                adapter.set(f"{id_}_{name}", str(value_of(name, now(), active, number)))
            if number == 1 and turn % 300 in {0, 220}:
                adapter.set(f"{id_}_exec", "ACTIVE" if active else "INTERRUPTED")
        if turn % 470 == 0:
            parts += 1
            adapter.set("lathe01_parts", str(parts))
        await asyncio.sleep(period)
