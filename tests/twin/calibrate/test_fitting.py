"""Fits against published data sets, against SciPy, and against the promise of their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from luban.core.errors import InputError
from luban.twin.calibrate.fitting import fit, profile_interval, two_populations
from luban.twin.calibrate.goodness import _null, kaplan_meier, p_value
from luban.twin.calibrate.likelihood import FAMILIES, Sample, estimate, loglik, outer

# Lieblein, Zelen (1956), J. Res. Natl. Bur. Stand. 57(5), 273-316: 23 deep-groove ball bearings, 10^6 revolutions.
BEARINGS = [
    17.88, 28.92, 33.00, 41.52, 42.12, 45.60, 48.48, 51.84, 51.96, 54.12, 55.56, 67.80, 68.64, 68.64, 68.88, 84.12,
    93.12, 98.64, 105.12, 105.84, 127.92, 128.04, 173.40,
]  # fmt: skip
# Nelson (1982), Applied Life Data Analysis, table 1.1 of ch. 4: 70 diesel generator fans, hours; 12 failed.
FAN_FAILED = [450, 1150, 1150, 1600, 2070, 2070, 2080, 3100, 3450, 4600, 6100, 8750]
FAN_RUNNING = [
    460, 1560, 1660, 1850, 1850, 1850, 1850, 1850, 2030, 2030, 2030, 2200, 3000, 3000, 3000, 3000, 3200, 3750, 3750,
    4150, 4150, 4150, 4150, 4300, 4300, 4300, 4300, 4850, 4850, 4850, 4850, 5000, 5000, 5000, 6100, 6100, 6100,
    6300, 6450, 6450, 6700, 7450, 7800, 7800, 8100, 8100, 8200, 8500, 8500, 8500, 8750, 8750, 9400, 9900, 10100, 10100,
    10100, 11500,
]  # fmt: skip
# Freireich et al. (1963), Blood 21, 699: weeks of remission under 6-MP, 9 events of 21.
REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23]
REMISSION_GOING_ON = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def test_ball_bearings_as_published() -> None:
    """Thoman, Bain, Antle (1969), Technometrics 11, 445: shape 2.102, scale 81.88."""
    found = fit(BEARINGS, candidates=["weibull"])
    shape, scale = found.distribution.params
    assert shape == pytest.approx(2.102, abs=0.001)
    assert scale == pytest.approx(81.88, abs=0.01)
    assert found.p > 0.1
    low, high = profile_interval("weibull", "shape", Sample.of(BEARINGS))
    assert low == pytest.approx(1.50, abs=0.02)  # Lawless (2003), Statistical Models …, ex. 5.2.1: (1.50, 2.78)
    assert high == pytest.approx(2.78, abs=0.02)


def test_fans_as_published() -> None:
    """Nelson (1982): exponential mean 344,440 h / 12 = 28.7 kh; Weibull shape 1.06, scale 26.3 kh."""
    fans = Sample.of(FAN_FAILED, right=FAN_RUNNING)
    assert (fans.n, fans.censored) == (70, 58)
    total = sum(FAN_FAILED) + sum(FAN_RUNNING)
    exponential = fit(fans, candidates=["exponential"])
    assert exponential.distribution.mean == pytest.approx(total / 12, rel=1e-9)
    assert exponential.distribution.mean == pytest.approx(28_700, rel=0.01)
    weibull = fit(fans, candidates=["weibull"], goodness=False)
    assert weibull.distribution.params[0] == pytest.approx(1.058, abs=0.005)
    assert weibull.distribution.params[1] == pytest.approx(26_296, rel=0.01)
    assert fit(fans, goodness=False).kind == "exponential"  # the simplest that explains it


def test_kaplan_meier_as_published() -> None:
    """Kalbfleisch, Prentice (2002), table 1.1 as worked in every textbook: S(6) .857, S(13) .690, S(23) .448."""
    times, alive = kaplan_meier(Sample.of(REMISSION, right=REMISSION_GOING_ON))
    steps = dict(zip(times, alive, strict=True))
    assert steps[6] == pytest.approx(0.857, abs=5e-4)
    assert steps[13] == pytest.approx(0.690, abs=5e-4)
    assert steps[23] == pytest.approx(0.448, abs=5e-4)


def test_kaplan_meier_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    life, limit = rng.weibull(1.4, 200).round(2), rng.exponential(1.2, 200).round(2)
    seen = life <= limit
    ours = kaplan_meier(Sample.of(life[seen], right=limit[~seen]))
    peer = stats.ecdf(stats.CensoredData(life[seen], right=limit[~seen])).sf
    steps = np.isin(peer.quantiles, ours[0])
    np.testing.assert_allclose(ours[1], peer.probabilities[steps], rtol=1e-12)


PEERS = {
    "exponential": lambda x: stats.expon.fit(x, floc=0),
    "lognormal": lambda x: stats.lognorm.fit(x, floc=0),
    "weibull": lambda x: stats.weibull_min.fit(x, floc=0),
    "gamma": lambda x: stats.gamma.fit(x, floc=0),
}
FROZEN = {"exponential": stats.expon, "lognormal": stats.lognorm, "weibull": stats.weibull_min, "gamma": stats.gamma}


@pytest.mark.parametrize("kind", PEERS)
@pytest.mark.parametrize("censoring", ["none", "right", "mixed"])
def test_likelihood_agrees_with_scipy(kind: str, censoring: str) -> None:
    """SciPy's own censored fit never finds a higher likelihood, by SciPy's own reckoning."""
    rng = np.random.default_rng(11)
    life = rng.gamma(2.3, 7.0, 150)
    if censoring == "none":
        sample, data = Sample.of(life), life
    elif censoring == "right":
        limit = rng.exponential(25.0, 150)
        seen = life <= limit
        sample = Sample.of(life[seen], right=limit[~seen])
        data = stats.CensoredData(life[seen], right=limit[~seen])
    else:
        pairs = np.column_stack([np.floor(life[90:]), np.floor(life[90:]) + 1])
        sample = Sample.of(life[:60], right=life[60:75] * 0.6, left=life[75:90] * 1.5, between=pairs)
        data = stats.CensoredData(life[:60], right=life[60:75] * 0.6, left=life[75:90] * 1.5, interval=pairs)
    theta = estimate(kind, sample)
    ours, peer = scipy_params(kind, outer(kind, theta)), PEERS[kind](data)
    family = FROZEN[kind]
    mine = scipy_loglik(family, ours, sample)
    assert loglik(kind, theta, sample) == pytest.approx(mine, rel=1e-8)
    assert mine >= scipy_loglik(family, peer, sample) - 1e-4


def scipy_params(kind: str, params: tuple[float, ...]) -> tuple[float, ...]:
    if kind == "exponential":
        return 0.0, params[0]
    if kind == "lognormal":
        return params[1], 0.0, params[0] * math.exp(-(params[1] ** 2) / 2)
    return params[0], 0.0, params[1]


def scipy_loglik(family, params, sample: Sample) -> float:
    exact = sample.low == sample.high
    total = family.logpdf(sample.low[exact], *params).sum()
    mass = family.cdf(sample.high[~exact], *params) - family.cdf(sample.low[~exact], *params)
    return float(total + np.log(mass).sum())


@pytest.mark.parametrize(
    ("kind", "draw", "parameter", "truth"),
    [
        ("weibull", lambda rng, n: 100 * rng.weibull(1.8, n), "shape", 1.8),
        ("exponential", lambda rng, n: rng.exponential(100, n), "mean", 100.0),
        ("lognormal", lambda rng, n: rng.lognormal(4, 0.6, n), "sigma", 0.6),
        ("gamma", lambda rng, n: rng.gamma(2.0, 50, n), "scale", 50.0),
    ],
)
def test_intervals_cover_as_promised(kind, draw, parameter, truth) -> None:
    """95 % intervals under 30 % right-censoring contain the truth in 95 % of 200 samples, within binomial error."""
    rng = np.random.default_rng(5)
    inside = inside_mean = 0
    mean = {"weibull": 100 * math.gamma(1 + 1 / 1.8), "lognormal": math.exp(4.18)}.get(kind, 100.0)
    for _ in range(200):
        life, limit = draw(rng, 60), rng.uniform(0, 320, 60)
        seen = life <= limit
        found = fit(Sample.of(life[seen], right=limit[~seen]), candidates=[kind], goodness=False)
        _, low, high = found.intervals[parameter]
        inside += low <= truth <= high
        inside_mean += found.mean[1] <= mean <= found.mean[2]
    assert 0.91 <= inside / 200 <= 0.985
    assert 0.91 <= inside_mean / 200 <= 0.985


def test_p_values_are_uniform_under_the_null_and_small_beyond() -> None:
    rng = np.random.default_rng(8)
    honest = [p_value("weibull", estimate("weibull", Sample.of(x)), x) for x in rng.weibull(1.3, (300, 50))]
    assert stats.kstest(honest, "uniform").pvalue > 0.01
    wrong = [p_value("exponential", estimate("exponential", Sample.of(x)), x) for x in rng.weibull(2.5, (50, 50))]
    assert np.mean(np.array(wrong) < 0.05) > 0.95


def test_null_of_anderson_darling_as_tabled() -> None:
    """Stephens (1986) in D'Agostino, Stephens, tables 4.7, 4.14, 4.17: upper 5 % points of A² modified for n."""
    n = 50
    assert np.quantile(_null("normal", n, 0.0) * (1 + 0.75 / n + 2.25 / n**2), 0.95) == pytest.approx(0.752, abs=0.05)
    assert np.quantile(_null("exponential", n, 0.0) * (1 + 0.6 / n), 0.95) == pytest.approx(1.321, abs=0.12)
    assert np.quantile(_null("weibull", n, 0.0) * (1 + 0.2 / math.sqrt(n)), 0.95) == pytest.approx(0.757, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("exponential", lambda rng: rng.exponential(10, 800)),
        ("normal", lambda rng: rng.normal(50, 4, 800)),
        ("lognormal", lambda rng: rng.lognormal(2, 0.7, 800)),
        ("weibull", lambda rng: 30 * rng.weibull(2.6, 800)),
        ("gamma", lambda rng: rng.gamma(3.0, 5, 2500)),
    ],
)
def test_finds_the_family_again(kind, draw) -> None:
    found = fit(draw(np.random.default_rng(22)))
    assert found.kind == kind
    assert found.p > 0.01
    assert found.doubts == ()


