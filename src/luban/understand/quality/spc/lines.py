"""Runs whose lines depend on the size of a subgroup only: every Shewhart chart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from luban.understand.quality.data import Floats
from luban.understand.quality.spc.kind import Points, Track

__all__ = ["SizedRun"]

KEPT = 4096
"""Sizes whose lines are kept; areas of opportunity may all differ."""


class SizedRun:
    """A run of a Shewhart chart: a statistic of each subgroup between lines for its size.

    measure  (points, memory) -> plotted values, one array a panel; moves the memory on
    lines    size -> centre, lower, upper, sigma of each panel
    memory   as at the first point
    """

    def __init__(
        self,
        measure: Callable[[Points, Floats], tuple[Floats, ...]],
        lines: Callable[[float], tuple[tuple[float, float, float, float], ...]],
        memory: Floats | None = None,
    ) -> None:
        self._measure = measure
        self._lines = lines
        self._kept: dict[float, tuple[Floats, ...]] = {}
        self.memory: Floats = np.zeros(0) if memory is None else memory

    def advance(self, points: Points) -> tuple[Track, ...]:
        """Tracks of these points, one a panel."""
        lines = self._of(points.sizes)
        return tuple(map(Track, self._measure(points, self.memory), lines))

    def _of(self, sizes: Floats) -> tuple[Floats, ...]:
        if len(sizes) == 1 or (len(sizes) and bool((sizes == sizes[0]).all())):
            return self._for(float(sizes[0]))
        if not len(sizes):
            return tuple(line[:, :0] for line in self._for(1.0))
        different, where = np.unique(sizes, return_inverse=True)
        each = [self._for(float(size)) for size in different]
        return tuple(np.ascontiguousarray(np.hstack(panel)[:, where]) for panel in zip(*each, strict=True))

    def _for(self, size: float) -> tuple[Floats, ...]:
        found = self._kept.get(size)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = tuple(np.array(panel)[:, None].copy() for panel in self._lines(size))
            self._kept[size] = found
        return found
