"""Tasks on the page, what is late first: taken on, reported, moved, closed on evidence, given up, opened again."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from nicegui import ui

from luban.core.time import now, to_datetime
from luban.rollup.programmes import Evidence, Overdue, Task
from luban.rollup.programmes.tasks import items_of
from luban.rollup.review import Review
from luban.screens.i18n import Words
from luban.screens.service.programme_desk import ProgrammeDesk
from luban.screens.users import Role
from luban.screens.web.acting_parts import Kept, act_button, hear_acts
from luban.screens.web.rollup_evidence import EvidenceForm, day_of, evidence_in
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import field, segments, tool
from luban.screens.web.tabs import card

__all__ = ["TasksCard"]

_MOST: Final = 60
_PASSED_UP: Final = re.compile(r"\d+ days late: to .+")


class TasksCard:
    """The card of tasks.

    again  reads the books anew after something was written
    """

    def __init__(self, bench: Bench, desk: ProgrammeDesk, again: Callable[[], Awaitable[None]]) -> None:
        self.bench, self.say, self.desk, self._again = bench, bench.say, desk, again
        self._tasks: dict[str, Task] = {}
        self._late: dict[str, Overdue] = {}
        self._shown: Task | None = None  # what the form was drawn of, whatever the books hold by now
        self._find, self._state, self._chosen = "", "open", ""
        self._drawn: tuple[str, str] = ("", "")
        self._one = EvidenceForm(bench, self._fields)
        self._new = EvidenceForm(bench, self._new_fields)

    def build(self, *, may: bool) -> None:
        """Lay it out; `may` offers acts."""
        say = self.say
        with card(say("Tasks")) as head:
            if may:
                with head:
                    tool(html.escape(say("Pass up what is late")), lambda: self.bench.call(self._escalate))
            self._count = ui.element("p").classes("lb-note").props("aria-live=polite data-part=task-count")
            with ui.element("div").classes("lb-tbar"):
                states = [("open", say("in hand")), ("done", say("done")), ("dropped", say("given up"))]
                segments(states, self._state, self._show, say("state"))
                field(say("find"), "", self._seek, "text").props("data-field=find")
            self._list = Kept(hear_acts(ui.element("div").classes("lb-plist").props("data-part=tasks"), self._press))
            self._about = ui.element("div").classes("lb-about")
            self._holder = ui.element("div").props("data-part=task")
            if may:
                with self._holder:
                    self._one.build()
                with ui.element("details").props("data-part=new-task"):
                    ui.html(html.escape(say("Take a task on")), sanitize=False, tag="summary")
                    self._new.build()
                    self._known_items()
            self._holder.set_visibility(False)

    def draw(self, found: Review) -> None:
        """What the books hold of tasks."""
        self._tasks = {one.id: one for one in found.inputs.tasks}
        self._late = {one.task.id: one for one in found.late}
        if self._chosen not in self._tasks:
            self._chosen = ""
        self._redraw()

    def _redraw(self) -> None:
        say = self.say
        states = [one.state for one in self._tasks.values()]
        told = say("{late} late, {open} open, {done} done", late=len(self._late), open=states.count("open"),
                   done=states.count("done"))  # fmt: skip
        wanted = [one for one in self._tasks.values() if one.state == self._state and self._fits(one)]
        wanted.sort(key=lambda one: -self._late[one.id].days if one.id in self._late else 0)
        if len(wanted) > _MOST:
            told += " · " + say("the first {n} are shown", n=_MOST)
        self._count.clear()
        with self._count:
            ui.html(html.escape(told), sanitize=False, tag="span")
        self._list.draw([
            (one.id, (one, self._late.get(one.id), one.id == self._chosen), partial(self._row, one))
            for one in wanted[:_MOST]
        ])  # fmt: skip
        self._draw_chosen()

    def _fits(self, one: Task) -> bool:
        told = f"{one.id} {one.name} {one.owner} {one.item} {one.region}".casefold()
        return self._find.casefold() in told

    def _row(self, one: Task) -> ui.element:
        say, late = self.say, self._late.get(one.id)
        with ui.element("div").classes("lb-duty" + (" lb-chosen" if one.id == self._chosen else "")) as row:
            act_button(f"{one.id} · {one.name}", "choose", one.id, "lb-plink")
            parts = [one.owner, say("due {day}", day=one.due.isoformat()), one.item, one.region]
            if one.evidence:
                parts.append(say("evidence: {n}", n=len(one.evidence)))
            ui.html(html.escape(" · ".join(filter(None, parts))), sanitize=False, tag="small")
            if late is not None:
                text = say("{n} days late, now before: {who}", n=late.days, who=say(late.to))
                ui.html(html.escape(text), sanitize=False, tag="small").classes("lb-bad")
            for doubt in one.doubts:
                ui.html(html.escape(say(doubt)), sanitize=False, tag="small").classes("lb-doubt")
        return row

    def _draw_chosen(self) -> None:
        one, say = self._tasks.get(self._chosen), self.say
        self._about.clear()
        self._holder.set_visibility(one is not None)
        if one is None:
            return
        with self._about:
            told = [one.name, _told(one, say) if one.said != one.name else ""]
            told += [f"{some.ref} {some.digest[:8]}".strip() for some in one.evidence]
            ui.html(html.escape(" · ".join(filter(None, told))), sanitize=False, tag="p").classes("lb-note")
        if (one.id, one.state) != self._drawn:
            self._drawn = (one.id, one.state)
            self._one.draw()

    # ------------------------------------------------------------------ forms

    def _fields(self) -> None:
        one, say, form = self._tasks.get(self._chosen), self.say, self._one
        self._shown = one
        if one is None:
            return
        form.text("text", say("how it goes, or why"))
        if one.state == "open":
            form.evidence()
            form.text("due", say("due by"), "date", one.due.isoformat())
            form.text("owner", say("owner"), value=one.owner)
        names = {"report": say("Report"), "close": say("Close on evidence"), "move": say("Change date or owner"),
                 "drop": say("Give up")}  # fmt: skip
        shown = names if one.state == "open" else {"reopen": say("Open again")}
        with ui.element("div").classes("lb-tools"):
            for act, text in shown.items():
                kind = "lb-take" if act == "close" else ""
                tool(html.escape(text), lambda act=act: self.bench.call(self._do, act), kind=kind).props(
                    f"data-act={act}"
                )

    def _new_fields(self) -> None:
        say, form = self.say, self._new
        form.text("name", say("what is to be done"))
        form.text("owner", say("owner"))
        form.text("due", say("due by"), "date")
        form.text("item", say("measure or target of the plan")).props("list=lb-plan-items")
        form.text("region", say("region"))
        tool(html.escape(say("Take it on")), lambda: self.bench.call(self._take), kind="lb-take").props("data-act=open")

    def _known_items(self) -> None:
        plan, language = self.desk.plan, self.say.language
        names = {
            one.id: one.name.of(language)
            for group in (plan.tasks, plan.supports, plan.programmes, plan.items.values(), plan.measures,
                          plan.indicators.values())
            for one in group
        }  # fmt: skip
        known = "".join(
            f'<option value="{html.escape(name)}">{html.escape(names.get(name, ""))}</option>'
            for name in items_of(plan)
        )
        ui.html(f'<datalist id="lb-plan-items">{known}</datalist>', sanitize=False)

    # ------------------------------------------------------------------ acts

    def _show(self, state: str) -> None:
        self._state = state
        self._redraw()

    def _seek(self, text: str) -> None:
        self._find = text.strip()[:100]
        self._redraw()

    def _press(self, _act: str, of: str) -> None:
        self._chosen = "" if of == self._chosen else of
        self._redraw()

    async def _escalate(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        today = to_datetime(now(), self.bench.view.plant.zone).date()
        told = None if person is None else await self.bench.ask(self.desk.escalate, person, today)
        if told is not None:
            self.bench.say_to(self.say("passed up: {n}", n=len(told)))
            await self._again()

    async def _take(self) -> None:
        person, given = self.bench.person(Role.ENGINEER), dict(self._new.given)

        def taken() -> str:
            due = day_of(given["due"], self.say("due by"))
            more = {name: given[name] for name in ("item", "owner", "region")}
            return self.desk.open(str(person), given["name"], due=due, **more)

        made = None if person is None else await self.bench.ask(taken)
        if made is not None and self.bench.alive:
            with self.bench.client:
                self._new.draw()
            self._chosen = made
            await self._again()

    async def _do(self, act: str) -> None:
        person, one = self.bench.person(Role.ENGINEER), self._shown
        typed = dict(self._one.given), list(self._one.papers)
        if person is None or one is None or not await self.bench.do(self._act, act, one, person, *typed):
            return
        self._drawn = ("", "")  # the form is empty again, with the date and owner that hold now
        await self._again()

    def _act(self, act: str, one: Task, person: str, given: dict[str, str], papers: list[Evidence]) -> None:
        desk, text = self.desk, given.get("text", "")
        if act == "report":
            desk.report(person, one.id, text, evidence_in(desk.ledger, given, papers))
        elif act == "close":
            desk.close(person, one.id, evidence_in(desk.ledger, given, papers), text)
        elif act == "move":
            due = day_of(given["due"], self.say("due by"))
            owner = given["owner"] if given["owner"] != one.owner else ""
            desk.move(person, one.id, text, due=due if due != one.due else None, owner=owner)
        elif act == "drop":
            desk.drop(person, one.id, text)
        else:
            desk.reopen(person, one.id, text)


def _told(one: Task, say: Words) -> str:
    """The last word about a task: of a person as it was said, of luban in the language of the page."""
    return say(one.said) if _PASSED_UP.fullmatch(one.said) else one.said
