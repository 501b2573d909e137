"""A study: arms × seeds, each run kept as it ends, and the proof that comes of them.

All arms meet the same seeds. Runs go seed by seed, so that a study that is stopped leaves whole pairs; what was run by
the same code on the same settings is not run again.

Reads   a pilot, the runs that its books hold    Writes  runs and the proof into the pilot's books
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from luban.core.errors import InputError, LubanError
from luban.pilot.arms import lineup
from luban.pilot.books import Books, Kept, Key
from luban.pilot.code import code_digest
from luban.pilot.plan import Arm, Figures, Pilot
from luban.pilot.proof import Proof
from luban.pilot.registry import Opened
from luban.pilot.telling import tell
from luban.twin.crew import Crew, cores

__all__ = ["QUICK", "QUICK_DAYS", "REPORT", "TUNING", "Progress", "StoppedError", "one_run", "prove", "run_arms"]

TUNING: Final = range(100)
"""Seeds on which parameters may be tuned."""
REPORT: Final = range(1000, 1030)
"""Seeds that are reported: nothing is tuned on them."""
QUICK: Final = range(2000, 2005)
"""Seeds of a quick look, apart from both."""
QUICK_DAYS: Final = 42.0
"""Measured in each run of a quick look [d]."""

Task = tuple[Arm, int, float | None]


class StoppedError(LubanError):
    """A study was stopped; what ran is kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is: runs done of those wanted, and the run that just ended."""

    done: int
    wanted: int
    arm: Arm
    seed: int


def prove(
    opened: Opened,
    *,
    home: Path,
    seeds: Sequence[int] = REPORT,
    days: float | None = None,
    levers: Collection[str] | None = None,
    without: Collection[str] = (),
    method: str = "sequential",
    quick: bool = False,
    extras: bool = True,
    level: float = 0.95,
    workers: int | None = None,
    told: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Proof:
    """Run what is not run yet, judge, keep.

    home     of the pilot's books (`books.pilot_home`)
    seeds    [1], two or more; from five on a target can be met
    days     measured in each run [d]; None: the plant's own window, QUICK_DAYS if quick
    levers, without, method, quick, extras  as in `arms.lineup`
    workers  processes; None: as many as there are cores
    told     after each run
    stop     asked after each run; true ends the study
    Raises   InputError; StoppedError: what ran is kept
    """
    seeds = tuple(dict.fromkeys(seeds))
    if len(seeds) < 2:
        raise InputError("runs pair up from two seeds on", came=f"{len(seeds)}", expected="5 or more", where="--seeds")
    if days is not None and not days > 0:
        raise InputError("a window lasts longer than nothing", came=f"{days:g} days", where="--weeks")
    days = QUICK_DAYS if quick and days is None else days
    pilot = opened.pilot
    plan = lineup(pilot, levers=levers, without=without, method=method, quick=quick, extras=extras)
    code = code_digest(type(pilot).__module__)
    with Books(home, pilot.name) as books:
        keys = [Key(arm, seed, days, code, opened.settings) for seed in seeds for arm in plan.arms()]
        had = books.runs()
        missing = [key for key in keys if key not in had]
        if missing:
            books.begin(len(missing), {"seeds": list(seeds), "days": days, "method": method, "quick": quick})
        _fill(books, pilot, missing, had, workers=workers, told=told, stop=stop)
        found = {arm: [had[Key(arm, seed, days, code, opened.settings)] for seed in seeds] for arm in plan.arms()}
        proof = tell(opened, plan, found, seeds=seeds, level=level, code=code, before=books.proofs())
        books.prove(proof)
    return proof


def run_arms(
    pilot: Pilot, tasks: Iterable[Task], *, workers: int | None = None
) -> Generator[tuple[Task, Figures, float]]:
    """(task, figures, seconds of work) as they come.

    tasks    (arm, seed, days)
    workers  processes; 1: none but this one
    """
    wanted = list(tasks)
    size = min(cores() if workers is None else workers, len(wanted))
    if size <= 1:
        for task in wanted:
            yield task, *one_run(pilot, task)
        return
    with Crew(one_run, pilot, size) as crew:
        for task, (figures, cpu) in crew.work(iter(wanted)):
            yield task, figures, cpu


def one_run(pilot: Pilot, task: Task) -> tuple[Figures, float]:
    """One run, and the seconds of work it took."""
    arm, seed, days = task
    begun = time.process_time()
    return pilot.run(arm, seed, days=days), time.process_time() - begun


def _fill(
    books: Books, pilot: Pilot, missing: Sequence[Key], had: dict[Key, Kept], *, workers: int | None,
    told: Callable[[Progress], None] | None, stop: Callable[[], bool] | None,
) -> None:  # fmt: skip
    by_task: dict[Task, Key] = {(key.arm, key.seed, key.days): key for key in missing}
    with closing(run_arms(pilot, by_task, workers=workers)) as found:
        for done, (task, figures, cpu) in enumerate(found, 1):
            key = by_task[task]
            had[key] = books.keep(key, figures, cpu)
            if told is not None:
                told(Progress(done, len(missing), key.arm, key.seed))
            if stop is not None and done < len(missing) and stop():
                came = f"{done} of {len(missing)} runs"
                raise StoppedError("the study was stopped", came=came, hint="what ran is kept: run it again to go on")
