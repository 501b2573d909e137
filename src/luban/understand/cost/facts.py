"""From a plant's facts to the events of its cost book; what is taken by rule instead of fact is said.

Material is taken as it was booked: issues, else genealogy, else the bill of materials for the pieces made. Pieces
are those that were moved into stock, else those of the last operation, else those counted there.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from luban.ledger import Ledger
from luban.plant import BomLine, Plant
from luban.understand.cost.accounts import Chart
from luban.understand.cost.book import CostBook, cost_book
from luban.understand.cost.energy import energy_events
from luban.understand.cost.event import Demand, ShopEvent
from luban.understand.cost.hours import Span, hours_of, machine_spans, work_events
from luban.understand.cost.money import digits_of, exact
from luban.understand.cost.prices import Price, PriceList
from luban.understand.cost.rates import Rate, Rates
from luban.understand.cost.words import (
    BY_BILL,
    BY_MACHINE,
    BY_STEPS,
    NO_MACHINE,
    NO_ORDER,
    NO_OWNER,
    STARTED,
    USED_AS_BOUGHT,
)
from luban.understand.energy.plant import meters_of, swaps_of

__all__ = ["PlantCost", "chart_of", "plant_cost", "prices_of"]

_STREAMS: Final = ("movement", "genealogy", "operation", "state", "count", "meter")
_BEGUN: Final = frozenset({"order arrived", "order released"})
_DONE: Final = frozenset({"order finished", "order scrapped"})
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlantCost:
    """A plant's cost book with what it rests on.

    book      the book
    chart     its accounts
    currency  ISO 4217 code of its money
    facts     facts read, by stream
    by_rule   orders by what was taken by a rule and not from a fact
    left_out  quantities that could be given to nothing, by reason
    """

    book: CostBook
    chart: Chart
    currency: str
    facts: Mapping[str, int]
    by_rule: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, Decimal]


@dataclass(slots=True)
class _Shop:
    """Rows of the streams, and what is being made of them."""

    plant: Plant
    rows: Mapping[str, Sequence[Row]]
    events: list[ShopEvent] = field(default_factory=list)
    by_rule: dict[str, set[str]] = field(default_factory=dict)
    left_out: dict[str, Decimal] = field(default_factory=dict)
    makes: dict[str, str] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    begun: dict[str, Decimal] = field(default_factory=dict)
    asked: dict[str, Decimal] = field(default_factory=dict)
    ended: dict[str, Row] = field(default_factory=dict)

    def rule(self, text: str, order: str) -> None:
        self.by_rule.setdefault(text, set()).add(order)


def plant_cost(ledger: Ledger, plant: Plant, *, as_of: int | None = None) -> PlantCost:
    """The cost book of a plant from all its facts.

    as_of  the books as they stood at this seq
    """
    rows = {name: ledger.table(name, as_of=as_of).to_pylist() for name in _STREAMS}
    events = ledger.table("event", as_of=as_of)
    noted = pc.and_(pc.equal(events["kind"], "note"), pc.is_in(events["code"], pa.array(sorted(_BEGUN | _DONE))))
    rows["event"] = events.filter(noted).select(["seq", "time", "subject", "code", "data"]).to_pylist()
    shop = _Shop(plant, rows)
    for part in (_orders, _notes, _spans, _pieces, _work, _materials, _closings):
        part(shop)
    demands = [Demand(order, item, _ordered(shop, order)) for order, item in sorted(shop.makes.items())]
    book = cost_book(
        shop.events, demands, prices_of(plant), absorb=plant.cost.absorb, digits=digits_of(plant.cost.currency)
    )
    return PlantCost(
        book, chart_of(plant), plant.cost.currency, {name: len(found) for name, found in rows.items()},
        {text: tuple(sorted(orders)) for text, orders in sorted(shop.by_rule.items())}, dict(shop.left_out),
    )  # fmt: skip


def prices_of(plant: Plant) -> PriceList:
    """The prices of a plant, with the rates of foreign money."""
    return PriceList(
        (
            Price(one.kind, one.of, exact(one.price), one.per, one.lot, one.state, one.basis, one.start, one.currency)
            for one in plant.prices
        ),
        Rates(Rate(one.currency, exact(one.rate), one.start) for one in plant.rates),
        plant.cost.currency,
    )


def chart_of(plant: Plant) -> Chart:
    """The accounts of a plant."""
    return Chart.default(dict(plant.cost.accounts))


def _ordered(shop: _Shop, order: str) -> Decimal | None:
    """Pieces of an order as it was placed or released, else as its first operation of several reported them."""
    if order in shop.plant.orders:
        return exact(shop.plant.orders[order].quantity)
    if order in shop.asked:
        return shop.asked[order]
    if order not in shop.begun:
        return None
    shop.rule(STARTED, order)
    return shop.begun[order]


def _orders(shop: _Shop) -> None:
    shop.makes = {order.id: order.item for order in shop.plant.orders.values()}
    for stream in ("operation", "state", "count"):
        for row in shop.rows[stream]:
            if row["order"] and (row["item"] or row["order"] not in shop.makes):
                shop.makes.setdefault(row["order"], row["item"] or "")
                if not shop.makes[row["order"]]:
                    shop.makes[row["order"]] = row["item"] or ""


def _notes(shop: _Shop) -> None:
    """What was noted of orders: how many pieces were asked for, and that they are done."""
    for row in shop.rows["event"]:
        if row["code"] in _BEGUN:
            quantity = _told(row).get("quantity")
            if isinstance(quantity, int | float) and quantity > 0:
                shop.asked[row["subject"]] = exact(quantity)
        elif row["code"] in _DONE:
            shop.ended[row["subject"]] = row


def _told(row: Row) -> dict[str, Any]:
    try:
        found = json.loads(row["data"] or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _movements(shop: _Shop) -> set[str]:
    """Put movements into events; orders whose pieces were moved into stock."""
    made: set[str] = set()
    for row in shop.rows["movement"]:
        order, item, lot = row["order"] or "", row["subject"], row["lot"] or ""
        inward, outward = not row["origin"], not row["destination"]
        own = bool(order) and shop.makes.get(order, item) == item
        customer = (row["destination"] or "").startswith(("customer:", "customer/"))
        if inward and own:
            kind = "complete"
            made.add(order)
            shop.makes.setdefault(order, item)
        elif inward:
            kind = "return" if order else "receive"
        elif customer or (outward and (own or not order)):
            kind = "ship"
        elif outward:
            kind = "issue"
        else:
            continue
        shop.events.append(
            ShopEvent(row["seq"], row["time"], kind, exact(row["quantity"]), order, item, lot or (order if own else ""))
        )
    return made


def _spans(shop: _Shop) -> None:
    spans = machine_spans(shop.rows["state"], shop.rows["operation"], frozenset(shop.plant.cost.rework))
    shop.spans = [one for one in spans if one.unit != shop.plant.id]
    for one in spans:
        if one.unit == shop.plant.id:  # work outside, drying, waiting for something
            _leave(shop, NO_MACHINE, hours_of(one.end - one.start))


def _counted(shop: _Shop) -> list[tuple[str, Row]]:
    """Counts with their order; where a count names none, the one that its machine was on just then."""
    by_unit: dict[str, list[Span]] = {}
    for span in sorted(shop.spans, key=lambda one: one.start):
        if span.measured:
            by_unit.setdefault(span.unit, []).append(span)
    found: list[tuple[str, Row]] = []
    for row in shop.rows["count"]:
        order = row["order"]
        if not order and (row["good"] or row["scrap"]):
            spans = by_unit.get(row["subject"], [])
            at = bisect_left(spans, row["time"], key=lambda one: one.start) - 1
            if at < 0 or spans[at].end < row["time"] or row["item"] not in (None, shop.makes[spans[at].order]):
                _leave(shop, NO_ORDER, exact(row["good"] or 0.0) + exact(row["scrap"] or 0.0))
                continue
            order = spans[at].order
            shop.rule(BY_MACHINE, order)
        if order:
            found.append((order, row))
    return found


def _leave(shop: _Shop, text: str, quantity: Decimal) -> None:
    shop.left_out[text] = shop.left_out.get(text, Decimal(0)) + quantity


def _pieces(shop: _Shop) -> None:
    made = _movements(shop)
    last = {row.item: row for row in shop.plant.routing}
    steps: dict[str, list[Row]] = {}
    for row in shop.rows["operation"]:
        if row["good"] or row["scrap"]:
            steps.setdefault(row["order"], []).append(row)
    for order, rows in steps.items():
        end = last.get(shop.makes.get(order, ""))
        if order in shop.ended:  # operations after it were not needed
            final = max(rows, key=lambda row: (row["end"] or row["time"], row["seq"]))["operation"]
        else:
            final = end.operation if end else max((row["operation"] for row in rows), key=_number)
        _report(shop, order, rows, made, [row["operation"] == final for row in rows])
        if len({row["operation"] for row in rows}) > 1:
            first = min(rows, key=lambda row: (row["time"], row["seq"]))["operation"]
            shop.begun[order] = sum(
                (exact(row["good"] or 0.0) + exact(row["scrap"] or 0.0) for row in rows if row["operation"] == first),
                Decimal(0),
            )
    counts: dict[str, list[Row]] = {}
    for order, row in _counted(shop):
        if order not in steps:
            counts.setdefault(order, []).append(row)
    for order, rows in counts.items():
        end = last.get(shop.makes.get(order, ""))
        finals = [
            end is None or row["operation"] == end.operation
            or (not row["operation"] and (row["subject"] == end.unit or row["subject"].startswith(end.unit + "/")))
            for row in rows
        ]  # fmt: skip
        _report(shop, order, rows, made, finals)


def _report(shop: _Shop, order: str, rows: Sequence[Row], made: set[str], finals: Sequence[bool]) -> None:
    lots = {row["subject"] for row in shop.rows["genealogy"] if row["order"] == order}
    lot = lots.pop() if len(lots) == 1 else order
    for row, final in zip(rows, finals, strict=True):
        good = exact(row["good"] or 0.0) if final and order not in made else Decimal(0)
        scrap = exact(row["scrap"] or 0.0)
        if good or scrap:
            at = row.get("end") or row["time"]
            shop.events.append(
                ShopEvent(row["seq"], at, "complete", good, order, shop.makes[order], lot, scrap, part=4)
            )


def _work(shop: _Shop) -> None:
    rework, spans = frozenset(shop.plant.cost.rework), shop.spans
    hourly = {one.of for one in shop.plant.prices if one.kind == "tool" and one.per == "h"}
    priced = {one.state for one in shop.plant.prices if one.kind == "machine" and one.state}
    shop.events += work_events(spans, shop.rows["operation"], rework, hourly, priced)
    units = {one.of: one.per for one in shop.plant.prices if one.kind == "energy"}
    shop.events += energy_events(
        shop.rows["meter"], shop.rows["state"], spans, units, shop.left_out, meters=meters_of(shop.plant),
        swaps=swaps_of(shop.plant), zone=shop.plant.zone,
    )  # fmt: skip
    for span in spans:
        if not span.measured:
            shop.rule(BY_STEPS, span.order)


def _materials(shop: _Shop) -> None:
    """Material that no movement issues: by genealogy, else by the bill of materials."""
    issued = {(one.order, one.item) for one in shop.events if one.kind == "issue"}
    received = {one.item for one in shop.events if one.kind in ("receive", "complete")}
    items = {(row["lot"] or ""): row["subject"] for row in shop.rows["movement"]}
    orders = {one.lot: one.order for one in shop.events if one.kind == "complete"}
    traced: set[tuple[str, str]] = set()
    more: list[ShopEvent] = []
    for row in shop.rows["genealogy"]:
        item, order = row["item"] or items.get(row["input"], ""), row["order"] or orders.get(row["subject"], "")
        quantity = exact(row["quantity"])
        if not item or not order:
            _leave(shop, NO_OWNER, quantity)
        elif (order, item) not in issued:
            traced.add((order, item))
            use = ShopEvent(row["seq"], row["time"], "issue", quantity, order, item, row["input"], part=5)
            more += [use] if item in received else _bought(shop, use)
    lines: dict[str, list[BomLine]] = {}
    for line in shop.plant.bom:
        lines.setdefault(line.parent, []).append(line)
    for event in list(shop.events):
        if event.kind != "complete":
            continue
        for at, line in enumerate(lines.get(event.item, ())):
            key = event.order, line.item
            if key in issued or key in traced:
                continue
            need = exact(line.quantity) * (event.quantity + event.scrap)
            part = 10_000 * (event.part + 1) + 2 * at
            use = ShopEvent(event.seq, event.time, "issue", need, event.order, line.item, part=part)
            shop.rule(BY_BILL, event.order)
            more += [use] if line.item in received else _bought(shop, use)
    shop.events += more


def _bought(shop: _Shop, use: ShopEvent) -> list[ShopEvent]:
    """A use of an item that no receipt is on record for: bought as it is used, at its price."""
    shop.rule(USED_AS_BOUGHT, use.order)
    lot = use.lot or f"{use.order} {use.item}"
    return [replace(use, kind="receive", order="", lot=lot, part=use.part + 1), replace(use, lot=lot)]


def _closings(shop: _Shop) -> None:
    done: dict[str, Decimal] = {}
    latest: dict[str, ShopEvent] = {}
    for one in shop.events:
        if one.order and one.kind not in ("ship", "receive"):
            done[one.order] = done.get(one.order, Decimal(0)) + (
                one.quantity + one.scrap if one.kind == "complete" else Decimal(0)
            )
            if one.order not in latest or one.place > latest[one.order].place:
                latest[one.order] = one
    for order, event in latest.items():
        placed, noted = shop.plant.orders.get(order), shop.ended.get(order)
        if noted is not None:
            shop.events.append(ShopEvent(noted["seq"], max(noted["time"], event.time), "close", order=order))
        elif placed is not None and done[order] >= exact(placed.quantity):
            shop.events.append(ShopEvent(event.seq, event.time, "close", order=order, part=10**6 + event.part))


def _number(text: str) -> tuple[float, str]:
    return (float(text), text) if text.replace(".", "", 1).isdigit() else (-1.0, text)
