from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import normal_ad

from luban.core.errors import InputError
from luban.understand.quality.distributions import FAMILIES, best, fit, fit_all
from luban.understand.quality.distributions.fitting import _worse

X = np.random.default_rng(1).weibull(2.3, 80) * 5
JUDGES = {
    "weibull": (stats.weibull_min, {"floc": 0}),
    "gamma": (stats.gamma, {"floc": 0}),
    "logistic": (stats.logistic, {}),
    "loglogistic": (stats.fisk, {"floc": 0}),
    "smallest_value": (stats.gumbel_l, {}),
    "largest_value": (stats.gumbel_r, {}),
    "exponential": (stats.expon, {"floc": 0}),
    "rayleigh": (stats.rayleigh, {"floc": 0}),
    "half_normal": (stats.halfnorm, {"floc": 0}),
}


@pytest.mark.parametrize("family", JUDGES)
def test_no_fit_of_scipy_is_more_likely(family: str):
    judge, fixed = JUDGES[family]
    told = judge.logpdf(X, *judge.fit(X, **fixed)).sum()
    assert fit(X, family).log_likelihood == pytest.approx(told, abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_shares_quantiles_and_density_belong_together(family: str):
    draw = np.random.default_rng(2)
    x = {"lognormal_3": 10 + draw.lognormal(1, 0.5, 200), "weibull_3": 7 + X, "johnson_su": draw.standard_t(4, 300)}
    law = fit(x.get(family, X), family).law
    shares = np.array([1e-6, 0.3, 0.999])
    values = law.quantile(shares)
    assert law.below(values) == pytest.approx(shares, rel=1e-8)
    assert law.above(values) == pytest.approx(1 - shares, rel=1e-8)
    middle, step = values[1:], 1e-5
    slope = (law.below(middle + step) - law.below(middle - step)) / (2 * step)
    assert slope == pytest.approx(law.density(middle), rel=1e-5)


def test_the_test_of_normality_is_that_of_statsmodels():
    found = fit(X)
    assert (found.a2, found.p) == pytest.approx(normal_ad(X), rel=1e-9)


@pytest.mark.parametrize(
    ("law", "width", "points"),
    # upper points of A² at 25 %, 5 % and 1 %: D'Agostino and Stephens (1986), tables 4.17, 4.22, 4.14
    [
        ("smallest", None, (0.474, 0.757, 1.038)),
        ("logistic", None, (0.426, 0.660, 0.906)),
        ("smallest", 1.0, (0.736, 1.321, 1.959)),
    ],
)
def test_simulated_chances_meet_the_published_points(law: str, width: float | None, points: tuple[float, ...]):
    simulated = _worse(law, width, None, 400)
    shares = [float((simulated > point).mean()) for point in points]
    assert shares == pytest.approx((0.25, 0.05, 0.01), abs=0.02)


def test_a_lower_bound_is_found():
    x = 10 + np.random.default_rng(0).lognormal(1, 0.5, 2000)
    named = fit(x, "lognormal_3").law.named
    assert named["threshold"] == pytest.approx(10, abs=0.2)
    assert named["log sd"] == pytest.approx(0.5, abs=0.05)


def test_what_cannot_be_fitted_says_why():
    assert "too few" in fit(np.arange(5.0)).reason
    assert "equal" in fit(np.ones(20)).reason
    assert "above zero" in fit(np.arange(-5.0, 20), "weibull").reason
    with pytest.raises(InputError, match="no such family"):
        fit(X, "cauchy")


def test_the_best_family_is_the_true_one():
    draw = np.random.default_rng(8)
    assert best(fit_all(draw.normal(5, 1, 200))).family == "normal"
    assert best(fit_all(draw.gamma(1.0, 2.0, 500))).family in {"exponential", "gamma", "weibull"}
    listed = [one.bic for one in fit_all(X) if one.law is not None]
    assert listed == sorted(listed)
