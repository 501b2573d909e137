"""Cost as the page shows it and hands it out: a piece, what a bar of it is made of, deviations, journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate

from luban import __version__
from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.cost import piece_sheet
from luban.screens.report.cost_pictures import Row, deviations_svg, in_progress_svg, waterfall_svg
from luban.screens.report.energy_states import state_name
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.service.cost_journal import (
    MOST,
    Asked,
    InProgress,
    Trial,
    entries,
    in_progress,
    postings_csv,
    trial,
)
from luban.screens.service.cost_variance import Compared, Group, compared, standard_each
from luban.screens.service.cost_view import Charge, CostView, Opened, Part, Subject
from luban.understand.cost import ELEMENTS, Entry, ShopEvent, UnitCost, Variance, money_text, purchases_of
from luban.understand.cost.variance import KINDS

__all__ = [
    "DASH", "charge_text", "deviation_rows", "each_text", "group_name", "journal_file", "journal_sheet",
    "kind_name", "part_text", "quantity_text", "shares_of", "unit_file", "unit_rows", "unit_sheet",
    "variance_sheet", "ways_text",
]  # fmt: skip

DASH = "–"
_MOST = 200
_DRAWN = 24
_PAPER = 1000  # entries in a file to be read; tables for other programs hold more


def each_text(amount: Decimal, digits: int) -> str:
    """Cost of one piece [minor units] as it is read, with two decimals more than money has.

    Example each_text(Decimal("6929.67"), 2) == "69.2967"
    """
    return f"{amount.scaleb(-digits):,.{digits + 2}f}"


def quantity_text(quantity: Decimal | None) -> str:
    """A quantity without zeros behind it."""
    return DASH if quantity is None else f"{round(quantity, 6).normalize():,f}"


def kind_name(kind: str, say: Words) -> str:
    """What an event did."""
    return {
        "receive": say("received"), "issue": say("issued to the order"), "machine": say("machine time"),
        "labour": say("hours of work"), "tool": say("tool used"), "energy": say("energy used"),
        "complete": say("pieces finished"), "return": say("given back"), "ship": say("left the plant"),
        "close": say("order closed"),
    }.get(kind, say(kind))  # fmt: skip


def _when(moment: int, view: CostView) -> str:
    return to_datetime(moment).astimezone(view.plant.zone).strftime("%Y-%m-%d %H:%M")


def _made(view: CostView, say: Words) -> dict[str, str]:
    return {say("books up to fact"): f"{view.seq:,}", say("currency"): view.currency, "luban": __version__}


# ---------------------------------------------------------------- a piece


def unit_rows(unit: UnitCost, standard: Mapping[str, Decimal], digits: int, say: Words) -> list[Row]:
    """Rows of the waterfall; a tick shows where a bar would end if its element had cost what the standard says."""
    rows = []
    for element, low, high in unit.steps():
        mark = float(low + standard[element]) if element in standard else None
        tone = "good" if high < low else "accent"
        rows.append(Row(element, say(element), float(low), float(high), each_text(high - low, digits), tone, mark))
    whole = sum(standard.values(), Decimal(0))
    mark = float(whole) if standard else None
    rows.append(Row("", say("a good piece"), 0.0, float(unit.each), each_text(unit.each, digits), "ink", mark))
    return rows


def unit_sheet(view: CostView, subject: Subject, found: Compared, say: Words) -> Sheet:
    """What a good piece of an order, item or lot cost, element by element, beside its standard.

    found   its orders against their standard
    Raises  InputError where there is no good piece yet
    """
    unit, cards, digits = view.piece(subject), view.cards_of(subject), view.digits
    standard = standard_each(view.cost, view.plant, cards, view.last_good)
    planned = sum(standard.values(), Decimal(0))
    currency = view.currency
    figures = [Figure(say("a good piece"), each_text(unit.each, digits), currency)]
    if standard:
        more = unit.each - planned
        share = f"{100 * more / planned:+.1f} %" if planned else ""
        figures.append(Figure(say("standard cost"), each_text(planned, digits), currency))
        figures.append(Figure(say("above the standard"), _signed(more, digits), currency, share,
                              "bad" if more > 0 else "good" if more < 0 else ""))  # fmt: skip
    figures.append(Figure(say("good pieces"), quantity_text(unit.good), "",
                          say("of {n} orders", n=len(cards)) if len(cards) > 1 else ""))  # fmt: skip
    figures.append(Figure(say("in all"), money_text(unit.total, digits), currency))
    held = sum(card.open for card in cards)
    if held and subject.kind != "lot":
        figures.append(Figure(say("in progress"), money_text(held, digits), currency, say("not in the piece yet")))
    blocks: list[Block] = [Figures(tuple(figures))]
    if unit.elements:
        rows = unit_rows(unit, standard, digits, say)
        told = ", ".join(f"{row.name} {row.told}" for row in rows)
        told += f" · {say('a tick marks the standard')}" if standard else ""
        blocks.append(Picture(waterfall_svg(rows, say, paper=True), say("From element to element"), told))
    blocks.append(_made_of(unit, standard, digits, currency, say))
    blocks += _against(found, digits, say)
    whole = piece_sheet(view.cost, subject.name, unit, cards, (), say)
    titles = [getattr(block, "title", "") for block in whole.blocks]
    blocks += whole.blocks[titles.index(say("Made up of")) + 1 :] if say("Made up of") in titles else ()
    subtitle = {"lot": say("a lot that an order made"), "item": say("all orders of the item")}.get(subject.kind, "")
    made = {**whole.provenance, **_made(view, say)}
    return Sheet(say("What a piece of {name} cost", name=subject.name), subtitle, tuple(blocks), made)


def _made_of(unit: UnitCost, standard: Mapping[str, Decimal], digits: int, currency: str, say: Words) -> Grid:
    heads = [say("cost element"), say("{currency} a piece", currency=currency), "%"]
    if standard:
        heads += [say("standard cost"), say("above the standard")]
    rows = []
    for element in (*ELEMENTS, "settled"):
        amount, due = unit.elements.get(element), standard.get(element)
        if amount is None and due is None:
            continue
        value = amount or Decimal(0)
        row = [say(element), each_text(value, digits), f"{100 * value / unit.each:.1f}" if unit.total else DASH]
        if standard:
            row += [DASH if due is None else each_text(due, digits), _signed(value - (due or 0), digits)]
        rows.append(tuple(row))
    total = [say("a good piece"), each_text(unit.each, digits), "100.0" if unit.total else DASH]
    if standard:
        planned = sum(standard.values(), Decimal(0))
        total += [each_text(planned, digits), _signed(unit.each - planned, digits)]
    rows.append(tuple(total))
    return Grid(heads, rows, say("Made up of"), frozenset(range(1, len(heads))))


def _signed(amount: Decimal, digits: int) -> str:
    return f"{amount.scaleb(-digits):+,.{digits + 2}f}"


def _against(found: Compared, digits: int, say: Words) -> list[Block]:
    """The orders' variances added up by kind and input."""
    blocks: list[Block] = []
    variances = found.variances
    if variances:
        sums: dict[tuple[str, str], int] = {}
        for line in found.lines:
            sums[line.kind, line.name] = sums.get((line.kind, line.name), 0) + line.amount
        rows = [(say("standard cost"), "", money_text(sum(one.standard for one in variances.values()), digits))]
        rows += [
            (say(kind), name or DASH, _plus(amount, digits)) for (kind, name), amount in sums.items() if amount
        ]  # fmt: skip
        rows.append((say("spent"), "", money_text(sum(one.actual for one in variances.values()), digits)))
        heads = (say("cost variance"), say("of"), say("money"))
        blocks.append(Grid(heads, rows, say("Against the standard"), frozenset({2})))
    return [*blocks, *_not_compared(found, say)]


