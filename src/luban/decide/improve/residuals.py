"""Checks of what a model leaves over: outliers, influence, order of running, normality, a better scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.decide.improve.fit import Fit, fit
from luban.understand.quality.data import Floats

__all__ = ["Finding", "box_cox", "cooks_distance", "deleted_residuals", "residual_checks"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `passed` is None where it could not be made, with the reason in `text`.

    check   outlier, influence, order, normality or scale
    value   the figure it rests on;  limit  what it is held against
    runs    indexes of the runs it names
    """

    check: str
    passed: bool | None
    text: str
    value: float = float("nan")
    limit: float = float("nan")
    runs: tuple[int, ...] = ()


def deleted_residuals(of: Fit) -> Floats:
    """Residual of each run over its scatter estimated without it, shape (n,): t with one degree less.

    Source  Cook and Weisberg, Residuals and Influence in Regression (1982), 2.2
    """
    r = of.studentized
    left = of.df_residual
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(r * np.sqrt((left - 1) / (left - r**2)))


def cooks_distance(of: Fit) -> Floats:
    """How far all fitted values move if a run is left out, in standard errors, shape (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(of.studentized**2 * of.leverage / (1 - of.leverage) / len(of.names))


def _normality(of: Fit) -> Finding:
    """Correlation of the ordered residuals with normal scores; its limit by the approximation of Ryan and Joiner."""
    n = of.n
    left = np.sort(of.residuals)
    if n < 5 or not float(np.std(left)):
        return Finding("normality", None, "too few runs to judge normality")
    score = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    r = float(np.corrcoef(left, score)[0, 1])
    limit = 1.0063 - 0.1288 / np.sqrt(n) - 0.6118 / n + 1.3505 / n**2
    good = bool(r >= limit)
    return Finding("normality", good, "residuals look normal" if good else "residuals are not normal", r, float(limit))


def _order(of: Fit, order: Floats) -> Finding:
    """Durbin-Watson in the order of running, judged by a normal approximation of r₁ = 1 - d/2."""
    left = of.residuals[np.argsort(order, kind="stable")]
    if of.ss_residual <= 0 or of.n < 8:
        return Finding("order", None, "too few runs to judge drift in time")
    d = float(np.sum(np.diff(left) ** 2) / of.ss_residual)
    r = 1 - d / 2
    limit = 1.96 / np.sqrt(of.n)
    good = bool(abs(r) <= limit)
    text = "no drift in the order of running" if good else "residuals depend on the order of running"
    return Finding("order", good, text, r, float(limit))


def residual_checks(of: Fit, order: Floats | None = None, level: float = 0.95) -> tuple[Finding, ...]:
    """Outliers (Bonferroni), influence (Cook), normality, and drift if the order of running is known.

    order   place of each run in time, shape (n,)
    """
    if of.df_residual < 2 or of.ss_residual <= 0:
        return (Finding("outlier", None, "no degrees of freedom left to check residuals"),)
    away = np.abs(deleted_residuals(of))
    limit = float(special.stdtrit(of.df_residual - 1, 1 - (1 - level) / 2 / of.n))
    far = tuple(np.flatnonzero(away > limit).tolist())
    found = [Finding("outlier", not far, "a run lies far from the others" if far else "no run lies far off",
                     float(np.nanmax(away)), limit, far)]  # fmt: skip
    cook = cooks_distance(of)
    moved = tuple(np.flatnonzero(cook > 1).tolist())
    found.append(Finding("influence", not moved, "a run decides the fit" if moved else "no run decides the fit",
                         float(np.nanmax(cook)), 1.0, moved))  # fmt: skip
    found.append(_normality(of))
    if order is not None:
        found.append(_order(of, order))
    return tuple(found)


def box_cox(of: Fit, level: float = 0.95) -> tuple[float, float, float]:
    """Power of the response that fits best, and its interval: 1 leaves it as it is, 0 is the logarithm.

    Raises  InputError if a response is not above zero
    Source  Box and Cox (1964), doi:10.1111/j.2517-6161.1964.tb00553.x
    """
    if float(np.min(of.y)) <= 0:
        raise InputError("only responses above zero have a power", came=f"{float(np.min(of.y)):g}")
    powers = np.round(np.arange(-3, 3.0001, 0.01), 2)
    mean = float(np.exp(np.mean(np.log(of.y))))
    scaled = of.y / mean
    rest = np.array([
        fit(of.model, of.data, np.log(scaled) if p == 0 else (scaled**p - 1) / p).ss_residual for p in powers
    ])  # fmt: skip
    likely = -of.n / 2 * np.log(rest)
    inside = powers[likely >= likely.max() - float(special.chdtri(1, 1 - level)) / 2]
    return float(powers[int(np.argmax(likely))]), float(inside.min()), float(inside.max())
