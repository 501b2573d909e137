"""Quantities through mixing and splitting, with a mass balance.

A lot is held to be well mixed: what is taken of it holds the same share of everything that went into it. So of lot u
the share q / made(u) goes with each fact of use of quantity q, and the shares along a way multiply. What a lot had is
what was received or made of it; where that is not on record, what was taken of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError
from luban.understand.trace.graph import Ints
from luban.understand.trace.kernel.flow import spread
from luban.understand.trace.names import Ids
from luban.understand.trace.trace import Trace
from luban.understand.trace.words import NO_RECEIPTS, OPEN_FLOW

__all__ = ["Balance", "Content", "Spread", "balance_of", "contents", "lot_id", "spread_of", "totals"]

_SWEEPS = 10_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the material of one lot went.

    total      what there was of it [unit of the lot]
    nodes      lots that hold some of it, the lot itself first
    amounts    how much of it came into each [unit of the lot]
    remains    how much of it is still in each: neither used on nor moved out
    out        how much of it left with each as deliveries and issues
    excluded   its own quantity in doubtful facts, in no total
    notes      what the figures rest on
    """

    lot: str
    total: float
    nodes: Ids
    amounts: NDArray[np.float64]
    remains: NDArray[np.float64]
    out: NDArray[np.float64]
    excluded: float
    notes: tuple[str, ...]

    @property
    def gap(self) -> float:
        """What the balance does not account for [unit of the lot]; 0 up to rounding where it closes."""
        return float(self.total - self.remains.sum() - self.out.sum())


@dataclass(frozen=True, slots=True)
class Content:
    """How much of one lot is in another.

    share     of what there was of it [1]
    quantity  the same [unit of the lot]
    """

    lot: str
    share: float
    quantity: float


@dataclass(frozen=True, slots=True)
class Balance:
    """The book of one lot [unit of the lot].

    had       received or made; None: not on record
    used      went into other lots
    out       delivered, issued
    excluded  in doubtful facts, in neither of them
    """

    lot: str
    had: float | None
    used: float
    out: float
    excluded: float

    @property
    def left(self) -> float | None:
        """What must still be there."""
        return None if self.had is None else self.had - self.used - self.out


def totals(trace: Trace, nodes: Ids) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What there was of each lot, and whether that is on record."""
    doubts = trace.doubts
    made, taken = _of(doubts.made, nodes, np.nan), _of(doubts.taken, nodes, 0.0)
    known = ~np.isnan(made)
    return np.where(known, made, taken), known


def _of(values: NDArray[np.float64], nodes: Ids, fill: float) -> NDArray[np.float64]:
    found = np.full(len(nodes), fill)
    inside = nodes < len(values)
    found[inside] = values[nodes[inside]]
    return found


def _shares(
    trace: Trace, nodes: Ids, *, back: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Facts among the nodes: places of input and output, share of the input.

    back  the nodes are all that one lot came from: ask each what went into it, not all that it went into
    """
    own, facts = trace.graph.facts_of(nodes, back=back)
    view = trace.graph.view
    kept = view.bad[facts] == 0
    own, facts = own[kept], facts[kept]
    order = np.argsort(nodes, kind="stable")
    ends = view.columns["source" if back else "target"][facts]
    other = order[np.minimum(np.searchsorted(nodes[order], ends), len(nodes) - 1)]
    inside = nodes[other] == ends
    own, other, facts = own[inside], other[inside], facts[inside]
    a, b = (other, own) if back else (own, other)
    total, _ = totals(trace, nodes)
    quantity = trace.doubts.counted(facts)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total[a] > 0, quantity / total[a], 0.0)
    return a, b, share


