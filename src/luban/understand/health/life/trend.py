"""Remaining life of one machine from a single indicator that drifts towards a threshold.

A Wiener process with drift: the indicator moves by a mean amount in each unit of time and wanders by chance on top.
Both are estimated from its own history over blocks of readings, so that recoveries and noise that cancel within a block
do not count as wandering. The drift is known only as well as the blocks tell it (Student's t), and it need not stay as
it was: its variance is raised by the ratio of the time drawn on to the time seen. Histories of other machines of the
kind, if there are any, count as far as they agree with each other. The life is the time of first passage, by simulation
with a fixed seed. Sources: G. A. Whitmore (1995), Lifetime Data Analysis 1, 307-319; X.-S. Si et
al. (2011), European J. of Operational Research 213, 1-14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.health.life import words
from luban.understand.quality.data import Floats

__all__ = ["LEAST_READINGS", "TrendLife", "trend_life"]

LEAST_READINGS = 16
"""Readings without which no trend is drawn on."""

_BLOCKS = 8
_DRAWN = 4000
_ALONE = 0.5  # spread of the drift of a kind of which one other machine is known, as a share of it
_SIGNS = {"high": 1.0, "low": -1.0, "": 0.0}
_SURE = 1.4  # drift over its standard error; one-sided 90 % of Student's t with 7 degrees of freedom


@dataclass(frozen=True, slots=True)
class TrendLife:
    """What is left until an indicator reaches its threshold.

    age     at the last reading [time_unit]
    level   indicator at that age, smoothed [unit]
    drift   change of the indicator in one time_unit, towards the threshold if positive [unit/time_unit]
    life    median of the remaining life [time_unit]; None if withheld
    low     it lasts at least so long, with the confidence [time_unit]
    high    and at most so long; None where so slow a drift is possible that no bound can be given
    share   confidence of the interval [1]
    used    readings it rests on
    others  other machines it rests on
    reason  why it is withheld
    """

    age: float
    level: float | None
    drift: float | None
    life: float | None
    low: float | None
    high: float | None
    share: float
    used: int
    others: int
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "age": self.age, "level": self.level, "drift": self.drift, "life": self.life, "low": self.low,
            "high": self.high, "share": self.share, "used": self.used, "others": self.others, "withheld": self.reason,
        }  # fmt: skip


def trend_life(
    time: Sequence[float] | Floats,
    indicator: Sequence[float] | Floats,
    threshold: float,
    *,
    condition: str = "",
    others: Sequence[tuple[Floats, Floats]] = (),
    share: float = 0.90,
    seed: int = 1,
) -> TrendLife:
    """Remaining life until the indicator reaches a threshold.

    time, indicator  readings of this machine so far, time rising, shape (n,); NaN is no reading
    threshold        level at which the machine counts as worn out [unit]
    condition        high: it is worn above the threshold; low: below; "": on the other side of where the history began
    others           (time, indicator) of whole histories of other machines of the kind
    share            confidence of the interval, 0.5 ≤ share < 1
    Raises           InputError columns that differ in length, time that does not rise, no such share or condition
    Example          trend_life(cycles, capacity, 1.4).life
    """
    at, level, sign = _ready(time, indicator, threshold, condition, share)
    n = len(at)
    age = float(at[-1]) if n else 0.0
    if n < LEAST_READINGS:
        reason = words.TOO_SHORT.format(n=n, least=LEAST_READINGS)
        return TrendLife(age, None, None, None, None, None, share, n, 0, reason)
    mean, error, wander = _drift(at, level)
    now = float(np.mean(level[-min(5, n // 4) :]))
    sure = mean > _SURE * error
    if mean > 0:
        error *= float(np.sqrt(1 + max(-now, 0.0) / mean / (age - float(at[0]))))
    mean, error, freedom, used = _shared(mean, error, others, sign)
    told = TrendLife(age, sign * now + threshold, mean, None, None, None, share, n, used, words.NO_TREND)
    if now >= 0:
        return replace(told, life=0.0, low=0.0, high=0.0, reason=words.ALREADY)
    if not (sure or (used and mean > 0)):
        return told
    passage = _passages(-now, mean, error, freedom, wander, seed)
    asked = [(1 - share) / 2, 0.5, (1 + share) / 2]
    low, middle, high = (float(v) for v in np.quantile(passage, asked, method="higher"))
    if not np.isfinite(middle):
        return told
    return replace(told, life=middle, low=low, high=high if np.isfinite(high) else None, reason="")


def _ready(
    time: Sequence[float] | Floats,
    indicator: Sequence[float] | Floats,
    threshold: float,
    condition: str,
    share: float,
) -> tuple[Floats, Floats, float]:
    """Time, distance past the threshold (negative before it), and the direction of wear."""
    at, level = np.asarray(time, np.float64), np.asarray(indicator, np.float64)
    if at.shape != level.shape or at.ndim != 1:
        raise InputError("times and indicator differ in length", came=f"{at.size} and {level.size}")
    if not 0.5 <= share < 1:
        raise InputError("no such coverage", came=f"{share:g}", expected="0.5 to below 1", where="share")
    if not np.isfinite(threshold):
        raise InputError("the threshold is not a number", came=f"{threshold:g}", where="threshold")
    known = np.isfinite(at) & np.isfinite(level)
    at, level = at[known], level[known]
    if bool(np.any(np.diff(at) <= 0)):
        came = f"{at[1:][np.diff(at) <= 0][0]:g}"
        raise InputError("time does not rise", came=came, hint="put readings in order of age in use")
    if condition not in _SIGNS:
        raise InputError("a limit is high or low", came=condition, expected="high, low", where="condition")
    begin = float(np.median(level[: max(1, len(level) // 8)])) if len(level) else threshold
    # nobody says on which side it is worn: wear leads from where the history began towards the threshold
    sign = _SIGNS[condition] or (1.0 if begin <= threshold else -1.0)
    return at, sign * (level - threshold), sign


def _drift(at: Floats, level: Floats) -> tuple[float, float, float]:
    """Drift, its standard error, and the variance by which the level wanders in a unit of time."""
    edges = np.linspace(0, len(at), _BLOCKS + 2).astype(np.int64)
    pairs = list(pairwise(edges))
    middle = np.array([at[a:b].mean() for a, b in pairs])
    mean = np.array([level[a:b].mean() for a, b in pairs])
    span, moved = np.diff(middle), np.diff(mean)
    drift = float(moved.sum() / span.sum())
    # means of neighbouring blocks of a Wiener process differ by two thirds of what it wanders from middle to middle
    wander = 1.5 * float(np.sum((moved - drift * span) ** 2 / span) / (len(span) - 1))
    return drift, float(np.sqrt(wander / span.sum())), wander


def _shared(
    mean: float, error: float, others: Sequence[tuple[Floats, Floats]], sign: float
) -> tuple[float, float, float, int]:
    """Own drift and that of the kind, each weighted by how well it is known; error, degrees of freedom, machines."""
    drifts = []
    for time, indicator in others:
        known = np.isfinite(time) & np.isfinite(indicator)
        if int(known.sum()) >= LEAST_READINGS:
            drifts.append(_drift(np.asarray(time)[known], sign * np.asarray(indicator)[known])[0])
    freedom = _BLOCKS - 1.0
    if not drifts:
        return mean, error, freedom, 0
    kind = float(np.mean(drifts))
    one = (_ALONE * kind) ** 2
    spread = (float(np.var(drifts, ddof=1)) if len(drifts) > 1 else one) * (1 + 1 / len(drifts))
    if spread <= 0 or error <= 0:
        return mean, error, freedom, 0
    both = 1 / (1 / error**2 + 1 / spread)
    mean = both * (mean / error**2 + kind / spread)
    return mean, both**0.5, freedom + len(drifts) - 1, len(drifts)


def _passages(far: float, mean: float, error: float, freedom: float, wander: float, seed: int) -> Floats:
    """Times of first passage, ∞ where the drawn drift leads away from the threshold, shape (_DRAWN,)."""
    rng = np.random.default_rng(seed)
    drift = mean + error * rng.standard_t(freedom, _DRAWN)
    # inverse Gaussian for a drift towards the threshold; wandering alone past a drift away is not counted on
    passage = np.full(_DRAWN, np.inf)
    towards = drift > 1e-12 * max(mean, 1e-300)
    expected = far / drift[towards]
    if wander > 0:
        passage[towards] = rng.wald(expected, far**2 / wander)
    else:
        passage[towards] = expected
    return passage
