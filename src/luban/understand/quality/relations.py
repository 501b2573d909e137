"""What goes with a measured value: stratification by what stood beside it, correlation with numbers.

A relation found among many that were looked at may be chance; so every list carries Benjamini and Hochberg's q beside
p. And a relation is not a cause: an experiment shows that.
Sources: B. L. Welch (1951), Biometrika 38, 330-336; W. H. Kruskal, W. A. Wallis (1952), JASA 47, 583-621; R. A. Fisher
(1921), Metron 1, 3-32; Y. Benjamini, Y. Hochberg (1995), JRSS B 57, 289-300.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.understand.quality import relation_words as words
from luban.understand.quality.data import Floats
from luban.understand.quality.measured import Measured

__all__ = [
    "Correlation",
    "Relations",
    "Strata",
    "Stratum",
    "beside",
    "correlate",
    "paired",
    "ranked",
    "relations",
    "stratify",
]

_FEW = 2
_MOST_CLASSES = 50


@dataclass(frozen=True, slots=True)
class Stratum:
    """Values of one class.

    mean, low, high  mean with its interval [unit]; no interval for one value
    sd               [unit]; None for one value
    """

    name: str
    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Strata:
    """Values sorted into classes.

    factor   what they were sorted by
    strata   classes, the highest mean first
    f, p     Welch's test that all means are alike; None where it cannot be made, `reason` says why
    rank_p   the same by ranks (Kruskal, Wallis): outliers and shape do not matter
    share    of the variance that the classes explain [1] (eta squared)
    q        p allowing for all relations that were looked at; None outside such a list
    unknown  values whose class nobody said
    """

    factor: str
    strata: tuple[Stratum, ...]
    f: float | None
    p: float | None
    rank_p: float | None
    share: float | None
    used: int
    unknown: int
    q: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return own | {"strata": [one.as_dict() for one in self.strata]}


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two numbers go together.

    r, low, high  Pearson's correlation with its interval [1]
    p             chance of one as large without any relation [1]
    rank, rank_p  Spearman's rank correlation: any rising or falling curve
    slope         change of the value for one more of the other [unit / unit of the other]
    q             p allowing for all relations that were looked at; None outside such a list
    unknown       values without the other number
    """

    other: str
    r: float | None
    low: float | None
    high: float | None
    p: float | None
    rank: float | None
    rank_p: float | None
    slope: float | None
    used: int
    unknown: int
    q: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Relations:
    """Everything that stood beside a characteristic's values, the strongest relation first.

    looked  number of relations that were tested
    """

    characteristic: str
    unit: str
    strata: tuple[Strata, ...]
    correlations: tuple[Correlation, ...]
    looked: int
    used: int
    excluded: int
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "characteristic": self.characteristic, "unit": self.unit, "looked_at": self.looked, "used": self.used,
            "excluded": self.excluded, "source": self.source, "strata": [one.as_dict() for one in self.strata],
            "correlations": [one.as_dict() for one in self.correlations],
        }  # fmt: skip


def stratify(
    values: Sequence[float] | Floats, classes: Sequence[str], *, factor: str = "", level: float = 0.95
) -> Strata:
    """Values sorted by class, with the test whether the classes differ.

    values   shape (n,), finite [unit]
    classes  of each value; "" where nobody said it, such values are counted as unknown
    Raises   InputError: lengths that differ
    Example  stratify([1, 2, 9, 10], ["a", "a", "b", "b"]).strata[0].name == "b"
    """
    x = np.asarray(values, np.float64)
    if len(x) != len(classes):
        raise InputError("values and classes differ in number", came=f"{len(x)} values, {len(classes)} classes")
    groups: dict[str, list[float]] = {}
    for value, name in zip(x.tolist(), classes, strict=True):
        if name:
            groups.setdefault(name, []).append(value)
    made = {name: np.array(own) for name, own in groups.items()}
    strata = sorted((_stratum(name, own, level) for name, own in made.items()), key=lambda one: -one.mean)
    used = sum(map(len, made.values()))
    told = Strata(factor, tuple(strata), None, None, None, None, used, len(x) - used)
    several = [own for own in made.values() if len(own) >= _FEW]
    if len(made) < 2:
        return replace(told, reason=words.FEW_CLASSES)
    if len(several) < 2:
        return replace(told, reason=words.FEW_TWICE)
    everything = np.concatenate(list(made.values()))
    whole = float(((everything - everything.mean()) ** 2).sum())
    if not whole > 0:
        return replace(told, reason=words.NO_SPREAD)
    inside = sum(float(((own - own.mean()) ** 2).sum()) for own in made.values())
    f, p = _welch(several)
    return replace(told, f=f, p=p, rank_p=_kruskal(list(made.values())), share=1 - inside / whole)


