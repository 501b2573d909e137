"""League tables that claim no more than the figures do: no rank where they cannot be told apart.

Every pair is compared by its standard errors; Holm's procedure keeps the chance of a single false "better" among all
pairs below 1 - level. Who is surely better than a stands before it, who is surely worse behind it; between lies the
range of ranks that a may have. All ranges hold together with the level's probability.

Source  S. Holm, Scand. J. Stat. 6 (1979) 65-70; D. Mohamad, J. Goeman, E. van Zwet, Biometrics 78 (2022) 1149-1160,
        DOI 10.1111/biom.13419 (ranges of ranks from pairwise comparisons)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from luban.core.errors import InputError
from luban.rollup.comparison_words import NO_INTERVAL

__all__ = ["Entry", "League", "Standing", "league"]

Better = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line to be ranked.

    value      in the indicator's unit; None = not known
    low, high  its interval; equal to the value, or None, where it is exact (a census). None with a coverage below 1: it
               is not known, and the value has no rank
    n          units behind it; None = not told
    coverage   share of the population used, 0 … 1; None = not told
    reason     why the value is not known, or has no rank
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    coverage: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one stands.

    first, last     best and worst rank that it may have, from 1; equal = the rank is known
    better, worse   how many it is surely better, surely worse than
    """

    entry: Entry
    first: int
    last: int
    better: int
    worse: int

    @property
    def rank(self) -> int | None:
        """Its rank, None where intervals leave it open."""
        return self.first if self.first == self.last else None


@dataclass(frozen=True, slots=True)
class League:
    """The table.

    rows       from the best value to the worst
    unranked   lines without a value, or without an interval that they need, with the reason
    better     up: more is better; down: less is
    level      probability that all ranges of ranks hold together
    interval_level  level of the intervals that came in
    pairs      pairs compared
    told_apart pairs that differ surely
    """

    rows: tuple[Standing, ...]
    unranked: tuple[Entry, ...]
    better: Better
    level: float
    interval_level: float
    pairs: int
    told_apart: int


def league(
    entries: Sequence[Entry], *, better: Better = "up", level: float = 0.95, interval_level: float = 0.95
) -> League:
    """Rank lines by value as far as their intervals allow.

    level           probability that all ranges of ranks hold together, 0.5 … 1
    interval_level  level of the intervals that come in; a normal distribution is taken for granted
    Values rest on different units (regions, industries), so their errors are independent.
    Raises   InputError: a name twice, an interval that does not hold its value, an unknown direction or level
    Example  [row.rank for row in league([Entry("a", 10, 9, 11), Entry("b", 5, 4, 6)]).rows] == [1, 2]
    """
    if better not in ("up", "down"):
        raise InputError("no such direction", came=str(better), expected="up or down")
    for name, value in (("level", level), ("interval_level", interval_level)):
        if not 0.5 <= value < 1:
            raise InputError("no such level", came=f"{value:g}", expected="0.5 … 1", where=name)
    names = [one.name for one in entries]
    if twice := sorted({one for one in names if names.count(one) > 1}):
        raise InputError("a name stands there twice", came=", ".join(twice), hint="one line for each")
    known = [one for one in entries if one.value is not None and np.isfinite(one.value) and not _open(one)]
    unranked = tuple(
        replace(one, reason=one.reason or (NO_INTERVAL if _open(one) and one.value is not None else ""))
        for one in entries if one not in known
    )  # fmt: skip
    sign = 1.0 if better == "up" else -1.0
    known.sort(key=lambda one: -sign * float(one.value or 0.0))
    values = sign * np.array([float(one.value or 0.0) for one in known])
    errors = np.array([_error(one, interval_level) for one in known])
    wins = _wins(values, errors, 1 - level)
    count = len(known)
    rows = tuple(
        Standing(one, 1 + int(wins[:, at].sum()), count - int(wins[at].sum()), int(wins[at].sum()),
                 int(wins[:, at].sum()))
        for at, one in enumerate(known)
    )  # fmt: skip
    return League(rows, unranked, better, level, interval_level, count * (count - 1) // 2, int(wins.sum()))


def _open(entry: Entry) -> bool:
    """A part of a census without an interval: how far off it may be is not known."""
    part = entry.coverage is not None and entry.coverage < 1 - 1e-12
    return part and entry.low is None and entry.high is None


def _error(entry: Entry, level: float) -> float:
    if entry.low is None and entry.high is None:
        return 0.0
    value = float(entry.value or 0.0)
    low = value if entry.low is None else entry.low
    high = value if entry.high is None else entry.high
    if not low <= value <= high:
        raise InputError("the interval does not hold its value", came=f"{low:g} … {value:g} … {high:g}",
                         where=entry.name)  # fmt: skip
    halves = (value - low, high - value) if entry.low is not None and entry.high is not None else (high - low,)
    return float(max(halves) / ndtri(0.5 + level / 2))


def _wins(values: np.ndarray, errors: np.ndarray, alpha: float) -> np.ndarray:
    """wins[a, b]: a is surely better than b."""
    count = values.size
    wins = np.zeros((count, count), dtype=bool)
    first, second = np.triu_indices(count, 1)
    if not first.size:
        return wins
    gap = values[first] - values[second]
    spread = np.hypot(errors[first], errors[second])
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.where(spread > 0, 2 * ndtr(-np.abs(gap) / spread), np.where(gap != 0, 0.0, 1.0))
    order = np.argsort(chance, kind="stable")
    passed = chance[order] <= alpha / np.arange(first.size, 0, -1)
    sure = order[: int(np.argmin(passed)) if not passed.all() else passed.size]
    up = gap[sure] > 0
    wins[first[sure][up], second[sure][up]] = True
    wins[second[sure][~up], first[sure][~up]] = True
    return wins
