"""Baselines: what a meter would have read, from production, temperature and other drivers.

A baseline is a straight line in its terms, which may bend at change points that are searched for: 2P is a line in
temperature, 3PH and 3PC bend once and are flat on one side, 4P bends once, 5P twice. A driver may be one number a
period, or the readings within it (daily mean temperatures of a month): then each term is worked out on the readings
and averaged, which makes degree days of it.

Reads   energy of past periods and their drivers, in memory
Writes  nothing; every coefficient has its standard error with autocorrelation accounted for
Source  ISO 50006:2023, 8 (energy baselines and normalisation); ASHRAE Guideline 14-2014, annex D (change-point models);
        M. F. Fels, Energy and Buildings 9 (1986) 5-18, doi 10.1016/0378-7788(86)90003-4 (balance point searched for)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from luban.core.errors import InputError
from luban.understand.energy.noise import Noise, noise_of
from luban.understand.quality.data import Excluded, Floats

__all__ = ["FORMS", "Baseline", "Driver", "Term", "degree_days", "fit_baseline"]

Driver = Floats | Sequence[Floats]
"""One number a period, or the readings within each period."""

FORMS = ("plain", "2P", "3PH", "3PC", "4P", "5P")
"""Shapes of the temperature part: none, line, heating, cooling, one bend, two bends."""

_LEAST_SHARE = 0.1  # of the periods that must lie beyond a change point
_GRID = 24
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the baseline.

    driver  name of the driver; "" for the constant
    shape   one, line, below (how far under the point), above (how far over it)
    point   change point [unit of the driver]
    """

    driver: str
    shape: str = "line"
    point: float = math.nan

    @property
    def name(self) -> str:
        """The term in words."""
        return {"one": "constant", "line": self.driver}.get(self.shape) or f"{self.driver} {self.shape} {self.point:g}"

    def column(self, drivers: Mapping[str, Driver], count: int) -> Floats:
        """The value in each period."""
        if self.shape == "one":
            return np.ones(count)
        return _averaged(drivers[self.driver], self._shaped)

    def slope(self, drivers: Mapping[str, Driver]) -> Floats:
        """How the value moves with the change point."""
        beyond = _averaged(drivers[self.driver], lambda x: np.asarray(self._shaped(x) > 0, np.float64))
        return beyond if self.shape == "below" else -beyond

    def _shaped(self, x: Floats) -> Floats:
        if self.shape == "line":
            return x
        over: Floats = np.maximum(self.point - x if self.shape == "below" else x - self.point, 0.0)
        return over


@dataclass(frozen=True)
class Baseline:
    """A fitted baseline; energy per unit of length (per day where lengths are days).

    form          one of `FORMS`
    terms         its columns; `coefficients` in the same order [energy/length per unit of driver]
    errors        standard errors, with autocorrelation and with the search of the change points in them
    used          periods it rests on; `excluded` those left out with the reason
    r2            share of the variance explained [1]; `adjusted_r2` for the number of parameters
    cv_rmse       root mean square error over the mean [1]
    noise         size and autocorrelation of what remains
    covariance    of the coefficients, followed by the change points
    ranges        lowest and highest value of each driver seen
    notes         what to beware of, in sentences
    """

    form: str
    terms: tuple[Term, ...]
    coefficients: Floats
    errors: Floats
    used: int
    excluded: tuple[Excluded, ...]
    r2: float
    adjusted_r2: float
    cv_rmse: float
    noise: Noise
    covariance: Floats
    ranges: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...] = ()
    residuals: Floats = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def points(self) -> tuple[float, ...]:
        """Its change points, in order."""
        return tuple(sorted({t.point for t in self.terms if t.shape in {"below", "above"}}))

    def expected(self, drivers: Mapping[str, Driver], length: Floats | None = None) -> Floats:
        """Energy it expects in each period.

        drivers  the same names as at the fit
        length   of each period; 1 where left out
        Raises   InputError for a driver that is missing
        """
        count = _count(drivers, self.terms, length)
        rate: Floats = _design(self.terms, drivers, count) @ self.coefficients
        return rate if length is None else rate * np.asarray(length, float)

    def gradient(self, drivers: Mapping[str, Driver], length: Floats | None = None) -> Floats:
        """How the expected energy moves with each coefficient and change point (periods × parameters)."""
        count = _count(drivers, self.terms, length)
        whole = _jacobian(self.terms, self.coefficients, drivers, count)
        return whole if length is None else whole * np.asarray(length, float)[:, None]


