"""What is odd about the data of a channel: each thing is found and said, and the rest goes on.

Nothing is repaired here. Times, intervals, constancy and units are watched value by value, so that a stream finds the
same as a whole file does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from luban.understand.health.indicators import words
from luban.understand.quality.data import NO_TIME, Floats, Ints

__all__ = ["Doubt", "DoubtWatch", "doubts_of"]

_LEARN = 30  # steps from which the usual time between values is taken
_GAP = 10.0  # times the usual step
_OFF = 0.2  # of the usual step
_ODD = 30  # steps in a row that are off
_CONSTANT = 500  # equal values in a row from the start
_BLOCK, _BLOCKS = 128, 16
_FAR, _NEAR = 0.03, 0.02  # how close the median comes to a known factor
FACTORS: Final = (1e3, 1e6, 25.4, 60.0, 3600.0, 9.80665, 100.0, 745.7, 6.894757, 14.5038, 10.0)
"""Large factors between units in use: kilo, mega, inch, minute, hour, g, per cent, horsepower, psi and bar, centi."""
_CLOSE = (3.6, 2.54, 4.1868)  # small ones, that a change of load could make too: asked of much more data


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is odd.

    channel  its name
    kind     missing | silent | empty | not a number | gap | clock set back | sampling changed | constant | unit changed
    at       number of the value, from 0; −1: of the channel as a whole
    time     of it [µs UTC], NO_TIME if not known
    amount   gap, set back, new interval [s]; factor [1]; the constant [its unit]; values left out [1]
    """

    channel: str
    kind: str
    at: int
    time: int
    amount: float

    @property
    def text(self) -> str:
        """For people, in English; a template of `words.DOUBTS`."""
        return words.DOUBTS[self.kind]


@dataclass(slots=True)
class _State:
    points: int = 0
    last: int = NO_TIME
    steps: list[float] = field(default_factory=list)
    usual: float = math.nan
    odd: int = 0
    lost: int = 0
    same: int = 0
    value: float = math.nan
    flat: bool = False
    block: list[float] = field(default_factory=list)
    blocks: list[list[float]] = field(default_factory=list)
    begun: int = -1
    begun_time: int = NO_TIME


