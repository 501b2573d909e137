"""Risk that a single case fails, from a table of cases: no history, one row a case.

Failures often depend on two channels together: a power is a product, a load margin a ratio, a heat flow a difference.
All three of every pair of numeric columns are offered, so nobody has to name them. Three kinds of trees (boosted,
random forest, extremely randomised) vote with their mean probability; a case counts as failing above one half.
Sources: L. Breiman (2001), Machine Learning 45, 5-32; P. Geurts et al. (2006), Machine Learning 63, 3-42;
J. Friedman (2001), Annals of Statistics 29, 1189-1232.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.health.life.histories import Flags
from luban.understand.quality.data import Excluded, Floats

__all__ = ["LEAST_OF_EACH", "RiskModel", "learn_risk"]

LEAST_OF_EACH = 10
"""Failures, and cases without, that a risk is learned from at least."""

_PAIRED = 12  # numeric columns that pairs are made of; more are taken one by one


@dataclass(frozen=True, slots=True)
class RiskModel:
    """What was learned; made by `learn_risk`.

    numbers   numeric columns used
    levels    text columns used, with their values in order of the share that failed
    excluded  columns not used, with reason
    reason    why nothing could be learned; "" if it was
    """

    numbers: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    cases: int
    failures: int
    excluded: tuple[Excluded, ...]
    reason: str = ""
    voters: tuple[Any, ...] = ()

    def chance(self, table: Mapping[str, Sequence[Any]]) -> Floats:
        """Probability of failure of each case, shape (n,) [1].

        Raises  InputError if nothing was learned or a column is missing
        """
        if not self.voters:
            raise InputError(self.reason, came=f"{self.failures} failures of {self.cases} cases")
        if missing := [name for name in (*self.numbers, *self.levels) if name not in table]:
            raise InputError("a column is missing", came=", ".join(missing), expected=", ".join(self.numbers))
        features = _features(table, self.numbers, self.levels)
        mean: Floats = np.mean([voter.predict_proba(features)[:, 1] for voter in self.voters], axis=0)
        return mean

    def fails(self, table: Mapping[str, Sequence[Any]]) -> Flags:
        """Whether each case is more likely to fail than not, shape (n,)."""
        flags: Flags = self.chance(table) > 0.5
        return flags


def learn_risk(table: Mapping[str, Sequence[Any]], failed: Sequence[bool] | Flags, *, seed: int = 1) -> RiskModel:
    """Learn the risk of failure from cases.

    table    columns of numbers or of text, each of length n; leave out what is known only after the failure
    failed   whether each case failed, length n
    Raises   InputError if columns differ in length
    Example  learn_risk({"load": loads, "speed": speeds}, failed).fails(new)
    """
    from sklearn.ensemble import (  # type: ignore[import-untyped, unused-ignore]
        ExtraTreesClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    truth = np.asarray(failed, np.bool_)
    n, bad = len(truth), int(truth.sum())
    numbers, levels, excluded = _columns(table, truth)
    if min(bad, n - bad) < LEAST_OF_EACH or not (numbers or levels):
        reason = words.ONE_CLASS.format(n=bad, all=n, least=LEAST_OF_EACH) if numbers or levels else words.NO_SIGNAL
        return RiskModel(numbers, levels, n, bad, excluded, reason)
    features = _features(table, numbers, levels)
    leaf = int(np.clip(bad // 20, 2, 10))
    voters = (
        HistGradientBoostingClassifier(
            max_iter=120, learning_rate=0.07, max_leaf_nodes=8, min_samples_leaf=leaf, l2_regularization=3.0,
            max_features=0.5, early_stopping=False, random_state=seed,
        ),
        RandomForestClassifier(60, min_samples_leaf=2, max_features=0.3, random_state=seed),
        ExtraTreesClassifier(80, min_samples_leaf=2, max_features=0.7, random_state=seed),
    )  # fmt: skip
    with threadpool_limits(1):
        return RiskModel(numbers, levels, n, bad, excluded, "", tuple(v.fit(features, truth) for v in voters))


def _columns(
    table: Mapping[str, Sequence[Any]], truth: Flags
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], tuple[Excluded, ...]]:
    """Numeric columns, text columns with their values, and what is of no use."""
    numbers: list[str] = []
    levels: dict[str, tuple[str, ...]] = {}
    excluded = []
    for name, column in table.items():
        if len(column) != len(truth):
            raise InputError("a column differs in length from the failures", came=str(len(column)), where=name)
        cells = np.asarray(column)
        numeric = np.issubdtype(cells.dtype, np.number) or cells.dtype == np.bool_
        known = cells[np.isfinite(cells.astype(np.float64))] if numeric else cells
        different = np.unique(known)
        single = len(different) == len(cells) > LEAST_OF_EACH
        counts = numeric and single and bool(np.all(known == np.round(known)) and np.all(np.diff(known) > 0))
        if counts or (single and not numeric):
            excluded.append(Excluded(name, name, str(cells[0]), words.ROW_NUMBER))
        elif len(different) < 2:
            excluded.append(Excluded(name, name, str(different[0]) if len(different) else "", words.CONSTANT))
        elif numeric:
            numbers.append(name)
        else:
            share = {level: float(truth[cells == level].mean()) for level in different}
            levels[name] = tuple(
                str(level) for level in sorted(different, key=lambda level: (share[level], str(level)))
            )
    return tuple(numbers), levels, tuple(excluded)


def _features(
    table: Mapping[str, Sequence[Any]], numbers: Sequence[str], levels: Mapping[str, tuple[str, ...]]
) -> Floats:
    """Columns, and product, difference and ratio of every pair of numeric ones; a gap is the far end of a column."""
    columns = [np.asarray(table[name], np.float64) for name in numbers]
    made = list(columns)
    for a, b in combinations(columns[:_PAIRED], 2):
        made += [a * b, a - b, a / np.where(np.abs(b) > 1e-12, b, np.nan)]
    for name, values in levels.items():
        rank = {value: float(i) for i, value in enumerate(values)}
        made.append(np.array([rank.get(str(cell), np.nan) for cell in table[name]]))
    features: Floats = np.column_stack(made)
    return np.where(np.isfinite(features), features, -1e30)
