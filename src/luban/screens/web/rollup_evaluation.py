"""The mid-term review, and the file from which an outsider computes it anew."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path
from typing import Any

from nicegui import ui

from luban.rollup.bundle import Made
from luban.rollup.review import Review
from luban.screens.report.rollup_evaluation import bundle_sheet
from luban.screens.report.rollup_report import report_sheet
from luban.screens.service.rollup import Place
from luban.screens.users import Role
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.schedule_parts import segments, tool
from luban.screens.web.tabs import card

__all__ = ["EvaluationPanel"]


class EvaluationPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ("vintage",)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._year = 0

    def forms(self) -> None:
        """The bundle."""
        say = self.say
        with card(say("For an outsider")):
            text = say("One file with data, definitions and code: whoever has it computes the same numbers anew, byte "
                       "for byte, without us. What would tell of one enterprise is withheld in it.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            tool(html.escape(say("Write the bundle")), lambda: self.bench.call(self._bundle)).props("data-act=bundle")
            self._made = ui.element("div").props("aria-live=polite")

    def _asked(self) -> tuple[Any, ...]:
        return (self._year,)

    def _work(self, place: Place) -> Any:
        years = self.bench.books.years(place.as_of)
        return self.bench.books.review(place, self._year if self._year in years else years[-1])

    def _draw(self, worked: Review) -> None:
        say, books = self.say, self.bench.books
        self._year = worked.inputs.year
        years = [(str(year), str(year)) for year in books.years(self.place.as_of)[-8:]]
        segments(years, str(self._year), self._choose, say("year"))
        self.sheet = report_sheet(worked, say, self.bench.view.plant.name)
        sheet_piece(self.sheet)

    def _choose(self, year: str) -> None:
        self._year = int(year)
        self.bench.call(self._read)

    async def _bundle(self) -> None:
        if self.bench.person(Role.ENGINEER) is None:
            return
        found = await self.bench.ask(self._written)
        if found is None or not self.bench.alive:
            return
        content, made = found
        self.bench.download(content, made.path.name, "application/zip")
        with self.bench.client:
            self._made.clear()
            with self._made:
                sheet_piece(bundle_sheet(made, self.say))

    def _written(self) -> tuple[bytes, Made]:
        books, place = self.bench.books, self.place
        year = self._year or books.years(place.as_of)[-1]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{books.plan.id}-{year}.zip"
            made = books.bundle(path, place, year)
            return path.read_bytes(), made
