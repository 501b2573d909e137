"""What there was of each lot, since when, and which ids are single pieces."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from luban.understand.trace.facts import Facts
from luban.understand.trace.graph import Ints, View
from luban.understand.trace.kernel.doubt import births
from luban.understand.trace.names import Ids
from luban.understand.trace.records import NEVER

__all__ = ["origins", "serials"]

_ENOUGH: Final = 8  # ids of an item from which on its way of numbering can be told
_ONCE: Final = 0.9  # share of them that are used once


def origins(trace: Facts, view: View, size: int) -> tuple[NDArray[np.float64], Ints, NDArray[np.bool_]]:
    """What there was of each lot (nan: not on record), since when, and whether any fact brings it in.

    What there was is what was received, what customers sent back with it; else, for the only lot of an order, the good
    pieces of the order's best operation.
    """
    moves, columns, n = trace.moves, view.columns, view.edges
    made, birth, known = np.full(size, np.nan), np.full(size, NEVER, np.int64), np.zeros(size, np.bool_)
    lot = moves["lot"]
    receipts = np.flatnonzero((moves.receipts | trace.returns) & (lot >= 0) & (moves["quantity"] > 0))
    got = lot[receipts]
    total = np.bincount(got, weights=moves["quantity"][receipts], minlength=size)
    some = np.bincount(lot[np.flatnonzero(moves.receipts & (lot >= 0))], minlength=size) > 0
    made[some] = total[some]
    first = np.flatnonzero(moves.receipts & (lot >= 0))
    np.minimum.at(birth, lot[first], moves["time"][first])
    births(columns["target"], columns["time"], n, birth)
    known[lot[lot >= 0]] = True
    known[columns["target"][:n]] = True
    for name in ("lot", "serial"):
        ids = trace.looks[name]
        known[ids[ids >= 0]] = True
    _by_order(trace, view, made)
    return made, birth, known


def _by_order(trace: Facts, view: View, made: NDArray[np.float64]) -> None:
    """Fill in what orders say that made one lot: the most good pieces that any of their operations had."""
    steps = trace.steps
    if not len(steps):
        return
    good = steps["good"]
    kept = np.flatnonzero((steps["order"] >= 0) & np.isfinite(good) & (steps["end"] != NEVER))
    if not len(kept):
        return
    n = view.edges
    order, target = view.columns["order"][:n], view.columns["target"][:n]
    size = len(trace.labels) + 1
    low, high = np.full(size, np.iinfo(np.int32).max, np.int32), np.full(size, -1, np.int32)
    named = order >= 0
    np.minimum.at(low, order[named], target[named])
    np.maximum.at(high, order[named], target[named])
    key = (steps["order"][kept].astype(np.int64) << 32) | (steps["operation"][kept].astype(np.int64) + 1)
    operations, at = np.unique(key, return_inverse=True)
    sums = np.bincount(at, weights=good[kept])
    best = np.zeros(size)
    np.maximum.at(best, (operations >> 32).astype(np.int64), sums)
    only = np.flatnonzero((low == high) & (best > 0))
    lots = low[only]
    unknown = np.isnan(made[lots])
    # two orders that made one lot each give their part
    made[lots[unknown]] = 0.0
    np.add.at(made, lots[unknown], best[only[unknown]])


def serials(trace: Facts, view: View, made: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Ids of single pieces: measured as a serial number, said to be one, or numbered as the item's other pieces are.

    An item is numbered by the piece where every use of it is of one piece, and nearly every id is used once.
    """
    size = len(made)
    found = np.zeros(size, np.bool_)
    ids = trace.looks["serial"]
    found[ids[ids >= 0]] = True
    said = trace.serials
    found[said[said < size]] = True
    n = view.edges
    item, source, quantity = (view.columns[name][:n] for name in ("item", "source", "quantity"))
    by_piece = _by_piece(item, source, quantity)
    if by_piece.any():
        rows = np.flatnonzero((item >= 0) & by_piece[np.maximum(item, 0)])
        own = source[rows]
        found[own[np.isnan(made[own]) | (made[own] == 1.0)]] = True
    return found


def _by_piece(item: Ids, source: Ids, quantity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Items of which every use is of one piece and nearly every id is used once."""
    named = item >= 0
    size = int(item.max(initial=-1)) + 1
    if not size:
        return np.zeros(0, np.bool_)
    uses = np.bincount(item[named], minlength=size)
    whole = np.bincount(item[named], weights=quantity[named] == 1.0, minlength=size)
    likely: NDArray[np.bool_] = (uses >= _ENOUGH) & (whole == uses)
    if not likely.any():
        return likely
    rows = np.flatnonzero(named & likely[np.maximum(item, 0)])
    pairs = np.unique((item[rows].astype(np.int64) << 32) | source[rows].astype(np.int64))
    different = np.bincount((pairs >> 32).astype(np.int64), minlength=size)
    found: NDArray[np.bool_] = likely & (different >= _ONCE * uses)
    return found
