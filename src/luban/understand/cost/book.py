"""The cost book: journal, cost cards and stock values as they follow from events; a correction redoes what it touches.

An order's cost goes into work in progress when it is incurred. Good pieces carry their share of it into stock: of an
order of 100 with 60 still to make, 20 good pieces carry a third of what is in progress. Scrapped pieces leave their
share to the good ones, or it is written off, as the plant's rule says. A lot is issued and sold at what it cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from luban.core.errors import InputError
from luban.understand.cost.engine import Pass
from luban.understand.cost.event import Demand, ShopEvent
from luban.understand.cost.journal import Entry, balances
from luban.understand.cost.prices import Price, PriceList
from luban.understand.cost.state import Card, Doubt, Outcome, Stock

__all__ = ["CostBook", "cost_book"]

Node: TypeAlias = tuple[str, str, str]
"""An order ("order", number, "") or a lot ("lot", item, lot); of items that are taken without a lot, all lots."""


@dataclass(frozen=True, slots=True)
class CostBook:
    """A cost book.

    events   what it was made of, in order of time
    cards    cost card of each order
    stock    lots, by (item, lot)
    touched  orders and lots that the making of it worked out; all of them unless it is a revision
    absorb   good pieces carry the scrap of their order
    digits   decimal places of the currency's minor unit
    """

    events: tuple[ShopEvent, ...]
    demands: Mapping[str, Demand]
    prices: PriceList
    cards: Mapping[str, Card]
    stock: Mapping[tuple[str, str], Stock]
    outcomes: Mapping[tuple[int, int], Outcome] = field(repr=False)
    touched: frozenset[Node] = frozenset()
    absorb: bool = True
    digits: int = 2

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The journal in order of time."""
        made = (self.outcomes[one.key].entry for one in self.events)
        return tuple(entry for entry in made if entry is not None)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Facts that are in no total, in order of time."""
        return tuple(doubt for one in self.events for doubt in self.outcomes[one.key].doubts)

    def balances(self, until: int | None = None) -> dict[str, int]:
        """Balance of each account's role [minor units]; their sum is 0 at every instant."""
        return balances(self.entries, until)

    def in_progress(self, until: int | None = None) -> dict[str, int]:
        """Work in progress of each order from the journal [minor units], orders with none left out."""
        found: dict[str, int] = {}
        for entry in self.entries:
            if until is None or entry.time <= until:
                for one in entry.postings:
                    if one.role == "wip":
                        found[one.order] = found.get(one.order, 0) + one.amount
        return {order: value for order, value in found.items() if value}

    def revise(
        self,
        *,
        events: Iterable[ShopEvent] | None = None,
        demands: Iterable[Demand] | None = None,
        prices: PriceList | None = None,
    ) -> CostBook:
        """The book after corrected facts, orders or prices, equal to one made anew.

        Only orders and lots that depend on what has changed are worked out again: the others, their entries and
        their doubts are those of this book. `touched` names them.
        """
        rows = self.events if events is None else _ordered(events)
        wanted = self.demands if demands is None else {one.order: one for one in demands}
        run = Pass(wanted, prices or self.prices, absorb=self.absorb, digits=self.digits)
        before = Pass(self.demands, self.prices, absorb=self.absorb, digits=self.digits)
        repriced = prices is not None or wanted != self.demands
        old = {one.key: one for one in self.events}
        new = {one.key: one for one in rows}
        changed = [
            one for key in old.keys() | new.keys() for one in (old.get(key), new.get(key)) if one is not None
            if old.get(key) != new.get(key) or (repriced and before.priced(one) != run.priced(one))
        ]  # fmt: skip
        pooled = _pooled((*self.events, *rows))
        start = {node for one in changed for node in _nodes(one, pooled, (self.demands, wanted))}
        for order in self.demands.keys() | wanted.keys():
            if self.demands.get(order) != wanted.get(order):
                start.add(("order", order, ""))
        turned = _made(self.events, self.demands) ^ _made(rows, wanted)
        for one in (*self.events, *rows):
            nodes = _nodes(one, pooled, (self.demands, wanted))
            if any(node[0] == "lot" and node[1] in turned for node in nodes):
                start |= nodes
        dirty = _reach(start, (*self.events, *rows), pooled, (self.demands, wanted))
        run.cards = {order: card for order, card in self.cards.items() if ("order", order, "") not in dirty}
        run.stock = {key: held for key, held in self.stock.items() if _lot(*key, pooled) not in dirty}
        return _make(rows, run, dirty, self.outcomes, pooled)


