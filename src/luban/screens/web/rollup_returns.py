"""Returns: who has returned, what is doubtful, the form, a filled file taken in, a firm's yes."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nicegui import ui

from luban.rollup.returns import (
    Batch,
    Reporting,
    Taken,
    UnitReturn,
    form_of,
    form_workbook,
    reporting,
    unit_returns,
)
from luban.screens.report.rollup_returns import own_sheet, review_sheet, status_sheet, taken_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service.returns import ReturnsDesk, read_sent, reviewed
from luban.screens.service.rollup import Place
from luban.screens.users import Role
from luban.screens.web.rollup_evidence import LARGEST
from luban.screens.web.rollup_form import ReturnForm
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.schedule_parts import Choice, field, segments, tool
from luban.screens.web.tabs import card

__all__ = ["ReturnsPanel"]

_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class _Worked:
    year: int
    years: tuple[int, ...]
    units: tuple[UnitReturn, ...]
    regions: tuple[Reporting, ...]


class ReturnsPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ("vintage",)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.desk = ReturnsDesk(bench.books)
        self._year = 0
        self._batch: Batch | None = None
        self._unit, self._text, self._form_year, self._question = "", "", "", ""
        self._returned: tuple[UnitReturn, ...] = ()

    def forms(self) -> None:
        """What an engineer may do, before what stands: take in, fill in, what a firm says."""
        if self.bench.may(Role.ENGINEER) and self.bench.books.writable:
            with ui.element("div").classes("lb-two"):
                self._taking()
                self._saying()
            self._own_form = ReturnForm(self.bench, self.desk, self._look)
            self._own_form.build()
            self._review = ui.element("div").classes("lb-qpanel").props("aria-live=polite data-part=review")

    def _taking(self) -> None:
        say = self.say
        with card(say("Take in returns")), ui.element("div").classes("lb-tform"):
            text = say("A filled form, or a table: a row a unit and year, or a row a value. It is looked through "
                       "first; nothing is taken before you say so.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            label = say("CSV, Excel or Parquet")
            with ui.element("div").classes("lb-papers"):
                upload = ui.upload(on_upload=self._uploaded, auto_upload=True, max_file_size=LARGEST, label=label)
                upload.props("accept=.csv,.txt,.tsv,.xlsx,.parquet flat bordered")
            field(say("year of the form"), "", self._form_came).props("data-field=year")
            tool(html.escape(say("Get the form")), lambda: self.bench.call(self._form))
            tool(html.escape(say("From this plant's own books")), lambda: self.bench.call(self._own))

    def _saying(self) -> None:
        say = self.say
        with card(say("What a firm says")), ui.element("div").classes("lb-tform"):
            with ui.element("label"):
                ui.html(html.escape(say("unit")), sanitize=False, tag="span")
                self._units = Choice(say("unit"), self._chose_unit)
            field(say("in words"), "", self._said, "text").props("data-field=text")
            tool(html.escape(say("It confirms its return")), lambda: self.bench.call(self._confirm))
            tool(html.escape(say("Ask the firm")), lambda: self.bench.call(self._query))
            with ui.element("label"):
                ui.html(html.escape(say("open question")), sanitize=False, tag="span")
                self._questions = Choice(say("open question"), self._chose_question)
            tool(html.escape(say("The firm answers")), lambda: self.bench.call(self._answer))
            tool(html.escape(say("Name this state of the books")), lambda: self.bench.call(self._vintage))

    def _asked(self) -> tuple[Any, ...]:
        return (self._year,)

    def _form_came(self, value: str) -> None:
        self._form_year = value.strip()[:6]

    def _chose_unit(self, unit: str) -> None:
        self._unit = unit
        self._fill_questions()

    def _chose_question(self, seq: str) -> None:
        self._question = seq

    def _fill_questions(self) -> None:
        """The open questions to the chosen unit; one that is chosen stays chosen."""
        own = next((one.queries for one in self._returned if one.unit == self._unit), ())
        entries = [(str(seq), text[:80]) for seq, text in own] or [("", "–")]
        if self._question not in dict(entries):
            self._question = entries[0][0]
        self._questions.fill(entries, self._question)

    def _said(self, value: str) -> None:
        self._text = value[:400]

    # ------------------------------------------------------------------ showing

    def _work(self, place: Place) -> Any:
        books = self.bench.books
        years = books.years(place.as_of)
        year = self._year if self._year in years else years[-1]
        units = unit_returns(self.desk.ledger, books.plan, year, as_of=place.as_of)
        regions = reporting(self.desk.ledger, books.plan, year, as_of=place.as_of, units=units)
        return _Worked(year, years, units, regions)

    def _draw(self, worked: _Worked) -> None:
        say, books = self.say, self.bench.books
        years = [(str(year), str(year)) for year in worked.years[-8:]]
        segments(years, str(worked.year), self._choose, say("year"))
        self._year = worked.year
        names = {one.region: books.region_name(one.region, say.language) for one in worked.regions}
        self.sheet = status_sheet(worked.regions, worked.units, books.plan, say, worked.year, region_name=names)
        sheet_piece(self.sheet)
        if hasattr(self, "_units"):
            known = [(one.unit, f"{one.unit} {one.name or ''}".strip()) for one in worked.units]
            if self._unit not in {one.unit for one in worked.units}:
                self._unit = known[0][0] if known else ""
            self._units.fill(known, self._unit)
            self._returned = worked.units
            self._fill_questions()

    def _choose(self, year: str) -> None:
        self._year = int(year)
        self.bench.call(self._read)

    # ------------------------------------------------------------------ acts

    async def _uploaded(self, event: Any) -> None:
        if self.bench.person(Role.ENGINEER) is None:
            return
        content, name = await event.file.read(), Path(str(event.file.name)).name
        found = await self.bench.ask(self._looked_through, content, name)
        if found is None or not self.bench.alive:
            return
        self._offer(*found)

    async def _look(self, batch: Batch) -> None:
        """What was typed, looked through."""
        if self.bench.person(Role.ENGINEER) is None:
            return
        sheet = await self.bench.ask(self._reviewed, batch, batch.source)
        if sheet is not None and self.bench.alive:
            self._offer(batch, sheet)

    def _offer(self, batch: Batch, sheet: Sheet) -> None:
        self._batch = batch
        with self.bench.client:
            self._review.clear()
            with self._review:
                sheet_piece(sheet)
                text = self.say("Take it into the books")
                tool(html.escape(text), lambda: self.bench.call(self._take), kind="lb-primary").props("data-act=take")

    async def _own(self) -> None:
        """The return as this plant's own books have it, with the facts each figure rests on."""
        year = self._asked_year()
        if year is None or self.bench.person(Role.ENGINEER) is None:
            return
        found = await self.bench.ask(self.desk.own, year)
        if found is None or not self.bench.alive:
            return
        plant = self.bench.view.plant
        with self.bench.client:
            self._review.clear()
            with self._review:
                sheet_piece(own_sheet(found, self.bench.books.plan, self.say, plant.name))
                text = self.say("Take it into the books")
                tool(html.escape(text), lambda: self.bench.call(self._take_own, year), kind="lb-primary")

    async def _take_own(self, year: int) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        plant = self.bench.view.plant
        taken = await self.bench.ask(self.desk.take_own, year, plant.id, {"name": plant.name}, person)
        if taken is not None:
            await self._was_taken(taken)

    def _looked_through(self, content: bytes, name: str) -> tuple[Batch, Sheet]:
        plan = self.bench.books.plan
        batch = read_sent(content, name, plan)
        return batch, self._reviewed(batch, name)

    def _reviewed(self, batch: Batch, name: str) -> Sheet:
        plan = self.bench.books.plan
        found = reviewed(self.desk.ledger, plan, batch)
        return review_sheet(found, plan, self.say, name)

    async def _take(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None or self._batch is None:
            return
        taken = await self.bench.ask(self.desk.take, self._batch, person)
        if taken is not None:
            self._batch = None
            await self._was_taken(taken)

    async def _was_taken(self, taken: Taken) -> None:
        if not self.bench.alive:
            return
        with self.bench.client:
            self._review.clear()
            with self._review:
                sheet_piece(taken_sheet(taken, self.bench.books.plan, self.say, self.say("returns taken")))
        await self.again()

    def _asked_year(self) -> int | None:
        """The year that was typed, else the one that is shown; None, and the page says why, where it is none."""
        told = self._form_year or str(self._year or "")
        if not told.isdecimal() or not 1900 < int(told) < 2200:
            self.bench.say_to(self.say("The year is a whole number, e.g. {year}.", year=2025))
            return None
        return int(told)

    async def _form(self) -> None:
        year = self._asked_year()
        if year is None:
            return
        made = await self.bench.ask(
            form_workbook, form_of(self.bench.books.plan), years=[year], language=self.say.language
        )
        if made is not None:
            self.bench.download(made, f"{self.bench.books.plan.id}-{year}.xlsx", _EXCEL)

    async def _confirm(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is not None and await self.bench.do(self.desk.confirm, self._unit, self._year, person, self._text):
            self.bench.say_to(self.say("Confirmed: {unit}, {year}.", unit=self._unit, year=self._year))
            await self.again()

    async def _query(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is not None and await self.bench.do(self.desk.query, self._unit, self._year, person, self._text):
            await self.again()

    async def _answer(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        if not self._question:
            self.bench.say_to(self.say("No question to this unit is open."))
            return
        unit, year, query = self._unit, self._year, int(self._question)
        if await self.bench.do(self.desk.answer, unit, year, query, person, self._text):
            await self.again()

    async def _vintage(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        if not self._text.strip():
            self.bench.say_to(self.say("A state of the books needs a name: write it in words."))
            return
        if await self.bench.do(self.desk.name, self._text.strip(), person):
            await self.again()
