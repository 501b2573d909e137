"""Condition indicators of a machine's signals out of their single values: what five-minute means hide.

A signal that is read often enough is cut into stretches of ten minutes by the clock, in operation only and each within
one regime. What is usual of each indicator in each regime is learned from the very rows from which the machine's watch
learned, once; later stretches are compared with it. A stretch depends on nothing before it, so that the same facts give
the same figures to the bit, whenever they are read and by whichever process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from luban.core.time import MINUTE
from luban.understand.health.indicators import UNSEEN, Compared, Look, Stretch, Usual, learn_usual, stretches
from luban.understand.health.machine import words
from luban.understand.quality.data import Floats, Ints

__all__ = [
    "FAR", "INDICATORS", "STRETCH", "Conditions", "Track", "compared_with", "cut_up", "every_of", "learn_conditions",
    "record_of", "recorded", "unlearned",
]  # fmt: skip

STRETCH: Final = 10 * MINUTE
"""Length of a stretch [µs]."""

INDICATORS: Final = ("rms", "peak", "crest factor", "kurtosis")
"""What is kept of each stretch."""

FAR: Final = 6.0
"""Standard deviations from which on an indicator is marked."""

_LEAST = 60  # values in a stretch: the kurtosis of 60 normal ones has a standard error of 0.6
_WANTED = 600  # values in a stretch, from which on not every stretch is worked out
_MOST_EVERY = 12  # one stretch in two hours at least
_MOST = 60_000  # values in a stretch, 100 a second: more is the device's work


@dataclass(frozen=True, slots=True)
class Track:
    """Stretches of one signal in order of time.

    start, end  first and last value of each [µs UTC], shape (n,)
    used        values in each, shape (n,)
    regimes     of each, UNSEEN for one never seen, "" where there are none
    values      of INDICATORS [unit, unit, 1, 1], NaN where a stretch does not allow it, shape (n, 4)
    """

    start: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    end: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    used: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    regimes: tuple[str, ...] = ()
    values: Floats = field(default_factory=lambda: np.zeros((0, len(INDICATORS))))

    def __len__(self) -> int:
        """Number of stretches."""
        return len(self.start)

    def part(self, rows: slice) -> Track:
        """Some of the stretches."""
        return Track(self.start[rows], self.end[rows], self.used[rows], self.regimes[rows], self.values[rows])

    def since(self, moment: int) -> Track:
        """Stretches that begin at a moment [µs UTC] or later."""
        return self.part(slice(int(np.searchsorted(self.start, moment)), None))

    def until(self, moment: int) -> Track:
        """Stretches that begin before a moment [µs UTC]."""
        return self.part(slice(0, int(np.searchsorted(self.start, moment))))

    def with_more(self, other: Track) -> Track:
        """These, then others that come after them."""
        if not len(other):
            return self
        return Track(
            np.concatenate([self.start, other.start]), np.concatenate([self.end, other.end]),
            np.concatenate([self.used, other.used]), self.regimes + other.regimes,
            np.concatenate([self.values, other.values]),
        )  # fmt: skip

    def stretch(self, at: int) -> Stretch:
        """One of them, as indicators are compared."""
        own = {name: value for name, value in zip(INDICATORS, self.values[at].tolist(), strict=True) if value == value}
        return Stretch(int(self.start[at]), int(self.end[at]), self.regimes[at], int(self.used[at]), 0, own)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Condition indicators of one signal of a machine.

    channel, unit  of the signal
    every    one stretch in so many is worked out, because values come fast; 0: none is
    track    stretches
    compared each against the usual of its regime
    learned  stretches that tell what is usual; 0: none do
    since, until  of these [µs UTC]
    reason   why there are no stretches, or why nothing is usual yet; "" where all is well
    """

    channel: str
    unit: str
    every: int = 0
    track: Track = field(default_factory=Track)
    compared: tuple[Compared, ...] = ()
    learned: int = 0
    since: int = 0
    until: int = 0
    reason: str = ""

    def score(self, at: int, name: str) -> float:
        """How far an indicator of a stretch is from its usual [standard deviations]; NaN where it is not compared."""
        told = self.compared[at].scores.get(name)
        return math.nan if told is None else told.score

    @property
    def far(self) -> tuple[tuple[str, str, float], ...]:
        """What the newest stretch of each regime has far from its usual: (regime, indicator, score)."""
        newest = {regime: at for at, regime in enumerate(self.track.regimes)}
        found = [(regime, name, self.score(at, name)) for regime, at in newest.items() for name in INDICATORS]
        return tuple(one for one in found if abs(one[2]) >= FAR)

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        rows = [
            {"start": one.start, "end": one.end, "regime": one.regime, "used": one.used, "values": dict(one.values),
             "unseen": told.regime == UNSEEN,
             "scores": {name: score.score for name, score in told.scores.items() if math.isfinite(score.score)},
             "reasons": dict(told.reasons)}
            for one, told in zip(map(self.track.stretch, range(len(self.track))), self.compared, strict=True)
        ]  # fmt: skip
        return {
            "channel": self.channel, "unit": self.unit, "every": self.every, "stretch_s": STRETCH // 1_000_000,
            "learned": self.learned, "learned_since": self.since or None, "learned_until": self.until or None,
            "reason": self.reason, "stretches": rows,
        }  # fmt: skip


