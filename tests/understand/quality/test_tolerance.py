from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from luban.core.errors import InputError
from luban.understand.quality.noncentral import centrality, noncentral_quantile, noncentral_share
from luban.understand.quality.tolerance import (
    free_tolerance,
    normal_tolerance,
    pieces_needed,
    tolerance_factor,
)


def test_the_factors_of_the_nist_handbook():
    # 7.2.6.3: 43 wafers, 90 % of them, 99 % confidence
    assert round(tolerance_factor(43, 0.90, 0.99, way="howe"), 3) == 2.217
    assert round(tolerance_factor(43, 0.90, 0.99, side="upper", way="natrella"), 4) == 1.8752
    assert 97.07 - 0.0268 * tolerance_factor(43, 0.90, 0.99, way="howe") == pytest.approx(97.010576, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "factor"), [(2, 36.519), (5, 5.077), (10, 3.393), (20, 2.760), (30, 2.555), (50, 2.382), (100, 2.234)]
)
def test_exact_two_sided_factors_are_the_published_ones(n: int, factor: float):
    # 95 % of pieces, 95 % confidence: ISO 16269-6:2014, annex; Krishnamoorthy and Mathew (2009), table B2
    assert tolerance_factor(n, 0.95, 0.95) == pytest.approx(factor, abs=6e-4)


@pytest.mark.parametrize(
    ("n", "factor"), [(2, 26.260), (5, 4.203), (10, 2.911), (20, 2.396), (50, 2.065), (100, 1.927)]
)
def test_exact_one_sided_factors_are_the_published_ones(n: int, factor: float):
    assert tolerance_factor(n, 0.95, 0.95, side="lower") == pytest.approx(factor, abs=6e-4)


@pytest.mark.parametrize("degrees", [1, 3, 10, 50, 400, 1500])
@pytest.mark.parametrize("offset", [-5, 0, 8, 150])
def test_quantiles_of_the_noncentral_t_are_those_of_scipy(degrees: int, offset: float):
    for p in (0.01, 0.5, 0.95):
        assert noncentral_quantile(p, degrees, offset) == pytest.approx(stats.nct.ppf(p, degrees, offset), rel=1e-6)


@pytest.mark.parametrize("degrees", [1, 2, 5, 20, 150, 999])
@pytest.mark.parametrize("offset", [-60, -10, -1, 0, 0.5, 3, 45, 400])
def test_shares_of_the_noncentral_t_are_those_of_scipy(degrees: int, offset: float):
    for q in (1e-4, 0.025, 0.5, 0.9999):
        t = stats.nct.ppf(q, degrees, offset)
        judge = stats.nct.cdf(t, degrees, offset)
        assert not np.isfinite(judge) or noncentral_share(t, degrees, offset) == pytest.approx(judge, abs=1e-10)


def test_centralities_far_out_are_found():
    draw = np.random.default_rng(0)
    for _ in range(100):
        degrees, t = float(draw.choice([1, 2, 5.3, 17.97, 99, 999])), float(draw.normal() * 10 ** draw.uniform(-1, 3))
        low, high = centrality(t, degrees, 0.975), centrality(t, degrees, 0.025)
        assert low < high
        assert noncentral_share(t, degrees, low) == pytest.approx(0.975, abs=1e-7)
        assert noncentral_share(t, degrees, high) == pytest.approx(0.025, abs=1e-7)


def test_centrality_goes_back_and_is_smooth_where_the_formula_changes():
    t = noncentral_quantile(0.975, 30, 4.0)
    assert centrality(t, 30, 0.975) == pytest.approx(4.0, abs=1e-8)
    assert centrality(300, 1000, 0.025) == pytest.approx(centrality(300, 1000.1, 0.025), rel=3e-4)


def test_limits_hold_the_share_as_often_as_they_say():
    factor = tolerance_factor(12, 0.9, 0.95)
    x = np.random.default_rng(3).normal(0, 1, (20_000, 12))
    mean, reach = x.mean(1), factor * x.std(1, ddof=1)
    held = stats.norm.cdf(mean + reach) - stats.norm.cdf(mean - reach) >= 0.9
    assert held.mean() == pytest.approx(0.95, abs=0.005)
    own = normal_tolerance(x[0], 0.9, 0.95)
    assert (own.low, own.high) == pytest.approx((mean[0] - reach[0], mean[0] + reach[0]))


def test_fewest_pieces_are_those_of_wilks():
    # 7.2.6.4 and S. S. Wilks (1941)
    assert [pieces_needed(0.95, 0.95), pieces_needed(0.95, 0.95, side="upper")] == [93, 59]
    assert [pieces_needed(0.99, 0.95), pieces_needed(0.90, 0.90), pieces_needed(0.99, 0.99)] == [473, 38, 662]


def test_order_statistics_bound_the_share():
    x = np.random.default_rng(0).exponential(size=93)
    own = free_tolerance(x, 0.95, 0.95)
    assert (own.low, own.high) == (x.min(), x.max())
    assert own.confidence == pytest.approx(0.95, abs=0.001)
    assert own.confidence >= 0.95
    few = free_tolerance(x[:92], 0.95, 0.95)
    assert few.low is None
    assert few.reason == "without a family, 92 values cannot bound 95 % with 95 % confidence: 93 are needed"
    many = free_tolerance(np.arange(1000.0), 0.95, 0.95, side="upper")
    assert many.high < 999
    assert many.low is None


@pytest.mark.parametrize(
    ("n", "share", "confidence", "side"),
    [(1, 0.9, 0.9, "two"), (9, 95, 0.9, "two"), (9, 0.9, 0, "two"), (9, 0.9, 0.9, "left")],
)
def test_what_makes_no_sense_is_an_error(n: int, share: float, confidence: float, side: str):
    with pytest.raises(InputError):
        tolerance_factor(n, share, confidence, side=side)


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 200), st.floats(0.5, 0.995), st.floats(0.5, 0.995))
def test_more_pieces_bring_the_limits_closer(n: int, share: float, confidence: float):
    # below 50 % confidence a factor may grow with n; above, it cannot for the two-sided exact one beyond a few values
    assert tolerance_factor(n, share, confidence, side="two") > 0
    if confidence > 0.9:
        assert tolerance_factor(n + 1, share, confidence) < tolerance_factor(n, share, confidence)
