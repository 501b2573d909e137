"""What do lots with a fault have in common? Lots that went into them, tools, people, machines, ranked by surprise.

Of N delivered lots of the items in question, K have the fault. A candidate is in n of the N and in k of the K. How
likely k or more would be by chance is the tail of the hypergeometric distribution; the least likely stands first. A
small number is a hint where to look, not a proof: many candidates are asked, so `expected` says how many of them would
be as unlikely by chance alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.trace.condition import Condition, same, steps_of
from luban.understand.trace.flow import lot_id
from luban.understand.trace.names import Ids
from luban.understand.trace.trace import Trace

__all__ = ["Suspect", "suspects_of", "tail"]

_MOST: Final = 200  # lots with the fault that are asked
_CANDIDATES: Final = 2000
_LABELS: Final = ("tool", "person", "unit")


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that lots with the fault have in common.

    kind      lot, tool, person or unit
    hit       lots with the fault that it is in, of `faulty`
    reach     delivered lots of the same items that it is in, of `delivered`
    chance    probability of so many hits or more by chance [1]
    expected  how many of the candidates asked would be as unlikely by chance alone
    """

    kind: str
    name: str
    hit: int
    faulty: int
    reach: int
    delivered: int
    chance: float
    expected: float


def tail(hit: int, faulty: int, reach: int, delivered: int) -> float:
    """Probability that `hit` or more of `faulty` lots are among `reach` of `delivered`, drawn without looking [1].

    Source   the hypergeometric distribution
    Example  tail(2, 2, 2, 4) == 1 / 6
    """
    low, high = max(hit, faulty + reach - delivered), min(faulty, reach)
    whole = _log_choose(delivered, faulty)
    logs = [
        _log_choose(reach, k) + _log_choose(delivered - reach, faulty - k) - whole for k in range(low, high + 1)
    ]  # fmt: skip
    return min(math.fsum(map(math.exp, logs)), 1.0) if logs else 0.0


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def suspects_of(trace: Trace, faulty: Sequence[str], limit: int = 20) -> tuple[Suspect, ...]:
    """What the faulty lots have in common, the least likely by chance first; at least half of them must share it.

    faulty  names of lots; of more than 200 the first 200 are asked
    Raises  InputError: fewer than 2 lots, one that no fact names
    """
    ids = np.unique([lot_id(trace, name) for name in faulty[:_MOST]]).astype(np.int32)
    if len(ids) < 2:
        raise InputError("what is common is asked of 2 lots or more", came=str(len(ids)))
    population = _population(trace, ids)
    inside = np.zeros(len(trace.lots) + 1, np.bool_)
    inside[population] = True
    hits: dict[tuple[str, str], set[int]] = {}
    for number in ids.tolist():
        name = trace.lots.name(number)
        for node in trace.graph.walk([number], back=True, doubts=False).nodes[1:].tolist():
            hits.setdefault(("lot", trace.lots.name(node)), set()).add(number)
        for step in steps_of(trace, name):
            for kind in _LABELS:
                if step.certain and getattr(step, kind):
                    hits.setdefault((kind, getattr(step, kind)), set()).add(number)
    shared = sorted((key for key, own in hits.items() if 2 * len(own) >= len(ids)), key=lambda key: -len(hits[key]))
    found = []
    for kind, name in shared[:_CANDIDATES]:
        reached = _reached(trace, kind, name)
        reach = int(inside[reached].sum())
        chance = tail(len(hits[kind, name]), len(ids), max(reach, len(hits[kind, name])), len(population))
        found.append((kind, name, len(hits[kind, name]), reach, chance))
    found.sort(key=lambda one: (round(one[4], 12), -one[2], one[3], one[0], one[1]))
    return tuple(
        Suspect(kind, name, hit, len(ids), reach, len(population), chance, min(chance * len(hits), float(len(hits))))
        for kind, name, hit, reach, chance in found[:limit]
    )


def _population(trace: Trace, ids: Ids) -> Ids:
    """Delivered lots of the items of these, and these."""
    moves = trace.moves
    lots = np.unique(moves["lot"][trace.deliveries & (moves["lot"] >= 0)]).astype(np.int32)
    kept = lots[np.isin(trace.item_of(lots), trace.item_of(ids))]
    return np.union1d(kept, ids).astype(np.int32)


def _reached(trace: Trace, kind: str, name: str) -> Ids:
    if kind == "lot":
        return trace.graph.walk([lot_id(trace, name)], doubts=False).nodes
    asked = {"tool": Condition(tool=name), "person": Condition(person=name), "unit": Condition(unit=name)}
    return same(trace, asked[kind]).lots
