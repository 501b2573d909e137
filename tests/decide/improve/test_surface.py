"""Surfaces, best settings and desirability against printed pages and against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.curved import central_composite
from luban.decide.improve.desirability import Goal, desirability, joint_optimum, overall
from luban.decide.improve.fit import Fit, fit
from luban.decide.improve.surface import canonical, gradient, optimum, path, quadratic
from tests.decide.improve.test_anova import chemical


def bowl(noise: float = 0.0, seed: int = 1) -> Fit:
    """5 - (a - 0.5)² - 2 (b + 0.25)² on a central composite."""
    x = central_composite(2, centre=5).settings
    y = 5 - (x[:, 0] - 0.5) ** 2 - 2 * (x[:, 1] + 0.25) ** 2
    y = y + np.random.default_rng(seed).normal(0, noise, len(y)) if noise else y
    return fit("(a + b)**2 + I(a**2) + I(b**2)", {"a": x[:, 0], "b": x[:, 1]}, y)


def test_steepest_ascent_as_printed() -> None:
    """NIST/SEMATECH e-Handbook 5.5.3.1.1: the direction is (-0.1152, 0.9933)."""
    data, y = chemical()
    up = path(fit("x1 + x2", data, y), 1)
    assert [round(up[n], 4) for n in ("x1", "x2")] == [-0.1152, 0.9933]
    down = path(fit("x1 + x2", data, y), 2, up=False)
    assert [round(down[n], 3) for n in ("x1", "x2")] == [0.230, -1.987]
    assert gradient(fit("x1 + x2", data, y)) == pytest.approx({"x1": -1.2925, "x2": 11.1425})


def test_the_top_of_a_bowl() -> None:
    got = canonical(bowl())
    assert got.point == pytest.approx([0.5, -0.25])
    assert got.value == pytest.approx(5)
    assert got.eigenvalues == pytest.approx([-2, -1])
    assert (got.shape, got.inside) == ("maximum", True)


def test_a_ridge_goes_the_best_way_at_every_distance() -> None:
    one = bowl()
    names, b0, b, bend = quadratic(one)
    turn = np.linspace(0, 2 * np.pi, 20_001)
    for radius in (0.2, 0.5, 1.0, 2.0):
        ring = radius * np.stack([np.cos(turn), np.sin(turn)])
        best = b0 + b @ ring + np.einsum("ij,ik,kj->j", ring, bend, ring)
        x = np.array([path(one, radius)[n] for n in names])
        assert np.linalg.norm(x) == pytest.approx(radius)
        assert b0 + b @ x + x @ bend @ x == pytest.approx(best.max(), abs=1e-6)


def test_the_best_within_limits_is_that_of_a_fine_grid() -> None:
    one = bowl(0.1)
    other = fit("a + b", one.data, one.data["a"] + one.data["b"], name="cost")
    got = optimum(one, bounds={"a": (-1, 1), "b": (-1, 1)}, limits=[(other, None, -0.2)])
    a, b = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 401), np.linspace(-1, 1, 401)))
    value = np.where(a + b <= -0.2, one.predict({"a": a, "b": b})[0], -np.inf)
    assert got.value >= value.max() - 1e-9
    assert got.settings["a"] + got.settings["b"] <= -0.2 + 1e-6
    with pytest.raises(InputError, match="no setting keeps all limits"):
        optimum(one, bounds={"a": (-1, 1), "b": (-1, 1)}, limits=[(other, 5.0, None)])


def test_intervals_hold_what_they_promise() -> None:
    """Of 120 noisy bowls about 95 % of the intervals hold the true mean at the best setting, about 90 % its place."""
    held = placed = 0
    for seed in range(120):
        got = optimum(bowl(0.2, seed), bounds={"a": (-1, 1), "b": (-1, 1)}, draws=100)
        a, b = got.settings["a"], got.settings["b"]
        held += abs(got.value - (5 - (a - 0.5) ** 2 - 2 * (b + 0.25) ** 2)) <= got.half
        placed += got.spread["a"][0] <= 0.5 <= got.spread["a"][1]
    assert 0.88 <= held / 120 <= 1
    assert placed / 120 >= 0.85


def test_a_target_is_met_and_an_end_of_a_range_is_named() -> None:
    one = bowl()
    assert optimum(one, target=4.0, bounds={"a": (-1, 1), "b": (-1, 1)}).value == pytest.approx(4.0, abs=1e-6)
    assert optimum(one, bounds={"a": (-1, 0), "b": (-1, 1)}).at_bound == ("a",)


def test_a_plane_has_no_flat_point() -> None:
    data, y = chemical()
    with pytest.raises(InputError, match="does not bend"):
        canonical(fit("x1 + x2", data, y))


def test_derringer_and_suich() -> None:
    """At 450 of 400 to 500 to 600 a target is half met; weights bend it; the mean is geometric and a zero is a zero."""
    target = Goal("target", 400, 600, 500)
    assert desirability(target, np.array([400.0, 450, 500, 550, 600, 700])).tolist() == [0, 0.5, 1, 0.5, 0, 0]
    assert float(desirability(Goal("max", 120, 170, weight=2), 145.0)) == 0.25
    assert float(desirability(Goal("min", 0, 10), 2.5)) == 0.75
    goals = [target, Goal("max", 0, 1, importance=3)]
    assert float(overall([np.array([0.25]), np.array([1.0])], goals)[0]) == pytest.approx(0.25**0.25)
    assert float(overall([np.array([0.0]), np.array([1.0])], goals)[0]) == 0
    for wrong in (("target", 0, 1, 2), ("most", 0, 1), ("max", 1, 0)):
        with pytest.raises(InputError):
            Goal(*wrong)


def test_the_joint_best_is_that_of_a_grid() -> None:
    one = bowl()
    other = fit("a + b", one.data, 2 * one.data["a"] - one.data["b"], name="second")
    goals = [Goal("max", 0, 5), Goal("min", -3, 3)]
    got = joint_optimum([one, other], goals, bounds={"a": (-1, 1), "b": (-1, 1)})
    a, b = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 301), np.linspace(-1, 1, 301)))
    both = [desirability(g, f.predict({"a": a, "b": b})[0]) for f, g in zip((one, other), goals, strict=True)]
    assert got.value >= overall(both, goals).max() - 1e-7
    assert set(got.predicted) == {"y", "second"}
