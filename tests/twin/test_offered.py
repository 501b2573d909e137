"""The offered load is that of queueing theory, of work by hand, of a long run and of a published fab."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY
from luban.twin.check import check_model
from luban.twin.distribution import Distribution
from luban.twin.model import (
    Arrival,
    Batch,
    Branch,
    Calendar,
    Demand,
    Failure,
    LotOrder,
    Machine,
    Maintenance,
    Pool,
    Route,
    SetupTable,
    Station,
    Step,
    Tool,
)
from luban.twin.offered import offered_load, visits
from luban.twin.run import Run
from luban.twin.smt2020 import load_smt2020
from tests.twin import models

HOUR = 3600.0
constant, exponential = Distribution.constant, Distribution.exponential


def test_a_machine_can_be_overloaded_where_its_station_is_not() -> None:
    model = models.model(
        [Station("S")], [Machine("m", "S"), Machine("n", "S")],
        [Route("R", (Step("1", "S", constant(1), machines={"m": None}),)),
         Route("Q", (Step("1", "S", constant(1), machines={"m": None, "n": None}),))],
        arrivals=[Arrival("r", "R", exponential(1 / 1.1)), Arrival("q", "Q", exponential(1 / 0.2))],
    )  # fmt: skip
    load = offered_load(model).stations["S"]
    assert load.utilisation == pytest.approx(0.65)
    assert load.busiest == ("m", pytest.approx(1.1, abs=0.02))
    assert "on m" in check_model(model)[0].came


@pytest.mark.parametrize("rho", [0.3, 0.9])
def test_the_load_of_a_queue_is_rho(rho: float) -> None:
    assert offered_load(models.mmc(3, rho)).stations["S"].utilisation == pytest.approx(rho)


def test_visits_of_a_network_solve_its_traffic_equations() -> None:
    # Jackson: v_a = 1 + .1 v_a + .2 v_b, v_b = .9 v_a
    model = models.jackson(0.3, 0.2, 0.1)
    expected = np.linalg.solve([[1 - 0.1, -0.2], [-0.9, 1]], [1, 0])
    assert visits(model.routes[0]) == pytest.approx(expected)
    load = offered_load(model).stations
    assert [load[name].utilisation for name in "AB"] == pytest.approx(0.3 * expected / 2)
    once = Route("R", (Step("1", "A", constant(1)), Step("2", "A", constant(1), branches=(Branch(0.4, 0, once=True),))))
    assert visits(once) == pytest.approx([1.4, 1.4])


def test_work_is_shared_so_that_the_busiest_is_least_busy() -> None:
    # three kinds of work on three machines, two each: every machine can be brought to the mean
    pairs = {"x": ("m", "n"), "y": ("n", "o"), "z": ("o", "m")}
    rates = {"x": 0.5, "y": 0.8, "z": 0.8}
    model = models.model(
        [Station("S")], [Machine(name, "S") for name in "mno"],
        [Route(name, (Step("1", "S", constant(1), machines=dict.fromkeys(own)),)) for name, own in pairs.items()],
        arrivals=[Arrival(name, name, exponential(1 / rate)) for name, rate in rates.items()],
    )  # fmt: skip
    assert list(offered_load(model).stations["S"].machines.values()) == pytest.approx([0.7] * 3, abs=5e-3)


def test_stops_setups_batches_and_pools_are_in_the_load() -> None:
    """Each part by hand, and together against a long run of the same plant."""
    table = SetupTable("t", {}, other=120.0, factor=Distribution.lognormal(1.5, cv=0.2), extra=constant(30), pool="men")
    failure = Failure("f", constant(8 * HOUR), constant(HOUR), pool="men")
    tool = Tool(constant(3000), constant(100), cutting=0.5, replace_at=1500)
    model = models.model(
        [Station("S"), Station("O")],
        [Machine("m", "S", setups="t", failures=(failure,), tool=tool, speed=1.2, load=10.0), Machine("o", "O")],
        [
            Route(name, (Step("1", "S", constant(30), "piece", setup=name, factor=Distribution.normal(1.1, 0.1)),
                         Step("2", "O", constant(HOUR), "batch", batch=Batch("f", 8, 1))))
            for name in "xy"
        ],
        arrivals=[Arrival(name, name, exponential(2 * HOUR), constant(20)) for name in "xy"],
        pools=[Pool("men", 1)], setups=[table],
    )  # fmt: skip
    load = offered_load(model)
    lot = 30 * 20 * 1.1 * 1.2 + 10
    setup = 0.5 * (120 * 1.5 + 30)
    assert load.stations["S"].lots == 24
    stops = lot / 8 + lot * 0.5 * 100 / 1500
    assert load.stations["S"].utilisation == pytest.approx((lot + setup) / (HOUR - stops), rel=1e-3)
    assert load.stations["O"].utilisation == pytest.approx(1 / 8)
    assert load.pools["men"] == pytest.approx((setup + lot / 8) / HOUR, rel=1e-3)
    run = Run(model, seed=3).to(400 * DAY)
    idle = run.totals().machine_time[0, 0] / run.now
    assert 1 - idle == pytest.approx((lot + setup + stops) / HOUR, rel=0.01)


def test_calendars_and_maintenance_take_from_what_is_there() -> None:
    half = Calendar("c", tuple((day * DAY, day * DAY + DAY // 2) for day in range(100)))
    service = Maintenance("s", constant(2.4 * HOUR), constant(24 * HOUR))
    base = models.model(
        [Station("S")], [Machine("m", "S", calendar="c", maintenance=(service,))],
        [Route("R", (Step("1", "S", constant(HOUR)),))], arrivals=[Arrival("r", "R", exponential(6 * HOUR))],
        calendars=[half],
    )  # fmt: skip
    model = replace(base, horizon=100 * DAY)
    assert offered_load(model).stations["S"].utilisation == pytest.approx(4 / (12 - 2.4))


def test_demand_and_orders_count() -> None:
    days = tuple((day * DAY, day * DAY + DAY // 2, day // 7) for day in range(200) if day % 7 < 5)
    demand = Demand(10, (("R", 1, constant(3)), ("Q", 3, constant(1))), days, Distribution.normal(1, 0.1))
    base = models.model(
        [Station("S")], [Machine("m", "S")],
        [Route(name, (Step("1", "S", constant(60), "piece"),)) for name in "RQ"],
    )  # fmt: skip
    model = replace(base, horizon=140 * DAY, demand=demand)
    # 10 orders on 5 of 7 days, a quarter of 3 pieces
    assert offered_load(model).stations["S"].run == pytest.approx(10 * 5 / 7 * 1.5 * 60)
    known = replace(base, horizon=10 * DAY, orders=tuple(LotOrder(f"o{n}", "R", 6, n * DAY) for n in range(20)))
    assert offered_load(known).stations["S"].run == pytest.approx(360)


def test_the_load_of_a_wafer_fab_is_that_of_its_reference() -> None:
    """SMT2020 HVLM: use of each tool group as published with the data, where no batch, cascade or setup blurs it."""
    folder = Path(os.environ.get("LUBAN_DATA", "../shared/data")) / "fab"
    if not folder.is_dir():
        pytest.skip("the tables of the wafer fab are not here")
    fab = load_smt2020(folder / "SMT2020_HVLM")
    assert [own for own in check_model(fab) if not own.warning] == []
    rows = (folder / "reference_HVLM_machines_fifo.txt").read_text().splitlines()[1:]
    reference = {row.split()[0]: float(row.split()[2]) for row in rows if len(row.split()) == 6}
    batches = {own.station for route in fab.routes for own in route.steps if own.batch}
    blurred = batches | {own.station for own in fab.machines if own.cascade > 1 or own.setups}
    load = {name: 100 * own.utilisation for name, own in offered_load(fab).stations.items() if name not in blurred}
    assert len(load.keys() & reference.keys()) > 40
    for name in load.keys() & reference.keys():
        assert load[name] == pytest.approx(reference[name], abs=0.6), name
