"""Runs of the twin with and without an act, pair by pair on the same chances: the effect, and its share.

A pair shares its seed and so its orders, breakdowns and processing times; what differs is the act. The effect is the
mean of the differences with Student's t; the share of what it was is Fieller's ratio, since both means are uncertain.

Reads   figures of matched runs (`twin.replicate.compare`)    Writes  nothing
Source  E. C. Fieller, J. R. Stat. Soc. B 16 (1954) 175-185; A. M. Law, Simulation Modeling and Analysis, 5th ed., 11.2
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import stdtr, stdtrit

from luban.core.errors import InputError
from luban.twin.intervals import paired
from luban.twin.results import PLANT, Comparison
from luban.understand.quality.data import Floats
from luban.verify.estimate import Estimate

__all__ = ["LEAST_RUNS", "by_replications", "of_comparison", "relative"]

LEAST_RUNS: Final = 5
"""Pairs of runs from which on the interval holds."""


def by_replications(without: Floats, with_act: Floats, *, level: float = 0.95) -> Estimate:
    """Effect of an act over matched runs.

    without, with_act  the figure in each run, in the same order of seeds [unit]; a pair with NaN is left out
    Raises             InputError: fewer than five pairs, runs that do not pair up
    """
    a, b = np.asarray(without, np.float64), np.asarray(with_act, np.float64)
    if len(a) != len(b):
        raise InputError("only equal numbers of runs pair up", came=f"{len(a)} and {len(b)}")
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < LEAST_RUNS:
        raise InputError("too few pairs of runs", came=f"{len(a)}", expected=f"{LEAST_RUNS} or more")
    outer, inner = paired(a, b, level), paired(a, b, max(2 * level - 1, 0.5))
    share = relative(a, b, level)
    error = float(np.std(b - a, ddof=1)) / math.sqrt(len(a))
    p = float(2 * stdtr(len(a) - 1, -abs(outer.mean) / error)) if error > 0 else float(outer.mean == 0)
    return Estimate(
        effect=outer.mean, low=outer.low, high=outer.high, bound=max(abs(inner.low), abs(inner.high)), p=p, level=level,
        before=float(a.mean()), after=float(b.mean()), expected=float(a.mean()), n_before=len(a), n_after=len(b),
        figures={"relative change": share[0], "relative low": share[1], "relative high": share[2]},
        notes=() if known.all() else (f"{int((~known).sum())} pairs of runs without the figure were left out",),
    )  # fmt: skip


def of_comparison(found: Comparison, name: str, subject: str = PLANT, *, level: float = 0.95) -> Estimate:
    """The same from a comparison of two models: the second less the first.

    Raises  InputError as `by_replications`, or if the results have no such figure
    """
    return by_replications(found.a.values(name, subject), found.b.values(name, subject), level=level)


def relative(without: Floats, with_act: Floats, level: float = 0.95) -> tuple[float, float, float]:
    """Change as a share of what it was, with its interval [1]; NaN ends where the base is not told from zero.

    Example  relative(np.array([10.0, 11, 9, 10, 10]), np.array([5.0, 5.5, 4.5, 5, 5]))[0] == -0.5
    """
    a, b = np.asarray(without, np.float64), np.asarray(with_act, np.float64)
    base, mean, count = float(a.mean()), float(b.mean()), len(a)
    if base == 0 or count < 2:
        return math.nan, math.nan, math.nan
    (va, cov), (_, vb) = np.cov(a, b, ddof=1) / count
    t2 = float(stdtrit(count - 1, (1 + level) / 2)) ** 2
    g = base * base - t2 * va
    if g <= 0:
        return mean / base - 1, math.nan, math.nan
    middle = base * mean - t2 * cov
    root = math.sqrt(max(middle * middle - g * (mean * mean - t2 * vb), 0.0))
    return mean / base - 1, (middle - root) / g - 1, (middle + root) / g - 1
