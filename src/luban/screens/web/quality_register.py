"""The gauge register on the page: what is due, each gauge's chain to a national standard, lots held by a gauge."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from luban.core.errors import InputError, LubanError
from luban.core.time import SECOND, from_datetime, now as moment
from luban.screens.i18n import Words
from luban.screens.report.quality_register import gauge_sheet, register_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.sampling import GaugeDesk
from luban.screens.users import Role
from luban.screens.web.quality_columns import LEFT, RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.understand.quality.gauge_use import GaugeUse
from luban.understand.quality.gauges import Due, Gauge, chain, state_at

__all__ = ["RegisterPanel"]

_PAUSE = 10 * SECOND
_OVERVIEW = "–"


class RegisterPanel:
    """What is in the tab: left gauges and what to enter, right the due list or one gauge."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self._service = GaugeDesk(bench.books)
        self._gauges: dict[str, Gauge] = {}
        self._use: GaugeUse | None = None
        self._due: tuple[Due, ...] = ()
        self._chosen = ""
        self._head, self._read_at = -1, 0
        self._given: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        ui.add_head_html('<link rel="stylesheet" href="/assets/sheet.css">')
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(LEFT):
                with card(say("Gauge")), ui.element("div").classes("lb-form"):
                    self._choice = Choice(say("Gauge"), self._choose)
                self._forms = ui.element("div").style("display: grid; gap: 12px")
            with ui.element("div").style(RIGHT), card() as head:
                with head:
                    self._tools = ui.element("div").classes("lb-tools")
                self._shown = ui.element("div")

    async def show(self) -> None:
        """Read the books and draw."""
        await self._read()

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown, every few seconds at most: it goes through all measured values."""
        if now.head != self._head and now.time - self._read_at > _PAUSE:
            self._head = now.head
            await self._read()

    async def _read(self) -> None:
        self._read_at = moment()
        found = await self.bench.ask(self._service.overview)
        if found is None or not self.bench.alive:
            return
        gauges, due, use = found
        if (gauges, use) == (self._gauges, self._use):
            return
        self._gauges, self._use, self._due = gauges, use, due
        with self.bench.client:
            self._draw()

    def _choose(self, name: str) -> None:
        self._chosen = "" if name == _OVERVIEW else name
        self._draw()

    # ------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        say = self.say
        entries = [(_OVERVIEW, say("all gauges: due list")), *((name, name) for name in sorted(self._gauges))]
        self._choice.fill(entries, self._chosen or _OVERVIEW)
        self._forms.clear()
        with self._forms:
            if self.bench.may(Role.ENGINEER):
                if self._chosen:
                    self._calibration_card(self._gauges[self._chosen])
                else:
                    self._register_card()
        if self._use is None:
            return
        own, zone = self._gauges.get(self._chosen), self.bench.view.plant.zone
        if own is None:
            self._show(register_sheet(self._due, self._use, say, zone), "gauges")
            return
        at = moment()
        self._show(gauge_sheet(own, chain(self._gauges, own.id, at), state_at(own, at), say, zone), own.id)

    def _show(self, sheet: Sheet, name: str) -> None:
        show_sheet(self.bench, self._shown, self._tools, sheet, name)

    def _register_card(self) -> None:
        say = self.say
        with card(say("Register a gauge")), ui.element("div").classes("lb-form"):
            self._text("id", say("Number"))
            self._text("type", say("Type, e.g. caliper"))
            self._text("measures", say("Range"))
            self._text("unit", say("Unit of its uncertainty"))
            self._text("place", say("Place"))
            self._text("days", say("Days between calibrations"), "number")
            tool(html.escape(say("Register")), self._register, kind="lb-take")

    def _calibration_card(self, own: Gauge) -> None:
        say = self.say
        with card(say("Enter a calibration")), ui.element("div").classes("lb-form"):
            self._text("day", say("Done on"), "date")
            self._text("due", say("Due on; by its days if empty"), "date")
            self._text("certificate", say("Certificate"))
            self._text("laboratory", say("Laboratory"))
            self._text("uncertainty", say("Expanded uncertainty"), "number")
            self._text("coverage", say("Coverage factor k; 2 if empty"), "number")
            self._text("standard", say("Compared with this gauge of the register"))
            self._text("national", say("or with this national standard"))
            choices = [("", say("not said")), ("in", say("in tolerance")), ("out", say("out of tolerance"))]
            self._pick("found", say("As it came in"), choices)
            self._pick("passed", say("Result"), [("yes", say("passed")), ("no", say("not passed"))])
            tool(html.escape(say("Enter")), lambda: self._calibrate(own), kind="lb-take")
        with card(say("Service")), ui.element("div").classes("lb-tools"):
            used = own.in_service(moment())
            text = say("Take out of service") if used else say("Put back into service")
            tool(html.escape(text), lambda: self._do(self._service.serve, own.id, used=not used))

    def _text(self, name: str, label: str, kind: str = "text") -> None:
        self._given.setdefault(name, "")
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field={name}")

    def _pick(self, name: str, label: str, entries: list[tuple[str, str]]) -> None:
        self._given.setdefault(name, entries[0][0])
        labelled_choice(label, entries, self._given[name], lambda value: self._given.__setitem__(name, value))

    # ------------------------------------------------------------------ acts

    async def _register(self) -> None:
        given, name = self._given, self._given["id"].strip()
        try:
            days = _number(given["days"], self.say("Days between calibrations"))
        except InputError as error:
            self.bench.complain(error)
            return
        told = {key: given[key] for key in ("type", "place", "unit", "measures")}
        if await self._do(self._service.register, name, **told, days=days):
            with self.bench.client:
                self._choose(name)

    async def _calibrate(self, own: Gauge) -> None:
        given, say = self._given, self.say
        try:
            numbers = {
                "uncertainty": _number(given["uncertainty"], say("Expanded uncertainty")),
                "coverage": _number(given["coverage"], say("Coverage factor k; 2 if empty")) or 2.0,
                "time": self._day(given["day"], say("Done on")),
                "due": self._day(given["due"], say("Due on; by its days if empty")),
            }
        except InputError as error:
            self.bench.complain(error)
            return
        told = {key: given[key] for key in ("certificate", "laboratory", "standard", "national", "found")}
        await self._do(self._service.calibrate, own.id, **told, **numbers, passed=given["passed"] == "yes")

    def _day(self, text: str, where: str) -> int | None:
        """Start of a day of the plant's zone [µs UTC]; None for an empty field."""
        if not text.strip():
            return None
        try:
            day = datetime.fromisoformat(text.strip())
        except ValueError:
            raise InputError("not a date", came=text, expected="e.g. 2026-03-02", where=where) from None
        return from_datetime(day.replace(tzinfo=self.bench.view.plant.zone or UTC))

    async def _do(self, act: Callable[..., Any], name: str, **given: Any) -> bool:
        """Have the service write something; False after an error, which the page then shows."""
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return False
        try:
            await self.bench.reads(act, name, person=person, **given)
        except LubanError as error:
            self.bench.complain(error)
            return False
        self._given = {}
        await self._read()
        return True


def _number(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InputError("not a number", came=text, where=where) from None
