"""The inspection tab: what is due, values by keyboard or scanner with their verdict, devices, non-conformances.

A scanner is a keyboard that ends with Enter: Enter in a field goes on to the next one, and in the last one writes.
"""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.core.errors import InputError
from luban.plant import Characteristic, Inspection
from luban.screens.i18n import Words
from luban.screens.report.quality_inspection import confusion_sheet, due_word, entered_sheet, held_grid, recent_grid
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.service.inspection import InspectionDesk
from luban.screens.service.quality_view import rule_text
from luban.screens.users import Role
from luban.screens.web.quality_columns import RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_nonconformance import Board
from luban.screens.web.quality_texts import moment
from luban.screens.web.schedule_parts import labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card
from luban.understand.quality.inspection import Due, Result, plan_of

__all__ = ["InspectionPanel"]

_LEFT = "flex: 1 1 300px; max-width: 430px; display: grid; gap: 12px; min-width: 0"
_FIELDS = ("serial", "lot", "machine", "gauge", "values")
# Enter goes to the next field of the form; in the last one it is handed to the server
_ENTER = (
    "(event) => { if (event.key !== 'Enter') return; event.preventDefault();"
    " const all = [...event.target.closest('.lb-form').querySelectorAll('input[data-field]')];"
    " const next = all[all.indexOf(event.target) + 1];"
    " if (next) { next.focus(); next.select(); } else { emit('enter'); } }"
)
_VALUE = "(event) => emit(event.target.value)"


