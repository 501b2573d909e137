"""Distributions of durations and quantities, written the way an engineer writes them.

`Distribution.parse("lognormal(20 min, cv=0.3)")`; tables and TOML hold the same text. Samples are made by inversion of
one uniform number, so equal draws stay equal when only a parameter changes (common random numbers).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.core.units import convert, parse_unit

__all__ = ["KINDS", "Distribution"]

KINDS = ("constant", "uniform", "triangular", "exponential", "normal", "lognormal", "weibull", "gamma", "empirical")
_ARGUMENTS = {
    "constant": ("value",),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "exponential": ("mean",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sigma"),
    "weibull": ("shape", "scale"),
    "gamma": ("shape", "scale"),
}
_DIMENSIONLESS = {"sigma", "shape", "cv"}
_CALL = re.compile(r"^\s*([a-z]+)\s*\((.*)\)\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of non-negative numbers (durations in seconds, or pieces).

    kind    one of KINDS
    params  constant (value) · uniform (low, high) · triangular (low, mode, high) · exponential (mean) ·
            normal (mean, sd), cut off at 0 · lognormal (mean of the variable, sigma of its logarithm) ·
            weibull (shape, scale) · gamma (shape, scale) · empirical (equally likely quantiles from 0 to 1, rising)
    shift   added to every draw

    Example  >>> Distribution.parse("lognormal(20 min, cv=0.3)").mean
             1200.0
    """

    kind: str
    params: tuple[float, ...]
    shift: float = 0.0

    def __post_init__(self) -> None:
        _check(self.kind, self.params, self.shift)

    @classmethod
    def constant(cls, value: float) -> Distribution:
        """Always `value`."""
        return cls("constant", (float(value),))

    @classmethod
    def uniform(cls, low: float, high: float) -> Distribution:
        """Equally likely between `low` and `high`."""
        return cls("uniform", (float(low), float(high)))

    @classmethod
    def exponential(cls, mean: float) -> Distribution:
        """Without memory."""
        return cls("exponential", (float(mean),))

    @classmethod
    def normal(cls, mean: float, sd: float) -> Distribution:
        """Normal, cut off at 0: `mean` and `sd` are those before the cut."""
        return cls("normal", (float(mean), float(sd)))

    @classmethod
    def lognormal(cls, mean: float, *, sigma: float | None = None, cv: float | None = None) -> Distribution:
        """Lognormal with the mean of the variable itself; spread as `sigma` (of the logarithm) or `cv`."""
        if (sigma is None) == (cv is None):
            raise InputError("lognormal needs its spread once", expected="sigma or cv")
        return cls("lognormal", (float(mean), float(sigma) if sigma is not None else math.sqrt(math.log1p(cv**2))))  # type: ignore[operator]

    @classmethod
    def weibull(cls, shape: float, scale: float) -> Distribution:
        """Weibull: `shape` < 1 early failures, 1 chance, > 1 wear-out."""
        return cls("weibull", (float(shape), float(scale)))

    @classmethod
    def gamma(cls, shape: float, scale: float) -> Distribution:
        """Gamma; a whole `shape` is Erlang's."""
        return cls("gamma", (float(shape), float(scale)))

    @classmethod
    def empirical(cls, values: Sequence[float] | NDArray[np.float64], points: int = 257) -> Distribution:
        """What was observed: its quantiles, joined by straight lines."""
        if len(values) == 0:
            raise InputError("an empirical distribution of nothing", expected="at least one value")
        grid = np.quantile(np.asarray(values, float), np.linspace(0, 1, min(points, max(2, len(values)))))
        return cls("empirical", tuple(float(value) for value in grid))

    @property
    def mean(self) -> float:
        """Mean [as the parameters]."""
        return self.shift + _mean(self.kind, self.params)

    @property
    def variance(self) -> float:
        """Variance [square of the parameters' unit]."""
        return _variance(self.kind, self.params)

    def quantile(self, u: NDArray[np.float64] | float) -> Any:
        """The value below which a share `u` of the draws lies, 0 < u < 1."""
        return self.shift + _quantile(self.kind, self.params, np.asarray(u, float))

    def scaled(self, factor: float) -> Distribution:
        """Every draw times `factor` > 0."""
        params: tuple[float, ...]
        if self.kind == "lognormal":
            params = (self.params[0] * factor, self.params[1])
        elif self.kind in {"weibull", "gamma"}:
            params = (self.params[0], self.params[1] * factor)
        else:
            params = tuple(value * factor for value in self.params)
        return Distribution(self.kind, params, self.shift * factor)

    @classmethod
    def parse(cls, text: str | float, *, unit: str = "s", where: str = "") -> Distribution:
        """A distribution from its text; durations carry their unit, a bare number is in `unit` ('' for quantities).

        Raises InputError naming what came and what was expected.
        """
        if not isinstance(text, str):
            return cls.constant(float(text))
        call = _CALL.match(text)
        try:
            if call is None:
                return cls.constant(_number(text, unit))
            return _call(call[1].lower(), _arguments(call[2]), unit)
        except InputError as error:
            raise InputError(
                error.message, came=error.came or repr(text), expected=error.expected, where=where, hint=error.hint
            ) from None

    def __str__(self) -> str:
        if self.kind == "empirical":
            inner = ", ".join(f"{value!r}" for value in self.params)
        else:
            names = _ARGUMENTS[self.kind]
            inner = ", ".join(f"{name}={value!r}" for name, value in zip(names, self.params, strict=True))
        if self.shift:
            inner += f", shift={self.shift!r}"
        return f"{self.kind}({inner})"