def degree_days(temperatures: Floats, point: float, *, cooling: bool = False) -> float:
    """Sum of the degrees by which each day lies under (cooling: over) the balance point [K·day].

    temperatures  daily means [°C]
    point         balance point [°C]
    Example       degree_days(np.array([10.0, 16.0, 20.0]), 18.0) == 10.0
    """
    return float(np.maximum(np.asarray(temperatures) - point if cooling else point - np.asarray(temperatures), 0).sum())


def fit_baseline(
    energy: Floats,
    drivers: Mapping[str, Driver],
    *,
    temperature: str = "",
    form: str = "auto",
    length: Floats | None = None,
    independent: bool = False,
) -> Baseline:
    """Fit a baseline by least squares; change points by search.

    energy       of each period, in order of time [any unit of energy]; NaN: not known, left out
    drivers      by name; the one called `temperature` gets the shape, the others enter as lines
    form         one of `FORMS`; auto: the one with the lowest Bayes information criterion whose slopes have the
                 sense of their name (heating rises when it gets colder) and are told from zero
    length       of each period [day]: a billing period is modelled per day and weighted by its days
    independent  take neighbouring periods for unrelated (the textbook's standard errors)
    Raises       InputError: too few periods, a driver that never moves, drivers that say the same
    Example      fit_baseline(kwh, {"pieces": pieces, "outside": daily}, temperature="outside", length=days)
    """
    y, x, days, left_out = _cleaned(energy, drivers, length)
    if form not in (*FORMS, "auto"):
        raise InputError("no such form of baseline", came=form, expected=", ".join((*FORMS, "auto")))
    if form != "plain" and form != "auto" and not temperature:
        raise InputError("this form bends in temperature", came=form, hint="name the driver that is the temperature")
    if temperature and temperature not in x:
        raise InputError("the temperature is not among the drivers", came=temperature, expected=", ".join(sorted(x)))
    wanted = FORMS if form == "auto" else (form,)
    if not temperature:
        wanted = ("plain",)
    fits = [fit for one in wanted if (fit := _fit(one, y, x, days, temperature)) is not None]
    if not fits:
        raise InputError("too few periods for this baseline", came=f"{len(y)} periods, form {form}")
    best = min(fits, key=lambda fit: fit[0] if form == "auto" and _sensible(fit) else math.inf)
    return _finished(best, y, x, days, left_out, independent)


# ---- the search

_Fit = tuple[float, str, tuple[Term, ...], Floats]


def _fit(form: str, y: Floats, x: Mapping[str, Driver], days: Floats, temperature: str) -> _Fit | None:
    lines = (Term("", "one"), *(Term(name) for name in x if name != temperature))
    weight = np.sqrt(days)

    def at(points: tuple[float, ...]) -> tuple[float, Floats, tuple[Term, ...]]:
        terms = (*lines, *_bent(form, temperature, points))
        matrix = _design(terms, x, len(y)) * weight[:, None]
        solved = np.linalg.lstsq(matrix, y * weight, rcond=None)
        beta, rank = np.asarray(solved[0], np.float64), int(solved[2])
        rest = y * weight - matrix @ beta
        return (float(rest @ rest) if rank == matrix.shape[1] else math.inf), beta, terms

    bends = {"3PH": 1, "3PC": 1, "4P": 1, "5P": 2}.get(form, 0)
    count = len(_bent(form, temperature, (0.0,) * bends)) + len(lines) + bends
    if len(y) < count + 3:
        return None
    points = _searched(lambda p: at(p)[0], x[temperature], bends) if bends else ()
    if points is None:
        return None
    rss, beta, terms = at(points)
    if not math.isfinite(rss):
        if form == "plain":
            raise InputError("the drivers say the same, or one of them never moves", came=", ".join(x))
        return None
    scale = max(rss, 1e-18 * float((y * weight) @ (y * weight)), 1e-300) / len(y)
    return len(y) * math.log(scale) + count * math.log(len(y)), form, terms, beta


