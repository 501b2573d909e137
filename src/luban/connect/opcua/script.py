"""What a scripted device shows, as a pure function of time.

Because a value follows from the script, its epoch and the clock alone, a device that was killed and
started again goes on where the machine would be by now, and its history holds what happened meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luban.connect.wire import Value
from luban.core.time import SECOND

__all__ = ["Script", "Track", "Type", "lathe"]

Type = Literal[
    "Boolean", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double", "String", "LocalizedText"
]


class Wave(BaseModel):
    """A sine: mean ± swing, one turn in `period` [s]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: float = 0.0
    swing: float = 1.0
    period: float = Field(default=60.0, gt=0)


class Track(BaseModel):
    """One value over time: either `points` at given moments, or one value `every` so many seconds.

    path    browse path below the script's root, e.g. Lathe/Spindle/Load
    points  (offset [s], value); with `period` they repeat, numbers raised by `carry` each time
    every   [s]; the n-th value is start + n · step, or the wave's
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    type: Type = "Double"
    unit: str = ""
    range: tuple[float, float] | None = None
    writable: bool = False
    points: tuple[tuple[float, Value], ...] = ()
    period: float = Field(default=0.0, ge=0)
    carry: float = 0.0
    every: float = Field(default=0.0, ge=0)
    start: float = 0.0
    step: float = 1.0
    wave: Wave | None = None

    @model_validator(mode="after")
    def _check(self) -> Track:
        offsets = [offset for offset, _ in self.points]
        if offsets != sorted(offsets) or (offsets and offsets[0] < 0):
            raise ValueError(f"{self.path}: points must be in order of time, from 0 on")
        if self.period and offsets and offsets[-1] >= self.period:
            raise ValueError(f"{self.path}: the last point lies beyond the period")
        return self

    def after(self, epoch: int, moment: int) -> Iterator[tuple[int, Value]]:
        """(time [µs], value) of every change later than `moment`, in order; without end if it repeats."""
        if self.every:
            step = round(self.every * SECOND)
            for n in count(max(0, (moment - epoch) // step + 1)):
                yield epoch + n * step, self._nth(n)
            return
        period = round(self.period * SECOND)
        first = max(0, (moment - epoch) // period) if period else 0
        for turn in count(first):
            for offset, value in self.points:
                time = epoch + turn * period + round(offset * SECOND)
                if time > moment:
                    yield time, self._carried(value, turn)
            if not period or not self.points:
                return

    def at(self, epoch: int, moment: int) -> tuple[int, Value] | None:
        """The change that holds at `moment`; None before the first."""
        if moment < epoch:
            return None
        if self.every:
            n = (moment - epoch) // round(self.every * SECOND)
            return epoch + n * round(self.every * SECOND), self._nth(n)
        period = round(self.period * SECOND)
        turn = (moment - epoch) // period if period else 0
        for back in (turn, turn - 1):
            for offset, value in reversed(self.points):
                time = epoch + back * period + round(offset * SECOND)
                if epoch <= time <= moment:
                    return time, self._carried(value, back)
        return None

    def _nth(self, n: int) -> Value:
        if self.wave is not None:
            angle = 2 * math.pi * n * self.every / self.wave.period
            return round(self.wave.mean + self.wave.swing * math.sin(angle), 6)
        return self._typed(self.start + n * self.step)

    def _carried(self, value: Value, turn: int) -> Value:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._typed(value + turn * self.carry)
        return value

    def _typed(self, value: float) -> Value:
        return value if self.type in ("Double", "Float") else int(value)


class Script(BaseModel):
    """All values of a device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespace: str = "urn:luban:device"
    tracks: tuple[Track, ...] = ()


def lathe(name: str = "Lathe", *, cycle: float = 4.0, parts: int = 8, pause: float = 6.0) -> Script:
    """A lathe that makes `parts` pieces of `cycle` seconds, then stands still for `pause` seconds, and so on.

    The last piece of each run is scrap. The words are those of OPC 40501-1.
    """
    run = cycle * parts
    made = tuple((cycle * (n + 1), n + 1) for n in range(parts - 1))
    states: tuple[tuple[float, Value], ...] = ((0.0, "Executing"), (run, "NotExecuting"))
    return Script(
        tracks=(
            Track(path=f"{name}/State", type="String", points=states, period=run + pause),
            Track(path=f"{name}/Mode", type="String", points=((0.0, "Processing"),)),
            Track(
                path=f"{name}/GoodParts", type="UInt32", points=((0.0, 0), *made), period=run + pause, carry=parts - 1
            ),
            Track(path=f"{name}/ScrapParts", type="UInt32", points=((0.0, 0), (run, 1)), period=run + pause, carry=1),
            Track(
                path=f"{name}/SpindleLoad",
                unit="%",
                range=(0, 200),
                every=0.25,
                wave=Wave(mean=60, swing=15, period=cycle),
            ),
            Track(path=f"{name}/FeedOverride", unit="%", range=(0, 120), writable=True, points=((0.0, 100.0),)),
        )
    )
