"""Searches for a plan on behalf of page and REST: one at a time, in a worker process, with progress and stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError, LedgerBusyError
from luban.decide.schedule.objective import Objective
from luban.decide.schedule.schedule import Schedule
from luban.loop.plans import Plans, read_problem
from luban.screens.service.worker import Worker

__all__ = ["MOST_SECONDS", "Search", "Searches"]

log = logging.getLogger(__name__)
MOST_SECONDS = 3600.0
_KEPT = 10
_START = "from luban.screens.service.schedule_work import main; main()"


@dataclass
class Search:
    """One search, under way or over.

    state   running, stopping, done, failed or cancelled
    phase   load, kernel, solve
    share   of its time that is used [1]
    plan    id of the plan that it made; '' before
    """

    id: str
    person: str
    objective: str
    seconds: float
    state: str = "running"
    phase: str = "load"
    share: float = 0.0
    value: tuple[float, ...] = ()
    bound: float | None = None
    gap: float | None = None
    engine: str = ""
    plan: str = ""
    error: dict[str, str] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    @property
    def running(self) -> bool:
        """Neither over nor given up."""
        return self.state in {"running", "stopping"}

    def heard(self, told: dict[str, Any]) -> None:
        """Take in a line of progress."""
        self.phase = told["phase"]
        if self.phase != "solve":
            return
        value = tuple(told["value"])
        if value != self.value or told["bound"] != self.bound:
            self.log = [*self.log, {key: told[key] for key in ("seconds", "value", "bound", "gap", "engine")}][-200:]
        self.value, self.bound, self.gap = value, told["bound"], told["gap"]
        self.engine, self.share = told["engine"], told["share"]

    def as_dict(self) -> dict[str, Any]:
        """How it stands."""
        return {
            "id": self.id, "person": self.person, "objective": self.objective, "seconds": self.seconds,
            "state": self.state, "phase": self.phase, "share": self.share, "value": list(self.value),
            "bound": self.bound, "gap": self.gap, "engine": self.engine, "plan": self.plan, "error": self.error,
            "log": self.log,
        }  # fmt: skip


class Searches:
    """The searches of one plant; the newest few are kept in memory, their plans for good."""

    def __init__(self, plans: Plans, folder: str) -> None:
        self._plans, self._folder = plans, folder
        self._all: dict[str, Search] = {}
        self._numbers = itertools.count(1)
        self._worker = Worker(_START)
        self._task: asyncio.Task[None] | None = None

    @property
    def newest(self) -> Search | None:
        """The last one begun."""
        return next(reversed(self._all.values()), None)

    def all(self) -> list[Search]:
        """Those that are kept, the newest first."""
        return list(reversed(self._all.values()))

    def get(self, id_: str) -> Search:
        """Raises InputError where it is not there any more."""
        if id_ not in self._all:
            raise InputError("no such search", came=id_, hint=f"the newest {_KEPT} are kept until a restart")
        return self._all[id_]

    def begin(
        self, person: str, objective: str, *, seconds: float = 10.0, seed: int = 0, workers: int | None = None,
        locks_of: str = "", stops: bool = True,
    ) -> Search:  # fmt: skip
        """Start one; call from the event loop.

        locks_of  plan whose locked operations stay where they are
        stops     work orders of maintenance are stops
        Raises    LedgerBusyError while another is under way, InputError
        """
        now = self.newest
        if now is not None and now.running:
            raise LedgerBusyError("a search is under way", came=f"begun by {now.person}", hint="wait, or stop it")
        if not 0.1 <= seconds <= MOST_SECONDS:
            raise InputError("that many seconds", came=f"{seconds:g}", expected=f"0.1 to {MOST_SECONDS:g}")
        parsed = str(Objective.parse(objective))
        if locks_of:
            self._plans.get(locks_of)
        search = Search(str(next(self._numbers)), person, parsed, seconds)
        cores = len(os.sched_getaffinity(0))
        job = {
            "folder": self._folder, "objective": parsed, "seconds": seconds, "seed": seed, "locks_of": locks_of,
            "stops": stops, "workers": workers or max(1, min(2, cores)),
        }  # fmt: skip
        self._all[search.id] = search
        for old in list(self._all)[:-_KEPT]:
            del self._all[old]
        self._task = asyncio.get_running_loop().create_task(self._follow(search, job), name="luban schedule")
        return search

    def stop(self, id_: str) -> None:
        """End it with the best so far; one that is over stays as it is."""
        search = self.get(id_)
        if search.state == "running":
            search.state = "stopping"
            self._worker.say(b"stop\n")

    def cancel(self, id_: str) -> None:
        """End it without a plan."""
        search = self.get(id_)
        if search.running:
            search.state = "cancelled"
            self._worker.hang_up()

    async def end(self) -> None:
        """End whatever goes on."""
        if self.newest is not None:
            self.cancel(self.newest.id)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, search: Search, job: dict[str, Any]) -> None:
        code = None
        try:
            code = await asyncio.to_thread(
                self._worker.run, job,
                lambda told: self._hear(search, told),
                lambda: b"stop\n" if search.state == "stopping" else b"",
            )  # fmt: skip
        except Exception:
            log.exception("a search for a plan could not be followed")
        finally:
            if search.running:
                search.state = "failed"
                hint = "the server's log may say why; mostly it is a lack of memory"
                search.error = {"message": "the search ended without a plan", "came": f"exit code {code}", "hint": hint}

    def _hear(self, search: Search, told: dict[str, Any]) -> bool:
        if not search.running:
            return False
        if "error" in told:
            search.error, search.state = told["error"], "failed"
        elif "result" in told:
            found = told["result"]
            problem = read_problem(self._plans.problems, found["problem"])
            schedule = Schedule(problem, **{name: np.array(own) for name, own in found["columns"].items()})
            plan = self._plans.make(schedule, found["told"], who=search.person, locked=found["locked"])
            search.plan, search.state, search.share = plan.id, "done", 1.0
            search.value, search.bound = tuple(found["told"]["value"]), found["told"]["bound"]
            search.gap = found["told"]["gap"]
        else:
            search.heard(told)
        return search.running
