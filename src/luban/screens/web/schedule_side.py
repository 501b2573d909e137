"""The panel beside the Gantt: the chosen order with its causes, dispatch lists, history, and what happened."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from typing import Any

from nicegui import background_tasks, ui

from luban.core.errors import LubanError
from luban.decide.maintain.words import STOPS
from luban.decide.schedule.problem import NEVER
from luban.loop.plans import PlanState
from luban.screens.i18n import Words
from luban.screens.reads import Reads
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_stops import stops_in
from luban.screens.web import schedule_tables as tables, schedule_texts as texts
from luban.screens.web.schedule_happened import HappenedPanel
from luban.screens.web.schedule_parts import Choice, tool
from luban.screens.web.twin_tables import notice

__all__ = ["SidePanel"]

log = logging.getLogger(__name__)
_PIN = (
    '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 7V5a3 3 0 0 1 6 0v2"/>'
    '<path d="M3.6 7h8.8v6.4H3.6z" fill="{fill}"/></svg>'
)


class SidePanel:
    """Tabs about the open plan: three, and a fourth for who may change it.

    lock     called with an operation to lock or let go
    show     called with an operation to be shown in the Gantt
    leads    called with the chain of operations that leads to the end of the chosen order
    repair   the fourth tab
    """

    def __init__(
        self, say: Words, desk: Desk, reads: Reads, *, lock: Callable[[int], Any], show: Callable[[int], Any],
        leads: Callable[[list[int]], Any], may: Callable[[], bool], repair: HappenedPanel,
    ) -> None:  # fmt: skip
        self.say, self.desk, self.reads = say, desk, reads
        self.lock, self.show, self.leads, self.may = lock, show, leads, may
        self.repair = repair
        self.tab, self.machine = "order", ""
        self.plan: PlanState | None = None
        self.chosen: int | None = None
        self._turn = 0

    def build(self) -> None:
        """Lay it out in the element that is open."""
        say = self.say
        names = {"order": say("Order"), "dispatch": say("Dispatch list"), "history": say("History")}
        if self.may():
            names["happened"] = say("What happened?")
        self.buttons: dict[str, Any] = {}
        with ui.element("div").classes("lb-tabs").props("role=tablist"):
            for tab in names:
                button = ui.element("button").props(
                    f"type=button role=tab aria-selected={str(tab == self.tab).lower()}"
                )
                with button.on("click", lambda _event, tab=tab: self.open(tab)):
                    ui.html(html.escape(names[tab]), sanitize=False, tag="span")
                self.buttons[tab] = button
        self.body = ui.element("div").classes("lb-panel").props("role=tabpanel")

    def open(self, tab: str) -> None:
        """Show one of the tabs."""
        self.tab = tab
        for own, button in self.buttons.items():
            button.props(f"aria-selected={str(own == tab).lower()}")
        self.fill()

    def choose(self, operation: int | None) -> None:
        """An operation was chosen in the Gantt."""
        self.chosen = operation
        if operation is not None and self.plan is not None:
            self.machine = self.plan.schedule.problem.machines[int(self.plan.schedule.machine[operation])]
        if operation is not None and self.tab == "history":
            self.open("order")
        else:
            self.fill()

    def update(self, plan: PlanState | None) -> None:
        """The open plan is another, or was changed."""
        if plan is None or self.plan is None or plan.id != self.plan.id:
            self.chosen = None
        self.plan = plan
        self.fill()

    def fill(self) -> None:
        """Draw the open tab anew."""
        self._turn += 1
        self.body.clear()
        with self.body:
            if self.plan is None:
                ui.html(tables.empty(self.say("Nothing to show before there is a plan.")), sanitize=False)
            else:
                draw = {"order": self._order, "dispatch": self._dispatch, "history": self._history}
                draw.get(self.tab, self._happened)(self.plan)

    def when(self, tick: int) -> str:
        """The wall clock of a tick of the plan."""
        assert self.plan is not None  # noqa: S101 - asked only with a plan
        p = self.plan.schedule.problem
        return texts.moment(tick, p.start, p.tick, self.desk.view.plant.zone)

    # ------------------------------------------------------------ order

    def _order(self, plan: PlanState) -> None:
        say, p, s = self.say, plan.schedule.problem, plan.schedule
        if self.chosen is None:
            text = say("Choose a bar: its order is shown here, why it ends when it does, and what it would take.")
            ui.html(tables.empty(text), sanitize=False)
            return
        job = int(p.job_of[self.chosen])
        order = self.desk.plant().orders.get(p.jobs[job])
        due, end = int(p.due[job]), int(s.completion[job])
        late = max(0, end - due) if due < NEVER else 0
        rows = []
        if order is not None:
            rows += [(say("Item"), html.escape(order.item)), (say("Quantity"), f"{order.quantity:,.6g}")]
        rows.append((say("Release"), self.when(int(p.release[job]))))
        if due < NEVER:
            rows.append((say("Due"), self.when(due)))
        length = texts.long_said(say, late, p.tick)
        mark = f' <b class="lb-late">▲ {html.escape(say("{time} late", time=length))}</b>' if late else ""
        on_time = f" · {html.escape(say('on time'))}" if due < NEVER and not late else ""
        rows.append((say("End"), f"{self.when(end)}{mark}{on_time}"))
        stop = stops_in(p, plan.made.get("stops") or ()).get(job)
        if stop is not None:
            rows.insert(0, (say("Work order"), html.escape(f"{stop['order']} {stop['task']}")))
            rows.append((say("Stop"), html.escape(say(STOPS.get(stop["how"], "")))))
        title = f'<h2 class="lb-big" style="font-size: 17px">{html.escape(p.jobs[job])}</h2>'
        ui.html(title + tables.facts(rows), sanitize=False)
        self._steps(plan, job)
        self.causes = ui.element("div").classes("lb-panel")
        with self.causes:
            ui.html(f'<div class="lb-note">{html.escape(say("Looking for causes …"))}</div>', sanitize=False)
        background_tasks.create(self._explain(plan, p.jobs[job], self._turn), name="luban why late")

    def _steps(self, plan: PlanState, job: int) -> None:
        say, p, s = self.say, plan.schedule.problem, plan.schedule
        with ui.element("table").classes("lb-table lb-steps"), ui.element("tbody"):
            for at in range(int(p.job_first[job]), int(p.job_first[job + 1])):
                machine = p.machines[int(s.machine[at])].rpartition("/")[2]
                with ui.element("tr"):
                    with ui.element("td"):
                        name = html.escape(p.operations[at].removeprefix(f"{p.jobs[job]}/"))
                        tool(name, lambda at=at: self.show(at), say("Show {operation}", operation=p.operations[at]))
                    ui.html(html.escape(machine), sanitize=False, tag="td")
                    ui.html(f"{self.when(int(s.start[at]))}", sanitize=False, tag="td").classes("lb-n")
                    with ui.element("td").classes("lb-n"):
                        self._pin(plan, at)

    def _pin(self, plan: PlanState, at: int) -> None:
        p = plan.schedule.problem
        given = bool(p.fixed_start[at] != NEVER)
        locked = at in plan.locked
        if given:
            ui.html(html.escape(self.say("fixed")), sanitize=False, tag="span").classes("lb-note")
            return
        if not self.may():
            if locked:
                ui.html(html.escape(self.say("locked")), sanitize=False, tag="span").classes("lb-note")
            return
        word = self.say("Unlock {operation}" if locked else "Lock {operation}", operation=p.operations[at])
        button = tool(_PIN.format(fill="currentColor" if locked else "none"), lambda: self.lock(at), word)
        button.props(f"aria-pressed={str(locked).lower()}")

    async def _explain(self, plan: PlanState, order: str, turn: int) -> None:
        try:
            told = await self.reads(self.desk.why, plan.id, order)
        except LubanError as error:
            told = {"error": " · ".join(filter(None, (error.message, error.came, error.hint)))}
        except Exception:
            log.exception("the causes of an order's end could not be found")
            told = {"error": self.say("This did not work; the server's log says why.")}
        if turn != self._turn or self.body.is_deleted:
            return
        self.causes.clear()
        with self.causes:
            if "error" in told:
                ui.html(notice(told["error"]), sanitize=False)
                return
            self.leads(told["chain"])
            title = self.say("Why late?") if told["late"] else self.say("Why then?")
            tick = plan.schedule.problem.tick
            ui.html(f"<h3>{html.escape(title)}</h3>{tables.why(self.say, told, self.when, tick)}", sanitize=False)
            if told["late"] and self.may():
                ask = html.escape(self.say("What would it take?"))
                tool(ask, lambda: background_tasks.create(self._promise(plan, order, turn), name="luban promise"))
                self.ways = ui.element("div").props("aria-live=polite")

    async def _promise(self, plan: PlanState, order: str, turn: int) -> None:
        self.ways.clear()
        with self.ways:
            ui.html(f'<div class="lb-note">{html.escape(self.say("Trying ways out …"))}</div>', sanitize=False)
        try:
            told = await self.reads(self.desk.promise, plan.id, order)
        except LubanError as error:
            told = {"error": " · ".join(filter(None, (self.say(error.message), error.came, error.hint)))}
        except Exception:
            log.exception("ways out could not be tried")
            told = {"error": self.say("This did not work; the server's log says why.")}
        if turn != self._turn or self.body.is_deleted:
            return
        self.ways.clear()
        with self.ways:
            if "error" in told:
                ui.html(notice(told["error"]), sanitize=False)
            else:
                tick = plan.schedule.problem.tick
                ui.html(tables.ways(self.say, told, self.when, tick), sanitize=False)

    # ------------------------------------------------------------ dispatch, history, what happened

    def _dispatch(self, plan: PlanState) -> None:
        from luban.decide.schedule.dispatch import dispatch_lists

        p = plan.schedule.problem
        names = {own["id"]: own["name"] for own in self.desk.machines(plan)}
        if self.machine not in p.machines:
            self.machine = p.machines[0]
        choice = Choice(self.say("Machine"), self._machine)
        choice.fill(list(names.items()), self.machine)
        rows = dispatch_lists(plan.schedule, self.machine)[self.machine]
        inner = tables.dispatch(self.say, rows, self.when, p.tick)
        ui.html(f'<div class="lb-scroll lb-history">{inner}</div>', sanitize=False)

    def _machine(self, value: str) -> None:
        self.machine = value
        self.fill()

    def _history(self, plan: PlanState) -> None:
        rows = [
            {"at": own.at, "who": own.who, "act": own.act, "undone": own.n in plan.redo,
             "text": own.told.get("text", "") or (own.told.get("name", "") if own.act == "made" else "")}
            for own in plan.history
        ]  # fmt: skip
        inner = tables.history(self.say, rows, self.desk.view.plant.zone)
        ui.html(f'<div class="lb-scroll lb-history">{inner}</div>', sanitize=False)

    def _happened(self, plan: PlanState) -> None:
        self.repair.draw(plan, self.chosen)
