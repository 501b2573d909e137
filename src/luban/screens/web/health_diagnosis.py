"""The tab of diagnosis: why a machine is unusual, its cases as people name them, and what was learned from them."""

from __future__ import annotations

import html
from functools import partial

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.health_diagnosis import diagnosed_sheet, moment
from luban.screens.service import Now
from luban.screens.service.health_diagnosis import Diagnosed, desk_of
from luban.screens.users import Role
from luban.screens.web.health_frame import Bench
from luban.screens.web.health_machine import MachineChoice
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import field, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.health.diagnosis import Ailment

__all__ = ["DiagnosisPanel"]

_EVERY = 20  # ticks between looks: ten seconds
_MOST = 20


class DiagnosisPanel:
    """Verdict and cases of one machine."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = desk_of(bench.books)
        self._turn = self._ticks = 0
        self._cases: tuple[str, tuple[Ailment, ...]] | None = None
        self._typed: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with ui.element("div").classes("lb-tools"):
            self.choice = MachineChoice(self.bench)
        self.view = SheetView(self.bench, say("Why"), lambda: f"diagnosis-{self.bench.chosen}")
        with card(say("Open cases")):
            self.cases = ui.element("div").classes("lb-hcases")
        if self.bench.may(Role.OPERATOR):
            with card(say("Open a case")), ui.element("div").classes("lb-gform"):
                field(say("what was seen"), "", partial(self._type, "open"), "text")
                tool(html.escape(say("Open a case")), lambda: self.bench.call(self._open), kind="lb-primary")
        if self.bench.may(Role.ENGINEER):
            with card(say("Learn from the cases")), ui.element("div").classes("lb-gform"):
                field(say("reason"), "", partial(self._type, "learn"), "text")
                tool(html.escape(say("Learn now")), lambda: self.bench.call(self._learn))

    def _type(self, name: str, text: str) -> None:
        self._typed[name] = text[:500]

    async def show(self) -> None:
        """Read and draw."""
        if not await self.choice.ready() or not self.bench.alive:
            return
        turn = self._turn = self._turn + 1
        machine = self.bench.chosen
        try:
            told = await self.bench.reads(self.desk.diagnosed, machine)
        except LubanError as error:
            if self.bench.alive and turn == self._turn:
                parts = (error.where, self.say(error.message), error.came, error.expected)
                with self.bench.client:
                    self.view.nothing(" · ".join(filter(None, parts)), alarm=True)
            return
        if not self.bench.alive or turn != self._turn or machine != self.bench.chosen:
            return
        with self.bench.client:
            self._draw(told)

    def _draw(self, told: Diagnosed) -> None:
        if told.verdict is None and told.signatures is None and not told.cases:
            self.view.nothing(self.say(told.reason))
        else:
            place = self.bench.view.plant.place(told.machine)
            sheet = diagnosed_sheet(told, self.say, place.name or told.machine, self.bench.view.plant.zone)
            if sheet != self.view.sheet:
                self.view.show(sheet)
        waiting = tuple(one for one in told.cases if one.state == "open")
        if (told.machine, waiting) == self._cases:
            return
        self._cases = told.machine, waiting
        self.cases.clear()
        with self.cases:
            if not waiting:
                ui.html(notice(self.say("No case is open. Open one when something is found.")), sanitize=False)
            for one in waiting[-_MOST:]:
                self._case(one)

    def _case(self, one: Ailment) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        parts = [f"<b>{html.escape(one.id)}</b> · {html.escape(moment(one.start, zone))}"]
        if one.text:
            parts.append(html.escape(say(one.text)))
        parts += [
            html.escape(say("proposed: {cause} ({who})", cause=own.cause, who=own.person or say("program")))
            for own in one.proposals
        ]
        with ui.element("section").classes("lb-hcase") as box:
            box.props(f'data-case="{html.escape(one.id)}" data-state="{one.state}"')
            ui.html("<br>".join(parts), sanitize=False)
            with ui.element("div").classes("lb-gform"):
                if self.bench.may(Role.OPERATOR):
                    field(say("cause found"), "", partial(self._type, f"cause {one.id}"), "text")
                    field(say("note"), "", partial(self._type, f"note {one.id}"), "text")
                    self._button(say("Propose"), one.id, "propose")
                if self.bench.may(Role.ENGINEER):
                    self._button(say("Name the cause"), one.id, "name", "lb-primary")
                    self._button(say("No fault"), one.id, "dismiss")

    def _button(self, text: str, case: str, act: str, kind: str = "lb-plain") -> None:
        tool(html.escape(text), lambda: self.bench.call(self._act, case, act), kind=kind)

    async def _act(self, case: str, act: str) -> None:
        person = self.bench.person(Role.OPERATOR if act == "propose" else Role.ENGINEER)
        if person is None:
            return
        cause, text = self._typed.get(f"cause {case}", ""), self._typed.get(f"note {case}", "")
        machine, desk = self.bench.chosen, self.desk
        if act == "dismiss":
            done = await self.bench.do(desk.dismiss, machine, person=person, text=text or cause, case=case)
        else:
            told = desk.name if act == "name" else desk.propose
            done = await self.bench.do(told, machine, cause, person=person, text=text, case=case)
        if done:
            await self.show()

    async def _open(self) -> None:
        person = self.bench.person(Role.OPERATOR)
        text = self._typed.get("open", "")
        if person is not None and await self.bench.do(self.desk.open, self.bench.chosen, person=person, text=text):
            await self.show()

    async def _learn(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        text = self._typed.get("learn", "")
        if person is not None and await self.bench.do(self.desk.relearn, self.bench.chosen, person=person, text=text):
            await self.show()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """What changed since."""
        self._ticks += 1
        if self._ticks % _EVERY == 0:
            await self.show()
