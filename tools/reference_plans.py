"""The part of docs/reference/norms.md about plans with targets, maturity models and industry codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from luban.norms.industry import divisions
from luban.norms.maturity import maturity_model, maturity_models
from luban.norms.plans import Definition, Indicator, Text, load_plan, plans

__all__ = ["plan_lines"]

Table = Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], Iterable[str]]


def plan_lines(table: Table) -> list[str]:
    """Lines of the three sections."""
    return [*_plans(table), *_models(table), *_industries(table)]


def _plans(table: Table) -> list[str]:
    lines = ["## Plans with targets", ""]
    for name in plans():
        plan = load_plan(name)
        lines += [f"### {name}", "", f"{_said(plan.title)}. Reference: {plan.reference}, {plan.issued}.", ""]
        lines += table(
            ("element", "name", "unit", "kind", "of", "reference"),
            ((f"`{e.id}`", _said(e.name), e.unit, e.kind, e.level, e.reference) for e in plan.elements.values()),
        )
        lines += table(
            ("indicator", "name", "value", "milestones", "of whom", "reference of the definition"),
            (
                (
                    f"`{i.id}`",
                    _said(i.name),
                    _formula(i.definition),
                    _milestones(i),
                    _whom(i.definition),
                    i.definition.reference,
                )
                for i in plan.indicators.values()
            ),
        )
        lines += table(
            ("item", "name", "milestones", "scored", "reference"),
            (
                (f"`{i.id}`", _said(i.name), "; ".join(f"{m.year}: {m.printed.zh}" for m in i.milestones),
                 "" if i.qualitative else "yes", i.reference)
                for i in plan.items.values()
            ),
        )  # fmt: skip
    return lines


def _models(table: Table) -> list[str]:
    models = [maturity_model(name) for name in maturity_models()]
    rows = (
        (f"`{m.id}`", _said(m.title), str(len(m.dimensions)), str(len(m.requirements)), m.rule,
         "yes" if m.verified else f"unverified: {m.how}", m.doubt.en)
        for m in models
    )  # fmt: skip
    heads = ("model", "name", "dimensions", "requirements", "rule", "verified", "what is doubtful")
    return ["## Maturity models", "", *table(heads, rows)]


def _industries(table: Table) -> list[str]:
    head = "Divisions of GB/T 4754-2017; the ISIC Rev. 4 codes are luban's own reading."
    rows = ((f"`{d.code}`", f"{d.en} · {d.zh} · {d.ko}", ", ".join(d.isic)) for d in divisions())
    return ["## Industry codes", "", head, "", *table(("code", "name", "ISIC"), rows)]


def _said(text: Text) -> str:
    return f"{text.en} · {text.zh} · {text.ko}"


def _formula(definition: Definition) -> str:
    if definition.form == "index":
        return f"index of {len(definition.parts)} parts"
    over, under = (
        " ".join(f"{'−' if term.sign < 0 else '+'} {term.element}" for term in terms).removeprefix("+ ")
        for terms in (definition.numerator, definition.denominator)
    )
    made = f"{definition.form}: {definition.factor:g} · ({over}) / ({under or 'units'})"
    return made + (", constant prices" if definition.prices == "constant" else "")


def _milestones(one: Indicator) -> str:
    return "; ".join(f"{milestone.year}: {milestone.printed.zh}" for milestone in one.milestones)


def _whom(definition: Definition) -> str:
    whom = definition.population
    scale = {True: " above scale", False: " below scale", None: ""}[whom.above_scale]
    sample = ", sample" if whom.sample else ""
    return f"{whom.level}{scale} {' '.join(whom.industries)}".strip() + sample
