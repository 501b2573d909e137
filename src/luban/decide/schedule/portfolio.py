"""Solve: a portfolio of engines on one or two workers that stops at a time, a gap, a proof, or when asked.

Each worker is a lane: engines that take turns by shares of work. Lanes share the best schedule and the best bound.
With one worker nothing depends on the clock but where the search is cut off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from luban.core.errors import InputError
from luban.decide.schedule.bound import lower_bound
from luban.decide.schedule.check import find_faults, require
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.engine import Engine
from luban.decide.schedule.lanes import Lane, lanes_for, load_kernels
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.schedule import Schedule

__all__ = ["Entry", "Progress", "Solution", "solve"]

_MODELS = {"exact", "lns"}
"""Engines that say things in a model of their own: what they bring is checked at once."""

_TICK = 0.1  # seconds between two looks of the caller's thread


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the anytime log: what was known after so many seconds, and which engine found it."""

    seconds: float
    value: tuple[float, ...]
    bound: float
    engine: str

    @property
    def gap(self) -> float:
        """How far the value may be above the optimum [1]; inf where nothing is proven."""
        return _gap(self.value[0], self.bound)

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the REST service; an unknown gap is null."""
        return {
            "seconds": round(self.seconds, 3),
            "value": list(self.value),
            "bound": self.bound if self.bound > -inf else None,
            "gap": self.gap if self.gap < inf else None,
            "engine": self.engine,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a running search stands; `share` of its time or work that is used [1]."""

    entry: Entry
    share: float


