"""Limits of a chart: freezing them, taking them back, and the history of all that was decided."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.service.quality_charting import Charted
from luban.screens.service.quality_limits import Standing
from luban.screens.users import Role
from luban.screens.web import quality_texts as texts
from luban.screens.web.quality_frame import Bench
from luban.screens.web.schedule_parts import VALUE, tool
from luban.screens.words import decision_word
from luban.understand.book import Entry

__all__ = ["DecidedCard"]

_MOST = 40


class DecidedCard:
    """The card of the limits and their history.

    changed  called with what was decided
    """

    def __init__(self, bench: Bench, changed: Callable[[str], Awaitable[None]]) -> None:
        self.bench, self._changed = bench, changed
        self.say: Words = bench.say
        self._subject, self._reason = "", ""
        self._made: Charted | None = None
        self._known: tuple[Any, ...] = ()
        self._offered: tuple[Any, ...] = ()
        self.holder = ui.element("section").classes("lb-card")
        self.holder.set_visibility(False)

    # ------------------------------------------------------------------ phase I

    def freezing(self, holder: Any, subject: str, made: Charted) -> None:
        """What phase I is, and the form that freezes its limits; nothing where limits hold."""
        self._subject, self._made = subject, made
        offered = (subject, made.chart.phase, made.wanted.fresh, self.bench.may(Role.ENGINEER))
        if offered == self._offered:
            return  # what is being typed stays
        self._offered, self._reason = offered, ""
        holder.clear()
        if made.chart.phase != 1:
            return
        say = self.say
        with holder, ui.element("div").classes("lb-ask lb-qphase"):
            text = say("Phase I: the limits are worked out from these points. Leave out points whose cause is known; "
                       "once the process is steady, freeze the limits.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="span")
            if self.bench.may(Role.ENGINEER):
                self._reason_box(say("Why these limits"))
                tool(html.escape(say("Freeze limits")), self._freeze, kind="lb-take")

    def _reason_box(self, label: str) -> None:
        box = ui.element("input").classes("lb-qreason").props("type=text maxlength=500")
        box._props.update({"aria-label": label, "placeholder": label})  # noqa: SLF001 - texts may hold quotes
        box.on("input", lambda event: setattr(self, "_reason", str(event.args)), js_handler=VALUE)

    async def _freeze(self) -> None:
        person, made = self.bench.person(Role.ENGINEER), self._made
        if person is None or made is None:
            return
        done = await self.bench.ask(
            self.bench.books.freeze, self._subject, made.wanted, self._reason, person=person
        )  # fmt: skip
        if done is not None:
            self._offered = ()
            self.bench.say_to(self.say("Limits {n} are frozen.", n=done))
            await self._changed("freeze")

    # ------------------------------------------------------------------ history

    def draw(self, subject: str, stands: Standing) -> None:
        """The limits that hold, and what was decided, newest first."""
        known = (subject, stands.entries, self.bench.may(Role.ENGINEER))
        if known == self._known:
            return
        self._known, self._subject = known, subject
        say = self.say
        self.holder.clear()
        self.holder.set_visibility(bool(subject))
        with self.holder:
            ui.html(f'<h2 class="lb-title">{html.escape(say("Limits"))}</h2>', sanitize=False)
            newest = stands.newest
            if newest is None:
                ui.html(
                    texts.empty(say("No limits are frozen: the chart works them out from the points it shows.")),
                    sanitize=False,
                )
            else:
                own = newest.limits
                zone = self.bench.view.plant.zone
                rows = [
                    (say("Revision"), str(own.revision)), (say("Chart"), texts.kind_word(say, own.kind)),
                    *texts.parameters(say, own.parameters, own.unit if own.unit != "1" else ""),
                    (say("Rest on"), say("{n} points", n=own.used)), (say("Hold from"), texts.moment(own.since, zone)),
                    (say("Frozen by"), own.person), (say("Reason"), own.reason),
                ]  # fmt: skip
                ui.html(texts.facts(rows), sanitize=False)
                if self.bench.may(Role.ENGINEER):
                    self._withdrawing()
            if stands.entries:
                ui.html(self._history(stands), sanitize=False)

    def _withdrawing(self) -> None:
        say = self.say
        with ui.element("details").classes("lb-more"):
            ui.html(html.escape(say("Withdraw these limits")), sanitize=False, tag="summary")
            with ui.element("div").classes("lb-tools"):
                self._reason_box(say("Why they are withdrawn"))
                tool(html.escape(say("Withdraw")), self._withdraw)

    async def _withdraw(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        if await self.bench.do(self.bench.books.withdraw, self._subject, self._reason, person=person):
            self._offered, self._reason = (), ""
            await self._changed("withdraw")

    def _history(self, stands: Standing) -> str:
        say, zone = self.say, self.bench.view.plant.zone
        revision = 0
        told: list[tuple[Entry, str]] = []
        for entry in stands.entries:
            revision += entry.code == "freeze"
            told.append((entry, decision_word(say, entry, revision)))
        rows = "".join(
            f'<li data-code="{html.escape(entry.code)}"><b>{html.escape(word)}</b> {html.escape(entry.text)}'
            f'<span class="lb-note">{html.escape(f"{entry.person} · {texts.moment(entry.time, zone)}")}</span></li>'
            for entry, word in reversed(told[-_MOST:])
        )
        return f'<h3 class="lb-qsub">{html.escape(say("History"))}</h3><ol class="lb-qhistory lb-history">{rows}</ol>'
