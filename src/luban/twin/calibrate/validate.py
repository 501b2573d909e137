"""Judge a calibration by facts that it has not seen: the weeks after its window."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.twin.calibrate.arrivals import DrawnOrder
from luban.twin.calibrate.calibration import Calibration
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.forecast import FIGURES, figures, forecasts
from luban.twin.calibrate.observe import observe

__all__ = ["LIMITS", "Judged", "Validation", "validate"]

LIMITS = {"orders finished": 0.05, "pieces": 0.05}
"""Largest relative error that passes [1]; 0.10 where a figure is not listed."""
_UNITS = {"orders finished": "orders", "pieces": "pieces"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure: what the facts say, what the twin said, where the facts had to lie.

    low, high  prediction interval of the window's figure: chance of the window and doubt of the demand
    error      (predicted - fact) / fact [1]
    """

    figure: str
    unit: str
    fact: float
    predicted: float
    low: float
    high: float
    error: float
    limit: float

    @property
    def inside(self) -> bool:
        """The facts lie in the interval."""
        return self.low <= self.fact <= self.high

    @property
    def close(self) -> bool:
        """The error is within its limit."""
        return abs(self.error) <= self.limit


@dataclass(frozen=True, slots=True)
class Validation:
    """A held-out window judged twice: orders drawn from the fitted demand, and orders as they really came."""

    since: int
    until: int
    replications: int
    confidence: float
    drawn: tuple[Judged, ...]
    known: tuple[Judged, ...]

    @property
    def verdict(self) -> str:
        """In words, for people."""
        words = []
        for name, judged in (("demand forecast", self.drawn), ("orders known", self.known)):
            inside, close = sum(j.inside for j in judged), sum(j.close for j in judged)
            far = ", ".join(f"{j.figure} {j.error:+.0%}" for j in judged if not j.close) or "none"
            words.append(
                f"{name}: {inside} of {len(judged)} figures in their interval, {close} within limits (beyond: {far})"
            )
        return "; ".join(words)

    def to_json(self) -> str:
        """Everything as text."""
        return json.dumps(asdict(self) | {"verdict": self.verdict}, ensure_ascii=False, indent=1)


def validate(
    calibration: Calibration,
    ledger: Ledger,
    until: int,
    *,
    replications: int = 60,
    seed: int = 1,
    confidence: float = 0.95,
) -> Validation:
    """Compare the twin's future with what happened from the calibration's end to `until` [µs UTC].

    Raises InputError where nothing finished in the window
    """
    parts = calibration.parts
    since = parts.found.until
    seen = observe(ledger, parts.plant, since, until, Evidence())
    ended = [o for o in seen.orders.values() if o.finish is not None and since <= o.finish < until]
    for order in ended:
        before = parts.found.orders.get(order.id)
        if before is not None:
            order.arrival = before.arrival if order.arrival is None else order.arrival
            order.release = before.release if order.release is None else order.release
    ended = [order for order in ended if order.release is not None]
    if not ended:
        raise InputError(
            "no order finished in the held-out window", expected="events `order finished` after the calibration"
        )
    release = np.array([o.release for o in ended], np.int64)
    fact = figures(
        np.array([o.release if o.arrival is None else o.arrival for o in ended], np.int64),
        release,
        np.array([o.finish for o in ended], np.int64),
        np.array([o.good or 0 for o in ended], np.int64),
        np.array([not o.lost for o in ended]),
    )
    came = [
        DrawnOrder(o.item, max(1, round(o.quantity)), o.arrival, o.due)
        for o in sorted(seen.orders.values(), key=lambda o: o.arrival or 0)
        if o.arrival is not None and o.arrival >= since and o.item
    ]
    judged = []
    for known in (None, came):
        rows = forecasts(
            parts,
            calibration.model,
            until - since,
            replications=replications,
            seed=seed,
            known=known,
            doubt=calibration.findings,
        )
        judged.append(_judge(fact, rows, confidence))
    return Validation(since, until, replications, confidence, judged[0], judged[1])


def _judge(fact: np.ndarray, rows: np.ndarray, confidence: float) -> tuple[Judged, ...]:
    """Interval of one more window: quantiles of the replications, widened by the few that there are."""
    n = len(rows)
    tail = (1 - confidence) / 2
    found = []
    for at, name in enumerate(FIGURES):
        values = np.sort(rows[:, at])
        low, high = (float(np.quantile(values, share, method="weibull")) for share in (tail, 1 - tail))
        if tail * (n + 1) < 1:  # fewer replications than the tail needs: by the normal law
            half = 2.0 * float(values.std(ddof=1)) * math.sqrt(1 + 1 / n)
            low, high = min(low, float(values.mean()) - half), max(high, float(values.mean()) + half)
        mean = float(values.mean())
        error = mean / float(fact[at]) - 1
        limit = LIMITS.get(name, 0.10)
        found.append(Judged(name, _UNITS.get(name, "d"), float(fact[at]), mean, low, high, error, limit))
    return tuple(found)
