"""Shares and rates: published intervals, more scatter than chance."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.verify import Decision, Metric, freeze, judge, series
from luban.verify.rates import by_rates, wilson
from tests.verify.drawn import START, alike, moment


def test_wilson_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    for events, trials in ((0, 10), (3, 10), (15, 148), (10, 10)):
        judge_ = binomtest(events, trials).proportion_ci(0.95, "wilson")
        assert wilson(events, trials, 1.959963984540054) == pytest.approx((judge_.low, judge_.high), abs=1e-12)


def shop(seed: int, *, scatter: float = 0.0, rho: float = 0.0, change: float = 1.0, share: bool = True):  # type: ignore[no-untyped-def]
    g, day = np.random.default_rng(seed), np.arange(60)
    made = g.integers(300, 600, 60)
    chance = 0.06 * np.exp(scatter * alike(g, 60, rho)) * np.where(day >= 40, change, 1.0)
    bad = g.binomial(made, chance) if share else g.poisson(made * chance)
    return series(START + day * DAY, bad.astype(float), unit="1", exposure=made.astype(float))


def test_scatter_beyond_chance_makes_pieces_worth_less() -> None:
    plain, wild = shop(1), shop(1, scatter=0.5, rho=0.6)
    found = [by_rates(one.between(None, moment()), one.between(moment(), None), share=True) for one in (plain, wild)]
    assert found[0].figures["scatter over chance"] < 2
    assert found[1].figures["scatter over chance"] > 4
    assert found[1].high - found[1].low > 1.5 * (found[0].high - found[0].low)


def test_an_interval_is_never_narrower_than_newcombe() -> None:
    from luban.understand.quality.before_after import compare_share

    for seed in range(5):
        some = shop(seed)
        a, b = some.between(None, moment()), some.between(moment(), None)
        assert a.exposure is not None
        assert b.exposure is not None
        judge = compare_share(int(a.values.sum()), int(a.exposure.sum()), int(b.values.sum()), int(b.exposure.sum()))
        found = by_rates(a, b, share=True)
        assert found.high - found.low >= judge.upper - judge.lower
        assert found.effect == pytest.approx(judge.change, abs=0.004)


@pytest.mark.parametrize("share", [True, False])
def test_a_halved_share_helped_and_a_kept_one_had_no_effect(share: bool) -> None:
    metric = Metric("scrap", "1")
    decision = Decision("a", moment())
    for change, verdict in ((0.5, "helped"), (1.0, "no effect"), (1.6, "made worse")):
        some = shop(3, scatter=0.2, change=change, share=share)
        method = "share" if share else "rate"
        found = judge(freeze(some, metric, act="a", end=moment(), method=method), some, decision)
        assert found.verdict == verdict
        assert found.before == pytest.approx(0.06, abs=0.01)
        assert (found.p < 0.05) == (verdict != "no effect")


def test_events_without_pieces_and_more_bad_than_made_are_refused() -> None:
    day = np.arange(30)
    bare = series(START + day * DAY, np.ones(30))
    with pytest.raises(InputError, match="come from"):
        by_rates(bare, bare, share=True)
    odd = series(START + day * DAY, np.full(30, 5.0), exposure=np.full(30, 4.0))
    with pytest.raises(InputError, match="more defective"):
        by_rates(odd, odd, share=True)
    none = series(START + day * DAY, np.zeros(30), exposure=np.full(30, 4.0), unit="1")
    base = freeze(none, Metric("x", "1"), act="a", end=START + 25 * DAY)
    assert base.lacks == ("no event at all before the act: nothing to be better than",)
