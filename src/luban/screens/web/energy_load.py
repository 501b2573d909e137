"""Load and tariff: power over time by band, highest demand, bill, and what idling took, machine by machine."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.energy_plant import load_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.web.energy_balance import no_readings
from luban.screens.web.energy_frame import Bench
from luban.screens.web.energy_window import WindowChoice, worked_out
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import Choice
from luban.screens.web.twin_tables import notice

__all__ = ["LoadPanel"]


class LoadPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._version: tuple[int, ...] = ()
        self._meter = ""
        self._turn = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        with ui.element("div").classes("lb-tools"):
            self._window = WindowChoice(self.bench)
            self._meters = Choice(self.say("meter"), self._chosen)
        self._sheet = SheetView(self.bench, "", lambda: f"energy-load-{self._meter or 'main'}")

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where readings came in."""
        self._turn += 1
        if self._turn % 4 == 0 and self.bench.books.version != self._version:
            await self._draw(waits=False)

    async def _chosen(self, value: str) -> None:
        self._meter = value
        await self._draw()

    async def _draw(self, *, waits: bool = True) -> None:
        books, say, plant = self.bench.books, self.say, self.bench.view.plant
        asked = chosen, meter = self.bench.chosen, self._meter
        text = ""

        def read() -> tuple[tuple[int, ...], str, list[tuple[str, str]], Sheet]:
            span = books.range(chosen)
            version = books.version
            account = books.account(span)
            known = {one.meter.id: one.meter for one in account.meters}
            one = books.profile(span, meter if meter in known else "")
            names = [(own.id, f"{say(books.name(own.id))} · {say(own.medium)}") for own in known.values()]
            sheet = load_sheet(account, one, say, plant.zone, plant.name, say(books.name(one.meter)))
            return version, one.meter, names, sheet

        made: Any = None
        try:
            made = await worked_out(self.bench, read, self._sheet.nothing if waits else None)
        except LubanError as error:
            came = f" · {error.came}" if error.came else ""
            text = no_readings(say) if error.message == NO_READING else notice(say(error.message) + came)
        if not self.bench.alive or asked != (self.bench.chosen, self._meter):
            return
        with self.bench.client:
            self._window.follow()
            if made is None:
                self._sheet.nothing("")
                self._sheet.body.content = text
                return
            self._version, shown, names, sheet = made
            self._meters.fill(names, shown)
            self._sheet.show(sheet)
