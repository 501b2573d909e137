"""The green factory: the sheet with its evidence, statements put on record, footprints, processes, the report."""

from __future__ import annotations

import html
from typing import Any, Final

from nicegui import ui

from luban.core.errors import LubanError
from luban.norms.green_factory import editions
from luban.screens.report.green import footprint_sheet, green_sheet
from luban.screens.report.green_projects import projects_sheet
from luban.screens.report.green_report import report_sheet
from luban.screens.report.green_trail import facts_grid
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.service.green import GreenDesk
from luban.screens.users import Role
from luban.screens.web.energy_balance import no_readings
from luban.screens.web.energy_frame import Bench
from luban.screens.web.energy_window import WindowChoice
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.quality_typed import number as typed
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.green import QUANTITIES, GreenAccount, Line, ScoreSheet

__all__ = ["GreenPanel"]

_ROW: Final = "(event) => { const one = event.target.closest('tbody tr'); if (one) { emit(one.cells[0].innerText); } }"
_SHOW: Final = "document.getElementById('lb-green-evidence').scrollIntoView({block: 'center'})"


class GreenPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = GreenDesk(bench.books)
        self._year = list(editions())[-1]
        self._view = "score"
        self._point = ""
        self._version: tuple[int, ...] = ()
        self._turn = 0
        self._given = {"value": "", "document": "", "baseline": "", "leading": ""}
        self._made: tuple[GreenAccount, ScoreSheet] | None = None

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").classes("lb-tools"):
            self._window = WindowChoice(self.bench)
            self._editions = Choice(say("edition"), self._edition)
            self._views = Choice(say("what to show"), self._viewed)
        self._sheet = SheetView(self.bench, "", lambda: f"green-{self._view.replace(':', '-')}")
        self._sheet.body.on("click", self._row, js_handler=_ROW)
        with card(say("Evidence")) as head:
            with head:
                self._points = Choice(say("line of the sheet"), self._chosen)
            self._facts = ui.element("div").classes("lb-scroll").props("id=lb-green-evidence")
        if self.bench.may(Role.ENGINEER) and self.bench.books.writable:
            self._form()

    def _form(self) -> None:
        say = self.say
        with card(say("Put a statement on record")):
            text = say("It holds for the window of time above. A document must show it; baseline and leading value are "
                       "those of your trade.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            with ui.element("div").classes("lb-form lb-gform"):
                self._names = labelled_choice(say("what"), (), "", lambda _value: None)
                field(say("value"), "", lambda value: self._give("value", value))
                field(say("document"), "", lambda value: self._give("document", value), "text")
                field(say("baseline value"), "", lambda value: self._give("baseline", value))
                field(say("leading value"), "", lambda value: self._give("leading", value))
            with ui.element("div").classes("lb-tools"):
                tool(html.escape(say("Put on record")), lambda: self.bench.call(self._state), kind="lb-primary")
                tool(html.escape(say("It does not apply to this plant")), lambda: self.bench.call(self._not_applied))

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:400]

    # ------------------------------------------------------------------ reading

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where readings came in."""
        self._turn += 1
        if self._turn % 20 == 0 and self.bench.books.version != self._version:
            await self._draw()

    async def _edition(self, value: str) -> None:
        self._year, self._point = value, ""
        await self._draw()

    async def _viewed(self, value: str) -> None:
        self._view = value
        await self._draw()

    async def _draw(self) -> None:
        asked = chosen, year, view = self.bench.chosen, self._year, self._view
        text = ""

        def read() -> tuple[tuple[int, ...], GreenAccount, ScoreSheet, Sheet]:
            books = self.bench.books
            version, span = books.version, books.range(chosen)
            account, scored = self.desk.sheet(span, year)
            return version, account, scored, self._shown(account, scored, view)

        made: Any = None
        try:
            made = await self.bench.reads(read)
        except LubanError as error:
            came = f" · {error.came}" if error.came else ""
            text = no_readings(self.say) if error.message == NO_READING else notice(self.say(error.message) + came)
        if not self.bench.alive or asked != (self.bench.chosen, self._year, self._view):
            return
        rows = await self._evidence(made[1], made[2]) if made is not None else []
        if not self.bench.alive:
            return
        with self.bench.client:
            self._window.follow()
            if made is None:
                self._made = None
                self._sheet.nothing("")
                self._sheet.body.content = text
                self._facts.clear()
                return
            self._version, account, scored, sheet = made
            self._made = account, scored
            self._choices(account, scored)
            self._sheet.show(sheet)
            self._draw_facts(rows)

    def _shown(self, account: GreenAccount, scored: ScoreSheet, view: str) -> Sheet:
        """The sheet of a view."""
        say, plant = self.say, self.bench.view.plant
        kind, _, item = view.partition(":")
        if kind == "footprint":
            chosen = next((one for one in account.footprints if one.item == item), None)
            if chosen is not None:
                name = plant.items[item].name if item in plant.items else item
                return footprint_sheet(chosen, account, say, plant.zone, plant.name, name)
        if kind in {"processes", "report"}:
            signs, found, money = self._signs(account), self.desk.projects(), plant.cost.currency
            if kind == "processes":
                return projects_sheet(found, signs, say, plant.name, money)
            return report_sheet(account, scored, say, plant.zone, plant.name, signs, found, money)
        return green_sheet(account, scored, say, plant.zone, plant.name)

    def _signs(self, account: GreenAccount) -> Any:
        from luban.decide.green import screen

        return screen(account, [(item.id, item.name) for item in self.bench.view.plant.items.values()])

    def _choices(self, account: GreenAccount, scored: ScoreSheet) -> None:
        say, plant = self.say, self.bench.view.plant
        self._editions.fill([(year, one.title) for year, one in editions().items()], self._year)
        items = [(f"footprint:{one.item}", say("Footprint of {item}", item=plant.items[one.item].name if one.item in
                                               plant.items else one.item)) for one in account.footprints]  # fmt: skip
        views = [("score", say("Green sheet")), *items, ("processes", say("Green processes")),
                 ("report", say("Green report"))]  # fmt: skip
        self._views.fill(views, self._view)
        names = [(one.point.id, say.name(one.point.names)) for one in scored.lines]
        self._point = self._point if self._point in dict(names) else names[0][0]
        self._points.fill(names, self._point)
        if hasattr(self, "_names"):
            known = [*((name, say(meaning)) for name, (_, meaning, _) in QUANTITIES.items()), *names]
            self._names.fill(known, self._names.value if self._names.value in dict(known) else known[0][0])

    # ------------------------------------------------------------------ evidence

    async def _row(self, event: Any) -> None:
        """A row of the sheet was clicked: its point's evidence, where it is one."""
        if self._made is None or self._view not in {"score", "report"}:
            return
        told = str(event.args).strip()
        found = next((one.point.id for one in self._made[1].lines if self.say.name(one.point.names) == told), "")
        if found:
            await self._chosen(found)
            with self.bench.client:
                ui.run_javascript(_SHOW)

    async def _chosen(self, value: str) -> None:
        self._point = value
        if self._made is None:
            return
        rows = await self._evidence(*self._made)
        if self.bench.alive and self._made is not None:
            with self.bench.client:
                self._choices(*self._made)
                self._draw_facts(rows)

    async def _evidence(self, account: GreenAccount, scored: ScoreSheet) -> list[dict[str, Any]]:
        names = [one.point.id for one in scored.lines]
        point = self._point if self._point in names else names[0]
        return await self.bench.ask(self.desk.evidence_of, account, scored, point) or []

    def _draw_facts(self, rows: list[dict[str, Any]]) -> None:
        say = self.say
        self._facts.clear()
        line = next((one for one in self._made[1].lines if one.point.id == self._point), None) if self._made else None
        with self._facts:
            if line is not None:
                value = "" if line.value is None else f"{number(line.value, 5)} · "
                why = say(line.reason) if line.reason else ""
                ui.html(html.escape(f"{value}{why or line.document or ''}"), sanitize=False, tag="p").classes("lb-note")
                source = f"{say('Where the line comes from')}: {line.point.provenance.reference} {self._how(line)}"
                ui.html(html.escape(source), sanitize=False, tag="p").classes("lb-note")
            if not rows:
                ui.html(notice(say("No fact stands behind it.")), sanitize=False)
                return
            part = sheet_part(Sheet("", "", (facts_grid(rows, say, self.bench.view.plant.zone),)))
            ui.html(part, sanitize=False).classes("lb-scroll lb-sheet lb-tplain lb-gfacts")

    def _how(self, line: Line) -> str:
        say = self.say
        told = {"second hand": say("(read at second hand)"), "memory": say("(from memory)"),
                "convention": say("(weight by own convention)"),
                "memory and convention": say("(from memory; weight by own convention)")}  # fmt: skip
        return told.get(line.point.how, "")

    # ------------------------------------------------------------------ statements

    async def _state(self) -> None:
        await self._record(applies=True)

    async def _not_applied(self) -> None:
        await self._record(applies=False)

    async def _record(self, *, applies: bool) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        name, given, chosen = self._names.value, dict(self._given), self.bench.chosen

        def act() -> None:
            value, baseline, leading = (typed(given[one], one) if given[one].strip() and applies else None
                                        for one in ("value", "baseline", "leading"))  # fmt: skip
            self.desk.state(name, value, self.bench.books.range(chosen), person=person, document=given["document"],
                            baseline=baseline, leading=leading, applies=applies)  # fmt: skip

        if await self.bench.do(act):
            self.bench.say_to(self.say("It is on record."))
            await self._draw()
