"""What the tabs of the page of indicators share: region, industry and state of the books, and what is drawn of them."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.screens.report.sheet import Sheet, sheet_part
from luban.screens.report.sheet_file import file_of
from luban.screens.service import Now
from luban.screens.service.releases import Releases
from luban.screens.service.rollup import Place, Rolled
from luban.screens.users import Role
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import Choice, labelled_choice, tool
from luban.screens.web.tabs import BookPanel
from luban.screens.web.twin_tables import notice

__all__ = ["OpenPanel", "RollupPanel", "sheet_piece"]


def sheet_piece(sheet: Sheet) -> None:
    """A sheet as a part of the page."""
    ui.html(sheet_part(sheet), sanitize=False).classes("lb-ppart")


class RollupPanel(BookPanel):
    """A tab that shows what is rolled up of the returns. A subclass draws it into `holder`.

    PICKS  what can be chosen in the tab, of region, industry, vintage
    FILES  the tab's sheet can be had as a file
    """

    PICKS: tuple[str, ...] = ("region", "industry", "vintage")
    FILES = True

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.picked: dict[str, str] = {"region": "", "industry": "", "vintage": "", "release": ""}
        self.sheet: Sheet | None = None
        self._choices: dict[str, Choice] = {}

    @property
    def place(self) -> Place:
        """What is looked at."""
        as_of = int(self.picked["vintage"]) if self.picked["vintage"] else None
        return Place(self.picked["region"], self.picked["industry"], as_of)

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        names = {"region": say("region"), "industry": say("industry"), "vintage": say("state of the books"),
                 "release": say("as released")}  # fmt: skip
        with ui.element("div").classes("lb-tbar") as self.bar:
            for name in self.PICKS:
                with ui.element("label"):
                    ui.html(html.escape(names[name]), sanitize=False, tag="span")
                    self._choices[name] = Choice(names[name], partial(self._pick, name))
            for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")) if self.FILES else ():
                tool(text, partial(self.bench.call, self._file, kind))
        self.forms()
        self.holder = ui.element("div").classes("lb-main lb-pholder")

    def forms(self) -> None:
        """What stands between the choices and what is drawn: nothing by default."""

    def _pick(self, name: str, value: str) -> None:
        self.picked[name] = value
        self.bench.call(self._read)

    def _asked(self) -> tuple[Any, ...]:
        """What else is asked: something other, and it is drawn anew."""
        return ()

    def _work(self, place: Place) -> Any:
        """What is drawn; in a thread. None where there are no returns."""
        raise NotImplementedError

    def _draw(self, worked: Any) -> None:
        raise NotImplementedError

    async def tick(self, now: Now) -> None:
        """Draw again where returns came."""
        if now.head != self._head:
            self._head = now.head
            await self._read()

    def _may(self) -> bool:
        """Whether who looks, as of now, may see what the tab draws."""
        user = self.bench.user_now()
        return user is not None and user.may(Role.ENGINEER, self.bench.view.plant.id)

    async def _read(self) -> None:
        if not self._may():
            return
        place, asked = self.place, self._asked()
        try:
            stamp = await self.bench.reads(self.bench.books.stamp)
            known = (stamp, place, asked)
            if known == self._known:
                return
            found = await self.bench.reads(self._both, place)
        except LubanError as error:
            self._trouble(error)
            return
        if not self.bench.alive or (place, asked) != (self.place, self._asked()) or known == self._known:
            return  # a second look that drew the same would lose a press
        self._known = known
        entries, worked = found
        with self.bench.client:
            for name, choice in self._choices.items():
                choice.fill(entries[name], self.picked[name])
            self.holder.clear()
            with self.holder:
                if worked is None:
                    self._empty()
                else:
                    self._draw(worked)

    def _both(self, place: Place) -> tuple[dict[str, list[tuple[str, str]]], Any]:
        books = self.bench.books
        return self._entries(books, place), self._work(place) if books.years(place.as_of) else None

    def _entries(self, source: Rolled | None, place: Place) -> dict[str, list[tuple[str, str]]]:
        """What can be chosen; of vintages only where there is a choice of them."""
        books, say = self.bench.books, self.say
        language, zone = say.language, self.bench.view.plant.zone
        found = ((), ()) if source is None else (source.regions(place.as_of), source.industries(place.as_of))
        regions = [(one, books.region_name(one, language)) for one in found[0]]
        industries = [(one, f"{one} {books.industry_name(one, language)}") for one in found[1]]
        vintages = [(str(one.seq), f"{one.name} · {to_datetime(one.time, zone):%Y-%m-%d}") for one in books.vintages()]
        return {
            "region": [("", say("all regions")), *regions], "industry": [("", say("all industries")), *industries],
            "vintage": [("", say("as it stands now")), *vintages],
        }  # fmt: skip

    def _trouble(self, error: LubanError) -> None:
        parts = (self.say(error.message), error.where, error.came, self.say(error.hint) if error.hint else "")
        if self.bench.alive:
            with self.bench.client:
                self.holder.clear()
                with self.holder:
                    ui.html(notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)

    def _empty(self) -> None:
        say = self.say
        text = say("No returns were taken yet. Indicators are rolled up of what enterprises return.")
        hint = say("The tab Returns gives out the form and takes it in; so does the command line.")
        with ui.element("section").classes("lb-card"):
            ui.html(f'<div class="lb-empty">{html.escape(text)}</div>', sanitize=False)
            ui.html(html.escape(hint), sanitize=False, tag="p").classes("lb-note")

    async def _file(self, kind: str) -> None:
        if not self._may():
            return
        if self.sheet is None:
            self.bench.say_to(self.say("There is nothing to write yet."))
            return
        made = await self.bench.ask(file_of, self.sheet, kind, self.say.language)
        if made is not None:
            content, media = made
            self.bench.download(content, f"{self.bench.view.plant.id}.{kind}", media)

    def where(self) -> str:
        """Region and industry in words."""
        books, say = self.bench.books, self.say
        region, industry = self.picked["region"], self.picked["industry"]
        return " · ".join((
            books.region_name(region, say.language) if region else say("all regions"),
            books.industry_name(industry, say.language) if industry else say("all industries"),
        ))  # fmt: skip

    def pick_indicator(self) -> None:
        """A drop-down of the plan's indicators in the bar; what is chosen, every tab speaks of."""
        plan = self.bench.books.plan
        if self.bench.chosen not in plan.indicators:
            self.bench.chosen = next(iter(plan.indicators))
        choices = [(one.id, f"{one.id} {one.name.of(self.say.language)}") for one in plan.indicators.values()]
        with self.bar:
            labelled_choice(
                self.say("indicator"), choices, self.bench.chosen,
                lambda name: self.bench.call(self.bench.choose, name),
            )  # fmt: skip


