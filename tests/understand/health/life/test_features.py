"""Moving averages and trends against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.understand.health.life.features import average, trend


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from([6, 20, 60]))
def test_average_is_the_weighted_mean_of_all_readings_so_far(seed: int, n: int, span: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 2))
    weights = (1 - 2 / (span + 1)) ** np.arange(n)[::-1]
    expected = (weights[:, None] * values).sum(axis=0) / weights.sum()
    assert average(values, span)[-1] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 90), st.sampled_from([20, 40]))
def test_trend_is_the_slope_of_least_squares(seed: int, n: int, window: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, 1))
    last = values[-window:, 0]
    slope = np.polyfit(np.arange(len(last)), last, 1)[0]
    assert trend(values, window)[-1, 0] == pytest.approx(slope * np.sqrt(len(last)), abs=1e-8)
