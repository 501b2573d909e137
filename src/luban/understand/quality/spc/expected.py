"""What to expect of a chart: points to a false signal, and points to the signal after a shift of a given size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luban.core.errors import InputError
from luban.understand.quality.spc.arl import cusum_arl, ewma_arl, individuals_range_arl
from luban.understand.quality.spc.arl_rules import PATTERNS, patterns, rules_arl
from luban.understand.quality.spc.arl_vector import FARTHEST, count_arl, mewma_arl, spread_arl, t2_arl
from luban.understand.quality.spc.constants import c4, d2, d3
from luban.understand.quality.spc.limits import WIDTH
from luban.understand.quality.spc.simulation import (
    RunLength,
    counts_run_length,
    mewma_run_length,
    moving_average_run_length,
    rules_run_length,
)

__all__ = ["SHIFTS", "Expected", "expected_run_lengths"]

SHIFTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Shifts of the mean that are told [standard errors of a plotted mean]."""

_RUNS = 4000
_LIMITS_ONLY = frozenset({"beyond_limits", "nelson_1", "western_electric_1"})
_SINGLE = {"i_mr": "individual", "dnom": "deviation", "z_mr": "standardised value"}
_GROUPED = {
    "xbar_r": ("mean", "range"), "xbar_s": ("mean", "standard deviation"),
    "short_xbar_r": ("standardised mean", "standardised range"),
}  # fmt: skip
_COUNTED = frozenset({"p", "np", "c", "u"})
_OF_COUNTS = frozenset({"beyond", "side", "trend", "alternate"})


@dataclass(frozen=True, slots=True)
class Expected:
    """Average run length at a shift.

    shift   of the mean [standard errors of a plotted mean]; of several characteristics its length
    points  until the first signal, on average
    error   standard error of that where it was simulated; 0: worked out
    panels  panels of the chart that were counted, e.g. `individual, moving range`
    """

    shift: float
    points: float
    error: float
    panels: str


def expected_run_lengths(
    kind: str, parameters: Mapping[str, Any], rules: Sequence[str], shifts: Sequence[float] = SHIFTS
) -> tuple[Expected, ...]:
    """Average run lengths of a chart with these parameters and rules.

    Values are taken as independent and normal, limits as known: estimated limits scatter, and so does what they give.
    Raises  InputError for a kind whose run length is not known (Laney), unequal sizes of counts, no rule
    Example expected_run_lengths("xbar_r", {"width": 3.0}, ["nelson_1"])[0].points is about 370.4
    """
    way, panels = _way(kind, parameters, tuple(rules))
    told = []
    for shift in shifts:
        found = way(shift)
        if isinstance(found, RunLength):
            told.append(Expected(shift, found.mean, found.error, panels))
        else:
            told.append(Expected(shift, found, 0.0, panels))
    return tuple(told)


def _way(
    kind: str, parameters: Mapping[str, Any], rules: tuple[str, ...]
) -> tuple[Callable[[float], float | RunLength], str]:
    """What gives the run length at a shift, and which panels it speaks of."""
    width = float(parameters.get("width", WIDTH))
    if not rules:
        raise InputError("a chart without rules never signals", came="none", expected="at least one rule")
    if kind in _COUNTED:
        return _counted(kind, parameters, rules, width)
    if kind in _SINGLE:
        return _single(kind, rules, width)
    if kind in _GROUPED:
        return _grouped(kind, parameters, rules, width)
    if not set(rules) & _LIMITS_ONLY:
        raise InputError("these rules do not apply to this chart", came=", ".join(rules), expected="beyond_limits")
    return _memory(kind, parameters, width)


def _single(kind: str, rules: tuple[str, ...], width: float) -> tuple[Callable[[float], float | RunLength], str]:
    """Single values with their moving range; the limit of the range is a rule of its own."""
    panels = f"{_SINGLE[kind]}, moving range"
    reach = d2(2) + width * d3(2)
    if set(rules) <= _LIMITS_ONLY:
        return lambda shift: individuals_range_arl(shift, width=width, range_width=reach), panels
    if set(rules) & _LIMITS_ONLY:
        return lambda shift: rules_run_length(rules, shift, width=width, range_width=reach, runs=_RUNS), panels
    return lambda shift: rules_run_length(rules, shift, width=width, runs=_RUNS), _SINGLE[kind]


