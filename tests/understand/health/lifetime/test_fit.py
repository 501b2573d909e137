from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import optimize, stats

from luban.core.errors import InputError
from luban.understand.health.lifetime import (
    LAWS,
    Lives,
    competing_modes,
    fit_life,
    fit_lives,
    grouped_growth,
    growth,
    incidence,
    kaplan_meier,
    life_curve,
    life_figures,
    life_study,
    lives,
    surviving_figure,
    turnbull,
    words,
)
from luban.understand.health.lifetime.likelihood import Likelihood
from tests.understand.health.lifetime.published import NIST, NIST_GROWTH, REMISSION, SHOCK, VISITS

PLAIN = [name for name, law in LAWS.items() if not law.bounded]
MIXED = lives(
    [54, 187, 216, 240, 244, 335, 361, 373, 375, 386], [500] * 10, [100, 30], [(20, 70), (300, 420)], unit="h"
)  # fmt: skip
MIXED = replace(MIXED, entry=np.where(MIXED.low > 200, 50.0, 0.0))


@pytest.mark.parametrize("name", PLAIN)
def test_slopes_and_bends_are_those_of_the_value(name: str):
    surface = Likelihood(LAWS[name], MIXED)
    place, log_width = surface.start()
    here, step = surface.at(place, log_width), 1e-5
    ways = [(step, 0.0), (0.0, step)]
    sides = [(surface.at(place + a, log_width + b), surface.at(place - a, log_width - b)) for a, b in ways]
    slope = [(up.value - down.value) / (2 * step) for up, down in sides]
    bend = [(up.slope - down.slope) / (2 * step) for up, down in sides]
    assert here.slope == pytest.approx(slope, rel=1e-4, abs=1e-5)
    assert here.bend == pytest.approx(np.array(bend), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("weibull", stats.weibull_min),
        ("lognormal", stats.lognorm),
        ("loglogistic", stats.fisk),
        ("normal", stats.norm),
        ("logistic", stats.logistic),
        ("smallest_value", stats.gumbel_l),
    ],
)
def test_no_optimiser_of_scipy_finds_more(name: str, law: stats.rv_continuous):
    data = stats.CensoredData(
        uncensored=[54, 187, 216, 240, 244, 335, 361, 373, 375, 386], right=[500] * 10, left=[100],
        interval=[[20, 70], [300, 420]],
    )  # fmt: skip
    own = fit_life(lives(data._uncensored, data._right, data._left, data._interval.tolist()), name)
    fixed = {"floc": 0} if LAWS[name].log else {}
    theirs = law.fit(data, optimizer=optimize.fmin, **fixed) if fixed else law.fit(data)
    value = (
        law.logpdf(data._uncensored, *theirs).sum() + law.logsf(data._right, *theirs).sum()
        + law.logcdf(data._left, *theirs).sum()
        + np.log(law.cdf(data._interval[:, 1], *theirs) - law.cdf(data._interval[:, 0], *theirs)).sum()
    )  # fmt: skip
    assert own.log_likelihood >= value - 1e-7
    assert own.log_likelihood == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("name", ["weibull", "lognormal", "exponential", "normal"])
def test_likelihood_intervals_end_where_the_likelihood_has_fallen(name: str):
    fit = fit_life(SHOCK, name)
    floor = fit.log_likelihood - stats.chi2.ppf(0.9, 1) / 2
    share = next(one for one in life_figures(fit, 0.9) if one.name == "B10")
    z = fit.law.quantile(0.1)
    surface = Likelihood(fit.law, SHOCK)
    for end in (share.low, share.high):
        y = math.log(end) if fit.law.log else end
        if fit.law.fixed:
            best = surface.at(y - z, 0.0).value
        else:
            tried = optimize.minimize_scalar(
                lambda s, y=y: -surface.at(y - z * math.exp(s), s).value,
                bounds=(fit.log_width - 2, fit.log_width + 2), method="bounded", options={"xatol": 1e-10},
            )  # fmt: skip
            best = -tried.fun
        assert best == pytest.approx(floor, abs=1e-6)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng, hit, runs = np.random.default_rng(8), np.zeros(3), 300
    for _ in range(runs):
        t = 100 * rng.weibull(2.0, 30)
        fit = fit_life(lives(t[t < 100], np.full(int((t >= 100).sum()), 100.0)))
        told = {one.name: one for one in life_figures(fit, 0.9)}
        truth = (("shape", 2.0), ("scale", 100.0), ("B10", 100 * (-math.log(0.9)) ** 0.5))
        hit += [told[name].low <= value <= told[name].high for name, value in truth]
    assert (hit / runs >= 0.86).all()
    assert (hit / runs <= 0.94).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3))
