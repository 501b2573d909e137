"""Live control charts: characteristics with their state, the chart of one, what people decided about it."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.i18n import Words
from luban.screens.service import Now
from luban.screens.service.quality import State
from luban.screens.service.quality_charting import NEWEST, Charted, Wanted, as_group, capable, offered, point_of, recent
from luban.screens.service.quality_limits import Standing
from luban.screens.service.quality_view import histogram
from luban.screens.web import quality_texts as texts
from luban.screens.web.bar import heading, plain_button
from luban.screens.web.quality_decided import DecidedCard
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_point import PointCard
from luban.screens.web.quality_rules import RulesMenu
from luban.screens.web.quality_signals import figures, signals
from luban.screens.web.schedule_parts import Choice, segments
from luban.screens.web.twin_tables import notice
from luban.screens.web.view import View
from luban.understand.quality.inspection.due import plan_of

__all__ = ["ChartsPanel"]

_PICK = "(event) => { const own = event.target.closest('[data-of]'); if (own) emit(own.dataset.of); }"


class ChartsPanel:
    """The tab of control charts."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self.wanted = Wanted()
        self.made: Charted | None = None
        self._subject = self._unit = ""
        self._states: tuple[State, ...] = ()
        self._shown = ""
        self._asked = 0
        self._several = False

    # ------------------------------------------------------------------ building

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with ui.element("div").classes("lb-qcharts"):
            with ui.element("aside").classes("lb-qlist") as aside:
                aside._props["aria-label"] = say("Characteristics")  # noqa: SLF001 - a text with quotes
                with ui.element("div").classes("lb-head"):
                    heading(say("Characteristics"))
                self.list = ui.html("", sanitize=False).classes("lb-qrows")
                self.list.on("click", self._picked, js_handler=_PICK)
            with ui.element("div").classes("lb-qmain"):
                with ui.element("section").classes("lb-card"):
                    self._chart_card()
                with ui.element("section").classes("lb-card") as self.signals_card:
                    self.signals = ui.html("", sanitize=False).classes("lb-scroll")
                    self.signals.on("click", self._signal, js_handler=_KEY)
            with ui.element("aside").classes("lb-qside") as side:
                side._props["aria-label"] = say("Point and limits")  # noqa: SLF001
                with ui.element("section").classes("lb-card") as self.histogram_card:
                    self.histogram = View("histogram", {}, lambda _event: self._draw_histogram())
                    self.figures = ui.html("", sanitize=False)
                    with ui.element("div").classes("lb-links"):
                        plain_button(f"{html.escape(say('Capability'))} →", lambda: self.bench.open("capability"))
                self.point = PointCard(self.bench, lambda: self._of, self._changed)
                self.decided = DecidedCard(self.bench, self._changed)
        for part in (self.signals_card, self.histogram_card):
            part.set_visibility(False)

    def _chart_card(self) -> None:
        say = self.say
        with ui.element("div").classes("lb-head lb-qhead"):
            self.title = ui.html("", sanitize=False)
            ui.element("span").classes("lb-space")
            self.downloads = ui.html("", sanitize=False).classes("lb-links")
        self.empty = ui.html("", sanitize=False)
        with ui.element("div") as self.board:
            with ui.element("div").classes("lb-tools"):
                self.unit = Choice(say("Machine"), self._machine)
                self.kind = Choice(say("Chart"), lambda value: self._want(kind=value))
                self.group = Choice(say("Points"), lambda value: self._want(group=as_group(value), kind=""))
                self.newest = Choice(say("How many points"), lambda value: self._want(newest=int(value)))
                self.rules = RulesMenu(say, lambda names: self._want(rules=names))
                self.phases = ui.element("div")
            self.notes = ui.html("", sanitize=False).classes("lb-main")
            self.freezing = ui.element("div")
            self.chart = View("control", texts.chart_texts(say), lambda _event: self._fetch())
            self.chart.on("choose", self._chose)
        self.board.set_visibility(False)
        self.title.content = f'<span class="lb-note">{html.escape(say("reading the books"))} …</span>'

    # ------------------------------------------------------------------ reading

    async def show(self) -> None:
        """Read and draw."""
        if self.bench.chosen != self._subject:
            self.wanted, self._subject, self._unit = Wanted(), self.bench.chosen, ""
            self.point.choose(None, None)
        await self._read(anew=True)

    async def tick(self, now: Now) -> None:
        """Twice a second: what came since."""
        del now
        await self._read(anew=False)

    async def _read(self, *, anew: bool) -> None:
        states = await self.bench.reads(self.bench.books.characteristics)
        if not self.bench.alive:
            return
        if anew or states != self._states:
            self._states = states
            with self.bench.client:
                self._draw_list()
        if not self._subject and states:
            first = next((own for own in states if own.n), states[0])
            await self.bench.choose(first.id)
            return
        version = await self.bench.reads(self.bench.books.version, self._of)
        if anew or version != self._shown:
            self._shown = version
            await self._chart(version)

    def _draw_list(self) -> None:
        names = {item.id: item.name for item in self.bench.view.plant.items.values()}
        inner = texts.listed(self.say, self._states, self._subject, names)
        self.list.content = inner or f'<div class="lb-empty">{html.escape(self.say("Nothing was measured yet."))}</div>'

    async def _chart(self, version: str) -> None:
        of, wanted = self._of, self.wanted
        self._asked += 1
        turn = self._asked  # an answer that was overtaken by a later question is dropped
        state = next((own for own in self._states if own.id == self._subject), None)
        try:
            made = await self.bench.reads(self.bench.books.chart, of, wanted) if of else None
            stands = await self.bench.reads(self.bench.books.standing, of)
            units = await self.bench.reads(self.bench.books.units, self._subject)
            study = await self.bench.reads(capable, made) if made else None
        except LubanError as error:
            if self.bench.alive and turn == self._asked:
                with self.bench.client:
                    self._nothing(state, error)
            return
        if self.bench.alive and turn == self._asked:
            self.made = made
            with self.bench.client:
                self._machines(units)
                self._draw(state, made, stands, version)
                self.figures.content = figures(self.say, made, study) if made else ""

    # ------------------------------------------------------------------ drawing

    @property
    def _of(self) -> str:
        """The chart: the characteristic, or the characteristic of one machine."""
        return f"{self._subject}@{self._unit}" if self._unit else self._subject

    def _machines(self, units: tuple[str, ...]) -> None:
        """Where several machines made the pieces, a chart for each can be chosen."""
        names = self.bench.view.plant.equipment
        entries = [(unit, names[unit].name if unit in names else unit) for unit in units]
        self.unit.fill([("", self.say("all machines")), *entries], self._unit)
        self.unit.box.set_visibility(len(units) > 1 or bool(self._unit))
        self._several = len(units) > 1 and not self._unit

    def _nothing(self, state: State | None, error: LubanError) -> None:
        """No chart, and what to do about it."""
        self.made = None
        self._head(state, None)
        say = self.say
        if state is not None and not state.n:
            text = say("No value of this characteristic is in the books yet. Enter one under Inspection, or have a "
                       "device write it.")  # fmt: skip
        else:
            text = " · ".join(filter(None, (say(error.message), say(error.hint) if error.hint else "")))
        self.empty.content = texts.empty(text) if self._states else texts.no_characteristics(say)
        # another choice may have a chart: the controls stay where there are values
        self.board.set_visibility(bool(state and state.n and self.wanted != Wanted()))
        for part in (self.signals_card, self.histogram_card):
            part.set_visibility(False)
        self.point.choose(None, None)
        self.decided.draw(self._of, Standing())

    def _draw(self, state: State | None, made: Charted | None, stands: Standing, version: str) -> None:
        if made is None:
            self._nothing(state, LubanError(self.say("Choose a characteristic.")))
            return
        self.empty.content = ""
        for part in (self.board, self.signals_card, self.histogram_card):
            part.set_visibility(True)
        self._head(state, made)
        self._controls(made)
        self._phase(state, made, stands)
        self._fetch(version)
        self.signals.content = signals(self.say, made, self.bench.view.plant.zone)
        self._draw_histogram()
        self.point.redraw(made, stands)
        self.decided.draw(self._of, stands)

    def _head(self, state: State | None, made: Charted | None) -> None:
        if state is None:
            self.title.content = self.downloads.content = ""
            return
        item = self.bench.view.plant.items.get(state.item)
        own = made.own.sample if made else None
        parts = [item.name if item else state.item]
        if own is not None:
            parts.append(texts.specification(self.say, own))
        if made is not None:
            stands, signals = recent(made)
            state = replace(state, state=stands, signals=signals)
        badge = texts.badge(self.say, state)
        self.title.content = (
            f'<h1 class="lb-big" style="display: inline">{html.escape(state.name)}</h1> {badge} '
            f'<span class="lb-note">{html.escape(" · ".join(filter(None, parts)))}</span>'
        )
        links = (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")) if made else ()
        self.downloads.content = "".join(
            f'<a class="lb-tool" href="{html.escape(self._address("chart/file", format=kind))}" download>{word}</a>'
            for kind, word in links
        )

    def _controls(self, made: Charted) -> None:
        say, own = self.say, made.wanted
        single = own.group == "single"
        kinds = [kind for kind in offered() if single or kind != "i_mr"]
        kinds = [kind for kind in kinds if not (single and kind.startswith("xbar"))]
        self.kind.fill([(kind, texts.kind_word(say, kind)) for kind in kinds], own.kind)
        groups: list[str | int] = ["single", "lot", *sorted({2, 3, 4, 5, 10, *_number(own.group)})]
        self.group.fill([(str(group), texts.group_word(say, group)) for group in groups], str(own.group))
        counts = sorted({*NEWEST, own.newest})
        self.newest.fill([(str(n), say("newest {n}", n=n)) for n in counts], str(own.newest))
        self.rules.choose(own.rules or ())

    def _phase(self, state: State | None, made: Charted, stands: Standing) -> None:
        """Frozen limits or new ones; in phase I how limits come to be; what the plan asks for at a signal."""
        say = self.say
        plan = plan_of(self.bench.view.plant, self._subject)
        notes = [say(note) for note in made.chart.notes]
        if plan is not None and plan.reaction and state is not None and state.state == "signals":
            notes.insert(0, say("What to do: {what}", what=plan.reaction))
        if self._several:
            notes.append(say("Several machines made these pieces: choose one to see it alone"))
        if made.waiting:
            notes.append(say("{n} values wait for their subgroup to be full", n=made.waiting))
        if made.chart.excluded:
            notes.append(say("{n} values are left out as unusable", n=len(made.chart.excluded)))
        self.notes.content = "".join(notice(note) for note in notes)
        self.phases.clear()
        newest = stands.newest
        if newest is not None:
            chosen = "frozen" if made.chart.phase == 2 else "fresh"
            words = [("frozen", say("Limits {n}", n=newest.limits.revision)), ("fresh", say("New limits"))]
            with self.phases:
                segments(words, chosen, self._phase_chosen, say("Limits"))
        self.decided.freezing(self.freezing, self._of, made)

    def _phase_chosen(self, value: str) -> None:
        self._want(fresh=value == "fresh", **({} if value == "fresh" else {"kind": "", "group": None, "rules": None}))

    def _fetch(self, version: str = "") -> None:
        if self.made is not None:
            # the version in the address: the drawing is never older than the tables beside it
            self.chart.send("fetch", self._address("chart", v=version or self._shown))

    def _draw_histogram(self) -> None:
        if self.made is not None:
            self.histogram.send("load", histogram(self.made, self.say))

    def _address(self, path: str, **more: str) -> str:
        """Of the chart, as REST gives it."""
        own = self.wanted
        asked: dict[str, Any] = {"of": self._of, "language": self.say.language, "newest": own.newest}
        asked |= {"kind": own.kind} if own.kind else {}
        asked |= {"group": own.group} if own.group is not None else {}
        asked |= {"rules": ",".join(own.rules) or "none"} if own.rules is not None else {}
        asked |= {"fresh": "true"} if own.fresh else {}
        return f"/api/v1/quality/{path}?{urlencode(asked | more)}"

    # ------------------------------------------------------------------ acts of the person

    async def _picked(self, event: Any) -> None:
        await self.bench.choose(str(event.args))

    def _machine(self, unit: str) -> None:
        """The pieces of one machine have a chart, limits and a history of their own."""
        self._unit, self.wanted = unit, Wanted(newest=self.wanted.newest)
        self.point.choose(None, None)
        self.bench.call(self._chart, self._shown)

    def _want(self, **changed: Any) -> None:
        own = {name: getattr(self.wanted, name) for name in ("kind", "group", "rules", "newest", "fresh")}
        self.wanted = Wanted(**own | changed)
        self.bench.call(self._chart, self._shown)

    async def _chose(self, event: Any) -> None:
        """A point was chosen on the drawing."""
        key = event.args.get("key") if isinstance(event.args, dict) else None
        await self._open(int(key) if isinstance(key, str) and key.isdigit() else None)

    async def _signal(self, event: Any) -> None:
        """A row of the signals: the drawing goes to its point."""
        if str(event.args).isdigit():
            self.chart.send("show", str(event.args))
            await self._open(int(event.args))

    async def _open(self, key: int | None) -> None:
        if key is None or self.made is None or point_of(self.made.own, key) is None:
            self.point.choose(None, self.made)
            return
        facts = await self.bench.ask(self.bench.books.facts, self._of, key, self.wanted)
        if facts is not None and self.bench.alive:
            with self.bench.client:
                self.point.choose(key, self.made, facts)

    async def _changed(self, code: str) -> None:
        """Something was decided; after a freeze the page shows what holds."""
        if code == "freeze":
            self.wanted = Wanted(newest=self.wanted.newest)
        await self._read(anew=True)


_KEY = "(event) => { const own = event.target.closest('[data-key]'); if (own) emit(own.dataset.key); }"


def _number(group: str | int | None) -> tuple[int, ...]:
    return (group,) if isinstance(group, int) else ()
