"""Matched runs, many units, splits among levers, scoreboards."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.verify import (
    Decision,
    Metric,
    Outcome,
    Prediction,
    by_replications,
    by_units,
    calibration,
    conclude,
    needed,
    parallel,
    relative,
    scoreboard,
    sequential,
    shapley,
)


def test_pairs_are_the_t_test_of_scipy() -> None:
    from scipy.stats import ttest_rel

    g = np.random.default_rng(1)
    a = g.normal(50, 10, 20)
    b = a - 3 + g.normal(0, 1, 20)
    found, judge = by_replications(a, b), ttest_rel(b, a)
    assert (found.low, found.high) == pytest.approx(tuple(judge.confidence_interval(0.95)))
    assert found.p == pytest.approx(judge.pvalue)
    with pytest.raises(InputError, match="too few pairs"):
        by_replications(a[:4], b[:4])


def test_a_relative_change_is_fieller_by_hand() -> None:
    g = np.random.default_rng(2)
    a = g.normal(50, 10, 30)
    b = 0.6 * a + g.normal(0, 2, 30)
    share, low, high = relative(a, b)
    assert share == pytest.approx(b.mean() / a.mean() - 1)
    # at both ends the t statistic of b - ratio · a meets its limit: Fieller's own words
    for end in (low, high):
        gap = b - (1 + end) * a
        assert abs(gap.mean() / (gap.std(ddof=1) / np.sqrt(30))) == pytest.approx(2.045229642, rel=1e-6)


def test_units_are_welch_of_their_changes() -> None:
    from scipy.stats import ttest_ind

    g = np.random.default_rng(3)
    treated, controls = g.normal(size=(6, 20)), g.normal(size=(9, 20))
    treated[:, 12:] -= 2
    found = by_units(treated, controls, 12)
    a, b = (one[:, 12:].mean(axis=1) - one[:, :12].mean(axis=1) for one in (treated, controls))
    judge = ttest_ind(a, b, equal_var=False)
    assert (found.low, found.high) == pytest.approx(tuple(judge.confidence_interval(0.95)))
    assert found.p == pytest.approx(judge.pvalue)
    assert parallel(treated, controls, 12)[1] > 0.01
    assert parallel(treated + np.arange(20), controls, 12)[1] < 0.001
    with pytest.raises(InputError, match="too few units"):
        by_units(treated[:3], controls, 12)


LEVERS = ("stock", "rules", "robots")
RUNS = st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=8, max_size=8)


@settings(max_examples=50, deadline=None)
@given(RUNS)
def test_parts_add_up_to_the_total_exactly(values: list[list[float]]) -> None:
    runs = {some: np.array(own) for some, own in zip(needed(LEVERS), values, strict=True)}
    for split in (shapley(runs, LEVERS), sequential(runs, LEVERS)):
        assert sum((part.exact for part in split.parts), Fraction(0)) == split.exact
        shown = split.rounded(2)
        assert round(sum(round(100 * one) for one in shown)) == round(split.exact * 100)
        wrong = [abs(Fraction(one) - part.exact) for one, part in zip(shown, split.parts, strict=True)]
        assert max(wrong) <= Fraction(2, 100)


def test_shapley_of_a_known_game() -> None:
    """The glove game: one left glove, two right ones; a pair is worth 1. Shapley: 2/3, 1/6, 1/6."""
    worth = {some: float("l" in some and bool(some & {"r", "s"})) for some in needed(["l", "r", "s"])}
    split = shapley({some: np.array([value, value]) for some, value in worth.items()}, ["l", "r", "s"])
    assert [part.exact for part in split.parts] == [Fraction(2, 3), Fraction(1, 6), Fraction(1, 6)]
    assert len(needed(LEVERS, method="sequential")) == 4
    with pytest.raises(InputError, match="was not run"):
        shapley({frozenset(): np.zeros(2)}, ["l"])
    with pytest.raises(InputError, match="too many"):
        needed([str(at) for at in range(9)])


def outcome(effect: float, promised: float, *, lever: str = "setpoint", author: str = "li") -> Outcome:
    g = np.random.default_rng(round(1000 * abs(effect)) + 11)
    a = g.normal(50, 5, 20)
    found = by_replications(a, a + effect + g.normal(0, 1, 20))
    promise = Prediction(promised, promised - 0.3, promised + 0.3)
    return conclude(found, Decision("a", 0, lever, author), Metric("wait", "h", -1, price=2.0, currency="CNY"),
                    "replications", predicted=promise)  # fmt: skip


def test_the_scoreboard_counts_verdicts_and_promises() -> None:
    some = [outcome(-3, -3), outcome(-2, -2), outcome(0, -4, lever="schedule"), outcome(2, -1, author="program")]
    some.append(replace(outcome(-1, -1), verdict="unverified"))
    by_lever = {one.name: one for one in scoreboard(some)}
    assert by_lever["setpoint"].decisions == 4
    assert by_lever["setpoint"].verdicts["helped"] == 2
    assert by_lever["setpoint"].helped == pytest.approx(2 / 3)
    assert by_lever["setpoint"].helped_low < 2 / 3 < by_lever["setpoint"].helped_high
    assert by_lever["schedule"].verdicts["no effect"] == 1
    assert [one.name for one in scoreboard(some, "author")] == ["li", "program"]
    every = calibration(some)
    assert (every.promised, every.held) == (4, 2)
    assert every.bias < 0
    assert every.realised == pytest.approx(sum(one.effect for one in some[:4]) / -10)
    assert by_lever["schedule"].money["CNY"] == pytest.approx(-2.0 * 20 * some[2].effect)
    with pytest.raises(InputError, match="not sorted"):
        scoreboard(some, "weather")
