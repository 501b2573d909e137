"""States of operation found in the readings: load, speed, product. Each is compared only with itself.

k-means on all channels, then again on those that the clusters explain; a state counts only if the clusters stand well
apart and machines visit it when still young, so that wear is never taken for a state. Of all numbers of states that
pass, the greatest is taken. Source: P. Rousseeuw
(1987), J. Comput. Appl. Math. 20, 53-65 (silhouette), with distances to centres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.understand.health.clusters import distances, explained, k_means, silhouette, standardised
from luban.understand.health.life.histories import Histories
from luban.understand.quality.data import Floats, Ints

__all__ = ["Regimes", "find_regimes"]

_MOST = 10
_APART = 0.7  # least silhouette of a state, by centres; one cloud of points cut in two reaches 0.5
_EXPLAINED = 0.5  # share of a channel's variance between states, from which on it tells them apart
_ROWS = 4000
_STRANGE = 2.0  # times the farthest learned reading of a state


@dataclass(frozen=True, slots=True)
class Regimes:
    """States of operation, with what is usual in each.

    centres  of each state, in standardised channels, shape (r, c)
    middle, scale  of each channel over all states [its unit], shape (c,); scale 0: it does not tell states apart
    mean, spread   of each channel within each state [its unit], shape (r, c); spread 0: constant there
    reach    greatest distance of a learned reading from its centre, shape (r,)
    """

    centres: Floats
    middle: Floats
    scale: Floats
    mean: Floats
    spread: Floats
    reach: Floats

    def __len__(self) -> int:
        """Number of states."""
        return len(self.centres)

    def assign(self, values: Floats) -> Ints:
        """State of each reading, −1 for one never seen before; shape (n,)."""
        if len(self) == 1:
            return np.zeros(len(values), np.int64)
        distance = distances(standardised(values, self.middle, self.scale), self.centres)
        state = distance.argmin(axis=1)
        far = np.sqrt(distance.min(axis=1)) > _STRANGE * np.maximum(self.reach[state], 1e-9)
        return np.where(far, -1, state)

    def scores(self, values: Floats, states: Ints) -> Floats:
        """Standard deviations from what is usual in the state, NaN for a strange one; shape (n, c)."""
        spread = np.where(self.spread > 0, self.spread, np.inf)
        scores: Floats = (values - self.mean[states]) / spread[states]
        scores[states < 0] = np.nan
        return scores


def find_regimes(histories: Histories, *, seed: int = 1) -> Regimes:
    """The states of operation of machines of one kind.

    Example  a fleet that runs at six altitudes gives six, one that always runs the same gives one
    """
    values = histories.values
    middle = np.nanmean(values, axis=0)
    scale = np.nanstd(values, axis=0)
    scale = np.where(scale > 1e-9 * np.maximum(np.abs(middle), 1e-9), scale, 0.0)
    standard = standardised(values, middle, scale)
    sample = standard[:: max(1, len(standard) // _ROWS)]
    centres, told = np.zeros((1, values.shape[1])), scale
    for k in range(2, min(_MOST, len(sample) // 20) + 1):
        tells = explained(sample, k_means(sample, k, np.random.default_rng(seed))) >= _EXPLAINED
        tried = k_means(sample * tells, k, np.random.default_rng(seed))
        nearest = distances(standard * tells, tried).argmin(axis=1)
        if tells.any() and silhouette(sample * tells, tried) >= _APART and _young(histories, nearest, k):
            centres, told = tried, scale * tells
    distance = distances(standardised(values, middle, told), centres)
    state = distance.argmin(axis=1)
    count = len(centres)
    mean, spread = np.empty((count, values.shape[1])), np.empty((count, values.shape[1]))
    reach = np.empty(count)
    for r in range(count):
        mine = state == r
        mean[r], spread[r] = np.nanmean(values[mine], axis=0), np.nanstd(values[mine], axis=0)
        reach[r] = float(np.sqrt(distance[mine, r].max()))
    spread = np.where(spread > 1e-6 * np.abs(mean) + 1e-12, spread, 0.0)
    return Regimes(centres, middle, told, mean, spread, reach)


def _young(histories: Histories, state: Ints, k: int) -> bool:
    """Whether every state is met by most machines in the first half of their history."""
    met = np.zeros(k)
    for rows in histories.spans():
        met += np.bincount(np.unique(state[rows.start : (rows.start + rows.stop + 1) // 2]), minlength=k)[:k]
    return bool(np.all(met >= 0.5 * len(histories)))
