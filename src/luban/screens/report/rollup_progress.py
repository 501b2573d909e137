"""Targets and progress as a sheet: every milestone with its status, the path beside the values, doubts and reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from luban import __version__
from luban.rollup.forecast import Forecast
from luban.rollup.gap import Decomposition
from luban.rollup.outlook import Line, Outlook
from luban.rollup.points import Point
from luban.rollup.progress import STATUSES, path
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet

__all__ = ["STATUS_TONES", "drivers_blocks", "path_svg", "progress_sheet"]

STATUS_TONES: Final = {
    "achieved": "good", "on track": "good", "acceleration needed": "doubt", "limited progress": "bad",
    "deterioration": "bad", "not assessable": "quiet", "qualitative": "quiet",
}  # fmt: skip
"""Status → tone."""

_NONE: Final = "–"


def progress_sheet(found: Outlook, say: Words) -> Sheet:
    """A plan's milestones: counts of statuses, the table, a picture of each path, warnings, reports beside."""
    blocks: list[Block] = [_counts(found, say)]
    proxies = any(one.proxy is not None for one in found.lines)
    if proxies:
        text = say("Public series that stand near the indicators; none of them is the indicator itself.")
        blocks.append(Note(text, "doubt"))
        text = say("A level is held against the growth that the plan asks of its indicator, not against its number.")
        blocks.append(Note(text, "quiet"))
    blocks.append(_table(found, say))
    blocks += _pictures(found, say)
    if found.unknown:
        blocks.append(Note(say("no indicator of the plan, left out: {names}", names=", ".join(found.unknown)), "doubt"))
    blocks += _signals(found, say)
    blocks += _reported(found, say)
    if proxies:
        blocks.append(_doubts(found, say))
        blocks += [Note(say("{name}: {files} not in the folder", name=name, files=files), "doubt")
                   for name, files in found.missing.items()]  # fmt: skip
    text = say(
        "Method: ratio of observed to required growth a year; from 95 % on track, from 60 % acceleration needed."
    )
    blocks.append(Note(text, "quiet"))
    where = " · ".join(part for part in (found.plan.title.of(say.language), found.economy, found.source) if part)
    return Sheet(say("Targets and progress"), where, tuple(blocks), {
        say("the plan"): found.plan.id, say("digest of its files"): found.plan.digest[:16],
        say("source"): found.source or _NONE, "luban": __version__,
    })  # fmt: skip


def path_svg(line: Line, say: Words, *, targets: Iterable[Line] = ()) -> str:
    """Values, the required path to each milestone, and what lies ahead with its interval.

    targets  the lines of the same series whose paths are drawn; the line itself by default
    """
    drawn = tuple(targets) or (line,)
    ahead = max((one.ahead for one in drawn), key=lambda one: len(one.years))
    paths = [_path(one) for one in drawn]
    known = [*line.points, *(point for one in paths for point in one)]
    heights = [one.value for one in known] + [*ahead.low, *ahead.high]
    years = [one.year for one in known] + list(ahead.years)
    room = 0.06 * (max(heights) - min(heights)) or 1.0
    plot = Plot(
        x=(min(years) - 0.5, max(years) + 0.5), y=(min(heights) - room, max(heights) + room), height=280,
        y_label=_unit(line), x_ticks=_ticks(min(years), max(years)), title=_name(line, say),
    )  # fmt: skip
    for way in paths:
        plot.line([p.year for p in way], [p.value for p in way], "limit", dash="5 3", name=say("required path"))
    for one in drawn:
        if one.progress.target is not None:
            plot.dots([one.milestone.year], [one.progress.target], "limit", hollow=True)
    if ahead.years:
        last = line.points[-1]
        x = [last.year, *ahead.years]
        plot.line(x, [last.value, *ahead.low], "soft", name=say("interval of the forecast"))
        plot.line(x, [last.value, *ahead.high], "soft")
        plot.line(x, [last.value, *ahead.middle], "accent", dash="2 3", name=say("forecast"))
    plot.line([p.year for p in line.points], [p.value for p in line.points], "ink", name=say("measured"))
    plot.dots([p.year for p in line.points], [p.value for p in line.points], "ink")
    return plot.svg()


