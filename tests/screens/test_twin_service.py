"""What the twin's page is given: drawing, recording, differences; and studies in a process of their own."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError, LedgerBusyError
from luban.core.time import DAY
from luban.screens.service.twin import Plan, Study, Twin, difference, run_study, shown
from luban.screens.service.twin_floor import lay_out
from luban.screens.service.twin_record import record
from luban.screens.service.twin_runs import TwinRuns
from luban.screens.service.twin_words import Unit, amounts, sentence, unit_of
from luban.twin.intervals import Interval
from luban.twin.model import STATES
from luban.twin.run import Run
from luban.twin.scenario import Scenario
from tests.screens import twin_shop

DAYS = 12


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    return Twin(twin_shop.write(tmp_path_factory.mktemp("twin") / "plant"), days=DAYS)


@pytest.fixture(scope="module")
def study(twin: Twin) -> Study:
    told: list[tuple[int, int]] = []
    plan = Plan(None, 2.0, 3, 1, 0.95, 1)
    made = run_study(twin, [Scenario("as it is"), twin.scenarios["third mill"]], plan, lambda *one: told.append(one))
    assert told[0] == (0, 6)
    assert told[-1] == (6, 6)
    assert told == sorted(told)
    return made


def test_stations_stand_along_the_routes(twin: Twin):
    floor = lay_out(twin.model, twin.plant)
    column = {name: column for _, name, column, _ in floor.stations}
    assert column["Turning"] < column["Milling"] < column["Grinder"] < column["Washer"]
    assert len({(column, row) for _, _, column, row in floor.stations}) == len(floor.stations)
    assert [name for _, name, _ in floor.machines] == ["Lathe 1", "Lathe 2", "Mill 1", "Mill 2", "Grinder", "Washer"]
    ways = {(floor.stations[a][1], floor.stations[b][1]): rate for a, b, rate in floor.links}
    # every shaft and gear goes from turning to milling, every shaft and flange from there to the grinder
    assert ways["Turning", "Milling"] / ways["Milling", "Grinder"] == pytest.approx(8 / 7, rel=1e-3)


def test_a_recording_is_the_run(twin: Twin):
    """States played back take the time of the books; queues at the frames are those of the run."""
    until = DAYS * DAY
    made = record(twin.model, until, 2 * DAY, seed=4, plant=twin.plant)
    run = Run(twin.model, seed=4, replication=0).to(until)
    totals = run.totals()
    assert made["step"] == 0
    spent = np.zeros(totals.machine_time.shape)
    now, since = list(made["first"]), [0.0] * len(made["first"])
    for moment, machine, state in zip(*made["states"], strict=True):
        spent[machine, now[machine]] += moment - since[machine]
        now[machine], since[machine] = state, moment
    for machine, state in enumerate(now):
        spent[machine, state] += DAYS * 86_400 - since[machine]
    assert spent == pytest.approx(totals.machine_time / 1e6, abs=200)  # rounded to 0.1 s, some thousand changes
    last = {place: length for _, place, length in zip(*made["queues"], strict=True)}
    assert [last.get(place, 0) for place in range(4)] == totals.queue_length.tolist()
    assert sum(made["buckets"]["finished"]) == totals.finished
    span = until / len(made["buckets"]["wip"])
    assert sum(made["buckets"]["wip"]) * span == pytest.approx(totals.wip_time, rel=1e-3)
    lots = run.lots()
    done = lots[lots["finish"] > 2 * DAY]
    assert made["cycle"]["n"] == len(done) == sum(made["cycle"]["counts"])
    assert made["cycle"]["mean"] == pytest.approx((done["finish"] - done["release"]).mean() / 3.6e9)


def test_too_many_changes_are_rounded_to_steps(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    from luban.screens.service import twin_record

    fine = record(twin.model, 4 * DAY, 0, seed=4)
    monkeypatch.setattr(twin_record, "_MOST_CHANGES", 60)
    coarse = record(twin.model, 4 * DAY, 0, seed=4)
    assert coarse["step"] > 0
    assert len(coarse["states"][0]) <= 70 < len(fine["states"][0])
    assert coarse["states"][0] == sorted(coarse["states"][0])

    def last(made: dict) -> dict[int, int]:
        return {machine: state for _, machine, state in zip(*made["states"], strict=True)}

    assert last(coarse) == last(fine)


def test_differences_have_a_verdict(study: Study):
    figures = {figure.id: figure for figure in shown(study)}
    assert "late" not in figures
    bare = [replace(own, machines=tuple(replace(one, power={}) for one in own.machines)) for own in study.models]
    assert "energy" not in {figure.id for figure in shown(Study(study.names, tuple(bare), study.results))}
    comparison = study.comparison(1)
    verdict, found = difference(comparison, figures["energy"])
    assert verdict == "worse"
    assert found.low > 0
    back = Study(study.names, study.models, study.results[::-1]).comparison(1)
    verdict, against = difference(back, figures["energy"])
    assert (verdict, against.mean) == ("better", -found.mean)
    same = difference(Study(study.names, study.models, (study.results[0],) * 2).comparison(1), figures["wip"])
    assert same[0] == "none"


def test_amounts_have_units_that_fit():
    assert unit_of("cycle_time_mean", [90.0], 10).name == "s"
    assert unit_of("cycle_time_mean", [3600.0], 10) == Unit("min", 1 / 60)
    assert unit_of("cycle_time_p90", [50_000.0], 10).name == "h"
    assert unit_of("cycle_time_p90", [500_000.0, float("nan")], 10).name == "d"
    assert unit_of("energy", [100.0], 10).said(100.0) == "10.00"
    assert amounts(Interval(0.5, 0.4, 0.6, 3, 0.95), Unit("%", 100.0)) == "50.00 (40.00 … 60.00)"
    assert amounts(Interval(float("nan"), float("nan"), float("nan"), 0, 0.95), Unit("", 1.0)) == "–"
    figure = next(own for own in shown_figures() if own.id == "cycle_time_mean")
    said = sentence(figure, Interval(-5040.0, -6840.0, -3240.0, 9, 0.95), Unit("h", 1 / 3600))
    assert said == "cycle time, mean: 1.40 h faster (0.900 … 1.90)"


def shown_figures():
    from luban.screens.service.twin import FRONT

    return FRONT


def test_levels_and_scenarios_of_the_folder(twin: Twin):
    assert twin.levels == {"high": 25.0}
    assert list(twin.scenarios) == ["sorted by setup", "third mill", "more orders"]
    assert twin.changed(Scenario.of("s", {"demand": "high"})).demand.per_day == 25.0
    verdicts = {own.place: own.verdict for own in twin.loads()}
    assert verdicts["jinan/milling"] == "tight"
    assert {own.place: own.verdict for own in twin.loads(Scenario.of("s", {"demand": 2}))}[
        "jinan/milling"
    ] == "too much"


async def until_done(runs: TwinRuns, limit: float = 120) -> None:
    end = time.monotonic() + limit
    while runs.newest.state == "running" and time.monotonic() < end:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.05)


def test_a_study_in_a_process_of_its_own(twin: Twin):
    async def run() -> None:
        runs = TwinRuns(twin.folder)
        mill = {"name": "mill", "changes": [["machines.milling", "+1"]]}
        asked = [{"name": "as it is", "changes": []}, mill]
        begun = runs.begin("li", asked, days=DAYS, warmup=2.0, replications=3)
        with pytest.raises(LedgerBusyError, match="under way"):
            runs.begin("wang", asked)
        await until_done(runs)
        assert begun.state == "done", begun.error
        assert len(begun.recordings) == 2
        assert len(begun.recordings[1]["floor"]["machines"]) == 1 + len(begun.recordings[0]["floor"]["machines"])
        (difference_,) = begun.result["differences"]
        assert difference_["energy"][0] == "worse"
        # the same figures as in this process
        own = run_study(twin, [Scenario("as it is")], Plan(None, 2.0, 3, 1, 0.95, 1)).results[0]
        assert begun.result["scenarios"][0]["figures"]["wip"][0] == pytest.approx(own.interval("wip").mean)
        bad = runs.begin("li", [{"name": "x", "changes": [["rule.moon", "edd"]]}], days=DAYS, replications=2)
        await until_done(runs)
        assert bad.state == "failed"
        assert bad.error["message"] == "no station of that name"
        for count in (0, 5):
            with pytest.raises(InputError):
                runs.begin("li", [mill] * count)

    asyncio.run(run())


def test_cancelling_ends_the_process(twin: Twin):
    async def run() -> None:
        runs = TwinRuns(twin.folder)
        begun = runs.begin("li", [{"name": "as it is", "changes": []}], days=DAYS, warmup=2.0, replications=200)
        while runs._worker._process is None or begun.phase == "load":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        pid = runs._worker._process.pid
        runs.cancel(begun.id)
        await asyncio.wait_for(runs.stop(), 20)
        assert begun.state == "cancelled"
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(run())


def test_the_worker_needs_no_one_to_tell_it_that_its_server_died(twin: Twin):
    import json
    import subprocess
    import sys

    from luban.screens.service.twin_runs import _START

    job = {"folder": str(twin.folder), "days": DAYS, "warmup": 2.0, "replications": 200, "workers": 1}
    job["scenarios"] = [{"name": "as it is", "changes": []}]
    process = subprocess.Popen(
        [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    process.stdin.write(json.dumps(job).encode() + b"\n")
    process.stdin.flush()
    assert b"kernel" in process.stdout.readline()
    process.stdin.close()
    process.wait(timeout=20)
    process.stdout.close()


def test_states_have_words_in_every_language():
    from luban.screens.i18n import words
    from luban.screens.web.twin_texts import state_word

    for language in ("zh", "ko"):
        said = {state: state_word(words(language), state) for state in STATES}
        assert len(set(said.values())) == len(STATES)
        assert not any(word.isascii() for word in said.values())


def test_the_folder_may_have_no_scenarios(tmp_path: Path):
    folder = twin_shop.write(tmp_path / "plant")
    (folder / "scenarios.toml").unlink()
    assert Twin(folder, days=5).scenarios == {}
