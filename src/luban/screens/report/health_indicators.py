"""Indicators of a machine's signals as a sheet: over time, against what is usual, and what is odd about the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import number, provenance
from luban.screens.report.sheet import Block, Grid, Note, Picture, Sheet
from luban.understand.health.indicators import UNSEEN, Compared, Doubt, Stretch
from luban.understand.quality.data import NO_TIME

__all__ = ["Looked", "indicators_sheet"]

_NONE = "–"
_MOST = 40
_DRAWN = ("rms", "kurtosis", "outer race", "inner race", "ball")
_FAR = 6.0  # standard deviations from which on a score is marked
_METHODS = "ISO 13373-2; Antoni (2007)"


@dataclass(frozen=True, slots=True)
class Looked:
    """Indicators of one channel.

    stretches, compared  in order, and each against the usual of its regime
    good    stretches, from the first on, that tell what is usual
    doubts  what is odd about the data
    """

    channel: str
    unit: str
    stretches: tuple[Stretch, ...]
    compared: tuple[Compared, ...]
    good: int
    doubts: tuple[Doubt, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and REST."""
        return {
            "channel": self.channel, "unit": self.unit, "good": self.good,
            "stretches": [
                {"start": _time(one.start), "end": _time(one.end), "regime": one.regime, "used": one.used,
                 "excluded": one.excluded, "values": dict(one.values), "reasons": list(one.reasons),
                 "unseen": told.regime == UNSEEN,
                 "scores": {name: score.score for name, score in told.scores.items() if math.isfinite(score.score)}}
                for one, told in zip(self.stretches, self.compared, strict=True)
            ],
            "doubts": [{"kind": one.kind, "row": one.at, "time": _time(one.time), "amount": one.amount,
                        "text": one.text} for one in self.doubts],
        }  # fmt: skip


def indicators_sheet(looked: Sequence[Looked], say: Words, *, source: str) -> Sheet:
    """The sheet of a file: one part a channel."""
    blocks: list[Block] = []
    for one in looked:
        blocks += _channel(one, say)
    used = sum(stretch.used for one in looked for stretch in one.stretches)
    excluded = sum(stretch.excluded for one in looked for stretch in one.stretches)
    title = say("Indicators: {name}", name=source.rsplit("/", 1)[-1])
    count = len(looked[0].stretches) if looked else 0
    line = say("{n} stretches, the first {good} tell what is usual", n=count, good=looked[0].good if looked else 0)
    return Sheet(title, line, tuple(blocks), provenance(say, source, used, excluded, _METHODS))


def _channel(one: Looked, say: Words) -> list[Block]:
    name = f"{one.channel}, {one.unit}" if one.unit else one.channel
    if not one.stretches:
        return [Note(f"{name}: {say('no value is a number')}", "doubt")]
    blocks: list[Block] = [_last(one, say, name)]
    last = one.compared[-1].reasons
    if len(set(last.values())) == 1 and (len(last) > 1 or "" in last):
        blocks.append(Note(f"{name}: {say(next(iter(last.values())))}", "doubt"))
    blocks += [
        Picture(
            _curve(one, say, which), f"{name}: {say(which)}", say("Each stretch; hollow: its regime was never seen")
        )
        for which in _DRAWN
        if sum(which in stretch.values for stretch in one.stretches) > 1
    ]
    if len(one.stretches) > 1:
        blocks.append(_over_time(one, say, name))
    reasons = dict.fromkeys(reason for stretch in one.stretches for reason in stretch.reasons)
    blocks += [Note(f"{name}: {say(reason)}", "doubt") for reason in reasons]
    if one.doubts:
        rows = tuple(
            (say(doubt.text), str(doubt.at + 1), _moment(doubt.time), number(doubt.amount, 4))
            for doubt in one.doubts[:_MOST]
        )
        heads = (say("what is odd"), say("row"), say("time"), say("amount"))
        blocks.append(Grid(heads, rows, say("{name}: the data", name=name), frozenset({1, 3})))
    return blocks