def _not_compared(found: Compared, say: Words) -> list[Block]:
    blocks: list[Block] = []
    if found.open:
        text = say("Not compared, still in progress: {names}", names=_names(found.open))
        blocks.append(Note(text, "quiet"))
    if found.bare:
        blocks.append(Note(say("Not compared, no standard of their item: {names}", names=_names(found.bare)), "doubt"))
    missing = tuple(dict.fromkeys(name for names in found.unpriced.values() for name in names))
    if missing:
        blocks.append(Note(say("No standard price, so not in the standard: {names}", names=_names(missing)), "doubt"))
    return blocks


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" + {len(names) - 12:,}" if len(names) > 12 else "")


# ---------------------------------------------------------------- what a bar is made of


def charge_text(one: Charge, say: Words) -> str:
    """What a charge is for: kind, item and lot, work unit and state, order that made the lot."""
    return _what(one.kind, one.of, one.lot if one.lot != one.of else "", one.state, say)


def part_text(one: Part, say: Words) -> str:
    """What charges of one kind are for."""
    return _what(one.kind, one.of, "", one.state, say)


def _what(kind: str, of: str, lot: str, state: str, say: Words) -> str:
    about = " ".join(filter(None, (say(of) if kind == "energy" else of, lot)))
    return f"{kind_name(kind, say)}{': ' if about else ''}{about}{f' ({state_name(state, say)})' if state else ''}"


