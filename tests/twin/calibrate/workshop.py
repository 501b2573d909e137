"""A workshop simulated in SimPy, written to a ledger as a plant would: an outside judge of the calibration.

Two lathes (the second 20 % slower) that set up and fail, a mill with rework, a furnace that takes up to four lots, an
outside treatment of a day, inspection of a sample of one item. Its parameters are the truth that is to be found again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import simpy

from luban.core.time import SECOND, iso
from luban.ledger import LedgerWriter
from luban.plant import Plant, load

START = 1_767_571_200_000_000  # 2026-01-05T00:00Z, a Monday

PLANT = """\
[plant]
id = "ws"
name = "Workshop"
time_zone = "UTC"
[kpi]
mapping = "generic@1"
[[equipment]]
path = "turning"
kind = "work center"
[[equipment]]
path = "turning/t1"
[[equipment]]
path = "turning/t2"
[[equipment]]
path = "m1"
[[equipment]]
path = "f1"
[[equipment]]
path = "q1"
"""
ROUTES = {
    "A": [("10", "t"), ("20", "m1"), ("30", "f1"), ("40", "q1")],
    "B": [("10", "t"), ("30", "f1"), ("35", ""), ("40", "q1")],
    "C": [("10", "t"), ("20", "m1"), ("25", "q1"), ("30", "f1"), ("40", "q1")],
}
CYCLE = {("A", "10"): 150.0, ("B", "10"): 90.0, ("C", "10"): 210.0, ("A", "20"): 120.0, ("C", "20"): 200.0}  # s/piece
MIX = {"A": 0.4, "B": 0.35, "C": 0.25}
LOT = {"A": 30, "B": 50, "C": 20}
SETUP = {"same": 0.0, "near": 15 * 60.0, "far": 50 * 60.0}
SPEED = {"ws/turning/t1": 1.0, "ws/turning/t2": 1.2}
FACTOR, SETUP_SIGMA = 0.15, 0.25
PER_DAY, MOVE = 9.0, 30 * 60.0
LIFE, REPAIR, REPAIR_SIGMA = 40 * 3600.0, 2 * 3600.0, 0.5
REWORK, SAMPLE, SCRAP = 0.08, 0.6, 0.02
FURNACE, FURNACE_LOTS, OUTSIDE, OUTSIDE_SIGMA = 7200.0, 4, 86400.0, 0.2
INSPECT_LOT, INSPECT_PIECE = 600.0, 20.0
POWER = {"idle": 800.0, "setup": 1500.0, "running": 6000.0, "down": 200.0}


def kind_of_setup(before: str, item: str) -> str:
    """A and B are kin."""
    if before in {"", item}:
        return "same"
    return "near" if {before, item} == {"A", "B"} else "far"


class Workshop:
    """One history of the workshop."""

    def __init__(self, seed: int, days: float, rule: str = "edd") -> None:
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.rule = rule
        self.queues: dict[str, list[dict]] = defaultdict(list)
        self.wakes: dict[str, simpy.Event] = {}
        self.states: list[tuple] = []
        self.operations: list[tuple] = []
        self.events: list[tuple] = []
        self.meters: list[tuple] = []
        self.env.process(self.source())
        for unit in ("ws/turning/t1", "ws/turning/t2"):
            self.env.process(self.machine(unit, "t"))
        self.env.process(self.machine("ws/m1", "m1"))
        self.env.process(self.machine("ws/q1", "q1"))
        self.env.process(self.furnace())
        self.days = days
        self.env.run(until=days * 86400.0)
        self.read_meters()

    # ---- truth

    def factor(self, sigma: float) -> float:
        return float(np.exp(self.rng.normal(-sigma * sigma / 2, sigma)))

    def source(self):
        number = 0
        while True:
            yield self.env.timeout(self.rng.exponential(86400.0 / PER_DAY))
            item = str(self.rng.choice(list(MIX), p=list(MIX.values())))
            lot = {
                "id": f"WO-{number:05d}",
                "item": item,
                "n": max(1, round(LOT[item] * self.factor(0.4))),
                "came": self.env.now,
                "due": self.env.now + 86400.0 * self.rng.uniform(3, 8),
                "at": 0,
            }
            number += 1
            self.say(lot, "order arrived", quantity=lot["n"], due=lot["due"])
            self.say(lot, "order released", quantity=lot["n"])
            self.arrive(lot)

    def say(self, lot: dict, code: str, **more: float) -> None:
        self.events.append((self.env.now, lot["id"], code, {"item": lot["item"], **more}))

    def arrive(self, lot: dict) -> None:
        _, place = ROUTES[lot["item"]][lot["at"]]
        if not place:
            self.env.process(self.outside(lot))
            return
        lot["queued"] = self.env.now
        self.queues[place].append(lot)
        for wake in [wake for key, wake in self.wakes.items() if key.startswith(place + "@")]:
            if not wake.triggered:
                wake.succeed()

    def outside(self, lot: dict):
        start = self.env.now
        yield self.env.timeout(OUTSIDE * self.factor(OUTSIDE_SIGMA))
        self.operations.append(("ws", lot["id"], "35", lot["item"], start, self.env.now, lot["n"], 0))
        self.onward(lot)

    def onward(self, lot: dict) -> None:
        operation = ROUTES[lot["item"]][lot["at"]][0]
        if operation == "20" and self.rng.random() < REWORK:
            lot["at"] = 0
        else:
            lot["at"] += 1
        route = ROUTES[lot["item"]]
        if lot["at"] < len(route) and route[lot["at"]][0] == "25" and self.rng.random() >= SAMPLE:
            lot["at"] += 1
        if lot["at"] == len(route):
            self.say(lot, "order finished", good=lot["n"], scrap=0)
            return
        self.env.process(self.move(lot))

    def move(self, lot: dict):
        yield self.env.timeout(self.rng.exponential(MOVE) if ROUTES[lot["item"]][lot["at"]][1] else 0.0)
        self.arrive(lot)

    def take(self, place: str) -> dict:
        queue = self.queues[place]
        key = "due" if self.rule == "edd" and place == "t" else "queued"
        lot = min(queue, key=lambda own: own[key])
        queue.remove(lot)
        return lot

    def state(self, unit: str, word: str, lot: dict | None = None, reason: str | None = None) -> None:
        operation = ROUTES[lot["item"]][lot["at"]][0] if lot else None
        row = (self.env.now, unit, word, reason, lot and lot["id"], operation, lot and lot["item"])
        self.states.append(row)

    def machine(self, unit: str, place: str):
        before = ""
        fails_in = self.rng.exponential(LIFE) if place == "t" else np.inf
        while True:
            self.state(unit, "idle")
            while not self.queues[place]:
                self.wakes[f"{place}@{unit}"] = self.env.event()
                yield self.wakes[f"{place}@{unit}"]
            lot = self.take(place)
            operation = ROUTES[lot["item"]][lot["at"]][0]
            start = self.env.now
            if place == "t":
                setup = SETUP[kind_of_setup(before, lot["item"])] * self.factor(SETUP_SIGMA)
                before = lot["item"]
                if setup:
                    self.state(unit, "setup", lot)
                    yield self.env.timeout(setup)
            if place == "q1":
                left = (INSPECT_LOT + INSPECT_PIECE * lot["n"]) * self.factor(0.05)
            else:
                cycle = CYCLE[lot["item"], operation]
                left = cycle * lot["n"] * self.factor(FACTOR) * SPEED.get(unit, 1.0)
            self.state(unit, "running", lot)
            while left > 0:
                step = min(left, fails_in)
                yield self.env.timeout(step)
                left -= step
                fails_in -= step
                if fails_in <= 0:
                    self.state(unit, "down", lot, "spindle")
                    yield self.env.timeout(REPAIR * self.factor(REPAIR_SIGMA))
                    fails_in = self.rng.exponential(LIFE)
                    if left > 0:
                        self.state(unit, "running", lot)
            scrap = int(self.rng.binomial(lot["n"], SCRAP)) if place == "m1" else 0
            scrap = min(scrap, lot["n"] - 1)
            lot["n"] -= scrap
            self.operations.append((unit, lot["id"], operation, lot["item"], start, self.env.now, lot["n"], scrap))
            self.onward(lot)

    def furnace(self):
        unit = "ws/f1"
        while True:
            self.state(unit, "idle")
            while not self.queues["f1"]:
                self.wakes["f1@"] = self.env.event()
                yield self.wakes["f1@"]
            lots = [self.take("f1") for _ in range(min(FURNACE_LOTS, len(self.queues["f1"])))]
            start = self.env.now
            self.state(unit, "running", lots[0])
            yield self.env.timeout(FURNACE)
            for lot in lots:
                self.operations.append((unit, lot["id"], "30", lot["item"], start, self.env.now, lot["n"], 0))
                self.onward(lot)

    def read_meters(self) -> None:
        """Registers of lathe 1 every half hour [kWh]."""
        spans = [(at, word) for at, unit, word, *_ in self.states if unit == "ws/turning/t1"]
        ends = [at for at, _ in spans[1:]] + [self.days * 86400.0]
        grid = np.arange(0, self.days * 86400.0, 1800.0)
        total = np.zeros(len(grid))
        for (at, word), end in zip(spans, ends, strict=True):
            total += POWER[word] * np.clip(grid - at, 0, end - at)
        self.meters = [(float(t), float(e) / 3.6e6) for t, e in zip(grid, total, strict=True)]


def micro(seconds: float) -> int:
    return START + round(seconds * SECOND)


def write(shop: Workshop, folder: Path, *, loss: float = 0.0, skew: float = 0.0, seed: int = 0) -> tuple[Plant, Path]:
    """Plant folder and ledger of a history; `loss` share of facts that never arrive, clocks off by `skew` [s]."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    rng = np.random.default_rng(seed)

    def kept(rows: list) -> list:
        return [row for row in rows if rng.random() >= loss]

    clock = defaultdict(lambda: float(rng.uniform(-skew, skew)))
    states = kept(shop.states)
    operations = kept(sorted(shop.operations, key=lambda row: row[5]))
    events = kept(shop.events)
    with LedgerWriter(folder / "ledger") as writer:
        writer.append(
            "state",
            {
                "time": [micro(row[0] + clock[row[1]]) for row in states],
                "subject": [row[1] for row in states],
                "state": [row[2] for row in states],
                "mapping": ["generic@1"] * len(states),
                "reason": [row[3] for row in states],
                "order": [row[4] for row in states],
                "operation": [row[5] for row in states],
                "item": [row[6] for row in states],
                "quality": [0] * len(states),
            },
            source="simpy",
        )
        writer.append(
            "operation",
            {
                "time": [micro(row[4] + clock[row[0]]) for row in operations],
                "subject": [row[0] for row in operations],
                "order": [row[1] for row in operations],
                "operation": [row[2] for row in operations],
                "item": [row[3] for row in operations],
                "end": [micro(row[5] + clock[row[0]]) for row in operations],
                "good": [float(row[6]) for row in operations],
                "scrap": [float(row[7]) for row in operations],
            },
            source="simpy",
        )
        writer.append(
            "event",
            {
                "time": [micro(row[0]) for row in events],
                "subject": [row[1] for row in events],
                "kind": ["note"] * len(events),
                "code": [row[2] for row in events],
                "data": [_data(row[3]) for row in events],
            },
            source="simpy",
        )
        writer.append(
            "meter",
            {
                "time": [micro(at) for at, _ in shop.meters],
                "subject": ["ws/turning/t1:electricity"] * len(shop.meters),
                "medium": ["electricity"] * len(shop.meters),
                "register": [kwh for _, kwh in shop.meters],
                "measured_in": ["kWh"] * len(shop.meters),
                "quality": [0] * len(shop.meters),
            },
            source="simpy",
        )
    return load(folder), folder / "ledger"


def _data(said: dict) -> str:
    if "due" in said:
        said = said | {"due": iso(micro(said["due"]))}
    return json.dumps(said)
