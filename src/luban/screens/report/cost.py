"""Cost as sheets: the books of a plant with their trial balance and orders, and what one piece cost step by step."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.energy_states import state_name
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.cost import (
    Card,
    Doubt,
    Purchase,
    UnitCost,
    Variance,
    digits_of,
    money_text,
    purchases_of,
    unit_cost,
)
from luban.understand.cost.facts import PlantCost

__all__ = ["books_document", "books_sheet", "piece_document", "piece_sheet"]

_NONE = "–"
_MOST = 200


def books_sheet(cost: PlantCost, say: Words, *, source: str = "") -> Sheet:
    """Trial balance, orders and what was left out."""
    book, digits = cost.book, digits_of(cost.currency)
    balances = book.balances()
    accounts = [
        (cost.chart.accounts[role], amount) for role, amount in sorted(
            balances.items(), key=lambda one: cost.chart.number(one[0])
        ) if amount or role == "wip"
    ]  # fmt: skip
    debit = sum(max(amount, 0) for _, amount in accounts)
    figures = Figures(
        (
            Figure(say("in progress"), _money(balances.get("wip", 0), digits), cost.currency,
                   say("sum of {n} open orders", n=len(book.in_progress()))),
            Figure(say("in stock"), _money(sum(one.value for one in book.stock.values()), digits), cost.currency),
            Figure(say("debits less credits"), _money(sum(balances.values()), digits), cost.currency),
            Figure(say("left out"), f"{len(book.doubts):,}", say("facts"), "", "doubt" if book.doubts else ""),
        )
    )  # fmt: skip
    rows = [
        (one.number, say(one.name), _money(amount, digits) if amount > 0 else "",
         _money(-amount, digits) if amount < 0 else "")
        for one, amount in accounts
    ]  # fmt: skip
    rows.append(("", say("sum"), _money(debit, digits), _money(debit - sum(balances.values()), digits)))
    blocks: list[Block] = [
        figures,
        Grid((say("account"), say("name"), say("debit"), say("credit")), rows, say("Trial balance"), frozenset({2, 3})),
        _orders(list(book.cards.values()), digits, say),
        *_purchases(purchases_of(book), digits, say),
        *_left_out(cost, book.doubts, digits, say),
    ]
    return Sheet(say("Cost"), source, tuple(blocks), _made(cost, say))


def piece_sheet(
    cost: PlantCost, name: str, unit: UnitCost, cards: Sequence[Card], variances: Sequence[Variance], say: Words,
    *, unpriced: Sequence[str] = (), still: Sequence[str] = (),
) -> Sheet:  # fmt: skip
    """What a good piece of an order or item cost, element by element, and against its standard."""
    digits = digits_of(cost.currency)
    figures = Figures(
        (
            Figure(say("a good piece"), _each(unit.each, digits), cost.currency),
            Figure(say("good pieces"), f"{unit.good.normalize():,f}", "", say("of {n} orders", n=len(cards))),
            Figure(say("in all"), _money(unit.total, digits), cost.currency),
        )
    )
    rows = [
        (say(element), _each(amount, digits), f"{100 * amount / unit.each:.1f}" if unit.total else _NONE)
        for element, amount in unit.elements.items()
    ]
    heads = (say("cost element"), say("{currency} a piece", currency=cost.currency), "%")
    blocks: list[Block] = [figures]
    if unit.elements:
        blocks.append(_waterfall(unit, digits, cost.currency, say))
    blocks.append(Grid(heads, rows, say("Made up of"), frozenset({1, 2})))
    blocks += _variances(variances, unpriced, digits, say)
    if still:
        named = ", ".join(still[:12]) + (" …" if len(still) > 12 else "")
        blocks.append(Note(say("Still in progress, so not compared with the standard: {orders}", orders=named)))
    blocks += [_uses(cards, digits, say), _orders(cards, digits, say)]
    orders = {one.order for one in cards}
    blocks += _left_out(cost, [one for one in cost.book.doubts if one.order in orders], digits, say, orders)
    return Sheet(say("What a piece of {name} cost", name=name), "", tuple(blocks), _made(cost, say))


def _variances(variances: Sequence[Variance], unpriced: Sequence[str], digits: int, say: Words) -> list[Block]:
    blocks: list[Block] = []
    for one in variances:
        rows = [(say("standard cost"), "", _money(one.standard, digits))]
        rows += [(say(line.kind), _named(line.kind, line.name, say), _money(line.amount, digits)) for line in one.lines]
        rows.append((say("spent"), "", _money(one.actual, digits)))
        title = say("Order {order} against its standard", order=one.order)
        blocks.append(Grid((say("cost variance"), say("of"), say("money")), rows, title, frozenset({2})))
    if unpriced:
        named = ", ".join(dict.fromkeys(unpriced))
        blocks.append(Note(say("No standard price, so not in the standard: {names}", names=named), "doubt"))
    return blocks


def _waterfall(unit: UnitCost, digits: int, currency: str, say: Words) -> Picture:
    steps = [(say(name), low, high) for name, low, high in unit.steps()]
    steps.append((say("a good piece"), Decimal(0), unit.each))
    scale = 10**digits
    ends = [float(end) / scale for _, low, high in steps for end in (low, high)]
    ticks = [(at + 0.5, name) for at, (name, _, _) in enumerate(steps)]
    top = max(*ends, 0.0)
    plot = Plot(x=(0, len(steps)), y=(min(*ends, 0.0), (top or 1.0) * 1.12), x_ticks=ticks, y_label=currency)
    for at, (_, low, high) in enumerate(steps):
        tone = "ink" if at == len(steps) - 1 else ("good" if high < low else "accent")
        plot.bars([at + 0.12], [at + 0.88], [float(high) / scale], tone, base=float(low) / scale)
        plot.text(at + 0.3, float(max(low, high)) / scale + top * 0.03, _each(high - low, digits), "quiet")
    told = ", ".join(f"{name} {_each(high - low, digits)}" for name, low, high in steps)
    return Picture(plot.svg(), say("From element to element"), told)


def _orders(cards: Sequence[Card], digits: int, say: Words) -> Grid:
    rows = [
        (
            one.order, one.item or _NONE, _plain(one.good), _plain(one.scrap),
            _money(one.total, digits), _money(one.open, digits), _money(one.lost, digits), _money(one.settled, digits),
            _each(unit_cost([one]).each, digits) if one.good else _NONE,
        )
        for one in cards[:_MOST]
    ]  # fmt: skip
    heads = (
        say("order"), say("item"), say("good pieces"), say("scrap"), say("net cost"), say("in progress"), say("lost"),
        say("settled"), say("a good piece"),
    )  # fmt: skip
    more = "" if len(cards) <= _MOST else " · " + say("and {n} more", n=len(cards) - _MOST)
    return Grid(heads, rows, say("Orders") + more, frozenset(range(2, 9)))


def _purchases(purchases: Sequence[Purchase], digits: int, say: Words) -> list[Block]:
    """What was bought against its standard price, by item; nothing where no item has one."""
    by_item: dict[str, list[Purchase]] = {}
    for one in purchases:
        if one.standard is not None:
            by_item.setdefault(one.item, []).append(one)
    if not any(one.amount for one in purchases):
        return []
    rows = []
    for item, held in sorted(by_item.items(), key=lambda pair: -sum(one.amount or 0 for one in pair[1])):
        quantity = sum((one.quantity for one in held), Decimal(0))
        paid, due = (
            sum((one.quantity * (price or 0) for one, price in prices), Decimal(0)) / (quantity or 1)
            for prices in ([(one, one.paid) for one in held], [(one, one.standard) for one in held])
        )
        amount = sum(one.amount or 0 for one in held)
        rows.append((item, f"{len(held):,}", _plain(quantity), f"{paid:,.4f}", f"{due:,.4f}", _money(amount, digits)))
    heads = (
        say("item"), say("lots"), say("quantity"), say("mean price paid"), say("standard price"), say("cost variance"),
    )  # fmt: skip
    return [Grid(heads, rows[:_MOST], say("Purchase price variance"), frozenset(range(1, 6)))]


def _uses(cards: Sequence[Card], digits: int, say: Words) -> Grid:
    rows = [
        (one.order, say(element), _named(element, name, say),
         state_name(state, say) if state else _NONE, _plain(use.quantity), _money(use.value, digits))
        for one in cards
        for (element, name, state), use in sorted(one.uses.items())
    ]  # fmt: skip
    heads = (say("order"), say("cost element"), say("of"), say("state"), say("quantity"), say("money"))
    return Grid(heads, rows[:_MOST], say("What went in"), frozenset({4, 5}))


def _named(kind: str, name: str, say: Words) -> str:
    """An input by its name; a medium in the language."""
    return (say(name) if kind.startswith("energy") else name) or _NONE


def _left_out(
    cost: PlantCost, doubts: Sequence[Doubt], digits: int, say: Words, orders: set[str] | None = None
) -> list[Block]:
    blocks: list[Block] = []
    if doubts:
        rows = [
            (str(one.seq), say(one.kind), one.about, one.order or _NONE, _plain(one.quantity),
             _NONE if one.amount is None else _money(one.amount, digits))
            for one in doubts[:_MOST]
        ]  # fmt: skip
        heads = (say("fact"), say("why"), say("of"), say("order"), say("quantity"), say("money"))
        title = say("Left out of every total: {n} facts", n=f"{len(doubts):,}")
        blocks.append(Grid(heads, rows, title, frozenset({4, 5})))
    for text, named in cost.by_rule.items():
        shown = [one for one in named if orders is None or one in orders]
        if shown:
            listed = ", ".join(shown[:12]) + (" …" if len(shown) > 12 else "")
            blocks.append(
                Note(say("By rule, not from a fact: {what} ({orders})", what=say(text), orders=listed), "doubt")
            )
    for text, quantity in cost.left_out.items():
        if orders is None:
            blocks.append(Note(say("Left out: {what}, {n}", what=say(text), n=_plain(quantity)), "doubt"))
    return blocks


def _made(cost: PlantCost, say: Words) -> dict[str, str]:
    facts = sum(cost.facts.values())
    return {
        say("facts"): f"{facts:,}", say("journal entries"): f"{len(cost.book.entries):,}",
        say("scrap"): say("carried by the good pieces") if cost.book.absorb else say("written off"),
        "luban": __version__,
    }  # fmt: skip


def _plain(quantity: Decimal) -> str:
    """A quantity as people read it: six decimals at most."""
    return f"{round(quantity, 6).normalize():f}"


def _whole(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _money(amount: int, digits: int) -> str:
    return money_text(amount, digits)


def _each(amount: Decimal, digits: int) -> str:
    return f"{amount.scaleb(-digits):,.{digits + 2}f}"


# ---------------------------------------------------------------- the same for --json


def books_document(cost: PlantCost) -> dict[str, Any]:
    """The books as JSON: amounts in minor units, whole numbers."""
    book = cost.book
    return {
        "currency": cost.currency, "minor_digits": digits_of(cost.currency), "balances": book.balances(),
        "in_progress": book.in_progress(), "orders": [_card(one) for one in book.cards.values()],
        "stock": [
            {"item": item, "lot": lot, "quantity": _whole(one.quantity), "value": one.value if one.priced else None}
            for (item, lot), one in book.stock.items() if one.quantity
        ],
        "purchases": [_purchase(one) for one in purchases_of(book)],
        "doubts": [_doubt(one) for one in book.doubts],
        "by_rule": {text: list(orders) for text, orders in cost.by_rule.items()},
        "left_out": {text: _whole(amount) for text, amount in cost.left_out.items()}, "facts": dict(cost.facts),
    }  # fmt: skip


def piece_document(
    cost: PlantCost, unit: UnitCost, cards: Sequence[Card], variances: Sequence[Variance]
) -> dict[str, Any]:
    """A unit's cost as JSON: `each` and `elements` in minor units with six decimals."""
    orders = {one.order for one in cards}
    return {
        "currency": cost.currency, "minor_digits": digits_of(cost.currency), "good": _whole(unit.good),
        "total": unit.total, "each": f"{unit.each:.6f}",
        "elements": {name: f"{amount:.6f}" for name, amount in unit.elements.items()},
        "orders": [_card(one) for one in cards],
        "variances": [
            {"order": one.order, "standard": one.standard, "actual": one.actual, "by_kind": one.by_kind(),
             "lines": [{"kind": line.kind, "of": line.name, "amount": line.amount} for line in one.lines]}
            for one in variances
        ],
        "doubts": [_doubt(one) for one in cost.book.doubts if one.order in orders],
    }  # fmt: skip


def _card(card: Card) -> dict[str, Any]:
    return {
        "order": card.order, "item": card.item, "good": _whole(card.good), "scrap": _whole(card.scrap),
        "spent": card.spent, "carried": card.carried, "in_progress": card.open, "lost": card.lost,
        "recovered": card.recovered,
        "settled": card.settled, "closed": card.closed,
    }  # fmt: skip


def _doubt(one: Doubt) -> dict[str, Any]:
    return {
        "seq": one.seq, "kind": one.kind, "about": one.about, "order": one.order, "quantity": _whole(one.quantity),
        "amount": one.amount,
    }  # fmt: skip


def _purchase(one: Purchase) -> dict[str, Any]:
    return {
        "seq": one.seq, "time": one.time, "item": one.item, "lot": one.lot, "quantity": _whole(one.quantity),
        "paid": _whole(one.paid), "standard": None if one.standard is None else _whole(one.standard),
        "amount": one.amount,
    }  # fmt: skip
