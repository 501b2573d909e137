"""The panel that begins a search for a plan and follows it: objective, seconds, progress with gap, stop."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.i18n import Words
from luban.screens.service.schedule import OBJECTIVES
from luban.screens.service.schedule_runs import Search, Searches
from luban.screens.web import schedule_texts as texts
from luban.screens.web.schedule_parts import Choice, field, tool
from luban.screens.web.twin_tables import notice

__all__ = ["SearchPanel"]

_OWN = "own"


class SearchPanel:
    """Form and progress.

    person  who asks, as of now; None: nobody who may
    locks   id of the open plan, for its locks
    usual   objective of the plant's schedule.toml; '' where it says none
    """

    def __init__(
        self, say: Words, searches: Searches, person: Callable[[], str | None], locks: Callable[[], str], usual: str
    ) -> None:
        self.say, self.searches, self.person, self.locks = say, searches, person, locks
        self.usual = usual
        self.objective = self.own = usual or OBJECTIVES[0]
        self.seconds, self.seed, self.keep = "10", "0", False
        self._known: tuple[object, ...] = ("?",)

    def build(self, *, may: bool) -> None:
        """Lay it out in the element that is open."""
        say = self.say
        if not may:
            text = say("A planner can search for plans; what was found is shown to everybody.")
            ui.html(notice(text), sanitize=False)
        else:
            with ui.element("div").classes("lb-form"):
                with ui.element("label"):
                    ui.html(html.escape(say("Objective")), sanitize=False, tag="span")
                    choice = Choice(say("Objective"), self._chosen)
                entries = [(own, texts.objective_said(say, own)) for own in OBJECTIVES if own != self.usual]
                if self.usual:
                    said = say("as schedule.toml says: {objective}", objective=texts.objective_said(say, self.usual))
                    entries.insert(0, (self.usual, said))
                choice.fill([*entries, (_OWN, say("written by hand"))], self.objective)
                self.written = ui.element("div")
                with self.written:
                    field(say("Objective, written"), self.own, self._write, "text")
                self.written.set_visibility(False)
                with ui.element("div").classes("lb-four"):
                    field(say("Seconds"), self.seconds, lambda value: setattr(self, "seconds", value))
                    field(say("Seed"), self.seed, lambda value: setattr(self, "seed", value))
                with ui.element("label").classes("lb-pick"):
                    box = ui.element("input").props("type=checkbox")
                    box.on("change", self._keep, js_handler="(event) => emit(event.target.checked)")
                    ui.html(html.escape(say("keep what is locked in the open plan")), sanitize=False, tag="span")
                with ui.element("button").classes("lb-main-button").props("type=button") as self.button:
                    ui.html(html.escape(say("Search for a plan")), sanitize=False, tag="span")
                self.button.on("click", lambda _event: self._begin())
        self.may = may
        self.progress = ui.element("div").props("aria-live=polite").classes("lb-search")

    def _chosen(self, value: str) -> None:
        self.written.set_visibility(value == _OWN)
        self.objective = self.own if value == _OWN else value

    def _write(self, value: str) -> None:
        self.own = self.objective = value

    def _keep(self, event: Any) -> None:
        self.keep = bool(event.args)

    def _begin(self) -> None:
        person = self.person()
        if person is None:
            return
        try:
            seconds, seed = float(self.seconds), int(self.seed)
        except ValueError:
            ui.notify(self.say("Seconds and seed must be numbers."))
            return
        try:
            locks = self.locks() if self.keep else ""
            self.searches.begin(person, self.objective, seconds=seconds, seed=seed, locks_of=locks)
        except LubanError as error:
            ui.notify(" · ".join(filter(None, (self.say(error.message), error.came, self.say(error.hint)))))
        self._known = ("?",)

    def _end(self, *, keep: bool) -> None:
        found = self.searches.newest
        if self.person() is not None and found is not None:
            (self.searches.stop if keep else self.searches.cancel)(found.id)

    def follow(self, tick: int) -> Search | None:
        """Show how the newest search stands; call with the page's client open. Returns it."""
        found = self.searches.newest
        known = (found.id, found.state, found.phase, found.share, found.value, found.bound) if found else ()
        if known == self._known:
            return found
        self._known = known
        if self.may:
            busy = found is not None and found.running
            self.button.props("disabled" if busy else "", remove="" if busy else "disabled")
        self.progress.clear()
        if found is None:
            return None
        with self.progress:
            self._show(found, tick)
        return found

    def _show(self, found: Search, tick: int) -> None:
        say = self.say
        if found.state == "failed":
            error = found.error
            parts = [
                error.get("where", ""),
                say(error.get("message", "")),
                error.get("came", ""),
                error.get("hint", ""),
            ]
            ui.html(notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)
            return
        if not found.running:
            word = say("Given up.") if found.state == "cancelled" else say("Found: {plan}", plan=found.plan)
            ui.html(f'<div class="lb-note" style="margin-top: 8px">{html.escape(word)}</div>', sanitize=False)
            return
        text = texts.phase_word(say, found.phase)
        if found.state == "stopping":
            text = say("Stopping with the best so far")
        elif found.phase == "solve" and found.share >= 1:
            text = say("Ending the last step")
        solving = found.phase == "solve"
        width = f'style="width: {100 * found.share:.1f}%"' if solving else 'class="lb-unsure"'
        lines = [f'<div class="lb-note" style="margin-top: 8px">{html.escape(text)}</div>',
                 f'<div class="lb-progress"><i {width}></i></div>']  # fmt: skip
        if solving and found.value:
            value = texts.value_said(say, found.objective, found.value, tick)
            gap = texts.gap_said(say, found.gap, proved=False)
            told = [(say("Best so far"), value), (say("Gap"), gap), (say("Found by"), found.engine)]
            inner = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(own)}</dd>" for name, own in told)
            lines.append(f'<dl class="lb-facts" style="margin-top: 6px">{inner}</dl>')
        ui.html("".join(lines), sanitize=False)
        if self.may:
            with ui.element("div").classes("lb-tools").style("margin: 8px 0 0"):
                tool(html.escape(say("Stop with the best so far")), lambda: self._end(keep=True))
                tool(html.escape(say("Give up")), lambda: self._end(keep=False))
