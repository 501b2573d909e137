"""Commands: what waits for a person, what was done, and what came of it; each with a way back where there is one."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.act.command import Command, State
from luban.act.engine import Automation
from luban.core.errors import LubanError
from luban.core.time import SECOND, now, to_datetime
from luban.screens.service import Now
from luban.screens.web.acting_frame import Bench
from luban.screens.web.acting_parts import act_button, hear_acts
from luban.screens.web.acting_words import amount, author, reason, state_word
from luban.screens.web.schedule_parts import field, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.twin_tables import notice

__all__ = ["CommandsPanel"]

_ROWS = 100
_CLASS = {
    State.CONFIRMED: "lb-done", State.UNVERIFIED: "lb-bad", State.FAILED: "lb-bad", State.REFUSED: "lb-held",
    State.EXPIRED: "lb-held", State.ROLLED_BACK: "lb-held", State.WITHDRAWN: "lb-held",
}  # fmt: skip


class CommandsPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._why: dict[str, str] = {}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        self._stop = ui.element("div").classes("lb-qpanel")
        self._waiting = hear_acts(ui.element("div").classes("lb-qpanel").props("aria-live=polite"), self._press)
        with card(self.say("What was done")):
            self._done = hear_acts(ui.element("div").classes("lb-scroll"), self._press)
        self._one = hear_acts(ui.element("div").classes("lb-qpanel"), self._press)

    async def tick(self, now: Now) -> None:  # noqa: ARG002
        """Also once a second: the actor knows of its commands before the books are read."""
        await self._read()

    async def _read(self) -> None:
        books = self.bench.books
        found = await self.bench.ask(books.commands, _ROWS)
        automation = await self.bench.ask(books.automation)
        if found is None or automation is None or not self.bench.alive:
            return
        chosen = next((one for one in found if one.id == self.bench.chosen), None)
        waiting, done = [one for one in found if one.open], [one for one in found if not one.open]
        parts: dict[str, tuple[Any, Callable[[], None]]] = {
            "stop": (automation.stopped, lambda: self._draw_stop(automation)),
            "waiting": (_marks(waiting), lambda: self._draw_waiting(waiting)),
            "done": (_marks(done), lambda: self._draw_done(done)),
            "one": (_marks([chosen] if chosen else []), lambda: self._draw_one(chosen)),
        }
        drawn = self._known or {}
        self._known = {name: known for name, (known, _) in parts.items()}
        with self.bench.client:
            for name, (known, draw) in parts.items():  # a part drawn anew for nothing loses a click on it
                if name not in drawn or drawn[name] != known:
                    draw()

    # ------------------------------------------------------------------ drawing

    def _draw_stop(self, automation: Automation) -> None:
        say = self.say
        self._stop.clear()
        if automation.stopped is None:
            return
        with self._stop, card(say("Automation is stopped"), "lb-stopcard"):
            told = say("Since {time}, by {person}: {why}", time=self._when(automation.since),
                       person=automation.by or "–", why=say(automation.stopped))  # fmt: skip
            ui.html(html.escape(told), sanitize=False, tag="p")
            if self.bench.books.writable and self.bench.books.may(self.bench.user, "release"):
                with ui.element("div").classes("lb-tsearch"):
                    why = self._why.get("release", "")
                    field(say("why it may act again"), why, lambda value: self._set("release", value), "text")
                    tool(html.escape(say("Let it act again")), lambda: self.bench.call(self._release), kind="lb-take")

    def _draw_waiting(self, waiting: list[Command]) -> None:
        say = self.say
        self._waiting.clear()
        with self._waiting:
            if not self.bench.view.plant.actuators:
                text = say("Nothing may be moved from here: plant.toml names no actuator. luban watches and advises.")
                ui.html(notice(text), sanitize=False)
            elif not waiting:
                with card(say("Nothing waits")):
                    text = say("Commands that a person must approve, or whose end is not known, stand here.")
                    ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            for one in waiting:
                self._draw_card(one)

    def _draw_card(self, one: Command) -> None:
        say, books, user = self.say, self.bench.books, self.bench.user
        where, _, name = one.actuator.partition(":")
        with card(f"{name} · {where}", "lb-command") as head:
            with head:
                ui.html(html.escape(state_word(say, one.state)), sanitize=False).classes(
                    f"lb-state {_CLASS.get(one.state, 'lb-waits')}"
                )
            ui.html(html.escape(amount(one.value, one.unit)), sanitize=False, tag="p").classes("lb-big")
            ui.html(html.escape(say(one.why)), sanitize=False, tag="p")
            left = max(0, one.expires - now()) / SECOND
            told = (
                say("from {author}, {time}", author=author(say, one), time=self._when(one.proposed)),
                say("ends in {n} min", n=f"{left / 60:.0f}") if one.state is State.PROPOSED else "",
                reason(say, one),
            )
            ui.html(html.escape(" · ".join(filter(None, told))), sanitize=False, tag="p").classes("lb-note")
            if not books.writable:
                return
            with ui.element("div").classes("lb-tools").props(f"data-command={one.id}"):
                if one.state is State.PROPOSED and books.may(user, "approve", one.id):
                    act_button(say("Approve"), "approve", one.id, "lb-tool lb-take")
                if one.state is State.UNVERIFIED and books.may(user, "retry", one.id):
                    act_button(say("Try again"), "retry", one.id)
                    if one.before is not None:
                        text = say("Bring back {value}", value=amount(one.before, one.unit))
                        act_button(text, "roll back", one.id)
                if one.state is not State.SENDING and books.may(user, "withdraw", one.id):
                    word = say("Give up") if one.state is State.UNVERIFIED else say("Turn down")
                    act_button(word, "withdraw", one.id)

    def _draw_done(self, done: list[Command]) -> None:
        say = self.say
        self._done.clear()
        with self._done:
            if not done:
                ui.html(html.escape(say("No command has ended yet.")), sanitize=False, tag="p").classes("lb-note")
                return
            heads = (say("time"), say("what"), say("value"), say("before"), say("state"), say("why"), say("by"))
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for one in done:
                        self._row(one, heads)

    def _row(self, one: Command, heads: tuple[str, ...]) -> None:
        say = self.say
        ended = ": ".join(filter(None, (state_word(say, one.state), reason(say, one))))
        cells = (amount(one.value, one.unit), amount(one.before, one.unit), ended, say(one.why), author(say, one))
        with ui.element("tr").props(f"data-command={one.id}"):
            ui.html(html.escape(self._when(one.since)), sanitize=False, tag="td")._props["data-head"] = heads[0]  # noqa: SLF001
            with ui.element("td") as what:
                act_button(one.actuator, "choose", one.id, "lb-plain")
            what._props["data-head"] = heads[1]  # noqa: SLF001
            for head, cell in zip(heads[2:], cells, strict=True):
                drawn = ui.html(html.escape(cell), sanitize=False, tag="td")
                drawn._props["data-head"] = head  # noqa: SLF001
                if head == heads[4]:
                    drawn.classes(_CLASS.get(one.state, ""))

    def _draw_one(self, one: Command | None) -> None:
        say, books = self.say, self.bench.books
        self._one.clear()
        if one is None:
            return
        with self._one, card(say("Command {name}", name=one.id), "lb-command"):
            ui.html(html.escape(reason(say, one) or say(one.why)), sanitize=False, tag="p")
            with ui.element("ol").classes("lb-story"):
                for entry in one.history:
                    word = state_word(say, State(entry.code)) if entry.code != "propose" else say("asked for")
                    parts = (self._when(entry.time), word, entry.person, say(entry.text))
                    ui.html(html.escape(" · ".join(filter(None, parts))), sanitize=False, tag="li")
            may = books.writable and books.may(self.bench.user, "roll back", one.id)
            if one.state is State.CONFIRMED and one.before is not None and may:
                with ui.element("div").classes("lb-tsearch"):
                    field(say("why"), self._why.get(one.id, ""), lambda value: self._set(one.id, value), "text")
                    text = say("Bring back {value}", value=amount(one.before, one.unit))
                    act_button(text, "roll back", one.id)

    def _when(self, moment: int) -> str:
        return to_datetime(moment).astimezone(self.bench.view.plant.zone).strftime("%Y-%m-%d %H:%M:%S")

    def _set(self, name: str, value: str) -> None:
        self._why[name] = value[:500]

    # ------------------------------------------------------------------ acts

    def _press(self, act: str, name: str) -> None:
        if act == "choose":
            self.bench.call(self.bench.choose, name)
        elif act in {"approve", "withdraw", "retry", "roll back"}:
            self.bench.call(self._act, act, name)

    async def _act(self, act: str, name: str) -> None:
        books, user, why = self.bench.books, self.bench.user_now(), self._why.get(name, "")
        if user is None:
            return
        acts = {
            "approve": lambda: books.approve(name, user), "withdraw": lambda: books.withdraw(name, user, why),
            "retry": lambda: books.retry(name, user), "roll back": lambda: books.roll_back(name, user, why),
        }  # fmt: skip
        try:
            await acts[act]()
        except LubanError as error:
            self.bench.complain(error)
        await self.again()

    async def _release(self) -> None:
        user = self.bench.user_now()
        if user is None:
            return
        try:
            await self.bench.books.release(user, self._why.pop("release", ""))
        except LubanError as error:
            self.bench.complain(error)
        await self.again()


def _marks(commands: list[Command]) -> tuple[tuple[str, State, int], ...]:
    """What of commands is drawn anew when it changes."""
    return tuple((one.id, one.state, one.attempts) for one in commands)
