"""A control chart as a sheet: what it rests on, its drawing with every signal marked, the signals with their rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import iso
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.data import NO_TIME, Floats
from luban.understand.quality.spc import CHARTS, RULES, Chart, Panel, Violation
from luban.understand.quality.spc.cusum import cusum_shifts
from luban.understand.quality.spc.expected import Expected
from luban.understand.quality.spc.multivariate import Part

__all__ = ["parts_block", "rule_sentence", "run_length_block", "spc_sheet"]

_MOST_SIGNALS = 200
_MOST_EXCLUDED = 50
_MOST_PARTS = 20
_MOST_DOTS = 1500
_LETTERS = 130  # letters side by side on a drawing
_NONE = "–"


def spc_sheet(chart: Chart, say: Words, more: Sequence[Block] = (), zone: ZoneInfo | None = None) -> Sheet:
    """The sheet of a chart.

    more  blocks after the signals: parts of a T² signal, average run lengths
    zone  of the times; UTC by default
    """
    kind = CHARTS[chart.kind]
    title = f"{say(kind.title)} · {chart.characteristic}" if chart.characteristic else say(kind.title)
    phase = say("Limits from these points") if chart.phase == 1 else say("Limits frozen before")
    blocks: list[Block] = [_state(chart, say), _limits(chart, say)]
    blocks += [_picture(chart, at, say) for at in range(len(chart.panels))]
    blocks += _signals(chart, say, zone)
    blocks += _shifts(chart, say)
    blocks += more
    blocks += [Note(say(note), "doubt") for note in chart.notes]
    blocks += _left_out(chart, say)
    revision = int(chart.parameters.get("revision", 0))
    return Sheet(title, f"{phase} · {say('revision {n}', n=revision)}" if revision else phase, tuple(blocks), {
        say("source"): chart.source or _NONE,
        say("points used"): f"{chart.used:,}",
        say("values left out"): f"{len(chart.excluded):,}",
        say("points left out of the limits"): f"{len(chart.out):,}",
        say("rules"): ", ".join(map(str, chart.parameters.get("rules", ()))) or _NONE,
        "luban": __version__,
    })  # fmt: skip


def rule_sentence(rule: str, say: Words) -> str:
    """What a rule says, with its numbers.

    Example  rule_sentence("nelson_2", words("en")) == "9 points in a row on one side of the centre line"
    """
    known = RULES.get(rule)
    if known is None:
        return rule
    return say(known.title, points=known.points, of=known.of, sigmas=f"{known.sigmas:g}")


def parts_block(chart: Chart, parts: Mapping[int, Sequence[Part]], say: Words) -> list[Block]:
    """Which characteristics each signal of a T² chart comes from; nothing where there is no signal."""
    rows: list[tuple[str, ...]] = []
    for at, own in list(parts.items())[:_MOST_PARTS]:
        spoken = [one for one in own if one.speaks] or list(own[:1])
        rows += [
            (str(chart.labels[at]), one.name, f"{one.adds:.4g}", f"{one.alone:.4g}", f"{one.limit:.4g}",
             say("speaks") if one.speaks else say("adds most"))
            for one in spoken
        ]  # fmt: skip
    if not rows:
        return []
    heads = (
        say("point"),
        say("characteristic"),
        say("T² that it adds"),
        say("T² by itself"),
        say("limit"),
        say("says"),
    )
    left = len(parts) - _MOST_PARTS
    grid = Grid(heads, tuple(rows), title=say("What the signals come from"), numbers=frozenset({2, 3, 4}))
    return [grid, *([Note(say("and {n} more", n=left))] if left > 0 else [])]


def run_length_block(expected: Sequence[Expected], say: Words) -> Block:
    """Points to a signal, without a shift and after shifts of the mean."""
    rows = [
        (say("no shift: false signal") if one.shift == 0 else f"{one.shift:g}", f"{one.points:,.1f}",
         f"± {1.96 * one.error:,.1f}" if one.error else say("worked out"))
        for one in expected
    ]  # fmt: skip
    panels = ", ".join(say(name) for name in expected[0].panels.split(", ")) if expected else ""
    heads = (say("shift of the mean in standard errors"), say("points to the signal, on average"), say("95 % interval"))
    title = say("Average run length, counting {panels}", panels=panels)
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({1}))


# ---------------------------------------------------------------- figures


def _state(chart: Chart, say: Words) -> Figures:
    signals = {one.point for one in chart.violations}
    inside = len(signals - set(chart.out))
    if chart.in_control:
        verdict = Figure(say("state"), say("in control"), note=say("no rule fired at a point that counts"), tone="good")
    else:
        verdict = Figure(
            say("state"), say("out of control"), note=say("points with a signal: {n}", n=inside), tone="bad"
        )
    return Figures((
        verdict,
        Figure(say("points plotted"), f"{len(chart.labels):,}", note=say("{n} used for the limits", n=f"{chart.used:,}")
               if chart.phase == 1 else say("judged against frozen limits")),
        Figure(say("signals"), f"{len(chart.violations):,}", note=say("points with a signal: {n}", n=len(signals))),
        Figure(say("values left out"), f"{len(chart.excluded):,}", tone="doubt" if chart.excluded else ""),
    ))  # fmt: skip


def _limits(chart: Chart, say: Words) -> Grid:
    """Centre and limits of each panel; where they differ from point to point, from … to."""
    rows = []
    for panel in chart.panels:
        digits = _digits(panel)
        unit = "" if panel.unit == "1" else panel.unit
        rows.append((say(panel.name), unit, *(_span(line, digits) for line in (panel.lower, panel.centre, panel.upper)),
                     _span(panel.sigma, digits)))  # fmt: skip
    heads = (
        say("panel"),
        say("unit"),
        say("lower control limit"),
        say("centre"),
        say("upper control limit"),
        say("standard error"),
    )
    return Grid(heads, tuple(rows), title=say("Limits"), numbers=frozenset({2, 3, 4, 5}))


def _digits(panel: Panel) -> int:
    """Decimals that show a four-thousandth of the width between the limits."""
    lines = np.concatenate([line[np.isfinite(line)] for line in (panel.lower, panel.upper, panel.centre)])
    width = float(np.ptp(lines)) if len(lines) > 1 else 0.0
    if not width > 0:
        width = abs(float(lines[0])) if len(lines) and lines[0] else 1.0
    return int(min(12, max(0, 4 - math.floor(math.log10(width)) - 1)))


def _span(line: Floats, digits: int) -> str:
    known = line[np.isfinite(line)]
    if not len(known):
        return _NONE
    low, high = float(known.min()), float(known.max())
    return _number(low, digits) if low == high else f"{_number(low, digits)} … {_number(high, digits)}"


def _number(value: float, digits: int) -> str:
    return _NONE if not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


# ---------------------------------------------------------------- drawing


def _picture(chart: Chart, at: int, say: Words) -> Picture:
    panel = chart.panels[at]
    fired = [one for one in chart.violations if one.panel == at]
    count = len(panel.values)
    xs = np.arange(1.0, count + 1)
    plot = Plot(x=(0.5, count + 0.5), y=_reach(panel), height=300 if at == 0 else 220, y_label=_axis(panel, say),
                x_ticks=_ticks(chart), title=say(panel.name))  # fmt: skip
    lines = (
        (panel.lower, "limit", say("lower control limit")),
        (panel.upper, "limit", say("upper control limit")),
        (panel.centre, "centre", say("centre")),
    )
    for line, tone, text in lines:
        _line(plot, line, tone, text, _digits(panel))
    plot.line(xs, panel.values, "ink")
    if count <= _MOST_DOTS:
        plot.dots(xs, panel.values, "ink")
        plot.dots([at + 1 for at in chart.out], [panel.values[at] for at in chart.out], "quiet", hollow=True)
    _mark(plot, chart, panel, fired, say)
    text = say("{n} points, {k} with a signal", n=count, k=len({one.point for one in fired}))
    return Picture(plot.svg(), title=_axis(panel, say), text=text)


def _axis(panel: Panel, say: Words) -> str:
    return say(panel.name) if panel.unit in {"", "1"} else f"{say(panel.name)} [{panel.unit}]"


def _reach(panel: Panel) -> tuple[float, float]:
    """Range of the axis: all points and limits, with a little room."""
    shown = np.concatenate([panel.values, panel.lower[:], panel.upper[:], panel.centre[:]])
    shown = shown[np.isfinite(shown)]
    if not len(shown):
        return 0.0, 1.0
    low, high = float(shown.min()), float(shown.max())
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _line(plot: Plot, line: Floats, tone: str, text: str, digits: int) -> None:
    """A level where it is the same for all points, else a stair."""
    known = line[np.isfinite(line)]
    if not len(known):
        return
    if bool((known == known[0]).all()) and len(known) == len(line):
        plot.level(float(known[0]), _number(float(known[0]), digits), tone, dash="" if tone == "centre" else "5 3")
        return
    stairs = np.append(line, line[-1])
    plot.line(np.arange(len(stairs)) + 0.5, stairs, tone, step=True, name=text)


def _ticks(chart: Chart) -> list[tuple[float, str]]:
    """Some of the points by their labels."""
    count = len(chart.labels)
    step = max(1, math.ceil(count / 12))
    return [(at + 1.0, str(chart.labels[at])[:18]) for at in range(0, count, step)]


def _mark(plot: Plot, chart: Chart, panel: Panel, fired: Sequence[Violation], say: Words) -> None:
    """A ring at each point where a rule fired, with the numbers of its rules beside it while there are few."""
    rules: dict[int, list[str]] = {}
    for one in fired:
        rules.setdefault(one.point, []).append(one.rule)
    if not rules:
        return
    points = list(rules)
    titles = [f"{chart.labels[at]}: {'; '.join(rule_sentence(rule, say) for rule in rules[at])}" for at in points]
    plot.dots([at + 1 for at in points], [panel.values[at] for at in points], "bad", hollow=True, titles=titles)
    low, high = _reach(panel)
    free = 0.0  # where the next text may begin, so that none lies on another
    for at in points:
        mark = " ".join(dict.fromkeys(_short(rule) for rule in rules[at]))
        if at + 1.0 >= free:
            plot.text(at + 1.0, min(float(panel.values[at]) + 0.05 * (high - low), high), mark, "bad")
            free = at + 1.0 + (len(mark) + 1) * len(panel.values) / _LETTERS


def _short(rule: str) -> str:
    family, _, number = rule.rpartition("_")
    return {"nelson": number, "western_electric": f"W{number}"}.get(family, "!")


# ---------------------------------------------------------------- tables


def _signals(chart: Chart, say: Words, zone: ZoneInfo | None) -> list[Block]:
    if not chart.violations:
        return []
    heads = ["point", "time", "panel", "value", "rule", "what it says", "side", "pattern"]
    rows = [_signal(chart, one, say, zone) for one in chart.violations[:_MOST_SIGNALS]]
    if not any(row[1] for row in rows):
        rows = [[*row[:1], *row[2:]] for row in rows]
        heads.remove("time")
    grid = Grid(tuple(_head(head, say) for head in heads), tuple(rows), title=say("Signals"),
                numbers=frozenset({heads.index("value")}), tones=dict.fromkeys(range(len(rows)), "bad"))  # fmt: skip
    left = len(chart.violations) - len(rows)
    return [grid, *([Note(say("and {n} more", n=left))] if left else [])]


def _signal(chart: Chart, one: Violation, say: Words, zone: ZoneInfo | None) -> list[str]:
    """A row of the table of signals."""
    panel = chart.panels[one.panel]
    first, here = str(chart.labels[max(one.first, 0)]), str(chart.labels[one.point])
    side = say("above") if one.side > 0 else say("below") if one.side < 0 else _NONE
    value = _number(float(panel.values[one.point]), _digits(panel))
    pattern = here if first == here else f"{first} … {here}"
    return [
        here,
        _moment(chart, one.point, zone),
        say(panel.name),
        value,
        one.rule,
        rule_sentence(one.rule, say),
        side,
        pattern,
    ]


def _head(head: str, say: Words) -> str:
    return {
        "point": say("point"), "time": say("time"), "panel": say("panel"), "value": say("value"), "rule": say("rule"),
        "what it says": say("what it says"), "side": say("side"), "pattern": say("pattern"),
    }[head]  # fmt: skip


def _moment(chart: Chart, at: int, zone: ZoneInfo | None) -> str:
    time = int(chart.time[at])
    return "" if time == NO_TIME else iso(time, zone)


def _shifts(chart: Chart, say: Words) -> list[Block]:
    """When the shifts began that a CUSUM found."""
    found = cusum_shifts(chart) if chart.kind == "cusum" else ()
    if not found:
        return []
    digits = 4 - math.floor(math.log10(float(chart.parameters["sigma"]))) - 1
    rows = [
        (say("above") if one.side > 0 else say("below"), str(chart.labels[one.first]), str(chart.labels[one.signal]),
         _number(one.mean, max(0, digits)))
        for one in found
    ]  # fmt: skip
    heads = (say("side"), say("shift began about"), say("signal"), say("mean since then, estimate"))
    return [Grid(heads, tuple(rows), title=say("Shifts"), numbers=frozenset({3}))]


def _left_out(chart: Chart, say: Words) -> list[Block]:
    blocks: list[Block] = []
    if chart.out:
        rows = tuple((str(chart.labels[at]), say(why)) for at, why in sorted(chart.out.items()))
        blocks.append(Grid((say("point"), say("reason")), rows, title=say("Left out of the limits")))
    if chart.excluded:
        taken = chart.excluded[:_MOST_EXCLUDED]
        rows4 = tuple((one.where, one.field, one.came, say(one.reason)) for one in taken)
        heads = (say("place"), say("column"), say("came"), say("reason"))
        blocks.append(Grid(heads, rows4, title=say("Values left out")))
        if len(chart.excluded) > len(taken):
            blocks.append(Note(say("and {n} more", n=len(chart.excluded) - len(taken))))
    return blocks
