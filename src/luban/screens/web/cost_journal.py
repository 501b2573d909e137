"""The journal: trial balance, work in progress against the open orders, and the entries, down to their facts."""

from __future__ import annotations

import html
from typing import Any, NamedTuple

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import parse_time
from luban.screens.report.cost_page import journal_file, journal_sheet, kind_name
from luban.screens.report.sheet import Figures, Grid, Picture, Sheet, sheet_part
from luban.screens.service.cost_journal import Asked, entries, in_progress, trial
from luban.screens.service.cost_view import CostView
from luban.screens.web.cost_frame import Bench
from luban.screens.web.cost_panel import PICK, CostPanel, FactDialog
from luban.screens.web.cost_tables import button, figures_html, head_html, line_html, when
from luban.screens.web.schedule_parts import VALUE, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.cost import ROLES, Entry, ShopEvent, money_text
from luban.understand.cost.event import KINDS

__all__ = ["JournalPanel"]

_STEP = 60
_OPEN = 12


class JournalPanel(CostPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._given = {"text": bench.chosen, "role": "", "kind": "", "since": "", "until": ""}
        self._shown = _STEP
        self._view: CostView | None = None

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Books")) as head:
            with head:
                ui.element("span").classes("lb-space")
                with ui.element("div").classes("lb-links"):
                    for kind, text in (("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "PDF"), ("html", "HTML")):
                        tool(text, lambda kind=kind: self.bench.call(self._give, kind))
            self._form()
        self.holder = ui.element("div").classes("lb-qpanel")
        self.holder.on("click", self._picked, js_handler=PICK)
        self._fact = FactDialog(self.bench)

    def _form(self) -> None:
        say = self.say
        names = {role: say(name) for role, (_, name) in ROLES.items()}
        with ui.element("div").classes("lb-tsearch"):
            self._field(say("order, item, lot, work unit or entry"), "text", "search")
            accounts = [("", say("all")), *names.items()]
            labelled_choice(say("account"), accounts, "", lambda value: self._set("role", value))
            kinds = [("", say("all")), *((kind, kind_name(kind, say)) for kind in KINDS)]
            labelled_choice(say("what"), kinds, "", lambda value: self._set("kind", value))
            self._field(say("from (date and time)"), "since", "datetime-local")
            self._field(say("to (date and time)"), "until", "datetime-local")

    def _field(self, label: str, name: str, kind: str) -> None:
        with ui.element("label"):
            ui.html(html.escape(label), sanitize=False, tag="span")
            box = ui.element("input").props(f"type={kind} data-field={name} autocomplete=off spellcheck=false")
            box._props["defaultValue"] = self._given[name]  # noqa: SLF001 - a text with quotes cannot go through props()
            box.on("input", lambda event: self._set(name, str(event.args)), js_handler=VALUE, throttle=0.4)

    async def _set(self, name: str, value: str) -> None:
        if value != self._given[name]:
            self._given[name], self._shown = value[:400], _STEP
            await self._read()

    async def _more(self) -> None:
        self._shown += 5 * _STEP
        await self._read()

    async def _picked(self, event: Any) -> None:
        _, order, fact = (str(one) for one in event.args)
        if fact:
            await self._fact.open(int(fact))
        elif order:
            await self.bench.choose(order)
            await self.bench.open("unit")

    def _wanted(self) -> Asked:
        zone, given = self.bench.view.plant.zone, self._given
        since, until = (parse_time(given[name], zone) if given[name] else None for name in ("since", "until"))
        return Asked(given["text"], given["role"], given["kind"], since, until)

    # ------------------------------------------------------------------ drawing

    def _asked(self) -> tuple[Any, ...]:
        return (*self._given.values(), self._shown)

    async def _draw(self, view: CostView) -> None:
        asked, given, most = self._wanted(), dict(self._given), self._shown
        made = await self.bench.reads(self._made, view, asked, most)
        if not self.bench.alive or given != self._given:
            return
        self._view = view
        say = self.say
        with self.bench.client:
            self.holder.clear()
            with self.holder:
                with card(made.when):
                    ui.html(figures_html(made.figures), sanitize=False)
                    if made.left:
                        text = html.escape(say("What is not posted yet is posted by the command"))
                        ui.html(f"{text}: <code>luban cost DIR --post</code>", sanitize=False, tag="p").classes(
                            "lb-note"
                        )
                    ui.html(made.balance, sanitize=False).classes("lb-scroll lb-sheet lb-cbooks")
                with card(say("Entries")):
                    if made.fits:
                        text = say("{n} of {all} entries", n=f"{made.fits:,}", all=f"{len(view.booked):,}")
                        ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                        ui.html(made.entries, sanitize=False).classes("lb-scroll")
                        if made.fits > most:
                            tool(html.escape(say("Show more")), lambda: self.bench.call(self._more))
                    else:
                        none = say("No entry fits.") if view.booked else say("Nothing has been posted yet.")
                        ui.html(notice(none), sanitize=False)

    def _made(self, view: CostView, asked: Asked, most: int) -> _Drawn:
        say, found = self.say, entries(view, asked)
        sheet = journal_sheet(view, (), trial(view, asked.until), in_progress(view), say, until=asked.until, most=_OPEN)
        figures = next(one for one in sheet.blocks if isinstance(one, Figures))
        blocks = tuple(
            one for one in sheet.blocks
            if isinstance(one, Picture) or (isinstance(one, Grid) and one.title != say("Entries"))
        )  # fmt: skip
        balance = sheet_part(Sheet("", "", blocks, sheet.provenance))
        left = _left(view)
        return _Drawn(figures.title, figures.rows, balance, left, len(found), _table(view, found[:most], say))

    async def _give(self, kind: str) -> None:
        view = self._view
        if view is None:
            return
        try:
            asked = self._wanted()
        except LubanError as error:
            self.bench.complain(error)
            return
        made = await self.bench.ask(journal_file, view, asked, kind, self.say)
        if made is not None:
            self.bench.download(made[0], f"journal.{kind}", made[1])


class _Drawn(NamedTuple):
    """What is drawn."""

    when: str
    figures: Any
    balance: str
    left: bool
    fits: int
    entries: str


def _left(view: CostView) -> bool:
    """Whether something is still to be posted; not where the posted books cannot be read, which the figures say."""
    try:
        return view.to_post[1] > 0
    except LubanError:
        return False


def _table(view: CostView, found: list[tuple[ShopEvent, Entry]], say: Any) -> str:
    """Entries with their postings: time, entry and fact once, then an account a row."""
    chart, digits = view.cost.chart, view.digits
    heads = (say("time"), say("entry"), say("what"), say("account"), say("of"), say("debit"), say("credit"))
    rows = []
    for event, entry in found:
        for at, one in enumerate(entry.postings):
            account = chart.accounts[one.role]
            about = " ".join(part for part in (say(one.element) if one.element else "", one.item, one.lot) if part)
            of = " · ".join(filter(None, (button("order", one.order, one.order) if one.order else "",
                                          html.escape(about))))  # fmt: skip
            first = (when(entry.time, view), button("fact", str(event.seq), entry.id),
                     html.escape(kind_name(event.kind, say))) if at == 0 else ("", "", "")  # fmt: skip
            debit = money_text(one.amount, digits) if one.amount > 0 else ""
            credit = money_text(-one.amount, digits) if one.amount < 0 else ""
            cells = (*first, html.escape(f"{account.number} {say(account.name)}"), of, debit, credit)
            rows.append(line_html(heads, cells, right=(5, 6), kind="lb-cfirst" if at == 0 else ""))
    return (
        f'<table class="lb-ttable lb-ctable lb-cjournal">{head_html(heads, right=(5, 6))}'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
