"""Many characteristics on one chart: Hotelling's T² and the multivariate EWMA, and which of them speak in a signal.

    T² = n·(x̄ − m)' S⁻¹ (x̄ − m)

Limits of T² are exact for normal values: in phase I beta (single values) or F (subgroups), because the points helped to
estimate mean and covariance; in phase II F; chi-square where mean and covariance are known. A covariance of differences
does not swell when the mean drifts; its limits are near: chi-square in phase I, F with fewer degrees in phase II.

Source  N. D. Tracy, J. C. Young and R. L. Mason, Journal of Quality Technology 24 (1992) 88-95; J. H. Sullivan and
        W. H. Woodall, ibid. 28 (1996) 398-408 (differences); J. D. Williams and others, ibid. 38 (2006) 217-229 and
        F. W. Scholz and T. J. Tosch (1994), limits and degrees of freedom of differences;
        C. A. Lowry and others, Technometrics 34 (1992) 46-53, doi:10.1080/00401706.1992.10485232 (MEWMA);
        G. C. Runger, F. B. Alt and D. C. Montgomery, Communications in Statistics 25 (1996) 2203-2213 (parts)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import NO_TIME, Excluded, Floats, Ints, Ordinals
from luban.understand.quality.spc.kernel import averaged_squares, squares
from luban.understand.quality.spc.kind import (
    DISTANCE,
    Bools,
    Fit,
    Kind,
    PanelKind,
    Points,
    finite_values,
    plain_array,
)
from luban.understand.quality.spc.limits import Limits, number
from luban.understand.quality.spc.lines import SizedRun
from luban.understand.quality.spc.scale import flag, option

__all__ = ["MEWMA", "T2", "Part", "Vectors", "decompose", "vectors"]

_ALPHA = 0.0027
_WEIGHT, _ARL = 0.1, 370.4
_COVARIANCES = ("pooled", "differences")
_T2_OPTIONS = {
    "alpha": "chance of a false signal at a point [1], 0 < α < 1; 0.0027, as 3 sigma have",
    "covariance": "pooled (within subgroups, or of all single values) or differences (of neighbouring single values); "
                  "pooled",
    "mean": "known mean of each characteristic, a list; needs a known covariance too",
    "known_covariance": "known covariance, a list of rows",
}  # fmt: skip
_MEWMA_OPTIONS = {
    "weight": "λ of the newest point [1], 0 < λ < 1; 0.1",
    "limit": "H of T² of the averaged vector [1]; else worked out from arl",
    "arl": "points between false signals for which H is worked out; 370.4",
    "growing": "divide by the variance of the first points as it grows; false: by where it ends up",
    "covariance": _T2_OPTIONS["covariance"],
    "mean": _T2_OPTIONS["mean"],
    "known_covariance": _T2_OPTIONS["known_covariance"],
}


@dataclass(frozen=True, slots=True)
class Vectors:
    """Measurements of several characteristics on the same parts, in order of time, in subgroups.

    names   of the characteristics, length p ≥ 2; units: theirs
    values  shape (n, p), finite
    starts, labels, time, excluded, source  as in `Sample`
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    starts: Ints
    labels: Sequence[str]
    time: Ints
    excluded: tuple[Excluded, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        k = len(self.labels)
        if len(self.names) < 2 or len(self.units) != len(self.names):
            raise InputError(
                "a multivariate chart needs two characteristics or more", came=", ".join(self.names) or "none"
            )
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise InputError("values do not fit the characteristics", came=f"shape {self.values.shape}",
                             expected=f"(n, {len(self.names)})")  # fmt: skip
        if self.starts.shape != (k + 1,) or self.time.shape != (k,) or (k and self.starts[-1] != len(self.values)):
            raise InputError("subgroups do not fit their labels", came=f"{len(self.starts) - 1} for {k} labels")
        if not bool(np.isfinite(self.values).all()):
            raise InputError("a value is not a finite number", hint="leave the row out and say why")

    def __len__(self) -> int:
        """Number of subgroups."""
        return len(self.labels)

    @property
    def characteristic(self) -> str:
        """All names, for people."""
        return ", ".join(self.names)

    @property
    def unit(self) -> str:
        """A distance has no unit."""
        return "1"

    @property
    def sizes(self) -> Ints:
        """Size of each subgroup, shape (k,)."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Part:
    """What one characteristic has to do with a signal.

    name      of the characteristic
    adds      T² less T² without this characteristic: what it adds given all others, ≥ 0
    alone     squared distance of this characteristic by itself, in its own variances
    limit     what `adds` exceeds by chance with probability alpha
    speaks    adds > limit
    """

    name: str
    adds: float
    alone: float
    limit: float
    speaks: bool


def vectors(
    values: Sequence[Sequence[float]] | Floats, names: Sequence[str] = (), *, size: int = 1, units: Sequence[str] = ()
) -> Vectors:
    """Rows of several characteristics as subgroups of `size` rows in the order given.

    Example  len(vectors([[1.0, 2.0], [1.1, 2.1]])) == 2
    """
    taken = np.asarray(values, np.float64)
    if taken.ndim != 2:
        raise InputError("a multivariate chart needs rows of several characteristics", came=f"shape {taken.shape}")
    if size < 1 or len(taken) % size:
        raise InputError(
            "rows do not fill whole subgroups", came=f"{len(taken)} rows", expected=f"a multiple of {size}"
        )
    k = len(taken) // size
    named = tuple(names) or tuple(f"x{at}" for at in range(1, taken.shape[1] + 1))
    return Vectors(named, tuple(units) or ("",) * len(named), taken, np.arange(k + 1) * size, Ordinals(k),
                   np.full(k, NO_TIME))  # fmt: skip


def decompose(value: Sequence[float] | Floats, parameters: Mapping[str, Any], *, size: float = 1.0) -> tuple[Part, ...]:
    """Which characteristics a T² comes from, the one that adds most first.

    value       the point: mean of its subgroup in each characteristic, length p
    parameters  of a T² or MEWMA chart: mean, covariance, names, alpha, used
    size        subgroup size
    Source      Runger, Alt and Montgomery (1996); the parts of Mason, Young and Tracy (1995) that are conditional on
                all others, and unconditional
    """
    mean, covariance, names = _known(parameters)
    off = np.asarray(value, np.float64) - mean
    if off.shape != mean.shape:
        raise InputError("a point has not as many values as the chart", came=str(off.shape[0]), expected=str(len(mean)))
    inverse = np.linalg.inv(covariance)
    projected = inverse @ off
    adds = size * projected * projected / np.diag(inverse)
    alone = size * off * off / np.diag(covariance)
    limit = _tail(parameters, 1)
    order = np.argsort(-adds, kind="stable")
    return tuple(
        Part(names[at], float(adds[at]), float(alone[at]), limit, bool(adds[at] > limit)) for at in order.tolist()
    )


# ---------------------------------------------------------------- what T² and MEWMA share


def _points(data: object) -> Points:
    if not isinstance(data, Vectors):
        raise InputError("this chart takes several characteristics", came=type(data).__name__, expected="Vectors")
    starts = np.require(data.starts, np.int64, ["C", "W"])
    return Points(plain_array(data.values), starts, data.sizes.astype(np.float64))


def _one(value: Any, size: float | None = None) -> Points:  # noqa: ARG001 - the size is that of the rows
    """A row of values, or the rows of a subgroup."""
    taken = finite_values(value)
    rows = taken[None, :] if taken.ndim == 1 else taken
    if rows.ndim != 2 or not rows.size:
        raise InputError("a point is not a row of numbers", came=str(value)[:80])
    return Points(rows, np.array([0, len(rows)], np.int64), np.array([float(len(rows))]))


def _known(parameters: Mapping[str, Any]) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Mean, covariance and names, checked."""
    try:
        mean = np.array(parameters["mean"], np.float64)
        covariance = np.array(parameters["covariance"], np.float64)
    except (KeyError, TypeError, ValueError):
        raise InputError("limits lack mean or covariance", expected="a list, and a list of rows") from None
    count = len(mean)
    if mean.ndim != 1 or covariance.shape != (count, count) or not np.allclose(covariance, covariance.T):
        raise InputError(
            "a covariance does not fit its mean", came=f"{covariance.shape}", expected=f"({count}, {count})"
        )
    _factor(covariance)
    names = tuple(parameters.get("names") or (f"x{at}" for at in range(1, count + 1)))
    return mean, covariance, names


def _factor(covariance: Floats) -> Floats:
    """W with W·S·W' = 1, lower triangular: whitens a deviation. InputError if a characteristic says nothing new."""
    if not bool(np.isfinite(covariance).all()):
        raise InputError("the values are too large to calculate with")
    scale = np.sqrt(np.diag(covariance))
    if not bool((scale > 0).all()):
        raise InputError("a characteristic does not vary", came=f"number {int(np.argmin(scale)) + 1}")
    try:
        lower = np.linalg.cholesky(covariance / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        lower = np.zeros((1, 1))
    if np.min(np.diag(lower)) < 1e-7:
        raise InputError("the characteristics depend on each other, so T² does not exist",
                         hint="leave one of them out, or take more points than characteristics")  # fmt: skip
    white: Floats = np.linalg.solve(lower, np.diag(1 / scale))
    return white


def _fits(points: Points, count: int) -> None:
    if points.values.ndim != 2 or points.values.shape[1] != count:
        raise InputError("a point has not as many values as the chart", came=f"shape {points.values.shape}",
                         expected=f"{count} characteristics")  # fmt: skip


def _means(points: Points, count: int) -> Floats:
    """Mean of each subgroup, shape (k, p)."""
    _fits(points, count)
    if len(points.values) == len(points.sizes):
        return points.values
    total = points.values[points.starts[:-1]].copy()
    for step in range(1, int(points.sizes.max())):
        more = points.sizes > step
        total[more] = total[more] + points.values[points.starts[:-1][more] + step]
    return np.asarray(total / points.sizes[:, None], np.float64)


def _estimate(data: object, use: Bools, options: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """mean, covariance, degrees of freedom, and where they came from."""
    points = _points(data)
    assert isinstance(data, Vectors)  # noqa: S101 - _points has seen to it
    way = options.get("covariance", "pooled")
    if way not in _COVARIANCES:
        raise InputError("no such estimate of the covariance", came=str(way), expected=" or ".join(_COVARIANCES))
    if ("mean" in options) != ("known_covariance" in options):
        raise InputError(
            "a known mean needs a known covariance, and the other way round", where="mean, known_covariance"
        )
    if "mean" in options:
        known = {"mean": list(options["mean"]), "covariance": [list(row) for row in options["known_covariance"]]}
        mean, _, _ = _known(known)
        _means(points, len(mean))
        return known | {"names": list(data.names), "from": "given", "used": 0, "degrees": 0.0}, ()
    p = len(data.names)
    kept = int(np.count_nonzero(use))
    if (points.sizes > 1).any():
        mean, covariance, degrees, values = _within(points, use)
        way = "within subgroups"
    else:
        rows = points.values[use]
        values = kept
        mean = rows.mean(axis=0) if kept else np.zeros(p)
        if way == "differences":
            steps = np.diff(points.values, axis=0)[use[1:] & use[:-1]]
            covariance = steps.T @ steps / (2 * max(len(steps), 1))
            degrees = 2.0 * (kept - 1) ** 2 / (3 * kept - 4) if kept > 1 else 0.0
        else:
            covariance, degrees = np.cov(rows, rowvar=False) if kept > 1 else np.zeros((p, p)), kept - 1.0
    if degrees < p + 1:
        raise InputError("too few points for so many characteristics", came=f"{kept} points, {p} characteristics",
                         expected=f"more than {p + 2} points")  # fmt: skip
    _factor(covariance)
    notes = ("Fewer than 10 points for each characteristic: limits are uncertain",) if values < 10 * p else ()
    sizes = np.unique(points.sizes)
    return {
        "mean": mean.tolist(), "covariance": covariance.tolist(), "names": list(data.names), "from": way,
        "used": values, "points": kept, "degrees": degrees, "size": int(sizes[0]) if len(sizes) == 1 else 0,
    }, notes  # fmt: skip


def _within(points: Points, use: Bools) -> tuple[Floats, Floats, float, int]:
    """Mean of all values, covariance within subgroups, its degrees of freedom, values used."""
    rows = np.repeat(use, points.sizes.astype(np.int64))
    group = np.repeat(np.arange(len(points.sizes)), points.sizes.astype(np.int64))
    means = _means(points, points.values.shape[1])
    off = (points.values - means[group])[rows]
    values, degrees = len(off), float(len(off) - np.count_nonzero(use))
    mean = points.values[rows].mean(axis=0) if values else means[:0].sum(axis=0)
    return mean, off.T @ off / max(degrees, 1.0), degrees, values


def _tail(parameters: Mapping[str, Any], p: int, size: float = 1.0, *, inside: bool = False) -> float:
    """Limit of T² for p characteristics at a point of this size; inside: a point that helped to estimate it."""
    from scipy.stats import beta, chi2, f

    alpha = float(parameters.get("alpha", _ALPHA))
    if not 0 < alpha < 1:
        raise InputError("a chance is not in 0 … 1", came=f"{alpha:g}", where="alpha")
    used, degrees = float(parameters.get("used", 0)), float(parameters.get("degrees", 0.0))
    if used == 0:
        return float(chi2.isf(alpha, p))
    way = parameters.get("from")
    if inside and way == "pooled":
        return float((used - 1) ** 2 / used * beta.isf(alpha, p / 2, (degrees - p) / 2))
    if inside and way == "differences":
        return float(chi2.isf(alpha, p))
    own = 1 - size / used if inside else 1 + size / used
    return float(own * p * degrees / (degrees - p + 1) * f.isf(alpha, p, degrees - p + 1))


# ---------------------------------------------------------------- T²


def _t2_run(limits: Limits, *, inside: bool = False) -> SizedRun:
    """memory: none."""
    mean, covariance, _ = _known(limits.parameters)
    factor, p = np.ascontiguousarray(_factor(covariance)), len(mean)

    def measured(points: Points, _memory: Floats) -> tuple[Floats, ...]:
        _fits(points, p)
        return (squares(points.values, points.starts, mean, factor),)

    def lines(size: float) -> tuple[tuple[float, float, float, float], ...]:
        return _above(_tail(limits.parameters, p, size, inside=inside))

    lines(1.0)  # complains at once if there is no limit
    return SizedRun(measured, lines)


def _above(limit: float) -> tuple[tuple[float, float, float, float], ...]:
    """Lines of a distance: a limit above and nothing else."""
    return ((_NAN, _NAN, limit, _NAN),)


_NAN = float("nan")


def _t2_fit(data: object, use: Bools, options: Mapping[str, Any]) -> Fit:
    parameters, notes = _estimate(data, use, options)
    parameters |= {"alpha": option(options, "alpha", _ALPHA)}
    _tail(parameters, len(parameters["mean"]))
    return Fit(parameters, notes)


def _t2_own(limits: Limits) -> SizedRun:
    """Phase I: the points that mean and covariance were estimated from."""
    return _t2_run(limits, inside=True)


T2 = Kind(
    name="t2", title="Hotelling T²", panels=(PanelKind("T²", DISTANCE, "1"),), points=_points, one=_one, fit=_t2_fit,
    start=_t2_run, options=_T2_OPTIONS, own=_t2_own,
)  # fmt: skip


# ---------------------------------------------------------------- MEWMA


def _mewma_run(limits: Limits) -> SizedRun:
    """memory: variance of the averaged vector [variance of a value], then the whitened averages, length 1 + p."""
    mean, covariance, _ = _known(limits.parameters)
    factor, p = np.ascontiguousarray(_factor(covariance)), len(mean)
    weight = number(limits, "weight", above=0, default=_WEIGHT)
    above = _above(number(limits, "limit", above=0))
    growing = flag(limits.parameters.get("growing", False), "growing")
    if weight >= 1:
        raise InputError("the weight of a MEWMA is not in 0 … 1", came=f"{weight:g}", expected="0 < weight < 1")

    def measured(points: Points, memory: Floats) -> tuple[Floats, ...]:
        _fits(points, p)
        return (averaged_squares(points.values, points.starts, mean, factor, weight, growing, memory),)

    return SizedRun(measured, lambda _: above, np.zeros(1 + p))


def _mewma_fit(data: object, use: Bools, options: Mapping[str, Any]) -> Fit:
    from luban.understand.quality.spc.arl_vector import mewma_limit

    parameters, notes = _estimate(data, use, options)
    weight = option(options, "weight", _WEIGHT)
    limit = option(options, "limit", None)
    if limit is None:
        arl = option(options, "arl", _ARL)
        parameters["arl"] = arl
        limit = mewma_limit(arl, weight=weight, variables=len(parameters["mean"]))
    more = {"weight": weight, "limit": limit, "growing": flag(options.get("growing", False), "growing")}
    return Fit({**parameters, **more}, notes)


MEWMA = Kind(
    name="mewma", title="Multivariate EWMA", panels=(PanelKind("MEWMA T²", DISTANCE, "1"),), points=_points, one=_one,
    fit=_mewma_fit, start=_mewma_run, options=_MEWMA_OPTIONS,
)  # fmt: skip