class OpenPanel(RollupPanel):
    """A tab for everybody: of the books for those who may see returns, of a release for everybody else.

    source  what is drawn: the books, or a release
    """

    source: Rolled

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.releases = Releases(bench.books)
        self.PICKS = tuple(name for name in (*self.PICKS, "release") if name != "vintage" or self.engineer)

    @property
    def engineer(self) -> bool:
        """Who looks may see the books."""
        return self.bench.may(Role.ENGINEER)

    def _asked(self) -> tuple[Any, ...]:
        return (self.picked["release"], self.engineer)

    def _may(self) -> bool:
        return self.bench.user_now() is not None

    def _both(self, place: Place) -> tuple[dict[str, list[tuple[str, str]]], Any]:
        books, say, name = self.bench.books, self.say, self.picked["release"]
        source: Rolled | None = books if self.engineer and not name else self.releases.told(name)
        usual = say("no: the books") if self.engineer else say("the newest release")
        entries = self._entries(source, place)
        entries["release"] = [("", usual), *((one.name, one.name) for one in self.releases.out())]
        if source is None or not source.years(place.as_of):
            return entries, None
        self.source = source
        return entries, self._work(place)

    def _empty(self) -> None:
        if self.engineer:
            super()._empty()
            return
        text = self.say("Nothing was released yet. What is told here is what the office puts out for everybody.")
        with ui.element("section").classes("lb-card"):
            ui.html(f'<div class="lb-empty">{html.escape(text)}</div>', sanitize=False)
