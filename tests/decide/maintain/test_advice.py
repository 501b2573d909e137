"""The answer: ranked policies, how sure, and what would change it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from luban.decide.maintain import Prices, Signs, advise, age, run_to_failure, weibull_life
from luban.understand.health.lifetime import fit_life, lives


def test_a_wearing_part_is_replaced_by_age_and_the_turning_point_is_right() -> None:
    life, prices = weibull_life(2.5, 1000), Prices(failure=5, planned=1)
    advice = advise(life, prices)
    assert advice.best.name == "age"
    assert advice.best.interval == pytest.approx(493, abs=1)
    assert [one.rate for one in advice.options] == sorted(one.rate for one in advice.options)
    flips = {one.what: one for one in advice.flips}
    # where a failure costs barely more than the planned replacement, waiting is as good
    there = prices.changed(failure=flips["failure"].then)
    before = prices.changed(failure=flips["failure"].then * 1.05)
    assert flips["failure"].other == "run_to_failure"
    assert age(life, there).rate == pytest.approx(run_to_failure(life, there).rate, rel=2e-3)
    assert age(life, before).rate < run_to_failure(life, before).rate * (1 - 1e-3)
    assert 1.0 < flips["shape"].then < 1.5  # below that it hardly wears
    assert "given" in {note.key for note in advice.notes}


def test_what_does_not_wear_is_left_alone() -> None:
    advice = advise(weibull_life(0.9, 1700), Prices(3000, 1200))
    assert advice.best.name == "run_to_failure"
    told = {one.name: one for one in advice.options}
    assert "0.90" in told["age"].reasons[1].text
    assert math.isinf(told["age"].interval)


def test_signs_win_where_they_are_common_and_lose_where_they_are_rare() -> None:
    life, prices = weibull_life(2.2, 4400), Prices(failure=60_000, planned=25_000, inspection=100)
    common = advise(life, prices, signs=Signs(0.7, 0.7), every=24, lead=48)
    rare = advise(life, prices.changed(failure=400_000), signs=Signs(0.05, 0.7), every=24, lead=48)
    assert common.best.name == "condition"
    assert rare.best.name == "age"
    flip = next(one for one in common.flips if one.what == "signs")
    assert 5 < flip.then < 70
    assert flip.other == "age"


def test_intervals_cover_the_cost_of_the_true_life() -> None:
    """Of 16 samples of 25 lives, the 90 % interval of the run-to-failure cost holds the true cost in most."""
    prices, true = Prices(5, 1), weibull_life(2, 1000)
    rate = run_to_failure(true, prices).rate
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(16):
        x = 1000 * rng.weibull(2, 25)
        fit = fit_life(lives(failed=x[x < 1300], running=np.full(int((x >= 1300).sum()), 1300.0), unit="h"))
        option = next(
            one for one in advise(fit, prices, draws=40, turning=False).options if one.name == "run_to_failure"
        )
        assert option.low is not None
        assert option.high is not None
        held += option.low <= rate <= option.high
    assert 12 <= held <= 16


def test_few_failures_are_said_and_all_is_json() -> None:
    advice = advise(fit_life(lives(failed=[300, 500, 900], running=[1000.0] * 4, unit="h")), Prices(5, 1), draws=40)
    assert {"few"} <= {note.key for note in advice.notes}
    document = json.loads(json.dumps(advice.as_dict(), allow_nan=False))
    assert document["options"][0]["share_best"] <= 1
    assert document["draws"] == 40
    shares = [one.best or 0 for one in advice.options]
    assert 0 < sum(shares) < 3
