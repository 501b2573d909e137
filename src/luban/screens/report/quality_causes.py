"""Pareto charts and relations as sheets: which causes bring most, and what goes with a measured value."""

from __future__ import annotations

import numpy as np

from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import chance, given, level_text, number, percent, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.pareto import Pareto
from luban.understand.quality.relations import Correlation, Relations, Strata

__all__ = ["pareto_sheet", "pareto_svg", "relations_sheet"]

_MOST_BARS, _MOST_ROWS, _DOUBT = 20, 100, 0.05


def pareto_sheet(found: Pareto, say: Words) -> Sheet:
    """The sheet of a Pareto chart."""
    vital = found.vital
    share = vital[-1].cumulative if vital else 0.0
    rows = [
        Figure(say("total"), given(found.total), say(found.unit)),
        Figure(say("the vital few"), f"{len(vital)} / {len(found.causes)}", note=f"{percent(100 * share, 1)} %"),
        Figure(say("all causes alike"), f"p {chance(found.even)}"),
        Figure(say("cause not said"), given(found.unnamed), say(found.unit), tone="doubt" if found.unnamed else ""),
    ]
    blocks: list[Block] = [
        Figures(tuple(rows)), Picture(pareto_svg(found, say), say("Pareto chart"), ""), _causes(found, say),
    ]  # fmt: skip
    if len(found.causes) > _MOST_ROWS:
        blocks.append(Note(say("and {n} more", n=len(found.causes) - _MOST_ROWS), "quiet"))
    made = provenance(say, found.source, found.used, found.left_out, "Juran; Clopper, Pearson (1934)")
    return Sheet(say("Causes by {what}", what=say(found.by)), "", tuple(blocks), made)


def pareto_svg(found: Pareto, say: Words, *, width: int = 980, height: int = 320) -> str:
    """Bars of the causes, the largest first, and their cumulative share."""
    shown = found.causes[:_MOST_BARS]
    top, count = shown[0].amount * 1.08, len(shown)
    left = np.arange(count) + 0.12
    ticks = [(at + 0.5, _short(one.name or say("not said"))) for at, one in enumerate(shown)]
    plot = Plot(
        x=(0, count), y=(0, max(found.total, top)), width=width, height=height, x_ticks=ticks, y_label=say(found.unit),
        title=say("Pareto chart"),
    )  # fmt: skip
    amounts = np.array([one.amount for one in shown])
    vital = np.array([one.vital for one in shown])
    plot.bars(left[vital], left[vital] + 0.76, amounts[vital], "accent")
    plot.bars(left[~vital], left[~vital] + 0.76, amounts[~vital], "soft")
    reached = [one.cumulative * found.total for one in shown]
    plot.line(np.arange(count) + 0.5, reached, "bad", name=say("cumulative"))
    plot.dots(np.arange(count) + 0.5, reached, "bad")
    plot.level(found.wanted * found.total, f"{percent(100 * found.wanted, 0)} %", "limit", dash="4 3")
    return plot.svg()


def _causes(found: Pareto, say: Words) -> Grid:
    rated = any(one.rate is not None for one in found.causes)
    heads = [
        say(found.by), say(found.unit), say("facts"), say("share [%]"), level_text(say, 0.95), say("cumulative [%]"),
    ]  # fmt: skip
    heads += [say("rate [%]"), level_text(say, 0.95)] if rated else []
    rows, tones = [], {}
    for at, one in enumerate(found.causes[:_MOST_ROWS]):
        told = [
            one.name or say("not said"), given(one.amount), f"{one.count:,}", percent(100 * one.share),
            _percents(one.low, one.high), percent(100 * one.cumulative),
        ]  # fmt: skip
        if rated:
            told += [percent(None if one.rate is None else 100 * one.rate, 3), _percents(one.rate_low, one.rate_high)]
        rows.append(tuple(told))
        if not one.vital:
            tones[at] = "quiet"
    return Grid(tuple(heads), tuple(rows), title=say("Causes"), numbers=frozenset({1, 2, 3, 5, 6}), tones=tones)


def _percents(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else span(100 * low, 100 * high, 3)


def _short(text: str) -> str:
    return text if len(text) <= 14 else f"…{text[-13:]}"


def relations_sheet(found: Relations, say: Words) -> Sheet:
    """The sheet of everything that stood beside a characteristic's values."""
    chances = [one.q for one in found.strata] + [one.q for one in found.correlations]
    strong = sum(q is not None and q < _DOUBT for q in chances)
    rows = (
        Figure(say("relations looked at"), str(found.looked)),
        Figure(
            say("that stand out"),
            str(strong),
            note=say("q below 0.05: chance allowed for"),
            tone="doubt" if strong else "",
        ),
        Figure(say("values"), f"{found.used:,}"),
    )
    blocks: list[Block] = [Figures(rows), Note(say("A relation is not a cause: an experiment shows that."), "quiet")]
    if found.strata:
        blocks.append(_ranked(found, say))
    if found.correlations:
        blocks.append(_correlations(found.correlations, say))
    blocks += [_strata(one, found, say) for one in found.strata]
    if not found.strata and not found.correlations:
        blocks.append(Note(say("Nothing stood beside these values that could be looked at."), "quiet"))
    method = "Welch (1951); Kruskal, Wallis (1952); Fisher (1921); Benjamini, Hochberg (1995)"
    made = provenance(say, found.source, found.used, found.excluded, method)
    return Sheet(say("What goes with {name}", name=found.characteristic), "", tuple(blocks), made)


def _ranked(found: Relations, say: Words) -> Grid:
    heads = (
        say("sorted by"), say("classes"), say("of the variance [%]"), "F", "p", say("p by ranks"), "q", say("not said"),
        say("why not"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found.strata):
        share = None if one.share is None else 100 * one.share
        rows.append((
            say(one.factor), str(len(one.strata)), percent(share, 1), number(one.f, 4), chance(one.p),
            chance(one.rank_p), chance(one.q), str(one.unknown), say(one.reason),
        ))  # fmt: skip
        if one.q is not None and one.q < _DOUBT:
            tones[at] = "doubt"
    return Grid(heads, tuple(rows), title=say("Stratification"), numbers=frozenset(range(1, 8)), tones=tones)


def _correlations(found: tuple[Correlation, ...], say: Words) -> Grid:
    heads = (
        say("with"), "r", level_text(say, 0.95), "p", say("by ranks"), "q", say("slope"), say("pairs"), say("why not"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found):
        rows.append((
            say(one.other), number(one.r, 4), span(one.low, one.high, 3), chance(one.p), number(one.rank, 4),
            chance(one.q), number(one.slope), str(one.used), say(one.reason),
        ))  # fmt: skip
        if one.q is not None and one.q < _DOUBT:
            tones[at] = "doubt"
    return Grid(heads, tuple(rows), title=say("Correlation"), numbers=frozenset({1, 3, 4, 5, 6, 7}), tones=tones)


def _strata(one: Strata, found: Relations, say: Words) -> Grid:
    unit = f" [{found.unit}]" if found.unit else ""
    heads = (
        say(one.factor),
        say("values"),
        say("mean") + unit,
        level_text(say, 0.95),
        say("standard deviation") + unit,
    )
    rows = [
        (own.name, str(own.n), number(own.mean, 7), span(own.low, own.high, 7), number(own.sd))
        for own in one.strata[:_MOST_ROWS]
    ]
    return Grid(heads, tuple(rows), title=say("By {what}", what=say(one.factor)), numbers=frozenset({1, 2, 4}))
