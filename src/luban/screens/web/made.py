"""How a figure was made: a tree in a dialog that opens down to the facts."""

from __future__ import annotations

import html

from nicegui import ui

from luban.norms import elements, kpi_catalogue
from luban.screens.i18n import Words
from luban.understand.kpi import Explanation

__all__ = ["made"]

_MOST_PARTS = 40


def made(say: Words, figure: str, step: Explanation) -> None:
    """How a figure was made, as a tree that opens down to the facts."""
    title = f'<h2 class="lb-big">{html.escape(say("How was this made?"))}</h2>'
    formula = kpi_catalogue()[figure].formula
    name = say.name(kpi_catalogue()[figure].names, figure)
    said = f'<div class="lb-note" style="margin-bottom: 8px">{html.escape(name)} = {html.escape(formula)}</div>'
    ui.html(f'{title}{said}<div class="lb-made">{_step(say, step, 0)}</div>', sanitize=False)


def _step(say: Words, step: Explanation, depth: int) -> str:
    amount = "" if step.value is None else f"{step.value:,.6g} {'' if step.unit == '1' else step.unit}".strip()
    note = ""
    if step.fact is not None:
        note = f'<span class="lb-note">{html.escape(say("fact {seq}", seq=step.fact.get("seq", "")))}</span>'
    head = f"<span>{html.escape(_named(say, step.label))}{note}</span>"
    head += f'<span class="lb-n">{html.escape(amount)}</span>'
    if not step.children:
        fact = f' data-fact="{step.fact.get("seq", "")}"' if step.fact is not None else ""
        return f'<div class="lb-leaf"{fact}>{head}</div>'
    inner = "".join(_step(say, part, depth + 1) for part in step.children[:_MOST_PARTS])
    if (more := len(step.children) - _MOST_PARTS) > 0:
        inner += f'<div class="lb-leaf"><span>{html.escape(say("and {n} more", n=more))}</span></div>'
    opened = " open" if depth == 0 else ""
    return f'<details{opened}><summary>{head}</summary><div class="lb-inner">{inner}</div></details>'


def _named(say: Words, label: str) -> str:
    """An element's abbreviation with its name; any other label as the language says it."""
    word, _, detail = label.partition(" ")
    element = elements().get(word)
    if element is None:
        return say(label)
    name = say.name(element.names, word)
    return f"{word} · {name}{f' {say(detail)}' if detail else ''}"
