"""How people run the plant where no lever does: as it is, and as a good plant without luban would.

As is: the rules B1 to B11 of the plant's README. Conventional: standard practice, set once on runs that are not
reported; no estimate, no model, nothing hidden.

purity   chart of the laboratory's means: one result is never answered, the mean of two or three beyond three sigma by
         its whole error through the column's table of purities; the aim lies as far above a grade's guarantee as a
         mean may stray unanswered, and twice the laboratory's bias; a purer grade a day before it is packed
product  out where the analyser's mean of an hour is below the grade's alarm, in by the laboratory's next result
rate     a notch less feed in a shift where the jacket's valve has little room left; least feed where orders run short
rest     orders by due date, the reactor halfway to its best, cleaning before the known fouling binds, bags to a chart
         of five

Source   charts of means: ISO 7870-2:2013; leaving a process alone within its limits: Deming, Out of the Crisis, 1986,
         ch. 11; guard band: JCGM 106:2012, 8.3; rate by valve position: Shinskey, Process Control Systems, 1988
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from luban.core.time import DAY, HOUR
from luban.twin.process.coupled import CoupledRun
from luban.twin.process.layout import Mode, Reading
from luban.twin.process.operator import AsIsOperator
from luban.twin.process.run import LabResult

__all__ = ["CONVENTIONAL", "People", "Textbook"]


@dataclass(frozen=True, slots=True)
class Textbook:
    """Set-points and rules of the conventional plant.

    group        laboratory results of a subgroup, a day's;  sigmas  of their mean beyond which it is answered
    bias         of the laboratory between months, by its round robins [1]
    by_impurity  reflux by feed for one of the impurity's logarithm: the column's own table of purities [1]
    settle       after a move of the reflux, of which results say nothing yet [h]
    lead         before a purer grade is packed, from which on its purity is aimed at [h];  rate  of packing [pallets/h]
    alarm        of the analyser's mean of an hour below the aim: three sigma with a month of its drift [1]
    valve        of the jacket, mean of a shift, above which the feed is lowered and below which it is raised [%]
    feed         least and most [kmol/h];  notch  by which it is moved [kmol/h];  shift  of an operator [h]
    short        work in hand, of packing, below which the feed is at its least [h]
    tray, temperature [K];  bag [kg];  cleaning  days between two
    """

    group: int = 3
    sigmas: float = 3.0
    bias: float = 0.0005
    by_impurity: float = 0.53
    settle: float = 8.0
    lead: float = 24.0
    rate: float = 2.7
    alarm: float = 0.0068
    tray: float = 369.8
    temperature: float = 352.0
    bag: float = 25.08
    cleaning: float = 95.0
    valve: tuple[float, float] = (65.0, 75.0)
    feed: tuple[float, float] = (70.0, 100.0)
    notch: float = 2.0
    shift: float = 8.0
    short: float = 36.0

    def limit(self, sigma: float, results: int) -> float:
        """How far the mean of so many results may stray unanswered [1]; sigma: of one [1]."""
        return self.sigmas * sigma / math.sqrt(results)

    def margin(self, sigma: float) -> float:
        """Of the aim above a grade's guarantee [1]: the mean's limit and twice the laboratory's bias.

        Example  round(Textbook().margin(0.0008), 4) == 0.0024
        """
        return self.limit(sigma, self.group) + 2.0 * self.bias


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
        self._last: deque[float] = deque(maxlen=CONVENTIONAL.group)
        self._hour: deque[float] = deque(maxlen=6)
        self._shift: list[float] = []
        self._feed = CONVENTIONAL.feed[1]
        self._moved, self._guarantee, self._work = -1, 0.0, 0.0

    book: Textbook | None

    def begin(self, practice: str, off: Collection[str]) -> None:
        """From now on the practice holds, and levers decide what they decide."""
        self.off = frozenset(off)
        if practice != "conventional":
            return
        self.book = book = CONVENTIONAL
        self.cleaning, self._moved = round(book.cleaning * DAY), self.run.now
        if "reactor" not in self.off:
            self.run.set_point("reactor_temperature", book.temperature)
        if "bottom" not in self.off:
            self.run.set_point("tray_temperature", book.tray)
        if "bags" not in self.off:
            self.plant.bag_target(book.bag)
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
            if self.book is None:
                self._watch()
            else:
                self._alarm(self.book)
        done = run.totals().cleanings if run.mode != Mode.RUN or self._cleanings < 0 else self._cleanings
        if done != self._cleanings:
            first = self._cleanings < 0
            self._cleanings = done
            if first or "cleaning" not in self.off:
                ahead = self.cleaning - round(self._age * DAY) if first else self.cleaning
                run.clean(run.now + max(DAY, ahead))
        if self.book is not None:
            self._plan(self.book)
            if "reactor" not in self.off:
                self._rate(self.book)

    def _answer(self, result: LabResult) -> None:
        run, book = self.run, self.book
        if run.mode > Mode.STARTING or result.sampled <= self._stopped:
            return
        if "quality" not in self.off:
            if book is not None:
                self._chart(book, result)
            elif abs(error := self.target - result.top) > self.sigma:
                self._reflux(self.move * error)
        good = 0.985 if book is None else self._guarantee
        if "faults" not in self.off and run.diverted and result.top >= good:
            run.divert(False)

    def _chart(self, book: Textbook, result: LabResult) -> None:
        """The mean of the last results is answered by its whole error where it is beyond its limits."""
        if result.sampled <= self._moved + round(book.settle * HOUR):
            return
        self._last.append(result.top)
        mean = sum(self._last) / len(self._last)
        if len(self._last) > 1 and abs(mean - self.target) > book.limit(self.sigma, len(self._last)):
            self._move(book.by_impurity * (self.target - mean) / (1 - self.target))

    def _move(self, step: float) -> None:
        """A step of the reflux, after which results count anew."""
        self._reflux(step)
        self._moved = self.run.now
        self._last.clear()

    def _reflux(self, step: float) -> None:
        point = next(p for p in self.run.parameters.set_points if p.id == "reflux")
        self.run.set_point("reflux", min(point.high, max(point.low, self.run.set_points()["reflux"] + step)))

    def _alarm(self, book: Textbook) -> None:
        """Product goes to off-spec where the analyser's mean of an hour is below the alarm of the grade."""
        run = self.run
        if run.mode > Mode.STARTING or run.diverted:
            self._hour.clear()
            return
        self._hour.append(run.reading(Reading.ANALYSER))
        alarm = self._guarantee + book.margin(self.sigma) - book.alarm
        if len(self._hour) == self._hour.maxlen and sum(self._hour) / len(self._hour) < alarm:
            run.divert(True)
            self._stopped = run.now

    def _rate(self, book: Textbook) -> None:
        """Once a shift a notch of feed, so that the jacket's valve keeps room for what disturbs the reactor.

        The least feed while orders in hand run short: a full tank stops the plant.
        """
        run = self.run
        feed = self._feed if self._work > book.short else book.feed[0]
        if run.mode <= Mode.STARTING and feed != run.set_points()["reactor_feed"]:
            run.set_point("reactor_feed", feed)
        if run.mode != Mode.RUN:
            self._shift.clear()
            return
        self._shift.append(run.reading(Reading.JACKET_VALVE))
        if len(self._shift) < 6 * book.shift:
            return
        valve = sum(self._shift) / len(self._shift)
        self._shift.clear()
        step = -book.notch if valve > book.valve[1] else book.notch if valve < book.valve[0] else 0.0
        self._feed = min(book.feed[1], max(book.feed[0], self._feed + step))

    def _plan(self, book: Textbook) -> None:
        """Orders by due date; the aim of the grade in hand, or of a purer one that comes within the lead.

        While nobody knows what comes within it, the purest: such a tank serves every order.
        """
        open_ = [state for state in self.plant.orders() if state.finish < 0]
        if "grades" not in self.off and open_:
            wanted = [state.order.id for state in sorted(open_, key=lambda s: (s.done == 0, s.order.due, s.order.id))]
            self.plant.order_grades(wanted)
        purities = [grade.purity for grade in self.run.parameters.grades]
        self._work, purity = 0.0, 0.0
        for place, one in enumerate(self.plant.queue()):
            if place == 0:
                self._guarantee = purities[one.order.grade]
            if self._work <= book.lead:
                purity = max(purity, purities[one.order.grade])
            self._work += (one.order.pallets - one.done) / book.rate
        aim = (purity if self._work > book.lead else max(purities)) + book.margin(self.sigma)
        if aim != self.target:
            before, self.target = self.target, aim
            if "quality" not in self.off:
                self._move(book.by_impurity * math.log((1 - before) / (1 - aim)))
