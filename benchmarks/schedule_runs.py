"""Runs of `benchmarks.schedule` in a process of their own: solve, check, say what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.schedule_cases import Case, problem_of
from benchmarks.schedule_peers import PEERS, WORKERS
from luban.core.errors import LubanError
from luban.decide.schedule import NONE, Objective, figures, find_faults
from luban.decide.schedule.objective import TERMS
from luban.twin.crew import Crew

__all__ = ["GRACE", "OURS", "Hand", "Task"]

OURS = "luban"
GRACE = 120.0
"""Seconds beyond the budget after which a run is ended: reading, building a large model."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one solver."""

    case: Case
    solver: str
    seconds: float
    seed: int

    @property
    def key(self) -> str:
        """What a result is filed under."""
        return f"{self.case.claim} {self.case.digest} {self.case.name} {self.solver} {self.seconds:g} {self.seed}"


def run_task(_: None, task: Task) -> dict[str, Any]:
    """One run: the schedule's value, bound, proof and faults. In a process of its own."""
    problem, objective = problem_of(task.case), Objective.parse(task.case.objective)
    found: dict[str, Any] = {"operations": problem.operation_count}
    begun = time.perf_counter()
    if task.solver == OURS:
        from luban.decide.schedule import solve

        solution = solve(problem, objective, seconds=task.seconds, seed=task.seed, workers=WORKERS)
        schedule, bound, proved = solution.schedule, solution.bound, solution.proved
        found |= {"first": solution.log[0].seconds, "log": [[e.seconds, e.value[0]] for e in solution.log]}
    else:
        schedule, bound, proved = PEERS[task.solver][0](problem, objective, task.seconds, task.seed)
    found["seconds"] = round(time.perf_counter() - begun, 3)
    if schedule is None:
        return found | {"value": None, "proved": False, "faults": 0}
    faults = find_faults(schedule)
    found |= {"value": objective.value(schedule), "proved": proved, "faults": len(faults)}
    found |= {"bound": bound} if abs(bound) < 1e18 else {}
    found |= {"fault": str(faults[0])} if faults else {}
    if (problem.machine_table != NONE).any():
        found["setup_time"] = float(figures(schedule)[list(TERMS).index("setup_time")])
    return found


def warm(_: None, name: str) -> None:
    """Loads (the first time: compiles) what a solver needs, on small shops: not what a run takes."""
    if name != OURS:
        return
    from luban.decide.schedule import Builder, solve
    from luban.decide.schedule.construct import first_schedule
    from luban.decide.schedule.ruin import RuinEngine

    for kinds in ("plain", "flexible", "setups"):
        shop = Builder(kinds)
        for machine in ("a", "b", "c"):
            shop.machine(machine, table="t" if kinds == "setups" else "")
        shop.setup("t", "x", "y", 2)
        for number in range(4):
            shop.job(f"{number}", due=5)
            for machine in ("a", "b", "c") if number % 2 else ("c", "a", "b"):
                modes = {machine: 2 + number, "b": 3} if kinds == "flexible" else {machine: 2 + number}
                shop.operation(f"{number}", modes, family="xy"[number % 2] if kinds == "setups" else "")
        problem = shop.problem()
        for objective in map(Objective.parse, ("makespan", "tardiness")):
            solve(problem, objective, seconds=2.0, work=10_000_000, workers=1)
            RuinEngine(problem, objective, 0, first_schedule(problem, objective)).advance(10_000)


class Hand:
    """One process that runs tasks; a task that dies or hangs costs only itself."""

    def __init__(self) -> None:
        self._crew: Crew | None = None
        self._results: Iterator[tuple[Any, Any]] = iter(())
        self._next: Any = None

    def do(self, task: Any, seconds: float) -> Any:
        """The result of `work`; an empty one, with the error, where the process died or was not back in time."""
        if self._crew is None:
            self._crew = Crew(work, None, 1)
            self._crew.__enter__()
            self._results = self._crew.work(self._tasks())
        watch = threading.Timer(seconds, self._crew.stop)
        watch.start()
        self._next = task
        try:
            return next(self._results)[1]
        except (LubanError, OSError, StopIteration) as error:
            self.close()
            return {"value": None, "proved": False, "faults": 0, "error": str(error)[:300], "seconds": seconds}
        finally:
            watch.cancel()

    def _tasks(self) -> Iterator[Any]:
        while True:
            yield self._next

    def close(self) -> None:
        """Ends the process."""
        if self._crew is not None:
            self._crew.stop()
            self._crew = None


def work(_: None, task: Any) -> Any:
    """What the process is asked: to warm up, or a task."""
    return warm(None, task) if isinstance(task, str) else run_task(None, task)
