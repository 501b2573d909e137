"""The cheapest plan is the one that other solvers find, and no limit is left on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.energy_peers import least_cost
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.energy import (
    Batch,
    Boiler,
    Chp,
    Dispatch,
    Flexible,
    Grid,
    Site,
    Source,
    Storage,
    as_is,
    dispatch,
    predicted_saving,
)

HOUR = np.arange(24)
TARIFF = np.select([(HOUR >= 8) & (HOUR < 11), (HOUR >= 18) & (HOUR < 21), HOUR < 6], [1.3, 1.3, 0.3], 0.7)
SUN = 120 * np.maximum(np.sin((HOUR - 6) / 12 * np.pi), 0) * (HOUR > 6) * (HOUR < 18)
LOAD = 80 + 40 * ((HOUR > 7) & (HOUR < 19)) + 5 * np.sin(HOUR)
BATTERY = Storage("battery", 200, 60, 60, 0.95, 0.94, loss=0.001, start=0.3, lowest=0.1, highest=0.9, wear=0.02)
PLAIN = Site(
    1.0, LOAD, Grid(TARIFF, 0.2, 400, 60, peak_price=1.4, peak_so_far=90),
    sources=(Source("roof", SUN),), stores=(BATTERY,), flexible=(Flexible("charging", 90, 40, 6, 20),),
)  # fmt: skip
WHOLE = replace(
    PLAIN, heat=30 + 10 * np.cos(HOUR / 4),
    chps=(Chp("motor", 50, 25, 0.38, 1.2, fuel=0.25, start_cost=6.0),), boilers=(Boiler("boiler", 80, 0.9, 0.25),),
    batches=(Batch("oven 1", np.array([40.0, 30.0, 30.0]), 6, 20, "oven", 8),
             Batch("oven 2", np.array([40.0, 20.0]), 6, 22, "oven", 12)),
)  # fmt: skip


def kept(site: Site, plan: Dispatch) -> None:
    """Every limit, looked at from outside."""
    made = sum((plan.power[x.name] for x in (*site.sources, *site.stores, *site.chps)), np.zeros(len(site.load)))
    taken = sum((plan.power[x.name] for x in (*site.flexible, *site.batches)), site.load)
    assert plan.bought - plan.sold + made == pytest.approx(taken, abs=1e-6)
    for store in site.stores:
        charge, power = plan.charge[store.name], plan.power[store.name]
        assert charge.min() >= store.lowest * store.capacity - 1e-6
        assert charge.max() <= store.highest * store.capacity + 1e-6
        gained = np.maximum(-power, 0) * store.efficiency_in - np.maximum(power, 0) / store.efficiency_out
        before = np.concatenate([[store.start * store.capacity], charge[:-1]])
        assert charge == pytest.approx(before * (1 - store.loss) ** site.hours + site.hours * gained, abs=1e-5)
    for flexible in site.flexible:
        assert plan.power[flexible.name].sum() * site.hours == pytest.approx(flexible.energy)
    assert np.minimum(plan.bought, plan.sold).max() < 1e-5


def test_a_linear_site_as_glop_has_it() -> None:
    plan = dispatch(PLAIN)
    assert plan.optimal
    assert plan.cost == pytest.approx(least_cost(PLAIN, "GLOP"), rel=1e-6)
    assert plan.bound == pytest.approx(plan.cost, rel=1e-6)
    kept(PLAIN, plan)


def test_a_site_with_choices_as_scip_has_it() -> None:
    plan = dispatch(WHOLE)
    assert plan.cost == pytest.approx(least_cost(WHOLE, "SCIP"), rel=1e-6)
    kept(WHOLE, plan)
    (one, two), (a, b) = (plan.starts["oven 1"], plan.starts["oven 2"]), (3, 2)
    assert one + a <= two or two + b <= one
    motor = plan.power["motor"]
    assert ((motor < 1e-6) | (motor > 25 - 1e-6)).all()


def test_a_negative_price_does_not_make_a_heater_of_the_battery() -> None:
    site = replace(PLAIN, grid=Grid(np.where(HOUR < 4, -0.4, TARIFF), -0.1, 400, 60))
    plan = dispatch(site)
    assert least_cost(site, "GLOP") < plan.cost - 1  # both ways at once would pay
    assert plan.cost == pytest.approx(least_cost(site, "SCIP", one_way=True), rel=1e-6)
    kept(site, plan)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_drawn_sites_agree_and_never_leave_the_limits(seed: int) -> None:
    g = np.random.default_rng(seed)
    store = Storage("s", g.uniform(20, 300), g.uniform(5, 90), g.uniform(5, 90), g.uniform(0.8, 1), g.uniform(0.8, 1),
                    loss=g.uniform(0, 0.01), start=g.uniform(0.2, 0.8), lowest=0.1, highest=0.95)  # fmt: skip
    site = Site(
        0.5, g.uniform(20, 150, 30), Grid(g.uniform(0.2, 1.5, 30), 0.1, 600, g.uniform(0, 80), g.uniform(0, 20)),
        sources=(Source("sun", g.uniform(0, 100, 30), 0.01),), stores=(store,),
        flexible=(Flexible("f", g.uniform(5, 60), 30, 3, 25),),
    )  # fmt: skip
    plan = dispatch(site)
    assert plan.cost == pytest.approx(least_cost(site, "GLOP"), rel=1e-6)
    kept(site, plan)


def test_carbon_has_a_price() -> None:
    carbon = np.where((HOUR > 9) & (HOUR < 16), 0.2, 0.9)
    site = replace(PLAIN, grid=replace(PLAIN.grid, carbon=carbon))
    cheap, clean = dispatch(site), dispatch(site, carbon_price=5.0)
    assert clean.carbon < cheap.carbon - 1
    assert clean.cost > cheap.cost
    assert clean.carbon == pytest.approx(float((clean.bought * carbon).sum()))


def test_the_saving_is_predicted_with_an_interval() -> None:
    site = replace(PLAIN, flexible=(replace(PLAIN.flexible[0], usual=np.where((HOUR >= 8) & (HOUR < 11), 30.0, 0)),))
    plan, g = dispatch(site), np.random.default_rng(4)
    certain = predicted_saving(site, plan, np.tile(site.load, (20, 1)))
    habit = np.maximum(as_is(site), 0)
    bill = (habit @ TARIFF) - np.minimum(np.maximum(-as_is(site), 0), 60).sum() * 0.2 + 1.4 * max(habit.max(), 90)
    assert certain.saving == pytest.approx(bill - plan.cost)
    assert certain.low == pytest.approx(certain.high)
    loads = site.load * g.normal(1, 0.05, (400, 1)) + g.normal(0, 4, (400, 24))
    found = predicted_saving(site, plan, loads)
    assert 0 < found.low < found.saving < found.high
    assert found.courses == 400


def test_what_cannot_be_planned_is_said() -> None:
    with pytest.raises(InputError, match="no plan satisfies"):
        dispatch(replace(PLAIN, grid=Grid(TARIFF, 0.2, 20)))
    with pytest.raises(InputError, match="another length"):
        Site(1.0, LOAD, Grid(TARIFF[:5]))
    with pytest.raises(InputError, match="not known"):
        Site(1.0, LOAD, Grid(np.where(HOUR == 3, np.nan, TARIFF)))
    with pytest.raises(InputError, match="no room"):
        replace(PLAIN, flexible=(Flexible("f", 5, 5, 20, 30),))
    with pytest.raises(InputError, match="two of one name"):
        replace(PLAIN, stores=(BATTERY, BATTERY))
    with pytest.raises(InputError, match="outside its limits"):
        replace(BATTERY, start=0.95)
    with pytest.raises(InputError, match="without a plan"):
        as_is(PLAIN)
    with pytest.raises(InputError, match="not within the steps"):
        as_is(replace(WHOLE, flexible=(), batches=(replace(WHOLE.batches[0], usual=22),)))
    with pytest.raises(InputError, match="cannot be"):
        Boiler("b", 80, 0.0, 0.25)
    with pytest.raises(InputError, match="too few courses"):
        predicted_saving(PLAIN, dispatch(PLAIN), np.tile(LOAD, 20))
