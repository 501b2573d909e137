"""One indicator by region: tiles in place of a map, and a table in which only what differs for sure has a rank."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui

from luban.norms.plans import Indicator
from luban.rollup.league import Entry, League, league
from luban.screens.report.rollup_league import league_sheet
from luban.screens.report.rollup_tiles import Tile, tiles_svg
from luban.screens.service.rollup import Place
from luban.screens.web.cost_panel import PICK, PICK_KEYS
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import OpenPanel, sheet_piece
from luban.screens.web.schedule_parts import segments
from luban.screens.web.tabs import card

__all__ = ["RegionsPanel"]

_NOT_ALL: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class _Worked:
    indicator: Indicator
    year: int
    years: tuple[int, ...]
    of: str
    tiles: tuple[Tile, ...]
    league: League


class RegionsPanel(OpenPanel):
    """What is in the tab."""

    PICKS = ("industry", "vintage")

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._year = 0
        self._of = "region"

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        super().build()
        self.pick_indicator()

    def _asked(self) -> tuple[Any, ...]:
        return (*super()._asked(), self.bench.chosen, self._year, self._of)

    def _work(self, place: Place) -> Any:
        books, say, of = self.bench.books, self.say, self._of
        indicator = books.plan.indicator(self.bench.chosen)
        by: tuple[str, ...] = (of,)
        depth = {"region": 1, "industry": 2}
        if of == "region" and place.industry:
            by, depth = ("region", "industry"), {"region": 1, "industry": len(place.industry) - 1}
        rows = [
            row for row in self.source.points(place, by, depth).to_pylist()
            if row["indicator"] == indicator.id and (of == "industry" or row["industry"] == place.industry)
            and row[of]
        ]  # fmt: skip
        years = tuple(sorted({row["year"] for row in rows if row["value"] is not None}))
        year = self._year if self._year in years else years[-1] if years else self.source.years(place.as_of)[-1]
        tiles, entries = [], []
        for row in rows:
            if row["year"] != year:
                continue
            name = (
                books.region_name(row[of], say.language)
                if of == "region"
                else f"{row[of]} " + books.industry_name(row[of], say.language)
            )
            value, low, high = (math.nan if row[key] is None else float(row[key]) for key in ("value", "low", "high"))
            note = f"{low:.3g} … {high:.3g}" if math.isfinite(low) else say(row["reason"]) if row["reason"] else ""
            told = f"{value:.3g}" if math.isfinite(value) else "–"
            tiles.append(Tile(row[of], name, value, told, note, row[of]))
            asked = row["coverage"]
            if row["low"] is None and asked is not None:
                asked = min(asked, _NOT_ALL)  # a value whose interval is not told has no rank
            entries.append(Entry(name, row["value"], row["low"], row["high"], row["n"], asked, row["reason"] or ""))
        better = "up" if indicator.direction == "up" or indicator.kind == "cut" else "down"
        return _Worked(indicator, year, years, of, tuple(tiles), league(entries, better=better))  # type: ignore[arg-type]

    def _draw(self, worked: _Worked) -> None:
        say, one = self.say, worked.indicator
        ways = [("region", say("by region")), ("industry", say("by industry"))]
        with ui.element("div").classes("lb-tbar"):
            segments(ways, worked.of, self._choose_of, say("by what"))
            if worked.years:
                years = [(str(year), str(year)) for year in worked.years[-8:]]
                segments(years, str(worked.year), self._choose, say("year"))
        title = f"{one.id} {one.name.of(say.language)}, {worked.year}"
        unit = self.bench.books.plan.unit(one.unit).of(say.language)
        if worked.of == "region":
            with card(title):
                up = worked.league.better == "up"
                held = ui.html(tiles_svg(worked.tiles, up=up, title=title), sanitize=False).classes("lb-tiles")
                held.on("click", lambda event: self._open(str(event.args[0])), js_handler=PICK)
                held.on("keydown", lambda event: self._open(str(event.args[0])), js_handler=PICK_KEYS)
                text = say("In {unit}; darker is better. A tile opens the region's own indicators.", unit=unit)
                ui.label(text).classes("lb-note")
        self.sheet = league_sheet(worked.league, say, title=title, unit=unit)
        sheet_piece(self.sheet)

    def _choose(self, year: str) -> None:
        self._year = int(year)
        self.bench.call(self._read)

    def _choose_of(self, of: str) -> None:
        self._of = of
        self.bench.call(self._read)

    def _open(self, path: str) -> None:
        self.bench.call(partial(self.bench.open, "board", {"region": path}))
