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
        taken = [tuple(rule for rule in rules if panel.role in rule.roles) for panel in panels]
        self.counters: list[Ints] = [np.zeros((len(own), 2), np.int64) for own in taken]
        self.before: list[Floats] = [np.array([np.nan]) for _ in taken]
        self._work = [
            (
                panel, [one.name for one in own],
                np.array([(one.pattern, one.points, one.of, one.both) for one in own], np.int64),
                np.array([one.sigmas for one in own], np.float64), self.counters[panel], self.before[panel],
            )
            for panel, own in enumerate(taken) if own
        ]  # fmt: skip

    def judge(self, tracks: Sequence[Track], start: int, alone: Ints | None = None) -> list[Violation]:
        """Violations at these points, the first of which has index `start`; in order of points, panels, rules.

        alone  1 where a point was left out of the limits, shape (k,); None: nowhere
        """
        skip = _NONE_ALONE if alone is None else alone
        violations: list[Violation] = []
        several = 0
        for panel, names, table, sigmas, counters, before in self._work:
            values, lines = tracks[panel]
            found = find_patterns(values, lines, skip, table, sigmas, counters, before, start)
            if len(found):
                several += 1
                violations += [
                    Violation(panel, at, names[rule], first, side) for at, rule, first, side in found.tolist()
                ]
        if several > 1:
            violations.sort(key=lambda one: one.point)  # stable: panels and rules stay in order
        return violations
