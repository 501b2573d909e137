"""Figures of a fitted life with two intervals each: by likelihood, and by Fisher information.

The likelihood interval holds every value whose best other parameters lose no more than half a chi-square; it needs no
scale to be chosen and is the better one with few failures. Fisher's is symmetric on the scale of the law: logarithm of
the life, logarithm of the shape, the standard place of a share.

Source  Meeker and Escobar (1998), 8.3 and 8.4; Lawless, Statistical Models and Methods for Lifetime Data (2003), 5.1
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from luban.core.errors import InputError
from luban.understand.health.lifetime.fit import LifeFit
from luban.understand.health.lifetime.likelihood import Likelihood, Point
from luban.understand.health.lifetime.words import EXACT, FISHER, LIKELIHOOD, NO_FISHER, NO_LIMIT, NO_MEAN
from luban.understand.quality.data import Floats

__all__ = ["LifeFigure", "exponential_mean", "life_figures", "surviving_figure"]

_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class LifeFigure:
    """One figure of a fitted life.

    name       shape, scale, threshold, log mean, log sd, mean, sd, MTBF, B10, R(500)
    value      None where it cannot be told
    low, high  likelihood (or exact) interval; None on a side that the data do not bound
    fisher     the interval by Fisher information; None where it is not known
    method     of low and high
    reason     why a side or the value is missing; ""
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    fisher: tuple[float, float] | None = None
    method: str = LIKELIHOOD
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """For `--json` and REST."""
        return {
            "figure": self.name, "value": self.value, "low": self.low, "high": self.high, "method": self.method,
            "fisher": None if self.fisher is None else list(self.fisher), "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Target:
    """A figure on the scale where it is found.

    at       its place on that scale at the top
    lead     its change by place, log width and threshold
    turn     (its place there, log width) → (place, log width) that give it; None: the log width itself is the figure
    back     from that scale to people's
    falling  a greater place there is a smaller figure
    """

    name: str
    at: float
    lead: Floats
    turn: Callable[[float, float], float] | None
    back: Callable[[float], float]
    falling: bool = False


def life_figures(
    fit: LifeFit, level: float = 0.95, shares: Sequence[float] = (0.1,), ages: Sequence[float] = ()
) -> tuple[LifeFigure, ...]:
    """Parameters, mean life, B lives and reliabilities with intervals.

    level   confidence of each interval, two-sided [1]
    shares  failed shares whose lives are asked [1]: 0.1 is B10
    ages    lives whose reliability is asked [unit]

    Raises   InputError: a level or share not between 0 and 1, an age not above zero
    Example  life_figures(fit_life(lives([54, 187, 216, 240])))[0].name == "shape"
    """
    if not 0 < level < 1:
        raise InputError("a confidence lies between 0 and 1", came=f"{level:g}", where="level")
    for share in shares:
        if not 0 < share < 1:
            raise InputError(
                "a failed share lies between 0 and 1", came=f"{share:g}", where="shares", hint="B10 is 0.1"
            )
    for age in ages:
        if not age > 0 or math.isinf(age):
            raise InputError("an age lies above zero", came=f"{age:g}", where="ages")
    if fit.reason:
        return ()
    told = [_figure(fit, one, level) for one in _parameters(fit)]
    if fit.law.bounded:
        told.append(_bound(fit, level))
    told.append(_mean(fit, level))
    told += [_figure(fit, _quantile(fit, share), level) for share in shares]
    told += [_figure(fit, _reliability(fit, age), level) for age in ages]
    return tuple(told)


def surviving_figure(fit: LifeFit, age: float, level: float = 0.95) -> LifeFigure:
    """The share that outlives an age, with its interval [1].

    Example  surviving_figure(fit, 500.0).value
    """
    return _figure(fit, _reliability(fit, age), level)


def exponential_mean(
    total: float, failures: float, level: float = 0.95, *, ended_by_failure: bool = False
) -> tuple[float, float | None]:
    """Exact interval of the mean life under a constant failure rate: (low, high or None without a failure).

    total             life of all units together, failed or not [unit]
    ended_by_failure  the test ended with its last failure, not at a time set before

    Source   B. Epstein, Technometrics 2 (1960) 435-446; NIST/SEMATECH e-Handbook 8.4.5.1
    Example  exponential_mean(1.0, 1, 0.9) gives 0.2108 and 19.4957, the factors of the NIST table
    """
    tail = (1 - level) / 2 if failures > 0 else 1 - level
    least = failures if ended_by_failure else failures + 1
    low = total / float(special.gammaincinv(least, 1 - tail))
    return low, None if failures == 0 else total / float(special.gammaincinv(failures, tail))


# ---------------------------------------------------------------- what is asked


def _moved(function: Callable[[float], float], at: float) -> float:
    return (function(at + _STEP) - function(at - _STEP)) / (2 * _STEP)


def _life(fit: LifeFit, name: str, above: Callable[[float], float]) -> _Target:
    """A life that lies above(width) over the place, on the scale of the law."""
    s = fit.log_width

    def of_log(log_width: float) -> float:
        return above(math.exp(log_width))

    slope = 0.0 if fit.held or fit.law.fixed else _moved(of_log, s)
    y = fit.place + of_log(s)
    # the life is threshold + exp(y): on the log scale of the life above zero its change by the threshold is 1 / exp(y)
    lead = np.array([1.0, slope, math.exp(-y) if fit.law.log else 0.0])
    return _Target(name, y, lead, lambda q, log_width: q - of_log(log_width), fit.law.life)


def _parameters(fit: LifeFit) -> list[_Target]:
    law = fit.law
    scale = _life(fit, "scale" if law.log else "location", lambda _: 0.0)
    if law.kind == "normal":
        scale = _Target("log mean" if law.log else "mean", fit.place, np.array([1.0, 0.0, 0.0]), scale.turn, float)
    else:
        scale = _Target(scale.name, fit.place, np.array([1.0, 0.0, 0.0]), scale.turn,
                        (lambda y: math.exp(min(y, 700.0))) if law.log else float)  # fmt: skip
    if law.fixed:
        return []
    named = {True: "log sd" if law.log else "sd", False: "shape" if law.log else "scale"}[law.kind == "normal"]
    back = (lambda s: math.exp(-s)) if named == "shape" else math.exp
    width = _Target(named, fit.log_width, np.array([0.0, 1.0, 0.0]), None, back, named == "shape")
    return [scale] if fit.held else [width, scale] if named == "shape" else [scale, width]


def _quantile(fit: LifeFit, share: float) -> _Target:
    z = fit.law.quantile(share)
    return _life(fit, f"B{100 * share:g}", lambda width: z * width)


def _reliability(fit: LifeFit, age: float) -> _Target:
    y = float(fit.law.scale(np.array([age]), fit.threshold)[0])
    z = (y - fit.place) / fit.width
    by_bound = -1 / (fit.width * math.exp(y)) if fit.law.log and math.isfinite(y) else 0.0
    lead = np.array([-1 / fit.width, 0.0 if fit.held or fit.law.fixed else -z, by_bound])

    def back(place: float) -> float:
        return float(fit.law.surviving(place))

    return _Target(f"R({age:g})", z, lead, lambda q, s: y - q * math.exp(s), back, falling=True)


def _bound(fit: LifeFit, level: float) -> LifeFigure:
    if len(fit.covariance) < 3:
        return LifeFigure("threshold", fit.threshold, method=FISHER, reason=NO_FISHER)
    half = float(special.ndtri(0.5 + level / 2)) * math.sqrt(float(fit.covariance[2, 2]))
    low, high = fit.threshold - half, fit.threshold + half
    return LifeFigure("threshold", fit.threshold, low, high, (low, high), FISHER)


def _mean(fit: LifeFit, level: float) -> LifeFigure:
    law = fit.law
    if not math.isfinite(fit.mean):
        return LifeFigure("MTBF", None, reason=NO_MEAN)
    if law.name == "exponential" and fit.lives.simple and not bool(fit.lives.entry.any()):
        total = float((fit.lives.low * fit.lives.count).sum())
        low, high = exponential_mean(total, fit.lives.failures, level)
        return LifeFigure("MTBF", fit.mean, low, high, _fisher(fit, _life(fit, "MTBF", law.middle), level), EXACT)
    return _figure(fit, _life(fit, "MTBF", law.middle), level)


# ---------------------------------------------------------------- intervals


def _fisher(fit: LifeFit, target: _Target, level: float) -> tuple[float, float] | None:
    k = len(fit.covariance)
    if not k:
        return None
    lead = target.lead[:k]
    half = float(special.ndtri(0.5 + level / 2)) * math.sqrt(float(lead @ fit.covariance @ lead))
    if fit.law.bounded and target.name[:1] in "BM" and target.at < 700:
        life, z = target.back(target.at) + fit.threshold, half * math.exp(target.at)  # of the life itself, by its log
        low, high = life * math.exp(-z / life), life * math.exp(z / life)
        return (low, high)
    ends = sorted((target.back(target.at - half), target.back(target.at + half)))
    return ends[0], ends[1]


def _figure(fit: LifeFit, target: _Target, level: float) -> LifeFigure:
    fisher = _fisher(fit, target, level)
    if fit.law.bounded:  # a profile over the bound as well: told by Fisher's alone
        value = target.back(target.at) + (fit.threshold if target.name[:1] in "BM" else 0.0)
        ends = fisher or (None, None)
        return LifeFigure(target.name, value, ends[0], ends[1], fisher, FISHER, "" if fisher else NO_FISHER)
    low, high = _profile(fit, target, level)
    ends_ = [None if end is None else target.back(end) for end in (low, high)]
    value = target.back(target.at)
    if target.falling:
        ends_.reverse()
    return LifeFigure(
        target.name, value, ends_[0], ends_[1], fisher, reason=NO_LIMIT if None in ends_ else "",
    )  # fmt: skip


def _profile(fit: LifeFit, target: _Target, level: float) -> tuple[float | None, float | None]:
    """Ends of the likelihood interval on the scale of the target."""
    surface = Likelihood(fit.law, fit.lives, fit.threshold)
    floor = fit.log_likelihood - float(special.chdtri(1, 1 - level)) / 2
    k = len(fit.covariance)
    step = math.sqrt(float(target.lead[:k] @ fit.covariance @ target.lead[:k])) * math.sqrt(
        -2 * (floor - fit.log_likelihood)
    )
    warm = {"s": fit.log_width, "p": fit.place}
    narrow = fit.held or bool(fit.law.fixed)

    def above(q: float) -> float:
        if target.turn is None:
            found = surface.greatest(warm["p"], q, fixed=True)
            if found is None:
                return -1e9
            warm["p"] = found[0]
            return found[2].value - floor
        if narrow:
            return max(surface.at(target.turn(q, fit.log_width), fit.log_width).value - floor, -1e9)
        value, warm["s"] = _best_width(surface, target.turn, q, warm["s"])
        return max(value - floor, -1e9)

    ends: list[float | None] = []
    for side in (-1.0, 1.0):
        warm.update(s=fit.log_width, p=fit.place)
        inner, reach = target.at, step
        for _ in range(12):
            outer = target.at + side * reach
            if above(outer) < 0:
                warm.update(s=fit.log_width, p=fit.place)
                if above(inner) <= 0:
                    ends.append(None)
                    break
                ends.append(float(optimize.brentq(above, inner, outer, xtol=1e-10 * max(1.0, abs(outer)), rtol=1e-12)))
                break
            inner, reach = outer, reach * 1.7
        else:
            ends.append(None)
    return ends[0], ends[1]


def _best_width(
    surface: Likelihood, turn: Callable[[float, float], float], q: float, start: float
) -> tuple[float, float]:
    """The greatest likelihood along the curve on which the figure is q: (value, log width)."""

    def on(s: float) -> tuple[Point, float, float]:
        tilt = (turn(q, s + _STEP) - turn(q, s - _STEP)) / (2 * _STEP)
        bow = (turn(q, s + _STEP) - 2 * turn(q, s) + turn(q, s - _STEP)) / _STEP**2
        if not (math.isfinite(tilt) and math.isfinite(bow)):
            return Point(-math.inf, np.zeros(2), -np.eye(2)), math.nan, math.nan
        point = surface.at(turn(q, s), s)
        along = np.array([tilt, 1.0])
        return point, float(point.slope @ along), float(along @ point.bend @ along + point.slope[0] * bow)

    s = start
    point, slope, bend = on(s)
    for _ in range(60):
        if not (math.isfinite(point.value) and math.isfinite(slope) and math.isfinite(bend)):
            return _searched(surface, turn, q, start)
        step = slope / max(abs(bend), 1e-12)
        step = max(min(step, 1.0), -1.0)
        if abs(slope * step) < 1e-12 * max(1.0, abs(point.value)):
            break
        size = 1.0
        while size > 1e-9:
            there = on(s + size * step)
            if there[0].value > point.value:
                break
            size /= 2
        else:
            break
        s += size * step
        point, slope, bend = there
    return point.value, s


def _searched(
    surface: Likelihood, turn: Callable[[float, float], float], q: float, start: float
) -> tuple[float, float]:
    """The same without slopes, near an end of what the figure allows."""

    def lost(s: float) -> float:
        return min(-surface.at(turn(q, s), s).value, 1e12)

    grid = start + np.linspace(-4, 4, 41)
    best = float(grid[int(np.argmin([lost(s) for s in grid]))])
    found = optimize.minimize_scalar(lost, bounds=(best - 0.2, best + 0.2), method="bounded", options={"xatol": 1e-9})
    return -float(found.fun), float(found.x)
