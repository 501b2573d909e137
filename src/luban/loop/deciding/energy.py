"""Standby of machines and hours of what serves all of them, such as a compressor.

Reads   powers, open hours    Writes  nothing
Source  N. Frigerio, A. Matta, IEEE Trans. Autom. Sci. Eng. 12 (2015) 1143-1152, doi 10.1109/TASE.2015.2492600
        (switching off after a wait pays where waking costs less than waiting)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from luban.core.time import DAY
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen

__all__ = ["Resting", "StandbyRules", "wait_before_standby"]

_AUTHOR: Final = "luban energy 1"


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
    """Tells each machine after which wait it goes to standby, and the compressor which hours it runs; once.

    machines  machine → its powers
    least     wait below which nobody wants a machine to sleep [min]
    services  service → minutes that it runs before and after open hours, such as {"compressor": 15}
    day       what it is expected to save a day [currency]
    """

    lever = "energy"
    every = DAY
    concerns: frozenset[str] = frozenset()

    def __init__(
        self, machines: Mapping[str, Resting], *, least: float = 5.0, services: Mapping[str, float] | None = None,
        day: float | None = None,
    ) -> None:  # fmt: skip
        self._machines, self._least, self._services, self._day = machines, least, dict(services or {}), day
        self._told = False

    def hear(self, told: Iterable[Heard]) -> None:
        """Rules rest on powers alone."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:  # noqa: ARG002  rests on nothing that is seen
        """All rules, at the first question."""
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
