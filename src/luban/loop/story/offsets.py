"""Offsets of the machine tools, each held on target by what its own signals tell.

How large causes usually are is learned from the past that the shop's historian gives.

Reads   signals as the books have them    Writes  nothing: what is wanted goes to the plant's actor
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from luban.decide.setpoint.causes import CauseModel, fit_causes
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.machine import EdgePlan, MachineControl

__all__ = ["HEARD", "Offsets", "Wanted"]

HEARD: Final = (
    "state", "program", "order", "tool_number", "offset", "reading_of", "reading", "good_count", "scrap_count",
    "rework_count",
)  # fmt: skip
"""Signals of a machine that are listened to, in the order in which those of one instant are heard."""

_WORDS: Final = {"running": "run"}
_COUNTS: Final = ("good_count", "scrap_count", "rework_count")
_ENOUGH: Final = 60  # readings from which on causes are fitted to them


@dataclass(frozen=True, slots=True)
class Wanted:
    """An offset that should be another one.

    now, value  it stands at, it should be [µm];  off  what the next piece is expected to be off by [µm]
    """

    unit: str
    now: float
    value: float
    off: float


class Offsets:
    """The machine tools of the shop.

    units  machine → work center;  reach, step  of an offset [µm];  bands  work center → no change within [µm]
    """

    def __init__(self, units: dict[str, str], reach: float, step: float, bands: dict[str, float]) -> None:
        self._units, self._bands = units, bands
        edges = {group: EdgePlan() for group in units.values()}
        self._hands = {
            unit: MachineControl(CauseModel(5.0, 6.0), Envelope(-reach, reach, step), dead_band=bands[group],
                                 edges=edges[group])
            for unit, group in units.items()
        }  # fmt: skip
        self._counts: dict[str, dict[str, int]] = {unit: dict.fromkeys(_COUNTS, 0) for unit in units}
        self._newest: dict[str, int] = dict.fromkeys(units, 0)
        self._running: dict[str, bool] = dict.fromkeys(units, False)

    def learn(self, past: Path) -> int:
        """Hear the historian's file, then fit the causes of each work center; readings used."""
        with past.open(encoding="utf-8", newline="") as file:
            self.hear((int(at), unit, name, value) for at, unit, name, value in csv.reader(file))
        used = 0
        for group in self._bands:
            own = [self._hands[unit] for unit, other in self._units.items() if other == group]
            looks = [look for hand in own for look in hand.looks]
            if len(looks) >= _ENOUGH:
                found = fit_causes(looks, own[0].model)
                used += len(looks)
                for hand in own:
                    hand.model = hand.known.model = found
        return used

    def hear(self, told: Iterable[tuple[int, str, str, str | float]]) -> None:
        """Values that signals show from a time on: (µs UTC of the shop, machine, name, value), oldest first.

        What comes too late to be put into its place is heard as of now.
        """
        for at, unit, name, value in told:
            hand = self._hands.get(unit)
            if hand is None:
                continue
            self._newest[unit] = time = max(at, self._newest[unit])
            if name in _COUNTS:
                self._counts[unit][name] = int(float(value))
                hand.hear(time, "part_count", sum(self._counts[unit].values()))
                continue
            word = _WORDS.get(str(value), str(value)) if name == "state" else str(value)
            if name == "state":
                self._running[unit] = word == "run"
            hand.hear(time, name, float(value) if name in {"offset", "reading"} else word)

    def wanted(self, time: int, busy: Sequence[str] = ()) -> list[Wanted]:
        """What should be set now, of machines that run and are not busy with a command; the farthest first."""
        found = []
        for unit, hand in self._hands.items():
            if not self._running[unit] or unit in busy or not hand.looks:
                continue
            allowed = hand.wanted(max(time, self._newest[unit]))
            self._newest[unit] = max(time, self._newest[unit])
            if abs(allowed.value - hand.offset) > self._bands[self._units[unit]]:
                off = hand.expected()[0] + hand.offset
                found.append(Wanted(unit, hand.offset, round(allowed.value, 2), off))
        return sorted(found, key=lambda one: -abs(one.off))
