"""Drawing of the green sheet: what each aim has of its weight, and what its gaps could add."""

from __future__ import annotations

from collections.abc import Sequence

from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Picture
from luban.understand.green import GoalScore

__all__ = ["aims_picture"]


def aims_picture(aims: Sequence[GoalScore], say: Words) -> Picture:
    """A bar for each aim: shown, open in gaps, and lost of its weight."""
    top = max((one.weight for one in aims), default=1.0) or 1.0
    ticks = [(at + 0.5, say.name(one.names, one.id)) for at, one in enumerate(aims)]
    plot = Plot(
        x=(0.0, float(max(len(aims), 1))),
        y=(0.0, 1.1 * top),
        height=260,
        y_label=say("points of the weight"),
        x_ticks=ticks,
    )
    lefts, rights = [at + 0.2 for at in range(len(aims))], [at + 0.8 for at in range(len(aims))]
    plot.bars(lefts, rights, [one.weight for one in aims], tone="quiet")
    plot.bars(lefts, rights, [one.high for one in aims], tone="soft")
    plot.bars(lefts, rights, [one.low for one in aims], tone="good")
    for at, one in enumerate(aims):
        plot.text(at + 0.2, one.weight + 0.04 * top, f"{one.low:.1f} … {one.high:.1f} / {one.weight:.0f}")
    told = "; ".join(f"{say.name(one.names, one.id)} {one.low:.1f} … {one.high:.1f} / {one.weight:.0f}" for one in aims)
    text = f"{say('From below: what is shown, what gaps could add, what is lost of the weight.')} {told}"
    return Picture(plot.svg(), say("Five aims"), text)
