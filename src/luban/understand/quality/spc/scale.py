"""Centre and spread of single values for charts with memory, and the options that these charts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Sample
from luban.understand.quality.spc.kernel import group_sigmas
from luban.understand.quality.spc.kind import Bools, Points, points_of_sample
from luban.understand.quality.spc.variables import VARIABLES, exact_mean

__all__ = ["SCALE_OPTIONS", "Scale", "flag", "lines_around", "means_of", "option", "scale_of"]

SCALE_OPTIONS = {
    "centre": "known mean or target [unit of the data]; else the mean of the points",
    "sigma": "known standard deviation of single values [unit of the data]; else estimated",
}
"""The options that `scale_of` takes, with what they mean."""


class Scale(NamedTuple):
    """centre and sigma with where they came from, as JSON knows them; what a reader should know."""

    parameters: Mapping[str, Any]
    notes: tuple[str, ...]


def lines_around(centre: float, spread: Floats, width: float) -> Floats:
    """Centre, lower and upper limit, standard error of each point, shape (4, k).

    spread  standard error of each point, shape (k,)
    width   distance of the limits from the centre [standard errors]
    """
    lines = np.empty((4, np.size(spread)))
    lines[3] = spread
    off = width * lines[3]
    lines[0] = centre
    lines[1] = centre - off
    lines[2] = centre + off
    return lines


def means_of(points: Points) -> Floats:
    """Mean of each subgroup, shape (k,)."""
    if len(points.values) == len(points.sizes):
        return points.values
    return np.asarray(group_sigmas(points.values, points.starts)[0], np.float64)


def scale_of(data: object, use: Bools, options: Mapping[str, Any]) -> Scale:
    """Centre and standard deviation of single values from the subgroups in use, or as the options give them.

    The estimates are those of the Shewhart charts: mean, and mean moving range / d2 of single values or mean s / c4 of
    subgroups. Raises InputError where there is no estimate: too few points, no scatter.
    """
    points = points_of_sample(data)
    assert isinstance(data, Sample)  # noqa: S101 - points_of_sample has seen to it
    centre, sigma = (option(options, name, None) for name in ("centre", "sigma"))
    if sigma is not None and sigma <= 0:
        raise InputError("sigma is not above zero", came=f"{sigma:g}", where="sigma")
    grouped = bool((points.sizes > 1).any())
    found: Mapping[str, Any] = {"centre_from": "points" if centre is None else "given", "sigma_from": "given"}
    notes: tuple[str, ...] = ()
    if sigma is None:
        kind = _SHEWHART["xbar_s" if grouped else "i_mr"]
        estimates, notes = kind.fit(data, use, {"width": 3.0})
        sigma = float(estimates["sigma"])
        found = {**found, "sigma_from": "mean s / c4" if grouped else "mean moving range / d2"}
    if centre is None:
        kept = data.values[np.repeat(use, data.sizes)]
        if not len(kept):
            raise InputError("no point to estimate the centre from", came="0 points", where="centre")
        centre = exact_mean(kept)
    sizes = np.unique(points.sizes)
    if len(sizes) == 1:
        found = {**found, "size": int(sizes[0])}
    return Scale({"centre": centre, "sigma": sigma, **found}, notes)


_SHEWHART = {kind.name: kind for kind in VARIABLES}


def option(options: Mapping[str, Any], name: str, default: Any) -> Any:
    """A number among the options, or the default. Raises InputError if it is no finite number."""
    value = options.get(name, default)
    if value is None or value is default:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise InputError("an option is not a number", came=str(value), where=name)
    return float(value)


def flag(value: Any, name: str) -> bool:
    """A yes or no among the options. Raises InputError for anything else."""
    if not isinstance(value, bool):
        raise InputError("an option is not true or false", came=str(value), where=name)
    return value
