"""Condition indicators on the sheet of a machine: the newest figures, and small multiples over time for each regime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.health_drawings import moment, regime_name
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Grid, Note, Picture
from luban.understand.health.indicators import UNSEEN
from luban.understand.health.machine.conditions import FAR, INDICATORS, STRETCH, Conditions

__all__ = ["condition_blocks"]

_NONE = "–"
_WIDE, _HIGH = 490, 150
_MOST_SIGNALS, _MOST_REGIMES = 6, 4
_HOLE = 6  # stretches without one of this regime, from which on the line breaks


def condition_blocks(conditions: Sequence[Conditions], say: Words, zone: ZoneInfo | None = None) -> list[Block]:
    """All signals: a row for each regime, then the drawings of those with the most to tell; nothing of no signals."""
    if not conditions:
        return []
    blocks: list[Block] = [_newest(conditions, say, zone)]
    told = [one for one in conditions if len(one.track)]
    learned = next((one for one in told if one.until), None)
    if learned is not None:
        text = say(
            "Each is of ten minutes of single values in operation; usual is what it was from {since} to {until}. A"
            " score is in standard deviations and states no rate of false alarms.",
            since=moment(learned.since, zone), until=moment(learned.until, zone),
        )  # fmt: skip
        blocks.append(Note(text, "quiet"))
    told.sort(key=lambda one: -max((abs(score) for _, _, score in one.far), default=0.0))
    for one in told[:_MOST_SIGNALS]:
        blocks += _pictures(one, say, zone)
    if len(told) > _MOST_SIGNALS:
        blocks.append(Note(say("and {n} more", n=len(told) - _MOST_SIGNALS), "quiet"))
    return blocks


def _regimes(one: Conditions) -> list[str]:
    """Those with the most stretches first."""
    names = list(dict.fromkeys(one.track.regimes))
    return sorted(names, key=lambda name: -one.track.regimes.count(name))


def _named(regime: str, say: Words) -> str:
    return "" if not regime else say("never seen") if regime == UNSEEN else regime_name(regime, say)


def _newest(conditions: Sequence[Conditions], say: Words, zone: ZoneInfo | None) -> Grid:
    """The newest stretch of each signal and regime; of a signal without one, why."""
    rows: list[tuple[str, ...]] = []
    tones = {}
    for one in conditions:
        name = f"{one.channel} [{one.unit}]" if one.unit else one.channel
        if not len(one.track):
            tones[len(rows)] = "quiet"
            rows.append((name, "", "", *[_NONE] * (len(INDICATORS) + 1), say(one.reason)))
            continue
        for regime in _regimes(one):
            at = len(one.track) - 1 - one.track.regimes[::-1].index(regime)
            scores = {which: one.score(at, which) for which in INDICATORS}
            far = max(
                (which for which in INDICATORS if not math.isnan(scores[which])), key=lambda which: abs(scores[which]),
                default="",
            )  # fmt: skip
            told = one.compared[at].reasons
            note = say(one.reason or told.get("", ""))
            if far and abs(scores[far]) >= FAR:
                tones[len(rows)] = "bad"
            elif regime == UNSEEN:
                tones[len(rows)] = "doubt"
            values = [number(value, 4) if math.isfinite(value) else _NONE for value in one.track.values[at].tolist()]
            unusual = f"{say(far)} {_score(scores[far])}" if far else _NONE
            rows.append((name, _named(regime, say), moment(int(one.track.start[at]), zone), *values, unusual, note))
    heads = (
        say("channel"), say("regime"), say("from"), say("rms"), say("peak"), say("crest factor"), say("kurtosis"),
        say("farthest from usual"), say("note"),
    )  # fmt: skip
    return Grid(heads, tuple(rows), say("Condition indicators"), frozenset({3, 4, 5, 6}), tones)


def _score(score: float) -> str:
    return f"{score:+.1f}" if math.isfinite(score) else "∞"


def _pictures(one: Conditions, say: Words, zone: ZoneInfo | None) -> list[Block]:
    """A drawing of four panels a regime, all over the same days."""
    blocks: list[Block] = []
    regimes = _regimes(one)
    for regime in regimes[:_MOST_REGIMES]:
        title = " · ".join(filter(None, (say("Indicators: {name}", name=one.channel), _named(regime, say))))
        own = np.array([name == regime for name in one.track.regimes])
        parts = [f"{say(which)}: {_between(one, own, at)}" for at, which in enumerate(INDICATORS)]
        parts.insert(0, say("{n} stretches of ten minutes", n=int(own.sum())))
        blocks.append(Picture(_panels(one, own, title, say, zone), title, "; ".join(parts)))
    if len(regimes) > _MOST_REGIMES:
        blocks.append(Note(f"{one.channel}: {say('and {n} more', n=len(regimes) - _MOST_REGIMES)}", "quiet"))
    return blocks


def _between(one: Conditions, own: np.ndarray[tuple[int], np.dtype[np.bool_]], at: int) -> str:
    known = one.track.values[own, at]
    known = known[np.isfinite(known)]
    return f"{number(float(known.min()), 3)} … {number(float(known.max()), 3)}" if len(known) else _NONE


def _panels(
    one: Conditions, own: np.ndarray[tuple[int], np.dtype[np.bool_]], title: str, say: Words, zone: ZoneInfo | None
) -> str:
    """Two by two: the indicators of one regime, each with what is usual as a band."""
    parts = []
    for at in range(len(INDICATORS)):
        plot = _panel(one, own, at, say, zone).svg()
        place = f'x="{at % 2 * _WIDE}" y="{at // 2 * _HIGH}" width="{_WIDE}" height="{_HIGH}" '
        parts.append(plot.replace("<svg ", f"<svg {place}", 1))
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDE} {2 * _HIGH}" role="img" class="p-plot"'
    return f'<svg {head} aria-label="{_quoted(title)}">{"".join(parts)}</svg>'


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _panel(
    one: Conditions, own: np.ndarray[tuple[int], np.dtype[np.bool_]], at: int, say: Words, zone: ZoneInfo | None
) -> Plot:
    which, rows = INDICATORS[at], np.flatnonzero(own)
    xs, values = one.track.start[rows].astype(np.float64), one.track.values[rows, at]
    scores = np.array([one.score(row, which) for row in rows.tolist()])
    told = next((one.compared[row].scores[which] for row in rows.tolist() if which in one.compared[row].scores), None)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if told is not None:
        low, high = min(low, told.usual - 2 * told.spread), max(high, told.usual + 2 * told.spread)
    room = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
    begin, end = float(one.track.start[0]), float(one.track.end[-1])
    unit = f" [{one.unit}]" if at < 2 and one.unit else ""
    plot = Plot(x=(begin, end), y=(low - room, high + room), width=_WIDE, height=_HIGH,
                x_ticks=_ticks(begin, end, zone), title=say(which))  # fmt: skip
    if told is not None:
        plot.band(told.usual - 2 * told.spread, told.usual + 2 * told.spread)
        plot.level(told.usual, say("usual"), "centre", dash="4 3")
    plot.line(xs, _broken(xs, values, max(one.every, 1)), "ink")
    far = np.abs(np.nan_to_num(scores)) >= FAR
    if far.any():
        plot.dots(xs[far], values[far], "bad")
    plot.text(begin, high + room, f" {say(which)}{unit}", "ink")
    return plot


def _broken(
    xs: np.ndarray[tuple[int], np.dtype[np.float64]], values: np.ndarray[tuple[int], np.dtype[np.float64]], every: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A line that breaks where nothing was worked out in this regime for long."""
    broken = values.copy()
    if len(xs) > 1:
        broken[np.flatnonzero(np.diff(xs) > _HOLE * every * STRETCH) + 1] = math.nan
    return broken


def _ticks(begin: float, end: float, zone: ZoneInfo | None) -> list[tuple[float, str]]:
    marks = np.linspace(begin, end, 4)[:-1]
    return [(float(mark), to_datetime(int(mark), zone).strftime("%m-%d %H:%M")) for mark in marks]
