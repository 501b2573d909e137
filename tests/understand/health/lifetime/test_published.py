"""Every printed digit of published examples; the sources stand beside the data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from luban.core.errors import InputError
from luban.understand.health.lifetime import (
    LifeFigure,
    LifeFit,
    exponential_mean,
    fit_life,
    grouped_growth,
    growth,
    kaplan_meier,
    life_figures,
    lives,
    lowest_life,
    mean_test,
    prove_mean,
    prove_reliability,
    turnbull,
)
from tests.understand.health.lifetime.published import (
    ALPHA,
    CROW_GROWTH,
    MIL_GROWTH,
    NIST,
    NIST_GROWTH,
    REMISSION,
    SHOCK,
    VISITS,
)


def named(fit: LifeFit, level: float = 0.95) -> dict[str, LifeFigure]:
    return {one.name: one for one in life_figures(fit, level)}


def test_the_weibull_of_the_nist_handbook():
    fit = fit_life(NIST)
    assert fit.named["shape"] == pytest.approx(1.7208, abs=5e-5)
    assert fit.named["scale"] == pytest.approx(606.528, abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-75.135, abs=5e-4)


@pytest.mark.parametrize(
    ("failed", "running", "shape", "scale"),
    [
        # R. B. Abernethy, The New Weibull Handbook, C.5
        ([1500, 2250, 4000, 4300, 7000], [1750, 5000], 2.257, 4900.1),
        # Journal of Quality Technology 29 (1997), 10.1080/00224065.1997.11979730
        ([45, 46, 34, 45, 32, 24, 58, 79, 56, 63, 34, 50], [23, 24, 57, 78, 76, 85, 51, 59], 2.7540, 67.9188),
    ],
)
def test_printed_weibulls_of_censored_lives(failed: list[float], running: list[float], shape: float, scale: float):
    own = fit_life(lives(failed, running)).named
    assert own["shape"] == pytest.approx(shape, rel=5e-4)
    assert own["scale"] == pytest.approx(scale, rel=5e-5)


def test_the_shock_absorbers_of_meeker_and_escobar():
    weibull, lognormal = fit_life(SHOCK), fit_life(SHOCK, "lognormal")
    assert (round(weibull.place, 2), round(weibull.width, 4)) == (10.23, 0.3164)
    assert (round(lognormal.place, 2), round(lognormal.width, 4)) == (10.14, 0.5301)
    spread = np.sqrt(np.diag(weibull.covariance)) * [1, weibull.width]
    assert spread == pytest.approx([0.1099, 0.07317], rel=5e-4)


def test_lives_seen_in_intervals_with_both_printed_intervals():
    fit = fit_life(ALPHA, "exponential")
    mean = named(fit)["MTBF"]
    assert mean.value == pytest.approx(572.3, abs=0.05)
    assert math.sqrt(fit.covariance[0, 0]) * mean.value == pytest.approx(41.72, abs=5e-3)
    assert (round(mean.low), round(mean.high)) == (498, 662)
    assert [round(end) for end in mean.fisher] == [496, 660]


def test_kaplan_and_meier_of_remissions():
    curve = kaplan_meier(REMISSION)
    assert curve.ages.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.surviving.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert (round(curve.low[0], 3), round(curve.high[0], 3)) == (0.620, 0.952)
    half = curve.life(0.5)
    assert (half.value, half.low, half.high) == (23, 13, None)


def test_turnbulls_masses_of_the_radiotherapy_arm():
    curve = turnbull(VISITS)
    found = {(a, b): round(m / 46, 4) for a, b, m in zip(curve.since, curve.ages, curve.failures, strict=True)}
    assert found == {
        (4, 5): 0.0463, (6, 7): 0.0334, (7, 8): 0.0887, (11, 12): 0.0708, (24, 25): 0.0926, (33, 34): 0.0818,
        (38, 40): 0.1209, (46, 48): 0.4656,
    }  # fmt: skip
    assert curve.gap < 1e-9


def test_growth_of_the_nist_handbook():
    found = growth(NIST_GROWTH, 1500, 0.8)
    assert found.unbiased == pytest.approx(1 - 0.516494, abs=1e-6)
    assert found.mtbf_unbiased == pytest.approx(310.234, abs=1e-3)


def test_growth_of_the_military_handbook():
    found = growth(MIL_GROWTH, 300, 0.9)
    assert (round(found.shape, 4), round(found.rate, 4), round(found.mtbf, 2)) == (0.7163, 0.4538, 15.51)
    assert found.misfit == pytest.approx(0.0911, abs=5e-5)


def test_growth_that_ends_with_a_failure_and_growth_by_looks():
    found = growth(CROW_GROWTH)
    assert (round(found.shape, 4), round(found.rate, 4)) == (0.6142, 0.4239)
    looks = grouped_growth([62, 100, 187, 210, 350, 500], [12, 6, 15, 3, 18, 16])  # ReliaWiki, grouped data
    assert (round(looks.shape, 4), round(looks.rate, 4)) == (0.8136, 0.4459)


def test_factors_of_the_nist_table_for_a_constant_rate():
    low, high = exponential_mean(1.0, 1, 0.9)
    assert (round(low, 4), round(high, 3)) == (0.2108, 19.496)
    assert exponential_mean(1.0, 0, 0.9) == (pytest.approx(1 / math.log(10)), None)


@pytest.mark.parametrize(
    ("share", "level", "units"), [(0.9, 0.9, 22), (0.95, 0.95, 59), (0.99, 0.95, 299), (0.9, 0.95, 29)]
)
def test_units_without_a_failure_that_prove_a_share(share: float, level: float, units: int):
    plan = prove_reliability(share, level)
    assert plan.units == units
    assert plan.shown >= level > 1 - share ** (units - 1)


def test_plans_with_failures_and_other_lengths():
    one = prove_reliability(0.9, 0.9, 1)
    assert one.units == 38
    assert stats.binom.cdf(1, 38, 0.1) <= 0.1 < stats.binom.cdf(1, 37, 0.1)
    longer = prove_reliability(0.9, 0.9, ratio=2, shape=2)
    assert longer.units == math.ceil(math.log(0.1) / (4 * math.log(0.9)))
    for wrong in (lambda: prove_reliability(1, 0.9), lambda: prove_reliability(0.9, 0.9, ratio=2),
                  lambda: prove_reliability(0.9, 0.9, -1), lambda: prove_reliability(1 - 1e-12, 0.99)):  # fmt: skip
        with pytest.raises(InputError):
            wrong()


def test_mean_lives_by_the_military_handbook():
    assert [round(prove_mean(1, 0.9, r).total, 2) for r in range(4)] == [2.30, 3.89, 5.32, 6.68]
    # MIL-HDBK-781A, fixed-length plan XV-D: d = 3, 9.3 times the worse mean life, 5 failures pass
    plan = mean_test(3, 1)
    assert (plan.failures, round(plan.total, 1)) == (5, 9.3)
    assert plan.producer == pytest.approx(1 - stats.poisson.cdf(5, plan.total / 3))
    with pytest.raises(InputError, match="above the worse"):
        mean_test(1, 1)


def test_a_known_shape_without_a_failure():
    assert lowest_life([100.0] * 10, 0, 1.0, 0.9) == pytest.approx(1000 / math.log(10))
    assert lowest_life([100.0] * 10, 0, 2.0, 0.9) == pytest.approx(math.sqrt(1e5 / math.log(10)))
    with pytest.raises(InputError):
        lowest_life([], 0, 1.0, 0.9)
