"""Maintenance by what a machine shows, and by running hours.

Reads   vibration, states, findings of work orders    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from luban.core.time import HOUR
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen

__all__ = ["AgeMaintenance", "ConditionMaintenance"]

_AUTHOR: Final = "luban maintenance 1"
_SOUND: Final = 40  # readings from which the level of a sound machine is taken
_WEIGHT: Final = 0.15  # of a new reading in the smoothed one
_BACK: Final = 0.5  # below that share of the threshold a sign is over


@dataclass(slots=True)
class _Watched:
    """One machine: readings of its first time, the level taken as sound, the smoothed value, what was asked for."""

    first: list[float] = field(default_factory=list)
    sound: float | None = None
    smooth: float | None = None
    asked: bool = False


@dataclass
class ConditionMaintenance:
    """Asks for a look at a machine whose vibration rose, and for the exchange of what the look found.

    machines   that have a sensor
    limit      at which a machine is stopped at the latest [mm/s], ISO 20816-3
    threshold  share of the way from its sound level to the limit at which it is looked at [1]
    worth      what a look at a sign brings on average, less its cost [currency]
    prices     part → what an exchange before the failure saves [currency]
    unpriced   why a look has no worth, in words

    Heard       "found": what a look found, part by part, "" for nothing; "alarm": a part that failed
    """

    machines: frozenset[str]
    threshold: float
    limit: float = 4.5
    worth: float | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    unpriced: str = ""
    every: int = 4 * HOUR
    lever: str = "maintenance"
    concerns: frozenset[str] = frozenset({"found", "alarm"})
    wakes: frozenset[str] = frozenset({"found"})
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _found: list[tuple[str, str]] = field(default_factory=list)

    def hear(self, told: Iterable[Heard]) -> None:
        """Findings lead to exchanges; after a failure, an exchange or an empty look the smoothing begins anew."""
        for one in told:
            own = self._watched.get(one.machine)
            if own is None:
                continue
            if one.name == "found":
                if one.value:
                    self._found.append((one.machine, str(one.value)))
                own.smooth, own.asked = None, False
            elif one.value:
                own.smooth, own.asked = None, False

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """Looks and exchanges that are due."""
        proposals = [
            Proposal(
                self.lever, _AUTHOR, Act("maintain", machine, f"replace {part}"), self.prices.get(part),
                why=f"the look found {part} worn",
            )
            for machine, part in self._found
        ]  # fmt: skip
        self._found.clear()
        for name in sorted(self.machines):
            machine = seen.machines[name]
            if machine.state == "running":
                value = machine.signals.get("vibration")
                if isinstance(value, int | float):
                    proposals += self._read(name, float(value))
        return proposals

    def _read(self, name: str, value: float) -> list[Proposal]:
        own = self._watched.setdefault(name, _Watched())
        if own.sound is None:
            own.first.append(value)
            if len(own.first) >= _SOUND:
                own.sound = median(own.first)
            return []
        # one that was worn already when readings began is judged by what its like shows
        known = [each.sound for each in self._watched.values() if each.sound is not None]
        sound = min(own.sound, median(known))
        own.smooth = sound if own.smooth is None else own.smooth
        own.smooth += _WEIGHT * (value - own.smooth)
        way = (own.smooth - sound) / max(self.limit - sound, 1e-9)
        if own.asked:
            own.asked = way >= _BACK * self.threshold
            return []
        if way < self.threshold:
            return []
        own.asked = True
        why = f"vibration is {own.smooth:.1f} mm/s, {sound:.1f} mm/s when sound, {self.limit:g} mm/s at most"
        facts: dict[str, float | str] = {"vibration": round(own.smooth, 3), "sound": sound}
        if self.worth is None and self.unpriced:
            facts["unpriced"] = self.unpriced
        return [Proposal(self.lever, _AUTHOR, Act("maintain", name, "look"), self.worth, why=why, facts=facts)]


@dataclass
class AgeMaintenance:
    """Exchanges a part at an age in running hours that pays by its known life; a good plant's practice.

    ages  part → running hours [h];  machines  that have these parts
    The age of a part counts from the last failure or exchange that was seen; before the first it is not known.
    """

    machines: frozenset[str]
    ages: Mapping[str, float]
    every: int = 24 * HOUR
    lever: str = "maintenance by age"
    by_hand: bool = True
    concerns: frozenset[str] = frozenset({"alarm", "state"})
    wakes: frozenset[str] = frozenset()
    _ran: dict[str, float] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)
    _born: dict[tuple[str, str], float] = field(default_factory=dict)

    def hear(self, told: Iterable[Heard]) -> None:
        """Counts running hours by the state signal, and begins a part's age at its failure."""
        for one in told:
            if one.name == "alarm" and one.value:
                self._born[one.machine, str(one.value)] = self._ran.get(one.machine, 0.0)
            elif one.name == "state":
                begun = self._since.pop(one.machine, None)
                if begun is not None:
                    self._ran[one.machine] = self._ran.get(one.machine, 0.0) + (one.time - begun) / HOUR
                if one.value == "running":
                    self._since[one.machine] = one.time

    def decide(self, seen: Seen) -> Sequence[Proposal]:  # noqa: ARG002  rests on nothing that is seen
        """Parts that have reached their age."""
        due = [
            key
            for key, born in self._born.items()
            if key[1] in self.ages and self._ran.get(key[0], 0.0) - born >= self.ages[key[1]]
        ]
        for key in due:
            self._born[key] = self._ran.get(key[0], 0.0)
        return tuple(
            Proposal(self.lever, "practice", Act("maintain", machine, f"replace {part}"), why="its age is reached")
            for machine, part in due
        )
