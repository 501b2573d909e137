"""The tab of diagnosis: why a machine is unusual, and its cases: opened, named by what was found, or dismissed."""

from __future__ import annotations

import html
from functools import partial

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.health_around import cause_blocks
from luban.screens.report.health_drawings import moment
from luban.screens.report.sheet import Block, Grid, Note, Sheet
from luban.screens.service import Now
from luban.screens.service.health_causes import Causes, CausesDesk
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
    """Causes and cases of one machine."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = CausesDesk(bench.books)
        self._turn = self._drawn = 0
        self._cases: tuple[Ailment, ...] | None = None
        self._text = ""
        self._typed: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out."""
        with ui.element("div").classes("lb-tools"):
            self.choice = MachineChoice(self.bench)
        self.view = SheetView(self.bench, self.say("Why"), lambda: f"diagnosis-{self.bench.chosen}")
        with card(self.say("Cases")):
            self.cases = ui.element("div").classes("lb-hcases")
        if self.bench.may(Role.OPERATOR):
            with card(self.say("Open a case")), ui.element("div").classes("lb-gform"):
                field(self.say("what was seen"), "", self._set_text, "text")
                tool(self.say("Open a case"), lambda: self.bench.call(self._open), kind="lb-primary")

    def _type(self, case: str, text: str) -> None:
        self._typed[case] = text

    def _set_text(self, text: str) -> None:
        self._text = text[:300]

    async def show(self) -> None:
        """Read and draw."""
        if not await self.choice.ready() or not self.bench.alive:
            return
        turn = self._turn = self._turn + 1
        machine = self.bench.chosen
        try:
            told = await self.bench.reads(self.desk.causes, machine)
        except LubanError as error:
            if self.bench.alive and turn == self._turn:
                parts = (self.say(error.message), error.came, error.where)
                with self.bench.client:
                    self.view.nothing(" · ".join(filter(None, parts)), alarm=True)
            return
        if not self.bench.alive or turn != self._turn or machine != self.bench.chosen:
            return
        with self.bench.client:
            self._draw(told)

    def _draw(self, told: Causes) -> None:
        if told.verdict is None:
            self.view.nothing(self.say(told.reason))
        elif (sheet := self._sheet(told)) != self.view.sheet:
            self.view.show(sheet)
        if told.cases == self._cases:
            return
        self._cases = told.cases
        self.cases.clear()
        with self.cases:
            if not told.cases:
                ui.html(notice(self.say("No case is in the book. Open one when something is found.")), sanitize=False)
            for one in told.cases[:_MOST]:
                self._case(one)

    def _sheet(self, told: Causes) -> Sheet:
        say = self.say
        blocks: list[Block] = cause_blocks(told, say)
        blocks.append(Note(say("Compared with {n} past cases that people named.", n=told.known), "quiet"))
        if told.skipped:
            blocks.append(
                Grid(
                    (say("rule"), say("why it is not held against this machine")),
                    told.skipped,
                    title=say("Rules passed over"),
                )
            )
        if told.excluded:
            heads = (say("case"), say("machine"), say("cause"), say("reason"))
            unused = tuple((one.where, one.field, one.came, say(one.reason)) for one in told.excluded[:_MOST])
            blocks.append(Grid(heads, unused, title=say("Past cases that cannot be compared")))
        place = self.bench.view.plant.place(self.bench.chosen)
        return Sheet(place.name or self.bench.chosen, "", tuple(blocks))

    def _case(self, one: Ailment) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        names = {"open": say("open"), "named": say("named"), "dismissed": say("no fault")}
        parts = [f"<b>{html.escape(one.cause or names.get(one.state, one.state))}</b>"]
        parts.append(html.escape(f"{names.get(one.state, one.state)} · {moment(one.start, zone)}"))
        if one.person or one.text:
            parts.append(html.escape(": ".join(filter(None, (one.person, one.text)))))
        parts += [
            html.escape(say("proposed: {cause} ({who})", cause=own.cause, who=own.person or say("program")))
            for own in one.proposals
        ]
        with ui.element("section").classes("lb-hcase") as box:
            box._props.update({"data-case": one.id, "data-state": one.state})  # noqa: SLF001
            ui.html("<br>".join(parts), sanitize=False)
            if one.state == "open" and self.bench.may(Role.ENGINEER):
                with ui.element("div").classes("lb-gform"):
                    field(say("cause found"), "", partial(self._type, one.id), "text")
                    tool(say("Name the cause"), lambda case=one.id: self.bench.call(self._name, case))
                    tool(say("No fault"), lambda case=one.id: self.bench.call(self._dismiss, case))

    async def _open(self) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is not None and await self.bench.do(self.desk.open, self.bench.chosen, self._text, person=person):
            await self.show()

    async def _name(self, case: str) -> None:
        person = self.bench.person(Role.ENGINEER)
        cause = self._typed.get(case, "")
        if person is not None and await self.bench.do(self.desk.name, self.bench.chosen, case, cause, person=person):
            await self.show()

    async def _dismiss(self, case: str) -> None:
        person = self.bench.person(Role.ENGINEER)
        why = self._typed.get(case, "")
        if person is not None and await self.bench.do(self.desk.dismiss, self.bench.chosen, case, why, person=person):
            await self.show()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """What changed since."""
        self._drawn += 1
        if self._drawn % _EVERY == 0:
            await self.show()
