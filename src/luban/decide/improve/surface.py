"""Response surfaces: where a fitted quadratic turns, which way is up, and the best settings within what is allowed.

Settings are in the units of the fit, as a rule coded -1 to +1.

Source  Box and Wilson (1951); Myers, Montgomery, Anderson-Cook, Response Surface Methodology (4th ed. 2016), ch. 5-6;
NIST/SEMATECH e-Handbook 5.5.3, doi:10.18434/M32189
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.fit import Fit, model_matrix
from luban.understand.quality.data import Floats

__all__ = ["Canonical", "Optimum", "canonical", "gradient", "optimum", "path", "quadratic", "search_box"]


@dataclass(frozen=True, slots=True)
class Canonical:
    """Where a quadratic is flat, and how it bends there.

    names        of the factors, length k
    point        the stationary point, in units of the fit, shape (k,)
    value, half  predicted response there, and half the width of its interval
    eigenvalues  curvature along each axis, the lowest first, shape (k,)
    axes         the directions, as columns, shape (k, k)
    shape        maximum, minimum, saddle or ridge
    inside       whether the point lies within the runs
    """

    names: tuple[str, ...]
    point: Floats
    value: float
    half: float
    eigenvalues: Floats
    axes: Floats
    shape: str
    inside: bool


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best settings within what is allowed.

    settings    by factor, in units of the fit
    value       predicted mean response; for several responses their overall desirability
    half        half the width of the interval of the mean;  half_run  the same for one new run; nan if unknown
    level       confidence level of the intervals [1]
    spread      where the best setting may be, by factor: it moves with the doubt in the coefficients
    at_bound    factors whose best setting is an end of their range
    predicted   of each response by name: mean, half width for the mean, half width for one run
    """

    settings: Mapping[str, float]
    value: float
    half: float
    half_run: float
    level: float
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    at_bound: tuple[str, ...] = ()
    predicted: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


def quadratic(of: Fit, names: Sequence[str] = ()) -> tuple[tuple[str, ...], float, Floats, Floats]:
    """A fit as b0 + bᵀx + xᵀBx: names, b0, b of shape (k,), B symmetric of shape (k, k).

    Raises  InputError if a term has a degree above two or a factor has no scale
    """
    order = tuple(names) or of.model.factors
    b0, b, bend = 0.0, np.zeros(len(order)), np.zeros((len(order), len(order)))
    for index, value in enumerate(of.coefficients):
        term = of.term(index)
        powers = term.powers
        if term.degree > 2 or "[" in of.names[index]:
            raise InputError("only a quadratic of factors with a scale has a surface", came=of.names[index])
        at = [order.index(name) for name in powers]
        if not at:
            b0 = float(value)
        elif term.degree == 1:
            b[at[0]] += value
        else:
            i, j = at[0], at[-1]
            bend[i, j] += value / (1 if i == j else 2)
            bend[j, i] = bend[i, j]
    return order, b0, b, bend


def canonical(of: Fit, level: float = 0.95) -> Canonical:
    """The stationary point of a quadratic fit and its shape.

    Raises  InputError if the fit has no curvature in some direction
    """
    names, _, b, bend = quadratic(of)
    values, axes = np.linalg.eigh(bend)
    scale = float(np.max(np.abs(values), initial=0.0))
    if not scale or float(np.min(np.abs(values))) <= 1e-12 * scale:
        raise InputError("the fit does not bend in every direction, so no point is flat",
                         came=str(of.model), hint="follow the path of steepest ascent")  # fmt: skip
    point = np.asarray(-0.5 * np.linalg.solve(bend, b), np.float64)
    mean, half, _ = of.predict({name: np.array([v]) for name, v in zip(names, point, strict=True)}, level)
    flat = np.abs(values) < 0.05 * scale
    shape = (
        "ridge" if flat.any() else "maximum" if (values < 0).all() else "minimum" if (values > 0).all() else "saddle"
    )
    inside = all(np.min(of.data[n]) <= v <= np.max(of.data[n]) for n, v in zip(names, point, strict=True))
    return Canonical(names, point, float(mean[0]), float(half[0]), values.astype(np.float64),
                     axes.astype(np.float64), shape, bool(inside))  # fmt: skip


def gradient(of: Fit, at: Mapping[str, float] | None = None) -> dict[str, float]:
    """Slope of the fitted surface at a point, the centre if None, per unit of each factor."""
    names, _, b, bend = quadratic(of)
    here = np.array([(at or {}).get(name, 0.0) for name in names])
    return dict(zip(names, (b + 2 * bend @ here).tolist(), strict=True))


