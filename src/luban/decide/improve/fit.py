"""Least squares: coefficients with standard errors, and what is left over.

Columns are made orthogonal twice over in extended precision (80-bit where the machine has it), so that ill-conditioned
polynomials keep their digits: all eleven NIST StRD linear sets agree, Filip's tenth degree included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from luban.core.errors import InputError
from luban.decide.improve.formula import Model, Term, read_model, read_term
from luban.understand.quality.data import Floats

__all__ = ["Columns", "Fit", "fit", "model_matrix"]

Columns = Mapping[str, Any]
"""Values of each factor: numbers, or words where it has no scale; all of one length."""

_WIDE = np.longdouble
_LARGEST = 1e100
_ALIAS = 1e-13  # what doubles leave of a column that the others already hold


def _coded(name: str, values: Any, like: Any) -> list[tuple[str, NDArray[Any]]]:
    """The columns of one factor: itself, or one for each level but the last (which is minus their sum)."""
    array = np.asarray(values)
    if array.dtype.kind in "fiub":
        return [(name, array.astype(_WIDE))]
    levels = list(dict.fromkeys(map(str, np.asarray(like).tolist())))
    strange = sorted(set(map(str, array.tolist())) - set(levels))
    if strange:
        raise InputError("a level that no run had", came=", ".join(strange), where=name, expected=", ".join(levels))
    if len(levels) < 2:
        return [(name, np.zeros(len(array), _WIDE))]
    last = (array.astype(str) == levels[-1]).astype(_WIDE)
    return [(f"{name}[{level}]", (array.astype(str) == level).astype(_WIDE) - last) for level in levels[:-1]]


def model_matrix(
    model: Model, data: Columns, like: Columns | None = None
) -> tuple[tuple[str, ...], tuple[int, ...], NDArray[Any]]:
    """Columns of the model: their names, the index of the term of each, and the matrix, shape (n, p).

    like    the data that say which levels there are; the data themselves if None
    Raises  InputError if a factor of the model is not in the data, or a factor without a scale is raised to a power
    """
    missing = [name for name in model.factors if name not in data]
    if missing:
        raise InputError("the model has a factor that the data have not", came=", ".join(missing),
                         expected=", ".join(map(str, data)))  # fmt: skip
    n = len(next(iter(data.values()))) if data else 0
    names: list[str] = []
    owners: list[int] = []
    columns: list[NDArray[Any]] = []
    for index, term in enumerate(model.terms):
        made: list[tuple[str, NDArray[Any]]] = [("", np.ones(n, _WIDE))]
        for name, power in term.powers.items():
            parts = _coded(name, data[name], (like or data)[name])
            if power > 1 and (len(parts) > 1 or np.asarray(data[name]).dtype.kind not in "fiub"):
                raise InputError("a factor without a scale has no square", came=term.name)
            made = [(f"{a}·{b}" if a else b, x * y**power) for a, x in made for b, y in parts]
        plain = len(made) == 1
        for label, column in made:
            names.append(term.name if plain and "[" not in label else label)
            owners.append(index)
            columns.append(column)
    return tuple(names), tuple(owners), np.stack(columns, axis=1) if columns else np.zeros((n, 0), _WIDE)


def _orthogonal(matrix: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], list[int]]:
    """Gram-Schmidt, each column twice (Giraud et al. 2005, doi:10.1007/s00211-005-0615-4): Q, R, columns kept."""
    n, p = matrix.shape
    q = np.zeros((n, p), _WIDE)
    r = np.zeros((p, p), _WIDE)
    kept: list[int] = []
    for j in range(p):
        column = matrix[:, j].astype(_WIDE)
        whole = np.sqrt(np.sum(column * column))
        k = len(kept)
        for _ in range(2):
            part = q[:, :k].T @ column
            column = column - q[:, :k] @ part
            r[:k, k] += part
        left = np.sqrt(np.sum(column * column))
        if left <= _ALIAS * whole * float(n) ** 0.5:
            r[:k, k] = 0
            continue
        r[k, k] = left
        q[:, k] = column / left
        kept.append(j)
    k = len(kept)
    return q[:, :k], r[:k, :k], kept


def _inverse(upper: NDArray[Any]) -> NDArray[Any]:
    """Of an upper triangle, by substitution."""
    p = len(upper)
    out = np.zeros((p, p), _WIDE)
    for j in range(p):
        out[j, j] = 1 / upper[j, j]
        for i in range(j - 1, -1, -1):
            out[i, j] = -(upper[i, i + 1 : j + 1] @ out[i + 1 : j + 1, j]) / upper[i, i]
    return out


@dataclass(frozen=True)
class Fit:
    """A linear model with its coefficients.

    model         terms asked for; `aliased` names those whose columns the others already hold
    names         of the coefficients, length p
    owners        index of the term in `model.terms` that each belongs to
    coefficients  shape (p,)
    spread        (XᵀX)⁻¹, shape (p, p): times the residual mean square it is their covariance
    y, fitted     response and its fit, shape (n,)
    leverage      diagonal of the hat matrix, shape (n,)
    sequence      what each column takes from the sum of squares when put in after those before it, shape (p,)
    """

    model: Model
    response: str
    data: Columns = field(repr=False)
    names: tuple[str, ...]
    owners: tuple[int, ...]
    coefficients: Floats
    spread: Floats = field(repr=False)
    y: Floats = field(repr=False)
    fitted: Floats = field(repr=False)
    residuals: Floats = field(repr=False)
    leverage: Floats = field(repr=False)
    sequence: Floats = field(repr=False)
    aliased: tuple[str, ...]
    ss_residual: float

    @property
    def n(self) -> int:
        """Observations used."""
        return len(self.y)

    @property
    def df_residual(self) -> int:
        """Degrees of freedom that are left."""
        return self.n - len(self.names)

    @property
    def df_model(self) -> int:
        """Degrees of freedom of the terms without the intercept."""
        return len(self.names) - int(self.model.has_intercept)

    @cached_property
    def ss_total(self) -> float:
        """Sum of squares about the mean; about zero for a model without intercept."""
        wide = self.y.astype(_WIDE)
        return float(np.sum((wide - (np.mean(wide) if self.model.has_intercept else 0)) ** 2))

    @property
    def ss_model(self) -> float:
        """What the terms explain."""
        first = int(self.model.has_intercept)
        return float(np.sum(self.sequence[first:]))

    @property
    def ms_residual(self) -> float:
        """Residual mean square; nan where no degree of freedom is left."""
        return self.ss_residual / self.df_residual if self.df_residual > 0 else float("nan")

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the response; nan where no degree of freedom is left."""
        return float(np.sqrt(self.ms_residual))

    @property
    def standard_errors(self) -> Floats:
        """Of the coefficients, shape (p,); nan where no degree of freedom is left."""
        return np.asarray(self.sigma * np.sqrt(np.diag(self.spread)))

    @property
    def t(self) -> Floats:
        """Coefficient over its standard error."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.coefficients / self.standard_errors)

    @property
    def p(self) -> Floats:
        """Probability of a t so far from zero by chance."""
        return np.asarray(2 * special.stdtr(self.df_residual, -np.abs(self.t))) if self.df_residual else self.t

    @property
    def r_squared(self) -> float:
        """Share of the sum of squares explained [1]."""
        return 1 - self.ss_residual / self.ss_total if self.ss_total else float("nan")

    @property
    def r_squared_adjusted(self) -> float:
        """The same with the degrees of freedom counted [1]."""
        free = self.n - int(self.model.has_intercept)
        return 1 - self.ms_residual / (self.ss_total / free) if self.ss_total and free else float("nan")

    @property
    def press(self) -> float:
        """Sum of squares of what is left when each run is predicted from the others; nan if a run stands alone."""
        free = 1 - self.leverage
        return float(np.sum((self.residuals / free) ** 2)) if bool(np.all(free > 1e-9)) else float("nan")

    @property
    def r_squared_predicted(self) -> float:
        """Share explained when each run is predicted from the others [1]."""
        return 1 - self.press / self.ss_total if self.ss_total else float("nan")

    @property
    def f(self) -> float:
        """F of the whole model against the mean."""
        return self.ss_model / self.df_model / self.ms_residual if self.df_model and self.ms_residual else float("nan")

    @property
    def f_p(self) -> float:
        """Its probability by chance."""
        return float(special.fdtrc(self.df_model, self.df_residual, self.f)) if self.df_residual else float("nan")

    @property
    def aic_step(self) -> float:
        """Akaike's criterion n log(RSS/n) + 2 p, for models of the same runs; minus infinity where nothing is left."""
        if self.ss_residual <= 0:
            return -float("inf")
        return float(self.n * np.log(self.ss_residual / self.n) + 2 * len(self.names))

    def coefficient(self, name: str) -> int:
        """Index of a coefficient by its name, however the term is written.

        Raises  InputError if the model has no such term, or it was aliased
        """
        if name in self.names:
            return self.names.index(name)
        key = read_term(name).key
        for index, owner in enumerate(self.owners):
            if self.model.terms[owner].key == key:
                return index
        raise InputError("the model has no such term", came=name, expected=", ".join(self.names))

    def term(self, index: int) -> Term:
        """The term that a coefficient belongs to."""
        return self.model.terms[self.owners[index]]

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Bounds of each coefficient at a confidence level [1], shape (p,) each."""
        half = float(special.stdtrit(self.df_residual, 0.5 + level / 2)) * self.standard_errors
        return self.coefficients - half, self.coefficients + half

    def predict(self, points: Columns, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """At other settings: the mean, half the width of its interval, and of that of one new run; shape (m,) each."""
        names, _, matrix = model_matrix(self.model, points, self.data)
        rows = matrix[:, [names.index(name) for name in self.names]].astype(np.float64)
        mean = rows @ self.coefficients
        if self.df_residual <= 0:
            return mean, np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        lean = np.einsum("ij,jk,ik->i", rows, self.spread, rows)
        times = float(special.stdtrit(self.df_residual, 0.5 + level / 2)) * self.sigma
        return mean, times * np.sqrt(lean), times * np.sqrt(1 + lean)

    @property
    def studentized(self) -> Floats:
        """Residuals over their own standard deviation, shape (n,); nan where a run decides its own fit."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(
                1 - self.leverage > 1e-9, self.residuals / (self.sigma * np.sqrt(1 - self.leverage)), np.nan
            )


