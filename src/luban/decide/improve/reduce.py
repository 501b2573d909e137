"""Smaller models: drop what explains nothing, keep what larger terms rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.anova import Row, compare
from luban.decide.improve.fit import Fit, fit
from luban.decide.improve.formula import INTERCEPT, Model

__all__ = ["Step", "reduce_model"]


@dataclass(frozen=True, slots=True)
class Step:
    """One term dropped.

    term   its name;  p  its probability by chance before it went (nan where it was chosen by AIC)
    aic    of the model without it
    """

    term: str
    p: float
    aic: float


def _droppable(of: Fit) -> list[int]:
    """Terms that no other term of the model rests on."""
    terms = of.model.terms
    return [i for i, t in enumerate(terms) if t != INTERCEPT and not any(t.parent_of(other) for other in terms)]


def reduce_model(of: Fit, by: str = "p", limit: float = 0.05) -> tuple[Fit, tuple[Step, ...]]:
    """Drops terms one by one: the one that explains least, as long as it explains too little.

    by      `p`: while its F test has p above `limit`; `aic`: while Akaike's criterion falls
    limit   for `p` [1]
    Raises  InputError where no degree of freedom is left to judge by; take Lenth's margin then
    """
    if by not in ("p", "aic"):
        raise InputError("this way to reduce a model is not known", came=by, expected="p or aic")
    if of.df_residual <= 0:
        raise InputError("no degrees of freedom left to judge terms by",
                         hint="leave the highest interactions out, or look at the half-normal plot")  # fmt: skip
    now = of
    steps: list[Step] = []
    while True:
        tried: list[tuple[Row, Fit]] = []
        for index in _droppable(now):
            term = now.model.terms[index]
            less = fit(Model(tuple(t for t in now.model.terms if t != term)), dict(now.data), now.y, name=now.response)
            tried.append((_test(term.name, less, now), less))
        if not tried:
            return now, tuple(steps)
        row, less = max(tried, key=lambda pair: pair[0].p) if by == "p" else min(tried, key=lambda p: p[1].aic_step)
        if (by == "p" and not row.p > limit) or (by == "aic" and less.aic_step >= now.aic_step):
            return now, tuple(steps)
        steps.append(Step(row.source, row.p if by == "p" else float("nan"), less.aic_step))
        now = less


def _test(name: str, less: Fit, more: Fit) -> Row:
    if less.df_residual == more.df_residual:  # an aliased term
        return Row(name, 0, 0.0, 0.0, 0.0, 1.0)
    got = compare(less, more)
    return Row(name, got.df, got.ss, got.ss / got.df, got.f, got.p if np.isfinite(got.p) else 1.0)
