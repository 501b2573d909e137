"""A study of a pilot in a process of its own: told what to do on stdin, it tells its progress on stdout, a line each.

Each run is in the pilot's books when it is told. When stdin closes, it ends after the run that is under way; a server
that dies leaves nobody behind that goes on computing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from luban.core.errors import LubanError
from luban.pilot.registry import open_pilot, open_plant
from luban.pilot.study import QUICK, REPORT, Progress, StoppedError, prove

__all__ = ["main", "work"]

_PATIENCE: Final = 15.0  # for the run that is under way [s]


def work(job: dict[str, Any], tell: Callable[[dict[str, Any]], None], stop: Callable[[], bool]) -> dict[str, Any]:
    """The whole job; the proof is in the pilot's books.

    tell    called with done, wanted and now after each run
    Raises  LubanError
    """
    opened = open_pilot(job["name"]) if job["name"] else open_plant(Path(job["folder"]))
    quick = bool(job["quick"])
    seeds = QUICK if quick else range(REPORT.start, REPORT.start + int(job["seeds"]))
    days = None if job["weeks"] is None else 7.0 * float(job["weeks"])

    def heard(one: Progress) -> None:
        tell({"done": one.done, "wanted": one.wanted, "now": f"{one.arm.practice}, {one.seed}"})

    try:
        prove(
            opened, home=Path(job["home"]), seeds=seeds, days=days, without=job["without"], method=job["method"],
            quick=quick, workers=job["workers"], told=heard, stop=stop,
        )  # fmt: skip
    except StoppedError:
        return {"stopped": True}
    return {"stopped": False}


def main() -> None:
    """What the process does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not fall among the answers
    closed = threading.Event()

    def say(thing: dict[str, Any]) -> None:
        out.write(json.dumps(thing, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
        out.flush()

    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, args=(closed,), daemon=True).start()
    try:
        say(work(job, say, closed.is_set))
    except LubanError as error:
        say({"error": error.as_dict()})
    except Exception as error:  # noqa: BLE001 - the page must say something; the server's log has the rest
        traceback.print_exc()
        say({"error": {"error": "Unexpected", "message": f"{type(error).__name__}: {error}"}})
    os._exit(0)


def _watch(closed: threading.Event) -> None:
    """Stops the study when nobody holds the other end of stdin any more, and ends all where that takes too long."""
    sys.stdin.read()
    closed.set()
    time.sleep(_PATIENCE)
    os._exit(1)
