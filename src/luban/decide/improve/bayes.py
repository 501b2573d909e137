"""The next trial where trials are costly: a Gaussian process learns from all of them and says where to look.

Settings are taken within their ranges (named levels as 0/1 columns), the process has a Matérn-5/2 kernel with one
length per factor and noise, its hyperparameters at the largest posterior. The next trial is where the improvement to be
expected is largest; limits on other responses enter as the probability that they are kept, and of several trials asked
for at once each takes the ones before it as made, with the mean as result.

Source  Jones, Schonlau, Welch (1998, doi:10.1023/A:1008306431147); Gardner et al. (2014) for limits; Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006), ch. 2, 5
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg, optimize, special

from luban.core.errors import InputError
from luban.decide.improve.design import Factor
from luban.understand.quality.data import Floats

__all__ = ["Limit", "Proposal", "Surrogate", "first_trials", "propose", "surrogate"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Another response that must stay within bounds.

    values        measured, shape (n,)
    lower, upper  None: open
    """

    name: str
    values: Floats
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Surrogate:
    """What is believed of a response: mean and scatter at any setting.

    lengths  how far one must go along each column before the response changes, in units of its range
    noise    standard deviation of repeated trials [unit of the response]
    """

    x: Floats
    mean_y: float
    scale_y: float
    lengths: Floats
    signal: float
    noise: float
    weights: Floats
    factor: Any

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the response without noise, shape (m,) each."""
        cross = self.signal * _matern(x, self.x, self.lengths)
        mean = self.mean_y + self.scale_y * (cross @ self.weights)
        solved = linalg.solve_triangular(self.factor, cross.T, lower=True)
        left = np.maximum(self.signal - np.sum(solved**2, axis=0), 1e-12)
        return mean, self.scale_y * np.sqrt(left)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One trial to make.

    settings  in natural units, by factor
    mean, sd  what the response is believed to be there [unit of the response]
    gain      improvement over the best so far to be expected [unit of the response]
    allowed   probability that all limits are kept [1]
    best      the best so far, by the smoothed response among trials that kept the limits; None if none did
    """

    settings: Mapping[str, float | str]
    coded: tuple[float, ...]
    mean: float
    sd: float
    gain: float
    allowed: float
    best: float | None


def _matern(a: Floats, b: Floats, lengths: Floats) -> Floats:
    away = (a[:, None, :] - b[None, :, :]) / lengths
    r = np.sqrt(5 * np.maximum(np.sum(away**2, axis=2), 0))
    return np.asarray((1 + r + r * r / 3) * np.exp(-r))


def _columns(factors: Sequence[Factor], coded: Floats) -> Floats:
    """Settings as columns from 0 to 1; a factor with m > 2 levels gives m columns."""
    out = []
    for j, factor in enumerate(factors):
        if len(factor.levels) > 2:
            out += [(np.round(coded[:, j]) == i).astype(float) * 0.7071 for i in range(len(factor.levels))]
        else:
            out.append(coded[:, j] if factor.mixture else (coded[:, j] + 1) / 2)
    return np.stack(out, axis=1)


def surrogate(x: Floats, y: Floats, *, seed: int = 0, starts: int = 3) -> Surrogate:
    """Learns a response from trials.

    x       settings as columns of about unit range, shape (n, d)
    y       responses, shape (n,)
    Raises  InputError if there are fewer than two trials or they are all the same
    """
    n, d = x.shape
    if n < 2:
        raise InputError("two trials at least are needed to learn from", came=str(n))
    centre, scale = float(np.mean(y)), float(np.std(y))
    scale = scale if scale > 0 else 1.0
    t = (y - centre) / scale
    chance = np.random.default_rng(seed)
    square = (x[:, None, :] - x[None, :, :]) ** 2

    def loss(theta: Floats) -> tuple[float, Floats]:
        lengths, signal, noise = np.exp(theta[:d]), np.exp(theta[d]), np.exp(theta[d + 1])
        parts = square / lengths**2
        r = np.sqrt(5 * parts.sum(axis=2))
        tail = np.exp(-r)
        kernel = signal * (1 + r + r * r / 3) * tail
        try:
            low = linalg.cholesky(kernel + (noise + 1e-8) * np.eye(n), lower=True)
        except linalg.LinAlgError:
            return 1e10, np.zeros_like(theta)
        a = linalg.cho_solve((low, True), t)
        inverse = linalg.cho_solve((low, True), np.eye(n))
        value = 0.5 * float(t @ a) + float(np.sum(np.log(np.diag(low))))
        inner = np.outer(a, a) - inverse
        steep = signal * (5 / 3) * (1 + r) * tail
        grad = np.array([-0.5 * float(np.sum(inner * (steep * parts[:, :, j]))) for j in range(d)]
                        + [-0.5 * float(np.sum(inner * kernel)), -0.5 * noise * float(np.trace(inner))])  # fmt: skip
        prior = np.concatenate([(theta[:d] - np.log(0.5)) / 1.0, [theta[d] / 1.5], [(theta[d + 1] + 5) / 2.0]])
        spread = np.concatenate([np.full(d, 1.0), [1.5], [2.0]])
        return value + 0.5 * float(np.sum(prior**2)), grad + prior / spread

    best: Any = None
    for start in range(starts):
        begin = np.concatenate([np.full(d, np.log(0.5)), [0.0], [-5.0]])
        begin = begin if start == 0 else begin + chance.normal(0, 0.8, d + 2)
        got = optimize.minimize(loss, begin, jac=True, method="L-BFGS-B",
                                bounds=[(-3.5, 2.5)] * d + [(-4, 4), (-14, 1)])  # fmt: skip
        if best is None or got.fun < best.fun:
            best = got
    lengths, signal, noise = np.exp(best.x[:d]), float(np.exp(best.x[d])), float(np.exp(best.x[d + 1]))
    low = linalg.cholesky(signal * _matern(x, x, lengths) + (noise + 1e-8) * np.eye(n), lower=True)
    weights = linalg.cho_solve((low, True), t)
    return Surrogate(x, centre, scale, lengths, signal, scale * float(np.sqrt(noise)), weights, low)


