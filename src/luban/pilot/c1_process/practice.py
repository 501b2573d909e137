"""How people run the plant where no lever does: as it is, and as a good plant without luban would.

As is: the rules B1 to B11 of the plant's README. Conventional, by the textbook: set-points by grade with a fixed
margin, half the error corrected and only beyond three sigma, product let in by the laboratory's next result, an alarm
noticed after five minutes, the reactor halfway to its best, cleaning before the known fouling binds, orders by due
date, bags to the scatter that last year's weighing showed.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from luban.core.time import DAY, MINUTE
from luban.twin.process.coupled import CoupledRun
from luban.twin.process.layout import Mode
from luban.twin.process.operator import AsIsOperator
from luban.twin.process.run import LabResult

__all__ = ["CONVENTIONAL", "People", "Textbook"]


@dataclass(frozen=True, slots=True)
class Textbook:
    """Set-points and rules of the conventional plant.

    margin       of the aim above a grade's guarantee [1];  answer: share of the error that is corrected
    sigmas       of a laboratory result beyond which it is answered;  tray, temperature [K];  bag [kg]
    alarm        of the analyser: the leanest guarantee less three sigma of its reading [1]
    notice       until an open alarm is noticed [min];  cleaning: days between two
    """

    margin: float = 0.0015
    answer: float = 0.5
    sigmas: float = 3.0
    tray: float = 369.8
    temperature: float = 352.0
    bag: float = 25.08
    alarm: float = 0.981
    notice: float = 5.0
    cleaning: float = 95.0


CONVENTIONAL = Textbook()


class People(AsIsOperator):
    """Operators of a coupled run by one practice, without what levers do.

    off   levers that decide instead of them: quality, faults, reactor, bottom, bags, cleaning, grades
    age   of the jacket when the run began [d]
    """

    def __init__(self, plant: CoupledRun, age: float = 0.0) -> None:
        super().__init__(plant.process)
        self.plant, self.off, self.book = plant, frozenset[str](), None
        self._age = age

    book: Textbook | None

    def begin(self, practice: str, off: Collection[str]) -> None:
        """From now on the practice holds, and levers decide what they decide."""
        self.off = frozenset(off)
        if practice != "conventional":
            return
        self.book = CONVENTIONAL
        self.release = self.book.alarm
        self.notice, self.cleaning = round(self.book.notice * MINUTE), round(self.book.cleaning * DAY)
        if "reactor" not in self.off:
            self.run.set_point("reactor_temperature", self.book.temperature)
        if "bottom" not in self.off:
            self.run.set_point("tray_temperature", self.book.tray)
        if "bags" not in self.off:
            self.plant.bag_target(self.book.bag)
        if "cleaning" not in self.off:
            since = self.plant.process.fouled_since
            self.run.clean(max(self.run.now + 2 * DAY, since + self.cleaning))

    def act(self) -> None:
        """Looks at what has come since the last look, and answers."""
        run = self.run
        if run.mode > Mode.STARTING:
            self._stopped = run.now
        results = run.results(self._read)
        for result in results:
            self._answer(result)
        self._read += len(results)
        if "faults" not in self.off:
            self._watch()
        done = run.totals().cleanings if run.mode != Mode.RUN or self._cleanings < 0 else self._cleanings
        if done != self._cleanings:
            first = self._cleanings < 0
            self._cleanings = done
            if first or "cleaning" not in self.off:
                ahead = self.cleaning - round(self._age * DAY) if first else self.cleaning
                run.clean(run.now + max(DAY, ahead))
        if self.book is not None:
            self._plan(self.book)

    def _answer(self, result: LabResult) -> None:
        run = self.run
        if run.mode > Mode.STARTING or result.sampled <= self._stopped:
            return
        if "quality" not in self.off:
            error = self.target - result.top
            sigmas, answer = (1.0, 1.0) if self.book is None else (self.book.sigmas, self.book.answer)
            if abs(error) > sigmas * self.sigma:
                point = next(p for p in run.parameters.set_points if p.id == "reflux")
                wanted = run.set_points()["reflux"] + self.move * answer * error
                run.set_point("reflux", min(point.high, max(point.low, wanted)))
        if "faults" not in self.off and run.diverted and result.top >= max(self.release, 0.985):
            run.divert(False)

    def _plan(self, book: Textbook) -> None:
        """Orders by due date; the aim of the grade in hand, or of the next one where that is purer."""
        open_ = [state for state in self.plant.orders() if state.finish < 0]
        if "grades" not in self.off and open_:
            wanted = [state.order.id for state in sorted(open_, key=lambda s: (s.done == 0, s.order.due, s.order.id))]
            self.plant.order_grades(wanted)
        if "quality" in self.off or not open_:
            return
        queue = self.plant.queue()[:2]
        grades = self.run.parameters.grades
        aim = max(grades[one.order.grade].purity for one in queue) + book.margin
        if aim != self.target:
            point = next(p for p in self.run.parameters.set_points if p.id == "reflux")
            step = 0.53 * math.log((1 - self.target) / (1 - aim))  # of the feed: the column's own table of purities
            self.run.set_point("reflux", min(point.high, max(point.low, self.run.set_points()["reflux"] + step)))
            self.target = aim
