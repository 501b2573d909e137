"""Which engines search on which problem, and how they share a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from luban.decide.schedule.bound import lower_bound
from luban.decide.schedule.build import Builder
from luban.decide.schedule.construct import first_schedule
from luban.decide.schedule.engine import Engine
from luban.decide.schedule.exact import ExactEngine
from luban.decide.schedule.flexible import FlexibleEngine
from luban.decide.schedule.general import GeneralEngine, by_sequences
from luban.decide.schedule.jobshop import JobShopEngine
from luban.decide.schedule.lns import LnsEngine
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import Problem
from luban.decide.schedule.ruin import RuinEngine
from luban.decide.schedule.schedule import Schedule

__all__ = ["Lane", "lanes_for", "load_kernels"]

_SMALL = 400
"""Operations up to which a proof is worth part of the time."""

_LARGE = 1000
"""Operations from which decoding a whole plan anew costs more than ruining and recreating a part of it."""

Make = Callable[[], Engine]
Kind = Callable[[Problem, Objective, int, Schedule], Engine]

_LOADED: set[tuple[Kind, bool]] = set()


@dataclass
class Lane:
    """Engines that take turns on one worker: the one furthest behind its share of work goes next.

    makers  (how to make an engine, its share); engines are made on their worker, at their first turn
    """

    makers: list[tuple[Make, float]]
    engines: list[Engine | None] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    now: int = 0

    def __post_init__(self) -> None:
        self.engines = [None] * len(self.makers)
        self.done = [0.0] * len(self.makers)

    def turn(self) -> Engine:
        """Whose slice is next."""
        self.now = min(range(len(self.makers)), key=self.done.__getitem__)
        engine = self.engines[self.now] or self.makers[self.now][0]()
        self.engines[self.now] = engine
        return engine

    def spent(self, work: int) -> None:
        """Counts the slice of the last turn."""
        self.done[self.now] += work / self.makers[self.now][1]

    def halt(self) -> None:
        """Ends a running slice."""
        for engine in self.engines:
            if engine is not None:
                engine.halt()


def leading(problem: Problem, objective: Objective) -> Kind:
    """The strongest engine for that problem and objective."""
    if not (problem.is_plain and objective.is_makespan):
        return GeneralEngine
    return FlexibleEngine if len(problem.mode_machine) > problem.operation_count else JobShopEngine


def load_kernels(problem: Problem, objective: Objective) -> None:
    """Brings the compiled code that a search will need into memory: a moment, or a minute of compiling the first time.

    It is run on a small shop of the same kind whose bound is below its optimum, so that no part is left out.
    """
    kind = leading(problem, objective)
    shared = kind is GeneralEngine and not by_sequences(problem)
    if (kind, shared) in _LOADED:
        return
    times = np.random.default_rng(6).integers(1, 9, (6, 5))
    shop = Builder("small")
    for machine in range(5):
        shop.machine(f"M{machine}")
    shop.pool("people", 3)
    needs = {"people": 1} if shared else {}
    for job, row in enumerate(times.tolist()):
        shop.job(f"J{job}", due=12)
        for step, time in enumerate(row):
            own = (job * 2 + step) % 5
            more = {f"M{(own + 1) % 5}": time + 1} if kind is not JobShopEngine else {}
            shop.operation(f"J{job}", {f"M{own}": time} | more, needs=needs)
    small = shop.problem()
    goal = Objective() if kind is not GeneralEngine else Objective.parse("tardiness")
    lower_bound(small, goal)
    start = first_schedule(small, goal)
    engines = [kind(small, goal, 0, start)] + ([RuinEngine(small, goal, 0, start)] if kind is GeneralEngine else [])
    for engine in engines:
        engine.advance(100_000)
    _LOADED.add((kind, shared))


def lanes_for(problem: Problem, objective: Objective, seed: int, first: Schedule, workers: int) -> list[Lane]:
    """The lanes of a search: the strongest engine leads, a second seed, a proof and windows share the other worker."""

    def make(engine: Kind, number: int = 0) -> Make:
        return lambda: engine(problem, objective, seed + 7919 * number, first)

    main = leading(problem, objective)
    small, large = problem.operation_count <= _SMALL, problem.operation_count > _LARGE
    if main is GeneralEngine:
        lead = [(make(RuinEngine if large else main), 1.0)]
        second = [(make(main if large else RuinEngine, 1), 0.5), (make(LnsEngine), 0.3)]
        second += [(make(ExactEngine), 0.4)] if small else []
    else:
        lead = [(make(main), 1.0)]
        second = [(make(main, 1), 0.6), (make(ExactEngine), 0.4)] if small else [(make(main, 1), 1.0)]
    if workers == 1:
        return [Lane([*lead, *((maker, share / 2) for maker, share in second)])]
    return [Lane(lead), Lane(second)]
