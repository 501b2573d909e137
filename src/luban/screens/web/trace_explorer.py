"""The explorer of lots: what went into a lot and what it went into, in one picture and one table, level by level.

A lot is typed, scanned, chosen in the picture, or found by what it ran under.
"""

from __future__ import annotations

import html
import re
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.sheet import Grid, Picture, Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.report.trace import lot_sheet
from luban.screens.report.trace_explorer import explorer_svg, explorer_table
from luban.screens.service import Now
from luban.screens.service.trace_around import Around, Filter, around, filtered
from luban.screens.service.trace_files import epcis_of, newest
from luban.screens.web.schedule_parts import VALUE, labelled_choice, tool
from luban.screens.web.tabs import card
from luban.screens.web.trace_condition import ConditionSearch, lot_buttons
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice

__all__ = ["ExplorerPanel"]

_DEEPEST = 12
_LISTED = 200
_PICKED = "[one.dataset.open || '', one.dataset.lot || '']"
_CLICK = (
    f"(event) => {{ const one = event.target.closest('[data-open], [data-lot]'); if (one) {{ emit({_PICKED}); }} }}"
)
_KEYS = (
    "(event) => { if (event.key !== 'Enter' && event.key !== ' ') { return; }"
    " const one = event.target.closest('g[data-open], g[data-lot]');"
    f" if (one) {{ event.preventDefault(); emit({_PICKED}); }} }}"
)
_ENTER = "(event) => { if (event.key === 'Enter') { emit(event.target.value); } }"
_MIDDLE = """() => { const box = document.querySelector('.lb-tscroll'), own = box && box.querySelector('.lb-town');
  if (own) { const a = own.getBoundingClientRect(), b = box.getBoundingClientRect();
    box.scrollLeft += a.left + a.width / 2 - b.left - b.width / 2; } }"""


class ExplorerPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._units = {one.id: one.unit for one in bench.view.plant.items.values()}
        self._lot = ""
        self._levels = 1
        self._opened: set[tuple[str, str]] = set()
        self._filter = Filter()
        self._search_by = ConditionSearch(bench)
        self._typed = ""
        self._seen = -1
        self._turn = 0
        self._kept: tuple[str, int, Sheet] | None = None  # lot, version of the books, its sheet

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Find a lot")):
            with ui.element("div").classes("lb-tsearch"):
                self._search()
            self._told = ui.html("", sanitize=False).props("aria-live=polite")
            found = self._search_by.build()
        self._holder = ui.element("div").classes("lb-qpanel")
        self._holder.on("click", self._picked, js_handler=_CLICK)
        self._holder.on("keydown", self._picked, js_handler=_KEYS)
        found.on("click", self._picked, js_handler=_CLICK)

    def _search(self) -> None:
        say = self.say
        with ui.element("label"):
            ui.html(html.escape(say("lot or serial number, typed or scanned")), sanitize=False, tag="span")
            self._box = ui.element("input").classes("lb-tlot")
            self._box.props("type=search list=lb-tnames autocomplete=off autofocus spellcheck=false data-field=lot")
            self._box.on("input", self._type, js_handler=VALUE, throttle=0.25)
            self._box.on("keydown", self._go, js_handler=_ENTER)
        self._names = ui.element("datalist").props("id=lb-tnames")
        tool(html.escape(say("Show")), lambda: self.bench.call(self._find, self._typed), kind="lb-primary")

    async def _type(self, event: Any) -> None:
        self._typed = str(event.args)[:400]
        if self.bench.books.reading:
            return
        names = await self.bench.ask(self.bench.books.suggest, self._typed)
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
        if not text.strip():
            return
        say, near = self.say, ""
        try:
            lot = await self.bench.reads(self.bench.books.find, text)
        except LubanError as error:
            lot, near = "", f"{say(error.message)}: {error.came}"
            near += f" · {say('near it: {names}', names=error.expected)}" if error.expected else ""
        with self.bench.client:
            self._told.content = notice(near) if near else ""
        if lot:
            await self._choose(lot)

    async def _choose(self, lot: str) -> None:
        if lot != self.bench.chosen:
            await self.bench.choose(lot)

    async def _picked(self, event: Any) -> None:
        opened, lot = (str(one) for one in event.args)
        if opened:
            side, _, name = opened.partition("|")
            self._opened.add((side, name))
            await self._draw()
        elif lot:
            await self._choose(lot)

    # ------------------------------------------------------------------ drawing

    async def show(self) -> None:
        """Read and draw."""
        if self.bench.chosen != self._lot:
            self._lot, self._levels, self._opened, self._filter = self.bench.chosen, 1, set(), Filter()
        await self._draw()

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where the books have grown, or where the facts have been read."""
        self._turn += 1
        if self._seen <= 0 or (self._turn % 4 == 0 and self.bench.books.version not in {0, self._seen}):
            await self._draw()

    async def _draw(self) -> None:
        books = self.bench.books
        told = await self.bench.ask(books.told)
        if told is None or not self.bench.alive:
            return
        if told["reading"]:
            with self.bench.client:
                self._say(self.say("The facts are being read. With millions of them this takes a minute."))
            self._seen = 0
            return
        seen = books.version
        await self._search_by.fill()
        if self._lot:
            await self._draw_lot()
        else:
            await self._draw_none(told)
        self._seen = max(seen, 1)

    def _say(self, text: str) -> None:
        self._holder.clear()
        with self._holder:
            ui.html(notice(text), sanitize=False)

    async def _draw_none(self, told: dict[str, Any]) -> None:
        say = self.say

        def last() -> list[str]:
            with self.bench.books.asked() as trace:
                return newest(trace)

        names = await self.bench.ask(last) or []
        if not self.bench.alive:
            return
        with self.bench.client:
            if not told["lots"]:
                self._say(say("No fact names a lot yet. Facts of the streams genealogy and movement bring lots here."))
                return
            self._holder.clear()
            with self._holder, card(say("Lots made last")):
                ui.html(lot_buttons(names), sanitize=False)
                text = say("{lots} lots, {uses} facts of use, {doubts} of the facts doubtful", lots=f"{told['lots']:,}",
                           uses=f"{told['uses']:,}", doubts=f"{told['doubts']:,}")  # fmt: skip
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")

    async def _draw_lot(self) -> None:
        lot, levels, opened, asked = self._lot, self._levels, frozenset(self._opened), self._filter
        zone, say, name = self.bench.view.plant.zone, self.say, self.bench.view.plant.name

        def read() -> tuple[Around, Sheet]:
            with self.bench.books.asked() as trace:
                found, seen, kept = (
                    around(trace, lot, levels=levels, opened=opened),
                    self.bench.books.version,
                    self._kept,
                )
                if kept is None or kept[:2] != (lot, seen):
                    kept = self._kept = lot, seen, lot_sheet(trace, lot, say, zone, source=name)
                return found, kept[2]

        try:
            found, sheet = await self.bench.reads(read)
        except LubanError as error:
            if self.bench.alive:
                with self.bench.client:
                    self._say(f"{say(error.message)}: {error.came}")
            return
        if self.bench.alive and (lot, levels, asked) == (self._lot, self._levels, self._filter):
            with self.bench.client:
                self._show(found, sheet)

    def _show(self, found: Around, sheet: Sheet) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        shown = filtered(found, self._filter)
        self._holder.clear()
        with self._holder:
            with card(found.lot) as head:
                with head:
                    ui.element("span").classes("lb-space")
                    with ui.element("div").classes("lb-links"):
                        for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")):
                            tool(text, partial(self.bench.call, self._give, kind, sheet))
                        tool("EPCIS JSON", lambda: self.bench.call(self._give_epcis, found.lot))
                self._bar(found)
                if len(found.spots) == 1:
                    text = say("Nothing went into this lot, and it went into nothing.")
                    ui.html(notice(text), sanitize=False)
                elif self._filter and not shown.links:
                    ui.html(notice(say("Nothing of what is shown fits the filter.")), sanitize=False)
                picture = explorer_svg(shown, say, self._units)
                ui.html(picture, sanitize=False).classes("lb-scroll lb-tscroll")
            if shown.links:
                with card(say("Facts of use")):
                    ui.html(explorer_table(shown, say, self._units, zone), sanitize=False).classes("lb-scroll")
            own = {say("Made from"), say("Went into")}
            rest = [one for one in sheet.blocks if not isinstance(one, Picture)
                    and not (isinstance(one, Grid) and one.title in own)]  # fmt: skip
            part = sheet_part(Sheet(say("Balance, steps of work and doubts"), "", tuple(rest)))
            with card():
                ui.html(part, sanitize=False).classes("lb-scroll lb-sheet lb-tplain")
        ui.run_javascript(f"({_MIDDLE})()")

    def _bar(self, found: Around) -> None:
        say = self.say
        every = [("", say("all"))]
        with ui.element("div").classes("lb-tbar"):
            tool(html.escape(say("One level more")), lambda: self.bench.call(self._deeper, 1))
            if self._levels > 1 or self._opened:
                tool(html.escape(say("One level only")), lambda: self.bench.call(self._deeper, 0))
            items = every + [(one, one) for one in found.items]
            labelled_choice(say("item"), items, self._filter.item, lambda value: self._narrow(item=value))
            units = every + [(one, one) for one in found.units]
            labelled_choice(say("work unit"), units, self._filter.unit, lambda value: self._narrow(unit=value))
            with ui.element("label"):
                box = ui.element("input").props("type=checkbox data-field=doubtful")
                box._props["checked"] = self._filter.doubtful  # noqa: SLF001
                box.on("change", lambda event: self._narrow(doubtful=bool(event.args)),
                       js_handler="(event) => emit(event.target.checked)")  # fmt: skip
                ui.html(html.escape(say("doubtful only")), sanitize=False, tag="span")

    async def _narrow(self, **changed: Any) -> None:
        now = {name: getattr(self._filter, name) for name in ("item", "unit", "doubtful")}
        self._filter = Filter(**now | changed)
        await self._draw()

    async def _deeper(self, by: int) -> None:
        self._levels = min(self._levels + 1, _DEEPEST) if by else 1
        if not by:
            self._opened = set()
        await self._draw()

    async def _give(self, kind: str, sheet: Sheet) -> None:
        made = await self.bench.ask(file_of, sheet, kind, self.say.language)
        if made is not None:
            self.bench.download(made[0], f"{_file(self._lot)}.{kind}", made[1])

    async def _give_epcis(self, lot: str) -> None:
        def read() -> bytes:
            with self.bench.books.asked() as trace:
                return epcis_of(trace, lot)

        made = await self.bench.ask(read)
        if made is not None:
            self.bench.download(made, f"{_file(lot)}-epcis.json", "application/ld+json")


def _file(name: str) -> str:
    """A lot as the name of a file."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80] or "lot"