def path(of: Fit, radius: float, *, up: bool = True) -> dict[str, float]:
    """The best point of the surface at a distance from the centre, in units of the fit.

    For a model without curvature this is the direction of steepest ascent; for a quadratic the ridge of Hoerl (1959):
    (B - μI) x = -b/2 with μ above all eigenvalues of B, so that |x| is the radius.

    radius  above 0
    up      towards larger responses, else smaller ones
    Example gives (-0.1152, 0.9933) for the first factorial of NIST e-Handbook 5.5.3.1.1
    """
    names, _, b, bend = quadratic(of)
    if not radius > 0:
        raise InputError("a distance from the centre is above zero", came=f"{radius:g}")
    sign = 1.0 if up else -1.0
    b, bend = sign * b, sign * bend
    if not bend.any():
        size = float(np.linalg.norm(b))
        if not size:
            raise InputError("the fitted surface is level: no direction is up")
        return dict(zip(names, (radius * b / size).tolist(), strict=True))
    values, axes = np.linalg.eigh(bend)
    turned = axes.T @ b / 2

    def away(mu: float) -> float:
        return float(np.linalg.norm(turned / (mu - values))) - radius

    top = float(values[-1])
    low, high = top + 1e-12 * max(1.0, abs(top)), top + float(np.linalg.norm(b)) / radius + 1.0
    if away(low) < 0:  # the ridge lies along the axis of strongest curvature
        x = axes @ np.where(np.abs(turned) > 0, turned / np.maximum(low - values, 1e-300), 0.0)
        rest = np.sqrt(max(radius**2 - float(x @ x), 0.0))
        return dict(zip(names, (x + rest * axes[:, -1]).tolist(), strict=True))
    from scipy.optimize import brentq

    mu = brentq(away, low, high, xtol=1e-14, rtol=1e-14)
    return dict(zip(names, (axes @ (turned / (mu - values))).tolist(), strict=True))


def _starts(bounds: Floats, count: int, seed: int) -> Floats:
    chance = np.random.default_rng(seed)
    inner = bounds[:, 0] + chance.random((count, len(bounds))) * (bounds[:, 1] - bounds[:, 0])
    return np.vstack([bounds.mean(axis=1), inner])


def search_box(
    score: Callable[[Floats], Floats], bounds: Floats, *, total: float | None = None, seed: int = 0, count: int = 2000,
    limits: Sequence[Callable[[Floats], float]] = (),
) -> tuple[Floats, float]:  # fmt: skip
    """The largest value of a score within a box.

    score   of many points at once: shape (m, k) to (m,)
    bounds  shape (k, 2)
    total   the settings sum to it (a mixture)
    limits  functions of one point that must not be negative
    Raises  InputError if no point is allowed
    """
    from scipy.optimize import minimize

    points = _starts(bounds, count, seed)
    if total is not None:
        free = np.random.default_rng(seed).dirichlet(np.ones(len(bounds)), count) * (total - bounds[:, 0].sum())
        points = np.vstack([bounds[:, 0] + free])
        points = points[np.all(points <= bounds[:, 1] + 1e-12, axis=1)]
    allowed = np.array([all(limit(x) >= -1e-9 for limit in limits) for x in points], bool) if limits else None
    found = np.where(allowed, score(points), -np.inf) if allowed is not None else score(points)
    begin = points[np.argsort(-found)[:6]] if len(points) else points
    best, top = (begin[0], float(np.max(found))) if len(points) else (bounds.mean(axis=1), -np.inf)
    rules = [{"type": "ineq", "fun": limit} for limit in limits]
    if total is not None:
        rules.append({"type": "eq", "fun": lambda x: float(np.sum(x)) - total})
    for x0 in begin:
        got = minimize(lambda x: -float(score(x[None])[0]), x0, method="SLSQP", bounds=bounds, constraints=rules,
                       options={"maxiter": 200, "ftol": 1e-12})  # fmt: skip
        x = np.clip(got.x, bounds[:, 0], bounds[:, 1])
        value = float(score(x[None])[0])
        fits = all(limit(x) >= -1e-7 for limit in limits) and (total is None or abs(x.sum() - total) < 1e-7)
        if fits and value > top:
            best, top = x, value
    if not np.isfinite(top):
        raise InputError("no setting keeps all limits", hint="widen a range or loosen a limit")
    return best, top


