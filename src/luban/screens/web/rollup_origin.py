"""Where an indicator comes from: the whole taken apart by region, industry, size, enterprise, down to the facts."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from luban.rollup.drill import Drill, Fact, facts
from luban.rollup.gap import Decomposition
from luban.rollup.indicators import base_of
from luban.screens.report.pilot_words import amount
from luban.screens.report.rollup_indicators import drill_sheet
from luban.screens.report.rollup_plan import definition_text, population_text
from luban.screens.report.rollup_progress import drivers_blocks
from luban.screens.report.sheet import Sheet
from luban.screens.service.rollup import Place
from luban.screens.users import Role
from luban.screens.web.bar import plain_button
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import OpenPanel, sheet_piece
from luban.screens.web.schedule_parts import segments
from luban.screens.web.tabs import card

__all__ = ["OriginPanel"]

_PRESS: Final = "(event) => { const one = event.target.closest('[data-part]'); if (one) { emit(one.dataset.part); } }"
_MOST: Final = 300
_OPEN: Final = ("region", "industry")


@dataclass(frozen=True, slots=True)
class _Worked:
    found: Drill
    years: tuple[int, ...]
    withheld: frozenset[str]
    drivers: Decomposition | None
    base: tuple[int, float] | None


class OriginPanel(OpenPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._year = 0
        self._by = "region"

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        super().build()
        self.pick_indicator()
        self._dialog = ui.dialog()

    def _asked(self) -> tuple[Any, ...]:
        return (*super()._asked(), self.bench.chosen, self._year, self._by)

    def _work(self, place: Place) -> Any:
        years = self.source.years(place.as_of)
        year = self._year if self._year in years else years[-1]
        by = self._by if self._books or self._by in _OPEN else "region"
        found, withheld = self.source.apart(place, self.bench.chosen, year, by)
        moved = self.source.drivers(place, found.indicator, year, by) if by in _OPEN else None
        return _Worked(found, years, withheld, moved, self._base(found.indicator, year, place))

    @property
    def _books(self) -> bool:
        """What is drawn is of the books, not of a release."""
        return self.source is self.bench.books

    def _draw(self, worked: _Worked) -> None:
        self._by = worked.found.by  # a release is not taken apart by enterprise
        say, found, plan = self.say, worked.found, self.bench.books.plan
        one = plan.indicator(found.indicator)
        ways = [("region", say("by region")), ("industry", say("by industry"))]
        if self._books:
            ways += [("size", say("by size")), ("unit", say("by enterprise"))]
        with ui.element("div").classes("lb-tbar"):
            segments(ways, found.by, self._choose_by, say("by what"))
            segments([(str(year), str(year)) for year in worked.years[-8:]], str(found.year), self._choose, say("year"))
        with card(f"{one.id} {one.name.of(say.language)}, {found.year} · {self.where()}"):
            level = "–" if found.level is None else amount(found.level, 3)
            unit = plan.unit(one.level_unit).of(say.language)
            rows = [
                (say("value"), f"{level} {unit}" if not found.reason else say(found.reason)),
                (say("worked out as"), definition_text(plan, one.definition, say)),
                (say("of whom"), population_text(one.definition, say)),
                *(
                    []
                    if worked.base is None
                    else [
                        (
                            say("counted from the level of {year}", year=worked.base[0]),
                            f"{amount(worked.base[1], 3)} {unit}",
                        )
                    ]
                ),
                (say("units used"), amount(found.whole.n)),
                (say("left out, because an element is unknown"), amount(found.whole.excluded)),
                (say("digest of the definition"), plan.definition_digest(one.id)[:16]),
                (say("state of the books"), str(self.place.as_of or self.bench.view.ledger.head))
                if self._books
                else (say("as released"), self.source.name),
            ]
            inner = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
            ui.html(f'<div class="lb-pfacts"><dl>{inner}</dl></div>', sanitize=False)
        with card(say("Made of")):
            table = ui.html(self._table(worked), sanitize=False).classes("lb-scroll")
            table.on("click", lambda event: self.bench.call(self._press, str(event.args)), js_handler=_PRESS)
            if len(found.parts) > _MOST:
                ui.label(say("The first {n} of {of} are shown.", n=_MOST, of=len(found.parts))).classes("lb-note")
            ui.label(say("Numerators and denominators of the parts add up to the whole's.")).classes("lb-note")
        if worked.drivers is not None:
            names = {key: self._name(key) for key in worked.drivers.groups}
            blocks = drivers_blocks(worked.drivers, say, names, f"{one.id}, {found.year}")
            sheet_piece(Sheet("", "", tuple(blocks)))
        self.sheet = drill_sheet(found, plan, say, names=self._name, withheld=worked.withheld)

    def _base(self, indicator: str, year: int, place: Place) -> tuple[int, float] | None:
        """The year that a change is counted from, and its level; None where there is none."""
        base = base_of(self.bench.books.plan.indicator(indicator), year)
        if base is None:
            return None
        rows = (row for row in self.source.cell(place).to_pylist() if row["base"] is not None)
        wanted = (indicator, year, "")
        return next(
            ((base, row["base"]) for row in rows if (row["indicator"], row["year"], row["variant"]) == wanted), None
        )

    def _name(self, key: str) -> str:
        books, language = self.bench.books, self.say.language
        if self._by == "region":
            return books.region_name(key, language)
        if self._by == "industry":
            return f"{key} {books.industry_name(key, language)}"
        return self.say(key) if self._by == "size" and key else key or self.say("not said")

    def _table(self, worked: _Worked) -> str:
        say = self.say
        heads: Sequence[str] = (
            say("made of what"), say("value"), say("numerator"), say("denominator"), say("units used"), say("left out"),
            say("share of the denominator"), say("moves the whole by"),
        )  # fmt: skip
        head = "".join(f'<th class="lb-n">{html.escape(one)}</th>' for one in heads[1:])
        rows = []
        for part in worked.found.parts[:_MOST]:
            name = html.escape(self._name(part.key))
            known = html.escape(part.key, quote=True)
            opened = f'<button type="button" class="lb-plain" data-part="{known}">{name}</button>'
            cells: tuple[str, ...] = (
                amount(math.nan if part.value is None else part.value, 3), amount(part.numerator, 1),
                amount(part.denominator, 1), amount(part.n), amount(part.excluded),
                "–" if part.share_denominator is None else f"{100 * part.share_denominator:.1f} %",
                "–" if part.effect is None else amount(part.effect, 4),
            )  # fmt: skip
            if part.key in worked.withheld:
                cells = (html.escape(say("withheld")), *["–"] * 2, *cells[3:5], *["–"] * 2)
            rows.append(f"<tr><td>{opened}</td>" + "".join(f'<td class="lb-n">{one}</td>' for one in cells) + "</tr>")
        first = html.escape(heads[0])
        head = f"<thead><tr><th>{first}</th>{head}</tr></thead>"
        return f'<table class="lb-table">{head}<tbody>{"".join(rows)}</tbody></table>'

    def _choose(self, year: str) -> None:
        self._year = int(year)
        self.bench.call(self._read)

    def _choose_by(self, by: str) -> None:
        self._by = by
        self.bench.call(self._read)

    async def _press(self, key: str) -> None:
        """One step further down; an enterprise shows its facts."""
        if self._by == "unit":
            await self._facts(key)
            return
        if self._by in ("region", "industry") and key != self.picked[self._by]:
            self.picked[self._by] = key
            self._by = "industry" if self._by == "region" or not self._books else "unit"
            await self._read()

    async def _facts(self, unit: str) -> None:
        if self.bench.person(Role.ENGINEER) is None:
            return
        books, place, year = self.bench.books, self.place, self._year or self.bench.books.years()[-1]
        told = await self.bench.ask(
            facts, self.bench.view.ledger, books.plan, self.bench.chosen, unit, year, as_of=place.as_of
        )
        if told is None or not self.bench.alive:
            return
        say = self.say
        with self.bench.client:
            self._dialog.clear()
            with self._dialog, ui.element("div").classes("lb-dialog lb-cfact").props("data-fact"):
                ui.html(html.escape(f"{unit} · {year}"), sanitize=False, tag="h2").classes("lb-title")
                ui.html(self._facts_table(told), sanitize=False).classes("lb-scroll")
                plain_button(html.escape(say("Close")), self._dialog.close)
            self._dialog.open()

    def _facts_table(self, told: Sequence[Fact]) -> str:
        say, plan = self.say, self.bench.books.plan
        heads = (say("fact"), say("element"), say("value"), say("unit"), say("how"), say("state"))
        head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
        rows = []
        for one in told:
            cells = (
                f"{one.seq:,}", plan.element(one.element).name.of(say.language),
                amount(math.nan if one.value is None else one.value, 3), one.measured_in, say(one.method),
                say("used") if one.used else one.text or say("left out"),
            )  # fmt: skip
            rows.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
        return f'<table class="lb-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
