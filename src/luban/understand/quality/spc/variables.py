"""Charts of measured values: individuals and moving range, mean and range, mean and standard deviation.

Sigma is the scatter within subgroups; subgroups may differ in size, and then each has lines of its own. With subgroups
of sizes n1, n2, … sigma is the weighted mean of R/d2(n) with weights (d2/d3)², or of s/c4(n) with weights c4²/(1-c4²):
the linear estimate without bias that scatters least. For equal sizes these are the mean range / d2 and the mean
standard deviation / c4.

Source  NIST/SEMATECH e-Handbook 6.3.2.1 and 6.3.2.2; I. W. Burr, Control charts for measurements with varying sample
        sizes, Journal of Quality Technology 1 (1969) 163-167.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Sample
from luban.understand.quality.spc.constants import c4, d2, d3
from luban.understand.quality.spc.kernel import group_ranges, group_sigmas, moving_ranges
from luban.understand.quality.spc.kind import (
    LOCATION,
    SPREAD,
    Bools,
    Fit,
    Kind,
    PanelKind,
    Points,
    one_group,
    one_value,
    points_of_sample,
    points_of_values,
)  # fmt: skip
from luban.understand.quality.spc.limits import WIDTH, Limits, number
from luban.understand.quality.spc.lines import SizedRun

__all__ = ["EXACT", "LIKE", "VARIABLES", "WIDE", "decimals_of", "exact_mean", "known_values", "rounded"]

Line = tuple[float, float, float, float]
Lines = tuple[Line, ...]
_NAN = float("nan")
EXACT = 20_000
"""Most values that are summed without rounding error."""
LIKE = 0.3
"""Correlation of neighbours above which it is noted, if it is also 3 standard errors (1/√n) from none."""
WIDE = 10
"""Largest subgroup whose range says nearly as much as its standard deviation (e-Handbook 6.3.2.1)."""


def exact_mean(values: Floats) -> float:
    """Mean that neither the order of the values nor a large offset spoils.

    Up to 20,000 values are summed without rounding error; for more the mean is taken of what is left after a first
    mean, and added to it.
    """
    if len(values) <= EXACT:
        return math.fsum(values.tolist()) / len(values)
    first = float(np.mean(values))
    return first + float(np.mean(values - first))


def rounded(value: float, decimals: float | None) -> float:
    """A constant as printed tables have it, if `decimals` says so."""
    return value if decimals is None else round(value, int(decimals))


def decimals_of(options: Mapping[str, Any]) -> dict[str, int]:
    """The option or parameter `decimals`, checked, as a parameter; nothing if it is not set."""
    given = options.get("decimals")
    if given is None:
        return {}
    if not isinstance(given, int) or not 1 <= given <= 12:
        raise InputError("constants round to 1 … 12 decimals", came=str(given), where="decimals")
    return {"decimals": given}


def _scatter(sigma: float, what: str, where: str) -> float:
    """Sigma, if it says something."""
    if sigma <= 0:
        raise InputError(
            "the values do not vary, so there are no limits", came=f"{what} {sigma:g}", where=where,
            hint="look at the resolution of the gauge, or at what the source rounds",
        )  # fmt: skip
    return sigma


def known_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Centre and sigma that are known beforehand, checked; they stand in for the estimates."""
    known: dict[str, Any] = {}
    for name in ("centre", "sigma"):
        value = options.get(name)
        if value is None:
            continue
        good = isinstance(value, (int, float)) and math.isfinite(value) and (name == "centre" or value > 0)
        if not good:
            expected = "a number" if name == "centre" else "a number above 0"
            raise InputError("a known value is not possible", came=str(value), expected=expected, where=name)
        known |= {name: float(value), f"{name}_from": "given"}
    return known


def _few(count: int, least: int, what: str, where: str) -> None:
    if count < least:
        raise InputError(f"too few {what} for limits", came=str(count), expected=f"at least {least}", where=where)


# --- individuals and moving range -------------------------------------------------------------------------------------


