"""The green sheet of a factory: score, points with their evidence, water, waste and footprints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.green_pictures import aims_picture
from luban.screens.report.green_trail import Trail, stream_name
from luban.screens.report.quality_words import given, number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.understand.green import (
    DEFAULT_RATE,
    Found,
    GreenAccount,
    Line,
    ProductFootprint,
    ScoreSheet,
    WasteBalance,
    WaterBalance,
)

__all__ = [
    "figures_block", "footprint_sheet", "footprints_block", "green_document", "green_sheet", "made_of", "score_blocks",
    "span_of",
    "waste_block", "water_block",
]  # fmt: skip

_NONE = "–"


def span_of(account: GreenAccount, zone: tzinfo) -> str:
    """The window in the plant's zone."""
    times = (to_datetime(at).astimezone(zone) for at in (account.start, account.end))
    return " – ".join(time.strftime("%Y-%m-%d %H:%M") for time in times)


def green_sheet(account: GreenAccount, sheet: ScoreSheet, say: Words, zone: tzinfo, source: str) -> Sheet:
    """Score and points by one edition, then water, waste, footprints, and the facts behind the numbers."""
    trail = Trail(say)
    blocks = [
        *score_blocks(sheet, say, trail),
        figures_block(account, say, trail),
        *water_block(account.water, say),
        *waste_block(account.waste, say),
        *footprints_block(account.footprints, say, trail),
        trail.grid(),
    ]
    return Sheet(
        say("Green factory by {edition}", edition=sheet.edition.title), f"{source} · {span_of(account, zone)}",
        tuple(blocks), made_of(account, say),
    )  # fmt: skip


def made_of(account: GreenAccount, say: Words) -> dict[str, str]:
    """What a sheet rests on: the books at a seq, never the moment at which it was asked for."""
    facts = ", ".join(f"{stream_name(say, name)} {count:,}" for name, count in account.facts.items())
    return {say("books at seq"): f"{account.as_of:,}", say("facts read"): facts, "luban": __version__}


# ---------------------------------------------------------------------- score


def score_blocks(sheet: ScoreSheet, say: Words, trail: Trail) -> list[Block]:
    """The score as a range, a bar for each aim, a table for each goal, and what is missing."""
    basic = {"met": say("met"), "not met": say("not met"), "unknown": say("not known")}[sheet.basic]
    tone = {"met": "good", "not met": "bad", "unknown": "doubt"}[sheet.basic]
    rows = (
        Figure(say("green score"), f"{sheet.low:.1f} … {sheet.high:.1f}",
               note=say("of 100; gaps count as nothing … as all")),
        Figure(say("weight that is known"), f"{sheet.known:.1f}", note=say("of 100"),
               tone="good" if sheet.known > 99.5 else "doubt"),
        Figure(say("gaps"), str(len(sheet.gaps)), tone="doubt" if sheet.gaps else "good"),
        Figure(say("basic requirements"), basic, tone=tone),
    )  # fmt: skip
    blocks: list[Block] = [Figures(rows), aims_picture(sheet.aims, say)]
    for goal in sheet.edition.goals:
        lines = [one for one in sheet.lines if one.point.goal == goal.id]
        told = say("weight {n} of 100", n=f"{float(goal.weight):g}") if goal.weight else say("each must be met")
        blocks.append(_points(lines, f"{say.name(goal.names)}: {told}", say, trail))
    if not all(one.point.verified for one in sheet.lines):
        text = say(
            "Weights and lines were not read in the standard itself; the evidence of each says where it comes from."
        )
        blocks.append(Note(text, "doubt"))
    blocks.append(Note(f"{say('A measured point gets')}: {say(sheet.edition.rule)}."))
    return blocks


def _points(lines: Sequence[Line], title: str, say: Words, trail: Trail) -> Grid:
    heads = (say("line of the sheet"), say("value"), say("unit"), say("baseline → leading value"),
             say("points of the weight"), say("state"), say("document"), say("facts"))  # fmt: skip
    tones = {"met": "good", "scored": "good", "not met": "bad", "gap": "doubt", "does not apply": "quiet"}
    rows = [
        (say.name(one.point.names), number(one.value, 4), _unit(one), _compared(one), _of_weight(one), _state(one, say),
         one.document or _NONE, trail.mark(one.facts))
        for one in lines
    ]  # fmt: skip
    return Grid(heads, rows, title, frozenset({1}), {at: tones[one.status] for at, one in enumerate(lines)})


def _compared(one: Line) -> str:
    if one.baseline is None and one.leading is None:
        return _NONE
    return f"{number(one.baseline, 4)} → {number(one.leading, 4)}"


def _of_weight(one: Line) -> str:
    if not one.weight:
        return _NONE
    return f"{_NONE if one.points is None else f'{one.points:.2f}'} / {one.weight:.2f}"


