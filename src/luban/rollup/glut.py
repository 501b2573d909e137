"""Does an industry run into overcapacity? Utilisation, stock and price, quarter by quarter.

Each series is held against the level of its first periods. What the period before foretells is taken off, the rest is
summed as long as it points the bad way (CUSUM): utilisation down, stock up, price down. Utilisation or stock beyond the
limit is a warning, both, or one with price, an alarm. The limits were set by drawing series without any glut, with
neighbouring quarters alike (autocorrelation 0 to 0.5), so that utilisation and stock together warn falsely in one of
twenty runs of ten years.

Reads   a series a figure    Writes  nothing
Source  E. S. Page, Biometrika 41 (1954) 100-115, doi 10.1093/biomet/41.1-2.100 (CUSUM);
        S. Vander Wiel, Technometrics 38 (1996) 139-151, doi 10.1080/00401706.1996.10484458 (series that hang together)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from luban.core.errors import InputError
from luban.rollup.signals import Signal

if TYPE_CHECKING:
    from luban.understand.quality.data import Floats

__all__ = ["BASELINE", "FALSE_ALARMS", "cusum", "overcapacity"]

BASELINE: Final = 20
"""Periods that show what is usual: five years of quarters."""

FALSE_ALARMS: Final = 0.05
"""Share of runs of forty periods without a glut that warn all the same, autocorrelation 0 to 0.5 [1]."""

_FEWEST = 12
_SLACK = 1.0
_LIMIT = 9.5


def overcapacity(
    utilisation: ArrayLike,
    *,
    stock: ArrayLike | None = None,
    price: ArrayLike | None = None,
    industry: str = "",
    baseline: int | None = None,
    season: int = 0,
) -> tuple[Signal, ...]:
    """Warnings and alarms of one industry: one signal where an episode begins, one more where it becomes an alarm.

    utilisation  output over capacity [1 or %]; nan: unknown
    stock        finished goods, in days of sales or any unit
    price        producer price, or its index
    baseline     first periods that show what is usual, ≥ 12; 20, or half of a shorter series, by default. Fewer than 20
                 know less, and the limit is wider by as much
    season       periods a year where they have seasons, e.g. 4; 0: none
    Raises       InputError: series of unequal length, a baseline too short or that never moves

    Example      quarters 0 … 19 at 0.82 ± 0.01, then falling by 0.02 a quarter: a warning within four quarters
    """
    series = {"utilisation": (utilisation, -1), "stock": (stock, 1), "price": (price, -1)}
    given = {name: sign * np.asarray(some, np.float64) for name, (some, sign) in series.items() if some is not None}
    lengths = {len(some) for some in given.values()}
    if len(lengths) != 1:
        raise InputError("series of unequal length", came=", ".join(map(str, sorted(lengths))))
    length = lengths.pop()
    usual = min(BASELINE, max(length // 2, _FEWEST)) if baseline is None else baseline
    limit = _LIMIT * max(BASELINE / usual, 1.0)
    sums = {name: cusum(some, baseline=usual, season=season) for name, some in given.items()}
    above = {name: own > limit for name, own in sums.items()}
    found, worst = [], 0
    for now in range(usual, length):
        out = [name for name in above if above[name][now]]
        grade = 0 if not set(out) - {"price"} else 1 if len(out) == 1 else 2
        if grade > worst:
            text = f"{_told(out)} left what was usual in the first {usual} periods"
            evidence = {name: f"{sums[name][now]:.1f} / {limit:g}" for name in sums}
            severity = "alarm" if grade == 2 else "doubt"
            found.append(Signal("overcapacity", 0, text, evidence, severity, industry, now))
        worst = grade if grade == 0 and not out else max(worst, grade)
    return tuple(found)


def cusum(values: ArrayLike, *, baseline: int = BASELINE, season: int = 0) -> Floats:
    """One-sided sums of what goes up without having been foretold, in standard deviations; 0 within the baseline.

    values    a series whose bad side is up; an unknown value leaves the sum as it is
    baseline  its first periods give level, scatter and autocorrelation
    """
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or baseline < _FEWEST or len(x) <= baseline:
        raise InputError("the baseline is too short", came=f"{len(x)} periods, baseline {baseline}",
                         expected="12 or more, and a period after it")  # fmt: skip
    if season:
        x = x.copy()
        for part in range(season):
            x[part::season] -= np.nanmean(x[:baseline][part::season])
    usual = x[:baseline][np.isfinite(x[:baseline])]
    free = len(usual) - max(season, 1)
    away = usual - usual.mean()
    size = float(np.sqrt((away**2).sum() / free)) if free > 0 else 0.0
    if len(usual) < _FEWEST or not size > 0:
        raise InputError("the baseline does not move, or is not known", came=f"{len(usual)} known periods")
    hang = float(away[1:] @ away[:-1] / (away @ away))
    rho = float(np.clip(hang + (1 + 4 * hang) / len(usual), 0.0, 0.8))  # freed from the bias of short series
    mean = float(usual.mean())
    sums, total, before = np.zeros(len(x)), 0.0, 0.0
    # the level itself is an estimate: its doubt widens every step
    scale = np.sqrt((1 - rho**2) * (1 + 1 / len(usual)))
    for now in range(len(x)):
        if np.isfinite(x[now]):
            z = (x[now] - mean) / size
            if now >= baseline:
                total = max(total + (z - rho * before) / scale - _SLACK, 0.0)
            before = z
        sums[now] = total
    return sums


def _told(names: Sequence[str]) -> str:
    said = [{"stock": "stocks", "price": "prices"}.get(name, name) for name in names]
    return " and ".join(said) if len(said) < 3 else f"{', '.join(said[:-1])} and {said[-1]}"