def ways_text(opened: Opened, view: CostView, say: Words) -> str:
    """Where the money of a bar went, as one line that adds up."""
    parts = (f"{say(way)} {money_text(amount, view.digits)}" for way, amount in opened.ways.items())
    return f"{money_text(opened.total, view.digits)} {view.currency} = {' + '.join(parts)}"


def unit_file(view: CostView, subject: Subject, element: str, kind: str, say: Words) -> tuple[bytes, str]:
    """The sheet of a piece as a file, and its media type; kind xlsx, pdf or html.

    element  an element whose facts are to be in it as well; "" for none
    """
    sheet = unit_sheet(view, subject, compared(view.cost, view.plant, subject.orders, view.last_good), say)
    if element:
        blocks = (*sheet.blocks, *_opened(view, view.opened(subject, element), say, MOST if kind == "xlsx" else _PAPER))
        sheet = Sheet(sheet.title, sheet.subtitle, blocks, sheet.provenance)
    return file_of(sheet, kind, say.language)


def _opened(view: CostView, opened: Opened, say: Words, most: int) -> list[Block]:
    """The facts behind a bar, with where the money went."""
    rows = [
        (
            _when(one.time, view), one.order, charge_text(one, say), quantity_text(one.quantity), one.unit,
            money_text(one.amount, view.digits), str(one.seq),
        )
        for one in opened.charges[:most]
    ]  # fmt: skip
    rows.append(("", "", say("sum"), "", "", money_text(opened.total, view.digits), ""))
    heads = (say("time"), say("order"), say("what"), say("quantity"), say("unit"), view.currency, say("fact"))
    more = len(opened.charges) - most
    title = say("What {element} is made of", element=say(opened.element))
    title += " · " + say("and {n} more", n=f"{more:,}") if more > 0 else ""
    return [Grid(heads, rows, title, frozenset({3, 5, 6})), Note(ways_text(opened, view, say), "quiet")]


# ---------------------------------------------------------------- deviations


def group_name(name: str, say: Words) -> str:
    """What a group is called."""
    return say(name) if name in KINDS else name or DASH


def shares_of(groups: Sequence[Group]) -> list[float]:
    """What share of all deviation, whichever its sign, lies in a group and those before it."""
    sizes = list(accumulate(abs(one.amount) for one in groups))
    return [size / sizes[-1] for size in sizes] if sizes and sizes[-1] else []


def deviation_rows(groups: Sequence[Group], by: str, digits: int, say: Words) -> list[Row]:
    """Rows of the picture, each with the share of all deviation that lies in it and those before it."""
    shares = shares_of(groups) if by != "week" else []
    rows = []
    for at, one in enumerate(groups[-_DRAWN:] if by == "week" else groups[:_DRAWN]):
        note = say("{share} % so far", share=f"{100 * shares[at]:.0f}") if shares else ""
        tone = "bad" if one.amount > 0 else "good"
        told = _plus(one.amount, digits)
        rows.append(Row(one.name, group_name(one.name, say), 0.0, float(one.amount), told, tone, note=note))
    return rows


def _plus(amount: int, digits: int) -> str:
    return ("+" if amount > 0 else "") + money_text(amount, digits)


