"""Early warnings of industries and regions as a sheet."""

from __future__ import annotations

from luban import __version__
from luban.rollup.periods import Watched
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet

__all__ = ["warnings_sheet"]

_TONES = {"alarm": "bad", "doubt": "doubt", "note": "quiet"}


def warnings_sheet(watched: Watched, say: Words, source: str) -> Sheet:
    """Warnings by place and period."""
    found, periods, skipped = watched.signals, watched.periods, watched.skipped
    alarms = sum(one.severity == "alarm" for one in found)
    figures = (
        Figure(say("series looked at"), str(watched.judged)),
        Figure(say("alarms"), str(alarms), tone="bad" if alarms else "good"),
        Figure(say("warnings"), str(len(found) - alarms), tone="doubt" if len(found) > alarms else "good"),
    )
    blocks: list[Block] = [Figures(figures)]
    if found:
        heads = (say("where"), say("period"), say("kind"), say("what was seen"))
        rows = [(one.place, periods[one.period], say(one.kind), say(one.text)) for one in found]
        tones = {at: _TONES[one.severity] for at, one in enumerate(found)}
        blocks.append(Grid(heads, rows, title=say("Early warnings"), tones=tones))
    else:
        blocks.append(Note(say("Nothing stands out."), "good"))
    share = f"{100 * watched.false_alarms:g}"
    text = say("Limits are set for a false alarm in about {share} % of runs without any cause.", share=share)
    if watched.each:
        text = say("Limits are set for each series by itself: about {share} % of series without any cause give a false "
                   "alarm, at least one of these {n} in up to {all} % of runs.", share=share, n=str(watched.judged),
                   all=f"{100 * watched.together:g}")  # fmt: skip
    blocks.append(Note(text, "quiet"))
    if skipped:
        reasons = [(place, say(reason)) for place, reason in skipped.items()]
        doubtful = dict.fromkeys(range(len(reasons)), "doubt")
        blocks.append(Grid((say("where"), say("why")), reasons, title=say("Not looked at"), tones=doubtful))
    return Sheet(say("Early warnings"), source, tuple(blocks), {say("source"): source, "luban": __version__})
