"""Policies against published examples, closed forms and numerical integration by scipy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate, optimize

from luban.core.errors import InputError
from luban.decide.maintain import (
    Life,
    Prices,
    age,
    block,
    in_hours,
    lives_drawn,
    minimal_repair,
    normal_life,
    output_lost,
    renewals,
    run_to_failure,
    weibull_life,
)
from luban.understand.health.lifetime import fit_life, lives
from luban.understand.quality.data import Floats


class Uniform(Life):
    """Between 0 and 40000 km."""

    def surviving(self, ages: float | Floats) -> Floats:
        return np.clip(1 - np.asarray(ages) / 40_000, 0, 1)

    def quantile(self, share: float | Floats) -> Floats:
        return 40_000 * np.atleast_1d(np.asarray(share, float))


class Erlang(Life):
    """Sum of two exponential lives of mean 1."""

    def surviving(self, ages: float | Floats) -> Floats:
        return np.asarray(np.exp(-np.asarray(ages)) * (1 + np.asarray(ages)))

    def quantile(self, share: float | Floats) -> Floats:
        def age(p: float) -> float:
            return float(optimize.brentq(lambda t: float(1 - self.surviving(t)) - p, 0, 60))

        return np.array([age(float(p)) for p in np.atleast_1d(np.asarray(share, float))])


def test_age_replacement_of_a_textbook_problem() -> None:
    """Jardine and Tsang, Maintenance, Replacement and Reliability, problem 2.2: costs at four ages, the best 30,000."""
    curve = age(Uniform("weibull", 0.0, 1.0), Prices(failure=200, planned=100))
    found = [curve.rate_at(t) for t in (10_000, 20_000, 30_000)]
    assert np.round(found, 4) == pytest.approx([0.0143, 0.01, 0.0093])
    assert curve.rates[-1] == pytest.approx(0.01)  # at the end of the life: as at failure
    assert min((curve.rate_at(t), t) for t in (10_000, 20_000, 30_000, 40_000))[1] == 30_000
    # and between these ages, where 100 (80000 + 2t) / (80000 t - t²) is least
    best = 40_000 * (math.sqrt(3) - 1)
    assert curve.interval == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize(
    ("life", "prices"),
    [
        (weibull_life(2.5, 1000), Prices(5, 1)),
        (weibull_life(1.4, 800), Prices(20, 1, failure_hours=30, planned_hours=4, hour=2)),
        (normal_life(5, 1), Prices(10, 5)),
        (Life("lognormal", 6.0, 0.5), Prices(9, 1)),
    ],
)
def test_age_replacement_against_integration(life: Life, prices: Prices) -> None:
    def cost(t: float) -> float:
        lived = integrate.quad(lambda u: float(life.surviving(u)), 0, t, limit=200)[0]
        left = float(life.surviving(t))
        spent = prices.of_planned * left + prices.of_failure * (1 - left)
        return float(spent / (lived + prices.planned_hours * left + prices.failure_hours * (1 - left)))

    curve = age(life, prices)
    best = optimize.minimize_scalar(cost, bounds=(0.05 * life.mean, 2 * life.mean), method="bounded")
    assert curve.rate == pytest.approx(best.fun, rel=1e-6)
    assert curve.interval == pytest.approx(best.x, rel=5e-3)
    # Barlow and Hunter: at the best age, without stop times, the hazard times the cost of what it saves is the rate
    if not prices.failure_hours:
        t, step = curve.interval, 1e-4 * curve.interval
        hazard = float(np.log(life.surviving(t - step) / life.surviving(t + step)) / (2 * step))
        assert hazard * (prices.of_failure - prices.of_planned) == pytest.approx(curve.rate, rel=1e-2)


@given(shape=st.floats(1.2, 5), ratio=st.floats(1.05, 50), scale=st.floats(1, 1e5))
@settings(max_examples=40, deadline=None)
def test_minimal_repair_has_its_closed_form(shape: float, ratio: float, scale: float) -> None:
    curve = minimal_repair(weibull_life(shape, scale), Prices(failure=ratio, planned=1))
    best = scale * (1 / (ratio * (shape - 1))) ** (1 / shape)
    end = curve.intervals[-1]
    if best < 0.98 * end:
        assert curve.interval == pytest.approx(best, rel=5e-3)
        assert curve.rate == pytest.approx(shape / (shape - 1) / best, rel=1e-5)


def test_renewals_of_known_lives() -> None:
    t = np.linspace(0, 5, 501)
    assert renewals(Life("exponential", 0.0, 1.0), t) == pytest.approx(t, abs=4e-5)
    assert renewals(Erlang("weibull", 0.0, 1.0), t) == pytest.approx(t / 2 - (1 - np.exp(-2 * t)) / 4, abs=4e-5)
    with pytest.raises(InputError, match="equal steps"):
        renewals(weibull_life(2, 1), np.array([0.0, 1, 3]))


def test_block_replacement_of_a_normal_life() -> None:
    """A failure up to 3 weeks is rare, so the textbook's shortcut of at most one failure a week holds there."""
    curve = block(normal_life(5, 1), Prices(failure=10, planned=5))
    failing = [float(1 - normal_life(5, 1).surviving(t)) for t in (1.0, 2.0, 3.0)]
    assert [curve.rate_at(t) for t in (1, 2, 3)] == pytest.approx(
        [(5 + 10 * p) / t for t, p in zip((1, 2, 3), failing, strict=True)], rel=2e-3
    )
    assert curve.interval == pytest.approx(3.66, abs=0.05)


