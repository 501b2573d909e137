"""The conditions of Karush, Kuhn and Tucker prove a convex program's answer; scipy is asked besides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

from luban.core.errors import InputError
from luban.decide.setpoint.mpc import quadratic
from luban.decide.setpoint.mpc.quadratic import solve_tree


def program(seed, s=2, n=5, m=6, shared=2):
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(s, n, n))
    h = root @ root.swapaxes(1, 2) + 0.1 * np.eye(n)
    g = 3.0 * draw.normal(size=(s, n))
    rows, limit = draw.normal(size=(s, m, n)), np.abs(draw.normal(size=(s, m))) * 0.3
    low, high = -np.abs(draw.normal(size=n)) - 0.05, np.abs(draw.normal(size=n)) + 0.05
    price = np.where(draw.random(m) < 0.4, 2.0, np.inf)
    return h, g, rows, limit, np.tile(low, (s, 1)), np.tile(high, (s, 1)), shared, price


def proved(h, g, rows, limit, low, high, shared, price, found, tolerance):
    n = g.shape[1]
    m = rows.shape[1]
    z, pull = found.z, found.multipliers
    assert found.solved
    assert np.ptp(z[:, :shared], axis=0).max(initial=0) < 1e-12
    inside = np.einsum("smn,sn->sm", rows, z)
    assert (inside - found.slack - limit).max() < tolerance
    assert found.slack[:, np.isinf(price)].max(initial=0) < tolerance
    assert (z - high).max() < tolerance
    assert (low - z).max() < tolerance
    assert pull.min() > -tolerance
    assert (pull[:, :m] - price).max() < tolerance
    dual = np.einsum("sij,sj->si", h, z) + g + np.einsum("smn,sm->sn", rows, pull[:, :m])
    dual += pull[:, m : m + n] - pull[:, m + n :]
    assert np.abs(dual[:, :shared].sum(0)).max(initial=0) < tolerance * 10
    assert np.abs(dual[:, shared:]).max(initial=0) < tolerance * 10
    assert np.abs(pull[:, :m] * (inside - found.slack - limit)).max() < tolerance * 10
    finite = np.isfinite(price)
    assert np.abs(found.slack[:, finite] * (price - pull[:, :m])[:, finite]).max(initial=0) < tolerance * 10


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 3))
def test_active_sets_and_interior_points_meet_the_conditions(seed, s, shared):
    given_ = program(seed, s=s, shared=shared)
    *parts, shared, price = given_
    quick = solve_tree(*parts, shared=shared, price=price)
    proved(*given_, quick, 1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quadratic, "by_active_set", lambda *_: None)
        slow = solve_tree(*parts, shared=shared, price=price)
    assert slow.solved
    assert value(*given_, slow) == pytest.approx(value(*given_, quick), abs=1e-4)
    _, _, rows, limit, low, high, _, price = given_
    assert (np.einsum("smn,sn->sm", rows, slow.z) - slow.slack - limit).max() < 1e-6
    assert max((slow.z - high).max(), (low - slow.z).max()) < 1e-6


def value(h, g, rows, limit, low, high, shared, price, found):
    paid = (found.slack * np.where(np.isfinite(price), price, 0.0)).sum()
    return float(0.5 * np.einsum("si,sij,sj", found.z, h, found.z) + (g * found.z).sum() + paid)


def test_scipy_finds_the_same():
    h, g, rows, limit, low, high, _, _ = program(3, s=1, shared=0)
    found = solve_tree(h, g, rows, limit, low, high).z[0]
    other = minimize(
        lambda z: 0.5 * z @ h[0] @ z + g[0] @ z, np.zeros(5), jac=lambda z: h[0] @ z + g[0], method="SLSQP",
        bounds=list(zip(low[0], high[0], strict=True)), options={"ftol": 1e-14, "maxiter": 500},
        constraints=[{"type": "ineq", "fun": lambda z: limit[0] - rows[0] @ z, "jac": lambda z: -rows[0]}],
    )  # fmt: skip
    assert other.success
    assert found == pytest.approx(other.x, abs=1e-6)


def test_a_limit_that_cannot_be_kept_is_exceeded_at_its_price():
    rows = np.array([[[-1.0]]])
    one, low, high = np.zeros((1, 1)), np.array([[-1.0]]), np.array([[2.0]])
    found = solve_tree(np.eye(1)[None], one, rows, np.array([[-5.0]]), low, high, price=np.array([9.0]))
    assert found.z[0, 0] == pytest.approx(2.0)
    assert found.slack[0, 0] == pytest.approx(3.0)


def test_what_does_not_fit_is_told():
    none = np.zeros((1, 0, 1)), np.zeros((1, 0))
    with pytest.raises(InputError, match="do not fit"):
        solve_tree(np.eye(2)[None], np.zeros((1, 1)), *none, np.zeros((1, 1)), np.ones((1, 1)))
    with pytest.raises(InputError, match="above its upper"):
        solve_tree(np.eye(1)[None], np.zeros((1, 1)), *none, np.ones((1, 1)), np.zeros((1, 1)))
