"""The tab of gauge studies: of a table that a person brings or pastes, or of readings in the books."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import ui

from luban.core.errors import InputError, LubanError
from luban.screens.report.quality_gauge import gauge_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.gauge_studies import Asked
from luban.screens.service.quality_studies import gauge_of_books, gauge_of_table
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.quality_frame import Bench
from luban.screens.web.schedule_parts import Choice, field, segments, tool
from luban.screens.web.tabs import card

__all__ = ["GaugePanel"]

_LARGEST = 20_000_000


class GaugePanel:
    """The tab of gauge studies."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.origin = "table"
        self.asked = Asked()
        self.gauge = ""
        self._text: dict[str, str] = {}
        self._table: tuple[bytes, str] | None = None
        self._turn = 0

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with card(say("Study")), ui.element("div").classes("lb-gform"):
            origins = [("table", say("a table")), ("books", say("readings in the books"))]
            segments(origins, self.origin, self._choose_origin, say("Where the readings come from"))
            self.studies = Choice(say("Kind of study"), lambda value: self._want(study=value))
            self.methods = Choice(say("Method"), lambda value: self._want(method=value))
            self.of = Choice(say("Characteristic"), self.bench.choose)
            self.fields = {
                name: self._field(name, text, kind)
                for name, text, kind in (
                    ("lower", say("lower specification limit"), "number"),
                    ("upper", say("upper specification limit"), "number"),
                    ("process", say("spread of the process (6 sd)"), "number"), ("reference", say("reference"), "text"),
                    ("good", say("judgement that means good"), "text"),
                    ("repeats", say("readings in a sitting"), "number"),
                    ("gauge", say("gauge"), "text"),
                )
            }  # fmt: skip
            with ui.element("div").classes("lb-brought") as self.brought:
                label = say("CSV, Excel or Parquet")
                upload = ui.upload(on_upload=self._uploaded, auto_upload=True, max_file_size=_LARGEST, label=label)
                upload.props("accept=.csv,.txt,.tsv,.xlsx,.parquet flat bordered")
                self.paste = ui.element("textarea").props("rows=6 spellcheck=false").classes("lb-paste")
                text = say("Or paste a table here")
                self.paste._props.update({"aria-label": text, "placeholder": text})  # noqa: SLF001 - a text with quotes
                self.paste.on("input", self._pasted, js_handler="(event) => emit(event.target.value)")
            tool(html.escape(say("Work it out")), lambda: self.bench.call(self._work), kind="lb-primary")
        self.view = SheetView(self.bench, say("Result"), lambda: f"gauge-{self.asked.study}")
        self._fill()
        self.view.nothing(self._hint())

    def _field(self, name: str, text: str, kind: str) -> Any:
        with ui.element("div").classes("lb-field") as holder:
            field(text, "", self._setter(name), kind)
        return holder

    def _setter(self, name: str) -> Callable[[str], None]:
        def put(value: str) -> None:
            self._text[name] = value.strip()

        return put

    def _hint(self) -> str:
        say = self.say
        if self.origin == "books":
            return say("Each reading in the books names the serial of its piece and the person who read it.")
        return {
            "rr": say("Columns part, operator and value, a reading a row; or the trials side by side."),
            "bias": say("A column of readings; the reference as a number, or a column of it."),
            "linearity": say("Columns reference and value, a reading a row."),
            "stability": say("Readings of one master piece in order of time."),
            "agreement": say("Columns part, operator, judgement and reference; or a column for each trial."),
            "differences": say("Columns of piece and gauge, and one or more of readings."),
            "levels": say("Mean and standard deviation of each sitting, with columns of piece, gauge and run."),
        }[self.asked.study]

    def _fill(self) -> None:
        say, study, books = self.say, self.asked.study, self.origin == "books"
        kinds = [
            ("rr", say("repeatability and reproducibility")), ("bias", say("bias")), ("linearity", say("linearity")),
            ("stability", say("stability")), ("agreement", say("agreement")), ("levels", say("levels of time")),
            ("differences", say("differences between gauges")),
        ]  # fmt: skip
        self.studies.fill(kinds[:1] if books else kinds, study)
        ways = [
            ("anova", say("analysis of variance")),
            ("range", say("averages and ranges")),
            ("nested", say("nested")),
        ]
        self.methods.fill(ways, self.asked.method)
        self.methods.box.set_visibility(study == "rr")
        self.of.box.set_visibility(books)
        self.brought.set_visibility(not books)
        shown = {
            "lower": not books and study in {"rr", "bias", "linearity", "stability"},
            "upper": not books and study in {"rr", "bias", "linearity", "stability"},
            "process": study in {"bias", "linearity"}, "reference": study in {"bias", "stability"},
            "good": study == "agreement", "repeats": study == "levels", "gauge": books,
        }  # fmt: skip
        for name, holder in self.fields.items():
            holder.set_visibility(shown[name])

    def _choose_origin(self, value: str) -> None:
        self.origin = value
        if value == "books":
            self.asked = replace(self.asked, study="rr")
        self._changed()

    def _want(self, **changed: str) -> None:
        self.asked = replace(self.asked, **changed)  # type: ignore[arg-type]
        self._changed()

    def _changed(self) -> None:
        self._fill()
        if self.view.sheet is None:
            self.view.nothing(self._hint())

    async def _uploaded(self, event: Any) -> None:
        self._table = (await event.file.read(), str(event.file.name))
        await self._work()

    def _pasted(self, event: Any) -> None:
        text = str(event.args)
        self._table = (text.encode(), "pasted.csv") if text.strip() else None

    async def show(self) -> None:
        """Fill the list of characteristics."""
        states = await self.bench.reads(self.bench.books.characteristics)
        if self.bench.alive:
            with self.bench.client:
                self.of.fill([(own.id, own.id) for own in states], self.bench.chosen)

    async def tick(self, now: Now) -> None:
        """Nothing changes by itself: a study is asked for."""

    async def _work(self) -> None:
        turn = self._turn = self._turn + 1
        try:
            sheet = await self.bench.reads(self._made)
        except LubanError as error:
            parts = (self.say(error.message), error.where, error.came, error.expected)
            if self.bench.alive and turn == self._turn:
                with self.bench.client:
                    self.view.nothing(" · ".join(filter(None, parts)), alarm=True)
            return
        if self.bench.alive and turn == self._turn:
            with self.bench.client:
                self.view.show(sheet)

    def _made(self) -> Sheet:
        asked = replace(
            self.asked, lower=self._number("lower"), upper=self._number("upper"), process=self._number("process"),
            reference=self._text.get("reference", ""), good=self._text.get("good", ""),
            repeats=int(self._number("repeats") or 0),
        )  # fmt: skip
        if self.origin == "books":
            found = gauge_of_books(self.bench.books, self.bench.chosen, asked, gauge=self._text.get("gauge", ""))
            return gauge_sheet(found, self.say)
        if self._table is None:
            raise InputError("no table yet", expected="a file, or a table pasted into the field")
        return gauge_sheet(gauge_of_table(*self._table, asked), self.say)

    def _number(self, name: str) -> float | None:
        text = self._text.get(name, "").replace(",", ".")
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise InputError("not a number", came=text, where=name) from None