def _expected(mean: Floats, sd: Floats, best: float) -> Floats:
    """Improvement over the best to be expected (larger is better)."""
    z = (mean - best) / sd
    return np.asarray(sd * (z * special.ndtr(z) + np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)))


def _cloud(factors: Sequence[Factor], count: int, chance: np.random.Generator) -> Floats:
    """Settings by chance over the ranges, coded, shape (count, k)."""
    columns: list[Floats] = []
    shares = sum(f.mixture for f in factors)
    mixed = chance.dirichlet(np.ones(shares), count) if shares else np.zeros((count, 0))
    at = 0
    for factor in factors:
        if factor.mixture:
            columns.append(mixed[:, at])
            at += 1
        elif factor.levels:
            many = len(factor.levels)
            drawn = chance.integers(0, many, count).astype(np.float64)
            columns.append(drawn if many > 2 else 2 * drawn - 1)
        else:
            columns.append(chance.uniform(-1, 1, count))
    return np.stack(columns, axis=1)


def first_trials(factors: Sequence[Factor], count: int = 0, *, seed: int = 0) -> Floats:
    """Trials to begin with, spread over the ranges (a Latin hypercube, the best of many by its closest pair).

    count    how many; twice the factors and one more if 0
    Returns  coded settings, shape (count, k)
    """
    n = count or 2 * len(factors) + 1
    chance = np.random.default_rng(seed)
    best, far = np.zeros((n, len(factors))), -1.0
    for _ in range(50):
        tried = _cloud(factors, n, chance)
        for j, factor in enumerate(factors):
            if factor.numeric and not factor.mixture:
                tried[:, j] = 2 * (chance.permutation(n) + chance.random(n)) / n - 1
        x = _columns(factors, tried)
        away = float(min((np.linalg.norm(x[i] - x[j]) for i in range(n) for j in range(i)), default=1.0))
        if away > far:
            best, far = tried, away
    return best


def propose(
    factors: Sequence[Factor], settings: Floats, values: Floats, *, largest: bool = True, target: float | None = None,
    limits: Sequence[Limit] = (), count: int = 1, seed: int = 0,
) -> tuple[Proposal, ...]:  # fmt: skip
    """Trials to make next.

    settings  of the trials so far, coded, shape (n, k)
    values    of the response, shape (n,); trials with nan are left out
    largest   make the response large, else small; `target`: bring it there
    limits    other responses that must be kept within bounds
    count     how many trials are made at once
    Raises    InputError for fewer than two trials with a result
    """
    known = np.isfinite(values)
    for limit in limits:
        known &= np.isfinite(limit.values)
    coded, y = settings[known], np.asarray(values, float)[known]
    if len(y) < 2:
        raise InputError("two trials with all their results are needed to begin with", came=str(len(y)),
                         hint="make the first trials of the plan")  # fmt: skip
    goal = -np.abs(y - target) if target is not None else y if largest else -y
    kept = np.ones(len(y), bool)
    for limit in limits:
        v = np.asarray(limit.values, float)[known]
        kept &= (v >= (-np.inf if limit.lower is None else limit.lower)) & (
            v <= (np.inf if limit.upper is None else limit.upper)
        )
    x = _columns(factors, coded)
    models = [surrogate(x, np.asarray(one.values, float)[known], seed=seed) for one in limits]
    chance = np.random.default_rng(seed + len(y))
    out: list[Proposal] = []
    belief = surrogate(x, y if target is not None else goal, seed=seed)
    for _ in range(count):
        smooth = belief.predict(x)[0]
        smooth = -np.abs(smooth - target) if target is not None else smooth
        best = float(smooth[: len(kept)][kept].max()) if kept.any() else None
        score = _score(belief, models, limits, best, target)
        at, gain = _search(factors, score, chance, coded[: len(kept)][np.argsort(-goal)[:5]])
        row = _columns(factors, at[None])
        mean, sd = (float(v[0]) for v in belief.predict(row))
        sign = 1.0 if target is not None or largest else -1.0
        told = {f.name: f.natural(v) for f, v in zip(factors, at.tolist(), strict=True)}
        shown = None if best is None else target if target is not None and best == 0 else sign * best
        if target is not None and kept.any():
            shown = float(y[kept][np.argmax(goal[kept])])
        out.append(Proposal(told, tuple(at.tolist()), sign * mean, sd, gain, _allowed(models, limits, row), shown))
        if len(out) < count:
            x = np.vstack([x, row])
            belief = _believed(belief, x, mean)
    return tuple(out)


