"""What it would take to end an order in time: levers tried and checked in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from luban.core.errors import InputError, LubanError
from luban.core.time import now as clock_now
from luban.decide.schedule.late import why_late
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.problem import NEVER
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import COLUMNS, Plans, PlanState

__all__ = ["answer", "clock", "elsewhere", "held", "main", "ways", "ways_of"]

_START = "from luban.screens.service.schedule_ways import main; main()"
_PATIENCE = 400.0  # [s]


def ways(folder: Path, plan: str, order: str, seconds: float) -> dict[str, Any]:
    """What each way brings the order and costs the others. Not for an event loop. Raises InputError."""
    job = {"folder": str(folder), "plan": plan, "order": order, "seconds": seconds}
    return elsewhere(_START, job, "the ways out could not be tried")


def elsewhere(start: str, job: dict[str, Any], failed: str) -> dict[str, Any]:
    """What a process of its own answers to a job. Not for an event loop.

    start   Python that calls `answer`
    failed  the message where it says nothing
    Raises  InputError, also for what the process refuses
    """
    command = [sys.executable, "-c", start]
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        raise InputError(failed, hint="the server's log may say why") from None
    if "error" in told:
        fields = {key: str(told[key]) for key in ("came", "expected", "where", "hint") if key in told}
        raise InputError(str(told["message"]), **fields)
    return told


def clock(plan: PlanState) -> int:
    """The tick of the plan that it is now; 0 where the plan has not begun, is over, or has no dates."""
    p = plan.schedule.problem
    now = (clock_now() - p.start) // p.tick if p.tick else 0
    return now if 0 <= now < plan.schedule.makespan else 0


def ways_of(plan: PlanState, order: str, seconds: float, now: int | None = None) -> dict[str, Any]:
    """The same in this process; what is locked stays. Raises InputError.

    now  what begins before it stays [tick]; None: the clock's, or the beginning of a plan that is over
    """
    from luban.decide.schedule.promise import LEVERS, what_would_it_take

    chain = why_late(plan.schedule, order)
    by = chain.end if chain.due >= NEVER else chain.due
    now = clock(plan) if now is None else now
    objective = Objective.parse(str(plan.made.get("objective") or "tardiness"))
    found = what_would_it_take(held(plan), chain.name, by, now, objective, seconds=seconds)
    return {
        "plan": plan.id, "order": chain.name, "end": chain.end, "due": None if chain.due >= NEVER else chain.due,
        "late": chain.lateness,
        "ways": [
            {
                "way": own.name, "about": LEVERS[own.name], "end": own.end, "late": max(0, own.end - by),
                "price": own.price, "overtime": own.overtime, "moved": own.moved,
                "harmed": [[name, int(ticks)] for name, ticks in own.harmed.items()],
            }
            for own in found
        ],
    }  # fmt: skip


def held(plan: PlanState, more: Iterable[int] = ()) -> Schedule:
    """The plan with what is locked, and more operations, fixed where they lie."""
    p, locked = plan.schedule.problem, sorted(plan.locked | set(more))
    start, machine = p.fixed_start.copy(), p.fixed_machine.copy()
    start[locked], machine[locked] = plan.schedule.start[locked], plan.schedule.machine[locked]
    fixed = replace(p, fixed_start=start, fixed_machine=machine)
    return Schedule(fixed, **{name: getattr(plan.schedule, name) for name in COLUMNS})


def main() -> None:
    """What the process does."""
    answer(lambda job: ways_of(Plans(Path(job["folder"])).get(job["plan"]), job["order"], float(job["seconds"])))


def answer(act: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Reads a job from stdin, does it, writes what came of it to stdout, and ends the process."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not fall into the answer
    code = 0
    try:
        out.write(json.dumps(act(json.loads(sys.stdin.read())), ensure_ascii=False))
    except LubanError as error:
        out.write(json.dumps({"error": "InputError", **error.as_dict()}, ensure_ascii=False))
    except Exception:  # noqa: BLE001 - the server's log has it
        traceback.print_exc()
        code = 4
    out.close()
    os._exit(code)
