"""Likelihoods of the families that durations are fitted with, under exact, right-, left- and interval-censored values.

Inside, each family has parameters that may be any real number, so that optimisers and the observed information need
no bounds: exponential (log mean) · normal (mean, log sd) · lognormal (mean and log sd of the logarithm) ·
weibull, gamma (log shape, log scale).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from luban.core.errors import InputError
from luban.twin.distribution import Distribution

__all__ = [
    "FAMILIES",
    "Sample",
    "distribution",
    "estimate",
    "estimate_exact",
    "information",
    "loglik",
    "outer",
    "survival",
]

Floats = NDArray[np.float64]
FAMILIES = {"exponential": 1, "normal": 2, "lognormal": 2, "weibull": 2, "gamma": 2}
"""Families with a likelihood under censoring, and how many parameters each has."""
_LOG_ROOT_TWO_PI = math.log(math.sqrt(2 * math.pi))


@dataclass(frozen=True, slots=True)
class Sample:
    """Durations, each known to lie in [low, high]; equal bounds are an exact value.

    high  inf where the end was not seen (right-censored)
    low   0 where only an upper bound is known (left-censored)
    """

    low: Floats
    high: Floats

    @classmethod
    def of(
        cls,
        exact: object = (),
        *,
        right: object = (),
        left: object = (),
        between: object = (),
    ) -> Sample:
        """A sample from exact values, lower bounds (`right`), upper bounds (`left`) and (low, high) pairs.

        Example Sample.of([3.0, 5.0], right=[8.0]).censored == 1
        """
        pairs = np.asarray(between, float).reshape(-1, 2)
        parts = [np.asarray(part, float).ravel() for part in (exact, right, left)]
        low = np.concatenate([parts[0], parts[1], np.zeros(len(parts[2])), pairs[:, 0]])
        high = np.concatenate([parts[0], np.full(len(parts[1]), np.inf), parts[2], pairs[:, 1]])
        if np.isnan(low).any() or np.isnan(high).any() or (low < 0).any() or (low > high).any():
            raise InputError(
                "a sample of durations", expected="numbers of 0 or more, lower bounds not above upper ones"
            )
        return cls(low, high)

    @property
    def exact(self) -> Floats:
        """The values that are known exactly."""
        return np.asarray(self.low[self.low == self.high], float)

    @property
    def n(self) -> int:
        """Values, censored ones included."""
        return len(self.low)

    @property
    def censored(self) -> int:
        """Values that are only bounded."""
        return int((self.low != self.high).sum())

    @property
    def only_right(self) -> bool:
        """No value is bounded from above only, or between."""
        return bool(((self.low == self.high) | np.isinf(self.high)).all())


def log_density(kind: str, theta: Floats, x: Floats) -> Floats:
    """Logarithm of the density at x > 0 (of a normal: x ≥ 0)."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if kind == "exponential":
            return np.asarray(-theta[0] - x * math.exp(-theta[0]), float)
        if kind == "normal":
            z = (x - theta[0]) / math.exp(theta[1])
            return np.asarray(
                -0.5 * z * z - theta[1] - _LOG_ROOT_TWO_PI - special.log_ndtr(theta[0] / math.exp(theta[1])), float
            )
        if kind == "lognormal":
            z = (np.log(x) - theta[0]) / math.exp(theta[1])
            return np.asarray(-0.5 * z * z - theta[1] - _LOG_ROOT_TWO_PI - np.log(x), float)
        shape = math.exp(min(theta[0], 50.0))
        y = np.log(x) - theta[1]
        if kind == "weibull":
            return np.asarray(theta[0] - theta[1] + (shape - 1) * y - np.exp(shape * y), float)
        return np.asarray((shape - 1) * y - np.exp(y) - special.gammaln(shape) - theta[1], float)


def survival(kind: str, theta: Floats, x: Floats) -> Floats:
    """Share of the values above x ≥ 0 [1]."""
    x = np.asarray(x, float)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if kind == "exponential":
            return np.asarray(np.exp(-x * math.exp(-theta[0])), float)
        if kind == "normal":
            sd = math.exp(theta[1])
            return np.asarray(np.minimum(special.ndtr((theta[0] - x) / sd) / special.ndtr(theta[0] / sd), 1.0), float)
        if kind == "lognormal":
            return np.asarray(special.ndtr((theta[0] - np.log(x)) / math.exp(theta[1])), float)
        shape = math.exp(min(theta[0], 50.0))
        if kind == "weibull":
            return np.asarray(np.exp(-np.exp(shape * (np.log(x) - theta[1]))), float)
        return np.asarray(special.gammaincc(shape, x * math.exp(-theta[1])), float)


def loglik(kind: str, theta: Floats, sample: Sample) -> float:
    """Log-likelihood; -inf where a value is impossible."""
    exact = sample.low == sample.high
    total = float(log_density(kind, theta, sample.low[exact]).sum())
    if not exact.all():
        low, high = sample.low[~exact], sample.high[~exact]
        mass = survival(kind, theta, low) - np.where(np.isinf(high), 0.0, survival(kind, theta, high))
        if not (mass > 0).all():
            return -math.inf
        total += float(np.log(mass).sum())
    return total if math.isfinite(total) else -math.inf


