"""Rules at work on the tracks of a chart; what they remember can be saved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luban.understand.quality.data import Floats, Ints
from luban.understand.quality.spc.chart import Violation
from luban.understand.quality.spc.kernel import find_patterns
from luban.understand.quality.spc.kind import PanelKind, Track
from luban.understand.quality.spc.rules import Rule

__all__ = ["Judge"]

_NONE_ALONE: Ints = np.zeros(1, np.int64)


class Judge:
    """Rules on the panels of one chart, in order of points.

    Each panel takes the rules whose roles have its role. `counters` and `before` are all that is remembered.
    """

    def __init__(self, panels: Sequence[PanelKind], rules: Sequence[Rule]) -> None:
        self._rules = [tuple(rule for rule in rules if panel.role in rule.roles) for panel in panels]
        self._tables = [
            np.array([(one.pattern, one.points, one.of, one.both) for one in taken], np.int64).reshape(-1, 4)
            for taken in self._rules
        ]
        self._sigmas = [np.array([one.sigmas for one in taken], np.float64) for taken in self._rules]
        self._names = [[one.name for one in taken] for taken in self._rules]
        self.counters: list[Ints] = [np.zeros((len(taken), 2), np.int64) for taken in self._rules]
        self.before: list[Floats] = [np.array([np.nan]) for _ in self._rules]

    def judge(self, tracks: Sequence[Track], start: int, alone: Ints | None = None) -> list[Violation]:
        """Violations at these points, the first of which has index `start`; in order of points, panels, rules.

        alone  1 where a point was left out of the limits, shape (k,); None: nowhere
        """
        skip = _NONE_ALONE if alone is None else alone
        several: list[tuple[int, Ints]] = []
        for panel, track in enumerate(tracks):
            if not self._names[panel]:
                continue
            found = find_patterns(
                track.values, track.lines, skip, self._tables[panel], self._sigmas[panel],
                self.counters[panel], self.before[panel], start,
            )  # fmt: skip
            if len(found):
                several.append((panel, found))
        if not several:
            return []
        violations = [
            Violation(panel, point, self._names[panel][rule], first, side)
            for panel, found in several
            for point, rule, first, side in found.tolist()
        ]
        if len(several) > 1:
            violations.sort(key=lambda one: one.point)  # stable: panels and rules stay in order
        return violations
