"""What a machine does again and again: features of each cycle, found by its state or by the signal itself.

A cycle that was going on when the data began is told from there on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Floats, Ints

__all__ = ["Cycle", "CycleStream", "cycles_by_signal", "cycles_by_state"]


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle.

    start, end  first value in it, and first after it [µs UTC]
    duration    [s]
    peak        largest value [unit]
    mean        over time [unit]
    area        integral over time, by trapezoids [unit·s]: of a power in kW the energy in kJ
    rise        time to the peak [s]
    used        values in it
    regime      as it was given, "" for none
    """

    start: int
    end: int
    duration: float
    peak: float
    mean: float
    area: float
    rise: float
    used: int
    regime: str = ""


@dataclass(slots=True)
class _Going:
    on: bool = False
    time: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    regime: str = ""
    last: int = NO_TIME


class CycleStream:
    """Cycles of a signal, as values come; batch and stream give the same to the bit.

    begin   a cycle begins where the signal reaches this [unit]; None: where the state says so
    end     it ends where the signal is below this, at or below `begin` (a dead band against noise)
    longest a cycle that goes on for longer [s], or one with a gap of that length, is dropped: it is no cycle
    """

    def __init__(self, begin: float | None = None, end: float | None = None, longest: float = 86_400.0) -> None:
        self.begin, self.end, self.longest = begin, begin if end is None else end, longest
        if begin is not None and self.end is not None and self.end > begin:
            raise InputError("a cycle ends above where it begins", came=f"{self.end:g}", expected=f"{begin:g} or below")
        self._going = _Going()

    def run(
        self,
        time: Ints,
        values: Sequence[float] | Floats,
        running: Sequence[bool] | None = None,
        regimes: Sequence[str] | str = "",
    ) -> tuple[Cycle, ...]:
        """Values more, in order of time; returns the cycles that end in them.

        running  of each value: whether the machine is in a cycle; needed if `begin` is None
        Raises   InputError: numbers differ, no state
        """
        stamps, taken = np.asarray(time, np.int64).tolist(), np.asarray(values, np.float64).tolist()
        if len(stamps) != len(taken) or (running is not None and len(running) != len(taken)):
            raise InputError("values and times differ in number", came=f"{len(taken)} and {len(stamps)}")
        if self.begin is None and running is None:
            raise InputError("neither a level nor a state tells where a cycle begins", came="none of both")
        labels = [regimes] * len(taken) if isinstance(regimes, str) else list(regimes)
        told = [False] * len(taken) if running is None else list(running)
        found: list[Cycle] = []
        for stamp, value, label, on in zip(stamps, taken, labels, told, strict=True):
            if math.isfinite(value):
                self._step(stamp, value, label, on, found)
        return tuple(found)

    def _step(self, stamp: int, value: float, label: str, told: bool, found: list[Cycle]) -> None:
        own = self._going
        level = self.end if own.on else self.begin
        on = told if self.begin is None or level is None else value >= level
        broken = own.last != NO_TIME and not 0 <= stamp - own.last <= self.longest * 1e6
        own.last = stamp
        if own.on and (broken or stamp - own.time[0] > self.longest * 1e6):
            self._going = own = _Going(last=stamp)
        if own.on and not on:
            found.append(_cycle(own, stamp))
        if on and not own.on:
            self._going = own = _Going(on=True, regime=label, last=stamp)
        own.on = on
        if on:
            own.time.append(stamp)
            own.values.append(value)

    def save(self) -> bytes:
        """The state, to go on from later."""
        told = {"begin": self.begin, "end": self.end, "longest": self.longest, "going": asdict(self._going)}
        return json.dumps(told).encode()

    @classmethod
    def restore(cls, state: bytes) -> CycleStream:
        """A stream that goes on where `save` left it.

        Raises  InputError if the bytes are not such a state
        """
        try:
            told = json.loads(state)
            stream = cls(told["begin"], told["end"], told["longest"])
            stream._going = _Going(**told["going"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("this is not the state of indicators", came=str(error)) from None
        return stream


def cycles_by_state(
    time: Ints, values: Sequence[float] | Floats, running: Sequence[bool], regimes: Sequence[str] | str = ""
) -> tuple[Cycle, ...]:
    """Cycles where a state says so, e.g. the machine's own `running`; the first may have begun before the data."""
    return CycleStream().run(time, values, running, regimes)


def cycles_by_signal(
    time: Ints, values: Sequence[float] | Floats, begin: float | None = None, end: float | None = None
) -> tuple[Cycle, ...]:
    """Cycles where the signal is high.

    begin, end  see `CycleStream`; None: halfway between the two levels that divide the values best [1], with a
                dead band of a fifth of their distance
    Source      [1] N. Otsu (1979), doi:10.1109/TSMC.1979.4310076
    """
    if begin is None:
        low, high = _two_levels(np.asarray(values, np.float64))
        begin, end = low + 0.6 * (high - low), low + 0.4 * (high - low)
    return CycleStream(begin, end).run(time, values)


def _two_levels(values: Floats) -> tuple[float, float]:
    good = np.sort(values[np.isfinite(values)])
    if len(good) < 2 or good[0] == good[-1]:
        raise InputError("a signal that never changes has no cycles", came=f"{len(good)} values")
    ranks = np.arange(1, len(good))
    sums = np.cumsum(good)
    below, above = sums[:-1] / ranks, (sums[-1] - sums[:-1]) / (len(good) - ranks)
    at = int((ranks * (len(good) - ranks) * (above - below) ** 2).argmax())
    return float(below[at]), float(above[at])


def _cycle(own: _Going, after: int) -> Cycle:
    time, values = np.array([*own.time, after], np.int64), np.array([*own.values, own.values[-1]])
    seconds = np.diff(time) / 1e6
    duration = (after - own.time[0]) / 1e6
    area = float((seconds * (values[1:] + values[:-1])).sum()) / 2
    top = int(values.argmax())
    rise = (int(time[min(top, len(own.time) - 1)]) - own.time[0]) / 1e6
    mean = area / duration if duration else float(values[0])
    return Cycle(own.time[0], after, duration, float(values[top]), mean, area, rise, len(own.time), own.regime)
