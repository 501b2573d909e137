"""Remaining life from a drift towards a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.health.life.trend import trend_life


def test_a_straight_line_reaches_the_threshold_where_it_does() -> None:
    time = np.arange(101.0)
    told = trend_life(time, 10 - 0.05 * time, 3.0)
    # the level is the mean of the last five readings, two cycles old
    assert (told.life, told.low, told.high) == pytest.approx((42.0, 42.0, 42.0), rel=1e-6)
    assert told.drift == pytest.approx(0.05)
    assert told.used == 101


@pytest.mark.parametrize(("noise", "seen"), [(0.0, 0.4), (0.05, 0.4), (0.05, 0.7)])
def test_intervals_hold_first_passages_of_wiener_processes(noise: float, seen: float) -> None:
    rng = np.random.default_rng(3)
    inside = told = 0
    for _ in range(150):
        path = np.cumsum(0.01 + 0.03 * rng.standard_normal(6000))
        worn = int(np.argmax(path >= 1.5))
        n = max(20, int(worn * seen))
        left = worn - (n - 1)
        one = trend_life(np.arange(float(n)), path[:n] + noise * rng.standard_normal(n), 1.5)
        if one.low is not None and one.reason != words.ALREADY:
            told += 1
            inside += one.low <= left <= (one.high or np.inf)
    assert told > 60
    assert inside / told > 0.85


def test_life_scales_with_time_and_not_with_the_unit_of_the_indicator() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(80.0)
    level = 0.02 * time + 0.05 * rng.standard_normal(80)
    one = trend_life(time, level, 3.0)
    hours = trend_life(10 * time, level, 3.0)
    mirrored = trend_life(time, 7 - 1000 * level, 7 - 3000)
    assert one.life is not None
    assert hours.life == pytest.approx(10 * one.life, rel=1e-6)
    assert mirrored.life == pytest.approx(one.life, rel=1e-6)


def test_others_of_the_kind_help_where_the_own_history_is_short() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(400.0)
    kind = [(time, 0.01 * r * time + 0.1 * rng.standard_normal(400)) for r in (0.9, 1.0, 1.1)]
    own = 0.01 * time[:30] + 0.3 * rng.standard_normal(30)
    alone, helped = trend_life(time[:30], own, 3.0), trend_life(time[:30], own, 3.0, others=kind)
    assert (alone.life, alone.reason) == (None, words.NO_TREND)
    assert helped.others == 3
    assert helped.life == pytest.approx(270, rel=0.2)
    assert helped.low is not None
    assert helped.high is not None
    assert helped.low < 270 < helped.high


def test_answers_that_are_no_number() -> None:
    time = np.arange(40.0)
    noise = np.random.default_rng(1).standard_normal(40)
    assert trend_life(time[:10], time[:10], 50.0).reason == words.TOO_SHORT.format(n=10, least=16)
    assert trend_life(time, noise, 50.0).reason == words.NO_TREND
    passed = trend_life(time, time, 30.0)
    assert (passed.life, passed.reason) == (0.0, words.ALREADY)
    assert trend_life([], [], 1.0).life is None
    gap = np.where(time == 7, np.nan, time)
    assert trend_life(time, gap, 60.0).used == 39


def test_bad_input_is_said() -> None:
    with pytest.raises(InputError, match="does not rise"):
        trend_life([1.0, 1.0], [0.0, 1.0], 3.0)
    with pytest.raises(InputError, match="length"):
        trend_life([1.0, 2.0], [0.0], 3.0)
    with pytest.raises(InputError, match="threshold"):
        trend_life([1.0], [0.0], np.nan)
    with pytest.raises(InputError, match="coverage"):
        trend_life([1.0], [0.0], 3.0, share=0.2)


def test_a_limit_that_was_passed_from_the_first_reading_on_does_not_turn_round():
    time = np.arange(40.0)
    worn = 6.0 + 0.02 * time
    high = trend_life(time, worn, 5.0, condition="high")
    assert (high.life, high.reason) == (0.0, words.ALREADY)
    assert high.drift is not None
    assert high.drift > 0  # still away from the limit, on the worn side
    low = trend_life(time, 10.0 - worn, 5.0, condition="low")
    assert (low.life, low.reason) == (0.0, words.ALREADY)
    # cooled from above its limit: there is life left, and none is lost
    falls = trend_life(time, 6.0 - 0.1 * time, 5.0, condition="high")
    assert falls.life is None
    assert falls.reason == words.NO_TREND
    # where nobody says on which side it is worn, the history tells
    assert trend_life(time, worn, 5.0).reason == words.NO_TREND
    with pytest.raises(InputError, match="high or low"):
        trend_life(time, worn, 5.0, condition="deviation")