def fit(model: Model | str, data: Columns, response: str | Sequence[float] | Floats, *, name: str = "y") -> Fit:
    """Fits a model by least squares.

    model     terms, or a formula
    data      factors by name, and the response if that is given by its name
    response  its name in `data`, or its values, shape (n,)
    name      what the response is called, where its values were given
    Raises    InputError if a value is missing, or there are fewer runs than coefficients
    Example   fit("x", {"x": [0, 1, 2], "y": [1.0, 3.0, 5.0]}, "y").coefficients.tolist() == [1.0, 2.0]
    """
    taken = read_model(model) if isinstance(model, str) else model
    if isinstance(response, str) and response not in data:
        raise InputError("the data have no such response", came=response, expected=", ".join(map(str, data)))
    name = response if isinstance(response, str) else name
    y = np.asarray(data[response] if isinstance(response, str) else response, np.float64)
    factors = {key: values for key, values in data.items() if key in taken.factors} or {"": y}
    names, owners, matrix = model_matrix(taken, factors)
    if not bool(np.isfinite(y).all()) or not bool(np.isfinite(matrix).all()):
        raise InputError("a run has no number for the response or for a factor", where=name,
                         hint="leave that run out and say why")  # fmt: skip
    sizes = np.abs(np.concatenate([y, matrix.astype(np.float64).ravel()]))
    if float(sizes.max(initial=0.0)) > _LARGEST or (float(np.abs(y).max()) < 1 / _LARGEST and bool(y.any())):
        raise InputError("numbers so large or so small cannot be fitted", came=f"{float(sizes.max()):g}", where=name,
                         hint="change the unit")  # fmt: skip
    q, r, kept = _orthogonal(matrix)
    if not kept:
        raise InputError("the model has no term that the runs can estimate", came=str(taken))
    if len(kept) > len(y):
        raise InputError("there are fewer runs than coefficients", came=f"{len(y)} runs, {len(kept)} coefficients")
    wide = y.astype(_WIDE)
    share = q.T @ wide
    left = wide - q @ share
    more = q.T @ left  # what rounding left of the fit
    share, left = share + more, left - q @ more
    back = _inverse(r)
    lost = tuple(names[j] for j in range(len(names)) if j not in set(kept))
    return Fit(
        taken, name, dict(factors), tuple(names[j] for j in kept), tuple(owners[j] for j in kept),
        (back @ share).astype(np.float64), (back @ back.T).astype(np.float64), y,
        (wide - left).astype(np.float64), left.astype(np.float64), np.sum(q * q, axis=1).astype(np.float64),
        (share * share).astype(np.float64), lost,
        _clean(float(np.sum(left * left)), float(np.sum(wide * wide)), len(y)),
    )  # fmt: skip


def _clean(rest: float, whole: float, n: int) -> float:
    """A residual sum of squares that is rounding only is zero."""
    return 0.0 if rest <= n * (1e-18 * 1e-18) * whole * 1e4 else rest
