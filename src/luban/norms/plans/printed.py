"""The plan's table of indicators as it is printed: its words and its figures, "-" where it has none."""

from __future__ import annotations

from dataclasses import dataclass

from luban.norms.plans.model import TargetPlan

__all__ = ["Table", "table"]


@dataclass(frozen=True, slots=True)
class Table:
    """Heads and rows of text; notes are (number, footnote)."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, str], ...]


_HEADS = {"zh": ("类别", "指标"), "en": ("category", "indicator"), "ko": ("구분", "지표")}


def table(plan: TargetPlan, language: str = "zh") -> Table:
    """The printed table of a plan: category, indicator with the number of its footnote, one column a year.

    A category stands in its first row only, as in print. A year of which the text says nothing is "-".

    Example  table(load_plan("mic2025")).rows[0][2:]  # ("0.88", "0.95", "1.26", "1.68")
    """
    known = language if language in _HEADS else "en"
    years = tuple(
        f"{year}年" if known == "zh" else f"{year}년" if known == "ko" else str(year) for year in plan.columns
    )
    rows, last = [], ""
    for one in plan.indicators.values():
        category = one.category.of(known)
        cells = (found.printed.of(known) if (found := one.milestone(year)) else "-" for year in plan.columns)
        rows.append(("" if category == last else category, _noted(one.name.of(known), one.note), *cells))
        last = category
    notes = tuple((one.note, one.footnote.of(known)) for one in plan.indicators.values() if one.note)
    return Table((*_HEADS[known], *years), tuple(rows), notes)


def _noted(name: str, note: str) -> str:
    """The footnote's number before the unit in brackets, where print puts it."""
    head, bracket, unit = name.partition("（") if "（" in name else name.partition(" (")
    return f"{head}{note}{bracket}{unit}"
