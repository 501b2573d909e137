"""Many runs of a model, on as many processes as wanted: the result is the same for any number of them.

Every run draws by (seed, number of the run): two models compared with one seed meet the same chances, run by run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError, LubanError
from luban.twin.crew import Crew, cores
from luban.twin.intervals import spread
from luban.twin.model import Model
from luban.twin.results import PLANT, Comparison, Meter, Output, Results
from luban.twin.run import Run
from luban.twin.warmup import mser

__all__ = ["PILOTS", "Precision", "batches", "compare", "replicate", "warmup_of"]

Progress = Callable[[int, int], None]

PILOTS = 10
"""Runs that look for the warm-up point. Their own results are not used: they follow the chance that set the point."""
_POINTS = 1000
_FIRST_PILOT = 1 << 30
_SLICES = 64
_LOOK_AHEAD = 5
_WORTH = 3.0
"""Seconds of work below which more processes cost more than they bring."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Run until the intervals are narrow enough.

    share    half width as a share of the mean [1]
    outputs  (name, subject) of the figures that must reach it
    least    runs at least; also then the width must hold for 5 runs more, it may be narrow by chance
    most     runs at most

    Source   Hoad, Robinson, Davies 2010, doi 10.1057/jors.2009.121
    """

    share: float = 0.05
    outputs: tuple[tuple[str, str], ...] = (("throughput", PLANT), ("cycle_time_mean", PLANT))
    least: int = 3
    most: int = 200

    def __post_init__(self) -> None:
        if not self.share > 0 or not 2 <= self.least <= self.most:
            came = f"share {self.share}, least {self.least}, most {self.most}"
            raise InputError("no such precision", came=came, expected="share above 0, 2 ≤ least ≤ most")

    def reached(self, samples: NDArray[np.float64], outputs: Sequence[Output], level: float) -> bool:
        """Whether it holds after these runs and held after each of the last ones.

        Raises  InputError if the results have no such figure
        """
        names = [(output.name, output.subject) for output in outputs]
        for wanted in self.outputs:
            if wanted not in names:
                raise InputError("the results do not have this figure", came=" of ".join(wanted))
        if len(samples) < self.least + _LOOK_AHEAD:
            return False
        columns = [names.index(wanted) for wanted in self.outputs]
        return all(self._narrow(samples[: len(samples) - back, columns], level) for back in range(_LOOK_AHEAD + 1))

    def _narrow(self, samples: NDArray[np.float64], level: float) -> bool:
        mean, half, _ = spread(samples, level)
        return bool((half <= self.share * np.abs(mean)).all())


def replicate(
    model: Model,
    until: int,
    *,
    warmup: int | Literal["auto"] = 0,
    replications: int | Precision = 10,
    seed: int = 1,
    level: float = 0.95,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Results:
    """Independent runs of one model.

    until         end of each run [µs after the model's start]
    warmup        what is left out before [µs]; `auto`: where pilot runs settle
    replications  number of runs, or when to stop
    workers       processes; None: as many as there are cores, where that is worth while
    progress      told (runs done, runs wanted at most)
    Stopped with Ctrl-C, it returns the runs that are there, `complete` False.

    Raises  InputError if pilot runs do not settle, LubanError of a run that failed, with its number
    """
    wanted = replications.most if isinstance(replications, Precision) else replications
    _check((model,), until, warmup, wanted)
    job = _Job((model,), until, seed)
    start = warmup
    if warmup == "auto":
        start = _settled(job, workers, progress, wanted)
        progress = _after_pilots(progress)
    return _gather(job, start, wanted, replications, level, workers, progress)[0]  # type: ignore[arg-type]


def compare(
    model_a: Model,
    model_b: Model,
    until: int,
    *,
    warmup: int = 0,
    replications: int = 10,
    seed: int = 1,
    level: float = 0.95,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Two models under common random numbers: differences run by run, with intervals. Parameters as `replicate`."""
    _check((model_a, model_b), until, warmup, replications)
    return Comparison(
        *_gather(_Job((model_a, model_b), until, seed), warmup, replications, replications, level, workers, progress)
    )


def batches(
    model: Model,
    until: int,
    *,
    warmup: int = 0,
    count: int = 20,
    seed: int = 1,
    replication: int = 0,
    level: float = 0.95,
) -> Results:
    """One long run, cut into batches of equal time; a figure whose batches depend on each other says so.

    until, warmup  [µs after the model's start]
    count          batches [1]
    """
    _check((model,), until, warmup, count)
    run, meter = Run(model, seed=seed, replication=replication), Meter(model)
    run.to(warmup).lots()
    before, rows = run.totals(), []
    for place in range(1, count + 1):
        after = run.to(warmup + (until - warmup) * place // count).totals()
        rows.append(meter.read(before, after, run.lots()))
        before = after
    return Results(model.id, seed, until, warmup, meter.outputs, np.array(rows), level, "batches")


def warmup_of(model: Model, until: int, *, seed: int = 1, workers: int | None = None) -> int:
    """Warm-up time [µs] by MSER-5 on the mean WIP of pilot runs.

    Raises  InputError if they do not settle in the first half
    """
    _check((model,), until, 0, 2)
    return _settled(_Job((model,), until, seed), workers)


def _check(models: Sequence[Model], until: int, warmup: int | str, runs: int) -> None:
    for model in models:
        if until > model.horizon:
            came = f"{until / 1e6:g} s"
            expected = f"at most {model.horizon / 1e6:g} s"
            hint = "load the model for more days: its calendars and orders end there"
            where = f"model {model.id}"
            raise InputError("a run beyond the model's horizon", came=came, expected=expected, where=where, hint=hint)
    if isinstance(warmup, str):
        if warmup != "auto":
            raise InputError("no such warm-up", came=repr(warmup), expected="a time in µs, or auto")
        warmup = 0
    if not 0 <= warmup < until:
        came = f"warm-up {warmup / 1e6:g} s, end {until / 1e6:g} s"
        raise InputError("a run must go on after its warm-up", came=came, expected="0 ≤ warm-up < end")
    if runs < 2:
        raise InputError("one run says nothing about chance", came=str(runs), expected="2 runs or more")


@dataclass(frozen=True, slots=True)
class _Job:
    models: tuple[Model, ...]
    until: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Task:
    """One run of one of the models; `warmup` None: a pilot, that gives its WIP over time."""

    model: int
    run: int
    warmup: int | None


def _settled(job: _Job, workers: int | None, progress: Progress | None = None, more: int = 0) -> int:
    tasks = (_Task(0, _FIRST_PILOT + number, None) for number in range(PILOTS))
    series: dict[int, NDArray[np.float64]] = {}
    for task, wip in _work(job, tasks, workers, PILOTS):
        series[task.run] = wip
        if progress is not None:
            progress(len(series), PILOTS + more)
    found = mser(np.mean([series[run] for run in sorted(series)], axis=0))
    if not found.found:
        hint = "run longer, or give the warm-up; a plan with a beginning and an end has none: 0"
        raise InputError("no warm-up point", came=found.reason, where=f"model {job.models[0].id}", hint=hint)
    return found.points * (job.until // _POINTS)


def _after_pilots(progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda done, wanted: progress(PILOTS + done, PILOTS + wanted)


def _gather(
    job: _Job,
    start: int,
    wanted: int,
    rule: int | Precision,
    level: float,
    workers: int | None,
    progress: Progress | None,
) -> list[Results]:
    """Results of each model from the runs 0, 1, … without a gap, whichever came first."""
    models = range(len(job.models))
    meters = [Meter(model) for model in job.models]
    found: dict[tuple[int, int], NDArray[np.float64]] = {}
    runs, note, complete = 0, "", True
    tasks = (_Task(model, run, start) for run in range(wanted) for model in models)
    try:
        for task, row in _work(job, tasks, workers, wanted * len(models)):
            found[task.model, task.run] = row
            reached = False
            while not reached and all((model, runs) in found for model in models):
                runs += 1
                reached = isinstance(rule, Precision) and rule.reached(_rows(found, 0, runs), meters[0].outputs, level)
            if progress is not None:
                progress(len(found) // len(models), wanted)
            if reached:
                break
        else:
            if isinstance(rule, Precision):
                note = f"intervals are wider than ± {100 * rule.share:g} % after {wanted} runs"
    except KeyboardInterrupt:
        if runs < 2:
            raise
        complete, note = False, f"stopped after {runs} of {wanted} runs"
    return [
        Results(own.id, job.seed, job.until, start, meter.outputs, _rows(found, model, runs), level,
                complete=complete, note=note)
        for model, (own, meter) in enumerate(zip(job.models, meters, strict=True))
    ]  # fmt: skip


def _rows(found: dict[tuple[int, int], NDArray[np.float64]], model: int, runs: int) -> NDArray[np.float64]:
    return np.array([found[model, run] for run in range(runs)])


def _do(job: _Job, task: _Task) -> NDArray[np.float64]:
    """Figures of one run, or the WIP of a pilot at equal distances."""
    model = job.models[task.model]
    try:
        if task.warmup is None:
            return _pilot(Run(model, seed=job.seed, replication=task.run, trace="none"), job.until)
        run = Run(model, seed=job.seed, replication=task.run)
        _advance(run, task.warmup)
        run.lots()
        before = run.totals()
        _advance(run, job.until)
        return Meter(model).read(before, run.totals(), run.lots())
    except LubanError as error:
        error.where = error.where or f"model {model.id}, seed {job.seed}, replication {task.run}"
        raise


def _advance(run: Run, until: int) -> None:
    """In slices: compiled code does not hear Ctrl-C."""
    begin = run.now
    for slice_ in range(1, _SLICES + 1):
        run.to(begin + (until - begin) * slice_ // _SLICES)


def _pilot(run: Run, until: int) -> NDArray[np.float64]:
    clock = run.world["clock"]
    width, inside = until // _POINTS, [0]
    for point in range(1, _POINTS + 1):
        run.to(point * width)
        inside.append(int(clock["wip_time"][0] + clock["wip"][0] * (run.now - clock["wip_since"][0])))
    return np.diff(inside) / width


def _work(job: _Job, tasks: Iterator[_Task], workers: int | None, count: int) -> Iterator[tuple[_Task, Any]]:
    """Results of about `count` tasks as they come, from this process or from several."""
    if workers is not None and workers < 1:
        raise InputError("a run needs a process", came=f"{workers} workers", expected="1 or more")
    size = cores() if workers is None else workers
    if workers is None and size > 1:
        Run(job.models[0], trace="none")  # loads or compiles the kernel: not what a run takes
        for task in tasks:
            begun = time.process_time()
            yield task, _do(job, task)
            count -= 1
            if (time.process_time() - begun) * count > _WORTH:
                break
    size = min(size, count)
    if size <= 1:
        yield from ((task, _do(job, task)) for task in tasks)
        return
    with Crew(_do, job, size) as crew:
        yield from crew.work(tasks)