@pytest.mark.parametrize("policy", [age, block])
def test_what_does_not_wear_is_never_replaced(policy: Callable[..., object]) -> None:
    life, prices = weibull_life(0.9, 1700), Prices(50, 1)
    curve = policy(life, prices)
    assert math.isinf(curve.interval)  # type: ignore[attr-defined]
    assert curve.rate == pytest.approx(run_to_failure(life, prices).rate)  # type: ignore[attr-defined]


@given(shape=st.floats(0.6, 4), factor=st.floats(0.1, 10), ratio=st.floats(1.1, 30))
@settings(max_examples=25, deadline=None)
def test_units_of_money_and_time_do_not_matter(shape: float, factor: float, ratio: float) -> None:
    one = age(weibull_life(shape, 100), Prices(ratio, 1))
    other = age(weibull_life(shape, 100).scaled(factor, "d"), Prices(7 * ratio, 7))
    assert other.rate * factor / 7 == pytest.approx(one.rate, rel=1e-9)
    assert one.rate <= run_to_failure(weibull_life(shape, 100), Prices(ratio, 1)).rate * (1 + 1e-9)


def test_stop_times_lower_availability() -> None:
    life = weibull_life(3, 100)
    curve = age(life, Prices(10, 1, failure_hours=20, planned_hours=2))
    assert 0.9 < curve.available[curve.at] < 1
    rtf = run_to_failure(life, Prices(10, 1, failure_hours=20))
    assert float(rtf.available[0]) == pytest.approx(life.mean / (life.mean + 20))


def test_draws_spread_as_the_data_let_them() -> None:
    rng = np.random.default_rng(4)
    few, many = (fit_life(lives(failed=1000 * rng.weibull(2, n), unit="h")) for n in (8, 200))
    spread = [np.std([one.shape or 0 for one in lives_drawn(fit, 200)]) for fit in (few, many)]
    assert spread[0] > 3 * spread[1] > 0
    assert lives_drawn(fit_life(lives(failed=[5.0, 9.0]), shape=2.0), 10) == ()


def test_prices_and_output() -> None:
    own = Prices(100, 40, hour=10, failure_hours=5, planned_hours=2, visit=3)
    assert (own.of_failure, own.of_planned, own.of_repair) == (153, 63, 153)
    assert output_lost(20, 0.9, 0.9, 75) == 20
    assert output_lost(20, 0.5, 0.9, 75) == 0  # 30 spare hours: caught up
    assert output_lost(40, 0.5, 0.9, 75) == pytest.approx(10)
    for wrong in ({"failure": 0.0, "planned": 1.0}, {"failure": 1.0, "planned": 1.0, "hour": -1.0}):
        with pytest.raises(InputError):
            Prices(**wrong)
    with pytest.raises(InputError):
        output_lost(1, 0.9, 0.5, 10)


def test_lives_in_hours() -> None:
    assert in_hours(weibull_life(2, 10, "d")).mean == pytest.approx(24 * weibull_life(2, 10).mean)
    assert in_hours(weibull_life(2, 10_000, "piece"), pace=50).mean == pytest.approx(weibull_life(2, 200).mean)
    with pytest.raises(InputError, match="pace"):
        in_hours(weibull_life(2, 10_000, "piece"))
    with pytest.raises(InputError):
        weibull_life(0, 1)
    with pytest.raises(InputError, match="without a mean"):
        Life("loglogistic", 5.0, 1.2)
    with pytest.raises(InputError):
        normal_life(1, 1)
