"""Fitting a distribution to durations: maximum likelihood under censoring, choice by information criterion, doubt.

What comes out is a `Fit`: the distribution, intervals of its parameters, how many values and how many of them censored,
how well it fits, what else was tried, and warnings (two populations, a heavy tail, nothing fits).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from luban.core.errors import InputError
from luban.twin.calibrate.goodness import distance, kaplan_meier, p_value, p_value_censored
from luban.twin.calibrate.likelihood import (
    FAMILIES,
    Sample,
    distribution,
    estimate,
    information,
    loglik,
    outer,
)
from luban.twin.distribution import Distribution

__all__ = ["Fit", "fit", "profile_interval", "two_populations"]

Floats = NDArray[np.float64]
_NAMES = {
    "exponential": ("mean",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sigma"),
    "weibull": ("shape", "scale"),
    "gamma": ("shape", "scale"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
}
_ENOUGH = 30  # values from which the observed distribution itself is an answer
_FAR = 0.05  # largest difference of distributions that matters for a simulation [1]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted distribution and how far to trust it.

    distribution  in the unit of the values
    n, censored   values, and how many of them are only bounded
    intervals     parameter → (estimate, low, high) at `confidence`; empty where the information is not enough
    mean          (estimate, low, high) of the mean
    p             probability of a fit this bad if the family holds, Monte Carlo; nan where it cannot be had
    distance      largest difference to the observed distribution [1]
    tried         family → information criterion; the smallest was chosen, simpler ones first within 2
    doubts        sentences
    """

    distribution: Distribution
    n: int
    censored: int
    method: str
    mean: tuple[float, float, float]
    intervals: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    p: float = math.nan
    distance: float = math.nan
    tried: dict[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    confidence: float = 0.95

    @property
    def kind(self) -> str:
        """Family of the distribution."""
        return self.distribution.kind


_WITHOUT_BOUND = 60.0
_ONE_VALUE = 0.02
"""Where all bounds leave room for one value only, within that share of it, it is a constant: no family fits best."""


def fit(
    values: Sample | Sequence[float] | Floats,
    *,
    candidates: Sequence[str] = tuple(FAMILIES),
    criterion: str = "aic",
    confidence: float = 0.95,
    goodness: bool = True,
) -> Fit:
    """The family that explains the values best.

    values      complete values, or a `Sample` with censored ones
    candidates  of exponential, normal, lognormal, weibull, gamma; uniform and triangular where asked for
    criterion   `aic` or `bic`
    Raises      InputError where there is no value, or none is known from above
    Example     fit([3.1, 2.7, 4.0]).distribution
    """
    sample = values if isinstance(values, Sample) else Sample.of(values)
    if sample.n == 0 or not (sample.high < np.inf).any():
        raise InputError(
            "nothing to fit", came=f"{sample.n} values, no end seen", expected="at least one complete value"
        )
    exact = sample.exact
    if sample.censored == 0 and (sample.n == 1 or np.ptp(exact) <= 1e-6 * max(exact.max(), 1e-12)):
        return _constant(exact)
    low, high = float(sample.low.max()), float(sample.high.min())
    if sample.censored and np.isfinite(sample.high).all() and 0 < low <= high <= low * (1 + _ONE_VALUE):
        return _constant(np.full(sample.n, (low + high) / 2), (low, high))
    zeros = (sample.high == 0).sum()
    if zeros:
        return _with_zeros(sample, int(zeros), confidence)
    found = _all(sample, candidates, criterion)
    if not found:
        return _observed(sample, {}, ("no family could be fitted",), confidence)
    tried = {kind: score for kind, (score, _) in found.items()}
    best = min(tried.values())
    kind = min((kind for kind, score in tried.items() if score <= best + 2), key=lambda k: (_size(k), tried[k]))
    return _judge(kind, found[kind][1], sample, tried, confidence, goodness)


def _size(kind: str) -> int:
    return FAMILIES.get(kind, len(_NAMES[kind]))


def _runs_away(kind: str, theta: Floats) -> bool:
    """A logarithm of a parameter without bound: the family has no best fit, as where one value would satisfy all."""
    return bool((np.abs(theta[1:] if kind == "normal" else theta) > _WITHOUT_BOUND).any())


def _all(sample: Sample, candidates: Sequence[str], criterion: str) -> dict[str, tuple[float, Floats]]:
    complete = int((sample.high < np.inf).sum())
    found: dict[str, tuple[float, Floats]] = {}
    for kind in candidates:
        if kind not in _NAMES:
            raise InputError("unknown family", came=repr(kind), expected=", ".join(_NAMES))
        if _size(kind) > 1 and complete < 3:
            continue
        if kind in {"uniform", "triangular"}:
            theta, likelihood = _bounded(kind, sample)
        else:
            if kind == "normal" and not _may_be_normal(sample):
                continue
            theta = estimate(kind, sample)
            likelihood = loglik(kind, theta, sample)
        if not math.isfinite(likelihood) or not np.isfinite(theta).all() or _runs_away(kind, theta):
            continue
        if kind == "normal" and theta[0] < 0:
            continue
        penalty = 2.0 if criterion == "aic" else math.log(sample.n)
        found[kind] = (penalty * _size(kind) - 2 * likelihood, theta)
    return found


def _may_be_normal(sample: Sample) -> bool:
    """Cut off at 0 it has no closed form; where the cut matters another family is the better word."""
    middle = np.where(np.isinf(sample.high), sample.low, (sample.low + sample.high) / 2)
    return bool(middle.mean() > 2.5 * middle.std())


def _bounded(kind: str, sample: Sample) -> tuple[Floats, float]:
    if sample.censored:
        return np.array([math.nan]), -math.inf
    x = sample.low
    low, high = x.min(), x.max()
    if kind == "uniform":
        return np.array([low, high]), -len(x) * math.log(high - low)
    edge = (high - low) / len(x)
    low, high = max(0.0, low - edge), high + edge

    def height(mode: float) -> float:
        return float(stats.triang.logpdf(x, (mode - low) / (high - low), low, high - low).sum())

    best = optimize.minimize_scalar(lambda mode: -height(mode), bounds=(low, high), method="bounded")
    return np.array([low, best.x, high]), height(float(best.x))


def _judge(kind: str, theta: Floats, sample: Sample, tried: dict[str, float], confidence: float, goodness: bool) -> Fit:
    doubts = _doubts(sample)
    if kind not in FAMILIES:
        fitted = Distribution(kind, tuple(float(v) for v in theta))
        return Fit(fitted, sample.n, 0, "maximum likelihood", _mean_of(sample, confidence), tried=tried, doubts=doubts)
    p = math.nan
    if goodness and sample.censored == 0 and sample.n >= 5:
        p = p_value(kind, theta, sample.low)
    elif goodness and sample.censored:
        p = p_value_censored(kind, theta, sample)
    gap = distance(kind, theta, sample)
    if p < 0.01 and gap > _FAR and sample.n >= _ENOUGH and sample.censored == 0:
        return _observed(
            sample, tried, (*doubts, f"no family fits ({kind}: p {p:.3f}, distance {gap:.2f})"), confidence
        )
    intervals, mean = _intervals(kind, theta, sample, confidence)
    method = "maximum likelihood" + (", censored" if sample.censored else "")
    return Fit(distribution(kind, theta), sample.n, sample.censored, method, mean, intervals, p, gap, tried, doubts)


def _intervals(
    kind: str, theta: Floats, sample: Sample, confidence: float
) -> tuple[dict[str, tuple[float, float, float]], tuple[float, float, float]]:
    values = outer(kind, theta)
    mean = distribution(kind, theta).mean
    covariance = information(kind, theta, sample)
    if covariance is None:
        return {}, (mean, math.nan, math.nan)
    z = float(special.ndtri(0.5 + confidence / 2))
    intervals = {}
    for i, name in enumerate(_NAMES[kind]):
        if kind == "lognormal" and i == 0:
            continue
        width = min(z * math.sqrt(covariance[i, i]), 100.0)
        log = not (kind == "normal" and i == 0)
        low, high = (
            (values[i] * math.exp(-width), values[i] * math.exp(width))
            if log
            else (
                values[i] - width,
                values[i] + width,
            )
        )
        intervals[name] = (values[i], low, high)
    gradient = np.empty(len(theta))
    for i in range(len(theta)):
        step = 1e-5 * max(1.0, abs(theta[i]))
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        gradient[i] = math.log(distribution(kind, up).mean / distribution(kind, down).mean) / (2 * step)
    width = min(z * math.sqrt(float(gradient @ covariance @ gradient)), 100.0)
    both = (mean, mean * math.exp(-width), mean * math.exp(width))
    if kind == "lognormal":
        intervals = {"mean": both} | intervals
    return intervals, both


def profile_interval(kind: str, parameter: str, sample: Sample, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a shape or scale from the profile likelihood: better than `Fit.intervals` for few values.

    parameter  a name of the family other than the mean of a lognormal
    """
    theta = estimate(kind, sample)
    at = _NAMES[kind].index(parameter)
    floor = loglik(kind, theta, sample) - stats.chi2.ppf(confidence, 1) / 2

    def excess(value: float) -> float:
        if len(theta) == 1:
            return float(loglik(kind, np.array([value]), sample) - floor)

        def rest(other: float) -> float:
            moved = np.array([other, other])
            moved[at] = value
            return -loglik(kind, moved, sample)

        centre = float(theta[1 - at])
        best = optimize.minimize_scalar(rest, bracket=(centre - 0.1, centre + 0.1))
        return float(-best.fun - floor)

    covariance = information(kind, theta, sample)
    width = 2.0 if covariance is None else math.sqrt(covariance[at, at])
    ends = []
    for sign in (-1, 1):
        far = width * 2
        while excess(theta[at] + sign * far) > 0 and far < 100 * width:
            far *= 1.5
        inner = optimize.brentq(lambda d, s=sign: excess(theta[at] + s * d), 0.0, far, xtol=1e-6)
        ends.append(theta[at] + sign * inner)
    plain = kind == "normal" and at == 0
    return (ends[0], ends[1]) if plain else (math.exp(ends[0]), math.exp(ends[1]))


def _constant(x: Floats, bounds: tuple[float, float] | None = None) -> Fit:
    value = float(x.mean())
    doubts = ("one value only: its spread is not known",) if len(x) == 1 else ()
    ends = bounds or ((math.nan, math.nan) if len(x) == 1 else (value, value))
    return Fit(Distribution.constant(value), len(x), 0, "all values equal", (value, *ends), doubts=doubts)


def _with_zeros(sample: Sample, zeros: int, confidence: float) -> Fit:
    share = zeros / sample.n
    return _observed(
        sample, {}, (f"{share:.0%} of the values are 0: two populations, not one distribution",), confidence
    )


def _observed(sample: Sample, tried: dict[str, float], doubts: tuple[str, ...], confidence: float) -> Fit:
    """What was observed, by Kaplan-Meier where censored."""
    if sample.censored == 0:
        shown = Distribution.empirical(sample.low)
        return Fit(
            shown,
            sample.n,
            0,
            "observed values",
            _mean_of(sample, confidence),
            tried=tried,
            doubts=doubts,
            distance=0.0,
        )
    times, alive = kaplan_meier(sample)
    points = np.interp(np.linspace(0, 1, 257), np.concatenate([[0.0], 1 - alive]), np.concatenate([times[:1], times]))
    shown = Distribution.empirical(points)
    if alive[-1] > 0:
        doubts = (*doubts, f"{alive[-1]:.0%} of the values end beyond what was observed; cut off at {times[-1]:.4g}")
    return Fit(
        shown, sample.n, sample.censored, "Kaplan-Meier", (shown.mean, math.nan, math.nan), tried=tried, doubts=doubts
    )


def _mean_of(sample: Sample, confidence: float) -> tuple[float, float, float]:
    x = sample.low
    half = stats.t.ppf(0.5 + confidence / 2, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)) if len(x) > 1 else math.nan
    return float(x.mean()), float(x.mean() - half), float(x.mean() + half)


def _doubts(sample: Sample) -> tuple[str, ...]:
    found = []
    x = sample.exact
    if len(x) >= _ENOUGH and x.min() > 0:
        parts = two_populations(x)
        if parts is not None:
            (a, first, _), (b, second, _) = parts
            found.append(
                f"not one distribution: two populations, {a:.0%} around {first:.4g} and {b:.0%} around {second:.4g}"
            )
    if sample.n >= 100 and sample.censored == 0:
        tail = np.sort(x)[-max(10, len(x) // 20) :]
        index = (
            (len(tail) - 1) / float(np.log(tail[1:] / tail[0]).sum()) if tail[0] > 0 and tail[-1] > tail[0] else 99.0
        )
        if index * (1 + 1.64 / math.sqrt(len(tail))) < 2:
            found.append(f"heavy tail (index {index:.1f}, Hill 1975): the variance may not exist, means settle slowly")
    if sample.n < 10:
        found.append(f"{sample.n} values only: the family is a guess")
    return tuple(found)


def two_populations(x: Floats) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """(share, median, sd of the logarithm) of two lognormal populations, where they explain the values much better.

    Much better: an information criterion (BIC) lower by 10 or more than that of the best single family, populations
    at least 1.5 sd apart, 5 % or more in each.
    """
    logs = np.log(x)
    cut = np.quantile(logs, [0.25, 0.75])
    mean, sd, share = cut.copy(), np.full(2, logs.std() / 2 + 1e-9), np.array([0.5, 0.5])
    floor = logs.std() / 50 + 1e-9
    for _ in range(300):
        density = share * np.exp(-0.5 * ((logs[:, None] - mean) / sd) ** 2) / sd
        total = density.sum(axis=1, keepdims=True) + 1e-300
        weight = density / total
        mass = weight.sum(axis=0) + 1e-12
        before = mean.copy()
        mean = (weight * logs[:, None]).sum(axis=0) / mass
        sd = np.maximum(np.sqrt((weight * (logs[:, None] - mean) ** 2).sum(axis=0) / mass), floor)
        share = mass / len(logs)
        if np.abs(mean - before).max() < 1e-8:
            break
    mixed = float(np.log(total[:, 0]).sum()) - len(x) * math.log(math.sqrt(2 * math.pi)) - float(logs.sum())
    sample = Sample.of(x)
    single = max(
        loglik(kind, estimate(kind, sample), sample) for kind in ("lognormal", "weibull", "gamma", "exponential")
    )
    apart = abs(mean[0] - mean[1]) > 1.5 * max(sd)
    gain = 2 * (mixed - single) - 3 * math.log(len(x))
    if gain < 10 or not apart or share.min() < 0.05:
        return None
    order = np.argsort(mean)
    first, second = ((float(share[i]), float(math.exp(mean[i])), float(sd[i])) for i in order)
    return first, second