def test_a_change_of_unit_changes_only_the_unit(seed: int, factor: float):
    rng = np.random.default_rng(seed)
    t = rng.weibull(1.5, 25) + 1e-3
    seen = lives(t[:15], t[15:])
    grown = replace(seen, low=seen.low * factor, high=seen.high * factor)
    a, b = (life_figures(fit_life(one)) for one in (seen, grown))
    for one, other in zip(a, b, strict=True):
        by = 1.0 if one.name == "shape" else factor
        assert other.value == pytest.approx(one.value * by, rel=1e-5)
        if one.high is not None:
            assert other.high == pytest.approx(one.high * by, rel=1e-3)


def test_counts_are_as_good_as_rows():
    rows = lives([3, 3, 3, 5, 8], [10, 10])
    counted = Lives(np.array([3.0, 5, 8, 10]), np.array([3.0, 5, 8, np.inf]), np.array([3.0, 1, 1, 2]), np.zeros(4))
    assert fit_life(rows).named == pytest.approx(fit_life(counted).named)
    assert kaplan_meier(rows).surviving == pytest.approx(kaplan_meier(counted).surviving)


def test_what_cannot_be_fitted_says_why():
    assert fit_life(lives(running=[5, 6])).reason == words.NO_FAILURE
    assert "too few" in fit_life(lives([5], [6])).reason
    assert fit_life(lives([5, 5, 5], [3])).reason == words.COMMON_POINT
    assert fit_life(lives(between=[(1, 5), (2, 6)])).reason == words.COMMON_POINT
    assert fit_life(lives(before=[5, 5], running=[10, 10])).reason == words.NO_FIT
    assert "too few" in fit_life(lives([1, 2, 3]), "weibull_3").reason
    assert fit_life(lives([5]), "exponential").named == {"mean": pytest.approx(5.0)}
    assert life_figures(fit_life(lives(running=[5]))) == ()
    heavy = fit_life(lives([1, 1e6, 1e7, 10]), "loglogistic")
    assert next(one for one in life_figures(heavy) if one.name == "MTBF").reason == words.NO_MEAN


def test_a_lower_bound_is_found_where_there_is_one_and_refused_where_there_is_none():
    rng = np.random.default_rng(1)
    sharp = fit_life(lives(100 + 50 * rng.weibull(1.8, 200)), "weibull_3")
    assert sharp.threshold == pytest.approx(100, abs=3)
    assert {one.reason for one in life_figures(sharp)} == {words.NO_FISHER}
    fit = fit_life(lives(100 + 50 * rng.weibull(3.5, 300)), "weibull_3")
    told = {one.name: one for one in life_figures(fit)}
    assert told["threshold"].low < 100 < told["threshold"].high
    assert told["B10"].fisher[0] < 100 + 50 * (-math.log(0.9)) ** (1 / 3.5) < told["B10"].fisher[1]
    tight = fit_life(lives(rng.weibull(4, 60)))
    assert fit_life(tight.lives, "weibull_3").reason in {words.NO_BOUND, words.EDGE} or (
        fit_life(tight.lives, "weibull_3").log_likelihood >= tight.log_likelihood
    )
    assert fit_life(lives(rng.weibull(0.5, 60)), "weibull_3").reason == words.EDGE


def test_late_entries_take_out_what_nobody_could_have_seen():
    rng = np.random.default_rng(5)
    t, entry = 100 * rng.weibull(2, 4000), rng.uniform(0, 100, 4000)
    kept = t > entry
    seen = Lives(t[kept], t[kept], np.ones(int(kept.sum())), entry[kept])
    assert fit_life(seen).named["scale"] == pytest.approx(100, rel=0.03)
    assert fit_life(replace(seen, entry=np.zeros(len(seen.low)))).named["scale"] > 110
    assert kaplan_meier(seen).at(100) == pytest.approx(math.exp(-1), abs=0.03)


def test_a_held_shape_and_a_reliability():
    fit = fit_life(NIST, shape=2.0)
    assert fit.named["scale"] == pytest.approx(math.sqrt((NIST.low**2).sum() / 10))
    one = surviving_figure(fit, 500.0)
    assert one.value == pytest.approx(math.exp(-((500 / fit.named["scale"]) ** 2)))
    assert one.low < one.value < one.high
    assert fit.rate(300.0) == pytest.approx(2 * 300 / fit.named["scale"] ** 2, rel=1e-6)
    with pytest.raises(InputError, match="shape"):
        fit_life(NIST, shape=-1)
    with pytest.raises(InputError, match="Weibull"):
        fit_life(NIST, "normal", shape=2)
    with pytest.raises(InputError, match="Weibull"):
        life_study(NIST, "auto", shape=2)
    with pytest.raises(InputError, match="family"):
        fit_life(NIST, "wiebull")


def test_turnbull_is_kaplan_and_meier_where_every_moment_is_known():
    a, b = kaplan_meier(REMISSION), turnbull(REMISSION)
    assert b.ages.tolist() == a.ages.tolist()
    assert b.surviving == pytest.approx(a.surviving, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.booleans()), min_size=1, max_size=14))
