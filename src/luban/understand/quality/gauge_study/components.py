"""Variance components by analysis of variance: sums of squares in order, solved through their expected values.

Each term (part, operator, interaction, …) adds columns to a linear model. What a term adds to the fit of those before
it is its sum of squares; its expected value is a sum of the variances wanted, with weights that follow from the
columns. For balanced studies this gives the usual table; for others it is Henderson's method 3 with sums in order.
Source: S. R. Searle, G. Casella, C. E. McCulloch (1992), Variance Components, ch. 4-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, special

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["REPEAT", "Line", "Table", "Term", "analyse", "draws", "solve"]

REPEAT = "repeat"
"""Name of what no term explains: the same operator reading the same part again."""
_LARGEST = 20_000


@dataclass(frozen=True, slots=True)
class Term:
    """A random effect: levels that readings share, index of each reading's level, shape (n,)."""

    name: str
    level: Ints


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of analysis of variance.

    squares   sum of squares [unit²]
    degrees   degrees of freedom
    mean      mean square [unit²]
    ratio, p  F against the line it is compared with, and the chance of a larger one; None where there is none
    """

    term: str
    squares: float
    degrees: int
    mean: float
    ratio: float | None = None
    p: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "term": self.term, "ss": self.squares, "df": self.degrees, "ms": self.mean, "f": self.ratio, "p": self.p,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """Analysis of variance.

    lines    one for each term in order, then REPEAT
    weights  expected mean square of each line as weights of the variances, shape (lines, lines), upper triangular
    total    sum of squares about the mean [unit²]
    """

    lines: tuple[Line, ...]
    weights: Floats
    total: float

    def line(self, term: str) -> Line:
        """The line of a term."""
        return next(one for one in self.lines if one.term == term)


def analyse(values: Floats, terms: Sequence[Term], compare: Sequence[str]) -> Table:
    """Analysis of variance of readings.

    values   shape (n,) [unit], at most 20,000
    terms    in the order in which they enter the model
    compare  for each term, the line that its mean square is compared with
    Raises   InputError where nothing is left for REPEAT, or where a term adds nothing to those before it
    """
    n = len(values)
    if n > _LARGEST:
        raise InputError("too many readings for one study", came=str(n), expected=f"at most {_LARGEST}")
    names = [term.name for term in terms]
    # readings that agree in every level are one row of the model, as heavy as they are many
    levels, cell, count = np.unique(
        np.stack([term.level for term in terms], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    cell, root = cell.reshape(-1), np.sqrt(count.astype(np.float64))
    mean = np.bincount(cell, weights=values) / count
    centred = (mean - values.mean()) * root
    columns = [_indicator(own) * root[:, None] for own in levels.T]
    basis = (root / np.sqrt(n))[:, None]
    squares, degrees, added = [], [], []
    for name, own in zip(names, columns, strict=True):
        new = _new_directions(own, basis)
        if not new.shape[1]:
            raise InputError(f"{name} cannot be told apart from what stands before it", hint="see how parts are shared")
        squares.append(float(((new.T @ centred) ** 2).sum()))
        degrees.append(new.shape[1])
        added.append(new)
        basis = np.hstack((basis, new))
    total = float(((values - values.mean()) ** 2).sum())
    rest = n - basis.shape[1]
    if rest < 1:
        raise InputError("every cell has one reading only", expected="some part read again by the same operator")
    left = centred - basis @ (basis.T @ centred)
    squares.append(float((left**2).sum()) + float(((values - mean[cell]) ** 2).sum()))
    degrees.append(rest)
    weights = np.eye(len(terms) + 1)
    weights[:, -1] = 1.0
    for row, new in enumerate(added):
        for column in range(row, len(terms)):
            weights[row, column] = float(((new.T @ columns[column]) ** 2).sum()) / degrees[row]
    return Table(_lines([*names, REPEAT], squares, degrees, compare), weights, total)


def solve(table: Table, means: Floats | None = None) -> Floats:
    """Variance of each line's term [unit²], not cut off at zero, shape (lines,) or (draws, lines).

    means  mean squares to take instead of the table's, shape (draws, lines)
    """
    own = np.array([line.mean for line in table.lines]) if means is None else means
    return np.asarray(linalg.solve_triangular(table.weights, own.T)).T


def draws(table: Table, count: int, seed: int) -> Floats:
    """Mean squares that could stand behind the table's ones, shape (count, lines): generalized pivots.

    Each mean square times its degrees of freedom over its expected value is taken as chi-square. Source: R. K. Burdick,
    C. M. Borror, D. C. Montgomery (2005), Design and Analysis of Gauge R&R Studies, ch. 2 and appendix B.
    """
    draw = np.random.default_rng(seed)
    degrees = np.array([line.degrees for line in table.lines], np.float64)
    means = np.array([line.mean for line in table.lines])
    return np.asarray(means * degrees / draw.chisquare(degrees, size=(count, len(degrees))))


def _indicator(level: Ints) -> Floats:
    _, index = np.unique(level, return_inverse=True)
    own = np.zeros((len(level), int(index.max()) + 1))
    own[np.arange(len(level)), index] = 1.0
    return own


def _new_directions(own: Floats, basis: Floats) -> Floats:
    """Orthonormal columns that span what `own` adds to `basis`."""
    left = own - basis @ (basis.T @ own)
    left -= basis @ (basis.T @ left)
    q, r, _ = linalg.qr(left, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diag(r))
    return np.asarray(q[:, : int(np.count_nonzero(size > 1e-9 * float(np.sqrt((own**2).sum(0).max()))))])


def _lines(
    names: Sequence[str], squares: Sequence[float], degrees: Sequence[int], compare: Sequence[str]
) -> tuple[Line, ...]:
    means = [ss / df for ss, df in zip(squares, degrees, strict=True)]
    lines = []
    for at, name in enumerate(names):
        ratio = p = None
        if at < len(compare):
            against = names.index(compare[at])
            if means[against] > 0:
                ratio = means[at] / means[against]
                p = float(special.fdtrc(degrees[at], degrees[against], ratio))
        lines.append(Line(name, squares[at], degrees[at], means[at], ratio, p))
    return tuple(lines)
