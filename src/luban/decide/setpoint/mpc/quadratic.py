"""Quadratic programs on a tree: scenarios that share their first variables.

A program of one scenario is an ordinary dense quadratic program. With several, the first `shared` variables are the
same in all of them and the rest are each scenario's own, so every system to be solved is an arrow: small blocks, and
one Schur complement of the size of what is shared. First come active sets, which are exact and quick where few limits
hold; then a primal-dual interior-point method with predictor and corrector (Mehrotra 1992, doi 10.1137/0802028). Soft
rows have their exact penalty; their slacks are eliminated like those of hard ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.setpoint.mpc.program import Array, Arrow, QuadraticAnswer, Rows, by_active_set

__all__ = ["solve_tree"]

_TINY = 1e-12
_CLOSE = 100.0  # times the tolerance: still an answer, where rounding allows no better
_BACK = 0.995  # share of the way to the nearest limit that a step may go


def solve_tree(
    hessian: Array, gradient: Array, rows: Array, limit: Array, lower: Array, upper: Array, *,
    shared: int = 0, price: Array | None = None, start: Array | None = None, tolerance: float = 1e-8, most: int = 60,
) -> QuadraticAnswer:  # fmt: skip
    """Least Σ ½ z'Hz + g'z subject to G z ≤ h and lower ≤ z ≤ upper, scenario by scenario.

    hessian   symmetric, positive definite, shape (s, n, n); gradient (s, n)
    rows      G, shape (s, m, n); limit h, shape (s, m)
    lower, upper  shape (s, n); infinite: none
    shared    the first so many variables are the same in all scenarios
    price     of exceeding a row by 1, shape (m,); infinite: the row is hard. None: all are hard
    start     where to begin, shape (s, n); it need not be feasible
    tolerance of optimality and feasibility, relative to the size of the program [1]
    Raises    InputError for shapes that do not fit or bounds that cross
    Example   >>> h, g = np.eye(1)[None], np.array([[-3.0]])
              >>> none = np.zeros((1, 0, 1))
              >>> solve_tree(h, g, none, np.zeros((1, 0)), np.array([[-1.0]]), np.array([[2.0]])).z.round(6)
              array([[2.]])
    """
    s, n = gradient.shape
    m = rows.shape[1]
    if hessian.shape != (s, n, n) or rows.shape != (s, m, n) or limit.shape != (s, m) or lower.shape != (s, n):
        raise InputError("the parts of the program do not fit each other", came=f"{hessian.shape}, {rows.shape}")
    if bool((lower > upper).any()):
        raise InputError("a lower bound above its upper one leaves no room")
    lower, upper = lower.copy(), upper.copy()
    lower[1:, :shared], upper[1:, :shared] = -np.inf, np.inf  # one bound is enough for what is shared
    made = Rows(rows, lower, upper)
    size = float(np.abs(hessian).max())
    cap = np.concatenate([limit, np.where(made.up, upper, np.inf), np.where(made.down, -lower, np.inf)], 1)
    cost = np.full(cap.shape, np.inf)
    if price is not None:
        cost[:, :m] = np.asarray(price) / size
    quick = by_active_set(hessian / size, gradient / size, made, cap, cost, shared)
    if quick is not None:
        return replace(quick, multipliers=quick.multipliers * size)
    point = _begin(made, cap, cost, np.zeros((s, n)) if start is None else start)
    found = _iterate(hessian / size, gradient / size, made, cap, cost, shared, point, tolerance, most)
    return replace(found, multipliers=found.multipliers * size, gap=found.gap * size)


@dataclass(slots=True)
class _Point:
    z: Array
    room: Array  # t = h - A z + slack
    pull: Array  # λ
    slack: Array
    rest: Array  # price - λ


def _begin(made: Rows, cap: Array, cost: Array, z: Array) -> _Point:
    soft, there = np.isfinite(cost), np.isfinite(cap)
    away = np.where(there, cap, 1e3) - made.times(z)
    slack = np.where(soft, np.maximum(0.1, 0.1 - away), 0.0)
    pull = np.where(soft, np.minimum(0.1, 0.5 * np.where(soft, cost, 1.0)), 0.1)
    pull = np.where(there, pull, 0.0)
    return _Point(z.copy(), np.maximum(away + slack, 0.1), pull, slack, np.where(soft, cost - pull, 1.0))


def _iterate(
    hessian: Array, gradient: Array, made: Rows, cap: Array, cost: Array, shared: int, p: _Point, tolerance: float,
    most: int,
) -> QuadraticAnswer:  # fmt: skip
    soft, there = np.isfinite(cost), np.isfinite(cap)
    pairs = int(there.sum() + soft.sum())
    size = 1.0 + float(np.abs(gradient).max(initial=0.0))
    count, gap = 0, 0.0
    best = (np.inf, p, np.inf)
    for _ in range(most):
        count += 1
        dual = np.einsum("sij,sj->si", hessian, p.z) + gradient + made.turned_times(p.pull)
        primal = np.where(there, made.times(p.z) + p.room - p.slack - cap, 0.0)
        gap = float((p.room * p.pull).sum() + (p.slack * p.rest)[soft].sum()) / max(1, pairs)
        off = np.abs(_joined(dual, shared)).max(initial=0.0)
        missed = max(gap / tolerance, off / (1e2 * tolerance)) / size + np.abs(primal).max(initial=0.0) / 1e-8
        if not np.isfinite(missed):
            break
        if missed < best[0]:
            best = (missed, replace(p), gap)
        if missed < 1.0 or gap < 1e-4 * tolerance * size:
            break
        weight = p.pull / (p.room + np.where(soft, p.pull * p.slack / p.rest, 0.0))
        try:
            arrow = Arrow(hessian + made.weighed(weight), shared)
        except np.linalg.LinAlgError:
            break
        guess = _direction(arrow, made, p, soft, weight, dual, primal, -p.room * p.pull, -p.slack * p.rest)
        ahead = min(_reach(p, guess, soft))
        left = _gap_after(p, guess, soft, ahead) / max(1, pairs)
        aim = gap * (left / gap) ** 3 if gap > 0 else 0.0
        first = np.where(there, aim - p.room * p.pull - guess.room * guess.pull, 0.0)
        second = aim - p.slack * p.rest - guess.slack * guess.rest
        step = _direction(arrow, made, p, soft, weight, dual, primal, first, second)
        go = min(1.0, _BACK * min(_reach(p, step, soft)))
        for name in ("z", "room", "pull", "slack", "rest"):
            setattr(p, name, getattr(p, name) + go * getattr(step, name))
    missed, p, gap = best
    return QuadraticAnswer(p.z, p.pull, p.slack[:, : made.count], count, gap, bool(missed < _CLOSE))


def _joined(dual: Array, shared: int) -> Array:
    """The gradient of the Lagrangian; that of a shared variable is the sum over its scenarios."""
    return np.concatenate([dual[:, :shared].sum(0), dual[:, shared:].ravel()])


def _direction(
    arrow: Arrow, made: Rows, p: _Point, soft: Any, weight: Array, dual: Array, primal: Array, first: Array,
    second: Array,
) -> _Point:  # fmt: skip
    """Newton's step where room·pull changes by `first` and slack·rest by `second`."""
    there = p.pull > 0.0
    sure = np.where(there, p.pull, 1.0)
    away = primal + first / sure - np.where(soft, second / p.rest, 0.0)
    z = arrow.solve(-dual - made.turned_times(weight * away))
    pull = weight * (made.times(z) + away)
    room = np.where(there, (first - p.room * pull) / sure, 0.0)
    slack = np.where(soft, (second + p.slack * pull) / p.rest, 0.0)
    return _Point(z, room, pull, slack, np.where(soft, -pull, 0.0))


def _reach(p: _Point, step: _Point, soft: Any) -> tuple[float, ...]:
    found = [1.0]
    for now, change, where in (
        (p.room, step.room, None), (p.pull, step.pull, None), (p.slack, step.slack, soft), (p.rest, step.rest, soft),
    ):  # fmt: skip
        falls = change < -_TINY if where is None else (change < -_TINY) & where
        if falls.any():
            found.append(float((-now[falls] / change[falls]).min()))
    return tuple(found)


def _gap_after(p: _Point, step: _Point, soft: Any, go: float) -> float:
    hard = ((p.room + go * step.room) * (p.pull + go * step.pull)).sum()
    return float(hard + ((p.slack + go * step.slack) * (p.rest + go * step.rest))[soft].sum())
