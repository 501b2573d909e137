"""D-optimal designs: the runs that make the coefficients of one model most precise, for any number of runs.

Exchange after Fedorov (1972), as Cook and Nachtsheim (1980, doi:10.1080/00401706.1980.10486162) compare it: runs are
swapped for candidates as long as the determinant of XᵀX grows, from several starts by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Design, Factor, unordered
from luban.decide.improve.fit import model_matrix
from luban.decide.improve.formula import Model, read_model
from luban.understand.quality.data import Floats, Ints

__all__ = ["candidates", "d_efficiency", "d_optimal"]

_MANY = 1500  # candidates looked at in one search


def candidates(factors: Sequence[Factor], levels: int = 3) -> Floats:
    """All combinations of evenly spaced settings (and of all levels), coded, shape (m, k).

    Raises  InputError if there are more than 200,000
    """
    axes = []
    for factor in factors:
        many = len(factor.levels)
        axes.append(np.arange(many, dtype=float) if many > 2 else np.linspace(-1, 1, levels if factor.numeric else 2))
    if np.prod([float(len(axis)) for axis in axes]) > 200_000:
        raise InputError("too many candidates", came=f"{len(factors)} factors at {levels} levels", hint="fewer levels")
    return np.array(list(product(*axes)), np.float64)


def _matrix(model: Model, factors: Sequence[Factor], rows: Floats) -> Floats:
    like = unordered("", factors, rows)
    return np.asarray(model_matrix(model, like.data())[2], np.float64)


def d_efficiency(design: Design, model: Model | str) -> float:
    """|XᵀX|^(1/p) / n: 1 for an orthogonal two-level design and a model of main effects and interactions [1]."""
    taken = read_model(model) if isinstance(model, str) else model
    x = _matrix(taken, design.factors, design.settings)
    sign, size = np.linalg.slogdet(x.T @ x)
    return float(np.exp(size / x.shape[1]) / len(x)) if sign > 0 else 0.0


def _exchange(x: Floats, start: Ints, fixed: int) -> tuple[Ints, float]:
    """Swaps the rows from `fixed` on, best swap of each row first, until nothing helps."""
    rows = start.copy()
    small = 1e-9 * np.eye(x.shape[1])

    def spread_of() -> tuple[Floats, Floats]:
        lean = x @ np.linalg.inv(x[rows].T @ x[rows] + small)
        return lean, np.asarray(np.sum(lean * x, axis=1))

    lean, spread = spread_of()
    for _ in range(100):
        moved = False
        for place in range(fixed, len(rows)):
            own = float(spread[rows[place]])
            cross = lean @ x[rows[place]]
            gain = spread - (spread * own - cross**2) - own  # |new| / |old| - 1
            best = int(np.argmax(gain))
            if gain[best] <= 1e-7:
                continue
            rows[place] = best
            lean, spread = spread_of()
            moved = True
        if not moved:
            break
    sign, size = np.linalg.slogdet(x[rows].T @ x[rows])
    return rows, float(size) if sign > 0 else -np.inf


def d_optimal(
    factors: Sequence[Factor], model: Model | str, runs: int, *, allowed: Floats | None = None,
    keep: Floats | None = None, levels: int = 3, starts: int = 10, seed: int = 0,
) -> Design:  # fmt: skip
    """Runs for one model.

    runs     how many in all, those kept included
    allowed  candidates, coded, shape (m, k): leave out what the process cannot do; all combinations if None
    keep     runs already made, coded, shape (r, k): the rest is chosen to go with them
    levels   of the candidates
    Raises   InputError if there are fewer runs than coefficients, or the candidates cannot carry the model
    """
    taken = read_model(model) if isinstance(model, str) else model
    strange = sorted(set(taken.factors) - {f.name for f in factors})
    if strange:
        raise InputError("the model has a factor that the design has not", came=", ".join(strange))
    choice = candidates(factors, levels) if allowed is None else np.asarray(allowed, np.float64)
    made = np.zeros((0, len(factors))) if keep is None else np.asarray(keep, np.float64)
    whole = np.vstack([choice, made])
    x = _matrix(taken, factors, whole)
    p = x.shape[1]
    if runs < p or runs <= len(made):
        raise InputError("too few runs for this model", came=f"{runs} runs",
                         expected=f"{max(p, len(made) + 1)} or more")  # fmt: skip
    if np.linalg.matrix_rank(x) < p:
        raise InputError(
            "the candidates cannot carry this model", came=str(taken), hint="more levels, or a smaller model"
        )
    chance = np.random.default_rng(seed)
    held = np.arange(len(choice), len(whole))
    best, size = held, -np.inf
    for _ in range(starts):
        # of many candidates a part by chance, another one for each start
        part = np.sort(chance.permutation(len(choice))[:_MANY])
        of = np.concatenate([part, held])
        begin = np.arange(len(part), len(of))
        start = np.concatenate([begin, chance.integers(0, len(part), runs - len(held))])
        rows, got = _exchange(x[of], start, len(held))
        rows = of[rows]
        if got > size + 1e-9:
            best, size = rows, got
    ordered = np.concatenate([best[: len(held)], np.sort(best[len(held) :])])
    figures = {"d_efficiency": float(np.exp(size / p) / runs)}
    return unordered("D-optimal", factors, whole[ordered], notes=(f"for the model {taken}",), figures=figures)
