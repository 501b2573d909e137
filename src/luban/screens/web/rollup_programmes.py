"""Programmes: what is late, tasks, what counts, decisions; each target with what it rests on, regions and the whole."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from luban.core.time import now, to_datetime
from luban.rollup.review import Review
from luban.screens.report.rollup_programmes import programme_sheet
from luban.screens.service.programme_desk import ProgrammeDesk
from luban.screens.service.rollup import Place
from luban.screens.users import Role
from luban.screens.web.rollup_agenda import AgendaCard
from luban.screens.web.rollup_file import FileCard
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.rollup_tasks import TasksCard
from luban.screens.web.rollup_things import ThingsCard
from luban.screens.web.schedule_parts import segments

__all__ = ["ProgrammesPanel"]


class ProgrammesPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ("vintage",)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._year = 0

    def forms(self) -> None:
        """What people do; not offered of an older state of the books."""
        desk, may = ProgrammeDesk.of(self.bench.books), self.bench.may(Role.ENGINEER) and self.bench.books.writable
        self._tasks, self._things, self._agenda = (
            kind(self.bench, desk, self.again) for kind in (TasksCard, ThingsCard, AgendaCard)
        )
        with ui.element("div").classes("lb-pdesk") as self._cards:
            self._tasks.build(may=may)
            with ui.element("div").classes("lb-two"):
                self._things.build(may=may)
                self._agenda.build(may=may)
            if may:
                FileCard(self.bench, desk, self.again).build()

    def _asked(self) -> tuple[Any, ...]:
        return (self._year,)

    def _both(self, place: Place) -> tuple[dict[str, list[tuple[str, str]]], Any]:
        entries, worked = super()._both(place)
        return entries, worked or self._work(place)  # there are tasks before there are returns

    def _work(self, place: Place) -> Any:
        books, years = self.bench.books, _stones(self.bench)
        known = books.years(place.as_of)
        newest = known[-1] if known else to_datetime(now(), self.bench.view.plant.zone).year
        near = next((one for one in years if one >= newest), years[-1])
        # what the course so far proposes is of the targets that are still ahead
        return books.review(place, self._year if self._year in years else near), books.review(place, newest)

    def _draw(self, both: tuple[Review, Review]) -> None:
        (worked, latest), say, plan = both, self.say, self.bench.books.plan
        self._cards.set_visibility(self.place.as_of is None)
        if self.place.as_of is None:
            for one in (self._tasks, self._things, self._agenda):
                one.draw(latest)
        years = [(str(year), str(year)) for year in _stones(self.bench)]
        segments(years, str(worked.inputs.year), self._choose, say("year"))
        self.sheet = programme_sheet(
            plan, worked.inputs.year, worked.items, say, follow=worked.follow, late=worked.late, sums=worked.sums,
            agenda=worked.inputs.agenda, revised=worked.revised, source=self.bench.view.plant.name,
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
