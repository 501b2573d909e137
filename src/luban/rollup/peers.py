"""One firm or industry on the distribution of its peers, so that no peer can be read off it.

A percentile tells how many peers are worse. A level of the distribution is told only where enough peers lie on either
side, and as the mean of the nearest ones: no figure is anybody's own. Public figures (economies) are told as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaincinv

from luban.core.errors import InputError
from luban.rollup.protect.rules import Rules, judge
from luban.understand.quality.data import Floats

__all__ = ["LEVELS", "Place", "place"]

LEVELS = (10, 25, 50, 75, 90)
"""Percentiles of the distribution that are told where they may be."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one stands among its peers.

    percentile  share of peers that are worse, those level counted half, 0 … 100; None = not told
    low, high   95 % interval of it, the peers being a sample of all there could be (Clopper-Pearson)
    n           peers, the one itself not counted
    levels      percentile → value, from the worst to the best; None = too few peers on one side
    best        mean of the best tenth (at least k peers, or 1 where figures are public); None = not told
    reason      why nothing is told; "" otherwise
    """

    own: float
    percentile: float | None
    low: float | None
    high: float | None
    n: int
    levels: Mapping[int, float | None]
    best: float | None
    reason: str = ""


def place(
    own: float, peers: Sequence[float], *, better: Literal["up", "down"] = "up", k: int = 5, public: bool = False,
    owners: Sequence[str] = (),
) -> Place:  # fmt: skip
    """Place a figure on the distribution of its peers.

    own      its figure; peers: theirs in the same unit, its own not among them; what is not finite is left out
    k        so many peers stand behind every figure told; owners: peers of one owner count once (their mean)
    public   the peers' figures are public: every percentile and level is told
    Raises   InputError: the own figure is not known, an unknown direction, k below 3
    Example  place(5, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11], better="up").percentile == 40.0
    """
    if better not in ("up", "down") or not np.isfinite(own) or (k < 3 and not public):
        raise InputError("no figure to place", came=f"{own} {better} k = {k}", expected="a number, up or down, k ≥ 3")
    values = _by_owner(np.asarray(peers, dtype=np.float64), owners)
    sign = 1.0 if better == "up" else -1.0
    ordered = np.sort(sign * values)
    least = 1 if public else k
    nothing: dict[int, float | None] = dict.fromkeys(LEVELS)
    if ordered.size < least:
        return Place(own, None, None, None, ordered.size, nothing, None, f"fewer than {least} peers")
    worse = float((ordered < sign * own).sum() + 0.5 * (ordered == sign * own).sum())
    low, high = _interval(worse, ordered.size)
    levels = {level: _level(ordered, level, least, public=public) for level in LEVELS}
    told = {level: None if one is None else sign * one for level, one in levels.items()}
    top = max(least, int(np.ceil(ordered.size / 10)))
    best = _mean(ordered[-top:], public=public) if ordered.size >= 2 * least or public else None
    return Place(own, 100 * worse / ordered.size, 100 * low, 100 * high, ordered.size, told,
                 None if best is None else sign * best)  # fmt: skip


def _by_owner(values: Floats, owners: Sequence[str]) -> Floats:
    if owners and len(owners) != values.size:
        raise InputError("owners and peers differ in number", came=f"{len(owners)} and {values.size}")
    good = np.isfinite(values)
    if not owners:
        return values[good]
    names = np.asarray(owners)[good]
    return np.array([values[good][names == one].mean() for one in dict.fromkeys(names.tolist())])


def _level(ordered: Floats, level: int, k: int, *, public: bool) -> float | None:
    """A percentile of the peers; the mean of the k around it, with k on either side, where they are not public."""
    if public:
        return float(np.quantile(ordered, level / 100))
    at = level / 100 * ordered.size
    if at < k or ordered.size - at < k:
        return None
    first = min(max(round(at - k / 2), 0), ordered.size - k)
    return _mean(ordered[first : first + k], public=public)


def _mean(values: Floats, *, public: bool) -> float | None:
    """The mean of some peers, None where one of them makes up most of it."""
    if not public and judge(values.tolist(), Rules(minimum=3, dominance=None)).reasons:
        return None
    return float(values.mean())


def _interval(worse: float, n: int) -> tuple[float, float]:
    low = float(betaincinv(worse, n - worse + 1, 0.025)) if worse > 0 else 0.0
    high = float(betaincinv(worse + 1, n - worse, 0.975)) if worse < n else 1.0
    return low, high
