"""Standby of machines and hours of what serves all of them, such as a compressor.

Reads   powers, open hours, states, prices of electricity    Writes  nothing
Source  N. Frigerio, A. Matta, IEEE Trans. Autom. Sci. Eng. 12 (2015) 1143-1152, doi 10.1109/TASE.2015.2492600
        (switching off after a wait pays where waking costs less than waiting)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.time import DAY, HOUR, MINUTE
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen, Worth
from luban.loop.deciding.words import IDLE, NO_TARIFF, NOT_WATCHED, RESTING

__all__ = ["Resting", "StandbyRules", "wait_before_standby"]

_AUTHOR: Final = "luban energy 1"
_IDLE: Final = frozenset({"idle", "waiting"})
_BACK: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Resting:
    """Power of a machine that waits: ready and in standby [kW]; waking takes minutes at a power [min, kW]."""

    ready: float
    standby: float
    wake: float = 0.0
    wake_power: float = 0.0


def wait_before_standby(machine: Resting, least: float) -> float | None:
    """After how many idle minutes standby pays whatever follows, at least `least`; None: never [min].

    A machine that waits as long as waking costs never spends more than twice the best that hindsight could do
    (the ski-rental bound: A. Karlin, M. Manasse, L. Rudolph, D. Sleator, Algorithmica 3 (1988) 79-119).

    Example  wait_before_standby(Resting(2.5, 1.2, wake=1, wake_power=6), 5) == 5.0
    """
    saved = machine.ready - machine.standby
    if saved <= 0:
        return None
    return max(least, machine.wake * (machine.wake_power - machine.standby) / saved)


class StandbyRules:
    """Tells each machine after which wait it goes to standby, and the compressor which hours it runs.

    Without prices that is said once. With them it is said whenever it is asked, such as at the turn of a tariff, each
    time with what it would have saved on the idle times of the last week; whoever hears it knows what stands already.

    machines  machine → its powers
    least     wait below which nobody wants a machine to sleep [min]
    services  service → minutes that it runs before and after open hours, such as {"compressor": 15}
    day       what it is expected to save a day [currency]
    price     moment [µs] → price of a kilowatt-hour then [currency]; None where no tariff holds
    """

    lever = "energy"
    every = DAY
    wakes: frozenset[str] = frozenset()

    def __init__(
        self, machines: Mapping[str, Resting], *, least: float = 5.0, services: Mapping[str, float] | None = None,
        day: float | None = None, price: Callable[[int], float | None] | None = None,
    ) -> None:  # fmt: skip
        self._machines, self._least, self._services, self._day = machines, least, dict(services or {}), day
        self._price = price
        self.concerns = frozenset({"state"}) if price is not None else frozenset()
        self._told = False
        self._since: dict[str, int] = {}  # machine → when it was heard of first
        self._rests: dict[str, int] = {}  # machine → since when it is idle
        self._spells: dict[str, list[tuple[int, int]]] = {}

    def hear(self, told: Iterable[Heard]) -> None:
        """Idle times, for what standby would save of them."""
        for one in told:
            if one.machine not in self._machines or one.name != "state":
                continue
            self._since.setdefault(one.machine, one.time)
            if one.value in _IDLE:
                self._rests.setdefault(one.machine, one.time)
            elif (begun := self._rests.pop(one.machine, None)) is not None and one.time > begun:
                self._spells.setdefault(one.machine, []).append((begun, one.time))

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """All rules."""
        if self._price is not None:
            return self._priced(seen.now)
        if self._told:
            return ()
        self._told = True
        found = []
        for name, machine in self._machines.items():
            wait = wait_before_standby(machine, self._least)
            if wait is not None:
                why = f"it draws {machine.ready:g} kW ready and {machine.standby:g} kW in standby"
                found.append(Proposal(self.lever, _AUTHOR, Act("rule", f"standby {name}", wait), self._day, why=why))
        for name, margin in self._services.items():
            why = "nobody takes from it outside the hours worked"
            found.append(Proposal(self.lever, _AUTHOR, Act("rule", f"hours {name}", margin), self._day, why=why))
        return found

    def _priced(self, now: int) -> list[Proposal]:
        found = []
        for name, machine in self._machines.items():
            wait = wait_before_standby(machine, self._least)
            if wait is None:
                continue
            worth = self._saved(name, machine, wait, now)
            if worth.value is not None and worth.value <= 0:
                continue
            why = RESTING.format(ready=f"{machine.ready:g} kW", standby=f"{machine.standby:g} kW")
            found.append(
                Proposal(self.lever, _AUTHOR, Act("rule", f"standby {name}", wait), worth.value, why=why,
                         facts=worth.told())
            )  # fmt: skip
        return found

    def _saved(self, name: str, machine: Resting, wait: float, now: int) -> Worth:
        """What the rule would have saved a day on the idle times of the last week."""
        begin = max(self._since.get(name, now), now - _BACK)
        days = (now - begin) / DAY
        if days < 1:
            return Worth(why=NOT_WATCHED.format(machine=name))
        spells = [(max(start, begin), end) for start, end in self._spells.get(name, []) if end > begin]
        self._spells[name] = spells
        if name in self._rests:
            spells = [*spells, (max(self._rests[name], begin), now)]
        saved, energy = 0.0, 0.0
        for start, end in spells:
            if end - start <= wait * MINUTE:
                continue
            for moment, own in _asleep(machine, start + round(wait * MINUTE), end):
                price = self._price(moment) if self._price is not None else None
                if price is None:
                    return Worth(why=NO_TARIFF)
                energy, saved = energy + own, saved + own * price
        why = IDLE.format(hours=f"{sum(end - start for start, end in spells) / HOUR / days:.1f} h")
        return Worth(saved / days, why=why, facts={"kWh a day": round(energy / days, 2)})


def _asleep(machine: Resting, at: int, end: int) -> Iterator[tuple[int, float]]:
    """What sleeping saves hour by hour, and what waking at the end costs of it: moment [µs], energy [kWh]."""
    yield end, -machine.wake / 60 * (machine.wake_power - machine.standby)
    while at < end:
        until = min(end, at - at % HOUR + HOUR)
        yield at, (until - at) / HOUR * (machine.ready - machine.standby)
        at = until
