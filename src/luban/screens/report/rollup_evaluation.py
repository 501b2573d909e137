"""An act judged, and a bundle computed anew, as sheets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from luban import __version__
from luban.rollup.bundle import LEVELS, Compared, Made
from luban.rollup.evaluation import METHODS, Course, Evaluation, Placebo
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import chance, level_text, number, percent, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.screens.report.verify import VERDICT_TONES

__all__ = ["bundle_sheet", "compared_sheet", "evaluation_blocks", "evaluation_sheet", "evaluations_grid"]

_MOST = 12


def evaluation_sheet(found: Evaluation, say: Words, source: str = "", *, unit: str = "") -> Sheet:
    """One act: verdict, effect, course with and without it, placebos, what it is mixed from.

    unit  as people read it; that of the panel by default
    """
    policy = found.policy
    until = "" if policy.until is None else f"–{policy.until}"
    subtitle = f"{policy.name} · {policy.indicator} · {', '.join(policy.treated[:_MOST])} · {policy.since}{until}"
    provenance = {
        say("source"): source or "–",
        say("method"): say(METHODS[found.method]),
        say("left out"): str(len(found.left_out)),
        "luban": __version__,
    }
    return Sheet(say("Did the policy help?"), subtitle, tuple(evaluation_blocks(found, say, unit=unit)), provenance)


def evaluation_blocks(found: Evaluation, say: Words, *, unit: str = "") -> list[Block]:
    """The blocks of an act."""
    unit = unit or found.unit
    blocks: list[Block] = [_figures(found, say, unit)]
    blocks += [Note(say(one), VERDICT_TONES[found.verdict]) for one in found.reasons]
    if found.course is not None:
        text = say("{measured} on the average after the policy, {expected} to be expected without it",
                   measured=number(found.after, 4), expected=number(found.expected, 4))  # fmt: skip
        blocks.append(
            Picture(_course(found.course, found.policy.since, unit, say), say("With the policy and without"), text)
        )
    blocks += _placebos(found, say)
    if found.weights:
        rows = [(name, percent(100 * share, 1)) for name, share in found.weights[:_MOST]]
        title = say("What the course without the act is mixed from")
        blocks.append(Grid((say("unit of comparison"), say("share (%)")), rows, title, frozenset({1})))
    if found.left_out:
        out = [(name, say(why)) for name, why in found.left_out]
        blocks.append(Grid((say("unit of comparison"), say("why it is left out")), out, say("Left out")))
    return blocks


def evaluations_grid(some: Sequence[Evaluation], say: Words) -> Grid:
    """Acts side by side."""
    heads = (say("policy judged"), say("indicator"), say("since"), say("method"), say("verdict"),
             say("effect a period"), say("interval of the value"), say("level (%)"), say("p"),
             say("placebo in time, p"))  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(some):
        time = "–" if one.time is None else chance(one.time.p)
        rows.append(
            (
                one.policy.name,
                one.policy.indicator,
                str(one.policy.since),
                say(METHODS[one.method]),
                say(one.verdict),
                _signed(one.effect),
                span(_maybe(one.low), _maybe(one.high), 3),
                percent(100 * one.level, 0),
                chance(_maybe(one.p)),
                time,
            )
        )
        tones[at] = VERDICT_TONES[one.verdict]
    return Grid(heads, rows, say("Acts judged"), frozenset({5, 7, 8, 9}), tones)


def bundle_sheet(made: Made, say: Words) -> Sheet:
    """A bundle that was written."""
    own = made.review.inputs
    rows = (
        Figure(say("figures in it"), f"{sum(one['value'] is not None for one in own.rows):,}"),
        Figure(say("figures withheld"), f"{made.withheld:,}", tone="doubt" if made.withheld else ""),
        Figure(say("acts judged"), f"{len(made.review.evaluations):,}"),
    )
    told = say("Publish this digest beside the file. Whoever has the file computes everything anew: python {name}",
               name=made.path.name)  # fmt: skip
    blocks: tuple[Block, ...] = (Figures(rows), Note(told), *(Note(say(one), "doubt") for one in own.notes))
    return Sheet(
        say("Bundle for a third party"), made.path.name, blocks, {"SHA-256": made.sha256, "luban": __version__}
    )


def compared_sheet(found: Compared, say: Words, source: str) -> Sheet:
    """A bundle computed anew: the same or not, and where not."""
    own = found.review.inputs
    same = say("the same, byte for byte") if found.same else say("not the same")
    rows = (
        Figure(say("results computed anew"), same, tone="good" if found.same else "bad"),
        Figure(say("figures"), f"{len(own.rows):,}"),
        Figure(say("milestones"), f"{len(found.review.standings):,}"),
        Figure(say("acts judged"), f"{len(found.review.evaluations):,}"),
    )
    blocks: list[Block] = [Figures(rows), Note(say(LEVELS[found.level]), "quiet")]
    if found.differences:
        heads = (say("where"), say("in the bundle"), say("computed anew"))
        blocks.append(Grid(heads, found.differences, say("Differences")))
    if not found.code_same:
        blocks.append(
            Note(say("The code here is not the code in the bundle; python {name} computes with that.", name=source))
        )
    if found.environment:
        heads = (say("package"), say("in the bundle"), say("here"))
        blocks.append(Grid(heads, found.environment, say("Versions that differ")))
    blocks += [Note(say(one), "doubt") for one in own.notes]
    provenance = {say("plan"): own.plan.id, say("digest of the plan"): own.plan.digest[:16], "luban": __version__}
    return Sheet(say("Bundle computed anew"), source, tuple(blocks), provenance)


def _figures(found: Evaluation, say: Words, unit: str) -> Figures:
    rows = [Figure(say("verdict"), say(found.verdict), tone=VERDICT_TONES[found.verdict])]
    if math.isfinite(found.effect):
        note = f"{level_text(say, round(found.level, 3))}: {span(found.low, found.high)}"
        rows.append(Figure(say("effect a period"), _signed(found.effect), unit, note))
        rows.append(Figure(say("by chance alone"), chance(found.p), "", say("probability of as large an effect")))
        rows.append(Figure(say("measured after"), number(found.after, 4), unit))
        rows.append(Figure(say("expected without the policy"), number(found.expected, 4), unit))
    return Figures(tuple(rows))


def _placebos(found: Evaluation, say: Words) -> list[Block]:
    if found.space is None and found.time is None:
        return []
    rows = []
    for name, one in ((say("units where nobody acted"), found.space), (say("a date before the act"), found.time)):
        if one is not None:
            where = "–" if one.at is None else str(one.at)
            rows.append((name, where, _signed(one.effect), span(one.low, one.high, 3), chance(one.p)))
    heads = (say("placebo"), say("false date"), say("effect"), say("interval of the value"), say("p"))
    blocks: list[Block] = [Grid(heads, rows, say("The same method where nothing happened"), frozenset({2, 4}))]
    if found.space is not None and found.space.chance:
        blocks.append(
            Picture(
                _chances(found.space, say),
                say("Effects of units where nobody acted, and that of the act"),
                say("{n} units; the act stands out where its line lies beyond them", n=len(found.space.chance)),
            )
        )
    return blocks


def _course(course: Course, since: int, unit: str, say: Words) -> str:
    known = [one for one in (*course.measured, *course.expected) if math.isfinite(one)]
    room = 0.06 * (max(known) - min(known) or 1.0)
    first, last = course.periods[0], course.periods[-1]
    step = max(1, (last - first) // 10)
    ticks = [(float(one), str(one)) for one in range(first, last + 1, step)]
    plot = Plot(x=(first, last), y=(min(known) - room, max(known) + room), x_ticks=ticks, y_label=unit,
                title=say("With the policy and without"))  # fmt: skip
    plot.upright(since - 0.5, say("the act"))
    plot.line(course.periods, course.expected, "second", dash="5 4", name=say("expected without it"))
    plot.line(course.periods, course.measured, "ink", name=say("measured"))
    return plot.svg()


def _chances(found: Placebo, say: Words) -> str:
    values = sorted(value for _, value in found.chance)
    ends = (min(*values, found.effect), max(*values, found.effect))
    room = 0.08 * (ends[1] - ends[0] or 1.0)
    plot = Plot(
        x=(ends[0] - room, ends[1] + room),
        y=(0, len(values) + 1),
        height=180,
        y_ticks=[],
        x_label=say("effect"),
        title=say("Effects of units where nobody acted, and that of the act"),
    )
    plot.dots(values, list(range(1, len(values) + 1)), "quiet", hollow=True)
    plot.upright(found.effect, say("the act"), "accent")
    return plot.svg()


def _signed(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{'+' if value > 0 else ''}{number(value, 4)}"


def _maybe(value: float) -> float | None:
    return value if math.isfinite(value) else None
