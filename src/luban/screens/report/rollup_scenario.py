"""What if: the chance of each milestone as the trend has it, and as a scenario would."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.norms.plans import TargetPlan
from luban.rollup.forecast import Forecast
from luban.rollup.scenario import Chance
from luban.screens.i18n import Words
from luban.screens.report.pilot_words import amount
from luban.screens.report.sheet import Block, Grid, Note, Sheet

__all__ = ["scenario_sheet"]

_NONE = "–"


def scenario_sheet(chances: Sequence[Chance], plan: TargetPlan, say: Words) -> Sheet:
    """Milestones that have a slider, before and after."""
    blocks: list[Block] = []
    if chances:
        heads = (say("indicator"), say("milestone"), say("target"), say("unit"), say("as the trend goes"),
                 say("chance, %"), say("in the scenario"), say("chance then, %"))  # fmt: skip
        rows = [
            (f"{one.indicator} {plan.indicator(one.indicator).name.of(say.language)}", str(one.year),
             amount(one.target, 2), plan.unit(plan.indicator(one.indicator).unit).of(say.language),
             _ahead(one.before, one.year), _chance(one.before), _ahead(one.after, one.year), _chance(one.after))
            for one in chances
        ]  # fmt: skip
        blocks.append(Grid(heads, rows, say("Chances of the milestones ahead"), frozenset({1, 2, 5, 7})))
        level = chances[0].before.level
        blocks.append(Note(say("In brackets: interval of {level} %.", level=round(100 * level)), "quiet"))
    else:
        blocks.append(Note(say("No slider has been moved yet."), "quiet"))
    return Sheet(say("What if"), plan.title.of(say.language), tuple(blocks), {
        say("plan"): plan.id, say("digest of the plan"): plan.digest[:16], "luban": __version__,
    })  # fmt: skip


def _ahead(found: Forecast, year: int) -> str:
    told = found.at(year)
    if told is None:
        return found.reason or _NONE
    middle, low, high = told
    return f"{amount(middle, 2)} ({amount(low, 2)} … {amount(high, 2)})"


def _chance(found: Forecast) -> str:
    return _NONE if found.chance is None else f"{100 * found.chance:.0f}"