def _unit(one: Line) -> str:
    unit = one.point.provenance.unit
    return "" if one.point.sense == "shown" or unit == "1" else unit


def _state(one: Line, say: Words) -> str:
    words = {"met": say("met"), "scored": say("scored"), "not met": say("not met"), "gap": say("gap"),
             "does not apply": say("does not apply")}  # fmt: skip
    return "; ".join(filter(None, (words[one.status], say(one.reason) if one.reason else "", *map(say, one.notes))))


# ---------------------------------------------------------------------- figures


def figures_block(account: GreenAccount, say: Words, trail: Trail) -> Grid:
    """Energy, gases, water, waste and pieces of the window, each with its facts or why it is not known."""
    names = {
        "figure:energy": say("all energy"), "figure:gases": say("greenhouse gases, scopes 1 and 2"),
        "figure:fresh": say("fresh water"), "figure:discharged": say("waste water"),
        "reused over all water used": say("rate of reuse"),
        "figure:generated": say("general waste that came up"), "figure:hazardous": say("hazardous waste that came up"),
        f"figure:rate {DEFAULT_RATE}": say("rate of utilisation, older stock in both (default)"),
        "figure:rate own": say("rate of utilisation of what came up"),
        "figure:pieces": say("good pieces"), "figure:output": say("output value"),
    }  # fmt: skip
    rows = [_figure(text, account.found[name], say, trail) for name, text in names.items()]
    rows += [_figure(say(name.partition(":")[2]), one, say, trail)
             for name, one in account.found.items() if name.startswith("medium:")]  # fmt: skip
    heads = (say("figure"), say("value"), say("unit"), say("to bear in mind"), say("facts"))
    tones = {at: "doubt" for at, row in enumerate(rows) if row[1] == _NONE}
    return Grid(heads, rows, say("Figures"), frozenset({1}), tones)


def _figure(text: str, found: Found, say: Words, trail: Trail) -> tuple[str, ...]:
    told = "; ".join([*([say(found.reason)] if found.reason else []), *map(say, found.notes)])
    return text, number(found.value, 6), found.unit, told or _NONE, trail.mark(found.facts)


def water_block(water: WaterBalance, say: Words) -> list[Block]:
    """Water by meter: its role, and whether it is in a sum."""
    if not water.lines:
        return []
    roles = {"fresh": say("fresh water"), "circulating": say("circulating"), "recycled": say("used again"),
             "discharged": say("waste water")}  # fmt: skip
    rows = [(one.meter, roles[one.role], number(float(one.amount), 6), say("yes") if one.counted else
             say("no: below a meter that counts")) for one in water.lines]  # fmt: skip
    heads = (say("meter"), say("role"), f"{say('amount')} [m³]", say("counted"))
    blocks: list[Block] = [Grid(heads, rows, say("Water"), frozenset({2}))]
    if water.lost is not None:
        half = "" if water.half is None else f" ± {number(water.half, 3)}"
        blocks.append(Note(say("Fresh less waste water: {n} m³ evaporated, went into the product or is not metered.",
                               n=f"{number(float(water.lost), 5)}{half}")))  # fmt: skip
    return [*blocks, *(Note(say(text), "doubt") for text in water.notes)]


def waste_block(waste: WasteBalance, say: Words) -> list[Block]:
    """Waste by stream: what was there, came up, was utilised, disposed of, and is left."""
    if not waste.streams:
        return [Note(say(text), "doubt") for text in waste.notes]
    kinds = {"general": say("general"), "hazardous": say("hazardous")}
    rows = [
        (one.item, kinds[one.kind], *(number(float(value), 6) for value in (
            one.opening, one.generated, one.utilised, one.utilised_old, one.disposed, one.closing)))
        for one in waste.streams
    ]  # fmt: skip
    heads = (say("waste"), say("kind"), say("older stock"), say("came up"), say("utilised"), say("of it older"),
             say("disposed of"), say("left in store"))  # fmt: skip
    blocks: list[Block] = [Grid(heads, rows, f"{say('Waste')} [kg]", frozenset(range(2, 8)))]
    return [*blocks, *(Note(say(text), "doubt") for text in waste.notes)]


# ---------------------------------------------------------------------- footprints


def footprints_block(prints: Sequence[ProductFootprint], say: Words, trail: Trail) -> list[Block]:
    """Footprints of a good piece, one row an item."""
    if not prints:
        return []
    rows = [
        (one.item, f"{'≥ ' if one.missing else ''}{number(one.footprint.total, 5)}",
         f"{number(one.footprint.low, 4)} … {number(one.footprint.high, 4)}", number(one.footprint.quality, 3),
         f"{100 * one.footprint.measured:.1f}", str(len(one.missing)), trail.mark(one.facts))
        for one in prints
    ]  # fmt: skip
    heads = (say("item"), "kgCO2e", say("95 % interval"), say("quality of data, 1 best to 5"), f"{say('measured')} [%]",
             say("without a factor"), say("facts"))  # fmt: skip
    tones = {at: "doubt" for at, one in enumerate(prints) if one.missing}
    return [Grid(heads, rows, say("Footprint of a good piece"), frozenset({1, 3, 4, 5}), tones)]


