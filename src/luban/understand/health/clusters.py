"""Clusters of points: k-means, and how well the clusters stand apart.

Source  [1] P. Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65 (silhouette), here with distances to centres;
        D. Arthur, S. Vassilvitskii (2007), SODA 1027-1035 (k-means++), here greedy over eight draws
"""

from __future__ import annotations

import numpy as np

from luban.understand.quality.data import Floats

__all__ = ["distances", "explained", "k_means", "silhouette", "standardised"]


def standardised(values: Floats, middle: Floats, scale: Floats) -> Floats:
    """Values about the middle in units of scale, shape (n, c); 0 where the scale is 0 or there is no value."""
    shifted = (values - middle) / np.where(scale > 0, scale, np.inf)
    filled: Floats = np.where(np.isfinite(shifted), shifted, 0.0)
    return filled


def distances(points: Floats, centres: Floats) -> Floats:
    """Squared distance of each point from each centre, shape (n, k)."""
    squared: Floats = (points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)[None]
    clipped: Floats = np.maximum(squared, 0.0)
    return clipped


def k_means(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Centres, begun far apart from each other (k-means++), shape (k, c)."""
    centres: Floats = points[rng.integers(len(points))][None]
    for _ in range(1, k):
        nearest = distances(points, centres).min(axis=1)
        total = float(nearest.sum())
        if total <= 0:
            break
        # the farthest of a few drawn by squared distance
        drawn = rng.choice(len(points), size=8, p=nearest / total)
        gains = [np.minimum(nearest, distances(points, points[i][None])[:, 0]).sum() for i in drawn]
        centres = np.vstack([centres, points[drawn[int(np.argmin(gains))]]])
    for _ in range(30):
        mine = distances(points, centres).argmin(axis=1)
        moved = np.vstack([points[mine == r].mean(axis=0) if (mine == r).any() else c for r, c in enumerate(centres)])
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres


def explained(points: Floats, centres: Floats) -> Floats:
    """Share of each channel's variance that lies between clusters, shape (c,) [1]."""
    mine = distances(points, centres).argmin(axis=1)
    within = ((points - centres[mine]) ** 2).sum(axis=0)
    total = ((points - points.mean(axis=0)) ** 2).sum(axis=0)
    share: Floats = np.asarray(np.where(total > 0, 1 - within / np.where(total > 0, total, 1.0), 0.0))
    return share


def silhouette(points: Floats, centres: Floats) -> float:
    """How far the cluster that stands worst is apart from its neighbour, by centres [1]."""
    if len(centres) < 2:
        return 0.0
    distance = distances(points, centres)
    mine = distance.argmin(axis=1)
    near = np.sqrt(np.partition(distance, 1, axis=1)[:, :2])
    apart = 1 - near[:, 0] / np.maximum(near[:, 1], 1e-12)
    count = np.bincount(mine, minlength=len(centres))
    return float(np.min(np.bincount(mine, apart, minlength=len(centres)) / np.maximum(count, 1)))
