"""Energy books as a sheet: meter tree, orders, idling, bill, greenhouse gases, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.energy_pictures import band_name
from luban.screens.report.energy_states import state_name
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.energy.bill import Bill, Demand, Line
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.meters import Doubt

__all__ = [
    "balance_blocks", "bill_blocks", "energy_document", "energy_sheet", "gas_blocks", "idle_block", "left_out_blocks",
]  # fmt: skip

_NONE = "–"
_MOST = 40


def energy_sheet(books: EnergyAccount, say: Words, zone: tzinfo, source: str, left_out: int = 0) -> Sheet:
    """All that the books hold; parts that have nothing to say are not there.

    left_out  rows of the file that are no reading
    """
    blocks: list[Block] = [_figures(books, say)]
    if books.presumed:
        named = ", ".join(books.presumed)
        blocks.append(Note(say("Nobody described {meters}: taken as meters at the top.", meters=named), "doubt"))
    blocks += balance_blocks(books, say)
    blocks += _orders(books, say)
    blocks += idle_block(books, say)
    blocks += bill_blocks(books.bills, say, zone)
    blocks += gas_blocks(books, say)
    blocks += left_out_blocks(books.doubts, say, zone)
    provenance = {
        say("readings"): f"{books.readings:,}", say("rows left out"): f"{left_out:,}", "luban": __version__,
    }  # fmt: skip
    return Sheet(
        say("Energy"), f"{source} · {_when(books.start, zone)} – {_when(books.end, zone)}", tuple(blocks), provenance
    )


def _when(moment: int, zone: tzinfo) -> str:
    return to_datetime(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _figures(books: EnergyAccount, say: Words) -> Figures:
    rows = [Figure(say(medium), _told(amount), unit) for medium, (amount, unit) in books.tree.totals.items()]
    rows += [
        Figure(say("cost of energy"), f"{one.total:,}", one.tariff.currency, say(one.tariff.title))
        for one in books.bills
    ]
    if books.carbon.lines:
        rows.append(Figure(say("greenhouse gases"), _told(books.carbon.total), "kgCO2e"))
    tone = "doubt" if books.doubts else "good"
    return Figures((*rows, Figure(say("doubtful, left out"), f"{len(books.doubts):,}", tone=tone)))


def balance_blocks(books: EnergyAccount, say: Words) -> list[Block]:
    """Meters with their amounts, remainders and verdicts; which of them seem to speak another unit."""
    nodes = {node.meter: node for node in books.tree.nodes}
    verdicts = {
        "closes": say("closes"), "open": say("something is not metered"), "over": say("more below than came in"),
        "unknown": say("not known"),
    }  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(books.meters):
        node = nodes.get(one.meter.id)
        told = ["", "", ""]
        if node:
            half = _NONE if node.half is None else f"± {number(node.half, 3)}"
            share = _NONE if node.share is None else f"{100 * node.share:.2f}"
            told = [f"{_told(node.remainder)} {half}", share, verdicts[node.verdict]]
            tones[at] = "good" if node.verdict == "closes" else "doubt"
        rows.append((one.meter.id, one.meter.parent or _NONE, say(one.meter.medium),
                     _told(one.total(books.start, books.end) if one.within(books.start, books.end) else None),
                     one.meter.unit, *told))  # fmt: skip
    heads = (say("meter"), say("below"), say("energy carrier"), say("amount"), say("unit"), say("remainder"),
             f"{say('remainder')} [%]", say("balance"))  # fmt: skip
    found: list[Block] = [Grid(heads, rows, say("Meters"), frozenset({3, 6}), tones)]
    found += [
        Note(say("{meter} seems to be off by a thousand: another unit?", meter=node.unit_like), "doubt")
        for node in nodes.values()
        if node.unit_like
    ]
    return found


def _orders(books: EnergyAccount, say: Words) -> list[Block]:
    found: list[Block] = []
    if books.orders:
        heads = (say("order"), say("direct"), say("of idling"), say("shared by rule"), say("good pieces"),
                 say("per good piece"))  # fmt: skip
        rows = [
            (one.order, _told(one.direct), _told(one.idle), _told(one.shared), _told(one.good), _told(one.each))
            for one in books.orders
        ]
        unit = books.allocations[0].measured_in
        found.append(Grid(heads, rows, f"{say('Orders')} [{unit}]", frozenset(range(1, 6))))
    return found


def idle_block(books: EnergyAccount, say: Words) -> list[Block]:
    """What work units drew while they made nothing; nothing where that is not known."""
    if not books.idle:
        return []
    unit = books.drawn_in
    heads = (say("work unit"), say("state"), say("hours"), f"{say('amount')} [{unit}]",
             f"{say('mean draw')} [{unit}/h]", f"{say('avoidable')} [{unit}]")  # fmt: skip
    rows = [
        (
            one.unit,
            state_name(one.state, say),
            f"{one.hours:.2f}",
            _told(one.amount),
            number(one.power, 3),
            _told(one.avoidable),
        )
        for one in books.idle
    ]
    return [Grid(heads, rows, say("Idling"), frozenset(range(2, 6)))]


def bill_blocks(bills: Sequence[Bill], say: Words, zone: tzinfo) -> list[Block]:
    """Energy by month and band with its price, and the highest demand of each month."""
    found: list[Block] = []
    for one in bills:
        money, per = one.tariff.currency, one.tariff.per
        rows = [
            (
                line.month,
                band_name(say, line.band),
                _told(line.amount),
                str(line.price),
                f"{line.cost:,}",
                _told(line.shared),
            )
            for line in one.lines
        ]
        heads = (say("month"), say("band"), f"{say('amount')} [{per}]", f"{say('price')} [{money}/{per}]",
                 f"{say('cost')} [{money}]", f"{say('shared by time')} [{per}]")  # fmt: skip
        found.append(Grid(heads, rows, say("Bill"), frozenset(range(2, 6))))
        if one.demands:
            peaks = [
                (peak.month, _when(peak.at, zone), f"{'≥ ' if peak.known < 1 else ''}{_told(peak.power)}",
                 str(peak.price), f"{peak.cost:,}")
                for peak in one.demands
            ]  # fmt: skip
            titles = (say("month"), say("time"), f"{say('highest demand')} [kW]", f"{say('price')} [{money}/kW]",
                     f"{say('cost')} [{money}]")  # fmt: skip
            found.append(Grid(titles, peaks, say("Demand"), frozenset({3, 4})))
        if not one.tariff.verified:
            found.append(Note(say("This tariff was not checked at its source."), "doubt"))
    return found


def gas_blocks(books: EnergyAccount, say: Words) -> list[Block]:
    """Greenhouse gases with the factor of each line; nothing where nothing has a factor."""
    if not books.carbon.lines:
        return []
    heads = (say("energy carrier"), say("scope"), say("amount"), say("unit"), say("factor"), say("year"), "kgCO2e",
             say("checked at its source"))  # fmt: skip
    rows = [
        (say(line.use.medium), str(line.factor.scope), _told(line.use.amount), line.use.unit,
         f"{line.factor.id}: {line.factor.value} kgCO2e/{line.factor.per}", str(line.factor.year), _told(line.mass),
         say("yes") if line.factor.verified else say("no"))
        for line in books.carbon.lines
    ]  # fmt: skip
    return [Grid(heads, rows, say("Greenhouse gases"), frozenset({2, 6}))]


def left_out_blocks(doubts: Sequence[Doubt], say: Words, zone: tzinfo) -> list[Block]:
    """What was left out, with its amount; nothing where nothing was."""
    if not doubts:
        return []
    rows = [
        (_when(one.start, zone) if one.start else _NONE, _when(one.end, zone) if one.end else _NONE, say(one.text),
         _told(one.amount), one.unit)
        for one in doubts[:_MOST]
    ]  # fmt: skip
    heads = (say("from"), say("to"), say("what is wrong"), say("amount left out"), say("unit"))
    tones = dict.fromkeys(range(len(rows)), "doubt")
    found: list[Block] = [Grid(heads, rows, say("Doubtful, in no sum"), frozenset({3}), tones)]
    if len(doubts) > _MOST:
        found.append(Note(say("{count} more are in the JSON document.", count=len(doubts) - _MOST)))
    return found


def _told(amount: Decimal | None) -> str:
    return _NONE if amount is None else number(float(amount), 6)


def _line(line: Line) -> dict[str, str]:
    told = {"amount": line.amount, "price": line.price, "cost": line.cost}
    return {"month": line.month, "band": line.band, **{name: str(value) for name, value in told.items()}}


def _demand(peak: Demand) -> dict[str, Any]:
    return {
        "month": peak.month, "at": peak.at, "power": str(peak.power), "known": peak.known, "cost": str(peak.cost),
    }  # fmt: skip


def energy_document(books: EnergyAccount) -> dict[str, Any]:
    """The same for programs; amounts as decimal texts."""
    return {
        "start": books.start, "end": books.end, "readings": books.readings, "presumed": list(books.presumed),
        "totals": {name: {"amount": str(told), "unit": unit} for name, (told, unit) in books.tree.totals.items()},
        "nodes": [
            {"meter": n.meter, "supply": str(n.supply), "metered": str(n.metered), "remainder": str(n.remainder),
             "half": n.half, "known": n.known, "verdict": n.verdict, "unit": n.unit, "unit_like": n.unit_like}
            for n in books.tree.nodes
        ],
        "meters": [
            {"meter": one.meter.id, "parent": one.meter.parent, "medium": one.meter.medium, "unit": one.meter.unit,
             "amount": str(one.total(books.start, books.end))}
            for one in books.meters
        ],
        "orders": [
            {"order": one.order, "direct": str(one.direct), "idle": str(one.idle), "shared": str(one.shared),
             "good": None if one.good is None else str(one.good), "each": None if one.each is None else str(one.each)}
            for one in books.orders
        ],
        "idle": [
            {"unit": one.unit, "state": one.state, "hours": one.hours, "amount": str(one.amount),
             "avoidable": str(one.avoidable)}
            for one in books.idle
        ],
        "bills": [
            {"tariff": one.tariff.id, "currency": one.tariff.currency, "total": str(one.total),
             "lines": [_line(line) for line in one.lines],
             "demands": [_demand(peak) for peak in one.demands]}
            for one in books.bills
        ],
        "carbon": [
            {"medium": one.use.medium, "scope": one.factor.scope, "factor": one.factor.id, "year": one.factor.year,
             "kgCO2e": str(one.mass), "verified": one.factor.verified, "reference": one.factor.provenance.reference}
            for one in books.carbon.lines
        ],
        "doubts": [
            {"meter": one.meter, "kind": one.kind, "start": one.start, "end": one.end, "text": one.text,
             "amount": None if one.amount is None else str(one.amount), "unit": one.unit, "seq": one.seq}
            for one in books.doubts
        ],
    }  # fmt: skip
