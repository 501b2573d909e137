"""The sheets of the energy page: balance of the meters, load and bill, and whose energy a lot or an order was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.energy_books import balance_blocks, bill_blocks, gas_blocks, left_out_blocks
from luban.screens.report.energy_pictures import band_name, day_svg, flow_svg, load_svg
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.energy.bill import Bill
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.profile import Profile, gaps_of

__all__ = ["balance_sheet", "load_sheet", "media_of", "window_text"]

_NONE = "–"


def window_text(start: int, end: int, zone: tzinfo) -> str:
    """A window of time as a sheet has it."""
    return " – ".join(f"{to_datetime(at).astimezone(zone):%Y-%m-%d %H:%M}" for at in (start, end))


def media_of(account: EnergyAccount) -> tuple[str, ...]:
    """Media that have meters, electricity first."""
    found = dict.fromkeys(one.meter.medium for one in account.meters)
    return tuple(sorted(found, key=lambda medium: (medium != "electricity", medium)))


def balance_sheet(
    account: EnergyAccount, say: Words, zone: tzinfo, source: str, names: Callable[[str], str] = str
) -> Sheet:
    """What came in of each medium, where it went, what no meter saw, and what was left out.

    names  of a meter, for people
    """
    rows = []
    for medium, (amount, unit) in account.tree.totals.items():
        rest = [node for node in account.tree.nodes if node.medium == medium]
        note = ""
        if rest:
            open_ = [node for node in rest if node.verdict != "closes"]
            note = say("every node closes") if not open_ else say("open nodes: {count} of {all}",
                                                                  count=len(open_), all=len(rest))  # fmt: skip
        rows.append(Figure(say(medium), number(float(amount), 5), unit, note))
    rows += [
        Figure(say(medium), _NONE, "", say("nothing was read"), "doubt")
        for medium in media_of(account)
        if medium not in account.tree.totals
    ]
    if account.carbon.lines:
        rows.append(Figure(say("greenhouse gases"), number(float(account.carbon.total), 5), "kgCO2e"))
    doubts = (*account.unread, *account.tree.doubts)
    rows.append(Figure(say("doubtful, left out"), f"{len(doubts):,}", tone="doubt" if doubts else "good"))
    blocks: list[Block] = [Figures(tuple(rows))]
    for medium in media_of(account):
        svg = flow_svg(account, medium, say, names)
        if svg:
            told = say("Flows are as thick as their amount; what no meter saw is dashed.")
            blocks.append(Picture(svg, say(medium), told))
    blocks += balance_blocks(account, say)
    blocks += gas_blocks(account, say)
    without = [say(one.meter) for one in account.carbon.doubts]
    if without and account.carbon.lines:
        text = say("Without a factor, in no sum of greenhouse gases: {media}.", media=", ".join(without))
        blocks.append(Note(text, "quiet"))
    blocks += left_out_blocks(doubts, say, zone)
    return Sheet(say("Meters and balance"), f"{source} · {window_text(account.start, account.end, zone)}",
                 tuple(blocks), _made(account, say))  # fmt: skip


def load_sheet(account: EnergyAccount, one: Profile, say: Words, zone: ZoneInfo, source: str, name: str) -> Sheet:
    """Power over time with the bands of the tariff, the highest demand, the bill, and what idling took.

    name  of the meter, for people
    """
    own = [bill for bill in account.bills if bill.meter == one.meter]
    peaks = [peak for bill in own for peak in bill.demands]
    highest = max(peaks, key=lambda peak: peak.power, default=None)

    def when(moment: int) -> str:
        return to_datetime(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")

    rows: list[Figure] = []
    if highest is not None:
        note = when(highest.at) + ("" if highest.known >= 1 else f" · {say('at least: read too seldom to tell')}")
        rows.append(Figure(say("highest demand"), number(float(highest.power), 4), "kW", note))
    elif one.peak is not None:
        rows.append(Figure(say("highest power"), number(float(one.power[one.peak]), 4), one.unit,
                           when(int(one.edges[one.peak]))))  # fmt: skip
    rows.append(Figure(say("base load"), number(one.base, 4), one.unit, say("nine steps of ten are above")))
    factor = one.factor
    rows.append(Figure(say("load factor"), _NONE if factor is None else f"{100 * factor:.1f}", "%",
                       say("mean over highest power")))  # fmt: skip
    rows += [Figure(say("cost of energy"), f"{bill.total:,}", bill.tariff.currency, say(bill.tariff.title))
             for bill in own]  # fmt: skip
    avoidable = sum((idle.avoidable for idle in account.idle), Decimal(0))
    if account.idle:
        rows.append(Figure(say("avoidable idling"), number(float(avoidable), 4), account.drawn_in,
                           say("of all work units")))  # fmt: skip
    blocks: list[Block] = [Figures(tuple(rows))]
    demand = float(highest.power) if highest is not None and one.unit == "kW" else None
    blocks.append(Picture(load_svg(one, say, zone, demand=demand), f"{name} [{one.unit}]", _bands_text(one, say)))
    holes = gaps_of(one)
    if holes:
        hours = sum(high - low for low, high in holes) / 3.6e9
        blocks.append(Note(say("Nothing is known of {hours} h; they are empty, not zero.", hours=f"{hours:.1f}"),
                           "doubt"))  # fmt: skip
    blocks.append(Picture(day_svg(one, say, zone), f"{say('A usual day')} [{one.unit}]", ""))
    blocks += bill_blocks(own, say, zone)
    if not own:
        blocks.append(Note(say("There is no price for it: name a tariff under [energy] in plant.toml.")))
    blocks += _waste(account, own, say)
    title = f"{source} · {name} · {window_text(account.start, account.end, zone)}"
    return Sheet(say("Load and tariff"), title, tuple(blocks), _made(account, say))


def _waste(account: EnergyAccount, bills: Sequence[Bill], say: Words) -> list[Block]:
    """What each work unit drew while it made nothing, most of what can be avoided first; at the mean price."""
    if not account.idle:
        return []
    unit = account.drawn_in
    totals = {one.unit: one.total for one in account.allocations}
    rows: dict[str, list[float]] = {}
    for idle in account.idle:
        sums = rows.setdefault(idle.unit, [0.0, 0.0, 0.0])
        for at, value in enumerate((idle.hours, float(idle.amount), float(idle.avoidable))):
            sums[at] += value
    money = sum((line.cost for bill in bills for line in bill.lines), Decimal(0))
    drawn = sum((bill.amount for bill in bills), Decimal(0))
    price = float(money / drawn) if drawn and unit == bills[0].tariff.per else None
    cells = [
        (path, f"{hours:.1f}", number(amount, 4),
         number(100 * amount / float(totals[path]), 3) if totals[path] else _NONE, number(avoidable, 4),
         _NONE if price is None else f"{avoidable * price:,.2f}")
        for path, (hours, amount, avoidable) in sorted(rows.items(), key=lambda one: -one[1][2])
    ]  # fmt: skip
    currency = bills[0].tariff.currency if bills else ""
    heads = (say("work unit"), say("hours without work"), f"{say('drawn meanwhile')} [{unit}]",
             f"{say('share of all it drew')} [%]", f"{say('avoidable')} [{unit}]",
             f"{say('at the mean price')}{f' [{currency}]' if currency else ''}")  # fmt: skip
    return [
        Grid(heads, cells, say("Idling, machine by machine"), frozenset(range(1, 6))),
        Note(say("Avoidable: what switching off would have spared in stretches longer than a restart."), "quiet"),
    ]


def _bands_text(one: Profile, say: Words) -> str:
    """Energy by band: what the colours come to, in words."""
    hours = (one.edges[1:] - one.edges[:-1]) / 3.6e9 * one.known
    sums: dict[str, float] = {}
    for band, power, span in zip(one.bands, one.power.tolist(), hours.tolist(), strict=True):
        if power == power:
            sums[band] = sums.get(band, 0.0) + power * span
    if set(sums) <= {""}:
        return ""
    unit = one.unit.removesuffix("/h") if one.unit.endswith("/h") else "kWh"
    return " · ".join(f"{band_name(say, band)} {number(amount, 4)} {unit}" for band, amount in sums.items())


def _made(account: EnergyAccount, say: Words) -> dict[str, Any]:
    return {say("readings"): f"{account.readings:,}", "luban": __version__}
