"""Trace for partners as sheets: what one of them sees of a lot, and whether all hashes of the chain fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.screens.report.trace import chain_sheet, field_words
from luban.screens.report.trace_explorer import moment
from luban.screens.service.trace_around import BACK, Around, Link, Spot
from luban.screens.service.trace_partners import Chain
from luban.understand.trace.partner import FIELDS

__all__ = ["examined_sheet", "seen_around", "view_sheet"]

HIDDEN: Final = "#"
"""Stands before a record that is only a hash."""

_NONE = "–"
_MOST, _DEEP, _WIDE = 200, 6, 25


def view_sheet(document: Mapping[str, Any], partner: str, say: Words, zone: tzinfo, *, source: str = "") -> Sheet:
    """What a partner sees: records in the open with the fields granted, and how many are only a hash."""
    ((lot, head),) = document["heads"].items()
    records = document["records"]
    names = {row["hash"]: row["lot"] for row in records if "lot" in row}
    figures = Figures((
        Figure(say("lot"), lot), Figure(say("records"), f"{len(records):,}"),
        Figure(say("in the open"), f"{len(names):,}"), Figure(say("only a hash"), f"{len(records) - len(names):,}"),
    ))  # fmt: skip
    words = field_words(say)
    shown = [name for name in FIELDS if any(name in row.get("fields", {}) for row in records)]
    heads = (say("lot"), *(words[name] for name in shown), say("its inputs"), say("hash"))
    rows = tuple(
        (row["lot"], *(_value(row["fields"], name, zone) for name in shown), _inputs(row["inputs"], names),
         _short(row["hash"])) for row in reversed(records) if "lot" in row
    )  # fmt: skip
    blocks: list[Block] = [figures, Note(say("The hash of the lot: {hash}", hash=head), "quiet")]
    numbers = frozenset({1 + shown.index("quantity")} if "quantity" in shown else ())
    blocks.append(Grid(heads, rows[:_MOST], say("Records in the open"), numbers))
    if len(rows) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(rows) - _MOST), "quiet"))
    provenance = {say("source"): source or _NONE, say("newest fact"): str(document["as_of"]), "luban": __version__}
    return Sheet(say("What {partner} sees of {lot}", partner=partner, lot=lot), "", tuple(blocks), provenance)


def _value(fields: Mapping[str, Any], name: str, zone: tzinfo) -> str:
    value = fields.get(name, {}).get("value")
    if value in (None, ""):
        return _NONE
    return moment(value, zone) if name == "made" else number(value) if name == "quantity" else str(value)


def _inputs(inputs: Sequence[str], names: Mapping[str, str]) -> str:
    shown = [names[one] for one in inputs if one in names]
    hidden = len(inputs) - len(shown)
    parts = [*shown[:12], *(["…"] if len(shown) > 12 else []), *([f"{HIDDEN} {hidden}"] if hidden else [])]
    return ", ".join(parts) or _NONE


def _short(digest: str) -> str:
    return f"{digest[:12]}…"


def seen_around(document: Mapping[str, Any]) -> Around:
    """The records as the explorer's picture draws them: at the left what the lot was made from, hidden ones too."""
    records = {row["hash"]: row for row in document["records"]}
    ((lot, head),) = document["heads"].items()
    names = {one: row.get("lot") or f"{HIDDEN} {one[:10]}" for one, row in records.items()}
    spots, ways, level = [_spot(records[head], lot, "", 0, "")], [], [head]
    seen = {head}
    for depth in range(1, _DEEP + 1):
        after: list[str] = []
        for one in level:
            for into in records[one]["inputs"][:_WIDE]:
                if into not in records:
                    continue
                ways.append(_link(names[into], names[one] if depth > 1 else lot, depth))
                if into not in seen and len(after) < _WIDE * 2:
                    seen.add(into)
                    after.append(into)
                    spots.append(_spot(records[into], names[into], names[one], depth, BACK))
        level = after
    drawn = {spot.lot for spot in spots}
    return Around(lot, tuple(spots), (), 0, tuple(way for way in ways if {way.source, way.target} <= drawn))


def _spot(row: Mapping[str, Any], lot: str, came: str, level: int, side: str) -> Spot:
    item = row.get("fields", {}).get("item", {}).get("value") or ""
    return Spot(side, level, lot, str(item), came, open=True, more=0, doubt=False)


def _link(source: str, target: str, level: int) -> Link:
    return Link(BACK, level, source, target, "", 0.0, 0.0, "", "", "", "", 0, 0)


def examined_sheet(found: Chain, say: Words, zone: tzinfo, *, source: str = "") -> Sheet:
    """Views taken in with their faults, and views handed over with what the books say of them now."""
    sheet = chain_sheet(found.faults, found.documents, found.records, say, source=source)
    states = {
        "same": say("as it was handed over"), "changed": say("changed since"), "gone": say("gone from the books"),
    }  # fmt: skip
    heads = (say("partner"), say("lot"), say("handed over"), say("hash"), say("state"))
    rows = tuple(
        (one.partner, one.handed.lot, moment(one.handed.time, zone), _short(one.handed.head), states[one.state])
        for one in found.handed[::-1][:_MOST]
    )
    tones = {at: "good" if one.state == "same" else "bad" for at, one in enumerate(found.handed[::-1][:_MOST])}
    blocks = list(sheet.blocks)
    if not found.documents:
        blocks = [Note(say("No view of a partner was taken in."), "quiet")]
    if rows:
        blocks.append(Grid(heads, rows, say("Handed over"), frozenset(), tones))
    return Sheet(sheet.title, sheet.subtitle, tuple(blocks), sheet.provenance)
