"""The tab of capability: histogram with limits and indices, what goes with the values, and the causes of scrap."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.screens.report.quality_capability import capability_sheet, family_name
from luban.screens.report.quality_causes import pareto_sheet, relations_sheet
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.service import Now
from luban.screens.service.quality import State
from luban.screens.service.quality_studies import capability_of, causes_of, relations_of
from luban.screens.web import tabs
from luban.screens.web.bar import plain_button
from luban.screens.web.quality_frame import Bench
from luban.screens.web.schedule_parts import Choice, field, segments
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice
from luban.understand.quality.distributions import FAMILIES
from luban.understand.quality.pareto import SCRAP_FIELDS

__all__ = ["CapabilityPanel", "SheetView"]


class SheetView:
    """A sheet on the page with its downloads.

    name  of the files
    """

    def __init__(self, bench: tabs.Bench[Any], title: str, name: Callable[[], str]) -> None:
        self.bench, self._name = bench, name
        self.sheet: Sheet | None = None
        with card(title) as head:
            with head:
                ui.element("span").classes("lb-space")
                with ui.element("div").classes("lb-links") as self.links:
                    for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")):
                        self._button(kind, text)
            self.body = ui.html("", sanitize=False).classes("lb-scroll lb-sheet")
        self.links.set_visibility(False)

    def _button(self, kind: str, text: str) -> None:
        plain_button(text, lambda: self.bench.call(self._download, kind))

    def show(self, sheet: Sheet) -> None:
        """Draw a sheet."""
        self.sheet = sheet
        self.body.content = sheet_part(sheet)
        self.links.set_visibility(True)

    def nothing(self, text: str, *, alarm: bool = False) -> None:
        """Say why there is nothing to draw."""
        self.sheet = None
        self.body.content = notice(text, alarm=alarm)
        self.links.set_visibility(False)

    async def _download(self, kind: str) -> None:
        if self.sheet is None:
            return
        made = await self.bench.ask(file_of, self.sheet, kind, self.bench.say.language)
        if made is not None:
            name = re.sub(r"[^A-Za-z0-9._-]", "_", self._name()) or "luban"
            self.bench.download(made[0], f"{name}.{kind}", made[1])


class CapabilityPanel:
    """The tab of capability."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.what, self.span, self.group, self.family = "capability", "", "", "normal"
        self.by, self.despite = SCRAP_FIELDS[0], ""
        self._states: tuple[State, ...] = ()
        self._version, self._turn = "", 0

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with ui.element("div").classes("lb-tools"):
            kinds = [
                ("capability", say("Capability")), ("relations", say("What goes with it")),
                ("causes", say("Causes of scrap")),
            ]  # fmt: skip
            segments(kinds, self.what, self._choose_what, say("What to look at"))
            self.of = Choice(say("Characteristic"), self._choose_of)
            self.spans = Choice(say("Time"), lambda value: self._want(span=value))
            self.groups = Choice(say("Subgroups"), lambda value: self._want(group=value))
            self.families = Choice(say("Family of distributions"), lambda value: self._want(family=value))
            self.sorted_by = Choice(say("Sorted by"), lambda value: self._want(by=value))
            with ui.element("div").classes("lb-creason") as self.reason:
                field(say("Although not in control, because"), "", self._set_despite, "text").on(
                    "change", lambda _event: self.bench.call(self.show)
                )
        self._fill()
        self.view = SheetView(self.bench, "", lambda: f"{self.what}-{self.bench.chosen}")

    def _fill(self) -> None:
        say = self.say
        spans = [(f"{n}d", say("last {n} days", n=n)) for n in (1, 7, 30, 90)]
        self.spans.fill([("", say("everything")), *spans], self.span)
        groups = [("", say("as charted")), ("single", say("single values")), ("lot", say("by lot"))]
        self.groups.fill([*groups, *((str(n), say("{n} in a row", n=n)) for n in (2, 3, 4, 5, 10))], self.group)
        names = [("normal", say("normal distribution")), ("auto", say("the best that is not refuted"))]
        names += [(name, family_name(name, say)) for name in FAMILIES if name != "normal"]
        self.families.fill(names, self.family)
        sorts = {"item": say("item"), "subject": say("machine"), "operation": say("operation"), "order": say("order")}
        self.sorted_by.fill([(name, sorts[name]) for name in SCRAP_FIELDS], self.by)
        study = self.what == "capability"
        self.of.box.set_visibility(self.what != "causes")
        self.sorted_by.box.set_visibility(self.what == "causes")
        for choice in (self.groups, self.families):
            choice.box.set_visibility(study)
        self.reason.set_visibility(study)

    async def _choose_what(self, value: str) -> None:
        self.what = value
        self._fill()
        await self.show()

    async def _choose_of(self, value: str) -> None:
        await self.bench.choose(value)

    async def _want(self, **changed: str) -> None:
        for name, value in changed.items():
            setattr(self, name, value)
        await self.show()

    def _set_despite(self, text: str) -> None:
        self.despite = text.strip()[:500]

    async def show(self) -> None:
        """Read and draw."""
        states = await self.bench.reads(self.bench.books.characteristics)
        if not self.bench.alive:
            return
        self._states = states
        held = [own for own in states if own.n]
        if not self.bench.chosen and held and self.what != "causes":
            await self.bench.choose(held[0].id)
            return
        self._version = next((own.version for own in states if own.id == self.bench.chosen), "")
        with self.bench.client:
            self.of.fill([(own.id, own.id) for own in states], self.bench.chosen)
        turn = self._turn = self._turn + 1
        try:
            sheet = await self.bench.reads(self._made)
        except LubanError as error:
            if self.bench.alive and turn == self._turn:
                parts = (self.say(error.message), error.came, self.say(error.hint) if error.hint else "")
                with self.bench.client:
                    self.view.nothing(" · ".join(filter(None, parts)))
            return
        if self.bench.alive and turn == self._turn:
            with self.bench.client:
                self.view.show(sheet)

    def _made(self) -> Sheet:
        books, say, of = self.bench.books, self.say, self.bench.chosen
        if self.what == "causes":
            return pareto_sheet(causes_of(books, by=self.by, span=self.span), say)
        if self.what == "relations":
            return relations_sheet(relations_of(books, of, span=self.span), say)
        study = capability_of(
            books, of, group=self.group, family=self.family, span=self.span, despite=self.despite
        )  # fmt: skip
        return capability_sheet(study, say)

    async def tick(self, now: Now) -> None:
        """What came since."""
        del now
        states = await self.bench.reads(self.bench.books.characteristics)
        version = next((own.version for own in states if own.id == self.bench.chosen), "")
        if self.bench.alive and self.what != "causes" and version != self._version:
            await self.show()
