"""A table of tasks, things, parts or regional targets taken in on the page, with the documents that it names."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from nicegui import ui

from luban.screens.service.programme_desk import ProgrammeDesk
from luban.screens.users import Role
from luban.screens.web.rollup_evidence import LARGEST, EvidenceForm
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import tool
from luban.screens.web.tabs import card

__all__ = ["FileCard"]

_COLUMNS: Final = {
    "tasks": "id, item, name, owner, due, region",
    "things": "item, thing, day, document, region, industry",
    "parts": "item, part, day, source, qualified, domestic, until, document",
    "targets": "region, id, year, value, weight",
}


class FileCard:
    """The card of a table.

    again  reads the books anew after something was written
    """

    def __init__(self, bench: Bench, desk: ProgrammeDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.say, self.desk, self._again = bench, bench.say, desk, again
        self._form = EvidenceForm(bench, self._fields)
        self._table: tuple[bytes, str] | None = None

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with card(say("From a table")), ui.element("div").props("data-part=table"):
            text = say("Its columns say what it holds. Send the documents that it names, too; it is taken whole or not "
                       "at all.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            names = {"tasks": say("Tasks"), "things": say("What counts"), "parts": say("Parts and who makes them"),
                     "targets": say("What regions set themselves")}  # fmt: skip
            told = "".join(
                f"<dt>{html.escape(names[kind])}</dt><dd>{columns}</dd>" for kind, columns in _COLUMNS.items()
            )
            ui.html(f'<dl class="lb-columns">{told}</dl>', sanitize=False)
            self._form.build()

    def _fields(self) -> None:
        say = self.say
        self._table = None
        with ui.element("div").classes("lb-papers"):
            upload = ui.upload(on_upload=self._came, auto_upload=True, max_file_size=LARGEST, label=say("CSV or Excel"))
            upload.props("accept=.csv,.txt,.tsv,.xlsx flat bordered data-field=table")
            self._name = ui.element("small").props("aria-live=polite data-part=table-name")
        self._form.documents()
        text = say("Take it into the books")
        tool(html.escape(text), lambda: self.bench.call(self._take), kind="lb-take").props("data-act=take-table")

    async def _came(self, event: Any) -> None:
        name = Path(str(event.file.name)).name[:200]
        self._table = (await event.file.read(), name)
        with self.bench.client:
            self._name.clear()
            with self._name:
                ui.html(html.escape(name), sanitize=False, tag="span")

    async def _take(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        if self._table is None:
            self.bench.say_to(self.say("Send the table first."))
            return
        found = await self.bench.ask(self.desk.take_sent, person, *self._table, self._form.papers)
        if found is None or not self.bench.alive:
            return
        self.bench.say_to(self.say("taken into the books: {n} entries", n=found[1]))
        with self.bench.client:
            self._form.draw()
        await self._again()
