"""What comes back every day, week or year: columns for a fit, and whether a series has it.

Reads   a series    Writes  nothing
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from luban.core.time import DAY, HOUR
from luban.understand.quality.data import Floats, Ints
from luban.verify.serial import fit_line

__all__ = ["LEAST_ROUNDS", "find_season", "season_columns"]

LEAST_ROUNDS: Final = 4
"""Times a season must come round before the act to be told from chance."""

_FEW = 7  # up to here a column for each phase, above waves
_WAVES = 3
_GAIN = 10.0


def season_columns(at: Ints, season: int) -> Floats:
    """Columns that sum to zero over a round (n × k); none where `season` < 2.

    at      number of each period
    season  periods a round
    Example  season_columns(np.arange(14), 7).shape == (14, 6)
    """
    if season < 2:
        return np.zeros((len(at), 0))
    phase = at % season
    if season <= _FEW:
        kept = (phase[:, None] == np.arange(season - 1)[None, :]).astype(np.float64)
        return np.asarray(kept - (phase == season - 1)[:, None], np.float64)
    turn = 2 * math.pi * at[:, None] * np.arange(1, _WAVES + 1)[None, :] / season
    return np.column_stack([np.cos(turn), np.sin(turn)])


def find_season(values: Floats, columns: Floats, at: Ints, period: int) -> int:
    """Periods a round, where the usual round of such periods shows clearly; else 0.

    values, columns  a series and the fit it is to be seen about
    period           distance of neighbouring periods [µs]: hours are looked at by day, days by week, months by year
    """
    round_ = 24 if period == HOUR else 7 if period == DAY else 12 if 28 * DAY <= period <= 31 * DAY else 0
    if not round_ or len(values) < LEAST_ROUNDS * round_:
        return 0
    more = np.column_stack([columns, season_columns(at, round_)])
    count = len(values)
    plain, with_it = (_left(values, one, at) for one in (columns, more))
    if not with_it > 0:
        return round_ if plain > 0 else 0
    gain = count * math.log(plain / with_it) - (more.shape[1] - columns.shape[1]) * math.log(count)
    return round_ if gain > _GAIN else 0


def _left(values: Floats, columns: Floats, at: Ints) -> float:
    """Weighed squares about the fit under the likeliest ρ."""
    line = fit_line(values, columns, at)
    best = int(np.argmax(line.weights))
    return float(line.sizes[best] ** 2 * line.free)
