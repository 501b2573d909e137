"""A good plant without a computer: control charts of single readings, kept by hand at each machine.

The first piece of a setup, and the first reading after a new edge, is corrected in full. Every later reading is put on
a chart of means of two, whose limits come from the moving ranges of the past. The operator turns the offset only after
a signal, by the mean that gave it (Shewhart 1931; two of three beyond two sigma: Western Electric 1956).

Reads   readings, setups, new edges of machines, as they are heard    Writes  nothing; it proposes
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.quality import Gauged
from luban.loop.deciding.quality_words import CHARTS, SIGNAL

__all__ = ["ByHand"]

AUTHOR: Final = "operator, by chart"
_RANGE: Final = 1.128  # mean range of two over sigma, d2 of ASTM STP 15D for n = 2
_ENOUGH: Final = 20


@dataclass(slots=True)
class _Chart:
    what: Gauged
    offset: float = 0.0
    running: bool = False
    size: str = ""
    first: bool = True
    edge: bool = False  # a new one, and no reading since
    last: float | None = None
    points: list[float] = field(default_factory=list)
    signal: float = 0.0


class ByHand:
    """Charts at every gauged machine; the operator acts on them himself.

    machines  whose pieces are gauged
    """

    lever: str = "charts by hand"
    every: int = 0
    by_hand: bool = True
    concerns: frozenset[str] = frozenset({"state", "offset", "reading_of", "reading", "tool_number"})
    wakes: frozenset[str] = frozenset({"reading"})

    def __init__(self, machines: Sequence[Gauged]) -> None:
        self._charts = {one.path: _Chart(one) for one in machines}
        self._ranges: dict[str, list[float]] = {one.station: [] for one in machines}
        self._sigma: dict[str, float] = {}
        self._touched: dict[str, None] = {}
        self._full: dict[str, float] = {}

    def hear(self, told: Iterable[Heard]) -> None:
        """What has happened since the last time, oldest first."""
        for one in told:
            chart = self._charts.get(one.machine)
            if chart is None:
                continue
            if one.name == "state":
                if one.value == "setup":
                    chart.first, chart.offset, chart.last = True, 0.0, None
                    chart.points.clear()
                chart.running = one.value == "running"
            elif one.name == "tool_number":
                chart.edge = True
                chart.points.clear()
            elif one.name == "offset":
                chart.offset = float(one.value)
            elif one.name == "reading_of":
                chart.size = str(one.value)
            elif one.name == "reading":
                self._point(one.machine, chart, float(one.value) - chart.what.targets.get(chart.size, 0.0))

    def _point(self, path: str, chart: _Chart, value: float) -> None:
        """One reading on the chart; the first one of a setup is corrected by the plant's own rule and is none."""
        first, chart.first = chart.first, False
        renewed, chart.edge = chart.edge, False
        if first:
            return
        if renewed:
            chart.last = None
            self._full[path] = value
            return
        level = value - chart.offset
        if chart.last is not None and chart.what.station not in self._sigma:
            self._ranges[chart.what.station].append(abs(level - chart.last))
        chart.last = level
        chart.points.append(value)
        self._touched[path] = None

    def decide(self, seen: Seen) -> Sequence[Proposal]:  # noqa: ARG002 - a chart needs no more than its readings
        """Who corrects, once limits are known; then corrections after signals."""
        proposals = []
        for station, ranges in self._ranges.items():
            if station not in self._sigma and len(ranges) >= _ENOUGH:
                self._sigma[station] = sum(ranges) / len(ranges) / _RANGE
                act = Act("rule", f"correct {station}", "first")
                proposals.append(Proposal(self.lever, AUTHOR, act, why=CHARTS.format(station=station)))
        touched, self._touched = self._touched | dict.fromkeys(self._full), {}
        full, self._full = self._full, {}
        for path in touched:
            chart = self._charts[path]
            sigma = self._sigma.get(chart.what.station)
            if sigma is None or not chart.running:
                continue
            if off := full.get(path) or _signal(chart.points, sigma):
                chart.points.clear()
                wanted = chart.what.envelope.highest
                value = round(min(max(chart.offset - off, -wanted), wanted), 3)
                why = SIGNAL.format(machine=path, off=f"{off:+.1f} {chart.what.unit}".rstrip())
                proposals.append(Proposal(self.lever, AUTHOR, Act("set", chart.what.offset, value), why=why))
        return proposals


def _signal(points: Sequence[float], sigma: float) -> float:
    """By how much the readings that give a signal are off; 0 without one."""
    if not points:
        return 0.0
    if abs(points[-1]) > 3 * sigma:
        return points[-1]
    mean = 0.5 * (points[-1] + points[-2]) if len(points) > 1 else 0.0
    if abs(mean) > 3 * sigma / math.sqrt(2):
        return mean
    for side in (1.0, -1.0):
        beyond = [point for point in points[-3:] if point * side > 2 * sigma]
        if len(beyond) >= 2:
            return sum(beyond) / len(beyond)
    return 0.0
