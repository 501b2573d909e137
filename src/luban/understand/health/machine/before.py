"""What it looked like last time: the days before the last failure over the present ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.time import DAY, HOUR
from luban.understand.health.machine.readings import Readings
from luban.understand.quality.data import Floats

__all__ = ["LastTime", "last_time"]

_POINTS = 120
_LONGEST = 7 * DAY
_LEAST = 24  # stretches with readings, without which nothing is compared


@dataclass(frozen=True, slots=True)
class LastTime:
    """Each channel before the last failure, and before now.

    failure   moment of the failure [µs UTC]
    hours     before it, and before now, rising towards 0 [h], shape (m,)
    channels  names
    then      means of each stretch before the failure, shape (m, c); nan without a reading
    now       the same before now
    apart     difference of the newest quarter, in standard deviations of what lies before it [1]; nan if not known
    """

    failure: int
    hours: Floats
    channels: tuple[str, ...]
    then: Floats
    now: Floats
    apart: Floats

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "failure": self.failure, "hours": [round(float(one), 3) for one in self.hours],
            "channels": [
                {
                    "name": name, "then": _listed(self.then[:, at]), "now": _listed(self.now[:, at]),
                    "apart": None if math.isnan(self.apart[at]) else float(self.apart[at]),
                }
                for at, name in enumerate(self.channels)
            ],
        }  # fmt: skip


def _listed(values: Floats) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def last_time(readings: Readings, failures: Sequence[int], now: int) -> LastTime | None:
    """The newest failure that has readings before it, against the same span before now; None if there is none.

    failures  moments at which the machine failed [µs UTC]
    """
    rows = readings.rows(readings.usable)
    if not readings.timed or not len(rows):
        return None
    past = sorted(at for at in failures if at <= now)
    for at in reversed(past):
        earlier = max((one for one in past if one < at), default=int(rows.time[0]))
        span = min(_LONGEST, at - earlier, now - at)
        if span < HOUR:
            continue
        then, present = _means(rows, at, span), _means(rows, now, span)
        if min(_known(then), _known(present)) < _LEAST:
            continue
        hours = -np.linspace(span, 0, _POINTS + 1)[:-1] / HOUR
        return LastTime(at, hours, rows.channels, then, present, _apart(then, present))
    return None


def _known(means: Floats) -> int:
    return int(np.isfinite(means).any(axis=1).sum())


def _means(rows: Readings, end: int, span: int) -> Floats:
    """Mean of each channel in each stretch of [end - span, end), shape (_POINTS, c)."""
    at = ((rows.time - (end - span)) * _POINTS) // span
    inside = (at >= 0) & (at < _POINTS)
    found = np.full((_POINTS, len(rows.channels)), math.nan)
    for column in range(len(rows.channels)):
        values = rows.values[inside, column]
        known = np.isfinite(values)
        slot = at[inside][known]
        count = np.bincount(slot, minlength=_POINTS)
        total = np.bincount(slot, values[known], minlength=_POINTS)
        found[count > 0, column] = total[count > 0] / count[count > 0]
    return found


def _apart(then: Floats, now: Floats) -> Floats:
    early, late = slice(0, 3 * _POINTS // 4), slice(3 * _POINTS // 4, _POINTS)
    found = np.full(then.shape[1], math.nan)
    for column in range(then.shape[1]):
        before, a, b = then[early, column], then[late, column], now[late, column]
        before, a, b = before[np.isfinite(before)], a[np.isfinite(a)], b[np.isfinite(b)]
        if len(before) > 2 and len(a) and len(b) and (spread := float(before.std(ddof=1))) > 0:
            found[column] = (float(b.mean()) - float(a.mean())) / spread
    return found
