"""Fits through periods that go together, held against other programs and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.verify.serial import OMEGAS, RHOS, fit_line
from tests.verify.drawn import alike


def columns(count: int) -> np.ndarray:
    return np.column_stack([np.ones(count), np.linspace(-1, 1, count), np.arange(count) >= count // 2])


def test_each_fit_is_generalised_least_squares_of_statsmodels() -> None:
    GLS = pytest.importorskip("statsmodels.api").GLS

    g, count = np.random.default_rng(3), 25
    x, at = columns(count), np.delete(np.arange(28), [4, 11, 12])
    y = g.normal(size=count)
    line = fit_line(y, x, at)
    for pair in (0, 20, 33, 57):
        away = np.abs(at[:, None] - at[None, :])
        alike_ = (1 - OMEGAS[pair]) * RHOS[pair] ** away + OMEGAS[pair] * (away == 0)
        judge = GLS(y, x, sigma=alike_).fit()
        assert line.coefficients[pair] == pytest.approx(judge.params, rel=1e-9)
        # two of the free values are ours to spend on ρ and ω
        errors = line.sizes[pair] * np.sqrt(np.diag(line.inverses[pair])) * np.sqrt((count - 5) / (count - 3))
        assert errors == pytest.approx(judge.bse, rel=1e-9)


def test_a_forecast_is_the_conditional_mean_of_the_normal_distribution() -> None:
    g = np.random.default_rng(4)
    at, ahead = np.arange(20), np.array([1, 2, 5])
    x, later = np.column_stack([np.ones(20), g.normal(size=20)]), np.column_stack([np.ones(3), g.normal(size=3)])
    y, z = g.normal(size=20), g.normal(size=3)
    line = fit_line(y, x, at)
    found = line.excess(z, later, ahead)
    every = np.concatenate([at, 19 + ahead])
    away = np.abs(every[:, None] - every[None, :])
    for pair in (0, 10, 30, 50):
        both = (1 - OMEGAS[pair]) * RHOS[pair] ** away + OMEGAS[pair] * (away == 0)
        inner = np.linalg.inv(both[:20, :20])
        normal = np.linalg.inv(x.T @ inner @ x)
        beta = normal @ x.T @ inner @ y
        lean = both[20:, :20] @ inner
        want = (z - later @ beta - lean @ (y - x @ beta)).mean()
        doubt = (later - lean @ x).mean(axis=0)
        variance = doubt @ normal @ doubt + (both[20:, 20:] - lean @ both[:20, 20:]).mean()
        assert found.means[pair] == pytest.approx(want, rel=1e-9)
        assert found.scales[pair] == pytest.approx(line.sizes[pair] * np.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize(("rho", "least"), [(0.0, 0.94), (0.8, 0.91)])
def test_intervals_hold_from_the_fewest_periods_on(rho: float, least: float) -> None:
    g, held, runs = np.random.default_rng(7), 0, 250
    late = np.concatenate([np.zeros(20), np.ones(8)])
    x = np.column_stack([np.ones(28), late])
    for _ in range(runs):
        found = fit_line(alike(g, 28, rho), x, np.arange(28)).contrast(np.array([0.0, 1.0]))
        held += 0.025 <= found.below(0.0) <= 0.975
    assert held / runs >= least


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.01, 100))
def test_shift_and_scale_go_through(seed: int, shift: float, scale: float) -> None:
    y, x, along = np.random.default_rng(seed).normal(size=20), columns(20), np.array([0.0, 0.0, 1.0])
    one = fit_line(y, x, np.arange(20)).contrast(along).interval(0.95)
    other = fit_line(shift + scale * y, x, np.arange(20)).contrast(along).interval(0.95)
    assert np.array(other) == pytest.approx(scale * np.array(one), rel=1e-5, abs=1e-6 * scale)


def test_quantile_and_probability_are_inverse() -> None:
    found = fit_line(alike(np.random.default_rng(1), 30, 0.5), np.ones((30, 1)), np.arange(30)).contrast(np.ones(1))
    low, high = found.interval(0.9)
    assert found.below(low) == pytest.approx(0.05, abs=1e-9)
    assert found.below(high) == pytest.approx(0.95, abs=1e-9)
    assert found.p(low) == pytest.approx(0.1, abs=1e-9)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        fit_line(np.zeros(4), np.ones((4, 1)), np.arange(4))
    with pytest.raises(InputError, match="say the same"):
        fit_line(np.arange(20.0), np.ones((20, 2)), np.arange(20))
