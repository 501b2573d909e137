"""Which source numbers have been taken: a set of integers held as disjoint intervals.

A collector counts up, so the set is one interval per source however many facts it holds.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["SeqSet"]


class SeqSet:
    """Half-open intervals [low, high), sorted, never touching."""

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for low, high in intervals:
            self._add_interval(low, high)

    def copy(self) -> SeqSet:
        """The same numbers, to be added to apart."""
        copy = SeqSet()
        copy._lows, copy._highs = self._lows.copy(), self._highs.copy()
        return copy

    @property
    def intervals(self) -> list[tuple[int, int]]:
        """The intervals [low, high)."""
        return list(zip(self._lows, self._highs, strict=True))

    @property
    def next(self) -> int:
        """One more than the highest number taken; 1 for an empty set."""
        return self._highs[-1] if self._highs else 1

    def __contains__(self, number: int) -> bool:
        at = bisect.bisect_right(self._lows, number) - 1
        return at >= 0 and number < self._highs[at]

    def fresh(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """True where the number is not taken and did not occur earlier in the array."""
        if not len(numbers):
            return np.zeros(0, bool)
        steps = np.diff(numbers)
        if (steps > 0).all():
            if numbers[0] >= self.next:
                return np.ones(len(numbers), bool)
            first = np.ones(len(numbers), bool)
        else:
            first = np.zeros(len(numbers), bool)
            first[np.unique(numbers, return_index=True)[1]] = True
        at = np.searchsorted(np.array(self._lows, np.int64), numbers, side="right") - 1
        highs = np.array([*self._highs, np.iinfo(np.int64).min], np.int64)  # at == -1 reads the last: never taken
        return first & (numbers >= highs[at])

    def add(self, numbers: npt.NDArray[np.int64]) -> None:
        """Take all the numbers."""
        if not len(numbers):
            return
        ordered = numbers if (np.diff(numbers) > 0).all() else np.unique(numbers)
        breaks = np.flatnonzero(np.diff(ordered) > 1)
        lows = ordered[np.concatenate(([0], breaks + 1))]
        highs = ordered[np.concatenate((breaks, [len(ordered) - 1]))] + 1
        for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
            self._add_interval(low, high)

    def _add_interval(self, low: int, high: int) -> None:
        start = bisect.bisect_left(self._highs, low)  # first interval that ends at or after low
        stop = bisect.bisect_right(self._lows, high)  # first interval that begins after high
        if start < stop:
            low, high = min(low, self._lows[start]), max(high, self._highs[stop - 1])
        self._lows[start:stop] = [low]
        self._highs[start:stop] = [high]
