"""What a piece cost: the waterfall of an order, item or lot; each bar opens the facts that it is made of."""

from __future__ import annotations

import html
import re
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.report.cost_page import DASH, unit_file, unit_rows, unit_sheet
from luban.screens.report.cost_pictures import Row, waterfall_svg
from luban.screens.report.sheet import Figure, Figures, Grid, Picture, Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.service.cost import NOT_READ
from luban.screens.service.cost_variance import Compared, compared, standard_each
from luban.screens.service.cost_view import CostView, Opened, Subject
from luban.screens.web.cost_frame import Bench
from luban.screens.web.cost_panel import PICK, PICK_KEYS, CostPanel, FactDialog
from luban.screens.web.cost_tables import button, figures_html, items_table, opened_table, orders_table
from luban.screens.web.schedule_parts import VALUE, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.cost import ELEMENTS, Card, money_text

__all__ = ["UnitPanel"]

_ENTER = "(event) => { if (event.key === 'Enter') { emit(event.target.value); } }"


class UnitPanel(CostPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._view: CostView | None = None
        self._subject: Subject | None = None
        self._element = ""
        self._typed = ""
        self._detail: Any = None

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Find an order, an item or a lot")), ui.element("div").classes("lb-tsearch"):
            with ui.element("label"):
                text = say("order, item, lot or serial number, typed or scanned")
                ui.html(html.escape(text), sanitize=False, tag="span")
                self._box = ui.element("input").classes("lb-tlot")
                self._box.props("type=search list=lb-cnames autocomplete=off autofocus spellcheck=false data-field=of")
                self._box.on("input", self._type, js_handler=VALUE, throttle=0.25)
                self._box.on("keydown", self._go, js_handler=_ENTER)
            self._names = ui.element("datalist").props("id=lb-cnames")
            tool(html.escape(say("Show")), lambda: self.bench.call(self._find, self._typed), kind="lb-primary")
            self._all = tool(html.escape(say("All orders")), lambda: self.bench.call(self._choose, ""))
        self.holder = ui.element("div").classes("lb-qpanel lb-cpage")
        self.holder.on("click", self._picked, js_handler=PICK)
        self.holder.on("keydown", self._picked, js_handler=PICK_KEYS)
        self._fact = FactDialog(self.bench)

    async def _type(self, event: Any) -> None:
        self._typed = str(event.args)[:400]
        if self._view is None:
            return
        names = await self.bench.ask(self._view.suggest, self._typed)
        if names is None or not self.bench.alive:
            return
        with self.bench.client:
            self._names.clear()
            with self._names:
                for name in names:
                    ui.element("option")._props["value"] = name  # noqa: SLF001 - a text with quotes cannot go through props()

    async def _go(self, event: Any) -> None:
        await self._find(str(event.args)[:400])

    async def _find(self, text: str) -> None:
        if self._view is None:
            self.bench.say_to(self.say(NOT_READ))
            return
        if not text.strip():
            return
        found = await self.bench.ask(self._view.find, text)
        if found is not None:
            await self._choose(found.name)

    async def _choose(self, name: str) -> None:
        self._element = ""
        await self.bench.choose(name)

    async def _picked(self, event: Any) -> None:
        pick, order, fact = (str(one) for one in event.args)
        if fact:
            await self._fact.open(int(fact))
        elif order:
            await self._choose(order)
        elif pick:
            self._element = "" if pick == self._element else pick
            await self._open()

    # ------------------------------------------------------------------ drawing

    def _asked(self) -> tuple[Any, ...]:
        return (self.bench.chosen,)

    async def _draw(self, view: CostView) -> None:
        chosen = self.bench.chosen
        say = self.say
        if not chosen:
            tables = await self.bench.reads(lambda: (items_table(view, say), orders_table(view, say)))
            self._view, self._subject = view, None
            if self.bench.alive and self._new(tables):
                with self.bench.client:
                    self._all.set_visibility(False)
                    self._draw_all(view, *tables)
            return
        made = await self.bench.reads(_read, view, chosen, self._element, say)
        if chosen != self.bench.chosen or not self.bench.alive:
            return
        self._view, self._subject = view, made.subject
        if not self._new(made.content):
            return
        with self.bench.client:
            self._all.set_visibility(True)
            self._draw_one(view, made)

    def _draw_all(self, view: CostView, items: str, orders: str) -> None:
        say = self.say
        self.holder.clear()
        with self.holder:
            if not view.cards:
                text = say(
                    "No fact names an order yet. Cost comes from movements of goods, steps of work, states with an "
                    "order, counts and meters."
                )
                ui.html(notice(text), sanitize=False)
                return
            if view.of_item:
                with card(say("Items")):
                    ui.html(items, sanitize=False).classes("lb-scroll")
            with card(say("Orders")):
                ui.html(orders, sanitize=False).classes("lb-scroll")

    def _draw_one(self, view: CostView, made: _Made) -> None:
        say, subject = self.say, made.subject
        self.holder.clear()
        with self.holder:
            with card(subject.name) as head:
                with head:
                    ui.element("span").classes("lb-space")
                    with ui.element("div").classes("lb-links"):
                        for kind, text in (("pdf", "PDF"), ("xlsx", "Excel"), ("html", "HTML")):
                            tool(text, lambda kind=kind: self.bench.call(self._give, kind))
                if made.sheet.subtitle:
                    ui.html(_about(subject, made.sheet.subtitle), sanitize=False, tag="p").classes("lb-note lb-cabout")
                ui.html(figures_html(made.figures), sanitize=False)
                if made.rows:
                    ui.html(waterfall_svg(made.rows, say, chosen=self._element), sanitize=False)
                    text = say("Press a bar to see the facts that it is made of.")
                    if subject.kind == "lot":
                        text += " " + say("They are those of the whole order, of which the lot carried its share.")
                    if any(row.mark is not None for row in made.rows):
                        text += " " + say("A tick marks where the standard would end.")
                    ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                else:
                    ui.html(notice(say("Nothing has been put into it yet.")), sanitize=False)
                self._detail = ui.html("", sanitize=False).props("aria-live=polite")
                if made.opened is not None:
                    self._detail.content = opened_table(view, made.opened, say)
            rest = [one for one in made.sheet.blocks if not isinstance(one, Picture | Figures)]
            ui.html(sheet_part(Sheet("", "", tuple(rest), made.sheet.provenance)), sanitize=False).classes(
                "lb-scroll lb-sheet"
            )

    async def _give(self, kind: str) -> None:
        """Hand out the sheet, with the facts of the bar that is open."""
        view, subject = self._view, self._subject
        if view is None or subject is None:
            return
        made = await self.bench.ask(_file_of, view, subject, self._element, kind, self.say)
        if made is not None:
            self.bench.download(made[0], f"{_file(subject.name)}.{kind}", made[1])

    async def _open(self) -> None:
        """Show what the bar is made of that was pressed; only that part is drawn anew, so the focus stays."""
        view, subject, element = self._view, self._subject, self._element
        if view is None or subject is None or self._detail is None:
            return
        if not element:
            with self.bench.client:
                self._detail.content = ""
            return
        opened = await self.bench.ask(view.opened, subject, element)
        if opened is not None and self.bench.alive and element == self._element:
            with self.bench.client:
                self._detail.content = opened_table(view, opened, self.say)


class _Made:
    """What is drawn of an order, item or lot."""

    def __init__(self, view: CostView, name: str, element: str, say: Words) -> None:
        self.subject = view.find(name)
        cards = view.cards_of(self.subject)
        self.opened: Opened | None = None
        self.finished = self.subject.kind == "lot" or any(card.good for card in cards)
        if self.finished:
            found: Compared = compared(view.cost, view.plant, self.subject.orders, view.last_good)
            self.sheet = unit_sheet(view, self.subject, found, say)
            standard = standard_each(view.cost, view.plant, cards, view.last_good)
            self.rows = unit_rows(view.piece(self.subject), standard, view.digits, say)
        else:
            self.rows = _so_far(cards, view, say)
            self.sheet = _unfinished(view, self.subject, cards, self.rows, say)
        self.figures = next((one.rows for one in self.sheet.blocks if isinstance(one, Figures)), ())
        if len(self.rows) == 1:
            self.rows = []
        if element and any(row.pick == element for row in self.rows):
            self.opened = view.opened(self.subject, element)

    @property
    def content(self) -> tuple[Any, ...]:
        """All that is to be seen of it."""
        return self.subject, self.sheet.blocks, self.rows, self.opened


def _read(view: CostView, name: str, element: str, say: Words) -> _Made:
    return _Made(view, name, element, say)


def _about(subject: Subject, said: str) -> str:
    """What the name stands for; of a lot, the orders that made it."""
    if subject.kind != "lot":
        return html.escape(said)
    return f"{html.escape(said)}: {', '.join(button('order', order, order) for order in subject.orders)}"


def _file_of(view: CostView, subject: Subject, element: str, kind: str, say: Words) -> tuple[bytes, str]:
    made = _Made(view, subject.name, "", say)
    if made.finished:
        return unit_file(view, subject, element, kind, say)
    return file_of(made.sheet, kind, say.language)


def _so_far(cards: list[Card], view: CostView, say: Words) -> list[Row]:
    """Rows for orders that have made no good piece yet: all that lies in progress."""
    rows, level = [], 0
    for element in ELEMENTS:
        amount = sum(card.wip.get(element, 0) for card in cards)
        if amount:
            rows.append(Row(element, say(element), float(level), float(level + amount),
                            money_text(amount, view.digits)))  # fmt: skip
            level += amount
    rows.append(Row("", say("in progress"), 0.0, float(level), money_text(level, view.digits), "ink"))
    return rows


def _unfinished(view: CostView, subject: Subject, cards: list[Card], rows: list[Row], say: Words) -> Sheet:
    held = sum(card.open for card in cards)
    figures = Figures((
        Figure(say("a good piece"), DASH, "", say("no good piece yet"), "quiet"),
        Figure(say("in progress"), money_text(held, view.digits), view.currency),
    ))  # fmt: skip
    grid = Grid((say("cost element"), view.currency), [(row.name, row.told) for row in rows], say("In progress so far"),
                frozenset({1}))  # fmt: skip
    picture = Picture(waterfall_svg(rows, say, paper=True), say("In progress so far"))
    blocks = (figures, picture, grid) if held else (figures,)
    return Sheet(say("What a piece of {name} cost", name=subject.name), say("no good piece yet"), blocks, {})


def _file(name: str) -> str:
    return "cost-" + (re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80] or "piece")
