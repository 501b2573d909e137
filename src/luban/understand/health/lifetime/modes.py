"""Competing risks: a unit fails of one of several modes, and the others never show.

Each mode has its own life, as if it were alone (failures of other modes count as still running for it), and its
incidence: the share that does fail of it while the others compete. Improving one mode does not change the lives of the
others, but it does raise their incidence.

Source  Meeker and Escobar (1998), 15.4; O. Aalen, S. Johansen, Scand. J. Statist. 5 (1978) 141-150
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from luban.core.errors import InputError
from luban.understand.health.lifetime.figures import LifeFigure, life_figures
from luban.understand.health.lifetime.fit import LifeFit, fit_life
from luban.understand.health.lifetime.lives import Lives
from luban.understand.health.lifetime.words import DOUBTFUL_MODES, MODE_LOST
from luban.understand.quality.data import Floats

__all__ = ["UNNAMED", "Incidence", "Mode", "Modes", "competing_modes", "incidence"]

UNNAMED = "–"
"""Name of the failures whose mode nobody tells."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to fail.

    failures  units that failed so [1]
    fit       its life if it were the only one; `fit.reason` says why there is none
    figures   its parameters and lives with intervals
    """

    name: str
    failures: float
    fit: LifeFit
    figures: tuple[LifeFigure, ...]


@dataclass(frozen=True, slots=True)
class Modes:
    """All ways to fail, and the unit as a whole.

    notes  what stood in the way
    """

    modes: tuple[Mode, ...]
    notes: tuple[str, ...] = ()

    def surviving(self, age: float, without: Sequence[str] = ()) -> float | None:
        """Share that outlives an age under all modes, or with some of them removed [1]; None where one has no fit."""
        told = [one for one in self.modes if one.name not in without]
        if any(one.fit.reason for one in told):
            return None
        return math.prod(float(one.fit.surviving(age)) for one in told)

    def quantile(self, share: float, without: Sequence[str] = ()) -> float | None:
        """Life by which that share has failed of any mode left [unit]; None where it cannot be told."""
        told = [one for one in self.modes if one.name not in without]
        if not told or any(one.fit.reason for one in told):
            return None
        high = min(one.fit.quantile(share) for one in told)  # one mode alone has taken that share by then
        low = min(one.fit.quantile(share / (2 * len(told))) for one in told)

        def left(age: float) -> float:
            return math.prod(float(one.fit.surviving(age)) for one in told) - (1 - share)

        return float(optimize.brentq(left, low, high)) if left(high) < 0 < left(low) else high


def competing_modes(
    lives: Lives, family: str = "weibull", level: float = 0.95, shares: Sequence[float] = (0.1,)
) -> Modes:
    """Fit every mode on its own.

    Raises   InputError: no failure has a mode
    Example  competing_modes(lives).quantile(0.1, without=["seal"])
    """
    named = _named(lives)
    told, notes = [], []
    unknown = float(lives.count[np.array([one == UNNAMED for one in named.modes])].sum())
    if unknown:
        notes.append(DOUBTFUL_MODES.format(n=f"{unknown:g}"))
    for name in sorted(set(filter(None, named.modes)), key=lambda one: (one == UNNAMED, one)):
        own = named.of_mode(name)
        lost = named.units - own.units
        if lost:
            notes.append(MODE_LOST.format(n=f"{lost:g}"))
        fit = fit_life(own, family)
        told.append(Mode(name, own.failures, fit, life_figures(fit, level, shares)))
    return Modes(tuple(told), tuple(dict.fromkeys(notes)))


def _named(lives: Lives) -> Lives:
    if not any(lives.modes):
        raise InputError("no failure has a mode", where=lives.source or lives.name, expected="a column of modes")
    modes = tuple(
        "" if still else mode or UNNAMED for mode, still in zip(lives.modes, lives.running.tolist(), strict=True)
    )
    return replace(lives, modes=modes)


@dataclass(frozen=True, slots=True)
class Incidence:
    """The share that fails of one mode up to each age, while the others compete.

    ages       where anything fails [unit], shape (m,)
    share      failed of this mode up to then [1], shape (m,)
    low, high  interval on the log-log scale [1]
    """

    mode: str
    ages: Floats
    share: Floats
    low: Floats
    high: Floats

    def at(self, age: float) -> float:
        """Share failed of this mode up to an age [1]."""
        at = int(np.searchsorted(self.ages, age, side="right"))
        return 0.0 if at == 0 else float(self.share[at - 1])


def incidence(lives: Lives, level: float = 0.95) -> tuple[Incidence, ...]:
    """Aalen and Johansen's incidence of every mode, with the variance of Klein and Moeschberger (4.7.2).

    Raises   InputError: no failure has a mode, or one whose moment is not known
    Example  sum(one.at(1000.0) for one in incidence(lives))  # all that failed by then
    """
    named = _named(lives)
    if not named.simple or bool(named.entry.any()):
        raise InputError("incidence needs the moment of every failure, from new", where=lives.name)
    ages, where = np.unique(named.low, return_inverse=True)
    left = np.bincount(where, named.count, len(ages))
    at_risk = left.sum() - np.concatenate(([0.0], np.cumsum(left)[:-1]))
    failed = np.asarray(np.bincount(where, named.count * named.exact, len(ages)), np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        surviving = np.cumprod(1 - failed / at_risk)
    before = np.concatenate(([1.0], surviving[:-1]))
    told = []
    half = float(special.ndtri(0.5 + level / 2))
    for name in sorted(set(filter(None, named.modes)), key=lambda one: (one == UNNAMED, one)):
        mine = named.count * np.array([one == name for one in named.modes])
        own = np.asarray(np.bincount(where, mine, len(ages)), np.float64)
        share = np.cumsum(before * own / at_risk)
        spread = _variance(before, own, failed, at_risk, share)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = half * np.sqrt(spread) / (share * np.abs(np.log(share)))
            low, high = share ** np.exp(reach), share ** np.exp(-reach)
        kept = failed > 0
        told.append(Incidence(name, ages[kept], share[kept], low[kept], high[kept]))
    return tuple(told)


def _variance(before: Floats, own: Floats, failed: Floats, at_risk: Floats, share: Floats) -> Floats:
    """Variance of an incidence at each age: sums over earlier ages, expanded in powers of the incidence there."""
    rest = np.where(at_risk > failed, at_risk - failed, np.nan)
    a = np.nan_to_num(failed / (at_risk * rest))
    b = before**2 * own * (at_risk - own) / at_risk**3
    c = before * own / at_risk**2
    first = share**2 * np.cumsum(a) - 2 * share * np.cumsum(share * a) + np.cumsum(share**2 * a)
    cross = share * np.cumsum(c) - np.cumsum(share * c)
    return np.maximum(first + np.cumsum(b) - 2 * cross, 0.0)
