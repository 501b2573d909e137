"""Savings by the hour against a baseline by the hour, summed by the day, with an interval.

The interval holds the noise of the days counted and the doubt about the baseline, both from days with the
autocorrelation that is likely: hours are not 24 times as much knowledge as their day.

Reads   a baseline by the hour, energy, temperature and drivers of later hours    Writes  nothing
Source  IPMVP Core Concepts 2022 (avoided energy use, option C); ASHRAE Guideline 14-2014, annex B (uncertainty)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.linalg import toeplitz

from luban.core.errors import InputError
from luban.core.time import iso
from luban.understand.energy.savings import Savings
from luban.understand.energy.towt import HOURS, HourlyBaseline, day_of, given_hours, terms_of
from luban.understand.quality.data import Excluded, Floats, Ints

__all__ = ["HourlySavings", "hourly_savings"]

_DAY = 24


@dataclass(frozen=True, eq=False)
class HourlySavings:
    """Savings by the day.

    savings  of the days; its periods are `days`
    days     that were counted, in order; `hours` of them were
    by_hour  mean saving in each hour of the week [energy/h], 0 Monday from midnight on; NaN: none counted
    """

    savings: Savings
    days: tuple[date, ...]
    hours: int
    by_hour: Floats


def hourly_savings(
    baseline: HourlyBaseline,
    times: Ints,
    energy: Floats,
    temperature: Floats | None = None,
    *,
    drivers: Mapping[str, Floats] | None = None,
    level: float = 0.95,
) -> HourlySavings:
    """Avoided energy against the baseline.

    times        starts of the hours after the change, in order [µs UTC]
    energy       in each; NaN or negative: left out together with what was expected of it
    temperature  of each [°C], drivers likewise; as at the fit
    Raises       InputError: nothing left to count, a driver missing, a level outside 0…1
    Example      hourly_savings(baseline, hours_after, kwh_after, outside_after).savings.total
    """
    from scipy.stats import t as student

    if not 0 < level < 1:
        raise InputError("a level of confidence lies between 0 and 1", came=f"{level}")
    used = np.asarray(energy, float)
    if len(used) != len(times):
        raise InputError("columns of unequal length", came=f"{len(used)} of energy", expected=f"{len(times)} hours")
    if len(times) > 1 and not (np.diff(times) > 0).all():
        at = int(np.flatnonzero(np.diff(times) <= 0)[0]) + 1
        raise InputError("hours out of order", came=iso(int(times[at]), baseline.zone), where=f"hour {at + 1}")
    expected = baseline.expected(times, temperature, drivers)
    good = np.isfinite(used) & (used >= 0) & np.isfinite(expected)
    if not good.any():
        raise InputError("no period to count savings over", came=f"{len(used)} hours", expected="one or more")
    given = given_hours(baseline, times, temperature, drivers)
    days, into = np.unique(given.clock.day[good], return_inverse=True)
    sums = np.full(len(used), -1)
    sums[good] = into
    x = [terms_of(part, given.clock.week, given.temperature, given.others) for part in baseline.parts]
    pull, uneven = baseline.influence(given.clock, x, sums, len(days))
    half = float(student.ppf((1 + level) / 2, baseline.noise.free)) * _error(
        baseline, np.cumsum(pull, axis=0), np.cumsum(uneven, axis=0), np.bincount(into) / _DAY
    )
    count = len(days)
    by_day = [np.asarray(np.bincount(into, one[good], count), np.float64) for one in (expected, used)]
    running = np.cumsum(by_day[0] - by_day[1])
    total, error, whole = float(running[-1]), float(half[-1]), float(expected[good].sum())
    beyond, notes = _beyond(baseline, given.clock.month, given.temperature, drivers or {}, good)
    found = Savings(
        total=total, low=total - error, high=total + error, share=_over(total, whole),
        share_low=_over(total - error, whole), share_high=_over(total + error, whole),
        indicator=_over(whole - total, whole), level=level, expected=by_day[0], used=by_day[1],
        running=running, running_error=half, periods=len(days),
        excluded=_excluded(baseline, times, used, good), beyond=beyond, notes=notes,
    )  # fmt: skip
    week = given.clock.week[good]
    with np.errstate(invalid="ignore"):
        by_hour = np.bincount(week, (expected - used)[good], HOURS) / np.bincount(week, minlength=HOURS)
    return HourlySavings(found, tuple(day_of(int(one)) for one in days), int(good.sum()), by_hour)


def _error(baseline: HourlyBaseline, pull: Floats, uneven: Floats, share: Floats) -> Floats:
    """Standard error of the running sums: the days counted, the baseline's days, what is uneven within those."""
    noise, lags = baseline.noise, np.arange(pull.shape[1])
    row = np.zeros(len(lags))
    for rho, weight, size in zip(noise.rhos, noise.weights, noise.sizes, strict=True):
        row += weight * size * size * rho**lags
    doubt = np.einsum("ij,ij->i", pull @ toeplitz(row), pull)
    few = baseline.days / max(baseline.days - baseline.parameters, 1)
    root: Floats = np.sqrt(doubt + few * (uneven * uneven).sum(axis=1) + noise.of_sums(share) ** 2)
    return root


def _over(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _excluded(baseline: HourlyBaseline, times: Ints, used: Floats, good: np.ndarray) -> tuple[Excluded, ...]:
    def why(at: int) -> str:
        if used[at] < 0:
            return "negative energy: the meter ran backwards"
        if not math.isfinite(used[at]):
            return "energy is not known"
        return "a driver is not known, or the baseline has never seen this hour of the week or month"

    return tuple(
        Excluded(iso(int(times[at]), baseline.zone), "energy", f"{used[at]:g}", why(int(at)))
        for at in np.flatnonzero(~good)
    )


def _beyond(
    baseline: HourlyBaseline, month: Ints, warm: Floats, drivers: Mapping[str, Floats], good: np.ndarray
) -> tuple[float, tuple[str, ...]]:
    outside, notes = np.zeros(len(good), bool), []

    def look(values: Floats, low: float, high: float, own: np.ndarray) -> int:
        room = 0.1 * (high - low)
        far = own & ((values < low - room) | (values > high + room))
        outside[far] = True
        return int(far.sum())

    far = sum(
        look(warm, part.low, part.high, good & np.isin(month, sorted(part.months)))
        for part in baseline.parts
        if part.feels
    )
    if far:
        notes.append(f"temperature: {far} hours lie beyond what the baseline has seen")
    for name, (low, high) in baseline.ranges.items():
        if far := look(np.asarray(drivers[name], float), low, high, good):
            notes.append(f"{name}: {far} hours lie beyond what the baseline has seen")
    return float((outside & good).sum() / good.sum()), tuple(notes)
