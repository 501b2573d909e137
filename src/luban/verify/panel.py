"""Differences over many units: some were acted on, others not. The unit is the draw, not the period.

Each unit gives one number, its mean after less its mean before; both groups are compared by Welch's test. What goes
together within a unit, however long, is then in the scatter between units, where it belongs. With few units this holds
where a bootstrap of clusters does not.

Reads   values of units × periods    Writes  nothing
Source  M. Bertrand, E. Duflo, S. Mullainathan, Q. J. Econ. 119 (2004) 249-275, doi 10.1162/003355304772839588, IV.C;
        S. G. Donald, K. Lang, Rev. Econ. Stat. 89 (2007) 221-233, doi 10.1162/rest.89.2.221;
        B. L. Welch, Biometrika 34 (1947) 28-35, doi 10.1093/biomet/34.1-2.28
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import stdtr, stdtrit

from luban.core.errors import InputError
from luban.understand.quality.data import Floats
from luban.verify.estimate import Estimate

__all__ = ["LEAST_UNITS", "by_units", "parallel"]

LEAST_UNITS: Final = 4
"""Units in each group from which on the interval holds."""


def by_units(treated: Floats, controls: Floats, act: int, *, level: float = 0.95) -> Estimate:
    """The effect on the units that were acted on.

    treated, controls  units × periods [unit]; NaN: not known
    act                number of periods before the act
    Raises             InputError: too few units, no period before or after
    Example            by_units(np.random.rand(6, 20), np.random.rand(8, 20), 12).n_after == 6
    """
    if min(len(treated), len(controls)) < LEAST_UNITS:
        raise InputError("too few units", came=f"{len(treated)} and {len(controls)}", expected=f"{LEAST_UNITS} each")
    if not 0 < act < treated.shape[1] or treated.shape[1] != controls.shape[1]:
        raise InputError("no periods before or after", came=f"{act} of {treated.shape[1]} and {controls.shape[1]}")
    a, b = (_changes(one, act) for one in (treated, controls))
    effect, error, free = _welch(a, b)
    half = float(stdtrit(free, (1 + level) / 2)) * error
    inner = float(stdtrit(free, level)) * error
    after, before = float(np.nanmean(treated[:, act:])), float(np.nanmean(treated[:, :act]))
    return Estimate(
        effect=effect, low=effect - half, high=effect + half, bound=abs(effect) + inner,
        p=float(2 * stdtr(free, -abs(effect) / error)) if error > 0 else 0.0, level=level, before=before, after=after,
        expected=after - effect, n_before=len(treated), n_after=len(treated),
        figures={"change of the controls": float(b.mean()), "units of the controls": float(len(b))},
    )  # fmt: skip


def parallel(treated: Floats, controls: Floats, act: int) -> tuple[float, float]:
    """How much faster the figure of the units acted on rose before the act (per period), and the probability by chance.

    treated, controls, act  as in `by_units`
    """
    time = np.arange(act) - (act - 1) / 2
    slopes = [
        np.array([_slope(one, np.asarray(time, np.float64)) for one in group[:, :act]]) for group in (treated, controls)
    ]
    effect, error, free = _welch(*slopes)
    return effect, float(2 * stdtr(free, -abs(effect) / error)) if error > 0 else 1.0


def _slope(values: Floats, time: Floats) -> float:
    good = np.isfinite(values)
    away = time[good] - time[good].mean()
    return float(away @ values[good] / (away @ away)) if (away @ away) > 0 else math.nan


def _changes(units: Floats, act: int) -> Floats:
    found: Floats = np.nanmean(units[:, act:], axis=1) - np.nanmean(units[:, :act], axis=1)
    if not np.isfinite(found).all():
        raise InputError("a unit without any value before or after", came=f"unit {int(np.argmin(np.isfinite(found)))}")
    return found


def _welch(a: Floats, b: Floats) -> tuple[float, float, float]:
    parts = [float(one.var(ddof=1)) / len(one) for one in (a, b)]
    whole = sum(parts)
    free = whole**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1)) if whole > 0 else 1.0
    return float(a.mean() - b.mean()), math.sqrt(whole), free
