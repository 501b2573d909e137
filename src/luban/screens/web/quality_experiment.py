"""The experiment wizard: say what is to be found out, get a plan, enter results run by run, read what they say."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

from nicegui import ui

from luban.core.errors import InputError
from luban.core.time import SECOND, now
from luban.decide.improve.analysis import Analysis
from luban.decide.improve.bayes import Proposal
from luban.decide.improve.design import Design
from luban.decide.improve.plans import DESIGNS, PURPOSES
from luban.decide.improve.records import Record
from luban.decide.improve.written import read_factor
from luban.screens.i18n import Words
from luban.screens.report.quality_experiment import design_sheet, experiment_sheet, proposal_sheet, settings_text
from luban.screens.report.sheet import Sheet
from luban.screens.service import Now
from luban.screens.service.experiments import ExperimentDesk, first_response
from luban.screens.users import Role
from luban.screens.web.quality_columns import RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_project import ProjectDesk
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.quality_typed import free_name, number
from luban.screens.web.schedule_parts import field, labelled_choice, segments, tool
from luban.screens.web.tabs import card

__all__ = ["ExperimentPanel"]

_TYPED = "(event) => emit(event.target.value)"
_LEFT = (
    "flex: 1 1 300px; max-width: 440px; display: grid; gap: 12px; min-width: 0; grid-template-columns: minmax(0, 1fr)"
)


class ExperimentPanel:
    """What is in the tab: left what to do, right the plan or what the runs say; beside them improvement projects."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self.desk = ExperimentDesk(bench.books)
        self._given = {"id": "", "title": "", "factors": "", "responses": "", "runs": ""}
        self._chosen = {"purpose": "understand", "design": "", "aim": "max"}
        self._results: dict[str, str] = {}
        self._all: tuple[Record, ...] = ()
        self._own = ""
        self._plan: Design | None = None
        self._seed = now() // SECOND % 100_000
        self._newest = 0
        self._head = -1
        self._projects = ProjectDesk(bench)
        self._mode = "experiments"

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        choices = [("experiments", say("Experiments")), ("projects", say("Improvement projects"))]
        segments(choices, self._mode, self._turn, say("Experiments"))
        self._experiments = ui.element("div").style(SIDE_BY_SIDE)
        with self._experiments:
            with ui.element("div").style(_LEFT):
                self._list = ui.element("div")
                self._desk = ui.element("div").style("display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr)")
            with ui.element("div").style(RIGHT), card() as head:
                with head:
                    self._tools = ui.element("div").classes("lb-tools")
                self._shown = ui.element("div").props("aria-live=polite")
        self._other = ui.element("div").style(SIDE_BY_SIDE)
        with self._other:
            self._projects.build(_LEFT, RIGHT)
        self._other.set_visibility(False)

    async def show(self) -> None:
        """Read the books and draw."""
        self._head = -1
        await self._read(draw=True)
        await self._projects.show()

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown."""
        head = now.head
        if head != self._head:
            self._head = head
            await self._read()
            await self._projects.grown()

    def _turn(self, mode: str) -> None:
        self._mode = mode
        self._experiments.set_visibility(mode == "experiments")
        self._other.set_visibility(mode == "projects")

    # ------------------------------------------------------------------ reading

    async def _read(self, *, draw: bool = False) -> None:
        found = await self.bench.ask(self.desk.listed)
        if found is None or not self.bench.alive:
            return
        newest = max((r.entries[-1].seq for r in found), default=0)
        known = {r.id: r.entries for r in self._all}
        if newest < self._newest or (known == {r.id: r.entries for r in found} and not draw):
            return  # an answer that was overtaken by a newer one, or nothing new
        self._newest = newest
        self._all = found
        with self.bench.client:
            self._draw_list()
            own = self._record()
            if draw or (own is not None and known.get(own.id) != own.entries):
                await self._draw()

    def _record(self) -> Record | None:
        return next((r for r in self._all if r.id == self._own), None)

    def _draw_list(self) -> None:
        say = self.say
        self._list.clear()
        with self._list, card(say("Experiments")), ui.element("div").classes("lb-tools"):
            if not self._all:
                ui.html(html.escape(say("No experiment has been entered yet.")), sanitize=False)
            for one in self._all[:40]:
                state = (
                    say("closed") if one.closed else say("{made} of {n} runs", made=len(one.made), n=len(one.design))
                )
                button = tool(html.escape(f"{one.title} · {state}"), lambda one=one: self._open(one.id))
                button.props(f"aria-pressed={str(one.id == self._own).lower()}")
            if self.bench.may(Role.ENGINEER):
                tool(html.escape(say("New experiment")), lambda: self._open(""), kind="lb-take")

    async def _open(self, name: str) -> None:
        self._own, self._plan, self._results = name, None, {}
        self._seed = now() // SECOND % 100_000  # another order for each experiment; the plan keeps it
        self._draw_list()
        await self._draw()

    async def _draw(self) -> None:
        own = self._record()
        self._desk.clear()
        with self._desk:
            if own is None:
                self._wizard()
            else:
                self._runs(own)
        if own is None:
            self._empty(self.say("Say what may be set and what is measured; the plan appears here."))
        else:
            await self._said(own)

    def _empty(self, text: str) -> None:
        self._tools.clear()
        self._shown.clear()
        with self._shown:
            ui.html(html.escape(text), sanitize=False)

    # ------------------------------------------------------------------ a new experiment

    def _wizard(self) -> None:
        say = self.say
        if not self.bench.may(Role.ENGINEER):
            with card(say("New experiment")):
                ui.html(html.escape(say("An engineer plans experiments; operators enter results.")), sanitize=False)
            return
        with card(say("New experiment")), ui.element("div").classes("lb-form"):
            self._text("title", say("What is to be found out"))
            with ui.element("label"):
                ui.html(html.escape(say("Factors, one a line")), sanitize=False, tag="span")
                box = ui.element("textarea").props("rows=5 data-field=factors").style("font: inherit; width: 100%")
                box._props.update({"placeholder": say("temperature=150:250 °C\nsupplier=A,B"),  # noqa: SLF001
                                   "defaultValue": self._given["factors"]})  # fmt: skip
                box.on("input", lambda event: self._given.__setitem__("factors", str(event.args)), js_handler=_TYPED)
            self._text("responses", say("Responses, separated by commas"))
            self._choice("purpose", say("Purpose"), [(key, say(text)) for key, text in PURPOSES.items()])
            self._choice("aim", say("The first response should be"), self._aims())
            self._text("runs", say("Runs at most (empty: no limit)"), "number")
            kinds = [("", say("recommended"))] + [(key, say(text)) for key, text in DESIGNS.items()]
            self._choice("design", say("Design"), kinds)
            with ui.element("div").classes("lb-tools"):
                tool(html.escape(say("Propose a plan")), self._propose)
                tool(html.escape(say("Enter the plan")), self._enter_plan, kind="lb-take")

    def _aims(self) -> list[tuple[str, str]]:
        return [("max", self.say("as large as can be")), ("min", self.say("as small as can be"))]

    def _text(self, name: str, label: str, kind: str = "text") -> None:
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field={name}")

    def _choice(self, name: str, label: str, entries: list[tuple[str, str]]) -> None:
        labelled_choice(label, entries, self._chosen[name], lambda value: self._chosen.__setitem__(name, value))

    def _planned(self) -> tuple[Design, str]:
        """The design for what was typed, and why; in a thread."""
        lines = [line.strip() for line in self._given["factors"].splitlines() if line.strip()]
        factors = tuple(read_factor(line) for line in lines)
        runs = int(float(self._given["runs"])) if self._given["runs"].strip() else 0
        purpose, design = self._chosen["purpose"], self._chosen["design"]
        return self.desk.design(factors, purpose=purpose, design=design, runs=runs, seed=self._seed)

    def _responses(self) -> dict[str, str]:
        """Names and units, as in `strength [MPa], cost`."""
        given = self._given["responses"].replace("，", ",").replace("、", ",")
        parts = [part.partition("[") for part in given.split(",") if part.strip()]
        return {name.strip(): unit.strip().rstrip("]").strip() for name, _, unit in parts}

    async def _propose(self) -> None:
        made = await self.bench.ask(self._planned)
        if made is not None and self.bench.alive:
            self._plan = made[0]
            with self.bench.client:
                self._show(design_sheet(made[0], self.say, tuple(self._responses()), made[1]), "plan")

    async def _enter_plan(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        made = await self.bench.ask(self._planned)
        if made is None:
            return
        title = self._given["title"].strip() or self.say("Experiment")
        responses = self._responses()
        aim = {"response": next(iter(responses), ""), "aim": self._chosen["aim"]}
        name = free_name(title, [r.id for r in self._all])
        units = {key: unit for key, unit in responses.items() if unit}
        done = await self.bench.ask(self.desk.plan, name, made[0], tuple(responses), title=title, person=person,
                                    aim=aim, units=units)  # fmt: skip
        if done is not None:
            self._given |= {"title": "", "factors": "", "responses": "", "runs": ""}
            await self._read()
            await self._open(name)

    # ------------------------------------------------------------------ runs and results

    def _runs(self, own: Record) -> None:
        say = self.say
        with card(own.title), ui.element("div").classes("lb-form"):
            state = say("{made} of {n} runs", made=len(own.made), n=len(own.design))
            ui.html(f"<p data-made={len(own.made)}>{html.escape(state)}</p>", sanitize=False)
            if own.waiting and not own.closed:
                self._next_run(own, own.waiting[0])
            with ui.element("div").classes("lb-tools"):
                if own.made and self.bench.may(Role.ENGINEER) and not own.closed:
                    tool(html.escape(say("Propose the next trial")), self._next_trial)
                if self.bench.may(Role.ENGINEER):
                    text = say("Open again") if own.closed else say("Close the experiment")
                    tool(html.escape(text), partial(self._close, not own.closed))

    def _next_run(self, own: Record, run: int) -> None:
        say = self.say
        told = settings_text(own.design.natural(run), own.design.factors)
        ui.html(
            f"<p>{html.escape(say('Next: run {run}', run=run + 1))}<br><b>{html.escape(told)}</b></p>", sanitize=False
        )
        if not self.bench.may(Role.OPERATOR):
            return
        for name in own.responses:
            unit = own.units.get(name, "")
            box = field(f"{name} [{unit}]" if unit else name, self._results.get(name, ""),
                        partial(self._results.__setitem__, name))  # fmt: skip
            box.props(f'data-result="{html.escape(name)}"')
        tool(html.escape(say("Enter the result")), lambda: self._enter_result(run), kind="lb-take")

    async def _enter_result(self, run: int) -> None:
        person, own = self.bench.person(Role.OPERATOR), self._record()
        if person is None or own is None:
            return
        try:
            values = {name: number(self._results.get(name, ""), name) for name in own.responses}
        except InputError as error:
            self.bench.complain(error)
            return
        kept, self._results = self._results, {}  # before the fact is written: a tick may draw the next run first
        if await self.bench.ask(self.desk.result, own.id, run + 1, values, person=person) is None:
            self._results = kept
            return
        await self._read()

    async def _close(self, closed: bool) -> None:
        person, own = self.bench.person(Role.ENGINEER), self._record()
        if person is None or own is None:
            return
        if await self.bench.ask(self.desk.close, own.id, closed=closed, person=person) is not None:
            await self._read()

    # ------------------------------------------------------------------ what the runs say

    async def _said(self, own: Record) -> None:
        if len(own.made) < 4:
            self._show(design_sheet(own.design, self.say, own.responses), "plan")
            return
        found = await self.bench.ask(self._analysed, own)
        if found is None or not self.bench.alive or self._own != own.id:
            return
        with self.bench.client:
            sheets = [experiment_sheet(one, self.say) for one in found]
            self._show(sheets[0], "experiment", sheets[1:])

    async def _next_trial(self) -> None:
        person, own = self.bench.person(Role.ENGINEER), self._record()
        if person is None or own is None:
            return
        found = await self.bench.ask(self.desk.next, own.id)
        if found is None:
            return
        with self.bench.client:
            name = first_response(own)
            made = proposal_sheet(found, own.design.factors, self.say, response=name, unit=own.units.get(name, ""),
                                  source=own.id, used=len(own.made))  # fmt: skip
            self._show(made, "next")
            with self._tools:
                add = partial(self._add, found[0])
                tool(html.escape(self.say("Add it to the plan")), add, kind="lb-take")

    async def _add(self, one: Proposal) -> None:
        person, own = self.bench.person(Role.ENGINEER), self._record()
        if person is None or own is None:
            return
        if await self.bench.ask(self.desk.grow, own.id, one.coded, person=person) is not None:
            await self._read()

    def _analysed(self, own: Record) -> list[Analysis]:
        """The analysis of every response, the aimed-at one first with its best settings; in a thread."""
        first = first_response(own)
        return [self.desk.analysis(own.id, name) for name in (first, *(n for n in own.responses if n != first))]

    def _show(self, sheet: Sheet, name: str, more: Sequence[Sheet] = ()) -> None:
        show_sheet(self.bench, self._shown, self._tools, sheet, name, more)