def correlate(
    values: Sequence[float] | Floats, others: Sequence[float] | Floats, *, other: str = "", level: float = 0.95
) -> Correlation:
    """How two numbers go together.

    values, others  shape (n,); pairs in which one is nan are counted as unknown
    Raises          InputError: lengths that differ
    Example         correlate([1, 2, 3, 4], [2, 4, 6, 9]).r > 0.98
    """
    x, y = np.asarray(values, np.float64), np.asarray(others, np.float64)
    if len(x) != len(y):
        raise InputError("both columns differ in length", came=f"{len(x)} and {len(y)} numbers")
    known = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[known], y[known], int(known.sum())
    told = Correlation(other, None, None, None, None, None, None, None, n, len(known) - n)
    if n < 4:
        return replace(told, reason=words.FEW_PAIRS)
    if float(np.ptp(x)) == 0 or float(np.ptp(y)) == 0:
        return replace(told, reason=words.NEVER_CHANGES)
    from scipy.stats import rankdata

    r = _pearson(x, y)
    rank = _pearson(rankdata(x), rankdata(y))
    half = float(special.ndtri((1 + level) / 2)) / math.sqrt(n - 3)
    place = math.atanh(max(min(r, 1 - 1e-16), -1 + 1e-16))
    slope = r * float(x.std(ddof=1) / y.std(ddof=1))
    ends = (r, r) if abs(r) >= 1 - 1e-15 else (math.tanh(place - half), math.tanh(place + half))
    return replace(
        told, r=r, low=ends[0], high=ends[1], p=_student(r, n), rank=rank, rank_p=_student(rank, n), slope=slope
    )  # fmt: skip


def relations(found: Measured, *, level: float = 0.95) -> Relations:
    """Stratify by everything that stood beside the values, and correlate with every condition and with time.

    found  as `measured.measured` gives it
    """
    x, sample = found.sample.values, found.sample
    classes = {
        name: told for name, told in found.factors.items() if 1 < len({one for one in told if one}) <= _MOST_CLASSES
    }
    since = found.times - found.times.min() if len(x) else found.times
    numbers: dict[str, Floats] = {"time [d]": since / 86_400e6}
    numbers |= found.conditions
    return ranked(
        x, classes, numbers, characteristic=sample.characteristic, unit=sample.unit, level=level,
        excluded=len(sample.excluded), source=sample.source,
    )  # fmt: skip


def ranked(
    values: Floats,
    classes: Mapping[str, Sequence[str]],
    numbers: Mapping[str, Floats],
    *,
    characteristic: str = "",
    unit: str = "",
    level: float = 0.95,
    excluded: int = 0,
    source: str = "",
) -> Relations:
    """Values sorted by each set of classes and correlated with each set of numbers, the strongest relation first.

    values   shape (n,) [unit]
    classes  name → class of each value, "" where nobody said it
    numbers  name → number of each value, nan where there is none, shape (n,)
    """
    strata = [stratify(values, told, factor=name, level=level) for name, told in classes.items()]
    pairs = [correlate(values, own, other=name, level=level) for name, own in numbers.items()]
    pairs = [one for one in pairs if one.used]
    q = _false_rates([one.p for one in strata] + [one.p for one in pairs])
    strata = [replace(one, q=q[at]) for at, one in enumerate(strata)]
    pairs = [replace(one, q=q[len(strata) + at]) for at, one in enumerate(pairs)]
    strata.sort(key=lambda one: _last(one.p))
    pairs.sort(key=lambda one: _last(one.p))
    looked = sum(one is not None for one in q)
    return Relations(
        characteristic, unit, tuple(strata), tuple(pairs), looked, len(values), excluded, source
    )  # fmt: skip


