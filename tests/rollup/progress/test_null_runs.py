"""A thousand runs in which nothing happens: how often something is warned of."""

from __future__ import annotations

import numpy as np
import pytest

from luban.rollup.glut import BASELINE, FALSE_ALARMS, overcapacity
from luban.rollup.outbreak import outbreaks


@pytest.mark.parametrize("scatter", [1.0, 1.6])
def test_quality_warns_without_cause_in_no_more_runs_than_it_says(scatter: float) -> None:
    """Five hundred runs each of counts by chance, and of counts that scatter more than chance; 5 % are said."""
    rng = np.random.default_rng(int(10 * scatter))
    false = 0
    for _ in range(500):
        usual = rng.uniform(4, 15, (8, 1)) * np.ones((8, 30))
        counts = rng.poisson(usual) if scatter == 1 else rng.negative_binomial(usual / (scatter - 1), 1 / scatter)
        false += bool(outbreaks(counts.astype(float), start=24))
    assert 0 < false <= 25 + 2.6 * np.sqrt(500 * 0.05 * 0.95)


def test_few_periods_before_know_less_and_do_not_warn_more() -> None:
    """Three hundred runs with twelve periods before and twenty cells: what is usual is itself an estimate."""
    rng, false = np.random.default_rng(7), 0
    for _ in range(300):
        false += bool(outbreaks(rng.poisson(rng.uniform(4, 15, (20, 1)) * np.ones((20, 24))).astype(float), start=12))
    assert false <= 300 * 0.05 + 2.6 * np.sqrt(300 * 0.05 * 0.95)


def test_overcapacity_warns_without_cause_in_no_more_runs_than_it_says() -> None:
    """Four hundred runs of ten years of one series, each quarter half like the one before."""
    rng, count, false = np.random.default_rng(5), 400, 0
    for _ in range(count):
        noise = rng.standard_normal(BASELINE + 40)
        for now in range(1, noise.size):
            noise[now] = 0.5 * noise[now - 1] + noise[now] * np.sqrt(0.75)
        false += bool(overcapacity(82 + 1.5 * noise))
    assert FALSE_ALARMS == 0.05
    assert 0 < false <= count * FALSE_ALARMS + 2.6 * np.sqrt(count * FALSE_ALARMS * (1 - FALSE_ALARMS))
