"""One signal, watched point by point: is a value, a pattern or the rhythm of the day unlike all that was before?

Three distances are taken of every value: to the nearest value remembered; of the last values as a pattern to the
nearest pattern remembered; of the short mean to that of the same hour yesterday and a week ago, the nearer one. How
rare each is follows from the largest of that kind so far [1]; the rarest counts. Nothing is fitted to a file.

    [1] Weissman 1978, doi:10.1080/01621459.1978.10480104: tail probability from the k largest values (Hill's index)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking
from luban.understand.health.anomaly.notes import Adaptation, Alarm, Note
from luban.understand.quality.data import NO_TIME, Excluded, Floats, Ints

__all__ = ["Rule", "SignalWatch", "Watched", "interval_of"]

KINDS = ("value", "shape", "rhythm")
LARGEST = 1e100  # squares of what is larger leave the range of numbers
LISTED = 100  # excluded values that are listed one by one
NOISE = ((2.0, 1606.0), (2.25, 1731.0), (2.5, 1981.0), (2.75, 2340.0), (3.0, 3176.0), (3.5, 10012.0), (4.0, 44499.0))
# rarity from which on an alarm is raised, and the points between alarms that it gives on noise: geometric mean of nine
# kinds (normal, Laplace, t of 3, lognormal, Poisson of 3, a daily wave, autoregressive 0.9 and 0.99, random walk),
# 115,500 points each after the warm-up; for one kind it is 0.55 to 3.9 times as long at 2.5


@dataclass(frozen=True, slots=True)
class Rule:
    """How a signal is watched.

    every       points between false alarms, geometric mean over nine kinds of noise [points], 1,600 to 44,000; for one
                kind of noise it may be half of that or four times as long
    warmup      points before the first alarm is allowed [points], 100 or more
    refractory  points after an alarm without another [points], 2 or more
    interval    time between points [s]; None: not known, then no rhythm is looked at
    memory      values remembered [points], above twice the pattern
    pattern     values in a pattern [points], 4 or more
    short       values in the short mean that is held against yesterday [points]
    tail        largest distances that make the tail, 10 or more
    history     distances remembered of each kind [points], above 4 times the tail
    """

    every: float = 2000.0
    warmup: int = 750
    refractory: int = 150
    interval: float | None = None
    memory: int = 4000
    pattern: int = 48
    short: int = 24
    tail: int = 20
    history: int = 20_000

    def __post_init__(self) -> None:
        for wrong, field_name, expected in (
            (not NOISE[0][1] <= self.every <= NOISE[-1][1], "every", f"{NOISE[0][1]:g} to {NOISE[-1][1]:g} points"),
            (self.warmup < 100, "warmup", "100 points or more"),
            (not 2 <= self.refractory <= self.memory, "refractory", "2 points or more, not above the memory"),
            (self.interval is not None and not 0 < self.interval < math.inf, "interval", "above 0 s"),
            (self.pattern < 4 or self.memory < 2 * self.pattern, "pattern", "4 or more, at most half the memory"),
            (not 1 <= self.short <= self.memory, "short", "1 or more, not above the memory"),
            (self.tail < 10 or self.history < 4 * self.tail, "tail", "10 or more, at most a quarter of the history"),
        ):
            if wrong:
                raise InputError("a signal cannot be watched so", came=f"{field_name} = {getattr(self, field_name)}",
                                 expected=expected)  # fmt: skip

    @property
    def threshold(self) -> float:
        """Rarity (-log10 of a chance) from which on there is an alarm, one for every signal.

        Example  round(Rule().threshold, 2) == 2.51
        """
        rarity, between = zip(*NOISE, strict=True)
        return float(np.interp(math.log(self.every), np.log(between), rarity))

    @property
    def day(self) -> int:
        """Points in a day, 0 if the rhythm cannot be looked at: the interval is not known, or below a second."""
        if self.interval is None:
            return 0
        day = round(86_400 / self.interval)
        return day if 2 <= day <= 90_000 else 0

    @property
    def false_alarms_per_day(self) -> float | None:
        """What `every` means per day; None if the interval is not known."""
        return None if self.interval is None else 86_400 / self.interval / self.every


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of values given to a watch.

    rarity       of each value: -log10 of the chance of the rarest of its three distances, nan where none was used
    alarms, adaptations, notes   in order of time
    used         values that were used
    excluded     values that were not, the first hundred one by one, then a count
    """

    rarity: Floats
    alarms: tuple[Alarm, ...]
    adaptations: tuple[Adaptation, ...]
    notes: tuple[Note, ...]
    used: int
    excluded: tuple[Excluded, ...]


@dataclass(slots=True)
class _Clock:
    """Place of the stream in time."""

    points: int = 0
    first: int = NO_TIME
    last: int = NO_TIME
    slot: int = -1
    odd: int = 0
    flat: bool = False
    alarm: int = -1
    level: float = math.nan
    spoken: list[str] = field(default_factory=list)


def interval_of(time: Ints) -> float | None:
    """Usual time between points [s]: the median of the first 1,000 steps forward; None if there are none.

    Example  interval_of(np.array([0, 60_000_000, 120_000_000])) == 60.0
    """
    steps = np.diff(time[:1001])
    steps = steps[steps > 0]
    return float(np.median(steps)) / 1e6 if len(steps) else None


