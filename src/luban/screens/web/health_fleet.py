"""The fleet: one row a machine."""

from __future__ import annotations

import html

from nicegui import ui

from luban.screens.service import Now
from luban.screens.web.health_frame import Bench
from luban.screens.web.tabs import card

__all__ = ["FleetPanel"]


class FleetPanel:
    """All machines."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say

    def build(self) -> None:
        """Lay it out."""
        with card(self.say("Machines")):
            pass
        self.rows = ui.element("div")

    async def show(self) -> None:
        """Read and draw."""
        told = await self.bench.ask(self.bench.books.machines)
        if told is not None and self.bench.alive:
            with self.bench.client:
                self.rows.clear()
                with self.rows:
                    for path in told:
                        ui.html(html.escape(path), sanitize=False)

    async def tick(self, now: Now) -> None:
        """Nothing changes by itself yet."""
