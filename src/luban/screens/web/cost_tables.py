"""Tables of the cost page as HTML: what a bar is made of, items, orders. On a phone each row is a card."""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.cost_page import DASH, charge_text, each_text, part_text, quantity_text, ways_text
from luban.screens.report.sheet import Figure
from luban.screens.service.cost_variance import standard_each
from luban.screens.service.cost_view import Charge, CostView, Opened, Part
from luban.understand.cost import money_text, unit_cost

__all__ = ["button", "figures_html", "head_html", "items_table", "line_html", "opened_table", "orders_table", "when"]

_LISTED = 200
_FLAT = 16  # so many facts are listed as they are
_PARTS = 60


def button(kind: str, value: str, text: str) -> str:
    """A button in a table; kind pick, order or fact."""
    return (
        f'<button type="button" class="lb-plain" data-{kind}="{html.escape(value, quote=True)}">'
        f"{html.escape(text)}</button>"
    )


def when(moment: int, view: CostView) -> str:
    """A time as the tables have it."""
    return to_datetime(moment).astimezone(view.plant.zone).strftime("%Y-%m-%d %H:%M")


def figures_html(rows: Sequence[Figure]) -> str:
    """Figures side by side."""

    def one(figure: Figure) -> str:
        unit = f" <small>{html.escape(figure.unit)}</small>" if figure.unit else ""
        note = f"<i>{html.escape(figure.note)}</i>" if figure.note else ""
        tone = ' class="lb-cbad"' if figure.tone == "bad" else ""
        return (
            f"<div{tone}><span>{html.escape(figure.label)}</span><b>{html.escape(figure.value)}{unit}</b>{note}</div>"
        )

    return f'<div class="lb-cfigures">{"".join(map(one, rows))}</div>'


def opened_table(view: CostView, opened: Opened, say: Words) -> str:
    """What a bar is made of, and where the money went: a row for each fact; of many, those for the same thing fold."""
    title = html.escape(say("What {element} is made of", element=say(opened.element)))
    parts = opened.parts()
    if len(opened.charges) > _FLAT and len(parts) > 1:
        inner = "".join(_part(view, one, opened.total, say) for one in parts[:_PARTS])
        if (more := len(parts) - _PARTS) > 0:
            inner += f'<p class="lb-note">{html.escape(say("and {n} more", n=f"{more:,}"))}</p>'
    else:
        inner = _charges(view, opened.charges, opened.total, say)
    return (
        f'<div class="lb-copened" data-opened="{opened.element}"><h2>{title}</h2>'
        f'<p class="lb-cways">{html.escape(ways_text(opened, view, say))}</p>{inner}</div>'
    )


def _part(view: CostView, one: Part, total: int, say: Words) -> str:
    """Charges for the same thing: a line that unfolds to their facts."""
    share = f"{100 * one.amount / total:.1f} %" if total else DASH
    quantity = "" if one.quantity is None else f"{quantity_text(round(one.quantity, 3))} {one.unit}"
    count = say("{n} facts", n=f"{len(one.charges):,}")
    spans = "".join(
        f"<span>{html.escape(text)}</span>"
        for text in (part_text(one, say), count, quantity, money_text(one.amount, view.digits), share)
    )
    table = _charges(view, one.charges, one.amount, say)
    return f'<details class="lb-cpart"><summary>{spans}</summary>{table}</details>'


