"""Risk of failure of single cases, where two channels fail together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.health.life.risk import learn_risk


def made_cases(n: int, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Cases that fail where a product, or a difference for one make, leaves its bounds."""
    rng = np.random.default_rng(seed)
    speed, torque = rng.uniform(10, 30, n), rng.uniform(10, 30, n)
    inside, outside = rng.normal(60, 4, n), rng.normal(40, 4, n)
    make = rng.choice(["old", "new"], n)
    failed = (speed * torque > 740) | ((inside - outside < 11) & (make == "old"))
    return {
        "number": np.arange(n),
        "speed": speed,
        "torque": torque,
        "in": inside,
        "out": outside,
        "make": make,
    }, failed


def f1(truth: np.ndarray, said: np.ndarray) -> float:
    return 2 * float((truth & said).sum()) / float(truth.sum() + said.sum())


def test_failures_of_two_channels_together_are_found_without_naming_them() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    table, failed = made_cases(1500, 1)
    new, truth = made_cases(3000, 2)
    model = learn_risk(table, failed)
    ours = f1(truth, model.fails(new))
    names = ["speed", "torque", "in", "out"]
    plain = HistGradientBoostingClassifier(random_state=1)
    plain.fit(np.column_stack([*(table[n] for n in names), table["make"] == "old"]), failed)
    theirs = f1(truth, plain.predict(np.column_stack([*(new[n] for n in names), new["make"] == "old"])))
    assert ours > 0.85
    assert ours > theirs
    assert [(out.field, out.reason) for out in model.excluded] == [("number", words.ROW_NUMBER)]
    assert model.levels == {"make": ("new", "old")}
    chance = model.chance(new)
    assert ((chance >= 0) & (chance <= 1)).all()
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_too_few_of_either_is_an_answer() -> None:
    table, failed = made_cases(300, 1)
    model = learn_risk(table, np.arange(300) < 9)
    assert model.reason == words.ONE_CLASS.format(n=9, all=300, least=10)
    with pytest.raises(InputError, match="not enough data"):
        model.chance(table)
    assert learn_risk({"x": np.ones(300)}, failed).reason == words.NO_SIGNAL


def test_missing_and_uneven_columns_are_said_and_gaps_are_borne() -> None:
    table, failed = made_cases(800, 1)
    model = learn_risk(table, failed)
    with pytest.raises(InputError, match="missing"):
        model.fails({"speed": table["speed"]})
    with pytest.raises(InputError, match="length"):
        learn_risk(table | {"speed": [1.0]}, failed)
    table["speed"] = np.where(np.arange(800) % 7 == 0, np.nan, table["speed"])
    assert np.isfinite(model.chance(table)).all()