def _fit_i_mr(data: Sample, keep: Bools, options: Mapping[str, Any]) -> Fit:
    values = data.values
    used = values[keep]
    _few(len(used), 2, "values", data.characteristic)
    pairs = keep[1:] & keep[:-1]
    _few(int(pairs.sum()), 1, "neighbouring values", data.characteristic)
    ranges = np.abs(np.diff(values))[pairs]
    decimals = decimals_of(options)
    mean_range = exact_mean(ranges)
    sigma = _scatter(mean_range / rounded(d2(2), decimals.get("decimals")), "mean moving range", data.characteristic)
    parameters = {
        "centre": exact_mean(used), "sigma": sigma, "width": options["width"], "mean_moving_range": mean_range,
        "moving_ranges": len(ranges),
        **decimals, **known_values(options),
    }  # fmt: skip
    return Fit(parameters, tuple(_doubts(used, ranges)))


def _doubts(values: Floats, ranges: Floats) -> Iterator[str]:
    """What makes limits from moving ranges doubtful: a coarse gauge, neighbours that are alike."""
    ties = int((ranges == 0).sum())
    if 4 * ties > len(ranges):
        yield f"{ties} of {len(ranges)} moving ranges are zero: the gauge may be too coarse"
    off = values - values.mean()
    spread = float(np.sum(off * off))
    alike = float(np.sum(off[1:] * off[:-1])) / spread if spread > 0 else 0.0
    if alike > max(LIKE, 3.0 / math.sqrt(len(values))):
        yield f"Neighbouring values are alike (correlation {alike:.2f}): these limits are too narrow"


def _start_i_mr(limits: Limits) -> SizedRun:
    centre, sigma = number(limits, "centre"), number(limits, "sigma", above=0.0)
    width = number(limits, "width", above=0.0, default=WIDTH)
    decimals = decimals_of(limits.parameters).get("decimals")
    lines = (
        (centre, centre - width * sigma, centre + width * sigma, sigma),
        _spread_line(sigma, width, _range_of(2), decimals),
    )
    return SizedRun(
        lambda points, memory: (points.values, moving_ranges(points.values, memory)), lambda _: lines, np.array([_NAN])
    )


# --- mean with range or standard deviation ----------------------------------------------------------------------------


def _range_of(size: int) -> tuple[float, float]:
    """Mean and standard deviation of a range [sigma]."""
    return d2(size), d3(size)


def _sigma_of(size: int) -> tuple[float, float]:
    """Mean and standard deviation of a standard deviation [sigma]."""
    mean = c4(size)
    return mean, math.sqrt(1.0 - mean * mean)


def _spread_line(sigma: float, width: float, moments: tuple[float, float], decimals: int | None) -> Line:
    """Lines of a range or a standard deviation; with `decimals` by the factors D3, D4 (B3, B4) as they are printed."""
    mean, spread = moments
    usual, apart = rounded(mean, decimals) * sigma, width * spread / mean
    low, high = rounded(max(0.0, 1.0 - apart), decimals), rounded(1.0 + apart, decimals)
    return usual, usual * low, usual * high, usual * spread / mean


Measure = Callable[[Floats, Any], tuple[Floats, Floats]]
Moments = Callable[[int], tuple[float, float]]


