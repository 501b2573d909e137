"""Per piece: what a good piece takes, by product and order, by state of the machines, day by day."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.energy_plant import media_of
from luban.screens.report.energy_states import state_name
from luban.screens.report.energy_units import units_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.service.energy_units import unit_books
from luban.screens.web.energy_balance import no_readings
from luban.screens.web.energy_frame import Bench
from luban.screens.web.energy_window import WindowChoice
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import Choice
from luban.screens.web.twin_tables import notice

__all__ = ["UnitsPanel"]


class UnitsPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._version: tuple[int, ...] = ()
        self._medium = ""
        self._turn = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        with ui.element("div").classes("lb-tools"):
            self._window = WindowChoice(self.bench)
            self._media = Choice(self.say("energy carrier"), self._chosen)
        self._sheet = SheetView(self.bench, "", lambda: "energy-per-piece")

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where readings came in."""
        self._turn += 1
        if self._turn % 4 == 0 and self.bench.books.version != self._version:
            await self._draw()

    async def _chosen(self, value: str) -> None:
        self._medium = value
        await self._draw()

    async def _draw(self) -> None:
        books, say, plant = self.bench.books, self.say, self.bench.view.plant
        asked = chosen, medium = self.bench.chosen, self._medium

        def named(path: str) -> str:
            own = plant.equipment.get(path)
            return own.name if own is not None and own.name else path.removeprefix(f"{plant.id}/")

        def read() -> tuple[tuple[int, ...], str, list[tuple[str, str]], Sheet]:
            version = books.version
            made = unit_books(books, books.range(chosen), medium)
            held = [one for one in media_of(made.account) if made.account.shares.get(one)]
            sheet = units_sheet(made, say, plant.zone, plant.name, named, lambda state: state_name(state, say))
            return version, made.medium, [(one, say(one)) for one in held], sheet

        made: Any = None
        text = ""
        try:
            made = await self.bench.reads(read)
        except LubanError as error:
            came = f" · {error.came}" if error.came else ""
            text = no_readings(say) if error.message == NO_READING else notice(say(error.message) + came)
        if not self.bench.alive or asked != (self.bench.chosen, self._medium):
            return
        with self.bench.client:
            self._window.follow()
            if made is None:
                self._sheet.nothing("")
                self._sheet.body.content = text
                return
            self._version, shown, media, sheet = made
            self._media.fill(media, shown)
            self._media.box.set_visibility(len(media) > 1)
            self._sheet.show(sheet)
