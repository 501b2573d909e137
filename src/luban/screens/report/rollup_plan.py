"""A plan with targets as a sheet: printed table, how figures are made, elements, tasks, programmes, sectors, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from luban import __version__
from luban.norms.industry import industries
from luban.norms.plans import Definition, Indicator, Item, Milestone, TargetPlan, Task, Term, table
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet

__all__ = ["PARTS", "definition_text", "milestone_text", "plan_sheet", "population_text"]

_NONE: Final = "–"


def plan_sheet(plan: TargetPlan, say: Words, part: str = "table") -> Sheet:
    """One part of a plan.

    part  one of PARTS
    """
    made = PARTS[part](plan, say)
    years = f"{plan.first}–{plan.last}"
    return Sheet(plan.title.of(say.language), f"{plan.reference} · {plan.issued} · {years}", tuple(made), {
        say("the plan"): plan.id,
        say("digest of its files"): plan.digest[:16],
        "luban": __version__,
    })  # fmt: skip


# ---- the table


def _table(plan: TargetPlan, say: Words) -> list[Block]:
    printed = table(plan, say.language)
    rows = [(name, *row) for name, row in zip(plan.indicators, printed.rows, strict=True)]
    blocks: list[Block] = [_counts(plan, say), Grid(("", *printed.heads), rows, title=say("As printed"))]
    blocks += [Note(f"{number} {text}", "quiet") for number, text in printed.notes]
    heads = (say("indicator"), say("worked out as"), say("of whom"), say("unit"), say("base year"), say("says who"))
    made = [
        (one.id, definition_text(plan, one.definition, say), population_text(one.definition, say),
         plan.unit(one.level_unit).of(say.language), str(one.base_year or _NONE), _whose(one, say))
        for one in plan.indicators.values()
    ]  # fmt: skip
    blocks.append(Grid(heads, made, title=say("How a value is made")))
    for one in plan.indicators.values():
        blocks += _further(plan, one, say)
    if plan.steps:
        items = [(step.name.of(say.language), *row) for step in plan.steps for row in _items(plan, step.items, say)]
        columns = (say("step"), *_item_heads(say))
        blocks += [Grid(columns, items, title=say("Steps")), Note(say("What has no number is shown and never scored."))]
    return blocks


def _counts(plan: TargetPlan, say: Words) -> Figures:
    rows = (
        (say("indicators"), len(plan.indicators)),
        (say("tasks"), len(plan.tasks)),
        (say("supports"), len(plan.supports)),
        (say("measures"), len(plan.measures)),
        (say("programmes"), len(plan.programmes)),
        (say("sectors"), len(plan.sectors)),
        (say("elements to report"), len(plan.elements)),
    )
    return Figures(tuple(Figure(label, str(count)) for label, count in rows if count))


def definition_text(plan: TargetPlan, definition: Definition, say: Words) -> str:
    """How a value is made, in the plan's own terms.

    Example  "100 · Σ intramural R&D spend / Σ main-business revenue"
    """
    if definition.form == "index":
        text = say("weighted mean of {n} parts", n=len(definition.parts))
        return text if all(part.verified for part in definition.parts) else f"{text} ({say('luban weights')})"
    over, under = (_sum(plan, terms, say) for terms in (definition.numerator, definition.denominator))
    if definition.form == "share of units":
        text = say("share of units that have: {element}", element=over)
    elif definition.form == "mean of rates":
        text = say("mean of every unit's own {rate}", rate=f"{over} / {under}")
    else:
        text = f"Σ {over} / Σ {under}" if under else say("mean of {element} over units", element=over)
    factor = "" if definition.factor == 1 else f"{definition.factor:g} · "
    return factor + text + (f" ({say('constant prices')})" if definition.prices == "constant" else "")


def _sum(plan: TargetPlan, terms: Iterable[Term], say: Words) -> str:
    text = ""
    for term in terms:
        name = plan.element(term.element).name.of(say.language)
        text += f" − {name}" if term.sign < 0 else f" + {name}" if text else name
    return f"({text})" if " + " in text or " − " in text else text


def population_text(definition: Definition, say: Words) -> str:
    """Whom a value is about."""
    whom = definition.population
    parts = [say("regions") if whom.level == "region" else say("enterprises")]
    if whom.above_scale is not None:
        parts.append(say("above scale") if whom.above_scale else say("below scale"))
    names = [industries()[code[:4]].name(say.language) for code in whom.industries]
    parts += [", ".join(names)] if names else []
    parts += [say("from a sample")] if whom.sample else []
    return "; ".join(parts)


def _whose(one: Indicator, say: Words) -> str:
    return say("note {number} of the text", number=one.note) if one.note else say("luban's reading; the text is silent")


def _further(plan: TargetPlan, one: Indicator, say: Words) -> list[Block]:
    """Other readings of a definition, and the parts of an index."""
    language, blocks = say.language, list[Block]()
    if one.definition.variants:
        readings = (one.definition, *one.definition.variants.values())
        rows = [(made.called.of(language), definition_text(plan, made, say)) for made in readings]
        title = say("{indicator}: the text allows several readings; the first is used", indicator=one.id)
        blocks.append(Grid((say("reading of the text"), say("worked out as")), rows, title=title))
    if one.definition.parts:
        heads = (
            say("aspect"),
            say("group of parts"),
            "",
            say("part of the index"),
            say("worked out as"),
            say("unit"),
            say("weight"),
            "60",
            "100",
        )
        parts = [
            (part.aspect.of(language), part.group.of(language), part.id, part.name.of(language),
             definition_text(plan, part.definition, say), plan.unit(part.unit).of(language), f"{part.weight:.3f}",
             f"{part.low:g}", f"{part.high:g}")
            for part in one.definition.parts
        ]  # fmt: skip
        blocks.append(Grid(heads, parts, title=f"{one.id} · {one.name.of(language)}", numbers=frozenset({6, 7, 8})))
        if not all(part.verified for part in one.definition.parts):
            blocks.append(Note(say("Weights and anchors are luban's own: the text gives none."), "doubt"))
    return blocks


# ---- elements, tasks, programmes, sectors, lists


def _elements(plan: TargetPlan, say: Words) -> list[Block]:
    kinds = {
        "flow": say("of the year"),
        "stock": say("at its end, or its average"),
        "count": say("counted"),
        "rate": say("a rate"),
        "flag": say("0 or 1"),
    }
    used = {
        name: [one.id for one in plan.indicators.values() if name in one.definition.elements] for name in plan.elements
    }
    rows = [
        (name, one.name.of(say.language), plan.unit(one.unit).of(say.language) or _NONE, kinds[one.kind],
         say("regions") if one.level == "region" else say("enterprises"), ", ".join(used[name]) or _NONE)
        for name, one in plan.elements.items()
    ]  # fmt: skip
    heads = (say("column"), say("element"), say("unit"), say("what it counts"), say("who reports"), say("indicators"))
    return [Grid(heads, rows)]


def _tasks(plan: TargetPlan, say: Words) -> list[Block]:
    heads = ("", say("under the heading"), say("measure of the plan"), say("place in the text"))
    return [
        Grid(heads, list(_measures(task, say)), title=f"{task.number} · {task.name.of(say.language)}")
        for task in (*plan.tasks, *plan.supports)
    ]


def _measures(task: Task, say: Words) -> Iterable[tuple[str, ...]]:
    for paragraph in task.paragraphs:
        for at, measure in enumerate(paragraph.measures):
            heading = "" if at else paragraph.name.of(say.language)
            yield measure.id, heading, measure.name.of(say.language), measure.reference


def _item_heads(say: Words) -> tuple[str, ...]:
    return (
        "",
        say("target item"),
        say("of whom"),
        say("year"),
        say("what the text says"),
        say("unit"),
        say("is scored"),
    )


def _items(plan: TargetPlan, items: Iterable[Item], say: Words) -> list[tuple[str, ...]]:
    language = say.language
    return [
        (item.id, item.name.of(language), item.scope.of(language) or _NONE, str(milestone.year),
         milestone_text(milestone, say), plan.unit(item.unit).of(language) or _NONE,
         say("no number") if milestone.value is None else say("yes") if milestone.role == "target" else _NONE)
        for item in items for milestone in item.milestones
    ]  # fmt: skip


def milestone_text(milestone: Milestone, say: Words) -> str:
    """What the text says of a year, in its own words."""
    return milestone.printed.of(say.language)


def _programmes(plan: TargetPlan, say: Words) -> list[Block]:
    language, blocks = say.language, list[Block]()
    for one in plan.programmes:
        title = f"{one.number} · {one.name.of(language)}"
        blocks.append(Grid(_item_heads(say), _items(plan, one.items, say), title=title))
        if one.measures:
            rows = [(measure.id.rpartition("-")[2], measure.name.of(language)) for measure in one.measures]
            blocks.append(Grid(("", say("measure of the plan")), rows))
    if plan.statements:
        blocks.append(Grid(_item_heads(say), _items(plan, plan.statements, say), title=say("Elsewhere in the text")))
    return [*blocks, Note(say("What has no number is shown and never scored."))]


def _sectors(plan: TargetPlan, say: Words) -> list[Block]:
    language = say.language
    rows = [
        (one.id, one.name.of(language), "; ".join(part.of(language) for part in one.parts) or _NONE,
         ", ".join(one.gbt), ", ".join(one.isic))
        for one in plan.sectors
    ]  # fmt: skip
    heads = ("", say("sector"), say("named within it"), "GB/T 4754", "ISIC")
    own = [Note(say("The codes are luban's own mapping: the text gives none."), "doubt")]
    return [Grid(heads, rows), *(own if any(one.mapping == "own" for one in plan.sectors) else [])]


def _lists(plan: TargetPlan, say: Words) -> list[Block]:
    rows = [
        (one.id, one.name.of(say.language), "; ".join(entry.of(say.language) for entry in one.entries), one.reference)
        for one in plan.lists.values()
    ]
    return [Grid(("", say("closed list"), say("terms"), say("place in the text")), rows)]


PARTS: Final[Mapping[str, Callable[[TargetPlan, Words], list[Block]]]] = MappingProxyType(
    {
        "table": _table,
        "elements": _elements,
        "tasks": _tasks,
        "programmes": _programmes,
        "sectors": _sectors,
        "lists": _lists,
    }
)
"""Parts of a plan by the word that asks for them."""
