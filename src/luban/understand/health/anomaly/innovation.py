"""What a row of process data adds to what the rows before it said: ridge regression, whitened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from luban.understand.quality.data import Floats

__all__ = ["Model", "best_setting", "fit_model", "innovations", "lagged"]

NOISE_SHARE = 0.02  # of a variable's variance that is taken as its own noise: the weakest directions are not trusted


@dataclass(frozen=True, slots=True)
class Model:
    """How a row follows from those before.

    mean, scale  of each variable, shape (p,)
    weights      of the rows before, newest first, shape (lags p, p), in units of scale
    turn         directions of the innovations, strongest first, shape (p, p)
    stretch      1 / standard deviation along each, shape (p,)
    strong       directions that make T²
    """

    lags: int
    ridge: float
    mean: Floats
    scale: Floats
    weights: Floats
    turn: Floats
    stretch: Floats
    strong: int


def lagged(scaled: Floats, lags: int) -> Floats:
    """Each row that has enough before it, then those before it, newest first; shape (n - lags, (lags + 1) p)."""
    return np.hstack([scaled[lags - back : len(scaled) - back] for back in range(lags + 1)])


def innovations(model: Model, rows: Floats) -> Floats:
    """What is left of rows as `lagged` gives them, shape (n, p)."""
    width = len(model.mean)
    return np.asarray(rows[:, :width] - rows[:, width:] @ model.weights)


def fit_model(blocks: Sequence[Floats], lags: int, ridge: float, share: float) -> Model:
    """The model of blocks of rows, each in order of time.

    ridge  strength of the ridge, times the rows, in units of scale
    share  of the variance of the innovations in the directions that make T²
    """
    blocks = [block for block in blocks if len(block) > lags]
    every = np.concatenate(blocks)
    mean, scale = every.mean(axis=0), every.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    rows = np.concatenate([lagged((block - mean) / scale, lags) for block in blocks])
    weights = _ridge(rows, len(mean), ridge)
    left = rows[:, : len(mean)] - rows[:, len(mean) :] @ weights
    values, turn = np.linalg.eigh(np.atleast_2d(np.cov(left.T)))
    values, turn = np.maximum(values[::-1], 0.0), turn[:, ::-1]
    strong = int(np.searchsorted(np.cumsum(values) / values.sum(), share)) + 1
    stretch = 1.0 / np.sqrt(values + NOISE_SHARE)
    return Model(lags, ridge, mean, scale, weights, np.ascontiguousarray(turn), stretch, min(strong, len(mean) - 1))


def _ridge(rows: Floats, width: int, ridge: float) -> Floats:
    told, before = rows[:, :width], rows[:, width:]
    weighed = before.T @ before + ridge * len(rows) * np.eye(before.shape[1])
    return np.asarray(np.linalg.solve(weighed, before.T @ told))


def best_setting(good: Floats, lags: Sequence[int], ridges: Sequence[float], blocks: int) -> tuple[int, float]:
    """Lags and ridge whose prediction of unseen blocks is nearest, in squares over all variables."""
    scaled = (good - good.mean(axis=0)) / good.std(axis=0)
    width, most = good.shape[1], max(lags)
    edges = np.linspace(0, len(good), blocks + 1).astype(int)
    pairs = [(first, last) for first, last in pairwise(edges) if last - first > 2 * most]
    errors = {}
    for lag in lags:
        for ridge in ridges:
            error = 0.0
            for first, last in pairs:
                seen = [part for part in (scaled[:first], scaled[last:]) if len(part) > lag]
                weights = _ridge(np.concatenate([lagged(part, lag) for part in seen]), width, ridge)
                rows = lagged(scaled[first:last], lag)[most - lag :]
                error += float(((rows[:, :width] - rows[:, width:] @ weights) ** 2).sum())
            errors[lag, ridge] = error
    return min(errors, key=lambda pair: errors[pair])
