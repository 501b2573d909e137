"""Fits families of distributions by greatest likelihood, many samples at once, and says how well one fits.

The widths of the normal and lognormal are standard deviations with n - 1, as everywhere else in quality.
Sources: R. B. D'Agostino, M. A. Stephens (1986), Goodness-of-Fit Techniques, ch. 4 (Anderson-Darling, normal);
The other families' chances are simulated, which also covers small samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.understand.quality.distributions.families import FAMILIES, Family, Fitted

__all__ = ["Fit", "anderson_darling", "best", "fit", "fit_all", "standard_fits"]

_DRAWS, _LARGEST, _SEED = 2000, 400, 20_261_129
_ENOUGH = 8


@dataclass(frozen=True, slots=True)
class Fit:
    """How a family fits a sample.

    law            the family with its parameters; None: it cannot be fitted, `reason` says why
    a2             Anderson-Darling statistic [1]
    p              chance of a worse fit if the values did come from that family [1]; None: not known
    log_likelihood at the fitted parameters
    bic            Bayesian information criterion, lower is better
    """

    family: str
    law: Fitted | None
    n: int
    a2: float = float("nan")
    p: float | None = None
    log_likelihood: float = float("nan")
    bic: float = float("nan")
    reason: str = ""


def fit(values: Floats, family: str = "normal") -> Fit:
    """A family fitted to values by greatest likelihood.

    values  shape (n,) [unit], n at least 8 and not all equal
    Raises  InputError for a family that does not exist
    Example fit(np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), "normal").law.named["mean"] == 4.5
    """
    if family not in FAMILIES:
        raise InputError("no such family of distributions", came=family, expected=", ".join(FAMILIES))
    kind, x = FAMILIES[family], np.sort(np.asarray(values, np.float64))
    n = len(x)
    if n < _ENOUGH:
        return Fit(family, None, n, reason=f"{n} values are too few to fit a distribution, {_ENOUGH} are needed")
    if not float(x.std()) > 0:
        return Fit(family, None, n, reason="all values are equal")
    if kind.positive and x[0] <= 0:
        return Fit(family, None, n, reason="the family needs values above zero")
    law = _bent(x, kind) if kind.bent else _bounded(x, kind) if kind.threshold else _plain(x, kind)
    if law is None:
        return Fit(family, None, n, reason="no lower bound and no bend makes it more likely than a simpler family")
    told = float(law.log_density(x).sum())
    a2 = anderson_darling(law.below(x), law.above(x))
    return Fit(family, law, n, a2, _chance(kind, law, n, a2), told, float(kind.parameters * np.log(n) - 2 * told))


def fit_all(values: Floats) -> tuple[Fit, ...]:
    """Every family, the best first by Bayesian information criterion; those that cannot be fitted last."""
    fits = [fit(values, name) for name in FAMILIES]
    return tuple(sorted(fits, key=lambda one: (one.law is None, one.bic if one.law is not None else 0.0)))


def best(fits: tuple[Fit, ...], doubt: float = 0.05) -> Fit:
    """The family to use: normal unless it is refuted, else the best one that is not.

    fits   as `fit_all` gives them
    doubt  a family whose p lies below it is refuted [1]
    """
    normal = next(one for one in fits if one.family == "normal")
    if normal.p is None or normal.p >= doubt:
        return normal
    standing = [one for one in fits if one.law is not None and (one.p is None or one.p >= doubt)]
    return standing[0] if standing else fits[0]


def anderson_darling(below: Floats, above: Floats) -> float:
    """Anderson-Darling statistic A² [1] from the shares below and above each value, values rising, shape (n,)."""
    return float(_a2(np.log(np.maximum(below, 1e-300))[None], np.log(np.maximum(above, 1e-300))[None])[0])


def _a2(log_below: Floats, log_above: Floats) -> Floats:
    n = log_below.shape[1]
    weight = 2 * np.arange(1, n + 1) - 1
    return np.asarray(-n - ((log_below + log_above[:, ::-1]) * weight).sum(1) / n)


def standard_fits(law: str, y: Floats, width: float | None = None) -> tuple[Floats, Floats]:
    """Place and width of a standard law for each row of y, shape (rows, n), by greatest likelihood.

    width  fixed by the family; only for the law of smallest values
    """
    if law == "normal":
        return y.mean(1), y.std(1, ddof=1)
    if law == "logistic":
        return _logistic(y)
    if law == "half_normal":
        return np.zeros(len(y)), np.sqrt((y * y).mean(1))
    if law == "gamma":
        return _gamma(y)
    if law == "largest":
        place, wide = _smallest(-y, None)
        return -place, wide
    return _smallest(y, width)


def _smallest(y: Floats, width: float | None) -> tuple[Floats, Floats]:
    top, middle = y.max(1, keepdims=True), y.mean(1)
    if width is None:
        wide = np.maximum(y.std(1, ddof=1) * np.sqrt(6) / np.pi, 1e-12)
        for _ in range(40):
            weight = np.exp((y - top) / wide[:, None])
            total = weight.sum(1)
            mean = (weight * y).sum(1) / total
            spread = (weight * (y - mean[:, None]) ** 2).sum(1) / total
            step = (wide + middle - mean) / (1 + spread / wide**2)
            wide = np.maximum(wide - step, wide / 10)
            if bool((np.abs(step) <= 1e-13 * wide).all()):
                break
    else:
        wide = np.full(len(y), width)
    return top[:, 0] + wide * np.log(np.exp((y - top) / wide[:, None]).mean(1)), wide


def _logistic(y: Floats) -> tuple[Floats, Floats]:
    """Newton steps in (place / width, 1 / width), where the likelihood is concave."""
    middle, spread = y.mean(1), np.maximum(y.std(1, ddof=1), 1e-300)
    u = (y - middle[:, None]) / spread[:, None]
    n = u.shape[1]
    a, c = np.zeros(len(u)), np.full(len(u), np.pi / np.sqrt(3))
    for _ in range(60):
        p = special.expit(c[:, None] * u - a[:, None])
        pull, weight = 1 - 2 * p, 2 * p * (1 - p)
        slope_a, slope_c = -pull.sum(1), (u * pull).sum(1) + n / c
        aa, ac, cc = weight.sum(1), -(weight * u).sum(1), (weight * u * u).sum(1) + n / c**2
        size = aa * cc - ac * ac
        step_a, step_c = (cc * slope_a - ac * slope_c) / size, (aa * slope_c - ac * slope_a) / size
        a, c = a + step_a, np.maximum(c + step_c, c / 3)
        if bool((np.abs(step_a) + np.abs(step_c) < 1e-12).all()):
            break
    return middle + spread * a / c, spread / c


def _gamma(x: Floats) -> tuple[Floats, Floats]:
    """Log of the scale, and the shape."""
    middle = x.mean(1)
    gap = np.maximum(np.log(middle) - np.log(x).mean(1), 1e-12)
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(30):
        step = (np.log(shape) - special.digamma(shape) - gap) / (1 / shape - special.polygamma(1, shape))
        shape = np.maximum(shape - step, shape / 10)
        if bool((np.abs(step) <= 1e-12 * shape).all()):
            break
    return np.log(middle / shape), shape


def _plain(x: Floats, kind: Family) -> Fitted:
    y = np.log(x) if kind.log else x
    place, width = standard_fits(kind.law, y[None], kind.width)
    return Fitted(kind, float(place[0]), float(width[0]))


def _bounded(x: Floats, kind: Family) -> Fitted | None:
    """A lower bound by likelihood: the greatest one inside, for it grows without end as the bound meets the data."""
    reach = x[-1] - x[0]
    low, high = np.log(reach * 1e-3), np.log(reach * 50)
    for round_ in range(5):
        gaps = np.linspace(low, high, 48)
        y = np.log(x[None] - x[0] + np.exp(gaps)[:, None])
        place, width = standard_fits(kind.law, y)
        z = (y - place[:, None]) / width[:, None]
        law = -0.5 * z * z if kind.law == "normal" else z - np.exp(z)
        told = (law - y).sum(1) - len(x) * np.log(width)
        inner = np.flatnonzero((told[1:-1] >= told[:-2]) & (told[1:-1] >= told[2:])) + 1
        if not len(inner):
            return None
        at = int(inner[np.argmax(told[inner])]) if round_ == 0 else int(np.argmax(told[1:-1])) + 1
        low, high = gaps[at - 1], gaps[at + 1]
    return Fitted(kind, float(place[at]), float(width[at]), float(x[0] - np.exp(gaps[at])))


def _bent(x: Floats, kind: Family) -> Fitted | None:
    from scipy.optimize import minimize

    centre, reach = float(np.median(x)), float(np.subtract(*np.quantile(x, (0.75, 0.25)))) or float(x.std())
    u = (x - centre) / reach

    def cost(at: Floats) -> float:
        stretch = np.exp(at[1])
        y = np.arcsinh((u - at[0]) / stretch)
        told = -len(u) * np.log(y.std(ddof=1)) - len(u) * at[1] - 0.5 * np.log1p(((u - at[0]) / stretch) ** 2).sum()
        return float(-told) if np.isfinite(told) else np.inf

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = minimize(cost, np.array([0.0, 0.5]), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    if not found.success or abs(found.x[1]) > 4 or abs(found.x[0]) > 20:
        return None
    threshold, stretch = centre + reach * found.x[0], reach * float(np.exp(found.x[1]))
    y = np.arcsinh((x - threshold) / stretch)
    return Fitted(kind, float(y.mean()), float(y.std(ddof=1)), float(threshold), stretch)


def _chance(kind: Family, law: Fitted, n: int, a2: float) -> float | None:
    if kind.threshold or kind.bent:
        return None
    if kind.law == "normal":
        return _normal_chance(a2, n)
    shape = round(float(np.log2(law.width)) * 2) / 2 if kind.law == "gamma" else None
    simulated = _worse(kind.law, kind.width, shape, min(n, _LARGEST))
    return float((1 + np.count_nonzero(simulated >= a2)) / (1 + len(simulated)))


def _normal_chance(a2: float, n: int) -> float:
    """Chance by the Anderson-Darling test of normality (D'Agostino, Stephens, table 4.9), mean and sd estimated."""
    a = a2 * (1 + 0.75 / n + 2.25 / n**2)
    if a < 0.2:
        return float(1 - np.exp(-13.436 + 101.14 * a - 223.73 * a * a))
    if a < 0.34:
        return float(1 - np.exp(-8.318 + 42.796 * a - 59.938 * a * a))
    if a < 0.6:
        return float(np.exp(0.9177 - 4.279 * a - 1.38 * a * a))
    return float(np.exp(1.2937 - 5.709 * a + 0.0186 * a * a)) if a < 153 else 0.0


@cache
def _worse(law: str, width: float | None, shape: float | None, n: int) -> Floats:
    """A² of samples that do come from the law, each fitted again.

    shape  log2 of the shape of a gamma, to half a step: A² hardly depends on it
    """
    draw = np.random.default_rng(_SEED)
    if law == "gamma":
        x = np.maximum(draw.gamma(2.0 ** (shape or 0.0), size=(_DRAWS, n)), 1e-300)
    elif law == "half_normal":
        x = np.abs(draw.standard_normal((_DRAWS, n)))
    elif law == "logistic":
        x = draw.logistic(size=(_DRAWS, n))
    else:
        x = np.log(draw.exponential(size=(_DRAWS, n))) * (1.0 if law == "smallest" else -1.0)
    x.sort(axis=1)
    place, wide = standard_fits(law, x, 1.0 if width is not None else None)
    if law == "gamma":
        scaled = x / np.exp(place)[:, None]
        below, above = special.gammainc(wide[:, None], scaled), special.gammaincc(wide[:, None], scaled)
    elif law == "half_normal":
        scaled = x / (wide[:, None] * np.sqrt(2))
        below, above = special.erf(scaled), special.erfc(scaled)
    else:
        z = (x - place[:, None]) / wide[:, None]
        below, above = _shares(law, z)
    return _a2(np.log(np.maximum(below, 1e-300)), np.log(np.maximum(above, 1e-300)))


def _shares(law: str, z: Floats) -> tuple[Floats, Floats]:
    if law == "logistic":
        return special.expit(z), special.expit(-z)
    rest = np.exp(-np.exp(z if law == "smallest" else -z))
    return (1 - rest, rest) if law == "smallest" else (rest, 1 - rest)