def estimate(kind: str, sample: Sample) -> Floats:
    """Maximum-likelihood parameters, in the inner form.

    Raises InputError where the values cannot belong to the family or none is known from above.
    """
    if not (sample.high < np.inf).any():
        raise InputError("no end was seen: every value is only a lower bound", expected="at least one complete value")
    if sample.censored == 0:
        return np.asarray(estimate_exact(kind, sample.low[None, :])[0], float)
    middle = np.where(np.isinf(sample.high), sample.low, (sample.low + sample.high) / 2)
    start = estimate_exact(kind, np.maximum(middle, middle.max() * 1e-6)[None, :])[0]
    if kind == "exponential" and sample.only_right:
        return np.array([math.log(sample.low.sum() / (sample.low == sample.high).sum())])
    best = optimize.minimize(
        lambda theta: -loglik(kind, theta, sample),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000},
    )
    return np.asarray(best.x, float)


def estimate_exact(kind: str, x: Floats) -> Floats:
    """Maximum-likelihood parameters of each row of complete values, all rows at once (for Monte Carlo)."""
    if kind == "exponential":
        return np.asarray(np.log(x.mean(axis=1))[:, None], float)
    if kind == "normal":
        return np.column_stack([x.mean(axis=1), np.log(np.maximum(x.std(axis=1), 1e-300))])
    logs = np.log(x)
    if kind == "lognormal":
        return np.column_stack([logs.mean(axis=1), np.log(np.maximum(logs.std(axis=1), 1e-300))])
    if kind == "weibull":
        return _weibull(logs)
    return _gamma(x, logs)


def _weibull(logs: Floats) -> Floats:
    """Newton on the profile equation of the shape: Σ x^k ln x / Σ x^k - 1/k = mean ln x."""
    centre = logs.mean(axis=1, keepdims=True)
    y = logs - centre
    k = 1.2 / np.maximum(y.std(axis=1, keepdims=True), 1e-12)
    for _ in range(60):
        weights = np.exp(k * (y - y.max(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        first = (weights * y).sum(axis=1, keepdims=True)
        second = (weights * y * y).sum(axis=1, keepdims=True) - first * first
        step = (first - 1 / k) / (second + 1 / (k * k))
        k = np.maximum(k - step, k / 3)
        if (np.abs(step) < 1e-10 * k).all():
            break
    scale = centre + np.log(np.exp(k * (y - y.max(axis=1, keepdims=True))).mean(axis=1, keepdims=True)) / k
    return np.column_stack([np.log(k), scale + y.max(axis=1, keepdims=True)])


def _gamma(x: Floats, logs: Floats) -> Floats:
    """Newton on log k - ψ(k) = log mean - mean log (Minka 2002 gives the start)."""
    mean = x.mean(axis=1)
    s = np.maximum(np.log(mean) - logs.mean(axis=1), 1e-12)
    k = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(40):
        step = (np.log(k) - special.digamma(k) - s) / (1 / k - special.polygamma(1, k))
        k = np.maximum(k - step, k / 3)
        if (np.abs(step) < 1e-10 * k).all():
            break
    return np.column_stack([np.log(k), np.log(mean / k)])


def information(kind: str, theta: Floats, sample: Sample) -> Floats | None:
    """Covariance of the inner parameters from the observed information; None where it is not positive."""
    p = len(theta)
    step = 1e-4 * np.maximum(1.0, np.abs(theta))
    if kind == "normal":
        step[0] = 1e-3 * math.exp(theta[1])
    hessian = np.empty((p, p))
    for i in range(p):
        for j in range(i, p):
            total = 0.0
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = theta.copy()
                moved[i] += a * step[i]
                moved[j] += b * step[j]
                total += a * b * loglik(kind, moved, sample)
            hessian[i, j] = hessian[j, i] = total / (4 * step[i] * step[j])
    try:
        covariance = np.linalg.inv(-hessian)
    except np.linalg.LinAlgError:
        return None
    sound = np.isfinite(covariance).all() and (np.diag(covariance) > 0).all()
    return np.asarray(covariance, float) if sound else None


def outer(kind: str, theta: Floats) -> tuple[float, ...]:
    """Parameters as `Distribution` has them."""
    if kind == "exponential":
        return (math.exp(theta[0]),)
    if kind == "normal":
        return float(theta[0]), math.exp(theta[1])
    if kind == "lognormal":
        sigma = math.exp(theta[1])
        return math.exp(theta[0] + sigma * sigma / 2), sigma
    return math.exp(theta[0]), math.exp(theta[1])


def distribution(kind: str, theta: Floats) -> Distribution:
    """The fitted distribution."""
    return Distribution(kind, outer(kind, theta))
