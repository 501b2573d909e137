"""Goodness of fit when the parameters were estimated from the same values: Anderson-Darling with Monte-Carlo p-values.

The tables of Kolmogorov, Smirnov, Anderson and Darling hold for a distribution that was known beforehand. Here the
null distribution is simulated with the parameters estimated anew in each sample (Lilliefors 1967; Stephens 1974).
For exponential, normal, lognormal and Weibull it depends on the number of values only, so it is kept.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from luban.twin.calibrate.likelihood import Sample, estimate, estimate_exact, survival

__all__ = ["anderson_darling", "distance", "kaplan_meier", "p_value", "p_value_censored"]

Floats = NDArray[np.float64]
_SAMPLES = 999
_LARGEST = 400  # beyond it the null distribution has settled; the statistic itself uses all values


def anderson_darling(kind: str, theta: Floats, x: Floats) -> float:
    """A² of complete values against the family with these parameters."""
    return float(_statistic(np.sort(1 - survival(kind, theta, x))[None, :])[0])


def _statistic(u: Floats) -> Floats:
    n = u.shape[1]
    u = np.clip(u, 1e-300, 1 - 1e-16)
    weights = (2 * np.arange(1, n + 1) - 1) / n
    found: Floats = -n - (weights * (np.log(u) + np.log1p(-u[:, ::-1]))).sum(axis=1)
    return found


def distance(kind: str, theta: Floats, sample: Sample) -> float:
    """Largest difference between the fitted and the observed distribution (Kaplan-Meier where censored) [1]."""
    times, alive = kaplan_meier(sample)
    if len(times) == 0:
        return math.nan
    fitted = survival(kind, theta, times)
    before = np.concatenate([[1.0], alive[:-1]])
    return float(np.maximum(np.abs(fitted - alive), np.abs(fitted - before)).max())


def p_value(kind: str, theta: Floats, x: Floats) -> float:
    """Probability of an A² at least as large if the family holds [1]; complete values."""
    seen = anderson_darling(kind, theta, x)
    n = min(len(x), _LARGEST)
    shape = round(float(theta[0]), 1) if kind == "gamma" else 0.0
    null = _null(kind, n, min(max(shape, -1.5), 6.0))
    return float((np.searchsorted(-null, -seen, side="right") + 1) / (len(null) + 1))


@cache
def _null(kind: str, n: int, shape: float) -> Floats:
    """Simulated A² of the family with estimated parameters, falling."""
    rng = np.random.default_rng([n, sum(map(ord, kind))])
    theta = np.array([shape, 0.0])
    found = []
    for rows in np.array_split(np.arange(_SAMPLES), max(1, _SAMPLES * n // 100_000)):
        x = np.maximum(_draw(kind, theta, rng, (len(rows), n)), 1e-250 if kind != "normal" else -np.inf)
        found.append(_statistic(np.sort(_cdf(kind, estimate_exact(kind, x), x), axis=1)))
    return -np.sort(-np.concatenate(found))


def _cdf(kind: str, theta: Floats, x: Floats) -> Floats:
    first = theta[:, :1]
    if kind == "exponential":
        return -np.expm1(-x * np.exp(-first))
    second = np.exp(theta[:, 1:2])
    if kind == "normal":
        return np.asarray(special.ndtr((x - first) / second))
    if kind == "lognormal":
        return np.asarray(special.ndtr((np.log(x) - first) / second))
    if kind == "weibull":
        return -np.expm1(-((x / second) ** np.exp(first)))
    return np.asarray(special.gammainc(np.exp(first), x / second))


def p_value_censored(kind: str, theta: Floats, sample: Sample, *, samples: int = 99, seed: int = 1) -> float:
    """The same where values are right-censored, by the distance to Kaplan-Meier; the censoring is drawn from its own.

    nan where too few values are complete or some are censored otherwise.
    """
    if (sample.low == sample.high).sum() < 5 or not sample.only_right:
        return math.nan
    seen = distance(kind, theta, sample)
    rng = np.random.default_rng(seed)
    ends = Sample(sample.low, np.where(np.isinf(sample.high), sample.low, np.inf))
    times, alive = kaplan_meier(ends)
    worse = 0
    for _ in range(samples):
        life = np.maximum(_draw(kind, theta, rng, (sample.n,)), 0.0)
        limit = _from_steps(times, alive, rng.random(sample.n))
        drawn = Sample(np.minimum(life, limit), np.where(life <= limit, life, np.inf))
        if (drawn.high < np.inf).sum() < 2:
            continue
        worse += distance(kind, estimate(kind, drawn), drawn) >= seen
    return (worse + 1) / (samples + 1)


def _draw(kind: str, theta: Floats, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    first, scale = float(theta[0]), math.exp(theta[-1])
    match kind:
        case "exponential":
            return rng.exponential(math.exp(first), size)
        case "normal":
            return rng.normal(first, scale, size)
        case "lognormal":
            return rng.lognormal(first, scale, size)
        case "weibull":
            return scale * rng.weibull(math.exp(first), size)
        case _:
            return rng.gamma(math.exp(first), scale, size)


def _from_steps(times: Floats, alive: Floats, u: Floats) -> Floats:
    """Values whose survival falls below u; inf beyond the last step."""
    at = np.searchsorted(-alive, -u, side="right")
    return np.concatenate([times, [np.inf]])[at] if len(times) else np.full(len(u), np.inf)


def kaplan_meier(sample: Sample) -> tuple[Floats, Floats]:
    """(times, share still alive after each), product-limit estimate (Kaplan, Meier 1958).

    Values that are bounded from above only, or between, count as the middle of their bounds: say so where it matters.
    """
    bounded = sample.high < np.inf
    value = np.where(bounded, (sample.low + np.where(bounded, sample.high, 0.0)) / 2, sample.low)
    order = np.lexsort((~bounded, value))
    value, event = value[order], bounded[order]
    at_risk = len(value) - np.arange(len(value))
    factors = np.where(event, 1 - 1 / at_risk, 1.0)
    alive = np.cumprod(factors)
    times, last = np.unique(value[event][::-1], return_index=True)
    last = event.sum() - 1 - last
    return times, alive[event][last]