def _bent(form: str, name: str, points: tuple[float, ...]) -> tuple[Term, ...]:
    if form == "plain":
        return ()
    if form == "2P":
        return (Term(name),)
    below = Term(name, "below", points[0]) if form != "3PC" else None
    above = Term(name, "above", points[-1]) if form != "3PH" else None
    return tuple(term for term in (below, above) if term)


def _searched(loss: Callable[[tuple[float, ...]], float], temperature: Driver, bends: int) -> tuple[float, ...] | None:
    """The change points of least loss: a grid, made finer about the best three times over."""
    means = np.sort(_averaged(temperature, lambda t: t))
    margin = max(2, math.ceil(_LEAST_SHARE * len(means)))
    if len(means) < 2 * margin + bends:
        return None
    low, high = float(means[margin]), float(means[-margin - 1])
    if not high > low:
        return None
    step = (high - low) / (_GRID if bends == 1 else _GRID // 2)
    axes = [np.arange(low, high + step / 2, step)] * bends
    best: tuple[float, ...] = ()
    for _ in range(_ROUNDS):
        tried: list[tuple[float, ...]] = [
            tuple(map(float, p)) for p in product(*axes) if bends == 1 or p[1] - p[0] > step
        ]
        if not tried:
            break
        best = min(tried, key=loss)
        axes = [np.clip(np.linspace(p - step, p + step, 9), low, high) for p in best]
        step /= 4
    return best or None


def _sensible(fit: _Fit) -> bool:
    """Heating and cooling slopes rise away from the change point, unless the whole is one bent line (4P)."""
    _, form, terms, beta = fit
    if form == "4P":
        return True
    return all(b > 0 for t, b in zip(terms, beta, strict=True) if t.shape in {"below", "above"})


def _finished(
    fit: _Fit, y: Floats, x: Mapping[str, Driver], days: Floats, left_out: tuple[Excluded, ...], independent: bool
) -> Baseline:
    _, form, terms, beta = fit
    weight = np.sqrt(days)
    whole = _jacobian(terms, beta, x, len(y)) * weight[:, None]
    rest = (y - _design(terms, x, len(y)) @ beta) * weight
    noise, covariance = noise_of(rest, whole, independent=independent)
    mean = float((y * days).sum() / days.sum())
    rss, tss = float(rest @ rest), float((days * (y - mean) ** 2).sum())
    free = len(y) - whole.shape[1]
    r2 = 1 - rss / tss if tss > 0 else math.nan
    errors = np.sqrt(np.diag(covariance))[: len(beta)]
    cv = math.sqrt(rss / days.sum() * len(y) / free) / abs(mean) if mean else math.inf
    return Baseline(
        form=form, terms=terms, coefficients=beta, errors=errors, used=len(y), excluded=left_out,
        r2=r2, adjusted_r2=1 - (1 - r2) * (len(y) - 1) / free, cv_rmse=cv, noise=noise, covariance=covariance,
        ranges={name: _range(values) for name, values in x.items()},
        notes=_notes(terms, beta, errors, noise, cv), residuals=rest / weight,
    )  # fmt: skip


def _notes(terms: tuple[Term, ...], beta: Floats, errors: Floats, noise: Noise, cv: float) -> tuple[str, ...]:
    weak = [t.name for t, b, e in zip(terms, beta, errors, strict=True) if t.shape != "one" and abs(b) < 2 * e]
    said = [f"{name}: not told from no effect" for name in weak]
    if cv > 0.25:
        said.append(f"the baseline misses by {cv:.0%} of the mean: small savings will not show")
    if noise.rho > 0.5:
        said.append(f"neighbouring periods go together (autocorrelation {noise.rho:.2f}): the interval is wide for it")
    return tuple(said)


# ---- matrices


def _design(terms: Sequence[Term], drivers: Mapping[str, Driver], count: int) -> Floats:
    """The columns of a baseline (periods × terms)."""
    return np.column_stack([term.column(drivers, count) for term in terms])


def _jacobian(terms: Sequence[Term], beta: Floats, drivers: Mapping[str, Driver], count: int) -> Floats:
    columns = [_design(terms, drivers, count)]
    for point in sorted({t.point for t in terms if t.shape in {"below", "above"}}):
        moved = [b * t.slope(drivers) for t, b in zip(terms, beta, strict=True) if t.point == point]
        columns.append(np.sum(moved, axis=0)[:, None])
    return np.column_stack(columns)


def _averaged(driver: Driver, shape: Callable[[Floats], Floats]) -> Floats:
    if isinstance(driver, np.ndarray) and driver.ndim == 1:
        return np.asarray(shape(driver), float)
    sizes = np.array([len(part) for part in driver])
    values = np.asarray(shape(np.concatenate([np.asarray(part, float) for part in driver])), float)
    averaged: Floats = np.add.reduceat(values, np.cumsum(sizes) - sizes) / sizes
    return averaged


def _range(driver: Driver) -> tuple[float, float]:
    means = _averaged(driver, lambda x: x)
    return float(means.min()), float(means.max())


def _count(drivers: Mapping[str, Driver], terms: Sequence[Term], length: Floats | None) -> int:
    missing = sorted({t.driver for t in terms if t.driver} - set(drivers))
    if missing:
        raise InputError("a driver of the baseline is missing", came=", ".join(sorted(drivers)), expected=missing[0])
    if length is not None:
        return len(length)
    if not drivers:
        raise InputError("how many periods?", hint="give their lengths")
    return len(next(iter(drivers.values())))


def _cleaned(
    energy: Floats, drivers: Mapping[str, Driver], length: Floats | None
) -> tuple[Floats, dict[str, Driver], Floats, tuple[Excluded, ...]]:
    y = np.asarray(energy, float)
    days = np.ones(len(y)) if length is None else np.asarray(length, float)
    sizes = {name: len(values) for name, values in drivers.items()} | {"length": len(days)}
    odd = {name: size for name, size in sizes.items() if size != len(y)}
    if odd:
        raise InputError("columns of unequal length", came=f"{odd}", expected=f"{len(y)} periods")
    reasons = ["" for _ in y]
    for at in range(len(y)):
        if not math.isfinite(y[at]):
            reasons[at] = "energy is not known"
        elif y[at] < 0:
            reasons[at] = "negative energy: the meter ran backwards"
        elif not (math.isfinite(days[at]) and days[at] > 0):
            reasons[at] = "length of the period is not known"
        else:
            gone = [n for n, v in drivers.items() if not np.all(np.isfinite(v[at])) or np.size(v[at]) == 0]
            reasons[at] = f"{gone[0]} is not known" if gone else ""
    keep = np.array([not reason for reason in reasons], bool)
    out = tuple(
        Excluded(f"period {at + 1}", "energy", f"{y[at]:g}", reason) for at, reason in enumerate(reasons) if reason
    )
    if keep.sum() < 5:
        raise InputError("too few periods for a baseline", came=f"{int(keep.sum())} of {len(y)}", expected="5 or more")
    x: dict[str, Driver] = {
        name: np.asarray(v, np.float64)[keep] if isinstance(v, np.ndarray) and v.ndim == 1
        else [np.asarray(v[int(at)], np.float64) for at in np.flatnonzero(keep)]
        for name, v in drivers.items()
    }  # fmt: skip
    return y[keep] / days[keep], x, days[keep], out
