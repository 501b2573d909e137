"""Analysis of variance: what each term explains, whether the model fits, and whether a smaller one would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.decide.improve.fit import Columns, Fit, fit
from luban.decide.improve.formula import INTERCEPT, Model, Term

__all__ = ["Comparison", "LackOfFit", "Row", "anova", "compare", "lack_of_fit"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    source      name of the term, or Residual
    df          degrees of freedom
    ss, ms      sum of squares and mean square [squared unit of the response]
    f, p        nan where no residual degree of freedom is left
    """

    source: str
    df: int
    ss: float
    ms: float
    f: float
    p: float


@dataclass(frozen=True, slots=True)
class LackOfFit:
    """What is left, split into scatter between runs at the same settings and what the model misses.

    lack_*   lack of fit;  pure_*  pure error: about the mean of each setting
    f, p     of lack of fit against pure error
    """

    lack_df: int
    lack_ss: float
    lack_ms: float
    pure_df: int
    pure_ss: float
    pure_ms: float
    f: float
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two nested models: what the terms left out of the smaller one explain.

    df, ss  of the terms left out;  f, p  against the residual mean square of the larger model, or of `error`
    """

    df: int
    ss: float
    f: float
    p: float


def _row(source: str, df: int, ss: float, error: float, error_df: int) -> Row:
    ms = ss / df if df else float("nan")
    f = ms / error if df and error_df > 0 and error > 0 else float("nan")
    return Row(source, df, ss, ms, f, float(special.fdtrc(df, error_df, f)) if np.isfinite(f) else float("nan"))


def _rest(terms: Sequence[Term], of: Fit) -> tuple[float, int]:
    """Residual sum of squares and degrees of freedom of a model with other terms."""
    if not terms:
        return float(np.sum(of.y.astype(np.longdouble) ** 2)), of.n
    got = fit(Model(tuple(terms)), of.data, of.y)
    return got.ss_residual, got.df_residual


def anova(of: Fit, kind: int = 2) -> tuple[Row, ...]:
    """The table of a fit: a row for each term that could be estimated, then Residual.

    kind    1: terms one after the other; 2: each after all that do not contain it; 3: each after all others
    Raises  InputError if the kind is none of these
    Source  Searle, Linear Models (1971), ch. 8; the kinds are numbered as SAS did
    """
    if kind not in (1, 2, 3):
        raise InputError("this kind of sum of squares is not known", came=str(kind), expected="1, 2 or 3")
    rows = []
    terms = of.model.terms
    balanced = kind == 1
    for index, term in enumerate(terms):
        mine = [column for column, owner in enumerate(of.owners) if owner == index]
        if term == INTERCEPT or not mine:
            continue
        if balanced:
            ss, df = float(np.sum(of.sequence[mine])), len(mine)
        else:
            others = [t for t in terms if t != term and not (kind == 2 and term.within(t))]
            without, free = _rest(others, of)
            with_it, left = _rest([*others, term], of)
            ss, df = without - with_it, free - left
        rows.append(_row(term.name, df, ss, of.ms_residual, of.df_residual))
    nothing = float("nan")
    return (*rows, Row("Residual", of.df_residual, of.ss_residual, of.ms_residual, nothing, nothing))


def _settings(data: Columns, names: Sequence[str]) -> list[tuple[object, ...]]:
    columns = [np.asarray(data[name]).tolist() for name in names]
    return [tuple(round(v, 9) if isinstance(v, float) else v for v in row) for row in zip(*columns, strict=True)]


def lack_of_fit(of: Fit, settings: Columns | None = None) -> LackOfFit:
    """Splits what is left by runs at the same settings.

    settings  the factors whose settings make runs the same; those of the model if None
    Raises    InputError if no setting was run twice, so that there is no pure error
    Source    NIST/SEMATECH e-Handbook 4.4.4.6, doi:10.18434/M32189
    """
    where = settings if settings is not None else of.data
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, key in enumerate(_settings(where, list(where))):
        groups.setdefault(key, []).append(index)
    pure_df = of.n - len(groups)
    if pure_df == 0:
        raise InputError("no setting was run twice, so there is no pure error to judge the fit by",
                         hint="repeat a run, best at the centre")  # fmt: skip
    wide = of.y.astype(np.longdouble)
    pure = float(sum(np.sum((wide[rows] - np.mean(wide[rows])) ** 2) for rows in groups.values()))
    df, ss = of.df_residual - pure_df, of.ss_residual - pure
    nothing = float("nan")
    ms, pure_ms = ss / df if df > 0 else nothing, pure / pure_df
    f = ms / pure_ms if df > 0 and pure_ms > 0 else nothing
    return LackOfFit(df, ss, ms, pure_df, pure, pure_ms, f,
                     float(special.fdtrc(df, pure_df, f)) if np.isfinite(f) else nothing)  # fmt: skip


def compare(small: Fit, large: Fit, error: Fit | None = None) -> Comparison:
    """Whether the larger of two nested models explains more than chance would.

    error   the fit whose residual mean square is the yardstick; the larger one's if None
    Raises  InputError if the models are of other runs, or the first is not the smaller one
    """
    by = error or large
    if small.n != large.n or not bool(np.array_equal(small.y, large.y)):
        raise InputError("the models are not of the same runs")
    df = small.df_residual - large.df_residual
    if df <= 0:
        raise InputError("the first model must have fewer terms", came=f"{small.model} and {large.model}")
    row = _row("", df, small.ss_residual - large.ss_residual, by.ms_residual, by.df_residual)
    return Comparison(df, row.ss, row.f, row.p)
