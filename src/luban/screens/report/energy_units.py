"""What a piece takes as a sheet: per product and order, by state, day by day, and where most of it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import DAY, to_datetime
from luban.screens.i18n import Words
from luban.screens.report.energy_plant import media_of, window_text
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.service.energy_units import UnitBooks
from luban.understand.energy.units import Taking, Where

__all__ = ["units_document", "units_sheet"]

_NONE = "–"
_MOST_ORDERS, _MOST_BARS = 60, 14
_VITAL = 0.8


def units_sheet(
    books: UnitBooks, say: Words, zone: ZoneInfo, source: str, names: Callable[[str], str] = str,
    states: Callable[[str], str] = str,
) -> Sheet:  # fmt: skip
    """The sheet.

    names   of a work unit, for people
    states  of a state, for people
    """
    account = books.account
    blocks: list[Block] = [_figures(books, say)]
    if not books.orders:
        text = say("No order took energy here: work units need a meter (place in meters.csv), and their states orders.")
        blocks.append(Note(text, "doubt"))
    media = [medium for medium in media_of(account) if any(medium in one.media for one in books.orders)]
    if books.products:
        blocks.append(_grid(books.products, media, say("Per good piece, by product"), say, by_order=False))
    blocks += _days(books, say, zone)
    blocks += _pareto(books, say, names, states)
    blocks += _states(books, say, states)
    if books.orders:
        shown = books.orders[-_MOST_ORDERS:]
        blocks.append(_grid(shown, media, say("Per good piece, by order"), say, by_order=True))
        if len(shown) < len(books.orders):
            blocks.append(Note(say("and {n} more", n=len(books.orders) - len(shown)), "quiet"))
        blocks.append(Note(_rule_text(account.rule, say), "quiet"))
    title = f"{source} · {window_text(account.start, account.end, zone)}"
    made: dict[str, Any] = {say("readings"): f"{account.readings:,}", "luban": __version__}
    return Sheet(say("Energy per piece"), title, tuple(blocks), made)


def _figures(books: UnitBooks, say: Words) -> Figures:
    counted = [one for one in books.orders if one.good]
    good = sum((one.good for one in counted if one.good), Decimal(0))
    made = good or sum((one.good for one in books.days), Decimal(0))
    rows = [Figure(say("good pieces"), _pieces(made), "", say("{n} orders", n=len(counted)) if counted else "")]
    for medium in dict.fromkeys(name for one in counted for name in one.media):
        own = [one for one in counted if medium in one.media]
        units = {one.media[medium].unit for one in own}
        pieces = sum((one.good for one in own if one.good), Decimal(0))
        if len(units) == 1 and pieces:
            each = sum((one.media[medium].total for one in own), Decimal(0)) / pieces
            per = f"{units.pop()}/{say('piece')}"
            rows.append(Figure(say("{medium} per good piece", medium=say(medium)), number(float(each), 4), per))
    gases = [one for one in counted if one.gas is not None]
    pieces = sum((one.good for one in gases if one.good), Decimal(0))
    if pieces:
        each = sum((one.gas for one in gases if one.gas is not None), Decimal(0)) / pieces
        unit = f"kgCO2e/{say('piece')}"
        rows.append(Figure(say("greenhouse gases per good piece"), number(float(each), 4), unit))
    drawn = sum((one.amount for one in books.where), Decimal(0))
    if drawn:
        free = drawn - sum((one.for_orders for one in books.where), Decimal(0))
        share = 100 * float(free / drawn)
        tone = "doubt" if share > 25 else ""
        rows.append(Figure(say("drawn for no order"), f"{share:.1f}", "%", say("of what work units drew"), tone))
    ruled = sum((one.shared for one in books.where), Decimal(0))
    if drawn:
        rows.append(Figure(say("shared by rule"), f"{100 * float(ruled / drawn):.1f}", "%",
                           say("the rest was read in one state alone")))  # fmt: skip
    return Figures(tuple(rows))


def _grid(rows: Sequence[Taking], media: Sequence[str], title: str, say: Words, *, by_order: bool) -> Grid:
    units = {medium: next(one.media[medium].unit for one in rows if medium in one.media) for medium in media
             if any(medium in one.media for one in rows)}  # fmt: skip
    heads = [say("order"), say("item")] if by_order else [say("item"), say("orders")]
    heads.append(say("good pieces"))
    for medium, unit in units.items():
        heads += [f"{say(medium)} [{unit}]", f"{say('of idling')} [%]", f"{say('per piece')} [{unit}]"]
    heads += ["kgCO2e", f"{say('per piece')} [kgCO2e]"]
    cells, tones = [], {}
    for at, one in enumerate(rows):
        first = [one.name, one.item or _NONE] if by_order else [one.item or say("not said"), str(one.orders)]
        row = [*first, _pieces(one.good)]
        for medium in units:
            amount = one.media.get(medium)
            if amount is None:
                row += [_NONE] * 3
                continue
            idle = f"{100 * float(amount.idle / amount.total):.1f}" if amount.total else _NONE
            row += [_told(amount.total), idle, _told(one.each(medium))]
        row += [_told(one.gas), _told(one.gas_each)]
        cells.append(tuple(row))
        if not one.good:
            tones[at] = "quiet"
    return Grid(tuple(heads), tuple(cells), title, frozenset(range(2 if by_order else 1, len(heads))), tones)


def _days(books: UnitBooks, say: Words, zone: ZoneInfo) -> list[Block]:
    """Energy per good piece day by day, with the pieces as bars."""
    known = [one for one in books.days if one.each is not None]
    if len(known) < 2:
        return []
    each = np.array([float(one.each) if one.each is not None else np.nan for one in books.days])
    good = np.array([float(one.good) for one in books.days])
    at = np.array([float(one.start) for one in books.days])
    top = float(np.nanmax(each)) * 1.15
    low, high = float(at[0]), float(books.account.end)
    every = max(1, len(at) // 7)
    ticks = [(float(one.start), f"{to_datetime(one.start, zone):%m-%d}") for one in books.days[::every]]
    per = f"{books.unit}/{say('piece')}"
    plot = Plot(x=(low, high), y=(0, top), height=240, x_ticks=ticks, y_label=per,
                title=say("{medium} per good piece, day by day", medium=say(books.medium)))  # fmt: skip
    if good.max() > 0:
        plot.bars(at + 0.15 * DAY, np.minimum(at + 0.85 * DAY, high), good / good.max() * top * 0.6, "soft")
    plot.line(at + DAY / 2, each, "accent", name=per)
    titles = [f"{to_datetime(one.start, zone):%Y-%m-%d}: {_told(one.each)} {per}" for one in books.days]
    plot.dots(at + DAY / 2, each, "accent", titles=titles)
    found: list[Block] = [
        Picture(plot.svg(), say("{medium} per good piece, day by day", medium=say(books.medium)),
                say("All that the plant drew over the good pieces of the day; the bars are the pieces, {most} at most.",
                    most=_pieces(Decimal(repr(float(good.max()))))))
    ]  # fmt: skip
    fixed = _fixed(good, each * good)
    if fixed is not None:
        base, slope = fixed
        text = say("Of a day, about {base} {unit} come whatever is made, and {slope} {unit} with each piece.",
                   base=number(base, 3), slope=number(slope, 3), unit=books.unit)  # fmt: skip
        found.append(Note(text, "quiet"))
    return found


def _fixed(good: np.ndarray, amount: np.ndarray) -> tuple[float, float] | None:
    """Energy of a day that hangs on no piece, and of each piece; None where the days do not tell."""
    sound = np.isfinite(amount) & (good > 0)
    if sound.sum() < 8 or np.ptp(good[sound]) < 0.2 * good[sound].mean():
        return None
    slope, base = np.polyfit(good[sound], amount[sound], 1)
    rest = amount[sound] - base - slope * good[sound]
    spread = float(((good[sound] - good[sound].mean()) ** 2).sum())
    error = float(np.sqrt((rest @ rest) / (sound.sum() - 2) / spread))
    return (float(base), float(slope)) if base > 0 and slope > 2 * error else None


def _pareto(
    books: UnitBooks, say: Words, names: Callable[[str], str], states: Callable[[str], str]
) -> list[Block]:  # fmt: skip
    """The few places and states to which most of it goes."""
    rows = [one for one in books.where if one.amount > 0][:_MOST_BARS]
    whole = float(sum((one.amount for one in books.where), Decimal(0)))
    if len(rows) < 2 or whole <= 0:
        return []
    amounts = np.array([float(one.amount) for one in rows])
    reached = np.cumsum(amounts)
    vital = np.concatenate([[True], reached[:-1] < _VITAL * whole])
    left = np.arange(len(rows)) + 0.12
    ticks = [(at + 0.5, _short(names(one.unit), states(one.state))) for at, one in enumerate(rows)]
    plot = Plot(x=(0, len(rows)), y=(0, whole * 1.05), height=300, x_ticks=ticks, y_label=books.unit,
                title=say("Where most of it goes"))  # fmt: skip
    plot.bars(left[vital], left[vital] + 0.76, amounts[vital], "accent")
    plot.bars(left[~vital], left[~vital] + 0.76, amounts[~vital], "soft")
    plot.line(np.arange(len(rows)) + 0.5, reached, "bad", name=say("cumulative"))
    plot.level(_VITAL * whole, "80 %", "limit", dash="4 3")
    few = rows[: int(vital.sum())]
    said = ", ".join(f"{names(one.unit)} · {states(one.state)}" for one in few[:5])
    text = say("{count} of {all} carry {share} %: {names}", count=len(few), all=len(books.where),
               share=f"{100 * float(reached[len(few) - 1]) / whole:.0f}", names=said)  # fmt: skip
    return [Picture(plot.svg(), say("Where most of it goes"), text)]


def _short(unit: str, state: str) -> str:
    text = f"{unit.rpartition('/')[2]} {state}"
    return text if len(text) <= 18 else f"{text[:17]}…"


def _states(books: UnitBooks, say: Words, states: Callable[[str], str]) -> list[Block]:
    """What was drawn in each state, all work units together."""
    sums: dict[str, list[float]] = {}
    for one in books.where:
        row = sums.setdefault(one.state, [0.0, 0.0, 0.0, 0.0])
        for at, value in enumerate((one.hours, float(one.amount), float(one.shared), float(one.for_orders))):
            row[at] += value
    whole = sum(row[1] for row in sums.values())
    if not whole:
        return []
    cells = [
        (states(state), f"{row[0]:.1f}", number(row[1], 5), f"{100 * row[1] / whole:.1f}",
         number(row[1] / row[0], 3) if row[0] else _NONE, f"{100 * row[3] / row[1]:.0f}" if row[1] else _NONE,
         f"{100 * row[2] / row[1]:.0f}" if row[1] else _NONE)
        for state, row in sorted(sums.items(), key=lambda one: -one[1][1])
    ]  # fmt: skip
    heads = (say("state"), say("hours"), f"{say('drawn')} [{books.unit}]", f"{say('share')} [%]",
             f"{say('mean draw')} [{books.unit}/h]", f"{say('for orders')} [%]",
             f"{say('shared by rule')} [%]")  # fmt: skip
    title = say("{medium} by state of the machines", medium=say(books.medium))
    return [Grid(heads, tuple(cells), title, frozenset(range(1, 7)))]


def _rule_text(rule: str, say: Words) -> str:
    return {
        "direct": say("What was drawn for no order is carried by the orders of the same machine, by their own energy."),
        "time": say("What was drawn for no order is carried by the orders of the same machine, by their time."),
        "apart": say("What was drawn for no order is carried by no order."),
    }[rule]


def _pieces(amount: Decimal | None) -> str:
    """A number of pieces; whole ones without a point."""
    return _NONE if amount is None else f"{float(amount):,.10g}"


def _told(amount: Decimal | None) -> str:
    return _NONE if amount is None else number(float(amount), 5)


def units_document(books: UnitBooks) -> dict[str, Any]:
    """The same for programs; amounts as decimal texts."""

    def taking(one: Taking) -> dict[str, Any]:
        media = {
            medium: {"unit": amount.unit, "direct": str(amount.direct), "idle": str(amount.idle),
                     "shared": str(amount.shared), "each": _text(one.each(medium))}
            for medium, amount in one.media.items()
        }  # fmt: skip
        return {"name": one.name, "item": one.item, "orders": one.orders, "good": _text(one.good), "media": media,
                "kgCO2e": _text(one.gas), "kgCO2e_each": _text(one.gas_each)}  # fmt: skip

    def where(one: Where) -> dict[str, Any]:
        return {"unit": one.unit, "state": one.state, "hours": one.hours, "amount": str(one.amount),
                "shared": str(one.shared), "for_orders": str(one.for_orders)}  # fmt: skip

    return {
        "start": books.account.start, "end": books.account.end, "medium": books.medium, "unit": books.unit,
        "rule": books.account.rule, "orders": [taking(one) for one in books.orders],
        "products": [taking(one) for one in books.products], "where": [where(one) for one in books.where],
        "days": [{"start": one.start, "amount": str(one.amount), "known": one.known, "good": str(one.good),
                  "each": _text(one.each)} for one in books.days],
    }  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
