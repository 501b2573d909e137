import math

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.forecast import LEAST, forecast, indicator_forecast
from luban.rollup.points import Point
from luban.rollup.scenario import what_if


def walk(rng, years, drift, size=1.0, start=50.0):
    return start + np.concatenate([[0.0], np.cumsum(drift + size * rng.standard_normal(years - 1))])


def series(values, first=2005):
    return [Point(first + place, float(value)) for place, value in enumerate(values)]


def test_intervals_and_chances_hold_in_worlds_whose_truth_is_known():
    rng = np.random.default_rng(3)
    inside, told, came = [], [], []
    for world in range(250):
        drift = rng.normal(0, 0.5)
        values = walk(rng, 25, drift)
        target = values[14] + rng.normal(0, 4)
        found = forecast(series(values[:15]), 2029, target=target, target_year=2024, draws=600, seed=world)
        inside += [found.low[n] <= values[15 + n] <= found.high[n] for n in range(10)]
        told.append(found.chance)
        came.append(values[19] >= target)
    assert 0.76 < np.mean(inside) < 0.88  # 80 % is said
    likely, told, came = np.array(told) > 0.5, np.array(told), np.array(came)
    assert np.mean(came[likely]) == pytest.approx(np.mean(told[likely]), abs=0.09)
    assert np.mean(came[~likely]) == pytest.approx(np.mean(told[~likely]), abs=0.09)


def test_a_share_never_leaves_its_limits_and_a_level_stays_above_zero():
    found = forecast(series([88, 91, 93, 95, 96.5, 97.5, 98]), 2035, limits=(0, 100), level=0.95)
    assert max(found.high) <= 100
    shrinking = forecast(series([9, 6, 4, 3, 2, 1.4, 1.0]), 2030, level=0.95)
    assert min(shrinking.low) >= 0
    assert all(low <= middle <= high for low, middle, high in zip(found.low, found.middle, found.high, strict=True))


def test_the_same_question_gives_the_same_answer():
    points = series([3, 4, 4.5, 6, 6.5, 7])
    assert forecast(points, 2015) == forecast(points[::-1], 2015)


def test_unknown_years_are_stepped_over():
    rng = np.random.default_rng(5)
    full = series(walk(rng, 16, 0.8, 0.3))
    gaps = [one for one in full if one.year not in (2008, 2009, 2013)]
    a, b = forecast(full, 2025), forecast(gaps, 2025)
    assert b.middle[-1] == pytest.approx(a.middle[-1], abs=2.0)
    assert b.n == 13


def test_a_tail_carried_forward_is_no_news():
    values = [10, 9.3, 8.9, 8.1, 7.7, 7.0, 6.4, 6.1]
    found = forecast(series([*values, 6.1, 6.1]), 2020)
    assert found.years[0] == 2013
    assert "repeat 2012" in found.notes[0]
    assert found.middle == forecast(series(values), 2020).middle


@pytest.mark.parametrize(("values", "reason"), [
    ([1, 2, 3, 4][:LEAST - 1], "are needed"), ([5.0] * 8, "never moved"),
    ([1, 2, 3, 4, 5, 5.5, 6, 6.5, 7, 7.5], "straight lines"),
])  # fmt: skip
def test_what_cannot_be_told_is_a_reason(values, reason):
    found = forecast(series(values), 2030, target=3, target_year=2030)
    assert reason in found.reason
    assert (found.chance, found.years) == (None, ())


def test_a_scenario_keeps_the_shocks_and_moves_the_middle():
    rng = np.random.default_rng(7)
    points = series(walk(rng, 15, 0.5, 0.8))
    last = points[-1].value
    fast = forecast(points, 2024, target=last * 1.2, target_year=2024, growth=0.04)
    slow = forecast(points, 2024, target=last * 1.2, target_year=2024, growth=0.0)
    assert fast.middle[-1] == pytest.approx(last * 1.04**5, rel=0.03)
    assert slow.middle[-1] == pytest.approx(last, rel=0.03)
    assert fast.chance > 0.5 > slow.chance
    assert forecast(points, 2024, slope=-1.0).middle[-1] == pytest.approx(last - 5, abs=1)


def test_each_kind_of_indicator_in_its_own_quantity():
    plan = load_plan()
    i09, i05, i04 = (plan.indicator(name) for name in ("I09", "I05", "I04"))
    cut = indicator_forecast([Point(2015 + n, v) for n, v in enumerate([0, 3.4, 6.6, 9.3, 12.9, 16])], i09,
                             i09.milestone(2025))  # fmt: skip
    assert cut.low[-1] < cut.middle[-1] < cut.high[-1]
    assert 20 < cut.middle[-1] < 40
    growth = indicator_forecast([Point(2016 + n, v) for n, v in enumerate([8, 7.2, 7.4, 7.0, 7.1])], i05,
                                i05.milestone(2025))  # fmt: skip
    assert growth.years == (2021, 2022, 2023, 2024, 2025)
    assert 2 < growth.middle[-1] < 10
    known = indicator_forecast([Point(2020, 2.0)], i04, i04.milestone(2020))
    assert known.reason == "the year is known already"


def test_sliders_move_the_chance_of_meeting_a_milestone():
    plan = load_plan()
    points = {"I06": [Point(2010 + n, v) for n, v in enumerate([20, 24, 27, 33, 41, 50, 54, 57, 62, 66])]}
    found = {(one.indicator, one.year): one for one in what_if(points, plan, {"I06": 0.10})}
    assert set(found) == {("I06", 2020), ("I06", 2025)}
    faster = found["I06", 2025]
    assert faster.after.chance > faster.before.chance
    with pytest.raises(InputError, match="no such indicator"):
        what_if(points, plan, {"I77": 0.1})


def test_a_series_that_cannot_be_hides_no_other():
    points = {"I06": [Point(2010 + n, v) for n, v in enumerate([20, 24, 27, 33, 41, 50, 54, 57, 62, 106])],
              "I01": [Point(2006 + n, 0.8 + 0.02 * n + 0.01 * (n % 3)) for n in range(10)]}  # fmt: skip
    found = {(one.indicator, one.year): one for one in what_if(points, load_plan(), {"I06": 0.1, "I01": 0.1})}
    odd = found["I06", 2025]
    assert odd.before.reason == odd.after.reason == "values outside their limits"
    assert found["I01", 2025].after.chance is not None
    with pytest.raises(InputError, match="-100 %"):
        what_if(points, load_plan(), {"I01": -1.5})


@pytest.mark.parametrize("wrong", [{"until": 2009}, {"level": 1.0}, {"target": 3.0}, {"growth": -2.0},
                                   {"limits": (0, 5)}, {"direction": "sideways"}])  # fmt: skip
def test_a_wrong_question_is_refused(wrong):
    asked = {"until": 2015} | wrong
    with pytest.raises(InputError):
        forecast(series([3, 4, 4.5, 6, 6.5, 7]), **asked)


def test_a_chance_of_a_year_already_known_is_certain():
    found = forecast(series([3, 4, 4.5, 6, 6.5, 7]), 2015, target=5, target_year=2008)
    assert found.chance == 1.0
    assert math.isfinite(found.at(2015)[0])
    assert found.at(2001) is None