def beside(found: Relations, more: Sequence[Correlation]) -> Relations:
    """The same with further correlations, and q of all of them together."""
    if not more:
        return found
    pairs = [*found.correlations, *more]
    q = _false_rates([one.p for one in found.strata] + [one.p for one in pairs])
    strata = tuple(replace(one, q=q[at]) for at, one in enumerate(found.strata))
    told = sorted((replace(one, q=q[len(strata) + at]) for at, one in enumerate(pairs)), key=lambda one: _last(one.p))
    return replace(found, strata=strata, correlations=tuple(told), looked=sum(one is not None for one in q))


def paired(one: Measured, other: Measured, *, by: str = "serial", level: float = 0.95) -> Correlation:
    """Correlation of two characteristics of the same pieces or lots; several values of one piece are averaged.

    by      serial or lot
    Raises  InputError: another field
    """
    if by not in ("serial", "lot"):
        raise InputError("values are matched by serial or lot", came=by)
    means = [_means(found.sample.values, found.factors[by]) for found in (one, other)]
    shared = [name for name in means[0] if name in means[1]]
    x = np.array([means[0][name] for name in shared])
    y = np.array([means[1][name] for name in shared])
    told = correlate(x, y, other=other.sample.characteristic, level=level)
    return replace(told, unknown=len(means[0]) - len(shared))


def _means(values: Floats, names: Sequence[str]) -> Mapping[str, float]:
    groups: dict[str, list[float]] = {}
    for value, name in zip(values.tolist(), names, strict=True):
        if name:
            groups.setdefault(name, []).append(value)
    return {name: float(np.mean(own)) for name, own in groups.items()}


def _stratum(name: str, own: Floats, level: float) -> Stratum:
    n, mean = len(own), float(own.mean())
    if n < _FEW:
        return Stratum(name, n, mean, None, None, None)
    sd = float(own.std(ddof=1))
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * sd / math.sqrt(n)
    return Stratum(name, n, mean, sd, mean - half, mean + half)


def _welch(groups: Sequence[Floats]) -> tuple[float | None, float | None]:
    sizes = np.array([len(own) for own in groups], np.float64)
    spreads = np.array([own.var(ddof=1) for own in groups])
    if not bool((spreads > 0).all()):
        return None, None
    means, weight = np.array([own.mean() for own in groups]), sizes / spreads
    k, total = len(groups), float(weight.sum())
    middle = float((weight * means).sum()) / total
    loss = float(((1 - weight / total) ** 2 / (sizes - 1)).sum())
    f = float((weight * (means - middle) ** 2).sum()) / (k - 1) / (1 + 2 * (k - 2) / (k * k - 1) * loss)
    return f, float(special.fdtrc(k - 1, (k * k - 1) / (3 * loss), f))


def _kruskal(groups: Sequence[Floats]) -> float | None:
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate(groups))
    n, ends = len(ranks), np.cumsum([0, *map(len, groups)])
    sums = sum(float(ranks[a:b].sum()) ** 2 / (b - a) for a, b in pairwise(ends.tolist()))
    _, ties = np.unique(ranks, return_counts=True)
    shared = 1 - float((ties.astype(np.float64) ** 3 - ties).sum()) / (n**3 - n)
    if shared <= 0:
        return None
    h = (12 / (n * (n + 1)) * sums - 3 * (n + 1)) / shared
    return float(special.gammaincc((len(groups) - 1) / 2, max(h, 0.0) / 2))


def _pearson(x: Floats, y: Floats) -> float:
    a, b = x - x.mean(), y - y.mean()
    return float(np.clip((a * b).sum() / math.sqrt(float((a * a).sum()) * float((b * b).sum())), -1, 1))


def _student(r: float, n: int) -> float:
    if abs(r) >= 1:
        return 0.0
    return float(2 * special.stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))))


def _false_rates(chances: Sequence[float | None]) -> list[float | None]:
    """Benjamini and Hochberg's q of each p."""
    known = sorted((p, at) for at, p in enumerate(chances) if p is not None)
    q: list[float | None] = [None] * len(chances)
    least = 1.0
    for rank in range(len(known), 0, -1):
        p, at = known[rank - 1]
        least = min(least, p * len(known) / rank)
        q[at] = least
    return q


def _last(p: float | None) -> float:
    return 2.0 if p is None else p
