"""What is where: receipts, issues and transfers by lot and place, and what lies in containers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luban.understand.trace.names import Ids
from luban.understand.trace.records import grouped
from luban.understand.trace.trace import Trace

__all__ = ["OnHand", "on_hand", "packed"]


@dataclass(frozen=True, slots=True)
class OnHand:
    """What of a lot is at a place [unit of the item].

    quantity  received there less moved away and, at the one place where it lies, less used; never below 0
    missing   how much more was taken from the place than came there; only of lots whose receipt is on record
    """

    lot: str
    item: str
    place: str
    quantity: float
    missing: float


def on_hand(trace: Trace, lots: Ids, until: int | None = None) -> tuple[OnHand, ...]:
    """Stock of the lots by place, as movements and facts of use have it.

    until  movements and uses before this time only [µs UTC]
    What was used is taken from the place of the work unit if the lot lies there, else from where it lies, oldest
    place first.
    """
    moves = trace.moves
    place, rows = moves.by_lot.of_many(lots)
    if until is not None:
        kept = moves["time"][rows] < until
        place, rows = place[kept], rows[kept]
    book: dict[int, dict[int, float]] = {}
    delivered, returned = trace.deliveries, trace.returns
    skip = _booked_as_use(trace, rows)
    for at, row, passed in zip(place.tolist(), rows.tolist(), skip.tolist(), strict=True):
        if passed:
            continue
        quantity = float(moves["quantity"][row])
        if not quantity > 0:
            continue
        lot = book.setdefault(at, {})
        origin, to = int(moves["origin"][row]), int(moves["destination"][row])
        if origin >= 0 and not returned[row]:
            origin = _holder(trace, lot, origin, quantity)
            lot[origin] = lot.get(origin, 0.0) - quantity
        if to >= 0 and not delivered[row]:
            lot[to] = lot.get(to, 0.0) + quantity
    _take_used(trace, lots, book, until)
    names = trace.lots.array(lots[list(book)]).to_pylist() if book else []
    made = trace.doubts.made
    known = [lot < len(made) and made[lot] == made[lot] for lot in lots.tolist()]
    found = []
    for name, (at, places) in zip(names, book.items(), strict=True):
        item = trace.labels.name(int(trace.item_of(lots[at : at + 1])[0]))
        for where, quantity in places.items():
            if quantity > 1e-9 or (quantity < -1e-9 and known[at]):
                found.append(OnHand(name, item, trace.labels.name(where), max(quantity, 0.0), max(-quantity, 0.0)))
    return tuple(found)


def _holder(trace: Trace, lot: dict[int, float], origin: int, quantity: float) -> int:
    """The place that gives: a group of machines where the lot came to the group and left from one machine of it."""
    if lot.get(origin, 0.0) >= quantity:
        return origin
    name = trace.labels.name(origin)
    while "/" in name:
        name = name.rpartition("/")[0]
        group = trace.labels.id(name)
        if lot.get(group, 0.0) >= quantity:
            return group
    return origin


def _booked_as_use(trace: Trace, rows: Ids) -> NDArray[np.bool_]:
    """Issues that are a use, which is on record as such."""
    moves = trace.moves
    found: NDArray[np.bool_] = (moves.issues & ~trace.withdrawals)[rows]
    return found


def _take_used(trace: Trace, lots: Ids, book: dict[int, dict[int, float]], until: int | None) -> None:
    used_at, facts = trace.graph.facts_of(lots)
    columns = trace.graph.view.columns
    counted = trace.doubts.counted(facts)
    for at, fact, quantity in zip(used_at.tolist(), facts.tolist(), counted.tolist(), strict=True):
        if at not in book or (until is not None and columns["time"][fact] >= until):
            continue
        places = book[at]
        unit = int(columns["unit"][fact])
        left = quantity
        for where in ([unit] if unit in places else []) + [one for one in places if one != unit]:
            taken = min(left, max(places[where], 0.0))
            places[where] -= taken
            left -= taken
            if left <= 0:
                break


def packed(trace: Trace, lots: Ids) -> list[tuple[int, int, int, float]]:
    """What of the lots left in containers: (place in `lots`, movement of the container, container, quantity)."""
    moves = trace.moves
    place, rows = moves.by_lot.of_many(lots)
    boxes = np.array(list(trace.containers), np.int32)
    within = np.isin(moves["destination"][rows], boxes) | np.isin(moves["origin"][rows], boxes)
    place, rows = place[within], rows[within]
    ids = np.array(list(trace.containers.values()), np.int32)
    out = grouped(np.where(trace.deliveries, moves["lot"], -1).astype(np.int32), len(trace.lots))
    held: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for at, row in zip(place.tolist(), rows.tolist(), strict=True):
        for name, sign in (("destination", 1.0), ("origin", -1.0)):
            box = trace.containers.get(int(moves[name][row]))
            if box is not None:
                held.setdefault((at, box), []).append((int(moves["time"][row]), sign * float(moves["quantity"][row])))
    found = []
    wanted = set(ids.tolist())
    for (at, box), changes in held.items():
        for row in out.of(box).tolist() if box in wanted else ():
            when = int(moves["time"][row])
            quantity = sum(change for time, change in changes if time <= when)
            if quantity > 1e-9:
                found.append((at, row, box, quantity))
    return found
