"""When a figure says too much about one unit: minimum count, dominance, p %.

Source  A. Hundepool et al., Statistical Disclosure Control (Wiley 2012), 4.2: the rules and the protection levels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["Judged", "Rules", "Verdict", "judge", "judge_cells", "width_share"]

_WIDTH = 15.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a published figure must keep.

    minimum    so many units stand behind a figure at least [1]
    dominance  (n, k): the n largest units make up k % of it at most; None = not asked
    p          no unit may be estimated by the others more closely than this [%]; None = not asked
    signed     figures may be negative (value added, a change): nobody knows that a hidden figure is not below zero
    zeros      a figure of zeros is told: nothing is there. False where zero is an answer (yes or no, a rate)
    """

    minimum: int = 3
    dominance: tuple[int, float] | None = (2, 85.0)
    p: float | None = 15.0
    signed: bool = False
    zeros: bool = True

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise InputError("no such minimum count", came=str(self.minimum), expected="1 or more")
        if self.dominance is not None and (self.dominance[0] < 1 or not 0 < self.dominance[1] < 100):
            raise InputError("no such dominance rule", came=str(self.dominance), expected="n ≥ 1, 0 < k < 100 [%]")
        if self.p is not None and not 0 < self.p < 100:
            raise InputError("no such p % rule", came=str(self.p), expected="0 < p < 100 [%]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one figure may be told.

    reasons  rules that it breaks; () = it may be told
    width    how far an outsider's estimate must stay off on either side, in the figure's unit
    """

    reasons: tuple[str, ...]
    width: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts of many figures: `broken[rule]` says which break a rule, `width` as in `Verdict`."""

    broken: dict[str, NDArray[np.bool_]]
    width: Floats

    @property
    def sensitive(self) -> NDArray[np.bool_]:
        """Which break a rule."""
        found: NDArray[np.bool_] = np.any(list(self.broken.values()), axis=0)
        return found


def width_share(rules: Rules) -> float:
    """How far off an estimate of one unit must stay, of its figure [1]: all of it where the answer is yes or no."""
    return 1.0 if rules.p is None and not rules.zeros else (rules.p or _WIDTH) / 100


def judge(contributions: Sequence[float], rules: Rules | None = None) -> Verdict:
    """Judge one figure by what each unit brings to it.

    contributions  one for each unit, in the figure's unit; negative ones count with their size
    Example        judge([90, 5, 3, 2]).reasons == ("dominance", "p %")
    """
    rules = rules or Rules()
    sizes = np.abs(np.asarray(contributions, dtype=np.float64))
    groups = np.zeros(sizes.size, dtype=np.int64)
    found = judge_cells(groups, sizes, np.ones(sizes.size), 1, rules)
    return Verdict(tuple(name for name, broken in found.broken.items() if broken[0]), float(found.width[0]))


def judge_cells(groups: Ints, sizes: Floats, weights: Floats, count: int, rules: Rules) -> Judged:
    """Judge many figures at once.

    groups   of each contribution: the figure that it is part of, 0 … count-1
    sizes    contribution without its sign and without its weight
    weights  how many units each stands for (1 in a census): the largest stay what they are, the rest grows
    A figure of zeros is not sensitive (it says that nothing is there) unless the rules take zero for an answer.
    """
    order = np.lexsort((-sizes, groups))
    group, size = groups[order], sizes[order]
    first = np.searchsorted(group, np.arange(count))
    place = np.arange(group.size) - first[group]
    total = np.bincount(groups, weights=sizes * weights, minlength=count)
    many = np.bincount(groups, minlength=count)

    def top(n: int) -> Floats:
        keep = place < n
        return np.bincount(group[keep], weights=size[keep], minlength=count).astype(np.float64)

    largest = top(1)
    broken = {"minimum": (many > 0) & (many < rules.minimum) & ((largest > 0) | (not rules.zeros))}
    share = width_share(rules)
    usual = np.where(largest > 0, largest, sizes.max(initial=0.0) or 1.0)  # a zero has no size of its own
    width = np.where(broken["minimum"], share * usual, 0.0)
    if rules.dominance is not None:
        n, k = rules.dominance
        need = top(n) * 100 / k - total
        broken["dominance"] = (need > 1e-12 * total) & (largest > 0)
        width = np.maximum(width, np.where(broken["dominance"], need, 0.0))
    if rules.p is not None:
        need = share * largest - np.maximum(total - top(2), 0.0)
        broken["p %"] = (need > 1e-12 * total) & (largest > 0)
        width = np.maximum(width, np.where(broken["p %"], need, 0.0))
    return Judged(broken, width)
