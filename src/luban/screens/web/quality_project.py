"""Improvement projects on the page: a charter, phase after phase, and the gain that the facts show."""

from __future__ import annotations

import html
from functools import partial
from typing import TypeAlias

from nicegui import ui

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.decide.improve.project import PHASES, Aim, Project, Verified, projects
from luban.screens.i18n import Words
from luban.screens.report.quality_experiment import phase_word, project_sheet, projects_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service.experiments import GainDesk
from luban.screens.users import Role
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.quality_typed import free_name, optional_number
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["ProjectDesk"]

_Told: TypeAlias = tuple[Project, Verified | None, str]


class ProjectDesk:
    """Left the list and the acts, right all projects or one with its gain."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self._given = {"id": "", "title": "", "problem": "", "of": "", "from": "", "to": "", "target": "", "wanted": "",
                       "note": "", "since": ""}  # fmt: skip
        self._chosen = {"measure": "spread", "wish": "-1"}
        self._all: tuple[Project, ...] = ()
        self._own = ""
        self.desk = GainDesk(bench.books)

    def build(self, left: str, right: str) -> None:
        """Lay it out; `left` and `right` are the styles of the two columns."""
        with ui.element("div").style(left):
            self._list = ui.element("div")
            self._desk = ui.element("div")
        with ui.element("div").style(right), card() as head:
            with head:
                self._tools = ui.element("div").classes("lb-tools")
            self._shown = ui.element("div").props("aria-live=polite")

    async def show(self) -> None:
        """Read the books and draw."""
        if not self._given["of"]:
            self._given["of"] = self.bench.chosen
        await self._read(draw=True)

    async def grown(self) -> None:
        """The books have grown: read again, draw where a project changed."""
        await self._read()

    async def _read(self, *, draw: bool = False) -> None:
        found = await self.bench.ask(projects, self.bench.view.ledger)
        if found is None or not self.bench.alive or (found == self._all and not draw):
            return
        self._all = found
        with self.bench.client:
            await self._draw()

    def _project(self) -> Project | None:
        return next((p for p in self._all if p.id == self._own), None)

    async def _open(self, name: str) -> None:
        self._own = name
        await self._draw()

    async def _draw(self) -> None:
        say = self.say
        self._list.clear()
        with self._list, card(say("Improvement projects")), ui.element("div").classes("lb-tools"):
            for one in self._all[:40]:
                text = f"{one.title} · {phase_word(say, one.phase)}"
                button = tool(html.escape(text), lambda one=one: self._open(one.id))
                button.props(f"aria-pressed={str(one.id == self._own).lower()}")
            tool(html.escape(say("All projects")), lambda: self._open(""))
        own = self._project()
        self._desk.clear()
        with self._desk:
            self._charter() if own is None else self._phases(own)
        told = await (self.bench.ask(self._only, own.id) if own is not None else self.bench.ask(self.desk.listed))
        if told is None or not self.bench.alive:
            return
        with self.bench.client:
            zone = self.bench.view.plant.zone
            self._show(project_sheet(own, told[0][1], say, told[0][2], zone) if own else projects_sheet(told, say))

    # ------------------------------------------------------------------ acts

    def _charter(self) -> None:
        say = self.say
        if not self.bench.may(Role.ENGINEER):
            return
        with card(say("New project")), ui.element("div").classes("lb-form"):
            self._text("title", say("Title"))
            self._text("problem", say("The problem"))
            self._text("of", say("Measured by (item:characteristic, or a work unit)"))
            measures = [
                ("mean", say("mean")),
                ("spread", say("standard deviation")),
                ("share", say("share that is bad")),
            ]
            self._choice("measure", say("What is compared"), measures)
            self._choice("wish", say("Better is"), [("-1", say("less")), ("1", say("more"))])
            self._text("target", say("or nearer to (mean only)"), "number")
            self._text("wanted", say("Figure to reach (if any)"), "number")
            self._text("from", say("Time before, from"), "datetime-local")
            self._text("to", say("Time before, to"), "datetime-local")
            tool(html.escape(say("Enter the charter")), self._define, kind="lb-take")

    def _phases(self, own: Project) -> None:
        say = self.say
        if not self.bench.may(Role.ENGINEER):
            return
        with card(own.title), ui.element("div").classes("lb-form"):
            if own.phase == "closed":
                tool(html.escape(say("Open again")), lambda: self._phase("control"))
                return
            following = PHASES[min(PHASES.index(own.phase) + 1, len(PHASES) - 1)]
            self._text("note", say("What was found or done"))
            if following == "improve" or own.phase == "improve":
                self._text("since", say("In effect since (empty: now)"), "datetime-local")
            with ui.element("div").classes("lb-tools"):
                text = say("Go on to: {phase}", phase=phase_word(say, following))
                tool(html.escape(text), lambda: self._phase(following), kind="lb-take")
                if own.phase == "improve":
                    tool(html.escape(say("Another change")), lambda: self._phase("improve"))

    def _text(self, name: str, label: str, kind: str = "text") -> None:
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field=project-{name}")

    def _choice(self, name: str, label: str, entries: list[tuple[str, str]]) -> None:
        labelled_choice(label, entries, self._chosen[name], lambda value: self._chosen.__setitem__(name, value))

    def _moment(self, name: str) -> int:
        return parse_time(self._given[name], self.bench.view.plant.zone)

    async def _define(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        given, plant = self._given, self.bench.view.plant
        try:
            target, wanted = (optional_number(given[name], name) for name in ("target", "wanted"))
            of = given["of"].strip()
            pieces = ":" not in of and of not in plant.characteristics
            aim = Aim(of, self._chosen["measure"], pieces, int(self._chosen["wish"]), target, wanted)
            start, end = self._moment("from"), self._moment("to")
        except InputError as error:
            self.bench.complain(error)
            return
        name = free_name(given["title"].strip(), {p.id for p in self._all})
        asked = partial(
            self.desk.define, name, given["title"], aim, start, end, problem=given["problem"], person=person
        )
        if await self.bench.ask(asked) is not None:
            self._own = name
            await self._read(draw=True)

    async def _phase(self, phase: str) -> None:
        person, own = self.bench.person(Role.ENGINEER), self._project()
        if person is None or own is None:
            return
        try:
            since = self._moment("since") if phase == "improve" and self._given["since"] else None
        except InputError as error:
            self.bench.complain(error)
            return
        note = self._given["note"]
        if await self.bench.ask(self.desk.go_on, own.id, phase, text=note, person=person, since=since) is not None:
            self._given["note"] = ""
            await self._read(draw=True)

    def _only(self, name: str) -> list[_Told]:
        return [self.desk.one(name)]

    def _show(self, sheet: Sheet) -> None:
        show_sheet(self.bench, self._shown, self._tools, sheet, "project")