class InspectionPanel(BookPanel):
    """What is in the tab: left the plan and the form, right the verdict, the newest values, lots held, the board."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self.desk = InspectionDesk(bench.books)
        self.board = Board(bench, self.desk, self.again)
        self._given = dict.fromkeys(_FIELDS, "")
        self._drawn = ""

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(_LEFT):
                with card(say("To be measured")):
                    self._plan = ui.element("div")
                with card(say("Enter values")):
                    with ui.element("div").classes("lb-form"):
                        names = [(name, name.replace(":", " · ")) for name in self.bench.view.plant.characteristics]
                        entries = [("", "–"), *names]
                        self._choice = labelled_choice(
                            say("Characteristic"), entries, self.bench.chosen, self.bench.choose
                        )
                    self._form = ui.element("div")
            with ui.element("div").style(RIGHT):
                self._verdict = ui.element("div").props("aria-live=assertive")
                with card(say("Newest values")):
                    self._recent = ui.element("div")
                with card(say("Lots that may not go on")):
                    self._held = ui.element("div")
                self.board.build()
                with card(say("Results of devices that wait for a person")):
                    self._queue = ui.element("div")
                with card():
                    self._matrix = ui.element("div")

    # ------------------------------------------------------------------ reading

    @property
    def _of(self) -> str:
        """The chosen characteristic, whatever work unit its chart is of; "" while none is."""
        of = self.bench.chosen.partition("@")[0]
        return of if of in self.bench.view.plant.characteristics else ""

    async def _read(self) -> None:
        of = self._of

        def look() -> tuple[Any, ...]:
            recent = self.desk.recent(of) if of else []
            results = self.desk.results()
            waiting = self.desk.queue()
            return (self.desk.plan(), recent, self.desk.held(), self.desk.nonconformances(), waiting, len(results))

        found = await self.bench.ask(look)
        if found is None or found == self._known or not self.bench.alive:
            return
        self._known = found
        plan, recent, held, board, waiting, judged = found
        matrices = await self.bench.ask(self.desk.confusion) if judged else ()
        if not self.bench.alive:
            return
        with self.bench.client:
            self._draw_plan(plan)
            self._draw_form(of)
            self._draw_recent(of, recent)
            self._grid(
                self._held, Sheet("", "", (held_grid(held, self.say),)) if held else None, self.say("No lot is held.")
            )
            self.board.draw(board)
            self._draw_queue(waiting)
            self._grid(self._matrix, confusion_sheet(matrices or (), self.say), "")

    def _grid(self, holder: Any, sheet: Sheet | None, empty: str) -> None:
        holder.clear()
        with holder:
            if sheet is not None:
                ui.html(sheet_part(sheet).replace("<h1></h1>", ""), sanitize=False)
            elif empty:
                ui.html(f'<p class="lb-empty">{html.escape(empty)}</p>', sanitize=False)

    def _draw_plan(self, plan: tuple[Due, ...]) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        self._plan.clear()
        with self._plan:
            if not plan:
                text = say("No inspection plan yet: the table inspection.csv in the plant's folder holds it.")
                ui.html(f'<p class="lb-empty">{html.escape(text)}</p>', sanitize=False)
            for one in plan:
                words = [
                    due_word(one, say),
                    say("last {time}", time=moment(one.last, zone)) if one.last else say("never measured"),
                ]
                if one.plan.method:
                    words.append(one.plan.method)
                inner = (
                    f'<span class="lb-qrow-name">{html.escape(one.plan.subject.replace(":", " · "))}</span>'
                    f'<span class="lb-qrow-state">{html.escape(" · ".join(words))}</span>'
                )
                state = "signals" if one.state == "due" else one.state
                with ui.element("button").classes("lb-qrow lb-idue").props(f"type=button data-state={state}") as button:
                    ui.html(inner, sanitize=False, tag="span").classes("lb-iwords")
                button._props["data-of"] = one.plan.subject  # noqa: SLF001 - a name with blanks cannot go through props()
                button.on("click", lambda _event, of=one.plan.subject: self._pick(of))

    async def _pick(self, of: str) -> None:
        await self.bench.choose(of)
        if self.bench.alive:
            with self.bench.client:
                ui.run_javascript("document.querySelector('.lb-ientry input')?.focus()")

    def _draw_form(self, of: str) -> None:
        """The form of a characteristic; it is left alone while it is the same, so that nothing typed is lost."""
        names = [("", "–"), *((one, one.replace(":", " · ")) for one in self.bench.view.plant.characteristics)]
        self._choice.fill(names, of)
        if self._drawn == of and self._form.default_slot.children:
            return
        self._drawn = of
        say = self.say
        self._form.clear()
        its = self.bench.view.plant.characteristics.get(of)
        with self._form:
            if its is None:
                return
            ui.html(_wanted(its, plan_of(self.bench.view.plant, of), say), sanitize=False)
            if not self.bench.may(Role.OPERATOR):
                ui.html(
                    f'<p class="lb-empty">{html.escape(say("Entering values needs the role operator."))}</p>',
                    sanitize=False,
                )
                return
            labels = {
                "serial": say("Serial number"), "lot": say("Lot"), "machine": say("Made on"), "gauge": say("Gauge"),
                "values": f"{say('Measured values')} [{its.unit}]",
            }  # fmt: skip
            self._given["values"] = self._given["serial"] = ""
            with ui.element("div").classes("lb-form lb-ientry"):
                for name in _FIELDS:
                    self._field(name, labels[name])
                tool(html.escape(say("Enter")), self._enter, kind="lb-take")
            units = "".join(
                f'<option value="{html.escape(path)}"></option>' for path in self.bench.view.plant.work_units
            )
            ui.html(f'<datalist id="lb-imachines">{units}</datalist>', sanitize=False)

    def _field(self, name: str, label: str) -> None:
        with ui.element("label"):
            ui.html(html.escape(label), sanitize=False, tag="span")
            box = ui.element("input").props(f"type=text autocomplete=off data-field={name}")
            if name == "values":
                box.props("inputmode=decimal")
            if name == "machine":
                box.props("list=lb-imachines")
            box._props["defaultValue"] = self._given[name]  # noqa: SLF001
            box.on("input", lambda event: self._given.__setitem__(name, str(event.args)), js_handler=_VALUE)
            box.on("keydown", self._enter, js_handler=_ENTER)

    def _draw_recent(self, of: str, rows: list[dict[str, Any]]) -> None:
        its = self.bench.view.plant.characteristics.get(of)
        empty = self.say("Choose a characteristic.") if its is None else self.say("Nothing was measured yet.")
        zone = self.bench.view.plant.zone
        sheet = Sheet("", "", (recent_grid(rows, its.unit, self.say, zone),)) if its is not None and rows else None
        self._grid(self._recent, sheet, empty)

    def _draw_queue(self, waiting: tuple[Result, ...]) -> None:
        say = self.say
        self._queue.clear()
        with self._queue:
            if not waiting:
                ui.html(f'<p class="lb-empty">{html.escape(say("Nothing waits."))}</p>', sanitize=False)
            for one in waiting[:20]:
                why = say("not sure enough") if one.why == "queue" else say("drawn for checking")
                words = (
                    one.piece, one.lot, f"{one.device} · {one.model} {one.version}",
                    say("says {verdict} at {n} %", verdict=say(one.verdict), n=f"{100 * one.confidence:.0f}"), why,
                )  # fmt: skip
                with ui.element("div").classes("lb-tools lb-iresult") as row:
                    row._props["data-seq"] = str(one.seq)  # noqa: SLF001
                    ui.html(html.escape(" · ".join(filter(None, words))), sanitize=False, tag="span")
                    if self.bench.may(Role.OPERATOR):
                        for word in dict.fromkeys(("good", one.verdict, "bad")):
                            tool(html.escape(say(word)), lambda one=one, word=word: self._review(one, word))

    # ------------------------------------------------------------------ acts

    async def _enter(self, _event: Any = None) -> None:
        person = self.bench.person(Role.OPERATOR)
        its = self.bench.view.plant.characteristics.get(self._of)
        if person is None or its is None:
            return
        try:
            values = _numbers(self._given["values"])
        except InputError as error:
            self.bench.complain(error)
            return
        beside = {name: self._given[name].strip() for name in ("lot", "serial", "machine", "gauge")}
        entered = await self.bench.ask(self.desk.enter, self._of, values, person=person, **beside)
        if entered is None or not self.bench.alive:
            return
        sheet = entered_sheet(entered, its, self.say, [rule_text(self.say, rule) for rule in entered.signals])
        self._drawn = ""
        with self.bench.client:
            self._verdict.clear()
            with self._verdict, card():
                ui.html(sheet_part(sheet), sanitize=False).props(f"data-verdict={entered.state}")
                if entered.state == "bad" and self.bench.may(Role.OPERATOR):
                    with ui.element("div").classes("lb-tools"):
                        text = self.say("Open a non-conformance and hold the lot")
                        tool(html.escape(text), lambda: self._open(its, values, beside), kind="lb-take")
        await self.again()
        if self.bench.alive:
            with self.bench.client:
                ui.run_javascript("document.querySelector('.lb-ientry input')?.focus()")

    async def _open(self, its: Characteristic, values: list[float], beside: dict[str, str]) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is None:
            return
        subject = f"{its.item}:{its.name}"
        text = f"{subject}: {', '.join(f'{value:g}' for value in values)} {its.unit}"
        recent = await self.bench.ask(self.desk.recent, subject) or []
        facts = [row["seq"] for row in recent[: len(values)]]
        made = await self.bench.ask(
            self.desk.open, text, person=person, subject=subject, lots=[beside["lot"]] if beside["lot"] else [],
            serials=[beside["serial"]] if beside["serial"] else [], unit=beside["machine"], facts=facts,
        )  # fmt: skip
        if made is not None:
            self.board.chosen = made
            with self.bench.client:
                self._verdict.clear()
            await self.again()

    async def _review(self, one: Result, word: str) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is not None:
            await self.bench.ask(self.desk.review, one.seq, word, person=person)
            await self.again()


def _wanted(its: Characteristic, plan: Inspection | None, say: Words) -> str:
    """What is to be measured, and how."""
    limits = [
        f"{label} {value:g} {its.unit}"
        for label, value in (
            (say("nominal"), its.nominal), (say("lower limit"), its.lower), (say("upper limit"), its.upper)
        )
        if value is not None
    ]  # fmt: skip
    how = []
    if plan is not None:
        how = [plan.method, plan.gauge, say("{n} pieces each time", n=plan.pieces) if plan.pieces > 1 else ""]
    lines = [" · ".join(limits) or say("no limits to judge by"), " · ".join(filter(None, how))]
    return "".join(f'<p class="lb-note">{html.escape(line)}</p>' for line in lines if line)


def _numbers(text: str) -> list[float]:
    """Numbers with blanks or semicolons between; a decimal comma is one."""
    values = []
    for part in text.replace(";", " ").split():
        try:
            values.append(float(part.replace(",", ".")))
        except ValueError:
            raise InputError("not a number", came=part, expected="measured values with blanks between") from None
    if not values:
        raise InputError("no value", expected="measured values with blanks between")
    return values
