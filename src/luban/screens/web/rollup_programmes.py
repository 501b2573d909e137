"""Programmes: each target with what counts towards it, tasks that are late, regional plans against the whole."""

from __future__ import annotations

from typing import Any

from luban.rollup.review import Review
from luban.screens.report.rollup_programmes import programme_sheet
from luban.screens.service.rollup import Place
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.schedule_parts import segments

__all__ = ["ProgrammesPanel"]


class ProgrammesPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ("vintage",)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._year = 0

    def _asked(self) -> tuple[Any, ...]:
        return (self._year,)

    def _work(self, place: Place) -> Any:
        years = _stones(self.bench)
        year = (
            self._year
            if self._year in years
            else next((one for one in years if one >= self.bench.books.years(place.as_of)[-1]), years[-1])
        )
        return self.bench.books.review(place, year)

    def _draw(self, worked: Review) -> None:
        say, plan = self.say, self.bench.books.plan
        years = [(str(year), str(year)) for year in _stones(self.bench)]
        segments(years, str(worked.inputs.year), self._choose, say("year"))
        self.sheet = programme_sheet(
            plan, worked.inputs.year, worked.items, say, follow=worked.follow, late=worked.late, sums=worked.sums,
            agenda=worked.inputs.agenda, source=self.bench.view.plant.name,
        )  # fmt: skip
        sheet_piece(self.sheet)

    def _choose(self, year: str) -> None:
        self._year = int(year)
        self.bench.call(self._read)


def _stones(bench: Bench) -> list[int]:
    """Years in which a target of the plan falls due."""
    plan = bench.books.plan
    found = {stone.year for one in plan.indicators.values() for stone in one.targets}
    return sorted(found) or [plan.last]
