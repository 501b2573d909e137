"""Reliability growth of a repaired system: failures that become rarer, or oftener, as a power of time (Crow-AMSAA).

The expected number of failures up to t is rate · t^shape; a shape below 1 means growth. This is a process in time, not
a life of units: the failures of one system after each other, all of it repaired and running on.

Source  MIL-HDBK-189 (1981), appendix C; MIL-HDBK-189C (2011), 6.2; NIST/SEMATECH e-Handbook 8.4.5.2; IEC 61164:2004
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from luban.core.errors import InputError
from luban.understand.health.lifetime.words import FEW, STEADY, TREND
from luban.understand.quality.data import Floats

__all__ = ["Growth", "grouped_growth", "growth"]

_LEAST = 3
_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Growth:
    """A power law of failures in time.

    failures         n
    end              time at which watching ended [unit]
    by_failure       it ended with the last failure, not at a time set before
    shape            likeliest exponent [1]; below 1: growth
    unbiased         exponent without its bias [1]; None for grouped counts
    rate             likeliest factor [failures a unit^shape]
    shape_span       exact interval of the exponent [1]
    mtbf             time between failures at the end, as if changes stopped there [unit]
    mtbf_unbiased    the same by the unbiased exponent [unit]; None for grouped counts
    mtbf_span        its interval [unit]
    misfit, chance   Cramér and von Mises' distance (chi-square for grouped counts) and its p; None: too few
    trend            p of no trend at all [1], two-sided
    level            confidence of the intervals
    notes            what to know
    """

    failures: int
    end: float
    by_failure: bool
    shape: float
    unbiased: float | None
    rate: float
    shape_span: tuple[float, float]
    mtbf: float
    mtbf_unbiased: float | None
    mtbf_span: tuple[float, float]
    misfit: float | None
    chance: float | None
    trend: float
    level: float
    unit: str = ""
    notes: tuple[str, ...] = ()

    def expected(self, time: float | Floats) -> Floats:
        """Failures expected up to a time [1]."""
        return self.rate * np.asarray(time, np.float64) ** self.shape

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__} | {"notes": list(self.notes)}


def growth(times: ArrayLike, end: float | None = None, level: float = 0.95, *, unit: str = "") -> Growth:
    """Fit the power law to the times of failures of one system.

    times   running time at each failure, from when watching began [unit]
    end     when watching ended; None: with the last failure

    Raises   InputError: fewer than 3 failures, a time not above zero or after the end
    Example  round(growth([5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478], 1500).unbiased, 4) == 0.4835
    """
    t = np.sort(np.asarray(times, np.float64))
    n = len(t)
    if n < _LEAST:
        raise InputError("too few failures", came=str(n), expected=f"at least {_LEAST}", where="growth")
    if not bool(np.isfinite(t).all()) or t[0] <= 0:
        raise InputError("a time of failure is not above zero", came=f"{t[0]:g}", where="growth")
    by_failure = end is None
    stop = float(t[-1]) if end is None else float(end)
    if t[-1] > stop:
        raise InputError(
            "a failure after the end", came=f"{t[-1]:g}", expected=f"at or before {stop:g}", where="growth"
        )
    logs = float(np.log(stop / t).sum())
    if logs <= 0:
        raise InputError("all failures stand at the end", where="growth")
    shape = n / logs
    unbiased = (n - 2 if by_failure else n - 1) / logs
    degrees = n - 1 if by_failure else n
    tail = (1 - level) / 2
    span = (float(special.gammaincinv(degrees, tail)) / logs, float(special.gammaincinv(degrees, 1 - tail)) / logs)
    mtbf = stop / (n * shape)
    low, high = (_by_failure_span if by_failure else _by_time_span)(n, level)
    misfit, chance = _misfit(t if not by_failure else t[:-1], stop, unbiased)
    trend = 2 * min(float(special.gammainc(degrees, logs)), float(special.gammaincc(degrees, logs)))
    notes = _notes(span, chance, n)
    return Growth(
        n, stop, by_failure, shape, unbiased, n / stop**shape, span, mtbf, stop / (n * unbiased),
        (mtbf * low, mtbf * high), misfit, chance, min(trend, 1.0), level, unit, notes,
    )  # fmt: skip


def grouped_growth(ends: Sequence[float], counts: Sequence[float], level: float = 0.95, *, unit: str = "") -> Growth:
    """Fit the power law to failures counted between looks.

    ends     time of each look, rising, from when watching began [unit]
    counts   failures since the look before

    Intervals are by likelihood.

    Raises   InputError: looks that do not rise, fewer than 3 failures or 2 looks
    Source   MIL-HDBK-189C, 6.2.4
    Example  grouped_growth([62, 100, 187, 210, 350, 500], [12, 6, 15, 3, 18, 16]).shape
    """
    t, c = np.asarray(ends, np.float64), np.asarray(counts, np.float64)
    if len(t) != len(c) or len(t) < 2 or t[0] <= 0 or bool((np.diff(t) <= 0).any()) or bool((c < 0).any()):
        raise InputError("looks must rise from zero, each with a count", came=f"{len(t)} looks", where="growth")
    n = float(c.sum())
    if n < _LEAST:
        raise InputError("too few failures", came=f"{n:g}", expected=f"at least {_LEAST}", where="growth")
    edges = np.concatenate(([0.0], t / t[-1]))

    def log_likelihood(shape: float) -> float:
        return float((special.xlogy(c, np.diff(edges**shape))).sum())

    best = optimize.minimize_scalar(lambda s: -log_likelihood(math.exp(s)), bounds=(-5, 4), method="bounded",
                                    options={"xatol": 1e-11})  # fmt: skip
    shape, top = math.exp(float(best.x)), -float(best.fun)
    fall = float(special.chdtri(1, 1 - level)) / 2
    span = _span(lambda s: log_likelihood(math.exp(s)) - top + fall, math.log(shape), 0.2)
    stop = float(t[-1])
    mtbf = stop / (n * shape)

    def of_mtbf(q: float) -> float:  # the count is Poisson with mean stop / (q · shape), the exponent its own best
        def lost(s: float) -> float:
            mean = stop / (math.exp(q) * math.exp(s))
            return -(log_likelihood(math.exp(s)) - top + n * math.log(mean / n) - mean + n)

        return (
            -float(optimize.minimize_scalar(lost, bounds=(-5, 4), method="bounded", options={"xatol": 1e-9}).fun) + fall
        )

    reach = _span(of_mtbf, math.log(mtbf), 0.2)
    expected = n * np.diff(edges**shape)
    cells = int((expected >= 1).sum())
    misfit = float(((c - expected) ** 2 / expected).sum())
    chance = float(special.chdtrc(len(t) - 2, misfit)) if len(t) > 2 and cells == len(t) else None
    trend = float(special.chdtrc(1, 2 * (top - log_likelihood(1.0))))
    ends_ = (math.exp(span[0]), math.exp(span[1]))
    notes = _notes(ends_, chance, int(n))
    return Growth(
        int(n), stop, False, shape, None, n / stop**shape, ends_, mtbf, None, (math.exp(reach[0]), math.exp(reach[1])),
        misfit, chance, trend, level, unit, notes,
    )  # fmt: skip


def _span(above: Callable[[float], float], top: float, step: float) -> tuple[float, float]:
    ends = []
    for side in (-1.0, 1.0):
        reach = step
        while above(top + side * reach) > 0 and reach < 50:
            reach *= 1.6
        ends.append(float(optimize.brentq(above, top, top + side * reach, xtol=1e-10)))
    return ends[0], ends[1]


def _notes(span: tuple[float, float], chance: float | None, n: int) -> tuple[str, ...]:
    told = []
    if span[0] < 1 < span[1]:
        told.append(STEADY)
    if chance is not None and chance < 0.05:
        told.append(TREND.format(chance=f"{chance:.3f}"))
    if n < 5:
        told.append(FEW.format(n=n, m=5))
    return tuple(told)


# ---------------------------------------------------------------- intervals of the time between failures


@lru_cache(maxsize=64)
def _by_time_span(n: int, level: float) -> tuple[float, float]:
    """Factors on the likeliest time between failures when the end was a time set before.

    With w the sum of log(end / time), the chance of n given w is x^n / (n! (n - 1)!) over its sum, where x = w times
    the expected failures in the time `end` at the last intensity: no other parameter is in it. The count is whole, so
    the interval holds at least its level.

    Source  L. H. Crow, Technometrics 24 (1982) 67-72
    """
    tail = (1 - level) / 2
    k = np.arange(1, 40 * n + 400)
    weight = special.gammaln(k) + special.gammaln(k + 1)

    def at_most(count: int, log_x: float) -> float:
        terms = k * log_x - weight
        terms = np.exp(terms - terms.max())
        return float(terms[:count].sum() / terms.sum())

    reach = (2 * math.log(n) - 40, 2 * math.log(n) + 6)
    upper = optimize.brentq(lambda x: at_most(n, x) - tail, *reach)
    lower = optimize.brentq(lambda x: 1 - at_most(n - 1, x) - tail, *reach)
    return n**2 / math.exp(upper), n**2 / math.exp(lower)


@lru_cache(maxsize=64)
def _by_failure_span(n: int, level: float) -> tuple[float, float]:
    """Factors on the likeliest time between failures when the last failure was the end: exact, by integral.

    The estimate over the true time is the product of two independent gammas, of n and n - 1, over n².

    Source  L. H. Crow, Technometrics 24 (1982) 67-72
    """
    tail = (1 - level) / 2
    # places of the second by equal steps of its logarithm: the trapezium rule, exact to rounding for such a bell
    logs = np.linspace(math.log(n) - 40 / math.sqrt(n) - 12, math.log(n) + 12 / math.sqrt(n) + 2, 4000)
    places = np.exp(logs)
    weights = np.exp((n - 1) * logs - places - special.gammaln(n - 1)) * (logs[1] - logs[0])

    def below(x: float) -> float:
        return float((weights * special.gammainc(n, x / places)).sum())

    def solve(share: float) -> float:
        return float(optimize.brentq(lambda x: below(x) - share, 1e-9, float((n + 12 * math.sqrt(n) + 20) ** 2)))

    return n**2 / solve(1 - tail), n**2 / solve(tail)


def _misfit(t: Floats, stop: float, unbiased: float) -> tuple[float | None, float | None]:
    """Cramér and von Mises' distance of the failures from the fitted law, and its p by simulation."""
    m = len(t)
    if m < 3 or unbiased <= 0:
        return None, None
    distance = _distance(np.sort((t / stop) ** unbiased)[None, :])[0]
    return float(distance), float((_null(m) >= distance).mean())


def _distance(scaled: Floats) -> Floats:
    m = scaled.shape[1]
    return np.asarray(1 / (12 * m) + ((scaled - (2 * np.arange(1, m + 1) - 1) / (2 * m)) ** 2).sum(axis=1))


@lru_cache(maxsize=64)
def _null(m: int) -> Floats:
    """Distances of samples that follow the law, their exponent fitted to each."""
    drawn = np.sort(np.random.default_rng(m).random((_DRAWS, m)), axis=1)
    own = (m - 1) / -np.log(drawn).sum(axis=1)
    return _distance(drawn ** own[:, None])
