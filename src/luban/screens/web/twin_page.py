"""The twin's page: choose scenarios, run them in a process of their own, watch one, compare all."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import background_tasks, ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.screens.service import Now
from luban.screens.service.twin_runs import TwinRun, TwinRuns
from luban.screens.users import Role, Session
from luban.screens.web import twin_charts as charts, twin_tables as tables, twin_texts as texts
from luban.screens.web.bar import bar, heading, plain_button
from luban.screens.web.feed import Feed
from luban.screens.web.open_page import OpenPage
from luban.screens.web.twin_form import TwinForm
from luban.screens.web.view import View

__all__ = ["TwinPage"]

log = logging.getLogger(__name__)
_EXAMPLES = {
    "demand": "1.1", "lot_size": "0.5", "cap": "40", "rule": "setup, edd", "machines": "+1", "people": "+1",
    "buffer": "10", "time": "0.9", "setup": "0.8", "failures": "0.5", "repair": "0.8",
}  # fmt: skip


class TwinPage(OpenPage):
    """One open page of one person; what was run is shared by all pages of the plant.

    session  id of the session; it is read again in every handler
    """

    def __init__(self, feed: Feed, runs: TwinRuns, language: str, session: Session, *, dark: bool | None) -> None:
        super().__init__(feed, language, session, dark=dark)
        self.runs = runs
        self.told: dict[str, Any] | None = None
        self.form: TwinForm | None = None
        self.place, self.measure = 0, "queue"
        self._turn = 0
        self._known: tuple[object, ...] = ()
        self._shown = ""

    # ------------------------------------------------------------------ building

    def build(self) -> None:
        """Lay the page out; data follow once the browser is there."""
        self._begin()
        bar(self.say, self.view.plant.name, self.user, "twin", "", self._toggle_dark, self._logout, self._stop_button)
        if not self.user.may(Role.VIEWER, self.view.plant.id):
            with ui.element("div").classes("lb-frame"):
                text = self.say("The twin shows the whole plant, and your account reaches only a part of it.")
                ui.html(tables.notice(text), sanitize=False)
            return
        with ui.element("div").classes("lb-frame"):
            with (
                ui.element("aside")
                .classes("lb-side lb-main lb-twin-side")
                .props(f"aria-label={json.dumps(self.say('Scenarios'))}")
            ):
                with self._card(self.say("Scenarios")):
                    self.form_holder = ui.element("div")
                    self.progress = ui.element("div").props("aria-live=polite")
                with self._card(self.say("Expected load, before any run")):
                    self.loads = ui.element("div").classes("lb-scroll")
            with ui.element("div").classes("lb-main"):
                self.notes = ui.element("div").classes("lb-main")
                self.results = ui.element("div").classes("lb-main")
        self._empty()
        self.feed.join(self)
        background_tasks.create(self._load(), name="luban twin")

    @contextmanager
    def _card(self, title: str) -> Iterator[Any]:
        with ui.element("section").classes("lb-card") as card:
            with ui.element("div").classes("lb-head"):
                heading(title)
            yield card

    async def _load(self) -> None:
        """What the plant's folder says of its twin."""
        try:
            self.told = await self.reads(_tell, self.view.folder)
        except LubanError as error:
            self._complain(error.as_dict())
            return
        except Exception:
            log.exception("the twin could not be read")
            self._complain({"message": self.say("This did not work; the server's log says why.")})
            return
        if self._gone:
            return
        told = self.told
        with self.client:
            with self.form_holder:
                if self.user.may(Role.ENGINEER):
                    self.form = TwinForm(self.say, told, self._start)
                else:
                    text = self.say("An engineer can run scenarios; what was run is shown to everybody.")
                    ui.html(tables.notice(text), sanitize=False)
            with self.loads:
                ui.html(tables.loads(self.say, told["loads"], told["names"]), sanitize=False)
            with self.notes:
                if not told["described"]:
                    with ui.element("section").classes("lb-card"):
                        ui.html(tables.no_twin(self.say), sanitize=False)
                for flaw in told["flaws"]:
                    ui.html(tables.notice(f"{flaw.where}: {flaw.message} ({flaw.came})"), sanitize=False)
        self._known = ()

    def _complain(self, error: dict[str, Any]) -> None:
        parts = [error.get("where", ""), error["message"], error.get("came", ""), error.get("hint", "")]
        if not self._gone:
            if self.told is None:
                self.results.clear()
            with self.client, self.notes:
                ui.html(tables.notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)

    # ------------------------------------------------------------------ acts of the person

    async def _toggle_dark(self) -> None:
        await super()._toggle_dark()
        self._shown = ""
        self._known = ()

    def _start(self) -> None:
        session = self._session()
        if session is None or self.form is None:
            return
        if not session.user.may(Role.ENGINEER, self.view.plant.id):
            ui.notify(self.say("An engineer can run scenarios; what was run is shown to everybody."))
            return
        wrong = self.form.complaint()
        if wrong:
            ui.notify(wrong)
            return
        form = self.form
        try:
            self.runs.begin(
                session.user.name, form.scenarios(), days=float(form.days), replications=int(form.replications),
                seed=int(form.seed), warmup="auto" if form.warmup.strip() == "auto" else form.start_of_figures(),
            )  # fmt: skip
        except LubanError as error:
            ui.notify(f"{self.say(error.message)} ({error.came})")
        self._known = ()

    def _cancel(self) -> None:
        session = self._session()
        run = self.runs.newest
        if session is not None and run is not None and session.user.may(Role.ENGINEER, self.view.plant.id):
            self.runs.cancel(run.id)
            self._known = ()

    # ------------------------------------------------------------------ following the run

    async def tick(self, now: Now) -> None:
        """Twice a second: how the run stands; its results once they are there."""
        del now
        self._turn += 1
        if self._turn % 5 or self._gone or not self.client.has_socket_connection or self.told is None:
            return
        run = self.runs.newest
        known = (run.id, run.state, run.phase, run.done) if run else ("",)
        if known == self._known:
            return
        self._known = known
        with self.client:
            self._follow(run)
        done = next((own for own in self.runs.all() if own.state == "done"), None)
        if done is not None and self._shown != done.id:
            self._shown = done.id
            self.place = min(self.place, len(done.recordings) - 1)
            with self.client:
                self._show(done)

    def _follow(self, run: TwinRun | None) -> None:
        running = run is not None and run.state == "running"
        if self.form is not None:
            self.form.button.props("disabled" if running else "", remove="" if running else "disabled")
        self.progress.clear()
        if run is None:
            return
        say = self.say
        with self.progress:
            if running:
                text = {
                    "load": say("Reading the plant"),
                    "kernel": say("Loading the simulation kernel; the first time it is compiled, half a minute"),
                    "runs": say("{n} of {of} runs", n=run.done, of=run.wanted),
                    "record": say("Writing down a run to be played"),
                }[run.phase]
                left = run.left
                if left is not None:
                    text += f" · {say('about {n} s left', n=round(left))}"
                share = 100 * run.done / run.wanted if run.phase == "runs" and run.wanted else None
                width = 'class="lb-unsure"' if share is None else f'style="width: {share:.1f}%"'
                ui.html(f'<div class="lb-note" style="margin-top: 10px">{html.escape(text)}</div>', sanitize=False)
                ui.html(f'<div class="lb-progress"><i {width}></i></div>', sanitize=False)
                if self.form is not None:
                    plain_button(html.escape(say("Cancel")), self._cancel)
            elif run.state == "failed":
                error = run.error
                parts = [error.get("where", ""), error.get("message", ""), error.get("came", ""), error.get("hint", "")]
                ui.html(tables.notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)
            elif run.state == "cancelled":
                ui.html(f'<div class="lb-note">{html.escape(say("Cancelled."))}</div>', sanitize=False)

    # ------------------------------------------------------------------ results

    def _empty(self) -> None:
        with self.results, ui.element("section").classes("lb-card"):
            text = self.say("Nothing was run yet. Choose scenarios and press Run: the plant is played here.")
            ui.html(f'<div class="lb-empty">{html.escape(text)}</div>', sanitize=False)

    def _show(self, run: TwinRun) -> None:
        """The newest results, anew."""
        say, result = self.say, run.result
        self.results.clear()
        self.charts: dict[str, Any] = {}
        with self.results:
            with ui.element("section").classes("lb-card"):
                with ui.element("div").classes("lb-head"):
                    heading(say("The plant"))
                    ui.html(html.escape(self._about(result)), sanitize=False).classes("lb-note")
                    ui.element("span").classes("lb-space")
                    names = [texts.name_of(say, own["name"]) for own in result["scenarios"]]
                    if len(names) > 1:
                        self._segments(names, self.place, lambda at: self._choose(run, at), say("Scenario"))
                self.floor = View("floor", texts.floor(say), lambda _event: self._play(run))
            with self._card(say("Scenarios side by side") if len(result["scenarios"]) > 1 else say("Figures")):
                with ui.element("div").classes("lb-scroll"):
                    ui.html(tables.compared(say, result), sanitize=False)
                ui.html(html.escape(self._intervals(result)), sanitize=False).classes("lb-note")
            with ui.element("div").classes("lb-two"):
                self._chart("states", say("Time of the machines by state"))
                with ui.element("section").classes("lb-card"):
                    with ui.element("div").classes("lb-head"):
                        heading(say("Bottleneck over time"))
                        ui.element("span").classes("lb-space")
                        measures = [say("queue"), say("active")]
                        self._segments(
                            measures, int(self.measure == "active"), lambda at: self._measure(run, at), say("Measure")
                        )
                    self.charts["bottleneck"] = ui.element("div")
            with ui.element("div").classes("lb-two"):
                self._chart("wip", say("Lots on the floor"))
                self._chart("cycle", say("Cycle time, release to finish"))
            self._chart("on_time", say("Finished on time"))
        self._draw(run)

    def _about(self, result: dict[str, Any]) -> str:
        begin = self.told["start"] if self.told else 0
        days = f"{to_datetime(begin, self.view.plant.zone):%Y-%m-%d}, {result['until'] / 86_400:g} {self.say('d')}"
        return f"{days} · {self.say('run 1 of {n}, seed {seed}', n=result['runs'], seed=result['seed'])}"

    def _intervals(self, result: dict[str, Any]) -> str:
        return self.say(
            "{n} runs each, the first {days} d left out. Below a mean: where the true one lies at {level} %. All "
            "scenarios met the same chances; a difference is shown only where its interval leaves "
            "out zero: ▲ better, ▼ worse.",
            n=result["runs"], days=f"{result['warmup'] / 86_400:.1f}", level=f"{100 * result['level']:g}",
        )  # fmt: skip

    def _segments(self, choices: list[str], chosen: int, act: Callable[[int], Any], label: str) -> None:
        buttons: list[Any] = []

        def press(at: int) -> None:
            for place, button in enumerate(buttons):
                button.props(f"aria-pressed={str(place == at).lower()}")
            act(at)

        with ui.element("div").classes("lb-segments").props(f"role=group aria-label={json.dumps(label)}"):
            for at, choice in enumerate(choices):
                button = ui.element("button").props(f"type=button aria-pressed={str(at == chosen).lower()}")
                with button.on("click", lambda _event, at=at: press(at)):
                    ui.html(html.escape(choice), sanitize=False, tag="span")
                buttons.append(button)

    def _chart(self, name: str, title: str) -> None:
        with self._card(title):
            self.charts[name] = ui.element("div")

    def _choose(self, run: TwinRun, at: int) -> None:
        if self._session() is not None:
            self.place = at
            self._play(run)
            self._draw(run)

    def _measure(self, run: TwinRun, at: int) -> None:
        if self._session() is not None:
            self.measure = ("queue", "active")[at]
            self._draw(run, only="bottleneck")

    def _play(self, run: TwinRun) -> None:
        start = self.told["start"] if self.told else 0
        offset = to_datetime(start, self.view.plant.zone).utcoffset()
        seconds = offset.total_seconds() if offset else 0.0
        url = f"/api/v1/twin/runs/{run.id}/recording?scenario={self.place}"
        self.floor.send("fetch", url, seconds * 1000)

    def _draw(self, run: TwinRun, only: str = "") -> None:
        say, plant, dark = self.say, self.view.plant, bool(self._dark)
        recording, own = run.recordings[self.place], run.result["scenarios"][self.place]
        machines = {one["id"]: one["name"] for one in recording["floor"]["machines"]}
        stations = len(recording["floor"]["stations"])
        made: dict[str, tuple[Callable[[], Any], int]] = {
            "states": (lambda: charts.states(say, own["states"], machines, dark=dark), 78 + 23 * len(machines)),
            "bottleneck": (
                lambda: charts.bottleneck(say, recording, self.measure, plant, dark=dark),
                max(78 + 23 * len(machines), 110 + 24 * min(12, stations)),
            ),
            "wip": (lambda: charts.floor_over_time(say, recording, plant, dark=dark), 230),
            "cycle": (lambda: charts.cycle_times(say, recording, dark=dark), 230),
            "on_time": (lambda: charts.on_time(say, recording, plant, dark=dark), 190),
        }
        for name, (make, height) in made.items():
            if only and name != only:
                continue
            holder, options = self.charts[name], make()
            holder.clear()
            with holder:
                if options is None:
                    none = say("No lot with a due date finished.") if name == "on_time" else say("No lot finished.")
                    ui.html(f'<div class="lb-empty">{html.escape(none)}</div>', sanitize=False)
                    continue
                chart = ui.echart(options, renderer="svg").style(f"height: {height}px; width: 100%").props("role=img")
                chart._props["aria-label"] = name  # noqa: SLF001


def _tell(folder: Any) -> dict[str, Any]:
    """What the page has to know of a twin; in a thread, never in the event loop."""
    from luban.screens.service.twin import Twin, short_name
    from luban.twin.levers import LEVERS

    twin = Twin(folder)
    model, equipment = twin.model, twin.plant.equipment
    places = [*(own.id for own in model.stations), *(own.id for own in model.machines)]
    return {
        "start": model.start,
        "days": model.horizon / 86_400e6,
        "described": twin.described,
        "flaws": twin.flaws(),
        "loads": twin.loads(),
        "names": {place: equipment[place].name if place in equipment else short_name(place, model) for place in places},
        "scenarios": {name: [str(one) for one in own.changes] for name, own in twin.scenarios.items()},
        "stations": [short_name(own.id, model) for own in model.stations],
        "pools": [own.id for own in model.pools],
        "levers": {
            name: {"of": own.of, "every": own.every, "example": _EXAMPLES[name]}
            for name, own in LEVERS.items()
            if own.of != "pool" or model.pools
        },
    }  # fmt: skip
