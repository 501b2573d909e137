"""The release policy: at once, at fixed times of the week, or one in for one out; and how long material keeps an order.

Where orders are released at fixed times only, readiness is known to lie between two of them: it is fitted as such.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from luban.core.time import DAY, MINUTE, SECOND, to_datetime
from luban.plant import Plant
from luban.plant.calendar import instant
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.fitting import fit
from luban.twin.calibrate.observe import Observed
from luban.twin.distribution import Distribution

__all__ = ["Policy", "Readiness", "release_policy"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Delay from arrival to readiness: none for a share `at_once`, else exponential with mean [s]."""

    at_once: float
    mean: float

    @property
    def distribution(self) -> Distribution | None:
        """As the model has it; None: always at once."""
        if self.at_once >= 1 or self.mean <= 0:
            return None
        u = np.concatenate([np.arange(256) / 256, [1 - 1 / 1024]])
        values = np.where(
            u < self.at_once, 0.0, -self.mean * np.log1p(-np.maximum(u - self.at_once, 0) / (1 - self.at_once))
        )
        return Distribution("empirical", tuple(float(v) for v in values))

    def beyond(self, waited: float, rng: np.random.Generator) -> float:
        """A delay that is known to be longer than `waited` [s]; 0 waited: any delay."""
        if waited <= 0 and rng.random() < self.at_once:
            return 0.0
        return max(waited, 0.0) + float(rng.exponential(self.mean)) if self.mean > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How orders become lots on the floor.

    times  (weekday, minutes after midnight) at which orders are released; empty: at any time
    cap    lots on the floor that release keeps to; None: none
    """

    times: tuple[tuple[int, int], ...] = ()
    cap: int | None = None
    ready: Readiness = Readiness(1.0, 0.0)

    def instants(self, plant: Plant, start: int, end: int) -> list[int]:
        """Release times in [start, end) [µs UTC]."""
        found = []
        day = start - DAY
        while day < end + DAY and self.times:
            local = to_datetime(day, plant.zone).date()
            found += [
                instant(local, minutes, plant.zone) for weekday, minutes in self.times if weekday == local.weekday()
            ]
            day += DAY
        return sorted({moment for moment in found if start <= moment < end})


def release_policy(found: Observed, plant: Plant, evidence: Evidence) -> Policy:
    """Read from the release and finish of orders."""
    known = [o for o in found.orders.values() if o.arrival is not None and o.release is not None]
    if len(known) < 10:
        evidence.miss(
            "release",
            "plant",
            f"{len(known)} orders with arrival and release",
            "at once, no cap",
            "events `order arrived` and `order released`",
        )
        return Policy()
    waits = np.array([((o.release or 0) - (o.arrival or 0)) / SECOND for o in known])
    times = _times(found, plant)
    if times:
        words = ", ".join(
            f"{['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][d]} {m // 60:02d}:{m % 60:02d}" for d, m in times
        )
        ready = _between(found, plant, times)
        evidence.add(
            "release", "plant", len(times), unit="1/week", n=len(known), method="times of the week", shown=words
        )
    else:
        cap = _cap(found, waits)
        if cap is not None:
            evidence.add(
                "release",
                "plant",
                cap,
                unit="lot",
                n=len(known),
                method="lots on the floor at release",
                shown=f"conwip, cap {cap}",
            )
            evidence.miss("material delay", "plant", "the cap hides it", "none", "when material came")
            return Policy((), cap)
        late = waits[waits > 60]
        ready = Readiness(1 - len(late) / len(waits), float(late.mean()) if len(late) else 0.0)
        evidence.add("release", "plant", float(waits.mean()), n=len(known), method="arrival to release", shown="push")
        if len(late) >= 10 and fit(late).kind != "exponential":
            evidence.miss(
                "material delay",
                "plant",
                "delays are not exponential",
                "exponential with their mean",
                "events `material ready`",
            )
    if ready.at_once < 1:
        evidence.add(
            "material at hand",
            "plant",
            ready.at_once,
            unit="1",
            n=len(known),
            method="maximum likelihood",
            note=f"else exponential, mean {ready.mean / 86400:.2f} d",
        )
    return Policy(times, None, ready)


def _times(found: Observed, plant: Plant) -> tuple[tuple[int, int], ...]:
    """Times of the week that hold 95 % of all releases, at most 14; none if releases are spread."""
    stamps: Counter[tuple[int, int]] = Counter()
    moments = [order.release for order in found.orders.values() if order.release is not None]
    for moment in moments:
        local = to_datetime(moment, plant.zone)
        stamps[local.weekday(), local.hour * 60 + local.minute] += 1
    common = [(time, count) for time, count in stamps.most_common(14) if count >= max(3, 0.01 * len(moments))]
    if not moments or sum(count for _, count in common) < 0.95 * len(moments):
        return ()
    return tuple(sorted(time for time, _ in common))


def _between(found: Observed, plant: Plant, times: tuple[tuple[int, int], ...]) -> Readiness:
    """Delays known between two release times, by maximum likelihood."""
    instants = Policy(times).instants(plant, found.since - 8 * DAY, found.until + 1)
    low, high = [], []
    for order in found.orders.values():
        if order.arrival is None:
            continue
        before = [i for i in (bisect.bisect_left(instants, (order.release or found.until + 1) - MINUTE) - 1,) if i >= 0]
        missed = instants[before[0]] if before else found.since
        if order.release is None and missed < order.arrival:
            continue
        low.append(max(0.0, (missed - order.arrival) / SECOND))
        high.append((order.release - order.arrival) / SECOND if order.release is not None else math.inf)
    bottom, top = np.array(low), np.array(high)
    if not (bottom > 0).any():
        return Readiness(1.0, 0.0)

    def loss(theta: Floats) -> float:
        share, mean = 1 / (1 + math.exp(-theta[0])), math.exp(theta[1])
        alive = np.where(bottom > 0, (1 - share) * np.exp(-bottom / mean), 1.0)
        after = np.where(np.isinf(top), 0.0, (1 - share) * np.exp(-np.minimum(top, 1e12) / mean))
        return -float(np.log(np.maximum(alive - after, 1e-300)).sum())

    start = np.array([math.log(1.0 + (bottom <= 0).sum()) - math.log(1.0 + (bottom > 0).sum()), math.log(2 * 86400.0)])
    best = optimize.minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000})
    return Readiness(1 / (1 + math.exp(-float(best.x[0]))), math.exp(float(best.x[1])))


def _cap(found: Observed, waits: Floats) -> int | None:
    """Lots on the floor, where orders wait and are let in just when another leaves."""
    if (waits > 60).mean() < 0.2:
        return None
    ends = sorted(o.finish for o in found.orders.values() if o.finish is not None)
    begins = sorted(o.release for o in found.orders.values() if o.release is not None)
    levels: Counter[int] = Counter()
    together = held = 0
    for order in found.orders.values():
        if order.release is None or order.arrival is None or order.release - order.arrival < MINUTE:
            continue
        held += 1
        near = bisect.bisect_right(ends, order.release + SECOND) - bisect.bisect_left(ends, order.release - SECOND)
        together += near > 0
        started = sum(o.release is None for o in found.orders.values() if o.finish is not None)
        levels[started + bisect.bisect_right(begins, order.release) - bisect.bisect_right(ends, order.release)] += 1
    if not held or together < 0.8 * held:
        return None
    level, count = levels.most_common(1)[0]
    return level if count >= 0.5 * held else None