def footprint_sheet(
    one: ProductFootprint, account: GreenAccount, say: Words, zone: tzinfo, source: str, name: str = ""
) -> Sheet:
    """Where the footprint of a good piece comes from, line by line with each factor and its source."""
    found, trail = one.footprint, Trail(say)
    stages = {"material": say("material"), "transport": say("transport"), "energy": say("energy of its orders"),
              "shared energy": say("shared energy"), "waste": say("waste")}  # fmt: skip
    rows = (
        Figure(say("footprint of a good piece"), f"{'≥ ' if one.missing else ''}{number(found.total, 5)}", "kgCO2e",
               f"{number(found.low, 4)} … {number(found.high, 4)}", "doubt" if one.missing else ""),
        Figure(say("measured"), f"{100 * found.measured:.1f}", "%"),
        Figure(say("quality of data, 1 best to 5"), number(found.quality, 3)),
        Figure(say("good pieces"), given(float(one.good))), Figure(say("scrap"), given(float(one.scrap))),
    )  # fmt: skip
    lines = [
        (" → ".join(line.path), stages.get(line.stage, line.stage), line.factor.name, number(line.amount, 5),
         line.factor.unit, number(line.factor.value, 5), str(line.factor.year), number(line.kg, 5),
         f"{100 * line.kg / found.total:.1f}" if found.total else _NONE, say("yes") if line.measured else say("no"),
         line.factor.source)
        for line in found.lines
    ]  # fmt: skip
    heads = (say("item"), say("stage"), say("factor"), say("amount"), say("unit"), "kgCO2e/…", say("year"), "kgCO2e",
             "%", say("measured"), say("source"))  # fmt: skip
    blocks: list[Block] = [Figures(rows), Grid(heads, lines, say("Contributions"), frozenset({3, 5, 7, 8}))]
    if one.missing:
        blocks.append(Grid((say("in no sum"),), [(say(text),) for text in one.missing], say("Without a factor"),
                           tones=dict.fromkeys(range(len(one.missing)), "doubt")))  # fmt: skip
    blocks += [Note(text) for text in found.notes]
    blocks.append(Note(say("From cradle to gate; use and end of life are not in it. Inbound transport only where a "
                           "factor of it is given.")))  # fmt: skip
    trail.mark(one.facts)
    blocks.append(trail.grid())
    title = say("Footprint of {item}", item=name or one.item)
    return Sheet(title, f"{source} · {span_of(account, zone)}", tuple(blocks),
                 {**made_of(account, say), say("method"): "ISO 14067:2018"})  # fmt: skip


# ---------------------------------------------------------------------- for programs


def green_document(account: GreenAccount, sheet: ScoreSheet, most: int = 0) -> dict[str, Any]:
    """The same for `--json` and REST; at most so many seqs of each number."""
    return {
        "start": account.start, "end": account.end, "as_of": account.as_of, "score": sheet.as_dict(most),
        "figures": {name: one.as_dict(most) for name, one in account.found.items()},
        "water": [{"meter": one.meter, "role": one.role, "amount": str(one.amount), "counted": one.counted}
                  for one in account.water.lines],
        "waste": [{"item": one.item, "kind": one.kind, **{name: str(getattr(one, name)) for name in (
            "opening", "generated", "utilised", "utilised_old", "disposed", "closing", "excess")}}
            for one in account.waste.streams],
        "footprints": [_print(one, most) for one in account.footprints],
        "statements": [one.as_dict() for one in account.stated.values()],
        "facts": dict(account.facts),
    }  # fmt: skip


def _print(one: ProductFootprint, most: int) -> dict[str, Any]:
    found = one.footprint
    return {
        "item": one.item, "good": str(one.good), "scrap": str(one.scrap), "kgCO2e": found.total, "low": found.low,
        "high": found.high, "quality": found.quality, "measured": found.measured, "kinds": dict(found.kinds),
        "stages": dict(found.stages), "missing": list(one.missing), "facts": [two.as_dict(most) for two in one.facts],
        "lines": [{"path": list(line.path), "stage": line.stage, "factor": line.factor.name, "value": line.factor.value,
                   "unit": line.factor.unit, "year": line.factor.year, "source": line.factor.source,
                   "scores": list(line.factor.scores), "amount": line.amount, "kgCO2e": line.kg,
                   "measured": line.measured} for line in found.lines],
    }  # fmt: skip
