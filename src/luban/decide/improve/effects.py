"""Effects of factors at two levels, which of them are real, and how the runs are left over.

Without repeated runs there is no other yardstick than the small effects themselves: Lenth (1989,
doi:10.1080/00401706.1989.10488595) takes their median as scatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.decide.improve.fit import Fit
from luban.decide.improve.formula import INTERCEPT
from luban.understand.quality.data import Floats

__all__ = ["Effects", "effects", "half_normal", "normal_scores"]


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects: change of the response from the low to the high level.

    names     of the terms, as fitted
    values    twice the coefficient of a factor coded -1 and +1 [unit of the response]
    error     standard error of an effect; nan without residual degrees of freedom
    pseudo    Lenth's pseudo standard error; nan for fewer than three effects
    margin    effects beyond it are real at the level asked for (Lenth's margin of error)
    simultaneous  the same when many are looked at at once
    level     confidence level [1]
    """

    names: tuple[str, ...]
    values: Floats
    error: float
    pseudo: float
    margin: float
    simultaneous: float
    level: float

    @property
    def active(self) -> tuple[str, ...]:
        """Names of effects beyond the margin of error, the largest first."""
        order = np.argsort(-np.abs(self.values))
        return tuple(self.names[i] for i in order if abs(self.values[i]) > self.margin)


def effects(of: Fit, level: float = 0.95) -> Effects:
    """Effects of a model whose factors are coded -1 and +1.

    level   confidence level of the margins [1]
    Raises  InputError if a term holds a square
    Example the effect of X1 in 60, 72, 54, 68 (2², standard order) is 13
    """
    squares = [term.name for term in of.model.terms if any(power > 1 for power in term.powers.values())]
    if squares:
        raise InputError("a square has no effect from low to high", came=", ".join(squares),
                         hint="leave it out of the model, or read its coefficient")  # fmt: skip
    keep = [i for i in range(len(of.names)) if of.term(i) != INTERCEPT]
    values = 2 * of.coefficients[keep]
    error = float(2 * np.min(of.standard_errors[keep])) if keep and of.df_residual > 0 else float("nan")
    pseudo = margin = wide = float("nan")
    if len(keep) >= 3:
        sizes = np.abs(values)
        first = 1.5 * float(np.median(sizes))
        inner = sizes[sizes < 2.5 * first]
        pseudo = 1.5 * float(np.median(inner)) if len(inner) else first
        free = len(keep) / 3
        margin = float(special.stdtrit(free, 0.5 + level / 2)) * pseudo
        many = (1 + level ** (1 / len(keep))) / 2
        wide = float(special.stdtrit(free, many)) * pseudo
    return Effects(tuple(of.names[i] for i in keep), values, error, pseudo, margin, wide, level)


def normal_scores(n: int, *, half: bool = False) -> Floats:
    """Where n values in order would lie if they were normal (or half-normal), by Filliben's medians of order.

    Source  NIST/SEMATECH e-Handbook 1.3.3.21, doi:10.18434/M32189; half-normal: 1.3.3.14 of Daniel (1959)
    """
    ranks = (np.arange(1, n + 1) - 0.3175) / (n + 0.365)
    if n:
        ranks[-1] = 0.5 ** (1 / n)
        ranks[0] = 1 - ranks[-1] if n > 1 else 0.5
    return np.asarray(special.ndtri((1 + ranks) / 2 if half else ranks))


def half_normal(of: Effects) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names, scores and sizes of the effects in order of size: those off the line through the small ones are real."""
    order = np.argsort(np.abs(of.values), kind="stable")
    return (tuple(of.names[i] for i in order), normal_scores(len(order), half=True), np.abs(of.values)[order])
