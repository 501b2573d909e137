"""The maintenance tab: the week as a board of lanes, what is missing, a work order with its steps, spare parts.

A card goes on by its buttons, or by being drawn to the next lane; what a step needs is asked for in the order's form.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.core.time import MINUTE, now as clock, parse_time, to_datetime
from luban.decide.maintain import Due, WorkOrder
from luban.screens.i18n import Words
from luban.screens.report.health_maintenance import (
    day_text,
    due_word,
    lack_text,
    shelf_grid,
    standing_sheet,
    state_word,
)
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.service.maintenance import MaintenanceDesk, Standing, role_for
from luban.screens.users import Role
from luban.screens.web.health_frame import Bench
from luban.screens.web.health_workorder import OrderCard
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.quality_typed import number
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card

__all__ = ["MaintenancePanel"]

_LANES = ("due", "planned", "running", "done")
_STEP = {"planned": "release", "running": "begin", "done": "finish"}  # what a card does that is drawn to a lane
_DRAG = "(event) => event.dataTransfer.setData('text/plain', event.currentTarget.dataset.id)"
_OVER = "(event) => { event.preventDefault(); event.currentTarget.classList.add('lb-over'); }"
_LEAVE = "(event) => event.currentTarget.classList.remove('lb-over')"
_DROP = (
    "(event) => { event.preventDefault(); event.currentTarget.classList.remove('lb-over');"
    " emit(event.dataTransfer.getData('text/plain')); }"
)


class MaintenancePanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self.desk = MaintenanceDesk(bench.books)
        self.order = OrderCard(bench, self.desk, self.again)
        self._weeks = 0
        self._given: dict[str, str] = {}
        self._spare = {"item": "", "code": "receive", "count": "1"}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Week")) as head:
            with head, ui.element("div").classes("lb-tools") as self._tools:
                pass
            with ui.element("div").classes("lb-mweek"):
                tool("‹", lambda: self._go(-1), say("the week before"))
                self._dates = ui.element("span").props("aria-live=polite")
                tool("›", lambda: self._go(1), say("the week after"))
                tool(html.escape(say("This week")), lambda: self._go(0))
            self._lacks = ui.element("div").props("aria-live=polite")
            self._board = ui.element("div").classes("lb-mboard")
        self._plan_holder = ui.element("div")
        self.order.build()
        with card(say("Spare parts")):
            self._shelf = ui.element("div")
            self._spares = ui.element("div")
        with self._plan_holder:
            self._draw_plan()

    async def _go(self, step: int) -> None:
        self._weeks = 0 if step == 0 else self._weeks + step
        await self.again()

    # ------------------------------------------------------------------ reading

    async def _read(self) -> None:
        asked = await self.bench.ask(self.desk.asked) or {}
        found = await self.bench.ask(self.desk.standing, self._weeks, asked)
        if found is None or not self.bench.alive:
            return
        told = (found.orders, found.shelves, found.week, [(one.task.id, one.state) for one in found.due])
        if told == self._known:
            return
        self._known = told
        with self.bench.client:
            self._draw(found)

    def _of(self, machine: str) -> bool:
        return self.bench.chosen in {"", machine}

    def _draw(self, found: Standing) -> None:
        say, zone, week = self.say, self.bench.view.plant.zone, found.week
        self._dates.clear()
        with self._dates:
            last = to_datetime(week.end - MINUTE, zone)
            text = f"{day_text(week.start, zone, hour=False)} – {last:%Y-%m-%d}"
            ui.html(html.escape(text), sanitize=False, tag="b")
        self._lacks.clear()
        with self._lacks:
            rows = "".join(f"<li>{html.escape(lack_text(one, say))}</li>" for one in week.lacks)
            if rows:
                ui.html(f'<ul class="lb-mlacks">{rows}</ul>', sanitize=False)
        self._draw_board(found)
        self.order.draw(found.orders)
        self._draw_spares(found)
        self._tools.clear()
        with self._tools:
            sheet = standing_sheet(self.bench.view.plant.name, found.due, list(found.orders.values()), found.shelves,
                                   week.lacks, say, zone)  # fmt: skip
            download_tools(self.bench, sheet, "maintenance")

    # ------------------------------------------------------------------ the board

    def _lanes(self, found: Standing) -> dict[str, list[WorkOrder | Due]]:
        week = found.week
        lanes: dict[str, list[WorkOrder | Due]] = {name: [] for name in _LANES}
        lanes["due"] += [
            one for one in found.due
            if one.state in {"overdue", "asked", "due"} and not one.order and self._of(one.task.asset)
        ]  # fmt: skip
        for one in week.orders:
            if self._of(one.machine):
                lane = {"running": "running", "done": "done"}.get(one.state, "planned")
                lanes[lane].append(one)
        closed = [one for one in found.orders.values() if one.state == "closed" and self._of(one.machine)]
        lanes["done"] += [one for one in closed if week.start <= (one.finished or 0) < week.end]
        return lanes

    def _draw_board(self, found: Standing) -> None:
        say = self.say
        names = {"due": say("To be done"), "planned": say("Planned"), "running": say("Running"), "done": say("Done")}
        lacking = {lack.order: lack_text(lack, say).partition(": ")[2] for lack in found.week.lacks if lack.order}
        self._board.clear()
        with self._board:
            for lane, cards in self._lanes(found).items():
                with ui.element("section").classes("lb-mlane").props(f"data-lane={lane}") as holder:
                    holder._props["aria-label"] = names[lane]  # noqa: SLF001
                    title = f"<span>{html.escape(names[lane])}</span><span>{len(cards)}</span>"
                    ui.html(title, sanitize=False, tag="h3")
                    for one in cards:
                        if isinstance(one, WorkOrder):
                            self._order_card(one, lacking.get(one.id, ""))
                        else:
                            self._due_card(one)
                if lane in _STEP:
                    holder.on("dragover", js_handler=_OVER)
                    holder.on("dragleave", js_handler=_LEAVE)
                    holder.on("drop", lambda event, lane=lane: self._drawn(lane, str(event.args)), js_handler=_DROP)

    def _order_card(self, one: WorkOrder, lack: str) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        lines = [f"{one.id} · {state_word(one.state, say)}", one.machine, day_text(one.start, zone), lack]
        self._card(one.id, one.task, lines, one.state, lack=bool(lack), current=one.id == self.order.chosen)

    def _due_card(self, one: Due) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        lines = [due_word(one.state, say), one.task.asset, day_text(one.next, zone, hour=False), one.asked]
        self._card(one.task.id, one.task.task, lines, one.state)

    def _card(
        self, name: str, title: str, lines: list[str], state: str, *, lack: bool = False, current: bool = False
    ) -> None:
        inner = f"<b>{html.escape(title)}</b>" + "".join(
            f"<small>{html.escape(line)}</small>" for line in lines if line and line != "–"
        )
        with ui.element("button").classes("lb-mcard") as button:
            button.props(f"type=button draggable=true data-state={state} data-lack={int(lack)}")
            button._props.update({"data-id": name, "aria-current": str(current).lower()})  # noqa: SLF001
            ui.html(inner, sanitize=False, tag="span").style("display: grid; gap: 2px")
        button.on("click", lambda _event: self._open(name))
        button.on("dragstart", js_handler=_DRAG)

    async def _open(self, name: str) -> None:
        task = next((one for one in self.bench.view.plant.maintenance if one.id == name), None)
        if task is None:
            self.order.choose(name)
            await self.again()
            return
        self._given |= {"machine": task.asset, "task": task.task, "minutes": f"{task.duration / MINUTE:g}"}
        with self.bench.client:
            self._plan_holder.clear()
            with self._plan_holder:
                self._draw_plan()
            ui.run_javascript("document.querySelector('.lb-mplan input')?.focus()")

    async def _drawn(self, lane: str, name: str) -> None:
        """A card was drawn to a lane: a task that is due is planned, an order goes a step on."""
        if lane == "planned" and any(one.id == name for one in self.bench.view.plant.maintenance):
            await self._open(name)
            await self._plan()
            return
        one = await self.bench.ask(self.desk.order, name)
        if one is not None and self.bench.person(role_for(_STEP[lane])) is not None:
            await self.order.step(one, _STEP[lane])

    # ------------------------------------------------------------------ planning

    def _draw_plan(self) -> None:
        say, plant = self.say, self.bench.view.plant
        if not self.bench.may(Role.OPERATOR):
            return
        given = self._given
        given.setdefault("machine", self.bench.chosen or next(iter(plant.work_units), ""))
        given.setdefault("start", f"{to_datetime(clock(), plant.zone):%Y-%m-%dT%H:00}")
        with card(say("Plan a work order")), ui.element("div").classes("lb-gform lb-mplan"):
            machines = [(path, plant.equipment[path].name) for path in plant.work_units]
            labelled_choice(say("Machine"), machines, given["machine"], lambda v: given.__setitem__("machine", v))
            for name, label, kind in (
                ("task", say("Task"), "text"), ("start", say("Begin"), "datetime-local"),
                ("minutes", say("Length [min]"), "number"),
            ):  # fmt: skip
                box = field(label, given.setdefault(name, ""), self._keeper(name), kind)
                box.props(f"data-field={name}")
                if name == "task":
                    box.props("list=lb-mtasks")
            tasks = "".join(f'<option value="{html.escape(one)}"></option>' for one in _tasks(plant.maintenance))
            ui.html(f'<datalist id="lb-mtasks">{tasks}</datalist>', sanitize=False)
            tool(html.escape(say("Plan")), self._plan, kind="lb-take")

    def _keeper(self, name: str) -> Callable[[str], None]:
        return lambda value: self._given.__setitem__(name, value)

    async def _plan(self) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is None:
            return
        given, plant = self._given, self.bench.view.plant

        def plan() -> str:
            start = parse_time(given["start"], plant.zone) if given.get("start") else None
            minutes = number(given["minutes"], "length") if given.get("minutes") else None
            due = next((one for one in self.desk.standing().due if one.task.asset == given["machine"]
                        and one.task.task == given["task"]), None)  # fmt: skip
            why = "person" if due is None else {"age": "age", "condition": "condition"}.get(due.task.policy, "calendar")
            return self.desk.plan(given["machine"], given["task"], person=person, why=why, start=start, minutes=minutes)

        made = await self.bench.ask(plan)
        if made is not None and self.bench.alive:
            self.order.choose(made)
            given.update(task="", minutes="")
            with self.bench.client:
                self._plan_holder.clear()
                with self._plan_holder:
                    self._draw_plan()
            await self.again()

    # ------------------------------------------------------------------ spare parts

    def _draw_spares(self, found: Standing) -> None:
        say = self.say
        self._shelf.clear()
        with self._shelf:
            if found.shelves:
                grid = shelf_grid(list(found.shelves.values()), say)
                ui.html(sheet_part(Sheet("", "", (grid,))).replace("<h1></h1>", ""), sanitize=False)
            else:
                text = say("No spare part yet: the table spares.csv in the plant's folder holds them.")
                ui.html(f'<p class="lb-empty">{html.escape(text)}</p>', sanitize=False)
        if self._spares.default_slot.children or not found.shelves or not self.bench.may(Role.OPERATOR):
            return
        given = self._spare
        given["item"] = given["item"] or next(iter(found.shelves))
        codes = [("receive", say("received")), ("take", say("taken")), ("count", say("counted")),
                 ("order", say("ordered"))]  # fmt: skip
        with self._spares, ui.element("div").classes("lb-tools lb-mspare"):
            items = [(one.item, one.name) for one in found.shelves.values()]
            Choice(say("spare part"), lambda v: given.__setitem__("item", v)).fill(items, given["item"])
            Choice(say("step"), lambda v: given.__setitem__("code", v)).fill(codes, given["code"])
            field(say("pieces"), given["count"], lambda v: given.__setitem__("count", v)).props(
                "data-field=count min=0"
            )
            tool(html.escape(say("Enter")), self._enter)

    async def _enter(self) -> None:
        person, given = self.bench.person(Role.OPERATOR), self._spare
        if person is None:
            return

        def enter() -> Any:
            return self.desk.spare(given["item"], given["code"], int(number(given["count"], "pieces")), person=person)

        if await self.bench.ask(enter) is not None:
            await self.again()


def _tasks(tasks: Any) -> list[str]:
    return list(dict.fromkeys(one.task for one in tasks))
