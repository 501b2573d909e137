"""Figures of runs worked out by hand: constant times, so nothing is left to chance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.twin.model import Arrival, Machine, Model, Route, Station, Step
from luban.twin.replicate import batches, compare, replicate
from luban.twin.results import PLANT, RESULTS, Comparison, Output, Results
from tests.twin import models
from tests.twin.models import SECOND, constant

HOUR = 3600 * SECOND


def clockwork() -> Model:
    """Route A: 2 pieces every 10 s, 4 s of work, due after 5 s. Route B: 1 piece every 40 s from 102 s, due after 3 s.

    B comes 2 s after an A has begun, waits 2 s and works 3 s.
    """
    machine = Machine("M", "S", power={"run": 3600, "idle": 900})
    routes = [Route(name, (Step("1", "S", constant(time)),)) for name, time in (("A", 4), ("B", 3))]
    a = Arrival("a", "A", constant(10), quantity=constant(2), first=constant(0), due=constant(5))
    b = Arrival("b", "B", constant(40), first=constant(102), due=constant(3))
    return models.model([Station("S")], [machine], routes, arrivals=[a, b], base_load=1000)


WORKED = {
    # from 1,000 s to 2,000 s: 100 lots of A, 25 of B
    ("throughput", PLANT): 125 * 86.4,
    ("throughput", "A"): 100 * 86.4,
    ("throughput", "B"): 25 * 86.4,
    ("output", "A"): 200 * 86.4,
    ("lost", PLANT): 0,
    ("cycle_time_mean", "A"): 4,
    ("cycle_time_mean", "B"): 5,
    ("cycle_time_mean", PLANT): (100 * 4 + 25 * 5) / 125,
    ("cycle_time_p50", PLANT): 4,
    ("cycle_time_p90", PLANT): 5,
    ("lead_time_mean", "B"): 5,
    ("on_time_share", "A"): 1,
    ("on_time_share", "B"): 0,
    ("on_time_share", PLANT): 0.8,
    ("scrap_share", PLANT): 0,
    ("wip", "A"): 0.4,
    ("wip", "B"): 25 * 5 / 1000,
    ("wip", PLANT): 0.4 + 0.125,
    ("run_share", "M"): 0.475,
    ("idle_share", "M"): 0.525,
    ("down_share", "M"): 0,
    ("lots", "M"): 125,
    ("energy", "M"): (475 * 3600 + 525 * 900) / 3.6e6,
    ("energy", PLANT): (475 * 3600 + 525 * 900 + 1000 * 1000) / 3.6e6,
    ("queue", "S"): 25 * 2 / 1000,
    ("wait_mean", "S"): 25 * 2 / 125,
}


@pytest.fixture(scope="module")
def worked() -> Results:
    return replicate(clockwork(), 2000 * SECOND, warmup=1000 * SECOND, replications=2, workers=1)


@pytest.mark.parametrize(("name", "subject"), WORKED, ids=lambda part: part)
def test_worked_example(worked: Results, name: str, subject: str) -> None:
    found = worked.interval(name, subject)
    assert found.mean == pytest.approx(WORKED[name, subject], rel=1e-12)
    assert (found.half, found.n) == (pytest.approx(0, abs=1e-9), 2)


def test_the_table_is_tidy_and_goes_to_json(worked: Results) -> None:
    table = worked.table()
    assert table.schema == RESULTS
    assert table.num_rows == len(worked.outputs) == len({(output.name, output.subject) for output in worked.outputs})
    assert set(table["unit"].to_pylist()) == {"1/d", "1", "s", "kWh"}
    back = json.loads(json.dumps(worked.as_dict(), allow_nan=False))
    assert (back["runs"], back["complete"], back["kind"], back["warmup"]) == (2, True, "runs", 1000 * SECOND)
    row = next(row for row in back["outputs"] if (row["name"], row["subject"]) == ("wip", "A"))
    assert row == {"name": "wip", "subject": "A", "unit": "1", "mean": pytest.approx(0.4), "low": pytest.approx(0.4),
                   "high": pytest.approx(0.4), "n": 2, "level": 0.95, "note": ""}  # fmt: skip


def test_an_unknown_figure_is_a_reason() -> None:
    """Nothing finishes before 4 s; no due date, no on-time share; no start, no wait."""
    nothing = batches(models.queue(1e-9, constant(1)), 100 * SECOND, count=2)
    rows = {(row["name"], row["subject"]): row for row in nothing.table().to_pylist()}
    for name, subject, note in (
        ("cycle_time_p95", "R", "no lot finished"),
        ("on_time_share", PLANT, "no lot with a due date finished"),
        ("scrap_share", "R", "no piece left the plant"),
        ("wait_mean", "S", "no lot began there"),
    ):
        row = rows[name, subject]
        assert (row["mean"], row["low"], row["high"], row["n"], row["note"]) == (None, None, None, 0, note)
    assert rows["throughput", "R"]["mean"] == 0
    undated = batches(models.mm1(0.5), 1000 * SECOND, count=2)
    assert np.isnan(undated.values("on_time_share")).all()


def test_what_is_known_in_some_runs_only_is_said() -> None:
    """About one lot in 100 s at first: in some of 20 runs of 100 s none finishes."""
    some = replicate(models.queue(0.01, constant(1)), 100 * SECOND, replications=20, workers=1)
    row = next(row for row in some.table().to_pylist() if (row["name"], row["subject"]) == ("cycle_time_mean", "R"))
    missing = 20 - row["n"]
    assert 0 < missing < 20
    assert row["note"] == f"no lot finished in {missing} of 20 runs"
    assert row["mean"] == pytest.approx(1, rel=0.2)


def test_batches_that_depend_on_each_other_are_told() -> None:
    """M/M/1 at 0.95 forgets in 1,500 s: batches of 50 s follow each other, those of 40,000 s do not."""
    short = batches(models.mm1(0.95), 2000 * SECOND, warmup=1000 * SECOND)
    notes = dict(zip(zip(*(short.table()[name].to_pylist() for name in ("name", "subject")), strict=True),
                     short.table()["note"].to_pylist(), strict=True))  # fmt: skip
    assert "depend on each other" in notes["wip", PLANT]
    long = batches(models.mm1(0.95), 801_000 * SECOND, warmup=1000 * SECOND)
    assert "depend" not in "".join(long.table()["note"].to_pylist())


def test_a_figure_that_is_not_there(worked: Results) -> None:
    with pytest.raises(InputError, match=r"came: speed of M .*wait_mean"):
        worked.interval("speed", "M")
    with pytest.raises(InputError, match="came: wip of Z"):
        worked.values("wip", "Z")


def test_differences_are_run_by_run(worked: Results) -> None:
    outputs = (
        Output("wip", PLANT, "1"),
        Output("wait_mean", "S", "s", "no lot began there"),
        Output("energy", "A", "kWh"),
    )
    a = replace(worked, outputs=outputs, samples=np.array([[1.0, 5.0, 1.0], [2.0, 6.0, 1.0], [4.0, np.nan, 1.0]]))
    b = replace(worked, outputs=outputs[1::-1], samples=np.array([[4.0, 2.0], [5.0, 3.0], [6.0, 5.0]]))
    rows = {row["name"]: row for row in Comparison(a, b).table().to_pylist()}
    assert list(rows) == ["wait_mean", "wip"]
    wip, wait = rows["wip"], rows["wait_mean"]
    assert (wip["mean"], wip["low"], wip["high"], wip["n"]) == (1, 1, 1, 3)
    assert (wip["a"], wip["b"]) == (pytest.approx(7 / 3), pytest.approx(10 / 3))
    assert (wait["mean"], wait["n"], wait["note"]) == (-1, 2, "no lot began there in 1 of 3 pairs")
    assert Comparison(a, b).interval("wip").mean == 1
    json.dumps(Comparison(a, b).as_dict(), allow_nan=False)


def test_a_faster_machine_is_seen_through_the_noise() -> None:
    """1 % more speed at 0.9 of load: 10 pairs of runs show it, two samples of 10 runs do not."""
    slow = models.mm1(0.9)
    fast = replace(slow, machines=(replace(slow.machines[0], speed=0.99),))
    until, warmup = 30_000 * SECOND, 3000 * SECOND
    pairs = compare(slow, fast, until, warmup=warmup, workers=1)
    found = pairs.interval("cycle_time_mean")
    assert found.high < 0
    assert found.contains(1 / (1 / 0.99 - 0.9) - 10)
    alone = [replicate(model, until, warmup=warmup, seed=seed, workers=1) for model, seed in ((slow, 1), (fast, 2))]
    apart = [results.interval("cycle_time_mean") for results in alone]
    assert found.half < np.hypot(apart[0].half, apart[1].half) / 3
    assert apart[1].high > apart[0].low
    assert np.array_equal(pairs.a.samples, alone[0].samples, equal_nan=True)
