"""Set-points on the page: target and measured values, the offset in its envelope, what is proposed, who set what."""

from __future__ import annotations

import html
from collections import defaultdict
from time import monotonic
from typing import Any

from nicegui import ui

from luban.core.errors import InputError
from luban.core.time import to_datetime
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.standing import AGREE, PROPOSE, REJECT, SET, agreed
from luban.decide.setpoint.stood import Stood
from luban.screens.i18n import Words
from luban.screens.report.quality_control import control_sheet, decision_text, point
from luban.screens.report.quality_words import given as as_given
from luban.screens.report.sheet import Grid, Sheet, sheet_part
from luban.screens.service import Now
from luban.screens.service.setpoints import known_characteristics, read_setpoint, within
from luban.screens.users import Act, Role
from luban.screens.web.quality_columns import LEFT, RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.schedule_parts import Choice, field, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.book import Entry, row

__all__ = ["ControlPanel"]

_SHOWN = 30
_CALM = 3.0  # [s] between two looks at the books


class ControlPanel:
    """What is in the tab: left the characteristic, its knob and the acts, right the proposal and its history."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self._stood: Stood | None = None
        self._known: tuple[str, ...] = ()
        self._head = -1
        self._at = 0.0
        self._given: dict[str, str] = defaultdict(str)
        self._of = ""

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(LEFT):
                with card(say("Characteristic")), ui.element("div").classes("lb-form"):
                    self._choice = Choice(say("Characteristic"), self._choose)
                self._forms = ui.element("div").style("display: grid; gap: 12px")
            with ui.element("div").style(RIGHT):
                with card() as head:
                    with head:
                        self._tools = ui.element("div").classes("lb-tools")
                    self._shown = ui.element("div")
                self._past = ui.element("div")

    async def show(self) -> None:
        """Read the books and draw."""
        known = await self.bench.ask(known_characteristics, self.bench.view)
        if known is None or not self.bench.alive:
            return
        self._known = known
        with self.bench.client:
            if not known:
                self._shown.clear()
                with self._shown:
                    text = self.say("No measured values yet: what is to be controlled must be measured first.")
                    ui.html(notice(text), sanitize=False)
                return
            chosen = self.bench.chosen if self.bench.chosen in known else known[0]
            self._choice.fill([(name, name) for name in known], chosen)
        await self._read(chosen)

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown."""
        if now.head != self._head and monotonic() - self._at > _CALM:
            self._head, self._at = now.head, monotonic()
            if self._of:
                await self._read(self._of)
            else:
                await self.show()

    async def _choose(self, name: str) -> None:
        self._given = defaultdict(str)
        await self._read(name)
        await self.bench.choose(name)

    async def _read(self, name: str) -> None:
        if not name:
            return
        stood = await self.bench.ask(read_setpoint, self.bench.books, name)
        if stood is None or not self.bench.alive:
            return
        fresh = name != self._of
        before = self._stood.stands.history if self._stood is not None else None
        same = not fresh and before == stood.stands.history
        self._of, self._stood = name, stood
        with self.bench.client:
            if not same:
                self._draw_forms(stood)
                self._draw_past(stood)
            self._draw(stood)

    # ------------------------------------------------------------------ drawing

    def _draw(self, stood: Stood) -> None:
        if stood.plan is not None:
            show_sheet(self.bench, self._shown, self._tools, control_sheet(stood.plan, self.say), "set-point")
            return
        self._shown.clear()
        self._tools.clear()
        if stood.stands.knob is None:
            text = self.say("Nothing is agreed yet. An engineer says what can be set, and how far.")
        else:
            why = stood.why
            text = self.say(why.message) if why else ""
            text += f" ({why.came})" if why and why.came else ""
        with self._shown:
            ui.html(notice(text), sanitize=False)

    def _draw_forms(self, stood: Stood) -> None:
        self._forms.clear()
        with self._forms:
            if stood.stands.knob is not None and self.bench.may(Role.OPERATOR):
                self._act_card(stood)
            if self.bench.may(Role.ENGINEER):
                self._agree_card(stood)

    def _act_card(self, stood: Stood) -> None:
        say, knob = self.say, stood.stands.knob
        assert knob is not None  # noqa: S101 - asked before
        self._given["value"] = point(stood.plan.proposed if stood.plan is not None else knob.now)
        with card(say("At the machine")), ui.element("div").classes("lb-form"):
            self._text("value", f"{knob.name} [{knob.unit}]" if knob.unit else knob.name, "text")
            tool(html.escape(say("It is set")), self._set, kind="lb-take")
            if self.bench.may(Role.ENGINEER):
                self._text("reason", say("Reason"))
                tool(html.escape(say("Propose it")), self._propose)
                tool(html.escape(say("Refuse it")), self._refuse)

    def _agree_card(self, stood: Stood) -> None:
        say, knob, given = self.say, stood.stands.knob, self._given
        if knob is not None:
            own = knob.envelope
            values = {
                "name": knob.name, "unit": knob.unit, "gain": as_given(knob.gain), "now": as_given(knob.now),
                "lowest": as_given(own.lowest), "highest": as_given(own.highest),
                "move": "" if own.move is None else as_given(own.move),
                "resolution": as_given(own.resolution) if own.resolution else "",
                "target": "" if stood.stands.target is None else as_given(stood.stands.target),
            }  # fmt: skip
            for name, value in values.items():
                given[name] = value
        with card(say("What can be set, and how far")), ui.element("div").classes("lb-form"):
            self._text("name", say("Set-point, e.g. offset of the lathe"))
            self._text("unit", say("Unit"))
            self._text("gain", say("Change of the value for a change by 1"))
            self._text("now", say("In force now"))
            self._text("lowest", say("Lowest"))
            self._text("highest", say("Highest"))
            self._text("move", say("Most change at once; any if empty"))
            self._text("resolution", say("Smallest step; any if empty"))
            self._text("target", say("Target; of the tables if empty"))
            tool(html.escape(say("Agree on it")), self._agree, kind="lb-take")

    def _draw_past(self, stood: Stood) -> None:
        self._past.clear()
        history = stood.stands.history[:_SHOWN]
        if not history:
            return
        say, zone = self.say, self.bench.view.plant.zone
        heads = (say("time"), say("what"), say("value"), say("person"), say("reason"))
        rows = [
            (
                to_datetime(entry.time, zone).strftime("%Y-%m-%d %H:%M"), self._code(entry.code), _value(entry),
                entry.person or "–", entry.text,
            )
            for entry in history
        ]  # fmt: skip
        sheet = Sheet(say("What was proposed and set"), blocks=(Grid(heads, rows, numbers=frozenset({2})),))
        with self._past, card():
            ui.html(sheet_part(sheet), sanitize=False)

    def _code(self, code: str) -> str:
        say = self.say
        names = {AGREE: say("agreed"), SET: say("set"), PROPOSE: say("proposed"), REJECT: say("refused")}
        return names.get(code, code)

    def _text(self, name: str, label: str, kind: str = "text") -> None:
        self._given.setdefault(name, "")
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field=setpoint-{name}")

    # ------------------------------------------------------------------ acts

    async def _agree(self) -> None:
        given, say = self._given, self.say
        try:
            envelope = Envelope(
                _needed(given["lowest"], say("Lowest")), _needed(given["highest"], say("Highest")),
                _number(given["move"], say("Most change at once; any if empty")),
                _number(given["resolution"], say("Smallest step; any if empty")) or 0.0,
            )  # fmt: skip
            data = agreed(
                given["name"].strip() or say("offset"), given["unit"].strip(),
                _needed(given["gain"], say("Change of the value for a change by 1")),
                _needed(given["now"], say("In force now")), envelope,
                _number(given["target"], say("Target; of the tables if empty")),
            )  # fmt: skip
        except InputError as error:
            self.bench.complain(error)
            return
        await self._write(Role.ENGINEER, AGREE, data, str(data["name"]))

    async def _set(self) -> None:
        knob = self._stood.stands.knob if self._stood is not None else None
        if knob is None:
            return
        try:
            value = _needed(self._given["value"], self.say("value"))
            within(value, knob.envelope)
        except InputError as error:
            self.bench.complain(error)
            return
        await self._write(Role.OPERATOR, SET, {"value": value}, f"{value:g}")

    async def _propose(self) -> None:
        plan = self._stood.plan if self._stood is not None else None
        if plan is not None:
            await self._write(Role.ENGINEER, PROPOSE, plan.as_dict(), decision_text(plan, self.say))

    async def _refuse(self) -> None:
        plan = self._stood.plan if self._stood is not None else None
        if plan is None:
            return
        if not self._given.get("reason", "").strip():
            self.bench.complain(InputError("a refusal needs a reason"))
            return
        data = {"proposed": plan.proposed, "now": plan.knob.now}
        await self._write(Role.ENGINEER, REJECT, data, self._given["reason"].strip())

    async def _write(self, role: Role, code: str, data: dict[str, Any], text: str) -> None:
        person = self.bench.person(role)
        if person is None or not self._of:
            return
        entry = row("setpoint", self._of, code, person=person, text=text, data=data)
        kept = self._given
        self._given = defaultdict(str)  # before the fact is written: a tick may draw the fields anew first
        if not await self.bench.write(Act(person, f"set-point {code}", self._of, text), "event", entry):
            self._given = kept
            return
        await self._read(self._of)


def _value(entry: Entry) -> str:
    """The set-point that an entry is about."""
    for name in ("value", "proposed", "now"):
        found = entry.data.get(name)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return point(float(found))
    return "–"


def _number(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        raise InputError("not a number", came=text, where=where) from None


def _needed(text: str, where: str) -> float:
    found = _number(text, where)
    if found is None:
        raise InputError("a number is missing", where=where)
    return found