def test_two_populations_are_named() -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.lognormal(1.0, 0.2, 300), rng.lognormal(2.5, 0.25, 100)])
    found = fit(x)
    assert "two populations" in found.doubts[0]
    assert found.kind == "empirical"
    parts = two_populations(x)
    assert parts is not None
    assert parts[0][0] == pytest.approx(0.75, abs=0.02)
    assert parts[1][1] == pytest.approx(math.exp(2.5), rel=0.1)
    assert two_populations(rng.lognormal(1.0, 0.6, 400)) is None


def test_heavy_tail_is_named() -> None:
    rng = np.random.default_rng(4)
    assert any("heavy tail" in doubt for doubt in fit(1 + rng.pareto(1.1, 1000)).doubts)
    assert not any("heavy tail" in doubt for doubt in fit(rng.lognormal(0, 0.5, 1000)).doubts)


def test_what_cannot_be_fitted_says_so() -> None:
    with pytest.raises(InputError, match="nothing to fit"):
        fit([])
    with pytest.raises(InputError, match="nothing to fit"):
        fit(Sample.of(right=[4.0, 5.0]))
    with pytest.raises(InputError, match="unknown family"):
        fit([1.0, 2.0, 3.0], candidates=["cauchy"])
    with pytest.raises(InputError, match="0 or more"):
        Sample.of([-1.0])
    single = fit([7.0])
    assert (single.kind, single.distribution.mean) == ("constant", 7.0)
    assert math.isnan(single.mean[1])
    zeros = fit([0.0, 0.0, 3.0, 4.0])
    assert "are 0" in zeros.doubts[0]


