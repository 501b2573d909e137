"""The stores to the screens: what lies where, moves that are checked before they are booked, cards to be filled.

Reads   Fact(movement, genealogy)    Writes  Fact(movement) through the screens' spool
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import now
from luban.screens.service.trace import TraceBooks
from luban.screens.users import Act
from luban.understand.trace import (
    Cards,
    Move,
    OnHand,
    Pick,
    Stores,
    Trace,
    cards_of,
    oldest_first,
    on_hand,
    picks_of,
    stock_of,
)

__all__ = ["StockDesk"]

_EPS: Final = 1e-9
_NAMES: Final = 500


class StockDesk:
    """Everything that may be asked and written about stock. Safe from any thread."""

    def __init__(self, books: TraceBooks) -> None:
        self.books = books
        self._writing = threading.Lock()
        self._kept: tuple[int, tuple[OnHand, ...]] | None = None

    def stock(self, *, item: str = "", place: str = "", lot: str = "") -> tuple[OnHand, ...]:
        """What lies where.

        item, lot  that one only
        place      that one only, or places below it
        """
        with self.books.asked() as trace:
            version = self.books.version
            if self._kept is None or self._kept[0] != version:
                self._kept = version, stock_of(trace)
            rows = self._kept[1]
        return tuple(
            one for one in rows
            if (not item or one.item == item) and (not lot or one.lot == lot)
            and (not place or one.place == place or one.place.startswith(f"{place}/"))
        )  # fmt: skip

    def cards(self) -> tuple[Cards, ...]:
        """Kanban loops, those with most to be filled first."""
        return cards_of(self.books.view.plant.kanban.values(), self.stock())

    def orders(self) -> list[str]:
        """Production orders of which the plant knows what goes in, for a choice; at most 500."""
        plant = self.books.view.plant
        made = {line.parent for line in plant.bom}
        return [one.id for one in plant.orders.values() if one.item in made][:_NAMES]

    def picks(self, order: str) -> tuple[Pick, ...]:
        """What to take where for an order, the oldest lots first: what its bill of material needs less what it used.

        Raises InputError: no such order, or nothing is known to go into its item
        """
        plant = self.books.view.plant
        if order not in plant.orders:
            raise InputError("no such order", came=order, expected=", ".join(list(plant.orders)[:20]))
        own = plant.orders[order]
        needs = {line.item: line.quantity * own.quantity for line in plant.bom if line.parent == own.item}
        if not needs:
            raise InputError("nothing is known to go into this item", came=own.item, expected="lines of bom.csv")
        rows = [one for one in self.stock() if one.item in needs and one.quantity > 0]
        with self.books.asked() as trace:
            for item, quantity in _used_by(trace, order).items():
                needs[item] = needs.get(item, 0.0) - quantity
            return picks_of(oldest_first(trace, rows), needs)

    def places(self) -> list[str]:
        """Places that movements name, for a choice; at most 500."""
        with self.books.asked() as trace:
            ids = np.unique(np.concatenate((trace.moves["origin"], trace.moves["destination"])))
            return sorted(trace.labels.array(ids[ids >= 0][:_NAMES]).to_pylist())

    # ------------------------------------------------------------------ acts

    def move(self, one: Move, *, person: str) -> None:
        """Book a move.

        Raises InputError: more than there is, an item that the plant does not have, a lot of another item
        """
        known = self.books.view.plant.items
        if known and one.item not in known:
            raise InputError("unknown item", came=one.item, expected=", ".join(list(known)[:20]))
        with self._writing:
            self.books.catch_up()
            with self.books.asked() as trace:
                _check(trace, one)
            self._write([one], person, f"{one.origin or '∅'} → {one.destination or '∅'}: {one.quantity:g} {one.lot}")

    def bring(self, loop: str, *, person: str) -> tuple[Move, ...]:
        """Fill one free card of a loop from its source, the oldest lots first.

        Raises InputError: no such loop, no free card, not enough at the source
        """
        known = self.books.view.plant.kanban
        if loop not in known:
            raise InputError("no such kanban loop", came=loop, expected=", ".join(known) or "a line of kanban.csv")
        own = known[loop]
        with self._writing:
            self.books.catch_up()
            (cards,) = cards_of([own], self.stock(item=own.item))
            if not cards.free:
                raise InputError("every card of the loop is full", came=loop)
            if cards.source < own.quantity * (1 - _EPS):
                raise InputError("there is not so much of it at this place", came=f"{own.quantity:g}",
                                 expected=f"≤ {cards.source:g}", where=f"{own.item}, {own.source}")  # fmt: skip
            with self.books.asked() as trace:
                here = [row for row in self.stock(item=own.item) if row.place == own.source and row.quantity > 0]
                rows = oldest_first(trace, here)
            moves, left = [], own.quantity
            for row in rows:
                taken = min(left, row.quantity)
                moves.append(Move(own.item, row.lot, own.source, own.place, taken))
                left -= taken
                if left <= _EPS:
                    break
            self._write(moves, person, f"{loop}: {own.source} → {own.place}")
        return tuple(moves)

    def _write(self, moves: Sequence[Move], person: str, text: str) -> None:
        rows: dict[str, list[Any]] = {
            "time": [now()] * len(moves), "subject": [one.item for one in moves],
            "lot": [one.lot or None for one in moves], "origin": [one.origin or None for one in moves],
            "destination": [one.destination or None for one in moves], "quantity": [one.quantity for one in moves],
            "order": [one.order or None for one in moves],
        }  # fmt: skip
        self.books.write(Act(person, "move", moves[0].item, text[:500]), "movement", rows)
        self.books.catch_up()


def _check(trace: Trace, one: Move) -> None:
    """Refuse what the books do not bear."""
    number = trace.lots.id(one.lot) if one.lot else -1
    if number >= 0:
        item = trace.labels.name(int(trace.item_of(np.array([number], np.int32))[0]))
        if item and item != one.item:
            raise InputError("the lot is of another item", came=one.item, expected=item, where=one.lot)
    elif one.lot and one.origin:
        raise InputError("no fact names this lot", came=one.lot, hint="look at its spelling")
    if not one.origin:
        return
    if number >= 0 and (held := _at_customer(trace, number, one.origin)) is not None:
        Stores({(one.item, one.lot, one.origin): held}).move(one)
        return
    if one.lot:
        rows = on_hand(trace, np.array([number], np.int32))
    else:
        rows = tuple(row for row in stock_of(trace) if not row.lot and row.item == one.item)
    here = {(one.item, row.lot, row.place): row.quantity for row in rows if row.quantity > 0}
    Stores(here).move(one)


def _at_customer(trace: Trace, lot: int, place: str) -> float | None:
    """What a customer has of a lot: delivered less what came back; None where the place is no customer of it."""
    moves, number = trace.moves, trace.labels.id(place)
    rows = moves.by_lot.of(lot)
    out = rows[trace.deliveries[rows] & (moves["destination"][rows] == number)]
    if number < 0 or not len(out):
        return None
    back = rows[moves["origin"][rows] == number]
    return float(moves["quantity"][out].sum() - moves["quantity"][back].sum())


def _used_by(trace: Trace, order: str) -> dict[str, float]:
    """What an order used so far, by item; doubtful parts are left out."""
    facts = trace.by_order[0].of(trace.labels.id(order)).astype(np.int64)
    if not len(facts):
        return {}
    columns, counted = trace.graph.view.columns, trace.doubts.counted(facts)
    items = columns["item"][facts]
    unsaid = items < 0
    items[unsaid] = trace.item_of(columns["source"][facts])[unsaid]
    found: dict[str, float] = {}
    for item, quantity in zip(items.tolist(), counted.tolist(), strict=True):
        name = trace.labels.name(item)
        found[name] = found.get(name, 0.0) + quantity
    return found
