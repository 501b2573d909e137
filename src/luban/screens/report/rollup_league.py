"""League tables as a sheet: ranges of ranks beside intervals, places among peers, what ranks owe to weights."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.rollup.composite import Composite, Part, Sensitivity
from luban.rollup.league import League, Standing
from luban.rollup.peers import Place
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import level_text, number, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["index_sheet", "league_blocks", "league_sheet", "place_blocks", "sensitivity_blocks"]

_NONE = "–"
_DRAWN = 60


def league_sheet(
    found: League, say: Words, *, title: str = "", unit: str = "", source: str = "", more: Sequence[Block] = ()
) -> Sheet:
    """The table with its picture.

    title  what is compared: indicator and year
    more   blocks after it: `place_blocks`, `sensitivity_blocks`
    """
    made = {
        say("source"): source or _NONE,
        say("method"): say("every pair compared; Holm's procedure over {n} pairs at {level} %", n=f"{found.pairs:,}",
                           level=f"{100 * found.level:g}"),
        "luban": __version__,
    }  # fmt: skip
    return Sheet(say("League table"), title, (*league_blocks(found, say, unit=unit), *more), made)


def index_sheet(
    index: Composite, found: Sensitivity, parts: Sequence[Part], say: Words, *, title: str = "", source: str = "",
    more: Sequence[Block] = (),
) -> Sheet:  # fmt: skip
    """A composite index: no rank that its weights leave open."""
    low, high = index.scale
    made = {say("source"): source or _NONE, say("method"): say("weighted mean of marks between {low} and {high}",
                                                               low=f"{low:g}", high=f"{high:g}"),
            "luban": __version__}  # fmt: skip
    return Sheet(say("League table"), title, (*sensitivity_blocks(index, found, parts, say), *more), made)


def league_blocks(found: League, say: Words, *, unit: str = "") -> tuple[Block, ...]:
    """Figures, intervals as a picture, the table, and who could not be ranked."""
    sure = sum(row.rank is not None for row in found.rows)
    way = say("more is better") if found.better == "up" else say("less is better")
    blocks: list[Block] = [Figures((
        Figure(say("compared"), f"{len(found.rows):,}", note=way),
        Figure(say("with a rank of its own"), f"{sure:,}"),
        Figure(say("pairs told apart"), f"{found.told_apart:,}", say("of {n}", n=f"{found.pairs:,}")),
    ))]  # fmt: skip
    if not found.told_apart and len(found.rows) > 1:
        blocks.append(Note(say("No two can be told apart: there is no order to be shown."), "doubt"))
    exact = sum(row.entry.low is None and row.entry.high is None for row in found.rows)
    if exact:
        blocks.append(Note(say("{n} lines come without an interval and are taken as exact.", n=exact), "doubt"))
    if 1 < len(found.rows) <= _DRAWN:
        text = say("Values with their intervals, the best on top; beside each the ranks that it may have.")
        blocks.append(Picture(_picture(found, unit), say("Values and ranks"), text))
    blocks.append(_table(found, say, unit))
    if found.unranked:
        rows = [(one.name, say(one.reason) if one.reason else say("not known")) for one in found.unranked]
        blocks.append(Grid((say("name"), say("why")), rows, title=say("Without a rank")))
    text = say("A range of ranks holds every rank that the figures leave open; all hold together at the level stated.")
    blocks.append(Note(text, "quiet"))
    return tuple(blocks)


def place_blocks(found: Place, say: Words, *, name: str, unit: str = "", public: bool = False) -> tuple[Block, ...]:
    """One among its peers."""
    title = say("{name} among its peers", name=name)
    if found.percentile is None:
        return (Figures((Figure(say("percentile"), _NONE, note=say(found.reason), tone="doubt"),), title),)
    levels = [
        Figure(say("level of the {n}th percentile", n=level), number(value, 4), unit,
               note="" if value is not None else say("too few peers on one side"))
        for level, value in found.levels.items()
    ]  # fmt: skip
    rows = (
        Figure(say("percentile"), f"{found.percentile:.0f}",
               note=say("{low} … {high}, of {n} peers", low=f"{found.low or 0:.0f}", high=f"{found.high or 0:.0f}",
                        n=found.n)),
        Figure(say("its own value"), number(found.own, 4), unit), *levels,
        Figure(say("mean of the best tenth"), number(found.best, 4), unit),
    )  # fmt: skip
    text = say("Public figures, told as they are.") if public else say("Every level is the mean of several peers.")
    return (Figures(rows, title), Note(text, "quiet"))


def sensitivity_blocks(index: Composite, found: Sensitivity, parts: Sequence[Part], say: Words) -> tuple[Block, ...]:
    """What the order of a composite index owes to its weights."""
    heads = (say("rank"), say("name"), say("index"), say("with the weights as they are"), say("first in, %"),
             say("equal weights"), say("geometric mean"), say("leaving one out"))  # fmt: skip
    rows = []
    for name, one in sorted(found.ranks.items(), key=lambda pair: pair[1].rank):
        without = [rank for method, rank in one.variants.items() if method.startswith("without ")]
        rows.append((
            f"{one.low:g}" if one.low == one.high else f"{one.low:g}-{one.high:g}", name,
            number(index.scores[name].value, 4), str(one.rank), f"{100 * one.first:.0f}",
            str(one.variants["equal weights"]), str(one.variants["geometric mean"]),
            f"{min(without)} … {max(without)}" if without else _NONE,
        ))  # fmt: skip
    blocks: list[Block] = [
        Figures((
            Figure(say("parts of the index"), str(len(parts))), Figure(say("draws"), f"{found.draws:,}"),
            Figure(say("weights drawn within"), f"± {100 * found.spread:g}", "%"),
            Figure(say("mean change of rank"), f"{found.shift:.2f}"),
        ), say("What ranks owe to weights")),
        Grid(heads, rows, title=say("Ranks over drawn weights"), numbers=frozenset({2, 3, 4, 5, 6})),
    ]  # fmt: skip
    missing = [(name, ", ".join(one.missing)) for name, one in index.scores.items() if one.value is None]
    if missing:
        blocks.append(Grid((say("name"), say("parts that are not known")), missing, title=say("Index withheld")))
    text = say("The rank is the range of nine in ten draws of the weights.")
    blocks.append(Note(text, "quiet"))
    blocks.append(Note(say("Weights are luban's own unless their source says otherwise."), "doubt"))
    return tuple(blocks)


def _table(found: League, say: Words, unit: str) -> Grid:
    value = say("value") + (f" [{unit}]" if unit else "")
    heads = (
        say("rank"), say("name"), value, level_text(say, found.interval_level), say("surely better than"),
        say("surely worse than"), say("number of units"), say("coverage, %"),
    )  # fmt: skip
    rows = [
        (_rank(row), row.entry.name, number(row.entry.value, 4), span(row.entry.low, row.entry.high), str(row.better),
         str(row.worse), _NONE if row.entry.n is None else f"{row.entry.n:,}",
         _NONE if row.entry.coverage is None else f"{100 * row.entry.coverage:.1f}")
        for row in found.rows
    ]  # fmt: skip
    return Grid(heads, rows, title=say("League table"), numbers=frozenset({2, 4, 5, 6, 7}))


def _rank(row: Standing) -> str:
    return str(row.first) if row.rank is not None else f"{row.first}-{row.last}"


def _picture(found: League, unit: str) -> str:
    ends = [edge for row in found.rows for edge in (row.entry.value, row.entry.low, row.entry.high) if edge is not None]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    count = len(found.rows)
    plot = Plot(
        x=(min(ends) - room, max(ends) + 2.5 * room), y=(-0.7, count - 0.3), height=80 + 20 * count, x_label=unit,
        y_ticks=[(count - 1 - at, row.entry.name[:14]) for at, row in enumerate(found.rows)],
    )  # fmt: skip
    for at, row in enumerate(found.rows):
        y, one = count - 1 - at, row.entry
        low, high = (one.value if edge is None else edge for edge in (one.low, one.high))
        tone = "ink" if row.rank is not None else "quiet"
        plot.line([low or 0.0, high or 0.0], [y, y], tone)
        plot.dots([one.value or 0.0], [y], tone)
        plot.text((high or 0.0) + 0.2 * room, y, _rank(row))
    return plot.svg()
