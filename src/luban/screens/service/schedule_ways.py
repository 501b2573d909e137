"""What it would take to end an order in time: a few ways are tried, each searched for a while in a process of its own.

first     the order goes before all others
overtime  the machine that it waits for most works on outside its shifts
both      both together, where neither alone is enough
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError, LubanError
from luban.decide.schedule.floor import Windows
from luban.decide.schedule.late import why_late
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER, NONE, Problem
from luban.decide.schedule.schedule import Schedule
from luban.screens.service.schedule_store import COLUMNS, Plans, PlanState

__all__ = ["main", "ways", "ways_of"]

_START = "from luban.screens.service.schedule_ways import main; main()"
_PATIENCE = 400.0  # [s]
_FIRST = 1000.0
"""How many times heavier an order is that goes first."""


def ways(folder: Path, plan: str, order: str, seconds: float) -> dict[str, Any]:
    """What each way brings the order and costs the others. Not for an event loop. Raises InputError."""
    job = {"folder": str(folder), "plan": plan, "order": order, "seconds": seconds}
    command = [sys.executable, "-c", _START]
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        raise InputError("the ways out could not be tried", hint="the server's log may say why") from None
    if "error" in told:
        fields = {key: str(told[key]) for key in ("came", "expected", "where", "hint") if key in told}
        raise InputError(str(told["message"]), **fields)
    return told


def ways_of(plan: PlanState, order: str, seconds: float) -> dict[str, Any]:
    """The same in this process. Raises InputError."""
    s, p = plan.schedule, plan.schedule.problem
    chain = why_late(s, order)
    waited = [name for name in chain.resources if name in p.machines]
    machine = p.machines.index(waited[0]) if waited else NONE
    held = _held(plan)
    found = [_told(plan, _solved(_heavier(held, chain.job), seconds, again=s), chain.job, "first")]
    if machine != NONE and p.machine_calendar[machine] != NONE:
        opened = _opened(held, machine)
        found.append(_told(plan, _solved(opened, seconds), chain.job, "overtime", machine))
        if all(own["late"] for own in found):
            found.append(_told(plan, _solved(_heavier(opened, chain.job), seconds), chain.job, "both", machine))
    return {
        "plan": plan.id, "order": chain.name, "end": chain.end, "due": None if chain.due >= NEVER else chain.due,
        "late": chain.lateness, "ways": found,
    }  # fmt: skip


def _held(plan: PlanState) -> Problem:
    """What is locked is fixed."""
    p, locked = plan.schedule.problem, sorted(plan.locked)
    start, machine = p.fixed_start.copy(), p.fixed_machine.copy()
    start[locked], machine[locked] = plan.schedule.start[locked], plan.schedule.machine[locked]
    return replace(p, fixed_start=start, fixed_machine=machine)


def _heavier(p: Problem, job: int) -> Problem:
    weight = p.weight.copy()
    weight[job] = max(float(weight.max(initial=1.0)), 1.0) * _FIRST
    return replace(p, weight=weight)


def _opened(p: Problem, machine: int) -> Problem:
    calendar = p.machine_calendar.copy()
    calendar[machine] = NONE
    return replace(p, machine_calendar=calendar)


def _solved(p: Problem, seconds: float, again: Schedule | None = None) -> Schedule:
    from luban.decide.schedule import solve

    first = Schedule(p, **{name: np.array(getattr(again, name)) for name in COLUMNS}) if again is not None else None
    return solve(p, Objective.parse("tardiness"), seconds=seconds, workers=1, first=first).schedule


def _told(plan: PlanState, found: Schedule, job: int, way: str, machine: int = NONE) -> dict[str, Any]:
    old, p = plan.schedule, plan.schedule.problem
    before, after = (_tardiness(p, own) for own in (old, found))
    others = np.arange(p.job_count) != job
    moved = (found.start != old.start) | (found.machine != old.machine)
    mine = p.job_of == job
    outside = 0
    if machine != NONE:
        windows = Windows(p)
        for at in np.flatnonzero(found.machine == machine).tolist():
            for a, b in ((found.start[at], found.end[at]), (found.setup_start[at], found.setup_end[at])):
                outside += int(b - a) - windows.worked(machine, int(a), int(b))
    return {
        "way": way, "machine": p.machines[machine] if machine != NONE else "", "outside": outside,
        "end": int(found.completion[job]), "late": int(after[job]),
        "tardiness": float((p.weight * (after - before))[others].sum()),
        "later": int((after > before)[others].sum()), "earlier": int((after < before)[others].sum()),
        "moved": int((moved & ~mine).sum()),
    }  # fmt: skip


def _tardiness(p: Problem, schedule: Schedule) -> Any:
    return np.where(p.due < NEVER, np.maximum(schedule.completion - p.due, 0), 0)


def main() -> None:
    """What the process does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not fall into the answer
    code = 0
    try:
        job = json.loads(sys.stdin.read())
        plan = Plans(Path(job["folder"])).get(job["plan"])
        out.write(json.dumps(ways_of(plan, job["order"], float(job["seconds"])), ensure_ascii=False))
    except LubanError as error:
        out.write(json.dumps({"error": "InputError", **error.as_dict()}, ensure_ascii=False))
    except Exception:  # noqa: BLE001 - the server's log has it
        traceback.print_exc()
        code = 4
    out.close()
    os._exit(code)