def drivers_blocks(
    found: Decomposition,
    say: Words,
    names: Mapping[str, str] | None = None,
    title: str = "",
    rest: Mapping[str, float] | None = None,
) -> list[Block]:
    """What drove a change of a level, group by group, the largest part first.

    names  of groups, by code
    title  the indicator and the years
    rest   by group, what the next milestone still asks for
    """
    more = (say("still missing"),) if rest else ()
    heads = (say("group"), *(say(factor) for factor in found.effects), say("in all"), *more)
    order = sorted(found.groups, key=lambda name: -abs(found.of_group(name)))
    rows = [
        ((names or {}).get(name, name), *(_signed(value) for value in found.groups[name].values()),
         _signed(found.of_group(name)), *((_signed(rest[name]),) if rest else ()))
        for name in order
    ]  # fmt: skip
    last = (_signed(math.fsum(rest.values())),) if rest else ()
    rows.append((say("in all"), *(_signed(value) for value in found.effects.values()), _signed(found.total), *last))
    head = say("What drove the change of the level: {what}", what=title)
    text = say("from {start} to {end}; {method}: nothing is left over", start=number(found.start, 4),
               end=number(found.end, 4), method=found.method)  # fmt: skip
    notes = [Note(say(one), "doubt") for one in found.notes]
    if rest:
        text_rest = say("Still missing for the next milestone, had every group to move in proportion to its start.")
        notes.append(Note(text_rest, "quiet"))
    return [Grid(heads, rows, title=head, numbers=frozenset(range(1, len(heads)))), Note(text, "quiet"), *notes]


# ---------------------------------------------------------------------------------------------------- parts


def _counts(found: Outlook, say: Words) -> Figures:
    statuses = [one.progress.status for one in found.lines]
    rows = [
        Figure(say(name), str(statuses.count(name)), tone=STATUS_TONES[name]) for name in STATUSES if name in statuses
    ]
    return Figures(tuple(rows), say("Milestones by status"))


