"""A search in a process of its own: told what to do on stdin, it tells progress and the plan on stdout, a line each.

`stop` on stdin ends the search with the best so far; where stdin closes, the process ends at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import LubanError
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, Problem
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import COLUMNS, Plans, PlanState, fingerprint, write_problem

__all__ = ["main", "work"]


def work(job: dict[str, Any], tell: Any, stop: threading.Event) -> dict[str, Any]:
    """The whole job.

    tell    called with a line of progress
    Raises  LubanError
    """
    tell({"phase": "load"})
    folder = Path(job["folder"])
    plans = Plans(folder)
    basis = plans.get(job["locks_of"]) if job.get("locks_of") else None
    problem, seen, stops = _problem(folder, basis, stops=bool(job.get("stops", True)))
    held, locked = _held(problem, basis) if basis else (problem, ())
    same = basis is not None and write_problem(plans.problems, problem) == basis.made["problem"]
    first = _again(held, basis) if same and basis else None
    objective = Objective.parse(job["objective"])
    tell({"phase": "kernel"})
    from luban.decide.schedule import solve

    def heard(progress: Any) -> None:
        entry = progress.entry
        tell(
            {
                "phase": "solve", "value": list(entry.value), "bound": _finite(entry.bound), "gap": _finite(entry.gap),
                "engine": entry.engine, "seconds": round(entry.seconds, 2), "share": round(progress.share, 4),
            }
        )  # fmt: skip

    found = solve(
        held, objective, seconds=float(job["seconds"]), seed=int(job["seed"]), workers=int(job["workers"]),
        first=first, on_progress=heard, stop=stop,
    )  # fmt: skip
    told = {
        "objective": str(objective), "value": list(found.value), "bound": _finite(found.bound),
        "gap": _finite(found.gap), "proved": found.proved, "reason": found.reason, "seed": found.seed,
        "seconds": round(found.seconds, 2), "fingerprint": seen,
        "log": [entry.as_dict() for entry in found.log][-200:],
        "stops": stops if job.get("stops", True) else None,
    }  # fmt: skip
    columns = {name: getattr(found.schedule, name).tolist() for name in COLUMNS}
    seal = write_problem(plans.problems, problem)
    return {"result": {"told": told, "columns": columns, "problem": seal, "locked": sorted(locked)}}


def _problem(
    folder: Path, basis: PlanState | None = None, *, stops: bool = True
) -> tuple[Problem, str, list[dict[str, Any]]]:
    """What the plant's folder asks for, the fingerprint of the folder, and the work orders that ask for a stop.

    basis  plan whose locks stay
    stops  work orders of maintenance are stops
    """
    from luban.plant import load
    from luban.screens.service.schedule_stops import plan_problem

    taken = plan_problem(
        folder, None if stops else (), shape=lambda problem: _held(problem, basis)[0] if basis else problem
    )
    return taken.problem, fingerprint(folder, load(folder)), [one.as_dict() for one in taken.stops]


def _held(problem: Problem, plan: PlanState) -> tuple[Problem, tuple[int, ...]]:
    """The problem with what is locked in a plan fixed where it lies there; matched by name.

    What the plant itself fixes, a released work order say, stands where the plant has it.
    """
    q, s = plan.schedule.problem, plan.schedule
    place = {name: at for at, name in enumerate(problem.operations)}
    row = {name: at for at, name in enumerate(problem.machines)}
    start, machine = problem.fixed_start.copy(), problem.fixed_machine.copy()
    held = []
    for own in sorted(plan.locked):
        to, on = place.get(q.operations[own]), row.get(q.machines[int(s.machine[own])])
        if to is None or on is None or problem.fixed_start[to] != NEVER:
            continue
        tick = int(s.start[own])
        if problem.tick and q.tick:
            tick = round((q.start + tick * q.tick - problem.start) / problem.tick)
        if tick >= 0:
            start[to], machine[to] = tick, on
            held.append(to)
    return replace(problem, fixed_start=start, fixed_machine=machine), tuple(held)


def _again(problem: Problem, plan: PlanState) -> Schedule:
    return Schedule(problem, **{name: np.array(getattr(plan.schedule, name)) for name in COLUMNS})


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def main() -> None:
    """What the process does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not fall among the answers
    guard = threading.Lock()
    stop = threading.Event()

    def say(thing: dict[str, Any]) -> None:
        with guard:
            out.write(json.dumps(thing, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
            out.flush()

    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    try:
        say(work(job, say, stop))
    except LubanError as error:
        say({"error": error.as_dict()})
    except Exception as error:  # noqa: BLE001 - the page must say something; the server's log has the rest
        traceback.print_exc()
        say({"error": {"error": "Unexpected", "message": f"{type(error).__name__}: {error}"}})
    os._exit(0)


def _watch(stop: threading.Event) -> None:
    """Hears `stop`; ends everything when nobody holds the other end of stdin any more."""
    for line in sys.stdin:
        if line.strip() == "stop":
            stop.set()
    os._exit(1)
