"""Stock as a sheet: by place and item, by lot, and the cards of kanban loops."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.screens.report.trace_explorer import amount
from luban.understand.trace import Cards, OnHand

__all__ = ["cards_html", "stock_sheet", "totals"]

_NONE = "–"
_MOST = 500


def totals(rows: Sequence[OnHand]) -> dict[tuple[str, str], tuple[int, float, float]]:
    """By place and item: lots, quantity, missing [unit of the item]."""
    found: dict[tuple[str, str], tuple[int, float, float]] = {}
    for one in rows:
        lots, quantity, missing = found.get((one.place, one.item), (0, 0.0, 0.0))
        found[one.place, one.item] = lots + bool(one.lot), quantity + one.quantity, missing + one.missing
    return found


def stock_sheet(
    rows: Sequence[OnHand],
    cards: Sequence[Cards],
    say: Words,
    units: Mapping[str, str],
    *,
    as_of: int,
    source: str = "",
) -> Sheet:
    """What lies where, what was taken too much, and which cards are to be filled."""
    sums = totals(rows)
    short = [one for one in rows if one.missing]
    blocks: list[Block] = [Figures((
        Figure(say("places"), f"{len({one.place for one in rows}):,}"),
        Figure(say("items"), f"{len({one.item for one in rows}):,}"),
        Figure(say("lots"), f"{len({one.lot for one in rows if one.lot}):,}"),
        Figure(say("taken too much"), f"{len(short):,}", tone="bad" if short else "good"),
    ))]  # fmt: skip
    if short:
        text = say(
            "From some places more was taken than came there. Such stock counts as 0, and what is missing is said."
        )
        blocks.append(Note(text, "doubt"))
    if cards:
        heads = (say("kanban loop"), say("item"), say("place"), say("filled from"), say("a card"), say("cards full"),
                 say("to be filled"), say("at the source"))  # fmt: skip
        grid = tuple(
            (one.loop.id, one.loop.item, one.loop.place, one.loop.source,
             _with(one.loop.quantity, one.loop.item, units), f"{one.full} / {one.loop.cards}", str(one.free),
             _with(one.source, one.loop.item, units)) for one in cards
        )  # fmt: skip
        tones = {at: "bad" if one.short and one.free else "doubt" for at, one in enumerate(cards) if one.free}
        blocks.append(Grid(heads, grid, say("Kanban"), frozenset({4, 5, 6, 7}), tones))
    place_rows = tuple(
        (place or _NONE, item or _NONE, f"{lots:,}", _with(quantity, item, units),
         _with(missing, item, units) if missing else "") for (place, item), (lots, quantity, missing) in sums.items()
    )  # fmt: skip
    by_place = (say("place"), say("item"), say("lots"), say("quantity"), say("missing"))
    blocks += _grid(by_place, place_rows, say("By place"), frozenset({2, 3, 4}), say)
    lot_rows = tuple(
        (one.lot, one.item or _NONE, one.place or _NONE, _with(one.quantity, one.item, units),
         _with(one.missing, one.item, units) if one.missing else "") for one in rows if one.lot
    )  # fmt: skip
    by_lot = (say("lot"), say("item"), say("place"), say("quantity"), say("missing"))
    blocks += _grid(by_lot, lot_rows, say("By lot"), frozenset({3, 4}), say)
    made = {say("source"): source or _NONE, say("newest fact"): str(as_of), "luban": __version__}
    return Sheet(say("Stock"), "", tuple(blocks), made)


def _with(quantity: float, item: str, units: Mapping[str, str]) -> str:
    return f"{amount(quantity)} {units.get(item, '')}".rstrip()


def _grid(
    heads: Sequence[str], rows: Sequence[Sequence[str]], title: str, numbers: frozenset[int], say: Words
) -> list[Block]:
    if not rows:
        return []
    more = [Note(say("and {n} more", n=len(rows) - _MOST), "quiet")] if len(rows) > _MOST else []
    return [Grid(heads, rows[:_MOST], title, numbers), *more]


def cards_html(one: Cards, say: Words) -> str:
    """The cards as small boxes, filled or empty, with their count in words."""
    boxes = "".join(
        f'<i class="{"lb-tfull" if at < one.full else "lb-tfree"}"></i>' for at in range(min(one.loop.cards, 40))
    )
    text = say("{full} of {cards} full", full=one.full, cards=one.loop.cards)
    safe = html.escape(text, quote=True)
    return f'<span class="lb-tcards" role="img" aria-label="{safe}">{boxes}</span> {safe}'