def _last(one: Looked, say: Words, name: str) -> Grid:
    """The last stretch, indicator by indicator."""
    stretch, told = one.stretches[-1], one.compared[-1]
    several = len(set(told.reasons.values())) > 1
    rows, tones = [], {}
    for at, (which, value) in enumerate(stretch.values.items()):
        score = told.scores.get(which)
        why = told.reasons.get(which, "") if several else ""
        usual = number(score.usual, 4) if score else _NONE
        rows.append((_called(which, say), number(value, 5), usual, _score(score.score) if score else _NONE, say(why)))
        if score and abs(score.score) >= _FAR:
            tones[at] = "bad"
    heads = (say("indicator"), say("last stretch"), say("usual"), say("score"), "")
    return Grid(heads, tuple(rows), f"{name} {_regime(stretch.regime, say)}".strip(), frozenset({1, 2, 3}), tones)


def _over_time(one: Looked, say: Words, name: str) -> Grid:
    """The newest stretches, each with what lies farthest from the usual."""
    rows, tones = [], {}
    newest = list(zip(one.stretches, one.compared, strict=True))[-_MOST:]
    for at, (stretch, told) in enumerate(newest):
        far = max(told.scores.items(), key=lambda item: abs(item[1].score), default=None)
        unusual = "" if far is None else f"{_called(far[0], say)} {_score(far[1].score)}"
        if told.regime == UNSEEN:
            unusual, tones[at] = say("regime never seen"), "doubt"
        elif told.reasons.get(""):
            unusual = say(told.reasons[""])
        elif far is not None and abs(far[1].score) >= _FAR:
            tones[at] = "bad"
        rows.append((
            _moment(stretch.start) if stretch.start != NO_TIME else str(len(one.stretches) - len(newest) + at + 1),
            stretch.regime, str(stretch.used),
            *(number(stretch.values.get(which), 4) for which in ("rms", "peak", "crest factor", "kurtosis")), unusual,
        ))  # fmt: skip
    heads = (say("from"), say("regime"), say("values"), say("rms"), say("peak"), say("crest factor"), say("kurtosis"),
             say("farthest from usual"))  # fmt: skip
    return Grid(heads, tuple(rows), say("{name}: stretches", name=name), frozenset({2, 3, 4, 5, 6}), tones)


def _curve(one: Looked, say: Words, which: str) -> str:
    at = [k for k, stretch in enumerate(one.stretches) if which in stretch.values]
    values = [one.stretches[k].values[which] for k in at]
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
    marks = np.unique(np.linspace(0, len(one.stretches) - 1, 6).astype(int)).tolist()
    ticks = [
        (float(k), _moment(one.stretches[k].start) if one.stretches[k].start != NO_TIME else str(k + 1)) for k in marks
    ]
    plot = Plot(x=(-0.5, len(one.stretches) - 0.5), y=(low - room, high + room), height=170, x_ticks=ticks,
                title=f"{one.channel}: {say(which)}")  # fmt: skip
    seen = [k for k in at if one.compared[k].regime != UNSEEN]
    new = [k for k in at if one.compared[k].regime == UNSEEN]
    plot.line(at, values, tone="soft")
    plot.dots(seen, [one.stretches[k].values[which] for k in seen], tone="ink")
    if new:
        plot.dots(new, [one.stretches[k].values[which] for k in new], tone="doubt", hollow=True)
    if one.good < len(one.stretches):
        plot.upright(one.good - 0.5, say("usual until here"))
    return plot.svg()


def _called(which: str, say: Words) -> str:
    """Bands carry their own numbers."""
    return say("band {range}", range=which.removeprefix("band ")) if which.startswith("band ") else say(which)


def _regime(regime: str, say: Words) -> str:
    return "" if not regime else f"· {say(regime)}"


def _score(score: float) -> str:
    return f"{score:+.1f}" if math.isfinite(score) else "∞"


def _time(stamp: int) -> int | None:
    return None if stamp == NO_TIME else stamp


def _moment(stamp: int) -> str:
    return _NONE if stamp == NO_TIME else to_datetime(stamp).strftime("%Y-%m-%d %H:%M")
