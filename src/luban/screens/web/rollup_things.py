"""What counts, on the page: a centre, factory, park put in on evidence or taken out; parts and who makes them."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from luban.core.time import now, to_datetime
from luban.rollup.programmes import Evidence, Thing, ways
from luban.rollup.review import Review
from luban.screens.service.programme_desk import ProgrammeDesk
from luban.screens.users import Role
from luban.screens.web.acting_parts import Kept, act_button, hear_acts
from luban.screens.web.rollup_evidence import EvidenceForm, day_of, evidence_in
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["ThingsCard"]


class ThingsCard:
    """The card of what counts for one target of the programmes.

    again  reads the books anew after something was written
    """

    def __init__(self, bench: Bench, desk: ProgrammeDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.say, self.desk, self._again = bench, bench.say, desk, again
        told = ways(desk.plan)
        self._ways = {name: str(way["way"]) for name, way in told.items() if way["way"] in ("count", "parts", "shown")}
        self._item = next(iter(self._ways), "")
        self._things: tuple[Thing, ...] = ()
        self._today = to_datetime(now(), bench.view.plant.zone).date()
        self._chosen: str | None = None
        self._one = EvidenceForm(bench, self._fields)
        self._out = EvidenceForm(bench, self._out_fields)
        self._may = False

    def build(self, *, may: bool) -> None:
        """Lay it out; `may` offers acts."""
        say, self._may = self.say, may
        with card(say("What counts")):
            names = [(name, f"{name} {self.desk.plan.item(name).name.of(say.language)}") for name in self._ways]
            with ui.element("div").classes("lb-tbar"):
                labelled_choice(say("what is aimed at"), names, self._item, self._pick)
            self._list = Kept(hear_acts(ui.element("div").classes("lb-plist").props("data-part=things"), self._press))
            self._none = ui.element("p").classes("lb-note")
            with self._none:
                ui.html(html.escape(say("Nothing yet.")), sanitize=False, tag="span")
            self._taking = ui.element("div").props("data-part=out")
            if may:
                with self._taking:
                    self._out.build()
                with ui.element("div").props("data-part=new-thing"):
                    self._one.build()
            self._taking.set_visibility(False)

    def draw(self, found: Review) -> None:
        """What the books hold of it."""
        self._things = found.inputs.things
        self._redraw()

    def _redraw(self) -> None:
        own = [one for one in self._things if one.item == self._item]
        if self._chosen not in {one.name for one in own if one.withdrawn is None}:
            self._chosen = None
        self._list.draw([
            (f"{one.item}:{one.name}", (one, one.name == self._chosen), partial(self._row, one)) for one in own
        ])  # fmt: skip
        self._none.set_visibility(not own)
        self._taking.set_visibility(self._chosen is not None)

    def _row(self, one: Thing) -> ui.element:
        say = self.say
        with ui.element("div").classes("lb-duty" + (" lb-chosen" if one.name == self._chosen else "")) as row:
            name = one.name or one.said
            if self._may and one.withdrawn is None:
                act_button(name, "choose", one.name, "lb-plink")
            else:
                ui.html(html.escape(name), sanitize=False, tag="span")
            parts = [say("since {day}", day=one.day.isoformat()), one.region, one.industry]
            if one.evidence:
                parts.append(say("evidence: {n}", n=len(one.evidence)))
            parts += [self._source(own.name, qualified=own.qualified, domestic=own.domestic) for own in
                      one.sources.values()]  # fmt: skip
            ui.html(html.escape(" · ".join(filter(None, parts))), sanitize=False, tag="small")
            if one.withdrawn is not None:
                text = say("taken out from {day}: {why}", day=one.withdrawn.isoformat(), why=one.said)
                ui.html(html.escape(text), sanitize=False, tag="small").classes("lb-bad")
            for doubt in one.doubts:
                ui.html(html.escape(say(doubt)), sanitize=False, tag="small").classes("lb-doubt")
        return row

    def _source(self, name: str, *, qualified: bool, domestic: bool) -> str:
        say = self.say
        return ", ".join((name, say("qualified") if qualified else say("not qualified"),
                          say("domestic") if domestic else say("from abroad")))  # fmt: skip

    # ------------------------------------------------------------------ forms

    def _fields(self) -> None:
        say, form, way = self.say, self._one, self._ways.get(self._item, "")
        if way == "shown":
            form.text("text", say("what was shown"))
            self._yes("reached", say("reached"))
        else:
            form.text("name", say("part or material") if way == "parts" else say("name"))
            if way == "count":
                form.text("region", say("region"))
            form.text("industry", say("industry"))
        form.text("day", say("from when on"), "date", self._today.isoformat())
        if way == "parts":
            form.text("source", say("who can make it"))
            self._yes("qualified", say("qualified"))
            self._yes("domestic", say("domestic"))
            form.text("until", say("qualified until"), "date")
        form.evidence()
        text = {"count": say("Count it"), "parts": say("Enter it"), "shown": say("Put it down")}.get(way, "")
        tool(html.escape(text), lambda: self.bench.call(self._put), kind="lb-take").props("data-act=count")

    def _yes(self, name: str, label: str) -> None:
        self._one.given[name] = "no"
        answers = [("no", self.say("no")), ("yes", self.say("yes"))]
        labelled_choice(label, answers, "no", partial(self._one.put, name))

    def _out_fields(self) -> None:
        say, form = self.say, self._out
        form.text("day", say("counts no more from"), "date", self._today.isoformat())
        form.text("why", say("why"))
        tool(html.escape(say("Take it out")), lambda: self.bench.call(self._withdraw)).props("data-act=withdraw")

    # ------------------------------------------------------------------ acts

    def _pick(self, item: str) -> None:
        self._item, self._chosen = item, None
        if self._may:
            self._one.draw()
        self._redraw()

    def _press(self, _act: str, of: str) -> None:
        self._chosen = None if of == self._chosen else of
        self._redraw()

    async def _put(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        typed = dict(self._one.given), list(self._one.papers)
        if person is not None and await self.bench.do(self._act, self._item, person, *typed):
            with self.bench.client:
                self._one.draw()
            await self._again()

    def _act(self, item: str, person: str, given: dict[str, str], papers: list[Evidence]) -> None:
        desk, say = self.desk, self.say
        day, evidence = day_of(given["day"], say("from when on")), evidence_in(desk.ledger, given, papers)
        way = self._ways[item]
        if way == "shown":
            reached = given["reached"] == "yes"
            desk.show(person, item, given["text"], day=day, evidence=evidence, reached=reached)
        elif way == "count":
            desk.count(person, item, given["name"], day=day, evidence=evidence, region=given["region"],
                       industry=given["industry"])  # fmt: skip
        else:
            until = day_of(given["until"], say("qualified until")) if given["until"] else None
            desk.part(person, item, given["name"], day=day, industry=given["industry"], source=given["source"],
                      qualified=given["qualified"] == "yes", domestic=given["domestic"] == "yes", until=until,
                      evidence=evidence)  # fmt: skip

    async def _withdraw(self) -> None:
        person, given = self.bench.person(Role.ENGINEER), dict(self._out.given)
        thing, item = self._chosen, self._item

        def done() -> None:
            day = day_of(given["day"], self.say("counts no more from"))
            self.desk.withdraw(str(person), item, str(thing), given["why"], day=day)

        if person is not None and thing is not None and await self.bench.do(done):
            with self.bench.client:
                self._out.draw()
            await self._again()
