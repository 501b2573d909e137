"""Lives as they were seen: failed at, still running at, failed before, failed between two looks.

Every life is an interval (low, high] that holds the true one: an exact failure has low == high, a unit that still runs
has high = infinity, one found failed at its first look has low = 0. So no method needs to know how it was censored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded, Floats

__all__ = ["Flags", "Lives", "lives"]

Flags = NDArray[np.bool_]
_LONGEST = 1e100


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives of units of one kind.

    low, high  the life lies above low and at or below high [unit], shape (n,); equal: failed exactly then
    count      units that share this row, above 0, shape (n,)
    entry      age at which the unit came under observation [unit], shape (n,); 0: from new
    modes      why it failed, length n; "" where it has not, or nobody says; () where none is told
    unit       h, cycles, km; "" if the source names none
    name       what lives: bearing, column of a file
    excluded   rows that could not be used
    source     file they came from, for people
    """

    low: Floats
    high: Floats
    count: Floats
    entry: Floats
    modes: tuple[str, ...] = ()
    unit: str = ""
    name: str = "life"
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        n = len(self.low)
        if any(len(column) != n for column in (self.high, self.count, self.entry)) or len(self.modes) not in {0, n}:
            raise InputError("the columns of the lives differ in length", where=self.name)
        if not n:
            raise InputError("no life to work with", where=self.source or self.name)
        for wrong, message in (
            (~np.isfinite(self.low) | np.isnan(self.high), "a life is not a number"),
            (self.low < 0, "a life below zero"),
            (self.low > self.high, "a life that ends before it begins"),
            (self.high <= 0, "a life of zero cannot be used"),
            ((self.low > _LONGEST) | (np.isfinite(self.high) & (self.high > _LONGEST)), "a life beyond all measure"),
            (~(self.count > 0) | ~np.isfinite(self.count), "a count that is not above zero"),
            (~np.isfinite(self.entry) | (self.entry < 0), "an age at entry that is not a number from zero up"),
            ((self.entry > 0) & (self.entry > self.low), "a unit that came under observation after its own end"),
        ):
            if bool(wrong.any()):
                at = int(np.argmax(wrong))
                came = f"low {self.low[at]:g}, high {self.high[at]:g}, count {self.count[at]:g}"
                raise InputError(message, came=came, where=f"{self.name}, row {at + 1}")

    @property
    def exact(self) -> Flags:
        """Rows that failed at a known life."""
        return np.asarray(self.low == self.high)

    @property
    def running(self) -> Flags:
        """Rows that had not failed: right-censored."""
        return np.isinf(self.high)

    @property
    def before(self) -> Flags:
        """Rows found failed at their first look: left-censored."""
        return np.asarray((self.low == 0) & np.isfinite(self.high))

    @property
    def between(self) -> Flags:
        """Rows that failed between two looks: interval-censored."""
        return np.isfinite(self.high) & (self.low > 0) & (self.low < self.high)

    @property
    def units(self) -> float:
        """Units in all [1]."""
        return float(self.count.sum())

    @property
    def failures(self) -> float:
        """Units that failed, whenever that was [1]."""
        return float(self.count[~self.running].sum())

    @property
    def simple(self) -> bool:
        """Only exact failures and running units: Kaplan-Meier applies."""
        return bool((self.exact | self.running).all())

    def of_mode(self, mode: str) -> Lives:
        """The same units where only failures of this mode count; others ran until they failed otherwise.

        A unit that failed otherwise between two looks had surely run until the first of them.
        Raises InputError: such a unit was found failed at its first look, so it tells nothing; no such mode.
        """
        if mode not in self.modes:
            known = ", ".join(sorted(set(filter(None, self.modes)))) or "none"
            raise InputError("no failure of that mode", came=mode, expected=known, where=self.source or self.name)
        own = np.array([one == mode for one in self.modes])
        low, high = self.low.copy(), self.high.copy()
        high[~own] = np.inf
        kept = own | (low > 0)
        modes = tuple(one if mine else "" for one, mine, k in zip(self.modes, own, kept, strict=True) if k)
        return replace(
            self, low=low[kept], high=high[kept], count=self.count[kept], entry=self.entry[kept], modes=modes,
        )  # fmt: skip


def lives(
    failed: ArrayLike = (),
    running: ArrayLike = (),
    before: ArrayLike = (),
    between: Sequence[tuple[float, float]] = (),
    *,
    unit: str = "",
    name: str = "life",
) -> Lives:
    """Lives from plain numbers.

    failed   lives of units that failed at a known moment [unit]
    running  lives so far of units that had not failed
    before   lives at the first look of units found failed then
    between  (last look in order, first look failed)

    Raises   InputError: no life, or one that cannot be
    Example  lives([54, 187, 216], running=[500] * 17).failures == 3.0
    """
    f, r, b = (np.atleast_1d(np.asarray(part, np.float64)).ravel() for part in (failed, running, before))
    pairs = np.asarray(between, np.float64).reshape(-1, 2)
    low = np.concatenate((f, r, np.zeros(len(b)), pairs[:, 0]))
    high = np.concatenate((f, np.full(len(r), np.inf), b, pairs[:, 1]))
    return Lives(low, high, np.ones(len(low)), np.zeros(len(low)), (), unit, name)
