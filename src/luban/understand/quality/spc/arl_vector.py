"""Average run length of multivariate charts and of charts of counts and spread.

T² has the tail of a chi-square, MEWMA an integral equation (one integral in control, two off target), counts and
spreads their own tails. Mean and covariance are known; a shift is its length in standard units (Mahalanobis).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["FARTHEST", "count_arl", "mewma_arl", "mewma_limit", "spread_arl", "t2_arl"]


FARTHEST = 10
"""Radius of the limit [steps of the average] up to which an off-target run length of a MEWMA is worked out: beyond it
the equations grow too many to solve at a glance."""
_FARTHEST_ON_TARGET = 100


def t2_arl(shift: float = 0.0, *, limit: float, variables: int) -> float:
    """Points until T² with known mean and covariance exceeds its limit.

    shift  length of the shift of the mean, sqrt(d' Σ⁻¹ d) of the plotted mean
    Example  round(t2_arl(limit=11.829, variables=2)) == 370
    """
    from scipy.stats import chi2, ncx2

    _check(limit, variables)
    tail = ncx2.sf(limit, variables, shift * shift) if shift else chi2.sf(limit, variables)
    return float(1 / tail)


def mewma_arl(shift: float = 0.0, *, weight: float, limit: float, variables: int) -> float:
    """Points until a multivariate EWMA with limits at their final place exceeds its limit.

    shift   length of the shift of the mean from point 1 on [standard units], ≥ 0
    weight  λ, 0 < λ < 1; limit: H of T² = Z' Σz⁻¹ Z, > 0; variables: p ≥ 2
    Raises  InputError also for a weight so small that the equations grow too many (off target: `FARTHEST`)
    Source  Rigdon (1995), doi:10.1080/00949659508811685 and doi:10.1016/0167-7152(94)00195-E
    Example round(mewma_arl(weight=0.1, limit=12.73, variables=4)) == 200
    """
    _check(limit, variables)
    if not 0 < weight < 1:
        raise InputError("the weight of a MEWMA is not in 0 … 1", came=f"{weight:g}", expected="0 < weight < 1")
    if shift < 0:
        raise InputError("the length of a shift is below zero", came=f"{shift:g}")
    if variables < 2:
        raise InputError("a multivariate chart needs two variables or more", came=str(variables))
    radius = float(np.sqrt(limit * weight / (2 - weight)))
    if radius / weight > (FARTHEST if shift else _FARTHEST_ON_TARGET):
        raise InputError(
            "this weight is too small for its limit to be worked out", came=f"weight {weight:g}, limit {limit:g}",
            expected=f"sqrt(limit / (weight (2 − weight))) up to {FARTHEST if shift else _FARTHEST_ON_TARGET}",
            hint="luban.understand.quality.spc.simulation.mewma_run_length gives it by chance",
        )  # fmt: skip
    return _on_target(weight, radius, variables) if shift == 0 else _off_target(shift, weight, radius, variables)


def mewma_limit(arl: float, *, weight: float, variables: int) -> float:
    """Limit H that gives an in-control average run length [points].

    Example  round(mewma_limit(500.0, weight=0.25, variables=4), 2) == 16.38  (Rigdon 1995, table 1)
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2

    if not arl > 1:
        raise InputError("an average run length is above one point", came=f"{arl:g}")
    # memory makes neighbours alike, so the limit lies below that of T² and above a fraction of it
    high = float(chi2.isf(1 / arl, variables))

    def gap(limit: float) -> float:
        return float(np.log(mewma_arl(weight=weight, limit=limit, variables=variables)) - np.log(arl))

    return float(brentq(gap, high / 50, high * 1.001, xtol=1e-8))


def count_arl(kind: str, rate: float, *, lower: float, upper: float, size: float = 1) -> float:
    """Points until a chart of counts passes its limits, by the exact tail of the counts.

    kind          p or np: binomial; c or u: Poisson
    rate          true share of defective pieces, or true defects by unit of area
    lower, upper  limits of the count (np, c) or of the share or rate (p, u)
    size          pieces, or areas of opportunity, in a subgroup
    Example       count_arl("c", 16.0, lower=4.0, upper=28.0) is near 344
    """
    from scipy.stats import binom, poisson

    if kind not in {"p", "np", "c", "u"}:
        raise InputError("not a chart of counts", came=kind, expected="p, np, c or u")
    times = size if kind in {"p", "u"} else 1
    law = binom(int(size), rate) if kind in {"p", "np"} else poisson(rate * size)
    above = law.sf(np.floor(times * upper + 1e-9))
    below = law.cdf(np.ceil(times * lower - 1e-9) - 1)
    signal = float(above + below)
    return float("inf") if signal == 0 else 1 / signal


def spread_arl(kind: str, ratio: float = 1.0, *, size: int, lower: float, upper: float) -> float:
    """Points until a range (r) or standard deviation (s) chart passes its limits.

    ratio         true standard deviation [that of the limits], > 0
    lower, upper  limits [standard deviations of the limits]
    """
    from scipy.stats import chi2, studentized_range

    if kind not in {"r", "s"} or size < 2:
        raise InputError("not a chart of spread", came=f"{kind}, size {size}", expected="r or s of two values or more")
    if kind == "s":
        degrees = size - 1
        inside = chi2.cdf(degrees * (upper / ratio) ** 2, degrees) - chi2.cdf(degrees * (lower / ratio) ** 2, degrees)
    else:
        # a studentised range with very many degrees of freedom is the range of standard normal values
        inside = studentized_range.cdf(upper / ratio, size, np.inf) - studentized_range.cdf(lower / ratio, size, np.inf)
    return float(1 / (1 - inside))


# ---------------------------------------------------------------- MEWMA


def _check(limit: float, variables: int) -> None:
    if not limit > 0:
        raise InputError("a limit is not above zero", came=f"{limit:g}")
    if variables < 1:
        raise InputError("no variable", came=str(variables))


@lru_cache(maxsize=32)
def _legendre(count: int) -> tuple[Floats, Floats]:
    from numpy.polynomial.legendre import leggauss

    nodes, weights = leggauss(count)
    return nodes, weights


def _length_density(after: NDArray[Any], before: NDArray[Any], weight: float, degrees: int) -> Floats:
    """Density of the length of a vector of `degrees` parts, each (1−λ)·before + λ·normal, in units of length."""
    from scipy.special import ive

    x, centre = after / weight, (1 - weight) * before / weight
    order = degrees / 2 - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        density = x * (x / centre) ** order * np.exp(-0.5 * (x - centre) ** 2) * ive(order, x * centre)
    return np.asarray(density / weight, np.float64)


def _from_zero(after: NDArray[Any], weight: float, degrees: int) -> Floats:
    """The same density where the vector before is zero."""
    from scipy.special import gammaln

    x = after / weight
    log = (degrees - 1) * np.log(x) - 0.5 * x * x - (degrees / 2 - 1) * np.log(2.0) - gammaln(degrees / 2)
    return np.asarray(np.exp(log) / weight, np.float64)


def _on_target(weight: float, radius: float, variables: int) -> float:
    count = int(max(48, np.ceil(6 * radius / weight)))
    nodes, weights = _legendre(count)
    at, share = 0.5 * radius * (nodes + 1), 0.5 * radius * weights
    kernel = _length_density(at[None, :], at[:, None], weight, variables) * share
    solved = np.linalg.solve(np.eye(count) - kernel, np.ones(count))
    return float(1 + _from_zero(at, weight, variables) @ (share * solved))


@lru_cache(maxsize=4)
def _half_disc(weight: float, radius: float, variables: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes (along the shift, length of the rest), their weights, and the part of the kernel that no shift changes."""
    along = int(max(28, np.ceil(4.6 * radius / weight) + 4))
    aside = int(max(20, np.ceil(3.3 * radius / weight) + 2))
    angle, angle_weight = _legendre(along)
    part, part_weight = _legendre(aside)
    theta = 0.5 * np.pi * angle
    height = radius * np.cos(theta)
    a = np.repeat(radius * np.sin(theta), aside)
    b = (height[:, None] * 0.5 * (part + 1)[None, :]).ravel()
    share = ((0.5 * np.pi * angle_weight * height * height)[:, None] * 0.5 * part_weight[None, :]).ravel()
    return a, b, share, _length_density(b[None, :], b[:, None], weight, variables - 1) * share


def _off_target(shift: float, weight: float, radius: float, variables: int) -> float:
    """State: the part of Z along the shift, and the length of the rest; nodes fill the half disc."""
    a, b, share, rest = _half_disc(weight, radius, variables)

    def forward(start: Any) -> Floats:
        z = (a - (1 - weight) * start - weight * shift) / weight
        return np.asarray(np.exp(-0.5 * z * z) / (weight * np.sqrt(2 * np.pi)), np.float64)

    solved = np.linalg.solve(np.eye(len(a)) - forward(a[:, None]) * rest, np.ones(len(a)))
    return float(1 + (forward(0.0) * _from_zero(b, weight, variables - 1)) @ (share * solved))
