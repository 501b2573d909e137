"""Live control charts: characteristics with their state, the chart of one, what people decided about it."""

from __future__ import annotations

from luban.screens.service import Now
from luban.screens.web.quality_frame import Bench

__all__ = ["ChartsPanel"]


class ChartsPanel:
    """The tab of control charts."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say

    def build(self) -> None:
        """Lay it out."""

    async def show(self) -> None:
        """Read and draw."""

    async def tick(self, now: Now) -> None:
        """Nothing yet."""