def variance_sheet(
    view: CostView, found: Compared, groups: Sequence[Group], by: str, say: Words, *, only: Sequence[str] = ()
) -> Sheet:
    """The deviations added up, with picture and table; the figures are those of all orders that can be compared.

    only  what was narrowed down to, as it is to be said
    """
    digits, variances = view.digits, found.variances
    standard, actual = _both(variances)
    narrowed = say("only {names}", names=", ".join(group_name(name, say) for name in only)) if only else ""
    figures = Figures(
        (
            Figure(say("standard cost"), money_text(standard, digits), view.currency),
            Figure(say("spent"), money_text(actual, digits), view.currency),
            Figure(say("above the standard"), _plus(actual - standard, digits), view.currency,
                   f"{100 * (actual - standard) / standard:+.1f} %" if standard else "",
                   "bad" if actual > standard else "good" if actual < standard else ""),
            Figure(say("orders compared"), f"{len(variances):,}"),
            *([Figure(narrowed, _plus(sum(one.amount for one in groups), digits), view.currency)] if only else []),
        )
    )  # fmt: skip
    blocks: list[Block] = [figures]
    if groups:
        rows = deviation_rows(groups, by, digits, say)
        told = ", ".join(f"{row.name} {row.told}" for row in rows[:12])
        blocks.append(Picture(deviations_svg(rows, say, paper=True), say("Deviations from the standard"), told))
        blocks.append(_groups(groups, by, digits, say))
    if not only:
        blocks += _bought(view, say)
    return Sheet(say("Cost against the standard"), narrowed, (*blocks, *_not_compared(found, say)), _made(view, say))


def _bought(view: CostView, say: Words) -> list[Block]:
    """What bought lots cost against the standard price of their item, the largest first."""
    found = [one for one in purchases_of(view.cost.book) if one.amount]
    if not found:
        return []
    found.sort(key=lambda one: -abs(one.amount or 0))
    digits = view.digits
    rows: list[tuple[str, ...]] = [
        (_when(one.time, view), one.item, one.lot, quantity_text(one.quantity), quantity_text(one.paid),
         quantity_text(one.standard), _plus(one.amount or 0, digits), str(one.seq))
        for one in found[:_MOST]
    ]  # fmt: skip
    rows.append(("", say("sum"), "", "", "", "", _plus(sum(one.amount or 0 for one in found), digits), ""))
    heads = (say("time"), say("item"), say("lot"), say("quantity"), say("price paid"), say("standard price"),
             say("money"), say("fact"))  # fmt: skip
    return [Grid(heads, rows, say("Bought lots against the standard price"), frozenset({3, 4, 5, 6, 7}))]


def _both(variances: Mapping[str, Variance]) -> tuple[int, int]:
    return sum(one.standard for one in variances.values()), sum(one.actual for one in variances.values())


def _groups(groups: Sequence[Group], by: str, digits: int, say: Words) -> Grid:
    shares = shares_of(groups)
    head = {
        "kind": say("cost variance"), "input": say("of"), "item": say("item"), "order": say("order"),
        "week": say("week"),
    }[by]  # fmt: skip
    heads = [head, say("money"), say("above the standard"), say("below the standard"), say("orders")]
    rows = []
    for at, one in enumerate(groups):
        row = [group_name(one.name, say), _plus(one.amount, digits), _plus(one.over, digits),
               _plus(one.under, digits), f"{one.orders:,}"]  # fmt: skip
        if by not in ("kind", "input"):
            row.append(f"{100 * one.amount / one.standard:+.1f}" if one.standard else DASH)
        if by != "week":
            row.append(f"{100 * shares[at]:.1f}" if shares else DASH)
        rows.append(tuple(row))
    if by not in ("kind", "input"):
        heads.append(say("% of the standard"))
    if by != "week":
        heads.append(say("% so far"))
    return Grid(heads, rows, say("Added up"), frozenset(range(1, len(heads))))


# ---------------------------------------------------------------- journal