def test_uniform_and_triangular_where_asked() -> None:
    rng = np.random.default_rng(6)
    flat = fit(rng.uniform(3, 9, 500), candidates=[*FAMILIES, "uniform", "triangular"])
    assert flat.kind == "uniform"
    peaked = fit(rng.triangular(2, 3, 10, 1500), candidates=[*FAMILIES, "uniform", "triangular"])
    assert peaked.kind == "triangular"
    assert peaked.distribution.params == pytest.approx((2, 3, 10), abs=0.35)


def test_bounds_that_leave_room_for_one_value_are_a_constant() -> None:
    """Moves of 10 minutes seen only between two looks: every interval holds 600 s, no family has a finite best fit."""
    looks = np.random.default_rng(5).uniform(0.1, 240, (80, 2))
    found = fit(Sample.of(between=np.column_stack([600 - looks[:, 0], 600 + looks[:, 1]])))
    assert found.distribution.kind == "constant"
    assert found.distribution.mean == pytest.approx(600, rel=0.01)
    wide = fit(Sample.of(between=[(400.0, 900.0), (500.0, 1200.0), (550.0, 700.0)] * 5))
    assert 500 < wide.distribution.mean < 750


def test_one_failure_among_lives_that_go_on_is_no_constant() -> None:
    found = fit(Sample.of([100.0], right=[99.5, 99.0, 50.0]))
    assert found.distribution.kind != "constant"
