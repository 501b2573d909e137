"""Pilots to the screens: which there are, how they stand, and studies of them on behalf of page and REST.

Reads   Fact(event) of the kind `pilot` in each pilot's own books    Writes  the same, through a worker process
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError, LedgerBusyError
from luban.ledger import Ledger
from luban.pilot.books import Standing, pilot_home, standing
from luban.pilot.registry import shipped
from luban.screens.service.books import Books, Record
from luban.screens.service.pilot_books import EnrolDesk
from luban.screens.service.view import PlantView
from luban.screens.service.worker import Worker
from luban.understand.book import entries

__all__ = ["MOST_SEEDS", "OWN", "PilotRun", "PilotRuns", "Pilots", "ShownPilot"]

log = logging.getLogger(__name__)
OWN: Final = "plant"
"""Name of the pilot of the plant itself, whose page this is."""
MOST_SEEDS: Final = 100
_KEPT: Final = 6
_NOTHING: Final = Standing(None, 0, 0, 0)
_START: Final = "from luban.screens.service.pilot_work import main; main()"


@dataclass(frozen=True, slots=True)
class ShownPilot:
    """A pilot and how it stands.

    name      as in the address; `plant` is the pilot of the plant itself
    why       why it cannot be run; "" where it can
    standing  newest proof, and how far a study is that was not ended
    problem   why its books cannot be read; "" where they can
    """

    name: str
    category: str
    title: str
    why: str
    standing: Standing
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON, without the proof itself."""
        proof = self.standing.proof
        targets = {} if proof is None else {
            one.metric: {"change": one.share.mean, "low": one.share.low, "high": one.share.high, "verdict": one.verdict}
            for one in proof.changes if (one.arm, one.base) == ("luban", "as is") and one.verdict
        }  # fmt: skip
        return {
            "name": self.name, "category": self.category, "title": self.title, "why": self.why,
            "problem": self.problem, "made": None if proof is None else proof.made,
            "seeds": 0 if proof is None else len(proof.seeds), "targets": targets,
            "unfinished": {"done": self.standing.done, "wanted": self.standing.wanted},
        }  # fmt: skip


class Pilots(Books):
    """The pilots that a plant's page shows, and the studies of them. Reading is safe from any thread.

    Books of a pilot lie below the plant's folder, or below the folder in which luban runs: where the newer proof is.
    """

    def __init__(self, view: PlantView, record: Record | None = None) -> None:
        super().__init__(view, record)
        self.runs = PilotRuns(self)
        self.enrolling = EnrolDesk(self)
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[object, ...], Standing]] = {}

    def all(self) -> tuple[ShownPilot, ...]:
        """Those that can be run first; the plant's own before those that ship, where it is none of them."""
        some = shipped()
        home = self.view.folder.resolve()
        own = [] if any(one.folder.resolve() == home for one in some) else [self._own()]
        own += [self._shown(one.name, one.category, one.title, one.why) for one in some]
        return tuple(sorted(own, key=lambda one: one.why != ""))

    def get(self, name: str) -> ShownPilot:
        """Raises InputError where there is none of that name."""
        found = self.all()
        for one in found:
            if one.name == name:
                return one
        raise InputError("no pilot of that name", came=name, expected=", ".join(one.name for one in found))

    def home(self, name: str) -> Path:
        """Folder of its books: the one with the newer proof, the plant's where there is none."""
        return max(self._homes(name), key=self._newness)

    def run(self, name: str, seq: int) -> dict[str, Any]:
        """One run as it stands in the pilot's books: figures, levers, digests. Raises InputError."""
        home = self.home(name)
        with closing(Ledger(home / "ledger")) as ledger:
            found = entries(ledger, "pilot", home.name)
        entry = next((one for one in found if one.seq == seq and one.code == "run"), None)
        if entry is None:
            raise InputError("no such run in the pilot's books", came=str(seq), where=name)
        data = entry.data
        return {
            "seq": entry.seq, "time": entry.time, "seed": data["seed"], **data["arm"], "figures": data["figures"],
            "cpu": data["cpu"], "code": data["code"], "settings": data["settings"],
        }  # fmt: skip

    def _own(self) -> ShownPilot:
        lacks = "" if (self.view.folder / "twin.toml").is_file() else "it has no twin.toml: nothing can be run"
        return self._shown(OWN, "", self.view.plant.name, lacks)

    def _shown(self, name: str, category: str, title: str, why: str) -> ShownPilot:
        home = self.home(name)
        try:
            return ShownPilot(name, category, title, why, self._standing(home))
        except Exception:  # whatever is wrong with the books of one pilot, the others are shown
            log.exception("the books of the pilot %s cannot be read", name)
            return ShownPilot(name, category, title, why, _NOTHING, "the books of this pilot cannot be read")

    def _homes(self, name: str) -> tuple[Path, ...]:
        own = self.view.folder.resolve().name if name == OWN else name
        return tuple(dict.fromkeys(pilot_home(base.resolve(), own) for base in (self.view.folder, Path.cwd())))

    def _newness(self, home: Path) -> int:
        try:
            found = self._standing(home)
        except Exception:  # noqa: BLE001 - said where it is shown
            return 0
        return max(found.begun, 0 if found.proof is None else found.proof.made)

    def _standing(self, home: Path) -> Standing:
        """Read again only where the books have changed."""
        sign = _sign(home / "ledger")
        with self._lock:
            known = self._read.get(home)
        if known is None or known[0] != sign:
            known = (sign, standing(home, home.name))
            with self._lock:
                self._read[home] = known
        return known[1]