def _believed(belief: Surrogate, x: Floats, value: float) -> Surrogate:
    """The same belief with one more trial whose result is its own mean."""
    kernel = belief.signal * _matern(x, x, belief.lengths)
    low = linalg.cholesky(kernel + ((belief.noise / belief.scale_y) ** 2 + 1e-8) * np.eye(len(x)), lower=True)
    old = belief.predict(belief.x)[0]
    before = (belief.factor @ belief.factor.T) @ belief.weights if len(old) else old
    t = np.append(before, (value - belief.mean_y) / belief.scale_y)
    return replace(belief, x=x, factor=low, weights=linalg.cho_solve((low, True), t))


def _allowed(models: Sequence[Surrogate], limits: Sequence[Limit], x: Floats) -> float:
    return float(_chance_allowed(models, limits, x)[0])


def _chance_allowed(models: Sequence[Surrogate], limits: Sequence[Limit], x: Floats) -> Floats:
    """Probability that all limits are kept, shape (m,)."""
    out = np.ones(len(x))
    for model, limit in zip(models, limits, strict=True):
        mean, sd = model.predict(x)
        wide = np.sqrt(sd**2 + model.noise**2)
        high = 1.0 if limit.upper is None else special.ndtr((limit.upper - mean) / wide)
        low = 0.0 if limit.lower is None else special.ndtr((limit.lower - mean) / wide)
        out = out * np.maximum(high - low, 0)
    return np.asarray(out)


def _score(
    belief: Surrogate, models: Sequence[Surrogate], limits: Sequence[Limit], best: float | None, target: float | None
) -> Any:
    """Expected improvement times the chance to be allowed; where nothing was allowed yet, that chance alone."""

    def at(x: Floats) -> Floats:
        allowed = _chance_allowed(models, limits, x)
        if best is None:
            return allowed
        mean, sd = belief.predict(x)
        if target is not None:  # a distance has no normal belief: the chance to come nearer, by the nearer half
            near = special.ndtr((target - best - mean) / sd) - special.ndtr((target + best - mean) / sd)
            return np.asarray(abs(best) * np.maximum(near, 1e-12) * allowed + 1e-9 * sd)
        return _expected(mean, sd, best) * allowed

    return at


def _search(factors: Sequence[Factor], score: Any, chance: np.random.Generator, near: Floats) -> tuple[Floats, float]:
    """The best of a cloud, of steps about the best trials, and of some climbs from there."""
    cloud = _cloud(factors, 3000, chance)
    free = [j for j, f in enumerate(factors) if f.numeric and not f.mixture]
    if len(near) and free:
        steps = np.repeat(near, 100, axis=0)
        steps[:, free] = np.clip(steps[:, free] + chance.normal(0, 0.1, (len(steps), len(free))), -1, 1)
        cloud = np.vstack([cloud, steps])
    values = score(_columns(factors, cloud))
    order = np.argsort(-values)[:4]
    best, top = cloud[order[0]], float(values[order[0]])
    for start in cloud[order] if free else []:
        held = start.copy()

        def lost(v: Floats, held: Floats = held) -> float:
            point = held.copy()
            point[free] = v
            return -float(score(_columns(factors, point[None]))[0])

        got = optimize.minimize(lost, start[free], method="L-BFGS-B", bounds=[(-1, 1)] * len(free))
        if -float(got.fun) > top:
            best = held.copy()
            best[free] = got.x
            top = -float(got.fun)
    return best, top
