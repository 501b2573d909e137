"""Savings: a baseline tried on a window and frozen before the act; what was saved against it, with its interval."""

from __future__ import annotations

import html
from datetime import date, timedelta
from typing import Any

from nicegui import ui

from luban.core.errors import InputError, LubanError
from luban.core.time import parse_time, to_datetime
from luban.screens.report.energy_savings import driver_name, found_sheet, trial_sheet
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.energy import NO_READING
from luban.screens.service.energy_savings import PIECES, AskedBaseline, SavingsDesk
from luban.screens.users import Role
from luban.screens.web.energy_balance import no_readings
from luban.screens.web.energy_frame import Bench
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import VALUE, Choice, field, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.energy.keep import Kept

__all__ = ["SavingsPanel"]

_NONE = "–"
_WINDOW = 60  # days of a baseline that is offered
_MINUTE = 120  # ticks


class SavingsPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = SavingsDesk(bench.books)
        self._chosen = ""
        self._version: tuple[int, ...] = ()
        self._head = self._turn = 0
        self._known: list[tuple[str, int | None]] = []
        self._given = {"meter": "", "step": "day", "temperature": "", "start": "", "end": "", "act": "", "title": "",
                       "why": ""}  # fmt: skip
        self._drivers: dict[str, bool] = {PIECES: True}
        self._units: dict[str, str] = {}
        self._laid = False

    # ------------------------------------------------------------------ lay out

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Frozen baselines")):
            self._list = ui.element("div").classes("lb-scroll")
        self._own = ui.element("div").classes("lb-qpanel")
        with self._own:
            self._sheet = SheetView(self.bench, "", lambda: f"savings-{self._chosen}")
            self._aside = ui.element("div").classes("lb-tbar")
        self._own.set_visibility(False)
        with card(say("A new baseline")):
            text = say("Fit it on a time before the change, look at it, and freeze it before anything is changed. From "
                       "then on its numbers stay as they are.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            self._form = ui.element("div").classes("lb-tform")
        self._tried = ui.element("div").classes("lb-qpanel")
        with self._tried:
            self._trial = SheetView(self.bench, "", lambda: "baseline-trial")
        self._tried.set_visibility(False)

    def _lay_form(self, drivers: tuple[tuple[str, str], ...]) -> None:
        say, books = self.say, self.bench.books
        self._units = dict(drivers)
        self._offer()
        self._form.clear()
        with self._form:
            with ui.element("div").classes("lb-tsearch"):
                meters = Choice(say("meter"), lambda value: self._give("meter", value))
                known = self.desk.meters()
                names = [(one.id, f"{books.name(one.id)} · {say(one.medium)}") for one in known]
                self._given["meter"] = self._given["meter"] or (known[0].id if known else "")
                meters.fill(names, self._given["meter"])
                steps = Choice(say("length of a step"), lambda value: self._give("step", value))
                steps.fill([("day", say("day by day")), ("week", say("week by week"))], self._given["step"])
                self._date(say("from"), "start")
                self._date(say("to"), "end")
            with ui.element("fieldset").classes("lb-edrivers"):
                ui.html(html.escape(say("what energy hangs on")), sanitize=False, tag="legend")
                for name, unit in drivers:
                    self._driver(name, unit)
            tool(html.escape(say("Try it")), lambda: self.bench.call(self._try))
            if self.bench.may(Role.ENGINEER) and books.writable:
                with ui.element("div").classes("lb-tsearch"):
                    field(say("what is done about the energy"), self._given["title"],
                          lambda value: self._give("title", value), "text")  # fmt: skip
                    self._date(say("savings count from"), "act")
                    tool(html.escape(say("Freeze")), lambda: self.bench.call(self._freeze), kind="lb-primary")

    def _offer(self) -> None:
        """The last days before today as a window, today as the act."""
        bounds, zone = self.bench.books.bounds, self.bench.view.plant.zone
        if bounds is None or self._given["end"]:
            return
        last = to_datetime(bounds[1], zone).date()
        first = max(to_datetime(bounds[0], zone).date(), last - timedelta(days=_WINDOW))
        self._given |= {"start": first.isoformat(), "end": last.isoformat(), "act": last.isoformat()}

    def _date(self, label: str, name: str) -> None:
        with ui.element("label"):
            ui.html(html.escape(label), sanitize=False, tag="span")
            box = ui.element("input").props(f"type=date data-field={name}")
            box._props["defaultValue"] = self._given[name]  # noqa: SLF001 - what a person typed stays
            box.on("input", lambda event: self._give(name, str(event.args)), js_handler=VALUE)

    def _driver(self, name: str, unit: str) -> None:
        with ui.element("label").classes("lb-check"):
            box = ui.element("input").props("type=checkbox")
            box._props.update({"data-driver": name} | ({"checked": True} if self._drivers.get(name) else {}))  # noqa: SLF001
            box.on("change", lambda event: self._tick_driver(name, bool(event.args)),
                   js_handler="(event) => emit(event.target.checked)")  # fmt: skip
            text = driver_name(name, self.say) + (f" [{unit}]" if unit else "")
            ui.html(html.escape(text), sanitize=False, tag="span")

    def _tick_driver(self, name: str, on: bool) -> None:
        self._drivers[name] = on

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:400]

    # ------------------------------------------------------------------ reading

    async def show(self) -> None:
        """Read and draw."""
        await self._draw()

    async def tick(self, now: Now) -> None:
        """Draw again where somebody froze a baseline or put one aside, and once a minute where readings came in."""
        self._turn += 1
        if self._turn % _MINUTE == 0 and self.bench.books.version != self._version:
            await self._draw()
            return
        if self._turn % 6 or now.head == self._head:
            return
        known = await self.bench.ask(self.desk.kept)
        if known is not None and [(one.id, one.retired) for one in known.values()] != self._known:
            await self._draw()
        else:
            self._head = now.head

    async def _draw(self) -> None:
        say, plant, books = self.say, self.bench.view.plant, self.bench.books
        chosen = self._chosen

        def read() -> tuple[Any, ...]:
            head, version, bounds = self.bench.view.ledger.head, books.version, books.bounds
            known = self.desk.kept()
            drivers = self.desk.drivers()
            shown = chosen if chosen in known else next(iter(known), "")
            sheet: Sheet | None = None
            wrong = ""
            if shown:
                try:
                    found = self.desk.found(shown)
                    sheet = found_sheet(found, say, plant.zone, plant.name, books.name(found.kept.meter))
                except LubanError as error:
                    wrong = say(error.message) + (f" · {error.came}" if error.came else "")
            return head, version, bounds, known, drivers, shown, sheet, wrong

        made = await self.bench.ask(read)
        if made is None or not self.bench.alive or chosen != self._chosen:
            return
        self._head, self._version, bounds, known, drivers, self._chosen, sheet, wrong = made
        self._known = [(one.id, one.retired) for one in known.values()]
        with self.bench.client:
            if bounds is None:
                self._list.clear()
                with self._list:
                    ui.html(no_readings(say), sanitize=False)
                self._own.set_visibility(False)
                return
            self._draw_list(known)
            self._own.set_visibility(bool(self._chosen))
            if sheet is not None:
                self._sheet.show(sheet)
            else:
                self._sheet.nothing(wrong)
            self._draw_aside(known.get(self._chosen))
            if not self._laid:
                self._laid = True
                self._lay_form(drivers)

    def _draw_list(self, known: dict[str, Kept]) -> None:
        say = self.say
        self._list.clear()
        with self._list:
            if not known:
                text = say("No baseline is frozen. Fit one below, before something is changed: afterwards nobody can "
                           "tell what would have been.")  # fmt: skip
                ui.html(notice(text), sanitize=False)
                return
            heads = (say("baseline"), say("state"), say("what is done about the energy"), say("meter"), say("window"),
                     say("savings count from"), say("by"))  # fmt: skip
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for one in known.values():
                        self._row(one, heads)

    def _row(self, one: Kept, heads: tuple[str, ...]) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        days = [f"{to_datetime(at, zone):%Y-%m-%d}" for at in (one.start, one.end, one.act)]
        state = say("put aside") if one.retired is not None else (
            say("frozen after the act") if one.afterwards else say("frozen"))  # fmt: skip
        cells = (state, one.title, self.bench.books.name(one.meter), f"{days[0]} – {days[1]}", days[2],
                 one.person or _NONE)  # fmt: skip
        with ui.element("tr").props(f"data-baseline={one.id}"):
            with ui.element("td") as first, ui.element("button").classes("lb-plain").props("type=button") as button:
                ui.html(html.escape(one.id), sanitize=False, tag="span")
            first._props["data-head"] = heads[0]  # noqa: SLF001
            button.on("click", lambda _event: self._choose(one.id))
            if one.id == self._chosen:
                button.props("aria-current=true")
            for head, cell in zip(heads[1:], cells, strict=True):
                ui.html(html.escape(cell), sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001

    def _draw_aside(self, one: Kept | None) -> None:
        self._aside.clear()
        if one is None or one.retired is not None or not (self.bench.may(Role.ENGINEER) and self.bench.books.writable):
            return
        with self._aside, ui.element("div").classes("lb-tsearch"):
            field(self.say("why it is put aside"), self._given["why"], lambda value: self._give("why", value), "text")
            tool(html.escape(self.say("Put it aside")), lambda: self.bench.call(self._retire))

    async def _choose(self, name: str) -> None:
        self._chosen = name
        self._given["why"] = ""
        await self._draw()

    # ------------------------------------------------------------------ acts

    def _asked(self) -> AskedBaseline:
        """What stands in the form. Raises InputError."""
        drivers = [name for name in self._units if self._drivers.get(name)]
        warm = [name for name in drivers if self._units[name] and name.startswith("signal ")]
        given = self._given
        return self.desk.asked(given["meter"], given["step"], drivers, warm[0] if len(warm) == 1 else "",
                               self._day(given["start"]), self._day(given["end"]))  # fmt: skip

    def _day(self, text: str) -> int:
        try:
            return parse_time(f"{date.fromisoformat(text).isoformat()}T00:00", self.bench.view.plant.zone)
        except ValueError:
            raise InputError("this is no date", came=text) from None

    async def _try(self) -> None:
        say, plant, books = self.say, self.bench.view.plant, self.bench.books

        def read() -> Sheet:
            made = self.desk.trial(self._asked())
            return trial_sheet(made, say, plant.zone, plant.name, books.name(made.meter.id))

        text = ""
        sheet: Sheet | None = None
        try:
            sheet = await self.bench.reads(read)
        except LubanError as error:
            came = f" · {error.came}" if error.came else ""
            text = no_readings(say) if error.message == NO_READING else notice(say(error.message) + came)
        if not self.bench.alive:
            return
        with self.bench.client:
            self._tried.set_visibility(True)
            if sheet is None:
                self._trial.nothing("")
                self._trial.body.content = text
            else:
                self._trial.show(sheet)

    async def _freeze(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return

        def act() -> str:
            return self.desk.freeze(self._asked(), self._given["title"], self._day(self._given["act"]), person=person)

        made = await self.bench.ask(act)
        if made is not None:
            self._chosen = made
            self._tried.set_visibility(False)
            await self._draw()

    async def _retire(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is not None and await self.bench.do(
            self.desk.retire, self._chosen, self._given["why"], person=person
        ):
            self._given["why"] = ""
            await self._draw()
