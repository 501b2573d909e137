"""Savings: what was not used, against a baseline, with an interval; and their running sum.

The interval holds the noise of the periods looked at, with autocorrelation, and the doubt about the coefficients and
the change points of the baseline, which does not average out however long one looks.

Reads   a baseline, energy and drivers of later periods    Writes  nothing
Source  IPMVP Core Concepts 2022 (avoided energy use, option C); ISO 50015:2014 (measurement and verification);
        ISO 50006:2023 (indicators against a baseline)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.energy.enpi import Baseline, Driver
from luban.understand.quality.data import Excluded, Floats

__all__ = ["Savings", "savings"]


@dataclass(frozen=True)
class Savings:
    """Avoided energy of some periods.

    total, low, high  avoided energy in all [energy]; negative: more was used than expected
    share             of what was expected [1], with `share_low`, `share_high`
    indicator         used over expected [1]: the performance indicator of the plant
    level             of confidence [1]
    expected, used    per period [energy]
    running           sum of the savings up to each period, `running_error` half its interval [energy]
    periods           that were counted; `excluded` were not
    beyond            share of the periods with a driver outside what the baseline has seen [1]
    shown             the interval leaves out zero
    """

    total: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    indicator: float
    level: float
    expected: Floats
    used: Floats
    running: Floats
    running_error: Floats
    periods: int
    excluded: tuple[Excluded, ...]
    beyond: float
    notes: tuple[str, ...]

    @property
    def shown(self) -> bool:
        """Whether the data show that it is not zero."""
        return self.low > 0 or self.high < 0


def savings(
    baseline: Baseline,
    energy: Floats,
    drivers: Mapping[str, Driver],
    *,
    length: Floats | None = None,
    level: float = 0.95,
) -> Savings:
    """Avoided energy against the baseline.

    energy   measured in each period after the change [energy]; NaN: not known, left out with its expected energy
    drivers  of the same periods
    length   of each period, as at the fit
    Raises   InputError: nothing left to count, a driver missing, a level outside 0…1
    Example  savings(baseline, kwh_after, {"pieces": pieces_after}).total
    """
    from scipy.stats import t as student

    if not 0 < level < 1:
        raise InputError("a level of confidence lies between 0 and 1", came=f"{level}")
    used = np.asarray(energy, float)
    days = np.ones(len(used)) if length is None else np.asarray(length, float)
    _equal(used, drivers, days)
    expected = baseline.expected(drivers, days)
    good = np.isfinite(used) & np.isfinite(expected) & (used >= 0) & (days > 0)
    out = tuple(
        Excluded(f"period {at + 1}", "energy", f"{used[at]:g}", _why(float(used[at]))) for at in np.flatnonzero(~good)
    )
    if not good.any():
        raise InputError("no period to count savings over", came=f"{len(used)} periods", expected="one or more")
    gradient = baseline.gradient(drivers, days)[good]
    saved = (expected - used)[good]
    leaning = np.cumsum(gradient, axis=0)
    doubt = np.einsum("ij,jk,ik->i", leaning, baseline.covariance, leaning)
    noise = baseline.noise.of_sums(np.sqrt(days[good]))
    half = float(student.ppf((1 + level) / 2, baseline.noise.free)) * np.sqrt(doubt + noise**2)
    running, whole = np.cumsum(saved), float(expected[good].sum())
    total, error = float(running[-1]), float(half[-1])
    beyond, notes = _beyond(baseline, drivers, good)
    return Savings(
        total=total, low=total - error, high=total + error,
        share=_over(total, whole), share_low=_over(total - error, whole), share_high=_over(total + error, whole),
        indicator=_over(whole - total, whole), level=level, expected=expected[good], used=used[good],
        running=running, running_error=half, periods=int(good.sum()), excluded=out, beyond=beyond, notes=notes,
    )  # fmt: skip


def _over(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _why(value: float) -> str:
    return "negative energy: the meter ran backwards" if value < 0 else "energy or a driver is not known"


def _equal(used: Floats, drivers: Mapping[str, Driver], days: Floats) -> None:
    odd = {name: len(values) for name, values in {**drivers, "length": days}.items() if len(values) != len(used)}
    if odd:
        raise InputError("columns of unequal length", came=f"{odd}", expected=f"{len(used)} periods")


def _beyond(baseline: Baseline, drivers: Mapping[str, Driver], good: np.ndarray) -> tuple[float, tuple[str, ...]]:
    outside, notes = np.zeros(len(good), bool), []
    for name, (low, high) in baseline.ranges.items():
        values = np.array([float(np.mean(v)) for v in drivers[name]])
        room = 0.1 * (high - low)
        far = (values < low - room) | (values > high + room)
        if (far & good).any():
            notes.append(f"{name}: {int((far & good).sum())} periods lie beyond what the baseline has seen")
        outside |= far
    return float((outside & good).sum() / good.sum()), tuple(notes)