def _charges(view: CostView, charges: Sequence[Charge], total: int, say: Words) -> str:
    heads = (say("time"), say("order"), say("what"), say("quantity"), view.currency, say("fact"))
    rows = []
    for one in charges[:_LISTED]:
        what = html.escape(charge_text(one, say))
        if one.came:
            what += f" · {html.escape(say('made by'))} {button('order', one.came, one.came)}"
        amount = html.escape(f"{quantity_text(one.quantity)} {one.unit}")
        money, fact = money_text(one.amount, view.digits), button("fact", str(one.seq), str(one.seq))
        cells = (when(one.time, view), html.escape(one.order), what, amount, money, fact)
        rows.append(line_html(heads, cells, right=(3, 4)))
    if (more := len(charges) - _LISTED) > 0:
        rows.append(line_html(heads, ("", "", html.escape(say("and {n} more", n=f"{more:,}")), "", "", "")))
    whole = ("", "", html.escape(say("sum")), "", money_text(total, view.digits), "")
    rows.append(line_html(heads, whole, right=(3, 4), kind="lb-csum"))
    head = head_html(heads, right=(3, 4))
    return (
        f'<div class="lb-scroll"><table class="lb-ttable lb-cfacts">{head}<tbody>{"".join(rows)}</tbody></table></div>'
    )


def head_html(heads: Sequence[str], *, right: Sequence[int] = ()) -> str:
    """Heads of a table; `right` are the columns of numbers."""
    cells = "".join(
        f'<th scope="col"{" class=lb-n" if at in right else ""}>{html.escape(head)}</th>'
        for at, head in enumerate(heads)
    )
    return f"<thead><tr>{cells}</tr></thead>"


def line_html(heads: Sequence[str], cells: Sequence[str], *, right: Sequence[int] = (), kind: str = "") -> str:
    """A row of a table; its cells are HTML, and name their head for a phone."""
    inner = "".join(
        f'<td data-head="{html.escape(head, quote=True)}"{" class=lb-n" if at in right else ""}>{cell}</td>'
        for at, (head, cell) in enumerate(zip(heads, cells, strict=True))
    )
    return f'<tr class="{kind}">{inner}</tr>' if kind else f"<tr>{inner}</tr>"


def items_table(view: CostView, say: Words) -> str:
    """Every item with what a piece of it cost over all its orders, beside its standard."""
    heads = (say("item"), say("orders"), say("good pieces"), say("a good piece"), say("standard cost"),
             say("in progress"))  # fmt: skip
    right = (1, 2, 3, 4, 5)
    rows = []
    for item, orders in list(view.of_item.items())[:_LISTED]:
        cards = [view.cards[order] for order in orders]
        good = sum((one.good for one in cards), Decimal(0))
        each = each_text(unit_cost(cards).each, view.digits) if good else DASH
        standard = standard_each(view.cost, view.plant, cards, view.last_good)
        due = each_text(sum(standard.values(), Decimal(0)), view.digits) if standard else DASH
        rows.append(line_html(heads, (
            button("order", item, item), f"{len(orders):,}", quantity_text(good), each, due,
            money_text(sum(one.open for one in cards), view.digits),
        ), right=right))  # fmt: skip
    head = head_html(heads, right=right)
    return f'<table class="lb-ttable lb-ctable">{head}<tbody>{"".join(rows)}</tbody></table>'


def orders_table(view: CostView, say: Words) -> str:
    """Orders, the newest first."""
    heads = (say("order"), say("item"), say("began"), say("state"), say("good pieces"), say("scrap"),
             say("a good piece"), say("in progress"))  # fmt: skip
    right = (4, 5, 6, 7)
    newest = sorted(view.cards.values(), key=lambda one: -view.began.get(one.order, 0))
    rows = []
    for one in newest[:_LISTED]:
        began = view.began.get(one.order)
        started = DASH if began is None else when(began, view)
        state = say("order closed") if one.closed else say("in progress") if one.open else say("nothing in progress")
        each = each_text(unit_cost([one]).each, view.digits) if one.good else DASH
        rows.append(line_html(heads, (
            button("order", one.order, one.order), html.escape(one.item or DASH), started, html.escape(state),
            quantity_text(one.good), quantity_text(one.scrap), each, money_text(one.open, view.digits),
        ), right=right))  # fmt: skip
    more = len(newest) - _LISTED
    tail = f'<p class="lb-note">{html.escape(say("and {n} more", n=f"{more:,}"))}</p>' if more > 0 else ""
    head = head_html(heads, right=right)
    return f'<table class="lb-ttable lb-ctable">{head}<tbody>{"".join(rows)}</tbody></table>{tail}'