def _fit_mean(data: Sample, keep: Bools, options: Mapping[str, Any], measure: Measure, moments: Moments) -> Fit:
    decimals = decimals_of(options)
    _, spreads = measure(np.ascontiguousarray(data.values), data.starts)
    sizes = data.sizes
    with_spread = keep & (sizes > 1)
    _few(int(keep.sum()), 2, "subgroups", data.characteristic)
    if not with_spread.any():
        raise InputError(
            "subgroups of one value have no scatter within", came=f"{int(keep.sum())} subgroups of one value",
            expected="at least one subgroup of two", where=data.characteristic, hint="use i_mr",
        )  # fmt: skip
    kinds = {int(size): moments(int(size)) for size in np.unique(sizes[with_spread])}
    mean = np.array([rounded(kinds[int(size)][0], decimals.get("decimals")) for size in sizes[with_spread]])
    spread = np.array([kinds[int(size)][1] for size in sizes[with_spread]])
    equal = len(kinds) == 1
    weights = np.ones(len(mean)) if equal else (mean / spread) ** 2
    sigma = exact_mean(weights * (spreads[with_spread] / mean)) / exact_mean(weights)
    if equal:
        sigma = exact_mean(spreads[with_spread]) / float(mean[0])
    _scatter(sigma, "mean scatter within subgroups", data.characteristic)
    kept = np.repeat(keep, sizes)
    parameters = {
        "centre": exact_mean(data.values[kept]), "sigma": sigma, "width": options["width"],
        "values": int(kept.sum()), "mean_spread": exact_mean(spreads[with_spread]),
        **decimals, **known_values(options),
    }  # fmt: skip
    notes = []
    if len(np.unique(sizes)) == 1:
        parameters["size"] = int(sizes[0])
    else:
        notes.append("Subgroups differ in size: each has lines of its own")
    if bool((keep & (sizes == 1)).any()):
        notes.append(f"{int((keep & (sizes == 1)).sum())} subgroups of one value say nothing about sigma")
    if moments is _range_of and int(sizes.max()) > WIDE:
        notes.append(f"Subgroups of up to {int(sizes.max())}: xbar_s tells their scatter better than a range")
    return Fit(parameters, tuple(notes))


def _start_mean(limits: Limits, measure: Measure, moments: Moments) -> SizedRun:
    centre, sigma = number(limits, "centre"), number(limits, "sigma", above=0.0)
    width = number(limits, "width", above=0.0, default=WIDTH)
    decimals = decimals_of(limits.parameters).get("decimals")

    def lines(size: float) -> Lines:
        error = sigma / math.sqrt(size)
        place = (centre, centre - width * error, centre + width * error, error)
        if size < 2:
            return place, (_NAN, _NAN, _NAN, _NAN)
        each = moments(int(size))
        if decimals is not None:  # by the factor A2 (A3) as it is printed
            error = rounded(width / (each[0] * math.sqrt(size)), decimals) * rounded(each[0], decimals) * sigma / width
            place = (centre, centre - width * error, centre + width * error, error)
        return place, _spread_line(sigma, width, each, decimals)

    def measured(points: Points, _memory: Floats) -> tuple[Floats, ...]:
        return measure(points.values, points.starts)

    return SizedRun(measured, lines)


def _fit_xbar_r(data: Sample, keep: Bools, options: Mapping[str, Any]) -> Fit:
    return _fit_mean(data, keep, options, group_ranges, _range_of)


def _start_xbar_r(limits: Limits) -> SizedRun:
    return _start_mean(limits, group_ranges, _range_of)


def _fit_xbar_s(data: Sample, keep: Bools, options: Mapping[str, Any]) -> Fit:
    return _fit_mean(data, keep, options, group_sigmas, _sigma_of)


def _start_xbar_s(limits: Limits) -> SizedRun:
    return _start_mean(limits, group_sigmas, _sigma_of)


_OPTIONS = {
    "width": "distance of the limits from the centre [standard errors], default 3",
    "centre": "known mean or target [unit of the data]; default: the mean of the points",
    "sigma": "known standard deviation of single values [unit of the data]; default: estimated within subgroups",
    "decimals": "round d2, c4, A2, A3, B3, B4, D3, D4 to so many decimals, as printed tables do; default: exact",
}

VARIABLES: tuple[Kind, ...] = (
    Kind(
        "i_mr", "Individuals and moving range",
        (PanelKind("individual", LOCATION), PanelKind("moving range", SPREAD)),
        points_of_values, one_value, _fit_i_mr, _start_i_mr, _OPTIONS,
    ),
    Kind(
        "xbar_r", "Mean and range", (PanelKind("mean", LOCATION), PanelKind("range", SPREAD)),
        points_of_sample, one_group, _fit_xbar_r, _start_xbar_r, _OPTIONS,
    ),
    Kind(
        "xbar_s", "Mean and standard deviation",
        (PanelKind("mean", LOCATION), PanelKind("standard deviation", SPREAD)),
        points_of_sample, one_group, _fit_xbar_s, _start_xbar_s, _OPTIONS,
    ),
)  # fmt: skip
"""i_mr, xbar_r, xbar_s."""