def _table(found: Outlook, say: Words) -> Grid:
    heads = (
        say("indicator"), say("milestone"), say("target"), say("base"), say("latest"), say("status"), "R, %",
        say("against the path"), say("forecast"), say("chance"), say("met"), say("why"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found.lines):
        known = one.progress
        chance = one.ahead.chance if known.met is None and known.status != "qualitative" else None
        rows.append((
            _name(one, say), str(one.milestone.year), number(known.target, 4), _point(known.base), _point(known.latest),
            _status(one, say), _NONE if known.ratio is None else f"{100 * known.ratio:.1f}", _signed(known.gap),
            _ahead(one.ahead, one.milestone.year), _NONE if chance is None else f"{100 * chance:.0f} %",
            _NONE if known.met is None else say("yes") if known.met else say("no"), _why(one, say),
        ))  # fmt: skip
        tones[at] = STATUS_TONES[known.status]
    return Grid(heads, rows, title=say("Milestones"), numbers=frozenset({1, 2, 6, 7, 9}), tones=tones)


def _pictures(found: Outlook, say: Words) -> list[Block]:
    series: dict[tuple[str, str], list[Line]] = {}
    for one in found.lines:
        if len(one.points) > 1:
            series.setdefault((one.indicator.id, one.proxy.id if one.proxy else ""), []).append(one)
    blocks: list[Block] = []
    for own in series.values():
        last, latest = own[-1], own[-1].points[-1]
        text = say("{year}: {value} {unit}; {status} for {target}", year=latest.year, value=number(latest.value, 4),
                   unit=_unit(last), status=say(last.progress.status), target=last.milestone.year)  # fmt: skip
        blocks.append(Picture(path_svg(last, say, targets=own), _name(last, say), text))
    return blocks


def _signals(found: Outlook, say: Words) -> list[Block]:
    if not found.signals:
        return []
    rows = [(one.place, str(one.year or _NONE), say(one.kind), say(one.text)) for one in found.signals]
    tones = {at: {"note": "quiet"}.get(one.severity, one.severity) for at, one in enumerate(found.signals)}
    tones = {at: "bad" if tone == "alarm" else tone for at, tone in tones.items()}
    heads = (say("where"), say("year"), say("kind"), say("what was seen"))
    return [Grid(heads, rows, title=say("Early warnings"), tones=tones)]


def _reported(found: Outlook, say: Words) -> list[Block]:
    if not found.reported:
        return []
    heads = (
        say("indicator"), say("year"), say("reported"), say("unit"), say("computed"), say("difference"), say("doubts"),
        say("source"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found.reported):
        doubts = "; ".join(say(text) for text in one.doubts)
        report = one.report
        rows.append((report.indicator, str(report.year), number(report.value, 4), report.unit, number(one.computed, 4),
                     _signed(one.gap), doubts or _NONE, report.source))  # fmt: skip
        if doubts:
            tones[at] = "doubt"
    title = say("What others reported, beside what was computed")
    return [Grid(heads, rows, title=title, numbers=frozenset({1, 2, 4, 5}), tones=tones)]


def _doubts(found: Outlook, say: Words) -> Grid:
    proxies = {one.proxy.id: one.proxy for one in found.lines if one.proxy is not None}
    rows = [
        (one.indicator, one.name.of(say.language), one.doubt.of(say.language), one.reference)
        for one in proxies.values()
    ]
    heads = (say("indicator"), say("public series"), say("how it differs"), say("source"))
    return Grid(heads, rows, title=say("What stands for what"))


def _status(line: Line, say: Words) -> str:
    worse, better = line.progress.between
    said = say(line.progress.status)
    if worse and better and worse != better:
        return f"{said} ({say(worse)} … {say(better)})"
    return said


def _why(line: Line, say: Words) -> str:
    reasons = [line.progress.reason, *line.progress.notes]
    if line.progress.met is None and not line.progress.reason:
        reasons += [line.ahead.reason, *line.ahead.notes]
    return "; ".join(dict.fromkeys(say(one) for one in reasons if one)) or _NONE


def _name(line: Line, say: Words) -> str:
    own = line.indicator.name if line.proxy is None else line.proxy.name
    return f"{line.indicator.id} {own.of(say.language)}"


def _unit(line: Line) -> str:
    if line.proxy is not None and line.indicator.kind == "level":
        return line.proxy.unit
    return "%" if line.indicator.kind in ("cut", "average growth") else line.indicator.unit


def _point(one: Point | None) -> str:
    if one is None:
        return _NONE
    known = math.isfinite(one.low) and one.high - one.low > 1e-9 * abs(one.high)
    ends = f" ({number(one.low, 3)} … {number(one.high, 3)})" if known else ""
    return f"{number(one.value, 4)}{ends} · {one.year}"


def _ahead(found: Forecast, year: int) -> str:
    there = found.at(year)
    if there is None:
        return _NONE
    middle, low, high = there
    return f"{number(middle, 3)} ({number(low, 3)} … {number(high, 3)})"


def _signed(value: float | None) -> str:
    return _NONE if value is None else ("+" if value > 0 else "") + number(value, 3)


def _path(line: Line) -> tuple[Point, ...]:
    known = line.progress
    if known.base is None or known.target is None or known.base.year >= line.milestone.year:
        return ()
    if line.indicator.kind != "cut":
        return path(known.base, known.target, line.milestone.year, known.method)
    turned = path(Point(known.base.year, 100 - known.base.value), 100 - known.target, line.milestone.year, "growth")
    return tuple(Point(one.year, 100 - one.value) for one in turned)


def _ticks(first: int, last: int) -> list[tuple[float, str]]:
    step = 1 if last - first <= 12 else 5
    return [(float(year), str(year)) for year in range(first, last + 1) if year % step == 0]
