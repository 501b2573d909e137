"""One work order in the maintenance tab: what a technician takes along, and the steps that it can take now."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from luban.core.time import parse_time, to_datetime
from luban.decide.maintain import FITS, WorkOrder
from luban.decide.maintain.words import FOUND
from luban.screens.i18n import Words
from luban.screens.report.health_maintenance import order_sheet
from luban.screens.report.sheet import sheet_part
from luban.screens.service.maintenance import MaintenanceDesk, role_for
from luban.screens.users import Role
from luban.screens.web.health_frame import Bench
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.quality_typed import optional_number
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["OrderCard"]


class OrderCard:
    """What stands in the card of the chosen order.

    again   reads the books anew after something was written
    chosen  id of the order that is shown; "" while none is
    """

    def __init__(self, bench: Bench, desk: MaintenanceDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.desk, self._again = bench, desk, again
        self.say: Words = bench.say
        self.chosen = ""
        self._kept: Any = None
        self._given: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out."""
        self._one = ui.element("div").classes("lb-morder")

    def choose(self, name: str) -> None:
        """Show that order; the same again closes it."""
        self.chosen = "" if name == self.chosen else name
        self._given = {}
        self._kept = None

    def draw(self, found: Mapping[str, WorkOrder]) -> None:
        """Show how it stands; a form that somebody is filling in stays where nothing changed."""
        one = found.get(self.chosen)
        if one == self._kept and one is not None:
            return
        self._kept = one
        self._one.clear()
        if one is None:
            return
        sheet = order_sheet(one, self.say, self.bench.view.plant.zone)
        with self._one, card() as head:
            with head, ui.element("div").classes("lb-tools"):
                download_tools(self.bench, sheet, one.id)
            ui.html(sheet_part(sheet), sanitize=False)
            if self.bench.may(Role.OPERATOR) and one.open:
                self._steps(one)

    # ------------------------------------------------------------------ steps

    def _steps(self, one: WorkOrder) -> None:
        say = self.say
        fits = {code for code, states in FITS.items() if one.state in states and self.bench.may(role_for(code))}
        names = {"release": say("Release"), "begin": say("Begin"), "finish": say("Finish"), "close": say("Sign off"),
                 "cancel": say("Cancel the order")}  # fmt: skip
        with ui.element("div").classes("lb-form lb-msteps"):
            for item in one.unanswered if "check" in fits else ():
                with ui.element("div").classes("lb-tools") as row:
                    row._props["data-item"] = item  # noqa: SLF001
                    ui.html(html.escape(item), sanitize=False, tag="span")
                    tool(html.escape(say("in order")), lambda item=item: self.step(one, "check", item=item, ok=True))
                    tool(html.escape(say("not in order")),
                         lambda item=item: self.step(one, "check", item=item, ok=False))  # fmt: skip
            if "finding" in fits:
                self._finding(one)
            with ui.element("div").classes("lb-gform"):
                self._text("text", say("In words"))
                if "finish" in fits:
                    self._text("hours", say("Hours worked"), "number")
                if "move" in fits:
                    own = to_datetime(one.start, self.bench.view.plant.zone) if one.start is not None else None
                    self._given.setdefault("start", f"{own:%Y-%m-%dT%H:%M}" if own else "")
                    self._text("start", say("Begin"), "datetime-local")
            with ui.element("div").classes("lb-tools"):
                first = next((code for code in ("begin", "finish", "close") if code in fits), "")
                for code, text in names.items():
                    if code in fits:
                        kind = "lb-take" if code == first else ""
                        button = tool(html.escape(text), lambda code=code: self.step(one, code), kind=kind)
                        button.props(f"data-step={code}")
                if "move" in fits:
                    tool(html.escape(say("Move")), lambda: self.step(one, "move")).props("data-step=move")

    def _finding(self, one: WorkOrder) -> None:
        say = self.say
        self._given.setdefault("part", one.part)
        self._given.setdefault("found", "worn")
        with ui.element("div").classes("lb-gform lb-mfinding"):
            self._text("part", say("Part"))
            found = [(key, say(word)) for key, word in FOUND.items()]
            labelled_choice(
                say("How it was found"), found, self._given["found"], lambda v: self._given.__setitem__("found", v)
            )
            self._text("cause", say("Cause"))
            tool(html.escape(say("Note the finding")), lambda: self.step(one, "finding")).props("data-step=finding")

    def _text(self, name: str, label: str, kind: str = "text") -> None:
        self._given.setdefault(name, "")
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field={name}")

    async def step(self, one: WorkOrder, code: str, **data: Any) -> None:
        """Take a step with what was typed beside it; the page says what is missing."""
        person = self.bench.person(role_for(code))
        if person is None:
            return
        given, zone = dict(self._given), self.bench.view.plant.zone

        def act() -> WorkOrder:
            more = dict(data)
            if code == "finding":
                more |= {name: given.get(name, "") for name in ("part", "found", "cause")}
            if code == "finish" and (hours := optional_number(given.get("hours", ""), "hours")) is not None:
                more["hours"] = hours
            if code == "move" and given.get("start"):
                more["start"] = parse_time(given["start"], zone)
            role = self.bench.user.role
            return self.desk.step(one.id, code, person=person, role=role, text=given.get("text", ""), data=more)

        if await self.bench.ask(act) is not None:
            for name in ("text", "cause", "hours"):
                self._given.pop(name, None)
            self.chosen = one.id
            await self._again()
