"""A pilot whose truth is known: every lever's effect is a factor, chance is drawn by seed and shared by all arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from luban.core.errors import LubanError
from luban.pilot.money import lever_cost
from luban.pilot.plan import Arm, Figures, Lever

DAY = 86_400.0
LEVERS = (
    Lever("rules", "rules of the road", "production", "orders go by due date", yearly=1000.0),
    Lever("eyes", "eyes on parts", "processes", "each part is measured", yearly=500.0),
    Lever("harm", "a harmful idea", "supply", "lots are doubled"),
    Lever("cell", "a robot cell", "robots", "a robot tends", capital=True, invest=40_000.0, life=8.0, yearly=200.0),
)
EFFECTS: Mapping[str, tuple[float, float, float]] = {  # factors on cost, cycle, defects
    "rules": (0.99, 0.5, 1.0),
    "eyes": (0.97, 1.0, 0.4),
    "harm": (1.03, 1.0, 1.0),
    "cell": (0.80, 0.8, 1.0),
}


@dataclass
class Stub:
    """A plant of factors; `fails` is a seed whose run breaks off."""

    name: str = "stub"
    title: str = "a plant of factors"
    category: str = "C2"
    currency: str = "CNY"
    unit: str = "a part"
    rate: float = 0.1
    noise: float = 0.05
    fails: int = -1
    levers: tuple[Lever, ...] = LEVERS
    skipped: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=lambda: {"energy": "kWh"})
    meanings: Mapping[str, str] = field(default_factory=dict)
    binds: Mapping[str, str] = field(
        default_factory=lambda: {"cost": "wages are fixed", "cycle": "machines", "defects": "blanks"}
    )

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        if seed == self.fails:
            raise LubanError("the run broke off", came=f"seed {seed}")
        days = 100.0 if days is None else days
        chance = np.random.default_rng((seed, 7)).normal(size=3)  # the plant's luck, whatever is decided
        own = np.random.default_rng((seed, len(arm.levers), sum(map(ord, "".join(sorted(arm.levers))))))
        answer = own.normal(size=3) * self.noise * 0.1 * (not arm.silent and bool(arm.levers))
        factors = np.ones(3)
        for lever in () if arm.silent else arm.levers:
            factors = factors * EFFECTS[lever]
        if arm.practice == "conventional":
            factors = factors * (0.98, 0.8, 0.8)
        scale = factors * (1 + self.noise * chance + answer)
        units = 1000.0 * arm.demand * days / 100
        costs = {"labour": 10_000.0 * days / 100, "energy": 2_000.0 * scale[0] * days / 100}
        costs["scrap and rework"] = 8_000.0 * scale[0] * days / 100
        costs["levers"] = lever_cost(self.levers, arm.levers, self.rate, days)
        costs |= {"overhead": 5_000.0 * days / 100, "material": 4.0 * units}
        return Figures(
            days,
            units,
            units * 1.02,
            9 * DAY * scale[1] * arm.demand,
            0.03 * scale[2],
            costs,
            {"energy": 50.0 * scale[0]},
        )

    def arms(self) -> Mapping[str, Arm]:
        some = frozenset({"rules", "eyes"})
        return {"sold": Arm(levers=some, demand=1.2), "as is, high load": Arm(demand=1.2)}


def open_pilot(folder: Path) -> Stub:
    return Stub()
