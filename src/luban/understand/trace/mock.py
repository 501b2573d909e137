"""A mock recall: lots drawn by chance, called back, and the list checked the other way round.

Every lot that left the plant is asked where it came from, over the other direction of the graph, and every lot on the
list where it is; so two computations must agree. How much of the lot the balance accounts for is the third answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.trace.flow import spread_of
from luban.understand.trace.names import Ids
from luban.understand.trace.recall import recall
from luban.understand.trace.trace import Trace

__all__ = ["Mock", "mock_recall"]


@dataclass(frozen=True, slots=True)
class Mock:
    """One drawn lot.

    affected     lots on the list
    orders       customer orders on it
    recall       share of lots that come from it, of those checked, that are on the list [1]; None: none was checked
    precision    share of lots on the list, of those checked, that do come from it [1]
    checked      lots that were asked where they came from
    accounted    share of its quantity that is known to be used, on hand or out [1]; None: what there was is not known
    seconds      the recall took
    """

    lot: str
    affected: int
    orders: int
    recall: float | None
    precision: float | None
    checked: int
    accounted: float | None
    seconds: float


def mock_recall(trace: Trace, count: int = 5, *, seed: int = 1, checks: int = 2000) -> tuple[Mock, ...]:
    """Draw lots that something was made of, and call each back.

    checks  lots asked where they came from, for each drawn one: all where there are no more
    Raises  InputError where nothing was made of anything, or for a seed below 0
    """
    if seed < 0:
        raise InputError("the number of a draw is 0 or more", came=str(seed))
    view = trace.graph.view
    random = np.random.default_rng(seed)
    used = np.unique(view.columns["source"][: view.edges])
    if not len(used):
        raise InputError("no lot was used: nothing can be called back")
    ends = _ends(trace)
    drawn = random.choice(used, min(count, len(used)), replace=False)
    return tuple(_one(trace, int(lot), ends, random, checks) for lot in np.sort(drawn))


def _ends(trace: Trace) -> Ids:
    """Lots that left the plant, or, where no delivery is on record, that nothing was made of."""
    view = trace.graph.view
    gone = np.unique(trace.moves["lot"][trace.deliveries])
    if len(gone):
        return gone[gone >= 0].astype(np.int32)
    return np.setdiff1d(view.columns["target"][: view.edges], view.columns["source"][: view.edges]).astype(np.int32)


def _one(trace: Trace, lot: int, ends: Ids, random: np.random.Generator, checks: int) -> Mock:
    name = trace.lots.name(lot)
    began = time.perf_counter()
    found = recall(trace, [name])
    seconds = time.perf_counter() - began
    on_list = np.intersect1d(found.lots, ends)
    others = np.setdiff1d(ends, on_list)
    half = max(checks // 2, checks - len(on_list))
    asked = [_some(random, on_list, max(checks // 2, checks - len(others))), _some(random, others, half)]
    true = [sum(lot in set(trace.graph.walk([int(end)], back=True).nodes.tolist()) for end in part) for part in asked]
    # where others were only sampled, each stands for as many as were not asked
    missed = true[1] * (len(others) / len(asked[1])) if len(asked[1]) else 0.0
    hit = true[0] * (len(on_list) / len(asked[0])) if len(asked[0]) else 0.0
    spread = spread_of(trace, name)
    known = lot < len(trace.doubts.made) and not np.isnan(trace.doubts.made[lot])
    kept = float(np.maximum(spread.remains, 0.0).sum() + spread.out.sum())
    return Mock(
        name, len(found.lots), len(found.orders), hit / (hit + missed) if hit + missed else None,
        true[0] / len(asked[0]) if len(asked[0]) else None, len(asked[0]) + len(asked[1]),
        kept / spread.total if known and spread.total > 0 else None, seconds,
    )  # fmt: skip


def _some(random: np.random.Generator, lots: Ids, most: int) -> Ids:
    return lots if len(lots) <= most else random.choice(lots, most, replace=False)
