"""Does the judging itself hold? Levers without effect must be found to have none, planted effects within intervals.

A pool of runs as is and of runs with the levers, silent or not, is drawn from again and again; each draw is judged as a
pilot is: by matched runs, by runs on chances of their own, and by periods before and after.

Reads   figures of runs    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from luban.core.time import DAY
from luban.pilot.plan import CONVERSION, Figures
from luban.understand.quality.data import Floats
from luban.verify import Decision, Metric, by_replications, conclude, freeze, judge, relative, series

__all__ = ["FIGURES", "Blind", "apart", "before_after", "covered", "matched", "planted", "values"]

FIGURES: dict[str, Callable[[Figures], float]] = {
    "cost": lambda one: one.cost(CONVERSION - {"levers", "measuring"}),
    "cycle": lambda one: one.cycle / 86_400,
    "defects": lambda one: 100 * one.defects,
}
"""The three targets; cost without that of levers and measuring, which is spent whether they work or not."""


@dataclass(frozen=True, slots=True)
class Blind:
    """What draws came to: how many were judged as they should, of how many; refused ones count as wrong."""

    right: int
    draws: int
    refused: int = 0

    @property
    def share(self) -> float:
        """Judged as they should [1]."""
        return self.right / self.draws


def values(figures: Sequence[Figures], metric: str) -> Floats:
    """A metric of FIGURES in each run."""
    return np.array([FIGURES[metric](one) for one in figures], np.float64)


def matched(before: Floats, silent: Floats, *, pairs: int, draws: int, seed: int = 1) -> Blind:
    """Share of draws of matched pairs, same seeds in both, that verify finds to be without effect."""
    return _null(before, silent, pairs, draws, seed, together=True)


def apart(before: Floats, silent: Floats, *, pairs: int, draws: int, seed: int = 1) -> Blind:
    """The same with pairs that do not share their seed: nothing of chance drops out."""
    return _null(before, silent, pairs, draws, seed, together=False)


def before_after(
    before: Floats, silent: Floats, *, periods: tuple[int, int] = (24, 10), draws: int, seed: int = 1
) -> Blind:  # fmt: skip
    """The same by a baseline: so many periods before, so many after, each a run of its own chance."""
    g, right, refused = np.random.default_rng(seed), 0, 0
    early, late = periods
    for _ in range(draws):
        told = np.concatenate([g.choice(before, early, replace=False), g.choice(silent, late, replace=False)])
        whole = series(np.arange(early + late) * DAY, told, unit="1")
        act = Decision("silent", early * DAY)
        base = freeze(whole.between(None, act.at), Metric("figure", "1"), act=act.act, end=act.at)
        verdict = judge(base, whole, act).verdict
        right += verdict == "no effect"
        refused += verdict in ("not evaluable", "unverified")
    return Blind(right, draws, refused)


def covered(before: Floats, after: Floats, truth: float, *, pairs: int, draws: int, seed: int = 1) -> Blind:
    """Share of draws of matched pairs whose interval of the relative change holds the true one [1]."""
    g, right = np.random.default_rng(seed), 0
    for _ in range(draws):
        some = g.choice(len(before), pairs, replace=False)
        _, low, high = relative(before[some], after[some])
        right += bool(low - 1e-9 <= truth <= high + 1e-9)
    return Blind(right, draws)


def planted(silent: Floats, effect: float) -> Floats:
    """Silent runs with a known effect put on them [1]."""
    return silent * (1 + effect)


def _null(before: Floats, silent: Floats, pairs: int, draws: int, seed: int, *, together: bool) -> Blind:
    g, right = np.random.default_rng(seed), 0
    act, metric = Decision("silent", 0), Metric("figure", "1")
    for _ in range(draws):
        some = g.choice(len(before), pairs if together else 2 * pairs, replace=False)
        a, b = (some, some) if together else (some[:pairs], some[pairs:])
        found = by_replications(before[a], silent[b])
        right += conclude(found, act, metric, "replications").verdict == "no effect"
    return Blind(right, draws)
