"""The green report of an enterprise out of its books: every number with its facts, byte by byte the same again.

It says nothing of what the books do not hold: that stands under what is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from luban.decide.green import Appraisal, Sign
from luban.screens.i18n import Words
from luban.screens.report.green import (
    figures_block,
    footprints_block,
    made_of,
    score_blocks,
    span_of,
    waste_block,
    water_block,
)
from luban.screens.report.green_projects import projects_block, signs_block
from luban.screens.report.green_trail import Trail
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Grid, Note, Sheet
from luban.understand.green import GreenAccount, ScoreSheet

__all__ = ["report_sheet"]

_NONE = "–"


def report_sheet(
    account: GreenAccount,
    sheet: ScoreSheet,
    say: Words,
    zone: tzinfo,
    source: str,
    signs: Sequence[Sign] = (),
    projects: Sequence[Appraisal] = (),
    currency: str = "CNY",
) -> Sheet:
    """The report: figures, gases by scope, water, waste, products, the green sheet, projects, gaps, trail."""
    trail = Trail(say)
    blocks: list[Block] = [
        Note(say("Every number stands with the facts it rests on; the table at the end names them by seq and sha256.")),
        figures_block(account, say, trail),
        *_scopes(account, say, trail),
        *water_block(account.water, say),
        *waste_block(account.waste, say),
        *footprints_block(account.footprints, say, trail),
        *score_blocks(sheet, say, trail),
        *signs_block(signs, say, trail),
        *(projects_block(projects, say, currency) if projects else ()),
        _gaps(account, sheet, say),
        trail.grid(),
    ]
    return Sheet(say("Green report"), f"{source} · {span_of(account, zone)}", tuple(blocks), made_of(account, say))


def _scopes(account: GreenAccount, say: Words, trail: Trail) -> list[Block]:
    if account.energy is None or not account.energy.carbon.lines:
        return []
    rows = [
        (str(line.factor.scope), say(line.use.medium), number(float(line.use.amount), 6), line.use.unit,
         f"{line.factor.id}: {line.factor.value} kgCO2e/{line.factor.per}", str(line.factor.year),
         number(float(line.mass), 6), say("yes") if line.factor.verified else say("no"),
         trail.mark(account.found[f"medium:{line.use.medium}"].facts))
        for line in account.energy.carbon.lines
    ]  # fmt: skip
    heads = (say("scope"), say("energy carrier"), say("amount"), say("unit"), say("factor"), say("year"), "kgCO2e",
             say("checked at its source"), say("facts"))  # fmt: skip
    return [Grid(heads, rows, say("Greenhouse gases"), frozenset({2, 6}))]


def _gaps(account: GreenAccount, sheet: ScoreSheet, say: Words) -> Grid:
    """What is not in the report, and why: figures, points, footprints."""
    rows = [(say.name(one.point.names), say(one.reason)) for one in sheet.gaps]
    for one in account.footprints:
        rows += [(say("Footprint of {item}", item=one.item), say(text)) for text in one.missing]
    rows += [
        (say("people, safety, suppliers, communities"), say("the books hold no facts of it")),
        (say("scope 3 beyond the materials of footprints"), say("the books hold no facts of it")),
    ]
    if account.energy is None:
        rows.insert(0, (say("Energy"), say(account.found["figure:energy"].reason)))
    return Grid((say("what"), say("why not")), rows, say("Not in this report"),
                tones=dict.fromkeys(range(len(rows)), "doubt"))  # fmt: skip
