"""This plant as a pilot: its state before fixed, levers on at a date, its targets by what the books say since."""

from __future__ import annotations

import html
from functools import partial

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import parse_time
from luban.screens.report.pilot_books import books_sheet
from luban.screens.report.sheet import sheet_part
from luban.screens.service.pilot_books import BEFORE
from luban.screens.users import Role
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.quality_typed import number
from luban.screens.web.schedule_parts import field, tool
from luban.screens.web.tabs import BookPanel, card

__all__ = ["EnrolledPanel"]


class EnrolledPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._given: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        self.holder = ui.element("div").classes("lb-main lb-pholder")

    async def _read(self) -> None:
        desk = self.bench.books.enrolling
        found = await self.bench.ask(lambda: (desk.judged(),))
        if found is None or not self.bench.alive:
            return
        known = found[0] or "none"
        if known is self._known:
            return
        self._known = known
        view = self.bench.view
        with self.bench.client:
            self.holder.clear()
            with self.holder:
                if found[0] is None:
                    self._enrol()
                else:
                    sheet = books_sheet(found[0], view.plant.name, self.say, view.plant.zone)
                    ui.html(sheet_part(sheet), sanitize=False)

    def _enrol(self) -> None:
        say = self.say
        with card(say("This plant is not enrolled")):
            text = say(
                "Enrol it before levers go on: the state before is fixed from the facts of the days before, and cannot "
                "be changed later. From then on the books say what came of the three targets."
            )
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            if not (self.bench.books.writable and self.bench.may(Role.ENGINEER)):
                text = say("An engineer can enrol it.")
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                return
            with ui.element("div").classes("lb-tsearch"):
                field(say("levers go on"), "", partial(self._give, "on"), "datetime-local").props("data-field=on")
                field(say("days before it"), str(BEFORE), partial(self._give, "days")).props("data-field=days")
                tool(html.escape(say("Enrol the plant")), lambda: self.bench.call(self._do), kind="lb-primary")

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:40]

    async def _do(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        try:
            on = parse_time(self._given.get("on", ""), self.bench.view.plant.zone)
            days = number(self._given.get("days", "") or str(BEFORE), "days")
        except LubanError as error:
            self.bench.complain(error)
            return
        if await self.bench.ask(partial(self.bench.books.enrolling.enrol, person, on=on, days=days)) is not None:
            await self.again()