def _check(kind: str, params: tuple[float, ...], shift: float) -> None:
    if kind not in KINDS:
        raise InputError("unknown distribution", came=repr(kind), expected=", ".join(KINDS))
    wanted = _ARGUMENTS.get(kind)
    if wanted is not None and len(params) != len(wanted):
        raise InputError(f"{kind} takes {len(wanted)} numbers", came=str(len(params)), expected=", ".join(wanted))
    if not params or not all(math.isfinite(value) for value in (*params, shift)):
        raise InputError(f"{kind} needs finite numbers", came=str(params))
    low = min(params)
    if low < 0 or shift < 0:
        raise InputError("a duration cannot be negative", came=f"{kind}{params}", expected="numbers of 0 or more")
    rising = kind in {"uniform", "triangular", "empirical"}
    if rising and any(a > b for a, b in itertools.pairwise(params)):
        raise InputError(f"the numbers of {kind} must rise", came=str(params))
    if kind in {"exponential", "lognormal", "weibull", "gamma"} and params[0] <= 0:
        raise InputError(f"{wanted[0]} of {kind} must be above 0", came=str(params[0]))  # type: ignore[index]
    if kind in {"weibull", "gamma"} and params[1] <= 0:
        raise InputError(f"scale of {kind} must be above 0", came=str(params[1]))


def _mean(kind: str, p: tuple[float, ...]) -> float:
    match kind:
        case "uniform":
            return (p[0] + p[1]) / 2
        case "triangular":
            return sum(p) / 3
        case "weibull":
            return p[1] * math.gamma(1 + 1 / p[0])
        case "gamma":
            return p[0] * p[1]
        case "normal":
            return _cut_normal(p[0], p[1])[0]
        case "empirical":
            return float(np.trapezoid(p, dx=1 / max(1, len(p) - 1))) if len(p) > 1 else p[0]
        case _:
            return p[0]


def _variance(kind: str, p: tuple[float, ...]) -> float:
    match kind:
        case "uniform":
            return (p[1] - p[0]) ** 2 / 12
        case "triangular":
            a, c, b = p
            return (a * a + b * b + c * c - a * b - a * c - b * c) / 18
        case "exponential":
            return p[0] ** 2
        case "normal":
            return _cut_normal(p[0], p[1])[1]
        case "lognormal":
            return math.expm1(p[1] ** 2) * p[0] ** 2
        case "weibull":
            return p[1] ** 2 * (math.gamma(1 + 2 / p[0]) - math.gamma(1 + 1 / p[0]) ** 2)
        case "gamma":
            return p[0] * p[1] ** 2
        case "empirical":
            left, right = np.asarray(p[:-1]), np.asarray(p[1:])
            return float(np.mean((left**2 + left * right + right**2) / 3) - _mean(kind, p) ** 2) if len(p) > 1 else 0.0
        case _:
            return 0.0


