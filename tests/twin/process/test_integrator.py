from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from luban.core.errors import InputError
from luban.twin.process.integrator import STABILITY, Integrator, compiled, spectral_limit, work


@compiled
def linear(_t, y, dy, a):
    """dy = A·y."""
    for i in range(y.size):
        dy[i] = 0.0
        for j in range(y.size):
            dy[i] += a[i, j] * y[j]


@compiled
def explosion(_t, y, dy, _a):
    """dy = y²: infinite at t = 1 from y = 1."""
    dy[0] = y[0] * y[0]


TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
LINEAR = Integrator(linear)


def turned(steps: int) -> float:
    y = np.array([1.0, 0.0])
    LINEAR.fixed(y, 0.0, 2.0 / steps, steps, work(2), TURN)
    return float(np.hypot(y[0] - math.cos(2.0), y[1] + math.sin(2.0)))


def test_fixed_steps_are_of_fifth_order() -> None:
    errors = [turned(steps) for steps in (8, 16, 32, 64)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx(5.0, abs=0.25)


@pytest.mark.parametrize("relative", [1e-4, 1e-6, 1e-8, 1e-10])
def test_the_error_follows_the_tolerance(relative: float) -> None:
    times = np.linspace(0.0, 20.0, 41)
    got = LINEAR.solve(np.array([1.0, 0.0]), times, TURN, relative=relative, absolute=relative)
    worst = float(np.abs(got[:, 0] - np.cos(times)).max())
    assert 1e-3 * relative < worst < 100 * relative


def test_it_agrees_with_scipy_on_a_stiff_system() -> None:
    a = np.array([[-200.0, 199.0, 0.0], [0.0, -1.0, 0.02], [0.1, 0.0, -0.05]])
    times = np.linspace(0.0, 10.0, 11)
    theirs = solve_ivp(lambda _t, y: a @ y, (0, 10), [1.0, 2.0, 3.0], "Radau", times, rtol=1e-10, atol=1e-12)
    ours = LINEAR.solve(np.array([1.0, 2.0, 3.0]), times, a, relative=1e-9, absolute=1e-12)
    assert ours == pytest.approx(theirs.y.T, rel=1e-7, abs=1e-9)


def test_it_lands_on_the_end_and_carries_its_step_on() -> None:
    y, k, limit = np.array([1.0, 0.0]), work(2), np.full(2, 1e-9)
    h, steps, _ = LINEAR.adaptive(y, 0.0, 1.0, 1e-3, 1e-9, limit, 1000, k, TURN)
    assert steps > 1
    assert h > 1e-3
    assert y[0] == pytest.approx(math.cos(1.0), abs=1e-8)
    assert LINEAR.adaptive(y, 1.0, 1.0, h, 1e-9, limit, 1000, k, TURN) == (h, 0, 0)


def test_a_component_that_is_left_out_does_not_shorten_steps() -> None:
    fast = np.array([[-1.0, 0.0], [1000.0, -1.0]])
    taken = []
    for limit in (1e-9, math.inf):
        y = np.array([1.0, 0.0])
        _, steps, _ = LINEAR.adaptive(y, 0.0, 5.0, 0.1, 1e-6, np.array([1e-6, limit]), 10_000, work(2), fast)
        taken.append(steps)
    assert taken[1] < taken[0]


@pytest.mark.parametrize(("share", "decays"), [(0.98, True), (1.02, False)])
def test_the_stability_limit_is_where_a_step_stops_decaying(share: float, decays: bool) -> None:
    y = np.array([1.0])
    LINEAR.fixed(y, 0.0, share * 3.3066 / 50.0, 400, work(1), np.array([[-50.0]]))
    assert bool(abs(y[0]) < 1.0) is decays


def test_the_spectral_limit_is_that_of_the_fastest_mode() -> None:
    a = np.array([[-40.0, 3.0, 0.0], [0.0, -2.0, 1.0], [0.0, 0.0, -0.01]])
    assert spectral_limit(linear, 0.0, np.ones(3), a) == pytest.approx(STABILITY / 40.0, rel=1e-5)


def test_what_cannot_be_followed_is_said_and_never_looped_over() -> None:
    one = Integrator(explosion)
    with pytest.raises(InputError, match="cannot be followed"):
        one.solve(np.array([1.0]), np.array([0.0, 2.0]), 0)
    y = np.array([1.0])
    assert one.adaptive(y, 0.0, 0.99, 1e-6, 1e-12, np.full(1, 1e-12), 20, work(1), 0)[1] == -1
