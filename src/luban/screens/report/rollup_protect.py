"""Protected tables as a sheet: what is told, what is withheld and why, and what an attacker made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luban import __version__
from luban.norms.industry import industry, known_prefix
from luban.norms.plans import TargetPlan
from luban.norms.regions import region
from luban.rollup.protect import Exposure, Protected, Release, Rules
from luban.rollup.protect.words import REASONS
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["named", "protect_sheet", "protected_sheet"]

_NONE = "–"
_MOST = 400
_WIDE = 60
_STATES = {
    "published": "is told", "primary": "withheld by a rule", "complementary": "withheld beside them",
}  # fmt: skip
_TONES = {"published": "", "primary": "bad", "complementary": "doubt"}


def protect_sheet(
    release: Release, exposed: Sequence[Exposure], rules: Rules, say: Words, *, unit: str = "", source: str = "",
    differences: int = 0,
) -> Sheet:  # fmt: skip
    """One table: counts, the attack, the map of cells, the cells.

    differences  cells whose change since an earlier vintage would tell on a unit
    """
    table, loss = release.table, release.loss
    told = loss.cells - loss.primary - loss.complementary
    share = _NONE if loss.value is None else f"{100 * (1 - loss.value):.1f}"
    blocks: list[Block] = [Figures((
        Figure(say("cells"), f"{loss.cells:,}"),
        Figure(say("may be told"), f"{told:,}", tone="good" if told else "bad"),
        Figure(say("withheld by a rule"), f"{loss.primary:,}", note=_rules(rules, say),
               tone="bad" if loss.primary else ""),
        Figure(say("withheld beside them"), f"{loss.complementary:,}", note=say("so that those cannot be computed"),
               tone="doubt" if loss.complementary else ""),
        Figure(say("value told in the finest cells"), share, "%"),
        _attacked(exposed, say),
    ))]  # fmt: skip
    if not told:
        blocks.append(Note(say("Nothing can be told: every cell is withheld."), "bad"))
    if differences:
        text = say(
            "{n} cells changed so that the difference from the earlier table would tell on a unit.", n=differences
        )
        blocks.append(Note(text, "doubt"))
    blocks += _exposures(exposed, say)
    if len(table.dimensions) == 2:
        blocks.append(Picture(_map(release, say), say("Which cells are told"), _map_text(release, say)))
    blocks.append(_cells(release, say, unit))
    if len(table) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(table) - _MOST), "quiet"))
    blocks.append(Note(say("The number of units is told for every cell; zeros are told."), "quiet"))
    made = {
        say("source"): source or _NONE, say("protection rules"): _rules(rules, say),
        say("attack"): say("linear programming on what is told, by outsiders and by units that stand alone"),
        "luban": __version__,
    }  # fmt: skip
    return Sheet(say("What may be told"), table.name, tuple(blocks), made)


def protected_sheet(
    protected: Protected, rows: Sequence[Mapping[str, Any]], plan: TargetPlan, rules: Rules, say: Words,
    source: str = "",
) -> Sheet:  # fmt: skip
    """Indicators as they may go out.

    rows  of `Protected.points`
    """
    hidden = [row for row in rows if str(row["reason"]).startswith("withheld")]
    blocks: list[Block] = [Figures((
        Figure(say("figures"), f"{len(rows):,}"),
        Figure(say("may be told"), f"{sum(row['value'] is not None for row in rows):,}"),
        Figure(say("withheld"), f"{len(hidden):,}", tone="doubt" if hidden else "", note=_rules(rules, say)),
        _attacked(protected.exposures, say),
    ))]  # fmt: skip
    if rows and len(hidden) == len(rows):
        blocks.append(Note(say("Nothing can be told: every cell is withheld."), "bad"))
    blocks += _exposures(protected.exposures, say)
    heads = (
        say("indicator"), say("year"), say("region"), say("industry"), say("value"), say("unit"),
        say("number of units"), say("why"),
    )  # fmt: skip
    grid, tones = [], {}
    for at, row in enumerate(rows[:_MOST]):
        indicator = plan.indicator(row["indicator"])
        grid.append((
            f"{row['indicator']} {indicator.name.of(say.language)}", str(row["year"]),
            named("region", row["region"], say.language) or say("all"),
            named("industry", row["industry"], say.language) or say("all"), number(row["value"], 4),
            plan.unit(indicator.unit).of(say.language), f"{row['n']:,}", say(row["reason"]) if row["reason"] else "",
        ))  # fmt: skip
        if str(row["reason"]).startswith("withheld"):
            tones[at] = "doubt"
    blocks.append(Grid(heads, grid, title=say("Indicators"), numbers=frozenset({1, 4, 6}), tones=tones))
    if len(rows) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(rows) - _MOST), "quiet"))
    made = {say("source"): source or _NONE, say("the plan"): plan.id, say("protection rules"): _rules(rules, say),
            "luban": __version__}  # fmt: skip
    return Sheet(say("What may be told"), plan.title.of(say.language), tuple(blocks), made)


def named(dimension: str, node: str, language: str) -> str:
    """A node with its name where one is known.

    Example  named("region", "CN/31", "zh") == "CN/31 上海"
    """
    name = ""
    if dimension == "region" and node.count("/") == 1 and (known := region(node)) is not None:
        name = known.names.get(language) or known.names["en"]
    elif dimension == "industry" and node and known_prefix(node):
        name = industry(node).name(language)
    return f"{node} {name}".strip()


def _rules(rules: Rules, say: Words) -> str:
    parts = [say("at least {n} units", n=rules.minimum)]
    if rules.dominance is not None:
        parts.append(say("the largest {n} make up {k} % at most", n=rules.dominance[0], k=f"{rules.dominance[1]:g}"))
    if rules.p is not None:
        parts.append(say("no unit estimated within {p} %", p=f"{rules.p:g}"))
    return "; ".join(parts)


def _attacked(exposed: Sequence[Exposure], say: Words) -> Figure:
    keys = {one.key for one in exposed}
    return Figure(say("undone by the attacker"), f"{len(keys):,}", tone="bad" if keys else "good")


def _exposures(exposed: Sequence[Exposure], say: Words) -> list[Block]:
    if not exposed:
        return []
    rows = [(" × ".join(_node(one, say) for one in each.key), number(each.low, 4), number(each.high, 4),
             number(each.wanted_low, 4), number(each.wanted_high, 4), each.insider or say("anybody"))
            for each in exposed]  # fmt: skip
    heads = (say("cell"), say("found from"), say("found to"), say("allowed from"), say("allowed to"), say("by whom"))
    return [Grid(heads, rows, title=say("What cannot be protected"), numbers=frozenset({1, 2, 3, 4}),
                 tones=dict.fromkeys(range(len(rows)), "bad"))]  # fmt: skip


def _cells(release: Release, say: Words, unit: str) -> Grid:
    table = release.table
    value = say("value") + (f" [{unit}]" if unit else "")
    heads = (*(say(one) for one in table.dimensions), value, say("number of units"), say("state"), say("why"))
    rows, tones = [], {}
    for at, key in enumerate(table.keys[:_MOST]):
        state = release.states[at]
        names = table.reasons[at] if state == "primary" else ("complementary",) if state == "complementary" else ()
        why = "; ".join(say(REASONS[name]) for name in names)
        told = number(float(table.values[at]), 6) if state == "published" else _NONE
        places = [named(name, one, say.language) or say("all") for name, one in zip(table.dimensions, key, strict=True)]
        rows.append((*places, told, f"{table.counts[at]:,}", say(_STATES[state]), why))
        if _TONES[state]:
            tones[at] = _TONES[state]
    columns = frozenset({len(table.dimensions), len(table.dimensions) + 1})
    return Grid(heads, rows, title=say("Cells"), numbers=columns, tones=tones)


def _map(release: Release, say: Words) -> str:
    """Rows and columns of the table as marks: a point is told, a ring is withheld."""
    table = release.table
    across = sorted({key[1] for key in table.keys})[:_WIDE]
    down = sorted({key[0] for key in table.keys})[:_WIDE]
    step = max(len(across) // 16, 1)
    plot = Plot(
        x=(-0.7, len(across) - 0.3), y=(-0.7, len(down) - 0.3), height=90 + 22 * len(down),
        x_ticks=[(at, _node(one, say)) for at, one in enumerate(across) if at % step == 0],
        y_ticks=[(len(down) - 1 - at, _node(one, say)) for at, one in enumerate(down)],
        title=say("Which cells are told"),
    )  # fmt: skip
    for state, tone in (("published", "centre"), ("primary", "bad"), ("complementary", "doubt")):
        some = [key for key, one in zip(table.keys, release.states, strict=True)
                if one == state and key[0] in down and key[1] in across]  # fmt: skip
        titles = [f"{' × '.join(key)}: {say(_STATES[state])}" for key in some]
        plot.dots([across.index(key[1]) for key in some], [len(down) - 1 - down.index(key[0]) for key in some], tone,
                  hollow=state != "published", titles=titles)  # fmt: skip
    return plot.svg()


def _map_text(release: Release, say: Words) -> str:
    loss = release.loss
    return say("{told} told (points), {primary} withheld by a rule (red rings), {more} beside them (yellow rings)",
               told=loss.cells - loss.primary - loss.complementary, primary=loss.primary,
               more=loss.complementary)  # fmt: skip


def _node(node: str, say: Words) -> str:
    return node or say("all")
