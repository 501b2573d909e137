"""Is something wrong with quality in an industry or a region? Failed inspections and claims, period by period.

Each cell is held against its own recent past: a rate, freed from what stood out then, and how much wider than chance
the counts scatter, shared between cells. A count, or the sum of the last two, so high that it would hardly ever come is
an alarm. "Hardly ever" is asked for whole runs: so many cells, both sums and all periods of the horizon together give a
false alarm in the stated share of runs at most.

Reads   counts, and what they are counted from    Writes  nothing
Source  A. Noufaily and others, Statistics in Medicine 32 (2013) 1206-1222, doi 10.1002/sim.5595 (outbreak detection by
        quasi-Poisson with down-weighted past outbreaks and a negative binomial threshold)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from luban.core.errors import InputError
from luban.rollup.signals import Signal

if TYPE_CHECKING:
    from luban.understand.quality.data import Floats

__all__ = ["FEWEST_PERIODS", "outbreaks"]

FEWEST_PERIODS: Final = 12
"""Periods of the past that a cell needs."""

_OUT = 2.58
_SUMS = (1, 2)
_MEDIAN_OF_SQUARE = 0.455  # of a standard normal
_SHARED = 20.0  # periods that the scatter of all cells counts for in each one's own
_DOUBT = 1.5  # of what scatters beyond chance: it is an estimate, and alarms live in its tail


def outbreaks(
    counts: ArrayLike,
    exposure: ArrayLike | None = None,
    cells: Sequence[str] = (),
    *,
    start: int | None = None,
    window: int = 24,
    false_alarms: float = 0.05,
) -> tuple[Signal, ...]:
    """Alarms by cell and period, in the order of periods.

    counts        cells × periods; nan: nothing was reported, which is unknown and no zero
    exposure      pieces inspected or sold, same shape; 1 everywhere by default
    cells         names of the rows
    start         first period that is judged; the first with enough past by default
    window        periods of the past at most
    false_alarms  share of runs, from `start` to the end over all cells, that give any false alarm [1]
    Raises        InputError: not cells × periods, a negative count, a past too short, exposure of zero

    Example       outbreaks([[4, 5, 3, 4, 6, 5, 4, 3, 5, 4, 6, 4, 5, 22]])[0].period  # 13
    """
    seen, base = _checked(counts, exposure, cells, false_alarms)
    count, periods = seen.shape
    first = FEWEST_PERIODS if start is None else start
    if not FEWEST_PERIODS <= first < periods:
        raise InputError("the past is too short", came=f"{periods} periods, judged from {first}",
                         expected=f"{FEWEST_PERIODS} periods before the first one that is judged")  # fmt: skip
    limit = false_alarms / (count * len(_SUMS) * (periods - first))
    names = tuple(cells) or tuple(str(number + 1) for number in range(count))
    found = []
    for now in range(first, periods):
        chances, expected, sums = _judged(seen, base, now, window)
        for cell in np.flatnonzero(chances.min(axis=0) < limit).tolist():
            which = int(chances[:, cell].argmin())
            came, usual = float(sums[which, cell]), float(expected[which, cell])
            what = "count" if _SUMS[which] == 1 else "sum of the last two periods"
            text = f"{came:.0f} where {usual:.1f} are usual ({what})"
            evidence = {"count": f"{came:.0f}", "usual": f"{usual:.4g}", "chance": f"{chances[which, cell]:.3g}"}
            found.append(Signal("quality", 0, text, evidence, "alarm", names[cell], now))
    return tuple(found)


def _checked(
    counts: ArrayLike, exposure: ArrayLike | None, cells: Sequence[str], false_alarms: float
) -> tuple[Floats, Floats]:
    seen = np.asarray(counts, np.float64)
    if seen.ndim != 2 or not seen.size:
        raise InputError("counts are cells × periods", came=str(seen.shape))
    base = np.ones_like(seen) if exposure is None else np.asarray(exposure, np.float64)
    if base.shape != seen.shape or (cells and len(cells) != len(seen)):
        raise InputError("counts, exposure and names do not fit", came=f"{seen.shape}, {base.shape}, {len(cells)}")
    if np.any(seen < 0) or np.any(~(base > 0) & np.isfinite(seen)):
        raise InputError("counts are zero or more, exposure is above zero", came=f"{np.nanmin(seen):g}")
    if not 0 < false_alarms < 1:
        raise InputError("a share of false alarms lies between 0 and 1", came=f"{false_alarms:g}")
    return seen, base


def _judged(seen: Floats, base: Floats, now: int, window: int) -> tuple[Any, Any, Any]:
    """Chance of so much or more, what is usual, and what came: sums × cells."""
    chances, usual, came = [], [], []
    for length in _SUMS:
        recent = slice(now + 1 - length, now + 1)
        past = slice(max(now + 1 - max(_SUMS) - window, 0), now + 1 - max(_SUMS))
        rate, scatter, known = _past(seen[:, past], base[:, past])
        exposed = base[:, recent].sum(axis=1)
        total = seen[:, recent].sum(axis=1)  # nan where one is unknown: not judged
        mean = rate * exposed
        spread = scatter * mean * (1 + exposed / np.maximum(known, 1e-300))
        chances.append(np.where(np.isfinite(total) & (known > 0), _tail(total, mean, spread), 1.0))
        usual.append(mean)
        came.append(total)
    return np.stack(chances), np.stack(usual), np.stack(came)


def _past(seen: Floats, base: Floats) -> tuple[Floats, Floats, Floats]:
    """Rate, how much wider than chance counts scatter [1], and the exposure behind it, by cell."""
    there = np.isfinite(seen)
    counts, exposed = np.where(there, seen, 0.0), np.where(there, base, 0.0)
    rates = np.where(there, counts / np.where(there, exposed, 1.0), np.inf)  # unknown ones sort to the end
    middle = np.maximum(there.sum(axis=1) - 1, 0) // 2
    rate = np.take_along_axis(np.sort(rates, axis=1), middle[:, None], axis=1)[:, 0]
    rate = np.where(np.isfinite(rate), rate, 0.0)
    weights = there.astype(np.float64)
    for _ in range(3):
        mean = np.maximum(rate[:, None] * exposed, 1e-9)
        # Anscombe's residual of a count; those far out hardly count
        residual = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6)
        usual = max(float(np.median(residual[there] ** 2)) / _MEDIAN_OF_SQUARE, 1.0) if there.any() else 1.0
        residual /= np.sqrt(usual)
        weights = np.where(there, np.where(residual > _OUT, (_OUT / np.maximum(residual, _OUT)) ** 4, 1.0), 0.0)
        # half a count more: a cell without any failure so far may still have one
        rate = ((weights * counts).sum(axis=1) + 0.5) / np.maximum((weights * exposed).sum(axis=1), 1e-300)
    mean = np.maximum(rate[:, None] * exposed, 1e-9)
    square = weights * (counts - mean) ** 2 / mean
    free = np.maximum(weights.sum(axis=1) - 1, 1.0)
    shared = float(np.median(square.sum(axis=1) / free))
    scatter = 1 + _DOUBT * np.maximum((square.sum(axis=1) + _SHARED * shared) / (free + _SHARED) - 1, 0.0)
    return rate, scatter, (weights * exposed).sum(axis=1)


def _tail(total: Floats, mean: Floats, spread: Floats) -> Floats:
    """Probability of `total` or more: negative binomial with that mean and variance."""
    from scipy.stats import nbinom

    spread = np.maximum(spread, mean * (1 + 1e-9))
    share = np.clip(mean / spread, 1e-300, 1 - 1e-12)
    size = np.maximum(mean * share / (1 - share), 1e-12)
    return np.asarray(nbinom.sf(np.nan_to_num(total) - 1, size, share))
