"""Indicators stretch by stretch, as values come: one at a time or many, the same numbers to the bit.

A stretch ends when its time is over, or when the regime changes, so that no stretch mixes two products.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.indicators import words
from luban.understand.health.indicators.bearing import Bearing
from luban.understand.health.indicators.describe import described
from luban.understand.health.indicators.doubt import Doubt, DoubtWatch
from luban.understand.quality.data import NO_TIME, Floats, Ints

__all__ = ["IndicatorStream", "Look", "Stretch", "stretches"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a signal is looked at.

    length   of a stretch [s], above 0; by the clock: a stretch of 600 s begins at each full ten minutes
    rate     samples per second [Hz] of an evenly sampled signal; stretches then count samples, and have a spectrum.
             None: values come when they come
    bearing  and `speed` [turns per minute]: see `describe`; a speed given with the values wins
    bands    (low, high) [Hz]
    Raises   InputError
    """

    length: float = 600.0
    rate: float | None = None
    bearing: Bearing | None = None
    speed: float | None = None
    bands: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.length < math.inf or (self.rate is not None and self.length * self.rate < 1):
            raise InputError("a stretch has no length", came=f"{self.length:g} s", expected="a sample or more")
        if self.rate is not None and not 0 < self.rate < math.inf:
            raise InputError("a spectrum needs a sampling rate", came=f"{self.rate:g} Hz", expected="above 0 Hz")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Indicators of one stretch.

    start, end  first and last value [µs UTC], NO_TIME if not known
    regime      as it was given with the values, "" for none
    used        values used
    excluded    values that were no finite numbers
    values      by indicator; see `describe`
    reasons     why any indicator is left out
    """

    start: int
    end: int
    regime: str
    used: int
    excluded: int
    values: Mapping[str, float]
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """The stretch that is not over."""

    slot: int = 0
    regime: str = ""
    speed: float = math.nan
    values: list[float] = field(default_factory=list)
    first: int = NO_TIME
    last: int = NO_TIME


class IndicatorStream:
    """Works out the indicators of one signal; `doubts` tells what was odd about its data so far.

    Example  stream = IndicatorStream(Look(length=60))
             for stretch in stream.run(values, time): print(stretch.values["rms"])
    """

    def __init__(self, look: Look | None = None, name: str = "") -> None:
        self.look = look or Look()
        self._watch = DoubtWatch(name, even=self.look.rate is not None)
        self._open = _Open()
        self.doubts: list[Doubt] = []

    def run(
        self,
        values: Sequence[float] | Floats,
        time: Ints | None = None,
        regimes: Sequence[str] | str = "",
        speed: float | None = None,
    ) -> tuple[Stretch, ...]:
        """Values more, in order of time; returns the stretches that they end.

        values   shape (n,)
        time     of each [µs UTC]; may be None only with a rate
        regimes  of each value, or one word for all
        speed    of the shaft while these values were taken [turns per minute]
        Raises   InputError
        """
        taken = np.asarray(values, np.float64)
        stamps = np.full(len(taken), NO_TIME, np.int64) if time is None else np.asarray(time, np.int64)
        if taken.ndim != 1 or stamps.shape != taken.shape:
            raise InputError("values and times differ in number", came=f"{taken.shape} and {stamps.shape}")
        if time is None and self.look.rate is None and len(taken):
            raise InputError("time is not given", came="neither times nor a sampling rate", expected="one of them")
        labels = [regimes] * len(taken) if isinstance(regimes, str) else list(regimes)
        if len(labels) != len(taken):
            raise InputError("values and labels differ in number", came=f"{len(taken)} and {len(labels)}")
        self.doubts += self._watch.run(taken, stamps)
        turns = math.nan if speed is None else float(speed)
        slots = [self._slot(stamp) for stamp in stamps.tolist()]
        ended: list[Stretch] = []
        at = 0
        while at < len(taken):
            if self._open.values and self._over(slots[at], labels[at], turns):
                ended.append(self._close())
            if not self._open.values:
                self._open = _Open(slots[at], labels[at], turns, [], int(stamps[at]))
            upto = self._alike(slots, labels, at)
            self._open.values += taken[at:upto].tolist()
            self._open.last = int(stamps[upto - 1])
            at = upto
            if self._full():
                ended.append(self._close())
        return tuple(ended)

    def flush(self) -> tuple[Stretch, ...]:
        """End the stretch that is not over, if it holds anything."""
        return (self._close(),) if self._open.values else ()

    def save(self) -> bytes:
        """The state, to go on from later."""
        told = {"look": asdict(self.look), "open": asdict(self._open), "watch": self._watch.state(),
                "doubts": [asdict(doubt) for doubt in self.doubts]}  # fmt: skip
        return json.dumps(told).encode()

    @classmethod
    def restore(cls, state: bytes) -> IndicatorStream:
        """A stream that goes on where `save` left it.

        Raises  InputError if the bytes are not such a state
        """
        try:
            told = json.loads(state)
            look = told["look"]
            bearing = look.pop("bearing")
            bands = tuple((low, high) for low, high in look.pop("bands"))
            stream = cls(Look(**look, bearing=Bearing(**bearing) if bearing else None, bands=bands))
            stream._open = _Open(**told["open"])
            stream._watch = DoubtWatch.of(told["watch"])
            stream.doubts = [Doubt(**doubt) for doubt in told["doubts"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError("this is not the state of indicators", came=str(error)) from None
        return stream

    def _slot(self, stamp: int) -> int:
        return 0 if self.look.rate is not None else stamp // round(self.look.length * 1e6)

    def _full(self) -> bool:
        rate = self.look.rate
        return rate is not None and len(self._open.values) >= round(self.look.length * rate)

    def _over(self, slot: int, label: str, speed: float) -> bool:
        own = self._open
        turned = speed != own.speed and not (math.isnan(speed) and math.isnan(own.speed))
        return slot != own.slot or label != own.regime or turned

    def _alike(self, slots: list[int], labels: list[str], at: int) -> int:
        """Where the values end that go into the open stretch together."""
        rate = self.look.rate
        most = len(slots) if rate is None else at + round(self.look.length * rate) - len(self._open.values)
        upto = at + 1
        while upto < min(most, len(slots)) and slots[upto] == slots[at] and labels[upto] == labels[at]:
            upto += 1
        return upto

    def _close(self) -> Stretch:
        own, look = self._open, self.look
        self._open = _Open()
        values = np.array(own.values)
        speed = look.speed if math.isnan(own.speed) else own.speed
        whole = look.rate is None or len(values) >= round(look.length * look.rate)
        told, reasons = described(values, look.rate if whole else None, speed=speed, bearing=look.bearing,
                                  bands=look.bands)  # fmt: skip
        if not whole:
            reasons = (*reasons, words.SHORT)
        used = int((np.isfinite(values) & (np.abs(values) < 1e100)).sum())
        return Stretch(own.first, own.last, own.regime, used, len(values) - used, told, reasons)


def stretches(
    values: Sequence[float] | Floats,
    time: Ints | None = None,
    look: Look | None = None,
    regimes: Sequence[str] | str = "",
) -> tuple[Stretch, ...]:
    """Indicators of all stretches of a signal at once, the last one too: as `IndicatorStream`, to the bit."""
    stream = IndicatorStream(replace(look) if look else None)
    return stream.run(values, time, regimes) + stream.flush()
