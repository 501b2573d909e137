"""Replications: equal on any number of processes, stopped when narrow enough, warmed up, failed, interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from luban.core.errors import InputError, LubanError
from luban.twin.crew import Crew
from luban.twin.intervals import spread
from luban.twin.model import Machine, Model, Route, Station, Step
from luban.twin.replicate import Precision, compare, replicate, warmup_of
from luban.twin.results import PLANT, Results
from luban.twin.run import DeadlockError
from tests.twin import models
from tests.twin.models import SECOND


def _equal(a: Results, b: Results) -> bool:
    return a.outputs == b.outputs and np.array_equal(a.samples, b.samples, equal_nan=True)


def test_any_number_of_processes_gives_the_same() -> None:
    model, seen = models.anything(7), []
    one = replicate(model, models.DAY, replications=7, seed=5, workers=1)
    many = replicate(model, models.DAY, replications=7, seed=5, workers=2, progress=lambda *done: seen.append(done))
    assert _equal(one, many)
    assert seen == [(i, 7) for i in range(1, 8)]
    assert len(np.unique(one.values("cycle_time_mean"))) == 7
    assert not _equal(one, replicate(model, models.DAY, replications=7, seed=6, workers=1))


def test_more_runs_keep_the_first_ones() -> None:
    few, more = (replicate(models.mm1(0.5), 500 * SECOND, replications=n) for n in (4, 9))
    assert np.array_equal(few.samples, more.samples[:4], equal_nan=True)


def test_compared_models_meet_the_same_chances_on_any_number_of_processes() -> None:
    a, b = models.anything(4), replace(models.anything(4), transport=models.constant(60))
    one = compare(a, b, models.DAY, replications=4, workers=1)
    two = compare(a, b, models.DAY, replications=4, workers=2)
    assert _equal(one.a, two.a)
    assert _equal(one.b, two.b)
    same = compare(a, a, models.DAY, replications=3, workers=1).table()
    assert set(same["mean"].drop_null().to_pylist()) == {0.0}


def test_it_stops_when_the_intervals_are_narrow_enough() -> None:
    rule = Precision(0.05, (("wip", PLANT),), least=4)
    found = replicate(models.mm1(0.5), 2000 * SECOND, warmup=100 * SECOND, replications=rule, workers=1)
    runs = len(found.samples)
    shares = [half / mean for mean, half, _ in (spread(found.values("wip")[:n, None]) for n in range(2, runs + 1))]
    assert found.complete
    assert not found.note
    narrow = np.array(shares).ravel() <= 0.05
    assert narrow[-6:].all()
    windows = [narrow[n - 5 : n + 1].all() for n in range(4 + 5 - 2, len(narrow))]
    assert windows.index(True) == len(windows) - 1
    assert _equal(found, replicate(models.mm1(0.5), 2000 * SECOND, warmup=100 * SECOND, replications=rule, workers=2))


def test_it_says_when_the_intervals_stay_too_wide() -> None:
    rule = Precision(0.001, (("wip", PLANT),), most=12)
    found = replicate(models.mm1(0.9), 100 * SECOND, replications=rule)
    assert len(found.samples) == 12
    assert found.note == "intervals are wider than ± 0.1 % after 12 runs"


def test_warm_up_by_pilots() -> None:
    """A line of 20 machines that starts empty: a lot needs 40 s to cross it, until then WIP can only rise to its 20."""
    line, until = models.tandem(0.5, [1.0] * 20), 4000 * SECOND
    point = warmup_of(line, until)
    assert 40 * SECOND <= point <= 1500 * SECOND
    seen: list[tuple[int, int]] = []
    found = replicate(line, until, warmup="auto", replications=5, progress=lambda *done: seen.append(done))
    assert found.warmup == point
    assert seen == [(i, 15) for i in range(1, 16)]
    empty = replicate(line, until, replications=5)
    assert empty.interval("wip").mean < 19.8
    assert abs(found.interval("wip").mean - 20) < abs(empty.interval("wip").mean - 20)


def test_a_plant_that_does_not_settle_has_no_warm_up_point() -> None:
    with pytest.raises(InputError, match=r"model plant: no warm-up point · came: too short.*second half"):
        replicate(models.queue(2, models.constant(1)), 1000 * SECOND, warmup="auto")


def trap() -> Model:
    """Two machines that hand lots to each other through single places."""
    steps = tuple(Step(f"{i}", name, models.exponential(1)) for i, name in enumerate("ABAB"))
    return models.model(
        [Station("A", buffer=1), Station("B", buffer=1)],
        [Machine("a", "A"), Machine("b", "B")],
        [Route("R", steps)],
        arrivals=models.mm1(0.9).arrivals,
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_fails_is_named_and_nothing_hangs(workers: int) -> None:
    with pytest.raises(
        DeadlockError, match=r"model plant, seed 1, replication \d+: the plant is deadlocked"
    ) as failure:
        replicate(trap(), 10**10, workers=workers)
    assert {holder[0] for holder in failure.value.holders} == {"a", "b"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"until": 10, "warmup": 10}, "must go on after its warm-up"),
        ({"until": 10, "warmup": -1}, "must go on after its warm-up"),
        ({"until": 10, "warmup": "soon"}, "came: 'soon'"),
        ({"until": 10, "replications": 1}, "one run says nothing"),
        ({"until": models.HORIZON + 1}, "model plant: a run beyond the model's horizon"),
        ({"until": 10, "workers": 0}, "needs a process"),
        ({"until": 10, "level": 95.0}, "level of confidence"),
        ({"until": 10, "replications": Precision(outputs=(("speed", "S"),))}, "came: speed of S"),
    ],
)
def test_what_cannot_be_run_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replicate(models.mm1(0.5), **options).table()  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"share": 0.0}, {"least": 1}, {"least": 9, "most": 8}])
def test_a_precision_that_is_none(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="precision"):
        Precision(**options)  # type: ignore[arg-type]


def work(shared: str, task: str) -> str:
    """What the processes of the next tests do."""
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "fault":
        raise ZeroDivisionError("no denominator")
    if task == "sleep":
        time.sleep(60)
    return shared + task


def test_a_process_that_dies_is_told_at_once() -> None:
    begun = time.monotonic()
    with (
        pytest.raises(LubanError, match=r"ended without a result · came: signal 9 · hint: .* memory"),
        Crew(work, "", 2) as crew,
    ):
        list(crew.work(iter(["sleep", "die"])))
    assert time.monotonic() - begun < 30


def test_a_fault_of_the_program_names_its_place() -> None:
    told = r"work, line \d+: a run failed · came: ZeroDivisionError: no denominator"
    with pytest.raises(LubanError, match=told), Crew(work, "", 1) as crew:
        list(crew.work(iter(["fault"])))


def test_tasks_are_given_out_as_processes_become_free() -> None:
    with Crew(work, "task ", 2) as crew:
        found = dict(crew.work(iter(["a", "b", "c", "d", "e"])))
    assert found == {name: f"task {name}" for name in "abcde"}


SCRIPT = """
    import sys
    from luban.twin.replicate import replicate
    from tests.twin import models

    def told(done, wanted):
        if done == 8:
            print("eight", flush=True)

    found = replicate(models.mm1(0.5), 4 * 10**11, replications=5000, workers=int(sys.argv[1]), progress=told)
    print(found.complete, len(found.samples) >= 2, found.note, flush=True)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_quickly_with_what_is_there(workers: int) -> None:
    """The script has no guard of its main module, and does not need one."""
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "eight\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < 20  # all of it would take minutes
    assert rest.startswith("False True stopped after ")
    assert process.returncode == 0