def every_of(counts: Ints) -> tuple[int, str]:
    """One stretch in how many is worked out, from the values in each so far; 0 for none, with the reason.

    counts  of stretches in operation that hold a value, shape (n,)
    """
    if not len(counts):
        return 0, words.NO_VALUES
    usual = float(np.median(counts))
    if usual < _LEAST:
        step = STRETCH / 1e6 / usual
        return 0, words.SELDOM.format(step=f"{step:.3g}", least=f"{STRETCH / 1e6 / _LEAST:g}")
    if usual > _MOST:
        return 0, words.FAST.format(rate=f"{usual / (STRETCH / 1e6):.3g}", most=f"{_MOST / (STRETCH / 1e6):g}")
    return min(_MOST_EVERY, math.ceil(usual / (1.5 * _WANTED))), ""


def cut_up(values: Floats, time: Ints, regimes: Sequence[str], every: int) -> Track:
    """Stretches of values in order of time, all in operation; whole stretches only, see STRETCH.

    regimes  of each value
    every    one stretch in so many, counted by the clock
    """
    taken = (time // STRETCH) % every == 0 if every > 1 else np.ones(len(time), np.bool_)
    labels = [label for label, one in zip(regimes, taken.tolist(), strict=True) if one]
    found = stretches(values[taken], time[taken], Look(length=STRETCH / 1e6), labels)
    found = tuple(one for one in found if one.used)
    return Track(
        np.array([one.start for one in found], np.int64), np.array([one.end for one in found], np.int64),
        np.array([one.used for one in found], np.int64), tuple(one.regime for one in found),
        np.array([[one.values.get(name, math.nan) for name in INDICATORS] for one in found]).reshape(-1, 4),
    )  # fmt: skip


def learn_conditions(track: Track) -> Usual:
    """What is usual in each regime, from stretches of good operation."""
    return learn_usual(track.stretch(at) for at in range(len(track)))


def compared_with(usual: Usual | None, track: Track, known: Sequence[Compared] = ()) -> tuple[Compared, ...]:
    """Each stretch against what is usual; `known` are those of the first ones."""
    if usual is None:
        return tuple(Compared(regime, {}, {"": words.USUAL_NOT_YET}) for regime in track.regimes)
    return (*known, *(usual.compare(track.stretch(at)) for at in range(len(known), len(track))))


def unlearned(channel: str, unit: str, reason: str) -> Conditions:
    """A signal of which nothing can be computed, with the reason."""
    return replace(Conditions(channel, unit), reason=reason)


def record_of(usual: Usual) -> Mapping[str, Mapping[str, Sequence[float]]]:
    """What is usual, for the books."""
    return {regime: {name: list(told) for name, told in own.items()} for regime, own in usual.table.items()}


def recorded(table: Mapping[str, Mapping[str, Sequence[float]]]) -> Usual:
    """Back from `record_of`."""
    return Usual({r: {k: (float(m), float(s), int(n)) for k, (m, s, n) in own.items()} for r, own in table.items()})
