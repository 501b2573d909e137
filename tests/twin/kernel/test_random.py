"""Draws are judged by scipy's quantiles and by the laws they claim to follow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from luban.twin.distribution import Distribution
from luban.twin.kernel.build import build
from luban.twin.kernel.random import Purpose, invert, quantile_normal, run_key, stream, unit
from luban.twin.model import Machine, Model, Route, Station, Step

LAWS = {
    "uniform(2 s, 5 s)": stats.uniform(2, 3),
    "triangular(1 s, 2 s, 5 s)": stats.triang(0.25, 1, 4),
    "exponential(3 s)": stats.expon(scale=3),
    "normal(2 s, 1.5 s)": stats.truncnorm(-2 / 1.5, np.inf, 2, 1.5),
    "lognormal(4 s, sigma=0.7)": stats.lognorm(0.7, scale=4 * np.exp(-0.245)),
    "weibull(1.3, 10 s)": stats.weibull_min(1.3, scale=10),
    "gamma(2.5, 3 s)": stats.gamma(2.5, scale=3),
    "gamma(0.4, 3 s)": stats.gamma(0.4, scale=3),
    "exponential(3 s, shift=2 s)": stats.expon(2, 3),
}


def test_the_normal_quantile_is_right_to_the_last_digits() -> None:
    points = [1e-300, 1e-30, 1e-9, 1e-3, 0.0749, 0.0751, 0.3, 0.5, 0.77, 0.9251, 0.99, 1 - 1e-12]
    found = [quantile_normal(point) for point in points]
    assert found == pytest.approx(special.ndtri(points), rel=2e-15, abs=1e-16)


@pytest.mark.parametrize("text", LAWS)
def test_draws_follow_their_law(text: str) -> None:
    model = Model(
        "one",
        0,
        10**9,
        (Station("s"),),
        (Machine("m", "s"),),
        (Route("r", (Step("1", "s", Distribution.parse(text)),)),),
    )
    world = build(model, wanted=0)
    key = np.uint64(run_key(np.uint64(7), np.uint64(0)))
    drawn = [invert(world.address, 0, np.uint64(stream(key, Purpose.TIME, entity, 1))) for entity in range(20_000)]
    assert stats.kstest(drawn, LAWS[text].cdf).pvalue > 1e-3
    distribution = Distribution.parse(text)
    assert distribution.mean == pytest.approx(LAWS[text].mean())
    assert distribution.variance == pytest.approx(LAWS[text].var())
    grid = np.linspace(0.01, 0.99, 25)
    assert distribution.quantile(grid) == pytest.approx(LAWS[text].ppf(grid))
    assert Distribution.parse(str(distribution)) == distribution


def test_empirical_draws_reproduce_the_quantiles_they_were_given() -> None:
    seen = np.random.default_rng(3).lognormal(1, 0.5, 4000)
    distribution = Distribution.empirical(seen)
    grid = np.linspace(0.05, 0.95, 19)
    assert distribution.quantile(grid) == pytest.approx(np.quantile(seen, grid), rel=0.02)
    assert distribution.mean == pytest.approx(seen.mean(), rel=0.02)
    assert distribution.variance == pytest.approx(seen.var(), rel=0.1)


@pytest.mark.parametrize("part", ["entity", "ordinal", "purpose", "replication", "seed"])
def test_neighbouring_keys_share_nothing(part: str) -> None:
    """Serial correlation and uniformity of draws whose keys differ in one part by one."""
    count = 20_000

    def key(number: int) -> int:
        seed, replication = (number if part == name else 1 for name in ("seed", "replication"))
        run = np.uint64(run_key(np.uint64(seed), np.uint64(replication)))
        return stream(run, *(number if part == name else 1 for name in ("purpose", "entity", "ordinal")))

    drawn = np.array([unit(np.uint64(key(number))) for number in range(count)])
    assert stats.kstest(drawn, "uniform").pvalue > 1e-3
    for lag in (1, 2, 7):
        correlation = np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(count)
    pairs, _, _ = np.histogram2d(drawn[:-1], drawn[1:], bins=10, range=[[0, 1], [0, 1]])
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-3
