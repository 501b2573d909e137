"""What goes in comes out or is still inside: every balance to the unit, in plants put together by chance.

The books (totals) are held against themselves, against the lots that left, and against sums made here from the trace.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from luban.twin.kernel.trace import Kind
from luban.twin.model import STATES, Model
from luban.twin.results import PLANT, Meter
from luban.twin.run import Run, Totals
from tests.twin import models

PLANTS = (*range(24), 59)  # in 59 a lot that waited too long is scrapped from a full buffer
END = 3 * models.DAY
TIMES = (1, 7 * 3600 * models.SECOND, models.DAY, models.DAY + 1, 2 * models.DAY + 333, END)


@pytest.fixture(params=PLANTS)
def plant(request: pytest.FixtureRequest) -> Model:
    return models.anything(request.param)


def _sum(rows: np.ndarray, field: str) -> int:
    return int(rows[field].sum())


def test_books_balance_at_every_time(plant: Model) -> None:
    run = Run(plant, seed=3)
    left: list[np.ndarray] = []
    for at in TIMES:
        totals = run.to(at).totals()
        left.append(run.lots())
        lots = np.concatenate(left)
        assert totals.arrived == totals.released + totals.pool
        assert totals.released == totals.finished + totals.wip
        assert totals.wip_time == totals.sojourn + totals.open_sojourn
        assert totals.open_sojourn == totals.route_open_sojourn.sum()
        assert (totals.machine_time.sum(axis=1) == at).all()
        assert (totals.machine_time >= 0).all()
        assert (len(lots), _sum(lots, "lost")) == (totals.finished, totals.scrapped_lots)
        assert _sum(lots, "finish") - _sum(lots, "release") == totals.sojourn
        assert (_sum(lots, "good"), _sum(lots, "scrap")) == (totals.good, totals.scrap)
        assert _sum(lots, "quantity") == totals.good + totals.scrap
        assert (lots["arrival"] <= lots["release"]).all()
        assert (lots["release"] <= lots["finish"]).all()
        assert (lots["finish"] <= at).all()
        assert len(np.unique(lots["key"])) == len(lots)
    assert totals.finished > 0


def test_energy_is_power_times_time_and_what_pieces_took(plant: Model) -> None:
    run = Run(plant, seed=4, trace="facts").to(END)
    totals = run.totals()
    power = np.array([[round(own.power.get(state, 0.0)) for state in STATES] for own in plant.machines])
    wanted = (power * totals.machine_time).sum(axis=1)
    ended = run.take_trace()
    ended = ended[(ended["kind"] == Kind.ENDED) & (ended["machine"] >= 0)]
    joule = {(r, s): round(step.energy) for r, route in enumerate(plant.routes) for s, step in enumerate(route.steps)}
    first = np.cumsum([0] + [len(route.steps) for route in plant.routes])
    for row in ended:
        step = int(row["route"]), int(row["step"] - first[row["route"]])
        wanted[row["machine"]] += joule[step] * 1_000_000 * int(row["a"] + row["b"])
    assert (totals.machine_energy == wanted).all()


def test_the_trace_adds_up_to_the_books(plant: Model) -> None:
    """WIP, states of machines and pieces, summed here row by row."""
    run = Run(plant, seed=5, trace="facts").to(END)
    totals, rows = run.totals(), run.take_trace()
    assert (np.diff(rows["time"]) >= 0).all()
    kind = rows["kind"]
    inside = np.where(kind == Kind.RELEASED, 1, 0) - np.where((kind == Kind.FINISHED) | (kind == Kind.LOST), 1, 0)
    assert int((inside * (END - rows["time"])).sum()) == totals.wip_time
    assert inside.sum() == totals.wip
    for machine in range(len(plant.machines)):
        changes = rows[(kind == Kind.STATE) & (rows["machine"] == machine)]
        ends = np.append(changes["time"][1:], END)
        spent = np.bincount(changes["a"], weights=ends - changes["time"], minlength=len(STATES))
        spent[0] += changes["time"][0] if len(changes) else END
        assert (spent == totals.machine_time[machine]).all(), plant.machines[machine].id
    operations = rows[(kind == Kind.ENDED) & (rows["machine"] >= 0)]
    made = np.bincount(operations["machine"], minlength=len(plant.machines))
    assert (made == totals.machine_lots).all()
    for code, field in ((Kind.FAILED, "failures"), (Kind.MAINTAINED, "maintenances")):
        seen = np.bincount(rows[kind == code]["machine"], minlength=len(plant.machines))
        assert (seen == getattr(totals, field)).all(), field


def _differences(a: Totals, b: Totals) -> set[str]:
    names = [field.name for field in fields(a)]
    return {name for name in names if not np.array_equal(getattr(a, name), getattr(b, name))}


def test_windows_and_traces_change_nothing(plant: Model) -> None:
    """Who counts pieces while they are made, for facts, has those of the running operation in the books already."""
    whole = Run(plant, seed=6).to(END)
    lots = whole.lots()
    times = [*np.sort(np.random.default_rng(1).integers(0, END, 50)), END]
    for trace, early in (("lots", set()), ("facts", {"machine_pieces", "machine_scrap", "machine_rework"})):
        cut = Run(plant, seed=6, trace=trace)
        parts = [cut.to(int(at)).lots() for at in times]
        assert np.array_equal(np.concatenate(parts), lots)
        assert _differences(whole.totals(), cut.totals()) <= early
    other = Run(plant, seed=7).to(END)
    assert not np.array_equal(other.lots(), lots)


def test_a_figure_of_a_window_is_what_happened_in_it(plant: Model) -> None:
    """Figures of two windows, weighted by their length, are those of both together; each route's WIP too."""
    meter, cuts = Meter(plant), (models.DAY, 2 * models.DAY, END)
    names = [(output.name, output.subject) for output in meter.outputs]
    assert len(set(names)) == len(names)

    def read(*times: int) -> np.ndarray:
        run = Run(plant, seed=8)
        run.to(times[0]).lots()
        before, found = run.totals(), []
        for at in times[1:]:
            after = run.to(at).totals()
            found.append(meter.read(before, after, run.lots()))
            before = after
        return np.array(found)

    parts, (whole,) = read(*cuts), read(cuts[0], cuts[2])
    additive = [i for i, (name, _) in enumerate(names) if name in {"throughput", "output", "lost", "wip", "queue"}]
    additive += [i for i, (name, _) in enumerate(names) if name.endswith("_share") and name[:-6] in STATES]
    assert parts[:, additive].mean(axis=0) == pytest.approx(whole[additive], rel=1e-9)
    counted = [i for i, (name, _) in enumerate(names) if name in {"late", "energy", "failures", "setups", "lots"}]
    assert parts[:, counted].sum(axis=0) == pytest.approx(whole[counted], rel=1e-9)
    wip = {subject: whole[i] for i, (name, subject) in enumerate(names) if name == "wip"}
    assert wip[PLANT] == pytest.approx(sum(value for subject, value in wip.items() if subject != PLANT), rel=1e-9)
