"""What a history says at each of its readings: levels, drifts and trends of every channel, known at that moment.

Nothing later than the reading enters, so a feature learned on whole histories means the same on one that still runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from luban.understand.health.life.histories import Flags, Histories
from luban.understand.health.life.regimes import Regimes
from luban.understand.quality.data import Floats

__all__ = ["Sight", "see"]

_FAST, _LEVEL, _SLOW = 6, 20, 60  # spans of the moving averages [readings]
_TRENDS = (20, 40, 60)  # windows of the trends [readings]
_FUSED = 3


@dataclass(frozen=True, slots=True)
class Sight:
    """How features are made.

    channels  channels used, in this order
    regimes   states of operation of these channels
    moving    channels that vary within a state, shape (c,)
    fused     directions in which the fleet moves, by principal components of the levels, shape (moving, f)
    """

    channels: tuple[str, ...]
    regimes: Regimes
    moving: Flags
    fused: Floats

    def features(self, histories: Histories) -> Floats:
        """Features of each reading, shape (n, f); age is the last."""
        taken = histories.only(self.channels)
        scores = self.scores(taken)
        rows = [self._one(scores[span], taken.time[span]) for span in taken.spans()]
        return np.vstack(rows)

    def scores(self, taken: Histories) -> Floats:
        """Standardised readings of the moving channels; the last one is held over a gap, shape (n, moving)."""
        states = self.regimes.assign(taken.values)
        scores = self.regimes.scores(taken.values, states)[:, self.moving]
        for span in taken.spans():
            scores[span] = _held(scores[span])
        return scores

    def _one(self, scores: Floats, time: Floats) -> Floats:
        level, slow = average(scores, _LEVEL), average(scores, _SLOW)
        so_far = np.cumsum(scores, axis=0) / np.arange(1, len(scores) + 1)[:, None]
        merged = scores @ self.fused
        near = average(scores, _FAST)
        return np.hstack([
            level, slow, level - so_far, trend(near, _TRENDS[1]), near @ self.fused, level @ self.fused,
            trend(merged, _TRENDS[0]), trend(merged, _TRENDS[2]), time[:, None],
        ])  # fmt: skip

    def signs(self, directions: dict[str, int]) -> list[int]:
        """Direction of remaining life in each feature: −1 where it falls as the feature rises, 0 free.

        directions  +1 for a channel that rises with wear, −1 for one that falls
        """
        moving = [name for name, moves in zip(self.channels, self.moving, strict=True) if moves]
        each = [-directions.get(name, 0) for name in moving]
        return [*each * 4, *[0] * (4 * self.fused.shape[1]), 0]


def see(histories: Histories, regimes: Regimes, *, held_out: tuple[str, ...] = ()) -> Sight:
    """Features that fit these histories.

    held_out  channels kept out of the fused directions, because their own direction is known
    """
    moving: Flags = np.asarray((regimes.spread > 0).any(axis=0))
    bare = Sight(histories.channels, regimes, moving, np.zeros((int(moving.sum()), 0)))
    scores = bare.scores(histories)
    levels = np.vstack([average(scores[span], _LEVEL) for span in histories.spans()])
    names = [name for name, moves in zip(histories.channels, moving, strict=True) if moves]
    levels = levels - levels.mean(axis=0)
    levels[:, [i for i, name in enumerate(names) if name in held_out]] = 0.0
    _, vectors = np.linalg.eigh(levels.T @ levels)
    fused = vectors[:, ::-1][:, :_FUSED]
    fused[[i for i, name in enumerate(names) if name in held_out]] = 0.0
    turned: Floats = fused * np.where(fused[np.abs(fused).argmax(axis=0), np.arange(fused.shape[1])] < 0, -1.0, 1.0)
    return Sight(histories.channels, regimes, moving, turned)


def average(values: Floats, span: int) -> Floats:
    """Exponentially weighted mean with weights that sum to 1 from the first reading on, shape (n, c).

    span  readings; the weight of the newest is 2 / (span + 1)
    """
    weight = 2 / (span + 1)
    total: Floats = lfilter([weight], [1, weight - 1], values, axis=0)
    reached = 1 - (1 - weight) ** np.arange(1, len(values) + 1)
    return total / reached[:, None]


def trend(values: Floats, window: int) -> Floats:
    """Slope of the last readings by least squares, times the root of their number, shape (n, c)."""
    n = len(values)
    at = np.arange(n, dtype=np.float64)[:, None]
    size = np.minimum(np.arange(1, n + 1), window)[:, None].astype(np.float64)

    def window_sum(column: Floats) -> Floats:
        sums = np.vstack([np.zeros((1, column.shape[1])), np.cumsum(column, axis=0)])
        return sums[1:] - sums[np.maximum(np.arange(1, n + 1) - window, 0)]

    t, x = window_sum(at), window_sum(values)
    above = size * window_sum(at * values) - t * x
    below = size * window_sum(at * at) - t * t
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), 0.0) * np.sqrt(size)


def _held(scores: Floats) -> Floats:
    missing = np.isnan(scores)
    if not missing.any():
        return scores
    last = np.where(missing, 0, np.arange(len(scores))[:, None])
    np.maximum.accumulate(last, axis=0, out=last)
    return np.nan_to_num(np.take_along_axis(scores, last, axis=0), nan=0.0)
