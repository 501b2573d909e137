"""Remaining life by age, from machines that failed and machines that still run."""

from __future__ import annotations

import numpy as np
import pytest

from luban.understand.health.life import gather, learn_life
from luban.understand.health.life.by_age import age_law
from luban.understand.health.life.histories import Histories


def fleet(lives: np.ndarray, watched: np.ndarray, begins: np.ndarray | None = None) -> Histories:
    """One or two readings of each machine: where watching began, and where the life or the watching ended."""
    ends = np.minimum(lives, watched)
    first = np.zeros(len(lives)) if begins is None else begins
    names = [f"m{i}" for i in range(len(lives))]
    time = np.concatenate([first, ends])
    ended = {name: bool(life <= limit) for name, life, limit in zip(names, lives, watched, strict=True)}
    return gather([*names, *names], time, {"x": np.zeros(len(time))}, ended=ended, time_unit="h")


def test_the_interval_holds_the_rest_of_a_life_as_often_as_it_says():
    rng = np.random.default_rng(3)
    inside, early, naive = [], [], []
    for _ in range(150):
        lives, watched = 100 * rng.weibull(2.5, 25), rng.uniform(20, 150, 25)
        law = age_law(fleet(lives, watched))
        asked = np.flatnonzero(lives > watched)
        if law is None or not len(asked):
            continue
        at = int(asked[0])
        told, true = law.left(float(watched[at]), 0.9), float(lives[at] - watched[at])
        inside.append(told.low <= true <= told.high)
        early.append(true > told.life)
        failed = lives[lives <= watched]
        naive.append(true > max(float(np.median(failed)) - watched[at], 0.0))
    assert len(inside) > 140
    assert 0.84 <= np.mean(inside) <= 0.97
    assert 0.40 <= np.mean(early) <= 0.60  # the median is one
    assert np.mean(naive) > 0.75  # whoever leaves out those that run calls too early


def test_running_machines_lengthen_the_life_and_are_counted():
    failed = np.array([80.0, 95.0, 110.0, 120.0, 130.0])
    few = age_law(fleet(failed, failed + 1))
    many = age_law(
        fleet(np.concatenate([failed, np.full(20, 400.0)]), np.concatenate([failed + 1, np.full(20, 150.0)]))
    )
    assert few is not None
    assert many is not None
    assert many.left(50.0, 0.9).life > 1.5 * few.left(50.0, 0.9).life
    told = many.left(50.0, 0.9)
    assert (told.failures, told.running) == (5, 20)
    assert told.low < told.life < told.high
    assert many.left(50.0, 0.5).low > told.low


def test_a_machine_watched_only_from_an_age_on_counts_from_there():
    rng = np.random.default_rng(8)
    lives = 100 * rng.weibull(3.0, 4000)
    begins = rng.uniform(0, 100, 4000)
    seen = lives > begins  # the others had failed before anybody looked
    law = age_law(fleet(lives[seen], np.full(int(seen.sum()), 1e6), begins[seen]))
    assert law is not None
    assert law.fit.named["scale"] == pytest.approx(100, rel=0.02)
    assert law.fit.named["shape"] == pytest.approx(3, rel=0.05)


def test_too_few_failures_for_the_readings_may_be_enough_for_the_ages():
    rng = np.random.default_rng(1)
    histories = fleet(np.array([70.0, 90.0, 105.0, *[500.0] * 9]), np.array([999.0] * 3 + [80.0] * 9))
    model = learn_life(histories)
    told = model.at(fleet(np.array([300.0]), np.array([60.0])))[0]
    assert told.life is None
    assert told.reason
    assert told.by_age is not None
    assert (told.by_age.failures, told.by_age.running) == (3, 9)
    assert told.as_dict()["by_age"]["low"] == told.by_age.low
    assert age_law(fleet(np.full(6, 300.0), rng.uniform(20, 60, 6))) is None  # none has failed: nothing is told
    assert age_law(gather(["a", "a"], [-1.0, 5.0], {"x": [0.0, 1.0]})) is None