def cost_book(
    events: Iterable[ShopEvent],
    demands: Iterable[Demand] = (),
    prices: Iterable[Price] | PriceList = (),
    *,
    absorb: bool = True,
    digits: int = 2,
) -> CostBook:
    """The cost book of events.

    demands  orders as they were placed; an order that is not there gives all it has to the pieces it makes
    absorb   good pieces carry the scrap of their order; False: it is written off
    digits   decimal places of the currency's minor unit
    Raises   InputError where two events bear one key
    """
    rows = _ordered(events)
    listed = prices if isinstance(prices, PriceList) else PriceList(prices)
    run = Pass({one.order: one for one in demands}, listed, absorb=absorb, digits=digits)
    return _make(rows, run, None, {}, _pooled(rows))


def _make(
    rows: tuple[ShopEvent, ...],
    run: Pass,
    dirty: frozenset[Node] | None,
    known: Mapping[tuple[int, int], Outcome],
    pooled: frozenset[str],
) -> CostBook:
    run.first, run.made = _arrivals(rows, run.demands), _made(rows, run.demands)
    outcomes: dict[tuple[int, int], Outcome] = {}
    touched: set[Node] = set()
    for event in rows:
        order, lot = _parts(event, pooled, run.demands)
        nodes = {node for node in (order, lot) if node is not None}
        if dirty is None or not nodes:
            outcomes[event.key] = run.step(event)
            touched |= nodes
            continue
        hit = nodes & dirty
        if not hit:
            outcomes[event.key] = known[event.key]
        elif event.kind in ("complete", "return") and order not in dirty:
            outcomes[event.key] = known[event.key]
            for take in known[event.key].takes:
                run.put(take)
        elif event.kind == "issue" and lot not in dirty:
            step = run.step(event, known[event.key].takes)
            outcomes[event.key] = Outcome(step.entry, known[event.key].doubts, step.takes)
        else:
            outcomes[event.key] = run.step(event)
        touched |= hit
    stock = dict(sorted(run.stock.items()))
    cards = dict(sorted(run.cards.items()))
    return CostBook(rows, run.demands, run.prices, cards, stock, outcomes, frozenset(touched), run.absorb, run.digits)


def _ordered(events: Iterable[ShopEvent]) -> tuple[ShopEvent, ...]:
    rows = tuple(sorted(events, key=lambda one: one.place))
    if len({one.key for one in rows}) != len(rows):
        counts = Counter(one.key for one in rows)
        twice = next(key for key, count in counts.items() if count > 1)
        raise InputError("two events with one number", came=str(twice), expected="each seq and part once")
    return rows


def _pooled(rows: Iterable[ShopEvent]) -> frozenset[str]:
    return frozenset(one.item for one in rows if one.kind in ("issue", "ship") and not one.lot)


def _lot(item: str, lot: str, pooled: frozenset[str]) -> Node:
    return ("lot", item, "*" if item in pooled else lot)


def _parts(event: ShopEvent, pooled: frozenset[str], demands: Mapping[str, Demand]) -> tuple[Node | None, Node | None]:
    order = ("order", event.order, "") if event.order and event.kind not in ("ship", "receive") else None
    item = event.item
    if event.kind == "complete" and not item and event.order in demands:
        item = demands[event.order].item
    moves = event.kind in ("receive", "issue", "ship", "return", "complete")
    return order, _lot(item, event.lot, pooled) if moves else None


def _nodes(event: ShopEvent, pooled: frozenset[str], demands: Iterable[Mapping[str, Demand]]) -> set[Node]:
    return {node for one in demands for node in _parts(event, pooled, one) if node is not None}


def _reach(
    start: set[Node], rows: Iterable[ShopEvent], pooled: frozenset[str], demands: Iterable[Mapping[str, Demand]]
) -> frozenset[Node]:
    """All orders and lots whose value may depend on those of `start`."""
    onward: dict[Node, set[Node]] = {}
    for event in rows:
        for one in demands:
            order, lot = _parts(event, pooled, one)
            if order is None or lot is None:
                continue
            if event.kind == "issue":
                onward.setdefault(lot, set()).add(order)
            else:
                onward.setdefault(order, set()).add(lot)
    found, front = set(start), list(start)
    while front:
        for node in onward.get(front.pop(), ()):
            if node not in found:
                found.add(node)
                front.append(node)
    return frozenset(found)


def _made(rows: Iterable[ShopEvent], demands: Mapping[str, Demand]) -> frozenset[str]:
    """Items that orders make."""
    named = {one.item for one in demands.values()}
    return frozenset(named | {one.item for one in rows if one.kind == "complete" and one.item})


def _arrivals(rows: Iterable[ShopEvent], demands: Mapping[str, Demand]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for event in rows:
        item = event.item
        if event.kind == "complete" and not item and event.order in demands:
            item = demands[event.order].item
        if event.kind == "receive" or (event.kind == "complete" and event.quantity):
            found.setdefault((item, event.lot), event.time)
    return found
