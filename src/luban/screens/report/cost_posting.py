"""Postings as a sheet: what is still to be posted, what was, what later facts changed in the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from luban import __version__
from luban.core.currency import minor
from luban.core.time import iso
from luban.screens.i18n import Words
from luban.screens.report.cost_page import kind_name
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.cost import Entry, PostedBooks, digits_of, money_text
from luban.understand.cost.facts import PlantCost
from luban.understand.cost.posted import read_text

__all__ = ["agreed", "changes_document", "changes_sheet", "posting_document", "posting_sheet"]

_MOST = 200
_NONE = "–"


def agreed(cost: PlantCost, posted: PostedBooks) -> bool:
    """Whether the posted books say what the books say: every account, and work in progress order by order."""
    expected: dict[str, int] = {}
    for role, amount in cost.book.balances().items():
        number = cost.chart.number(role)
        expected[number] = expected.get(number, 0) + amount
    same = {k: v for k, v in posted.balances().items() if v} == {k: v for k, v in expected.items() if v}
    return same and posted.by_order(cost.chart.number("wip")) == cost.book.in_progress()


def posting_sheet(
    cost: PlantCost,
    posted: PostedBooks,
    rows: Mapping[str, Sequence[object]],
    say: Words,
    zone: ZoneInfo,
    *,
    done: bool,
) -> Sheet:
    """Rows of postings that are to be made, or were made just now.

    posted  what is posted: before them, or with `done` after them
    """
    digits, lines = digits_of(cost.currency), _lines(rows)
    entries = len({subject for _, subject, *_ in lines})
    reversals = len({subject for _, subject, *_, text in lines if read_text(text)[0]})
    balances = posted.balances()
    figures: list[Figure] = [
        Figure(say("posted now") if done else say("to be posted"), f"{entries:,}", say("journal entries"),
               say("{n} of them reversals", n=f"{reversals:,}")),
        Figure(say("posted in all"), f"{len(posted.lines):,}", say("lines")),
        Figure(say("debits less credits"), money_text(sum(balances.values()), digits), cost.currency),
    ]  # fmt: skip
    if done or not lines:
        same = agreed(cost, posted)
        verdict, tone = (say("equal"), "good") if same else (say("not equal"), "bad")
        note = say("every account and every open order")
        figures.append(Figure(say("posted books against the books"), verdict, "", note, tone))
    blocks: list[Block] = [Figures(tuple(figures))]
    if not lines:
        blocks.append(Note(say("Nothing is to be posted: the posted books say what the facts say.")))
    else:
        title = say("Posted now") if done else say("To be posted")
        told = [(at, name, account, amount, _told(text, say)) for at, name, account, amount, _, text in lines[:_MOST]]
        blocks.append(_grid(cost, told, len(lines), title, say, zone))
    return Sheet(say("Postings"), "", tuple(blocks), {"luban": __version__})


def posting_document(
    cost: PlantCost, posted: PostedBooks, rows: Mapping[str, Sequence[object]], *, done: bool
) -> dict[str, Any]:
    """The same as JSON: amounts in minor units."""
    lines = _lines(rows)
    digits = digits_of(cost.currency)
    return {
        "currency": cost.currency, "minor_digits": digits, "done": done,
        "entries": len({subject for _, subject, *_ in lines}), "posted_lines": len(posted.lines),
        "agrees": agreed(cost, posted), "balances": {k: v for k, v in sorted(posted.balances().items()) if v},
        "lines": [
            {"time": at, "entry": subject, "account": account, "text": text,
             "amount": minor(Decimal(str(amount)), digits)}
            for at, subject, account, amount, _, text in lines
        ],
    }  # fmt: skip


def changes_sheet(cost: PlantCost, changes: Sequence[Entry], since: int, say: Words, zone: ZoneInfo) -> Sheet:
    """What the facts after `since` changed in the entries that stood then, and the new ones."""
    digits = digits_of(cost.currency)
    flat = [
        (one.time, one.id, cost.chart.number(line.role), line.amount / 10**digits,
         _about(line.order, line.item, line.lot, say(line.element) if line.element else ""))
        for one in changes
        for line in one.postings
    ]  # fmt: skip
    orders = {line.order for one in changes for line in one.postings if line.order}
    figures = Figures(
        (
            Figure(say("entries that changed or came"), f"{len(changes):,}", "", say("since fact {seq}", seq=since)),
            Figure(say("orders"), f"{len(orders):,}"),
        )
    )
    blocks: list[Block] = [figures]
    if flat:
        blocks.append(_grid(cost, flat[:_MOST], len(flat), say("Differences, entry by entry"), say, zone))
    else:
        blocks.append(Note(say("The books are as they were then.")))
    return Sheet(say("What changed in the books"), "", tuple(blocks), {"luban": __version__})


def changes_document(cost: PlantCost, changes: Sequence[Entry], since: int) -> dict[str, Any]:
    """The same as JSON: amounts in minor units."""
    return {
        "currency": cost.currency, "minor_digits": digits_of(cost.currency), "since": since,
        "entries": [
            {"entry": one.id, "seq": one.seq, "lines": [
                {"role": line.role, "account": cost.chart.number(line.role), "order": line.order, "item": line.item,
                 "lot": line.lot, "element": line.element, "amount": line.amount} for line in one.postings]}
            for one in changes
        ],
    }  # fmt: skip


def _lines(rows: Mapping[str, Sequence[object]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows.values(), strict=True))


def _about(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _told(text: str, say: Words) -> str:
    """What a posting is for, in the language."""
    turned, kind, named = read_text(text)
    element, things = named.get("element", ""), (named.get(name, "") for name in ("order", "item", "lot"))
    parts = (kind_name(kind, say), *things, say(element) if element else "")
    return say("reversal of {what}", what=_about(*parts)) if turned else _about(*parts)


def _grid(
    cost: PlantCost, lines: Sequence[tuple[Any, ...]], count: int, title: str, say: Words, zone: ZoneInfo
) -> Grid:
    """Lines as a table. count: how many there are in all."""
    digits = digits_of(cost.currency)
    names = {one.number: one.name for one in cost.chart.accounts.values()}
    rows = [
        (iso(at, zone)[:19].replace("T", " "), entry, account, say(names.get(account, _NONE)),
         money_text(cents, digits) if cents > 0 else "", money_text(-cents, digits) if cents < 0 else "", text or _NONE)
        for at, entry, account, cents, text in (
            (at, entry, account, minor(Decimal(str(money)), digits), text) for at, entry, account, money, text in lines
        )
    ]  # fmt: skip
    more = "" if count <= _MOST else " · " + say("and {n} more", n=count - _MOST)
    heads = (say("time"), say("entry"), say("account"), say("name"), say("debit"), say("credit"), say("what for"))
    return Grid(heads, rows, title + more, frozenset({4, 5}))
