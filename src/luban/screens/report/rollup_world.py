"""Figures among all economies of public series, as a block of the sheet of progress."""

from __future__ import annotations

from collections.abc import Sequence

from luban.rollup.world import WorldPlace
from luban.screens.i18n import Words
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Grid, Note

__all__ = ["world_blocks"]


def world_blocks(found: Sequence[WorldPlace], say: Words) -> tuple[Block, ...]:
    """One line a series; () where nothing can be compared."""
    if not found:
        return ()
    rows = []
    for one in found:
        at, told = one.found, one.found.percentile is not None
        name = one.proxy.name.of(say.language) + (f" ({say('a figure that was given')})" if one.given else "")
        rows.append((
            one.proxy.indicator, name, str(one.year), number(at.own, 4), one.proxy.unit,
            f"{at.percentile:.0f}" if told else "–", f"{at.low:.0f} … {at.high:.0f}" if told else "–", str(at.n),
            number(at.levels.get(50), 4), number(at.best, 4),
        ))  # fmt: skip
    heads = ("", say("public series"), say("year"), say("its own value"), say("unit"), say("percentile"),
             say("interval of the percentile"), say("economies"), say("middle of the economies"),
             say("mean of the best tenth"))  # fmt: skip
    text = say("100: better than all others of that year. Years that only repeat the last value are left out.")
    return (Grid(heads, rows, say("Place among economies"), frozenset({3, 5, 7, 8, 9})), Note(text, "quiet"))
