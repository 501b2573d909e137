"""The next trial: learns as another program does, and gets to the best with few trials."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.bayes import Limit, first_trials, propose, surrogate
from luban.decide.improve.design import Factor

BOX = (Factor("x", -5, 10), Factor("y", 0, 15))


def branin(x: float, y: float) -> float:
    """Three equal lowest points of 0.397887 (Dixon and Szegö 1978)."""
    return (y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def searched(seed: int, trials: int) -> float:
    x = first_trials(BOX, 6, seed=seed)
    y = np.array([branin(float(BOX[0].natural(a)), float(BOX[1].natural(b))) for a, b in x])
    for _ in range(trials):
        one = propose(BOX, x, y, largest=False, seed=seed)[0]
        x = np.vstack([x, one.coded])
        y = np.append(y, branin(float(one.settings["x"]), float(one.settings["y"])))
    return float(y.min())


def test_branin_in_26_trials() -> None:
    """By chance 26 trials end 1.3 above the lowest value in the median; these end within 0.1."""
    assert max(searched(seed, 20) for seed in (1, 2)) < 0.3979 + 0.1


def test_scikit_learn_believes_the_same() -> None:
    process = pytest.importorskip("sklearn.gaussian_process")
    kernels = pytest.importorskip("sklearn.gaussian_process.kernels")
    chance = np.random.default_rng(0)
    x = chance.random((15, 2))
    y = np.sin(4 * x[:, 0]) + x[:, 1] ** 2
    ours = surrogate(x, y)
    noise = (ours.noise / ours.scale_y) ** 2 + 1e-8
    kernel = kernels.ConstantKernel(ours.signal, "fixed") * kernels.Matern(ours.lengths, "fixed", nu=2.5)
    theirs = process.GaussianProcessRegressor(kernel, alpha=noise, optimizer=None, normalize_y=True).fit(x, y)
    at = chance.random((20, 2))
    mean, sd = theirs.predict(at, return_std=True)
    np.testing.assert_allclose(ours.predict(at)[0], mean, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.predict(at)[1], sd, rtol=1e-4, atol=1e-7)


def test_noise_is_found() -> None:
    chance = np.random.default_rng(1)
    x = np.repeat(np.linspace(0, 1, 15)[:, None], 4, axis=0)
    y = np.sin(5 * x[:, 0]) + chance.normal(0, 0.2, len(x))
    assert 0.14 < surrogate(x, y).noise < 0.28


def test_limits_are_kept() -> None:
    """The response rises with a; b + a must stay below zero: the best allowed setting is a = 1, b = -1."""
    factors = (Factor("a"), Factor("b"))
    x = first_trials(factors, 6, seed=3)
    for _ in range(10):
        y, sum_ = x[:, 0] - 0.2 * x[:, 1] ** 2, x.sum(axis=1)
        one = propose(factors, x, y, limits=[Limit("sum", sum_, upper=0.0)], seed=3)[0]
        x = np.vstack([x, one.coded])
    kept = x.sum(axis=1) <= 0
    assert (x[kept, 0] - 0.2 * x[kept, 1] ** 2).max() > 0.75
    assert one.allowed > 0.2


def test_several_at_once_are_not_the_same_and_named_levels_are_used() -> None:
    factors = (Factor("t", 0, 1), Factor("recipe", levels=("u", "v", "w")))
    x = first_trials(factors, 8, seed=1)
    y = -((x[:, 0] - 0.2) ** 2) + (x[:, 1] == 2)
    some = propose(factors, x, y, count=3, seed=1)
    assert len({one.coded for one in some}) == 3
    assert some[0].settings["recipe"] == "w"
    assert sorted(map(repr, propose(factors, x, y, count=3, seed=1))) == sorted(map(repr, some))


def test_a_target_is_come_near_to() -> None:
    factors = (Factor("t", 0, 10),)
    x = first_trials(factors, 4, seed=2)
    for _ in range(6):
        one = propose(factors, x, 3 * x[:, 0] + x[:, 0] ** 3, target=1.0)[0]
        x = np.vstack([x, one.coded])
    assert np.abs(3 * x[:, 0] + x[:, 0] ** 3 - 1).min() < 0.05


def test_one_trial_teaches_nothing() -> None:
    with pytest.raises(InputError, match="two trials"):
        propose(BOX, np.zeros((1, 2)), np.array([1.0]))
