"""The controller against what is known: the linear-quadratic regulator, its limits, a reactor of the books."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import solve_discrete_are

from luban.core.errors import InputError
from luban.decide.setpoint.mpc import Aim, Limits, LinearUnit, Mpc, Observer, RatesUnit, reactor as book
from luban.decide.setpoint.mpc.reactor import LIMITS, SAMPLE, START, reactor, reactor_control, reactor_rates

A = np.array([[0.9, 0.2, 0.0], [0.0, 0.8, 0.1], [0.1, 0.0, 0.7]])
B = np.array([[0.0, 0.3], [0.5, 0.0], [0.2, 0.4]])
NAMES = {"a": 1.0, "b": 1.0, "c": 1.0}
VALVES = {"v": 1.0, "w": 1.0}


def linear(e=None):
    return LinearUnit(A, B, NAMES, VALVES, e)


def test_without_limits_and_with_a_far_horizon_it_is_the_regulator():
    """Cost on states and on moves: the regulator of the unit with its last input as a further state."""
    weight, moves = np.diag([1.0, 2.0, 0.5]), np.diag([0.3, 0.1])
    big_a = np.block([[A, B], [np.zeros((2, 3)), np.eye(2)]])
    big_b = np.vstack([B, np.eye(2)])
    cost = np.zeros((5, 5))
    cost[:3, :3] = weight
    p = solve_discrete_are(big_a, big_b, cost, moves)
    gain = np.linalg.solve(moves + big_b.T @ p @ big_b, big_b.T @ p @ big_a)
    x, before = np.array([1.0, -2.0, 0.5]), np.array([0.3, -0.1])
    expected = before - gain @ np.concatenate([x, before])
    aim = Aim(dict.fromkeys(NAMES, 0.0), {"a": 1.0, "b": 2.0, "c": 0.5}, {"v": 0.3, "w": 0.1})
    found = Mpc(linear(), 80, aim, Limits({})).step(
        dict(zip(NAMES, x, strict=True)), dict(zip(VALVES, before, strict=True))
    )
    assert list(found.inputs.values()) == pytest.approx(expected, abs=1e-6)
    assert found.solved


def test_inputs_moves_and_states_stay_inside_their_limits():
    limits = Limits({"v": (-1, 1), "w": (-0.4, 0.4)}, {"v": 0.2, "w": 0.1}, {"b": (-np.inf, 0.6)})
    mpc = Mpc(linear(), 15, Aim({"a": 2.0}, {"a": 1.0}, {"v": 1e-3, "w": 1e-3}), limits)
    x, u = np.array([0.0, 0.0, 0.0]), {"v": 0.0, "w": 0.0}
    at_limit = False
    for _ in range(60):
        new = mpc.step(dict(zip(NAMES, x, strict=True)), u).inputs
        for name, (low, high) in limits.inputs.items():
            assert low - 1e-9 <= new[name] <= high + 1e-9
            assert abs(new[name] - u[name]) <= limits.moves[name] + 1e-6
        u = new
        x = A @ x + B @ np.array(list(u.values()))
        assert x[1] <= 0.6 + 1e-6
        at_limit |= x[1] > 0.59
    assert at_limit, "the limit must have mattered"
    free = Mpc(linear(), 15, mpc.aim, Limits(limits.inputs, limits.moves))
    assert free.step(dict(zip(NAMES, x, strict=True)), u).exceeded == {}


def test_an_input_outside_its_envelope_comes_back_no_faster_than_it_may():
    mpc = Mpc(linear(), 10, Aim({"a": 0.0}, {"a": 1.0}, {}), Limits({"v": (-1, 1), "w": (-1, 1)}, {"v": 0.5}))
    found = mpc.step(dict.fromkeys(NAMES, 0.0), {"v": 3.0, "w": 0.0})
    assert found.inputs["v"] == pytest.approx(2.5)


def test_a_wrong_model_leaves_no_offset_where_the_load_is_observed():
    unit = linear()
    aim = Aim({"a": 1.0}, {"a": 1.0}, {"v": 0.1, "w": 0.1})
    mpc, load = Mpc(unit, 25, aim, Limits({})), np.array([0.15, -0.1, 0.05])
    ends = {}
    for told in (False, True):
        x, u = np.zeros(3), {"v": 0.0, "w": 0.0}
        observer = Observer(unit, dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1e-3), wander=1e-2)
        mpc.forget()
        for k in range(120):
            observer.see(dict(zip(NAMES, x, strict=True)), u if k else None)
            u = mpc.step(observer.state, u, observer.bias if told else None).inputs
            x = A @ x + B @ np.array(list(u.values())) + load
        ends[told] = abs(x[0] - 1.0)
    assert ends[True] < 1e-4 < 0.02 < ends[False]


def test_a_missing_reading_is_bridged_by_the_model():
    unit = linear()
    observer = Observer(unit, dict.fromkeys(NAMES, 1.0), {"a": 0.1, "b": 0.1})
    observer.see({"a": float("nan")}, {"v": 0.0, "w": 0.0})
    assert list(observer.state.values()) == pytest.approx((A @ np.ones(3)).tolist())


def test_the_reactor_rests_where_the_books_say(monkeypatch):
    """Main operating point of Chen, Kremling and Allgöwer 1995 (feed at 104.9 °C): published to five digits."""
    monkeypatch.setattr(book, "_FEED_T", 104.9)
    rest = np.array([[2.1402], [1.0903], [114.19], [112.91]])
    rates = reactor_rates(rest, np.array([[14.19], [-1113.5]]), np.ones((2, 1)))[:, 0]
    printed = np.array([0.02, 0.01, 0.5, 0.9])  # what half a unit of the last printed digits makes of the rates
    assert (np.abs(rates) < printed).all()


def test_the_integrator_agrees_with_another_one():
    unit = reactor()
    x, u = np.array([*START.values()]), np.array([60.0, -4000.0])
    assert unit.settle(x[:, None], u[:, None], np.ones((2, 1)), 1e-7) >= 2
    other = solve_ivp(
        lambda _, y: reactor_rates(y[:, None], u[:, None], np.ones((2, 1)))[:, 0],
        (0, SAMPLE), x, rtol=1e-11, atol=1e-11,
    ).y[:, -1]  # fmt: skip
    found, a, b = unit.linear(x[:, None], u[:, None], np.ones((2, 1)))
    assert found[:, 0] == pytest.approx(other, rel=1e-7)
    step = np.array([0.0, 0.0, 0.5, 0.0])
    moved = unit.ahead((x + step)[:, None], u[:, None], np.ones((2, 1)))[:, 0]
    assert found[:, 0] + a[0] @ step == pytest.approx(moved, rel=1e-3)
    assert b.shape == (1, 4, 2)


@pytest.mark.parametrize("robust", [True, False])
def test_the_reactor_is_brought_to_its_target_inside_its_limits(robust):
    mpc, unit = reactor_control(robust=robust), reactor()
    x, u = np.array([*START.values()]), {"F": 0.0, "Q": 0.0}
    for k in range(50):
        found = mpc.step(dict(zip(START, x, strict=True)), u)
        assert found.solved
        assert found.rounds <= 6
        u = found.inputs
        assert 5.0 <= u["F"] <= 100.0
        assert -8500.0 <= u["Q"] <= 0.0
        x = unit.ahead(x[:, None], np.array([[u["F"]], [u["Q"]]]), np.ones((2, 1)))[:, 0]
        if k:
            assert x[2] < 140.0
            assert x[3] < LIMITS.states["T_K"][1]
    assert x[1] == pytest.approx(0.6, abs=0.005)


def test_the_loop_costs_what_do_mpc_takes():
    """do-mpc 5.1.2 with IPOPT on the same plant, 50 steps: 0.01567158 (benchmarks/control.py measures it anew)."""
    mpc, unit = reactor_control(), reactor()
    unit.settle(np.array([*START.values()])[:, None], np.zeros((2, 1)), np.ones((2, 1)), 1e-9)
    x, u, cost = np.array([*START.values()]), np.zeros(2), 0.0
    for _ in range(50):
        found = mpc.step(dict(zip(START, x, strict=True)), dict(zip(("F", "Q"), u, strict=True)))
        new = np.array([found.inputs["F"], found.inputs["Q"]])
        cost += (x[1] - 0.6) ** 2 + float(((new - u) ** 2) @ [book.AIM.moves["F"], book.AIM.moves["Q"]])
        u = new
        x = unit.ahead(x[:, None], u[:, None], np.ones((2, 1)))[:, 0]
    assert cost == pytest.approx(0.01567158, rel=0.02)


def test_bad_input_is_told():
    aim, unit = Aim({"a": 0.0}, {"a": 1.0}, {}), linear()
    with pytest.raises(InputError, match="no such state"):
        Mpc(unit, 5, Aim({"z": 0.0}, {}, {}), Limits({}))
    with pytest.raises(InputError, match="reversed"):
        Mpc(unit, 5, aim, Limits({"v": (1, -1)}))
    with pytest.raises(InputError, match="look ahead"):
        Mpc(unit, 0, aim, Limits({}))
    with pytest.raises(InputError, match="missing"):
        Mpc(unit, 5, aim, Limits({})).step({"a": 0.0}, {"v": 0.0, "w": 0.0})
    with pytest.raises(InputError, match="finite"):
        Mpc(unit, 5, aim, Limits({})).step({"a": np.nan, "b": 0, "c": 0}, {"v": 0.0, "w": 0.0})
    stiff = RatesUnit(lambda x, u, p: -1e7 * x + u, {"x": 1.0}, {"u": 1.0}, 1.0)
    with pytest.raises(InputError, match="too stiff"):
        stiff.settle(np.ones((1, 1)), np.ones((1, 1)), np.ones((0, 1)))
