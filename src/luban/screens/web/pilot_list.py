"""Pilots at a glance: which there are, how each stands against its three targets, and studies that are under way."""

from __future__ import annotations

import html
import math
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.pilot_words import arm_name, class_name
from luban.screens.service import Now
from luban.screens.service.pilot import PilotRun, ShownPilot
from luban.screens.users import Role
from luban.screens.web.bar import plain_button
from luban.screens.web.pilot_frame import Bench
from luban.screens.web.pilot_panel import clock_of, pilot_title, target_buttons
from luban.screens.web.quality_typed import number, optional_number
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice

__all__ = ["PilotsPanel"]

_CHECKED = "(event) => emit(event.target.checked)"


class PilotsPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._known: Any = None
        self._found: tuple[ShownPilot, ...] = ()
        self._given: dict[str, str] = {"seeds": "30", "weeks": "", "method": "sequential", "pilot": bench.chosen}
        self._quick = False

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        text = say(
            "A pilot runs a plant twice under the same chances: as it is, and with luban deciding. It is held against "
            "the plan's three targets, and against a good plant without luban."
        )
        ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
        if self.bench.may(Role.ENGINEER):
            with card(say("Prove a pilot")), ui.element("div").classes("lb-tsearch") as self._form:
                self._build_form()
        self._progress = ui.element("div").props("aria-live=polite")
        self._list = ui.element("div").classes("lb-pilots")

    def _build_form(self) -> None:
        say = self.say
        with ui.element("label"):
            ui.html(html.escape(say("pilot")), sanitize=False, tag="span")
            self._choice = Choice(say("pilot"), partial(self._give, "pilot"))
        field(say("runs of each way"), "30", partial(self._give, "seeds")).props("data-field=seeds")
        field(say("weeks in each run"), "", partial(self._give, "weeks")).props("data-field=weeks")
        ways = [("sequential", say("in sequence")), ("shapley", say("by Shapley"))]
        labelled_choice(say("split among levers"), ways, "sequential", partial(self._give, "method"))
        with ui.element("label").classes("lb-pick"):
            box = ui.element("input").props("type=checkbox data-field=quick")
            box.on("change", lambda event: setattr(self, "_quick", bool(event.args)), js_handler=_CHECKED)
            about = say("few runs, some weeks, on seeds of its own")
            inner = f"{html.escape(say('quick look'))}<small>{html.escape(about)}</small>"
            ui.html(inner, sanitize=False, tag="span")
        tool(html.escape(say("Run the study")), lambda: self.bench.call(self._begin), kind="lb-primary")

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:100]

    # ------------------------------------------------------------------ acts

    async def _begin(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        given = self._given
        pilot = next((one for one in self._found if one.name == given["pilot"]), None)
        if pilot is None:
            self.bench.say_to(self.say("Choose a pilot first."))
            return
        try:
            self.bench.books.runs.begin(
                person, pilot, seeds=int(number(given["seeds"], "seeds")),
                weeks=optional_number(given["weeks"], "weeks"), quick=self._quick, method=given["method"],
            )  # fmt: skip
        except LubanError as error:
            self.bench.complain(error)
        await self._read()

    def _stop(self, run: PilotRun) -> None:
        if self.bench.person(Role.ENGINEER) is not None:
            self.bench.books.runs.cancel(run.id)
            self.bench.call(self._read)

    async def _open(self, name: str, tab: str, metric: str = "") -> None:
        await self.bench.open(tab, metric or None, of=name)

    # ------------------------------------------------------------------ showing

    async def show(self) -> None:
        """It came to the front."""
        self._known = None
        await self._read()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Twice a second while it is in front."""
        await self._read()

    async def _read(self) -> None:
        found = await self.bench.ask(self.bench.books.all)
        if found is None or not self.bench.alive:
            return
        self._found = found
        run = self.bench.books.runs.newest
        with self.bench.client:
            self._follow(run)
            known = tuple((one.name, one.why, one.problem, one.standing.done, one.standing.wanted,
                           one.standing.proof and one.standing.proof.made) for one in found)  # fmt: skip
            if known == self._known:
                return
            self._known = known
            if self.bench.may(Role.ENGINEER):
                ready = [(one.name, pilot_title(one, self.say)) for one in found if not one.why]
                if not any(name == self._given["pilot"] for name, _ in ready):
                    self._given["pilot"] = ready[0][0] if ready else ""
                self._choice.fill(ready, self._given["pilot"])
            self._list.clear()
            with self._list:
                for one in found:
                    self._card(one)

    def _follow(self, run: PilotRun | None) -> None:
        told = None if run is None else (run.id, run.state, run.done, run.wanted)
        if told == getattr(self, "_followed", ()):
            return
        self._followed = told
        self._progress.clear()
        if run is None:
            return
        say = self.say
        with self._progress:
            if run.running:
                with ui.element("section").classes("lb-card").props(f"data-study={run.state}"):
                    self._running(run)
            elif run.state == "failed":
                parts = [say(run.error.get("message", "")), run.error.get("where", ""), run.error.get("came", ""),
                         say(run.error.get("hint", "")) if run.error.get("hint") else ""]  # fmt: skip
                ui.html(notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)
            elif run.state == "stopped":
                text = say("The study was stopped; what ran is kept, and is not run again.")
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")

    def _running(self, run: PilotRun) -> None:
        say = self.say
        own = next((one for one in self._found if one.name == run.pilot), None)
        text = pilot_title(own, say) if own is not None else run.pilot
        if run.wanted:
            text += " · " + say("{n} of {of} runs", n=run.done, of=run.wanted)
            left = run.left
            text += "" if left is None else " · " + say("about {n} s left", n=math.ceil(left))
        else:
            text += " · " + say("getting ready; the first time the simulation is compiled, half a minute")
        if run.state == "stopping":
            text = say("Stopping after the runs that are under way …")
        width = f'style="width: {100 * run.done / run.wanted:.1f}%"' if run.wanted else 'class="lb-unsure"'
        ui.html(f'<div class="lb-note">{html.escape(text)}</div>', sanitize=False)
        ui.html(f'<div class="lb-progress"><i {width}></i></div>', sanitize=False)
        if run.state == "running" and self.bench.may(Role.ENGINEER):
            plain_button(html.escape(say("Stop the study")), lambda: self._stop(run))

    def _card(self, one: ShownPilot) -> None:
        say, proof = self.say, one.standing.proof
        with ui.element("section").classes("lb-card").props(f"data-pilot={one.name}"):
            with ui.element("div").classes("lb-head"):
                ui.html(html.escape(pilot_title(one, say)), sanitize=False, tag="h2").classes("lb-title")
                ui.html(html.escape(class_name(one.category, say)), sanitize=False, tag="span").classes("lb-note")
            if proof is not None:
                target_buttons(proof, say, lambda of: self.bench.call(self._open, one.name, "runs", of))
            ui.html(html.escape(self._state(one)), sanitize=False, tag="p").classes("lb-note")
            if one.problem:
                ui.html(notice(say(one.problem), alarm=True), sanitize=False)
            if proof is not None:
                with ui.element("div").classes("lb-tbar"):
                    tool(html.escape(say("Look at the proof")), lambda: self.bench.call(self._open, one.name, "proof"))
                    off = sum(lever.off for lever in proof.levers)
                    if off:
                        text = say("levers proposed to be switched off: {n}", n=off)
                        tool(html.escape(text), lambda: self.bench.call(self._open, one.name, "levers"))

    def _state(self, one: ShownPilot) -> str:
        say, proof, standing = self.say, one.standing.proof, one.standing
        parts = []
        if one.why:
            parts.append(say("cannot be run: {why}", why=say(one.why)))
        if proof is None:
            parts.append(say("never proved"))
        else:
            when = clock_of(proof.made, self.bench)
            parts.append(say("proved {when}, {n} runs of {days} days against {base}", when=when, n=len(proof.seeds),
                             days=f"{proof.days:g}", base=arm_name("as is", say)))  # fmt: skip
        if standing.wanted:
            parts.append(say("a study is not ended, {done} of {wanted} runs are kept", done=standing.done,
                             wanted=standing.wanted))  # fmt: skip
        return " · ".join(parts)
