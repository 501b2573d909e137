"""Decisions on the page: a target proposed anew, advice, a decision that quotes what it rests on, minutes."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.errors import InputError
from luban.norms.plans import Indicator, Item as Target
from luban.rollup.evaluation import Proposal
from luban.rollup.minutes import Change, Item, change_of
from luban.rollup.review import Review
from luban.screens.report.quality_words import given as short
from luban.screens.service.programme_desk import DECIDES, ProgrammeDesk
from luban.screens.users import Role
from luban.screens.web.acting_parts import Kept, act_button, hear_acts
from luban.screens.web.quality_typed import number
from luban.screens.web.rollup_evidence import EvidenceForm
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["AgendaCard"]


class AgendaCard:
    """The card of items and decisions.

    again  reads the books anew after something was written
    """

    def __init__(self, bench: Bench, desk: ProgrammeDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.say, self.desk, self._again = bench, bench.say, desk, again
        self._items: dict[str, Item] = {}
        self._proposals: dict[str, Proposal] = {}
        self._years: dict[str, int] = {}
        self._chosen = ""
        self._drawn: tuple[str, Change | None] = ("", None)
        self._start: dict[str, str] = {}
        self._one = EvidenceForm(bench, self._fields)
        self._new = EvidenceForm(bench, self._new_fields)
        self._may = False

    def build(self, *, may: bool) -> None:
        """Lay it out; `may` offers acts."""
        say, self._may = self.say, may
        with card(say("Items, advice, decisions")):
            self._list = Kept(hear_acts(ui.element("div").classes("lb-plist").props("data-part=agenda"), self._press))
            self._said = ui.element("div").classes("lb-about").props("data-part=said")
            self._holder = ui.element("div").props("data-part=item")
            if may:
                with self._holder:
                    self._one.build()
                with ui.element("details").props("data-part=new-item"):
                    ui.html(html.escape(say("Put an item on the agenda")), sanitize=False, tag="summary")
                    text = say("Proposed by the course so far:")
                    self._hint = ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                    holder = ui.element("div").classes("lb-tools").props("data-part=proposals")
                    self._ahead = Kept(hear_acts(holder, self._press))
                    self._new.build()
            self._holder.set_visibility(False)

    def draw(self, found: Review) -> None:
        """What the books hold of it."""
        self._items = {one.id: one for one in found.inputs.agenda}
        self._proposals = {
            f"{one.indicator}:{one.year}": one for one in found.proposals if one.kind in ("raise", "lower")
        }
        known = [(one["indicator"], one["year"]) for one in found.inputs.rows
                 if not one["region"] and one["value"] is not None]  # fmt: skip
        self._years = {name: year for name, year in sorted(known) if year <= found.inputs.year}
        if self._chosen not in self._items:
            self._chosen = ""
        self._redraw()

    def _redraw(self) -> None:
        say = self.say
        self._list.draw([
            (one.id, (one, one.id == self._chosen), partial(self._row, one))
            for one in reversed(self._items.values())
        ])  # fmt: skip
        if self._may:
            ahead = {
                key: f"{one.indicator} {one.year}: {short(one.old)} → {short(one.new)}"
                for key, one in self._proposals.items()
            }
            self._ahead.draw([(key, text, partial(act_button, text, "propose", key)) for key, text in ahead.items()])
            self._hint.set_visibility(bool(self._proposals))
        own = self._items.get(self._chosen)
        self._said.clear()
        self._holder.set_visibility(own is not None)
        if own is None:
            return
        codes = {"item": say("put on the agenda"), "advice": say("advice given"), "decision": say("decision taken"),
                 "minutes": say("minutes")}  # fmt: skip
        with self._said:
            for day, code, person, text in own.said:
                told = f"{day.isoformat()} · {codes.get(code, code)} · {person} · {text}"
                ui.html(html.escape(told), sanitize=False, tag="p").classes("lb-note")
        if self._may and (own.id, own.proposed) != self._drawn:
            self._drawn = (own.id, own.proposed)
            self._one.draw()

    def _row(self, one: Item) -> Any:
        say = self.say
        with ui.element("div").classes("lb-duty" + (" lb-chosen" if one.id == self._chosen else "")) as row:
            act_button(f"{one.id} · {one.title}", "choose", one.id, "lb-plink")
            if one.proposed is not None:
                text = say("proposed: {what}", what=_change(one.proposed))
                ui.html(html.escape(text), sanitize=False, tag="small")
            if one.decision:
                text = say(
                    "decided: {what}", what=f"{_change(one.change)} {one.decided}" if one.change else one.decided
                )
                ui.html(html.escape(text), sanitize=False, tag="small")
            for own in one.quotes[-3:]:
                value = "–" if own.value is None else f"{own.value:.4g}"
                told = say("quotes {what}", what=f"{own.indicator} {own.year} = {value} @ {own.vintage}")
                ui.html(html.escape(told), sanitize=False, tag="small")
        return row

    # ------------------------------------------------------------------ forms

    def _fields(self) -> None:
        own, say, form = self._items.get(self._chosen), self.say, self._one
        if own is None:
            return
        form.text("text", say("in words"))
        change = own.proposed
        year = self._years.get(change.id, 0) if change is not None else 0
        quotes = f"{change.id}:{year}" if change is not None and year else ""
        form.text("quotes", say("values it rests on, e.g. I08:2020"), value=quotes)
        acts = {"advice": say("Advise"), "minutes": say("Put down minutes")}
        if self.bench.may(DECIDES):
            more = {"adopt": say("Decide for the proposal"), "refuse": say("Decide to leave it")}
            acts |= more if change is not None else {"refuse": say("Decide it")}
        with ui.element("div").classes("lb-tools"):
            for act, text in acts.items():
                kind = "lb-take" if act == "adopt" else ""
                tool(html.escape(text), lambda act=act: self.bench.call(self._do, act), kind=kind).props(
                    f"data-act={act}"
                )

    def _new_fields(self) -> None:
        say, form, start, plan = self.say, self._new, self._start, self.desk.plan
        form.text("text", say("title and reasons"), value=start.get("text", ""))
        entries = [("", "–")]
        items: list[Indicator | Target] = [*plan.indicators.values()]
        items += [one for some in plan.programmes for one in some.items]
        items += [one for step in plan.steps for one in step.items]
        for own in items:
            entries += [(f"{own.id}:{stone.year}", f"{own.id} {stone.year}: {stone.printed.of(say.language)}")
                        for stone in own.milestones if stone.value is not None and stone.role == "target"]  # fmt: skip
        form.given["target"] = start.get("target", "")
        label = say("target that is to be another one")
        labelled_choice(label, entries, form.given["target"], partial(form.put, "target"))
        form.text("value", say("proposed"), "number", start.get("value", ""))
        tool(html.escape(say("Put it on the agenda")), lambda: self.bench.call(self._put), kind="lb-take").props(
            "data-act=item"
        )

    # ------------------------------------------------------------------ acts

    def _press(self, act: str, of: str) -> None:
        if act == "propose":
            one = self._proposals.get(of)
            if one is not None:
                self._start = {"text": "; ".join(self.say(why) for why in one.reasons), "target": of,
                               "value": f"{one.new:g}"}  # fmt: skip
                self._new.draw()
            return
        self._chosen = "" if of == self._chosen else of
        self._redraw()

    async def _put(self) -> None:
        person, given = self.bench.person(Role.ENGINEER), dict(self._new.given)

        def done() -> str:
            change = None
            if given["target"]:
                name, _, year = given["target"].partition(":")
                change = change_of(self.desk.plan, name, int(year), number(given["value"], given["target"]))
            elif given["value"]:
                raise InputError("which target is to be another one?", came=given["value"])
            return self.desk.say(str(person), "item", "", given["text"], change=change)

        made = None if person is None else await self.bench.ask(done)
        if made is not None and self.bench.alive:
            self._start, self._chosen = {}, made
            with self.bench.client:
                self._new.draw()
            await self._again()

    async def _do(self, act: str) -> None:
        decides = act in ("adopt", "refuse")
        person = self.bench.person(DECIDES if decides else Role.ENGINEER)
        own, given = self._items.get(self._chosen), dict(self._one.given)
        if person is None or own is None:
            return
        change = own.proposed if act == "adopt" else None
        quotes = given["quotes"].replace(",", " ").split()
        if await self.bench.do(self.desk.say, person, "decision" if decides else act, own.id, given["text"],
                               quotes=quotes if decides else (), change=change):  # fmt: skip
            self._drawn = ("", None)
            await self._again()


def _change(one: Change) -> str:
    return f"{one.id} {one.year} → {short(one.value)}"