def _cut_normal(mean: float, sd: float) -> tuple[float, float]:
    """Mean and variance of a normal cut off at 0 (Johnson, Kotz, Balakrishnan, vol. 1, ch. 13.10)."""
    if sd == 0:
        return mean, 0.0
    alpha = -mean / sd
    density = math.exp(-alpha * alpha / 2) / math.sqrt(2 * math.pi)
    hazard = density / (0.5 * math.erfc(alpha / math.sqrt(2)))
    return mean + sd * hazard, sd * sd * (1 + alpha * hazard - hazard * hazard)


def _quantile(kind: str, p: tuple[float, ...], u: NDArray[np.float64]) -> Any:
    from scipy import special

    match kind:
        case "uniform":
            return p[0] + (p[1] - p[0]) * u
        case "triangular":
            a, c, b = p
            if b == a:
                return np.full_like(u, a)
            cut = (c - a) / (b - a)
            low = a + np.sqrt(u * (b - a) * (c - a))
            return np.where(u < cut, low, b - np.sqrt((1 - u) * (b - a) * (b - c)))
        case "exponential":
            return -p[0] * np.log1p(-u)
        case "normal":
            if p[1] == 0:
                return np.full_like(u, p[0])
            below = special.ndtr(-p[0] / p[1])
            return p[0] + p[1] * special.ndtri(below + u * (1 - below))
        case "lognormal":
            return p[0] * np.exp(p[1] * special.ndtri(u) - p[1] ** 2 / 2)
        case "weibull":
            return p[1] * (-np.log1p(-u)) ** (1 / p[0])
        case "gamma":
            return p[1] * special.gammaincinv(p[0], u)
        case "empirical":
            return np.interp(u, np.linspace(0, 1, len(p)), p) if len(p) > 1 else np.full_like(u, p[0])
        case _:
            return np.full_like(u, p[0])


def _arguments(inner: str) -> tuple[list[str], dict[str, str]]:
    places: list[str] = []
    names: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in inner.split(","))):
        name, equals, value = part.partition("=")
        if equals:
            names[name.strip().lower()] = value.strip()
        elif names:
            raise InputError("an argument without name after one with a name", came=repr(part))
        else:
            places.append(part)
    return places, names


def _call(kind: str, arguments: tuple[list[str], dict[str, str]], unit: str) -> Distribution:
    places, names = arguments
    if kind not in KINDS:
        raise InputError("unknown distribution", came=repr(kind), expected=", ".join(KINDS))
    shift = _number(names.pop("shift"), unit) if "shift" in names else 0.0
    if kind == "empirical":
        return Distribution(kind, tuple(_number(place, unit) for place in places), shift)
    wanted = _ARGUMENTS[kind]
    given = dict(zip(wanted, places, strict=False)) | names
    if len(places) > len(wanted) or not set(given) <= {*wanted, "cv"}:
        raise InputError(f"{kind} does not take that", came=", ".join([*places, *names]), expected=", ".join(wanted))
    values = {name: _number(text, "" if name in _DIMENSIONLESS else unit) for name, text in given.items()}
    if "cv" in values:
        values |= _spread(kind, values)
        del values["cv"]
    missing = [name for name in wanted if name not in values]
    if missing:
        raise InputError(f"{kind} lacks {', '.join(missing)}", expected=", ".join(wanted))
    return Distribution(kind, tuple(values[name] for name in wanted), shift)


def _spread(kind: str, values: dict[str, float]) -> dict[str, float]:
    """The parameter that a coefficient of variation stands for."""
    if kind == "lognormal":
        return {"sigma": math.sqrt(math.log1p(values["cv"] ** 2))}
    if kind == "normal":
        return {"sd": values["cv"] * values.get("mean", 0.0)}
    raise InputError(f"{kind} takes no cv", expected=", ".join(_ARGUMENTS[kind]))


def _number(text: str, unit: str) -> float:
    match = _NUMBER.match(text)
    if match is None:
        raise InputError(
            "not a number with its unit", came=repr(text), expected="for example 20 min", hint="write `20 min`, `1.5 h`"
        )
    value = float(match[1])
    if not match[2]:
        return value
    if not unit:
        raise InputError("a plain number is expected here", came=repr(text), expected="no unit")
    parse_unit(match[2])
    return float(convert(value, match[2], unit))
