"""The mid-term review of a plan as one report."""

from __future__ import annotations

from luban import __version__
from luban.norms.plans import Indicator, TargetPlan
from luban.rollup.evaluation import Proposal
from luban.rollup.forecast import Forecast
from luban.rollup.progress import Standing
from luban.rollup.review import Review
from luban.screens.i18n import Words
from luban.screens.report.quality_words import given, number, percent, span
from luban.screens.report.rollup_evaluation import evaluation_blocks, evaluations_grid
from luban.screens.report.rollup_programmes import programme_blocks
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet

__all__ = ["STANDING_TONES", "report_sheet"]

STANDING_TONES = {
    "achieved": "good", "on track": "good", "acceleration needed": "doubt", "limited progress": "bad",
    "deterioration": "bad", "not assessable": "quiet", "qualitative": "quiet",
}  # fmt: skip
"""Status of an indicator → tone."""


def report_sheet(found: Review, say: Words, source: str = "") -> Sheet:
    """Indicators against their path, acts judged, targets proposed, programmes, tasks, regions, decisions."""
    own = found.inputs
    plan = own.plan
    blocks: list[Block] = [_counts(found, say), _standings(found, say), *_doubts(found, say)]
    if found.evaluations:
        blocks.append(evaluations_grid(found.evaluations, say))
        for one in found.evaluations:
            blocks.append(Note(f"{one.policy.name}: {one.policy.indicator}, {', '.join(one.policy.treated[:12])}"))
            blocks += evaluation_blocks(one, say, unit=_unit(plan, plan.indicator(one.policy.indicator), say))
    if found.proposals:
        blocks += _proposals(found, say)
    blocks += programme_blocks(
        plan,
        found.items,
        say,
        follow=found.follow,
        late=found.late,
        sums=found.sums,
        agenda=own.agenda,
        revised=found.revised,
    )
    blocks += [Note(say(one), "doubt") for one in own.notes]
    provenance = {
        say("source"): source or "–",
        say("plan"): f"{plan.id} {plan.digest[:16]}",
        say("vintage of the books"): str(own.vintage),
        say("method of progress"): "Statistics Canada / Open SDG",
        say("tasks by"): own.today.isoformat(),
        "luban": __version__,
    }
    title = say("Review of the plan")
    return Sheet(title, f"{plan.title.of(say.language)} · {own.year}", tuple(blocks), provenance)


def _counts(found: Review, say: Words) -> Figures:
    counts = {name: sum(one.progress.status == name for one, _ in found.standings) for name in STANDING_TONES}
    return Figures(
        tuple(
            Figure(say(name), f"{count:,}", tone=STANDING_TONES[name] if count else "quiet")
            for name, count in counts.items()
            if count or name not in ("qualitative", "deterioration")
        ),
        say("Milestones of indicators"),
    )


def _standings(found: Review, say: Words) -> Grid:
    plan = found.inputs.plan
    heads = (
        "",
        say("indicator"),
        say("year"),
        say("value"),
        say("interval of the value"),
        say("milestone of the plan"),
        say("status"),
        say("pace (%)"),
        say("expected"),
        say("chance (%)"),
    )
    rows, tones = [], {}
    for at, (one, ahead) in enumerate(found.standings):
        rows.append(_standing(plan, one, ahead, say))
        tones[at] = STANDING_TONES[one.progress.status]
    return Grid(heads, rows, say("Where the indicators stand"), frozenset({2, 3, 7, 8, 9}), tones)


def _standing(plan: TargetPlan, one: Standing, ahead: Forecast | None, say: Words) -> tuple[str, ...]:
    own = one.indicator
    stone = f"{one.milestone.year}: {one.milestone.printed.of(say.language)}"
    expected, chance = "–", "–"
    if ahead is not None and ahead.middle:
        expected = f"{number(ahead.middle[-1], 3)} ({span(ahead.low[-1], ahead.high[-1], 3)})"
        chance = "–" if ahead.chance is None else percent(100 * ahead.chance, 0)
    shown = next((point for point in reversed(one.points) if point.year <= one.milestone.year), None)
    value = "–" if shown is None else f"{given(round(shown.value, 2))} {_unit(plan, own, say)}"
    exact = shown is None or shown.low != shown.low or number(shown.low, 3) == number(shown.high, 3)
    interval = "–" if shown is None or exact else span(shown.low, shown.high, 3)
    ratio = "–" if one.progress.ratio is None else percent(100 * one.progress.ratio, 0)
    name = own.name.of(say.language)
    return (
        own.id,
        name,
        "–" if shown is None else str(shown.year),
        value,
        interval,
        stone,
        say(one.progress.status),
        ratio,
        expected,
        chance,
    )


def _doubts(found: Review, say: Words) -> list[Block]:
    told: dict[str, list[str]] = {}
    for one, _ in found.standings:
        for text in (one.progress.reason, *one.progress.notes):
            if text:
                own = told.setdefault(text, [])
                if one.indicator.id not in own:
                    own.append(one.indicator.id)
    return [Note(f"{', '.join(names)}: {say(text)}", "doubt") for text, names in told.items()]


def _proposals(found: Review, say: Words) -> list[Block]:
    heads = (say("indicator"), say("year"), say("target now"), say("proposed"), say("proposal"), say("chance now (%)"),
             say("chance then (%)"), say("expected"))  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(found.proposals):
        rows.append(
            (
                one.indicator,
                str(one.year),
                _value(one.old),
                _value(one.new) if one.kind != "unknown" else "–",
                _kind(one.kind, say),
                _percent(one.chance_old),
                _percent(one.chance_new),
                _expected(one),
            )
        )
        tones[at] = {"keep": "", "raise": "good", "lower": "doubt", "unknown": "quiet"}[one.kind]
    text = say(
        "A proposal is for people to decide: nothing is changed by it. A target that is met with 95 % or more is "
        "proposed to be raised, one that is met with 20 % or less to be lowered."
    )
    blocks: list[Block] = [
        Grid(heads, rows, say("Proposed targets"), frozenset({1, 2, 3, 5, 6}), tones),
        Note(text, "quiet"),
    ]
    more = [
        (
            one.indicator,
            own.policy,
            f"{'+' if own.effect > 0 else ''}{number(own.effect, 3)}",
            span(own.low, own.high, 3),
            percent(100 * own.untreated, 0),
        )
        for one in found.proposals
        for own in one.extensions
    ]
    if more:
        columns = (
            say("indicator"),
            say("policy judged"),
            say("would add"),
            say("interval of the value"),
            say("share of the whole without it (%)"),
        )
        blocks.append(Grid(columns, more, say("What helped, taken everywhere"), frozenset({2, 4})))
        mixed = [own.policy for one in found.proposals for own in one.extensions if own.overlaps]
        if mixed:
            text = say("{names} helped in the same places and years: their effects hold parts of one another and are "
                       "not added up.", names=", ".join(mixed))  # fmt: skip
            blocks.append(Note(text, "doubt"))
    return blocks


def _kind(kind: str, say: Words) -> str:
    return {
        "keep": say("keep the target"),
        "raise": say("raise the target"),
        "lower": say("lower the target"),
        "unknown": say("nothing can be proposed"),
    }[kind]


def _expected(one: Proposal) -> str:
    return "–" if one.expected != one.expected else f"{number(one.expected, 3)} ({span(one.low, one.high, 3)})"


def _value(value: float) -> str:
    return "–" if value != value else given(value)


def _percent(value: float) -> str:
    return "–" if value != value else percent(100 * value, 0)


def _unit(plan: TargetPlan, indicator: Indicator, say: Words) -> str:
    return plan.unit(indicator.unit).of(say.language)