def optimum(
    of: Fit, *, largest: bool = True, target: float | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None, level: float = 0.95,
    limits: Sequence[tuple[Fit, float | None, float | None]] = (), total: float | None = None,
    seed: int = 0, draws: int = 200,
) -> Optimum:  # fmt: skip
    """The settings within bounds at which the predicted mean is best, with its interval.

    largest  make the response large, else small; `target`: bring it there instead
    bounds   by factor, in units of the fit; what the runs covered if None
    limits   other responses that must stay between a lower and an upper value
    total    the settings sum to it (a mixture)
    draws    how often the optimum is found again with coefficients drawn from their distribution, for `spread`
    Raises   InputError if no setting keeps the limits
    """
    names = of.model.factors
    also = tuple(dict.fromkeys(n for other, _, _ in limits for n in other.model.factors if n not in names))
    names = names + also
    data = dict(of.data)
    for other, _, _ in limits:
        data |= {k: v for k, v in other.data.items() if k not in data}
    box = np.array([(bounds or {}).get(n) or (float(np.min(data[n])), float(np.max(data[n]))) for n in names])

    def mean(fit_: Fit, x: Floats) -> Floats:
        return fit_.predict({n: x[:, j] for j, n in enumerate(names)})[0]

    def score(x: Floats) -> Floats:
        got = mean(of, x)
        return -np.abs(got - target) if target is not None else got if largest else -got

    rules: list[Callable[[Floats], float]] = []
    for other, low, high in limits:
        if low is not None:
            rules.append(lambda x, o=other, v=low: float(mean(o, x[None])[0]) - v)  # type: ignore[misc]
        if high is not None:
            rules.append(lambda x, o=other, v=high: v - float(mean(o, x[None])[0]))  # type: ignore[misc]
    best, _ = search_box(score, box, total=total, seed=seed, limits=rules)
    here = {n: np.array([v]) for n, v in zip(names, best, strict=True)}
    value, half, run = of.predict(here, level)
    predicted = {of.response: (float(value[0]), float(half[0]), float(run[0]))}
    for other, _, _ in limits:
        mean_, half_, run_ = other.predict(here, level)
        predicted[other.response] = (float(mean_[0]), float(half_[0]), float(run_[0]))
    ends = tuple(n for n, v, (lo, hi) in zip(names, best, box, strict=True) if min(v - lo, hi - v) < 1e-6 * (hi - lo))
    spread = {} if rules else _moves(of, names, box, best, (largest, target, total), level, draws, seed)
    return Optimum(dict(zip(names, best.tolist(), strict=True)), float(value[0]), float(half[0]), float(run[0]), level,
                   spread, ends, predicted)  # fmt: skip


def _moves(
    of: Fit, names: Sequence[str], box: Floats, best: Floats, aim: tuple[bool, float | None, float | None],
    level: float, draws: int, seed: int,
) -> dict[str, tuple[float, float]]:  # fmt: skip
    """Where the optimum lies when the coefficients are drawn from their distribution, on a cloud of points."""
    largest, target, total = aim
    if of.df_residual <= 0 or draws <= 0 or not np.isfinite(of.sigma):
        return {}
    chance = np.random.default_rng(seed + 1)
    cloud = np.vstack([best, _starts(box, 4000, seed + 2), _edges(box, chance)])
    if total is not None:
        cloud = np.vstack([best, chance.dirichlet(np.ones(len(box)), 6000) * total])
    labels, _, matrix = model_matrix(of.model, {n: cloud[:, j] for j, n in enumerate(names)}, of.data)
    rows = matrix[:, [labels.index(name) for name in of.names]].astype(np.float64)
    root = np.linalg.cholesky(of.spread + 1e-15 * np.trace(of.spread) * np.eye(len(of.spread)))
    scale = of.sigma * np.sqrt(of.df_residual / chance.chisquare(of.df_residual, draws))
    drawn = of.coefficients[:, None] + root @ chance.standard_normal((len(of.names), draws)) * scale
    made = rows @ drawn
    made = -np.abs(made - target) if target is not None else made if largest else -made
    where = cloud[np.argmax(made, axis=0)]
    low, high = np.quantile(where, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {n: (float(a), float(b)) for n, a, b in zip(names, low, high, strict=True)}


def _edges(box: Floats, chance: np.random.Generator) -> Floats:
    """Points on the faces, edges and corners of a box, where an optimum often lies."""
    inside = box[:, 0] + chance.random((4000, len(box))) * (box[:, 1] - box[:, 0])
    side = chance.integers(0, 3, inside.shape)
    return np.where(side == 0, box[:, 0], np.where(side == 1, box[:, 1], inside))
