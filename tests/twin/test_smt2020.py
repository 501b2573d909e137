"""A tiny fab of the SMT2020 form, its timetable worked out by hand; the SMT2020 fab against its published results."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.twin.distribution import Distribution
from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Model
from luban.twin.run import Run
from luban.twin.smt2020 import load_smt2020

TINY = Path(__file__).parent / "data" / "tiny_fab"
DATA = Path(os.environ.get("LUBAN_DATA", "../shared/data")) / "fab"
MINUTE, DAY = 60_000_000, 86_400_000_000
OVEN, BATH, STEPPER, REST, BEAM, GAUGE = "Oven", "Bath", "Stepper", "Rest", "Beam", "Gauge"


@pytest.fixture(scope="module")
def fab() -> Model:
    return load_smt2020(TINY, days=60)


def quiet(model: Model, lots: int) -> Model:
    """That many plain lots, in a fab that never stands still, measures every lot and finds nothing wrong."""
    measure = replace(model.routes[0].steps[6], sample=1.0, branches=())
    steps = (*model.routes[0].steps[:6], measure, model.routes[0].steps[7])
    return replace(
        model,
        machines=tuple(replace(machine, failures=(), maintenance=()) for machine in model.machines),
        routes=(replace(model.routes[0], steps=steps),),
        arrivals=(replace(model.arrivals[0], limit=lots),),
        orders=(),
    )


def test_tables_become_a_model(fab: Model) -> None:
    assert [station.id for station in fab.stations] == [OVEN, BATH, STEPPER, REST, BEAM, GAUGE]
    assert [machine.id for machine in fab.machines if machine.station == STEPPER] == ["Stepper_1", "Stepper_2"]
    steps = fab.routes[0].steps
    assert (steps[0].batch.minimum, steps[0].batch.maximum, steps[0].batch.measure) == (8, 8, "piece")  # type: ignore[union-attr]
    assert steps[1].time.mean == (2 + 3 * 1.5) * 60, "four pieces, one every 1.5 min, 2 min each"
    assert steps[1].interval == Distribution.constant(4 * 1.5 * 60)
    assert steps[7].time == Distribution("uniform", (90, 150), shift=270), "PTIME2 is half the width"
    assert (steps[2].setup, steps[2].setup_time, steps[2].dedicate_to) == ("Mask_a", 480, 5)
    assert (steps[2].limit.to, steps[2].limit.within, steps[2].limit.since) == (4, 3600, "end")  # type: ignore[union-attr]
    assert (steps[6].sample, steps[6].branches[0].probability, steps[6].branches[0].to) == (0.5, 0.1, 5)
    assert [step.transport.mean for step in steps] == [0, 300, 300, 0, 0, 300, 300, 300]  # type: ignore[union-attr]
    beam = next(machine for machine in fab.machines if machine.station == BEAM)
    table = next(table for table in fab.setups if table.id == beam.setups)
    assert (beam.cascade, table.hold, table.min_run, table.times["", "Gas_2"]) == (
        2,
        True,
        {"Gas_1": 3, "Gas_2": 2},
        1200,
    )
    assert (fab.orders[0].step, fab.orders[0].due) == (6, 180 * MINUTE)
    assert [arrival.due.mean for arrival in fab.arrivals] == [43_200, 21_600]  # type: ignore[union-attr]


def test_first_maintenance_is_spread_over_the_tools_of_a_group(fab: Model) -> None:
    first = [machine.maintenance[0].first for machine in fab.machines if machine.station == STEPPER]
    assert [each.mean for each in first if each] == [43_200, 86_400]
    bath = next(machine for machine in fab.machines if machine.station == BATH).maintenance[0]
    assert (bath.clock, bath.first.mean, bath.every.mean) == ("piece", 100, 200)  # type: ignore[union-attr]


def test_ranks_become_rules(fab: Model) -> None:
    rules = {station.id: station.rule for station in fab.stations}
    assert rules[BATH] == ("hot", "fifo"), "nothing to set up there"
    assert rules[STEPPER] == ("hot", "fifo"), "outside rule_LSSU the setup does not rank"
    assert rules[BEAM] == ("setup", "hot", "fifo"), "keeps its setup"
    critical = {station.rule for station in load_smt2020(TINY, "cr", days=1).stations}
    assert critical == {("hot", "cr"), ("setup", "hot", "cr")}


def test_two_lots_keep_the_timetable_worked_out_by_hand(fab: Model) -> None:
    """minutes: in the oven together 30-92; bath 97-105.5, 103-111.5; Stepper_1 110.5-130.5, Stepper_2 116.5-136.5;
    rest until 160.5, 166.5; beam set up until 180.5, then 185.2+1 and, taken at 180.5, from 185.1: 189.8;
    steppers 191.2-211.2, 194.8-214.8; gauge 216.2-223.2, 223.2-230.2; bath 228.2-, 235.2-, 8.5 ± 0.5 min inside."""
    run = Run(quiet(fab, 2), trace="facts").to(DAY)
    trace = run.take_trace()
    started = trace[trace["kind"] == Kind.STARTED]
    ended = trace[trace["kind"] == Kind.ENDED]
    for lot, begins, ends in (
        (0, (30, 97, 110.5, 130.5, 160.5, 191.2, 216.2, 228.2), (92, 105.5, 130.5, 160.5, 186.2, 211.2, 223.2)),
        (1, (30, 103, 116.5, 136.5, 180.5, 194.8, 223.2, 235.2), (92, 111.5, 136.5, 166.5, 189.8, 214.8, 230.2)),
    ):
        key = np.unique(started["lot"])[lot]
        assert started["time"][started["lot"] == key] / MINUTE == pytest.approx(begins, abs=1e-6)
        assert ended["time"][ended["lot"] == key][:7] / MINUTE == pytest.approx(ends, abs=1e-6)
    lots = run.lots()
    assert np.all(np.abs(lots["finish"] / MINUTE - np.array([236.7, 243.7])) <= 0.5 + 1e-6)
    assert np.all(lots["violations"] == 0)


def test_a_late_beam_breaks_the_queue_time_limit(fab: Model) -> None:
    hurried = replace(fab.routes[0].steps[2], limit=replace(fab.routes[0].steps[2].limit, within=29 * 60))  # type: ignore[type-var]
    route = replace(fab.routes[0], steps=(*fab.routes[0].steps[:2], hurried, *fab.routes[0].steps[3:]))
    run = Run(quiet(replace(fab, routes=(route,)), 2)).to(DAY)
    assert run.totals().violations == 2, "the rest alone takes 30 min"


def test_a_lot_comes_back_to_the_stepper_that_had_it(fab: Model) -> None:
    run = Run(fab, trace="facts").to(20 * DAY)
    trace = run.take_trace()
    started = trace[trace["kind"] == Kind.STARTED]
    first = {int(row["lot"]): int(row["machine"]) for row in started if row["step"] == 2}
    again = [(int(row["lot"]), int(row["machine"])) for row in started if row["step"] == 5]
    assert len(again) > 800
    assert len(set(first.values())) == 2
    assert all(first[lot] == machine for lot, machine in again if lot in first)


def test_shares_of_time_are_those_of_the_tables(fab: Model) -> None:
    run = Run(fab, seed=3).to(60 * DAY)
    share = dict(zip(STATES, _share(run, STEPPER), strict=True))
    assert share["down"] == pytest.approx(60 / 660, rel=0.12)
    assert share["maintenance"] == pytest.approx(2 / 48, rel=0.05), "from due date to due date"
    rate = 1 / 30 + 1 / 600  # lots a minute
    rework = 0.5 * 0.1
    gauge = dict(zip(STATES, _share(run, GAUGE), strict=True))
    assert gauge["run"] == pytest.approx(rate * 7 * 0.5 * (1 + rework), rel=0.08)
    oven = dict(zip(STATES, _share(run, OVEN), strict=True))
    assert oven["run"] == pytest.approx(rate / 2 * 62 / 2, rel=0.02), "two lots at a time, two ovens"
    bath = dict(zip(STATES, _share(run, BATH), strict=True))
    assert bath["maintenance"] == pytest.approx(rate * 8 / 200 * 60, rel=0.02), "every 200 pieces, 4 a lot and visit"


def _share(run: Run, station: str) -> list[float]:
    rows = [number for number, machine in enumerate(run.model.machines) if machine.station == station]
    time = run.totals().machine_time[rows].sum(axis=0)
    return list(time / time.sum())


def test_due_dates_spread_around_the_allowance_of_the_table() -> None:
    run = Run(load_smt2020(TINY, days=20, due_spread=0.2)).to(20 * DAY)
    lots = run.lots()
    plain = lots[lots["priority"] == 10]
    allowance = (plain["due"] - plain["arrival"])[plain["arrival"] > 0] / (720 * MINUTE)
    assert 0.8 <= allowance.min() < 0.82
    assert 1.18 < allowance.max() <= 1.2
    assert allowance.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("table", "old", "new", "where", "message"),
    [
        ("route_chip.txt", "\t60\t0\t", "\tsixty\t0\t", "route_chip.txt:2, column PTIME", "not a number"),
        ("route_chip.txt", "\t60\t0\t", "\t-60\t0\t", "route_chip.txt:2, column PTIME", "out of range"),
        ("route_chip.txt", "\t2\t0.5\t", "\t2\t2.5\t", "route_chip.txt:9, column PTIME2", "half the width"),
        ("route_chip.txt", "\tGauge\t", "\tGouge\t", "route_chip.txt:8, column STNFAM", "unknown value"),
        ("route_chip.txt", "\tyes\t6\t", "\tyes\t2\t", "route_chip.txt:4, column FORSTEP", "not a later step"),
        ("route_chip.txt", "\tlot\t50", "\tlot\t150", "route_chip.txt:8, column StepPercent", "out of range"),
        ("route_chip.txt", "\t8\t8\t", "\t9\t8\t", "route_chip.txt:2, column BATCHMN", "never fills"),
        (
            "route_chip.txt",
            "\tmin\tper_piece\t",
            "\tfortnight\tper_piece\t",
            "route_chip.txt:3, column PTUNITS",
            "unknown",
        ),
        ("route_chip.txt", "r_chip\t7\t", "r_chip\t6\t", "route_chip.txt:8, column STEP", "name twice"),
        ("tool.txt.1l", "rank_FIFO", "rank_WHIM", "tool.txt.1l:2, column FWLRANK", "unknown rank"),
        ("tool.txt.1l", "2.0\tHeat", "1.5\tHeat", "tool.txt.1l:2, column STNQTY", "whole number"),
        ("tool.txt.1l", "\tGas\n", "\tGasoline\n", "tool.txt.1l:6, column SETUPGRP", "unknown value"),
        ("order.txt", "01/01/26 12:00:00", "2026-01-01", "order.txt:2, column DUE", "not a date"),
        ("order.txt", "\t4\t01/01/26 01", "\t5\t01/01/26 01", "order.txt:3, column PIECES", "different size"),
        ("WIP.txt", "\t7\t", "\t9\t", "WIP.txt:2, column CURSTEP", "unknown value"),
        ("attach.txt", "BREAK_Light", "BREAK_Dark", "attach.txt:2, column CALNAME", "unknown value"),
        ("pmcal.txt", "mtbpm_by_cal", "mtbpm_by_moon", "pmcal.txt:2, column PMCALTYPE", "unknown value"),
        ("order.txt", "PIECES", "PEACES", "order.txt:2, column PIECES", "no such column"),
    ],
)
def test_bad_cells_are_refused_where_they_stand(
    tmp_path: Path, table: str, old: str, new: str, where: str, message: str
) -> None:
    folder = tmp_path / "fab"
    shutil.copytree(TINY, folder)
    text = (folder / table).read_text()
    assert old in text
    (folder / table).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as caught:
        load_smt2020(folder, days=1)
    assert caught.value.where == where
    assert caught.value.expected


def test_missing_tables_and_odd_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table missing"):
        load_smt2020(tmp_path)
    (tmp_path / "tool.txt.1l").write_text("")
    with pytest.raises(InputError, match="empty table"):
        load_smt2020(tmp_path)
    with pytest.raises(InputError, match="unknown rule"):
        load_smt2020(TINY, "whim")
    with pytest.raises(InputError, match="out of range"):
        load_smt2020(TINY, days=-1)


@pytest.mark.slow
def test_two_years_of_the_smt2020_fab_are_those_of_its_reference() -> None:
    """Lots that arrived after the start and were finished within the 730 days, as the reference counts them."""
    folder, reference = DATA / "SMT2020_HVLM", DATA / "reference_HVLM_lots_fifo.txt"
    if not (folder.is_dir() and reference.is_file()):
        pytest.skip(f"no SMT2020 data at {DATA} (set LUBAN_DATA)")
    model = load_smt2020(folder)
    runs = [Run(model, seed=1, replication=number).to(model.horizon).lots() for number in range(3)]
    rows = [line.split() for line in reference.read_text().splitlines()[1:]]
    for name, made, days, on_time in rows:
        source = 1 + [arrival.id for arrival in model.arrivals].index(name)
        own = [lots[lots["source"] == source] for lots in runs]
        assert np.mean([len(lots) for lots in own]) == pytest.approx(float(made), rel=0.01)
        assert np.mean([(lots["finish"] - lots["release"]).mean() / DAY for lots in own]) == pytest.approx(
            float(days), rel=0.03
        )
        assert np.mean([100 * (lots["finish"] <= lots["due"]).mean() for lots in own]) == pytest.approx(
            float(on_time), abs=10
        )
