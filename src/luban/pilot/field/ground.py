"""What the service of a fleet stands on: machines with their parts, stocks, a clock.

What parts truly are stands in `Hidden` and is out of reach while a mind is asked: `Ground.ask` is the only door.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from luban.pilot.chance import Chance
from luban.pilot.field import minds
from luban.pilot.field.rules import QUARTER, YEAR, Facts, Practice
from luban.understand.quality.data import Floats

__all__ = ["Ground", "Hidden", "Rules", "Ticket", "Totals"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """How the service is run from a moment on.

    practice  rules where no lever rules;  link, condition, service, spares, dispatch  levers that are on
    exchange  a pool of units to swap is there
    """

    practice: Practice
    link: bool = False
    condition: bool = False
    service: bool = False
    spares: bool = False
    dispatch: bool = False
    exchange: bool = False


@dataclass
class Hidden:
    """What nobody can see: lives drawn, whether a part gives a sign, causes of present faults and their remedy.

    life, felt, ends   shape (machines, modes): of the present part [running h], [0 or 1]; age at which it fails
    cause, reset       shape (machines,): mode of the present fault, -1 none; could be put right from afar [0 or 1]
    """

    life: Floats
    felt: Floats
    cause: Floats
    reset: Floats
    chance: Chance


@dataclass(slots=True)
class Ticket:
    """A job of the service: a fault, or work at a date that was chosen.

    opened  the machine stopped, or the work was asked for;  known  to the service from then on [h]
    told    cause that was named, -1 none;  wants  parts to change;  aged  it was asked for by age, nobody looks first
    """

    id: int
    machine: int
    kind: str
    opened: float
    known: float
    told: int = -1
    tries: int = 0
    wants: tuple[int, ...] = ()
    aged: bool = False
    pattern: Floats | None = None


@dataclass
class Totals:
    """What is counted from the begin of the measured window on."""

    waits: list[float] = field(default_factory=list)
    faults: int = 0
    afar: int = 0
    first: int = 0
    visited: int = 0
    again: int = 0
    planned: int = 0
    vain: int = 0
    short: int = 0
    trips: float = 0.0
    parts: float = 0.0
    surcharge: float = 0.0
    overtime: float = 0.0
    busy: float = 0.0
    proposals: int = 0
    stock: float = 0.0
    owed: float = 0.0


class Ground:
    """Machines, parts, stocks and the clock; what is hidden can be reached by nobody whom `ask` asks."""

    def __init__(self, facts: Facts, count: int, seed: int, *, poisoned: bool = False) -> None:
        self.facts, self.count, self.poisoned = facts, count, poisoned
        self.modes = facts.modes
        self.m = len(self.modes)
        self.wanted, self.shift = facts.wanted, facts.shift
        chance = Chance(seed)
        self.hidden = Hidden(
            np.zeros((count, self.m)), np.zeros((count, self.m)), np.full(count, -1.0), np.zeros(count), chance
        )
        self.rules = Rules(facts.practices["as is"])
        self.now = 0.0
        self.totals = Totals()
        self._seq = 0
        self._heap: list[tuple[float, int, str, Any]] = []
        self.ran, self.at = np.zeros(count), np.zeros(count)
        self.up = np.ones(count, bool)
        self.since = np.zeros(count)  # wanted hours at which it stopped
        self.version = np.zeros(count, np.int64)
        self.born = np.zeros((count, self.m))
        self.ordinal = np.zeros((count, self.m), np.int64)
        self.faults = np.zeros(count, np.int64)
        self.region = np.arange(count) % facts.fleet.regions
        self.fault: dict[int, Ticket] = {}
        self.planned: dict[int, Ticket] = {}
        self.queue: dict[int, Ticket] = {}
        self.crew = [[0.0, float(i % facts.fleet.regions)] for i in range(facts.crew.count)]
        self._waking = False
        quarters = 64
        self.down = np.zeros((count, quarters))
        self.shelf = [mode.stock for mode in self.modes]
        self.target = [mode.stock for mode in self.modes]
        self.ordered = [0] * self.m
        self.used = [0] * self.m
        self.used_since = 0.0
        self.lived = [minds.Lived() for _ in self.modes]
        self.diagnoser = minds.Diagnoser()
        self.watch = minds.Watch(np.tile(np.arange(self.m, dtype=np.float64), count), facts.signals.limit)
        self.servicing: dict[int, minds.Servicing] = {}
        self.visits_on = True

    # --- the clock and the only door ---------------------------------------------------------------

    def run(self, until: float) -> None:
        """Everything that happens until then [h]."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what, of = heapq.heappop(self._heap)
            getattr(self, f"_on_{what}")(of)
        self.now = until

    def close(self) -> None:
        """Books what is under way: stops so far, stock so far."""
        for machine in np.flatnonzero(~self.up).tolist():
            self._stopped(machine)
            self.since[machine] = self.wanted.open(self.now)
        self._book_stock()

    def ask(self, mind: Callable[..., T], *seen: Any, **named: Any) -> T:
        """Asks a mind; in a poisoned run what is hidden is garbage meanwhile."""
        if not self.poisoned:
            return mind(*seen, **named)
        true = self.hidden
        nothing = np.full_like(true.life, np.nan)
        self.hidden = Hidden(nothing, nothing, nothing[:, 0], nothing[:, 0], Chance(-1))
        try:
            return mind(*seen, **named)
        finally:
            self.hidden = true

    # --- parts --------------------------------------------------------------------------------------

    def _draw(self, machine: int, mode: int) -> float:
        own, draw, key = self.modes[mode], self.hidden.chance, (machine, mode, int(self.ordinal[machine, mode]))
        life = max(1.0, draw.weibull(own.shape, own.scale, "life", *key))
        self.hidden.life[machine, mode] = life
        felt = own.sign and draw.uniform("sign", *key) >= self.facts.signals.missed
        self.hidden.felt[machine, mode] = float(felt)
        return life

    def _renew(self, machine: int, mode: int) -> None:
        self.ordinal[machine, mode] += 1
        self.born[machine, mode] = self.ran[machine]
        self._draw(machine, mode)
        self.watch.fresh(machine * self.m + mode)
        waiting = self.planned.get(machine)
        if waiting is not None and mode in waiting.wants and waiting.id in self.queue:
            waiting.wants = tuple(m for m in waiting.wants if m != mode)
            if not waiting.wants:
                del self.queue[waiting.id], self.planned[machine]

    def _advance(self, machine: int) -> None:
        open_hours = self.wanted.open(self.now)
        if self.up[machine]:
            self.ran[machine] += self.facts.fleet.use * (open_hours - self.at[machine])
        self.at[machine] = open_hours

    def _next(self, machine: int) -> None:
        """When it will fail next."""
        self._advance(machine)
        left = self.born[machine] + self.hidden.life[machine] - self.ran[machine]
        mode = int(np.argmin(left))
        at = self.wanted.when(self.at[machine] + max(float(left[mode]), 0.0) / self.facts.fleet.use)
        self.version[machine] += 1
        self._push(max(at, self.now), "fault", (machine, int(self.version[machine]), mode))

    def _stop(self, machine: int) -> None:
        self._advance(machine)
        self.up[machine] = False
        self.since[machine] = self.at[machine]
        self.version[machine] += 1

    def _stopped(self, machine: int) -> None:
        """Wanted hours of the stop, by quarter."""
        quarter = self.wanted.open(QUARTER)
        a, b = float(self.since[machine]), self.wanted.open(self.now)
        while a < b - 1e-9:
            at = int(a / quarter + 1e-9)
            end = min(b, (at + 1) * quarter)
            self.down[machine, at] += end - a
            a = end

    def _start(self, machine: int) -> None:
        self._stopped(machine)
        self._advance(machine)
        self.up[machine] = True
        self._next(machine)

    # --- parts on the shelf -------------------------------------------------------------------------

    def _take(self, mode: int, price: float) -> None:
        self._book_stock()
        self.shelf[mode] -= 1
        self.used[mode] += 1
        self.totals.parts += price
        self._order(mode)

    def _order(self, mode: int) -> None:
        """From its maker, up to the target; pieces above it are used up first."""
        for _ in range(self.target[mode] - self.shelf[mode] - self.ordered[mode]):
            self.ordered[mode] += 1
            self._push(self.now + self.facts.money.lead, "part", mode)

    def _on_part(self, mode: int) -> None:
        self._book_stock()
        self.ordered[mode] -= 1
        self.shelf[mode] += 1

    def _book_stock(self) -> None:
        since = getattr(self, "_booked", 0.0)
        held = sum(max(n, 0) * mode.part for n, mode in zip(self.shelf, self.modes, strict=True))
        self.totals.stock += held * (self.now - since) / YEAR
        self._booked = self.now

    def _push(self, time: float, what: str, of: Any) -> None:
        self._seq += 1
        heapq.heappush(self._heap, (time, self._seq, what, of))
