"""Whose energy it was: what an order, a lot, a piece or a machine took of each medium, and by which rules."""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.energy_whose import whose_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.web.energy_balance import no_readings
from luban.screens.web.energy_frame import Bench
from luban.screens.web.energy_window import WindowChoice, worked_out
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import VALUE, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice

__all__ = ["WhosePanel"]

_ENTER = "(event) => { if (event.key === 'Enter') { emit(event.target.value); } }"


class WhosePanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._typed = self._asked = ""
        self._names: tuple[str, ...] = ()

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Whose energy it was")):
            with ui.element("div").classes("lb-tsearch"):
                with ui.element("label"):
                    ui.html(html.escape(say("order, lot, serial number or machine")), sanitize=False, tag="span")
                    box = ui.element("input").classes("lb-tlot")
                    box.props("type=search list=lb-enames autocomplete=off spellcheck=false data-field=whose")
                    box.on("input", lambda event: self._type(str(event.args)), js_handler=VALUE)
                    box.on("keydown", lambda event: self._find(str(event.args)), js_handler=_ENTER)
                self._list = ui.element("datalist").props("id=lb-enames")
                tool(html.escape(say("Show")), lambda: self.bench.call(self._find, self._typed), kind="lb-primary")
                self._window = WindowChoice(self.bench)
            text = say("An order or a lot is looked at over the days on which it was worked on; a machine over the "
                       "window of time.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
        self._sheet = SheetView(self.bench, "", lambda: f"energy-{self._asked or 'whose'}")

    def _type(self, value: str) -> None:
        self._typed = value[:400]

    async def _find(self, text: str) -> None:
        self._asked = text.strip()[:400]
        await self._draw()

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:
        """What was asked stays as it is until it is asked anew."""

    async def _draw(self) -> None:
        books, say, plant = self.bench.books, self.say, self.bench.view.plant
        asked = chosen, name = self.bench.chosen, self._asked

        def read() -> tuple[list[str], Sheet | None]:
            span = books.range(chosen)
            units = [path.removeprefix(f"{plant.id}/") for path in plant.work_units]
            if not name:
                return [*units, *books.orders(span)], None
            what = books.find(name)
            found = books.whose(span if "unit" in what else None, **what)
            return [*units, *books.orders(span)], whose_sheet(found, say, plant.zone, plant.name)

        made: Any = None
        text = ""
        try:
            made = await worked_out(self.bench, read, self._sheet.nothing)
        except LubanError as error:
            came = f": {error.came}" if error.came else ""
            text = no_readings(say) if error.message == NO_READING else notice(say(error.message) + came)
        if not self.bench.alive or asked != (self.bench.chosen, self._asked):
            return
        with self.bench.client:
            self._window.follow()
            if made is None:
                self._sheet.nothing("")
                self._sheet.body.content = text
                return
            names, sheet = made
            self._offer(tuple(names))
            if sheet is None:
                self._sheet.nothing(say("Name an order, a lot or a machine above."))
            else:
                self._sheet.show(sheet)

    def _offer(self, names: tuple[str, ...]) -> None:
        if names == self._names:
            return
        self._names = names
        self._list.clear()
        with self._list:
            for name in names:
                ui.element("option")._props["value"] = name  # noqa: SLF001 - a text with quotes cannot go through props()