class SignalWatch:
    """Watches one signal, one value or many at a time: the result is the same to the bit.

    Example  watch = SignalWatch(Rule(interval=300)); watch.update(value, time).alarms
    """

    def __init__(self, rule: Rule | None = None) -> None:
        from luban.understand.health.anomaly.kernel import new_memory

        self.rule = rule or Rule()
        own = self.rule
        self._memory = new_memory(own.memory, own.pattern, 7 * own.day + 1 if own.day else 0, own.history, own.tail)
        self._clock = _Clock()

    def update(self, value: float, time: int = NO_TIME) -> Watched:
        """One value more; time [µs UTC]."""
        return self.run(np.array([value], np.float64), np.array([time], np.int64))

    def run(self, values: Sequence[float] | Floats, time: Ints | None = None) -> Watched:
        """Values more, in order of time.

        values  any numbers; what is not finite is excluded with a reason, and takes no part
        time    of each [µs UTC], shape (n,); None: evenly spaced
        Raises  InputError if values and times differ in number
        """
        from luban.understand.health.anomaly.kernel import watch

        taken = np.ascontiguousarray(values, np.float64)
        stamps = np.full(len(taken), NO_TIME, np.int64) if time is None else np.asarray(time, np.int64)
        if taken.ndim != 1 or stamps.shape != taken.shape:
            raise InputError("values and times differ in number", came=f"{taken.shape} and {stamps.shape}")
        offset = self._clock.points
        slots, notes = self._slots(stamps, offset)
        good = np.isfinite(taken) & (np.abs(taken) < LARGEST)
        rows = np.flatnonzero(good)
        own = self.rule
        rule = np.array([own.pattern, own.day, own.short, own.refractory, own.warmup], np.int64)
        rarities, fired, ends, levels = watch(taken[rows], slots[rows], self._memory, rule, own.threshold)
        rarity = np.full(len(taken), np.nan)
        rarity[rows] = rarities.max(axis=1) if len(rows) else 0.0
        alarms, adaptations = [], []
        for at in np.flatnonzero((fired >= 0) | (ends > 0)):
            row = int(rows[at])
            if ends[at]:
                kind = "new level" if ends[at] == 2 else "passed"
                adaptations.append(
                    Adaptation(offset + row, int(stamps[row]), self._clock.alarm, kind, self._clock.level,
                               float(levels[at]))
                )  # fmt: skip
            if fired[at] >= 0:
                self._clock.alarm = offset + row
                self._clock.level = float(levels[at])
                alarms.append(
                    Alarm(offset + row, int(stamps[row]), float(taken[row]), float(rarity[row]), KINDS[fired[at]])
                )
        self._clock.points = offset + len(taken)
        notes += self._flat(stamps)
        return Watched(rarity, tuple(alarms), tuple(adaptations), tuple(notes), len(rows),
                       _excluded(taken, np.flatnonzero(~good), offset))  # fmt: skip

    def _slots(self, stamps: Ints, offset: int) -> tuple[Ints, list[Note]]:
        """Time slot of every value, and what is odd about the times."""
        clock, notes = self._clock, list[Note]()
        step = self.rule.interval
        slots = np.empty(len(stamps), np.int64)
        for at, stamp in enumerate(stamps.tolist()):
            if stamp == NO_TIME or step is None:
                clock.slot += 1
            else:
                if clock.first == NO_TIME:
                    clock.first = stamp - max(clock.slot + 1, 0) * round(step * 1e6)
                elif clock.last != NO_TIME:
                    notes += self._step(offset + at, stamp, (stamp - clock.last) / 1e6, step)
                clock.last = stamp
                clock.slot = max(round((stamp - clock.first) / 1e6 / step), 0)  # falls again after a wrong stamp
            slots[at] = clock.slot
        return slots, notes

    def _step(self, at: int, stamp: int, passed: float, step: float) -> list[Note]:
        clock = self._clock
        clock.odd = clock.odd + 1 if abs(passed - step) > 0.2 * step else 0
        if passed < 0:
            return [Note(at, stamp, "clock set back", -passed)]
        if passed > 10 * step:
            return [Note(at, stamp, "gap", passed)]
        if clock.odd == 30:
            return [Note(at, stamp, "sampling changed", passed)]
        return []

    def _flat(self, stamps: Ints) -> list[Note]:
        """Said once: the signal has not varied since it is watched."""
        low, high = self._memory.bounds[:2]
        if self._clock.flat or low < high or self._memory.counts[0] < self.rule.warmup or not len(stamps):
            return []
        self._clock.flat = True
        return [Note(self._clock.points - 1, int(stamps[-1]), "constant", float(low))]

    def save(self) -> bytes:
        """The state, to go on from later."""
        return pack({"rule": asdict(self.rule), "clock": asdict(self._clock)}, self._memory._asdict())

    @classmethod
    def restore(cls, state: bytes) -> SignalWatch:
        """A watch that goes on where `save` left it.

        Raises  InputError if the bytes are not such a state
        """
        with unpacking("this is not the state of a watched signal"):
            told, kept = unpack(state)
            watch = cls(Rule(**told["rule"]))
            watch._clock = _Clock(**told["clock"])
            watch._memory = type(watch._memory)(*(kept[name] for name in watch._memory._fields))
        return watch


def _excluded(values: Floats, rows: Ints, offset: int) -> tuple[Excluded, ...]:
    listed = [
        Excluded(str(offset + row + 1), "value", f"{values[row]:g}", "not a finite number") for row in rows[:LISTED]
    ]
    if len(rows) > LISTED:
        listed.append(Excluded("", "value", f"{len(rows) - LISTED} more", "not a finite number"))
    return tuple(listed)