def test_turnbull_never_loses_against_a_small_change(rows: list[tuple[int, int, bool]]):
    low = np.array([float(a) if b or a else 1.0 for a, b, _ in rows])
    high = np.array([np.inf if still else low[at] + b for at, (_, b, still) in enumerate(rows)])
    high = np.maximum(high, 0.5)
    data = Lives(low, high, np.ones(len(low)), np.zeros(len(low)))
    if data.failures == 0:
        return
    curve = life_curve(replace(data, low=data.low, high=data.high)) if not data.simple else turnbull(data)
    assert curve.gap < 1e-6
    assert (np.diff(curve.surviving) <= 1e-12).all()
    assert float(curve.failures.sum()) <= data.units + 1e-6


def test_modes_multiply_to_the_unit_and_incidences_add_to_the_failed():
    found = competing_modes(SHOCK)
    assert [(one.name, one.failures) for one in found.modes] == [("1", 7.0), ("2", 4.0)]
    age = 15_000.0
    assert found.surviving(age) == pytest.approx(math.prod(float(one.fit.surviving(age)) for one in found.modes))
    assert found.surviving(found.quantile(0.1)) == pytest.approx(0.9)
    assert found.quantile(0.1, without=["1"]) > found.quantile(0.1)
    told = incidence(SHOCK)
    curve = kaplan_meier(SHOCK)
    for at in (7000.0, 15_000.0, 27_490.0):
        assert sum(one.at(at) for one in told) == pytest.approx(1 - curve.at(at))
    assert all((one.low <= one.share + 1e-12).all() or np.isnan(one.low).any() for one in told)
    with pytest.raises(InputError, match="no failure has a mode"):
        competing_modes(NIST)


def test_the_variance_of_an_incidence_without_rivals_is_greenwoods():
    one = replace(SHOCK, modes=tuple("all" if mode else "" for mode in SHOCK.modes))
    told, curve = incidence(one, 0.95)[0], kaplan_meier(SHOCK)
    z = stats.norm.ppf(0.975)
    greenwood = curve.surviving**2 * np.cumsum(curve.failures / (curve.at_risk * (curve.at_risk - curve.failures)))
    reach = z * np.sqrt(greenwood) / (told.share * np.abs(np.log(told.share)))
    assert told.low == pytest.approx(told.share ** np.exp(reach), rel=1e-9)


def test_growth_bounds_hold_the_truth():
    rng, hits, runs = np.random.default_rng(2), np.zeros(2), 300
    shape, rate, end = 0.6, 1.5, 100.0
    for _ in range(runs):
        n = rng.poisson(rate * end**shape)
        by_time = growth(end * rng.random(n) ** (1 / shape), end, 0.8)
        arrivals = (np.cumsum(rng.exponential(size=20)) / rate) ** (1 / shape)
        by_failure = growth(arrivals, level=0.8)
        for at, (one, until) in enumerate(((by_time, end), (by_failure, arrivals[-1]))):
            truth = 1 / (rate * shape * until ** (shape - 1))
            hits[at] += one.mtbf_span[0] <= truth <= one.mtbf_span[1]
    assert 0.78 <= hits[0] / runs <= 0.92  # counts are whole: at least the level
    assert 0.74 <= hits[1] / runs <= 0.86


def test_growth_says_what_it_cannot():
    for wrong in (lambda: growth([1, 2]), lambda: growth([1, 2, 3], 2.5), lambda: growth([0, 1, 2, 3]),
                  lambda: grouped_growth([2, 1], [3, 4]), lambda: grouped_growth([1, 2], [1, 0])):  # fmt: skip
        with pytest.raises(InputError):
            wrong()
    assert words.STEADY in growth([10, 20, 30, 40, 50.0], 60).notes
    assert growth(NIST_GROWTH, 1500).trend < 0.05


def test_a_study_tells_what_the_reader_must_know():
    study = life_study(SHOCK, ages=(10_000,))
    assert study.fits[0].law.name == "weibull"
    assert words.WEAROUT in study.notes
    assert study.figures[-1].name == "R(10000)"
    nothing = life_study(lives(running=[100.0] * 10))
    assert nothing.least == pytest.approx(1000 / -math.log(0.05))
    assert nothing.curve is None
    assert not nothing.figures
    early = life_study(lives(np.random.default_rng(0).weibull(0.5, 60)), "auto")
    assert early.fit is not None
    assert words.INFANT in life_study(early.lives).notes
    assert any("still run" in note for note in life_study(lives([5.0, 7], [9.0] * 30)).notes)
    assert life_study(VISITS).curve.method == "Turnbull"
    with pytest.raises(InputError, match="family"):
        life_study(SHOCK, "wiebull")
    assert {one.law.name for one in fit_lives(SHOCK)} == set(LAWS)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([-1.0], [2.0], "below zero"),
        ([3.0], [2.0], "ends before"),
        ([0.0], [0.0], "zero"),
        ([np.nan], [1.0], "not a number"),
        ([1e300], [1e300], "beyond all measure"),
    ],
)
def test_lives_that_cannot_be(low: list[float], high: list[float], message: str):
    with pytest.raises(InputError, match=message):
        Lives(np.array(low), np.array(high), np.ones(1), np.zeros(1))
