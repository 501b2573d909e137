"""The alarms tab: the list with what nobody has seen first, one alarm with what to do, how well the list serves.

Calm by design: no blinking, colour only beside a shape and a word, and no sound unless the person switches it on.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from luban.core.errors import InputError
from luban.core.time import DAY, MINUTE, SECOND, now as moment, to_datetime
from luban.screens.i18n import Words
from luban.screens.report.health_alarms import list_sheet, statistics_sheet
from luban.screens.report.sheet import Note, Sheet
from luban.screens.service import Now
from luban.screens.service.alarms import Listed, role_of
from luban.screens.users import Role
from luban.screens.web.health_alarms_texts import detail_html, history_html, list_html
from luban.screens.web.health_frame import Bench
from luban.screens.web.quality_columns import LEFT, RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.book import Entry
from luban.understand.health.alarms import Flood, State

__all__ = ["AlarmsPanel"]

_LIST: Final = "list"
_HIDDEN: Final = {"shelved": State.SHELVED, "suppressed": State.SUPPRESSED, "out": State.OUT_OF_SERVICE}
_SHELVE: Final = (15, 60, 240, 480, 720)  # [min]
_SPANS: Final = {"1": DAY, "7": 7 * DAY, "30": 30 * DAY, "": None}
_PAUSE: Final = SECOND
# buttons within the table: one handler for all of them
_PRESSED: Final = (
    "(event) => { const own = event.target.closest('[data-act]');"
    " if (own) { emit([own.dataset.act, own.dataset.alarm]); } }"
)
_BEEP: Final = """(() => {
  const context = new (window.AudioContext || window.webkitAudioContext)();
  const tone = context.createOscillator(), loud = context.createGain();
  tone.frequency.value = 660; loud.gain.value = 0.08;
  tone.connect(loud).connect(context.destination);
  tone.start(); tone.stop(context.currentTime + 0.25); tone.onended = () => context.close();
})()"""


class AlarmsPanel:
    """What is in the tab: the list and below it the statistics; beside it the alarm that was chosen."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self.desk = bench.books.desk
        self._shown, self._priority, self._chosen = _LIST, "", ""
        self._listed: tuple[Listed, ...] = ()
        self._drawn: Any = None
        self._detailed: Any = ()
        self._known: set[tuple[str, int | None]] | None = None
        self._sound = False
        self._head, self._read_at, self._turn = -1, 0, 0
        self._given: dict[str, str] = {}
        self._span, self._positions, self._of_devices = "7", "1", "list"

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        ui.add_head_html('<link rel="stylesheet" href="/assets/sheet.css">')
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(RIGHT):
                with card(say("Alarms")) as head:
                    with head:
                        self._counts = ui.element("div").classes("lb-alarms-counts").props("aria-live=polite")
                    self._flood = ui.element("div").props("role=status id=lb-alarm-flood")
                    with ui.element("div").classes("lb-tools"):
                        self._tools()
                    self._table = ui.element("div").props("id=lb-alarm-list")
                    self._table.on("click", self._pressed, js_handler=_PRESSED)
                with card(say("How well the list serves")), ui.element("div").classes("lb-tools"):
                    self._statistics_tools()
                self._statistics = ui.element("div")
            with ui.element("div").style(LEFT), card(say("Alarm")):
                self._detail = ui.element("div").props("id=lb-alarm")

    def _tools(self) -> None:
        say = self.say
        self._which = Choice(say("Which alarms"), self._choose_shown)
        entries = [
            (_LIST, say("in the list")), ("shelved", say("shelved")), ("suppressed", say("suppressed by design")),
            ("out", say("out of service")), ("all", say("all alarms")),
        ]  # fmt: skip
        self._which.fill(entries, _LIST)
        urgency = Choice(say("Priority"), self._choose_priority)
        priorities = [
            ("", say("every priority")), ("critical", say("critical")), ("high", say("high")),
            ("medium", say("medium")), ("low", say("low")),
        ]  # fmt: skip
        urgency.fill(priorities, "")
        self._place = Choice(say("Machine"), self.bench.choose)
        self._button = tool(html.escape(say("Sound: off")), self._toggle_sound)
        self._button.props("aria-pressed=false data-sound=off")

    def _statistics_tools(self) -> None:
        say = self.say
        span = Choice(say("Time"), lambda value: self._set("_span", value))
        span.fill([("1", say("1 day")), ("7", say("7 days")), ("30", say("30 days")), ("", say("all"))], self._span)
        source = Choice(say("Which alarms"), lambda value: self._set("_of_devices", value))
        source.fill([("list", say("of the alarm list")), ("devices", say("sent by devices"))], self._of_devices)
        people = Choice(say("Operating positions"), lambda value: self._set("_positions", value))
        people.fill([(str(n), say("operating positions: {n}", n=n)) for n in (1, 2, 3, 4, 6, 8)], self._positions)
        tool(html.escape(say("Statistics")), self._show_statistics, kind="lb-take")
        tool(html.escape(say("Check the alarm list")), self._show_list)
        self._downloads = ui.element("div").classes("lb-tools")

    # ------------------------------------------------------------------ reading

    async def show(self) -> None:
        """Read the books and draw; another machine may have been chosen."""
        self._drawn = None
        await self._read()

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown, once a second at most; once a minute for the times."""
        grown = now.head != self._head and now.time - self._read_at >= _PAUSE
        if grown or now.time - self._read_at >= MINUTE:
            self._head = now.head
            await self._read()

    async def _read(self) -> None:
        self._read_at = moment()
        turn = self._turn = self._turn + 1
        chosen = self._chosen

        def look() -> tuple[tuple[Listed, ...], tuple[Entry, ...], tuple[int, Flood | None]]:
            return self.desk.listed(every=True), self.desk.history(chosen) if chosen else (), self.desk.load()

        found = await self.bench.ask(look)
        if found is None or not self.bench.alive or turn != self._turn:
            return  # what was asked since is drawn instead
        listed, history, load = found
        self._listed = listed
        self._listen(listed)
        drawn = (listed, len(history), load, self._read_at // MINUTE, self.bench.chosen)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        with self.bench.client:
            self._draw(history)
            self._draw_load(*load)

    def _listen(self, listed: tuple[Listed, ...]) -> None:
        """One short tone for alarms that nobody has seen, where the person wants it."""
        new = {(one.standing.id, one.standing.shown) for one in listed if one.state is State.UNACKNOWLEDGED}
        known, self._known = self._known, new
        if known is not None and new - known and self._sound and self.bench.alive:
            with self.bench.client:
                ui.run_javascript(_BEEP)

    # ------------------------------------------------------------------ drawing

    def _draw(self, history: tuple[Entry, ...]) -> None:
        say, zone, at = self.say, self.bench.view.plant.zone, moment()
        counts = Counter(one.state for one in self._listed)
        new = counts[State.UNACKNOWLEDGED] + counts[State.RETURNED] + counts[State.LATCHED_UNACKNOWLEDGED]
        told = (
            (new, say("not acknowledged")), (sum(one.standing.active for one in self._listed), say("standing")),
            (counts[State.SHELVED], say("shelved")), (counts[State.OUT_OF_SERVICE], say("out of service")),
        )  # fmt: skip
        self._counts.clear()
        with self._counts:
            for number, name in told:
                ui.html(f"<b>{number}</b> {html.escape(name)}", sanitize=False, tag="span")
        places = sorted({one.standing.place for one in self._listed if one.standing.place} | {self.bench.chosen} - {""})
        self._place.fill([("", say("all machines")), *((path, path) for path in places)], self.bench.chosen)
        shown = [one for one in self._listed if self._is_shown(one)]
        empty = say("No alarm.") if self._listed else say("No alarm has come yet, and the plant has no alarm list.")
        acts = self.bench.may(Role.OPERATOR)
        self._table.clear()
        with self._table:
            ui.html(list_html(shown, self._chosen, say, zone, at, acts=acts, empty=empty), sanitize=False)
        self._draw_detail(history)

    def _draw_load(self, count: int, flood: Flood | None) -> None:
        """Alarms of the last 10 minutes; a flood says since when, and what came first: its cause is often there."""
        say = self.say
        with self._counts:
            ui.html(f"<b>{count}</b> {html.escape(say('in the last 10 min'))}", sanitize=False, tag="span")
        self._flood.clear()
        if flood is not None:
            at = to_datetime(flood.start, self.bench.view.plant.zone).strftime("%H:%M")
            text = say("Flood since {time}: {n} alarms. First came: {first}", time=at, n=flood.count, first=flood.first)
            with self._flood:
                ui.html(notice(text, alarm=True), sanitize=False)

    def _is_shown(self, one: Listed) -> bool:
        place = self.bench.chosen
        if place and one.standing.place != place and not one.standing.place.startswith(f"{place}/"):
            return False
        if self._priority and one.standing.priority != self._priority:
            return False
        if self._shown in _HIDDEN:
            return one.state is _HIDDEN[self._shown]
        return self._shown == "all" or one.state not in {State.NORMAL, *_HIDDEN.values()}

    def _draw_detail(self, history: tuple[Entry, ...]) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        one = next((one for one in self._listed if one.standing.id == self._chosen), None)
        if self._detailed == (one, len(history)):
            return  # somebody may be typing there
        self._detailed = one, len(history)
        self._detail.clear()
        with self._detail:
            if one is None:
                text = say("Choose an alarm to see what to do.")
                ui.html(f'<p class="lb-alarms-none">{html.escape(text)}</p>', sanitize=False)
                return
            ui.html(detail_html(one, say, zone, moment()), sanitize=False)
            if one.standing.place in self.bench.view.plant.work_units:
                with ui.element("div").classes("lb-tools"):
                    tool(html.escape(say("Look at the machine")), lambda: self._look_at(one.standing.place))
            if self.bench.may(Role.OPERATOR):
                with ui.element("div").classes("lb-alarm-acts"):
                    self._acts(one)
            ui.html(history_html(history, say, zone), sanitize=False)

    def _acts(self, one: Listed) -> None:
        say, state = self.say, one.state
        with ui.element("div").classes("lb-tools"):
            if state in {State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED_UNACKNOWLEDGED}:
                tool(html.escape(say("Acknowledge")), lambda: self._act("acknowledge"), kind="lb-take")
            if state is State.LATCHED:
                tool(html.escape(say("Reset")), lambda: self._act("reset"), kind="lb-take")
            if state is State.SHELVED:
                tool(html.escape(say("Back from the shelf")), lambda: self._act("unshelve"))
            if state is State.OUT_OF_SERVICE and self.bench.may(Role.ENGINEER):
                tool(html.escape(say("Put back into service")), lambda: self._act("restore"))
        with ui.element("div").classes("lb-form"):
            self._given.setdefault("reason", "")
            box = field(say("Reason or comment"), self._given["reason"], self._typed, "text")
            box.props("data-field=reason maxlength=500")
            if state not in {State.SHELVED, State.OUT_OF_SERVICE}:
                self._given.setdefault("minutes", "60")
                entries = [(str(n), say("{n} min", n=n) if n < 60 else say("{n} h", n=n // 60)) for n in _SHELVE]
                labelled_choice(say("Shelve for"), entries, self._given["minutes"], self._set_minutes)
        with ui.element("div").classes("lb-tools"):
            if state not in {State.SHELVED, State.OUT_OF_SERVICE}:
                tool(html.escape(say("Shelve")), lambda: self._act("shelve"))
            if state is not State.OUT_OF_SERVICE and self.bench.may(Role.ENGINEER):
                tool(html.escape(say("Take out of service")), lambda: self._act("withdraw"))
            tool(html.escape(say("Comment")), lambda: self._act("comment"))

    # ------------------------------------------------------------------ choices

    def _typed(self, value: str) -> None:
        self._given["reason"] = value

    def _set_minutes(self, value: str) -> None:
        self._given["minutes"] = value

    def _set(self, name: str, value: str) -> None:
        setattr(self, name, value)

    async def _choose_shown(self, value: str) -> None:
        self._shown = value
        await self.show()

    async def _choose_priority(self, value: str) -> None:
        self._priority = value
        await self.show()

    def _toggle_sound(self) -> None:
        self._sound = not self._sound
        text = self.say("Sound: on") if self._sound else self.say("Sound: off")
        self._button.clear()
        with self._button:
            ui.html(html.escape(text), sanitize=False, tag="span")
        self._button.props(f"aria-pressed={str(self._sound).lower()} data-sound={'on' if self._sound else 'off'}")
        if self._sound:
            ui.run_javascript(_BEEP)  # so that the person hears what it will be

    async def _pressed(self, event: Any) -> None:
        act, alarm = (str(part) for part in event.args)
        if act == "open":
            if alarm != self._chosen:
                self._given = {}
            self._chosen = alarm
            await self.show()
        elif act == "acknowledge":
            await self._act("acknowledge", alarm)

    async def _look_at(self, machine: str) -> None:
        await self.bench.open("machine", of=machine)

    # ------------------------------------------------------------------ acts

    async def _act(self, code: str, alarm: str = "") -> None:
        person = self.bench.person(role_of(code))
        if person is None:
            return
        name, text = alarm or self._chosen, self._given.get("reason", "")
        told: Mapping[str, Any] = {"text": text} if code == "comment" else {"reason": text}
        until = moment() + int(self._given.get("minutes", "60")) * MINUTE if code == "shelve" else None
        if code in {"acknowledge", "reset", "unshelve", "restore"}:
            told = {}
        if await self.bench.do(self.desk.act, name, code, person=person, until=until, **told):
            self._given.pop("reason", None)
            self._detailed = ()
            await self.show()

    # ------------------------------------------------------------------ statistics

    async def _show_statistics(self) -> None:
        span = _SPANS[self._span]
        end = moment()
        start = None if span is None else end - span
        devices = self._of_devices == "devices"

        def look() -> Sheet:
            try:
                made = self.desk.statistics(
                    start, None if span is None else end, positions=int(self._positions), devices=devices
                )
            except InputError as error:
                return Sheet(self.say("Alarm statistics"), "", (Note(self.say(error.message), "quiet"),))
            return statistics_sheet(made, self.say, self.bench.view.plant.zone)

        await self._show(look, "alarms")

    async def _show_list(self) -> None:
        plant = self.bench.view.plant
        await self._show(lambda: list_sheet(plant.name, plant.alarms, self.desk.findings(), self.say), "alarm-list")

    async def _show(self, make: Any, name: str) -> None:
        sheet = await self.bench.ask(make)
        if sheet is not None and self.bench.alive:
            with self.bench.client:
                show_sheet(self.bench, self._statistics, self._downloads, sheet, name)
