"""How alike two signatures are, in the metric of what varies without a new cause.

Signatures are whitened by the covariance that windows have within one case and within good operation, shrunk towards
a multiple of the identity by the share that few windows need [1]. Likeness to a mark (the mean of a case, or of a
cause) is the share of the deviation from good operation that it explains: 1 − |z − mark|² / (|z|² + noise).

    [1] oracle approximating shrinkage: Chen, Wiesel, Eldar, Hero 2010, doi:10.1109/TSP.2010.2053029
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from luban.understand.quality.data import Floats, Ints

__all__ = ["Likeness", "fit_likeness", "good_distances"]

INDEPENDENT = 8  # windows, an eighth apart, that count as one independent window


@dataclass(frozen=True)
class Likeness:
    """Marks and metric.

    zero       mean signature of good operation, shape (f,)
    covariance within cases and good operation, shrunk, shape (f, f)
    marks      signature of each mark less `zero`, shape (m, f)
    owner      cause of each mark, shape (m,)
    case       case of each mark, −1 for the mean of a cause, shape (m,)
    noise      median squared distance of good operation from `zero` [1]
    """

    zero: Floats
    covariance: Floats
    marks: Floats
    owner: Ints
    case: Ints
    noise: float
    _roots: dict[bytes, Floats] = field(default_factory=dict, repr=False, compare=False)

    def distances(self, signatures: Floats) -> Floats:
        """Squared distance of each signature from good operation [1], shape (n,)."""
        root = self._root(np.ones(len(self.zero), bool))
        found: Floats = (((signatures - self.zero) @ root) ** 2).sum(axis=1)
        return found

    def alike(self, signatures: Floats, known: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None) -> Floats:
        """Likeness of each signature to each mark, at most 1, shape (n, m).

        known  numbers of a signature that are there; the others are left out of the comparison
        """
        there = np.ones(len(self.zero), bool) if known is None else known
        root = self._root(there)
        z, marks = (signatures - self.zero)[:, there] @ root, self.marks[:, there] @ root
        size = (z * z).sum(axis=1)[:, None]
        apart = size + (marks * marks).sum(axis=1)[None] - 2 * z @ marks.T
        told: Floats = 1 - np.maximum(apart, 0.0) / (size + self.noise * there.mean())
        return told

    def best(self, signatures: Floats) -> Floats:
        """Likeness of each signature to its nearest mark, −∞ if there is none, shape (n,)."""
        found: Floats = self.alike(signatures).max(axis=1, initial=-np.inf)
        return found

    def _root(self, there: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
        key = there.tobytes()
        if key not in self._roots:
            kept = self.covariance[np.ix_(there, there)]
            self._roots[key] = np.linalg.cholesky(np.linalg.inv(kept))
        return self._roots[key]


def fit_likeness(cases: Sequence[tuple[int, Floats]], good: Floats) -> Likeness:
    """Marks and metric from cases and good operation.

    cases  cause and signatures of each case, shape (n, f), n ≥ 1
    good   signatures of good operation, shape (n, f), n ≥ 2
    """
    zero = good.mean(axis=0)
    within = [good - zero, *(vectors - vectors.mean(axis=0) for _, vectors in cases)]
    count = sum(max(1.0, len(part) / INDEPENDENT) for part in within)
    spread = np.concatenate(within)
    covariance = _shrunk(spread.T @ spread / len(spread), count)
    own = [vectors.mean(axis=0) - zero for _, vectors in cases]
    marks, owner, case = list(own), [cause for cause, _ in cases], list(range(len(cases)))
    for cause in sorted(set(owner)):
        mine = [mark for mark, (of, _) in zip(own, cases, strict=True) if of == cause]
        if len(mine) > 1:
            marks.append(np.mean(mine, axis=0))
            owner.append(cause)
            case.append(-1)
    found = Likeness(zero, covariance, np.array(marks).reshape(len(marks), len(zero)), np.array(owner, np.int64),
                     np.array(case, np.int64), 0.0)  # fmt: skip
    noise = float(np.median(found.distances(good)))
    return Likeness(zero, covariance, found.marks, found.owner, found.case, noise)


def good_distances(
    cases: Sequence[tuple[int, Floats]], good: Sequence[Floats], folds: int = 5
) -> tuple[Floats, Floats]:
    """Of good operation, by models that had not seen it: distance [1] and best likeness of each signature, shape (n,).

    good  signatures of each machine in order of time
    """
    whole = np.concatenate(list(good))
    edges = np.linspace(0, len(whole), folds + 1).astype(int)
    distances, alike = [], []
    for first, last in pairwise(edges):
        # windows next to the block share rows with it
        rest = np.concatenate([whole[: max(0, first - INDEPENDENT)], whole[last + INDEPENDENT :]])
        if len(rest) < 2 or last <= first:
            continue
        model = fit_likeness(cases, rest)
        distances.append(model.distances(whole[first:last]))
        alike.append(model.best(whole[first:last]))
    if not distances:
        model = fit_likeness(cases, whole)
        return model.distances(whole), model.best(whole)
    return np.concatenate(distances), np.concatenate(alike)


def _shrunk(covariance: Floats, count: float) -> Floats:
    """Shrunk towards its mean variance times the identity, for so many independent windows."""
    size = len(covariance)
    mean = float(np.trace(covariance)) / size
    squares, square = float((covariance * covariance).sum()), (mean * size) ** 2
    below = (count + 1 - 2 / size) * (squares - square / size)
    share = min(1.0, ((1 - 2 / size) * squares + square) / below) if below > 0 else 1.0
    share = max(share, 0.01)  # never singular
    kept: Floats = (1 - share) * covariance + share * max(mean, 1e-9) * np.eye(size)
    return kept
