"""Column A against published figures and against an independent model of it in compositions, integrated by scipy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from luban.core.errors import ConfigError, InputError
from luban.twin.process.column import Column, boiling_point, column_rates
from luban.twin.process.integrator import STABILITY, Integrator, compiled, spectral_limit
from luban.twin.process.layout import record

A = Column(
    stages=41, feed_stage=21, volatility=1.5, feed=60.0, reflux=2.70629, boilup=3.20629, holdup=0.5,
    liquid_lag=0.063, level_gain=10.0, heat=30.0, heavy_boils=373.0, tray=12,
)  # fmt: skip
NOMINAL = A.for_purity(0.99, 0.01, 0.5)
A = dataclasses.replace(A, reflux=NOMINAL.reflux, boilup=NOMINAL.boilup)


@compiled
def column(_t, y, dy, a):
    p, reflux, boilup, feed, z = a
    column_rates(y[:41], y[41:], reflux, boilup, feed, z, p, dy[:41], dy[41:])


def independent(_t, s, reflux, boilup, feed, z):
    """The published equations as they are printed: compositions and holdups, per minute, feed 1 kmol/min nominal."""
    x, m = s[:41], s[41:]
    y = 1.5 * x[:-1] / (1 + 0.5 * x[:-1])
    down = np.empty(41)
    down[1:21] = NOMINAL.reflux + 1 + (m[1:21] - 0.5) / 0.063
    down[21:40] = NOMINAL.reflux + (m[21:40] - 0.5) / 0.063
    down[40] = reflux
    top, bottom = boilup - reflux + 10 * (m[40] - 0.5), down[1] - boilup + 10 * (m[0] - 0.5)
    dm, dmx = np.zeros(41), np.zeros(41)
    dm[1:40] = down[2:] - down[1:40]
    dmx[1:40] = down[2:] * x[2:] - down[1:40] * x[1:40] + boilup * (y[:-1] - y[1:])
    dm[20] += feed
    dmx[20] += feed * z
    dm[0], dmx[0] = down[1] - boilup - bottom, down[1] * x[1] - boilup * y[0] - bottom * x[0]
    dm[40], dmx[40] = boilup - reflux - top, boilup * y[39] - (reflux + top) * x[40]
    return np.concatenate([(dmx - x * dm) / m, dm])


def at_rest() -> np.ndarray:
    return np.concatenate([0.5 * NOMINAL.light, np.full(41, 0.5)])


def test_nominal_flows_are_the_published_ones() -> None:
    assert (NOMINAL.reflux, NOMINAL.boilup) == pytest.approx((2.706, 3.206), abs=0.001)
    again = A.profile(2.70629, 3.20629, 0.5)
    assert again.light[[-1, 0]] == pytest.approx([0.99, 0.01], abs=1e-6)


def test_half_the_impurity_costs_a_fifth_more_boil_up() -> None:
    finer = A.for_purity(0.995, 0.005, 0.5)
    assert finer.boilup / NOMINAL.boilup == pytest.approx(1.20, abs=0.01)


def test_steady_gains_are_the_published_ones() -> None:
    gains = A.gains(NOMINAL)
    assert gains == pytest.approx(np.array([[0.878, -0.864], [1.082, -1.096]]), rel=0.005)
    # the direction that is hard: nearly singular, relative gain near 35
    assert gains[0, 0] * gains[1, 1] / np.linalg.det(gains) == pytest.approx(35.1, rel=0.03)


def test_the_slowest_and_the_fastest_mode() -> None:
    y, a = at_rest(), (record(A)[0], 60 * NOMINAL.reflux, 60 * NOMINAL.boilup, 60.0, 0.5)
    dy = np.empty(82)
    column(0.0, y, dy, a)
    assert np.abs(dy).max() < 1e-8
    jacobian = np.empty((82, 82))
    for i in range(82):
        up, low = y.copy(), y.copy()
        up[i] += 1e-7
        low[i] -= 1e-7
        f, g = np.empty(82), np.empty(82)
        column(0.0, up, f, a)
        column(0.0, low, g, a)
        jacobian[:, i] = (f - g) / 2e-7
    values = np.linalg.eigvals(jacobian).real / 60.0  # 1/min
    assert -1 / values.max() == pytest.approx(194, rel=0.02)  # published: 194 min
    limit = 60 * 60 * spectral_limit(column, 0.0, y, a)  # s
    assert limit == pytest.approx(60 * STABILITY / np.abs(values).max(), rel=0.01)
    assert limit > 2 * 3.0  # the plant's controllers sample every 3 s


@pytest.mark.parametrize("change", [(1.001, 1.0, 1.0, 0.5), (1.0, 1.02, 1.1, 0.55)])
def test_a_step_runs_as_the_published_equations_do(change: tuple[float, float, float, float]) -> None:
    reflux, boilup, feed, z = change[0] * NOMINAL.reflux, change[1] * NOMINAL.boilup, change[2], change[3]
    times = np.array([0.0, 1.0, 5.0, 20.0, 60.0, 120.0])
    start = np.concatenate([NOMINAL.light, np.full(41, 0.5)])
    theirs = solve_ivp(
        independent, (0, 120), start, "LSODA", times, args=(reflux, boilup, feed, z), rtol=1e-9, atol=1e-11
    )
    a = (record(A)[0], 60 * reflux, 60 * boilup, 60 * feed, z)
    ours = STEP.solve(at_rest(), times / 60, a, relative=1e-9, absolute=1e-11)
    assert ours[:, 41:] == pytest.approx(theirs.y[41:].T, rel=1e-6)
    assert ours[:, :41] / ours[:, 41:] == pytest.approx(theirs.y[:41].T, abs=1e-6)


STEP = Integrator(column)


def test_it_comes_to_rest_where_the_steady_state_is() -> None:
    a = (record(A)[0], 60 * 2.75, 60 * 3.24, 60.0, 0.49)
    end = STEP.solve(at_rest(), np.array([0.0, 60.0]), a)[-1]
    expected = A.profile(2.75, 3.24, 0.49).light
    assert end[:41] / end[41:] == pytest.approx(expected, abs=1e-6)


def test_neither_end_runs_dry() -> None:
    a = (record(A)[0], 60 * 1.0, 60 * 5.0, 30.0, 0.5)
    end = STEP.solve(at_rest(), np.array([0.0, 5.0]), a)[-1]
    assert end[41] > 0.0
    assert np.all((end[:41] >= 0) & (end[:41] <= end[41:]))


def test_boiling_points() -> None:
    light, heavy = boiling_point(1.0, 1.5, 373.0, 30.0), boiling_point(0.0, 1.5, 373.0, 30.0)
    assert heavy == pytest.approx(373.0)
    # Clausius-Clapeyron between the two: ln 1.5 = λ/R·(1/T_light - 1/T_heavy)
    assert 30.0 / 8.314462618e-3 * (1 / light - 1 / heavy) == pytest.approx(np.log(1.5), rel=1e-9)


def test_what_cannot_be_separated_is_refused() -> None:
    with pytest.raises(InputError, match="separation"):
        A.for_purity(0.99, 0.6, 0.5)
    with pytest.raises(InputError, match="distillate"):
        A.profile(3.0, 2.9, 0.5)
    for wrong in ({"volatility": 1.0}, {"stages": 2}, {"feed_stage": 41}, {"holdup": 0.0}):
        with pytest.raises(ConfigError):
            dataclasses.replace(A, **wrong)
