"""One pass over events in their order: each becomes a journal entry, a doubt, or both."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from luban.understand.cost.event import Demand, ShopEvent
from luban.understand.cost.journal import Entry, Posting
from luban.understand.cost.money import EXACT, minor
from luban.understand.cost.prices import Price, PriceList
from luban.understand.cost.state import Card, Doubt, Outcome, Stock, Take, Use, part_of

__all__ = ["Pass"]

_RESOURCES = ("machine", "labour", "tool", "energy")


class Pass:
    """The state of orders and lots, and how an event changes it.

    absorb  the good pieces of an order carry its scrap; else it is a loss of its own
    made    items that orders make: finished goods, even where a lot of them was bought
    """

    def __init__(self, demands: Mapping[str, Demand], prices: PriceList, *, absorb: bool, digits: int) -> None:
        """Start with nothing on hand."""
        self.demands, self.prices, self.absorb, self.digits = demands, prices, absorb, digits
        self.cards: dict[str, Card] = {}
        self.stock: dict[tuple[str, str], Stock] = {}
        self.first: dict[tuple[str, str], int] = {}
        self.made: frozenset[str] = frozenset()

    # ------------------------------------------------------------ what an event needs

    def priced(self, event: ShopEvent) -> tuple[Price | None, ...]:
        """The prices that an event rests on: its own, and that of overhead or scrap."""
        find, kind, time = self.prices.find, event.kind, event.time
        if kind == "receive":
            return (find("material", event.item, time, lot=event.lot),)
        if kind in ("issue", "return", "ship"):
            return (find("overhead", "material", time), find("material", event.item, time, lot=event.lot))
        if kind in _RESOURCES:
            own = find(kind, event.of, time, state=event.state)
            return (own, find("overhead", kind, time) if event.order else None)
        return (find("scrap", self._makes(event), time),) if kind == "complete" else ()

    def _makes(self, event: ShopEvent) -> str:
        demand = self.demands.get(event.order)
        return event.item or (demand.item if demand else "")

    def card(self, order: str, item: str = "") -> Card:
        """The card of an order, begun where there is none."""
        found = self.cards.get(order)
        if found is None:
            demand = self.demands.get(order, Demand(order, item))
            found = self.cards[order] = Card(order, demand.item, demand.quantity)
        if not found.item:
            found.item = item
        return found

    # ------------------------------------------------------------ one event

    def step(self, event: ShopEvent, known: tuple[Take, ...] | None = None) -> Outcome:
        """Take one event.

        known  what an issue takes out of lots, where these are settled already and are not looked at
        """
        lines: list[Posting] = []
        doubts: list[Doubt] = []
        takes: tuple[Take, ...] = ()
        carried: dict[str, int] = {}
        if event.kind == "receive":
            takes = self._receive(event, lines, doubts)
        elif event.kind in ("issue", "ship"):
            takes = self._take(event, doubts) if known is None else known
            self._out(event, takes, lines)
        elif event.kind == "return":
            takes = self._back(event, lines, doubts)
        elif event.kind in _RESOURCES:
            self._resource(event, lines, doubts)
        elif event.kind == "complete":
            takes = self._complete(event, lines, doubts, carried)
        else:
            self._close(event, lines)
        kept = tuple(one for one in lines if one.amount)
        entry = Entry(event.seq, event.part, event.time, event.kind, kept) if kept else None
        return Outcome(entry, tuple(doubts), takes, carried)

    def put(self, take: Take, *, priced: bool = True) -> None:
        """Lay a quantity with its value into a lot."""
        key = take.item, take.lot
        held = self.stock.get(key)
        if held is None:
            held = self.stock[key] = Stock(take.role, priced=priced)
        elif not held.quantity:
            held.priced = priced
        held.priced = held.priced and priced
        held.quantity += take.quantity
        held.value += take.value

    # ------------------------------------------------------------ stock

    def _receive(self, event: ShopEvent, lines: list[Posting], doubts: list[Doubt]) -> tuple[Take, ...]:
        price = self.prices.find("material", event.item, event.time, lot=event.lot)
        value = 0 if price is None else self._times(event.quantity, price)
        take = Take(event.item, event.lot, event.quantity, value, self._role(event.item))
        self.put(take, priced=price is not None)
        if price is None:
            why = self.prices.lacking("material", event.item, event.time, lot=event.lot)
            doubts.append(self._doubt(event, why, _about(event), event.quantity))
        lines.append(Posting(take.role, value, item=event.item, lot=event.lot))
        lines.append(Posting("payable", -value, item=event.item, lot=event.lot))
        return (take,)

    def _take(self, event: ShopEvent, doubts: list[Doubt]) -> tuple[Take, ...]:
        keys = [(event.item, event.lot)] if event.lot else [key for key in self.stock if key[0] == event.item]
        left, taken = event.quantity, []
        unpriced = Decimal(0)
        for key in keys:
            held = self.stock.get(key)
            if held is None or not left or not held.quantity:
                continue
            part = min(left, held.quantity)
            left -= part
            if held.priced:
                taken.append(Take(*key, part, held.take(part), held.role))
            else:
                held.quantity -= part
                unpriced += part
        if unpriced:
            doubts.append(self._doubt(event, "unpriced lot", _about(event), unpriced))
        if left:
            doubts.append(self._short(event, left))
        return tuple(taken)

    def _short(self, event: ShopEvent, left: Decimal) -> Doubt:
        arrivals = [time for (item, lot), time in self.first.items() if item == event.item and event.lot in ("", lot)]
        if not arrivals:
            kind = "unknown lot"
        else:
            kind = "before produced" if min(arrivals) > event.time else "more than there was"
        price = self.prices.find("material", event.item, event.time, lot=event.lot)
        return self._doubt(event, kind, _about(event), left, None if price is None else self._times(left, price))

    def _out(self, event: ShopEvent, takes: tuple[Take, ...], lines: list[Posting]) -> None:
        for take in takes:
            lines.append(Posting(take.role, -take.value, event.order, item=take.item, lot=take.lot))
            if event.kind == "ship":
                lines.append(Posting("sold", take.value, event.order, item=take.item, lot=take.lot))
            elif event.order:
                self._charge(event, "material", take.item, take.value, take.quantity, lines)
                use = self.card(event.order).issued.setdefault((take.item, take.lot), Use())
                use.quantity += take.quantity
                use.value += take.value
            else:
                lines.append(Posting("idle", take.value, item=take.item, lot=take.lot))

    def _back(self, event: ShopEvent, lines: list[Posting], doubts: list[Doubt]) -> tuple[Take, ...]:
        card = self.card(event.order)
        use = card.issued.get((event.item, event.lot), Use())
        part = min(event.quantity, use.quantity)
        if part < event.quantity:
            doubts.append(self._doubt(event, "more back than issued", _about(event), event.quantity - part))
        if not part:
            return ()
        value = use.value if part == use.quantity else part_of(use.value, part, use.quantity)
        use.quantity -= part
        use.value -= value
        take = Take(event.item, event.lot, part, value, self._role(event.item))
        self.put(take)
        self._charge(event, "material", event.item, -value, -part, lines)
        lines.append(Posting(take.role, value, event.order, item=event.item, lot=event.lot))
        return (take,)

    def _role(self, item: str) -> str:
        return "finished" if item in self.made else "material"

    # ------------------------------------------------------------ cost into orders

    def _resource(self, event: ShopEvent, lines: list[Posting], doubts: list[Doubt]) -> None:
        price = self.prices.find(event.kind, event.of, event.time, state=event.state)
        if price is None:
            why = self.prices.lacking(event.kind, event.of, event.time, state=event.state)
            doubts.append(self._doubt(event, why, event.of or event.kind, event.quantity))
            return
        value = self._times(event.quantity, price)
        lines.append(Posting(event.kind, -value, event.order, event.kind))
        if event.order:
            self._charge(event, event.kind, event.of, value, event.quantity, lines)
        else:
            lines.append(Posting("idle", value, element=event.kind))

    def _charge(
        self, event: ShopEvent, element: str, name: str, value: int, quantity: Decimal, lines: list[Posting]
    ) -> None:
        """Put a cost, and the overhead on it, onto the order's card and into its work in progress."""
        card = self.card(event.order)
        use = card.uses.setdefault(("rework" if event.rework else element, name, event.state), Use())
        use.quantity += quantity
        use.value += value
        rule = self.prices.find("overhead", element, event.time)
        extra = 0 if rule is None else minor(EXACT.multiply(Decimal(value), rule.price), 0)
        for one, amount in ((element, value), ("overhead", extra)):
            if not amount:
                continue
            shown = "rework" if event.rework else one
            card.spent[shown] = card.spent.get(shown, 0) + amount
            if one == "overhead":
                lines.append(Posting("overhead", -amount, event.order, "overhead"))
            if card.closed:
                card.settled += amount
                lines.append(Posting("settlement", amount, event.order, shown))
            else:
                card.wip[shown] = card.wip.get(shown, 0) + amount
                lines.append(Posting("wip", amount, event.order, shown))

    # ------------------------------------------------------------ pieces out of orders

    def _complete(
        self, event: ShopEvent, lines: list[Posting], doubts: list[Doubt], carried: dict[str, int]
    ) -> tuple[Take, ...]:
        item = self._makes(event)
        card = self.card(event.order, item)
        done = event.quantity + event.scrap
        rest = done if card.planned is None else max(card.planned - card.good - card.scrap, done)
        if event.scrap:
            self._scrap(event, card, item, rest, lines, doubts)
        card.good += event.quantity
        card.scrap += event.scrap
        if not event.quantity:
            return ()
        value = 0
        for element, held in card.wip.items():
            share = part_of(held, event.quantity, rest - event.scrap)
            card.wip[element] -= share
            card.carried[element] = card.carried.get(element, 0) + share
            if share:
                carried[element] = share
            lines.append(Posting("wip", -share, event.order, element))
            value += share
        take = Take(item, event.lot, event.quantity, value, self._role(item))
        self.put(take)
        lines.append(Posting(take.role, value, event.order, item=item, lot=event.lot))
        return (take,)

    def _scrap(
        self, event: ShopEvent, card: Card, item: str, rest: Decimal, lines: list[Posting], doubts: list[Doubt]
    ) -> None:
        total = 0
        for element, held in card.wip.items():
            if element == "scrap":
                continue
            share = part_of(held, event.scrap, rest)
            card.wip[element] -= share
            lines.append(Posting("wip", -share, event.order, element))
            total += share
        price = self.prices.find("scrap", item, event.time)
        if price is None and (why := self.prices.lacking("scrap", item, event.time)) == "no rate":
            doubts.append(self._doubt(event, why, item, event.scrap))
        back = 0 if price is None else self._times(event.scrap, price)
        card.recovered += back
        lines.append(Posting("recovered", back, event.order, item=item))
        if self.absorb and not card.closed:
            card.wip["scrap"] = card.wip.get("scrap", 0) + total - back
            lines.append(Posting("wip", total - back, event.order, "scrap"))
        else:
            card.lost += total - back
            lines.append(Posting("loss", total - back, event.order, "scrap"))

    def _close(self, event: ShopEvent, lines: list[Posting]) -> None:
        card = self.card(event.order)
        card.closed = True
        for element, held in card.wip.items():
            lines.append(Posting("wip", -held, event.order, element))
            if element == "scrap":
                card.lost += held
                lines.append(Posting("loss", held, event.order, element))
            else:
                card.settled += held
                lines.append(Posting("settlement", held, event.order, element))
            card.wip[element] = 0

    def _times(self, quantity: Decimal, price: Price) -> int:
        return minor(EXACT.multiply(quantity, price.price), self.digits)

    def _doubt(self, event: ShopEvent, kind: str, about: str, quantity: Decimal, amount: int | None = None) -> Doubt:
        return Doubt(event.seq, event.part, kind, about, quantity, amount, event.order)


def _about(event: ShopEvent) -> str:
    return f"{event.item} {event.lot}".strip()
