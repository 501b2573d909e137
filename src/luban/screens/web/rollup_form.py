"""The form of a return on the page: fields as the plan's definitions make them, filled with what stands."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from nicegui import ui

from luban.core.errors import LubanError
from luban.rollup.returns import Batch, batch_of
from luban.screens.service.returns import ReturnsDesk
from luban.screens.web.quality_typed import number
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["ReturnForm"]

_ABOUT: Final = ("name", "region", "industry")


class ReturnForm:
    """A card with the form of one unit and year.

    look  called with what was filled in, to be looked through before it is taken
    """

    def __init__(self, bench: Bench, desk: ReturnsDesk, look: Callable[[Batch], Any]) -> None:
        self.bench, self.say, self.desk, self._look = bench, bench.say, desk, look
        self._unit, self._year = "", ""
        self._opened = ("", 0)  # unit and year of the figures below, whatever is typed above since
        self._typed: dict[str, str] = {}
        self._elements: list[str] = []

    def build(self) -> None:
        """Lay it out."""
        say = self.say
        with card(say("Fill in a return here")):
            with ui.element("div").classes("lb-tbar"):
                field(say("unit"), "", partial(self._put, "_unit"), "text").props("data-field=form-unit")
                field(say("year of the return"), "", partial(self._put, "_year")).props("data-field=form-year")
                tool(html.escape(say("Open the form")), lambda: self.bench.call(self._open))
            self._fields = ui.element("div").classes("lb-sliders").props("data-part=form")

    def _put(self, name: str, value: str) -> None:
        setattr(self, name, value.strip()[:200])

    def _type(self, name: str, value: str) -> None:
        self._typed[name] = value.strip()[:200]

    async def _open(self) -> None:
        say = self.say
        try:
            year = int(number(self._year, say("year of the return")))
        except LubanError as error:
            self.bench.complain(error)
            return
        unit = self._unit
        if not unit:
            self.bench.say_to(say("Name the unit first."))
            return
        model = await self.bench.ask(self.desk.form, say.language, unit, year)
        if model is None or not self.bench.alive:
            return
        self._opened = (unit, year)
        about = model["about"]
        self._typed = {name: str(about.get(name) or "") for name in (*_ABOUT, "size")}
        self._typed["above_scale"] = "" if about.get("above_scale") is None else str(int(about["above_scale"]))
        self._elements = [one["element"] for one in model["fields"]]
        with self.bench.client:
            self._fields.clear()
            with self._fields:
                names = {"name": say("name"), "region": say("region"), "industry": say("industry")}
                for name in _ABOUT:
                    field(names[name], self._typed[name], partial(self._type, name), "text").props(f"data-field={name}")
                sizes = [("", "–"), *model["sizes"].items()]
                labelled_choice(say("size"), sizes, self._typed["size"], partial(self._type, "size"))
                scale = [("", "–"), ("1", say("above scale")), ("0", say("below scale"))]
                put = partial(self._type, "above_scale")
                labelled_choice(say("above or below scale"), scale, self._typed["above_scale"], put)
                for one in model["fields"]:
                    self._field(one)
                tool(html.escape(say("Look it through")), lambda: self.bench.call(self._done), kind="lb-primary")

    def _field(self, one: dict[str, Any]) -> None:
        element, value = one["element"], one["value"]
        unit = self.bench.books.plan.unit(one["unit"]).of(self.say.language)
        title = f"{one['name']} [{unit}]" if unit else one["name"]
        told = "" if value is None or not math.isfinite(value) else f"{value:.15g}"
        self._typed[element] = told
        if one["choices"]:
            entries = [("", "–"), *zip(("1", "0"), one["choices"], strict=True)]
            labelled_choice(title, entries, told, partial(self._type, element))
            return
        field(title, told, partial(self._type, element)).props(f"data-field={element}")

    async def _done(self) -> None:
        try:
            batch = self._batch()
        except LubanError as error:
            self.bench.complain(error)
            return
        await self._look(batch)

    def _batch(self) -> Batch:
        unit, year = self._opened
        row: dict[str, Any] = {"unit": unit, "year": year}
        row |= {name: self._typed[name] or None for name in (*_ABOUT, "size")}
        row["above_scale"] = int(self._typed["above_scale"]) if self._typed["above_scale"] else None
        for element in self._elements:
            row[element] = number(self._typed[element], element) if self._typed[element] else None
        return batch_of([row], self._elements, source=self.say("the form on the page"))
