"""The board of non-conformances: those that are open, one of them with its history, and the next step."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.report.quality_inspection import nonconformance_sheet, severity_word, state_word
from luban.screens.report.sheet import sheet_part
from luban.screens.service.inspection import InspectionDesk, role_for
from luban.screens.users import Role
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.quality_texts import moment
from luban.screens.web.schedule_parts import Choice, field, tool
from luban.screens.web.tabs import card
from luban.understand.quality.effect import STATISTICS
from luban.understand.quality.inspection import DECISIONS, NonConformance

__all__ = ["Board"]

_MOST = 30


class Board:
    """What stands in the card of the non-conformances.

    again   reads the books anew after something was written
    chosen  id of the one that is shown
    """

    def __init__(self, bench: Bench, desk: InspectionDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.desk, self._again = bench, desk, again
        self.say: Words = bench.say
        self.chosen = ""
        self._all: Mapping[str, NonConformance] = {}
        self._given: dict[str, str] = {}
        self._kept = ""

    def build(self) -> None:
        """Lay it out."""
        with card(self.say("Non-conformances")):
            self._list = ui.element("div")
        self._one = ui.element("div")

    def draw(self, found: Mapping[str, NonConformance]) -> None:
        """Show how they stand; a form that somebody is filling in stays where nothing changed."""
        self._all = found
        self._draw_list()
        one = found.get(self.chosen)
        now = f"{self.chosen}:{len(one.entries)}" if one else ""
        if now != self._kept:
            self._kept = now
            self._draw_one(one)

    def _draw_list(self) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        self._list.clear()
        shown = sorted(self._all.values(), key=lambda one: one.state == "closed")[:_MOST]
        with self._list:
            if not shown:
                ui.html(f'<p class="lb-empty">{html.escape(say("Everything conforms so far."))}</p>', sanitize=False)
            for one in shown:
                words = (
                    state_word(one.state, say),
                    severity_word(one.severity, say),
                    moment(one.opened, zone),
                    ", ".join(one.lots),
                )
                inner = (
                    f'<span class="lb-qrow-name">{html.escape(f"{one.id} · {one.title}")}</span>'
                    f'<span class="lb-qrow-state">{html.escape(" · ".join(filter(None, words)))}</span>'
                )
                state = "signals" if one.held else one.state
                current = str(one.id == self.chosen).lower()
                with ui.element("button").classes("lb-qrow lb-inc") as button:
                    button.props(f"type=button data-state={state} data-id={one.id} aria-current={current}")
                    ui.html(inner, sanitize=False, tag="span").classes("lb-iwords")
                button.on("click", lambda _event, name=one.id: self._choose(name))

    def _choose(self, name: str) -> None:
        self.chosen = "" if name == self.chosen else name
        self._given = {}
        self.draw(self._all)

    def _draw_one(self, one: NonConformance | None) -> None:
        self._one.clear()
        if one is None:
            return
        sheet = nonconformance_sheet(one, self.say, self.bench.view.plant.zone)
        with self._one, card() as head:
            with head, ui.element("div").classes("lb-tools"):
                download_tools(self.bench, sheet, one.id)
            ui.html(sheet_part(sheet), sanitize=False)
            if self.bench.may(Role.OPERATOR):
                self._steps(one)

    # ------------------------------------------------------------------ the next step

    def _steps(self, one: NonConformance) -> None:
        say = self.say
        if one.state == "closed":
            if self.bench.may(Role.ENGINEER):
                tool(html.escape(say("Open again")), lambda: self._step(one, "reopen"))
            return
        with ui.element("div").classes("lb-form lb-istep"):
            self._text("text", say("In words"))
            with ui.element("div").classes("lb-tools"):
                tool(html.escape(say("Note it as the cause")), lambda: self._step(one, "cause"))
                tool(html.escape(say("Add a remark")), lambda: self._step(one, "note"))
                if self.bench.may(Role.ENGINEER):
                    kind = "" if one.missing else "lb-take"
                    tool(html.escape(say("Close")), lambda: self._step(one, "close"), kind=kind)
            if one.lots:
                self._lots(one)
            self._actions(one)

    def _lots(self, one: NonConformance) -> None:
        say = self.say
        decisions = [(key, say(word)) for key, word in DECISIONS.items() if self._may("dispose", {"decision": key})]
        self._given.setdefault("lot", "")
        self._given.setdefault("decision", decisions[0][0])
        with ui.element("div").classes("lb-tools"):
            every = [("", say("all lots")), *((lot, lot) for lot in one.lots)]
            Choice(say("Lot"), lambda value: self._given.__setitem__("lot", value)).fill(every, self._given["lot"])
            Choice(say("Decision"), lambda value: self._given.__setitem__("decision", value)).fill(
                decisions, self._given["decision"]
            )
            tool(html.escape(say("Decide")), lambda: self._step(one, "dispose", decision=self._given["decision"]))
            tool(html.escape(say("Hold")), lambda: self._step(one, "hold"))
            tool(html.escape(say("Release")), lambda: self._step(one, "release"))

    def _actions(self, one: NonConformance) -> None:
        say = self.say
        for own in one.actions:
            with ui.element("div").classes("lb-tools"):
                ui.html(html.escape(f"{own.id}: {own.text}"), sanitize=False, tag="span")
                if own.done is None:
                    tool(html.escape(say("It is done")), lambda own=own: self._step(one, "done", action=own.id))
                else:
                    tool(html.escape(say("Check its effect")), lambda own=own: self._check(one, own.id))
        self._given.setdefault("statistic", "out")
        with ui.element("div").classes("lb-tools"):
            choices = [(key, say(word)) for key, word in STATISTICS.items()]
            Choice(say("Effect is checked by"), lambda value: self._given.__setitem__("statistic", value)).fill(
                choices, self._given["statistic"]
            )
            tool(html.escape(say("Add an action against the cause")), lambda: self._add(one))

    def _text(self, name: str, label: str) -> None:
        self._given.setdefault(name, "")
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), "text")
        box.props(f"data-field={name}")

    def _may(self, code: str, data: Mapping[str, Any]) -> bool:
        return self.bench.may(role_for(code, data))

    async def _add(self, one: NonConformance) -> None:
        subject = one.subject or one.item or one.unit
        if self._given["statistic"] == "scrap":
            subject = one.unit or one.item or one.subject.partition(":")[0]
        await self._step(one, "action", check={"statistic": self._given["statistic"], "subject": subject})

    async def _step(self, one: NonConformance, code: str, **data: Any) -> None:
        if code in {"dispose", "hold", "release"} and self._given.get("lot"):
            data["lots"] = [self._given["lot"]]
        person = self.bench.person(role_for(code, data))
        if person is None:
            return
        given = {"person": person, "role": self.bench.user.role, "text": self._given.get("text", ""), "data": data}
        if await self.bench.ask(self.desk.step, one.id, code, **given) is not None:
            self._given.pop("text", None)
            await self._again()

    async def _check(self, one: NonConformance, action: str) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is not None and await self.bench.ask(self.desk.check, one.id, action, person=person) is not None:
            await self._again()
