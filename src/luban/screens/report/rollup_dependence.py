"""Technology dependence as a sheet: what is paid abroad for knowledge, over years and among economies."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.rollup.dependence import Dependence, Royalties
from luban.rollup.peers import Place
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.rollup_league import place_blocks
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["dependence_sheet"]

_NONE = "–"


def dependence_sheet(
    economy: str, rows: Sequence[Royalties], say: Words, *, place: Place | None = None, source: str = ""
) -> Sheet:
    """One economy, year by year.

    place  its latest dependence among all economies at hand
    """
    known = [one for one in rows if one.dependence.value is not None]
    latest = known[-1] if known else rows[-1]
    blocks: list[Block] = [Figures((
        Figure(say("technology dependence"), _percent(latest.dependence), "%",
               note=_why(latest.dependence, say) or str(latest.year)),
        Figure(say("receipts over payments"), _percent(latest.cover), "%", note=_why(latest.cover, say)),
        Figure(say("payments over GDP"), _percent(latest.share), "%", note=_why(latest.share, say)),
    ))]  # fmt: skip
    if len(known) > 1:
        text = say("from {start} % in {first} to {end} % in {last}", start=_percent(known[0].dependence),
                   first=known[0].year, end=_percent(known[-1].dependence), last=known[-1].year)  # fmt: skip
        blocks.append(Picture(_picture(known, say), say("Technology dependence"), text))
    if place is not None:
        blocks += place_blocks(place, say, name=economy, unit="%", public=True)
    heads = (
        say("year"), say("technology dependence, %"), say("receipts over payments, %"), say("payments over GDP, %"),
        say("why"),
    )  # fmt: skip
    table = [
        (str(one.year), _percent(one.dependence), _percent(one.cover), _percent(one.share),
         "; ".join(dict.fromkeys(text for part in (one.dependence, one.cover, one.share) if (text := _why(part, say)))))
        for one in rows
    ]  # fmt: skip
    blocks.append(Grid(heads, table, title=say("Year by year"), numbers=frozenset({0, 1, 2, 3})))
    text = say("Technology dependence: payments abroad for the use of knowledge over these and research at home. "
               "It says nothing of how critical a technology is.")  # fmt: skip
    blocks.append(Note(text, "quiet"))
    return Sheet(say("Technology dependence"), economy, tuple(blocks), {say("source"): source or _NONE,
                                                                        "luban": __version__})  # fmt: skip


def _percent(one: Dependence) -> str:
    return _NONE if one.value is None else f"{100 * one.value:.2f}"


def _why(one: Dependence, say: Words) -> str:
    return say(one.reason) if one.reason else ""


def _picture(known: Sequence[Royalties], say: Words) -> str:
    years = [one.year for one in known]
    values = [100 * (one.dependence.value or 0.0) for one in known]
    plot = Plot(x=(years[0] - 0.5, years[-1] + 0.5), y=(0.0, 1.1 * max(values)), y_label="%", height=240,
                x_ticks=[(year, str(year)) for year in years if year % max(len(years) // 8, 1) == 0],
                title=say("Technology dependence"))  # fmt: skip
    plot.line(years, values)
    plot.dots(years, values)
    return plot.svg()
