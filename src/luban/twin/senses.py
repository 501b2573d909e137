"""What sensors of a machine read: spindle load, temperature, vibration, each with its noise.

Every reading is a pure function of the run's seed, the machine and the instant, so looking twice shows the same. Levels
are assumptions of the pilot (notes on pilot C2: load 5 % noise, temperatures 1 K, a precursor from 70 % of a life on,
only for failures that wear (Weibull shape above 1.2), 30 % of them without one).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from luban.core.time import DAY, HOUR, SECOND
from luban.twin.distribution import Distribution
from luban.twin.kernel.layout import State
from luban.twin.model import STATES, Model
from luban.twin.run import Run
from luban.twin.traced import uniform

__all__ = ["PRECURSOR_FROM", "Senses", "Warmth", "announced"]

PRECURSOR_FROM = 0.7
"""Share of a failure's life from which on it may be felt [1]."""
_MISSED = 0.3
_WEARS = 1.2  # Weibull shape above which a failure announces itself
_RUN = STATES.index("run")
_QUIET, _ALARMING = 1.4, 4.5  # vibration of a sound machine and of one about to fail [mm/s]
_SHAKE = 0.15  # noise of vibration [mm/s]
_MEAN_ROOM, _SWING = 21.0, 3.0  # [°C]
_RISE = 14.0  # of a machine that has run for long [K]
_NORMAL = NormalDist()


@dataclass(slots=True)
class Warmth:
    """How warm a machine is: 0 rested, 1 has run for long."""

    heat_tau: float = 3600.0
    cool_tau: float = 3600.0
    share: float = 0.0
    running: bool = False
    since: int = 0

    def at(self, now: int) -> float:
        """Warmth at an instant [1]."""
        passed = (now - self.since) / SECOND
        if self.running:
            return 1.0 - (1.0 - self.share) * math.exp(-passed / self.heat_tau)
        return self.share * math.exp(-passed / self.cool_tau)

    def turn(self, running: bool, now: int) -> None:
        """The machine starts or stops running."""
        self.share, self.running, self.since = self.at(now), running, now


@dataclass
class Senses:
    """Sensors of every machine of a run."""

    run: Run
    warmth: list[Warmth] = field(init=False)

    def __post_init__(self) -> None:
        self.warmth = [_warmth(self.run.model, station) for station in (m.station for m in self.run.model.machines)]
        self._seed = self.run.seed * 1_000_003 + self.run.replication

    def noise(self, purpose: str, machine: int) -> float:
        """A standard normal number of this machine and instant."""
        number = np.array([self.run.now * 4096 + machine], np.int64)
        return _NORMAL.inv_cdf(min(max(float(uniform(self._seed, purpose, number)[0]), 1e-12), 1 - 1e-12))

    def load(self, machine: int, step: int) -> float:
        """Spindle load [%]: that of the program, ±5 % of it."""
        if step < 0:
            return 0.0
        level = 45.0 + 30.0 * float(uniform(0, "program", np.array([step]))[0])
        return round(max(0.0, level * (1.0 + 0.05 * self.noise("load", machine))), 1)

    def room(self) -> float:
        """Air of the hall [°C], warmest at 15 h of the model's clock; the hall has one thermometer."""
        hour = 2 * math.pi * ((self.run.model.start + self.run.now) % DAY - 9 * HOUR) / DAY
        return round(_MEAN_ROOM + _SWING * math.sin(hour) + self.noise("room", 4095), 1)

    def temperature(self, machine: int) -> float:
        """Spindle or axis of the machine [°C]."""
        hour = 2 * math.pi * ((self.run.model.start + self.run.now) % DAY - 9 * HOUR) / DAY
        air = _MEAN_ROOM + _SWING * math.sin(hour)
        return round(air + _RISE * self.warmth[machine].at(self.run.now) + self.noise("axis", machine), 1)

    def vibration(self, machine: int, state: int) -> float:
        """Velocity [mm/s]: rises from 70 % of the life of a part that wears, where it is felt at all."""
        if state != _RUN:
            return round(abs(0.1 * self.noise("shake", machine)), 2)
        felt = max((felt for _, felt in self._announced(machine)), default=0.0)
        level = _QUIET + (_ALARMING - _QUIET) * felt
        return round(max(0.0, level + _SHAKE * self.noise("shake", machine)), 2)

    def opened(self, machine: int) -> tuple[str, ...]:
        """What somebody sees who stops the machine and opens it: parts whose failure can be felt already, by name.

        A failure that gives no sign shows nothing then either.
        """
        own = self.run.model.machines[machine].failures
        return tuple(own[ordinal].id for ordinal, _ in self._announced(machine))

    def _announced(self, machine: int) -> list[tuple[int, float]]:
        """(ordinal, how far it is felt: 0 at 70 % of its life, 1 at its end) of each failure that announces itself."""
        own = self.run.model.machines[machine]
        found = []
        for ordinal, used, count in _lives(self.run, machine):
            life = own.failures[ordinal].life
            wears = _wears(life)
            key = np.array([(machine * 64 + ordinal) * 65536 + count])
            if wears and used > PRECURSOR_FROM and uniform(self._seed, "missed", key)[0] >= _MISSED:
                found.append((ordinal, min(1.0, (used - PRECURSOR_FROM) / (1.0 - PRECURSOR_FROM))))
        return found


def announced(model: Model, machine: int) -> frozenset[str]:
    """Failures of a machine that may be felt before they happen: those that wear."""
    return frozenset(own.id for own in model.machines[machine].failures if _wears(own.life))


def _wears(life: Distribution) -> bool:
    return life.kind == "weibull" and life.params[0] > _WEARS


def _warmth(model: Model, station: str) -> Warmth:
    for route in model.routes:
        for step in route.steps:
            if step.station == station and step.characteristics:
                return Warmth(step.characteristics[0].heat_tau, step.characteristics[0].cool_tau)
    return Warmth()


def _lives(run: Run, machine: int) -> list[tuple[int, float, int]]:
    """(ordinal, share of the life used, failures so far) of what has not failed.

    The one look at what no device shows: nothing of it leaves this module but a trend that a sensor would feel, and
    what somebody sees who opens the machine.
    """
    world = run.world
    own = world["machines"][machine]
    ran = int(world["machine_time"][machine * len(State) + _RUN])
    if own["state"] == _RUN:
        ran += run.now - int(own["since"])
    ages = (run.now, ran, int(own["pieces"]))
    rows = world["failures"][int(own["failures"]) : int(own["failures_end"])]
    found = []
    for row in rows[rows["failed"] == 0]:
        used = (ages[row["clock"]] - int(row["born"])) / max(1, int(row["limit"] - row["born"]))
        found.append((int(row["ordinal"]), used, int(row["count"])))
    return found
