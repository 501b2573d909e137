"""A study in a process of its own: told what to do on stdin, it tells progress and results on stdout, a line each.

It ends when stdin closes: a server that cancels, or dies, leaves nobody behind that goes on computing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from luban.core.errors import LubanError
from luban.screens.plain import plain
from luban.screens.service.twin import Plan, Study, Twin, difference, run_study, shown
from luban.screens.service.twin_record import record
from luban.screens.service.twin_words import active, shares
from luban.twin.intervals import Interval
from luban.twin.results import PLANT
from luban.twin.scenario import Scenario

__all__ = ["main", "scenario_of", "work"]


def scenario_of(told: dict[str, Any]) -> Scenario:
    """A scenario as a page or a program says it: name, and changes as [key, value]. Raises InputError."""
    return Scenario.of(str(told["name"]), {str(key): str(value) for key, value in told["changes"]})


def work(job: dict[str, Any], tell: Any) -> dict[str, Any]:
    """The whole job: runs, figures, one run of each scenario written down to be played.

    tell    called with (phase, done, wanted)
    Raises  LubanError
    """
    twin = Twin(Path(job["folder"]), days=job.get("days"))
    scenarios = [scenario_of(own) for own in job["scenarios"]]
    for own in scenarios:
        found = twin.flaws(own)
        if found and not found[0].warning:
            raise found[0].error()
    warmup = job.get("warmup", "auto")
    plan = Plan(None, warmup, int(job["replications"]), int(job.get("seed", 1)), 0.95, job.get("workers"))
    tell("kernel", 0, 0)
    from luban.twin.run import Run

    Run(twin.model, trace="none")
    study = run_study(twin, scenarios, plan, lambda done, wanted: tell("runs", done, wanted))
    first = study.results[0]
    recordings = []
    for place, model in enumerate(study.models):
        tell("record", place, len(study.models))
        recordings.append(record(model, first.until, first.warmup, seed=plan.seed, plant=twin.plant))
    return {"result": plain(_result(twin, study, scenarios)), "recordings": recordings}


def _result(twin: Twin, study: Study, scenarios: list[Scenario]) -> dict[str, Any]:
    first = study.results[0]
    figures = shown(study)
    own = zip(study.names, study.models, study.results, strict=True)
    return {
        "until": first.until / 1e6,
        "warmup": first.warmup / 1e6,
        "runs": len(first.samples),
        "seed": first.seed,
        "level": first.level,
        "figures": [figure.id for figure in figures],
        "scenarios": [
            {
                "name": name,
                "changes": [str(change) for change in scenario.changes],
                "figures": {figure.id: _interval(results.interval(figure.id)) for figure in figures},
                "states": [[machine, row, active(row)] for machine, row in shares(model, results)],
                "queues": [[one.id, _interval(results.interval("queue", one.id))] for one in model.stations],
                "routes": [[one.id, _interval(results.interval("on_time_share", one.id))] for one in model.routes],
                "note": results.note,
                "flaws": [flaw.as_dict() for flaw in twin.flaws(scenario)],
                "loads": twin.loads(scenario),
            }
            for (name, model, results), scenario in zip(own, scenarios, strict=False)
        ],
        "differences": [
            {figure.id: _difference(study, place, figure) for figure in figures} for place in range(1, len(study.names))
        ],
        "plant": PLANT,
        "assumed": twin.loaded.assumptions,
    }


def _interval(found: Interval) -> list[float | int]:
    return [found.mean, found.low, found.high, found.n]


def _difference(study: Study, place: int, figure: Any) -> list[Any]:
    verdict, found = difference(study.comparison(place), figure)
    return [verdict, *_interval(found)]


def main() -> None:
    """What the process does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not fall among the answers
    told: list[tuple[str, int, int]] = []

    def say(thing: dict[str, Any]) -> None:
        out.write(json.dumps(thing, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
        out.flush()

    def tell(phase: str, done: int, wanted: int) -> None:
        if not told or told[-1] != (phase, done, wanted):
            told.append((phase, done, wanted))
            say({"phase": phase, "done": done, "wanted": wanted})

    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, daemon=True).start()
    try:
        say(work(job, tell))
    except LubanError as error:
        say({"error": error.as_dict()})
    except Exception as error:  # noqa: BLE001 - the page must say something; the server's log has the rest
        traceback.print_exc()
        say({"error": {"error": "Unexpected", "message": f"{type(error).__name__}: {error}"}})
    os._exit(0)


def _watch() -> None:
    """Ends everything when nobody holds the other end of stdin any more."""
    sys.stdin.read()
    os._exit(1)
