"""Outcomes: what acts brought against what was promised, how good our promises are, and baselines for acts to come."""

from __future__ import annotations

import html
from functools import partial

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import parse_time
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.report.verify import board_sheet, outcome_sheet
from luban.screens.service.outcomes import AskedBaseline, Judged, OutcomeDesk
from luban.screens.users import Role
from luban.screens.web.acting_frame import Bench
from luban.screens.web.quality_typed import number, optional_number
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card

__all__ = ["OutcomesPanel"]


class OutcomesPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = OutcomeDesk(bench.books)
        self._act = ""
        self._found: tuple[Judged, ...] = ()
        self._given: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").classes("lb-tbar"):
            with ui.element("label"):
                ui.html(html.escape(say("act")), sanitize=False, tag="span")
                self._acts = Choice(say("act"), self._choose)
            for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")):
                tool(text, partial(self.bench.call, self._file, kind))
            if self._may():
                tool(html.escape(say("Put into the books")), lambda: self.bench.call(self._record))
        self._sheet = ui.element("div").props("data-part=outcome")
        if self._may():
            with card(say("Fix a baseline before an act")):
                text = say(
                    "A baseline is fixed once, before the act, from the days before it. It cannot be changed later."
                )
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                self._form = ui.element("div").classes("lb-tsearch")
                self._draw_form()

    def _may(self) -> bool:
        return self.desk.writable and self.bench.may(Role.ENGINEER)

    def _draw_form(self) -> None:
        say = self.say
        names = {"scrap": say("scrap share"), "good": say("good pieces"), "mean": say("mean")}
        figures = [
            (key, f"{names[key.partition(' ')[0]]} · {name}") for key, (name, _, _) in self.desk.figures().items()
        ]
        self._given = {"figure": figures[0][0] if figures else "", "better": "less"}
        self._form.clear()
        with self._form:
            field(say("act"), "", partial(self._give, "act"), "text").props("data-field=act autocomplete=off")
            labelled_choice(say("figure"), figures, self._given["figure"], partial(self._give, "figure"))
            ways = [("less", say("less is better")), ("more", say("more is better"))]
            labelled_choice(say("which way is better"), ways, "less", partial(self._give, "better"))
            field(say("takes effect"), "", partial(self._give, "at"), "datetime-local").props("data-field=at")
            field(say("days before it"), "60", partial(self._give, "days")).props("data-field=days")
            field(say("lever"), "", partial(self._give, "lever"), "text").props("data-field=lever")
            field(say("smallest effect worth having"), "", partial(self._give, "margin")).props("data-field=margin")
            for name, text in (("low", say("promised, at least")), ("value", say("promised")),
                               ("high", say("promised, at most"))):  # fmt: skip
                field(text, "", partial(self._give, name)).props(f"data-field={name}")
            tool(html.escape(say("Fix it")), lambda: self.bench.call(self._fix), kind="lb-primary")

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:400]

    def _choose(self, act: str) -> None:
        self._act = act
        self.bench.call(self.again)

    async def _read(self) -> None:
        found = await self.bench.ask(self.desk.judged)
        if found is None or not self.bench.alive:
            return
        known = (self._act, tuple((one.kept.seq, one.outcome.facts, one.outcome.verdict) for one in found))
        if known == self._known:
            return
        self._known, self._found = known, found
        part = sheet_part(self._made())
        with self.bench.client:
            acts = [(one.kept.decision.act, one.kept.decision.act) for one in found]
            self._acts.fill([("", self.say("all acts")), *acts], self._act)
            self._sheet.clear()
            with self._sheet:
                ui.html(part, sanitize=False)

    def _made(self) -> Sheet:
        zone = self.bench.view.plant.zone
        own = next((one for one in self._found if one.kept.decision.act == self._act), None)
        if own is not None:
            return outcome_sheet(own.outcome, self.say, zone)
        return board_sheet([one.outcome for one in self._found], self.say, zone, self.bench.view.plant.name)

    # ------------------------------------------------------------------ acts

    async def _file(self, kind: str) -> None:
        made = await self.bench.ask(file_of, self._made(), kind, self.say.language)
        if made is not None:
            content, media = made
            self.bench.download(content, f"outcomes.{kind}", media)

    async def _record(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        for one in [self._act] if self._act else [one.kept.decision.act for one in self._found]:
            await self.bench.ask(self.desk.record, one, person)
        self.bench.say_to(self.say("In the books."))
        await self.again()

    async def _fix(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        try:
            asked = self._asked()
        except LubanError as error:
            self.bench.complain(error)
            return
        made = await self.bench.ask(self.desk.fix, asked, person)
        if made is None:
            return
        self._act = made.decision.act
        with self.bench.client:
            self._draw_form()
        await self.again()

    def _asked(self) -> AskedBaseline:
        given = self._given
        promised = [optional_number(given.get(name, ""), name) for name in ("value", "low", "high")]
        value, low, high = promised
        promise = None if value is None else (value, value if low is None else low, value if high is None else high)
        return AskedBaseline(
            given.get("act", ""), given.get("figure", ""), parse_time(given.get("at", ""), self.bench.view.plant.zone),
            int(number(given.get("days", "") or "60", "days")), given.get("lever", ""), given.get("better", "less"),
            optional_number(given.get("margin", ""), "margin"), promise=promise,
        )  # fmt: skip