def spread_of(trace: Trace, lot: str) -> Spread:
    """Where the material of a lot went, down to what left the plant.

    Raises InputError for a lot that no fact names
    """
    start = lot_id(trace, lot)
    doubts = trace.doubts
    nodes = trace.graph.walk([start], doubts=False).nodes
    a, b, share = _shares(trace, nodes)
    total, known = totals(trace, nodes)
    amounts, held = np.zeros(len(nodes)), np.zeros(len(nodes), np.bool_)
    amounts[0] = total[0]
    source = np.concatenate((a, [len(nodes)]))  # the lot's own quantity comes from outside, also within a loop
    target = np.concatenate((b, [0]))
    amounts, held = np.append(amounts, total[0]), np.append(held, True)
    settled = spread(source, target, np.append(share, 1.0), held, amounts, _SWEEPS)
    amounts = amounts[:-1]
    used = np.bincount(a, weights=share * amounts[a], minlength=len(nodes)) if len(a) else np.zeros(len(nodes))
    out_share = _out_shares(trace, nodes, total)
    out = out_share * amounts
    own = doubts.excluded[np.isin(doubts.facts, _own_facts(trace, start))].sum()
    notes = ((OPEN_FLOW,) if not settled else ()) + ((NO_RECEIPTS,) if not known.all() else ())
    return Spread(lot, float(total[0]), nodes, amounts, amounts - used - out, out, float(own), notes)


def _own_facts(trace: Trace, start: int) -> Ints:
    return trace.graph.facts_of([start])[1]


def _out_shares(trace: Trace, nodes: Ids, total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each lot that was delivered or issued, without what is beyond what there was."""
    moves, doubts = trace.moves, trace.doubts
    place, rows = moves.by_lot.of_many(nodes)
    kept = trace.withdrawals[rows]
    place, rows = place[kept], rows[kept]
    beyond = np.zeros(len(moves))
    beyond[doubts.moves] = doubts.move_excluded
    quantity = np.nan_to_num(moves["quantity"][rows]) - beyond[rows]
    out = np.bincount(place, weights=quantity, minlength=len(nodes)) if len(rows) else np.zeros(len(nodes))
    return np.divide(out, total, out=np.zeros(len(nodes)), where=total > 0)


def contents(trace: Trace, lot: str) -> tuple[Content, ...]:
    """What a lot is made of, down to what was received: the share of every lot that is in it, and how much that is.

    Raises InputError for a lot that no fact names
    """
    start = lot_id(trace, lot)
    nodes = trace.graph.walk([start], back=True, doubts=False).nodes
    a, b, share = _shares(trace, nodes, back=True)
    total, _ = totals(trace, nodes)
    amount, held = np.zeros(len(nodes)), np.zeros(len(nodes), np.bool_)
    amount[0], held[0] = 1.0, True
    spread(b, a, share, held, amount, _SWEEPS)
    names = trace.lots.array(nodes).to_pylist()
    return tuple(Content(names[i], float(amount[i]), float(amount[i] * total[i])) for i in range(1, len(nodes)))


def balance_of(trace: Trace, lot: str) -> Balance:
    """Received or made, used, out, and what is left of a lot. Raises InputError for a lot that no fact names."""
    start = lot_id(trace, lot)
    doubts = trace.doubts
    facts = _own_facts(trace, start)
    rows = trace.moves.by_lot.of(start)
    out = float(np.nan_to_num(trace.moves["quantity"][rows[trace.withdrawals[rows]]]).sum())
    beyond = float(doubts.move_excluded[np.isin(doubts.moves, rows)].sum())
    own = float(doubts.excluded[np.isin(doubts.facts, facts)].sum())
    had = float(doubts.made[start]) if start < len(doubts.made) else float("nan")
    used = float(doubts.counted(facts).sum())
    return Balance(lot, None if np.isnan(had) else had, used, out - beyond, own + beyond)


def lot_id(trace: Trace, lot: str) -> int:
    """The id of a lot. Raises InputError for a lot that no fact names."""
    found = trace.lots.id(lot)
    if found < 0:
        raise InputError("no fact names this lot", came=repr(lot), hint="look at its spelling, or at the books' range")
    return found