def _grouped(
    kind: str, parameters: Mapping[str, Any], rules: tuple[str, ...], width: float
) -> tuple[Callable[[float], float | RunLength], str]:
    """Means with the range or standard deviation, which is independent of them."""
    place, spread = _GROUPED[kind]
    size = int(parameters.get("size", 0))
    beside, panels = 0.0, place
    if size > 1 and set(rules) & _LIMITS_ONLY:
        mean, scatter = (c4(size), math.sqrt(1 - c4(size) ** 2)) if kind == "xbar_s" else (d2(size), d3(size))
        lower, upper = max(0.0, mean - width * scatter), mean + width * scatter
        beside = 1 / spread_arl("s" if kind == "xbar_s" else "r", size=size, lower=lower, upper=upper)
        panels = f"{place}, {spread}"
    if any(pattern.kind in {"trend", "alternate"} for pattern in patterns(rules)):
        return lambda shift: rules_run_length(rules, shift, width=width, beside=beside, runs=_RUNS), panels
    return lambda shift: rules_arl(rules, shift, width=width, beside=beside), panels


def _counted(
    kind: str, parameters: Mapping[str, Any], rules: tuple[str, ...], width: float
) -> tuple[Callable[[float], float | RunLength], str]:
    """Counts in subgroups of one size; a shift is in standard errors of the plotted value."""
    size = float(parameters.get("size", 0))
    if not size > 0:
        raise InputError("subgroups differ in size, so there is no one run length", where=kind)
    centre = float(parameters["centre"]) / (size if kind in {"np", "c"} else 1.0)
    binomial = kind in {"p", "np"}
    error = math.sqrt(centre * (1 - centre) / size if binomial else centre / size)
    taken = tuple(rule for rule in rules if PATTERNS[rule].span <= 1 and PATTERNS[rule].kind in _OF_COUNTS)
    lower, upper = centre - width * error, centre + width * error
    if not taken:
        raise InputError("these rules do not apply to this chart", came=", ".join(rules), expected="beyond_limits")

    def way(shift: float) -> float | RunLength:
        rate = min(centre + shift * error, 1.0) if binomial else centre + shift * error
        if set(taken) <= _LIMITS_ONLY:
            return count_arl("p" if binomial else "u", rate, lower=max(lower, 0.0), upper=upper, size=size)
        return counts_run_length(
            "p" if binomial else "u", rate, taken, centre=centre, size=size, width=width, runs=_RUNS
        )

    return way, {"p": "proportion", "np": "number defective", "c": "defects", "u": "defects per unit"}[kind]


def _memory(kind: str, parameters: Mapping[str, Any], width: float) -> tuple[Callable[[float], float | RunLength], str]:
    """The same for charts with memory and of many characteristics, which only a limit signals."""
    if kind == "ewma":
        weight, growing = float(parameters["weight"]), bool(parameters.get("growing", True))
        return lambda shift: ewma_arl(shift, weight=weight, width=width, growing=growing), "EWMA"
    if kind == "cusum":
        reference, interval = float(parameters["reference"]), float(parameters["interval"])
        head = float(parameters.get("head_start", 0.0)) * interval
        return lambda shift: cusum_arl(
            shift, reference=reference, interval=interval, head_start=head
        ), "upper sum, lower sum"
    if kind == "moving_average":
        span = int(parameters["span"])
        return lambda shift: moving_average_run_length(shift, span=span, width=width, runs=_RUNS), "moving average"
    if kind == "t2":
        from scipy.stats import chi2

        count = len(parameters["mean"])
        limit = float(chi2.isf(float(parameters["alpha"]), count))
        return lambda shift: t2_arl(shift, limit=limit, variables=count), "T²"
    if kind == "mewma":
        weight, limit, count = float(parameters["weight"]), float(parameters["limit"]), len(parameters["mean"])
        far = math.sqrt(limit / (weight * (2 - weight))) > FARTHEST

        def way(shift: float) -> float | RunLength:
            if far and shift:
                return mewma_run_length(shift, weight=weight, limit=limit, variables=count, runs=_RUNS)
            return mewma_arl(shift, weight=weight, limit=limit, variables=count)

        return way, "MEWMA T²"
    raise InputError("the run length of this chart is not known", came=kind, expected="a chart whose limits are fixed")
