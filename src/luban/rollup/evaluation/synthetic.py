"""Synthetic control: what a unit would have been without the act, mixed from units where nobody acted.

Weights of the mixture are 0 or more and sum to 1; they fit the course before the act, each course about its own mean,
so that a unit that lies above all others can still be mixed. How far a mixture strays after the act by chance is seen
from the units where nobody acted, each mixed from the others: the interval holds whatever size of effect would leave
the unit among them. Nothing is assumed of the noise but that the unit acted on strays as the others do.

Reads   values of units × periods    Writes  nothing
Source  A. Abadie, A. Diamond, J. Hainmueller, J. Am. Stat. Assoc. 105 (2010) 493-505, doi 10.1198/jasa.2009.ap08746;
        B. Ferman, C. Pinto, Quant. Econ. 12 (2021) 1197-1221, doi 10.3982/QE1596 (each about its own mean);
        S. Firpo, V. Possebom, J. Causal Inference 6 (2018), doi 10.1515/jci-2016-0026 (interval by inverting the test)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.verify.estimate import Estimate

__all__ = ["LEAST_DONORS", "LEAST_PERIODS", "Synthetic", "mixture", "synthetic"]

LEAST_DONORS: Final = 5
"""Units where nobody acted from which on a mixture, and its standing among them, say anything."""

LEAST_PERIODS: Final = 4
"""Periods before the act from which on weights are fitted."""

_DRAWS: Final = 999
_TIE = 1e3  # how hard the weights are held to a sum of 1, in units of the scatter before the act


@dataclass(frozen=True, eq=False)
class Synthetic:
    """What a mixture says.

    estimate  the effect a period, on the average of those after the act
    weights   of the units where nobody acted, for each unit acted on, shape (treated, donors)
    expected  course of the units acted on without the act, on their average [unit], shape (periods,)
    fit       root mean square of measured less expected before the act [unit]
    others    the same of each unit where nobody acted, mixed from the rest [unit]
    effects   of each unit where nobody acted: chance alone [unit]
    """

    estimate: Estimate
    weights: Floats
    expected: Floats
    fit: float
    others: Floats
    effects: Floats


def mixture(before: Floats, donors: Floats) -> Floats:
    """Weights, 0 or more with a sum of 1, whose mixture of donors lies nearest to a unit before the act.

    before, donors  shapes (periods,) and (donors, periods) [unit], each about its own mean
    Example         mixture(np.array([1.0, -1.0]), np.array([[1.0, -1.0], [-1.0, 1.0]])) is (1, 0)
    """
    size = float(np.sqrt((donors**2).mean())) or 1.0
    tie = _TIE * size * math.sqrt(donors.shape[1])
    found, _ = nnls(np.vstack([donors.T, np.full(len(donors), tie)]), np.append(before, tie))
    weights: Floats = found / found.sum()
    return weights


def synthetic(treated: Floats, donors: Floats, act: int, *, level: float = 0.95, seed: int = 0) -> Synthetic:
    """The effect of an act on one unit, or on the average of several.

    treated, donors  units × periods [unit], all known
    act              number of periods before the act
    level            asked for; with fewer donors than it needs, `estimate.level` is the highest they allow
    seed             of the draws of groups, where several units were acted on
    Raises           InputError: too few donors or periods, a value that is not known
    Example          synthetic(y[:1], y[1:], 12).estimate.effect
    """
    _check(treated, donors, act)
    mixed = [_mixed(one, donors, act) for one in treated]
    pooled = [_mixed(donors[i], np.delete(donors, i, axis=0), act) for i in range(len(donors))]
    fits = np.array([_fit(unit, course, act) for unit, (_, course) in zip(treated, mixed, strict=True)])
    others = np.array([_fit(unit, course, act) for unit, (_, course) in zip(donors, pooled, strict=True)])
    effects = np.array([float((u - c)[act:].mean()) for u, (_, c) in zip(donors, pooled, strict=True)])
    shared = float((np.concatenate([fits, others]) ** 2).mean())
    if shared <= 0:
        raise InputError("the units go together without any scatter: chance cannot be told", came="a fit without rest")
    own = _scale(fits, shared)
    gaps = [float((u - c)[act:].mean()) for u, (_, c) in zip(treated, mixed, strict=True)]
    effect = float(np.mean(gaps))
    weights = np.array([one for one, _ in mixed])
    chance = _chance(effects / _scale(others, shared), len(treated), seed) * _overlap(weights)
    allowed = len(chance) / (len(chance) + 1)
    stated = min(level, allowed)
    rank = min(math.ceil(round(stated * (len(chance) + 1), 9)), len(chance))
    inner = min(math.ceil(round((2 * stated - 1) * (len(chance) + 1), 9)), len(chance))
    order = np.sort(np.abs(chance))
    unit = math.sqrt(float((own**2).mean()))
    half, within = float(order[rank - 1]) * unit, float(order[max(inner, 1) - 1]) * unit
    p = (1 + int((np.abs(chance) >= abs(effect) / unit * (1 - 1e-12)).sum())) / (len(chance) + 1)
    expected = np.mean([course for _, course in mixed], axis=0)
    own_mean = treated.mean(axis=0)
    estimate = Estimate(
        effect=effect, low=effect - half, high=effect + half, bound=abs(effect) + within, p=p, level=stated,
        before=float(own_mean[:act].mean()), after=float(own_mean[act:].mean()),
        expected=float(expected[act:].mean()), n_before=act, n_after=treated.shape[1] - act,
        figures={"fit before": float(np.sqrt((fits**2).mean())), "fit of the others": float(np.median(others))},
    )  # fmt: skip
    return Synthetic(estimate, weights, expected, float(np.sqrt((fits**2).mean())), others, effects)


def _check(treated: Floats, donors: Floats, act: int) -> None:
    if len(donors) < LEAST_DONORS:
        raise InputError("too few units where nobody acted", came=f"{len(donors)}", expected=f"{LEAST_DONORS} or more")
    if not LEAST_PERIODS <= act < treated.shape[1] or treated.shape[1] != donors.shape[1]:
        came = f"{act} before of {treated.shape[1]} and {donors.shape[1]}"
        raise InputError("too few periods before or after", came=came, expected=f"{LEAST_PERIODS} before, 1 after")
    if not (np.isfinite(treated).all() and np.isfinite(donors).all()):
        raise InputError("a value is not known", hint="leave the unit or the period out")


def _mixed(unit: Floats, donors: Floats, act: int) -> tuple[Floats, Floats]:
    """(weights, expected course) of a unit mixed from others."""
    level, levels = unit[:act].mean(), donors[:, :act].mean(axis=1, keepdims=True)
    weights = mixture(unit[:act] - level, donors[:, :act] - levels)
    course: Floats = level + weights @ (donors - levels)
    return weights, course


def _fit(unit: Floats, course: Floats, act: int) -> float:
    return float(np.sqrt(((unit - course)[:act] ** 2).mean()))


def _scale(fits: Floats, shared: float) -> Floats:
    """Scatter to measure a gap by: half the unit's own, half that of all, as a fit through few periods says little."""
    scale: Floats = np.sqrt((fits**2 + shared) / 2)
    return scale


def _overlap(weights: Floats) -> float:
    """How much more the average of several gaps strays than that of independent ones: mixtures share their donors."""
    shared = len(weights) * float((weights.mean(axis=0) ** 2).sum())
    return math.sqrt((1 + shared) / (1 + float((weights**2).sum(axis=1).mean())))


def _chance(gaps: Floats, size: int, seed: int) -> Floats:
    """Gaps of chance, in scatters: of each unit where nobody acted, or of drawn groups of as many as were acted on."""
    if size == 1:
        return gaps
    drawn = np.random.default_rng(seed)
    # with replacement: groups of a small number of units, none twice, would scatter less than units never seen; and
    # how much they scatter is itself known from these few units only
    free = len(gaps) - 1
    chosen = drawn.integers(0, len(gaps), (_DRAWS, size))
    doubt = math.sqrt((free + 1) / free) * np.sqrt(free / drawn.chisquare(free, _DRAWS))
    stretched: Floats = gaps[chosen].mean(axis=1) * doubt
    return stretched
