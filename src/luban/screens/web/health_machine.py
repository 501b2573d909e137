"""The tab of one machine: how it is now and why, its channels over time, what it looked like last time."""

from __future__ import annotations

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import parse_time
from luban.screens.report.health_print import printed_machine
from luban.screens.service import Now
from luban.screens.users import Role
from luban.screens.web.health_frame import Bench
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import Choice, field, tool
from luban.screens.web.tabs import card

__all__ = ["MachineChoice", "MachinePanel"]

_EVERY = 20  # ticks between looks: ten seconds


class MachineChoice:
    """The drop-down of machines that several tabs have."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._choice = Choice(bench.say("Machine"), bench.choose)

    async def ready(self) -> bool:
        """Fill it, and choose the first machine where none is chosen; whether there is one to show."""
        paths = self.bench.books.machines()
        if self.bench.chosen not in paths:
            if paths:
                await self.bench.choose(paths[0])
            return False
        plant = self.bench.view.plant
        with self.bench.client:
            self._choice.fill([(path, plant.place(path).name or path) for path in paths], self.bench.chosen)
        return True


class MachinePanel:
    """One machine."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._turn = self._drawn = 0
        self._since = self._reason = ""

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with ui.element("div").classes("lb-tools"):
            self.choice = MachineChoice(self.bench)
        self.view = SheetView(self.bench, "", lambda: f"health-{self.bench.chosen}")
        if self.bench.may(Role.ENGINEER):
            with card(say("Learn anew what is usual")), ui.element("div").classes("lb-gform"):
                field(say("from (date and time)"), "", self._set_since, "datetime-local")
                field(say("reason"), "", self._set_reason, "text")
                tool(say("Learn anew"), lambda: self.bench.call(self._learn), kind="lb-primary")

    def _set_since(self, text: str) -> None:
        self._since = text

    def _set_reason(self, text: str) -> None:
        self._reason = text[:500]

    async def show(self) -> None:
        """Read and draw."""
        if not await self.choice.ready() or not self.bench.alive:
            return
        turn = self._turn = self._turn + 1
        machine = self.bench.chosen
        try:
            sheet = await self.bench.reads(printed_machine, self.bench.books, machine, self.say)
        except LubanError as error:
            if self.bench.alive and turn == self._turn:
                told = [self.say(error.message), self.say(error.hint) if error.hint else ""]
                with self.bench.client:
                    self.view.nothing(" · ".join(filter(None, told)))
            return
        if self.bench.alive and turn == self._turn and machine == self.bench.chosen and sheet != self.view.sheet:
            with self.bench.client:
                self.view.show(sheet)

    async def _learn(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        books, machine = self.bench.books, self.bench.chosen

        def act() -> None:
            books.learn(machine, parse_time(self._since, books.view.plant.zone), self._reason, person=person)

        if await self.bench.do(act):
            self.bench.say_to(self.say("It is on record; what is usual is learned from then on."))
            await self.show()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """What changed since."""
        self._drawn += 1
        if self._drawn % _EVERY == 0:
            await self.show()
