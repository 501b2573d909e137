"""The tab "What happened?": an event is entered, ways to go on are shown as a table and in the Gantt, one is taken."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import background_tasks, ui

from luban.core.errors import InputError, LubanError
from luban.core.time import HOUR, parse_time, to_datetime
from luban.decide.schedule.problem import ORDER
from luban.loop.plans import PlanState
from luban.screens.i18n import Words
from luban.screens.reads import Reads
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_ways import clock
from luban.screens.web import schedule_tables as tables, schedule_texts as texts
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.twin_tables import notice

__all__ = ["HappenedPanel"]

log = logging.getLogger(__name__)
_HOURS = 4


class HappenedPanel:
    """Form, options, and the act of taking one.

    person  who asks, as of now; None: nobody who may
    ghosts  called with frames to be drawn in the Gantt
    opened  called with the id of the plan that was made
    """

    def __init__(
        self, say: Words, desk: Desk, reads: Reads, *, person: Callable[[], str | None],
        ghosts: Callable[[list[list[int]]], Any], opened: Callable[[str], Any],
    ) -> None:  # fmt: skip
        self.say, self.desk, self.reads = say, desk, reads
        self.person, self.ghosts, self.opened = person, ghosts, opened
        self.plan: PlanState | None = None
        self.kind = "breakdown"
        self.given: dict[str, str] = {}
        self.resume = True
        self.told: dict[str, Any] | None = None
        self.option = 0
        self._busy = False

    # ------------------------------------------------------------ the form

    def draw(self, plan: PlanState, operation: int | None) -> None:
        """Lay it out in the element that is open.

        operation  the chosen one: its machine and order are what the form begins with
        """
        if self.plan is None or self.plan.id != plan.id:
            self._begin_with(plan)
        if self.told is not None and (self.told["plan"], self.told["version"]) != (plan.id, plan.n):
            self.told = None
            self.ghosts([])
        self.plan = plan
        if operation is not None and self.told is None:
            p = plan.schedule.problem
            self.given["machine"] = p.machines[int(plan.schedule.machine[operation])]
            if p.job_kind[p.job_of[operation]] == ORDER:
                self.given["order"] = p.jobs[int(p.job_of[operation])]
        self.form = ui.element("div").classes("lb-form")
        self._form()
        self.result = ui.element("div").classes("lb-panel lb-repair").props("aria-live=polite")
        self._show()

    def _begin_with(self, plan: PlanState) -> None:
        p, now = plan.schedule.problem, clock(plan)
        later = now + (_HOURS * HOUR // p.tick if p.tick else max(1, plan.schedule.makespan // 10))
        orders = _orders(plan)
        self.given = {
            "machine": p.machines[0], "pool": p.pools[0] if p.pools else "", "order": orders[0] if orders else "",
            "now": self._written(plan, now), "start": self._written(plan, now), "end": self._written(plan, later),
            "ready": self._written(plan, later), "due": self._written(plan, later), "missing": "1", "size": "1",
            "weight": "1", "name": "",
        }  # fmt: skip
        self.told = None

    def _form(self) -> None:
        say, plan = self.say, self.plan
        assert plan is not None  # noqa: S101 - drawn only with a plan
        p = plan.schedule.problem
        kinds = [("breakdown", say("a machine is down")), ("people", say("people are away")),
                 ("material", say("material comes late")), ("rush", say("a rush order comes in")),
                 ("offer", say("an order is asked for: by when?"))]  # fmt: skip
        if not p.pools:
            kinds = [own for own in kinds if own[0] != "people"]
        if not _orders(plan):
            kinds = [own for own in kinds if own[0] not in {"material", "rush", "offer"}]
        self.form.clear()
        with self.form:
            labelled_choice(say("What happened?"), kinds, self.kind, self._kind)
            {"breakdown": self._breakdown, "people": self._people, "material": self._material}.get(
                self.kind, self._rush
            )()
            self._time(say("Known since; what began before stays"), "now")
            with ui.element("button").classes("lb-main-button").props("type=button") as self.button:
                word = say("Show dates and prices") if self.kind == "offer" else say("Show ways to go on")
                ui.html(html.escape(word), sanitize=False, tag="span")
            self.button.on("click", lambda _event: self._ask())

    def _kind(self, value: str) -> None:
        self.kind = value
        self._form()

    def _breakdown(self) -> None:
        assert self.plan is not None  # noqa: S101
        names = [(own["id"], own["name"]) for own in self.desk.machines(self.plan)]
        labelled_choice(self.say("Machine"), names, self.given["machine"], self._keep("machine"))
        self._span()
        with ui.element("label").classes("lb-pick"):
            box = ui.element("input").props(f"type=checkbox {'checked' if self.resume else ''}")
            box.on("change", self._resume, js_handler="(event) => emit(event.target.checked)")
            ui.html(html.escape(self.say("what runs on it goes on afterwards")), sanitize=False, tag="span")

    def _resume(self, event: Any) -> None:
        self.resume = bool(event.args)

    def _people(self) -> None:
        assert self.plan is not None  # noqa: S101
        names = [(own, own) for own in self.plan.schedule.problem.pools]
        labelled_choice(self.say("Pool"), names, self.given["pool"], self._keep("pool"))
        self._number(self.say("How many fewer"), "missing")
        self._span()

    def _material(self) -> None:
        self._order(self.say("Order"))
        self._time(self.say("Material there"), "ready")

    def _rush(self) -> None:
        self._number(self.say("New order"), "name", "text")
        self._order(self.say("Made like"))
        with ui.element("div").classes("lb-four"):
            self._number(self.say("Times as large"), "size")
            self._number(self.say("Weight"), "weight")
        self._time(self.say("Due"), "due")

    def _order(self, label: str) -> None:
        assert self.plan is not None  # noqa: S101
        labelled_choice(label, [(own, own) for own in _orders(self.plan)], self.given["order"], self._keep("order"))

    def _span(self) -> None:
        self._time(self.say("From"), "start")
        self._time(self.say("To"), "end")

    def _time(self, label: str, key: str) -> None:
        assert self.plan is not None  # noqa: S101
        field(
            label, self.given[key], self._keep(key), "datetime-local" if self.plan.schedule.problem.tick else "number"
        )

    def _number(self, label: str, key: str, kind: str = "number") -> None:
        field(label, self.given[key], self._keep(key), kind)

    def _keep(self, key: str) -> Callable[[str], None]:
        return lambda value: self.given.update({key: value})

    def _written(self, plan: PlanState, tick: int) -> str:
        p = plan.schedule.problem
        if not p.tick:
            return str(tick)
        return f"{to_datetime(p.start + tick * p.tick, self.desk.view.plant.zone):%Y-%m-%dT%H:%M}"

    def _tick(self, key: str) -> int:
        """What was entered as a tick, the later one where it lies between two. Raises InputError."""
        assert self.plan is not None  # noqa: S101
        p, text = self.plan.schedule.problem, self.given[key]
        if not p.tick:
            return round(float(text))
        return -((p.start - parse_time(text, self.desk.view.plant.zone)) // p.tick)

    def _happened(self) -> dict[str, Any]:
        """What was entered. Raises InputError, ValueError."""
        own, kind = self.given, self.kind
        if kind == "breakdown":
            return {"kind": kind, "machine": own["machine"], "start": self._tick("start"), "end": self._tick("end"),
                    "resume": self.resume}  # fmt: skip
        if kind == "people":
            return {"kind": kind, "pool": own["pool"], "start": self._tick("start"), "end": self._tick("end"),
                    "missing": _above(int(own["missing"]))}  # fmt: skip
        if kind == "material":
            return {"kind": kind, "order": own["order"], "ready": self._tick("ready")}
        if not own["name"].strip():
            raise ValueError
        return {"kind": kind, "name": own["name"].strip()[:200], "like": own["order"], "due": self._tick("due"),
                "size": _above(float(own["size"])), "weight": _above(float(own["weight"]))}  # fmt: skip

    # ------------------------------------------------------------ the ways to go on

    def _ask(self) -> None:
        if self._busy or self.plan is None or self.person() is None:
            return
        try:
            happened, now = self._happened(), self._tick("now")
        except (InputError, ValueError, OverflowError):
            self._note(self.say("Fill in every field: times, numbers above 0, and a name for a new order."))
            return
        self._busy = True
        self.told = None
        self.ghosts([])
        self.button.props("disabled")
        if self.kind == "offer":
            self._note(self.say("Trying dates …"), alarm=False)
            background_tasks.create(self._offer(self.plan, happened, now), name="luban offer")
            return
        self._note(self.say("Mending the plan: two seconds; the first time it is compiled …"), alarm=False)
        background_tasks.create(self._find(self.plan, happened, now), name="luban repair")

    async def _find(self, plan: PlanState, happened: dict[str, Any], now: int) -> None:
        told = await self._heard(plan, self.desk.repair, [happened], version=plan.n, now=now)
        if told is not None:
            self.told, self.option = told, int(told["chosen"])
            self._show()

    async def _offer(self, plan: PlanState, order: dict[str, Any], now: int) -> None:
        told = await self._heard(plan, self.desk.offer, order, now=now)
        if told is not None:
            p, zone = plan.schedule.problem, self.desk.view.plant.zone
            made = tables.offers(self.say, told, lambda tick: texts.moment(tick, p.start, p.tick, zone), p.tick)
            self.result.clear()
            with self.result:
                ui.html(made, sanitize=False)

    async def _heard(
        self, plan: PlanState, ask: Callable[..., Any], *given: Any, **named: Any
    ) -> dict[str, Any] | None:
        """What came of a question; None where it was refused, which is shown, or where nobody looks any more."""
        wrong = ""
        told: dict[str, Any] | None = None
        try:
            told = await self.reads(ask, plan.id, *given, **named)
        except LubanError as error:
            wrong = self._reason(error)
        except Exception:
            log.exception("a plan could not be mended")
            wrong = self.say("This did not work; the server's log says why.")
        self._busy = False
        if self.form.is_deleted or self.plan is None or self.plan.id != plan.id:
            return None
        self.button.props(remove="disabled")
        if told is None:
            self._note(wrong)
        return told

    def _reason(self, error: LubanError) -> str:
        return ". ".join(filter(None, (self.say(error.message), self.say(error.hint) if error.hint else "")))

    def _note(self, text: str, *, alarm: bool = True) -> None:
        self.result.clear()
        with self.result:
            ui.html(notice(text, alarm=alarm), sanitize=False)

    def _show(self) -> None:
        self.result.clear()
        told, plan = self.told, self.plan
        if told is None or plan is None:
            return
        self.ghosts(told["options"][self.option]["changes"])
        with self.result:
            self._table(told, plan)
            self._details(told, plan)

    def _table(self, told: dict[str, Any], plan: PlanState) -> None:
        say, tick, objective = self.say, plan.schedule.problem.tick, told["objective"]
        heads = (say("Stays"), say("Moves"), texts.objective_said(say, objective), say("Late orders"))
        with ui.element("table").classes("lb-table lb-options"):
            with ui.element("thead"), ui.element("tr"):
                for text in heads:
                    ui.html(html.escape(text), sanitize=False, tag="th").classes("lb-n").props("scope=col")
            with ui.element("tbody"):
                with ui.element("tr"):
                    first = ui.html(html.escape(say("before")), sanitize=False, tag="td")
                    first.classes("lb-n lb-note")
                    self._cells(("", texts.levels_said(say, objective, told["before"], tick), told["late"]))
                for at, own in enumerate(told["options"]):
                    kept = f"{100 * own['kept']:.0f} %"
                    with ui.element("tr"):
                        with ui.element("td").classes("lb-n"):
                            about = say("Show the option that keeps {n}", n=kept)
                            button = tool(kept, lambda at=at: self._choose(at), about)
                            button.props(f"aria-pressed={str(at == self.option).lower()}")
                        levels = texts.levels_said(say, objective, own["value"], tick)
                        self._cells((own["moved"], levels, own["late"]))

    @staticmethod
    def _cells(cells: Sequence[Any]) -> None:
        for cell in cells:
            lines = cell if isinstance(cell, list) else [str(cell)]
            ui.html("<br>".join(html.escape(line) for line in lines), sanitize=False, tag="td").classes("lb-n")

    def _choose(self, at: int) -> None:
        self.option = at
        self._show()

    def _details(self, told: dict[str, Any], plan: PlanState) -> None:
        say, own = self.say, told["options"][self.option]
        lines = [say("Dotted frames in the chart: where operations would lie.")]
        if told["hit"]:
            lines.append(say("operations that it hits: {n}", n=len(told["hit"])))
        lines += texts.order_lines(say, own["orders"], plan.schedule.problem.tick, 6)
        if told["unlocked"]:
            lines.append(say("cannot stay locked: {operations}", operations=", ".join(told["unlocked"][:6])))
        ui.html("".join(f"<div>{html.escape(line)}</div>" for line in lines), sanitize=False).classes("lb-note")
        take = tool(html.escape(say("Take it as a new plan")), self._take_it, kind="lb-take")
        take.props("data-take")

    def _take_it(self) -> None:
        person = self.person()
        if person is None or self.told is None or self._busy:
            return
        self._busy = True
        background_tasks.create(self._take(self.told, self.option, person), name="luban take repair")

    async def _take(self, told: dict[str, Any], option: int, person: str) -> None:
        given = told["plan"], told["id"], option
        try:
            made = await self.reads(self.desk.take_repair, *given, who=person, language=self.say.language)
        except LubanError as error:
            if not self.result.is_deleted:
                self._note(self._reason(error))
            return
        except Exception:
            log.exception("a mended plan could not be kept")
            if not self.result.is_deleted:
                self._note(self.say("This did not work; the server's log says why."))
            return
        finally:
            self._busy = False
        self.told = None
        if not self.result.is_deleted:
            self.opened(made)


def _orders(plan: PlanState) -> list[str]:
    p = plan.schedule.problem
    return [name for at, name in enumerate(p.jobs) if p.job_kind[at] == ORDER]


def _above(number: float) -> Any:
    if not 0 < number <= 1e6:
        raise ValueError
    return number