def journal_sheet(
    view: CostView, shown: Sequence[tuple[ShopEvent, Entry]], held: Trial, over: InProgress | None, say: Words,
    *, until: int | None = None, left: int = 0, most: int = _MOST,
) -> Sheet:  # fmt: skip
    """Trial balance, work in progress against the open orders and over time, and the entries that were asked for.

    until  the time of the balance; None: now
    left   how many more entries fit
    most   open orders that are listed, those with the most in progress
    """
    digits, chart = view.digits, view.cost.chart
    when = _when(until, view) if until is not None else say("now")
    figures = Figures(
        (
            Figure(say("debits"), money_text(held.debits, digits), view.currency),
            Figure(say("credits"), money_text(held.credits, digits), view.currency),
            Figure(say("debits less credits"), money_text(held.difference, digits), view.currency, "",
                   "good" if not held.difference else "bad"),
            Figure(say("in progress"), money_text(held.wip, digits), view.currency,
                   say("sum of {n} open orders", n=len(held.open))),
            Figure(say("account less open orders"), money_text(held.wip - held.cards, digits), view.currency, "",
                   "good" if held.wip == held.cards else "bad"),
            *_posted(view, say),
        ),
        when,
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (chart.number(role), say(chart.accounts[role].name), money_text(amount, digits) if amount > 0 else "",
         money_text(-amount, digits) if amount < 0 else "")
        for role, amount in sorted(held.balances.items(), key=lambda one: chart.number(one[0]))
    ]  # fmt: skip
    sides = [sum(max(sign * one, 0) for one in held.balances.values()) for sign in (1, -1)]
    rows.append(("", say("sum"), *(money_text(side, digits) for side in sides)))
    heads = (say("account"), say("name"), say("debit"), say("credit"))
    blocks: list[Block] = [figures, Grid(heads, rows, say("Trial balance"), frozenset({2, 3}))]
    open_ = [(order, money_text(value, digits)) for order, value in list(held.open.items())[:most]]
    if open_:
        more = len(held.open) - most
        title = say("Open orders") + (" · " + say("and {n} more", n=f"{more:,}") if more > 0 else "")
        blocks.append(Grid((say("order"), say("in progress")), open_, title, frozenset({1})))
    if over is not None and len(over.time):
        money, orders = in_progress_svg(over, digits, view.currency, say, view.plant.zone)
        told = say("highest {amount}", amount=f"{money_text(int(over.value.max()), digits)} {view.currency}")
        blocks += [Picture(money, say("Work in progress"), told), Picture(orders, say("open orders"))]
    blocks.append(_entries(view, shown, say))
    if left:
        blocks.append(Note(say("{n} older entries fit as well; CSV holds them all", n=f"{left:,}"), "doubt"))
    return Sheet(say("Journal"), "", tuple(blocks), _made(view, say))


def journal_file(view: CostView, asked: Asked, kind: str, say: Words) -> tuple[bytes, str]:
    """The entries that fit with their balances as a file, and its media type; kind csv (postings), xlsx, pdf, html."""
    if kind == "csv":
        return postings_csv(view, asked), "text/csv; charset=utf-8"
    found = entries(view, asked)
    most = MOST if kind == "xlsx" else _PAPER
    sheet = journal_sheet(view, found[:most], trial(view, asked.until), in_progress(view), say, until=asked.until,
                          left=max(len(found) - most, 0))  # fmt: skip
    return file_of(sheet, kind, say.language)


def _posted(view: CostView, say: Words) -> list[Figure]:
    """How far the ledger says what the books say."""
    try:
        posted, left = view.to_post
    except LubanError as error:
        return [Figure(say("posted lines"), DASH, "", f"{say(error.message)}: {error.came}", "bad")]
    note = say("none to be posted") if not left else say("{n} still to be posted", n=f"{left:,}")
    return [Figure(say("posted lines"), f"{posted:,}", "", note, "doubt" if left and posted else "")]


def _entries(view: CostView, shown: Sequence[tuple[ShopEvent, Entry]], say: Words) -> Grid:
    digits, chart = view.digits, view.cost.chart
    rows = [
        (
            _when(entry.time, view), entry.id, kind_name(event.kind, say),
            f"{chart.number(one.role)} {say(chart.accounts[one.role].name)}", one.order,
            " ".join(part for part in (say(one.element) if one.element else "", one.item, one.lot) if part),
            money_text(one.amount, digits) if one.amount > 0 else "",
            money_text(-one.amount, digits) if one.amount < 0 else "",
        )
        for event, entry in shown
        for one in entry.postings
    ]  # fmt: skip
    heads = (say("time"), say("entry"), say("what"), say("account"), say("order"), say("of"), say("debit"),
             say("credit"))  # fmt: skip
    return Grid(heads, rows, say("Entries"), frozenset({6, 7}))
