"""The published benchmark, worked out here by hand and by scipy in its own units (litres, minutes, joules)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

from luban.core.errors import ConfigError
from luban.twin.process.integrator import Integrator, compiled
from luban.twin.process.layout import record
from luban.twin.process.reactor import Reactor, reactor_rates

BENCHMARK = Reactor(
    content=1.6667, heat_capacity=0.239, k1=7.2e10, e1=8750.0, h1=50.0, k2=0.0, e2=9000.0, h2=0.0,
    cooling=50.0 * 1.6667 / (100.0 / 60.0), feed=100.002, feed_temperature=350.0, inert=0.0,
    jacket_low=280.0, jacket_high=320.0, jacket_lag=0.1, trip=380.0, fouling=250.0,
)  # fmt: skip


def published(_t, x, jacket):
    """Henson and Seborg: q 100 L/min, V 100 L, ρcp 239 J/L.K, -ΔH 5e4 J/mol, UA 5e4 J/min.K, feed 1 mol/L at 350 K."""
    c, t = x
    rate = 7.2e10 * np.exp(-8750.0 / t) * c
    return [1.0 - c - rate, 350.0 - t + 5e4 / 239.0 * rate + 5e4 / (100.0 * 239.0) * (jacket - t)]


@compiled
def as_ours(_t, y, dy, a):
    p, jacket = a
    dy[4], _, _ = reactor_rates(
        y[0:4], y[4], p.feed, (1.0, 0.0, 0.0, 0.0), p.feed_temperature, jacket, p.cooling, 1.0, p, dy[0:4]
    )


def states_of_scipy(jacket: float) -> list[tuple[float, float]]:
    found = set()
    for c in (0.05, 0.2, 0.5, 0.95):
        for t in (305.0, 325.0, 350.0, 370.0, 400.0):
            x, _, good, _ = fsolve(lambda x: published(0, x, jacket), [c, t], xtol=1e-12, full_output=True)
            if good == 1:
                found.add((round(float(x[0]), 6), round(float(x[1]), 6)))
    return sorted(found, reverse=True)


@pytest.mark.parametrize(("jacket", "count"), [(290.0, 1), (300.0, 3), (303.0, 3), (310.0, 1)])
def test_steady_states_are_those_of_the_published_equations(jacket: float, count: int) -> None:
    ours, theirs = BENCHMARK.steady_states(jacket), states_of_scipy(jacket)
    assert len(ours) == len(theirs) == count
    for own, (concentration, temperature) in zip(ours, theirs, strict=True):
        assert own.temperature == pytest.approx(temperature, abs=1e-4)
        assert own.conversion == pytest.approx(1 - concentration, abs=1e-6)


def test_half_conversion_at_350_k_is_the_unstable_one_of_three() -> None:
    cold, middle, hot = BENCHMARK.steady_states(300.0)
    assert middle.temperature == pytest.approx(350.0, abs=0.05)
    assert middle.conversion == pytest.approx(0.5, abs=0.001)
    for state in (cold, middle, hot):
        h, x = 1e-6, np.array([1 - state.conversion, state.temperature])
        sides = [(published(0, x + d, 300.0), published(0, x - d, 300.0)) for d in h * np.eye(2)]
        jacobian = np.array([(np.array(up) - np.array(low)) / (2 * h) for up, low in sides]).T
        expected = sorted(np.linalg.eigvals(jacobian), key=lambda v: (v.real, v.imag))
        assert sorted(state.eigenvalues, key=lambda v: (v.real, v.imag)) == pytest.approx(expected, rel=1e-4)
        assert state.stable is bool(max(v.real for v in expected) < 0)
    # the cold one is stable, the middle one a saddle, the hot one a spiral that ends in a limit cycle
    assert (cold.stable, middle.stable, hot.stable) == (True, False, False)
    assert min(v.real for v in middle.eigenvalues) < 0
    assert all(v.imag for v in hot.eigenvalues)


def test_jacket_for_a_temperature_gives_that_steady_state() -> None:
    jacket = BENCHMARK.jacket_for(346.0)
    assert min(abs(s.temperature - 346.0) for s in BENCHMARK.steady_states(jacket)) < 1e-6


def test_open_loop_it_runs_away_as_scipy_says() -> None:
    middle = BENCHMARK.steady_states(300.0)[1]
    times = np.linspace(0.0, 6.0, 25)
    start = [1 - middle.conversion, middle.temperature + 1.0]
    theirs = solve_ivp(published, (0, 6), start, "LSODA", times, args=(300.0,), rtol=1e-11, atol=1e-12)
    y = np.array([start[0], 1 - start[0], 0.0, 0.0, start[1]])
    y[:4] *= BENCHMARK.content
    ours = Integrator(as_ours).solve(y, times / 60.0, (record(BENCHMARK)[0], 300.0), relative=1e-10)
    assert ours[:, 4] == pytest.approx(theirs.y[1], rel=1e-6)
    assert ours[:, 0] / BENCHMARK.content == pytest.approx(theirs.y[0], abs=1e-6)
    assert abs(ours[-1, 4] - middle.temperature) > 10


def test_with_the_by_product_amounts_and_heat_are_conserved() -> None:
    both = dataclasses.replace(BENCHMARK, k2=5e8, h2=30.0)
    p = record(both)[0]
    y = np.array([0.8, 0.8, 0.05, 0.0167, 345.0])
    dy = np.zeros(5)
    dt, r1, r2 = reactor_rates(y[:4], 345.0, 80.0, (0.9, 0.05, 0.04, 0.01), 352.0, 300.0, 45.0, 1.1, p, dy[:4])
    content = y[:4].sum()
    assert dy[:4].sum() == pytest.approx(0.0, abs=1e-10)
    assert r1 == pytest.approx(1.1 * 60 * 7.2e10 * np.exp(-8750 / 345.0) * 0.8, rel=1e-12)
    assert r2 == pytest.approx(60 * 5e8 * np.exp(-9000 / 345.0) * 0.8, rel=1e-12)
    assert dy[2] == pytest.approx(80.0 * (0.04 - 0.05 / content) + r2, rel=1e-12)
    gained = 0.239 * content * dt
    assert gained == pytest.approx(80 * 0.239 * 7 + 50 * r1 + 30 * r2 - 45 * 45, rel=1e-12)


@pytest.mark.parametrize("wrong", [{"content": 0.0}, {"cooling": -1.0}, {"jacket_high": 400.0}, {"k1": float("nan")}])
def test_a_reactor_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        dataclasses.replace(BENCHMARK, **wrong)
