"""Actuators: what may be moved, within which bounds, in which mode, and what holds it back right now."""

from __future__ import annotations

import html
import math
from functools import partial
from typing import Any

from nicegui import ui

from luban.act.guards import MODES
from luban.core.errors import LubanError
from luban.core.time import SECOND
from luban.screens.service import Now
from luban.screens.service.acting import Moved
from luban.screens.web.acting_frame import Bench
from luban.screens.web.acting_parts import Drawn, Kept
from luban.screens.web.acting_words import amount, mode_word, shown
from luban.screens.web.quality_typed import number
from luban.screens.web.schedule_parts import Choice, field, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.twin_tables import notice

__all__ = ["ActuatorsPanel"]


class ActuatorsPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._refused = 0  # a card whose mode was refused is drawn anew, so that it shows the mode that holds
        self._given: dict[tuple[str, str], str] = {}
        self._live: dict[str, Any] = {}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        self._cards = Kept(ui.element("div").classes("lb-qpanel"))

    async def tick(self, now: Now) -> None:  # noqa: ARG002
        """Values and interlocks are as of now."""
        await self._read()

    async def _read(self) -> None:
        found = await self.bench.ask(self.bench.books.actuators)
        if found is None or not self.bench.alive:
            return
        wanted: list[Drawn] = [
            (one.actuator.id, (one.mode, self._refused), partial(self._draw_card, one)) for one in found
        ]
        with self.bench.client:
            self._cards.draw(wanted or [("", None, self._draw_none)])
            for one in found:
                self._draw_live(one)

    def _draw_none(self) -> Any:
        text = self.say("Nothing may be moved from here: plant.toml names no actuator. luban watches and advises.")
        return ui.html(notice(text), sanitize=False)

    def _draw_card(self, one: Moved) -> Any:
        with ui.element("div") as drawn:
            self._draw_one(one)
        return drawn

    def _draw_one(self, one: Moved) -> None:
        say, books, user, own = self.say, self.bench.books, self.bench.user, one.actuator
        where, _, name = own.id.partition(":")
        with card(f"{name} · {where}", "lb-command") as head:
            if books.writable and books.may(user, "mode", own.id):
                with head:
                    choice = Choice(say("Mode of {name}", name=name),
                                    lambda mode: self.bench.call(self._switch, own.id, mode))  # fmt: skip
                    choice.fill([(mode, mode_word(say, mode)) for mode in MODES], one.mode)
            else:
                with head:
                    ui.html(html.escape(mode_word(say, one.mode)), sanitize=False).classes("lb-state lb-held")
            self._live[own.id] = ui.element("div").props(f"data-actuator={own.id}"), []
            told = [say("may stand from {low} to {high}", low=f"{own.lower:g}", high=amount(own.upper, own.unit))]
            if own.step is not None:
                told.append(say("at most {step} at once", step=amount(own.step, own.unit)))
            if own.every:
                told.append(say("at least {n} s between two writes", n=f"{own.every / SECOND:g}"))
            ui.html(html.escape(" · ".join(told)), sanitize=False, tag="p").classes("lb-note")
            if books.writable and books.may(user, "propose", own.id):
                with ui.element("div").classes("lb-tsearch"):
                    for name, label, kind in (("value", say("new value"), "number"), ("why", say("why"), "text")):
                        # a card drawn anew shows what will be written
                        typed = self._given.get((own.id, name), "")
                        field(label, typed, partial(self._set, own.id, name), kind).props(f"data-field={name}")
                    tool(html.escape(say("Write")), lambda: self.bench.call(self._write, own.id))

    def _draw_live(self, one: Moved) -> None:
        say, own = self.say, one.actuator
        holder, drawn = self._live[own.id]
        text = shown(one.reading, own.unit)
        locks = [(condition, why) for condition, why in one.locks]
        if drawn == [text, locks]:
            return
        drawn[:] = [text, locks]
        holder.clear()
        with holder:
            ui.html(_bar(one, say("now at {value}", value=text)), sanitize=False)
            for condition, why in locks:
                mark = say("holds") if not why else say("does not hold: {why}", why=why)
                kind = "lb-done" if not why else "lb-bad"
                ui.html(f'<span class="{kind}">{html.escape(mark)}</span> <code>{html.escape(condition)}</code>',
                        sanitize=False, tag="p").classes("lb-lock")  # fmt: skip

    def _set(self, actuator: str, name: str, value: str) -> None:
        self._given[actuator, name] = value[:500]

    # ------------------------------------------------------------------ acts

    async def _switch(self, actuator: str, mode: str) -> None:
        user = self.bench.user_now()
        if user is None:
            return
        try:
            await self.bench.books.switch(actuator, mode, user)
        except LubanError as error:
            self._refused += 1
            self.bench.complain(error)
        await self.again()

    async def _write(self, actuator: str) -> None:
        user = self.bench.user_now()
        if user is None:
            return
        try:
            value = number(self._given.get((actuator, "value"), ""), "value")
            why = self._given.get((actuator, "why"), "")
            made = await self.bench.books.propose(actuator, value, why, user)
        except LubanError as error:
            self.bench.complain(error)
            return
        await self.bench.open("commands", of=made.id)


def _bar(one: Moved, text: str) -> str:
    """The envelope as a line, and where the actuator stands on it."""
    own, reading = one.actuator, one.reading
    share = None
    if reading is not None and isinstance(reading.value, int | float) and math.isfinite(reading.value):
        share = min(1.0, max(0.0, (float(reading.value) - own.lower) / (own.upper - own.lower)))
    mark = "" if share is None else f'<circle cx="{10 + 280 * share:.1f}" cy="12" r="6"/>'
    return (
        f'<p class="lb-big">{html.escape(text)}</p><svg class="lb-envelope" viewBox="0 0 300 34" role="img" '
        f'aria-label="{html.escape(text, quote=True)}"><line x1="10" y1="12" x2="290" y2="12"/>{mark}'
        f'<text x="10" y="32">{own.lower:g}</text><text x="290" y="32" text-anchor="end">{own.upper:g}</text></svg>'
    )
