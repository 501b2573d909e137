"""Stock: what lies where, kanban cards with a button to fill one, and moves typed or scanned."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.screens.report.sheet_file import file_of
from luban.screens.report.trace_explorer import amount
from luban.screens.report.trace_stock import cards_html, stock_sheet, totals
from luban.screens.service import Now
from luban.screens.service.trace_stock import StockDesk
from luban.screens.users import Role
from luban.screens.web.quality_typed import number as typed
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice
from luban.understand.trace import Cards, Move, OnHand

__all__ = ["StockPanel"]

_NONE = "–"
_LISTED = 300
_PICKED = "(event) => { const one = event.target.closest('[data-lot]'); if (one) { emit(one.dataset.lot); } }"


class StockPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = StockDesk(bench.books)
        self._units = {one.id: one.unit for one in bench.view.plant.items.values()}
        self._item = self._place = ""
        self._given: dict[str, str] = {}
        self._known: Any = None
        self._turn = self._reads = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        self._kanban = ui.element("div").classes("lb-qpanel")
        with card(say("Stock")) as head:
            with head:
                ui.element("span").classes("lb-space")
                with ui.element("div").classes("lb-links"):
                    for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")):
                        tool(text, partial(self.bench.call, self._file, kind))
            with ui.element("div").classes("lb-tbar"):
                self._items = self._choice(say("item"), self._of_item)
                self._places = self._choice(say("place"), self._of_place)
            self._list = ui.element("div").classes("lb-scroll")
            self._list.on("click", self._picked, js_handler=_PICKED)
        if orders := self.desk.orders():
            with card(say("Pick list")):
                with ui.element("div").classes("lb-tbar"):
                    entries = [("", _NONE), *((one, one) for one in orders)]
                    labelled_choice(say("order"), entries, "", self._of_order)
                self._picks = ui.element("div").classes("lb-scroll")
                self._picks.on("click", self._picked, js_handler=_PICKED)
        self._names = ui.element("datalist").props("id=lb-tplaces")
        if self.bench.books.writable and self.bench.may(Role.OPERATOR):
            with card(say("Book a move")):
                text = say("No place it leaves: a receipt. No place it reaches: an issue. More than there is cannot be "
                           "taken.")  # fmt: skip
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                self._form = ui.element("div").classes("lb-tsearch")
                self._draw_form()

    def _choice(self, label: str, act: Any) -> Choice:
        with ui.element("label"):
            ui.html(html.escape(label), sanitize=False, tag="span")
            return Choice(label, act)

    def _draw_form(self) -> None:
        say = self.say
        self._given = {}
        self._form.clear()
        with self._form:
            for name, text, kind, list_ in (
                ("item", say("item"), "text", "lb-titems"), ("lot", say("lot or serial number"), "text", ""),
                ("origin", say("place it leaves"), "text", "lb-tplaces"),
                ("destination", say("place it reaches"), "text", "lb-tplaces"),
                ("quantity", say("quantity"), "number", ""), ("order", say("order"), "text", ""),
            ):  # fmt: skip
                box = field(text, "", partial(self._give, name), kind).props(f"data-field=move-{name} autocomplete=off")
                if list_:
                    box.props(f"list={list_}")
            _options(ui.element("datalist").props("id=lb-titems"), self._units)
            tool(html.escape(say("Book it")), lambda: self.bench.call(self._move), kind="lb-primary")

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:400]

    # ------------------------------------------------------------------ drawing

    async def show(self) -> None:
        """Read and draw."""
        self._known = None
        await self._read()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where the books have grown."""
        self._turn += 1
        if self._known is None or (self._turn % 4 == 0 and self.bench.books.version not in {0, self._known}):
            await self._read()

    async def _read(self) -> None:
        read = self._reads = self._reads + 1
        told = await self.bench.ask(self.bench.books.told)
        if told is None or not self.bench.alive:
            return
        if told["reading"]:
            with self.bench.client:
                self._say(self.say("The facts are being read. With millions of them this takes a minute."))
            return
        version = self.bench.books.version
        rows, cards = await self.bench.ask(self.desk.stock), await self.bench.ask(self.desk.cards)
        places = await self.bench.ask(self.desk.places)
        if rows is None or cards is None or places is None or not self.bench.alive or read != self._reads:
            return  # what was read later is drawn: twice would lose a click
        self._known = version
        with self.bench.client:
            self._draw_kanban(cards)
            self._names.clear()
            _options(self._names, places)
            every = [("", self.say("all"))]
            self._items.fill(every + [(one, one) for one in sorted({row.item for row in rows if row.item})], self._item)
            self._places.fill(every + [(one, one) for one in sorted({row.place for row in rows})], self._place)
            self._draw_rows(rows)

    def _say(self, text: str) -> None:
        self._list.clear()
        with self._list:
            ui.html(notice(text), sanitize=False)

    def _draw_kanban(self, cards: tuple[Cards, ...]) -> None:
        say = self.say
        self._kanban.clear()
        if not cards:
            return
        may = self.bench.books.writable and self.bench.may(Role.OPERATOR)
        heads = (say("kanban loop"), say("item"), say("place"), say("filled from"), say("a card"), say("cards"),
                 say("at the source"), "")  # fmt: skip
        with self._kanban, card(say("Kanban")), ui.element("table").classes("lb-ttable"):
            _head(heads)
            with ui.element("tbody"):
                for one in cards:
                    self._loop(one, heads, may=may)

    def _loop(self, one: Cards, heads: tuple[str, ...], *, may: bool) -> None:
        loop = one.loop
        source = html.escape(self._with(one.source, loop.item)) + (" ⚠" if one.short and one.free else "")
        cells = (html.escape(loop.id), html.escape(loop.item), html.escape(loop.place), html.escape(loop.source),
                 html.escape(self._with(loop.quantity, loop.item)), cards_html(one, self.say), source)  # fmt: skip
        with ui.element("tr") as row:
            row._props["data-loop"] = loop.id  # noqa: SLF001 - a text with quotes cannot go through props()
            for head, cell in zip(heads, cells, strict=False):
                ui.html(cell, sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001
            with ui.element("td"):
                if may and one.free:
                    tool(html.escape(self.say("Fill a card")), partial(self.bench.call, self._bring, loop.id))

    def _with(self, quantity: float, item: str) -> str:
        return f"{amount(quantity)} {self._units.get(item, '')}".rstrip()

    def _draw_rows(self, rows: tuple[OnHand, ...]) -> None:
        say = self.say
        kept = [one for one in rows if self._item in ("", one.item) and self._place in ("", one.place)]
        self._list.clear()
        with self._list:
            if not kept:
                text = say("Nothing is on hand.") if not rows else say("Nothing of what is shown fits the filter.")
                ui.html(notice(text), sanitize=False)
                return
            if self._item or self._place:
                ui.html(self._lots(kept), sanitize=False)
            else:
                ui.html(self._sums(kept), sanitize=False)

    def _sums(self, rows: list[OnHand]) -> str:
        say = self.say
        heads = (say("place"), say("item"), say("lots"), say("quantity"), say("missing"))
        body = [
            (place or _NONE, item or _NONE, f"{lots:,}", self._with(quantity, item),
             f"⚠ {self._with(missing, item)}" if missing else "")
            for (place, item), (lots, quantity, missing) in totals(rows).items()
        ]  # fmt: skip
        return _table(heads, [[html.escape(cell) for cell in row] for row in body], {2, 3, 4})

    def _lots(self, rows: list[OnHand]) -> str:
        say = self.say
        heads = (say("lot"), say("item"), say("place"), say("quantity"), say("missing"))
        body = []
        for one in rows[:_LISTED]:
            lot = html.escape(one.lot, quote=True)
            button = f'<button type="button" class="lb-plain" data-lot="{lot}">{lot}</button>' if lot else _NONE
            missing = f"⚠ {self._with(one.missing, one.item)}" if one.missing else ""
            rest = (one.item or _NONE, one.place or _NONE, self._with(one.quantity, one.item), missing)
            body.append([button, *(html.escape(cell) for cell in rest)])
        more = f"<p class='lb-note'>+ {len(rows) - _LISTED:,}</p>" if len(rows) > _LISTED else ""
        return _table(heads, body, {3, 4}) + more

    async def _of_item(self, value: str) -> None:
        self._item = value
        await self._read()

    async def _of_place(self, value: str) -> None:
        self._place = value
        await self._read()

    async def _of_order(self, order: str) -> None:
        found = await self.bench.ask(self.desk.picks, order) if order else ()
        if found is None or not self.bench.alive:
            return
        say = self.say
        heads = (say("item"), say("lot"), say("place"), say("quantity"))
        body = []
        for one in found:
            lot = html.escape(one.lot, quote=True)
            button = f'<button type="button" class="lb-plain" data-lot="{lot}">{lot}</button>' if lot else _NONE
            place = one.place or f"⚠ {say('not there')}"
            rest = (html.escape(place), html.escape(self._with(one.quantity, one.item)))
            body.append([html.escape(one.item), button, *rest])
        with self.bench.client:
            self._picks.clear()
            with self._picks:
                if body:
                    ui.html(_table(heads, body, {3}), sanitize=False)
                elif order:
                    ui.html(notice(say("The order has used all that it needs.")), sanitize=False)

    async def _picked(self, event: Any) -> None:
        """A lot was chosen: the explorer shows it."""
        await self.bench.choose(str(event.args))
        await self.bench.open("explorer")

    # ------------------------------------------------------------------ acts

    async def _bring(self, loop: str) -> None:
        person = self.bench.person(Role.OPERATOR)
        if person is not None and await self.bench.do(self.desk.bring, loop, person=person):
            await self.show()

    async def _move(self) -> None:
        person, given = self.bench.person(Role.OPERATOR), dict(self._given)
        if person is None:
            return

        def act() -> None:
            texts = {name: given.get(name, "").strip() for name in ("item", "lot", "origin", "destination", "order")}
            quantity = typed(given.get("quantity") or "0", "quantity")
            self.desk.move(Move(quantity=quantity, **texts), person=person)

        if await self.bench.do(act):
            with self.bench.client:
                self._draw_form()
            await self.show()

    async def _file(self, kind: str) -> None:
        say, name = self.say, self.bench.view.plant.name

        def read() -> tuple[bytes, str]:
            rows = self.desk.stock(item=self._item, place=self._place)
            sheet = stock_sheet(rows, self.desk.cards(), say, self._units, as_of=self.bench.books.seen, source=name)
            return file_of(sheet, kind, say.language)

        made = await self.bench.ask(read)
        if made is not None:
            self.bench.download(made[0], f"stock.{kind}", made[1])


def _options(holder: Any, names: Any) -> None:
    with holder:
        for name in names:
            ui.element("option")._props["value"] = name  # noqa: SLF001 - a text with quotes cannot go through props()


def _head(heads: tuple[str, ...]) -> None:
    with ui.element("thead"), ui.element("tr"):
        for head in heads:
            ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")


def _table(heads: tuple[str, ...], rows: list[list[str]], numbers: set[int]) -> str:
    """A table of cells that are HTML already."""

    def kind(at: int) -> str:
        return " class=lb-n" if at in numbers else ""

    head = "".join(f'<th scope="col"{kind(at)}>{html.escape(one)}</th>' for at, one in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f'<td data-head="{html.escape(heads[at], quote=True)}"{kind(at)}>{cell}</td>'
                         for at, cell in enumerate(row)) + "</tr>" for row in rows
    )  # fmt: skip
    return f'<table class="lb-ttable"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