class DoubtWatch:
    """Watches the data of one channel; state and result do not depend on how the values are cut.

    name  of the channel
    even  True: values are evenly spaced by their rate, times are not looked at
    """

    def __init__(self, name: str = "", *, even: bool = False) -> None:
        self.name, self.even, self._state = name, even, _State()

    def run(self, values: Floats, time: Ints) -> list[Doubt]:
        """Values more; what is odd about them."""
        found: list[Doubt] = []
        own = self._state
        for value, stamp in zip(values.tolist(), time.tolist(), strict=True):
            if not self.even and stamp != NO_TIME:
                self._clock(stamp, found)
            if not math.isfinite(value) or abs(value) >= 1e100:
                own.lost += 1
                if own.lost == 1:
                    found.append(Doubt(self.name, "not a number", own.points, stamp, 1.0))
            else:
                self._flat(value, stamp, found)
                if value:
                    self._unit(value, stamp, found)
            own.points += 1
        return found

    def end(self) -> list[Doubt]:
        """What can only be said of the whole: no numbers, how many were left out, a constant."""
        own = self._state
        if own.points and own.lost == own.points:
            return [Doubt(self.name, "empty", -1, NO_TIME, float(own.lost))]
        found = [Doubt(self.name, "not a number", -1, NO_TIME, float(own.lost))] if own.lost > 1 else []
        if not own.flat and own.same == own.points - own.lost > 1:
            found.append(Doubt(self.name, "constant", -1, NO_TIME, own.value))
        return found

    def state(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"name": self.name, "even": self.even, "state": asdict(self._state)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> DoubtWatch:
        """Back from `state`."""
        watch = cls(told["name"], even=told["even"])
        watch._state = _State(**told["state"])
        return watch

    def _clock(self, stamp: int, found: list[Doubt]) -> None:
        own = self._state
        last, own.last = own.last, stamp
        if last == NO_TIME:
            return
        step = (stamp - last) / 1e6
        if step < 0:
            found.append(Doubt(self.name, "clock set back", own.points, stamp, -step))
            return
        if len(own.steps) < _LEARN:
            if step > 0:
                own.steps.append(step)
                own.usual = float(np.median(own.steps))
            if len(own.steps) < _LEARN // 3 or step <= _GAP * own.usual:
                return
        if step > _GAP * own.usual:
            found.append(Doubt(self.name, "gap", own.points, stamp, step))
            return
        own.odd = own.odd + 1 if abs(step - own.usual) > _OFF * own.usual else 0
        own.steps = [*own.steps[-_LEARN + 1 :], step] if own.odd else own.steps
        if own.odd == _ODD:
            recent = float(np.median(own.steps[-_ODD:]))
            if abs(recent - own.usual) > _OFF * own.usual:
                found.append(Doubt(self.name, "sampling changed", own.points, stamp, recent))
                own.usual = recent
            own.odd = 0

    def _flat(self, value: float, stamp: int, found: list[Doubt]) -> None:
        own = self._state
        if own.same == own.points - own.lost and (value == own.value or own.same == 0):
            own.same += 1
            own.value = value
            if own.same == _CONSTANT:
                own.flat = True
                found.append(Doubt(self.name, "constant", own.points, stamp, value))

    def _unit(self, value: float, stamp: int, found: list[Doubt]) -> None:
        """Blocks of values other than zero against those before: all multiplied by a known factor, never so before."""
        own = self._state
        if not own.block:
            own.begun, own.begun_time = own.points, stamp
        own.block.append(value)
        if len(own.block) < _BLOCK:
            return
        own.blocks = [*own.blocks[-_BLOCKS:], own.block]
        own.block = []
        for new, old, factors, near in ((1, 2, FACTORS, _FAR), (4, 8, _CLOSE, _NEAR)):
            factor = _multiplied(own.blocks, new, old, factors, near)
            if factor:
                found.append(Doubt(self.name, "unit changed", own.begun, own.begun_time, factor))
                own.blocks = own.blocks[-new:]
                return


def _multiplied(blocks: list[list[float]], new: int, old: int, factors: Sequence[float], near: float) -> float:
    """The factor by which the newest blocks are multiplied, 0 for none; the block between them may hold both."""
    if len(blocks) < new + 1 + old:
        return 0.0
    after = np.abs(np.concatenate([np.array(block) for block in blocks[-new:]]))
    before = np.abs(np.concatenate([np.array(block) for block in blocks[: -new - 1]]))
    ratio = float(np.median(after) / np.median(before))
    apart = after.min() > before.max() if ratio > 1 else after.max() < before.min()
    size = ratio if ratio > 1 else 1 / ratio
    known = [factor for factor in factors if abs(size / factor - 1) < near]
    if not apart or not known:
        return 0.0
    shares = (10, 25, 75, 90)
    others = np.percentile(after, shares) / np.percentile(before, shares) / ratio
    loose = 3 * near if new > 1 else 0.3
    return ratio if bool(np.all(np.abs(others - 1) < loose)) else 0.0


def doubts_of(channels: Mapping[str, tuple[Ints, Floats]], expected: Sequence[str] = ()) -> tuple[Doubt, ...]:
    """What is odd about the channels of a machine, taken together.

    channels  name → (times [µs UTC], values)
    expected  channels that should be there
    Example   doubts_of({"load": (time, load)}, expected=["load", "vibration"])  # vibration is missing
    """
    found = [Doubt(name, "missing", -1, NO_TIME, 0.0) for name in expected if name not in channels]
    ends = {name: int(time[-1]) for name, (time, _) in channels.items() if len(time)}
    latest = max(ends.values(), default=NO_TIME)
    for name, (time, values) in channels.items():
        if not len(values):
            found.append(Doubt(name, "missing", -1, NO_TIME, 0.0))
            continue
        watch = DoubtWatch(name)
        found += watch.run(np.asarray(values, np.float64), np.asarray(time, np.int64))
        found += watch.end()
        steps = np.diff(time[:1001])
        usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else math.inf
        if len(values) > _LEARN and latest - ends[name] > max(_GAP * usual, _GAP * 1e6):
            found.append(Doubt(name, "silent", -1, ends[name], (latest - ends[name]) / 1e6))
    return tuple(found)
