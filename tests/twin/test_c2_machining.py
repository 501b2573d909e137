"""The reference plant: the set's figures are in it, each with its source, and it behaves as the set's trial did."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from luban.loop.serve.plan import from_plant
from luban.plant import Plant, check, load
from luban.twin.check import check_model
from luban.twin.demand import draw_orders
from luban.twin.load import check_twin, load_twin, read_loaded
from luban.twin.model import Model, Release
from luban.twin.offered import offered_load
from luban.twin.run import Run
from luban.twin.show import Show

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "c2_machining"

# the set's table: cycles [min], operations after cutting, mean lot, kg, share of orders
SET = {
    "J01": ("L4.2 M2.4 D.5 H T G3.6 W Z", 30, 1.8, 0.09),
    "J02": ("L3.1 D.4 H T G2.6 W B", 45, 1.2, 0.10),
    "J03": ("L2.6 M3.4 D.6 W B", 40, 1.6, 0.12),
    "J04": ("M9.5 D1.2 W Z", 20, 2.5, 0.08),
    "J05": ("M4.8 D.8 W B", 40, 0.9, 0.10),
    "J06": ("L1.6 H T G1.9 W B", 80, 0.3, 0.10),
    "J07": ("L3.8 H T G5.2 D.4 W P Z", 25, 0.5, 0.06),
    "J08": ("L2.2 M5.0 D.7 W B", 35, 2.2, 0.11),
    "J09": ("L1.2 H T G1.4 W B", 100, 0.15, 0.06),
    "J10": ("M12.5 D1.8 W P Z", 12, 4.0, 0.05),
    "J11": ("L3.4 M2.0 D.5 W B", 35, 1.9, 0.08),
    "J12": ("L6 M8 D1 W Z", 4, 1.5, 0.05),
}


@pytest.fixture(scope="module")
def model() -> Model:
    return load_twin(FOLDER)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(FOLDER)


@pytest.fixture(scope="module")
def measured(model: Model) -> dict[str, float]:
    """Figures of six runs, as many as the trial had."""
    tool = _tool()
    rows = [tool.figures(model, 5, number) for number in range(6)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _tool() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import measure_c2
    finally:
        sys.path.pop(0)
    return measure_c2


def test_it_is_a_plant_without_complaints(model: Model) -> None:
    assert check(FOLDER) == []
    assert check_twin(FOLDER) == []
    assert check_model(model) == []
    assert check_model(load_twin(FOLDER, per_day="high"), strict=True) == []
    assert read_loaded(FOLDER).assumptions == ()
    made = [sys.executable, ROOT / "tools" / "make_c2_signals.py", "--check"]
    subprocess.run(made, check=True)


def test_the_sets_routes_lots_and_shares_are_in_it(model: Model) -> None:
    letters = {own.id: own.id.rsplit("/", 1)[1] for own in model.machines}
    assert len(letters) == 20
    assert model.demand is not None
    mix = {route: (share, pieces) for route, share, pieces in model.demand.mix}
    for route in model.routes:
        text, lot, weight, share = SET[route.id]
        said = []
        for step in route.steps[:-1]:
            groups = {letters[name][0] for name in step.machines} or {
                letters[own.id][0] for own in model.machines if own.station == step.station
            }
            group = "P" if step.station is None else groups.pop()
            cycle = f"{step.time.mean / 60:g}" if group in "LMDG" else ""
            said.append(group + cycle)
            assert len(step.machines) == (2 if group in "LMG" else 0), (
                "two qualified machines for each family and group"
            )
        assert said == [re.sub(r"(\d+)\.0$", r"\1", part.replace("D.", "D0.")) for part in text.split()]
        assert route.weight == weight
        assert mix[route.id][0] == share
        assert mix[route.id][1].mean == lot
        assert mix[route.id][1].params[1] == 0.5
        assert route.steps[-1].station == "c2/inspection/B1"
    assert sum(share for share, _ in mix.values()) == pytest.approx(1)


def test_setups_are_those_of_class_and_family(model: Model) -> None:
    tables = {own.id: own for own in model.setups}
    for name, same, alike, other in (("turning", 20, 55, 95), ("milling", 25, 70, 120), ("grinding", 20, 50, 85)):
        table = tables[name]
        for (before, after), seconds in table.times.items():
            classes = {(int(item[1:]) - 1) % 4 for item in (before, after)}
            assert seconds == 60 * (same if before == after else alike)
            assert len(classes) == 1
        assert table.other == 60 * other


def test_every_figure_names_a_source_that_the_readme_lists() -> None:
    listed = set(re.findall(r"^\| ([ORDFEK]\d+) \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE))
    used: set[str] = set()
    for file in ("twin.toml", "plant.toml", "routing.csv", "products.csv", "furnace.csv", "characteristics.csv"):
        for line in (FOLDER / file).read_text("utf-8").splitlines():
            note = line.partition("#")[2]
            for first, last in re.findall(r"\b([ORDFEK]\d+)\b(?: to ([ORDFEK]\d+))?", note):
                used |= {first} | (
                    {f"{first[0]}{n}" for n in range(int(first[1:]), int(last[1:]) + 1)} if last else set()
                )
    assert used <= listed, sorted(used - listed)
    assert len(used) > 18


def test_its_load_is_below_what_it_can_do(model: Model) -> None:
    load_ = offered_load(model)
    # by hand: mill minutes of an order 91.15 · 1.16 of 22 a day, on 5 machines of 900 min, one of them 15 % slower
    asked = 22 * sum(
        float(cycle) * lot * share for text, lot, _, share in SET.values() for cycle in re.findall(r"M([\d.]+)", text)
    )
    milling = load_.stations["c2/milling"]
    edges = 4 * 0.6 / 30
    lives = {
        "spindle": 3897,
        "turret": 1413,
        "hydraulics": 1148,
        "electrics": 1789,
        "chuck": 1986,
    }  # means of the Weibulls
    repairs = {"spindle": 20, "turret": 4, "hydraulics": 2.2, "electrics": 3.2, "chuck": 2.5}
    down = sum((repairs[name] + 0.15 * 15) / lives[name] for name in lives)
    run = asked * 1.16 * (1 + 0.15 / 5)
    assert milling.run * 7 / 6 / 60 == pytest.approx(run, rel=0.01)
    assert milling.available * 7 / 6 / 60 == pytest.approx(5 * 900 - run * (edges + down), rel=0.01)
    assert 0.85 < milling.utilisation < 1
    assert max(load_.stations.values(), key=lambda own: own.utilisation) is milling
    assert max(load_.pools.values()) < 0.8


def test_it_behaves_as_the_trial_of_the_set(measured: dict[str, float]) -> None:
    # flow: three standard errors of the trial (its runs differed by 1.5 d, it had 6); shares: as far as README.md says
    assert measured["shop flow, working days"] == pytest.approx(5.2, abs=3 * 1.5 / np.sqrt(6))
    assert measured["on time, %"] == pytest.approx(94, abs=4)
    assert measured["lots on the floor"] == pytest.approx(106, abs=25)
    for group, oee in (("L", 0.45), ("M", 0.47), ("G", 0.52)):
        assert measured[f"OEE while loaded, {group}"] == pytest.approx(oee, abs=0.03)
    assert measured["setup share, L, %"] == pytest.approx(25, abs=4)
    assert measured["setup share, M, %"] == pytest.approx(30, abs=4)
    assert measured["orders shipped a day"] == pytest.approx(22, abs=1.5)


def test_failures_come_as_often_as_their_lives_say(model: Model, measured: dict[str, float]) -> None:
    rate = sum(1 / own.life.mean for own in model.machines[0].failures) * 3600
    hours = measured["running hours a machine and year"]
    runs, machines, years = 6, 14, 150 / 365
    assert measured["failures a machine and year"] == pytest.approx(
        rate * hours, abs=4 * np.sqrt(rate * hours / (runs * machines * years))
    )


def test_edges_that_end_early_are_as_many_as_the_normal_law_says(model: Model, measured: dict[str, float]) -> None:
    """Renewal: an edge lasts min(life, 30 min) of cutting, and ends early with the probability of life < 30 min."""
    tool = model.machines[0].tool
    assert tool is not None
    chance = np.linspace(0, 1, 100_001)[1:-1]
    life = np.asarray(tool.life.quantile(chance))
    early, lasts = float((life < 1800).mean()), float(np.minimum(life, 1800).mean())
    cutting = {}
    for route in model.routes:
        cutting[route.id] = 60 * 1.16 * 0.6 * sum(float(c) for c in re.findall(r"[LM]([\d.]+)", SET[route.id][0]))
    assert model.demand is not None
    pieces = sum(share * own.mean for _, share, own in model.demand.mix)
    seconds = sum(share * own.mean * cutting[route] for route, share, own in model.demand.mix)
    slower = 1.06  # three of eleven machines take 15 % longer, and do a little more than their part
    assert measured["of it edges that ended early"] == pytest.approx(
        100 * early * seconds * slower / lasts / pieces, rel=0.12
    )


def test_no_decision_shifts_demand(model: Model) -> None:
    daily = replace(model, release=Release("push"))
    runs = [Run(own, seed=3, replication=1).to(20 * 86_400_000_000) for own in (model, daily)]
    assert runs[0].model.orders == runs[1].model.orders == draw_orders(model, 3, 1)
    arrived = [run.totals().arrived for run in runs]
    assert arrived[0] == arrived[1]
    flows = [run.lots() for run in runs]
    wait = [float((lots["release"] - lots["arrival"]).mean()) / 86_400e6 for lots in flows]
    assert wait[1] < 1 < 2 < wait[0], "orders wait for Monday"


def test_every_signal_of_the_plant_is_one_that_its_twin_shows(model: Model, plant: Plant) -> None:
    outlets, left = from_plant(plant, Show(Run(model, trace="facts"), plant), FOLDER)
    assert left == []
    assert sum(len(outlet.points) for outlet in outlets) == len(plant.signals)
