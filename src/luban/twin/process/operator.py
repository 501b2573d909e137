"""The as-is rules of the C1 plant: what its operators do with the same handles that a controller has.

B1 one separation for every grade      B2 reflux moved by the full error after a laboratory result beyond 1 sigma
B3 reactor temperature fixed           B4 purge fixed            B5 cleaning by calendar
B7 a fault is noticed after 20 min     B8 orders as received     B9 one bag target
The rest (B6 loops, B10 steam, B11 pumps) is in the plant's parameters or in doing nothing.
"""

from __future__ import annotations

from typing import Protocol

from luban.core.time import DAY, MINUTE
from luban.twin.process.layout import Mode, Reading
from luban.twin.process.run import LabResult, ProcessRun

__all__ = ["AsIsOperator", "Clock"]


class Clock(Protocol):
    """What can be run on: a process alone, or with its packing line."""

    @property
    def now(self) -> int:
        """[µs after the start]"""

    def to(self, until: int) -> object:
        """Runs to that time."""


class AsIsOperator:
    """Operates a run by the as-is rules, through its windows.

    target       light share at the top that is aimed at for every grade [1]
    sigma        of a laboratory result, beyond which it is answered [1]
    move         change of the reflux by feed for one unit of purity: 1 over the gain that the operator believes in
    release      purity above which the product is let into the tank again, below which it is kept out [1]
    cleaning     time between two cleanings [d]; notice: time after which an open alarm is noticed [min]
    Example      >>> AsIsOperator(run).drive(run, 60 * DAY)
    """

    def __init__(
        self,
        run: ProcessRun,
        *,
        target: float = 0.995,
        move: float = 120.0,
        release: float = 0.985,
        cleaning: float = 120.0,
        notice: float = 20.0,
    ) -> None:
        self.run = run
        self.target, self.move, self.release = target, move, release
        self.sigma = run.parameters.laboratory.sigma
        self.cleaning, self.notice = round(cleaning * DAY), round(notice * MINUTE)
        self._low_since: int | None = None
        self._stopped = -1
        self._read = 0
        self._cleanings = -1

    def act(self) -> None:
        """Looks at what has come since the last look, and answers."""
        run = self.run
        if run.mode > Mode.STARTING:
            self._stopped = run.now
        results = run.results()
        for result in results[self._read :]:
            self._answer(result)
        self._read = len(results)
        self._watch()
        done = run.totals().cleanings
        if done != self._cleanings:
            self._cleanings = done
            run.clean(run.now + self.cleaning)

    def _answer(self, result: LabResult) -> None:
        run = self.run
        if run.mode > Mode.STARTING or result.sampled <= self._stopped:
            return
        error = self.target - result.top
        if abs(error) > self.sigma:
            point = next(p for p in run.parameters.set_points if p.id == "reflux")
            wanted = run.set_points()["reflux"] + self.move * error
            run.set_point("reflux", min(point.high, max(point.low, wanted)))
        if run.diverted and result.top >= self.release:
            run.divert(False)

    def _watch(self) -> None:
        """Product that the analyser says is bad goes to off-spec, once somebody has noticed."""
        run = self.run
        low = run.mode <= Mode.STARTING and run.reading(Reading.ANALYSER) < self.release
        self._low_since = (run.now if self._low_since is None else self._low_since) if low else None
        if self._low_since is not None and run.now - self._low_since >= self.notice and not run.diverted:
            run.divert(True)
            self._stopped = run.now

    def drive(self, clock: Clock, until: int, every: int = 10 * MINUTE) -> None:
        """Runs to that time [µs after the start], looking every ten minutes."""
        while clock.now < until:
            clock.to(min(until, clock.now + every))
            self.act()
