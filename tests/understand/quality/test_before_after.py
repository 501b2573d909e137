"""Before and after against scipy, and intervals against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from luban.core.errors import InputError
from luban.understand.quality.before_after import compare_mean, compare_share, compare_spread, effective_size


def test_welch_is_that_of_scipy() -> None:
    chance = np.random.default_rng(0)
    a, b = chance.normal(0, 1, 40), chance.normal(0.8, 1.4, 50)
    got, theirs = compare_mean(a, b, wish=1), stats.ttest_ind(b, a, equal_var=False)
    assert got.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (got.lower, got.upper) == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-9)
    assert got.verdict == "better"
    assert compare_mean(a, b, wish=-1).verdict == "worse"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_fisher_is_that_of_scipy(n: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    got = compare_share(a, n, b, m)
    assert got.p == pytest.approx(stats.fisher_exact([[a, n - a], [b, m - b]])[1], rel=1e-6)
    assert got.lower <= got.change <= got.upper


def test_newcombe_as_printed() -> None:
    """Newcombe (1998), table II, (a) 56/70 less 48/80: 0.0524 to 0.3339 by method 10."""
    got = compare_share(48, 80, 56, 70)
    assert (round(got.lower, 4), round(got.upper, 4)) == (0.0524, 0.3339)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    chance = np.random.default_rng(7)
    spread = mean = 0
    for _ in range(800):
        one = compare_spread(chance.standard_t(6, 40), chance.standard_t(6, 40))
        spread += one.lower <= 1 <= one.upper
        slow = np.zeros((2, 90))
        shock = chance.normal(size=(2, 90))
        for k in range(1, 90):
            slow[:, k] = 0.6 * slow[:, k - 1] + shock[:, k]
        other = compare_mean(slow[0], slow[1], wish=1)
        mean += other.lower <= 0 <= other.upper
    assert 0.92 <= spread / 800 <= 0.98
    assert 0.90 <= mean / 800 <= 0.98  # without the correction it is 0.70


def test_values_that_repeat_each_other_count_for_less() -> None:
    assert effective_size(np.repeat([1.0, 2.0, 1.5, 0.5] * 5, 10)) < 40
    assert effective_size(np.array([1.0, 2.0] * 20)) == 40
    assert effective_size(np.ones(20)) == 20


def test_a_target_and_too_little() -> None:
    off, near = np.array([9.0, 11, 9.1, 10.9, 9.2, 10.8]), np.array([9.9, 10.1, 9.95, 10.05, 10.0, 10.1])
    assert compare_mean(off, near, target=10).verdict == "better"
    assert compare_mean(off[:3], near[:3], target=10).verdict == "unknown"
    assert compare_spread(np.ones(9), off).verdict == "unknown"
    assert compare_share(0, 5, 0, 5).verdict == "unclear"
    assert compare_mean(off, near, wish=-1).as_dict()["verdict"] == "unclear"
    gap = np.array([1.0, np.nan, 2])
    calls = (
        lambda: compare_mean(off[:1], near, wish=1), lambda: compare_mean(off, near),
        lambda: compare_share(6, 5, 0, 5), lambda: compare_spread(off, gap),
    )  # fmt: skip
    for wrong in calls:
        with pytest.raises(InputError):
            wrong()
