"""Studies on behalf of the page and REST: one at a time, in a worker process, with progress and cancel."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luban.core.errors import InputError, LedgerBusyError
from luban.screens.service.worker import Worker

__all__ = ["MOST_SCENARIOS", "TwinRun", "TwinRuns"]

log = logging.getLogger(__name__)
MOST_SCENARIOS = 4
MOST_RUNS = 200
_KEPT = 6
_START = "from luban.screens.service.twin_work import main; main()"


@dataclass
class TwinRun:
    """One study, under way or done.

    state   running, done, failed or cancelled
    phase   load, kernel, runs, record; done of wanted in it
    begun   monotonic clock [s]
    """

    id: str
    person: str
    scenarios: tuple[str, ...]
    state: str = "running"
    phase: str = "load"
    done: int = 0
    wanted: int = 0
    begun: float = field(default_factory=time.monotonic)
    took: float = 0.0
    error: dict[str, str] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    recordings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def left(self) -> float | None:
        """About how long it still takes [s]; None: nobody knows yet."""
        if self.phase != "runs" or self.done == 0:
            return None
        return (time.monotonic() - self._since) / self.done * (self.wanted - self.done)

    _since: float = 0.0

    def heard(self, told: dict[str, Any]) -> bool:
        """Takes in a line of the worker; whether more may come."""
        if self.state != "running":
            return False
        if "phase" in told:
            if told["phase"] == "runs" and self.phase != "runs":
                self._since = time.monotonic()
            self.phase, self.done, self.wanted = told["phase"], told["done"], told["wanted"]
            return True
        self.took = time.monotonic() - self.begun
        if "error" in told:
            self.error, self.state = told["error"], "failed"
        else:
            self.result, self.recordings, self.state = told["result"], told["recordings"], "done"
        return False

    def summary(self) -> dict[str, Any]:
        """How it stands, without what it found."""
        return {
            "id": self.id, "person": self.person, "scenarios": list(self.scenarios), "state": self.state,
            "phase": self.phase, "done": self.done, "wanted": self.wanted, "left": self.left, "error": self.error,
        }  # fmt: skip


class TwinRuns:
    """The studies of one plant folder; the newest few are kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[str, TwinRun] = {}
        self._numbers = itertools.count(1)
        self._worker = Worker(_START)
        self._task: asyncio.Task[None] | None = None

    @property
    def newest(self) -> TwinRun | None:
        """The last one begun."""
        return next(reversed(self._runs.values()), None)

    def all(self) -> list[TwinRun]:
        """Those that are kept, the newest first."""
        return list(reversed(self._runs.values()))

    def get(self, id_: str) -> TwinRun:
        """Raises InputError where it is not there any more."""
        if id_ not in self._runs:
            raise InputError("no such run of the twin", came=id_, hint=f"the newest {_KEPT} are kept until a restart")
        return self._runs[id_]

    def begin(
        self,
        person: str,
        scenarios: Sequence[dict[str, Any]],
        *,
        days: float | None = None,
        warmup: float | str = "auto",
        replications: int = 10,
        seed: int = 1,
    ) -> TwinRun:
        """Start one; call from the event loop.

        scenarios  name and changes [(key, value), …] of each; the first is what the others are compared with
        Raises     LedgerBusyError while another is under way, InputError
        """
        now = self.newest
        if now is not None and now.state == "running":
            raise LedgerBusyError(
                "a run of the twin is under way", came=f"begun by {now.person}", hint="wait, or cancel it"
            )
        if not 1 <= len(scenarios) <= MOST_SCENARIOS:
            raise InputError("that many scenarios", came=str(len(scenarios)), expected=f"1 to {MOST_SCENARIOS}")
        if not 2 <= replications <= MOST_RUNS:
            raise InputError("that many runs of each", came=str(replications), expected=f"2 to {MOST_RUNS}")
        job = {
            "folder": str(self._folder), "days": days, "warmup": warmup, "replications": replications, "seed": seed,
            "scenarios": list(scenarios), "workers": max(1, len(os.sched_getaffinity(0)) - 1),
        }  # fmt: skip
        run = TwinRun(str(next(self._numbers)), person, tuple(str(own["name"]) for own in scenarios))
        self._runs[run.id] = run
        for old in list(self._runs)[:-_KEPT]:
            del self._runs[old]
        self._task = asyncio.get_running_loop().create_task(self._follow(run, job), name="luban twin")
        return run

    def cancel(self, id_: str) -> None:
        """End it; one that is over stays as it is."""
        run = self.get(id_)
        if run.state == "running":
            run.state = "cancelled"
            self._worker.hang_up()

    async def stop(self) -> None:
        """End whatever goes on."""
        now = self.newest
        if now is not None:
            self.cancel(now.id)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, run: TwinRun, job: dict[str, Any]) -> None:
        code = None
        try:
            code = await asyncio.to_thread(self._worker.run, job, run.heard)
        except Exception:
            log.exception("a run of the twin could not be followed")
        finally:
            if run.state == "running":
                run.state = "failed"
                hint = "the server's log may say why; mostly it is a lack of memory"
                run.error = {"message": "the run ended without a result", "came": f"exit code {code}", "hint": hint}
