"""Orders against their standard: what deviates most, by kind, input, item, order or week; a row goes deeper."""

from __future__ import annotations

import html
from functools import partial
from typing import Any, NamedTuple

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.report.cost_page import deviation_rows, group_name, variance_sheet
from luban.screens.report.cost_pictures import Row, deviations_svg
from luban.screens.report.sheet import Figures, Picture, Sheet, sheet_part
from luban.screens.service.cost_variance import BY, Compared, compared, grouped
from luban.screens.service.cost_view import CostView
from luban.screens.web.cost_frame import Bench
from luban.screens.web.cost_panel import PICK, PICK_KEYS, CostPanel
from luban.screens.web.cost_tables import figures_html
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.schedule_parts import segments, tool
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice

__all__ = ["VariancePanel"]

_NEXT = {"kind": "order", "input": "order", "item": "kind", "week": "kind"}  # what a pressed row is taken apart by


class VariancePanel(CostPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._by = "kind"
        self._only: dict[str, str] = {}
        self._compared: tuple[CostView, Compared] | None = None

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Cost against the standard")) as head:
            with head:
                ui.element("span").classes("lb-space")
                self._links = ui.element("div").classes("lb-links")
            with ui.element("div").classes("lb-tbar"):
                self._choice = ui.element("div")
                self._chips = ui.element("div").classes("lb-cchips")
            self._told = ui.html("", sanitize=False)
            self.holder = ui.element("div")
            self.holder.on("click", self._picked, js_handler=PICK)
            self.holder.on("keydown", self._picked, js_handler=PICK_KEYS)
        self._rest = ui.html("", sanitize=False).classes("lb-scroll lb-sheet lb-tplain")
        self._segments()

    def _segments(self) -> None:
        say = self.say
        names = {"kind": say("kind"), "input": say("input"), "item": say("item"), "order": say("order"),
                 "week": say("week")}  # fmt: skip
        self._choice.clear()
        with self._choice:
            segments([(by, names[by]) for by in BY], self._by, self._choose, say("added up by"))

    async def _choose(self, by: str) -> None:
        self._by = by
        await self.again()

    async def _drop(self, what: str) -> None:
        self._only.pop(what, None)
        await self.again()

    async def _picked(self, event: Any) -> None:
        pick = str(event.args[0])
        if not pick:
            return
        if self._by == "order":
            await self.bench.choose(pick)
            await self.bench.open("unit")
            return
        self._only["name" if self._by == "input" else self._by] = pick
        self._by = _NEXT[self._by]
        with self.bench.client:
            self._segments()
        await self.again()

    # ------------------------------------------------------------------ drawing

    async def _draw(self, view: CostView) -> None:
        made = await self.bench.reads(self._made, view, self._by, dict(self._only))
        if not self.bench.alive or not self._new(made.sheet.blocks):
            return
        say = self.say
        with self.bench.client:
            self._chip_row()
            self._told.content = figures_html(made.figures)
            self.holder.clear()
            with self.holder:
                if made.rows:
                    ui.html(deviations_svg(made.rows, say), sanitize=False)
                    text = say("Above the standard to the right, below it to the left. Press a row to go deeper.")
                    if made.more > 0:
                        text += " " + say("{n} more are in the table.", n=f"{made.more:,}")
                    ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                else:
                    ui.html(notice(made.none), sanitize=False)
            self._rest.content = sheet_part(made.rest)
            self._links.clear()
            with self._links:
                download_tools(self.bench, made.sheet, "cost-against-standard")

    def _chip_row(self) -> None:
        self._chips.clear()
        with self._chips:
            for what, value in self._only.items():
                text = f"× {group_name(value, self.say)}"
                label = self.say("no longer only {name}", name=group_name(value, self.say))
                tool(html.escape(text), partial(self.bench.call, self._drop, what), label)

    def _made(self, view: CostView, by: str, only: dict[str, str]) -> _Drawn:
        if self._compared is None or self._compared[0] is not view:
            self._compared = view, compared(view.cost, view.plant, last=view.last_good)
        return _drawn(view, self._compared[1], by, only, self.say)


class _Drawn(NamedTuple):
    """What is drawn: the sheet to hand out, and its parts."""

    sheet: Sheet
    figures: Any
    rows: list[Row]
    more: int
    rest: Sheet
    none: str


def _drawn(view: CostView, found: Compared, by: str, only: dict[str, str], say: Words) -> _Drawn:
    groups = grouped(found, by, **only)
    sheet = variance_sheet(view, found, groups, by, say, only=tuple(only.values()))
    figures = next(one.rows for one in sheet.blocks if isinstance(one, Figures))
    rest = Sheet("", "", tuple(one for one in sheet.blocks if not isinstance(one, Figures | Picture)), sheet.provenance)
    none = say("No order can be compared yet: an order needs good pieces, nothing in progress, and a standard from the "
               "bill of materials, the routing and prices.")  # fmt: skip
    if found.variances:
        none = say("Nothing deviates from the standard.")
    rows = deviation_rows(groups, by, view.digits, say)
    return _Drawn(sheet, figures, rows, len(groups) - len(rows), rest, none)
