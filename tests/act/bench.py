"""A plant to act on without wires: devices in memory that may refuse, lie, be away or die at a chosen step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luban.act.engine import Actor
from luban.act.reading import Reading
from luban.connect.wire import ReadBack
from luban.core.errors import LinkDownError
from luban.core.time import SECOND
from luban.plant import Actuator, Interlock
from luban.understand.book import Entry

START = 1_700_000_000 * SECOND
LOAD = "p/m1:load"
STATE = "p/m1:state"


class Crash(BaseException):
    """The process dies here; nothing catches it."""


def actuator(name: str = "p/m1:offset", **changed: Any) -> Actuator:
    given: dict[str, Any] = {
        "lower": -50.0, "upper": 50.0, "step": 10.0, "every": 30 * SECOND, "settle": SECOND, "mode": "automatic",
        "interlocks": (Interlock(LOAD, "<", 80.0), Interlock(STATE, "is", "running")),
    }  # fmt: skip
    return Actuator(name, "plc", name.rpartition(":")[2], "µm", **(given | changed))


@dataclass
class Devices:
    """What the machines are, and how they behave towards a write."""

    now: int = START
    values: dict[str, float | str] = field(default_factory=lambda: {"p/m1:offset": 0.0, LOAD: 20.0, STATE: "running"})
    heard: dict[str, int] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    mood: str = "obeys"  # refuses, lies, is away, loses the answer
    writes: list[tuple[int, str, float]] = field(default_factory=list)
    left: int | None = None  # steps until the process dies

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash

    def readings(self) -> Mapping[str, Reading]:
        return {k: Reading(v, self.heard.get(k, self.now), k not in self.bad) for k, v in self.values.items()}

    def up(self, source: str) -> bool:
        assert source == "plc"
        return self.mood != "is gone"

    async def write(self, source: str, address: str, value: float) -> ReadBack:
        assert source == "plc"
        self.step()
        if self.mood == "is away":
            raise LinkDownError("not connected", where=source)
        if self.mood == "refuses":
            return ReadBack(False, reason="the server refused it: BadNotWritable")
        name = f"p/m1:{address}"
        self.writes.append((self.now, name, value))
        if self.mood != "lies":
            self.values[name] = value
        self.step()
        if self.mood == "loses the answer":
            raise LinkDownError("the link broke", where=source)
        return ReadBack(True, self.values[name], self.now)


@dataclass
class Books:
    """Entries that are durable; what is not in here when a process dies was never there."""

    devices: Devices
    entries: list[Entry] = field(default_factory=list)

    def note(self, rows: Mapping[str, list[Any]]) -> int:
        self.devices.step()
        first = len(self.entries) + 1
        for place, time in enumerate(rows["time"]):
            one = {name: values[place] for name, values in rows.items()}
            self.entries.append(
                Entry(
                    first + place, time, time, one["kind"], one["code"], one["subject"], one["person"] or "",
                    one["text"] or "", json.loads(one["data"]),
                )
            )  # fmt: skip
        self.devices.step()
        return first


def actor(devices: Devices, books: Books, *actuators: Actuator) -> Actor:
    def clock() -> int:
        devices.now += 1000  # time passes while one looks, so that waiting ends
        return devices.now

    made = Actor({one.id: one for one in actuators or (actuator(),)}, devices, books.note, clock=clock)
    made.load(books.entries)
    return made
