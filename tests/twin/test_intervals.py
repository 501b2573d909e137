"""Student's table, coverage on values of known mean, and what batches of a dependent series betray."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from luban.core.errors import InputError
from luban.twin.intervals import batch_means, paired, spread, student_t

# Two-sided 95 % points of Student's t as every statistics book prints them.
TABLE = {1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045}


@pytest.mark.parametrize(("freedom", "t"), TABLE.items())
def test_half_width_is_the_tables(freedom: int, t: float) -> None:
    n = freedom + 1
    values = np.zeros(n)
    values[:2] = -1, 1
    deviation = np.sqrt(2 / freedom)
    found = student_t(values)
    assert found.half == pytest.approx(t * deviation / np.sqrt(n), rel=2e-4)
    assert (found.mean, found.n, found.level) == (0, n, 0.95)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_interval_is_scipys(level: float) -> None:
    values = np.random.default_rng(1).lognormal(size=17)
    low, high = stats.t.interval(level, 16, values.mean(), stats.sem(values))
    found = student_t(values, level)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert found.contains((low + high) / 2)
    assert not found.contains(high * 1.01)


def test_it_holds_what_it_promises() -> None:
    """4,000 intervals from 6 normal values: 95 % contain the mean; 4 standard errors of that share are 0.014."""
    values = np.random.default_rng(2).normal(3, 2, (6, 4000))
    mean, half, _ = spread(values)
    assert abs(np.mean(np.abs(mean - 3) <= half) - 0.95) < 0.014


def test_an_unknown_is_left_out_and_counted() -> None:
    found = student_t([1.0, np.nan, 3.0])
    assert (found.mean, found.n) == (2, 2)
    assert found.half == pytest.approx(12.706, rel=1e-4)


@pytest.mark.parametrize(("values", "n"), [([np.nan, np.nan], 0), ([5.0, np.nan], 1), ([7.0], 1)])
def test_what_cannot_be_said_is_not_a_number(values: list[float], n: int) -> None:
    found = student_t(values)
    assert found.n == n
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(found.mean) == (n == 0)
    assert not found.contains(5.0)


def test_same_values_have_no_width() -> None:
    found = student_t([0.3] * 5)
    assert found.half == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(InputError, match="level"):
        student_t([1, 2], level)


def test_pairs_take_out_what_both_runs_share() -> None:
    random = np.random.default_rng(3)
    shared = random.normal(100, 20, 10)
    a, b = shared + random.normal(0, 1, 10), shared + random.normal(2, 1, 10)
    found = paired(a, b)
    assert (found.low, found.high) == pytest.approx(
        tuple(np.array(stats.ttest_rel(b, a).confidence_interval(0.95))), rel=1e-12
    )
    assert found.low > 0
    with pytest.raises(InputError, match="10 and 9"):
        paired(a, b[1:])


def _ar1(n: int, phi: float, runs: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    noise = random.normal(size=(n, runs))
    series = np.empty((n, runs))
    series[0] = noise[0] / np.sqrt(1 - phi**2)
    for i in range(1, n):
        series[i] = phi * series[i - 1] + noise[i]
    return series


def test_batches_of_a_dependent_series_hold_what_they_promise() -> None:
    """AR(1) of 0.9 has a correlation time of 19 values: 20 batches of 500 hold 95 %; as if independent it were 36 %."""
    series = _ar1(10_000, 0.9, 400, 4)
    covered = np.mean([batch_means(run).interval.contains(0) for run in series.T])
    assert stats.binom.ppf(1e-3, 400, 0.95) <= 400 * covered <= stats.binom.ppf(1 - 1e-3, 400, 0.95)
    naive = np.mean([student_t(run).contains(0) for run in series.T])
    assert naive < 0.5


def test_batches_that_are_too_short_are_told() -> None:
    """Lag-1 of batches: 20 values each of an AR(1) of 0.98 depend, 5,000 of white noise do not (1 in 20 is flagged)."""
    dependent = [batch_means(run).independent for run in _ar1(400, 0.98, 200, 5).T]
    assert np.mean(dependent) < 0.3
    free = [batch_means(run).independent for run in np.random.default_rng(6).normal(size=(1000, 400)).T]
    assert 0.92 < np.mean(free) < 0.98


def test_batches_are_equal_and_the_first_values_go() -> None:
    found = batch_means([1000, 1000, 1, 3, 5, 7, 9, 11], batches=3)
    assert found.interval.mean == 6
    assert found.interval == student_t([2, 6, 10])
    constant = batch_means(np.ones(40))
    assert np.isnan(constant.lag1)
    assert constant.independent


@pytest.mark.parametrize(("values", "batches"), [(19, 20), (10, 1)])
def test_too_little_for_batches(values: int, batches: int) -> None:
    with pytest.raises(InputError, match="batches"):
        batch_means(np.ones(values), batches)
