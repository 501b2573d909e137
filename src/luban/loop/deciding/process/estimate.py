"""What the purity truly is, out of an analyser that drifts and a laboratory that is biased and late.

Reads   readings of analyser and laboratory    Writes  nothing
Source  the Kalman filter of two states, e.g. Anderson, Moore, Optimal Filtering, 1979, ch. 3
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from luban.core.time import DAY, HOUR
from luban.loop.deciding.floor import Heard

__all__ = ["ANALYSER", "LABORATORY", "Doubt", "Purity"]

ANALYSER, LABORATORY = "analyser", "product:purity"


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far instruments go astray, as their sheets say.

    accuracy     of one laboratory result [1];  bias  of the laboratory, new each month [1]
    noise        of ten minutes of the analyser [1];  drift  of the analyser, a day [1]
    calibration  time between two settings of the analyser to zero, counted from `start` [µs]
    """

    accuracy: float
    bias: float
    noise: float
    drift: float
    calibration: int
    start: int


class Purity:
    """Estimate of the top's light share and its doubt.

    A laboratory result less the analyser's reading at the time of its sample shows the laboratory's bias less the
    analyser's drift. The drift is nought when the analyser was just set, so the first days of a month tell the bias,
    and the rest of the month the drift.
    """

    def __init__(self, doubt: Doubt, quick: float = 1.0) -> None:
        self._doubt, self._share = doubt, 1 - math.exp(-1 / (6 * quick))
        self._month = -1
        self._at = doubt.start
        self._bias = self._drift = 0.0
        self._bb = self._bd = self._dd = 0.0
        self._past: deque[tuple[int, float]] = deque(maxlen=48)
        self.seen: float | None = None

    @property
    def value(self) -> float | None:
        """Light share at the top [1]; None before the first reading."""
        return None if self.seen is None else min(1.0 - 1e-5, self.seen - self._drift)

    @property
    def sigma(self) -> float:
        """Standard deviation of `value` [1]."""
        share = self._share
        return math.sqrt(self._dd + self._doubt.noise**2 * share / (2 - share))

    def hear(self, told: Iterable[Heard]) -> None:
        """Readings of the analyser (means of ten minutes) and laboratory results (time: of the sample)."""
        for one in told:
            if one.name == ANALYSER:
                self._pass(one.time)
                reading = float(one.value)
                self._past.append((one.time, reading))
                self.seen = reading if self.seen is None else self.seen + self._share * (reading - self.seen)
            elif one.name == LABORATORY:
                self._compare(one.time, float(one.value))

    def _pass(self, now: int) -> None:
        d = self._doubt
        month = (now - d.start) // d.calibration
        if month != self._month:
            self._month = month
            if self.seen is not None:
                self.seen -= self._drift
            self._bias = self._drift = self._bd = self._dd = 0.0
            self._bb = d.bias**2
        else:
            self._dd += d.drift**2 * (now - self._at) / DAY
        self._at = now

    def _compare(self, sampled: int, result: float) -> None:
        near = [value for time, value in self._past if abs(time - sampled) <= HOUR // 2]
        if not near or (sampled - self._doubt.start) // self._doubt.calibration != self._month:
            return
        gap = result - sum(near) / len(near) - (self._bias - self._drift)
        to_bias, to_drift = self._bb - self._bd, self._bd - self._dd
        spread = to_bias - to_drift + self._doubt.accuracy**2 + self._doubt.noise**2 / len(near)
        self._bias += to_bias / spread * gap
        self._drift += to_drift / spread * gap
        self._bb -= to_bias**2 / spread
        self._bd -= to_bias * to_drift / spread
        self._dd -= to_drift**2 / spread
