"""Ways that lead back: rework that returns into an earlier lot, and genealogies that cannot be true.

In a loop every lot must have been there before what it is said to be made of came to be, at least once around. Time
tells the two apart: where a part of a lot went on and came back later, it is rework; where nothing in the loop could
have been there first, or a single piece would hold itself, the fact that closes it is doubtful.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from luban.understand.trace.facts import Facts
from luban.understand.trace.graph import Ints, View
from luban.understand.trace.kernel.loops import first_there, peel, way_back
from luban.understand.trace.names import Ids
from luban.understand.trace.records import NEVER

__all__ = ["Loop", "find_loops"]

_NAMED = 1000  # loops that are named one by one


@dataclass(frozen=True, slots=True)
class Loop:
    """One way back.

    lots      in the order of the flow; the last flows into the first
    rework    True: it can be true; False: it cannot, and its last fact is doubtful
    quantity  of the fact that closes it
    time, seq of that fact
    """

    lots: tuple[str, ...]
    rework: bool
    quantity: float
    time: int
    seq: int


def find_loops(
    trace: Facts, view: View, birth: Ints, serial: NDArray[np.bool_], good: NDArray[np.bool_]
) -> tuple[tuple[Loop, ...], Ints]:
    """Loops over the good facts, and the facts that cannot be true.

    birth   when each lot was first there, by facts alone; changed: lots of a loop get the time they could be there
    """
    n, columns = view.edges, view.columns
    source, target, time = columns["source"][:n], columns["target"][:n], columns["time"][:n]
    selves = np.flatnonzero(source == target)
    size = len(birth)
    left = good & (source != target)
    facts = np.flatnonzero(peel(source, target, left, size))
    named = [_loop(trace, view, [int(source[fact])], int(fact), rework=False) for fact in selves[:_NAMED]]
    if not len(facts):
        return tuple(named), selves
    nodes, local = np.unique(np.concatenate((source[facts], target[facts])), return_inverse=True)
    a, b = local[: len(facts)].astype(np.int32), local[len(facts) :].astype(np.int32)
    matrix = coo_matrix((np.ones(len(facts), np.int8), (a, b)), shape=(len(nodes), len(nodes)))
    _, part = connected_components(matrix, directed=True, connection="strong")
    inside = part[a] == part[b]
    within, a, b = facts[inside], a[inside], b[inside]
    order = np.lexsort((columns["seq"][within], time[within]))
    within, a, b = within[order], a[order], b[order]

    there = _there(trace, view, nodes, set(within.tolist()))
    by = np.full(len(nodes), -1, np.int64)
    first_there(a, b, time[within], part.astype(np.int64), there, by)
    birth[nodes] = np.minimum(birth[nodes], there)
    impossible = time[within] < there[a]
    same = (there[b] == there[a]) & (by[b] <= by[a])
    closing = ((there[b] < there[a]) | same) & ~impossible
    rework = closing & (there[b] < time[within]) & ~serial[nodes[b]] & ~serial[nodes[a]]
    bad = impossible | (closing & ~rework)
    for k in np.flatnonzero(closing | impossible)[: _NAMED - len(named)]:
        way = way_back(a, b, int(b[k]), int(a[k]), len(nodes))
        lots = [int(nodes[place]) for place in way]
        named.append(_loop(trace, view, lots or [int(source[within[k]])], int(within[k]), rework=bool(rework[k])))
    return tuple(named), np.sort(np.concatenate((selves, within[bad])))


def _there(trace: Facts, view: View, nodes: Ids, within: set[int]) -> Ints:
    """When each node was there by what comes from outside its loop: received, or made of something else."""
    there = np.full(len(nodes), NEVER, np.int64)
    place, facts = trace.graph.facts_of(nodes, back=True, view=view)
    outside = np.array([fact not in within for fact in facts.tolist()], np.bool_)
    np.minimum.at(there, place[outside], view.columns["time"][facts[outside]])
    moves = trace.moves
    at, rows = moves.by_lot.of_many(nodes)
    received = moves.receipts[rows]
    np.minimum.at(there, at[received], moves["time"][rows[received]])
    return there


def _loop(trace: Facts, view: View, lots: list[int], fact: int, *, rework: bool) -> Loop:
    columns = view.columns
    names = tuple(trace.lots.name(lot) for lot in lots)
    quantity, time, seq = (columns[name][fact] for name in ("quantity", "time", "seq"))
    return Loop(names, rework, float(quantity), int(time), int(seq))