@dataclass(frozen=True, slots=True)
class Solution:
    """What a search found.

    value    the objective's levels
    bound    proven lower bound of the first level; -inf where nothing is proven
    proved   no schedule is better, on any level
    log      each improvement, in order
    reason   why it ended: `proved`, `gap`, `time`, `work`, `stopped`
    seconds  wall time it took
    """

    schedule: Schedule
    objective: Objective
    value: tuple[float, ...]
    bound: float
    proved: bool
    log: tuple[Entry, ...]
    reason: str
    seconds: float
    seed: int

    @property
    def gap(self) -> float:
        """How far the first level may be above its optimum [1]; inf where nothing is proven."""
        return 0.0 if self.proved else _gap(self.value[0], self.bound)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, without the schedule."""
        return {
            "objective": str(self.objective),
            "value": list(self.value),
            "bound": self.bound if self.bound > -inf else None,
            "gap": self.gap if self.gap < inf else None,
            "proved": self.proved,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "log": [entry.as_dict() for entry in self.log],
        }


def solve(
    problem: Problem,
    objective: Objective | None = None,
    *,
    seconds: float = 10.0,
    gap: float = 0.0,
    seed: int = 0,
    workers: int = 2,
    work: int | None = None,
    first: Schedule | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Solution:
    """The best schedule that can be found in the given time.

    seconds      wall time [s] once compiled code is in memory; a first schedule is made even where time is over
    gap          good enough: stop at this proven distance from the optimum [1]
    seed         the same seed and `work` on one worker give the same schedule
    workers      threads that search, 1 or 2
    work         units of search (engine.py) instead of a time; the time limit then holds too
    first        a schedule to begin with, e.g. the plan in force
    on_progress  called about ten times a second in the caller's thread; Ctrl-C there ends with the best so far
    stop         set it to end with the best so far
    Raises       InputError that names order, operation or machine where no schedule is possible

    Example  >>> shop = Builder("one"); shop.machine("saw"); shop.job("A"); shop.operation("A", {"saw": 4})
             >>> solve(shop.problem(), seconds=1).value
             (4.0,)
    """
    if workers not in {1, 2} or not seconds > 0 or not gap >= 0:
        raise InputError(
            "a search needs a time above zero, a gap of zero or more and 1 or 2 workers",
            came=f"seconds={seconds}, gap={gap}, workers={workers}",
        )
    objective = objective or Objective()
    load_kernels(problem, objective)
    begun = time.monotonic()
    require(problem)
    start = first if first is not None else first_schedule(problem, objective, seed)
    board = _Board(objective, begun, start, lower_bound(problem, objective), gap)
    if not board.over:
        limit = _Limit(begun + seconds, seconds, work, stop or threading.Event())
        _search(board, lanes_for(problem, objective, seed, start, workers), limit, on_progress)
    return board.solution(seed)


def _gap(value: float, bound: float) -> float:
    if bound == -inf:
        return inf
    if value <= bound:
        return 0.0
    return (value - bound) / abs(bound) if bound else inf


@dataclass
class _Limit:
    until: float
    seconds: float
    work: int | None
    stop: threading.Event

    def share(self, board: _Board) -> float:
        """Of the time or work that is used [1]."""
        spent = (time.monotonic() - board.begun) / self.seconds
        return min(1.0, max(spent, board.used / self.work) if self.work else spent)


@dataclass
class _Board:
    """What the lanes share: the best schedule, the best bound, the log. All changes under its lock."""

    objective: Objective
    begun: float
    best: Schedule
    bound: float
    gap: float
    value: tuple[float, ...] = ()
    proved: bool = False
    reason: str = "time"
    log: list[Entry] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    woken: threading.Event = field(default_factory=threading.Event)
    over: bool = False
    used: int = 0
    version: int = 0
    former: list[Schedule] = field(default_factory=list)
    failure: BaseException | None = None
    doubted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.value = self.objective.value(self.best)
        self._note("first")
        self._judge()

    def take(self, schedule: Schedule | None, engine: Engine) -> None:
        """What a slice brought; an engine whose model is caught in a fault is not believed any more."""
        if schedule is not None and engine.name in _MODELS and find_faults(schedule):
            self.doubted.add(id(engine))
        if id(engine) in self.doubted:
            return
        value = self.objective.value(schedule) if schedule is not None else None
        with self.lock:
            better = value is not None and value < self.value
            if better and schedule is not None and value is not None:
                self.former = [*self.former[-7:], self.best]
                self.best, self.value, self.version = schedule, value, self.version + 1
            raised = engine.bound > self.bound
            self.bound = max(self.bound, engine.bound)
            if engine.proved and (value is None or value <= self.value):
                self.proved = True
            if better or raised:
                self._note(engine.name)
            self._judge()

    def end(self, reason: str) -> None:
        """No more slices; the first reason stays."""
        with self.lock:
            self._over(reason)

    def _note(self, engine: str) -> None:
        self.log.append(Entry(time.monotonic() - self.begun, self.value, self.bound, engine))

    def _judge(self) -> None:
        if len(self.value) == 1 and self.value[0] <= self.bound + 1e-9 * max(1.0, abs(self.bound)):
            self.proved = True
        if self.proved:
            self._over("proved")
        elif self.gap and _gap(self.value[0], self.bound) <= self.gap:
            self._over("gap")

    def _over(self, reason: str) -> None:
        if not self.over:
            self.over, self.reason = True, reason
            self.woken.set()

    def solution(self, seed: int) -> Solution:
        """The best schedule that the independent checker passes."""
        for schedule in [self.best, *reversed(self.former)]:
            faults = find_faults(schedule)
            if not faults:
                value = self.objective.value(schedule)
                proved = self.proved and schedule is self.best
                if proved:
                    self.bound = value[0]
                spent = time.monotonic() - self.begun
                return Solution(
                    schedule, self.objective, value, self.bound, proved, tuple(self.log), self.reason, spent, seed
                )
        raise InputError("no schedule passed the checker", came=str(faults[0]), hint="report it with the input")


def _search(
    board: _Board, lanes: Sequence[Lane], limit: _Limit, on_progress: Callable[[Progress], None] | None
) -> None:
    threads = [threading.Thread(target=_drive, args=(board, lane, limit), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads) and not board.over:
            board.woken.wait(min(_TICK, max(0.001, limit.until - time.monotonic())))
            if on_progress is not None:
                on_progress(Progress(board.log[-1], limit.share(board)))
            if limit.stop.is_set():
                board.end("stopped")
            elif time.monotonic() >= limit.until:
                board.end("time")
    except KeyboardInterrupt:
        board.end("stopped")
    finally:
        board.end("time")
        while any(thread.is_alive() for thread in threads):
            for lane, thread in zip(lanes, threads, strict=True):
                lane.halt()  # again and again: an engine may just have been made
                thread.join(0.02)
    if board.failure is not None:
        raise board.failure


def _drive(board: _Board, lane: Lane, limit: _Limit) -> None:
    """One worker: slices until it is over."""
    seen: dict[int, int] = {}
    try:
        while not board.over:
            engine = lane.turn()
            if seen.get(id(engine), 0) != board.version:
                seen[id(engine)] = board.version
                engine.offer(board.best)
            work = engine.grain
            found = engine.advance(work)
            board.take(found, engine)
            lane.spent(work)
            with board.lock:
                board.used += work
            if limit.work is not None and board.used >= limit.work:
                board.end("work")
            elif time.monotonic() >= limit.until:
                board.end("time")
    except BaseException as failure:  # noqa: BLE001 - raised again in the caller's thread
        board.failure = failure
        board.end("stopped")
