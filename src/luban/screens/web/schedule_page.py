"""The planner's page: search for plans, look at one as a Gantt, move and lock, ask why, compare, publish."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from typing import Any

from nicegui import background_tasks, ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.loop.plans import PlanState
from luban.screens.service import Now
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_runs import Searches
from luban.screens.service.schedule_stops import standing
from luban.screens.users import Role, Session
from luban.screens.web import schedule_tables as tables, schedule_texts as texts
from luban.screens.web.bar import bar, heading
from luban.screens.web.feed import Feed
from luban.screens.web.open_page import OpenPage
from luban.screens.web.schedule_happened import HappenedPanel
from luban.screens.web.schedule_parts import REDO, UNDO, Choice, segments, tool
from luban.screens.web.schedule_search import SearchPanel
from luban.screens.web.schedule_side import SidePanel
from luban.screens.web.twin_tables import notice
from luban.screens.web.view import View

__all__ = ["SchedulePage"]

log = logging.getLogger(__name__)


class SchedulePage(OpenPage):
    """One open page of one person; plans and searches are shared by all pages of the plant.

    session  id of the session; it is read again in every handler
    wanted   id of the plan to open; '' the published one, or the newest
    """

    def __init__(
        self, feed: Feed, desk: Desk, searches: Searches, language: str, session: Session, wanted: str, *,
        dark: bool | None,
    ) -> None:  # fmt: skip
        super().__init__(feed, language, session, dark=dark)
        self.desk, self.searches = desk, searches
        self.plan: PlanState | None = None
        self.status: dict[str, Any] = {}
        self.other, self.by, self.wanted = "", "day", wanted
        self.asked: dict[str, Any] | None = None
        self._turn = 0
        newest = searches.newest
        self._seen = newest.id if newest is not None and not newest.running else ""
        self._busy = self._again = False

    # ------------------------------------------------------------------ building

    def build(self) -> None:
        """Lay the page out; data follow once the browser is there."""
        self._begin("schedule")
        bar(self.say, self.view.plant.name, self.user, "schedule", "", self._toggle_dark, self._logout,
            self._stop_button)  # fmt: skip
        if not self.user.may(Role.VIEWER, self.view.plant.id):
            with ui.element("div").classes("lb-frame"):
                text = self.say("The schedule shows the whole plant, and your account reaches only a part of it.")
                ui.html(notice(text), sanitize=False)
            return
        with ui.element("div").classes("lb-plan"):
            with ui.element("div").classes("lb-main"):
                self.notes = ui.element("div").classes("lb-main")
                with ui.element("section").classes("lb-card"):
                    self._plan_card()
                self.comparison = ui.element("section").classes("lb-card lb-panel")
                self.comparison.set_visibility(False)
                with ui.element("section").classes("lb-card") as self.load_card:
                    with ui.element("div").classes("lb-head"):
                        heading(self.say("Load of the machines"))
                        ui.html("", sanitize=False).classes("lb-note")
                        ui.element("span").classes("lb-space")
                        choices = [("day", self.say("by day")), ("shift", self.say("by shift"))]
                        segments(choices, self.by, self._by, self.say("Division of time"))
                    self.load_holder = ui.element("div").classes("lb-scroll")
                with ui.element("section").classes("lb-card"):
                    with ui.element("div").classes("lb-head"):
                        heading(self.say("Plans"))
                    self.plans_holder = ui.element("div").classes("lb-scroll")
            with ui.element("aside").classes("lb-main") as aside:
                aside._props["aria-label"] = self.say("Planning")  # noqa: SLF001
                with ui.element("section").classes("lb-card"):
                    with ui.element("div").classes("lb-head"):
                        heading(self.say("Search"))
                    usual = self.desk.objective()
                    self.search = SearchPanel(self.say, self.searches, self._planner, self._open_id, usual)
                    self.search.build(may=self._may())
                with ui.element("section").classes("lb-card"):
                    repair = HappenedPanel(
                        self.say, self.desk, self.reads, person=self._planner, ghosts=self._ghosts, opened=self._open,
                    )  # fmt: skip
                    self.side = SidePanel(
                        self.say, self.desk, self.reads, lock=self._lock, show=self._show, leads=self._leads,
                        may=self._may, repair=repair,
                    )  # fmt: skip
                    self.side.build()
        self.feed.join(self)
        background_tasks.create(self._reload(), name="luban schedule")

    def _plan_card(self) -> None:
        say = self.say
        with ui.element("div").classes("lb-head"):
            self.title = ui.html("", sanitize=False)
            ui.element("span").classes("lb-space")
            self.downloads = ui.html("", sanitize=False).classes("lb-links")
        self.empty = ui.element("div")
        with ui.element("div") as self.board:
            with ui.element("div").classes("lb-tools"):
                self.choice = Choice(say("Plan"), self._open)
                if self._may():
                    self.undo = tool(UNDO, lambda: self._step("undo"), say("Undo"))
                    self.redo = tool(REDO, lambda: self._step("redo"), say("Redo"))
                rows = [("machine", say("Machines")), ("order", say("Orders"))]
                segments(rows, "machine", lambda value: self.gantt.send("view", value), say("Rows"))
                hue = Choice(say("Colour"), lambda value: self.gantt.send("paint", value))
                hue.fill([("item", say("by item")), ("family", say("by family")), ("order", say("by order"))], "item")
                self.path = tool(html.escape(say("Critical path")), self._critical).props("aria-pressed=false")
                self.versus = Choice(say("Compare with"), self._compare)
                ui.element("span").classes("lb-space")
                if self._may():
                    self.publish = tool(html.escape(say("Publish")), self._publish, say("The floor works by this plan"))
            self.ask = ui.element("div").props("aria-live=assertive")
            self.gantt = View("gantt", texts.gantt(say), lambda _event: self._load_chart())
            for name, act in (
                ("choose", self._chosen), ("move", self._move), ("lock", self._lock_event), ("undo", self._undo_key),
                ("redo", self._redo_key), ("leave", lambda _event: self._leave_it()),
            ):  # fmt: skip
                self.gantt.on(name, act)
        self.board.set_visibility(False)

    # ------------------------------------------------------------------ who asks

    def _may(self) -> bool:
        return self.user.may(Role.PLANNER, self.view.plant.id)

    def _planner(self) -> str | None:
        """The person's name where they may change plans, as of now; the page says so where not."""
        session = self._session()
        if session is None:
            return None
        if not self._may():
            ui.notify(self.say("A planner can change plans; your role looks."))
            return None
        return session.user.name

    def _open_id(self) -> str:
        return self.plan.id if self.plan else ""

    # ------------------------------------------------------------------ reading

    async def tick(self, now: Now) -> None:
        """Twice a second: how a search stands, and whether somebody changed the plan."""
        del now
        self._turn += 1
        if self._turn % 5 or self._gone or not self.client.has_socket_connection:
            return
        with self.client:
            found = self.search.follow(self.plan.schedule.problem.tick if self.plan else 0)
        if found is not None and found.plan and found.id != self._seen:
            self._seen, self.wanted = found.id, found.plan
            await self._reload()
        elif self._turn % 10 == 0 and not self._busy and self.plan and await self.reads(self._is_other, self.plan):
            await self._reload()

    def _is_other(self, plan: PlanState) -> bool:
        """The plan was changed by somebody, or is not there any more."""
        try:
            return self.desk.plans.get(plan.id).n != plan.n
        except LubanError:
            return True

    async def _reload(self) -> None:
        """Plans anew, and the open one; once more where somebody asked meanwhile."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        try:
            self._again = True
            while self._again and not self._gone:
                self._again = False
                await self._read()
        finally:
            self._busy = False

    async def _read(self) -> None:
        wrong: list[LubanError] = []
        try:
            self.status = await self.reads(self.desk.status)
            plan = None
            for id_ in (self.wanted, self.plan.id if self.plan else "", self.status["current"]):
                try:
                    plan = await self.reads(self.desk.plans.get, id_) if id_ and plan is None else plan
                except LubanError as error:
                    wrong.append(error)
            self.wanted = ""
        except LubanError as error:
            self._complain(error)
            return
        except Exception:
            log.exception("the plans could not be read")
            self._say(self.say("This did not work; the server's log says why."))
            return
        if self._gone:
            return
        other = plan is None or self.plan is None or plan.id != self.plan.id
        self.plan = plan
        with self.client:
            if other:
                self._drop_comparison()
            self._show_all()
        for own in wrong:
            self._complain(own)
        for told in self.status["unreadable"].values():
            self._say(self.say("A plan cannot be read: {plan}", plan=told))

    def _complain(self, error: LubanError) -> None:
        parts = (self.say(error.message), error.came, error.where, self.say(error.hint) if error.hint else "")
        self._say(" · ".join(filter(None, parts)))

    def _say(self, text: str) -> None:
        if not self._gone:
            with self.client, self.notes:
                ui.html(notice(text, alarm=True), sanitize=False)

    def _show_all(self) -> None:
        self._leave_it()
        self.notes.clear()
        self.empty.clear()
        has = self.plan is not None
        self.board.set_visibility(has)
        self.load_card.set_visibility(has)
        self._plans()
        self.side.update(self.plan)
        if self.plan is None:
            self.title.content = f'<h2 class="lb-title">{html.escape(self.say("Plan"))}</h2>'
            self.downloads.content = ""
            with self.empty:
                ui.html(tables.empty(self._nothing()), sanitize=False)
            return
        mine = self._summary()
        self._head(mine)
        names = [(own["id"], self._name(own)) for own in self.status["plans"]]
        self.choice.fill(names, self.plan.id)
        others = [own for own in names if own[0] != self.plan.id]
        self.versus.fill([("", self.say("Compare with …")), *others], self.other)
        if self._may():
            for button, left in ((self.undo, mine["undo"]), (self.redo, mine["redo"])):
                button.props("" if left else "disabled", remove="disabled" if left else "")
            self.publish.props("disabled" if mine["published"] else "", remove="" if mine["published"] else "disabled")
        self._stale(mine)
        self._stops()
        self._load_chart()
        background_tasks.create(self._load(), name="luban load")
        if self.other:
            background_tasks.create(self._compared(), name="luban compare")

    def _nothing(self) -> str:
        if not self.status["routing"]:
            return self.say("The plant has no routing: say in routing.csv which operations each item needs, and where.")
        if not self.status["orders"]:
            return self.say("There is nothing to plan: put orders into orders.csv, then search for a plan.")
        count = self.status["orders"]
        return self.say("{n} orders wait for a plan. Choose an objective and press Search for a plan.", n=count)

    def _summary(self) -> dict[str, Any]:
        assert self.plan is not None  # noqa: S101 - asked only with a plan
        return next(own for own in self.status["plans"] if own["id"] == self.plan.id)

    def _name(self, own: dict[str, Any]) -> str:
        at = to_datetime(own["made"], self.view.plant.zone)
        mark = f" · {self.say('published')}" if own["published"] else ""
        return f"{own['name']} · {at:%m-%d %H:%M} · {own['author']}{mark}"

    def _head(self, mine: dict[str, Any]) -> None:
        say = self.say
        value = texts.value_said(say, mine["objective"], mine["value"], mine["tick"])
        first = texts.figure_word(say, mine["objective"].split(" > ")[0]) if mine["objective"] else ""
        gap = texts.gap_said(say, mine["gap"], proved=mine["proved"])
        parts = [f"{first} {value}".strip(), f"{say('Gap')} {gap}", texts.reason_word(say, mine["reason"])]
        if mine["edits"]:
            before = texts.value_said(say, mine["objective"], mine["found"], mine["tick"])
            parts.append(say("changes by hand: {n}, before them {value}", n=mine["edits"], value=before))
        badge = f' <span class="lb-badge lb-good">{html.escape(say("published"))}</span>' if mine["published"] else ""
        self.title.content = (
            f'<h1 class="lb-big" style="display: inline">{html.escape(mine["name"])}</h1>{badge} '
            f'<span class="lb-note">{html.escape(" · ".join(filter(None, parts)))}</span>'
        )
        base = f"/api/v1/schedule/plans/{mine['id']}"
        links = ((f"{base}/excel?language={say.language}", "Excel"), (f"{base}/pdf?language={say.language}", "PDF"))
        self.downloads.content = "".join(f'<a class="lb-tool" href="{url}" download>{word}</a>' for url, word in links)

    def _stale(self, mine: dict[str, Any]) -> None:
        stale = mine["stale"]
        if stale is None:
            return
        parts = [self.say("The plant has changed since this plan was made: search again.")]
        for key, text in (
            ("new", self.say("not planned yet")), ("gone", self.say("no longer ordered")),
            ("stops", self.say("work orders of maintenance")),
        ):  # fmt: skip
            if stale[key]:
                shown = ", ".join(stale[key][:6]) + (" …" if len(stale[key]) > 6 else "")
                parts.append(f"{text}: {shown}")
        with self.notes:
            ui.html(notice(" · ".join(parts)), sanitize=False)

    def _stops(self) -> None:
        """Stops of maintenance that the plan keeps free, and those that it could not take."""
        plan = self.plan
        stops = standing(plan.schedule, plan.made.get("stops") or ()) if plan is not None else []
        if not stops or plan is None:
            return
        text = texts.stops_said(self.say, stops, self.side.when)
        with self.notes:
            ui.html(notice(text, alarm=not all(own["taken"] for own in stops)), sanitize=False)

    def _load_chart(self) -> None:
        if self.plan is not None and not self._gone:
            self.gantt.send("fetch", f"/api/v1/schedule/plans/{self.plan.id}/chart?version={self.plan.n}", self._may())

    async def _load(self) -> None:
        plan = self.plan
        if plan is None:
            return
        told = await self.reads(self.desk.load, plan.id, self.by)
        if not self._gone:
            with self.client:
                self.load_holder.clear()
                with self.load_holder:
                    ui.html(tables.load(self.say, told), sanitize=False)

    def _by(self, value: str) -> None:
        if self._session() is not None:
            self.by = value
            background_tasks.create(self._load(), name="luban load")

    def _plans(self) -> None:
        self.plans_holder.clear()
        with self.plans_holder:
            if not self.status["plans"]:
                ui.html(tables.empty(self.say("No plan is kept yet.")), sanitize=False)
                return
            current = self.plan.id if self.plan else ""
            rows = tables.plans(self.say, self.status["plans"], current, self.view.plant.zone)
            holder = ui.html(rows, sanitize=False)
            script = "(event) => { const own = event.target.closest('[data-plan]'); if (own) emit(own.dataset.plan); }"
            holder.on("click", lambda event: self._open(str(event.args)), js_handler=script)

    # ------------------------------------------------------------------ acts of the person

    def _open(self, plan: str) -> None:
        if self._session() is not None:
            self.wanted = plan
            background_tasks.create(self._reload(), name="luban schedule")

    def _critical(self) -> None:
        on = self.path._props.get("aria-pressed") != "true"  # noqa: SLF001
        self.path.props(f"aria-pressed={str(on).lower()}")
        self.gantt.send("critical", on)

    def _chosen(self, event: Any) -> None:
        if self._session() is not None and self.plan is not None:
            operation = event.args.get("operation")
            fits = isinstance(operation, int) and 0 <= operation < self.plan.schedule.problem.operation_count
            self.side.choose(operation if fits else None)

    def _show(self, operation: int) -> None:
        self.gantt.send("show", operation)

    def _ghosts(self, frames: list[list[int]]) -> None:
        self.gantt.send("ghosts", frames)

    def _leads(self, chain: list[int]) -> None:
        self.gantt.send("leads", chain)

    async def _move(self, event: Any) -> None:
        """A bar was put down elsewhere: what it would bring is shown before it is made."""
        if self._planner() is None or self.plan is None:
            self.gantt.send("preview", None)
            return
        try:
            given = tuple(int(event.args[key]) for key in ("operation", "machine", "start"))
            told = await self.reads(self.desk.preview, self.plan.id, *given)
        except LubanError as error:
            self.gantt.send("refuse", self._reason(error))
            return
        except (KeyError, TypeError, ValueError):
            return
        self.asked = {"given": given, "version": told["version"]}
        self.gantt.send("preview", told["changes"])
        self._ask(told)

    def _reason(self, error: LubanError) -> str:
        return ". ".join(filter(None, (self.say(error.message), self.say(error.hint) if error.hint else "")))

    def _ask(self, told: dict[str, Any]) -> None:
        assert self.plan is not None  # noqa: S101 - there is a move
        p = self.plan.schedule.problem
        machine = next(own["name"] for own in self.desk.machines(self.plan) if own["id"] == p.machines[told["machine"]])
        when = texts.moment(told["start"], p.start, p.tick, self.view.plant.zone)
        lines = texts.told_move(self.say, told, machine, when, p.tick)
        self.ask.clear()
        with self.ask, ui.element("div").classes("lb-ask").props("role=group"):
            ui.html(html.escape(" · ".join(lines)), sanitize=False, tag="span")
            take = tool(html.escape(self.say("Move it")), self._take, kind="lb-take")
            tool(html.escape(self.say("Leave it")), self._leave_it)
        take.props("autofocus")
        take.run_method("focus")

    async def _take(self) -> None:
        person, asked = self._planner(), self.asked
        if person is None or asked is None or self.plan is None:
            return
        self._leave_it()
        await self._change(self.desk.take, self.plan.id, *asked["given"], version=asked["version"], who=person)

    def _leave_it(self) -> None:
        if self.asked is not None:
            self.asked = None
            self.ask.clear()
            self.gantt.send("preview", None)

    async def _lock_event(self, event: Any) -> None:
        operation = event.args.get("operation")
        if isinstance(operation, int):
            await self._lock(operation)

    async def _lock(self, operation: int) -> None:
        person = self._planner()
        if person is not None and self.plan is not None:
            await self._change(self.desk.lock, self.plan.id, operation, version=self.plan.n, who=person)

    async def _undo_key(self, _event: Any) -> None:
        await self._step("undo")

    async def _redo_key(self, _event: Any) -> None:
        await self._step("redo")

    async def _step(self, act: str) -> None:
        person = self._planner()
        if person is not None and self.plan is not None:
            await self._change(self.desk.step, self.plan.id, act, who=person)

    async def _publish(self) -> None:
        person = self._planner()
        if person is not None and self.plan is not None:
            await self._change(self.desk.publish, self.plan.id, who=person)

    async def _change(self, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        """Does it beside the event loop, then shows the plan as it is now."""
        try:
            await self.reads(act, *given, **named)
        except LubanError as error:
            with self.client:
                ui.notify(self._reason(error))
        except Exception:
            log.exception("a plan could not be changed")
            self._say(self.say("This did not work; the server's log says why."))
        await self._reload()

    # ------------------------------------------------------------------ comparing

    def _compare(self, other: str) -> None:
        if self._session() is None:
            return
        self.other = other
        if other:
            background_tasks.create(self._compared(), name="luban compare")
        else:
            self._drop_comparison()

    def _drop_comparison(self) -> None:
        self.other = ""
        self.comparison.set_visibility(False)
        self.gantt.send("ghosts", [])

    async def _compared(self) -> None:
        plan, other = self.plan, self.other
        if plan is None:
            return
        try:
            told = await self.reads(self.desk.compare, plan.id, other)
        except LubanError as error:
            self._complain(error)
            return
        if self._gone or self.plan is not plan or self.other != other:
            return
        p = plan.schedule.problem
        names = {own["id"]: own["name"] for own in self.status["plans"]}
        with self.client:
            self.gantt.send("ghosts", told["ghosts"])
            self.comparison.clear()
            self.comparison.set_visibility(True)
            with self.comparison:
                heading(self.say("Compared: {plan} against {other}", plan=names[plan.id], other=names[other]))
                text = tables.compared(
                    self.say, told, (names[other], names[plan.id]),
                    lambda tick: texts.moment(tick, p.start, p.tick, self.view.plant.zone), p.tick,
                )  # fmt: skip
                ui.html(text, sanitize=False).classes("lb-scroll")
