"""What to expect of a chart: points to a false signal, and points to the signal after a shift of a given size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luban.core.errors import InputError
from luban.understand.quality.spc.arl import cusum_arl, ewma_arl, individuals_range_arl
from luban.understand.quality.spc.arl_rules import patterns, rules_arl
from luban.understand.quality.spc.arl_vector import mewma_arl, t2_arl
from luban.understand.quality.spc.constants import d2, d3
from luban.understand.quality.spc.limits import WIDTH
from luban.understand.quality.spc.simulation import RunLength, moving_average_run_length, rules_run_length

__all__ = ["SHIFTS", "Expected", "expected_run_lengths"]

SHIFTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Shifts of the mean that are told [standard errors of a plotted mean]."""

_RUNS = 4000
_LIMITS_ONLY = frozenset({"beyond_limits", "nelson_1", "western_electric_1"})
_PLACED = frozenset({"i_mr", "xbar_r", "xbar_s", "dnom", "z_mr", "short_xbar_r"})


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
    Raises  InputError for a kind or rules whose run length is not known here (counts: `count_arl`)
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
    only_limits = set(rules) <= _LIMITS_ONLY
    if not rules:
        raise InputError("a chart without rules never signals", came="none", expected="at least one rule")
    if kind == "i_mr" and only_limits:
        reach = d2(2) + width * d3(2)
        return lambda shift: individuals_range_arl(shift, width=width, range_width=reach), "individual, moving range"
    if kind in _PLACED:
        values = any(pattern.kind in {"trend", "alternate"} for pattern in patterns(rules))
        panel = {"i_mr": "individual", "dnom": "deviation", "z_mr": "standardised value",
                 "short_xbar_r": "standardised mean"}.get(kind, "mean")  # fmt: skip
        if values:
            return lambda shift: rules_run_length(rules, shift, width=width, runs=_RUNS), panel
        return lambda shift: rules_arl(rules, shift, width=width), panel
    if not set(rules) & _LIMITS_ONLY:
        raise InputError("these rules do not apply to this chart", came=", ".join(rules), expected="beyond_limits")
    return _memory(kind, parameters, width)


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
        return lambda shift: mewma_arl(shift, weight=weight, limit=limit, variables=count), "MEWMA T²"
    raise InputError("the run length of this chart is not worked out here", came=kind,
                     hint="charts of counts: luban.understand.quality.spc.arl_vector.count_arl")  # fmt: skip