def _sign(folder: Path) -> tuple[object, ...]:
    """Something that differs once books have grown."""
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            stat = (Path(at) / name).stat()
            found.append((at, name, stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))


@dataclass
class PilotRun:
    """One study, under way or over.

    state   running, stopping, done, stopped or failed
    done    runs that are over, of wanted; what an earlier study ran is not run again
    now     arm and seed of the run that ended last
    begun   monotonic clock [s]
    """

    id: str
    person: str
    pilot: str
    state: str = "running"
    done: int = 0
    wanted: int = 0
    now: str = ""
    begun: float = field(default_factory=time.monotonic)
    error: dict[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Neither over nor given up."""
        return self.state in {"running", "stopping"}

    @property
    def left(self) -> float | None:
        """About how long it still takes [s]; None: nobody knows yet."""
        if not self.done:
            return None
        return (time.monotonic() - self.begun) / self.done * (self.wanted - self.done)

    def heard(self, told: dict[str, Any]) -> bool:
        """Takes in a line of the worker; whether more may come."""
        if "done" in told:
            self.done, self.wanted, self.now = told["done"], told["wanted"], told["now"]
            return True
        if "error" in told:
            self.error, self.state = told["error"], "failed"
        else:
            self.state = "stopped" if told.get("stopped") else "done"
        return False

    def as_dict(self) -> dict[str, Any]:
        """How it stands."""
        return {
            "id": self.id, "person": self.person, "pilot": self.pilot, "state": self.state, "done": self.done,
            "wanted": self.wanted, "now": self.now, "left": self.left, "error": self.error,
        }  # fmt: skip


class PilotRuns:
    """Studies of pilots, one at a time in a process of its own; what ran is kept when one is stopped."""

    def __init__(self, pilots: Pilots) -> None:
        self.pilots = pilots
        self._all: dict[str, PilotRun] = {}
        self._numbers = itertools.count(1)
        self._worker = Worker(_START)
        self._task: asyncio.Task[None] | None = None

    @property
    def newest(self) -> PilotRun | None:
        """The last one begun."""
        return next(reversed(self._all.values()), None)

    def all(self) -> list[PilotRun]:
        """Those that are kept, the newest first."""
        return list(reversed(self._all.values()))

    def get(self, id_: str) -> PilotRun:
        """Raises InputError where it is not there any more."""
        if id_ not in self._all:
            raise InputError("no such study", came=id_, hint=f"the newest {_KEPT} are kept until a restart")
        return self._all[id_]

    def begin(
        self, person: str, pilot: ShownPilot, *, seeds: int = 30, weeks: float | None = None, quick: bool = False,
        method: str = "sequential", without: tuple[str, ...] = (),
    ) -> PilotRun:  # fmt: skip
        """Start one; call from the event loop.

        seeds    runs of each way to run the plant
        weeks    measured in each run; None: the plant's own window
        quick    a quick look on seeds of its own: few runs of some weeks, levers by field of action
        without  levers that are left off
        Raises   LedgerBusyError while another is under way, InputError
        """
        newest = self.newest
        if newest is not None and newest.running:
            raise LedgerBusyError("a study is under way", came=f"begun by {newest.person}", hint="wait, or stop it")
        if pilot.why:
            raise InputError("the pilot cannot be run", came=pilot.name, hint=pilot.why)
        if not 2 <= seeds <= MOST_SEEDS:
            raise InputError("that many seeds", came=str(seeds), expected=f"2 to {MOST_SEEDS}")
        if weeks is not None and not 1 <= weeks <= 520:
            raise InputError("that many weeks", came=f"{weeks:g}", expected="1 to 520")
        run = PilotRun(str(next(self._numbers)), person, pilot.name)
        job = {
            "name": "" if pilot.name == OWN else pilot.name, "folder": str(self.pilots.view.folder),
            "home": str(self.pilots.home(pilot.name)), "seeds": seeds, "weeks": weeks,
            "quick": quick, "method": method, "without": list(without),
            "workers": max(1, len(os.sched_getaffinity(0)) - 1),
        }  # fmt: skip
        self._all[run.id] = run
        for old in list(self._all)[:-_KEPT]:
            del self._all[old]
        self._task = asyncio.get_running_loop().create_task(self._follow(run, job), name="luban pilot")
        return run

    def cancel(self, id_: str) -> None:
        """Stop it after the run that is under way; one that is over stays as it is."""
        run = self.get(id_)
        if run.state == "running":
            run.state = "stopping"
            self._worker.hang_up()

    async def stop(self) -> None:
        """End whatever goes on."""
        newest = self.newest
        if newest is not None:
            self.cancel(newest.id)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, run: PilotRun, job: dict[str, Any]) -> None:
        code = None
        try:
            code = await asyncio.to_thread(self._worker.run, job, run.heard)
        except Exception:
            log.exception("a study of a pilot could not be followed")
        finally:
            if run.state == "stopping":
                run.state = "stopped"
            elif run.state == "running":
                run.state = "failed"
                hint = "the server's log may say why; mostly it is a lack of memory"
                run.error = {"message": "the study ended without a proof", "came": f"exit code {code}", "hint": hint}
