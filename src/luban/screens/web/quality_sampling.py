"""The sampling desk: agree on AQL and level, enter a lot, see its plan, enter what was found, read the decision."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from luban.core.errors import InputError
from luban.core.time import SECOND, now as moment
from luban.norms.sampling import KINDS, LEVELS, aql_steps
from luban.screens.i18n import Words
from luban.screens.report.quality_sampling import (
    account_sheet,
    accounts_sheet,
    decision_figure,
    plan_sheet,
    severity_word,
    stages_grid,
)
from luban.screens.report.sheet import Figures, Sheet, sheet_part
from luban.screens.service import Now
from luban.screens.service.sampling import SamplingDesk, role_of
from luban.screens.users import Role
from luban.screens.web.quality_columns import LEFT, RIGHT, SIDE_BY_SIDE
from luban.screens.web.quality_frame import Bench
from luban.screens.web.quality_sheet import show_sheet
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.understand.quality.sampling import Account, AttributePlan, LotDecision, plan_of, subject_of

__all__ = ["SamplingPanel"]

_PAUSE = 3 * SECOND


class SamplingPanel:
    """What is in the tab: left the desk, right the plan of the lot or the account of the supplier's item."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.say: Words = bench.say
        self._service = SamplingDesk(bench.books)
        self._given: dict[str, str] = {"supplier": "", "item": "", "lot": "", "size": "", "found": ""}
        self._terms = {"aql": "1.0", "level": "II", "kind": "single"}
        self._again = False
        self._all: tuple[Account, ...] = ()
        self._own: Account | None = None
        self._head, self._read_at = -1, 0
        self._sheet: Sheet | None = None

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        ui.add_head_html('<link rel="stylesheet" href="/assets/sheet.css">')
        say = self.say
        with ui.element("div").style(SIDE_BY_SIDE):
            with ui.element("div").style(LEFT):
                with card(say("Supplier and item")), ui.element("div").classes("lb-form"):
                    self._text("supplier", say("Supplier"), "lb-suppliers")
                    self._text("item", say("Item"), "lb-items")
                    tool(html.escape(say("Open")), self._open, kind="lb-take")
                self._desk = ui.element("div").style("display: grid; gap: 12px")
            with ui.element("div").style(RIGHT):
                self._verdict = ui.element("div").props("aria-live=polite")
                with card() as head:
                    with head:
                        self._tools = ui.element("div").classes("lb-tools")
                    self._shown = ui.element("div")
                with self._shown:
                    text = say("Choose a supplier's item below, or enter one on the left.")
                    ui.html(f'<div class="lb-empty">{html.escape(text)}</div>', sanitize=False)
                with card(say("All suppliers' items")):
                    self._list = ui.element("div")
        self._names = ui.html("", sanitize=False)

    async def show(self) -> None:
        """Read the books and draw."""
        self._head = -1
        await self._read()

    async def tick(self, now: Now) -> None:
        """Read again where the books have grown, every few seconds at most."""
        if now.head != self._head and now.time - self._read_at > _PAUSE:
            self._head = now.head
            await self._read()

    # ------------------------------------------------------------------ reading

    async def _read(self) -> None:
        self._read_at = moment()
        found = await self.bench.ask(self._service.accounts)
        if found is None or not self.bench.alive:
            return
        if found == self._all and self._list.default_slot.children:
            return
        self._all = found
        with self.bench.client:
            self._draw_list()
            if self._own is not None:
                self._choose(self._own.supplier, self._own.item)

    def _choose(self, supplier: str, item: str) -> None:
        known = [one for one in self._all if (one.supplier, one.item) == (supplier, item)]
        self._own = known[0] if known else Account(supplier, item, None, None)
        self._draw_desk()
        self._show(account_sheet(self._own, self.say, self.bench.view.plant.zone))

    def _draw_list(self) -> None:
        sheet = accounts_sheet(self._all, self.say)
        self._list.clear()
        with self._list:
            ui.html(f'<div class="p-sheet">{_blocks(sheet)}</div>', sanitize=False)
            with ui.element("div").classes("lb-links"):
                for one in self._all[:40]:
                    tool(html.escape(f"{one.supplier} · {one.item}"), lambda one=one: self._pick(one))
        lists = {"lb-suppliers": {one.supplier for one in self._all}, "lb-items": {one.item for one in self._all}}
        self._names.set_content("".join(_datalist(name, sorted(own)) for name, own in lists.items()))

    def _pick(self, one: Account) -> None:
        self._given |= {"supplier": one.supplier, "item": one.item}
        self._verdict.clear()
        self._choose(one.supplier, one.item)

    def _open(self) -> None:
        try:
            subject_of(self._given["supplier"], self._given["item"])
        except InputError as error:
            self.bench.complain(error)
            return
        self._verdict.clear()
        self._choose(self._given["supplier"].strip(), self._given["item"].strip())

    # ------------------------------------------------------------------ the desk

    def _draw_desk(self) -> None:
        own, say = self._own, self.say
        self._desk.clear()
        if own is None:
            return
        with self._desk:
            if own.standing is None:
                self._terms_card(say("Agree on the inspection"))
                return
            with card(f"{own.supplier} · {own.item}"):
                word = severity_word(own.standing, say)
                ui.html(f"<p>{html.escape(say('Inspection due'))}: <b>{html.escape(word)}</b></p>", sanitize=False)
                self._acts(own)
            if not own.standing.stopped:
                self._lot_card(own)
            if self.bench.may(Role.ENGINEER):
                self._terms_card(say("Change what was agreed"))

    def _terms_card(self, title: str) -> None:
        say = self.say
        if not self.bench.may(Role.ENGINEER):
            with card(title):
                text = say("Nothing is agreed yet. An engineer agrees on AQL, level and kind of sampling.")
                ui.html(html.escape(text), sanitize=False)
            return
        own = self._own
        if own is not None and own.terms is not None:
            printed = next((one for one in aql_steps() if float(one) == own.terms.aql), "1.0")
            self._terms = {"aql": printed, "level": own.terms.level, "kind": own.terms.kind}
        with card(title), ui.element("div").classes("lb-form"):
            self._choice("aql", "AQL", [(one, one) for one in aql_steps()])
            self._choice("level", say("Level"), [(one, one) for one in LEVELS])
            self._choice("kind", say("Kind of sampling"), [(one, say(one)) for one in KINDS])
            tool(html.escape(say("Agree")), self._agree, kind="lb-take")

    def _lot_card(self, own: Account) -> None:
        say = self.say
        waiting = {one.lot: one for one in own.open}
        with card(say("Lot")), ui.element("div").classes("lb-form"):
            for one in own.open:
                text = say("{lot}: draw {n} more", lot=one.lot, n=one.decision.size)
                tool(html.escape(text), lambda one=one: self._go_on(one.lot, one.size))
            self._text("lot", say("Lot"))
            self._text("size", say("Pieces in the lot"), kind="number")
            tool(html.escape(say("Show the plan")), self._plan)
            if self.bench.may(Role.OPERATOR):
                label = say("Found in the sample")
                if self._given["lot"] in waiting:
                    label = say("Found in sample {n}", n=len(waiting[self._given["lot"]].found) + 1)
                self._text("found", label, kind="number")
                with ui.element("label").classes("lb-pick"):
                    box = ui.element("input").props("type=checkbox" + (" checked" if self._again else ""))
                    box.on("change", lambda event: setattr(self, "_again", bool(event.args)),
                           js_handler="(event) => emit(event.target.checked)")  # fmt: skip
                    ui.html(html.escape(say("This lot was submitted before")), sanitize=False, tag="span")
                tool(html.escape(say("Enter what was found")), self._enter, kind="lb-take")

    def _acts(self, own: Account) -> None:
        say, standing = self.say, own.standing
        if standing is None:
            return
        with ui.element("div").classes("lb-tools"):
            if self.bench.may(Role.OPERATOR):
                text = say("Production became irregular") if standing.steady else say("Production is steady again")
                tool(html.escape(text), lambda: self._act("steady", {"steady": not standing.steady}))
            if self.bench.may(Role.ENGINEER):
                text = say("No reduced inspection") if standing.permit else say("Wish for reduced inspection")
                tool(html.escape(text), lambda: self._act("permit", {"permit": not standing.permit}))
                if standing.stopped:
                    tool(html.escape(say("Corrective action was taken")),
                         lambda: self._act("resume", {}), kind="lb-take")  # fmt: skip

    def _text(self, name: str, label: str, names: str = "", kind: str = "text") -> None:
        box = field(label, self._given[name], lambda value: self._given.__setitem__(name, value), kind)
        box.props(f"data-field={name}" + (f" list={names}" if names else ""))

    def _choice(self, name: str, label: str, entries: list[tuple[str, str]]) -> None:
        labelled_choice(label, entries, self._terms[name], lambda value: self._terms.__setitem__(name, value))

    # ------------------------------------------------------------------ acts

    def _size(self) -> int:
        return _whole(self._given["size"], self.say("Pieces in the lot"))

    async def _go_on(self, lot: str, size: int) -> None:
        self._given |= {"lot": lot, "size": str(size), "found": ""}
        self._draw_desk()
        await self._plan()

    async def _plan(self) -> None:
        own = self._own
        if own is None:
            return
        try:
            waiting = next((one for one in own.open if one.lot == self._given["lot"].strip()), None)
            plan = waiting.plan if waiting is not None else plan_of(own, self._size())
        except InputError as error:
            self.bench.complain(error)
            return
        decision = waiting.decision if waiting is not None else None
        sheet = await self.bench.ask(plan_sheet, plan, self.say, decision)
        if sheet is not None and self.bench.alive:
            with self.bench.client:
                self._show(sheet)

    async def _enter(self) -> None:
        own, person = self._own, self.bench.person(role_of("lot"))
        if own is None or person is None:
            return
        lot = self._given["lot"].strip()
        try:
            found = _whole(self._given["found"], self.say("Found in the sample"))
            size = self._size()
        except InputError as error:
            self.bench.complain(error)
            return
        original = not self._again
        given = own.supplier, own.item, lot, size, found
        told = await self.bench.ask(self._service.enter, *given, original=original, person=person)
        if told is None:
            return
        plan, decision = told
        with self.bench.client:
            done = {"lot": "", "size": ""} if decision.verdict != "next" else {}
            self._given |= {"found": ""} | done
            self._again = False
            self._told(plan, decision, lot)
        await self._read()

    def _told(self, plan: AttributePlan, decision: LotDecision, lot: str) -> None:
        figure = decision_figure(decision, self.say)
        sheet = Sheet(self.say("Lot {lot}", lot=lot), "", (Figures((figure,)), stages_grid(plan, self.say)))
        self._verdict.clear()
        with self._verdict:
            ui.html(sheet_part(sheet), sanitize=False).props(f"data-verdict={decision.verdict}")

    async def _agree(self) -> None:
        own, person = self._own, self.bench.person(role_of("agree"))
        if person is None or own is None:
            return
        aql, level, kind = float(self._terms["aql"]), self._terms["level"], self._terms["kind"]
        wanted = {"aql": aql, "level": level, "kind": kind, "person": person}
        if await self.bench.ask(self._service.agree, own.supplier, own.item, **wanted) is not None:
            await self._read()

    async def _act(self, code: str, data: Mapping[str, Any]) -> None:
        own, person = self._own, self.bench.person(role_of(code))
        if person is None or own is None:
            return
        if await self.bench.ask(self._service.change, own.supplier, own.item, code, data, person=person) is not None:
            await self._read()

    # ------------------------------------------------------------------ the right side

    def _show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        show_sheet(self.bench, self._shown, self._tools, sheet, "sampling")


def _whole(text: str, where: str) -> int:
    try:
        number = float(text.strip())
    except ValueError:
        number = -1.0
    if number < 0 or number != int(number) or number > 1e9:
        raise InputError("a whole number is needed", came=text, where=where)
    return int(number)


def _datalist(name: str, values: list[str]) -> str:
    options = "".join(f'<option value="{html.escape(one)}"></option>' for one in values)
    return f'<datalist id="{name}">{options}</datalist>'


def _blocks(sheet: Sheet) -> str:
    """The blocks of a sheet without its title."""
    part = sheet_part(Sheet("", "", sheet.blocks))
    return part.replace("<h1></h1>", "")
