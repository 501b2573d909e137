"""Meters and balance: flows through the meter tree, what no meter saw, what was left out, and the readings behind."""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import HOUR
from luban.screens.report.energy_plant import balance_sheet, window_text
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Grid, Sheet, sheet_part
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.web.energy_frame import Bench
from luban.screens.web.energy_window import WindowChoice, worked_out
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.meters import Doubt

__all__ = ["BalancePanel", "no_readings"]

_NONE = "–"
_SHOWN = 24
_CLICK = "(event) => { const one = event.target.closest('[data-meter]'); if (one) { emit(one.dataset.meter); } }"
_THERE = "document.getElementById('lb-efacts')?.scrollIntoView({block: 'nearest', behavior: 'smooth'})"
_KEYS = (
    "(event) => { if (event.key !== 'Enter' && event.key !== ' ') { return; }"
    " const one = event.target.closest('[data-meter]');"
    " if (one) { event.preventDefault(); emit(one.dataset.meter); } }"
)


def no_readings(say: Any) -> str:
    """What to do where the books hold no meter readings, as HTML."""
    text = say("The books hold no meter readings yet. Describe the meters in meters.csv of the plant's folder, and "
               "bring their readings in: from a table of readings, or from a counter of a machine. See the guide on "
               "energy.")  # fmt: skip
    return notice(text)


class BalancePanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._version: tuple[int, ...] = ()
        self._account: EnergyAccount | None = None
        self._meter = ""
        self._around: Doubt | None = None
        self._turn = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        with ui.element("div").classes("lb-tools"):
            self._window = WindowChoice(self.bench)
        self._holder = ui.element("div").classes("lb-qpanel lb-epicture")
        with self._holder:
            self._sheet = SheetView(self.bench, "", lambda: "energy-balance")
        self._sheet.body.on("click", self._picked, js_handler=_CLICK)
        self._sheet.body.on("keydown", self._picked, js_handler=_KEYS)
        self._facts = ui.element("div").classes("lb-qpanel").props("id=lb-efacts")

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where readings came in."""
        self._turn += 1
        if self._turn % 4 == 0 and self.bench.books.version != self._version:
            await self._draw(waits=False)

    async def _draw(self, *, waits: bool = True) -> None:
        books, say, plant = self.bench.books, self.say, self.bench.view.plant
        chosen, wrong = self.bench.chosen, ""

        def read() -> tuple[tuple[int, ...], EnergyAccount, Sheet]:
            span = books.range(chosen)
            version, account = books.version, books.account(span)
            return (
                version,
                account,
                balance_sheet(account, say, plant.zone, plant.name, lambda meter: say(books.name(meter))),
            )

        made = None
        try:
            made = await worked_out(self.bench, read, self._sheet.nothing if waits else None)
        except LubanError as error:
            wrong = error.message
            came = f" · {error.came}" if error.came else ""
            text = no_readings(say) if wrong == NO_READING else notice(say(wrong) + came)
        if not self.bench.alive or chosen != self.bench.chosen:
            return
        with self.bench.client:
            self._window.follow()
            if made is None:
                self._account = None
                self._sheet.nothing("")
                self._sheet.body.content = text
                self._facts.clear()
                return
            self._version, self._account, sheet = made
            self._sheet.show(sheet)
        if self._meter:
            await self._readings(self._meter, self._around)

    # ------------------------------------------------------------------ the readings behind

    async def _picked(self, event: Any) -> None:
        await self._readings(str(event.args)[:400])
        if self.bench.alive:
            with self.bench.client:
                ui.run_javascript(_THERE)

    async def _readings(self, meter: str, around: Doubt | None = None) -> None:
        account = self._account
        if account is None or meter not in {one.meter.id for one in account.meters}:
            return
        self._meter, self._around = meter, around
        start, end = account.start, account.end
        if around is not None:
            start, end = around.start - 2 * HOUR, around.end + 2 * HOUR
        rows = await self.bench.ask(self.bench.books.facts, meter, start, end)
        if rows is None or not self.bench.alive:
            return
        with self.bench.client:
            self._show_facts(meter, rows, (start, end), account)

    def _show_facts(
        self, meter: str, rows: list[dict[str, Any]], span: tuple[int, int], account: EnergyAccount
    ) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        name = say(self.bench.books.name(meter))
        doubts = [one for one in account.tree.doubts if one.meter == meter]
        wrong = {one.seq for one in doubts if one.seq}
        self._facts.clear()
        with self._facts, card(say("Readings of {meter}", meter=name if name == meter else f"{name} ({meter})")):
            if doubts:
                with ui.element("ul").classes("lb-edoubts"):
                    for one in doubts[:_SHOWN]:
                        self._doubt(meter, one)
            else:
                ui.html(html.escape(say("Nothing about them is doubtful.")), sanitize=False, tag="p").classes("lb-note")
            shown = rows[-_SHOWN:]
            heads = (say("time"), say("register"), say("interval"), say("unit"), say("quality code"), say("fact"))
            cells = [
                (window_text(row["time"], row["time"], zone).partition(" – ")[0], _told(row["register"]),
                 _told(row["interval"]), row["measured_in"], str(row["quality"]), str(row["seq"]))
                for row in shown
            ]  # fmt: skip
            tones = {at: "doubt" for at, row in enumerate(shown) if row["seq"] in wrong}
            title = say("{shown} of {count} readings, {span}", shown=len(shown), count=len(rows),
                        span=window_text(*span, zone))  # fmt: skip
            part = sheet_part(Sheet(title, "", (Grid(heads, cells, "", frozenset({1, 2, 4, 5}), tones),)))
            ui.html(part, sanitize=False).classes("lb-scroll lb-sheet lb-tplain")

    def _doubt(self, meter: str, one: Doubt) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        amount = "" if one.amount is None else f" · {say('left out')}: {number(float(one.amount), 5)} {one.unit}"
        with ui.element("li"):
            text = f"{window_text(one.start, one.end, zone)}: {say(one.text)}{amount}"
            ui.html(html.escape(text), sanitize=False, tag="span")
            tool(html.escape(say("Readings around it")), lambda: self.bench.call(self._readings, meter, one))


def _told(value: float | None) -> str:
    return _NONE if value is None else f"{value:.12g}"
