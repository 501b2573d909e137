"""Inspection and condition against closed forms and the run to failure; groups and spares against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats

from luban.core.errors import InputError
from luban.decide.maintain import (
    Decay,
    Life,
    Part,
    Prices,
    Signs,
    age,
    by_decay,
    by_signs,
    inspection,
    least_stock,
    minimal_repair,
    opportunities,
    rhythm,
    run_to_failure,
    stock_plan,
    weibull_life,
)

DELAY = Life("exponential", math.log(50), 1.0)
PRICES = Prices(failure=10, planned=3, inspection=1)


@given(rate=st.floats(0.002, 0.2), every=st.floats(2, 300))
@settings(max_examples=40, deadline=None)
def test_delay_time_has_its_closed_form(rate: float, every: float) -> None:
    curve = inspection(rate, DELAY, PRICES, np.array([every]))
    failures = rate * (every - 50 * (1 - math.exp(-every / 50)))
    cost = (1 + 3 * (rate * every - failures) + 10 * failures) / every
    assert curve.rate == pytest.approx(cost, rel=1e-4)
    assert float(curve.failures[0]) * every == pytest.approx(failures, rel=1e-3, abs=1e-7)


def test_imperfect_looks_against_a_simulation() -> None:
    rng, every, rate, seen = np.random.default_rng(3), 30.0, 0.02, 0.6
    begins = rng.uniform(0, every, 200_000)
    fails = begins + rng.exponential(50, begins.size)
    looks = rng.geometric(seen, begins.size) * every  # the look that finds it
    share = float((fails < looks).mean())
    curve = inspection(rate, DELAY, PRICES, np.array([every]), seen=seen)
    assert float(curve.failures[0]) / rate == pytest.approx(share, abs=0.004)
    with pytest.raises(InputError):
        inspection(rate, DELAY, PRICES, np.array([0.0]))
    with pytest.raises(InputError):
        inspection(0, DELAY, PRICES, np.array([1.0]))


def test_signs_at_their_ends() -> None:
    life, prices = weibull_life(2.2, 4400), Prices(10, 4, inspection=0)
    at = np.array([0.0, 0.5, 0.9])
    deaf = by_signs(life, prices, Signs(0.0, 0.7), at, every=1.0)
    assert deaf.rates == pytest.approx(run_to_failure(life, prices).rate, rel=2e-3)
    sure = by_signs(life, prices, Signs(1.0, 0.7), at, every=0.01)
    assert sure.rates == pytest.approx([4 / ((0.7 + 0.3 * a) * life.mean) for a in at], rel=2e-3)
    # a part that has failed before the stop comes was not saved
    late = by_signs(life, prices, Signs(1.0, 0.7), at, every=1.0, lead=1e6)
    assert late.rates == pytest.approx(run_to_failure(life, prices).rate, rel=2e-3)


def test_false_alarms_cost_looks() -> None:
    life, prices = weibull_life(2.2, 4400), Prices(10, 4, inspection=0.5)
    at = np.array([0.5])
    quiet, loud = (by_signs(life, prices, Signs(0.7, 0.7, every), at, every=8.0) for every in (math.inf, 500.0))
    assert loud.rate - quiet.rate == pytest.approx(0.5 / 500, rel=0.02)
    with pytest.raises(InputError):
        Signs(1.2, 0.5)
    with pytest.raises(InputError):
        by_signs(life, prices, Signs(1, 0.5), np.array([1.0]), every=1)


def test_decay_at_its_ends() -> None:
    decay, prices = Decay(1.0, 1.0, 50.0), Prices(10, 3, inspection=0.0)
    lives = integrate.quad(lambda t: 1 - float(decay.failed(np.array(t))), 0, 400, limit=300)[0]
    curve, half = by_decay(decay, prices, np.array([30.0, 50.0]), every=1.0, runs=4000)
    # replaced at the limit of failure only: the mean time to it, by the gamma law of the level
    assert curve.rates[1] == pytest.approx(10 / lives, abs=3 * half[1] + 0.004)
    assert curve.rates[0] < curve.rates[1]
    assert curve.failures[0] < 0.2 * curve.failures[1]
    with pytest.raises(InputError):
        by_decay(decay, prices, np.array([51.0]), every=1.0)


def test_a_rhythm_against_every_multiple() -> None:
    parts = [Part("a", weibull_life(3, 1000), Prices(10, 2)), Part("b", weibull_life(2, 2600), Prices(12, 3))]
    found = rhythm(parts, 2.0)
    curves = [minimal_repair(part.life, part.prices) for part in parts]
    best = min(
        2.0 / t + min(curves[0].rate_at(k * t) for k in (1,)) + min(curves[1].rate_at(k * t) for k in range(1, 9))
        for t in np.geomspace(100, 2000, 1500)
    )
    assert found.rate == pytest.approx(best, rel=2e-3)
    assert found.rate < found.apart
    assert found.times["a"] == 1
    assert rhythm(parts, 0.0).rate == pytest.approx(sum(curve.rate for curve in curves), rel=0.02)
    with pytest.raises(InputError):
        rhythm([], 1.0)


def test_opportunities_against_the_single_part() -> None:
    part = Part("a", weibull_life(2.5, 1000), Prices(10, 2))
    curve = age(part.life, Prices(10, 2, visit=1))
    alone = opportunities([part], [curve.interval], 1.0, shares=(1.0,), runs=40)
    assert alone.rate == pytest.approx(curve.rate, abs=1.5 * alone.half)
    three = [Part(name, weibull_life(3, 1000), Prices(3, 2)) for name in "abc"]
    together = opportunities(three, [900.0] * 3, 20.0, runs=10)
    assert together.share < 1
    assert together.saved > together.saved_half  # a dear visit makes company pay
    assert opportunities(three, [900.0] * 3, 0.0, runs=10).share == 1.0
    with pytest.raises(InputError):
        opportunities(three, [1.0], 1.0)


def test_spares_of_a_published_problem() -> None:
    """Three parts of rate 0.002 run 1300, 1500 and 1200 h: 12 spares serve with 90 % (Barlow and Proschan 1981)."""
    assert least_stock(0.002 * (1300 + 1500 + 1200), 0.9) == 12
    assert [least_stock(mean, 0.9) for mean in (2.6, 3.0, 2.4)] == [5, 5, 4]
    assert least_stock(0.0, 0.99) == 0


@given(mean=st.floats(0.01, 30), confidence=st.floats(0.5, 0.999))
@settings(max_examples=60, deadline=None)
def test_least_stock_is_the_quantile(mean: float, confidence: float) -> None:
    n = least_stock(mean, confidence)
    assert stats.poisson.cdf(n, mean) >= confidence
    assert n == 0 or stats.poisson.cdf(n - 1, mean) < confidence


def test_stock_against_the_sum_over_demands() -> None:
    plan = stock_plan(0.01, 200, covered=0.9)
    k = np.arange(0, 60)
    chance = stats.poisson.pmf(k, 2.0)
    assert plan.covered == pytest.approx(float(chance[k <= plan.stock - 1].sum()))
    assert plan.short == pytest.approx(float((chance * np.maximum(k - plan.stock, 0)).sum()))
    assert plan.covered >= 0.9 > 1 - plan.risk
    priced = stock_plan(0.01, 200, holding=1, waiting=200)
    costs = {s: float((chance * (np.maximum(s - k, 0) + 200 * np.maximum(k - s, 0))).sum()) for s in range(12)}
    assert priced.stock == min(costs, key=lambda s: costs[s])
    assert priced.rate == pytest.approx(costs[priced.stock], rel=1e-9)
    lots = stock_plan(0.01, 200, covered=0.9, lot=4)
    assert lots.stock - lots.order_at == 4
    assert stock_plan(0.0, 100).order_at == -1  # never asked for: none is kept
    with pytest.raises(InputError):
        stock_plan(0.01, 200, holding=1)
