"""Stores of a plant: what lies where, moves that are checked before they are booked, cards of kanban loops.

Stock of a lot at a place is what came there less what left it and what was used of it: receipts less issues. A move
that would take more than there is is refused, so stock that is booked through `Stores` is never below 0. What facts
from elsewhere took too much is said as missing, and counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from luban.core.errors import InputError
from luban.plant import KanbanLoop
from luban.understand.trace.names import Ids
from luban.understand.trace.stock import OnHand, on_hand
from luban.understand.trace.trace import Trace

__all__ = ["Cards", "Move", "Pick", "Stores", "cards_of", "oldest_first", "picks_of", "stock_of"]

_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Move:
    """A move that is asked for.

    lot                  "" where the item is not kept by lots
    origin, destination  places; no origin: a receipt, no destination: an issue
    quantity             above 0 [unit of the item]
    order                that causes it; "" for none
    """

    item: str
    lot: str
    origin: str
    destination: str
    quantity: float
    order: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.quantity) and self.quantity > 0):
            raise InputError("a quantity is a number above 0", came=f"{self.quantity:g}")
        if not self.item:
            raise InputError("a move names an item")
        if self.origin == self.destination:
            expected = "a place it leaves, a place it reaches, or both, different"
            raise InputError("a move goes from one place to another", came=self.origin or "no place", expected=expected)


@dataclass(slots=True)
class Stores:
    """Quantities by item, lot and place that moves change; never below 0.

    Example  s = Stores(); s.move(Move("axle", "L1", "", "store", 5.0)); s.quantity("axle", "L1", "store") == 5.0
    """

    held: dict[tuple[str, str, str], float] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[OnHand]) -> Stores:
        """What is on hand, as a beginning."""
        return cls({(one.item, one.lot, one.place): one.quantity for one in rows if one.quantity > 0})

    def quantity(self, item: str, lot: str, place: str) -> float:
        """What is there [unit of the item]."""
        return self.held.get((item, lot, place), 0.0)

    def move(self, one: Move) -> None:
        """Book a move. Raises InputError where there is not so much at the place; nothing is changed then."""
        if one.origin:
            here = (one.item, one.lot, one.origin)
            left = self.held.get(here, 0.0) - one.quantity
            if left < -_EPS * max(1.0, one.quantity):
                raise InputError(
                    "there is not so much of it at this place", came=f"{one.quantity:g}",
                    expected=f"≤ {self.held.get(here, 0.0):g}", where=f"{one.lot or one.item}, {one.origin}",
                )  # fmt: skip
            if left <= _EPS * max(1.0, one.quantity):
                self.held.pop(here, None)
            else:
                self.held[here] = left
        if one.destination:
            there = (one.item, one.lot, one.destination)
            self.held[there] = self.held.get(there, 0.0) + one.quantity


def stock_of(trace: Trace) -> tuple[OnHand, ...]:
    """All that is on hand, by item, lot and place; what is not kept by lots has no lot."""
    found = [*on_hand(trace, _live(trace)), *_without_lot(trace)]
    return tuple(sorted(found, key=lambda one: (one.place, one.item, one.lot)))


def _live(trace: Trace) -> Ids:
    """Lots of which something may be left, or more was taken somewhere than there was."""
    moves = trace.moves
    lot, quantity = moves["lot"], np.nan_to_num(moves["quantity"])
    inside = lot >= 0
    if not inside.any():
        return np.empty(0, np.int32)
    size = int(lot.max()) + 1
    came = inside & (moves["destination"] >= 0) & ~trace.deliveries
    left = inside & (moves["origin"] >= 0) & ~trace.returns & ~(moves.issues & ~trace.withdrawals)
    total = np.bincount(lot[came], quantity[came], size) - np.bincount(lot[left], quantity[left], size)
    view = trace.graph.view
    source = view.columns["source"][: view.edges]
    used = np.flatnonzero(source < size)
    total -= np.bincount(source[used], trace.doubts.counted(used), size)
    wide = len(trace.labels) + 1
    places = np.concatenate((lot[came] * wide + moves["destination"][came], lot[left] * wide + moves["origin"][left]))
    keys, at = np.unique(places.astype(np.int64), return_inverse=True)
    net = np.bincount(at, np.concatenate((quantity[came], -quantity[left])), len(keys))
    short = np.zeros(size, np.bool_)
    short[keys[net < -_EPS] // wide] = True
    return np.flatnonzero((np.abs(total) > _EPS) | short).astype(np.int32)


def _without_lot(trace: Trace) -> list[OnHand]:
    moves = trace.moves
    rows = np.flatnonzero((moves["lot"] < 0) & (moves["quantity"] > 0))
    held: dict[tuple[int, int], float] = {}
    delivered, returned = trace.deliveries, trace.returns
    for row in rows.tolist():
        item, quantity = int(moves["item"][row]), float(moves["quantity"][row])
        origin, to = int(moves["origin"][row]), int(moves["destination"][row])
        if origin >= 0 and not returned[row]:
            held[item, origin] = held.get((item, origin), 0.0) - quantity
        if to >= 0 and not delivered[row]:
            held[item, to] = held.get((item, to), 0.0) + quantity
    name = trace.labels.name
    return [
        OnHand("", name(item), name(place), max(quantity, 0.0), max(-quantity, 0.0))
        for (item, place), quantity in held.items() if abs(quantity) > _EPS
    ]  # fmt: skip


def oldest_first(trace: Trace, rows: Sequence[OnHand]) -> list[OnHand]:
    """The rows in the order in which their lots first came in."""
    first: dict[str, int] = {}
    ids = trace.lots.ids([one.lot for one in rows]) if rows else np.empty(0, np.int32)
    place, moved = trace.moves.by_lot.of_many(ids)
    for at, row in zip(place.tolist(), moved.tolist(), strict=True):
        when = int(trace.moves["time"][row])
        first[rows[at].lot] = min(first.get(rows[at].lot, when), when)
    return sorted(rows, key=lambda one: (first.get(one.lot, 0), one.lot))


@dataclass(frozen=True, slots=True)
class Pick:
    """So much of a lot to be taken from a place; without a lot and a place: what is not there [unit of the item]."""

    item: str
    lot: str
    place: str
    quantity: float


def picks_of(rows: Iterable[OnHand], needs: Mapping[str, float]) -> tuple[Pick, ...]:
    """What to take where for the needs, in the order of the rows (`oldest_first`); what is short stands last.

    needs  quantity by item [unit of the item]
    """
    left = {item: quantity for item, quantity in needs.items() if quantity > _EPS}
    found = []
    for one in rows:
        taken = min(left.get(one.item, 0.0), one.quantity)
        if taken > _EPS:
            found.append(Pick(one.item, one.lot, one.place, taken))
            left[one.item] -= taken
    return (*found, *(Pick(item, "", "", quantity) for item, quantity in left.items() if quantity > _EPS))


# ---------------------------------------------------------------- kanban


@dataclass(frozen=True, slots=True)
class Cards:
    """How a kanban loop stands.

    stock   at the place that uses it; source: at the place that fills it [unit of the item]
    full    cards whose quantity lies at the place, a part of one too; free: the others, to be filled
    """

    loop: KanbanLoop
    stock: float
    source: float
    full: int
    free: int

    @property
    def short(self) -> bool:
        """The source cannot fill the free cards."""
        return self.source < self.free * self.loop.quantity * (1 - _EPS)


def cards_of(loops: Iterable[KanbanLoop], rows: Iterable[OnHand]) -> tuple[Cards, ...]:
    """The loops with their cards, those with most to be filled first."""
    held: dict[tuple[str, str], float] = {}
    for one in rows:
        held[one.item, one.place] = held.get((one.item, one.place), 0.0) + one.quantity
    found = []
    for loop in loops:
        stock = held.get((loop.item, loop.place), 0.0)
        full = min(math.ceil(stock / loop.quantity - _EPS), loop.cards)
        source = held.get((loop.item, loop.source), 0.0)
        found.append(Cards(loop, stock, source, full, loop.cards - full))
    return tuple(sorted(found, key=lambda one: (-one.free / one.loop.cards, one.loop.id)))
