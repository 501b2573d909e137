"""Where a short yearly series will be: the middle, an interval, and the chance of meeting a target.

Exponential smoothing with a damped trend. Not one set of its parameters is chosen: each of a grid counts by how likely
it makes the series, so that a short series gives a wide interval. What lies ahead is drawn path by path, with level,
trend and size of the shocks as uncertain as the series leaves them; on the scale of the square root where values are
above zero and have risen, of the logarithm where they come near a limit (0, or 100 %), of the angle (arcsin √) halfway
between two limits. How far the trend is trusted and how wide the shocks are was set on public yearly series of
half of the economies, and holds on the other half.

Reads   a series    Writes  nothing
Source  R. J. Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder, Forecasting with Exponential Smoothing (2008), ch. 3, 6;
        E. S. Gardner, E. McKenzie, Management Science 31 (1985) 1237-1246, doi 10.1287/mnsc.31.10.1237 (damped trend)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.rollup.points import Point, levels, ordered, reaches
from luban.rollup.signals import straight_years, tail_length

if TYPE_CHECKING:
    from luban.norms.plans import Indicator, Milestone
    from luban.understand.quality.data import Floats

__all__ = ["LEAST", "Forecast", "forecast", "indicator_forecast"]

LEAST: Final = 5
"""Fewest known years."""

_FARTHEST = 60
_ALPHA = np.array([0.3, 0.6, 0.8, 1.0])
_BETA = np.array([0.0, 0.15, 0.4])  # of alpha
_PHI = np.array([0.7, 0.9, 1.0])
_GRID = np.array([(a, a * b, p) for a in _ALPHA for b in _BETA for p in _PHI])
_TREND = 0.5  # prior standard deviation of the first trend, in standard deviations of a year's change
_WIDER = 1.1  # of every shock
_SHOCKS = 3.5  # degrees of freedom of the shocks ahead


@dataclass(frozen=True, slots=True)
class Forecast:
    """What lies ahead.

    years, middle, low, high  per year: median and interval at `level`; empty where nothing can be said
    chance   of meeting `target` in `target_year` [1]; None without one
    method   damped trend, or scenario where a rate of growth was given
    n        known years it rests on
    reason   why there is none
    notes    what a reader must know
    """

    years: tuple[int, ...]
    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float
    chance: float | None = None
    target: float | None = None
    target_year: int | None = None
    method: str = "damped trend"
    n: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()

    def at(self, year: int) -> tuple[float, float, float] | None:
        """Middle, low and high of a year; None outside."""
        if year not in self.years:
            return None
        place = self.years.index(year)
        return self.middle[place], self.low[place], self.high[place]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and the REST service."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def forecast(
    points: Sequence[Point],
    until: int,
    *,
    target: float | None = None,
    target_year: int | None = None,
    direction: str = "up",
    limits: tuple[float | None, float | None] = (None, None),
    level: float = 0.8,
    growth: float | None = None,
    slope: float | None = None,
    draws: int = 4000,
    seed: int = 1,
) -> Forecast:
    """What a series will be, year by year until `until`.

    points      values, one a year; a tail that repeats one value is left out as carried forward
    target      in `target_year`, met where the value lies beyond it in `direction`
    limits      what values never leave, e.g. (0, 100) for a share; None: no limit. A lower limit of 0 is taken where
                every value is above zero
    level       of the interval [1]
    growth      a scenario: values grow by this a year [1] from the last one, in place of the trend; the shocks stay
    slope       a scenario on a straight line [unit/year]
    Raises      InputError for an end that is not ahead, a level outside (0, 1), values outside the limits

    Example     forecast([Point(2015 + n, 33 + 3 * n) for n in range(6)], 2025, limits=(0, 100)).at(2025)
    """
    series = ordered(points)
    _checked(series, until, level, direction, target, target_year)
    kept, notes = _usable(series)
    empty = Forecast((), (), (), (), level, None, target, target_year, n=len(kept))
    reason = _no_forecast(kept)
    if reason:
        return replace(empty, reason=reason, notes=notes)
    scale = _Scale.of(np.array([one.value for one in kept]), limits)
    years = np.array([one.year for one in kept])
    ahead = until - int(years[-1])
    rng = np.random.default_rng(seed)
    course = _course(scale, kept[-1].value, ahead, growth, slope)
    paths = _paths(scale.into(np.array([one.value for one in kept])), years, ahead, draws, rng, course)
    values = scale.out(paths)
    low, middle, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
    chance = None
    if target is not None and target_year is not None:
        chance = _chance(series, values, int(years[-1]), target, target_year, direction)
    begin = int(years[-1]) + 1
    return Forecast(
        tuple(range(begin, until + 1)), tuple(middle.tolist()), tuple(low.tolist()), tuple(high.tolist()), level,
        chance, target, target_year, "damped trend" if course is None else "scenario", len(kept), "", notes,
    )  # fmt: skip


def indicator_forecast(
    points: Sequence[Point],
    indicator: Indicator,
    milestone: Milestone | None,
    *,
    until: int | None = None,
    growth: float | None = None,
    level: float = 0.8,
    draws: int = 4000,
    seed: int = 1,
) -> Forecast:
    """The same in the indicator's own quantity: a cut, points of change, average growth of a period.

    until   year of the milestone by default
    growth  a scenario: growth of the level behind the indicator a year [1]; for points of change, points a year
    """
    target = milestone.value if milestone is not None else None
    target_year = milestone.year if milestone is not None and target is not None else None
    last = until if until is not None else target_year
    if last is None:
        raise InputError(
            "no year to look ahead to", expected="a milestone with a number, or a year", where=indicator.id
        )
    if points and max(one.year for one in points) >= last:
        return Forecast(
            (), (), (), (), level, None, target, target_year, n=len(points), reason="the year is known already"
        )
    some: dict[str, Any] = {"level": level, "growth": growth, "draws": draws, "seed": seed}
    if indicator.kind == "level":
        limits = (0.0, indicator.ceiling) if indicator.ceiling is not None else (None, None)
        return forecast(points, last, target=target, target_year=target_year, direction=indicator.direction,
                        limits=limits, **some)  # fmt: skip
    if indicator.kind == "change in points":
        some["slope"] = some.pop("growth")
        return forecast(points, last, target=target, target_year=target_year, limits=(-math.inf, None), **some)
    if indicator.kind == "cut":
        turned = None if target is None else 100 - target
        found = forecast(
            levels(points, indicator), last, target=turned, target_year=target_year, direction="down", **some
        )
        middle, low, high = (tuple(100 - one for one in some) for some in (found.middle, found.high, found.low))
        return replace(found, target=target, middle=middle, low=low, high=high)
    return _average(points, indicator, milestone, last, some)


# ---------------------------------------------------------------------------------------------------- how


def _checked(
    series: Sequence[Point], until: int, level: float, direction: str, target: float | None, target_year: int | None
) -> None:
    if not 0 < level < 1:
        raise InputError("a level lies between 0 and 1", came=f"{level:g}", expected="0.8")
    if direction not in ("up", "down"):
        raise InputError("no such direction", came=direction, expected="up, down")
    if (target is None) != (target_year is None):
        raise InputError("a target has a value and a year", came=f"{target}, {target_year}")
    if series and not series[-1].year < until <= series[-1].year + _FARTHEST:
        raise InputError("the end is not ahead of the series", came=str(until),
                         expected=f"{series[-1].year + 1} to {series[-1].year + _FARTHEST}")  # fmt: skip


def _usable(series: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """Without the years that only repeat the one before them."""
    tail = tail_length(series)
    if not tail:
        return series, ()
    kept = series[: len(series) - tail]
    return kept, (f"{kept[-1].year + 1} to {series[-1].year} repeat {kept[-1].year}: taken as unknown",)


def _no_forecast(kept: Sequence[Point]) -> str:
    if len(kept) < LEAST:
        return f"{len(kept)} known years, {LEAST} are needed"
    if len({one.value for one in kept}) == 1:
        return "the value never moved: how far it may move cannot be told"
    if len(straight_years(kept)) > len(kept) / 2:
        return "most values lie on straight lines between surveys: how far they move cannot be told"
    return ""


@dataclass(frozen=True, slots=True)
class _Scale:
    """The scale on which shocks add: root, log (to the lower limit), mirror (to the upper one), angle, plain."""

    kind: str
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, values: Floats, limits: tuple[float | None, float | None]) -> _Scale:
        low, high = limits
        if low is None and high is None and values.min() > 0:
            low = 0.0
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        if values.min() < low or values.max() > high:
            raise InputError("values outside their limits", came=f"{values.min():g} … {values.max():g}",
                             expected=f"{low:g} … {high:g}")  # fmt: skip
        if math.isinf(low):
            return cls("plain", low, high)
        first, last, middle = values[0], values[-1], (low + high) / 2
        if last < first and last < middle and values.min() > low:
            return cls("log", low, high)
        if last > first and last > middle and values.max() < high:
            return cls("mirror", low, high)
        return cls("root" if math.isinf(high) else "angle", low, high)

    def into(self, values: Floats) -> Floats:
        if self.kind == "log":
            return np.log(np.maximum(values - self.low, 1e-300))
        if self.kind == "mirror":
            return -np.log(np.maximum(self.high - values, 1e-300))
        if self.kind == "root":
            return np.sqrt(np.maximum(values - self.low, 0.0))
        if self.kind == "angle":
            return np.arcsin(np.sqrt(np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)))
        return np.asarray(values, np.float64)

    def out(self, values: Floats) -> Floats:
        if self.kind == "log":
            found = self.low + np.exp(np.minimum(values, 700.0))
        elif self.kind == "mirror":
            found = self.high - np.exp(np.minimum(-values, 700.0))
        elif self.kind == "root":
            found = self.low + np.maximum(values, 0.0) ** 2
        elif self.kind == "angle":
            found = self.low + (self.high - self.low) * np.sin(np.clip(values, 0.0, math.pi / 2)) ** 2
        else:
            found = values
        return np.clip(found, self.low, self.high)


def _course(scale: _Scale, last: float, ahead: int, growth: float | None, slope: float | None) -> Floats | None:
    """Steps of a scenario on the scale, one a year; None without one."""
    if growth is None and slope is None:
        return None
    if growth is not None and (slope is not None or not growth > -1):
        raise InputError("a scenario has growth above -100 % a year, or a slope", came=f"{growth:g}, {slope}")
    years = np.arange(ahead + 1, dtype=np.float64)
    values = np.asarray(
        last * (1 + growth) ** years if growth is not None else last + (slope or 0.0) * years, np.float64
    )
    return np.diff(scale.into(values))


def _paths(y: Floats, years: Any, ahead: int, draws: int, rng: np.random.Generator, course: Floats | None) -> Floats:
    """Draws of what lies ahead (draws × ahead), on the scale of `y`."""
    weights, states, roots, sizes, free = _fitted(y, years)
    chosen = rng.choice(len(_GRID), draws, p=weights)
    size = sizes[chosen] * np.sqrt(free / rng.chisquare(free, draws))
    first = rng.standard_normal((draws, 2))
    state = states[chosen] + size[:, None] * np.einsum("dij,dj->di", roots[chosen], first)
    alpha, beta, phi = _GRID[chosen].T
    where, trend = state[:, 0], state[:, 1]
    shocks = _WIDER * size[:, None] * rng.standard_t(_SHOCKS, (draws, ahead)) * math.sqrt((_SHOCKS - 2) / _SHOCKS)
    found = np.empty((draws, ahead))
    for place in range(ahead):
        mean = where + (phi * trend if course is None else course[place])
        found[:, place] = mean + shocks[:, place]
        where, trend = mean + alpha * shocks[:, place], phi * trend + beta * shocks[:, place]
    return found


def _fitted(y: Floats, years: Any) -> tuple[Floats, Floats, Floats, Floats, float]:
    """Per set of parameters: weight, last state (level, trend), root of its covariance, size of a shock.

    Residuals are linear in the first level and trend: three runs of the filter give the least squares of both. A year
    that is unknown is stepped over; its shock adds to the next residual's variance.
    """
    alpha, beta, phi = _GRID.T
    count = len(_GRID)
    runs = np.zeros((count, 3, 2))  # of nothing, of a unit of the first level, of a unit of the first trend
    runs[:, 1, 0] = runs[:, 2, 1] = 1.0
    residuals, scales = [], []
    seen = np.array([1.0, 0.0, 0.0])
    spread = float(np.std(np.diff(y) / np.sqrt(np.diff(years)))) or 1e-12
    drift = np.zeros(count)
    now = int(years[0]) - 1
    for value, year in zip(y.tolist(), years.tolist(), strict=True):
        drift = np.zeros(count)
        trend_part = np.zeros(count)
        for gap in range(year - now):
            runs[:, :, 0] += phi[:, None] * runs[:, :, 1]
            runs[:, :, 1] *= phi[:, None]
            if gap:
                trend_part = phi * trend_part + beta
                drift = drift + (alpha + phi * trend_part) ** 2
        error = value * seen - runs[:, :, 0]
        scale = np.sqrt(1 + drift)
        residuals.append(error / scale[:, None])
        scales.append(scale)
        runs[:, :, 0] += alpha[:, None] * error
        runs[:, :, 1] += beta[:, None] * error
        now = year
    e = np.stack(residuals, axis=1)  # (count × n × 3)
    moved = e[:, :, 1:]
    prior = np.diag([1e-8, 1.0 / (_TREND * spread) ** 2]) * spread**2
    normal = np.einsum("cni,cnj->cij", moved, moved) + prior
    theta = -np.linalg.solve(normal, np.einsum("cni,cn->ci", moved, e[:, :, 0])[:, :, None])[:, :, 0]
    left = e[:, :, 0] + np.einsum("cni,ci->cn", moved, theta)
    free = float(len(y) - 2)
    square = (left**2).sum(axis=1) + np.einsum("ci,ij,cj->c", theta, prior, theta)
    floor = (1e-6 * spread) ** 2
    square = np.maximum(square, floor)
    likely = (
        -0.5 * (free + 1) * np.log(square) - 0.5 * np.log(np.linalg.det(normal)) - np.log(np.stack(scales)).sum(axis=0)
    )
    weights = np.exp(likely - likely.max())
    last = runs[:, 0, :] + np.einsum("cik,ci->ck", runs[:, 1:, :], theta)
    cover = np.einsum("cik,cij,cjl->ckl", runs[:, 1:, :], np.linalg.inv(normal), runs[:, 1:, :])
    roots = _root(cover)
    return weights / weights.sum(), last, roots, np.sqrt(square / free), free


def _root(cover: Floats) -> Floats:
    values, vectors = np.linalg.eigh(cover)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def _chance(
    series: Sequence[Point], values: Floats, last: int, target: float, target_year: int, direction: str
) -> float:
    sign = 1 if direction == "up" else -1
    known = next((one.value for one in series if one.year == target_year and target_year <= last), None)
    if known is not None:
        return float(reaches(known, target, sign))
    if not last < target_year <= last + values.shape[1]:
        raise InputError("the target's year is not ahead, and not known", came=str(target_year),
                         expected=f"{last + 1} to {last + values.shape[1]}")  # fmt: skip
    return float(np.mean(sign * (values[:, target_year - last - 1] - target) >= 0))


def _average(
    points: Sequence[Point], indicator: Indicator, milestone: Milestone | None, last: int, some: dict[str, Any]
) -> Forecast:
    """Average growth since the period's base year, out of the forecast of the index behind it."""
    index = levels(points, indicator)
    target = milestone.value if milestone is not None else None
    first = milestone.period[0] - 1 if milestone is not None and milestone.period else None
    base = next((one.value for one in index if one.year == first), None)
    if base is None or first is None:
        reason = f"the index of the base year {first} is unknown"
        return Forecast((), (), (), (), some["level"], None, target, None if target is None else last, n=len(points),
                        reason=reason)  # fmt: skip
    year = milestone.year if milestone is not None else last
    needed = None if target is None else base * (1 + target / 100) ** (year - first)
    found = forecast(index, last, target=needed, target_year=None if needed is None else year, **some)

    def rate(value: float, at: int) -> float:
        return float(100 * ((value / base) ** (1 / (at - first)) - 1))

    middle, low, high = (
        tuple(rate(value, at) for value, at in zip(told, found.years, strict=True))
        for told in (found.middle, found.low, found.high)
    )
    return replace(found, target=target, middle=middle, low=low, high=high)
